#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/base/attr.h"
#include "storage-daemon/spool/attr_spool.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>

static char replayed[4096];
static size_t n_replayed;

static enum err_code
keep(void *arg UNUSED, struct bytes piece, struct err *err UNUSED)
{
	assert_true(n_replayed + piece.n <= sizeof(replayed));
	memcpy(replayed + n_replayed, piece.p, piece.n);
	n_replayed += piece.n;
	return ERR_OK;
}

static void
ignore(int signal_number UNUSED)
{
}

/* As on a disk that is full: a part of what is written fits. */
static void
allow_file_size(rlim_t max)
{
	struct rlimit l;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &l), 0);
	l.rlim_cur = max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &l), 0);
}

static void
frames_that_did_not_fit_leave_nothing_behind(void **state UNUSED)
{
	struct sigaction quiet = { .sa_handler = ignore };
	struct attr_spool *s = NULL;
	char big[2000];
	struct err err = ERR_INIT;

	memset(big, 'x', sizeof(big));
	assert_int_equal(sigaction(SIGXFSZ, &quiet, NULL), 0);
	assert_int_equal(attr_spool_new("/tmp", &s, &err), ERR_OK);
	assert_int_equal(attr_spool_add(s, bytes_str("first,"), &err), ERR_OK);
	allow_file_size(1000);
	assert_int_equal(attr_spool_add(s, bytes_of(big, sizeof(big)), &err), ERR_SYS);
	allow_file_size(RLIM_INFINITY);
	assert_int_equal(attr_spool_add(s, bytes_str("second"), &err), ERR_OK);
	assert_int_equal(attr_spool_size(s), 12);
	assert_int_equal(attr_spool_replay(s, keep, NULL, &err), ERR_OK);
	assert_int_equal(n_replayed, 12);
	assert_memory_equal(replayed, "first,second", 12);
	attr_spool_free(s);
}

/* /proc takes neither: the error names the directory. */
static void
a_directory_that_takes_no_files_is_named(void **state UNUSED)
{
	struct attr_spool *s = NULL;
	struct err err = ERR_INIT;

	assert_int_equal(attr_spool_new("/proc/self", &s, &err), ERR_SYS);
	assert_non_null(strstr(err.text, "/proc/self"));
	assert_null(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_that_did_not_fit_leave_nothing_behind),
		cmocka_unit_test(a_directory_that_takes_no_files_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
