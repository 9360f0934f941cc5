#include "lib/catalog/pg.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/thread.h"

#define LAST_ANSWER_SECONDS 10

/* Every session.  Spec: catalog.md 2.2 */
static const char session_options[] =
	"-c datestyle=ISO,YMD -c cursor_tuple_fraction=1 -c client_min_messages=WARNING "
	"-c standard_conforming_strings=on "
	/* The server ends a transaction whose client is gone within a minute, not within hours. */
	"-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3";

void
pg_info_release(struct pg_info *i)
{
	free(i->host);
	free(i->port);
	free(i->db_name);
	free(i->user);
	if (i->password != NULL)
		explicit_bzero(i->password, strlen(i->password));
	free(i->password);
	free(i->more);
	*i = (struct pg_info){ 0 };
}

/* Text of the server without its trailing newline and with the lines joined. */
static void
tidy(const char *from, char *out, size_t cap)
{
	size_t n = 0;

	for (; *from != '\0' && n + 1 < cap; from++)
		out[n++] = *from == '\n' || *from == '\t' ? ' ' : *from;
	while (n > 0 && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
}

enum err_code
pg_fail(struct pg *pg, const PGresult *r, const char *what, struct err *err)
{
	const char *primary = r != NULL ? PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY) : NULL;
	const char *detail = r != NULL ? PQresultErrorField(r, PG_DIAG_MESSAGE_DETAIL) : NULL;
	const char *state = r != NULL ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;
	char text[400];

	(void)snprintf(pg->state, sizeof(pg->state), "%s", state != NULL ? state : "");
	if (primary == NULL) {
		tidy(PQerrorMessage(pg->conn), text, sizeof(text));
		return err_set(err, ERR_CATALOG, "catalog %s: %s: %s", pg->db_name, what,
			       text[0] != '\0' ? text : "the connection is lost");
	}
	tidy(primary, text, sizeof(text));
	return err_set(err, ERR_CATALOG, "catalog %s: %s: %s%s%s", pg->db_name, what, text,
		       detail != NULL ? ": " : "", detail != NULL ? detail : "");
}

static void
quiet(void *arg, const char *message)
{
	(void)arg;
	(void)message;
}

#define CONNECT_SECONDS 5

/* What libpq is told; values point into info. */
struct words {
	const char *names[14], *values[14];
};

static struct words
words_of(const struct pg_info *info)
{
	/* An expanded conninfo in dbname comes first, so that the named words rule. */
	return (struct words){
		.names = { "dbname", "host", "port", "user", "password", "connect_timeout",
			   "client_encoding", "options", "fallback_application_name",
			   "keepalives_idle", "keepalives_interval", "tcp_user_timeout", "dbname",
			   NULL },
		.values = { info->more, info->host, info->port, info->user, info->password, "5",
			    "SQL_ASCII", session_options, "tercet", "30", "10", "60000",
			    info->db_name, NULL },
	};
}

enum err_code
pg_open(const struct pg_info *info, struct pg **out, struct err *err)
{
	const struct words w = words_of(info);
	OWNED(pg_closep) struct pg *pg = NEW(struct pg);
	char text[400];

	pg->db_name = info->db_name;
	pg->conn = PQconnectdbParams(w.names, w.values, 1);
	if (PQstatus(pg->conn) != CONNECTION_OK) {
		tidy(PQerrorMessage(pg->conn), text, sizeof(text));
		return err_set(err, ERR_CATALOG, "catalog %s: cannot connect: %s", info->db_name,
			       text);
	}
	PQsetNoticeProcessor(pg->conn, quiet, NULL);
	*out = TAKE_PTR(pg);
	return ERR_OK;
}

