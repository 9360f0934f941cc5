#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include "lib/base/cli.h"
#include "lib/base/log.h"
#include "lib/base/own.h"
#include "lib/base/path.h"
#include "lib/files/ls_line.h"
#include "lib/files/rebuild.h"
#include "storage-daemon/tools/vol_tool.h"

struct extract_options {
	struct vol_options common;
	const char *replace;
	bool dry_run, no_owner;
	bool trace; /* accepted for bextract's sake: there is no trace file */
};

struct extract {
	struct vol_reading reading; /* the first member */
	const struct extract_options *o;
	struct rebuild *rebuild; /* owned */
	struct ls_names names;
	struct buf line;
};

static const struct replace_word {
	const char *word;
	enum rebuild_replace mode;
} replace_words[] = {
	{ "always", REPLACE_ALWAYS },
	{ "ifnewer", REPLACE_IF_NEWER },
	{ "ifolder", REPLACE_IF_OLDER },
	{ "never", REPLACE_NEVER },
};

static void
say_file(const struct rebuild_report *rep, const char *kind)
{
	if (rep->target.n > 0)
		vol_say("%s%s: %s", kind, PATH_PRINT(rep->target), rep->err->text);
	else
		vol_say("%s%s", kind, rep->err->text);
}

static void
report(void *user, const struct rebuild_report *rep)
{
	struct extract *x = user;

	switch (rep->event) {
	case REBUILD_RESTORED:
		if (x->o->common.verbose == 0)
			return;
		buf_clear(&x->line);
		ls_line_emit(&x->names, rep->target, rep->attr->type, rep->stat, rep->attr->link,
			     &x->line);
		buf_put(&x->line, "\n", 1);
		(void)fwrite(x->line.p, 1, x->line.len, stdout);
		break;
	case REBUILD_SKIPPED:
		say_file(rep, "skipped: ");
		break;
	case REBUILD_WARNING:
		say_file(rep, "warning: ");
		break;
	case REBUILD_ERROR:
		say_file(rep, "error: ");
		break;
	}
}

static enum err_code
take_record(void *user, const struct record *rec, struct err *err)
{
	struct extract *x = user;
	struct rebuild_record r = { .session_id = rec->session_id,
				    .session_time = rec->session_time,
				    .file_index = rec->file_index,
				    .stream = rec->stream,
				    .data = rec->data };

	return rebuild_record(x->rebuild, &r, err);
}

static void
take_hit(void *user, uint32_t session_id, uint32_t session_time, int32_t file_index,
	 const struct err *why)
{
	struct extract *x = user;

	rebuild_damaged(x->rebuild, session_id, session_time, file_index, why);
}

static const struct gather_ops ops = {
	.record = take_record,
	.say = vol_say_lost,
	.hit = take_hit,
};

/* Of what several jobs saved under one name the newest must come last. */
static enum err_code
judge_order(const struct vol_job *j, struct err *err)
{
	bool by_name = false;

	for (size_t i = 0; i < j->inputs.n; i++)
		by_name |= j->inputs.v[i].visit == VOL_NO_VISIT;
	if (j->bootstrap == NULL || !by_name || !bootstrap_visits_again(j->bootstrap))
		return ERR_OK;
	return err_set(err, ERR_CONFIG,
		       "the bootstrap comes back to a volume behind another: name the directory "
		       "of the volumes, so that they are read in its order");
}

static int
run(struct extract *x, const struct vol_job *j, const char *target)
{
	struct rebuild_counts c;
	struct err err = ERR_INIT, end = ERR_INIT;
	enum err_code code, ended = ERR_OK;

	x->reading = vol_job_reading(j);
	code = vol_read(&x->reading, &ops, &err);
	if (code != ERR_OK)
		rebuild_stop(x->rebuild);
	else if ((ended = rebuild_finish(x->rebuild, &end)) == ERR_OK)
		ended = rebuild_sync(x->rebuild, &end);
	c = rebuild_counts(x->rebuild);
	if (code == ERR_OK || c.records > 0)
		printf("%" PRIu64 " files restored into %s, %" PRIu64 " bytes; %" PRIu64
		       " skipped, %" PRIu64 " warnings, %" PRIu64 " errors.\n",
		       c.files, target, c.bytes, c.skipped, c.warnings, c.errors);
	if (code != ERR_OK)
		vol_say("%s", err.text);
	if (ended != ERR_OK)
		vol_say("%s", end.text);
	if (code != ERR_OK && code != ERR_FULL && c.records == 0)
		return VOL_EXIT_UNUSABLE;
	return code != ERR_OK || ended != ERR_OK || c.errors > 0 || x->reading.damaged > 0
		       ? VOL_EXIT_DAMAGED
		       : VOL_EXIT_OK;
}

