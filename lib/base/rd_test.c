#include "lib/base/attr.h"
#include "lib/base/rd.h"
#include "lib/base/wr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static size_t
emit(uint8_t *out, size_t cap)
{
	struct wr w = wr_init(out, cap);
	size_t n = 0;

	wr_u8(&w, 0x12);
	wr_u16be(&w, 0x3456);
	wr_u32be(&w, 0x789abcde);
	wr_u64be(&w, 0x1122334455667788);
	wr_f64be(&w, 2451545.25);
	wr_cstr(&w, "name");
	wr_u32le(&w, 0x04030201);
	return wr_done(&w, &n) ? n : 0;
}

static void
what_is_written_is_read_back(void **state UNUSED)
{
	uint8_t area[64];
	size_t n = emit(area, sizeof(area));
	struct rd r = rd_init(bytes_of(area, n));

	assert_int_equal(n, 1 + 2 + 4 + 8 + 8 + 5 + 4);
	assert_int_equal(rd_u8(&r), 0x12);
	assert_int_equal(rd_u16be(&r), 0x3456);
	assert_int_equal(rd_u32be(&r), 0x789abcde);
	assert_true(rd_u64be(&r) == 0x1122334455667788);
	assert_true(rd_f64be(&r) == 2451545.25);
	assert_true(bytes_eq(rd_cstr(&r), bytes_str("name")));
	assert_int_equal(rd_u32le(&r), 0x04030201);
	assert_true(rd_done(&r));
}

static void
every_shorter_area_is_an_overrun(void **state UNUSED)
{
	uint8_t area[64];
	size_t full = emit(area, sizeof(area));

	for (size_t n = 0; n < full; n++)
		assert_int_equal(emit(area, n), 0);
}

static void
shortage_is_sticky(void **state UNUSED)
{
	struct rd r = rd_init(bytes_of("\1\2\3", 3));

	assert_int_equal(rd_u32be(&r), 0);
	assert_int_equal(rd_u8(&r), 0);
	assert_false(rd_ok(&r));
	r = rd_init(bytes_of("abc", 3));
	(void)rd_cstr(&r); /* no NUL */
	assert_false(rd_ok(&r));
	r = rd_init(bytes_of(NULL, 0));
	(void)rd_cstr(&r);
	assert_false(rd_ok(&r));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(every_shorter_area_is_an_overrun),
		cmocka_unit_test(shortage_is_sticky),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
