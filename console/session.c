#include "console/session.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "console/interrupt.h"
#include "console/split.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/proto/shell_rows.h"

#define LAST_LINE_MAX 65536
#define TAIL_KEEP     2048 /* of an answer behind BREAK */
#define TAIL_MAX      65536
#define PIECE         16384 /* printed between two looks for Ctrl-C */

void
session_release(struct session *s)
{
	line_free(s->line);
	conn_free(s->conn);
	page_release(&s->page);
	buf_release(&s->last);
	buf_release(&s->tail);
	s->line = NULL;
	s->conn = NULL;
}

/* Behind BREAK megabytes may be on their way: keep the last words of the answer only. */
static void
keep_tail(struct session *s, struct bytes text)
{
	if (s->tail.len > TAIL_MAX)
		buf_consume(&s->tail, s->tail.len - TAIL_KEEP);
	if (text.n > TAIL_KEEP)
		text = bytes_skip(text, text.n - TAIL_KEEP);
	buf_put(&s->tail, text.p, text.n);
}

/* Print what is held back of the unfinished last line. */
static void
show_last(struct session *s)
{
	page_put(&s->page, s->last.p + s->shown, s->last.len - s->shown);
	s->shown = s->last.len;
}

/* A terminal is slow: Ctrl-C counts inside a large frame, too. */
static void
put_lines(struct session *s, struct bytes text)
{
	while (text.n > 0 && !cancel_asked(interrupt_cancel())) {
		size_t n = text.n < PIECE ? text.n : PIECE;

		page_put(&s->page, text.p, n);
		text = bytes_skip(text, n);
	}
}

/* Print whole lines; the unfinished last one may turn out to be a prompt, readline's to print. */
static void
show(struct session *s, struct bytes text)
{
	if (s->broke) {
		keep_tail(s, text);
		return;
	}
	const uint8_t *nl = text.n == 0 ? NULL : memrchr(text.p, '\n', text.n);
	struct err ignored = ERR_INIT;

	if (nl != NULL) {
		show_last(s);
		put_lines(s, bytes_of(text.p, (size_t)(nl - text.p) + 1));
		buf_clear(&s->last);
		s->shown = 0;
		text = bytes_skip(text, (size_t)(nl - text.p) + 1);
	}
	if (buf_append(&s->last, text.p, text.n, &ignored) == ERR_OK)
		return;
	show_last(s);
	buf_clear(&s->last);
	s->shown = 0;
	page_put(&s->page, text.p, text.n);
}

static void
show_tail(struct session *s)
{
	struct bytes text = { s->tail.p, s->tail.len };

	s->broke = false;
	if (text.n > TAIL_KEEP) {
		text = bytes_skip(text, text.n - TAIL_KEEP);
		/* From a line's start. */
		const uint8_t *nl = memchr(text.p, '\n', text.n);
		if (nl != NULL)
			text = bytes_skip(text, (size_t)(nl - text.p) + 1);
		page_printf(&s->page, "...\n");
	}
	show(s, text);
	buf_clear(&s->tail);
}

/* Ctrl-C while the director works: ask it to stop; the second time, and in a script, give up. */
static enum err_code
send_break(struct session *s, struct err *err)
{
	if (!interrupt_take() || s->broke || !s->interactive)
		return err_set(err, ERR_CANCELED, "interrupted");
	page_printf(&s->page, "\n");
	page_flush(&s->page);
	line_drop_pending(s->line);
	s->broke = true;
	if (conn_signal(s->conn, FRAME_BREAK, err) != ERR_OK)
		return err->code;
	return conn_flush(s->conn, err);
}

