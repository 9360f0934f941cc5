/*
 * What a restore says of files that do not come.
 *
 * labels: tsan
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "storage-daemon/session/read_fake.h"

static void
a_volume_that_is_gone_costs_all_of_its_files(void **state)
{
	OWNED(freep) char *text = str_dup(bootstrap(5, 25));
	struct got g;

	(void)state;
	fake.file[0].exists = false;
	g = restore(text);
	assert_int_equal(g.records, 0);
	assert_true(was_said("Cannot read volume \"V1\""));
	lost_files_are_said(&g, 5, 25);
	assert_int_equal(g.status, STATUS_ERROR);
	/* Nobody counted them. */
	fake.said[0] = '\0';
	*strstr(text, "Count=") = '\0';
	g = restore(text);
	lost_files_are_said(&g, 5, 25);
	assert_int_equal(g.status, STATUS_ERROR);
}

/* The job's last block never came, and nobody says how many files it has. */
static void
a_record_without_its_end_is_told(void **state)
{
	struct block_fill fill = { .p = area, .cap = BLOCK };
	uint8_t data[BLOCK] = { 0 };
	struct record_put r = { .file_index = 3,
				.stream = STREAM_GZIP_DATA,
				.data = bytes_of(data, sizeof(data)) };
	struct got g;

	(void)state;
	(void)write_files(1, 1, 2);
	block_fill_reset(&fill);
	assert_false(record_put(&fill, &r));
	write_block(&fake.file[0], 1, &fill);
	g = restore(wanted(1, ""));
	assert_int_equal(g.n, 2);
	assert_true(was_said("continuation is missing"));
	lost_files_are_said(&g, 1, 3);
	assert_int_equal(g.status, STATUS_ERROR);
}

static void
a_session_that_is_not_there_is_told(void **state)
{
	struct got g;

	(void)state;
	(void)write_files(1, 1, 4);
	g = restore(wanted(9, "FileIndex=1-4\nCount=4\n"));
	assert_int_equal(g.records, 0);
	assert_true(was_said("files 1-4 of session 9/1000 may be lost"));
	assert_int_equal(g.status, STATUS_ERROR);
	g = restore(wanted(9, ""));
	assert_true(was_said("nothing of session 9/1000 was found"));
	assert_int_equal(g.status, STATUS_ERROR);
	g = restore("Volume=\"V1\"\nFileIndex=30-31\n");
	assert_true(was_said("nothing that the bootstrap wants of it was found"));
	assert_int_equal(g.status, STATUS_ERROR);
}

static void
files_that_were_counted_and_are_not_there_are_told(void **state)
{
	struct got g;

	(void)state;
	(void)write_files(1, 1, 2);
	(void)write_files(1, 3, 4);
	g = restore(wanted(1, "FileIndex=2-3\nFileIndex=5-7\nCount=5\n"));
	assert_int_equal(g.n, 2);
	assert_true(was_said("files 5-7 of session 1/1000 may be lost"));
	assert_int_equal(g.status, STATUS_ERROR);
}

/* One record for each piece of a job, of which the last one ends in damage. */
static void
the_rest_of_every_piece_is_told(void **state)
{
	struct got g;
	uint32_t at, last;
	char more[192];

	(void)state;
	(void)write_files(1, 1, 4);
	at = write_files(1, 5, 6);
	last = write_files(1, 7, 8);
	spoil(last + 500);
	(void)snprintf(more, sizeof(more),
		       "VolAddr=0-%u\nFileIndex=1-4\n"
		       "Volume=\"V1\"\nVolSessionId=1\nVolSessionTime=%u\n"
		       "VolAddr=%u-%zu\nFileIndex=5-8\n",
		       at - 1, TIME, at, fake.file[0].n_now - 1);
	g = restore(wanted(1, more));
	assert_int_equal(g.n, 6);
	lost_files_are_said(&g, 1, 8);
	assert_int_equal(g.status, STATUS_ERROR);
}

/* Damage that was told is not told again. */
static void
lost_files_are_told_once(void **state)
{
	struct got g;

	(void)state;
	(void)write_files(1, 1, 2);
	spoil(write_files(1, 3, 4) + 500);
	(void)write_files(1, 5, 6);
	g = restore(wanted(1, "FileIndex=1-6\nCount=6\n"));
	assert_int_equal(g.n, 4);
	assert_int_equal(times_said("files 3-4 of session 1/1000 may be lost"), 1);
	assert_int_equal(times_said("of session 1/1000 may be lost"), 1);
	(void)begin(NULL);
	fake.file[0].exists = false;
	g = restore(bootstrap(5, 25));
	assert_int_equal(times_said("may be lost"), 1);
}

/* Three files, of which the last goes on on the next volume. */
static const char *
write_half(void)
{
	static char text[512];

	(void)write_files(1, 1, 3);
	(void)snprintf(text, sizeof(text), "%s%s",
		       wanted(1, "FileIndex=1-3\nCount=3\nVolume=\"V2\"\n"),
		       "VolSessionId=1\nVolSessionTime=1000\nFileIndex=3-6\nCount=4\n");
	return text;
}

static void
a_file_that_goes_on_on_a_volume_that_is_gone_is_named(void **state)
{
	struct got g;

	(void)state;
	g = restore(write_half());
	assert_true(was_said("Cannot read volume \"V2\""));
	assert_true(was_said("file 3 (/src/03) of session 1 may be incomplete"));
	assert_true(was_said("files 4-6 of session 1/1000 may be lost"));
	assert_int_equal(g.status, STATUS_ERROR);
}

static void
a_job_whose_files_have_all_come_loses_nothing_more(void **state)
{
	struct got g;

	(void)state;
	(void)write_files(1, 1, 2);
	(void)write_files(1, 3, 4);
	(void)write_files(2, 5, 6);
	spoil(write_files(2, 7, 8) + 12); /* the magic */
	g = restore(wanted(1, "FileIndex=1-2\nCount=2\nVolume=\"V1\"\nVolSessionId=2\n"
			      "VolSessionTime=1000\nFileIndex=5-8\nCount=4\n"));
	assert_int_equal(g.n, 4);
	assert_true(was_said("file 6 (/src/06) of session 2 may be incomplete"));
	assert_false(was_said("of session 1 may be incomplete"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_volume_that_is_gone_costs_all_of_its_files),
		H(a_record_without_its_end_is_told),
		H(a_session_that_is_not_there_is_told),
		H(files_that_were_counted_and_are_not_there_are_told),
		H(the_rest_of_every_piece_is_told),
		H(lost_files_are_told_once),
		H(a_file_that_goes_on_on_a_volume_that_is_gone_is_named),
		H(a_job_whose_files_have_all_come_loses_nothing_more),
	};

	return cmocka_run_group_tests(tests, begin_all, end_all);
}
