/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A signal cut into segments of one level each, at the least total cost: minus twice the log likelihood of each segment under its
 * own level, and a penalty for each cut. PELT (Killick, Fearnhead & Eckley, JASA 107 (2012) 1590-1598) finds the optimum; a start
 * that can never be the best one again is not looked at any more.
 */
#ifndef RETRO_SEGMENT_H
#define RETRO_SEGMENT_H

#include "retro/posterior.h"

struct segments { /* heap: rs_segments / free(at_ns) */
    int n_cut;
    int64_t *at_ns;          /* [n_cut] rising: about there the level changes */
    struct post_noise noise; /* around the levels of all segments */
};

/*
 * Signals longer than 2,048 points are looked at in blocks of neighbours, as many as it takes: where exactly a change lies is
 * told by its posterior. Counts that scatter more than their law, and values that follow each other, cost as much less.
 */
struct segments rs_segments(const struct retro_signal *s);

#endif