static enum err_code
receive(struct session *s, struct err *err)
{
	bool text_input = false;

	for (;;) {
		struct frame f;

		if (!conn_has_input(s->conn)) {
			show_last(s);
			page_flush(&s->page);
		}
		/* A long answer comes without a wait: look here, too. */
		enum err_code rc = cancel_asked(interrupt_cancel()) ? ERR_CANCELED
								    : conn_recv(s->conn, &f, err);
		if (rc == ERR_CANCELED && send_break(s, err) == ERR_OK)
			continue;
		if (rc != ERR_OK)
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

enum err_code
session_receive(struct session *s, struct err *err)
{
	s->broke = false;
	buf_clear(&s->last);
	s->shown = 0;
	enum err_code rc = receive(s, err);
	if (s->broke)
		show_tail(s);
	/* A question for a person is readline's to print. */
	if (rc != ERR_OK || !s->sub_prompt || !s->interactive || s->page.file != NULL)
		show_last(s);
	return rc;
}

static enum err_code
send_text(struct session *s, const char *text, struct err *err)
{
	if (conn_send(s->conn, bytes_str(text), err) != ERR_OK)
		return err->code;
	return conn_flush(s->conn, err);
}

/* "q", ".exit", "quit now": the director may close behind it. */
static bool
may_quit(const char *text)
{
	static const char *const words[] = { "quit", "exit", ".quit", ".exit" };

	text += strspn(text, " \t");
	size_t n = strcspn(text, " \t");
	for (size_t i = 0; n > 0 && i < sizeof(words) / sizeof(words[0]); i++)
		if (n <= strlen(words[i]) && strncasecmp(text, words[i], n) == 0)
			return true;
	return false;
}

enum err_code
session_command(struct session *s, const char *text, struct err *err)
{
	bool quitting = !s->sub_prompt && may_quit(text);

	if (strlen(text) > FRAME_MAX) {
		page_printf(&s->page, "The line of %zu bytes is not sent: %d is the most.\n",
			    strlen(text), FRAME_MAX);
		s->failed = true;
		if (!s->sub_prompt)
			return ERR_OK;
		text = "."; /* no answer: the question must not get the next line's */
	}
	if (send_text(s, text, err) != ERR_OK)
		return err->code;
	enum err_code rc = session_receive(s, err);
	if (quitting && (rc == ERR_EOF || rc == ERR_PEER)) {
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
	char *rest = text + (s->separator != '\0' ? split_length(text, s->separator) : 0);

	if (s->separator == '\0' || *rest == '\0')
		return;
	*rest++ = '\0';
	while (isspace((unsigned char)*rest))
		rest++;
	if (*rest != '\0')
		line_push_text(s->line, rest);
}

static enum err_code
serve_line(struct session *s, char *text, struct err *err)
{
	if (!line_was_typed(s->line))
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

/* Say goodbye: no more input. */
static void
hang_up(struct session *s)
{
	struct err ignored = ERR_INIT;

	if (conn_signal(s->conn, FRAME_TERMINATE, &ignored) == ERR_OK)
		(void)!conn_flush(s->conn, &ignored);
}

/* Ctrl-C at an empty line; *warned: the one before only said what another would do. */
static enum err_code
interrupted(struct session *s, bool *warned, struct err *err)
{
	bool asked = s->sub_prompt && !s->in_tree, again = *warned;

	*warned = false;
	line_drop_pending(s->line);
	if (!s->interactive || (!s->sub_prompt && again))
		return err_set(err, ERR_CANCELED, "interrupted");
	if (asked || again) {
		if (conn_signal(s->conn, FRAME_BREAK, err) != ERR_OK)
			return err->code;
		return session_receive(s, err);
	}
	*warned = true;
	page_printf(&s->page, "%s\n",
		    s->sub_prompt ? "Enter \"done\" to go on with what is marked; Ctrl-C again "
				    "aborts the restore."
				  : "Enter \"quit\" to leave, or Ctrl-C again.");
	return ERR_OK;
}

static enum err_code
next_line(struct session *s, char **text, struct err *err)
{
	/* What stands there already, readline prints again in its place. */
	if (s->interactive && s->sub_prompt && s->shown > 0)
		(void)fputc('\r', stdout);
	s->shown = 0;
	page_flush(&s->page);
	return line_read(s->line, s->sub_prompt ? buf_str(&s->last) : "*", text, err);
}

enum err_code
session_run(struct session *s, struct err *err)
{
	bool warned = false;

	while (!s->quit) {
		OWNED(freep) char *text = NULL;
		enum err_code rc = next_line(s, &text, err);

		if (rc == ERR_EOF) {
			hang_up(s);
			return ERR_OK;
		}
		if (rc == ERR_CANCELED) {
			rc = interrupted(s, &warned, err);
		} else if (rc == ERR_OK) {
			warned = false;
			rc = serve_line(s, text, err);
		}
		if (rc == ERR_CANCELED)
			hang_up(s);
		if (rc != ERR_OK)
			return err->code;
	}
	return ERR_OK;
}
