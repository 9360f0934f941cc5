#include "file-daemon/find/hardlink.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/proto/attr_record.h"

#define MANY   100000u /* would be 20 MiB */
#define MEMORY (7u * 1024u * 1024u)

static char dir[] = "/tmp/hardlink_test-XXXXXX";

static int
make_dir(void **state UNUSED)
{
	return mkdtemp(dir) == NULL;
}

static int
remove_dir(void **state UNUSED)
{
	return rmdir(dir); /* nothing is in it */
}

static void
settle(struct link_table *t, uint64_t link, uint32_t file_index, const char *name)
{
	struct link_saved s = { .file_index = file_index, .digest_stream = 3, .digest_n = 16 };

	memset(s.digest, (int)file_index, s.digest_n);
	link_table_settle(t, link, &s, bytes_str(name));
}

static void
assert_saved(struct link_table *t, uint64_t link, uint32_t file_index, const char *name)
{
	OWNED(buf_release) struct buf b = BUF_INIT(PATH_BYTES_MAX);
	uint8_t digest[16];
	struct link_saved s;

	memset(digest, (int)file_index, sizeof(digest));
	link_table_look(t, link, &s, &b);
	assert_int_equal(s.file_index, file_index);
	assert_int_equal(s.digest_stream, 3);
	assert_int_equal(s.digest_n, sizeof(digest));
	assert_memory_equal(s.digest, digest, sizeof(digest));
	assert_string_equal(buf_str(&b), name);
}

static bool
is_saved(struct link_table *t, uint64_t link)
{
	OWNED(buf_release) struct buf b = BUF_INIT(PATH_BYTES_MAX);
	struct link_saved s;

	link_table_look(t, link, &s, &b);
	return s.file_index != 0;
}

static void
a_link_is_met_once_as_the_first_and_then_as_a_later_name(void **state UNUSED)
{
	struct link_table *t = link_table_new(dir);
	struct stat one = { .st_dev = 1, .st_ino = 7 }, other = { .st_dev = 2, .st_ino = 7 };
	uint64_t a;
	bool first;

	a = link_table_meet(t, &one, &first);
	assert_true(a != 0 && first);
	assert_false(is_saved(t, a));
	settle(t, a, 12, "/x/a");
	assert_true(link_table_meet(t, &one, &first) == a);
	assert_false(first);
	assert_saved(t, a, 12, "/x/a");
	settle(t, a, 13, "/another/name/that is longer"); /* it took the data over */
	assert_saved(t, a, 13, "/another/name/that is longer");
	assert_true(link_table_meet(t, &other, &first) != a);
	assert_true(first);
	link_table_free(t);
}

static void
a_number_that_is_used_again_is_of_another_file(void **state UNUSED)
{
	struct link_table *t = link_table_new(dir);
	const struct stat old = { .st_dev = 1, .st_ino = 7, .st_mode = S_IFREG, .st_size = 100 };
	struct stat changed = old;
	uint64_t a, b;
	bool first;

	a = link_table_meet(t, &old, &first);
	changed.st_ctim.tv_sec++;
	changed.st_atim.tv_sec++;
	changed.st_nlink++;
	changed.st_mode |= 0777;
	assert_true(link_table_meet(t, &changed, &first) == a);
	changed.st_mtim.tv_nsec++;
	b = link_table_meet(t, &changed, &first);
	assert_true(first);
	assert_true(link_table_meet(t, &changed, &first) == b);
	assert_false(first);
	changed.st_size++;
	(void)link_table_meet(t, &changed, &first);
	assert_true(first);
	changed.st_mode = S_IFLNK;
	(void)link_table_meet(t, &changed, &first);
	assert_true(first);
	link_table_free(t);
}

/* Bytes; 0 in a build with sanitizers, which have an allocator of their own. */
static size_t
allocated(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

static void
as_many_as_there_are_are_told_apart(void **state UNUSED)
{
	uint64_t *links = NEW_ARRAY(uint64_t, MANY);
	size_t before = allocated();
	struct link_table *t = link_table_new(dir);
	struct err why = ERR_INIT;
	char name[64];
	bool first;

	for (uint32_t i = 0; i < MANY; i++) {
		links[i] = link_table_meet(t, &(struct stat){ .st_ino = i, .st_size = i }, &first);
		assert_true(links[i] != 0 && first);
		if (i % 3 == 0) {
			(void)snprintf(name, sizeof(name), "/a/file/named/%u", i);
			settle(t, links[i], i + 1, name);
		}
	}
	for (uint32_t i = 0; i < MANY; i++) {
		struct stat st = { .st_ino = i, .st_size = i };

		assert_true(link_table_meet(t, &st, &first) == links[i]);
		assert_false(first);
		assert_int_equal(is_saved(t, links[i]), i % 3 == 0);
		if (i % 3 != 0)
			continue;
		(void)snprintf(name, sizeof(name), "/a/file/named/%u", i);
		assert_saved(t, links[i], i + 1, name);
	}
	assert_false(link_table_failed(t, &why));
	assert_true(allocated() - before <= MEMORY);
	free(links);
	link_table_free(t);
}

static void
when_no_more_can_be_remembered_every_name_is_a_first_one(void **state UNUSED)
{
	struct link_table *t = link_table_new("/nowhere/at/all");
	struct stat st = { .st_ino = 1 };
	struct err why = ERR_INIT;
	uint64_t one, link;
	bool first;

	one = link_table_meet(t, &st, &first);
	settle(t, one, 5, "/the/first");
	do {
		st.st_ino++;
		link = link_table_meet(t, &st, &first);
		assert_true(first);
		assert_true(st.st_ino < MANY);
	} while (link != 0);
	assert_true(link_table_failed(t, &why));
	assert_non_null(strstr(why.text, "/nowhere/at/all"));
	st.st_ino = 1;
	assert_true(link_table_meet(t, &st, &first) == 0 && first);
	assert_saved(t, one, 5, "/the/first");
	link_table_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_link_is_met_once_as_the_first_and_then_as_a_later_name),
		cmocka_unit_test(a_number_that_is_used_again_is_of_another_file),
		cmocka_unit_test(as_many_as_there_are_are_told_apart),
		cmocka_unit_test(when_no_more_can_be_remembered_every_name_is_a_first_one),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
