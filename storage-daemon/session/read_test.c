/*
 * What a restore gets from good, damaged and missing volumes, and what is said of the rest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/base/wr.h"
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

static void
send_record(struct fake_talk *t, int file, int stream, const char *text, size_t n)
{
	struct err err = ERR_INIT;

	assert_int_equal(conn_printf(t->fd, &err, FD_SD_STREAM_HEAD, file, stream, 0), ERR_OK);
	assert_int_equal(conn_send(t->fd, bytes_of((const uint8_t *)text, n), &err), ERR_OK);
	assert_int_equal(conn_signal(t->fd, FRAME_EOD, &err), ERR_OK);
}

static void
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

static void
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

static void
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

static int
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

static int
end_all(void **state)
{
	(void)state;
	fake_sd_end(&sd);
	return 0;
}

static int
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

static void
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

static struct got
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
static const char *
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

static void
spoil(uint32_t at)
{
	fake.file[0].now[at] ^= 0xff;
}

static bool
was_said(const char *words)
{
	return strstr(fake.said, words) != NULL;
}

static void
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
static void
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

/* ---- good volumes ---- */

static void
all_records_come_in_order_of_the_volume(void **state)
{
	struct got g;

	(void)state;
	g = restore(bootstrap(1, FILES));
	assert_int_equal(g.n, FILES);
	assert_int_equal(g.records, 3 * FILES);
	assert_int_equal(g.status, STATUS_OK);
}

static void
files_chosen_come_alone(void **state)
{
	struct got g;

	(void)state;
	g = restore(bootstrap(17, 19));
	assert_int_equal(g.n, 3);
	assert_int_equal(g.records, 9);
	assert_true(g.whole[17] && g.whole[18] && g.whole[19]);
	assert_int_equal(g.status, STATUS_OK);
}

static void
a_bootstrap_without_addresses_finds_them_too(void **state)
{
	struct got g;

	(void)state;
	g = restore("Volume=\"V1\"\nFileIndex=30-31\n");
	assert_int_equal(g.n, 2);
	assert_true(g.whole[30] && g.whole[31]);
	assert_int_equal(g.status, STATUS_OK);
}

/* Behind what a device has written there is the beginning of a block that it writes now. */
static void
a_block_that_is_being_written_is_not_read(void **state)
{
	struct fake_file *f = &fake.file[0];
	struct got g;

	(void)state;
	assert_non_null(volumes_writer(sd.site.media.volumes, "V1"));
	memcpy(f->now + f->n_now, f->now + block_at[1], 100);
	f->n_now += 100;
	g = restore("Volume=\"V1\"\n");
	assert_int_equal(g.n, FILES);
	assert_int_equal(g.status, STATUS_OK);
	assert_false(was_said("damaged") || was_said("ends at"));
}

/* ---- damage ---- */

static void
a_damaged_block_costs_its_files_only_and_they_are_said(void **state)
{
	(void)state;
	assert_true(n_blocks >= 6);
	for (unsigned i = 1; i < n_blocks; i++) { /* each but the label */
		struct got g;

		(void)begin(NULL);
		spoil(block_at[i] + 100);
		g = restore(bootstrap(1, FILES));
		assert_true(was_said("damaged block at address"));
		assert_true(g.n + 9 >= FILES);
		lost_files_are_said(&g, 1, FILES);
		assert_int_equal(g.status, STATUS_ERROR);
	}
}

static void
an_unreadable_head_is_stepped_over(void **state)
{
	struct got g;

	(void)state;
	spoil(block_at[3] + 12); /* the magic */
	g = restore(bootstrap(1, FILES));
	assert_true(g.n + 9 >= FILES && g.n < FILES);
	lost_files_are_said(&g, 1, FILES);
	assert_int_equal(g.status, STATUS_ERROR);
}

static void
damage_says_nothing_of_files_that_nobody_asked_for(void **state)
{
	struct got g;

	(void)state;
	spoil(block_at[3] + 100);
	g = restore(bootstrap(FILES - 2, FILES));
	assert_int_equal(g.n, 3);
	assert_false(was_said("may be"));
	assert_int_equal(g.status, STATUS_ERROR); /* the block itself is told */
}

