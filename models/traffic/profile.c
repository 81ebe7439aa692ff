/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Profiles are cut into segments: segment i runs from at_s[i] to at_s[i + 1]; the last one of a repeating profile runs to the
 * end of the period and, if linear, back to the first value. Sums over segments are what makes integrals exact.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "intensity.h"
#include "models/traffic.h"
#include "sim/arena.h"

static double segment_end(const struct profile *p, int i)
{
    if (i + 1 < p->n)
        return p->at_s[i + 1];
    return p->period_s > 0.0 ? p->at_s[0] + p->period_s : INFINITY;
}

/* The value that segment i moves towards. */
static double segment_last(const struct profile *p, int i)
{
    if (p->kind == RS_PROFILE_RECORDED)
        return p->per_s[i];
    if (i + 1 < p->n)
        return p->per_s[i + 1];
    return p->period_s > 0.0 ? p->per_s[0] : p->per_s[i];
}

static double segment_rate(const struct profile *p, int i, double t)
{
    double y0 = p->per_s[i], y1 = segment_last(p, i), width = segment_end(p, i) - p->at_s[i];
    return y0 == y1 ? y0 : y0 + (y1 - y0) * (t - p->at_s[i]) / width;
}

static double segment_whole(const struct profile *p, int i)
{
    double end = segment_end(p, i);
    if (!(end > p->at_s[i])) /* the last point of a period that closes on itself has no width */
        return 0.0;
    return (end - p->at_s[i]) * 0.5 * (p->per_s[i] + segment_last(p, i));
}

/* The segment of t, at_s[0] <= t; starts looking at *hint. */
static int segment_of(const struct profile *p, double t, int *hint)
{
    int low = 0, high = p->n - 1, at = *hint < p->n ? *hint : 0;
    for (int step = 0; step < 3 && p->at_s[at] <= t; step++) {
        if (at == p->n - 1 || t < p->at_s[at + 1])
            return *hint = at;
        at++;
    }
    while (low < high) {
        int mid = (low + high + 1) / 2;
        if (p->at_s[mid] <= t)
            low = mid;
        else
            high = mid - 1;
    }
    return *hint = low;
}

/* Brings t into the first period; returns how many whole periods were taken off. */
static double fold(const struct profile *p, double *t)
{
    if (!(p->period_s > 0.0) || (*t >= p->at_s[0] && *t < p->at_s[0] + p->period_s))
        return 0.0;
    double n = floor((*t - p->at_s[0]) / p->period_s);
    *t -= n * p->period_s;
    if (*t < p->at_s[0]) /* rounding */
        *t = p->at_s[0];
    return n;
}

double rs_profile_rate(const struct profile *p, double t_s)
{
    int hint = 0;
    switch (p->kind) {
    case RS_PROFILE_CONSTANT: return p->per_s[0] * p->scale;
    case RS_PROFILE_LINEAR:
    case RS_PROFILE_RECORDED:
        fold(p, &t_s);
        if (t_s <= p->at_s[0])
            return p->per_s[0] * p->scale;
        return segment_rate(p, segment_of(p, t_s, &hint), t_s) * p->scale;
    case RS_PROFILE_LOG: {
        double span = p->period_s > 0.0 ? p->period_s : p->n ? p->at_s[p->n - 1] - p->at_s[0] : 0.0;
        return span > 0.0 ? p->n * p->scale / span : 0.0;
    }
    }
    assert(!"kind of profile");
    return NAN;
}

void rs_intensity_init(struct intensity *in, const struct profile *p)
{
    *in = (struct intensity){.profile = p};
    if (p->kind == RS_PROFILE_CONSTANT || p->kind == RS_PROFILE_LOG)
        return;
    assert(p->n > 0);
    in->cum = rs_xcalloc((size_t)p->n + 1, sizeof *in->cum);
    in->slope = rs_xcalloc((size_t)p->n, sizeof *in->slope);
    for (int i = 0; i < p->n; i++) {
        bool open = i == p->n - 1 && !(p->period_s > 0.0);
        in->cum[i + 1] = in->cum[i] + (open ? 0.0 : segment_whole(p, i));
        if (segment_last(p, i) != p->per_s[i] && segment_end(p, i) > p->at_s[i])
            in->slope[i] = (segment_last(p, i) - p->per_s[i]) / (segment_end(p, i) - p->at_s[i]);
    }
}

void rs_intensity_clear(struct intensity *in)
{
    free(in->cum);
    free(in->slope);
    in->cum = in->slope = NULL;
}

double rs_intensity_until(const struct intensity *in, double t_s, int *hint)
{
    const struct profile *p = in->profile;
    if (p->kind == RS_PROFILE_CONSTANT)
        return p->per_s[0] * p->scale * t_s;
    assert(in->cum);
    double whole = fold(p, &t_s) * in->cum[p->n];
    if (t_s <= p->at_s[0])
        return (whole + (t_s - p->at_s[0]) * p->per_s[0]) * p->scale;
    int i = segment_of(p, t_s, hint);
    double dt = t_s - p->at_s[i];
    return (whole + in->cum[i] + dt * (p->per_s[i] + 0.5 * in->slope[i] * dt)) * p->scale;
}

double rs_profile_integral(const struct profile *p, double a_s, double b_s)
{
    assert(a_s <= b_s);
    if (p->kind == RS_PROFILE_CONSTANT)
        return p->per_s[0] * p->scale * (b_s - a_s);
    if (p->kind == RS_PROFILE_LOG) {
        uint64_t first, past;
        rs_profile_requests(p, a_s, b_s, &first, &past);
        return (double)(past - first) * p->scale;
    }
    struct intensity in;
    int hint = 0;
    rs_intensity_init(&in, p);
    double sum = rs_intensity_until(&in, b_s, &hint);
    hint = 0;
    sum -= rs_intensity_until(&in, a_s, &hint);
    rs_intensity_clear(&in);
    return sum;
}

/* ---- recorded request logs ---- */

/* Requests of the log, through its repeats, with time <= t. */
static uint64_t requests_until(const struct profile *p, double t)
{
    uint64_t whole = 0;
    if (p->n == 0 || t < p->at_s[0])
        return 0;
    whole = (uint64_t)fold(p, &t) * (uint64_t)p->n;
    int low = 0, high = p->n; /* the first request after t */
    while (low < high) {
        int mid = low + (high - low) / 2;
        if (p->at_s[mid] <= t)
            low = mid + 1;
        else
            high = mid;
    }
    return whole + (uint64_t)low;
}

void rs_profile_requests(
    const struct profile *p, double a_s, double b_s, uint64_t *first, uint64_t *past)
{
    assert(p->kind == RS_PROFILE_LOG && a_s <= b_s);
    *first = requests_until(p, a_s);
    *past = requests_until(p, b_s);
}

double rs_profile_request_time(const struct profile *p, uint64_t i)
{
    assert(p->kind == RS_PROFILE_LOG && p->n > 0);
    uint64_t n = (uint64_t)p->n;
    return p->at_s[i % n] + (double)(i / n) * p->period_s;
}
