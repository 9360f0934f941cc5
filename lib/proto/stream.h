/*
 * lib/proto/stream.h - stream ids and file types
 *
 * Purpose: the spec's tables as rows; routing in the storage daemon, dispatch on restore, and the
 *          listing of the volume tool are made from them.
 * Spec:    volume.md "Stream ids", "File types"
 */
#ifndef TERCET_PROTO_STREAM_H
#define TERCET_PROTO_STREAM_H

#include <stdbool.h>
#include <stdint.h>

enum stream_kind {
	STREAM_KIND_ATTRIBUTES, /* an attribute record begins a file */
	STREAM_KIND_DATA,       /* file content */
	STREAM_KIND_DIGEST,
	STREAM_KIND_ACL,
	STREAM_KIND_XATTR,
	STREAM_KIND_SIGNATURE,
	STREAM_KIND_SESSION, /* encryption session */
	STREAM_KIND_OBJECT,  /* restore object */
	STREAM_KIND_PLUGIN,
	STREAM_KIND_FOREIGN, /* carried, not understood on this platform */
};

/* What a data stream's payload passed through; also what restore must undo. */
#define STREAM_SPARSE     1u /* STREAM_SPARSE_HEAD bytes of file address in front */
#define STREAM_COMPRESSED 2u /* 12-byte header and compressed data */
#define STREAM_ZLIB       4u /* bare zlib stream */
#define STREAM_ENCRYPTED  8u
#define STREAM_WIN32      16u /* BackupRead stream */
#define STREAM_IN_CATALOG 32u /* the storage daemon forwards it to the director (wire.md 6.6) */

#define STREAM_SPARSE_HEAD 8u /* volume.md 8.1 */

