/*
 * lib/proto/dir_sd.h - the lines between director and storage daemon, in the order of the spec
 *
 * Purpose: both ends print and scan the same rows; see lib/proto/dir_fd.h for the manner.
 *          Job messages and Status are JOB_MSG and JOB_STATUS there.
 * Spec:    wire.md 4, 6, 3.6, 8
 */
#ifndef TERCET_PROTO_DIR_SD_H
#define TERCET_PROTO_DIR_SD_H

#include <inttypes.h>

/* clang-format off */

/* ---- greeting; wire.md 3.6 ---- */
#define DIR_SD_HELLO                "Hello Director %s calling\n"          /* bashed name */
#define DIR_SD_OK_HELLO             "3000 OK Hello\n"                      /* exact */
#define DIR_SD_BAD_AUTH             "3999 No go\n"

/*
 * The commands a storage daemon knows, matched by prefix in this order; wire.md 6.1.
 *       name                          prefix               allowed to a monitor director
 */
#define DIR_SD_COMMANDS(X)                                                   \
	X(DIR_SD_CMD_AUTOCHANGER,     "autochanger",       0)                \
	X(DIR_SD_CMD_BOOTSTRAP,       "bootstrap",         0)                \
	X(DIR_SD_CMD_CANCEL,          "cancel",            0)                \
	X(DIR_SD_CMD_FINISH,          "finish",            0)                \
	X(DIR_SD_CMD_JOBID,           "JobId=",            0)                \
	X(DIR_SD_CMD_LABEL,           "label",             0)                \
	X(DIR_SD_CMD_LISTEN,          "listen",            0)                \
	X(DIR_SD_CMD_MOUNT,           "mount",             0)                \
	X(DIR_SD_CMD_NEXTRUN,         "nextrun",           0)                \
	X(DIR_SD_CMD_PASSIVE,         "passive",           0)                \
	X(DIR_SD_CMD_PLUGINOPTIONS,   "pluginoptions",     0)                \
	X(DIR_SD_CMD_READLABEL,       "readlabel",         0)                \
	X(DIR_SD_CMD_RELABEL,         "relabel",           0)                \
	X(DIR_SD_CMD_RELEASE,         "release",           0)                \
	X(DIR_SD_CMD_RESOLVE,         "resolve",           0)                \
	X(DIR_SD_CMD_REPLICATE,       "replicate",         0)                \
	X(DIR_SD_CMD_RUN,             "run",               0)                \
	X(DIR_SD_CMD_SECURE_ERASE,    "getSecureEraseCmd", 0)                \
	X(DIR_SD_CMD_BANDWIDTH,       "setbandwidth=",     0)                \
	X(DIR_SD_CMD_SETDEBUG,        "setdebug=",         0)                \
	X(DIR_SD_CMD_SETDEVICE,       "setdevice",         0)                \
	X(DIR_SD_CMD_STATS,           "stats",             0)                \
	X(DIR_SD_CMD_STATUS,          "status",            1)                \
	X(DIR_SD_CMD_DOT_STATUS,      ".status",           1)                \
	X(DIR_SD_CMD_UNMOUNT,         "unmount",           0)                \
	X(DIR_SD_CMD_USE_STORAGE,     "use storage=",      0)
#define DIR_SD_BAD_COMMAND          "3900 Invalid command: %s\n"           /* as received; the session ends */
#define DIR_SD_BAD_MONITOR          "3997 Invalid command for a Director with Monitor directive enabled.\n"

/* ---- JobId; wire.md 6.2 ---- */
/*
 * job id, unique name, job_name, client_name, type, level, FileSet, NoAttr, SpoolAttr, FileSetMD5,
 * SpoolData, PreferMountedVols, SpoolSize, rerunning, session id, session time, quota, protocol,
 * BackupFormat.  job_name, client_name, FileSet and BackupFormat bashed.
 */
