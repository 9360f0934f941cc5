/*
 * lib/files/meta.h - POSIX ACLs and extended attributes: read into records, written back
 *
 * Purpose: the payloads of streams 1008, 1007 and 1998.  Reading uses buffers of the caller that
 *          are kept from file to file: no allocation per file, and one system call (list) for a
 *          file that has neither.
 * Layout:  volume.md 11.1 (text and NUL), 11.2 (lib/files/xattr_record.h)
 * Threads: pure over the descriptors given; one struct meta per thread.
 * Errors:  ERR_SYS    the system refused; the text names the attribute
 *          ERR_LIMIT  more than META_XATTR_MAX bytes of attributes
 *          ERR_FORMAT (writing) the record or text is broken, or a name in an ACL is unknown here
 */
#ifndef TERCET_FILES_META_H
#define TERCET_FILES_META_H

#include <sys/stat.h>

#include "lib/files/acl_text.h"

#define META_XATTR_MAX 1048576u /* volume.md 11.2: bytes of one file's record */

/* A file: by its open descriptor (not O_PATH) when fd >= 0, else by name in a directory, or
 * without a name dir_fd itself, which may be O_PATH; symbolic links are never followed. */
struct meta_at {
	int fd;
	int dir_fd;
	const char *name; /* borrowed; NULL: dir_fd is the file */
};

#define META_ACL   1u /* aclsupport = yes */
#define META_XATTR 2u /* xattrsupport = yes */

/* What one file has; reusable. Empty buf: the file has none, write no record. */
struct meta {
	struct buf acl_access;  /* payload of 1008, with its NUL */
	struct buf acl_default; /* payload of 1007 */
	struct buf xattr;       /* payload of 1998 */
	/* scratch, kept from file to file */
	struct buf list, value;
	struct acl_names names;
};

void meta_init(struct meta *m);
void meta_release(struct meta *m);

/* Fill m from the file (cleared first).  mode: its st_mode.  want: META_*.  A file system without
 * attributes is no error.  On failure what could be read is in m. */
MUST_CHECK enum err_code meta_read(const struct meta_at *at, mode_t mode, unsigned want,
				   struct meta *m, struct err *err);

enum meta_acl_kind { META_ACL_ACCESS, META_ACL_DEFAULT };

/* Called for each part that could not be restored; the rest goes on. */
typedef void meta_problem_fn(void *user, const struct err *err);

/* Set an ACL from its text.  Entries whose account is unknown here are reported through problem and
 * left out.  An empty text removes the ACL. */
MUST_CHECK enum err_code meta_write_acl(const struct meta_at *at, enum meta_acl_kind kind,
					struct bytes text, meta_problem_fn *problem, void *user,
					struct err *err);
/* Has this directory (O_PATH will do) an ACL that files made in it inherit? */
bool meta_is_inherited_from(int dir_fd);
/* Set every attribute of a record; one that fails is reported and the next one tried.  ERR_FORMAT
 * for a broken record (what came before the break is set). */
MUST_CHECK enum err_code meta_write_xattr(const struct meta_at *at, struct bytes record,
					  meta_problem_fn *problem, void *user, struct err *err);

#endif
