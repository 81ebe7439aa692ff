/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to sim/: what a Poisson table is. */
#ifndef SIM_POISSON_TABLE_H
#define SIM_POISSON_TABLE_H

#include <stdint.h>

#include "alias.h"
#include "sim/draw_table.h"

struct poisson_table {
    double mean;
    uint32_t first;  /* the count of cell 0 */
    uint32_t mask;   /* cells - 1; their number is a power of two */
    uint64_t cell[]; /* [mask + 1] */
};

/* A draw from half a word, and hardly ever a word of the stream. Not for streams whose variates are GSL's. */
static inline uint64_t
rs_poisson_table_half(const struct poisson_table *t, uint32_t half, struct stream *s)
{
    return t->first + rs_alias_half(t->cell, t->mask, half, s);
}

#endif
