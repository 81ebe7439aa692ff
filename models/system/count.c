/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Requests and counters of one target, drawn forward in time. The requests of a class in an interval are Poisson with the
 * integrated intensity; its cells are then Poisson too and independent (thinning), so the likeliest cell and all the others
 * together take one draw each, and only the few others are told apart. Where the others are rare they are drawn event by event
 * (time change of a Poisson process), which spends nothing on the many intervals without any.
 */
#include <assert.h>
#include <math.h>

#include "internal.h"
#include "sim/clock.h"

/* ---- intensities ---- */

/* From the origin to at_ns; the cursor remembers the last answer, which mostly is the next question. */
static double until(const struct meter *m, int64_t at_ns, struct cursor *c)
{
    if (c->at_ns != at_ns) {
        c->until = rs_intensity_until(&m->intensity, rs_s_from_ns(at_ns), &c->segment);
        c->at_ns = at_ns;
    }
    return c->until;
}

/* Integral over (a, b] with the bursts' factor: sojourn by sojourn. */
static double bursty_mean(struct meter *m, struct cursor *c, int64_t a_ns, int64_t b_ns)
{
    double a = rs_s_from_ns(a_ns), b = rs_s_from_ns(b_ns), sum = 0.0;
    int first = rs_burst_sojourn(&m->burst, a, &c->sojourn);
    int last = rs_burst_sojourn(&m->burst, b, &c->sojourn);
    double from = until(m, a_ns, c);
    for (int i = first; i <= last; i++) {
        double end = m->burst.switch_s[i], to;
        if (end < b)
            to = rs_intensity_until(&m->intensity, end, &c->segment);
        else
            to = until(m, b_ns, c);
        sum += (to - from) * (rs_burst_is_on(&m->burst, i) ? m->burst.bursts->factor : 1.0);
        from = to;
    }
    return sum;
}

/* Expected requests of this traffic at one instance in (a, b]. */
double rs_meter_mean(struct meter *m, struct cursor *c, int64_t a_ns, int64_t b_ns)
{
    const struct profile *p = &m->traffic->profile;
    if (m->bursty)
        return bursty_mean(m, c, a_ns, b_ns) * m->per_instance;
    if (p->kind == RS_PROFILE_CONSTANT) /* equal intervals give equal means */
        return p->per_s[0] * p->scale * rs_s_from_ns(b_ns - a_ns) * m->per_instance;
    double from = until(m, a_ns, c);
    return (until(m, b_ns, c) - from) * m->per_instance;
}

/* ---- requests ---- */

void rs_target_add(
    struct system *sys, struct target *t, int class, const struct cell *cell, uint64_t n)
{
    const struct law *law = &t->site->law[class];
    t->count[law->part * (t->site->n_code + 1) + cell->code] += n;
    t->served[class] += n;
    t->pending[class * RS_KIND_N + (int)cell->kind] += n;
    if (cell->kind >= RS_KIND_FALLBACK_OK) {
        int counter = t->site->service->path[law->path].fallback_counter;
        t->served_fallback[class] += n;
        if (counter >= 0)
            t->counter[counter] += n;
    }
    if (cell->bad > 0.0 && sys->fault.watching)
        t->n_bad += rs_draw_binomial(rs_lane_at(&t->cause, t->next_k), n, cell->bad);
}

/* Tells n requests of the unlikelier cells apart. */
static void
split_rest(struct system *sys, struct target *t, int class, struct stream *s, uint64_t n)
{
    const struct law *law = &t->site->law[class];
    double left = law->p_rest;
    for (int i = 1; i < law->n_cell && n > 0; i++) {
        const struct cell *cell = &law->cell[i];
        bool all = i == law->n_cell - 1 || cell->p >= left;
        uint64_t here = all ? n : rs_draw_binomial(s, n, cell->p / left);
        if (here)
            rs_target_add(sys, t, class, cell, here);
        left -= cell->p;
        n -= here;
    }
}

