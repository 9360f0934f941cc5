/* What TAB offers: the director is asked on the same conversation.  Spec: console.md 2.4 */
#include <string.h>

#include "console/session.h"
#include "console/split.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"

#define LAST_LINE_MAX 65536

char *
session_capture(struct session *s, const char *command)
{
	OWNED(buf_release) struct buf text = BUF_INIT(16u << 20);
	struct err err = ERR_INIT;
	bool prompt = s->sub_prompt, failed = s->failed;

	struct buf saved = s->last;
	size_t shown = s->shown;

	s->last = (struct buf)BUF_INIT(LAST_LINE_MAX);
	s->page.capture = &text;
	enum err_code rc = session_command(s, command, &err);
	s->page.capture = NULL;
	buf_release(&s->last);
	s->last = saved;
	s->shown = shown;
	s->sub_prompt = prompt;
	s->failed = failed;
	/* In JSON mode there are no lines to offer. */
	return rc == ERR_OK && buf_str(&text)[0] != '{' ? str_dup(buf_str(&text)) : NULL;
}

static const struct {
	const char *keyword, *command;
} value_sources[] = {
	{ "pool=", ".pools" },
	{ "nextpool=", ".pools" },
	{ "client=", ".clients" },
	{ "restoreclient=", ".clients" },
	{ "fd=", ".clients" },
	{ "job=", ".jobs" },
	{ "restorejob=", ".jobs type=R" },
	{ "restore_job=", ".jobs type=R" },
	{ "jobdefs=", ".jobdefs" },
	{ "fileset=", ".filesets" },
	{ "storage=", ".storages" },
	{ "sd=", ".storages" },
	{ "schedule=", ".schedule" },
	{ "level=", ".levels" },
	{ "volume=", ".media" },
	{ "oldvolume=", ".media" },
	{ "volstatus=", ".volstatus" },
	{ "catalog=", ".catalogs" },
	{ "message=", ".msgs" },
	{ "profile=", ".profiles" },
	{ "actiononpurge=", ".actiononpurge" },
};

static const struct {
	const char *verb, *command;
} tree_sources[] = {
	{ "ls", ".ls" },         { "dir", ".ls" },        { "add", ".ls" },
	{ "mark", ".ls" },       { "m", ".ls" },          { "cd", ".lsdir" },
	{ "delete", ".lsmark" }, { "unmark", ".lsmark" }, { "find", ".ls" },
};

struct found {
	char **v;
	size_t n, cap;
};

static void
add_found(struct found *f, const char *before, const char *text, size_t n, const char *word)
{
	OWNED(freep) char *whole = str_printf("%s%.*s", before, (int)n, text);

	if (strncasecmp(whole, word, strlen(word)) != 0)
		return;
	f->v = (char **)mem_grow(f->v, f->n + 1, &f->cap, sizeof(*f->v));
	f->v[f->n++] = TAKE_PTR(whole);
	f->v[f->n] = NULL;
}

/* Each line of text, or its first word, behind before. */
static void
add_lines(struct found *f, const char *before, const char *text, bool first_word, const char *word)
{
	while (*text != '\0') {
		size_t n = strcspn(text, "\n");
		size_t len = first_word ? strcspn(text, " \n") : n;

		if (len > 0)
			add_found(f, before, text, len, word);
		text += n + (text[n] == '\n');
	}
}

/* Keywords of an argument text: "word=" and plain lower-case words. */
static void
add_keywords(struct found *f, const char *text, const char *word)
{
	while (*text != '\0') {
		size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz_");

		if (n > 0 && text[n] == '=')
			add_found(f, "", text, n + 1, word);
		else if (n > 0 && (text[n] == ' ' || text[n] == '\0' || text[n] == '\n'))
			add_found(f, "", text, n, word);
		text += n;
		/* Skip what is in <angle brackets>. */
		if (*text == '=' && text[1] == '<')
			text += strcspn(text, ">");
		if (*text != '\0')
			text++;
	}
}

/* ---- what a word can be ---- */

/* "| 12,345 | Backup ...": the first cell of each row of a table. */
static void
add_first_cells(struct found *f, const char *before, const char *table, const char *word)
{
	for (; *table != '\0'; table += strcspn(table, "\n"), table += *table == '\n') {
		const char *p = table + (*table == '|');

		p += strspn(p, " ");
		size_t n = strspn(p, "0123456789");
		if (*table == '|' && n > 0)
			add_found(f, before, p, n, word);
	}
}

