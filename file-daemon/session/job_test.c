/*
 * file-daemon/session/job_test.c - who may call in as the storage daemon of a job
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "file-daemon/session/job.h"
#include "lib/base/fd.h"
#include "lib/base/own.h"

#define JOB "Backup.2026-01-01_01.01.01_01"

static struct fd_daemon fds;
static struct fd_job *job;

static struct fd_conf *
configuration(void)
{
	static const char text[] = "Client { Name = t-fd; Working Directory = /tmp }\n"
				   "Director { Name = t-dir; Password = p }\n"
				   "Messages { Name = m; Director = t-dir = all }\n";
	char path[] = "/tmp/job-test-XXXXXX";
	struct conf_diag *diag = conf_diag_new(false);
	struct fd_conf *conf = NULL;
	struct err err = ERR_INIT;
	int fd = mkstemp(path);

	assert_int_equal(fd_write_full(fd, path, text, sizeof(text) - 1, &err), ERR_OK);
	assert_int_equal(close(fd), 0);
	if (fd_conf_load(path, &conf, diag, &err) != ERR_OK) {
		OWNED(buf_release) struct buf why = BUF_INIT(65536);

		conf_diag_text(diag, true, &why);
		fail_msg("%s\n%s", err.text, buf_str(&why));
	}
	assert_int_equal(unlink(path), 0);
	conf_diag_free(diag);
	return conf;
}

static int
begin(void **state UNUSED)
{
	OWNED(fd_conf_unrefp) struct fd_conf *conf = configuration();
	struct fd_conf *daemons = fd_conf_ref(conf);

	fd_daemon_init(&fds, &daemons);
	job = fd_job_new(&fds, NULL, fd_conf_find_director(conf, "t-dir"), conf);
	fd_job_enter(job, 1, JOB);
	return 0;
}

static int
end(void **state UNUSED)
{
	fd_job_leave(job);
	fd_job_free(job);
	fd_daemon_release(&fds);
	return 0;
}

static struct conn *
caller(void)
{
	struct conn *c = NULL;
	struct err err = ERR_INIT;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(conn_wrap(pair[0], "caller", &c, &err), ERR_OK);
	assert_int_equal(close(pair[1]), 0);
	return c;
}

static bool
has_key(const char *name)
{
	struct secret out = { 0 };
	bool has = fd_job_copy_key(&fds, name, &out);

	assert_int_equal(has, out.n > 0);
	secret_release(&out);
	return has;
}

static void
a_key_lets_in_one_storage_daemon_once(void **state UNUSED)
{
	struct conn *one = caller(), *two = caller();

	assert_false(has_key(JOB));
	assert_false(fd_job_give_sd(&fds, JOB, &one));
	secret_set(&job->key, bytes_str("secret"));
	assert_false(has_key("Another"));
	/* Both prove that they know it before either is let in. */
	assert_true(has_key(JOB) && has_key(JOB));
	assert_true(fd_job_give_sd(&fds, JOB, &one));
	assert_null(one);
	assert_false(has_key(JOB));
	assert_false(fd_job_give_sd(&fds, JOB, &two));
	/* Nor when that conversation is over: the next one has a key of its own. */
	conn_free(job->sd);
	job->sd = NULL;
	assert_false(has_key(JOB));
	assert_false(fd_job_give_sd(&fds, JOB, &two));
	secret_set(&job->key, bytes_str("another"));
	assert_true(has_key(JOB));
	assert_true(fd_job_give_sd(&fds, JOB, &two));
}

static void
a_job_that_has_ended_lets_nobody_in(void **state UNUSED)
{
	struct conn *one = caller();

	secret_set(&job->key, bytes_str("secret"));
	fd_job_leave(job);
	assert_false(has_key(JOB));
	assert_false(fd_job_give_sd(&fds, JOB, &one));
	conn_free(one);
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_key_lets_in_one_storage_daemon_once),
		T(a_job_that_has_ended_lets_nobody_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
