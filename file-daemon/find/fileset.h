/*
 * file-daemon/find/fileset.h - what to back up: the director's FileSet as the wire carries it
 *
 * Purpose: parse the FileSet's lines and option letters into a value, and hold it.  Which file it
 *          takes is find/match.  Programs and lists named by "F |..." and "F <..." are kept as
 *          they are; the session expands them.
 * Wire:    wire.md 5.3 (lines, option letters)
 * Owns:    everything below struct fileset; immutable once parsed.
 * Errors:  ERR_PROTO  a line or letter that cannot be; the text names it
 */
#ifndef TERCET_FILE_DAEMON_FIND_FILESET_H
#define TERCET_FILE_DAEMON_FIND_FILESET_H

#include <regex.h>

#include "lib/base/buf.h"
#include "lib/proto/compression.h"

#define FILESET_LETTERS_MAX 120 /* accurate, verify and base job letters of one Include */

/* Yes/no options, by letter.  Spec: wire.md 5.3 "Option letters" */
/* clang-format off */
#define FILE_OPTIONS(X)                                                        \
	X(OPT_ACL,            'A', "ACLs")                                     \
	X(OPT_REPLACE_ALWAYS, 'a', "replace always")                           \
	X(OPT_CHECK_CHANGES,  'c', "report files that change while read")      \
	X(OPT_EXCLUDE,        'e', "matches are left out")                     \
	X(OPT_CROSS_FS,       'f', "cross mount points")                       \
	X(OPT_NO_HARDLINKS,   'H', "every name is saved with its own data")    \
	X(OPT_NO_RECURSE,     'h', "do not enter directories")                 \
	X(OPT_IGNORE_CASE,    'i', "patterns ignore case")                     \
	X(OPT_NO_ATIME,       'K', "read with O_NOATIME")                      \
	X(OPT_KEEP_ATIME,     'k', "reset the access time after reading")      \
	X(OPT_MTIME_ONLY,     'm', "the change time does not count")           \
	X(OPT_NO_DUMP,        'N', "honour the nodump flag")                   \
	X(OPT_REPLACE_NEVER,  'n', "replace never")                            \
	X(OPT_PORTABLE,       'p', "portable")                                 \
	X(OPT_HFS_PLUS,       'R', "HFS+ support")                             \
	X(OPT_READ_FIFO,      'r', "read named pipes given as File")           \
	X(OPT_SPARSE,         's', "leave out blocks of zeros")                \
	X(OPT_ENHANCED_WILD,  'W', "WildFile without / matches base names")    \
	X(OPT_REPLACE_NEWER,  'w', "replace if newer")                         \
	X(OPT_NO_AUTO_EXCL,   'x', "no automatic excludes")                    \
	X(OPT_XATTR,          'X', "extended attributes")
/* clang-format on */

enum file_option_bit {
#define X(name, letter, text) name##_BIT,
	FILE_OPTIONS(X)
#undef X
};
enum file_option {
#define X(name, letter, text) name = 1 << name##_BIT,
	FILE_OPTIONS(X)
#undef X
};

enum size_match_kind { SIZE_ANY, SIZE_ABOUT, SIZE_RANGE, SIZE_BELOW, SIZE_ABOVE };

struct size_match {
	enum size_match_kind kind;
	uint64_t low, high; /* bytes */
};

/* Which list of an Options block a pattern is in, in the order they are tried. */
enum pattern_list {
	PAT_WILD_DIR,
	PAT_WILD_FILE,
	PAT_WILD_BASE,
	PAT_WILD,
	PAT_REGEX_DIR,
	PAT_REGEX_FILE,
	PAT_REGEX,
	PAT_LISTS
};

struct pattern {
	char *text;  /* owned */
	regex_t *re; /* owned; NULL for wildcards */
};

struct pattern_array {
	struct pattern *v; /* owned, n entries */
	size_t n, cap;
};

struct text_array {
	char **v; /* owned, n entries */
	size_t n, cap;
};

/* One Options block. */
struct file_options {
	uint32_t flags;                        /* enum file_option */
	uint32_t digest_stream;                /* stream id of the digest, 0 none */
	const struct compression *compression; /* NULL none */
	unsigned strip;                        /* leading path components to remove */
	unsigned shadowing;                    /* 0..4: d1..d4 */
	bool force_encryption;
	struct size_match size;
	char accurate[FILESET_LETTERS_MAX], verify[FILESET_LETTERS_MAX],
		basejob[FILESET_LETTERS_MAX];
	struct pattern_array patterns[PAT_LISTS];
	struct text_array fstypes;
	struct text_array drivetypes;
};

struct fileset_block {
	struct file_options *options; /* owned, n_options entries, in file order */
	size_t n_options, cap_options;
	struct text_array files; /* as on the wire; names are bytes without NUL */
	struct text_array plugins;
	struct text_array ignore_dirs; /* Exclude Dir Containing */
	bool is_exclude;
};

struct fileset {
	struct fileset_block *blocks; /* owned, n entries, in wire order */
	size_t n, cap;
};

void fileset_release(struct fileset *fs);

/* One line of the wire, white space and control bytes at its end included. */
MUST_CHECK enum err_code fileset_parse_line(struct fileset *fs, struct bytes line, struct err *err);
/* The letters of one "O" line into o, whose lists are left alone. */
MUST_CHECK enum err_code file_options_parse(const char *letters, struct file_options *o,
					    struct err *err);
/* Append a copy of text. */
void text_array_add(struct text_array *a, const char *text, size_t n);

#endif
