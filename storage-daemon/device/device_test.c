/*
 * Who may use a device while its medium works, hangs or fails: a medium that waits on purpose.
 *
 * labels: tsan
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/base/clock.h"
#include "lib/base/thread.h"
#include "storage-daemon/device/device.h"

#include <stdlib.h>

#define PATIENCE_MS 300 /* the medium waits no longer for what must not happen */

static struct {
	struct mutex lock;
	struct cond changed;
	unsigned syncs, in_sync; /* begun, under way */
	unsigned fail_sync;      /* this one fails, after PATIENCE_MS or when a second has come */
	bool hang, writing;      /* a write waits until hang is false */
	bool hang_sync;          /* the same of a sync */
} medium;

static struct devices *devices;
static struct device *d;

/* ---- the medium ---- */

static enum err_code
open_it(struct dev *dev, const char *where UNUSED, const char *volume UNUSED,
	enum dev_mode mode UNUSED, struct err *err UNUSED)
{
	dev->fd = 0;
	return ERR_OK;
}

static enum err_code
write_it(struct dev *dev UNUSED, const void *p UNUSED, size_t n UNUSED, uint64_t at UNUSED,
	 struct err *err UNUSED)
{
	mutex_lock(&medium.lock);
	medium.writing = true;
	cond_broadcast(&medium.changed);
	while (medium.hang)
		cond_wait(&medium.changed, &medium.lock);
	medium.writing = false;
	mutex_unlock(&medium.lock);
	return ERR_OK;
}

static enum err_code
sync_it(struct dev *dev UNUSED, struct err *err)
{
	int64_t end_ms = clock_mono_ms() + PATIENCE_MS;
	unsigned nth;
	bool fails;

	mutex_lock(&medium.lock);
	nth = ++medium.syncs;
	medium.in_sync++;
	cond_broadcast(&medium.changed);
	fails = nth == medium.fail_sync;
	while (fails && medium.in_sync < 2 && clock_mono_ms() < end_ms)
		(void)cond_wait_ms(&medium.changed, &medium.lock, end_ms - clock_mono_ms());
	while (medium.hang_sync)
		cond_wait(&medium.changed, &medium.lock);
	medium.in_sync--;
	mutex_unlock(&medium.lock);
	return fails ? err_set(err, ERR_SYS, "input/output error") : ERR_OK;
}

static enum err_code
close_it(struct dev *dev UNUSED, struct err *err UNUSED)
{
	return ERR_OK;
}

static const struct dev_ops ops = {
	.kind = "slow", .open = open_it, .write = write_it, .sync = sync_it, .close = close_it
};

/* ---- a device with a mounted volume ---- */

static int
begin(void **state UNUSED)
{
	static char name[] = "Dev", type[] = "File", where[] = "/medium";
	static struct sd_device conf;
	static struct sd_device *list[] = { &conf };
	static struct sd_conf all;
	struct volume_label label = { .style = LABEL_BAREOS };
	struct vol_info v = { .name = "V", .bytes = 200, .blocks = 1 };
	struct dev *dev = NULL;
	struct err err = ERR_INIT;

	conf = (struct sd_device){ .name = name,
				   .media_type = type,
				   .archive_device = where,
				   .kind = SD_DEVICE_FILE,
				   .enabled = true };
	all = (struct sd_conf){ .device = list, .n_device = 1 };
	memset(&medium, 0, sizeof(medium));
	mutex_init(&medium.lock, RANK_LEAF);
	cond_init(&medium.changed);
	devices = devices_new(&all);
	d = &devices->v[0];
	d->ops = &ops;
	if (dev_open(&ops, where, "V", DEV_APPEND, &dev, &err) != ERR_OK)
		return -1;
	device_set_mounted(d, &dev, &v, &label, v.bytes);
	return 0;
}

static int
end(void **state UNUSED)
{
	devices_free(devices);
	cond_release(&medium.changed);
	mutex_release(&medium.lock);
	return 0;
}

static uint64_t
mounted_generation(void)
{
	struct mounted m;

	assert_true(device_mounted(d, &m));
	return m.generation;
}

static enum block_fate
write_one(uint64_t generation, struct cancel *cancel)
{
	uint8_t p[100] = { 0 };
	struct err err = ERR_INIT;
	uint64_t at;

	return device_write_block(d, generation, bytes_of(p, sizeof(p)), cancel, &at, &err);
}

/* ---- other jobs ---- */

struct other {
	struct thread thread;
	uint64_t generation;
	enum err_code code;
	enum block_fate fate;
};

static void
syncs(void *arg)
{
	struct other *o = (struct other *)arg;
	struct err err = ERR_INIT;

	o->code = device_sync(d, o->generation, &err);
}

static void
unmounts(void *arg)
{
	struct other *o = (struct other *)arg;
	struct err err = ERR_INIT;

	o->code = device_hold(d, HOLD_CHANGE, NULL, &err);
	if (o->code == ERR_OK)
		o->code = device_unmount(d, &err);
	device_drop(d);
}

static void
writes(void *arg)
{
	struct other *o = (struct other *)arg;

	o->fate = write_one(o->generation, NULL);
}

static void
start(struct other *o, void (*what)(void *arg))
{
	struct err err = ERR_INIT;

	o->generation = mounted_generation();
	assert_int_equal(thread_start(&o->thread, "other", what, o, &err), ERR_OK);
}

/* Until another job is in the medium. */
static void
await_sync(void)
{
	mutex_lock(&medium.lock);
	while (medium.in_sync == 0)
		cond_wait(&medium.changed, &medium.lock);
	mutex_unlock(&medium.lock);
}

