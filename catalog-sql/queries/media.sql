-- Volumes: choosing, creating, updating, recycling; JobMedia.

-- A volume as struct cat_media has it, in this order.
-- part: volume
	mediaid, volumename, mediatype, volstatus, poolid, slot, inchanger, recycle, enabled,
	storageid, labeltype, actiononpurge, firstwritten, lastwritten, labeldate, initialwrite,
	voljobs, volfiles, volblocks, volmounts, volerrors, volwrites, volbytes, volcapacitybytes,
	volretention, voluseduration, maxvoljobs, maxvolfiles, maxvolbytes, volreadtime,
	volwritetime, endfile, endblock, recyclecount, minblocksize, maxblocksize, scratchpoolid,
	recyclepoolid, encryptionkey

-- name: media_get repeatable
SELECT
@volume
FROM media WHERE volumename = :name;
-- name: media_get_by_id repeatable
SELECT
@volume
FROM media WHERE mediaid = :mediaid;
-- name: media_get_for_update
SELECT
@volume
FROM media WHERE volumename = :name FOR UPDATE;
-- Volumes of attempts 1-4 in their order.  One said to be free while jobs are on it is not free.
-- Spec: director.md 11.1
-- part: candidates
FROM media
WHERE poolid = :poolid AND mediatype = :mediatype AND enabled = 1
	AND (volstatus IN ('Append', 'Unlabeled')
		OR (volstatus IN ('Recycle', 'Purged') AND recycle = 1
			AND NOT EXISTS (SELECT 1 FROM jobmedia jm JOIN job j USING (jobid)
				WHERE jm.mediaid = media.mediaid)))
	AND volumename <> ALL (string_to_array(coalesce(:unwanted::text, ''), ','))
	AND (:inchanger::integer = 0 OR (inchanger = 1 AND storageid = :storageid))
ORDER BY CASE volstatus WHEN 'Append' THEN 1 WHEN 'Unlabeled' THEN 2 WHEN 'Recycle' THEN 3 ELSE 4 END,
	CASE WHEN volstatus IN ('Append', 'Unlabeled') THEN lastwritten END DESC NULLS LAST,
	CASE WHEN volstatus NOT IN ('Append', 'Unlabeled') THEN lastwritten END ASC NULLS FIRST,
	mediaid

-- name: media_candidates repeatable
SELECT
@volume
@candidates
;
-- The n-th; one that a job is just updating is waited for and judged as it is then.
-- name: media_candidate
SELECT
@volume
@candidates
OFFSET :skip LIMIT 1
FOR UPDATE;

-- Attempt 6.  Spec: director.md 11.3
-- name: media_scratch_candidate
SELECT mediaid, volstatus FROM media
WHERE poolid = coalesce(nullif(:scratchpoolid::integer, 0),
		(SELECT min(poolid) FROM pool WHERE name = 'Scratch'))
	AND mediatype = :mediatype AND enabled = 1
	AND (volstatus = 'Append' OR (volstatus IN ('Recycle', 'Purged') AND recycle = 1
		AND NOT EXISTS (SELECT 1 FROM jobmedia jm JOIN job j USING (jobid)
			WHERE jm.mediaid = media.mediaid)))
ORDER BY CASE volstatus WHEN 'Append' THEN 1 WHEN 'Recycle' THEN 2 ELSE 3 END, lastwritten, mediaid
LIMIT 1
FOR UPDATE SKIP LOCKED;
-- name: media_move_from_scratch
UPDATE media m SET poolid = p.poolid, volretention = p.volretention,
	voluseduration = p.voluseduration, maxvoljobs = p.maxvoljobs, maxvolfiles = p.maxvolfiles,
	maxvolbytes = p.maxvolbytes, recycle = p.recycle, minblocksize = p.minblocksize,
	maxblocksize = p.maxblocksize
FROM pool p WHERE p.poolid = :poolid AND m.mediaid = :mediaid;

