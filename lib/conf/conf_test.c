/* lib/conf/conf_test.c - tokens, values and access lists by the vectors of config.md 13 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/conf/messages.h"
#include "lib/conf/parse.h"
#include "lib/conf/show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct thing {
	struct conf_res res;
	char *name, *text, *path;
	struct thing *other;
	int64_t time;
	uint64_t size;
	bool flag;
	uint32_t number;
	struct secret password;
	struct conf_acl acl;
	struct str_list list;
	struct conf_addrs addresses;
};

static const struct conf_row rows[] = {
	{ "Name", CONF_NAME_AT(struct thing, name), .flags = CONF_REQUIRED },
	{ "LabelFormat", CONF_STR_AT(struct thing, text), .alias = "Label" },
	{ "Path", CONF_PATH_AT(struct thing, path) },
	{ "Other", CONF_REF_AT(struct thing, other, struct thing, "Thing") },
	{ "Time", CONF_TIME_AT(struct thing, time), .def = "1 min" },
	{ "Size", CONF_SIZE_AT(struct thing, size), .def = "0" },
	{ "Flag", CONF_BOOL_AT(struct thing, flag), .def = "yes" },
	{ "Number", CONF_UINT32_AT(struct thing, number), .def = "7" },
	{ "Password", CONF_PASSWORD_AT(struct thing, password) },
	{ "Acl", CONF_ACL_AT(struct thing, acl) },
	{ "List", CONF_LIST_AT(struct thing, list) },
	{ "DirPort", CONF_LISTEN_AT(CONF_LISTEN_PORT, struct thing, addresses) },
	{ "DirAddress", CONF_LISTEN_AT(CONF_LISTEN_ADDR, struct thing, addresses) },
	{ "Addresses", CONF_LISTEN_AT(CONF_LISTEN, struct thing, addresses) },
	{ .name = NULL },
};
static const struct conf_type thing_type = { .name = "Thing",
					     .plural = "things",
					     .size = sizeof(struct thing),
					     .groups = { { rows, 0 } },
					     .port = 9101 };
static const struct conf_type messages_type = { .name = "Messages",
						.plural = "messages",
						.size = sizeof(struct conf_messages),
						.groups = { { conf_messages_rows, 0 } } };
static const struct conf_type *const types[] = { &thing_type, &messages_type };
static const char *const files[] = { "test", NULL };
static const struct conf_program program = {
	.daemon = "test", .component = "test", .files = files, .types = types, .n_types = 2
};

/* Load text; the first Thing, or NULL when there were errors. */
static struct thing *
load(const char *text, struct conf_gen **gen, struct conf_diag *diag)
{
	struct err err = ERR_INIT;

	if (conf_load_text(&program, text, diag, gen, &err) != ERR_OK)
		return NULL;
	return (struct thing *)conf_gen_at(*gen, 0);
}

/* The first Thing of a text that must load. */
static struct thing *
must_load(const char *text, struct conf_gen **gen, struct conf_diag *diag)
{
	struct thing *t = load(text, gen, diag);

	if (t == NULL)
		abort();
	return t;
}

static void
names_are_read_as_the_peer_reads_them(void **state)
{
	static const struct {
		const char *value, *want;
	} v[] = {
		{ "Full Backup", "FullBackup" },
		{ "web 1 x", "web1" },
		{ "\"Full Backup\"", "Full Backup" },
		{ "w-1 x", "w-1" },
		{ "\"\xc3\x9cml\"", NULL },
		{ "a$b", NULL },
		{ "123", "123" },
		{ "\"123\"", "123" },
		{ "\" a\"", NULL },
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		struct conf_diag *d = conf_diag_new(false);
		struct conf_gen *g = NULL;
		char text[128];
		struct thing *t;

		snprintf(text, sizeof(text), "Thing { Name = %s\n}\n", v[i].value);
		t = load(text, &g, d);
		assert_int_equal(t != NULL, v[i].want != NULL);
		if (t != NULL)
			assert_string_equal(t->name, v[i].want);
		conf_gen_unref(g);
		conf_diag_free(d);
	}
}

