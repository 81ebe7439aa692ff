/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The instants of calls. A Poisson stream with a rate that changes is one of rate 1 in operational time, the integral of the
 * rate (Cinlar, Introduction to Stochastic Processes (1975), ch. 4.7): each gap there is exponential with mean 1. The rate is
 * a straight line in each piece, between points of the profile and switches of the bursts, so the way back is a root of a
 * quadratic. Recorded requests come when they came.
 */
#include <math.h>

#include "models/traffic.h"
#include "queue.h"
#include "sim/clock.h"

/* ---- pieces ---- */

static double burst_end(struct source *src, int sojourn)
{
    struct burst_path *b = &src->meter->burst;
    int hint = sojourn > 0 ? sojourn - 1 : 0;
    double after = sojourn > 0 ? nextafter(b->switch_s[sojourn - 1], INFINITY) : 0.0;
    if (b->n <= sojourn)
        rs_burst_sojourn(b, after, &hint);
    return b->switch_s[sojourn];
}

/* The last segment of a profile that repeats runs to the end of the period. */
static double segment_end(const struct profile *p, const struct piece *at)
{
    double whole = at->whole * p->period_s;
    if (p->kind == RS_PROFILE_CONSTANT)
        return INFINITY;
    if (at->segment + 1 < p->n)
        return p->at_s[at->segment + 1] + whole;
    return p->period_s > 0.0 ? p->at_s[0] + whole + p->period_s : INFINITY;
}

/* Rate at the start of the segment and its slope, without scale and bursts. */
static void
segment_line(const struct profile *p, const struct piece *at, double *rate, double *slope)
{
    int i = at->segment;
    *rate = p->per_s[i < 0 ? 0 : i];
    *slope = 0.0;
    if (p->kind != RS_PROFILE_LINEAR || i < 0 || isinf(at->segment_end_s))
        return;
    double width = (i + 1 < p->n ? p->at_s[i + 1] : p->at_s[0] + p->period_s) - p->at_s[i];
    double last = i + 1 < p->n ? p->per_s[i + 1] : p->per_s[0];
    *slope = width > 0.0 ? (last - *rate) / width : 0.0;
}

/* Sets rate and end of the piece that begins at from_s in its segment and sojourn. */
static void open_piece(struct source *src, struct piece *at, double from_s)
{
    const struct profile *p = &src->meter->traffic->profile;
    double rate, slope, factor = p->scale;
    at->from_s = from_s;
    at->segment_end_s = segment_end(p, at);
    at->end_s = at->segment_end_s;
    segment_line(p, at, &rate, &slope);
    if (slope != 0.0)
        rate += slope * (from_s - (p->at_s[at->segment] + at->whole * p->period_s));
    if (src->meter->bursty) {
        double switch_s = burst_end(src, at->sojourn);
        at->end_s = switch_s < at->end_s ? switch_s : at->end_s;
        factor *= rs_burst_is_on(&src->meter->burst, at->sojourn) ? src->meter->burst.bursts->factor
                                                                  : 1.0;
    }
    at->per_s = rate > 0.0 ? rate * factor : 0.0;
    at->slope = slope * factor;
}

static void next_piece(struct source *src)
{
    const struct profile *p = &src->meter->traffic->profile;
    struct piece *at = &src->piece;
    double end_s = at->end_s;
    if (at->segment_end_s <= end_s) {
        if (++at->segment >= p->n) {
            at->segment = 0;
            at->whole++;
        }
    } else {
        at->sojourn++;
    }
    open_piece(src, at, end_s);
}

static void first_piece(struct source *src)
{
    const struct profile *p = &src->meter->traffic->profile;
    struct piece *at = &src->piece;
    *at = (struct piece){.segment = 0};
    if (p->kind != RS_PROFILE_CONSTANT) {
        double local = 0.0;
        if (p->period_s > 0.0) {
            at->whole = floor(-p->at_s[0] / p->period_s);
            local = -at->whole * p->period_s;
        }
        at->segment = -1;
        while (at->segment + 1 < p->n && p->at_s[at->segment + 1] <= local)
            at->segment++;
        if (at->segment < 0 && p->period_s > 0.0)
            at->segment = 0; /* rounding */
    }
    open_piece(src, at, 0.0);
}

/* Expected calls in the rest of the piece. */
static double area(const struct piece *at)
{
    double width = at->end_s - at->from_s;
    if (isinf(width))
        return at->per_s > 0.0 ? INFINITY : 0.0;
    double sum = width * (at->per_s + 0.5 * at->slope * width);
    return sum > 0.0 ? sum : 0.0;
}

