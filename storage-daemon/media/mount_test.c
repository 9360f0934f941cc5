/*
 * Mounting over a medium that fails, with a director in memory.
 *
 * labels: tsan
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/base/thread.h"
#include "storage-daemon/media/media_fake.h"

#include <sys/stat.h>
#include <unistd.h>

static struct fake_site site;
static struct cancel cancel;
static const struct mount_wish wish = { .pool = "P", .pool_type = "Backup", .media_type = "File" };
static const struct media_job job = {
	.ops = &fake_job_ops, .cancel = &cancel, .daemon = "t-sd", .job = "J", .session_id = 1
};

static struct device *
dev(int i)
{
	return &site.media.devices->v[i];
}

static int
begin(void **state)
{
	struct err err = ERR_INIT;

	memset(&fake, 0, sizeof(fake));
	fake.max_vol = 3;
	fake_site_begin(&site);
	return cancel_init(&cancel, &err) == ERR_OK ? 0 : -1;
}

static int
end(void **state)
{
	fake_site_end(&site);
	cancel_release(&cancel);
	return 0;
}

static void
mount_in(int i, struct mounted *on)
{
	struct err err = ERR_INIT;

	if (mount_append(&site.media, dev(i), &job, &wish, on, &err) != ERR_OK)
		fail_msg("%s", err.text);
}

static enum block_fate
write_some(int i, const struct mounted *on, struct err *err)
{
	uint8_t p[100] = { 0 };
	uint64_t at;

	return device_write_block(dev(i), on->generation, bytes_of(p, sizeof(p)), &cancel, &at,
				  err);
}

static void
put_down(const struct mounted *on)
{
	struct err err = ERR_INIT;

	device_leave(dev(0), on->generation);
	assert_int_equal(mount_release(&site.media, dev(0), &cancel, &err), ERR_OK);
}

static void
without_a_volume_the_device_is_free_for_others(void **state)
{
	struct mounted on;
	struct err why = ERR_INIT, err = ERR_INIT;
	struct mount_pause pause = { .asked = 0 };

	fake.max_vol = 0;
	assert_int_equal(mount_append(&site.media, dev(0), &job, &wish, &on, &why), ERR_EOF);
	pause.asked = device_mount_asked(dev(0));
	device_ask_mount(dev(0)); /* between search and wait: not missed */
	assert_int_equal(mount_wait(dev(0), &job, &wish, &pause, &why, &err), ERR_OK);
	assert_int_equal(fake.asked_operator, 1);
	assert_non_null(strstr(fake.said, "Cannot find any appendable volumes"));
	assert_true(device_hold_idle(dev(0)));
	device_drop(dev(0));
	fake.max_vol = 1;
	mount_in(0, &on);
}

static void
a_waiting_job_notices_cancel_and_a_lost_director(void **state)
{
	struct err why = ERR_INIT, err = ERR_INIT;
	struct mount_pause pause = { .asked = 7 }; /* differs: no wait */

	fake.peer_gone = true;
	assert_int_equal(mount_wait(dev(0), &job, &wish, &pause, &why, &err), ERR_PEER);
	cancel_now(&cancel);
	assert_int_equal(mount_wait(dev(0), &job, &wish, &pause, &why, &err), ERR_CANCELED);
}

static void
a_waiting_job_shows_both_peers_that_it_lives(void **state)
{
	struct media_job beating = job;
	struct err why = ERR_INIT, err = ERR_INIT;
	struct mount_pause pause = { .asked = device_mount_asked(dev(0)) };
	unsigned before = fake.ops;

	beating.heartbeat_s = 1; /* the first pause is longer */
	assert_int_equal(mount_wait(dev(0), &beating, &wish, &pause, &why, &err), ERR_OK);
	assert_true(fake.ops - before >= 2);
}

static void
a_failing_medium_is_marked_and_others_go_on(void **state)
{
	struct mounted on, other;
	struct err why = ERR_INIT, err = ERR_INIT;

	mount_in(0, &on);
	fake.fail_at = fake.ops + 1;
	fake.fail_code = ERR_SYS;
	assert_int_equal(write_some(0, &on, &why), BLOCK_BROKEN);
	assert_int_equal(mount_condemn(&site.media, dev(0), &job, on.generation, &why, &err),
			 ERR_OK);
	assert_string_equal(fake_volume("V1")->status, "Error");
	assert_non_null(strstr(fake.said, "\"V1\" is not written any more"));
	assert_int_equal(device_sync(dev(0), on.generation, &err), ERR_OK);
	mount_in(0, &other);
	assert_string_equal(other.volume, "V2");
}

