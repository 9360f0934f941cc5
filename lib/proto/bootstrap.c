/*
 * Parsing and emitting; matching is in bootstrap_match.c.
 */
#include "lib/proto/bootstrap_internal.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>

#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/path.h"
#include "lib/base/regexp.h"

/* ---- values ---- */

void
bsr_ranges_add(struct bsr_ranges *r, uint64_t first, uint64_t last)
{
	r->v = (struct bsr_range *)mem_grow(r->v, r->n, &r->cap, sizeof(*r->v));
	r->v[r->n++] = (struct bsr_range){ first, last };
}

void
bsr_ranges_release(struct bsr_ranges *r)
{
	free(r->v);
	*r = (struct bsr_ranges){ 0 };
}

void
bsr_names_add(struct bsr_names *n, const char *s)
{
	n->v = (char **)mem_grow(n->v, n->n, &n->cap, sizeof(*n->v));
	n->v[n->n++] = str_dup(s);
}

bool
bsr_names_have(const struct bsr_names *n, const char *s)
{
	for (size_t i = 0; i < n->n; i++)
		if (strcmp(n->v[i], s) == 0)
			return true;
	return false;
}

void
bsr_names_release(struct bsr_names *n)
{
	for (size_t i = 0; i < n->n; i++)
		free(n->v[i]);
	free(n->v);
	*n = (struct bsr_names){ 0 };
}

void
bsr_record_release(struct bsr_record *r)
{
	struct bsr_ranges *ranges[] = { &r->session_id, &r->session_time, &r->addr,    &r->file,
					&r->block,      &r->file_index,   &r->job_ids, &r->streams,
					&r->job_types,  &r->job_levels };

	free(r->storage);
	free(r->media_type);
	free(r->device);
	free(r->file_regex);
	bsr_names_release(&r->volumes);
	bsr_names_release(&r->clients);
	bsr_names_release(&r->jobs);
	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
		bsr_ranges_release(ranges[i]);
	*r = (struct bsr_record){ 0 };
}

