/*
 * director/conf/run_spec.c - the parser of Run lines
 *
 * A line is overrides, then items.  An item of a kind clears the mask of its kind when it is the
 * first one, and sets bits.  Hours and minutes stay pairs: the peer's single minute for all hours
 * is said where it would have mattered.  Spec: config.md 1.12
 */
#include "director/conf/run_spec.h"

#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/units.h"

#include <ctype.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define ALL_MDAY  0x7fffffffu
#define ALL_WDAY  0x7fu
#define ALL_MONTH 0xfffu
#define ALL_WOM   0x1fu
#define ALL_WOY   ((UINT64_C(1) << 54) - 1)
#define WORD_CAP  128

struct named {
	const char *name;
	int value;
};

/* clang-format off */
static const struct named levels[] = {
	{ "Full", 'F' }, { "Incremental", 'I' }, { "Differential", 'D' }, { "Since", 'S' },
	{ "VirtualFull", 'f' }, { "Base", 'B' }, { "InitCatalog", 'V' }, { "Catalog", 'C' },
	{ "VolumeToCatalog", 'O' }, { "DiskToCatalog", 'd' }, { "Data", 'A' }, { NULL, 0 },
};
static const struct named wdays[] = {
	{ "sun", 0 }, { "mon", 1 }, { "tue", 2 }, { "wed", 3 }, { "thu", 4 }, { "fri", 5 },
	{ "sat", 6 }, { "sunday", 0 }, { "monday", 1 }, { "tuesday", 2 }, { "wednesday", 3 },
	{ "thursday", 4 }, { "friday", 5 }, { "saturday", 6 }, { NULL, 0 },
};
static const struct named months[] = {
	{ "jan", 0 }, { "feb", 1 }, { "mar", 2 }, { "apr", 3 }, { "may", 4 }, { "jun", 5 },
	{ "jul", 6 }, { "aug", 7 }, { "sep", 8 }, { "oct", 9 }, { "nov", 10 }, { "dec", 11 },
	{ "january", 0 }, { "february", 1 }, { "march", 2 }, { "april", 3 }, { "june", 5 },
	{ "july", 6 }, { "august", 7 }, { "september", 8 }, { "october", 9 }, { "november", 10 },
	{ "december", 11 }, { NULL, 0 },
};
static const struct named ords[] = {
	{ "1st", 0 }, { "2nd", 1 }, { "3rd", 2 }, { "4th", 3 }, { "5th", 4 }, { "6th", 5 },
	{ "first", 0 }, { "second", 1 }, { "third", 2 }, { "fourth", 3 }, { "fifth", 4 },
	{ "sixth", 5 }, { NULL, 0 },
};

enum key_kind { KEY_LEVEL, KEY_TEXT, KEY_NUMBER, KEY_BOOL, KEY_TIME, KEY_IGNORED };

struct key {
	const char *name;
	enum key_kind kind;
	size_t at;
};

/* In the order of the dump. */
static const struct key keys[] = {
	{ "Pool", KEY_TEXT, offsetof(struct run_spec, pool) },
	{ "FullPool", KEY_TEXT, offsetof(struct run_spec, full_pool) },
	{ "VirtualFullPool", KEY_TEXT, offsetof(struct run_spec, virtual_full_pool) },
	{ "IncrementalPool", KEY_TEXT, offsetof(struct run_spec, incremental_pool) },
	{ "DifferentialPool", KEY_TEXT, offsetof(struct run_spec, differential_pool) },
	{ "NextPool", KEY_TEXT, offsetof(struct run_spec, next_pool) },
	{ "Level", KEY_LEVEL, 0 },
	{ "Storage", KEY_TEXT, offsetof(struct run_spec, storage) },
	{ "Messages", KEY_TEXT, offsetof(struct run_spec, messages) },
	{ "Priority", KEY_NUMBER, 0 },
	{ "MaxRunSchedTime", KEY_TIME, 0 },
	{ "Accurate", KEY_BOOL, offsetof(struct run_spec, accurate) },
	{ "SpoolData", KEY_BOOL, offsetof(struct run_spec, spool_data) },
	{ "WritePartAfterJob", KEY_IGNORED, 0 },
};
/* clang-format on */

