/*
 * file-daemon/pipe/writer.c - batches in order, as frames on the conversation
 *
 * Gives FileIndexes, makes stream heads and attribute records, resolves hard links.  Everything
 * of a batch is gathered into one buffer and leaves in large writes; segments of large files
 * are sent as they are.
 */
#include "file-daemon/pipe/pipe_internal.h"

#include <assert.h>
#include <stdio.h>

#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/base/num.h"
#include "lib/base/own.h"
#include "lib/base/path.h"
#include "lib/base/wr.h"
#include "lib/proto/attr_record.h"
#include "lib/proto/fd_sd.h"
#include "lib/proto/scan.h"

#define OUT_MAX         (64u * 1024u * 1024u)
#define LIMIT_LOOK_MS   500  /* between looks at a changed bandwidth limit */
#define CREDIT_MS       100  /* of sending that a pause earns at most: no burst follows it */
#define UPDCAT_TEXT_MAX 256u /* in front of a record on its way to the director; wire.md 6.6 */

/* An attribute record always fits into a frame, whatever the names. */
_Static_assert(2 * PATH_BYTES_MAX + LSTAT_TEXT_MAX + ATTR_RECORD_TEXT_MAX + UPDCAT_TEXT_MAX <=
		       FRAME_SEND_MAX,
	       "the record of a hard link fits into a frame");

struct writer {
	struct pipe *p;
	struct buf out;
	struct buf record;       /* scratch for one attribute record */
	struct link_saved saved; /* of the item that is put, when that is a later name */
	struct buf saved_name;
	uint32_t file_index;
	char last_words[256]; /* of the storage daemon; "" none */
	struct stages *stages;
	int64_t since_ns; /* it is putting things in order */
	/* bandwidth */
	int64_t start_ms; /* since the limit is what it is */
	uint64_t sent, limit;
};

/* ---- sending ---- */

/* What the storage daemon says while we send is read and its last error kept. */
static void
listen_in(struct writer *w)
{
	struct frame f;
	struct err e = ERR_INIT;

	while (conn_has_input(w->p->o.sd)) {
		if (conn_recv(w->p->o.sd, &f, &e) != ERR_OK)
			return;
		if (f.signal == FRAME_DATA && f.data.n > 0)
			(void)snprintf(w->last_words, sizeof(w->last_words), "%.*s",
				       (int)size_min(f.data.n, 200), (const char *)f.data.p);
	}
	w->last_words[strcspn(w->last_words, "\r\n")] = '\0';
}

static enum err_code
explain(struct writer *w, struct err *err)
{
	listen_in(w);
	if (w->last_words[0] != '\0' && err->code != ERR_CANCELED) {
		struct err said = ERR_INIT;

		(void)err_set(&said, err->code, "%s; the storage daemon said: %s", err->text,
			      w->last_words);
		*err = said;
	}
	return err->code;
}

/* The limit as it is now; a new one counts from now on. */
static uint64_t
current_limit(struct writer *w)
{
	uint64_t limit = 0;

	if (w->p->o.bandwidth != NULL)
		limit = atomic_load_explicit(w->p->o.bandwidth, memory_order_relaxed);
	if (limit != w->limit) {
		w->limit = limit;
		w->start_ms = clock_mono_ms();
		w->sent = 0;
	}
	return limit;
}

/* Time in which nothing was sent is not made up for later. */
static void
limit_credit(struct writer *w, uint64_t limit)
{
	int64_t since = clock_mono_ms() - CREDIT_MS;

	if (w->start_ms + (int64_t)(w->sent * 1000 / limit) < since) {
		w->start_ms = since;
		w->sent = 0;
	}
}

/* Sleeps as long as needed to stay below the job's bandwidth, looking now and then whether the
 * limit is still the same. */
