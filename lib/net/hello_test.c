#include "lib/net/hello.h"

#include "lib/net/auth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* clang-format off */
static const struct {
	const char *line;
	enum err_code rc;
	enum peer_kind kind;
	const char *name;
	int version;
	bool storage_calling, replicate, bacula;
} lines[] = {
	{ "Hello *UserAgent* calling version 25.1.0\n", ERR_OK, PEER_CONSOLE, "*UserAgent*", 2501, 0, 0, 0 },
	{ "Hello my\001con calling version 18.2.5\n", ERR_OK, PEER_CONSOLE, "my con", 1802, 0, 0, 0 },
	{ "Hello old calling\n", ERR_OK, PEER_CONSOLE, "old", 0, 0, 0, 0 },
	{ "Hello bac calling 100\n", ERR_OK, PEER_CONSOLE, "bac", 0, 0, 0, 1 },
	{ "Hello Director t-dir calling\n", ERR_OK, PEER_DIRECTOR, "t-dir", 0, 0, 0, 0 },
	{ "Hello Director a\001b calling 0 tlspsk=0\n", ERR_OK, PEER_DIRECTOR, "a b", 0, 0, 0, 0 },
	{ "Hello Start Job J.2026-11-21_02.29.26_05\n", ERR_OK, PEER_JOB, "J.2026-11-21_02.29.26_05", 0, 0, 0, 0 },
	{ "Hello Storage calling Start Job J_1\n", ERR_OK, PEER_JOB, "J_1", 0, 1, 0, 0 },
	{ "Hello Start Storage Job J_1\n", ERR_OK, PEER_JOB, "J_1", 0, 0, 1, 0 },
	{ "Hello Client c-fd FdProtocolVersion=54 calling\n", ERR_OK, PEER_CLIENT, "c-fd", 54, 0, 0, 0 },
	{ "Hello Client c-fd calling", ERR_OK, PEER_CLIENT, "c-fd", 0, 0, 0, 0 },
	{ "Hello Bacula SD: Start Job J_1 214\n", ERR_OK, PEER_JOB, "J_1", 214, 0, 0, 1 },
	{ "Hello Bacula SD: Start Job J_1 15 tlspsk=100\n", ERR_OK, PEER_JOB, "J_1", 15, 0, 0, 1 },
	{ "Hello Bacula SD: Start Job J_1 214 306\n", ERR_PROTO, 0, "", 0, 0, 0, 0 },
	{ "Hello Bacula SD: Start Job J_1\n", ERR_PROTO, 0, "", 0, 0, 0, 0 },
	{ "Hello SD: Bacula Director d calling 103\n", ERR_PROTO, 0, "", 0, 0, 0, 0 },
	{ "Hello FD: Bacula Storage calling Start Job J 1\n", ERR_PROTO, 0, "", 0, 0, 0, 0 },
	{ "Hello Director  calling\n", ERR_PROTO, 0, "", 0, 0, 0, 0 },
	{ "Hello Director t-dir\n", ERR_PROTO, 0, "", 0, 0, 0, 0 },
	{ "Hello \n", ERR_PROTO, 0, "", 0, 0, 0, 0 },
	{ "Hello", ERR_PROTO, 0, "", 0, 0, 0, 0 },
	{ "GET / HTTP/1.1\r\n", ERR_PROTO, 0, "", 0, 0, 0, 0 },
	{ "", ERR_PROTO, 0, "", 0, 0, 0, 0 },
};
/* clang-format on */

static void
every_pair_has_its_line(void **state UNUSED)
{
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct err err = ERR_INIT;
		struct hello h = { 0 };

		if (hello_parse(bytes_str(lines[i].line), &h, &err) != lines[i].rc)
			fail_msg("%s: %s", lines[i].line, err.text);
		if (lines[i].rc != ERR_OK)
			continue;
		assert_int_equal(h.kind, lines[i].kind);
		assert_string_equal(h.name, lines[i].name);
		assert_int_equal(h.version, lines[i].version);
		assert_int_equal(h.storage_calling, lines[i].storage_calling);
		assert_int_equal(h.replicate, lines[i].replicate);
		assert_int_equal(h.bacula, lines[i].bacula);
	}
}

