#include "lib/base/fd.h"

#include "lib/base/own.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char dir[] = "/tmp/fd_test-XXXXXX";

static int
make_dir(void **state UNUSED)
{
	return mkdtemp(dir) == NULL;
}

static int
remove_dir(void **state UNUSED)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "%s/file", dir);
	(void)unlink(path);
	return rmdir(dir);
}

static void
a_file_is_replaced_whole(void **state UNUSED)
{
	OWNED(buf_release) struct buf b = BUF_INIT(100);
	struct err err = ERR_INIT;
	struct stat st;
	char path[64];

	(void)snprintf(path, sizeof(path), "%s/file", dir);
	assert_int_equal(fd_replace_file(path, bytes_str("one"), 0600, &err), ERR_OK);
	assert_int_equal(fd_replace_file(path, bytes_str("second"), 0600, &err), ERR_OK);
	assert_int_equal(fd_read_file(path, &b, &err), ERR_OK);
	assert_string_equal(buf_str(&b), "second");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void
reads_are_whole_or_fail(void **state UNUSED)
{
	OWNED(closep) int fd = -1;
	struct err err = ERR_INIT;
	char path[64], area[16];

	(void)snprintf(path, sizeof(path), "%s/file", dir);
	assert_int_equal(fd_replace_file(path, bytes_str("1234567890"), 0600, &err), ERR_OK);
	assert_int_equal(fd_open(path, 0, 0, &fd, &err), ERR_OK);
	assert_int_equal(fd_pread_full(fd, path, area, 4, 6, &err), ERR_OK);
	assert_memory_equal(area, "7890", 4);
	assert_int_equal(fd_pread_full(fd, path, area, 4, 8, &err), ERR_FORMAT);
	assert_int_equal(fd_pread_full(fd, path, area, 4, 10, &err), ERR_EOF);
	assert_int_equal(fd_open("/nonexistent/x", 0, 0, &fd, &err), ERR_SYS);
}

static void
a_file_larger_than_allowed_is_refused(void **state UNUSED)
{
	OWNED(buf_release) struct buf b = BUF_INIT(5);
	struct err err = ERR_INIT;
	char path[64];

	(void)snprintf(path, sizeof(path), "%s/file", dir);
	assert_int_equal(fd_replace_file(path, bytes_str("123456"), 0600, &err), ERR_OK);
	assert_int_equal(fd_read_file(path, &b, &err), ERR_LIMIT);
}

static void
a_standard_descriptor_that_was_closed_is_dev_null(void **state UNUSED)
{
	int saved = dup(STDOUT_FILENO), other;
	struct stat null, st;

	assert_int_equal(close(STDOUT_FILENO), 0);
	fd_open_standard();
	assert_int_equal(fstat(STDOUT_FILENO, &st), 0);
	other = dup(STDOUT_FILENO);
	assert_int_equal(dup2(saved, STDOUT_FILENO), STDOUT_FILENO);
	assert_int_equal(stat("/dev/null", &null), 0);
	assert_true(S_ISCHR(st.st_mode) && st.st_rdev == null.st_rdev);
	assert_true(other == saved + 1); /* and no other was opened */
	(void)close(other);
	(void)close(saved);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_replaced_whole),
		cmocka_unit_test(reads_are_whole_or_fail),
		cmocka_unit_test(a_file_larger_than_allowed_is_refused),
		cmocka_unit_test(a_standard_descriptor_that_was_closed_is_dev_null),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
