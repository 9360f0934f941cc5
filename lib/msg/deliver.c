/*
 * lib/msg/deliver.c - one job's messages to the destinations of its Messages resource
 *
 * Lines for files and mail spools are queued under the sink's lock and written without it by one
 * of the callers at a time, so that they keep their order and a slow disk holds no lock; the
 * console spool, the catalog and syslog order for themselves.
 */
#include "lib/msg/deliver.h"

#include "lib/base/clock.h"
#include "lib/base/fd.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/path.h"
#include "lib/base/proc.h"
#include "lib/base/sync.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <syslog.h>

#define TEXT_MAX        (4u * 1024 * 1024) /* of one message; a frame holds at most 1 MB */
#define PENDING_MAX     (4u * TEXT_MAX)    /* lines that wait for a slow disk */
#define FAR_OFF_SECONDS (24 * 3600)
#define SEND_SECONDS    120 /* for one mail or operator command */
#define DEFAULT_MAIL    "/usr/sbin/sendmail -F TERCET %r"
#define RECIPIENTS      "%r"
#define MISSING         "\nThe disk took no more: messages are missing here.\n"
#define DEFAULT_STAMP   "%d-%b %H:%M"

struct dest {
	const struct conf_msg_dest *conf; /* borrowed */
	struct buf pending;               /* lines not yet written; under the lock */
	int fd;      /* file or mail spool, -1 not open; the writer's, as below */
	char *path;  /* owned; of fd */
	bool broken; /* reported once, then left alone */
};

struct msg_sink {
	const struct conf_messages *messages; /* borrowed */
	char *daemon, *working_directory, *stamp;
	struct msg_console *console; /* borrowed */
	void (*catalog)(void *arg, uint32_t job_id, int64_t time, const char *text);
	void *catalog_arg;
	char *(*expand)(void *arg, const char *word, const char *recipients);
	void *expand_arg;
	struct dest *dests; /* owned */
	size_t n;
	struct mutex lock;   /* RANK_MSG: dests[].pending, job */
	struct cond written; /* the pending lines were taken, or nobody writes any more */
	bool writing GUARDED_BY(&lock); /* one caller writes to the files */
	bool finished GUARDED_BY(&lock);
	uint32_t job_id GUARDED_BY(&lock);
	char *unique GUARDED_BY(&lock);
};

struct msg_sink *
msg_sink_new(const struct msg_sink_options *o)
{
	struct msg_sink *s = NEW(struct msg_sink);
	const struct conf_messages *m = o->messages;

	s->messages = m;
	s->daemon = str_dup(o->daemon);
	s->working_directory = str_dup(o->working_directory != NULL ? o->working_directory : ".");
	s->stamp = str_dup(m != NULL && m->timestamp_format != NULL ? m->timestamp_format
			   : o->timestamp_format != NULL            ? o->timestamp_format
								    : DEFAULT_STAMP);
	s->console = o->console;
	s->catalog = o->catalog;
	s->catalog_arg = o->catalog_arg;
	s->expand = o->expand;
	s->expand_arg = o->expand_arg;
	mutex_init(&s->lock, RANK_MSG);
	cond_init(&s->written);
	s->n = m != NULL ? m->n_dest : 0;
	s->dests = NEW_ARRAY(struct dest, s->n + 1);
	for (size_t i = 0; i < s->n; i++)
		s->dests[i] = (struct dest){ .conf = &m->dest[i],
					     .pending = BUF_INIT(PENDING_MAX + TEXT_MAX),
					     .fd = -1 };
	return s;
}

void
msg_sink_set_job(struct msg_sink *s, uint32_t job_id, const char *unique)
{
	mutex_lock(&s->lock);
	s->job_id = job_id;
	free(s->unique);
	s->unique = str_dup(unique);
	mutex_unlock(&s->lock);
}

static bool
is_file(enum conf_msg_dest_kind kind)
{
	return kind == CONF_DEST_APPEND || kind == CONF_DEST_FILE || msg_dest_is_mail(kind);
}

/* Where a destination that is a file is written; owned. */
static char *
path_of(const struct msg_sink *s, size_t i, const char *unique)
{
	const struct conf_msg_dest *conf = s->dests[i].conf;

	if (!msg_dest_is_mail(conf->kind))
		return str_dup(conf->target);
	OWNED(freep) char *daemon = path_component(s->daemon), *job = path_component(unique);
	return str_printf("%s/%s.%s.%zu.mail", s->working_directory, daemon, job, i);
}

