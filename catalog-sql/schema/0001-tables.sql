-- 0001-tables: the 28 tables of catalog version 2250, their indexes, Status and Version rows.
-- Assumes: an empty database.
-- Spec: catalog.md 3, 4, 5

CREATE TABLE job (
	jobid            serial PRIMARY KEY,
	job              text NOT NULL,
	name             text NOT NULL,
	type             char(1) NOT NULL,
	level            char(1) NOT NULL,
	clientid         integer DEFAULT 0,
	jobstatus        char(1) NOT NULL,
	schedtime        timestamp without time zone,
	starttime        timestamp without time zone,
	endtime          timestamp without time zone,
	realendtime      timestamp without time zone,
	jobtdate         bigint DEFAULT 0,
	volsessionid     integer DEFAULT 0,
	volsessiontime   integer DEFAULT 0,
	jobfiles         integer DEFAULT 0,
	jobbytes         bigint DEFAULT 0,
	readbytes        bigint DEFAULT 0,
	joberrors        integer DEFAULT 0,
	jobmissingfiles  integer DEFAULT 0,
	poolid           integer DEFAULT 0,
	filesetid        integer DEFAULT 0,
	priorjobid       integer DEFAULT 0,
	purgedfiles      smallint DEFAULT 0,
	hasbase          smallint DEFAULT 0,
	hascache         smallint DEFAULT 0,
	reviewed         smallint DEFAULT 0,
	comment          text
);
CREATE INDEX job_name_idx ON job (name);

CREATE TABLE jobhisto (
	jobid            integer NOT NULL,
	job              text NOT NULL,
	name             text NOT NULL,
	type             char(1) NOT NULL,
	level            char(1) NOT NULL,
	clientid         integer,
	jobstatus        char(1) NOT NULL,
	schedtime        timestamp without time zone,
	starttime        timestamp without time zone,
	endtime          timestamp without time zone,
	realendtime      timestamp without time zone,
	jobtdate         bigint,
	volsessionid     integer,
	volsessiontime   integer,
	jobfiles         integer,
	jobbytes         bigint,
	readbytes        bigint,
	joberrors        integer,
	jobmissingfiles  integer,
	poolid           integer,
	filesetid        integer,
	priorjobid       integer,
	purgedfiles      smallint,
	hasbase          smallint,
	hascache         smallint,
	reviewed         smallint,
	comment          text
);
CREATE INDEX jobhisto_idx ON jobhisto (starttime);

-- Step 0003 turns this table into a partitioned one.
CREATE TABLE file (
	fileid           bigserial PRIMARY KEY,
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
);
CREATE INDEX file_jpfid_idx ON file (jobid, pathid, name);
CREATE INDEX file_pjidpart_idx ON file (pathid, jobid) WHERE fileindex = 0 AND name = '';

CREATE TABLE path (
	pathid           serial PRIMARY KEY,
	path             text NOT NULL
);
CREATE UNIQUE INDEX path_name_idx ON path (path);

CREATE TABLE jobmedia (
	jobmediaid       serial PRIMARY KEY,
	jobid            integer NOT NULL,
	mediaid          integer NOT NULL,
	firstindex       integer DEFAULT 0,
	lastindex        integer DEFAULT 0,
	startfile        integer DEFAULT 0,
	endfile          integer DEFAULT 0,
	startblock       bigint DEFAULT 0,
	endblock         bigint DEFAULT 0,
	jobbytes         numeric(20) DEFAULT 0,
	volindex         integer DEFAULT 0
);
CREATE INDEX job_media_job_id_media_id_idx ON jobmedia (jobid, mediaid);
CREATE INDEX job_media_media_id_job_id_idx ON jobmedia (mediaid, jobid);

