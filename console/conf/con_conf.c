#include "console/conf/con_conf_internal.h"

#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/conf/manual.h"

#include <string.h>

static struct con_conf *
wrap(struct conf_gen *gen)
{
	struct con_conf *c = (struct con_conf *)conf_alloc(gen, sizeof(*c));

	c->gen = gen;
	c->director = (struct con_director **)conf_gen_array(gen, "Director", &c->n_director);
	c->console = (struct con_console **)conf_gen_array(gen, "Console", &c->n_console);
	return c;
}

/* Spec: config.md 2.3, 6.2 */
static void
validate(struct con_conf *c, struct conf_diag *diag)
{
	if (c->n_director == 0)
		conf_error(diag, NULL, "the console needs a Director resource");
	for (size_t i = 0; i < c->n_director && c->n_console == 0; i++)
		if (!conf_res_has(&c->director[i]->res, "Password") &&
		    conf_res_is_good(&c->director[i]->res))
			conf_error(
				diag, &c->director[i]->res.end,
				"Director \"%s\" has no Password, and there is no Console to log "
				"in with",
				c->director[i]->name);
	conf_check_modes(c->gen, diag);
	conf_note_not_in_force(c->gen, diag);
}

enum err_code
con_conf_load(const char *path, struct con_conf **out, struct conf_diag *diag, struct err *err)
{
	OWNED(conf_gen_unrefp) struct conf_gen *gen = NULL;
	enum err_code rc = conf_load(&con_program, path, diag, &gen, err);
	struct con_conf *c = wrap(gen);

	if (rc == ERR_OK || conf_gen_count(gen) > 0)
		validate(c, diag);
	if (conf_verdict(diag, err) != ERR_OK)
		return err->code;
	gen = NULL; /* now c's */
	*out = c;
	return ERR_OK;
}

struct con_conf *
con_conf_ref(struct con_conf *c)
{
	conf_gen_ref(c->gen);
	return c;
}

void
con_conf_unref(struct con_conf *c)
{
	if (c != NULL)
		conf_gen_unref(c->gen);
}

void
con_conf_unrefp(struct con_conf **c)
{
	con_conf_unref(*c);
}

static enum err_code
load_generation(const char *path, struct conf_gen **out, struct conf_diag *diag, struct err *err)
{
	struct con_conf *c = NULL;
	enum err_code rc = con_conf_load(path, &c, diag, err);

	if (rc == ERR_OK)
		*out = c->gen;
	return rc;
}

const struct conf_kind con_conf_kind = { .program = &con_program, .load = load_generation };

void
con_conf_manual(struct buf *out)
{
	conf_manual_text(&con_program, out);
}

void
con_conf_schema(struct buf *out)
{
	conf_schema_text(&con_program, out);
}

struct con_director *
con_conf_find_director(const struct con_conf *c, const char *name)
{
	return (struct con_director *)conf_gen_find(c->gen, "Director", name);
}

struct con_console *
con_conf_find_console(const struct con_conf *c, const char *name)
{
	return (struct con_console *)conf_gen_find(c->gen, "Console", name);
}

struct con_console *
con_conf_console_for(const struct con_conf *c, const struct con_director *d)
{
	for (size_t i = 0; i < c->n_console; i++)
		if (c->console[i]->director != NULL &&
		    strcmp(c->console[i]->director, d->name) == 0)
			return c->console[i];
	for (size_t i = 0; i < c->n_console; i++)
		if (c->console[i]->director == NULL)
			return c->console[i];
	return c->n_console > 0 ? c->console[0] : NULL;
}
