-- What restore and accurate jobs read.  {jobid}, {jobids} are numbers put in by the program:
-- COPY takes no parameters.

-- name: tx_snapshot
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
-- name: restore_order repeatable
SELECT jobid, hascache = 1 FROM job WHERE jobid = ANY (:jobids::integer[])
ORDER BY jobtdate DESC, jobid DESC;
-- name: restore_paths
COPY (SELECT pathid, path FROM path
	WHERE pathid IN (SELECT DISTINCT pathid FROM file WHERE jobid = ANY ('{jobids}'::integer[])))
TO STDOUT (FORMAT binary);
-- The same from the directory cache: a tenth of the rows or less.
-- name: restore_paths_cached
COPY (SELECT pathid, path FROM path
	WHERE pathid IN (SELECT pathid FROM pathvisibility WHERE jobid = ANY ('{jobids}'::integer[])))
TO STDOUT (FORMAT binary);
-- name: restore_path repeatable
SELECT path FROM path WHERE pathid = :pathid;
-- name: restore_files
COPY (SELECT fileindex, pathid, deltaseq, lstat, ''::text, name FROM file WHERE jobid = {jobid})
TO STDOUT (FORMAT binary);
-- name: restore_files_md5
COPY (SELECT fileindex, pathid, deltaseq, lstat, md5, name FROM file WHERE jobid = {jobid})
TO STDOUT (FORMAT binary);

-- name: restore_chain_table repeatable
SELECT j.jobid, j.level, j.jobfiles, j.jobbytes, j.starttime, m.volumename
FROM job j LEFT JOIN (SELECT DISTINCT jobid, mediaid FROM jobmedia WHERE lastindex > 0) jm USING (jobid)
	LEFT JOIN media m USING (mediaid)
WHERE j.jobid = ANY (string_to_array(:jobids, ',')::integer[])
ORDER BY j.starttime, j.jobid, m.mediaid;
-- What keeps a job from being chosen for a restore, with the name of the volume if there is one.
-- name: restore_locked_volumes repeatable
SELECT DISTINCT coalesce(v.volumename, '') AS volumename, CASE v.enabled WHEN 2 THEN 'is archived'
	WHEN 0 THEN 'is not enabled' ELSE 'is not in the catalog any more' END AS why
FROM jobmedia m LEFT JOIN media v USING (mediaid)
WHERE m.jobid = :jobid::integer AND v.enabled IS DISTINCT FROM 1
UNION ALL
SELECT '', 'base' FROM tercet_lost_base WHERE jobid = :jobid
ORDER BY volumename;
-- name: restore_last_jobs repeatable
SELECT j.jobid, c.name AS client, j.starttime, j.level AS joblevel, j.jobfiles, j.jobbytes
FROM job j LEFT JOIN client c USING (clientid)
WHERE j.type = coalesce(:type, 'B') AND j.jobstatus IN ('T', 'W')
	AND (:client::text IS NULL OR c.name = :client)
ORDER BY j.starttime DESC, j.jobid DESC
LIMIT coalesce(:limit::bigint, 20);
-- name: restore_jobs_of_file repeatable
SELECT j.jobid, p.path || f.name AS name, j.starttime, j.type AS jobtype, j.jobstatus, j.jobfiles,
	j.jobbytes
FROM client c JOIN job j USING (clientid) JOIN file f USING (jobid) JOIN path p USING (pathid)
WHERE c.name = :client AND f.name = :name AND f.fileindex > 0
ORDER BY j.starttime DESC, j.jobid DESC
LIMIT 20;
-- Names of the files of runs of FileIndexes, "3-7,9-9", of the job with a session.
-- name: restore_names_of_files repeatable
SELECT p.path || f.name AS name
FROM job j JOIN file f USING (jobid) JOIN path p USING (pathid)
	JOIN unnest(string_to_array(:runs::text, ',')) AS run
		ON f.fileindex BETWEEN split_part(run, '-', 1)::integer AND split_part(run, '-', 2)::integer
WHERE j.volsessionid = :session_id::bigint AND j.volsessiontime = :session_time::bigint
ORDER BY f.fileindex;
-- The same of a JobId, no more than a person reads.
-- name: restore_names_of_indexes repeatable
SELECT p.path || f.name AS filename
FROM file f JOIN path p USING (pathid)
	JOIN unnest(string_to_array(:runs::text, ',')) AS run
		ON f.fileindex BETWEEN split_part(run, '-', 1)::integer AND split_part(run, '-', 2)::integer
WHERE f.jobid = :jobid::integer
ORDER BY f.fileindex LIMIT 100;
-- name: restore_filesets repeatable
SELECT DISTINCT s.fileset
FROM job j JOIN client c USING (clientid) JOIN fileset s USING (filesetid)
WHERE c.name = :client AND j.type IN ('B', 'A', 'C') AND j.jobstatus IN ('T', 'W')
ORDER BY s.fileset;
