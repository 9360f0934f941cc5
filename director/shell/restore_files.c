/* Which files of the jobs a restore takes.  Spec: console.md 8.4; director.md 14.4 */
#include <string.h>
#include <strings.h>

#include "director/shell/restore.h"
#include "director/shell/tree_shell.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/regexp.h"
#include "lib/catalog/cat_job.h"
#include "lib/catalog/cat_restore.h"

#define PROGRESS_ROWS 50000 /* files per "+" */
#define PATH_TEXT_MAX (1u << 20)

struct filler {
	struct shell *sh;
	struct tree *t;
	uint64_t n, odd;      /* rows; of them without a place in the tree */
	struct err odd_first; /* why, the first of them */
};

static enum err_code
add_file(void *ctx, const struct cat_file *f, struct err *err)
{
	struct filler *fill = (struct filler *)ctx;
	struct tree_row row = { .job_id = f->job_id,
				.file_index = f->file_index,
				.path_slot = f->path_slot,
				.path = f->path,
				.name = f->name,
				.lstat = f->lstat };
	struct err why = ERR_INIT;

	if (++fill->n % PROGRESS_ROWS == 0) {
		out_text(fill->sh->out, "+");
		out_flush(fill->sh->out);
		if (cancel_asked(fill->sh->stop) || out_broken(fill->sh->out))
			return err_set(err, ERR_CANCELED, "The director stops.");
	}
	enum err_code code = tree_add(fill->t, &row, &why);
	if (code == ERR_OK)
		return ERR_OK;
	if (fill->odd++ == 0)
		fill->odd_first = why;
	return ERR_OK;
}

/* What cannot be selected is said; whoever needs it can restore the whole job. */
static void
say_left_out(struct shell *sh, const struct filler *fill, const struct cat_file_count *count)
{
	if (fill->odd > 0)
		out_warning(sh->out, "%s entries have no place in the tree, e.g. %s\n",
			    U64_COMMAS(fill->odd), fill->odd_first.text);
	if (count->homeless > 0)
		out_warning(sh->out,
			    "%s files cannot be selected: the names of their directories are not "
			    "in table Path any more, or too long in all\n",
			    U64_COMMAS(count->homeless));
}

/* job_rows: one per job, how many rows the catalog has of it. */
static enum err_code
fill_tree(struct shell *sh, struct restore *r, struct tree *t, uint64_t *job_rows, struct err *err)
{
	OWNED(buf_release) struct buf list = BUF_INIT(1u << 24);
	struct filler fill = { .sh = sh, .t = t };
	struct cat_file_reader reader = { .file = add_file, .ctx = &fill, .job_rows = job_rows };
	struct cat_file_count count = { 0 };

	for (size_t i = 0; i < r->n_ids; i++)
		buf_text(&list, "%s%u", i > 0 ? "," : "", r->ids[i]);
	out_text(sh->out, "Building directory tree for JobId(s) %s ...  ", buf_str(&list));
	out_flush(sh->out);
	if (cat_restore_files(r->c, r->ids, r->n_ids, &reader, &count, err) != ERR_OK ||
	    tree_finish(t, err) != ERR_OK)
		return err->code;
	out_text(sh->out, "\n");
	say_left_out(sh, &fill, &count);
	return ERR_OK;
}

/* ---- marks from the words ---- */

struct marker {
	struct tree *t;
	enum tree_scope scope;
	uint32_t found;
	regex_t *regex;
};

static bool
mark_one(void *arg, const struct tree_item *item)
{
	struct marker *m = (struct marker *)arg;

	if (m->scope == TREE_FILES_IN && !item->is_dir)
		return true;
	/* A directory that is known by what is in it only is no record itself. */
	if (tree_mark(m->t, item, true, m->scope) > 0 || item->entry != TREE_NONE)
		m->found++;
	return true;
}

static bool
mark_regex(void *arg, const struct tree_item *item)
{
	struct marker *m = (struct marker *)arg;
	OWNED(buf_release) struct buf path = BUF_INIT(PATH_TEXT_MAX);

	tree_item_path(m->t, item, &path);
	if (item->entry != TREE_NONE && regexec(m->regex, buf_str(&path), 0, NULL, 0) == 0) {
		(void)tree_mark(m->t, item, true, TREE_SELF);
		m->found++;
	}
	return true;
}

/* A name as it is: no wildcards. */
static uint32_t
mark_path(struct tree *t, const char *path, enum tree_scope scope)
{
	OWNED(buf_release) struct buf exact = BUF_INIT(SIZE_MAX); /* a line of a list, or a word */
	struct marker m = { .t = t, .scope = scope };

	for (const char *p = path; *p != '\0'; p++) {
		if (strchr("*?[\\", *p) != NULL)
			buf_put(&exact, "\\", 1);
		buf_put(&exact, p, 1);
	}
	tree_match(t, tree_root(t), buf_bytes(&exact), false, mark_one, &m);
	return m.found;
}

static enum err_code
compile(const char *expr, regex_t *out, struct err *err)
{
	if (regexp_compile(expr, REG_EXTENDED | REG_NOSUB, out, err) != ERR_OK)
		return err_ctx(err, "fileregex=%.200s", expr);
	return ERR_OK;
}

