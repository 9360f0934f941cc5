/*
 * What a file with content replaces stays until all of it is there: the new one is made beside it
 * under a name of its own, which it changes for the other's at its end.  So neither a damaged
 * volume nor a full disk nor a restore that is killed costs the file that was there.  Killed, it
 * leaves what it made; the name says nothing but which file it was for, so that the next restore of
 * that file removes it.
 *
 * A restore of several jobs can have several versions of a file in hand: the last file of a job
 * ends with the restore.  Each is beside by a name of its own, and whichever ends first, the one
 * that began last stays.
 */
#include "lib/files/rebuild_internal.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "lib/base/num.h"

#define BESIDE_PREFIX  ".tercet-"
#define BESIDE_KIND    DIGEST_SHA256 /* names are chosen by others */
#define BESIDE_DIGITS  32u
#define BESIDE_MAX     (sizeof(BESIDE_PREFIX) + BESIDE_DIGITS)
#define ROOM_NO_MATTER (1024 * 1024) /* a file so small is not worth asking for the room left */

/* So many sessions have a file in hand at once. */
_Static_assert(REBUILD_SESSIONS_MAX <= UINT8_MAX, "each has a name of its own");

static const char *
beside_name(const struct place_at *at, unsigned beside, char out[BESIDE_MAX])
{
	uint8_t digest[DIGEST_MAX];
	size_t n = strlen(BESIDE_PREFIX);

	(void)digest_once(BESIDE_KIND, bytes_str(at->name), digest);
	digest[0] ^= (uint8_t)(beside - 1);
	memcpy(out, BESIDE_PREFIX, n);
	for (size_t i = 0; i < BESIDE_DIGITS / 2; i++, n += 2)
		(void)snprintf(out + n, BESIDE_MAX - n, "%02x", (unsigned)digest[i]);
	return out;
}

bool
rebuild_has_room_beside(const struct rebuild *r, const struct rebuild_file *f,
			const struct place_at *at)
{
	uint64_t want = f->st.size > 0 ? (uint64_t)f->st.size : 0;
	struct statvfs v;

	if (f->st.blocks > 0 && f->st.blocks < INT64_MAX / 512) /* it may have holes */
		want = u64_min(want, (uint64_t)f->st.blocks * 512);
	if (want < ROOM_NO_MATTER || fstatvfs(at->dir_fd, &v) != 0 || v.f_frsize == 0)
		return true;
	return want / v.f_frsize < (r->is_root ? v.f_bfree : v.f_bavail);
}

/* The file in hand of a session, if it is another of the same name as f. */
static struct rebuild_file *
namesake(const struct rebuild *r, const struct rebuild_file *f, size_t session)
{
	struct rebuild_file *g = r->files[session];

	return g != f && g->state == FILE_OPEN &&
			       bytes_eq(buf_bytes(&g->mapped), buf_bytes(&f->mapped))
		       ? g
		       : NULL;
}

unsigned
rebuild_beside_free(const struct rebuild *r, const struct rebuild_file *f)
{
	bool taken[REBUILD_SESSIONS_MAX + 1] = { false };
	unsigned n = 1;

	for (size_t i = 0; i < r->n_files; i++) {
		const struct rebuild_file *g = namesake(r, f, i);

		if (g != NULL)
			taken[g->beside] = true;
	}
	while (taken[n])
		n++;
	return n;
}

void
rebuild_pass_older(struct rebuild *r, const struct rebuild_file *f)
{
	for (size_t i = 0; i < r->n_files; i++) {
		struct rebuild_file *g = namesake(r, f, i);

		if (g != NULL && g->begun < f->begun)
			g->passed = true;
	}
}

int
rebuild_open_beside(const struct place_at *at, unsigned beside, int flags, mode_t mode)
{
	char name[BESIDE_MAX];
	int fd = openat(at->dir_fd, beside_name(at, beside, name), flags, mode);

	if (fd < 0 && errno == EEXIST && unlinkat(at->dir_fd, name, 0) == 0)
		fd = openat(at->dir_fd, name, flags, mode);
	return fd;
}

enum err_code
rebuild_take_place(struct rebuild *r, struct rebuild_file *f, struct err *err)
{
	char name[BESIDE_MAX];
	struct place_at at;

	if (f->passed) {
		rebuild_drop(r, f);
		return ERR_OK;
	}
	if (place_find(r->place, PLACE_FILE, buf_bytes(&f->mapped), PLACE_MUST_EXIST, &at, err) !=
	    ERR_OK)
		return err->code;
	if (renameat(at.dir_fd, beside_name(&at, f->beside, name), at.dir_fd, at.name) != 0)
		return err_errno(err, place_refusal(errno),
				 "cannot take the place of the file that was there");
	f->beside = 0;
	rebuild_pass_older(r, f);
	return ERR_OK;
}

void
rebuild_drop(struct rebuild *r, struct rebuild_file *f)
{
	char name[BESIDE_MAX];
	struct place_at at;
	struct err ignored = ERR_INIT;

	if (f->passed && f->beside == 0)
		return; /* what has its name is not it */
	if (place_find(r->place, PLACE_FILE, buf_bytes(&f->mapped), PLACE_MUST_EXIST, &at,
		       &ignored) == ERR_OK)
		(void)unlinkat(at.dir_fd,
			       f->beside != 0 ? beside_name(&at, f->beside, name) : at.name, 0);
	f->beside = 0;
}
