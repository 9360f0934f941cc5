#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/base/fd.h"
#include "lib/base/num.h"
#include "lib/volume/volume_scan.h"

/* Nine blocks of 4096 bytes and less. */
#define VOLUME TERCET_GOLDEN "/bareos/plain-4096/plain-4096-0003"

static enum err_code
pread_buf(void *user, void *p, size_t n, uint64_t at, size_t *got, struct err *err)
{
	const struct buf *b = user;

	*got = at < b->len ? size_min(n, b->len - (size_t)at) : 0;
	memcpy(p, b->p + (*got > 0 ? at : 0), *got);
	return ERR_OK;
}

struct seen {
	size_t good, damaged;
	uint64_t from, to; /* of the last damage */
	bool head_known;
	uint64_t starts[32];
};

static struct seen
scan(struct buf *volume)
{
	struct volume_scan *s = volume_scan_new(pread_buf, volume);
	struct volume_block b;
	struct seen seen = { 0 };
	struct err err = ERR_INIT;
	enum err_code code;

	while ((code = volume_scan_next(s, &b, &err)) != ERR_EOF) {
		if (code == ERR_OK) {
			assert_true(seen.good < 32);
			seen.starts[seen.good++] = b.at;
			continue;
		}
		assert_int_equal(code, ERR_FORMAT);
		seen.damaged++;
		seen.from = b.at;
		seen.to = b.end;
		seen.head_known = b.head_known;
		assert_true(b.end > b.at);
	}
	volume_scan_free(s);
	return seen;
}

static struct buf
load(void)
{
	struct buf v = BUF_INIT(8 * 1024 * 1024);
	struct err err = ERR_INIT;

	assert_int_equal(fd_read_file(VOLUME, &v, &err), ERR_OK);
	return v;
}

static void
a_sound_volume_is_read_block_by_block(void **state)
{
	struct buf v = load();
	struct seen s = scan(&v);

	assert_int_equal(s.good, 9);
	assert_int_equal(s.damaged, 0);
	assert_int_equal(s.starts[1], 210);
	buf_release(&v);
}

static void
any_flipped_byte_costs_one_block_at_most(void **state)
{
	struct buf v = load();
	struct seen sound = scan(&v);

	for (size_t at = 0; at < v.len; at += at % 4096 < 300 ? 1 : 61) {
		struct seen s;
		size_t hit = 0;

		v.p[at] ^= 0x20;
		s = scan(&v);
		v.p[at] ^= 0x20;
		while (hit + 1 < sound.good && sound.starts[hit + 1] <= at)
			hit++;
		assert_int_equal(s.damaged, 1);
		assert_int_equal(s.good, 8);
		assert_int_equal(s.from, sound.starts[hit]);
		assert_int_equal(s.to, hit + 1 < sound.good ? sound.starts[hit + 1] : v.len);
	}
	buf_release(&v);
}

static void
damaged_content_leaves_the_header_known(void **state)
{
	struct buf v = load();
	struct seen s;

	v.p[210 + 100] ^= 1;
	s = scan(&v);
	assert_true(s.head_known);
	v.p[210 + 100] ^= 1;
	v.p[210 + 12] = 'X';
	s = scan(&v);
	assert_false(s.head_known);
	buf_release(&v);
}

static void
a_cut_volume_ends_with_one_damaged_range(void **state)
{
	struct buf v = load();

	v.len -= 10;
	assert_int_equal(scan(&v).good, 8);
	assert_int_equal(scan(&v).damaged, 1);
	v.len = 0;
	assert_int_equal(scan(&v).damaged, 0);
	v.len = 20;
	assert_int_equal(scan(&v).damaged, 1);
	buf_release(&v);
}

static void
foreign_bytes_between_blocks_are_passed(void **state)
{
	struct buf v = load(), w = BUF_INIT(8 * 1024 * 1024);
	struct err err = ERR_INIT;
	struct seen s;

	assert_int_equal(buf_append(&w, v.p, 210, &err), ERR_OK);
	assert_int_equal(buf_append(&w, "xxBB02....", 10, &err), ERR_OK);
	for (int i = 0; i < 100; i++)
		assert_int_equal(buf_append(&w, "noise BB02", 10, &err), ERR_OK);
	assert_int_equal(buf_append(&w, v.p + 210, v.len - 210, &err), ERR_OK);
	s = scan(&w);
	assert_int_equal(s.good, 9);
	assert_int_equal(s.damaged, 1);
	assert_int_equal(s.from, 210);
	assert_int_equal(s.to, 210 + 1010);
	buf_release(&v);
	buf_release(&w);
}

/* ---- a disk that does not give all ---- */

struct bad_disk {
	const struct buf *volume;
	uint64_t from, to; /* bytes that cannot be read */
};

static enum err_code
pread_bad(void *user, void *p, size_t n, uint64_t at, size_t *got, struct err *err)
{
	struct bad_disk *d = user;

	if (at < d->to && at + n > d->from) {
		errno = EIO;
		return err_errno(err, ERR_SYS, "read the disk at %llu", (unsigned long long)at);
	}
	return pread_buf((void *)(uintptr_t)d->volume, p, n, at, got, err);
}

