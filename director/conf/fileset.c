#include "director/conf/fileset.h"

#include "lib/base/own.h"
#include "lib/conf/show.h"
#include "lib/crypto/digest.h"
#include "lib/proto/compression.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const pattern_codes[] = {
#define X(name, wire, directive) wire,
	FILESET_PATTERNS(X)
#undef X
};

void
fileset_strip_compression(char *letters)
{
	char *to = letters;
	bool in_value = false; /* between C, V, P or z and its ':' */

	for (const char *p = letters; *p != '\0'; p++) {
		if (in_value) {
			in_value = *p != ':';
		} else if (*p == 'Z') {
			p++;
			if (*p == 'f' && p[1] != '\0')
				p++;
			if (*p == '\0')
				break;
			continue;
		} else {
			in_value = strchr("CVPz", *p) != NULL;
		}
		*to++ = *p;
	}
	*to = '\0';
}

/* Behind the 'Z' of option letters; NULL: there is none. */
static const char *
find_compression(const char *letters)
{
	bool in_value = false; /* between C, V, P or z and its ':' */

	for (const char *p = letters; *p != '\0'; p++) {
		if (!in_value && *p == 'Z')
			return p + 1;
		in_value = in_value ? *p != ':' : strchr("CVPz", *p) != NULL;
	}
	return NULL;
}

const char *
fileset_compression(const struct dir_fileset *fs)
{
	for (size_t i = 0; i < fs->n_block; i++)
		for (size_t k = 0; k < fs->block[i].n_options; k++) {
			const char *z = find_compression(fs->block[i].options[k].letters);
			const struct compression *c = z != NULL ? compression_find(z) : NULL;

			if (c != NULL)
				return c->name;
		}
	return NULL;
}

void
fileset_md5_text(const uint8_t digest[16], char out[24])
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t reg = 0;
	unsigned rem = 0, n = 0;

	/* The sign of each byte is extended, and the last digit is not shifted. */
	for (unsigned i = 0; i < 16;) {
		if (rem < 6) {
			uint32_t byte = (uint32_t)(int8_t)digest[i++];

			reg = reg << 8 | byte;
			rem += 8;
		}
		out[n++] = alphabet[reg >> (rem - 6) & 63];
		rem -= 6;
	}
	if (rem > 0)
		out[n++] = alphabet[reg & ((1u << rem) - 1)];
	out[n] = '\0';
}

/* ---- the lines of the wire ---- */

struct emitter {
	fileset_line_fn *fn;
	void *arg;
	struct buf line;
};

static enum err_code send_line(struct emitter *e, struct err *err, const char *fmt, ...)
	PRINTF(3, 4);

static enum err_code
send_line(struct emitter *e, struct err *err, const char *fmt, ...)
{
	struct fileset_line line = { .kind = FILESET_SEND };
	char small[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	line.text = small;
	if ((size_t)n >= sizeof(small)) {
		e->line.len = 0;
		if (buf_reserve(&e->line, (size_t)n + 1, err) != ERR_OK)
			return err->code;
		va_start(ap, fmt);
		vsnprintf((char *)e->line.p, (size_t)n + 1, fmt, ap);
		va_end(ap);
		line.text = (const char *)e->line.p;
	}
	return e->fn(e->arg, &line, err);
}

static enum err_code
emit_options(struct emitter *e, const struct fileset_options *o, bool allow_compression,
	     struct err *err)
{
	char letters[FILESET_LETTERS_MAX + 1];
	enum err_code rc;

	memcpy(letters, o->letters, sizeof(letters));
	if (!allow_compression)
		fileset_strip_compression(letters);
	rc = send_line(e, err, "O %s\n", letters);
	for (size_t k = 0; rc == ERR_OK && k < FILESET_PATTERN_KINDS; k++)
		for (size_t i = 0; rc == ERR_OK && i < o->pattern[k].n; i++)
			rc = send_line(e, err, "%s %s\n", pattern_codes[k], o->pattern[k].v[i]);
	return rc == ERR_OK ? send_line(e, err, "N\n") : rc;
}

/* Spec: wire.md 5.3 "Director-side expansion of a configured item" */
static enum err_code
emit_item(struct emitter *e, const struct fileset_item *item, struct err *err)
{
	char prefix = item->is_plugin ? 'P' : 'F';
	struct fileset_line line = { .prefix = prefix, .text = item->text + 1 };

	switch (item->text[0]) {
	case '|':
		line.kind = FILESET_RUN_PROGRAM;
		return e->fn(e->arg, &line, err);
	case '<':
		line.kind = FILESET_READ_FILE;
		return e->fn(e->arg, &line, err);
	case '\\':
		return send_line(e, err, "%c %s", prefix, item->text + 1);
	default:
		return send_line(e, err, "%c %s", prefix, item->text);
	}
}

static enum err_code
emit_items(struct emitter *e, const struct fileset_block *b, bool plugins, struct err *err)
{
	enum err_code rc = ERR_OK;

	for (size_t i = 0; rc == ERR_OK && i < b->n_item; i++)
		if (b->item[i].is_plugin == plugins)
			rc = emit_item(e, &b->item[i], err);
	return rc == ERR_OK ? send_line(e, err, "N\n") : rc;
}

static enum err_code
emit_block(struct emitter *e, const struct fileset_block *b, bool allow_compression,
	   struct err *err)
{
	/* A block without Options is sent with the defaults. */
	static const struct fileset_options none = { .letters = "HAX" };
	enum err_code rc = send_line(e, err, b->exclude ? "E\n" : "I\n");

	for (size_t i = 0; rc == ERR_OK && i < b->exclude_dir_containing.n; i++)
		rc = send_line(e, err, "Z %s\n", b->exclude_dir_containing.v[i]);
	if (rc == ERR_OK && b->n_options == 0)
		rc = emit_options(e, &none, allow_compression, err);
	for (size_t i = 0; rc == ERR_OK && i < b->n_options; i++)
		rc = emit_options(e, &b->options[i], allow_compression, err);
	if (rc == ERR_OK)
		rc = emit_items(e, b, false, err);
	return rc == ERR_OK ? emit_items(e, b, true, err) : rc;
}

enum err_code
fileset_emit(const struct dir_fileset *fs, bool allow_compression, fileset_line_fn *fn, void *arg,
	     struct err *err)
{
	struct emitter e = { .fn = fn, .arg = arg, .line = BUF_INIT(1 << 20) };
	enum err_code rc = ERR_OK;

	for (int exclude = 0; rc == ERR_OK && exclude <= 1; exclude++)
		for (size_t i = 0; rc == ERR_OK && i < fs->n_block; i++)
			if (fs->block[i].exclude == (exclude == 1))
				rc = emit_block(&e, &fs->block[i], allow_compression, err);
	buf_release(&e.line);
	return rc;
}

/* ---- checksum, text ---- */

void
fileset_checksum(struct dir_fileset *fs)
{
	OWNED(digest_freep) struct digest *d = digest_new();
	uint8_t md5[DIGEST_MAX];

	digest_begin(d, DIGEST_MD5);
	for (size_t i = 0; i < fs->n_block; i++)
		for (size_t k = 0; k < fs->block[i].n_item; k++)
			digest_update(d, bytes_str(fs->block[i].item[k].text));
	(void)digest_end(d, md5);
	fileset_md5_text(md5, fs->md5);
}

void
fileset_text(const struct dir_fileset *fs, struct buf *out)
{
	conf_show_text(&fs->res, 0, out);
}
