/*
 * lib/conf/table.h - directive tables: a row is the whole truth about a directive
 *
 * Purpose: parser, suggestions, dumps, reference pages and schema come from these rows.
 * Spec:    config.md 1.7, 3-6
 */
#ifndef TERCET_CONF_TABLE_H
#define TERCET_CONF_TABLE_H

#include "lib/base/buf.h"
#include "lib/conf/res.h"
#include "lib/conf/value.h"

/* clang-format off */
/*       name              type of the member     in words (errors, reference)                      schema */
#define CONF_VALUES(X)                                                                                         \
	X(CONF_NAME,        char *,                "a resource name",                                "NAME")           \
	X(CONF_STR,         char *,                "a text",                                         "STRING")         \
	X(CONF_STR127,      char *,                "a text of at most 127 bytes",                    "STRNAME")        \
	X(CONF_PATH,        char *,                "a path",                                         "DIRECTORY")      \
	X(CONF_PATH_CMD,    char *,                "a path, or \"|command\"",                        "DIRECTORY_OR_COMMAND") \
	X(CONF_ADDR,        char *,                "a host name or address",                         "ADDRESS")        \
	X(CONF_BOOL,        bool,                  "yes or no",                                      "BOOLEAN")        \
	X(CONF_UINT16,      uint32_t,              "a whole number from 0 to 65535",                 "PINT16")         \
	X(CONF_UINT32,      uint32_t,              "a whole number from 0 to 4294967295",            "PINT32")         \
	X(CONF_INT32,       int32_t,               "a whole number from -2147483648 to 2147483647",  "INT32")          \
	X(CONF_SIZE,        uint64_t,              "a size such as \"500 mb\" or \"50 g\"",          "SIZE64")         \
	X(CONF_SIZE32,      uint64_t,              "a size such as \"64 k\" up to 4 g",              "SIZE32")         \
	X(CONF_SPEED,       uint64_t,              "a speed such as \"10 mb/s\"",                    "SPEED")          \
	X(CONF_TIME,        int64_t,               "a time such as \"90 days\" or \"1 hour\"",       "TIME")           \
	X(CONF_PASSWORD,    struct secret,         "a password, \"text\" or \"[md5]...\"",           "AUTOPASSWORD")   \
	X(CONF_SECRET,      struct secret,         "a secret text",                                  "MD5PASSWORD")    \
	X(CONF_LIST,        struct str_list,       "a list of texts",                                "STRING_LIST")    \
	X(CONF_DEVICES,     struct str_list,       "a list of device names",                         "DEVICE")         \
	X(CONF_PATH_LIST,   struct str_list,       "a list of paths",                                "DIRECTORY_LIST") \
	X(CONF_NAMES,       struct str_list,       "plugin names separated by \":\" or \",\"",       "PLUGIN_NAMES")   \
	X(CONF_ACL_LIST,    struct conf_acl,       "a list of names or patterns, \"!\" denies",      "ACL")            \
	X(CONF_KEYWORD,     unsigned,              "a keyword",                                      "KEYWORD")        \
	X(CONF_REF,         void *,                "the name of a resource",                         "RES")            \
	X(CONF_REFS,        void *,                "a list of names of resources",                   "RESOURCE_LIST")  \
	X(CONF_LISTEN_PORT, struct conf_addrs,     "a port from 1 to 65535",                         "PORT")           \
	X(CONF_LISTEN_ADDR, struct conf_addrs,     "a host name or address",                         "ADDRESS")        \
	X(CONF_LISTEN,      struct conf_addrs,     "a block of addresses",                           "ADDRESSES")      \
	X(CONF_MSGDEST,     struct conf_msg_dest *,"a message destination",                          "MESSAGES")       \
	X(CONF_CUSTOM,      void *,                "a value",                                        "CUSTOM")         \
	X(CONF_ALIAS,       void *,                "another name of a directive",                    "ALIAS")          \
	X(CONF_ANY,         void *,                "any value",                                      "ANY")
/* clang-format on */