static int
by_first(const void *a, const void *b)
{
	const struct bsr_range *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

void
bsr_ranges_normalise(struct bsr_ranges *r)
{
	size_t n = 0;

	if (r->n == 0)
		return;
	qsort(r->v, r->n, sizeof(*r->v), by_first);
	for (size_t i = 1; i < r->n; i++) {
		if (r->v[n].last == UINT64_MAX || r->v[i].first <= r->v[n].last + 1) {
			if (r->v[i].last > r->v[n].last)
				r->v[n].last = r->v[i].last;
		} else {
			r->v[++n] = r->v[i];
		}
	}
	r->n = n + 1;
}

/* ---- parsing ---- */

enum bsr_type {
	BSR_TYPE_STRING,  /* char * */
	BSR_TYPE_VOLUME,  /* names separated by '|' */
	BSR_TYPE_NAMES,   /* list of strings */
	BSR_TYPE_NUMBER,  /* uint32_t */
	BSR_TYPE_NUMBERS, /* list of numbers */
	BSR_TYPE_RANGES,  /* list of n or n-m, 32 bits */
	BSR_TYPE_RANGES64,
	BSR_TYPE_ENDS, /* list of n or n-m, in any order: the blocks at both ends of a VolFile range
			*/
	BSR_TYPE_LETTERS, /* list of one-letter codes */
	BSR_TYPE_IGNORE,  /* rest of the line */
};

/* Spec: volume.md 15.1 */
/* clang-format off */
static const struct bsr_keyword {
	const char *name; /* lower case */
	enum bsr_type type;
	size_t offset;
} keywords[] = {
	{ "storage",        BSR_TYPE_STRING,   offsetof(struct bsr_record, storage) },
	{ "volume",         BSR_TYPE_VOLUME,   offsetof(struct bsr_record, volumes) },
	{ "mediatype",      BSR_TYPE_STRING,   offsetof(struct bsr_record, media_type) },
	{ "device",         BSR_TYPE_STRING,   offsetof(struct bsr_record, device) },
	{ "slot",           BSR_TYPE_NUMBER,   offsetof(struct bsr_record, slot) },
	{ "volsessionid",   BSR_TYPE_RANGES,   offsetof(struct bsr_record, session_id) },
	{ "volsessiontime", BSR_TYPE_NUMBERS,  offsetof(struct bsr_record, session_time) },
	{ "voladdr",        BSR_TYPE_RANGES64, offsetof(struct bsr_record, addr) },
	{ "volfile",        BSR_TYPE_RANGES,   offsetof(struct bsr_record, file) },
	{ "volblock",       BSR_TYPE_ENDS,     offsetof(struct bsr_record, block) },
	{ "fileindex",      BSR_TYPE_RANGES,   offsetof(struct bsr_record, file_index) },
	{ "count",          BSR_TYPE_NUMBER,   offsetof(struct bsr_record, count) },
	{ "fileregex",      BSR_TYPE_STRING,   offsetof(struct bsr_record, file_regex) },
	{ "client",         BSR_TYPE_NAMES,    offsetof(struct bsr_record, clients) },
	{ "job",            BSR_TYPE_NAMES,    offsetof(struct bsr_record, jobs) },
	{ "jobid",          BSR_TYPE_RANGES,   offsetof(struct bsr_record, job_ids) },
	{ "stream",         BSR_TYPE_NUMBERS,  offsetof(struct bsr_record, streams) },
	{ "jobtype",        BSR_TYPE_LETTERS,  offsetof(struct bsr_record, job_types) },
	{ "joblevel",       BSR_TYPE_LETTERS,  offsetof(struct bsr_record, job_levels) },
	{ "include",        BSR_TYPE_IGNORE,   0 },
	{ "exclude",        BSR_TYPE_IGNORE,   0 },
};
/* clang-format on */

struct scan {
	const uint8_t *p, *end;
	unsigned line;
};

static bool
at_end_of_item(const struct scan *s)
{
	return s->p == s->end || *s->p == '\n' || *s->p == ';' || *s->p == '#';
}

static void
skip_blanks(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\r'))
		s->p++;
}

static void
skip_line(struct scan *s)
{
	while (s->p < s->end && *s->p != '\n')
		s->p++;
}

/* Keyword without its blanks, lower case; false when there is none or no '='. */
static bool
take_keyword(struct scan *s, char *out, size_t cap)
{
	size_t n = 0;

	for (; s->p < s->end && *s->p != '='; s->p++) {
		if (*s->p == ' ' || *s->p == '\t')
			continue;
		if (!isalpha(*s->p) || n + 1 >= cap)
			return false;
		out[n++] = (char)tolower(*s->p);
	}
	out[n] = '\0';
	if (s->p == s->end || n == 0)
		return false;
	s->p++;
	skip_blanks(s);
	return true;
}

static enum err_code
take_string(struct scan *s, struct buf *out, struct err *err)
{
	bool quoted = s->p < s->end && *s->p == '"';

	buf_clear(out);
	for (s->p += quoted; s->p < s->end; s->p++) {
		if (quoted ? *s->p == '"' : strchr(" \t\r\n,;=#{}\"", *s->p) != NULL)
			break;
		if (quoted && *s->p == '\\' && s->p + 1 < s->end)
			s->p++;
		if (*s->p == '\n' || *s->p == '\0')
			return err_set(err, ERR_FORMAT, "string is not closed with a quote");
		if (buf_append(out, s->p, 1, err) != ERR_OK)
			return err->code;
	}
	if (quoted && s->p == s->end)
		return err_set(err, ERR_FORMAT, "string is not closed with a quote");
	s->p += quoted;
	if (out->len == 0)
		return err_set(err, ERR_FORMAT, "empty value");
	return ERR_OK;
}

static enum err_code
take_u64(struct scan *s, uint64_t max, uint64_t *out, struct err *err)
{
	uint64_t v = 0;

	if (s->p == s->end || !isdigit(*s->p))
		return err_set(err, ERR_FORMAT, "number expected");
	for (; s->p < s->end && isdigit(*s->p); s->p++) {
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*s->p - '0'), &v) || v > max)
			return err_set(err, ERR_FORMAT, "number is larger than %" PRIu64, max);
	}
	*out = v;
	return ERR_OK;
}

/* n or n-m, in any order. */
static enum err_code
take_ends(struct scan *s, uint64_t max, bool single, struct bsr_ranges *out, struct err *err)
{
	uint64_t first, last;

	if (take_u64(s, max, &first, err) != ERR_OK)
		return err->code;
	last = first;
	if (!single && s->p < s->end && *s->p == '-') {
		s->p++;
		if (take_u64(s, max, &last, err) != ERR_OK)
			return err->code;
	}
	bsr_ranges_add(out, first, last);
	return ERR_OK;
}

