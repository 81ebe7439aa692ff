/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Range functions without a walk over the window: from its ends, from the drops inside and from
 * running totals. Bit for bit what promql_range.c and promql_over_time.c give; where that cannot
 * be promised (sums of fractions depend on the order of adding), those are called.
 */
#include <stdlib.h>
#include <string.h>

#include "promql_window.h"
#include "sim/arena.h"

/*
 * What the counter lost in resets: the value before each drop, added oldest first as Prometheus
 * does. Where all that is added are whole numbers, every order gives the same exact sum, and the
 * running totals of the drops tell it at once.
 */
static double add_resets(double v, const struct slice *w)
{
    const struct drops *d = &w->s->drops;
    uint64_t first, end, size;
    const struct drop *last;

    if (w->s->drop_end <= w->from + 1) {
        return v;
    }
    end = rs_series_drops(w->s, w->from, w->to, &first);
    if (end - first > 4) {
        const struct drop *before = &d->drop[first & (d->cap - 1)];

        /* The first is added by itself: totals up to it may have been lost with older entries. */
        last = &d->drop[(end - 1) & (d->cap - 1)];
        size = last->size - before->size;
        if (last->n_odd == before->n_odd && rs_is_whole(before->before) && rs_is_whole(v) &&
            size < RS_EXACT_MAX / 2) {
            return v + before->before + (double)(last->lost - before->lost);
        }
    }
    for (uint64_t i = first; i < end; i++) {
        v += d->drop[i & (d->cap - 1)].before;
    }
    return v;
}

/*
 * What depends on the times alone. All of it follows from where the ends of the window lie in the range and from the number
 * of samples; so a series that is scraped as often as it is looked at has the same timing again and again.
 */
struct timing {
    int64_t before_ms,
        after_ms; /* from the start of the range to the first sample, from the last to its end */
    int n;        /* samples; 0: not made yet */
    double to_start, to_end, sampled, threshold, distance, range_s;
    double factor; /* if the zero clamp changes nothing */
};

struct timings { /* the state of a call */
    int n;
    struct timing *of; /* [n] by pick: the last one */
};

static void timings_free(void *state)
{
    struct timings *s = state;

    free(s->of);
    free(s);
}

/* Room for n picks; new timings are none. */
static struct timing *timings_of(struct cell *c, int n)
{
    struct timings *s = c->state;

    if (s == NULL) {
        s = c->state = rs_xcalloc(1, sizeof *s);
        c->state_free = timings_free;
    }
    if (n > s->n) {
        s->of = rs_xrealloc(s->of, (size_t)(2 * n) * sizeof *s->of);
        memset(s->of + s->n, 0, (size_t)(2 * n - s->n) * sizeof *s->of);
        s->n = 2 * n;
    }
    return s->of;
}

/*
 * Prometheus' extrapolatedRate (promql/functions.go), in its order of operations: the difference
 * of the ends, stretched towards the borders of the range, but by half a sample distance at most
 * where the border is farther away than 1.1 distances, and never below the time at which the
 * counter would have been zero (`zero` seconds before the first sample; infinite = no clamp).
 */
static double stretch(const struct timing *k, double zero, bool clamp_after)
{
    double to_start = k->to_start, to_end = k->to_end, factor;

    if (clamp_after && to_start >= k->threshold) {
        to_start = k->distance / 2.0;
    }
    if (zero < to_start) {
        to_start = zero;
    }
    if (!clamp_after && !(to_start < k->threshold)) {
        to_start = k->distance / 2.0;
    }
    if (to_end >= k->threshold) {
        to_end = k->distance / 2.0;
    }
    factor = (k->sampled + to_start + to_end) / k->sampled;
    return k->range_s > 0.0 ? factor / k->range_s : factor;
}

static void take_times(
    struct timing *k, const struct ranges *r, const struct slice *w, double range_s, bool after)
{
    int64_t first_ms = rs_slice_first(w)->t_ms, last_ms = rs_slice_last(w)->t_ms;

