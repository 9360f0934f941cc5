#include "lib/volume/label.h"

#include <inttypes.h>

#include "lib/base/path.h"
#include "lib/base/rd.h"
#include "lib/base/wr.h"

#define VERSION_BTIME 11 /* from this version on times are microseconds, before: Julian days */
#define VERSION_NAMES 10 /* session labels of older versions have no job names */
#define JULIAN_1970   2440587.5
#define SECONDS_A_DAY 86400.0

/* Label families.  Spec: volume.md 4.2 "Accepting a label" */
static const struct label_family {
	const char *id;
	uint32_t version_min, version_max;
	enum label_style style;
	const char *refused; /* NULL: readable */
} families[] = {
	{ "Bareos 2.0 immortal\n", 20, 20, LABEL_BAREOS, NULL },
	{ "Bacula 1.0 immortal\n", 11, 11, LABEL_BACULA, NULL },
	{ "Bacula 0.9 mortal\n", 9, 10, LABEL_BACULA, NULL },
	{ "Bacula 1.0 Metadata\n", 0, UINT32_MAX, LABEL_BACULA, "aligned metadata" },
	{ "Bacula 1.0 Aligned Data\n", 0, UINT32_MAX, LABEL_BACULA, "aligned data" },
	{ "Bacula 1.0 Dedup Metadata\n", 0, UINT32_MAX, LABEL_BACULA, "deduplicated data" },
	{ "Bacula 1.0 S3 Cloud Data\n", 0, UINT32_MAX, LABEL_BACULA, "cloud parts" },
};

static enum err_code
find_family(struct bytes id, uint32_t version, const struct label_family **out, struct err *err)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++) {
		const struct label_family *f = &families[i];

		if (!bytes_eq(id, bytes_str(f->id)))
			continue;
		if (f->refused != NULL)
			return err_set(err, ERR_FORMAT,
				       "volume holds Bacula's %s, which is not supported",
				       f->refused);
		if (version < f->version_min || version > f->version_max)
			return err_set(err, ERR_FORMAT,
				       "label version %" PRIu32 " of family %s is unknown", version,
				       PATH_PRINT(bytes_of(id.p, id.n - 1)));
		*out = f;
		return ERR_OK;
	}
	return err_set(err, ERR_FORMAT, "label id %s is neither Bareos nor Bacula", PATH_PRINT(id));
}

/* Text of a label into a fixed array; too long is as bad as cut off. */
static void
rd_text(struct rd *r, char *out, size_t cap)
{
	struct bytes s = rd_cstr(r);

	if (s.n >= cap) {
		r->bad = true;
		return;
	}
	if (s.n > 0)
		memcpy(out, s.p, s.n);
	out[s.n] = '\0';
}

/* Programs and versions are for people only: a long one is cut, not refused. */
static void
rd_text_cut(struct rd *r, char *out, size_t cap)
{
	struct bytes s = rd_cstr(r);
	size_t n = s.n < cap ? s.n : cap - 1;

	if (n > 0)
		memcpy(out, s.p, n);
	out[n] = '\0';
}

static int64_t
us_from_julian(double day, double fraction)
{
	double us = (day + fraction - JULIAN_1970) * SECONDS_A_DAY * 1e6;

	return us > -9e18 && us < 9e18 ? (int64_t)us : 0; /* also not-a-number */
}

/* Spec: volume.md 4.2 */
enum err_code
volume_label_parse(struct bytes in, struct volume_label *out, struct err *err)
{
	struct rd r = rd_init(in);
	struct volume_label l = { 0 };
	const struct label_family *family = NULL;
	struct bytes id = rd_cstr(&r);

	l.version = rd_u32be(&r);
	if (!rd_ok(&r))
		return err_set(err, ERR_FORMAT, "volume label is cut off after %zu bytes", in.n);
	if (find_family(id, l.version, &family, err) != ERR_OK)
		return err->code;
	l.style = family->style;
	if (l.version >= VERSION_BTIME) {
		l.label_us = (int64_t)rd_u64be(&r);
		l.write_us = (int64_t)rd_u64be(&r);
		(void)rd_f64be(&r);
		(void)rd_f64be(&r);
	} else {
		double day = rd_f64be(&r), fraction = rd_f64be(&r);

		l.label_us = us_from_julian(day, fraction);
		day = rd_f64be(&r);
		fraction = rd_f64be(&r);
		l.write_us = us_from_julian(day, fraction);
	}
	rd_text(&r, l.volume, sizeof(l.volume));
	rd_text(&r, l.previous, sizeof(l.previous));
	rd_text(&r, l.pool, sizeof(l.pool));
	rd_text(&r, l.pool_type, sizeof(l.pool_type));
	rd_text(&r, l.media_type, sizeof(l.media_type));
	rd_text(&r, l.host, sizeof(l.host));
	rd_text_cut(&r, l.program, sizeof(l.program));
	rd_text_cut(&r, l.program_version, sizeof(l.program_version));
	rd_text_cut(&r, l.program_date, sizeof(l.program_date));
	if (!rd_ok(&r))
		return err_set(err, ERR_FORMAT,
			       "volume label of %zu bytes is cut off or has a name over 127 bytes",
			       in.n);
	*out = l;
	return ERR_OK;
}

