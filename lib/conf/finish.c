/*
 * lib/conf/finish.c - what is done when all resources are read
 *
 * References first (a JobDefs is one), then inheritance, defaults, required directives, double
 * names.  Spec: config.md 2.3, 7.1, 7.3
 */
#include "lib/conf/parse_internal.h"

#include "lib/conf/value_set.h"

#include <assert.h>
#include <string.h>
#include <sys/stat.h>

static void
unresolved(struct conf_parser *p, const struct conf_pending *ref)
{
	const char *name = conf_res_name(ref->res);

	conf_error(p->diag, &ref->pos, "%s \"%s\": %s \"%s\" is not defined", ref->res->type->name,
		   name, ref->type, ref->name);
	conf_suggest_resource(p, ref->type, ref->name);
	conf_mark_bad(ref->res);
}

/* The row of a pending reference, NULL when its slot is not a row's (Run lines). */
static const struct conf_row *
row_of(const struct conf_pending *ref, size_t *at)
{
	const struct conf_row *row;
	size_t base;

	for (size_t i = 0; (row = conf_type_row(ref->res->type, i, &base)) != NULL; i++)
		if (strcmp(row->name, ref->directive) == 0 &&
		    conf_row_slot(ref->res, i) == ref->slot) {
			*at = i;
			return row;
		}
	return NULL;
}

static void
store_list(const struct conf_pending *ref, struct conf_res *found)
{
	void **v;

	memcpy(&v, ref->slot, sizeof(v));
	while (*v != NULL)
		v++;
	*v = found;
}

static void
store_one(struct conf_parser *p, const struct conf_pending *ref, struct conf_res *found)
{
	struct conf_res *before;

	memcpy(&before, ref->slot, sizeof(before));
	if (before != NULL && before != found) {
		conf_error(p->diag, &ref->pos, "a second, different %s in %s \"%s\"",
			   ref->directive, ref->res->type->name, conf_res_name(ref->res));
		conf_also(p->diag, "the first one is %s \"%s\"", ref->type, conf_res_name(before));
		conf_mark_bad(ref->res);
	} else if (before != NULL) {
		conf_note(p->diag, &ref->pos, "%s is given twice with the same value",
			  ref->directive);
	}
	memcpy(ref->slot, &found, sizeof(found));
}

static void
resolve(struct conf_parser *p)
{
	for (size_t i = 0; i < p->n_pending; i++) {
		const struct conf_pending *ref = &p->pending[i];
		struct conf_res *found = conf_gen_find(p->gen, ref->type, ref->name);
		size_t at;
		const struct conf_row *row = row_of(ref, &at);

		if (found == NULL)
			unresolved(p, ref);
		else if (row != NULL && row->type == CONF_REFS)
			store_list(ref, found);
		else
			store_one(p, ref, found);
	}
}

static void
check_double_names(struct conf_parser *p)
{
	for (size_t i = 0; i < conf_gen_count(p->gen); i++) {
		struct conf_res *r = conf_gen_at(p->gen, i), *first;

		if (conf_res_name(r)[0] == '\0')
			continue;
		first = conf_gen_find(p->gen, r->type->name, conf_res_name(r));
		if (first == r)
			continue;
		conf_error(p->diag, &r->pos, "a second %s named \"%s\"", r->type->name,
			   conf_res_name(r));
		conf_also(p->diag, "the first one is at %s:%u", first->pos.file, first->pos.line);
		conf_mark_bad(r);
	}
}

/* ---- inheritance ---- */

static size_t
slot_size(const struct conf_row *row)
{
	static const size_t sizes[] = {
#define X(name, ctype, words, schema) sizeof(ctype),
		CONF_VALUES(X)
#undef X
	};

	return sizes[row->type];
}

static struct conf_res *
parent_of(const struct conf_res *r)
{
	const struct conf_row *row;
	struct conf_res *parent = NULL;
	size_t base;

	for (size_t i = 0; (row = conf_type_row(r->type, i, &base)) != NULL; i++)
		if (row->type == CONF_REF && strcmp(row->name, r->type->inherit) == 0)
			memcpy(&parent, conf_row_slot(r, i), sizeof(parent));
	return parent;
}

static void
inherit_row(struct conf_parser *p, const struct conf_res *from, struct conf_res *to,
	    const struct conf_row *row, size_t i)
{
	assert(row->type != CONF_PASSWORD && row->type != CONF_SECRET);
	if (row->type == CONF_CUSTOM && row->custom->inherit != NULL)
		row->custom->inherit(p->gen, from, to, row);
	else if (row->type != CONF_ANY && row->type != CONF_ALIAS && row->type != CONF_CUSTOM)
		memcpy(conf_row_slot(to, i), conf_row_slot(from, i), slot_size(row));
	if (row->type == CONF_REFS)
		memcpy((char *)to + row->at_n, (const char *)from + row->at_n, sizeof(size_t));
	to->inherited[i / 64] |= UINT64_C(1) << (i % 64);
	to->row_pos[i] = from->row_pos[i];
}

/* All that from has and to has not; rows of both types are the same table. */
static void
inherit_from(struct conf_parser *p, const struct conf_res *from, struct conf_res *to)
{
	const struct conf_row *row;
	size_t base;

	for (size_t i = 0; (row = conf_type_row(to->type, i, &base)) != NULL; i++) {
		bool adds = row->type == CONF_CUSTOM && row->custom->inherit_always;

		if (row->type == CONF_NAME || strcmp(row->name, to->type->inherit) == 0)
			continue;
		if (conf_res_is_set(from, i) && (adds || !conf_res_is_set(to, i)))
			inherit_row(p, from, to, row, i);
	}
}

