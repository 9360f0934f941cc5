/*
 * File-scope state: whether this thread has the patience of a job.
 */
#include "lib/catalog/catalog_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/thread.h"
#include "lib/catalog/schema.h"

#define CONNECT_SECONDS  30
#define RETRY_PAUSE_MS   500
#define OUTCOME_PAUSE_MS 100
#define SLOT_SLICE_MS    200
/* A job outlives a restart of the server; a person at a console is told after seconds. */
#define JOB_PATIENCE_SECONDS    900
#define PERSON_PATIENCE_SECONDS 10

static _Thread_local bool patient;

void
catalog_be_patient(void)
{
	patient = true;
}

unsigned
catalog_patience(void)
{
	return patient || thread_job() != 0 ? JOB_PATIENCE_SECONDS : PERSON_PATIENCE_SECONDS;
}

/* False: the owner of this thread has no more patience. */
static bool
pause_for_server(int64_t ms)
{
	struct wait w = { .cancel = thread_cancel(),
			  .deadline_ms = clock_mono_ms() + ms,
			  .what = "the catalog" };
	struct err ignored = ERR_INIT;

	return wait_pause(&w, &ignored) == ERR_OK;
}

/* What no time heals: a wrong password, no right to connect, no such database. */
static bool
is_refused(const struct pg_info *info)
{
	char state[6];

	pg_why_refused(info, state);
	return strncmp(state, "28", 2) == 0 || strcmp(state, "3D000") == 0;
}

/* Connect; try again until the time is up or the server refuses. */
static enum err_code
connect_within(const struct pg_info *info, unsigned seconds, struct pg **out, struct err *err)
{
	int64_t end = clock_mono_ms() + (int64_t)seconds * 1000;

	while (pg_open(info, out, err) != ERR_OK) {
		if (clock_mono_ms() >= end || is_refused(info) || !pause_for_server(RETRY_PAUSE_MS))
			return err->code;
	}
	return ERR_OK;
}

enum err_code
catalog_connect(struct catalog *c, const struct pg_info *info, struct pg **out, struct err *err)
{
	return connect_within(info, c->reconnect ? catalog_patience() : 0, out, err);
}

/* Slices, because the cancel is an eventfd and not our condition. */
static enum err_code
idle_or_slot_locked(struct catalog *c, struct pg **out, struct err *err) REQUIRES(c->lock)
{
	int64_t end_ms = catalog_end_of_patience();

	while (c->idle == NULL && c->used >= c->max_connections) {
		if (clock_mono_ms() >= end_ms || cancel_asked(thread_cancel()))
			return err_set(err, ERR_CATALOG, "catalog %s: all %u connections are busy",
				       c->name, c->max_connections);
		(void)cond_wait_ms(&c->freed, &c->lock, SLOT_SLICE_MS);
	}
	c->used++;
	*out = c->idle;
	if (*out != NULL)
		c->idle = (*out)->next;
	return ERR_OK;
}

enum err_code
catalog_take(struct catalog *c, struct pg **out, struct err *err)
{
	struct pg *pg = NULL;
	enum err_code code;

	mutex_lock(&c->lock);
	code = idle_or_slot_locked(c, &pg, err);
	mutex_unlock(&c->lock);
	if (code != ERR_OK)
		return code;
	if (pg != NULL && pg_is_stale(pg)) {
		pg_close(pg);
		pg = NULL;
	}
	if (pg == NULL && catalog_connect(c, &c->info, &pg, err) != ERR_OK) {
		mutex_lock(&c->lock);
		c->used--;
		cond_broadcast(&c->freed);
		mutex_unlock(&c->lock);
		return err->code;
	}
	pg->next = NULL;
	*out = pg;
	return ERR_OK;
}

void
catalog_put(struct catalog *c, struct pg *pg)
{
	bool keep;

	pg_rollback(pg);
	keep = !pg_is_lost(pg) && PQtransactionStatus(pg->conn) == PQTRANS_IDLE;
	if (!keep)
		pg_close(pg);
	mutex_lock(&c->lock);
	if (keep) {
		pg->next = c->idle;
		c->idle = pg;
	}
	c->used--;
	cond_broadcast(&c->freed);
	mutex_unlock(&c->lock);
}

bool
catalog_may_try_again(struct catalog *c, bool lost, int64_t end_ms)
{
	return lost && c->reconnect && clock_mono_ms() < end_ms && !cancel_asked(thread_cancel());
}

