/*
 * What regcomp makes of an expression grows with the repetitions written out ("a{3}" is "aaa",
 * "a+" is "aa*"), those of a group once more for what is in it; and for each place where a match
 * may go on in two ways with the number of all such places.  It recurses for each group.
 */
#include "lib/base/regexp.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "lib/base/num.h"

struct cost {
	uint64_t size, forks;
};

/* One group, up to here: what is before its last item, and that, which a repetition is about. */
struct level {
	struct cost before, last;
};

struct judge {
	const char *p;
	struct level level[REGEXP_DEPTH_MAX + 1];
	size_t depth;
};

static struct cost
sum(struct cost a, struct cost b)
{
	return (struct cost){ a.size + b.size, a.forks + b.forks };
}

static void
begin_item(struct judge *j, struct cost cost)
{
	struct level *l = &j->level[j->depth];

	l->before = sum(l->before, l->last);
	l->last = cost;
}

/* The last item so many times, in so many more ways. */
static void
repeat(struct judge *j, uint64_t times, uint64_t forks)
{
	struct cost *last = &j->level[j->depth].last;

	last->size *= times > 0 ? times : 1;
	last->forks = last->forks * (times > 0 ? times : 1) + forks;
}

/* Behind "[". */
static void
skip_bracket(struct judge *j)
{
	j->p += *j->p == '^';
	j->p += *j->p == ']';
	while (*j->p != '\0' && *j->p != ']') {
		char kind = j->p[1];

		if (*j->p == '[' && kind != '\0' && strchr(".:=", kind) != NULL) {
			const char end[] = { kind, ']', '\0' }, *to = strstr(j->p + 2, end);

			j->p = to != NULL ? to + 1 : j->p;
		}
		j->p++;
	}
	j->p += *j->p == ']';
}

static uint64_t
take_number(const char **p, uint64_t fallback)
{
	uint64_t n = 0;

	if (!isdigit((unsigned char)**p))
		return fallback;
	for (; isdigit((unsigned char)**p); (*p)++)
		n = u64_min(n * 10 + (uint64_t)(**p - '0'), RE_DUP_MAX + 1);
	return n;
}

/* Behind "{"; what is no repetition is a letter. */
static void
take_braces(struct judge *j)
{
	const char *p = j->p;
	uint64_t least = take_number(&p, 0), most = least;
	bool endless = false;

	if (*p == ',') {
		p++;
		endless = *p == '}';
		most = endless ? least + 1 : take_number(&p, 0);
	}
	if (*p != '}' || p == j->p) {
		begin_item(j, (struct cost){ 1, 0 });
		return;
	}
	j->p = p + 1;
	repeat(j, most, endless ? 1 : most - u64_min(least, most));
}

static struct cost
whole_of(const struct judge *j)
{
	struct cost whole = { 0, 0 };

	for (size_t i = 0; i <= j->depth; i++)
		whole = sum(whole, sum(j->level[i].before, j->level[i].last));
	return whole;
}

/* False: too many parentheses are open. */
static bool
take_one(struct judge *j)
{
	struct level *l = &j->level[j->depth];

	switch (*j->p++) {
	case '\\':
		j->p += *j->p != '\0';
		begin_item(j, (struct cost){ 1, 0 });
		break;
	case '[':
		skip_bracket(j);
		begin_item(j, (struct cost){ 1, 0 });
		break;
	case '(':
		if (j->depth == REGEXP_DEPTH_MAX)
			return false;
		j->level[++j->depth] = (struct level){ .before = { 1, 0 } };
		break;
	case ')':
		if (j->depth == 0) {
			begin_item(j, (struct cost){ 1, 0 });
			break;
		}
		j->depth--;
		begin_item(j, sum(l->before, l->last));
		break;
	case '|':
		begin_item(j, (struct cost){ 1, 1 });
		break;
	case '*':
	case '?':
		repeat(j, 1, 1);
		break;
	case '+':
		repeat(j, 2, 1);
		break;
	case '{':
		take_braces(j);
		break;
	default:
		begin_item(j, (struct cost){ 1, 0 });
		break;
	}
	return true;
}

static enum err_code
judge(const char *text, struct err *err)
{
	struct judge j = { .p = text };

	while (*j.p != '\0') {
		struct cost whole;

		if (!take_one(&j))
			return err_set(err, ERR_CONFIG, "more than %u parentheses in one another",
				       REGEXP_DEPTH_MAX);
		whole = whole_of(&j);
		if (whole.size > REGEXP_SIZE_MAX || whole.forks > REGEXP_FORKS_MAX)
			return err_set(err, ERR_CONFIG, "too long, or it repeats too much");
	}
	return ERR_OK;
}

enum err_code
regexp_compile(const char *text, int flags, regex_t *out, struct err *err)
{
	char why[128];
	int rc;

	assert((flags & REG_EXTENDED) != 0);
	if (judge(text, err) != ERR_OK)
		return err->code;
	rc = regcomp(out, text, flags);
	if (rc == 0)
		return ERR_OK;
	(void)regerror(rc, out, why, sizeof(why));
	return err_set(err, ERR_CONFIG, "%s", why);
}
