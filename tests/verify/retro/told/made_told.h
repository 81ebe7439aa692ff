/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A retrospective made by hand for the tests of what is told of one: every field is there, the odd values too (unknown, never,
 * open on a side, not told, refused). Nothing in it was computed.
 */
#ifndef MADE_RETRO_H
#define MADE_RETRO_H

#include "verify/retro.h"
#include "verify/retro_counter.h"
#include "verify/retro_learn.h"

struct made_retro {
    struct scenario scenario;
    struct retro_evidence evidence;
    struct retro retro;
};

/* All parts, in an arena of its own. */
void made_retro(struct made_retro *out);
/* The least there may be: one source, no scenario, no episode, nothing learnt. */
void made_retro_empty(struct made_retro *out);
void made_retro_clear(struct made_retro *m);

/* 2025-10-01 at that time, UTC, in ns. */
int64_t made_at(int hour, int minute, double second);

#endif
