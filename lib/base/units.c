#include "lib/base/units.h"

#include "lib/base/num.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

struct unit {
	const char *name;
	uint64_t factor;
};

#define MINUTE UINT64_C(60)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

/* In matching order: a word takes the first row of which it is a prefix.  Spec: config.md 1.7 */
/* clang-format off */
static const struct unit size_units[] = {
	{ "k", UINT64_C(1) << 10 }, { "kb", UINT64_C(1000) },
	{ "m", UINT64_C(1) << 20 }, { "mb", UINT64_C(1000000) },
	{ "g", UINT64_C(1) << 30 }, { "gb", UINT64_C(1000000000) },
	{ "t", UINT64_C(1) << 40 }, { "tb", UINT64_C(1000000000000) },
	{ "p", UINT64_C(1) << 50 }, { "pb", UINT64_C(1000000000000000) },
	{ "e", UINT64_C(1) << 60 }, { "eb", UINT64_C(1000000000000000000) },
	/* ours */
	{ "kib", UINT64_C(1) << 10 }, { "mib", UINT64_C(1) << 20 }, { "gib", UINT64_C(1) << 30 },
	{ "tib", UINT64_C(1) << 40 }, { "pib", UINT64_C(1) << 50 }, { "eib", UINT64_C(1) << 60 },
	{ "b", 1 }, { "bytes", 1 },
};

static const struct unit speed_units[] = {
	{ "k/s", UINT64_C(1) << 10 }, { "kb/s", UINT64_C(1000) },
	{ "m/s", UINT64_C(1) << 20 }, { "mb/s", UINT64_C(1000000) },
};

static const struct unit time_units[] = {
	{ "n", MINUTE }, { "seconds", 1 }, { "months", 30 * DAY }, { "minutes", MINUTE },
	{ "mins", MINUTE }, { "hours", HOUR }, { "days", DAY }, { "weeks", 7 * DAY },
	{ "quarters", 91 * DAY }, { "years", 365 * DAY },
};
/* clang-format on */

struct unit_kind {
	const char *what;     /* "a size" */
	const char *accepted; /* for the message */
	const struct unit *rows;
	size_t n;
};

static const struct unit_kind size_kind = {
	"size", "k, kb, m, mb, g, gb, t, tb, p, pb, e, eb, kib ... eib, bytes", size_units,
	sizeof(size_units) / sizeof(*size_units)
};
static const struct unit_kind speed_kind = { "speed", "k/s, kb/s, m/s, mb/s", speed_units,
					     sizeof(speed_units) / sizeof(*speed_units) };
static const struct unit_kind time_kind = {
	"time", "seconds, minutes (mi, n), hours, days, weeks, months (m), quarters, years",
	time_units, sizeof(time_units) / sizeof(*time_units)
};

__extension__ typedef unsigned __int128 u128;

/* A decimal number: mantissa * 10^exp. */
struct decimal {
	u128 mantissa; /* below 10^20 */
	int exp;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Digits with at most one point and an exponent; blanks between digits are dropped, as the words
 * of a value are joined.  Digits behind the twentieth do not count. */
static enum err_code
take_decimal(const char **p, struct decimal *out, struct err *err)
{
	struct decimal d = { 0, 0 };
	bool point = false, any = false;
	const char *s = *p;

	for (;; s++) {
		if (*s >= '0' && *s <= '9') {
			any = true;
			if (d.mantissa >= UINT64_C(10000000000000000000)) {
				if (!point && d.exp >= 0)
					d.exp++;
				continue;
			}
			d.mantissa *= 10;
			d.mantissa += (unsigned)(*s - '0');
			if (point)
				d.exp--;
		} else if (*s == '.' && !point) {
			point = true;
		} else if (!is_blank(*s)) {
			break;
		}
	}
	if (!any)
		return err_set(err, ERR_CONFIG, "a number is missing before \"%.20s\"", *p);
	if ((*s == 'e' || *s == 'E') &&
	    (isdigit((unsigned char)s[1]) ||
	     ((s[1] == '+' || s[1] == '-') && isdigit((unsigned char)s[2])))) {
		int e = 0, sign = s[1] == '-' ? -1 : 1;

		for (s += isdigit((unsigned char)s[1]) ? 1 : 2; isdigit((unsigned char)*s); s++)
			if (e < 1000)
				e = e * 10 + (*s - '0');
		d.exp += sign * e;
	}
	*p = s;
	*out = d;
	return ERR_OK;
}

/* trunc(d * factor) */
static bool
scale(struct decimal d, uint64_t factor, uint64_t *out)
{
	u128 v = d.mantissa * factor;

	for (; d.exp > 0 && v != 0; d.exp--) {
		if (v > UINT64_MAX)
			return false;
		v *= 10;
	}
	for (; d.exp < 0 && v != 0; d.exp++)
		v /= 10;
	if (v > UINT64_MAX)
		return false;
	*out = (uint64_t)v;
	return true;
}

static const struct unit *
find_unit(const struct unit_kind *kind, const char *word, size_t n)
{
	for (size_t i = 0; i < kind->n; i++)
		if (n <= strlen(kind->rows[i].name) &&
		    strncasecmp(kind->rows[i].name, word, n) == 0)
			return &kind->rows[i];
	return NULL;
}

static enum err_code
parse_units(const struct unit_kind *kind, const char *text, uint64_t max, uint64_t *out,
	    struct err *err)
{
	uint64_t sum = 0, part;
	const char *p = text;

