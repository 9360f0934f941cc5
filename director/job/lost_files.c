#include "director/job/lost_files.h"

#include <stdio.h>
#include <string.h>

#include "director/job/job_internal.h"
#include "lib/base/own.h"
#include "lib/base/path.h"
#include "lib/catalog/cat_query.h"
#include "lib/proto/dir_sd.h"
#include "lib/proto/scan.h"

#define MESSAGE_BYTES 3000u /* of names in one message */

struct naming {
	struct job *job;
	struct buf lines;
};

static void
say_names(struct naming *n)
{
	if (n->lines.len > 0)
		job_say(n->job, MSG_ERROR, "These files may be lost or incomplete:%s",
			buf_str(&n->lines));
	buf_clear(&n->lines);
}

static enum err_code
take_name(void *ctx, const struct cat_table *t, struct err *err)
{
	struct naming *n = ctx;
	const char *name = cat_cell(t, 0, 0);

	(void)err;
	if (name == NULL)
		return ERR_OK;
	buf_text(&n->lines, "\n    %s", PATH_PRINT(bytes_str(name)));
	if (n->lines.len > MESSAGE_BYTES)
		say_names(n);
	return ERR_OK;
}

void
lost_files_name(struct job *j, const char *text)
{
	struct naming n = { .job = j, .lines = BUF_INIT(64 * 1024) };
	const struct cat_row_reader reader = { take_name, &n };
	const char *at = strstr(text, ": files ");
	char list[DIR_SD_LOST_FILES_MAX + 1], id[16], time[16];
	unsigned session_id, session_time;
	const struct cat_arg args[] = { { "session_id", id },
					{ "session_time", time },
					{ "runs", list } };
	struct err err = ERR_INIT;

	if (at == NULL ||
	    !wire_scan(bytes_str(at + 2), DIR_SD_LOST_FILES_SCAN, list, &session_id, &session_time))
		return;
	(void)snprintf(id, sizeof(id), "%u", session_id);
	(void)snprintf(time, sizeof(time), "%u", session_time);
	if (cat_query_each(j->catalog, "restore_names_of_files", args, sizeof(args) / sizeof(*args),
			   &reader, &err) != ERR_OK)
		job_say(j, MSG_WARNING, "the names of these files are not known: %s", err.text);
	say_names(&n);
	buf_release(&n.lines);
}
