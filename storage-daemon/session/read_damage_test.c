/*
 * What damage costs a restore: what it hit, and no more.
 *
 * labels: tsan
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "storage-daemon/session/read_fake.h"

/* ---- a backup that is hit ---- */

static void
a_damaged_block_costs_its_files_only_and_they_are_said(void **state)
{
	(void)state;
	assert_true(n_blocks >= 6);
	for (unsigned i = 1; i < n_blocks; i++) { /* each but the label */
		struct got g;

		(void)begin(NULL);
		spoil(block_at[i] + 100);
		g = restore(bootstrap(1, FILES));
		assert_true(was_said("damaged block at address"));
		assert_true(g.n + 9 >= FILES);
		lost_files_are_said(&g, 1, FILES);
		assert_int_equal(g.status, STATUS_ERROR);
	}
}

static void
an_unreadable_head_is_stepped_over(void **state)
{
	struct got g;

	(void)state;
	spoil(block_at[3] + 12); /* the magic */
	g = restore(bootstrap(1, FILES));
	assert_true(g.n + 9 >= FILES && g.n < FILES);
	lost_files_are_said(&g, 1, FILES);
	assert_int_equal(g.status, STATUS_ERROR);
}

static void
damage_says_nothing_of_files_that_nobody_asked_for(void **state)
{
	struct got g;

	(void)state;
	spoil(block_at[3] + 100);
	g = restore(bootstrap(FILES - 2, FILES));
	assert_int_equal(g.n, 3);
	assert_false(was_said("may be"));
	assert_int_equal(g.status, STATUS_ERROR); /* the block itself is told */
}

static void
a_cut_volume_costs_what_is_behind(void **state)
{
	(void)state;
	for (unsigned i = 2; i < n_blocks; i++)
		for (uint32_t off = 0; off <= 1000; off += 1000) {
			struct got g;

			(void)begin(NULL);
			fake.file[0].n_now = block_at[i] + off;
			g = restore(bootstrap(1, FILES));
			assert_true(was_said("ends at address"));
			lost_files_are_said(&g, 1, FILES);
			assert_int_equal(g.status, STATUS_ERROR);
		}
}

static void
a_damaged_label_costs_nothing(void **state)
{
	struct got g;

	(void)state;
	spoil(block_at[0] + 50);
	g = restore(bootstrap(1, FILES));
	assert_int_equal(g.n, FILES);
	assert_true(was_said("the label cannot be read"));
	assert_int_equal(g.status, STATUS_ERROR);
}

/* ---- blocks among others ---- */

#define INNER_BLOCK 300u /* of the volume in a file on the volume */
#define INNER_ID    77u
#define PIECE       700u /* of that file in one record */

/* A volume of small blocks, as it lies in a file. */
static void
make_inner_volume(uint8_t *p, size_t n)
{
	static uint8_t inner[INNER_BLOCK];
	struct block_fill fill = { .p = inner, .cap = INNER_BLOCK };
	struct block_head head = { .len = INNER_BLOCK,
				   .session_id = INNER_ID,
				   .session_time = TIME,
				   .head_len = BLOCK_HEAD_LEN };

	for (size_t at = 0; at + INNER_BLOCK <= n; at += INNER_BLOCK) {
		uint8_t data[INNER_BLOCK - BLOCK_HEAD_LEN - RECORD_HEAD_LEN];

		memset(data, (int)(at / INNER_BLOCK), sizeof(data));
		block_fill_reset(&fill);
		put(&fill, 1, STREAM_FILE_DATA, data, sizeof(data));
		block_head_emit(inner, &head, true);
		memcpy(p + at, inner, INNER_BLOCK);
	}
}

#define NESTED_BLOCKS 5u
#define NESTED_MAX    64u

struct nested {
	uint32_t at[NESTED_BLOCKS + 1];               /* of its blocks, and the end */
	unsigned from[NESTED_MAX], to[NESTED_MAX], n; /* blocks that hold each record */
};