static void
texts_and_escapes(void **state)
{
	static const struct {
		const char *value, *want;
	} v[] = {
		{ "\"abc\" \"def\"\n   \"ghi\"", "abcdefghi" },
		{ "\"a\\tb\"", "atb" },
		{ "a\\b", "a\\b" },
		{ "ab#c", "ab" },
		{ "ab\"c d\"", "ab" },
		{ "'a b'", "'a" },
		{ "ab=cd", "ab" },
		{ "\"a\nb\"", "a\nb" },
		{ "9101#x", "9101" },
		{ "\"\\\\</list\"", "\\</list" },
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		struct conf_diag *d = conf_diag_new(false);
		struct conf_gen *g = NULL;
		char text[128];
		struct thing *t;

		snprintf(text, sizeof(text), "Thing { Name = a\nlabel FORMAT = %s\n}\n",
			 v[i].value);
		t = must_load(text, &g, d);
		assert_string_equal(t->text, v[i].want);
		conf_gen_unref(g);
		conf_diag_free(d);
	}
}

static void
values_end_where_a_person_would_end_them(void **state)
{
	struct conf_diag *d = conf_diag_new(false);
	struct conf_gen *g = NULL;
	struct thing *t = load("\xef\xbb\xbftHiNg { n A m E = A; Time = 30\tdays; Size = \"5g\"\r\n"
			       "Flag =\n  no; List = a,\n b; list = c; Number = 007 }\n"
			       "Thing { Name = B; Other = A; Time = 1h }",
			       &g, d);

	assert_non_null(t);
	assert_int_equal(conf_diag_warnings(d), 0);
	assert_string_equal(t->name, "A");
	assert_int_equal(t->time, 2592000);
	assert_int_equal(t->size, UINT64_C(5) << 30);
	assert_false(t->flag);
	assert_int_equal(t->list.n, 3);
	assert_string_equal(t->list.v[2], "c");
	assert_int_equal(t->number, 7);
	t = (struct thing *)conf_gen_at(g, 1);
	assert_ptr_equal(t->other, conf_gen_at(g, 0));
	assert_int_equal(t->time, 3600);
	assert_true(t->flag);
	conf_gen_unref(g);
	conf_diag_free(d);
}

static void
passwords_become_their_hash(void **state)
{
	static const struct {
		const char *value, *want;
	} v[] = {
		{ "\"x\"", "9dd4e461268c8034f5c8564e155c67a6" },
		{ "y", "415290769594460e2e485922904f345d" },
		{ "pw", "8fe4c11451281c094a6578e6ddbf5eed" },
		{ "\"[md5]8FE4c11451281c094a6578e6ddbf5eed\"", "8fe4c11451281c094a6578e6ddbf5eed" },
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		struct conf_diag *d = conf_diag_new(false);
		struct buf shown = BUF_INIT(4096);
		struct conf_gen *g = NULL;
		char text[128];
		struct thing *t;

		snprintf(text, sizeof(text), "Thing { Name = a; Password = %s }", v[i].value);
		t = must_load(text, &g, d);
		assert_string_equal(t->password.p, v[i].want);
		conf_show_text(&t->res, 0, &shown);
		assert_null(strstr(buf_str(&shown), v[i].want));
		buf_release(&shown);
		conf_gen_unref(g);
		conf_diag_free(d);
	}
}

static void
addresses_in_both_forms(void **state)
{
	static const struct {
		const char *text, *host;
		uint16_t port;
		size_t n;
	} v[] = {
		{ "Dir Port = 1234; Dir Address = 127.0.0.1", "127.0.0.1", 1234, 1 },
		{ "Dir Address = 127.0.0.1; Dir Port = 1234", "127.0.0.1", 1234, 1 },
		{ "Addresses = { ip = { addr = 2001:db8::1 } }", "2001:db8::1", 9101, 1 },
		{ "Addresses = {\n ipv4 = {\n port = 1\n addr = \"a\"; } ipv6 = { addr = ::1 } }",
		  "a", 1, 2 },
		{ "", "", 9101, 2 },
		{ "Dir Port = 99", "", 99, 2 },
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		struct conf_diag *d = conf_diag_new(false);
		struct conf_gen *g = NULL;
		char text[256];
		struct thing *t;

		snprintf(text, sizeof(text), "Thing { Name = a; %s }", v[i].text);
		t = must_load(text, &g, d);
		assert_int_equal(t->addresses.n, v[i].n);
		assert_string_equal(t->addresses.v[0].host, v[i].host);
		assert_int_equal(t->addresses.v[0].port, v[i].port);
		conf_gen_unref(g);
		conf_diag_free(d);
	}
}

