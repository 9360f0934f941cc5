#include "lib/files/acl_text.h"

#include <ctype.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>

#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/path.h"
#include "lib/base/rd.h"
#include "lib/base/wr.h"

#define ACL_VERSION   2u
#define ACL_HEAD_LEN  4u
#define ACL_ENTRY_LEN 8u
#define ACL_NO_ID     UINT32_MAX

#define ACCOUNT_BUF_MAX (64 * 1024) /* one line of the user or group database */

enum tag {
	TAG_USER_OBJ = 0x01,
	TAG_USER = 0x02,
	TAG_GROUP_OBJ = 0x04,
	TAG_GROUP = 0x08,
	TAG_MASK = 0x10,
	TAG_OTHER = 0x20,
};

/* Words of the text form; the one without a qualifier first. */
static const struct tag_word {
	const char *word;
	char letter;
	enum tag plain, named; /* named 0: no qualifier allowed */
} tag_words[] = {
	{ "user", 'u', TAG_USER_OBJ, TAG_USER },
	{ "group", 'g', TAG_GROUP_OBJ, TAG_GROUP },
	{ "mask", 'm', TAG_MASK, 0 },
	{ "other", 'o', TAG_OTHER, 0 },
};

#define N_TAG_WORDS (sizeof(tag_words) / sizeof(*tag_words))

/* ---- accounts ---- */

static void
look_up_name(enum tag tag, uint32_t id, char *out)
{
	OWNED(freep) char *room = (char *)mem_zalloc(1, ACCOUNT_BUF_MAX);
	struct passwd pw, *pwp = NULL;
	struct group gr, *grp = NULL;
	const char *name = NULL;

	if (tag == TAG_USER) {
		if (getpwuid_r(id, &pw, room, ACCOUNT_BUF_MAX, &pwp) == 0 && pwp != NULL)
			name = pwp->pw_name;
	} else if (getgrgid_r(id, &gr, room, ACCOUNT_BUF_MAX, &grp) == 0 && grp != NULL) {
		name = grp->gr_name;
	}
	if (name != NULL && strlen(name) < ACL_NAME_MAX)
		memcpy(out, name, strlen(name) + 1);
	else
		out[0] = '\0';
}

static const char *
name_of(struct acl_names *names, enum tag tag, uint32_t id)
{
	struct acl_name *n = &(tag == TAG_USER ? names->users : names->groups)[id % ACL_NAMES];

	if (!n->used || n->id != id) {
		look_up_name(tag, id, n->name);
		n->id = id;
		n->used = true;
	}
	return n->name;
}

static bool
id_of_name(enum tag tag, const char *name, uint32_t *out)
{
	OWNED(freep) char *room = (char *)mem_zalloc(1, ACCOUNT_BUF_MAX);
	struct passwd pw, *pwp = NULL;
	struct group gr, *grp = NULL;

	if (tag == TAG_USER) {
		if (getpwnam_r(name, &pw, room, ACCOUNT_BUF_MAX, &pwp) != 0 || pwp == NULL)
			return false;
		*out = pwp->pw_uid;
		return true;
	}
	if (getgrnam_r(name, &gr, room, ACCOUNT_BUF_MAX, &grp) != 0 || grp == NULL)
		return false;
	*out = grp->gr_gid;
	return true;
}

/* ---- kernel -> text ---- */

static uint16_t
rd_u16le(struct rd *r)
{
	return __builtin_bswap16(rd_u16be(r));
}

/* Or would the text be read as another's number, or as no name at all?  Directory services have
 * names of digits. */
static bool
is_clear(const char *name)
{
	size_t n = strlen(name);

	return strspn(name, "0123456789") < n && strpbrk(name, ":,#\n") == NULL &&
	       !isspace((unsigned char)name[0]) && !isspace((unsigned char)name[n - 1]);
}

static enum err_code
emit_entry(enum tag tag, unsigned perm, uint32_t id, struct acl_names *names, struct buf *out,
	   struct err *err)
{
	const struct tag_word *w = NULL;
	char number[16];
	const char *name = "";

