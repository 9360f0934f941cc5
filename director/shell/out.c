#include "director/shell/out.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>
#include <jansson.h>

#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/path.h"

#define TEXT_MAX  (1u << 31)    /* of one table; lists of many files are one text */
#define FLUSH_AT  (256u * 1024) /* collected text leaves when it is this long */
#define DEPTH_MAX 8
#define TEXTS_MAX (512u << 20) /* of a list of texts in JSON */

/* Stands for that list in the envelope until it is sent. */
#define TEXTS_MARK    "\x01"
#define TEXTS_MARK_AS "\"\\u0001\""

struct out {
	const struct shell_io *io; /* borrowed */
	enum api_mode mode;
	bool compact, keep_messages, plain, tell_failures;
	struct buf text;
	json_t *root;            /* owned: the result object */
	json_t *here[DEPTH_MAX]; /* borrowed from root: containers that are open */
	size_t depth;
	json_t *said[3];  /* owned arrays by out_kind, NULL: none */
	struct buf texts; /* the list of texts, as JSON */
	bool has_error;
	struct cancel *cancel; /* borrowed, or NULL */
	bool cut;              /* text was dropped because of it */
	struct err err;        /* first failure of the connection */
};

static const char *const kind_key[] = { "info", "warning", "error" };
static const enum frame_signal kind_signal[] = { FRAME_INFO_MSG, FRAME_WARNING_MSG,
						 FRAME_ERROR_MSG };

struct out *
out_new(const struct shell_io *io)
{
	struct out *o = NEW(struct out);

	o->io = io;
	o->text = (struct buf)BUF_INIT(TEXT_MAX);
	o->texts = (struct buf)BUF_INIT(TEXTS_MAX);
	return o;
}

static void
drop_answer(struct out *o)
{
	json_decref(o->root);
	o->root = NULL;
	for (int k = 0; k < 3; k++) {
		json_decref(o->said[k]);
		o->said[k] = NULL;
	}
	o->has_error = false;
	o->cut = false;
	o->depth = 0;
	buf_clear(&o->text);
	buf_release(&o->texts);
}

void
out_free(struct out *o)
{
	if (o == NULL)
		return;
	drop_answer(o);
	buf_release(&o->text);
	free(o);
}

void
out_freep(struct out **o)
{
	out_free(*o);
}

void
out_set_mode(struct out *o, enum api_mode mode)
{
	o->mode = mode;
}

enum api_mode
out_mode(const struct out *o)
{
	return o->mode;
}

void
out_tell_failures(struct out *o, bool on)
{
	o->tell_failures = on;
}

void
out_set_compact(struct out *o, bool compact)
{
	o->compact = compact;
}

void
out_set_messages(struct out *o, bool on)
{
	o->keep_messages = on;
}

void
out_set_plain(struct out *o, bool plain)
{
	o->plain = plain;
}

void
out_set_cancel(struct out *o, struct cancel *c)
{
	o->cancel = c;
}

static bool
has_failed(const struct out *o)
{
	return o->err.code != ERR_OK;
}

bool
out_broken(const struct out *o)
{
	return has_failed(o) || cancel_asked(o->cancel);
}

bool
out_drop_cut(struct out *o)
{
	if (!o->cut)
		return false;
	/* The line end that out_flush kept back belongs to what was sent. */
	bool line_end = o->text.len > 0 && o->text.p[0] == '\n';
	buf_clear(&o->text);
	if (line_end)
		buf_put(&o->text, "\n", 1);
	return true;
}

/* ---- sending ---- */

static void
send_bytes(struct out *o, const uint8_t *p, size_t n)
{
	while (n > 0 && !has_failed(o)) {
		size_t part = n < FRAME_SEND_MAX ? n : FRAME_SEND_MAX;

		if (o->mode != API_JSON && cancel_asked(o->cancel)) {
			o->cut = true;
			return;
		}
		if (o->io->send(o->io->arg, bytes_of(p, part), &o->err) != ERR_OK)
			return;
		p += part;
		n -= part;
	}
}

/* "3000 OK label" at the start of a frame ends the read of one client library. */
static bool
looks_final(const uint8_t *p, size_t n)
{
	if (n < 7)
		return false;
	for (int i = 0; i < 4; i++)
		if (!isdigit(p[i]))
			return false;
	return memcmp(p + 4, " OK", 3) == 0;
}