    if (k->n == w->n && k->before_ms == first_ms - r->lo_ms && k->after_ms == r->hi_ms - last_ms) {
        return;
    }
    k->before_ms = first_ms - r->lo_ms;
    k->after_ms = r->hi_ms - last_ms;
    k->n = w->n;
    k->range_s = range_s;
    k->to_start = (double)k->before_ms / 1000.0;
    k->to_end = (double)k->after_ms / 1000.0;
    k->sampled = (double)(last_ms - first_ms) / 1000.0;
    k->distance = k->sampled / (double)(w->n - 1);
    k->threshold = k->distance * 1.1;
    k->factor = stretch(k, (double)INFINITY, after);
}

/*
 * Goes on from pick i while windows are the same as the one before, sample time for sample time
 * (which therefore have as many samples, whatever lies between), hold nothing out of the ordinary
 * and need no clamp. Returns the first pick that needs a closer look.
 */
static int extrapolate_alike(struct promql_eval *e,
                             struct cell *c,
                             const struct ranges *r,
                             int i,
                             const struct timing *k,
                             bool counter)
{
    const struct series *base = r->own != NULL ? r->own : e->db->series;
    const int64_t before_ms = r->lo_ms - !e->toggle.left_open;
    const int64_t first_ms = r->lo_ms + k->before_ms, last_ms = r->hi_ms - k->after_ms;
    const int64_t now_ms = e->now_ms;
    const uint64_t n = (uint64_t)k->n;
    const double factor = k->factor;
    /* A window longer than `sampled` on its left may be clamped by any counter. */
    const bool clampable = counter && !(k->to_start <= k->sampled);

    for (; i < r->n; i++) {
        const struct series *s = &base[r->pick[i].series];
        const struct sample *ring = s->ring;
        uint64_t from = s->end - n, mask = s->cap - 1;
        double first, v;

        if (s->last_ms != last_ms || s->end - s->begin < n || s->stale_end > from ||
            s->drop_end > from + 1 || ((s->more & RS_SERIES_LAZY) && s->filled_ms < now_ms)) {
            break;
        }
        if (ring[from & mask].t_ms != first_ms ||
            (from != s->begin && ring[(from - 1) & mask].t_ms > before_ms)) {
            break;
        }
        first = ring[from & mask].v;
        v = s->last - first;
        /*
         * The counter would have been zero at sampled * (first / v) seconds before the first
         * sample. If first >= v that is at least `sampled`, rounding included, and clamps nothing
         * that is no longer than `sampled`: no need to divide.
         */
        if (clampable || (counter && !(first >= v) && v > 0.0 && first >= 0.0)) {
            break;
        }
        rs_cell_push(c, r->pick[i].bare, v * factor);
    }
    return i;
}

static double extrapolate(const struct timing *k, const struct slice *w, bool counter, bool after)
{
    double first = rs_slice_first(w)->v, v = rs_slice_last(w)->v - first;

    if (!counter) {
        return v * k->factor;
    }
    v = add_resets(v, w);
    /* first >= v: no clamp, as above. */
    if (!(v > 0.0 && first >= 0.0) || (first >= v && k->to_start <= k->sampled)) {
        return v * k->factor;
    }
    return v * stretch(k, k->sampled * (first / v), after);
}

