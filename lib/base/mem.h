/*
 * lib/base/mem.h - allocations that cannot fail
 *
 * Purpose: for sizes the program or its configuration bounds.  They never return NULL: the
 *          process ends with a message when memory is gone.  Sizes chosen by a peer, a volume
 *          or a file system belong in struct buf (lib/base/buf.h).
 */
#ifndef TERCET_BASE_MEM_H
#define TERCET_BASE_MEM_H

#include <stddef.h>
#include <stdlib.h>

#include "lib/base/attr.h"

#define NEW(type)          ((type *)mem_zalloc(1, sizeof(type)))
#define NEW_ARRAY(type, n) ((type *)mem_zalloc((n), sizeof(type)))

/* Zeroed memory of n times size bytes; n * size may not overflow. */
void *mem_zalloc(size_t n, size_t size);
/* p resized to n times size bytes; new bytes are not initialised. */
void *mem_resize(void *p, size_t n, size_t size);
/* Owned copies. */
char *str_dup(const char *s);
char *str_ndup(const char *s, size_t n);
/* As much of s as fits, with its NUL; NULL is empty. */
void str_copy(char *out, size_t cap, const char *s);
/* Owned formatted text. */
char *str_printf(const char *fmt, ...) PRINTF(1, 2);
/* Grow an array for one more item: *cap doubles when n == *cap. */
void *mem_grow(void *p, size_t n, size_t *cap, size_t size);

#endif
