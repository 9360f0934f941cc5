-- Rows that follow the configuration: Client, FileSet, Pool, Storage, MediaType, Counters.

-- name: client_lock
SELECT pg_advisory_xact_lock(7238914, 6);
-- name: client_ensure
WITH new AS (
	INSERT INTO client (name, uname, autoprune, fileretention, jobretention)
	VALUES (:name, coalesce(:uname::text, ''), :autoprune, :fileretention, :jobretention)
	ON CONFLICT (name) DO NOTHING
	RETURNING clientid)
SELECT clientid FROM new UNION ALL SELECT clientid FROM client WHERE name = :name LIMIT 1;
-- name: client_update repeatable
UPDATE client SET uname = coalesce(:uname::text, uname), autoprune = :autoprune,
	fileretention = :fileretention, jobretention = :jobretention
WHERE clientid = :clientid;
-- name: client_find repeatable
SELECT clientid FROM client WHERE name = :name;

-- name: client_name repeatable
SELECT name FROM client WHERE clientid = :clientid::integer;

-- name: fileset_lock
SELECT pg_advisory_xact_lock(7238914, 3);
-- name: fileset_find repeatable
SELECT filesetid, createtime FROM fileset WHERE fileset = :name AND md5 = :md5
ORDER BY createtime DESC, filesetid DESC LIMIT 1;
-- name: fileset_latest repeatable
SELECT filesetid, createtime FROM fileset WHERE fileset = :name
ORDER BY createtime DESC, filesetid DESC LIMIT 1;
-- name: fileset_insert
INSERT INTO fileset (fileset, md5, filesettext, createtime)
VALUES (:name, :md5, :text, :createtime) RETURNING filesetid;
-- name: fileset_refresh
UPDATE fileset SET filesettext = :text::text WHERE filesetid = :filesetid AND filesettext IS DISTINCT FROM :text;

-- name: pool_lock
SELECT pg_advisory_xact_lock(7238914, 4);
-- name: pool_insert
INSERT INTO pool (name, pooltype, labelformat)
SELECT :name::text, :type::text, '*' WHERE NOT EXISTS (SELECT 1 FROM pool WHERE name = :name);
-- name: pool_update
UPDATE pool SET maxvols = :maxvols, useonce = 0, usecatalog = :usecatalog, recycle = :recycle,
	volretention = :volretention, voluseduration = :voluseduration, maxvoljobs = :maxvoljobs,
	maxvolfiles = :maxvolfiles, maxvolbytes = :maxvolbytes, autoprune = :autoprune,
	actiononpurge = :actiononpurge, minblocksize = :minblocksize, maxblocksize = :maxblocksize,
	labeltype = :labeltype, labelformat = coalesce(nullif(:labelformat, ''), '*'),
	recyclepoolid = coalesce((SELECT min(poolid) FROM pool WHERE name = :recyclepool), 0),
	scratchpoolid = coalesce((SELECT min(poolid) FROM pool WHERE name = :scratchpool), 0)
WHERE name = :name;
-- name: pool_recount
UPDATE pool SET numvols = (SELECT count(*) FROM media m WHERE m.poolid = pool.poolid)
WHERE poolid = :poolid AND numvols IS DISTINCT FROM (SELECT count(*) FROM media m WHERE m.poolid = pool.poolid);
-- name: pool_get repeatable
SELECT p.poolid, p.name, p.pooltype, p.labelformat, p.recyclepoolid, p.scratchpoolid,
	coalesce(r.name, ''), coalesce(s.name, ''), p.numvols, p.maxvols, p.usecatalog, p.recycle,
	p.autoprune, p.actiononpurge, p.volretention, p.voluseduration, p.maxvoljobs,
	p.maxvolfiles, p.maxvolbytes, p.minblocksize, p.maxblocksize, p.labeltype
FROM pool p LEFT JOIN pool r ON r.poolid = p.recyclepoolid
	LEFT JOIN pool s ON s.poolid = p.scratchpoolid
WHERE (:poolid::integer IS NOT NULL AND p.poolid = :poolid) OR (:name::text IS NOT NULL AND p.name = :name)
ORDER BY p.poolid LIMIT 1;

-- name: storage_lock
SELECT pg_advisory_xact_lock(7238914, 5);
-- name: storage_ensure
WITH old AS (
	UPDATE storage SET autochanger = :autochanger::integer WHERE name = :name::text RETURNING storageid),
new AS (
	INSERT INTO storage (name, autochanger) SELECT :name, :autochanger
	WHERE NOT EXISTS (SELECT 1 FROM storage WHERE name = :name)
	RETURNING storageid)
SELECT storageid FROM old UNION ALL SELECT storageid FROM new LIMIT 1;
-- name: storage_name repeatable
SELECT name FROM storage WHERE storageid = :storageid;
-- name: mediatype_ensure
INSERT INTO mediatype (mediatype) SELECT :mediatype::text
WHERE NOT EXISTS (SELECT 1 FROM mediatype WHERE mediatype = :mediatype);

-- name: counter_ensure
INSERT INTO counters (counter, minvalue, maxvalue, currentvalue, wrapcounter)
VALUES (:name, :min::integer, :max, :min::integer, :wrap) ON CONFLICT (counter) DO NOTHING;
-- name: counter_value repeatable
SELECT currentvalue FROM counters WHERE counter = :name;
-- The value before it is raised; a wrap raises the wrap counter too.
-- name: counter_use
WITH old AS (SELECT counter, currentvalue, wrapcounter, currentvalue >= maxvalue AS wraps
	FROM counters WHERE counter = :name FOR UPDATE),
mine AS (UPDATE counters c
	SET currentvalue = CASE WHEN o.wraps THEN c.minvalue ELSE c.currentvalue + 1 END
	FROM old o WHERE c.counter = o.counter),
other AS (UPDATE counters c
	SET currentvalue = CASE WHEN c.currentvalue >= c.maxvalue THEN c.minvalue ELSE c.currentvalue + 1 END
	FROM old o WHERE o.wraps AND c.counter = o.wrapcounter AND c.counter <> o.counter)
SELECT currentvalue FROM old;
