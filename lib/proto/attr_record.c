#include "lib/proto/attr_record.h"

#include <inttypes.h>
#include <stdio.h>

#include "lib/base/num.h"
#include "lib/base/rd.h"
#include "lib/proto/stream.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Value + 1 of a base64 digit, 0 for other bytes. */
static const uint8_t digit_value[256] = {
	['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,
	['H'] = 8,  ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14,
	['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21,
	['V'] = 22, ['W'] = 23, ['X'] = 24, ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28,
	['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35,
	['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42,
	['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48, ['w'] = 49,
	['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
	['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63,
	['/'] = 64,
};

#define SIZE_FIELD 7 /* of lstat, from 0.  Spec: volume.md 7.3 */

size_t
base64_num_emit(int64_t v, char *out)
{
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	size_t sign = v < 0;
	size_t n = u == 0 ? 1 : (size_t)(63 - __builtin_clzll(u)) / 6 + 1;

	out[0] = '-';
	for (size_t i = n; i > 0; i--, u >>= 6)
		out[sign + i - 1] = digits[u & 63];
	return sign + n;
}

size_t
base64_bytes_emit(struct bytes in, bool compatible, char *out)
{
	uint32_t reg = 0;
	unsigned rem = 0;
	size_t n = 0;

	for (size_t i = 0; i < in.n || rem >= 6;) {
		if (rem < 6) {
			/* The historic variant sign-extends each byte into the register. */
			uint32_t wide = (uint32_t)(int32_t)(int8_t)in.p[i];

			reg = (reg << 8) | (compatible ? (uint32_t)in.p[i] : wide);
			i++;
			rem += 8;
		}
		out[n++] = digits[(reg >> (rem - 6)) & 63];
		rem -= 6;
	}
	if (rem > 0) {
		uint32_t last = reg & ((1u << rem) - 1);

		out[n++] = digits[compatible ? last << (6 - rem) : last];
	}
	out[n] = '\0';
	return n;
}

size_t
lstat_emit(const struct lstat_fields *f, char *out)
{
	const int64_t v[16] = { f->dev,   f->ino,     f->mode,    f->nlink,      f->uid,   f->gid,
				f->rdev,  f->size,    f->blksize, f->blocks,     f->atime, f->mtime,
				f->ctime, f->link_fi, f->flags,   f->data_stream };
	size_t n = 0;

	for (size_t i = 0; i < 16; i++) {
		n += base64_num_emit(v[i], out + n);
		out[n++] = ' ';
	}
	out[--n] = '\0';
	return n;
}

/* One number from the front of *p; false when there is no digit or too many. */
static bool
take_number(const uint8_t **p, const uint8_t *end, int64_t *out)
{
	const uint8_t *q = *p;
	bool minus = q < end && *q == '-';
	uint64_t u = 0;

	q += minus;
	if (q == end || digit_value[*q] == 0)
		return false;
	for (; q < end && digit_value[*q] != 0; q++) {
		if (u >> 58 != 0)
			return false;
		u = u << 6 | (uint64_t)(digit_value[*q] - 1);
	}
	/* Device numbers may use all 64 bits: kept modulo 2^64. */
	*out = (int64_t)(minus ? 0 - u : u);
	*p = q;
	return true;
}

enum err_code
lstat_parse(struct bytes text, struct lstat_fields *out, struct err *err)
{
	int64_t v[16] = { 0 };
	const uint8_t *p = text.p, *end = text.n > 0 ? text.p + text.n : text.p;
	size_t n = 0;

	while (n < 16 && p < end) {
		if (n > 0 && *p++ != ' ')
			return err_set(err, ERR_FORMAT, "lstat: byte %td is no digit",
				       p - 1 - text.p);
		if (p == end)
			break;
		if (!take_number(&p, end, &v[n]))
			return err_set(err, ERR_FORMAT, "lstat: field %zu is no number", n + 1);
		n++;
	}
	/* Fields behind the 16th are none of ours; the first 13 have always been there. */
	if (n < 13)
		return err_set(err, ERR_FORMAT, "lstat: %zu fields, at least 13 expected", n);
	*out = (struct lstat_fields){ v[0], v[1], v[2],  v[3],  v[4],  v[5],  v[6],  v[7],
				      v[8], v[9], v[10], v[11], v[12], v[13], v[14], v[15] };
	return ERR_OK;
}

uint64_t
lstat_size(struct bytes text)
{
	const uint8_t *p = text.p, *end = text.n > 0 ? text.p + text.n : text.p;
	int64_t size = 0;

	for (size_t field = 0; field < SIZE_FIELD; field++) {
		while (p < end && *p != ' ' && *p != 0)
			p++;
		if (p == end || *p == 0)
			return 0;
		p++;
	}
	return take_number(&p, end, &size) && size > 0 ? (uint64_t)size : 0;
}

void
lstat_from_stat(const struct stat *st, int64_t link_fi, int64_t data_stream,
		struct lstat_fields *out)
{
	*out = (struct lstat_fields){
		.dev = (int64_t)st->st_dev,
		.ino = (int64_t)st->st_ino,
		.mode = (int64_t)st->st_mode,
		.nlink = (int64_t)st->st_nlink,
		.uid = (int64_t)st->st_uid,
		.gid = (int64_t)st->st_gid,
		.rdev = (int64_t)st->st_rdev,
		.size = (int64_t)st->st_size,
		.blksize = (int64_t)st->st_blksize,
		.blocks = (int64_t)st->st_blocks,
		.atime = (int64_t)st->st_atime,
		.mtime = (int64_t)st->st_mtime,
		.ctime = (int64_t)st->st_ctime,
		.link_fi = link_fi,
		.data_stream = data_stream,
	};
}

/* Decimal digits up to the byte stop, which is consumed. */
static bool
take_decimal(struct rd *r, uint8_t stop, uint32_t *out)
{
	uint64_t v = 0;
	size_t i = 0;

	while (i < r->in.n && r->in.p[i] >= '0' && r->in.p[i] <= '9' && i < 10)
		v = v * 10 + (uint64_t)(r->in.p[i++] - '0');
	if (r->bad || i == 0 || i == r->in.n || r->in.p[i] != stop || !u32_from_u64(v, out))
		return false;
	(void)rd_bytes(r, i + 1);
	return true;
}

enum err_code
attr_record_parse(struct bytes in, struct attr_record *out, struct err *err)
{
	struct rd r = rd_init(in);
	struct attr_record a = { 0 };
	uint32_t index, type;

	if (!take_decimal(&r, ' ', &index) || index > INT32_MAX)
		return err_set(err, ERR_FORMAT, "attribute record: no file index");
	if (!take_decimal(&r, ' ', &type))
		return err_set(err, ERR_FORMAT, "attribute record: no file type");
	a.name = rd_cstr(&r);
	a.lstat = rd_cstr(&r);
	a.link = rd_cstr(&r);
	a.ext = rd_cstr(&r);
	if (!rd_ok(&r))
		return err_set(err, ERR_FORMAT, "attribute record: cut off after %zu bytes", in.n);
	/* Old clients end here; bytes behind the last NUL are left alone. */
	if (rd_left(&r) > 0 && !take_decimal(&r, '\0', &a.delta_seq))
		return err_set(err, ERR_FORMAT, "attribute record: no delta number");
	a.file_index = (int32_t)index;
	a.type = (int)(type & 0xffff);
	if (a.type < FT_LNKSAVED || a.type > FT_PLUGIN_CONFIG_FILLED)
		return err_set(err, ERR_FORMAT, "attribute record: file type %d is unknown",
			       a.type);
	if (a.name.n == 0)
		return err_set(err, ERR_FORMAT, "attribute record: empty name");
	*out = a;
	return ERR_OK;
}

static size_t
decimal_emit(uint32_t v, uint8_t *out)
{
	uint8_t tmp[10];
	size_t n = 0;

	do
		tmp[n++] = (uint8_t)('0' + v % 10);
	while ((v /= 10) != 0);
	for (size_t i = 0; i < n; i++)
		out[i] = tmp[n - 1 - i];
	return n;
}

static uint8_t *
put_cstr(uint8_t *p, struct bytes s)
{
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return p + s.n + 1;
}

enum err_code
attr_record_emit(const struct attr_record *a, struct buf *out, struct err *err)
{
	size_t need = a->name.n + a->lstat.n + a->link.n + a->ext.n + ATTR_RECORD_TEXT_MAX;
	uint8_t *p;

	if (buf_reserve(out, need, err) != ERR_OK)
		return err->code;
	p = out->p + out->len;
	p += decimal_emit((uint32_t)a->file_index, p);
	*p++ = ' ';
	p += decimal_emit((uint32_t)a->type, p);
	*p++ = ' ';
	p = put_cstr(p, a->name);
	if (a->add_slash) {
		p[-1] = '/';
		*p++ = '\0';
	}
	p = put_cstr(p, a->lstat);
	p = put_cstr(p, a->link);
	p = put_cstr(p, a->ext);
	p += decimal_emit(a->delta_seq, p);
	*p++ = '\0';
	out->len = (size_t)(p - out->p);
	return ERR_OK;
}
