/*
 * Three backups one after the other, on volumes that fill up, through whole conversations; the
 * power goes at each single moment in turn.  Then the catalog's committed rows are held against
 * the medium: what they claim is there, what is OK restores byte for byte, the next job runs on
 * the same volumes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/volume/block.h"
#include "storage-daemon/session/session_fake.h"

#define JOBS  2 /* before the one that runs after the power is back */
#define FILES 5
#define SEEDS 2 /* of each kind; TERCET_SEEDS in the environment: more */

/* ---- what a job saves: always the same ---- */

struct item {
	uint32_t file;
	int stream;
	size_t n;
	uint8_t data[5000];
};

/* The i-th record of a job; false: there is none.  Attributes, data in pieces, a digest. */
static bool
make_item(unsigned job, unsigned i, struct item *out)
{
	static const int streams[] = { 1, 2, 2, 40 };
	unsigned k = i % 4;

	if (i / 4 >= FILES)
		return false;
	out->file = i / 4 + 1;
	out->stream = streams[k];
	out->n = k == 3 ? 16 : k == 0 ? 60 + out->file : (i * 733 + job * 391) % sizeof(out->data);
	for (size_t b = 0; b < out->n; b++)
		out->data[b] = (uint8_t)(b * 13 + i * 7 + job * 101 + 1);
	return true;
}

/* ---- the client ---- */

static unsigned vanish_at; /* before this record the client is gone; 0: it stays */

static bool
send_items(struct fake_talk *t)
{
	struct item it;
	struct err err = ERR_INIT;
	enum err_code code = ERR_OK;

	for (unsigned i = 0; code == ERR_OK && make_item(t->job, i, &it); i++) {
		if (vanish_at == i + 1) {
			(void)!conn_flush(t->fd, &err);
			conn_shutdown(t->fd);
		}
		code = conn_printf(t->fd, &err, FD_SD_STREAM_HEAD, (int)it.file, it.stream, 0);
		if (code == ERR_OK)
			code = conn_send(t->fd, bytes_of(it.data, it.n), &err);
		if (code == ERR_OK)
			code = conn_signal(t->fd, FRAME_EOD, &err);
	}
	return code == ERR_OK && conn_signal(t->fd, FRAME_EOD, &err) == ERR_OK;
}

static bool
client_backup(struct fake_talk *t)
{
	struct err err = ERR_INIT;
	struct bytes line;

	return client_says(t, FD_SD_APPEND_OPEN, "3000 OK open") &&
	       client_says(t, "append data 1\n", FD_SD_OK_DATA) && send_items(t) &&
	       conn_recv_line(t->fd, &line, NULL, &err) == ERR_OK &&
	       bytes_eq(line, bytes_str(FD_SD_OK_APPEND)) &&
	       client_says(t, "append end session 1\n", FD_SD_OK_END) &&
	       client_says(t, "append close session 1\n", "3000 OK close Status = 84") &&
	       conn_signal(t->fd, FRAME_TERMINATE, &err) == ERR_OK;
}

/* One record: its head, then its bytes. */
static void
expect_item(struct fake_talk *t, unsigned saved, struct bytes head, unsigned i)
{
	uint32_t id, time, n;
	int file, stream;
	struct item it;
	struct err err = ERR_INIT;
	struct frame f;

	assert_true(wire_scan(head, FD_SD_RECORD_HEAD_SCAN, &id, &time, &file, &stream, &n));
	assert_true(make_item(saved, i, &it));
	assert_int_equal(file, it.file);
	assert_int_equal(stream, it.stream);
	assert_int_equal(n, it.n);
	assert_int_equal(conn_recv(t->fd, &f, &err), ERR_OK);
	assert_int_equal(f.data.n, it.n);
	assert_memory_equal(f.data.p, it.data, it.n);
}

static void
client_restore(struct fake_talk *t, unsigned saved)
{
	struct err err = ERR_INIT;
	struct item none;
	struct frame f;
	unsigned i = 0;

	assert_true(
		client_says(t, "read open session = DummyVolume 0 0 0 0 0 0\n", "3000 OK open"));
	assert_true(client_says(t, "read data 1\n", FD_SD_OK_DATA));
	for (;; i++) {
		assert_int_equal(conn_recv(t->fd, &f, &err), ERR_OK);
		if (f.signal == FRAME_EOD)
			break;
		expect_item(t, saved, f.data, i);
	}
	assert_false(make_item(saved, i, &none));
	assert_true(client_says(t, "read close session 1\n", "3000 OK close Status = 84"));
	assert_int_equal(conn_signal(t->fd, FRAME_TERMINATE, &err), ERR_OK);
}