#define N_KEYS (sizeof(keys) / sizeof(*keys))

struct parser {
	const char *text, *p;
	struct run_spec *spec;
	struct run_remarks *remarks;
	size_t column; /* of the word at hand */
	struct err *err;
	bool have_mday, have_wday, have_month, have_wom, have_woy;
	bool hourly, weekly, monthly;
};

static int
find_named(const struct named *rows, const char *word, size_t n)
{
	for (; rows->name != NULL; rows++)
		if (strlen(rows->name) == n && strncasecmp(rows->name, word, n) == 0)
			return rows->value;
	return -1;
}

static void
skip_blanks(struct parser *ps)
{
	while (*ps->p != '\0' && isspace((unsigned char)*ps->p))
		ps->p++;
}

static void remark(struct parser *ps, const char *fmt, ...) PRINTF(2, 3);

static void
remark(struct parser *ps, const char *fmt, ...)
{
	struct run_remark *r;
	va_list ap;

	if (ps->remarks == NULL || ps->remarks->n == RUN_REMARKS_MAX)
		return;
	r = &ps->remarks->v[ps->remarks->n++];
	r->column = ps->column;
	r->length = 1;
	va_start(ap, fmt);
	vsnprintf(r->text, sizeof(r->text), fmt, ap);
	va_end(ap);
}

/* ---- overrides ---- */

/* A value: quoted, or up to blank or comma. */
static enum err_code
take_value(struct parser *ps, const char *key, char **out)
{
	struct buf b = BUF_INIT(4096);
	bool quoted;

	skip_blanks(ps);
	ps->column = (size_t)(ps->p - ps->text);
	quoted = *ps->p == '"';
	ps->p += quoted;
	while (*ps->p != '\0' &&
	       (quoted ? *ps->p != '"' : !isspace((unsigned char)*ps->p) && *ps->p != ',')) {
		if (quoted && *ps->p == '\\' && ps->p[1] != '\0')
			ps->p++;
		if (b.len < b.max)
			buf_put(&b, ps->p, 1);
		ps->p++;
	}
	if (quoted && *ps->p == '"')
		ps->p++;
	*out = buf_take_str(&b);
	if ((*out)[0] == '\0')
		return err_set(ps->err, ERR_CONFIG, "%s= wants a value", key);
	return ERR_OK;
}

static enum err_code
store_override(struct parser *ps, const struct key *key, char *value)
{
	void *slot = (char *)ps->spec + key->at;
	enum err_code rc = ERR_OK;
	uint64_t number;
	bool yes;
	int level;

	switch (key->kind) {
	case KEY_TEXT:
		free(*(char **)slot);
		*(char **)slot = str_dup(value);
		break;
	case KEY_LEVEL:
		level = find_named(levels, value, strlen(value));
		if (level < 0)
			return err_set(ps->err, ERR_CONFIG,
				       "unknown level \"%s\"; accepted: Full, Incremental, "
				       "Differential, VirtualFull, Since, InitCatalog, Catalog, "
				       "VolumeToCatalog, DiskToCatalog, Data",
				       value);
		ps->spec->level = (char)level;
		break;
	case KEY_NUMBER:
		rc = units_u64(value, 1, UINT32_MAX, &number, ps->err);
		if (rc == ERR_OK)
			ps->spec->priority = (uint32_t)number;
		break;
	case KEY_BOOL:
		if (!units_bool(value, &yes))
			return err_set(ps->err, ERR_CONFIG, "%s= wants yes or no, not \"%s\"",
				       key->name, value);
		*(int *)slot = yes;
		break;
	case KEY_TIME:
		rc = units_time(value, &ps->spec->max_run_sched_time, ps->err);
		break;
	case KEY_IGNORED:
		remark(ps, "%s is ignored: there are no parts", key->name);
		break;
	}
	return rc != ERR_OK ? err_ctx(ps->err, "%s", key->name) : ERR_OK;
}

