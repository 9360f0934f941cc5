-- tercet-catalog create and check.

-- {database} is put in, quoted.
-- name: database_create
CREATE DATABASE {database} TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C';
-- name: database_datestyle
ALTER DATABASE {database} SET datestyle TO 'ISO, YMD';

-- name: check_scratch_schema
CREATE SCHEMA tercet_check_scratch;
-- name: check_scratch_path
SET LOCAL search_path TO tercet_check_scratch;
-- What the scratch schema has and the catalog has not; whether it is more than an index.
-- name: check_differences
WITH col AS (
	SELECT n.nspname AS place, c.relname, a.attname, format_type(a.atttypid, a.atttypmod) AS type
	FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
	WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
		AND n.nspname IN ('tercet_check_scratch', 'public')),
other AS (
	SELECT n.nspname AS place, c.relkind, c.relname, t.relname AS of_table
	FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
		LEFT JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
	WHERE c.relkind IN ('i', 'I', 'S') AND n.nspname IN ('tercet_check_scratch', 'public')),
lost AS (
	SELECT DISTINCT w.relname FROM col w
	WHERE w.place = 'tercet_check_scratch' AND NOT EXISTS (
		SELECT 1 FROM col h WHERE h.place = 'public' AND h.relname = w.relname))
SELECT format('table %s', relname), true FROM lost
UNION ALL
SELECT format('column %s.%s of type %s', w.relname, w.attname, w.type), true
FROM col w
WHERE w.place = 'tercet_check_scratch' AND w.relname NOT IN (SELECT relname FROM lost)
	AND NOT EXISTS (SELECT 1 FROM col h WHERE h.place = 'public' AND h.relname = w.relname
		AND h.attname = w.attname AND h.type = w.type)
UNION ALL
SELECT CASE w.relkind WHEN 'S' THEN format('sequence %s', w.relname)
	ELSE format('index %s of table %s', w.relname, w.of_table) END, w.relkind = 'S'
FROM other w
WHERE w.place = 'tercet_check_scratch' AND w.relname <> 'file_pkey'
	AND coalesce(w.of_table, '') NOT IN (SELECT relname FROM lost) AND NOT EXISTS (
	SELECT 1 FROM other h WHERE h.place = 'public' AND h.relname = w.relname);

-- Spec: catalog.md 15
-- name: check_orphans repeatable
SELECT 'JobMedia rows without a job' AS what,
	(SELECT count(*) FROM jobmedia x WHERE NOT EXISTS (SELECT 1 FROM job j WHERE j.jobid = x.jobid)) AS n
UNION ALL
SELECT 'JobMedia rows without a volume',
	(SELECT count(*) FROM jobmedia x WHERE NOT EXISTS (SELECT 1 FROM media m WHERE m.mediaid = x.mediaid))
UNION ALL
SELECT 'jobs with File rows but no Job row',
	(SELECT count(*) FROM (SELECT DISTINCT jobid FROM file) x
		WHERE NOT EXISTS (SELECT 1 FROM job j WHERE j.jobid = x.jobid))
UNION ALL
SELECT 'purged jobs that still have File rows',
	(SELECT count(*) FROM job j WHERE j.purgedfiles = 1
		AND EXISTS (SELECT 1 FROM file f WHERE f.jobid = j.jobid))
UNION ALL
SELECT 'File rows whose directory has no Path row',
	(SELECT count(*) FROM (SELECT DISTINCT pathid FROM file) x
		WHERE NOT EXISTS (SELECT 1 FROM path p WHERE p.pathid = x.pathid))
UNION ALL
SELECT 'jobs in the directory cache without a Job row',
	(SELECT count(*) FROM (SELECT DISTINCT jobid FROM pathvisibility) x
		WHERE NOT EXISTS (SELECT 1 FROM job j WHERE j.jobid = x.jobid))
UNION ALL
SELECT 'Log lines of jobs that are gone',
	(SELECT count(*) FROM log x WHERE x.jobid <> 0 AND NOT EXISTS (SELECT 1 FROM job j WHERE j.jobid = x.jobid))
UNION ALL
SELECT 'jobs of a client that has no row',
	(SELECT count(*) FROM job j WHERE j.clientid <> 0
		AND NOT EXISTS (SELECT 1 FROM client c WHERE c.clientid = j.clientid))
UNION ALL
SELECT 'volumes of a pool that has no row',
	(SELECT count(*) FROM media m WHERE m.poolid <> 0
		AND NOT EXISTS (SELECT 1 FROM pool p WHERE p.poolid = m.poolid))
UNION ALL
SELECT 'directories whose name does not end in /',
	(SELECT count(*) FROM path WHERE path <> '' AND right(path, 1) <> '/')
UNION ALL
SELECT 'files whose name ends in /', (SELECT count(*) FROM file WHERE right(name, 1) = '/');