/* "FATAL:  28P01: ...", whatever the word for FATAL. */
static void
find_state(const char *text, char state[6])
{
	for (const char *p = text; (p = strstr(p, ":  ")) != NULL; p++) {
		if (strspn(p + 3, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 5 || p[8] != ':')
			continue;
		memcpy(state, p + 3, 5);
		state[5] = '\0';
		return;
	}
}

void
pg_why_refused(const struct pg_info *info, char state[6])
{
	const struct words words = words_of(info);
	struct wait w = wait_for(thread_cancel(), CONNECT_SECONDS, "the catalog");
	PGconn *conn = PQconnectStartParams(words.names, words.values, 1);
	PostgresPollingStatusType next = PGRES_POLLING_WRITING;
	struct err ignored = ERR_INIT;

	state[0] = '\0';
	if (conn == NULL)
		return;
	(void)PQsetErrorVerbosity(conn, PQERRORS_VERBOSE);
	while (PQstatus(conn) != CONNECTION_BAD && next != PGRES_POLLING_OK &&
	       next != PGRES_POLLING_FAILED &&
	       wait_fd(&w, PQsocket(conn), next == PGRES_POLLING_READING ? POLLIN : POLLOUT,
		       &ignored) == ERR_OK)
		next = PQconnectPoll(conn);
	find_state(PQerrorMessage(conn), state);
	PQfinish(conn);
}

void
pg_close(struct pg *pg)
{
	if (pg == NULL)
		return;
	PQfinish(pg->conn);
	free(pg);
}

void
pg_closep(struct pg **pg)
{
	pg_close(*pg);
}

bool
pg_is_lost(const struct pg *pg)
{
	return pg->given_up || PQstatus(pg->conn) != CONNECTION_OK;
}

void
pg_set_cancel(struct pg *pg, struct cancel *c)
{
	pg->cancel = c;
	(void)PQsetnonblocking(pg->conn, c != NULL);
}

bool
pg_is_stale(struct pg *pg)
{
	struct pollfd p = { .fd = PQsocket(pg->conn), .events = POLLIN };

	if (pg_is_lost(pg) || p.fd < 0)
		return true;
	/* An idle connection has nothing to say but its end. */
	if (poll(&p, 1, 0) > 0)
		return PQconsumeInput(pg->conn) == 0 || pg_is_lost(pg) || poll(&p, 1, 0) > 0;
	return false;
}

void
arg_text(struct sql_args *a, const char *text)
{
	a->v[a->n++] = text;
}

void
arg_i64(struct sql_args *a, int64_t v)
{
	(void)snprintf(a->text[a->n], sizeof(a->text[0]), "%lld", (long long)v);
	a->v[a->n] = a->text[a->n];
	a->n++;
}

void
arg_u64(struct sql_args *a, uint64_t v)
{
	(void)snprintf(a->text[a->n], sizeof(a->text[0]), "%llu", (unsigned long long)v);
	a->v[a->n] = a->text[a->n];
	a->n++;
}

void
arg_bool(struct sql_args *a, bool v)
{
	arg_text(a, v ? "1" : "0");
}

void
arg_letter(struct sql_args *a, char letter)
{
	a->text[a->n][0] = letter != '\0' ? letter : ' ';
	a->text[a->n][1] = '\0';
	a->v[a->n] = a->text[a->n];
	a->n++;
}

void
arg_time(struct sql_args *a, int64_t t)
{
	if (t == 0) {
		arg_text(a, NULL);
		return;
	}
	(void)clock_format(t, "%Y-%m-%d %H:%M:%S", a->text[a->n], sizeof(a->text[0]));
	a->v[a->n] = a->text[a->n];
	a->n++;
}

static bool
result_is_good(const PGresult *r)
{
	switch (PQresultStatus(r)) {
	case PGRES_COMMAND_OK:
	case PGRES_TUPLES_OK:
	case PGRES_SINGLE_TUPLE:
	case PGRES_COPY_IN:
	case PGRES_COPY_OUT:
		return true;
	default:
		return false;
	}
}

/* --- waiting for the server ------------------------------------------------------------------ */

/* A server that works may be slow; one that hangs is given up some time after the thread was asked
 * to end. */
static enum err_code
await(struct pg *pg, short events, struct err *err)
{
	struct wait w = { .cancel = pg->cancel, .what = "the catalog" };

	if (PQsocket(pg->conn) < 0) {
		pg->given_up = true;
		return err_set(err, ERR_CATALOG, "catalog %s: the connection is lost", pg->db_name);
	}
	if (w.cancel == NULL)
		w.cancel = thread_cancel();
	if (wait_fd(&w, PQsocket(pg->conn), events, err) == ERR_OK)
		return ERR_OK;
	if (err->code == ERR_CANCELED && pg->cancel == NULL) {
		w = wait_for(NULL, LAST_ANSWER_SECONDS, "the catalog's answer");
		*err = (struct err)ERR_INIT;
		if (wait_fd(&w, PQsocket(pg->conn), events, err) == ERR_OK)
			return ERR_OK;
		err->code = ERR_CATALOG;
	}
	pg->given_up = true;
	return err->code;
}

/* All that is queued goes out; what the server says meanwhile is taken in, so that neither side
 * waits for the other. */
static enum err_code
push_out(struct pg *pg, struct err *err)
{
	int left;

	while ((left = PQflush(pg->conn)) > 0) {
		if (await(pg, POLLIN | POLLOUT, err) != ERR_OK)
			return err->code;
		if (PQconsumeInput(pg->conn) == 0)
			break;
	}
	return left < 0 ? pg_fail(pg, NULL, "sending", err) : ERR_OK;
}

/* Until a result, or its end, is there. */
static enum err_code
await_result(struct pg *pg, struct err *err)
{
	while (PQisBusy(pg->conn)) {
		if (await(pg, POLLIN, err) != ERR_OK)
			return err->code;
		if (PQconsumeInput(pg->conn) == 0)
			break;
	}
	return ERR_OK;
}

/* The last result of what was sent; a COPY is left open. */
static enum err_code
collect(struct pg *pg, PGresult **out, struct err *err)
{
	OWNED(pg_clearp) PGresult *last = NULL;

	if (push_out(pg, err) != ERR_OK)
		return err->code;
	for (;;) {
		PGresult *r;
		ExecStatusType status;

		if (await_result(pg, err) != ERR_OK)
			return err->code;
		r = PQgetResult(pg->conn);
		if (r == NULL)
			break;
		PQclear(last);
		last = r;
		status = PQresultStatus(r);
		if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || pg_is_lost(pg))
			break;
	}
	*out = TAKE_PTR(last);
	return ERR_OK;
}

