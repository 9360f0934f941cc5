#include "lib/files/meta.h"

#include <stdio.h>
#include <sys/xattr.h>

#include "lib/base/num.h"
#include "lib/base/own.h"
#include "lib/base/path.h"
#include "lib/files/xattr_record.h"

#define ATTR_LIST_MAX  65536u /* XATTR_LIST_MAX */
#define ATTR_VALUE_MAX 65536u /* XATTR_SIZE_MAX */
#define ATTR_FIRST     1024u  /* room asked for at first */

static const char acl_access_name[] = "system.posix_acl_access";
static const char acl_default_name[] = "system.posix_acl_default";

/* Computed by the file system, not attributes of the file.  Spec: volume.md 11.2 */
static const char *const never_saved[] = {
	"ceph.dir.entries",  "ceph.dir.files",  "ceph.dir.rbytes",   "ceph.dir.rctime",
	"ceph.dir.rentries", "ceph.dir.rfiles", "ceph.dir.rsubdirs", "ceph.dir.subdirs",
};

/* A name that needs no PATH_MAX and follows nothing: through the directory's descriptor.  Without
 * a name it is that of the descriptor, which has to be followed. */
struct proc_name {
	char text[32 + 256];
};

static const char *
proc_name(const struct meta_at *at, struct proc_name *n)
{
	const char *name = at->name != NULL ? at->name : "";

	(void)snprintf(n->text, sizeof(n->text), "/proc/self/fd/%d%s%s", at->dir_fd,
		       at->name != NULL ? "/" : "", name);
	return n->text;
}

void
meta_init(struct meta *m)
{
	*m = (struct meta){
		.acl_access.max = META_XATTR_MAX,
		.acl_default.max = META_XATTR_MAX,
		.xattr.max = META_XATTR_MAX,
		.list.max = ATTR_LIST_MAX,
		.value.max = ATTR_VALUE_MAX,
	};
}

void
meta_release(struct meta *m)
{
	buf_release(&m->acl_access);
	buf_release(&m->acl_default);
	buf_release(&m->xattr);
	buf_release(&m->list);
	buf_release(&m->value);
}

static bool
is_unsupported(int e)
{
	return e == EOPNOTSUPP || e == ENOSYS;
}

/* ---- reading ---- */

static ssize_t
names_of(const struct meta_at *at, struct buf *out)
{
	struct proc_name name;

	if (at->fd >= 0)
		return flistxattr(at->fd, (char *)out->p, out->cap);
	return at->name != NULL ? llistxattr(proc_name(at, &name), (char *)out->p, out->cap)
				: listxattr(proc_name(at, &name), (char *)out->p, out->cap);
}

static ssize_t
value_of(const struct meta_at *at, const char *attr, struct buf *out)
{
	struct proc_name name;

	if (at->fd >= 0)
		return fgetxattr(at->fd, attr, out->p, out->cap);
	return at->name != NULL ? lgetxattr(proc_name(at, &name), attr, out->p, out->cap)
				: getxattr(proc_name(at, &name), attr, out->p, out->cap);
}

static enum err_code
list_names(const struct meta_at *at, struct buf *list, struct err *err)
{
	size_t room = ATTR_FIRST;

	buf_clear(list);
	for (;;) {
		ssize_t n;

		if (buf_reserve(list, room, err) != ERR_OK)
			return err->code;
		n = names_of(at, list);
		if (n >= 0) {
			list->len = (size_t)n;
			return ERR_OK;
		}
		if (is_unsupported(errno))
			return ERR_OK;
		if (errno != ERANGE || room >= ATTR_LIST_MAX)
			return err_errno(err, ERR_SYS, "extended attributes cannot be listed");
		room = ATTR_LIST_MAX;
	}
}

/* The value replaces out's content; *gone when the attribute is not there (any more). */
static enum err_code
get_value(const struct meta_at *at, const char *attr, struct buf *out, bool *gone, struct err *err)
{
	size_t room = ATTR_FIRST;

	buf_clear(out);
	*gone = false;
	for (;;) {
		ssize_t n;

		if (buf_reserve(out, room, err) != ERR_OK)
			return err->code;
		n = value_of(at, attr, out);
		if (n >= 0) {
			out->len = (size_t)n;
			return ERR_OK;
		}
		if (errno == ENODATA || is_unsupported(errno)) {
			*gone = true;
			return ERR_OK;
		}
		if (errno != ERANGE || room >= ATTR_VALUE_MAX)
			return err_errno(err, ERR_SYS, "extended attribute %s",
					 PATH_PRINT(bytes_str(attr)));
		room = ATTR_VALUE_MAX;
	}
}

static enum err_code
read_acl(const struct meta_at *at, const char *attr, enum acl_base base, struct meta *m,
	 struct buf *out, struct err *err)
{
	bool gone;

	if (get_value(at, attr, &m->value, &gone, err) != ERR_OK)
		return err->code;
	if (gone)
		return ERR_OK;
	if (acl_text_emit(buf_bytes(&m->value), base, &m->names, out, err) != ERR_OK) {
		buf_clear(out);
		return err->code;
	}
	return ERR_OK;
}

static bool
is_never_saved(const char *attr)
{
	if (strncmp(attr, "ceph.", 5) != 0)
		return false;
	for (size_t i = 0; i < sizeof(never_saved) / sizeof(*never_saved); i++)
		if (strcmp(attr, never_saved[i]) == 0)
			return true;
	return false;
}