/* ---- jobs ---- */

/* The director's verdict, by three counts; the end of a job is one more transaction. */
static void
commit_end(const struct fake_talk *t, bool client_ok)
{
	struct row_job *j = &catalog.job[t->job];
	bool ok = client_ok && t->sd_status == STATUS_OK && t->sd_files == FILES &&
		  t->attributes == 2 * FILES;

	if (catalog.off || (fake.off && catalog.power == POWER_ALL) || !director_lives())
		return; /* the next start marks it failed */
	j->status = ok ? STATUS_OK : STATUS_FATAL;
	j->attributes = t->attributes;
	j->files = t->sd_files;
	(void)director_lives();
}

static void
backup(struct fake_sd *d, unsigned job)
{
	struct fake_talk t;
	bool ok;

	if (catalog.off || fake.off)
		return;
	fake_talk_begin(&t, d, job, NULL);
	ok = client_backup(&t);
	fake_talk_end(&t);
	commit_end(&t, ok);
}

static void
restore(struct fake_sd *d, unsigned saved)
{
	const struct row_job *j = &catalog.job[saved];
	char text[4096] = "";
	struct fake_talk t;

	for (unsigned i = 0; i < catalog.n_piece; i++) {
		const struct row_piece *p = &catalog.piece[i];
		size_t n = strlen(text);

		if (p->job == saved)
			(void)snprintf(text + n, sizeof(text) - n,
				       "Volume=\"%s\"\nMediaType=\"File\"\nVolSessionId=%u\n"
				       "VolSessionTime=%u\nVolAddr=%llu-%llu\nFileIndex=%u-%u\n",
				       fake.vol[p->media_id - 1].name, j->session_id,
				       j->session_time, (unsigned long long)p->start,
				       (unsigned long long)p->end, p->first, p->last);
	}
	fake_talk_begin(&t, d, 7, text);
	client_restore(&t, saved);
	fake_talk_end(&t);
	assert_int_equal(t.sd_status, STATUS_OK);
}

/* ---- what must be true ---- */

static uint64_t
whole_blocks(const struct fake_file *f, uint64_t from, uint64_t to, unsigned *n)
{
	uint64_t at = from;

	for (*n = 0; at < to; ++*n) {
		struct block_head head;
		struct err err = ERR_INIT;

		if (at >= f->n_now ||
		    block_head_parse(bytes_of(f->now + at, f->n_now - at), &head, &err) != ERR_OK ||
		    head.len > f->n_now - at)
			return at;
		at += head.len;
	}
	return at;
}

static bool errors_allowed; /* a volume may be in Error */

/* Media: the volume is as long as the row says, in whole blocks. */
static void
check_media(const struct vol_info *v)
{
	const struct fake_file *f = fake_find(v->name);
	unsigned n = 0;

	if (strcmp(v->status, "Unlabeled") == 0)
		return;
	if (strcmp(v->status, "Error") == 0 && errors_allowed)
		return;
	assert_string_not_equal(v->status, "Error");
	if (f == NULL) {
		fail_msg("volume %s is gone", v->name);
		return;
	}
	assert_true(f->n_now >= v->bytes);
	assert_int_equal(whole_blocks(f, 0, v->bytes, &n), v->bytes);
	assert_int_equal(n, v->blocks);
}

/* JobMedia: the piece is on the volume, also that of a job that failed. */
static void
check_piece(const struct row_piece *p)
{
	const struct vol_info *v = &fake.vol[p->media_id - 1];
	const struct fake_file *f = fake_find(v->name);
	unsigned n;

	if (p->last == 0)
		return; /* a placeholder: the job may write there */
	if (f == NULL) {
		fail_msg("volume %s is gone", v->name);
		return;
	}
	assert_true(p->end < f->n_now);
	assert_int_equal(whole_blocks(f, p->start, p->end + 1, &n), p->end + 1);
	assert_true(n > 0);
}

static void
check_rows(void)
{
	for (unsigned i = 0; i < fake.n_vol; i++)
		check_media(&fake.vol[i]);
	for (unsigned i = 0; i < catalog.n_piece; i++)
		check_piece(&catalog.piece[i]);
	for (unsigned i = 1; i < FAKE_JOBS; i++)
		if (catalog.job[i].status == STATUS_OK)
			assert_int_equal(catalog.job[i].attributes, 2 * FILES);
}

