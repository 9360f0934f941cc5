-- Life of a job, level facts, chains.

-- name: job_insert
INSERT INTO job (job, name, type, level, jobstatus, schedtime, jobtdate, clientid, comment)
VALUES (:job, :name, :type, :level, 'C', :schedtime, :jobtdate, :clientid, :comment)
RETURNING jobid;

-- name: job_start repeatable
UPDATE job SET jobstatus = :status, level = :level, starttime = :starttime, clientid = :clientid,
	jobtdate = :jobtdate, poolid = :poolid, filesetid = :filesetid,
	volsessionid = :volsessionid, volsessiontime = :volsessiontime
WHERE jobid = :jobid;

-- name: job_end repeatable
UPDATE job SET jobstatus = :status, level = :level, endtime = :endtime, clientid = :clientid,
	jobbytes = :jobbytes, readbytes = :readbytes, jobfiles = :jobfiles, joberrors = :joberrors,
	volsessionid = :volsessionid, volsessiontime = :volsessiontime, poolid = :poolid,
	filesetid = :filesetid, jobtdate = :jobtdate, realendtime = :realendtime,
	priorjobid = :priorjobid, hasbase = :hasbase, purgedfiles = :purgedfiles
WHERE jobid = :jobid;

-- name: job_get repeatable
SELECT jobid, job, name, type, level, jobstatus, clientid, poolid, filesetid, priorjobid,
	schedtime, starttime, endtime, realendtime, jobtdate, volsessionid, volsessiontime,
	jobfiles, joberrors, jobbytes, readbytes, purgedfiles, hasbase
FROM job WHERE jobid = :jobid;

-- name: job_list_running repeatable
SELECT jobid, job, name, type, level, jobstatus, clientid, poolid, filesetid, priorjobid,
	schedtime, starttime, endtime, realendtime, jobtdate, volsessionid, volsessiontime,
	jobfiles, joberrors, jobbytes, readbytes, purgedfiles, hasbase
FROM job WHERE jobstatus NOT IN ('T', 'W', 'E', 'f', 'A', 'D', 'I', 'e')
ORDER BY jobid;

-- Rows: newest good F, newest good D, newest good of F D I, newest failed F or D after it.  A job
-- whose volumes are not all in the catalog any more cannot be restored: it is no base, nor is a D
-- or I that came after it and before the next Full; nor is one whose own base was removed.
-- Spec: director.md 7.1, 7.2, 7.4
-- name: job_level_facts repeatable
WITH mine AS (
	SELECT j.jobid, j.level, j.jobstatus, j.starttime, j.jobstatus IN ('T', 'W') AS good,
		coalesce((SELECT bool_and(v.mediaid IS NOT NULL)
			FROM jobmedia m LEFT JOIN media v ON v.mediaid = m.mediaid
			WHERE m.jobid = j.jobid AND j.jobstatus IN ('T', 'W')),
			j.level <> 'F' AND j.jobfiles = 0)
		AND (j.level = 'F' OR j.jobid NOT IN (SELECT jobid FROM tercet_lost_base)) AS there
	FROM job j
	WHERE j.type = :type AND j.name = :name AND j.clientid = :clientid
		AND j.filesetid = :filesetid AND j.starttime IS NOT NULL),
full_job AS (
	SELECT jobid, level, starttime FROM mine WHERE good AND there AND level = 'F'
	ORDER BY starttime DESC, jobid DESC LIMIT 1),
lost AS (
	SELECT l.jobid, l.starttime FROM mine l LEFT JOIN full_job f ON true
	WHERE l.good AND NOT l.there AND l.level IN ('F', 'D', 'I')
		AND (f.jobid IS NULL OR (l.starttime, l.jobid) > (f.starttime, f.jobid))
	ORDER BY l.starttime, l.jobid LIMIT 1),
base AS (
	SELECT m.jobid, m.level, m.starttime FROM mine m LEFT JOIN lost l ON true
	WHERE m.good AND m.there AND m.level IN ('F', 'D', 'I')
		AND (l.jobid IS NULL OR (m.starttime, m.jobid) < (l.starttime, l.jobid))),
newest AS (SELECT * FROM base ORDER BY starttime DESC, jobid DESC LIMIT 1)
SELECT 'full', jobid, level, starttime FROM full_job
UNION ALL
(SELECT 'diff', jobid, level, starttime FROM base WHERE level = 'D'
	ORDER BY starttime DESC, jobid DESC LIMIT 1)
UNION ALL
SELECT 'newest', jobid, level, starttime FROM newest
UNION ALL
(SELECT 'failed', m.jobid, m.level, m.starttime FROM mine m, newest n
	WHERE m.jobstatus IN ('E', 'e', 'f', 'A', 'I', 'D') AND m.level IN ('F', 'D')
		AND (m.starttime, m.jobid) > (n.starttime, n.jobid)
	ORDER BY m.starttime DESC, m.jobid DESC LIMIT 1);

