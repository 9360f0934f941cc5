#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "director/shell/shell_internal.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"

#define COLUMNS_FROM 21 /* items from which a list is printed in columns */
#define SCREEN_WIDTH 80

/* The next line of the console; signals are answered. */
static enum err_code
read_line(struct shell *sh, char **answer, struct err *err)
{
	if (cancel_asked(sh->stop))
		return err_set(err, ERR_CANCELED, "stopped before the answer");
	for (;;) {
		struct frame f;

		if (sh->io.recv(sh->io.arg, &f, err) != ERR_OK)
			return err->code;
		if (f.signal == FRAME_TERMINATE)
			return err_set(err, ERR_EOF, "the console left");
		if (f.signal == FRAME_BREAK) {
			*answer = str_dup(".");
			return ERR_OK;
		}
		if (f.signal != FRAME_DATA) {
			if (sh->io.signal(sh->io.arg, FRAME_POLL, err) != ERR_OK)
				return err->code;
			continue;
		}
		size_t n = f.data.n;
		while (n > 0 && isspace(f.data.p[n - 1]))
			n--;
		*answer = str_ndup((const char *)f.data.p, n);
		return ERR_OK;
	}
}

/* Put the question with the signals of the mode.  Spec: console.md 4.4 */
static void
send_question(struct shell *sh, const char *question, bool yesno)
{
	if (out_mode(sh->out) == API_TEXT) {
		out_text(sh->out, "%s", question);
		out_signal(sh->out, FRAME_SUB_PROMPT);
		return;
	}
	if (yesno)
		out_signal(sh->out, FRAME_YESNO);
	out_signal(sh->out, FRAME_TEXT_INPUT);
	out_frame(sh->out, question);
}

static enum err_code
ask_once(struct shell *sh, const char *question, bool yesno, char **answer, struct err *err)
{
	for (;;) {
		OWNED(freep) char *line = NULL;

		send_question(sh, question, yesno);
		if (read_line(sh, &line, err) != ERR_OK)
			return err->code;
		if (strcmp(line, ".messages") == 0) {
			(void)shell_print_messages(sh);
			continue;
		}
		*answer = TAKE_PTR(line);
		return ERR_OK;
	}
}

enum err_code
ask_line(struct shell *sh, const char *question, bool everywhere, char **answer, struct err *err)
{
	if (!everywhere)
		return ask_once(sh, question, false, answer, err);
	for (;;) {
		OWNED(freep) char *line = NULL;

		out_frame(sh->out, question);
		out_signal(sh->out, FRAME_SUB_PROMPT);
		if (read_line(sh, &line, err) != ERR_OK)
			return err->code;
		if (strcmp(line, ".messages") == 0) {
			(void)shell_print_messages(sh);
			continue;
		}
		*answer = TAKE_PTR(line);
		return ERR_OK;
	}
}

static enum err_code
refuse_batch(struct err *err, const char *question)
{
	return err_set(err, ERR_CONFIG,
		       "This command needs an answer to \"%s\"; nothing is asked in batch mode",
		       question);
}

static char *format(const char *fmt, va_list ap) PRINTF(1, 0);

static char *
format(const char *fmt, va_list ap)
{
	char *s = NULL;

	return vasprintf(&s, fmt, ap) < 0 ? str_dup("") : s;
}

enum err_code
ask_text(struct shell *sh, char **answer, struct err *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	OWNED(freep) char *question = format(fmt, ap);
	va_end(ap);
	if (sh->batch)
		return refuse_batch(err, question);
	OWNED(freep) char *line = NULL;
	if (ask_once(sh, question, false, &line, err) != ERR_OK)
		return err->code;
	if (strcmp(line, ".") == 0)
		return err_set(err, ERR_CANCELED, ASK_ABORTED);
	*answer = TAKE_PTR(line);
	return ERR_OK;
}

static enum err_code
yesno(struct shell *sh, const char *question, bool *yes, struct err *err)
{
	if (sh->batch)
		return refuse_batch(err, question);
	for (;;) {
		OWNED(freep) char *line = NULL;

		if (ask_once(sh, question, true, &line, err) != ERR_OK)
			return err->code;
		if (strcmp(line, ".") == 0)
			return err_set(err, ERR_CANCELED, ASK_ABORTED);
		bool no = args_is_prefix(line, "no");
		if (args_is_prefix(line, "yes") || no) {
			*yes = !no;
			return ERR_OK;
		}
		if (line[0] != '\0' && strlen(line) <= 3)
			out_info(sh->out, "Invalid response. You must answer yes or no.\n");
	}
}

