#include "lib/files/ls_line.h"

#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "lib/base/clock.h"
#include "lib/base/num.h"
#include "lib/base/path.h"
#include "lib/proto/attr_record.h"
#include "lib/proto/stream.h"

#define ACCOUNT_BUF 4096 /* longer database lines: the number is printed */

const char *
ls_mode(int64_t mode, char out[11])
{
	static const char kinds[16] = "?pc?d?b?-?l?s???";
	mode_t m = (mode_t)mode;

	(void)snprintf(out, 11, "%c%c%c%c%c%c%c%c%c%c", kinds[(m >> 12) & 15], m & 0400 ? 'r' : '-',
		       m & 0200 ? 'w' : '-', m & 0100 ? 'x' : '-', m & 040 ? 'r' : '-',
		       m & 020 ? 'w' : '-', m & 010 ? 'x' : '-', m & 04 ? 'r' : '-',
		       m & 02 ? 'w' : '-', m & 01 ? 'x' : '-');
	if (m & S_ISUID)
		out[3] = m & 0100 ? 's' : 'S';
	if (m & S_ISGID)
		out[6] = m & 010 ? 's' : 'S';
	if (m & S_ISVTX)
		out[9] = m & 01 ? 't' : 'T';
	return out;
}

const char *
ls_user_name(struct ls_names *names, int64_t id)
{
	struct ls_name *n = &names->users[(uint64_t)id % LS_NAMES];
	char room[ACCOUNT_BUF];
	struct passwd pw, *found = NULL;

	if (n->used && n->id == id)
		return n->name;
	n->id = id;
	n->used = true;
	if (getpwuid_r((uid_t)id, &pw, room, sizeof(room), &found) != 0 || found == NULL ||
	    (size_t)snprintf(n->name, sizeof(n->name), "%s", pw.pw_name) >= sizeof(n->name))
		(void)snprintf(n->name, sizeof(n->name), "%" PRId64, id);
	return n->name;
}

const char *
ls_group_name(struct ls_names *names, int64_t id)
{
	struct ls_name *n = &names->groups[(uint64_t)id % LS_NAMES];
	char room[ACCOUNT_BUF];
	struct group gr, *found = NULL;

	if (n->used && n->id == id)
		return n->name;
	n->id = id;
	n->used = true;
	if (getgrgid_r((gid_t)id, &gr, room, sizeof(room), &found) != 0 || found == NULL ||
	    (size_t)snprintf(n->name, sizeof(n->name), "%s", gr.gr_name) >= sizeof(n->name))
		(void)snprintf(n->name, sizeof(n->name), "%" PRId64, id);
	return n->name;
}

/* Control bytes would let a name write to the reader's terminal.  No file has a longer name, but a
 * volume may say so. */
static void
put_name(struct buf *out, struct bytes name)
{
	size_t n = size_min(name.n, PATH_BYTES_MAX);

	for (size_t i = 0; i < n; i++) {
		if (name.p[i] < ' ' || name.p[i] == 0x7f)
			buf_text(out, "\\x%02x", name.p[i]);
		else
			buf_put(out, name.p + i, 1);
	}
	if (n < name.n)
		buf_text(out, "...");
}

void
ls_line_emit(struct ls_names *names, struct bytes name, int type, const struct lstat_fields *st,
	     struct bytes link, struct buf *out)
{
	char mode[11], date[32], size[32];

	if (S_ISCHR((mode_t)st->mode) || S_ISBLK((mode_t)st->mode))
		(void)snprintf(size, sizeof(size), "%u, %u", major((dev_t)st->rdev),
			       minor((dev_t)st->rdev));
	else
		(void)snprintf(size, sizeof(size), "%" PRId64, st->size);
	buf_text(out, "%s %3" PRId64 " %-8s %-8s %10s %s  ", ls_mode(st->mode, mode), st->nlink,
		 ls_user_name(names, st->uid), ls_group_name(names, st->gid), size,
		 clock_format(st->mtime, "%Y-%m-%d %H:%M:%S", date, sizeof(date)));
	put_name(out, name);
	if (type == FT_LNK || type == FT_LNKSAVED) {
		buf_text(out, " %s ", type == FT_LNK ? "->" : "=>");
		put_name(out, link);
	}
}
