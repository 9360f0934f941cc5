/*
 * director/life.c - start, reload and stop of the process: catalogs, jobs, scheduler, messages
 */
#include "director/life.h"

#include "director/catalog_options.h"
#include "director/conf/dir_conf.h"
#include "director/director_internal.h"
#include "director/job/job_setup.h"
#include "director/sched/scheduler.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/ready.h"
#include "lib/catalog/cat_attr.h"
#include "lib/catalog/cat_client.h"
#include "lib/catalog/cat_job.h"
#include "lib/catalog/cat_log.h"
#include "lib/catalog/cat_pool.h"
#include "lib/catalog/cat_storage.h"
#include "lib/msg/deliver.h"

/* ---- catalogs ---- */

/* Steps 1 to 5 of catalog.md 8.1. */
static enum err_code
sync_catalog(const struct dir_conf *conf, const struct dir_catalog *dc, struct catalog *c,
	     struct err *err)
{
	OWNED(freep) struct cat_pool *pools = NEW_ARRAY(struct cat_pool, conf->n_pool + 1);
	size_t n = 0;
	uint32_t id;

	for (size_t i = 0; i < conf->n_pool; i++)
		if (conf->pool[i]->catalog == NULL || conf->pool[i]->catalog == dc)
			cat_pool_of(conf->pool[i], &pools[n++]);
	if (cat_pool_sync_all(c, pools, n, err) != ERR_OK)
		return err->code;
	for (size_t i = 0; i < conf->n_client; i++) {
		const struct dir_client *cl = conf->client[i];
		struct cat_client row = { .name = cl->name,
					  .auto_prune = cl->auto_prune,
					  .file_retention = cl->file_retention,
					  .job_retention = cl->job_retention };

		if ((cl->catalog == NULL || cl->catalog == dc) &&
		    cat_client_ensure(c, &row, err) != ERR_OK)
			return err->code;
	}
	for (size_t i = 0; i < conf->n_storage; i++)
		if (cat_media_type_ensure(c, conf->storage[i]->media_type, err) != ERR_OK ||
		    cat_storage_ensure(c, conf->storage[i]->name, conf->storage[i]->auto_changer,
				       &id, err) != ERR_OK)
			return err->code;
	for (size_t i = 0; i < conf->n_counter; i++) {
		const struct dir_counter *k = conf->counter[i];
		struct cat_counter row = {
			.name = k->name,
			.min = k->minimum,
			.max = k->maximum > INT32_MAX ? INT32_MAX : (int32_t)k->maximum,
			.wrap = k->wrap_counter != NULL ? k->wrap_counter->name : "",
		};

		if ((k->catalog == NULL || k->catalog == dc) &&
		    cat_counter_ensure(c, &row, err) != ERR_OK)
			return err->code;
	}
	return ERR_OK;
}

#define NEWS_SECONDS (31 * 24 * 3600) /* of older ones nobody wants mail */

/* The reason goes to its log; without its resources there is nobody else to tell. */
static void
tell_left(struct director *d, struct catalog *c, const struct cat_job *left)
{
	OWNED(freep) char *text = str_printf(JOB_LEFT_TEXT, left->job);
	OWNED(freep)
	char *line = str_printf("%s JobId %u: Fatal error: %s\n", d->name, left->job_id, text);
	struct err why = ERR_INIT;

	log_warn("JobId %u: %s", left->job_id, text);
	cat_log_add(c, left->job_id, clock_now(), bytes_str(line));
	if (left->sched_time < clock_now() - NEWS_SECONDS)
		(void)err_set(&why, ERR_CONFIG, "it is more than a month old");
	else if (job_take_left(d, c, left, &why) == ERR_OK)
		return;
	log_warn("JobId %u: no report is sent: %s", left->job_id, why.text);
}

/* Step 6: jobs that a dead director left running end with a reason; the reason is there first. */
static enum err_code
clean_up(struct director *d, struct catalog *c, struct err *err)
{
	OWNED(cat_jobs_release) struct cat_jobs left = { 0 };
	uint32_t n = 0;

	if (cat_job_list_running(c, &left, err) != ERR_OK)
		return err->code;
	for (size_t i = 0; i < left.n; i++) {
		tell_left(d, c, &left.v[i]);
		cat_attr_forget(c, left.v[i].job_id);
	}
	if (left.n > 0 && cat_log_flush(c, err) != ERR_OK)
		return err->code;
	return cat_job_clean_up(c, &n, err);
}

/* The catalogs of a configuration. */
struct opened {
	struct catalog *v[DIRECTOR_CATALOGS_MAX];
	bool fresh[DIRECTOR_CATALOGS_MAX]; /* nobody else knows it */
	size_t n;
};

static void
close_fresh(struct opened *o)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->fresh[i])
			catalog_close(o->v[i]);
}

