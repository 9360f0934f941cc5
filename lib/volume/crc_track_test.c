#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <libdeflate.h>

#include "lib/volume/crc_track.h"

static uint8_t area[70000];

static void
sums_are_those_of_the_bytes(void **state)
{
	static const size_t sizes[] = { 0, 1, 20, 1023, 1024, 1025, 2048, 5000, 40000 };
	struct crc_track t = { .from = 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(area); i++)
		area[i] = (uint8_t)(i * 131 + (i >> 8));
	for (size_t at = 0; at < 25000; at += at % 2048 < 64 ? 1 : 97)
		for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
			assert_int_equal(crc_track_sum(&t, bytes_of(area + at, sizes[i]),
						       1000000 + at),
					 libdeflate_crc32(0, area + at, sizes[i]));
	crc_track_release(&t);
}

static void
it_begins_anew_behind_a_gap_and_far_back(void **state)
{
	static const uint64_t places[] = { 500, 60000, 100, UINT64_MAX / 2, 0 };
	struct crc_track t = { .from = 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		assert_int_equal(crc_track_sum(&t, bytes_of(area + i, 9000), places[i]),
				 libdeflate_crc32(0, area + i, 9000));
	crc_track_release(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_are_those_of_the_bytes),
		cmocka_unit_test(it_begins_anew_behind_a_gap_and_far_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
