#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "director/attrs/attr_recv.h"

#include <string.h>

/* The record of wire.md 6.6: FileIndex 3, stream 1, a symlink of 96 bytes. */
static const uint8_t sample[] =
	"\x00\x00\x00\x01\x6b\x01\x01\xeb\x00\x00\x00\x03\x00\x00\x00\x01\x00\x00\x00\x60"
	"3 4 /srv/example-data/src/link\0"
	"P4A qce/ KH/ B A A A F BAA A BrAQE/ BrAQE/ BrAQE/ A A e\0"
	"a.txt\0\0"
	"0\0";
#define SAMPLE_LEN 116u

static void
the_example_of_the_spec_is_read(void **state)
{
	struct attr_head h;
	struct err err = ERR_INIT;

	assert_int_equal(attr_head_parse(bytes_of(sample, SAMPLE_LEN), &h, &err), ERR_OK);
	assert_int_equal(h.session_id, 1);
	assert_int_equal(h.session_time, 0x6b0101eb);
	assert_int_equal(h.file_index, 3);
	assert_int_equal(h.stream, 1);
	assert_int_equal(h.record.n, 96);
	assert_int_equal(attr_record_size(h.record), 5); /* "F" */
}

static void
every_shorter_prefix_is_refused(void **state)
{
	struct attr_head h;
	struct err err = ERR_INIT;

	for (size_t n = 0; n < SAMPLE_LEN; n++)
		assert_int_equal(attr_head_parse(bytes_of(sample, n), &h, &err), ERR_PROTO);
}

static void
a_record_without_fields_has_no_size(void **state)
{
	assert_int_equal(attr_record_size(bytes_of("", 0)), 0);
	assert_int_equal(attr_record_size(bytes_str("1 3 name")), 0);
	assert_int_equal(attr_record_size(bytes_of("1 3 n\0A B", 9)), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_of_the_spec_is_read),
		cmocka_unit_test(every_shorter_prefix_is_refused),
		cmocka_unit_test(a_record_without_fields_has_no_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
