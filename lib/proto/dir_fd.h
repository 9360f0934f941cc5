/*
 * lib/proto/dir_fd.h - the lines between director and file daemon, in the order of the spec
 *
 * Purpose: both ends print and scan the same rows.  X is what is sent (printf), X_SCAN what
 *          wire_scan reads from it (lib/proto/scan.h), X_OK... the reply; replies named "exact"
 *          in the spec are compared whole, line feed included.
 *          Texts marked bashed go through wire_bash before and wire_unbash after.
 *          64-bit numbers are uint64_t and int64_t on both sides (PRIu64, SCNu64).
 * Wire:    one line is one frame; "no LF" is said where it holds.
 * Spec:    wire.md 4, 5, 3.6; bacula.md 4
 */
#ifndef TERCET_PROTO_DIR_FD_H
#define TERCET_PROTO_DIR_FD_H

#include <inttypes.h>

/* clang-format off */

/* ---- greeting; wire.md 3.6 ---- */
#define DIR_FD_HELLO                "Hello Director %s calling\n"          /* bashed name */
#define DIR_FD_OK_HELLO             "2000 OK Hello %d\n"
#define DIR_FD_OK_HELLO_SCAN        "2000 OK Hello %d"
#define DIR_FD_OK_HELLO_OLD         "2000 OK Hello\n"                      /* exact; no version */
#define FD_PROTO_VERSION            54
#define FD_PROTO_BAREOS_MIN         51 /* below, or from FD_PROTO_BACULA_MIN on: Bacula (wire.md 13) */
#define FD_PROTO_BACULA_MIN         200
/* client initiated */
#define FD_DIR_HELLO                "Hello Client %s FdProtocolVersion=%d calling\n" /* bashed name */
#define FD_DIR_OK_HELLO             "1000 OK: %s Version: %s (%s)\n"       /* director, version, date */

/* ---- messages of a job towards the director; wire.md 4 ---- */
#define JOB_MSG                     "Jmsg Job=%s type=%d level=%" PRId64 " %s"  /* text to the end of the frame */
#define JOB_MSG_SCAN                "Jmsg Job=%127s type=%d level=%" SCNd64     /* then one blank, then text */
#define JOB_MSG_BACULA_SCAN         "Jmsg JobId=%u type=%d level=%" SCNd64      /* bacula.md 4.6 */
#define JOB_STATUS                  "Status Job=%s JobStatus=%d\n"
#define JOB_STATUS_SCAN             "Status Job=%127s JobStatus=%d"
#define JOB_STATUS_BACULA_SCAN      "Status JobId=%u JobStatus=%d"
#define JOB_PROGRESS_PREFIX         "Progress "                            /* Bacula: swallowed */

/*
 * The commands a file daemon knows, matched by prefix in this order; wire.md 5.1.
 *       name                          prefix               allowed to a monitor director
 */
#define DIR_FD_COMMANDS(X)                                                   \
	X(DIR_FD_CMD_ACCURATE,        "accurate",          0)                \
	X(DIR_FD_CMD_BACKUP,          "backup",            0)                \
	X(DIR_FD_CMD_BOOTSTRAP,       "bootstrap",         0)                \
	X(DIR_FD_CMD_CANCEL,          "cancel",            0)                \
	X(DIR_FD_CMD_ENDRESTORE,      "endrestore",        0)                \
	X(DIR_FD_CMD_ESTIMATE,        "estimate",          0)                \
	X(DIR_FD_CMD_FILESET,         "fileset",           0)                \
	X(DIR_FD_CMD_JOBID,           "JobId=",            0)                \
	X(DIR_FD_CMD_LEVEL,           "level = ",          0)                \
	X(DIR_FD_CMD_PLUGINOPTIONS,   "pluginoptions",     0)                \
	X(DIR_FD_CMD_RUNBEFORENOW,    "RunBeforeNow",      0)                \
	X(DIR_FD_CMD_RUN,             "Run",               0)                \
	X(DIR_FD_CMD_RESTOREOBJECT,   "restoreobject",     0)                \
	X(DIR_FD_CMD_RESTORE,         "restore ",          0)                \
	X(DIR_FD_CMD_RESOLVE,         "resolve ",          0)                \
	X(DIR_FD_CMD_SECURE_ERASE,    "getSecureEraseCmd", 0)                \
	X(DIR_FD_CMD_SESSION,         "session",           0)                \
	X(DIR_FD_CMD_AUTHORIZATION,   "setauthorization",  0)                \
	X(DIR_FD_CMD_BANDWIDTH,       "setbandwidth=",     0)                \
	X(DIR_FD_CMD_SETDEBUG,        "setdebug=",         0)                \
	X(DIR_FD_CMD_STATUS,          "status",            1)                \
	X(DIR_FD_CMD_DOT_STATUS,      ".status",           1)                \
	X(DIR_FD_CMD_STORAGE,         "storage ",          0)                \
	X(DIR_FD_CMD_VERIFY,          "verify",            0)
