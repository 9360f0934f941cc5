/*
 * storage-daemon/session/session_fake.h - whole conversations of this daemon in one process
 *
 * Purpose: for the tests of this folder.  The daemon's own sessions serve a director and a client
 *          made here, over socket pairs and over the failing medium of media_fake.h.  The director
 *          keeps what a catalog has committed: volumes, pieces (JobMedia), jobs and how many
 *          attributes each has.  Power can go before each operation of the medium and before and
 *          after each commit, for the storage daemon's host, the director's, or both.
 * Threads: the daemon's session, with the writer of a backup, the director and the client (the
 *          caller).  They take turns: a session waits for each answer, so that the same seed gives
 *          the same course.
 */
#ifndef TERCET_STORAGE_DAEMON_SESSION_SESSION_FAKE_H
#define TERCET_STORAGE_DAEMON_SESSION_SESSION_FAKE_H

#include "lib/base/own.h"
#include "lib/base/thread.h"
#include "lib/proto/dir_sd.h"
#include "lib/proto/fd_sd.h"
#include "lib/proto/job_code.h"
#include "lib/proto/scan.h"
#include "storage-daemon/media/media_fake.h"
#include "storage-daemon/session/sd_conversation.h"
#include "storage-daemon/session/sd.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <cmocka.h>

#define FAKE_JOBS   8
#define FAKE_PIECES 256

enum power { POWER_ALL, POWER_STORAGE, POWER_DIRECTOR, POWER_KILL };

struct row_job {
	int status; /* letter; STATUS_RUNNING until it is over */
	uint32_t session_id, session_time;
	uint32_t attributes; /* committed with the end of the job */
	uint32_t files;
};

struct row_piece {
	unsigned job;
	uint32_t first, last;
	uint64_t start, end, media_id;
};

/* The catalog's committed rows; volumes are fake.vol. */
struct fake_catalog {
	struct row_job job[FAKE_JOBS];
	struct row_piece piece[FAKE_PIECES];
	unsigned n_piece;
	enum power power;
	unsigned cut_at;         /* POWER_DIRECTOR: as fake.cut_at, for the director alone */
	bool off;                /* the director has no power */
	unsigned refused_pieces; /* so many of the next JobMedia rows, placeholders apart */
	bool cancel_at_jobmedia; /* before the next JobMedia is answered the job is cancelled */
};

static struct fake_catalog catalog;

struct fake_sd {
	struct fake_site site;
	struct sd_director director;
	struct sd sd;
};

/* One job: three conversations, of which this holds all ends. */
struct fake_talk {
	struct fake_sd *daemon;
	unsigned job;
	const char *bootstrap; /* NULL: a backup */
	struct conn *sd_to_dir, *dir, *sd_to_fd, *fd;
	struct thread session, director;
	uint32_t attributes; /* received, not committed */
	int sd_status;       /* of 3099; 0: none came */
	uint32_t sd_files;
};

/* ---- power ---- */

/* One more moment of the director's; false: it has no power (any more), or nobody hears it. */
static inline bool
director_lives(void)
{
	if (catalog.power != POWER_DIRECTOR)
		return !fake_tick();
	mutex_lock(&fake_lock);
	fake.ops++;
	catalog.off |= catalog.cut_at != 0 && fake.ops >= catalog.cut_at;
	fake.peer_gone = catalog.off;
	mutex_unlock(&fake_lock);
	return !catalog.off;
}

/* ---- the daemon ---- */

static inline void
fake_sd_begin(struct fake_sd *d, uint32_t session_time)
{
	static char name[] = "t-sd", director[] = "t-dir";
	struct err err = ERR_INIT;

	*d = (struct fake_sd){ .director = { .name = director } };
	fake_site_begin(&d->site);
	d->site.storage.name = name;
	d->site.storage.just_in_time_reservation = true;
	d->site.storage.client_connect_wait = 60;
	d->sd.conf = &d->site.conf;
	d->sd.media = d->site.media;
	d->sd.sessions = sessions_new();
	d->sd.started = session_time;
	assert_int_equal(cancel_init(&d->sd.stop, &err), ERR_OK);
}

static inline void
fake_sd_end(struct fake_sd *d)
{
	sessions_free(d->sd.sessions);
	cancel_release(&d->sd.stop);
	fake_site_end(&d->site);
}

