-- 0003-physical: File and PathVisibility partitioned by JobId; Tercet's own small tables.
-- Assumes: the tables of version 2250, as made by 0001 or by a Bareos director, with or without
--          rows; no other session works on the database.  No row is copied.
-- Spec: catalog.md 16.3, 16.5, 18

-- Partitions of File and PathVisibility: [firstjobid, endjobid).
CREATE TABLE tercet_partition (
	firstjobid       integer PRIMARY KEY,
	endjobid         integer NOT NULL,
	filetable        text NOT NULL,
	visibilitytable  text NOT NULL,
	created          timestamp without time zone NOT NULL DEFAULT localtimestamp
);

-- Where a FileId lives, so that a look-up by FileId alone touches one partition.
CREATE TABLE tercet_file_range (
	firstfileid      bigint PRIMARY KEY,
	lastfileid       bigint NOT NULL,
	jobid            integer NOT NULL
);
CREATE INDEX tercet_file_range_jobid ON tercet_file_range (jobid);

-- How far the loader of a running job has come; written in the transaction that loads the rows,
-- so that after a lost connection nobody has to guess whether a commit happened.
CREATE TABLE tercet_ingest (
	jobid            integer PRIMARY KEY,
	batches          bigint NOT NULL DEFAULT 0,
	files            bigint NOT NULL DEFAULT 0,
	deleted          bigint NOT NULL DEFAULT 0
);

ALTER TABLE file RENAME TO file_p0;
ALTER INDEX file_jpfid_idx RENAME TO file_p0_jpfid_idx;
ALTER INDEX IF EXISTS file_pjidpart_idx RENAME TO file_p0_pjidpart_idx;
CREATE TABLE file (
	fileid           bigint NOT NULL DEFAULT nextval('file_fileid_seq'),
	fileindex        integer NOT NULL DEFAULT 0,
	jobid            integer NOT NULL,
	pathid           integer NOT NULL,
	deltaseq         smallint NOT NULL DEFAULT 0,
	markid           integer NOT NULL DEFAULT 0,
	fhinfo           numeric(20) NOT NULL DEFAULT 0,
	fhnode           numeric(20) NOT NULL DEFAULT 0,
	lstat            text NOT NULL,
	md5              text NOT NULL,
	name             text NOT NULL
) PARTITION BY RANGE (jobid);
ALTER SEQUENCE file_fileid_seq OWNED BY file.fileid;
CREATE INDEX file_jpfid_idx ON file (jobid, pathid);
CREATE INDEX file_pjidpart_idx ON file (pathid, jobid) WHERE fileindex = 0 AND name = '';
CREATE INDEX file_fileid_brin ON file USING brin (fileid) WITH (pages_per_range = 16);

ALTER TABLE pathvisibility RENAME TO pathvisibility_p0;
ALTER INDEX pathvisibility_pkey RENAME TO pathvisibility_p0_pkey;
CREATE TABLE pathvisibility (
	pathid           integer NOT NULL,
	jobid            integer NOT NULL,
	size             bigint DEFAULT 0,
	files            integer DEFAULT 0,
	PRIMARY KEY (jobid, pathid)
) PARTITION BY RANGE (jobid);

-- The rows that are there become the first partition, up to the next free JobId.
DO $$
DECLARE
	m integer := (SELECT greatest(coalesce((SELECT max(jobid) FROM job), 0),
	                              coalesce((SELECT max(jobid) FROM file_p0), 0)) + 1);
BEGIN
	IF m = 1 THEN
		DROP TABLE file_p0, pathvisibility_p0;
		RETURN;
	END IF;
	EXECUTE format('ALTER TABLE file_p0 ADD CONSTRAINT file_p0_range CHECK (jobid < %s)', m);
	EXECUTE format('ALTER TABLE pathvisibility_p0 ADD CONSTRAINT pathvisibility_p0_range CHECK (jobid < %s)', m);
	EXECUTE format('ALTER TABLE file ATTACH PARTITION file_p0 FOR VALUES FROM (MINVALUE) TO (%s)', m);
	EXECUTE format('ALTER TABLE pathvisibility ATTACH PARTITION pathvisibility_p0 FOR VALUES FROM (MINVALUE) TO (%s)', m);
	INSERT INTO tercet_partition VALUES (-2147483648, m, 'file_p0', 'pathvisibility_p0');
END $$;