/* Where the integral of the rate from from_s on is `left`; the root that does not cancel. */
static double reach(const struct piece *at, double left)
{
    if (at->slope == 0.0)
        return at->from_s + left / at->per_s;
    double root = at->per_s * at->per_s + 2.0 * at->slope * left;
    return at->from_s + 2.0 * left / (at->per_s + sqrt(root > 0.0 ? root : 0.0));
}

/* ---- the next call ---- */

static int64_t odd(double t_s)
{
    int64_t ns = rs_ns_from_s(t_s);
    return ns < RS_NEVER ? ns | 1 : RS_NEVER;
}

/* Seconds of the next call; the piece begins there from then on. INFINITY: there is none by the horizon. */
static double next_s(struct source *src, double horizon_s)
{
    double left = rs_draw_exponential_fast(&src->gap, 1.0);
    struct piece *at = &src->piece;
    for (;;) {
        double here = area(at);
        if (left < here) {
            double t_s = fmin(reach(at, left), at->end_s);
            at->per_s += at->slope * (t_s - at->from_s);
            at->per_s = at->per_s > 0.0 ? at->per_s : 0.0;
            at->from_s = t_s;
            return t_s;
        }
        if (at->end_s > horizon_s)
            return INFINITY;
        left -= here;
        next_piece(src);
    }
}

/* The mean gap and nothing else, where the rate is the same all the time. Even, so that what is odd stays odd. */
static void arm_steady(struct queue *q, struct source *src, int64_t now_ns)
{
    int64_t half_ns = rs_draw_exponential_ns(&src->gap, 0.5 * src->gap_ns);
    if (half_ns < (RS_NEVER - 1 - now_ns) / 2)
        rs_kernel_at(q->kernel, now_ns + 2 * half_ns, "call", rs_source_due, q,
                     (uint64_t)(src - q->source));
}

static void arm(struct queue *q, struct source *src)
{
    const struct profile *p = &src->meter->traffic->profile;
    int64_t at_ns = RS_NEVER;
    if (p->kind != RS_PROFILE_LOG)
        at_ns = odd(next_s(src, q->horizon_s));
    else if (p->n > 0 && (src->next < (uint64_t)p->n || p->period_s > 0.0))
        at_ns = odd(rs_profile_request_time(p, src->next++));
    int64_t now_ns = rs_kernel_now(q->kernel);
    if (at_ns < RS_NEVER)
        rs_kernel_at(q->kernel, at_ns > now_ns ? at_ns : now_ns | 1, "call", rs_source_due, q,
                     (uint64_t)(src - q->source));
}

/* Of a recorded request: the whole part of the scale, and one more with the probability of the rest. */
static int copies(struct source *src)
{
    const struct profile *p = &src->meter->traffic->profile;
    double whole = floor(p->scale);
    return (int)whole + (p->scale > whole && rs_stream_bulk_uniform(&src->gap) < p->scale - whole);
}

void rs_source_due(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct queue *q = ctx;
    struct source *src = &q->source[arg];
    const struct profile *p = &src->meter->traffic->profile;
    uint32_t replayed = RS_NOBODY;
    int n = 1;
    if (src->steady) {
        arm_steady(q, src, now_ns);
        rs_queue_call(q, src, RS_NOBODY, now_ns);
        return;
    }
    if (p->kind == RS_PROFILE_LOG) {
        replayed = (uint32_t)((src->next - 1) % (uint64_t)p->n);
        n = copies(src);
    }
    arm(q, src);
    for (int i = 0; i < n; i++)
        rs_queue_call(q, src, replayed, now_ns);
}

void rs_source_reset(struct queue *q, struct source *src)
{
    const struct profile *p = &src->meter->traffic->profile;
    src->gap = rs_stream_bulk(rs_system_stream(q->sys, src->gap_hash));
    src->where = rs_system_stream(q->sys, src->where_hash);
    src->who = rs_system_stream(q->sys, src->who_hash);
    src->backoff = rs_system_stream(q->sys, src->backoff_hash);
    src->next = 0;
    src->tokens = RS_TOKENS_MAX;
    if (p->kind != RS_PROFILE_LOG)
        first_piece(src);
    src->steady = p->kind == RS_PROFILE_CONSTANT && !src->meter->bursty && src->piece.per_s > 0.0;
    src->gap_ns = src->steady ? 1e9 / src->piece.per_s : 0.0;
    if (src->steady)
        arm_steady(q, src, 1);
    else
        arm(q, src);
}
