#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "director/job/job.h"
#include "director/shell/shell_internal.h"
#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/base/num.h"
#include "lib/base/own.h"
#include "lib/catalog/cat_job.h"
#include "lib/catalog/catalog.h"
#include "lib/msg/deliver.h"

#define JOB_IDS_MAX 100000u /* ids of one list; a range may not blow up memory */

/* ---- catalog ---- */

enum err_code
shell_catalog(struct shell *sh, struct catalog **out, struct err *err)
{
	const char *name = args_value(&sh->args, "catalog");

	if (name == NULL && sh->catalog_name[0] != '\0')
		name = sh->catalog_name;
	if (name == NULL && sh->conf->n_catalog > 0)
		name = sh->conf->catalog[0]->name;
	if (name != NULL && !acl_allows(sh, ACL_CATALOG, name))
		return err_set(err, ERR_CONFIG, "No authorization for Catalog \"%s\"", name);
	if (director_catalog(sh->d, name, out, err) != ERR_OK)
		return err->code;
	if (!sh->catalog_said && !sh->in_script) {
		sh->catalog_said = true;
		out_text(sh->out, "Using Catalog \"%s\"\n", name == NULL ? "" : name);
	}
	return ERR_OK;
}

/* Columns that hold numbers nobody wants commas in. */
static enum col_show
show_of(const struct cat_column *c)
{
	if (c->type != CAT_INT)
		return SHOW_TEXT;
	return strcmp(c->name, "jobid") == 0 ? SHOW_ID : SHOW_NUMBER;
}

void
shell_table_from(const struct cat_table *ct, struct table *out)
{
	*out = (struct table){ 0 };
	for (size_t c = 0; c < ct->n_columns; c++)
		table_add_column(out, ct->columns[c].name, show_of(&ct->columns[c]));
	for (size_t r = 0; r < ct->n_rows; r++)
		for (size_t c = 0; c < ct->n_columns; c++)
			table_put(out, cat_cell(ct, r, c));
}

/* Which list judges which column; "name" means what the statement lists. */
static const struct {
	const char *column;
	enum acl_kind acl;
} judged[] = {
	{ "client", ACL_CLIENT },   { "clientname", ACL_CLIENT }, { "jobname", ACL_JOB },
	{ "pool", ACL_POOL },       { "poolname", ACL_POOL },     { "fileset", ACL_FILESET },
	{ "storage", ACL_STORAGE },
};

static const struct {
	const char *statement; /* its ending */
	enum acl_kind acl;
} name_means[] = {
	{ "list_jobs", ACL_JOB },         { "list_backups", ACL_JOB },
	{ "list_pools", ACL_POOL },       { "list_clients", ACL_CLIENT },
	{ "list_storages", ACL_STORAGE }, { "names_jobs", ACL_JOB },
	{ "names_clients", ACL_CLIENT },  { "names_pools", ACL_POOL },
};

static bool
cell_allowed(const struct shell *sh, enum acl_kind acl, const char *cell)
{
	return cell[0] == '\0' || acl_allows(sh, acl, cell);
}

struct row_judge {
	const struct shell *sh;
	const char *statement;
};

static bool
row_allowed(const void *arg, const struct table *t, size_t row)
{
	const struct row_judge *j = (const struct row_judge *)arg;

	for (size_t i = 0; i < sizeof(judged) / sizeof(judged[0]); i++) {
		int c = table_column(t, judged[i].column);

		if (c >= 0 && !cell_allowed(j->sh, judged[i].acl, table_cell(t, row, (size_t)c)))
			return false;
	}
	int name = table_column(t, "name");
	for (size_t i = 0; name >= 0 && i < sizeof(name_means) / sizeof(name_means[0]); i++) {
		const char *s = name_means[i].statement;

		if (strstr(j->statement, s) != NULL &&
		    !cell_allowed(j->sh, name_means[i].acl, table_cell(t, row, (size_t)name)))
			return false;
	}
	int job = table_column(t, "job");
	if (job >= 0 && strstr(j->statement, "jobtotals") != NULL &&
	    !cell_allowed(j->sh, ACL_JOB, table_cell(t, row, (size_t)job)))
		return false;
	return true;
}

