#include "console/session.h"

#include <ctype.h>
#include <string.h>

#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/proto/shell_rows.h"

#define LAST_LINE_MAX 65536

void
session_release(struct session *s)
{
	line_free(s->line);
	conn_free(s->conn);
	page_release(&s->page);
	buf_release(&s->last);
	s->line = NULL;
	s->conn = NULL;
}

/* Print, and keep the unfinished last line: it may turn out to be a prompt. */
static void
show(struct session *s, struct bytes text)
{
	const uint8_t *nl = text.n == 0 ? NULL : memrchr(text.p, '\n', text.n);
	struct err ignored = ERR_INIT;

	page_put(&s->page, text.p, text.n);
	if (nl != NULL) {
		buf_clear(&s->last);
		text = bytes_skip(text, (size_t)(nl - text.p) + 1);
	}
	if (buf_append(&s->last, text.p, text.n, &ignored) != ERR_OK)
		buf_clear(&s->last);
}

enum err_code
session_receive(struct session *s, struct err *err)
{
	bool text_input = false;

	buf_clear(&s->last);
	for (;;) {
		struct frame f;

		if (!conn_has_input(s->conn))
			page_flush(&s->page);
		if (conn_recv(s->conn, &f, err) != ERR_OK)
			return err->code;
		switch (f.signal) {
		case FRAME_DATA:
			show(s, f.data);
			if (text_input) {
				s->sub_prompt = true;
				return ERR_OK;
			}
			break;
		case FRAME_EOD:
		case FRAME_MAIN_PROMPT:
			s->sub_prompt = false;
			return ERR_OK;
		case FRAME_SUB_PROMPT:
			s->sub_prompt = true;
			return ERR_OK;
		case FRAME_TEXT_INPUT:
			/* Exactly one more frame, the question. */
			text_input = true;
			break;
		case FRAME_START_RTREE:
			s->in_tree = true;
			break;
		case FRAME_END_RTREE:
			s->in_tree = false;
			break;
		case FRAME_CMD_FAILED:
		case FRAME_ERROR_MSG:
			s->failed = true;
			break;
		case FRAME_TERMINATE:
			return err_set(err, ERR_EOF, "the director ended the conversation");
		default:
			break;
		}
	}
}

static enum err_code
send_text(struct session *s, const char *text, struct err *err)
{
	if (conn_send(s->conn, bytes_str(text), err) != ERR_OK)
		return err->code;
	return conn_flush(s->conn, err);
}

static bool
is_quit(const char *text)
{
	static const char *const words[] = { "quit", "exit", ".quit", ".exit" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(text, words[i]) == 0)
			return true;
	return false;
}

enum err_code
session_command(struct session *s, const char *text, struct err *err)
{
	bool quitting = !s->sub_prompt && is_quit(text);

	if (send_text(s, text, err) != ERR_OK)
		return err->code;
	enum err_code rc = session_receive(s, err);
	if (quitting && rc != ERR_OK) {
		/* The director closes without a word. */
		s->quit = true;
		return ERR_OK;
	}
	return rc;
}

void
session_end_line(struct session *s)
{
	if (s->sub_prompt || s->last.len == 0)
		return;
	page_printf(&s->page, "\n");
	buf_clear(&s->last);
}

/* Split at the separator: the rest of the line comes next. */
static void
split_line(struct session *s, char *text)
{
	char *rest = s->separator != '\0' ? strchr(text, s->separator) : NULL;

	if (rest == NULL)
		return;
	*rest++ = '\0';
	while (isspace((unsigned char)*rest))
		rest++;
	if (*rest != '\0')
		line_push_text(s->line, rest);
}

static enum err_code
serve_line(struct session *s, char *text, bool typed, struct err *err)
{
	if (!typed)
		page_printf(&s->page, "%s\n", text);
	if (text[0] == '@' && !s->sub_prompt) {
		session_local(s, text);
		return ERR_OK;
	}
	split_line(s, text);
	enum err_code rc = session_command(s, text, err);
	session_end_line(s);
	return rc;
}

