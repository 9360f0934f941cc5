#include "storage-daemon/tools/vol_tool.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include "lib/base/fd.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "storage-daemon/conf/sd_conf.h"

#define DEFAULT_CONFIG "/etc/tercet/tercet-sd.conf"

static void put_line(FILE *f, const char *head, const char *fmt, va_list ap) PRINTF(3, 0);

static void
put_line(FILE *f, const char *head, const char *fmt, va_list ap)
{
	OWNED(freep) char *text = NULL;
	OWNED(buf_release) struct buf line = BUF_INIT(SIZE_MAX);

	if (vasprintf(&text, fmt, ap) < 0)
		return;
	buf_text(&line, "%s", head);
	for (const char *p = text; *p != '\0'; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			buf_text(&line, "\\x%02x", (unsigned)(unsigned char)*p);
		else
			buf_put(&line, p, 1);
	}
	buf_put(&line, "\n", 1);
	(void)fwrite(line.p, 1, line.len, f);
}

void
vol_print(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_line(stdout, "", fmt, ap);
	va_end(ap);
}

void
vol_say(const char *fmt, ...)
{
	va_list ap;

	(void)fflush(stdout); /* both may go to the same place: keep the order */
	va_start(ap, fmt);
	put_line(stderr, "tercet-volume: ", fmt, ap);
	va_end(ap);
}

void
vol_say_lost(void *user, enum msg_type type UNUSED, const char *text)
{
	struct vol_reading *r = (struct vol_reading *)user;

	r->damaged++;
	vol_say("%s", text);
}

/* The directory of a device that the configuration names. */
static enum err_code
find_device(const struct vol_options *o, const char *name, struct buf *dir, struct err *err)
{
	OWNED(conf_diag_freep) struct conf_diag *diag = conf_diag_new(false);
	OWNED(sd_conf_unrefp) struct sd_conf *conf = NULL;
	OWNED(buf_release) struct buf text = BUF_INIT(1024 * 1024);
	const char *path = o->config != NULL ? o->config : DEFAULT_CONFIG;
	const struct sd_device *dev;

	if (sd_conf_load(path, &conf, diag, err) != ERR_OK) {
		conf_diag_text(diag, false, &text);
		if (text.len > 0)
			(void)fprintf(stderr, "tercet-volume: %s\n", buf_str(&text));
		return err_ctx(err, "%s is no file; looking for a device of that name", name);
	}
	dev = sd_conf_find_device(conf, name);
	if (dev == NULL)
		return err_set(err, ERR_CONFIG, "%s is neither a file nor a device of %s", name,
			       path);
	if (dev->archive_device == NULL)
		return err_set(err, ERR_CONFIG, "device %s has no Archive Device", name);
	return buf_append(dir, dev->archive_device, strlen(dev->archive_device), err);
}

static void
add_in_dir(struct vol_inputs *in, const char *dir, const char *volume, size_t visit)
{
	OWNED(freep) char *path = str_printf("%s/%s", dir, volume);

	vol_inputs_add(in, path, volume, visit);
}

/* The volumes named by -V or by the bootstrap, in a directory. */
static enum err_code
add_named(const struct vol_options *o, struct vol_job *j, const char *dir, struct err *err)
{
	OWNED(freep) char *list = o->volumes != NULL ? str_dup(o->volumes) : NULL;

	for (char *p = list; p != NULL;) {
		char *bar = strchr(p, '|');

		if (bar != NULL)
			*bar++ = '\0';
		if (*p != '\0')
			add_in_dir(&j->inputs, dir, p, VOL_NO_VISIT);
		p = bar;
	}
	if (list == NULL && j->bootstrap != NULL)
		for (size_t i = 0; i < bootstrap_n_volumes(j->bootstrap); i++)
			add_in_dir(&j->inputs, dir, bootstrap_volume(j->bootstrap, i).name, i);
	if (j->inputs.n == 0)
		return err_set(err, ERR_CONFIG, "%s: which volumes? name them with -V or -b", dir);
	return ERR_OK;
}

static enum err_code
add_operand(const struct vol_options *o, struct vol_job *j, const char *operand, struct err *err)
{
	OWNED(buf_release) struct buf dir = BUF_INIT(64 * 1024);
	struct stat st;

	if (stat(operand, &st) == 0) {
		if (S_ISDIR(st.st_mode))
			return add_named(o, j, operand, err);
		vol_inputs_add(&j->inputs, operand, NULL, VOL_NO_VISIT);
		return ERR_OK;
	}
	if (strchr(operand, '/') != NULL)
		return err_errno(err, ERR_SYS, "%s", operand);
	if (find_device(o, operand, &dir, err) != ERR_OK)
		return err->code;
	return add_named(o, j, buf_str(&dir), err);
}

static enum err_code
read_bootstrap(const char *path, struct bootstrap **out, struct err *err)
{
	OWNED(buf_release) struct buf text = BUF_INIT(BSR_TEXT_MAX);

	if (fd_read_file(path, &text, err) != ERR_OK)
		return err->code;
	if (bootstrap_parse(buf_bytes(&text), out, err) != ERR_OK)
		return err_ctx(err, "bootstrap %s", path);
	return ERR_OK;
}

void
vol_job_release(struct vol_job *j)
{
	vol_inputs_release(&j->inputs);
	bootstrap_freep(&j->bootstrap);
	name_list_freep(&j->include);
	name_list_freep(&j->exclude);
}

struct vol_reading
vol_job_reading(const struct vol_job *j)
{
	return (struct vol_reading){ .inputs = &j->inputs,
				     .bootstrap = j->bootstrap,
				     .include = j->include,
				     .exclude = j->exclude };
}

enum err_code
vol_job_open(const struct vol_options *o, char **operands, size_t n, struct vol_job *out,
	     struct err *err)
{
	OWNED(vol_job_release) struct vol_job j = { 0 };

	if (o->bootstrap != NULL && read_bootstrap(o->bootstrap, &j.bootstrap, err) != ERR_OK)
		return err->code;
	if (o->include != NULL && name_list_read(o->include, &j.include, err) != ERR_OK)
		return err->code;
	if (o->exclude != NULL && name_list_read(o->exclude, &j.exclude, err) != ERR_OK)
		return err->code;
	if (n == 0)
		return err_set(err, ERR_CONFIG, "which volume?  Try --help");
	for (size_t i = 0; i < n; i++)
		if (add_operand(o, &j, operands[i], err) != ERR_OK)
			return err->code;
	*out = j;
	j = (struct vol_job){ 0 };
	return ERR_OK;
}

int
vol_manual(const struct cli *cli, int section, const char *description)
{
	static const struct cli_exit exits[] = {
		{ VOL_EXIT_OK, "All is well." },
		{ VOL_EXIT_DAMAGED, "Something on the volumes is damaged or could not be restored; "
				    "it is named on standard error." },
		{ VOL_EXIT_UNUSABLE, "Wrong options, no configuration, or no volume that can be "
				     "read at all." },
		{ 0, NULL },
	};
	const struct cli_manual manual = { .section = 8,
					   .description = description,
					   .exits = exits,
					   .see_also = "tercet-sd(8), tercet-sd.conf(5)" };
	OWNED(buf_release) struct buf text = BUF_INIT(64 * 1024);

	if (section != 8) {
		vol_say("there is no manual page of section %d", section);
		return VOL_EXIT_UNUSABLE;
	}
	cli_manual(cli, &manual, &text);
	(void)fputs(buf_str(&text), stdout);
	return VOL_EXIT_OK;
}
