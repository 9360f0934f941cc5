/*
 * What a client may say while it sends a job, and what lies on the volume afterwards.
 *
 * labels: tsan
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <semaphore.h>
#include <time.h>

#include "lib/proto/stream.h"
#include "lib/volume/block.h"
#include "lib/volume/label.h"
#include "lib/volume/record.h"
#include "storage-daemon/session/session_fake.h"

static struct fake_sd sd;

static int
begin(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	memset(&catalog, 0, sizeof(catalog));
	fake.max_vol = 3;
	fake_sd_begin(&sd, 1000);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	fake_sd_end(&sd);
	return 0;
}

/* ---- the client ---- */

static void
send_head(struct fake_talk *t, int file, int stream)
{
	struct err err = ERR_INIT;

	(void)!conn_printf(t->fd, &err, FD_SD_STREAM_HEAD, file, stream, 0);
}

static void
send_record(struct fake_talk *t, int file, int stream, size_t n)
{
	static uint8_t data[20000];
	struct err err = ERR_INIT;

	memset(data, 'a' + file, n);
	send_head(t, file, stream);
	(void)!conn_send(t->fd, bytes_of(data, n), &err);
	(void)!conn_signal(t->fd, FRAME_EOD, &err);
}

typedef void script(struct fake_talk *t);

/* A job of this client; true: it was stored.  What was said of it is in fake.said. */
static bool
run(script *send, struct fake_talk *t)
{
	struct err err = ERR_INIT;
	struct bytes line;
	bool ok;

	fake_talk_begin(t, &sd, 1, NULL);
	assert_true(client_says(t, FD_SD_APPEND_OPEN, "3000 OK open"));
	assert_true(client_says(t, "append data 1\n", FD_SD_OK_DATA));
	send(t);
	(void)!conn_flush(t->fd, &err);
	ok = conn_recv_line(t->fd, &line, NULL, &err) == ERR_OK &&
	     bytes_eq(line, bytes_str(FD_SD_OK_APPEND));
	if (ok) {
		assert_true(client_says(t, "append end session 1\n", FD_SD_OK_END));
		assert_true(
			client_says(t, "append close session 1\n", "3000 OK close Status = 84"));
		(void)!conn_signal(t->fd, FRAME_TERMINATE, &err);
	}
	fake_talk_end(t);
	return ok;
}

static void
refused(script *send, const char *words)
{
	struct fake_talk t;

	assert_false(run(send, &t));
	assert_int_equal(t.sd_status, STATUS_FATAL);
	if (strstr(fake.said, words) == NULL)
		fail_msg("\"%s\" is not in: %s", words, fake.said);
}

/* ---- the volume ---- */

struct found {
	unsigned starts, ends, records;
	unsigned torn;                /* pieces of records without what came before */
	unsigned blocks, misnumbered; /* labels apart */
	struct session_label end;
	size_t bytes[4]; /* of file 1 .. 3 */
};

static void
look_at(const struct fake_file *f, struct record_join *join, struct found *out)
{
	struct err err = ERR_INIT;
	struct block_head head;

	for (size_t at = 0; at < f->n_now; at += head.len) {
		struct bytes b = bytes_of(f->now + at, f->n_now - at);
		struct record_reader r;
		struct record_piece p;

		assert_int_equal(block_head_parse(b, &head, &err), ERR_OK);
		b.n = head.len;
		assert_int_equal(block_verify(b, &head, &err), ERR_OK);
		if (at > 0)
			out->misnumbered += head.number != out->blocks++;
		record_reader_init(&r, b, &head);
		while (record_next(&r, &p, &err) == ERR_OK) {
			enum join_result joined;
			struct record rec;
			int32_t lost;

			if (p.file_index == SOS_LABEL)
				out->starts++;
			if (p.file_index == EOS_LABEL) {
				out->ends++;
				assert_int_equal(session_label_parse(p.data, true, &out->end, &err),
						 ERR_OK);
			}
			if (p.file_index <= 0)
				continue;
			joined = record_join(join, &p, &rec, &lost);
			out->torn += joined == JOIN_ORPHAN || lost != 0;
			if (joined != JOIN_WHOLE)
				continue;
			out->records++;
			out->bytes[rec.file_index] += rec.data.n;
		}
	}
}

static struct found
look(void)
{
	struct record_join *join = record_join_new();
	struct found out = { .starts = 0 };

	for (unsigned v = 0; v < fake.n_vol; v++) {
		struct fake_file *f = fake_find(fake.vol[v].name);

		if (f != NULL)
			look_at(f, join, &out);
	}
	record_join_free(join);
	return out;
}