/* Blocks of session 1 full of one file that is a volume itself. */
static void
write_nested(struct nested *v)
{
	static uint8_t content[NESTED_BLOCKS * BLOCK];
	struct block_fill fill = { .p = area, .cap = BLOCK };
	struct fake_file *f = &fake.file[0];
	unsigned block = 0;
	size_t from = 0;

	memset(content, 0, sizeof(content));
	make_inner_volume(content, sizeof(content));
	block_fill_reset(&fill);
	v->at[0] = (uint32_t)f->n_now;
	for (v->n = 0; block < NESTED_BLOCKS && from + PIECE <= sizeof(content); from += PIECE) {
		struct record_put r = { .file_index = 1,
					.stream = STREAM_GZIP_DATA,
					.data = bytes_of(content + from, PIECE) };

		assert_true(v->n < NESTED_MAX);
		v->from[v->n] = fill.cap - fill.len < RECORD_HEAD_LEN ? block + 1 : block;
		while (block < NESTED_BLOCKS && !record_put(&fill, &r)) {
			write_block(f, 1, &fill);
			block_fill_reset(&fill);
			v->at[++block] = (uint32_t)f->n_now;
		}
		v->to[v->n] = block;
		v->n += block < NESTED_BLOCKS;
	}
	assert_int_equal(block, NESTED_BLOCKS);
}

/* A byte of a block is hit, here so far from its beginning: what else is lost? */
static void
only_its_records_are_lost(unsigned block, uint32_t off)
{
	struct nested v;
	struct got g;
	unsigned hit = 0;

	(void)begin_by_hand(NULL);
	write_nested(&v);
	spoil(v.at[block] + off);
	for (unsigned i = 0; i < v.n; i++)
		hit += v.from[i] <= block && v.to[i] >= block;
	g = restore(wanted(1, ""));
	assert_int_equal(g.records, v.n - hit);
	assert_true(was_said("damaged block at address"));
	assert_int_equal(g.status, STATUS_ERROR);
}

static void
a_volume_in_a_file_leads_nobody_astray(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NESTED_BLOCKS; i++) {
		only_its_records_are_lost(i, 1000);
		assert_int_equal(times_said("damaged block at address"), 1);
		only_its_records_are_lost(i, 12); /* the magic */
		only_its_records_are_lost(i, 6);  /* the length */
	}
}

/*
 * Records of one file whose blocks all begin alike: with a piece as long, of a record as long.  The
 * record that goes on in a lost block must not go on in the one behind it.
 */
static void
pieces_on_both_sides_of_damage_are_not_joined(void **state)
{
	enum { RECORD = (BLOCK - BLOCK_HEAD_LEN - RECORD_HEAD_LEN) / 7 - RECORD_HEAD_LEN };
	struct block_fill fill = { .p = area, .cap = BLOCK };
	struct got g;
	uint32_t at[4];
	uint8_t data[RECORD];
	unsigned block = 0;

	(void)state;
	block_fill_reset(&fill);
	at[0] = (uint32_t)fake.file[0].n_now;
	for (unsigned i = 0; i < 3 * 7; i++) {
		struct record_put r = { .file_index = 1,
					.stream = STREAM_GZIP_DATA,
					.data = bytes_of(data, RECORD) };

		memset(data, (int)i, sizeof(data));
		while (!record_put(&fill, &r)) {
			write_block(&fake.file[0], 1, &fill);
			block_fill_reset(&fill);
			at[++block] = (uint32_t)fake.file[0].n_now;
		}
	}
	write_block(&fake.file[0], 1, &fill);
	assert_int_equal(block, 2);
	assert_memory_equal(fake.file[0].now + at[1] + BLOCK_HEAD_LEN,
			    fake.file[0].now + at[2] + BLOCK_HEAD_LEN, RECORD_HEAD_LEN);
	spoil(at[1] + 500);
	g = restore(wanted(1, ""));
	assert_int_equal(g.records, 7 + 6);
	assert_int_equal(g.status, STATUS_ERROR);
}

static void
a_wrong_length_in_another_jobs_block_costs_nothing(void **state)
{
	struct got g;
	uint32_t at, ours;
	uint8_t *len;

	(void)state;
	(void)write_files(1, 1, 2);
	(void)write_files(2, 1, 3);
	at = write_files(2, 4, 6);
	ours = write_files(1, 3, 4);
	(void)write_files(2, 7, 9);
	(void)write_files(1, 5, 6);
	/* It leads exactly to the block behind ours. */
	len = &fake.file[0].now[at + 4];
	assert_int_equal(len[2] << 8 | len[3], ours - at);
	ours += (uint32_t)fake.file[0].now[ours + 6] << 8 | fake.file[0].now[ours + 7];
	len[2] = (uint8_t)((ours - at) >> 8);
	len[3] = (uint8_t)(ours - at);
	g = restore(wanted(1, "FileIndex=1-6\n"));
	assert_int_equal(g.n, 6);
	assert_true(was_said("damaged block at address"));
}