static void
a_bad_sector_costs_its_blocks_only(void **state)
{
	struct buf v = load();
	struct bad_disk d = { .volume = &v, .from = 8192, .to = 8192 + 512 };
	struct volume_scan *s = volume_scan_new(pread_bad, &d);
	struct volume_block b;
	struct err err = ERR_INIT;
	enum err_code code;
	size_t good = 0, damaged = 0;

	(void)state;
	assert_int_equal(volume_scan_next(s, &b, &err), ERR_SYS);
	volume_scan_read_past_errors(s);
	while ((code = volume_scan_next(s, &b, &err)) != ERR_EOF) {
		if (code == ERR_OK) {
			good++;
			continue;
		}
		assert_int_equal(code, ERR_FORMAT);
		/* A piece of 4096 bytes is lost, and a header lay in it. */
		assert_int_equal(b.at, 4306);
		assert_int_equal(b.end, 4306 + 2 * 4096);
		assert_non_null(strstr(err.text, "read the disk at 8192: Input/output error"));
		damaged++;
	}
	assert_int_equal(damaged, 1);
	assert_int_equal(good, 7);
	volume_scan_free(s);
	buf_release(&v);
}

/* Also behind more than anybody would wait for piece by piece. */
static void
what_lies_behind_a_large_bad_place_is_found(void **state)
{
	static uint8_t block[300 * KIB];
	static const struct {
		uint64_t bytes;
		size_t spare; /* good blocks behind it that may be lost with it */
	} rows[] = { { 280 * KIB, 0 }, { 40 * MIB, 1 } };
	struct block_head head = { .len = sizeof(block), .head_len = BLOCK_HEAD_LEN };

	(void)state;
	memset(block, 1, sizeof(block));
	block_head_emit(block, &head, true);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf v = BUF_INIT(64 * MIB);
		struct bad_disk d = { .volume = &v, .from = 8192, .to = 8192 + rows[i].bytes };
		struct volume_scan *s = volume_scan_new(pread_bad, &d);
		struct volume_block b;
		struct err err = ERR_INIT;
		enum err_code code;
		size_t good = 0, damaged = 0, behind;

		while (v.len < d.to + 10 * sizeof(block))
			buf_put(&v, block, sizeof(block));
		behind = (v.len - d.to) / sizeof(block);
		volume_scan_read_past_errors(s);
		while ((code = volume_scan_next(s, &b, &err)) != ERR_EOF) {
			assert_int_not_equal(code, ERR_SYS);
			good += code == ERR_OK;
			damaged += code == ERR_FORMAT;
		}
		assert_int_equal(damaged, 1);
		assert_in_range(good, behind - rows[i].spare, behind);
		volume_scan_free(s);
		buf_release(&v);
	}
}

static void
a_dead_disk_is_given_up(void **state)
{
	struct buf v = load();
	struct bad_disk d = { .volume = &v, .from = 0, .to = UINT64_MAX };
	struct volume_scan *s = volume_scan_new(pread_bad, &d);
	struct volume_block b;
	struct err err = ERR_INIT;

	(void)state;
	volume_scan_read_past_errors(s);
	assert_int_equal(volume_scan_next(s, &b, &err), ERR_SYS);
	volume_scan_free(s);
	buf_release(&v);
}

/* ---- false ids ---- */

#define SLOT       400u /* false heads and one tiny block */
#define FALSE_LEN  (1024u * 1024)
#define MANY_SLOTS 2600u

static void
put_head(uint8_t *p, uint32_t len, bool right)
{
	struct block_head h = { .len = len, .session_id = 1, .head_len = BLOCK_HEAD_LEN };

	block_head_emit(p, &h, right);
	if (!right)
		p[0] = 1; /* a checksum that is compared */
}

/* Behind a bad place: heads of large blocks that are none, and here and there a real one. */
static struct buf
make_false(void)
{
	struct buf v = BUF_INIT(8 * 1024 * 1024);
	struct err err = ERR_INIT;

	assert_int_equal(buf_reserve(&v, MANY_SLOTS * SLOT + FALSE_LEN, &err), ERR_OK);
	v.len = MANY_SLOTS * SLOT + FALSE_LEN;
	memset(v.p, 0, v.len);
	for (size_t at = 0; at < (size_t)MANY_SLOTS * SLOT; at += SLOT) {
		for (size_t i = 0; i + 2 * BLOCK_HEAD_LEN <= SLOT; i += BLOCK_HEAD_LEN)
			put_head(v.p + at + i, FALSE_LEN, false);
		put_head(v.p + at + SLOT - BLOCK_HEAD_LEN, BLOCK_HEAD_LEN, true);
	}
	return v;
}

/* A file of many heads of the largest blocks there are, in one block of a volume. */
#define BIG_BLOCK  (1024u * 1024)
#define BIG_BLOCKS 24u
#define BIG_BAD    3u

