/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "retro/signal_count.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/clock.h"

static const int64_t ms_in_ns = 1000000;

void rs_signal_parts_add(struct signal_parts *p, struct signal_part part)
{
    if (p->n == p->cap) {
        p->cap = p->cap ? 2 * p->cap : 16;
        p->part = rs_xrealloc(p->part, sizeof(*p->part) * (size_t)p->cap);
    }
    p->part[p->n++] = part;
}

void rs_signal_parts_clear(struct signal_parts *p)
{
    free(p->part);
    *p = (struct signal_parts){0};
}

void rs_signal_list_add(struct signal_list *list, const struct retro_signal *s)
{
    if (list->n == list->cap) {
        list->cap = list->cap ? 2 * list->cap : 16;
        list->signal = rs_xrealloc(list->signal, sizeof(*list->signal) * (size_t)list->cap);
    }
    list->signal[list->n++] = *s;
}

/* ---- one instance ---- */

/* A part on its way through time. */
struct walker {
    const struct recorded_series *s;
    int in_n, in_k;
    size_t next;
    double last; /* NaN: no sample yet */
};

/* A process that begins anew counts from nothing: all that it shows came since. */
static double increase(double last, double v)
{
    return v < last ? v : v - last;
}

double rs_signal_increase(const struct recorded_series *s)
{
    double last = NAN, sum = 0.0;
    for (size_t i = 0; i < s->n; i++) {
        double v = s->sample[i].v;
        if (isnan(v)) /* a stale marker, too */
            continue;
        if (!isnan(last))
            sum += increase(last, v);
        last = v;
    }
    return sum;
}

/* The next time at which any of them has a sample; RS_NEVER. */
static int64_t next_time(const struct walker *w, int n)
{
    int64_t t = RS_NEVER;
    for (int i = 0; i < n; i++) {
        if (w[i].next < w[i].s->n && w[i].s->sample[w[i].next].t_ms < t)
            t = w[i].s->sample[w[i].next].t_ms;
    }
    return t;
}

/*
 * Takes the samples of time t. Returns whether any of them is a number. A series that begins when its neighbours had been
 * scraped before was not there then: a client library shows a counter with labels from its first event on, so all that it
 * shows is new.
 */
static bool step(struct walker *w, int n, int64_t t, bool scraped_before, struct retro_point *p)
{
    bool any = false;
    for (int i = 0; i < n; i++) {
        if (w[i].next >= w[i].s->n || w[i].s->sample[w[i].next].t_ms != t)
            continue;
        double v = w[i].s->sample[w[i].next++].v;
        if (isnan(v))
            continue;
        any = true;
        double more = isnan(w[i].last) ? (scraped_before ? v : 0.0) : increase(w[i].last, v);
        w[i].last = v;
        p->n += w[i].in_n * more;
        p->k += w[i].in_k * more;
    }
    return any;
}

struct points {
    struct retro_point *p;
    size_t n, cap;
};

static void put_point(struct points *to, struct retro_point p)
{
    if (to->n == to->cap) {
        to->cap = to->cap ? 2 * to->cap : 256;
        to->p = rs_xrealloc(to->p, sizeof(*to->p) * to->cap);
    }
    to->p[to->n++] = p;
}

static void walk(struct points *to,
                 const struct signal_from *from,
                 const struct retro_signal *like,
                 struct walker *w,
                 int n)
{
    int64_t before_ms = RS_NEVER, offset_ns = from->offset_ns[like->source];
    struct retro_point p = {0};
    for (int64_t t = next_time(w, n); t != RS_NEVER; t = next_time(w, n)) {
        if (!step(w, n, t, before_ms != RS_NEVER, &p))
            continue; /* nothing was learnt; the counts go on to the next scrape */
        if (before_ms != RS_NEVER && (t - before_ms) * ms_in_ns <= from->longest_ns) {
            p.lo_ns = before_ms * ms_in_ns - offset_ns;
            p.hi_ns = t * ms_in_ns - offset_ns;
            if (like->kind == RS_SIGNAL_COUNT) {
                p.n = rs_s_from_ns(p.hi_ns - p.lo_ns);
            } else { /* series of one scrape can be torn apart by a lost sample */
                p.n = fmax(p.n, 0.0);
                p.k = fmin(p.k, p.n);
            }
            p.k = fmax(p.k, 0.0);
            put_point(to, p);
        }
        p = (struct retro_point){0};
        before_ms = t;
    }
}

/* ---- all together ---- */

static int point_order(const void *va, const void *vb)
{
    const struct retro_point *a = va, *b = vb;
    if (a->hi_ns != b->hi_ns)
        return a->hi_ns < b->hi_ns ? -1 : 1;
    if (a->lo_ns != b->lo_ns)
        return a->lo_ns < b->lo_ns ? -1 : 1;
    if (a->n != b->n)
        return a->n < b->n ? -1 : 1;
    return a->k < b->k ? -1 : a->k > b->k;
}

static const char *instance_of(const struct signal_from *from, const struct signal_part *part)
{
    const struct recorded *data = from->evidence->data;
    return rs_labels_get(data->labels, data->series[part->series].labels, "instance");
}

static int source_of(const struct signal_from *from, const struct signal_part *part)
{
    return from->evidence->source_of ? from->evidence->source_of[part->series] : 0;
}

/* The parts of one source: instance by instance, in the order in which they stand there. */
static void add_of_source(struct signal_list *list,
                          const struct signal_from *from,
                          const struct retro_signal *like,
                          const struct signal_parts *parts)
{
    const struct recorded *data = from->evidence->data;
    bool *done = rs_xcalloc((size_t)parts->n + 1, sizeof(*done));
    struct walker *w = rs_xcalloc((size_t)parts->n + 1, sizeof(*w));
    struct points points = {0};
    for (int i = 0; i < parts->n; i++) {
        if (done[i] || source_of(from, &parts->part[i]) != like->source)
            continue;
        const char *instance = instance_of(from, &parts->part[i]);
        int n = 0;
        for (int j = i; j < parts->n; j++) {
            const struct signal_part *p = &parts->part[j];
            if (done[j] || source_of(from, p) != like->source ||
                strcmp(instance_of(from, p), instance) != 0)
                continue;
            done[j] = true;
            w[n++] = (struct walker){
                .s = &data->series[p->series], .in_n = p->in_n, .in_k = p->in_k, .last = NAN};
        }
        walk(&points, from, like, w, n);
    }
    if (points.n > 0) {
        qsort(points.p, points.n, sizeof(*points.p), point_order);
        struct retro_point *kept = RS_ARENA_ARRAY(from->arena, struct retro_point, points.n);
        memcpy(kept, points.p, sizeof(*kept) * points.n);
        struct retro_signal s = *like;
        s.n = points.n;
        s.point = kept;
        rs_signal_list_add(list, &s);
    }
    free(points.p);
    free(w);
    free(done);
}

void rs_signal_add_counted(struct signal_list *list,
                           const struct signal_from *from,
                           const struct retro_signal *like,
                           struct signal_parts *parts)
{
    int n_before = list->n;
    for (int source = 0; source < from->evidence->n_source; source++) {
        struct retro_signal s = *like;
        s.source = source;
        if (list->n > n_before) {
            s.name = rs_arena_printf(from->arena, "%s (%s)", like->name,
                                     from->evidence->source[source].name);
        }
        add_of_source(list, from, &s, parts);
    }
    rs_signal_parts_clear(parts);
}
