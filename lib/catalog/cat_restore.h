/*
 * lib/catalog/cat_restore.h - what a restore and an accurate job read
 *
 * Purpose: choose the jobs, stream their files newest first, each (path, name) once.
 * Threads: any; a stream uses one connection for its whole time.
 * Spec:    catalog.md 12, 16.6; director.md 14.2
 */
#ifndef TERCET_CATALOG_CAT_RESTORE_H
#define TERCET_CATALOG_CAT_RESTORE_H

#include "lib/catalog/cat_job.h"

struct cat_recent_key {
	uint32_t client_id;
	const char *fileset; /* by name; NULL: any */
	int64_t before;      /* StartTime less than this; 0: all */
	uint32_t last;       /* of the jobs with StartTime = before those up to this; 0: none */
	const char *pool;    /* NULL: any */
	char type;           /* B, or A for archive; 0: B */
	bool locked;         /* also jobs whose volumes are all disabled or archived, or gone */
};
/* Full, newest Differential, Incrementals, ascending JobTDate; empty when there is no Full. */
MUST_CHECK enum err_code cat_restore_recent(struct catalog *c, const struct cat_recent_key *key,
					    struct cat_jobs *out, struct err *err);

/* One file: borrowed for the call. */
struct cat_file {
	uint32_t job_id;
	size_t job_slot;    /* index of the job in the list given */
	int32_t file_index; /* > 0 */
	uint32_t path_id;
	uint32_t path_slot; /* 0, 1, 2 ... dense per stream: for an array instead of a hash */
	int16_t delta_seq;
	struct bytes path; /* ends in '/' */
	struct bytes name; /* empty for a directory */
	struct bytes lstat;
	struct bytes md5; /* "0" when there is none; empty unless want_md5 */
};
struct cat_file_reader {
	bool want_md5;
	/* Not ERR_OK ends the stream with it. */
	enum err_code (*file)(void *ctx, const struct cat_file *f, struct err *err);
	void *ctx;
	uint64_t *job_rows; /* borrowed; NULL, or one per job: +1 for each row not homeless */
};
struct cat_file_count {
	uint64_t rows;     /* read from the database */
	uint64_t files;    /* handed to the reader */
	uint64_t deleted;  /* gone since: not handed over */
	uint64_t homeless; /* their directory has no row in Path, or the names of all are
			    * more than 1 GiB: not handed over */
};
/*
 * Files of the jobs, newest job (JobTDate) first, within a job in stored order.  The newest job
 * that has a (path, name) wins; when it says deleted the file is left out, when it has it twice
 * both are handed over (the greater FileIndex is the later one).
 * Jobs whose files were purged simply have none: job_rows tells.
 */
MUST_CHECK enum err_code cat_restore_files(struct catalog *c, const uint32_t *job_ids, size_t n,
					   const struct cat_file_reader *r,
					   struct cat_file_count *count, struct err *err);

#endif
