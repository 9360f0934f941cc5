#include "lib/proto/scan.h"

#include "lib/base/own.h"
#include "lib/proto/dir_fd.h"
#include "lib/proto/dir_sd.h"
#include "lib/proto/fd_sd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

static void
a_real_jobid_line_is_read_whole(void **state UNUSED)
{
	static const char line[] = "JobId=1 job=Back_up.2026-11-21_02.29.26_05 job_name=Back\001up "
				   "client_name=t-fd type=66 "
				   "level=70 FileSet=Test\001Set NoAttr=0 SpoolAttr=0 "
				   "FileSetMD5=84/5A5/bq4lm+6BkX8IrbD "
				   "SpoolData=0 PreferMountedVols=1 SpoolSize=0 rerunning=0 "
				   "VolSessionId=0 VolSessionTime=0 "
				   "Quota=0 Protocol=0 BackupFormat=Native\n";
	char job[128], name[128], client[128], fileset[128], md5[128], format[128];
	int type, level, noattr, spool_attr, spool_data, prefer, rerun, protocol;
	unsigned id, session, session_time;
	uint64_t spool_size, quota;

	assert_true(wire_scan(bytes_str(line), DIR_SD_JOBID_SCAN, &id, job, name, client, &type,
			      &level, fileset, &noattr, &spool_attr, md5, &spool_data, &prefer,
			      &spool_size, &rerun, &session, &session_time, &quota, &protocol,
			      format));
	assert_int_equal(id, 1);
	assert_int_equal(type, 66);
	assert_int_equal(prefer, 1);
	assert_string_equal(wire_unbash(name), "Back up");
	assert_string_equal(wire_unbash(fileset), "Test Set");
	assert_string_equal(format, "Native");
}

static void
what_is_printed_is_read_back(void **state UNUSED)
{
	char line[512];
	uint64_t read_bytes, job_bytes;
	unsigned files, errors;
	int code, vss, encrypted;

	(void)snprintf(line, sizeof(line), DIR_FD_END_JOB, 84, 9u, (uint64_t)1000014,
		       (uint64_t)UINT64_MAX, 0u, 0, 1);
	assert_true(wire_scan(bytes_str(line), DIR_FD_END_JOB_SCAN, &code, &files, &read_bytes,
			      &job_bytes, &errors, &vss, &encrypted));
	assert_int_equal(code, 84);
	assert_int_equal(files, 9);
	assert_true(job_bytes == UINT64_MAX);
	assert_int_equal(encrypted, 1);
}

static void
empty_values_are_values(void **state UNUSED)
{
	OWNED(freep) char *volumes = NULL;
	char job[128], pool[128], media[128], word[21];
	int index, n = 7;

	assert_true(wire_scan(bytes_str("CatReq Job=J FindMedia=1 pool_name=P media_type=M "
					"unwanted_volumes=\n"),
			      CATREQ_FIND_MEDIA_SCAN, job, &index, pool, media, &volumes));
	assert_string_equal(volumes, "");
	assert_true(wire_scan(bytes_str("n= w= x"), "n=%d w=%20s x", &n, word));
	assert_int_equal(n, 0);
	assert_string_equal(word, "");
}

static void
long_values_come_whole_and_are_never_cut(void **state UNUSED)
{
	OWNED(freep) char *where = NULL;
	char line[3000], word[128];
	int prelinks;
	char replace;

	(void)snprintf(line, sizeof(line), "restore replace=a prelinks=0 where=/%02000d\n", 7);
	assert_true(wire_scan(bytes_str(line), DIR_FD_RESTORE_SCAN, &replace, &prelinks, &where));
	assert_int_equal(strlen(where), 2001);
	assert_int_equal(replace, 'a');
	assert_false(wire_scan(bytes_str(line), "restore replace=%c prelinks=%d where=%127s",
			       &replace, &prelinks, word));
}

static void
mismatches_fail_and_free(void **state UNUSED)
{
	static const struct {
		const char *what, *line;
	} cases[] = {
		{ "other literal", "x=abc y=1 z" },
		{ "ends early", "w=abc y=1" },
		{ "literal behind an owned word", "w=abc q=1 z" },
		{ "number beyond 32 bits", "w=abc y=4294967296 z" },
		{ "number beyond 64 bits", "w=abc y=99999999999999999999999 z" },
		{ "a sign where none may be", "w=abc y=-1 z" },
		{ "empty", "" },
	};
	OWNED(freep) char *w = NULL;
	unsigned y;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (wire_scan(bytes_str(cases[i].line), "w=%ms y=%u z", &w, &y))
			fail_msg("%s", cases[i].what);
		assert_null(w);
	}
	assert_true(wire_scan(bytes_str("w=abc y=1 z and more"), "w=%ms y=%u z", &w, &y));
	assert_string_equal(w, "abc");
}

static void
numbers_keep_their_borders(void **state UNUSED)
{
	int64_t l;
	int d;

	assert_true(wire_scan(bytes_str("-2147483648"), "%d", &d));
	assert_int_equal(d, INT32_MIN);
	assert_false(wire_scan(bytes_str("2147483648"), "%d", &d));
	assert_true(wire_scan(bytes_str("-9223372036854775808"), "%" SCNd64, &l));
	assert_true(l == INT64_MIN);
	assert_false(wire_scan(bytes_str("9223372036854775808"), "%" SCNd64, &l));
	assert_false(wire_scan(bytes_str(" 1"), "x%d", &d));
	assert_true(wire_scan(bytes_str("x\t \n1"), "x %d", &d));
	assert_int_equal(d, 1);
}

/* Any line cut anywhere is read without touching a byte behind its end (ASan watches). */
static void
every_shorter_prefix_is_safe(void **state UNUSED)
{
	static const char line[] = "rechdr 2 1795228139 4 1 93";
	unsigned id, when, len;
	int index, stream;

	for (size_t n = 0; n < sizeof(line); n++) {
		OWNED(freep) char *cut = (char *)malloc(n + 1);

		memcpy(cut, line, n);
		(void)!wire_scan(bytes_of(cut, n), FD_SD_RECORD_HEAD_SCAN, &id, &when, &index,
				 &stream, &len);
	}
	assert_true(wire_scan(bytes_str(line), FD_SD_RECORD_HEAD_SCAN, &id, &when, &index, &stream,
			      &len));
	assert_int_equal(len, 93);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_real_jobid_line_is_read_whole),
		cmocka_unit_test(what_is_printed_is_read_back),
		cmocka_unit_test(empty_values_are_values),
		cmocka_unit_test(long_values_come_whole_and_are_never_cut),
		cmocka_unit_test(mismatches_fail_and_free),
		cmocka_unit_test(numbers_keep_their_borders),
		cmocka_unit_test(every_shorter_prefix_is_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
