/*
 * file-daemon/pipe/pack_test.c - compressed files leave the pipe whole and in order, in bounded
 * memory, with any number of workers; and it stops at once wherever it is
 *
 * labels: tsan
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "file-daemon/pipe/pipe_internal.h"
#include "lib/base/clock.h"
#include "lib/base/fd.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/rd.h"
#include "lib/base/thread.h"
#include "lib/compress/codec.h"
#include "lib/compress/zstd_fake.h"
#include "lib/crypto/digest.h"
#include "lib/proto/stream.h"

#define CHUNK     PIPE_CHUNK_MAX
#define FILES     26u
#define FILE_MAX  (40u << 20)
#define SMALL_MEM PIPE_MEMORY_MIN

static const char *const letters[] = { "6", "1", "o", "ff", "f4", "fh", "s", NULL };

/* ---- the tree ---- */

static size_t
size_of_file(unsigned i)
{
	static const size_t sizes[] = { 0,         1,         64,        65,        1000,
					CHUNK - 9, CHUNK - 8, CHUNK - 7, CHUNK - 1, CHUNK,
					CHUNK + 1, 524288,    524289,    3 * CHUNK, 5 * CHUNK + 5 };

	return i < sizeof(sizes) / sizeof(sizes[0]) ? sizes[i] : 100000u + i;
}

/* Text, noise, or chunks of both. */
static void
content_of(unsigned i, size_t n, struct buf *out)
{
	uint32_t seed = i * 2654435761u + 1;

	buf_clear(out);
	while (out->len < n) {
		bool noise = i % 3 == 1 || (i % 3 == 2 && out->len / CHUNK % 2 == 1);
		char line[32];
		size_t len = sizeof(seed);

		seed = seed * 1664525u + 1013904223u;
		if (noise)
			memcpy(line, &(uint32_t){ seed ^ seed >> 15 }, len);
		else
			len = (size_t)snprintf(line, sizeof(line), "line %u of text\n", seed);
		buf_put(out, line, n - out->len < len ? n - out->len : len);
	}
}

/* ---- a file that is slow to begin with ---- */

static struct {
	atomic_bool wanted;
	unsigned workers; /* that were there all the time */
} slow;

static unsigned
count_threads(const char *name)
{
	OWNED(closedirp) DIR *d = opendir("/proc/self/task");
	const struct dirent *at;
	unsigned n = 0;

	while ((at = readdir(d)) != NULL) {
		OWNED(freep) char *path = str_printf("/proc/self/task/%s/comm", at->d_name);
		OWNED(fclosep) FILE *f = fopen(path, "re");
		char comm[32] = "";

		if (f != NULL && fgets(comm, sizeof(comm), f) != NULL)
			n += strncmp(comm, name, strlen(name)) == 0;
	}
	return n;
}

/* The samples of a large file: the first one takes a while when that is wanted. */
ssize_t
pread(int fd, void *p, size_t n, off_t at)
{
	struct wait pause = wait_for(NULL, 0, "nothing");
	struct err e = ERR_INIT;

	if (atomic_exchange(&slow.wanted, false)) {
		pause.deadline_ms = clock_mono_ms() + 100;
		assert_int_equal(wait_pause(&pause, &e), ERR_OK);
		slow.workers = count_threads("fd-worker");
	}
	return syscall(SYS_pread64, fd, p, n, at);
}

/* ---- the storage daemon's end ---- */

enum event { EVENT_NONE, EVENT_CANCEL, EVENT_CLOSE, EVENT_STOP_READING };

struct run {
	char *top; /* owned */
	struct walk_dir *dir;
	struct file_options options;
	struct job_msg *msg;
	struct pipe_progress progress;
	struct cancel cancel;
	struct conn *sd, *peer;
	struct thread receiver;
	enum event event;
	unsigned after; /* frames */
	unsigned only;  /* the one file that is handed in; 0: all */
	/* the receiver's */
	unsigned frames, files, bad;
	unsigned packed_noise; /* compressed records of files of noise, with all handed in once */
	struct buf content;
	struct buf *contents; /* owned; of the files */
	uint8_t digest[DIGEST_MAX];
	size_t digest_n;
	struct codec_work *codec;
};

