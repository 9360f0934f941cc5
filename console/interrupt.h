/*
 * console/interrupt.h - Ctrl-C as a cancel
 *
 * Purpose: every wait of the console takes this cancel; whoever is waiting decides what Ctrl-C
 *          means there: forget the line, stop the command, leave.
 * Threads: one thread, and the signal handler.
 * Spec:    console.md 2.3, 2.5
 */
#ifndef TERCET_CONSOLE_INTERRUPT_H
#define TERCET_CONSOLE_INTERRUPT_H

#include <stdbool.h>

#include "lib/base/wait.h"

/* Catch SIGINT from now on; also puts the handler back after readline took it. */
MUST_CHECK enum err_code interrupt_catch(struct err *err);
/* For waits; NULL when SIGINT is not caught. */
struct cancel *interrupt_cancel(void);
/* True once per Ctrl-C. */
bool interrupt_take(void);

#endif
