/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests of whole scrape intervals to come, many scrapes at a time (ahead.c). Private to models/system. */
#ifndef MODELS_SYSTEM_AHEAD_H
#define MODELS_SYSTEM_AHEAD_H

#include <stdint.h>

#include "sim/stream.h"

struct cursor;
struct system;
struct target;

/* The stream of a count that is drawn once a scrape: scrape k has block k of `head`, and a far place in `more` for the rest. */
struct main_lane {
    struct stream head, more;
};

enum { RS_AHEAD = 16 }; /* scrapes drawn at a time */

/* Requests of whole scrape intervals to come, drawn under the present state (ahead.c). */
struct ahead {
    uint64_t first, past; /* scrapes that it holds; none if equal */
    uint64_t law_epoch,
        branch; /* what it was drawn for, shares aside: whoever changes these empties it */
    struct main_lane *lane; /* [n_class] */
    struct cursor *cursor;  /* [n_traffic] */
    double *traffic;        /* [n_traffic * RS_AHEAD] expected requests */
    double *mean;           /* [n_class * RS_AHEAD] expected requests of an active class */
    uint64_t *count;        /* [n_class * RS_AHEAD] those that end in its first cell */
};

void rs_main_open(struct main_lane *lane, const struct system *sys, uint64_t hash);
void rs_ahead_forget(struct ahead *a);
/* The place of scrape k, k > 0, drawn now if it is not there yet. */
int rs_ahead_find(struct system *sys, struct target *t, uint64_t k);
/* Draws scrapes [first, first + n), 0 < n <= RS_AHEAD: n at a time or one by one, the counts are the same. */
void rs_ahead_make(struct system *sys, struct target *t, uint64_t first, int n);

#endif
