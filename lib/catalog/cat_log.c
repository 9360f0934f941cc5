/*
 * Lines wait in a list; the writer takes all of them every second and inserts them with one
 * statement.  A batch that could not be stored goes back to the front and is tried again; when
 * the answer to its commit was lost, the server is asked first whether it is in.  A batch that the
 * server refuses is halved until the line it refuses is found: that one is dropped.
 */
#include "lib/catalog/cat_log.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/thread.h"
#include "lib/catalog/attr_paths.h"
#include "lib/catalog/cat_job.h"
#include "lib/catalog/catalog_internal.h"

#define WAITING_BYTES_MAX (16u * 1024 * 1024)
#define FLUSH_MS          1000
#define RETRY_MS          2000
#define LINES_MAX         2000 /* of one statement */
#define FLUSH_SECONDS     60   /* for a server that hangs; one that is away is told at once */
#define STOP_SECONDS      10   /* the same, for one who is asked to end */

struct line {
	struct line *next;
	uint32_t job_id;
	int64_t time;
	size_t n;
	char text[];
};

/* The final row of a job that could not wait for the server. */
struct owed {
	struct owed *next;
	struct cat_job row;
};

struct log_writer {
	struct thread thread;
	struct catalog *catalog; /* borrowed */
	struct pg *pg;           /* owned; the writer thread's */
	struct cancel halt;      /* ends its waits for the server */
	char txid[PG_TXID_MAX];  /* of a commit without an answer ... */
	size_t n_doubtful;       /* ... with so many of the first lines; 0: none */
	size_t at_once;          /* lines of the next statement */

	struct mutex lock;   /* RANK_MSG */
	struct cond changed; /* any field below changed */
	struct line *head GUARDED_BY(&lock);
	struct line *tail GUARDED_BY(&lock);
	struct owed *owed GUARDED_BY(&lock); /* only the writer takes from it */
	size_t bytes GUARDED_BY(&lock);
	uint64_t added GUARDED_BY(&lock), stored GUARDED_BY(&lock), dropped GUARDED_BY(&lock);
	bool flush GUARDED_BY(&lock), stop GUARDED_BY(&lock), away GUARDED_BY(&lock);
	bool ended GUARDED_BY(&lock);
	char why[ERR_TEXT_MAX] GUARDED_BY(&lock);
};

static void
free_lines(struct line *l)
{
	struct line *next;

	for (; l != NULL; l = next) {
		next = l->next;
		free(l);
	}
}

/* A NUL would end the text for the server. */
static size_t
text_len(struct bytes text)
{
	const void *nul = text.n > 0 ? memchr(text.p, 0, text.n) : NULL;

	return nul == NULL ? text.n : (size_t)((const uint8_t *)nul - text.p);
}

void
cat_log_add(struct catalog *c, uint32_t job_id, int64_t time, struct bytes text)
{
	struct log_writer *w = c->log;
	size_t n = text_len(text);
	struct line *l = mem_zalloc(1, sizeof(*l) + n + 1);

	l->job_id = job_id;
	l->time = time != 0 ? time : clock_now();
	l->n = n;
	if (n > 0)
		memcpy(l->text, text.p, n);
	mutex_lock(&w->lock);
	if (w->bytes + n > WAITING_BYTES_MAX) {
		w->dropped++;
	} else {
		if (w->tail != NULL)
			w->tail->next = l;
		else
			w->head = l;
		w->tail = l;
		w->bytes += n + sizeof(*l);
		w->added++;
		l = NULL;
	}
	mutex_unlock(&w->lock);
	free(l);
}

/* The first lines, max at most, as three array texts; *n of them. */
static void
arrays_of(const struct line *l, size_t max, struct buf *jobs, struct buf *times, struct buf *texts,
	  size_t *n)
{
	char when[24];

	buf_text(jobs, "{");
	buf_text(times, "{");
	buf_text(texts, "{");
	for (*n = 0; l != NULL && *n < max; l = l->next, (*n)++) {
		buf_text(jobs, "%s%u", *n > 0 ? "," : "", l->job_id);
		buf_text(times, "%s\"%s\"", *n > 0 ? "," : "",
			 clock_format(l->time, "%Y-%m-%d %H:%M:%S", when, sizeof(when)));
		array_put(texts, bytes_of(l->text, l->n));
	}
	buf_text(jobs, "}");
	buf_text(times, "}");
	buf_text(texts, "}");
}

static enum err_code
connect(struct log_writer *w, struct err *err)
{
	if (w->pg != NULL && pg_is_stale(w->pg)) {
		pg_close(w->pg);
		w->pg = NULL;
	}
	if (w->pg != NULL)
		return ERR_OK;
	if (pg_open(&w->catalog->info, &w->pg, err) != ERR_OK)
		return err->code;
	pg_set_cancel(w->pg, &w->halt);
	return ERR_OK;
}