static void
a_failed_sync_stays_failed(void **state)
{
	struct mounted on;
	struct err err = ERR_INIT;

	mount_in(0, &on);
	assert_int_equal(write_some(0, &on, &err), BLOCK_WRITTEN);
	fake.fail_at = fake.ops + 1;
	fake.fail_code = ERR_SYS;
	assert_int_equal(device_sync(dev(0), on.generation, &err), ERR_SYS);
	assert_int_equal(device_sync(dev(0), on.generation, &err), ERR_SYS);
	device_leave(dev(0), on.generation);
	assert_int_equal(mount_release(&site.media, dev(0), &cancel, &err), ERR_SYS);
	assert_int_equal(device_sync(dev(0), on.generation, &err), ERR_SYS);
}

static void
the_catalog_hears_of_a_failure_later_when_it_is_away(void **state)
{
	struct mounted on;
	struct err why = ERR_INIT, err = ERR_INIT;

	mount_in(0, &on);
	(void)err_set(&why, ERR_SYS, "input/output error");
	fake.peer_gone = true;
	assert_int_equal(mount_condemn(&site.media, dev(0), &job, on.generation, &why, &err),
			 ERR_PEER);
	fake.peer_gone = false;
	assert_string_equal(fake_volume("V1")->status, "Append");
	mount_in(0, &on);
	assert_string_equal(on.volume, "V2");
	assert_string_equal(fake_volume("V1")->status, "Error");
	/* A person may decide otherwise: it is forgotten once it was told. */
	vol_info_set_status(fake_volume("V1"), "Append");
	put_down(&on);
	mount_in(0, &on);
	assert_string_equal(on.volume, "V1");
}

static void
a_volume_idle_in_another_device_is_taken_over(void **state)
{
	struct mounted on;

	fake.max_vol = 1;
	mount_in(0, &on);
	device_leave(dev(0), on.generation);
	mount_in(1, &on);
	assert_string_equal(on.volume, "V1");
	assert_false(device_mounted(dev(0), &on));
}

static void
a_volume_being_written_is_not_taken_over(void **state)
{
	struct mounted first, on;
	struct err err = ERR_INIT;

	fake.max_vol = 1;
	mount_in(0, &first);
	assert_int_equal(mount_append(&site.media, dev(1), &job, &wish, &on, &err), ERR_EOF);
	assert_true(device_mounted(dev(0), &on));
	assert_int_equal(on.generation, first.generation);
}

static void
a_refused_volume_with_writers_asks_for_another_device(void **state)
{
	struct mounted on;
	struct err err = ERR_INIT;

	mount_in(0, &on);
	vol_info_set_status(fake_volume("V1"), "Used");
	assert_int_equal(mount_append(&site.media, dev(0), &job, &wish, &on, &err), ERR_LIMIT);
	device_leave(dev(0), on.generation);
	mount_in(0, &on);
	assert_string_equal(on.volume, "V2");
}

static void
volumes_of_an_archive_that_is_not_mounted_are_left_alone(void **state)
{
	struct mounted on;
	struct err why = ERR_INIT, err = ERR_INIT;
	struct mount_pause pause = { .asked = 7 };

	mount_in(0, &on);
	device_leave(dev(0), on.generation);
	assert_int_equal(mount_release(&site.media, dev(0), &cancel, &err), ERR_OK);
	fake.unmounted = true;
	assert_int_equal(mount_append(&site.media, dev(0), &job, &wish, &on, &why), ERR_ABSENT);
	assert_string_equal(fake_volume("V1")->status, "Append");
	assert_int_equal(fake.n_vol, 1);
	assert_int_equal(mount_wait(dev(0), &job, &wish, &pause, &why, &err), ERR_OK);
	assert_non_null(strstr(fake.said, "The archive is not mounted"));
	assert_null(strstr(fake.said, "label"));
	vol_info_set_status(fake_volume("V1"), "Recycle");
	assert_int_equal(mount_append(&site.media, dev(0), &job, &wish, &on, &why), ERR_ABSENT);
	fake.unmounted = false;
	mount_in(0, &on);
	assert_string_equal(on.volume, "V1");
}