static struct catalog *
find_open_locked(struct director *d, const struct catalog_options *o) REQUIRES(&d->lock)
{
	for (size_t i = 0; i < d->n_catalogs; i++)
		if (catalog_is_of(d->catalogs[i], o))
			return d->catalogs[i];
	for (size_t i = 0; i < d->n_retired; i++)
		if (catalog_is_of(d->retired[i], o))
			return d->retired[i];
	return NULL;
}

/* The catalog of a resource goes to the end of the list, opened if it is not yet. */
static enum err_code
find_or_open(struct director *d, const struct dir_catalog *dc, struct opened *list, struct err *err)
{
	OWNED(freep) char *words = NULL;
	struct catalog_options o = director_catalog_options(dc, d->working_directory, &words);
	struct catalog *c;
	bool fresh;

	if (list->n == DIRECTOR_CATALOGS_MAX)
		return err_set(err, ERR_LIMIT, "more than %d catalogs", DIRECTOR_CATALOGS_MAX);
	mutex_lock(&d->lock);
	c = find_open_locked(d, &o);
	mutex_unlock(&d->lock);
	fresh = c == NULL;
	if (fresh && catalog_open(&o, &c, err) != ERR_OK)
		return err_ctx(err, "catalog %s", dc->name);
	list->fresh[list->n] = fresh;
	list->v[list->n++] = c;
	return ERR_OK;
}

/* All jobs and consoles that the configuration lets in.  docs/operations.md */
static enum err_code
judge_connections(const struct dir_director *self, struct catalog *c, struct err *err)
{
	uint64_t jobs = self->maximum_concurrent_jobs, consoles = self->maximum_console_connections;
	uint64_t need = CATALOG_CONNECTIONS + 2 * jobs + consoles;
	uint32_t allowed;

	if (catalog_server_connections(c, &allowed, err) != ERR_OK)
		return err->code;
	if (allowed < need)
		log_warn("catalog %s: with Maximum Concurrent Jobs = %llu the director may need "
			 "%llu connections, and the server allows %u: raise its max_connections",
			 catalog_name(c), (unsigned long long)jobs, (unsigned long long)need,
			 allowed);
	return ERR_OK;
}

/* What can be wrong with a catalog is found before anything is told to anybody. */
static enum err_code
prepare_catalog(struct director *d, const struct dir_conf *conf, const struct dir_catalog *dc,
		struct opened *list, struct err *err)
{
	struct catalog *c;

	if (find_or_open(d, dc, list, err) != ERR_OK)
		return err->code;
	c = list->v[list->n - 1];
	if (sync_catalog(conf, dc, c, err) != ERR_OK ||
	    judge_connections(conf->director, c, err) != ERR_OK)
		return err_ctx(err, "catalog %s", dc->name);
	return ERR_OK;
}

/*
 * Open what is not open yet, and bring the rows up to date.  What a dead director left is cleaned
 * up when all catalogs are there: a start that failed behind it would tell nobody of the jobs, nor
 * would the next one.  It comes before the maintenance, which forgets what belongs to jobs that
 * have ended.  Reloads and the start come one at a time.
 */
static enum err_code
bring_up_catalogs(struct director *d, const struct dir_conf *conf, bool first, struct opened *list,
		  struct err *err)
{
	for (size_t i = 0; i < conf->n_catalog; i++)
		if (prepare_catalog(d, conf, conf->catalog[i], list, err) != ERR_OK)
			return err->code;
	for (size_t i = 0; i < list->n; i++)
		if ((first && clean_up(d, list->v[i], err) != ERR_OK) ||
		    catalog_maintain(list->v[i], err) != ERR_OK)
			return err_ctx(err, "catalog %s", conf->catalog[i]->name);
	if (conf->n_catalog == 0)
		return err_set(err, ERR_CONFIG, "no Catalog is configured");
	return ERR_OK;
}

static bool
is_listed(const struct opened *list, const struct catalog *c)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i] == c)
			return true;
	return false;
}

/* From now on jobs get these.  ERR_LIMIT: too many others are open for jobs of earlier reloads. */
static enum err_code
use_catalogs_locked(struct director *d, struct opened *list, struct err *err) REQUIRES(&d->lock)
{
	struct catalog *retired[2 * DIRECTOR_CATALOGS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < d->n_retired; i++)
		if (!is_listed(list, d->retired[i]))
			retired[n++] = d->retired[i];
	for (size_t i = 0; i < d->n_catalogs; i++)
		if (!is_listed(list, d->catalogs[i]))
			retired[n++] = d->catalogs[i];
	if (n > DIRECTOR_CATALOGS_MAX)
		return err_set(err, ERR_LIMIT,
			       "%zu catalogs of earlier configurations are open: restart the "
			       "director",
			       n);
	memcpy(d->retired, retired, n * sizeof(retired[0]));
	d->n_retired = n;
	memcpy(d->catalogs, list->v, list->n * sizeof(list->v[0]));
	d->n_catalogs = list->n;
	*list = (struct opened){ .n = 0 };
	return ERR_OK;
}

/* ---- reload; config.md 8.5 ---- */

