/*
 * lib/catalog/attr_load.h - the loading half of cat_attr (inside lib/catalog)
 *
 * Purpose: take batches from the pusher's list and have each in the database exactly once.
 *
 * The list.  head ... tail, in order.  The first n_sent batches have been sent in the open COPY
 * and are kept until its transaction is known to be committed.  When the connection breaks, the
 * row of tercet_ingest (written in that same transaction) says how many batches are in; those
 * are dropped and the rest are sent again.  While the server is away, and only then, batches
 * move to the spool file: the list keeps a stub with the place.
 *
 * Threads: the loader thread; the list under lock (RANK_LEAF), never held while the database or
 *          the file works.
 */
#ifndef TERCET_CATALOG_ATTR_LOAD_H
#define TERCET_CATALOG_ATTR_LOAD_H

#include <stdatomic.h>

#include "lib/base/thread.h"
#include "lib/catalog/attr_batch.h"
#include "lib/catalog/cat_attr.h"
#include "lib/catalog/catalog_internal.h"

#define BATCHES_WAITING_MAX 12u /* in memory, not sent: the pusher waits beyond it */
#define BATCHES_PER_COMMIT  8u
#define COMMIT_AFTER_MS     2000

struct visible {
	uint32_t path_id; /* 0: empty slot */
	uint32_t files;
	uint64_t bytes;
	bool waits; /* it is in the list of those to store */
};

struct loader {
	struct catalog *catalog; /* borrowed */
	uint32_t job_id;
	uint32_t previous_job_id;
	struct cancel *cancel; /* borrowed; may be NULL */
	struct thread thread;
	struct cancel halt; /* ends the thread's waits for the server */

	struct mutex lock;   /* RANK_LEAF */
	struct cond changed; /* any field below changed */
	struct batch *head GUARDED_BY(&lock);
	struct batch *tail GUARDED_BY(&lock);
	struct batch *spare GUARDED_BY(&lock);
	uint32_t n_list GUARDED_BY(&lock);    /* batches in the list, stubs too */
	uint32_t n_memory GUARDED_BY(&lock);  /* of them not in the spool file */
	bool away GUARDED_BY(&lock);          /* no server now */
	bool flush GUARDED_BY(&lock);         /* commit what there is without waiting */
	bool finish GUARDED_BY(&lock);        /* nothing more comes: complete the directory cache */
	bool finished GUARDED_BY(&lock);      /* done */
	bool stop GUARDED_BY(&lock);          /* end now, drop the list */
	struct err failure GUARDED_BY(&lock); /* code != ERR_OK: nothing more will be loaded */
	char away_why[ERR_TEXT_MAX] GUARDED_BY(&lock);
	char away_said[ERR_TEXT_MAX] GUARDED_BY(&lock);
	int64_t full_since_ms GUARDED_BY(&lock); /* the server's disk is full; 0: it is not */
	char full_why[ERR_TEXT_MAX] GUARDED_BY(&lock);

	/* the loader thread's own */
	struct pg *data, *paths; /* owned; NULL while away */
	char partition[64];
	uint32_t n_sent; /* batches in the open COPY */
	bool copying;
	int64_t commit_at_ms;
	uint64_t batches_done; /* committed, as tercet_ingest says */
	int spool;             /* descriptor, -1: none */
	char *spool_path;      /* owned */
	uint64_t spool_end;
	struct visible *visible; /* owned, open addressing */
	size_t visible_slots, visible_used;
	uint32_t *waiting; /* owned; PathIds whose figures are not stored */
	size_t n_waiting, cap_waiting;
	size_t n_flying;          /* the first of them, in a statement without an answer yet */
	uint64_t id_next, id_end; /* FileIds reserved and not given out */

	atomic_ullong rows_done, deleted_done, rows_spooled;
};

MUST_CHECK enum err_code loader_start(struct loader *l, struct err *err);
/* End the thread and free all. */
void loader_stop(struct loader *l);

/* A cleared batch to fill. */
struct batch *loader_spare(struct loader *l);
/* Takes the batch; waits while the list is long and the server is there. */
MUST_CHECK enum err_code loader_push(struct loader *l, struct batch **b, struct err *err);
enum drain {
	DRAIN_FLUSH,  /* all committed, or all of it in the spool file */
	DRAIN_FINISH, /* all committed and the directory cache complete */
};
MUST_CHECK enum err_code loader_drain(struct loader *l, const struct wait *w, enum drain what,
				      struct err *err);

/* attr_spool.c: called by the loader thread only */
MUST_CHECK enum err_code spool_batch(struct loader *l, struct batch *b, struct err *err);
MUST_CHECK enum err_code unspool_batch(struct loader *l, const struct batch *stub,
				       struct batch *into, struct err *err);
void spool_remove(struct loader *l);

/* attr_visible.c: the directory cache of the job; called by the loader thread only */
void visible_note(struct loader *l, const struct batch *b, const uint32_t *path_ids);
/* Send what waits on l->paths without waiting for the answer ... */
MUST_CHECK enum err_code visible_send(struct loader *l, struct err *err);
/* ... which must be taken before l->paths is used for anything else. */
MUST_CHECK enum err_code visible_await(struct loader *l, struct err *err);
/* All of it, and HasCache = 1. */
MUST_CHECK enum err_code visible_finish(struct loader *l, struct err *err);
/* The connection is gone: what was under way waits again. */
void visible_again(struct loader *l);
void visible_release(struct loader *l);

#endif
