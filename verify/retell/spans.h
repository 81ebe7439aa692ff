/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sets of time as spans: in order, apart from each other, none empty. */
#ifndef RETELL_SPANS_H
#define RETELL_SPANS_H

#include "sim/arena.h"
#include "verify/retell.h"

struct spans { /* value; the array is in an arena */
    int n, cap;
    struct retell_span *at; /* [n] */
};

/* Adds one; empty ones are passed over. To be put in order before anything else is asked. */
void rs_spans_add(struct arena *arena, struct spans *s, int64_t from_ms, int64_t until_ms);
void rs_spans_sort(struct spans *s);
struct spans rs_spans_minus(struct arena *arena, const struct spans *a, const struct spans *b);
struct spans rs_spans_and(struct arena *arena, const struct spans *a, const struct spans *b);
int64_t rs_spans_length(const struct spans *s);
bool rs_spans_has(const struct spans *s, int64_t t_ms);
/* The time before which so much of the set lies, 0 <= ms <= its length. */
int64_t rs_spans_after(const struct spans *s, int64_t ms);

/*
 * The time in which there was anything to evaluate: from each sample of a series on for as long as it counts as the newest, a
 * gap in every series at once left out; between the spec's ends.
 */
struct spans rs_spans_watched(struct arena *arena, const struct backtest_spec *spec);

#endif
