#include "regress/catalog/farm.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/fd.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/proc.h"
#include "lib/base/thread.h"
#include "lib/catalog/cat_client.h"
#include "lib/catalog/cat_fileset.h"
#include "lib/catalog/catalog_internal.h"
#include "lib/proto/attr_record.h"
#include "lib/proto/stream.h"

#define FARM_PREFIX "tercet-catalog-"

void
must_at(enum err_code code, const struct err *err, const char *file, int line)
{
	if (code == ERR_OK)
		return;
	(void)fprintf(stderr, "%s:%d: %s\n", file, line, err->text);
	abort();
}

static void
open_catalog(struct farm *f)
{
	struct err err = ERR_INIT;
	struct catalog_options o = { .name = "farm",
				     .managed = true,
				     .state_dir = f->dir,
				     .work_dir = f->dir,
				     .reconnect = true };

	MUST(catalog_open(&o, &f->catalog, &err));
}

static void
remove_tree(const char *dir)
{
	char *const argv[] = { (char[]){ "rm" }, (char[]){ "-rf" }, (char *)(uintptr_t)dir, NULL };
	struct proc_spec spec = { .argv = argv };
	struct wait w = wait_for(NULL, 600, "rm");
	OWNED(proc_release) struct proc p = PROC_INIT;
	struct err err = ERR_INIT;
	int status;

	MUST(proc_start(&spec, &p, &err));
	MUST(proc_wait(&p, &w, &status, &err));
}

bool
farm_kill(const char *dir, pid_t pid, int sig)
{
	OWNED(freep) char *link = str_printf("/proc/%d/cwd", (int)pid);
	char cwd[256];
	ssize_t n = pid > 1 ? readlink(link, cwd, sizeof(cwd) - 1) : -1;

	if (n < 0)
		return false;
	cwd[n] = '\0';
	return strncmp(cwd, dir, strlen(dir)) == 0 && kill(pid, sig) == 0;
}

/* What a test left behind that did not come to its end: its name holds its process number. */
static void
sweep(void)
{
	OWNED(closedirp) DIR *d = opendir("/tmp");
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL) {
		OWNED(freep) char *dir = str_printf("/tmp/%s", e->d_name);
		OWNED(freep) char *pid_file = str_printf("%s/catalog/data/postmaster.pid", dir);
		OWNED(buf_release) struct buf text = BUF_INIT(4096);
		struct err ignored = ERR_INIT;
		char *end = NULL;
		pid_t owner;

		if (strncmp(e->d_name, FARM_PREFIX, strlen(FARM_PREFIX)) != 0)
			continue;
		owner = (pid_t)strtol(e->d_name + strlen(FARM_PREFIX), &end, 10);
		if (owner <= 1 || *end != '-' || kill(owner, 0) == 0)
			continue;
		if (fd_read_file(pid_file, &text, &ignored) == ERR_OK &&
		    farm_kill(dir, (pid_t)strtol(buf_str(&text), NULL, 10), SIGQUIT))
			clock_pause_ms(1000);
		remove_tree(dir);
	}
}

struct farm farm;

int
farm_set_up(void **state)
{
	(void)state;
	farm_open(&farm);
	return 0;
}

int
farm_tear_down(void **state)
{
	(void)state;
	farm_close(&farm);
	return 0;
}

void
farm_open(struct farm *f)
{
	thread_block_signals();
	log_init("farm");
	/* Wait for the server as long as a job would. */
	thread_set_job(1);
	sweep();
	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/" FARM_PREFIX "%d-XXXXXX", (int)getpid());
	if (mkdtemp(f->dir) == NULL || chmod(f->dir, 0755) != 0) {
		perror(f->dir);
		abort();
	}
	open_catalog(f);
}

void
farm_close(struct farm *f)
{
	catalog_close(f->catalog);
	remove_tree(f->dir);
}

uint32_t
farm_client(struct farm *f, const char *name)
{
	struct err err = ERR_INIT;
	struct cat_client client = { .name = name, .file_retention = 100, .job_retention = 200 };

	MUST(cat_client_ensure(f->catalog, &client, &err));
	return client.client_id;
}

