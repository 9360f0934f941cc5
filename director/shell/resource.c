#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "director/shell/shell_internal.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"

static const struct res_facts facts[RES_N_KINDS] = {
#define X(kind, acl, plural, singular, header, question)                                           \
	[kind] = { acl, plural, singular, header, question },
	RES_KINDS(X)
#undef X
};

const struct res_facts *
res_facts(enum res_kind kind)
{
	return &facts[kind];
}

bool
res_is_allowed(const struct shell *sh, enum res_kind kind, const char *name)
{
	if (facts[kind].acl == ACL_KINDS)
		return acl_allows(sh, ACL_COMMAND, "configure");
	return acl_allows(sh, facts[kind].acl, name);
}

/* All resources of a kind, as the generation has them. */
static struct named **
all_of(const struct dir_conf *c, enum res_kind kind, size_t *n)
{
#define ARRAY(member)                                                                              \
	do {                                                                                       \
		*n = c->n_##member;                                                                \
		return (struct named **)(void *)c->member;                                         \
	} while (0)
	switch (kind) {
	case RES_CLIENT:
		ARRAY(client);
	case RES_JOB:
	case RES_RESTORE_JOB:
		ARRAY(job);
	case RES_FILESET:
		ARRAY(fileset);
	case RES_POOL:
		ARRAY(pool);
	case RES_STORAGE:
		ARRAY(storage);
	case RES_SCHEDULE:
		ARRAY(schedule);
	case RES_CATALOG:
		ARRAY(catalog);
	case RES_JOBDEFS:
		ARRAY(jobdefs);
	case RES_MESSAGES:
		ARRAY(messages);
	case RES_COUNTER:
		ARRAY(counter);
	case RES_PROFILE:
		ARRAY(profile);
	case RES_CONSOLE:
		ARRAY(console);
	case RES_USER:
		ARRAY(user);
	case RES_DIRECTOR:
		*n = 1;
		return (struct named **)(uintptr_t)&c->director;
	case RES_N_KINDS:
		break;
	}
#undef ARRAY
	*n = 0;
	return NULL;
}

static bool
is_kind(enum res_kind kind, const struct named *r)
{
	return kind != RES_RESTORE_JOB ||
	       ((const struct dir_job *)(const void *)r)->type == JOB_RESTORE;
}

size_t
res_list(const struct shell *sh, enum res_kind kind, struct named ***out)
{
	size_t n, k = 0;
	struct named **all = all_of(sh->conf, kind, &n);

	*out = NEW_ARRAY(struct named *, n + 1);
	for (size_t i = 0; i < n; i++)
		if (is_kind(kind, all[i]) && res_is_allowed(sh, kind, all[i]->name))
			(*out)[k++] = all[i];
	return k;
}

struct named *
res_find(const struct shell *sh, enum res_kind kind, const char *name)
{
	size_t n;
	struct named **all = all_of(sh->conf, kind, &n);

	if (!res_is_allowed(sh, kind, name))
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (is_kind(kind, all[i]) && strcmp(all[i]->name, name) == 0)
			return all[i];
	return NULL;
}

/* Edits that turn a into b, ignoring case; enough for names. */
static size_t
distance(const char *a, const char *b)
{
	size_t row[130], n = strlen(b);

	if (n > 127)
		return 999;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1] != '\0'; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			size_t above = row[j];
			size_t best = diagonal + (strncasecmp(&a[i - 1], &b[j - 1], 1) != 0);

			if (above + 1 < best)
				best = above + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
			diagonal = above;
		}
	}
	return row[n];
}

enum err_code
res_resolve(const struct shell *sh, enum res_kind kind, const char *name, struct named **out,
	    struct err *err)
{
	OWNED(freep) struct named **list = NULL;
	const char *near = NULL;
	size_t best = strlen(name) / 3 + 2;

	*out = res_find(sh, kind, name);
	if (*out != NULL)
		return ERR_OK;
	size_t n = res_list(sh, kind, &list);
	for (size_t i = 0; i < n; i++) {
		size_t d = distance(name, list[i]->name);

		if (d < best) {
			best = d;
			near = list[i]->name;
		}
	}
	if (near != NULL)
		return err_set(err, ERR_CONFIG, "%s resource \"%s\": not found; did you mean %s?",
			       facts[kind].singular, name, near);
	return err_set(err, ERR_CONFIG, "%s resource \"%s\": not found", facts[kind].singular,
		       name);
}

static int
by_name(const void *a, const void *b)
{
	return strcasecmp((*(struct named *const *)a)->name, (*(struct named *const *)b)->name);
}

enum err_code
res_select(struct shell *sh, enum res_kind kind, struct named **out, struct err *err)
{
	OWNED(freep) struct named **list = NULL;
	size_t n = res_list(sh, kind, &list), at;

	qsort(list, n, sizeof(struct named *), by_name);
	OWNED(freep) const char **items = NEW_ARRAY(const char *, n + 1);
	for (size_t i = 0; i < n; i++)
		items[i] = list[i]->name;
	struct ask_list ask = { .kind = facts[kind].singular,
				.header = facts[kind].header,
				.question = facts[kind].question,
				.items = items,
				.n = n };
	if (ask_select(sh, &ask, &at, err) != ERR_OK)
		return err->code;
	*out = list[at];
	return ERR_OK;
}

enum err_code
res_pick(struct shell *sh, enum res_kind kind, const char *const *keys, struct named **out,
	 struct err *err)
{
	const char *name = args_value_of(&sh->args, keys);

	if (name != NULL && strcmp(name, "?") != 0)
		return res_resolve(sh, kind, name, out, err);
	return res_select(sh, kind, out, err);
}