static unsigned
check_restores(struct fake_sd *d)
{
	unsigned n = 0;

	for (unsigned i = 1; i < FAKE_JOBS; i++)
		if (catalog.job[i].status == STATUS_OK) {
			restore(d, i);
			n++;
		}
	return n;
}

/* The volume that the next job must go on with: it was being written and has room. */
static uint64_t
volume_in_use(void)
{
	for (unsigned i = 0; i < fake.n_vol; i++) {
		const struct vol_info *v = &fake.vol[i];
		const struct fake_file *f = fake_find(v->name);

		if (strcmp(v->status, "Append") == 0 && f != NULL)
			return f->n_now + 2 * 4096u < v->max_bytes ? v->media_id : 0;
	}
	return 0;
}

static void
next_job_runs(struct fake_sd *d, unsigned job)
{
	uint64_t wanted = volume_in_use();
	unsigned before = catalog.n_piece;

	backup(d, job);
	if (catalog.job[job].status != STATUS_OK)
		print_message("%s\n", fake.said);
	assert_int_equal(catalog.job[job].status, STATUS_OK);
	if (wanted != 0)
		assert_int_equal(catalog.piece[before].media_id, wanted);
}

/* ---- cuts ---- */

static void
begin(uint32_t seed, enum power power, unsigned cut)
{
	memset(&fake, 0, sizeof(fake));
	memset(&catalog, 0, sizeof(catalog));
	fake.seed = seed * 7919;
	fake.max_bytes = 14000 + fake_random() % 16000;
	fake.max_vol = FAKE_FILES;
	catalog.power = power;
	catalog.cut_at = power == POWER_DIRECTOR ? cut : 0;
	fake.cut_at = power == POWER_DIRECTOR ? 0 : cut;
}

static void
power_on(void)
{
	if (catalog.power == POWER_DIRECTOR)
		fake.peer_gone = false;
	else
		fake_power_on();
	catalog.power = POWER_ALL;
	catalog.off = false;
	catalog.cut_at = 0;
	for (unsigned i = 1; i < FAKE_JOBS; i++)
		if (catalog.job[i].status == STATUS_RUNNING)
			catalog.job[i].status = STATUS_FATAL;
}

/* How many moments a run has. */
static unsigned
run_without_cut(uint32_t seed)
{
	struct fake_sd d;

	begin(seed, POWER_ALL, 0);
	fake_sd_begin(&d, 1000);
	for (unsigned job = 1; job <= JOBS; job++)
		backup(&d, job);
	check_rows();
	assert_true(fake.n_vol >= 2);
	assert_int_equal(check_restores(&d), JOBS);
	fake_sd_end(&d);
	begin(seed, POWER_ALL, 0);
	fake_sd_begin(&d, 1000);
	for (unsigned job = 1; job <= JOBS; job++)
		backup(&d, job);
	fake_sd_end(&d);
	return fake.ops;
}

/* Everything starts again; what was told before holds.  That it restores is seen at the end. */
static void
start_again(struct fake_sd *d, uint32_t session_time)
{
	bool new_daemon = catalog.power != POWER_DIRECTOR;

	if (new_daemon)
		fake_sd_end(d);
	power_on();
	check_rows();
	if (new_daemon)
		fake_sd_begin(d, session_time);
}

static void
run_with_cut(uint32_t seed, enum power power, unsigned cut)
{
	struct fake_sd d;
	unsigned job;

	begin(seed, power == POWER_KILL ? POWER_STORAGE : power, cut);
	fake.kill = power == POWER_KILL;
	fake_sd_begin(&d, 1000);
	for (job = 1; job <= JOBS; job++)
		backup(&d, job);
	start_again(&d, 2000);
	if (fake.kill || cut % 3 == 0) { /* and now, while the next job takes up what was left */
		fake.kill = false;
		fake.cut_at = fake.ops + 4 + (cut * 7 + seed) % 20;
		backup(&d, job++);
		start_again(&d, 3000);
	}
	next_job_runs(&d, job);
	check_rows();
	(void)check_restores(&d);
	fake_sd_end(&d);
}

/* The one that is tried, for whoever has to try it again. */
static struct {
	uint32_t seed;
	enum power power;
	unsigned cut, total;
	bool failed;
} now;

