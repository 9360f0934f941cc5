/* file-daemon/session/listing.c - one file as a line, like ls -l */
#include "file-daemon/session/listing.h"

#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/num.h"

static void
name_user(struct listing *l, uid_t uid)
{
	struct passwd pw, *got = NULL;
	char text[4096];

	if (l->uid_known && l->uid == uid)
		return;
	l->uid = uid;
	l->uid_known = true;
	if (getpwuid_r(uid, &pw, text, sizeof(text), &got) == 0 && got != NULL)
		(void)snprintf(l->user, sizeof(l->user), "%s", pw.pw_name);
	else
		(void)snprintf(l->user, sizeof(l->user), "%u", uid);
}

static void
name_group(struct listing *l, gid_t gid)
{
	struct group gr, *got = NULL;
	char text[16384];

	if (l->gid_known && l->gid == gid)
		return;
	l->gid = gid;
	l->gid_known = true;
	if (getgrgid_r(gid, &gr, text, sizeof(text), &got) == 0 && got != NULL)
		(void)snprintf(l->group, sizeof(l->group), "%s", gr.gr_name);
	else
		(void)snprintf(l->group, sizeof(l->group), "%u", gid);
}

static char
kind_letter(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return 'd';
	case S_IFLNK:
		return 'l';
	case S_IFCHR:
		return 'c';
	case S_IFBLK:
		return 'b';
	case S_IFIFO:
		return 'f';
	case S_IFSOCK:
		return 's';
	default:
		return '-';
	}
}

static char
execute_letter(mode_t mode, mode_t execute, mode_t special, char with, char without)
{
	if ((mode & special) != 0)
		return (mode & execute) != 0 ? with : without;
	return (mode & execute) != 0 ? 'x' : '-';
}

static void
mode_text(mode_t mode, char out[11])
{
	static const char letters[] = "rwxrwxrwx";

	out[0] = kind_letter(mode);
	for (unsigned i = 0; i < 9; i++)
		out[1 + i] = (mode & (0400u >> i)) != 0 ? letters[i] : '-';
	out[3] = execute_letter(mode, S_IXUSR, S_ISUID, 's', 'S');
	out[6] = execute_letter(mode, S_IXGRP, S_ISGID, 's', 'S');
	out[9] = execute_letter(mode, S_IXOTH, S_ISVTX, 't', 'T');
	out[10] = '\0';
}

static void
append(struct buf *out, const void *p, size_t n)
{
	buf_put(out, p, size_min(n, out->max - out->len));
}

void
listing_line(struct listing *l, const struct stat *st, struct bytes name, struct bytes target,
	     struct buf *out)
{
	char mode[11], when[32], size[24], head[160];

	name_user(l, st->st_uid);
	name_group(l, st->st_gid);
	mode_text(st->st_mode, mode);
	(void)clock_format(st->st_ctim.tv_sec, "%Y-%m-%d %H:%M:%S", when, sizeof(when));
	(void)snprintf(size, sizeof(size), "%" PRId64, (int64_t)st->st_size);
	(void)snprintf(head, sizeof(head), "%s  %2d %-8.8s %-8.8s%12.12s %s  ", mode,
		       (int)st->st_nlink, l->user, l->group, size, when);
	append(out, head, strlen(head));
	append(out, name.p, name.n);
	if (target.n > 0) {
		append(out, " -> ", 4);
		append(out, target.p, target.n);
	}
}

const char *
number_with_commas(uint64_t v, char out[32])
{
	char digits[24];
	size_t n = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, v), at = 0;

	for (size_t i = 0; i < n; i++) {
		if (i > 0 && (n - i) % 3 == 0)
			out[at++] = ',';
		out[at++] = digits[i];
	}
	out[at] = '\0';
	return out;
}
