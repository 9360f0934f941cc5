#include "director/job/job_clock.h"

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/fd.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/sync.h"
#include "lib/proto/scan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define TWICE_MAX 8
/* A clock further behind was wrong before, not now: zones and summer times are within it. */
#define BELIEVE_SECONDS (26 * 3600)
/* A step that nobody saw may have happened any time before the start. */
#define UNSEEN_SECONDS (26 * 3600)

struct job_clock {
	char *path;        /* owned */
	struct mutex lock; /* RANK_LEAF */
	int64_t highest GUARDED_BY(&lock);
	int64_t looked_ms GUARDED_BY(&lock); /* clock_mono_ms of the last look, 0 none */
	struct {
		int64_t from, until; /* the clock showed what is between them twice */
	} twice[TWICE_MAX] GUARDED_BY(&lock);
	size_t n GUARDED_BY(&lock);
};

struct job_clock *
job_clock_new(const char *path) NO_ANALYSIS /* nobody else knows it yet */
{
	struct job_clock *c = NEW(struct job_clock);
	OWNED(buf_release) struct buf text = BUF_INIT(64 * 1024);
	struct err ignored = ERR_INIT;
	struct bytes in;
	const uint8_t *nl;

	c->path = str_dup(path);
	mutex_init(&c->lock, RANK_LEAF);
	if (fd_read_file(path, &text, &ignored) != ERR_OK)
		return c;
	in = buf_bytes(&text);
	while (in.n > 0 && (nl = memchr(in.p, '\n', in.n)) != NULL) {
		struct bytes line = bytes_of(in.p, (size_t)(nl - in.p));
		int64_t from, until;

		(void)!wire_scan(line, "highest %" SCNd64, &c->highest);
		if (c->n < TWICE_MAX &&
		    wire_scan(line, "twice %" SCNd64 " %" SCNd64, &from, &until)) {
			c->twice[c->n].from = from;
			c->twice[c->n++].until = until;
		}
		in = bytes_skip(in, line.n + 1);
	}
	return c;
}

void
job_clock_free(struct job_clock *c)
{
	if (c == NULL)
		return;
	mutex_release(&c->lock);
	free(c->path);
	free(c);
}

static char *
text_locked(const struct job_clock *c) REQUIRES(c->lock)
{
	struct buf b = BUF_INIT(64 * 1024);

	buf_text(&b, "highest %" PRId64 "\n", c->highest);
	for (size_t i = 0; i < c->n; i++)
		buf_text(&b, "twice %" PRId64 " %" PRId64 "\n", c->twice[i].from,
			 c->twice[i].until);
	return buf_take_str(&b);
}

/* text may be NULL: nothing has changed. */
static void
store(struct job_clock *c, char *text)
{
	struct err err = ERR_INIT;

	if (text != NULL && fd_replace_file(c->path, bytes_str(text), 0640, &err) != ERR_OK)
		log_warn("%s", err.text);
	free(text);
}

/* True when the clock is found behind for the first time. */
static bool
look_locked(struct job_clock *c, int64_t now, int64_t mono_ms) REQUIRES(c->lock)
{
	int64_t unseen = c->looked_ms != 0 ? (mono_ms - c->looked_ms) / 1000 + 1 : UNSEEN_SECONDS;

	c->looked_ms = mono_ms;
	if (now >= c->highest || (c->n > 0 && c->twice[c->n - 1].until == c->highest))
		return false;
	if (c->n == TWICE_MAX)
		memmove(&c->twice[0], &c->twice[1], --c->n * sizeof(c->twice[0]));
	c->twice[c->n].from = now - unseen;
	c->twice[c->n++].until = c->highest;
	return true;
}

static void
say_behind(int64_t now, int64_t highest)
{
	char a[32], b[32];

	log_warn("the clock was set back: it shows %s, the last job's time is %s",
		 clock_format(now, "%Y-%m-%d %H:%M:%S", a, sizeof(a)),
		 clock_format(highest, "%Y-%m-%d %H:%M:%S", b, sizeof(b)));
}

int64_t
job_clock_now(struct job_clock *c)
{
	int64_t now = clock_now(), was, highest;
	char *text = NULL;
	bool behind;

	mutex_lock(&c->lock);
	was = c->highest;
	behind = look_locked(c, now, clock_mono_ms());
	if (now >= was || was - now > BELIEVE_SECONDS)
		c->highest = now;
	highest = c->highest;
	if (behind || highest != was)
		text = text_locked(c);
	mutex_unlock(&c->lock);
	if (behind)
		say_behind(now, was);
	store(c, text);
	return highest;
}

void
job_clock_look(struct job_clock *c)
{
	int64_t now = clock_now(), highest;
	char *text = NULL;

	mutex_lock(&c->lock);
	highest = c->highest;
	if (look_locked(c, now, clock_mono_ms()))
		text = text_locked(c);
	mutex_unlock(&c->lock);
	if (text != NULL)
		say_behind(now, highest);
	store(c, text);
}

int64_t
job_clock_since(struct job_clock *c, int64_t t)
{
	mutex_lock(&c->lock);
	/* From the latest step: one may lead into the times of an earlier one. */
	for (size_t i = c->n; i > 0; i--)
		if (t > c->twice[i - 1].from && t <= c->twice[i - 1].until)
			t = c->twice[i - 1].from;
	mutex_unlock(&c->lock);
	return t;
}
