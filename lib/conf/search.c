/*
 * lib/conf/search.c - which file or directory is the configuration
 *
 * In each directory our own names come first, then those of Bareos and Bacula, so that
 * -c /etc/bareos works.  A file wins over a directory.  Spec: config.md 2.1, 2.2
 */
#include "lib/conf/parse.h"

#include "lib/base/mem.h"
#include "lib/base/own.h"

#include <string.h>
#include <sys/stat.h>

static bool
is_there(const char *path, bool *is_dir)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return false;
	*is_dir = S_ISDIR(st.st_mode);
	return true;
}

/* DIR/name.conf, else the pattern below DIR/name.d; NULL: neither. */
static char *
find_named(const char *dir, const char *name)
{
	OWNED(freep) char *file = str_printf("%s/%s.conf", dir, name);
	OWNED(freep) char *sub = str_printf("%s/%s.d", dir, name);
	bool is_dir = false;

	if (is_there(file, &is_dir) && !is_dir)
		return TAKE_PTR(file);
	if (is_there(sub, &is_dir) && is_dir)
		return str_printf("%s/*/*.conf", sub);
	return NULL;
}

enum err_code
conf_search(const struct conf_program *program, const char *path, char **out, struct err *err)
{
	OWNED(buf_release) struct buf tried = BUF_INIT(1 << 16);
	OWNED(freep) char *dir = str_dup(path != NULL ? path : TERCET_CONF_DIR);
	bool is_dir = false;

	while (strlen(dir) > 1 && dir[strlen(dir) - 1] == '/')
		dir[strlen(dir) - 1] = '\0';
	if (path != NULL && !is_there(path, &is_dir))
		return err_errno(err, ERR_CONFIG, "configuration %s", path);
	if (path != NULL && !is_dir) {
		*out = TAKE_PTR(dir);
		return ERR_OK;
	}
	for (size_t i = 0; program->files[i] != NULL; i++) {
		char *found = find_named(dir, program->files[i]);

		if (found != NULL) {
			*out = found;
			return ERR_OK;
		}
		buf_text(&tried, "%s%s/%s.conf, %s/%s.d", tried.len > 0 ? ", " : "", dir,
			 program->files[i], dir, program->files[i]);
	}
	return err_set(err, ERR_CONFIG, "no configuration of the %s found; tried %s",
		       program->daemon, buf_str(&tried));
}