	while (is_blank(*p))
		p++;
	if (*p == '-')
		return err_set(err, ERR_CONFIG, "a %s cannot be negative", kind->what);
	if (*p == '\0')
		return err_set(err, ERR_CONFIG, "the %s is empty", kind->what);
	while (*p != '\0') {
		const struct unit *unit;
		struct decimal d = { 0, 0 };
		const char *word;
		enum err_code rc = take_decimal(&p, &d, err);

		if (rc != ERR_OK)
			return rc;
		word = p;
		while (*p != '\0' && !isdigit((unsigned char)*p) && !is_blank(*p) && *p != '.')
			p++;
		unit = find_unit(kind, word, (size_t)(p - word));
		if (p > word && unit == NULL)
			return err_set(err, ERR_CONFIG, "\"%.*s\" is no unit of a %s; accepted: %s",
				       (int)(p - word), word, kind->what, kind->accepted);
		if (!scale(d, p > word ? unit->factor : 1, &part) || !u64_add(sum, part, &sum) ||
		    sum > max)
			return err_set(err, ERR_CONFIG, "the %s is larger than %llu", kind->what,
				       (unsigned long long)max);
		while (is_blank(*p))
			p++;
	}
	*out = sum;
	return ERR_OK;
}

enum err_code
units_size(const char *text, uint64_t *out, struct err *err)
{
	return parse_units(&size_kind, text, UINT64_MAX, out, err);
}

enum err_code
units_speed(const char *text, uint64_t *out, struct err *err)
{
	return parse_units(&speed_kind, text, UINT64_MAX, out, err);
}

enum err_code
units_time(const char *text, int64_t *out, struct err *err)
{
	uint64_t v;
	enum err_code rc = parse_units(&time_kind, text, INT64_MAX, &v, err);

	if (rc == ERR_OK)
		*out = (int64_t)v;
	return rc;
}

bool
units_time_has_bare_m(const char *text)
{
	for (const char *p = text; *p != '\0'; p++)
		if ((*p == 'm' || *p == 'M') && !isalpha((unsigned char)p[1]) &&
		    (p == text || !isalpha((unsigned char)p[-1])))
			return true;
	return false;
}

enum err_code
units_u64(const char *text, uint64_t min, uint64_t max, uint64_t *out, struct err *err)
{
	uint64_t v = 0;
	bool fits = true;

	if (*text == '\0')
		return err_set(err, ERR_CONFIG, "the number is empty");
	for (const char *p = text; *p != '\0'; p++) {
		if (!isdigit((unsigned char)*p))
			return err_set(err, ERR_CONFIG, "\"%s\" is not a whole number", text);
		fits = fits && u64_mul(v, 10, &v) && u64_add(v, (uint64_t)(*p - '0'), &v);
	}
	if (!fits || v < min || v > max)
		return err_set(err, ERR_CONFIG, "%s is outside %llu to %llu", text,
			       (unsigned long long)min, (unsigned long long)max);
	*out = v;
	return ERR_OK;
}

enum err_code
units_i64(const char *text, int64_t min, int64_t max, int64_t *out, struct err *err)
{
	bool negative = *text == '-';
	uint64_t v = 0;
	int64_t r;
	enum err_code rc = units_u64(text + negative, 0, INT64_MAX, &v, err);

	if (rc != ERR_OK)
		return rc;
	r = negative ? -(int64_t)v : (int64_t)v;
	if (r < min || r > max)
		return err_set(err, ERR_CONFIG, "%s is outside %lld to %lld", text, (long long)min,
			       (long long)max);
	*out = r;
	return ERR_OK;
}

bool
units_bool(const char *text, bool *out)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = { { "yes", true }, { "no", false },  { "true", true }, { "false", false },
		      { "on", true },  { "off", false }, { "1", true },    { "0", false } };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcasecmp(words[i].word, text) == 0) {
			*out = words[i].value;
			return true;
		}
	return false;
}

