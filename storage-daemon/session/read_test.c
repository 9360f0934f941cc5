/*
 * What a restore gets from good volumes, and from which ones.
 *
 * labels: tsan
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/base/wr.h"
#include "storage-daemon/session/read_fake.h"

/* ---- one volume ---- */

static void
all_records_come_in_order_of_the_volume(void **state)
{
	struct got g;

	(void)state;
	g = restore(bootstrap(1, FILES));
	assert_int_equal(g.n, FILES);
	assert_int_equal(g.records, 3 * FILES);
	assert_int_equal(g.status, STATUS_OK);
}

static void
files_chosen_come_alone(void **state)
{
	struct got g;

	(void)state;
	g = restore(bootstrap(17, 19));
	assert_int_equal(g.n, 3);
	assert_int_equal(g.records, 9);
	assert_true(g.whole[17] && g.whole[18] && g.whole[19]);
	assert_int_equal(g.status, STATUS_OK);
}

static void
a_bootstrap_without_addresses_finds_them_too(void **state)
{
	struct got g;

	(void)state;
	g = restore("Volume=\"V1\"\nFileIndex=30-31\n");
	assert_int_equal(g.n, 2);
	assert_true(g.whole[30] && g.whole[31]);
	assert_int_equal(g.status, STATUS_OK);
}

/* Behind what a device has written there is the beginning of a block that it writes now. */
static void
a_block_that_is_being_written_is_not_read(void **state)
{
	struct fake_file *f = &fake.file[0];
	struct got g;

	(void)state;
	assert_non_null(volumes_writer(sd.site.media.volumes, "V1"));
	memcpy(f->now + f->n_now, f->now + block_at[1], 100);
	f->n_now += 100;
	g = restore("Volume=\"V1\"\n");
	assert_int_equal(g.n, FILES);
	assert_int_equal(g.status, STATUS_OK);
	assert_false(was_said("damaged") || was_said("ends at"));
}

/* Spec: volume.md 2.2 */
static void
write_old_block(uint32_t id, int file)
{
	struct fake_file *f = &fake.file[0];
	struct wr w = wr_init(f->now + f->n_now, BLOCK);

	wr_u32be(&w, 0);
	wr_u32be(&w, BLOCK_HEAD_LEN_1 + 2 * (20 + 5));
	wr_u32be(&w, 0);
	wr_bytes(&w, "BB01", 4);
	for (uint32_t i = 0; i < 2; i++) { /* of two sessions */
		wr_u32be(&w, id + i);
		wr_u32be(&w, TIME);
		wr_u32be(&w, (uint32_t)file);
		wr_u32be(&w, STREAM_GZIP_DATA);
		wr_u32be(&w, 5);
		wr_bytes(&w, "bytes", 5);
	}
	f->n_now += BLOCK_HEAD_LEN_1 + 2 * (20 + 5);
}

static void
old_blocks_of_several_sessions_are_read(void **state)
{
	struct got g;

	(void)state;
	write_old_block(4, 1);
	write_old_block(4, 2);
	write_old_block(4, 3);
	g = restore(wanted(5, "FileIndex=1-2\nCount=2\n"));
	assert_int_equal(g.records, 2);
	assert_int_equal(g.status, STATUS_OK);
}

static void
addresses_behind_everything_are_just_not_there(void **state)
{
	struct got g;
	uint32_t at;
	char more[128];

	(void)state;
	(void)write_files(1, 1, 2);
	at = write_files(1, 3, 4);
	(void)snprintf(more, sizeof(more),
		       "VolAddr=0-%u,18446744073709551606-18446744073709551615\n", at - 1);
	g = restore(wanted(1, more));
	assert_int_equal(g.n, 2);
}

/* A Write Bootstrap file, or one made by hand: numbers from the catalog's rows, or 1 to plenty. */
static void
numbers_behind_the_jobs_end_are_not_missed(void **state)
{
	struct got g;

	(void)state;
	(void)write_files(1, 1, 4);
	g = restore(wanted(1, "FileIndex=1-80\n"
			      "Volume=\"V1\"\nVolSessionId=2\nVolSessionTime=1000\n"
			      "VolAddr=0-0\nFileIndex=0-0\n"));
	assert_int_equal(g.n, 4);
	assert_int_equal(g.status, STATUS_OK);
}

/* ---- which volume, on which device ---- */

static void
another_volume_in_its_place_is_not_read(void **state)
{
	struct got g;

	(void)state;
	(void)snprintf(fake.file[0].name, sizeof(fake.file[0].name), "V9");
	g = restore("Volume=\"V9\"\nFileIndex=5-25\n");
	assert_int_equal(g.records, 0);
	assert_true(was_said("V9 is labelled \"V1\""));
	assert_int_equal(g.status, STATUS_ERROR);
}