/* clang-format off */
/*       name                               id   kind         flags */
#define STREAMS(X)                                                                                 \
	X(UNIX_ATTRIBUTES,                   1, ATTRIBUTES, STREAM_IN_CATALOG)                     \
	X(FILE_DATA,                         2, DATA,       0)                                     \
	X(MD5_DIGEST,                        3, DIGEST,     STREAM_IN_CATALOG)                     \
	X(GZIP_DATA,                         4, DATA,       STREAM_ZLIB)                           \
	X(UNIX_ATTRIBUTES_EX,                5, ATTRIBUTES, STREAM_IN_CATALOG)                     \
	X(SPARSE_DATA,                       6, DATA,       STREAM_SPARSE)                         \
	X(SPARSE_GZIP_DATA,                  7, DATA,       STREAM_SPARSE | STREAM_ZLIB)           \
	X(PROGRAM_NAMES,                     8, FOREIGN,    0)                                     \
	X(PROGRAM_DATA,                      9, FOREIGN,    0)                                     \
	X(SHA1_DIGEST,                      10, DIGEST,     STREAM_IN_CATALOG)                     \
	X(WIN32_DATA,                       11, DATA,       STREAM_WIN32)                          \
	X(WIN32_GZIP_DATA,                  12, DATA,       STREAM_WIN32 | STREAM_ZLIB)            \
	X(MACOS_FORK_DATA,                  13, FOREIGN,    0)                                     \
	X(HFSPLUS_ATTRIBUTES,               14, FOREIGN,    0)                                     \
	X(UNIX_ACCESS_ACL,                  15, ACL,        0)                                     \
	X(UNIX_DEFAULT_ACL,                 16, ACL,        0)                                     \
	X(SHA256_DIGEST,                    17, DIGEST,     STREAM_IN_CATALOG)                     \
	X(SHA512_DIGEST,                    18, DIGEST,     STREAM_IN_CATALOG)                     \
	X(SIGNED_DIGEST,                    19, SIGNATURE,  0)                                     \
	X(ENCRYPTED_FILE_DATA,              20, DATA,       STREAM_ENCRYPTED)                      \
	X(ENCRYPTED_WIN32_DATA,             21, DATA,       STREAM_ENCRYPTED | STREAM_WIN32)       \
	X(ENCRYPTED_SESSION_DATA,           22, SESSION,    0)                                     \
	X(ENCRYPTED_FILE_GZIP_DATA,         23, DATA,       STREAM_ENCRYPTED | STREAM_ZLIB)        \
	X(ENCRYPTED_WIN32_GZIP_DATA,        24, DATA,       STREAM_ENCRYPTED | STREAM_ZLIB | STREAM_WIN32) \
	X(ENCRYPTED_MACOS_FORK_DATA,        25, FOREIGN,    0)                                     \
	X(PLUGIN_NAME,                      26, PLUGIN,     0)                                     \
	X(PLUGIN_DATA,                      27, FOREIGN,    0)                                     \
	X(RESTORE_OBJECT,                   28, OBJECT,     STREAM_IN_CATALOG)                     \
	X(COMPRESSED_DATA,                  29, DATA,       STREAM_COMPRESSED)                     \
	X(SPARSE_COMPRESSED_DATA,           30, DATA,       STREAM_SPARSE | STREAM_COMPRESSED)     \
	X(WIN32_COMPRESSED_DATA,            31, DATA,       STREAM_WIN32 | STREAM_COMPRESSED)      \
	X(ENCRYPTED_FILE_COMPRESSED_DATA,   32, DATA,       STREAM_ENCRYPTED | STREAM_COMPRESSED)  \
	X(ENCRYPTED_WIN32_COMPRESSED_DATA,  33, DATA,       STREAM_ENCRYPTED | STREAM_COMPRESSED | STREAM_WIN32) \
	X(XXH128_DIGEST,                    40, DIGEST,     STREAM_IN_CATALOG)                     \
	X(ADATA_BLOCK_HEADER,              200, FOREIGN,    0)                                     \
	X(ADATA_RECORD_HEADER,             201, FOREIGN,    0)                                     \
	X(NDMP_SEPARATOR,                  999, FOREIGN,    0)                                     \
	X(ACL_AIX_TEXT,                   1000, FOREIGN,    0)                                     \
	X(ACL_DARWIN_ACCESS,              1001, FOREIGN,    0)                                     \
	X(ACL_FREEBSD_DEFAULT,            1002, FOREIGN,    0)                                     \
	X(ACL_FREEBSD_ACCESS,             1003, FOREIGN,    0)                                     \
	X(ACL_HPUX,                       1004, FOREIGN,    0)                                     \
	X(ACL_IRIX_DEFAULT,               1005, FOREIGN,    0)                                     \
	X(ACL_IRIX_ACCESS,                1006, FOREIGN,    0)                                     \
	X(ACL_LINUX_DEFAULT,              1007, ACL,        0)                                     \
	X(ACL_LINUX_ACCESS,               1008, ACL,        0)                                     \
	X(ACL_TRU64_DEFAULT,              1009, FOREIGN,    0)                                     \
	X(ACL_TRU64_DEFAULT_DIR,          1010, FOREIGN,    0)                                     \
	X(ACL_TRU64_ACCESS,               1011, FOREIGN,    0)                                     \
	X(ACL_SOLARIS_ACLENT,             1012, FOREIGN,    0)                                     \
	X(ACL_SOLARIS_ACE,                1013, FOREIGN,    0)                                     \
	X(ACL_AFS_TEXT,                   1014, FOREIGN,    0)                                     \
	X(ACL_AIX_AIXC,                   1015, FOREIGN,    0)                                     \
	X(ACL_AIX_NFS4,                   1016, FOREIGN,    0)                                     \
	X(ACL_FREEBSD_NFS4,               1017, FOREIGN,    0)                                     \
	X(ACL_HURD_DEFAULT,               1018, FOREIGN,    0)                                     \
	X(ACL_HURD_ACCESS,                1019, FOREIGN,    0)                                     \
	X(ACL_PLUGIN,                     1020, FOREIGN,    0)                                     \
	X(XATTR_PLUGIN,                   1988, FOREIGN,    0)                                     \
	X(XATTR_HURD,                     1989, FOREIGN,    0)                                     \
	X(XATTR_IRIX,                     1990, FOREIGN,    0)                                     \
	X(XATTR_TRU64,                    1991, FOREIGN,    0)                                     \
	X(XATTR_AIX,                      1992, FOREIGN,    0)                                     \
	X(XATTR_OPENBSD,                  1993, FOREIGN,    0)                                     \
	X(XATTR_SOLARIS_SYS,              1994, FOREIGN,    0)                                     \
	X(XATTR_SOLARIS,                  1995, FOREIGN,    0)                                     \
	X(XATTR_DARWIN,                   1996, FOREIGN,    0)                                     \
	X(XATTR_FREEBSD,                  1997, FOREIGN,    0)                                     \
	X(XATTR_LINUX,                    1998, XATTR,      0)                                     \
	X(XATTR_NETBSD,                   1999, FOREIGN,    0)

