/*
 * regress/fuzz/fuzz_vol_tool.c - tercet-volume ls and extract on a volume that anybody has written
 *
 * needs: storage-daemon-tools
 * wraps: vol_say
 *
 * The first byte chooses what ls shows; the rest of section 0 is a bootstrap, none when it is
 * empty; section 1 to the end is the volume.  Whatever it says, files are made below OUT only.
 */
#include "storage-daemon/tools/vol_tool.h"

#include "regress/fuzz/lib/peer.h"
#include "regress/fuzz/lib/sandbox.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define VOLUME    "v/V"
#define BOOTSTRAP "bsr"
#define OUT       "out"
#define ARGS_MAX  5

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
void __wrap_vol_say(const char *fmt, ...) PRINTF(1, 2);

void
__wrap_vol_say(const char *fmt, ...)
{
	char text[4096];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
}

static void
write_file(const char *path, struct bytes content)
{
	FILE *f = fopen(path, "w");

	if (f == NULL || fwrite(content.p, 1, content.n, f) != content.n || fclose(f) != 0)
		abort();
}

/* The directory has what we made, and nothing else. */
static void
check_nothing_else(const char *directory, const char *const ours[], size_t n)
{
	DIR *d = opendir(directory);
	const struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL) {
		bool known = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;

		for (size_t i = 0; i < n; i++)
			known = known || strcmp(e->d_name, ours[i]) == 0;
		if (!known) {
			(void)fprintf(stderr, "%s/%s lies outside of " OUT "\n", directory,
				      e->d_name);
			abort();
		}
	}
	(void)closedir(d);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)sandbox_enter(*argc, *argv);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static char ls[] = "ls", extract[] = "extract", bootstrap[] = "-b" BOOTSTRAP, v[] = VOLUME;
	static char shows[][4] = { "-v", "-j", "-k", "-L", "-r", "-kr", "-Lr", "-jv" };
	static const char *const here[] = { "v", BOOTSTRAP, OUT }, *const there[] = { "V" };
	static char out[] = OUT;
	char *list[ARGS_MAX] = { ls }, *take[ARGS_MAX] = { extract };
	struct bytes input = bytes_of(p, n), bsr = peer_section(input, 0);
	int n_list = 1, n_take = 1;

	if (bsr.n == 0)
		return 0;
	list[n_list++] = shows[bsr.p[0] % 8];
	bsr = bytes_skip(bsr, 1);
	if (bsr.n > 0) {
		write_file(BOOTSTRAP, bsr);
		list[n_list++] = take[n_take++] = bootstrap;
	}
	(void)mkdir("v", 0700);
	(void)mkdir(out, 0700);
	write_file(VOLUME, peer_rest(input, 1));
	list[n_list++] = take[n_take++] = v;
	take[n_take++] = out;
	(void)vol_ls(n_list, list);
	(void)vol_extract(n_take, take);
	check_nothing_else(".", here, 3);
	check_nothing_else("v", there, 1);
	sandbox_clean();
	return 0;
}
