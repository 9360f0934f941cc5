#include "director/link/link_internal.h"

#include "director/conf/dir_conf.h"
#include "lib/base/fd.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/proc.h"
#include "lib/proto/dir_fd.h"
#include "lib/proto/scan.h"

#include <stdarg.h>
#include <stdio.h>

#define LIST_MAX        (256u * 1024 * 1024) /* of a file list read on the director */
#define PROGRAM_SECONDS 1800

static void
say_failed(void *arg, const char *why, int64_t seconds)
{
	const struct link_dial *ld = arg;

	link_say(ld->say, ld->say_arg,
		 "Could not connect to %s %s: %s. Retrying for up to %lld seconds.", ld->what,
		 ld->name, why, (long long)seconds);
}

enum err_code
link_dial(const struct link_dial *ld, struct conn **out, struct err *err)
{
	const struct dir_director *self = ld->conf->director;
	OWNED(freep) char *bashed = str_dup(self->name);
	OWNED(freep) char *hello = str_printf(DIR_FD_HELLO, wire_bash(bashed));
	OWNED(freep) char *own = str_printf("R_DIRECTOR::%s", bashed);
	const struct dial d = {
		.host = ld->host,
		.port = (uint16_t)ld->port,
		.source_address = self->source_address,
		.security = ld->security,
		.psk_kind = PEER_DIRECTOR,
		.psk_name = self->name,
		.key = secret_bytes(ld->key),
		.tls = ld->tls,
		.hello = hello,
		.own_name = own,
		.retry_seconds = ld->retry_seconds,
		.timeout_seconds = ld->timeout_seconds,
		.heartbeat_seconds = (unsigned)(ld->heartbeat > 0 ? ld->heartbeat
								  : self->heartbeat_interval),
		.cancel = ld->cancel,
		.failed = say_failed,
		.failed_arg = (void *)(uintptr_t)ld,
	};

	return conn_dial(&d, out, err);
}

void
link_say(director_say say, void *arg, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (say == NULL)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	say(arg, text);
}

void
link_say_bytes(director_say say, void *arg, struct bytes line)
{
	char *text;

	if (say == NULL)
		return;
	while (line.n > 0 && (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r' ||
			      line.p[line.n - 1] == '\0'))
		line.n--;
	text = str_ndup(line.n > 0 ? (const char *)line.p : "", line.n);
	say(arg, text);
	free(text);
}

enum err_code
link_relay(struct conn *c, uint64_t max, director_say say, void *arg, struct err *err)
{
	struct bytes line;
	uint64_t said = 0;
	bool eod = false;

	for (;;) {
		enum err_code code = conn_recv_line(c, &line, &eod, err);

		if (code == ERR_EOF)
			return ERR_OK;
		if (code != ERR_OK)
			return code;
		if (eod)
			return ERR_OK;
		said += line.n + LINE_COST;
		if (said > max)
			return err_set(err, ERR_LIMIT, "the answer is longer than %llu bytes",
				       (unsigned long long)max);
		link_say_bytes(say, arg, line);
	}
}

/* ---- file lists of the director ---- */

static enum err_code
send_item(struct conn *c, char prefix, struct bytes item, struct err *err)
{
	struct buf b = BUF_INIT(FRAME_MAX - 4);
	enum err_code code = ERR_OK;

	if (item.n == 0)
		return ERR_OK;
	if (item.n > FRAME_MAX - 16)
		return err_set(err, ERR_LIMIT, "an item of %zu bytes does not fit into a frame",
			       item.n);
	buf_text(&b, "%c ", prefix);
	buf_put(&b, item.p, item.n);
	buf_put(&b, "\n", 1);
	code = conn_send(c, buf_bytes(&b), err);
	buf_release(&b);
	return code;
}

enum err_code
link_send_file_lines(struct conn *c, char prefix, const char *path, struct err *err)
{
	struct buf b = BUF_INIT(LIST_MAX);
	enum err_code code = fd_read_file(path, &b, err);
	struct bytes in = buf_bytes(&b);

	while (code == ERR_OK && in.n > 0) {
		const uint8_t *nl = memchr(in.p, '\n', in.n);
		size_t n = nl != NULL ? (size_t)(nl - in.p) : in.n;

		code = send_item(c, prefix, bytes_of(in.p, n), err);
		in = bytes_skip(in, nl != NULL ? n + 1 : n);
	}
	buf_release(&b);
	return code;
}

struct program_lines {
	struct conn *conn;
	char prefix;
	enum err_code code; /* of the first line that could not be sent */
	struct err *err;
};

static void
take_program_line(void *arg, struct bytes text)
{
	struct program_lines *p = arg;

	if (p->code == ERR_OK)
		p->code = send_item(p->conn, p->prefix, text, p->err);
}

/* Each word by itself, so that a value with blanks stays one. */
static void
expand_words(const struct link_program *program, struct proc_argv *argv)
{
	for (size_t i = 0; program->expand != NULL && i < argv->n; i++) {
		char *word = program->expand(program->expand_arg, argv->words[i]);

		free(argv->words[i]);
		argv->words[i] = word;
	}
}

enum err_code
link_send_program_lines(struct conn *c, char prefix, const struct link_program *program,
			struct err *err)
{
	struct program_lines p = { c, prefix, ERR_OK, err };
	struct proc_argv argv = { .n = 0 };
	struct wait w = wait_for(program->cancel, PROGRAM_SECONDS, "the program of a FileSet");
	struct proc_spec spec;
	enum err_code code;
	char how[128];
	int status = 0;

	if (proc_split(program->command, &argv, err) != ERR_OK)
		return err_ctx(err, "%s", program->command);
	expand_words(program, &argv);
	spec = (struct proc_spec){ .argv = argv.words, .separate_stderr = true };
	code = proc_run_lines(&spec, &w, take_program_line, &p, &status, err);
	if (code == ERR_OK)
		code = p.code;
	if (code == ERR_OK && status != 0)
		code = err_set(err, ERR_CONFIG, "%s: %s", program->command,
			       proc_status_text(status, how, sizeof(how)));
	proc_argv_release(&argv);
	return code;
}