static enum err_code
open_empty(struct dev *d UNUSED, const char *where UNUSED, const char *volume UNUSED,
	   enum dev_mode mode UNUSED, struct err *err)
{
	return err_set(err, ERR_ABSENT, "Archive Device /spare is empty");
}

/* A new device without volumes is not one that waits for its file system. */
static void
an_empty_device_beside_does_not_hold_a_restore_up(void **state)
{
	struct dev_ops empty = fake_ops;
	struct device *spare = &sd.site.media.devices->v[1];
	struct got g;

	(void)state;
	empty.open = open_empty;
	spare->ops = &empty;
	fake.file[0].exists = false;
	g = restore(bootstrap(1, 10));
	spare->ops = &fake_ops;
	assert_true(was_said("there is no volume \"V1\""));
	lost_files_are_said(&g, 1, 10);
	assert_int_equal(g.status, STATUS_ERROR);
}

static unsigned opened;

static enum err_code
open_at_the_third_attempt(struct dev *d, const char *where, const char *volume, enum dev_mode mode,
			  struct err *err)
{
	return ++opened < 3 ? open_empty(d, where, volume, mode, err)
			    : fake_open(d, where, volume, mode, err);
}

static enum err_code
open_another(struct dev *d UNUSED, const char *where UNUSED, const char *volume,
	     enum dev_mode mode UNUSED, struct err *err)
{
	return err_set(err, ERR_EOF, "no file %s", volume);
}

/* The only one of the volume's media type is not mounted: that is whom the operator is told. */
static void
the_device_of_the_volumes_media_type_is_waited_for(void **state)
{
	static char other[] = "Other", file[] = "File";
	struct dev_ops late = fake_ops, own = fake_ops;
	struct device *v = sd.site.media.devices->v;
	OWNED(freep) char *text = str_dup(bootstrap(1, FILES));
	struct got g;

	(void)state;
	opened = 0;
	late.open = open_at_the_third_attempt;
	own.open = open_another;
	v[0].ops = &own;
	v[1].ops = &late;
	sd.site.device[1].media_type = other;
	memcpy(strstr(text, "\"File\""), "Other ", 6);
	g = restore(text);
	v[0].ops = v[1].ops = &fake_ops;
	sd.site.device[1].media_type = file;
	assert_true(was_said("Please mount the file system of:\n    Storage:      \"Dev2\""));
	assert_int_equal(g.n, FILES);
	assert_int_equal(g.status, STATUS_OK);
}

/* ---- reading ahead ---- */

#define FAR (10u << 20) /* several windows */

static struct {
	uint64_t other_at, other_n; /* a block of another job, which is there again and again */
	uint64_t end;               /* of the volume */
	uint64_t ahead;             /* what will be read soon begins here */
	unsigned told, true_told, too_far;
} far;

/* The label, the other job's block many times over, and what stands behind it in the file. */
static enum err_code
read_far(struct dev *d UNUSED, void *p, size_t n, uint64_t at, size_t *got, struct err *err UNUSED)
{
	const struct fake_file *f = &fake.file[0];
	uint64_t behind = far.end - (f->n_now - far.other_at - far.other_n);

	far.true_told += far.told > 0 && at == far.ahead;
	for (*got = 0; *got < n && at < far.end; at++) {
		uint64_t from = at < far.other_at ? at
				: at < behind     ? far.other_at + (at - far.other_at) % far.other_n
						  : f->n_now - (far.end - at);

		((uint8_t *)p)[(*got)++] = f->now[from];
	}
	return ERR_OK;
}

static void
note_ahead(struct dev *d UNUSED, size_t n, uint64_t at)
{
	far.told++;
	far.ahead = at;
	far.too_far += n == 0 || at >= far.end;
}

/* Where the device that wrote the volume ends; what it was before. */
static uint64_t
move_end(struct device *d, uint64_t end)
{
	uint64_t before;

	mutex_lock(&d->lock);
	before = d->end;
	d->end = end;
	mutex_unlock(&d->lock);
	return before;
}

