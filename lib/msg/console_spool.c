/*
 * lib/msg/console_spool.c - messages that wait for a console
 *
 * The newest lines are kept in memory and, so that a restart loses none, in a file: each record is
 * "<serial> <time> <job id> <length>\n<text>\n".  "<path>.pos" holds how far each reader got.
 * Both files are bounded: when LINES_MAX lines are reached the older half is dropped and the file
 * is written anew.  One of the callers at a time writes, for all and without the lock.  Nothing is
 * fsynced: these lines are for reading, the catalog has the record.
 */
#include "lib/msg/deliver.h"

#include "lib/base/fd.h"
#include "lib/base/hash.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/sync.h"
#include "lib/proto/scan.h"

#include <fcntl.h>
#include <inttypes.h>

#define LINES_MAX  20000u
#define FILE_MAX   (64u * 1024 * 1024)
#define READER_MAX 128

#define LINE_MAX_BYTES (1024u * 1024)

struct line {
	uint64_t serial;
	int64_t time;
	uint32_t job_id;
	char *text; /* owned */
};

struct reader {
	char name[READER_MAX];
	uint64_t seen; /* serial of the last line it has read */
	UT_hash_handle hh;
};

struct msg_console {
	char *path, *pos_path; /* owned */
	struct mutex lock;     /* RANK_MSG: all below but fd */
	bool writing;          /* one caller writes to the files */
	bool rewrite;          /* the spool is to be written anew */
	bool moved;            /* positions are newer than their file */
	struct buf pending;    /* records to append */
	int fd;                /* of the spool, -1 when it cannot be written; the writer's */
	struct line *lines;    /* owned ring without wrap: lines[0] is the oldest */
	size_t n, cap;
	size_t bytes;           /* of all texts */
	uint64_t last;          /* serial of the newest line */
	struct reader *readers; /* owned */
};

static void
keep_line(struct msg_console *c, uint64_t serial, int64_t time, uint32_t job_id, char *text)
{
	if (c->n == c->cap)
		c->lines = mem_grow(c->lines, c->n, &c->cap, sizeof(*c->lines));
	c->lines[c->n++] = (struct line){ serial, time, job_id, text };
	c->bytes += strlen(text);
	c->last = serial;
}

/* One record at the beginning of in; false: no whole one is there. */
static bool
parse_record(struct bytes *in, struct line *out)
{
	const uint8_t *nl = in->n > 0 ? memchr(in->p, '\n', in->n) : NULL;
	uint64_t len, used;

	if (nl == NULL)
		return false;
	if (!wire_scan(bytes_of(in->p, (size_t)(nl - in->p)), "%" SCNu64 " %" SCNd64 " %u %" SCNu64,
		       &out->serial, &out->time, &out->job_id, &len))
		return false;
	used = (uint64_t)(nl - in->p) + 1;
	if (len >= in->n || in->n - used < len + 1 || in->p[used + len] != '\n')
		return false;
	out->text = str_ndup((const char *)in->p + used, (size_t)len);
	*in = bytes_skip(*in, (size_t)(used + len + 1));
	return true;
}

static void
load_spool(struct msg_console *c)
{
	struct buf b = BUF_INIT(FILE_MAX);
	struct err err = ERR_INIT;
	struct bytes in;
	struct line l;

	if (fd_read_file(c->path, &b, &err) == ERR_OK) {
		in = buf_bytes(&b);
		while (parse_record(&in, &l))
			keep_line(c, l.serial, l.time, l.job_id, l.text);
		c->rewrite = in.n > 0; /* what is appended to a torn record cannot be read */
	}
	buf_release(&b);
}

static struct reader *
reader_locked(struct msg_console *c, const char *name)
{
	struct reader *r;

	HASH_FIND_STR(c->readers, name, r);
	if (r == NULL) {
		r = NEW(struct reader);
		(void)snprintf(r->name, sizeof(r->name), "%s", name);
		HASH_ADD_STR(c->readers, name, r);
	}
	return r;
}

/* A reader cannot be ahead of the lines: those that it read last were lost with the power. */
static void
set_position(struct msg_console *c, const char *reader, uint64_t seen)
{
	c->moved = c->moved || seen > c->last;
	reader_locked(c, reader)->seen = seen < c->last ? seen : c->last;
}

