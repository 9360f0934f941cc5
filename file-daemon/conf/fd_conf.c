#include "file-daemon/conf/fd_conf_internal.h"

#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/conf/manual.h"

#include <string.h>
#include <strings.h>

static const char *const commands[] = { "backup", "restore", "verify", "estimate", "runscript" };
#define N_COMMANDS (sizeof(commands) / sizeof(*commands))

/* Bacula's "DisableCommand = a, b": everything except those. */
static bool
parse_disable(struct conf_parser *p, const struct conf_row *row, struct str_list *allowed)
{
	bool off[N_COMMANDS] = { false };

	for (;;) {
		const struct conf_token *t = conf_take_value(p, row->name, "a list of commands");

		if (t == NULL)
			return false;
		for (size_t i = 0; i < N_COMMANDS; i++)
			off[i] = off[i] || strcasecmp(commands[i], t->text) == 0;
		if (conf_tok(p)->kind != TOK_COMMA)
			break;
		conf_next(p);
	}
	conf_end_value(p, row->name, true);
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (!off[i])
			conf_list_add(p->gen, allowed, commands[i]);
	if (allowed->n == 0)
		conf_list_add(p->gen, allowed, "none");
	return true;
}

static bool
parse_client_disable(struct conf_parser *p, struct conf_res *res, const struct conf_row *row,
		     void *slot)
{
	(void)slot;
	return parse_disable(p, row, &((struct fd_client *)res)->allowed_job_command);
}

static bool
parse_director_disable(struct conf_parser *p, struct conf_res *res, const struct conf_row *row,
		       void *slot)
{
	(void)slot;
	return parse_disable(p, row, &((struct fd_director *)res)->allowed_job_command);
}

const struct conf_custom fd_disable_command = { .words = "commands to refuse",
						.schema = "STRING_LIST",
						.parse = parse_client_disable };
const struct conf_custom fd_director_disable = { .words = "commands to refuse",
						 .schema = "STRING_LIST",
						 .parse = parse_director_disable };

static struct fd_conf *
wrap(struct conf_gen *gen)
{
	struct fd_conf *c = (struct fd_conf *)conf_alloc(gen, sizeof(*c));
	size_t n;
	struct fd_client **clients = (struct fd_client **)conf_gen_array(gen, "Client", &n);

	c->gen = gen;
	c->client = n > 0 ? clients[0] : NULL;
	c->director = (struct fd_director **)conf_gen_array(gen, "Director", &c->n_director);
	c->messages = (struct conf_messages **)conf_gen_array(gen, "Messages", &c->n_messages);
	if (c->client != NULL && c->client->messages == NULL && c->n_messages > 0)
		c->client->messages = c->messages[0];
	if (c->client != NULL && c->client->pki_encryption)
		c->client->pki_signatures = true;
	return c;
}

static void
check_commands(struct conf_diag *diag, const struct conf_res *res, const struct str_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		bool known = strcmp(l->v[i], "none") == 0;

		for (size_t k = 0; k < N_COMMANDS; k++)
			known = known || strcasecmp(commands[k], l->v[i]) == 0;
		if (known)
			continue;
		conf_error(diag, conf_res_pos(res, "AllowedJobCommand"),
			   "unknown command \"%s\" in AllowedJobCommand", l->v[i]);
		conf_help(diag, "accepted: backup, restore, verify, estimate, runscript");
	}
}

/* Spec: config.md 2.3, 5.1, 7.3 */
static void
validate(struct fd_conf *c, struct conf_diag *diag)
{
	size_t n;
	struct fd_client **clients = (struct fd_client **)conf_gen_array(c->gen, "Client", &n);
	const struct fd_client *me = c->client;

	if (n == 0)
		conf_error(diag, NULL, "the file daemon needs a Client resource, its own");
	for (size_t i = 1; i < n; i++) {
		conf_error(diag, &clients[i]->res.pos, "a second Client resource");
		conf_also(diag, "the first one is at %s:%u", me->res.pos.file, me->res.pos.line);
	}
	if (c->n_director == 0)
		conf_error(diag, NULL, "the file daemon needs a Director resource");
	if (c->n_messages == 0)
		conf_error(diag, NULL, "the file daemon needs a Messages resource");
	for (size_t i = 0; i < c->n_director; i++)
		check_commands(diag, &c->director[i]->res, &c->director[i]->allowed_job_command);
	if (me != NULL && conf_res_is_good(&me->res)) {
		check_commands(diag, &me->res, &me->allowed_job_command);
		conf_check_directory(diag, &me->res, "WorkingDirectory", me->working_directory);
		if (me->pki_signatures && me->pki_key_pair == NULL)
			conf_error(diag,
				   conf_res_pos(&me->res, me->pki_encryption ? "PkiEncryption"
									     : "PkiSignatures"),
				   "encryption or signatures without PkiKeyPair");
	}
	conf_check_modes(c->gen, diag);
	conf_note_not_in_force(c->gen, diag);
}

enum err_code
fd_conf_load(const char *path, struct fd_conf **out, struct conf_diag *diag, struct err *err)
{
	OWNED(conf_gen_unrefp) struct conf_gen *gen = NULL;
	enum err_code rc = conf_load(&fd_program, path, diag, &gen, err);
	struct fd_conf *c = wrap(gen);

	if (rc == ERR_OK || conf_gen_count(gen) > 0)
		validate(c, diag);
	if (conf_verdict(diag, err) != ERR_OK)
		return err->code;
	gen = NULL; /* now c's */
	*out = c;
	return ERR_OK;
}

struct fd_conf *
fd_conf_ref(struct fd_conf *c)
{
	conf_gen_ref(c->gen);
	return c;
}

void
fd_conf_unref(struct fd_conf *c)
{
	if (c != NULL)
		conf_gen_unref(c->gen);
}

void
fd_conf_unrefp(struct fd_conf **c)
{
	fd_conf_unref(*c);
}

static enum err_code
load_generation(const char *path, struct conf_gen **out, struct conf_diag *diag, struct err *err)
{
	struct fd_conf *c = NULL;
	enum err_code rc = fd_conf_load(path, &c, diag, err);

	if (rc == ERR_OK)
		*out = c->gen;
	return rc;
}

const struct conf_kind fd_conf_kind = { .program = &fd_program, .load = load_generation };

void
fd_conf_manual(struct buf *out)
{
	conf_manual_text(&fd_program, out);
}

void
fd_conf_schema(struct buf *out)
{
	conf_schema_text(&fd_program, out);
}

struct fd_director *
fd_conf_find_director(const struct fd_conf *c, const char *name)
{
	return (struct fd_director *)conf_gen_find(c->gen, "Director", name);
}

struct conf_messages *
fd_conf_find_messages(const struct fd_conf *c, const char *name)
{
	return (struct conf_messages *)conf_gen_find(c->gen, "Messages", name);
}

bool
fd_conf_allows(const struct fd_conf *c, const struct fd_director *d, const char *command)
{
	const struct str_list *l = d->allowed_job_command.n > 0 ? &d->allowed_job_command
								: &c->client->allowed_job_command;

	for (size_t i = 0; i < l->n; i++)
		if (strcasecmp(l->v[i], command) == 0)
			return true;
	return l->n == 0;
}

const struct str_list *
fd_conf_script_dirs(const struct fd_conf *c, const struct fd_director *d)
{
	if (d->allowed_script_dir.n > 0)
		return &d->allowed_script_dir;
	return c->client->allowed_script_dir.n > 0 ? &c->client->allowed_script_dir : NULL;
}
