#include "lib/base/spill.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/own.h"

#define MEMORY 16384u
#define TOTAL  (256u * 1024u)

static char dir[] = "/tmp/spill_test-XXXXXX";

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

/* What it is to hold. */
struct model {
	struct spill *s;
	uint8_t bytes[TOTAL];
	size_t n;
	unsigned seed;
};

static unsigned
draw(struct model *m, unsigned below)
{
	m->seed = m->seed * 1103515245u + 12345u;
	return (m->seed >> 8) % below;
}

static void
append(struct model *m)
{
	struct err err = ERR_INIT;
	uint8_t piece[MEMORY / 2];
	size_t n = draw(m, MEMORY / 2 + 1);

	for (size_t i = 0; i < n; i++)
		piece[i] = (uint8_t)draw(m, 256);
	if (m->n + n > TOTAL)
		return;
	assert_int_equal(spill_append(m->s, piece, n, &err), ERR_OK);
	memcpy(m->bytes + m->n, piece, n);
	m->n += n;
}

static void
overwrite(struct model *m)
{
	struct err err = ERR_INIT;
	size_t at = draw(m, (unsigned)m->n + 1), n = draw(m, (unsigned)(m->n - at) + 1);

	for (size_t i = at; i < at + n; i++)
		m->bytes[i] ^= 0x5a;
	assert_int_equal(spill_write(m->s, at, m->bytes + at, n, &err), ERR_OK);
}

static void
check(struct model *m)
{
	struct err err = ERR_INIT;
	static uint8_t got[TOTAL];
	size_t at = draw(m, (unsigned)m->n + 1), n = draw(m, (unsigned)(m->n - at) + 1);

	assert_int_equal(spill_size(m->s), m->n);
	assert_int_equal(spill_read(m->s, at, got, n, &err), ERR_OK);
	assert_memory_equal(got, m->bytes + at, n);
}

static void
it_holds_what_an_array_would(void **state UNUSED)
{
	static struct model m;

	for (unsigned seed = 0; seed < 200; seed++) {
		m = (struct model){ .n = seed % 2 * (TOTAL / 2), .seed = seed };
		m.s = spill_new(dir, MEMORY, m.n);
		for (int i = 0; i < 100; i++) {
			if (draw(&m, 3) > 0)
				append(&m);
			overwrite(&m);
			check(&m);
		}
		spill_free(m.s);
	}
}

/* Of the process; it may not write more than so many bytes into a file. */
static void
limit_files(rlim_t bytes)
{
	struct rlimit r;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &r), 0);
	r.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
}

static void
a_full_disk_takes_no_more_and_keeps_what_is_there(void **state UNUSED)
{
	struct spill *s = spill_new(dir, MEMORY, 0);
	struct err err = ERR_INIT;
	uint8_t piece[512], got[512];
	size_t n = 0;

	(void)signal(SIGXFSZ, SIG_IGN);
	limit_files(2 * MEMORY);
	for (;; n++) {
		memset(piece, (int)n, sizeof(piece));
		if (spill_append(s, piece, sizeof(piece), &err) != ERR_OK)
			break;
		assert_true(n < 100);
	}
	assert_int_equal(err.code, ERR_SYS);
	assert_int_equal(spill_size(s), n * sizeof(piece));
	for (size_t i = 0; i < n; i++) {
		memset(piece, (int)i, sizeof(piece));
		assert_int_equal(spill_read(s, i * sizeof(got), got, sizeof(got), &err), ERR_OK);
		assert_memory_equal(got, piece, sizeof(got));
	}
	limit_files(RLIM_INFINITY);
	assert_int_equal(spill_append(s, piece, sizeof(piece), &err), ERR_OK);
	spill_free(s);
}

static void
without_its_directory_it_serves_as_long_as_memory_does(void **state UNUSED)
{
	struct spill *s = spill_new("/nowhere/at/all", MEMORY, 0);
	struct err err = ERR_INIT;
	static const uint8_t piece[MEMORY / 2] = { 1 };

	assert_int_equal(spill_append(s, piece, sizeof(piece), &err), ERR_OK);
	assert_int_equal(spill_append(s, piece, sizeof(piece), &err), ERR_OK);
	assert_int_equal(spill_append(s, piece, sizeof(piece), &err), ERR_SYS);
	assert_non_null(strstr(err.text, "/nowhere/at/all"));
	spill_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_holds_what_an_array_would),
		cmocka_unit_test(a_full_disk_takes_no_more_and_keeps_what_is_there),
		cmocka_unit_test(without_its_directory_it_serves_as_long_as_memory_does),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
