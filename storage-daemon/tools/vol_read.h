/*
 * storage-daemon/tools/vol_read.h - read disk volumes without a daemon
 *
 * Purpose: goes through the volumes one after the other, joins records, applies bootstrap and name
 *          lists, and hands what it finds to callbacks.  Damaged places are reported and passed.
 * Owns:    descriptors, buffers; the options are borrowed.
 * Threads: one.
 * Errors:  ERR_SYS, ERR_FORMAT  no volume at all could be read: it cannot be opened, is none, or
 * not the one that was asked for what a callback answers
 */
#ifndef TERCET_STORAGE_DAEMON_TOOLS_VOL_READ_H
#define TERCET_STORAGE_DAEMON_TOOLS_VOL_READ_H

#include "lib/proto/bootstrap.h"
#include "lib/volume/label.h"
#include "lib/volume/record.h"
#include "lib/volume/volume_scan.h"
#include "storage-daemon/tools/name_list.h"

struct vol_input {
	char *path;   /* owned */
	char *volume; /* owned; name it must have, NULL: any */
	size_t visit; /* of the bootstrap; VOL_NO_VISIT: what it wants of the volume at all */
};
#define VOL_NO_VISIT SIZE_MAX

struct vol_inputs {
	struct vol_input *v; /* owned */
	size_t n, cap;
};

void vol_inputs_add(struct vol_inputs *in, const char *path, const char *volume, size_t visit);
void vol_inputs_release(struct vol_inputs *in);

/* What is known of a session while reading. */
struct vol_session {
	uint32_t session_id, session_time;
	bool has_label;
	struct session_label label; /* of its start, or of its end if that is all there is */
	int32_t file_index;         /* of its current file */
	bool keep;                  /* the name lists want it */
	struct bsr_verdict verdict;
};

/* Members may be NULL. */
struct vol_events {
	enum err_code (*volume)(void *user, const struct vol_input *in,
				const struct volume_label *label, struct err *err);
	enum err_code (*block)(void *user, const struct volume_block *b, struct err *err);
	enum err_code (*session)(void *user, const struct vol_session *s, bool end,
				 const struct session_label *label, struct err *err);
	enum err_code (*record)(void *user, const struct vol_session *s, const struct record *rec,
				struct err *err);
	/* A damaged range of the volume; why says what is wrong with it. */
	void (*damage)(void *user, const struct vol_input *in, const struct volume_block *range,
		       const struct err *why);
	/* One of several volumes cannot be read (further). */
	void (*unread)(void *user, const struct vol_input *in, const struct err *why);
	/* The bootstrap's record wants these files, and they were not met; none: nothing was. */
	void (*unmet)(void *user, const struct bsr_record *rec, const struct bsr_ranges *files);
	/* A record of this session's file was lost; index 0: its current file, if any. */
	void (*lost)(void *user, const struct vol_session *s, int32_t file_index,
		     const struct err *why);
};

struct vol_read_options {
	struct bootstrap *bootstrap;     /* borrowed or NULL */
	const struct name_list *include; /* borrowed or NULL: everything */
	const struct name_list *exclude; /* borrowed or NULL */
};

MUST_CHECK enum err_code vol_read(const struct vol_inputs *in, const struct vol_read_options *o,
				  const struct vol_events *ev, void *user, struct err *err);

#endif
