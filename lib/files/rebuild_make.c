#include "lib/files/rebuild_internal.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/own.h"
#include "lib/base/path.h"

static enum err_code
make_failed(const char *what, struct err *err)
{
	return err_errno(err, place_refusal(errno), "%s", what);
}

/* ---- what stands in the way ---- */

enum obstacle {
	OBSTACLE_GONE, /* removed, or the file is to be made beside it: create again */
	OBSTACLE_KEPT, /* the rule says so: the file is skipped and that was told */
};

/* What an interrupted restore left is no file to keep. */
static bool
is_left_over(const struct rebuild *r, const struct rebuild_file *f, const struct stat *st)
{
	return place_is_unfinished(st) && (st->st_uid == r->uid || st->st_uid == f->st.uid) &&
	       ((mode_t)f->st.mode & 07777) != (st->st_mode & 07777);
}

/* Why the existing file stays; NULL: it goes. */
static const char *
reason_to_keep(const struct rebuild *r, const struct rebuild_file *f, const struct stat *st)
{
	if (is_left_over(r, f, st))
		return NULL;
	switch (r->o.replace) {
	case REPLACE_ALWAYS:
		return NULL;
	case REPLACE_NEVER:
		return "a file of this name is there";
	case REPLACE_IF_NEWER:
		return f->st.mtime > (int64_t)st->st_mtime ? NULL
							   : "the file that is there is not older";
	case REPLACE_IF_OLDER:
		return f->st.mtime < (int64_t)st->st_mtime ? NULL
							   : "the file that is there is not newer";
	}
	return NULL;
}

bool
rebuild_keep_existing(struct rebuild *r, struct rebuild_file *f, const struct stat *st)
{
	const char *why = reason_to_keep(r, f, st);
	struct err e = ERR_INIT;

	if (why == NULL)
		return false;
	(void)err_set(&e, ERR_SYS, "not replaced: %s", why);
	rebuild_say(r, f, REBUILD_SKIPPED, &e);
	f->state = FILE_SKIP;
	return true;
}

