/* setdebug, trace, resolve, setbandwidth.  Spec: console.md 7.7, 10; wire.md 5.9, 6.7 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "director/link/fd_link.h"
#include "director/link/sd_link.h"
#include "director/shell/command.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"

#define LINK_SECONDS 30

static const char *const client_keys[] = { "client", "fd", NULL };
static const char *const storage_keys[] = { "storage", "sd", NULL };

static enum err_code
tell_client(struct shell *sh, struct named *r, const char *command, struct err *err)
{
	struct dir_client *client = (struct dir_client *)(void *)r;
	struct fd_link_options o = { .timeout_seconds = LINK_SECONDS, .cancel = sh->stop };
	OWNED(fd_link_freep) struct fd_link *link = NULL;
	struct bytes line;

	out_text(sh->out, "Connecting to Client %s at %s:%u\n", client->name, client->address,
		 client->port);
	out_flush(sh->out);
	if (fd_link_open(sh->d, sh->conf, client, &o, &link, err) != ERR_OK ||
	    conn_send(fd_link_conn(link), bytes_str(command), err) != ERR_OK ||
	    conn_recv_line(fd_link_conn(link), &line, NULL, err) != ERR_OK)
		return err_ctx(err, "Client %s", client->name);
	out_put(sh->out, line.p, strnlen((const char *)line.p, line.n));
	return ERR_OK;
}

static enum err_code
tell_storage(struct shell *sh, struct named *r, const char *command, struct err *err)
{
	struct dir_storage *storage = (struct dir_storage *)(void *)r;
	struct sd_link_options o = { .timeout_seconds = LINK_SECONDS, .cancel = sh->stop };
	OWNED(sd_link_freep) struct sd_link *link = NULL;

	out_text(sh->out, "Connecting to Storage daemon %s at %s:%u\n", storage->name,
		 storage->address, storage->port);
	out_flush(sh->out);
	if (sd_link_open(sh->d, sh->conf, storage, &o, &link, err) != ERR_OK)
		return err->code;
	return sd_link_command_one(link, command, shell_relay, sh, err);
}

/* ---- setdebug ---- */

struct debug {
	int level, trace, hangup, timestamp; /* -1: leave */
};

static enum err_code
debug_words(struct shell *sh, struct debug *d, struct err *err)
{
	const struct {
		const char *key;
		int *into;
	} words[] = { { "level", &d->level },
		      { "trace", &d->trace },
		      { "hangup", &d->hangup },
		      { "timestamp", &d->timestamp } };
	OWNED(freep) char *asked = NULL;

	*d = (struct debug){ -1, -1, -1, -1 };
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const char *v = args_value(&sh->args, words[i].key);
		uint64_t n;

		if (v == NULL && i == 0) {
			if (ask_text(sh, &asked, err, "Enter new debug level: ") != ERR_OK)
				return err->code;
			v = asked;
		}
		if (v == NULL)
			continue;
		if (!shell_number(v, &n) || n > 10000)
			return err_set(err, ERR_CONFIG, "Incorrect %s value found %s", words[i].key,
				       v);
		*words[i].into = (int)n;
	}
	return ERR_OK;
}

static void
debug_director(struct shell *sh, const struct debug *d)
{
	OWNED(freep) char *path = director_file(sh->d, "trace");

	atomic_store(&log_trace_level, d->level);
	if (d->trace >= 0 && !log_set_file(d->trace != 0 ? path : NULL))
		out_warning(sh->out, "The trace file %s cannot be opened\n", path);
	/* What is in force: every trace line has its time, and nothing hangs up by itself. */
	out_text(sh->out, "level=%d trace=%d hangup=0 timestamp=1 tracefilename=%s\n", d->level,
		 log_has_file(), path);
}

static enum err_code
debug_clients(struct shell *sh, const struct debug *d, struct named **list, size_t n,
	      struct err *err)
{
	OWNED(freep)
	char *command = str_printf("setdebug=%d trace=%d hangup=%d timestamp=%d\n", d->level,
				   d->trace, d->hangup, d->timestamp);

	for (size_t i = 0; i < n; i++)
		if (tell_client(sh, list[i], command, err) != ERR_OK)
			return err->code;
	return ERR_OK;
}

static enum err_code
debug_storages(struct shell *sh, const struct debug *d, struct named **list, size_t n,
	       struct err *err)
{
	OWNED(freep)
	char *command = str_printf("setdebug=%d trace=%d timestamp=%d\n", d->level, d->trace,
				   d->timestamp);

	for (size_t i = 0; i < n; i++)
		if (tell_storage(sh, list[i], command, err) != ERR_OK)
			return err->code;
	return ERR_OK;
}

