/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "made_signal.h"

#include <math.h>
#include <stdlib.h>

#include "sim/arena.h"
#include "sim/draw.h"

/* The way gone at t, and how much of it was gone on average in (lo, hi]: by many small steps, unlike what is tested. */
static double way_gone(const struct made_law *law, double change_s, double t)
{
    if (t <= change_s || (law->lasts_s > 0.0 && t > change_s + law->lasts_s))
        return 0.0;
    return t < change_s + law->ramp_s ? (t - change_s) / law->ramp_s : 1.0;
}

static double mean_way(const struct made_law *law, double change_s, double lo, double hi)
{
    enum { STEPS = 400 };
    double sum = 0.0;
    if (isinf(change_s) || hi <= change_s)
        return 0.0;
    for (int i = 0; i < STEPS; i++)
        sum += way_gone(law, change_s, lo + (hi - lo) * (i + 0.5) / STEPS);
    return sum / STEPS;
}

static double scattered(struct stream *s, const struct made_law *law, double mean)
{
    double shape = 1.0 / (law->scatter * law->scatter);
    return law->scatter > 0.0 ? mean * rs_draw_gamma(s, shape, 1.0 / shape) : mean;
}

static int by_hi(const void *va, const void *vb)
{
    const struct retro_point *a = va, *b = vb;
    return (a->hi_ns > b->hi_ns) - (a->hi_ns < b->hi_ns);
}

static struct retro_point drawn(struct stream *s,
                                const struct made_law *law,
                                double change_s,
                                double lo,
                                double hi,
                                double *noise)
{
    struct retro_point p = {.lo_ns = (int64_t)(lo * 1e9), .hi_ns = (int64_t)(hi * 1e9)};
    if (law->kind == RS_SIGNAL_VALUE) {
        double fresh = rs_draw_normal(s);
        *noise = law->follow * *noise + sqrt(1.0 - law->follow * law->follow) * fresh;
        double way = way_gone(law, change_s, hi);
        p.lo_ns = p.hi_ns;
        p.y = (1.0 - way) * law->before + way * law->after + law->sd * *noise;
        return p;
    }
    double way = mean_way(law, change_s, lo, hi);
    double level = scattered(s, law, (1.0 - way) * law->before + way * law->after);
    p.n =
        law->kind == RS_SIGNAL_RATIO ? (double)rs_draw_poisson(s, law->per_s * (hi - lo)) : hi - lo;
    if (law->kind == RS_SIGNAL_RATIO)
        p.k = (double)rs_draw_binomial(s, (uint64_t)p.n, fmin(level, 1.0));
    else
        p.k = (double)rs_draw_poisson(s, level * p.n);
    return p;
}

void made_signal_draw(struct made_signal *m,
                      struct stream *s,
                      const struct made_law *law,
                      double change_s)
{
    size_t most = (size_t)law->n_instance * ((size_t)(law->span_s / law->interval_s) + 2);
    m->point = rs_xcalloc(most, sizeof(*m->point));
    m->signal = (struct retro_signal){.name = law->name, .kind = law->kind, .service = -1};
    for (int i = 0; i < law->n_instance; i++) {
        double lo = law->interval_s * (double)(rs_stream_u64(s) >> 11) * 0x1p-53,
               noise = rs_draw_normal(s);
        for (double hi = lo + law->interval_s; hi <= law->span_s; hi += law->interval_s) {
            if (law->lost > 0.0 && (double)(rs_stream_u64(s) >> 11) * 0x1p-53 < law->lost)
                continue;
            m->point[m->signal.n++] = drawn(s, law, change_s, lo, hi, &noise);
            lo = hi;
        }
    }
    qsort(m->point, m->signal.n, sizeof(*m->point), by_hi);
    m->signal.point = m->point;
}

void made_signal_clear(struct made_signal *m)
{
    free(m->point);
    m->point = NULL;
}