static void
a_cut_volume_costs_what_is_behind(void **state)
{
	(void)state;
	for (unsigned i = 2; i < n_blocks; i++)
		for (uint32_t off = 0; off <= 1000; off += 1000) {
			struct got g;

			(void)begin(NULL);
			fake.file[0].n_now = block_at[i] + off;
			g = restore(bootstrap(1, FILES));
			assert_true(was_said("ends at address"));
			lost_files_are_said(&g, 1, FILES);
			assert_int_equal(g.status, STATUS_ERROR);
		}
}

static void
a_volume_that_is_gone_costs_all_of_its_files(void **state)
{
	OWNED(freep) char *text = str_dup(bootstrap(5, 25));
	struct got g;

	(void)state;
	fake.file[0].exists = false;
	g = restore(text);
	assert_int_equal(g.records, 0);
	assert_true(was_said("Cannot read volume \"V1\""));
	lost_files_are_said(&g, 5, 25);
	assert_int_equal(g.status, STATUS_ERROR);
	/* Nobody counted them. */
	fake.said[0] = '\0';
	*strstr(text, "Count=") = '\0';
	g = restore(text);
	lost_files_are_said(&g, 5, 25);
	assert_int_equal(g.status, STATUS_ERROR);
}

static void
another_volume_in_its_place_is_not_read(void **state)
{
	struct got g;

	(void)state;
	(void)snprintf(fake.file[0].name, sizeof(fake.file[0].name), "V9");
	g = restore("Volume=\"V9\"\nFileIndex=5-25\n");
	assert_int_equal(g.records, 0);
	assert_true(was_said("V9 is labelled \"V1\""));
	assert_int_equal(g.status, STATUS_ERROR);
}

static void
a_damaged_label_costs_nothing(void **state)
{
	struct got g;

	(void)state;
	spoil(block_at[0] + 50);
	g = restore(bootstrap(1, FILES));
	assert_int_equal(g.n, FILES);
	assert_true(was_said("the label cannot be read"));
	assert_int_equal(g.status, STATUS_ERROR);
}

static enum err_code
open_empty(struct dev *d UNUSED, const char *where UNUSED, const char *volume UNUSED,
	   enum dev_mode mode UNUSED, struct err *err)
{
	return err_set(err, ERR_ABSENT, "Archive Device /spare is empty");
}

/* A new device without volumes is not one that waits for its file system. */
static void
an_empty_device_beside_does_not_hold_a_restore_up(void **state)
{
	struct dev_ops empty = fake_ops;
	struct device *spare = &sd.site.media.devices->v[1];
	struct got g;

	(void)state;
	empty.open = open_empty;
	spare->ops = &empty;
	fake.file[0].exists = false;
	g = restore(bootstrap(1, 10));
	spare->ops = &fake_ops;
	assert_true(was_said("there is no volume \"V1\""));
	lost_files_are_said(&g, 1, 10);
	assert_int_equal(g.status, STATUS_ERROR);
}

static unsigned opened;

static enum err_code
open_at_the_third_attempt(struct dev *d, const char *where, const char *volume, enum dev_mode mode,
			  struct err *err)
{
	return ++opened < 3 ? open_empty(d, where, volume, mode, err)
			    : fake_open(d, where, volume, mode, err);
}

static enum err_code
open_another(struct dev *d UNUSED, const char *where UNUSED, const char *volume,
	     enum dev_mode mode UNUSED, struct err *err)
{
	return err_set(err, ERR_EOF, "no file %s", volume);
}

