#include "storage-daemon/session/sd_conversation.h"

#include "lib/proto/dir_sd.h"
#include "storage-daemon/session/sd.h"

enum dir_command {
#define X(name, prefix, monitor) name,
	DIR_SD_COMMANDS(X)
#undef X
};

/* Spec: wire.md 6.1; matched by prefix in this order */
static const struct command_row {
	const char *prefix;
	bool monitor; /* a director with Monitor = yes may */
	command_fn serve;
} rows[] = {
#define X(name, text, may) [name] = { .prefix = (text), .monitor = (may) },
	DIR_SD_COMMANDS(X)
#undef X
};

/* Which function serves which row; what is not here is answered by cmd_not_yet. */
static command_fn
server_of(enum dir_command c)
{
	static const command_fn fns[] = {
		[DIR_SD_CMD_AUTOCHANGER] = cmd_autochanger,
		[DIR_SD_CMD_BOOTSTRAP] = cmd_bootstrap,
		[DIR_SD_CMD_CANCEL] = cmd_cancel,
		[DIR_SD_CMD_FINISH] = cmd_not_yet,
		[DIR_SD_CMD_JOBID] = cmd_jobid,
		[DIR_SD_CMD_LABEL] = cmd_label,
		[DIR_SD_CMD_LISTEN] = cmd_not_yet,
		[DIR_SD_CMD_MOUNT] = cmd_mount,
		[DIR_SD_CMD_NEXTRUN] = cmd_not_yet,
		[DIR_SD_CMD_PASSIVE] = cmd_passive,
		[DIR_SD_CMD_PLUGINOPTIONS] = cmd_pluginoptions,
		[DIR_SD_CMD_READLABEL] = cmd_readlabel,
		[DIR_SD_CMD_RELABEL] = cmd_relabel,
		[DIR_SD_CMD_RELEASE] = cmd_release,
		[DIR_SD_CMD_RESOLVE] = cmd_resolve,
		[DIR_SD_CMD_REPLICATE] = cmd_not_yet,
		[DIR_SD_CMD_RUN] = cmd_run,
		[DIR_SD_CMD_SECURE_ERASE] = cmd_secure_erase,
		[DIR_SD_CMD_BANDWIDTH] = cmd_bandwidth,
		[DIR_SD_CMD_SETDEBUG] = cmd_setdebug,
		[DIR_SD_CMD_SETDEVICE] = cmd_setdevice,
		[DIR_SD_CMD_STATS] = cmd_stats,
		[DIR_SD_CMD_STATUS] = cmd_status,
		[DIR_SD_CMD_DOT_STATUS] = cmd_dot_status,
		[DIR_SD_CMD_UNMOUNT] = cmd_unmount,
		[DIR_SD_CMD_USE_STORAGE] = cmd_use_storage,
	};

	return fns[c];
}

enum err_code
conversation_eod(struct conversation *v, enum err_code code, struct err *err)
{
	return code == ERR_OK ? conn_signal(v->c, FRAME_EOD, err) : code;
}

static enum err_code
unknown(struct conversation *v, struct bytes line, struct err *err)
{
	v->over = true;
	return conn_printf(v->c, err, DIR_SD_BAD_COMMAND, (const char *)line.p);
}

static enum err_code
serve_command(struct conversation *v, struct bytes line, struct err *err)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum err_code code;

		if (!bytes_starts(line, rows[i].prefix))
			continue;
		if (rows[i].monitor || !v->director->monitor)
			return server_of((enum dir_command)i)(v, line, err);
		code = conversation_eod(v, conn_printf(v->c, err, DIR_SD_BAD_MONITOR), err);
		return code == ERR_OK ? unknown(v, line, err) : code;
	}
	return unknown(v, line, err);
}

enum err_code
conversation_serve(struct conversation *v, struct err *err)
{
	enum err_code code = ERR_OK;

	while (!v->over && code == ERR_OK) {
		struct frame f;

		code = conn_recv(v->c, &f, err);
		if (code != ERR_OK)
			break;
		/* Any signal, an empty frame too, ends the session; wire.md 1.1. */
		if (f.signal != FRAME_DATA || f.data.n == 0)
			break;
		code = serve_command(v, f.data, err);
	}
	cmd_end_session(v);
	if (code == ERR_OK)
		code = conn_signal(v->c, FRAME_TERMINATE, err);
	return code == ERR_EOF ? ERR_OK : code;
}
