#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "director/job/report_text.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* director.md 21.2, with Tercet's names. */
static const char backup[] =
	"Tercet tdir 0.1.0 (21Nov26):\n"
	"  OS Information:         Debian GNU/Linux 12 (bookworm)\n"
	"  JobId:                  1\n"
	"  Job:                    bk.2026-11-21_02.23.42_04\n"
	"  Backup Level:           Full (upgraded from Incremental)\n"
	"  Client:                 \"tfd\" 25.1.0 (03Aug26) Debian GNU/Linux 12 (bookworm),debian\n"
	"  FileSet:                \"FS\" 2026-11-21 02:23:42\n"
	"  Pool:                   \"Full\" (From Job FullPool override)\n"
	"  Catalog:                \"MyCatalog\" (From Client resource)\n"
	"  Storage:                \"File1\" (From Pool resource)\n"
	"  Scheduled time:         21-Nov-2026 02:23:42\n"
	"  Start time:             21-Nov-2026 02:23:44\n"
	"  End time:               21-Nov-2026 02:23:45\n"
	"  Elapsed time:           1 sec\n"
	"  Priority:               10\n"
	"  Allow Mixed Priority:   no\n"
	"  FD Files Written:       9\n"
	"  SD Files Written:       9\n"
	"  FD Bytes Read:          300,024 (300.0 KB)\n"
	"  FD Bytes Written:       300,024 (300.0 KB)\n"
	"  SD Bytes Written:       300,986 (300.9 KB)\n"
	"  Rate:                   300.0 KB/s\n"
	"  Software Compression:   None\n"
	"  VSS:                    no\n"
	"  Encryption:             no\n"
	"  Accurate:               yes\n"
	"  Volume name(s):         Full-0001\n"
	"  Volume Session Id:      1\n"
	"  Volume Session Time:    1795227809\n"
	"  Last Volume Bytes:      301,740 (301.7 KB)\n"
	"  Non-fatal FD errors:    0\n"
	"  SD Errors:              0\n"
	"  FD termination status:  OK\n"
	"  SD termination status:  OK\n"
	"  Tercet binary info:     self-compiled\n"
	"  Job triggered by:       User\n"
	"  Termination:            Backup OK\n";

/* director.md 21.3 */
static const char restore[] =
	"Tercet tdir 0.1.0 (21Nov26):\n"
	"  OS Information:         Debian GNU/Linux 12 (bookworm)\n"
	"  JobId:                  18\n"
	"  Job:                    rest.2026-11-21_02.25.31_37\n"
	"  Restore Client:         \"tfd\" 25.1.0 (03Aug26) Debian GNU/Linux 12 (bookworm),debian\n"
	"  Start time:             21-Nov-2026 02:25:33\n"
	"  End time:               21-Nov-2026 02:25:35\n"
	"  Elapsed time:           2 secs\n"
	"  Files Expected:         9\n"
	"  Files Restored:         9\n"
	"  Bytes Restored:         300,032\n"
	"  Rate:                   150.0 KB/s\n"
	"  FD Errors:              0\n"
	"  FD termination status:  OK\n"
	"  SD termination status:  OK\n"
	"  Tercet binary info:     self-compiled\n"
	"  Job triggered by:       User\n"
	"  Termination:            Restore OK\n";

static const struct report common = {
	.director = "tdir",
	.version = "0.1.0 (21Nov26)",
	.os = "Debian GNU/Linux 12 (bookworm)",
	.binary_info = "self-compiled",
	.client = "tfd",
	.uname = "25.1.0 (03Aug26) Debian GNU/Linux 12 (bookworm),debian",
	.status = 'T',
	.fd_status = 'T',
	.sd_status = 'T',
	.trigger = TRIGGER_USER,
};

static void
check(const struct report *r, const char *expect)
{
	struct buf out = BUF_INIT(65536);

	report_emit(r, &out);
	assert_string_equal(buf_str(&out), expect);
	buf_release(&out);
}

static void
a_backup_report_has_the_shape_of_the_spec(void **state)
{
	struct report r = common;

	r.type = 'B';
	r.job_id = 1;
	r.unique = "bk.2026-11-21_02.23.42_04";
	r.level_text = "Full (upgraded from Incremental)";
	r.fileset = "FS";
	r.fileset_created = r.sched_time = 1795227822;
	r.start_time = 1795227824;
	r.end_time = 1795227825;
	r.pool = "Full";
	r.pool_source = "Job FullPool override";
	r.catalog = "MyCatalog";
	r.catalog_source = "Client resource";
	r.storage = "File1";
	r.storage_source = "Pool resource";
	r.priority = 10;
	r.fd_files = r.sd_files = 9;
	r.fd_bytes = r.fd_bytes_read = 300024;
	r.sd_bytes = 300986;
	r.accurate = true;
	r.volumes = "Full-0001";
	r.session_id = 1;
	r.session_time = 1795227809;
	r.last_volume_bytes = 301740;
	check(&r, backup);
}

static void
what_compression_saved_is_told_with_its_name(void **state)
{
	struct report r = common;
	struct buf out = BUF_INIT(65536);

	r.type = 'B';
	r.compression = "gzip";
	r.fd_bytes_read = 1000;
	r.fd_bytes = 447;
	report_emit(&r, &out);
	assert_non_null(strstr(buf_str(&out), "  Software Compression:   55.3 % (gzip)\n"));
	buf_clear(&out);
	r.fd_bytes = 1001;
	report_emit(&r, &out);
	assert_non_null(strstr(buf_str(&out), "  Software Compression:   None\n"));
	buf_release(&out);
}

static void
a_restore_report_has_the_shape_of_the_spec(void **state)
{
	struct report r = common;

	r.type = 'R';
	r.job_id = 18;
	r.unique = "rest.2026-11-21_02.25.31_37";
	r.start_time = 1795227933;
	r.end_time = 1795227935;
	r.files_expected = r.fd_files = 9;
	r.fd_bytes = 300032;
	check(&r, restore);
}

static void
terminations_are_those_of_the_table(void **state)
{
	static const struct {
		int type, status;
		const char *text;
	} rows[] = {
		{ 'B', 'T', "Backup OK" },
		{ 'B', 'W', "Backup OK -- with warnings" },
		{ 'B', 'I', "Backup failed -- incomplete" },
		{ 'B', 'f', "*** Backup Error ***" },
		{ 'B', 'E', "*** Backup Error ***" },
		{ 'B', 'A', "Backup Canceled" },
		{ 'B', 'R', "Inappropriate term code: R" },
		{ 'R', 'T', "Restore OK" },
		{ 'R', 'W', "Restore OK -- with warnings" },
		{ 'R', 'f', "*** Restore Error ***" },
		{ 'R', 'A', "Restore Canceled" },
		{ 'D', 'T', "Admin OK" },
	};
	char text[64];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		report_termination(rows[i].type, rows[i].status, text, sizeof(text));
		assert_string_equal(text, rows[i].text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_backup_report_has_the_shape_of_the_spec),
		cmocka_unit_test(what_compression_saved_is_told_with_its_name),
		cmocka_unit_test(a_restore_report_has_the_shape_of_the_spec),
		cmocka_unit_test(terminations_are_those_of_the_table),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