static const struct cell *pick_rare(const struct law *law, double u)
{
    u *= law->p_rest;
    for (int i = 1; i < law->n_cell - 1; i++) {
        if (u < law->cell[i].p)
            return &law->cell[i];
        u -= law->cell[i].p;
    }
    return &law->cell[law->n_cell - 1];
}

/* Events of the rare cells while the operational time goes on by `mean`. */
static void draw_rare(struct system *sys, struct target *t, int class, double mean)
{
    const struct law *law = &t->site->law[class];
    struct rare_clock *clock = &t->rare[class];
    clock->left -= mean;
    while (clock->left <= 0.0) {
        double u = law->n_cell > 2 ? rs_stream_uniform(&clock->stream) : 0.0;
        rs_target_add(sys, t, class, pick_rare(law, u), 1);
        clock->left += rs_draw_exponential(&clock->stream, 1.0);
    }
}

static double class_mean(const struct system *sys, const struct target *t, int class)
{
    const struct site *site = t->site;
    double mean = 0.0;
    for (int i = 0; i < site->n_traffic; i++) {
        int cohort = sys->meter[site->traffic[i]].traffic->cohort;
        mean += sys->mean[i] * t->share[cohort * site->n_class + class];
    }
    return mean;
}

/* Expected requests by traffic in (a, b], into sys->mean. Recorded logs are no part of it. */
static void expect(struct system *sys, struct target *t, int64_t a_ns, int64_t b_ns)
{
    for (int i = 0; i < t->site->n_traffic; i++) {
        struct meter *m = &sys->meter[t->site->traffic[i]];
        bool log = m->traffic->profile.kind == RS_PROFILE_LOG;
        sys->mean[i] = log ? 0.0 : rs_meter_mean(m, &t->cursor[i], a_ns, b_ns);
    }
}

static void replay(struct system *sys, struct target *t, int64_t a_ns, int64_t b_ns)
{
    for (int i = 0; i < t->site->n_traffic; i++) {
        if (sys->meter[t->site->traffic[i]].traffic->profile.kind == RS_PROFILE_LOG)
            rs_target_replay(sys, t, i, a_ns, b_ns);
    }
}

/* The requests of a class that end in the first cell. */
static void add_main(struct system *sys, struct target *t, int class, uint64_t n)
{
    if (n > 0)
        rs_target_add(sys, t, class, &t->site->law[class].cell[0], n);
}

/* Those that end in the others, of `mean` requests that are expected. */
static void draw_rest(struct system *sys, struct target *t, int class, double mean)
{
    const struct law *law = &t->site->law[class];
    if (law->p_rest <= 0.0 || mean <= 0.0)
        return;
    if (law->rare) {
        draw_rare(sys, t, class, mean * law->p_rest);
        return;
    }
    struct stream *s = rs_lane_at(&t->requests, t->next_k);
    uint64_t n = rs_poisson_bank_draw(sys->bank, s, mean * law->p_rest);
    if (n)
        split_rest(sys, t, class, s, n);
}

/* A whole scrape interval, all of it. */
static void whole_interval(struct system *sys, struct target *t, int64_t from_ns, int64_t to_ns)
{
    const struct site *site = t->site;
    const struct ahead *a = &t->ahead;
    int at = rs_ahead_find(sys, t, t->next_k);
    for (int i = 0; i < site->n_traffic; i++)
        t->weight[i] += a->traffic[i * RS_AHEAD + at];
    replay(sys, t, from_ns, to_ns);
    for (int j = 0; j < t->n_active; j++) {
        int class = t->active[j];
        add_main(sys, t, class, a->count[class * RS_AHEAD + at]);
        draw_rest(sys, t, class, a->mean[class * RS_AHEAD + at]);
    }
}

