/*
 * file-daemon/restore/feed_test.c - records come out as they were sent, decompressed ahead, in
 * bounded memory, whatever is in them
 *
 * labels: tsan
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "file-daemon/restore/feed.h"
#include "lib/base/mem.h"
#include "lib/base/thread.h"
#include "lib/compress/codec.h"
#include "lib/compress/zstd_fake.h"
#include "lib/proto/compression.h"
#include "lib/proto/fd_sd.h"
#include "lib/proto/stream.h"

#define RECORDS 300u
#define DATA    600000u

struct run {
	struct conn *fd, *sd;
	struct thread sender;
	struct cancel cancel;
	atomic_uint_fast64_t read_bytes;
	uint32_t magic;
	unsigned stop_after; /* records; then silence */
	uint8_t *text;       /* owned, DATA bytes */
};

/* Sizes from 0 to more than a window, small ones between large ones. */
static struct bytes
data_of(const struct run *r, unsigned i)
{
	return bytes_of(r->text + i, i % 16 == 0 ? 262144u - i : i % 5 == 0 ? 0 : i * 37u);
}

static int32_t
stream_of(unsigned i)
{
	return i % 3 == 0   ? STREAM_COMPRESSED_DATA
	       : i % 3 == 1 ? STREAM_SPARSE_COMPRESSED_DATA
			    : STREAM_FILE_DATA;
}

static void
send_record(struct run *r, unsigned i, struct codec_work *w)
{
	struct buf b = BUF_INIT(1 << 20);
	struct err e = ERR_INIT;
	int32_t stream = stream_of(i);

	if (stream == STREAM_SPARSE_COMPRESSED_DATA)
		buf_put(&b, "\0\0\0\0\0\0\0\7", 8);
	if (stream == STREAM_FILE_DATA)
		buf_put(&b, data_of(r, i).p, data_of(r, i).n);
	else
		assert_int_equal(codec_do(w, codec_find(r->magic), 1, data_of(r, i), &b, &e),
				 ERR_OK);
	if (conn_printf(r->sd, &e, FD_SD_RECORD_HEAD, 5u, 6u, (int)i + 1, stream,
			(unsigned)b.len) == ERR_OK)
		(void)!conn_send(r->sd, buf_bytes(&b), &e);
	buf_release(&b);
}

static void
send_all(void *arg)
{
	struct run *r = arg;
	struct codec_work *w = codec_work_new();
	struct err e = ERR_INIT;

	for (unsigned i = 0; i < RECORDS && i < r->stop_after; i++)
		send_record(r, i, w);
	if (r->stop_after >= RECORDS)
		(void)!conn_signal(r->sd, FRAME_EOD, &e);
	(void)!conn_flush(r->sd, &e);
	codec_work_free(w);
}

static void
begin(struct run *r)
{
	struct err e = ERR_INIT;
	int fds[2];

	memset(r, 0, sizeof(*r));
	r->magic = MAGIC_LZ4;
	r->stop_after = RECORDS;
	r->text = NEW_ARRAY(uint8_t, DATA);
	for (unsigned i = 0; i < DATA; i++)
		r->text[i] = (uint8_t)((unsigned)"text that repeats"[i % 17] + (i >> 9) % 7);
	assert_int_equal(cancel_init(&r->cancel, &e), ERR_OK);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(conn_wrap(fds[0], "sd", &r->fd, &e), ERR_OK);
	assert_int_equal(conn_wrap(fds[1], "fd", &r->sd, &e), ERR_OK);
	conn_set_wait(r->fd, &r->cancel, 0, "the test");
}

static struct feed *
start(struct run *r, unsigned workers)
{
	struct feed_options o = { .workers = workers,
				  .memory_bytes = 1,
				  .sd = r->fd,
				  .cancel = &r->cancel,
				  .read_bytes = &r->read_bytes };
	struct feed *f = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(feed_start(&o, &f, &e), ERR_OK);
	return f;
}

static void
end(struct run *r, struct feed *f)
{
	feed_free(f);
	conn_shutdown(r->sd);
	thread_join(&r->sender);
	conn_free(r->fd);
	conn_free(r->sd);
	cancel_release(&r->cancel);
	free(r->text);
}

