/*
 * file-daemon/pipe/pipe_test.c - what the pipe sends of files that vanish, change or cannot be
 * read
 *
 * read() is ours here, so that one file can fail, shrink or grow at a given byte.
 *
 * labels: tsan
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "file-daemon/pipe/pipe.h"
#include "lib/base/clock.h"
#include "lib/base/fd.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/thread.h"
#include "lib/crypto/digest.h"

#define LARGE 3000000u

/* ---- a file that misbehaves ---- */

enum fault_kind { FAULT_NONE, FAULT_EIO, FAULT_RESIZE };

static struct {
	enum fault_kind kind;
	const char *path;
	ino_t ino;
	size_t after; /* bytes it gives before, or its new size */
	size_t given;
} fault;

ssize_t
read(int fd, void *p, size_t n)
{
	struct stat st;
	ssize_t got;

	if (fault.kind == FAULT_NONE || fstat(fd, &st) != 0 || st.st_ino != fault.ino)
		return syscall(SYS_read, fd, p, n);
	if (fault.kind == FAULT_RESIZE && fault.given == 0 &&
	    truncate(fault.path, (off_t)fault.after) != 0)
		return -1;
	if (fault.kind == FAULT_EIO && fault.given == fault.after) {
		errno = EIO;
		return -1;
	}
	if (fault.kind == FAULT_EIO && n > fault.after - fault.given)
		n = fault.after - fault.given;
	got = syscall(SYS_read, fd, p, n);
	if (got > 0)
		fault.given += (size_t)got;
	return got;
}

/* ---- the storage daemon's end ---- */

struct received {
	struct conn *conn;
	struct thread thread;
	struct buf attributes; /* records, one after the other */
	struct buf data;
	struct buf digests;
	unsigned streams;
};

static struct buf *
place_of(struct received *r, int stream)
{
	switch (stream) {
	case STREAM_UNIX_ATTRIBUTES:
		return &r->attributes;
	case STREAM_FILE_DATA:
	case STREAM_SPARSE_DATA:
		return &r->data;
	default:
		return &r->digests;
	}
}

static void
receive(void *arg)
{
	struct received *r = arg;
	struct err e = ERR_INIT;
	struct buf *to = NULL;
	struct frame f;

	while (conn_recv(r->conn, &f, &e) == ERR_OK) {
		if (f.signal == FRAME_DATA && to == NULL) {
			const char *stream = strchr((const char *)f.data.p, ' ');

			to = place_of(r, stream[1] - '0' + (stream[2] == ' ' ? 0 : 100));
			r->streams++;
		} else if (f.signal == FRAME_DATA) {
			buf_put(to, f.data.p, f.data.n);
		} else if (to == NULL) {
			return; /* end of all */
		} else {
			to = NULL;
		}
	}
}

/* ---- one run of the pipe ---- */

struct run {
	char *top; /* owned */
	struct walk_dir *dir;
	struct file_options options;
	struct link_table *links;
	struct received got;
	struct conn *sd;
	struct buf told;
	struct job_msg *msg;
	struct pipe_progress progress;
	atomic_uint_fast64_t bandwidth;
	struct pipe *pipe;
};

static void
collect(void *arg, const char *frame, size_t n)
{
	buf_put(&((struct run *)arg)->told, frame, n);
}

