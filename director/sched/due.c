#include "director/sched/due.h"

#include "director/conf/dir_conf.h"
#include "director/sched/calendar.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"

#include <stdlib.h>
#include <string.h>

int
due_priority(const struct due_entry *e)
{
	return e->run->spec.priority != 0 ? (int)e->run->spec.priority : (int)e->job->priority;
}

static int
compare_entries(const void *pa, const void *pb)
{
	const struct due_entry *a = *(const struct due_entry *const *)pa;
	const struct due_entry *b = *(const struct due_entry *const *)pb;

	if (a->next != b->next)
		return a->next < b->next ? -1 : 1;
	if (due_priority(a) != due_priority(b))
		return due_priority(a) < due_priority(b) ? -1 : 1;
	return strcmp(a->job->name, b->job->name);
}

static void
fire(struct due_list *l, int64_t now, due_fn fn, void *arg)
{
	OWNED(freep) struct due_entry **due = NEW_ARRAY(struct due_entry *, l->n + 1);
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].next != 0 && l->v[i].next <= now)
			due[n++] = &l->v[i];
	qsort(due, n, sizeof(struct due_entry *), compare_entries);
	for (size_t i = 0; i < n; i++) {
		fn(arg, due[i]);
		due[i]->next = calendar_next(&due[i]->run->spec, now);
	}
}

static void
find(struct due_list *l, const struct dir_conf *conf, int64_t now)
{
	size_t cap = 0;

	due_release(l);
	for (size_t i = 0; i < conf->n_job; i++) {
		struct dir_job *job = conf->job[i];

		for (size_t k = 0; job->schedule != NULL && k < job->schedule->n_run; k++) {
			struct dir_run *run = job->schedule->run[k];

			if (l->n == cap)
				l->v = mem_grow(l->v, l->n, &cap, sizeof(*l->v));
			l->v[l->n++] = (struct due_entry){ job, run,
							   calendar_next(&run->spec, now) };
		}
	}
}

void
due_look(struct due_list *l, const struct dir_conf *conf, int64_t now, due_fn fn, void *arg)
{
	fire(l, now, fn, arg);
	if (conf != NULL)
		find(l, conf, now);
}

int64_t
due_next(const struct due_list *l)
{
	int64_t next = 0;

	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].next != 0 && (next == 0 || l->v[i].next < next))
			next = l->v[i].next;
	return next;
}

void
due_release(struct due_list *l)
{
	free(l->v);
	*l = (struct due_list){ NULL, 0 };
}