#define DIR_SD_JOBID                "JobId=%u job=%s job_name=%s client_name=%s type=%d level=%d FileSet=%s NoAttr=%d SpoolAttr=%d FileSetMD5=%s SpoolData=%d PreferMountedVols=%d SpoolSize=%" PRIu64 " rerunning=%d VolSessionId=%u VolSessionTime=%u Quota=%" PRIu64 " Protocol=%d BackupFormat=%s\n"
#define DIR_SD_JOBID_SCAN           "JobId=%u job=%127s job_name=%127s client_name=%127s type=%d level=%d FileSet=%127s NoAttr=%d SpoolAttr=%d FileSetMD5=%127s SpoolData=%d PreferMountedVols=%d SpoolSize=%" SCNu64 " rerunning=%d VolSessionId=%u VolSessionTime=%u Quota=%" SCNu64 " Protocol=%d BackupFormat=%127s"
#define DIR_SD_NONE                 "**None**"                             /* client, fileset, format */
#define DIR_SD_NO_MD5               "**Dummy**"
#define DIR_SD_FORMAT_NATIVE        "Native"
#define DIR_SD_OK_JOB               "3000 OK Job SDid=%u SDtime=%u Authorization=%s\n"
#define DIR_SD_OK_JOB_SCAN          "3000 OK Job SDid=%u SDtime=%u Authorization=%127s"
#define DIR_SD_BAD_JOB              "3915 Bad Job command. stat=%d CMD: %s\n"
#define DIR_SD_SECURE_ERASE         "getSecureEraseCmd\n"
#define DIR_SD_OK_SECURE_ERASE      "2000 OK SDSecureEraseCmd %s \n"       /* blank before the LF */
#define DIR_SD_OK_SECURE_ERASE_SCAN "2000 OK SDSecureEraseCmd %ms"
#define DIR_SD_NO_SECURE_ERASE      "*None*"
#define DIR_SD_PLUGINOPTIONS        "pluginoptions %s\n"                   /* bashed */
#define DIR_SD_PLUGINOPTIONS_SCAN   "pluginoptions %ms"
#define DIR_SD_OK_PLUGINOPTIONS     "2000 OK plugin options\n"             /* exact */

/* ---- bootstrap, run, listen, passive, replicate; wire.md 6.3, 8 ---- */
#define DIR_SD_BOOTSTRAP            "bootstrap\n"                          /* then lines, EOD */
#define DIR_SD_OK_BOOTSTRAP         "3000 OK bootstrap\n"                  /* exact */
#define DIR_SD_BAD_BOOTSTRAP        "3904 Error bootstrap\n"
#define DIR_SD_RUN                  "run"                                  /* no LF */
#define DIR_SD_LISTEN               "listen"                               /* no LF */
#define DIR_SD_PASSIVE              "passive client address=%s port=%d ssl=%d\n"
#define DIR_SD_PASSIVE_SCAN         "passive client address=%255s port=%d ssl=%d"
#define DIR_SD_OK_PASSIVE           "2000 OK passive client\n"             /* exact */
#define DIR_SD_BAD_PASSIVE          "3991 Bad passive client command: %s\n"
#define DIR_SD_REPLICATE            "replicate JobId=%u Job=%s address=%s port=%d ssl=%d Authorization=%s\n"
#define DIR_SD_REPLICATE_SCAN       "replicate JobId=%u Job=%127s address=%255s port=%d ssl=%d Authorization=%127s"
#define DIR_SD_OK_REPLICATE         "3000 OK replicate\n"                  /* exact */
#define DIR_SD_BAD_REPLICATE        "3991 Bad replicate command: %s\n"
#define DIR_SD_BANDWIDTH            "setbandwidth=%" PRId64 " Job=%s\n"
#define DIR_SD_BANDWIDTH_SCAN       "setbandwidth=%" SCNd64 " Job=%127s"
#define DIR_SD_OK_BANDWIDTH         "2000 OK Bandwidth\n"                  /* exact */
#define DIR_SD_BAD_BANDWIDTH        "3991 Bad setbandwidth command: %s\n"
#define DIR_SD_JOB_START            "3010 Job %s start\n"
#define DIR_SD_JOB_START_SCAN       "3010 Job %127s start"
#define DIR_SD_JOB_END              "3099 Job %s end JobStatus=%d JobFiles=%u JobBytes=%" PRIu64 " JobErrors=%u\n"
#define DIR_SD_JOB_END_SCAN         "3099 Job %127s end JobStatus=%d JobFiles=%u JobBytes=%" SCNu64 " JobErrors=%u"

