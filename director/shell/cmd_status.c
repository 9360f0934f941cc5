/* status, .status.  Spec: console.md 6.6, 11 */
#include "director/shell/status_internal.h"

#include <string.h>
#include <strings.h>

#include "director/job/job.h"
#include "director/link/fd_link.h"
#include "director/link/sd_link.h"
#include "director/shell/command.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"

#define LINK_SECONDS 15 /* how long a status waits for a daemon that does not answer */

/* ---- client and storage ---- */

struct relay {
	struct shell *sh;
	bool first;
};

/* The daemon's text unchanged, also as lines in JSON. */
static void
relay_line(void *arg, const char *line)
{
	struct relay *r = (struct relay *)arg;

	out_text(r->sh->out, "%s\n", line);
	out_string(r->sh->out, NULL, line);
}

static enum err_code
ask_client(struct shell *sh, struct dir_client *client, const char *command, struct err *err)
{
	struct fd_link_options o = { .timeout_seconds = LINK_SECONDS, .cancel = sh->stop };
	OWNED(fd_link_freep) struct fd_link *link = NULL;
	struct relay r = { sh, true };
	struct err e = ERR_INIT;

	if (!director_is_enabled(sh->d, SWITCH_CLIENT, client->name)) {
		out_text(sh->out, "Client \"%s\" is disabled; skipping status call\n",
			 client->name);
		return ERR_OK;
	}
	out_text(sh->out, "Connecting to Client %s at %s:%u\n", client->name, client->address,
		 client->port);
	out_flush(sh->out);
	if (fd_link_open(sh->d, sh->conf, client, &o, &link, &e) != ERR_OK) {
		out_text(sh->out, "\nFailed to connect to Client %s.\n====\n", client->name);
		return err_set(err, e.code == ERR_CANCELED ? ERR_CANCELED : ERR_PEER, "%s", e.text);
	}
	out_text(sh->out, " Handshake: %s, Encryption: %s\n", fd_link_handshake(link),
		 conn_encryption(fd_link_conn(link)));
	return fd_link_command(link, command, relay_line, &r, err);
}

static enum err_code
ask_storage(struct shell *sh, struct dir_storage *storage, const char *command, struct err *err)
{
	struct sd_link_options o = { .timeout_seconds = LINK_SECONDS, .cancel = sh->stop };
	OWNED(sd_link_freep) struct sd_link *link = NULL;
	struct relay r = { sh, true };
	struct err e = ERR_INIT;

	out_text(sh->out, "Connecting to Storage daemon %s at %s:%u\n", storage->name,
		 storage->address, storage->port);
	out_flush(sh->out);
	if (sd_link_open(sh->d, sh->conf, storage, &o, &link, &e) != ERR_OK) {
		out_text(sh->out, "\nFailed to connect to Storage daemon %s.\n====\n",
			 storage->name);
		return err_set(err, e.code == ERR_CANCELED ? ERR_CANCELED : ERR_PEER, "%s", e.text);
	}
	out_text(sh->out, " Encryption: %s\n", conn_encryption(sd_link_conn(link)));
	return sd_link_command(link, command, relay_line, &r, err);
}

/* {"client":{"<name>":[lines]}} */
/* In a list of several kind is NULL. */
static void
open_lines(struct shell *sh, const char *kind, const char *name)
{
	out_open_object(sh->out, kind);
	out_string(sh->out, "name", name);
	out_open_array(sh->out, "status");
}

static void
close_lines(struct shell *sh)
{
	out_close(sh->out);
	out_close(sh->out);
}

static enum err_code
status_client(struct shell *sh, const char *key, struct dir_client *client, struct err *err)
{
	open_lines(sh, key, client->name);
	enum err_code rc = ask_client(sh, client, "status", err);
	out_close(sh->out);
	status_progress(sh, client->name);
	out_close(sh->out);
	return rc;
}

static enum err_code
status_storage(struct shell *sh, const char *key, struct dir_storage *storage, struct err *err)
{
	if (args_has(&sh->args, "slots"))
		return err_set(err, ERR_CONFIG,
			       "status storage=%s slots: autochangers are not available in this "
			       "version yet",
			       storage->name);
	open_lines(sh, key, storage->name);
	enum err_code rc = ask_storage(sh, storage, "status", err);
	close_lines(sh);
	return rc;
}

