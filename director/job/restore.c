/*
 * director/job/restore.c - one restore: the client, and one storage daemon after the other
 *
 * The bootstrap is cut where the storage changes; storages with one address and port are one.
 * Spec: director.md 14.7, wire.md 5.7
 */
#include "director/job/fd_session.h"
#include "director/job/sd_session.h"

#include "lib/base/clock.h"
#include "lib/base/fd.h"
#include "lib/base/own.h"
#include "lib/base/path.h"
#include "lib/proto/bootstrap.h"
#include "lib/proto/dir_fd.h"
#include "lib/proto/scan.h"

#include <inttypes.h>

#define AFTER_FAILURE_SECONDS 30

/* Consecutive records that one storage daemon reads. */
struct part {
	struct dir_storage *storage;
	struct buf text;
};

struct restore {
	struct job *job;
	struct fd_session fd;
	struct sd_session sd; /* of the part that is read now */
	struct part *parts;   /* owned */
	size_t n;
	bool done; /* the client said 2800 before it was asked */
};

/* ---- the bootstrap ---- */

static bool
same_daemon(const struct dir_storage *a, const struct dir_storage *b)
{
	return a == b || (strcmp(a->address, b->address) == 0 && a->port == b->port);
}

static enum err_code
storage_of(struct restore *r, const struct bsr_record *rec, struct dir_storage **out,
	   struct err *err)
{
	struct job *j = r->job;
	struct dir_storage *st = j->plan.read_storage;

	/* A storage chosen by hand rules. */
	if (rec->storage != NULL && j->req.storage == NULL)
		st = dir_conf_find_storage(j->conf, rec->storage);
	if (st == NULL && rec->storage != NULL)
		return err_set(err, ERR_CONFIG,
			       "the bootstrap names Storage \"%s\", which is not configured",
			       rec->storage);
	if (st == NULL)
		return err_set(err, ERR_CONFIG,
			       "neither the bootstrap nor the job names a Storage to read from");
	*out = st;
	return ERR_OK;
}

/* A job has written through one storage: its pieces are in one daemon, though that may have several
 * addresses and each volume's Storage says by which it was last used. */
static bool
is_one_and_same(const struct bsr_ranges *a, const struct bsr_ranges *b)
{
	return a->n == 1 && b->n == 1 && a->v[0].first == a->v[0].last &&
	       b->v[0].first == a->v[0].first && b->v[0].last == a->v[0].last;
}

static bool
same_session(const struct bsr_record *a, const struct bsr_record *b)
{
	return is_one_and_same(&a->session_id, &b->session_id) &&
	       is_one_and_same(&a->session_time, &b->session_time);
}

static enum err_code
cut_parts(struct restore *r, struct bootstrap *b, struct err *err)
{
	size_t n = bootstrap_n_records(b);

	r->parts = NEW_ARRAY(struct part, n + 1);
	for (size_t i = 0; i < n; i++) {
		const struct bsr_record *rec = bootstrap_record(b, i);
		struct dir_storage *st = NULL;

		if (storage_of(r, rec, &st, err) != ERR_OK)
			return err->code;
		if (r->n == 0 || (!same_daemon(r->parts[r->n - 1].storage, st) &&
				  !same_session(bootstrap_record(b, i - 1), rec)))
			r->parts[r->n++] = (struct part){ st, BUF_INIT(BSR_TEXT_MAX) };
		if (bsr_record_emit(rec, &r->parts[r->n - 1].text, err) != ERR_OK)
			return err->code;
		for (size_t k = 0; k < rec->volumes.n; k++)
			job_add_volume(r->job, rec->volumes.v[k], 0);
	}
	if (r->n == 0)
		return err_set(err, ERR_CONFIG, "the bootstrap names nothing to restore");
	return ERR_OK;
}

struct span {
	uint64_t session_time, session_id, first, last;
};

static int
compare_spans(const void *pa, const void *pb)
{
	const struct span *a = pa, *b = pb;

	if (a->session_time != b->session_time)
		return a->session_time < b->session_time ? -1 : 1;
	if (a->session_id != b->session_id)
		return a->session_id < b->session_id ? -1 : 1;
	return a->first < b->first ? -1 : a->first > b->first;
}