static void
names_may_be_127_bytes_and_no_more(void **state UNUSED)
{
	struct err err = ERR_INIT;
	char line[300] = "Hello Director ";
	struct hello h;

	memset(line + 15, 'x', 127);
	memcpy(line + 15 + 127, " calling\n", 10);
	assert_int_equal(hello_parse(bytes_str(line), &h, &err), ERR_OK);
	memset(line + 15, 'x', 128);
	memcpy(line + 15 + 128, " calling\n", 10);
	assert_int_equal(hello_parse(bytes_str(line), &h, &err), ERR_PROTO);
	memset(line + 15, 'x', 280);
	assert_int_equal(hello_parse(bytes_of(line, 290), &h, &err), ERR_PROTO);
}

/* wire.md 3.2: the bytes of a real ClientHello */
static void
identities_are_those_seen_on_the_wire(void **state UNUSED)
{
	static const uint8_t seen[] = { 0x52, 0x5f, 0x44, 0x49, 0x52, 0x45, 0x43, 0x54,
					0x4f, 0x52, 0x1e, 0x74, 0x2d, 0x64, 0x69, 0x72 };
	enum peer_kind kind;
	char out[128], name[128];

	assert_true(hello_identity_emit(PEER_DIRECTOR, "t-dir", out, sizeof(out)));
	assert_int_equal(strlen(out), sizeof(seen));
	assert_memory_equal(out, seen, sizeof(seen));
	assert_true(hello_identity_parse(bytes_of(seen, sizeof(seen)), &kind, name, sizeof(name)));
	assert_int_equal(kind, PEER_DIRECTOR);
	assert_string_equal(name, "t-dir");
	for (size_t n = 0; n < 12; n++)
		assert_false(hello_identity_parse(bytes_of(seen, n), &kind, name, sizeof(name)));
	assert_false(hello_identity_parse(bytes_str("R_NOBODY\x1ex"), &kind, name, sizeof(name)));
	assert_false(hello_identity_emit(PEER_DIRECTOR, "t-dir", out, 16));
}

static void
challenges_in_all_their_forms(void **state UNUSED)
{
	/* clang-format off */
	static const struct {
		const char *line;
		enum err_code rc;
		const char *text;
		bool standard;
		int ssl;
	} cases[] = {
		{ "auth cram-md5 <1.2@R_CLIENT::t-fd> ssl=2\n", ERR_OK, "<1.2@R_CLIENT::t-fd>", false, 2 },
		{ "auth cram-md5c <1.2@x> ssl=0\n", ERR_OK, "<1.2@x>", true, 0 },
		{ "auth cram-md5 <4294967295.1795228164@File\001daemon>\n", ERR_OK,
		  "<4294967295.1795228164@File\001daemon>", false, AUTH_SSL_MISSING },
		{ "auth cram-md5 <1.2@x> ssl=1 qualified-name=y\n", ERR_OK, "<1.2@x>", false, 1 },
		{ "auth cram-md5 <1.2@x ssl=1\n", ERR_PROTO, "", false, 0 },
		{ "auth cram-md5 1.2@x> ssl=1\n", ERR_PROTO, "", false, 0 },
		{ "auth cram-sha <1.2@x> ssl=1\n", ERR_PROTO, "", false, 0 },
		{ "1999 You are not authorized.\n", ERR_PROTO, "", false, 0 },
		{ "", ERR_PROTO, "", false, 0 },
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = ERR_INIT;
		struct auth_challenge c = { 0 };

		if (auth_challenge_parse(bytes_str(cases[i].line), &c, &err) != cases[i].rc)
			fail_msg("%s: %s", cases[i].line, err.text);
		if (cases[i].rc != ERR_OK)
			continue;
		assert_string_equal(c.text, cases[i].text);
		assert_int_equal(c.standard_base64, cases[i].standard);
		assert_int_equal(c.ssl, cases[i].ssl);
	}
}

static void
our_own_challenge_is_known_again(void **state UNUSED)
{
	struct auth_challenge c = { .text = "<1.2@R_DIRECTOR::dir>" };

	assert_true(auth_challenge_is_ours(&c, "R_DIRECTOR::dir"));
	assert_false(auth_challenge_is_ours(&c, "R_DIRECTOR::di"));
	assert_false(auth_challenge_is_ours(&c, "R_CLIENT::dir"));
	c = (struct auth_challenge){ .text = "<1.2@R_STORAGE::sd>" };
	assert_false(auth_challenge_is_ours(&c, "R_STORAGE::sd"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_pair_has_its_line),
		cmocka_unit_test(names_may_be_127_bytes_and_no_more),
		cmocka_unit_test(identities_are_those_seen_on_the_wire),
		cmocka_unit_test(challenges_in_all_their_forms),
		cmocka_unit_test(our_own_challenge_is_known_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
