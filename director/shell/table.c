#include "director/shell/table.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/base/mem.h"
#include "lib/base/own.h"

#define CELL_WIDTH_MAX 100 /* wider values overflow their column (console.md 5.1) */

void
table_init(struct table *t, const struct column *cols, size_t n)
{
	*t = (struct table){ 0 };
	for (size_t i = 0; i < n; i++) {
		table_add_column(t, cols[i].name, cols[i].show);
		t->cols[i].flags = cols[i].flags;
	}
}

void
table_add_column(struct table *t, const char *name, enum col_show show)
{
	t->cols = (struct column *)mem_resize(t->cols, t->n_cols + 1, sizeof(*t->cols));
	t->cols[t->n_cols++] = (struct column){ str_dup(name), show, 0 };
}

void
table_release(struct table *t)
{
	for (size_t i = 0; i < t->n_cols; i++)
		free((char *)(uintptr_t)t->cols[i].name);
	for (size_t i = 0; i < t->n_cells; i++)
		free(t->cells[i]);
	free(t->cols);
	free(t->cells);
	*t = (struct table){ 0 };
}

static void
put_owned(struct table *t, char *cell)
{
	t->cells = (char **)mem_grow(t->cells, t->n_cells, &t->cap_cells, sizeof(*t->cells));
	t->cells[t->n_cells++] = cell;
}

void
table_put(struct table *t, const char *text)
{
	put_owned(t, text == NULL ? NULL : str_dup(text));
}

void
table_put_n(struct table *t, const char *text, size_t n)
{
	put_owned(t, str_ndup(text, n));
}

void
table_putf(struct table *t, const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		s = NULL;
	va_end(ap);
	put_owned(t, s);
}

void
table_put_u64(struct table *t, uint64_t v)
{
	table_putf(t, "%llu", (unsigned long long)v);
}

size_t
table_rows(const struct table *t)
{
	return t->n_cols == 0 ? 0 : t->n_cells / t->n_cols;
}

const char *
table_cell(const struct table *t, size_t row, size_t col)
{
	const char *s = t->cells[row * t->n_cols + col];

	return s == NULL ? "" : s;
}

int
table_column(const struct table *t, const char *name)
{
	for (size_t i = 0; i < t->n_cols; i++)
		if (strcasecmp(t->cols[i].name, name) == 0)
			return (int)i;
	return -1;
}

const char *
table_at(const struct table *t, size_t row, const char *name)
{
	int col = table_column(t, name);

	return col < 0 ? "" : table_cell(t, row, (size_t)col);
}

size_t
table_keep(struct table *t, table_row_test *keep, const void *arg)
{
	size_t n = table_rows(t), kept = 0;

	for (size_t row = 0; row < n; row++) {
		char **from = t->cells + row * t->n_cols, **to = t->cells + kept * t->n_cols;

		if (keep(arg, t, row)) {
			memmove(to, from, t->n_cols * sizeof(*to));
			kept++;
			continue;
		}
		for (size_t i = 0; i < t->n_cols; i++)
			free(from[i]);
	}
	t->n_cells = kept * t->n_cols;
	return n - kept;
}

/* ---- numbers for people ---- */

const char *
num_commas(const char *digits, char *out, size_t cap)
{
	size_t n = strlen(digits), start = digits[0] == '-' ? 1 : 0, o = 0;

	if (n == start || n + n / 3 + 1 >= cap)
		return digits;
	for (size_t i = start; i < n; i++)
		if (!isdigit((unsigned char)digits[i]))
			return digits;
	for (size_t i = 0; i < n; i++) {
		if (i > start && (n - i) % 3 == 0)
			out[o++] = ',';
		out[o++] = digits[i];
	}
	out[o] = '\0';
	return out;
}

const char *
num_commas_u64(uint64_t v, char *out, size_t cap)
{
	char digits[24];

	(void)snprintf(digits, sizeof(digits), "%llu", (unsigned long long)v);
	if (num_commas(digits, out, cap) == digits)
		(void)snprintf(out, cap, "%s", digits);
	return out;
}

