/*
 * File-scope state: the log sink (name, file, lock), written by main before threads start and
 * by log_set_file under the lock.
 */
#include "lib/base/log.h"

#include "lib/base/clock.h"
#include "lib/base/sync.h"
#include "lib/base/thread.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

atomic_int log_trace_level;

static char own_name[64] = "tercet";
static struct mutex lock = { PTHREAD_MUTEX_INITIALIZER, RANK_LOG };
static FILE *file GUARDED_BY(&lock);

void
log_init(const char *daemon_name)
{
	(void)snprintf(own_name, sizeof(own_name), "%s", daemon_name);
}

bool
log_set_file(const char *path)
{
	FILE *opened = path != NULL ? fopen(path, "ae") : NULL;

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

/* One line to stderr (with a priority prefix for the journal when it is not a terminal). */
static void
put(int priority, const char *text)
{
	char stamp[32];
	char job[24] = "";
	bool journal = !isatty(STDERR_FILENO);

	(void)clock_format(clock_now(), "%Y-%m-%d %H:%M:%S", stamp, sizeof(stamp));
	if (thread_job() != 0)
		(void)snprintf(job, sizeof(job), " JobId %u", thread_job());
	mutex_lock(&lock);
	if (journal)
		(void)fprintf(stderr, "<%d>", priority);
	(void)fprintf(stderr, "%s %s[%s]%s: %s\n", stamp, own_name, thread_name(), job, text);
	if (file != NULL) {
		(void)fprintf(file, "%s %s[%s]%s: %s\n", stamp, own_name, thread_name(), job, text);
		(void)fflush(file);
	}
	mutex_unlock(&lock);
}

void
log_line(enum log_level level, const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	put((int)level, text);
}

void
log_trace(int level, const char *src, int line, const char *fmt, ...)
{
	char text[2048];
	va_list ap;
	int n;

	n = snprintf(text, sizeof(text), "(%d) %s:%d ", level, src, line);
	va_start(ap, fmt);
	(void)vsnprintf(text + n, sizeof(text) - (size_t)n, fmt, ap);
	va_end(ap);
	put(7, text);
}
