/*
 * What there is before a server runs: the programs, the account, directories, initdb.
 */
#include "lib/catalog/managed_internal.h"

#include <dirent.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/fd.h"
#include "lib/base/hash.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/base/num.h"
#include "lib/base/own.h"

#define INITDB_SECONDS  600
#define REMOVE_TRIES    5
#define REMOVE_WAIT_MS  200
#define SOCKET_NAME     "/.s.PGSQL." MANAGED_PORT
#define SOCKET_DIR_MAX  (sizeof(((struct sockaddr_un *)0)->sun_path) - sizeof(SOCKET_NAME) - 8)
#define LAST_WORDS_MAX  2048
#define BUFFERS_MIN_MIB 128u
#define BUFFERS_MAX_MIB 1024u

/* --- finding programs and the user --------------------------------------------------------- */

static bool
is_program(const char *dir, const char *name)
{
	OWNED(freep) char *path = str_printf("%s/%s", dir, name);

	return access(path, X_OK) == 0;
}

char *
managed_bin_dir(const char *root, const char *version)
{
	OWNED(closedirp) DIR *d = opendir(root);
	char *best = NULL;
	unsigned long best_version = 0;
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL) {
		unsigned long number = strtoul(e->d_name, NULL, 10);
		OWNED(freep) char *dir = str_printf("%s/%s/bin", root, e->d_name);

		if (number <= best_version || !is_program(dir, "initdb") ||
		    (version != NULL && strcmp(e->d_name, version) != 0))
			continue;
		free(best);
		best = TAKE_PTR(dir);
		best_version = number;
	}
	return best;
}

/* The major version of the cluster that is there, owned; NULL: there is none yet. */
static char *
version_of_cluster(const struct managed *m)
{
	OWNED(buf_release) struct buf text = BUF_INIT(64);
	struct err ignored = ERR_INIT;

	if (managed_read_file(m, m->data, "PG_VERSION", &text, &ignored) != ERR_OK)
		return NULL;
	return str_ndup(buf_str(&text), strspn(buf_str(&text), "0123456789."));
}

#define DEBIAN_PROGRAMS "/usr/lib/postgresql"

/* A cluster is run by the version that made it: a newer one does not read its files. */
static enum err_code
find_programs(struct managed *m, const struct managed_options *o, struct err *err)
{
	static const char *const others[] = { "/usr/bin", "/usr/local/pgsql/bin" };
	OWNED(freep) char *version = version_of_cluster(m);

	m->bin_dir = o->bin_dir != NULL ? str_dup(o->bin_dir)
					: managed_bin_dir(DEBIAN_PROGRAMS, version);
	for (size_t i = 0; m->bin_dir == NULL && i < sizeof(others) / sizeof(others[0]); i++)
		if (is_program(others[i], "initdb"))
			m->bin_dir = str_dup(others[i]);
	if (m->bin_dir != NULL && is_program(m->bin_dir, "postgres"))
		return ERR_OK;
	if (version != NULL)
		return err_set(
			err, ERR_CONFIG,
			"the catalog in %s was made by PostgreSQL %s, whose programs are not "
			"in " DEBIAN_PROGRAMS "/%s/bin: install the package postgresql-%s, "
			"then pg_upgrade can make a newer cluster of it",
			m->data, version, version, version);
	return err_set(
		err, ERR_CONFIG,
		"no PostgreSQL server programs found (looked for initdb below " DEBIAN_PROGRAMS
		"): install the package postgresql");
}

static bool
use_account(struct managed *m, const char *name)
{
	struct passwd pw;
	struct passwd *found = NULL;
	char store[4096];

	if (name == NULL || getpwnam_r(name, &pw, store, sizeof(store), &found) != 0 ||
	    found == NULL || found->pw_uid == 0)
		return false;
	m->uid = found->pw_uid;
	m->gid = found->pw_gid;
	m->run_as = str_dup(name);
	return true;
}