-- name: media_in_pool repeatable
SELECT volumename, mediatype, volstatus, enabled, recycle, inchanger, storageid,
	EXISTS (SELECT 1 FROM jobmedia jm JOIN job j USING (jobid) WHERE jm.mediaid = media.mediaid)
FROM media WHERE poolid = :poolid ORDER BY mediaid;

-- name: media_pool_lock
SELECT maxvols, (SELECT count(*) FROM media m WHERE m.poolid = p.poolid), name
FROM pool p WHERE poolid = :poolid FOR UPDATE;
-- name: media_create
INSERT INTO media (volumename, mediatype, volstatus, poolid, slot, inchanger, recycle, enabled,
	storageid, labeltype, actiononpurge, labeldate, volbytes, volretention, voluseduration,
	maxvoljobs, maxvolfiles, maxvolbytes, minblocksize, maxblocksize, scratchpoolid,
	recyclepoolid, encryptionkey)
VALUES (:name, :mediatype, :status, :poolid, :slot, :inchanger, :recycle, :enabled, :storageid,
	:labeltype, :actiononpurge, :labeldate, :volbytes, :volretention, :voluseduration,
	:maxvoljobs, :maxvolfiles, :maxvolbytes, :minblocksize, :maxblocksize, :scratchpoolid,
	:recyclepoolid, nullif(:encryptionkey, ''))
ON CONFLICT (volumename) DO NOTHING
RETURNING mediaid;
-- name: media_numvols
UPDATE pool p SET numvols = (SELECT count(*) FROM media m WHERE m.poolid = p.poolid)
WHERE poolid = :poolid;
-- name: media_unique_slot
UPDATE media SET inchanger = 0, slot = 0
WHERE slot = :slot AND slot <> 0 AND storageid = :storageid AND inchanger = 1 AND mediaid <> :mediaid;
-- name: media_highest repeatable
SELECT coalesce(max(substr(volumename, length(:prefix::text) + 1)::numeric), 0)
FROM media
WHERE left(volumename, length(:prefix)) = :prefix
	AND substr(volumename, length(:prefix) + 1) ~ '^[0-9]{1,18}$';

-- name: media_store
UPDATE media SET volstatus = :status, poolid = :poolid, slot = :slot, inchanger = :inchanger,
	recycle = :recycle, enabled = :enabled, storageid = :storageid,
	actiononpurge = :actiononpurge, firstwritten = :firstwritten, lastwritten = :lastwritten,
	labeldate = :labeldate, initialwrite = coalesce(initialwrite, :initialwrite),
	voljobs = :voljobs, volfiles = :volfiles, volblocks = :volblocks, volmounts = :volmounts,
	volerrors = :volerrors, volwrites = :volwrites, volbytes = :volbytes,
	volretention = :volretention, voluseduration = :voluseduration, maxvoljobs = :maxvoljobs,
	maxvolfiles = :maxvolfiles, maxvolbytes = :maxvolbytes, volreadtime = :volreadtime,
	volwritetime = :volwritetime, scratchpoolid = :scratchpoolid,
	recyclepoolid = :recyclepoolid, encryptionkey = nullif(:encryptionkey, '')
WHERE mediaid = :mediaid;
-- name: media_recycle
UPDATE media SET volstatus = 'Recycle', voljobs = 0, volfiles = 0, volblocks = 0, volerrors = 0,
	volbytes = 1, firstwritten = timestamp '1970-01-01 00:00:00', lastwritten = NULL,
	recyclecount = recyclecount + 1
WHERE mediaid = :mediaid AND volstatus = 'Purged'
	AND NOT EXISTS (SELECT 1 FROM jobmedia jm JOIN job j USING (jobid)
		WHERE jm.mediaid = media.mediaid);
-- name: media_set_status repeatable
UPDATE media SET volstatus = :status WHERE mediaid = :mediaid;
-- name: media_delete repeatable
DELETE FROM media WHERE mediaid = :mediaid;

-- Spec: catalog.md 8.6
-- name: jobmedia_lock
SELECT 1 FROM job WHERE jobid = :jobid FOR UPDATE;
-- name: jobmedia_insert
INSERT INTO jobmedia (jobid, mediaid, firstindex, lastindex, startfile, endfile, startblock,
	endblock, volindex)
