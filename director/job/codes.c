/*
 * director/job/codes.c - %-codes of a job.  Spec: director.md 9.3, config.md 9.1
 */
#include "director/job/job_internal.h"

#include "lib/base/clock.h"
#include "lib/base/num.h"
#include "lib/base/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define TEXT_MAX (256u * 1024)

static void
put_text(struct buf *out, const char *s)
{
	if (s == NULL || s[0] == '\0')
		s = "*None*";
	buf_put(out, s, size_min(strlen(s), TEXT_MAX / 16));
}

/* False: no such code. */
static bool
put_code(struct job *j, const struct job_info *i, char code, const char *recipients,
	 struct buf *out)
{
	char when[32], units[UNITS_TEXT_MAX];
	const struct job_plan plan = job_plan_copy(j);

	switch (code) {
	case '%':
		buf_put(out, "%", 1);
		break;
	case 'B':
		buf_text(out, "%sB", units_suffix(i->bytes, units));
		break;
	case 'F':
		buf_text(out, "%" PRIu64, i->files);
		break;
	case 'P':
		buf_text(out, "%ld", (long)getpid());
		break;
	case 'b':
		buf_text(out, "%" PRIu64, i->bytes);
		break;
	case 'c':
		put_text(out, i->client);
		break;
	case 'd':
	case 'D':
		put_text(out, director_name(j->d));
		break;
	case 'e':
		put_text(out, job_status_end(i->status));
		break;
	case 'i':
		buf_text(out, "%u", i->job_id);
		break;
	case 'j':
		put_text(out, i->unique);
		break;
	case 'p':
		put_text(out, i->pool);
		break;
	case 'C':
		put_text(out, j->req.cloned ? "yes" : "no");
		break;
	case 'O':
		buf_text(out, "%u", j->req.prior_job_id);
		break;
	case 'N':
		put_text(out, NULL);
		break;
	case 'l':
		put_text(out, job_level_text(i->level));
		break;
	case 'n':
		put_text(out, i->name);
		break;
	case 'r':
		put_text(out, recipients);
		break;
	case 's':
		put_text(out, j->choice.since != 0
				      ? clock_format(j->choice.since, "%Y-%m-%d %H:%M:%S", when,
						     sizeof(when))
				      : NULL);
		break;
	case 't':
		put_text(out, job_type_text(i->type));
		break;
	case 'v':
	case 'V':
		put_text(out, i->volumes);
		break;
	case 'w':
		put_text(out, plan.write_storage != NULL ? plan.write_storage->name : NULL);
		break;
	case 'x':
		put_text(out, plan.spool_data ? "yes" : "no");
		break;
	case 'f':
		put_text(out, i->fileset);
		break;
	case 'h':
		put_text(out, plan.client != NULL ? plan.client->address : NULL);
		break;
	default:
		return false;
	}
	return true;
}

static char *
expand(struct job *j, const char *text, const char *recipients, bool is_path)
{
	struct buf out = BUF_INIT(TEXT_MAX * 2);
	struct job_info info;

	job_fill_info(j, &info);
	for (const char *p = text; *p != '\0' && out.len < TEXT_MAX; p++) {
		size_t before = out.len;

		if (*p != '%' || p[1] == '\0' || !put_code(j, &info, p[1], recipients, &out)) {
			buf_put(&out, p, 1);
			continue;
		}
		p++;
		for (size_t i = before; is_path && i < out.len; i++)
			if (out.p[i] == '/')
				out.p[i] = '_';
	}
	return buf_take_str(&out);
}

char *
job_expand(struct job *j, const char *text, const char *recipients)
{
	return expand(j, text, recipients, false);
}

char *
job_expand_path(struct job *j, const char *text)
{
	return expand(j, text, NULL, true);
}