#define DIR_FD_BAD_COMMAND          "2999 Invalid command\n"               /* then the session ends */
#define DIR_FD_BAD_MONITOR          "2997 Invalid command for a Director with Monitor directive enabled.\n"
#define DIR_FD_BAD_AUTH             "2999 Authentication failed.\n"

/* ---- end of a job; wire.md 5.1 ---- */
/* JobStatus code, files, bytes read, bytes sent (restore: written), errors, VSS, encrypted */
#define DIR_FD_END_JOB              "2800 End Job TermCode=%d JobFiles=%u ReadBytes=%" PRIu64 " JobBytes=%" PRIu64 " Errors=%u VSS=%d Encrypt=%d\n"
#define DIR_FD_END_JOB_SCAN         "2800 End Job TermCode=%d JobFiles=%u ReadBytes=%" SCNu64 " JobBytes=%" SCNu64 " Errors=%u VSS=%d Encrypt=%d"

/* ---- JobId; wire.md 5.2 ---- */
#define DIR_FD_JOBID                "JobId=%u Job=%s SDid=%u SDtime=%u Authorization=%s ssl=%d\n"
#define DIR_FD_JOBID_SCAN           "JobId=%u Job=%127s SDid=%u SDtime=%u Authorization=%127s ssl=%d"
#define DIR_FD_JOBID_CLEAR          "JobId=%u Job=%s SDid=%u SDtime=%u Authorization=%s\n" /* clients reached in clear */
#define DIR_FD_JOBID_CLEAR_SCAN     "JobId=%u Job=%127s SDid=%u SDtime=%u Authorization=%127s"
#define DIR_FD_NO_AUTHORIZATION     "dummy"
#define DIR_FD_SSL_NONE             0
#define DIR_FD_SSL_FIRST            4   /* TLS at once */
#define DIR_FD_SSL_NO_STORAGE       254 /* verify without storage daemon */
#define DIR_FD_OK_JOB               "2000 OK Job %s (%s) %s,%s"            /* version, date, os, platform; no LF */
#define DIR_FD_OK_JOB_PREFIX        "2000 OK Job"                          /* Uname begins at byte 12 */
#define DIR_FD_OK_JOB_UNAME_AT      12
#define DIR_FD_BAD_JOB              "2901 Bad Job\n"

