/* file-daemon/find/hardlink.c - inodes met before in this job */
#include "file-daemon/find/hardlink.h"

#include "lib/base/hash.h"

struct inode_key {
	uint64_t dev, ino;
};

struct node {
	struct inode_key key;
	struct link link;
	UT_hash_handle hh;
	uint8_t path[]; /* NUL behind it */
};

struct link_table {
	struct node *nodes; /* owned, uthash */
};

struct link_table *
link_table_new(void)
{
	return NEW(struct link_table);
}

void
link_table_free(struct link_table *t)
{
	struct node *n, *next;

	if (t == NULL)
		return;
	HASH_ITER (hh, t->nodes, n, next) {
		HASH_DEL(t->nodes, n);
		free(n->link.saved_as);
		free(n);
	}
	free(t);
}

void
link_table_freep(struct link_table **t)
{
	link_table_free(*t);
}

struct bytes
link_saved_name(const struct link *l)
{
	return l->saved_as != NULL ? bytes_str(l->saved_as) : l->path;
}

struct link *
link_table_meet(struct link_table *t, const struct stat *st, struct bytes path, bool *first)
{
	struct inode_key key = { st->st_dev, st->st_ino };
	struct node *n;

	HASH_FIND(hh, t->nodes, &key, sizeof(key), n);
	*first = n == NULL;
	if (n != NULL)
		return &n->link;
	n = mem_zalloc(1, sizeof(*n) + path.n + 1);
	n->key = key;
	memcpy(n->path, path.p, path.n);
	n->link.path = bytes_of(n->path, path.n);
	HASH_ADD(hh, t->nodes, key, sizeof(n->key), n);
	return &n->link;
}
