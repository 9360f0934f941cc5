#include "director/shell/shell_internal.h"

#include <string.h>

bool
acl_allows(const struct shell *sh, enum acl_kind kind, const char *item)
{
	return sh->console == NULL || dir_console_allows(sh->console, kind, item);
}

/* 1: "*all*" comes first; -1: a denial comes first; 0: neither. */
static int
open_list(const struct conf_acl *acl)
{
	for (size_t i = 0; i < acl->entry.n; i++) {
		const char *e = acl->entry.v[i];

		if (e[0] == '!')
			return -1;
		if (args_is_prefix(e, "*all*") && args_is_prefix("*all*", e))
			return 1;
	}
	return 0;
}

bool
acl_unrestricted(const struct shell *sh, enum acl_kind kind)
{
	const struct dir_console *c = sh->console;

	if (c == NULL)
		return true;
	int open = open_list(&c->acl[kind]);
	for (size_t i = 0; open == 0 && i < c->n_profile; i++)
		open = open_list(&c->profile[i]->acl[kind]);
	return open > 0;
}

bool
acl_filters(const struct shell *sh, enum acl_kind kind)
{
	return !acl_unrestricted(sh, kind);
}

static bool
has_dot_dot(const char *path)
{
	for (const char *p = path; *p != '\0';) {
		size_t n = strcspn(p, "/");

		if (n == 2 && p[0] == '.' && p[1] == '.')
			return true;
		p += n + (p[n] == '/');
	}
	return false;
}

bool
acl_allows_where(const struct shell *sh, const char *where)
{
	return acl_allows(sh, ACL_WHERE, where) &&
	       (acl_unrestricted(sh, ACL_WHERE) || !has_dot_dot(where));
}

bool
acl_allows_rewrite(const struct shell *sh, const char *regex)
{
	return acl_allows(sh, ACL_WHERE, regex) && acl_allows(sh, ACL_WHERE, "/");
}

enum err_code
acl_need_whole_site(const struct shell *sh, const char *what, struct err *err)
{
	if (acl_unrestricted(sh, ACL_JOB) && acl_unrestricted(sh, ACL_CLIENT))
		return ERR_OK;
	return err_set(err, ERR_CONFIG,
		       "%s reads files of the director's host: not authorized for a console that "
		       "may not see all jobs and clients",
		       what);
}
