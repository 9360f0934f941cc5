/*
 * storage-daemon/session/cmd_control.c - commands about jobs and the daemon itself
 *
 * Spec: wire.md 6.7
 */
#include "storage-daemon/session/sd_conversation.h"

#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/own.h"
#include "lib/proto/dir_fd.h"
#include "lib/proto/dir_sd.h"
#include "lib/proto/scan.h"
#include "storage-daemon/session/sd.h"

enum err_code
cmd_cancel(struct conversation *v, struct bytes line, struct err *err)
{
	char job[WIRE_NAME_MAX + 1];
	OWNED(session_putp) struct session *s = NULL;
	enum err_code code;

	if (!wire_scan(line, DIR_SD_CANCEL_SCAN, job))
		return conversation_eod(v, conn_printf(v->c, err, DIR_SD_BAD_CANCEL), err);
	s = session_find(v->sd->sessions, job);
	if (s == NULL)
		return conversation_eod(v, conn_printf(v->c, err, DIR_SD_NO_JOB, job), err);
	if (s != v->session)
		session_cancel(s);
	code = conn_printf(v->c, err, DIR_SD_OK_CANCEL, s->job.job_id, s->job.job);
	log_info("director %s cancels job %s", v->director->name, s->job.job);
	return conversation_eod(v, code, err);
}

enum err_code
cmd_bandwidth(struct conversation *v, struct bytes line, struct err *err)
{
	int64_t rate = 0;
	char job[WIRE_NAME_MAX + 1] = "";
	OWNED(session_putp) struct session *s = NULL;

	if (!wire_scan(line, DIR_SD_BANDWIDTH_SCAN, &rate, job))
		return conn_printf(v->c, err, DIR_SD_BAD_BANDWIDTH, (const char *)line.p);
	s = session_find(v->sd->sessions, job);
	if (s != NULL)
		atomic_store(&s->bandwidth, rate > 0 ? (uint64_t)rate : 0);
	return conn_printf(v->c, err, DIR_SD_OK_BANDWIDTH);
}

enum err_code
cmd_setdebug(struct conversation *v, struct bytes line, struct err *err)
{
	int level = 0, trace_on = 0, stamp = 0;
	char file[512];

	if ((!wire_scan(line, DIR_SD_SETDEBUG_SCAN, &level, &trace_on, &stamp) &&
	     !wire_scan(line, DIR_SD_SETDEBUG_OLD_SCAN, &level, &trace_on)) ||
	    level < 0)
		return conn_printf(v->c, err, DIR_SD_BAD_SETDEBUG, (const char *)line.p);
	(void)snprintf(file, sizeof(file), "%s/%s.trace", v->sd->conf->storage->working_directory,
		       v->sd->conf->storage->name);
	atomic_store(&log_trace_level, level);
	/* Below 0: as it is. */
	if (trace_on >= 0 && !log_set_file(trace_on > 0 ? file : NULL))
		return conn_printf(v->c, err, DIR_SD_BAD_TRACE, file);
	return conn_printf(v->c, err, DIR_SD_OK_SETDEBUG, level, log_has_file(), stamp, file);
}

/* One "host[ipv4;address] " per address, as far as there is room: the name server chose how many.
 */
static void
list_addresses(const struct addrinfo *all, const char *host, struct buf *out)
{
	for (const struct addrinfo *a = all; a != NULL; a = a->ai_next) {
		char text[NI_MAXHOST];
		struct err full = ERR_INIT;

		if (getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof(text), NULL, 0,
				NI_NUMERICHOST) != 0)
			continue;
		if (buf_printf(out, &full, "%s[%s;%s] ", host,
			       a->ai_family == AF_INET6 ? "ipv6" : "ipv4", text) != ERR_OK)
			return;
	}
}

enum err_code
cmd_resolve(struct conversation *v, struct bytes line, struct err *err)
{
	char host[256];
	OWNED(buf_release) struct buf list = BUF_INIT(64 * 1024);
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *all = NULL;
	const char *me = v->sd->conf->storage->name;
	enum err_code code;

	if (!wire_scan(line, DIR_SD_RESOLVE_SCAN, host) ||
	    getaddrinfo(host, NULL, &hints, &all) != 0)
		return conversation_eod(v, conn_printf(v->c, err, DIR_FD_BAD_RESOLVE, me, host),
					err);
	list_addresses(all, host, &list);
	freeaddrinfo(all);
	code = conn_printf(v->c, err, DIR_FD_OK_RESOLVE, me, host, buf_str(&list));
	return conversation_eod(v, code, err);
}

enum err_code
cmd_setdevice(struct conversation *v, struct bytes line, struct err *err)
{
	char name[WIRE_NAME_MAX + 1] = "";
	int autoselect = 0;
	struct device *d = NULL;

	if (wire_scan(line, DIR_SD_SETDEVICE_SCAN, name, &autoselect))
		d = devices_find(v->sd->media.devices, wire_unbash(name));
	if (d == NULL)
		return conn_printf(v->c, err, DIR_SD_BAD_SETDEVICE, (const char *)line.p);
	reserve_set_autoselect(&v->sd->media, d, autoselect != 0);
	return conn_printf(v->c, err, DIR_SD_OK_SETDEVICE, name, autoselect != 0);
}

enum err_code
cmd_stats(struct conversation *v, struct bytes line UNUSED, struct err *err)
{
	v->over = true;
	return conn_printf(v->c, err, DIR_SD_OK_STATS);
}

enum err_code
cmd_autochanger(struct conversation *v, struct bytes line, struct err *err)
{
	char what[32] = "", name[WIRE_NAME_MAX + 1] = "";

	(void)!wire_scan(line, DIR_SD_CHANGER_SCAN, what, name);
	return conversation_eod(v, conn_printf(v->c, err, DIR_SD_NOT_A_CHANGER, wire_unbash(name)),
				err);
}

enum err_code
cmd_not_yet(struct conversation *v, struct bytes line, struct err *err)
{
	size_t n = 0;

	while (n < line.n && line.p[n] > ' ' && line.p[n] != '=')
		n++;
	v->over = true;
	job_report(v->msg, MSG_FATAL,
		   "this version of the storage daemon does not support the command \"%.*s\"\n",
		   (int)n, (const char *)line.p);
	return conn_printf(v->c, err, DIR_SD_BAD_COMMAND, (const char *)line.p);
}
