#include "storage-daemon/media/vol_label.h"

#include <stdio.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/volume/block.h"
#include "lib/volume/record.h"

#define LABEL_BLOCK_MAX 64512u /* a label block is read with this much; volume.md 2.3 */

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

/* One block at address at; ERR_FORMAT when it is not whole and undamaged. */
static enum err_code
read_block(struct dev *dev, uint64_t at, struct buf *area, uint32_t *len, struct err *err)
{
	uint8_t first[BLOCK_HEAD_LEN];
	struct block_head head;
	size_t got = 0;
	enum err_code code = dev->ops->read(dev, first, sizeof(first), at, &got, err);

	if (code == ERR_OK)
		code = block_head_parse(bytes_of(first, got), &head, err);
	if (code != ERR_OK)
		return code;
	buf_clear(area);
	code = buf_reserve(area, head.len, err);
	if (code == ERR_OK)
		code = dev->ops->read(dev, area->p, head.len, at, &got, err);
	if (code != ERR_OK)
		return code;
	if (got != head.len)
		return err_set(err, ERR_FORMAT, "block at %llu has %zu of %u bytes",
			       (unsigned long long)at, got, head.len);
	*len = head.len;
	return block_verify(bytes_of(area->p, head.len), &head, err);
}

enum err_code
vol_tail_scan(struct dev *dev, uint64_t from, struct vol_tail *out, struct err *err)
{
	OWNED(buf_release) struct buf area = BUF_INIT(BLOCK_LEN_MAX);
	struct vol_tail t = { .good_end = from };
	enum err_code code = dev->ops->size(dev, &t.size, err);
	struct err damage = ERR_INIT;

	if (code != ERR_OK)
		return code;
	while (t.good_end < t.size) {
		uint32_t len = 0;

		code = read_block(dev, t.good_end, &area, &len, &damage);
		if (code == ERR_SYS || code == ERR_LIMIT) {
			*err = damage;
			return code;
		}
		if (code != ERR_OK)
			break;
		t.good_end += len;
		t.blocks++;
	}
	*out = t;
	return ERR_OK;
}
