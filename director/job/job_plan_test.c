/* director/job/job_plan_test.c - what a request comes to: director.md 3.3 to 3.5 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "director/conf/dir_conf.h"
#include "director/job/job_start.h"

#include "lib/base/fd.h"
#include "lib/base/own.h"
#include "lib/proto/job_code.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char conf_text[] =
	"Director { Name = d; Password = x; Messages = m; Working Directory = /tmp }\n"
	"Catalog { Name = main; DB Name = a; DB User = b }\n"
	"Catalog { Name = other; DB Name = c; DB User = d }\n"
	"Messages { Name = m; Console = all }\n"
	"Messages { Name = m2; Console = all }\n"
	"Client { Name = c1; Address = a; Password = p }\n"
	"Client { Name = c2; Address = a; Password = p; Catalog = other }\n"
	"Storage { Name = s1; Address = a; Password = p; Device = d; Media Type = File }\n"
	"Storage { Name = s2; Address = a; Password = p; Device = d; Media Type = File }\n"
	"Storage { Name = s3; Address = a; Password = p; Device = d; Media Type = File }\n"
	"Pool { Name = plain }\n"
	"Pool { Name = full; Storage = s2 }\n"
	"Pool { Name = inc; Next Pool = full }\n"
	"Pool { Name = runpool; Storage = s3; Catalog = other }\n"
	"FileSet { Name = f; Include { File = /etc } }\n"
	"FileSet { Name = f2; Include { File = /usr } }\n"
	"Job { Name = one; Type = Backup; Level = Incremental; Client = c1; FileSet = f\n"
	"  Storage = s1; Pool = plain; Full Backup Pool = full; Incremental Backup Pool = inc\n"
	"  Messages = m; Priority = 12; Accurate = yes }\n"
	"Job { Name = bare; Type = Backup; Level = Full; Client = c2; FileSet = f; Storage = s1\n"
	"  Pool = plain; Messages = m }\n"
	"Job { Name = rest; Type = Restore; Client = c1; FileSet = f; Storage = s1; Pool = plain\n"
	"  Messages = m; Where = /r }\n"
	"Job { Name = adm; Type = Admin; Client = c1; FileSet = f; Storage = s1; Pool = plain\n"
	"  Messages = m }\n";

static int
load(void **state)
{
	char path[] = "/tmp/tercet-plan-XXXXXX";
	struct conf_diag *diag = conf_diag_new(false);
	struct buf why = BUF_INIT(1 << 20);
	struct dir_conf *conf = NULL;
	struct err err = ERR_INIT;
	int fd = mkstemp(path);

	assert_int_equal(fd_write_full(fd, path, conf_text, sizeof(conf_text) - 1, &err), ERR_OK);
	(void)close(fd);
	if (dir_conf_load(path, &conf, diag, &err) != ERR_OK) {
		conf_diag_text(diag, false, &why);
		fail_msg("%s", buf_str(&why));
	}
	buf_release(&why);
	conf_diag_free(diag);
	(void)unlink(path);
	*state = conf;
	return 0;
}

static int
unload(void **state)
{
	dir_conf_unref(*state);
	return 0;
}

/* A request, and the names it must come to; NULL: not looked at, "-": none. */
struct plan_case {
	const char *what;
	struct job_request req;
	const char *pool, *pool_source, *storage, *storage_source, *next_pool, *catalog,
		*catalog_source;
};

/* A string of its own, as requests have them. */
#define WORD(s) ((char[]){ s })
#define R(...)                                                                                     \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}

