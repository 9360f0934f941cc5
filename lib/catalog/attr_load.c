#include "lib/catalog/attr_load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/catalog/attr_paths.h"

#define RECONNECT_PAUSE_MS 1000
/* At the end of a job.  A server that is away comes back by itself; a full disk needs somebody. */
#define FULL_SECONDS  60
#define IDS_AHEAD_MAX 65536u

static const char copy_head[19] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0";
static const char copy_tail[2] = "\377\377";

/* What the server may say when it is going away, full or restarting; anything else is final. */
static bool
may_pass(const struct pg *pg)
{
	static const char *const classes[] = { "08", "40", "53", "57", "58", "XX" };

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (strncmp(pg->state, classes[i], 2) == 0)
			return true;
	return pg_is_lost(pg);
}

/* ERR_PEER inside this file: the server is away, try again later. */
static enum err_code
passing_or_final(const struct pg *pg, struct err *err)
{
	if (err->code == ERR_CATALOG && may_pass(pg))
		err->code = ERR_PEER;
	return err->code;
}

static bool
wait_changed_locked(struct loader *l, int64_t until_ms) REQUIRES(l->lock)
{
	int64_t left = until_ms - clock_mono_ms();

	if (until_ms == 0) {
		cond_wait(&l->changed, &l->lock);
		return true;
	}
	return left > 0 && cond_wait_ms(&l->changed, &l->lock, left);
}

static void
recycle_locked(struct loader *l, struct batch *b) REQUIRES(l->lock)
{
	batch_clear(b);
	b->next = l->spare;
	l->spare = b;
}

struct batch *
loader_spare(struct loader *l)
{
	struct batch *b;

	mutex_lock(&l->lock);
	b = l->spare;
	if (b != NULL)
		l->spare = b->next;
	mutex_unlock(&l->lock);
	if (b == NULL)
		return batch_new();
	b->next = NULL;
	return b;
}

/* --- connecting ------------------------------------------------------------------------- */

static void
disconnect(struct loader *l)
{
	visible_again(l);
	pg_close(l->data);
	pg_close(l->paths);
	l->data = NULL;
	l->paths = NULL;
	l->copying = false;
	l->n_sent = 0;
}

/* Batches that the database has: out of the list. */
static void
drop_committed(struct loader *l, uint64_t upto)
{
	mutex_lock(&l->lock);
	for (; l->batches_done < upto && l->head != NULL; l->batches_done++) {
		struct batch *b = l->head;

		l->head = b->next;
		if (l->head == NULL)
			l->tail = NULL;
		l->n_list--;
		l->n_memory -= b->spool_len == 0;
		atomic_fetch_add_explicit(&l->rows_done, b->rows, memory_order_relaxed);
		atomic_fetch_add_explicit(&l->deleted_done, b->deleted, memory_order_relaxed);
		recycle_locked(l, b);
	}
	if (l->head == NULL)
		l->flush = false;
	cond_broadcast(&l->changed);
	mutex_unlock(&l->lock);
}

/* What the server said about its full disk; NULL: it has taken something since. */
static void
note_full(struct loader *l, const char *why)
{
	mutex_lock(&l->lock);
	if (why == NULL)
		l->full_since_ms = 0;
	else if (l->full_since_ms == 0)
		l->full_since_ms = clock_mono_ms();
	(void)snprintf(l->full_why, sizeof(l->full_why), "%s", why != NULL ? why : "");
	if (why == NULL)
		l->away_said[0] = '\0';
	mutex_unlock(&l->lock);
}

static bool
is_disk_full(const struct pg *pg)
{
	return pg != NULL && strcmp(pg->state, "53100") == 0;
}

/* The statement that opens waits for a transaction of a lost connection that still has the row. */
static enum err_code
read_state(struct loader *l, bool first, struct err *err)
{
	struct sql_args a = { .n = 0 };
	OWNED(pg_clearp) PGresult *p = NULL;
	OWNED(pg_clearp) PGresult *r = NULL;
	uint64_t batches;

	arg_u64(&a, l->job_id);
	if (pg_run(l->paths, SQL_INGEST_OPEN, &a, &p, err) != ERR_OK ||
	    pg_run(l->paths, SQL_INGEST_STATE, &a, &r, err) != ERR_OK)
		return passing_or_final(l->paths, err);
	if (PQntuples(r) != 1)
		return err_set(err, ERR_CATALOG, "job %u has no row in tercet_ingest", l->job_id);
	cell_text(p, 0, 0, l->partition, sizeof(l->partition));
	batches = cell_u64(r, 0, 0);
	if (first)
		l->batches_done = batches;
	drop_committed(l, batches);
	if (l->batches_done != batches)
		return err_set(err, ERR_CATALOG,
			       "the row of job %u in tercet_ingest is not the one it was: was the "
			       "job deleted while it ran?",
			       l->job_id);
	return ERR_OK;
}

