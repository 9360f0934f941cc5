-- list and llist.  A parameter that is NULL does not filter.  The column names are the headings
-- of the text lists and the keys of the JSON: an interface.  see_jobs, see_clients and see_pools are
-- the names that a restricted console may see, one a line.
-- Spec: console.md 6; catalog.md 12

-- What list jobs and its like filter by; c is the job's client.
-- part: chosen_jobs
	WHERE (:jobid::integer IS NULL OR j.jobid = :jobid)
		AND (:jobids::text IS NULL OR j.jobid = ANY (string_to_array(:jobids, ',')::integer[]))
		AND (:ujobid::text IS NULL OR j.job = :ujobid)
		AND (:name::text IS NULL OR j.name = :name)
		AND (:names::text IS NULL OR j.name = ANY (string_to_array(:names, chr(10))))
		AND (:client::text IS NULL OR c.name = :client)
		AND (:status::text IS NULL OR j.jobstatus::text = ANY (string_to_array(:status, ',')))
		AND (:level::text IS NULL OR j.level::text = ANY (string_to_array(:level, ',')))
		AND (:type::text IS NULL OR j.type::text = ANY (string_to_array(:type, ',')))
		AND (:volume::text IS NULL OR j.jobid IN (SELECT jm.jobid FROM jobmedia jm JOIN media m USING (mediaid)
			WHERE m.volumename = :volume))
		AND (:see_jobs::text IS NULL OR j.name = ANY (string_to_array(:see_jobs, chr(10))))
		AND (:see_clients::text IS NULL OR c.name IS NULL
			OR c.name = ANY (string_to_array(:see_clients, chr(10))))

-- The same for statements that choose no jobs otherwise.
-- part: seen_jobs
		AND (:see_jobs::text IS NULL OR j.name = ANY (string_to_array(:see_jobs, chr(10))))
		AND (:see_clients::text IS NULL OR c.name IS NULL
			OR c.name = ANY (string_to_array(:see_clients, chr(10))))

-- name: list_jobs repeatable
SELECT jobid, name, client, starttime, duration, type, level, jobfiles, jobbytes, jobstatus
FROM (
	SELECT j.jobid, j.name, c.name AS client, j.starttime,
		date_trunc('second', j.endtime - j.starttime) AS duration, j.type, j.level, j.jobfiles,
		j.jobbytes, j.jobstatus, j.realendtime AS ended,
		row_number() OVER (PARTITION BY j.name ORDER BY j.jobid DESC) AS age
	FROM job j LEFT JOIN client c USING (clientid)
@chosen_jobs
		AND (:pool::text IS NULL OR j.poolid IN (SELECT p.poolid FROM pool p WHERE p.name = :pool))
		AND (:since::timestamp IS NULL OR j.schedtime > :since)) x
WHERE :last::text IS NULL OR age = 1
-- A job that never started stands where it ended.
ORDER BY CASE WHEN :reverse::text IS NULL THEN coalesce(starttime, ended) END ASC,
	CASE WHEN :reverse IS NULL THEN jobid END ASC,
	CASE WHEN :reverse IS NOT NULL THEN coalesce(starttime, ended) END DESC NULLS LAST, jobid DESC
LIMIT :limit::bigint OFFSET coalesce(:offset::bigint, 0);

-- name: llist_jobs repeatable
SELECT jobid, job, name, purgedfiles, type, level, clientid, client, jobstatus, schedtime, starttime,
	endtime, realendtime, duration, jobtdate, volsessionid, volsessiontime, jobfiles, jobbytes,
	joberrors, jobmissingfiles, poolid, poolname, priorjobid, filesetid, fileset
FROM (
	SELECT j.jobid, j.job, j.name, j.purgedfiles, j.type, j.level, j.clientid, c.name AS client,
		j.jobstatus, j.schedtime, j.starttime, j.endtime, j.realendtime,
		date_trunc('second', j.endtime - j.starttime) AS duration, j.jobtdate, j.volsessionid,
		j.volsessiontime, j.jobfiles, j.jobbytes, j.joberrors, j.jobmissingfiles, j.poolid,
		p.name AS poolname, j.priorjobid, j.filesetid, s.fileset,
		row_number() OVER (PARTITION BY j.name ORDER BY j.jobid DESC) AS age
	FROM job j LEFT JOIN client c USING (clientid) LEFT JOIN pool p USING (poolid)
		LEFT JOIN fileset s USING (filesetid)
@chosen_jobs
		AND (:pool::text IS NULL OR p.name = :pool)
		AND (:since::timestamp IS NULL OR j.schedtime > :since)) x