static void
who_cannot_tell_the_director_is_not_counted(void **state)
{
	struct mounted on;
	struct err err = ERR_INIT;

	fake.refused_updates = 1; /* the new label's */
	assert_int_equal(mount_append(&site.media, dev(0), &job, &wish, &on, &err), ERR_CATALOG);
	assert_int_equal(device_joined(dev(0)), 0);
	mount_in(0, &on);
	device_leave(dev(0), on.generation);
	fake.refused_updates = 1; /* the one more job's */
	assert_int_equal(mount_append(&site.media, dev(0), &job, &wish, &on, &err), ERR_CATALOG);
	assert_true(device_hold_idle(dev(0)));
	device_drop(dev(0));
	/* Neither does it keep the device from the next volume. */
	vol_info_set_status(fake_volume("V1"), "Used");
	mount_in(0, &on);
	assert_string_equal(on.volume, "V2");
}

static void
an_operator_does_not_unmount_under_a_job(void **state)
{
	struct mounted on;
	struct err err = ERR_INIT;

	mount_in(0, &on);
	assert_int_equal(mount_release(&site.media, dev(0), &cancel, &err), ERR_LIMIT);
	assert_true(device_mounted(dev(0), &on));
	device_leave(dev(0), on.generation);
	assert_int_equal(mount_release(&site.media, dev(0), &cancel, &err), ERR_OK);
	assert_false(device_mounted(dev(0), &on));
}

/* A job in Bareos' form, of 4096 bytes a block. */
static const struct mount_wish rest = { .pool = "P",
					.pool_type = "Backup",
					.media_type = "File",
					.need_block = 4096,
					.not_bacula = true };

static void
the_rest_of_a_job_goes_to_volumes_that_suit_it(void **state)
{
	struct mounted on;
	struct err err = ERR_INIT;

	site.device[0].label_style = CONF_STYLE_BACULA;
	mount_in(0, &on);
	assert_int_equal(on.style, LABEL_BACULA);
	device_leave(dev(0), on.generation);
	/* Mounted, and offered: neither does. */
	assert_int_equal(mount_append(&site.media, dev(0), &job, &rest, &on, &err), ERR_OK);
	assert_string_equal(on.volume, "V2");
	assert_int_equal(on.style, LABEL_BAREOS);
	assert_non_null(strstr(fake.said, "\"V1\" cannot be used: it has Bacula's label"));
	put_down(&on);
	vol_info_set_status(fake_volume("V1"), "Used");
	fake.vol[1].max_block = 2048;
	assert_int_equal(mount_append(&site.media, dev(0), &job, &rest, &on, &err), ERR_OK);
	assert_string_equal(on.volume, "V3");
	assert_non_null(strstr(fake.said, "\"V2\" cannot be used: its blocks are too small"));
}

static void
a_volume_that_does_not_suit_is_not_recycled_for_it(void **state)
{
	struct mounted on;
	struct err err = ERR_INIT;
	size_t before;

	mount_in(0, &on);
	assert_int_equal(write_some(0, &on, &err), BLOCK_WRITTEN);
	put_down(&on);
	before = fake.file[0].n_now;
	vol_info_set_status(fake_volume("V1"), "Purged");
	fake.vol[0].max_block = 2048;
	assert_int_equal(mount_append(&site.media, dev(0), &job, &rest, &on, &err), ERR_OK);
	assert_string_equal(on.volume, "V2");
	assert_int_equal(fake.file[0].n_now, before);
}

static void
why_offered_volumes_did_not_do_is_said(void **state)
{
	struct mounted on;
	struct mount_wish quiet = wish;
	struct err err = ERR_INIT;

	fake.max_vol = 1;
	mount_in(0, &on);
	quiet.quiet = true;
	assert_int_equal(mount_append(&site.media, dev(1), &job, &quiet, &on, &err), ERR_EOF);
	assert_non_null(strstr(err.text, "volume \"V1\": it is in use"));
}

static void
a_purged_volume_that_cannot_be_opened_is_passed_over(void **state)
{
	struct mounted on;

	mount_in(0, &on);
	put_down(&on);
	vol_info_set_status(fake_volume("V1"), "Purged");
	fake.fail_at = fake.ops + 2; /* the question, then the open */
	fake.fail_code = ERR_SYS;
	mount_in(0, &on);
	assert_string_equal(on.volume, "V2");
	assert_string_equal(fake_volume("V1")->status, "Purged");
	assert_non_null(strstr(fake.said, "Volume \"V1\" cannot be used"));
}