static inline void
fake_message(void *arg, const char *frame, size_t n)
{
	struct conn *c = arg;
	struct err err = ERR_INIT;

	if (conn_send(c, bytes_of(frame, n), &err) == ERR_OK)
		(void)!conn_flush(c, &err);
}

static inline void
fake_session_main(void *arg)
{
	struct fake_talk *t = arg;
	struct conversation v = { .sd = &t->daemon->sd,
				  .director = &t->daemon->director,
				  .c = t->sd_to_dir };
	struct err err = ERR_INIT;

	v.msg = job_msg_new("t-sd", fake_message, v.c);
	conn_set_wait(v.c, &v.sd->stop, 0, "the director's next command");
	(void)!conversation_serve(&v, &err);
	job_msg_free(v.msg);
	conn_free(TAKE_PTR(t->sd_to_dir));
}

/* ---- the director ---- */

static inline enum err_code
answer_volume(struct fake_talk *t, const struct vol_info *v, struct err *err)
{
	return conn_printf(t->dir, err, CATREQ_OK_VOL, v->name, v->jobs, v->files, v->blocks,
			   v->bytes, v->mounts, v->errors, v->writes, v->max_bytes, v->capacity,
			   v->status, v->slot, v->max_jobs, v->max_files, v->in_changer, v->read_us,
			   v->write_us, v->end_file, v->end_block, (int)v->label_type, v->media_id,
			   "", v->min_block, v->max_block);
}

/* A transaction that gave a volume, or did not. */
static inline enum err_code
volume_committed(struct fake_talk *t, enum err_code code, const struct vol_info *v, struct err *err)
{
	if (code == ERR_PEER || !director_lives())
		return ERR_PEER;
	if (code == ERR_EOF)
		return conn_printf(t->dir, err, CATREQ_NO_MEDIA);
	if (code != ERR_OK)
		return conn_printf(t->dir, err, "1998 Volume \"%s\" cannot be written.\n", v->name);
	return answer_volume(t, v, err);
}

static inline enum err_code
on_find_media(struct fake_talk *t, struct bytes line, struct err *err)
{
	char job[128], pool[128], media_type[128];
	OWNED(freep) char *unwanted = NULL;
	struct vol_info v = { .name = "" };
	struct err why = ERR_INIT;
	int index;

	assert_true(
		wire_scan(line, CATREQ_FIND_MEDIA_SCAN, job, &index, pool, media_type, &unwanted));
	return volume_committed(
		t, fake_find_media(NULL, (unsigned)index, pool, media_type, unwanted, &v, &why), &v,
		err);
}

static inline enum err_code
on_get_volume(struct fake_talk *t, struct bytes line, struct err *err)
{
	char job[128];
	struct vol_info v = { .name = "" };
	struct err why = ERR_INIT;
	int write;

	assert_true(wire_scan(line, CATREQ_GET_VOL_SCAN, job, v.name, &write));
	return volume_committed(t, fake_get_volume(NULL, v.name, write != 0, &v, &why), &v, err);
}

static inline enum err_code
on_update_media(struct fake_talk *t, struct bytes line, struct err *err)
{
	char job[128];
	struct vol_info in = { .name = "" }, v = { .name = "" };
	struct err why = ERR_INIT;
	int64_t end, first;
	int relabel;

	assert_true(wire_scan(line, CATREQ_UPDATE_MEDIA_SCAN, job, in.name, &in.jobs, &in.files,
			      &in.blocks, &in.bytes, &in.mounts, &in.errors, &in.writes,
			      &in.max_bytes, &end, in.status, &in.slot, &relabel, &in.in_changer,
			      &in.read_us, &in.write_us, &first));
	return volume_committed(t, fake_update_volume(NULL, &in, relabel != 0, &v, &why), &v, err);
}

/* Somebody cancels the job while it waits for us; it is answered when it has asked the next. */
static inline void
cancel_meanwhile(struct fake_talk *t)
{
	struct session *s = session_find(t->daemon->sd.sessions, "J");
	struct pollfd next = { .fd = conn_fd(t->dir), .events = POLLIN };

	assert_non_null(s);
	session_cancel(s);
	session_put(s);
	assert_int_equal(poll(&next, 1, 10000), 1);
}

