#include "director/media/volume_name.h"

#include "lib/base/clock.h"
#include "lib/base/mem.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define VALUE_MAX 1024

bool
volume_name_is_legal(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n >= VOLUME_NAME_SIZE || name[0] == '/')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)name[i]) && strchr(":.-_/", name[i]) == NULL)
			return false;
	return true;
}

/* A trailing "%0<digits>d" is the width of the number: ours. */
static const char *
find_width(const char *text, int *width)
{
	const char *p = strrchr(text, '%');
	unsigned long w = 0;
	const char *q;

	if (p == NULL || p[1] != '0')
		return NULL;
	for (q = p + 2; isdigit((unsigned char)*q) && w < 100; q++)
		w = w * 10 + (unsigned long)(*q - '0');
	if (q == p + 2 || q[0] != 'd' || q[1] != '\0' || w < 1 || w > 18)
		return NULL;
	*width = (int)w;
	return p;
}

enum err_code
label_format_parse(const char *text, struct label_format *out, struct err *err)
{
	struct label_format f = { .form = LABEL_NONE, .width = 4 };
	const char *width_at;
	size_t n;

	if (text == NULL || text[0] == '\0' || text[0] == '*') {
		*out = f;
		return ERR_OK;
	}
	width_at = find_width(text, &f.width);
	n = width_at != NULL ? (size_t)(width_at - text) : strlen(text);
	if (n >= sizeof(f.prefix))
		return err_set(err, ERR_CONFIG, "Label Format \"%s\" is longer than %zu bytes",
			       text, sizeof(f.prefix) - 1);
	memcpy(f.prefix, text, n);
	f.form = volume_name_is_legal(f.prefix) ? LABEL_NUMBERED : LABEL_VARIABLES;
	if (f.form == LABEL_VARIABLES && strchr(text, '$') == NULL)
		return err_set(err, ERR_CONFIG, "Illegal character in Label Format \"%s\"", text);
	*out = f;
	return ERR_OK;
}

enum err_code
volume_name_number(const struct label_format *f, uint64_t number, char out[VOLUME_NAME_SIZE],
		   struct err *err)
{
	int n = snprintf(out, VOLUME_NAME_SIZE, "%s%0*" PRIu64, f->prefix, f->width, number);

	if (n < 0 || n >= VOLUME_NAME_SIZE)
		return err_set(err, ERR_LIMIT,
			       "a name of \"%s\" and number %" PRIu64 " is longer than %d bytes",
			       f->prefix, number, VOLUME_NAME_SIZE - 1);
	return ERR_OK;
}

/* ---- variables ---- */

struct value {
	char text[VALUE_MAX];
	bool defined;
};

static void
set_text(struct value *v, const char *s)
{
	(void)snprintf(v->text, sizeof(v->text), "%s", s != NULL ? s : "");
	v->defined = true;
}

static void
set_number(struct value *v, int64_t n)
{
	(void)snprintf(v->text, sizeof(v->text), "%" PRId64, n);
	v->defined = true;
}

static bool
time_variable(const struct volume_name_facts *f, const char *name, struct value *v)
{
	struct tm tm = clock_local(f->now);
	const struct {
		const char *name;
		int64_t value;
	} rows[] = {
		{ "Year", tm.tm_year + 1900 }, { "Month", tm.tm_mon + 1 },
		{ "Day", tm.tm_mday },         { "Hour", tm.tm_hour },
		{ "Minute", tm.tm_min },       { "Second", tm.tm_sec },
		{ "WeekDay", tm.tm_wday },     { "JobId", f->job_id },
		{ "NumVols", f->num_vols },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].name, name) == 0) {
			set_number(v, rows[i].value);
			return true;
		}
	return false;
}

static bool
name_variable(const struct volume_name_facts *f, const char *name, struct value *v)
{
	const struct {
		const char *name, *value;
	} rows[] = {
		{ "Job", f->job },         { "JobName", f->job_name },
		{ "Level", f->level },     { "Type", f->type },
		{ "Client", f->client },   { "Dir", f->dir },
		{ "Pool", f->pool },       { "Storage", f->storage },
		{ "Catalog", f->catalog }, { "MediaType", f->media_type },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].name, name) == 0) {
			set_text(v, rows[i].value);
			return true;
		}
	return false;
}

/* Built-in, counter, environment. */
static void
look_up(const struct volume_name_facts *f, const char *name, bool increment, struct value *v)
{
	int64_t n;
	const char *env;

	*v = (struct value){ .defined = false };
	if (time_variable(f, name, v) || name_variable(f, name, v))
		return;
	if (f->counter != NULL && f->counter(f->counter_arg, name, increment, &n)) {
		set_number(v, n);
		return;
	}
	env = getenv(name);
	if (env != NULL)
		set_text(v, env);
}

/* ---- operators ---- */

static void
map_case(struct value *v, int (*fn)(int))
{
	for (char *p = v->text; *p != '\0'; p++)
		*p = (char)fn((unsigned char)*p);
}

