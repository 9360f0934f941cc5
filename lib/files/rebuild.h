/*
 * lib/files/rebuild.h - records in, files out: the state machine of every restore
 *
 * Purpose: used by the file daemon's restore and by `tercet-volume extract`.  Takes whole records
 *          in volume order, of any number of interleaved sessions, and creates files beneath the
 *          target with owner, mode, times, ACL and extended attributes; checks digests; resolves
 *          hard links by name; directories have their own modes and times in the end.
 * Owns:    open files, its place; options and strings are copied by rebuild_new.
 * Threads: one caller at a time, which also gets the reports; a thread of its own sets the
 *          attributes of regular files meanwhile.
 * Errors:  a failure of one file is told through the report callback and the next file is tried.
 *          The functions themselves fail only for what concerns the whole restore:
 *          ERR_FULL      no space left (or quota) on the target
 *          ERR_CANCELED  options.cancel was asked
 *          ERR_SYS, ERR_LIMIT, ERR_CONFIG  from rebuild_new: target or regexwhere not usable
 * Spec:    volume.md 6.1, 7, 8, 10, 11, 16
 */
#ifndef TERCET_FILES_REBUILD_H
#define TERCET_FILES_REBUILD_H

#include "lib/base/buf.h"
#include "lib/crypto/digest.h"
#include "lib/proto/attr_record.h"

/* What to do with a file that is there; letters of wire.md's restore command.  A directory that is
 * there is never removed, and keeps its attributes unless all is replaced. */
enum rebuild_replace {
	REPLACE_ALWAYS = 'a',
	REPLACE_IF_NEWER = 'w', /* the one on the volume is newer */
	REPLACE_IF_OLDER = 'o', /* the one on the volume is older */
	REPLACE_NEVER = 'n',
};

#define REBUILD_FIFO_SECONDS 600u /* a reader of a fifo takes something within */

struct cancel;
struct inodes;

struct rebuild_options {
	const char *where;            /* prefix; NULL, "" or "/": original place */
	const char *regexwhere;       /* "!from!to!,..." instead of where; NULL none */
	bool prelinks;                /* where also goes in front of absolute symlink targets */
	enum rebuild_replace replace; /* 0: always */
	bool dry_run;                 /* create nothing; still report, count and check */
	bool no_digest_check;
	bool no_owner;                 /* do not try to set owners (not running as root) */
	enum digest_kind digest_guess; /* likely kind of the digests; the first file then is not
					  read twice */
	struct cancel *cancel;         /* ends waits and long work; borrowed, NULL: none */
	unsigned fifo_seconds;         /* 0: REBUILD_FIFO_SECONDS */
	struct inodes *implied; /* directories that earlier restores of the same job made on the
				   way to others, and this one makes; borrowed, NULL: none */
};

enum rebuild_event {
	REBUILD_RESTORED, /* the file is there, complete; err is NULL */
	REBUILD_SKIPPED,  /* replace rule; err tells why */
	REBUILD_WARNING,  /* the file is there but something about it is not (ACL, owner, stream) */
	REBUILD_ERROR,    /* the file is missing, damaged or not as it was saved */
};

struct rebuild_report {
	enum rebuild_event event;
	int32_t file_index;
	struct bytes name;   /* original name; empty if not known; borrowed for the call */
	struct bytes target; /* name it got, where applied */
	const struct attr_record *attr;  /* NULL if not known */
	const struct lstat_fields *stat; /* decoded attr->lstat; NULL if not known */
	const struct err *err;           /* borrowed for the call */
};

typedef void rebuild_report_fn(void *user, const struct rebuild_report *report);

struct rebuild_counts {
	uint64_t files; /* restored, directories and links included */
	uint64_t bytes; /* file content written */
	uint64_t skipped, warnings, errors;
	uint64_t records;
};

struct rebuild_record {
	uint32_t session_id, session_time;
	int32_t file_index; /* > 0; labels (<= 0) are ignored */
	int32_t stream;
	struct bytes data;   /* borrowed for the call */
	bool is_undone;      /* its content was decompressed ahead, */
	struct bytes undone; /* into this; borrowed for the call */
};

/* For who decompresses ahead: is there anything to undo, and do it (appended to out).  Any thread,
 * each with a codec_work of its own. */
struct codec_work;
bool rebuild_is_compressed(int32_t stream);
MUST_CHECK enum err_code rebuild_undo(struct codec_work *w, int32_t stream, struct bytes data,
				      struct buf *out, struct err *err);

struct rebuild;

MUST_CHECK enum err_code rebuild_new(const struct rebuild_options *o, rebuild_report_fn *report,
				     void *user, struct rebuild **out, struct err *err);
/* Without rebuild_finish or rebuild_stop before it does what the latter does. */
void rebuild_free(struct rebuild *r);
void rebuild_freep(struct rebuild **r);

/* The next whole record. */
MUST_CHECK enum err_code rebuild_record(struct rebuild *r, const struct rebuild_record *rec,
					struct err *err);
/* The reader lost part of this session's file (bad block): its current file, if it has this index
 * (or index is 0), is reported as damaged for the reason why, and not called restored. */
void rebuild_damaged(struct rebuild *r, uint32_t session_id, uint32_t session_time,
		     int32_t file_index, const struct err *why);
/* No more records come, though not all came: files and directories that are complete get their
 * attributes, the others are reported as errors.  These keep the mode they were made with
 * (PLACE_UNFINISHED of lib/files/place.h), by which the next restore knows them. */
void rebuild_stop(struct rebuild *r);
/* No more records: close the current files, then modes and times of directories. */
MUST_CHECK enum err_code rebuild_finish(struct rebuild *r, struct err *err);

/* After rebuild_finish: wait until all of it is on stable storage, which may take as long as the
 * disk needs.  ERR_FULL, ERR_SYS: a file system lost some of it; the text says where */
MUST_CHECK enum err_code rebuild_sync(struct rebuild *r, struct err *err);

struct rebuild_counts rebuild_counts(const struct rebuild *r);
/* Kind of the last digest met: the guess of the next restore. */
enum digest_kind rebuild_digest_kind(const struct rebuild *r);
/* Name of the file being restored, for status; borrowed until the next record. */
struct bytes rebuild_current(const struct rebuild *r);

#endif
