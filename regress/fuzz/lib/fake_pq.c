#include "regress/fuzz/lib/pq.h"

#include "lib/base/wr.h"

#include <assert.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define COLUMNS   64
#define NAMES     512
#define CELL_MAX  255
#define ROWS_MAX  4
#define TUPLE_MAX 512

/* What a connection is at: nothing, a result is due, or a COPY runs. */
enum at { IDLE, RESULT_DUE, COPY_IN_DUE, COPYING_IN, COPY_OUT_DUE, COPYING_OUT };

struct pg_conn {
	enum at at;
	int fd;         /* readable always: nobody waits */
	bool has_files; /* a COPY to us is of files, not of paths */
	size_t row;     /* its next one */
};

/* What a COPY to us is: the files of one job. */
#define DIR_LSTAT  "P4A sQJu EHt K A A A BAA BAA I BrAa59 BrAa58 BrAa58 A A G"
#define FILE_LSTAT "P4A sRqI IGk B A A A K BAA I BrAa59 BrAa58 BrAa58 A A G"
#define LINK_LSTAT "P4A sRqJ KH/ B A A A K BAA I BrAa59 BrAa58 BrAa58 A A G"

static const struct {
	uint32_t path_id;
	const char *path, *name, *lstat;
} files[] = {
	{ 1, "/", "", DIR_LSTAT },
	{ 2, "/etc/", "", DIR_LSTAT },
	{ 2, "/etc/", "passwd", FILE_LSTAT },
	{ 2, "/etc/", "link", LINK_LSTAT },
	{ 3, "/etc/d/", "", DIR_LSTAT },
	{ 3, "/etc/d/", "a b\n", FILE_LSTAT },
	{ 4, "/home/x/", "no directory of its own", FILE_LSTAT },
	{ 5, "C:/x/", "file", FILE_LSTAT },
};
#define N_FILES (sizeof(files) / sizeof(files[0]))

static struct {
	char name[64], text[32];
} prepared[NAMES];
static atomic_size_t n_prepared;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct bytes script;
static size_t script_at;

void
pq_script(struct bytes lines)
{
	(void)pthread_mutex_lock(&lock);
	script = lines;
	script_at = 0;
	(void)pthread_mutex_unlock(&lock);
}

/* The next line of the script, from its beginning again behind the last one. */
static size_t
next_cell(char out[CELL_MAX + 1])
{
	size_t n = 0;

	if (script.n < 2) {
		out[0] = '1';
		return 1;
	}
	if (script_at >= script.n)
		script_at = 1;
	while (script_at < script.n && script.p[script_at] != '\n') {
		if (n < CELL_MAX && script.p[script_at] != 0)
			out[n++] = (char)script.p[script_at];
		script_at++;
	}
	script_at++;
	return n;
}

static PGresult *
make_rows(void)
{
	static char names[COLUMNS][8];
	PGresult *r = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	PGresAttDesc columns[COLUMNS];
	char cell[CELL_MAX + 1];
	int rows = script.n > 0 ? script.p[0] % ROWS_MAX : 1;

	for (int i = 0; i < COLUMNS; i++) {
		if (names[i][0] == '\0')
			(void)snprintf(names[i], sizeof(names[i]), "c%d", i);
		columns[i] = (PGresAttDesc){ .name = names[i], .typid = 25, .typlen = -1 };
	}
	if (r == NULL || PQsetResultAttrs(r, COLUMNS, columns) == 0)
		abort();
	for (int row = 0; row < rows; row++)
		for (int i = 0; i < COLUMNS; i++) {
			size_t n = next_cell(cell);

			if (PQsetvalue(r, row, i, cell, (int)n) == 0)
				abort();
		}
	return r;
}

static void
begin(struct pg_conn *c, const char *sql)
{
	bool is_copy = strncmp(sql, "COPY ", 5) == 0;

	c->at = !is_copy                           ? RESULT_DUE
		: strstr(sql, "TO STDOUT") != NULL ? COPY_OUT_DUE
						   : COPY_IN_DUE;
	c->has_files = strstr(sql, "fileindex") != NULL;
	c->row = 0;
}

static void
put_field(struct wr *w, const void *p, size_t n)
{
	wr_u32be(w, (uint32_t)n);
	wr_bytes(w, p, n);
}

/* One row as COPY BINARY sends it, of the columns that restores ask for; the first with its head.
 */
