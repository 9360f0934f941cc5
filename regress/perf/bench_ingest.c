/*
 * regress/perf/bench_ingest.c - attribute ingest: rows per second, CPU of the director's side
 *
 * bench_ingest [ROWS]; a private cluster under /tmp; also the restore stream of the same job.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "lib/base/clock.h"
#include "lib/base/own.h"
#include "lib/catalog/cat_restore.h"
#include "regress/catalog/farm.h"

#define PACE 70000 /* rows per second */

static double
own_cpu(void)
{
	struct rusage u;

	(void)getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

struct meter {
	int64_t start_ms;
	double start_cpu;
};

static struct meter
meter_start(void)
{
	return (struct meter){ clock_mono_ms(), own_cpu() };
}

static void
meter_print(const struct meter *m, const char *what, uint64_t rows)
{
	double wall = (double)(clock_mono_ms() - m->start_ms) / 1000;
	double cpu = own_cpu() - m->start_cpu;

	(void)printf("%-16s %9llu rows  wall %6.2f s %9.0f rows/s  own CPU %6.2f s %9.0f rows/s\n",
		     what, (unsigned long long)rows, wall, (double)rows / wall, cpu,
		     (double)rows / cpu);
}

static enum err_code
count_file(void *ctx, const struct cat_file *f, struct err *err)
{
	(void)err;
	*(uint64_t *)ctx += f->name.n;
	return ERR_OK;
}

static void
load(uint32_t id, uint32_t previous, uint32_t rows, uint32_t pace, const char *what)
{
	struct err err = ERR_INIT;
	struct cat_attr_options o = { .job_id = id, .previous_job_id = previous };
	struct wait w = wait_for(NULL, 600, "bench");
	struct cat_attr_count count;
	OWNED(cat_attr_freep) struct cat_attr *a = NULL;
	struct meter m = meter_start();
	struct meter tail;

	MUST(cat_attr_open(farm.catalog, &o, &a, &err));
	for (uint32_t i = 1; i <= rows; i++) {
		farm_push_file(a, i, true);
		while (pace > 0 && i % 256 == 0 &&
		       (clock_mono_ms() - m.start_ms) * pace < (int64_t)i * 1000)
			clock_pause_ms(1);
	}
	tail = meter_start();
	MUST(cat_attr_finish(a, &w, &count, &err));
	meter_print(&m, what, count.rows);
	meter_print(&tail, "  after the last", count.rows);
	farm_end_job(&farm, id, 'T', rows);
}

int
main(int argc, char **argv)
{
	uint32_t rows = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 800000;
	struct err err = ERR_INIT;
	uint32_t client, fileset, job[3];
	uint64_t bytes = 0;
	struct cat_file_reader reader = { .file = count_file, .ctx = &bytes };
	struct cat_file_count count;
	struct meter m;
	struct rusage server;

	farm_open(&farm);
	client = farm_client(&farm, "fd1");
	fileset = farm_fileset(&farm, "FS", "x");
	job[0] = farm_job(&farm, "bench", 'F', 1795000000, client, fileset);
	load(job[0], 0, rows, 0, "first job");
	job[1] = farm_job(&farm, "bench", 'F', 1795000100, client, fileset);
	load(job[1], job[0], rows, 0, "second job");
	/* As fast as a client with small files sends: what is left to do after the last file? */
	job[2] = farm_job(&farm, "bench", 'F', 1795000200, client, fileset);
	load(job[2], job[1], rows, PACE, "at client's pace");
	m = meter_start();
	MUST(cat_restore_files(farm.catalog, job, 1, &reader, &count, &err));
	meter_print(&m, "restore, 1 job", count.files);
	m = meter_start();
	MUST(cat_restore_files(farm.catalog, job, 2, &reader, &count, &err));
	meter_print(&m, "restore, 2 jobs", count.rows);
	farm_close(&farm);
	(void)getrusage(RUSAGE_CHILDREN, &server);
	(void)printf("server's CPU     %6.2f s user, %6.2f s system\n",
		     (double)server.ru_utime.tv_sec + (double)server.ru_utime.tv_usec / 1e6,
		     (double)server.ru_stime.tv_sec + (double)server.ru_stime.tv_usec / 1e6);
	return 0;
}