void
shell_filter(const struct shell *sh, const char *statement, struct table *t)
{
	struct row_judge judge = { sh, statement };

	if (sh->console != NULL)
		t->filtered += table_keep(t, row_allowed, &judge);
}

/* Parameters of statements that select by names, one a line; NULL selects all. */
static const struct {
	const char *param;
	enum acl_kind acl;
	const char *names; /* the statement that lists them all */
} seen[] = {
	{ "see_jobs", ACL_JOB, "names_jobs" },
	{ "see_clients", ACL_CLIENT, "names_clients" },
	{ "see_pools", ACL_POOL, "names_pools" },
};
#define N_SEEN (sizeof(seen) / sizeof(seen[0]))

/* The names of that kind that the console may see. */
static enum err_code
seen_names(struct shell *sh, size_t kind, char **out, struct err *err)
{
	OWNED(table_release) struct table t = { 0 };
	OWNED(buf_release) struct buf list = BUF_INIT(SIZE_MAX);

	if (shell_query(sh, seen[kind].names, NULL, 0, &t, err) != ERR_OK)
		return err->code;
	for (size_t row = 0; row < table_rows(&t); row++)
		buf_text(&list, "%s%s", row > 0 ? "\n" : "", table_cell(&t, row, 0));
	*out = buf_take_str(&list);
	return ERR_OK;
}

static enum err_code
query(struct shell *sh, const char *statement, const struct cat_arg *args, size_t n,
      struct table *out, struct err *err)
{
	OWNED(cat_table_release) struct cat_table ct = { 0 };
	struct catalog *c;

	if (shell_catalog(sh, &c, err) != ERR_OK)
		return err->code;
	if (cat_query(c, statement, args, n, &ct, err) != ERR_OK)
		return err->code;
	shell_table_from(&ct, out);
	shell_filter(sh, statement, out);
	return ERR_OK;
}

enum err_code
shell_query(struct shell *sh, const char *statement, const struct cat_arg *args, size_t n,
	    struct table *out, struct err *err)
{
	OWNED(freep) struct cat_arg *all = NEW_ARRAY(struct cat_arg, n + N_SEEN);
	char *names[N_SEEN] = { NULL };
	enum err_code rc = ERR_OK;

	for (size_t i = 0; i < n; i++)
		all[i] = args[i];
	for (size_t i = 0; rc == ERR_OK && i < N_SEEN; i++) {
		if (acl_unrestricted(sh, seen[i].acl) || !cat_query_takes(statement, seen[i].param))
			continue;
		rc = seen_names(sh, i, &names[i], err);
		all[n++] = (struct cat_arg){ seen[i].param, names[i] };
	}
	if (rc == ERR_OK)
		rc = query(sh, statement, all, n, out, err);
	for (size_t i = 0; i < N_SEEN; i++)
		free(names[i]);
	return rc;
}

/* ---- volumes ---- */

enum err_code
shell_ask_volume(struct shell *sh, char **out, struct err *err)
{
	return ask_text(sh, out, err,
			"Enter the volume name or MediaId of the volume prefixed with an asterisk "
			"(*).\nE.g. \"full-0001\" or \"*42\": ");
}

enum err_code
shell_find_volume(struct shell *sh, const char *name, struct cat_media *m, struct cat_pool *pool,
		  struct err *err)
{
	struct cat_pool of = { 0 };
	bool found = false, has_pool = false;
	struct catalog *c;
	enum err_code code;
	uint64_t id;