/* ---- others ---- */

static enum err_code
status_configuration(struct shell *sh, struct err *err)
{
	if (!acl_allows(sh, ACL_COMMAND, "configure"))
		return err_set(err, ERR_CONFIG,
			       "status configuration: is an invalid command or needs access right "
			       "to the \"configure\" command.");
	out_info(sh->out, "No deprecated configuration settings detected.\n");
	return ERR_OK;
}

static enum err_code
status_subscriptions(struct shell *sh, struct err *err)
{
	if (acl_filters(sh, ACL_CLIENT) || acl_filters(sh, ACL_JOB) || acl_filters(sh, ACL_FILESET))
		return err_set(err, ERR_CONFIG,
			       "status subscriptions: needs access to all client, job and fileset "
			       "resources.");
	out_text(sh->out, "Clients configured: %zu. There is no subscription to count.\n",
		 sh->conf->n_client);
	out_string(sh->out, "version", "25.1.0");
	out_string(sh->out, "os", director_os_text());
	out_open_object(sh->out, "unit-summary");
	out_string(sh->out, "accounting_mode", "none");
	out_string(sh->out, "configured", "0");
	OWNED(freep) char *used = str_printf("%zu", sh->conf->n_client);
	out_string(sh->out, "used", used);
	out_string(sh->out, "remaining", "0");
	out_close(sh->out);
	return ERR_OK;
}

static enum err_code
status_all(struct shell *sh, struct err *err)
{
	OWNED(freep) struct named **storages = NULL, **clients = NULL;
	enum err_code worst = status_director(sh, err);
	size_t n = res_list(sh, RES_STORAGE, &storages);

	out_open_array(sh->out, "storages");
	for (size_t i = 0; i < n; i++) {
		struct err e = ERR_INIT;

		if (status_storage(sh, NULL, (struct dir_storage *)(void *)storages[i], &e) !=
		    ERR_OK)
			out_warning(sh->out, "%s\n", e.text);
	}
	out_close(sh->out);
	n = res_list(sh, RES_CLIENT, &clients);
	out_open_array(sh->out, "clients");
	for (size_t i = 0; i < n; i++) {
		struct err e = ERR_INIT;

		if (status_client(sh, NULL, (struct dir_client *)(void *)clients[i], &e) != ERR_OK)
			out_warning(sh->out, "%s\n", e.text);
	}
	out_close(sh->out);
	return worst;
}

static const char *const client_keys[] = { "client", "fd", NULL };
static const char *const storage_keys[] = { "storage", "sd", NULL };

/* client=name, "client name", else the menu. */
static enum err_code
pick(struct shell *sh, enum res_kind kind, const char *const *keys, struct named **r,
     struct err *err)
{
	static const char *const words[] = { "slots", "drives", "yes", NULL };
	const char *bare = args_unknown_bare(&sh->args, 2, words);

	if (bare != NULL && args_value_of(&sh->args, keys) == NULL)
		return res_resolve(sh, kind, bare, r, err);
	return res_pick(sh, kind, keys, r, err);
}

static enum err_code
pick_client(struct shell *sh, struct err *err)
{
	struct named *r = NULL;

	if (pick(sh, RES_CLIENT, client_keys, &r, err) != ERR_OK)
		return err->code;
	return status_client(sh, "client", (struct dir_client *)(void *)r, err);
}

static enum err_code
pick_storage(struct shell *sh, struct err *err)
{
	struct named *r = NULL;

	if (pick(sh, RES_STORAGE, storage_keys, &r, err) != ERR_OK)
		return err->code;
	return status_storage(sh, "storage", (struct dir_storage *)(void *)r, err);
}

static const struct {
	const char *word;
	size_t min; /* letters that suffice */
	enum err_code (*run)(struct shell *sh, struct err *err);
} targets[] = {
	{ "all", 3, status_all },
	{ "director", 3, status_director },
	{ "scheduler", 3, status_scheduler },
	{ "subscriptions", 3, status_subscriptions },
	{ "configuration", 4, status_configuration },
	{ "client", 2, pick_client },
	{ "fd", 2, pick_client },
	{ "storage", 2, pick_storage },
	{ "sd", 2, pick_storage },
};