static inline enum err_code
on_jobmedia(struct fake_talk *t, struct bytes line, struct err *err)
{
	char job[128];
	struct row_piece p = { .job = t->job };
	unsigned file[2], block[2];
	int copy, strip;

	assert_true(wire_scan(line, CATREQ_JOBMEDIA_SCAN, job, &p.first, &p.last, &file[0],
			      &file[1], &block[0], &block[1], &copy, &strip, &p.media_id));
	p.start = (uint64_t)file[0] << 32 | block[0];
	p.end = (uint64_t)file[1] << 32 | block[1];
	if (!director_lives())
		return ERR_PEER;
	if (p.last != 0 && catalog.refused_pieces > 0) {
		catalog.refused_pieces--;
		return conn_printf(t->dir, err, CATREQ_BAD_JOBMEDIA);
	}
	assert_true(catalog.n_piece < FAKE_PIECES);
	catalog.piece[catalog.n_piece++] = p;
	if (catalog.cancel_at_jobmedia) {
		catalog.cancel_at_jobmedia = false;
		cancel_meanwhile(t);
	}
	return director_lives() ? conn_printf(t->dir, err, CATREQ_OK_JOBMEDIA) : ERR_PEER;
}

static inline enum err_code
on_delete_null(struct fake_talk *t, struct bytes line, struct err *err)
{
	unsigned n = 0;

	(void)line;
	if (!director_lives())
		return ERR_PEER;
	for (unsigned i = 0; i < catalog.n_piece; i++)
		if (catalog.piece[i].job != t->job || catalog.piece[i].last != 0)
			catalog.piece[n++] = catalog.piece[i];
	catalog.n_piece = n;
	return director_lives() ? conn_printf(t->dir, err, CATREQ_OK_DELETE_NULL) : ERR_PEER;
}