static enum err_code
take_range(struct scan *s, uint64_t max, bool single, struct bsr_ranges *out, struct err *err)
{
	const struct bsr_range *r;

	if (take_ends(s, max, single, out, err) != ERR_OK)
		return err->code;
	r = &out->v[out->n - 1];
	if (r->last < r->first)
		return err_set(err, ERR_FORMAT, "range %" PRIu64 "-%" PRIu64 " runs backwards",
			       r->first, r->last);
	return ERR_OK;
}

/* Spec: volume.md 15.1 "a|b|c allowed" */
static void
add_volumes(struct bsr_names *names, char *list)
{
	for (char *p = list; p != NULL;) {
		char *bar = strchr(p, '|');

		if (bar != NULL)
			*bar++ = '\0';
		if (*p != '\0')
			bsr_names_add(names, p);
		p = bar;
	}
}

/* One item of a value; where points at the member. */
static enum err_code
take_item(struct scan *s, enum bsr_type type, void *where, struct buf *text, struct err *err)
{
	uint64_t v;

	switch (type) {
	case BSR_TYPE_STRING:
	case BSR_TYPE_VOLUME:
	case BSR_TYPE_NAMES:
	case BSR_TYPE_LETTERS:
		if (take_string(s, text, err) != ERR_OK)
			return err->code;
		if (type == BSR_TYPE_STRING) {
			free(*(char **)where);
			*(char **)where = str_dup(buf_str(text));
		} else if (type == BSR_TYPE_VOLUME) {
			OWNED(freep) char *list = str_dup(buf_str(text));

			add_volumes((struct bsr_names *)where, list);
		} else if (type == BSR_TYPE_NAMES) {
			bsr_names_add((struct bsr_names *)where, buf_str(text));
		} else if (text->len != 1) {
			return err_set(err, ERR_FORMAT, "%s is not one letter", buf_str(text));
		} else {
			bsr_ranges_add((struct bsr_ranges *)where, text->p[0], text->p[0]);
		}
		return ERR_OK;
	case BSR_TYPE_NUMBER:
		if (take_u64(s, UINT32_MAX, &v, err) != ERR_OK)
			return err->code;
		*(uint32_t *)where = (uint32_t)v;
		return ERR_OK;
	case BSR_TYPE_NUMBERS:
		return take_range(s, UINT32_MAX, true, (struct bsr_ranges *)where, err);
	case BSR_TYPE_RANGES:
		return take_range(s, UINT32_MAX, false, (struct bsr_ranges *)where, err);
	case BSR_TYPE_RANGES64:
		return take_range(s, UINT64_MAX, false, (struct bsr_ranges *)where, err);
	case BSR_TYPE_ENDS:
		return take_ends(s, UINT32_MAX, false, (struct bsr_ranges *)where, err);
	case BSR_TYPE_IGNORE:
		break;
	}
	skip_line(s);
	return ERR_OK;
}

static bool
is_list(enum bsr_type type)
{
	return type != BSR_TYPE_STRING && type != BSR_TYPE_NUMBER && type != BSR_TYPE_IGNORE;
}

static const struct bsr_keyword *
find_keyword(const char *name)
{
	for (size_t i = 0; i < sizeof(keywords) / sizeof(*keywords); i++)
		if (strcmp(keywords[i].name, name) == 0)
			return &keywords[i];
	return NULL;
}

static struct bsr_state *
new_record(struct bootstrap *b)
{
	b->records = (struct bsr_state *)mem_grow(b->records, b->n, &b->cap, sizeof(*b->records));
	b->records[b->n] = (struct bsr_state){ 0 };
	return &b->records[b->n++];
}

/* The record that a keyword belongs to: Volume starts one when the current record has a volume.  A
 * Storage line belongs to the record whose keywords follow it. */
static struct bsr_state *
record_for(struct bootstrap *b, const struct bsr_keyword *k)
{
	struct bsr_state *cur = b->n > 0 ? &b->records[b->n - 1] : NULL;

	if (cur == NULL || (k->type == BSR_TYPE_VOLUME && cur->bsr.volumes.n > 0))
		cur = new_record(b);
	if (b->storage != NULL) {
		free(cur->bsr.storage);
		cur->bsr.storage = TAKE_PTR(b->storage);
	}
	return cur;
}

