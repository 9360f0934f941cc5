#include "director/conf/dir_conf_internal.h"

#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/conf/manual.h"
#include "lib/conf/value_set.h"

#include <string.h>

/* All resources of a type into member m. */
#define COLLECT(c, m, T, type) ((c)->m = (T **)conf_gen_array((c)->gen, type, &(c)->n_##m))

static struct dir_conf *
wrap(struct conf_gen *gen)
{
	struct dir_conf *c = (struct dir_conf *)conf_alloc(gen, sizeof(*c));
	size_t n;
	struct dir_director **directors = (struct dir_director **)conf_gen_array(gen, "Director",
										 &n);

	c->gen = gen;
	c->director = n > 0 ? directors[0] : NULL;
	COLLECT(c, client, struct dir_client, "Client");
	COLLECT(c, job, struct dir_job, "Job");
	COLLECT(c, jobdefs, struct dir_job, "JobDefs");
	COLLECT(c, storage, struct dir_storage, "Storage");
	COLLECT(c, catalog, struct dir_catalog, "Catalog");
	COLLECT(c, schedule, struct dir_schedule, "Schedule");
	COLLECT(c, fileset, struct dir_fileset, "FileSet");
	COLLECT(c, pool, struct dir_pool, "Pool");
	COLLECT(c, messages, struct conf_messages, "Messages");
	COLLECT(c, counter, struct dir_counter, "Counter");
	COLLECT(c, profile, struct dir_profile, "Profile");
	COLLECT(c, console, struct dir_console, "Console");
	COLLECT(c, user, struct dir_user, "User");
	return c;
}

enum err_code
dir_conf_load(const char *path, struct dir_conf **out, struct conf_diag *diag, struct err *err)
{
	OWNED(conf_gen_unrefp) struct conf_gen *gen = NULL;
	enum err_code rc = conf_load(&dir_program, path, diag, &gen, err);
	struct dir_conf *c = wrap(gen);

	dir_conf_compute(c);
	if (rc == ERR_OK || conf_gen_count(gen) > 0)
		dir_conf_validate(c, diag);
	if (conf_verdict(diag, err) != ERR_OK)
		return err->code;
	gen = NULL; /* now c's */
	*out = c;
	return ERR_OK;
}

struct dir_conf *
dir_conf_ref(struct dir_conf *c)
{
	conf_gen_ref(c->gen);
	return c;
}

void
dir_conf_unref(struct dir_conf *c)
{
	if (c != NULL)
		conf_gen_unref(c->gen);
}

void
dir_conf_unrefp(struct dir_conf **c)
{
	dir_conf_unref(*c);
}

static enum err_code
load_generation(const char *path, struct conf_gen **out, struct conf_diag *diag, struct err *err)
{
	struct dir_conf *c = NULL;
	enum err_code rc = dir_conf_load(path, &c, diag, err);

	if (rc == ERR_OK)
		*out = c->gen;
	return rc;
}

const struct conf_kind dir_conf_kind = { .program = &dir_program, .load = load_generation };

void
dir_conf_manual(struct buf *out)
{
	conf_manual_text(&dir_program, out);
}

void
dir_conf_schema(struct buf *out)
{
	conf_schema_text(&dir_program, out);
}

#define FIND(m, T, type)                                                                           \
	T *dir_conf_find_##m(const struct dir_conf *c, const char *name)                           \
	{                                                                                          \
		return (T *)conf_gen_find(c->gen, type, name);                                     \
	}

FIND(client, struct dir_client, "Client")
FIND(job, struct dir_job, "Job")
FIND(jobdefs, struct dir_job, "JobDefs")
FIND(storage, struct dir_storage, "Storage")
FIND(catalog, struct dir_catalog, "Catalog")
FIND(schedule, struct dir_schedule, "Schedule")
FIND(fileset, struct dir_fileset, "FileSet")
FIND(pool, struct dir_pool, "Pool")
FIND(messages, struct conf_messages, "Messages")
FIND(counter, struct dir_counter, "Counter")
FIND(profile, struct dir_profile, "Profile")
FIND(console, struct dir_console, "Console")
FIND(user, struct dir_user, "User")

const char *
dir_pool_type_text(enum dir_pool_type t)
{
	static const char *const words[] = { "Backup",  "Copy",      "Cloned",
					     "Archive", "Migration", "Scratch" };

	return words[t];
}

/* ---- access, config.md 1.10 ---- */