static void
the_first_matching_access_entry_decides(void **state)
{
	static const struct {
		const char *acl, *item;
		enum acl_verdict want;
	} v[] = {
		{ "!run, status, .*", "run", ACL_DENY },
		{ "!run, status, .*", "status", ACL_ALLOW },
		{ "!run, status, .*", "RUN", ACL_DENY },
		{ "!delete, *all*", "delete", ACL_DENY },
		{ "!delete, *all*", "list", ACL_ALLOW },
		{ "*all*, !sqlquery", "sqlquery", ACL_ALLOW },
		{ "status", "stat", ACL_NO_MATCH },
		{ "[.].*", ".jobs", ACL_ALLOW },
		{ "[.].*", "jobs", ACL_NO_MATCH },
		{ "My.Job", "My Job", ACL_ALLOW },
		{ "web.", "web1x", ACL_NO_MATCH },
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		struct conf_diag *d = conf_diag_new(false);
		struct conf_gen *g = NULL;
		char text[128];
		struct thing *t;

		snprintf(text, sizeof(text), "Thing { Name = a; Acl = %s }", v[i].acl);
		t = must_load(text, &g, d);
		assert_int_equal(conf_acl_match(&t->acl, v[i].item), v[i].want);
		conf_gen_unref(g);
		conf_diag_free(d);
	}
}

static void
message_types_add_and_remove_from_left_to_right(void **state)
{
	struct conf_diag *d = conf_diag_new(false);
	struct conf_gen *g = NULL;
	const struct conf_messages *m;

	assert_non_null(load("Thing { Name = a }\nMessages { Name = M\n"
			     "Console = all, !skipped\nAppend = /log = !skipped, all\n"
			     "Mail = a@b, c@d = error; Mail = a@b, c@d = fatal\n"
			     "Syslog = local4 = audit; Director = x = all, !skipped, !restored }",
			     &g, d));
	m = (const struct conf_messages *)conf_gen_find(g, "Messages", "M");
	assert_int_equal(m->n_dest, 5);
	assert_int_equal(m->dest[0].types, CONF_MSG_ALL & ~CONF_MSG_BIT(CONF_MSG_SKIPPED));
	assert_int_equal(m->dest[1].types, CONF_MSG_ALL);
	assert_string_equal(m->dest[2].target, "a@b c@d");
	assert_int_equal(m->dest[2].types,
			 CONF_MSG_BIT(CONF_MSG_ERROR) | CONF_MSG_BIT(CONF_MSG_FATAL));
	assert_string_equal(conf_facility_word(m->dest[3].facility), "local4");
	assert_int_equal(conf_messages_mask(m, CONF_DEST_DIRECTOR, "x"),
			 CONF_MSG_ALL & ~CONF_MSG_BIT(CONF_MSG_SKIPPED) &
				 ~CONF_MSG_BIT(CONF_MSG_RESTORED));
	conf_gen_unref(g);
	conf_diag_free(d);
}

static void
strict_makes_doubtful_lines_errors(void **state)
{
	static const char *const doubtful[] = { "Number = 10 junk", "Label = ab#cd",
						"Flag = no; Flag = no", "Label = a, b" };

	for (size_t i = 0; i < 4; i++) {
		struct conf_diag *lax = conf_diag_new(false), *strict = conf_diag_new(true);
		struct conf_gen *g = NULL, *h = NULL;
		char text[128];

		snprintf(text, sizeof(text), "Thing { Name = a; %s\n }", doubtful[i]);
		assert_non_null(load(text, &g, lax));
		assert_int_equal(conf_diag_warnings(lax), 1);
		assert_null(load(text, &h, strict));
		conf_gen_unref(g);
		conf_gen_unref(h);
		conf_diag_free(lax);
		conf_diag_free(strict);
	}
}

