/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files that make a retrospective by hand share. */
#ifndef MADE_PARTS_H
#define MADE_PARTS_H

#include <string.h>

#include "made_told.h"

#define N_OF(array) ((int)(sizeof(array) / sizeof(*(array))))

/* A copy of an array of constants in the arena, so that tests may change it. */
static inline void *made_kept(struct arena *arena, const void *from, size_t n_bytes)
{
    void *to = rs_arena_alloc(arena, n_bytes + 1);
    memcpy(to, from, n_bytes);
    return to;
}
#define KEEP(arena, array) made_kept((arena), (array), sizeof(array))

extern const struct retro_instant made_unknown;

/* (made_found.c) */
void made_conformance(struct made_retro *m, struct arena *arena);
void made_what_if(struct made_retro *m, struct arena *arena);
void made_learnt(struct made_retro *m, struct arena *arena);

#endif