SELECT :jobid::integer, :mediaid::integer, :first::integer, :last::integer, :startfile::integer,
	:endfile::integer, :startblock::bigint, :endblock::bigint,
	(SELECT coalesce(max(volindex), 0) + 1 FROM jobmedia WHERE jobid = :jobid);
-- name: jobmedia_end_of_volume
UPDATE media SET endfile = :endfile, endblock = :endblock WHERE mediaid = :mediaid;
-- name: jobmedia_delete_null repeatable
DELETE FROM jobmedia WHERE jobid = :jobid AND firstindex = 0 AND lastindex = 0;
-- name: jobmedia_list repeatable
SELECT jm.jobid, j.volsessionid, j.volsessiontime, m.mediaid, m.volumename, m.mediatype,
	coalesce(s.name, ''), m.slot, m.inchanger, m.enabled, jm.firstindex, jm.lastindex,
	jm.startfile, jm.startblock, jm.endfile, jm.endblock
FROM jobmedia jm JOIN job j USING (jobid) JOIN media m USING (mediaid)
	LEFT JOIN storage s ON s.storageid = m.storageid
WHERE jm.jobid = ANY (:jobids::integer[]) AND jm.lastindex > 0
ORDER BY jm.jobid, jm.volindex, jm.jobmediaid;

-- Purging.  Spec: catalog.md 10
-- name: purge_jobs_of_volume repeatable
WITH mine AS (
	SELECT j.jobid FROM job j
	WHERE j.jobid IN (SELECT jobid FROM jobmedia WHERE mediaid = :mediaid)
		AND (:before::bigint = 0 OR j.jobtdate < :before)
		AND j.jobstatus IN ('T', 'W', 'E', 'f', 'A', 'D', 'I', 'e')),
control AS (
	SELECT j.jobid FROM job j
	WHERE j.type IN ('c', 'g') AND j.priorjobid IN (SELECT jobid FROM mine)
		AND j.jobstatus IN ('T', 'W', 'E', 'f', 'A', 'D', 'I', 'e'))
SELECT jobid, job, name, type, level, jobstatus, clientid, poolid, filesetid, priorjobid,
	schedtime, starttime, endtime, realendtime, jobtdate, volsessionid, volsessiontime,
	jobfiles, joberrors, jobbytes, readbytes, purgedfiles, hasbase
FROM job WHERE jobid IN (SELECT jobid FROM mine UNION SELECT jobid FROM control)
ORDER BY jobid;
-- Jobs made on top of these, running ones too: without them they restore an incomplete state.  A
-- Full needs none, a Differential the Full before it, an Incremental all since the newest of both.  A
-- job with a copy is not missed: the copy becomes the backup.
-- part: dependents
FROM job b JOIN job d USING (type, name, clientid, filesetid)
WHERE b.jobid = ANY (:jobids::integer[]) AND d.jobid <> ALL (:jobids::integer[])
	AND b.jobstatus IN ('T', 'W') AND b.level IN ('F', 'D', 'I')
	AND d.jobstatus NOT IN ('E', 'f', 'A', 'D', 'I', 'e')
	AND (d.starttime, d.jobid) > (b.starttime, b.jobid)
	AND (d.level = 'I' OR d.level = 'D' AND b.level = 'F')
	AND NOT EXISTS (SELECT 1 FROM job s
		WHERE s.jobstatus IN ('T', 'W') AND s.type = b.type AND s.name = b.name
			AND s.clientid = b.clientid AND s.filesetid = b.filesetid
			AND (s.starttime, s.jobid) > (b.starttime, b.jobid)
			AND (s.starttime, s.jobid) < (d.starttime, d.jobid)
			AND (s.level = 'F' OR s.level = 'D' AND b.level <> 'F'))
	AND NOT EXISTS (SELECT 1 FROM job c
		WHERE c.type = 'C' AND c.priorjobid = b.jobid AND c.jobid <> ALL (:jobids))

