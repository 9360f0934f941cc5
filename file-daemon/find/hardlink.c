/*
 * file-daemon/find/hardlink.c - inodes met before in this job
 *
 * A record for each link, and one more with its name for each that was saved, one behind the other.
 * A hash table finds the record of an inode.  Trees of snapshots are walked in the same order again
 * and again: the records lie in the order in which they are looked up.
 */
#include "file-daemon/find/hardlink.h"

#include "lib/base/hash.h"
#include "lib/base/own.h"
#include "lib/base/spill.h"
#include "lib/base/sync.h"
#include "lib/proto/attr_record.h"

#define RECORDS_MEMORY (2u * 1024u * 1024u)
#define INDEX_MEMORY   (4u * 1024u * 1024u) /* is read here and there */
#define BUCKET_SLOTS   16u
#define BITS_FIRST     4u

/* A file as it was met; no padding, it is hashed. */
struct link_key {
	uint64_t dev, ino, size;
	int64_t mtime_s;
	uint32_t mtime_ns, kind;
};

/* The number of a link is where its record begins, and 1. */
struct record {
	struct link_key key;
	uint64_t saved; /* where its struct link_saved begins, and 1; 0: nowhere */
};

struct slot {
	uint64_t hash, link; /* link 0: free; behind a free slot is none in use */
};

struct bucket {
	struct slot slots[BUCKET_SLOTS];
};

struct link_table {
	struct mutex lock;
	char *directory;                         /* owned */
	struct spill *records GUARDED_BY(&lock); /* owned, as index */
	struct spill *index GUARDED_BY(&lock);   /* buckets: two to the power of bits */
	unsigned bits GUARDED_BY(&lock);
	uint64_t n_links GUARDED_BY(&lock);
	struct err failed GUARDED_BY(&lock);
};

static struct spill *
new_index(const struct link_table *t, unsigned bits)
{
	return spill_new(t->directory, INDEX_MEMORY, sizeof(struct bucket) << bits);
}

struct link_table *
link_table_new(const char *directory) NO_ANALYSIS /* nobody else knows it yet */
{
	struct link_table *t = NEW(struct link_table);

	mutex_init(&t->lock, RANK_LEAF);
	t->directory = str_dup(directory);
	t->records = spill_new(directory, RECORDS_MEMORY, 0);
	t->index = new_index(t, BITS_FIRST);
	t->bits = BITS_FIRST;
	return t;
}

void
link_table_free(struct link_table *t) NO_ANALYSIS /* nobody else knows it any more */
{
	if (t == NULL)
		return;
	spill_free(t->records);
	spill_free(t->index);
	mutex_release(&t->lock);
	free(t->directory);
	free(t);
}

void
link_table_freep(struct link_table **t)
{
	link_table_free(*t);
}

/* ---- the hash table ---- */

/* Where to look first: by the upper bits, so that a wider table is in the same order. */
static uint64_t
first_bucket(uint64_t hash, unsigned bits)
{
	return hash >> (64 - bits);
}

static uint64_t
next_bucket(uint64_t i, unsigned bits)
{
	return (i + 1) & ((UINT64_C(1) << bits) - 1);
}

static enum err_code
bucket_read(struct spill *index, uint64_t i, struct bucket *out, struct err *err)
{
	return spill_read(index, i * sizeof(*out), out, sizeof(*out), err);
}

/* Into the first free slot of its bucket or of those behind it. */
static enum err_code
slot_add(struct spill *index, unsigned bits, const struct slot *s, struct err *err)
{
	struct bucket b;

	for (uint64_t at = first_bucket(s->hash, bits);; at = next_bucket(at, bits)) {
		if (bucket_read(index, at, &b, err) != ERR_OK)
			return err->code;
		for (size_t i = 0; i < BUCKET_SLOTS; i++)
			if (b.slots[i].link == 0)
				return spill_write(index, at * sizeof(b) + i * sizeof(*s), s,
						   sizeof(*s), err);
	}
}

static enum err_code
copy_slots(struct spill *from, struct spill *to, unsigned to_bits, struct err *err)
{
	struct bucket b;

	for (uint64_t at = 0; at < spill_size(from) / sizeof(b); at++) {
		if (bucket_read(from, at, &b, err) != ERR_OK)
			return err->code;
		for (size_t i = 0; i < BUCKET_SLOTS && b.slots[i].link != 0; i++)
			if (slot_add(to, to_bits, &b.slots[i], err) != ERR_OK)
				return err->code;
	}
	return ERR_OK;
}

/* Three quarters of the slots are in use at most. */
static enum err_code
make_room_locked(struct link_table *t, struct err *err) REQUIRES(&t->lock)
{
	struct spill *wider;

	if (t->n_links < (UINT64_C(1) << t->bits) * BUCKET_SLOTS / 4 * 3)
		return ERR_OK;
	wider = new_index(t, t->bits + 1);
	if (copy_slots(t->index, wider, t->bits + 1, err) != ERR_OK) {
		spill_free(wider);
		return err->code;
	}
	spill_free(t->index);
	t->index = wider;
	t->bits++;
	return ERR_OK;
}

