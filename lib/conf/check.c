#include "lib/conf/check.h"

#include "lib/base/own.h"
#include "lib/conf/show.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

int
conf_check_report(const struct conf_program *program, struct conf_diag *diag, bool verbose,
		  FILE *out)
{
	OWNED(buf_release) struct buf text = BUF_INIT(16u << 20);
	bool good = conf_diag_errors(diag) == 0;

	conf_diag_text(diag, verbose, &text);
	fputs(buf_str(&text), out);
	fprintf(out, "The configuration of the %s is %s.\n", program->daemon,
		good ? "good" : "not usable");
	return good ? 0 : 1;
}

static bool
is_type(const struct conf_type *t, const char *word)
{
	bool same = strcasecmp(t->name, word) == 0 ||
		    (t->plural != NULL && strcasecmp(t->plural, word) == 0);

	for (size_t k = 0; k < 3 && t->aliases[k] != NULL; k++)
		same = same || strcasecmp(t->aliases[k], word) == 0;
	return same;
}

int
conf_check_dump(const struct conf_gen *gen, const char *type, const char *name, FILE *out)
{
	OWNED(buf_release) struct buf text = BUF_INIT(16u << 20);

	if (type == NULL)
		conf_show_all(gen, CONF_SHOW_SECRETS, &text);
	for (size_t i = 0; type != NULL && i < conf_gen_count(gen); i++) {
		const struct conf_res *r = conf_gen_at(gen, i);

		if (is_type(r->type, type) && (name == NULL || strcmp(conf_res_name(r), name) == 0))
			conf_show_text(r, CONF_SHOW_SECRETS, &text);
	}
	(void)fputs(buf_str(&text), out);
	return text.len > 0 ? 0 : 1;
}

void
conf_check_directory(struct conf_diag *diag, const struct conf_res *res, const char *directive,
		     const char *path)
{
	struct err err = ERR_INIT;
	struct stat st;

	if (path == NULL || !conf_res_is_good(res))
		return;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return;
	if (errno == EACCES)
		return; /* the daemon's own user may well see it */
	(void)err_errno(&err, ERR_CONFIG, "%s", path);
	if (stat(path, &st) == 0)
		conf_error(diag, conf_res_pos(res, directive), "%s %s is not a directory",
			   directive, path);
	else
		conf_error(diag, conf_res_pos(res, directive), "%s %s", directive, err.text);
	conf_help(diag, "create it, for example with: install -d -m 700 %s", path);
}

enum err_code
conf_verdict(struct conf_diag *diag, struct err *err)
{
	conf_diag_sources_end(diag);
	if (conf_diag_errors(diag) > 0)
		return err_set(err, ERR_CONFIG, "the configuration has %zu errors",
			       conf_diag_errors(diag));
	return ERR_OK;
}

int
conf_kind_check(const struct conf_kind *k, const char *path, bool strict, bool verbose, FILE *out)
{
	OWNED(conf_diag_freep) struct conf_diag *diag = conf_diag_new(strict);
	OWNED(conf_gen_unrefp) struct conf_gen *gen = NULL;
	struct err err = ERR_INIT;
	enum err_code rc = k->load(path, &gen, diag, &err);
	int code = conf_check_report(k->program, diag, verbose, out);

	return rc == ERR_OK ? code : 1;
}

int
conf_kind_dump(const struct conf_kind *k, const char *path, const char *type, const char *name,
	       FILE *out)
{
	OWNED(conf_diag_freep) struct conf_diag *diag = conf_diag_new(false);
	OWNED(conf_gen_unrefp) struct conf_gen *gen = NULL;
	struct err err = ERR_INIT;

	if (k->load(path, &gen, diag, &err) == ERR_OK)
		return conf_check_dump(gen, type, name, out);
	(void)conf_check_report(k->program, diag, false, stderr);
	return 42;
}