static enum err_code
reconnect(struct loader *l, bool first, struct err *err)
{
	disconnect(l);
	if (pg_open(&l->catalog->info, &l->data, err) != ERR_OK ||
	    pg_open(&l->catalog->info, &l->paths, err) != ERR_OK) {
		err->code = ERR_PEER;
		disconnect(l);
		return err->code;
	}
	pg_set_cancel(l->data, &l->halt);
	pg_set_cancel(l->paths, &l->halt);
	if (read_state(l, first, err) != ERR_OK) {
		disconnect(l);
		return err->code;
	}
	return ERR_OK;
}

/* --- one COPY --------------------------------------------------------------------------- */

static char *
copy_text(struct loader *l)
{
	char *name = PQescapeIdentifier(l->data->conn, l->partition, strlen(l->partition));
	char *out = sql_put_in(SQL_INGEST_COPY, "{partition}", name);

	PQfreemem(name);
	return out;
}

static enum err_code
begin_copy(struct loader *l, struct err *err)
{
	OWNED(freep) char *text = copy_text(l);

	if (pg_begin(l->data, err) != ERR_OK || pg_run_text(l->data, text, NULL, err) != ERR_OK ||
	    pg_copy_put(l->data, copy_head, sizeof(copy_head), err) != ERR_OK)
		return passing_or_final(l->data, err);
	l->copying = true;
	l->commit_at_ms = clock_mono_ms() + COMMIT_AFTER_MS;
	return ERR_OK;
}

/* FileIds for n rows.  Small jobs take what they need, large ones take them by the 65,536. */
static enum err_code
take_ids(struct loader *l, uint32_t n, uint64_t *first, struct err *err)
{
	uint64_t ahead = atomic_load_explicit(&l->rows_done, memory_order_relaxed);
	struct sql_args a = { .n = 0 };
	OWNED(pg_clearp) PGresult *r = NULL;

	if (l->id_end - l->id_next < n) {
		ahead = ahead > IDS_AHEAD_MAX ? IDS_AHEAD_MAX : ahead;
		ahead = ahead > n ? ahead : n;
		arg_u64(&a, ahead);
		if (visible_await(l, err) != ERR_OK ||
		    pg_run(l->paths, SQL_FILEID_RESERVE, &a, &r, err) != ERR_OK)
			return err->code;
		l->id_next = cell_u64(r, 0, 0);
		l->id_end = l->id_next + ahead;
	}
	*first = l->id_next;
	l->id_next += n;
	return ERR_OK;
}

/* seen: the rows are already in the figures of the directory cache. */
static enum err_code
fill_batch(struct loader *l, struct batch *b, bool seen, struct err *err)
{
	OWNED(freep) uint32_t *ids = NEW_ARRAY(uint32_t, b->n_paths + 1);
	uint64_t first = 0;

	if (b->first_id != 0)
		return ERR_OK;
	if (attr_paths_resolve(l, b, ids, err) != ERR_OK ||
	    take_ids(l, b->rows, &first, err) != ERR_OK)
		return passing_or_final(l->paths, err);
	batch_fill(b, first, ids);
	if (!seen)
		visible_note(l, b, ids);
	return ERR_OK;
}

static enum err_code
send_tuples(struct loader *l, const struct batch *b, struct err *err)
{
	if (!l->copying && begin_copy(l, err) != ERR_OK)
		return err->code;
	if (pg_copy_put(l->data, b->tuples.p, b->tuples.len, err) != ERR_OK)
		return passing_or_final(l->data, err);
	return ERR_OK;
}

static enum err_code
send_batch(struct loader *l, struct batch *b, struct err *err)
{
	OWNED(batch_freep) struct batch *loaded = NULL;
	struct batch *use = b;

	if (b->spool_len > 0) {
		loaded = batch_new();
		use = loaded;
		if (unspool_batch(l, b, loaded, err) != ERR_OK)
			return err->code;
	}
	if (fill_batch(l, use, b->first_id != 0, err) != ERR_OK)
		return err->code;
	/* A stub remembers them for the commit, and that its rows are in the figures: also when
	 * the sending fails and is done again. */
	b->first_id = use->first_id;
	if (send_tuples(l, use, err) != ERR_OK)
		return err->code;
	l->n_sent++;
	return ERR_OK;
}

