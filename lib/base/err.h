/*
 * lib/base/err.h - error codes and the error value
 *
 * Purpose: a function that can fail returns enum err_code and fills struct err, a
 *          fixed-size value on the caller's stack.  The code is for code, the text for people.
 * Threads: plain values; may be copied to another thread.
 */
#ifndef TERCET_BASE_ERR_H
#define TERCET_BASE_ERR_H

#include <errno.h>

#include "lib/base/attr.h"

/* A code exists only if some caller acts differently on it. */
/* clang-format off */
/*        code          what is affected */
#define ERR_CODES(X)                                                       \
	X(ERR_OK,       "nothing")                                         \
	X(ERR_EOF,      "nothing: input ended at a clean boundary")        \
	X(ERR_FULL,     "nothing: the medium is full, take the next one")  \
	X(ERR_ABSENT,   "nothing: the medium is not there, wait for it")   \
	X(ERR_CANCELED, "the job: someone asked it to stop")               \
	X(ERR_SYS,      "one operation: the local system refused it")      \
	X(ERR_LIMIT,    "one operation: a documented bound was exceeded")  \
	X(ERR_FORMAT,   "stored bytes: not in the format they claim")      \
	X(ERR_PEER,     "the conversation: the peer is gone")              \
	X(ERR_PROTO,    "the conversation: the peer broke the protocol")   \
	X(ERR_AUTH,     "the conversation: the peer is not who it must be")\
	X(ERR_CATALOG,  "the catalog refused or lost the operation")       \
	X(ERR_CONFIG,   "the configuration is wrong")                      \
	X(ERR_BUG,      "the job: an internal rule was broken")
/* clang-format on */

enum err_code {
#define X(code, text) code,
	ERR_CODES(X)
#undef X
};

#define ERR_TEXT_MAX 768

struct err {
	enum err_code code;
	int sys;          /* errno at the origin, 0 if not from the kernel */
	const char *file; /* origin, not the last context */
	int line;
	char text[ERR_TEXT_MAX]; /* "outermost: ...: innermost" */
};

/* Only the head is set: the text of an err is meaningful only after err_set. */
#define ERR_INIT                                                                                   \
	{                                                                                          \
		.code = ERR_OK                                                                     \
	}

/*
 * err_set(e, code, fmt, ...)    record a new failure
 * err_errno(e, code, fmt, ...)  the same, keeping errno and appending its text
 * err_ctx(e, fmt, ...)          put "fmt: " in front of a recorded failure
 * Each returns the code, so that `return err_set(...)` says it all.
 * A text longer than ERR_TEXT_MAX is cut at its end.
 */
#define err_set(e, code, ...)   err_set_at(e, code, 0, __FILE__, __LINE__, __VA_ARGS__)
#define err_errno(e, code, ...) err_set_at(e, code, errno, __FILE__, __LINE__, __VA_ARGS__)

enum err_code err_set_at(struct err *e, enum err_code code, int sys, const char *file, int line,
			 const char *fmt, ...) PRINTF(6, 7);
enum err_code err_ctx(struct err *e, const char *fmt, ...) PRINTF(2, 3);
const char *err_code_text(enum err_code code);

#endif
