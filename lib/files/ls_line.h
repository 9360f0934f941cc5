/*
 * lib/files/ls_line.h - one file as a line for people, as `ls -l` writes it
 */
#ifndef TERCET_FILES_LS_LINE_H
#define TERCET_FILES_LS_LINE_H

#include "lib/proto/attr_record.h"

#define LS_NAMES 64

/* Account names met last; all-zero is empty.  One thread at a time. */
struct ls_names {
	struct ls_name {
		int64_t id;
		bool used;
		char name[32];
	} users[LS_NAMES], groups[LS_NAMES];
};

/* Append "-rw-r--r--   1 root     root         1234 2026-11-21 10:00:00  /path -> link", without
 * newline.  Names are printed as they are except control bytes. */
void ls_line_emit(struct ls_names *names, struct bytes name, int type,
		  const struct lstat_fields *st, struct bytes link, struct buf *out);

/* The account's name, or its number when it has none; borrowed until the next call. */
const char *ls_user_name(struct ls_names *names, int64_t id);
const char *ls_group_name(struct ls_names *names, int64_t id);

/* "drwxr-xr-x" of a mode; out[11]. */
const char *ls_mode(int64_t mode, char out[11]);

#endif
