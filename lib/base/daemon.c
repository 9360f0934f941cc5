#include "lib/base/daemon.h"

#include "lib/base/detach.h"
#include "lib/base/fd.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/path.h"
#include "lib/base/ready.h"
#include "lib/base/secret.h"
#include "lib/base/thread.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOOK_MS 500 /* how often a daemon that a console may end looks whether one did */

/* Connections, volumes, directories of deep trees: as many descriptors as the system allows. */
static void
raise_file_limit(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < r.rlim_max) {
		r.rlim_cur = r.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &r);
	}
}

static const struct cli_exit exits[] = {
	{ 0, "It ended as asked; with -t: the configuration is good." },
	{ 1, "It could not start; the reason is printed. With -t: the configuration has errors." },
	{ DAEMON_EXIT_OPTIONS, "An option is wrong." },
	{ DAEMON_EXIT_CONFIG, "The configuration has errors; each is printed with its place." },
	{ 0, NULL },
};

/* --man SECTION: made from the same tables as everything else. */
static int
print_manual(const struct daemon *d, const struct cli *cli)
{
	const struct cli_manual manual = {
		.section = 8,
		.description = d->description,
		.exits = exits,
		.see_also = "tercet-dir(8), tercet-sd(8), tercet-fd(8), tconsole(1), "
			    "tercet-dir.conf(5), tercet-sd.conf(5), tercet-fd.conf(5), "
			    "tconsole.conf(5), tercet-commands(7)",
	};
	OWNED(buf_release) struct buf text = BUF_INIT(1024 * 1024);

	if (d->options.man == 8)
		cli_manual(cli, &manual, &text);
	else
		d->manual(d->options.man, &text);
	if (text.len == 0) {
		(void)fprintf(stderr, "%s: there is no manual page of section %d\n", d->program,
			      d->options.man);
		return DAEMON_EXIT_OPTIONS;
	}
	(void)fputs(buf_str(&text), stdout);
	return 0;
}

static int
print_schema(const struct daemon *d)
{
	OWNED(buf_release) struct buf text = BUF_INIT(1024 * 1024);

	d->schema(&text);
	(void)fputs(buf_str(&text), stdout);
	return 0;
}

int
daemon_main(struct daemon *d, int argc, char **argv)
{
	const struct cli_row rows[] = { CLI_DAEMON_ROWS(&d->options) };
	const struct cli cli = { .program = d->program,
				 .summary = d->summary,
				 .rows = rows,
				 .n_rows = sizeof(rows) / sizeof(rows[0]) };
	OWNED(buf_release) struct buf text = BUF_INIT(64 * 1024);
	struct err err = ERR_INIT;
	int operands = 0;

	fd_open_standard();
	thread_block_signals();
	secret_guard_process();
	if (cli_parse(&cli, argc, argv, &operands, &err) != ERR_OK ||
	    operands + (d->options.dump ? 2 : 0) < argc) {
		(void)fprintf(stderr, "%s: %s\n", d->program,
			      err.code != ERR_OK ? err.text : "there are no operands");
		return DAEMON_EXIT_OPTIONS;
	}
	if (d->options.help) {
		cli_help(&cli, &text);
		(void)fputs(buf_str(&text), stdout);
		return 0;
	}
	if (d->options.version) {
		(void)printf("%s %s\n", d->program, d->version);
		return 0;
	}
	if (d->options.man != 0)
		return print_manual(d, &cli);
	if (d->options.schema)
		return print_schema(d);
	if (d->options.dump)
		return d->dump(&d->options, operands < argc ? argv[operands] : NULL,
			       operands + 1 < argc ? argv[operands + 1] : NULL);
	if (d->options.test)
		return d->check(&d->options);
	if (!d->options.foreground)
		return detach_run(argc, argv);
	if (d->options.no_signals)
		thread_allow_signals();
	log_init(d->program);
	atomic_store(&log_trace_level, d->options.debug);
	raise_file_limit();
	return d->serve(d);
}

