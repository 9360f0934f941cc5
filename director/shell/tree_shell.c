#include "director/shell/tree_shell.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/proto/attr_record.h"

#define PATH_TEXT_MAX (1u << 20)

struct tree_session {
	struct shell *sh;
	struct tree *t;
	uint32_t cwd;
	bool done, aborted;
	/* of the command that runs */
	bool machine; /* a dot command */
	bool matched; /* the pattern named something */
	tree_visit *visit;
	bool on; /* mark, not unmark */
	enum tree_scope scope;
	bool only_dirs; /* markdir, .lsdir */
	uint32_t changed;
	unsigned depth;
};

typedef void tree_command(struct tree_session *s, const struct args *a);

/* ---- printing one item ---- */

static bool
print_name(void *arg, const struct tree_item *item)
{
	struct tree_session *s = (struct tree_session *)arg;
	char tag = (char)tree_item_tag(s->t, item);

	if (s->only_dirs && !item->is_dir)
		return true;
	if (!s->machine && tag != ' ')
		out_put(s->sh->out, &tag, 1);
	out_name(s->sh->out, tree_item_name(s->t, item));
	out_text(s->sh->out, item->is_dir && tree_item_name(s->t, item).p[0] != '/' ? "/\n" : "\n");
	return true;
}

static bool
print_path(void *arg, const struct tree_item *item)
{
	struct tree_session *s = (struct tree_session *)arg;
	OWNED(buf_release) struct buf path = BUF_INIT(PATH_TEXT_MAX);
	char tag = (char)tree_item_tag(s->t, item);

	tree_item_path(s->t, item, &path);
	if (tag != ' ')
		out_put(s->sh->out, &tag, 1);
	out_name(s->sh->out, buf_bytes(&path));
	out_text(s->sh->out, "\n");
	return true;
}

/* "drwxr-xr-x" */
static void
mode_text(int64_t mode, char out[static 11])
{
	static const char bits[] = "rwxrwxrwx";
	static const struct {
		unsigned type;
		char letter;
	} types[] = { { S_IFDIR, 'd' }, { S_IFLNK, 'l' }, { S_IFCHR, 'c' },
		      { S_IFBLK, 'b' }, { S_IFIFO, 'p' }, { S_IFSOCK, 's' } };
	unsigned m = (unsigned)mode;

	out[0] = '-';
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if ((m & S_IFMT) == types[i].type)
			out[0] = types[i].letter;
	for (unsigned i = 0; i < 9; i++)
		out[i + 1] = (m & (0400u >> i)) != 0 ? bits[i] : '-';
	if ((m & S_ISUID) != 0)
		out[3] = (m & 0100) != 0 ? 's' : 'S';
	if ((m & S_ISGID) != 0)
		out[6] = (m & 0010) != 0 ? 's' : 'S';
	if ((m & S_ISVTX) != 0)
		out[9] = (m & 0001) != 0 ? 't' : 'T';
	out[10] = '\0';
}

/* Name of a user or group on this host; the number when there is none. */
static void
owner_text(int64_t id, bool group, char *out, size_t cap)
{
	char space[4096];

	(void)snprintf(out, cap, "%lld", (long long)id);
	if (group) {
		struct group g, *found = NULL;

		if (getgrgid_r((gid_t)id, &g, space, sizeof(space), &found) == 0 && found != NULL)
			(void)snprintf(out, cap, "%s", found->gr_name);
	} else {
		struct passwd p, *found = NULL;

		if (getpwuid_r((uid_t)id, &p, space, sizeof(space), &found) == 0 && found != NULL)
			(void)snprintf(out, cap, "%s", found->pw_name);
	}
}

