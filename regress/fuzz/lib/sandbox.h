/*
 * regress/fuzz/lib/sandbox.h - keep a program that restores files and runs scripts from doing harm
 *
 * Purpose: a target that drives a whole session would do what its input says.  In the sandbox the
 *          process is nobody, may touch files in one directory only, start nothing, connect
 *          nowhere.  The fuzzer's own directories (its operands) stay writable.
 * Errors:  where the kernel has no Landlock the process ends with exit status 77 and the reason.
 */
#ifndef TERCET_FUZZ_LIB_SANDBOX_H
#define TERCET_FUZZ_LIB_SANDBOX_H

/* A directory of our own below TMPDIR, or /tmp; the current directory afterwards.  It is left
 * empty: whoever sets TMPDIR removes it. */
const char *sandbox_enter(int argc, char **argv);
/* Empty it between two inputs. */
void sandbox_clean(void);

#endif