	for (size_t i = 0; i < N_TAG_WORDS; i++)
		if (tag == tag_words[i].plain || tag == tag_words[i].named)
			w = &tag_words[i];
	if (w == NULL)
		return err_set(err, ERR_FORMAT, "ACL entry with tag 0x%x", (unsigned)tag);
	if (tag == w->named) {
		name = name_of(names, tag, id);
		if (!is_clear(name)) {
			(void)snprintf(number, sizeof(number), "%" PRIu32, id);
			name = number;
		}
	}
	return buf_printf(out, err, "%s:%s:%c%c%c\n", w->word, name, perm & 4 ? 'r' : '-',
			  perm & 2 ? 'w' : '-', perm & 1 ? 'x' : '-');
}

enum err_code
acl_text_emit(struct bytes kernel, enum acl_base base, struct acl_names *names, struct buf *out,
	      struct err *err)
{
	struct rd r = rd_init(kernel);

	if (rd_u32le(&r) != ACL_VERSION || rd_left(&r) % ACL_ENTRY_LEN != 0)
		return err_set(err, ERR_FORMAT, "ACL of %zu bytes is not in the kernel's form",
			       kernel.n);
	if (base == ACL_SKIP_BASE && rd_left(&r) <= 3 * ACL_ENTRY_LEN)
		return ERR_OK;
	while (rd_left(&r) > 0) {
		enum tag tag = (enum tag)rd_u16le(&r);
		unsigned perm = rd_u16le(&r);

		if (emit_entry(tag, perm, rd_u32le(&r), names, out, err) != ERR_OK)
			return err->code;
	}
	return buf_append(out, "", 1, err);
}

/* ---- text -> kernel ---- */

struct entry {
	enum tag tag;
	unsigned perm;
	uint32_t id;
};

/* Without blanks at both ends. */
static struct bytes
trim(struct bytes b)
{
	while (b.n > 0 && isspace(*b.p))
		b = bytes_skip(b, 1);
	while (b.n > 0 && isspace(b.p[b.n - 1]))
		b.n--;
	return b;
}

/* Text in front of stop; the rest, without stop, stays in *in.  False: no stop in it. */
static bool
take_until(struct bytes *in, char stop, struct bytes *out)
{
	const uint8_t *end = in->n > 0 ? (const uint8_t *)memchr(in->p, stop, in->n) : NULL;

	if (end == NULL)
		return false;
	*out = bytes_of(in->p, (size_t)(end - in->p));
	*in = bytes_skip(*in, out->n + 1);
	return true;
}

static bool
parse_perm(struct bytes b, unsigned *out)
{
	*out = 0;
	for (size_t i = 0; i < b.n; i++) {
		if (b.p[i] == 'r')
			*out |= 4;
		else if (b.p[i] == 'w')
			*out |= 2;
		else if (b.p[i] == 'x')
			*out |= 1;
		else if (b.p[i] != '-')
			return false;
	}
	return b.n <= 3;
}

static bool
parse_id(struct bytes b, uint32_t *out)
{
	uint64_t v = 0;

	for (size_t i = 0; i < b.n; i++) {
		if (!isdigit(b.p[i]) || v > UINT32_MAX)
			return false;
		v = v * 10 + (uint64_t)(b.p[i] - '0');
	}
	*out = (uint32_t)v;
	return b.n > 0 && v < ACL_NO_ID;
}

static bool
parse_tag(struct bytes word, const struct tag_word **out)
{
	for (size_t i = 0; i < N_TAG_WORDS; i++) {
		const struct tag_word *w = &tag_words[i];

		if (bytes_eq(word, bytes_str(w->word)) || (word.n == 1 && *word.p == w->letter)) {
			*out = w;
			return true;
		}
	}
	return false;
}