static enum err_code
insert_in_tx(struct log_writer *w, const struct line *lines, size_t *n, struct err *err)
{
	OWNED(buf_release) struct buf jobs = BUF_INIT(SIZE_MAX);
	OWNED(buf_release) struct buf times = BUF_INIT(SIZE_MAX);
	OWNED(buf_release) struct buf texts = BUF_INIT(SIZE_MAX);
	struct sql_args a = { .n = 0 };

	arrays_of(lines, w->at_once, &jobs, &times, &texts, n);
	arg_text(&a, buf_str(&jobs));
	arg_text(&a, buf_str(&times));
	arg_text(&a, buf_str(&texts));
	if (pg_begin(w->pg, err) != ERR_OK ||
	    pg_run(w->pg, SQL_LOG_INSERT, &a, NULL, err) != ERR_OK)
		return err->code;
	return pg_tx_id(w->pg, w->txid, err);
}

/* A server that is there has said no, and it is because of a line: not a lack of rights, of room
 * or of time, which may pass. */
static bool
refuses_a_line(const struct pg *pg)
{
	static const char *const classes[] = { "22", "23", "54" };

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (!pg_is_lost(pg) && strncmp(pg->state, classes[i], 2) == 0)
			return true;
	return false;
}

/* The first *n lines are in when it returns ERR_OK; *refused: one of them never will. */
static enum err_code
insert(struct log_writer *w, const struct line *lines, size_t *n, bool *refused, struct err *err)
{
	enum pg_outcome outcome = PG_ABORTED;

	if (connect(w, err) != ERR_OK)
		return err->code;
	if (w->n_doubtful > 0) {
		if (pg_tx_outcome(w->pg, w->txid, &outcome, err) != ERR_OK)
			return err->code;
		if (outcome == PG_IN_PROGRESS)
			return err_set(err, ERR_CATALOG, "transaction %s has not ended", w->txid);
		*n = w->n_doubtful;
		w->n_doubtful = 0;
		if (outcome == PG_COMMITTED)
			return ERR_OK;
	}
	if (insert_in_tx(w, lines, n, err) != ERR_OK) {
		*refused = refuses_a_line(w->pg);
		pg_rollback(w->pg);
		return err->code;
	}
	if (pg_commit(w->pg, err) == ERR_OK)
		return ERR_OK;
	w->n_doubtful = pg_is_lost(w->pg) ? *n : 0;
	return err->code;
}

/* After a batch of n lines; how many of them are to be forgotten. */
static size_t
lines_done(struct log_writer *w, const struct line *lines, size_t n, bool refused,
	   const struct err *err)
{
	if (err->code == ERR_OK) {
		w->at_once = w->at_once * 2 < LINES_MAX ? w->at_once * 2 : LINES_MAX;
		return n;
	}
	if (!refused)
		return 0;
	w->at_once = n > 1 ? n / 2 : 1;
	if (n > 1)
		return 0;
	log_warn("a message of job %u was not stored: %s", lines->job_id, err->text);
	return 1;
}

/* Store what waits now; false: the server did not take it.  *more: something still waits. */
static bool
store_some(struct log_writer *w, bool *more)
{
	struct err err = ERR_INIT;
	bool refused = false;
	struct line *lines;
	struct line *end;
	size_t bytes = 0;
	size_t n = 0;
	bool good;

	mutex_lock(&w->lock);
	lines = w->head;
	w->head = NULL;
	end = w->tail;
	w->tail = NULL;
	mutex_unlock(&w->lock);
	*more = false;
	if (lines == NULL)
		return true;
	good = insert(w, lines, &n, &refused, &err) == ERR_OK || refused;
	n = lines_done(w, lines, n, refused, &err);
	mutex_lock(&w->lock);
	for (size_t i = 0; i < n; i++) {
		struct line *done = lines;

		lines = done->next;
		bytes += done->n + sizeof(*done);
		free(done);
	}
	w->bytes -= bytes;
	w->stored += n;
	if (lines != NULL) {
		end->next = w->head;
		if (w->tail == NULL)
			w->tail = end;
		w->head = lines;
	}
	*more = w->head != NULL;
	w->away = !good;
	(void)snprintf(w->why, sizeof(w->why), "%s", good ? "" : err.text);
	cond_broadcast(&w->changed);
	mutex_unlock(&w->lock);
	return good;
}

void
cat_job_end_later(struct catalog *c, const struct cat_job *job)
{
	struct owed *o = NEW(struct owed);

	o->row = *job;
	mutex_lock(&c->log->lock);
	o->next = c->log->owed;
	c->log->owed = o;
	mutex_unlock(&c->log->lock);
}

