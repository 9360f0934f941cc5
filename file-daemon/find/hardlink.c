/* file-daemon/find/hardlink.c - inodes met before in this job */
#include "file-daemon/find/hardlink.h"

#include "lib/base/hash.h"

struct node {
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
		free(n->link.digest);
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

bool
link_is_of(const struct link *l, const struct stat *st)
{
	return l->key.dev == st->st_dev && l->key.ino == st->st_ino;
}

struct link *
link_table_meet(struct link_table *t, const struct stat *st, struct bytes path, bool *first)
{
	struct link_key key = { .dev = st->st_dev,
				.ino = st->st_ino,
				.size = (uint64_t)st->st_size,
				.mtime_s = st->st_mtim.tv_sec,
				.mtime_ns = (uint32_t)st->st_mtim.tv_nsec,
				.kind = st->st_mode & S_IFMT };
	struct node *n;

	HASH_FIND(hh, t->nodes, &key, sizeof(key), n);
	*first = n == NULL;
	if (n != NULL)
		return &n->link;
	n = mem_zalloc(1, sizeof(*n) + path.n + 1);
	n->link.key = key;
	memcpy(n->path, path.p, path.n);
	n->link.path = bytes_of(n->path, path.n);
	HASH_ADD(hh, t->nodes, link.key, sizeof(n->link.key), n);
	return &n->link;
}