/* p/width/fill/side: l fill on the right, r on the left, c on both */
static enum err_code
op_pad(const char *arg, struct value *v, struct err *err)
{
	char *end;
	unsigned long width = strtoul(arg + 1, &end, 10);
	size_t n = strlen(v->text), left, total;
	char padded[VALUE_MAX];
	char fill, side;

	if (arg[0] != '/' || end == arg + 1 || end[0] != '/' || end[1] == '\0' || end[2] != '/' ||
	    end[3] == '\0' || strchr("lrc", end[3]) == NULL)
		return err_set(err, ERR_CONFIG, "operator p%s is not p/width/fill/l|r|c", arg);
	fill = end[1];
	side = end[3];
	if (width <= n || width >= VALUE_MAX)
		return ERR_OK;
	total = width - n;
	left = side == 'l' ? 0 : side == 'r' ? total : total / 2;
	memset(padded, fill, width);
	memcpy(padded + left, v->text, n);
	padded[width] = '\0';
	memcpy(v->text, padded, width + 1);
	return ERR_OK;
}

/* on,m: from n to m inclusive; on-len: len characters from n */
static enum err_code
op_cut(const char *arg, struct value *v, struct err *err)
{
	char *end;
	unsigned long from = strtoul(arg, &end, 10), second;
	char sep = *end;
	size_t n = strlen(v->text), len;

	if (end == arg || (sep != ',' && sep != '-'))
		return err_set(err, ERR_CONFIG, "operator o%s is not o<n>,<m> or o<n>-<len>", arg);
	second = strtoul(end + 1, NULL, 10);
	if (from > n)
		from = n;
	len = sep == '-' ? second : second >= from ? second - from + 1 : 0;
	if (len > n - from)
		len = n - from;
	memmove(v->text, v->text + from, len);
	v->text[len] = '\0';
	return ERR_OK;
}

static enum err_code
apply_operator(const char *op, struct value *v, struct err *err)
{
	bool set = v->defined && v->text[0] != '\0';

	switch (op[0]) {
	case 'l':
		map_case(v, tolower);
		return ERR_OK;
	case 'u':
		map_case(v, toupper);
		return ERR_OK;
	case '#':
		set_number(v, (int64_t)strlen(v->text));
		return ERR_OK;
	case '-':
		if (!set)
			set_text(v, op + 1);
		return ERR_OK;
	case '+':
		if (set)
			set_text(v, op + 1);
		return ERR_OK;
	case '*':
		set_text(v, set ? "" : op + 1);
		return ERR_OK;
	case 'o':
		return op_cut(op + 1, v, err);
	case 'p':
		return op_pad(op + 1, v, err);
	default:
		return err_set(err, ERR_CONFIG, "operator \"%s\" is not known here", op);
	}
}

/* "Name+:op:op" between the braces, which it takes apart in place. */
static enum err_code
expand_one(char *inside, const struct volume_name_facts *f, struct value *v, struct err *err)
{
	char *op = strchr(inside, ':');
	bool increment;
	size_t n;

	if (op != NULL)
		*op++ = '\0';
	n = strlen(inside);
	increment = n > 0 && inside[n - 1] == '+';
	if (increment)
		inside[n - 1] = '\0';
	look_up(f, inside, increment, v);
	while (op != NULL) {
		char *next = strchr(op, ':');

		if (next != NULL)
			*next++ = '\0';
		if (apply_operator(op, v, err) != ERR_OK)
			return err_ctx(err, "variable %s", inside);
		op = next;
	}
	if (!v->defined)
		return err_set(err, ERR_CONFIG, "variable %s is not defined", inside);
	return ERR_OK;
}

/* The text between the braces or the bare name behind '$'; NULL: none. */
static char *
take_reference(const char **p)
{
	const char *start = *p, *end;

	if (*start == '{') {
		end = strchr(++start, '}');
		if (end == NULL)
			return NULL;
		*p = end + 1;
	} else {
		for (end = start; isalnum((unsigned char)*end) || *end == '_'; end++)
			;
		if (end == start)
			return NULL;
		*p = end;
	}
	return str_ndup(start, (size_t)(end - start));
}

enum err_code
volume_name_expand(const char *format, const struct volume_name_facts *facts,
		   char out[VOLUME_NAME_SIZE], struct err *err)
{
	struct buf b = BUF_INIT(VALUE_MAX * 16);
	enum err_code code = ERR_OK;
	struct value v;

	for (const char *p = format; *p != '\0' && code == ERR_OK && b.len < VALUE_MAX;) {
		if (*p == '\\' && p[1] != '\0') {
			buf_put(&b, ++p, 1);
			p++;
		} else if (*p == '$') {
			char *inside;

			p++;
			inside = take_reference(&p);
			code = inside == NULL
				       ? err_set(err, ERR_CONFIG, "a '$' without a variable's name")
				       : expand_one(inside, facts, &v, err);
			if (code == ERR_OK)
				buf_put(&b, v.text, strlen(v.text));
			free(inside);
		} else {
			buf_put(&b, p++, 1);
		}
	}
	if (code == ERR_OK && !volume_name_is_legal(buf_str(&b)))
		code = err_set(err, ERR_CONFIG, "Illegal character in Volume name \"%.200s\"",
			       buf_str(&b));
	if (code == ERR_OK)
		memcpy(out, buf_str(&b), b.len + 1);
	buf_release(&b);
	return code == ERR_OK ? ERR_OK : err_ctx(err, "Label Format \"%s\"", format);
}
