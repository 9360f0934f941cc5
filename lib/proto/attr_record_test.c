#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/proto/attr_record.h"
#include "lib/proto/stream.h"

/* Examples of volume.md 7.1 and 7.4. */
static const char regular[] = "37 3 /vec/tree/README.txt\0"
			      "P4A vwAU IGk B A A A l BAA I BrAQp/ BlVC+A BrAQp/ A A C\0\0\0"
			      "0";
static const char symlink_record[] =
	"71 4 /vec/tree/links/relative\0"
	"P4A vwA2 KH/ B A A A O BAA A BrAQp/ BlVC+A BrAQp/ A A C\0../README.txt\0\0"
	"0";

static void
numbers_are_as_in_the_spec(void **state)
{
	static const struct {
		int64_t v;
		const char *text;
	} cases[] = {
		{ 0, "A" },         { 33188, "IGk" }, { 16877, "EHt" },
		{ 1234, "TS" },     { 65536, "QAA" }, { 300000, "BJPg" },
		{ -86400, "-VGA" }, { 4096, "BAA" },  { 64, "BA" },
		{ 63, "/" },        { -1, "-B" },     { INT64_MAX, "H//////////" },
	};
	char out[16];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t n = base64_num_emit(cases[i].v, out);

		assert_int_equal(n, strlen(cases[i].text));
		assert_memory_equal(out, cases[i].text, n);
	}
}

static void
byte_strings_are_as_in_the_spec(void **state)
{
	uint8_t in[16];
	char out[BASE64_BYTES_MAX(64)];

	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(0x78 + i);
	assert_int_equal(base64_bytes_emit(bytes_of(in, 16), true, out), 22);
	assert_string_equal(out, "eHl6e3x9fn+AgYKDhIWGhw");
	(void)base64_bytes_emit(bytes_of(in, 16), false, out);
	assert_string_equal(out, "eHl6e3x9fn+Ag4+Dh4+GhD");
	assert_int_equal(base64_bytes_emit(bytes_of(in, 0), true, out), 0);
}

static void
lstat_emit_and_parse_are_inverse(void **state)
{
	struct lstat_fields a = { .dev = INT64_MIN,
				  .ino = INT64_MAX,
				  .mode = 0100644,
				  .nlink = 1,
				  .uid = 4294967294,
				  .gid = 5,
				  .rdev = -1,
				  .size = -1,
				  .blksize = 4096,
				  .blocks = 8,
				  .atime = -86400,
				  .mtime = 2208988800,
				  .ctime = 1,
				  .link_fi = 74,
				  .flags = 0,
				  .data_stream = 29 };
	struct lstat_fields b;
	struct err err = ERR_INIT;
	char text[LSTAT_TEXT_MAX];
	size_t n = lstat_emit(&a, text);

	assert_int_equal(n, strlen(text));
	assert_true(n < LSTAT_TEXT_MAX);
	assert_int_equal(lstat_parse(bytes_of(text, n), &b, &err), ERR_OK);
	assert_memory_equal(&a, &b, sizeof(a));
}

static void
the_size_alone_is_that_of_the_whole(void **state)
{
	static const int64_t sizes[] = { 0, 1, 63, 64, 1 << 20, INT64_MAX / 2 };
	char text[LSTAT_TEXT_MAX];

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct lstat_fields f = {
			.dev = INT64_MIN, .rdev = -1, .size = sizes[i], .blocks = 9
		};
		size_t n = lstat_emit(&f, text);

		assert_int_equal(lstat_size(bytes_of(text, n)), sizes[i]);
		assert_int_equal(lstat_size(bytes_of(text, n + 1)), sizes[i]);
	}
	assert_int_equal(lstat_size(bytes_of(NULL, 0)), 0);
	assert_int_equal(lstat_size(bytes_str("P4A vwAU IGk B A A A")), 0);
	assert_int_equal(lstat_size(bytes_str("P4A vwAU IGk B A A A *")), 0);
	assert_int_equal(lstat_size(bytes_str("P4A vwAU IGk B A A A -B")), 0);
	assert_int_equal(lstat_size(bytes_of("P4A vwAU\0IGk B A A A l BAA I", 29)), 0);
}

static void
lstat_without_the_last_fields_is_read(void **state)
{
	struct lstat_fields f;
	struct err err = ERR_INIT;

	assert_int_equal(lstat_parse(bytes_str("P4A vwAU IGk B A A A l BAA I BrAQp/ BlVC+A BrAQp/"),
				     &f, &err),
			 ERR_OK);
	assert_int_equal(f.mode, 0100644);
	assert_int_equal(f.size, 37);
	assert_int_equal(f.data_stream, 0);
	assert_int_equal(lstat_parse(bytes_str("P4A vwAU IGk"), &f, &err), ERR_FORMAT);
	assert_int_equal(lstat_parse(bytes_str("P4A vwAU *"), &f, &err), ERR_FORMAT);
	assert_int_equal(lstat_parse(bytes_str("////////////"), &f, &err), ERR_FORMAT);
	assert_int_equal(lstat_parse(bytes_str(""), &f, &err), ERR_FORMAT);
}