-- The width of the next partition, in JobIds: about 25 million rows by the mean of the last jobs,
-- or by a guess of 50,000 files when there are none.
CREATE OR REPLACE FUNCTION tercet_partition_width() RETURNS integer
LANGUAGE sql STABLE AS $$
	SELECT greatest(16, least(4096, 25000000 / greatest(1, coalesce(avg(jobfiles), 50000))))::integer
	FROM (SELECT jobfiles FROM job WHERE type IN ('B', 'A', 'C', 'M') AND jobfiles > 0
	      ORDER BY jobid DESC LIMIT 200) x
$$;

-- Name of the partition of File that holds a JobId; made when there is none.
CREATE OR REPLACE FUNCTION tercet_file_partition(want integer) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	found_table text;
	width integer;
	lo    integer;
	hi    integer;
BEGIN
	SELECT filetable INTO found_table FROM tercet_partition
	WHERE firstjobid <= want AND endjobid > want;
	IF FOUND THEN
		RETURN found_table;
	END IF;
	PERFORM pg_advisory_xact_lock(7238914, 1);
	SELECT filetable INTO found_table FROM tercet_partition
	WHERE firstjobid <= want AND endjobid > want;
	IF FOUND THEN
		RETURN found_table;
	END IF;
	width := tercet_partition_width();
	SELECT coalesce(max(endjobid), 1) INTO lo FROM tercet_partition WHERE endjobid <= want;
	IF want - lo >= width OR want < lo THEN
		lo := want;
	END IF;
	SELECT least(lo + width, coalesce(min(firstjobid), lo + width)) INTO hi
	FROM tercet_partition WHERE firstjobid > want;
	found_table := 'file_p' || lo;
	EXECUTE format('CREATE TABLE %I (LIKE file INCLUDING DEFAULTS, CHECK (jobid >= %s AND jobid < %s))',
	               found_table, lo, hi);
	EXECUTE format('CREATE INDEX ON %I (jobid, pathid)', found_table);
	EXECUTE format('CREATE INDEX ON %I (pathid, jobid) WHERE fileindex = 0 AND name = ''''', found_table);
	EXECUTE format('CREATE INDEX ON %I USING brin (fileid) WITH (pages_per_range = 16)', found_table);
	EXECUTE format('ALTER TABLE file ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', found_table, lo, hi);
	EXECUTE format('CREATE TABLE %I (LIKE pathvisibility INCLUDING DEFAULTS, PRIMARY KEY (jobid, pathid), CHECK (jobid >= %s AND jobid < %s))',
	               'pathvisibility_p' || lo, lo, hi);
	EXECUTE format('ALTER TABLE pathvisibility ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)',
	               'pathvisibility_p' || lo, lo, hi);
	INSERT INTO tercet_partition (firstjobid, endjobid, filetable, visibilitytable)
	VALUES (lo, hi, found_table, 'pathvisibility_p' || lo);
	RETURN found_table;
END $$;

-- Partitions for the next JobIds: the one in use and two beyond it.
CREATE OR REPLACE FUNCTION tercet_keep_partitions() RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
	next_job integer;
	made     integer := 0;
	top      integer;
BEGIN
	SELECT CASE WHEN is_called THEN last_value + 1 ELSE last_value END INTO next_job FROM job_jobid_seq;
	PERFORM tercet_file_partition(next_job);
	WHILE (SELECT count(*) FROM tercet_partition WHERE firstjobid > next_job) < 2 LOOP
		SELECT max(endjobid) INTO top FROM tercet_partition;
		PERFORM tercet_file_partition(top);
		made := made + 1;
	END LOOP;
	RETURN made;
END $$;

-- n consecutive FileIds; the first of them.
CREATE OR REPLACE FUNCTION tercet_reserve_fileids(n integer) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	first bigint;
BEGIN
	PERFORM pg_advisory_xact_lock(7238914, 2);
	first := nextval('file_fileid_seq');
	PERFORM setval('file_fileid_seq', first + n - 1);
	RETURN first;
END $$;

-- The directory that holds a directory: '/a/b/' -> '/a/', '/' and 'c:/' -> ''.
CREATE OR REPLACE FUNCTION tercet_parent_path(p text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT coalesce(substring(rtrim_one FROM '^(.*/)[^/]*$'), '')
	FROM (SELECT CASE WHEN right(p, 1) = '/' THEN left(p, -1) ELSE p END AS rtrim_one) x
$$;

SELECT tercet_keep_partitions();