static bool
print_long(void *arg, const struct tree_item *item)
{
	struct tree_session *s = (struct tree_session *)arg;
	OWNED(buf_release) struct buf path = BUF_INIT(PATH_TEXT_MAX);
	struct err ignored = ERR_INIT;
	struct lstat_fields f = { 0 };
	char mode[11], user[64], group[64], when[32], size[24];

	if (lstat_parse(tree_item_lstat(s->t, item), &f, &ignored) != ERR_OK)
		f = (struct lstat_fields){ .mode = item->is_dir ? S_IFDIR : 0 };
	mode_text(f.mode, mode);
	owner_text(f.uid, false, user, sizeof(user));
	owner_text(f.gid, true, group, sizeof(group));
	clock_format(f.mtime, "%Y-%m-%d %H:%M:%S", when, sizeof(when));
	(void)snprintf(size, sizeof(size), "%lld", (long long)f.size);
	tree_item_path(s->t, item, &path);
	char tag = (char)tree_item_tag(s->t, item);
	if (s->machine)
		out_text(s->sh->out, "%s,%d,%d(%.8s),%d(%.8s),%s,%s,%c,", mode, (int)f.nlink,
			 (int)f.uid, user, (int)f.gid, group, size, when, tag);
	else
		out_text(s->sh->out, "%s  %2d %d (%.8s) %d (%.8s)  %12.12s  %s %c ", mode,
			 (int)f.nlink, (int)f.uid, user, (int)f.gid, group, size, when, tag);
	out_name(s->sh->out, buf_bytes(&path));
	out_text(s->sh->out, "\n");
	return !out_broken(s->sh->out);
}

/* ---- commands ---- */

static bool
visit_match(void *arg, const struct tree_item *item)
{
	struct tree_session *s = (struct tree_session *)arg;

	s->matched = true;
	return s->visit(arg, item);
}

static void
each_pattern(struct tree_session *s, const struct args *a, bool deep, tree_visit *visit)
{
	for (size_t i = 1; i < a->n; i++) {
		OWNED(freep) char *pattern = args_word(a, i);

		s->matched = false;
		s->visit = visit;
		tree_match(s->t, s->cwd, bytes_str(pattern), deep, visit_match, s);
		if (!s->matched && !s->machine)
			out_text(s->sh->out, "Nothing is called %s here.\n", pattern);
	}
}

/* A pattern that names a directory, like "ls dir", lists what is in it. */
static bool
list_inside(void *arg, const struct tree_item *item)
{
	struct tree_session *s = (struct tree_session *)arg;

	if (!item->is_dir)
		return print_name(arg, item);
	tree_list(s->t, item->dir, print_name, s);
	return true;
}

static bool
list_inside_long(void *arg, const struct tree_item *item)
{
	struct tree_session *s = (struct tree_session *)arg;

	if (!item->is_dir)
		return print_long(arg, item);
	tree_list(s->t, item->dir, print_long, s);
	return true;
}

static bool
is_plain_name(const struct args *a)
{
	return a->n == 2 && strpbrk(a->v[1].key, "*?[") == NULL &&
	       (a->v[1].value == NULL || strpbrk(a->v[1].value, "*?[") == NULL);
}

static void
do_ls(struct tree_session *s, const struct args *a)
{
	if (a->n < 2)
		tree_list(s->t, s->cwd, print_name, s);
	else
		each_pattern(s, a, false, is_plain_name(a) ? list_inside : print_name);
}

static void
do_lsdir(struct tree_session *s, const struct args *a)
{
	s->only_dirs = true;
	do_ls(s, a);
}

static void
do_dir(struct tree_session *s, const struct args *a)
{
	if (a->n < 2)
		tree_list(s->t, s->cwd, print_long, s);
	else
		each_pattern(s, a, false, is_plain_name(a) ? list_inside_long : print_long);
}

static void
do_find(struct tree_session *s, const struct args *a)
{
	if (a->n < 2)
		out_text(s->sh->out, "No file specification given.\n");
	each_pattern(s, a, true, print_path);
}

static void
print_cwd(struct tree_session *s)
{
	OWNED(buf_release) struct buf path = BUF_INIT(PATH_TEXT_MAX);

	tree_dir_path(s->t, s->cwd, &path);
	if (!s->machine)
		out_text(s->sh->out, "cwd is: ");
	out_name(s->sh->out, buf_bytes(&path));
	out_text(s->sh->out, "\n");
}

static void
do_pwd(struct tree_session *s, UNUSED const struct args *a)
{
	print_cwd(s);
}

struct first_dir {
	uint32_t dir;
};

static bool
take_dir(void *arg, const struct tree_item *item)
{
	struct first_dir *f = (struct first_dir *)arg;

	if (!item->is_dir)
		return true;
	f->dir = item->dir;
	return false;
}

