#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/own.h"
#include "lib/volume/block.h"
#include "lib/volume/record.h"
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
	assert_int_equal(vol_tail_scan(dev, len, NULL, &t, &err), ERR_OK);
	assert_int_equal(t.blocks, 1);
	assert_int_equal(t.good_end, 2 * len);
	assert_int_equal(t.size, 3 * len - 1);
}

/* A block with one record: SOS_LABEL, EOS_LABEL or of a file. */
static uint64_t
put_block(struct dev *dev, uint64_t at, int32_t file_index)
{
	uint8_t area[600], data[500] = { 0 };
	struct block_fill fill = { .p = area, .cap = sizeof(area) };
	struct record_put put = { .file_index = file_index,
				  .stream = 1,
				  .data = bytes_of(data, sizeof(data)) };
	struct block_head head = { .session_id = 1, .head_len = BLOCK_HEAD_LEN };
	struct err err = ERR_INIT;

	block_fill_reset(&fill);
	assert_true(record_put(&fill, &put));
	head.len = fill.len;
	block_head_emit(area, &head, true);
	assert_int_equal(dev->ops->write(dev, area, fill.len, at, &err), ERR_OK);
	return at + fill.len;
}

static void
damage(struct dev *dev, uint64_t at)
{
	struct err err = ERR_INIT;
	uint8_t p;
	size_t got;

	assert_int_equal(dev->ops->read(dev, &p, 1, at, &got, &err), ERR_OK);
	p ^= 1;
	assert_int_equal(dev->ops->write(dev, &p, 1, at, &err), ERR_OK);
}

/* Blocks with these records, the second of them damaged; *from: behind the label. */
static struct vol_tail
tail_of(const int32_t *record, size_t n, uint64_t *block)
{
	OWNED(dev_freep) struct dev *dev = open_volume(DEV_CREATE);
	struct volume_label label;
	struct vol_tail t;
	struct err err = ERR_INIT;

	assert_int_equal(vol_label_write(dev, &wish, &label, &block[0], &err), ERR_OK);
	for (size_t i = 0; i < n; i++)
		block[i + 1] = put_block(dev, block[i], record[i]);
	damage(dev, block[1] + 100);
	assert_int_equal(vol_tail_scan(dev, block[0], NULL, &t, &err), ERR_OK);
	return t;
}

static void
a_whole_job_behind_a_damaged_block_is_kept(void **state)
{
	static const int32_t records[] = { SOS_LABEL, 1, 2, EOS_LABEL, SOS_LABEL, 1, EOS_LABEL, 1 };
	uint64_t block[9];
	struct vol_tail t = tail_of(records, 8, block);

	assert_int_equal(t.good_end, block[8]);
	assert_int_equal(t.blocks, 7);
	assert_int_equal(t.damaged, block[2] - block[1]);
}

static void
the_rest_of_a_job_behind_a_damaged_block_is_not(void **state)
{
	static const int32_t records[] = { SOS_LABEL, 1, 2, EOS_LABEL, SOS_LABEL, 1 };
	uint64_t block[7];
	struct vol_tail t = tail_of(records, 6, block);

	assert_int_equal(t.good_end, block[1]);
	assert_int_equal(t.blocks, 1);
	assert_int_equal(t.damaged, 0);
	assert_int_equal(t.size, block[6]);
}

static void
looking_through_a_tail_can_be_cancelled(void **state)
{
	OWNED(dev_freep) struct dev *dev = open_volume(DEV_CREATE);
	struct volume_label label;
	struct vol_tail t;
	struct cancel cancel;
	struct err err = ERR_INIT;
	uint64_t len = 0;

	(void)state;
	assert_int_equal(vol_label_write(dev, &wish, &label, &len, &err), ERR_OK);
	(void)put_block(dev, len, 1);
	assert_int_equal(cancel_init(&cancel, &err), ERR_OK);
	cancel_now(&cancel);
	assert_int_equal(vol_tail_scan(dev, len, &cancel, &t, &err), ERR_CANCELED);
	cancel_release(&cancel);
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
		cmocka_unit_test(a_whole_job_behind_a_damaged_block_is_kept),
		cmocka_unit_test(the_rest_of_a_job_behind_a_damaged_block_is_not),
		cmocka_unit_test(looking_through_a_tail_can_be_cancelled),
		cmocka_unit_test(a_name_cannot_leave_the_directory),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