static void
say_text(director_say say, void *arg, struct buf *text)
{
	char *p = buf_take_str(text), *line = p;

	while (say != NULL && *line != '\0') {
		size_t n = strcspn(line, "\n");
		bool last = line[n] == '\0';

		line[n] = '\0';
		say(arg, line);
		line += n + !last;
	}
	free(p);
}

/* On ERR_OK *conf is the generation that was in use. */
static enum err_code
swap(struct director *d, struct dir_conf **conf, struct opened *catalogs, struct err *err)
{
	struct dir_conf *fresh = *conf;
	enum err_code code;

	if (strcmp(fresh->director->name, d->name) != 0 ||
	    strcmp(fresh->director->working_directory, d->working_directory) != 0)
		log_warn("Director Name and Working Directory change only with a restart");
	mutex_lock(&d->lock);
	code = use_catalogs_locked(d, catalogs, err);
	if (code == ERR_OK) {
		*conf = d->conf;
		d->conf = fresh;
	}
	mutex_unlock(&d->lock);
	return code;
}

static enum err_code
reload_locked(struct director *d, director_say say, void *arg, struct err *err)
	REQUIRES(&d->reload_lock)
{
	OWNED(conf_diag_freep) struct conf_diag *diag = conf_diag_new(false);
	OWNED(dir_conf_unrefp) struct dir_conf *conf = NULL;
	OWNED(close_fresh) struct opened catalogs = { .n = 0 };
	struct buf text = BUF_INIT(4u * 1024 * 1024);
	enum err_code code;

	ready_reloading();
	code = dir_conf_load(d->config_path, &conf, diag, err);
	conf_diag_text(diag, false, &text);
	say_text(say, arg, &text);
	if (code == ERR_OK)
		code = bring_up_catalogs(d, conf, false, &catalogs, err);
	if (code == ERR_OK)
		code = swap(d, &conf, &catalogs, err);
	if (code != ERR_OK) {
		ready_started();
		return err_ctx(err, "reload refused, the old configuration stays");
	}
	director_forget_facts(d);
	scheduler_rebuild(d->sched);
	job_table_wake(d->jobs);
	log_info("the configuration was read again");
	ready_started();
	return ERR_OK;
}

enum err_code
director_reload(struct director *d, director_say say, void *arg, struct err *err)
{
	enum err_code code;

	/* A signal and consoles may ask at once: the later one reads the later files. */
	mutex_lock(&d->reload_lock);
	code = reload_locked(d, say, arg, err);
	mutex_unlock(&d->reload_lock);
	return code;
}

/* ---- start, stop ---- */

enum err_code
director_new(const char *config_path, struct dir_conf **conf, struct director **out,
	     struct err *err) NO_ANALYSIS /* no other thread runs */
{
	struct director *d = NEW(struct director);
	OWNED(freep) char *spool = NULL;

	director_read_os_text();
	d->config_path = config_path != NULL ? str_dup(config_path) : NULL;
	d->conf = TAKE_PTR(*conf);
	d->name = str_dup(d->conf->director->name);
	d->working_directory = str_dup(d->conf->director->working_directory);
	d->start_time = clock_now();
	d->stop.event = -1;
	mutex_init(&d->reload_lock, RANK_RELOAD);
	mutex_init(&d->lock, RANK_CONF);
	mutex_init(&d->facts_lock, RANK_LEAF);
	spool = director_file(d, "conmsg");
	*out = d;
	if (cancel_init(&d->stop, err) != ERR_OK)
		return err->code;
	msg_clean_spools(d->working_directory, d->name);
	d->console = msg_console_new(spool);
	d->jobs = job_table_new(d);
	return ERR_OK;
}

enum err_code
director_start(struct director *d, struct err *err) NO_ANALYSIS /* no other thread runs */
{
	OWNED(close_fresh) struct opened catalogs = { .n = 0 };

	if (bring_up_catalogs(d, d->conf, true, &catalogs, err) != ERR_OK ||
	    use_catalogs_locked(d, &catalogs, err) != ERR_OK ||
	    job_table_start(d->jobs, err) != ERR_OK)
		return err->code;
	return scheduler_start(d, &d->sched, err);
}

void
director_free(struct director *d) NO_ANALYSIS /* no other thread runs */
{
	if (d == NULL)
		return;
	scheduler_free(d->sched);
	d->sched = NULL;
	if (d->jobs != NULL)
		job_table_cancel_all(d->jobs);
	job_table_free(d->jobs);
	for (size_t i = 0; i < d->n_catalogs; i++)
		catalog_close(d->catalogs[i]);
	for (size_t i = 0; i < d->n_retired; i++)
		catalog_close(d->retired[i]);
	msg_console_free(d->console);
	director_forget_facts(d);
	dir_conf_unref(d->conf);
	mutex_release(&d->lock);
	mutex_release(&d->reload_lock);
	mutex_release(&d->facts_lock);
	cancel_release(&d->stop);
	free(d->name);
	free(d->working_directory);
	free(d->config_path);
	free(d);
}