/* The only one of the volume's media type is not mounted: that is whom the operator is told. */
static void
the_device_of_the_volumes_media_type_is_waited_for(void **state)
{
	static char other[] = "Other", file[] = "File";
	struct dev_ops late = fake_ops, own = fake_ops;
	struct device *v = sd.site.media.devices->v;
	OWNED(freep) char *text = str_dup(bootstrap(1, FILES));
	struct got g;

	(void)state;
	opened = 0;
	late.open = open_at_the_third_attempt;
	own.open = open_another;
	v[0].ops = &own;
	v[1].ops = &late;
	sd.site.device[1].media_type = other;
	memcpy(strstr(text, "\"File\""), "Other ", 6);
	g = restore(text);
	v[0].ops = v[1].ops = &fake_ops;
	sd.site.device[1].media_type = file;
	assert_true(was_said("Please mount the file system of:\n    Storage:      \"Dev2\""));
	assert_int_equal(g.n, FILES);
	assert_int_equal(g.status, STATUS_OK);
}

/* ---- several volumes ---- */

/* Jobs of two volumes, and the first volume again. */
static const char *
two_volumes(void)
{
	static char text[1024];
	int n = snprintf(text, sizeof(text), "%s", bootstrap(1, 10));

	n += snprintf(text + n, sizeof(text) - (size_t)n,
		      "Volume=\"V2\"\nVolSessionId=9\nVolSessionTime=9\nFileIndex=1\nCount=1\n");
	(void)snprintf(text + n, sizeof(text) - (size_t)n, "%s", bootstrap(21, 30));
	return text;
}

static void (*when_v2_is_opened)(struct fake_file *v1);

static enum err_code
open_and_see(struct dev *d, const char *where, const char *volume, enum dev_mode mode,
	     struct err *err)
{
	if (strcmp(volume, "V2") == 0)
		when_v2_is_opened(&fake.file[0]);
	return fake_open(d, where, volume, mode, err);
}

static struct got
restore_two_volumes(void (*meanwhile)(struct fake_file *v1))
{
	struct device *v = sd.site.media.devices->v;
	struct dev_ops ops = fake_ops;
	struct got g;

	when_v2_is_opened = meanwhile;
	ops.open = open_and_see;
	v[0].ops = v[1].ops = &ops;
	g = restore(two_volumes());
	v[0].ops = v[1].ops = &fake_ops;
	return g;
}

static void
remove_file(struct fake_file *f)
{
	f->exists = false;
}

/* Its size stays; what is there now is of another session. */
static void
write_another_job(struct fake_file *f)
{
	for (unsigned i = 1; i < n_blocks; i++) {
		struct block_head head;
		struct err err = ERR_INIT;
		struct bytes b = bytes_of(f->now + block_at[i], block_at[i + 1] - block_at[i]);

		assert_int_equal(block_head_parse(b, &head, &err), ERR_OK);
		head.session_id++;
		block_head_emit(f->now + block_at[i], &head, true);
	}
}

static void
a_volume_that_changes_between_two_visits_costs_the_second(void **state)
{
	static void (*const changes[])(struct fake_file *) = { remove_file, write_another_job };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct got g;

		(void)begin(NULL);
		g = restore_two_volumes(changes[i]);
		assert_int_equal(g.n, 10);
		assert_true(g.whole[1] && g.whole[10]);
		lost_files_are_said(&g, 21, 30);
		assert_int_equal(g.status, STATUS_ERROR);
	}
}

static bool may_be_emptied;

static void
try_to_empty(struct fake_file *f UNUSED)
{
	struct volumes *v = sd.site.media.volumes;

	may_be_emptied = volumes_begin_rewrite(v, "V1", volumes_writer(v, "V1"));
	if (may_be_emptied)
		volumes_rewrite_done(v, "V1");
}

static void
no_volume_is_emptied_before_its_last_visit(void **state)
{
	struct got g;

	(void)state;
	g = restore_two_volumes(try_to_empty);
	assert_int_equal(g.n, 20);
	assert_false(may_be_emptied);
	try_to_empty(NULL);
	assert_true(may_be_emptied);
}

/* ---- volumes made by hand ---- */

#define TIME        1000u /* session time of all of them */
#define BLOCK       4096u
#define INNER_BLOCK 300u /* of the volume in a file on the volume */
#define INNER_ID    77u
#define PIECE       700u /* of that file in one record */

static uint8_t area[BLOCK];

static void
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

