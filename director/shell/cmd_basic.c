/* Small commands about the session and the director itself.  Spec: console.md 6.7, 6.8, 10 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "director/life.h"
#include "director/shell/command.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/catalog/catalog.h"

#define COMPAT_VERSION "25.1.0" /* web interfaces compare its major number with their own */
#define COMPAT_DATE    "03 August 2026"

enum err_code
cmd_dot(UNUSED struct shell *sh, UNUSED struct err *err)
{
	return ERR_OK;
}

enum err_code
cmd_quit(struct shell *sh, UNUSED struct err *err)
{
	sh->quit = true;
	return ERR_OK;
}

/* ---- .api: console.md 5.2 ---- */

static const struct {
	const char *word;
	enum api_mode mode;
} api_words[] = {
	{ "0", API_TEXT }, { "off", API_TEXT }, { "1", API_GUI },
	{ "on", API_GUI }, { "2", API_JSON },   { "json", API_JSON },
};

enum err_code
cmd_api(struct shell *sh, UNUSED struct err *err)
{
	enum api_mode mode = API_GUI;

	if (sh->args.n > 1) {
		size_t i = 0, n = sizeof(api_words) / sizeof(api_words[0]);

		while (i < n && strcasecmp(sh->args.v[1].key, api_words[i].word) != 0)
			i++;
		if (i == n)
			return ERR_OK;
		mode = api_words[i].mode;
	}
	if (sh->args.n > 2 && strcasecmp(sh->args.v[2].key, "compact") == 0 &&
	    sh->args.v[2].value != NULL)
		out_set_compact(sh->out, args_is_prefix(sh->args.v[2].value, "yes"));
	const char *messages = args_value(&sh->args, "messages");
	if (messages != NULL)
		out_set_messages(sh->out, args_is_prefix(messages, "yes"));
	const char *signals = args_value(&sh->args, "signals");
	if (signals != NULL)
		out_tell_failures(sh->out, args_is_prefix(signals, "yes"));
	sh->batch = mode == API_JSON;
	out_set_mode(sh->out, mode);
	if (mode == API_JSON)
		out_number(sh->out, "api", 2);
	else
		out_text(sh->out, "api: %d\n", (int)mode);
	return ERR_OK;
}

/* on or off as the first word behind the command. */
static enum err_code
on_off(struct shell *sh, bool *on, struct err *err)
{
	if (sh->args.n > 1 && strcasecmp(sh->args.v[1].key, "on") == 0)
		*on = true;
	else if (sh->args.n > 1 && strcasecmp(sh->args.v[1].key, "off") == 0)
		*on = false;
	else
		return err_set(err, ERR_CONFIG, "ON or OFF keyword missing.");
	return ERR_OK;
}

enum err_code
cmd_autodisplay(struct shell *sh, struct err *err)
{
	return on_off(sh, &sh->autodisplay, err);
}

enum err_code
cmd_automount(struct shell *sh, struct err *err)
{
	bool on = true;

	if (on_off(sh, &on, err) != ERR_OK)
		return err->code;
	sh->no_automount = !on;
	return ERR_OK;
}

enum err_code
cmd_gui(struct shell *sh, struct err *err)
{
	if (on_off(sh, &sh->gui, err) != ERR_OK)
		return err->code;
	out_set_plain(sh->out, sh->gui);
	return ERR_OK;
}

/* ---- messages ---- */

enum err_code
cmd_messages(struct shell *sh, struct err *err)
{
	const char *last = args_value(&sh->args, "last");
	uint64_t n;

	out_open_array(sh->out, "messages");
	if (last != NULL) {
		if (!shell_number(last, &n) || n > 100000)
			return err_set(err, ERR_CONFIG, "last=%s: expected a number of lines",
				       last);
		shell_print_last_messages(sh, (size_t)n);
	} else if (!shell_print_messages(sh)) {
		out_text(sh->out, "You have no messages.\n");
	}
	out_close(sh->out);
	return ERR_OK;
}

/* ---- facts ---- */

enum err_code
cmd_version(struct shell *sh, UNUSED struct err *err)
{
	struct out *o = sh->out;

	out_text(o, "%s Version: %s %s\n", director_name(sh->d), director_version_long(),
		 director_os_text());
	out_open_object(o, "version");
	out_string(o, "name", director_name(sh->d));
	out_string(o, "type", "bareos-director");
	out_string(o, "version", COMPAT_VERSION);
	out_string(o, "bdate", COMPAT_DATE);
	out_string(o, "operatingsystem", director_os_text());
	out_string(o, "distname", "debian");
	out_string(o, "distversion", director_os_text());
	out_string(o, "customversionid", "");
	out_string(o, "product", director_version_long());
	out_close(o);
	return ERR_OK;
}

enum err_code
cmd_time(struct shell *sh, UNUSED struct err *err)
{
	static const struct {
		const char *key, *fmt;
	} parts[] = { { "full", "%a %d-%b-%Y %H:%M:%S" },
		      { "year", "%Y" },
		      { "month", "%m" },
		      { "day", "%d" },
		      { "hour", "%H" },
		      { "minute", "%M" },
		      { "second", "%S" } };
	char text[64];
	int64_t now = clock_now();

	out_text(sh->out, "%s\n", clock_format(now, parts[0].fmt, text, sizeof(text)));
	out_open_object(sh->out, "time");
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		out_string(sh->out, parts[i].key,
			   clock_format(now, parts[i].fmt, text, sizeof(text)));
	out_close(sh->out);
	return ERR_OK;
}

enum err_code
cmd_whoami(struct shell *sh, UNUSED struct err *err)
{
	const char *name = sh->console == NULL ? "root" : sh->name;

	out_text(sh->out, "%s\n", name);
	out_string(sh->out, "whoami", name);
	return ERR_OK;
}