static bool
find_replace(const char *word, enum rebuild_replace *out)
{
	for (size_t i = 0; i < sizeof(replace_words) / sizeof(*replace_words); i++) {
		if (word != NULL && strcmp(replace_words[i].word, word) != 0)
			continue;
		*out = replace_words[i].mode;
		return true;
	}
	return false;
}

static int
extract(const struct extract_options *o, char **operands, size_t n)
{
	OWNED(vol_job_release) struct vol_job j = { 0 };
	struct extract x = { .o = o, .line = BUF_INIT(64 * 1024 * 1024) };
	struct rebuild_options ro = { .dry_run = o->dry_run, .no_owner = o->no_owner };
	struct err err = ERR_INIT;
	int code;

	if (!find_replace(o->replace, &ro.replace)) {
		vol_say("--replace %s: always, ifnewer, ifolder or never expected", o->replace);
		return VOL_EXIT_UNUSABLE;
	}
	if (n < 2) {
		vol_say("a volume and a target directory are needed.  Try --help");
		return VOL_EXIT_UNUSABLE;
	}
	ro.where = operands[n - 1];
	if (vol_job_open(&o->common, operands, n - 1, &j, &err) != ERR_OK ||
	    judge_order(&j, &err) != ERR_OK ||
	    rebuild_new(&ro, report, &x, &x.rebuild, &err) != ERR_OK) {
		vol_say("%s", err.text);
		return VOL_EXIT_UNUSABLE;
	}
	/* Who reads a fifo may go away: an error of that file alone. */
	(void)sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
	code = run(&x, &j, operands[n - 1]);
	rebuild_free(x.rebuild);
	buf_release(&x.line);
	return code;
}

int
vol_extract(int argc, char **argv)
{
	struct extract_options o = { 0 };
	const struct cli_row rows[] = {
		VOL_ROWS(&o.common),
		{ 'n', "dry-run", CLI_FLAG, &o.dry_run, NULL, "create nothing, check everything" },
		{ 't', NULL, CLI_FLAG, &o.dry_run, NULL, "the same" },
		{ 'T', "trace-file", CLI_FLAG, &o.trace, NULL, "accepted, without effect" },
		{ 'r', "replace", CLI_TEXT, &o.replace, "RULE",
		  "files that are there: always (default), ifnewer, ifolder, never" },
		{ 0, "no-owner", CLI_FLAG, &o.no_owner, NULL, "do not give files away" },
	};
	const struct cli cli = { "tercet-volume extract", "restore files from volumes",
				 "VOLUME-FILE|DIRECTORY|DEVICE... TARGET-DIRECTORY", rows,
				 sizeof(rows) / sizeof(*rows) };
	struct err err = ERR_INIT;
	int first;

	if (cli_parse(&cli, argc, argv, &first, &err) != ERR_OK) {
		vol_say("%s", err.text);
		return VOL_EXIT_UNUSABLE;
	}
	if (o.common.man != 0)
		return vol_manual(
			&cli, o.common.man,
			"Restores files from volumes without a daemon and without a "
			"catalog, below the target directory only. Damaged places are "
			"passed and named. Called as bextract it takes the options of that "
			"program.");
	if (o.common.help) {
		OWNED(buf_release) struct buf help = BUF_INIT(64 * 1024);

		cli_help(&cli, &help);
		printf("%sExit codes: 0 all restored, 1 some files are missing or damaged, 2 "
		       "nothing "
		       "could be read\n",
		       buf_str(&help));
		return VOL_EXIT_OK;
	}
	log_trace_level = o.common.debug;
	return extract(&o, argv + first, (size_t)(argc - first));
}
