-- File, Path and the directory cache, as the loader of a job writes them.

-- Of names that fit into the index of Path.
-- name: path_find repeatable
SELECT pathid, path FROM ONLY path WHERE path = ANY (:paths::text[]);
-- Of longer ones; another program may have stored one that could be compressed in Path itself.
-- name: path_find_long repeatable
SELECT pathid, path FROM path WHERE path = ANY (:paths::text[]);

-- New directories, sorted by the caller; their rows in PathHierarchy are a second statement of
-- the same transaction, because a parent that another job has just made is not seen by the first.
-- name: path_insert
INSERT INTO path (path) SELECT unnest(:paths::text[])
ON CONFLICT (path) DO NOTHING
RETURNING pathid, path;
-- name: path_insert_long
INSERT INTO tercet_long_path (path) SELECT unnest(:paths::text[])
ON CONFLICT DO NOTHING
RETURNING pathid, path;
-- name: path_hierarchy repeatable
INSERT INTO pathhierarchy (pathid, ppathid)
SELECT x.pathid, CASE WHEN x.ppathid <> 0 THEN x.ppathid ELSE (
	SELECT p.pathid FROM path n JOIN path p ON p.path = tercet_parent_path(n.path)
	WHERE n.pathid = x.pathid) END
FROM unnest(:pathids::integer[], :ppathids::integer[]) AS x (pathid, ppathid)
ON CONFLICT (pathid) DO NOTHING;

-- name: path_of_job repeatable
SELECT p.pathid, p.path
FROM path p JOIN (SELECT DISTINCT pathid FROM file WHERE jobid = :jobid) x USING (pathid);

-- name: ingest_open repeatable
WITH o AS (
	INSERT INTO tercet_ingest (jobid) VALUES (:jobid) ON CONFLICT (jobid) DO NOTHING)
SELECT tercet_file_partition(:jobid);
-- name: ingest_state repeatable
SELECT batches, files, deleted FROM tercet_ingest WHERE jobid = :jobid;
-- {partition} is put in by the loader.
-- name: ingest_copy
COPY {partition} (fileid, fileindex, jobid, pathid, deltaseq, lstat, md5, name)
FROM STDIN (FORMAT binary);
-- No row is made when the state is not the one the loader knows: the job was deleted, or rows that
-- seemed lost with a connection are in.
-- name: ingest_mark
WITH mine AS (
	UPDATE tercet_ingest
	SET batches = batches + :batches, files = files + :files, deleted = deleted + :deleted
	WHERE jobid = :jobid::integer AND batches = :before::bigint
	RETURNING jobid)
INSERT INTO tercet_file_range (firstfileid, lastfileid, jobid)
SELECT f, l, mine.jobid FROM mine, unnest(:firsts::bigint[], :lasts::bigint[]) AS x (f, l);
-- name: fileid_reserve
SELECT tercet_reserve_fileids(:n);

-- Directories with their figures so far, and all their ancestors: what has its row has them, too, so
-- the way up ends there.  Figures only grow, so that this can be said again.
-- name: visibility_store repeatable
INSERT INTO pathvisibility (pathid, jobid, files, size)
WITH RECURSIVE given (pathid, files, size) AS (
	SELECT * FROM unnest(:paths::integer[], :files::integer[], :sizes::bigint[])),
up (pathid) AS (
	SELECT h.ppathid FROM given JOIN pathhierarchy h USING (pathid)
	WHERE NOT EXISTS (SELECT FROM pathvisibility v WHERE v.jobid = :jobid AND v.pathid = h.ppathid)
	UNION
	SELECT h.ppathid FROM up JOIN pathhierarchy h USING (pathid)
	WHERE NOT EXISTS (SELECT FROM pathvisibility v WHERE v.jobid = :jobid AND v.pathid = h.ppathid))
SELECT pathid, :jobid::integer, max(files), max(size)
FROM (SELECT pathid, files, size FROM given UNION ALL SELECT pathid, 0, 0 FROM up) x
GROUP BY pathid
ON CONFLICT (jobid, pathid) DO UPDATE
SET files = greatest(pathvisibility.files, excluded.files),
	size = greatest(pathvisibility.size, excluded.size)
WHERE excluded.files > pathvisibility.files OR excluded.size > pathvisibility.size;
-- name: visibility_done repeatable
UPDATE job SET hascache = 1 WHERE jobid = :jobid;
-- Directories of the job that are not in Path (any more): somebody removed rows beside the director.
-- name: visibility_lost repeatable
SELECT count(*) FROM pathvisibility v
WHERE v.jobid = :jobid AND NOT EXISTS (SELECT FROM path p WHERE p.pathid = v.pathid);