static void
await_write(void)
{
	mutex_lock(&medium.lock);
	while (!medium.writing)
		cond_wait(&medium.changed, &medium.lock);
	mutex_unlock(&medium.lock);
}

static void
stop_hanging(void)
{
	mutex_lock(&medium.lock);
	medium.hang = medium.hang_sync = false;
	cond_broadcast(&medium.changed);
	mutex_unlock(&medium.lock);
}

/* ---- syncs ---- */

static void
a_sync_during_an_unmount_hears_how_it_ends(void **state UNUSED)
{
	uint64_t generation = mounted_generation();
	struct other o = { .generation = 0 };
	struct err err = ERR_INIT;
	enum err_code mine;

	assert_int_equal(write_one(generation, NULL), BLOCK_WRITTEN);
	medium.fail_sync = 1;
	start(&o, unmounts);
	await_sync();
	mine = device_sync(d, generation, &err);
	thread_join(&o.thread);
	assert_int_equal(mine, ERR_SYS);
	assert_int_equal(o.code, ERR_SYS);
	assert_int_equal(device_sync(d, generation, &err), ERR_SYS);
}

static void
a_failure_that_is_told_once_fails_all_who_sync(void **state UNUSED)
{
	uint64_t generation = mounted_generation();
	struct other o = { .generation = 0 };
	struct err err = ERR_INIT;
	enum err_code mine;

	assert_int_equal(write_one(generation, NULL), BLOCK_WRITTEN);
	medium.fail_sync = 1; /* the second one succeeds at once */
	start(&o, syncs);
	await_sync();
	mine = device_sync(d, generation, &err);
	thread_join(&o.thread);
	assert_int_equal(mine, ERR_SYS);
	assert_int_equal(o.code, ERR_SYS);
}

static void
what_is_safe_is_not_synced_again(void **state UNUSED)
{
	uint64_t generation = mounted_generation();
	struct err err = ERR_INIT;

	assert_int_equal(device_sync(d, generation, &err), ERR_OK);
	assert_int_equal(medium.syncs, 0); /* just mounted */
	assert_int_equal(write_one(generation, NULL), BLOCK_WRITTEN);
	assert_int_equal(device_vol_safe(d).bytes, 200);
	assert_int_equal(device_sync(d, generation, &err), ERR_OK);
	assert_int_equal(device_vol_safe(d).bytes, 300);
	assert_int_equal(device_sync(d, generation, &err), ERR_OK);
	assert_int_equal(medium.syncs, 1);
}

static void
a_block_written_during_a_sync_is_not_safe(void **state UNUSED)
{
	uint64_t generation = mounted_generation();
	struct other o = { .generation = 0 };
	struct err err = ERR_INIT;

	assert_int_equal(write_one(generation, NULL), BLOCK_WRITTEN);
	medium.hang_sync = true;
	start(&o, syncs);
	await_sync();
	assert_int_equal(write_one(generation, NULL), BLOCK_WRITTEN);
	stop_hanging();
	thread_join(&o.thread);
	assert_int_equal(o.code, ERR_OK);
	assert_int_equal(device_vol_safe(d).bytes, 300);
	assert_int_equal(device_vol(d).bytes, 400);
	assert_int_equal(device_sync(d, generation, &err), ERR_OK);
	assert_int_equal(device_vol_safe(d).bytes, 400);
	assert_int_equal(medium.syncs, 2);
}

/* ---- a medium that hangs ---- */

static void
nobody_but_writers_waits_for_a_hung_write(void **state UNUSED)
{
	uint64_t generation = mounted_generation();
	struct other o = { .generation = 0 };
	struct cancel cancel;
	struct err err = ERR_INIT;
	struct mounted m;

	assert_int_equal(cancel_init(&cancel, &err), ERR_OK);
	medium.hang = true;
	start(&o, writes);
	await_write();
	/* None of these may wait: else the test does, for ever. */
	assert_true(device_mounted(d, &m));
	assert_int_equal(device_vol(d).bytes, 200);
	assert_false(device_hold_idle(d));
	devices_wake(devices);
	cancel_now(&cancel);
	assert_int_equal(write_one(generation, &cancel), BLOCK_CANCELED);
	assert_int_equal(device_hold(d, HOLD_CHANGE, &cancel, &err), ERR_CANCELED);
	stop_hanging();
	thread_join(&o.thread);
	assert_int_equal(o.fate, BLOCK_WRITTEN);
	assert_int_equal(device_vol(d).bytes, 300);
	assert_true(device_hold_idle(d)); /* who was cancelled holds nothing */
	device_drop(d);
	cancel_release(&cancel);
}

static void
a_change_waits_for_the_block_that_is_on_its_way(void **state UNUSED)
{
	struct other writer = { .generation = 0 }, holder = { .generation = 0 };

	medium.hang = true;
	start(&writer, writes);
	await_write();
	start(&holder, unmounts);
	stop_hanging();
	thread_join(&writer.thread);
	thread_join(&holder.thread);
	assert_int_equal(writer.fate, BLOCK_WRITTEN);
	assert_int_equal(holder.code, ERR_OK);
	assert_int_equal(medium.syncs, 1);
	assert_int_equal(write_one(writer.generation, NULL), BLOCK_MOVED);
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_sync_during_an_unmount_hears_how_it_ends),
		T(a_failure_that_is_told_once_fails_all_who_sync),
		T(what_is_safe_is_not_synced_again),
		T(a_block_written_during_a_sync_is_not_safe),
		T(nobody_but_writers_waits_for_a_hung_write),
		T(a_change_waits_for_the_block_that_is_on_its_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