-- Spec: director.md 14.2; times are whole seconds, so among jobs of one second JobId decides: a
-- small job begins in the second in which the one before it ended.  A job of which a volume is not in
-- the catalog any more is none, nor is one whose base was removed, as for job_level_facts.  The next job was not based on the
-- latter: it makes up for it.
-- name: job_restore_recent repeatable
WITH usable AS (
	SELECT j.* FROM job j
	WHERE j.clientid = :clientid AND j.jobstatus IN ('T', 'W') AND j.type = :type
		AND (j.starttime < :before OR j.starttime = :before AND j.jobid <= :last)
		AND (:fileset::text IS NULL OR j.filesetid IN
			(SELECT filesetid FROM fileset WHERE fileset = :fileset))
		AND EXISTS (SELECT 1 FROM jobmedia m LEFT JOIN media v USING (mediaid)
			WHERE m.jobid = j.jobid AND (v.enabled = 1 OR :locked::integer = 1)
				AND (:pool::text IS NULL OR v.poolid IN
					(SELECT poolid FROM pool WHERE name = :pool)))
		AND (:locked = 1 OR NOT EXISTS (SELECT 1 FROM jobmedia m
			LEFT JOIN media v USING (mediaid)
			WHERE m.jobid = j.jobid AND v.mediaid IS NULL))
		AND (j.level = 'F' OR j.jobid NOT IN (SELECT jobid FROM tercet_lost_base)
			OR :locked = 1 AND NOT EXISTS (SELECT 1 FROM job k
				WHERE k.type = j.type AND k.name = j.name AND k.clientid = j.clientid
					AND k.filesetid = j.filesetid AND k.jobstatus IN ('T', 'W')
					AND (k.starttime < :before OR k.starttime = :before AND k.jobid <= :last)
					AND (k.starttime, k.jobid) > (j.starttime, j.jobid)
					AND k.jobid NOT IN (SELECT jobid FROM tercet_lost_base)))),
full_job AS (
	SELECT * FROM usable WHERE level = 'F' ORDER BY jobtdate DESC, jobid DESC LIMIT 1),
diff_job AS (
	SELECT u.* FROM usable u, full_job f
	WHERE u.level = 'D' AND (u.jobtdate, u.jobid) > (f.jobtdate, f.jobid)
		AND u.filesetid IN (SELECT b.filesetid FROM fileset a JOIN fileset b USING (fileset)
			WHERE a.filesetid = f.filesetid)
	ORDER BY u.jobtdate DESC, u.jobid DESC LIMIT 1),
inc_job AS (
	SELECT u.* FROM usable u, full_job f,
		(SELECT jobtdate, jobid FROM (TABLE full_job UNION ALL TABLE diff_job) b
			ORDER BY level LIMIT 1) base
	WHERE u.level = 'I' AND (u.jobtdate, u.jobid) > (base.jobtdate, base.jobid)
		AND u.filesetid IN (SELECT b.filesetid FROM fileset a JOIN fileset b USING (fileset)
			WHERE a.filesetid = f.filesetid))
SELECT jobid, job, name, type, level, jobstatus, clientid, poolid, filesetid, priorjobid,
	schedtime, starttime, endtime, realendtime, jobtdate, volsessionid, volsessiontime,
	jobfiles, joberrors, jobbytes, readbytes, purgedfiles, hasbase
FROM (SELECT * FROM full_job UNION ALL SELECT * FROM diff_job UNION ALL SELECT * FROM inc_job) x
ORDER BY jobtdate, jobid;

-- Spec: catalog.md 8.1 (6)
-- name: job_clean_up
UPDATE job j SET jobstatus = 'f',
	starttime = coalesce(j.starttime, j.schedtime),
	endtime = greatest(coalesce(j.starttime, j.schedtime), l.last),
	realendtime = greatest(coalesce(j.starttime, j.schedtime), l.last)
FROM (SELECT k.jobid, (SELECT max(time) FROM log WHERE log.jobid = k.jobid) AS last
	FROM job k WHERE k.jobstatus NOT IN ('T', 'W', 'E', 'f', 'A', 'D', 'I', 'e')) l
WHERE l.jobid = j.jobid;

-- name: job_expected repeatable
SELECT jobfiles, jobbytes FROM job
WHERE name = :name AND clientid = :clientid::integer AND filesetid = :filesetid::integer
	AND type = 'B' AND level = 'F' AND jobstatus IN ('T', 'W') AND jobfiles > 0
ORDER BY starttime DESC, jobid DESC LIMIT 1;
