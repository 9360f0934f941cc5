#include "director/link/sd_link.h"

#include "director/conf/dir_conf.h"
#include "director/link/link_internal.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/proto/dir_sd.h"
#include "lib/proto/scan.h"

#include <stdio.h>

#define GREETING_SECONDS 60
#define SILENCE_SECONDS  600

struct sd_link {
	struct conn *conn; /* owned */
	char *storage;     /* owned */
};

void
sd_link_free(struct sd_link *l)
{
	struct err err = ERR_INIT;

	if (l == NULL)
		return;
	if (l->conn != NULL)
		(void)!conn_signal(l->conn, FRAME_TERMINATE, &err);
	conn_free(l->conn);
	free(l->storage);
	free(l);
}

void
sd_link_freep(struct sd_link **l)
{
	sd_link_free(*l);
}

struct conn *
sd_link_conn(struct sd_link *l)
{
	return l->conn;
}

static enum err_code
read_greeting(struct sd_link *l, struct cancel *cancel, struct err *err)
{
	struct bytes line;

	conn_set_wait(l->conn, cancel, GREETING_SECONDS, "the storage daemon's greeting");
	if (conn_recv_line(l->conn, &line, NULL, err) != ERR_OK)
		return err->code;
	if (!bytes_eq(line, bytes_str(DIR_SD_OK_HELLO)))
		return err_set(err, ERR_AUTH, "greeting refused: %s", PATH_PRINT(line));
	return ERR_OK;
}

enum err_code
sd_link_open(struct director *d, struct dir_conf *conf, struct dir_storage *storage,
	     const struct sd_link_options *o, struct sd_link **out, struct err *err)
{
	OWNED(sd_link_freep) struct sd_link *l = NEW(struct sd_link);
	const struct link_dial ld = {
		.conf = conf,
		.what = "Storage",
		.name = storage->name,
		.host = storage->address,
		.port = storage->port,
		.key = &storage->password,
		.tls = &storage->tls,
		.security = storage->tls.enable ? DIAL_TLS : DIAL_CLEAR,
		.heartbeat = storage->heartbeat_interval,
		.timeout_seconds = o->timeout_seconds > 0 ? o->timeout_seconds : 15,
		.retry_seconds = o->timeout_seconds > 0 ? 10 : 0,
		.cancel = o->cancel,
		.say = o->say,
		.say_arg = o->say_arg,
	};

	(void)d;
	l->storage = str_dup(storage->name);
	if (link_dial(&ld, &l->conn, err) != ERR_OK || read_greeting(l, o->cancel, err) != ERR_OK)
		return err_ctx(err, "storage %s at %s:%u", storage->name, storage->address,
			       storage->port);
	conn_set_wait(l->conn, o->cancel, SILENCE_SECONDS, "the storage daemon's answer");
	link_say(o->say, o->say_arg, "Connected Storage daemon at %s:%u, encryption: %s",
		 storage->address, storage->port, conn_encryption(l->conn));
	*out = TAKE_PTR(l);
	return ERR_OK;
}

enum err_code
sd_link_command(struct sd_link *l, const char *command, director_say say, void *arg,
		struct err *err)
{
	if (conn_send(l->conn, bytes_str(command), err) != ERR_OK ||
	    link_relay(l->conn, LINK_ANSWER_MAX, say, arg, err) != ERR_OK)
		return err_ctx(err, "storage %s", l->storage);
	return ERR_OK;
}

enum err_code
sd_link_command_one(struct sd_link *l, const char *command, director_say say, void *arg,
		    struct err *err)
{
	struct bytes line;

	if (conn_send(l->conn, bytes_str(command), err) != ERR_OK ||
	    conn_recv_line(l->conn, &line, NULL, err) != ERR_OK)
		return err_ctx(err, "storage %s", l->storage);
	link_say_bytes(say, arg, line);
	return ERR_OK;
}

/* ---- label ---- */

struct label_answer {
	director_say say;
	void *arg;
	struct sd_label_result result;
	bool ok;
	char last[512];
};

static void
take_label_line(void *arg, const char *line)
{
	struct label_answer *a = arg;
	struct bytes b = bytes_str(line);

	if (a->say != NULL)
		a->say(a->arg, line);
	(void)snprintf(a->last, sizeof(a->last), "%s", line);
	if (wire_scan(b, DIR_SD_OK_LABEL_SCAN, &a->result.vol_files, &a->result.vol_bytes) ||
	    wire_scan(b, DIR_SD_OK_LABEL_OLD_SCAN, &a->result.vol_bytes))
		a->ok = true;
}

static char *
bashed(const char *s)
{
	return wire_bash(str_dup(s));
}

enum err_code
sd_link_label(struct sd_link *l, const struct sd_label *what, director_say say, void *arg,
	      struct sd_label_result *out, struct err *err)
{
	struct label_answer a = { .say = say, .arg = arg };
	OWNED(freep) char *device = bashed(what->device);
	OWNED(freep) char *volume = bashed(what->volume);
	OWNED(freep) char *pool = bashed(what->pool);
	OWNED(freep) char *media_type = bashed(what->media_type);
	OWNED(freep) char *old = what->old_volume != NULL ? bashed(what->old_volume) : NULL;
	OWNED(freep) char *command = NULL;

	if (old != NULL)
		command = str_printf(DIR_SD_RELABEL, device, old, volume, pool, media_type,
				     what->slot, what->drive, what->min_block_size,
				     what->max_block_size);
	else
		command = str_printf(DIR_SD_LABEL, device, volume, pool, media_type, what->slot,
				     what->drive, what->min_block_size, what->max_block_size);
	if (sd_link_command(l, command, take_label_line, &a, err) != ERR_OK)
		return err->code;
	if (!a.ok)
		return err_set(err, ERR_PROTO, "storage %s: %s", l->storage,
			       a.last[0] != '\0' ? a.last : "no answer to the label command");
	*out = a.result;
	return ERR_OK;
}

enum err_code
sd_link_mount(struct sd_link *l, enum sd_mount_verb verb, const char *device, int drive, int slot,
	      director_say say, void *arg, struct err *err)
{
	OWNED(freep) char *name = bashed(device);
	OWNED(freep) char *command = NULL;

	switch (verb) {
	case SD_MOUNT:
		command = slot > 0 ? str_printf(DIR_SD_MOUNT_SLOT, name, drive, slot)
				   : str_printf(DIR_SD_MOUNT, name, drive);
		break;
	case SD_UNMOUNT:
		command = str_printf(DIR_SD_UNMOUNT, name, drive);
		break;
	case SD_RELEASE:
		command = str_printf(DIR_SD_RELEASE, name, drive);
		break;
	}
	return sd_link_command(l, command, say, arg, err);
}
