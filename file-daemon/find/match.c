/* file-daemon/find/match.c - the matching order of the FileSet */
#include "file-daemon/find/match.h"

#include <fnmatch.h>
#include <string.h>

/* Lists in the order they are tried, and for what.  Spec: config.md 1.14 */
struct list_row {
	enum pattern_list list;
	bool dirs, files;
};

static const struct list_row order[] = {
	{ PAT_WILD_DIR, true, false },  { PAT_WILD_FILE, false, true },
	{ PAT_WILD_BASE, false, true }, { PAT_WILD, true, true },
	{ PAT_REGEX_DIR, true, false }, { PAT_REGEX_FILE, false, true },
	{ PAT_REGEX, true, true },
};

static const struct file_options no_options;

static bool
pattern_hits(const struct pattern *p, enum pattern_list list, const struct file_options *o,
	     const char *path)
{
	int flags = (o->flags & OPT_IGNORE_CASE) != 0 ? FNM_CASEFOLD : 0;
	const char *name = path;

	if (p->re != NULL)
		return regexec(p->re, path, 0, NULL, 0) == 0;
	if ((o->flags & OPT_ENHANCED_WILD) != 0) {
		flags |= FNM_PATHNAME;
		if (list == PAT_WILD_BASE && strrchr(path, '/') != NULL)
			name = strrchr(path, '/') + 1;
	}
	return fnmatch(p->text, name, flags) == 0;
}

static const struct pattern *
find_hit(const struct file_options *o, const char *path, bool is_dir)
{
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		const struct pattern_array *a = &o->patterns[order[i].list];

		if (!(is_dir ? order[i].dirs : order[i].files))
			continue;
		for (size_t k = 0; k < a->n; k++)
			if (pattern_hits(&a->v[k], order[i].list, o, path))
				return &a->v[k];
	}
	return NULL;
}

static bool
has_patterns(const struct file_options *o)
{
	for (size_t i = 0; i < PAT_LISTS; i++)
		if (o->patterns[i].n > 0)
			return true;
	return false;
}

static bool
excluded(const struct fileset *fs, const char *path, const char **pattern)
{
	for (size_t i = 0; i < fs->n; i++) {
		const struct fileset_block *b = &fs->blocks[i];
		bool fold = b->n_options > 0 &&
			    (b->options[b->n_options - 1].flags & OPT_IGNORE_CASE) != 0;

		if (!b->is_exclude)
			continue;
		for (size_t k = 0; k < b->files.n; k++) {
			if (fnmatch(b->files.v[k], path, fold ? FNM_CASEFOLD : 0) != 0)
				continue;
			*pattern = b->files.v[k];
			return true;
		}
	}
	return false;
}

/* What the Options blocks of the Include say, Exclude blocks not asked. */
static struct match
match_options(const struct fileset_block *include, const char *path, bool is_dir)
{
	struct match m = { true, MATCH_TAKEN_BY_DEFAULT, &no_options, NULL };

	for (size_t i = 0; i < include->n_options; i++) {
		const struct file_options *o = &include->options[i];
		const struct pattern *hit = find_hit(o, path, is_dir);
		bool out = (o->flags & OPT_EXCLUDE) != 0;

		m.options = o;
		if (hit != NULL)
			return (struct match){ !out,
					       out ? MATCH_OUT_BY_PATTERN : MATCH_TAKEN_BY_PATTERN,
					       o, hit->text };
		if (out && !has_patterns(o))
			return (struct match){ false, MATCH_OUT_BY_BLOCK, o, NULL };
	}
	return m;
}

struct match
fileset_match(const struct fileset *fs, const struct fileset_block *include, const char *path,
	      bool is_dir)
{
	struct match m = match_options(include, path, is_dir);

	if (m.take && excluded(fs, path, &m.pattern)) {
		m.take = false;
		m.reason = MATCH_OUT_BY_EXCLUDE;
	}
	return m;
}

const struct file_options *
fileset_top_options(const struct fileset_block *include, const char *path, bool is_dir)
{
	struct match m = match_options(include, path, is_dir);

	if (m.take || include->n_options == 0)
		return m.options;
	return &include->options[include->n_options - 1];
}

struct bytes
fileset_strip_path(struct bytes path, unsigned components)
{
	size_t at = 0;

	for (unsigned i = 0; i < components; i++) {
		const uint8_t *slash = path.n > at + 1
					       ? memchr(path.p + at + 1, '/', path.n - at - 1)
					       : NULL;

		if (slash == NULL)
			return path;
		at = (size_t)(slash - path.p);
	}
	return at + 1 < path.n ? bytes_skip(path, at) : path;
}

bool
size_match_takes(const struct size_match *m, uint64_t size)
{
	uint64_t margin = m->low / 100;

	switch (m->kind) {
	case SIZE_ANY:
		return true;
	case SIZE_ABOUT:
		return size >= m->low - margin && size - (m->low - margin) <= 2 * margin;
	case SIZE_RANGE:
		return size >= m->low && size <= m->high;
	case SIZE_BELOW:
		return size < m->low;
	case SIZE_ABOVE:
		return size > m->low;
	}
	return true;
}

const char *
match_reason_text(enum match_reason r)
{
	static const char *const texts[] = { "taken", "taken by a pattern", "left out by a pattern",
					     "left out by an Options block",
					     "left out by an Exclude block" };

	return texts[r];
}
