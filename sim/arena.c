/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oom.h"

enum { BLOCK_BYTES = 16384, ALIGN = alignof(max_align_t) };

/* Blocks form a list, newest first; only the newest is filled further. */
struct block {
    struct block *next;
    size_t n_used, n_bytes; /* of `data` */
    alignas(max_align_t) unsigned char data[];
};

struct arena {
    struct block *newest;
};

_Noreturn void rs_oom_exit(size_t n_bytes)
{
    fprintf(stderr, "rollsim: out of memory (%zu bytes asked for)\n", n_bytes);
    _Exit(4);
}

void *rs_xcalloc(size_t n, size_t size)
{
    void *memory = calloc(n ? n : 1, size ? size : 1);
    if (!memory) {
        rs_oom_exit(size && n > SIZE_MAX / size ? SIZE_MAX : n * size);
    }
    return memory;
}

void *rs_xcalloc_lines(size_t n, size_t size)
{
    size_t n_bytes = n > 0 && size <= SIZE_MAX / n ? n * size : 0;
    void *memory = NULL;

    if (posix_memalign(&memory, 64, n_bytes ? n_bytes : 64) != 0 || (n_bytes == 0 && n > 0)) {
        rs_oom_exit(n_bytes);
    }
    memset(memory, 0, n_bytes);
    return memory;
}

void *rs_xrealloc(void *old, size_t n_bytes)
{
    void *memory = realloc(old, n_bytes ? n_bytes : 1);
    if (!memory) {
        rs_oom_exit(n_bytes);
    }
    return memory;
}

char *rs_xstrdup(const char *text)
{
    size_t n_bytes = strlen(text) + 1;
    return memcpy(rs_xcalloc(1, n_bytes), text, n_bytes);
}

struct arena *rs_arena_new(void)
{
    return rs_xcalloc(1, sizeof(struct arena));
}

void rs_arena_free(struct arena *arena)
{
    if (!arena) {
        return;
    }
    for (struct block *block = arena->newest; block;) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
    free(arena);
}

/* Large pieces get a block of their own size, so that nothing is ever too big. */
static struct block *add_block(struct arena *arena, size_t n_bytes)
{
    size_t n_data = n_bytes > BLOCK_BYTES / 4 ? n_bytes : BLOCK_BYTES;
    if (n_data > SIZE_MAX - sizeof(struct block)) {
        rs_oom_exit(n_bytes);
    }
    struct block *block = rs_xcalloc(1, sizeof(*block) + n_data);
    block->n_bytes = n_data;
    if (arena->newest && n_data != BLOCK_BYTES) {
        /* A block for one large piece goes behind the newest, which still has room. */
        block->next = arena->newest->next;
        arena->newest->next = block;
    } else {
        block->next = arena->newest;
        arena->newest = block;
    }
    return block;
}

void *rs_arena_alloc(struct arena *arena, size_t n_bytes)
{
    assert(arena);
    if (n_bytes > SIZE_MAX - ALIGN) {
        rs_oom_exit(n_bytes);
    }
    /* Even nothing gets an address of its own. */
    size_t n_rounded = n_bytes ? (n_bytes + ALIGN - 1) / ALIGN * ALIGN : ALIGN;
    struct block *block = arena->newest;
    if (!block || block->n_bytes - block->n_used < n_rounded) {
        block = add_block(arena, n_rounded);
    }
    void *memory = block->data + block->n_used;
    block->n_used += n_rounded;
    return memory;
}

char *rs_arena_strndup(struct arena *arena, const char *text, size_t n)
{
    size_t n_text = strnlen(text, n);
    char *copy = rs_arena_alloc(arena, n_text + 1);
    memcpy(copy, text, n_text);
    return copy;
}

char *rs_arena_strdup(struct arena *arena, const char *text)
{
    return rs_arena_strndup(arena, text, strlen(text));
}

char *rs_arena_vprintf(struct arena *arena, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n_text = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    assert(n_text >= 0);
    char *text = rs_arena_alloc(arena, (size_t)n_text + 1);
    vsnprintf(text, (size_t)n_text + 1, fmt, args);
    return text;
}

char *rs_arena_printf(struct arena *arena, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *text = rs_arena_vprintf(arena, fmt, args);
    va_end(args);
    return text;
}
