/*
 * regress/fuzz/fuzz_bootstrap.c - bootstrap texts: parse, emit, parse; matching and seeking end;
 * what is missed in the end was wanted
 *
 * needs: lib-proto
 */
#include <assert.h>

#include "lib/proto/bootstrap.h"

#define FILES 20

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* One visit, as a reader makes it: to each place that is wanted, with a block of files there. */
static void
read_visit(struct bootstrap *b, size_t i)
{
	const char *name = bootstrap_volume(b, i).name;
	struct bsr_verdict verdict = { 0 };
	uint64_t to = 0;

	bootstrap_enter_visit(b, i);
	for (uint64_t pos = 0; bootstrap_seek(b, name, pos, &to) == BSR_GO; pos = to + 1) {
		assert(to > pos);
		if (!bootstrap_enter_block(b, &(struct bsr_block){ name, to, to + 10, 1, 1 }, NULL))
			continue;
		for (int32_t file = 1; file < FILES; file++)
			if (bootstrap_match(b, file, 1))
				assert(bootstrap_keep(b, &verdict, file, bytes_str("name")));
	}
	(void)bootstrap_last_wanted(b, name, &to);
	bootstrap_leave_visit(b);
}

/* What did not come is part of what was wanted, and what is told lost no longer is missed. */
static void
account(struct bootstrap *b, size_t i)
{
	struct bsr_ranges missed = { 0 }, beyond = { 0 }, still = { 0 };

	if (bootstrap_unmet(b, i, &missed)) {
		bsr_ranges_subtract(&missed, &bootstrap_record(b, i)->file_index, &beyond);
		assert(beyond.n == 0);
		for (size_t k = 0; k < missed.n; k++)
			bootstrap_note_lost(b, i, missed.v[k].first, missed.v[k].last);
		assert(missed.n == 0 || !bootstrap_unmet(b, i, &still));
	}
	bsr_ranges_release(&missed);
	bsr_ranges_release(&beyond);
	bsr_ranges_release(&still);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct bootstrap *b = NULL, *again = NULL;
	struct buf out = BUF_INIT(16 << 20);
	struct err err = ERR_INIT;

	/* The expressions are libc's: not what is looked for here. */
	if (memmem(p, n, "egex", 4) != NULL || memmem(p, n, "EGEX", 4) != NULL ||
	    bootstrap_parse(bytes_of(p, n), &b, &err) != ERR_OK)
		return 0;
	for (size_t i = 0; i < bootstrap_n_records(b); i++)
		(void)!bsr_record_emit(bootstrap_record(b, i), &out, &err);
	if (bootstrap_parse(buf_bytes(&out), &again, &err) == ERR_OK)
		assert(bootstrap_n_volumes(again) == bootstrap_n_volumes(b));
	for (size_t i = 0; i < bootstrap_n_volumes(b); i++)
		read_visit(b, i);
	for (size_t i = 0; i < bootstrap_n_records(b); i++)
		account(b, i);
	(void)bootstrap_is_done(b);
	bootstrap_free(b);
	bootstrap_free(again);
	buf_release(&out);
	return 0;
}
