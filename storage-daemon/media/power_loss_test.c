/*
 * Two jobs interleave on volumes that fill up; the power goes before each single operation in
 * turn, or one operation fails.  What was acknowledged must be there, and the next job must run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/volume/block.h"
#include "lib/volume/record.h"
#include "storage-daemon/media/media_fake.h"

#define JOBS   2
#define BLOCKS 24 /* per job */

struct job {
	unsigned id;
	struct media_job j;
	struct mounted on;
	bool joined, done, failed;
	unsigned next, piece_first;
	uint64_t start, end;
	bool piece_any;
};

static struct fake_site site;
static const struct mount_wish wish = { .pool = "P", .pool_type = "Backup", .media_type = "File" };

/* The n-th block of a job: always the same bytes. */
static uint32_t
make_block(unsigned job, unsigned n, uint8_t *p)
{
	uint32_t len = BLOCK_HEAD_LEN + 200 + (n * 397 + job * 131) % 3000;
	struct block_head head = { .len = len,
				   .number = n,
				   .session_id = job,
				   .session_time = 1000,
				   .head_len = BLOCK_HEAD_LEN };

	for (uint32_t i = BLOCK_HEAD_LEN; i < len; i++)
		p[i] = (uint8_t)(i * 7 + n + job * 91 + 1);
	block_head_emit(p, &head, true);
	return len;
}

/* ---- a job as session/append does it ---- */

static bool
end_piece(struct job *b)
{
	struct device *d = &site.media.devices->v[0];
	struct err err = ERR_INIT, lost = ERR_INIT;

	if (!b->piece_any)
		return true;
	if (device_sync(d, b->on.generation, &err) != ERR_OK) {
		(void)!mount_condemn(&site.media, d, &b->j, b->on.generation, &err, &lost);
		return false;
	}
	if (fake_ask(&err) != ERR_OK)
		return false;
	fake.piece[fake.n_piece++] = (struct fake_piece){ .job = b->id,
							  .media_id = b->on.media_id,
							  .start = b->start,
							  .end = b->end,
							  .first_block = b->piece_first,
							  .last_block = b->next - 1 };
	b->piece_any = false;
	return true;
}

static bool
get_volume(struct job *b)
{
	struct err err = ERR_INIT;

	b->joined = mount_append(&site.media, &site.media.devices->v[0], &b->j, &wish, &b->on,
				 &err) == ERR_OK;
	return b->joined;
}

static void
leave(struct job *b)
{
	if (b->joined)
		device_leave(&site.media.devices->v[0], b->on.generation);
	b->joined = false;
}

static bool
next_volume(struct job *b, enum block_fate fate, const struct err *fault)
{
	struct device *d = &site.media.devices->v[0];
	struct err err = ERR_INIT;
	bool ok = end_piece(b);

	if (fate == BLOCK_BROKEN)
		(void)!mount_condemn(&site.media, d, &b->j, b->on.generation, fault, &err);
	leave(b);
	if (ok && fate == BLOCK_FULL)
		ok = mount_full(&site.media, d, &b->j, b->on.generation, fault, &err) == ERR_OK;
	return ok && get_volume(b);
}

static bool
write_block(struct job *b)
{
	uint8_t p[4096];
	uint32_t len = make_block(b->id, b->next, p);
	uint64_t at = 0;

	if (!b->joined && !get_volume(b))
		return false;
	for (int tries = 0; tries < 5; tries++) {
		struct err fault = ERR_INIT;
		enum block_fate fate = device_write_block(&site.media.devices->v[0],
							  b->on.generation, bytes_of(p, len), NULL,
							  &at, &fault);

		if (fate == BLOCK_WRITTEN) {
			if (!b->piece_any)
				b->start = at;
			if (!b->piece_any)
				b->piece_first = b->next;
			b->piece_any = true;
			b->end = at + len - 1;
			b->next++;
			return true;
		}
		if (!next_volume(b, fate, &fault))
			return false;
	}
	return false;
}

static void
step(struct job *b)
{
	struct err err = ERR_INIT;

	if (b->done || b->failed)
		return;
	if (b->next < BLOCKS) {
		b->failed = !write_block(b);
	} else {
		b->failed = !end_piece(b) ||
			    mount_tell(&site.media.devices->v[0], &b->j, b->on.generation, &err) !=
				    ERR_OK ||
			    fake_ask(&err) != ERR_OK;
		b->done = !b->failed;
	}
	if (b->done || b->failed)
		leave(b);
}

static struct job
new_job(unsigned id)
{
	return (struct job){ .id = id,
			     .j = { .ops = &fake_job_ops,
				    .daemon = "t-sd",
				    .job = "J",
				    .session_id = id,
				    .session_time = 1000 } };
}

static void
run_two_jobs(struct job *b)
{
	for (unsigned i = 0; i < JOBS; i++)
		b[i] = new_job(i + 1);
	while (!(b[0].done || b[0].failed) || !(b[1].done || b[1].failed))
		step(&b[fake_random() % 3 == 0]);
}

static void
begin(uint32_t seed)
{
	memset(&fake, 0, sizeof(fake));
	fake.seed = seed;
	fake.max_bytes = 30000;
	fake.max_vol = FAKE_FILES - 1;
	fake_site_begin(&site);
}

/* ---- what must be true afterwards ---- */

