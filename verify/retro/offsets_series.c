/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The offset between two sources of series by what both counted: the same requests, in a scraped counter and in an access log.
 * Counts of neighbouring windows go up and down by chance, and by the same chance in both; where one is laid over the other at
 * the right offset the differences are least. Spread evenly between two samples, a count is known at any time but for a little,
 * which is all that is left then.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/clock.h"
#include "verify/retro.h"

enum {
    MAX_CELLS = 1 << 20,
    MIN_WINDOWS = 20,  /* that both cover, at an offset that is looked at */
    MAX_WINDOWS = 1000 /* looked at; of more, evenly chosen ones */
};
/* Clocks are compared up to so far apart: any mistake in a zone. */
static const int64_t reach_ms = INT64_C(15) * 3600 * 1000;

/* What one source counted, in cells of equal length; NaN: not known. */
struct counted {
    int64_t from_ms, cell_ms;
    int n;
    double *sum;     /* [n + 1] up to the beginning of each cell, heap */
    int *n_unknown;  /* [n + 1] cells before it that are not known, heap */
    int64_t step_ms; /* usual distance of samples */
};

static bool same_counter(const struct recorded *data, int a, int b)
{
    rs_labels x = data->series[a].labels, y = data->series[b].labels;
    const char *const names[] = {"__name__", "job"};
    for (int i = 0; i < 2; i++) {
        if (strcmp(rs_labels_get(data->labels, x, names[i]),
                   rs_labels_get(data->labels, y, names[i])) != 0) {
            return false;
        }
    }
    const char *name = rs_labels_get(data->labels, x, "__name__");
    size_t n = strlen(name);
    return n > 6 && strcmp(name + n - 6, "_total") == 0;
}

