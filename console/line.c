/*
 * Mutable file state: readline is one instance per process and takes no argument in its callbacks,
 * so the line that uses it is remembered here.
 */
#include "console/line.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <readline/history.h>
#include <readline/readline.h>

#include "console/interrupt.h"
#include "console/split.h"
#include "lib/base/buf.h"
#include "lib/base/mem.h"
#include "lib/base/num.h"
#include "lib/base/own.h"

#define FILES_MAX   10          /* @input inside @input */
#define QUEUE_MAX   1000        /* lines put back by @separator */
#define INPUT_MAX   (16u << 20) /* a line of standard input */
#define INPUT_PIECE 65536

struct line {
	struct line_options o;
	char *history_file; /* owned */
	FILE *file[FILES_MAX];
	size_t n_files;
	char **queue; /* owned lines, the next one last */
	size_t n_queue, cap_queue;
	struct buf input; /* of standard input, not taken yet */
	bool typed;       /* the last line, by a person */
};

static struct line *active; /* the one that readline serves */
static char *typed;         /* what readline handed over last; owned */
static bool have_typed;

/* ---- completion ---- */

static char **candidates; /* of the completion that runs; owned */
static size_t next_candidate;

static char *
next_match(UNUSED const char *text, int state)
{
	if (state == 0)
		next_candidate = 0;
	if (candidates == NULL || candidates[next_candidate] == NULL)
		return NULL;
	return str_dup(candidates[next_candidate++]);
}

/* Candidates are words; readline puts what is to be typed for them behind what stands there. */
static void
type_candidates(size_t there, bool open_quote)
{
	for (size_t i = 0; candidates != NULL && candidates[i] != NULL; i++) {
		char *word = candidates[i];

		candidates[i] = split_typed(word + size_min(there, strlen(word)), open_quote);
		free(word);
	}
}

static int
is_quoted(char *text, int at)
{
	return split_is_quoted(text, (size_t)at);
}

/* readline gives what stands behind an open quote; a word may have begun before it. */
static char **
complete(const char *text, int start, int end)
{
	bool open_quote = rl_completion_quote_character != '\0';
	const char *line = rl_line_buffer;
	size_t at = (size_t)start - open_quote;

	while (at > 0 && (line[at - 1] != ' ' || split_is_quoted(line, at - 1)))
		at--;
	OWNED(freep) char *before = str_ndup(line, at);
	OWNED(freep) char *there = split_plain(line + at, (size_t)start - at);
	OWNED(freep) char *word = split_plain(line + at, (size_t)end - at);

	/* Behind "@input" and its like stand file names, which readline knows. */
	rl_attempted_completion_over = before[0] != '@';
	if (active == NULL || active->o.complete == NULL)
		return NULL;
	candidates = active->o.complete(active->o.complete_arg, before, word);
	type_candidates(strlen(there), open_quote);
	char **matches = rl_completion_matches(text, next_match);
	for (size_t i = 0; candidates != NULL && candidates[i] != NULL; i++)
		free(candidates[i]);
	free(candidates);
	candidates = NULL;
	/* Behind "limit=" and "home/" the word goes on. */
	size_t n = matches != NULL && matches[0] != NULL ? strlen(matches[0]) : 0;
	rl_completion_suppress_append = n > 0 && strchr("=/", matches[0][n - 1]) != NULL;
	rl_completion_suppress_quote = rl_completion_suppress_append;
	return matches;
}

/* ---- history ---- */

/* The file exists and is the user's alone. */
static void
prepare_history(const char *path)
{
	OWNED(closep) int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd >= 0)
		(void)!fchmod(fd, 0600);
}

/* Equal consecutive lines are kept once. */
static void
remember(const struct line *l, const char *text)
{
	HIST_ENTRY *last = history_length > 0 ? history_get(history_base + history_length - 1)
					      : NULL;

	if (text[0] == '\0' || strcmp(text, ".") == 0 ||
	    (last != NULL && strcmp(last->line, text) == 0))
		return;
	add_history(text);
	if (l->history_file != NULL)
		(void)append_history(1, l->history_file);
}

/* ---- life ---- */

struct line *
line_new(const struct line_options *o)
{
	struct line *l = NEW(struct line);

	l->o = *o;
	l->input = (struct buf)BUF_INIT(INPUT_MAX);
	if (!o->interactive)
		return l;
	active = l;
	rl_readline_name = "tconsole";
	rl_attempted_completion_function = complete;
	rl_completer_word_break_characters = " \t\n";
	rl_completer_quote_characters = "\"";
	rl_char_is_quoted_p = is_quoted;
	/* Lines pasted together run one after the other, and the prompt is the prompt alone. */
	(void)rl_variable_bind("enable-bracketed-paste", "off");
	using_history();
	if (o->history_file != NULL) {
		l->history_file = str_dup(o->history_file);
		prepare_history(l->history_file);
		(void)read_history(l->history_file);
		stifle_history((int)o->history_length);
	}
	return l;
}

void
line_free(struct line *l)
{
	if (l == NULL)
		return;
	if (l->history_file != NULL)
		(void)history_truncate_file(l->history_file, (int)l->o.history_length);
	line_drop_pending(l);
	buf_release(&l->input);
	free(l->queue);
	free(l->history_file);
	if (active == l)
		active = NULL;
	free(l);
}

void
line_freep(struct line **l)
{
	line_free(*l);
}

void
line_drop_pending(struct line *l)
{
	while (l->n_files > 0)
		(void)fclose(l->file[--l->n_files]);
	while (l->n_queue > 0)
		free(l->queue[--l->n_queue]);
}

