/*
 * lib/conf/show.c - resources as text and as JSON, from the same walk over the rows
 *
 * Rule: the text parses back to the same configuration.  Spec: config.md 8.1, 8.3
 */
#include "lib/conf/show.h"

#include "lib/base/units.h"
#include "lib/conf/messages.h"
#include "lib/conf/value_set.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#define DEPTH_MAX 8

struct conf_show {
	struct buf *out;
	unsigned flags;
	bool json;
	bool comment; /* verbose: a value not written here */
	unsigned depth;
	bool some[DEPTH_MAX]; /* JSON: a member stands at this depth */
};

bool
conf_show_is_json(const struct conf_show *s)
{
	return s->json;
}

bool
conf_show_is_verbose(const struct conf_show *s)
{
	return (s->flags & CONF_SHOW_VERBOSE) != 0;
}

static void
put_json_string(struct buf *out, const char *text)
{
	buf_put(out, "\"", 1);
	for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
		if (*p == '"' || *p == '\\')
			buf_text(out, "\\%c", *p);
		else if (*p < 0x20)
			buf_text(out, "\\u%04x", *p);
		else
			buf_put(out, p, 1);
	}
	buf_put(out, "\"", 1);
}

static void
put_quoted(struct buf *out, const char *text)
{
	buf_put(out, "\"", 1);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			buf_put(out, "\\", 1);
		buf_put(out, text, 1);
	}
	buf_put(out, "\"", 1);
}

static void
indent(struct conf_show *s)
{
	if (s->comment)
		buf_put(s->out, "# ", 2);
	buf_text(s->out, "%*s", (int)(2 * s->depth), "");
}

/* What stands in front of a value: "Name = ", or "name": with its comma. */
static void
put_key(struct conf_show *s, const char *directive, size_t nth)
{
	if (!s->json) {
		indent(s);
		buf_text(s->out, "%s = ", directive);
		return;
	}
	if (nth != CONF_SHOW_ONE && nth > 0) {
		buf_put(s->out, ",", 1);
		return;
	}
	if (s->some[s->depth])
		buf_put(s->out, ",", 1);
	s->some[s->depth] = true;
	buf_put(s->out, "\"", 1);
	for (const char *p = directive; *p != '\0'; p++)
		buf_text(s->out, "%c", tolower((unsigned char)*p));
	buf_text(s->out, "\":%s", nth == CONF_SHOW_ONE ? "" : "[");
}

static void
end_line(struct conf_show *s)
{
	if (!s->json)
		buf_put(s->out, "\n", 1);
}

void
conf_show_raw(struct conf_show *s, const char *directive, const char *text, size_t nth)
{
	put_key(s, directive, nth);
	if (s->json)
		put_json_string(s->out, text);
	else
		buf_text(s->out, "%s", text);
	end_line(s);
}

void
conf_show_quoted(struct conf_show *s, const char *directive, const char *text, size_t nth)
{
	put_key(s, directive, nth);
	if (s->json)
		put_json_string(s->out, text);
	else
		put_quoted(s->out, text);
	end_line(s);
}

void
conf_show_bool(struct conf_show *s, const char *directive, bool value)
{
	put_key(s, directive, CONF_SHOW_ONE);
	if (s->json)
		buf_text(s->out, "%s", value ? "true" : "false");
	else
		buf_text(s->out, "%s", value ? "Yes" : "No");
	end_line(s);
}

static void
show_number(struct conf_show *s, const char *directive, long long value)
{
	put_key(s, directive, CONF_SHOW_ONE);
	buf_text(s->out, "%lld", value);
	end_line(s);
}

void
conf_show_open(struct conf_show *s, const char *word, size_t nth)
{
	if (s->json) {
		put_key(s, word, nth);
		buf_put(s->out, "{", 1);
	} else {
		indent(s);
		buf_text(s->out, "%s {\n", word);
	}
	if (s->depth + 1 < DEPTH_MAX)
		s->depth++;
	s->some[s->depth] = false;
}

void
conf_show_close(struct conf_show *s)
{
	s->depth--;
	if (s->json) {
		buf_put(s->out, "}", 1);
	} else {
		indent(s);
		buf_put(s->out, "}\n", 2);
	}
}

void
conf_show_end(struct conf_show *s)
{
	if (s->json)
		buf_put(s->out, "]", 1);
}

/* ---- rows ---- */