static enum err_code
end_copy(struct loader *l, uint64_t rows, struct err *err)
{
	uint64_t taken = 0;

	if (pg_copy_put(l->data, copy_tail, sizeof(copy_tail), err) != ERR_OK ||
	    pg_copy_end(l->data, &taken, err) != ERR_OK)
		return passing_or_final(l->data, err);
	if (taken != rows)
		return err_set(err, ERR_CATALOG, "the catalog took %llu of %llu rows of job %u",
			       (unsigned long long)taken, (unsigned long long)rows, l->job_id);
	l->copying = false;
	return ERR_OK;
}

/* What the commit of the batches sent says about them. */
struct progress {
	uint64_t rows, deleted;
	struct buf firsts, lasts; /* ranges of FileIds, neighbours joined, as array texts */
};

static void
progress_release(struct progress *p)
{
	buf_release(&p->firsts);
	buf_release(&p->lasts);
}

static void
sum_up_locked(struct loader *l, struct progress *p) REQUIRES(l->lock)
{
	const struct batch *b = l->head;
	const char *comma = "";
	uint32_t n = l->n_sent;

	buf_text(&p->firsts, "{");
	buf_text(&p->lasts, "{");
	while (n > 0) {
		uint64_t first = b->first_id;
		uint64_t end = first;

		for (; n > 0 && b->first_id == end; b = b->next, n--) {
			end += b->rows;
			p->rows += b->rows;
			p->deleted += b->deleted;
		}
		buf_text(&p->firsts, "%s%llu", comma, (unsigned long long)first);
		buf_text(&p->lasts, "%s%llu", comma, (unsigned long long)end - 1);
		comma = ",";
	}
	buf_text(&p->firsts, "}");
	buf_text(&p->lasts, "}");
}

static enum err_code
mark_progress(struct loader *l, struct progress *p, struct err *err)
{
	struct sql_args a = { .n = 0 };
	OWNED(pg_clearp) PGresult *r = NULL;

	arg_u64(&a, l->n_sent);
	arg_u64(&a, p->rows - p->deleted);
	arg_u64(&a, p->deleted);
	arg_u64(&a, l->job_id);
	arg_u64(&a, l->batches_done);
	arg_text(&a, buf_str(&p->firsts));
	arg_text(&a, buf_str(&p->lasts));
	if (pg_run(l->data, SQL_INGEST_MARK, &a, &r, err) != ERR_OK)
		return passing_or_final(l->data, err);
	/* The state is read anew on a new connection. */
	if (strcmp(PQcmdTuples(r), "0") == 0)
		return err_set(err, ERR_PEER,
			       "job %u: rows that seemed lost with a connection are in", l->job_id);
	return ERR_OK;
}

static enum err_code
commit(struct loader *l, struct err *err)
{
	OWNED(progress_release)
	struct progress p = { .firsts = BUF_INIT(SIZE_MAX), .lasts = BUF_INIT(SIZE_MAX) };

	mutex_lock(&l->lock);
	sum_up_locked(l, &p);
	mutex_unlock(&l->lock);
	if (end_copy(l, p.rows, err) != ERR_OK || mark_progress(l, &p, err) != ERR_OK)
		return err->code;
	if (pg_commit(l->data, err) != ERR_OK)
		return passing_or_final(l->data, err);
	drop_committed(l, l->batches_done + l->n_sent);
	l->n_sent = 0;
	note_full(l, NULL);
	if (visible_send(l, err) != ERR_OK)
		return passing_or_final(l->paths, err);
	return ERR_OK;
}

/* --- the thread ------------------------------------------------------------------------- */

/* The n-th batch of the list, NULL when there are not so many. */
static struct batch *
nth_locked(struct loader *l, uint32_t n) REQUIRES(l->lock)
{
	struct batch *b = l->head;

	while (n-- > 0 && b != NULL)
		b = b->next;
	return b;
}

