/*
 * lib/files/rebuild_internal.h - what the rebuild_*.c files share
 *
 * rebuild.c         records -> state of one file per session; begin and end of a file
 * rebuild_make.c    create the object, by file type and replace rule
 * rebuild_beside.c  files that replace others, until they are whole
 * rebuild_link.c    hard links, and what they may be links to
 * rebuild_data.c    content: undo the encodings, write, digest
 * rebuild_attrs.c   owner, mode, times, ACL, attributes
 * rebuild_dirs.c    directories: set when their record came, and again when needed
 * rebuild_settle.c  the thread that sets regular files' attributes while the next are created
 */
#ifndef TERCET_FILES_REBUILD_INTERNAL_H
#define TERCET_FILES_REBUILD_INTERNAL_H

#include "lib/files/rebuild.h"

#include "lib/base/hash.h"
#include "lib/base/wait.h"
#include "lib/compress/codec.h"
#include "lib/crypto/digest.h"
#include "lib/files/inodes.h"
#include "lib/files/meta.h"
#include "lib/files/names.h"
#include "lib/files/place.h"
#include "lib/files/rename.h"
#include "lib/files/win32_stream.h"
#include "lib/proto/stream.h"

#define REBUILD_SESSIONS_MAX 64 /* files open at once: sessions that interleave on a volume */
#define REBUILD_EXTENTS_MAX  65536
#define REBUILD_TARGET_MAX   (64u * 1024 * 1024) /* name for people: never near it */

enum file_state {
	FILE_NONE, /* no current file: records are left over from something not restored */
	FILE_SKIP, /* by rule, or it failed and was reported: drop its records */
	FILE_OPEN, /* fd takes content */
	FILE_MADE, /* no content: link, node, fifo; fd is O_PATH */
	FILE_DIR,
	FILE_LINKED, /* it gets no attributes: hard link, or a link that stands for a directory */
};

/* Where content goes. */
enum file_into {
	INTO_NEW,    /* a regular file that this restore made */
	INTO_DEVICE, /* a block device that was there */
	INTO_FIFO,   /* a fifo that was there: does not block */
};

struct extent {
	uint64_t at, len;
};

/* One session's current file. */
struct rebuild_file {
	uint32_t session_id, session_time;
	uint64_t used; /* for choosing the oldest */
	enum file_state state;
	int32_t file_index;
	bool damaged;       /* the reader lost some of it */
	bool lost_before;   /* the reader lost records before it: FileIndexes may be missing */
	int32_t lost_index; /* reported once: records without attributes of this index */

	struct buf record; /* copy of the attribute record; attr points into it */
	struct attr_record attr;
	struct lstat_fields st;
	struct buf mapped; /* name after regexwhere */
	struct buf target; /* name for people: where in front */
	struct buf path;   /* key below the root, for directories */
	int fd;            /* owned while FILE_OPEN or FILE_MADE */
	enum file_into into;
	bool inherits;   /* it was made with an ACL of its directory's */
	uint64_t begun;  /* counts records: of two files of one name the later one stays */
	unsigned beside; /* of what it replaces, which it has not yet done: the first, second ...
			    that is there for it; 0: not */
	bool passed;     /* a later one of its name is in its place already */

	uint64_t pos;  /* where the next byte without address goes */
	uint64_t size; /* end of the furthest byte written */
	bool has_data;
	bool win32;
	struct win32_stream win;
	struct extent *extents; /* owned; written ranges of a sparse stream, in stream order */
	size_t n_extents, cap_extents;
	bool extents_lost;     /* too many to remember */
	struct digest *digest; /* owned; running with kind */
	enum digest_kind kind;

	struct buf small; /* content from address 0 on that is still to be written */
	struct buf acl_access, acl_default, xattr;
	bool has_acl_access, has_acl_default, has_xattr;

	bool settled;    /* content is written, attributes are set, fd is closed */
	int close_errno; /* of that close */
};