/* ---- fileset; wire.md 5.3 ---- */
#define DIR_FD_FILESET              "fileset vss=1\n"
#define DIR_FD_FILESET_NO_VSS       "fileset\n"
#define DIR_FD_OK_FILESET           "2000 OK include\n"                    /* exact */
#define DIR_FD_FS_INCLUDE           "I\n"
#define DIR_FD_FS_EXCLUDE           "E\n"
#define DIR_FD_FS_EXCLUDE_DIR       "Z %s\n"
#define DIR_FD_FS_OPTIONS           "O %s\n"
#define DIR_FD_FS_REGEX             "R %s\n"
#define DIR_FD_FS_REGEX_DIR         "RD %s\n"
#define DIR_FD_FS_REGEX_FILE        "RF %s\n"
#define DIR_FD_FS_WILD              "W %s\n"
#define DIR_FD_FS_WILD_DIR          "WD %s\n"
#define DIR_FD_FS_WILD_FILE         "WF %s\n"
#define DIR_FD_FS_WILD_BASE         "WB %s\n"
#define DIR_FD_FS_FSTYPE            "X %s\n"
#define DIR_FD_FS_DRIVETYPE         "XD %s\n"
#define DIR_FD_FS_PLUGIN_OPT        "G %s\n"
#define DIR_FD_FS_READER            "D %s\n"
#define DIR_FD_FS_WRITER            "T %s\n"
#define DIR_FD_FS_END_SUB           "N\n"
#define DIR_FD_FS_FILE              "F %s"   /* no LF from the configuration, LF from files and programs */
#define DIR_FD_FS_PLUGIN            "P %s"

/* ---- level and since time; wire.md 5.4 ---- */
/* level word ("full", "base", "[accurate_]incremental", "[accurate_]differential"), "" or "rerunning " */
#define DIR_FD_LEVEL                "level = %s %s mtime_only=0 \n"
#define DIR_FD_LEVEL_SCAN           "level = %127s"
#define DIR_FD_LEVEL_ACCURATE       "accurate"     /* anywhere in the line */
#define DIR_FD_LEVEL_RERUNNING      "rerunning"    /* anywhere in the line */
#define DIR_FD_SINCE                "level = since_utime %" PRId64 " mtime_only=%d prev_job=%s\n"
#define DIR_FD_SINCE_SCAN           "level = since_utime %" SCNd64 " mtime_only=%d prev_job=%127s"
#define DIR_FD_SINCE_OLD_SCAN       "level = since_utime %" SCNd64 " mtime_only=%d"
#define DIR_FD_OK_LEVEL             "2000 OK level\n"                      /* exact */
#define DIR_FD_BTIME                "btime %" PRIu64 "\n"                  /* microseconds since 1970, answers FRAME_BTIME */
#define DIR_FD_BTIME_SCAN           "btime %" SCNu64
#define DIR_FD_BTIME_ROUNDS         10             /* the first two answers are dropped */
#define DIR_FD_CLOCK_INFO           "DIR and FD clocks differ by %" PRId64 " seconds, FD automatically compensating.\n"

