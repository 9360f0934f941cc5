/* lib/base/regexp_test.c - expressions that would take all memory or the stack, and others */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/base/regexp.h"

#include "lib/base/buf.h"
#include "lib/base/own.h"

#include <stdlib.h>
#include <string.h>

static char *
many(size_t n, const char *one, const char *middle, const char *other)
{
	struct buf b = BUF_INIT(1u << 22);

	for (size_t i = 0; i < n; i++)
		buf_text(&b, "%s", one);
	buf_text(&b, "%s", middle);
	for (size_t i = 0; i < n; i++)
		buf_text(&b, "%s", other);
	return buf_take_str(&b);
}

static bool
is_taken(const char *text)
{
	struct err err = ERR_INIT;
	regex_t re;

	if (regexp_compile(text, REG_EXTENDED | REG_NOSUB, &re, &err) != ERR_OK) {
		assert_int_equal(err.code, ERR_CONFIG);
		assert_true(err.text[0] != '\0');
		return false;
	}
	regfree(&re);
	return true;
}

static void
what_would_take_all_is_refused(void **state)
{
	static const struct {
		size_t n;
		const char *one, *middle, *other;
	} rows[] = {
		{ 60000, "(", "", "" },   { 30000, "(", "a", ")" },
		{ 50, "(", "a", "+)" },   { 30, "(", "a", "{2})" },
		{ 20000, "a*", "", "" },  { 20000, "a|", "a", "" },
		{ 70000, "a", "", "" },   { 3, "", "a", "{1,255}" },
		{ 40, "", "a", "{2}" },   { 3, "(", "[[:alpha:]]", "{1,255})" },
		{ 40, "", "[]()]", "+" }, { 40, "(", "\\)", "{1,})" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		OWNED(freep)
		char *text = many(rows[i].n, rows[i].one, rows[i].middle, rows[i].other);

		if (is_taken(text))
			fail_msg("taken: %.60s", text);
	}
}

static void
what_people_write_is_taken(void **state)
{
	static const char *const texts[] = {
		"",
		"^/home/[^/]+/.*\\.(jpe?g|png|[Tt][Ii][Ff]{1,2})$",
		"a{1,255}",
		"([0-9]{1,3}\\.){3}[0-9]{1,3}",
		"[[:space:]][]x]*[^]y]*",
		"(a|b)*c+?",
		"\\(\\{\\[",
	};
	static const char *const bad[] = { "(a", "[a", "a{2,1}", "[[:nothing:]]", "\\" };
	OWNED(freep) char *path = many(30000, "\\.", "", "");
	OWNED(freep) char *names = many(2000, "name|", "name", "");
	OWNED(freep) char *deep = many(200, "(", "a", ")");

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!is_taken(texts[i]))
			fail_msg("refused: %s", texts[i]);
	assert_true(is_taken(path));
	assert_true(is_taken(names));
	assert_true(is_taken(deep));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (is_taken(bad[i]))
			fail_msg("taken: %s", bad[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_people_write_is_taken),
		cmocka_unit_test(what_would_take_all_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