static struct owed *
first_owed(struct log_writer *w)
{
	struct owed *o;

	mutex_lock(&w->lock);
	o = w->owed;
	mutex_unlock(&w->lock);
	return o;
}

static void
drop_owed(struct log_writer *w, struct owed *o)
{
	struct owed **at;

	mutex_lock(&w->lock);
	at = &w->owed;
	while (*at != o)
		at = &(*at)->next;
	*at = o->next;
	mutex_unlock(&w->lock);
	free(o);
}

/* False: the server does not take it now. */
static bool
store_owed(struct log_writer *w)
{
	struct owed *o;

	while ((o = first_owed(w)) != NULL) {
		struct err err = ERR_INIT;

		if (cat_job_end(w->catalog, &o->row, &err) == ERR_OK)
			log_info("the end of %s is in the catalog now", o->row.job);
		else if (err.code == ERR_CATALOG)
			return false;
		else
			log_error("the end of %s: %s", o->row.job, err.text);
		drop_owed(w, o);
	}
	return true;
}

static void
say_dropped(struct log_writer *w)
{
	uint64_t dropped;

	mutex_lock(&w->lock);
	dropped = w->dropped;
	w->dropped = 0;
	mutex_unlock(&w->lock);
	if (dropped > 0)
		log_warn("catalog %s: %llu job messages were not stored: too many waited",
			 w->catalog->name, (unsigned long long)dropped);
}

static void
run(void *arg)
{
	struct log_writer *w = arg;
	int64_t pause = FLUSH_MS;
	bool stop = false;
	bool good = true;
	bool more = false;

	thread_set_cancel(&w->halt); /* store_owed uses the pool's connections */
	while (!stop || (good && more)) {
		mutex_lock(&w->lock);
		if (!w->stop && !(good && (w->flush || more)))
			(void)cond_wait_ms(&w->changed, &w->lock, pause);
		stop = w->stop;
		w->flush = false;
		mutex_unlock(&w->lock);
		good = store_some(w, &more);
		if (good)
			say_dropped(w);
		if (good && !more && !stop)
			good = store_owed(w);
		pause = good ? FLUSH_MS : RETRY_MS;
	}
	pg_close(w->pg);
	mutex_lock(&w->lock);
	w->ended = true;
	cond_broadcast(&w->changed);
	mutex_unlock(&w->lock);
}

enum err_code
cat_log_flush(struct catalog *c, struct err *err)
{
	struct log_writer *w = c->log;
	int64_t seconds = cancel_asked(thread_cancel()) ? STOP_SECONDS : FLUSH_SECONDS;
	int64_t end_ms = clock_mono_ms() + seconds * 1000;
	enum err_code code = ERR_OK;
	uint64_t goal;

	mutex_lock(&w->lock);
	goal = w->added;
	w->away = false;
	while (w->stored < goal && !w->away && clock_mono_ms() < end_ms) {
		w->flush = true;
		cond_broadcast(&w->changed);
		(void)cond_wait_ms(&w->changed, &w->lock, 100);
	}
	if (w->stored < goal)
		code = err_set(err, ERR_CATALOG, "job messages wait: %s",
			       w->away ? w->why : "the catalog does not answer");
	mutex_unlock(&w->lock);
	return code;
}

enum err_code
log_writer_start(struct catalog *c, struct err *err)
{
	struct log_writer *w = NEW(struct log_writer);

	w->catalog = c;
	w->at_once = LINES_MAX;
	w->halt.event = -1;
	mutex_init(&w->lock, RANK_MSG);
	cond_init(&w->changed);
	c->log = w;
	if (cancel_init(&w->halt, err) != ERR_OK)
		return err->code;
	return thread_start(&w->thread, "catalog-log", run, w, err);
}

void
log_writer_stop(struct catalog *c) NO_ANALYSIS /* its thread has ended */
{
	int64_t end_ms = clock_mono_ms() + STOP_SECONDS * 1000;
	struct log_writer *w = c->log;

	if (w == NULL)
		return;
	mutex_lock(&w->lock);
	w->stop = true;
	cond_broadcast(&w->changed);
	while (w->thread.running && !w->ended && clock_mono_ms() < end_ms)
		(void)cond_wait_ms(&w->changed, &w->lock, end_ms - clock_mono_ms());
	mutex_unlock(&w->lock);
	if (w->halt.event >= 0)
		cancel_now(&w->halt);
	thread_join(&w->thread);
	cancel_release(&w->halt);
	free_lines(w->head);
	while (w->owed != NULL)
		drop_owed(w, w->owed);
	cond_release(&w->changed);
	mutex_release(&w->lock);
	free(w);
	c->log = NULL;
}
