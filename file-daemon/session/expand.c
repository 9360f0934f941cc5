/*
 * file-daemon/session/expand.c - names from programs and lists on this client
 *
 * "F |program" and "F <file" on the wire mean: run, or read, here.  Spec: wire.md 5.3
 */
#include <stdio.h>
#include <stdlib.h>

#include "file-daemon/find/shadow.h"
#include "file-daemon/session/session_internal.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"

static void
add_name(void *arg, struct bytes text)
{
	while (text.n > 0 && text.p[text.n - 1] <= ' ')
		text.n--;
	if (text.n > 0)
		text_array_add(arg, (const char *)text.p, text.n);
}

/* A fileset's program is a program: who may not run scripts may not run it either. */
static enum err_code
run_list(struct fd_job *j, const char *command, struct text_array *out, struct err *err)
{
	if (!fd_conf_allows(j->conf, j->director, "runscript"))
		return err_set(err, ERR_CONFIG,
			       "Allowed Job Command does not let director %s run programs here",
			       j->director->name);
	return program_lines(j, command, add_name, out, err);
}

static enum err_code
read_list(const char *path, struct text_array *out, struct err *err)
{
	OWNED(fclosep) FILE *f = fopen(path, "re");
	OWNED(freep) char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	if (f == NULL)
		return err_errno(err, ERR_SYS, "%s: cannot be opened", path);
	while ((n = getline(&line, &cap, f)) >= 0)
		if (n > 0)
			add_name(out, bytes_of(line, (size_t)n));
	if (ferror(f))
		return err_errno(err, ERR_SYS, "%s: cannot be read", path);
	return ERR_OK;
}

static void
expand_block(struct fd_job *j, struct fileset_block *b)
{
	struct text_array old = b->files;

	b->files = (struct text_array){ .v = NULL };
	for (size_t i = 0; i < old.n; i++) {
		const char *file = old.v[i];
		struct err e = ERR_INIT;
		enum err_code rc = ERR_OK;

		if (file[0] == '|')
			rc = run_list(j, file + 1, &b->files, &e);
		else if (file[0] == '<')
			rc = read_list(file + 1, &b->files, &e);
		else
			text_array_add(&b->files, file, strlen(file));
		if (rc != ERR_OK) {
			(void)err_ctx(&e, "File = \"%s\"", file);
			job_report_err(j->msg, MSG_ERROR, &e);
		}
		free(old.v[i]);
	}
	free(old.v);
}

static void
on_shadow(void *arg, enum msg_type type, const struct err *e)
{
	job_report_err(((struct fd_job *)arg)->msg, type, e);
}

void
fileset_expand(struct fd_job *j)
{
	for (size_t i = 0; i < j->fileset.n; i++) {
		expand_block(j, &j->fileset.blocks[i]);
		for (size_t k = 0; k < j->fileset.blocks[i].plugins.n; k++)
			job_report(
				j->msg, MSG_ERROR,
				"Plugin \"%s\": this file daemon has no plugins, nothing of it is "
				"saved",
				j->fileset.blocks[i].plugins.v[k]);
	}
	fileset_shadow(&j->fileset, on_shadow, j);
}
