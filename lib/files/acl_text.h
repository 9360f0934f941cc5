/*
 * lib/files/acl_text.h - POSIX ACLs: kernel's attribute <-> long text
 *
 * Layout:  text: volume.md 11.1, with its NUL
 *          kernel: u32le version 2, then entries u16le tag, u16le permissions, u32le id
 *
 * Threads: one struct acl_names per thread.
 *
 * Errors:  ERR_FORMAT  not an ACL; the entry is named
 */
#ifndef TERCET_FILES_ACL_TEXT_H
#define TERCET_FILES_ACL_TEXT_H

#include "lib/base/buf.h"

#define ACL_NAME_MAX 64
#define ACL_NAMES    16

/* Names of accounts met last, so that a tree full of ACLs does not read the user database per
 * file.  All-zero is empty. */
struct acl_names {
	struct acl_name {
		uint32_t id;
		bool used;
		char name[ACL_NAME_MAX]; /* "" : the account has no name here */
	} users[ACL_NAMES], groups[ACL_NAMES];
};

/* Append the text and its NUL; nothing when the ACL has only the three base entries and base is not
 * wanted. */
enum acl_base { ACL_SKIP_BASE, ACL_WITH_BASE };
MUST_CHECK enum err_code acl_text_emit(struct bytes kernel, enum acl_base base,
				       struct acl_names *names, struct buf *out, struct err *err);

/* Called for an entry left out because its account is unknown here. */
typedef void acl_unknown_fn(void *user, const struct err *err);

#define ACL_KERNEL_MAX 65536u /* XATTR_SIZE_MAX */

/* The kernel's form replaces out's content; empty when the text has no entry. */
MUST_CHECK enum err_code acl_text_parse(struct bytes text, acl_unknown_fn *unknown, void *user,
					struct buf *out, struct err *err);

#endif