static void
load_positions(struct msg_console *c)
{
	struct buf b = BUF_INIT(1u << 20);
	struct err err = ERR_INIT;
	char name[READER_MAX];
	uint64_t seen;

	if (fd_read_file(c->pos_path, &b, &err) == ERR_OK) {
		struct bytes in = buf_bytes(&b);
		const uint8_t *nl;

		while (in.n > 0 && (nl = memchr(in.p, '\n', in.n)) != NULL) {
			if (wire_scan(bytes_of(in.p, (size_t)(nl - in.p)), "%" SCNu64 " %127s",
				      &seen, name) &&
			    name[0] != '\0')
				set_position(c, wire_unbash(name), seen);
			in = bytes_skip(in, (size_t)(nl - in.p) + 1);
		}
	}
	buf_release(&b);
}

/* The writer's: takes the lock's state, writes without it. */
static void
store_positions(struct msg_console *c) REQUIRES(&c->lock)
{
	struct buf b = BUF_INIT(1u << 20);
	struct err err = ERR_INIT;
	struct reader *r, *next;

	c->moved = false;
	HASH_ITER (hh, c->readers, r, next) {
		char name[READER_MAX];

		(void)snprintf(name, sizeof(name), "%s", r->name);
		buf_text(&b, "%" PRIu64 " %s\n", r->seen, wire_bash(name));
	}
	mutex_unlock(&c->lock);
	if (fd_replace_file(c->pos_path, buf_bytes(&b), 0600, &err) != ERR_OK)
		log_warn("%s", err.text);
	buf_release(&b);
	mutex_lock(&c->lock);
}

static void
emit_record(const struct line *l, struct buf *out)
{
	buf_text(out, "%" PRIu64 " %" PRId64 " %u %zu\n", l->serial, l->time, l->job_id,
		 strlen(l->text));
	buf_put(out, l->text, strlen(l->text));
	buf_put(out, "\n", 1);
}

/* Drop the older half; the file follows. */
static void
shrink_locked(struct msg_console *c) REQUIRES(&c->lock)
{
	size_t drop = c->n / 2;

	for (size_t i = 0; i < drop; i++) {
		c->bytes -= strlen(c->lines[i].text);
		free(c->lines[i].text);
	}
	memmove(c->lines, c->lines + drop, (c->n - drop) * sizeof(*c->lines));
	c->n -= drop;
	c->rewrite = true;
}

static void
rewrite_spool(struct msg_console *c) REQUIRES(&c->lock)
{
	struct buf b = BUF_INIT(2u * FILE_MAX);
	struct err err = ERR_INIT;

	c->rewrite = false;
	buf_clear(&c->pending);
	for (size_t i = 0; i < c->n; i++)
		emit_record(&c->lines[i], &b);
	mutex_unlock(&c->lock);
	if (c->fd >= 0)
		close(TAKE_FD(c->fd));
	if (fd_replace_file(c->path, buf_bytes(&b), 0600, &err) != ERR_OK ||
	    fd_open(c->path, O_WRONLY | O_APPEND | O_CREAT, 0600, &c->fd, &err) != ERR_OK)
		log_warn("console messages: %s", err.text);
	buf_release(&b);
	mutex_lock(&c->lock);
}

static void
append_spool(struct msg_console *c) REQUIRES(&c->lock)
{
	struct buf take = c->pending;
	struct err err = ERR_INIT;

	c->pending = (struct buf)BUF_INIT(FILE_MAX);
	mutex_unlock(&c->lock);
	if (c->fd >= 0 && fd_write_full(c->fd, c->path, take.p, take.len, &err) != ERR_OK) {
		log_warn("console messages are kept in memory only: %s", err.text);
		close(TAKE_FD(c->fd));
	}
	buf_release(&take);
	mutex_lock(&c->lock);
}

/* Bring the files up to date, unless somebody is at it, who then does it for us. */
static void
write_out(struct msg_console *c) REQUIRES(&c->lock)
{
	if (c->writing)
		return;
	c->writing = true;
	while (c->rewrite || c->moved || c->pending.len > 0) {
		if (c->rewrite)
			rewrite_spool(c);
		else if (c->pending.len > 0)
			append_spool(c);
		else
			store_positions(c);
	}
	c->writing = false;
}