static void
put(struct block_fill *fill, int file, int stream, const void *p, size_t n)
{
	struct record_put r = { .file_index = file,
				.stream = stream,
				.data = bytes_of((const uint8_t *)p, n) };

	assert_true(record_put(fill, &r));
}

/* Attributes, data and digest of some files in a block of their own; its address. */
static uint32_t
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

static int
begin_by_hand(void **state)
{
	(void)begin(state);
	fake.file[0].n_now = block_at[1]; /* the label */
	return 0;
}

static const char *
wanted(uint32_t id, const char *more)
{
	static char text[256];

	(void)snprintf(text, sizeof(text), "Volume=\"V1\"\nVolSessionId=%u\nVolSessionTime=%u\n%s",
		       id, TIME, more);
	return text;
}

static unsigned
times_said(const char *words)
{
	unsigned n = 0;

	for (const char *p = fake.said; (p = strstr(p, words)) != NULL; p++)
		n++;
	return n;
}

/* A volume of small blocks, as it lies in a file. */
static void
make_inner_volume(uint8_t *p, size_t n)
{
	static uint8_t inner[INNER_BLOCK];
	struct block_fill fill = { .p = inner, .cap = INNER_BLOCK };
	struct block_head head = { .len = INNER_BLOCK,
				   .session_id = INNER_ID,
				   .session_time = TIME,
				   .head_len = BLOCK_HEAD_LEN };

	for (size_t at = 0; at + INNER_BLOCK <= n; at += INNER_BLOCK) {
		uint8_t data[INNER_BLOCK - BLOCK_HEAD_LEN - RECORD_HEAD_LEN];

		memset(data, (int)(at / INNER_BLOCK), sizeof(data));
		block_fill_reset(&fill);
		put(&fill, 1, STREAM_FILE_DATA, data, sizeof(data));
		block_head_emit(inner, &head, true);
		memcpy(p + at, inner, INNER_BLOCK);
	}
}

#define NESTED_BLOCKS 5u
#define NESTED_MAX    64u

struct nested {
	uint32_t at[NESTED_BLOCKS + 1];               /* of its blocks, and the end */
	unsigned from[NESTED_MAX], to[NESTED_MAX], n; /* blocks that hold each record */
};

/* Blocks of session 1 full of one file that is a volume itself. */
static void
write_nested(struct nested *v)
{
	static uint8_t content[NESTED_BLOCKS * BLOCK];
	struct block_fill fill = { .p = area, .cap = BLOCK };
	struct fake_file *f = &fake.file[0];
	unsigned block = 0;
	size_t from = 0;

	memset(content, 0, sizeof(content));
	make_inner_volume(content, sizeof(content));
	block_fill_reset(&fill);
	v->at[0] = (uint32_t)f->n_now;
	for (v->n = 0; block < NESTED_BLOCKS && from + PIECE <= sizeof(content); from += PIECE) {
		struct record_put r = { .file_index = 1,
					.stream = STREAM_GZIP_DATA,
					.data = bytes_of(content + from, PIECE) };

		assert_true(v->n < NESTED_MAX);
		v->from[v->n] = fill.cap - fill.len < RECORD_HEAD_LEN ? block + 1 : block;
		while (block < NESTED_BLOCKS && !record_put(&fill, &r)) {
			write_block(f, 1, &fill);
			block_fill_reset(&fill);
			v->at[++block] = (uint32_t)f->n_now;
		}
		v->to[v->n] = block;
		v->n += block < NESTED_BLOCKS;
	}
	assert_int_equal(block, NESTED_BLOCKS);
}

/* A byte of a block is hit, here so far from its beginning: what else is lost? */
static void
only_its_records_are_lost(unsigned block, uint32_t off)
{
	struct nested v;
	struct got g;
	unsigned hit = 0;

	(void)begin_by_hand(NULL);
	write_nested(&v);
	spoil(v.at[block] + off);
	for (unsigned i = 0; i < v.n; i++)
		hit += v.from[i] <= block && v.to[i] >= block;
	g = restore(wanted(1, ""));
	assert_int_equal(g.records, v.n - hit);
	assert_true(was_said("damaged block at address"));
	assert_int_equal(g.status, STATUS_ERROR);
}

