#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "director/media/volume_name.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool
counter(void *arg, const char *name, bool increment, int64_t *value)
{
	int64_t *c = arg;

	if (strcmp(name, "C") != 0)
		return false;
	*value = *c;
	*c += increment;
	return true;
}

struct name_case {
	const char *format, *expect; /* NULL: refused */
};

/* Spec: director.md 11.5, config.md 9.3; 2026-11-21 02:23:44 UTC, a Saturday */
static const struct name_case cases[] = {
	{ "Long-${Year}-${NumVols:p/4/0/r}", "Long-2026-0007" },
	{ "$Year-$Month-$Day", "2026-11-21" },
	{ "${Hour}.${Minute}.${Second}", "2.23.44" },
	{ "${WeekDay}", "6" },
	{ "${Job}", "bk" },
	{ "${JobName}", "bk.2026-11-21_02.23.42_04" },
	{ "${JobId:p/6/0/r}", "000012" },
	{ "${JobId:p/6/x/l}", "12xxxx" },
	{ "${JobId:p/6/x/c}", "xx12xx" },
	{ "${JobId:p/1/0/r}", "12" },
	{ "${Level}-${Type}", "Full-Backup" },
	{ "${Level:l}", "full" },
	{ "${Level:u}", "FULL" },
	{ "${Level:l:u}", "FULL" },
	{ "${Level:#}", "4" },
	{ "${Level:o1,2}", "ul" },
	{ "${Level:o1-3}", "ull" },
	{ "${Level:o2-99}", "ll" },
	{ "${Client:-none}", "none" },
	{ "${Pool:-none}", "Long" },
	{ "${Pool:+set}", "set" },
	{ "a${Client:+set}", "a" },
	{ "${Pool:*x}b", "b" },
	{ "${Client:*x}", "x" },
	{ "${C}-${C+}-${C+}-${C}", "5-5-6-7" },
	{ "${TERCET_TEST_NAME}", "env" },
	{ "a\\$b", NULL },
	{ "${NoSuchThing}", NULL },
	{ "x${", NULL },
	{ "x$", NULL },
	{ "${Pool:s/a/b/}", NULL },
	{ "${Pool:p/x}", NULL },
	{ "${Pool} two", NULL },
	{ "/${Pool}", NULL },
	{ "${Pool:*}", NULL },
};

static void
variables_expand_as_the_spec_says(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t c = 5;
		const struct volume_name_facts f = { .now = 1795227824,
						     .job = "bk",
						     .job_name = "bk.2026-11-21_02.23.42_04",
						     .level = "Full",
						     .type = "Backup",
						     .pool = "Long",
						     .job_id = 12,
						     .num_vols = 7,
						     .counter = counter,
						     .counter_arg = &c };
		char name[VOLUME_NAME_SIZE] = "";
		struct err err = ERR_INIT;
		enum err_code code = volume_name_expand(cases[i].format, &f, name, &err);

		if (cases[i].expect == NULL) {
			if (code != ERR_CONFIG)
				fail_msg("\"%s\" gave \"%s\"", cases[i].format, name);
		} else if (code != ERR_OK || strcmp(name, cases[i].expect) != 0) {
			fail_msg("\"%s\" gave \"%s\": %s", cases[i].format, name,
				 code != ERR_OK ? err.text : "");
		}
	}
}

static void
a_plain_format_is_numbered(void **state)
{
	struct label_format f;
	char name[VOLUME_NAME_SIZE];
	struct err err = ERR_INIT;

	assert_int_equal(label_format_parse("Full-", &f, &err), ERR_OK);
	assert_int_equal(f.form, LABEL_NUMBERED);
	assert_int_equal(volume_name_number(&f, 7, name, &err), ERR_OK);
	assert_string_equal(name, "Full-0007");
	assert_int_equal(volume_name_number(&f, 123456, name, &err), ERR_OK);
	assert_string_equal(name, "Full-123456");
	assert_int_equal(label_format_parse("Full-%06d", &f, &err), ERR_OK);
	assert_int_equal(f.form, LABEL_NUMBERED);
	assert_int_equal(volume_name_number(&f, 7, name, &err), ERR_OK);
	assert_string_equal(name, "Full-000007");
}

static void
formats_are_told_apart(void **state)
{
	struct label_format f;
	struct err err = ERR_INIT;

	assert_int_equal(label_format_parse(NULL, &f, &err), ERR_OK);
	assert_int_equal(f.form, LABEL_NONE);
	assert_int_equal(label_format_parse("*", &f, &err), ERR_OK);
	assert_int_equal(f.form, LABEL_NONE);
	assert_int_equal(label_format_parse("${Pool}-${NumVols}", &f, &err), ERR_OK);
	assert_int_equal(f.form, LABEL_VARIABLES);
	assert_int_equal(label_format_parse("two words", &f, &err), ERR_CONFIG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(variables_expand_as_the_spec_says),
		cmocka_unit_test(a_plain_format_is_numbered),
		cmocka_unit_test(formats_are_told_apart),
	};

	setenv("TZ", "UTC", 1);
	setenv("TERCET_TEST_NAME", "env", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
