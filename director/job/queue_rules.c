#include "director/job/queue_rules.h"

#include "lib/proto/job_code.h"

#include <stdio.h>
#include <string.h>

static bool
holds_slot(const struct queue_item *it)
{
	return it->running || (it->start && !it->over);
}

static bool
names(const struct queue_counter *c, const char *name)
{
	return c->name != NULL && strcmp(c->name, name) == 0;
}

/* Which of an item's counters a limit is about. */
enum counted { COUNT_STORAGE, COUNT_CLIENT, COUNT_JOB };

static uint32_t
slots_of(const struct queue_item *it, enum counted what, const char *name)
{
	switch (what) {
	case COUNT_STORAGE:
		return (uint32_t)names(&it->read_storage, name) + names(&it->write_storage, name);
	case COUNT_CLIENT:
		return names(&it->client, name);
	case COUNT_JOB:
		return names(&it->job, name);
	}
	return 0;
}

/* The ids of the jobs that hold a counter, "12, 13". */
static void
list_holders(const struct queue_item *items, size_t n, enum counted what, const char *name,
	     char *out, size_t cap)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < n && used + 16 < cap; i++)
		if (holds_slot(&items[i]) && slots_of(&items[i], what, name) > 0)
			used += (size_t)snprintf(out + used, cap - used, "%s%u",
						 used > 0 ? ", " : "", items[i].job_id);
}

struct want {
	const struct queue_counter *counter;
	enum counted what;
	int status;
	const char *word;
};

static bool
has_room(const struct queue_item *items, size_t n, struct queue_item *it, const struct want *w)
{
	uint32_t used = 0, mine = slots_of(it, w->what, w->counter->name);
	char holders[128];

	for (size_t i = 0; i < n; i++)
		if (holds_slot(&items[i]))
			used += slots_of(&items[i], w->what, w->counter->name);
	/* A limit below what one job needs must not block it for ever. */
	if (used == 0 || used + mine <= w->counter->limit)
		return true;
	list_holders(items, n, w->what, w->counter->name, holders, sizeof(holders));
	it->status = w->status;
	(void)snprintf(it->reason, sizeof(it->reason),
		       "%s \"%s\" has its Maximum Concurrent Jobs (%u), held by JobId %s", w->word,
		       w->counter->name, w->counter->limit, holders);
	return false;
}

static bool
take_counters(struct queue_item *items, size_t n, struct queue_item *it)
{
	const struct want wants[] = {
		{ &it->read_storage, COUNT_STORAGE, STATUS_WAIT_STORAGE, "Storage" },
		{ &it->write_storage, COUNT_STORAGE, STATUS_WAIT_STORAGE, "Storage" },
		{ &it->client, COUNT_CLIENT, STATUS_WAIT_CLIENT, "Client" },
		{ &it->job, COUNT_JOB, STATUS_WAIT_JOB, "Job" },
	};

	for (size_t i = 0; i < sizeof(wants) / sizeof(wants[0]); i++)
		if (wants[i].counter->name != NULL && !has_room(items, n, it, &wants[i]))
			return false;
	return true;
}

static void
list_running(const struct queue_item *items, size_t n, char *out, size_t cap)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < n && used + 16 < cap; i++)
		if (holds_slot(&items[i]))
			used += (size_t)snprintf(out + used, cap - used, "%s%u",
						 used > 0 ? ", " : "", items[i].job_id);
}

static bool
has_worker(const struct queue_item *items, size_t n, struct queue_item *it, uint32_t limit)
{
	uint32_t used = 0;
	char holders[128];

	for (size_t i = 0; i < n; i++)
		used += holds_slot(&items[i]);
	if (used < limit)
		return true;
	list_running(items, n, holders, sizeof(holders));
	it->status = STATUS_WAIT_MAX;
	(void)snprintf(it->reason, sizeof(it->reason),
		       "the Director has its Maximum Concurrent Jobs (%u), held by JobId %s", limit,
		       holders);
	return false;
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
	struct reference r = find_reference(items, n);
	bool blocked = false;

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
		it->start = has_worker(items, n, it, limit) && take_counters(items, n, it);
	}
}