static void
do_cd(struct tree_session *s, const struct args *a)
{
	struct first_dir f = { TREE_NONE };

	if (a->n != 2) {
		out_text(s->sh->out, "Too few or too many arguments. Try using double quotes.\n");
		return;
	}
	OWNED(freep) char *name = args_word(a, 1);
	f.dir = tree_cd(s->t, s->cwd, bytes_str(name));
	if (f.dir == TREE_NONE)
		tree_match(s->t, s->cwd, bytes_str(name), false, take_dir, &f);
	if (f.dir == TREE_NONE) {
		out_text(s->sh->out, "Invalid path given.\n");
		return;
	}
	s->cwd = f.dir;
	print_cwd(s);
}

static bool
mark_item(void *arg, const struct tree_item *item)
{
	struct tree_session *s = (struct tree_session *)arg;

	if (!s->only_dirs || item->is_dir)
		s->changed += tree_mark(s->t, item, s->on, s->scope);
	return true;
}

static void
mark(struct tree_session *s, const struct args *a, const char *noun, const char *plural)
{
	if (a->n < 2) {
		out_text(s->sh->out, "No file specification given.\n");
		return;
	}
	each_pattern(s, a, false, mark_item);
	const char *what = s->on ? "marked" : "unmarked";
	if (s->changed == 0)
		out_text(s->sh->out, "No %s newly %s.\n", plural, what);
	else if (s->changed == 1)
		out_text(s->sh->out, "1 %s newly %s.\n", noun, what);
	else
		out_text(s->sh->out, "%s %s newly %s.\n", U64_COMMAS(s->changed), plural, what);
}

static void
do_mark(struct tree_session *s, const struct args *a)
{
	s->on = true;
	mark(s, a, "file", "files");
}

static void
do_unmark(struct tree_session *s, const struct args *a)
{
	s->on = false;
	mark(s, a, "file", "files");
}

static void
do_markdir(struct tree_session *s, const struct args *a)
{
	s->on = true;
	s->scope = TREE_SELF;
	s->only_dirs = true;
	mark(s, a, "directory", "directories");
}

static void
do_unmarkdir(struct tree_session *s, const struct args *a)
{
	s->on = false;
	s->scope = TREE_SELF;
	s->only_dirs = true;
	mark(s, a, "directory", "directories");
}

/* Marked entries below, indented by depth. */
static bool
print_marked(void *arg, const struct tree_item *item)
{
	struct tree_session *s = (struct tree_session *)arg;
	enum tree_tag tag = tree_item_tag(s->t, item);

	if (tag == TREE_TAG_NONE && !item->is_dir)
		return true;
	if (item->is_dir && tag == TREE_TAG_NONE)
		return true;
	for (unsigned i = 0; i < s->depth && !s->machine; i++)
		out_text(s->sh->out, "  ");
	(void)print_name(s, item);
	if (item->is_dir) {
		s->depth++;
		tree_list(s->t, item->dir, print_marked, s);
		s->depth--;
	}
	return !out_broken(s->sh->out);
}

static void
do_lsmark(struct tree_session *s, UNUSED const struct args *a)
{
	tree_list(s->t, s->cwd, print_marked, s);
}

static void
do_count(struct tree_session *s, UNUSED const struct args *a)
{
	out_text(s->sh->out, "%s total files/dirs. %s marked to be restored.\n",
		 U64_COMMAS(tree_count(s->t)), U64_COMMAS(tree_marked(s->t)));
}

static void
do_estimate(struct tree_session *s, UNUSED const struct args *a)
{
	out_text(s->sh->out, "%s total files; %s marked to be restored; %s bytes.\n",
		 U64_COMMAS(tree_count(s->t)), U64_COMMAS(tree_marked(s->t)),
		 U64_COMMAS(tree_marked_bytes(s->t)));
}

static void
do_done(struct tree_session *s, UNUSED const struct args *a)
{
	s->done = true;
}

static void
do_abort(struct tree_session *s, UNUSED const struct args *a)
{
	s->done = true;
	s->aborted = true;
}

static tree_command do_help;