static size_t
size_of_volume(const char *name)
{
	const struct fake_file *f = fake_find(name);

	return f != NULL ? f->n_now : 0;
}

static struct vol_info
row_of_volume(const char *name)
{
	const struct vol_info *v = fake_volume(name);

	return v != NULL ? *v : (struct vol_info){ .name = "" };
}

/* ---- a good job ---- */

static void
three_files(struct fake_talk *t)
{
	struct err err = ERR_INIT;

	send_record(t, 1, STREAM_UNIX_ATTRIBUTES, 60);
	send_record(t, 1, STREAM_FILE_DATA, 10000); /* larger than two blocks */
	send_record(t, 1, STREAM_MD5_DIGEST, 16);
	send_record(t, 2, STREAM_UNIX_ATTRIBUTES, 60);
	send_record(t, 3, STREAM_UNIX_ATTRIBUTES, 60);
	send_record(t, 3, STREAM_FILE_DATA, 1);
	(void)!conn_signal(t->fd, FRAME_HEARTBEAT, &err); /* means nothing */
	send_record(t, 3, STREAM_MD5_DIGEST, 16);
	(void)!conn_signal(t->fd, FRAME_EOD, &err);
}

static void
a_job_lies_between_its_labels_with_true_counts(void **state)
{
	struct fake_talk t;
	struct found f;

	(void)state;
	assert_true(run(three_files, &t));
	f = look();
	assert_int_equal(f.starts, 1);
	assert_int_equal(f.ends, 1);
	assert_int_equal(f.records, 7);
	assert_int_equal(f.bytes[1], 60 + 10000 + 16);
	assert_int_equal(f.bytes[2], 60);
	assert_int_equal(f.bytes[3], 60 + 1 + 16);
	assert_int_equal(f.end.files, 3);
	assert_int_equal(f.end.bytes, 60 + 10000 + 16 + 60 + 60 + 1 + 16);
	assert_int_equal(f.end.status, STATUS_OK);
	assert_int_equal(t.sd_status, STATUS_OK);
	assert_int_equal(t.sd_files, 3);
	assert_int_equal(t.attributes, 5);
	assert_int_equal(catalog.n_piece, 1);
	assert_int_equal(catalog.piece[0].first, 1);
	assert_int_equal(catalog.piece[0].last, 3);
	assert_int_equal(catalog.piece[0].end + 1, size_of_volume("V1"));
}

static void
nothing(struct fake_talk *t)
{
	struct err err = ERR_INIT;

	(void)!conn_signal(t->fd, FRAME_EOD, &err);
}

static void
a_job_without_files_needs_no_volume(void **state)
{
	struct fake_talk t;

	(void)state;
	assert_true(run(nothing, &t));
	assert_int_equal(fake.n_vol, 0);
	assert_int_equal(catalog.n_piece, 0);
	assert_int_equal(t.sd_status, STATUS_OK);
}

/* ---- clients that are wrong ---- */

static void
begins_with_two(struct fake_talk *t)
{
	send_record(t, 2, STREAM_UNIX_ATTRIBUTES, 60);
}

static void
leaves_one_out(struct fake_talk *t)
{
	send_record(t, 1, STREAM_UNIX_ATTRIBUTES, 60);
	send_record(t, 3, STREAM_UNIX_ATTRIBUTES, 60);
}

static void
goes_back(struct fake_talk *t)
{
	send_record(t, 1, STREAM_UNIX_ATTRIBUTES, 60);
	send_record(t, 2, STREAM_UNIX_ATTRIBUTES, 60);
	send_record(t, 1, STREAM_FILE_DATA, 60);
}

static void
files_must_come_one_after_the_other(void **state)
{
	(void)state;
	refused(begins_with_two, "FileIndex=2 from FD not positive or sequential=0");
	refused(leaves_one_out, "FileIndex=3 from FD not positive or sequential=1");
	refused(goes_back, "FileIndex=1 from FD not positive or sequential=2");
}

static void
has_no_numbers(struct fake_talk *t)
{
	struct err err = ERR_INIT;

	(void)!conn_send(t->fd, bytes_str("one two three"), &err);
}

static void
has_one_number(struct fake_talk *t)
{
	struct err err = ERR_INIT;

	(void)!conn_send(t->fd, bytes_str("1"), &err);
}

static void
has_a_huge_number(struct fake_talk *t)
{
	struct err err = ERR_INIT;

	(void)!conn_send(t->fd, bytes_str("4294967297 1 0"), &err);
}