static void
what_is_read_next_is_announced_while_one_window_is_sent(void **state)
{
	struct device *dev = &sd.site.media.devices->v[0];
	struct dev_ops ops = fake_ops;
	uint64_t end;
	struct got g;

	(void)state;
	memset(&far, 0, sizeof(far));
	far.other_at = write_files(2, 1, 3);
	far.other_n = fake.file[0].n_now - far.other_at;
	(void)write_files(1, 1, 4);
	far.end = fake.file[0].n_now + FAR / far.other_n * far.other_n;
	ops.read = read_far;
	ops.read_ahead = note_ahead;
	dev->ops = &ops;
	end = move_end(dev, far.end);
	g = restore(wanted(1, "FileIndex=1-4\n"));
	(void)move_end(dev, end);
	dev->ops = &fake_ops;
	assert_int_equal(g.n, 4);
	assert_in_range(far.told, 2, 4);
	assert_int_equal(far.true_told, far.told);
	assert_int_equal(far.too_far, 0);
}

/* ---- several volumes ---- */

/* Jobs of two volumes, and the first volume again. */
static const char *
two_volumes(void)
{
	static char text[1024];
	int n = snprintf(text, sizeof(text), "%s", bootstrap(1, 10));

	n += snprintf(text + n, sizeof(text) - (size_t)n,
		      "Volume=\"V2\"\nVolSessionId=9\nVolSessionTime=9\nFileIndex=1\nCount=1\n");
	(void)snprintf(text + n, sizeof(text) - (size_t)n, "%s", bootstrap(21, 30));
	return text;
}

static void (*when_v2_is_opened)(struct fake_file *v1);

static enum err_code
open_and_see(struct dev *d, const char *where, const char *volume, enum dev_mode mode,
	     struct err *err)
{
	if (strcmp(volume, "V2") == 0)
		when_v2_is_opened(&fake.file[0]);
	return fake_open(d, where, volume, mode, err);
}

static struct got
restore_two_volumes(void (*meanwhile)(struct fake_file *v1))
{
	struct device *v = sd.site.media.devices->v;
	struct dev_ops ops = fake_ops;
	struct got g;

	when_v2_is_opened = meanwhile;
	ops.open = open_and_see;
	v[0].ops = v[1].ops = &ops;
	g = restore(two_volumes());
	v[0].ops = v[1].ops = &fake_ops;
	return g;
}

static void
remove_file(struct fake_file *f)
{
	f->exists = false;
}

/* Its size stays; what is there now is of another session. */
static void
write_another_job(struct fake_file *f)
{
	for (unsigned i = 1; i < n_blocks; i++) {
		struct block_head head;
		struct err err = ERR_INIT;
		struct bytes b = bytes_of(f->now + block_at[i], block_at[i + 1] - block_at[i]);

		assert_int_equal(block_head_parse(b, &head, &err), ERR_OK);
		head.session_id++;
		block_head_emit(f->now + block_at[i], &head, true);
	}
}

static void
a_volume_that_changes_between_two_visits_costs_the_second(void **state)
{
	static void (*const changes[])(struct fake_file *) = { remove_file, write_another_job };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct got g;

		(void)begin(NULL);
		g = restore_two_volumes(changes[i]);
		assert_int_equal(g.n, 10);
		assert_true(g.whole[1] && g.whole[10]);
		lost_files_are_said(&g, 21, 30);
		assert_int_equal(g.status, STATUS_ERROR);
	}
}

static bool may_be_emptied;

static void
try_to_empty(struct fake_file *f UNUSED)
{
	struct volumes *v = sd.site.media.volumes;

	may_be_emptied = volumes_begin_rewrite(v, "V1", volumes_writer(v, "V1"));
	if (may_be_emptied)
		volumes_rewrite_done(v, "V1");
}

static void
no_volume_is_emptied_before_its_last_visit(void **state)
{
	struct got g;

	(void)state;
	g = restore_two_volumes(try_to_empty);
	assert_int_equal(g.n, 20);
	assert_false(may_be_emptied);
	try_to_empty(NULL);
	assert_true(may_be_emptied);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(all_records_come_in_order_of_the_volume),
		T(files_chosen_come_alone),
		T(a_bootstrap_without_addresses_finds_them_too),
		T(a_block_that_is_being_written_is_not_read),
		H(old_blocks_of_several_sessions_are_read),
		H(addresses_behind_everything_are_just_not_there),
		H(numbers_behind_the_jobs_end_are_not_missed),
		T(another_volume_in_its_place_is_not_read),
		T(an_empty_device_beside_does_not_hold_a_restore_up),
		T(the_device_of_the_volumes_media_type_is_waited_for),
		H(what_is_read_next_is_announced_while_one_window_is_sent),
		T(a_volume_that_changes_between_two_visits_costs_the_second),
		T(no_volume_is_emptied_before_its_last_visit),
	};

	return cmocka_run_group_tests(tests, begin_all, end_all);
}