static void
set_away(struct loader *l, bool away, const char *why)
{
	mutex_lock(&l->lock);
	/* A server whose disk is full answers, and fails again: said once. */
	if (away && !l->away && strcmp(l->away_said, why) != 0)
		log_warn("job %u: attributes wait: %s", l->job_id, why);
	if (!away && l->away && l->full_since_ms == 0)
		log_info("job %u: the catalog is back, attributes go on", l->job_id);
	if (away)
		(void)snprintf(l->away_said, sizeof(l->away_said), "%s", why);
	l->away = away;
	(void)snprintf(l->away_why, sizeof(l->away_why), "%s", why);
	cond_broadcast(&l->changed);
	mutex_unlock(&l->lock);
}

static void
fail(struct loader *l, const struct err *err)
{
	mutex_lock(&l->lock);
	if (l->failure.code == ERR_OK)
		l->failure = *err;
	cond_broadcast(&l->changed);
	mutex_unlock(&l->lock);
}

/* Move what is in memory to the spool file, oldest first. */
static enum err_code
spool_all(struct loader *l, struct err *err)
{
	for (;;) {
		struct batch *b;

		mutex_lock(&l->lock);
		b = l->head;
		while (b != NULL && b->spool_len > 0)
			b = b->next;
		mutex_unlock(&l->lock);
		if (b == NULL)
			return ERR_OK;
		if (spool_batch(l, b, err) != ERR_OK)
			return err->code;
		mutex_lock(&l->lock);
		l->n_memory--;
		cond_broadcast(&l->changed);
		mutex_unlock(&l->lock);
	}
}

/* The server is away: keep the pusher going, look for the server now and then. */
static bool
while_away(struct loader *l, bool first)
{
	struct err err = ERR_INIT;
	int64_t next_try = clock_mono_ms() + (first ? 0 : RECONNECT_PAUSE_MS);

	for (;;) {
		bool stop, spool;

		mutex_lock(&l->lock);
		while (!l->stop && l->n_memory < BATCHES_WAITING_MAX && !l->flush &&
		       wait_changed_locked(l, next_try))
			;
		stop = l->stop;
		spool = l->n_memory >= BATCHES_WAITING_MAX || l->flush;
		if (l->n_memory == 0)
			l->flush = false;
		mutex_unlock(&l->lock);
		if (stop)
			return false;
		if (spool && spool_all(l, &err) != ERR_OK) {
			fail(l, &err);
			return false;
		}
		if (clock_mono_ms() < next_try)
			continue;
		if (reconnect(l, first, &err) == ERR_OK) {
			set_away(l, false, "");
			return true;
		}
		if (err.code != ERR_PEER) {
			fail(l, &err);
			return false;
		}
		set_away(l, true, err.text);
		next_try = clock_mono_ms() + RECONNECT_PAUSE_MS;
	}
}

enum work {
	WORK_END,
	WORK_SEND,
	WORK_COMMIT,
	WORK_FINISH,
};

static enum work
work_now_locked(struct loader *l, struct batch **next) REQUIRES(l->lock)
{
	if (l->stop)
		return WORK_END;
	*next = nth_locked(l, l->n_sent);
	if (l->n_sent > 0 && (l->n_sent >= BATCHES_PER_COMMIT || (l->flush && *next == NULL) ||
			      clock_mono_ms() >= l->commit_at_ms))
		return WORK_COMMIT;
	if (*next != NULL)
		return WORK_SEND;
	return l->n_sent == 0 && l->finish && !l->finished ? WORK_FINISH : WORK_END;
}

/* Wait for the next batch or for the time to commit. */
static enum work
next_work(struct loader *l, struct batch **next)
{
	enum work work;

	mutex_lock(&l->lock);
	while ((work = work_now_locked(l, next)) == WORK_END && !l->stop)
		(void)wait_changed_locked(l, l->n_sent > 0 ? l->commit_at_ms : 0);
	mutex_unlock(&l->lock);
	return work;
}

static enum err_code
finish(struct loader *l, struct err *err)
{
	if (visible_finish(l, err) != ERR_OK)
		return passing_or_final(l->paths, err);
	mutex_lock(&l->lock);
	l->finished = true;
	cond_broadcast(&l->changed);
	mutex_unlock(&l->lock);
	return ERR_OK;
}

static enum err_code
work(struct loader *l, struct err *err)
{
	struct batch *next = NULL;

	for (;;) {
		enum err_code code = ERR_OK;

		switch (next_work(l, &next)) {
		case WORK_SEND:
			code = send_batch(l, next, err);
			break;
		case WORK_COMMIT:
			code = commit(l, err);
			break;
		case WORK_FINISH:
			code = finish(l, err);
			break;
		case WORK_END:
			return ERR_OK;
		}
		if (code != ERR_OK)
			return code;
	}
}

