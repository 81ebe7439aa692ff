/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The points of a window, with the sums that make every cut of it cheap. */
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>

#include "retro/noise.h"
#include "retro/posterior.h"
#include "sim/arena.h"

static double median_of(double *x, int n)
{
    if (n == 0)
        return 0.0;
    gsl_sort(x, 1, (size_t)n);
    return x[n / 2];
}

/* Of values: what is alike is alike up to the smallest step that was ever written down. */
static double resolution_of(const struct post_window *w)
{
    double *y = rs_xcalloc((size_t)w->n_point, sizeof(*y));
    for (int i = 0; i < w->n_point; i++)
        y[i] = w->point[i].k;
    gsl_sort(y, 1, (size_t)w->n_point);
    double range = y[w->n_point - 1] - y[0], step = range;
    for (int i = 1; i < w->n_point; i++) {
        double d = y[i] - y[i - 1];
        if (d > 1e-9 * range && d < step)
            step = d;
    }
    free(y);
    return step;
}

static void
take_points(struct post_window *w, const struct retro_signal *s, size_t first, int64_t from_ns)
{
    for (int i = 0; i < w->n_point; i++) {
        const struct retro_point *p = &s->point[first + (size_t)i];
        struct post_point *q = &w->point[i];
        q->lo_s = (double)(p->lo_ns - from_ns) * 1e-9;
        q->hi_s = (double)(p->hi_ns - from_ns) * 1e-9;
        q->n = s->kind == RS_SIGNAL_VALUE ? 1.0 : p->n;
        q->k = s->kind == RS_SIGNAL_VALUE ? p->y : p->k;
        w->longest_s = fmax(w->longest_s, q->hi_s - q->lo_s);
        w->n += q->n;
        w->k += q->k;
    }
    if (s->kind == RS_SIGNAL_VALUE) {
        w->mean = w->k / w->n;
        w->k = 0.0;
        for (int i = 0; i < w->n_point; i++)
            w->point[i].k -= w->mean;
        w->resolution = resolution_of(w);
    }
    for (int i = 0; i < w->n_point; i++)
        w->kk += w->point[i].k * w->point[i].k;
}

struct start {
    double lo_s, n, k;
};

static int by_start(const void *va, const void *vb)
{
    const struct start *a = va, *b = vb;
    return (a->lo_s > b->lo_s) - (a->lo_s < b->lo_s);
}

static void sum_up(struct post_window *w)
{
    int n = w->n_point;
    struct start *start = rs_xcalloc((size_t)n, sizeof(*start));
    for (int i = 0; i < n; i++) {
        const struct post_point *p = &w->point[i];
        w->n_until[i + 1] = w->n_until[i] + p->n;
        w->k_until[i + 1] = w->k_until[i] + p->k;
        start[i] = (struct start){p->lo_s, p->n, p->k};
    }
    qsort(start, (size_t)n, sizeof(*start), by_start);
    for (int i = n; i-- > 0;) {
        w->lo[i] = start[i].lo_s;
        w->n_from[i] = w->n_from[i + 1] + start[i].n;
        w->k_from[i] = w->k_from[i + 1] + start[i].k;
    }
    /* Between neighbours: what there is to tell times apart by. */
    int n_gap = 0;
    for (int i = 1; i < n; i++) {
        double gap = w->point[i].hi_s - w->point[i - 1].hi_s;
        if (gap > 0.0)
            start[n_gap++].lo_s = gap;
    }
    double *gap = rs_xcalloc((size_t)n, sizeof(*gap));
    for (int i = 0; i < n_gap; i++)
        gap[i] = start[i].lo_s;
    w->spacing_s = n_gap > 0 ? median_of(gap, n_gap) : w->span_s;
    free(gap);
    free(start);
}

struct post_window *rs_post_window_new(const struct retro_signal *s,
                                       int64_t from_ns,
                                       int64_t until_ns,
                                       const struct post_noise *noise)
{
    size_t first = 0, end = 0;
    while (first < s->n && s->point[first].hi_ns <= from_ns)
        first++;
    for (end = first; end < s->n && s->point[end].hi_ns <= until_ns;)
        end++;
    if (end - first < 3 || until_ns <= from_ns)
        return NULL;
    struct post_window *w = rs_xcalloc(1, sizeof(*w));
    size_t n = end - first;
    w->kind = s->kind;
    w->noise = *noise;
    w->span_s = (double)(until_ns - from_ns) * 1e-9;
    w->n_point = (int)n;
    w->point = rs_xcalloc(n, sizeof(*w->point));
    w->n_until = rs_xcalloc(n + 1, sizeof(double));
    w->k_until = rs_xcalloc(n + 1, sizeof(double));
    w->lo = rs_xcalloc(n, sizeof(double));
    w->n_from = rs_xcalloc(n + 1, sizeof(double));
    w->k_from = rs_xcalloc(n + 1, sizeof(double));
    take_points(w, s, first, from_ns);
    sum_up(w);
    if (!(w->n > 0.0)) {
        rs_post_window_free(w);
        return NULL;
    }
    rs_post_window_weigh(w, noise->worth);
    return w;
}

void rs_post_window_free(struct post_window *w)
{
    if (!w)
        return;
    free(w->k_from);
    free(w->n_from);
    free(w->lo);
    free(w->k_until);
    free(w->n_until);
    free(w->point);
    free(w);
}

struct post_noise rs_post_noise_of(const struct retro_signal *s)
{
    struct post_noise noise = {.worth = 1.0};
    if (s->kind == RS_SIGNAL_VALUE)
        noise.variance = rs_noise_of_signal(s);
    noise.freedom = noise.variance > 0.0 ? 4.0 : 0.0;
    return noise;
}
