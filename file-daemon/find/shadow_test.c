/* file-daemon/find/shadow_test.c - entries are left out only when another entry saves their files
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file-daemon/find/shadow.h"
#include "lib/base/fd.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"

/* Below the top: directories a and a/b, files a/b/c and a/f of 3 bytes, a fifo a/p. */
static const char *const dirs[] = { "a", "a/b" };
static const char *const files[] = { "a/b/c", "a/f" };

struct row {
	const char *what;
	const char *lines[12]; /* entries are below the top */
	size_t left;           /* entries that stay */
};

/* clang-format off */
static const struct row rows[] = {
	{ "below",              { "I", "O d2", "N", "F /a", "F /a/b" }, 1 },
	{ "a file below",       { "I", "O d2", "N", "F /a", "F /a/b/c" }, 1 },
	{ "only warned of",     { "I", "O d1", "N", "F /a", "F /a/b" }, 2 },
	{ "not asked for",      { "I", "O 0", "N", "F /a", "F /a/b" }, 2 },
	{ "left out on the way", { "I", "O ed2", "WD */a/b", "N", "O d2", "N", "F /a", "F /a/b/c" }, 2 },
	{ "not entered on the way", { "I", "O hd2", "WD */a/b", "N", "O d2", "N", "F /a", "F /a/b/c" }, 2 },
	{ "not entered itself", { "I", "O hd2", "WD */a/b", "N", "O d2", "N", "F /a", "F /a/b" }, 2 },
	{ "perhaps not dumped", { "I", "O Nd2", "WD */a/b", "N", "O d2", "N", "F /a", "F /a/b/c" }, 2 },
	{ "entered on the way", { "I", "O h", "WD */none", "N", "O d2", "N", "F /a", "F /a/b/c" }, 1 },
	{ "a fifo saved as it is", { "I", "O d2", "N", "F /a", "F /a/p" }, 1 },
	{ "a fifo that is read", { "I", "O rd2", "N", "F /a", "F /a/p" }, 2 },
	{ "a file of the size", { "I", "O z<10:d2", "N", "F /a", "F /a/f" }, 1 },
	{ "a file of another size", { "I", "O z>10:d2", "N", "F /a", "F /a/f" }, 2 },
	{ "in another Include", { "I", "O 0", "N", "F /a", "I", "O d4", "N", "F /a/b" }, 1 },
	{ "in one that leaves out", { "I", "O e", "WF *.o", "N", "O 0", "N", "F /a", "I", "O d4", "N", "F /a/b" }, 2 },
	{ "in one that does not go down", { "I", "O h", "N", "F /a", "I", "O d4", "N", "F /a/b" }, 2 },
	{ "the same, left out there", { "I", "O e", "WF *.o", "N", "F /a", "I", "O d4", "N", "F /a" }, 2 },
	{ "file systems of one kind", { "I", "O d2", "X ext4", "N", "F /a", "F /a/b" }, 1 },
	{ "file systems of another", { "I", "O d2", "WD */a/b", "N", "O d2", "X ext4", "N", "F /a", "F /a/b" }, 2 },
};
/* clang-format on */

static int
setup(void **state)
{
	char *top = str_dup("/tmp/shadow-test-XXXXXX");
	OWNED(freep) char *fifo = NULL;
	struct err e = ERR_INIT;

	assert_non_null(mkdtemp(top));
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		OWNED(freep) char *path = str_printf("%s/%s", top, dirs[i]);

		assert_int_equal(mkdir(path, 0755), 0);
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		OWNED(freep) char *path = str_printf("%s/%s", top, files[i]);

		assert_int_equal(fd_replace_file(path, bytes_str("abc"), 0600, &e), ERR_OK);
	}
	fifo = str_printf("%s/a/p", top);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	*state = top;
	return 0;
}

static int
teardown(void **state)
{
	static const char *const all[] = { "a/p", "a/f", "a/b/c", "a/b", "a", "" };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		OWNED(freep) char *path = str_printf("%s/%s", (char *)*state, all[i]);

		assert_int_equal(remove(path), 0);
	}
	free(*state);
	return 0;
}

static void
ignore(void *arg UNUSED, enum msg_type type UNUSED, const struct err *e UNUSED)
{
}

static size_t
entries_left(const struct row *r, const char *top)
{
	struct fileset fs = { .blocks = NULL };
	struct err e = ERR_INIT;
	size_t n = 0;

	for (size_t i = 0; i < sizeof(r->lines) / sizeof(r->lines[0]) && r->lines[i] != NULL; i++) {
		OWNED(freep)
		char *line = r->lines[i][0] == 'F' ? str_printf("F %s%s", top, r->lines[i] + 2)
						   : str_dup(r->lines[i]);

		if (fileset_parse_line(&fs, bytes_str(line), &e) != ERR_OK)
			fail_msg("%s: %s", r->what, e.text);
	}
	fileset_shadow(&fs, ignore, NULL);
	for (size_t i = 0; i < fs.n; i++)
		n += fs.blocks[i].files.n;
	fileset_release(&fs);
	return n;
}

static void
an_entry_is_left_out_only_when_another_saves_its_files(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (entries_left(&rows[i], *state) != rows[i].left)
			fail_msg("%s: not %zu entries", rows[i].what, rows[i].left);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_is_left_out_only_when_another_saves_its_files),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
