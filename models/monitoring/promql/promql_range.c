/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rate() and its relatives, as Prometheus defines them: sample by sample. promql_slide.c does the
 * same without walking.
 */
#include "promql_eval.h"

/*
 * What the counter lost in resets: the value before each drop, added oldest first as Prometheus
 * does.
 */
static double add_resets(double v, const struct range_window *w)
{
    double before = w->run[0][0].v;

    for (int r = 0; r < 2; r++) {
        for (int i = 0; i < w->n_run[r]; i++) {
            double now = w->run[r][i].v;

            if (now < before) {
                v += before;
            }
            before = now;
        }
    }
    return v;
}

/*
 * Prometheus' extrapolatedRate (promql/functions.go), in its order of operations: the difference
 * of the ends, stretched
 * towards the borders of the range, but by half a sample distance at most where the border is
 * farther away than 1.1
 * distances, and never below the time at which the counter would have been zero.
 */
static bool extrapolate(double *out, const struct range_window *w, bool counter, bool per_second)
{
    const struct sample *first = rs_window_first(w), *last = rs_window_last(w, 0);
    double v, to_start, to_end, sampled, distance, threshold, zero, factor;
    bool after = w->toggle->clamp_after;

    if (w->n < 2) {
        return false;
    }
    v = last->v - first->v;
    if (counter) {
        v = add_resets(v, w);
    }
    to_start = (double)(first->t_ms - w->lo_ms) / 1000.0;
    to_end = (double)(w->hi_ms - last->t_ms) / 1000.0;
    sampled = (double)(last->t_ms - first->t_ms) / 1000.0;
    distance = sampled / (double)(w->n - 1);
    threshold = distance * 1.1;
    if (after && to_start >= threshold) {
        to_start = distance / 2.0;
    }
    if (counter && v > 0.0 && first->v >= 0.0) {
        zero = sampled * (first->v / v);
        if (zero < to_start) {
            to_start = zero;
        }
    }
    if (!after && !(to_start < threshold)) {
        to_start = distance / 2.0;
    }
    if (to_end >= threshold) {
        to_end = distance / 2.0;
    }
    factor = (sampled + to_start + to_end) / sampled;
    if (per_second) {
        factor /= (double)(w->hi_ms - w->lo_ms) / 1000.0;
    }
    *out = v * factor;
    return true;
}

bool rs_range_rate(double *out, const struct range_window *w, const double *param)
{
    (void)param;
    return extrapolate(out, w, true, true);
}

bool rs_range_increase(double *out, const struct range_window *w, const double *param)
{
    (void)param;
    return extrapolate(out, w, true, false);
}

bool rs_range_delta(double *out, const struct range_window *w, const double *param)
{
    (void)param;
    return extrapolate(out, w, false, false);
}

static bool instant_value(double *out, const struct range_window *w, bool rate)
{
    const struct sample *last, *before;

    if (w->n < 2) {
        return false;
    }
    last = rs_window_last(w, 0);
    before = rs_window_last(w, 1);
    if (last->t_ms == before->t_ms) {
        return false;
    }
    *out = rate && last->v < before->v ? last->v : last->v - before->v;
    if (rate) {
        *out /= (double)(last->t_ms - before->t_ms) / 1000.0;
    }
    return true;
}

bool rs_range_irate(double *out, const struct range_window *w, const double *param)
{
    (void)param;
    return instant_value(out, w, true);
}

bool rs_range_idelta(double *out, const struct range_window *w, const double *param)
{
    (void)param;
    return instant_value(out, w, false);
}

bool rs_range_changes(double *out, const struct range_window *w, const double *param)
{
    double before = w->run[0][0].v;
    int n = 0;

    (void)param;
    for (int r = 0; r < 2; r++) {
        for (int i = 0; i < w->n_run[r]; i++) {
            double now = w->run[r][i].v;

            n += now != before && !(isnan(now) && isnan(before));
            before = now;
        }
    }
    *out = n;
    return true;
}

bool rs_range_resets(double *out, const struct range_window *w, const double *param)
{
    double before = w->run[0][0].v;
    int n = 0;

    (void)param;
    for (int r = 0; r < 2; r++) {
        for (int i = 0; i < w->n_run[r]; i++) {
            n += w->run[r][i].v < before;
            before = w->run[r][i].v;
        }
    }
    *out = n;
    return true;
}
