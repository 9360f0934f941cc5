#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "director/job/queue_rules.h"

#include <string.h>

/* One job: priority, running, mixed; its client, storage and job counters. */
struct row {
	int priority;
	bool running, mixed, over;
	const char *client, *storage, *read_storage, *job;
	char expect; /* S starts, or the letter */
};

struct queue_case {
	const char *what;
	uint32_t director, client, storage, job; /* limits */
	struct row rows[6];
};

/* Spec: director.md 4.2 */
static const struct queue_case cases[] = {
	{ "an idle director starts all that fits",
	  10,
	  5,
	  5,
	  5,
	  { { 10, 0, 0, 0, "c1", "s1", 0, "j1", 'S' },
	    { 10, 0, 0, 0, "c2", "s1", 0, "j2", 'S' } } },
	{ "the director's limit",
	  2,
	  5,
	  5,
	  5,
	  { { 10, 0, 0, 0, "c1", "s1", 0, "j1", 'S' },
	    { 10, 0, 0, 0, "c2", "s1", 0, "j2", 'S' },
	    { 10, 0, 0, 0, "c3", "s1", 0, "j3", 'd' } } },
	{ "the client's limit",
	  10,
	  1,
	  5,
	  5,
	  { { 10, 1, 0, 0, "c1", "s1", 0, "j1", 0 },
	    { 10, 0, 0, 0, "c1", "s1", 0, "j2", 'c' },
	    { 10, 0, 0, 0, "c2", "s1", 0, "j3", 'S' } } },
	{ "the storage's limit",
	  10,
	  5,
	  1,
	  5,
	  { { 10, 1, 0, 0, "c1", "s1", 0, "j1", 0 },
	    { 10, 0, 0, 0, "c2", "s1", 0, "j2", 's' },
	    { 10, 0, 0, 0, "c3", "s2", 0, "j3", 'S' } } },
	{ "the job's limit",
	  10,
	  5,
	  5,
	  1,
	  { { 10, 1, 0, 0, "c1", "s1", 0, "j1", 0 }, { 10, 0, 0, 0, "c2", "s1", 0, "j1", 'j' } } },
	{ "reading counts on the storage as well",
	  10,
	  5,
	  1,
	  5,
	  { { 10, 1, 0, 0, "c1", 0, "s1", "j1", 0 }, { 10, 0, 0, 0, "c2", "s1", 0, "j2", 's' } } },
	{ "both ends on one storage need two slots",
	  10,
	  5,
	  2,
	  5,
	  { { 10, 1, 0, 0, "c1", "s1", "s1", "j1", 0 },
	    { 10, 0, 0, 0, "c2", "s1", 0, "j2", 's' } } },
	{ "a limit smaller than one job needs does not block it for ever",
	  10,
	  5,
	  1,
	  5,
	  { { 10, 0, 0, 0, "c1", "s1", "s1", "j1", 'S' } } },
	{ "a less urgent job waits",
	  10,
	  5,
	  5,
	  5,
	  { { 10, 1, 0, 0, "c1", "s1", 0, "j1", 0 }, { 11, 0, 0, 0, "c2", "s1", 0, "j2", 'p' } } },
	{ "a more urgent job waits too",
	  10,
	  5,
	  5,
	  5,
	  { { 11, 1, 0, 0, "c1", "s1", 0, "j1", 0 }, { 10, 0, 0, 0, "c2", "s1", 0, "j2", 'p' } } },
	{ "unless both allow mixing",
	  10,
	  5,
	  5,
	  5,
	  { { 11, 1, 1, 0, "c1", "s1", 0, "j1", 0 }, { 10, 0, 1, 0, "c2", "s1", 0, "j2", 'S' } } },
	{ "one that does not allow it is enough to wait",
	  10,
	  5,
	  5,
	  5,
	  { { 11, 1, 1, 0, "c1", "s1", 0, "j1", 0 },
	    { 11, 1, 0, 0, "c3", "s1", 0, "j3", 0 },
	    { 10, 0, 1, 0, "c2", "s1", 0, "j2", 'p' } } },
	{ "mixing lets no less urgent one in",
	  10,
	  5,
	  5,
	  5,
	  { { 10, 1, 1, 0, "c1", "s1", 0, "j1", 0 }, { 11, 0, 1, 0, "c2", "s1", 0, "j2", 'p' } } },
	{ "everything behind a blocked head waits",
	  10,
	  5,
	  5,
	  5,
	  { { 10, 1, 0, 0, "c1", "s1", 0, "j1", 0 },
	    { 9, 0, 0, 0, "c2", "s1", 0, "j2", 'p' },
	    { 10, 0, 0, 0, "c3", "s1", 0, "j3", 'p' } } },
	{ "a full client stops nobody else",
	  10,
	  1,
	  5,
	  5,
	  { { 10, 0, 0, 0, "c1", "s1", 0, "j1", 'S' },
	    { 10, 0, 0, 0, "c1", "s1", 0, "j2", 'c' },
	    { 10, 0, 0, 0, "c2", "s1", 0, "j3", 'S' } } },
	{ "a canceled job ends at once",
	  1,
	  1,
	  1,
	  1,
	  { { 10, 1, 0, 0, "c1", "s1", 0, "j1", 0 },
	    { 11, 0, 0, 1, "c1", "s1", 0, "j2", 'S' },
	    { 10, 0, 0, 0, "c1", "s1", 0, "j3", 'd' } } },
	{ "a running job holds what it holds until it has ended, cancelled or not",
	  10,
	  5,
	  5,
	  1,
	  { { 10, 1, 0, 1, "c1", "s1", 0, "j1", 0 }, { 10, 0, 0, 0, "c2", "s1", 0, "j1", 'j' } } },
	{ "a cancelled job that runs still counts at the director",
	  1,
	  5,
	  5,
	  5,
	  { { 10, 1, 0, 1, "c1", "s1", 0, "j1", 0 }, { 10, 0, 0, 0, "c2", "s2", 0, "j2", 'd' } } },
	{ "a cancelled job that runs still has its priority",
	  10,
	  5,
	  5,
	  5,
	  { { 10, 1, 0, 1, "c1", "s1", 0, "j1", 0 }, { 11, 0, 0, 0, "c2", "s2", 0, "j2", 'p' } } },
	{ "jobs without counters need a worker only",
	  10,
	  1,
	  1,
	  5,
	  { { 10, 1, 0, 0, "c1", "s1", 0, "j1", 0 }, { 10, 0, 0, 0, 0, 0, 0, "j2", 'S' } } },
};

