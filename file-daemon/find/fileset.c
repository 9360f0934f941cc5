/* file-daemon/find/fileset.c - parse the FileSet's lines and option letters */
#include "file-daemon/find/fileset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/mem.h"
#include "lib/base/num.h"
#include "lib/base/regexp.h"
#include "lib/proto/stream.h"

/* ---- release ---- */

static void
text_array_release(struct text_array *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->v[i]);
	free(a->v);
	*a = (struct text_array){ .v = NULL };
}

static void
options_release(struct file_options *o)
{
	for (size_t l = 0; l < PAT_LISTS; l++) {
		for (size_t i = 0; i < o->patterns[l].n; i++) {
			struct pattern *p = &o->patterns[l].v[i];

			free(p->text);
			if (p->re != NULL)
				regfree(p->re);
			free(p->re);
		}
		free(o->patterns[l].v);
	}
	text_array_release(&o->fstypes);
	text_array_release(&o->drivetypes);
}

void
fileset_release(struct fileset *fs)
{
	for (size_t i = 0; i < fs->n; i++) {
		struct fileset_block *b = &fs->blocks[i];

		for (size_t k = 0; k < b->n_options; k++)
			options_release(&b->options[k]);
		free(b->options);
		text_array_release(&b->files);
		text_array_release(&b->plugins);
		text_array_release(&b->ignore_dirs);
	}
	free(fs->blocks);
	*fs = (struct fileset){ .blocks = NULL };
}

void
text_array_add(struct text_array *a, const char *text, size_t n)
{
	a->v = mem_grow(a->v, a->n, &a->cap, sizeof(*a->v));
	a->v[a->n++] = str_ndup(text, n);
}

/* ---- option letters ---- */

struct flag_row {
	char letter;
	uint32_t flag;
};

static const struct flag_row flag_rows[] = {
#define X(name, letter, text) { letter, name },
	FILE_OPTIONS(X)
#undef X
};

/* Spec: volume.md 10, wire.md 5.3: S, S1 .. S4. */
static const uint32_t sha_streams[] = { STREAM_SHA1_DIGEST, STREAM_SHA1_DIGEST,
					STREAM_SHA256_DIGEST, STREAM_SHA512_DIGEST,
					STREAM_XXH128_DIGEST };

struct size_unit {
	const char *word;
	uint64_t factor;
};

static const struct size_unit size_units[] = {
	{ "", 1 },
	{ "k", 1024 },
	{ "kb", 1000 },
	{ "m", 1048576 },
	{ "mb", 1000000 },
	{ "g", 1073741824 },
	{ "gb", 1000000000 },
	{ "t", 1099511627776 },
	{ "tb", 1000000000000 },
};

/* "10k" into bytes; *p moves behind it. */
static bool
take_size(const char **p, uint64_t *out)
{
	const char *s = *p;
	uint64_t v = 0;
	size_t n = 0;

	if (*s < '0' || *s > '9')
		return false;
	for (; *s >= '0' && *s <= '9'; s++) {
		if (v > (UINT64_MAX - 9) / 10)
			return false;
		v = v * 10 + (uint64_t)(*s - '0');
	}
	while ((s[n] >= 'a' && s[n] <= 'z') || (s[n] >= 'A' && s[n] <= 'Z'))
		n++;
	for (size_t i = 0; i < sizeof(size_units) / sizeof(size_units[0]); i++) {
		if (strlen(size_units[i].word) != n || strncasecmp(s, size_units[i].word, n) != 0)
			continue;
		if (v > UINT64_MAX / size_units[i].factor)
			return false;
		*out = v * size_units[i].factor;
		*p = s + n;
		return true;
	}
	return false;
}

static enum err_code
parse_size_match(const char *text, struct size_match *out, struct err *err)
{
	struct size_match m = { .kind = SIZE_ABOUT };
	const char *p = text;

	if (*p == '<' || *p == '>')
		m.kind = *p++ == '<' ? SIZE_BELOW : SIZE_ABOVE;
	if (!take_size(&p, &m.low))
		return err_set(err, ERR_PROTO, "size match \"%s\" is not a size", text);
	m.high = m.low;
	if (*p == '-' && m.kind == SIZE_ABOUT) {
		p++;
		m.kind = SIZE_RANGE;
		if (!take_size(&p, &m.high))
			return err_set(err, ERR_PROTO, "size match \"%s\" has no second size",
				       text);
	}
	if (*p != '\0')
		return err_set(err, ERR_PROTO, "size match \"%s\" has trailing text", text);
	*out = m;
	return ERR_OK;
}

/* The text up to ':' behind a letter, into out[cap]. */
static enum err_code
take_section(const char **p, char *out, size_t cap, struct err *err)
{
	const char *end = strchr(*p, ':');
	size_t n = end != NULL ? (size_t)(end - *p) : 0;

	if (end == NULL)
		return err_set(err, ERR_PROTO, "option section \"%.40s\" has no ':'", *p);
	if (n >= cap)
		return err_set(err, ERR_PROTO, "option section \"%.40s\" is longer than %zu bytes",
			       *p, cap - 1);
	memcpy(out, *p, n);
	out[n] = '\0';
	*p = end + 1;
	return ERR_OK;
}

