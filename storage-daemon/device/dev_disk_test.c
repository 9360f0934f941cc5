/*
 * What a volume file asks of its disk, and what is made of the answers: the system calls are ours.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/base/attr.h"
#include "lib/base/num.h"
#include "storage-daemon/device/dev.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct {
	size_t most;          /* bytes that one call moves; 0: all */
	unsigned interrupted; /* so many of the next calls */
	unsigned writes;      /* left until one fails, with this: */
	int write_error;      /* -1: it takes nothing and says no error */
	int cut_error, sync_error, dir_error, flush_error;
	unsigned calls, syncs, dir_syncs; /* so many were there: of pwrite, of the two syncs */
	uint64_t begun, awaited;          /* write-back, from the beginning without a gap */
} disk;

static char top[64], path[80];
static struct dev *d;

/* ---- the disk ---- */

static bool
is_interrupted(void)
{
	if (disk.interrupted == 0)
		return false;
	disk.interrupted--;
	errno = EINTR;
	return true;
}

static int
answer(int error)
{
	errno = error;
	return error == 0 ? 0 : -1;
}

ssize_t
pwrite(int fd, const void *p, size_t n, off_t at)
{
	disk.calls++;
	if (is_interrupted())
		return -1;
	if (disk.write_error != 0 && disk.writes-- == 0)
		return disk.write_error < 0 ? 0 : answer(disk.write_error);
	return syscall(SYS_pwrite64, fd, p, disk.most > 0 ? size_min(n, disk.most) : n, at);
}

ssize_t
pread(int fd, void *p, size_t n, off_t at)
{
	if (is_interrupted())
		return -1;
	return syscall(SYS_pread64, fd, p, disk.most > 0 ? size_min(n, disk.most) : n, at);
}

int
ftruncate(int fd, off_t size)
{
	return disk.cut_error != 0 ? answer(disk.cut_error) : (int)syscall(SYS_ftruncate, fd, size);
}

int
fdatasync(int fd UNUSED)
{
	disk.syncs++;
	return answer(disk.sync_error);
}

/* Only the directory is synced so. */
int
fsync(int fd UNUSED)
{
	disk.dir_syncs++;
	return answer(disk.dir_error);
}

static void
extend(uint64_t *end, off_t at, off_t n)
{
	if ((uint64_t)at <= *end && (uint64_t)(at + n) > *end)
		*end = (uint64_t)(at + n);
}

int
sync_file_range(int fd UNUSED, off_t at, off_t n, unsigned flags)
{
	if ((flags & SYNC_FILE_RANGE_WRITE) != 0)
		extend(&disk.begun, at, n);
	if ((flags & SYNC_FILE_RANGE_WAIT_AFTER) == 0)
		return 0;
	extend(&disk.awaited, at, n);
	return answer(disk.flush_error);
}

/* ---- a volume on it ---- */

static int
begin(void **state UNUSED)
{
	struct err err = ERR_INIT;

	memset(&disk, 0, sizeof(disk));
	(void)snprintf(top, sizeof(top), "/tmp/dev-disk-test-XXXXXX");
	if (mkdtemp(top) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/Volume", top);
	return dev_open(dev_ops_find("file"), top, "Volume", DEV_CREATE, &d, &err) == ERR_OK ? 0
											     : -1;
}

static int
end(void **state UNUSED)
{
	dev_freep(&d);
	(void)unlink(path);
	return rmdir(top);
}

static enum err_code
write_block(size_t n, uint64_t at, struct err *err)
{
	static uint8_t block[5000];

	assert_true(n <= sizeof(block));
	for (size_t i = 0; i < n; i++)
		block[i] = (uint8_t)(i * 7);
	return d->ops->write(d, block, n, at, err);
}

static uint64_t
size_now(void)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return (uint64_t)st.st_size;
}

/* ---- blocks ---- */

static void
what_the_disk_takes_and_gives_in_pieces_is_whole(void **state UNUSED)
{
	struct err err = ERR_INIT;
	uint8_t back[6000];
	size_t got = 0;

	disk.most = 700;
	disk.interrupted = 2;
	assert_int_equal(write_block(5000, 0, &err), ERR_OK);
	assert_int_equal(size_now(), 5000);
	disk.interrupted = 2;
	assert_int_equal(d->ops->read(d, back, sizeof(back), 0, &got, &err), ERR_OK);
	assert_int_equal(got, 5000);
	for (size_t i = 0; i < got; i++)
		assert_int_equal(back[i], (uint8_t)(i * 7));
}