static void
a_volume_in_a_file_leads_nobody_astray(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NESTED_BLOCKS; i++) {
		only_its_records_are_lost(i, 1000);
		assert_int_equal(times_said("damaged block at address"), 1);
		only_its_records_are_lost(i, 12); /* the magic */
		only_its_records_are_lost(i, 6);  /* the length */
	}
}

/*
 * Records of one file whose blocks all begin alike: with a piece as long, of a record as long.  The
 * record that goes on in a lost block must not go on in the one behind it.
 */
static void
pieces_on_both_sides_of_damage_are_not_joined(void **state)
{
	enum { RECORD = (BLOCK - BLOCK_HEAD_LEN - RECORD_HEAD_LEN) / 7 - RECORD_HEAD_LEN };
	struct block_fill fill = { .p = area, .cap = BLOCK };
	struct got g;
	uint32_t at[4];
	uint8_t data[RECORD];
	unsigned block = 0;

	(void)state;
	block_fill_reset(&fill);
	at[0] = (uint32_t)fake.file[0].n_now;
	for (unsigned i = 0; i < 3 * 7; i++) {
		struct record_put r = { .file_index = 1,
					.stream = STREAM_GZIP_DATA,
					.data = bytes_of(data, RECORD) };

		memset(data, (int)i, sizeof(data));
		while (!record_put(&fill, &r)) {
			write_block(&fake.file[0], 1, &fill);
			block_fill_reset(&fill);
			at[++block] = (uint32_t)fake.file[0].n_now;
		}
	}
	write_block(&fake.file[0], 1, &fill);
	assert_int_equal(block, 2);
	assert_memory_equal(fake.file[0].now + at[1] + BLOCK_HEAD_LEN,
			    fake.file[0].now + at[2] + BLOCK_HEAD_LEN, RECORD_HEAD_LEN);
	spoil(at[1] + 500);
	g = restore(wanted(1, ""));
	assert_int_equal(g.records, 7 + 6);
	assert_int_equal(g.status, STATUS_ERROR);
}

/* The job's last block never came, and nobody says how many files it has. */
static void
a_record_without_its_end_is_told(void **state)
{
	struct block_fill fill = { .p = area, .cap = BLOCK };
	uint8_t data[BLOCK] = { 0 };
	struct record_put r = { .file_index = 3,
				.stream = STREAM_GZIP_DATA,
				.data = bytes_of(data, sizeof(data)) };
	struct got g;

	(void)state;
	(void)write_files(1, 1, 2);
	block_fill_reset(&fill);
	assert_false(record_put(&fill, &r));
	write_block(&fake.file[0], 1, &fill);
	g = restore(wanted(1, ""));
	assert_int_equal(g.n, 2);
	assert_true(was_said("continuation is missing"));
	lost_files_are_said(&g, 1, 3);
	assert_int_equal(g.status, STATUS_ERROR);
}

/* Spec: volume.md 2.2 */
static void
write_old_block(uint32_t id, int file)
{
	struct fake_file *f = &fake.file[0];
	struct wr w = wr_init(f->now + f->n_now, BLOCK);

	wr_u32be(&w, 0);
	wr_u32be(&w, BLOCK_HEAD_LEN_1 + 2 * (20 + 5));
	wr_u32be(&w, 0);
	wr_bytes(&w, "BB01", 4);
	for (uint32_t i = 0; i < 2; i++) { /* of two sessions */
		wr_u32be(&w, id + i);
		wr_u32be(&w, TIME);
		wr_u32be(&w, (uint32_t)file);
		wr_u32be(&w, STREAM_GZIP_DATA);
		wr_u32be(&w, 5);
		wr_bytes(&w, "bytes", 5);
	}
	f->n_now += BLOCK_HEAD_LEN_1 + 2 * (20 + 5);
}