enum conf_value {
#define X(name, ctype, words, schema) name,
	CONF_VALUES(X)
#undef X
		CONF_VALUE_KINDS,
};

/* Offset of member m in struct S, refused at compile time unless m has type T. */
#define CONF_AT(S, m, T)                                                                           \
	(offsetof(S, m) + 0 * sizeof(struct {                                                      \
				  _Static_assert(_Generic(((S *)0)->m, T : 1, default : 0), #m     \
						 " does not have the type its directive stores");  \
				  int unused;                                                      \
			  }))

/* Keywords and what they store; ends with a NULL word. */
struct conf_word {
	const char *word;
	unsigned value;
	const char *note; /* said when used, or NULL */
};

struct conf_gen;
struct conf_parser;
struct conf_row;
struct conf_show;

/* A directive with a grammar of its own. */
struct conf_custom {
	const char *words;  /* "a start rule" */
	const char *schema; /* "SCHEDULE_RUN_COMMAND" */
	bool is_block;      /* "Include {", without "=" */
	/* The cursor stands behind "=" or on "{"; errors are reported by the callee.  False: bad.
	 */
	bool (*parse)(struct conf_parser *p, struct conf_res *res, const struct conf_row *row,
		      void *slot);
	/* Print all lines of this row; NULL: shown by another row. */
	void (*show)(struct conf_show *s, const struct conf_res *res, const struct conf_row *row,
		     const void *slot);
	/* Copy what a JobDefs has into a Job that has none (plain copy when NULL). */
	void (*inherit)(struct conf_gen *g, const struct conf_res *from, struct conf_res *to,
			const struct conf_row *row);
	bool inherit_always; /* adds up instead of replacing: RunScripts */
};

#define CONF_REQUIRED   0x01u
#define CONF_LATER      0x02u /* accepted, not in force yet */
#define CONF_DEPRECATED 0x04u
#define CONF_REFUSE     0x08u  /* CONF_ANY: an error with the note */
#define CONF_REFUSE_YES 0x10u  /* CONF_ANY: an error with the note, unless the value is no */
#define CONF_FOREIGN    0x20u  /* a word of Bacula or an older Bareos: not in the reference */
#define CONF_HIDDEN     0x40u  /* not shown */
#define CONF_EMPTY_OK   0x80u  /* a required text or password may be empty */
#define CONF_OURS       0x100u /* Tercet's own: not in the tables of the specification */
#define CONF_GUARDS     0x200u /* with CONF_LATER: protection is missing, so that it is a warning */

struct conf_row {
	const char *name;
	enum conf_value type;
	uint32_t at, at_n; /* offsets in the resource struct; at_n: the count of CONF_REFS */
	const char *def;   /* as one would write it; NULL: none */
	const char *alias; /* another accepted name, or NULL */
	const struct conf_word *words; /* CONF_KEYWORD */
	const char *ref;               /* CONF_REF, CONF_REFS: type name; CONF_ALIAS: directive */
	const struct conf_custom *custom; /* CONF_CUSTOM */
	uint64_t min, max;                /* numbers; max 0: bound of the type */
	unsigned flags;
	const char *help;
	const char *note; /* deprecated since, ignored because, refused because */
};

