/*
 * regress/fuzz/fuzz_args.c - command lines of consoles, and the answers to job reports
 *
 * needs: director
 */
#include "director/shell/args.h"

#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/proc.h"
#include "lib/base/units.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	OWNED(freep) char *line = str_ndup((const char *)p, n);
	OWNED(args_release) struct args a = { .n = 0 };
	OWNED(proc_argv_release) struct proc_argv argv = { .n = 0 };
	struct err err = ERR_INIT;

	if (args_parse(line, &a, &err) == ERR_OK) {
		assert(a.n <= ARGS_MAX);
		for (size_t i = 0; i < a.n; i++) {
			assert(a.v[i].key != NULL);
			(void)args_value(&a, a.v[i].key);
		}
	}
	if (proc_split(line, &argv, &err) == ERR_OK)
		assert(argv.n > 0 && argv.n <= PROC_WORDS_MAX);
	return 0;
}