static enum err_code
take_number_section(const char **p, unsigned *out, struct err *err)
{
	char text[16];
	unsigned v = 0;

	if (take_section(p, text, sizeof(text), err) != ERR_OK)
		return err->code;
	for (const char *s = text; *s != '\0'; s++) {
		if (*s < '0' || *s > '9' || v > 100000)
			return err_set(err, ERR_PROTO, "strip path \"%s\" is not a number", text);
		v = v * 10 + (unsigned)(*s - '0');
	}
	*out = v;
	return ERR_OK;
}

static enum err_code
take_compression(const char **p, struct file_options *o, struct err *err)
{
	const struct compression *c = compression_find(*p);

	if (c == NULL && **p != '0')
		return err_set(err, ERR_PROTO, "compression \"Z%.2s\" is unknown", *p);
	o->compression = c;
	*p += c != NULL ? strlen(c->letters) : 1;
	return ERR_OK;
}

/* E3, Ea1..3, Eb, Ec1..3, Ef, Eh1..2: the file daemon's own configuration rules the cipher. */
static enum err_code
take_encryption(const char **p, struct file_options *o, struct err *err)
{
	static const char *const words[] = { "3",  "a1", "a2", "a3", "b", "c1",
					     "c2", "c3", "f",  "h1", "h2" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t n = strlen(words[i]);

		if (strncmp(*p, words[i], n) != 0)
			continue;
		if (words[i][0] == 'f')
			o->force_encryption = true;
		*p += n;
		return ERR_OK;
	}
	return err_set(err, ERR_PROTO, "encryption option \"E%.2s\" is unknown", *p);
}

/* Letters with something behind them; *p stands behind the letter. */
static enum err_code
take_compound(char letter, const char **p, struct file_options *o, struct err *err)
{
	char size[64];

	switch (letter) {
	case 'C':
		return take_section(p, o->accurate, sizeof(o->accurate), err);
	case 'V':
		return take_section(p, o->verify, sizeof(o->verify), err);
	case 'J':
		return take_section(p, o->basejob, sizeof(o->basejob), err);
	case 'P':
		return take_number_section(p, &o->strip, err);
	case 'z':
		if (take_section(p, size, sizeof(size), err) != ERR_OK)
			return err->code;
		return parse_size_match(size, &o->size, err);
	case 'Z':
		return take_compression(p, o, err);
	case 'E':
		return take_encryption(p, o, err);
	case 'd':
		if (**p < '1' || **p > '4')
			return err_set(err, ERR_PROTO, "shadowing \"d%.1s\" is unknown", *p);
		o->shadowing = (unsigned)(*(*p)++ - '0');
		return ERR_OK;
	case 'M':
		o->digest_stream = STREAM_MD5_DIGEST;
		return ERR_OK;
	case 'S':
		o->digest_stream = STREAM_SHA1_DIGEST;
		if (**p >= '1' && **p <= '4')
			o->digest_stream = sha_streams[*(*p)++ - '0'];
		return ERR_OK;
	default:
		return err_set(err, ERR_PROTO, "option letter \"%c\" is unknown", letter);
	}
}

enum err_code
file_options_parse(const char *letters, struct file_options *o, struct err *err)
{
	const char *p = letters;

	while (*p != '\0') {
		char letter = *p++;
		uint32_t flag = 0;

		if (letter == '0' || letter == ' ')
			continue;
		for (size_t i = 0; i < sizeof(flag_rows) / sizeof(flag_rows[0]); i++)
			if (flag_rows[i].letter == letter)
				flag = flag_rows[i].flag;
		if (flag != 0)
			o->flags |= flag;
		else if (take_compound(letter, &p, o, err) != ERR_OK)
			return err_ctx(err, "options \"%s\"", letters);
	}
	return ERR_OK;
}

/* ---- lines ---- */

static enum err_code
add_pattern(struct pattern_array *a, const char *text, bool regex, bool ignore_case,
	    struct err *err)
{
	struct pattern p = { .text = NULL, .re = NULL };

	if (regex) {
		struct err why = ERR_INIT;

		p.re = NEW(regex_t);
		if (regexp_compile(text, REG_EXTENDED | REG_NOSUB | (ignore_case ? REG_ICASE : 0),
				   p.re, &why) != ERR_OK) {
			free(p.re);
			return err_set(err, ERR_PROTO, "regular expression \"%.300s\": %s", text,
				       why.text);
		}
	}
	p.text = str_dup(text);
	a->v = mem_grow(a->v, a->n, &a->cap, sizeof(*a->v));
	a->v[a->n++] = p;
	return ERR_OK;
}