/*
 * Inside a job message of a restore: FileIndexes that a damaged volume did not give whole,
 * "3-7,9-9", and the session they are of.  A director that knows their names may add them.
 */
#define DIR_SD_LOST_FILES           "files %s of session %u/%u may be lost or incomplete"
#define DIR_SD_LOST_FILES_SCAN      "files %999s of session %u/%u may be lost or incomplete"
#define DIR_SD_LOST_FILES_MAX       999

/* ---- device reservation; wire.md 6.4 ---- */
#define DIR_SD_USE_STORAGE          "use storage=%s media_type=%s pool_name=%s pool_type=%s append=%d copy=%d stripe=%d\n" /* names bashed */
#define DIR_SD_USE_STORAGE_SCAN     "use storage=%127s media_type=%127s pool_name=%127s pool_type=%127s append=%d copy=%d stripe=%d"
#define DIR_SD_USE_DEVICE           "use device=%s\n"                      /* bashed; EOD ends devices, EOD ends storages */
#define DIR_SD_USE_DEVICE_SCAN      "use device=%127s"
#define DIR_SD_OK_USE               "3000 OK use device device=%s\n"       /* bashed */
#define DIR_SD_OK_USE_SCAN          "3000 OK use device device=%127s"
#define DIR_SD_JUST_IN_TIME         "JustInTime\001Device"
#define DIR_SD_NO_DEVICE            "3924 Device \"%s\" not in SD Device resources or no matching Media Type.\n"
#define DIR_SD_BAD_USE              "3913 Bad use command: %s\n"

/* ---- catalog requests, storage daemon -> director; wire.md 6.5 ---- */
#define CATREQ_FIND_MEDIA           "CatReq Job=%s FindMedia=%d pool_name=%s media_type=%s unwanted_volumes=%s\n" /* names bashed */
#define CATREQ_FIND_MEDIA_SCAN      "CatReq Job=%127s FindMedia=%d pool_name=%127s media_type=%127s unwanted_volumes=%ms"
#define CATREQ_NO_MEDIA             "1901 No Media.\n"
#define CATREQ_GET_VOL              "CatReq Job=%s GetVolInfo VolName=%s write=%d\n"
#define CATREQ_GET_VOL_SCAN         "CatReq Job=%127s GetVolInfo VolName=%127s write=%d"
#define CATREQ_VOL_UNKNOWN          "1997 Volume \"%s\" not in catalog.\n"
#define CATREQ_VOL_BAD_STATUS       "1998 Volume \"%s\" catalog status is %s, %s.\n"
/*
 * The answer, 24 fields: name (bashed) u jobs u files u blocks L bytes u mounts u errors u writes
 * L maximum bytes L capacity s status d slot u max jobs u max files d in changer l read time us
 * l write time us u end file u end block d label type L media id s key d min block d max block
 * (L uint64_t, l int64_t).
 */
#define CATREQ_OK_VOL               "1000 OK VolName=%s VolJobs=%u VolFiles=%u VolBlocks=%u VolBytes=%" PRIu64 " VolMounts=%u VolErrors=%u VolWrites=%u MaxVolBytes=%" PRIu64 " VolCapacityBytes=%" PRIu64 " VolStatus=%s Slot=%d MaxVolJobs=%u MaxVolFiles=%u InChanger=%d VolReadTime=%" PRId64 " VolWriteTime=%" PRId64 " EndFile=%u EndBlock=%u LabelType=%d MediaId=%" PRIu64 " EncryptionKey=%s MinBlocksize=%u MaxBlocksize=%u\n"
#define CATREQ_OK_VOL_SCAN          "1000 OK VolName=%127s VolJobs=%u VolFiles=%u VolBlocks=%u VolBytes=%" SCNu64 " VolMounts=%u VolErrors=%u VolWrites=%u MaxVolBytes=%" SCNu64 " VolCapacityBytes=%" SCNu64 " VolStatus=%20s Slot=%d MaxVolJobs=%u MaxVolFiles=%u InChanger=%d VolReadTime=%" SCNd64 " VolWriteTime=%" SCNd64 " EndFile=%u EndBlock=%u LabelType=%d MediaId=%" SCNu64 " EncryptionKey=%127s MinBlocksize=%u MaxBlocksize=%u"
#define CATREQ_VOL_STATUS_MAX       20
/* name u jobs u files u blocks L bytes u mounts u errors u writes L max bytes l end time s status
 * d slot d relabel d in changer l read us l write us l first written */
