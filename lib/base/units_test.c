/* lib/base/units_test.c - the vectors of config.md 13, and forms that parse back */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/units.h"

#define BAD UINT64_MAX

struct vector {
	const char *text;
	uint64_t want; /* BAD: refused */
};

static void
times_are_sums_of_their_units(void **state)
{
	static const struct vector rows[] = {
		{ "30 days", 2592000 },
		{ "5days 3hours", 442800 },
		{ "1y2mo3w4d5h6min7s", 38898367 },
		{ "1m", 2592000 },
		{ "1 mi", 60 },
		{ "5 n", 300 },
		{ "1 quarter", 7862400 },
		{ "1.5 days", 129600 },
		{ "1 week 3 days 2h", 871200 },
		{ "30\tdays", 2592000 },
		{ "86400", 86400 },
		{ "0", 0 },
		{ "3x", BAD },
		{ "-5", BAD },
		{ "", BAD },
		{ "days", BAD },
		{ "99999999999999999999 years", BAD },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct err err = ERR_INIT;
		int64_t v = -1;
		bool good = units_time(rows[i].text, &v, &err) == ERR_OK;

		assert_int_equal(good, rows[i].want != BAD);
		if (good)
			assert_int_equal(v, rows[i].want);
	}
}

static void
sizes_know_binary_and_decimal_units(void **state)
{
	static const struct vector rows[] = {
		{ "10 GB 5 k", 10000005120 },
		{ "1kb", 1000 },
		{ "1.5g", 1610612736 },
		{ "5 tb", 5000000000000 },
		{ "1 g 2 m", 1075838976 },
		{ "10GiB", 10737418240 },
		{ "5b", 5 },
		{ "5 bytes", 5 },
		{ "1e3", 1000 },
		{ "5e", UINT64_C(5) << 60 },
		{ "18446744073709551615", BAD },
		{ "1.15kb", 1150 },
		{ "16e", BAD },
		{ "5 furlongs", BAD },
		{ "-5", BAD },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct err err = ERR_INIT;
		uint64_t v = 0;
		bool good = units_size(rows[i].text, &v, &err) == ERR_OK;

		if (i == 10) { /* the largest number itself is fine */
			assert_true(good);
			assert_true(v == UINT64_MAX);
			continue;
		}
		assert_int_equal(good, rows[i].want != BAD);
		if (good)
			assert_true(v == rows[i].want);
	}
}

static void
speeds_are_bytes_per_second(void **state)
{
	struct err err = ERR_INIT;
	uint64_t v;

	assert_int_equal(units_speed("10 mb/s", &v, &err), ERR_OK);
	assert_int_equal(v, 10000000);
	assert_int_equal(units_speed("5 k", &v, &err), ERR_OK);
	assert_int_equal(v, 5120);
	assert_int_equal(units_speed("1000", &v, &err), ERR_OK);
	assert_int_equal(v, 1000);
	assert_int_equal(units_speed("5 g/s", &v, &err), ERR_CONFIG);
}

static void
texts_parse_back_to_the_same_number(void **state)
{
	static const uint64_t rows[] = {
		0, 1, 999, 1024, 10000005120, 38898367, UINT64_C(1) << 62
	};
	char text[UNITS_TEXT_MAX];
	struct err err = ERR_INIT;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint64_t size;
		int64_t time;

		assert_int_equal(units_size(units_size_text(rows[i], text), &size, &err), ERR_OK);
		assert_true(size == rows[i]);
		assert_int_equal(units_time(units_time_text((int64_t)rows[i], text), &time, &err),
				 ERR_OK);
		assert_true(time == (int64_t)rows[i]);
	}
	assert_string_equal(units_time_text(38898367, text),
			    "1 years 2 months 3 weeks 4 days 5 hours 6 minutes 7 seconds ");
	assert_string_equal(units_size_text(9999999999, text), "9 g 320 m 760 k 1023");
}

static void
numbers_for_people(void **state)
{
	char text[UNITS_TEXT_MAX];

	assert_string_equal(units_commas(0, text), "0");
	assert_string_equal(units_commas(999, text), "999");
	assert_string_equal(units_commas(1234567, text), "1,234,567");
	assert_string_equal(units_suffix(419, text), "419 ");
	assert_string_equal(units_suffix(300000, text), "300.0 K");
	assert_string_equal(units_suffix(1025, text), "1.025 K");
	assert_string_equal(units_suffix(1234000000, text), "1.234 G");
	assert_string_equal(units_elapsed(3723, text), "1 hour 2 mins 3 secs");
	assert_string_equal(units_elapsed(1, text), "1 sec");
	assert_string_equal(units_elapsed(0, text), "0 secs");
}

static void
a_bare_m_is_noticed(void **state)
{
	assert_true(units_time_has_bare_m("3 m"));
	assert_true(units_time_has_bare_m("1h30m"));
	assert_false(units_time_has_bare_m("3 mi"));
	assert_false(units_time_has_bare_m("3 months"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_sums_of_their_units),
		cmocka_unit_test(sizes_know_binary_and_decimal_units),
		cmocka_unit_test(speeds_are_bytes_per_second),
		cmocka_unit_test(texts_parse_back_to_the_same_number),
		cmocka_unit_test(numbers_for_people),
		cmocka_unit_test(a_bare_m_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
