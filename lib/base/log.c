/*
 * File-scope state: the log sink (name, file, lock), written by main before threads start and
 * by log_set_file under the lock.
 */
#include "lib/base/log.h"

#include "lib/base/clock.h"
#include "lib/base/sync.h"
#include "lib/base/thread.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#define LINE_SIZE 2048

atomic_int log_trace_level;

static char own_name[64] = "tercet";
static struct mutex lock = { PTHREAD_MUTEX_INITIALIZER, RANK_LOG };
static FILE *file GUARDED_BY(&lock);
static bool in_background GUARDED_BY(&lock); /* standard error is the system log's */

void
log_init(const char *daemon_name)
{
	(void)snprintf(own_name, sizeof(own_name), "%s", daemon_name);
}

void
log_use_syslog(void)
{
	openlog(own_name, LOG_PID, LOG_DAEMON);
	mutex_lock(&lock);
	in_background = true;
	mutex_unlock(&lock);
}

/* For the owner alone: a trace tells names and conversations. */
static FILE *
open_private(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	FILE *f = fd >= 0 ? fdopen(fd, "a") : NULL;

	if (fd >= 0 && f == NULL)
		(void)close(fd);
	return f;
}

bool
log_set_file(const char *path)
{
	FILE *opened = path != NULL ? open_private(path) : NULL;

	mutex_lock(&lock);
	if (file != NULL)
		(void)fclose(file);
	file = opened;
	mutex_unlock(&lock);
	return path == NULL || opened != NULL;
}

bool
log_has_file(void)
{
	bool has;

	mutex_lock(&lock);
	has = file != NULL;
	mutex_unlock(&lock);
	return has;
}

/* What a peer or a person says stays within its line, and commands no terminal. */
static void
escape(const char *text, char *out, size_t cap)
{
	size_t o = 0;

	for (; *text != '\0' && o + 5 < cap; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '\n')
			o += (size_t)snprintf(out + o, cap - o, "\\n");
		else if ((c < ' ' && c != '\t') || c == 0x7f)
			o += (size_t)snprintf(out + o, cap - o, "\\x%02x", c);
		else
			out[o++] = (char)c;
	}
	out[o] = '\0';
}

/* One line to stderr (with a priority prefix for the journal when it is not a terminal) or the
 * system log. */
static void
put(int priority, const char *raw)
{
	char text[4 * LINE_SIZE];
	char stamp[32];
	char job[24] = "";
	bool journal = !isatty(STDERR_FILENO);

	escape(raw, text, sizeof(text));
	(void)clock_format(clock_now(), "%Y-%m-%d %H:%M:%S", stamp, sizeof(stamp));
	if (thread_job() != 0)
		(void)snprintf(job, sizeof(job), " JobId %u", thread_job());
	mutex_lock(&lock);
	if (in_background) {
		syslog(priority, "%s%s: %s", thread_name(), job, text);
	} else {
		if (journal)
			(void)fprintf(stderr, "<%d>", priority);
		(void)fprintf(stderr, "%s %s[%s]%s: %s\n", stamp, own_name, thread_name(), job,
			      text);
	}
	if (file != NULL) {
		(void)fprintf(file, "%s %s[%s]%s: %s\n", stamp, own_name, thread_name(), job, text);
		(void)fflush(file);
	}
	mutex_unlock(&lock);
}

void
log_line(enum log_level level, const char *fmt, ...)
{
	char text[LINE_SIZE];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	put((int)level, text);
}

void
log_trace(int level, const char *src, int line, const char *fmt, ...)
{
	char text[LINE_SIZE];
	va_list ap;
	int n;

	n = snprintf(text, sizeof(text), "(%d) %s:%d ", level, src, line);
	va_start(ap, fmt);
	(void)vsnprintf(text + n, sizeof(text) - (size_t)n, fmt, ap);
	va_end(ap);
	put(7, text);
}
