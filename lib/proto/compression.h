/*
 * lib/proto/compression.h - the compressions a FileSet may ask for
 *
 * Purpose: one row per word of the directive: what the director sends for it, and what the file
 *          daemon writes because of it.  The algorithms are rows of lib/compress, found by magic.
 * Spec:    config.md 1.14 Compression, wire.md 5.3 "Option letters", volume.md 8.2; the four of
 *          zstd: bacula.md 5.1 "Option letters", 6.4 (a Bacula client reads them from 15 on)
 */
#ifndef TERCET_PROTO_COMPRESSION_H
#define TERCET_PROTO_COMPRESSION_H

#include <stddef.h>
#include <stdint.h>

#define MAGIC_GZIP   0x475a4950u /* "GZIP" */
#define MAGIC_LZO    0x4c5a4f58u /* "LZOX" */
#define MAGIC_LZFAST 0x465a465au /* "FZFZ" */
#define MAGIC_LZ4    0x465a344cu /* "FZ4L" */
#define MAGIC_LZ4HC  0x465a3448u /* "FZ4H" */
#define MAGIC_ZSTD   0x4c5a4f59u /* "LZOY" */

/* clang-format off */
/*        word      letters behind Z   magic  level   in reports */
#define COMPRESSIONS(X)                                          \
	X("GZIP",   "6",  MAGIC_GZIP,    6,  "gzip")             \
	X("GZIP1",  "1",  MAGIC_GZIP,    1,  "gzip")             \
	X("GZIP2",  "2",  MAGIC_GZIP,    2,  "gzip")             \
	X("GZIP3",  "3",  MAGIC_GZIP,    3,  "gzip")             \
	X("GZIP4",  "4",  MAGIC_GZIP,    4,  "gzip")             \
	X("GZIP5",  "5",  MAGIC_GZIP,    5,  "gzip")             \
	X("GZIP6",  "6",  MAGIC_GZIP,    6,  "gzip")             \
	X("GZIP7",  "7",  MAGIC_GZIP,    7,  "gzip")             \
	X("GZIP8",  "8",  MAGIC_GZIP,    8,  "gzip")             \
	X("GZIP9",  "9",  MAGIC_GZIP,    9,  "gzip")             \
	X("LZO",    "o",  MAGIC_LZO,     0,  "lzo")              \
	X("LZFAST", "ff", MAGIC_LZFAST,  1,  "lzfast")           \
	X("LZ4",    "f4", MAGIC_LZ4,     1,  "lz4")              \
	X("LZ4HC",  "fh", MAGIC_LZ4HC,   1,  "lz4hc")            \
	X("ZSTD",   "s",  MAGIC_ZSTD,    3,  "zstd")             \
	X("ZSTD1",  "r",  MAGIC_ZSTD,    1,  "zstd")             \
	X("ZSTD3",  "s",  MAGIC_ZSTD,    3,  "zstd")             \
	X("ZSTD10", "u",  MAGIC_ZSTD,   10,  "zstd")             \
	X("ZSTD19", "t",  MAGIC_ZSTD,   19,  "zstd")
/* clang-format on */

struct compression {
	const char *word;    /* of the directive */
	const char *letters; /* behind Z */
	uint32_t magic;
	uint16_t level; /* asked of the algorithm, and written into the header */
	const char *name;
};

/* The row whose letters text begins with; NULL: none. */
const struct compression *compression_find(const char *text);

#endif