/* "3 g 5 k": whole multiples of rows of falling size; with a blank behind each or between. */
static const char *
sum_text(uint64_t v, const struct unit *rows, size_t n, bool blank_behind, char out[UNITS_TEXT_MAX])
{
	size_t len = 0;

	if (v == 0) {
		snprintf(out, UNITS_TEXT_MAX, "0");
		return out;
	}
	for (size_t i = 0; i < n; i++) {
		uint64_t k = v / rows[i].factor;

		if (k == 0)
			continue;
		v -= k * rows[i].factor;
		len += (size_t)snprintf(out + len, UNITS_TEXT_MAX - len, "%s%llu%s%s%s",
					len > 0 && !blank_behind ? " " : "", (unsigned long long)k,
					rows[i].name[0] != '\0' ? " " : "", rows[i].name,
					blank_behind ? " " : "");
	}
	return out;
}

const char *
units_size_text(uint64_t bytes, char out[UNITS_TEXT_MAX])
{
	static const struct unit rows[] = {
		{ "e", UINT64_C(1) << 60 },
		{ "p", UINT64_C(1) << 50 },
		{ "t", UINT64_C(1) << 40 },
		{ "g", UINT64_C(1) << 30 },
		{ "m", UINT64_C(1) << 20 },
		{ "k", UINT64_C(1) << 10 },
		{ "", 1 },
	};

	return sum_text(bytes, rows, sizeof(rows) / sizeof(*rows), false, out);
}

const char *
units_time_text(int64_t seconds, char out[UNITS_TEXT_MAX])
{
	static const struct unit rows[] = {
		{ "years", 365 * DAY }, { "months", 30 * DAY }, { "weeks", 7 * DAY },
		{ "days", DAY },        { "hours", HOUR },      { "minutes", MINUTE },
		{ "seconds", 1 },
	};

	return sum_text(seconds < 0 ? 0 : (uint64_t)seconds, rows, sizeof(rows) / sizeof(*rows),
			true, out);
}

const char *
units_commas(uint64_t v, char out[UNITS_TEXT_MAX])
{
	char digits[24];
	size_t n = (size_t)snprintf(digits, sizeof(digits), "%llu", (unsigned long long)v);
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		if (i > 0 && (n - i) % 3 == 0)
			out[len++] = ',';
		out[len++] = digits[i];
	}
	out[len] = '\0';
	return out;
}

const char *
units_suffix(uint64_t v, char out[UNITS_TEXT_MAX])
{
	static const char suffixes[] = "KMGTPE";
	uint64_t factor = 1;
	size_t i = 0;

	if (v < 1000) {
		snprintf(out, UNITS_TEXT_MAX, "%llu ", (unsigned long long)v);
		return out;
	}
	for (factor = 1000; v / factor >= 1000; factor *= 1000)
		i++;
	snprintf(out, UNITS_TEXT_MAX, "%llu.%03llu", (unsigned long long)(v / factor),
		 (unsigned long long)(v % factor / (factor / 1000)));
	snprintf(out + 5, UNITS_TEXT_MAX - 5, " %c", suffixes[i]);
	return out;
}

const char *
units_elapsed(int64_t seconds, char out[UNITS_TEXT_MAX])
{
	static const struct unit rows[] = {
		{ "year", 365 * DAY }, { "month", 30 * DAY }, { "day", DAY },
		{ "hour", HOUR },      { "min", MINUTE },     { "sec", 1 },
	};
	uint64_t v = seconds < 0 ? 0 : (uint64_t)seconds;
	size_t len = 0;

	if (v == 0)
		snprintf(out, UNITS_TEXT_MAX, "0 secs");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint64_t k = v / rows[i].factor;

		if (k == 0)
			continue;
		v -= k * rows[i].factor;
		len += (size_t)snprintf(out + len, UNITS_TEXT_MAX - len, "%s%llu %s%s",
					len > 0 ? " " : "", (unsigned long long)k, rows[i].name,
					k == 1 ? "" : "s");
	}
	return out;
}
