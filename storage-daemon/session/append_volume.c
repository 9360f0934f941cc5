/*
 * storage-daemon/session/append_volume.c - blocks onto volumes
 *
 * A block is of one session and written whole.  When its volume is full, or another session has
 * changed the volume meanwhile, the piece written so far is closed (sync, JobMedia) and the same
 * block goes to the next volume.
 */
#include "storage-daemon/session/append_internal.h"

#include <stdio.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/proto/job_code.h"
#include "storage-daemon/media/mount.h"
#include "storage-daemon/session/sd.h"

/* ---- getting a volume ---- */

static enum err_code
take_device(struct append *a, struct err *err)
{
	if (a->device != NULL)
		return ERR_OK;
	return reserve_append(&a->s->sd->media, a->s->append_wish, &a->job, NULL, &a->device, err);
}

/* The mounted volume takes no further job while others write on it: find another device. */
static enum err_code
change_device(struct append *a, struct err *err)
{
	struct mounted avoid = { .generation = 0 };
	struct device *old = TAKE_PTR(a->device);
	bool is = device_mounted(old, &avoid);

	reserve_drop(&a->s->sd->media, old, true);
	return reserve_append(&a->s->sd->media, a->s->append_wish, &a->job, is ? &avoid : NULL,
			      &a->device, err);
}

/* There is none now.  The device serves others meanwhile. */
static enum err_code
wait_for_volume(struct append *a, const struct mount_wish *w, struct mount_pause *pause,
		const struct err *why, struct err *err)
{
	struct device *old = TAKE_PTR(a->device);
	enum err_code code;

	reserve_drop(&a->s->sd->media, old, true);
	code = mount_wait(old, &a->job, w, pause, why, err);
	return code == ERR_OK ? take_device(a, err) : code;
}

enum err_code
append_get_volume(struct append *a, uint32_t need_block, struct err *err)
{
	const struct reserve_wish *r = a->s->append_wish;
	struct mount_wish w = { .pool = r->pool,
				.pool_type = r->pool_type,
				.media_type = r->media_type,
				.need_block = need_block,
				.not_bacula = need_block > 0 && a->recode == NULL };
	struct mount_pause pause = { .asked = 0 };
	char where[DEVICE_PRINT_MAX];
	enum err_code code = take_device(a, err);

	while (code == ERR_OK) {
		struct err busy = ERR_INIT;

		pause.asked = device_mount_asked(a->device);
		w.quiet = pause.waited_s > 0 && pause.waited_s < pause.say_at_s;
		code = mount_append(&a->s->sd->media, a->device, &a->job, &w, &a->on, &busy);
		if (code == ERR_OK)
			break;
		if (code == ERR_LIMIT)
			code = change_device(a, err);
		else if (code == ERR_EOF || code == ERR_ABSENT)
			code = wait_for_volume(a, &w, &pause, &busy, err);
		else
			*err = busy;
	}
	if (code != ERR_OK)
		return code;
	if (pause.waited_s > 0)
		a->job.ops->status(a->job.arg, STATUS_RUNNING, "");
	a->joined = true;
	a->null_row = false;
	session_show(a->s, a->on.volume, device_print(a->device, where, sizeof(where)), r->pool,
		     false);
	session_show_waiting(a->s, "");
	return ERR_OK;
}

void
append_leave_volume(struct append *a)
{
	if (a->joined)
		device_leave(a->device, a->on.generation);
	a->joined = false;
}

/* ---- blocks ---- */

/* The medium failed: no job goes on with this volume. */
static void
condemn(struct append *a, const struct err *why)
{
	struct err lost = ERR_INIT;

	if (mount_condemn(&a->s->sd->media, a->device, &a->job, a->on.generation, why, &lost) !=
	    ERR_OK)
		log_error("job %s: volume \"%s\" cannot be marked in Error yet: %s", a->s->job.job,
			  a->on.volume, lost.text);
}

enum err_code
append_end_piece(struct append *a, struct err *err)
{
	enum err_code code;

	if (!a->piece_any)
		return ERR_OK;
	code = device_sync(a->device, a->on.generation, err);
	if (code != ERR_OK) {
		(void)err_ctx(err, "volume \"%s\"", a->on.volume);
		a->no_more_volumes = true;
		condemn(a, err);
		return code;
	}
	if (a->piece.first != 0) /* else session labels only */
		code = ask_create_jobmedia(a->s, &a->piece, err);
	/* Refused, it may be asked for once more; cancelled, the answer is still to come. */
	a->piece_any = code == ERR_CATALOG;
	return code;
}

/* Nothing of any job fits behind the label: another volume would not help. */
static bool
is_fresh(struct append *a)
{
	return !a->piece_any && device_vol(a->device).blocks <= 1;
}