static enum err_code
prepare(struct pg *pg, enum sql_id id, struct err *err)
{
	const struct sql_row *row = sql_get(id);
	OWNED(pg_clearp) PGresult *r = NULL;

	if (pg->prepared[id])
		return ERR_OK;
	if (PQsendPrepare(pg->conn, row->name, row->text, 0, NULL) == 0)
		return pg_fail(pg, NULL, row->name, err);
	if (collect(pg, &r, err) != ERR_OK)
		return err->code;
	if (!result_is_good(r))
		return pg_fail(pg, r, row->name, err);
	pg->prepared[id] = true;
	return ERR_OK;
}

static enum err_code
check_args(const struct sql_row *row, const struct sql_args *a, struct err *err)
{
	size_t given = a != NULL ? a->n : 0;

	if (row->n_params != given)
		return err_set(err, ERR_BUG, "statement %s has %zu parameters, %zu were given",
			       row->name, row->n_params, given);
	return ERR_OK;
}

enum err_code
pg_send(struct pg *pg, enum sql_id id, const struct sql_args *a, struct err *err)
{
	const struct sql_row *row = sql_get(id);

	if (check_args(row, a, err) != ERR_OK || prepare(pg, id, err) != ERR_OK)
		return err->code;
	if (PQsendQueryPrepared(pg->conn, row->name, (int)row->n_params, a != NULL ? a->v : NULL,
				NULL, NULL, 0) == 0)
		return pg_fail(pg, NULL, row->name, err);
	return push_out(pg, err);
}

enum err_code
pg_finish(struct pg *pg, enum sql_id id, PGresult **out, struct err *err)
{
	OWNED(pg_clearp) PGresult *r = NULL;

	if (collect(pg, &r, err) != ERR_OK)
		return err->code;
	if (!result_is_good(r))
		return pg_fail(pg, r, sql_get(id)->name, err);
	if (out != NULL)
		*out = TAKE_PTR(r);
	return ERR_OK;
}

enum err_code
pg_run(struct pg *pg, enum sql_id id, const struct sql_args *a, PGresult **out, struct err *err)
{
	if (pg_send(pg, id, a, err) != ERR_OK)
		return err->code;
	return pg_finish(pg, id, out, err);
}

enum err_code
pg_run_text(struct pg *pg, const char *sql, PGresult **out, struct err *err)
{
	OWNED(pg_clearp) PGresult *r = NULL;

	if (PQsendQuery(pg->conn, sql) == 0)
		return pg_fail(pg, NULL, "statement", err);
	if (collect(pg, &r, err) != ERR_OK)
		return err->code;
	if (!result_is_good(r))
		return pg_fail(pg, r, "statement", err);
	if (out != NULL)
		*out = TAKE_PTR(r);
	return ERR_OK;
}

