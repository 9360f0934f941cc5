/*
 * lib/catalog/managed_internal.h - what the files of the managed cluster share
 *
 * Purpose: managed_make.c has what comes before a server runs (programs, account, directories,
 *          initdb); managed_files.c touches what the server's account could have replaced;
 *          managed.c starts, keeps and stops the server.
 * Threads: while the keeper runs the server belongs to it; before and after, to the owner.
 */
#ifndef TERCET_CATALOG_MANAGED_INTERNAL_H
#define TERCET_CATALOG_MANAGED_INTERNAL_H

#include "lib/base/buf.h"
#include "lib/base/proc.h"
#include "lib/base/thread.h"
#include "lib/base/wait.h"
#include "lib/catalog/managed.h"

struct managed {
	/* immutable once started */
	char *base, *data, *log_dir, *socket_dir; /* owned */
	char *bin_dir;                            /* owned */
	char *run_as;                             /* owned; NULL: as ourselves */
	char *role;                               /* owned; login role of the cluster */
	uid_t uid;
	gid_t gid;
	bool guest;

	struct cancel end; /* the keeper is to stop */
	struct thread keeper;

	struct proc server; /* pid 0: not our child */
	pid_t found;        /* server that ran before us, 0: none */
};

#define MANAGED_ARGS_MAX 40

struct args {
	const char *v[MANAGED_ARGS_MAX];
	size_t n;
	char ids[2][32];
	char *program; /* owned */
};

/* The program of the cluster's bin directory, as the cluster's user; killed when this thread
 * ends and dies_with_us. */
void args_begin(struct args *a, const struct managed *m, const char *program, bool dies_with_us);
void managed_args_release(struct args *a);

/* The newest <root>/<n>/bin with the programs, or that of one major version; owned, NULL: none. */
char *managed_bin_dir(const char *root, const char *version);

struct managed_owner {
	uid_t uid;
	gid_t gid;
	mode_t mode;
};

/* ERR_SYS: it is a link, or it belongs to somebody who is neither root, we, nor the account. */
MUST_CHECK enum err_code managed_open_dir(const struct managed *m, const char *path, int *out,
					  struct err *err);
/* Made if it is missing; as root it is given to owner. */
MUST_CHECK enum err_code managed_make_dir(const struct managed *m, const char *path,
					  const struct managed_owner *owner, struct err *err);
/* Made if it is missing, for the account to open, too. */
MUST_CHECK enum err_code managed_open_lock(const struct managed *m, const char *path, int *out,
					   struct err *err);
/* A whole file of a directory of the cluster; appended. */
MUST_CHECK enum err_code managed_read_file(const struct managed *m, const char *dir,
					   const char *name, struct buf *out, struct err *err);
/* The account's file of that name: after a crash the old content or the new. */
MUST_CHECK enum err_code managed_replace_file(const struct managed *m, const char *dir,
					      const char *name, struct bytes content,
					      struct err *err);

/* Programs, account, role and directories. */
MUST_CHECK enum err_code managed_make_room(struct managed *m, const struct managed_options *o,
					   struct err *err);
/* initdb unless there is a cluster. */
MUST_CHECK enum err_code managed_make_cluster(struct managed *m, struct err *err);

#endif