/* clang-format off */
static const struct tree_verb {
	const char *name;
	tree_command *run;
	const char *help;
} verbs[] = {
	{ "abort",     do_abort,     "abort the restore" },
	{ "add",       do_mark,      "mark files to be restored, recursively" },
	{ "cd",        do_cd,        "change the directory" },
	{ "count",     do_count,     "count marked files" },
	{ "delete",    do_unmark,    "unmark files, recursively" },
	{ "dir",       do_dir,       "long list of the directory, wildcards allowed" },
	{ ".dir",      do_dir,       NULL },
	{ "done",      do_done,      "leave the file selection and restore" },
	{ "estimate",  do_estimate,  "estimate the size of the restore" },
	{ "exit",      do_done,      "same as done" },
	{ ".exit",     do_done,      NULL },
	{ "find",      do_find,      "find files, wildcards allowed" },
	{ "help",      do_help,      "print this help" },
	{ ".help",     do_help,      NULL },
	{ "ls",        do_ls,        "list the directory, wildcards allowed" },
	{ ".ls",       do_ls,        NULL },
	{ ".lsdir",    do_lsdir,     NULL },
	{ "lsmark",    do_lsmark,    "list the marked files below the directory" },
	{ ".lsmark",   do_lsmark,    NULL },
	{ "mark",      do_mark,      "mark files to be restored, recursively" },
	{ ".mark",     do_mark,      NULL },
	{ "markdir",   do_markdir,   "mark a directory's own entry, without what is in it" },
	{ ".markdir",  do_markdir,   NULL },
	{ "pwd",       do_pwd,       "print the directory" },
	{ ".pwd",      do_pwd,       NULL },
	{ "quit",      do_abort,     "abort the restore" },
	{ "unmark",    do_unmark,    "unmark files, recursively" },
	{ ".unmark",   do_unmark,    NULL },
	{ "unmarkdir", do_unmarkdir, "unmark a directory's own entry, without what is in it" },
	{ "?",         do_help,      "print this help" },
};
/* clang-format on */

static void
do_help(struct tree_session *s, UNUSED const struct args *a)
{
	if (!s->machine)
		out_text(s->sh->out, "  Command    Description\n  =======    ===========\n");
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (verbs[i].help == NULL)
			continue;
		if (s->machine)
			out_text(s->sh->out, "%s\n", verbs[i].name);
		else
			out_text(s->sh->out, "  %-10s %s\n", verbs[i].name, verbs[i].help);
	}
	if (!s->machine)
		out_text(s->sh->out, "\n");
}

/* Exact, or the abbreviation of one; the first of the table when several begin like it. */
static const struct tree_verb *
find_verb(const char *word)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcasecmp(word, verbs[i].name) == 0)
			return &verbs[i];
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (args_is_prefix(word, verbs[i].name))
			return &verbs[i];
	return NULL;
}

static void
run_line(struct tree_session *s, const char *line)
{
	OWNED(args_release) struct args a = { 0 };
	struct err e = ERR_INIT;

	if (args_parse(line, &a, &e) != ERR_OK) {
		out_text(s->sh->out, "%s\n", e.text);
		return;
	}
	if (a.n == 0)
		return;
	const struct tree_verb *verb = find_verb(a.v[0].key);
	if (verb == NULL) {
		out_text(s->sh->out, "Invalid command \"%s\". Enter \"done\" to exit.\n",
			 a.v[0].key);
		return;
	}
	s->machine = verb->name[0] == '.';
	s->only_dirs = false;
	s->scope = TREE_ALL_BELOW;
	s->changed = 0;
	s->depth = 0;
	verb->run(s, &a);
}

enum err_code
tree_shell(struct shell *sh, struct tree *t, struct err *err)
{
	struct tree_session s = { .sh = sh, .t = t, .cwd = tree_root(t) };
	enum err_code rc = ERR_OK;

	out_text(sh->out, "\nYou are now entering file selection mode where you add (mark) and\n"
			  "remove (unmark) files to be restored. No files are initially added, "
			  "unless\nyou used the \"all\" keyword on the command line.\n"
			  "Enter \"done\" to leave this mode, \"help\" for the commands.\n\n");
	out_signal(sh->out, FRAME_START_RTREE);
	print_cwd(&s);
	while (!s.done && rc == ERR_OK) {
		OWNED(freep) char *line = NULL;

		rc = ask_line(sh, "$ ", true, &line, err);
		if (rc == ERR_OK && strcmp(line, ".") == 0)
			do_abort(&s, NULL);
		else if (rc == ERR_OK)
			run_line(&s, line);
	}
	out_signal(sh->out, FRAME_END_RTREE);
	if (rc == ERR_OK && s.aborted)
		rc = err_set(err, ERR_CANCELED, "Restore not done.");
	return rc;
}