/* ---- reading ---- */

static void
cut_line_end(char *text, size_t n)
{
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		text[--n] = '\0';
}

static char *
read_stream(FILE *f)
{
	char *text = NULL;
	size_t cap = 0;
	ssize_t n = getline(&text, &cap, f);

	if (n < 0) {
		free(text);
		return NULL;
	}
	cut_line_end(text, (size_t)n);
	return text;
}

/* More of standard input; a wait that Ctrl-C ends at once, whenever it comes.  ERR_EOF: no more. */
static enum err_code
fill_input(struct line *l, struct err *err)
{
	struct wait wait = wait_for(interrupt_cancel(), 0, "standard input");
	char piece[INPUT_PIECE];

	enum err_code rc = wait_fd(&wait, STDIN_FILENO, POLLIN, err);
	if (rc == ERR_CANCELED)
		(void)interrupt_take();
	if (rc != ERR_OK)
		return rc;
	ssize_t n = read(STDIN_FILENO, piece, sizeof(piece));
	if (n < 0 && errno != EINTR)
		return err_errno(err, ERR_SYS, "standard input");
	if (n == 0)
		return err_set(err, ERR_EOF, "end of input");
	return n < 0 ? ERR_OK : buf_append(&l->input, piece, (size_t)n, err);
}

static enum err_code
read_script(struct line *l, char **out, struct err *err)
{
	enum err_code rc = ERR_OK;
	const uint8_t *end = NULL;
	size_t seen = 0;

	while (rc == ERR_OK && end == NULL) {
		if (l->input.len > seen)
			end = memchr(l->input.p + seen, '\n', l->input.len - seen);
		seen = l->input.len;
		if (end == NULL)
			rc = fill_input(l, err);
	}
	/* The last line may lack its line end. */
	if (rc != ERR_OK && (rc != ERR_EOF || l->input.len == 0))
		return rc;
	size_t n = end != NULL ? (size_t)(end - l->input.p) + 1 : l->input.len;
	*out = str_ndup((const char *)l->input.p, n);
	cut_line_end(*out, n);
	buf_consume(&l->input, n);
	return ERR_OK;
}

static void
got_line(char *text)
{
	typed = text;
	have_typed = true;
	rl_callback_handler_remove();
}

static void
start_reading(const char *prompt)
{
	struct err ignored = ERR_INIT;

	have_typed = false;
	rl_callback_handler_install(prompt, got_line);
	/* readline took SIGINT; it keeps the other signals of the terminal. */
	if (interrupt_cancel() != NULL)
		(void)!interrupt_catch(&ignored);
}

/* True: a key can be read; false: a signal came. */
static bool
await_key(void)
{
	struct cancel *c = interrupt_cancel();
	struct pollfd p[2] = { { STDIN_FILENO, POLLIN, 0 },
			       { c != NULL ? c->event : -1, POLLIN, 0 } };

	int n = poll(p, 2, -1);
	if (n < 0)
		rl_check_signals();
	return n > 0 && p[0].revents != 0 && p[1].revents == 0;
}

static enum err_code
read_typed(const struct line *l, const char *prompt, char **out, struct err *err)
{
	start_reading(prompt);
	while (!have_typed) {
		if (await_key()) {
			rl_callback_read_char();
			continue;
		}
		if (!interrupt_take())
			continue;
		bool empty = rl_end == 0;
		rl_callback_sigcleanup();
		rl_replace_line("", 0);
		rl_callback_handler_remove();
		(void)fputs("^C\n", stdout);
		(void)fflush(stdout);
		if (empty)
			return err_set(err, ERR_CANCELED, "interrupted");
		start_reading(prompt);
	}
	if (typed != NULL)
		remember(l, typed);
	else
		(void)fputs("\n", stdout);
	*out = typed;
	typed = NULL;
	return ERR_OK;
}

enum err_code
line_read(struct line *l, const char *prompt, char **out, struct err *err)
{
	char *text = NULL;

	(void)fflush(stdout);
	l->typed = false;
	if (l->n_queue > 0) {
		*out = l->queue[--l->n_queue];
		return ERR_OK;
	}
	while (l->n_files > 0 && text == NULL) {
		text = read_stream(l->file[l->n_files - 1]);
		if (text == NULL)
			(void)fclose(l->file[--l->n_files]);
	}
	if (text == NULL && l->o.interactive) {
		if (read_typed(l, prompt, &text, err) != ERR_OK)
			return err->code;
		l->typed = true;
	} else if (text == NULL && read_script(l, &text, err) != ERR_OK) {
		return err->code;
	}
	if (text == NULL)
		return err_set(err, ERR_EOF, "end of input");
	*out = text;
	return ERR_OK;
}

enum err_code
line_push_file(struct line *l, const char *path, struct err *err)
{
	if (l->n_files == FILES_MAX)
		return err_set(err, ERR_LIMIT, "more than %d @input files within each other",
			       FILES_MAX);
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return err_errno(err, ERR_SYS, "Cannot open file %s for input", path);
	l->file[l->n_files++] = f;
	return ERR_OK;
}

void
line_push_text(struct line *l, const char *text)
{
	if (l->n_queue == QUEUE_MAX)
		return;
	l->queue = (char **)mem_grow(l->queue, l->n_queue, &l->cap_queue, sizeof(*l->queue));
	l->queue[l->n_queue++] = str_dup(text);
}

bool
line_was_typed(const struct line *l)
{
	return l->typed;
}