static void
show_secret(struct conf_show *s, const struct conf_row *row, const struct secret *secret)
{
	char text[64];
	struct bytes b = secret_bytes(secret);

	if ((s->flags & CONF_SHOW_SECRETS) == 0) {
		conf_show_quoted(s, row->name, "****************", CONF_SHOW_ONE);
	} else if (row->type == CONF_PASSWORD) {
		snprintf(text, sizeof(text), "[md5]%.*s", BYTES_ARG(b));
		conf_show_quoted(s, row->name, text, CONF_SHOW_ONE);
		explicit_bzero(text, sizeof(text));
	} else {
		conf_show_quoted(s, row->name, secret->p != NULL ? secret->p : "", CONF_SHOW_ONE);
	}
}

static void
show_list(struct conf_show *s, const struct conf_row *row, const struct str_list *l)
{
	bool one_line = row->type == CONF_ACL_LIST || row->type == CONF_DEVICES ||
			strcmp(row->name, "AuditEvents") == 0;

	if (s->json || !one_line) {
		for (size_t i = 0; i < l->n; i++)
			conf_show_quoted(s, row->name, l->v[i], i);
		if (l->n > 0)
			conf_show_end(s);
		return;
	}
	if (l->n == 0)
		return;
	put_key(s, row->name, CONF_SHOW_ONE);
	for (size_t i = 0; i < l->n; i++) {
		if (i > 0)
			buf_put(s->out, ", ", 2);
		put_quoted(s->out, l->v[i]);
	}
	end_line(s);
}

static void
show_refs(struct conf_show *s, const struct conf_res *res, const struct conf_row *row,
	  const void *slot)
{
	struct conf_res *const *v;
	size_t n;

	memcpy(&v, slot, sizeof(v));
	memcpy(&n, (const char *)slot - row->at + row->at_n, sizeof(n));
	(void)res;
	for (size_t i = 0; i < n; i++)
		if (v[i] != NULL)
			conf_show_quoted(s, row->name, conf_res_name(v[i]), i);
	if (n > 0)
		conf_show_end(s);
}

static void
show_addresses(struct conf_show *s, const struct conf_addrs *l)
{
	if (!s->json) {
		indent(s);
		buf_put(s->out, "Addresses = {\n", 14);
		s->depth++;
	}
	for (size_t i = 0; i < l->n; i++) {
		const char *family = l->v[i].ipv6_only ? "ipv6" : "ipv4";

		if (s->json) {
			buf_text(s->out, "%s{\"%s\":{",
				 i > 0        ? ","
				 : s->some[1] ? ",\"addresses\":["
					      : "\"addresses\":[",
				 family);
			if (l->v[i].host[0] != '\0') {
				buf_put(s->out, "\"addr\":", 7);
				put_json_string(s->out, l->v[i].host);
				buf_put(s->out, ",", 1);
			}
			buf_text(s->out, "\"port\":%u}}", l->v[i].port);
			continue;
		}
		indent(s);
		buf_text(s->out, "%s = {\n", family);
		s->depth++;
		if (l->v[i].host[0] != '\0') {
			indent(s);
			buf_text(s->out, "addr = \"%s\"\n", l->v[i].host);
		}
		indent(s);
		buf_text(s->out, "port = %u\n", l->v[i].port);
		s->depth--;
		indent(s);
		buf_put(s->out, "}\n", 2);
	}
	if (s->json) {
		buf_put(s->out, "]", 1);
		s->some[s->depth] = true;
		return;
	}
	s->depth--;
	indent(s);
	buf_put(s->out, "}\n", 2);
}

static bool
is_plain_target(const char *t)
{
	if (*t == '@' || *t == '\0')
		return false;
	for (; *t != '\0'; t++)
		if (!isalnum((unsigned char)*t) && strchr("/._-:@+%", *t) == NULL)
			return false;
	return true;
}

static void
show_dest_text(struct conf_show *s, const struct conf_msg_dest *d)
{
	indent(s);
	for (const char *p = conf_msg_dest_word(d->kind); *p != '\0'; p++)
		buf_text(s->out, "%c", tolower((unsigned char)*p));
	buf_put(s->out, " = ", 3);
	if (d->kind == CONF_DEST_SYSLOG && d->facility != LOG_DAEMON)
		buf_text(s->out, "%s = ", conf_facility_word(d->facility));
	if (d->target != NULL && is_plain_target(d->target))
		buf_text(s->out, "%s = ", d->target);
	else if (d->target != NULL) {
		put_quoted(s->out, d->target);
		buf_put(s->out, " = ", 3);
	}
	conf_msg_types_text(d->types, s->out);
	buf_put(s->out, "\n", 1);
}

