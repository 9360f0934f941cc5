/*
 * File-scope state, guarded by lock: the list of strangers and the table of source addresses.
 * The table has a fixed number of places; the one unused for longest gives way.
 */
#include "lib/net/origin.h"

#include "lib/base/clock.h"
#include "lib/base/hash.h"
#include "lib/base/sync.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define PLACES      256
#define FIRST_MS    1000u
#define LAST_MS     5000u
#define FORGET_MS   60000 /* without a failure */
#define LOG_MS      60000 /* the minute in which so many lines are said: */
#define LINES       10    /* about one address */
#define LINES_TOTAL 100   /* about all */

struct saying {
	int64_t since_ms;
	unsigned said;
};

struct place {
	char host[64];
	unsigned failures; /* in a row */
	int64_t failed_ms, seen_ms;
	struct saying saying;
	unsigned unsaid;
};

static struct mutex lock = { PTHREAD_MUTEX_INITIALIZER, RANK_LEAF };
static struct place places[PLACES] GUARDED_BY(&lock);
static struct stranger *strangers GUARDED_BY(&lock); /* oldest first */
static size_t n_strangers GUARDED_BY(&lock);
static struct saying all_saying GUARDED_BY(&lock);

/* ---- strangers ---- */

static void
unlink_locked(struct stranger *s) REQUIRES(lock)
{
	DL_DELETE(strangers, s);
	s->inside = false;
	n_strangers--;
}

static void
show_out_locked(struct stranger *s) REQUIRES(lock)
{
	unlink_locked(s);
	atomic_store(&s->shown_out, true);
	(void)shutdown(s->fd, SHUT_RDWR);
}

/* The oldest of this address when it has its share, or the oldest of all when all are taken. */
static struct stranger *
who_gives_way_locked(const char *host) REQUIRES(lock)
{
	struct stranger *s, *oldest = NULL;
	size_t n = 0;

	DL_FOREACH (strangers, s) {
		if (host[0] == '\0' || strcmp(s->host, host) != 0)
			continue;
		n++;
		if (oldest == NULL)
			oldest = s;
	}
	if (n >= ORIGIN_STRANGERS_MAX)
		return oldest;
	return n_strangers >= STRANGERS_MAX ? strangers : NULL;
}

static void
enter_locked(struct stranger *s) REQUIRES(lock)
{
	struct stranger *old = who_gives_way_locked(s->host);

	if (old != NULL)
		show_out_locked(old);
	DL_APPEND(strangers, s);
	s->inside = true;
	n_strangers++;
}

void
origin_enter(struct stranger *s, const char *host, int fd)
{
	(void)snprintf(s->host, sizeof(s->host), "%s", host);
	s->fd = fd;
	atomic_store(&s->shown_out, false);
	mutex_lock(&lock);
	enter_locked(s);
	mutex_unlock(&lock);
}

void
origin_leave(struct stranger *s)
{
	mutex_lock(&lock);
	if (s->inside)
		unlink_locked(s);
	mutex_unlock(&lock);
}

bool
origin_show_one_out(void)
{
	bool any;

	mutex_lock(&lock);
	any = strangers != NULL;
	if (any)
		show_out_locked(strangers);
	mutex_unlock(&lock);
	return any;
}

/* ---- failures ---- */

static struct place *
find_locked(const char *host) REQUIRES(lock)
{
	struct place *oldest = &places[0];

	for (size_t i = 0; i < PLACES; i++) {
		if (strcmp(places[i].host, host) == 0) {
			places[i].seen_ms = clock_mono_ms();
			return &places[i];
		}
		if (places[i].seen_ms < oldest->seen_ms)
			oldest = &places[i];
	}
	*oldest = (struct place){ .seen_ms = clock_mono_ms() };
	(void)snprintf(oldest->host, sizeof(oldest->host), "%s", host);
	return oldest;
}

static unsigned
failed_locked(const char *host) REQUIRES(lock)
{
	struct place *p = find_locked(host);
	int64_t now = clock_mono_ms();
	unsigned ms = FIRST_MS;

	if (now - p->failed_ms > FORGET_MS)
		p->failures = 0;
	for (unsigned i = 0; i < p->failures && ms < LAST_MS; i++)
		ms *= 2;
	p->failures++;
	p->failed_ms = now;
	return ms < LAST_MS ? ms : LAST_MS;
}

unsigned
origin_failed(const char *host)
{
	unsigned ms;

	if (host[0] == '\0')
		return 0;
	mutex_lock(&lock);
	ms = failed_locked(host);
	mutex_unlock(&lock);
	return ms;
}

void
origin_succeeded(const char *host)
{
	if (host[0] == '\0')
		return;
	mutex_lock(&lock);
	find_locked(host)->failures = 0;
	mutex_unlock(&lock);
}

/* ---- the log ---- */

static bool
may_say(struct saying *s, unsigned lines)
{
	int64_t now = clock_mono_ms();

	if (s->said == 0 || now - s->since_ms > LOG_MS)
		*s = (struct saying){ .since_ms = now };
	return s->said < lines;
}

static bool
may_log_locked(struct place *p, unsigned *unsaid) REQUIRES(lock)
{
	if (!may_say(&p->saying, LINES) || !may_say(&all_saying, LINES_TOTAL)) {
		p->unsaid++;
		return false;
	}
	p->saying.said++;
	all_saying.said++;
	*unsaid = p->unsaid;
	p->unsaid = 0;
	return true;
}

bool
origin_may_log(const char *host, unsigned *unsaid)
{
	bool may;

	mutex_lock(&lock);
	may = may_log_locked(find_locked(host), unsaid);
	mutex_unlock(&lock);
	return may;
}