/* PostgreSQL refuses to run as root. */
static enum err_code
choose_account(struct managed *m, const struct managed_options *o, struct err *err)
{
	struct passwd pw;
	struct passwd *found = NULL;
	char store[4096];
	struct stat st;

	m->uid = geteuid();
	m->gid = getegid();
	if (geteuid() == 0) {
		/* A cluster that is there belongs to the account it was made for. */
		if (lstat(m->data, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid != 0 &&
		    getpwuid_r(st.st_uid, &pw, store, sizeof(store), &found) == 0 &&
		    found != NULL && use_account(m, found->pw_name))
			return ERR_OK;
		if (o->service_user != NULL && !use_account(m, o->service_user))
			return err_set(err, ERR_CONFIG,
				       "the service user %s does not exist or is root",
				       o->service_user);
		if (m->run_as == NULL && !use_account(m, "tercet") && !use_account(m, "postgres") &&
		    !use_account(m, "nobody"))
			return err_set(err, ERR_CONFIG,
				       "no unprivileged user to run the catalog's server: make a "
				       "system user tercet");
	}
	return ERR_OK;
}

/* --- directories -------------------------------------------------------------------------- */

/* The server's account must be able to search every directory above its data. */
static enum err_code
check_reachable(const struct managed *m, struct err *err)
{
	OWNED(freep) char *path = str_dup(m->base);
	struct stat st;

	if (m->run_as == NULL)
		return ERR_OK;
	for (char *slash = path + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = '\0';
		if (stat(path, &st) != 0)
			return err_errno(err, ERR_SYS, "%s", path);
		mode_t need = st.st_uid == m->uid   ? S_IXUSR
			      : st.st_gid == m->gid ? S_IXGRP
						    : S_IXOTH;
		if ((st.st_mode & need) == 0)
			return err_set(err, ERR_CONFIG,
				       "%s cannot be searched by user %s, who runs the catalog's "
				       "server below it: chmod o+x %s, or choose another Working "
				       "Directory",
				       path, m->run_as, path);
		*slash = '/';
	}
	return ERR_OK;
}

/* A path too long for a socket address goes to a short place named after the long one. */
static char *
choose_socket_dir(const struct managed *m)
{
	char *inside = str_printf("%s/socket", m->base);

	if (strlen(inside) <= SOCKET_DIR_MAX)
		return inside;
	free(inside);
	return str_printf("%s/tercet-%016llx", access("/run", W_OK) == 0 ? "/run" : "/tmp",
			  (unsigned long long)XXH3_64bits(m->base, strlen(m->base)));
}

static enum err_code
make_dirs(struct managed *m, const struct managed_options *o, struct err *err)
{
	OWNED(freep) char *full = NULL;

	if (fd_make_dirs(o->state_dir, 0755, err) != ERR_OK)
		return err->code;
	full = realpath(o->state_dir, NULL);
	if (full == NULL)
		return err_errno(err, ERR_SYS, "%s", o->state_dir);
	m->base = str_printf("%s/catalog", full);
	m->data = str_printf("%s/data", m->base);
	m->log_dir = str_printf("%s/log", m->base);
	m->socket_dir = choose_socket_dir(m);
	if (choose_account(m, o, err) != ERR_OK || check_reachable(m, err) != ERR_OK)
		return err->code;
	/* What holds the others stays ours: the account cannot put a link in their place. */
	const struct managed_owner ours = { geteuid(), getegid(), 0711 };
	const struct managed_owner log = { m->uid, m->gid, 0700 };
	const struct managed_owner socket = { m->uid, m->gid, 0711 };

	if (managed_make_dir(m, m->base, &ours, err) != ERR_OK ||
	    managed_make_dir(m, m->log_dir, &log, err) != ERR_OK)
		return err->code;
	return managed_make_dir(m, m->socket_dir, &socket, err);
}

/* --- running programs ----------------------------------------------------------------------- */

void
managed_args_release(struct args *a)
{
	free(a->program);
}

void
args_begin(struct args *a, const struct managed *m, const char *program, bool dies_with_us)
{
	*a = (struct args){ .program = str_printf("%s/%s", m->bin_dir, program) };
	if (m->run_as != NULL || dies_with_us)
		a->v[a->n++] = "setpriv";
	if (m->run_as != NULL) {
		(void)snprintf(a->ids[0], sizeof(a->ids[0]), "--reuid=%u", (unsigned)m->uid);
		(void)snprintf(a->ids[1], sizeof(a->ids[1]), "--regid=%u", (unsigned)m->gid);
		a->v[a->n++] = a->ids[0];
		a->v[a->n++] = a->ids[1];
		a->v[a->n++] = "--init-groups";
		a->v[a->n++] = "--no-new-privs";
	}
	if (dies_with_us) {
		a->v[a->n++] = "--pdeathsig";
		a->v[a->n++] = "KILL";
	}
	if (a->n > 0)
		a->v[a->n++] = "--";
	a->v[a->n++] = a->program;
}

static void
keep_line(void *arg, struct bytes text)
{
	struct buf *words = arg;

	if (words->len + text.n + 1 > words->max)
		buf_clear(words);
	if (text.n + 1 <= words->max) {
		buf_put(words, text.p, text.n);
		buf_put(words, " ", 1);
	}
}

static enum err_code
run_to_end(struct args *a, unsigned seconds, struct err *err)
{
	OWNED(buf_release) struct buf words = BUF_INIT(LAST_WORDS_MAX);
	struct wait w = wait_for(NULL, seconds, a->program);
	char *const env[] = { (char[]){ "LC_ALL=C" }, NULL };
	struct proc_spec spec = { .argv = (char *const *)(uintptr_t)a->v, .env = env };
	char text[64];
	int status = 0;

	if (proc_run_lines(&spec, &w, keep_line, &words, &status, err) != ERR_OK)
		return err_ctx(err, "%s", a->program);
	if (status != 0)
		return err_set(err, ERR_SYS, "%s: %s: %s", a->program,
			       proc_status_text(status, text, sizeof(text)), buf_str(&words));
	return ERR_OK;
}

/* --- the cluster ------------------------------------------------------------------------------ */

static const char settings[] = "\n# Tercet\n"
			       "listen_addresses = ''\n"
			       "max_connections = 200\n"
			       "max_wal_size = '4GB'\n"
			       "wal_buffers = '32MB'\n"
			       "checkpoint_timeout = '15min'\n"
			       "wal_compression = lz4\n"
			       "wal_level = minimal\n"
			       "max_wal_senders = 0\n"
			       "datestyle = 'ISO, YMD'\n"
			       "logging_collector = on\n"
			       "log_filename = 'postgresql-%a.log'\n"
			       "log_truncate_on_rotation = on\n"
			       "log_rotation_age = '1d'\n"
			       "log_min_messages = warning\n"
			       "jit = off\n";

/* An eighth of the memory: enough for the newest indexes, and not much on a small machine. */
static unsigned
buffers_mib(void)
{
	uint64_t pages = (uint64_t)sysconf(_SC_PHYS_PAGES);
	uint64_t eighth = pages * (uint64_t)sysconf(_SC_PAGESIZE) / 8 / MIB;

	return eighth < BUFFERS_MIN_MIB   ? BUFFERS_MIN_MIB
	       : eighth > BUFFERS_MAX_MIB ? BUFFERS_MAX_MIB
					  : (unsigned)eighth;
}

/* Peer authentication: the account that runs the server and root log in as the one role, or as the
 * one that only reads. */
static enum err_code
write_roles(const struct managed *m, struct err *err)
{
	OWNED(buf_release) struct buf text = BUF_INIT(MIB), old = BUF_INIT(MIB);
	struct err ignored = ERR_INIT;

	buf_text(&text, "tercet root %s\ntercet %s %s\n", m->role, m->role, m->role);
	buf_text(&text, "tercet root %s\ntercet %s %s\n", MANAGED_QUERY_ROLE, m->role,
		 MANAGED_QUERY_ROLE);
	if (managed_read_file(m, m->data, "pg_ident.conf", &old, &ignored) == ERR_OK &&
	    bytes_eq(buf_bytes(&old), buf_bytes(&text)))
		return ERR_OK;
	return managed_replace_file(m, m->data, "pg_ident.conf", buf_bytes(&text), err);
}

static enum err_code
write_settings(const struct managed *m, struct err *err)
{
	OWNED(buf_release) struct buf text = BUF_INIT(MIB);

	if (managed_read_file(m, m->data, "postgresql.conf", &text, err) != ERR_OK ||
	    buf_append(&text, settings, sizeof(settings) - 1, err) != ERR_OK)
		return err->code;
	buf_text(&text, "shared_buffers = '%uMB'\n", buffers_mib());
	if (managed_replace_file(m, m->data, "postgresql.conf", buf_bytes(&text), err) != ERR_OK)
		return err->code;
	buf_clear(&text);
	buf_text(&text, "local all all peer map=tercet\n");
	if (managed_replace_file(m, m->data, "pg_hba.conf", buf_bytes(&text), err) != ERR_OK)
		return err->code;
	return write_roles(m, err);
}

/* A program that was killed a moment ago may still be writing: more than one try. */
static enum err_code
remove_tree(const char *path, struct err *err)
{
	const char *argv[] = { "rm", "-rf", "--", path, NULL };

	for (int i = 1;; i++) {
		OWNED(managed_args_release) struct args a = { .program = str_dup("rm") };

		memcpy(a.v, argv, sizeof(argv));
		if (run_to_end(&a, INITDB_SECONDS, err) == ERR_OK)
			return ERR_OK;
		if (i == REMOVE_TRIES)
			return err->code;
		clock_pause_ms(REMOVE_WAIT_MS);
	}
}

/* Made under another name and renamed at its end: a half-made cluster is never taken for one. */
static enum err_code
make_cluster(struct managed *m, struct err *err)
{
	OWNED(freep) char *fresh = str_printf("%s/data.new", m->base);
	OWNED(freep) char *final = m->data;
	OWNED(managed_args_release) struct args a = { .n = 0 };
	enum err_code code;

	const struct managed_owner account = { m->uid, m->gid, 0700 };

	if (remove_tree(fresh, err) != ERR_OK ||
	    managed_make_dir(m, fresh, &account, err) != ERR_OK) {
		(void)TAKE_PTR(final);
		return err->code;
	}
	args_begin(&a, m, "initdb", true);
	a.v[a.n++] = "--no-instructions";
	a.v[a.n++] = "--encoding=SQL_ASCII";
	a.v[a.n++] = "--locale=C";
	a.v[a.n++] = "--auth=peer";
	a.v[a.n++] = "--data-checksums";
	a.v[a.n++] = "--username";
	a.v[a.n++] = m->role;
	a.v[a.n++] = "--pgdata";
	a.v[a.n++] = fresh;
	log_info("catalog: making a new PostgreSQL cluster in %s", m->data);
	m->data = fresh;
	code = run_to_end(&a, INITDB_SECONDS, err);
	if (code == ERR_OK)
		code = write_settings(m, err);
	m->data = TAKE_PTR(final);
	if (code == ERR_OK && rename(fresh, m->data) != 0)
		code = err_errno(err, ERR_SYS, "%s", fresh);
	/* A name that a loss of power takes back would be an empty catalog at the next start. */
	if (code == ERR_OK)
		code = fd_fsync_dir_of(m->data, err);
	return code == ERR_OK ? fd_fsync_dir_of(m->base, err) : code;
}

static char *
role_of(const struct managed *m)
{
	struct passwd pw;
	struct passwd *found = NULL;
	char store[4096];

	if (m->run_as != NULL)
		return str_dup(m->run_as);
	if (getpwuid_r(geteuid(), &pw, store, sizeof(store), &found) == 0 && found != NULL)
		return str_dup(found->pw_name);
	return NULL;
}

enum err_code
managed_make_room(struct managed *m, const struct managed_options *o, struct err *err)
{
	if (make_dirs(m, o, err) != ERR_OK || find_programs(m, o, err) != ERR_OK)
		return err->code;
	m->role = role_of(m);
	if (m->role == NULL)
		return err_set(err, ERR_CONFIG, "user %u has no name", (unsigned)geteuid());
	return ERR_OK;
}

enum err_code
managed_make_cluster(struct managed *m, struct err *err)
{
	OWNED(freep) char *version = str_printf("%s/PG_VERSION", m->data);

	return access(version, F_OK) == 0 ? write_roles(m, err) : make_cluster(m, err);
}
