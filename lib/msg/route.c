#include "lib/msg/route.h"

#include "lib/proto/job_code.h"

#include <syslog.h>

bool
msg_dest_wants(const struct conf_msg_dest *dest, enum msg_type type)
{
	return (dest->types & CONF_MSG_BIT(type)) != 0;
}

bool
msg_dest_is_stamped(enum conf_msg_dest_kind kind)
{
	return kind != CONF_DEST_CATALOG && kind != CONF_DEST_SYSLOG;
}

bool
msg_dest_is_mail(enum conf_msg_dest_kind kind)
{
	return kind == CONF_DEST_MAIL || kind == CONF_DEST_MAIL_ERR || kind == CONF_DEST_MAIL_OK;
}

bool
msg_dest_mails_at(enum conf_msg_dest_kind kind, int job_status)
{
	bool good = job_status == 0 || job_status_is_ok(job_status);

	switch (kind) {
	case CONF_DEST_MAIL:
		return true;
	case CONF_DEST_MAIL_ERR:
		return !good;
	case CONF_DEST_MAIL_OK:
		return good;
	case CONF_DEST_SYSLOG:
	case CONF_DEST_FILE:
	case CONF_DEST_APPEND:
	case CONF_DEST_STDOUT:
	case CONF_DEST_STDERR:
	case CONF_DEST_DIRECTOR:
	case CONF_DEST_CONSOLE:
	case CONF_DEST_OPERATOR:
	case CONF_DEST_CATALOG:
		return false;
	}
	return false;
}

int
msg_syslog_priority(enum msg_type type)
{
	switch (type) {
	case MSG_ABORT:
	case MSG_FATAL:
	case MSG_ERROR_TERM:
	case MSG_ERROR:
	case MSG_CONFIG:
		return LOG_ERR;
	case MSG_WARNING:
	case MSG_ALERT:
	case MSG_SECURITY:
	case MSG_NOTSAVED:
		return LOG_WARNING;
	case MSG_DEBUG:
		return LOG_DEBUG;
	case MSG_INFO:
	case MSG_TERM:
	case MSG_MOUNT:
	case MSG_VOLMGMT:
	case MSG_AUDIT:
		return LOG_NOTICE;
	case MSG_SAVED:
	case MSG_SKIPPED:
	case MSG_RESTORED:
		return LOG_INFO;
	}
	return LOG_NOTICE;
}
