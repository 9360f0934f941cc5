#include "lib/conf/value_set.h"

#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/units.h"
#include "lib/crypto/digest.h"

#include <ctype.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define STR127_MAX 127

void
str_list_add(struct str_list *l, const char *s)
{
	l->v = (char **)mem_resize(l->v, l->n + 1, sizeof(*l->v));
	l->v[l->n++] = str_dup(s);
}

void
str_list_release(struct str_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	*l = (struct str_list){ .v = NULL };
}

bool
str_list_has(const struct str_list *l, const char *s)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i], s) == 0)
			return true;
	return false;
}

static enum err_code
bad_character(unsigned char c, struct err *err)
{
	char shown[16];

	if (isascii(c) && isprint(c))
		snprintf(shown, sizeof(shown), "%c", c);
	else
		snprintf(shown, sizeof(shown), "byte 0x%02x", c);
	return err_set(err, ERR_CONFIG, "a name may hold A-Z a-z 0-9 : . - _ / and blanks, not %s",
		       shown);
}

enum err_code
conf_name_check(const char *name, struct err *err)
{
	size_t n = strlen(name);

	if (n == 0)
		return err_set(err, ERR_CONFIG, "a name cannot be empty");
	if (n > STR127_MAX)
		return err_set(err, ERR_CONFIG, "a name has at most %d bytes, this one %zu",
			       STR127_MAX, n);
	if (name[0] == ' ' || name[n - 1] == ' ')
		return err_set(err, ERR_CONFIG, "a name cannot begin or end with a blank");
	for (const unsigned char *p = (const unsigned char *)name; *p != '\0'; p++)
		if (!(isascii(*p) && isalnum(*p)) && strchr(":.-_/ ", *p) == NULL)
			return bad_character(*p, err);
	return ERR_OK;
}

/* ---- paths ---- */

static const char *
home_of(const char *user, size_t n)
{
	OWNED(freep) char *name = str_ndup(user, n);
	const struct passwd *pw = n > 0 ? getpwnam(name) : getpwuid(geteuid());

	if (n == 0 && getenv("HOME") != NULL)
		return getenv("HOME");
	return pw != NULL ? pw->pw_dir : NULL;
}

/* $NAME or ${NAME} at *p, appended. */
static enum err_code
expand_variable(const char **p, struct buf *out, struct err *err)
{
	const char *name = *p + 1, *end;
	bool braces = *name == '{';
	OWNED(freep) char *copy = NULL;
	const char *value;

	name += braces;
	for (end = name; isalnum((unsigned char)*end) || *end == '_'; end++)
		;
	if (end == name || (braces && *end != '}'))
		return buf_append(out, (*p)++, 1, err);
	copy = str_ndup(name, (size_t)(end - name));
	value = getenv(copy);
	if (value == NULL)
		return err_set(err, ERR_CONFIG, "environment variable %s is not set", copy);
	*p = end + braces;
	return buf_append(out, value, strlen(value), err);
}

static enum err_code
expand_path(struct conf_gen *g, const char *text, char **out, struct err *err)
{
	OWNED(buf_release) struct buf b = BUF_INIT(PATH_MAX - 1);
	const char *p = text;
	enum err_code rc = ERR_OK;

	if (strchr(text, '`') != NULL || strstr(text, "$(") != NULL)
		return err_set(err, ERR_CONFIG,
			       "a path is never given to a shell; ` and $( cannot stand in it");
	if (*p == '~') {
		size_t n = strcspn(p + 1, "/");
		const char *home = home_of(p + 1, n);

		if (home == NULL)
			return err_set(err, ERR_CONFIG, "there is no home directory for %.*s",
				       (int)n + 1, p);
		rc = buf_append(&b, home, strlen(home), err);
		p += 1 + n;
	}
	while (rc == ERR_OK && *p != '\0')
		rc = *p == '$' ? expand_variable(&p, &b, err) : buf_append(&b, p++, 1, err);
	if (rc != ERR_OK)
		return rc;
	*out = conf_strndup(g, buf_str(&b), b.len);
	return ERR_OK;
}

/* ---- passwords ---- */

#define EMPTY_MD5 "d41d8cd98f00b204e9800998ecf8427e"

static enum err_code
set_password(const struct conf_row *row, struct secret *slot, const char *text, struct err *err)
{
	char digits[DIGEST_PW_HASH_LEN + 1];
	bool hashed = strncmp(text, "[md5]", 5) == 0;

	if (!hashed) {
		digest_pw_hash(bytes_str(text), digits);
	} else {
		const char *p = text + 5;

		if (strlen(p) != DIGEST_PW_HASH_LEN)
			return err_set(
				err, ERR_CONFIG,
				"\"[md5]\" wants 32 hex digits behind it, not %zu characters",
				strlen(p));
		for (size_t i = 0; i <= DIGEST_PW_HASH_LEN; i++) {
			if (p[i] != '\0' && !isxdigit((unsigned char)p[i]))
				return err_set(err, ERR_CONFIG,
					       "\"[md5]\" wants hex digits behind it");
			digits[i] = (char)tolower((unsigned char)p[i]);
		}
	}
	if ((row->flags & CONF_REQUIRED) != 0 && strcmp(digits, EMPTY_MD5) == 0)
		return err_set(err, ERR_CONFIG, "the password is empty");
	secret_set(slot, bytes_str(digits));
	explicit_bzero(digits, sizeof(digits));
	return ERR_OK;
}

/* ---- keywords ---- */