struct msg_console *
msg_console_new(const char *spool_path)
{
	struct msg_console *c = NEW(struct msg_console);
	struct err err = ERR_INIT;

	c->path = str_dup(spool_path);
	c->pos_path = str_printf("%s.pos", spool_path);
	c->fd = -1;
	c->pending = (struct buf)BUF_INIT(FILE_MAX);
	mutex_init(&c->lock, RANK_MSG);
	load_spool(c);
	load_positions(c);
	if (fd_open(c->path, O_WRONLY | O_APPEND | O_CREAT, 0600, &c->fd, &err) != ERR_OK)
		log_warn("console messages: %s", err.text);
	return c;
}

void
msg_console_free(struct msg_console *c)
{
	struct reader *r, *next;

	if (c == NULL)
		return;
	HASH_ITER (hh, c->readers, r, next) {
		HASH_DEL(c->readers, r);
		free(r);
	}
	for (size_t i = 0; i < c->n; i++)
		free(c->lines[i].text);
	free(c->lines);
	buf_release(&c->pending);
	if (c->fd >= 0)
		close(c->fd);
	mutex_release(&c->lock);
	free(c->path);
	free(c->pos_path);
	free(c);
}

void
msg_console_put(struct msg_console *c, int64_t time, uint32_t job_id, const char *text)
{
	mutex_lock(&c->lock);
	if (c->n >= LINES_MAX || c->bytes > FILE_MAX / 2)
		shrink_locked(c);
	keep_line(c, c->last + 1, time, job_id, str_ndup(text, strnlen(text, LINE_MAX_BYTES)));
	if (c->pending.len < FILE_MAX - 2 * LINE_MAX_BYTES)
		emit_record(&c->lines[c->n - 1], &c->pending);
	else
		c->rewrite = true; /* the disk is far behind: all at once, later */
	write_out(c);
	mutex_unlock(&c->lock);
}

static size_t
first_unseen_locked(const struct msg_console *c, uint64_t seen)
{
	size_t i = c->n;

	while (i > 0 && c->lines[i - 1].serial > seen)
		i--;
	return i;
}

size_t
msg_console_pending(struct msg_console *c, const char *reader)
{
	size_t n;

	mutex_lock(&c->lock);
	n = c->n - first_unseen_locked(c, reader_locked(c, reader)->seen);
	mutex_unlock(&c->lock);
	return n;
}

/* Copies of the lines from index from on. */
static size_t
copy_locked(struct msg_console *c, size_t from, struct line **out)
{
	size_t n = c->n - from;

	*out = NEW_ARRAY(struct line, n + 1);
	for (size_t i = 0; i < n; i++) {
		(*out)[i] = c->lines[from + i];
		(*out)[i].text = str_dup(c->lines[from + i].text);
	}
	return n;
}

/* Hand n copies to fn, freeing them; returns the serial of the last one taken. */
static uint64_t
hand_over(struct line *lines, size_t n, uint64_t seen,
	  bool (*fn)(void *arg, const struct msg_console_line *line), void *arg)
{
	bool go_on = true;

	for (size_t i = 0; i < n; i++) {
		struct msg_console_line l = { lines[i].time, lines[i].job_id, lines[i].text };

		if (go_on)
			go_on = fn(arg, &l);
		if (go_on)
			seen = lines[i].serial;
		free(lines[i].text);
	}
	free(lines);
	return seen;
}

void
msg_console_read(struct msg_console *c, const char *reader,
		 bool (*fn)(void *arg, const struct msg_console_line *line), void *arg)
{
	struct line *copy;
	uint64_t seen;
	size_t n;

	mutex_lock(&c->lock);
	seen = reader_locked(c, reader)->seen;
	n = copy_locked(c, first_unseen_locked(c, seen), &copy);
	mutex_unlock(&c->lock);

	seen = hand_over(copy, n, seen, fn, arg);

	mutex_lock(&c->lock);
	if (seen > reader_locked(c, reader)->seen) {
		reader_locked(c, reader)->seen = seen;
		c->moved = true;
		write_out(c);
	}
	mutex_unlock(&c->lock);
}

void
msg_console_last(struct msg_console *c, size_t n,
		 bool (*fn)(void *arg, const struct msg_console_line *line), void *arg)
{
	struct line *copy;
	size_t got;

	mutex_lock(&c->lock);
	got = copy_locked(c, n < c->n ? c->n - n : 0, &copy);
	mutex_unlock(&c->lock);
	(void)hand_over(copy, got, 0, fn, arg);
}