static const struct plan_case cases[] = {
	{ "level of the job chooses the pool; a pool without storage leaves the job's",
	  R(.job = WORD("one")), "inc", "Job IncPool override", "s1", "Job resource", "full",
	  "main", "Client resource" },
	{ "the pool's storage goes before the job's", R(.job = WORD("one"), .level = LEVEL_FULL),
	  "full", "Job FullPool override", "s2", "Pool resource", "-", "main", "Client resource" },
	{ "a level without its own pool", R(.job = WORD("one"), .level = LEVEL_DIFFERENTIAL),
	  "plain", "Job resource", "s1", "Job resource", "-", NULL, NULL },
	{ "a pool by hand goes before level pools",
	  R(.job = WORD("one"), .level = LEVEL_FULL, .pool = WORD("inc")), "inc", "command line",
	  "s1", "Job resource", "full", NULL, NULL },
	{ "a pool of a Run line",
	  R(.job = WORD("one"), .pool = WORD("runpool"), .from_run_entry = true), "runpool",
	  "Run Pool override", "s3", "Pool resource", "-", "other", "Pool resource" },
	{ "a level pool of a Run line",
	  R(.job = WORD("one"), .level = LEVEL_FULL, .full_pool = WORD("runpool"),
	    .from_run_entry = true),
	  "runpool", "Run FullPool override", "s3", "Pool resource", NULL, NULL, NULL },
	{ "a storage by hand goes before all",
	  R(.job = WORD("one"), .level = LEVEL_FULL, .storage = WORD("s3")), "full", NULL, "s3",
	  "command line", NULL, NULL, NULL },
	{ "a storage of a Run line",
	  R(.job = WORD("one"), .storage = WORD("s3"), .from_run_entry = true), NULL, NULL, "s3",
	  "run override", NULL, NULL, NULL },
	{ "a next pool by hand", R(.job = WORD("one"), .next_pool = WORD("plain")), NULL, NULL,
	  NULL, NULL, "plain", NULL, NULL },
	{ "the client's catalog", R(.job = WORD("bare")), "plain", "Job resource", "s1",
	  "Job resource", NULL, "other", "Client resource" },
	{ "a client by hand brings its catalog", R(.job = WORD("one"), .client = WORD("c2")), NULL,
	  NULL, NULL, NULL, NULL, "other", "Client resource" },
	{ "a catalog by hand", R(.job = WORD("bare"), .catalog = WORD("main")), NULL, NULL, NULL,
	  NULL, NULL, "main", "user input" },
};

static void
same(const struct plan_case *c, const char *field, const char *want, const char *got)
{
	if (want == NULL)
		return;
	if (got == NULL)
		got = "-";
	if (strcmp(want, got) != 0)
		fail_msg("%s: %s is %s, not %s", c->what, field, got, want);
}

static void
requests_come_to_their_resources(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct plan_case *c = &cases[i];
		struct job_plan p;
		struct err err = ERR_INIT;

		if (job_plan_make(*state, &c->req, &p, &err) != ERR_OK)
			fail_msg("%s: %s", c->what, err.text);
		same(c, "pool", c->pool, p.pool->name);
		same(c, "pool source", c->pool_source, p.pool_source);
		same(c, "storage", c->storage, p.write_storage->name);
		same(c, "storage source", c->storage_source, p.storage_source);
		same(c, "next pool", c->next_pool, p.next_pool != NULL ? p.next_pool->name : NULL);
		same(c, "catalog", c->catalog, p.catalog->name);
		same(c, "catalog source", c->catalog_source, p.catalog_source);
	}
}

static void
an_upgraded_level_chooses_pool_and_storage_again(void **state)
{
	const struct job_request req = { .job = WORD("one") };
	struct job_plan p;
	struct err err = ERR_INIT;

	assert_int_equal(job_plan_make(*state, &req, &p, &err), ERR_OK);
	assert_string_equal(p.pool->name, "inc");
	assert_int_equal(job_plan_relevel(*state, &req, LEVEL_FULL, &p, &err), ERR_OK);
	assert_int_equal(p.level, LEVEL_FULL);
	assert_string_equal(p.pool->name, "full");
	assert_string_equal(p.write_storage->name, "s2");
	assert_null(p.next_pool);
}

