/*
 * lib/conf/acl.c - access lists: which entries are legal, and what an entry matches
 *
 * Spec: config.md 1.10
 */
#include "lib/conf/value_set.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "lib/base/regexp.h"

enum err_code
conf_acl_entry_check(const char *entry, struct err *err)
{
	size_t n = strlen(entry);

	if (n == 0 || n > 127)
		return err_set(err, ERR_CONFIG, "an access list entry has 1 to 127 bytes, not %zu",
			       n);
	for (const unsigned char *p = (const unsigned char *)entry; *p != '\0'; p++)
		if (!(isascii(*p) && isalnum(*p)) && strchr("!()[]|+?*.:_-'/ ", *p) == NULL)
			return err_set(err, ERR_CONFIG,
				       "an access list entry may hold letters, digits and "
				       "! ( ) [ ] | + ? * . : _ - ' /, not \"%.1s\"",
				       (const char *)p);
	return ERR_OK;
}

static bool
is_expression(const char *pattern)
{
	return strpbrk(pattern, ".()[]|^$+?*,") != NULL;
}

bool
conf_acl_entry_has_effect(const char *entry)
{
	const char *pattern = entry + (entry[0] == '!');
	struct err why = ERR_INIT;
	regex_t re;

	if (strcasecmp(pattern, "*all*") == 0 || !is_expression(pattern))
		return true;
	if (regexp_compile(pattern, REG_EXTENDED | REG_ICASE, &re, &why) != ERR_OK)
		return false;
	regfree(&re);
	return true;
}

static bool
entry_matches(const char *pattern, const char *item)
{
	struct err why = ERR_INIT;
	regmatch_t m;
	regex_t re;
	bool hit;

	if (strcasecmp(pattern, "*all*") == 0 || strcasecmp(pattern, item) == 0)
		return true;
	if (!is_expression(pattern))
		return false;
	if (regexp_compile(pattern, REG_EXTENDED | REG_ICASE, &re, &why) != ERR_OK)
		return false;
	hit = regexec(&re, item, 1, &m, 0) == 0 && (size_t)(m.rm_eo - m.rm_so) == strlen(item);
	regfree(&re);
	return hit;
}

enum acl_verdict
conf_acl_match(const struct conf_acl *acl, const char *item)
{
	for (size_t i = 0; i < acl->entry.n; i++) {
		const char *entry = acl->entry.v[i];
		bool deny = entry[0] == '!';

		if (entry_matches(entry + deny, item))
			return deny ? ACL_DENY : ACL_ALLOW;
	}
	return ACL_NO_MATCH;
}
