#include "director/job/job_history.h"

#include "lib/base/fd.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/base/sync.h"
#include "lib/proto/scan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define KEEP     10
#define FILE_MAX (1u << 20)
#define ROW      "job %u %s %d %d %d %" PRIu64 " %" PRIu64 " %" PRId64 " %u\n"
#define ROW_SCAN "job %u %127s %d %d %d %" SCNu64 " %" SCNu64 " %" SCNd64 " %u"

struct job_history {
	char *path;        /* owned; immutable */
	struct mutex lock; /* RANK_LEAF */
	struct job_info jobs[KEEP] GUARDED_BY(&lock);
	size_t n GUARDED_BY(&lock);
	bool changed GUARDED_BY(&lock); /* newer than the file */
};

static void
load(struct job_history *h) NO_ANALYSIS /* nobody else knows it yet */
{
	struct buf b = BUF_INIT(FILE_MAX);
	struct err err = ERR_INIT;
	struct bytes in = { 0 };
	const uint8_t *nl;

	if (fd_read_file(h->path, &b, &err) == ERR_OK)
		in = buf_bytes(&b);
	while (in.n > 0 && (nl = memchr(in.p, '\n', in.n)) != NULL && h->n < KEEP) {
		struct job_info r = { 0 };

		if (wire_scan(bytes_of(in.p, (size_t)(nl - in.p)), ROW_SCAN, &r.job_id, r.name,
			      &r.type, &r.level, &r.status, &r.files, &r.bytes, &r.end_time,
			      &r.errors)) {
			(void)wire_unbash(r.name);
			h->jobs[h->n++] = r;
		}
		in = bytes_skip(in, (size_t)(nl - in.p) + 1);
	}
	buf_release(&b);
}

struct job_history *
job_history_new(const char *path)
{
	struct job_history *h = NEW(struct job_history);

	h->path = str_dup(path);
	mutex_init(&h->lock, RANK_LEAF);
	load(h);
	return h;
}

void
job_history_free(struct job_history *h)
{
	mutex_release(&h->lock);
	free(h->path);
	free(h);
}

void
job_history_add(struct job_history *h, const struct job_info *info)
{
	mutex_lock(&h->lock);
	if (h->n == KEEP)
		memmove(&h->jobs[0], &h->jobs[1], --h->n * sizeof(h->jobs[0]));
	h->jobs[h->n++] = *info;
	h->changed = true;
	mutex_unlock(&h->lock);
}

size_t
job_history_list(struct job_history *h, struct job_info **out)
{
	size_t n;

	*out = NEW_ARRAY(struct job_info, KEEP);
	mutex_lock(&h->lock);
	n = h->n;
	memcpy(*out, h->jobs, n * sizeof(h->jobs[0]));
	mutex_unlock(&h->lock);
	return n;
}

bool
job_history_find(struct job_history *h, uint32_t job_id, const char *unique, struct job_info *out)
{
	bool found = false;

	mutex_lock(&h->lock);
	for (size_t i = h->n; i > 0 && !found; i--) {
		const struct job_info *r = &h->jobs[i - 1];

		found = unique != NULL ? strcmp(r->unique, unique) == 0 : r->job_id == job_id;
		if (found)
			*out = *r;
	}
	mutex_unlock(&h->lock);
	return found;
}

static void
emit_locked(struct job_history *h, struct buf *out) REQUIRES(&h->lock)
{
	for (size_t i = 0; i < h->n; i++) {
		const struct job_info *r = &h->jobs[i];
		char name[JOB_NAME_SIZE];

		(void)snprintf(name, sizeof(name), "%s", r->name);
		buf_text(out, ROW, r->job_id, wire_bash(name), r->type, r->level, r->status,
			 r->files, r->bytes, r->end_time, r->errors);
	}
}

void
job_history_store(struct job_history *h)
{
	struct buf b = BUF_INIT(FILE_MAX);
	struct err err = ERR_INIT;
	bool changed;

	mutex_lock(&h->lock);
	changed = h->changed;
	h->changed = false;
	if (changed)
		emit_locked(h, &b);
	mutex_unlock(&h->lock);
	if (changed && fd_replace_file(h->path, buf_bytes(&b), 0640, &err) != ERR_OK)
		log_warn("%s", err.text);
	buf_release(&b);
}
