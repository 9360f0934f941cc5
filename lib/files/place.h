/*
 * lib/files/place.h - where restored files may be created: beneath one root, nowhere else
 *
 * Purpose: turns a path from a volume into (descriptor of its directory, last name), walking
 *          component by component, so that paths may be longer than PATH_MAX and no link that the
 *          volume itself planted is ever followed.  ".." in a path is refused.  Links that stood
 *          there before are followed if root or this process's user made them, nobody else can
 *          rename or move them or a directory on the way to them, and they stay beneath the root;
 *          so, too, links in the root's own name.
 * Owns:    descriptors of the directories of the last paths (neighbours cost no system call).
 * Threads: one at a time.
 * Errors:  ERR_SYS    the system refused a component (named)
 *          ERR_LIMIT  the path leaves the root, is too long, or has a link that is not followed
 *          ERR_FULL   no space left, or quota, for a directory
 */
#ifndef TERCET_FILES_PLACE_H
#define TERCET_FILES_PLACE_H

#include <sys/stat.h>

#include "lib/base/bytes.h"
#include "lib/base/err.h"

struct place;

/* What errno, of an operation on the target, means for the restore. */
MUST_CHECK enum err_code place_refusal(int e);

/* root: the target directory, made when missing; "" or "/" is the whole system. */
MUST_CHECK enum err_code place_new(const char *root, struct place **out, struct err *err);
/* Its descriptor (O_PATH), borrowed. */
int place_root_fd(const struct place *p);
void place_free(struct place *p);
void place_freep(struct place **p);

/* Two independent walks, so that a hard link's two names do not disturb each other. */
enum place_lane { PLACE_FILE, PLACE_LINK, PLACE_LANES };

enum place_missing { PLACE_MUST_EXIST, PLACE_MAKE };

struct place_at {
	int dir_fd;       /* borrowed until the next call for this lane */
	const char *name; /* last component, NUL-terminated; "." for the root itself; borrowed so */
	struct bytes path; /* the whole path below the root, "a/b/name"; borrowed so */
	bool inherits; /* what is made there gets an ACL of the directory's; only of PLACE_MAKE */
};

/* The modes of what is made, until all of it is there and it gets its own: a sticky bit without
 * execute permission for others, which nothing else has, and which costs no system call.  What an
 * interrupted restore leaves is known by it. */
#define PLACE_UNFINISHED     ((mode_t)01600)
#define PLACE_UNFINISHED_DIR ((mode_t)01700) /* or with setgid, of its directory */
bool place_is_unfinished(const struct stat *st);

/* The directory of path, made (PLACE_UNFINISHED_DIR, no ACL) when missing, and path's last name.
 * A final '/' does not matter. */
MUST_CHECK enum err_code place_find(struct place *p, enum place_lane lane, struct bytes path,
				    enum place_missing missing, struct place_at *out,
				    struct err *err);
/* Called for each directory that was made, in whichever way; not if another stands in its place
 * at once. */
typedef void place_made_fn(void *user, struct bytes path, const struct stat *st);
/* made: as above.  entered, with the same arguments: it was there, and something in it is looked at
 * or will be made; st is how it was before. */
void place_on(struct place *p, place_made_fn *made, place_made_fn *entered, void *user);

/* As mkdirat with PLACE_UNFINISHED_DIR: -1 and errno.  The directory has no ACL. */
int place_make_dir(const struct place *p, const struct place_at *at);

/* Tell that this symbolic link came from the volume: it will not be followed. */
void place_planted(struct place *p, const struct stat *link);

/* A symbolic link that stands where a directory is to be. */
enum place_link {
	PLACE_LINK_STANDS,  /* for the directory it leads to: paths go through it */
	PLACE_LINK_REFUSED, /* it was there before and is not followed: *why */
	PLACE_LINK_IN_WAY,  /* the volume's own, or it leads to no directory */
};
enum place_link place_judge_link(const struct place *p, const struct place_at *link,
				 struct err *why);

/* Something will be written into this directory, dir, which was not made here; path is where it
 * lies, dev its file system.  place_find with PLACE_MAKE tells it of the directory found. */
void place_writes(struct place *p, struct bytes path, int dir, dev_t dev);
/* Wait until every file system that was written to has it on stable storage.
 * ERR_FULL, ERR_SYS: one has lost something; the text says where */
MUST_CHECK enum err_code place_sync(struct place *p, struct err *err);

/* Forget open directories at or below path (it was replaced or removed). */
void place_forget(struct place *p, struct bytes path);

#endif