static enum err_code
take_line(struct scan *s, struct bootstrap *b, struct buf *text, struct err *err)
{
	char name[32];
	const struct bsr_keyword *k;
	void *where;

	if (!take_keyword(s, name, sizeof(name)))
		return err_set(err, ERR_FORMAT, "keyword and '=' expected");
	if ((k = find_keyword(name)) == NULL)
		return err_set(err, ERR_FORMAT, "keyword %s is unknown", name);
	if (k->type == BSR_TYPE_STRING && k->offset == offsetof(struct bsr_record, storage))
		where = &b->storage;
	else
		where = (char *)&record_for(b, k)->bsr + k->offset;
	for (;;) {
		if (take_item(s, k->type, where, text, err) != ERR_OK)
			return err_ctx(err, "%s", name);
		skip_blanks(s);
		if (!is_list(k->type) || s->p == s->end || *s->p != ',')
			break;
		s->p++;
		skip_blanks(s);
	}
	if (!at_end_of_item(s))
		return err_set(err, ERR_FORMAT, "%s: byte %s behind the value", name,
			       PATH_PRINT(bytes_of(s->p, 1)));
	return ERR_OK;
}

static enum err_code
finish_record(struct bsr_state *s, struct err *err)
{
	struct bsr_record *r = &s->bsr;
	struct bsr_ranges *ranges[] = { &r->session_id, &r->session_time, &r->addr,
					&r->file,       &r->file_index,   &r->job_ids,
					&r->streams,    &r->job_types,    &r->job_levels };
	struct err why = ERR_INIT;

	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
		bsr_ranges_normalise(ranges[i]);
	if (r->file_regex == NULL)
		return ERR_OK;
	if (regexp_compile(r->file_regex, REG_EXTENDED | REG_NOSUB, &s->regex, &why) != ERR_OK)
		return err_set(err, ERR_FORMAT, "FileRegex \"%.200s\": %s", r->file_regex,
			       why.text);
	s->has_regex = true;
	return ERR_OK;
}

static void
add_visit(struct bootstrap *b, size_t *cap, size_t record, size_t v)
{
	const struct bsr_record *r = &b->records[record].bsr;
	struct bsr_volume *last = b->n_volumes > 0 ? &b->volumes[b->n_volumes - 1] : NULL;

	if (last != NULL && strcmp(last->name, r->volumes.v[v]) == 0) {
		last->last = record;
		return;
	}
	b->volumes = (struct bsr_volume *)mem_grow(b->volumes, b->n_volumes, cap,
						   sizeof(*b->volumes));
	b->volumes[b->n_volumes++] = (struct bsr_volume){
		.name = r->volumes.v[v],
		.media_type = r->media_type != NULL ? r->media_type : "",
		.device = r->device != NULL ? r->device : "",
		.slot = v == 0 ? r->slot : 0,
		.first = record,
		.last = record,
	};
}

static void
list_visits(struct bootstrap *b)
{
	size_t cap = 0;

	for (size_t i = 0; i < b->n; i++)
		for (size_t v = 0; v < b->records[i].bsr.volumes.n; v++)
			add_visit(b, &cap, i, v);
}

enum err_code
bootstrap_parse(struct bytes text, struct bootstrap **out, struct err *err)
{
	OWNED(bootstrap_freep) struct bootstrap *b = NEW(struct bootstrap);
	OWNED(buf_release) struct buf item = BUF_INIT(64 * 1024);
	struct scan s = { NULL, NULL, 1 };

	if (text.n > BSR_TEXT_MAX)
		return err_set(err, ERR_LIMIT, "bootstrap of %zu bytes is larger than %u", text.n,
			       BSR_TEXT_MAX);
	if (text.n > 0)
		s = (struct scan){ text.p, text.p + text.n, 1 };
	while (s.p < s.end) {
		skip_blanks(&s);
		if (!at_end_of_item(&s) && take_line(&s, b, &item, err) != ERR_OK)
			return err_ctx(err, "line %u", s.line);
		if (s.p < s.end && *s.p == '#')
			skip_line(&s);
		if (s.p < s.end && *s.p == '\n')
			s.line++;
		s.p += s.p < s.end;
	}
	for (size_t i = 0; i < b->n; i++)
		if (finish_record(&b->records[i], err) != ERR_OK)
			return err_ctx(err, "record %zu", i + 1);
	list_visits(b);
	bootstrap_prepare(b);
	*out = TAKE_PTR(b);
	return ERR_OK;
}

/* ---- access ---- */

void
bootstrap_free(struct bootstrap *b)
{
	if (b == NULL)
		return;
	for (size_t i = 0; i < b->n; i++) {
		bsr_record_release(&b->records[i].bsr);
		if (b->records[i].has_regex)
			regfree(&b->records[i].regex);
	}
	bootstrap_match_release(b);
	free(b->records);
	free(b->volumes);
	free(b);
}

void
bootstrap_freep(struct bootstrap **b)
{
	bootstrap_free(*b);
	*b = NULL;
}

