/*
 * storage-daemon/session/read_fake.h - a backup on a fake medium, and what a restore gets of it
 *
 * Purpose: for the tests of reading.  One backup of small files is made for all tests of a program;
 * each begins with its volume as it was, or writes blocks of its own behind the label.
 */
#ifndef TERCET_STORAGE_DAEMON_SESSION_READ_FAKE_H
#define TERCET_STORAGE_DAEMON_SESSION_READ_FAKE_H

#include "lib/proto/stream.h"
#include "lib/volume/block.h"
#include "lib/volume/record.h"
#include "storage-daemon/session/session_fake.h"

#define FILES      40
#define FILE_BYTES 700

static struct fake_sd sd;
static struct fake_file good[FAKE_FILES]; /* the medium after the backup */
static uint32_t block_at[64];             /* addresses of the blocks of V1, and its end */
static unsigned n_blocks;

/* ---- the backup ---- */

static inline void
send_record(struct fake_talk *t, int file, int stream, const char *text, size_t n)
{
	struct err err = ERR_INIT;

	assert_int_equal(conn_printf(t->fd, &err, FD_SD_STREAM_HEAD, file, stream, 0), ERR_OK);
	assert_int_equal(conn_send(t->fd, bytes_of((const uint8_t *)text, n), &err), ERR_OK);
	assert_int_equal(conn_signal(t->fd, FRAME_EOD, &err), ERR_OK);
}

static inline void
send_file(struct fake_talk *t, int file)
{
	char data[FILE_BYTES], attributes[128];
	int n = snprintf(attributes, sizeof(attributes), "%d 3 /src/file-%02d%cA A A A%c%c%c0",
			 file, file, 0, 0, 0, 0);

	memset(data, 'a' + file % 26, sizeof(data));
	send_record(t, file, STREAM_UNIX_ATTRIBUTES, attributes, (size_t)n + 1);
	send_record(t, file, STREAM_FILE_DATA, data, sizeof(data));
	send_record(t, file, STREAM_MD5_DIGEST, data, 16);
}

static inline void
backup(void)
{
	struct fake_talk t;
	struct err err = ERR_INIT;
	struct bytes line;

	fake_talk_begin(&t, &sd, 1, NULL);
	assert_true(client_says(&t, FD_SD_APPEND_OPEN, "3000 OK open"));
	assert_true(client_says(&t, "append data 1\n", FD_SD_OK_DATA));
	for (int i = 1; i <= FILES; i++)
		send_file(&t, i);
	assert_int_equal(conn_signal(t.fd, FRAME_EOD, &err), ERR_OK);
	assert_int_equal(conn_recv_line(t.fd, &line, NULL, &err), ERR_OK);
	assert_true(bytes_eq(line, bytes_str(FD_SD_OK_APPEND)));
	assert_true(client_says(&t, "append end session 1\n", FD_SD_OK_END));
	assert_true(client_says(&t, "append close session 1\n", "3000 OK close Status = 84"));
	assert_int_equal(conn_signal(t.fd, FRAME_TERMINATE, &err), ERR_OK);
	fake_talk_end(&t);
	assert_int_equal(t.sd_status, STATUS_OK);
}

static inline void
find_blocks(void)
{
	const struct fake_file *f = &good[0];
	struct err err = ERR_INIT;
	struct block_head head;
	size_t at = 0;

	for (n_blocks = 0; at < f->n_now; at += head.len) {
		assert_in_range(n_blocks, 0, 62);
		assert_int_equal(block_head_parse(bytes_of(f->now + at, f->n_now - at), &head,
						  &err),
				 ERR_OK);
		block_at[n_blocks++] = (uint32_t)at;
	}
	block_at[n_blocks] = (uint32_t)at;
}

static inline int
begin_all(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	memset(&catalog, 0, sizeof(catalog));
	fake.max_vol = 1;
	fake_sd_begin(&sd, 1000);
	backup();
	memcpy(good, fake.file, sizeof(good));
	find_blocks();
	return 0;
}

static inline int
end_all(void **state)
{
	(void)state;
	fake_sd_end(&sd);
	return 0;
}

static inline int
begin(void **state)
{
	(void)state;
	memcpy(fake.file, good, sizeof(good));
	fake.said[0] = '\0';
	return 0;
}

/* ---- the restore ---- */

struct got {
	bool whole[FILES + 1]; /* attributes, data and digest came */
	unsigned n;            /* such files */
	unsigned records;
	int status; /* the storage daemon's */
};

static inline void
receive(struct fake_talk *t, struct got *g)
{
	unsigned seen[FILES + 1] = { 0 };
	struct err err = ERR_INIT;
	struct frame f;

	for (;;) {
		uint32_t id, time, n;
		int file, stream;

		assert_int_equal(conn_recv(t->fd, &f, &err), ERR_OK);
		if (f.signal == FRAME_EOD)
			break;
		assert_true(
			wire_scan(f.data, FD_SD_RECORD_HEAD_SCAN, &id, &time, &file, &stream, &n));
		assert_in_range(file, 1, FILES);
		assert_int_equal(conn_recv(t->fd, &f, &err), ERR_OK);
		assert_int_equal(f.data.n, n);
		if (stream == STREAM_FILE_DATA) {
			assert_int_equal(n, FILE_BYTES);
			assert_int_equal(f.data.p[0], 'a' + file % 26);
		}
		g->records++;
		if (++seen[file] < 3)
			continue;
		g->whole[file] = true;
		g->n++;
	}
}