/* JSON: the destinations of one kind, an array when there are several. */
static void
show_dests_json(struct conf_show *s, const struct conf_messages *m, enum conf_msg_dest_kind kind)
{
	size_t n = 0, nth = 0;

	for (size_t i = 0; i < m->n_dest; i++)
		n += m->dest[i].kind == kind;
	for (size_t i = 0; i < m->n_dest; i++) {
		struct buf types = BUF_INIT(1024);

		if (m->dest[i].kind != kind)
			continue;
		conf_show_open(s, conf_msg_dest_word(kind), n == 1 ? CONF_SHOW_ONE : nth++);
		conf_msg_types_text(m->dest[i].types, &types);
		conf_show_raw(s, "what", buf_str(&types), CONF_SHOW_ONE);
		if (m->dest[i].target != NULL)
			conf_show_raw(s, "where", m->dest[i].target, CONF_SHOW_ONE);
		else if (kind == CONF_DEST_SYSLOG)
			conf_show_raw(s, "where", conf_facility_word(m->dest[i].facility),
				      CONF_SHOW_ONE);
		conf_show_close(s);
		buf_release(&types);
	}
	if (n > 1)
		conf_show_end(s);
}

/* All destinations at the first of their rows: their order is that of creation. */
static void
show_dests(struct conf_show *s, const struct conf_res *res, const struct conf_row *row)
{
	const struct conf_messages *m = (const struct conf_messages *)res;

	if (strcmp(row->name, conf_msg_dest_word(CONF_DEST_SYSLOG)) != 0)
		return;
	if (s->json)
		for (int k = CONF_DEST_SYSLOG; k <= CONF_DEST_CATALOG; k++)
			show_dests_json(s, m, (enum conf_msg_dest_kind)k);
	else
		for (size_t i = 0; i < m->n_dest; i++)
			show_dest_text(s, &m->dest[i]);
}

static const char *
keyword_of(const struct conf_row *row, unsigned value)
{
	for (const struct conf_word *w = row->words; w->word != NULL; w++)
		if (w->value == value)
			return w->word;
	return NULL;
}

static void
show_row(struct conf_show *s, const struct conf_res *res, const struct conf_row *row,
	 const void *slot)
{
	char text[UNITS_TEXT_MAX];
	const char *str;
	void *p;

	switch (row->type) {
	case CONF_NAME:
	case CONF_STR:
	case CONF_STR127:
	case CONF_PATH:
	case CONF_PATH_CMD:
	case CONF_ADDR:
		str = *(char *const *)slot;
		if (str != NULL)
			conf_show_quoted(s, row->name, str, CONF_SHOW_ONE);
		break;
	case CONF_BOOL:
		conf_show_bool(s, row->name, *(const bool *)slot);
		break;
	case CONF_UINT16:
	case CONF_UINT32:
		show_number(s, row->name, *(const uint32_t *)slot);
		break;
	case CONF_INT32:
		show_number(s, row->name, *(const int32_t *)slot);
		break;
	case CONF_SPEED:
		snprintf(text, sizeof(text), "%llu", (unsigned long long)*(const uint64_t *)slot);
		conf_show_raw(s, row->name, text, CONF_SHOW_ONE);
		break;
	case CONF_SIZE:
	case CONF_SIZE32:
		conf_show_raw(s, row->name, units_size_text(*(const uint64_t *)slot, text),
			      CONF_SHOW_ONE);
		break;
	case CONF_TIME:
		conf_show_raw(s, row->name, units_time_text(*(const int64_t *)slot, text),
			      CONF_SHOW_ONE);
		break;
	case CONF_PASSWORD:
	case CONF_SECRET:
		show_secret(s, row, (const struct secret *)slot);
		break;
	case CONF_LIST:
	case CONF_DEVICES:
	case CONF_PATH_LIST:
	case CONF_NAMES:
	case CONF_ACL_LIST:
		show_list(s, row, (const struct str_list *)slot);
		break;
	case CONF_KEYWORD:
		str = keyword_of(row, *(const unsigned *)slot);
		if (str != NULL)
			conf_show_raw(s, row->name, str, CONF_SHOW_ONE);
		break;
	case CONF_REF:
		memcpy(&p, slot, sizeof(p));
		if (p != NULL)
			conf_show_quoted(s, row->name, conf_res_name((const struct conf_res *)p),
					 CONF_SHOW_ONE);
		break;
	case CONF_REFS:
		show_refs(s, res, row, slot);
		break;
	case CONF_LISTEN:
		show_addresses(s, (const struct conf_addrs *)slot);
		break;
	case CONF_MSGDEST:
		show_dests(s, res, row);
		break;
	case CONF_CUSTOM:
		row->custom->show(s, res, row, slot);
		break;
	default:
		break;
	}
}

/* ---- which rows ---- */