/* What a file has besides its stat. */
struct rebuild_meta {
	struct bytes acl_access, acl_default, xattr; /* p NULL: none */
};

struct rebuild {
	struct rebuild_options o;   /* strings owned */
	char *where;                /* owned: root without final slashes; "" none */
	bool is_root;               /* may give files away */
	uid_t uid;                  /* this process's: who owns what it makes */
	bool ended;                 /* no more records come */
	bool broken;                /* not all of them came */
	struct place *place;        /* owned; NULL in a dry run */
	struct rename_rules *rules; /* owned or NULL */
	rebuild_report_fn *report;
	void *user;
	struct rebuild_counts counts;

	struct rebuild_file *files[REBUILD_SESSIONS_MAX]; /* owned */
	size_t n_files;
	struct rebuild_file *last; /* file of the last record */
	uint64_t clock;            /* counts session changes */

	struct settle *settle;         /* owned */
	struct inodes linked;          /* files written of which more names are to come */
	struct names made;             /* all but directories, when a replace rule is to be asked */
	struct rebuild_dir *dirs;      /* owned: those to be set yet; rebuild_dirs.c */
	struct names dirs_set;         /* and those that are set */
	struct rebuild_dir *top;       /* borrowed: the root, when it is among them */
	struct buf dir_path;           /* of the directory in hand */
	struct codec_work *work;       /* owned */
	struct buf plain;              /* decoded content of one record */
	enum digest_kind guess;        /* what the next file's digest will be */
	bool warned[2048];             /* streams reported once */
	bool warned_acl, warned_xattr; /* the target has none: said once */
};

/* ---- rebuild.c ---- */
void rebuild_say(struct rebuild *r, const struct rebuild_file *f, enum rebuild_event event,
		 const struct err *err);
/* The file failed: say so, drop what follows of it. */
void rebuild_fail(struct rebuild *r, struct rebuild_file *f, const struct err *err);
struct rebuild_file *rebuild_file_new(void);
void rebuild_file_free(struct rebuild_file *f);
/* The file goes on in *to, whose buffers f takes over; f keeps what is the session's. */
void rebuild_file_move(struct rebuild_file *f, struct rebuild_file *to);
/* Sets close_errno.  A device is synced before: no file system does that for it. */
void rebuild_close(struct rebuild_file *f);
/* Tell what became of a regular file; its attributes, when the thread could not set them all. */
MUST_CHECK enum err_code rebuild_settled(struct rebuild *r, struct rebuild_file *f,
					 struct err *err);

/* ---- rebuild_make.c ---- */
/* Create what f->attr describes; sets f->state. */
MUST_CHECK enum err_code rebuild_make(struct rebuild *r, struct rebuild_file *f, struct err *err);
struct making {
	struct rebuild *r;
	struct rebuild_file *f;
	const struct place_at *at;
	bool has_content; /* what it replaces stays until it is whole */
	const char *link; /* symbolic link's target */
	int first;        /* hard link's file, O_PATH; borrowed */
};

typedef int make_fn(struct making *m); /* as a system call: -1 and errno */
/* Make it; when something stands in its place, ask the rule and try once more. */
MUST_CHECK enum err_code rebuild_make_new(struct making *m, make_fn *make, enum file_state state,
					  const char *failed, struct err *err);
/* When the rule says that what is there stays: tell it, the file is FILE_SKIP. */
bool rebuild_keep_existing(struct rebuild *r, struct rebuild_file *f, const struct stat *st);

/* ---- rebuild_beside.c ---- */
/* Or has the other to go before, since the disk has not the room for both? */
bool rebuild_has_room_beside(const struct rebuild *r, const struct rebuild_file *f,
			     const struct place_at *at);