CREATE TABLE media (
	mediaid          serial PRIMARY KEY,
	volumename       text NOT NULL,
	slot             bigint DEFAULT 0,
	poolid           integer DEFAULT 0,
	mediatype        text NOT NULL,
	mediatypeid      integer DEFAULT 0,
	labeltype        integer DEFAULT 0,
	firstwritten     timestamp without time zone,
	lastwritten      timestamp without time zone,
	labeldate        timestamp without time zone,
	voljobs          bigint DEFAULT 0,
	volfiles         bigint DEFAULT 0,
	volblocks        bigint DEFAULT 0,
	volmounts        bigint DEFAULT 0,
	volbytes         bigint DEFAULT 0,
	volerrors        bigint DEFAULT 0,
	volwrites        bigint DEFAULT 0,
	volcapacitybytes bigint DEFAULT 0,
	volstatus        text NOT NULL CHECK (volstatus IN ('Full', 'Archive', 'Append', 'Recycle',
	                 'Purged', 'Read-Only', 'Disabled', 'Error', 'Busy', 'Used', 'Cleaning',
	                 'Scratch', 'Unlabeled')),
	enabled          smallint DEFAULT 1,
	recycle          smallint DEFAULT 0,
	actiononpurge    smallint DEFAULT 0,
	volretention     bigint DEFAULT 0,
	voluseduration   bigint DEFAULT 0,
	maxvoljobs       bigint DEFAULT 0,
	maxvolfiles      bigint DEFAULT 0,
	maxvolbytes      bigint DEFAULT 0,
	inchanger        smallint DEFAULT 0,
	storageid        integer DEFAULT 0,
	deviceid         integer DEFAULT 0,
	mediaaddressing  smallint DEFAULT 0,
	volreadtime      bigint DEFAULT 0,
	volwritetime     bigint DEFAULT 0,
	endfile          bigint DEFAULT 0,
	endblock         bigint DEFAULT 0,
	locationid       integer DEFAULT 0,
	recyclecount     bigint DEFAULT 0,
	minblocksize     bigint DEFAULT 0,
	maxblocksize     bigint DEFAULT 0,
	initialwrite     timestamp without time zone,
	scratchpoolid    integer DEFAULT 0,
	recyclepoolid    integer DEFAULT 0,
	encryptionkey    text,
	comment          text
);
CREATE UNIQUE INDEX media_volumename_id ON media (volumename);
CREATE INDEX media_poolid_idx ON media (poolid);

CREATE TABLE pool (
	poolid             serial PRIMARY KEY,
	name               text NOT NULL,
	numvols            integer DEFAULT 0,
	maxvols            integer DEFAULT 0,
	useonce            smallint DEFAULT 0,
	usecatalog         smallint DEFAULT 0,
	acceptanyvolume    smallint DEFAULT 0,
	volretention       bigint DEFAULT 0,
	voluseduration     bigint DEFAULT 0,
	maxvoljobs         integer DEFAULT 0,
	maxvolfiles        integer DEFAULT 0,
	maxvolbytes        bigint DEFAULT 0,
	autoprune          smallint DEFAULT 0,
	recycle            smallint DEFAULT 0,
	actiononpurge      smallint DEFAULT 0,
	pooltype           text CHECK (pooltype IN ('Backup', 'Copy', 'Cloned', 'Archive', 'Migration',
	                   'Scratch')),
	labeltype          integer DEFAULT 0,
	labelformat        text NOT NULL,
	enabled            smallint DEFAULT 1,
	scratchpoolid      integer DEFAULT 0,
	recyclepoolid      integer DEFAULT 0,
	nextpoolid         integer DEFAULT 0,
	minblocksize       integer DEFAULT 0,
	maxblocksize       integer DEFAULT 0,
	migrationhighbytes bigint DEFAULT 0,
	migrationlowbytes  bigint DEFAULT 0,
	migrationtime      bigint DEFAULT 0
);
CREATE INDEX pool_name_idx ON pool (name);

CREATE TABLE client (
	clientid         serial PRIMARY KEY,
	name             text NOT NULL,
	uname            text NOT NULL,
	autoprune        smallint DEFAULT 0,
	fileretention    bigint DEFAULT 0,
	jobretention     bigint DEFAULT 0
);
CREATE UNIQUE INDEX client_name_idx ON client (name);

