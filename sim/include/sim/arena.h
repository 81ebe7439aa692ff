/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory that lives and dies together: a scenario, a parsed rule file, a plan. Never fails: out of memory aborts with a word. */
#ifndef SIM_ARENA_H
#define SIM_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena; /* opaque, heap */

struct arena *rs_arena_new(void);
void rs_arena_free(struct arena *arena); /* NULL ok; frees everything that came from it */
/* n_bytes zeroed bytes, aligned for any type; n_bytes may be 0. */
void *rs_arena_alloc(struct arena *arena, size_t n_bytes);
char *rs_arena_strdup(struct arena *arena, const char *text);
char *rs_arena_strndup(struct arena *arena, const char *text, size_t n);
char *rs_arena_printf(struct arena *arena, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
char *rs_arena_vprintf(struct arena *arena, const char *fmt, va_list args)
    __attribute__((format(printf, 2, 0)));

#define RS_ARENA_ARRAY(arena, type, n) ((type *)rs_arena_alloc((arena), sizeof(type) * (size_t)(n)))

/* malloc and friends for owned buffers elsewhere; out of memory ends the program with a word and exit status 4. */
void *rs_xcalloc(size_t n, size_t size);
/* Zeroed; every element begins on a cache line of 64 bytes if size is a multiple of that. */
void *rs_xcalloc_lines(size_t n, size_t size);
void *rs_xrealloc(void *old, size_t n_bytes);
char *rs_xstrdup(const char *text);

struct bytes { /* owned by the caller: free(p) */
    unsigned char *p;
    size_t n, cap;
};

#endif
