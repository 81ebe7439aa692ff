/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Order within a moving window: its smallest or largest value, and any of its quantiles, at the
 * cost of the samples that come and go.
 */
#ifndef MONITORING_PROMQL_ORDER_H
#define MONITORING_PROMQL_ORDER_H

#include "promql_window.h"

/*
 * The samples of a window that may still become its extreme, best first (Tarjan's deque with
 * heap order, as in Lemire, Nordic J. Comput. 13 (2006) 328). Zeroed memory is an empty one.
 */
struct extreme {
    uint64_t *at; /* a ring of sample numbers; entry i is at[i & (cap - 1)] */
    uint64_t begin, end;
    uint32_t cap;
};

/*
 * Goes on from the samples before number `to`, which it knows, to those of w; forgets everything
 * first if `anew`. The last `n_loose` (0 or 1) samples of w are counted in but not learnt.
 */
double rs_extreme_move(
    struct extreme *x, const struct slice *w, uint64_t to, bool anew, bool max, int n_loose);
void rs_extreme_clear(struct extreme *x);

/*
 * A multiset of values in order, in blocks: inserting and removing moves at most a block, and a
 * rank is found by walking the blocks' sizes. Zeroed memory is an empty one.
 */
struct ordered_block;
struct ordered {
    struct ordered_block **block; /* [n_block] in use, then [n_spare] emptied ones */
    int n_block, n_spare, cap;
    int n; /* values */
};

void rs_ordered_insert(struct ordered *o, double v);
/* v must be there. */
void rs_ordered_remove(struct ordered *o, double v);
/* The i-th smallest from 0; NaN comes first, -0 before 0. */
double rs_ordered_at(const struct ordered *o, int i);
void rs_ordered_empty(struct ordered *o); /* keeps the memory */
void rs_ordered_clear(struct ordered *o);

/* Numbers in the order of values: NaN first, -0 before 0. */
int64_t rs_order_key(double v);

#endif
