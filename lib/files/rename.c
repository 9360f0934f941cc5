#include "lib/files/rename.h"

#include <ctype.h>

#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/regexp.h"

#define GROUPS_MAX 10

struct rule {
	regex_t regex;
	char *replacement; /* owned */
	bool global;
};

struct rename_rules {
	struct rule *v; /* owned */
	size_t n, cap;
};

void
rename_rules_free(struct rename_rules *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->n; i++) {
		regfree(&r->v[i].regex);
		free(r->v[i].replacement);
	}
	free(r->v);
	free(r);
}

void
rename_rules_freep(struct rename_rules **r)
{
	rename_rules_free(*r);
	*r = NULL;
}

/* Text up to the separator, which is consumed; an escaped separator stands for itself. */
static enum err_code
take_part(const char **p, char separator, struct buf *out, struct err *err)
{
	buf_clear(out);
	for (; **p != separator; (*p)++) {
		if (**p == '\0')
			return err_set(err, ERR_CONFIG, "three separators '%c' expected",
				       separator);
		if (**p == '\\' && (*p)[1] == separator)
			(*p)++;
		if (buf_append(out, *p, 1, err) != ERR_OK)
			return err->code;
	}
	(*p)++;
	return ERR_OK;
}

static enum err_code
take_rule(struct rename_rules *r, const char **p, struct err *err)
{
	OWNED(buf_release) struct buf from = BUF_INIT(64 * 1024);
	OWNED(buf_release) struct buf to = BUF_INIT(64 * 1024);
	struct rule rule = { .global = false };
	char separator = *(*p)++;
	int flags = REG_EXTENDED;

	if (take_part(p, separator, &from, err) != ERR_OK ||
	    take_part(p, separator, &to, err) != ERR_OK)
		return err->code;
	for (; **p != '\0' && **p != ','; (*p)++) {
		if (**p == 'i')
			flags |= REG_ICASE;
		else if (**p == 'g')
			rule.global = true;
		else
			return err_set(err, ERR_CONFIG, "flag '%c' is unknown", **p);
	}
	if (regexp_compile(buf_str(&from), flags, &rule.regex, err) != ERR_OK)
		return err_ctx(err, "expression \"%.200s\"", buf_str(&from));
	rule.replacement = buf_take_str(&to);
	r->v = (struct rule *)mem_grow(r->v, r->n, &r->cap, sizeof(*r->v));
	r->v[r->n++] = rule;
	return ERR_OK;
}

enum err_code
rename_rules_new(const char *regexwhere, struct rename_rules **out, struct err *err)
{
	OWNED(rename_rules_freep) struct rename_rules *r = NEW(struct rename_rules);
	const char *p = regexwhere;

	for (;;) {
		while (*p == ' ' || *p == ',')
			p++;
		if (*p == '\0')
			break;
		if (take_rule(r, &p, err) != ERR_OK)
			return err_ctx(err, "regexwhere %.200s", regexwhere);
	}
	if (r->n == 0)
		return err_set(err, ERR_CONFIG, "regexwhere is empty");
	*out = TAKE_PTR(r);
	return ERR_OK;
}

static enum err_code
put_replacement(const char *text, const char *subject, const regmatch_t *m, struct buf *out,
		struct err *err)
{
	for (; *text != '\0'; text++) {
		if ((*text == '$' || *text == '\\') && isdigit((unsigned char)text[1])) {
			const regmatch_t *g = &m[*++text - '0'];

			if (g->rm_so >= 0 &&
			    buf_append(out, subject + g->rm_so, (size_t)(g->rm_eo - g->rm_so),
				       err) != ERR_OK)
				return err->code;
		} else if (buf_append(out, text, 1, err) != ERR_OK) {
			return err->code;
		}
	}
	return ERR_OK;
}

static enum err_code
apply_rule(const struct rule *rule, const char *name, struct buf *out, struct err *err)
{
	regmatch_t m[GROUPS_MAX];
	int flags = 0;

	buf_clear(out);
	while (regexec(&rule->regex, name, GROUPS_MAX, m, flags) == 0) {
		size_t before = (size_t)m[0].rm_so;
		/* A match of nothing must not be found again at the same place. */
		size_t step = (size_t)m[0].rm_eo + (m[0].rm_eo == m[0].rm_so);

		if (buf_append(out, name, before, err) != ERR_OK ||
		    put_replacement(rule->replacement, name, m, out, err) != ERR_OK)
			return err->code;
		if (step > (size_t)m[0].rm_eo) {
			if (name[m[0].rm_eo] == '\0')
				return ERR_OK;
			if (rule->global && buf_append(out, name + m[0].rm_eo, 1, err) != ERR_OK)
				return err->code;
		}
		name += rule->global ? step : (size_t)m[0].rm_eo;
		flags = REG_NOTBOL;
		if (!rule->global)
			break;
	}
	return buf_append(out, name, strlen(name), err);
}

enum err_code
rename_apply(const struct rename_rules *r, struct bytes name, struct buf *out, struct err *err)
{
	OWNED(freep) char *text = str_ndup((const char *)name.p, name.n);

	for (size_t i = 0; i < r->n; i++) {
		if (apply_rule(&r->v[i], text, out, err) != ERR_OK)
			return err->code;
		free(text);
		text = str_ndup((const char *)out->p, out->len);
	}
	return ERR_OK;
}