int64_t
catalog_end_of_patience(void)
{
	return clock_mono_ms() + (int64_t)catalog_patience() * 1000;
}

static enum err_code
run_repeatable(struct catalog *c, enum sql_id id, const struct sql_args *a, PGresult **out,
	       struct err *err)
{
	int64_t end_ms = catalog_end_of_patience();

	for (;;) {
		struct err why = ERR_INIT;
		struct pg *pg = NULL;
		bool lost;

		if (catalog_take(c, &pg, err) != ERR_OK)
			return err->code;
		if (pg_run(pg, id, a, out, &why) == ERR_OK) {
			catalog_put(c, pg);
			return ERR_OK;
		}
		lost = pg_is_lost(pg);
		catalog_put(c, pg);
		if (!catalog_may_try_again(c, lost, end_ms)) {
			*err = why;
			return err->code;
		}
	}
}

struct one_call {
	enum sql_id lock; /* SQL_COUNT: none */
	enum sql_id id;
	const struct sql_args *args;
	PGresult **out;
};

static enum err_code
run_one(struct pg *pg, void *ctx, struct err *err)
{
	const struct one_call *call = ctx;

	if (call->lock != SQL_COUNT && pg_run(pg, call->lock, NULL, NULL, err) != ERR_OK)
		return err->code;
	if (call->out != NULL) {
		PQclear(*call->out);
		*call->out = NULL;
	}
	return pg_run(pg, call->id, call->args, call->out, err);
}

enum err_code
catalog_run(struct catalog *c, enum sql_id id, const struct sql_args *a, PGresult **out,
	    struct err *err)
{
	struct one_call call = { SQL_COUNT, id, a, out };

	if (sql_get(id)->repeatable)
		return run_repeatable(c, id, a, out, err);
	return catalog_tx(c, run_one, &call, err);
}

enum err_code
catalog_run_locked(struct catalog *c, enum sql_id lock, enum sql_id id, const struct sql_args *a,
		   PGresult **out, struct err *err)
{
	struct one_call call = { lock, id, a, out };

	return catalog_tx(c, run_one, &call, err);
}

/* After a COMMIT without an answer. */
static enum err_code
find_outcome(struct catalog *c, const char *txid, enum pg_outcome *out, struct err *err)
{
	int64_t end_ms = catalog_end_of_patience();
	struct pg *pg = NULL;

	for (;;) {
		struct err why = ERR_INIT;
		bool lost;

		if (catalog_take(c, &pg, err) != ERR_OK)
			return err->code;
		if (pg_tx_outcome(pg, txid, out, &why) == ERR_OK) {
			catalog_put(c, pg);
			if (*out != PG_IN_PROGRESS)
				return ERR_OK;
			(void)err_set(&why, ERR_CATALOG,
				      "catalog %s: transaction %s neither ends nor fails", c->name,
				      txid);
			lost = true;
		} else {
			lost = pg_is_lost(pg);
			catalog_put(c, pg);
		}
		if (!catalog_may_try_again(c, lost, end_ms)) {
			*err = why;
			return err->code;
		}
		clock_pause_ms(OUTCOME_PAUSE_MS);
	}
}

/* One try.  *again: the connection was lost and nothing is in. */
static enum err_code
try_tx(struct catalog *c, catalog_tx_fn fn, void *ctx, bool *again, struct err *err)
{
	char txid[PG_TXID_MAX] = "";
	enum pg_outcome outcome = PG_ABORTED;
	struct pg *pg = NULL;
	enum err_code code;

	*again = false;
	if (catalog_take(c, &pg, err) != ERR_OK)
		return err->code;
	code = pg_begin(pg, err);
	if (code == ERR_OK)
		code = fn(pg, ctx, err);
	if (code == ERR_OK)
		code = pg_tx_id(pg, txid, err);
	if (code != ERR_OK) {
		*again = pg_is_lost(pg);
		catalog_put(c, pg);
		return code;
	}
	code = pg_commit(pg, err);
	if (code == ERR_OK || !pg_is_lost(pg) || !c->reconnect) {
		catalog_put(c, pg);
		return code;
	}
	catalog_put(c, pg);
	if (find_outcome(c, txid, &outcome, err) != ERR_OK)
		return err->code;
	*again = outcome == PG_ABORTED;
	return *again ? code : ERR_OK;
}

