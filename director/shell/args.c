#include "director/shell/args.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "lib/base/buf.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"

#define WORD_MAX 65536u

void
args_release(struct args *a)
{
	for (size_t i = 0; i < a->n; i++) {
		free(a->v[i].key);
		free(a->v[i].value);
	}
	*a = (struct args){ 0 };
}

/* One word from *p on, quotes and backslashes resolved; *eq is where its first '=' stands. */
static enum err_code
take_word(const char **p, struct buf *word, size_t *eq, struct err *err)
{
	bool quoted = false;
	const char *s = *p;

	buf_clear(word);
	*eq = SIZE_MAX;
	for (; *s != '\0' && (quoted || !isspace((unsigned char)*s)); s++) {
		if (*s == '"') {
			quoted = !quoted;
			continue;
		}
		if (*s == '\\' && s[1] != '\0')
			s++;
		else if (*s == '=' && *eq == SIZE_MAX)
			*eq = word->len;
		if (word->len == WORD_MAX)
			return err_set(
				err, ERR_LIMIT,
				"A word of the command line, \"%.20s...\", is longer than %u "
				"bytes",
				buf_str(word), WORD_MAX);
		buf_put(word, s, 1);
	}
	if (quoted)
		return err_set(err, ERR_FORMAT, "Missing closing quote in the command line");
	*p = s;
	return ERR_OK;
}

enum err_code
args_parse(const char *line, struct args *out, struct err *err)
{
	OWNED(args_release) struct args a = { 0 };
	OWNED(buf_release) struct buf word = BUF_INIT(WORD_MAX);

	for (const char *p = line;;) {
		size_t eq;

		while (isspace((unsigned char)*p))
			p++;
		if (*p == '\0')
			break;
		if (a.n == ARGS_MAX)
			return err_set(err, ERR_LIMIT, "More than %d words in the command line",
				       ARGS_MAX);
		if (take_word(&p, &word, &eq, err) != ERR_OK)
			return err->code;
		const char *text = buf_str(&word);
		size_t key_len = eq == SIZE_MAX ? word.len : eq;
		a.v[a.n].key = str_ndup(text, key_len);
		a.v[a.n].value = eq == SIZE_MAX ? NULL : str_dup(text + eq + 1);
		a.n++;
	}
	*out = a;
	a = (struct args){ 0 };
	return ERR_OK;
}

int
args_find(const struct args *a, size_t at, const char *key)
{
	for (size_t i = at; i < a->n; i++)
		if (strcasecmp(a->v[i].key, key) == 0)
			return (int)i;
	return -1;
}

bool
args_has(const struct args *a, const char *key)
{
	return args_find(a, 1, key) >= 0;
}

const char *
args_value(const struct args *a, const char *key)
{
	for (int i = args_find(a, 1, key); i >= 0; i = args_find(a, (size_t)i + 1, key))
		if (a->v[i].value != NULL)
			return a->v[i].value;
	return NULL;
}

const char *
args_value_of(const struct args *a, const char *const *keys)
{
	for (; *keys != NULL; keys++) {
		const char *v = args_value(a, *keys);

		if (v != NULL)
			return v;
	}
	return NULL;
}

bool
args_is_among(const char *word, const char *const *list)
{
	while (*list != NULL && strcasecmp(word, *list) != 0)
		list++;
	return *list != NULL;
}

static const char *
unknown(const struct args *a, size_t at, const char *const *known, bool with_value)
{
	for (size_t i = at; i < a->n; i++)
		if ((with_value || a->v[i].value == NULL) && !args_is_among(a->v[i].key, known))
			return a->v[i].key;
	return NULL;
}

const char *
args_unknown(const struct args *a, size_t at, const char *const *known)
{
	return unknown(a, at, known, true);
}

const char *
args_unknown_bare(const struct args *a, size_t at, const char *const *known)
{
	return unknown(a, at, known, false);
}

char *
args_word(const struct args *a, size_t i)
{
	const struct arg *w = &a->v[i];

	return w->value == NULL ? str_dup(w->key) : str_printf("%s=%s", w->key, w->value);
}

void
args_add(struct args *a, const char *key, const char *value)
{
	if (a->n == ARGS_MAX)
		return;
	a->v[a->n].key = str_dup(key);
	a->v[a->n].value = value == NULL ? NULL : str_dup(value);
	a->n++;
}

bool
args_is_prefix(const char *key, const char *word)
{
	size_t n = strlen(key);

	return n > 0 && n <= strlen(word) && strncasecmp(key, word, n) == 0;
}