static inline struct got
restore(const char *bootstrap)
{
	struct fake_talk t;
	struct got g = { .n = 0 };
	struct err err = ERR_INIT;

	fake_talk_begin(&t, &sd, 7, bootstrap);
	assert_true(
		client_says(&t, "read open session = DummyVolume 0 0 0 0 0 0\n", "3000 OK open"));
	assert_true(client_says(&t, "read data 1\n", FD_SD_OK_DATA));
	receive(&t, &g);
	assert_true(client_says(&t, "read close session 1\n", "3000 OK close"));
	assert_int_equal(conn_signal(t.fd, FRAME_TERMINATE, &err), ERR_OK);
	fake_talk_end(&t);
	g.status = t.sd_status;
	return g;
}

/* As the director writes it, for files first to last and some more lines. */
static inline const char *
bootstrap(int first, int last)
{
	static char text[512];
	const struct row_piece *p = &catalog.piece[0];

	(void)snprintf(text, sizeof(text),
		       "Volume=\"V1\"\nMediaType=\"File\"\nVolSessionId=%u\nVolSessionTime=%u\n"
		       "VolAddr=%llu-%llu\nFileIndex=%d-%d\nCount=%d\n",
		       catalog.job[1].session_id, catalog.job[1].session_time,
		       (unsigned long long)p->start, (unsigned long long)p->end, first, last,
		       last - first + 1);
	return text;
}

static inline void
spoil(uint32_t at)
{
	fake.file[0].now[at] ^= 0xff;
}

static inline bool
was_said(const char *words)
{
	return strstr(fake.said, words) != NULL;
}

static inline void
mark_runs(bool said[FILES + 1], const char *text)
{
	char list[DIR_SD_LOST_FILES_MAX + 1];
	unsigned id, time;
	int from, to;

	if (!wire_scan(bytes_str(text), DIR_SD_LOST_FILES_SCAN, list, &id, &time))
		return;
	for (const char *p = list; p != NULL;
	     p = strchr(p, ',') != NULL ? strchr(p, ',') + 1 : NULL)
		if (wire_scan(bytes_str(p), "%d-%d", &from, &to))
			for (int i = from; i <= to && i <= FILES; i++)
				said[i] = true;
}

/* Every file that did not come whole is said: as lost, as open, or as having an incomplete record.
 */
static inline void
lost_files_are_said(const struct got *g, int first, int last)
{
	bool said[FILES + 1] = { false };
	int file;

	for (const char *p = fake.said; (p = strstr(p, "file")) != NULL; p++) {
		if (wire_scan(bytes_str(p), "file %d", &file) && file > 0 && file <= FILES)
			said[file] = true;
		mark_runs(said, p);
	}
	for (int i = first; i <= last; i++)
		if (!g->whole[i] && !said[i])
			fail_msg("file %d is lost and not said: %s", i, fake.said);
}

/* ---- volumes made by hand ---- */

#define TIME  1000u /* session time of all of them */
#define BLOCK 4096u

static uint8_t area[BLOCK];

static inline void
write_block(struct fake_file *f, uint32_t id, const struct block_fill *fill)
{
	struct block_head head = {
		.len = fill->len, .session_id = id, .session_time = TIME, .head_len = BLOCK_HEAD_LEN
	};

	block_head_emit(fill->p, &head, true);
	assert_true(f->n_now + fill->len <= FAKE_CAP);
	memcpy(f->now + f->n_now, fill->p, fill->len);
	f->n_now += fill->len;
}

static inline void
put(struct block_fill *fill, int file, int stream, const void *p, size_t n)
{
	struct record_put r = { .file_index = file,
				.stream = stream,
				.data = bytes_of((const uint8_t *)p, n) };

	assert_true(record_put(fill, &r));
}

/* Attributes, data and digest of some files in a block of their own; its address. */
static inline uint32_t
write_files(uint32_t id, int first, int last)
{
	struct block_fill fill = { .p = area, .cap = BLOCK };
	struct fake_file *f = &fake.file[0];
	uint32_t at = (uint32_t)f->n_now;
	char data[FILE_BYTES];

	block_fill_reset(&fill);
	for (int i = first; i <= last; i++) {
		char attributes[64];
		int n = snprintf(attributes, sizeof(attributes), "%d 3 /src/%02d%cA A A A%c%c%c0",
				 i, i, 0, 0, 0, 0);

		memset(data, 'a' + i % 26, sizeof(data));
		put(&fill, i, STREAM_UNIX_ATTRIBUTES, attributes, (size_t)n + 1);
		put(&fill, i, STREAM_FILE_DATA, data, sizeof(data));
		put(&fill, i, STREAM_MD5_DIGEST, data, 16);
	}
	write_block(f, id, &fill);
	return at;
}

static inline int
begin_by_hand(void **state)
{
	(void)begin(state);
	fake.file[0].n_now = block_at[1]; /* the label */
	return 0;
}

static inline const char *
wanted(uint32_t id, const char *more)
{
	static char text[256];

	(void)snprintf(text, sizeof(text), "Volume=\"V1\"\nVolSessionId=%u\nVolSessionTime=%u\n%s",
		       id, TIME, more);
	return text;
}

static inline unsigned
times_said(const char *words)
{
	unsigned n = 0;

	for (const char *p = fake.said; (p = strstr(p, words)) != NULL; p++)
		n++;
	return n;
}

#define T(f) cmocka_unit_test_setup(f, begin)
#define H(f) cmocka_unit_test_setup(f, begin_by_hand)

#endif
