#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "director/shell/command.h"

#include <string.h>

/* console.md 3.2, in its order. */
static const char *const spec[] = {
	".",
	".actiononpurge",
	".api",
	".authorized",
	".catalogs",
	".clients",
	".consoles",
	".users",
	".defaults",
	".filesets",
	".help",
	".jobdefs",
	".jobs",
	".jobstatus",
	".levels",
	".locations",
	".messages",
	".media",
	".mediatypes",
	".msgs",
	".pools",
	".profiles",
	".quit",
	".sql",
	".schedule",
	".status",
	".storages",
	".types",
	".volstatus",
	".bvfs_lsdirs",
	".bvfs_lsfiles",
	".bvfs_update",
	".bvfs_get_jobids",
	".bvfs_versions",
	".bvfs_restore",
	".bvfs_cleanup",
	".bvfs_clear_cache",
	"add",
	"autodisplay",
	"automount",
	"cancel",
	"configure",
	"create",
	"delete",
	"disable",
	"enable",
	"estimate",
	"exit",
	"export",
	"gui",
	"help",
	"import",
	"label",
	"list",
	"llist",
	"messages",
	"memory",
	"mount",
	"move",
	"prune",
	"purge",
	"quit",
	"query",
	"restore",
	"relabel",
	"release",
	"reload",
	"rerun",
	"resolve",
	"run",
	"status",
	"setbandwidth",
	"setdebug",
	"setdevice",
	"setip",
	"show",
	"sqlquery",
	"time",
	"trace",
	"truncate",
	"unmount",
	"umount",
	"update",
	"use",
	"var",
	"version",
	"wait",
	"whoami",
};

static void
assert_means(const char *word, const char *name)
{
	char candidates[512];
	const struct command *c = command_find(word, candidates, sizeof(candidates));

	assert_string_equal(c == NULL ? candidates : c->name, name);
}

static void
every_command_of_the_specification_has_a_row_with_its_help(void **state)
{
	for (size_t i = 0; i < sizeof(spec) / sizeof(spec[0]); i++) {
		print_message("%s\n", spec[i]);
		assert_means(spec[i], spec[i]);
	}
	for (size_t i = 0; i < n_commands; i++) {
		assert_non_null(commands[i].help);
		assert_non_null(commands[i].arguments);
		/* One line of "help". */
		assert_true(strlen(commands[i].help) < 60);
	}
}

static void
an_abbreviation_means_one_command_and_an_ambiguous_one_names_its_candidates(void **state)
{
	static const struct {
		const char *what, *word, *name;
	} cases[] = {
		{ "exact", "list", "list" },
		{ "case is ignored", "LiSt", "list" },
		{ "one command begins so", "est", "estimate" },
		{ "known to all fingers", "m", "messages" },
		{ "known to all fingers", "st", "status" },
		{ "known to all fingers", "q", "quit" },
		{ "known to all fingers", "re", "restore" },
		{ "known to all fingers", "?", "help" },
		{ "the longer of two", "llis", "llist" },
		{ "a word that others begin with", "run", "run" },
		{ "programs: the first of the table", ".pool", ".pools" },
		{ "programs: the first of the table", ".job", ".jobdefs" },
		{ "programs: the first of the table", ".storage", ".storages" },
		{ "unknown", "foo", "" },
		{ "longer than a command", "lists", "" },
		{ "nothing", "", "" },
		{ "two commands", "l", "label, list, llist" },
		{ "two commands", "p", "prune, purge" },
		{ "three commands", "rel", "relabel, release, reload" },
		{ "a dangerous pair", "u", "unmount, umount, update, use" },
		{ "not UTF-8", "\xff\xfe", "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("%s: %s\n", cases[i].what, cases[i].word);
		assert_means(cases[i].word, cases[i].name);
	}
}

static void
a_huge_word_and_little_room_for_candidates_do_no_harm(void **state)
{
	char word[5000], few[8];

	memset(word, 'l', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	assert_null(command_find(word, few, sizeof(few)));
	assert_string_equal(few, "");
	assert_null(command_find("l", few, sizeof(few)));
	assert_true(strlen(few) < sizeof(few));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_command_of_the_specification_has_a_row_with_its_help),
		cmocka_unit_test(
			an_abbreviation_means_one_command_and_an_ambiguous_one_names_its_candidates),
		cmocka_unit_test(a_huge_word_and_little_room_for_candidates_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