enum err_code
pg_copy_put(struct pg *pg, const void *p, size_t n, struct err *err)
{
	if (PQputCopyData(pg->conn, p, (int)n) != 1) /* 0: not queued */
		return pg_fail(pg, NULL, "loading", err);
	return push_out(pg, err);
}

enum err_code
pg_copy_end(struct pg *pg, uint64_t *rows, struct err *err)
{
	OWNED(pg_clearp) PGresult *r = NULL;

	if (PQputCopyEnd(pg->conn, NULL) != 1)
		return pg_fail(pg, NULL, "loading", err);
	if (collect(pg, &r, err) != ERR_OK)
		return err->code;
	if (PQresultStatus(r) != PGRES_COMMAND_OK)
		return pg_fail(pg, r, "loading", err);
	*rows = strtoull(PQcmdTuples(r), NULL, 10);
	return ERR_OK;
}

static enum err_code
end_copy_out(struct pg *pg, struct err *err)
{
	OWNED(pg_clearp) PGresult *r = NULL;

	if (collect(pg, &r, err) != ERR_OK)
		return err->code;
	return PQresultStatus(r) == PGRES_COMMAND_OK ? ERR_OK : pg_fail(pg, r, "reading", err);
}

enum err_code
pg_copy_get(struct pg *pg, struct bytes *out, struct err *err)
{
	char *message = NULL;
	int n;

	while ((n = PQgetCopyData(pg->conn, &message, 1)) == 0) {
		if (await(pg, POLLIN, err) != ERR_OK)
			return err->code;
		if (PQconsumeInput(pg->conn) == 0)
			return pg_fail(pg, NULL, "reading", err);
	}
	*out = bytes_of(message, n > 0 ? (size_t)n : 0);
	return n > 0 ? ERR_OK : end_copy_out(pg, err);
}

enum err_code
pg_stream(struct pg *pg, enum sql_id id, const struct sql_args *a, struct err *err)
{
	if (pg_send(pg, id, a, err) != ERR_OK)
		return err->code;
	(void)PQsetSingleRowMode(pg->conn);
	return ERR_OK;
}

enum err_code
pg_stream_text(struct pg *pg, const char *sql, struct err *err)
{
	/* The extended protocol takes one statement only: no COMMIT can be slipped in. */
	if (PQsendQueryParams(pg->conn, sql, 0, NULL, NULL, NULL, NULL, 0) == 0)
		return pg_fail(pg, NULL, "query", err);
	(void)PQsetSingleRowMode(pg->conn);
	return push_out(pg, err);
}

enum err_code
pg_stream_next(struct pg *pg, PGresult **out, struct err *err)
{
	OWNED(pg_clearp) PGresult *r = NULL;

	if (await_result(pg, err) != ERR_OK)
		return err->code;
	r = PQgetResult(pg->conn);
	if (r != NULL && !result_is_good(r)) {
		err->code = pg_fail(pg, r, "reading a result", err);
		pg_stream_drop(pg);
		return err->code;
	}
	*out = TAKE_PTR(r);
	return ERR_OK;
}

void
pg_stream_drop(struct pg *pg)
{
	PGcancel *cancel = PQgetCancel(pg->conn);
	char why[256];
	PGresult *r;

	/* Who is to end does not wait for the rest: the connection is closed. */
	if (cancel_asked(pg->cancel != NULL ? pg->cancel : thread_cancel()))
		pg->given_up = true;
	if (pg_is_lost(pg)) {
		PQfreeCancel(cancel);
		return;
	}
	if (cancel != NULL && PQtransactionStatus(pg->conn) == PQTRANS_ACTIVE)
		(void)PQcancel(cancel, why, sizeof(why));
	PQfreeCancel(cancel);
	while ((r = PQgetResult(pg->conn)) != NULL) {
		ExecStatusType status = PQresultStatus(r);

		PQclear(r);
		if (status == PGRES_COPY_IN)
			(void)PQputCopyEnd(pg->conn, "given up");
		if (status == PGRES_COPY_OUT) {
			char *line = NULL;

			while (PQgetCopyData(pg->conn, &line, 0) > 0)
				PQfreemem(line);
		}
		if (pg_is_lost(pg))
			break;
	}
}

