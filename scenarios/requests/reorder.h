/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Puts requests in the order of their arrival, as far as a window allows. What is in order already goes through a queue; what
 * comes late waits in a heap beside it. A request leaves when no line inside the window can come before it, or when there is
 * no room for more (2^20 of them).
 */
#ifndef SCENARIOS_REORDER_H
#define SCENARIOS_REORDER_H

#include "scan.h"
#include "scenarios/requests.h"

struct text_block; /* where routes wait */

struct waiting { /* a request that has not left */
    int64_t at_ns;
    uint64_t seq; /* order of the lines, for requests of one time */
    double latency_s;
    const char *route; /* in block */
    struct text_block *block;
    int status;
};

struct reorder { /* caller's storage: init / clear */
    int64_t window_ns;
    rs_request_fn fn;
    void *ctx;
    struct waiting *ring; /* owned: a queue of [n_ring] from `first` on, times not falling */
    size_t first, n_ring, cap_ring;
    struct waiting *heap; /* owned */
    size_t n_heap, cap_heap;
    struct text_block *open, *spare; /* blocks: the one that is filled; empty ones */
    uint64_t seq;
    int64_t newest_ns, left_ns; /* of all so far; of the last one that left */
    bool any, any_left;
    uint64_t n_out_of_order, n_too_late;
};

void rs_reorder_init(struct reorder *r, int64_t window_ns, rs_request_fn fn, void *ctx);
void rs_reorder_clear(struct reorder *r);
/* Takes one; hands on what is due. Not 0: the callback's, reading is to stop. */
int rs_reorder_add(
    struct reorder *r, int64_t at_ns, double latency_s, int status, struct span route);
/* Hands on all that is left. */
int rs_reorder_end(struct reorder *r);

#endif
