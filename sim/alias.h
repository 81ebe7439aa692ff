/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Private to sim/: alias tables over 2^bits cells. A cell answers with its own number when the bits that are left of the draw
 * are below its threshold, and with its alias otherwise: threshold (52 bits) and alias (12 bits) share one word.
 * Sources: Walker, Electronics Letters 10 (1974) 127-128; Vose, IEEE Trans. Software Engineering 17 (1991) 972-975, here in
 * whole numbers, so that the table is exactly what was rounded.
 */
#ifndef SIM_ALIAS_H
#define SIM_ALIAS_H

#include <stdint.h>

#include "sim/stream.h"

enum { RS_ALIAS_BITS_MIN = 5, RS_ALIAS_BITS_MAX = 11 };
#define RS_ALIAS_INDEX UINT64_C(0xfff)

/* The fewest bits whose cells hold n outcomes; n <= 2^RS_ALIAS_BITS_MAX. */
unsigned rs_alias_bits(uint64_t n);

/*
 * Makes the cells.
 *   p[2^bits]      >= 0, not all 0, need not sum to 1; rounded to multiples of 2^-(52 + bits) of their sum
 *   cell[2^bits]   the result
 */
void rs_alias_build(unsigned bits, const double *p, uint64_t *cell);

/* The outcome for a whole word: the lower bits choose the cell, the upper 52 are compared. mask = 2^bits - 1. */
static inline uint64_t rs_alias_word(const uint64_t *cell, uint32_t mask, uint64_t word)
{
    uint64_t i = word & mask, c = cell[i];
    uint64_t own = -(uint64_t)((word & ~RS_ALIAS_INDEX) < (c & ~RS_ALIAS_INDEX));
    return (i & own) | (c & RS_ALIAS_INDEX & ~own);
}

/* The outcome of a cell for the first 32 - bits of a comparison that they left open. Takes a word of the stream. */
uint64_t rs_alias_rest(uint64_t cell, uint32_t mask, uint32_t half, struct stream *s);

/* The outcome for half a word. Where its bits equal the threshold's first ones, the stream gives the others. */
static inline uint64_t
rs_alias_half(const uint64_t *cell, uint32_t mask, uint32_t half, struct stream *s)
{
    uint64_t i = half & mask, c = cell[i];
    uint32_t left = half & ~mask, threshold = (uint32_t)(c >> 32) & ~mask;
    if (__builtin_expect(left == threshold, 0)) {
        return rs_alias_rest(c, mask, half, s);
    }
    /* Without a branch, which would be mispredicted. */
    uint64_t own = -(uint64_t)(left < threshold);
    return (i & own) | (c & RS_ALIAS_INDEX & ~own);
}

#endif