static void
wr_family(struct wr *w, enum label_style style)
{
	const struct label_family *f = &families[style == LABEL_BAREOS ? 0 : 1];

	wr_cstr(w, f->id);
	wr_u32be(w, f->version_min);
}

size_t
volume_label_emit(const struct volume_label *l, uint8_t out[LABEL_MAX])
{
	struct wr w = wr_init(out,
			      LABEL_MAX); /* the fields' arrays bound the sum: 25+36+6*128+3*64 */

	wr_family(&w, l->style);
	wr_u64be(&w, (uint64_t)l->label_us);
	wr_u64be(&w, (uint64_t)l->write_us);
	wr_f64be(&w, 0.0);
	wr_f64be(&w, 0.0);
	wr_cstr(&w, l->volume);
	wr_cstr(&w, l->previous);
	wr_cstr(&w, l->pool);
	wr_cstr(&w, l->pool_type);
	wr_cstr(&w, l->media_type);
	wr_cstr(&w, l->host);
	wr_cstr(&w, l->program);
	wr_cstr(&w, l->program_version);
	wr_cstr(&w, l->program_date);
	return w.len;
}

/* Spec: volume.md 4.3 */
enum err_code
session_label_parse(struct bytes in, bool end, struct session_label *out, struct err *err)
{
	struct rd r = rd_init(in);
	struct session_label l = { 0 };
	const struct label_family *family = NULL;
	struct bytes id = rd_cstr(&r);
	double day;
	uint32_t start_block, end_block, start_file, end_file;

	l.version = rd_u32be(&r);
	l.job_id = rd_u32be(&r);
	if (!rd_ok(&r))
		return err_set(err, ERR_FORMAT, "session label is cut off after %zu bytes", in.n);
	if (find_family(id, l.version, &family, err) != ERR_OK)
		return err->code;
	l.style = family->style;
	if (l.version >= VERSION_BTIME) {
		l.write_us = (int64_t)rd_u64be(&r);
		(void)rd_f64be(&r);
	} else {
		day = rd_f64be(&r);
		l.write_us = us_from_julian(day, rd_f64be(&r));
	}
	rd_text(&r, l.pool, sizeof(l.pool));
	rd_text(&r, l.pool_type, sizeof(l.pool_type));
	rd_text(&r, l.job_name, sizeof(l.job_name));
	rd_text(&r, l.client, sizeof(l.client));
	if (l.version >= VERSION_NAMES) {
		rd_text(&r, l.job, sizeof(l.job));
		rd_text(&r, l.fileset, sizeof(l.fileset));
		l.job_type = rd_u32be(&r);
		l.job_level = rd_u32be(&r);
	}
	if (l.version >= VERSION_BTIME)
		rd_text(&r, l.fileset_md5, sizeof(l.fileset_md5));
	if (end) {
		l.files = rd_u32be(&r);
		l.bytes = rd_u64be(&r);
		start_block = rd_u32be(&r);
		end_block = rd_u32be(&r);
		start_file = rd_u32be(&r);
		end_file = rd_u32be(&r);
		l.start_addr = (uint64_t)start_file << 32 | start_block;
		l.end_addr = (uint64_t)end_file << 32 | end_block;
		l.errors = rd_u32be(&r);
		l.status = l.version >= VERSION_BTIME ? rd_u32be(&r) : (uint32_t)'T';
	}
	if (!rd_ok(&r))
		return err_set(err, ERR_FORMAT,
			       "session label of %zu bytes is cut off or has a name over 127 bytes",
			       in.n);
	*out = l;
	return ERR_OK;
}

size_t
session_label_emit(const struct session_label *l, bool end, uint8_t out[LABEL_MAX])
{
	struct wr w = wr_init(out, LABEL_MAX);

	wr_family(&w, l->style);
	wr_u32be(&w, l->job_id);
	wr_u64be(&w, (uint64_t)l->write_us);
	wr_f64be(&w, 0.0);
	wr_cstr(&w, l->pool);
	wr_cstr(&w, l->pool_type);
	wr_cstr(&w, l->job_name);
	wr_cstr(&w, l->client);
	wr_cstr(&w, l->job);
	wr_cstr(&w, l->fileset);
	wr_u32be(&w, l->job_type);
	wr_u32be(&w, l->job_level);
	wr_cstr(&w, l->fileset_md5);
	if (!end)
		return w.len;
	wr_u32be(&w, l->files);
	wr_u64be(&w, l->bytes);
	wr_u32be(&w, (uint32_t)l->start_addr);
	wr_u32be(&w, (uint32_t)l->end_addr);
	wr_u32be(&w, (uint32_t)(l->start_addr >> 32));
	wr_u32be(&w, (uint32_t)(l->end_addr >> 32));
	wr_u32be(&w, l->errors);
	wr_u32be(&w, l->status);
	return w.len;
}