/*
 * The key at the cursor, blanks inside dropped; *behind is what follows its "=".  NULL: what
 * stands here is no key.
 */
static const struct key *
find_key(const char *p, const char **behind)
{
	char word[WORD_CAP];
	size_t n = 0;

	for (; *p != '\0' && *p != '=' && n + 1 < sizeof(word); p++) {
		if (isspace((unsigned char)*p))
			continue;
		if (!isalpha((unsigned char)*p))
			return NULL;
		word[n++] = *p;
	}
	word[n] = '\0';
	if (*p != '=')
		return NULL;
	*behind = p + 1;
	for (size_t i = 0; i < N_KEYS; i++)
		if (strcasecmp(keys[i].name, word) == 0)
			return &keys[i];
	return NULL;
}

static size_t
letters(const char *p)
{
	size_t n = 0;

	while (isalpha((unsigned char)p[n]))
		n++;
	return n;
}

/* A level on its own; the word behind it must not make it a key with "=". */
static bool
take_level(struct parser *ps)
{
	size_t n = letters(ps->p);
	int level = find_named(levels, ps->p, n);
	const char *behind = ps->p + n, *value;
	const struct key *key;

	while (isspace((unsigned char)*behind))
		behind++;
	if (level < 0 || *behind == '=')
		return false;
	key = find_key(behind, &value);
	if (key != NULL && strcmp(key->name, "Pool") == 0)
		remark(ps,
		       "this is read as level %.*s and Pool=; write %.*sPool= for the pool of "
		       "that level",
		       (int)n, ps->p, (int)n, ps->p);
	ps->spec->level = (char)level;
	ps->p = behind;
	return true;
}

static enum err_code
parse_overrides(struct parser *ps)
{
	for (;;) {
		OWNED(freep) char *value = NULL;
		const struct key *key;
		enum err_code rc;

		while (isspace((unsigned char)*ps->p) || *ps->p == ',')
			ps->p++;
		ps->column = (size_t)(ps->p - ps->text);
		if (take_level(ps))
			continue;
		key = find_key(ps->p, &ps->p);
		if (key == NULL)
			break;
		rc = take_value(ps, key->name, &value);
		if (rc == ERR_OK)
			rc = store_override(ps, key, value);
		if (rc != ERR_OK)
			return rc;
	}
	ps->p = ps->text + ps->column;
	return ERR_OK;
}

/* ---- items ---- */

static enum err_code
bad_item(struct parser *ps, const char *word)
{
	return err_set(ps->err, ERR_CONFIG,
		       "\"%s\" is not understood; accepted here: days (mon-fri, 1-7, 1/2), 1st ... "
		       "5th, last, months (jan-mar), weeks (w01-w10, w00/w02), hourly, daily, "
		       "weekly, monthly, at HH:MM",
		       word);
}

/* from..to with wrap, over n places. */
static uint64_t
range_bits(int from, int to, int n)
{
	uint64_t bits = 0;

	for (int i = from;; i = (i + 1) % n) {
		bits |= UINT64_C(1) << i;
		if (i == to)
			return bits;
	}
}

struct range {
	int from, to; /* to -1: one value */
	char sign;    /* '-' or '/' or 0 */
};

/* "a", "a-b", "a/b" of names of one kind; false: not of this kind. */
static bool
parse_names(const struct named *rows, const char *word, struct range *out)
{
	size_t n = strcspn(word, "-/");

	*out = (struct range){ find_named(rows, word, n), -1, word[n] };
	if (out->from < 0)
		return false;
	if (word[n] != '\0')
		out->to = find_named(rows, word + n + 1, strlen(word + n + 1));
	return word[n] == '\0' || out->to >= 0;
}

static bool
parse_small(const char *p, size_t n, int *out)
{
	*out = 0;
	for (size_t i = 0; i < n; i++) {
		if (!isdigit((unsigned char)p[i]))
			return false;
		*out = *out * 10 + (p[i] - '0');
	}
	return n > 0 && n <= 4;
}