static void
a_pool_by_hand_gives_way_to_the_level_pool_of_an_upgrade(void **state)
{
	const struct job_request req = { .job = WORD("one"), .pool = WORD("plain") };
	struct job_plan p;
	struct err err = ERR_INIT;

	assert_int_equal(job_plan_make(*state, &req, &p, &err), ERR_OK);
	assert_string_equal(p.pool->name, "plain");
	assert_int_equal(job_plan_relevel(*state, &req, LEVEL_FULL, &p, &err), ERR_OK);
	assert_string_equal(p.pool->name, "full");
}

static void
values_of_request_before_those_of_the_job(void **state)
{
	struct job_request req = { .job = WORD("one") };
	struct job_plan p;
	struct err err = ERR_INIT;

	assert_int_equal(job_plan_make(*state, &req, &p, &err), ERR_OK);
	assert_int_equal(p.priority, 12);
	assert_true(p.accurate);
	assert_int_equal(p.level, LEVEL_INCREMENTAL);
	assert_string_equal(p.messages->name, "m");
	assert_null(p.read_storage);
	req.priority = 3;
	req.accurate = CHOICE_NO;
	req.messages = WORD("m2");
	req.fileset = WORD("f2");
	req.when = 1795263786;
	assert_int_equal(job_plan_make(*state, &req, &p, &err), ERR_OK);
	assert_int_equal(p.priority, 3);
	assert_false(p.accurate);
	assert_string_equal(p.messages->name, "m2");
	assert_string_equal(p.fileset->name, "f2");
	assert_int_equal(p.when, 1795263786);
}

static void
a_restore_reads_and_its_where_can_be_changed(void **state)
{
	struct job_request req = { .job = WORD("rest") };
	struct job_plan p;
	struct err err = ERR_INIT;

	assert_int_equal(job_plan_make(*state, &req, &p, &err), ERR_OK);
	assert_null(p.write_storage);
	assert_string_equal(p.read_storage->name, "s1");
	assert_string_equal(p.where, "/r");
	req.regex_where = WORD("!a!b!");
	assert_int_equal(job_plan_make(*state, &req, &p, &err), ERR_OK);
	assert_null(p.where);
	assert_string_equal(p.regex_where, "!a!b!");
	req.job = WORD("adm");
	assert_int_equal(job_plan_make(*state, &req, &p, &err), ERR_OK);
	assert_null(p.write_storage);
	assert_null(p.read_storage);
}

static void
what_is_unknown_is_named(void **state)
{
	const struct {
		struct job_request req;
		const char *text;
	} rows[] = {
		{ R(.job = NULL), "A job name must be specified" },
		{ R(.job = WORD("none")), "Job \"none\" not found" },
		{ R(.job = WORD("one"), .client = WORD("x1")), "Client \"x1\" not found" },
		{ R(.job = WORD("one"), .fileset = WORD("x2")), "FileSet \"x2\" not found" },
		{ R(.job = WORD("one"), .storage = WORD("x3")), "Storage \"x3\" not found" },
		{ R(.job = WORD("one"), .pool = WORD("x4")), "Pool \"x4\" not found" },
		{ R(.job = WORD("one"), .next_pool = WORD("x5")), "Pool \"x5\" not found" },
		{ R(.job = WORD("one"), .catalog = WORD("x6")), "Catalog \"x6\" not found" },
		{ R(.job = WORD("one"), .messages = WORD("x7")), "Messages \"x7\" not found" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct job_plan p;
		struct err err = ERR_INIT;

		assert_int_equal(job_plan_make(*state, &rows[i].req, &p, &err), ERR_CONFIG);
		if (strstr(err.text, rows[i].text) == NULL)
			fail_msg("\"%s\" does not say: %s", err.text, rows[i].text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_come_to_their_resources),
		cmocka_unit_test(an_upgraded_level_chooses_pool_and_storage_again),
		cmocka_unit_test(a_pool_by_hand_gives_way_to_the_level_pool_of_an_upgrade),
		cmocka_unit_test(values_of_request_before_those_of_the_job),
		cmocka_unit_test(a_restore_reads_and_its_where_can_be_changed),
		cmocka_unit_test(what_is_unknown_is_named),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