	if (shell_catalog(sh, &c, err) != ERR_OK)
		return err->code;
	if (name[0] == '*' && shell_number(name + 1, &id) && id <= UINT32_MAX)
		code = cat_media_get_by_id(c, (uint32_t)id, m, &found, err);
	else
		code = cat_media_get(c, name, m, &found, err);
	if (code == ERR_OK && found)
		code = cat_pool_get_by_id(c, m->pool_id, &of, &has_pool, err);
	if (code != ERR_OK)
		return code;
	if (!found || (has_pool && !acl_allows(sh, ACL_POOL, of.name)))
		return err_set(err, ERR_CONFIG, "Error: Media record for Volume \"%s\" not found.",
			       name);
	if (pool != NULL)
		*pool = of;
	return ERR_OK;
}

/* ---- jobs ---- */

/* ERR_OK: *sees says it; else the catalog could not be asked. */
static enum err_code
sees_job(struct shell *sh, uint32_t job_id, bool *sees, struct err *err)
{
	bool found = false, said = sh->catalog_said;
	struct job_info info;
	struct cat_job job;
	struct catalog *c;

	*sees = acl_unrestricted(sh, ACL_JOB);
	if (*sees)
		return ERR_OK;
	if (job_find_id(director_jobs(sh->d), job_id, &info)) {
		*sees = acl_allows(sh, ACL_JOB, info.name);
		return ERR_OK;
	}
	sh->catalog_said = true; /* this stands in the middle of an answer */
	enum err_code rc = shell_catalog(sh, &c, err);
	if (rc == ERR_OK)
		rc = cat_job_get(c, job_id, &job, &found, err);
	sh->catalog_said = said;
	*sees = rc == ERR_OK && found && acl_allows(sh, ACL_JOB, job.name);
	return rc;
}

bool
shell_sees_job(struct shell *sh, uint32_t job_id)
{
	struct err ignored = ERR_INIT;
	bool sees = false;

	return sees_job(sh, job_id, &sees, &ignored) == ERR_OK && sees;
}

/* ---- messages ---- */

struct message_reader {
	struct shell *sh;
	uint32_t job_id; /* of the line before, and whether this console may see it */
	bool sees;
	bool some; /* a line that it may see was met */
};

/* False: that cannot be known now. */
static bool
knows_reader(struct message_reader *r, uint32_t job_id)
{
	struct err ignored = ERR_INIT;

	if (job_id != 0 && job_id == r->job_id)
		return true;
	r->job_id = job_id;
	r->sees = job_id == 0;
	if (r->sees || sees_job(r->sh, job_id, &r->sees, &ignored) == ERR_OK)
		return true;
	r->job_id = 0;
	return false;
}

static bool
print_message(void *arg, const struct msg_console_line *line)
{
	struct message_reader *r = (struct message_reader *)arg;
	struct out *o = r->sh->out;
	char when[32];

	if (!knows_reader(r, line->job_id))
		return false;
	if (!r->sees)
		return true;
	out_text(o, "%s\n", line->text);
	if (out_mode(o) == API_JSON) {
		out_open_object(o, NULL);
		out_string(o, "time",
			   clock_format(line->time, "%Y-%m-%d %H:%M:%S", when, sizeof(when)));
		out_number(o, "jobid", line->job_id);
		out_string(o, "text", line->text);
		out_close(o);
	}
	return !out_broken(o);
}

/* Lines that are not for this console count as seen, up to the first that is. */
static bool
pass_over(void *arg, const struct msg_console_line *line)
{
	struct message_reader *r = (struct message_reader *)arg;

	if (!knows_reader(r, line->job_id))
		return false;
	r->some = r->sees;
	return !r->some;
}

bool
shell_has_messages(struct shell *sh)
{
	struct msg_console *m = director_messages(sh->d);
	struct message_reader r = { .sh = sh };

	if (msg_console_pending(m, sh->name) == 0)
		return false;
	if (acl_unrestricted(sh, ACL_JOB))
		return true;
	msg_console_read(m, sh->name, pass_over, &r);
	return r.some;
}

bool
shell_print_messages(struct shell *sh)
{
	struct message_reader r = { .sh = sh };
	bool any = shell_has_messages(sh);

	if (any)
		msg_console_read(director_messages(sh->d), sh->name, print_message, &r);
	sh->told_pending = false;
	return any;
}