/* Is it the record of this key? */
static enum err_code
compare_locked(struct link_table *t, uint64_t link, const struct link_key *key, bool *same,
	       struct err *err) REQUIRES(&t->lock)
{
	struct record r;

	if (spill_read(t->records, link - 1, &r, sizeof(r), err) != ERR_OK)
		return err->code;
	*same = memcmp(&r.key, key, sizeof(*key)) == 0;
	return ERR_OK;
}

/* *link is 0 when it is not there. */
static enum err_code
find_locked(struct link_table *t, const struct link_key *key, uint64_t hash, uint64_t *link,
	    struct err *err) REQUIRES(&t->lock)
{
	struct bucket b;
	bool same;

	for (uint64_t at = first_bucket(hash, t->bits);; at = next_bucket(at, t->bits)) {
		if (bucket_read(t->index, at, &b, err) != ERR_OK)
			return err->code;
		for (size_t i = 0; i < BUCKET_SLOTS; i++) {
			*link = b.slots[i].link;
			if (*link == 0)
				return ERR_OK;
			if (b.slots[i].hash != hash)
				continue;
			if (compare_locked(t, *link, key, &same, err) != ERR_OK)
				return err->code;
			if (same)
				return ERR_OK;
		}
	}
}

/* ---- links ---- */

static enum err_code
add_locked(struct link_table *t, const struct link_key *key, uint64_t hash, uint64_t *link,
	   struct err *err) REQUIRES(&t->lock)
{
	struct record r = { .key = *key };
	struct slot s = { .hash = hash, .link = spill_size(t->records) + 1 };

	if (spill_append(t->records, &r, sizeof(r), err) != ERR_OK ||
	    slot_add(t->index, t->bits, &s, err) != ERR_OK)
		return err->code;
	t->n_links++;
	*link = s.link;
	return ERR_OK;
}

static enum err_code
meet_locked(struct link_table *t, const struct link_key *key, uint64_t *link, bool *first,
	    struct err *err) REQUIRES(&t->lock)
{
	uint64_t hash = XXH3_64bits(key, sizeof(*key));

	if (make_room_locked(t, err) != ERR_OK || find_locked(t, key, hash, link, err) != ERR_OK)
		return err->code;
	*first = *link == 0;
	return *first ? add_locked(t, key, hash, link, err) : ERR_OK;
}

uint64_t
link_table_meet(struct link_table *t, const struct stat *st, bool *first)
{
	struct link_key key = { .dev = st->st_dev,
				.ino = st->st_ino,
				.size = (uint64_t)st->st_size,
				.mtime_s = st->st_mtim.tv_sec,
				.mtime_ns = (uint32_t)st->st_mtim.tv_nsec,
				.kind = st->st_mode & S_IFMT };
	uint64_t link = 0;

	mutex_lock(&t->lock);
	if (t->failed.code != ERR_OK || meet_locked(t, &key, &link, first, &t->failed) != ERR_OK) {
		link = 0;
		*first = true;
	}
	mutex_unlock(&t->lock);
	return link;
}

static enum err_code
settle_locked(struct link_table *t, uint64_t link, const struct link_saved *saved,
	      struct bytes name, struct err *err) REQUIRES(&t->lock)
{
	struct link_saved s = *saved;
	uint64_t at = spill_size(t->records) + 1;

	s.name_n = (uint32_t)name.n;
	if (spill_append(t->records, &s, sizeof(s), err) != ERR_OK ||
	    spill_append(t->records, name.p, name.n, err) != ERR_OK)
		return err->code;
	return spill_write(t->records, link - 1 + offsetof(struct record, saved), &at, sizeof(at),
			   err);
}

void
link_table_settle(struct link_table *t, uint64_t link, const struct link_saved *saved,
		  struct bytes name)
{
	mutex_lock(&t->lock);
	(void)settle_locked(t, link, saved, name, &t->failed);
	mutex_unlock(&t->lock);
}

static enum err_code
look_locked(struct link_table *t, uint64_t link, struct link_saved *out, struct buf *name,
	    struct err *err) REQUIRES(&t->lock)
{
	struct record r;

	if (spill_read(t->records, link - 1, &r, sizeof(r), err) != ERR_OK || r.saved == 0)
		return err->code;
	if (spill_read(t->records, r.saved - 1, out, sizeof(*out), err) != ERR_OK ||
	    buf_reserve(name, out->name_n, err) != ERR_OK ||
	    spill_read(t->records, r.saved - 1 + sizeof(*out), name->p, out->name_n, err) != ERR_OK)
		return err->code;
	name->len = out->name_n;
	return ERR_OK;
}

void
link_table_look(struct link_table *t, uint64_t link, struct link_saved *out, struct buf *name)
{
	struct err why = ERR_INIT;

	*out = (struct link_saved){ 0 };
	buf_clear(name);
	mutex_lock(&t->lock);
	if (look_locked(t, link, out, name, &why) != ERR_OK) {
		out->file_index = 0;
		t->failed = why;
	}
	mutex_unlock(&t->lock);
}

bool
link_table_failed(struct link_table *t, struct err *why)
{
	bool failed;

	mutex_lock(&t->lock);
	failed = t->failed.code != ERR_OK;
	if (failed)
		*why = t->failed;
	mutex_unlock(&t->lock);
	return failed;
}
