/*
 * tercet-volume - look at and restore from volumes without a daemon
 *
 * `tercet-volume ls ...`, `tercet-volume extract ...`; called as bls or bextract it is that
 * subcommand at once, with that program's options.  Exit codes: storage-daemon/tools/vol_tool.h.
 */
#include <stdio.h>

#include "lib/base/fd.h"
#include "lib/base/log.h"
#include "lib/base/secret.h"
#include "storage-daemon/tools/vol_tool.h"

static const struct subcommand {
	const char *name, *old_name;
	int (*run)(int argc, char **argv);
	const char *help;
} subcommands[] = {
	{ "ls", "bls", vol_ls, "list files, jobs, blocks or records of volumes" },
	{ "extract", "bextract", vol_extract, "restore files from volumes" },
};

/* Old tools that have no subcommand yet. */
static const char *const missing[] = { "bscan", "bcopy" };

#define N_SUBCOMMANDS (sizeof(subcommands) / sizeof(*subcommands))

/* The old tools take -dt, time stamps in the trace, beside -d LEVEL.  Ours always have them. */
static int
without_debug_time(int argc, char **argv)
{
	int n = 0;

	for (int i = 0; i < argc; i++)
		if (strcmp(argv[i], "-dt") != 0)
			argv[n++] = argv[i];
	argv[n] = NULL;
	return n;
}

static int
usage(FILE *out)
{
	(void)fputs("Usage: tercet-volume SUBCOMMAND [OPTIONS] ...\n", out);
	for (size_t i = 0; i < N_SUBCOMMANDS; i++)
		(void)fprintf(out, "  %-9s %s\n", subcommands[i].name, subcommands[i].help);
	(void)fputs("Options of a subcommand: tercet-volume SUBCOMMAND --help\n", out);
	return out == stdout ? VOL_EXIT_OK : VOL_EXIT_UNUSABLE;
}

int
main(int argc, char **argv)
{
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	const char *name = slash != NULL ? slash + 1 : argc > 0 ? argv[0] : "";

	fd_open_standard();
	secret_guard_process();
	log_init("tercet-volume");
	for (size_t i = 0; i < N_SUBCOMMANDS; i++)
		if (strcmp(name, subcommands[i].old_name) == 0)
			return subcommands[i].run(without_debug_time(argc, argv), argv);
	for (size_t i = 0; i < sizeof(missing) / sizeof(*missing); i++)
		if (strcmp(name, missing[i]) == 0) {
			(void)fprintf(stderr, "tercet-volume: %s is not supported yet\n", name);
			return VOL_EXIT_UNUSABLE;
		}
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
		return usage(stdout);
	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		(void)printf("tercet-volume %s\n", TERCET_VERSION);
		return VOL_EXIT_OK;
	}
	for (size_t i = 0; argc > 1 && i < N_SUBCOMMANDS; i++)
		if (strcmp(argv[1], subcommands[i].name) == 0)
			return subcommands[i].run(argc - 1, argv + 1);
	if (argc > 1)
		(void)fprintf(stderr, "tercet-volume: there is no subcommand \"%s\"\n", argv[1]);
	return usage(stderr);
}