/* ---- backup; wire.md 5.5 ---- */
#define DIR_FD_PLUGINOPTIONS        "pluginoptions %s\n"                   /* bashed */
#define DIR_FD_PLUGINOPTIONS_SCAN   "pluginoptions %ms"
#define DIR_FD_OK_PLUGINOPTIONS     "2000 OK PluginOptions\n"              /* exact */
#define DIR_FD_BAD_PLUGINOPTIONS    "2905 Bad PluginOptions command.\n"
#define DIR_FD_SECURE_ERASE         "getSecureEraseCmd\n"                  /* versions 54..199 only */
#define DIR_FD_OK_SECURE_ERASE      "2000 OK FDSecureEraseCmd %s\n"
#define DIR_FD_OK_SECURE_ERASE_SCAN "2000 OK FDSecureEraseCmd %ms"
#define DIR_FD_NO_SECURE_ERASE      "*None*"
#define DIR_FD_BANDWIDTH            "setbandwidth=%" PRId64 " Job=%s\n"    /* bytes/s; Job empty: the daemon */
#define DIR_FD_BANDWIDTH_SCAN       "setbandwidth=%" SCNd64 " Job=%127s"
#define DIR_FD_OK_BANDWIDTH         "2000 OK Bandwidth\n"                  /* exact */
#define DIR_FD_BAD_BANDWIDTH        "2991 Bad setbandwidth command: %s\n"
/* on success, on failure, abort on error, when (bits below), command bashed */
#define DIR_FD_RUN                  "Run OnSuccess=%u OnFailure=%u AbortOnError=%u When=%u Command=%s\n"
#define DIR_FD_RUN_SCAN             "Run OnSuccess=%u OnFailure=%u AbortOnError=%u When=%u Command=%ms"
#define DIR_FD_RUN_AFTER            1u
#define DIR_FD_RUN_BEFORE           2u
#define DIR_FD_RUN_AFTER_SNAPSHOT   4u
#define DIR_FD_OK_RUN               "2000 OK RunScript\n"                  /* exact */
#define DIR_FD_RUN_BEFORE_NOW       "RunBeforeNow\n"
#define DIR_FD_OK_RUN_BEFORE_NOW    "2000 OK RunBeforeNow\n"               /* exact */
#define DIR_FD_BAD_RUN              "2905 Failed RunScript\n"
#define DIR_FD_ACCURATE             "accurate files=%u\n"                  /* a hint; no reply on success */
#define DIR_FD_ACCURATE_SCAN        "accurate files=%u"
#define DIR_FD_BAD_ACCURATE         "2991 Bad accurate command\n"
#define DIR_FD_STORAGE              "storage address=%s port=%d ssl=%d\n"
#define DIR_FD_STORAGE_SCAN         "storage address=%255s port=%d ssl=%d"
#define DIR_FD_STORAGE_AUTH         "storage address=%s port=%d ssl=%d Authorization=%s\n" /* restore, verify; may be empty */
#define DIR_FD_STORAGE_AUTH_SCAN    "storage address=%255s port=%d ssl=%d Authorization=%127s"
#define DIR_FD_OK_STORAGE           "2000 OK storage\n"                    /* exact */
#define DIR_FD_BAD_STORAGE          "2902 Bad storage\n"
#define DIR_FD_BACKUP               "backup FileIndex=%u\n"
#define DIR_FD_BACKUP_SCAN          "backup FileIndex=%u"
#define DIR_FD_OK_BACKUP            "2000 OK backup\n"                     /* exact */
#define DIR_FD_BAD_BACKUP           "2902 Bad backup\n"

/* ---- verify; wire.md 5.6 ---- */
#define DIR_FD_VERIFY               "verify level=%s\n"                    /* init catalog volume disk_to_catalog */
#define DIR_FD_VERIFY_SCAN          "verify level=%127s"
#define DIR_FD_OK_VERIFY            "2000 OK verify\n"                     /* exact */
#define DIR_FD_BAD_VERIFY           "2994 Bad verify command: %s\n"
#define DIR_FD_BAD_VERIFY_LEVEL     "2994 Bad verify level: %s\n"

/* ---- restore; wire.md 5.7 ---- */
#define DIR_FD_RESTORE              "restore replace=%c prelinks=%d where=%s\n"      /* where bashed */
#define DIR_FD_RESTORE_SCAN         "restore replace=%c prelinks=%d where=%ms"
#define DIR_FD_RESTORE_REGEX        "restore replace=%c prelinks=%d regexwhere=%s\n" /* bashed */
#define DIR_FD_RESTORE_REGEX_SCAN   "restore replace=%c prelinks=%d regexwhere=%ms"
#define DIR_FD_REPLACE_ALWAYS       'a'
#define DIR_FD_REPLACE_IF_NEWER     'w'
#define DIR_FD_REPLACE_IF_OLDER     'o'
#define DIR_FD_REPLACE_NEVER        'n'
#define DIR_FD_OK_RESTORE           "2000 OK restore\n"                    /* exact */
#define DIR_FD_OK_STORAGE_END       "2000 OK storage end\n"                /* exact; one storage is read */
#define DIR_FD_ENDRESTORE           "endrestore"                           /* no LF, no reply */
#define DIR_FD_AUTHORIZATION        "setauthorization Authorization=%s\n"
#define DIR_FD_AUTHORIZATION_SCAN   "setauthorization Authorization=%127s"
#define DIR_FD_OK_AUTHORIZATION     "2000 OK Authorization\n"              /* exact */
#define DIR_FD_BAD_AUTHORIZATION    "2902 Bad setauthorization\n"
/* job id, stored length, full length, index, type, compression, FileIndex, plugin (bashed);
 * then two frames: object name, object bytes */
