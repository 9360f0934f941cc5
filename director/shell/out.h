/*
 * director/shell/out.h - one answer, three faces: text, old graphical text, JSON
 *
 * Purpose: commands hand their results here once; what goes over the wire depends on the API mode
 *          of the console.  Text is collected and leaves before a prompt, at the end, when it is
 *          large, and at out_flush.  In mode 2 text is dropped and the result object is sent.
 * Wire:    console.md 1.3 (signals of an answer), 5.2 (.api), 5.3 (the envelope), 14.3 (no frame
 *          of an answer begins with "NNNN OK")
 * Owns:    its buffers and the JSON result.
 * Threads: the thread of the console connection.
 * Errors:  a failed send is remembered and comes out of out_end; nothing is sent after it.
 */
#ifndef TERCET_DIRECTOR_SHELL_OUT_H
#define TERCET_DIRECTOR_SHELL_OUT_H

#include "director/shell/io.h"
#include "director/shell/table.h"
#include "lib/base/wait.h"

enum api_mode { API_TEXT = 0, API_GUI = 1, API_JSON = 2 };
enum out_kind { OUT_INFO, OUT_WARNING, OUT_ERROR };

struct out;

/* io is borrowed for the life of the out. */
struct out *out_new(const struct shell_io *io);
void out_free(struct out *o);
void out_freep(struct out **o);

void out_set_mode(struct out *o, enum api_mode mode);
enum api_mode out_mode(const struct out *o);
/* Mode 0 too: the signal CMD_FAILED in front of EOD when the command failed (tconsole --strict). */
void out_tell_failures(struct out *o, bool on);
void out_set_compact(struct out *o, bool compact);
/* Warnings and information of successful commands stand in result.messages as well. */
void out_set_messages(struct out *o, bool on);
/* Once asked, text is dropped: nobody wants it any more.  c is borrowed; NULL: never. */
void out_set_cancel(struct out *o, struct cancel *c);
/* Lists without commas (the gui command). */
void out_set_plain(struct out *o, bool plain);

/* ---- one answer ---- */

/* A recognised command starts (CMD_BEGIN); an unknown one goes without. */
void out_begin(struct out *o, bool known);
/*
 * It ends: what is left of the text, or the envelope, and the closing signals.
 *   failed   the command returned a failure
 *   pending  MSGS_PENDING is due
 */
MUST_CHECK enum err_code out_end(struct out *o, bool known, bool failed, bool pending,
				 struct err *err);
/* The connection failed, or the cancel was asked: long lists may end. */
bool out_broken(const struct out *o);
/* Forget text that was not sent yet if any was dropped for the cancel; true: it was. */
bool out_drop_cut(struct out *o);

/* ---- text ---- */

void out_text(struct out *o, const char *fmt, ...) PRINTF(2, 3);
void out_put(struct out *o, const void *text, size_t n);
/* The name of a file, in one line whatever bytes it holds (path_line). */
void out_name(struct out *o, struct bytes name);
/* A message: text in mode 0, signalled in mode 1, collected in mode 2. */
void out_info(struct out *o, const char *fmt, ...) PRINTF(2, 3);
void out_warning(struct out *o, const char *fmt, ...) PRINTF(2, 3);
void out_error(struct out *o, const char *fmt, ...) PRINTF(2, 3);
/* Send what there is: a person waits while we wait for a daemon. */
void out_flush(struct out *o);
/* For prompts: send the text, then signals and questions as they are. */
void out_signal(struct out *o, enum frame_signal s);
void out_frame(struct out *o, const char *text);

/* ---- typed results ---- */

/* How a table is shown and under which key it stands in JSON. */
struct table_style {
	enum table_face face;
	const char *layout; /* FACE_LAYOUT */
	const char *key;    /* JSON; NULL: not in JSON */
	bool single;        /* an object, {} when there is no row */
	bool empty_text;    /* "No results to list." when there is none */
};

void out_table(struct out *o, const struct table *t, const struct table_style *style);

/* Objects and arrays of the result; a key of NULL adds to an array.  No text. */
void out_open_object(struct out *o, const char *key);
void out_open_array(struct out *o, const char *key);
void out_close(struct out *o);
void out_string(struct out *o, const char *key, const char *value);
void out_string_n(struct out *o, const char *key, struct bytes value);
void out_number(struct out *o, const char *key, int64_t value);
void out_bool(struct out *o, const char *key, bool value);
/*
 * A list of objects with one text each, of which an answer may have one: it is kept as the text to
 * be sent, for values would take seven times the memory.  ERR_LIMIT: it is too long to be kept, and
 * empty now.
 */
void out_open_texts(struct out *o, const char *key);
MUST_CHECK enum err_code out_add_text(struct out *o, const char *member, const char *value,
				      struct err *err);
void out_close_texts(struct out *o);
/* value is the text of a JSON value; text that is none becomes a string. */
void out_json_text(struct out *o, const char *key, const char *value);
/* "meta":{"range":{...}}; limit and offset below 0 are not given. */
void out_meta(struct out *o, int64_t limit, int64_t offset, size_t filtered);

#endif