enum err_code
session_run(struct session *s, struct err *err)
{
	while (!s->quit) {
		OWNED(freep) char *text = NULL;
		const char *prompt = "*";

		page_flush(&s->page);
		if (s->sub_prompt)
			prompt = s->interactive ? buf_str(&s->last) : "";
		/* readline prints the prompt itself: take back what was shown of it. */
		if (s->interactive && s->sub_prompt && s->page.file == NULL &&
		    line_is_typed(s->line)) {
			(void)fputs("\r", stdout);
			(void)fflush(stdout);
		}
		bool typed = line_is_typed(s->line);
		if (line_read(s->line, prompt, &text, err) != ERR_OK) {
			struct err ignored = ERR_INIT;

			if (conn_signal(s->conn, FRAME_TERMINATE, &ignored) == ERR_OK)
				(void)!conn_flush(s->conn, &ignored);
			return err->code == ERR_EOF ? ERR_OK : err->code;
		}
		if (serve_line(s, text, typed, err) != ERR_OK)
			return err->code;
	}
	return ERR_OK;
}

/* ---- completion: console.md 2.4 ---- */

char *
session_capture(struct session *s, const char *command)
{
	OWNED(buf_release) struct buf text = BUF_INIT(16u << 20);
	struct err err = ERR_INIT;
	bool prompt = s->sub_prompt, failed = s->failed;

	struct buf saved = s->last;
	s->last = (struct buf)BUF_INIT(LAST_LINE_MAX);
	s->page.capture = &text;
	enum err_code rc = session_command(s, command, &err);
	s->page.capture = NULL;
	buf_release(&s->last);
	s->last = saved;
	s->sub_prompt = prompt;
	s->failed = failed;
	return rc == ERR_OK ? str_dup(buf_str(&text)) : NULL;
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

static char **
complete_tree(struct session *s, const char *first, const char *word)
{
	struct found f = { 0 };

	for (size_t i = 0; i < sizeof(tree_sources) / sizeof(tree_sources[0]); i++) {
		if (strcmp(first, tree_sources[i].verb) != 0)
			continue;
		OWNED(freep) char *answer = session_capture(s, tree_sources[i].command);

		if (answer != NULL)
			add_lines(&f, "", answer, false, word);
		return f.v;
	}
	if (first[0] != '\0')
		return f.v;
	OWNED(freep) char *answer = session_capture(s, ".help");
	if (answer != NULL)
		add_lines(&f, "", answer, true, word);
	return f.v;
}

/* The answer of a listing ends with its prompt in the tree: "$ ". */
char **
session_complete(void *arg, const char *before, const char *word)
{
	struct session *s = (struct session *)arg;
	struct found f = { 0 };

	while (*before == ' ')
		before++;
	OWNED(freep) char *first = str_ndup(before, strcspn(before, " "));
	if (s->in_tree)
		return complete_tree(s, first, word);
	if (s->sub_prompt)
		return NULL;
	for (size_t i = 0; i < sizeof(value_sources) / sizeof(value_sources[0]); i++) {
		const char *keyword = value_sources[i].keyword;

		if (strncasecmp(word, keyword, strlen(keyword)) != 0)
			continue;
		OWNED(freep) char *answer = session_capture(s, value_sources[i].command);
		if (answer != NULL)
			add_lines(&f, keyword, answer, false, word);
		return f.v;
	}
	OWNED(freep)
	char *command = first[0] == '\0' ? str_dup(".help all")
					 : str_printf(".help item=%s", first);
	OWNED(freep) char *answer = session_capture(s, command);
	if (answer == NULL)
		return NULL;
	if (first[0] == '\0')
		add_lines(&f, "", answer, true, word);
	else
		add_keywords(&f, answer, word);
	return f.v;
}