enum err_code
daemon_become_user(const struct daemon *d, struct err *err)
{
	const struct cli_daemon *o = &d->options;
	const struct passwd *pw = o->user != NULL ? getpwnam(o->user) : NULL;
	const struct group *gr = o->group != NULL ? getgrnam(o->group) : NULL;

	if (o->user != NULL && pw == NULL)
		return err_set(err, ERR_CONFIG, "there is no user %s", o->user);
	if (o->group != NULL && gr == NULL)
		return err_set(err, ERR_CONFIG, "there is no group %s", o->group);
	if (gr != NULL && setgid(gr->gr_gid) != 0)
		return err_errno(err, ERR_SYS, "cannot become group %s", o->group);
	if (pw != NULL && (initgroups(pw->pw_name, gr != NULL ? gr->gr_gid : pw->pw_gid) != 0 ||
			   (gr == NULL && setgid(pw->pw_gid) != 0) || setuid(pw->pw_uid) != 0))
		return err_errno(err, ERR_SYS, "cannot become user %s", o->user);
	secret_guard_process();
	return ERR_OK;
}

/* The process in the lock file of another; 0: not told. */
static long
holder_of(int fd)
{
	char text[32] = "";
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	return n > 0 ? strtol(text, NULL, 10) : 0;
}

enum err_code
daemon_claim(struct daemon *d, const char *directory, const char *name, struct err *err)
{
	OWNED(freep) char *component = path_component(name);
	OWNED(freep) char *path = str_printf("%s/%s.%s.lock", directory, component, d->program);
	OWNED(closep) int fd = -1;
	struct err ignored = ERR_INIT;
	struct stat st, lock;
	char text[32];

	if (fd_make_dirs(directory, 0755, err) != ERR_OK ||
	    fd_open(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600, &fd, err) != ERR_OK)
		return err->code;
	/* One start as root must not keep out whom the directory belongs to; nor give him what else
	 * he has put there. */
	if (geteuid() == 0 && fstat(fd, &lock) == 0 && lock.st_nlink == 1 &&
	    S_ISREG(lock.st_mode) && stat(directory, &st) == 0)
		(void)!fchown(fd, st.st_uid, st.st_gid);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EWOULDBLOCK)
			return err_set(err, ERR_SYS,
				       "%s \"%s\" runs already in %s (process %ld): stop it first",
				       d->program, name, directory, holder_of(fd));
		(void)err_errno(&ignored, ERR_SYS, "another %s would not be noticed: lock %s",
				d->program, path);
		log_warn("%s", ignored.text);
	}
	/* On a full disk it is not told. */
	(void)snprintf(text, sizeof(text), "%-10d\n", (int)getpid());
	if (fd_pwrite_full(fd, path, text, strlen(text), 0, &ignored) != ERR_OK)
		log_warn("%s", ignored.text);
	d->claim = TAKE_FD(fd);
	return ERR_OK;
}

enum err_code
daemon_ready(struct daemon *d, struct err *err)
{
	char text[32];

	if (d->options.pid_file != NULL) {
		(void)snprintf(text, sizeof(text), "%d\n", (int)getpid());
		if (fd_replace_file(d->options.pid_file, bytes_str(text), 0644, err) != ERR_OK)
			return err->code;
	}
	d->ready = true;
	ready_started();
	detach_ready();
	return ERR_OK;
}

void
daemon_gone(struct daemon *d)
{
	if (d->ready && d->options.pid_file != NULL)
		(void)unlink(d->options.pid_file);
	d->ready = false;
}

int
daemon_next_signal(const struct cancel *until)
{
	const struct timespec slice = { .tv_sec = 0, .tv_nsec = LOOK_MS * 1000000L };
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	while (!cancel_asked(until)) {
		int sig = until != NULL ? sigtimedwait(&set, NULL, &slice)
					: sigwaitinfo(&set, NULL);

		if (sig > 0)
			return sig;
	}
	return 0;
}