/* The block goes to another volume; fate: why not to this one, if not BLOCK_MOVED see fault. */
static enum err_code
next_volume(struct append *a, enum block_fate fate, const struct err *fault, struct err *err)
{
	uint64_t generation = a->on.generation;
	enum err_code code = append_end_piece(a, err);

	if (code == ERR_OK && fate == BLOCK_BROKEN)
		condemn(a, fault);
	append_leave_volume(a);
	if (code == ERR_OK && fate == BLOCK_FULL)
		code = mount_full(&a->s->sd->media, a->device, &a->job, generation, fault, err);
	if (code == ERR_OK)
		code = append_get_volume(a, a->block_cap, err);
	return code;
}

/* A JobMedia row of zeros keeps the director from recycling the volume under us. */
static enum err_code
protect_volume(struct append *a, struct err *err)
{
	struct job_piece zero = { .media_id = a->on.media_id };
	enum err_code code;

	if (a->null_row)
		return ERR_OK;
	code = ask_create_jobmedia(a->s, &zero, err);
	a->null_row = code == ERR_OK;
	return code;
}

/* A volume that has nothing but its label refuses: the next would be as bad, and so on for ever. */
static enum err_code
give_up(struct append *a, size_t n, enum block_fate fate, const struct err *fault, struct err *err)
{
	a->no_more_volumes = true;
	if (fate == BLOCK_FULL)
		return err_set(err, ERR_LIMIT,
			       "not even one block of %zu bytes fits on a fresh volume: %s", n,
			       fault->text);
	condemn(a, fault);
	*err = *fault;
	return err->code;
}

static enum err_code
write_somewhere(struct append *a, struct bytes block, uint64_t *at, struct err *err)
{
	for (;;) {
		struct err fault = ERR_INIT;
		enum block_fate fate;
		enum err_code code = protect_volume(a, err);

		if (code != ERR_OK)
			return code;
		fate = device_write_block(a->device, a->on.generation, block, a->job.cancel, at,
					  &fault);
		switch (fate) {
		case BLOCK_WRITTEN:
			return ERR_OK;
		case BLOCK_CANCELED:
			*err = fault;
			return err->code;
		case BLOCK_FULL:
		case BLOCK_BROKEN:
			if (is_fresh(a))
				return give_up(a, block.n, fate, &fault, err);
			break;
		case BLOCK_MOVED:
			break;
		}
		code = next_volume(a, fate, &fault, err);
		if (code != ERR_OK)
			return code;
	}
}

static void
count_block(struct append *a, const struct append_block *b, uint64_t at)
{
	if (!a->piece_any)
		a->piece = (struct job_piece){ .media_id = a->on.media_id, .start = at };
	if (a->start_addr == 0)
		a->start_addr = at;
	a->piece_any = true;
	a->piece.end = at + b->fill.len - 1;
	a->end_addr = a->piece.end;
	if (a->piece.first == 0)
		a->piece.first = b->fill.first_index;
	if (b->fill.last_index > 0)
		a->piece.last = b->fill.last_index;
	a->block_number++;
	atomic_store_explicit(&a->s->files, b->files, memory_order_relaxed);
	atomic_store_explicit(&a->s->bytes, b->bytes, memory_order_relaxed);
}

/* Behind Maximum File Size the catalog hears how far job and volume have come: what a crash leaves
 * to be looked through is never much more.  Spec: wire.md 6.5 "file-size marks" */
static enum err_code
mark_file_size(struct append *a, struct err *err)
{
	uint64_t max = a->device->conf->maximum_file_size;
	enum err_code code;

	if (max == 0 || a->piece.end - a->piece.start < max)
		return ERR_OK;
	code = append_end_piece(a, err);
	return code == ERR_OK ? mount_tell(a->device, &a->job, a->on.generation, err) : code;
}

/* From time to time the director hears how far the job is.  Spec: wire.md 6.5 "Checkpoints" */
static void
checkpoint(struct append *a, const struct append_block *b)
{
	int64_t interval_ms = a->s->sd->conf->storage->checkpoint_interval * 1000;
	int64_t now = clock_mono_ms();

	if (interval_ms == 0 || now - a->checkpoint_ms < interval_ms)
		return;
	a->checkpoint_ms = now;
	ask_tell_checkpoint(a->s, b->files, b->bytes);
}

enum err_code
append_write_block(struct append *a, struct append_block *b, struct err *err)
{
	struct block_head head = { .len = b->fill.len,
				   .number = a->block_number,
				   .session_id = a->s->job.session_id,
				   .session_time = a->s->job.session_time,
				   .head_len = BLOCK_HEAD_LEN };
	uint64_t at = 0;
	enum err_code code;

	block_head_emit(b->fill.p, &head, a->device->conf->block_checksum);
	code = write_somewhere(a, bytes_of(b->fill.p, b->fill.len), &at, err);
	if (code != ERR_OK)
		return code;
	count_block(a, b, at);
	/* The sender is slowed by not being read. */
	code = rate_limit_keep(&a->rate, b->fill.len,
			       atomic_load_explicit(&a->s->bandwidth, memory_order_relaxed),
			       a->job.cancel, err);
	block_fill_reset(&b->fill);
	if (code == ERR_OK)
		code = append_attrs_forward(a, b, err);
	if (code == ERR_OK)
		checkpoint(a, b);
	return code == ERR_OK ? mark_file_size(a, err) : code;
}