const char *
num_short(uint64_t v, char *out, size_t cap)
{
	static const char *const suffix[] = { "", "K", "M", "G", "T", "P", "E" };
	char text[32];
	size_t groups = 0;

	num_commas_u64(v, text, sizeof(text));
	for (const char *p = text; *p != '\0'; p++)
		groups += *p == ',';
	char *comma = strchr(text, ',');
	if (comma != NULL)
		*comma = '.';
	(void)snprintf(out, cap, "%.5s %s", text, suffix[groups]);
	return out;
}

/* ---- faces ---- */

static bool
is_number(enum col_show show)
{
	return show == SHOW_NUMBER || show == SHOW_ID || show == SHOW_SHORT;
}

static bool
in_text(const struct column *c)
{
	return (c->flags & COL_JSON_ONLY) == 0;
}

/* A cell as tables show it; commas unless plain. */
static const char *
cell_text(const struct table *t, size_t row, size_t col, bool plain, char *out, size_t cap)
{
	const char *s = table_cell(t, row, col);
	enum col_show show = t->cols[col].show;

	if (!plain && (show == SHOW_NUMBER || show == SHOW_SHORT))
		return num_commas(s, out, cap);
	return s;
}

/* As cell_text, in one line: a FileSet's text would break the grid. */
static const char *
grid_text(const struct table *t, size_t row, size_t col, bool plain, char *out, size_t cap)
{
	const char *s = cell_text(t, row, col, plain, out, cap);
	size_t n = 0;

	if (strchr(s, '\n') == NULL)
		return s;
	for (const char *p = s; *p != '\0' && n + 1 < cap; p++) {
		bool blank = *p == ' ' || *p == '\n' || *p == '\t';

		if (!blank)
			out[n++] = *p;
		else if (n > 0 && out[n - 1] != ' ')
			out[n++] = ' ';
	}
	while (n > 0 && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
	return out;
}

/* Characters on the screen: bytes that begin a UTF-8 character. */
static int
screen_width(const char *s)
{
	int n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xC0) != 0x80;
	return n;
}

static void
put_padded(struct buf *out, const char *s, int width, bool left)
{
	int pad = width - screen_width(s);

	if (!left)
		for (int i = 0; i < pad; i++)
			buf_put(out, " ", 1);
	buf_put(out, s, strlen(s));
	if (left)
		for (int i = 0; i < pad; i++)
			buf_put(out, " ", 1);
}

static void
print_rule(const struct table *t, const int *width, struct buf *out)
{
	for (size_t c = 0; c < t->n_cols; c++) {
		if (!in_text(&t->cols[c]))
			continue;
		buf_put(out, "+", 1);
		for (int i = 0; i < width[c] + 2; i++)
			buf_put(out, "-", 1);
	}
	buf_put(out, "+\n", 2);
}

static void
print_grid(const struct table *t, bool plain, struct buf *out)
{
	OWNED(freep) int *width = NEW_ARRAY(int, t->n_cols);
	char num[CELL_WIDTH_MAX + 1];

	for (size_t c = 0; c < t->n_cols; c++) {
		width[c] = screen_width(t->cols[c].name);
		for (size_t r = 0; r < table_rows(t); r++) {
			int w = screen_width(grid_text(t, r, c, plain, num, sizeof(num)));

			if (w > CELL_WIDTH_MAX)
				w = CELL_WIDTH_MAX;
			if (w > width[c])
				width[c] = w;
		}
	}
	print_rule(t, width, out);
	for (size_t c = 0; c < t->n_cols; c++) {
		if (!in_text(&t->cols[c]))
			continue;
		buf_put(out, "| ", 2);
		put_padded(out, t->cols[c].name, width[c], true);
		buf_put(out, " ", 1);
	}
	buf_put(out, "|\n", 2);
	print_rule(t, width, out);
	for (size_t r = 0; r < table_rows(t); r++) {
		for (size_t c = 0; c < t->n_cols; c++) {
			if (!in_text(&t->cols[c]))
				continue;
			buf_put(out, "| ", 2);
			put_padded(out, grid_text(t, r, c, plain, num, sizeof(num)), width[c],
				   plain || !is_number(t->cols[c].show));
			buf_put(out, " ", 1);
		}
		buf_put(out, "|\n", 2);
	}
	if (table_rows(t) > 0)
		print_rule(t, width, out);
}