static void
preload(struct loader *l)
{
	struct err err = ERR_INIT;

	if (l->previous_job_id != 0 &&
	    attr_paths_preload(l->catalog, l->paths, l->previous_job_id, &err) != ERR_OK)
		trace(1, "paths of job %u: %s", l->previous_job_id, err.text);
}

static void
run(void *arg)
{
	struct loader *l = arg;
	struct err err = ERR_INIT;
	bool first = true;

	thread_set_job(l->job_id);
	while (while_away(l, first)) {
		if (first)
			preload(l);
		first = false;
		if (work(l, &err) == ERR_OK)
			break;
		if (is_disk_full(l->data) || is_disk_full(l->paths))
			note_full(l, err.text);
		disconnect(l);
		if (err.code != ERR_PEER) {
			fail(l, &err);
			break;
		}
		set_away(l, true, err.text);
	}
	disconnect(l);
}

enum err_code
loader_start(struct loader *l, struct err *err)
{
	mutex_init(&l->lock, RANK_LEAF);
	cond_init(&l->changed);
	l->spool = -1;
	l->halt.event = -1;
	if (cancel_init(&l->halt, err) != ERR_OK)
		return err->code;
	return thread_start(&l->thread, "catalog-load", run, l, err);
}

void
loader_stop(struct loader *l) NO_ANALYSIS /* its thread has ended */
{
	struct batch *next;

	mutex_lock(&l->lock);
	l->stop = true;
	cond_broadcast(&l->changed);
	mutex_unlock(&l->lock);
	if (l->halt.event >= 0)
		cancel_now(&l->halt); /* a wait for the server ends too */
	thread_join(&l->thread);
	cancel_release(&l->halt);
	for (struct batch *b = l->head; b != NULL; b = next) {
		next = b->next;
		batch_free(b);
	}
	for (struct batch *b = l->spare; b != NULL; b = next) {
		next = b->next;
		batch_free(b);
	}
	spool_remove(l);
	visible_release(l);
	cond_release(&l->changed);
	mutex_release(&l->lock);
}

enum err_code
loader_push(struct loader *l, struct batch **b, struct err *err)
{
	enum err_code code = ERR_OK;

	mutex_lock(&l->lock);
	while (l->n_memory >= BATCHES_WAITING_MAX + BATCHES_PER_COMMIT &&
	       l->failure.code == ERR_OK && !cancel_asked(l->cancel))
		(void)cond_wait_ms(&l->changed, &l->lock, 500);
	if (l->failure.code != ERR_OK) {
		*err = l->failure;
		code = err->code;
	} else {
		struct batch *mine = TAKE_PTR(*b);

		if (l->tail != NULL)
			l->tail->next = mine;
		else
			l->head = mine;
		l->tail = mine;
		l->n_list++;
		l->n_memory++;
		cond_broadcast(&l->changed);
	}
	mutex_unlock(&l->lock);
	return code;
}

enum err_code
loader_drain(struct loader *l, const struct wait *w, enum drain what, struct err *err)
{
	enum err_code code = ERR_OK;

	mutex_lock(&l->lock);
	l->finish = what == DRAIN_FINISH;
	while ((l->n_list > 0 || (l->finish && !l->finished)) && l->failure.code == ERR_OK) {
		int64_t now = clock_mono_ms();

		if (what == DRAIN_FLUSH && l->away && l->n_memory == 0)
			break;
		if (cancel_asked(w->cancel)) {
			code = err_set(err, ERR_CANCELED, "canceled while attributes were loaded");
			break;
		}
		if (w->deadline_ms != 0 && now >= w->deadline_ms) {
			code = err_set(err, ERR_CATALOG,
				       "attributes of job %u are not in the catalog: %s", l->job_id,
				       l->away ? l->away_why : "the time is up");
			break;
		}
		if (what == DRAIN_FINISH && l->full_since_ms != 0 &&
		    now - l->full_since_ms > FULL_SECONDS * 1000) {
			code = err_set(err, ERR_CATALOG,
				       "attributes of job %u are not in the catalog: %s", l->job_id,
				       l->full_why);
			break;
		}
		l->flush = true;
		cond_broadcast(&l->changed);
		(void)cond_wait_ms(&l->changed, &l->lock, 200);
	}
	if (code == ERR_OK && l->failure.code != ERR_OK) {
		*err = l->failure;
		code = err->code;
	}
	mutex_unlock(&l->lock);
	return code;
}