/* Some other stretch of time: what is rare up to to_ns, and the rest too if all is asked for. */
static void stretch(struct system *sys, struct target *t, int64_t to_ns, bool all)
{
    if (to_ns > t->requests_ns) {
        expect(sys, t, t->requests_ns, to_ns);
        for (int j = 0; j < t->n_active; j++)
            draw_rest(sys, t, t->active[j], class_mean(sys, t, t->active[j]));
    }
    if (!all || to_ns <= t->main_ns)
        return;
    if (t->main_ns != t->requests_ns || to_ns <= t->requests_ns)
        expect(sys, t, t->main_ns, to_ns);
    for (int i = 0; i < t->site->n_traffic; i++)
        t->weight[i] += sys->mean[i];
    replay(sys, t, t->main_ns, to_ns);
    for (int j = 0; j < t->n_active; j++) {
        int class = t->active[j];
        double mean = class_mean(sys, t, class) * t->site->law[class].cell[0].p;
        if (mean > 0.0)
            add_main(sys, t, class,
                     rs_poisson_bank_draw(sys->bank, rs_lane_at(&t->requests, t->next_k), mean));
    }
}

void rs_target_requests(struct system *sys, struct target *t, int64_t to_ns, bool all)
{
    struct site *site = t->site;
    int64_t from_ns = t->requests_ns;
    if (to_ns <= from_ns && (!all || to_ns <= t->main_ns))
        return;
    rs_target_refresh(sys, t);
    rs_site_laws(sys, site);
    if (site->door) /* the request engine counts as the clock goes */
        all = true;
    else if (all && t->main_ns == from_ns && t->next_k > 0 &&
             to_ns == rs_target_scrape_ns(t, t->next_k) &&
             from_ns == to_ns - site->service->scrape_interval_ns)
        whole_interval(sys, t, from_ns, to_ns);
    else
        stretch(sys, t, to_ns, all);
    t->requests_ns = to_ns;
    t->main_ns = all ? to_ns : t->main_ns;
}

/* ---- counters ---- */

static uint64_t served_for(const struct target *t, const struct counter *c)
{
    uint64_t sum = 0;
    for (int k = 0; k < t->site->n_class; k++) {
        if (c->only_on_path < 0 || t->site->law[k].path == c->only_on_path)
            sum += t->served[k];
    }
    return sum;
}

/* r counts per request: the whole part for each, and one more with the probability of the rest. */
static void count_served(struct target *t, int i, const struct counter *c)
{
    uint64_t served = served_for(t, c), n = served - t->counted[i];
    double whole = floor(c->base_per_request);
    if (n == 0)
        return;
    t->counted[i] = served;
    t->counter[i] += (uint64_t)whole * n;
    if (c->base_per_request > whole) {
        struct stream *s = rs_lane_at(&t->counter_lane[i], t->next_k);
        t->counter[i] += rs_draw_binomial(s, n, c->base_per_request - whole);
    }
}

void rs_target_counters(struct system *sys, struct target *t, int64_t to_ns)
{
    double dt = rs_s_from_ns(to_ns - t->counters_ns);
    if (!t->reads_counters && !sys->fault.watching) {
        t->counters_ns = to_ns > t->counters_ns ? to_ns : t->counters_ns;
        return;
    }
    for (int i = 0; i < t->site->service->n_counter; i++) {
        const struct counter *c = &t->site->service->counter[i];
        if (!t->counter_read[i] && !sys->fault.watching)
            continue;
        if (c->base_per_request > 0.0)
            count_served(t, i, c);
        if (c->base_per_s > 0.0 && dt > 0.0) {
            struct stream *s = rs_lane_at(&t->counter_lane[i], t->next_k);
            t->counter[i] += rs_draw_poisson(s, c->base_per_s * dt);
        }
        double extra = sys->fault.fault ? rs_fault_counter_rate(sys, t, i) : 0.0;
        if (extra > 0.0 && dt > 0.0) {
            uint64_t n = rs_draw_poisson(rs_lane_at(&t->extra_lane[i], t->next_k), extra * dt);
            t->counter[i] += n;
            t->n_bad += sys->fault.watching ? n : 0;
        }
    }
    if (dt > 0.0)
        t->counters_ns = to_ns;
}