/* One data record onto the content, where it belongs. */
static void
take_data(struct run *r, uint32_t stream, struct bytes data)
{
	struct err e = ERR_INIT;

	if (stream == STREAM_SPARSE_DATA || stream == STREAM_SPARSE_COMPRESSED_DATA) {
		struct rd rd = rd_init(data);
		uint64_t at = rd_u64be(&rd);
		static const uint8_t zero[1];

		while (r->content.len < at)
			buf_put(&r->content, zero, 1);
		data = rd.in;
	}
	if (stream == STREAM_COMPRESSED_DATA || stream == STREAM_SPARSE_COMPRESSED_DATA)
		r->packed_noise += r->files % 3 == 2; /* file files - 1 is of noise */
	if (stream == STREAM_COMPRESSED_DATA || stream == STREAM_SPARSE_COMPRESSED_DATA)
		r->bad += codec_undo(r->codec, data, &r->content, &e) != ERR_OK;
	else
		buf_put(&r->content, data.p, data.n);
}

/* The file that ends here is the one that was handed in at its place. */
static void
check_file(struct run *r)
{
	unsigned i = r->files - 1;

	if (r->files == 0)
		return;
	if (r->only != 0)
		i = r->only;
	r->bad += !bytes_eq(buf_bytes(&r->contents[i % FILES]), buf_bytes(&r->content));
	buf_clear(&r->content);
}

static void
take_frame(struct run *r, unsigned index, uint32_t stream, struct bytes data)
{
	if (stream == STREAM_UNIX_ATTRIBUTES) {
		check_file(r);
		r->files++;
		r->bad += index != r->files;
	} else if (stream_find(stream)->kind == STREAM_KIND_DATA) {
		take_data(r, stream, data);
	}
}

static void
receive(void *arg)
{
	struct run *r = arg;
	struct err e = ERR_INIT;
	unsigned index = 0, stream = 0;
	bool head = true;
	struct frame f;

	while (conn_recv(r->peer, &f, &e) == ERR_OK) {
		if (r->event != EVENT_NONE && ++r->frames > r->after) {
			if (r->event == EVENT_CLOSE)
				conn_shutdown(r->peer);
			if (r->event != EVENT_CLOSE)
				cancel_now(&r->cancel);
			if (r->event == EVENT_STOP_READING)
				return;
		}
		if (f.signal == FRAME_DATA && head) {
			r->bad += sscanf((const char *)f.data.p, "%u %u", &index, &stream) != 2;
			head = false;
		} else if (f.signal == FRAME_DATA) {
			take_frame(r, index, stream, f.data);
		} else if (head) {
			break; /* end of all */
		} else {
			head = true;
		}
	}
	check_file(r);
}

/* ---- a run ---- */

static void
ignore(void *arg, const char *frame, size_t n)
{
}

