/*
 * director/director_internal.h - the director's struct, for director.c and life.c
 */
#ifndef TERCET_DIRECTOR_DIRECTOR_INTERNAL_H
#define TERCET_DIRECTOR_DIRECTOR_INTERNAL_H

#include "director/director.h"
#include "lib/base/hash.h"
#include "lib/base/sync.h"

#define DIRECTOR_CATALOGS_MAX 16

struct fact;

struct director {
	char *config_path, *name, *working_directory; /* owned; immutable */
	int64_t start_time;
	struct mutex reload_lock; /* RANK_RELOAD: held over a whole reload, waits included */
	struct mutex lock;        /* RANK_CONF */
	struct dir_conf *conf GUARDED_BY(&lock); /* shared: one reference */
	/* Of the Catalog resources of conf, in their order. */
	struct catalog *catalogs[DIRECTOR_CATALOGS_MAX] GUARDED_BY(&lock);
	size_t n_catalogs GUARDED_BY(&lock);
	/* What a reload has left out or replaced: jobs may use it, so it stays open to the end. */
	struct catalog *retired[DIRECTOR_CATALOGS_MAX] GUARDED_BY(&lock);
	size_t n_retired GUARDED_BY(&lock);
	struct mutex facts_lock; /* RANK_LEAF */
	struct fact *facts GUARDED_BY(&facts_lock);
	struct job_table *jobs;      /* owned */
	struct scheduler *sched;     /* owned */
	struct msg_console *console; /* owned */
	struct cancel stop;
	director_console_fn console_fn; /* set before threads start */
};

/* The small facts of director.h: switches and handshakes. */
void director_forget_facts(struct director *d);
/* Before threads start. */
void director_read_os_text(void);

#endif
