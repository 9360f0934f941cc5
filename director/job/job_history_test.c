/* director/job/job_history_test.c - the last jobs that ended, and their file */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "director/job/job_history.h"

#include "lib/base/mem.h"
#include "lib/base/own.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
the_last_ten_are_kept_and_come_back_from_the_file(void **state)
{
	char dir[] = "/tmp/tercet-history-XXXXXX";
	OWNED(freep) struct job_info *jobs = NULL;
	OWNED(freep) char *path = NULL;
	struct job_info found;
	struct job_history *h;

	assert_non_null(mkdtemp(dir));
	path = str_printf("%s/d.state", dir);
	h = job_history_new(path);
	for (uint32_t id = 1; id <= 12; id++) {
		struct job_info i = { .job_id = id, .type = 'B', .level = 'F', .status = 'T' };

		(void)snprintf(i.name, sizeof(i.name), "job of %u words", id);
		(void)snprintf(i.unique, sizeof(i.unique), "unique.%u", id);
		job_history_add(h, &i);
	}
	assert_false(job_history_find(h, 2, NULL, &found));
	assert_true(job_history_find(h, 0, "unique.7", &found));
	assert_int_equal(found.job_id, 7);
	job_history_store(h);
	job_history_free(h);

	h = job_history_new(path);
	assert_int_equal(job_history_list(h, &jobs), 10);
	assert_int_equal(jobs[0].job_id, 3);
	assert_string_equal(jobs[9].name, "job of 12 words");
	assert_true(job_history_find(h, 12, NULL, &found));
	assert_int_equal(found.status, 'T');
	(void)unlink(path);
	job_history_store(h); /* nothing is new */
	assert_int_not_equal(access(path, F_OK), 0);
	job_history_free(h);
	(void)rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_ten_are_kept_and_come_back_from_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
