/*
 * File-scope state: the table of source addresses, guarded by lock.  It has a fixed number of
 * places; the one unused for longest gives way, but never one with strangers at the door.
 */
#include "lib/net/origin.h"

#include "lib/base/clock.h"
#include "lib/base/sync.h"

#include <stdio.h>
#include <string.h>

#define PLACES    256
#define FIRST_MS  1000u
#define LAST_MS   5000u
#define FORGET_MS 60000 /* without a failure */

struct place {
	char host[64];
	unsigned strangers;
	unsigned failures; /* in a row */
	int64_t seen_ms;
};

static struct mutex lock = { PTHREAD_MUTEX_INITIALIZER, RANK_LEAF };
static struct place places[PLACES] GUARDED_BY(&lock);

static struct place *
find_locked(const char *host) REQUIRES(lock)
{
	struct place *oldest = NULL;

	for (size_t i = 0; i < PLACES; i++) {
		struct place *p = &places[i];

		if (strcmp(p->host, host) == 0)
			return p;
		if (p->strangers == 0 && (oldest == NULL || p->seen_ms < oldest->seen_ms))
			oldest = p;
	}
	if (oldest == NULL)
		return NULL;
	*oldest = (struct place){ 0 };
	(void)snprintf(oldest->host, sizeof(oldest->host), "%s", host);
	return oldest;
}

static bool
enter_locked(const char *host) REQUIRES(lock)
{
	struct place *p = find_locked(host);

	if (p == NULL || p->strangers >= ORIGIN_STRANGERS_MAX)
		return false;
	p->strangers++;
	return true;
}

bool
origin_enter(const char *host)
{
	bool may;

	if (host[0] == '\0')
		return true;
	mutex_lock(&lock);
	may = enter_locked(host);
	mutex_unlock(&lock);
	return may;
}

void
origin_leave(const char *host)
{
	struct place *p;

	if (host[0] == '\0')
		return;
	mutex_lock(&lock);
	p = find_locked(host);
	if (p != NULL && p->strangers > 0)
		p->strangers--;
	mutex_unlock(&lock);
}

static unsigned
failed_locked(const char *host) REQUIRES(lock)
{
	struct place *p = find_locked(host);
	int64_t now = clock_mono_ms();
	unsigned ms = FIRST_MS;

	if (p == NULL)
		return LAST_MS;
	if (now - p->seen_ms > FORGET_MS)
		p->failures = 0;
	for (unsigned i = 0; i < p->failures && ms < LAST_MS; i++)
		ms *= 2;
	p->failures++;
	p->seen_ms = now;
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
	struct place *p;

	if (host[0] == '\0')
		return;
	mutex_lock(&lock);
	p = find_locked(host);
	if (p != NULL)
		p->failures = 0;
	mutex_unlock(&lock);
}