enum err_code
catalog_tx(struct catalog *c, catalog_tx_fn fn, void *ctx, struct err *err)
{
	int64_t end_ms = catalog_end_of_patience();

	for (;;) {
		struct err why = ERR_INIT;
		bool again = false;

		if (try_tx(c, fn, ctx, &again, &why) == ERR_OK)
			return ERR_OK;
		if (!catalog_may_try_again(c, again, end_ms)) {
			*err = why;
			return err->code;
		}
	}
}

char *
ids_text(const uint32_t *ids, size_t n)
{
	struct buf b = BUF_INIT(SIZE_MAX);

	buf_text(&b, "{");
	for (size_t i = 0; i < n; i++)
		buf_text(&b, i == 0 ? "%u" : ",%u", ids[i]);
	buf_text(&b, "}");
	return buf_take_str(&b);
}

static char *
dup_or_null(const char *s)
{
	return s != NULL && *s != '\0' ? str_dup(s) : NULL;
}

/* 'its value' with \' and \\ inside. */
static void
put_word(struct buf *out, const char *word, const char *value)
{
	buf_text(out, "%s='", word);
	for (; *value != '\0'; value++)
		buf_text(out, *value == '\'' || *value == '\\' ? "\\%c" : "%c", *value);
	buf_text(out, "' ");
}

char *
catalog_tls_words(const struct catalog_tls *tls)
{
	const struct {
		const char *word, *value;
	} words[] = { { "sslmode", tls->mode },
		      { "sslkey", tls->key },
		      { "sslcert", tls->cert },
		      { "sslrootcert", tls->ca } };
	OWNED(buf_release) struct buf out = BUF_INIT(SIZE_MAX);

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].value != NULL)
			put_word(&out, words[i].word, words[i].value);
	return out.len > 0 ? buf_take_str(&out) : NULL;
}

