#include "storage-daemon/media/vol_label.h"

#include <stdio.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/base/num.h"
#include "lib/base/own.h"
#include "lib/volume/block.h"
#include "lib/volume/record.h"
#include "lib/volume/volume_scan.h"

#define LABEL_BLOCK_MAX 64512u       /* a label block is read with this much; volume.md 2.3 */
#define UNSYNCED_MAX    (256u * MIB) /* amply more than dev_file.c leaves to the kernel */

static void
fill_label(const struct label_wish *w, struct volume_label *l)
{
	*l = (struct volume_label){ .style = w->style,
				    .version = w->style == LABEL_BACULA ? 11 : 20,
				    .write_us = clock_now_us() };
	l->label_us = w->label_us != 0 ? w->label_us : l->write_us;
	(void)snprintf(l->volume, sizeof(l->volume), "%s", w->volume);
	(void)snprintf(l->pool, sizeof(l->pool), "%s", w->pool);
	(void)snprintf(l->pool_type, sizeof(l->pool_type), "Backup");
	(void)snprintf(l->media_type, sizeof(l->media_type), "%s", w->media_type);
	if (gethostname(l->host, sizeof(l->host) - 1) != 0)
		(void)snprintf(l->host, sizeof(l->host), "localhost");
	(void)snprintf(l->program, 50, "%s", w->daemon);
	(void)snprintf(l->program_version, sizeof(l->program_version), "Ver. Tercet %s",
		       TERCET_VERSION);
	(void)snprintf(l->program_date, sizeof(l->program_date), "Build Tercet %s", TERCET_VERSION);
}

enum err_code
vol_label_write(struct dev *dev, const struct label_wish *w, struct volume_label *out,
		uint64_t *len, struct err *err)
{
	uint8_t area[BLOCK_HEAD_LEN + RECORD_HEAD_LEN + LABEL_MAX], data[LABEL_MAX];
	struct block_fill fill = { .p = area, .cap = sizeof(area) };
	struct record_put put = { .file_index = VOL_LABEL, .stream = 0 };
	struct block_head head = { .session_id = w->session_id,
				   .session_time = w->session_time,
				   .head_len = BLOCK_HEAD_LEN };
	enum err_code code;

	fill_label(w, out);
	put.data = bytes_of(data, volume_label_emit(out, data));
	block_fill_reset(&fill);
	if (!record_put(&fill, &put))
		return err_set(err, ERR_BUG, "a label of %zu bytes does not fit its block",
			       put.data.n);
	head.len = fill.len;
	block_head_emit(area, &head, w->checksum);
	code = dev->ops->truncate(dev, 0, err);
	if (code == ERR_OK)
		code = dev->ops->write(dev, area, fill.len, 0, err);
	if (code == ERR_OK)
		code = dev->ops->sync(dev, err);
	if (code == ERR_OK)
		*len = fill.len;
	return code;
}

static enum err_code
parse_label_block(struct bytes in, struct volume_label *out, uint64_t *len, struct err *err)
{
	struct block_head head;
	struct record_reader r;
	struct record_piece piece;
	enum err_code code = block_head_parse(in, &head, err);

	if (code != ERR_OK)
		return code;
	if (head.len > in.n)
		return err_set(err, ERR_FORMAT, "the label block has %zu of its %u bytes", in.n,
			       head.len);
	in.n = head.len;
	code = block_verify(in, &head, err);
	if (code != ERR_OK)
		return code;
	record_reader_init(&r, in, &head);
	code = record_next(&r, &piece, err);
	if (code == ERR_EOF)
		return err_set(err, ERR_FORMAT, "the first block holds no label");
	if (code != ERR_OK)
		return code;
	if (piece.file_index != VOL_LABEL && piece.file_index != PRE_LABEL)
		return err_set(err, ERR_FORMAT, "the first record is no label but FileIndex %d",
			       piece.file_index);
	*len = head.len;
	return volume_label_parse(piece.data, out, err);
}

enum err_code
vol_label_read(struct dev *dev, struct volume_label *out, uint64_t *len, struct err *err)
{
	OWNED(freep) uint8_t *p = NEW_ARRAY(uint8_t, LABEL_BLOCK_MAX);
	size_t got = 0;
	enum err_code code = dev->ops->read(dev, p, LABEL_BLOCK_MAX, 0, &got, err);

	if (code != ERR_OK)
		return code;
	if (got == 0)
		return err_set(err, ERR_EOF, "%s is empty", dev->path);
	code = parse_label_block(bytes_of(p, got), out, len, err);
	if (code != ERR_OK)
		return err_ctx(err, "%s", dev->path);
	return ERR_OK;
}

/* ---- the end of a volume ---- */

struct tail_reader {
	struct dev *dev;
	struct cancel *cancel;
};

static enum err_code
read_tail(void *user, void *p, size_t n, uint64_t at, size_t *got, struct err *err)
{
	const struct tail_reader *t = (const struct tail_reader *)user;

	if (cancel_asked(t->cancel))
		return err_set(err, ERR_CANCELED, "canceled while looking through %s",
			       t->dev->path);
	return t->dev->ops->read(t->dev, p, n, at, got, err);
}

/* Of the blocks looked at. */
struct jobs_seen {
	bool began; /* a job begins there */
	bool whole; /* ... and behind that one ends */
};

static void
look_for_jobs(const struct volume_block *b, struct jobs_seen *seen)
{
	struct record_reader r;
	struct record_piece p;
	struct err end = ERR_INIT;

	record_reader_init(&r, b->bytes, &b->head);
	while (record_next(&r, &p, &end) == ERR_OK) {
		if (p.file_index == SOS_LABEL)
			seen->began = true;
		if (p.file_index == EOS_LABEL && seen->began)
			seen->whole = true;
	}
}

enum err_code
vol_tail_scan(struct dev *dev, uint64_t from, struct cancel *cancel, struct vol_tail *out,
	      struct err *err)
{
	struct tail_reader t = { dev, cancel };
	OWNED(volume_scan_freep) struct volume_scan *scan = volume_scan_new(read_tail, &t);
	struct vol_tail all = { .good_end = from };
	struct jobs_seen behind = { .began = false };
	uint64_t damage_end = from;
	enum err_code code = dev->ops->size(dev, &all.size, err);

	*out = all;
	volume_scan_seek(scan, from);
	while (code == ERR_OK) {
		struct volume_block b;
		struct err why = ERR_INIT;

		code = volume_scan_next(scan, &b, &why);
		if (code == ERR_FORMAT) {
			all.damaged += b.end - b.at;
			damage_end = b.end;
			behind = (struct jobs_seen){ .began = false };
			code = ERR_OK;
		} else if (code == ERR_OK) {
			all.good_end = b.end;
			all.blocks++;
			if (all.damaged > out->damaged)
				look_for_jobs(&b, &behind);
			if (all.damaged == out->damaged || behind.whole ||
			    b.end - damage_end > UNSYNCED_MAX)
				*out = all;
		} else if (code != ERR_EOF) {
			*err = why;
		}
	}
	return code == ERR_EOF ? ERR_OK : code;
}