static void
a_stream_header_must_be_one(void **state)
{
	(void)state;
	refused(has_no_numbers, "malformed stream header: one two three");
	refused(has_one_number, "malformed stream header: 1");
	refused(has_a_huge_number, "malformed stream header: 4294967297 1 0");
}

static void
sends_a_continuation(struct fake_talk *t)
{
	send_record(t, 1, -STREAM_FILE_DATA, 60);
}

static void
a_client_cannot_write_continuations(void **state)
{
	(void)state;
	refused(sends_a_continuation, "stream -2 of file 1");
	assert_int_equal(fake.n_vol, 0);
}

static void
signals_in_a_stream(struct fake_talk *t)
{
	struct err err = ERR_INIT;

	send_head(t, 1, STREAM_FILE_DATA);
	(void)!conn_signal(t->fd, FRAME_TERMINATE, &err);
}

static void
signals_for_a_header(struct fake_talk *t)
{
	struct err err = ERR_INIT;

	send_record(t, 1, STREAM_UNIX_ATTRIBUTES, 60);
	(void)!conn_signal(t->fd, FRAME_TERMINATE, &err);
}

static void
a_signal_out_of_place_ends_the_job(void **state)
{
	(void)state;
	refused(signals_in_a_stream, "signal");
	refused(signals_for_a_header, "in place of a stream header");
}

/* ---- failures ---- */

static void
goes_away(struct fake_talk *t)
{
	struct err err = ERR_INIT;

	send_record(t, 1, STREAM_UNIX_ATTRIBUTES, 60);
	send_record(t, 1, STREAM_FILE_DATA, 9000);
	send_head(t, 2, STREAM_UNIX_ATTRIBUTES);
	(void)!conn_flush(t->fd, &err);
	conn_shutdown(t->fd);
}

static void
what_a_vanished_client_sent_is_closed_and_known(void **state)
{
	struct found f;

	(void)state;
	refused(goes_away, "Error reading data from client");
	f = look();
	assert_int_equal(f.starts, 1);
	assert_int_equal(f.ends, 1);
	assert_int_equal(f.end.status, STATUS_FATAL);
	assert_int_equal(catalog.n_piece, 1);
	assert_int_equal(catalog.piece[0].last, 1);
	assert_string_equal(row_of_volume("V1").status, "Append");
	assert_int_equal(row_of_volume("V1").bytes, size_of_volume("V1"));
}

static void
stops_inside_a_file(struct fake_talk *t)
{
	struct err err = ERR_INIT;

	send_record(t, 1, STREAM_UNIX_ATTRIBUTES, 60);
	send_record(t, 1, STREAM_FILE_DATA, 9000);
	send_record(t, 1, STREAM_MD5_DIGEST, 16);
	send_record(t, 2, STREAM_UNIX_ATTRIBUTES, 60);
	send_record(t, 2, STREAM_FILE_DATA, 20000);
	send_head(t, 2, STREAM_MD5_DIGEST);
	(void)!conn_flush(t->fd, &err);
	conn_shutdown(t->fd);
}

static void
attributes_of_a_file_that_is_not_whole_stay_here(void **state)
{
	struct fake_talk t;

	(void)state;
	assert_false(run(stops_inside_a_file, &t));
	assert_int_equal(catalog.piece[0].last, 2);
	assert_int_equal(t.attributes, 2); /* of file 1: attributes and digest */
}

static void
a_full_volume_is_followed_by_the_next(void **state)
{
	struct fake_talk t;
	struct found f;

	(void)state;
	fake.max_bytes = 9000;
	assert_true(run(three_files, &t));
	assert_int_equal(fake.n_vol, 2);
	assert_string_equal(row_of_volume("V1").status, "Full");
	assert_true(size_of_volume("V1") < 9000);
	f = look();
	assert_int_equal(f.starts, 1);
	assert_int_equal(f.records, 7);
	assert_int_equal(f.bytes[1], 60 + 10000 + 16);
	assert_in_range(f.blocks, 3, 5);
	assert_int_equal(f.misnumbered, 0);
	assert_int_equal(catalog.n_piece, 2);
	assert_int_equal(catalog.piece[1].last, 3);
}

#define MARK_BYTES 5000u

static void
one_large_file(struct fake_talk *t)
{
	struct err err = ERR_INIT;

	send_record(t, 1, STREAM_UNIX_ATTRIBUTES, 60);
	for (int i = 0; i < 3; i++)
		send_record(t, 1, STREAM_FILE_DATA, 15000);
	(void)!conn_signal(t->fd, FRAME_EOD, &err);
}