CREATE TABLE fileset (
	filesetid        serial PRIMARY KEY,
	fileset          text NOT NULL,
	filesettext      text DEFAULT '',
	md5              text NOT NULL,
	createtime       timestamp without time zone NOT NULL
);
CREATE INDEX fileset_name_idx ON fileset (fileset);

CREATE TABLE storage (
	storageid        serial PRIMARY KEY,
	name             text NOT NULL,
	autochanger      integer DEFAULT 0
);

CREATE TABLE mediatype (
	mediatypeid      serial PRIMARY KEY,
	mediatype        text NOT NULL,
	readonly         integer DEFAULT 0
);

CREATE TABLE device (
	deviceid                   serial PRIMARY KEY,
	name                       text NOT NULL,
	mediatypeid                integer NOT NULL,
	storageid                  integer NOT NULL,
	devmounts                  integer NOT NULL DEFAULT 0,
	devreadbytes               bigint NOT NULL DEFAULT 0,
	devwritebytes              bigint NOT NULL DEFAULT 0,
	devreadbytessincecleaning  bigint NOT NULL DEFAULT 0,
	devwritebytessincecleaning bigint NOT NULL DEFAULT 0,
	devreadtime                bigint NOT NULL DEFAULT 0,
	devwritetime               bigint NOT NULL DEFAULT 0,
	devreadtimesincecleaning   bigint NOT NULL DEFAULT 0,
	devwritetimesincecleaning  bigint NOT NULL DEFAULT 0,
	cleaningdate               timestamp without time zone,
	cleaningperiod             bigint NOT NULL DEFAULT 0
);

CREATE TABLE log (
	logid            serial PRIMARY KEY,
	jobid            integer NOT NULL,
	time             timestamp without time zone,
	logtext          text NOT NULL
);
CREATE INDEX log_name_idx ON log (jobid);

CREATE TABLE basefiles (
	baseid           bigserial PRIMARY KEY,
	jobid            integer NOT NULL,
	fileid           bigint NOT NULL,
	fileindex        integer,
	basejobid        integer
);
CREATE INDEX basefiles_jobid_idx ON basefiles (jobid);

CREATE TABLE restoreobject (
	restoreobjectid   serial PRIMARY KEY,
	objectname        text NOT NULL,
	restoreobject     bytea NOT NULL,
	pluginname        text NOT NULL,
	objectlength      integer DEFAULT 0,
	objectfulllength  integer DEFAULT 0,
	objectindex       integer DEFAULT 0,
	objecttype        integer DEFAULT 0,
	fileindex         integer DEFAULT 0,
	jobid             integer,
	objectcompression integer DEFAULT 0
);
CREATE INDEX restore_jobid_idx ON restoreobject (jobid);

CREATE TABLE pathhierarchy (
	pathid           integer PRIMARY KEY,
	ppathid          integer NOT NULL
);
CREATE INDEX pathhierarchy_ppathid ON pathhierarchy (ppathid);

-- Step 0003 turns this table into a partitioned one.
CREATE TABLE pathvisibility (
	pathid           integer NOT NULL,
	jobid            integer NOT NULL,
	size             bigint DEFAULT 0,
	files            integer DEFAULT 0,
	PRIMARY KEY (jobid, pathid)
);

CREATE TABLE counters (
	counter          text PRIMARY KEY,
	minvalue         integer DEFAULT 0,
	maxvalue         integer DEFAULT 0,
	currentvalue     integer DEFAULT 0,
	wrapcounter      text NOT NULL
);

CREATE TABLE quota (
	clientid         integer PRIMARY KEY,
	gracetime        bigint DEFAULT 0,
	quotalimit       bigint DEFAULT 0
);

CREATE TABLE status (
	jobstatus        char(1) PRIMARY KEY,
	jobstatuslong    text,
	severity         integer
);

