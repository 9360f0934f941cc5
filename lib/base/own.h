/*
 * lib/base/own.h - scope-bound ownership: OWNED(freep), OWNED(closep), TAKE_PTR
 *
 * Purpose: release beside acquisition, in reverse order of declaration, on every return.
 */
#ifndef TERCET_BASE_OWN_H
#define TERCET_BASE_OWN_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/attr.h"

/* TAKE_PTR(p): the value of p; p becomes NULL, so its OWNED() release does nothing. */
#define TAKE_PTR(p)                                                                                \
	__extension__({                                                                            \
		__typeof__(p) *take_ = &(p);                                                       \
		__typeof__(p) taken_ = *take_;                                                     \
		*take_ = NULL;                                                                     \
		taken_;                                                                            \
	})

/* TAKE_FD(fd): the descriptor; fd becomes -1. */
#define TAKE_FD(fd)                                                                                \
	__extension__({                                                                            \
		int *take_ = &(fd);                                                                \
		int taken_ = *take_;                                                               \
		*take_ = -1;                                                                       \
		taken_;                                                                            \
	})

static inline void
freep(void *pp)
{
	free(*(void **)pp);
}

/* Never for a descriptor whose close can lose data: see fd_close(). */
static inline void
closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void
fclosep(FILE **f)
{
	if (*f != NULL)
		(void)fclose(*f);
}

static inline void
closedirp(DIR **d)
{
	if (*d != NULL)
		(void)closedir(*d);
}

#endif