static enum err_code
clear_way(struct making *m, enum obstacle *out, struct err *err)
{
	struct rebuild *r = m->r;
	const struct place_at *at = m->at;
	bool own = names_has(&r->made, at->path); /* the rule is for what was there before */
	struct stat st;
	bool dir;

	/* Under another name it may be of this restore yet, with its time to be set. */
	if (r->o.replace != REPLACE_ALWAYS && !own)
		settle_wait(r->settle);
	if (fstatat(at->dir_fd, at->name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
		*out = OBSTACLE_GONE;
		return errno == ENOENT ? ERR_OK : make_failed("cannot be examined", err);
	}
	if (!own && rebuild_keep_existing(r, m->f, &st)) {
		*out = OBSTACLE_KEPT;
		return ERR_OK;
	}
	*out = OBSTACLE_GONE;
	dir = S_ISDIR(st.st_mode);
	if (m->has_content && !dir && rebuild_has_room_beside(r, m->f, at)) {
		m->f->beside = rebuild_beside_free(r, m->f);
		return ERR_OK;
	}
	if (unlinkat(at->dir_fd, at->name, dir ? AT_REMOVEDIR : 0) != 0 && errno != ENOENT)
		return make_failed(dir ? "the directory in its place cannot be removed"
				       : "the file in its place cannot be removed",
				   err);
	rebuild_pass_older(r, m->f);
	if (dir)
		place_forget(r->place, at->path);
	return ERR_OK;
}

/* ---- one maker per kind ---- */

static int
make_regular(struct making *m)
{
	/* Readable as well: the digest may have to be computed from what was written. */
	const int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;

	m->f->fd = m->f->beside != 0
			   ? rebuild_open_beside(m->at, m->f->beside, flags, PLACE_UNFINISHED)
			   : openat(m->at->dir_fd, m->at->name, flags, PLACE_UNFINISHED);
	return m->f->fd < 0 ? -1 : 0;
}

static int
make_symlink(struct making *m)
{
	return symlinkat(m->link, m->at->dir_fd, m->at->name);
}

static dev_t
device_of(const struct rebuild_file *f)
{
	mode_t kind = (mode_t)f->st.mode & S_IFMT;

	return S_ISCHR(kind) || S_ISBLK(kind) ? (dev_t)f->st.rdev : 0;
}

static int
make_node(struct making *m)
{
	mode_t kind = (mode_t)m->f->st.mode & S_IFMT;

	return mknodat(m->at->dir_fd, m->at->name, kind | PLACE_UNFINISHED, device_of(m->f));
}

enum err_code
rebuild_make_new(struct making *m, make_fn *make, enum file_state state, const char *failed,
		 struct err *err)
{
	enum obstacle obstacle;

	if (make(m) != 0) {
		if (errno != EEXIST)
			return make_failed(failed, err);
		if (clear_way(m, &obstacle, err) != ERR_OK)
			return err->code;
		if (obstacle == OBSTACLE_KEPT)
			return ERR_OK;
		if (make(m) != 0)
			return make_failed(failed, err);
	}
	m->f->inherits = m->at->inherits;
	m->f->state = state;
	if (m->r->o.replace != REPLACE_ALWAYS)
		names_add(&m->r->made, m->at->path);
	return ERR_OK;
}

/* Between its making and the look at it, who may rename there can have put another's in its place:
 * that would not have the mode, or a link not the owner, which it was made with. */
static bool
is_as_made(const struct rebuild *r, const struct stat *st)
{
	return S_ISLNK(st->st_mode) ? st->st_uid == r->uid : place_is_unfinished(st);
}

/* A link or node gets its attributes later, when its name may stand for another's file: they are
 * set through a descriptor of what was made. */
static enum err_code
hold_made(struct making *m, mode_t kind, struct stat *st, struct err *err)
{
	struct err e = ERR_INIT;
	OWNED(closep) int fd = openat(m->at->dir_fd, m->at->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fstat(fd, st) != 0)
		return make_failed("it was made and cannot be examined", err);
	if ((st->st_mode & S_IFMT) != kind || st->st_nlink > 1 ||
	    (!S_ISLNK(kind) && st->st_rdev != device_of(m->f)))
		return err_set(err, ERR_SYS, "someone put another file in its place");
	if (is_as_made(m->r, st)) {
		m->f->fd = TAKE_FD(fd);
		return ERR_OK;
	}
	m->f->state = FILE_LINKED;
	(void)err_set(
		&e, ERR_SYS,
		"its owner and mode are not set: it has others already than it was made with");
	rebuild_say(m->r, m->f, REBUILD_WARNING, &e);
	return ERR_OK;
}

/* ---- kinds ---- */

/* Something that is no directory stands in its place. */
static enum err_code
replace_by_dir(struct making *m, struct err *err)
{
	enum obstacle obstacle;

	if (clear_way(m, &obstacle, err) != ERR_OK)
		return err->code;
	if (obstacle == OBSTACLE_KEPT)
		return ERR_OK;
	if (place_make_dir(m->r->place, m->at) != 0)
		return make_failed("cannot make directory", err);
	m->f->state = FILE_DIR;
	return ERR_OK;
}

/* A link to a directory stands in place of the one that was saved, unless the volume made it. */
static enum err_code
judge_link(struct making *m, struct err *err)
{
	struct err e = ERR_INIT;

	switch (place_judge_link(m->r->place, m->at, &e)) {
	case PLACE_LINK_STANDS:
		m->f->state = FILE_LINKED;
		(void)err_set(&e, ERR_SYS,
			      "here is a symbolic link to a directory, and it stays: the files "
			      "below are where it leads, owner and mode there are as before");
		rebuild_say(m->r, m->f, REBUILD_WARNING, &e);
		return ERR_OK;
	case PLACE_LINK_REFUSED:
		*err = e;
		return err_ctx(err, "it is a symbolic link here, and stays");
	case PLACE_LINK_IN_WAY:
		break;
	}
	return replace_by_dir(m, err);
}

static enum err_code
make_dir(struct making *m, struct err *err)
{
	struct stat st;

	if (m->at->path.n == 0 || place_make_dir(m->r->place, m->at) == 0) {
		m->f->state = FILE_DIR;
		return ERR_OK;
	}
	if (errno != EEXIST)
		return make_failed("cannot make directory", err);
	if (fstatat(m->at->dir_fd, m->at->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return make_failed("cannot be examined", err);
	if (!S_ISDIR(st.st_mode))
		return S_ISLNK(st.st_mode) ? judge_link(m, err) : replace_by_dir(m, err);
	if (is_left_over(m->r, m->f, &st))
		rebuild_dir_made(m->r, m->at->path, &st);
	m->f->state = FILE_DIR;
	return ERR_OK;
}

/* where in front of absolute targets, if asked for.  Spec: wire.md 6 "prelinks" */
static enum err_code
make_link(struct making *m, struct err *err)
{
	struct rebuild *r = m->r;
	struct bytes to = m->f->attr.link;
	OWNED(buf_release) struct buf text = BUF_INIT(64 * 1024);
	struct stat st;

	if (to.n == 0)
		return err_set(err, ERR_FORMAT, "symbolic link without a target");
	if (r->o.prelinks && to.p[0] == '/') {
		if (r->rules != NULL) {
			if (rename_apply(r->rules, to, &text, err) != ERR_OK)
				return err->code;
		} else if (buf_append(&text, r->where, strlen(r->where), err) != ERR_OK ||
			   buf_append(&text, to.p, to.n, err) != ERR_OK) {
			return err->code;
		}
	} else if (buf_append(&text, to.p, to.n, err) != ERR_OK) {
		return err->code;
	}
	m->link = buf_str(&text);
	if (rebuild_make_new(m, make_symlink, FILE_MADE, "cannot make symbolic link", err) !=
	    ERR_OK)
		return err->code;
	if (m->f->state != FILE_MADE)
		return ERR_OK;
	if (hold_made(m, S_IFLNK, &st, err) != ERR_OK)
		return err->code;
	place_planted(r->place, &st);
	return ERR_OK;
}

static enum err_code
make_special(struct making *m, struct err *err)
{
	mode_t kind = (mode_t)m->f->st.mode & S_IFMT;
	struct stat st;

	if (!S_ISCHR(kind) && !S_ISBLK(kind) && !S_ISFIFO(kind) && !S_ISSOCK(kind))
		return err_set(err, ERR_FORMAT, "special file of unknown kind, mode 0%" PRIo64,
			       m->f->st.mode);
	if (rebuild_make_new(m, make_node, FILE_MADE, "cannot make special file", err) != ERR_OK)
		return err->code;
	return m->f->state == FILE_MADE ? hold_made(m, kind, &st, err) : ERR_OK;
}

/* Write into the device or fifo that is there.  ERR_ABSENT: nobody reads the fifo. */
static enum err_code
open_stream(struct making *m, mode_t want, struct err *err)
{
	OWNED(closep)
	int fd = openat(m->at->dir_fd, m->at->name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && errno == ENXIO && S_ISFIFO(want))
		return err_set(err, ERR_ABSENT, "nobody reads it");
	if (fd < 0 || fstat(fd, &st) != 0)
		return make_failed("cannot be opened for writing", err);
	if ((st.st_mode & S_IFMT) != want)
		return err_set(err, ERR_SYS, "someone put another file in its place");
	if (S_ISBLK(want))
		(void)fcntl(fd, F_SETFL, 0);
	m->f->fd = TAKE_FD(fd);
	m->f->into = S_ISBLK(want) ? INTO_DEVICE : INTO_FIFO;
	m->f->state = FILE_OPEN;
	return ERR_OK;
}

static enum err_code
make_file(struct making *m, struct err *err)
{
	m->has_content = true;
	return rebuild_make_new(m, make_regular, FILE_OPEN, "cannot create", err);
}

static enum err_code
make_stream_file(struct making *m, const char *what, struct err *err)
{
	struct err e = ERR_INIT;

	if (make_file(m, err) != ERR_OK)
		return err->code;
	if (m->f->state == FILE_OPEN) {
		(void)err_set(&e, ERR_SYS, "content of a %s restored into a regular file", what);
		rebuild_say(m->r, m->f, REBUILD_WARNING, &e);
	}
	return ERR_OK;
}

/* The content of a device or a fifo: into the device itself when it is to go to its original
 * place and is there, into a fifo that someone reads, else into a regular file. */
static enum err_code
make_stream(struct making *m, struct err *err)
{
	mode_t want = m->f->attr.type == FT_RAW ? S_IFBLK : S_IFIFO;
	bool in_place = m->r->where[0] == '\0' && m->r->rules == NULL;
	enum err_code code = ERR_ABSENT;
	struct stat st;

	if (fstatat(m->at->dir_fd, m->at->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    (st.st_mode & S_IFMT) == want && (in_place || S_ISFIFO(want))) {
		if (rebuild_keep_existing(m->r, m->f, &st))
			return ERR_OK;
		code = open_stream(m, want, err);
	}
	return code == ERR_ABSENT
		       ? make_stream_file(m, S_ISBLK(want) ? "block device" : "fifo", err)
		       : code;
}

/* ---- by type ---- */

/* Spec: volume.md 16 "Creation by type" */
static const struct kind {
	int type;
	enum err_code (*make)(struct making *m, struct err *err);
	enum file_state state; /* of a dry run */
} kinds[] = {
	{ FT_REG, make_file, FILE_OPEN },     { FT_REGE, make_file, FILE_OPEN },
	{ FT_PLUGIN, make_file, FILE_OPEN },  { FT_RAW, make_stream, FILE_OPEN },
	{ FT_FIFO, make_stream, FILE_OPEN },  { FT_LNKSAVED, rebuild_make_hard, FILE_LINKED },
	{ FT_LNK, make_link, FILE_MADE },     { FT_SPEC, make_special, FILE_MADE },
	{ FT_DIREND, make_dir, FILE_DIR },    { FT_NORECURSE, make_dir, FILE_DIR },
	{ FT_NOFSCHG, make_dir, FILE_DIR },   { FT_INVALIDFS, make_dir, FILE_DIR },
	{ FT_INVALIDDT, make_dir, FILE_DIR }, { FT_REPARSE, make_dir, FILE_DIR },
	{ FT_JUNCTION, make_dir, FILE_DIR },
};

static const struct kind *
find_kind(int type)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (kinds[i].type == type)
			return &kinds[i];
	return NULL;
}

/* A device's or a fifo's size says nothing. */
static bool
is_encrypted(const struct rebuild_file *f)
{
	const struct stream_row *row = stream_find((uint32_t)f->st.data_stream & 0x7ff);

	return row != NULL && (row->flags & STREAM_ENCRYPTED) &&
	       (f->st.size != 0 || f->attr.type == FT_RAW || f->attr.type == FT_FIFO);
}

enum err_code
rebuild_make(struct rebuild *r, struct rebuild_file *f, struct err *err)
{
	const struct kind *kind = find_kind(f->attr.type);
	struct place_at at;
	struct making m = { .r = r, .f = f, .at = &at };

	if (f->attr.type == FT_DELETED)
		return ERR_OK; /* stays in FILE_SKIP: there is nothing to restore */
	if (kind == NULL)
		return err_set(err, ERR_FORMAT, "cannot be restored: %s",
			       file_type_text(f->attr.type));
	if (kind->state == FILE_OPEN && is_encrypted(f))
		return err_set(err, ERR_FORMAT, "not restored: its content is encrypted");
	if (r->o.dry_run) {
		f->state = kind->state;
		return ERR_OK;
	}
	if (place_find(r->place, PLACE_FILE, buf_bytes(&f->mapped), PLACE_MAKE, &at, err) != ERR_OK)
		return err->code;
	if (at.path.n == 0 && f->attr.type != FT_DIREND)
		return err_set(err, ERR_LIMIT, "the target directory itself stands in its place");
	if (kind->make(&m, err) != ERR_OK)
		return err->code;
	if (f->state == FILE_DIR) {
		buf_clear(&f->path);
		return buf_append(&f->path, at.path.p, at.path.n, err);
	}
	return ERR_OK;
}