static enum err_code
throttle(struct writer *w, size_t n, struct err *err)
{
	struct wait pause = wait_for(w->p->o.cancel, 0, "the bandwidth limit");
	uint64_t limit = current_limit(w);

	if (limit != 0)
		limit_credit(w, limit);
	w->sent += n;
	while (limit != 0) {
		int64_t due = w->start_ms + (int64_t)(w->sent * 1000 / limit);
		int64_t now = clock_mono_ms();

		if (due <= now)
			break;
		pause.deadline_ms = due < now + LIMIT_LOOK_MS ? due : now + LIMIT_LOOK_MS;
		if (wait_pause(&pause, err) != ERR_OK)
			return err->code;
		limit = current_limit(w);
	}
	return ERR_OK;
}

static enum err_code
send_now(struct writer *w, struct bytes b, struct err *err)
{
	if (cancel_asked(w->p->o.cancel))
		return err_set(err, ERR_CANCELED, "canceled");
	if (throttle(w, b.n, err) != ERR_OK)
		return err->code;
	if (conn_send_framed(w->p->o.sd, b, err) != ERR_OK)
		return explain(w, err);
	listen_in(w);
	if (w->last_words[0] != '\0')
		return err_set(err, ERR_PROTO, "the storage daemon said: %s", w->last_words);
	return ERR_OK;
}

static enum err_code
send_bytes(struct writer *w, struct bytes b, struct err *err)
{
	int64_t wall = stage_busy(w->stages, STAGE_ORDER, w->since_ns), cpu = clock_thread_ns();
	enum err_code rc = send_now(w, b, err);

	stage_split(w->stages, STAGE_SEND, wall, cpu);
	w->since_ns = clock_mono_ns();
	return rc;
}

/* The writer waits for others from now on, or did since. */
static int64_t
waiting_begins(struct writer *w)
{
	return stage_busy(w->stages, STAGE_ORDER, w->since_ns);
}

static void
waiting_ends(struct writer *w, int64_t since_ns)
{
	w->since_ns = stage_waited(w->stages, STAGE_ORDER, since_ns);
}

static enum err_code
send_out(struct writer *w, size_t at_least, struct err *err)
{
	if (w->out.len < at_least || w->out.len == 0)
		return ERR_OK;
	if (send_bytes(w, buf_bytes(&w->out), err) != ERR_OK)
		return err->code;
	buf_clear(&w->out);
	return ERR_OK;
}

/* ---- frames ---- */

static void
put_frame(struct writer *w, struct bytes data)
{
	struct err e = ERR_INIT;
	enum err_code rc = buf_reserve(&w->out, FRAME_HEAD + data.n, &e);
	struct wr to = wr_init(w->out.p + w->out.len, FRAME_HEAD + data.n);

	assert(rc == ERR_OK); /* OUT_MAX is far above what one batch makes */
	wr_u32be(&to, (uint32_t)data.n);
	wr_bytes(&to, data.p, data.n);
	w->out.len += to.len;
}

static void
put_eod(struct writer *w)
{
	static const uint8_t eod[FRAME_HEAD] = { 0xff, 0xff, 0xff, 0xff };

	buf_put(&w->out, eod, sizeof(eod));
}

