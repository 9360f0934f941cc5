-- grants.sql - rights on a catalog, to be run by its owner or by the administrator
-- psql -v director=tercet -v reader=tercet_read -f grants.sql DATABASE
-- Spec: catalog.md 2.3

-- The role of the director.
GRANT USAGE, CREATE ON SCHEMA public TO :"director";
GRANT ALL ON ALL TABLES IN SCHEMA public TO :"director";
GRANT SELECT, UPDATE, USAGE ON ALL SEQUENCES IN SCHEMA public TO :"director";
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO :"director";

-- A role that may only look: exporters, web front ends.
GRANT USAGE ON SCHEMA public TO :"reader";
GRANT SELECT ON ALL TABLES IN SCHEMA public TO :"reader";
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO :"reader";
GRANT EXECUTE ON FUNCTION bareos_frombase64(text), decode_lstat(text, text[]) TO :"reader";
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO :"reader";
