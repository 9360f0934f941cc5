/*
 * director/conf/run_line.c - the Run directive of a Schedule
 *
 * Spec: config.md 1.12, 3.7
 */
#include "director/conf/dir_conf_internal.h"

#include "lib/conf/show.h"

#include <string.h>

static void
release_run(void *p)
{
	run_spec_release(&((struct dir_run *)p)->spec);
}

/* The place of a byte inside a text that began at pos. */
static struct conf_pos
place_in(struct conf_pos pos, size_t column, size_t length)
{
	pos.col += (uint32_t)column;
	pos.col_end = pos.col + (length > 0 ? (uint32_t)length - 1 : 0);
	return pos;
}

/*
 * The names of one line, to be resolved when all is read.  run must not move any more: lines are
 * kept by pointer until then.
 */
static void
want_refs(struct conf_parser *p, struct conf_res *res, struct dir_run *run)
{
	const struct run_spec *s = &run->spec;
	const struct {
		const char *type, *name;
		void *slot;
	} refs[] = {
		{ "Pool", s->pool, &run->pool },
		{ "Pool", s->full_pool, &run->full_pool },
		{ "Pool", s->incremental_pool, &run->incremental_pool },
		{ "Pool", s->differential_pool, &run->differential_pool },
		{ "Pool", s->virtual_full_pool, &run->virtual_full_pool },
		{ "Pool", s->next_pool, &run->next_pool },
		{ "Storage", s->storage, &run->storage },
		{ "Messages", s->messages, &run->messages },
	};

	for (size_t i = 0; i < sizeof(refs) / sizeof(*refs); i++)
		if (refs[i].name != NULL)
			conf_want_ref(p, res, "Run", refs[i].type, refs[i].name, run->pos,
				      refs[i].slot);
}

static bool
parse_run(struct conf_parser *p, struct conf_res *res, const struct conf_row *row, void *slot)
{
	struct dir_schedule *s = (struct dir_schedule *)res;
	struct dir_run *run = (struct dir_run *)conf_alloc(p->gen, sizeof(*run));
	struct run_remarks remarks = { .n = 0 };
	struct err err = ERR_INIT;
	const char *text;
	size_t column = 0;

	(void)row;
	(void)slot;
	text = conf_take_raw(p, &run->pos);
	if (run_spec_parse(text, &run->spec, &remarks, &column, &err) != ERR_OK) {
		struct conf_pos pos = place_in(run->pos, column, strcspn(text + column, " \t,"));

		conf_error(p->diag, &pos, "bad Run line in %s: %s", p->where, err.text);
		return false;
	}
	conf_gen_defer(p->gen, release_run, run);
	for (size_t i = 0; i < remarks.n; i++) {
		struct conf_pos pos = place_in(run->pos, remarks.v[i].column, 1);

		conf_warn(p->diag, CONF_W_SURPRISE, &pos, "%s", remarks.v[i].text);
	}
	s->run = (struct dir_run **)conf_grow(p->gen, s->run, s->n_run, sizeof(struct dir_run *));
	s->run[s->n_run++] = run;
	want_refs(p, res, run);
	return true;
}

static void
show_run(struct conf_show *show, const struct conf_res *res, const struct conf_row *row,
	 const void *slot)
{
	const struct dir_schedule *s = (const struct dir_schedule *)res;

	(void)slot;
	for (size_t i = 0; i < s->n_run; i++) {
		struct buf text = BUF_INIT(1 << 16);

		run_spec_text(&s->run[i]->spec, &text);
		conf_show_raw(show, row->name, buf_str(&text), i);
		buf_release(&text);
	}
	if (s->n_run > 0)
		conf_show_end(show);
}

const struct conf_custom run_line = {
	.words = "a start rule such as \"Level=Full 1st sun at 22:10\"",
	.schema = "SCHEDULE_RUN_COMMAND",
	.parse = parse_run,
	.show = show_run
};
