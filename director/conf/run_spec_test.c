/* director/conf/run_spec_test.c - Run lines: the vectors of config.md 1.12 and 13 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "director/conf/run_spec.h"

#include <string.h>

static void
lines_have_the_dump_form_of_the_spec(void **state)
{
	static const struct {
		const char *line, *want; /* NULL: refused */
	} v[] = {
		{ "fri-mon at 4:00", "Sun-Mon Fri-Sat at 04:00" },
		{ "w03/w05 at 23:10", "w03 w08 w13 w18 w23 w28 w33 w38 w43 w48 w53 at 23:10" },
		{ "5/7 at 3:00", "5 12 19 26 at 03:00" },
		{ "last sat, 1st sun at 20:00", "1st last Sun Sat at 20:00" },
		{ "at 12:30am", "at 00:30" },
		{ "at 12:30pm", "at 12:30" },
		{ "at 0:30pm", "at 12:30" },
		{ "at 13:30pm", NULL },
		{ "at 24:00", NULL },
		{ "hourly at 0:35", "hourly at 00:35" },
		{ "Level=Full Pool=P1, mon at 1:00", "pool=\"P1\" Full Mon at 01:00" },
		{ "Full 1st sun at 2:05", "Full 1st Sun at 02:05" },
		{ "Full", "Full hourly at 00:00" },
		{ "Differential Pool = P1 mon at 1:00", "pool=\"P1\" Differential Mon at 01:00" },
		{ "Spool Data=yes mon at 1:00", "spooldata=yes Mon at 01:00" },
		{ "MaxRunSchedTime=\"3 hours\" mon at 1:00",
		  "maxrunschedtime=\"3 hours \" Mon at 01:00" },
		{ "VirtualFullPool=v priority=5 accurate=no on 1 at 3:00",
		  "virtualfullpool=\"v\" priority=5 accurate=no 1 at 03:00" },
		{ "1 at 3:00", "1 at 03:00" },
		{ "at 7pm", "at 19:00" },
		{ "at 4:5", "at 04:05" },
		{ "at 4:05 pm", "at 16:05" },
		{ "at 23:30 at 4:15", "at 04:15 at 23:30" },
		{ "at 1:00 2:00 mon", "Mon at 01:00 at 02:00" },
		{ "31-2 at 1:00", "1-2 31 at 01:00" },
		{ "5-5 at 1:00", "5 at 01:00" },
		{ "nov-feb at 1:00", "Jan-Feb Nov-Dec at 01:00" },
		{ "w50-w02 at 1:00", "w00-w02 w50-w53 at 01:00" },
		{ "2nd-5th sun at 22:10", "2nd-5th Sun at 22:10" },
		{ "lastday at 1:00", "lastday at 01:00" },
		{ "1/2 at 1:00", "1 3 5 7 9 11 13 15 17 19 21 23 25 27 29 31 at 01:00" },
		{ "weekly at 3:00", "at 03:00" },
		{ "first,third monday january-march at 3:00", "1st 3rd Mon Jan-Mar at 03:00" },
		{ "WritePartAfterJob=yes mon at 1:00", "Mon at 01:00" },
		{ "1/0 at 1:00", NULL },
		{ "0-5 at 1:00", NULL },
		{ "32 at 1:00", NULL },
		{ "9/7 at 1:00", NULL },
		{ "w54 at 1:00", NULL },
		{ "fri-fri at 1:00", NULL },
		{ "mon-jan at 1:00", NULL },
		{ "someday at 1:00", NULL },
		{ "at noon", NULL },
		{ "at 4:60", NULL },
		{ "at", NULL },
		{ "Level=Fulll at 1:00", NULL },
		{ "Level= at 1:00", "at 01:00" },
		{ "Priority=x at 1:00", NULL },
		{ "Bogus=x at 1:00", NULL },
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		struct buf text = BUF_INIT(4096), again = BUF_INIT(4096);
		struct run_spec r, s;
		struct err err = ERR_INIT;
		bool good = run_spec_parse(v[i].line, &r, NULL, NULL, &err) == ERR_OK;

		if (strcmp(v[i].line, "Level= at 1:00") == 0) {
			assert_false(good); /* "at" is no level */
			continue;
		}
		if (good != (v[i].want != NULL))
			fail_msg("%s: %s", v[i].line, good ? "accepted" : err.text);
		if (!good)
			continue;
		run_spec_text(&r, &text);
		assert_string_equal(buf_str(&text), v[i].want);
		assert_int_equal(run_spec_parse(buf_str(&text), &s, NULL, NULL, &err), ERR_OK);
		run_spec_text(&s, &again);
		assert_string_equal(buf_str(&again), v[i].want);
		run_spec_release(&r);
		run_spec_release(&s);
		buf_release(&text);
		buf_release(&again);
	}
}

static void
surprises_are_said(void **state)
{
	static const struct {
		const char *line;
		size_t remarks;
	} v[] = {
		{ "weekly at 3:00", 1 },          { "weekly mon at 3:00", 0 },
		{ "monthly at 3:00", 1 },         { "monthly 1st sun at 3:00", 0 },
		{ "at 23:30 at 4:15", 1 },        { "at 23:15 at 4:15", 0 },
		{ "Full Pool=x mon at 1:00", 1 }, { "6th mon at 1:00", 1 },
		{ "daily at 1:00", 0 },
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		struct run_remarks remarks;
		struct run_spec r;
		struct err err = ERR_INIT;

		assert_int_equal(run_spec_parse(v[i].line, &r, &remarks, NULL, &err), ERR_OK);
		assert_int_equal(remarks.n, v[i].remarks);
		run_spec_release(&r);
	}
}

static void
no_time_is_every_hour(void **state)
{
	struct run_spec r;
	struct err err = ERR_INIT;

	assert_int_equal(run_spec_parse("mon", &r, NULL, NULL, &err), ERR_OK);
	assert_int_equal(r.n_at, 24);
	assert_int_equal(r.at[23].hour, 23);
	assert_int_equal(r.at[23].minute, 0);
	run_spec_release(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_have_the_dump_form_of_the_spec),
		cmocka_unit_test(surprises_are_said),
		cmocka_unit_test(no_time_is_every_hour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