static inline enum err_code
on_request(struct fake_talk *t, struct bytes line, struct err *err)
{
	static const struct {
		const char *word;
		enum err_code (*serve)(struct fake_talk *t, struct bytes line, struct err *err);
	} rows[] = { { " FindMedia=", on_find_media },
		     { " GetVolInfo ", on_get_volume },
		     { " UpdateMedia ", on_update_media },
		     { " CreateJobMedia ", on_jobmedia },
		     { " DeleteNullJobmediaRecords ", on_delete_null } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (memmem(line.p, line.n, rows[i].word, strlen(rows[i].word)) != NULL)
			return rows[i].serve(t, line, err);
	return err_set(err, ERR_PROTO, "request: %.*s", BYTES_ARG(line));
}

/* Serve what comes until a reply; ERR_PEER also when the power is off. */
static inline enum err_code
director_reply(struct fake_talk *t, struct bytes *line, struct err *err)
{
	for (;;) {
		bool eod = false;
		enum err_code code = conn_recv_line(t->dir, line, &eod, err);
		size_t said = strlen(fake.said);

		if (code != ERR_OK)
			return code;
		if (fake.off || catalog.off)
			return ERR_PEER;
		switch (line->n > 0 ? line->p[0] : 'S') {
		case 'J':
			(void)snprintf(fake.said + said, sizeof(fake.said) - said, "%.*s",
				       BYTES_ARG(*line));
			break;
		case 'S':
			break;
		case 'U':
			t->attributes++;
			break;
		case 'C':
			code = on_request(t, *line, err);
			if (code != ERR_OK)
				return code;
			break;
		default:
			return ERR_OK;
		}
	}
}

static inline enum err_code
director_ask(struct fake_talk *t, struct bytes *line, struct err *err)
{
	return director_reply(t, line, err);
}

static inline enum err_code
send_bootstrap(struct fake_talk *t, struct bytes *line, struct err *err)
{
	enum err_code code;

	if (t->bootstrap == NULL)
		return ERR_OK;
	code = conn_send(t->dir, bytes_str(DIR_SD_BOOTSTRAP), err);
	if (code == ERR_OK)
		code = conn_printf(t->dir, err, "%s", t->bootstrap);
	if (code == ERR_OK)
		code = conn_signal(t->dir, FRAME_EOD, err);
	return code == ERR_OK ? director_ask(t, line, err) : code;
}

static inline enum err_code
director_prepare(struct fake_talk *t, struct err *err)
{
	struct row_job *j = &catalog.job[t->job];
	struct session *s;
	struct bytes line;
	char key[128];
	bool backup = t->bootstrap == NULL;
	uint32_t id, time;
	enum err_code code;

	code = conn_printf(t->dir, err, DIR_SD_JOBID, t->job, backup ? "J" : "R", "J", "t-fd",
			   backup ? 'B' : 'R', 'F', "F", 0, 0, DIR_SD_NO_MD5, 0, 1, (uint64_t)0, 0,
			   0u, 0u, (uint64_t)0, 0, DIR_SD_FORMAT_NATIVE);
	if (code == ERR_OK)
		code = director_ask(t, &line, err);
	if (code != ERR_OK)
		return code;
	assert_true(wire_scan(line, DIR_SD_OK_JOB_SCAN, &id, &time, key));
	if (backup)
		*j = (struct row_job){ .status = STATUS_RUNNING,
				       .session_id = id,
				       .session_time = time };
	s = session_find(t->daemon->sd.sessions, backup ? "J" : "R");
	assert_non_null(s);
	code = session_offer_fd(s, &t->sd_to_fd, err);
	session_put(s);
	if (code == ERR_OK)
		code = conn_printf(t->dir, err, DIR_SD_USE_STORAGE, "Disk", "File", "P", "Backup",
				   backup, 0, 0);
	if (code == ERR_OK)
		code = conn_printf(t->dir, err, DIR_SD_USE_DEVICE, "Dev1");
	if (code == ERR_OK)
		code = conn_signal(t->dir, FRAME_EOD, err);
	if (code == ERR_OK)
		code = conn_signal(t->dir, FRAME_EOD, err);
	if (code == ERR_OK)
		code = director_ask(t, &line, err);
	return code == ERR_OK ? send_bootstrap(t, &line, err) : code;
}

static inline enum err_code
director_run(struct fake_talk *t, struct err *err)
{
	char job[128];
	struct bytes line;
	uint64_t bytes;
	uint32_t errors;
	enum err_code code = director_prepare(t, err);

	if (code == ERR_OK)
		code = conn_send(t->dir, bytes_str(DIR_SD_RUN), err);
	while (code == ERR_OK && t->sd_status == 0) {
		code = director_reply(t, &line, err);
		if (code == ERR_OK && !wire_scan(line, DIR_SD_JOB_END_SCAN, job, &t->sd_status,
						 &t->sd_files, &bytes, &errors))
			t->sd_status = 0;
	}
	return code;
}

static inline void
fake_director_main(void *arg)
{
	struct fake_talk *t = arg;
	struct err err = ERR_INIT;

	(void)!director_run(t, &err);
	conn_shutdown(t->dir); /* what it has still to say is for nobody */
}

/* ---- a job ---- */

static inline struct conn *
fake_end(int fd, const char *name)
{
	struct conn *c = NULL;
	struct err err = ERR_INIT;

	assert_int_equal(conn_wrap(fd, name, &c, &err), ERR_OK);
	return c;
}

static inline void
fake_talk_begin(struct fake_talk *t, struct fake_sd *d, unsigned job, const char *bootstrap)
{
	int dir[2], fd[2];
	struct err err = ERR_INIT;

	*t = (struct fake_talk){ .daemon = d, .job = job, .bootstrap = bootstrap };
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, dir), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	t->sd_to_dir = fake_end(dir[0], "director");
	t->dir = fake_end(dir[1], "storage daemon");
	t->sd_to_fd = fake_end(fd[0], "client");
	t->fd = fake_end(fd[1], "storage daemon");
	assert_int_equal(thread_start(&t->session, "session", fake_session_main, t, &err), ERR_OK);
	assert_int_equal(thread_start(&t->director, "director", fake_director_main, t, &err),
			 ERR_OK);
}

/* The client has ended; the rest does by itself. */
static inline void
fake_talk_end(struct fake_talk *t)
{
	conn_free(TAKE_PTR(t->fd));
	thread_join(&t->director);
	thread_join(&t->session);
	conn_free(t->dir);
	conn_free(t->sd_to_fd);
}

/* The client's side of a dialogue: what it says, and what must come back. */
static inline bool
client_says(struct fake_talk *t, const char *text, const char *want)
{
	struct err err = ERR_INIT;
	struct bytes line;

	return conn_send(t->fd, bytes_str(text), &err) == ERR_OK &&
	       conn_recv_line(t->fd, &line, NULL, &err) == ERR_OK && bytes_starts(line, want);
}

#endif
