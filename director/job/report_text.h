/*
 * director/job/report_text.h - job reports as text
 *
 * Threads: pure; time is formatted in local time.
 * Spec:    director.md 21
 */
#ifndef TERCET_DIRECTOR_JOB_REPORT_TEXT_H
#define TERCET_DIRECTOR_JOB_REPORT_TEXT_H

#include "director/job/job.h"
#include "lib/base/buf.h"

/* What a report states; strings borrowed, NULL is printed as nothing or *None*. */
struct report {
	const char *director, *version, *os, *binary_info;
	uint32_t job_id;
	const char *unique, *level_text;
	int type, status; /* letters */
	const char *client, *uname, *fileset;
	int64_t fileset_created;
	const char *pool, *pool_source, *catalog, *catalog_source, *storage, *storage_source;
	int64_t sched_time, start_time, end_time;
	int priority;
	bool allow_mixed;
	uint64_t fd_files, sd_files, fd_bytes_read, fd_bytes, sd_bytes;
	const char *compression; /* what the FileSet asks for; NULL none */
	uint64_t files_expected; /* restore */
	bool vss, encryption, accurate;
	const char *volumes; /* A|B|C */
	uint32_t session_id, session_time;
	uint64_t last_volume_bytes;
	uint32_t fd_errors, sd_errors;
	int fd_status, sd_status;                    /* letters, 0 unknown */
	const char *fd_erase, *sd_erase, *dir_erase; /* NULL: unset */
	enum job_trigger trigger;
};

void report_emit(const struct report *r, struct buf *out);
/* "Backup OK", "*** Restore Error ***" */
void report_termination(int type, int status, char *out, size_t cap);

#endif