static bool
is_scalar(enum conf_value t)
{
	switch (t) {
	case CONF_STR:
	case CONF_STR127:
	case CONF_PATH:
	case CONF_PATH_CMD:
	case CONF_BOOL:
	case CONF_UINT16:
	case CONF_UINT32:
	case CONF_INT32:
	case CONF_SIZE:
	case CONF_SIZE32:
	case CONF_SPEED:
	case CONF_TIME:
	case CONF_KEYWORD:
		return true;
	default:
		return false;
	}
}

/* Whether the value is what its row would have by default. */
static bool
is_default(const struct conf_row *row, const void *slot)
{
	struct conf_gen *g;
	struct err err = ERR_INIT;
	uint64_t value = 0, is = 0;
	bool same = false;
	char *text = NULL;

	if (row->def == NULL || !is_scalar(row->type))
		return false;
	g = conf_gen_new(NULL);
	if (row->type == CONF_STR || row->type == CONF_STR127 || row->type == CONF_PATH ||
	    row->type == CONF_PATH_CMD) {
		memcpy(&text, slot, sizeof(text));
		same = text != NULL && strcmp(text, row->def) == 0;
	} else if (conf_value_set(g, row, &value, row->def, &err) == ERR_OK) {
		size_t n = row->type == CONF_BOOL ? sizeof(bool)
			   : row->type == CONF_SIZE || row->type == CONF_SIZE32 ||
					   row->type == CONF_SPEED || row->type == CONF_TIME
				   ? sizeof(uint64_t)
				   : sizeof(uint32_t);

		memcpy(&is, slot, n);
		same = memcmp(&is, &value, n) == 0;
	}
	conf_gen_unref(g);
	return same;
}

static bool
is_listen_set(const struct conf_res *res)
{
	return conf_res_has(res, "Port") || conf_res_has(res, "Address") ||
	       conf_res_has(res, "Addresses");
}

/* Of the rows that share one list only the first is shown, if any of them was written. */
static bool
any_of_custom(const struct conf_res *res, const struct conf_row *row)
{
	const struct conf_row *other;
	size_t base;

	for (size_t i = 0; (other = conf_type_row(res->type, i, &base)) != NULL; i++)
		if (other->type == row->type && other->at == row->at &&
		    (res->set[i / 64] >> (i % 64) & 1) != 0)
			return true;
	return false;
}

static bool
is_written(const struct conf_res *res, const struct conf_row *row, size_t i)
{
	if (row->type == CONF_LISTEN)
		return is_listen_set(res);
	if (row->type == CONF_MSGDEST || row->type == CONF_CUSTOM)
		return any_of_custom(res, row);
	return (res->set[i / 64] >> (i % 64) & 1) != 0;
}

static bool
can_show(const struct conf_row *row)
{
	if (row->type == CONF_ANY || row->type == CONF_ALIAS || row->type == CONF_LISTEN_PORT ||
	    row->type == CONF_LISTEN_ADDR || (row->flags & CONF_HIDDEN) != 0)
		return false;
	return row->type != CONF_CUSTOM || row->custom->show != NULL;
}

static void
show_rows(struct conf_show *s, const struct conf_res *res)
{
	const struct conf_row *row;
	size_t base;

	for (size_t i = 0; (row = conf_type_row(res->type, i, &base)) != NULL; i++) {
		const void *slot = conf_row_slot(res, i);
		bool written = is_written(res, row, i);

		if (!can_show(row))
			continue;
		/* Where values can be inherited, a default that was written is more than that. */
		if (written && (row->flags & CONF_REQUIRED) == 0 && res->type->inherit == NULL &&
		    is_default(row, slot) && !conf_show_is_verbose(s))
			continue;
		if (!written && (!conf_show_is_verbose(s) || (row->flags & CONF_DEPRECATED) != 0))
			continue;
		s->comment = !written;
		show_row(s, res, row, slot);
		s->comment = false;
	}
}

void
conf_show_text(const struct conf_res *res, unsigned flags, struct buf *out)
{
	struct conf_show s = { .out = out, .flags = flags, .depth = 1 };

	buf_text(out, "%s {\n", res->type->name);
	show_rows(&s, res);
	buf_text(out, "}\n\n");
}

void
conf_show_json(const struct conf_res *res, unsigned flags, struct buf *out)
{
	struct conf_show s = { .out = out, .flags = flags, .depth = 1, .json = true };

	buf_put(out, "{", 1);
	show_rows(&s, res);
	buf_put(out, "}", 1);
}

void
conf_show_all(const struct conf_gen *g, unsigned flags, struct buf *out)
{
	for (size_t i = 0; i < conf_gen_count(g); i++)
		if (!conf_gen_at(g, i)->made)
			conf_show_text(conf_gen_at(g, i), flags, out);
}
