#include "storage-daemon/tools/name_list.h"

#include <fnmatch.h>

#include "lib/base/fd.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"

#define LIST_MAX (16u * 1024 * 1024)

struct name_list {
	char **v; /* owned, each owned */
	size_t n, cap;
};

void
name_list_add(struct name_list **l, const char *line)
{
	size_t len = strlen(line);

	if (*l == NULL)
		*l = NEW(struct name_list);
	while (len > 1 && line[len - 1] == '/')
		len--;
	if (len == 0)
		return;
	(*l)->v = (char **)mem_grow((*l)->v, (*l)->n, &(*l)->cap, sizeof(*(*l)->v));
	(*l)->v[(*l)->n++] = str_ndup(line, len);
}

enum err_code
name_list_read(const char *path, struct name_list **out, struct err *err)
{
	OWNED(name_list_freep) struct name_list *l = NEW(struct name_list);
	OWNED(buf_release) struct buf text = BUF_INIT(LIST_MAX);
	char *line, *next;

	if (fd_read_file(path, &text, err) != ERR_OK)
		return err->code;
	(void)buf_str(&text);
	for (line = (char *)text.p; line != NULL; line = next) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		name_list_add(&l, line);
	}
	*out = TAKE_PTR(l);
	return ERR_OK;
}

void
name_list_free(struct name_list *l)
{
	if (l == NULL)
		return;
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	free(l);
}

void
name_list_freep(struct name_list **l)
{
	name_list_free(*l);
	*l = NULL;
}

static bool
line_has(const char *line, struct bytes name, const char *text)
{
	size_t n = strlen(line);

	if (strpbrk(line, "*?[") != NULL)
		return fnmatch(line, text, FNM_LEADING_DIR) == 0;
	if (!bytes_starts(name, line))
		return false;
	return name.n == n || name.p[n] == '/' || line[n - 1] == '/';
}

bool
name_list_has(const struct name_list *l, struct bytes name)
{
	OWNED(freep) char *text = str_ndup((const char *)name.p, name.n);

	for (size_t i = 0; i < l->n; i++)
		if (line_has(l->v[i], name, text))
			return true;
	return false;
}