#define CATREQ_UPDATE_MEDIA         "CatReq Job=%s UpdateMedia VolName=%s VolJobs=%u VolFiles=%u VolBlocks=%u VolBytes=%" PRIu64 " VolMounts=%u VolErrors=%u VolWrites=%u MaxVolBytes=%" PRIu64 " EndTime=%" PRId64 " VolStatus=%s Slot=%d relabel=%d InChanger=%d VolReadTime=%" PRId64 " VolWriteTime=%" PRId64 " VolFirstWritten=%" PRId64 "\n"
#define CATREQ_UPDATE_MEDIA_SCAN    "CatReq Job=%127s UpdateMedia VolName=%127s VolJobs=%u VolFiles=%u VolBlocks=%u VolBytes=%" SCNu64 " VolMounts=%u VolErrors=%u VolWrites=%u MaxVolBytes=%" SCNu64 " EndTime=%" SCNd64 " VolStatus=%20s Slot=%d relabel=%d InChanger=%d VolReadTime=%" SCNd64 " VolWriteTime=%" SCNd64 " VolFirstWritten=%" SCNd64
#define CATREQ_UPDATE_FAILED        "1991 Catalog Request for vol=%s failed: %s\n"
#define CATREQ_UPDATE_ERROR         "1993 Update Media error\n"
#define CATREQ_JOBMEDIA             "CatReq Job=%s CreateJobMedia FirstIndex=%u LastIndex=%u StartFile=%u EndFile=%u StartBlock=%u EndBlock=%u Copy=%d Strip=%d MediaId=%" PRIu64 "\n"
#define CATREQ_JOBMEDIA_SCAN        "CatReq Job=%127s CreateJobMedia FirstIndex=%u LastIndex=%u StartFile=%u EndFile=%u StartBlock=%u EndBlock=%u Copy=%d Strip=%d MediaId=%" SCNu64
#define CATREQ_OK_JOBMEDIA          "1000 OK CreateJobMedia\n"             /* exact */
#define CATREQ_BAD_JOBMEDIA         "1992 Create JobMedia error\n"
#define CATREQ_DELETE_NULL          "CatReq Job=%s DeleteNullJobmediaRecords jobid=%u" /* no LF */
#define CATREQ_DELETE_NULL_SCAN     "CatReq Job=%127s DeleteNullJobmediaRecords jobid=%u"
#define CATREQ_OK_DELETE_NULL       "1000 OK DeleteNullJobmediaRecords\n"  /* "1000" is looked at */
#define CATREQ_BAD_DELETE_NULL      "1992 DeleteNullJobMediaRecords error\n"
/* checkpoints: no answer */
#define CATREQ_CHECKPOINT_JOB       "Catreq Job=%s UpdateJobRecord JobFiles=%u JobBytes=%" PRIu64 "\n"
#define CATREQ_CHECKPOINT_JOB_SCAN  "Catreq Job=%127s UpdateJobRecord JobFiles=%u JobBytes=%" SCNu64
#define CATREQ_BAD                  "1990 Invalid Catalog Request: %s"

/* ---- attributes, storage daemon -> director; wire.md 6.6 ---- */
/* then binary, big-endian: u32 session id, u32 session time, i32 FileIndex, i32 stream, u32 length,
 * the record */
