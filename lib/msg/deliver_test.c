/*
 * lib/msg/deliver_test.c - routes, files, mail, console spool: director.md 20
 *
 * labels: tsan
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/msg/deliver.h"

#include "lib/base/fd.h"
#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/thread.h"
#include "lib/proto/job_code.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

static char dir[] = "/tmp/tercet-deliver-XXXXXX";

static char *
in_dir(const char *name)
{
	return str_printf("%s/%s", dir, name);
}

static char *
content(const char *name)
{
	OWNED(freep) char *path = in_dir(name);
	struct buf b = BUF_INIT(1u << 26);
	struct err err = ERR_INIT;

	if (fd_read_file(path, &b, &err) != ERR_OK) {
		buf_release(&b);
		return NULL;
	}
	return buf_take_str(&b);
}

/* ---- routes ---- */

static void
mail_goes_by_the_end_of_the_job(void **state UNUSED)
{
	static const struct {
		enum conf_msg_dest_kind kind;
		int status;
		bool sent;
	} rows[] = {
		{ CONF_DEST_MAIL, STATUS_OK, true },
		{ CONF_DEST_MAIL, STATUS_FATAL, true },
		{ CONF_DEST_MAIL_OK, STATUS_OK, true },
		{ CONF_DEST_MAIL_OK, STATUS_WARNINGS, true },
		{ CONF_DEST_MAIL_OK, STATUS_ERROR, false },
		{ CONF_DEST_MAIL_OK, STATUS_CANCELED, false },
		{ CONF_DEST_MAIL_ERR, STATUS_OK, false },
		{ CONF_DEST_MAIL_ERR, STATUS_WARNINGS, false },
		{ CONF_DEST_MAIL_ERR, STATUS_ERROR, true },
		{ CONF_DEST_MAIL_ERR, STATUS_FATAL, true },
		{ CONF_DEST_MAIL_ERR, STATUS_CANCELED, true },
		{ CONF_DEST_APPEND, STATUS_OK, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(msg_dest_mails_at(rows[i].kind, rows[i].status), rows[i].sent);
}

static void
types_are_wanted_one_by_one(void **state UNUSED)
{
	const struct conf_msg_dest d = { .kind = CONF_DEST_CONSOLE,
					 .types = CONF_MSG_BIT(MSG_ERROR) |
						  CONF_MSG_BIT(MSG_FATAL) };

	assert_true(msg_dest_wants(&d, MSG_ERROR));
	assert_true(msg_dest_wants(&d, MSG_FATAL));
	assert_false(msg_dest_wants(&d, MSG_INFO));
	assert_false(msg_dest_is_stamped(CONF_DEST_CATALOG));
	assert_false(msg_dest_is_stamped(CONF_DEST_SYSLOG));
	assert_true(msg_dest_is_stamped(CONF_DEST_APPEND));
	assert_int_equal(msg_syslog_priority(MSG_FATAL), LOG_ERR);
	assert_int_equal(msg_syslog_priority(MSG_WARNING), LOG_WARNING);
	assert_int_equal(msg_syslog_priority(MSG_SAVED), LOG_INFO);
}

/* ---- sinks ---- */

static void
take_row(void *arg, uint32_t job_id, int64_t time UNUSED, const char *text)
{
	buf_text(arg, "%u:%s|", job_id, text);
}

static char *
expand(void *arg UNUSED, const char *word, const char *recipients)
{
	const char *code = strstr(word, "%r");

	return code == NULL
		       ? str_dup(word)
		       : str_printf("%.*s%s%s", (int)(code - word), word, recipients, code + 2);
}

static struct msg_sink *
sink_of(struct conf_messages *m, struct buf *rows)
{
	const struct msg_sink_options o = { .messages = m,
					    .daemon = "t-dir",
					    .working_directory = dir,
					    .timestamp_format = "%Y",
					    .catalog = take_row,
					    .catalog_arg = rows,
					    .expand = expand };
	struct msg_sink *s = msg_sink_new(&o);

	msg_sink_set_job(s, 7, "job.2026-11-21_12.00.00_01");
	return s;
}

static void
each_destination_gets_its_types(void **state UNUSED)
{
	OWNED(freep) char *append = in_dir("append"), *file = in_dir("file");
	OWNED(freep) char *append_text = NULL, *file_text = NULL;
	OWNED(buf_release) struct buf rows = BUF_INIT(10000);
	struct conf_msg_dest dests[] = {
		{ .kind = CONF_DEST_APPEND, .target = append, .types = CONF_MSG_ALL },
		{ .kind = CONF_DEST_FILE, .target = file, .types = CONF_MSG_BIT(MSG_ERROR) },
		{ .kind = CONF_DEST_CATALOG, .types = CONF_MSG_BIT(MSG_INFO) },
	};
	struct conf_messages m = { .dest = dests, .n_dest = 3 };

	clock_set_test(1795228200);
	for (int round = 0; round < 2; round++) {
		struct msg_sink *s = sink_of(&m, &rows);

		msg_sink_say(s, MSG_INFO, "one");
		msg_sink_put(s, MSG_ERROR, 1795228169, "t-fd JobId 7: Error: two\n");
		msg_sink_free(s);
	}
	append_text = content("append");
	file_text = content("file");
	assert_non_null(strstr(append_text, "2026 t-fd JobId 7: Error: two\n"));
	assert_non_null(strstr(strstr(append_text, "two") + 1, "two"));
	assert_string_equal(file_text, "2026 t-fd JobId 7: Error: two\n");
	assert_string_equal(buf_str(&rows), "7:t-dir JobId 7: one|7:t-dir JobId 7: one|");
	clock_set_test(0);
}

/* As by who cancels a job that has just ended. */
static void
what_is_said_after_the_end_goes_to_no_file(void **state UNUSED)
{
	OWNED(freep) char *append = in_dir("ended"), *text = NULL;
	OWNED(buf_release) struct buf rows = BUF_INIT(10000);
	struct conf_msg_dest dests[] = {
		{ .kind = CONF_DEST_APPEND, .target = append, .types = CONF_MSG_ALL },
		{ .kind = CONF_DEST_CATALOG, .types = CONF_MSG_ALL },
	};
	struct conf_messages m = { .dest = dests, .n_dest = 2 };
	struct msg_sink *s = sink_of(&m, &rows);

	msg_sink_say(s, MSG_INFO, "in time");
	msg_sink_finish(s, NULL);
	msg_sink_say(s, MSG_INFO, "too late");
	msg_sink_free(s);
	text = content("ended");
	assert_non_null(strstr(text, "in time"));
	assert_null(strstr(text, "too late"));
	assert_string_equal(buf_str(&rows), "7:t-dir JobId 7: in time|7:t-dir JobId 7: too late|");
}

static void
take_time(void *arg, uint32_t job_id UNUSED, int64_t time, const char *text UNUSED)
{
	*(int64_t *)arg = time;
}

static void
a_time_that_is_far_off_is_taken_for_now(void **state UNUSED)
{
	enum { NOW = 1795228200, DAY = 24 * 3600 };
	static const struct {
		int64_t said, kept;
	} rows[] = {
		{ 0, NOW },
		{ NOW - 60, NOW - 60 },
		{ NOW + DAY, NOW + DAY },
		{ NOW - DAY - 1, NOW },
		{ NOW + DAY + 1, NOW },
		{ 10000000000000, NOW }, /* year 318857: too late for PostgreSQL, not for us */
		{ INT64_MAX, NOW },
		{ INT64_MIN, NOW },
	};
	struct conf_msg_dest dest = { .kind = CONF_DEST_CATALOG, .types = CONF_MSG_ALL };
	struct conf_messages m = { .dest = &dest, .n_dest = 1 };
	int64_t kept = 0;
	const struct msg_sink_options o = { .messages = &m,
					    .daemon = "t-dir",
					    .working_directory = dir,
					    .timestamp_format = "%Y",
					    .catalog = take_time,
					    .catalog_arg = &kept };
	struct msg_sink *s = msg_sink_new(&o);

	clock_set_test(NOW);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		msg_sink_put(s, MSG_INFO, rows[i].said, "a");
		assert_int_equal(kept, rows[i].kept);
	}
	clock_set_test(0);
	msg_sink_free(s);
}

#define WRITERS 4
#define LINES   3000

struct writer {
	struct msg_sink *sink;
	struct msg_console *console;
	int number;
	struct thread thread;
};

static void
write_lines(void *arg)
{
	struct writer *w = arg;
	char line[64];

	for (int i = 0; i < LINES; i++) {
		(void)snprintf(line, sizeof(line), "writer %d line %d", w->number, i);
		if (w->sink != NULL)
			msg_sink_put(w->sink, MSG_INFO, 0, line);
		else
			msg_console_put(w->console, 1, 7, line);
	}
}

/* Every line of every writer is there once, and those of one writer in their order. */
static void
check_lines(const char *text)
{
	int next[WRITERS] = { 0 }, total = 0;

	for (const char *p = text; (p = strstr(p, "writer ")) != NULL; total++) {
		char *end;
		long w = strtol(p + 7, &end, 10), line = strtol(end + 6, &end, 10);

		assert_true(w >= 0 && w < WRITERS);
		assert_int_equal(line, next[w]);
		assert_int_equal(*end, '\n');
		next[w]++;
		p = end;
	}
	assert_int_equal(total, WRITERS * LINES);
}

static void
run_writers(struct msg_sink *sink, struct msg_console *console)
{
	struct writer w[WRITERS];
	struct err err = ERR_INIT;

	for (int i = 0; i < WRITERS; i++) {
		w[i] = (struct writer){ .sink = sink, .console = console, .number = i };
		assert_int_equal(thread_start(&w[i].thread, "writer", write_lines, &w[i], &err),
				 ERR_OK);
	}
	for (int i = 0; i < WRITERS; i++)
		thread_join(&w[i].thread);
}

static void
many_writers_keep_their_order(void **state UNUSED)
{
	OWNED(freep) char *path = in_dir("many"), *text = NULL;
	OWNED(buf_release) struct buf rows = BUF_INIT(100);
	struct conf_msg_dest dests[] = {
		{ .kind = CONF_DEST_APPEND, .target = path, .types = CONF_MSG_ALL }
	};
	struct conf_messages m = { .dest = dests, .n_dest = 1 };
	struct msg_sink *s = sink_of(&m, &rows);

	run_writers(s, NULL);
	msg_sink_free(s);
	text = content("many");
	check_lines(text);
}

static void
mail_is_given_to_the_command_without_a_shell(void **state UNUSED)
{
	OWNED(freep) char *to = in_dir("mailed; $(touch x)"), *text = NULL;
	OWNED(freep) char *command = str_printf("/usr/bin/tee \"%s\"", to);
	OWNED(buf_release) struct buf rows = BUF_INIT(100);
	struct conf_msg_dest dests[] = {
		{ .kind = CONF_DEST_MAIL, .target = to, .types = CONF_MSG_ALL },
	};
	struct conf_messages m = { .dest = dests, .n_dest = 1, .mail_command = command };
	const struct msg_mail mail = { .status = STATUS_OK };
	struct msg_sink *s = sink_of(&m, &rows);
	struct dirent *e;
	DIR *d;

	msg_sink_say(s, MSG_INFO, "for the mail");
	msg_sink_finish(s, &mail);
	msg_sink_free(s);
	text = content("mailed; $(touch x)");
	assert_non_null(text);
	assert_non_null(strstr(text, "t-dir JobId 7: for the mail\n"));
	d = opendir(dir);
	while ((e = readdir(d)) != NULL)
		assert_null(strstr(e->d_name, ".mail"));
	(void)closedir(d);
}

/* As of a job that a director which could not start gives up: the next start tells its end. */
static void
a_mail_without_an_end_is_dropped(void **state UNUSED)
{
	OWNED(freep) char *to = in_dir("dropped");
	OWNED(freep) char *command = str_printf("/usr/bin/tee \"%s\"", to);
	OWNED(buf_release) struct buf rows = BUF_INIT(100);
	struct conf_msg_dest dests[] = {
		{ .kind = CONF_DEST_MAIL, .target = to, .types = CONF_MSG_ALL },
		{ .kind = CONF_DEST_MAIL_OK, .target = to, .types = CONF_MSG_ALL },
	};
	struct conf_messages m = { .dest = dests, .n_dest = 2, .mail_command = command };
	struct msg_sink *s = sink_of(&m, &rows);

	msg_sink_say(s, MSG_FATAL, "not the whole story");
	msg_sink_free(s);
	assert_null(content("dropped"));
	assert_null(content("t-dir.job.2026-11-21_12.00.00_01.0.mail"));
}

static void
a_mail_that_fails_is_kept(void **state UNUSED)
{
	OWNED(buf_release) struct buf rows = BUF_INIT(100);
	OWNED(freep) char *text = NULL;
	char nobody[] = "nobody", command[] = "/bin/false";
	struct conf_msg_dest dests[] = {
		{ .kind = CONF_DEST_MAIL, .target = nobody, .types = CONF_MSG_ALL },
	};
	struct conf_messages m = { .dest = dests, .n_dest = 1, .mail_command = command };
	const struct msg_mail mail = { .status = STATUS_OK };
	struct msg_sink *s = sink_of(&m, &rows);

	msg_sink_say(s, MSG_INFO, "kept");
	msg_sink_finish(s, &mail);
	msg_sink_free(s);
	text = content("t-dir.job.2026-11-21_12.00.00_01.0.mail.failed");
	assert_non_null(text);
	assert_non_null(strstr(text, "kept"));
	msg_clean_spools(dir, "t-dir");
	free(text);
	text = content("t-dir.job.2026-11-21_12.00.00_01.0.mail.failed");
	assert_non_null(text);
}

/* ---- commands: recipients, long and half mails ---- */

/* A command that writes its words, then what it is given, into a file. */
static char *
letter_box(const char *name)
{
	OWNED(freep) char *script = in_dir("box"), *file = in_dir(name);
	OWNED(buf_release) struct buf text = BUF_INIT(1000);
	struct err err = ERR_INIT;

	buf_text(&text, "#!/bin/sh\nprintf '%%s\\n' \"$@\" >%s\ncat >>%s\n", file, file);
	assert_int_equal(fd_replace_file(script, buf_bytes(&text), 0700, &err), ERR_OK);
	return TAKE_PTR(script);
}

static void
each_recipient_is_a_word(void **state UNUSED)
{
	OWNED(freep) char *box = letter_box("letter"), *text = NULL;
	OWNED(freep) char *command = str_printf("%s to %%r \"for %%r\"", box);
	OWNED(buf_release) struct buf rows = BUF_INIT(100);
	static const char want[] = "to\na@x\nb@y\nfor a@x b@y\n";
	char target[] = "a@x b@y";
	enum conf_msg_dest_kind kinds[] = { CONF_DEST_MAIL, CONF_DEST_OPERATOR };

	for (size_t i = 0; i < 2; i++) {
		struct conf_msg_dest dests[] = {
			{ .kind = kinds[i], .target = target, .types = CONF_MSG_ALL },
		};
		struct conf_messages m = { .dest = dests,
					   .n_dest = 1,
					   .mail_command = command,
					   .operator_command = command };
		const struct msg_mail mail = { .status = STATUS_OK };
		struct msg_sink *s = sink_of(&m, &rows);

		msg_sink_say(s, MSG_INFO, "to all of them");
		msg_sink_finish(s, &mail);
		msg_sink_free(s);
		text = content("letter");
		assert_non_null(text);
		if (strncmp(text, want, strlen(want)) != 0)
			fail_msg("%zu: %s", i, text);
		assert_non_null(strstr(text, "t-dir JobId 7: to all of them"));
		free(TAKE_PTR(text));
	}
}

static void
a_mail_may_be_longer_than_memory_should_be(void **state UNUSED)
{
	enum { MIBS = 66 };
	OWNED(freep) char *box = letter_box("long"), *file = in_dir("long");
	OWNED(buf_release) struct buf rows = BUF_INIT(100);
	OWNED(freep) char *line = NEW_ARRAY(char, (1 << 20) + 1);
	char target[] = "a@x";
	struct conf_msg_dest dests[] = {
		{ .kind = CONF_DEST_MAIL, .target = target, .types = CONF_MSG_ALL },
	};
	struct conf_messages m = { .dest = dests, .n_dest = 1, .mail_command = box };
	const struct msg_mail mail = { .status = STATUS_OK };
	struct msg_sink *s = sink_of(&m, &rows);
	struct stat st;

	memset(line, 'x', 1 << 20);
	for (int i = 0; i < MIBS; i++)
		msg_sink_say(s, MSG_INFO, line);
	msg_sink_finish(s, &mail);
	msg_sink_free(s);
	assert_int_equal(stat(file, &st), 0);
	assert_true(st.st_size > MIBS << 20);
}

/* As when the disk is full. */
static void
a_mail_whose_end_could_not_be_kept_is_sent_so_far(void **state UNUSED)
{
	OWNED(freep) char *box = letter_box("half"), *text = NULL;
	OWNED(buf_release) struct buf rows = BUF_INIT(100);
	char line[2000] = "", target[] = "a@x";
	struct conf_msg_dest dests[] = {
		{ .kind = CONF_DEST_MAIL, .target = target, .types = CONF_MSG_ALL },
	};
	struct conf_messages m = { .dest = dests, .n_dest = 1, .mail_command = box };
	const struct msg_mail mail = { .status = STATUS_FATAL };
	struct msg_sink *s = sink_of(&m, &rows);
	struct rlimit before, small;

	memset(line, 'x', sizeof(line) - 1);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = (struct rlimit){ 1000, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	(void)signal(SIGXFSZ, SIG_IGN);
	msg_sink_say(s, MSG_FATAL, "this one is there");
	msg_sink_say(s, MSG_FATAL, line);
	msg_sink_say(s, MSG_FATAL, "too late");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	msg_sink_finish(s, &mail);
	msg_sink_free(s);
	text = content("half");
	assert_non_null(text);
	assert_non_null(strstr(text, "this one is there"));
	assert_non_null(strstr(text, "messages are missing"));
}

/* With a mail command and without. */
static void
there_may_be_many_recipients(void **state UNUSED)
{
	OWNED(freep) char *box = letter_box("many-letters"), *text = NULL;
	OWNED(freep) char *command = str_printf("%s %%r", box);
	OWNED(buf_release) struct buf rows = BUF_INIT(100), all = BUF_INIT(1 << 16);
	struct conf_msg_dest dests[] = {
		{ .kind = CONF_DEST_MAIL, .types = CONF_MSG_ALL },
	};
	struct conf_messages m = { .dest = dests, .n_dest = 1 };
	const struct msg_mail mail = { .status = STATUS_OK };

	for (int i = 0; i < 500; i++)
		buf_text(&all, "%srecipient%d@example.org", i > 0 ? " " : "", i);
	dests[0].target = (char *)(uintptr_t)buf_str(&all);
	for (int round = 0; round < 2; round++) {
		struct msg_sink *s = sink_of(&m, &rows);

		msg_sink_say(s, MSG_INFO, "to many");
		msg_sink_finish(s, &mail);
		msg_sink_free(s);
		m.mail_command = command;
	}
	text = content("many-letters");
	assert_non_null(text);
	assert_non_null(strstr(text, "\nrecipient499@example.org\n"));
}

/* ---- the console spool ---- */

static bool
take_line(void *arg, const struct msg_console_line *line)
{
	buf_text(arg, "%s\n", line->text);
	return true;
}

static bool
take_one(void *arg, const struct msg_console_line *line)
{
	struct buf *b = arg;

	if (b->len > 0)
		return false;
	return take_line(arg, line);
}

static void
readers_have_their_own_positions_and_keep_them(void **state UNUSED)
{
	OWNED(freep) char *path = in_dir("t.conmsg");
	OWNED(buf_release) struct buf got = BUF_INIT(10000);
	struct msg_console *c = msg_console_new(path);

	msg_console_put(c, 1, 7, "one");
	msg_console_put(c, 1, 7, "two\nlines");
	assert_int_equal(msg_console_pending(c, "a"), 2);
	msg_console_read(c, "a", take_one, &got);
	assert_string_equal(buf_str(&got), "one\n");
	assert_int_equal(msg_console_pending(c, "a"), 1);
	assert_int_equal(msg_console_pending(c, "b b"), 2);
	msg_console_free(c);

	c = msg_console_new(path);
	msg_console_put(c, 1, 0, "three");
	assert_int_equal(msg_console_pending(c, "a"), 2);
	buf_clear(&got);
	msg_console_read(c, "a", take_line, &got);
	assert_string_equal(buf_str(&got), "two\nlines\nthree\n");
	assert_int_equal(msg_console_pending(c, "a"), 0);
	buf_clear(&got);
	msg_console_last(c, 1, take_line, &got);
	assert_string_equal(buf_str(&got), "three\n");
	assert_int_equal(msg_console_pending(c, "b b"), 3);
	msg_console_free(c);
}

static void
many_writers_fill_the_spool_in_order(void **state UNUSED)
{
	OWNED(freep) char *path = in_dir("many.conmsg");
	OWNED(buf_release) struct buf got = BUF_INIT(1u << 24);
	struct msg_console *c = msg_console_new(path);

	run_writers(NULL, c);
	msg_console_free(c);
	c = msg_console_new(path);
	msg_console_read(c, "r", take_line, &got);
	check_lines(buf_str(&got));
	msg_console_free(c);
}

static void
the_spool_is_bounded(void **state UNUSED)
{
	OWNED(freep) char *path = in_dir("bounded.conmsg");
	struct msg_console *c = msg_console_new(path);
	size_t n;

	for (int i = 0; i < 50000; i++)
		msg_console_put(c, 1, 7, "a line");
	n = msg_console_pending(c, "r");
	assert_true(n >= 10000 && n <= 20000);
	msg_console_free(c);
	c = msg_console_new(path);
	assert_int_equal(msg_console_pending(c, "r"), n);
	msg_console_free(c);
}

static void
a_damaged_spool_loses_only_what_is_damaged(void **state UNUSED)
{
	OWNED(freep) char *path = in_dir("damaged.conmsg");
	OWNED(buf_release) struct buf got = BUF_INIT(10000);
	struct err err = ERR_INIT;
	struct msg_console *c = msg_console_new(path);

	msg_console_put(c, 1, 7, "whole");
	msg_console_put(c, 1, 7, "cut off here");
	msg_console_free(c);
	assert_int_equal(truncate(path, 22), 0);
	c = msg_console_new(path);
	msg_console_read(c, "r", take_line, &got);
	assert_string_equal(buf_str(&got), "whole\n");
	msg_console_free(c);
	assert_int_equal(fd_replace_file(path, bytes_str("1 1 1 18446744073709551615\nx"), 0600,
					 &err),
			 ERR_OK);
	c = msg_console_new(path);
	assert_int_equal(msg_console_pending(c, "r"), 0);
	msg_console_free(c);
}

/* kill -9, or a full disk, in the middle of a line; then the director goes on. */
static void
lines_behind_a_torn_one_are_kept(void **state UNUSED)
{
	OWNED(freep) char *path = in_dir("torn.conmsg");
	OWNED(buf_release) struct buf got = BUF_INIT(10000);
	struct msg_console *c = msg_console_new(path);

	msg_console_put(c, 1, 7, "one");
	msg_console_put(c, 1, 7, "two, torn");
	msg_console_read(c, "r", take_line, &got);
	msg_console_free(c);
	assert_int_equal(truncate(path, 20), 0);
	c = msg_console_new(path);
	msg_console_put(c, 1, 7, "three");
	assert_int_equal(msg_console_pending(c, "r"), 1);
	msg_console_free(c);
	c = msg_console_new(path);
	buf_clear(&got);
	msg_console_read(c, "r", take_line, &got);
	assert_string_equal(buf_str(&got), "three\n");
	msg_console_put(c, 1, 7, "four");
	msg_console_free(c);
	assert_int_equal(truncate(path, 0), 0);
	c = msg_console_new(path);
	msg_console_put(c, 1, 7, "five");
	assert_int_equal(msg_console_pending(c, "r"), 1);
	msg_console_free(c);
}

static int
make_dir(void **state UNUSED)
{
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static int
remove_dir(void **state UNUSED)
{
	struct dirent *e;
	DIR *d = opendir(dir);

	while ((e = readdir(d)) != NULL)
		(void)unlinkat(dirfd(d), e->d_name, 0);
	(void)closedir(d);
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mail_goes_by_the_end_of_the_job),
		cmocka_unit_test(types_are_wanted_one_by_one),
		cmocka_unit_test(each_destination_gets_its_types),
		cmocka_unit_test(a_time_that_is_far_off_is_taken_for_now),
		cmocka_unit_test(what_is_said_after_the_end_goes_to_no_file),
		cmocka_unit_test(many_writers_keep_their_order),
		cmocka_unit_test(mail_is_given_to_the_command_without_a_shell),
		cmocka_unit_test(a_mail_without_an_end_is_dropped),
		cmocka_unit_test(a_mail_that_fails_is_kept),
		cmocka_unit_test(each_recipient_is_a_word),
		cmocka_unit_test(a_mail_may_be_longer_than_memory_should_be),
		cmocka_unit_test(a_mail_whose_end_could_not_be_kept_is_sent_so_far),
		cmocka_unit_test(there_may_be_many_recipients),
		cmocka_unit_test(readers_have_their_own_positions_and_keep_them),
		cmocka_unit_test(many_writers_fill_the_spool_in_order),
		cmocka_unit_test(the_spool_is_bounded),
		cmocka_unit_test(a_damaged_spool_loses_only_what_is_damaged),
		cmocka_unit_test(lines_behind_a_torn_one_are_kept),
	};

	thread_block_signals(); /* as daemons do: a mail command may not read all */
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
