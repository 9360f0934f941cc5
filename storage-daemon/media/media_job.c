#include "storage-daemon/media/media_job.h"

#include <stdarg.h>
#include <stdio.h>

void
media_report(const struct media_job *j, enum msg_type type, const char *fmt, ...)
{
	char text[1200];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	j->ops->report(j->arg, type, text);
}