static void
check_piece(const struct fake_piece *p)
{
	const struct fake_file *f = fake_find(fake.vol[p->media_id - 1].name);
	unsigned n = p->first_block;
	uint8_t want[4096];

	assert_non_null(f);
	for (uint64_t at = p->start; at <= p->end;) {
		struct block_head head;
		struct err err = ERR_INIT;

		assert_true(p->end < f->n_now);
		assert_int_equal(block_head_parse(bytes_of(f->now + at, f->n_now - at), &head,
						  &err),
				 ERR_OK);
		if (head.session_id == p->job) {
			assert_int_equal(make_block(p->job, n++, want), head.len);
			assert_memory_equal(f->now + at, want, head.len);
		}
		at += head.len;
	}
	assert_int_equal(n, p->last_block + 1);
}

/* The catalog's row of a volume claims no more than the medium holds, in whole blocks. */
static void
check_media(const struct vol_info *v)
{
	const struct fake_file *f = fake_find(v->name);
	uint64_t at = 0;
	unsigned n = 0;

	if (strcmp(v->status, "Unlabeled") == 0 || strcmp(v->status, "Error") == 0)
		return;
	for (; f != NULL && at < v->bytes; n++) {
		struct block_head head;
		struct err err = ERR_INIT;

		assert_true(at < f->n_now);
		assert_int_equal(block_head_parse(bytes_of(f->now + at, f->n_now - at), &head,
						  &err),
				 ERR_OK);
		at += head.len;
	}
	assert_int_equal(at, v->bytes);
	assert_int_equal(n, v->blocks);
}

static void
check_all(const struct job *b)
{
	unsigned blocks[JOBS + 2] = { 0 };

	for (unsigned i = 0; i < fake.n_vol; i++)
		check_media(&fake.vol[i]);
	for (unsigned i = 0; i < fake.n_piece; i++) {
		check_piece(&fake.piece[i]);
		blocks[fake.piece[i].job] += fake.piece[i].last_block - fake.piece[i].first_block +
					     1;
	}
	for (unsigned i = 0; i < JOBS; i++)
		if (b[i].done)
			assert_int_equal(blocks[b[i].id], BLOCKS);
}

static void
next_job_runs(void)
{
	struct job again = new_job(3);
	unsigned before = fake.n_piece;

	while (!again.done && !again.failed)
		step(&again);
	if (again.failed)
		print_message("%s\n", fake.said);
	assert_true(again.done);
	for (unsigned i = before; i < fake.n_piece; i++)
		check_piece(&fake.piece[i]);
}

static unsigned
count_ops(uint32_t seed)
{
	struct job b[JOBS];

	begin(seed);
	run_two_jobs(b);
	assert_true(b[0].done && b[1].done);
	assert_true(fake.n_vol >= 3);
	check_all(b);
	fake_site_end(&site);
	return fake.ops;
}

static void
nothing_acknowledged_is_lost_with_the_power(void **state)
{
	unsigned cuts = 0;

	for (uint32_t seed = 1; seed <= 12; seed++) {
		unsigned n = count_ops(seed);

		for (unsigned cut = 1; cut <= n; cut++, cuts++) {
			struct job b[JOBS];

			begin(seed);
			fake.cut_at = cut;
			run_two_jobs(b);
			fake_site_end(&site);
			fake_power_on();
			check_all(b);
			fake_site_begin(&site);
			next_job_runs();
			check_all(b);
			for (unsigned i = 0; i < fake.n_vol; i++) {
				if (strcmp(fake.vol[i].status, "Error") == 0)
					fail_msg("seed %u, cut %u: %s", seed, cut, fake.said);
			}
			fake_site_end(&site);
		}
	}
	assert_true(cuts > 1000);
}

static void
sweep(enum err_code how)
{
	unsigned n = count_ops(1);

	for (unsigned at = 1; at <= n; at++) {
		struct job b[JOBS];

		begin(1);
		fake.fail_at = at;
		fake.fail_code = how;
		run_two_jobs(b);
		check_all(b);
		next_job_runs();
		check_all(b);
		fake_site_end(&site);
	}
}

static void
one_failing_operation_costs_no_acknowledged_data(void **state)
{
	sweep(ERR_SYS);
}

static void
a_full_medium_at_any_operation_costs_no_acknowledged_data(void **state)
{
	sweep(ERR_FULL);
}

/* The director hangs up before each single question in turn. */
static void
a_director_that_goes_away_leaves_usable_volumes(void **state)
{
	unsigned n = count_ops(2);

	for (unsigned at = 1; at <= n; at += 3) {
		struct job b[JOBS] = { new_job(1), new_job(2) };

		begin(2);
		while (!(b[0].done || b[0].failed) || !(b[1].done || b[1].failed)) {
			fake.peer_gone |= fake.ops >= at;
			step(&b[fake_random() % 3 == 0]);
		}
		fake.peer_gone = false;
		check_all(b);
		next_job_runs();
		check_all(b);
		fake_site_end(&site);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_acknowledged_is_lost_with_the_power),
		cmocka_unit_test(one_failing_operation_costs_no_acknowledged_data),
		cmocka_unit_test(a_full_medium_at_any_operation_costs_no_acknowledged_data),
		cmocka_unit_test(a_director_that_goes_away_leaves_usable_volumes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