/* "user:name:rwx"; *known false: its account is unknown here. */
static enum err_code
parse_entry(struct bytes text, struct entry *out, bool *known, struct err *err)
{
	struct bytes in = text, word, who = { NULL, 0 };
	const struct tag_word *w = NULL;
	struct entry e = { .id = ACL_NO_ID };

	if (!take_until(&in, ':', &word) || !parse_tag(trim(word), &w))
		return err_set(err, ERR_FORMAT, "ACL entry %s", PATH_PRINT(text));
	/* "other:r--" is the short form of "other::r--". */
	if (!take_until(&in, ':', &who) && w->named != 0)
		return err_set(err, ERR_FORMAT, "ACL entry %s", PATH_PRINT(text));
	who = trim(who);
	if (!parse_perm(trim(in), &e.perm) || (who.n > 0 && w->named == 0))
		return err_set(err, ERR_FORMAT, "ACL entry %s", PATH_PRINT(text));
	e.tag = who.n > 0 ? w->named : w->plain;
	*known = true;
	if (who.n > 0 && !parse_id(who, &e.id)) {
		OWNED(freep) char *name = str_ndup((const char *)who.p, who.n);

		*known = id_of_name(e.tag, name, &e.id);
	}
	*out = e;
	return ERR_OK;
}

static int
by_tag_and_id(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->tag != y->tag)
		return x->tag < y->tag ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static void
emit_kernel(struct entry *v, size_t n, struct buf *out)
{
	struct wr w;

	buf_clear(out);
	if (n == 0)
		return;
	/* The kernel wants the entries in this order. */
	qsort(v, n, sizeof(*v), by_tag_and_id);
	out->len = ACL_HEAD_LEN + n * ACL_ENTRY_LEN;
	w = wr_init(out->p, out->len);
	wr_u32le(&w, ACL_VERSION);
	for (size_t i = 0; i < n; i++) {
		wr_u16be(&w, __builtin_bswap16((uint16_t)v[i].tag));
		wr_u16be(&w, __builtin_bswap16((uint16_t)v[i].perm));
		wr_u32le(&w, v[i].id);
	}
}

/* The next line or comma-separated item, without its comment. */
static struct bytes
take_item(struct bytes *in)
{
	struct bytes item;
	size_t n = 0;

	while (n < in->n && in->p[n] != '\n' && in->p[n] != ',' && in->p[n] != '#')
		n++;
	item = bytes_of(in->p, n);
	if (n < in->n && in->p[n] == '#')
		while (n < in->n && in->p[n] != '\n')
			n++;
	*in = bytes_skip(*in, n < in->n ? n + 1 : n);
	return trim(item);
}

enum err_code
acl_text_parse(struct bytes text, acl_unknown_fn *unknown, void *user, struct buf *out,
	       struct err *err)
{
	OWNED(freep) struct entry *v = NULL;
	size_t n = 0, cap = 0;

	while (text.n > 0 && text.p[text.n - 1] == '\0')
		text.n--;
	while (text.n > 0) {
		struct bytes item = take_item(&text);
		struct entry e;
		bool known = true;

		if (item.n == 0)
			continue;
		if (parse_entry(item, &e, &known, err) != ERR_OK)
			return err->code;
		if (!known) {
			struct err e2 = ERR_INIT;

			(void)err_set(&e2, ERR_FORMAT, "ACL entry %s: no such account here",
				      PATH_PRINT(item));
			if (unknown != NULL)
				unknown(user, &e2);
			continue;
		}
		if (ACL_HEAD_LEN + (n + 1) * ACL_ENTRY_LEN > ACL_KERNEL_MAX)
			return err_set(err, ERR_FORMAT, "ACL has more than %zu entries", n);
		v = (struct entry *)mem_grow(v, n, &cap, sizeof(*v));
		v[n++] = e;
	}
	buf_clear(out);
	if (buf_reserve(out, ACL_HEAD_LEN + n * ACL_ENTRY_LEN, err) != ERR_OK)
		return err->code;
	emit_kernel(v, n, out);
	return ERR_OK;
}
