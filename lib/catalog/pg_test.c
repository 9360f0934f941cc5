/*
 * lib/catalog/pg_test.c - cells of a result, whatever the server says is in them
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/base/clock.h"
#include "lib/catalog/pg.h"

static PGresult *
one_cell(const char *text)
{
	PGresult *r = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	PGresAttDesc column = { .name = (char[]){ "cell" } };

	assert_int_equal(PQsetResultAttrs(r, 1, &column), 1);
	assert_int_equal(PQsetvalue(r, 0, 0, (char *)(uintptr_t)text, (int)strlen(text)), 1);
	return r;
}

static void
numbers_of_the_whole_range(void **state)
{
	static const struct {
		const char *text;
		int64_t want;
	} rows[] = {
		{ "0", 0 },
		{ "-1", -1 },
		{ "9223372036854775807", INT64_MAX },
		{ "-9223372036854775808", INT64_MIN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		OWNED(pg_clearp) PGresult *r = one_cell(rows[i].text);

		assert_true(cell_i64(r, 0, 0) == rows[i].want);
	}
}

static void
times_of_the_clock(void **state)
{
	OWNED(pg_clearp) PGresult *whole = one_cell("2026-02-28 23:59:58");
	OWNED(pg_clearp) PGresult *parts = one_cell("2026-02-28 23:59:58.75");
	OWNED(pg_clearp) PGresult *empty = one_cell("");
	struct tm tm = { .tm_year = 126,
			 .tm_mon = 1,
			 .tm_mday = 28,
			 .tm_hour = 23,
			 .tm_min = 59,
			 .tm_sec = 58,
			 .tm_isdst = -1 };
	int64_t want = clock_from_local(&tm);

	(void)state;
	assert_true(cell_time(whole, 0, 0) == want);
	assert_true(cell_time(parts, 0, 0) == want);
	assert_true(cell_time(empty, 0, 0) == 0);
}

/* Of a server that lies: some time of this universe. */
static void
times_that_are_none(void **state)
{
	static const char *const rows[] = {
		"11111111111111111111",  "infinity",         "-infinity", "4713-01-01 00:00:00 BC",
		"294276-12-31 23:59:59", "1-1-1-1-1-1-1-1-1"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		OWNED(pg_clearp) PGresult *r = one_cell(rows[i]);

		assert_true(llabs(cell_time(r, 0, 0)) < 400000000000000);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_of_the_whole_range),
		cmocka_unit_test(times_of_the_clock),
		cmocka_unit_test(times_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