/* fileregex= before a catalog is read for it. */
static enum err_code
judge_regex(struct shell *sh, struct err *err)
{
	const char *expr = args_value(&sh->args, "fileregex");
	regex_t regex;

	if (expr == NULL)
		return ERR_OK;
	if (compile(expr, &regex, err) != ERR_OK)
		return err->code;
	regfree(&regex);
	return ERR_OK;
}

static enum err_code
mark_words(struct shell *sh, struct restore *r, struct tree *t, struct err *err)
{
	for (size_t i = 0; i < r->paths.n; i++)
		if (mark_path(t, r->paths.v[i], TREE_SELF) == 0)
			out_warning(sh->out, "No database record found for: %s\n", r->paths.v[i]);
	for (size_t i = 0; i < r->dirs.n; i++)
		if (mark_path(t, r->dirs.v[i], TREE_FILES_IN) == 0)
			out_warning(sh->out, "No database record found for: %s\n", r->dirs.v[i]);
	const char *expr = args_value(&sh->args, "fileregex");
	regex_t regex;
	if (expr == NULL)
		return ERR_OK;
	if (compile(expr, &regex, err) != ERR_OK)
		return err->code;
	struct marker m = { .t = t, .regex = &regex };
	tree_walk(t, tree_root(t), mark_regex, &m);
	regfree(&regex);
	return ERR_OK;
}

/* ---- no file rows any more ---- */

/* Jobs that saved files of which the catalog knows none (any more), said by their ids. */
static enum err_code
find_pruned(struct restore *r, const uint64_t *job_rows, struct buf *ids, struct err *err)
{
	for (size_t i = 0; i < r->n_ids; i++) {
		struct cat_job job;
		bool found = false;

		if (job_rows[i] > 0)
			continue;
		if (cat_job_get(r->c, r->ids[i], &job, &found, err) != ERR_OK)
			return err->code;
		if (!found)
			return err_set(err, ERR_CONFIG, "JobId %u was deleted meanwhile.",
				       r->ids[i]);
		if (job.job_files > 0)
			buf_text(ids, "%s%u", ids->len > 0 ? "," : "", r->ids[i]);
	}
	return ERR_OK;
}

/* A tree without the files of such a job would be taken for all there is. */
static enum err_code
restore_whole(struct shell *sh, struct restore *r, const char *pruned, struct err *err)
{
	bool yes = args_has(&sh->args, "all") || args_has(&sh->args, "yes");

	if (r->paths.n + r->dirs.n > 0 || args_value(&sh->args, "fileregex") != NULL)
		return err_set(
			err, ERR_CONFIG,
			"The file records of JobId(s) %s were pruned: only all of the jobs can be "
			"restored",
			pruned);
	out_text(sh->out,
		 "For one or more of the JobIds selected, no files were found,\n"
		 "so file selection is not possible.\n"
		 "Most likely your retention policy pruned the files.\n"
		 "JobIds without files: %s\n",
		 pruned);
	if (!yes && ask_yesno(sh, &yes, err,
			      "\nDo you want to restore all the files? (yes|no): ") != ERR_OK)
		return err->code;
	return yes ? ERR_OK : err_set(err, ERR_CANCELED, "No files selected to be restored.");
}

enum err_code
restore_choose_files(struct shell *sh, struct restore *r, struct tree **out, struct err *err)
{
	bool all = args_has(&sh->args, "all"), done = args_has(&sh->args, "done");
	bool named = r->paths.n + r->dirs.n > 0 || args_value(&sh->args, "fileregex") != NULL;
	OWNED(tree_freep) struct tree *t = tree_new();
	OWNED(freep) uint64_t *job_rows = NEW_ARRAY(uint64_t, r->n_ids + 1);
	OWNED(buf_release) struct buf pruned = BUF_INIT(1u << 24);

	if (judge_regex(sh, err) != ERR_OK || fill_tree(sh, r, t, job_rows, err) != ERR_OK ||
	    find_pruned(r, job_rows, &pruned, err) != ERR_OK)
		return err->code;
	if (pruned.len > 0)
		return restore_whole(sh, r, buf_str(&pruned), err);
	if (tree_count(t) == 0)
		return err_set(err, ERR_CONFIG, "%s saved no files: there is nothing to restore.",
			       r->n_ids == 1 ? "This job" : "These jobs");
	if (all && !named)
		(void)tree_mark_all(t);
	out_text(sh->out, "%s file%s inserted into the tree%s\n", U64_COMMAS(tree_count(t)),
		 tree_count(t) == 1 ? "" : "s",
		 all && !named ? " and marked for extraction." : ".");
	if (mark_words(sh, r, t, err) != ERR_OK)
		return err->code;
	if (!done && !named) {
		if (sh->batch && !all)
			return err_set(err, ERR_CONFIG,
				       "restore: say all, file= or directory=, and done, in batch "
				       "mode");
		if (!sh->batch && tree_shell(sh, t, err) != ERR_OK)
			return err->code;
	}
	r->files = tree_marked(t);
	if (r->files == 0)
		return err_set(err, ERR_CANCELED, "No files selected to be restored.");
	*out = TAKE_PTR(t);
	return ERR_OK;
}