-- name: purge_dependents repeatable
SELECT DISTINCT d.jobid, d.job, d.name, d.type, d.level, d.jobstatus, d.clientid, d.poolid,
	d.filesetid, d.priorjobid, d.schedtime, d.starttime, d.endtime, d.realendtime, d.jobtdate,
	d.volsessionid, d.volsessiontime, d.jobfiles, d.joberrors, d.jobbytes, d.readbytes,
	d.purgedfiles, d.hasbase
@dependents
ORDER BY d.jobid;
-- name: purge_mark_dependents
INSERT INTO tercet_lost_base (jobid)
SELECT DISTINCT d.jobid
@dependents
ON CONFLICT DO NOTHING;
-- name: purge_lost_base
DELETE FROM tercet_lost_base WHERE jobid = ANY (:jobids::integer[]);
-- name: purge_files
DELETE FROM file WHERE jobid = ANY (:jobids::integer[]);
-- name: purge_file_ranges
DELETE FROM tercet_file_range WHERE jobid = ANY (:jobids::integer[]);
-- name: purge_basefiles
DELETE FROM basefiles WHERE jobid = ANY (:jobids::integer[]);
-- name: purge_mark_files
UPDATE job SET purgedfiles = 1 WHERE jobid = ANY (:jobids::integer[]);
-- name: purge_jobmedia
DELETE FROM jobmedia WHERE jobid = ANY (:jobids::integer[]);
-- name: purge_log
DELETE FROM log WHERE jobid = ANY (:jobids::integer[]);
-- name: purge_restoreobject
DELETE FROM restoreobject WHERE jobid = ANY (:jobids::integer[]);
-- name: purge_pathvisibility
DELETE FROM pathvisibility WHERE jobid = ANY (:jobids::integer[]);
-- name: purge_ndmp
DELETE FROM ndmpjobenvironment WHERE jobid = ANY (:jobids::integer[]);
-- name: purge_jobstats
DELETE FROM jobstats WHERE jobid = ANY (:jobids::integer[]);
-- name: purge_ingest
DELETE FROM tercet_ingest WHERE jobid = ANY (:jobids::integer[]);
-- For each original the first copy becomes the backup; its worker rows go.
-- name: purge_promote
WITH origin AS (
	SELECT jobid AS origin, jobid FROM job WHERE jobid = ANY (:jobids::integer[])
	UNION
	SELECT priorjobid, jobid FROM job
	WHERE jobid = ANY (:jobids::integer[]) AND type = 'B' AND priorjobid <> 0),
copies AS (
	SELECT min(c.jobid) AS jobid FROM origin o JOIN job c ON c.priorjobid = o.origin
	WHERE c.type = 'C' AND c.jobid <> ALL (:jobids::integer[])
	GROUP BY o.jobid),
promoted AS (
	UPDATE job j SET type = 'B' FROM copies c WHERE j.jobid = c.jobid RETURNING j.jobid)
DELETE FROM job w USING promoted p WHERE w.type = 'c' AND w.priorjobid = p.jobid;
-- name: purge_jobs
DELETE FROM job WHERE jobid = ANY (:jobids::integer[]);
-- name: purge_volume_state
SELECT m.volstatus, m.firstwritten IS NOT NULL OR m.lastwritten IS NOT NULL, m.recyclepoolid,
	EXISTS (SELECT 1 FROM jobmedia jm JOIN job j USING (jobid) WHERE jm.mediaid = m.mediaid)
FROM media m WHERE m.mediaid = :mediaid FOR UPDATE;
-- name: purge_volume_mark
UPDATE media m SET volstatus = 'Purged',
	poolid = CASE WHEN r.poolid IS NOT NULL AND (r.maxvols = 0 OR r.maxvols >
		(SELECT count(*) FROM media x WHERE x.poolid = r.poolid)) THEN r.poolid ELSE m.poolid END
FROM media n LEFT JOIN pool r ON r.poolid = n.recyclepoolid AND n.recyclepoolid <> 0
WHERE m.mediaid = :mediaid AND n.mediaid = m.mediaid;