enum err_code
ask_yesno(struct shell *sh, bool *yes, struct err *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	OWNED(freep) char *question = format(fmt, ap);
	va_end(ap);
	return yesno(sh, question, yes, err);
}

enum err_code
ask_confirm(struct shell *sh, bool *yes, struct err *err, const char *fmt, ...)
{
	va_list ap;

	if (args_has(&sh->args, "yes")) {
		*yes = true;
		return ERR_OK;
	}
	va_start(ap, fmt);
	OWNED(freep) char *question = format(fmt, ap);
	va_end(ap);
	return yesno(sh, question, yes, err);
}

/* ---- lists ---- */

static int
digits_of(size_t n)
{
	int d = 1;

	while (n >= 10) {
		n /= 10;
		d++;
	}
	return d;
}

static void
print_items(struct shell *sh, const struct ask_list *list)
{
	int w = digits_of(list->n);
	size_t widest = 0;

	for (size_t i = 0; i < list->n; i++)
		if (strlen(list->items[i]) > widest)
			widest = strlen(list->items[i]);
	size_t cell = (size_t)w + 2 + widest + 1;
	size_t columns = SCREEN_WIDTH / cell;
	if (list->n < COLUMNS_FROM || columns < 2) {
		for (size_t i = 0; i < list->n; i++)
			out_text(sh->out, "%*zu: %s\n", w, i + 1, list->items[i]);
		return;
	}
	size_t rows = (list->n + columns - 1) / columns;
	for (size_t r = 0; r < rows; r++) {
		for (size_t i = r; i < list->n; i += rows)
			out_text(sh->out, "%*zu: %-*s ", w, i + 1, (int)widest, list->items[i]);
		out_text(sh->out, "\n");
	}
}

static void
send_list(struct shell *sh, const struct ask_list *list)
{
	if (out_mode(sh->out) == API_TEXT) {
		if (list->header != NULL)
			out_text(sh->out, "%s\n", list->header);
		print_items(sh, list);
		return;
	}
	out_signal(sh->out, FRAME_START_SELECT);
	OWNED(freep) char *header = str_printf("%s\n", list->header == NULL ? "" : list->header);
	out_frame(sh->out, header);
	for (size_t i = 0; i < list->n; i++)
		out_frame(sh->out, list->items[i]);
	out_signal(sh->out, FRAME_END_SELECT);
}

enum err_code
ask_select(struct shell *sh, const struct ask_list *list, size_t *index, struct err *err)
{
	if (list->n == 0)
		return err_set(err, ERR_CONFIG, "Selection list for \"%s\" is empty!", list->kind);
	if (list->n == 1 && !list->always) {
		if (out_mode(sh->out) == API_TEXT)
			out_text(sh->out, "Automatically selected %s: %s\n", list->kind,
				 list->items[0]);
		*index = 0;
		return ERR_OK;
	}
	if (sh->batch)
		return err_set(err, ERR_CONFIG,
			       "Your request has multiple choices for \"%s\". Selection is not "
			       "possible in batch mode.",
			       list->kind);
	send_list(sh, list);
	OWNED(freep) char *question = str_printf("%s (1-%zu): ", list->question, list->n);
	for (;;) {
		OWNED(freep) char *line = NULL;
		uint64_t v;

		if (out_mode(sh->out) != API_TEXT)
			out_signal(sh->out, FRAME_SELECT_INPUT);
		if (ask_once(sh, question, false, &line, err) != ERR_OK)
			return err->code;
		if (strcmp(line, ".") == 0)
			return err_set(err, ERR_CANCELED, ASK_ABORTED);
		if (!shell_number(line, &v) || v == 0) {
			out_info(sh->out, "Expected a positive integer, got: %s\n", line);
			continue;
		}
		if (v > list->n) {
			out_info(sh->out, "Please enter a number between 1 and %zu\n", list->n);
			continue;
		}
		*index = (size_t)v - 1;
		return ERR_OK;
	}
}
