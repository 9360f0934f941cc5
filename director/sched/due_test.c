/* director/sched/due_test.c - no run is lost, none is doubled, whatever clock and reloads do */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "director/conf/dir_conf.h"
#include "director/sched/due.h"

#include "lib/base/clock.h"
#include "lib/base/fd.h"
#include "lib/base/own.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char conf_text[] =
	"Director { Name = d; Password = x; Messages = m; Working Directory = /tmp }\n"
	"Catalog { Name = main; DB Name = a; DB User = b }\n"
	"Messages { Name = m; Console = all }\n"
	"Client { Name = c; Address = a; Password = p }\n"
	"Storage { Name = s; Address = a; Password = p; Device = d; Media Type = File }\n"
	"Pool { Name = p }\n"
	"FileSet { Name = f; Include { File = /etc } }\n"
	"Schedule { Name = ten; Run = hourly at 00:10 }\n"
	"Job { Name = j; Type = Backup; Level = Full; Client = c; FileSet = f; Storage = s\n"
	"  Pool = p; Messages = m; Schedule = ten }\n";

static struct dir_conf *conf;
static int64_t ten; /* ten minutes past some hour */

static int
load(void **state)
{
	char path[] = "/tmp/tercet-due-XXXXXX";
	OWNED(conf_diag_freep) struct conf_diag *diag = conf_diag_new(false);
	struct tm tm = { .tm_year = 126, .tm_mon = 10, .tm_mday = 21, .tm_hour = 12, .tm_min = 10 };
	struct err err = ERR_INIT;
	int fd = mkstemp(path);

	assert_int_equal(fd_write_full(fd, path, conf_text, sizeof(conf_text) - 1, &err), ERR_OK);
	(void)close(fd);
	assert_int_equal(dir_conf_load(path, &conf, diag, &err), ERR_OK);
	(void)unlink(path);
	ten = clock_from_local(&tm);
	return 0;
}

static int
unload(void **state)
{
	dir_conf_unref(conf);
	return 0;
}

static void
count(void *arg, const struct due_entry *e)
{
	(*(int *)arg)++;
}

/* Moments at which the scheduler looks, seconds from ten past; with a reload or without. */
static const struct look_case {
	const char *what;
	int runs;
	struct {
		int at;
		bool anew;
	} looks[8]; /* the first makes the list; ends with 0 looks */
	size_t n;
} cases[] = {
	{ "on time", 1, { { -60, true }, { 0, false }, { 60, false } }, 3 },
	{ "late", 1, { { -60, true }, { 30, false }, { 60, false } }, 3 },
	{ "not yet", 0, { { -60, true }, { -1, false } }, 2 },
	{ "reload in the second it is due", 1, { { -60, true }, { 0, true }, { 1, false } }, 3 },
	{ "reload while the thread was late", 1, { { -60, true }, { 5, true }, { 9, false } }, 3 },
	{ "reloads all the time",
	  1,
	  { { -60, true }, { -1, true }, { 0, true }, { 0, true }, { 1, true }, { 2, true } },
	  6 },
	{ "clock an hour forward: once",
	  1,
	  { { -60, true }, { 3500, false }, { 3520, false } },
	  3 },
	{ "clock an hour back: not again",
	  1,
	  { { -60, true }, { 1, false }, { -3590, false }, { 2, false } },
	  4 },
	{ "clock a day forward: once",
	  1,
	  { { -60, true }, { 86000, false }, { 86001, false } },
	  3 },
};

static void
each_run_comes_once(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct due_list l = { NULL, 0 };
		int runs = 0;

		for (size_t k = 0; k < cases[i].n; k++)
			due_look(&l, cases[i].looks[k].anew ? conf : NULL,
				 ten + cases[i].looks[k].at, count, &runs);
		if (runs != cases[i].runs)
			fail_msg("%s: %d runs, not %d", cases[i].what, runs, cases[i].runs);
		due_release(&l);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_run_comes_once),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
