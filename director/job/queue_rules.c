#include "director/job/queue_rules.h"

#include "lib/base/hash.h"
#include "lib/base/own.h"
#include "lib/proto/job_code.h"

#include <stdio.h>
#include <string.h>

/* What a limit is about. */
enum counted { COUNT_DIRECTOR, COUNT_STORAGE, COUNT_CLIENT, COUNT_JOB, N_COUNTED };

static const struct limit_row {
	const char *word;
	int status;
} limits[] = {
	[COUNT_DIRECTOR] = { "the Director", STATUS_WAIT_MAX },
	[COUNT_STORAGE] = { "Storage", STATUS_WAIT_STORAGE },
	[COUNT_CLIENT] = { "Client", STATUS_WAIT_CLIENT },
	[COUNT_JOB] = { "Job", STATUS_WAIT_JOB },
};

/* The slots of one resource that are taken. */
struct taken {
	const char *name; /* borrowed from the first job that needs one */
	uint32_t n;
	uint32_t last;     /* JobId of the last holder */
	char holders[128]; /* "12, 13": the first of them */
	UT_hash_handle hh;
};

struct slots {
	struct taken *of[N_COUNTED];
};

static void
slots_release(struct slots *s)
{
	struct taken *t, *next;

	for (size_t what = 0; what < N_COUNTED; what++)
		HASH_ITER (hh, s->of[what], t, next) {
			HASH_DEL(s->of[what], t);
			free(t);
		}
}

static struct taken *
taken_of(struct slots *s, enum counted what, const char *name)
{
	struct taken *t;

	HASH_FIND_STR(s->of[what], name, t);
	if (t == NULL) {
		t = NEW(struct taken);
		t->name = name;
		HASH_ADD_KEYPTR(hh, s->of[what], t->name, strlen(t->name), t);
	}
	return t;
}

static void
hold(struct taken *t, uint32_t job_id)
{
	size_t used = strlen(t->holders);

	t->n++;
	if (t->last != job_id && used + 16 < sizeof(t->holders))
		(void)snprintf(t->holders + used, sizeof(t->holders) - used, "%s%u",
			       used > 0 ? ", " : "", job_id);
	t->last = job_id;
}

/* One slot that a job needs. */
struct need {
	enum counted what;
	struct queue_counter counter;
};

#define NEEDS_MAX 5

/* In the order of 4.2. */
static size_t
needs_of(const struct queue_item *it, uint32_t limit, struct need out[NEEDS_MAX])
{
	const struct need all[NEEDS_MAX] = {
		{ COUNT_DIRECTOR, { "", limit } },
		{ COUNT_STORAGE, it->read_storage },
		{ COUNT_STORAGE, it->write_storage },
		{ COUNT_CLIENT, it->client },
		{ COUNT_JOB, it->job },
	};
	size_t n = 0;

	for (size_t i = 0; i < NEEDS_MAX; i++)
		if (all[i].counter.name != NULL)
			out[n++] = all[i];
	return n;
}

static uint32_t
times_needed(const struct need *needs, size_t n, const struct need *need)
{
	uint32_t times = 0;

	for (size_t i = 0; i < n; i++)
		times += needs[i].what == need->what &&
			 strcmp(needs[i].counter.name, need->counter.name) == 0;
	return times;
}

static bool
has_room(struct slots *s, const struct need *needs, size_t n, const struct need *need,
	 struct queue_item *it)
{
	const struct taken *t = taken_of(s, need->what, need->counter.name);
	const char *quote = need->counter.name[0] != '\0' ? "\"" : "";

	/* A limit below what one job needs must not block it for ever. */
	if (t->n == 0 || t->n + times_needed(needs, n, need) <= need->counter.limit)
		return true;
	it->status = limits[need->what].status;
	(void)snprintf(it->reason, sizeof(it->reason),
		       "%s%s%s%s%s has its Maximum Concurrent Jobs (%u), held by JobId %s",
		       limits[need->what].word, quote[0] != '\0' ? " " : "", quote,
		       need->counter.name, quote, need->counter.limit, t->holders);
	return false;
}

static void
take(struct slots *s, const struct queue_item *it, uint32_t limit)
{
	struct need needs[NEEDS_MAX];
	size_t n = needs_of(it, limit, needs);

	for (size_t i = 0; i < n; i++)
		hold(taken_of(s, needs[i].what, needs[i].counter.name), it->job_id);
}

/* Takes what the job needs, all or nothing. */
static bool
may_start(struct slots *s, struct queue_item *it, uint32_t limit)
{
	struct need needs[NEEDS_MAX];
	size_t n = needs_of(it, limit, needs);

	for (size_t i = 0; i < n; i++)
		if (!has_room(s, needs, n, &needs[i], it))
			return false;
	take(s, it, limit);
	return true;
}

/* The priority all must have, and whether a more urgent job may join. */
struct reference {
	const struct queue_item *item; /* NULL: the queue is empty */
	bool mix_ok;
};

static struct reference
find_reference(const struct queue_item *items, size_t n)
{
	struct reference r = { NULL, true };
	bool any_running = false;

	for (size_t i = 0; i < n; i++) {
		const struct queue_item *it = &items[i];

		if (!it->running && it->over)
			continue;
		if (r.item == NULL)
			r.item = it;
		if (it->running) {
			any_running = true;
			r.mix_ok = r.mix_ok && it->allow_mixed;
		}
	}
	r.mix_ok = r.mix_ok && any_running;
	return r;
}

static bool
priority_fits(const struct reference *r, const struct queue_item *it)
{
	return it->priority == r->item->priority ||
	       (it->priority < r->item->priority && it->allow_mixed && r->mix_ok);
}

void
queue_examine(struct queue_item *items, size_t n, uint32_t limit)
{
	OWNED(slots_release) struct slots slots = { 0 };
	struct reference r = find_reference(items, n);
	bool blocked = false;

	for (size_t i = 0; i < n; i++)
		if (items[i].running)
			take(&slots, &items[i], limit);
	for (size_t i = 0; i < n; i++) {
		struct queue_item *it = &items[i];

		if (it->running)
			continue;
		it->start = false;
		it->status = 0;
		it->reason[0] = '\0';
		if (it->over) {
			it->start = true;
			continue;
		}
		if (blocked || !priority_fits(&r, it)) {
			blocked = true; /* everything behind it waits, too */
			it->status = STATUS_WAIT_PRIORITY;
			(void)snprintf(it->reason, sizeof(it->reason),
				       "priority %d waits for priority %d, JobId %u", it->priority,
				       r.item->priority, r.item->job_id);
			continue;
		}
		it->start = may_start(&slots, it, limit);
	}
}