WHERE :last::text IS NULL OR age = 1
-- A job that never started stands where it ended.
ORDER BY CASE WHEN :reverse::text IS NULL THEN coalesce(starttime, realendtime) END ASC,
	CASE WHEN :reverse IS NULL THEN jobid END ASC,
	CASE WHEN :reverse IS NOT NULL THEN coalesce(starttime, realendtime) END DESC NULLS LAST, jobid DESC
LIMIT :limit::bigint OFFSET coalesce(:offset::bigint, 0);

-- name: count_jobs repeatable
SELECT count(*) AS count
FROM (
	SELECT row_number() OVER (PARTITION BY j.name ORDER BY j.jobid DESC) AS age
	FROM job j LEFT JOIN client c USING (clientid)
@chosen_jobs
		AND (:pool::text IS NULL OR j.poolid IN (SELECT p.poolid FROM pool p WHERE p.name = :pool))
		AND (:since::timestamp IS NULL OR j.schedtime > :since)) x
WHERE :last::text IS NULL OR age = 1;

-- name: list_backups repeatable
SELECT j.jobid, j.name, c.name AS client, j.starttime,
	date_trunc('second', j.endtime - j.starttime) AS duration, j.type, j.level, j.jobfiles,
	j.jobbytes, j.jobstatus
FROM job j JOIN client c USING (clientid) LEFT JOIN fileset s USING (filesetid)
WHERE j.type = 'B' AND c.name = :client
	AND (:fileset::text IS NULL OR s.fileset = :fileset)
	AND j.jobstatus::text = ANY (string_to_array(coalesce(:status::text, 'T,W'), ','))
	AND (:level::text IS NULL OR j.level::text = ANY (string_to_array(:level, ',')))
	AND (:since::timestamp IS NULL OR j.schedtime > :since)
ORDER BY CASE WHEN :reverse::text IS NULL THEN j.starttime END ASC,
	CASE WHEN :reverse IS NOT NULL THEN j.starttime END DESC, j.jobid
LIMIT :limit::bigint OFFSET coalesce(:offset::bigint, 0);

-- name: llist_backups repeatable
SELECT j.jobid, j.job, j.name, j.purgedfiles, j.type, j.level, j.clientid, c.name AS client,
	j.jobstatus, j.schedtime, j.starttime, j.endtime, j.realendtime,
	date_trunc('second', j.endtime - j.starttime) AS duration, j.jobtdate, j.volsessionid,
	j.volsessiontime, j.jobfiles, j.jobbytes, j.joberrors, j.jobmissingfiles, j.poolid,
	p.name AS poolname, j.priorjobid, j.filesetid, s.fileset
FROM job j JOIN client c USING (clientid) LEFT JOIN pool p USING (poolid)
	LEFT JOIN fileset s USING (filesetid)
WHERE j.type = 'B' AND c.name = :client
	AND (:fileset::text IS NULL OR s.fileset = :fileset)
	AND j.jobstatus::text = ANY (string_to_array(coalesce(:status::text, 'T,W'), ','))
	AND (:level::text IS NULL OR j.level::text = ANY (string_to_array(:level, ',')))
	AND (:since::timestamp IS NULL OR j.schedtime > :since)
ORDER BY CASE WHEN :reverse::text IS NULL THEN j.starttime END ASC,
	CASE WHEN :reverse IS NOT NULL THEN j.starttime END DESC, j.jobid
LIMIT :limit::bigint OFFSET coalesce(:offset::bigint, 0);

-- name: list_jobtotals repeatable
SELECT count(*) AS jobs, sum(jobfiles)::bigint AS files, sum(jobbytes)::bigint AS bytes, name AS job
FROM job WHERE type IN ('B', 'A', 'a', 'C') GROUP BY name ORDER BY name;
-- name: sum_jobtotals repeatable
SELECT count(*) AS jobs, coalesce(sum(jobfiles), 0)::bigint AS files,
	coalesce(sum(jobbytes), 0)::bigint AS bytes
FROM job WHERE type IN ('B', 'A', 'a', 'C');

-- name: list_joblog repeatable
SELECT time, logtext FROM log WHERE jobid = :jobid ORDER BY logid
LIMIT :limit::bigint OFFSET coalesce(:offset::bigint, 0);
-- name: count_joblog repeatable
SELECT count(*) AS count FROM log WHERE jobid = :jobid;
-- name: list_log repeatable
SELECT * FROM (
	SELECT l.logid, j.name AS jobname, c.name AS clientname, l.time, l.logtext
	FROM log l LEFT JOIN job j USING (jobid) LEFT JOIN client c USING (clientid)
	WHERE :client::text IS NULL OR c.name = :client
	ORDER BY l.logid DESC
	LIMIT coalesce(:limit::bigint, 5) OFFSET coalesce(:offset::bigint, 0)) x
ORDER BY CASE WHEN :reverse::text IS NULL THEN logid END ASC, logid DESC;