void
shell_print_last_messages(struct shell *sh, size_t n)
{
	struct message_reader r = { .sh = sh };

	msg_console_last(director_messages(sh->d), n, print_message, &r);
}

void
shell_relay(void *arg, const char *line)
{
	struct shell *sh = (struct shell *)arg;

	out_text(sh->out, "%s\n", line);
}

/* ---- values ---- */

bool
shell_number(const char *text, uint64_t *out)
{
	uint64_t v = 0;

	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		if (!isdigit((unsigned char)*text))
			return false;
		if (!u64_mul(v, 10, &v) || !u64_add(v, (uint64_t)(*text - '0'), &v))
			return false;
	}
	*out = v;
	return true;
}

static bool
take_id(const char **p, uint32_t *out)
{
	uint64_t v = 0;
	const char *s = *p;

	while (isspace((unsigned char)*s))
		s++;
	if (!isdigit((unsigned char)*s))
		return false;
	for (; isdigit((unsigned char)*s); s++) {
		v = v * 10 + (uint64_t)(*s - '0');
		if (v > UINT32_MAX)
			return false;
	}
	while (isspace((unsigned char)*s))
		s++;
	*p = s;
	*out = (uint32_t)v;
	return v > 0;
}

bool
shell_job_ids(const char *text, uint32_t **ids, size_t *n)
{
	const char *p = text;

	for (;;) {
		uint32_t first, last;

		if (!take_id(&p, &first))
			return false;
		last = first;
		if (*p == '-') {
			p++;
			if (!take_id(&p, &last) || last < first)
				return false;
		}
		if (last - first >= JOB_IDS_MAX || *n + (last - first) >= JOB_IDS_MAX)
			return false;
		*ids = (uint32_t *)mem_resize(*ids, *n + (last - first) + 1, sizeof(**ids));
		for (uint32_t id = first; id <= last && id != 0; id++)
			(*ids)[(*n)++] = id;
		if (*p == '\0')
			return true;
		if (*p++ != ',')
			return false;
	}
}

/* Digits of one part of a date; false: none, or outside min..max. */
static bool
take_part(const char **p, char before, int width, int min, int max, int *out)
{
	const char *s = *p;
	int v = 0, n = 0;

	if (before != '\0') {
		if (*s != before)
			return false;
		while (before == ' ' && s[1] == ' ')
			s++;
		s++;
	}
	for (; n < width && isdigit((unsigned char)*s); s++, n++)
		v = v * 10 + (*s - '0');
	if (n == 0 || v < min || v > max)
		return false;
	*out = v;
	*p = s;
	return true;
}

static bool
has_day(int year, int month, int day)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return day <= days[month - 1] + (month == 2 && leap ? 1 : 0);
}

bool
shell_time(const char *text, int64_t *out)
{
	static const struct {
		char before;
		int width, min, max;
	} parts[] = { { '\0', 4, 1970, 9999 }, { '-', 2, 1, 12 }, { '-', 2, 1, 31 },
		      { ' ', 2, 0, 23 },       { ':', 2, 0, 59 }, { ':', 2, 0, 60 } };
	int v[6] = { 0, 1, 1, 0, 0, 0 };

	for (size_t i = 0; i < 6 && (i == 0 || *text != '\0'); i++)
		if (!take_part(&text, parts[i].before, parts[i].width, parts[i].min, parts[i].max,
			       &v[i]))
			return false;
	if (*text != '\0' || !has_day(v[0], v[1], v[2]))
		return false;
	struct tm tm = { .tm_year = v[0] - 1900,
			 .tm_mon = v[1] - 1,
			 .tm_mday = v[2],
			 .tm_hour = v[3],
			 .tm_min = v[4],
			 .tm_sec = v[5],
			 .tm_isdst = -1 };
	*out = clock_from_local(&tm);
	return true;
}