static struct buf
make_planted(void)
{
	struct buf v = BUF_INIT(BIG_BLOCKS * BIG_BLOCK);
	struct err err = ERR_INIT;

	assert_int_equal(buf_reserve(&v, BIG_BLOCKS * BIG_BLOCK, &err), ERR_OK);
	v.len = BIG_BLOCKS * BIG_BLOCK;
	for (size_t i = 0; i < v.len; i++)
		v.p[i] = (uint8_t)(i * 31 + (i >> 9));
	for (size_t i = BIG_BLOCK / 16; i + BLOCK_HEAD_LEN < BIG_BLOCK; i += BLOCK_HEAD_LEN)
		put_head(v.p + (size_t)BIG_BAD * BIG_BLOCK + i, BLOCK_LEN_MAX, false);
	for (uint32_t i = 0; i < BIG_BLOCKS; i++)
		put_head(v.p + (size_t)i * BIG_BLOCK, BIG_BLOCK, true);
	return v;
}

static void
planted_heads_cost_no_other_block(void **state)
{
	static const size_t hits[] = { 100, 12, 5, BIG_BLOCK - 1 };
	struct buf v = make_planted();

	(void)state;
	for (size_t i = 0; i < sizeof(hits) / sizeof(*hits); i++) {
		struct seen seen;

		v.p[(size_t)BIG_BAD * BIG_BLOCK + hits[i]] ^= 1;
		seen = scan(&v);
		v.p[(size_t)BIG_BAD * BIG_BLOCK + hits[i]] ^= 1;
		assert_int_equal(seen.good, BIG_BLOCKS - 1);
		assert_int_equal(seen.damaged, 1);
		assert_int_equal(seen.from, (uint64_t)BIG_BAD * BIG_BLOCK);
		assert_int_equal(seen.to, (uint64_t)(BIG_BAD + 1) * BIG_BLOCK);
	}
	buf_release(&v);
}

/* The same with a small sound block in front of each. */
static void
false_ids_are_passed_however_many(void **state)
{
	struct buf v = make_false();
	struct volume_scan *s = volume_scan_new(pread_buf, &v);
	struct volume_block b;
	struct err err = ERR_INIT;
	enum err_code code;
	size_t good = 0;

	(void)state;
	while ((code = volume_scan_next(s, &b, &err)) == ERR_OK || code == ERR_FORMAT)
		good += code == ERR_OK;
	assert_int_equal(code, ERR_EOF);
	assert_int_equal(good, MANY_SLOTS);
	volume_scan_free(s);
	buf_release(&v);
}

static void
looking_for_a_block_can_be_cancelled(void **state)
{
	struct buf v = make_false();
	struct volume_scan *s = volume_scan_new(pread_buf, &v);
	struct volume_block b;
	struct cancel cancel;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(cancel_init(&cancel, &err), ERR_OK);
	volume_scan_set_cancel(s, &cancel);
	cancel_now(&cancel);
	assert_int_equal(volume_scan_next(s, &b, &err), ERR_CANCELED);
	volume_scan_free(s);
	cancel_release(&cancel);
	buf_release(&v);
}

/* Many tiny blocks in the content of a bad one: each is looked at a few times, not once for each.
 */
static void
blocks_inside_a_bad_block_are_followed_once(void **state)
{
	enum { TINY = 400000 };
	struct buf v = BUF_INIT(32 * 1024 * 1024);
	struct err err = ERR_INIT;
	struct seen seen;
	size_t n = BLOCK_HEAD_LEN + (size_t)TINY * BLOCK_HEAD_LEN + 8;

	(void)state;
	assert_int_equal(buf_reserve(&v, n, &err), ERR_OK);
	v.len = n;
	memset(v.p, 0, n);
	put_head(v.p, (uint32_t)n, false);
	for (size_t i = 0; i < TINY; i++)
		put_head(v.p + BLOCK_HEAD_LEN * (i + 1), BLOCK_HEAD_LEN, true);
	seen = scan(&v);
	assert_int_equal(seen.damaged, 1);
	assert_true(seen.head_known);
	assert_int_equal(seen.to, n);
	buf_release(&v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sound_volume_is_read_block_by_block),
		cmocka_unit_test(any_flipped_byte_costs_one_block_at_most),
		cmocka_unit_test(damaged_content_leaves_the_header_known),
		cmocka_unit_test(a_cut_volume_ends_with_one_damaged_range),
		cmocka_unit_test(foreign_bytes_between_blocks_are_passed),
		cmocka_unit_test(a_bad_sector_costs_its_blocks_only),
		cmocka_unit_test(what_lies_behind_a_large_bad_place_is_found),
		cmocka_unit_test(a_dead_disk_is_given_up),
		cmocka_unit_test(planted_heads_cost_no_other_block),
		cmocka_unit_test(false_ids_are_passed_however_many),
		cmocka_unit_test(looking_for_a_block_can_be_cancelled),
		cmocka_unit_test(blocks_inside_a_bad_block_are_followed_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
