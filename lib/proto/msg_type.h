/*
 * lib/proto/msg_type.h - message types and their default prefix
 *
 * Spec: wire.md 4 (numbers), config.md 1.11 (words)
 */
#ifndef TERCET_PROTO_MSG_TYPE_H
#define TERCET_PROTO_MSG_TYPE_H

/* clang-format off */
/*       name            nr  word         prefix of the text */
#define MSG_TYPES(X)                                              \
	X(MSG_ABORT,      1, "abort",     "Abort: ")              \
	X(MSG_DEBUG,      2, "debug",     "")                     \
	X(MSG_FATAL,      3, "fatal",     "Fatal error: ")        \
	X(MSG_ERROR,      4, "error",     "Error: ")              \
	X(MSG_WARNING,    5, "warning",   "Warning: ")            \
	X(MSG_INFO,       6, "info",      "")                     \
	X(MSG_SAVED,      7, "saved",     "")                     \
	X(MSG_NOTSAVED,   8, "notsaved",  "")                     \
	X(MSG_SKIPPED,    9, "skipped",   "")                     \
	X(MSG_MOUNT,     10, "mount",     "")                     \
	X(MSG_ERROR_TERM,11, "errorterm", "Error: ")              \
	X(MSG_TERM,      12, "terminate", "")                     \
	X(MSG_RESTORED,  13, "restored",  "")                     \
	X(MSG_SECURITY,  14, "security",  "Security violation: ") \
	X(MSG_ALERT,     15, "alert",     "")                     \
	X(MSG_VOLMGMT,   16, "volmgmt",   "")                     \
	X(MSG_AUDIT,     17, "audit",     "")                     \
	X(MSG_CONFIG,    18, "config",    "Configuration error: ")
/* clang-format on */

enum msg_type {
#define X(name, nr, word, prefix) name = (nr),
	MSG_TYPES(X)
#undef X
};
#define MSG_TYPE_MAX 18

const char *msg_type_word(enum msg_type t);
const char *msg_type_prefix(enum msg_type t);

#endif