static void
damage_in_another_jobs_block_is_only_warned_of(void **state)
{
	struct got g;

	(void)state;
	(void)write_files(1, 1, 2);
	(void)write_files(2, 1, 3);
	spoil(write_files(2, 4, 6) + 500);
	(void)write_files(1, 3, 4);
	g = restore(wanted(1, "FileIndex=1-4\n"));
	assert_int_equal(g.n, 4);
	assert_int_equal(g.status, STATUS_OK);
	assert_true(was_said("bytes of another job skipped"));
	assert_false(was_said("may be"));
}

static void
a_block_with_a_wrong_session_is_ours_all_the_same(void **state)
{
	for (uint32_t off = 16; off < 24; off++) {
		struct got g;

		(void)begin_by_hand(state);
		(void)write_files(1, 1, 2);
		(void)write_files(2, 1, 3);
		spoil(write_files(1, 3, 4) + off);
		(void)write_files(1, 5, 6);
		g = restore(wanted(1, "FileIndex=1-6\n"));
		assert_int_equal(g.n, 4);
		assert_true(was_said("files 3-4 of session 1/1000 may be lost"));
		assert_int_equal(g.status, STATUS_ERROR);
	}
}

static void
a_file_without_its_attributes_is_not_called_by_anothers_name(void **state)
{
	struct block_fill fill = { .p = area, .cap = BLOCK };
	char data[FILE_BYTES] = "";
	struct got g;

	(void)state;
	(void)write_files(1, 1, 2);
	spoil(write_files(1, 3, 4) + 500);
	block_fill_reset(&fill);
	memset(data, 'a' + 4, sizeof(data));
	put(&fill, 4, STREAM_FILE_DATA, data, sizeof(data));
	write_block(&fake.file[0], 1, &fill);
	spoil(write_files(1, 5, 6) + 500);
	g = restore(wanted(1, "FileIndex=1-6\n"));
	assert_int_equal(g.n, 2);
	assert_true(was_said("file 4 (its name is lost) of session 1 may be incomplete"));
	assert_int_equal(times_said("/src/02"), 1);
}

static void
damage_behind_a_job_or_on_anothers_volume_is_not_the_jobs(void **state)
{
	struct got g;

	(void)state;
	(void)write_files(1, 1, 3);
	fake.file[1] = fake.file[0];
	(void)snprintf(fake.file[1].name, sizeof(fake.file[1].name), "V2");
	fake.file[1].now[50] ^= 0xff;               /* the label, which has V1's name */
	fake.file[1].now[block_at[1] + 12] ^= 0xff; /* the magic of the only block */
	g = restore("Volume=\"V1\"\nVolSessionId=1\nVolSessionTime=1000\nFileIndex=1-3\nCount=3\n"
		    "Volume=\"V2\"\nVolSessionId=2\nVolSessionTime=1000\nFileIndex=1\nCount=1\n");
	assert_int_equal(g.n, 3);
	assert_true(was_said("damaged block at address"));
	assert_false(was_said("session 1 may be incomplete"));
	assert_int_equal(g.status, STATUS_ERROR);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_damaged_block_costs_its_files_only_and_they_are_said),
		T(an_unreadable_head_is_stepped_over),
		T(damage_says_nothing_of_files_that_nobody_asked_for),
		T(a_cut_volume_costs_what_is_behind),
		T(a_damaged_label_costs_nothing),
		H(a_volume_in_a_file_leads_nobody_astray),
		H(pieces_on_both_sides_of_damage_are_not_joined),
		H(a_wrong_length_in_another_jobs_block_costs_nothing),
		H(damage_in_another_jobs_block_is_only_warned_of),
		H(a_block_with_a_wrong_session_is_ours_all_the_same),
		H(a_file_without_its_attributes_is_not_called_by_anothers_name),
		H(damage_behind_a_job_or_on_anothers_volume_is_not_the_jobs),
	};

	return cmocka_run_group_tests(tests, begin_all, end_all);
}
