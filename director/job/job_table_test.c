/* director/job/job_table_test.c - what is known of jobs, without threads and without a catalog */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "director/director_internal.h"
#include "director/life.h"
#include "director/job/job_internal.h"

#include "lib/base/fd.h"
#include "lib/base/own.h"

#include <stdlib.h>
#include <unistd.h>

static const char conf_text[] =
	"Director { Name = d; Password = x; Messages = m; Working Directory = \"%s\" }\n"
	"Catalog { Name = main; DB Name = a; DB User = b }\n"
	"Messages { Name = m; Console = all }\n"
	"Client { Name = c; Address = a; Password = p }\n"
	"Storage { Name = s; Address = a; Password = p; Device = d; Media Type = File }\n"
	"Pool { Name = p }\n"
	"FileSet { Name = f; Include { File = /etc } }\n"
	"JobDefs { Name = all; Type = Backup; Level = Full; Client = c; FileSet = f; Storage = s\n"
	"  Pool = p; Messages = m }\n"
	"Job { Name = one; JobDefs = all }\n"
	"Job { Name = other; JobDefs = all }\n";

struct site {
	char dir[32];
	struct director *d;
	struct job *jobs[3]; /* made by the test */
	size_t n;
};

static int
make_site(void **state)
{
	struct site *s = NEW(struct site);
	OWNED(conf_diag_freep) struct conf_diag *diag = conf_diag_new(false);
	OWNED(freep) char *path = NULL, *text = NULL;
	struct dir_conf *conf = NULL;
	struct err err = ERR_INIT;

	(void)snprintf(s->dir, sizeof(s->dir), "/tmp/tercet-table-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	path = str_printf("%s/dir.conf", s->dir);
	text = str_printf(conf_text, s->dir);
	assert_int_equal(fd_replace_file(path, bytes_str(text), 0600, &err), ERR_OK);
	assert_int_equal(dir_conf_load(path, &conf, diag, &err), ERR_OK);
	assert_int_equal(director_new(NULL, &conf, &s->d, &err), ERR_OK);
	(void)unlink(path);
	*state = s;
	return 0;
}

static int
drop_site(void **state)
{
	struct site *s = *state;

	for (size_t i = 0; i < s->n; i++)
		job_unref(s->jobs[i]);
	director_free(s->d);
	(void)rmdir(s->dir);
	free(s);
	return 0;
}

/* As job_start makes one, with an id but no row. */
static struct job *
make_job(struct site *s, const char *resource, uint32_t id) NO_ANALYSIS
{
	struct job *j = NEW(struct job);
	struct msg_sink_options o = { .daemon = "d", .working_directory = s->dir };
	struct err err = ERR_INIT;

	atomic_store(&j->refs, 1);
	j->d = s->d;
	j->conf = director_conf_get(s->d);
	mutex_init(&j->lock, RANK_JOB);
	assert_int_equal(cancel_init(&j->cancel, &err), ERR_OK);
	assert_int_equal(cancel_init(&j->abort, &err), ERR_OK);
	assert_int_equal(cancel_init(&j->script_stop, &err), ERR_OK);
	j->req.job = str_dup(resource);
	assert_int_equal(job_plan_make(j->conf, &j->req, &j->plan, &err), ERR_OK);
	o.messages = j->plan.messages;
	o.timestamp_format = j->conf->director->log_timestamp_format;
	j->sink = msg_sink_new(&o);
	j->id = id;
	j->status = STATUS_CREATED;
	j->queued = true;
	s->jobs[s->n++] = j;
	return j;
}

static void
a_job_that_comes_after_the_stop_is_cancelled(void **state)
{
	struct site *s = *state;
	struct job *before = make_job(s, "one", 1), *after = make_job(s, "one", 2);

	job_table_add(s->d->jobs, before);
	job_table_cancel_all(s->d->jobs);
	assert_int_equal(job_status_now(before), STATUS_CANCELED);
	director_ask_stop(s->d);
	job_table_add(s->d->jobs, after);
	assert_int_equal(job_status_now(after), STATUS_CANCELED);
	assert_true(cancel_asked(&after->cancel));
}

static void
of_two_that_come_at_once_the_later_one_sees_the_earlier_one(void **state)
{
	struct site *s = *state;
	struct job *first = make_job(s, "one", 7), *other = make_job(s, "other", 8),
		   *second = make_job(s, "one", 6);
	struct job *seen;

	job_table_add(s->d->jobs, first);
	job_table_add(s->d->jobs, other);
	job_table_add(s->d->jobs, second);
	assert_null(job_table_find_same(s->d->jobs, first));
	assert_null(job_table_find_same(s->d->jobs, other));
	seen = job_table_find_same(s->d->jobs, second);
	assert_ptr_equal(seen, first);
	job_unref(seen);
}

/* Otherwise the cancelled one would be cancelled again, and two others would run at once. */
static void
a_cancelled_duplicate_hides_no_other(void **state)
{
	struct site *s = *state;
	struct job *first = make_job(s, "one", 1), *second = make_job(s, "one", 2),
		   *third = make_job(s, "one", 3);
	struct job *seen;

	job_table_add(s->d->jobs, first);
	assert_true(job_mark_canceled(first, MSG_INFO, "by a test"));
	job_table_add(s->d->jobs, second);
	job_table_add(s->d->jobs, third);
	seen = job_table_find_same(s->d->jobs, second);
	assert_ptr_equal(seen, first);
	job_unref(seen);
	seen = job_table_find_same(s->d->jobs, third);
	assert_ptr_equal(seen, second);
	job_unref(seen);
}

static void
a_cancelled_job_is_alive_while_it_is_known(void **state)
{
	struct site *s = *state;
	struct job *j = make_job(s, "one", 3);

	assert_false(job_is_alive(s->d->jobs, 3));
	job_table_add(s->d->jobs, j);
	assert_true(job_mark_canceled(j, MSG_INFO, "by a test"));
	assert_true(job_is_alive(s->d->jobs, 3));
	assert_false(job_is_alive(s->d->jobs, 4));
	assert_false(job_is_alive(s->d->jobs, 0));
}

/* A cancel by the console. */
static enum err_code
cancel(struct site *s, uint32_t id)
{
	struct err err = ERR_INIT;

	return job_cancel(s->d, id, "a test", NULL, NULL, &err);
}

static void
a_cancel_of_an_ended_job_stops_the_script_behind_it(void **state) NO_ANALYSIS
{
	struct site *s = *state;
	struct job *j = make_job(s, "one", 3);

	job_table_add(s->d->jobs, j);
	j->queued = false;
	j->status = STATUS_OK;
	j->end_time = 1;
	assert_int_equal(cancel(s, 3), ERR_CONFIG);
	assert_false(cancel_asked(&j->script_stop));
	j->in_script = true;
	assert_int_equal(cancel(s, 3), ERR_OK);
	assert_true(cancel_asked(&j->script_stop));
	assert_int_equal(job_status_now(j), STATUS_OK);
	assert_false(cancel_asked(&j->cancel));
}

static void
count_said(void *arg, const char *text)
{
	int *n = arg;

	assert_non_null(strstr(text, "marked to be canceled"));
	++*n;
}

static void
a_cancel_is_answered_also_before_a_daemon_knows_the_job(void **state) NO_ANALYSIS
{
	struct site *s = *state;
	struct job *j = make_job(s, "one", 3);
	struct err err = ERR_INIT;
	int said = 0;

	job_table_add(s->d->jobs, j);
	j->queued = false;
	assert_int_equal(job_cancel(s->d, 3, "a test", count_said, &said, &err), ERR_OK);
	assert_int_equal(said, 1);
	assert_true(cancel_asked(&j->cancel));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_site, drop_site)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_job_that_comes_after_the_stop_is_cancelled),
		TEST(of_two_that_come_at_once_the_later_one_sees_the_earlier_one),
		TEST(a_cancelled_duplicate_hides_no_other),
		TEST(a_cancelled_job_is_alive_while_it_is_known),
		TEST(a_cancel_of_an_ended_job_stops_the_script_behind_it),
		TEST(a_cancel_is_answered_also_before_a_daemon_knows_the_job),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