enum err_code
pg_begin(struct pg *pg, struct err *err)
{
	if (pg_run(pg, SQL_TX_BEGIN, NULL, NULL, err) != ERR_OK)
		return err->code;
	pg->in_transaction = true;
	return ERR_OK;
}

enum err_code
pg_commit(struct pg *pg, struct err *err)
{
	pg->in_transaction = false;
	return pg_run(pg, SQL_TX_COMMIT, NULL, NULL, err);
}

void
pg_rollback(struct pg *pg)
{
	struct err ignored = ERR_INIT;

	if (!pg->in_transaction)
		return;
	pg->in_transaction = false;
	if (!pg_is_lost(pg) && pg_run(pg, SQL_TX_ROLLBACK, NULL, NULL, &ignored) != ERR_OK)
		return; /* a connection that cannot roll back is lost; the pool closes it */
}

enum err_code
pg_tx_id(struct pg *pg, char out[PG_TXID_MAX], struct err *err)
{
	OWNED(pg_clearp) PGresult *r = NULL;

	if (pg_run(pg, SQL_TX_ID, NULL, &r, err) != ERR_OK)
		return err->code;
	cell_text(r, 0, 0, out, PG_TXID_MAX);
	return ERR_OK;
}

enum err_code
pg_tx_outcome(struct pg *pg, const char *id, enum pg_outcome *out, struct err *err)
{
	OWNED(pg_clearp) PGresult *r = NULL;
	struct sql_args a = { .n = 0 };

	if (*id == '\0') {
		*out = PG_COMMITTED;
		return ERR_OK;
	}
	arg_text(&a, id);
	if (pg_run(pg, SQL_TX_OUTCOME, &a, &r, err) != ERR_OK)
		return err->code;
	if (strcmp(PQgetvalue(r, 0, 0), "committed") == 0)
		*out = PG_COMMITTED;
	else if (strcmp(PQgetvalue(r, 0, 0), "aborted") == 0)
		*out = PG_ABORTED;
	else
		*out = PG_IN_PROGRESS;
	return ERR_OK;
}

int64_t
cell_i64(const PGresult *r, int row, int column)
{
	const char *s = PQgetvalue(r, row, column);
	bool negative = *s == '-';
	uint64_t v = 0;

	for (s += negative; *s >= '0' && *s <= '9'; s++)
		v = v * 10 + (uint64_t)(*s - '0');
	return (int64_t)(negative ? 0 - v : v);
}

uint64_t
cell_u64(const PGresult *r, int row, int column)
{
	return (uint64_t)cell_i64(r, row, column);
}

/* int4 columns hold session times beyond 2^31 as negative numbers: the low 32 bits are meant. */
uint32_t
cell_u32(const PGresult *r, int row, int column)
{
	return (uint32_t)(uint64_t)cell_i64(r, row, column);
}

bool
cell_bool(const PGresult *r, int row, int column)
{
	const char *s = PQgetvalue(r, row, column);

	return *s == 't' || (*s >= '1' && *s <= '9') || *s == '-';
}

char
cell_letter(const PGresult *r, int row, int column)
{
	const char *s = PQgetvalue(r, row, column);

	return *s != '\0' ? *s : ' ';
}

#define YEAR_MAX 294276 /* of a timestamp in PostgreSQL; what is no time counts no further */

int64_t
cell_time(const PGresult *r, int row, int column)
{
	const char *s = PQgetvalue(r, row, column);
	int n[6] = { 0 };
	struct tm tm = { .tm_isdst = -1 };

	if (PQgetisnull(r, row, column) || *s == '\0')
		return 0;
	for (size_t i = 0; i < 6 && *s != '\0' && *s != '.'; i++) {
		for (; *s >= '0' && *s <= '9'; s++)
			if (n[i] < YEAR_MAX)
				n[i] = n[i] * 10 + (*s - '0');
		if (*s != '\0' && *s != '.')
			s++;
	}
	tm.tm_year = n[0] - 1900;
	tm.tm_mon = n[1] - 1;
	tm.tm_mday = n[2];
	tm.tm_hour = n[3];
	tm.tm_min = n[4];
	tm.tm_sec = n[5];
	return clock_from_local(&tm);
}

void
cell_text(const PGresult *r, int row, int column, char *out, size_t cap)
{
	(void)snprintf(out, cap, "%s", PQgetvalue(r, row, column));
}
