/*
 * director/director_test.c - a start that takes long, a stop that comes at the worst time, files
 *
 * labels: tsan
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "director/conf/dir_conf.h"
#include "director/director_internal.h"
#include "director/job/job_internal.h"
#include "director/life.h"
#include "director/sched/scheduler.h"

#include "lib/base/clock.h"
#include "lib/base/fd.h"
#include "lib/base/log.h"
#include "lib/base/own.h"

#include <stdlib.h>
#include <unistd.h>

static const char conf_text[] =
	"Director { Name = \"d/1\"; Password = x; Messages = m; Working Directory = \"%s\" }\n"
	"Catalog { Name = main; DB Name = a; DB User = b }\n"
	"Messages { Name = m; Console = all }\n"
	"Client { Name = c; Address = a; Password = p }\n"
	"Storage { Name = s; Address = a; Password = p; Device = d; Media Type = File }\n"
	"Pool { Name = p }\n"
	"FileSet { Name = f; Include { File = /etc } }\n"
	"Schedule { Name = n; Run = jan 1 at 12:00 }\n"
	"Job { Name = j; Type = Backup; Level = Full; Client = c; FileSet = f; Storage = s\n"
	"  Pool = p; Messages = m; Schedule = n }\n";

/* Threads sleep a minute when nothing happens: far more than a stop may take. */
#define STOP_MAX_MS 20000
#define STOPS       200
#define QUIET_MS    500

static struct dir_conf *
load(const char *dir)
{
	OWNED(freep) char *path = str_printf("%s/dir.conf", dir);
	OWNED(freep) char *text = str_printf(conf_text, dir);
	OWNED(conf_diag_freep) struct conf_diag *diag = conf_diag_new(false);
	OWNED(buf_release) struct buf why = BUF_INIT(1 << 20);
	struct dir_conf *conf = NULL;
	struct err err = ERR_INIT;

	assert_int_equal(fd_replace_file(path, bytes_str(text), 0600, &err), ERR_OK);
	if (dir_conf_load(path, &conf, diag, &err) != ERR_OK) {
		conf_diag_text(diag, false, &why);
		fail_msg("%s", buf_str(&why));
	}
	(void)unlink(path);
	return conf;
}

/* As when something after the start of the queue fails: a port in use, no catalog. */
static void
a_stop_right_after_the_start_ends_all_threads_at_once(void **state)
{
	char dir[] = "/tmp/tercet-stop-XXXXXX";

	assert_non_null(mkdtemp(dir));
	for (int i = 0; i < STOPS; i++) {
		struct dir_conf *conf = load(dir);
		struct director *d = NULL;
		struct err err = ERR_INIT;
		int64_t begin;

		assert_int_equal(director_new(NULL, &conf, &d, &err), ERR_OK);
		assert_int_equal(job_table_start(d->jobs, &err), ERR_OK);
		assert_int_equal(scheduler_start(d, &d->sched, &err), ERR_OK);
		begin = clock_mono_ms();
		director_free(d);
		if (clock_mono_ms() - begin > STOP_MAX_MS)
			fail_msg("stop %d took %lld ms", i, (long long)(clock_mono_ms() - begin));
	}
	(void)rmdir(dir);
}

/* A director without a catalog says of a run that is due that it was not started. */
static bool
a_run_is_due(int64_t seconds_before)
{
	OWNED(buf_release) struct buf text = BUF_INIT(1 << 20);
	char dir[] = "/tmp/tercet-due-XXXXXX";
	struct dir_conf *conf;
	struct director *d = NULL;
	struct err err = ERR_INIT;
	int64_t until;
	bool due = false;

	assert_non_null(mkdtemp(dir));
	conf = load(dir);
	OWNED(freep) char *words = str_printf("%s/log", dir);
	OWNED(freep) char *messages = str_printf("%s/d_1.conmsg", dir);
	assert_true(log_set_file(words));
	assert_int_equal(director_new(NULL, &conf, &d, &err), ERR_OK);
	d->start_time -= seconds_before;
	assert_int_equal(scheduler_start(d, &d->sched, &err), ERR_OK);
	until = clock_mono_ms() + (seconds_before > 0 ? STOP_MAX_MS : QUIET_MS);
	while (!due && clock_mono_ms() < until) {
		clock_pause_ms(20);
		buf_clear(&text);
		due = fd_read_file(words, &text, &err) == ERR_OK &&
		      strstr(buf_str(&text), "scheduled job j was not started") != NULL;
	}
	director_free(d);
	(void)log_set_file(NULL);
	(void)unlink(words);
	(void)unlink(messages);
	(void)rmdir(dir);
	return due;
}

static void
what_comes_due_while_the_director_starts_is_run(void **state)
{
	assert_true(a_run_is_due((int64_t)367 * 86400));
	assert_false(a_run_is_due(0));
}

static void
a_name_with_a_slash_has_files_in_the_working_directory(void **state)
{
	char dir[] = "/tmp/tercet-files-XXXXXX";
	struct dir_conf *conf;
	struct director *d = NULL;
	struct err err = ERR_INIT;

	assert_non_null(mkdtemp(dir));
	conf = load(dir);
	OWNED(freep) char *times = str_printf("%s/d_1.clock", dir);
	OWNED(freep) char *messages = str_printf("%s/d_1.conmsg", dir);
	assert_int_equal(director_new(NULL, &conf, &d, &err), ERR_OK);
	(void)job_clock_now(job_table_clock(d->jobs));
	director_free(d);
	assert_int_equal(unlink(times), 0);
	assert_int_equal(unlink(messages), 0);
	assert_int_equal(rmdir(dir), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stop_right_after_the_start_ends_all_threads_at_once),
		cmocka_unit_test(what_comes_due_while_the_director_starts_is_run),
		cmocka_unit_test(a_name_with_a_slash_has_files_in_the_working_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
