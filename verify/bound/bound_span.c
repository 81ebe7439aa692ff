/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spans of time: one after another, side by side. */
#include <assert.h>
#include <math.h>

#include "bound_private.h"
#include "sim/clock.h"

struct span rs_span_none(void)
{
    return (struct span){.exact = true};
}

struct span rs_span_between(double low_s, double high_s)
{
    assert(low_s >= 0.0 && high_s >= low_s);
    return (struct span){.low = low_s,
                         .low_best = low_s,
                         .low_worst = low_s,
                         .best = high_s,
                         .worst = high_s,
                         .sure = high_s,
                         .exact = true};
}

struct span rs_span_endless(double low_s)
{
    return rs_span_between(low_s, INFINITY);
}

struct span rs_span_dist(const struct dist *d)
{
    return rs_span_between(rs_dist_inf(d), rs_dist_sup(d));
}

struct span rs_span_sum(struct span a, struct span b)
{
    return (struct span){.low = a.low + b.low,
                         .low_best = a.low_best + b.low_best,
                         .low_worst = a.low_worst + b.low_worst,
                         .best = a.best + b.best,
                         .worst = a.worst + b.worst,
                         .sure = a.sure + b.sure,
                         .exact = a.exact && b.exact};
}

struct span rs_span_later(struct span a, struct span b)
{
    return (struct span){.low = fmax(a.low, b.low),
                         .low_best = fmax(a.low_best, b.low_best),
                         .low_worst = fmax(a.low_worst, b.low_worst),
                         .best = fmax(a.best, b.best),
                         .worst = fmax(a.worst, b.worst),
                         .sure = fmax(a.sure, b.sure),
                         .exact = a.worst > b.worst ? a.exact : b.exact};
}

struct span rs_span_from_zero(struct span s)
{
    s.low = s.low_best = s.low_worst = 0.0;
    return s;
}

void rs_way_add(struct way *w, struct part part)
{
    assert(w->n < RS_MAX_WAY_PART);
    w->part[w->n++] = part;
}

const char *rs_bound_words(struct bounding *b, double s)
{
    char text[32];
    if (isinf(s))
        return "no end";
    return rs_arena_strdup(b->arena, rs_duration_human(text, sizeof text, rs_ns_from_s(s)));
}

const char *rs_bound_percent(struct bounding *b, double ratio)
{
    return rs_arena_printf(b->arena, "%.4g %%", 100.0 * ratio);
}