size_t
bootstrap_n_records(const struct bootstrap *b)
{
	return b->n;
}

const struct bsr_record *
bootstrap_record(const struct bootstrap *b, size_t i)
{
	return &b->records[i].bsr;
}

size_t
bootstrap_n_volumes(const struct bootstrap *b)
{
	return b->n_volumes;
}

struct bsr_volume
bootstrap_volume(const struct bootstrap *b, size_t i)
{
	return b->volumes[i];
}

static int
by_name(const void *a, const void *b)
{
	const struct bsr_volume *x = (const struct bsr_volume *)a;
	const struct bsr_volume *y = (const struct bsr_volume *)b;

	return strcmp(x->name, y->name);
}

bool
bootstrap_visits_again(const struct bootstrap *b)
{
	struct bsr_volume *v = NEW_ARRAY(struct bsr_volume, b->n_volumes + 1);
	bool again = false;

	for (size_t i = 0; i < b->n_volumes; i++)
		v[i] = b->volumes[i];
	qsort(v, b->n_volumes, sizeof(*v), by_name);
	for (size_t i = 1; i < b->n_volumes; i++)
		again |= strcmp(v[i].name, v[i - 1].name) == 0;
	free(v);
	return again;
}

/* ---- emitting ---- */

static void
emit_quoted(struct buf *out, const char *key, const char *s)
{
	if (s == NULL)
		return;
	buf_text(out, "%s=\"", key);
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			buf_put(out, "\\", 1);
		buf_put(out, s, 1);
	}
	buf_text(out, "\"\n");
}

static void
emit_ranges(struct buf *out, const char *key, const struct bsr_ranges *r, bool always_both)
{
	for (size_t i = 0; i < r->n; i++) {
		if (r->v[i].first == r->v[i].last && !always_both)
			buf_text(out, "%s=%" PRIu64 "\n", key, r->v[i].first);
		else
			buf_text(out, "%s=%" PRIu64 "-%" PRIu64 "\n", key, r->v[i].first,
				 r->v[i].last);
	}
}

static void
emit_letters(struct buf *out, const char *key, const struct bsr_ranges *r)
{
	for (size_t i = 0; i < r->n; i++)
		buf_text(out, "%s=%c\n", key, (int)r->v[i].first);
}

static void
emit(const struct bsr_record *r, struct buf *out)
{
	emit_quoted(out, "Storage", r->storage);
	if (r->volumes.n > 0) {
		OWNED(buf_release) struct buf list = BUF_INIT(SIZE_MAX);

		for (size_t i = 0; i < r->volumes.n; i++)
			buf_text(&list, "%s%s", i > 0 ? "|" : "", r->volumes.v[i]);
		emit_quoted(out, "Volume", buf_str(&list));
	}
	emit_quoted(out, "MediaType", r->media_type);
	emit_quoted(out, "FileRegex", r->file_regex);
	emit_quoted(out, "Device", r->device);
	if (r->slot > 0)
		buf_text(out, "Slot=%" PRIu32 "\n", r->slot);
	for (size_t i = 0; i < r->clients.n; i++)
		emit_quoted(out, "Client", r->clients.v[i]);
	for (size_t i = 0; i < r->jobs.n; i++)
		emit_quoted(out, "Job", r->jobs.v[i]);
	emit_ranges(out, "JobId", &r->job_ids, false);
	emit_letters(out, "JobType", &r->job_types);
	emit_letters(out, "JobLevel", &r->job_levels);
	emit_ranges(out, "VolSessionId", &r->session_id, false);
	emit_ranges(out, "VolSessionTime", &r->session_time, false);
	emit_ranges(out, "VolFile", &r->file, false);
	emit_ranges(out, "VolBlock", &r->block, false);
	emit_ranges(out, "VolAddr", &r->addr, true);
	emit_ranges(out, "Stream", &r->streams, false);
	emit_ranges(out, "FileIndex", &r->file_index, false);
	if (r->count > 0)
		buf_text(out, "Count=%" PRIu32 "\n", r->count);
}

enum err_code
bsr_record_emit(const struct bsr_record *r, struct buf *out, struct err *err)
{
	OWNED(buf_release) struct buf text = BUF_INIT(SIZE_MAX);

	emit(r, &text);
	if (buf_append(out, text.p, text.len, err) != ERR_OK)
		return err_set(err, ERR_LIMIT,
			       "the bootstrap would be larger than %zu MiB: select fewer files, "
			       "or whole directories",
			       out->max >> 20);
	return ERR_OK;
}