/* The same with numbers, each behind prefix ('w' for weeks, 0 for none). */
static bool
parse_numbers(const char *word, char prefix, struct range *out)
{
	size_t skip = prefix != '\0', n;

	if (skip > 0 && tolower((unsigned char)word[0]) != prefix)
		return false;
	word += skip;
	n = strcspn(word, "-/");
	*out = (struct range){ 0, -1, word[n] };
	if (!parse_small(word, n, &out->from))
		return false;
	if (word[n] == '\0')
		return true;
	word += n + 1;
	if (skip > 0 && tolower((unsigned char)word[0]) != prefix)
		return false;
	word += skip;
	return parse_small(word, strlen(word), &out->to);
}

static enum err_code
names_bits(struct parser *ps, const char *word, const struct range *r, int n, uint64_t *bits)
{
	if (r->sign == '/')
		return bad_item(ps, word);
	if (r->to >= 0 && r->to == r->from)
		return err_set(ps->err, ERR_CONFIG, "both ends of \"%s\" are the same", word);
	*bits = r->to < 0 ? UINT64_C(1) << r->from : range_bits(r->from, r->to, n);
	return ERR_OK;
}

/* min: the smallest value, which is bit 0; n values. */
static enum err_code
numbers_bits(struct parser *ps, const char *word, const struct range *r, int min, int n,
	     uint64_t *bits)
{
	int max = min + n - 1, limit = min == 1 ? r->to + 1 : r->to;

	if (r->from < min || r->from > max)
		return err_set(ps->err, ERR_CONFIG, "%d in \"%s\" is outside %d to %d", r->from,
			       word, min, max);
	*bits = UINT64_C(1) << (r->from - min);
	if (r->to < 0)
		return ERR_OK;
	if (r->sign == '/') {
		if (r->to < 1 || r->to > max - (min == 1) || r->from > limit)
			return err_set(ps->err, ERR_CONFIG,
				       "\"%s\": a step is 1 to %d, and the start at most %s", word,
				       max - (min == 1), min == 1 ? "step + 1" : "the step");
		for (int i = r->from; i <= max; i += r->to)
			*bits |= UINT64_C(1) << (i - min);
		return ERR_OK;
	}
	if (r->to < min || r->to > max)
		return err_set(ps->err, ERR_CONFIG, "%d in \"%s\" is outside %d to %d", r->to, word,
			       min, max);
	*bits = range_bits(r->from - min, r->to - min, n);
	return ERR_OK;
}

static void
add_time(struct run_spec *spec, int hour, int minute)
{
	spec->at = (struct run_time *)mem_resize(spec->at, spec->n_at + 1, sizeof(*spec->at));
	spec->at[spec->n_at++] = (struct run_time){ (uint8_t)hour, (uint8_t)minute };
}

/* "23:30", "7pm", "4:05 am": the cursor is on a digit. */
static enum err_code
take_time(struct parser *ps)
{
	const char *p = ps->p;
	size_t n = strspn(p, "0123456789"), len;
	int hour, minute = 0;
	char half;

	if (!parse_small(p, n, &hour))
		return err_set(ps->err, ERR_CONFIG, "a time such as 23:30 is wanted behind \"at\"");
	p += n;
	if (*p == ':') {
		n = strspn(p + 1, "0123456789");
		if (!parse_small(p + 1, n, &minute))
			return err_set(ps->err, ERR_CONFIG, "minutes are missing in \"%.*s\"",
				       (int)(p - ps->p + 1), ps->p);
		p += 1 + n;
	}
	len = (size_t)(p - ps->p);
	while (isspace((unsigned char)*p))
		p++;
	half = (char)tolower((unsigned char)*p);
	if ((half == 'a' || half == 'p') && tolower((unsigned char)p[1]) == 'm' &&
	    !isalnum((unsigned char)p[2])) {
		if (half == 'a' && hour == 12)
			hour = 0;
		else if (half == 'p' && hour != 12)
			hour += 12;
		p += 2;
	} else {
		p = ps->p + len;
	}
	if (hour > 23 || minute > 59)
		return err_set(ps->err, ERR_CONFIG, "\"%.*s\" is no time of day", (int)(p - ps->p),
			       ps->p);
	if (*p != '\0' && *p != ',' && !isspace((unsigned char)*p))
		return err_set(ps->err, ERR_CONFIG, "\"%.20s\" is no time of day", ps->p);
	add_time(ps->spec, hour, minute);
	ps->p = p;
	return ERR_OK;
}

