#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/base/attr.h"
#include "storage-daemon/device/dev.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char top[64], archive[80], other[96];

static int
begin(void **state UNUSED)
{
	(void)snprintf(top, sizeof(top), "/tmp/dev-file-test-XXXXXX");
	if (mkdtemp(top) == NULL)
		return -1;
	(void)snprintf(archive, sizeof(archive), "%s/archive", top);
	(void)snprintf(other, sizeof(other), "%s/Other", archive);
	return 0;
}

static int
end(void **state UNUSED)
{
	(void)unlink(other);
	(void)rmdir(archive);
	return rmdir(top);
}

static enum err_code
open_one(enum dev_mode mode, struct err *err)
{
	struct dev *d = NULL;
	enum err_code code = dev_open(dev_ops_find("file"), archive, "Volume", mode, &d, err);

	dev_freep(&d);
	return code;
}

static void
nothing_is_said_of_a_volume_whose_archive_is_missing(void **state UNUSED)
{
	struct err err = ERR_INIT;

	assert_int_equal(open_one(DEV_APPEND, &err), ERR_ABSENT);
	assert_non_null(strstr(err.text, archive));
	assert_int_equal(open_one(DEV_READ, &err), ERR_ABSENT);
	assert_int_equal(open_one(DEV_CREATE, &err), ERR_ABSENT);
	assert_int_not_equal(access(archive, F_OK), 0);
}

static void
an_empty_archive_may_be_one_that_is_not_mounted(void **state UNUSED)
{
	struct err err = ERR_INIT;
	char volume[96];

	assert_int_equal(mkdir(archive, 0700), 0);
	assert_int_equal(open_one(DEV_APPEND, &err), ERR_ABSENT);
	assert_non_null(strstr(err.text, "is empty"));
	assert_int_equal(open_one(DEV_READ, &err), ERR_ABSENT);
	assert_int_equal(open_one(DEV_CREATE, &err), ERR_OK);
	(void)snprintf(volume, sizeof(volume), "%s/Volume", archive);
	assert_int_equal(unlink(volume), 0);
}

static void
beside_other_files_a_volume_is_known_to_be_gone(void **state UNUSED)
{
	struct err err = ERR_INIT;
	FILE *f;

	assert_int_equal(mkdir(archive, 0700), 0);
	f = fopen(other, "we");
	assert_non_null(f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(open_one(DEV_APPEND, &err), ERR_EOF);
	assert_int_equal(open_one(DEV_READ, &err), ERR_EOF);
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(nothing_is_said_of_a_volume_whose_archive_is_missing),
		T(an_empty_archive_may_be_one_that_is_not_mounted),
		T(beside_other_files_a_volume_is_known_to_be_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