static void
a_purged_volume_that_takes_no_label_ends_the_job(void **state)
{
	struct mounted on;
	struct err err = ERR_INIT;

	mount_in(0, &on);
	put_down(&on);
	vol_info_set_status(fake_volume("V1"), "Purged");
	fake.fail_at = fake.ops + 4; /* the question, open, read; then it is cut */
	fake.fail_code = ERR_SYS;
	assert_int_equal(mount_append(&site.media, dev(0), &job, &wish, &on, &err), ERR_SYS);
	assert_non_null(strstr(err.text, "label volume \"V1\""));
}

static void
a_file_with_another_volumes_label_is_not_written(void **state)
{
	struct mounted on;
	size_t size;

	mount_in(0, &on);
	put_down(&on);
	(void)snprintf(fake.vol[0].name, sizeof(fake.vol[0].name), "Renamed");
	(void)snprintf(fake.file[0].name, sizeof(fake.file[0].name), "Renamed");
	size = fake.file[0].n_now;
	mount_in(0, &on);
	assert_string_equal(on.volume, "V2");
	assert_non_null(strstr(fake.said, "Renamed is labelled \"V1\""));
	assert_int_equal(fake.file[0].n_now, size);
}

static void
a_purged_volume_is_not_emptied_under_its_reader(void **state)
{
	struct mounted on;
	struct err err = ERR_INIT;
	size_t size;

	mount_in(0, &on);
	assert_int_equal(write_some(0, &on, &err), BLOCK_WRITTEN);
	put_down(&on);
	size = fake.file[0].n_now;
	vol_info_set_status(fake_volume("V1"), "Purged");
	assert_true(volumes_add_reader(site.media.volumes, "V1"));
	mount_in(0, &on);
	assert_string_equal(on.volume, "V2");
	assert_non_null(strstr(fake.said, "a job reads it"));
	assert_int_equal(fake.file[0].n_now, size);
	volumes_drop_reader(site.media.volumes, "V1");
	put_down(&on);
	mount_in(0, &on);
	assert_string_equal(on.volume, "V1");
	assert_true(fake.file[0].n_now < size);
}

static void
a_torn_tail_is_cut_off_before_anything_is_written(void **state)
{
	struct mounted on;
	struct fake_file *f = &fake.file[0];
	size_t size;

	mount_in(0, &on);
	put_down(&on);
	size = f->n_now;
	memset(f->now + size, 'x', 70);
	f->n_now += 70;
	mount_in(0, &on);
	assert_string_equal(on.volume, "V1");
	assert_non_null(strstr(fake.said, "70 bytes of an incomplete block were cut off"));
	assert_int_equal(f->n_now, size);
	assert_int_equal(f->n_safe, size);
}

static void
a_failed_recycling_forgives_nothing(void **state)
{
	struct mounted on;
	struct err why = ERR_INIT, err = ERR_INIT;

	mount_in(0, &on);
	(void)err_set(&why, ERR_SYS, "input/output error");
	fake.refused_updates = 1;
	assert_int_equal(mount_condemn(&site.media, dev(0), &job, on.generation, &why, &err),
			 ERR_CATALOG);
	assert_true(volumes_is_condemned(site.media.volumes, "V1"));
	assert_true(volumes_begin_rewrite(site.media.volumes, "V1", NULL));
	volumes_rewrite_done(site.media.volumes, "V1");
	mount_in(0, &on);
	assert_string_equal(on.volume, "V2");
	assert_string_equal(fake_volume("V1")->status, "Error");
}

/* ---- volumes that are files ---- */

static char archive[64];

static int
begin_files(void **state)
{
	(void)snprintf(archive, sizeof(archive), "/tmp/mount-test-XXXXXX");
	if (mkdtemp(archive) == NULL || begin(state) != 0)
		return -1;
	site.device[0].archive_device = archive;
	dev(0)->ops = dev_ops_find("file");
	return 0;
}

static void
path_of(const char *name, char out[96])
{
	(void)snprintf(out, 96, "%s/%s", archive, name);
}

static int
end_files(void **state)
{
	static const char *const names[] = { "V1", "V1.old", "V2" };
	char path[96];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		path_of(names[i], path);
		(void)remove(path);
	}
	(void)rmdir(archive);
	return end(state);
}