/* rate(), increase() and delta() of all series of a matrix. */
int rs_eval_extrapolated(struct promql_eval *e, struct cell *c, int64_t t_ms)
{
    rs_range_fn fn = c->node->u.call.fn->range;
    bool counter = fn != rs_range_delta, after = e->toggle.clamp_after;
    double param[RS_MAX_PARAM];
    struct ranges *r = rs_call_ranges(e, c, t_ms, param);
    const struct timing *k = NULL;
    struct timing *timing;
    double range_s;
    struct slice w;

    if (r == NULL) {
        return -1;
    }
    range_s = fn == rs_range_rate ? (double)(r->hi_ms - r->lo_ms) / 1000.0 : 0.0;
    timing = timings_of(c, r->n);
    for (int i = 0; i < r->n;) {
        if (rs_ranges_slice(e, r, i, &w) && w.n >= 2) {
            take_times(&timing[i], r, &w, range_s, after);
            k = &timing[i];
            rs_cell_push(c, r->pick[i].bare, extrapolate(k, &w, counter, after));
        }
        i++;
        if (k != NULL) {
            i = extrapolate_alike(e, c, r, i, k, counter);
        }
    }
    return c->may_collide ? rs_eval_unique(e, c) : 0;
}

/* ---- one slice at a time --------------------------------------------------------------------- */

bool rs_slice_count(double *out, const struct slice *w)
{
    *out = w->n;
    return true;
}

bool rs_slice_last_value(double *out, const struct slice *w)
{
    *out = rs_slice_last(w)->v;
    return true;
}

bool rs_slice_first_value(double *out, const struct slice *w)
{
    *out = rs_slice_first(w)->v;
    return true;
}

bool rs_slice_present(double *out, const struct slice *w)
{
    (void)w;
    *out = 1.0;
    return true;
}

/* The newest sample before number i that is no stale marker; the window has one. */
static const struct sample *sample_before(const struct slice *w, uint64_t i)
{
    do {
        i--;
    } while (rs_stale_bits(rs_series_sample(w->s, i)->v));
    return rs_series_sample(w->s, i);
}

static bool instant_value(double *out, const struct slice *w, bool rate)
{
    const struct sample *last = rs_slice_last(w), *before;

    if (w->n < 2) {
        return false;
    }
    before = sample_before(w, w->to - 1);
    *out = rate && last->v < before->v ? last->v : last->v - before->v;
    if (rate) {
        *out /= (double)(last->t_ms - before->t_ms) / 1000.0;
    }
    return true;
}

bool rs_slice_irate(double *out, const struct slice *w)
{
    return instant_value(out, w, true);
}

bool rs_slice_idelta(double *out, const struct slice *w)
{
    return instant_value(out, w, false);
}

bool rs_slice_resets(double *out, const struct slice *w)
{
    uint64_t first = 0, end = 0;

    if (w->s->drop_end > w->from + 1) {
        end = rs_series_drops(w->s, w->from, w->to, &first);
    }
    *out = (double)(end - first);
    return true;
}

bool rs_slice_changes(double *out, const struct slice *w)
{
    rs_series_keep_tally(w->s);
    *out = rs_series_tally(w->s, w->to - 1)->n_change - rs_series_tally(w->s, w->from)->n_change;
    return true;
}

/*
 * The sum of the window if all its values are whole and every partial sum is exact: then the
 * compensation is zero and the order of adding does not matter.
 */
static bool exact_sum(double *out, const struct slice *w)
{
    const struct tally *first, *last;
    double v = rs_slice_first(w)->v;

    rs_series_keep_tally(w->s);
    first = rs_series_tally(w->s, w->from);
    last = rs_series_tally(w->s, w->to - 1);
    if (last->n_odd != first->n_odd || !rs_is_whole(v) ||
        last->size - first->size + (uint64_t)fabs(v) > RS_EXACT_MAX) {
        return false;
    }
    *out = (double)(int64_t)((uint64_t)last->sum - (uint64_t)first->sum + (uint64_t)(int64_t)v);
    return true;
}

bool rs_slice_sum(double *out, const struct slice *w)
{
    return exact_sum(out, w);
}

/* Prometheus >= 3.5 divides the sum; its compensation, divided too, adds a zero. */
bool rs_slice_avg(double *out, const struct slice *w)
{
    if (!exact_sum(out, w)) {
        return false;
    }
    *out = *out / (double)w->n + 0.0;
    return true;
}
