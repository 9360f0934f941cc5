/*
 * lib/base/log.h - daemon log and trace
 *
 * Purpose: the administrator's log (start, stop, refused connection) and our own trace.  Job
 *          messages are another channel (lib/msg).  No secrets, no file contents.
 * Threads: any.
 */
#ifndef TERCET_BASE_LOG_H
#define TERCET_BASE_LOG_H

#include <stdatomic.h>
#include <stdbool.h>

#include "lib/base/err.h"

enum log_level { LOG_LEVEL_ERROR = 3, LOG_LEVEL_WARN = 4, LOG_LEVEL_INFO = 6 };

/* Name in front of every line; call once in main before threads start. */
void log_init(const char *daemon_name);
/* From now on lines go to the system log, not to standard error: a daemon in the background has
 * none. */
void log_use_syslog(void);
/* Append lines to this file as well (trace, -d), which only its owner may read; NULL stops that.
 * False: cannot be opened. */
bool log_set_file(const char *path);
bool log_has_file(void);

/* One line: control characters of the text are escaped, a trailing line end too. */
void log_line(enum log_level level, const char *fmt, ...) PRINTF(2, 3);
#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...)  log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...)  log_line(LOG_LEVEL_INFO, __VA_ARGS__)

extern atomic_int log_trace_level; /* -d, setdebug; 0 is off */
/* Arguments are not evaluated when the level is off. */
#define trace(level, ...)                                                                          \
	do {                                                                                       \
		if (atomic_load_explicit(&log_trace_level, memory_order_relaxed) >= (level))       \
			log_trace(level, __FILE__, __LINE__, __VA_ARGS__);                         \
	} while (0)
void log_trace(int level, const char *file, int line, const char *fmt, ...) PRINTF(4, 5);

#endif