uint32_t
farm_fileset(struct farm *f, const char *name, const char *md5)
{
	struct err err = ERR_INIT;
	struct cat_fileset fs = { .name = name, .md5 = md5, .text = "Include { File = /data }" };

	MUST(cat_fileset_ensure(f->catalog, &fs, &err));
	return fs.file_set_id;
}

uint32_t
farm_job(struct farm *f, const char *name, char level, int64_t start, uint32_t client_id,
	 uint32_t file_set_id)
{
	static unsigned number;
	struct err err = ERR_INIT;
	struct cat_job job = { .type = 'B',
			       .level = level,
			       .status = 'R',
			       .client_id = client_id,
			       .file_set_id = file_set_id,
			       .sched_time = start,
			       .start_time = start,
			       .vol_session_id = 1,
			       .vol_session_time = 1795227809 };

	(void)snprintf(job.name, sizeof(job.name), "%s", name);
	(void)snprintf(job.job, sizeof(job.job), "%s.2026-11-21_02.23.42_%02u", name, number++);
	MUST(cat_job_insert(f->catalog, &job, NULL, &job.job_id, &err));
	MUST(cat_job_start(f->catalog, &job, &err));
	return job.job_id;
}

void
farm_end_job(struct farm *f, uint32_t job_id, char status, uint32_t files)
{
	struct err err = ERR_INIT;
	struct cat_job job;
	bool found;

	MUST(cat_job_get(f->catalog, job_id, &job, &found, &err));
	job.status = status;
	job.job_files = files;
	job.job_bytes = files * 100ull;
	job.end_time = job.start_time + 1;
	job.real_end_time = job.end_time;
	MUST(cat_job_end(f->catalog, &job, &err));
}

void
farm_push_file(struct cat_attr *a, uint32_t i, bool with_digest)
{
	struct err err = ERR_INIT;
	char name[128];
	OWNED(buf_release) struct buf rec = BUF_INIT(4096);
	struct attr_record r = { .file_index = (int32_t)i, .type = FT_REG };
	uint8_t digest[16];

	(void)snprintf(name, sizeof(name), "/data/some/long/enough/directory/d%05u/file-%06u.dat",
		       i / 16, i);
	r.name = bytes_str(name);
	r.lstat = bytes_str("P4A qmmL IGk B A A A BJPg BAA JQ BrAQCh BrAQCh BrAQCh A A C");
	MUST(attr_record_emit(&r, &rec, &err));
	MUST(cat_attr_push(a, (int32_t)i, STREAM_UNIX_ATTRIBUTES, buf_bytes(&rec), &err));
	if (!with_digest)
		return;
	for (size_t k = 0; k < sizeof(digest); k++)
		digest[k] = (uint8_t)(i * 31 + k);
	MUST(cat_attr_push(a, (int32_t)i, STREAM_MD5_DIGEST, bytes_of(digest, sizeof(digest)),
			   &err));
}

/* With all rights, unlike cat_query_text. */
static PGresult *
ask(struct catalog *c, const char *sql, bool *lost)
{
	struct err err = ERR_INIT;
	struct pg *pg = NULL;
	PGresult *r;

	MUST(catalog_take(c, &pg, &err));
	r = PQexec(pg->conn, sql);
	*lost = pg_is_lost(pg);
	catalog_put(c, pg);
	return r;
}

int64_t
farm_number(struct farm *f, const char *sql)
{
	int64_t end_ms = catalog_end_of_patience();
	int64_t n = -1;
	PGresult *r;
	bool lost;

	while (PQresultStatus(r = ask(f->catalog, sql, &lost)) != PGRES_TUPLES_OK) {
		if (!catalog_may_try_again(f->catalog, lost, end_ms)) {
			(void)fprintf(stderr, "%s: %s\n", sql, PQresultErrorMessage(r));
			abort();
		}
		PQclear(r);
	}
	if (PQntuples(r) > 0 && !PQgetisnull(r, 0, 0))
		n = strtoll(PQgetvalue(r, 0, 0), NULL, 10);
	PQclear(r);
	return n;
}