static size_t
read_whole(const char *name, uint8_t *p, size_t cap)
{
	char path[96];
	FILE *f;
	size_t n;

	path_of(name, path);
	f = fopen(path, "re");
	assert_non_null(f);
	n = fread(p, 1, cap, f);
	assert_int_equal(fclose(f), 0);
	return n;
}

static void
write_whole(const char *name, const uint8_t *p, size_t n)
{
	char path[96];
	FILE *f;

	path_of(name, path);
	f = fopen(path, "we");
	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

/* The archive was moved to another disk: same names, same lengths. */
static void
a_copy_in_its_place_is_written_not_what_was_mounted(void **state)
{
	static uint8_t p[4096];
	struct mounted on;
	struct err err = ERR_INIT;
	char from[96], to[96];
	size_t n;

	mount_in(0, &on);
	device_leave(dev(0), on.generation);
	n = read_whole("V1", p, sizeof(p));
	path_of("V1", from);
	path_of("V1.old", to);
	assert_int_equal(rename(from, to), 0);
	write_whole("V1", p, n);
	mount_in(0, &on);
	assert_string_equal(on.volume, "V1");
	assert_int_equal(write_some(0, &on, &err), BLOCK_WRITTEN);
	assert_int_equal(read_whole("V1", p, sizeof(p)), n + 100);
	assert_int_equal(read_whole("V1.old", p, sizeof(p)), n);
}

static void
a_directory_for_a_purged_volume_is_passed_over(void **state)
{
	struct mounted on;
	char path[96];

	path_of("V1", path);
	assert_int_equal(mkdir(path, 0700), 0);
	fake.vol[0] = (struct vol_info){ .name = "V1", .media_id = 1, .bytes = 1000 };
	vol_info_set_status(&fake.vol[0], "Purged");
	fake.n_vol = 1;
	mount_in(0, &on);
	assert_string_equal(on.volume, "V2");
	assert_non_null(strstr(fake.said, "Volume \"V1\" cannot be used"));
}

/* Somebody's file with the name of a volume that was never written. */
static void
only_what_may_be_a_label_begun_is_labelled_over(void **state)
{
	static const uint8_t note[] = "my notes", begun[] = { 9, 9, 9, 9, 0, 0, 0, 203, 0, 0 };
	static uint8_t p[4096];
	struct mounted on;

	write_whole("V1", note, sizeof(note));
	write_whole("V2", begun, sizeof(begun));
	mount_in(0, &on);
	assert_string_equal(on.volume, "V2");
	assert_int_equal(read_whole("V1", p, sizeof(p)), sizeof(note));
	assert_memory_equal(p, note, sizeof(note));
}

static void
a_volume_that_cannot_be_opened_is_passed_over(void **state)
{
	struct mounted on;
	struct err err = ERR_INIT;

	mount_in(0, &on);
	device_leave(dev(0), on.generation);
	assert_int_equal(mount_release(&site.media, dev(0), &cancel, &err), ERR_OK);
	fake.fail_at = fake.ops + 2; /* the question, then the open */
	fake.fail_code = ERR_SYS;
	mount_in(0, &on);
	assert_string_equal(on.volume, "V2");
	assert_string_equal(fake_volume("V1")->status, "Append");
	assert_non_null(strstr(fake.said, "Volume \"V1\" cannot be used"));
}

static void
a_new_volume_that_cannot_be_made_ends_the_job(void **state)
{
	struct mounted on;
	struct err err = ERR_INIT;

	fake.fail_at = fake.ops + 2;
	fake.fail_code = ERR_SYS;
	assert_int_equal(mount_append(&site.media, dev(0), &job, &wish, &on, &err), ERR_SYS);
	assert_int_equal(fake.n_vol, 1);
}

static void
a_full_disk_leaves_other_volumes_alone(void **state)
{
	struct mounted on;
	struct err full = ERR_INIT, err = ERR_INIT;

	mount_in(0, &on);
	fake.room = fake.file[0].n_now + 150;
	assert_int_equal(write_some(0, &on, &err), BLOCK_WRITTEN);
	assert_int_equal(write_some(0, &on, &full), BLOCK_FULL);
	assert_int_equal(mount_full(&site.media, dev(0), &job, on.generation, &full, &err), ERR_OK);
	assert_string_equal(fake_volume("V1")->status, "Full");
	assert_int_equal(fake.vol[0].bytes, fake.file[0].n_now);
	assert_int_equal(mount_append(&site.media, dev(0), &job, &wish, &on, &err), ERR_FULL);
	assert_non_null(strstr(err.text, "V2"));
	assert_true(device_hold_idle(dev(0)));
	device_drop(dev(0));
}

/* ---- reserve ---- */

static struct reserve_wish
for_pool(const char *pool)
{
	struct reserve_wish w = { .media_type = "File", .append = true, .n_device = 1 };

	(void)snprintf(w.pool, sizeof(w.pool), "%s", pool);
	(void)snprintf(w.device[0], sizeof(w.device[0]), "Dev1");
	return w;
}

static void
give_back(void *arg)
{
	struct wait w = wait_for(NULL, 1, "a moment");
	struct err err = ERR_INIT;

	(void)!wait_pause(&w, &err);
	reserve_drop(&site.media, (struct device *)arg, true);
}

static void
a_device_serves_one_pool_at_a_time(void **state)
{
	struct reserve_wish p = for_pool("P"), q = for_pool("Q");
	struct device *one = NULL, *two = NULL;
	struct err err = ERR_INIT;
	struct thread t;

	assert_int_equal(reserve_append(&site.media, &p, &job, NULL, &one, &err), ERR_OK);
	assert_int_equal(reserve_append(&site.media, &p, &job, NULL, &two, &err), ERR_OK);
	assert_ptr_equal(one, two);
	reserve_drop(&site.media, two, true);
	assert_int_equal(thread_start(&t, "giver", give_back, one, &err), ERR_OK);
	assert_int_equal(reserve_append(&site.media, &q, &job, NULL, &two, &err), ERR_OK);
	thread_join(&t);
	assert_non_null(strstr(fake.said, "writes for pool \"P\""));
	cancel_now(&cancel);
	assert_int_equal(reserve_append(&site.media, &p, &job, NULL, &one, &err), ERR_CANCELED);
	reserve_drop(&site.media, two, true);
}

static void
what_can_never_be_is_refused_at_once(void **state)
{
	struct reserve_wish w = for_pool("P");
	struct err err = ERR_INIT;

	(void)snprintf(w.media_type, sizeof(w.media_type), "Tape");
	assert_int_equal(reserve_check(&site.media, &w, &err), ERR_CONFIG);
	assert_non_null(strstr(err.text, "another Media Type"));
	w = for_pool("P");
	(void)snprintf(w.device[0], sizeof(w.device[0]), "Nowhere");
	assert_int_equal(reserve_check(&site.media, &w, &err), ERR_CONFIG);
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
#define F(f) cmocka_unit_test_setup_teardown(f, begin_files, end_files)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(without_a_volume_the_device_is_free_for_others),
		T(a_waiting_job_notices_cancel_and_a_lost_director),
		T(a_waiting_job_shows_both_peers_that_it_lives),
		T(a_failing_medium_is_marked_and_others_go_on),
		T(a_failed_sync_stays_failed),
		T(the_catalog_hears_of_a_failure_later_when_it_is_away),
		T(a_volume_idle_in_another_device_is_taken_over),
		T(a_volume_being_written_is_not_taken_over),
		T(a_refused_volume_with_writers_asks_for_another_device),
		T(volumes_of_an_archive_that_is_not_mounted_are_left_alone),
		T(who_cannot_tell_the_director_is_not_counted),
		T(an_operator_does_not_unmount_under_a_job),
		T(the_rest_of_a_job_goes_to_volumes_that_suit_it),
		T(a_volume_that_does_not_suit_is_not_recycled_for_it),
		T(why_offered_volumes_did_not_do_is_said),
		T(a_purged_volume_that_cannot_be_opened_is_passed_over),
		T(a_purged_volume_that_takes_no_label_ends_the_job),
		T(a_failed_recycling_forgives_nothing),
		T(a_file_with_another_volumes_label_is_not_written),
		T(a_purged_volume_is_not_emptied_under_its_reader),
		T(a_torn_tail_is_cut_off_before_anything_is_written),
		F(a_copy_in_its_place_is_written_not_what_was_mounted),
		F(a_directory_for_a_purged_volume_is_passed_over),
		F(only_what_may_be_a_label_begun_is_labelled_over),
		T(a_volume_that_cannot_be_opened_is_passed_over),
		T(a_new_volume_that_cannot_be_made_ends_the_job),
		T(a_full_disk_leaves_other_volumes_alone),
		T(a_device_serves_one_pool_at_a_time),
		T(what_can_never_be_is_refused_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
