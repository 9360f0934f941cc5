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
	uint64_t starts[16];
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
			assert_true(seen.good < 16);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sound_volume_is_read_block_by_block),
		cmocka_unit_test(any_flipped_byte_costs_one_block_at_most),
		cmocka_unit_test(damaged_content_leaves_the_header_known),
		cmocka_unit_test(a_cut_volume_ends_with_one_damaged_range),
		cmocka_unit_test(foreign_bytes_between_blocks_are_passed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