static void
records_come_in_order_and_undone_with_any_number_of_workers(void **state)
{
	static const uint32_t magics[] = { MAGIC_LZ4, MAGIC_GZIP, MAGIC_ZSTD, MAGIC_LZO };

	for (unsigned workers = 1; workers <= 8; workers++) {
		struct rebuild_record rec;
		struct err e = ERR_INIT;
		struct feed *f;
		struct run r;

		begin(&r);
		r.magic = magics[workers % 4];
		f = start(&r, workers);
		assert_int_equal(thread_start(&r.sender, "send", send_all, &r, &e), ERR_OK);
		for (unsigned i = 0; i < RECORDS; i++) {
			assert_int_equal(feed_next(f, &rec, &e), ERR_OK);
			assert_int_equal(rec.file_index, (int)i + 1);
			assert_int_equal(rec.stream, stream_of(i));
			assert_int_equal(rec.session_id, 5);
			assert_int_equal(rec.is_undone, stream_of(i) != STREAM_FILE_DATA);
			assert_true(
				bytes_eq(rec.is_undone ? rec.undone : rec.data, data_of(&r, i)));
		}
		assert_int_equal(feed_next(f, &rec, &e), ERR_EOF);
		end(&r, f);
	}
}

/* Nobody asks for a record meanwhile: who did might undo some himself. */
static void
two_workers_undo_records_at_the_same_time(void **state)
{
	struct rebuild_record rec;
	struct err e = ERR_INIT;
	struct feed *f;
	struct run r;
	bool met;

	begin(&r);
	r.magic = MAGIC_ZSTD;
	meeting_begin(MEETING_DECOMPRESS);
	f = start(&r, 2);
	assert_int_equal(thread_start(&r.sender, "send", send_all, &r, &e), ERR_OK);
	met = meeting_end();
	for (unsigned i = 0; i < RECORDS; i++)
		assert_int_equal(feed_next(f, &rec, &e), ERR_OK);
	end(&r, f);
	assert_true(met);
}

/* One record of the test's own making. */
static void
send_bytes(struct run *r, int32_t stream, struct bytes data)
{
	struct err e = ERR_INIT;

	assert_int_equal(conn_printf(r->sd, &e, FD_SD_RECORD_HEAD, 5u, 6u, 1, stream,
				     (unsigned)data.n),
			 ERR_OK);
	assert_int_equal(conn_send(r->sd, data, &e), ERR_OK);
	assert_int_equal(conn_flush(r->sd, &e), ERR_OK);
}

static void
what_cannot_be_undone_comes_as_it_is(void **state)
{
	struct codec_work *w = codec_work_new();
	struct buf bomb = BUF_INIT(20 << 20);
	struct rebuild_record rec;
	struct err e = ERR_INIT;
	uint8_t *zeros = NEW_ARRAY(uint8_t, 16u << 20);
	struct feed *f;
	struct run r;

	begin(&r);
	/* 16 MiB of zeros are more than a window may hold. */
	assert_int_equal(codec_do(w, codec_find(MAGIC_GZIP), 6, bytes_of(zeros, 16u << 20), &bomb,
				  &e),
			 ERR_OK);
	f = start(&r, 2);
	send_bytes(&r, STREAM_COMPRESSED_DATA, buf_bytes(&bomb));
	send_bytes(&r, STREAM_COMPRESSED_DATA, bytes_of(bomb.p, bomb.len / 2));
	send_bytes(&r, STREAM_COMPRESSED_DATA, bytes_str("nothing of the kind"));
	send_bytes(&r, STREAM_SPARSE_COMPRESSED_DATA, bytes_str("cut"));
	send_bytes(&r, STREAM_GZIP_DATA, bytes_str(""));
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(feed_next(f, &rec, &e), ERR_OK);
		assert_false(rec.is_undone);
	}
	assert_int_equal(conn_signal(r.sd, FRAME_EOD, &e), ERR_OK);
	assert_int_equal(conn_flush(r.sd, &e), ERR_OK);
	assert_int_equal(feed_next(f, &rec, &e), ERR_EOF);
	end(&r, f);
	free(zeros);
	buf_release(&bomb);
	codec_work_free(w);
}

