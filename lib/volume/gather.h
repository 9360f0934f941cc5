/*
 * lib/volume/gather.h - the wanted records of one volume after another, past damage
 *
 * Purpose: what restores and the volume tool have in common.  Goes where a bootstrap wants to go,
 *          takes the records that are wanted out of good blocks, joins their pieces over blocks and
 *          volumes, and hands over whole ones.  Damage is named with volume, address and files, and
 *          stepped over; what is wanted and did not come is told at the end.  No I/O of its own.
 * Owns:    what it knows of the sessions met: bounded, whatever the volumes are made of.
 * Threads: one at a time.
 * Errors:  what the scan answers (the volume cannot be read further), what a record's taker does
 * Spec:    volume.md 2.5 "Do better (data loss)", 3.2, 15
 */
#ifndef TERCET_VOLUME_GATHER_H
#define TERCET_VOLUME_GATHER_H

#include "lib/proto/bootstrap.h"
#include "lib/proto/msg_type.h"
#include "lib/volume/label.h"
#include "lib/volume/record.h"
#include "lib/volume/volume_scan.h"

struct gather_ops {
	/* A whole record of a wanted file.  ERR_LIMIT: this one cannot be taken, others can. */
	enum err_code (*record)(void *user, const struct record *rec, struct err *err);
	/* Something is lost: a sentence for people.  MSG_ERROR, or MSG_WARNING: none of ours is. */
	void (*say)(void *user, enum msg_type type, const char *text);

	/* These may be NULL. */
	/* Is a file of this name wanted, too?  Asked once, of what the bootstrap wants. */
	bool (*wants)(void *user, struct bytes name);
	void (*block)(void *user, const struct volume_block *b);
	/* The label of a session's start or end, as the piece's FileIndex says. */
	void (*session)(void *user, const struct record_piece *p, const struct session_label *l);
	/* A record of this session's file is incomplete; index 0: of its current file, if any. */
	void (*hit)(void *user, uint32_t session_id, uint32_t session_time, int32_t file_index,
		    const struct err *why);
};

struct gather;

/* All borrowed; bsr NULL: everything is wanted. */
struct gather *gather_new(struct bootstrap *bsr, const struct gather_ops *ops, void *user);
void gather_free(struct gather *g);
void gather_freep(struct gather **g);

/*
 * Take what is wanted of the volume of this name (in the bootstrap's visit, if one was entered),
 * from where the scan is.  end: behind the last byte that the scan may give.
 */
MUST_CHECK enum err_code gather_volume(struct gather *g, const char *volume,
				       struct volume_scan *scan, uint64_t end, struct err *err);
/* What gather_volume answered last came from ops->record, not from the volume. */
bool gather_was_refused(const struct gather *g);
/* A volume cannot be read, or not further: said, with what it costs. */
void gather_unread(struct gather *g, const char *volume, const struct err *why);
/* All volumes were read: what never came. */
void gather_finish(struct gather *g);

#endif