static void
print_vertical(const struct table *t, bool aligned, struct buf *out)
{
	int widest = 0;
	char num[48];

	for (size_t c = 0; c < t->n_cols; c++)
		if (in_text(&t->cols[c]) && screen_width(t->cols[c].name) > widest)
			widest = screen_width(t->cols[c].name);
	for (size_t r = 0; r < table_rows(t); r++) {
		for (size_t c = 0; c < t->n_cols; c++) {
			if (!in_text(&t->cols[c]))
				continue;
			put_padded(out, t->cols[c].name, aligned ? widest + 1 : 0, false);
			buf_text(out, ": %s\n", cell_text(t, r, c, !aligned, num, sizeof(num)));
		}
		if (aligned)
			buf_put(out, "\n", 1);
	}
}

static void
print_raw(const struct table *t, struct buf *out)
{
	for (size_t r = 0; r < table_rows(t); r++)
		for (size_t c = 0; c < t->n_cols; c++)
			if (in_text(&t->cols[c]))
				buf_text(out, " %s", table_cell(t, r, c));
}

/* One {name:width} of a layout; p stands behind the brace.  Returns behind the closing one. */
static const char *
print_field(const struct table *t, size_t row, const char *p, struct buf *out)
{
	char name[64], shown[64];
	size_t n = strcspn(p, ":}");
	int width = 0;
	bool left = false;

	(void)snprintf(name, sizeof(name), "%.*s", (int)n, p);
	p += n;
	if (*p == ':') {
		p++;
		left = *p == '-';
		p += left;
		for (; isdigit((unsigned char)*p); p++)
			width = width * 10 + (*p - '0');
	}
	int col = table_column(t, name);
	const char *s = col < 0 ? "?" : table_cell(t, row, (size_t)col);
	enum col_show show = col < 0 ? SHOW_TEXT : t->cols[col].show;
	if (show == SHOW_SHORT) {
		uint64_t v = 0;

		for (const char *d = s; isdigit((unsigned char)*d); d++)
			v = v * 10 + (uint64_t)(*d - '0');
		s = num_short(v, shown, sizeof(shown));
	} else if (show == SHOW_NUMBER) {
		s = num_commas(s, shown, sizeof(shown));
	} else if (show == SHOW_CUT4) {
		(void)snprintf(shown, sizeof(shown), "%.4s", s);
		s = shown;
	}
	put_padded(out, s, width, left);
	return *p == '}' ? p + 1 : p;
}

static void
print_layout(const struct table *t, const char *layout, struct buf *out)
{
	for (size_t r = 0; r < table_rows(t); r++) {
		for (const char *p = layout; *p != '\0';) {
			size_t n = strcspn(p, "{");

			buf_put(out, p, n);
			p += n;
			if (*p == '{')
				p = print_field(t, r, p + 1, out);
		}
	}
}

void
table_print(const struct table *t, enum table_face face, const char *layout, struct buf *out)
{
	switch (face) {
	case FACE_GRID:
		print_grid(t, false, out);
		break;
	case FACE_LEFT:
		print_grid(t, true, out);
		break;
	case FACE_VERTICAL:
		print_vertical(t, true, out);
		break;
	case FACE_PAIRS:
		print_vertical(t, false, out);
		break;
	case FACE_RAW:
		print_raw(t, out);
		break;
	case FACE_LAYOUT:
		print_layout(t, layout, out);
		break;
	case FACE_NONE:
		break;
	}
}
