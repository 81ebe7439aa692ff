/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where do most spans agree? Marzullo & Owicki, "Maintaining the time in a distributed system", PODC 1983, as NTP uses it
 * (RFC 5905, section 11.2.1): the ends of all spans in order, counting up at each beginning and down behind each end.
 */
#include <assert.h>
#include <stdlib.h>

#include "retro/rebuild.h"

struct edge {
    int64_t at_ns;
    int step; /* +1 a beginning, -1 an end */
};

/* Beginnings before ends at one place: spans that only touch agree there. */
static int by_place(const void *a, const void *b)
{
    const struct edge *x = a, *y = b;
    if (x->at_ns != y->at_ns)
        return x->at_ns < y->at_ns ? -1 : 1;
    return y->step - x->step;
}

static int64_t from_zero(struct span s)
{
    return rs_span_apart(s, (struct span){0, 0});
}

struct vote_count rs_votes_count(const struct vote *vote, int n)
{
    assert(n > 0);
    struct edge *edge = rs_xcalloc(2 * (size_t)n, sizeof(*edge));
    for (int i = 0; i < n; i++) {
        edge[2 * i] = (struct edge){vote[i].span.lo_ns, 1};
        edge[2 * i + 1] = (struct edge){vote[i].span.hi_ns, -1};
    }
    qsort(edge, 2 * (size_t)n, sizeof(*edge), by_place);
    struct vote_count best = {RS_SPAN_ALL, 0};
    int holds = 0;
    for (int i = 0; i < 2 * n; i++) {
        holds += edge[i].step;
        if (edge[i].step < 0)
            continue;
        /* A stretch of agreement ends at the next edge; if that is a beginning, it only grows. */
        struct span here = {edge[i].at_ns, edge[i + 1].at_ns};
        if (edge[i + 1].step < 0 &&
            (holds > best.n_agree ||
             (holds == best.n_agree && from_zero(here) < from_zero(best.span)))) {
            best = (struct vote_count){here, holds};
        }
    }
    free(edge);
    return best;
}