static void
fill_info(const struct catalog_options *o, struct pg_info *i)
{
	const char *host = o->socket != NULL && *o->socket != '\0' ? o->socket : o->address;

	i->host = dup_or_null(host);
	i->port = o->port != 0 ? str_printf("%u", o->port) : NULL;
	i->db_name = dup_or_null(o->db_name);
	i->user = dup_or_null(o->user);
	i->password = o->password.n > 0 ? str_ndup((const char *)o->password.p, o->password.n)
					: NULL;
	i->more = dup_or_null(o->conninfo);
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
same_info(const struct pg_info *a, const struct pg_info *b)
{
	return same_text(a->host, b->host) && same_text(a->port, b->port) &&
	       same_text(a->db_name, b->db_name) && same_text(a->user, b->user) &&
	       same_text(a->password, b->password) && same_text(a->more, b->more);
}

bool
catalog_is_of(const struct catalog *c, const struct catalog_options *o)
{
	OWNED(pg_info_release) struct pg_info info = { 0 };

	if (!same_text(c->name, o->name) || c->reconnect != o->reconnect ||
	    (c->managed != NULL) != o->managed)
		return false;
	fill_info(o, &info);
	return o->managed || same_info(&c->info, &info);
}

/* The cluster, its role and database; info then names them. */
static enum err_code
start_managed(const struct catalog_options *o, struct pg_info *info, struct managed **managed,
	      struct err *err)
{
	struct managed_options m = { .state_dir = o->state_dir,
				     .service_user = o->service_user,
				     .guest = o->guest };

	if (o->state_dir == NULL)
		return err_set(err, ERR_CONFIG, "Managed needs a state directory");
	if (managed_start(&m, managed, err) != ERR_OK)
		return err->code;
	*info = (struct pg_info){ .host = str_dup(managed_socket_dir(*managed)),
				  .port = str_dup(MANAGED_PORT),
				  .db_name = str_dup(MANAGED_DB),
				  .user = str_dup(managed_user(*managed)) };
	return managed_ensure_database(*managed, err);
}

enum err_code
catalog_prepare(const struct catalog_options *o, struct pg_info *info, struct managed **managed,
		struct err *err)
{
	if (o->managed)
		return start_managed(o, info, managed, err);
	fill_info(o, info);
	if (info->db_name == NULL)
		return err_set(err, ERR_CONFIG, "no database name");
	return ERR_OK;
}

/* With managed a database without tables is made ready here; elsewhere that is a person's
 * decision (tercet-catalog create).  Small tables that a newer program adds to its own need none.
 */
static bool
is_ours_to_complete(const struct catalog *c, enum schema_state state)
{
	return state == SCHEMA_BEHIND ||
	       (c->managed != NULL && (state == SCHEMA_EMPTY || state == SCHEMA_FOREIGN));
}

static enum err_code
check_database(struct catalog *c, struct err *err)
{
	struct pg *pg = NULL;
	enum err_code code;
	enum schema_state state;

	if (catalog_take(c, &pg, err) != ERR_OK)
		return err->code;
	code = schema_state_read(pg, &state, err);
	if (code == ERR_OK && is_ours_to_complete(c, state))
		code = schema_install(pg, err);
	if (code == ERR_OK)
		code = schema_check_usable(pg, err);
	if (code == ERR_OK && c->managed != NULL)
		code = pg_run(pg, SQL_QUERY_ROLE, NULL, NULL, err);
	catalog_put(c, pg);
	return code;
}

enum err_code
catalog_open(const struct catalog_options *o, struct catalog **out, struct err *err)
{
	OWNED(catalog_closep) struct catalog *c = NEW(struct catalog);
	unsigned seconds = o->connect_seconds != 0 ? o->connect_seconds : CONNECT_SECONDS;
	struct pg *pg = NULL;

	mutex_init(&c->lock, RANK_CATALOG);
	cond_init(&c->freed);
	c->name = str_dup(o->name != NULL ? o->name : "catalog");
	c->work_dir = dup_or_null(o->work_dir);
	c->reconnect = o->reconnect;
	c->max_connections = o->max_connections != 0 ? o->max_connections : CATALOG_POOL;
	c->paths = path_cache_new(o->path_cache_bytes != 0 ? o->path_cache_bytes
							   : PATH_CACHE_BYTES_DEFAULT);
	if (catalog_prepare(o, &c->info, &c->managed, err) != ERR_OK)
		return err_ctx(err, "catalog %s", c->name);
	if (connect_within(&c->info, seconds, &pg, err) != ERR_OK)
		return err->code;
	mutex_lock(&c->lock);
	c->idle = pg;
	mutex_unlock(&c->lock);
	if (check_database(c, err) != ERR_OK || log_writer_start(c, err) != ERR_OK)
		return err->code;
	*out = TAKE_PTR(c);
	return ERR_OK;
}

enum err_code
catalog_server_connections(struct catalog *c, uint32_t *n, struct err *err)
{
	struct sql_args a = { .n = 0 };
	OWNED(pg_clearp) PGresult *r = NULL;

	if (catalog_run(c, SQL_SERVER_CONNECTIONS, &a, &r, err) != ERR_OK)
		return err->code;
	*n = cell_u32(r, 0, 0);
	return ERR_OK;
}

void
catalog_close(struct catalog *c) NO_ANALYSIS /* nobody else knows it any more */
{
	struct pg *next;

	if (c == NULL)
		return;
	log_writer_stop(c);
	for (struct pg *pg = c->idle; pg != NULL; pg = next) {
		next = pg->next;
		pg_close(pg);
	}
	path_cache_free(c->paths);
	managed_stop(c->managed);
	pg_info_release(&c->info);
	cond_release(&c->freed);
	mutex_release(&c->lock);
	free(c->name);
	free(c->work_dir);
	free(c);
}

void
catalog_closep(struct catalog **c)
{
	catalog_close(*c);
}

const char *
catalog_name(const struct catalog *c)
{
	return c->name;
}

const char *
catalog_db_name(const struct catalog *c)
{
	return c->info.db_name;
}

enum err_code
catalog_ping(struct catalog *c, struct err *err)
{
	return catalog_run(c, SQL_CATALOG_PING, NULL, NULL, err);
}

enum err_code
catalog_maintain(struct catalog *c, struct err *err)
{
	static const enum sql_id steps[] = { SQL_CATALOG_KEEP_PARTITIONS, SQL_CATALOG_FINISH_PURGES,
					     SQL_CATALOG_FORGET_INGEST, SQL_CATALOG_FREE_CLAIMS };

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (catalog_run(c, steps[i], NULL, NULL, err) != ERR_OK)
			return err->code;
	return ERR_OK;
}