static void
send_text(struct out *o)
{
	size_t n = o->text.len;

	if (n > 0 && looks_final(o->text.p, n))
		send_bytes(o, (const uint8_t *)"\n", 1);
	send_bytes(o, o->text.p, n);
	buf_clear(&o->text);
}

/* Send all but the last line end: what follows then never begins a line of its own. */
void
out_flush(struct out *o)
{
	size_t n = o->text.len;

	if (o->mode == API_JSON || n == 0)
		return;
	if (o->text.p[n - 1] == '\n')
		n--;
	send_bytes(o, o->text.p, n);
	buf_consume(&o->text, n);
	if (!has_failed(o))
		(void)!o->io->flush(o->io->arg, &o->err);
}

void
out_put(struct out *o, const void *text, size_t n)
{
	if (o->mode == API_JSON)
		return;
	if (cancel_asked(o->cancel)) {
		o->cut = true;
		return;
	}
	buf_put(&o->text, text, n);
	if (o->text.len >= FLUSH_AT)
		out_flush(o);
}

void
out_text(struct out *o, const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;

	if (o->mode == API_JSON)
		return;
	va_start(ap, fmt);
	int n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n > 0)
		out_put(o, s, (size_t)n);
	free(s);
}

void
out_name(struct out *o, struct bytes name)
{
	OWNED(buf_release) struct buf line = BUF_INIT(TEXT_MAX);

	if (o->mode == API_JSON)
		return;
	path_line(name, &line);
	out_put(o, line.p, line.len);
}

void
out_signal(struct out *o, enum frame_signal s)
{
	send_text(o);
	if (!has_failed(o))
		(void)!o->io->signal(o->io->arg, s, &o->err);
}

void
out_frame(struct out *o, const char *text)
{
	send_text(o);
	send_bytes(o, (const uint8_t *)text, strlen(text));
}

/* ---- JSON values ---- */

/* Text of any bytes for JSON: what is not UTF-8 becomes the replacement character. */
static void
put_utf8(const char *s, size_t n, struct buf *clean)
{
	for (size_t i = 0; i < n;) {
		size_t len = 1;
		unsigned char c = (unsigned char)s[i];

		if (c >= 0xC2 && c < 0xE0)
			len = 2;
		else if (c >= 0xE0 && c < 0xF0)
			len = 3;
		else if (c >= 0xF0 && c < 0xF5)
			len = 4;
		json_t *one = i + len <= n ? json_stringn(s + i, len) : NULL;
		if (one != NULL)
			buf_put(clean, s + i, len);
		else {
			buf_put(clean, "\xEF\xBF\xBD", 3);
			len = 1;
		}
		json_decref(one);
		i += len;
	}
}

static json_t *
string_of(const char *s, size_t n)
{
	json_t *v = json_stringn(s, n);

	if (v != NULL)
		return v;
	OWNED(buf_release) struct buf clean = BUF_INIT(TEXT_MAX);
	put_utf8(s, n, &clean);
	return json_stringn((const char *)clean.p, clean.len);
}

static void
add_value(struct out *o, const char *key, json_t *value)
{
	if (o->root == NULL)
		o->root = json_object();
	json_t *into = o->depth == 0 ? o->root : o->here[o->depth - 1];
	if (json_is_array(into)) {
		(void)json_array_append_new(into, value);
		return;
	}
	OWNED(freep) char *lower = str_dup(key);
	(void)json_object_set_new_nocheck(into, lower, value);
}

static void
open_container(struct out *o, const char *key, json_t *c)
{
	if (o->mode != API_JSON || o->depth == DEPTH_MAX) {
		json_decref(c);
		return;
	}
	add_value(o, key, c);
	o->here[o->depth++] = c;
}

void
out_open_object(struct out *o, const char *key)
{
	open_container(o, key, json_object());
}

void
out_open_array(struct out *o, const char *key)
{
	open_container(o, key, json_array());
}

void
out_close(struct out *o)
{
	if (o->depth > 0)
		o->depth--;
}

void
out_string(struct out *o, const char *key, const char *value)
{
	if (o->mode == API_JSON)
		add_value(o, key, string_of(value, strlen(value)));
}

void
out_string_n(struct out *o, const char *key, struct bytes value)
{
	if (o->mode == API_JSON)
		add_value(o, key, string_of((const char *)value.p, value.n));
}