-- name: list_jobmedia repeatable
SELECT jm.jobid, m.volumename, jm.firstindex, jm.lastindex
FROM jobmedia jm JOIN media m USING (mediaid) JOIN job j USING (jobid)
	LEFT JOIN client c USING (clientid)
WHERE (:jobid::integer IS NULL OR jm.jobid = :jobid)
@seen_jobs
ORDER BY jm.jobid, jm.jobmediaid
LIMIT :limit::bigint OFFSET coalesce(:offset::bigint, 0);
-- name: llist_jobmedia repeatable
SELECT jm.jobmediaid, jm.jobid, jm.mediaid, m.volumename, jm.firstindex, jm.lastindex, jm.startfile,
	jm.endfile, jm.startblock, jm.endblock
FROM jobmedia jm JOIN media m USING (mediaid) JOIN job j USING (jobid)
	LEFT JOIN client c USING (clientid)
WHERE (:jobid::integer IS NULL OR jm.jobid = :jobid)
@seen_jobs
ORDER BY jm.jobid, jm.jobmediaid
LIMIT :limit::bigint OFFSET coalesce(:offset::bigint, 0);

-- name: list_files repeatable
SELECT p.path || f.name AS filename
FROM file f JOIN path p USING (pathid)
WHERE f.jobid = :jobid AND f.fileindex > 0
UNION ALL
SELECT p.path || f.name
FROM basefiles b JOIN file f USING (fileid) JOIN path p USING (pathid)
WHERE b.jobid = :jobid;
-- name: list_basefiles repeatable
SELECT p.path || f.name AS filename
FROM basefiles b JOIN file f USING (fileid) JOIN path p USING (pathid)
WHERE b.jobid = :jobid;

-- name: list_filesets repeatable
SELECT s.filesetid, s.fileset, s.md5, s.createtime, s.filesettext
FROM fileset s
WHERE (:filesetid::integer IS NULL OR s.filesetid = :filesetid)
	AND (:jobid::integer IS NULL OR s.filesetid = (SELECT j.filesetid FROM job j WHERE j.jobid = :jobid))
ORDER BY s.filesetid;

-- name: list_pools repeatable
SELECT poolid, name, (SELECT count(*) FROM media m WHERE m.poolid = pool.poolid) AS numvols, maxvols,
	pooltype, labelformat
FROM pool
WHERE (:name::text IS NULL OR name = :name) AND (:poolid::integer IS NULL OR poolid = :poolid)
ORDER BY poolid;
-- name: llist_pools repeatable
WITH prunable AS (
	SELECT m.poolid, m.mediaid, j.jobid, j.jobbytes
	FROM media m JOIN jobmedia jm USING (mediaid) JOIN job j USING (jobid)
	WHERE m.volstatus IN ('Full', 'Used') AND m.enabled <> 2
		AND j.jobtdate < extract(epoch FROM now()) - m.volretention),
per_pool AS (
	SELECT poolid, count(DISTINCT mediaid) AS volumes, count(DISTINCT jobid) AS jobs,
		(SELECT sum(b) FROM (SELECT DISTINCT q.jobid, q.jobbytes AS b FROM prunable q
			WHERE q.poolid = p.poolid) d)::bigint AS bytes
	FROM prunable p GROUP BY poolid)
SELECT poolid, name, (SELECT count(*) FROM media m WHERE m.poolid = pool.poolid) AS numvols, maxvols,
	useonce, usecatalog, acceptanyvolume, volretention, voluseduration, maxvoljobs, maxvolbytes,
	autoprune, recycle, pooltype, labelformat, enabled, scratchpoolid, recyclepoolid, labeltype,
	coalesce(pp.volumes, 0) AS prunablevolumes, coalesce(pp.jobs, 0) AS prunablejobs,
	coalesce(pp.bytes, 0) AS prunablebytes
FROM pool LEFT JOIN per_pool pp USING (poolid)
WHERE (:name::text IS NULL OR name = :name) AND (:poolid::integer IS NULL OR poolid = :poolid)
ORDER BY poolid;

-- name: list_clients repeatable
SELECT clientid, name, fileretention, jobretention FROM client
WHERE :name::text IS NULL OR name = :name ORDER BY clientid;
-- name: llist_clients repeatable
SELECT clientid, name, uname, autoprune, fileretention, jobretention FROM client
WHERE :name::text IS NULL OR name = :name ORDER BY clientid;

-- name: list_storages repeatable
SELECT storageid, name, autochanger FROM storage
WHERE :name::text IS NULL OR name = :name ORDER BY storageid;

-- name: list_volumes repeatable
SELECT m.mediaid, m.volumename, m.volstatus, m.enabled, m.volbytes, m.volfiles, m.volretention,
	m.recycle, m.slot, m.inchanger, m.mediatype, m.lastwritten, s.name AS storage,
	CASE WHEN coalesce(m.encryptionkey, '') = '' THEN 0 ELSE 1 END AS hasencryptionkey
