#include "lib/conf/check.h"

#include "lib/base/own.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

int
conf_check_report(const struct conf_program *program, struct conf_diag *diag, bool verbose,
		  FILE *out)
{
	OWNED(buf_release) struct buf text = BUF_INIT(16u << 20);
	bool good = conf_diag_errors(diag) == 0;

	conf_diag_text(diag, verbose, &text);
	fputs(buf_str(&text), out);
	fprintf(out, "The configuration of the %s is %s.\n", program->daemon,
		good ? "good" : "not usable");
	return good ? 0 : 1;
}

void
conf_check_directory(struct conf_diag *diag, const struct conf_res *res, const char *directive,
		     const char *path)
{
	struct err err = ERR_INIT;
	struct stat st;

	if (path == NULL || !conf_res_is_good(res))
		return;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return;
	if (errno == EACCES)
		return; /* the daemon's own user may well see it */
	(void)err_errno(&err, ERR_CONFIG, "%s", path);
	if (stat(path, &st) == 0)
		conf_error(diag, conf_res_pos(res, directive), "%s %s is not a directory",
			   directive, path);
	else
		conf_error(diag, conf_res_pos(res, directive), "%s %s", directive, err.text);
	conf_help(diag, "create it, for example with: install -d -m 700 %s", path);
}