/* However the daemon ends, the next one has little to look through behind what the catalog knows.
 */
static void
the_catalog_knows_a_volume_up_to_the_last_file_size_mark(void **state)
{
	struct fake_talk t;
	unsigned cut = 0;
	bool known = false;

	do {
		(void)end(state);
		(void)begin(state);
		sd.site.device[0].maximum_file_size = MARK_BYTES;
		catalog.power = POWER_STORAGE;
		fake.kill = true;
		fake.cut_at = ++cut;
		(void)run(one_large_file, &t);
		assert_in_range(fake.file[0].n_now, 0, fake.vol[0].bytes + MARK_BYTES + 2 * 4096);
		known |= fake.off && fake.vol[0].bytes > MARK_BYTES;
	} while (fake.off);
	assert_true(known);
}

/* Until the daemon says how it ends, so long as nothing more is sent. */
static void
waits_for_the_end(struct fake_talk *t)
{
	struct err err = ERR_INIT;
	struct bytes line;

	send_record(t, 1, STREAM_UNIX_ATTRIBUTES, 60);
	send_record(t, 1, STREAM_FILE_DATA, 9000);
	conn_set_wait(t->fd, NULL, 10, "the end");
	assert_int_equal(conn_recv_line(t->fd, &line, NULL, &err), ERR_OK);
	assert_true(bytes_eq(line, bytes_str(FD_SD_FAILED_APPEND)));
}

static void
a_silent_client_does_not_keep_a_failed_job_alive(void **state)
{
	(void)state;
	fake.room = 1000; /* for the label, and no block */
	refused(waits_for_the_end, "not even one block");
}

static void
answers_that_come_late_are_not_those_of_the_next_question(void **state)
{
	struct fake_talk t;
	struct found f;

	(void)state;
	catalog.cancel_at_jobmedia = true; /* the placeholder's, before the first block */
	assert_false(run(three_files, &t));
	assert_int_equal(t.sd_status, STATUS_CANCELED);
	assert_null(strstr(fake.said, "1000 OK"));
	assert_null(strstr(fake.said, "refused"));
	assert_int_equal(catalog.n_piece, 1);
	assert_int_not_equal(catalog.piece[0].last, 0);
	assert_int_equal(row_of_volume("V1").bytes, size_of_volume("V1"));
	f = look();
	assert_int_equal(f.ends, 1);
	assert_int_equal(f.end.status, STATUS_CANCELED);
}

static void
where_a_job_lies_is_told_again_when_it_was_refused(void **state)
{
	(void)state;
	catalog.refused_pieces = 1;
	refused(three_files, "refused to record where the job lies");
	assert_int_equal(catalog.n_piece, 1);
	assert_int_equal(catalog.piece[0].last, 3);
	assert_int_equal(catalog.piece[0].end + 1, size_of_volume("V1"));
}

static void
a_long_file(struct fake_talk *t)
{
	send_record(t, 1, STREAM_UNIX_ATTRIBUTES, 60);
	for (int i = 0; i < 4; i++)
		send_record(t, 1, STREAM_FILE_DATA, 20000);
}

/* The volume is full, and its director refuses what lies on it: the blocks that wait are not
 * written. */
static void
nothing_lies_behind_a_block_that_was_not_written(void **state)
{
	struct found f;

	(void)state;
	fake.max_bytes = 9000;
	catalog.refused_pieces = 1;
	refused(a_long_file, "refused to record where the job lies");
	f = look();
	assert_int_equal(f.records, 1); /* the attributes; the rest is of the large record */
	assert_int_equal(f.torn, 0);
	assert_true(size_of_volume("V1") < 9000);
	assert_int_equal(size_of_volume("V2"), 0);
}

static void
a_job_in_bareos_form_does_not_go_on_on_a_volume_of_bacula(void **state)
{
	struct fake_talk t;

	(void)state;
	sd.site.device[0].label_style = CONF_STYLE_BACULA;
	assert_true(run(three_files, &t));
	vol_info_set_status(fake_volume("V1"), "Used");
	sd.site.device[0].label_style = CONF_STYLE_BAREOS;
	fake.max_bytes = 9000;
	fake.after_full = "V1";
	assert_true(run(three_files, &t));
	assert_string_equal(row_of_volume("V2").status, "Full");
	assert_non_null(strstr(fake.said, "\"V1\" cannot be used: it has Bacula's label"));
	assert_string_equal(row_of_volume("V1").status, "Append");
	assert_true(size_of_volume("V3") > 0);
}