#define UPDCAT                      "UpdCat Job=%s FileAttributes "
#define UPDCAT_SCAN                 "UpdCat Job=%127s FileAttributes"      /* then one blank */
#define UPDCAT_HEAD_LEN             20
#define UPDCAT_BAD                  "1994 Invalid Catalog Update: %s"
#define BLAST_ATTR_SCAN             "BlastAttr Job=%127s File=%ms"         /* never honoured */
#define BLAST_ATTR_NO               "1990 ERROR BlastAttr\n"

/* ---- operator commands, JobId 0; wire.md 6.7 ---- */
#define DIR_SD_LABEL                "label %s VolumeName=%s PoolName=%s MediaType=%s Slot=%d drive=%d MinBlocksize=%u MaxBlocksize=%u" /* no LF; bashed */
#define DIR_SD_LABEL_SCAN           "label %127s VolumeName=%127s PoolName=%127s MediaType=%127s Slot=%d drive=%d MinBlocksize=%u MaxBlocksize=%u"
#define DIR_SD_RELABEL              "relabel %s OldName=%s NewName=%s PoolName=%s MediaType=%s Slot=%d drive=%d MinBlocksize=%u MaxBlocksize=%u"
#define DIR_SD_RELABEL_SCAN         "relabel %127s OldName=%127s NewName=%127s PoolName=%127s MediaType=%127s Slot=%d drive=%d MinBlocksize=%u MaxBlocksize=%u"
#define DIR_SD_BAD_RELABEL          "3903 Error scanning relabel command: %s\n"
#define DIR_SD_OK_LABEL             "3000 OK label. VolFiles=%u VolBytes=%" PRIu64 " Volume=\"%s\" Device=%s\n"
#define DIR_SD_OK_LABEL_SCAN        "3000 OK label. VolFiles=%u VolBytes=%" SCNu64 " "
#define DIR_SD_OK_LABEL_OLD_SCAN    "3000 OK label. VolBytes=%" SCNu64 " "
#define DIR_SD_BAD_LABEL            "3903 Error scanning label command: %s\n"
#define DIR_SD_MOUNT                "mount %s drive=%d\n"
#define DIR_SD_MOUNT_SLOT           "mount %s drive=%d slot=%d\n"
#define DIR_SD_MOUNT_SCAN           "mount %127s drive=%d"
#define DIR_SD_MOUNT_SLOT_SCAN      "mount %127s drive=%d slot=%d"
/* mount 3909, unmount 3907, release 3927 */
#define DIR_SD_BAD_MOUNT_VERB       "%s Error scanning %s command: %s\n"
#define DIR_SD_MOUNTED              "3001 Device %s is mounted with Volume \"%s\"\n"
#define DIR_SD_ALREADY_MOUNTED      "3001 Device %s is already mounted with Volume \"%s\"\n"
#define DIR_SD_FILE_MOUNTED         "3906 File device \"%s\" (%s) is always mounted.\n"
#define DIR_SD_UNMOUNT              "unmount %s drive=%d\n"
#define DIR_SD_UNMOUNT_SCAN         "unmount %127s drive=%d"
#define DIR_SD_OK_UNMOUNT           "3002 Device \"%s\" unmounted.\n"
#define DIR_SD_RELEASE              "release %s drive=%d\n"
#define DIR_SD_RELEASE_SCAN         "release %127s drive=%d"
#define DIR_SD_OK_RELEASE           "3022 Device \"%s\" released.\n"
#define DIR_SD_READLABEL            "readlabel %s Slot=%d drive=%d\n"
#define DIR_SD_READLABEL_SCAN       "readlabel %127s Slot=%d drive=%d"
#define DIR_SD_OK_READLABEL         "3001 Volume=%s Slot=%d\n"
#define DIR_SD_OK_READLABEL_SCAN    "3001 Volume=%127s Slot=%d"
#define DIR_SD_BAD_READLABEL        "3909 Error scanning readlabel command: %s\n"
#define DIR_SD_DEVICE_UNKNOWN       "3999 Device \"%s\" not found or could not be opened.\n"
#define DIR_SD_DRIVE_UNKNOWN        "3999 There is no drive %d in \"%s\", or it could not be opened.\n"
#define DIR_SD_CHANGER_LIST         "autochanger list %s \n"
#define DIR_SD_CHANGER_LISTALL      "autochanger listall %s \n"
#define DIR_SD_CHANGER_SLOTS        "autochanger slots %s\n"
#define DIR_SD_CHANGER_DRIVES       "autochanger drives %s\n"
#define DIR_SD_CHANGER_SCAN         "autochanger %20s %127s"
#define DIR_SD_CHANGER_TRANSFER     "autochanger transfer %s %d %d \n"
#define DIR_SD_CHANGER_TRANSFER_SCAN "autochanger transfer %127s %d %d"
#define DIR_SD_NOT_A_CHANGER        "3993 Device %s not an autochanger device.\n"
#define DIR_SD_CANCEL               "cancel Job=%s\n"                      /* unique name or number */
#define DIR_SD_CANCEL_SCAN          "cancel Job=%127s"
#define DIR_SD_OK_CANCEL            "3000 JobId=%u Job=\"%s\" marked to be canceled.\n"
#define DIR_SD_NO_JOB               "3904 Job %s not found.\n"
#define DIR_SD_BAD_CANCEL           "3903 Error scanning cancel command.\n"
#define DIR_SD_STATUS               "status %s\n"                          /* device names, comma list, bashed */
#define DIR_SD_STATUS_SCAN          "status %ms"
#define DIR_SD_DOT_STATUS           ".status %s\n"
#define DIR_SD_DOT_STATUS_SCAN      ".status %127s"
#define DIR_SD_OK_DOT_STATUS        "3000 OK .status\n"
#define DIR_SD_DOT_STATUS_JOB       "JobId=%u JobStatus=%c JobErrors=%u\n"
#define DIR_SD_BAD_DOT_STATUS       "3900 Unknown arg in .status command: %s\n"
#define DIR_SD_RESOLVE              "resolve %s"                           /* no LF; replies as DIR_FD_OK_RESOLVE */
#define DIR_SD_RESOLVE_SCAN         "resolve %255s"
#define DIR_SD_SETDEBUG             "setdebug=%d trace=%d timestamp=%d\n"
#define DIR_SD_SETDEBUG_SCAN        "setdebug=%d trace=%d timestamp=%d"
#define DIR_SD_SETDEBUG_OLD_SCAN    "setdebug=%d trace=%d"
#define DIR_SD_OK_SETDEBUG          "3000 OK setdebug=%d trace=%d timestamp=%d tracefile=%s\n" /* no EOD */
#define DIR_SD_BAD_SETDEBUG         "3991 Bad setdebug command: %s\n"
#define DIR_SD_BAD_TRACE            "3991 Bad setdebug command: cannot open %s\n"
#define DIR_SD_SETDEVICE            "setdevice device=%s autoselect=%d"    /* no LF, no EOD */
#define DIR_SD_SETDEVICE_SCAN       "setdevice device=%127s autoselect=%d"
#define DIR_SD_OK_SETDEVICE         "3000 OK setdevice=%s autoselect=%d\n"
#define DIR_SD_BAD_SETDEVICE        "3991 Bad setdevice command: %s\n"
#define DIR_SD_STATS                "stats"                                /* no LF */
#define DIR_SD_STATS_DEVICE         "Devicestats [%" PRId64 "]: Device=%s Read=%" PRIu64 ", Write=%" PRIu64 ", SpoolSize=%" PRIu64 ", NumWaiting=%d, NumWriters=%d, ReadTime=%" PRId64 ", WriteTime=%" PRId64 ", MediaId=%d, VolBytes=%" PRIu64 ", VolFiles=%" PRIu64 ", VolBlocks=%" PRIu64 "\n"
#define DIR_SD_STATS_JOB            "Jobstats [%" PRId64 "]: JobId=%u, JobFiles=%u, JobBytes=%" PRIu64 ", DevName=%s\n"
#define DIR_SD_OK_STATS             "2000 OK statistics\n"

/* clang-format on */

#endif