static struct fileset_block *
last_block(struct fileset *fs)
{
	return fs->n > 0 ? &fs->blocks[fs->n - 1] : NULL;
}

static struct file_options *
add_options(struct fileset_block *b)
{
	b->options = mem_grow(b->options, b->n_options, &b->cap_options, sizeof(*b->options));
	memset(&b->options[b->n_options], 0, sizeof(*b->options));
	return &b->options[b->n_options++];
}

struct pattern_row {
	const char *word;
	enum pattern_list list;
	bool regex;
};

static const struct pattern_row pattern_rows[] = {
	{ "R", PAT_REGEX, true },       { "RD", PAT_REGEX_DIR, true },
	{ "RF", PAT_REGEX_FILE, true }, { "W", PAT_WILD, false },
	{ "WD", PAT_WILD_DIR, false },  { "WF", PAT_WILD_FILE, false },
	{ "WB", PAT_WILD_BASE, false },
};

/* Lines that stand inside an Options block. */
static enum err_code
options_line(struct fileset_block *b, const char *word, const char *rest, bool *taken,
	     struct err *err)
{
	struct file_options *o = b->n_options > 0 ? &b->options[b->n_options - 1] : NULL;

	*taken = true;
	for (size_t i = 0; i < sizeof(pattern_rows) / sizeof(pattern_rows[0]); i++) {
		const struct pattern_row *r = &pattern_rows[i];

		if (strcmp(r->word, word) != 0)
			continue;
		if (o == NULL)
			return err_set(err, ERR_PROTO, "a pattern outside of Options");
		return add_pattern(&o->patterns[r->list], rest, r->regex,
				   (o->flags & OPT_IGNORE_CASE) != 0, err);
	}
	if (strcmp(word, "X") == 0 || strcmp(word, "XD") == 0) {
		if (o == NULL)
			return err_set(err, ERR_PROTO, "a file system type outside of Options");
		text_array_add(word[1] == 'D' ? &o->drivetypes : &o->fstypes, rest, strlen(rest));
		return ERR_OK;
	}
	if (strcmp(word, "D") == 0 || strcmp(word, "T") == 0)
		return ERR_OK; /* reader and writer program: ignored */
	*taken = false;
	return ERR_OK;
}

static enum err_code
block_line(struct fileset_block *b, const char *word, const char *rest, struct err *err)
{
	bool taken = false;
	enum err_code rc;

	if (strcmp(word, "O") == 0)
		return file_options_parse(rest, add_options(b), err);
	if (strcmp(word, "F") == 0) {
		text_array_add(&b->files, rest, strlen(rest));
		return ERR_OK;
	}
	if (strcmp(word, "P") == 0) {
		text_array_add(&b->plugins, rest, strlen(rest));
		return ERR_OK;
	}
	if (strcmp(word, "Z") == 0) {
		text_array_add(&b->ignore_dirs, rest, strlen(rest));
		return ERR_OK;
	}
	rc = options_line(b, word, rest, &taken, err);
	if (rc != ERR_OK || taken)
		return rc;
	return err_set(err, ERR_PROTO, "item \"%s\" is unknown", word);
}

static struct bytes
trim_end(struct bytes line)
{
	while (line.n > 0 && line.p[line.n - 1] <= ' ')
		line.n--;
	return line;
}

enum err_code
fileset_parse_line(struct fileset *fs, struct bytes raw, struct err *err)
{
	struct bytes line = trim_end(raw);
	const char *s = (const char *)line.p;
	char word[3] = "";
	size_t n = 0;
	char *rest;
	enum err_code rc;

	if (line.n == 0 || (line.n == 1 && *s == 'N'))
		return ERR_OK;
	if (memchr(s, '\0', line.n) != NULL)
		return err_set(err, ERR_PROTO, "FileSet line holds a NUL byte");
	while (n < line.n && s[n] != ' ' && n < sizeof(word) - 1) {
		word[n] = s[n];
		n++;
	}
	if (line.n == 1 && (*s == 'I' || *s == 'E')) {
		fs->blocks = mem_grow(fs->blocks, fs->n, &fs->cap, sizeof(*fs->blocks));
		memset(&fs->blocks[fs->n], 0, sizeof(*fs->blocks));
		fs->blocks[fs->n++].is_exclude = *s == 'E';
		return ERR_OK;
	}
	if (last_block(fs) == NULL)
		return err_set(err, ERR_PROTO, "FileSet line \"%.*s\" before I or E",
			       (int)size_min(line.n, 60), s);
	if (n < line.n && s[n] != ' ')
		return err_set(err, ERR_PROTO, "FileSet line \"%.*s\" is unknown",
			       (int)size_min(line.n, 60), s);
	rest = n < line.n ? str_ndup(s + n + 1, line.n - n - 1) : str_dup("");
	rc = block_line(last_block(fs), word, rest, err);
	free(rest);
	return rc == ERR_OK ? ERR_OK : err_ctx(err, "FileSet");
}