/* Files the bootstrap names, each once though it may lie on several volumes; 0: it does not say. */
static uint64_t
count_files(const struct bootstrap *b)
{
	size_t n = bootstrap_n_records(b), total = 0, used = 0;
	struct span *spans;
	uint64_t files = 0;

	for (size_t i = 0; i < n; i++) {
		const struct bsr_record *rec = bootstrap_record(b, i);

		if (rec->file_index.n == 0 || rec->file_regex != NULL || rec->session_id.n != 1)
			return 0;
		total += rec->file_index.n;
	}
	spans = NEW_ARRAY(struct span, total + 1);
	for (size_t i = 0; i < n; i++) {
		const struct bsr_record *rec = bootstrap_record(b, i);

		for (size_t k = 0; k < rec->file_index.n; k++)
			spans[used++] = (struct span){
				rec->session_time.n > 0 ? rec->session_time.v[0].first : 0,
				rec->session_id.v[0].first, rec->file_index.v[k].first,
				rec->file_index.v[k].last
			};
	}
	qsort(spans, used, sizeof(*spans), compare_spans);
	for (size_t i = 0; i < used; i++) {
		struct span *s = &spans[i];

		if (i > 0 && s->session_id == spans[i - 1].session_id &&
		    s->session_time == spans[i - 1].session_time && s->first <= spans[i - 1].last)
			s->first = spans[i - 1].last + 1;
		if (s->last >= s->first)
			files += s->last - s->first + 1;
		else
			s->last = spans[i - 1].last;
	}
	free(spans);
	return files;
}

static enum err_code
read_bootstrap(struct restore *r, struct err *err)
{
	struct job *j = r->job;
	struct buf text = BUF_INIT(BSR_TEXT_MAX);
	OWNED(bootstrap_freep) struct bootstrap *b = NULL;
	enum err_code code;

	if (j->plan.bootstrap == NULL)
		return err_set(err, ERR_CONFIG,
			       "a restore needs a bootstrap; use the restore command");
	code = fd_read_file(j->plan.bootstrap, &text, err);
	if (code == ERR_OK)
		code = bootstrap_parse(buf_bytes(&text), &b, err);
	buf_release(&text);
	if (code != ERR_OK)
		return err_ctx(err, "bootstrap %s", j->plan.bootstrap);
	mutex_lock(&j->lock);
	if (j->expected_files == 0)
		j->expected_files = count_files(b);
	mutex_unlock(&j->lock);
	return cut_parts(r, b, err);
}

/* ---- the run ---- */

static enum err_code
start_storage(struct restore *r, struct part *p, struct err *err)
{
	struct job *j = r->job;

	job_set_wait(j, STATUS_WAIT_SD, "connecting the storage daemon");
	if (sd_session_open(&r->sd, j, p->storage, NULL, err) != ERR_OK ||
	    sd_session_reserve(&r->sd, false, err) != ERR_OK)
		return err->code;
	return sd_session_bootstrap(&r->sd, buf_bytes(&p->text), err);
}

static enum err_code
start_client(struct restore *r, struct err *err)
{
	struct job *j = r->job;

	job_set_wait(j, STATUS_WAIT_FD, "connecting the client");
	j->vol_session_id = r->sd.session_id;
	j->vol_session_time = r->sd.session_time;
	if (fd_session_open(&r->fd, j, &r->sd, err) != ERR_OK)
		return err->code;
	job_set_status(j, STATUS_RUNNING);
	return fd_session_secure_erase(&r->fd, err);
}

static enum err_code
call_storage(struct restore *r, struct err *err)
{
	struct job *j = r->job;
	char key[sizeof(r->sd.key)];
	enum err_code code;

	memcpy(key, r->sd.key, sizeof(key));
	if (j->plan.client->passive) {
		code = conn_printf(r->fd.peer.conn, err, DIR_FD_AUTHORIZATION, key);
		if (code == ERR_OK)
			code = peer_expect(&r->fd.peer, DIR_FD_OK_AUTHORIZATION, err);
		if (code == ERR_OK)
			code = sd_session_call_client(&r->sd, j->plan.client,
						      fd_link_is_tls(r->fd.link), err);
		if (code == ERR_OK)
			code = sd_session_run(&r->sd, err);
	} else {
		code = sd_session_run(&r->sd, err);
		if (code == ERR_OK)
			code = fd_session_storage(&r->fd, r->sd.storage, key, err);
	}
	explicit_bzero(key, sizeof(key));
	return code;
}

static enum err_code
send_restore(struct restore *r, struct err *err)
{
	struct job *j = r->job;
	const struct job_plan *p = &j->plan;
	int links = p->job->prefix_links ? 1 : 0;
	OWNED(freep) char *where = NULL;
	enum err_code code;

	if (p->regex_where != NULL && p->regex_where[0] != '\0') {
		where = wire_bash(str_dup(p->regex_where));
		code = conn_printf(r->fd.peer.conn, err, DIR_FD_RESTORE_REGEX, p->replace, links,
				   where);
	} else {
		where = wire_bash(str_dup(p->where != NULL ? p->where : ""));
		code = conn_printf(r->fd.peer.conn, err, DIR_FD_RESTORE, p->replace, links, where);
	}
	if (code != ERR_OK)
		return code;
	return peer_expect(&r->fd.peer, DIR_FD_OK_RESTORE, err);
}

/* The client has read all of one storage daemon, or gives up. */
static enum err_code
await_client(struct restore *r, struct err *err)
{
	struct bytes line;
	bool eod;

	for (;;) {
		eod = false;
		if (peer_reply(&r->fd.peer, &line, &eod, err) != ERR_OK)
			return err->code;
		if (eod)
			continue;
		if (bytes_eq(line, bytes_str(DIR_FD_OK_STORAGE_END)))
			return ERR_OK;
		if (fd_session_take_end(&r->fd, line)) {
			r->done = true;
			return ERR_OK;
		}
		job_say(r->job, MSG_ERROR, "Unexpected Client Job message: %s", PATH_PRINT(line));
	}
}