/* The writer's; no lock is held. */
static void
write_dest(struct msg_sink *s, size_t i, const char *unique, struct bytes lines)
{
	struct dest *d = &s->dests[i];
	int flags = O_WRONLY | O_CREAT | (d->conf->kind == CONF_DEST_FILE ? O_TRUNC : O_APPEND);
	struct err err = ERR_INIT;

	if (d->broken)
		return;
	if (d->fd < 0) {
		free(d->path);
		d->path = path_of(s, i, unique);
		if (fd_open(d->path, flags, 0640, &d->fd, &err) != ERR_OK)
			d->broken = true;
	}
	if (!d->broken && fd_write_full(d->fd, d->path, lines.p, lines.n, &err) != ERR_OK)
		d->broken = true;
	if (d->broken)
		log_error("messages of %s: %s", s->daemon, err.text);
}

/* Take and write what is pending; true when there was something. */
static bool
write_round(struct msg_sink *s) REQUIRES(&s->lock)
{
	OWNED(freep) char *unique = str_dup(s->unique != NULL ? s->unique : "daemon");
	bool some = false;

	for (size_t i = 0; i < s->n; i++) {
		struct buf take = s->dests[i].pending;

		if (take.len == 0)
			continue;
		some = true;
		s->dests[i].pending = (struct buf)BUF_INIT(PENDING_MAX + TEXT_MAX);
		cond_broadcast(&s->written);
		mutex_unlock(&s->lock);
		write_dest(s, i, unique, buf_bytes(&take));
		buf_release(&take);
		mutex_lock(&s->lock);
	}
	return some;
}

/* Queue a line for the files that want it; whoever comes first writes for all. */
static uint32_t
put_to_files(struct msg_sink *s, enum msg_type type, const struct buf *line)
{
	uint32_t job_id;

	mutex_lock(&s->lock);
	job_id = s->job_id;
	for (size_t i = 0; i < s->n; i++) {
		struct dest *d = &s->dests[i];

		if (!is_file(d->conf->kind) || !msg_dest_wants(d->conf, type))
			continue;
		while (!s->finished && d->pending.len > PENDING_MAX)
			cond_wait(&s->written, &s->lock);
		if (s->finished)
			break;
		buf_put(&d->pending, line->p, line->len);
	}
	if (!s->writing) {
		s->writing = true;
		while (write_round(s))
			continue;
		s->writing = false;
		cond_broadcast(&s->written);
	}
	mutex_unlock(&s->lock);
	return job_id;
}

/* ---- mail and operator commands ---- */

/* What a command gets on its standard input: head, what is in a file, tail. */
struct letter {
	struct bytes head, tail;
	int fd; /* of the file, -1: none */
	const char *path;
};

/* A word for each, behind those of argv; they are joined by blanks.  Spec: config.md 1.11 */
static size_t
put_recipients(const char *recipients, char **words)
{
	size_t n = 0;

	for (const char *p = recipients; *(p += strspn(p, " ")) != '\0'; p += strcspn(p, " "))
		words[n++] = str_ndup(p, strcspn(p, " "));
	return n;
}

/* The words of a command as they are given to the program: NULL-terminated, owned. */
static char **
make_words(const struct msg_sink *s, const struct proc_argv *argv, const char *recipients)
{
	size_t n = 0, most = strlen(recipients) / 2 + 1; /* of recipients */
	char **words = NEW_ARRAY(char *, argv->n *most + 1);

	for (size_t i = 0; i < argv->n; i++) {
		const char *word = argv->words[i];

		if (strcmp(word, RECIPIENTS) == 0)
			n += put_recipients(recipients, words + n);
		else
			words[n++] = s->expand != NULL ? s->expand(s->expand_arg, word, recipients)
						       : str_dup(word);
	}
	return words;
}

static void
words_freep(char ***words)
{
	for (char **w = *words; w != NULL && *w != NULL; w++)
		free(*w);
	free(*words);
}

static enum err_code
feed_letter(struct proc *p, const struct letter *l, const struct wait *w, struct err *err)
{
	enum err_code rc = proc_feed(p, l->head, w, err);
	char piece[16 * 1024];
	ssize_t n;

	while (rc == ERR_OK && l->fd >= 0 && (n = read(l->fd, piece, sizeof(piece))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, ERR_SYS, "read %s", l->path);
		rc = proc_feed(p, bytes_of(piece, (size_t)n), w, err);
	}
	return rc == ERR_OK ? proc_feed(p, l->tail, w, err) : rc;
}