static enum err_code
read_attr(const struct meta_at *at, const char *attr, struct meta *m, struct err *err)
{
	struct xattr_item item = { .name = bytes_str(attr) };
	bool gone;

	if (is_never_saved(attr))
		return ERR_OK;
	if (get_value(at, attr, &m->value, &gone, err) != ERR_OK)
		return err->code;
	item.value = buf_bytes(&m->value);
	return gone ? ERR_OK : xattr_record_append(&m->xattr, &item, err);
}

/* One name of the list. */
static enum err_code
read_name(const struct meta_at *at, const char *attr, mode_t mode, unsigned want, struct meta *m,
	  struct err *err)
{
	if (want & META_ACL) {
		if (strcmp(attr, acl_access_name) == 0)
			return read_acl(at, attr, ACL_SKIP_BASE, m, &m->acl_access, err);
		if (strcmp(attr, acl_default_name) == 0)
			return S_ISDIR(mode)
				       ? read_acl(at, attr, ACL_WITH_BASE, m, &m->acl_default, err)
				       : ERR_OK;
	}
	return want & META_XATTR ? read_attr(at, attr, m, err) : ERR_OK;
}

/* Spec: volume.md 11.  The list shows ACLs as well, so one call answers for both. */
enum err_code
meta_read(const struct meta_at *at, mode_t mode, unsigned want, struct meta *m, struct err *err)
{
	enum err_code first = ERR_OK;
	struct err other = ERR_INIT;
	const char *end;

	buf_clear(&m->acl_access);
	buf_clear(&m->acl_default);
	buf_clear(&m->xattr);
	if (want == 0)
		return ERR_OK;
	if (list_names(at, &m->list, err) != ERR_OK)
		return err->code;
	if (m->list.len == 0)
		return ERR_OK;
	end = (const char *)m->list.p + m->list.len;
	for (const char *attr = (const char *)m->list.p; attr < end; attr += strlen(attr) + 1) {
		struct err *e = first == ERR_OK ? err : &other;

		if (read_name(at, attr, mode, want, m, e) != ERR_OK && first == ERR_OK)
			first = err->code;
	}
	return first;
}

/* ---- writing ---- */

static int
set_value(const struct meta_at *at, const char *attr, struct bytes value)
{
	struct proc_name name;

	if (at->fd >= 0)
		return fsetxattr(at->fd, attr, value.p, value.n, 0);
	return at->name != NULL ? lsetxattr(proc_name(at, &name), attr, value.p, value.n, 0)
				: setxattr(proc_name(at, &name), attr, value.p, value.n, 0);
}

static int
remove_value(const struct meta_at *at, const char *attr)
{
	struct proc_name name;

	if (at->fd >= 0)
		return fremovexattr(at->fd, attr);
	return at->name != NULL ? lremovexattr(proc_name(at, &name), attr)
				: removexattr(proc_name(at, &name), attr);
}

bool
meta_is_inherited_from(int dir_fd)
{
	struct meta_at at = { .fd = -1, .dir_fd = dir_fd };
	struct proc_name name;

	return getxattr(proc_name(&at, &name), acl_default_name, NULL, 0) > 0;
}

enum err_code
meta_write_acl(const struct meta_at *at, enum meta_acl_kind kind, struct bytes text,
	       meta_problem_fn *problem, void *user, struct err *err)
{
	OWNED(buf_release) struct buf kernel = BUF_INIT(ACL_KERNEL_MAX);
	const char *attr = kind == META_ACL_ACCESS ? acl_access_name : acl_default_name;
	const char *what = kind == META_ACL_ACCESS ? "access ACL" : "default ACL";
	int rc;

	if (acl_text_parse(text, problem, user, &kernel, err) != ERR_OK)
		return err_ctx(err, "%s", what);
	rc = kernel.len > 0 ? set_value(at, attr, buf_bytes(&kernel)) : remove_value(at, attr);
	if (rc == 0 || (kernel.len == 0 && (errno == ENODATA || is_unsupported(errno))))
		return ERR_OK;
	return err_errno(err, ERR_SYS, "%s", what);
}

enum err_code
meta_write_xattr(const struct meta_at *at, struct bytes record, meta_problem_fn *problem,
		 void *user, struct err *err)
{
	struct rd r = rd_init(record);
	struct xattr_item item;
	struct err end = ERR_INIT;
	char name[256]; /* XATTR_NAME_MAX and its NUL */

	while (xattr_record_next(&r, &item, &end) == ERR_OK) {
		struct err one = ERR_INIT;
		size_t n = size_min(item.name.n, sizeof(name) - 1);

		memcpy(name, item.name.p, n);
		name[n] = '\0';
		if (n < item.name.n)
			(void)err_set(&one, ERR_FORMAT, "extended attribute name of %zu bytes",
				      item.name.n);
		else if (set_value(at, name, item.value) != 0)
			(void)err_errno(&one, ERR_SYS, "extended attribute %s",
					PATH_PRINT(item.name));
		if (one.code != ERR_OK)
			problem(user, &one);
	}
	if (end.code == ERR_EOF)
		return ERR_OK;
	*err = end;
	return err->code;
}
