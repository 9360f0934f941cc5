/*
 * lib/proto/job_code.h - job types, levels and statuses: letter <-> text
 *
 * Spec: catalog.md "Enumerations", wire.md 4, director.md 6 (termination words, ranks)
 */
#ifndef TERCET_PROTO_JOB_CODE_H
#define TERCET_PROTO_JOB_CODE_H

#include <stdbool.h>

/* clang-format off */
/*       name              letter  word in reports */
#define JOB_TYPES(X)                                                    \
	X(JOB_BACKUP,        'B', "Backup")                             \
	X(JOB_MIGRATED,      'M', "Migrated Job")                       \
	X(JOB_VERIFY,        'V', "Verify")                             \
	X(JOB_RESTORE,       'R', "Restore")                            \
	X(JOB_ADMIN,         'D', "Admin")                              \
	X(JOB_ARCHIVE,       'A', "Archive")                            \
	X(JOB_JOB_COPY,      'C', "Job Copy")                           \
	X(JOB_COPY,          'c', "Copy")                               \
	X(JOB_MIGRATE,       'g', "Migrate")                            \
	X(JOB_CONSOLIDATE,   'O', "Consolidate")                        \
	X(JOB_SCAN,          'S', "Scan")                               \
	X(JOB_CONSOLE,       'U', "Console")                            \
	X(JOB_SYSTEM,        'I', "System or Console")

#define JOB_LEVELS(X)                                                   \
	X(LEVEL_FULL,          'F', "Full")                             \
	X(LEVEL_INCREMENTAL,   'I', "Incremental")                      \
	X(LEVEL_DIFFERENTIAL,  'D', "Differential")                     \
	X(LEVEL_SINCE,         'S', "Since")                            \
	X(LEVEL_BASE,          'B', "Base")                             \
	X(LEVEL_VIRTUAL_FULL,  'f', "Virtual Full")                     \
	X(LEVEL_VERIFY_CATALOG,'C', "Verify Catalog")                   \
	X(LEVEL_VERIFY_INIT,   'V', "Verify Init Catalog")              \
	X(LEVEL_VERIFY_VOLUME, 'O', "Verify Volume to Catalog")         \
	X(LEVEL_VERIFY_DISK,   'd', "Verify Disk to Catalog")           \
	X(LEVEL_VERIFY_DATA,   'A', "Verify Data")                      \
	X(LEVEL_NONE,          ' ', " ")

/*       name            letter  rank  word of a daemon's end         long text (Status table, catalog.md 5.3)   word of a job's end (director.md 9.3) */
#define JOB_STATUSES(X)                                                                                                             \
	X(STATUS_CREATED,        'C',  0, "Created",                       "Created, not yet running",        NULL)                 \
	X(STATUS_RUNNING,        'R',  0, "Running",                       "Running",                         NULL)                 \
	X(STATUS_BLOCKED,        'B',  0, "Blocked",                       "Blocked",                         NULL)                 \
	X(STATUS_OK,             'T',  0, "OK",                            "Completed successfully",          "OK")                 \
	X(STATUS_WARNINGS,       'W',  0, "OK -- with warnings",           "Terminated with warnings",        "OK -- with warnings")\
	X(STATUS_ERROR,          'E',  9, "Error",                         "Terminated with errors",          "Error")              \
	X(STATUS_NONFATAL,       'e',  8, "Non-fatal error",               "Non-fatal error",                 "Error")              \
	X(STATUS_FATAL,          'f',  9, "Fatal Error",                   "Fatal error",                     "Fatal Error")        \
	X(STATUS_CANCELED,       'A',  9, "Canceled",                      "Canceled by user",                "Canceled")           \
	X(STATUS_DIFFERENCES,    'D',  7, "Verify differences",            "Verify found differences",        "Differences")        \
	X(STATUS_INCOMPLETE,     'I', 10, "Error: incomplete job",         "Incomplete job",                  NULL)                 \
	X(STATUS_WAIT_FD,        'F',  0, "Waiting on FD",                 "Waiting for Client",              NULL)                 \
	X(STATUS_WAIT_SD,        'S',  0, "Wait on SD",                    "Waiting for Storage daemon",      NULL)                 \
	X(STATUS_WAIT_MEDIA,     'm',  0, "Wait for new Volume",           "Waiting for new media",           NULL)                 \
	X(STATUS_WAIT_MOUNT,     'M',  0, "Waiting for mount",             "Waiting for media mount",         NULL)                 \
	X(STATUS_WAIT_STORAGE,   's',  0, "Waiting for Storage resource",  "Waiting for storage resource",    NULL)                 \
	X(STATUS_WAIT_JOB,       'j',  0, "Waiting for Job resource",      "Waiting for job resource",        NULL)                 \
	X(STATUS_WAIT_CLIENT,    'c',  0, "Waiting for Client resource",   "Waiting for client resource",     NULL)                 \
	X(STATUS_WAIT_MAX,       'd',  0, "Waiting on Max Jobs",           "Waiting on maximum jobs",         NULL)                 \
	X(STATUS_WAIT_START,     't',  0, "Waiting for Start Time",        "Waiting on start time",           NULL)                 \
	X(STATUS_WAIT_PRIORITY,  'p',  0, "Waiting on Priority",           "Waiting on higher priority jobs", NULL)                 \
	X(STATUS_ATTR_DESPOOL,   'a',  0, "SD despooling Attributes",      "SD despooling attributes",        NULL)                 \
	X(STATUS_ATTR_INSERT,    'i',  0, "Dir inserting Attributes",      "Doing batch insert file records", NULL)                 \
	X(STATUS_COMMITTING,     'L',  0, "SD committing Data",            "Committing data",                 NULL)                 \
	X(STATUS_DATA_DESPOOL,   'l',  0, "SD despooling Data",            "Doing data despooling",           NULL)                 \
	X(STATUS_WAIT_DEVICE,    'q',  0, "Queued waiting for device",     "Queued waiting for device",       NULL)
/* clang-format on */

enum job_type {
#define X(name, letter, text) name = (letter),
	JOB_TYPES(X)
#undef X
};
enum job_level {
#define X(name, letter, text) name = (letter),
	JOB_LEVELS(X)
#undef X
};
enum job_status {
#define X(name, letter, rank, word, text, end) name = (letter),
	JOB_STATUSES(X)
#undef X
};

const char *job_type_text(int letter);
const char *job_level_text(int letter);
const char *job_status_word(int letter); /* "OK -- with warnings"; "Unknown term code" */
const char *job_status_text(int letter); /* "Terminated with warnings" */
const char *job_status_end(int letter);  /* "Differences"; "Unknown term code" */
int job_status_rank(int letter);
/* The letter that a status change from old to wanted leaves.  Spec: director.md 6 */
int job_status_merge(int old, int wanted);
bool job_status_is_ok(int letter);       /* T W */
bool job_status_is_final(int letter);    /* T W E f A D I e */
bool job_status_is_canceled(int letter); /* A E f */

#endif