static void
a_block_that_finds_no_room_leaves_no_part_of_itself(void **state UNUSED)
{
	static const struct {
		int error;
		enum err_code code;
	} rows[] = { { ENOSPC, ERR_FULL }, { EDQUOT, ERR_FULL }, { EFBIG, ERR_FULL },
		     { -1, ERR_FULL },     { EIO, ERR_SYS },     { EROFS, ERR_SYS } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = ERR_INIT;

		memset(&disk, 0, sizeof(disk));
		assert_int_equal(d->ops->truncate(d, 0, &err), ERR_OK);
		assert_int_equal(write_block(3000, 0, &err), ERR_OK);
		disk.most = 1000;
		disk.writes = 2;
		disk.write_error = rows[i].error;
		assert_int_equal(write_block(5000, 3000, &err), rows[i].code);
		assert_non_null(strstr(err.text, path));
		assert_int_equal(size_now(), 3000);
		/* With room again it goes to the same place. */
		disk.write_error = 0;
		assert_int_equal(write_block(5000, 3000, &err), ERR_OK);
		assert_int_equal(size_now(), 8000);
	}
}

static void
a_part_that_cannot_be_cut_off_is_no_full_disk(void **state UNUSED)
{
	struct err err = ERR_INIT;

	disk.most = 1000;
	disk.writes = 2;
	disk.write_error = ENOSPC;
	disk.cut_error = EIO;
	assert_int_equal(write_block(5000, 0, &err), ERR_SYS);
	assert_non_null(strstr(err.text, "and cut"));
}

/* ---- stable storage ---- */

static void
the_first_sync_is_of_the_name_as_well(void **state UNUSED)
{
	struct err err = ERR_INIT;

	disk.dir_error = EIO;
	assert_int_equal(d->ops->sync(d, &err), ERR_SYS);
	disk.dir_error = 0;
	assert_int_equal(d->ops->sync(d, &err), ERR_OK);
	assert_int_equal(disk.dir_syncs, 2);
	assert_int_equal(d->ops->sync(d, &err), ERR_OK);
	assert_int_equal(disk.dir_syncs, 2);
	assert_int_equal(disk.syncs, 3);
	/* Who made the file may have died before that. */
	dev_freep(&d);
	assert_int_equal(dev_open(dev_ops_find("file"), top, "Volume", DEV_APPEND, &d, &err),
			 ERR_OK);
	assert_int_equal(d->ops->sync(d, &err), ERR_OK);
	assert_int_equal(disk.dir_syncs, 3);
}

/* The kernel tells of lost data once. */
static void
a_sync_that_failed_is_not_forgotten(void **state UNUSED)
{
	struct err err = ERR_INIT;

	disk.sync_error = EIO;
	assert_int_equal(d->ops->sync(d, &err), ERR_SYS);
	disk.sync_error = 0;
	assert_int_equal(d->ops->sync(d, &err), ERR_SYS);
}

/* Far enough behind each other that the second waits for the write-back of the first. */
static enum err_code
write_two(struct err *err)
{
	assert_int_equal(write_block(5000, 80 * MIB, err), ERR_OK);
	return write_block(5000, 80 * MIB + 5000, err);
}

static void
write_back_that_failed_fails_the_block_and_every_sync(void **state UNUSED)
{
	static const int errors[] = { EIO, ENOSPC, EDQUOT };

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		struct err err = ERR_INIT;

		(void)end(NULL);
		assert_int_equal(begin(NULL), 0);
		disk.flush_error = errors[i];
		assert_int_equal(write_two(&err), ERR_SYS);
		disk.flush_error = 0;
		assert_int_equal(d->ops->sync(d, &err), ERR_SYS);
	}
}

static void
a_file_system_without_early_write_back_does_not_matter(void **state UNUSED)
{
	struct err err = ERR_INIT;

	disk.flush_error = ESPIPE;
	assert_int_equal(write_two(&err), ERR_OK);
	assert_int_equal(d->ops->sync(d, &err), ERR_OK);
}

/* The sync at a job's end, whenever that is, has little to begin and not much to wait for; and no
 * block waits for one that was written just before. */
static void
write_back_keeps_up_with_what_is_written(void **state UNUSED)
{
	struct err err = ERR_INIT;

	for (uint64_t at = 0; at < 200 * MIB; at += MIB) {
		uint64_t here = at + 5000;

		assert_int_equal(write_block(5000, at, &err), ERR_OK);
		assert_true(here <= disk.begun + 8 * MIB);
		assert_true(here <= disk.awaited + 73 * MIB);
		assert_true(disk.awaited == 0 || disk.awaited + 64 * MIB <= here);
	}
	assert_int_equal(disk.calls, 200);
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_the_disk_takes_and_gives_in_pieces_is_whole),
		T(a_block_that_finds_no_room_leaves_no_part_of_itself),
		T(a_part_that_cannot_be_cut_off_is_no_full_disk),
		T(the_first_sync_is_of_the_name_as_well),
		T(a_sync_that_failed_is_not_forgotten),
		T(write_back_that_failed_fails_the_block_and_every_sync),
		T(a_file_system_without_early_write_back_does_not_matter),
		T(write_back_keeps_up_with_what_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
