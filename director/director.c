/*
 * director/director.c - the process context: what life.c builds and every room asks
 */
#include "director/director_internal.h"

#include "director/conf/dir_conf.h"
#include "lib/base/fd.h"
#include "lib/base/own.h"
#include "lib/base/path.h"
#include "lib/catalog/catalog.h"

#include <stdio.h>

#define RELEASE_SHORT "21Nov26"
#define RELEASE_LONG  "21 November 2026"

/* ---- configuration ---- */

struct dir_conf *
director_conf_get(struct director *d)
{
	struct dir_conf *conf;

	mutex_lock(&d->lock);
	conf = dir_conf_ref(d->conf);
	mutex_unlock(&d->lock);
	return conf;
}

void
director_conf_put(struct director *d, struct dir_conf *conf)
{
	(void)d;
	dir_conf_unref(conf);
}

struct dir_conf *
director_conf_ref(struct director *d, struct dir_conf *conf)
{
	(void)d;
	return dir_conf_ref(conf);
}

/* ---- switches and handshakes: small facts by name, forgotten at a reload ---- */

struct fact {
	char key[160]; /* kind letter and name */
	int value;
	UT_hash_handle hh;
};

static void
fact_key(char kind, const char *name, char out[160])
{
	(void)snprintf(out, 160, "%c%s", kind, name);
}

static void
fact_set(struct director *d, char kind, const char *name, int value)
{
	char key[160];
	struct fact *f;

	fact_key(kind, name, key);
	mutex_lock(&d->facts_lock);
	HASH_FIND_STR(d->facts, key, f);
	if (f == NULL) {
		f = NEW(struct fact);
		memcpy(f->key, key, sizeof(key));
		HASH_ADD_STR(d->facts, key, f);
	}
	f->value = value;
	mutex_unlock(&d->facts_lock);
}

static int
fact_get(struct director *d, char kind, const char *name, int none)
{
	char key[160];
	struct fact *f;
	int value;

	fact_key(kind, name, key);
	mutex_lock(&d->facts_lock);
	HASH_FIND_STR(d->facts, key, f);
	value = f != NULL ? f->value : none;
	mutex_unlock(&d->facts_lock);
	return value;
}

void
director_forget_facts(struct director *d)
{
	struct fact *f, *next;

	mutex_lock(&d->facts_lock);
	HASH_ITER (hh, d->facts, f, next) {
		HASH_DEL(d->facts, f);
		free(f);
	}
	mutex_unlock(&d->facts_lock);
}

static const char switch_letters[] = {
	[SWITCH_JOB] = 'j', [SWITCH_CLIENT] = 'c', [SWITCH_SCHEDULE] = 's'
};

void
director_set_enabled(struct director *d, enum director_switch kind, const char *name, bool enabled)
{
	fact_set(d, switch_letters[kind], name, enabled);
}

static bool
configured_enabled(const struct dir_conf *conf, enum director_switch kind, const char *name)
{
	const struct dir_job *j;
	const struct dir_client *c;
	const struct dir_schedule *s;

	switch (kind) {
	case SWITCH_JOB:
		j = dir_conf_find_job(conf, name);
		return j != NULL && j->enabled;
	case SWITCH_CLIENT:
		c = dir_conf_find_client(conf, name);
		return c != NULL && c->enabled;
	case SWITCH_SCHEDULE:
		s = dir_conf_find_schedule(conf, name);
		return s != NULL && s->enabled;
	}
	return false;
}

bool
director_is_enabled(struct director *d, enum director_switch kind, const char *name)
{
	int switched = fact_get(d, switch_letters[kind], name, -1);
	struct dir_conf *conf;
	bool enabled;

	if (switched >= 0)
		return switched != 0;
	conf = director_conf_get(d);
	enabled = configured_enabled(conf, kind, name);
	director_conf_put(d, conf);
	return enabled;
}

enum handshake
director_handshake_get(struct director *d, const char *client)
{
	return (enum handshake)fact_get(d, 'h', client, HANDSHAKE_UNKNOWN);
}

void
director_handshake_set(struct director *d, const char *client, enum handshake h)
{
	fact_set(d, 'h', client, (int)h);
}

/* ---- catalogs ---- */

static struct catalog *
find_catalog_locked(struct director *d, const char *name) REQUIRES(&d->lock)
{
	for (size_t i = 0; i < d->n_catalogs; i++)
		if (name == NULL || strcmp(catalog_name(d->catalogs[i]), name) == 0)
			return d->catalogs[i];
	return NULL;
}

enum err_code
director_catalog(struct director *d, const char *name, struct catalog **out, struct err *err)
{
	struct catalog *c;

	mutex_lock(&d->lock);
	c = find_catalog_locked(d, name);
	mutex_unlock(&d->lock);
	if (c == NULL)
		return err_set(err, ERR_CONFIG, "Catalog \"%s\" is not open",
			       name != NULL ? name : "(default)");
	*out = c;
	return ERR_OK;
}

/* ---- facts ---- */

const char *
director_name(struct director *d)
{
	return d->name;
}

const char *
director_working_directory(struct director *d)
{
	return d->working_directory;
}

char *
director_file(struct director *d, const char *what)
{
	OWNED(freep) char *name = path_component(d->name);

	return str_printf("%s/%s.%s", d->working_directory, name, what);
}

const char *
director_config_path(struct director *d)
{
	return d->config_path;
}

int64_t
director_start_time(struct director *d)
{
	return d->start_time;
}

struct job_table *
director_jobs(struct director *d)
{
	return d->jobs;
}

struct scheduler *
director_scheduler(struct director *d)
{
	return d->sched;
}

struct msg_console *
director_messages(struct director *d)
{
	return d->console;
}

struct cancel *
director_stop(struct director *d)
{
	return &d->stop;
}

void
director_ask_stop(struct director *d)
{
	cancel_now(&d->stop);
}

void
director_set_console(struct director *d, director_console_fn fn)
{
	d->console_fn = fn;
}

director_console_fn
director_console(struct director *d)
{
	return d->console_fn;
}

const char *
director_version_short(void)
{
	return TERCET_VERSION " (" RELEASE_SHORT ")";
}

const char *
director_version_long(void)
{
	return TERCET_VERSION " (" RELEASE_LONG ")";
}

static char os_text[128]; /* written by director_new before threads start */

const char *
director_os_text(void)
{
	return os_text;
}

void
director_read_os_text(void)
{
	struct buf b = BUF_INIT(64 * 1024);
	struct err err = ERR_INIT;
	const char *p;

	(void)snprintf(os_text, sizeof(os_text), "Linux");
	if (fd_read_file("/etc/os-release", &b, &err) == ERR_OK &&
	    (p = strstr(buf_str(&b), "PRETTY_NAME=\"")) != NULL)
		(void)snprintf(os_text, sizeof(os_text), "%.*s", (int)strcspn(p + 13, "\"\n"),
			       p + 13);
	buf_release(&b);
}
