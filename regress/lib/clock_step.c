/*
 * regress/lib/clock_step.c - clocks that a test sets
 *
 * Preloaded into daemons: CLOCK_REALTIME is the system's plus the seconds in the file that
 * CLOCK_STEP names, CLOCK_MONOTONIC plus those in the file that CLOCK_AHEAD names, looked at
 * whenever the time is asked for.  Other clocks are the system's.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t id, struct timespec *ts);
int gettimeofday(struct timeval *restrict tv, void *restrict tz);
time_t time(time_t *out);

static long
seconds_in(const char *variable)
{
	const char *path = getenv(variable);
	char text[32];
	ssize_t n = 0;
	int fd;

	if (path == NULL)
		return 0;
	fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = syscall(SYS_read, fd, text, sizeof(text) - 1);
	(void)syscall(SYS_close, fd);
	text[n > 0 ? n : 0] = '\0';
	return atol(text);
}

int
clock_gettime(clockid_t id, struct timespec *ts)
{
	long rc = syscall(SYS_clock_gettime, id, ts);

	if (rc == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
		ts->tv_sec += seconds_in("CLOCK_STEP");
	if (rc == 0 && id == CLOCK_MONOTONIC)
		ts->tv_sec += seconds_in("CLOCK_AHEAD");
	return (int)rc;
}

/* The kernel waits by its own clock; ours wait by CLOCK_MONOTONIC. */
int
pthread_cond_timedwait(pthread_cond_t *restrict c, pthread_mutex_t *restrict m,
		       const struct timespec *restrict until)
{
	int (*wait)(pthread_cond_t *, pthread_mutex_t *,
		    const struct timespec *) = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
	struct timespec ts = { until->tv_sec - seconds_in("CLOCK_AHEAD"), until->tv_nsec };

	return wait(c, m, &ts);
}

int
gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
	struct timespec ts;
	int rc = clock_gettime(CLOCK_REALTIME, &ts);

	(void)tz;
	tv->tv_sec = ts.tv_sec;
	tv->tv_usec = ts.tv_nsec / 1000;
	return rc;
}

time_t
time(time_t *out)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	if (out != NULL)
		*out = ts.tv_sec;
	return ts.tv_sec;
}
