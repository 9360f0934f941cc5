/*
 * director/shell/table.h - rows with named, typed columns: what a command yields
 *
 * Purpose: one value from which the text table, the vertical list, fixed layouts and JSON are made
 *          (out.h prints it).  Cells are text; the column says what they are.
 * Owns:    names and cells.  All-zero is a valid empty table.
 * Threads: plain value.
 */
#ifndef TERCET_DIRECTOR_SHELL_TABLE_H
#define TERCET_DIRECTOR_SHELL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"

enum col_show {
	SHOW_TEXT,
	SHOW_NUMBER, /* right-aligned, thousands separated by commas */
	SHOW_ID,     /* right-aligned, no commas */
	SHOW_SHORT,  /* fixed layouts: 223.9 K; tables: as SHOW_NUMBER */
	SHOW_CUT4,   /* fixed layouts: at most four characters */
	SHOW_BOOL,   /* cells "1" and "0" */
};

enum {
	COL_TEXT_ONLY = 1, /* not in JSON */
	COL_JSON_ONLY = 2, /* not in text tables */
	COL_IF_SET = 4,    /* in JSON only when not empty */
};

struct column {
	const char *name; /* lower case; JSON key and heading */
	enum col_show show;
	unsigned flags;
};

struct table {
	struct column *cols; /* owned, names too */
	size_t n_cols;
	char **cells; /* owned; n_cells of them, row after row; NULL is SQL NULL */
	size_t n_cells, cap_cells;
	bool typed;      /* JSON: numbers and booleans as such; else everything is a string */
	size_t filtered; /* rows left out because of access lists */
};

void table_init(struct table *t, const struct column *cols, size_t n);
void table_release(struct table *t);
/* One more column; only while there are no cells. */
void table_add_column(struct table *t, const char *name, enum col_show show);

/* The next cell; a row is complete when n_cols cells have been put. */
void table_put(struct table *t, const char *text);
void table_put_n(struct table *t, const char *text, size_t n);
void table_putf(struct table *t, const char *fmt, ...) PRINTF(2, 3);
void table_put_u64(struct table *t, uint64_t v);

size_t table_rows(const struct table *t);
/* Never NULL; "" for NULL. */
const char *table_cell(const struct table *t, size_t row, size_t col);
/* Index of the named column, or -1. */
int table_column(const struct table *t, const char *name);
const char *table_at(const struct table *t, size_t row, const char *name);
/* Take out the rows that fail a test; how many those were. */
typedef bool table_row_test(const void *arg, const struct table *t, size_t row);
size_t table_keep(struct table *t, table_row_test *keep, const void *arg);

/* ---- text faces ---- */

enum table_face {
	FACE_GRID,     /* rules, headings, cells */
	FACE_LEFT,     /* the same, all cells left-aligned and without commas */
	FACE_VERTICAL, /* "   name: value", a blank line after each record */
	FACE_PAIRS,    /* "name: value", nothing between records */
	FACE_RAW,      /* each cell preceded by one blank, nothing added */
	FACE_LAYOUT,   /* a template per row */
	FACE_NONE,     /* no text at all */
};

/*
 * Append the table's text.
 *   layout  for FACE_LAYOUT: text with {name}, {name:W} (right-aligned in W), {name:-W} (left)
 * Spec: console.md 5.1
 */
void table_print(const struct table *t, enum table_face face, const char *layout, struct buf *out);

/* 223911 -> "223,911"; a text that is no whole number comes back as it is. */
const char *num_commas(const char *digits, char *out, size_t cap);
#define U64_COMMAS(v) num_commas_u64((v), (char[32]){ 0 }, 32)
const char *num_commas_u64(uint64_t v, char *out, size_t cap);
/* 223911 -> "223.9 K", 30 -> "30 ".  Spec: console.md 3.3 */
#define U64_SHORT(v) num_short((v), (char[32]){ 0 }, 32)
const char *num_short(uint64_t v, char *out, size_t cap);

#endif
