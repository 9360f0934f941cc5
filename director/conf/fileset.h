/*
 * director/conf/fileset.h - a FileSet: its blocks, its checksum, its lines on the wire
 *
 * Purpose: what is to be saved, parsed; what of it is sent to the client.
 * Owns:    the configuration generation owns everything.
 * Spec:    config.md 1.14, 3.8; wire.md 5.3
 */
#ifndef TERCET_DIRECTOR_CONF_FILESET_H
#define TERCET_DIRECTOR_CONF_FILESET_H

#include "lib/base/buf.h"
#include "lib/conf/res.h"
#include "lib/conf/value.h"

#define FILESET_LETTERS_MAX 119

/* In the order in which they are sent.  Spec: config.md 1.14 */
/* clang-format off */
/*       name                     wire   directive */
#define FILESET_PATTERNS(X)                                   \
	X(FILESET_REGEX,          "R",   "Regex")             \
	X(FILESET_REGEX_DIR,      "RD",  "RegexDir")          \
	X(FILESET_REGEX_FILE,     "RF",  "RegexFile")         \
	X(FILESET_WILD,           "W",   "Wild")              \
	X(FILESET_WILD_DIR,       "WD",  "WildDir")           \
	X(FILESET_WILD_FILE,      "WF",  "WildFile")          \
	X(FILESET_WILD_BASE,      "WB",  "WildFile")          \
	X(FILESET_FSTYPE,         "X",   "FsType")            \
	X(FILESET_DRIVETYPE,      "XD",  "DriveType")         \
	X(FILESET_OPTION_PLUGIN,  "G",   "Plugin")
/* clang-format on */

enum fileset_pattern {
#define X(name, wire, directive) name,
	FILESET_PATTERNS(X)
#undef X
		FILESET_PATTERN_KINDS,
};

/* One option as written, for dumps. */
struct fileset_option {
	const char *name; /* of the option table */
	char *value;
};

struct fileset_options {
	char letters[FILESET_LETTERS_MAX + 1]; /* as sent, defaults included */
	struct str_list pattern[FILESET_PATTERN_KINDS];
	struct fileset_option *option;
	size_t n_option;
	struct conf_pos pos;
};

struct fileset_item {
	bool is_plugin; /* Plugin = , else File = */
	char *text;     /* as stored: "\\<x" in the file is \<x here */
};

struct fileset_block {
	bool exclude;
	struct fileset_options *options;
	size_t n_options;
	struct fileset_item *item; /* in file order */
	size_t n_item;
	struct str_list exclude_dir_containing;
	struct conf_pos pos;
};

struct dir_fileset {
	struct conf_res res;
	char *name;
	char *description;
	struct fileset_block *block; /* Include and Exclude, in file order */
	size_t n_block;
	bool ignore_file_set_changes;
	bool enable_vss;
	char md5[24]; /* the 22 characters of table FileSet; set by loading */
};

enum fileset_line_kind {
	FILESET_SEND,        /* send text as one frame; it has its LF where the wire wants one */
	FILESET_READ_FILE,   /* text is a file of the director: each of its lines is an item */
	FILESET_RUN_PROGRAM, /* text is a command of the director: each line of its output is one */
};

struct fileset_line {
	enum fileset_line_kind kind;
	char prefix;      /* READ_FILE, RUN_PROGRAM: 'F' or 'P' in front of each line */
	const char *text; /* borrowed for the call */
};

typedef enum err_code fileset_line_fn(void *arg, const struct fileset_line *line, struct err *err);

/*
 * Give each line between "fileset" and EOD to fn, in the order of the wire; stops at its first
 * error and returns it.  allow_compression: Storage.AllowCompression.
 */
MUST_CHECK enum err_code fileset_emit(const struct dir_fileset *fs, bool allow_compression,
				      fileset_line_fn *fn, void *arg, struct err *err);
/* Options letters without the compression ones, in place.  Spec: wire.md 5.3 */
void fileset_strip_compression(char *letters);
/* The first compression it asks for, as reports call it; NULL: none. */
const char *fileset_compression(const struct dir_fileset *fs);

/* Fill fs->md5 from the items; loading does it. */
void fileset_checksum(struct dir_fileset *fs);
/* Historic base64 of an MD5: 22 digits and NUL.  Spec: config.md 1.14 */
void fileset_md5_text(const uint8_t digest[16], char out[24]);
/* FileSet.FileSetText: the dump of the resource. */
void fileset_text(const struct dir_fileset *fs, struct buf *out);

#endif