CREATE TABLE version (
	versionid        integer NOT NULL
);

CREATE TABLE devicestats (
	deviceid         integer DEFAULT 0,
	sampletime       timestamp without time zone NOT NULL,
	readtime         bigint NOT NULL DEFAULT 0,
	writetime        bigint NOT NULL DEFAULT 0,
	readbytes        bigint DEFAULT 0,
	writebytes       bigint DEFAULT 0,
	spoolsize        bigint DEFAULT 0,
	numwaiting       smallint DEFAULT 0,
	numwriters       smallint DEFAULT 0,
	mediaid          integer NOT NULL,
	volcatbytes      bigint DEFAULT 0,
	volcatfiles      bigint DEFAULT 0,
	volcatblocks     bigint DEFAULT 0
);

CREATE TABLE jobstats (
	deviceid         integer DEFAULT 0,
	sampletime       timestamp without time zone NOT NULL,
	jobid            integer NOT NULL,
	jobfiles         integer DEFAULT 0,
	jobbytes         bigint DEFAULT 0
);

CREATE TABLE tapealerts (
	deviceid         integer DEFAULT 0,
	sampletime       timestamp without time zone NOT NULL,
	alertflags       bigint DEFAULT 0
);

CREATE TABLE location (
	locationid       serial PRIMARY KEY,
	location         text NOT NULL,
	cost             integer DEFAULT 0,
	enabled          smallint
);

CREATE TABLE locationlog (
	loclogid         serial PRIMARY KEY,
	date             timestamp without time zone,
	comment          text NOT NULL,
	mediaid          integer DEFAULT 0,
	locationid       integer DEFAULT 0,
	newvolstatus     text NOT NULL CHECK (newvolstatus IN ('Full', 'Archive', 'Append', 'Recycle',
	                 'Purged', 'Read-Only', 'Disabled', 'Error', 'Busy', 'Used', 'Cleaning',
	                 'Scratch', 'Unlabeled')),
	newenabled       smallint
);

CREATE TABLE ndmplevelmap (
	clientid         integer NOT NULL,
	filesetid        integer NOT NULL DEFAULT 0,
	filesystem       text NOT NULL,
	dumplevel        integer NOT NULL,
	PRIMARY KEY (clientid, filesetid, filesystem)
);

CREATE TABLE ndmpjobenvironment (
	jobid            integer NOT NULL,
	fileindex        integer NOT NULL,
	envname          text NOT NULL,
	envvalue         text NOT NULL,
	PRIMARY KEY (jobid, fileindex, envname)
);

INSERT INTO status (jobstatus, jobstatuslong, severity) VALUES
	('C', 'Created, not yet running', 15),
	('R', 'Running', 15),
	('B', 'Blocked', 15),
	('T', 'Completed successfully', 10),
	('E', 'Terminated with errors', 25),
	('e', 'Non-fatal error', 20),
	('f', 'Fatal error', 100),
	('D', 'Verify found differences', 15),
	('A', 'Canceled by user', 90),
	('I', 'Incomplete job', 15),
	('F', 'Waiting for Client', 15),
	('W', 'Terminated with warnings', 20),
	('l', 'Doing data despooling', 15),
	('S', 'Waiting for Storage daemon', 15),
	('m', 'Waiting for new media', 15),
	('M', 'Waiting for media mount', 15),
	('s', 'Waiting for storage resource', 15),
	('j', 'Waiting for job resource', 15),
	('c', 'Waiting for client resource', 15),
	('d', 'Waiting on maximum jobs', 15),
	('t', 'Waiting on start time', 15),
	('p', 'Waiting on higher priority jobs', 15),
	('a', 'SD despooling attributes', 15),
	('i', 'Doing batch insert file records', 15),
	('L', 'Committing data', 15),
	('q', 'Queued waiting for device', 15);

INSERT INTO version (versionid) VALUES (2250);
