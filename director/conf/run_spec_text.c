/*
 * director/conf/run_spec_text.c - a Run line in the form of dumps
 *
 * What it prints parses back to the same spec.  Spec: config.md 1.12 "Dump form"
 */
#include "director/conf/run_spec.h"

#include "lib/base/units.h"

#include <stdio.h>
#include <string.h>

static const char *const wday_names[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
static const char *const month_names[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
static const char *const ord_names[] = { "1st", "2nd", "3rd", "4th", "5th" };

static void
put_word(struct buf *out, const char *word)
{
	buf_text(out, "%s%s", out->len > 0 && out->p[out->len - 1] != ' ' ? " " : "", word);
}

static void
put_pair(struct buf *out, const char *key, const char *value)
{
	char start[64];

	if (value == NULL)
		return;
	snprintf(start, sizeof(start), "%s=\"", key);
	put_word(out, start);
	for (; *value != '\0'; value++) {
		if (*value == '"' || *value == '\\')
			buf_put(out, "\\", 1);
		buf_put(out, value, 1);
	}
	buf_put(out, "\"", 1);
}

static const char *
level_word(char level)
{
	static const struct {
		char level;
		const char *word;
	} rows[] = { { 'F', "Full" },          { 'I', "Incremental" }, { 'D', "Differential" },
		     { 'S', "Since" },         { 'f', "VirtualFull" }, { 'B', "Base" },
		     { 'V', "InitCatalog" },   { 'C', "Catalog" },     { 'O', "VolumeToCatalog" },
		     { 'd', "DiskToCatalog" }, { 'A', "Data" } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].level == level)
			return rows[i].word;
	return "";
}

static void
put_overrides(const struct run_spec *r, struct buf *out)
{
	char text[UNITS_TEXT_MAX + 32], time[UNITS_TEXT_MAX];

	put_pair(out, "pool", r->pool);
	put_pair(out, "fullpool", r->full_pool);
	put_pair(out, "virtualfullpool", r->virtual_full_pool);
	put_pair(out, "incrementalpool", r->incremental_pool);
	put_pair(out, "differentialpool", r->differential_pool);
	put_pair(out, "nextpool", r->next_pool);
	if (r->level != '\0')
		put_word(out, level_word(r->level));
	put_pair(out, "storage", r->storage);
	put_pair(out, "messages", r->messages);
	if (r->priority != 0) {
		snprintf(text, sizeof(text), "priority=%u", r->priority);
		put_word(out, text);
	}
	if (r->max_run_sched_time >= 0) {
		snprintf(text, sizeof(text), "maxrunschedtime=\"%s\"",
			 units_time_text(r->max_run_sched_time, time));
		put_word(out, text);
	}
	if (r->accurate >= 0)
		put_word(out, r->accurate ? "accurate=yes" : "accurate=no");
	if (r->spool_data >= 0)
		put_word(out, r->spool_data ? "spooldata=yes" : "spooldata=no");
}

/* Bit i as a word: a name, or prefix and number. */
struct bit_words {
	unsigned n;               /* bits */
	const char *const *names; /* or NULL */
	const char *prefix;
	unsigned base, width; /* of the number */
};

static int
put_bit(const struct bit_words *w, unsigned i, char *out, size_t cap)
{
	if (w->names != NULL)
		return snprintf(out, cap, "%s", w->names[i]);
	return snprintf(out, cap, "%s%0*u", w->prefix, (int)w->width, i + w->base);
}

/* Runs of set bits as "a" or "a-b"; nothing when all are set. */
static void
put_bits(struct buf *out, uint64_t bits, const struct bit_words *w)
{
	if (bits == (UINT64_C(1) << w->n) - 1)
		return;
	for (unsigned i = 0; i < w->n; i++) {
		unsigned end = i;
		char text[32];
		int len;

		if ((bits >> i & 1) == 0)
			continue;
		while (end + 1 < w->n && (bits >> (end + 1) & 1) != 0)
			end++;
		len = put_bit(w, i, text, sizeof(text));
		if (end > i) {
			text[len] = '-';
			(void)put_bit(w, end, text + len + 1, sizeof(text) - (size_t)len - 1);
		}
		put_word(out, text);
		i = end;
	}
}

/* Whether the times are every hour at each of their minutes. */
static bool
is_hourly(const struct run_spec *r)
{
	return r->n_at >= 24 && r->n_at % 24 == 0 && r->at[r->n_at - 1].hour == 23 &&
	       r->at[r->n_at / 24 - 1].hour == 0 &&
	       r->at[r->n_at / 24 - 1].minute == r->at[r->n_at - 1].minute;
}

static void
put_times(const struct run_spec *r, struct buf *out)
{
	size_t n = is_hourly(r) ? r->n_at / 24 : r->n_at;

	if (is_hourly(r))
		put_word(out, "hourly");
	for (size_t i = 0; i < n; i++) {
		char text[16];

		snprintf(text, sizeof(text), "at %02u:%02u", r->at[i].hour, r->at[i].minute);
		put_word(out, text);
	}
}

void
run_spec_text(const struct run_spec *r, struct buf *out)
{
	static const struct bit_words mdays = { 31, NULL, "", 1, 1 };
	static const struct bit_words ords = { 5, ord_names, "", 0, 0 };
	static const struct bit_words wdays = { 7, wday_names, "", 0, 0 };
	static const struct bit_words months = { 12, month_names, "", 0, 0 };
	static const struct bit_words weeks = { 54, NULL, "w", 0, 2 };

	put_overrides(r, out);
	put_bits(out, r->mday, &mdays);
	if (r->last_day)
		put_word(out, "lastday");
	put_bits(out, r->wom, &ords);
	if (r->last)
		put_word(out, "last");
	put_bits(out, r->wday, &wdays);
	put_bits(out, r->month, &months);
	put_bits(out, r->woy, &weeks);
	put_times(r, out);
}