FROM media m LEFT JOIN storage s USING (storageid) LEFT JOIN pool p USING (poolid)
WHERE (:pool::text IS NULL OR p.name = :pool)
	AND (:poolid::integer IS NULL OR m.poolid = :poolid)
	AND (:name::text IS NULL OR m.volumename = :name)
	AND (:mediaid::integer IS NULL OR m.mediaid = :mediaid)
	AND (:see_pools::text IS NULL OR p.name = ANY (string_to_array(:see_pools, chr(10))))
ORDER BY m.mediaid
LIMIT :limit::bigint OFFSET coalesce(:offset::bigint, 0);
-- name: llist_volumes repeatable
SELECT m.mediaid, m.volumename, m.slot, m.poolid, p.name AS pool, m.mediatype, m.firstwritten,
	m.lastwritten, m.labeldate, m.voljobs, m.volfiles, m.volblocks, m.volmounts, m.volbytes,
	m.volerrors, m.volwrites, m.volcapacitybytes, m.volstatus, m.enabled, m.recycle,
	m.volretention, m.voluseduration, m.maxvoljobs, m.maxvolfiles, m.maxvolbytes, m.inchanger,
	m.endfile, m.endblock, m.labeltype, m.storageid, m.deviceid, m.locationid, m.recyclecount,
	m.initialwrite, m.scratchpoolid, sp.name AS scratchpool, m.recyclepoolid,
	rp.name AS recyclepool,
	CASE WHEN coalesce(m.encryptionkey, '') = '' THEN 0 ELSE 1 END AS hasencryptionkey,
	m.comment, s.name AS storage
FROM media m LEFT JOIN storage s USING (storageid) LEFT JOIN pool p USING (poolid)
	LEFT JOIN pool sp ON sp.poolid = m.scratchpoolid LEFT JOIN pool rp ON rp.poolid = m.recyclepoolid
WHERE (:pool::text IS NULL OR p.name = :pool)
	AND (:poolid::integer IS NULL OR m.poolid = :poolid)
	AND (:name::text IS NULL OR m.volumename = :name)
	AND (:mediaid::integer IS NULL OR m.mediaid = :mediaid)
	AND (:see_pools::text IS NULL OR p.name = ANY (string_to_array(:see_pools, chr(10))))
ORDER BY m.mediaid
LIMIT :limit::bigint OFFSET coalesce(:offset::bigint, 0);
-- name: count_volumes repeatable
SELECT count(*) AS count FROM media m LEFT JOIN pool p USING (poolid)
WHERE (:pool::text IS NULL OR p.name = :pool)
	AND (:see_pools::text IS NULL OR p.name = ANY (string_to_array(:see_pools, chr(10))));
-- name: list_volumes_of_job repeatable
SELECT DISTINCT m.volumename FROM jobmedia jm JOIN media m USING (mediaid)
WHERE jm.jobid = :jobid ORDER BY m.volumename;
-- name: llist_volumes_of_job repeatable
SELECT jm.jobmediaid, jm.jobid, jm.mediaid, m.volumename FROM jobmedia jm JOIN media m USING (mediaid)
WHERE jm.jobid = :jobid ORDER BY jm.jobmediaid;

-- name: list_copies repeatable
SELECT DISTINCT j.priorjobid AS jobid, j.job, j.jobid AS copyjobid, m.mediatype
FROM job j LEFT JOIN jobmedia jm USING (jobid) LEFT JOIN media m USING (mediaid)
	LEFT JOIN client c USING (clientid)
WHERE j.type = 'C'
	AND (:jobids::text IS NULL OR j.priorjobid = ANY (string_to_array(:jobids, ',')::integer[]))
@seen_jobs
ORDER BY j.priorjobid DESC, j.jobid;
-- name: list_jobstatistics repeatable
SELECT deviceid, sampletime, jobid, jobfiles, jobbytes FROM jobstats WHERE jobid = :jobid
ORDER BY sampletime;

-- name: names_jobs repeatable
SELECT DISTINCT name FROM job ORDER BY name;
-- name: names_clients repeatable
SELECT name FROM client ORDER BY name;
-- name: names_pools repeatable
SELECT name FROM pool ORDER BY name;
-- name: names_volumes repeatable
SELECT m.volumename AS name FROM media m LEFT JOIN pool p USING (poolid)
WHERE :see_pools::text IS NULL OR p.name = ANY (string_to_array(:see_pools, chr(10)))
ORDER BY m.volumename;
-- name: names_storages repeatable
SELECT DISTINCT name FROM storage ORDER BY name;
-- name: names_filesets repeatable
SELECT DISTINCT fileset AS name FROM fileset ORDER BY fileset;
