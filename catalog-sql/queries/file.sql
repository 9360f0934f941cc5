-- File, Path and the directory cache, as the loader of a job writes them.

-- name: path_find repeatable
SELECT pathid, path FROM path WHERE path = ANY (:paths::text[]);

-- New directories, sorted by the caller; their rows in PathHierarchy are a second statement of
-- the same transaction, because a parent that another job has just made is not seen by the first.
-- name: path_insert
INSERT INTO path (path) SELECT unnest(:paths::text[])
ON CONFLICT (path) DO NOTHING
RETURNING pathid, path;
-- name: path_hierarchy repeatable
INSERT INTO pathhierarchy (pathid, ppathid)
SELECT n.pathid, p.pathid
FROM path n JOIN path p ON p.path = tercet_parent_path(n.path)
WHERE n.pathid = ANY (:pathids::integer[]) AND n.path <> ''
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
-- name: ingest_mark
WITH r AS (
	INSERT INTO tercet_file_range (firstfileid, lastfileid, jobid)
	SELECT f, l, :jobid::integer FROM unnest(:firsts::bigint[], :lasts::bigint[]) AS x (f, l))
UPDATE tercet_ingest
SET batches = batches + :batches, files = files + :files, deleted = deleted + :deleted
WHERE jobid = :jobid;
-- name: fileid_reserve
SELECT tercet_reserve_fileids(:n);

-- name: visibility_clear
DELETE FROM pathvisibility WHERE jobid = :jobid;
-- name: visibility_insert
INSERT INTO pathvisibility (pathid, jobid, files, size)
SELECT p, :jobid::integer, sum(f), sum(s)
FROM unnest(:paths::integer[], :files::integer[], :sizes::bigint[]) AS x (p, f, s)
GROUP BY p
ON CONFLICT (jobid, pathid) DO UPDATE
SET files = pathvisibility.files + excluded.files, size = pathvisibility.size + excluded.size;
-- name: visibility_ancestors
INSERT INTO pathvisibility (pathid, jobid, files, size)
WITH RECURSIVE up (pathid) AS (
	SELECT h.ppathid FROM pathvisibility v JOIN pathhierarchy h USING (pathid)
	WHERE v.jobid = :jobid
	UNION
	SELECT h.ppathid FROM up JOIN pathhierarchy h USING (pathid))
SELECT pathid, :jobid, 0, 0 FROM up
ON CONFLICT (jobid, pathid) DO NOTHING;
-- name: visibility_done
UPDATE job SET hascache = 1 WHERE jobid = :jobid;
