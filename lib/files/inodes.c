#include "lib/files/inodes.h"

static struct inode_key
key_of(const struct stat *st)
{
	struct inode_key key = { 0 };

	key.dev = st->st_dev;
	key.ino = st->st_ino;
	return key;
}

void
inodes_release(struct inodes *s)
{
	struct inode_row *row, *next;

	HASH_ITER (hh, s->rows, row, next)
		inodes_drop(s, row);
}

struct inode_row *
inodes_find(const struct inodes *s, const struct stat *st)
{
	struct inode_key key = key_of(st);
	struct inode_row *row;

	HASH_FIND(hh, s->rows, &key, sizeof(key), row);
	return row;
}

struct inode_row *
inodes_add(struct inodes *s, const struct stat *st)
{
	struct inode_row *row = inodes_find(s, st);

	if (row != NULL)
		return row;
	row = NEW(struct inode_row);
	row->key = key_of(st);
	HASH_ADD(hh, s->rows, key, sizeof(row->key), row);
	return row;
}

void
inodes_drop(struct inodes *s, struct inode_row *row)
{
	HASH_DEL(s->rows, row);
	free(row);
}