static size_t
put_decimal(char *out, uint32_t v)
{
	char rev[10];
	size_t n = 0;

	do {
		rev[n++] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	for (size_t i = 0; i < n; i++)
		out[i] = rev[n - 1 - i];
	return n;
}

/* FD_SD_STREAM_HEAD, by hand: there are several per file. */
static void
put_head(struct writer *w, uint32_t stream)
{
	char text[32];
	size_t n = put_decimal(text, w->file_index);

	text[n++] = ' ';
	n += put_decimal(text + n, stream);
	text[n++] = ' ';
	text[n++] = '0';
	put_frame(w, bytes_of(text, n));
}

static void
put_stream(struct writer *w, uint32_t stream, struct bytes data)
{
	put_head(w, stream);
	put_frame(w, data);
	put_eod(w);
}

/* ---- one file ---- */

static uint32_t
data_stream_of(const struct item *it)
{
	if ((it->options->flags & OPT_SPARSE) != 0)
		return it->codec != NULL ? STREAM_SPARSE_COMPRESSED_DATA : STREAM_SPARSE_DATA;
	return it->codec != NULL ? STREAM_COMPRESSED_DATA : STREAM_FILE_DATA;
}

static bool
is_later_link(const struct item *it)
{
	return it->link != 0 && !it->link_first;
}

static enum err_code
put_attributes(struct writer *w, const struct batch *b, const struct item *it, struct err *err)
{
	char lstat[LSTAT_TEXT_MAX];
	bool later = is_later_link(it);
	struct lstat_fields f;
	struct bytes name = fileset_strip_path(item_path(b, it), it->options->strip);
	struct attr_record a = { .file_index = (int32_t)w->file_index,
				 .type = later ? (int)FT_LNKSAVED : (int)it->type,
				 .name = name,
				 .add_slash = it->type == FT_DIREND && name.n > 1,
				 .link = later ? buf_bytes(&w->saved_name)
					       : part_bytes(b, it->target) };

	lstat_from_stat(&it->st, later ? w->saved.file_index : 0, data_stream_of(it), &f);
	a.lstat = bytes_of(lstat, lstat_emit(&f, lstat));
	buf_clear(&w->record);
	if (attr_record_emit(&a, &w->record, err) != ERR_OK)
		return err->code;
	put_stream(w, STREAM_UNIX_ATTRIBUTES, buf_bytes(&w->record));
	return ERR_OK;
}

static enum err_code
gave_up(struct err *err)
{
	return err_set(err, ERR_CANCELED, "another stage of the pipe gave up");
}

/* The worker has let go of b: all its results may be read. */
static enum err_code
await_done(struct writer *w, const struct batch *b, struct err *err)
{
	int64_t t = waiting_begins(w);
	struct pipe *p = w->p;
	bool done;

	mutex_lock(&p->lock);
	while (b->state != BATCH_DONE && !p->stopping) /* until its worker let go of it */
		cond_wait(&p->done, &p->lock);
	done = b->state == BATCH_DONE;
	mutex_unlock(&p->lock);
	waiting_ends(w, t);
	return done ? ERR_OK : gave_up(err);
}

static struct segment *
next_segment(struct writer *w, struct batch *b)
{
	int64_t t = waiting_begins(w);
	struct segment *s = stream_pop(w->p, b);

	waiting_ends(w, t);
	return s;
}

/* Frames of a large file straight from its segments. */
static enum err_code
send_segments(struct writer *w, struct batch *b, uint64_t *payload, struct err *err)
{
	struct segment *s;

	put_head(w, data_stream_of(&b->items[0]));
	if (send_out(w, 1, err) != ERR_OK)
		return err->code;
	while ((s = next_segment(w, b)) != NULL) {
		enum err_code rc = send_bytes(w, buf_bytes(&s->frames), err);

		*payload += pack_payload(buf_bytes(&s->frames));
		atomic_store_explicit(&w->p->o.progress->streaming, *payload, memory_order_relaxed);
		stream_give_back(w->p, s);
		if (rc != ERR_OK)
			return rc;
	}
	put_eod(w);
	return ERR_OK;
}

static uint64_t
put_data(struct writer *w, const struct batch *b, const struct item *it)
{
	struct bytes frames = part_bytes(b, it->data);

	if (frames.n == 0)
		return 0;
	put_head(w, data_stream_of(it));
	buf_put(&w->out, frames.p, frames.n);
	put_eod(w);
	return pack_payload(frames);
}

static size_t
put_meta(struct writer *w, const struct batch *b, const struct item *it)
{
	if (it->acl_access.n > 0)
		put_stream(w, STREAM_ACL_LINUX_ACCESS, part_bytes(b, it->acl_access));
	if (it->acl_default.n > 0)
		put_stream(w, STREAM_ACL_LINUX_DEFAULT, part_bytes(b, it->acl_default));
	if (it->xattr.n > 0)
		put_stream(w, STREAM_XATTR_LINUX, part_bytes(b, it->xattr));
	return it->acl_access.n + it->acl_default.n + it->xattr.n;
}

/* What the later names of its file need to know of the first one. */
static void
settle_link(const struct writer *w, const struct item *it, struct bytes name)
{
	struct link_saved s = { .file_index = w->file_index,
				.digest_stream = it->options->digest_stream,
				.digest_n = (uint32_t)it->digest_n };

	memcpy(s.digest, it->digest, it->digest_n);
	link_table_settle(w->p->o.links, it->link, &s, name);
}

static void
put_digest(struct writer *w, const struct batch *b, struct item *it)
{
	if (is_later_link(it)) {
		if (w->saved.digest_n > 0)
			put_stream(w, w->saved.digest_stream,
				   bytes_of(w->saved.digest, w->saved.digest_n));
		return;
	}
	if (it->digest_n > 0)
		put_stream(w, it->options->digest_stream, bytes_of(it->digest, it->digest_n));
	if (it->link != 0)
		settle_link(w, it, fileset_strip_path(item_path(b, it), it->options->strip));
}

static void
tell(const struct writer *w, const struct batch *b, enum msg_type type, struct part text)
{
	struct bytes t = part_bytes(b, text);

	if (t.n > 0)
		job_report(w->p->o.msg, type, "%.*s", BYTES_ARG(t));
}

static enum err_code
put_item(struct writer *w, struct batch *b, struct item *it, struct err *err)
{
	struct pipe_progress *pr = w->p->o.progress;
	uint64_t payload = 0;

	if (it->fate == ITEM_LOST) {
		tell(w, b, MSG_NOTSAVED, it->lost);
		return ERR_OK;
	}
	w->file_index++;
	if (put_attributes(w, b, it, err) != ERR_OK)
		return err->code;
	if (b->streams && !is_later_link(it)) {
		if (send_segments(w, b, &payload, err) != ERR_OK)
			return err->code;
		if (await_done(w, b, err) != ERR_OK) /* the rest of its results */
			return err->code;
	} else {
		payload = put_data(w, b, it);
	}
	payload += put_meta(w, b, it);
	put_digest(w, b, it);
	tell(w, b, it->data_note.type, it->data_note.text);
	tell(w, b, it->meta_note.type, it->meta_note.text);
	atomic_store_explicit(&pr->files, w->file_index, memory_order_relaxed);
	atomic_store_explicit(&pr->streaming, 0, memory_order_relaxed);
	atomic_fetch_add_explicit(&pr->read_bytes, it->read_bytes, memory_order_relaxed);
	atomic_fetch_add_explicit(&pr->bytes, payload, memory_order_relaxed);
	return send_out(w, SEND_AT, err);
}

/* ---- batches ---- */

static struct batch *
next_batch_locked(struct pipe *p) REQUIRES(p->lock)
{
	/* until the oldest batch may be sent, or there are no more */
	while (!p->stopping && !(p->head == NULL && p->closed) &&
	       !(p->head != NULL && p->head->may_be_sent))
		cond_wait(&p->done, &p->lock);
	return p->stopping ? NULL : p->head;
}

static void
unlink_head_locked(struct pipe *p) REQUIRES(p->lock)
{
	p->head = p->head->next;
	if (p->head == NULL)
		p->tail = NULL;
	if (p->n_blocked > 0)
		cond_broadcast(&p->segment_room); /* it may be the turn of a reader that waits */
}

static void
recycle_locked(struct pipe *p, struct batch *b) REQUIRES(p->lock)
{
	p->n_batches--;
	pipe_charge_locked(p, b, batch_size(b));
	b->next = p->spare;
	p->spare = b;
	p->n_spare++;
	if (p->spare_wanted > 0 && (p->n_spare >= p->spare_wanted || p->n_batches == 0))
		cond_broadcast(&p->room);
}

/* What the next item, when it is a later name, needs to know of the first one.  When that is lost,
 * or another file by now, the item is filled once more: it has the data. */
static void
look_at_link(struct writer *w, struct item *it)
{
	if (it->fate != ITEM_SAVE || !is_later_link(it))
		return;
	link_table_look(w->p->o.links, it->link, &w->saved, &w->saved_name);
	if (w->saved.file_index == 0) {
		it->link_first = true;
		it->fate = ITEM_AGAIN;
	}
}

/* The files of a refill up to one that has to be filled yet once more. */
static enum err_code
put_filled(struct writer *w, struct batch *b, size_t *done, struct err *err)
{
	for (*done = 0; *done < b->n; ++*done) {
		struct item *it = &b->items[*done];

		look_at_link(w, it);
		if (it->fate == ITEM_AGAIN)
			break;
		if (put_item(w, b, it, err) != ERR_OK)
			return err->code;
	}
	return ERR_OK;
}

/* What became of a refill: *done items of it are sent. */
static enum err_code
put_refilled(struct writer *w, struct batch *b, size_t *done, struct err *err)
{
	bool may_be_sent;

	mutex_lock(&w->p->lock);
	while (!b->may_be_sent && !w->p->stopping) /* until it is filled */
		cond_wait(&w->p->done, &w->p->lock);
	may_be_sent = b->may_be_sent;
	mutex_unlock(&w->p->lock);
	if (!may_be_sent)
		return gave_up(err);
	if (put_filled(w, b, done, err) != ERR_OK)
		return err->code;
	return await_done(w, b, err);
}

/* Item i of b and those like it behind it; *done of them are sent. */
static enum err_code
put_again(struct writer *w, struct batch *b, size_t i, size_t *done, struct err *err)
{
	struct refill r;
	enum err_code rc;

	if (refill_start(w->p, b, i, &r, err) != ERR_OK)
		return err->code;
	rc = put_refilled(w, r.b, done, err);
	if (rc != ERR_OK) {
		pipe_fail(w->p, err);
	} else if (*done < r.b->n) {
		b->items[i + *done].st = r.b->items[*done].st;
		b->items[i + *done].link = r.b->items[*done].link;
		b->items[i + *done].link_first = r.b->items[*done].link_first;
		b->items[i + *done].fate = ITEM_AGAIN;
	}
	refill_end(&r);
	return rc;
}

static enum err_code
put_batch(struct writer *w, struct batch *b, struct err *err)
{
	size_t i = 0, done;

	if (cancel_asked(w->p->o.cancel))
		return err_set(err, ERR_CANCELED, "canceled");
	if (b->n > 0)
		pipe_progress_set(w->p->o.progress, item_path(b, &b->items[0]));
	while (i < b->n) {
		struct item *it = &b->items[i];
		enum err_code rc;

		done = 1;
		look_at_link(w, it);
		rc = it->fate == ITEM_AGAIN ? put_again(w, b, i, &done, err)
					    : put_item(w, b, it, err);
		if (rc != ERR_OK)
			return rc;
		i += done;
	}
	return ERR_OK;
}

static enum err_code
write_all(struct writer *w, struct err *err)
{
	struct pipe *p = w->p;

	for (;;) {
		int64_t t = waiting_begins(w);
		struct batch *b;

		mutex_lock(&p->lock);
		b = next_batch_locked(p);
		mutex_unlock(&p->lock);
		waiting_ends(w, t);
		if (b == NULL)
			break;
		if (put_batch(w, b, err) != ERR_OK)
			return err->code;
		if (await_done(w, b, err) != ERR_OK) /* a file that could not be opened */
			return err->code;
		mutex_lock(&p->lock);
		unlink_head_locked(p);
		mutex_unlock(&p->lock);
		batch_clear(b);
		mutex_lock(&p->lock);
		recycle_locked(p, b);
		mutex_unlock(&p->lock);
	}
	return send_out(w, 1, err);
}

void
writer_run(void *arg)
{
	struct pipe *p = arg;
	struct writer w = { .p = p,
			    .out = BUF_INIT(OUT_MAX),
			    .record = BUF_INIT(FRAME_SEND_MAX),
			    .saved_name = BUF_INIT(PATH_BYTES_MAX),
			    .file_index = p->o.first_index,
			    .start_ms = clock_mono_ms(),
			    .stages = &p->o.progress->stages,
			    .since_ns = clock_mono_ns() };
	struct err e = ERR_INIT;

	if (write_all(&w, &e) != ERR_OK)
		pipe_fail(p, &e);
	buf_release(&w.out);
	buf_release(&w.record);
	buf_release(&w.saved_name);
	mutex_lock(&p->lock);
	p->drained = true;
	cond_broadcast(&p->room);
	mutex_unlock(&p->lock);
}