/* The place beside it that no other file of this restore has. */
unsigned rebuild_beside_free(const struct rebuild *r, const struct rebuild_file *f);
/* As openat, beside the name of at: -1 and errno. */
int rebuild_open_beside(const struct place_at *at, unsigned beside, int flags, mode_t mode);
/* From now on f stands in its place: files of its name that began before it do not replace it. */
void rebuild_pass_older(struct rebuild *r, const struct rebuild_file *f);
/* All of f is there: now it replaces the other, unless a later one has. */
MUST_CHECK enum err_code rebuild_take_place(struct rebuild *r, struct rebuild_file *f,
					    struct err *err);
/* Remove what was made of f, beside another or not. */
void rebuild_drop(struct rebuild *r, struct rebuild_file *f);

/* ---- rebuild_link.c ---- */
MUST_CHECK enum err_code rebuild_make_hard(struct making *m, struct err *err);
/* The file in f is complete: other names of it may come. */
void rebuild_link_known(struct rebuild *r, const struct rebuild_file *f);

/* ---- rebuild_data.c ---- */
void rebuild_data_begin(struct rebuild *r, struct rebuild_file *f);
MUST_CHECK enum err_code rebuild_data(struct rebuild *r, struct rebuild_file *f,
				      const struct stream_row *row,
				      const struct rebuild_record *rec, struct err *err);
/* Records errno: a device that is too small is no full target. */
MUST_CHECK enum err_code rebuild_write_failed(const struct rebuild_file *f, struct err *err);
/* Write what waits in f->small.  Any thread that has f. */
MUST_CHECK enum err_code rebuild_write_small(struct rebuild_file *f, struct err *err);
/* Compare with the digest on the volume. */
MUST_CHECK enum err_code rebuild_check_digest(struct rebuild *r, struct rebuild_file *f,
					      uint32_t stream, struct bytes digest,
					      struct err *err);
/* After the last record: extend sparse files. */
MUST_CHECK enum err_code rebuild_data_end(struct rebuild *r, struct rebuild_file *f,
					  struct err *err);

/* ---- rebuild_attrs.c ---- */
/* ACLs and extended attributes wait until the file has its content. */
void rebuild_keep_meta(struct rebuild_file *f, uint32_t stream, struct bytes data);
/* Those of f, borrowed. */
struct rebuild_meta rebuild_meta_of(const struct rebuild_file *f);
void rebuild_attrs(struct rebuild *r, struct rebuild_file *f);
/* Set all of an open file; false, with nothing told, when something failed.  Any thread. */
bool rebuild_attrs_try(struct rebuild *r, struct rebuild_file *f);
/* Set f's stat and meta on a directory. */
void rebuild_attrs_dir(struct rebuild *r, struct rebuild_file *f, int fd,
		       const struct rebuild_meta *meta);

/* ---- rebuild_dirs.c ---- */
void rebuild_dir_made(void *user, struct bytes path, const struct stat *st);
void rebuild_dir_entered(void *user, struct bytes path, const struct stat *st);
/* All of its records came. */
void rebuild_dir_recorded(struct rebuild *r, struct rebuild_file *f);
/* Set the attributes of all that are left; they are forgotten.  In a broken restore those whose
 * record did not come stay as they were made, open to nobody: it comes behind what is in them. */
void rebuild_dirs_finish(struct rebuild *r);
void rebuild_dirs_free(struct rebuild *r);

/* ---- rebuild_settle.c; all by the restoring thread ---- */
struct settle *settle_new(struct rebuild *r);
/* Waits for the thread; what was not drained is not told. */
void settle_free(struct settle *s);
/* Take the file over (f is empty afterwards).  Fails as rebuild_settled of an earlier file does. */
MUST_CHECK enum err_code settle_put(struct settle *s, struct rebuild_file *f, struct err *err);
/* All files taken over have their attributes. */
void settle_wait(struct settle *s);
/* The same, and all is told. */
MUST_CHECK enum err_code settle_drain(struct settle *s, struct err *err);

#endif