/* "JobId=12 JobStatus=R JobErrors=0" */
static void
add_running(struct found *f, const char *before, const char *text, const char *word)
{
	static const char key[] = "JobId=";

	for (const char *p = strstr(text, key); p != NULL; p = strstr(p, key)) {
		p += sizeof(key) - 1;
		add_found(f, before, p, strspn(p, "0123456789"), word);
	}
}

/* Ids to cancel are those that run; else the last ones. */
static void
complete_job_id(struct session *s, struct found *f, const char *verb, const char *word)
{
	bool running = strcmp(verb, "cancel") == 0;
	OWNED(freep)
	char *answer = session_capture(s, running ? ".status dir current"
						  : "list jobs reverse limit=50");

	if (answer != NULL && running)
		add_running(f, "jobid=", answer, word);
	else if (answer != NULL)
		add_first_cells(f, "jobid=", answer, word);
}

/* Names below the directory that the word begins with. */
static void
complete_path(struct session *s, struct found *f, const char *source, const char *word)
{
	const char *slash = strrchr(word, '/');
	OWNED(freep)
	char *dir = str_ndup(word, slash == NULL ? 0 : (size_t)(slash - word) + 1);
	OWNED(freep) char *typed = split_typed(dir, false);
	OWNED(freep)
	char *command = dir[0] == '\0' ? str_dup(source) : str_printf("%s %s", source, typed);
	OWNED(freep) char *answer = session_capture(s, command);

	if (answer != NULL)
		add_lines(f, dir, answer, false, word);
}

static void
complete_tree(struct session *s, struct found *f, const char *verb, const char *word)
{
	for (size_t i = 0; i < sizeof(tree_sources) / sizeof(tree_sources[0]); i++) {
		if (strcmp(verb, tree_sources[i].verb) == 0) {
			complete_path(s, f, tree_sources[i].command, word);
			return;
		}
	}
	if (verb[0] != '\0')
		return;
	OWNED(freep) char *answer = session_capture(s, ".help");
	if (answer != NULL)
		add_lines(f, "", answer, true, word);
}

/* "keyword=..." with names the director knows; false: no such keyword. */
static bool
complete_value(struct session *s, struct found *f, const char *verb, const char *word)
{
	if (strncasecmp(word, "jobid=", 6) == 0) {
		complete_job_id(s, f, verb, word);
		return true;
	}
	for (size_t i = 0; i < sizeof(value_sources) / sizeof(value_sources[0]); i++) {
		const char *keyword = value_sources[i].keyword;

		if (strncasecmp(word, keyword, strlen(keyword)) != 0)
			continue;
		OWNED(freep) char *answer = session_capture(s, value_sources[i].command);
		if (answer != NULL)
			add_lines(f, keyword, answer, false, word);
		return true;
	}
	return false;
}

static void
complete_command(struct session *s, struct found *f, const char *verb, const char *word)
{
	OWNED(freep)
	char *command = verb[0] == '\0' ? str_dup(".help all") : str_printf(".help item=%s", verb);
	OWNED(freep) char *answer = session_capture(s, command);

	if (answer == NULL)
		return;
	if (verb[0] == '\0')
		add_lines(f, "", answer, true, word);
	else
		add_keywords(f, answer, word);
}

static void
complete_local(struct found *f, const char *word)
{
	const char *name;

	for (size_t i = 0; (name = session_local_name(i)) != NULL; i++)
		add_found(f, "@", name, strlen(name), word);
}

char **
session_complete(void *arg, const char *before, const char *word)
{
	struct session *s = (struct session *)arg;
	struct found f = { 0 };

	before += strspn(before, " ");
	OWNED(freep) char *verb = str_ndup(before, strcspn(before, " "));
	if (s->in_tree)
		complete_tree(s, &f, verb, word);
	else if (s->sub_prompt || verb[0] == '@')
		return NULL;
	else if (verb[0] == '\0' && word[0] == '@')
		complete_local(&f, word);
	else if (verb[0] == '\0' || !complete_value(s, &f, verb, word))
		complete_command(s, &f, verb, word);
	return f.v;
}
