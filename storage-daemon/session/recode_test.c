#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/num.h"
#include "lib/base/rd.h"
#include "lib/compress/codec.h"
#include "lib/proto/compression.h"
#include "lib/proto/stream.h"
#include "storage-daemon/session/recode.h"

#define FILE_BYTES 200000u

static struct recode *recode;
static struct codec_work *work;
static uint8_t content[FILE_BYTES];

/* What recode_record handed over, undone again. */
struct got {
	unsigned records, streams;
	uint64_t first_address;
	struct buf content;
	bool sparse;
};

static enum err_code
take(void *arg, int32_t stream, struct bytes data, struct err *err)
{
	struct got *g = arg;
	enum err_code code;

	g->records++;
	g->streams |= 1u << stream;
	if (g->sparse) {
		struct rd r = rd_init(data);
		uint64_t address = rd_u64be(&r);

		if (g->records == 1)
			g->first_address = address;
		assert_int_equal(address, g->first_address + g->content.len);
		data = bytes_skip(data, 8);
	}
	if (stream == STREAM_GZIP_DATA || stream == STREAM_SPARSE_GZIP_DATA)
		code = codec_undo_zlib(work, data, &g->content, err);
	else
		code = codec_undo(work, data, &g->content, err);
	assert_int_equal(code, ERR_OK);
	return code;
}

static int
begin(void **state)
{
	(void)state;
	recode = recode_new();
	work = codec_work_new();
	for (size_t i = 0; i < FILE_BYTES; i++)
		content[i] = (uint8_t)(i % 251 < 7 ? i * 2654435761u >> 9 : 'a' + i % 5);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	recode_free(recode);
	codec_work_free(work);
	return 0;
}

/* Pack all of content with a codec, recode it, and look at what came. */
static void
check(uint32_t magic, int32_t stream, unsigned records, unsigned streams)
{
	static const uint8_t address[8] = { 0, 0, 0, 1, 0, 0, 0, 0 };
	struct got g = { .content = BUF_INIT(MIB),
			 .sparse = stream == STREAM_SPARSE_COMPRESSED_DATA };
	struct buf data = BUF_INIT(MIB);
	struct err err = ERR_INIT;

	if (g.sparse)
		buf_put(&data, address, sizeof(address));
	assert_int_equal(codec_do(work, codec_find(magic), 1, bytes_of(content, FILE_BYTES), &data,
				  &err),
			 ERR_OK);
	assert_true(recode_is_for(stream));
	assert_int_equal(recode_record(recode, stream, buf_bytes(&data), take, &g, &err), ERR_OK);
	assert_int_equal(g.records, records);
	assert_int_equal(g.streams, streams);
	assert_int_equal(g.content.len, FILE_BYTES);
	assert_memory_equal(g.content.p, content, FILE_BYTES);
	if (g.sparse)
		assert_int_equal(g.first_address, 1ull << 32);
	buf_release(&data);
	buf_release(&g.content);
}

static void
gzip_loses_its_header(void **state)
{
	(void)state;
	check(MAGIC_GZIP, STREAM_COMPRESSED_DATA, 1, 1u << STREAM_GZIP_DATA);
	check(MAGIC_GZIP, STREAM_SPARSE_COMPRESSED_DATA, 1, 1u << STREAM_SPARSE_GZIP_DATA);
}

static void
a_large_lzo_record_becomes_several(void **state)
{
	(void)state;
	check(MAGIC_LZO, STREAM_COMPRESSED_DATA, 4, 1u << STREAM_COMPRESSED_DATA);
	check(MAGIC_LZO, STREAM_SPARSE_COMPRESSED_DATA, 4, 1u << STREAM_SPARSE_COMPRESSED_DATA);
}

static void
what_bacula_does_not_know_becomes_lzo(void **state)
{
	static const uint32_t magic[] = { MAGIC_LZFAST, MAGIC_LZ4, MAGIC_LZ4HC, MAGIC_ZSTD };

	(void)state;
	for (size_t i = 0; i < sizeof(magic) / sizeof(*magic); i++)
		check(magic[i], STREAM_COMPRESSED_DATA, 4, 1u << STREAM_COMPRESSED_DATA);
}

static enum err_code
keep(void *arg, int32_t stream, struct bytes data, struct err *err)
{
	struct buf *out = arg;

	assert_int_equal(stream, STREAM_COMPRESSED_DATA);
	return buf_append(out, data.p, data.n, err);
}

static void
small_and_damaged_records_stay_as_they_are(void **state)
{
	struct buf data = BUF_INIT(MIB), out = BUF_INIT(MIB);
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(codec_do(work, codec_find(MAGIC_LZO), 0, bytes_of(content, 65536), &data,
				  &err),
			 ERR_OK);
	for (size_t cut = 0; cut < 2; cut++) {
		data.len -= cut;
		buf_clear(&out);
		assert_int_equal(recode_record(recode, STREAM_COMPRESSED_DATA, buf_bytes(&data),
					       keep, &out, &err),
				 ERR_OK);
		assert_int_equal(out.len, data.len);
		assert_memory_equal(out.p, data.p, data.len);
	}
	data.len = 5;
	buf_clear(&out);
	assert_int_equal(recode_record(recode, STREAM_COMPRESSED_DATA, buf_bytes(&data), keep, &out,
				       &err),
			 ERR_OK);
	assert_int_equal(out.len, 5);
	buf_release(&data);
	buf_release(&out);
}

static void
other_streams_are_none_of_its_business(void **state)
{
	static const int32_t others[] = {
		STREAM_UNIX_ATTRIBUTES,     STREAM_FILE_DATA,
		STREAM_SPARSE_DATA,         STREAM_GZIP_DATA,
		STREAM_XXH128_DIGEST,       STREAM_XATTR_LINUX,
		STREAM_ENCRYPTED_FILE_DATA, STREAM_ENCRYPTED_FILE_COMPRESSED_DATA
	};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_false(recode_is_for(others[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gzip_loses_its_header),
		cmocka_unit_test(a_large_lzo_record_becomes_several),
		cmocka_unit_test(what_bacula_does_not_know_becomes_lzo),
		cmocka_unit_test(small_and_damaged_records_stay_as_they_are),
		cmocka_unit_test(other_streams_are_none_of_its_business),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