static enum err_code
status_menu(struct shell *sh, struct err *err)
{
	static const char *const items[] = { "Director", "Storage", "Client", "Scheduler", "All" };
	static const struct ask_list ask = { .kind = "status",
					     .header = "Status available for:",
					     .question = "Select daemon type for status",
					     .items = items,
					     .n = 5 };
	size_t at;

	if (ask_select(sh, &ask, &at, err) != ERR_OK)
		return err->code;
	switch (at) {
	case 0:
		return status_director(sh, err);
	case 1:
		return pick_storage(sh, err);
	case 2:
		return pick_client(sh, err);
	case 3:
		return status_scheduler(sh, err);
	default:
		return status_all(sh, err);
	}
}

enum err_code
cmd_status(struct shell *sh, struct err *err)
{
	if (sh->args.n < 2)
		return status_menu(sh, err);
	const char *word = sh->args.v[1].key;
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		if (strlen(word) >= targets[i].min && args_is_prefix(word, targets[i].word))
			return targets[i].run(sh, err);
	struct named *r = sh->args.v[1].value == NULL ? res_find(sh, RES_STORAGE, word) : NULL;
	if (r != NULL)
		return status_storage(sh, "storage", (struct dir_storage *)(void *)r, err);
	r = sh->args.v[1].value == NULL ? res_find(sh, RES_CLIENT, word) : NULL;
	if (r != NULL)
		return status_client(sh, "client", (struct dir_client *)(void *)r, err);
	return err_set(err, ERR_CONFIG, "Unknown status target: %s", word);
}

/* ---- .status: console.md 11 ---- */

static enum err_code
dot_status_job(struct shell *sh, bool last)
{
	OWNED(freep) struct job_info *jobs = NULL;
	size_t n = last ? job_table_terminated(director_jobs(sh->d), &jobs)
			: job_table_list(director_jobs(sh->d), &jobs);

	out_text(sh->out, ".status %s\n1000 OK .status\n", last ? "last" : "current");
	for (size_t i = last && n > 0 ? n - 1 : 0; i < n; i++)
		if (acl_allows(sh, ACL_JOB, jobs[i].name))
			out_text(sh->out, "JobId=%u JobStatus=%c JobErrors=%u\n", jobs[i].job_id,
				 jobs[i].status, jobs[i].errors);
	return ERR_OK;
}

static enum err_code
dot_status_director(struct shell *sh, const char *what, struct err *err)
{
	if (strcasecmp(what, "current") == 0 || strcasecmp(what, "last") == 0)
		return dot_status_job(sh, strcasecmp(what, "last") == 0);
	if (!status_has_section(what))
		return err_set(err, ERR_CONFIG, "1900 Bad .status command, wrong argument.");
	return status_director(sh, err);
}

enum err_code
cmd_dot_status(struct shell *sh, struct err *err)
{
	struct named *r = NULL;

	if (sh->args.n < 3)
		return err_set(err, ERR_CONFIG, "1900 Bad .status command, missing arguments.");
	const char *who = sh->args.v[1].key, *what = sh->args.v[2].key;
	if (args_is_prefix(who, "director"))
		return dot_status_director(sh, what, err);
	OWNED(freep) char *command = str_printf(".status %s", what);
	if (strcasecmp(who, "client") == 0) {
		if (res_pick(sh, RES_CLIENT, client_keys, &r, err) != ERR_OK)
			return err->code;
		open_lines(sh, "client", r->name);
		enum err_code rc = ask_client(sh, (struct dir_client *)(void *)r, command, err);
		close_lines(sh);
		return rc;
	}
	if (strcasecmp(who, "storage") == 0) {
		if (res_pick(sh, RES_STORAGE, storage_keys, &r, err) != ERR_OK)
			return err->code;
		open_lines(sh, "storage", r->name);
		enum err_code rc = ask_storage(sh, (struct dir_storage *)(void *)r, command, err);
		close_lines(sh);
		return rc;
	}
	return err_set(err, ERR_CONFIG, "1900 Bad .status command, wrong argument.");
}
