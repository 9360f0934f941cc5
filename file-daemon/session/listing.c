/* file-daemon/session/listing.c - one file as a line, like ls -l */
#include "file-daemon/session/listing.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/num.h"
#include "lib/base/path.h"

/* The wire's letters, where they are not those of ls. */
static const char *
mode_text(mode_t mode, char out[11])
{
	(void)ls_mode(mode, out);
	out[0] = out[0] == 'p' ? 'f' : out[0] == '?' ? '-' : out[0];
	return out;
}

static void
append(struct buf *out, const void *p, size_t n)
{
	buf_put(out, p, size_min(n, out->max - out->len));
}

void
listing_line(struct ls_names *names, const struct stat *st, struct bytes name, struct bytes target,
	     struct buf *out)
{
	char mode[11], when[32], size[24], head[160];

	(void)clock_format(st->st_ctim.tv_sec, "%Y-%m-%d %H:%M:%S", when, sizeof(when));
	(void)snprintf(size, sizeof(size), "%" PRId64, (int64_t)st->st_size);
	(void)snprintf(head, sizeof(head), "%s  %2d %-8.8s %-8.8s%12.12s %s  ",
		       mode_text(st->st_mode, mode), (int)st->st_nlink,
		       ls_user_name(names, st->st_uid), ls_group_name(names, st->st_gid), size,
		       when);
	append(out, head, strlen(head));
	path_line(name, out);
	if (target.n > 0) {
		append(out, " -> ", 4);
		path_line(target, out);
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