static enum err_code
debug_all(struct shell *sh, const struct debug *d, struct err *err)
{
	OWNED(freep) struct named **clients = NULL, **storages = NULL;
	size_t n_storages = res_list(sh, RES_STORAGE, &storages);
	size_t n_clients = res_list(sh, RES_CLIENT, &clients);

	debug_director(sh, d);
	if (debug_storages(sh, d, storages, n_storages, err) != ERR_OK)
		return err->code;
	return debug_clients(sh, d, clients, n_clients, err);
}

enum err_code
cmd_setdebug(struct shell *sh, struct err *err)
{
	static const char *const items[] = { "Director", "Storage", "Client", "All" };
	static const struct ask_list ask = { .kind = "daemon",
					     .header = "Available daemons are: ",
					     .question = "Select daemon type to set debug level",
					     .items = items,
					     .n = 4 };
	struct named *r = NULL;
	struct debug d;
	size_t at;

	if (debug_words(sh, &d, err) != ERR_OK)
		return err->code;
	if (args_has(&sh->args, "all"))
		at = 3;
	else if (args_has(&sh->args, "dir") || args_has(&sh->args, "director"))
		at = 0;
	else if (args_value_of(&sh->args, client_keys) != NULL || args_has(&sh->args, "client"))
		at = 2;
	else if (args_value_of(&sh->args, storage_keys) != NULL || args_has(&sh->args, "storage"))
		at = 1;
	else if (ask_select(sh, &ask, &at, err) != ERR_OK)
		return err->code;
	switch (at) {
	case 0:
		debug_director(sh, &d);
		return ERR_OK;
	case 1:
		if (res_pick(sh, RES_STORAGE, storage_keys, &r, err) != ERR_OK)
			return err->code;
		return debug_storages(sh, &d, &r, 1, err);
	case 2:
		if (res_pick(sh, RES_CLIENT, client_keys, &r, err) != ERR_OK)
			return err->code;
		return debug_clients(sh, &d, &r, 1, err);
	default:
		return debug_all(sh, &d, err);
	}
}

enum err_code
cmd_trace(struct shell *sh, struct err *err)
{
	OWNED(freep) char *asked = NULL;

	if (sh->args.n < 2 && ask_text(sh, &asked, err, "Turn on or off? ") != ERR_OK)
		return err->code;
	const char *word = asked != NULL ? asked : sh->args.v[1].key;
	struct debug d = { atomic_load(&log_trace_level), strcasecmp(word, "on") == 0, -1, -1 };
	if (d.trace == 0 && strcasecmp(word, "off") != 0)
		return err_set(err, ERR_CONFIG, "ON or OFF keyword missing.");
	debug_director(sh, &d);
	return ERR_OK;
}

/* ---- resolve ---- */

enum err_code
cmd_resolve(struct shell *sh, struct err *err)
{
	const char *host = NULL;
	struct named *r = NULL;

	for (size_t i = 1; i < sh->args.n; i++)
		if (sh->args.v[i].value == NULL)
			host = sh->args.v[i].key;
	if (host == NULL)
		return err_set(err, ERR_CONFIG, "resolve needs a host name");
	OWNED(freep) char *command = str_printf("resolve %s", host);
	if (args_value_of(&sh->args, client_keys) != NULL) {
		if (res_pick(sh, RES_CLIENT, client_keys, &r, err) != ERR_OK)
			return err->code;
		return tell_client(sh, r, command, err);
	}
	if (res_pick(sh, RES_STORAGE, storage_keys, &r, err) != ERR_OK)
		return err->code;
	return tell_storage(sh, r, command, err);
}

/* ---- setbandwidth ---- */

enum err_code
cmd_setbandwidth(struct shell *sh, struct err *err)
{
	const char *limit = args_value(&sh->args, "limit");
	struct named *r = NULL;
	uint64_t kb;

	if (limit == NULL || !shell_number(limit, &kb) || kb > INT32_MAX)
		return err_set(err, ERR_CONFIG, "setbandwidth needs limit=<kB per second>");
	if (args_value_of(&sh->args, client_keys) == NULL)
		return err_set(err, ERR_CONFIG,
			       "setbandwidth: only client= is available in this version yet");
	if (res_pick(sh, RES_CLIENT, client_keys, &r, err) != ERR_OK)
		return err->code;
	OWNED(freep)
	char *command = str_printf("setbandwidth=%llu Job=\n", (unsigned long long)kb * 1000);
	if (tell_client(sh, r, command, err) != ERR_OK)
		return err_ctx(err, "Failed to set bandwidth limit on Client");
	out_text(sh->out, "OK Limiting bandwidth to %llukb/s %s\n", (unsigned long long)kb,
		 r->name);
	return ERR_OK;
}