/* Add one storage daemon's end to the job's; a lost or failed one fails the job. */
static void
await_storage(struct restore *r, int64_t seconds)
{
	struct job *j = r->job;
	struct sd_end end = { .seen = false };

	if (!sd_session_wait(&r->sd, seconds, &end))
		return;
	mutex_lock(&j->lock);
	end.files += j->sd.files;
	end.bytes += j->sd.bytes;
	end.errors += j->sd.errors;
	if (j->sd.seen && !job_status_is_ok(j->sd.status))
		end.status = j->sd.status;
	j->sd = end;
	j->sd_status = end.status;
	mutex_unlock(&j->lock);
}

static enum err_code
run_part(struct restore *r, size_t at, struct err *err)
{
	if (start_storage(r, &r->parts[at], err) != ERR_OK)
		return err->code;
	if (at == 0 && start_client(r, err) != ERR_OK)
		return err->code;
	if (call_storage(r, err) != ERR_OK)
		return err->code;
	if (at == 0 && (fd_session_scripts(&r->fd, err) != ERR_OK ||
			fd_session_plugin_options(&r->fd, err) != ERR_OK ||
			job_store_start(r->job, err) != ERR_OK))
		return err->code;
	if (send_restore(r, err) != ERR_OK)
		return err->code;
	mutex_lock(&r->job->lock);
	if (r->job->client_start_ms == 0)
		r->job->client_start_ms = clock_mono_ms();
	mutex_unlock(&r->job->lock);
	if (await_client(r, err) != ERR_OK)
		return err->code;
	await_storage(r, r->done ? AFTER_FAILURE_SECONDS : 0);
	sd_session_close(&r->sd);
	return job_check(r->job, err);
}

static enum err_code
run_all(struct restore *r, struct err *err)
{
	struct job *j = r->job;

	job_say(j, MSG_INFO, "Start Restore Job %s", j->unique);
	if (read_bootstrap(r, err) != ERR_OK)
		return err->code;
	for (size_t i = 0; i < r->n && !r->done; i++)
		if (run_part(r, i, err) != ERR_OK)
			return err->code;
	if (!r->done && conn_send(r->fd.peer.conn, bytes_str(DIR_FD_ENDRESTORE), err) != ERR_OK)
		return err->code;
	return fd_session_end(&r->fd, err);
}

static void
judge(struct restore *r)
{
	struct job *j = r->job;
	struct fd_end fd;
	struct sd_end sd;
	uint64_t expected;
	uint32_t complaints;
	int letter;

	mutex_lock(&j->lock);
	fd = j->fd;
	sd = j->sd;
	expected = j->expected_files;
	complaints = j->errors + j->warnings;
	letter = j->status;
	mutex_unlock(&j->lock);
	if (job_status_is_canceled(letter))
		return;
	if (!fd.seen || !sd.seen)
		job_say(j, MSG_FATAL, "the %s did not report how the job ended",
			fd.seen ? "storage daemon" : "client");
	else if (!job_status_is_ok(fd.term_code))
		job_set_status(j, fd.term_code);
	else if (!job_status_is_ok(sd.status))
		job_set_status(j, sd.status);
	else if (expected != 0 && expected != fd.files) {
		job_say(j, MSG_WARNING, "File count mismatch: expected=%" PRIu64 " , restored=%u",
			expected, fd.files);
		/* None, and no Replace option that left all as it was: that is no restore. */
		job_set_status(j, fd.files == 0 && fd.errors + sd.errors + complaints > 0
					  ? STATUS_ERROR
					  : STATUS_WARNINGS);
	} else if (fd.term_code == STATUS_WARNINGS || sd.status == STATUS_WARNINGS ||
		   fd.errors + sd.errors + complaints > 0)
		job_set_status(j, STATUS_WARNINGS);
	else
		job_set_status(j, STATUS_OK);
}

void
restore_run(struct job *j)
{
	struct restore *r = NEW(struct restore);
	struct err err = ERR_INIT;

	r->job = j;
	if (run_all(r, &err) != ERR_OK) {
		job_fail(j, &err);
		job_stop_daemons(j, NULL, NULL);
		if (err.code == ERR_PROTO || err.code == ERR_CANCELED)
			fd_session_last_words(&r->fd);
		sd_session_last_words(&r->sd);
		if (r->sd.job != NULL && r->sd.thread.running)
			await_storage(r, AFTER_FAILURE_SECONDS);
	}
	fd_session_close(&r->fd);
	sd_session_close(&r->sd);
	judge(r);
	for (size_t i = 0; i < r->n; i++)
		buf_release(&r->parts[i].text);
	free(r->parts);
	free(r);
}