static void
the_spec_examples_are_read(void **state)
{
	struct attr_record a;
	struct err err = ERR_INIT;

	assert_int_equal(attr_record_parse(bytes_of(regular, sizeof(regular)), &a, &err), ERR_OK);
	assert_int_equal(a.file_index, 37);
	assert_int_equal(a.type, FT_REG);
	assert_true(bytes_eq(a.name, bytes_str("/vec/tree/README.txt")));
	assert_int_equal(a.link.n, 0);
	assert_int_equal(attr_record_parse(bytes_of(symlink_record, sizeof(symlink_record)), &a,
					   &err),
			 ERR_OK);
	assert_true(bytes_eq(a.link, bytes_str("../README.txt")));
}

static void
emit_gives_the_bytes_that_were_read(void **state)
{
	struct buf out = BUF_INIT(4096);
	struct attr_record a;
	struct err err = ERR_INIT;

	assert_int_equal(attr_record_parse(bytes_of(symlink_record, sizeof(symlink_record)), &a,
					   &err),
			 ERR_OK);
	assert_int_equal(attr_record_emit(&a, &out, &err), ERR_OK);
	assert_true(bytes_eq(buf_bytes(&out), bytes_of(symlink_record, sizeof(symlink_record))));
	buf_release(&out);
}

/* Old clients end in front of the delta number: that one prefix is whole. */
static void
every_shorter_prefix_is_refused(void **state)
{
	size_t old = sizeof(regular) - 2;
	struct attr_record a;
	struct err err = ERR_INIT;

	for (size_t n = 0; n < sizeof(regular); n++)
		assert_int_equal(attr_record_parse(bytes_of(regular, n), &a, &err),
				 n == old ? ERR_OK : ERR_FORMAT);
}

static void
names_may_hold_anything_but_nul(void **state)
{
	static const char odd[] = "1 3  \n\xff 4 \0A A A A A A A A A A A A A\0\0\0";
	struct attr_record a;
	struct err err = ERR_INIT;

	assert_int_equal(attr_record_parse(bytes_of(odd, sizeof(odd) - 1), &a, &err), ERR_OK);
	assert_true(bytes_eq(a.name, bytes_str(" \n\xff 4 ")));
}

static void
nonsense_is_refused(void **state)
{
	static const char *const bad[] = { "x 3 /a",          "1 x /a", "1 0 /a",
					   "1 29 /a",         "1 3 ",   "99999999999 3 /a",
					   "4294967295 3 /a", "-1 3 /a" };
	struct err err = ERR_INIT;
	struct attr_record a;
	char text[64];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		size_t n = strlen(bad[i]);

		memset(text, 0, sizeof(text));
		memcpy(text, bad[i], n);
		assert_int_equal(attr_record_parse(bytes_of(text, n + 4), &a, &err), ERR_FORMAT);
	}
}

static void
streams_are_found_by_their_low_bits(void **state)
{
	assert_string_equal(stream_find(29)->name, "COMPRESSED_DATA");
	assert_int_equal(stream_find(30)->flags, STREAM_SPARSE | STREAM_COMPRESSED);
	assert_int_equal(stream_find(1008)->kind, STREAM_KIND_ACL);
	assert_null(stream_find(1234));
	assert_null(stream_find(4000));
	assert_int_equal(stream_id_of(-2), 2);
	assert_int_equal(stream_id_of((1 << 28) | 29), 29);
	assert_int_equal(stream_id_of(INT32_MIN), 0);
	assert_string_equal(file_type_text(FT_DIREND), "directory");
	assert_string_equal(file_type_text(-1), "file of unknown type");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_as_in_the_spec),
		cmocka_unit_test(byte_strings_are_as_in_the_spec),
		cmocka_unit_test(lstat_emit_and_parse_are_inverse),
		cmocka_unit_test(the_size_alone_is_that_of_the_whole),
		cmocka_unit_test(lstat_without_the_last_fields_is_read),
		cmocka_unit_test(the_spec_examples_are_read),
		cmocka_unit_test(emit_gives_the_bytes_that_were_read),
		cmocka_unit_test(every_shorter_prefix_is_refused),
		cmocka_unit_test(names_may_hold_anything_but_nul),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(streams_are_found_by_their_low_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