static enum err_code
run_words(char *const *words, const struct letter *l, struct err *err)
{
	const struct proc_spec spec = { .argv = words,
					.write_stdin = true,
					.discard_output = true };
	const struct wait w = wait_for(NULL, SEND_SECONDS, "a mail or operator command");
	OWNED(proc_release) struct proc p = PROC_INIT;
	char how[128];
	int status = 0;

	if (proc_start(&spec, &p, err) != ERR_OK || feed_letter(&p, l, &w, err) != ERR_OK)
		return err->code;
	close(TAKE_FD(p.in));
	if (proc_wait(&p, &w, &status, err) != ERR_OK)
		return err->code;
	if (status != 0)
		return err_set(err, ERR_SYS, "%s", proc_status_text(status, how, sizeof(how)));
	return ERR_OK;
}

/* Run command with the letter on its standard input; a failure goes to the daemon log. */
static bool
send_letter(const struct msg_sink *s, const char *command, const char *recipients,
	    const struct letter *l)
{
	OWNED(proc_argv_release) struct proc_argv argv = { .n = 0 };
	OWNED(words_freep) char **words = NULL;
	struct err err = ERR_INIT;

	if (command == NULL)
		command = DEFAULT_MAIL;
	if (proc_split(command, &argv, &err) != ERR_OK) {
		log_error("mail command \"%s\": %s", command, err.text);
		return false;
	}
	words = make_words(s, &argv, recipients);
	if (run_words(words, l, &err) == ERR_OK)
		return true;
	log_error("%s: %s", argv.words[0], err.text);
	return false;
}

/* Destinations that need no lock of the sink. */
static void
deliver_one(struct msg_sink *s, const struct conf_msg_dest *conf, enum msg_type type, int64_t time,
	    uint32_t job_id, const char *plain, const char *stamped)
{
	switch (conf->kind) {
	case CONF_DEST_CATALOG:
		if (s->catalog != NULL)
			s->catalog(s->catalog_arg, job_id, time, plain);
		break;
	case CONF_DEST_CONSOLE:
		if (s->console != NULL)
			msg_console_put(s->console, time, job_id, stamped);
		break;
	case CONF_DEST_STDOUT:
		(void)fprintf(stdout, "%s\n", stamped);
		(void)fflush(stdout);
		break;
	case CONF_DEST_STDERR:
		(void)fprintf(stderr, "%s\n", stamped);
		break;
	case CONF_DEST_SYSLOG:
		syslog(conf->facility | msg_syslog_priority(type), "%s", plain);
		break;
	case CONF_DEST_OPERATOR:
		(void)send_letter(s, s->messages->operator_command, conf->target,
				  &(struct letter){ .head = bytes_str(stamped), .fd = -1 });
		break;
	case CONF_DEST_DIRECTOR: /* only in the other daemons */
	case CONF_DEST_FILE:
	case CONF_DEST_APPEND:
	case CONF_DEST_MAIL:
	case CONF_DEST_MAIL_ERR:
	case CONF_DEST_MAIL_OK:
		break;
	}
}

/* A peer says when it was; what no clock shows, or one that is far off, is no time to keep. */
static bool
is_likely(int64_t time)
{
	int64_t now = clock_now();

	return time >= now - FAR_OFF_SECONDS && time <= now + FAR_OFF_SECONDS;
}

void
msg_sink_put(struct msg_sink *s, enum msg_type type, int64_t time, const char *text)
{
	struct buf line = BUF_INIT(TEXT_MAX);
	char stamp[64];
	size_t n = strnlen(text, TEXT_MAX / 2), head;
	uint32_t job_id;

	if (!is_likely(time))
		time = clock_now();
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\0'))
		n--;
	clock_format(time, s->stamp, stamp, sizeof(stamp));
	buf_text(&line, "%s ", stamp);
	head = line.len;
	buf_put(&line, text, n);
	buf_put(&line, "\n", 1);

	job_id = put_to_files(s, type, &line);
	line.len--; /* consoles and the catalog add the line feed themselves */
	for (size_t i = 0; s->messages != NULL && i < s->messages->n_dest; i++) {
		const struct conf_msg_dest *conf = &s->messages->dest[i];

		if (msg_dest_wants(conf, type))
			deliver_one(s, conf, type, time, job_id, buf_str(&line) + head,
				    buf_str(&line));
	}
	buf_release(&line);
}

void
msg_sink_say(struct msg_sink *s, enum msg_type type, const char *text)
{
	char *line;
	uint32_t job_id;

	mutex_lock(&s->lock);
	job_id = s->job_id;
	mutex_unlock(&s->lock);
	line = str_printf("%s JobId %u: %s%s", s->daemon, job_id, msg_type_prefix(type), text);
	msg_sink_put(s, type, 0, line);
	free(line);
}

