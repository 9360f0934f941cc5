#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/base/fd.h"
#include "lib/volume/block.h"

static struct buf volume = BUF_INIT(8 * 1024 * 1024);

static int
load(void **state)
{
	struct err err = ERR_INIT;

	return fd_read_file(TERCET_GOLDEN "/bareos/label-only/label-only", &volume, &err) == ERR_OK
		       ? 0
		       : -1;
}

static int
unload(void **state)
{
	buf_release(&volume);
	return 0;
}

static void
the_golden_label_block_is_read(void **state)
{
	struct block_head h;
	struct err err = ERR_INIT;

	assert_int_equal(block_head_parse(buf_bytes(&volume), &h, &err), ERR_OK);
	assert_int_equal(h.checksum, 0x387ef051);
	assert_int_equal(h.len, 203);
	assert_int_equal(h.number, 0);
	assert_int_equal(h.head_len, BLOCK_HEAD_LEN);
	assert_int_equal(block_verify(buf_bytes(&volume), &h, &err), ERR_OK);
}

static void
emit_gives_the_bytes_that_were_read(void **state)
{
	struct block_head h;
	struct err err = ERR_INIT;
	uint8_t copy[203];

	assert_int_equal(block_head_parse(buf_bytes(&volume), &h, &err), ERR_OK);
	memcpy(copy, volume.p, sizeof(copy));
	memset(copy, 0xee, BLOCK_HEAD_LEN);
	block_head_emit(copy, &h, true);
	assert_memory_equal(copy, volume.p, sizeof(copy));
	block_head_emit(copy, &h, false);
	assert_memory_equal(copy, "\0\0\0\0", 4);
	assert_memory_equal(copy + 4, volume.p + 4, sizeof(copy) - 4);
}

static void
every_shorter_prefix_is_refused(void **state)
{
	struct block_head h;
	struct err err = ERR_INIT;

	for (size_t n = 0; n < BLOCK_HEAD_LEN; n++)
		assert_int_equal(block_head_parse(bytes_of(volume.p, n), &h, &err), ERR_FORMAT);
	assert_int_equal(block_head_parse(buf_bytes(&volume), &h, &err), ERR_OK);
	for (size_t n = 0; n < volume.len; n++)
		assert_int_equal(block_verify(bytes_of(volume.p, n), &h, &err), ERR_FORMAT);
}

static void
every_flipped_bit_is_noticed(void **state)
{
	struct block_head h;
	struct err err = ERR_INIT;
	uint8_t copy[203];

	for (size_t bit = 0; bit < sizeof(copy) * 8; bit++) {
		memcpy(copy, volume.p, sizeof(copy));
		copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (block_head_parse(bytes_of(copy, sizeof(copy)), &h, &err) != ERR_OK)
			continue;
		assert_int_equal(block_verify(bytes_of(copy, sizeof(copy)), &h, &err), ERR_FORMAT);
	}
}

static void
headers_that_cannot_be_are_refused(void **state)
{
	static const struct {
		const char *what, *bytes;
	} cases[] = {
		{ "block length 23 is outside 24..20000000", "\0\0\0\0\0\0\0\x17\0\0\0\0BB02" },
		{ "block length 20000001 is outside 24..20000000",
		  "\0\0\0\0\x01\x31\x2d\x01\0\0\0\0BB02" },
		{ "unsupported block format BB03", "\0\0\0\0\0\0\0\xff\0\0\0\0BB03" },
		{ "not a block: id BB04 is not BB02", "\0\0\0\0\0\0\0\xff\0\0\0\0BB04" },
		{ "block length 15 is outside 16..20000000", "\0\0\0\0\0\0\0\x0f\0\0\0\0BB01" },
	};
	uint8_t b[BLOCK_HEAD_LEN] = { 0 };
	struct block_head h;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err err = ERR_INIT;

		memcpy(b, cases[i].bytes, 16);
		assert_int_equal(block_head_parse(bytes_of(b, sizeof(b)), &h, &err), ERR_FORMAT);
		assert_string_equal(err.text, cases[i].what);
	}
}

static void
a_checksum_of_zero_is_none(void **state)
{
	uint8_t b[BLOCK_HEAD_LEN + 3] = "....\0\0\0\x1b....BB02";
	struct block_head h;
	struct err err = ERR_INIT;

	memset(b, 0, 4);
	assert_int_equal(block_head_parse(bytes_of(b, sizeof(b)), &h, &err), ERR_OK);
	assert_int_equal(block_verify(bytes_of(b, sizeof(b)), &h, &err), ERR_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_golden_label_block_is_read),
		cmocka_unit_test(emit_gives_the_bytes_that_were_read),
		cmocka_unit_test(every_shorter_prefix_is_refused),
		cmocka_unit_test(every_flipped_bit_is_noticed),
		cmocka_unit_test(headers_that_cannot_be_are_refused),
		cmocka_unit_test(a_checksum_of_zero_is_none),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