static uint32_t
n_seeds(void)
{
	const char *more = getenv("TERCET_SEEDS");

	return more != NULL ? (uint32_t)strtoul(more, NULL, 10) : SEEDS;
}

static void
sweep(enum power power, uint32_t first_seed)
{
	now.failed = true;
	now.power = power;
	for (now.seed = first_seed; now.seed < first_seed + n_seeds(); now.seed++) {
		unsigned n = run_without_cut(now.seed);

		for (now.cut = 1; now.cut <= n; now.cut++, now.total++)
			run_with_cut(now.seed, power, now.cut);
	}
	now.failed = false;
}

static void
the_storage_host_loses_power(void **state)
{
	sweep(POWER_STORAGE, 1);
}

static void
the_directors_host_loses_power(void **state)
{
	sweep(POWER_DIRECTOR, 2);
}

static void
one_host_with_both_loses_power(void **state)
{
	sweep(POWER_ALL, 3);
	assert_true(now.total >= 500);
}

/* ---- one thing fails ---- */

/* The two jobs, then the next one; rows and contents are right after each. */
static void
run_and_check(void)
{
	struct fake_sd d;

	fake_sd_begin(&d, 1000);
	for (unsigned job = 1; job <= JOBS; job++)
		backup(&d, job);
	vanish_at = 0;
	fake.fail_at = 0;
	check_rows();
	(void)check_restores(&d);
	backup(&d, JOBS + 1);
	assert_int_equal(catalog.job[JOBS + 1].status, STATUS_OK);
	check_rows();
	(void)check_restores(&d);
	fake_sd_end(&d);
}

/* A volume whose medium failed may be in Error; what was promised on it holds all the same. */
static void
fail_each_operation(enum err_code how, uint32_t seed)
{
	unsigned n = run_without_cut(seed);

	now.failed = true;
	now.seed = seed;
	errors_allowed = true;
	for (now.cut = 1; now.cut <= n; now.cut += getenv("TERCET_SEEDS") != NULL ? 1 : 2) {
		begin(seed, POWER_ALL, 0);
		fake.fail_at = now.cut;
		fake.fail_code = how;
		run_and_check();
	}
	errors_allowed = false;
	now.failed = false;
}

static void
a_failing_medium_breaks_no_promise(void **state)
{
	fail_each_operation(ERR_SYS, 21);
}

static void
a_full_medium_breaks_no_promise(void **state)
{
	fail_each_operation(ERR_FULL, 23);
}

static void
a_client_that_vanishes_breaks_no_promise(void **state)
{
	now.failed = true;
	for (now.seed = 31; now.seed < 31 + n_seeds(); now.seed++)
		for (now.cut = 1; now.cut <= 4 * FILES; now.cut++) {
			begin(now.seed, POWER_ALL, 0);
			vanish_at = now.cut;
			run_and_check();
		}
	now.failed = false;
}

static void
the_daemon_is_killed_and_then_the_power_goes(void **state)
{
	sweep(POWER_KILL, 5);
}

static void
that_cut(void **state)
{
	run_with_cut(now.seed, now.power, now.cut);
}

static int
say_which(void **state)
{
	if (now.failed)
		print_message("rerun: power_rows_test %u %d %u\n", now.seed, (int)now.power,
			      now.cut);
	return 0;
}

/* "power_rows_test SEED POWER CUT" does just that one; POWER 0 both, 1 storage, 2 director, 3 the
 * storage daemon killed first. */
int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(the_storage_host_loses_power, say_which),
		cmocka_unit_test_teardown(the_directors_host_loses_power, say_which),
		cmocka_unit_test_teardown(one_host_with_both_loses_power, say_which),
		cmocka_unit_test_teardown(the_daemon_is_killed_and_then_the_power_goes, say_which),
		cmocka_unit_test_teardown(a_failing_medium_breaks_no_promise, say_which),
		cmocka_unit_test_teardown(a_full_medium_breaks_no_promise, say_which),
		cmocka_unit_test_teardown(a_client_that_vanishes_breaks_no_promise, say_which),
	};
	const struct CMUnitTest just_that[] = {
		cmocka_unit_test(that_cut),
	};

	if (argc != 4)
		return cmocka_run_group_tests(tests, NULL, NULL);
	now.seed = (uint32_t)strtoul(argv[1], NULL, 10);
	now.power = (enum power)strtoul(argv[2], NULL, 10);
	now.cut = (unsigned)strtoul(argv[3], NULL, 10);
	return cmocka_run_group_tests(just_that, NULL, NULL);
}