static enum err_code
set_keyword(const struct conf_row *row, unsigned *slot, const char *text, struct err *err)
{
	OWNED(buf_release) struct buf words = BUF_INIT(4096);

	for (const struct conf_word *w = row->words; w->word != NULL; w++) {
		if (strcasecmp(w->word, text) == 0) {
			*slot = w->value;
			return ERR_OK;
		}
		if (w->note == NULL)
			buf_text(&words, "%s%s", words.len > 0 ? ", " : "", w->word);
	}
	return err_set(err, ERR_CONFIG, "accepted: %s", buf_str(&words));
}

/* ---- numbers ---- */

static enum err_code
set_number(const struct conf_row *row, void *slot, const char *text, struct err *err)
{
	static const uint64_t type_max[CONF_VALUE_KINDS] = {
		[CONF_UINT16] = UINT16_MAX,
		[CONF_UINT32] = UINT32_MAX,
	};
	uint64_t v;
	uint32_t v32;
	enum err_code rc = units_u64(text, row->min, row->max != 0 ? row->max : type_max[row->type],
				     &v, err);

	if (rc != ERR_OK)
		return rc;
	v32 = (uint32_t)v;
	memcpy(slot, &v32, sizeof(v32));
	return ERR_OK;
}

static enum err_code
set_size(const struct conf_row *row, void *slot, const char *text, struct err *err)
{
	uint64_t v, max = row->max;
	enum err_code rc = row->type == CONF_SPEED ? units_speed(text, &v, err)
						   : units_size(text, &v, err);

	if (rc != ERR_OK)
		return rc;
	if (max == 0)
		max = row->type == CONF_SIZE32 ? UINT32_MAX : UINT64_MAX;
	if (v < row->min || v > max)
		return err_set(err, ERR_CONFIG, "%llu is outside %llu to %llu",
			       (unsigned long long)v, (unsigned long long)row->min,
			       (unsigned long long)max);
	memcpy(slot, &v, sizeof(v));
	return ERR_OK;
}

static enum err_code
set_text(struct conf_gen *g, const struct conf_row *row, char **slot, const char *text,
	 struct err *err)
{
	bool expand = row->type == CONF_PATH || (row->type == CONF_PATH_CMD && text[0] != '|');
	enum err_code rc = ERR_OK;
	char *copy;

	if (row->type == CONF_NAME)
		rc = conf_name_check(text, err);
	else if (row->type == CONF_STR127 && strlen(text) > (row->max != 0 ? row->max : STR127_MAX))
		rc = err_set(err, ERR_CONFIG, "a text of %zu bytes is longer than %llu",
			     strlen(text),
			     (unsigned long long)(row->max != 0 ? row->max : STR127_MAX));
	if (rc != ERR_OK)
		return rc;
	if (expand)
		return expand_path(g, text, slot, err);
	copy = conf_strdup(g, text);
	*slot = copy;
	return ERR_OK;
}

enum err_code
conf_value_set(struct conf_gen *g, const struct conf_row *row, void *slot, const char *text,
	       struct err *err)
{
	int64_t i64;
	int32_t i32;
	enum err_code rc;
	bool b;

	switch (row->type) {
	case CONF_NAME:
	case CONF_STR:
	case CONF_STR127:
	case CONF_PATH:
	case CONF_PATH_CMD:
	case CONF_ADDR:
		return set_text(g, row, (char **)slot, text, err);
	case CONF_BOOL:
		if (!units_bool(text, &b))
			return err_set(err, ERR_CONFIG, "accepted: yes, no, true, false, on, off");
		memcpy(slot, &b, sizeof(b));
		return ERR_OK;
	case CONF_UINT16:
	case CONF_UINT32:
		return set_number(row, slot, text, err);
	case CONF_INT32:
		rc = units_i64(text, INT32_MIN, INT32_MAX, &i64, err);
		if (rc == ERR_OK) {
			i32 = (int32_t)i64;
			memcpy(slot, &i32, sizeof(i32));
		}
		return rc;
	case CONF_SIZE:
	case CONF_SIZE32:
	case CONF_SPEED:
		return set_size(row, slot, text, err);
	case CONF_TIME:
		return units_time(text, (int64_t *)slot, err);
	case CONF_PASSWORD:
		return set_password(row, (struct secret *)slot, text, err);
	case CONF_SECRET:
		secret_set((struct secret *)slot, bytes_str(text));
		return ERR_OK;
	case CONF_KEYWORD:
		return set_keyword(row, (unsigned *)slot, text, err);
	default:
		return err_set(err, ERR_BUG, "%s has no value of one text", row->name);
	}
}

enum err_code
conf_list_set(struct conf_gen *g, const struct conf_row *row, struct str_list *l, const char *text,
	      struct err *err)
{
	OWNED(freep) char *rest = NULL;
	char *copy = NULL, *from;

	switch (row->type) {
	case CONF_PATH_LIST:
		if (expand_path(g, text, &copy, err) != ERR_OK)
			return err->code;
		conf_list_add(g, l, copy);
		return ERR_OK;
	case CONF_NAMES:
		from = rest = str_dup(text);
		for (char *word; (word = strsep(&from, ":,")) != NULL;)
			if (word[0] != '\0')
				conf_list_add(g, l, word);
		return ERR_OK;
	case CONF_ACL_LIST:
		if (conf_acl_entry_check(text, err) != ERR_OK)
			return err->code;
		conf_list_add(g, l, text);
		return ERR_OK;
	default:
		conf_list_add(g, l, text);
		return ERR_OK;
	}
}