static void
old_blocks_of_several_sessions_are_read(void **state)
{
	struct got g;

	(void)state;
	write_old_block(4, 1);
	write_old_block(4, 2);
	write_old_block(4, 3);
	g = restore(wanted(5, "FileIndex=1-2\nCount=2\n"));
	assert_int_equal(g.records, 2);
	assert_int_equal(g.status, STATUS_OK);
}

static void
a_wrong_length_in_another_jobs_block_costs_nothing(void **state)
{
	struct got g;
	uint32_t at, ours;
	uint8_t *len;

	(void)state;
	(void)write_files(1, 1, 2);
	(void)write_files(2, 1, 3);
	at = write_files(2, 4, 6);
	ours = write_files(1, 3, 4);
	(void)write_files(2, 7, 9);
	(void)write_files(1, 5, 6);
	/* It leads exactly to the block behind ours. */
	len = &fake.file[0].now[at + 4];
	assert_int_equal(len[2] << 8 | len[3], ours - at);
	ours += (uint32_t)fake.file[0].now[ours + 6] << 8 | fake.file[0].now[ours + 7];
	len[2] = (uint8_t)((ours - at) >> 8);
	len[3] = (uint8_t)(ours - at);
	g = restore(wanted(1, "FileIndex=1-6\n"));
	assert_int_equal(g.n, 6);
	assert_true(was_said("damaged block at address"));
}

static void
damage_in_another_jobs_block_is_only_warned_of(void **state)
{
	struct got g;

	(void)state;
	(void)write_files(1, 1, 2);
	(void)write_files(2, 1, 3);
	spoil(write_files(2, 4, 6) + 500);
	(void)write_files(1, 3, 4);
	g = restore(wanted(1, "FileIndex=1-4\n"));
	assert_int_equal(g.n, 4);
	assert_int_equal(g.status, STATUS_OK);
	assert_true(was_said("bytes of another job skipped"));
	assert_false(was_said("may be"));
}

static void
a_block_with_a_wrong_session_is_ours_all_the_same(void **state)
{
	for (uint32_t off = 16; off < 24; off++) {
		struct got g;

		(void)begin_by_hand(state);
		(void)write_files(1, 1, 2);
		(void)write_files(2, 1, 3);
		spoil(write_files(1, 3, 4) + off);
		(void)write_files(1, 5, 6);
		g = restore(wanted(1, "FileIndex=1-6\n"));
		assert_int_equal(g.n, 4);
		assert_true(was_said("files 3-4 of session 1/1000 may be lost"));
		assert_int_equal(g.status, STATUS_ERROR);
	}
}

static void
addresses_behind_everything_are_just_not_there(void **state)
{
	struct got g;
	uint32_t at;
	char more[128];

	(void)state;
	(void)write_files(1, 1, 2);
	at = write_files(1, 3, 4);
	(void)snprintf(more, sizeof(more),
		       "VolAddr=0-%u,18446744073709551606-18446744073709551615\n", at - 1);
	g = restore(wanted(1, more));
	assert_int_equal(g.n, 2);
}

/* ---- what is wanted is not there ---- */

static void
a_session_that_is_not_there_is_told(void **state)
{
	struct got g;

	(void)state;
	(void)write_files(1, 1, 4);
	g = restore(wanted(9, "FileIndex=1-4\nCount=4\n"));
	assert_int_equal(g.records, 0);
	assert_true(was_said("files 1-4 of session 9/1000 may be lost"));
	assert_int_equal(g.status, STATUS_ERROR);
	g = restore(wanted(9, ""));
	assert_true(was_said("nothing of session 9/1000 was found"));
	assert_int_equal(g.status, STATUS_ERROR);
	g = restore("Volume=\"V1\"\nFileIndex=30-31\n");
	assert_true(was_said("nothing that the bootstrap wants of it was found"));
	assert_int_equal(g.status, STATUS_ERROR);
}

static void
files_that_were_counted_and_are_not_there_are_told(void **state)
{
	struct got g;

	(void)state;
	(void)write_files(1, 1, 2);
	(void)write_files(1, 3, 4);
	g = restore(wanted(1, "FileIndex=2-3\nFileIndex=5-7\nCount=5\n"));
	assert_int_equal(g.n, 2);
	assert_true(was_said("files 5-7 of session 1/1000 may be lost"));
	assert_int_equal(g.status, STATUS_ERROR);
}

