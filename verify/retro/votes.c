/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where do most spans agree? Marzullo & Owicki, "Maintaining the time in a distributed system", PODC 1983, as NTP uses it
 * (RFC 5905, section 11.2.1): the ends of all spans in order, counting up at each beginning and down behind each end. A voter
 * with several spans, of which only one can be right, counts once wherever any of them holds.
 */
#include <assert.h>
#include <stdlib.h>

#include "retro/rebuild.h"

struct edge {
    int64_t at_ns;
    int step; /* +1 a beginning, -1 an end */
    int of;
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

/*
 * A clock that may be right is. One that is not is off by a time zone if there is just one whole half hour that fits, and else by
 * anything in the span: its middle is the least wrong.
 */
int64_t rs_offset_best(struct span s)
{
    const int64_t half_hour_ns = 1800 * RS_NS_PER_S;
    if (rs_span_within(s, 0))
        return 0;
    /* Without 0 in it, both ends are on one side: towards 0 is rounded up on the one, down on the other. */
    int64_t first = s.lo_ns > 0 ? (s.lo_ns - 1) / half_hour_ns + 1 : s.lo_ns / half_hour_ns;
    int64_t last = s.hi_ns > 0 ? s.hi_ns / half_hour_ns : (s.hi_ns + 1) / half_hour_ns - 1;
    return first == last ? first * half_hour_ns : s.lo_ns + (s.hi_ns - s.lo_ns) / 2;
}

static int most_voters(const struct vote *vote, int n)
{
    int most = 0;
    for (int i = 0; i < n; i++)
        most = vote[i].of >= most ? vote[i].of + 1 : most;
    return most;
}

/* A stretch in which so many agree is over. */
static void close_stretch(struct vote_count *best, struct span here, int n_agree)
{
    if (n_agree < best->n_agree)
        return;
    best->n_stretch = n_agree > best->n_agree ? 1 : best->n_stretch + 1;
    if (n_agree > best->n_agree || from_zero(here) < from_zero(best->span))
        best->span = here;
    best->n_agree = n_agree;
}

struct vote_count rs_votes_count(const struct vote *vote, int n)
{
    assert(n > 0);
    struct edge *edge = rs_xcalloc(2 * (size_t)n, sizeof(*edge));
    int n_of = most_voters(vote, n);
    int *holds =
        rs_xcalloc((size_t)n_of, sizeof(*holds)); /* spans of each voter that hold this place */
    for (int i = 0; i < n; i++) {
        edge[2 * i] = (struct edge){vote[i].span.lo_ns, 1, vote[i].of};
        edge[2 * i + 1] = (struct edge){vote[i].span.hi_ns, -1, vote[i].of};
    }
    qsort(edge, 2 * (size_t)n, sizeof(*edge), by_place);
    struct vote_count best = {RS_SPAN_ALL, 0, 0};
    int n_agree = 0;
    int64_t since_ns = INT64_MIN;
    for (int i = 0; i < 2 * n; i++) {
        int was = n_agree, *h = &holds[edge[i].of];
        *h += edge[i].step;
        if (edge[i].step > 0 && *h == 1) {
            n_agree++;
            since_ns = edge[i].at_ns;
        } else if (edge[i].step < 0 && *h == 0) {
            n_agree--;
            /* Only where it was growing before: else more agreed a moment ago. */
            if (since_ns != RS_NEVER)
                close_stretch(&best, (struct span){since_ns, edge[i].at_ns}, was);
            since_ns = RS_NEVER;
        }
    }
    best.n_voter = 0;
    bool *counted = rs_xcalloc((size_t)n_of, sizeof(*counted));
    for (int i = 0; i < n; i++) {
        best.n_voter += !counted[vote[i].of];
        counted[vote[i].of] = true;
    }
    free(counted);
    free(holds);
    free(edge);
    return best;
}