static void
report_cycle(struct conf_parser *p, struct conf_res *r)
{
	conf_error(p->diag, conf_res_pos(r, r->type->inherit), "%s \"%s\" inherits from itself",
		   r->type->name, conf_res_name(r));
	for (struct conf_res *q = parent_of(r); q != NULL && q != r; q = parent_of(q)) {
		conf_also(p->diag, "through \"%s\" (%s:%u)", conf_res_name(q), q->pos.file,
			  q->pos.line);
		if (parent_of(q) == q)
			break;
	}
	conf_mark_bad(r);
}

/* Nearest values win: the own ones, then those of each JobDefs up the chain. */
static void
inherit(struct conf_parser *p, struct conf_res *r)
{
	size_t steps = 0;

	for (struct conf_res *from = parent_of(r); from != NULL; from = parent_of(from)) {
		if (from == r || ++steps > conf_gen_count(p->gen)) {
			if (from == r)
				report_cycle(p, r);
			return;
		}
		if (!r->type->defaults_only)
			inherit_from(p, from, r);
	}
}

/* ---- defaults, required ---- */

static void
fill_defaults(struct conf_parser *p, struct conf_res *r)
{
	const struct conf_row *row;
	size_t base;

	for (size_t i = 0; (row = conf_type_row(r->type, i, &base)) != NULL; i++) {
		struct err err = ERR_INIT;
		enum err_code rc;

		if (row->def == NULL || conf_res_is_set(r, i) || row->type == CONF_LISTEN_PORT ||
		    row->type == CONF_LISTEN)
			continue;
		rc = conf_value_set(p->gen, row, conf_row_slot(r, i), row->def, &err);
		if (rc != ERR_OK)
			conf_error(p->diag, &r->pos, "default of %s: %s", row->name, err.text);
	}
}

static void
check_required(struct conf_parser *p, struct conf_res *r)
{
	const struct conf_row *row;
	const char *name = conf_res_name(r);
	size_t base;

	for (size_t i = 0; (row = conf_type_row(r->type, i, &base)) != NULL; i++) {
		bool needed = (row->flags & CONF_REQUIRED) != 0 &&
			      (!r->type->defaults_only || row->type == CONF_NAME);

		if (!needed || conf_res_is_set(r, i) ||
		    (r->state->tried[i / 64] >> (i % 64) & 1) != 0)
			continue;
		if (name[0] != '\0')
			conf_error(p->diag, &r->end, "%s \"%s\" has no %s", r->type->name, name,
				   row->name);
		else
			conf_error(p->diag, &r->end, "a %s without %s", r->type->name, row->name);
		conf_also(p->diag, "it was opened at %s:%u", r->pos.file, r->pos.line);
		conf_mark_bad(r);
	}
}

void
conf_finish(struct conf_parser *p)
{
	size_t n = conf_gen_count(p->gen);

	check_double_names(p);
	resolve(p);
	for (size_t i = 0; i < n; i++)
		if (conf_gen_at(p->gen, i)->type->inherit != NULL)
			inherit(p, conf_gen_at(p->gen, i));
	for (size_t i = 0; i < n; i++)
		fill_defaults(p, conf_gen_at(p->gen, i));
	for (size_t i = 0; i < n; i++)
		if (p->tokens.broken) /* what is missing may stand behind the quote */
			conf_mark_bad(conf_gen_at(p->gen, i));
		else
			check_required(p, conf_gen_at(p->gen, i));
}

/* ---- notes ---- */

void
conf_check_modes(const struct conf_gen *g, struct conf_diag *diag)
{
	const char *last = NULL;

	for (size_t i = 0; i < conf_gen_count(g); i++) {
		const struct conf_res *r = conf_gen_at(g, i);
		const struct conf_row *row;
		struct stat st;
		size_t base;

		for (size_t k = 0; (row = conf_type_row(r->type, k, &base)) != NULL; k++) {
			const char *file = r->row_pos[k].file;

			if ((row->type != CONF_PASSWORD && row->type != CONF_SECRET) ||
			    file == NULL || file == last || stat(file, &st) != 0)
				continue;
			last = file;
			if ((st.st_mode & S_IROTH) == 0)
				continue;
			conf_warn(diag, CONF_W_NONE, &r->row_pos[k],
				  "this file holds a password and everybody may read it");
			conf_help(diag, "chmod o-rwx %s", file);
		}
	}
}

static void
note_row(const struct conf_res *r, const struct conf_row *row, size_t k, struct conf_diag *diag)
{
	bool off = row->type == CONF_BOOL && !*(const bool *)conf_row_slot(r, k);

	if ((row->flags & CONF_GUARDS) != 0 && !off)
		conf_warn(diag, CONF_W_NONE, &r->row_pos[k],
			  "%s: accepted, not in force yet: what it protects is not protected",
			  row->name);
	else
		conf_note(diag, &r->row_pos[k], "%s: accepted, not in force yet", row->name);
}

void
conf_note_not_in_force(const struct conf_gen *g, struct conf_diag *diag)
{
	for (size_t i = 0; i < conf_gen_count(g); i++) {
		const struct conf_res *r = conf_gen_at(g, i);
		const struct conf_row *row;
		size_t base;

		for (size_t k = 0; (row = conf_type_row(r->type, k, &base)) != NULL; k++)
			if ((row->flags & CONF_LATER) != 0 && (r->set[k / 64] >> (k % 64) & 1) != 0)
				note_row(r, row, k, diag);
	}
}