enum err_code
cmd_memory(struct shell *sh, struct err *err)
{
	OWNED(buf_release) struct buf text = BUF_INIT(65536);
	OWNED(fclosep) FILE *f = fopen("/proc/self/status", "re");
	char line[256];

	if (f == NULL)
		return err_errno(err, ERR_SYS, "/proc/self/status");
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "VmRSS", 5) == 0 || strncmp(line, "VmHWM", 5) == 0 ||
		    strncmp(line, "VmSize", 6) == 0)
			buf_text(&text, "%s", line);
	out_text(sh->out, "%s", buf_str(&text));
	out_string(sh->out, "memory", buf_str(&text));
	return ERR_OK;
}

enum err_code
cmd_use(struct shell *sh, struct err *err)
{
	static const char *const keys[] = { "catalog", NULL };
	const char *name = args_value_of(&sh->args, keys);
	struct named *cat = NULL;
	struct catalog *c;

	if (name == NULL && sh->args.n > 1 && sh->args.v[1].value == NULL)
		name = sh->args.v[1].key;
	if (name != NULL) {
		if (res_resolve(sh, RES_CATALOG, name, &cat, err) != ERR_OK)
			return err->code;
	} else if (res_select(sh, RES_CATALOG, &cat, err) != ERR_OK) {
		return err->code;
	}
	if (director_catalog(sh->d, cat->name, &c, err) != ERR_OK)
		return err->code;
	(void)snprintf(sh->catalog_name, sizeof(sh->catalog_name), "%s", cat->name);
	sh->catalog_said = true;
	out_text(sh->out, "Using Catalog name=%s DB=%s\n", cat->name, catalog_db_name(c));
	return ERR_OK;
}

/* ---- reload, enable, disable ---- */

static void
reload_say(void *arg, const char *line)
{
	struct shell *sh = (struct shell *)arg;

	out_info(sh->out, "%s\n", line);
}

enum err_code
cmd_reload(struct shell *sh, struct err *err)
{
	struct err e = ERR_INIT;
	bool ok = director_reload(sh->d, reload_say, sh, &e) == ERR_OK;

	out_open_object(sh->out, "reload");
	out_bool(sh->out, "success", ok);
	out_close(sh->out);
	if (ok) {
		out_text(sh->out, "reloaded\n");
		return ERR_OK;
	}
	out_error(sh->out, "%s\n", e.text);
	return err_set(err, ERR_CONFIG, "failed to reload");
}

static const struct {
	const char *key;
	enum res_kind res;
	enum director_switch kind;
} switches[] = {
	{ "schedule", RES_SCHEDULE, SWITCH_SCHEDULE },
	{ "client", RES_CLIENT, SWITCH_CLIENT },
	{ "job", RES_JOB, SWITCH_JOB },
};

/* Those that are not yet as wanted. */
static enum err_code
select_switch(struct shell *sh, size_t which, bool on, const char **name, struct err *err)
{
	OWNED(freep) struct named **list = NULL;
	size_t n = res_list(sh, switches[which].res, &list), k = 0, at;
	const struct res_facts *f = res_facts(switches[which].res);
	OWNED(freep) const char **items = NEW_ARRAY(const char *, n + 1);

	for (size_t i = 0; i < n; i++)
		if (director_is_enabled(sh->d, switches[which].kind, list[i]->name) != on)
			items[k++] = list[i]->name;
	struct ask_list ask = { .kind = f->singular,
				.header = f->header,
				.question = switches[which].res == RES_CLIENT
						    ? "Select Client resource"
						    : f->question,
				.items = items,
				.n = k };
	if (ask_select(sh, &ask, &at, err) != ERR_OK)
		return err->code;
	*name = items[at];
	return ERR_OK;
}

static enum err_code
switch_one(struct shell *sh, bool on, struct err *err)
{
	const size_t n = sizeof(switches) / sizeof(switches[0]);
	size_t which = 0;
	const char *name = NULL;

	static const char *const known[] = { "schedule", "client", "job", "yes", NULL };
	const char *word = args_unknown(&sh->args, 1, known);

	if (word != NULL)
		return err_set(err, ERR_CONFIG,
			       "Unknown keyword: %s. Name it as job=, client= or schedule=", word);
	while (which < n && !args_has(&sh->args, switches[which].key))
		which++;
	if (which == n)
		which = n - 1;
	else
		name = args_value(&sh->args, switches[which].key);
	const struct res_facts *f = res_facts(switches[which].res);
	if (name == NULL || name[0] == '\0') {
		if (select_switch(sh, which, on, &name, err) != ERR_OK)
			return err->code;
	} else if (res_find(sh, switches[which].res, name) == NULL) {
		return err_set(err, ERR_CONFIG, "%s \"%s\" not found.", f->singular, name);
	}
	director_set_enabled(sh->d, switches[which].kind, name, on);
	out_text(sh->out, "%s \"%s\" %s\n", f->singular, name, on ? "enabled" : "disabled");
	out_text(sh->out, "This holds until the next reload or restart of the director; to keep "
			  "it, set Enabled in the configuration.\n");
	out_open_object(sh->out, on ? "enable" : "disable");
	out_open_array(sh->out, f->plural);
	out_string(sh->out, NULL, name);
	out_close(sh->out);
	out_close(sh->out);
	return ERR_OK;
}

enum err_code
cmd_enable(struct shell *sh, struct err *err)
{
	return switch_one(sh, true, err);
}

enum err_code
cmd_disable(struct shell *sh, struct err *err)
{
	return switch_one(sh, false, err);
}