static int
setup(void **state)
{
	struct run *r = NEW(struct run);
	struct buf *contents = NEW_ARRAY(struct buf, FILES);
	struct err e = ERR_INIT;

	r->top = str_dup("/tmp/pack-test-XXXXXX");
	assert_non_null(mkdtemp(r->top));
	r->dir = NEW(struct walk_dir);
	atomic_init(&r->dir->refs, 1);
	r->dir->fd = open(r->top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r->msg = job_msg_new("t-fd", ignore, r);
	r->codec = codec_work_new();
	r->content = (struct buf)BUF_INIT(FILE_MAX);
	r->contents = contents;
	for (unsigned i = 0; i < FILES; i++) {
		OWNED(freep) char *path = str_printf("%s/%u", r->top, i);

		contents[i].max = FILE_MAX;
		content_of(i, size_of_file(i), &contents[i]);
		assert_int_equal(fd_replace_file(path, buf_bytes(&contents[i]), 0600, &e), ERR_OK);
	}
	*state = r;
	return 0;
}

static int
teardown(void **state)
{
	struct run *r = *state;
	struct buf *contents = r->contents;

	for (unsigned i = 0; i < FILES; i++) {
		OWNED(freep) char *path = str_printf("%s/%u", r->top, i);

		assert_int_equal(unlink(path), 0);
		buf_release(&contents[i]);
	}
	assert_int_equal(rmdir(r->top), 0);
	walk_dir_put(r->dir);
	job_msg_free(r->msg);
	codec_work_free(r->codec);
	buf_release(&r->content);
	free(contents);
	free(r->top);
	free(r);
	return 0;
}

/* The files, rounds times over. */
static enum err_code
put_all(struct run *r, struct pipe *p, unsigned rounds, struct err *err)
{
	for (unsigned i = 0; i < rounds * FILES; i++) {
		OWNED(freep) char *path = str_printf("%s/%u", r->top, i % FILES);
		struct file_entry f = { .type = FT_REG,
					.path = bytes_str(path),
					.name_at = strlen(r->top) + 1,
					.options = &r->options,
					.dir = r->dir };

		if (r->only != 0 && i != r->only)
			continue;
		assert_int_equal(stat(path, &f.st), 0);
		if (pipe_put(p, &f, err) != ERR_OK)
			return err->code;
	}
	return ERR_OK;
}

static enum err_code
run_pipe(struct run *r, unsigned workers, unsigned rounds)
{
	struct pipe_options o = { .msg = r->msg,
				  .progress = &r->progress,
				  .workers = workers,
				  .cancel = &r->cancel,
				  .memory_bytes = SMALL_MEM };
	struct err e = ERR_INIT;
	struct pipe *p = NULL;
	enum err_code code;
	int fds[2];

	r->frames = r->files = r->bad = 0;
	buf_clear(&r->content);
	r->cancel = (struct cancel){ .event = -1 };
	assert_int_equal(cancel_init(&r->cancel, &e), ERR_OK);
	pipe_progress_init(&r->progress);
	atomic_store(&r->progress.memory_peak, 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(conn_wrap(fds[0], "sd", &r->sd, &e), ERR_OK);
	assert_int_equal(conn_wrap(fds[1], "fd", &r->peer, &e), ERR_OK);
	conn_set_wait(r->sd, &r->cancel, 0, "the test");
	assert_int_equal(thread_start(&r->receiver, "receive", receive, r, &e), ERR_OK);
	o.sd = r->sd;
	assert_int_equal(pipe_start(&o, &p, &e), ERR_OK);
	code = put_all(r, p, rounds, &e);
	if (code == ERR_OK)
		code = pipe_finish(p, &e);
	pipe_free(p);
	if (code == ERR_OK && conn_signal(r->sd, FRAME_EOD, &e) == ERR_OK)
		code = conn_flush(r->sd, &e);
	conn_set_wait(r->sd, NULL, 0, "the end");
	conn_shutdown(r->sd);
	thread_join(&r->receiver);
	conn_free(r->sd);
	conn_free(r->peer);
	pipe_progress_release(&r->progress);
	cancel_release(&r->cancel);
	return code;
}

/* ---- tests ---- */

static void
every_codec_gives_back_every_size(void **state)
{
	struct run *r = *state;

	for (unsigned i = 0; letters[i] != NULL; i++)
		for (unsigned sparse = 0; sparse < 2; sparse++) {
			r->options.compression = compression_find(letters[i]);
			r->options.flags = sparse != 0 ? OPT_SPARSE : 0;
			assert_non_null(r->options.compression);
			assert_int_equal(run_pipe(r, 2, 1), ERR_OK);
			if (r->files != FILES || r->bad != 0)
				fail_msg("%s: %u files, %u bad", letters[i], r->files, r->bad);
		}
}

static void
files_stay_in_order_with_any_number_of_workers(void **state)
{
	struct run *r = *state;

	r->options.compression = compression_find("f4");
	for (unsigned workers = 1; workers <= 8; workers++) {
		assert_int_equal(run_pipe(r, workers, 2), ERR_OK);
		if (r->files != 2 * FILES || r->bad != 0)
			fail_msg("%u workers: %u files, %u bad", workers, r->files, r->bad);
	}
}

static void
memory_stays_below_the_bound_with_any_number_of_workers(void **state)
{
	struct run *r = *state;

	r->options.compression = compression_find("f4");
	for (unsigned workers = 1; workers <= 8; workers += workers) {
		assert_int_equal(run_pipe(r, workers, 5), ERR_OK);
		if (atomic_load(&r->progress.memory_peak) > SMALL_MEM)
			fail_msg("%u workers: %zu bytes", workers,
				 atomic_load(&r->progress.memory_peak));
		assert_int_equal(atomic_load(&r->progress.memory), 0);
	}
}

static void
workers_stay_for_the_last_file_while_it_is_opened(void **state)
{
	struct run *r = *state;

	r->options.compression = compression_find("f4");
	r->only = 12; /* the smallest that streams */
	assert_true(size_of_file(r->only) > STREAM_FROM);
	slow.workers = 0;
	atomic_store(&slow.wanted, true);
	assert_int_equal(run_pipe(r, 4, 1), ERR_OK);
	assert_int_equal(slow.workers, 4);
	assert_int_equal(r->files, 1);
	assert_int_equal(r->bad, 0);
	r->only = 0;
}

/* Whichever comes first waits in the codec for another one: there is but one file. */
static void
two_workers_compress_one_file_at_the_same_time(void **state)
{
	struct run *r = *state;

	r->options.compression = compression_find("r");
	r->only = 14; /* of three segments */
	meeting_begin(MEETING_COMPRESS);
	assert_int_equal(run_pipe(r, 2, 1), ERR_OK);
	assert_true(meeting_end());
	assert_int_equal(r->files, 1);
	assert_int_equal(r->bad, 0);
	r->only = 0;
}

static void
what_does_not_shrink_is_sent_as_it_is(void **state)
{
	struct run *r = *state;
	uint64_t noise = 0;

	r->options.compression = compression_find("6");
	r->packed_noise = 0;
	assert_int_equal(run_pipe(r, 2, 1), ERR_OK);
	assert_int_equal(r->packed_noise, 0);
	for (unsigned i = 0; i < FILES; i++)
		noise += i % 3 == 1 ? size_of_file(i) : i % 3 == 2 ? size_of_file(i) / 2 : 0;
	assert_true(atomic_load(&r->progress.bytes) > noise);
	assert_true(atomic_load(&r->progress.bytes) < atomic_load(&r->progress.read_bytes) * 2 / 3);
}

static void
a_cancel_ends_it_wherever_it_is(void **state)
{
	struct run *r = *state;
	static const unsigned after[] = { 0, 1, 2, 7, 31, 60, 100, 150 };

	r->options.compression = compression_find("1");
	for (r->event = EVENT_CANCEL; r->event <= EVENT_STOP_READING; r->event++)
		for (size_t i = 0; i < sizeof(after) / sizeof(after[0]); i++) {
			r->after = after[i];
			assert_int_not_equal(run_pipe(r, 3, 12), ERR_OK);
		}
	r->event = EVENT_NONE;
	assert_int_equal(run_pipe(r, 3, 1), ERR_OK);
	assert_int_equal(r->bad, 0);
}

/* Whatever a new row needs: a segment is not to grow while it is compressed. */
static void
every_codec_fits_a_segment(void **state)
{
	static const struct compression rows[] = {
#define X(...) { __VA_ARGS__ },
		COMPRESSIONS(X)
#undef X
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct codec *c = codec_find(rows[i].magic);
		size_t frame = FRAME_HEAD + STREAM_SPARSE_HEAD + codec_bound(c, CHUNK);

		if (c == NULL || SEGMENT_CHUNKS * frame > SEGMENT_BYTES)
			fail_msg("%s", rows[i].word);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_codec_fits_a_segment),
		cmocka_unit_test(every_codec_gives_back_every_size),
		cmocka_unit_test(files_stay_in_order_with_any_number_of_workers),
		cmocka_unit_test(memory_stays_below_the_bound_with_any_number_of_workers),
		cmocka_unit_test(workers_stay_for_the_last_file_while_it_is_opened),
		cmocka_unit_test(two_workers_compress_one_file_at_the_same_time),
		cmocka_unit_test(what_does_not_shrink_is_sent_as_it_is),
		cmocka_unit_test(a_cancel_ends_it_wherever_it_is),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
