/* sqlquery; .defaults.  Spec: console.md 10, 11 */
#include <stdio.h>
#include <string.h>

#include "director/shell/command.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/units.h"

#define SQL_MAX (1u << 20)

/* ---- sqlquery: lines until ";", an empty line leaves ---- */

/* A query that the catalog refuses is said; one that was stopped ends the mode, too. */
static enum err_code
run_sql(struct shell *sh, struct catalog *c, const char *sql, struct err *err)
{
	OWNED(cat_table_release) struct cat_table ct = { 0 };
	OWNED(table_release) struct table t = { 0 };
	struct table_style style = { .face = FACE_LEFT, .key = "query", .empty_text = true };
	struct err e = ERR_INIT;

	if (cat_query_text(c, sql, &ct, &e) != ERR_OK) {
		if (e.code == ERR_CANCELED)
			return err_set(err, e.code, "%s", e.text);
		out_error(sh->out, "%s\n", e.text);
		return ERR_OK;
	}
	shell_table_from(&ct, &t);
	out_table(sh->out, &t, &style);
	return ERR_OK;
}

enum err_code
cmd_sqlquery(struct shell *sh, struct err *err)
{
	OWNED(buf_release) struct buf sql = BUF_INIT(SQL_MAX);
	struct catalog *c;

	if (shell_catalog(sh, &c, err) != ERR_OK)
		return err->code;
	out_text(sh->out, "Entering SQL query mode.\nTerminate each query with a semicolon.\n"
			  "Terminate query mode with a blank line.\n");
	for (;;) {
		OWNED(freep) char *line = NULL;
		const char *question = sql.len == 0 ? "Enter SQL query: " : "Add to SQL query: ";

		if (ask_text(sh, &line, err, "%s", question) != ERR_OK)
			return err->code;
		if (line[0] == '\0')
			break;
		if (buf_printf(&sql, err, "%s ", line) != ERR_OK)
			return err->code;
		if (line[strlen(line) - 1] != ';')
			continue;
		if (run_sql(sh, c, buf_str(&sql), err) != ERR_OK)
			return err->code;
		buf_clear(&sql);
	}
	out_text(sh->out, "End query mode.\n");
	return ERR_OK;
}

/* ---- .defaults ---- */

static void
def_string(struct shell *sh, const char *key, const char *value)
{
	out_text(sh->out, "%s=%s\n", key, value == NULL ? "" : value);
	out_string(sh->out, key, value == NULL ? "" : value);
}

static void
def_number(struct shell *sh, const char *key, int64_t value)
{
	out_text(sh->out, "%s=%lld\n", key, (long long)value);
	out_number(sh->out, key, value);
}

static void
def_decimal(struct shell *sh, const char *key, uint64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	def_string(sh, key, text);
}

#define NAME_OF(p) ((p) == NULL ? NULL : (p)->name)

static void
defaults_job(struct shell *sh, const struct dir_job *j)
{
	struct dir_catalog *cat = dir_job_catalog(sh->conf, j, j->pool);

	def_string(sh, "job", j->name);
	def_string(sh, "pool", NAME_OF(j->pool));
	def_string(sh, "messages", NAME_OF(j->messages));
	def_string(sh, "client", NAME_OF(j->client));
	def_string(sh, "storage", j->n_storage > 0 ? j->storage[0]->name : NULL);
	def_string(sh, "where", j->where);
	def_string(sh, "level", job_level_text((int)j->level));
	def_string(sh, "type", job_type_text((int)j->type));
	def_string(sh, "fileset",
		   j->file_set == NULL ? NULL : ((struct named *)(void *)j->file_set)->name);
	def_number(sh, "enabled", director_is_enabled(sh->d, SWITCH_JOB, j->name));
	def_string(sh, "catalog", NAME_OF(cat));
}

static void
defaults_client(struct shell *sh, const struct dir_client *c)
{
	def_string(sh, "client", c->name);
	def_string(sh, "address", c->address);
	def_number(sh, "port", c->port);
	def_decimal(sh, "file_retention", (uint64_t)c->file_retention);
	def_decimal(sh, "job_retention", (uint64_t)c->job_retention);
	def_number(sh, "autoprune", c->auto_prune);
	def_number(sh, "enabled", director_is_enabled(sh->d, SWITCH_CLIENT, c->name));
	def_string(sh, "catalog", NAME_OF(c->catalog));
}

static void
defaults_storage(struct shell *sh, const struct dir_storage *s)
{
	OWNED(buf_release) struct buf devices = BUF_INIT(65536);

	for (size_t i = 0; i < s->device.n; i++)
		buf_text(&devices, "%s%s", i > 0 ? "," : "", s->device.v[i]);
	def_string(sh, "storage", s->name);
	def_string(sh, "address", s->address);
	def_number(sh, "enabled", s->enabled);
	def_string(sh, "media_type", s->media_type);
	def_string(sh, "device", buf_str(&devices));
	def_number(sh, "port", s->port);
}

static void
defaults_pool(struct shell *sh, const struct dir_pool *p)
{
	def_string(sh, "pool", p->name);
	def_string(sh, "pool_type", dir_pool_type_text(p->pool_type));
	def_string(sh, "label_format", p->label_format);
	def_number(sh, "purge_oldest_volume=", p->purge_oldest_volume);
	def_number(sh, "purge_oldest_volume", p->purge_oldest_volume);
	def_number(sh, "recycle_oldest_volume", p->recycle_oldest_volume);
	def_number(sh, "max_volumes", p->maximum_volumes);
	def_decimal(sh, "vol_retention", (uint64_t)p->volume_retention);
	def_decimal(sh, "vol_use_duration", (uint64_t)p->volume_use_duration);
	def_number(sh, "max_vol_jobs", p->maximum_volume_jobs);
	def_number(sh, "max_vol_files", p->maximum_volume_files);
	def_decimal(sh, "max_vol_bytes", p->maximum_volume_bytes);
	def_number(sh, "auto_prune", p->auto_prune);
	def_number(sh, "recycle", p->recycle);
	def_decimal(sh, "file_retention", (uint64_t)p->file_retention);
	def_decimal(sh, "job_retention", (uint64_t)p->job_retention);
}

enum err_code
cmd_defaults(struct shell *sh, struct err *err)
{
	static const struct {
		const char *key;
		enum res_kind kind;
	} kinds[] = { { "job", RES_JOB },
		      { "client", RES_CLIENT },
		      { "storage", RES_STORAGE },
		      { "pool", RES_POOL } };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const char *name = args_value(&sh->args, kinds[i].key);
		struct named *r = NULL;

		if (name == NULL)
			continue;
		if (res_resolve(sh, kinds[i].kind, name, &r, err) != ERR_OK)
			return err->code;
		out_open_object(sh->out, "defaults");
		switch (kinds[i].kind) {
		case RES_JOB:
			defaults_job(sh, (const struct dir_job *)(const void *)r);
			break;
		case RES_CLIENT:
			defaults_client(sh, (const struct dir_client *)(const void *)r);
			break;
		case RES_STORAGE:
			defaults_storage(sh, (const struct dir_storage *)(const void *)r);
			break;
		default:
			defaults_pool(sh, (const struct dir_pool *)(const void *)r);
			break;
		}
		out_close(sh->out);
		return ERR_OK;
	}
	return err_set(err, ERR_CONFIG, ".defaults needs one of job=, client=, storage=, pool=");
}