static size_t
make_tuple(const struct pg_conn *c, uint8_t *p, size_t cap)
{
	static const uint8_t head[19] = "PGCOPY\n\377\r\n";
	struct wr w = wr_init(p, cap);
	size_t i = c->row;

	if (i == 0)
		wr_bytes(&w, head, sizeof(head));
	wr_u16be(&w, c->has_files ? 6 : 2);
	if (c->has_files) {
		wr_u32be(&w, 4);
		wr_u32be(&w, (uint32_t)i + 1);
	}
	wr_u32be(&w, 4);
	wr_u32be(&w, files[i].path_id);
	if (!c->has_files) {
		put_field(&w, files[i].path, strlen(files[i].path));
		return w.len;
	}
	wr_u32be(&w, 2);
	wr_u16be(&w, 0);
	put_field(&w, files[i].lstat, strlen(files[i].lstat));
	put_field(&w, "", 0);
	put_field(&w, files[i].name, strlen(files[i].name));
	return w.len;
}

/*
 * In place of libpq.
 *
 * wraps: PQconnectdbParams PQstatus PQtransactionStatus PQfinish PQsocket
 * wraps: PQsendPrepare PQsendQueryPrepared PQsendQuery PQsendQueryParams PQexec
 * wraps: PQexecParams PQgetResult PQisBusy PQconsumeInput PQflush PQputCopyData
 * wraps: PQputCopyEnd PQgetCopyData PQsetnonblocking PQsetSingleRowMode PQcmdTuples
 * wraps: PQerrorMessage PQsetNoticeProcessor PQgetCancel PQcancel PQfreeCancel
 * wraps: PQescapeIdentifier
 */

/* clang-format off */
PGconn *__wrap_PQconnectdbParams(const char *const *words, const char *const *values, int expand);
ConnStatusType __wrap_PQstatus(const PGconn *c);
PGTransactionStatusType __wrap_PQtransactionStatus(const PGconn *c);
void __wrap_PQfinish(PGconn *c);
int __wrap_PQsocket(const PGconn *c);
int __wrap_PQsendPrepare(PGconn *c, const char *name, const char *sql, int n, const Oid *types);
int __wrap_PQsendQueryPrepared(PGconn *c, const char *name, int n, const char *const *values,
			       const int *lengths, const int *formats, int format);
int __wrap_PQsendQuery(PGconn *c, const char *sql);
int __wrap_PQsendQueryParams(PGconn *c, const char *sql, int n, const Oid *types,
			     const char *const *values, const int *lengths, const int *formats,
			     int format);
PGresult *__wrap_PQexec(PGconn *c, const char *sql);
PGresult *__wrap_PQexecParams(PGconn *c, const char *sql, int n, const Oid *types,
			      const char *const *values, const int *lengths, const int *formats,
			      int format);
PGresult *__wrap_PQgetResult(PGconn *c);
int __wrap_PQisBusy(PGconn *c);
int __wrap_PQconsumeInput(PGconn *c);
int __wrap_PQflush(PGconn *c);
int __wrap_PQputCopyData(PGconn *c, const char *p, int n);
int __wrap_PQputCopyEnd(PGconn *c, const char *why);
int __wrap_PQgetCopyData(PGconn *c, char **out, int async);
int __wrap_PQsetnonblocking(PGconn *c, int on);
int __wrap_PQsetSingleRowMode(PGconn *c);
char *__wrap_PQerrorMessage(const PGconn *c);
PQnoticeProcessor __wrap_PQsetNoticeProcessor(PGconn *c, PQnoticeProcessor fn, void *arg);
char *__wrap_PQcmdTuples(PGresult *r);
PGcancel *__wrap_PQgetCancel(PGconn *c);
int __wrap_PQcancel(PGcancel *cancel, char *why, int n);
void __wrap_PQfreeCancel(PGcancel *cancel);
char *__wrap_PQescapeIdentifier(PGconn *c, const char *text, size_t n);
/* clang-format on */

PGconn *
__wrap_PQconnectdbParams(const char *const *words, const char *const *values, int expand)
{
	struct pg_conn *c = calloc(1, sizeof(*c));

	(void)words;
	(void)values;
	(void)expand;
	c->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); /* never readable: not stale */
	return c;
}

ConnStatusType
__wrap_PQstatus(const PGconn *c)
{
	(void)c;
	return CONNECTION_OK;
}

PGTransactionStatusType
__wrap_PQtransactionStatus(const PGconn *c)
{
	return c->at == IDLE ? PQTRANS_IDLE : PQTRANS_ACTIVE;
}

void
__wrap_PQfinish(PGconn *c)
{
	(void)close(c->fd);
	free(c);
}

int
__wrap_PQsocket(const PGconn *c)
{
	return c->fd;
}

int
__wrap_PQsendPrepare(PGconn *c, const char *name, const char *sql, int n, const Oid *types)
{
	size_t i;

	(void)n;
	(void)types;
	(void)pthread_mutex_lock(&lock);
	for (i = 0; i < n_prepared && strcmp(prepared[i].name, name) != 0; i++)
		;
	if (i == n_prepared) {
		assert(n_prepared < NAMES);
		(void)snprintf(prepared[i].name, sizeof(prepared[i].name), "%s", name);
		(void)snprintf(prepared[i].text, sizeof(prepared[i].text), "%s", sql);
		n_prepared++;
	}
	(void)pthread_mutex_unlock(&lock);
	c->at = RESULT_DUE;
	return 1;
}