/* A Write Bootstrap file, or one made by hand: numbers from the catalog's rows, or 1 to plenty. */
static void
numbers_behind_the_jobs_end_are_not_missed(void **state)
{
	struct got g;

	(void)state;
	(void)write_files(1, 1, 4);
	g = restore(wanted(1, "FileIndex=1-80\n"
			      "Volume=\"V1\"\nVolSessionId=2\nVolSessionTime=1000\n"
			      "VolAddr=0-0\nFileIndex=0-0\n"));
	assert_int_equal(g.n, 4);
	assert_int_equal(g.status, STATUS_OK);
}

/* One record for each piece of a job, of which the last one ends in damage. */
static void
the_rest_of_every_piece_is_told(void **state)
{
	struct got g;
	uint32_t at, last;
	char more[192];

	(void)state;
	(void)write_files(1, 1, 4);
	at = write_files(1, 5, 6);
	last = write_files(1, 7, 8);
	spoil(last + 500);
	(void)snprintf(more, sizeof(more),
		       "VolAddr=0-%u\nFileIndex=1-4\n"
		       "Volume=\"V1\"\nVolSessionId=1\nVolSessionTime=%u\n"
		       "VolAddr=%u-%zu\nFileIndex=5-8\n",
		       at - 1, TIME, at, fake.file[0].n_now - 1);
	g = restore(wanted(1, more));
	assert_int_equal(g.n, 6);
	lost_files_are_said(&g, 1, 8);
	assert_int_equal(g.status, STATUS_ERROR);
}

/* Damage that was told is not told again. */
static void
lost_files_are_told_once(void **state)
{
	struct got g;

	(void)state;
	(void)write_files(1, 1, 2);
	spoil(write_files(1, 3, 4) + 500);
	(void)write_files(1, 5, 6);
	g = restore(wanted(1, "FileIndex=1-6\nCount=6\n"));
	assert_int_equal(g.n, 4);
	assert_int_equal(times_said("files 3-4 of session 1/1000 may be lost"), 1);
	assert_int_equal(times_said("of session 1/1000 may be lost"), 1);
	(void)begin(NULL);
	fake.file[0].exists = false;
	g = restore(bootstrap(5, 25));
	assert_int_equal(times_said("may be lost"), 1);
}

/* Three files, of which the last goes on on the next volume. */
static const char *
write_half(void)
{
	static char text[512];

	(void)write_files(1, 1, 3);
	(void)snprintf(text, sizeof(text), "%s%s",
		       wanted(1, "FileIndex=1-3\nCount=3\nVolume=\"V2\"\n"),
		       "VolSessionId=1\nVolSessionTime=1000\nFileIndex=3-6\nCount=4\n");
	return text;
}

static void
a_file_that_goes_on_on_a_volume_that_is_gone_is_named(void **state)
{
	struct got g;

	(void)state;
	g = restore(write_half());
	assert_true(was_said("Cannot read volume \"V2\""));
	assert_true(was_said("file 3 (/src/03) of session 1 may be incomplete"));
	assert_true(was_said("files 4-6 of session 1/1000 may be lost"));
	assert_int_equal(g.status, STATUS_ERROR);
}

static void
a_file_without_its_attributes_is_not_called_by_anothers_name(void **state)
{
	struct block_fill fill = { .p = area, .cap = BLOCK };
	char data[FILE_BYTES] = "";
	struct got g;

	(void)state;
	(void)write_files(1, 1, 2);
	spoil(write_files(1, 3, 4) + 500);
	block_fill_reset(&fill);
	memset(data, 'a' + 4, sizeof(data));
	put(&fill, 4, STREAM_FILE_DATA, data, sizeof(data));
	write_block(&fake.file[0], 1, &fill);
	spoil(write_files(1, 5, 6) + 500);
	g = restore(wanted(1, "FileIndex=1-6\n"));
	assert_int_equal(g.n, 2);
	assert_true(was_said("file 4 (its name is lost) of session 1 may be incomplete"));
	assert_int_equal(times_said("/src/02"), 1);
}