static void
a_secret_is_not_shown_however_the_line_is_broken(void **state)
{
	static const char *const broken[] = {
		"Password =\n verysecret junk",
		"Password =\n very secret",
		"Password =\n \"verysecret\" junk",
		"Password\n=\n\n # here it comes\n verysecret junk",
		"Flag = no; Password = # below\n verysecret, junk",
		"Pass word =\n \"very\nvery secret\" junk",
		"Password =\n \"a\" \"very\nverysecret\" junk",
	};

	for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
		struct conf_diag *d = conf_diag_new(false);
		struct buf shown = BUF_INIT(1 << 20);
		struct conf_gen *g = NULL;
		char text[256];

		snprintf(text, sizeof(text), "Thing { Name = a\n%s\n}\n", broken[i]);
		(void)load(text, &g, d);
		conf_diag_text(d, true, &shown);
		assert_true(conf_diag_errors(d) + conf_diag_warnings(d) > 0);
		if (strstr(buf_str(&shown), "secret") != NULL)
			fail_msg("%s", buf_str(&shown));
		buf_release(&shown);
		conf_gen_unref(g);
		conf_diag_free(d);
	}
}

/* head, n times the same, tail: whatever becomes of it, it ends. */
static void
check_long(const char *head, const char *each, size_t n, const char *tail)
{
	struct conf_diag *d = conf_diag_new(false);
	struct buf text = BUF_INIT(16 << 20), shown = BUF_INIT(1 << 16);
	struct conf_gen *g = NULL;

	buf_text(&text, "Thing { Name = a; %s", head);
	for (size_t i = 0; i < n; i++)
		buf_put(&text, each, strlen(each));
	buf_text(&text, "%s }\n", tail);
	(void)load(buf_str(&text), &g, d);
	conf_diag_text(d, true, &shown);
	conf_gen_unref(g);
	conf_diag_free(d);
	buf_release(&text);
	buf_release(&shown);
}

static void
what_is_far_too_long_ends_no_program(void **state)
{
	check_long("@", "0123456789", 110000, "");
	check_long("@\"", "0123456789", 110000, "\"");
	check_long("@|", "0123456789", 110000, "");
	check_long("Path = \"", "$HOME", 200000, "\"");
	check_long("Path = \"", "/a", 200000, "\"");
	check_long("Size = ", "1111111111 ", 100000, "");
	check_long("Name = \"", "0123456789", 110000, "\"");
	check_long("", "Number = 1 junk\n", 2000, "");
	check_long("Name = \"", "0123456789", 20000, "\"; Bogus = 1");
	check_long("} Messages { Name = m; Mail = r", ",r@example.org", 10000, " = all");
}

/* Half a character is nothing that can be shown, and what is not shown has no mark below. */
static void
a_long_line_is_shown_to_the_end_of_a_character(void **state)
{
	for (int i = 0; i < 2; i++) {
		struct conf_diag *d = conf_diag_new(false);
		struct buf text = BUF_INIT(1 << 12), shown = BUF_INIT(1 << 16);
		struct conf_gen *g = NULL;

		buf_text(&text, "Thing { Name = a; Path =%s\"/", i == 0 ? " " : "  ");
		for (int n = 0; n < 300; n++)
			buf_text(&text, "\u00e4");
		buf_text(&text, "\"; Bogus = 1 }\n");
		(void)load(buf_str(&text), &g, d);
		conf_diag_text(d, true, &shown);
		assert_non_null(strstr(buf_str(&shown), "Bogus"));
		assert_non_null(strstr(buf_str(&shown), "\u00e4\n"));
		assert_null(strchr(buf_str(&shown), '^'));
		conf_gen_unref(g);
		conf_diag_free(d);
		buf_release(&text);
		buf_release(&shown);
	}
}

