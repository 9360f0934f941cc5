/*
 * lib/conf/gen.h - a configuration generation: the memory and the resources of one load
 *
 * Purpose: all strings, arrays and resources of one load live together and end together; a
 *          reload makes a new generation beside the old one.
 * Owns:    everything allocated through it.
 * Threads: filled by one thread; afterwards immutable but for its reference count.
 * Spec:    config.md 8.5
 */
#ifndef TERCET_CONF_GEN_H
#define TERCET_CONF_GEN_H

#include "lib/conf/table.h"

struct conf_gen;

struct conf_gen *conf_gen_new(const struct conf_program *program);
struct conf_gen *conf_gen_ref(struct conf_gen *g);
/* The last reference wipes secrets and frees all. */
void conf_gen_unref(struct conf_gen *g);
void conf_gen_unrefp(struct conf_gen **g);

/* Zeroed memory of the generation. */
void *conf_alloc(struct conf_gen *g, size_t n);
char *conf_strdup(struct conf_gen *g, const char *s);
char *conf_strndup(struct conf_gen *g, const char *s, size_t n);
char *conf_printf(struct conf_gen *g, const char *fmt, ...) PRINTF(2, 3);
/* p with room for n + 1 items of size bytes: copied when n is a power of two. */
void *conf_grow(struct conf_gen *g, void *p, size_t n, size_t size);
void conf_list_add(struct conf_gen *g, struct str_list *l, const char *s);
/* Call fn(p) when the generation ends. */
void conf_gen_defer(struct conf_gen *g, void (*fn)(void *p), void *p);

/* ---- resources ---- */

const struct conf_program *conf_gen_program(const struct conf_gen *g);
/* A new resource of type t, in the order of reading; all members zero. */
struct conf_res *conf_gen_add(struct conf_gen *g, const struct conf_type *t, struct conf_pos pos);
size_t conf_gen_count(const struct conf_gen *g);
struct conf_res *conf_gen_at(const struct conf_gen *g, size_t i);
/* By type name and exact resource name; NULL: none. */
struct conf_res *conf_gen_find(const struct conf_gen *g, const char *type, const char *name);
/* All of one type as an array of the generation: *out is a struct x ** by its first member. */
void *conf_gen_array(struct conf_gen *g, const char *type, size_t *n);
const char *conf_res_name(const struct conf_res *r);

/* ---- rows ---- */

/* Row i over all groups of a type; NULL behind the last.  *base: where its group begins. */
const struct conf_row *conf_type_row(const struct conf_type *t, size_t i, size_t *base);
size_t conf_type_rows(const struct conf_type *t);
/* Where row i of r is stored. */
void *conf_row_slot(const struct conf_res *r, size_t i);
bool conf_res_is_set(const struct conf_res *r, size_t i);
/* Whether the directive of this name was written (or inherited). */
bool conf_res_has(const struct conf_res *r, const char *directive);
/* As if directive had been written at pos: its default does not come over what is stored. */
void conf_res_mark_set(struct conf_res *r, const char *directive, const struct conf_pos *pos);
/* Where it was written; the resource's own place if it was not. */
const struct conf_pos *conf_res_pos(const struct conf_res *r, const char *directive);

#endif
