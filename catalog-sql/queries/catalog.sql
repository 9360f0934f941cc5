-- Connections, schema, upkeep.

-- name: tx_begin
BEGIN;
-- name: tx_commit
COMMIT;
-- name: tx_rollback
ROLLBACK;
-- name: tx_read_only
BEGIN READ ONLY;
-- What a person asks by hand ends by itself, and soon after who asked is gone (PostgreSQL 14).
-- name: query_limits
SELECT set_config(name, CASE name WHEN 'statement_timeout' THEN :milliseconds ELSE '1s' END, true)
FROM pg_settings WHERE name IN ('statement_timeout', 'client_connection_check_interval');
-- NULL when the transaction has written nothing.
-- name: tx_id
SELECT txid_current_if_assigned();
-- committed, aborted or in progress; NULL when it is too long ago.
-- name: tx_outcome repeatable
SELECT txid_status(:txid::bigint);
-- name: catalog_ping repeatable
SELECT 1;

-- Connections that are not kept for administrators.
-- name: server_connections repeatable
SELECT current_setting('max_connections')::integer
	- current_setting('superuser_reserved_connections')::integer
	- coalesce(current_setting('reserved_connections', true)::integer, 0);

-- steps: how many of schema/ are in, by what each of them makes.
-- name: schema_facts
SELECT current_setting('server_encoding') AS encoding,
	to_regclass('version') IS NOT NULL AND to_regclass('job') IS NOT NULL AS tables,
	CASE WHEN to_regclass('tercet_partition') IS NULL THEN 1
		WHEN to_regclass('tercet_long_path') IS NULL THEN 3
		WHEN to_regclass('tercet_lost_base') IS NULL THEN 4
		ELSE 5 END AS steps,
	to_regclass('version') IS NOT NULL OR to_regclass('job') IS NOT NULL
		OR to_regclass('file') IS NOT NULL OR to_regclass('media') IS NOT NULL AS some;
-- name: schema_version repeatable
SELECT versionid FROM version;

-- The role of what people query by hand in a managed cluster: it reads the catalog, no more.
-- name: query_role repeatable
DO $role$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tercet_query') THEN
		CREATE ROLE tercet_query LOGIN;
	END IF;
	/* A careless join fills no disk that the catalog needs. */
	ALTER ROLE tercet_query SET temp_file_limit = '4GB';
	GRANT SELECT ON ALL TABLES IN SCHEMA public TO tercet_query;
	ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO tercet_query;
END
$role$;

-- name: catalog_keep_partitions repeatable
SELECT tercet_keep_partitions();
-- Files of jobs that say they are purged.
-- name: catalog_finish_purges repeatable
DELETE FROM file f USING job j
WHERE f.jobid = j.jobid AND j.purgedfiles = 1 AND j.realendtime IS NOT NULL
	AND EXISTS (SELECT 1 FROM file g WHERE g.jobid = j.jobid);
-- name: catalog_forget_ingest repeatable
DELETE FROM tercet_ingest i
WHERE NOT EXISTS (SELECT 1 FROM job j WHERE j.jobid = i.jobid AND j.jobstatus IN ('C', 'R'));
-- A claim on the directory cache whose builder is gone: free again.
-- name: catalog_free_claims repeatable
UPDATE job SET hascache = 0 WHERE hascache = -1 AND jobstatus NOT IN ('C', 'R');

-- name: catalog_health repeatable
SELECT 'schema version' AS key, versionid::text AS value FROM version
UNION ALL
SELECT 'database size', pg_database_size(current_database())::text
UNION ALL
SELECT 'partitions of File', count(*)::text FROM tercet_partition
UNION ALL
SELECT 'jobs', count(*)::text FROM job
UNION ALL
SELECT 'next JobId', last_value::text FROM job_jobid_seq
UNION ALL
SELECT 'next PathId', last_value::text FROM path_pathid_seq
UNION ALL
SELECT 'next FileId', last_value::text FROM file_fileid_seq
UNION ALL
SELECT 'oldest transaction', coalesce(max(age(clock_timestamp(), xact_start))::text, 'none')
FROM pg_stat_activity WHERE datname = current_database();

-- name: database_exists repeatable
SELECT 1 FROM pg_database WHERE datname = :name;
-- name: database_create_managed
CREATE DATABASE tercet TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C';