void
out_number(struct out *o, const char *key, int64_t value)
{
	if (o->mode == API_JSON)
		add_value(o, key, json_integer(value));
}

void
out_bool(struct out *o, const char *key, bool value)
{
	if (o->mode == API_JSON)
		add_value(o, key, json_boolean(value));
}

void
out_open_texts(struct out *o, const char *key)
{
	if (o->mode != API_JSON)
		return;
	add_value(o, key, json_string(TEXTS_MARK));
	buf_put(&o->texts, "[", 1);
}

enum err_code
out_add_text(struct out *o, const char *member, const char *value, struct err *err)
{
	const char *const lead = o->compact ? "" : "\n      ", *const in = o->compact ? "" : "  ";

	if (o->mode != API_JSON)
		return ERR_OK;
	json_t *v = string_of(value, strlen(value));
	char *text = json_dumps(v, JSON_ENCODE_ANY);
	json_decref(v);
	enum err_code rc = buf_printf(&o->texts, err, "%s%s{%s%s\"%s\":%s%s%s}",
				      o->texts.len > 1 ? "," : "", lead, lead, in, member,
				      o->compact ? "" : " ", text, lead);
	free(text);
	if (rc != ERR_OK) {
		buf_clear(&o->texts);
		buf_put(&o->texts, "[", 1);
	}
	return rc;
}

void
out_close_texts(struct out *o)
{
	struct err ignored = ERR_INIT;

	if (o->mode == API_JSON)
		(void)!buf_printf(&o->texts, &ignored, "%s]",
				  o->compact || o->texts.len == 1 ? "" : "\n    ");
}

void
out_json_text(struct out *o, const char *key, const char *value)
{
	if (o->mode != API_JSON)
		return;
	OWNED(buf_release) struct buf clean = BUF_INIT(TEXT_MAX);
	json_t *v = json_loads(value, JSON_DECODE_ANY, NULL);
	if (v == NULL) {
		put_utf8(value, strlen(value), &clean);
		v = json_loads(buf_str(&clean), JSON_DECODE_ANY, NULL);
	}
	add_value(o, key, v != NULL ? v : string_of(value, strlen(value)));
}

void
out_meta(struct out *o, int64_t limit, int64_t offset, size_t filtered)
{
	out_open_object(o, "meta");
	out_open_object(o, "range");
	if (limit >= 0)
		out_number(o, "limit", limit);
	if (offset >= 0)
		out_number(o, "offset", offset);
	out_number(o, "filtered", (int64_t)filtered);
	out_close(o);
	out_close(o);
}

/* ---- tables ---- */

static json_t *
cell_value(const struct table *t, size_t row, size_t col)
{
	const char *s = table_cell(t, row, col);
	enum col_show show = t->cols[col].show;

	if (!t->typed || show == SHOW_TEXT || show == SHOW_CUT4)
		return string_of(s, strlen(s));
	if (show == SHOW_BOOL)
		return json_boolean(s[0] == '1');
	json_t *v = json_loads(s, JSON_DECODE_ANY, NULL);
	return v != NULL ? v : json_integer(0);
}

static json_t *
row_value(const struct table *t, size_t row)
{
	json_t *r = json_object();

	for (size_t c = 0; c < t->n_cols; c++) {
		unsigned flags = t->cols[c].flags;

		if ((flags & COL_TEXT_ONLY) != 0)
			continue;
		if ((flags & COL_IF_SET) != 0 && table_cell(t, row, c)[0] == '\0')
			continue;
		(void)json_object_set_new_nocheck(r, t->cols[c].name, cell_value(t, row, c));
	}
	return r;
}

static void
table_json(struct out *o, const struct table *t, const struct table_style *style)
{
	if (style->key == NULL)
		return;
	if (style->single) {
		add_value(o, style->key, table_rows(t) > 0 ? row_value(t, 0) : json_object());
		return;
	}
	json_t *rows = json_array();
	for (size_t r = 0; r < table_rows(t); r++)
		(void)json_array_append_new(rows, row_value(t, r));
	add_value(o, style->key, rows);
}

void
out_table(struct out *o, const struct table *t, const struct table_style *style)
{
	if (o->mode == API_JSON) {
		table_json(o, t, style);
		return;
	}
	if (table_rows(t) == 0 && t->filtered == 0) {
		if (style->empty_text)
			out_text(o, "No results to list.\n");
		if (style->face != FACE_LAYOUT)
			return;
	}
	if (cancel_asked(o->cancel)) {
		o->cut = true;
		return;
	}
	enum table_face face = style->face;
	if (face == FACE_GRID && o->plain)
		face = FACE_LEFT;
	table_print(t, face, style->layout, &o->text);
	if (o->text.len >= FLUSH_AT)
		out_flush(o);
}

