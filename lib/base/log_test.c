#include "lib/base/log.h"

#include "lib/base/buf.h"
#include "lib/base/fd.h"
#include "lib/base/own.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
what_is_said_stays_in_its_line(void **state UNUSED)
{
	char path[] = "/tmp/tercet-log-XXXXXX";
	OWNED(buf_release) struct buf text = BUF_INIT(65536);
	struct err err = ERR_INIT;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	assert_true(log_set_file(path));
	log_info("cmdline %s",
		 "run\n<6>2026-11-21 02:22:50 tercet-dir[main]: all is well\x1b[2J\ttab");
	assert_true(log_set_file(NULL));
	assert_int_equal(fd_read_file(path, &text, &err), ERR_OK);
	assert_non_null(strstr(buf_str(&text), "cmdline run\\n<6>2026"));
	assert_non_null(strstr(buf_str(&text), "well\\x1b[2J\ttab\n"));
	assert_ptr_equal(strchr(buf_str(&text), '\n'), buf_str(&text) + text.len - 1);
	assert_int_equal(unlink(path), 0);
}

static void
a_trace_file_is_its_owners(void **state UNUSED)
{
	char dir[] = "/tmp/tercet-log-XXXXXX";
	char path[64];
	struct stat st;

	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/trace", dir);
	assert_true(log_set_file(path));
	assert_true(log_set_file(NULL));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_said_stays_in_its_line),
		cmocka_unit_test(a_trace_file_is_its_owners),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