/* clang-format off */
#define CONF_NAME_AT(S, m)     .type = CONF_NAME,     .at = CONF_AT(S, m, char *)
#define CONF_STR_AT(S, m)      .type = CONF_STR,      .at = CONF_AT(S, m, char *)
#define CONF_STR127_AT(S, m)   .type = CONF_STR127,   .at = CONF_AT(S, m, char *)
#define CONF_PATH_AT(S, m)     .type = CONF_PATH,     .at = CONF_AT(S, m, char *)
#define CONF_PATH_CMD_AT(S, m) .type = CONF_PATH_CMD, .at = CONF_AT(S, m, char *)
#define CONF_ADDR_AT(S, m)     .type = CONF_ADDR,     .at = CONF_AT(S, m, char *)
#define CONF_BOOL_AT(S, m)     .type = CONF_BOOL,     .at = CONF_AT(S, m, bool)
#define CONF_UINT16_AT(S, m)   .type = CONF_UINT16,   .at = CONF_AT(S, m, uint32_t)
#define CONF_UINT32_AT(S, m)   .type = CONF_UINT32,   .at = CONF_AT(S, m, uint32_t)
#define CONF_INT32_AT(S, m)    .type = CONF_INT32,    .at = CONF_AT(S, m, int32_t)
#define CONF_SIZE_AT(S, m)     .type = CONF_SIZE,     .at = CONF_AT(S, m, uint64_t)
#define CONF_SIZE32_AT(S, m)   .type = CONF_SIZE32,   .at = CONF_AT(S, m, uint64_t)
#define CONF_SPEED_AT(S, m)    .type = CONF_SPEED,    .at = CONF_AT(S, m, uint64_t)
#define CONF_TIME_AT(S, m)     .type = CONF_TIME,     .at = CONF_AT(S, m, int64_t)
#define CONF_PASSWORD_AT(S, m) .type = CONF_PASSWORD, .at = CONF_AT(S, m, struct secret)
#define CONF_SECRET_AT(S, m)   .type = CONF_SECRET,   .at = CONF_AT(S, m, struct secret)
#define CONF_LIST_AT(S, m)     .type = CONF_LIST,     .at = CONF_AT(S, m, struct str_list)
#define CONF_DEVICES_AT(S, m)  .type = CONF_DEVICES,  .at = CONF_AT(S, m, struct str_list)
#define CONF_PATH_LIST_AT(S, m) .type = CONF_PATH_LIST, .at = CONF_AT(S, m, struct str_list)
#define CONF_NAMES_AT(S, m)    .type = CONF_NAMES,    .at = CONF_AT(S, m, struct str_list)
#define CONF_ACL_AT(S, m)      .type = CONF_ACL_LIST, .at = CONF_AT(S, m, struct conf_acl)
#define CONF_KEYWORD_AT(S, m)  .type = CONF_KEYWORD,  .at = CONF_AT(S, m, unsigned)
#define CONF_REF_AT(S, m, T, r) .type = CONF_REF,     .at = CONF_AT(S, m, T *), .ref = (r)
#define CONF_REFS_AT(S, m, T, r) .type = CONF_REFS,   .at = CONF_AT(S, m, T **), \
				.at_n = CONF_AT(S, n_##m, size_t), .ref = (r)
#define CONF_LISTEN_AT(kind, S, m) .type = (kind),    .at = CONF_AT(S, m, struct conf_addrs)
/* clang-format on */

/* Rows with their place in the resource: the same TLS rows serve many resources. */
struct conf_group {
	const struct conf_row *rows; /* ends with a row without name */
	size_t base;
};

#define CONF_GROUPS_MAX 4

struct conf_type {
	const char *name;       /* "Pool" */
	const char *plural;     /* "pools": what show calls them */
	const char *aliases[3]; /* other accepted type words, ends with NULL */
	const char *spec;       /* section of config.md */
	const char *help;
	size_t size; /* of the struct; 0: the whole block is ignored with a note */
	struct conf_group groups[CONF_GROUPS_MAX];
	bool defaults_only;  /* JobDefs: nothing is required */
	bool refused;        /* known, but may not stand in files */
	const char *inherit; /* directive that names a resource with default values: "JobDefs" */
	uint16_t port;       /* default of the listen addresses */
	const char *note;    /* for an ignored or refused type */
};

struct conf_program {
	const char *daemon;       /* "director" */
	const char *component;    /* "tercet-dir" */
	const char *const *files; /* names tried in a directory: "tercet-dir" ...; ends with NULL */
	const struct conf_type *const *types;
	size_t n_types;
	const char *const *foreign_types; /* "Device is a storage daemon resource": pairs, NULL */
};

/* Tables end with a row without name.  The TLS directives, for a group with the offset of a struct
 * tls_conf as base. */
extern const struct conf_row conf_tls_rows[];
/* Rows of struct conf_messages. */
extern const struct conf_row conf_messages_rows[];

#endif