/* ---- messages ---- */

static void say(struct out *o, enum out_kind kind, const char *fmt, va_list ap) PRINTF(3, 0);

static void
say(struct out *o, enum out_kind kind, const char *fmt, va_list ap)
{
	char *s = NULL;

	if (kind == OUT_ERROR)
		o->has_error = true;
	int n = vasprintf(&s, fmt, ap);
	if (n < 0)
		return;
	switch (o->mode) {
	case API_TEXT:
		out_put(o, s, (size_t)n);
		break;
	case API_GUI:
		out_signal(o, kind_signal[kind]);
		out_frame(o, s);
		break;
	case API_JSON:
		out_signal(o, kind_signal[kind]);
		if (o->said[kind] == NULL)
			o->said[kind] = json_array();
		(void)json_array_append_new(o->said[kind], string_of(s, (size_t)n));
		break;
	}
	free(s);
}

#define SAY(name, kind)                                                                            \
	void name(struct out *o, const char *fmt, ...)                                             \
	{                                                                                          \
		va_list ap;                                                                        \
		va_start(ap, fmt);                                                                 \
		say(o, kind, fmt, ap);                                                             \
		va_end(ap);                                                                        \
	}

SAY(out_info, OUT_INFO)
SAY(out_warning, OUT_WARNING)
SAY(out_error, OUT_ERROR)

/* ---- begin and end ---- */

void
out_begin(struct out *o, bool known)
{
	drop_answer(o);
	if (known && o->mode != API_TEXT)
		out_signal(o, FRAME_CMD_BEGIN);
}

static json_t *
messages_object(struct out *o, bool errors)
{
	json_t *m = json_object();

	for (int k = 0; k < 3; k++)
		if (o->said[k] != NULL && (errors || k != OUT_ERROR))
			(void)json_object_set(m, kind_key[k], o->said[k]);
	return m;
}

/* The envelope, with the list of texts in its place. */
static void
send_json(struct out *o, const char *text)
{
	const char *mark = o->texts.len > 0 ? strstr(text, TEXTS_MARK_AS) : NULL;

	if (mark != NULL) {
		send_bytes(o, (const uint8_t *)text, (size_t)(mark - text));
		send_bytes(o, o->texts.p, o->texts.len);
		text = mark + strlen(TEXTS_MARK_AS);
	}
	send_bytes(o, (const uint8_t *)text, strlen(text));
}

static void
send_envelope(struct out *o, bool failed)
{
	json_t *env = json_object();
	json_t *result = o->root != NULL ? json_incref(o->root) : json_object();

	(void)json_object_set_new(env, "jsonrpc", json_string("2.0"));
	(void)json_object_set_new(env, "id", json_null());
	if (failed || o->has_error) {
		json_t *data = json_pack("{s:o, s:o}", "result", result, "messages",
					 messages_object(o, true));
		(void)json_object_set_new(env, "error",
					  json_pack("{s:i, s:s, s:o}", "code", 1, "message",
						    "failed", "data", data));
	} else {
		if (o->keep_messages)
			(void)json_object_set_new(result, "messages", messages_object(o, false));
		(void)json_object_set_new(env, "result", result);
	}
	char *text = json_dumps(env, o->compact ? JSON_COMPACT : JSON_INDENT(2));
	json_decref(env);
	if (text != NULL)
		send_json(o, text);
	free(text);
}

enum err_code
out_end(struct out *o, bool known, bool failed, bool pending, struct err *err)
{
	send_text(o);
	if (o->mode != API_TEXT) {
		if (known)
			out_signal(o, failed ? FRAME_CMD_FAILED : FRAME_CMD_OK);
		if (o->mode == API_JSON)
			send_envelope(o, failed || !known);
		if (pending)
			out_signal(o, FRAME_MSGS_PENDING);
	} else if (o->tell_failures && (failed || o->has_error)) {
		out_signal(o, FRAME_CMD_FAILED);
	}
	drop_answer(o);
	if (!has_failed(o))
		return ERR_OK;
	*err = o->err;
	return err->code;
}
