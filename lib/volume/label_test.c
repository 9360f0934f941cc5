#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/base/fd.h"
#include "lib/volume/label.h"
#include "lib/volume/record.h"

/* The record data of the n-th label of this kind on a golden volume. */
static struct bytes
label_of(const char *path, int32_t file_index, struct buf *volume)
{
	struct err err = ERR_INIT;
	struct bytes left;

	assert_int_equal(fd_read_file(path, volume, &err), ERR_OK);
	left = buf_bytes(volume);
	while (left.n > 0) {
		struct record_reader r;
		struct record_piece p;
		struct block_head h;

		assert_int_equal(block_head_parse(left, &h, &err), ERR_OK);
		record_reader_init(&r, bytes_of(left.p, h.len), &h);
		while (record_next(&r, &p, &err) == ERR_OK)
			if (p.file_index == file_index)
				return p.data;
		left = bytes_skip(left, h.len);
	}
	fail_msg("no label %d in %s", file_index, path);
	return left;
}

static void
volume_labels_of_both_families_are_read(void **state)
{
	struct buf v = BUF_INIT(8 * 1024 * 1024);
	struct volume_label l;
	struct err err = ERR_INIT;
	struct bytes data = label_of(TERCET_GOLDEN "/bareos/label-only/label-only", VOL_LABEL, &v);

	assert_int_equal(volume_label_parse(data, &l, &err), ERR_OK);
	assert_int_equal(l.style, LABEL_BAREOS);
	assert_int_equal(l.version, 20);
	assert_string_equal(l.volume, "label-only");
	assert_string_equal(l.pool, "P-plain");
	assert_string_equal(l.media_type, "MT-dev-default");
	assert_string_equal(l.program_version, "Ver. 25.1.0 03 August 2026");
	buf_release(&v);
	data = label_of(TERCET_GOLDEN "/bacula9/label-only/label-only", PRE_LABEL, &v);
	assert_int_equal(volume_label_parse(data, &l, &err), ERR_OK);
	assert_int_equal(l.style, LABEL_BACULA);
	assert_int_equal(l.version, 11);
	buf_release(&v);
}

static void
a_bareos_label_is_written_as_it_was_read(void **state)
{
	struct buf v = BUF_INIT(8 * 1024 * 1024);
	uint8_t out[LABEL_MAX];
	struct volume_label l;
	struct err err = ERR_INIT;
	struct bytes data = label_of(TERCET_GOLDEN "/bareos/label-only/label-only", VOL_LABEL, &v);

	assert_int_equal(volume_label_parse(data, &l, &err), ERR_OK);
	assert_int_equal(volume_label_emit(&l, out), data.n);
	assert_memory_equal(out, data.p, data.n);
	buf_release(&v);
}

static void
session_labels_are_written_as_they_were_read(void **state)
{
	static const struct {
		const char *path;
		int32_t index;
	} cases[] = {
		{ TERCET_GOLDEN "/bareos/sig-md5/sig-md5-0013", SOS_LABEL },
		{ TERCET_GOLDEN "/bareos/sig-md5/sig-md5-0013", EOS_LABEL },
		{ TERCET_GOLDEN "/bacula9/md5/b9-md5-0002", SOS_LABEL },
		{ TERCET_GOLDEN "/bacula9/md5/b9-md5-0002", EOS_LABEL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf v = BUF_INIT(8 * 1024 * 1024);
		struct bytes data = label_of(cases[i].path, cases[i].index, &v);
		bool end = cases[i].index == EOS_LABEL;
		struct session_label l;
		uint8_t out[LABEL_MAX];
		struct err err = ERR_INIT;

		assert_int_equal(session_label_parse(data, end, &l, &err), ERR_OK);
		assert_int_equal(l.job_type, 'B');
		assert_int_equal(l.job_level, 'F');
		if (end) {
			assert_int_equal(l.files, 16);
			assert_int_equal(l.status, 'T');
		}
		assert_int_equal(session_label_emit(&l, end, out), data.n);
		assert_memory_equal(out, data.p, data.n);
		for (size_t n = 0; n < data.n; n++)
			assert_int_equal(session_label_parse(bytes_of(data.p, n), end, &l, &err),
					 ERR_FORMAT);
		buf_release(&v);
	}
}

static void
every_shorter_prefix_is_refused(void **state)
{
	struct buf v = BUF_INIT(8 * 1024 * 1024);
	struct volume_label l;
	struct err err = ERR_INIT;
	struct bytes data = label_of(TERCET_GOLDEN "/bareos/label-only/label-only", VOL_LABEL, &v);

	for (size_t n = 0; n < data.n; n++)
		assert_int_equal(volume_label_parse(bytes_of(data.p, n), &l, &err), ERR_FORMAT);
	buf_release(&v);
}

static void
other_families_are_refused_with_the_reason(void **state)
{
	static const struct {
		const char *id;
		uint8_t version;
		const char *why;
	} cases[] = {
		{ "Bacula 1.0 Aligned Data\n", 0,
		  "volume holds Bacula's aligned data, which is not supported" },
		{ "Bareos 2.0 immortal\n", 21,
		  "label version 21 of family \"Bareos 2.0 immortal\" is unknown" },
		{ "Something", 1, "label id Something is neither Bareos nor Bacula" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint8_t in[64] = { 0 };
		size_t n = strlen(cases[i].id);
		struct volume_label l;
		struct err err = ERR_INIT;

		memcpy(in, cases[i].id, n);
		in[n + 4] = cases[i].version;
		assert_int_equal(volume_label_parse(bytes_of(in, sizeof(in)), &l, &err),
				 ERR_FORMAT);
		assert_string_equal(err.text, cases[i].why);
	}
}

static void
the_largest_label_fits(void **state)
{
	struct volume_label l = { .style = LABEL_BAREOS };
	struct session_label s = { .style = LABEL_BACULA };
	char *const names[] = { l.volume,     l.previous, l.pool, l.pool_type,
				l.media_type, l.host,     s.pool, s.pool_type,
				s.job_name,   s.client,   s.job,  s.fileset };
	char *const texts[] = { l.program, l.program_version, l.program_date, s.fileset_md5 };
	uint8_t out[LABEL_MAX];
	struct volume_label l2;
	struct session_label s2;
	struct err err = ERR_INIT;
	size_t n;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		memset(names[i], 'x', 127);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		memset(texts[i], 'y', 63);
	n = volume_label_emit(&l, out);
	assert_int_equal(volume_label_parse(bytes_of(out, n), &l2, &err), ERR_OK);
	assert_string_equal(l2.host, l.host);
	n = session_label_emit(&s, true, out);
	assert_int_equal(session_label_parse(bytes_of(out, n), true, &s2, &err), ERR_OK);
	assert_string_equal(s2.fileset, s.fileset);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(volume_labels_of_both_families_are_read),
		cmocka_unit_test(a_bareos_label_is_written_as_it_was_read),
		cmocka_unit_test(session_labels_are_written_as_they_were_read),
		cmocka_unit_test(every_shorter_prefix_is_refused),
		cmocka_unit_test(other_families_are_refused_with_the_reason),
		cmocka_unit_test(the_largest_label_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