static void
two_foreign_digests(struct fake_talk *t)
{
	struct err err = ERR_INIT;

	for (int file = 1; file <= 2; file++) {
		send_record(t, file, STREAM_UNIX_ATTRIBUTES, 60);
		send_record(t, file, STREAM_XXH128_DIGEST, 16);
	}
	(void)!conn_signal(t->fd, FRAME_EOD, &err);
}

static void
digests_that_bacula_does_not_know_are_told_once(void **state)
{
	static const char words[] = "XXH128 digests go onto volumes of Label Style = Bacula";
	struct fake_talk t;
	const char *at;

	(void)state;
	assert_true(run(two_foreign_digests, &t));
	assert_null(strstr(fake.said, words));
	vol_info_set_status(fake_volume("V1"), "Used");
	sd.site.device[0].label_style = CONF_STYLE_BACULA;
	assert_true(run(two_foreign_digests, &t));
	at = strstr(fake.said, words);
	assert_non_null(at);
	assert_null(strstr(at + 1, words));
}

/* ---- a medium that stands still ---- */

#define LARGE_BLOCK (1u << 20)

static struct {
	sem_t stands, goes_on;
	bool in_time;
} slow;

static bool
comes(sem_t *sem)
{
	struct timespec end;

	assert_int_equal(clock_gettime(CLOCK_REALTIME, &end), 0);
	end.tv_sec += 10;
	return sem_timedwait(sem, &end) == 0;
}

/* What is on it is not looked at: only the label fits. */
static enum err_code
write_slowly(struct dev *d, const void *p, size_t n, uint64_t at, struct err *err)
{
	if (at == 0)
		return fake_write(d, p, n, at, err);
	(void)sem_post(&slow.stands);
	slow.in_time &= comes(&slow.goes_on);
	(void)sem_post(&slow.goes_on); /* and so do the others */
	return ERR_OK;
}

static void
send_bytes(struct fake_talk *t, size_t n)
{
	for (size_t sent = 0; sent < n; sent += 20000)
		send_record(t, 1, STREAM_FILE_DATA, 20000);
}

static void
sends_a_mib_meanwhile(struct fake_talk *t)
{
	struct err err = ERR_INIT;

	send_record(t, 1, STREAM_UNIX_ATTRIBUTES, 60);
	send_bytes(t, LARGE_BLOCK + 100000);
	(void)!conn_flush(t->fd, &err);
	slow.in_time &= comes(&slow.stands);
	send_bytes(t, LARGE_BLOCK);
	(void)!conn_flush(t->fd, &err);
	(void)sem_post(&slow.goes_on);
	(void)!conn_signal(t->fd, FRAME_EOD, &err);
}

static void
receiving_goes_on_while_the_medium_stands_still(void **state)
{
	static struct dev_ops ops; /* the volume stays open */
	struct device *dev = &sd.site.media.devices->v[0];
	struct fake_talk t;

	(void)state;
	assert_int_equal(sem_init(&slow.stands, 0, 0), 0);
	assert_int_equal(sem_init(&slow.goes_on, 0, 0), 0);
	slow.in_time = true;
	ops = fake_ops;
	ops.write = write_slowly;
	dev->ops = &ops;
	sd.site.device[0].maximum_block_size = LARGE_BLOCK;
	(void)run(sends_a_mib_meanwhile, &t);
	dev->ops = &fake_ops;
	assert_true(slow.in_time);
	(void)sem_destroy(&slow.stands);
	(void)sem_destroy(&slow.goes_on);
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_job_lies_between_its_labels_with_true_counts),
		T(a_job_without_files_needs_no_volume),
		T(files_must_come_one_after_the_other),
		T(a_stream_header_must_be_one),
		T(a_client_cannot_write_continuations),
		T(a_signal_out_of_place_ends_the_job),
		T(what_a_vanished_client_sent_is_closed_and_known),
		T(attributes_of_a_file_that_is_not_whole_stay_here),
		T(a_full_volume_is_followed_by_the_next),
		T(the_catalog_knows_a_volume_up_to_the_last_file_size_mark),
		T(a_silent_client_does_not_keep_a_failed_job_alive),
		T(answers_that_come_late_are_not_those_of_the_next_question),
		T(where_a_job_lies_is_told_again_when_it_was_refused),
		T(nothing_lies_behind_a_block_that_was_not_written),
		T(a_job_in_bareos_form_does_not_go_on_on_a_volume_of_bacula),
		T(digests_that_bacula_does_not_know_are_told_once),
		T(receiving_goes_on_while_the_medium_stands_still),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
