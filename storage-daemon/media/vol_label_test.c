#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/own.h"
#include "storage-daemon/media/vol_label.h"

static char dir[64];

static int
make_dir(void **state)
{
	(void)snprintf(dir, sizeof(dir), "/tmp/vol-label-test-XXXXXX");
	return mkdtemp(dir) == NULL ? -1 : 0;
}

static int
remove_dir(void **state)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/V1", dir);
	(void)unlink(path);
	return rmdir(dir);
}

static const struct label_wish wish = {
	.volume = "V1", .pool = "P", .media_type = "File", .daemon = "t-sd", .checksum = true
};

static struct dev *
open_volume(enum dev_mode mode)
{
	struct dev *dev = NULL;
	struct err err = ERR_INIT;

	assert_int_equal(dev_open(dev_ops_find("file"), dir, "V1", mode, &dev, &err), ERR_OK);
	return dev;
}

static void
a_label_reads_back_in_both_styles(void **state)
{
	for (int style = LABEL_BAREOS; style <= LABEL_BACULA; style++) {
		OWNED(dev_freep) struct dev *dev = open_volume(DEV_CREATE);
		struct label_wish w = wish;
		struct volume_label wrote, read;
		uint64_t len = 0, again = 0;
		struct err err = ERR_INIT;

		w.style = (enum label_style)style;
		assert_int_equal(vol_label_write(dev, &w, &wrote, &len, &err), ERR_OK);
		assert_int_equal(vol_label_read(dev, &read, &again, &err), ERR_OK);
		assert_int_equal(len, again);
		assert_int_equal(read.style, style);
		assert_string_equal(read.volume, "V1");
		assert_string_equal(read.media_type, "File");
	}
}

static void
an_empty_and_a_foreign_medium_are_told_apart(void **state)
{
	OWNED(dev_freep) struct dev *dev = open_volume(DEV_CREATE);
	struct volume_label label;
	uint64_t len = 0;
	struct err err = ERR_INIT;

	assert_int_equal(dev->ops->truncate(dev, 0, &err), ERR_OK);
	assert_int_equal(vol_label_read(dev, &label, &len, &err), ERR_EOF);
	assert_int_equal(dev->ops->write(dev, "no label at all, and more than a header", 39, 0,
					 &err),
			 ERR_OK);
	assert_int_equal(vol_label_read(dev, &label, &len, &err), ERR_FORMAT);
}

static void
a_torn_tail_ends_the_good_part(void **state)
{
	OWNED(dev_freep) struct dev *dev = open_volume(DEV_CREATE);
	struct volume_label label;
	struct vol_tail t;
	uint64_t len = 0;
	uint8_t copy[2048];
	size_t got = 0;
	struct err err = ERR_INIT;

	/* A label block behind a label block is a whole block like any other. */
	assert_int_equal(vol_label_write(dev, &wish, &label, &len, &err), ERR_OK);
	assert_int_equal(dev->ops->read(dev, copy, len, 0, &got, &err), ERR_OK);
	assert_int_equal(dev->ops->write(dev, copy, len, len, &err), ERR_OK);
	assert_int_equal(dev->ops->write(dev, copy, len - 1, 2 * len, &err), ERR_OK);
	assert_int_equal(vol_tail_scan(dev, len, &t, &err), ERR_OK);
	assert_int_equal(t.blocks, 1);
	assert_int_equal(t.good_end, 2 * len);
	assert_int_equal(t.size, 3 * len - 1);
}

static void
a_name_cannot_leave_the_directory(void **state)
{
	static const char *const names[] = { "", ".", "..", "../x", "a/b", "/etc/passwd" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct dev *dev = NULL;
		struct err err = ERR_INIT;

		assert_int_equal(dev_open(dev_ops_find("file"), dir, names[i], DEV_CREATE, &dev,
					  &err),
				 ERR_SYS);
		assert_null(dev);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_label_reads_back_in_both_styles),
		cmocka_unit_test(an_empty_and_a_foreign_medium_are_told_apart),
		cmocka_unit_test(a_torn_tail_ends_the_good_part),
		cmocka_unit_test(a_name_cannot_leave_the_directory),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