int
__wrap_PQsendQueryPrepared(PGconn *c, const char *name, int n, const char *const *values,
			   const int *lengths, const int *formats, int format)
{
	(void)n;
	(void)values;
	(void)lengths;
	(void)formats;
	(void)format;
	for (size_t i = 0; i < n_prepared; i++)
		if (strcmp(prepared[i].name, name) == 0)
			begin(c, prepared[i].text);
	return 1;
}

int
__wrap_PQsendQuery(PGconn *c, const char *sql)
{
	begin(c, sql);
	return 1;
}

int
__wrap_PQsendQueryParams(PGconn *c, const char *sql, int n, const Oid *types,
			 const char *const *values, const int *lengths, const int *formats,
			 int format)
{
	(void)n;
	(void)types;
	(void)values;
	(void)lengths;
	(void)formats;
	(void)format;
	return __wrap_PQsendQuery(c, sql);
}

PGresult *
__wrap_PQexec(PGconn *c, const char *sql)
{
	PGresult *r;

	(void)c;
	(void)sql;
	(void)pthread_mutex_lock(&lock);
	r = make_rows();
	(void)pthread_mutex_unlock(&lock);
	return r;
}

PGresult *
__wrap_PQexecParams(PGconn *c, const char *sql, int n, const Oid *types, const char *const *values,
		    const int *lengths, const int *formats, int format)
{
	(void)n;
	(void)types;
	(void)values;
	(void)lengths;
	(void)formats;
	(void)format;
	return __wrap_PQexec(c, sql);
}

PGresult *
__wrap_PQgetResult(PGconn *c)
{
	switch (c->at) {
	case IDLE:
		return NULL;
	case RESULT_DUE:
		c->at = IDLE;
		return __wrap_PQexec(c, "");
	case COPY_IN_DUE:
		c->at = COPYING_IN;
		return PQmakeEmptyPGresult(NULL, PGRES_COPY_IN);
	case COPY_OUT_DUE:
		c->at = COPYING_OUT;
		return PQmakeEmptyPGresult(NULL, PGRES_COPY_OUT);
	case COPYING_IN:
	case COPYING_OUT:
		c->at = IDLE;
		return PQmakeEmptyPGresult(NULL, PGRES_COMMAND_OK);
	}
	return NULL;
}

int
__wrap_PQisBusy(PGconn *c)
{
	(void)c;
	return 0;
}

int
__wrap_PQconsumeInput(PGconn *c)
{
	(void)c;
	return 1;
}

int
__wrap_PQflush(PGconn *c)
{
	(void)c;
	return 0;
}

int
__wrap_PQputCopyData(PGconn *c, const char *p, int n)
{
	(void)c;
	(void)p;
	(void)n;
	return 1;
}

int
__wrap_PQputCopyEnd(PGconn *c, const char *why)
{
	(void)c;
	(void)why;
	return 1;
}

int
__wrap_PQgetCopyData(PGconn *c, char **out, int async)
{
	uint8_t *p = malloc(TUPLE_MAX);
	size_t n;

	(void)async;
	*out = NULL;
	if (p == NULL || c->row == N_FILES) {
		free(p);
		return -1;
	}
	n = make_tuple(c, p, TUPLE_MAX);
	c->row++;
	*out = (char *)p;
	return (int)n;
}

int
__wrap_PQsetnonblocking(PGconn *c, int on)
{
	(void)c;
	(void)on;
	return 0;
}

int
__wrap_PQsetSingleRowMode(PGconn *c)
{
	(void)c;
	return 1;
}

char *
__wrap_PQerrorMessage(const PGconn *c)
{
	static char none[] = "no error";

	(void)c;
	return none;
}

char *
__wrap_PQcmdTuples(PGresult *r)
{
	static char one[] = "1";

	(void)r;
	return one;
}

PQnoticeProcessor
__wrap_PQsetNoticeProcessor(PGconn *c, PQnoticeProcessor fn, void *arg)
{
	(void)c;
	(void)arg;
	return fn;
}

PGcancel *
__wrap_PQgetCancel(PGconn *c)
{
	(void)c;
	return NULL;
}

int
__wrap_PQcancel(PGcancel *cancel, char *why, int n)
{
	(void)cancel;
	(void)why;
	(void)n;
	return 1;
}

void
__wrap_PQfreeCancel(PGcancel *cancel)
{
	(void)cancel;
}

char *
__wrap_PQescapeIdentifier(PGconn *c, const char *text, size_t n)
{
	(void)c;
	return strndup(text, n);
}
