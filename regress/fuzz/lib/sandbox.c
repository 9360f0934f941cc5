#include "regress/fuzz/lib/sandbox.h"

#include "lib/base/log.h"

#include <fcntl.h>
#include <ftw.h>
#include <linux/landlock.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOBODY  65534
#define READING (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)

/* The kernel's struct as of its sixth version; Debian 12's header has the first member only. */
struct ruleset {
	uint64_t files, net, scope;
};

/* What each version of Landlock can forbid: file rights, TCP, signals to others. */
static const struct {
	struct ruleset all;
	size_t len;
} versions[] = {
	{ { (1u << 13) - 1, 0, 0 }, 8 },  { { (1u << 14) - 1, 0, 0 }, 8 },
	{ { (1u << 15) - 1, 0, 0 }, 8 },  { { (1u << 15) - 1, 3, 0 }, 16 },
	{ { (1u << 16) - 1, 3, 0 }, 16 }, { { (1u << 16) - 1, 3, 3 }, 24 },
};
#define N_VERSIONS ((long)(sizeof(versions) / sizeof(versions[0])))

static char directory[256];
static uint64_t everything; /* the file rights that are handled */

static void
die(const char *what)
{
	(void)fprintf(stderr, "sandbox: %s: %m\n", what);
	_exit(77);
}

static void
allow(int ruleset, const char *path, uint64_t rights)
{
	struct landlock_path_beneath_attr beneath = { .allowed_access = rights };
	struct stat st;
	int fd = open(path, O_PATH | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) != 0)
		return;
	if (!S_ISDIR(st.st_mode))
		beneath.allowed_access &= LANDLOCK_ACCESS_FS_READ_FILE |
					  LANDLOCK_ACCESS_FS_WRITE_FILE;
	beneath.allowed_access &= everything;
	beneath.parent_fd = fd;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) != 0)
		die(path);
	(void)close(fd);
}

/* The fuzzer's own files: the prefix of what it finds, its dictionary, directories of inputs; it
 * writes to the first one. */
static void
allow_operand(int ruleset, const char *arg, bool *has_first)
{
	static const char prefix[] = "-artifact_prefix=", dictionary[] = "-dict=";
	bool is_prefix = strncmp(arg, prefix, strlen(prefix)) == 0;
	char path[4096];
	char *slash;

	if (strncmp(arg, dictionary, strlen(dictionary)) == 0)
		allow(ruleset, arg + strlen(dictionary), READING);
	if (!is_prefix && arg[0] == '-')
		return;
	if (is_prefix)
		arg += strlen(prefix);
	(void)snprintf(path, sizeof(path), "%s", arg);
	slash = strrchr(path, '/');
	if (slash != NULL && slash[1] == '\0')
		*slash = '\0';
	else if (slash != NULL && access(path, F_OK) != 0)
		*slash = '\0';
	if (!is_prefix && *has_first) {
		allow(ruleset, path, READING);
		return;
	}
	*has_first = *has_first || !is_prefix;
	allow(ruleset, path, UINT64_MAX & ~(uint64_t)LANDLOCK_ACCESS_FS_EXECUTE);
	if (geteuid() == 0)
		(void)!chown(path, NOBODY, NOBODY);
}

static int
remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	if (at->level > 0)
		(void)remove(path);
	return 0;
}

void
sandbox_clean(void)
{
	(void)nftw(directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void
leave(void)
{
	sandbox_clean();
	(void)rmdir(directory);
}

const char *
sandbox_enter(int argc, char **argv)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	long v = (abi < N_VERSIONS ? abi : N_VERSIONS) - 1;
	bool has_first = false;
	char self[64];
	int ruleset;

	if (abi < 1)
		die("this kernel has no Landlock");
	everything = versions[v].all.files;
	(void)snprintf(directory, sizeof(directory), "%s/tercet-fuzz-box.XXXXXX",
		       getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
	if (mkdtemp(directory) == NULL || chmod(directory, 0777) != 0 || chdir(directory) != 0)
		die(directory);
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &versions[v].all, versions[v].len, 0);
	if (ruleset < 0)
		die("landlock_create_ruleset");
	allow(ruleset, directory, UINT64_MAX & ~(uint64_t)LANDLOCK_ACCESS_FS_EXECUTE);
	allow(ruleset, "/dev/null", UINT64_MAX);
	allow(ruleset, "/dev/urandom", READING);
	allow(ruleset, "/etc/passwd", READING);
	allow(ruleset, "/etc/group", READING);
	allow(ruleset, "/etc/os-release", READING);
	allow(ruleset, "/usr/lib/os-release", READING);
	(void)snprintf(self, sizeof(self), "/proc/%d", (int)getpid());
	allow(ruleset, self, READING); /* the leak check reads its own maps */
	/* Stays open: were its inode forgotten and made anew, the rule would be lost. */
	if (open(self, O_PATH | O_CLOEXEC) < 0)
		die(self);
	for (int i = 1; i < argc; i++)
		allow_operand(ruleset, argv[i], &has_first);
	if (geteuid() == 0 &&
	    (setresgid(NOBODY, NOBODY, NOBODY) != 0 || setresuid(NOBODY, NOBODY, NOBODY) != 0))
		die("become nobody");
	if (prctl(PR_SET_DUMPABLE, 1) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		die("landlock_restrict_self");
	(void)close(ruleset);
	(void)atexit(leave);
	return directory;
}