#define DIR_FD_RESTOREOBJECT        "restoreobject JobId=%u %u,%u,%d,%d,%d,%d,%s\n"
#define DIR_FD_RESTOREOBJECT_SCAN   "restoreobject JobId=%u %u,%u,%d,%d,%d,%d,%ms"
#define DIR_FD_RESTOREOBJECT_END    "restoreobject end\n"
#define DIR_FD_OK_RESTOREOBJECT     "2000 OK ObjectRestored\n"             /* exact */
#define DIR_FD_BAD_RESTOREOBJECT    "2909 Bad RestoreObject command.\n"

/* ---- estimate; wire.md 5.8 ---- */
#define DIR_FD_ESTIMATE             "estimate listing=%d\n"
#define DIR_FD_ESTIMATE_SCAN        "estimate listing=%d"
#define DIR_FD_OK_ESTIMATE          "2000 OK estimate files=%s bytes=%s\n" /* numbers with thousands commas */
#define DIR_FD_BAD_ESTIMATE         "2992 Bad estimate command.\n"

/* ---- small commands; wire.md 5.9 ---- */
#define DIR_FD_CANCEL               "cancel Job=%s\n"
#define DIR_FD_CANCEL_SCAN          "cancel Job=%127s"
#define DIR_FD_OK_CANCEL            "2001 Job %s marked to be canceled.\n"
#define DIR_FD_NO_JOB               "2901 Job %s not found.\n"
#define DIR_FD_BAD_CANCEL           "2902 Error scanning cancel command.\n"
#define DIR_FD_SETDEBUG             "setdebug=%d trace=%d hangup=%d timestamp=%d\n" /* -1: leave */
#define DIR_FD_SETDEBUG_SCAN        "setdebug=%d trace=%d hangup=%d timestamp=%d"
#define DIR_FD_SETDEBUG_OLD         "setdebug=%d trace=%d hangup=%d\n"
#define DIR_FD_SETDEBUG_OLD_SCAN    "setdebug=%d trace=%d hangup=%d"
#define DIR_FD_SETDEBUG_OLDEST_SCAN "setdebug=%d trace=%d"
#define DIR_FD_OK_SETDEBUG          "2000 OK setdebug=%d trace=%d hangup=%d timestamp=%d tracefile=%s\n"
#define DIR_FD_OK_SETDEBUG_OLD      "2000 OK setdebug=%d trace=%d hangup=%d tracefile=%s\n"
#define DIR_FD_BAD_SETDEBUG         "2991 Bad setdebug command: %s\n"
#define DIR_FD_RESOLVE              "resolve %s"                           /* no LF */
#define DIR_FD_RESOLVE_SCAN         "resolve %255s"
#define DIR_FD_OK_RESOLVE           "%s resolves %s to %s\n"               /* daemon, name, "host[ipv4;127.0.0.1] " */
#define DIR_FD_BAD_RESOLVE          "%s: Failed to resolve %s\n"
#define DIR_FD_STATUS               "status"                               /* no LF */
#define DIR_FD_DOT_STATUS           ".status %s"                           /* no LF: current last header running terminated */
#define DIR_FD_DOT_STATUS_SCAN      ".status %127s"
#define DIR_FD_OK_DOT_STATUS        "2000 OK .status\n"
#define DIR_FD_DOT_STATUS_JOB       "JobId=%u JobStatus=%c JobErrors=%u\n"
#define DIR_FD_BAD_DOT_STATUS       "2900 Bad .status command, wrong argument.\n"

/* clang-format on */

#endif