static enum err_code
take_times(struct parser *ps)
{
	do {
		enum err_code rc;

		while (isspace((unsigned char)*ps->p) || *ps->p == ',')
			ps->p++;
		ps->column = (size_t)(ps->p - ps->text);
		rc = take_time(ps);
		if (rc != ERR_OK)
			return rc;
		while (isspace((unsigned char)*ps->p) || *ps->p == ',')
			ps->p++;
	} while (isdigit((unsigned char)*ps->p));
	return ERR_OK;
}

#define SET_BITS(ps, kind, type, bits)                                                             \
	do {                                                                                       \
		if (!(ps)->have_##kind)                                                            \
			(ps)->spec->kind = 0;                                                      \
		(ps)->have_##kind = true;                                                          \
		(ps)->spec->kind = (type)((ps)->spec->kind | (bits));                              \
	} while (0)

static enum err_code
apply_days(struct parser *ps, const char *word)
{
	enum err_code rc;
	struct range r;
	uint64_t bits;

	if (parse_names(wdays, word, &r)) {
		rc = names_bits(ps, word, &r, 7, &bits);
		if (rc == ERR_OK)
			SET_BITS(ps, wday, uint8_t, bits);
		return rc;
	}
	if (parse_names(months, word, &r)) {
		rc = names_bits(ps, word, &r, 12, &bits);
		if (rc == ERR_OK)
			SET_BITS(ps, month, uint16_t, bits);
		return rc;
	}
	if (parse_names(ords, word, &r)) {
		rc = names_bits(ps, word, &r, 6, &bits);
		if (rc == ERR_OK && bits == UINT64_C(1) << 5)
			remark(ps, "a month has no 6th week: this never fires");
		if (rc == ERR_OK)
			SET_BITS(ps, wom, uint8_t, bits & ALL_WOM);
		return rc;
	}
	if (parse_numbers(word, 'w', &r)) {
		rc = numbers_bits(ps, word, &r, 0, 54, &bits);
		if (rc == ERR_OK)
			SET_BITS(ps, woy, uint64_t, bits);
		return rc;
	}
	if (parse_numbers(word, '\0', &r)) {
		rc = numbers_bits(ps, word, &r, 1, 31, &bits);
		if (rc == ERR_OK)
			SET_BITS(ps, mday, uint32_t, bits);
		return rc;
	}
	return bad_item(ps, word);
}

static enum err_code
apply_word(struct parser *ps, const char *word)
{
	if (strcasecmp(word, "on") == 0)
		return ERR_OK;
	if (strcasecmp(word, "at") == 0)
		return take_times(ps);
	if (strcasecmp(word, "last") == 0) {
		SET_BITS(ps, wom, uint8_t, 0u);
		ps->spec->last = true;
	} else if (strcasecmp(word, "lastday") == 0) {
		SET_BITS(ps, mday, uint32_t, 0u);
		ps->spec->last_day = true;
	} else if (strcasecmp(word, "hourly") == 0) {
		ps->hourly = true;
	} else if (strcasecmp(word, "daily") == 0) {
		ps->spec->wday = ALL_WDAY;
		ps->have_wday = true;
	} else if (strcasecmp(word, "weekly") == 0) {
		ps->spec->mday = ALL_MDAY;
		ps->spec->wom = ALL_WOM;
		ps->spec->woy = ALL_WOY;
		ps->have_mday = ps->have_wom = ps->have_woy = ps->weekly = true;
	} else if (strcasecmp(word, "monthly") == 0) {
		ps->spec->month = ALL_MONTH;
		ps->have_month = ps->monthly = true;
	} else {
		return apply_days(ps, word);
	}
	return ERR_OK;
}

static enum err_code
parse_items(struct parser *ps)
{
	for (;;) {
		char word[WORD_CAP];
		enum err_code rc;
		size_t n = 0;

		while (isspace((unsigned char)*ps->p) || *ps->p == ',')
			ps->p++;
		if (*ps->p == '\0')
			return ERR_OK;
		ps->column = (size_t)(ps->p - ps->text);
		while (*ps->p != '\0' && *ps->p != ',' && !isspace((unsigned char)*ps->p)) {
			if (n + 1 < sizeof(word))
				word[n++] = *ps->p;
			ps->p++;
		}
		word[n] = '\0';
		rc = apply_word(ps, word);
		if (rc != ERR_OK)
			return rc;
	}
}

/* ---- the whole line ---- */

static int
by_time(const void *a, const void *b)
{
	const struct run_time *x = (const struct run_time *)a, *y = (const struct run_time *)b;

	return (x->hour * 60 + x->minute) - (y->hour * 60 + y->minute);
}

static void
finish_times(struct parser *ps)
{
	struct run_spec *s = ps->spec;
	size_t given = s->n_at, n = 0;

	for (size_t i = 1; i < given; i++)
		if (s->at[i].minute != s->at[0].minute && !ps->hourly) {
			remark(ps, "Bareos would use minute %02d of the last \"at\" for all hours",
			       s->at[given - 1].minute);
			break;
		}
	if (given == 0)
		for (int h = 0; h < 24; h++)
			add_time(s, h, 0);
	for (size_t i = 0; ps->hourly && i < given; i++)
		for (int h = 0; h < 24; h++)
			add_time(s, h, s->at[i].minute);
	if (s->n_at == 0)
		return;
	qsort(s->at, s->n_at, sizeof(*s->at), by_time);
	for (size_t i = 0; i < s->n_at; i++)
		if (n == 0 || by_time(&s->at[n - 1], &s->at[i]) != 0)
			s->at[n++] = s->at[i];
	s->n_at = n;
}

static void
finish_remarks(struct parser *ps)
{
	const struct run_spec *s = ps->spec;
	bool every_day = s->wday == ALL_WDAY && s->mday == ALL_MDAY && s->wom == ALL_WOM &&
			 s->woy == ALL_WOY && !s->last_day;

	if (ps->weekly && every_day)
		remark(ps,
		       "\"weekly\" alone restricts nothing: this runs every day; add a weekday");
	if (ps->monthly && every_day)
		remark(ps, "\"monthly\" alone restricts nothing: this runs every day; add a day");
}

enum err_code
run_spec_parse(const char *text, struct run_spec *out, struct run_remarks *remarks, size_t *column,
	       struct err *err)
{
	struct run_spec spec = { .mday = ALL_MDAY,
				 .wday = ALL_WDAY,
				 .month = ALL_MONTH,
				 .wom = ALL_WOM,
				 .woy = ALL_WOY,
				 .spool_data = -1,
				 .accurate = -1,
				 .max_run_sched_time = -1 };
	struct parser ps = {
		.text = text, .p = text, .spec = &spec, .remarks = remarks, .err = err
	};
	enum err_code rc;

	if (remarks != NULL)
		remarks->n = 0;
	rc = parse_overrides(&ps);
	if (rc == ERR_OK)
		rc = parse_items(&ps);
	if (rc != ERR_OK) {
		if (column != NULL)
			*column = ps.column;
		run_spec_release(&spec);
		return rc;
	}
	finish_times(&ps);
	finish_remarks(&ps);
	*out = spec;
	return ERR_OK;
}

void
run_spec_release(struct run_spec *r)
{
	free(r->at);
	for (size_t i = 0; i < N_KEYS; i++)
		if (keys[i].kind == KEY_TEXT)
			free(*(char **)((char *)r + keys[i].at));
	*r = (struct run_spec){ .spool_data = -1, .accurate = -1, .max_run_sched_time = -1 };
}
