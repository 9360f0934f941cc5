/*
 * file-daemon/find/walk.h - walk the trees of a fileset, yield its files in order
 *
 * Purpose: goes through directories by descriptor (openat), one component at a time, so that
 *          paths may be longer than PATH_MAX and nothing is followed that is not meant to be.
 *          Directories come after their contents.  Names of a directory are taken in the order of
 *          their inode numbers, about a megabyte of names at a time.
 * Owns:    a fixed number of open directories: ancestors far above are closed and opened again
 *          through ".." or from above (and checked to be the same) on the way back.
 * Threads: one walk by one thread.  struct walk_dir may be kept by others (walk_dir_get) and put
 *          from any thread.
 * Errors:  what is wrong with one file goes to note() and the walk goes on; walk_run itself fails
 *          only when entry() does, or ERR_CANCELED.
 * Spec:    config.md 1.14, wire.md 5.4, volume.md 7.2
 */
#ifndef TERCET_FILE_DAEMON_FIND_WALK_H
#define TERCET_FILE_DAEMON_FIND_WALK_H

#include <stdatomic.h>
#include <sys/stat.h>

#include "file-daemon/find/hardlink.h"
#include "file-daemon/find/match.h"
#include "lib/base/wait.h"
#include "lib/proto/attr_record.h"
#include "lib/proto/msg_type.h"
#include "lib/proto/stream.h"

#define WALK_DEPTH_MAX 16384u /* directories below a File entry, one in the other */

/* An open directory; counted. */
struct walk_dir {
	atomic_uint refs;
	int fd; /* immutable; readable, or O_PATH when it could not be opened for reading */
	bool readable;
};

struct walk_dir *walk_dir_get(struct walk_dir *d);
void walk_dir_put(struct walk_dir *d);

/* One file; all borrowed for the call of entry() but options (the fileset's). */
struct file_entry {
	enum file_type type; /* FT_REG, FT_REGE, FT_LNK, FT_DIREND, FT_SPEC, FT_RAW, FT_FIFO */
	/* At most PATH_BYTES_MAX, a NUL behind it; directories without final '/', but for "/". */
	struct bytes path;
	size_t name_at; /* where the last component begins */
	struct stat st;
	const struct file_options *options;
	struct walk_dir *dir;  /* holds what is from name_at on; itself when that is nothing */
	struct walk_dir *self; /* of a directory: itself; NULL when it was not opened */
	uint64_t link;         /* Hard Links = yes and more than one link: its number, or 0 */
	bool link_first;
};

struct walk_sink {
	/* The next file; an error ends the walk. */
	enum err_code (*entry)(void *arg, const struct file_entry *e, struct err *err);
	/* Something that is not saved, or worth telling; e is borrowed. */
	void (*note)(void *arg, enum msg_type type, const struct err *e);
	void *arg;
};

struct walk_options {
	bool since_counts; /* false: everything */
	int64_t since;     /* seconds */
	struct cancel *cancel;
	size_t max_open;                /* open ancestors; 0: 256 */
	struct link_table *links;       /* inodes met; NULL: links are not told apart */
	atomic_uint_fast64_t *examined; /* counts files looked at; NULL: not */
};

/* Every File entry of every Include of fs, in order.  Names are literal and absolute. */
MUST_CHECK enum err_code walk_run(const struct fileset *fs, const struct walk_options *o,
				  const struct walk_sink *sink, struct err *err);

#endif
