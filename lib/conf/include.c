#include "lib/conf/lex_internal.h"

#include "lib/base/mem.h"
#include "lib/base/num.h"
#include "lib/base/own.h"
#include "lib/base/fd.h"
#include "lib/base/proc.h"

#include <glob.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define FILE_MAX        (16u * MIB)
#define COMMAND_SECONDS 60
#define SOURCES_MAX     20000 /* files of one configuration */

static const char *
user_name(void)
{
	const struct passwd *pw = getpwuid(geteuid());

	return pw != NULL ? pw->pw_name : "this user";
}

/* "included from X:3" for quoted lines; NULL for the file given. */
static const char *
from_text(struct lexer *lx, const struct conf_source *s)
{
	if (s->included != NULL)
		return conf_printf(lx->gen, "included from %s:%u by @%s", s->included->name,
				   s->line, s->pattern);
	if (s->pattern != NULL)
		return conf_printf(lx->gen, "included from %s", s->pattern);
	return NULL;
}

static void
note_chain(struct lexer *lx, const struct conf_source *from)
{
	for (const struct conf_source *s = from; s != NULL; s = s->included)
		if (s->included != NULL)
			conf_also(lx->diag, "%s is included from %s:%u", s->name, s->included->name,
				  s->line);
}

static void
run_source(struct lexer *lx, const struct conf_source *from, const struct conf_pos *pos,
	   const char *name, const char *pattern, const struct stat *st, struct buf *content)
{
	struct conf_source *s = (struct conf_source *)conf_alloc(lx->gen, sizeof(*s));
	struct conf_pos at = { .file = NULL };

	*s = (struct conf_source){ .name = conf_strdup(lx->gen, name),
				   .text = conf_strndup(lx->gen, buf_str(content), content->len),
				   .len = content->len,
				   .included = from,
				   .pattern = pattern != NULL ? conf_strdup(lx->gen, pattern)
							      : NULL,
				   .line = pos != NULL ? pos->line : 0,
				   .depth = from != NULL ? from->depth + 1 : 0,
				   .dev = st != NULL ? (uint64_t)st->st_dev : 0,
				   .ino = st != NULL ? (uint64_t)st->st_ino : 0 };
	explicit_bzero(content->p, content->len);
	at.file = s->name;
	at.line = at.col = at.col_end = 1;
	conf_diag_source(lx->diag, s->name, s->text, from_text(lx, s));
	if (s->len >= 2 &&
	    (memcmp(s->text, "\xff\xfe", 2) == 0 || memcmp(s->text, "\xfe\xff", 2) == 0)) {
		conf_error(lx->diag, &at, "%s is UTF-16; save it as UTF-8", name);
		return;
	}
	if (strlen(s->text) != s->len) {
		conf_error(lx->diag, &at, "%s holds a NUL byte and is no text file", name);
		return;
	}
	lex_source(lx, s);
}

/* Whether a source that is being read is this file. */
static bool
is_open(const struct conf_source *from, const struct stat *st)
{
	for (; from != NULL; from = from->included)
		if (from->ino != 0 && from->dev == (uint64_t)st->st_dev &&
		    from->ino == (uint64_t)st->st_ino)
			return true;
	return false;
}

/* Reading what is neither may never end.  A link to /dev/null is a file put out of use. */
static bool
is_readable_kind(const struct stat *st)
{
	return S_ISREG(st->st_mode) || (S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3));
}

static void
include_file(struct lexer *lx, const struct conf_source *from, const struct conf_pos *pos,
	     const char *path, const char *pattern)
{
	struct err err = ERR_INIT;
	OWNED(buf_release) struct buf content = BUF_INIT(FILE_MAX);
	struct stat st = { .st_ino = 0 };
	bool there = stat(path, &st) == 0;

	if (there && is_open(from, &st)) {
		conf_error(lx->diag, pos, "%s includes itself", path);
		note_chain(lx, from);
		return;
	}
	if (there && !is_readable_kind(&st)) {
		conf_error(lx->diag, pos, "%s is %s", path,
			   S_ISDIR(st.st_mode) ? "a directory" : "no regular file");
		if (S_ISDIR(st.st_mode))
			conf_help(lx->diag, "use %s/*.conf", path);
		note_chain(lx, from);
		return;
	}
	if (fd_read_file(path, &content, &err) != ERR_OK) {
		conf_error(lx->diag, pos, "cannot read the configuration file: %s", err.text);
		if (err.sys == EACCES || err.sys == EPERM)
			conf_help(lx->diag, "this program runs as user %s", user_name());
		if (strcmp(path, pattern != NULL ? pattern : path) != 0)
			conf_also(lx->diag, "it matches %s", pattern);
		note_chain(lx, from);
		return;
	}
	run_source(lx, from, pos, path, pattern, &st, &content);
}

static int
falling(const void *a, const void *b)
{
	return strcmp(*(char *const *)b, *(char *const *)a);
}

