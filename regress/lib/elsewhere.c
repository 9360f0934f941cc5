/*
 * regress/lib/elsewhere.c - a machine with other names and another system log
 *
 * Preloaded into a program: the host "here.test" has the addresses in HERE_TEST (separated by
 * blanks, in that order, one perhaps twice, as /etc/hosts may say; while there is the file that
 * NO_NAMES names, no name server answers for it), the host "nowhere.test" has none, and what is
 * written to the system log is appended to the file that SYSTEM_LOG names.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

typedef int resolve(const char *, const char *, const struct addrinfo *, struct addrinfo **);

static const char *program = "";

/* The lists of all addresses in one: freeaddrinfo frees it entry by entry. */
int
getaddrinfo(const char *restrict host, const char *restrict port,
	    const struct addrinfo *restrict hints, struct addrinfo **restrict out)
{
	resolve *next = (resolve *)dlsym(RTLD_NEXT, "getaddrinfo");
	const char *addresses = getenv("HERE_TEST");
	struct addrinfo **end = out;
	char list[256], *rest = list, *one;

	if (host != NULL && strcmp(host, "nowhere.test") == 0)
		return EAI_NONAME;
	if (addresses == NULL || host == NULL || strcmp(host, "here.test") != 0)
		return next(host, port, hints, out);
	if (getenv("NO_NAMES") != NULL && access(getenv("NO_NAMES"), F_OK) == 0)
		return EAI_AGAIN;
	(void)snprintf(list, sizeof(list), "%s", addresses);
	while ((one = strsep(&rest, " ")) != NULL) {
		int rc = next(one, port, hints, end);

		if (rc != 0)
			return rc;
		while (*end != NULL)
			end = &(*end)->ai_next;
	}
	return 0;
}

void
openlog(const char *ident, int option, int facility)
{
	(void)option;
	(void)facility;
	program = ident;
}

static void
append(int priority, const char *format, va_list ap)
{
	const char *path = getenv("SYSTEM_LOG");
	char text[4096], line[4200];
	int fd, n;

	(void)vsnprintf(text, sizeof(text), format, ap);
	n = snprintf(line, sizeof(line), "<%d>%s[%d]: %s\n", LOG_DAEMON | priority, program,
		     (int)getpid(), text);
	fd = path != NULL ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
	if (fd < 0)
		return;
	if (write(fd, line, (size_t)n) != n)
		abort();
	(void)close(fd);
}

void
syslog(int priority, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	append(priority, format, ap);
	va_end(ap);
}

/* What it is with _FORTIFY_SOURCE. */
void __syslog_chk(int priority, int flag, const char *format, ...);

void
__syslog_chk(int priority, int flag, const char *format, ...)
{
	va_list ap;

	(void)flag;
	va_start(ap, format);
	append(priority, format, ap);
	va_end(ap);
}
