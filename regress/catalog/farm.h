/*
 * regress/catalog/farm.h - a private catalog for one test program
 *
 * Purpose: a directory under /tmp named after the process, a managed cluster in it, an open
 * catalog; rows to feed it.
 */
#ifndef TERCET_REGRESS_CATALOG_FARM_H
#define TERCET_REGRESS_CATALOG_FARM_H

#include <sys/types.h>

#include "lib/catalog/cat_attr.h"
#include "lib/catalog/cat_job.h"
#include "lib/catalog/catalog.h"

struct farm {
	char dir[64];
	struct catalog *catalog;
};

/* That of a test program, and what makes it and ends it around its tests. */
extern struct farm farm;
int farm_set_up(void **state);
int farm_tear_down(void **state);

/* Abort with the error's text on failure: a test cannot go on. */
void farm_open(struct farm *f);
void farm_close(struct farm *f);
void must_at(enum err_code code, const struct err *err, const char *file, int line);
#define MUST(call) must_at((call), &err, __FILE__, __LINE__)

/* Only a process that works below dir: never one that got the number later. */
bool farm_kill(const char *dir, pid_t pid, int sig);

/* A started job of the client with its row; returns the JobId. */
uint32_t farm_job(struct farm *f, const char *name, char level, int64_t start, uint32_t client_id,
		  uint32_t file_set_id);
/* The same, ended with status T. */
void farm_end_job(struct farm *f, uint32_t job_id, char status, uint32_t files);
uint32_t farm_client(struct farm *f, const char *name);
uint32_t farm_fileset(struct farm *f, const char *name, const char *md5);

/* File number i (from 1) of a made-up tree, 16 files to a directory. */
void farm_push_file(struct cat_attr *a, uint32_t i, bool with_digest);
/* One number of a query, asked with all rights. */
int64_t farm_number(struct farm *f, const char *sql);

#endif
