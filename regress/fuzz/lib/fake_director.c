#include "regress/fuzz/lib/director.h"

#include "director/conf/dir_conf.h"
#include "director/director_internal.h"
#include "director/life.h"
#include "director/job/job.h"
#include "lib/base/clock.h"
#include "lib/base/own.h"
#include "lib/catalog/schema.h"
#include "lib/net/conn.h"
#include "regress/fuzz/lib/peer.h"

#include <stdio.h>
#include <stdlib.h>

#define JOB_NAME 0x0e

/*
 * wraps: conn_dial schema_state_read schema_check_usable clock_pause_ms
 */
enum err_code __wrap_conn_dial(const struct dial *d, struct conn **out, struct err *err);
enum err_code __wrap_schema_state_read(struct pg *pg, enum schema_state *out, struct err *err);
enum err_code __wrap_schema_check_usable(struct pg *pg, struct err *err);
void __real_clock_pause_ms(unsigned ms);
void __wrap_clock_pause_ms(unsigned ms);

static const char conf_text[] =
	"Director { Name = f-dir; Password = \"p\"; Working Directory = \"%s\"; Messages = M\n"
	"  FD Connect Timeout = 1; SD Connect Timeout = 1; Query File = \"%s/q\"; TLS Enable = no "
	"}\n"
	"Catalog { Name = Main; DB Name = t; DB User = t; Reconnect = no }\n"
	"Client { Name = farm-fd; Address = 127.0.0.1; Password = \"p\"; TLS Enable = no }\n"
	"Client { Name = p; Address = 127.0.0.1; Password = \"p\"; TLS Enable = no; Passive = yes "
	"}\n"
	"Storage { Name = Disk; Address = 127.0.0.1; Password = \"p\"; Device = D\n"
	"  Media Type = File; TLS Enable = no }\n"
	"Pool { Name = Full; Storage = Disk; Label Format = \"V-\"; Volume Retention = 1d\n"
	"  Auto Prune = yes; Recycle = yes }\n"
	"Pool { Name = Scratch; Pool Type = Scratch }\n"
	"FileSet { Name = Standard; Include { Options { Signature = XXH128 } File = /etc } }\n"
	"Schedule { Name = S; Run = Full daily at 3:00 }\n"
	"Job { Name = Backup; Type = Backup; Client = farm-fd; FileSet = Standard; Pool = Full; "
	"Messages = M\n"
	"  Enabled = yes; Schedule = S }\n"
	"Job { Name = passive; Type = Backup; Client = p; FileSet = Standard; Pool = Full; "
	"Messages = M }\n"
	"Job { Name = Restore; Type = Restore; Client = farm-fd; FileSet = Standard; Pool = Full\n"
	"  Messages = M; Where = /tmp/r }\n"
	"Messages { Name = M; Console = all }\n"
	"Profile { Name = few; Command ACL = status, list, run, restore, help, show, messages\n"
	"  Job ACL = Backup, Restore; Client ACL = farm-fd; Pool ACL = Full; Storage ACL = Disk\n"
	"  Catalog ACL = *all*; FileSet ACL = Standard; Where ACL = *all* }\n"
	"Console { Name = small; Password = \"p\"; Profile = few; TLS Enable = no }\n";

static struct director *director_;
static struct bytes sections;
static unsigned first_section;
static const char *job_name;
static atomic_uint dialled;

void
fake_director_daemons(struct bytes input, unsigned first, const char *name)
{
	sections = input;
	first_section = first;
	job_name = name;
	atomic_store(&dialled, 0);
}

/* The section with the name of the job in place of JOB_NAME. */
static void
put_name(struct bytes section, struct buf *out)
{
	struct job_info *jobs = NULL;
	size_t n = job_name == NULL ? job_table_list(director_jobs(director_), &jobs) : 0;
	const char *name = n > 0 ? jobs[0].unique : job_name;

	for (size_t i = 0; i < section.n; i++)
		if (section.p[i] == JOB_NAME && name != NULL)
			buf_text(out, "%s", name);
		else
			buf_put(out, &section.p[i], 1);
	free(jobs);
}

enum err_code
__wrap_conn_dial(const struct dial *d, struct conn **out, struct err *err)
{
	struct bytes section = peer_section(sections,
					    first_section + atomic_fetch_add(&dialled, 1));
	OWNED(buf_release) struct buf said = BUF_INIT(1 << 20);

	if (section.n == 0)
		return err_set(err, ERR_PEER, "%s:%u cannot be reached", d->host, d->port);
	put_name(section, &said);
	*out = peer_say(buf_bytes(&said));
	return ERR_OK;
}

enum err_code
__wrap_schema_state_read(struct pg *pg, enum schema_state *out, struct err *err)
{
	(void)pg;
	(void)err;
	*out = SCHEMA_READY;
	return ERR_OK;
}

enum err_code
__wrap_schema_check_usable(struct pg *pg, struct err *err)
{
	(void)pg;
	(void)err;
	return ERR_OK;
}

void
__wrap_clock_pause_ms(unsigned ms)
{
	__real_clock_pause_ms(ms < 2 ? ms : 2);
}

struct director *
fake_director_start(const char *dir)
{
	static const char query[] = ":A query\n*Which: \nSELECT '%1', %2;\n";
	char path[512], text[4096];
	struct conf_diag *diag = conf_diag_new(false);
	struct buf why = BUF_INIT(1 << 20);
	struct dir_conf *conf = NULL;
	struct err err = ERR_INIT;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/q", dir);
	f = fopen(path, "w");
	if (f == NULL || fputs(query, f) < 0 || fclose(f) != 0)
		abort();
	(void)snprintf(path, sizeof(path), "%s/dir.conf", dir);
	(void)snprintf(text, sizeof(text), conf_text, dir, dir);
	f = fopen(path, "w");
	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
	if (dir_conf_load(path, &conf, diag, &err) != ERR_OK ||
	    director_new(path, &conf, &director_, &err) != ERR_OK ||
	    director_start(director_, &err) != ERR_OK) {
		conf_diag_text(diag, true, &why);
		(void)fprintf(stderr, "%s\n%s", err.text, buf_str(&why));
		_exit(1);
	}
	conf_diag_free(diag);
	return director_;
}