/* The last match is read first: this order decides which resource is "the first one". */
static void
include_pattern(struct lexer *lx, const struct conf_source *from, const struct conf_pos *pos,
		const char *pattern)
{
	glob_t g;
	int rc = glob(pattern, GLOB_NOSORT, NULL, &g);

	if (rc == GLOB_NOMATCH) {
		if (strpbrk(pattern, "*?") == NULL)
			include_file(lx, from, pos, pattern, pattern);
		return;
	}
	if (rc != 0) {
		conf_error(lx->diag, pos, "cannot expand %s: %s", pattern,
			   rc == GLOB_NOSPACE ? "out of memory" : "a directory cannot be read");
		note_chain(lx, from);
		return;
	}
	qsort(g.gl_pathv, g.gl_pathc, sizeof(*g.gl_pathv), falling);
	for (size_t i = 0; i < g.gl_pathc; i++)
		include_file(lx, from, pos, g.gl_pathv[i], pattern);
	globfree(&g);
}

static enum err_code
read_command(struct proc *p, const struct wait *w, struct buf *out, struct err *err)
{
	for (;;) {
		char piece[4096];
		ssize_t n;
		enum err_code rc = wait_fd(w, p->out, POLLIN, err);

		if (rc != ERR_OK)
			return rc;
		n = read(p->out, piece, sizeof(piece));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, ERR_SYS, "read its output");
		if (n == 0)
			return ERR_OK;
		rc = buf_append(out, piece, (size_t)n, err);
		if (rc != ERR_OK)
			return rc;
	}
}

static enum err_code
run_command(const char *command, struct buf *out, int *status, struct err *err)
{
	OWNED(proc_argv_release) struct proc_argv argv = { .n = 0 };
	OWNED(proc_release) struct proc p = PROC_INIT;
	struct wait w = wait_for(NULL, COMMAND_SECONDS, "the program of an include");
	struct proc_spec spec = { .separate_stderr = true };
	enum err_code rc = proc_split(command, &argv, err);

	if (rc != ERR_OK)
		return rc;
	spec.argv = argv.words;
	rc = proc_start(&spec, &p, err);
	if (rc != ERR_OK)
		return rc;
	rc = read_command(&p, &w, out, err);
	if (rc != ERR_OK)
		return rc;
	return proc_wait(&p, &w, status, err);
}

static void
include_command(struct lexer *lx, const struct conf_source *from, const struct conf_pos *pos,
		const char *command)
{
	struct err err = ERR_INIT;
	OWNED(buf_release) struct buf content = BUF_INIT(FILE_MAX);
	OWNED(freep) char *name = str_printf("|%s", command);
	int status = 0;
	char text[128];

	if (run_command(command, &content, &status, &err) != ERR_OK) {
		conf_error(lx->diag, pos, "cannot include the output of \"%s\": %s", command,
			   err.text);
		return;
	}
	if (status != 0) {
		conf_error(lx->diag, pos, "\"%s\" failed: %s", command,
			   proc_status_text(status, text, sizeof(text)));
		conf_also(lx->diag, "its messages are on the standard error of this program");
		return;
	}
	run_source(lx, from, pos, name, name, NULL, &content);
}

void
lex_include(struct lexer *lx, const struct conf_source *from, const struct conf_pos *pos,
	    const char *spec, bool quoted)
{
	(void)quoted;
	if (spec[0] == '\0') {
		conf_error(lx->diag, pos, "\"@\" without a file name");
		conf_help(lx->diag, "quote a value that begins with @");
		return;
	}
	if (from != NULL && from->depth + 1 >= CONF_INCLUDE_DEPTH) {
		conf_error(lx->diag, pos, "includes are nested more than %d deep",
			   CONF_INCLUDE_DEPTH);
		for (const struct conf_source *s = from; s != NULL && s->depth + 4 > from->depth;
		     s = s->included)
			if (s->included != NULL)
				conf_also(lx->diag, "%s is included from %s:%u", s->name,
					  s->included->name, s->line);
		return;
	}
	if (++lx->n_sources > SOURCES_MAX) {
		if (lx->n_sources == SOURCES_MAX + 1)
			conf_error(lx->diag, pos, "more than %d includes", SOURCES_MAX);
		return;
	}
	if (spec[0] == '|')
		include_command(lx, from, pos, spec + 1);
	else if (strpbrk(spec, "*?[") != NULL)
		include_pattern(lx, from, pos, spec);
	else
		include_file(lx, from, pos, spec, spec);
}

static void
end_tokens(struct conf_tokens *t)
{
	t->v = (struct conf_token *)mem_grow(t->v, t->n, &t->cap, sizeof(*t->v));
	t->v[t->n] = (struct conf_token){ .kind = TOK_EOF, .text = "" };
	if (t->n > 0)
		t->v[t->n].pos = t->v[t->n - 1].pos;
}

void
conf_lex_path(struct conf_gen *g, struct conf_diag *d, const char *path, struct conf_tokens *out)
{
	struct lexer lx = { .gen = g, .diag = d, .out = out };

	if (strpbrk(path, "*?[") != NULL)
		include_pattern(&lx, NULL, NULL, path);
	else
		include_file(&lx, NULL, NULL, path, NULL);
	end_tokens(out);
}

void
conf_lex_text(struct conf_gen *g, struct conf_diag *d, const char *name, const char *text,
	      struct conf_tokens *out)
{
	struct lexer lx = { .gen = g, .diag = d, .out = out };
	OWNED(buf_release) struct buf content = BUF_INIT(FILE_MAX);

	buf_put(&content, text, strlen(text));
	run_source(&lx, NULL, NULL, name, NULL, NULL, &content);
	end_tokens(out);
}

void
conf_tokens_release(struct conf_tokens *t)
{
	free(t->v);
	*t = (struct conf_tokens){ .v = NULL };
}