static void
only_so_many_warnings_are_kept(void **state)
{
	struct conf_diag *d = conf_diag_new(false);
	struct buf text = BUF_INIT(1 << 20), shown = BUF_INIT(1 << 20);
	struct conf_gen *g = NULL;

	buf_text(&text, "Thing { Name = a\n");
	for (int i = 0; i < 1001; i++)
		buf_text(&text, "List = b c\n");
	buf_text(&text, "}\n");
	(void)must_load(buf_str(&text), &g, d);
	assert_int_equal(conf_diag_warnings(d), 1001);
	conf_diag_text(d, false, &shown);
	assert_null(strstr(buf_str(&shown), ":1002:"));
	assert_non_null(strstr(buf_str(&shown), "\n1001 warnings (the first 1000 are shown)\n"));
	conf_gen_unref(g);
	conf_diag_free(d);
	buf_release(&text);
	buf_release(&shown);
}

static void
an_access_entry_without_effect_is_told(void **state)
{
	static const struct {
		const char *acl;
		size_t warnings;
	} v[] = {
		{ "*all*", 0 }, { "!sqlquery, *ALL*", 0 }, { "My.Job, .*", 0 }, { "!*delete*", 1 },
		{ "*", 1 },     { "\"/a(b\", !(x", 2 },
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		struct conf_diag *d = conf_diag_new(false);
		struct conf_gen *g = NULL;
		char text[128];

		snprintf(text, sizeof(text), "Thing { Name = a; Acl = %s }", v[i].acl);
		(void)must_load(text, &g, d);
		assert_int_equal(conf_diag_warnings(d), v[i].warnings);
		conf_gen_unref(g);
		conf_diag_free(d);
	}
}

/* The 128th byte was cut off. */
static void
a_listen_address_is_whole_or_refused(void **state)
{
	struct conf_diag *d = conf_diag_new(false);
	struct conf_gen *g = NULL;
	char text[300];

	snprintf(text, sizeof(text), "Thing { Name = a; DirAddress = %0128d }", 1);
	assert_null(load(text, &g, d));
	conf_gen_unref(g);
	conf_diag_free(d);
}

static void
every_shorter_text_ends_without_harm(void **state)
{
	static const char text[] =
		"Thing { Name = \"a\\\"b\"; Addresses = { ip = { addr = ::1; port = 1 } }\n"
		"Time = 1 week; Acl = !a, b; List = x,\ny; Password = \"[md5]z\" # c\n}\n"
		"Messages { Name = m; Mail = a = all, !skipped; Syslog = x = all }\n";

	for (size_t n = 0; n < sizeof(text); n++) {
		struct conf_diag *d = conf_diag_new(false);
		struct buf shown = BUF_INIT(1 << 20);
		struct conf_gen *g = NULL;
		struct err err = ERR_INIT;
		char part[sizeof(text)];

		memcpy(part, text, n);
		part[n] = '\0';
		if (conf_load_text(&program, part, d, &g, &err) == ERR_OK)
			conf_show_all(g, CONF_SHOW_VERBOSE, &shown);
		conf_diag_text(d, true, &shown);
		buf_release(&shown);
		conf_gen_unref(g);
		conf_diag_free(d);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_read_as_the_peer_reads_them),
		cmocka_unit_test(texts_and_escapes),
		cmocka_unit_test(values_end_where_a_person_would_end_them),
		cmocka_unit_test(passwords_become_their_hash),
		cmocka_unit_test(addresses_in_both_forms),
		cmocka_unit_test(the_first_matching_access_entry_decides),
		cmocka_unit_test(message_types_add_and_remove_from_left_to_right),
		cmocka_unit_test(strict_makes_doubtful_lines_errors),
		cmocka_unit_test(a_secret_is_not_shown_however_the_line_is_broken),
		cmocka_unit_test(what_is_far_too_long_ends_no_program),
		cmocka_unit_test(a_long_line_is_shown_to_the_end_of_a_character),
		cmocka_unit_test(only_so_many_warnings_are_kept),
		cmocka_unit_test(an_access_entry_without_effect_is_told),
		cmocka_unit_test(a_listen_address_is_whole_or_refused),
		cmocka_unit_test(every_shorter_text_ends_without_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