/*       name               nr  on volume  what */
#define FILE_TYPES(X)                                                                              \
	X(FT_LNKSAVED,       1, true,  "hard link to a file saved before in this job")             \
	X(FT_REGE,           2, true,  "empty regular file, readable by all")                      \
	X(FT_REG,            3, true,  "regular file")                                             \
	X(FT_LNK,            4, true,  "symbolic link")                                            \
	X(FT_DIREND,         5, true,  "directory")                                                \
	X(FT_SPEC,           6, true,  "device node, fifo or socket")                              \
	X(FT_NOACCESS,       7, false, "not accessible")                                           \
	X(FT_NOFOLLOW,       8, false, "link could not be read")                                   \
	X(FT_NOSTAT,         9, false, "could not be examined")                                    \
	X(FT_NOCHG,         10, false, "unchanged")                                                \
	X(FT_DIRNOCHG,      11, false, "directory unchanged")                                      \
	X(FT_ISARCH,        12, false, "the archive itself")                                       \
	X(FT_NORECURSE,     13, false, "recursion is off")                                         \
	X(FT_NOFSCHG,       14, false, "another file system")                                      \
	X(FT_NOOPEN,        15, false, "directory could not be opened")                            \
	X(FT_RAW,           16, true,  "block device read as data")                                \
	X(FT_FIFO,          17, true,  "fifo read as data")                                        \
	X(FT_DIRBEGIN,      18, false, "directory before its contents")                            \
	X(FT_INVALIDFS,     19, false, "file system type not wanted")                              \
	X(FT_INVALIDDT,     20, false, "drive type not wanted")                                    \
	X(FT_REPARSE,       21, true,  "Windows reparse point")                                    \
	X(FT_PLUGIN,        22, false, "plugin file")                                              \
	X(FT_DELETED,       23, true,  "deleted since the previous job")                           \
	X(FT_BASE,          24, true,  "unchanged against the base job")                           \
	X(FT_RESTORE_FIRST, 25, true,  "restore object")                                           \
	X(FT_JUNCTION,      26, true,  "Windows junction")                                         \
	X(FT_PLUGIN_CONFIG, 27, true,  "plugin configuration")                                     \
	X(FT_PLUGIN_CONFIG_FILLED, 28, true, "plugin configuration, filled in")
/* clang-format on */

enum stream_id {
#define X(name, id, kind, flags) STREAM_##name = (id),
	STREAMS(X)
#undef X
};

enum file_type {
#define X(name, nr, on_volume, what) name = (nr),
	FILE_TYPES(X)
#undef X
};

struct stream_row {
	uint32_t id;
	enum stream_kind kind;
	uint32_t flags;
	const char *name; /* "FILE_DATA" */
};

/* Low 11 bits of |stream|; the rest are flags (volume.md 3.3). */
static inline uint32_t
stream_id_of(int32_t stream)
{
	return (uint32_t)(stream < 0 ? -(int64_t)stream : stream) & 0x7ff;
}

/* NULL for an id that is in no row. */
const struct stream_row *stream_find(uint32_t id);
const char *file_type_text(int type);

#endif