static void
damage_behind_a_job_or_on_anothers_volume_is_not_the_jobs(void **state)
{
	struct got g;

	(void)state;
	(void)write_files(1, 1, 3);
	fake.file[1] = fake.file[0];
	(void)snprintf(fake.file[1].name, sizeof(fake.file[1].name), "V2");
	fake.file[1].now[50] ^= 0xff;               /* the label, which has V1's name */
	fake.file[1].now[block_at[1] + 12] ^= 0xff; /* the magic of the only block */
	g = restore("Volume=\"V1\"\nVolSessionId=1\nVolSessionTime=1000\nFileIndex=1-3\nCount=3\n"
		    "Volume=\"V2\"\nVolSessionId=2\nVolSessionTime=1000\nFileIndex=1\nCount=1\n");
	assert_int_equal(g.n, 3);
	assert_true(was_said("damaged block at address"));
	assert_false(was_said("session 1 may be incomplete"));
	assert_int_equal(g.status, STATUS_ERROR);
}

static void
a_job_whose_files_have_all_come_loses_nothing_more(void **state)
{
	struct got g;

	(void)state;
	(void)write_files(1, 1, 2);
	(void)write_files(1, 3, 4);
	(void)write_files(2, 5, 6);
	spoil(write_files(2, 7, 8) + 12); /* the magic */
	g = restore(wanted(1, "FileIndex=1-2\nCount=2\nVolume=\"V1\"\nVolSessionId=2\n"
			      "VolSessionTime=1000\nFileIndex=5-8\nCount=4\n"));
	assert_int_equal(g.n, 4);
	assert_true(was_said("file 6 (/src/06) of session 2 may be incomplete"));
	assert_false(was_said("of session 1 may be incomplete"));
}

#define T(f) cmocka_unit_test_setup(f, begin)
#define H(f) cmocka_unit_test_setup(f, begin_by_hand)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(all_records_come_in_order_of_the_volume),
		T(files_chosen_come_alone),
		T(a_bootstrap_without_addresses_finds_them_too),
		T(a_block_that_is_being_written_is_not_read),
		T(a_damaged_block_costs_its_files_only_and_they_are_said),
		T(an_unreadable_head_is_stepped_over),
		T(damage_says_nothing_of_files_that_nobody_asked_for),
		T(a_cut_volume_costs_what_is_behind),
		T(a_volume_that_is_gone_costs_all_of_its_files),
		T(another_volume_in_its_place_is_not_read),
		T(a_damaged_label_costs_nothing),
		T(an_empty_device_beside_does_not_hold_a_restore_up),
		T(the_device_of_the_volumes_media_type_is_waited_for),
		H(a_volume_in_a_file_leads_nobody_astray),
		H(pieces_on_both_sides_of_damage_are_not_joined),
		H(a_record_without_its_end_is_told),
		H(old_blocks_of_several_sessions_are_read),
		H(a_wrong_length_in_another_jobs_block_costs_nothing),
		H(damage_in_another_jobs_block_is_only_warned_of),
		H(a_block_with_a_wrong_session_is_ours_all_the_same),
		H(addresses_behind_everything_are_just_not_there),
		H(a_session_that_is_not_there_is_told),
		H(files_that_were_counted_and_are_not_there_are_told),
		H(numbers_behind_the_jobs_end_are_not_missed),
		H(the_rest_of_every_piece_is_told),
		H(lost_files_are_told_once),
		T(a_volume_that_changes_between_two_visits_costs_the_second),
		T(no_volume_is_emptied_before_its_last_visit),
		H(a_file_that_goes_on_on_a_volume_that_is_gone_is_named),
		H(a_file_without_its_attributes_is_not_called_by_anothers_name),
		H(damage_behind_a_job_or_on_anothers_volume_is_not_the_jobs),
		H(a_job_whose_files_have_all_come_loses_nothing_more),
	};

	return cmocka_run_group_tests(tests, begin_all, end_all);
}