static bool
allows(const struct conf_acl *own, struct dir_profile *const *profiles, size_t n,
       enum acl_kind kind, const char *item)
{
	struct err err = ERR_INIT;
	enum acl_verdict v;

	if (kind != ACL_WHERE && kind != ACL_PLUGIN && conf_name_check(item, &err) != ERR_OK)
		return false;
	v = conf_acl_match(&own[kind], item);
	for (size_t i = 0; v == ACL_NO_MATCH && i < n; i++)
		v = conf_acl_match(&profiles[i]->acl[kind], item);
	return v == ACL_ALLOW;
}

bool
dir_console_allows(const struct dir_console *con, enum acl_kind kind, const char *item)
{
	return allows(con->acl, con->profile, con->n_profile, kind, item);
}

bool
dir_user_allows(const struct dir_user *user, enum acl_kind kind, const char *item)
{
	return allows(user->acl, user->profile, user->n_profile, kind, item);
}

/* ---- values computed from several resources, config.md 7.2 ---- */

struct dir_catalog *
dir_job_catalog(const struct dir_conf *c, const struct dir_job *job, const struct dir_pool *pool)
{
	if (pool != NULL && pool->catalog != NULL)
		return pool->catalog;
	if (job->catalog != NULL)
		return job->catalog;
	if (job->client != NULL && job->client->catalog != NULL)
		return job->client->catalog;
	return c->n_catalog > 0 ? c->catalog[0] : NULL;
}

static enum job_level
default_level(enum job_type type)
{
	switch (type) {
	case JOB_BACKUP:
		return LEVEL_INCREMENTAL;
	case JOB_VERIFY:
		return LEVEL_VERIFY_CATALOG;
	case JOB_COPY:
	case JOB_MIGRATE:
	case JOB_CONSOLIDATE:
		return LEVEL_FULL;
	default:
		return LEVEL_NONE;
	}
}

/* Literally: with a backslash before what would mean something. */
static void
put_escaped(struct buf *out, const char *s, const char *special)
{
	for (; *s != '\0'; s++) {
		if (strchr(special, *s) != NULL)
			buf_put(out, "\\", 1);
		buf_put(out, s, 1);
	}
}

static bool
is_given(const char *s)
{
	return s != NULL && s[0] != '\0';
}

char *
dir_relocation(const char *strip, const char *prefix, const char *suffix)
{
	struct buf b = BUF_INIT(SIZE_MAX); /* what goes in is bounded where it comes from */

	if (is_given(strip)) {
		buf_text(&b, "!^");
		put_escaped(&b, strip, "!\\.[]()*+?{}|^$");
		buf_text(&b, "!!");
	}
	if (is_given(suffix)) {
		buf_text(&b, "%s!([^/])$!$1", b.len > 0 ? "," : "");
		put_escaped(&b, suffix, "!");
		buf_text(&b, "!");
	}
	if (is_given(prefix)) {
		buf_text(&b, "%s!^!", b.len > 0 ? "," : "");
		put_escaped(&b, prefix, "!");
		buf_text(&b, "!");
	}
	return b.len > 0 ? buf_take_str(&b) : NULL;
}

static void
compute_regex_where(struct conf_gen *g, struct dir_job *job)
{
	OWNED(freep)
	char *made = dir_relocation(job->strip_prefix, job->add_prefix, job->add_suffix);

	if (job->regex_where == NULL && made != NULL)
		job->regex_where = conf_strdup(g, made);
	if (job->regex_where != NULL)
		job->where = NULL;
}

void
dir_conf_compute(struct dir_conf *c)
{
	if (c->director != NULL && c->director->messages == NULL && c->n_messages > 0)
		c->director->messages = c->messages[0];
	for (size_t i = 0; i < c->n_client; i++)
		if (c->client[i]->catalog == NULL && c->n_catalog > 0)
			c->client[i]->catalog = c->catalog[0];
	for (size_t i = 0; i < c->n_job; i++) {
		struct dir_job *job = c->job[i];

		if (job->level == 0)
			job->level = default_level(job->type);
		compute_regex_where(c->gen, job);
	}
	for (size_t i = 0; i < c->n_pool; i++)
		if (c->pool[i]->scratch_pool == NULL)
			c->pool[i]->scratch_pool = dir_conf_find_pool(c, "Scratch");
	for (size_t i = 0; i < c->n_fileset; i++)
		fileset_checksum(c->fileset[i]);
}