static void
a_small_record_does_not_wait_for_the_next(void **state)
{
	struct rebuild_record rec;
	struct err e = ERR_INIT;
	struct feed *f;
	struct run r;

	begin(&r);
	f = start(&r, 1);
	for (unsigned i = 0; i < 3; i++) {
		send_bytes(&r, STREAM_FILE_DATA, bytes_str("small"));
		assert_int_equal(feed_next(f, &rec, &e), ERR_OK);
		assert_true(bytes_eq(rec.data, bytes_str("small")));
	}
	end(&r, f);
}

static void
lies_about_lengths_end_the_restore(void **state)
{
	static const char *const heads[] = { "rechdr 5 6 1 2 7", "rechdr 5 6 1 2 4000000000",
					     "rechdr 5 6 1", "what" };

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		struct rebuild_record rec;
		struct err e = ERR_INIT;
		struct feed *f;
		struct run r;

		begin(&r);
		f = start(&r, 1);
		assert_int_equal(conn_printf(r.sd, &e, "%s", heads[i]), ERR_OK);
		assert_int_equal(conn_send(r.sd, bytes_str("four"), &e), ERR_OK);
		assert_int_equal(conn_flush(r.sd, &e), ERR_OK);
		assert_int_equal(feed_next(f, &rec, &e), ERR_PROTO);
		end(&r, f);
	}
}

/* One that hangs up or says goodbye in the middle of a file has not sent it all. */
static void
only_the_end_of_the_data_is_an_end(void **state)
{
	for (int way = 0; way < 4; way++) {
		struct rebuild_record rec;
		struct err e = ERR_INIT;
		struct feed *f;
		struct run r;

		begin(&r);
		f = start(&r, 1);
		send_bytes(&r, STREAM_FILE_DATA, bytes_str("half of it"));
		if (way & 1)
			assert_int_equal(conn_printf(r.sd, &e, FD_SD_RECORD_HEAD, 5u, 6u, 1, 2, 9u),
					 ERR_OK);
		if (way & 2)
			assert_int_equal(conn_signal(r.sd, FRAME_TERMINATE, &e), ERR_OK);
		assert_int_equal(conn_flush(r.sd, &e), ERR_OK);
		conn_shutdown(r.sd);
		assert_int_equal(feed_next(f, &rec, &e), ERR_OK);
		assert_int_equal(feed_next(f, &rec, &e), way == 3 ? ERR_PROTO : ERR_PEER);
		end(&r, f);
	}
}

/* The caller gives up, the peer goes, or the job is cancelled after so many records. */
static void
it_ends_at_once_wherever_it_is(void **state)
{
	enum { GIVE_UP, PEER_GONE, CANCELED, WAYS };

	for (unsigned n = 0; n < 120 * WAYS; n += 7) {
		struct rebuild_record rec;
		enum err_code code = ERR_OK;
		struct err e = ERR_INIT;
		struct feed *f;
		struct run r;

		begin(&r);
		r.stop_after = 60;
		f = start(&r, 3);
		assert_int_equal(thread_start(&r.sender, "send", send_all, &r, &e), ERR_OK);
		for (unsigned i = 0; i < n / WAYS && i < 60 && code == ERR_OK; i++)
			code = feed_next(f, &rec, &e);
		assert_int_equal(code, ERR_OK);
		if (n % WAYS == PEER_GONE)
			conn_shutdown(r.sd);
		if (n % WAYS == CANCELED)
			cancel_now(&r.cancel);
		while (n % WAYS != GIVE_UP && code == ERR_OK)
			code = feed_next(f, &rec, &e);
		assert_int_not_equal(code, ERR_EOF);
		end(&r, f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_come_in_order_and_undone_with_any_number_of_workers),
		cmocka_unit_test(two_workers_undo_records_at_the_same_time),
		cmocka_unit_test(what_cannot_be_undone_comes_as_it_is),
		cmocka_unit_test(a_small_record_does_not_wait_for_the_next),
		cmocka_unit_test(lies_about_lengths_end_the_restore),
		cmocka_unit_test(only_the_end_of_the_data_is_an_end),
		cmocka_unit_test(it_ends_at_once_wherever_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
