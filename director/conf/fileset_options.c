#include "director/conf/fileset_options.h"

#include "lib/proto/compression.h"

#include <strings.h>

/* clang-format off */
static const struct option_word signatures[] = {
	{ "MD5", "M" }, { "SHA1", "S" }, { "SHA256", "S2" }, { "SHA512", "S3" }, { "XXH128", "S4" },
	{ NULL, NULL },
};
static const struct option_word compressions[] = {
#define X(word, letters, magic, level, name) { word, "Z" letters },
	COMPRESSIONS(X)
#undef X
	{ NULL, NULL },
};
static const struct option_word shadowings[] = {
	{ "none", "0" }, { "localwarn", "d1" }, { "localremove", "d2" }, { "globalwarn", "d3" },
	{ "globalremove", "d4" }, { NULL, NULL },
};
static const struct option_word replaces[] = {
	{ "always", "a" }, { "ifnewer", "w" }, { "never", "n" }, { NULL, NULL },
};

#define YES_NO(y, n)  .kind = OPTION_BOOL, .yes = (y), .no = (n)
#define PATTERN(p)    .kind = OPTION_PATTERN, .pattern = (p)

const struct option_row fileset_option_rows[] = {
	{ "Signature", .kind = OPTION_WORDS, .words = signatures, .help = "checksum of each file" },
	{ "Compression", .kind = OPTION_WORDS, .words = compressions, .help = "compression of the data; ZSTD and its levels 1, 3, 10, 19 need a client of Tercet, or of Bacula from version 15" },
	{ "OneFS", YES_NO("0", "f"), .help = "yes: do not cross mount points" },
	{ "Recurse", YES_NO("0", "h"), .help = "no: do not enter directories" },
	{ "Sparse", YES_NO("s", "0"), .is_default_no = true, .help = "leave out blocks of zeros" },
	{ "HardLinks", YES_NO("0", "H"), .fallback = "H", .is_default_no = true, .help = "yes: keep hard links together" },
	{ "AclSupport", YES_NO("A", "0"), .fallback = "A", .help = "save access control lists" },
	{ "XattrSupport", YES_NO("X", "0"), .fallback = "X", .help = "save extended attributes" },
	{ "Exclude", YES_NO("e", "0"), .is_default_no = true, .help = "yes: what matches this block is left out" },
	{ "IgnoreCase", YES_NO("i", "0"), .is_default_no = true, .help = "patterns ignore case" },
	{ "Wild", PATTERN(FILESET_WILD), .help = "wildcard on the full path" },
	{ "WildDir", PATTERN(FILESET_WILD_DIR), .help = "wildcard on the full path of directories" },
	{ "WildFile", PATTERN(FILESET_WILD_FILE), .help = "wildcard on the full path of files" },
	{ "Regex", PATTERN(FILESET_REGEX), .help = "extended regular expression on the full path" },
	{ "RegexDir", PATTERN(FILESET_REGEX_DIR), .help = "the same for directories" },
	{ "RegexFile", PATTERN(FILESET_REGEX_FILE), .help = "the same for files" },
	{ "FsType", PATTERN(FILESET_FSTYPE), .help = "only these file systems" },
	{ "Accurate", .kind = OPTION_LETTERS, .yes = "C", .accepted = "ipnugsamcd51A", .help = "what counts as changed in accurate mode" },
	{ "Verify", .kind = OPTION_LETTERS, .yes = "V", .accepted = "ipnugsamcd51", .help = "what a Verify job compares" },
	{ "MtimeOnly", YES_NO("m", "0"), .is_default_no = true, .help = "ignore the change time" },
	{ "KeepAtime", YES_NO("k", "0"), .is_default_no = true, .help = "reset the access time after reading" },
	{ "NoAtime", YES_NO("K", "0"), .is_default_no = true, .help = "read without changing the access time" },
	{ "CheckFileChanges", YES_NO("c", "0"), .is_default_no = true, .help = "report files that change while they are read" },
	{ "HonorNoDumpFlag", YES_NO("N", "0"), .is_default_no = true, .help = "leave out what has the nodump flag" },
	{ "ReadFifo", YES_NO("r", "0"), .is_default_no = true, .help = "read from named pipes given as File" },
	{ "StripPath", .kind = OPTION_NUMBER, .yes = "P", .help = "leading path components to remove" },
	{ "Size", .kind = OPTION_SIZE, .yes = "z", .help = "only files of this size: n, a-b, <n, >n" },
	{ "Shadowing", .kind = OPTION_WORDS, .words = shadowings, .help = "what to do about nested File entries" },
	{ "Replace", .kind = OPTION_WORDS, .words = replaces, .help = "no effect here; see Job" },
	{ "ForceEncryption", YES_NO("Ef", "0"), .is_default_no = true, .help = "encrypt although PkiEncryption is off" },
	{ "Portable", YES_NO("p", "0"), .is_default_no = true, .help = "Windows: portable format" },
	{ "AutoExclude", YES_NO("0", "x"), .help = "Windows: honour the list of files not to back up" },
	{ "DriveType", PATTERN(FILESET_DRIVETYPE), .help = "Windows: only these kinds of drives" },
	{ "HfsPlusSupport", YES_NO("R", "0"), .is_default_no = true, .help = "macOS: resource forks" },
	{ "EnhancedWild", .kind = OPTION_IGNORED, .note = "it never reached a client; it is taken as no" },
	{ "Plugin", PATTERN(FILESET_OPTION_PLUGIN), .help = "option plugin" },
	{ "Meta", .kind = OPTION_IGNORED, .note = "NDMP is not supported" },
	{ "BaseJob", .kind = OPTION_IGNORED, .note = "base jobs are not supported" },
	{ "Base", .kind = OPTION_IGNORED, .note = "base jobs are not supported" },
	{ "Dedup", .kind = OPTION_IGNORED, .note = "Tercet has no use for it" },
	{ .name = NULL },
};
/* clang-format on */

_Static_assert(sizeof(fileset_option_rows) / sizeof(fileset_option_rows[0]) <= FILESET_OPTIONS_MAX,
	       "each option has its place in what a block was given");

const struct option_row *
fileset_option_find(const char *name)
{
	for (const struct option_row *r = fileset_option_rows; r->name != NULL; r++)
		if (strcasecmp(r->name, name) == 0)
			return r;
	return NULL;
}