static struct queue_counter
counter(const char *name, uint32_t limit)
{
	return (struct queue_counter){ name, limit };
}

static size_t
build(const struct queue_case *c, struct queue_item *items)
{
	size_t n = 0;

	for (; n < 6 && c->rows[n].job != NULL; n++) {
		const struct row *r = &c->rows[n];

		items[n] = (struct queue_item){ .job_id = (uint32_t)n + 1,
						.priority = r->priority,
						.running = r->running,
						.allow_mixed = r->mixed,
						.over = r->over,
						.client = counter(r->client, c->client),
						.write_storage = counter(r->storage, c->storage),
						.read_storage = counter(r->read_storage,
									c->storage),
						.job = counter(r->job, c->job) };
	}
	return n;
}

static void
jobs_start_or_wait_as_the_rules_say(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct queue_case *c = &cases[i];
		struct queue_item items[6];
		size_t n = build(c, items);

		queue_examine(items, n, c->director);
		for (size_t k = 0; k < n; k++) {
			int got = items[k].start ? 'S' : items[k].status;

			if (!items[k].running && got != c->rows[k].expect)
				fail_msg("%s: job %zu got %c, not %c (%s)", c->what, k + 1, got,
					 c->rows[k].expect, items[k].reason);
		}
	}
}

static void
the_reason_names_limit_and_holders(void **state)
{
	struct queue_item items[6];

	queue_examine(items, build(&cases[2], items), cases[2].director);
	assert_string_equal(items[1].reason,
			    "Client \"c1\" has its Maximum Concurrent Jobs (1), held by JobId 1");
	queue_examine(items, build(&cases[8], items), cases[8].director);
	assert_string_equal(items[1].reason, "priority 11 waits for priority 10, JobId 1");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jobs_start_or_wait_as_the_rules_say),
		cmocka_unit_test(the_reason_names_limit_and_holders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