/* Only our own command wants it: others make it of their arguments. */
static char *
mail_head(const struct msg_sink *s, const char *recipients, const struct msg_mail *mail)
{
	const char *status = mail->subject_status;
	OWNED(freep) char *to = str_dup(recipients);
	OWNED(buf_release) struct buf list = BUF_INIT(SIZE_MAX);

	if (s->messages->mail_command != NULL)
		return str_dup("");
	for (char *p = to, *one; (one = strsep(&p, " ")) != NULL;)
		buf_text(&list, "%s%s", list.len > 0 ? ", " : "", one);
	return str_printf("To: %s\nSubject: TERCET Message%s%s\n\n", buf_str(&list),
			  status != NULL ? ": " : "", status != NULL ? status : "");
}

static bool
send_spool(const struct msg_sink *s, const struct dest *d, const struct msg_mail *mail)
{
	OWNED(freep) char *head = mail_head(s, d->conf->target, mail);
	OWNED(closep) int fd = -1;
	const char *tail = d->broken ? MISSING : "";
	struct err err = ERR_INIT;

	/* Without a spool the mail says that all is missing. */
	if (fd_open(d->path, O_RDONLY, 0, &fd, &err) != ERR_OK && !d->broken) {
		log_error("mail of %s: %s", s->daemon, err.text);
		return false;
	}
	return send_letter(s, s->messages->mail_command, d->conf->target,
			   &(struct letter){ .head = bytes_str(head),
					     .tail = bytes_str(tail),
					     .fd = fd,
					     .path = d->path });
}

/* Send the spool of one mail destination; a spool that could not be sent is kept under a name
 * that the next start does not clean away. */
static void
send_mail(struct msg_sink *s, struct dest *d, const struct msg_mail *mail)
{
	OWNED(freep) char *kept = NULL;

	if (send_spool(s, d, mail))
		return;
	kept = str_printf("%s.failed", d->path);
	if (rename(d->path, kept) == 0)
		log_error("mail to %s could not be sent; its text is in %s", d->conf->target, kept);
}

/* True for the first caller; then nobody else touches the files. */
static bool
begin_finish(struct msg_sink *s)
{
	bool first;

	mutex_lock(&s->lock);
	first = !s->finished;
	s->finished = true;
	while (s->writing)
		cond_wait(&s->written, &s->lock);
	mutex_unlock(&s->lock);
	return first;
}

void
msg_sink_finish(struct msg_sink *s, const struct msg_mail *mail)
{
	struct err err = ERR_INIT;

	if (!begin_finish(s))
		return;
	for (size_t i = 0; i < s->n; i++) {
		struct dest *d = &s->dests[i];

		if (d->fd >= 0 && fd_close(&d->fd, d->path, &err) != ERR_OK) {
			d->broken = true;
			log_error("messages of %s: %s", s->daemon, err.text);
		}
		if (d->path != NULL && msg_dest_is_mail(d->conf->kind)) {
			if (mail != NULL && msg_dest_mails_at(d->conf->kind, mail->status))
				send_mail(s, d, mail);
			(void)unlink(d->path);
		}
	}
}

void
msg_sink_free(struct msg_sink *s) NO_ANALYSIS /* the last user */
{
	if (s == NULL)
		return;
	msg_sink_finish(s, NULL);
	for (size_t i = 0; i < s->n; i++) {
		buf_release(&s->dests[i].pending);
		free(s->dests[i].path);
	}
	free(s->dests);
	free(s->unique);
	free(s->daemon);
	free(s->working_directory);
	free(s->stamp);
	cond_release(&s->written);
	mutex_release(&s->lock);
	free(s);
}

static bool
is_stale(const char *name, const char *daemon)
{
	size_t n = strlen(daemon), len = strlen(name);

	if (strncmp(name, daemon, n) != 0 || name[n] != '.')
		return false;
	if (len > n + 5 && strcmp(name + len - 5, ".mail") == 0)
		return true;
	return strncmp(name + n, ".restore.", 9) == 0 && len > 4 &&
	       strcmp(name + len - 4, ".bsr") == 0;
}

void
msg_clean_spools(const char *working_directory, const char *daemon)
{
	OWNED(closedirp) DIR *dir = opendir(working_directory);
	OWNED(freep) char *prefix = path_component(daemon);
	struct dirent *e;

	while (dir != NULL && (e = readdir(dir)) != NULL)
		if (is_stale(e->d_name, prefix))
			(void)unlinkat(dirfd(dir), e->d_name, 0);
}