/* Series of one source whose like the other has too. */
static bool is_shared(const struct retro_evidence *e, int series, int other)
{
    for (int i = 0; i < e->data->n_series; i++) {
        if (e->source_of[i] == other && same_counter(e->data, series, i))
            return true;
    }
    return false;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int64_t usual_step(const struct recorded_series *s)
{
    int64_t step[101];
    int n = 0;
    for (size_t i = 1; i < s->n && n < 101; i++)
        step[n++] = s->sample[i].t_ms - s->sample[i - 1].t_ms;
    if (n == 0)
        return 0;
    qsort(step, (size_t)n, sizeof(*step), by_size);
    return step[n / 2];
}

/* Adds what a series rose by between two of its samples, in even shares. Where it stood still too long nothing is known. */
static void
spread(struct counted *c, const struct recorded_series *s, double *per_cell, int *n_known)
{
    int64_t step_ms = usual_step(s);
    if (step_ms > c->step_ms)
        c->step_ms = step_ms;
    for (size_t i = 1; i < s->n; i++) {
        int64_t a_ms = s->sample[i - 1].t_ms, b_ms = s->sample[i].t_ms;
        double rise = s->sample[i].v - s->sample[i - 1].v;
        if (b_ms - a_ms > 3 * step_ms || isnan(rise))
            continue;
        if (rise < 0) /* it began anew */
            rise = s->sample[i].v;
        double first = (double)(a_ms - c->from_ms) / (double)c->cell_ms;
        double last = (double)(b_ms - c->from_ms) / (double)c->cell_ms;
        for (int k = (int)first; k < c->n && k < last; k++) {
            double from = k > first ? k : first, until = k + 1 < last ? k + 1 : last;
            per_cell[k] += rise * (until - from) / (last - first);
            n_known[k] += k >= first;
        }
    }
}

static void count(struct counted *c, const struct retro_evidence *e, int source, int other)
{
    *c = (struct counted){.from_ms = INT64_MAX};
    int64_t last_ms = INT64_MIN;
    for (int i = 0; i < e->data->n_series; i++) {
        const struct recorded_series *s = &e->data->series[i];
        if (e->source_of[i] != source || s->n < 2 || !is_shared(e, i, other))
            continue;
        if (s->sample[0].t_ms < c->from_ms)
            c->from_ms = s->sample[0].t_ms;
        if (s->sample[s->n - 1].t_ms > last_ms)
            last_ms = s->sample[s->n - 1].t_ms;
    }
    if (last_ms == INT64_MIN)
        return;
    c->cell_ms = (last_ms - c->from_ms) / MAX_CELLS / 1000 * 1000 + 1000;
    c->n = (int)((last_ms - c->from_ms) / c->cell_ms);
    c->sum = rs_xcalloc((size_t)c->n + 1, sizeof(*c->sum));
    c->n_unknown = rs_xcalloc((size_t)c->n + 1, sizeof(*c->n_unknown));
    double *per_cell = rs_xcalloc((size_t)c->n + 1, sizeof(*per_cell));
    int *n_known = rs_xcalloc((size_t)c->n + 1, sizeof(*n_known));
    for (int i = 0; i < e->data->n_series; i++) {
        if (e->source_of[i] == source && is_shared(e, i, other))
            spread(c, &e->data->series[i], per_cell, n_known);
    }
    for (int i = 0; i < c->n; i++) {
        c->sum[i + 1] = c->sum[i] + per_cell[i];
        c->n_unknown[i + 1] = c->n_unknown[i] + (n_known[i] == 0);
    }
    free(per_cell);
    free(n_known);
}

static void clear(struct counted *c)
{
    free(c->sum);
    free(c->n_unknown);
}

/* Counted in a window of so many cells from a time on; NaN where that is not known. */
static double in_window(const struct counted *c, int64_t from_ms, int n_cell)
{
    double at = (double)(from_ms - c->from_ms) / (double)c->cell_ms;
    int k = (int)floor(at);
    if (at < 0 || k + n_cell + 1 > c->n || c->n_unknown[k + n_cell + 1] > c->n_unknown[k])
        return NAN;
    double part = at - k;
    double from = c->sum[k] + part * (c->sum[k + 1] - c->sum[k]);
    double until = c->sum[k + n_cell] + part * (c->sum[k + n_cell + 1] - c->sum[k + n_cell]);
    return until - from;
}

/* How one lies over the other at an offset. */
struct fit {
    int n;
    double residual; /* mean square of the differences */
    double r;        /* correlation */
};

struct pair {
    const struct counted *a, *base;
    int64_t window_ms, stride_ms;
};

static struct fit lay_over(const struct pair *p, int64_t offset_ms)
{
    int n_a = (int)(p->window_ms / p->a->cell_ms), n_base = (int)(p->window_ms / p->base->cell_ms);
    double x = 0, y = 0, xx = 0, yy = 0, xy = 0;
    struct fit f = {0};
    int64_t until_ms = p->base->from_ms + p->base->n * p->base->cell_ms - p->window_ms;
    for (int64_t t = p->base->from_ms; t < until_ms; t += p->stride_ms) {
        double b = in_window(p->base, t, n_base), a = in_window(p->a, t + offset_ms, n_a);
        if (isnan(a) || isnan(b))
            continue;
        f.n++;
        x += a, y += b, xx += a * a, yy += b * b, xy += a * b;
    }
    if (f.n < MIN_WINDOWS)
        return (struct fit){.residual = INFINITY};
    double n = f.n, var_x = xx / n - x / n * (x / n), var_y = yy / n - y / n * (y / n);
    f.residual = (xx - 2 * xy + yy) / n;
    f.r = var_x > 0 && var_y > 0 ? (xy / n - x / n * (y / n)) / sqrt(var_x * var_y) : 0;
    return f;
}

/* The offset at which they lie best, in steps; false if none is told by more than chance. */
static bool search(const struct pair *p, int64_t *best_ms)
{
    int64_t step_ms = p->window_ms / 4;
    struct fit best = {.r = -1};
    for (int64_t o = -(reach_ms / step_ms) * step_ms; o <= reach_ms; o += step_ms) {
        struct fit f = lay_over(p, o);
        if (f.n > 0 && f.r > best.r) {
            best = f;
            *best_ms = o;
        }
    }
    /* Fisher's z of the best of some ten thousand offsets: seven deviations are not chance. */
    return best.n > 0 && best.r > 0.3 && (best.r >= 1 || atanh(best.r) * sqrt(best.n - 3) > 7);
}

/*
 * All offsets near the best one whose differences are hardly greater. The likelihood of normal differences would let them grow by
 * the part 6.6 / n at 99 %; as neighbouring windows share what was spread wrongly between them, five times that is let.
 */
static struct retro_offset refine(const struct pair *p, int64_t near_ms, struct arena *arena)
{
    int64_t step_ms = p->a->cell_ms, lo_ms, hi_ms, best_ms = near_ms;
    struct fit best = {.residual = INFINITY};
    for (int64_t o = near_ms - p->window_ms; o <= near_ms + p->window_ms; o += step_ms) {
        struct fit f = lay_over(p, o);
        if (f.n > 0 && f.residual < best.residual) {
            best = f;
            best_ms = o;
        }
    }
    double limit = best.residual * (1 + 33.0 / best.n);
    for (lo_ms = best_ms; lo_ms > best_ms - p->window_ms; lo_ms -= step_ms) {
        if (lay_over(p, lo_ms - step_ms).residual > limit)
            break;
    }
    for (hi_ms = best_ms; hi_ms < best_ms + p->window_ms; hi_ms += step_ms) {
        if (lay_over(p, hi_ms + step_ms).residual > limit)
            break;
    }
    struct retro_offset o = {.how = RS_CLOCK_ESTIMATED,
                             .lo_ns = (lo_ms - step_ms) * RS_NS_PER_MS,
                             .best_ns = best_ms * RS_NS_PER_MS,
                             .hi_ns = (hi_ms + step_ms) * RS_NS_PER_MS,
                             .n_pair = best.n,
                             .n_agree = best.n};
    if (o.lo_ns <= 0 && o.hi_ns >= 0)
        o.best_ns = 0;
    char wide[32], off[32];
    o.why = rs_arena_printf(
        arena, "%s %s: what both counted in %d windows goes together (correlation %.3f), within %s",
        rs_duration_human(off, sizeof(off), llabs(o.best_ns)), o.best_ns < 0 ? "behind" : "ahead",
        best.n, best.r, rs_duration_human(wide, sizeof(wide), o.hi_ns - o.lo_ns));
    return o;
}

static void align(struct retro *r, int source, int base)
{
    struct counted a, b;
    count(&a, r->evidence, source, base);
    count(&b, r->evidence, base, source);
    if (a.n > 0 && b.n > 0) {
        int64_t cell_ms = a.cell_ms > b.cell_ms ? a.cell_ms : b.cell_ms;
        int64_t step_ms = a.step_ms > b.step_ms ? a.step_ms : b.step_ms;
        int64_t window_ms = (2 * step_ms / cell_ms + 4) * cell_ms;
        int64_t span_ms = b.n * b.cell_ms;
        struct pair p = {&a, &b, window_ms,
                         window_ms > span_ms / MAX_WINDOWS ? window_ms : span_ms / MAX_WINDOWS};
        int64_t near_ms = 0;
        if (search(&p, &near_ms)) {
            int64_t base_ns = r->rebuilt.offset[base].best_ns;
            struct retro_offset o = refine(&p, near_ms, r->arena);
            o.lo_ns += r->rebuilt.offset[base].lo_ns;
            o.best_ns += base_ns;
            o.hi_ns += r->rebuilt.offset[base].hi_ns;
            r->rebuilt.offset[source] = o;
        }
    }
    clear(&a);
    clear(&b);
}

/* Whom the others are compared with: the reference if it has series, else the first that has. */
static int base_of(const struct retro_evidence *e)
{
    if (e->source[e->reference].kind <= RS_SOURCE_LOG)
        return e->reference;
    for (int i = 0; i < e->n_source; i++) {
        if (e->source[i].kind <= RS_SOURCE_LOG)
            return i;
    }
    return -1;
}

int rs_retro_align_series(struct retro *r, struct err_list *errors)
{
    const struct retro_evidence *e = r->evidence;
    (void)errors;
    for (int s = 0; s < e->n_source; s++) {
        struct retro_offset *o = &r->rebuilt.offset[s];
        if (e->source[s].offset_given) {
            *o = (struct retro_offset){.how = RS_CLOCK_GIVEN,
                                       .lo_ns = e->source[s].offset_ns,
                                       .best_ns = e->source[s].offset_ns,
                                       .hi_ns = e->source[s].offset_ns,
                                       .why = "as given"};
        } else if (s == e->reference) {
            *o = (struct retro_offset){.how = RS_CLOCK_IS_REFERENCE,
                                       .why = "the clock of reference"};
        } else {
            *o = (struct retro_offset){.how = RS_CLOCK_ASSUMED,
                                       .why = "nothing ties it to another clock: taken as right"};
        }
    }
    int base = e->n_source > 0 ? base_of(e) : -1;
    for (int s = 0; base >= 0 && s < e->n_source; s++) {
        if (s != base && e->source[s].kind <= RS_SOURCE_LOG && !e->source[s].offset_given)
            align(r, s, base);
    }
    return 0;
}