static int
start(void **state, uint32_t chunk, size_t memory)
{
	struct run *r = NEW(struct run);
	struct err e = ERR_INIT;
	int fds[2];

	memset(&fault, 0, sizeof(fault));
	r->top = str_dup("/tmp/pipe-test-XXXXXX");
	assert_non_null(mkdtemp(r->top));
	r->dir = NEW(struct walk_dir);
	atomic_init(&r->dir->refs, 1);
	r->dir->fd = open(r->top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r->options.digest_stream = (uint32_t)digest_stream(DIGEST_MD5);
	r->links = link_table_new("/tmp");
	r->got.attributes = (struct buf)BUF_INIT(4 << 20);
	r->got.data = (struct buf)BUF_INIT(16 << 20);
	r->got.digests = (struct buf)BUF_INIT(1 << 20);
	r->told = (struct buf)BUF_INIT(1 << 20);
	r->msg = job_msg_new("t-fd", collect, r);
	job_msg_set_job(r->msg, 1, "test");
	pipe_progress_init(&r->progress);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(conn_wrap(fds[0], "sd", &r->sd, &e), ERR_OK);
	assert_int_equal(conn_wrap(fds[1], "fd", &r->got.conn, &e), ERR_OK);
	assert_int_equal(thread_start(&r->got.thread, "receive", receive, &r->got, &e), ERR_OK);
	{
		struct pipe_options o = {
			.sd = r->sd,
			.links = r->links,
			.msg = r->msg,
			.progress = &r->progress,
			.workers = 2,
			.chunk_bytes = chunk,
			.memory_bytes = memory,
			.fifo_seconds = 1,
			.bandwidth = &r->bandwidth,
		};

		assert_int_equal(pipe_start(&o, &r->pipe, &e), ERR_OK);
	}
	*state = r;
	return 0;
}

static int
setup(void **state)
{
	return start(state, 0, 0);
}

static int
setup_small_chunks(void **state)
{
	return start(state, PIPE_CHUNK_MIN, 0);
}

static int
setup_little_memory(void **state)
{
	return start(state, 0, PIPE_MEMORY_MIN);
}

static void
finish(struct run *r)
{
	struct err e = ERR_INIT;

	assert_int_equal(pipe_finish(r->pipe, &e), ERR_OK);
	assert_int_equal(conn_signal(r->sd, FRAME_EOD, &e), ERR_OK);
	assert_int_equal(conn_flush(r->sd, &e), ERR_OK);
	thread_join(&r->got.thread);
}

static int
teardown(void **state)
{
	struct run *r = *state;
	static const char *const names[] = { "one", "two", "three" };

	pipe_free(r->pipe);
	conn_free(r->sd);
	conn_free(r->got.conn);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlinkat(r->dir->fd, names[i], 0);
	assert_int_equal(rmdir(r->top), 0);
	walk_dir_put(r->dir);
	link_table_free(r->links);
	job_msg_free(r->msg);
	pipe_progress_release(&r->progress);
	buf_release(&r->got.attributes);
	buf_release(&r->got.data);
	buf_release(&r->got.digests);
	buf_release(&r->told);
	free(r->top);
	free(r);
	return 0;
}

/* n bytes that differ, as top/name; the path. */
static char *
make_file(struct run *r, const char *name, size_t n)
{
	char *path = str_printf("%s/%s", r->top, name);
	OWNED(buf_release) struct buf b = BUF_INIT(16 << 20);
	struct err e = ERR_INIT;

	for (uint32_t i = 0; i < n / 4; i++)
		buf_put(&b, &i, 4);
	assert_int_equal(fd_replace_file(path, buf_bytes(&b), 0600, &e), ERR_OK);
	return path;
}

static enum file_type
type_of(const struct stat *st)
{
	return S_ISFIFO(st->st_mode) ? FT_FIFO : S_ISLNK(st->st_mode) ? FT_LNK : FT_REG;
}

/* Hand in top/name with these attributes. */
static void
put(struct run *r, const char *name, const struct stat *st)
{
	OWNED(freep) char *path = str_printf("%s/%s", r->top, name);
	struct err e = ERR_INIT;
	struct file_entry f = { .type = type_of(st),
				.path = bytes_str(path),
				.name_at = strlen(r->top) + 1,
				.st = *st,
				.options = &r->options,
				.dir = r->dir };

	if (st->st_nlink > 1)
		f.link = link_table_meet(r->links, st, &f.link_first);
	assert_int_equal(pipe_put(r->pipe, &f, &e), ERR_OK);
}

static void
put_faulty(struct run *r, enum fault_kind kind, size_t size, size_t after)
{
	OWNED(freep) char *path = make_file(r, "one", size);
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	fault.kind = kind;
	fault.path = path;
	fault.ino = st.st_ino;
	fault.after = after;
	put(r, "one", &st);
	finish(r);
}

/* The digest is that of exactly the bytes that were sent. */
static void
check_digest(struct run *r)
{
	struct digest *d = digest_new();
	uint8_t want[DIGEST_MAX];
	size_t n = digest_whole(d, DIGEST_MD5, buf_bytes(&r->got.data), want);

	assert_int_equal(r->got.digests.len, n);
	assert_memory_equal(r->got.digests.p, want, n);
	digest_free(d);
}

static bool
was_told(struct run *r, enum msg_type type, const char *text)
{
	OWNED(freep) char *head = str_printf("type=%d ", (int)type);

	return strstr(buf_str(&r->told), head) != NULL && strstr(buf_str(&r->told), text) != NULL;
}

static void
a_large_file_with_a_read_error_is_told_as_error(void **state)
{
	struct run *r = *state;

	put_faulty(r, FAULT_EIO, LARGE, 1000000);
	assert_int_equal(r->got.data.len, 1000000);
	check_digest(r);
	assert_true(was_told(r, MSG_ERROR, "reading failed at byte 1000000 of 3000000"));
	assert_int_equal(job_msg_errors(r->msg), 1);
}

static void
a_small_file_with_a_read_error_keeps_its_size_in_the_attributes(void **state)
{
	struct run *r = *state;

	put_faulty(r, FAULT_EIO, 1000, 200);
	assert_int_equal(r->got.data.len, 200);
	check_digest(r);
	assert_true(was_told(r, MSG_ERROR, "reading failed at byte 200 of 1000"));
	assert_non_null(memmem(r->got.attributes.p, r->got.attributes.len, " Po ", 4)); /* 1000 */
}

static void
a_large_file_that_shrinks_is_a_warning(void **state)
{
	struct run *r = *state;

	put_faulty(r, FAULT_RESIZE, LARGE, 1234567);
	assert_int_equal(r->got.data.len, 1234567);
	check_digest(r);
	assert_true(was_told(r, MSG_WARNING, "shrank from 3000000 to 1234567 bytes"));
	assert_int_equal(job_msg_errors(r->msg), 0);
}

static void
a_small_file_that_shrinks_is_saved_as_it_is_now(void **state)
{
	struct run *r = *state;

	put_faulty(r, FAULT_RESIZE, 1000, 200);
	assert_int_equal(r->got.data.len, 200);
	check_digest(r);
	assert_non_null(memmem(r->got.attributes.p, r->got.attributes.len, " DI ", 4)); /* 200 */
}

static void
a_file_that_grows_is_worth_a_note_only(void **state)
{
	struct run *r = *state;

	put_faulty(r, FAULT_RESIZE, LARGE, LARGE + 500000);
	assert_int_equal(r->got.data.len, LARGE);
	check_digest(r);
	assert_true(was_told(r, MSG_INFO, "grew while it was read"));
	assert_int_equal(job_msg_errors(r->msg) + job_msg_warnings(r->msg), 0);
}

static void
a_file_that_grows_is_a_warning_when_changes_are_to_be_reported(void **state)
{
	struct run *r = *state;

	r->options.flags = OPT_CHECK_CHANGES;
	put_faulty(r, FAULT_RESIZE, 1000, 2000);
	assert_int_equal(r->got.data.len, 1000);
	check_digest(r);
	assert_true(was_told(r, MSG_WARNING, "grew while it was read"));
}

/* Names "one" (missing), "two" and "three" of one inode with n bytes. */
static void
put_links(struct run *r, size_t n)
{
	OWNED(freep) char *two = make_file(r, "two", n);
	OWNED(freep) char *three = str_printf("%s/three", r->top);
	struct stat st;

	assert_int_equal(link(two, three), 0);
	assert_int_equal(stat(two, &st), 0);
	put(r, "one", &st);
	put(r, "two", &st);
	put(r, "three", &st);
	finish(r);
}

static void
check_links(struct run *r, size_t n)
{
	OWNED(freep) char *link_name = str_printf("%s/two", r->top);

	assert_int_equal(r->got.data.len, n);
	assert_true(was_told(r, MSG_NOTSAVED, "/one: cannot be opened"));
	assert_int_equal(atomic_load(&r->progress.files), 2);
	/* "1 3 two ...", "2 1 three ... two" */
	assert_int_equal(r->got.streams, 5);
	assert_memory_equal(r->got.attributes.p, "1 3 ", 4);
	assert_non_null(memmem(r->got.attributes.p + 4 + strlen(link_name),
			       r->got.attributes.len - 4 - strlen(link_name), link_name,
			       strlen(link_name)));
	assert_int_equal(r->got.digests.len, 2 * 16);
	assert_memory_equal(r->got.digests.p, r->got.digests.p + 16, 16);
}

static void
the_next_name_has_the_data_of_a_vanished_first_one(void **state)
{
	put_links(*state, 1000);
	check_links(*state, 1000);
}

static void
the_next_name_has_the_data_of_a_vanished_large_one(void **state)
{
	put_links(*state, LARGE);
	check_links(*state, LARGE);
}

/* "two" and "three" are names of one file with n bytes, and so was "one" when the walker saw it. */
static void
put_replaced(struct run *r, size_t n, size_t n_other)
{
	OWNED(freep) char *two = make_file(r, "two", n);
	OWNED(freep) char *three = str_printf("%s/three", r->top);
	struct stat st;

	free(make_file(r, "one", n_other));
	assert_int_equal(link(two, three), 0);
	assert_int_equal(stat(two, &st), 0);
	put(r, "one", &st);
	put(r, "two", &st);
	put(r, "three", &st);
	finish(r);
}

static void
check_replaced(struct run *r, size_t n, size_t n_other)
{
	/* three for each that has data, attributes and digest of the link */
	assert_int_equal(r->got.streams, 3 + 3 + 2);
	assert_int_equal(r->got.data.len, n + n_other);
	assert_memory_equal(r->got.attributes.p, "1 3 ", 4);
	assert_non_null(memmem(r->got.attributes.p, r->got.attributes.len, "\0002 3 /", 6));
	assert_non_null(memmem(r->got.attributes.p, r->got.attributes.len, "\0003 1 /", 6));
	assert_int_equal(r->got.digests.len, 3 * 16);
	assert_memory_equal(r->got.digests.p + 16, r->got.digests.p + 32, 16);
	assert_memory_not_equal(r->got.digests.p, r->got.digests.p + 16, 16);
	assert_int_equal(r->told.len, 0);
}

static void
the_next_name_has_the_data_when_the_first_one_is_another_file_by_now(void **state)
{
	put_replaced(*state, 1000, 400);
	check_replaced(*state, 1000, 400);
}

static void
so_it_has_when_both_are_large(void **state)
{
	put_replaced(*state, LARGE, LARGE - 4);
	check_replaced(*state, LARGE, LARGE - 4);
}

static void
so_it_has_when_the_other_file_outgrew_its_batch(void **state)
{
	put_replaced(*state, 1000, LARGE);
	check_replaced(*state, 1000, LARGE);
}

static void
a_replaced_link_is_not_the_target_of_its_other_names(void **state)
{
	struct run *r = *state;
	struct stat st;

	assert_int_equal(symlinkat("old-target", r->dir->fd, "two"), 0);
	assert_int_equal(linkat(r->dir->fd, "two", r->dir->fd, "three", 0), 0);
	assert_int_equal(symlinkat("new-target", r->dir->fd, "one"), 0);
	assert_int_equal(fstatat(r->dir->fd, "two", &st, AT_SYMLINK_NOFOLLOW), 0);
	put(r, "one", &st);
	put(r, "two", &st);
	put(r, "three", &st);
	finish(r);
	assert_non_null(memmem(r->got.attributes.p, r->got.attributes.len, "\0new-target", 11));
	assert_non_null(memmem(r->got.attributes.p, r->got.attributes.len, "\0old-target", 11));
	assert_non_null(memmem(r->got.attributes.p, r->got.attributes.len, "\0003 1 /", 6));
}

static void
the_longest_names_of_a_hard_link_go_into_one_record(void **state)
{
	struct run *r = *state;
	struct err e = ERR_INIT;
	struct stat st;

	free(make_file(r, "one", 1000));
	assert_int_equal(linkat(r->dir->fd, "one", r->dir->fd, "two", 0), 0);
	assert_int_equal(fstatat(r->dir->fd, "one", &st, 0), 0);
	for (size_t i = 0; i < 2; i++) {
		OWNED(freep) char *path = mem_zalloc(PATH_BYTES_MAX + 1, 1);
		struct file_entry f = { .type = FT_REG,
					.path = bytes_of(path, PATH_BYTES_MAX),
					.name_at = PATH_BYTES_MAX - 3,
					.st = st,
					.options = &r->options,
					.dir = r->dir };

		memset(path, '/', PATH_BYTES_MAX);
		memcpy(path + PATH_BYTES_MAX - 3, i == 0 ? "one" : "two", 3);
		f.link = link_table_meet(r->links, &st, &f.link_first);
		assert_int_equal(pipe_put(r->pipe, &f, &e), ERR_OK);
	}
	finish(r);
	assert_int_equal(atomic_load(&r->progress.files), 2);
	assert_true(r->got.attributes.len > 3 * PATH_BYTES_MAX);
	assert_int_equal(r->told.len, 0);
}

static void
a_file_that_outgrew_its_batch_is_streamed(void **state)
{
	struct run *r = *state;
	OWNED(freep) char *path = make_file(r, "one", 4 * LARGE);
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	st.st_size = 100; /* what the walker saw */
	put(r, "one", &st);
	finish(r);
	assert_int_equal(r->got.data.len, 4 * LARGE);
	check_digest(r);
	assert_int_equal(r->told.len, 0);
	assert_true(atomic_load(&r->progress.memory_peak) <= PIPE_MEMORY_MIN);
}

/* What the walker saw as the file "one" is something else when it is opened. */
static void
put_former_file(struct run *r)
{
	OWNED(freep) char *was = make_file(r, "one", 500);
	OWNED(freep) char *is = str_printf("%s/three", r->top);
	struct stat st;

	assert_int_equal(stat(was, &st), 0);
	assert_int_equal(rename(is, was), 0);
	put(r, "one", &st);
	finish(r);
	assert_int_equal(r->got.streams, 0);
}

static void
a_file_that_became_a_link_is_not_followed(void **state)
{
	struct run *r = *state;

	free(make_file(r, "two", 1000));
	assert_int_equal(symlinkat("two", r->dir->fd, "three"), 0);
	put_former_file(r);
	assert_true(was_told(r, MSG_NOTSAVED, "/one: cannot be opened"));
}

static void
a_file_that_became_a_fifo_is_not_read(void **state)
{
	struct run *r = *state;

	assert_int_equal(mkfifoat(r->dir->fd, "three", 0600), 0);
	put_former_file(r);
	assert_true(was_told(r, MSG_NOTSAVED, "/one: became another kind of file"));
}

/* The reader of stock tools knows the size of a file by it. */
static void
of_a_file_of_zeros_the_last_chunk_is_sent(void **state)
{
	struct run *r = *state;
	OWNED(freep) char *path = make_file(r, "one", 0);
	const off_t last = 2 * (PIPE_CHUNK_MIN - STREAM_SPARSE_HEAD);
	struct stat st;

	assert_int_equal(truncate(path, last + PIPE_CHUNK_MIN - STREAM_SPARSE_HEAD), 0);
	assert_int_equal(stat(path, &st), 0);
	r->options.flags = OPT_SPARSE;
	put(r, "one", &st);
	finish(r);
	assert_int_equal(r->got.data.len, PIPE_CHUNK_MIN);
	assert_int_equal((off_t)(r->got.data.p[6] << 8 | r->got.data.p[7]), last);
}

/* "one", a fifo with a file behind it. */
static void
put_fifo(struct run *r, uint32_t flags)
{
	OWNED(freep) char *path = str_printf("%s/one", r->top);
	OWNED(freep) char *behind = make_file(r, "two", 1000);
	struct stat st;

	assert_int_equal(mkfifo(path, 0600), 0);
	r->options.flags = flags;
	assert_int_equal(stat(path, &st), 0);
	put(r, "one", &st);
	assert_int_equal(stat(behind, &st), 0);
	put(r, "two", &st);
}

static void
a_fifo_that_nobody_writes_into_holds_nothing_up(void **state)
{
	struct run *r = *state;

	put_fifo(r, OPT_READ_FIFO);
	finish(r);
	assert_true(was_told(r, MSG_ERROR, "nobody wrote into this fifo for 1 seconds"));
	assert_int_equal(atomic_load(&r->progress.files), 2);
	assert_int_equal(r->got.data.len, 1000);
}

static void
a_fifo_is_waited_for_once_its_writer_has_begun(void **state)
{
	struct run *r = *state;
	OWNED(freep) char *path = str_printf("%s/one", r->top);
	struct wait longer_than_patience = wait_for(NULL, 2, "nothing");
	struct err e = ERR_INIT;
	int fd;

	put_fifo(r, OPT_READ_FIFO);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(write(fd, "half", 4), 4);
	assert_int_equal(wait_pause(&longer_than_patience, &e), ERR_OK);
	assert_int_equal(write(fd, "whole", 5), 5);
	assert_int_equal(close(fd), 0);
	finish(r);
	assert_memory_equal(r->got.data.p, "halfwhole", 9);
	assert_int_equal(job_msg_errors(r->msg), 0);
}

static void
zeros_of_a_fifo_are_sent_although_zeros_are_left_out(void **state)
{
	struct run *r = *state;
	OWNED(freep) char *path = str_printf("%s/one", r->top);
	static const uint8_t zeros[3 * (PIPE_CHUNK_MIN - STREAM_SPARSE_HEAD)];
	int fd;

	put_fifo(r, OPT_READ_FIFO | OPT_SPARSE);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(write(fd, zeros, sizeof(zeros)), sizeof(zeros));
	assert_int_equal(close(fd), 0);
	finish(r);
	assert_true(r->got.data.len >= sizeof(zeros) + 1000);
	assert_int_equal(job_msg_errors(r->msg), 0);
}

/* ---- a storage daemon that complains ---- */

static void
words_of_the_storage_daemon_end_the_sending(void **state)
{
	struct run *r = *state;
	struct err e = ERR_INIT;
	struct stat st;

	assert_int_equal(conn_printf(r->got.conn, &e, "3999 the disk is gone\n"), ERR_OK);
	assert_int_equal(conn_flush(r->got.conn, &e), ERR_OK);
	free(make_file(r, "one", LARGE));
	assert_int_equal(fstatat(r->dir->fd, "one", &st, 0), 0);
	put(r, "one", &st);
	assert_int_equal(pipe_finish(r->pipe, &e), ERR_PROTO);
	assert_string_equal(e.text, "the storage daemon said: 3999 the disk is gone");
	conn_shutdown(r->sd);
	thread_join(&r->got.thread);
	assert_true(r->got.data.len < LARGE);
}

/* ---- verify ---- */

static enum err_code
digest_of(struct run *r, const char *name, uint32_t chunk, struct cancel *cancel,
	  uint8_t out[DIGEST_MAX], struct err *err)
{
	OWNED(freep) char *path = str_printf("%s/%s", r->top, name);
	struct file_entry f = { .type = FT_REG,
				.path = bytes_str(path),
				.name_at = strlen(r->top) + 1,
				.options = &r->options,
				.dir = r->dir };
	size_t n = 0;
	enum err_code rc;

	assert_int_equal(stat(path, &f.st), 0);
	rc = pipe_digest_of(&f, chunk, cancel, out, &n, err);
	if (rc == ERR_OK)
		assert_int_equal(n, 16);
	return rc;
}

static void
a_digest_for_verify_is_that_of_the_data_with_any_size_of_chunks(void **state)
{
	struct run *r = *state;
	static const uint32_t chunks[] = { 0, 1, 8, 65536, 1048576, UINT32_MAX };
	uint8_t want[DIGEST_MAX], got[DIGEST_MAX];
	struct err e = ERR_INIT;
	struct stat st;

	free(make_file(r, "one", LARGE));
	assert_int_equal(fstatat(r->dir->fd, "one", &st, 0), 0);
	put(r, "one", &st);
	finish(r);
	(void)digest_once(DIGEST_MD5, buf_bytes(&r->got.data), want);
	for (unsigned sparse = 0; sparse < 2; sparse++)
		for (size_t i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++) {
			r->options.flags = sparse != 0 ? OPT_SPARSE : 0;
			assert_int_equal(digest_of(r, "one", chunks[i], NULL, got, &e), ERR_OK);
			assert_memory_equal(got, want, 16);
		}
}

static void
a_file_that_cannot_be_read_to_its_end_has_no_digest(void **state)
{
	struct run *r = *state;
	uint8_t got[DIGEST_MAX];
	struct err e = ERR_INIT;
	struct stat st;

	free(make_file(r, "one", LARGE));
	assert_int_equal(fstatat(r->dir->fd, "one", &st, 0), 0);
	fault.kind = FAULT_EIO;
	fault.ino = st.st_ino;
	fault.after = 1000000;
	assert_int_equal(digest_of(r, "one", 0, NULL, got, &e), ERR_SYS);
	assert_non_null(strstr(e.text, "reading failed at byte 1000000 of 3000000"));
	finish(r);
}

static void
a_digest_for_verify_ends_when_the_job_is_cancelled(void **state)
{
	struct run *r = *state;
	struct cancel cancel = { .event = -1 };
	uint8_t got[DIGEST_MAX];
	struct err e = ERR_INIT;

	free(make_file(r, "one", LARGE));
	assert_int_equal(cancel_init(&cancel, &e), ERR_OK);
	cancel_now(&cancel);
	assert_int_equal(digest_of(r, "one", 0, &cancel, got, &e), ERR_CANCELED);
	cancel_release(&cancel);
	finish(r);
}

/* ---- bandwidth ---- */

static void
a_pause_is_not_made_up_for(void **state)
{
	struct run *r = *state;
	struct wait pause = wait_for(NULL, 0, "nothing");
	struct err e = ERR_INIT;
	struct stat st;
	int64_t since;

	atomic_store(&r->bandwidth, 5 * LARGE);
	free(make_file(r, "one", LARGE));
	free(make_file(r, "two", LARGE));
	assert_int_equal(fstatat(r->dir->fd, "one", &st, 0), 0);
	put(r, "one", &st);
	assert_int_equal(fstatat(r->dir->fd, "two", &st, 0), 0);
	put(r, "two", &st); /* and with that "one" leaves */
	pause.deadline_ms = clock_mono_ms() + 600;
	assert_int_equal(wait_pause(&pause, &e), ERR_OK);
	since = clock_mono_ms();
	finish(r);
	/* a fifth of a second, less the little that a pause may earn */
	assert_true(clock_mono_ms() - since >= 60);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_large_file_with_a_read_error_is_told_as_error),
		TEST(a_small_file_with_a_read_error_keeps_its_size_in_the_attributes),
		TEST(a_large_file_that_shrinks_is_a_warning),
		TEST(a_small_file_that_shrinks_is_saved_as_it_is_now),
		TEST(a_file_that_grows_is_worth_a_note_only),
		TEST(a_file_that_grows_is_a_warning_when_changes_are_to_be_reported),
		TEST(the_next_name_has_the_data_of_a_vanished_first_one),
		TEST(the_next_name_has_the_data_of_a_vanished_large_one),
		TEST(the_next_name_has_the_data_when_the_first_one_is_another_file_by_now),
		TEST(so_it_has_when_both_are_large),
		TEST(so_it_has_when_the_other_file_outgrew_its_batch),
		TEST(a_replaced_link_is_not_the_target_of_its_other_names),
		TEST(the_longest_names_of_a_hard_link_go_into_one_record),
		cmocka_unit_test_setup_teardown(a_file_that_outgrew_its_batch_is_streamed,
						setup_little_memory, teardown),
		TEST(a_file_that_became_a_link_is_not_followed),
		TEST(a_file_that_became_a_fifo_is_not_read),
		cmocka_unit_test_setup_teardown(of_a_file_of_zeros_the_last_chunk_is_sent,
						setup_small_chunks, teardown),
		TEST(words_of_the_storage_daemon_end_the_sending),
		TEST(a_fifo_that_nobody_writes_into_holds_nothing_up),
		TEST(a_fifo_is_waited_for_once_its_writer_has_begun),
		cmocka_unit_test_setup_teardown(
			zeros_of_a_fifo_are_sent_although_zeros_are_left_out, setup_small_chunks,
			teardown),
		TEST(a_digest_for_verify_is_that_of_the_data_with_any_size_of_chunks),
		TEST(a_file_that_cannot_be_read_to_its_end_has_no_digest),
		TEST(a_digest_for_verify_ends_when_the_job_is_cancelled),
		TEST(a_pause_is_not_made_up_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
