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
	return err_errno(err, errno == ENOSPC || errno == EDQUOT ? ERR_FULL : ERR_SYS, "%s", what);
}

/* ---- what stands in the way ---- */

enum obstacle {
	OBSTACLE_GONE, /* removed: create again */
	OBSTACLE_KEPT, /* the rule says so: the file is skipped and that was told */
};

/* Why the existing file stays; NULL: it goes. */
static const char *
reason_to_keep(const struct rebuild *r, const struct rebuild_file *f, const struct stat *st)
{
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

static enum err_code
clear_way(struct rebuild *r, struct rebuild_file *f, const struct place_at *at, enum obstacle *out,
	  struct err *err)
{
	const char *why;
	struct stat st;
	bool dir;

	/* It may be of this restore, with its time yet to be set. */
	if (r->o.replace != REPLACE_ALWAYS)
		settle_wait(r->settle);
	if (fstatat(at->dir_fd, at->name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
		*out = OBSTACLE_GONE;
		return errno == ENOENT ? ERR_OK : make_failed("cannot be examined", err);
	}
	if ((why = reason_to_keep(r, f, &st)) != NULL) {
		struct err e = ERR_INIT;

		(void)err_set(&e, ERR_SYS, "not replaced: %s", why);
		rebuild_say(r, f, REBUILD_SKIPPED, &e);
		f->state = FILE_SKIP;
		*out = OBSTACLE_KEPT;
		return ERR_OK;
	}
	dir = S_ISDIR(st.st_mode);
	if (unlinkat(at->dir_fd, at->name, dir ? AT_REMOVEDIR : 0) != 0 && errno != ENOENT)
		return make_failed(dir ? "the directory in its place cannot be removed"
				       : "the file in its place cannot be removed",
				   err);
	if (dir)
		place_forget(r->place, at->path);
	*out = OBSTACLE_GONE;
	return ERR_OK;
}

/* ---- one maker per kind; each answers as a system call: -1 and errno ---- */

struct making {
	struct rebuild *r;
	struct rebuild_file *f;
	const struct place_at *at;
	const char *link;      /* symbolic link's target */
	struct place_at first; /* hard link's first name */
};

typedef int make_fn(struct making *m);

static int
make_regular(struct making *m)
{
	/* Readable as well: the digest may have to be computed from what was written. */
	m->f->fd = openat(m->at->dir_fd, m->at->name,
			  O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return m->f->fd < 0 ? -1 : 0;
}

static int
make_symlink(struct making *m)
{
	return symlinkat(m->link, m->at->dir_fd, m->at->name);
}

static int
make_hard_link(struct making *m)
{
	return linkat(m->first.dir_fd, m->first.name, m->at->dir_fd, m->at->name, 0);
}

static int
make_node(struct making *m)
{
	mode_t kind = (mode_t)m->f->st.mode & S_IFMT;
	dev_t dev = S_ISCHR(kind) || S_ISBLK(kind) ? (dev_t)m->f->st.rdev : 0;

	return mknodat(m->at->dir_fd, m->at->name, kind | 0600, dev);
}

/* Make it; when something stands in its place, ask the rule and try once more. */
static enum err_code
make_new(struct making *m, make_fn *make, enum file_state state, const char *failed,
	 struct err *err)
{
	enum obstacle obstacle;

	if (make(m) != 0) {
		if (errno != EEXIST)
			return make_failed(failed, err);
		if (clear_way(m->r, m->f, m->at, &obstacle, err) != ERR_OK)
			return err->code;
		if (obstacle == OBSTACLE_KEPT)
			return ERR_OK;
		if (make(m) != 0)
			return make_failed(failed, err);
	}
	m->f->state = state;
	return ERR_OK;
}

/* ---- kinds ---- */

static enum err_code
make_dir(struct making *m, struct err *err)
{
	enum obstacle obstacle;
	struct stat st;

	m->f->state = FILE_DIR;
	if (m->at->path.n == 0 || mkdirat(m->at->dir_fd, m->at->name, 0700) == 0) {
		if (m->at->path.n > 0)
			rebuild_dir_made(m->r, m->at->path);
		return ERR_OK;
	}
	if (errno != EEXIST)
		return make_failed("cannot make directory", err);
	if (fstatat(m->at->dir_fd, m->at->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return make_failed("cannot be examined", err);
	if (S_ISDIR(st.st_mode))
		return ERR_OK;
	if (clear_way(m->r, m->f, m->at, &obstacle, err) != ERR_OK || obstacle == OBSTACLE_KEPT)
		return err->code;
	if (mkdirat(m->at->dir_fd, m->at->name, 0700) != 0)
		return make_failed("cannot make directory", err);
	rebuild_dir_made(m->r, m->at->path);
	return ERR_OK;
}

/* where in front of absolute targets, if asked for.  Spec: wire.md 6 "prelinks" */
static enum err_code
make_link(struct making *m, struct err *err)
{
	struct rebuild *r = m->r;
	struct bytes to = m->f->attr.link;
	OWNED(buf_release) struct buf text = BUF_INIT(64 * 1024);

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
	if (make_new(m, make_symlink, FILE_MADE, "cannot make symbolic link", err) != ERR_OK)
		return err->code;
	if (m->f->state == FILE_MADE)
		place_planted(r->place, m->at);
	return ERR_OK;
}

static bool
same_file(const struct place_at *a, const struct place_at *b)
{
	struct stat x, y;

	return fstatat(a->dir_fd, a->name, &x, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstatat(b->dir_fd, b->name, &y, AT_SYMLINK_NOFOLLOW) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

/* By name: FileIndexes change in copies and virtual fulls.  Spec: volume.md 7.3 */
static enum err_code
make_hard(struct making *m, struct err *err)
{
	struct rebuild *r = m->r;
	struct bytes first = m->f->attr.link;
	OWNED(buf_release) struct buf mapped = BUF_INIT(64 * 1024);

	if (first.n == 0)
		return err_set(err, ERR_FORMAT, "hard link without the first file's name");
	if (r->rules != NULL) {
		if (rename_apply(r->rules, first, &mapped, err) != ERR_OK)
			return err->code;
		first = buf_bytes(&mapped);
	}
	if (place_find(r->place, PLACE_LINK, first, PLACE_MUST_EXIST, &m->first, err) != ERR_OK)
		return err_ctx(err, "cannot link to %s", PATH_PRINT(m->f->attr.link));
	if (same_file(&m->first, m->at)) {
		m->f->state = FILE_LINKED;
		return ERR_OK;
	}
	if (make_new(m, make_hard_link, FILE_LINKED, "cannot make hard link", err) != ERR_OK)
		return err_ctx(err, "to %s", PATH_PRINT(m->f->attr.link));
	return ERR_OK;
}

static enum err_code
make_special(struct making *m, struct err *err)
{
	mode_t kind = (mode_t)m->f->st.mode & S_IFMT;

	if (!S_ISCHR(kind) && !S_ISBLK(kind) && !S_ISFIFO(kind) && !S_ISSOCK(kind))
		return err_set(err, ERR_FORMAT, "special file of unknown kind, mode 0%" PRIo64,
			       m->f->st.mode);
	return make_new(m, make_node, FILE_MADE, "cannot make special file", err);
}

/* The content of a device or a fifo: into the device itself when it is to go to its original
 * place and is there, into a fifo that someone reads, else into a regular file. */
static enum err_code
make_stream(struct making *m, struct err *err)
{
	mode_t want = m->f->attr.type == FT_RAW ? S_IFBLK : S_IFIFO;
	bool in_place = m->r->where[0] == '\0' && m->r->rules == NULL;
	struct err e = ERR_INIT;
	struct stat st;

	if (fstatat(m->at->dir_fd, m->at->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    (st.st_mode & S_IFMT) == want && (in_place || want == S_IFIFO)) {
		m->f->fd = openat(m->at->dir_fd, m->at->name,
				  O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (m->f->fd >= 0) {
			(void)fcntl(m->f->fd, F_SETFL, 0);
			m->f->state = FILE_OPEN;
			return ERR_OK;
		}
	}
	if (make_new(m, make_regular, FILE_OPEN, "cannot create", err) != ERR_OK)
		return err->code;
	if (m->f->state == FILE_OPEN) {
		(void)err_set(&e, ERR_SYS, "content of a %s restored into a regular file",
			      want == S_IFBLK ? "block device" : "fifo");
		rebuild_say(m->r, m->f, REBUILD_WARNING, &e);
	}
	return ERR_OK;
}

static bool
is_encrypted(const struct rebuild_file *f)
{
	const struct stream_row *row = stream_find((uint32_t)f->st.data_stream & 0x7ff);

	return row != NULL && (row->flags & STREAM_ENCRYPTED) && f->st.size != 0;
}

static enum err_code
make_file(struct making *m, struct err *err)
{
	if (is_encrypted(m->f))
		return err_set(err, ERR_FORMAT, "not restored: its content is encrypted");
	return make_new(m, make_regular, FILE_OPEN, "cannot create", err);
}

/* What a dry run would have made. */
static enum err_code
pretend(struct rebuild_file *f, struct err *err)
{
	switch (f->attr.type) {
	case FT_REG:
	case FT_REGE:
	case FT_PLUGIN:
		if (is_encrypted(f))
			return err_set(err, ERR_FORMAT, "not restorable: its content is encrypted");
		f->state = FILE_OPEN;
		return ERR_OK;
	case FT_RAW:
	case FT_FIFO:
		f->state = FILE_OPEN;
		return ERR_OK;
	case FT_LNKSAVED:
		f->state = FILE_LINKED;
		return ERR_OK;
	default:
		f->state = FILE_MADE;
		return ERR_OK;
	}
}

static enum err_code
make_by_type(struct making *m, struct err *err)
{
	switch (m->f->attr.type) {
	case FT_REG:
	case FT_REGE:
	case FT_PLUGIN:
		return make_file(m, err);
	case FT_LNKSAVED:
		return make_hard(m, err);
	case FT_LNK:
		return make_link(m, err);
	case FT_DIREND:
	case FT_NORECURSE:
	case FT_NOFSCHG:
	case FT_INVALIDFS:
	case FT_INVALIDDT:
	case FT_REPARSE:
	case FT_JUNCTION:
		return make_dir(m, err);
	case FT_SPEC:
		return make_special(m, err);
	case FT_RAW:
	case FT_FIFO:
		return make_stream(m, err);
	default:
		return err_set(err, ERR_FORMAT, "cannot be restored: %s",
			       file_type_text(m->f->attr.type));
	}
}

/* Spec: volume.md 16 "Creation by type" */
enum err_code
rebuild_make(struct rebuild *r, struct rebuild_file *f, struct err *err)
{
	struct place_at at;
	struct making m = { .r = r, .f = f, .at = &at };

	if (f->attr.type == FT_DELETED)
		return ERR_OK; /* stays in FILE_SKIP: there is nothing to restore */
	if (r->o.dry_run)
		return pretend(f, err);
	if (place_find(r->place, PLACE_FILE, buf_bytes(&f->mapped), PLACE_MAKE, &at, err) != ERR_OK)
		return err->code;
	if (at.path.n == 0 && f->attr.type != FT_DIREND)
		return err_set(err, ERR_LIMIT, "the target directory itself stands in its place");
	if (make_by_type(&m, err) != ERR_OK)
		return err->code;
	if (f->state == FILE_DIR) {
		buf_clear(&f->path);
		return buf_append(&f->path, at.path.p, at.path.n, err);
	}
	return ERR_OK;
}

void
rebuild_unmake(struct rebuild *r, struct rebuild_file *f)
{
	struct place_at at;
	struct err ignored = ERR_INIT;

	if (f->state != FILE_OPEN || r->place == NULL)
		return;
	if (place_find(r->place, PLACE_FILE, buf_bytes(&f->mapped), PLACE_MUST_EXIST, &at,
		       &ignored) == ERR_OK)
		(void)unlinkat(at.dir_fd, at.name, 0);
}
