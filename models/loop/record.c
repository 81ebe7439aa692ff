/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is kept of a replica besides its marks: trajectories on two grids, and totals. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"
#include "sim/clock.h"
#include "simulator.h"

/* The close grid reaches from here before the onset to there after it. */
#define CLOSE_BEFORE_NS (5 * 60 * RS_NS_PER_S)
#define CLOSE_AFTER_NS (45 * 60 * RS_NS_PER_S)

static void grid_new(struct grid *g, const struct scenario *sc, int64_t step_ns)
{
    int most = 0;
    g->step_ns = step_ns;
    g->last = rs_xcalloc((size_t)sc->n_service + 1, sizeof *g->last);
    for (int i = 0; i < sc->n_service; i++) {
        int n = sc->service[i].n_bucket + 1;
        g->last[i].bucket = rs_xcalloc((size_t)n, sizeof *g->last[i].bucket);
        most = n > most ? n : most;
    }
    g->diff = rs_xcalloc((size_t)most + 1, sizeof *g->diff);
}

static void grid_free(struct grid *g, const struct scenario *sc)
{
    for (int i = 0; g->last && i < sc->n_service; i++)
        free(g->last[i].bucket);
    free(g->last);
    free(g->diff);
}

static void grid_reset(struct grid *g, const struct scenario *sc)
{
    for (int i = 0; i < sc->n_service; i++) {
        g->last[i].n_request = g->last[i].n_error = 0;
        memset(g->last[i].bucket, 0, sizeof(uint64_t) * (size_t)(sc->service[i].n_bucket + 1));
    }
}

void rs_loop_record_new(struct simulator *sim)
{
    grid_new(&sim->whole, sim->sc, sim->sc->trajectory_step_ns);
    grid_new(&sim->close, sim->sc, 0);
}

void rs_loop_record_free(struct simulator *sim)
{
    grid_free(&sim->whole, sim->sc);
    grid_free(&sim->close, sim->sc);
}

static void trajectory_grow(struct trajectory *t)
{
    if (t->n < t->cap)
        return;
    t->cap = t->cap ? 2 * t->cap : 128;
    size_t n = (size_t)t->cap;
    t->n_request = rs_xrealloc(t->n_request, n * sizeof *t->n_request);
    t->n_error = rs_xrealloc(t->n_error, n * sizeof *t->n_error);
    t->latency_s_p50 = rs_xrealloc(t->latency_s_p50, n * sizeof *t->latency_s_p50);
    t->latency_s_p95 = rs_xrealloc(t->latency_s_p95, n * sizeof *t->latency_s_p95);
    t->latency_s_p99 = rs_xrealloc(t->latency_s_p99, n * sizeof *t->latency_s_p99);
}

/*
 * Quantile of counts per latency bucket, as Prometheus' histogram_quantile has it: linear inside a bucket, the last finite
 * bound for what lies above it, NaN without counts.
 *   count[n + 1]  requests per bucket, the last above bound[n - 1]
 */
static float bucket_quantile(const uint64_t *count, const double *bound, int n, double q)
{
    uint64_t total = 0, below = 0;
    for (int i = 0; i <= n; i++)
        total += count[i];
    if (total == 0 || n == 0)
        return NAN;
    double rank = q * (double)total;
    for (int i = 0; i < n; i++) {
        if ((double)(below + count[i]) >= rank && count[i] > 0) {
            double low = i ? bound[i - 1] : 0.0;
            return (float)(low + (bound[i] - low) * (rank - (double)below) / (double)count[i]);
        }
        below += count[i];
    }
    return (float)bound[n - 1];
}

static uint32_t cut32(uint64_t n)
{
    return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

/* One point: what a service did since the grid's last point. */
static void grid_point(struct simulator *sim, struct grid *g, int service, struct trajectory *t)
{
    const struct service *sv = &sim->sc->service[service];
    struct baseline *last = &g->last[service];
    struct observation now;
    rs_system_observe(sim->system, service, &now);
    trajectory_grow(t);
    int i = t->n++;
    t->n_request[i] = cut32(now.n_request - last->n_request);
    t->n_error[i] = cut32(now.n_error - last->n_error);
    t->latency_s_p50[i] = t->latency_s_p95[i] = t->latency_s_p99[i] = NAN;
    if (now.bucket) {
        for (int b = 0; b <= sv->n_bucket; b++) {
            g->diff[b] = now.bucket[b] - last->bucket[b];
            last->bucket[b] = now.bucket[b];
        }
        t->latency_s_p50[i] = bucket_quantile(g->diff, sv->bucket_s, sv->n_bucket, 0.50);
        t->latency_s_p95[i] = bucket_quantile(g->diff, sv->bucket_s, sv->n_bucket, 0.95);
        t->latency_s_p99[i] = bucket_quantile(g->diff, sv->bucket_s, sv->n_bucket, 0.99);
    }
    last->n_request = now.n_request;
    last->n_error = now.n_error;
}

static void whole_due(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct simulator *sim = ctx;
    (void)arg;
    for (int i = 0; i < sim->sc->n_service; i++)
        grid_point(sim, &sim->whole, i, &sim->out->trajectory[i]);
    rs_kernel_at(sim->kernel, now_ns + sim->whole.step_ns, "trajectory", whole_due, sim, 0);
}

/* ---- the close grid ---- */

static void drop_first(struct trajectory *t)
{
    size_t n = (size_t)--t->n;
    memmove(t->n_request, t->n_request + 1, n * sizeof *t->n_request);
    memmove(t->n_error, t->n_error + 1, n * sizeof *t->n_error);
    memmove(t->latency_s_p50, t->latency_s_p50 + 1, n * sizeof *t->latency_s_p50);
    memmove(t->latency_s_p95, t->latency_s_p95 + 1, n * sizeof *t->latency_s_p95);
    memmove(t->latency_s_p99, t->latency_s_p99 + 1, n * sizeof *t->latency_s_p99);
    t->t0_ns += t->step_ns;
}

static void close_due(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct simulator *sim = ctx;
    struct trajectory *t = &sim->out->close;
    (void)arg;
    grid_point(sim, &sim->close, t->service, t);
    bool started = sim->out->fault_started;
    if (!started && t->n > CLOSE_BEFORE_NS / t->step_ns)
        drop_first(t);
    if (started && now_ns >= sim->out->onset_ns + CLOSE_AFTER_NS) {
        sim->close_on = false;
        sim->close_done = true;
        return;
    }
    rs_kernel_at(sim->kernel, now_ns + t->step_ns, "trajectory", close_due, sim, 0);
}

void rs_loop_record_close(struct simulator *sim)
{
    int fault = sim->out->fault;
    if (fault < 0 || sim->close_on || sim->close_done || sim->sc->fault[fault].service < 0)
        return;
    int service = sim->sc->fault[fault].service;
    struct trajectory *t = &sim->out->close;
    struct observation now;
    sim->close_on = true;
    sim->out->has_close = true;
    t->service = service;
    t->step_ns = sim->sc->service[service].scrape_interval_ns;
    t->t0_ns = rs_kernel_now(sim->kernel);
    rs_system_observe(sim->system, service, &now);
    struct baseline *last = &sim->close.last[service];
    last->n_request = now.n_request;
    last->n_error = now.n_error;
    if (now.bucket)
        memcpy(last->bucket, now.bucket,
               sizeof *last->bucket * (size_t)(sim->sc->service[service].n_bucket + 1));
    rs_kernel_at(sim->kernel, t->t0_ns + t->step_ns, "trajectory", close_due, sim, 0);
}

void rs_loop_record_reset(struct simulator *sim)
{
    const struct scenario *sc = sim->sc;
    struct history *out = sim->out;
    grid_reset(&sim->whole, sc);
    grid_reset(&sim->close, sc);
    sim->close_on = sim->close_done = false;
    sim->whole.step_ns = sc->trajectory_step_ns;
    if (out->n_trajectory < sc->n_service) {
        size_t n = (size_t)sc->n_service, had = (size_t)out->n_trajectory;
        out->trajectory = rs_xrealloc(out->trajectory, n * sizeof *out->trajectory);
        memset(out->trajectory + had, 0, (n - had) * sizeof *out->trajectory);
        out->n_trajectory = sc->n_service;
    }
    for (int i = 0; i < sc->n_service; i++) {
        out->trajectory[i].service = i;
        out->trajectory[i].n = 0;
        out->trajectory[i].t0_ns = 0;
        out->trajectory[i].step_ns = sim->whole.step_ns;
    }
    rs_kernel_at(sim->kernel, sim->whole.step_ns, "trajectory", whole_due, sim, 0);
}

/* ---- totals ---- */

static void
sum_services(struct simulator *sim, uint64_t *n_request, uint64_t *n_error, uint64_t *n_slow)
{
    *n_request = *n_error = *n_slow = 0;
    for (int i = 0; i < sim->sc->n_service; i++) {
        struct observation now;
        rs_system_observe(sim->system, i, &now);
        *n_request += now.n_request;
        *n_error += now.n_error;
        *n_slow += now.n_slow;
    }
}

/* Users that the present fault's service has hurt so far; a fault without a service: any service. */
static uint64_t fault_service_hurt(struct simulator *sim)
{
    int service = sim->sc->fault[sim->out->fault].service;
    return service < 0 ? rs_system_users_hurt(sim->system)
                       : rs_system_users_hurt_by(sim->system, service);
}

void rs_loop_record_onset(struct simulator *sim, int64_t now_ns)
{
    uint64_t n_slow;
    if (sim->out->fault_started)
        return; /* a lease runs out more than once, the clock starts with the first */
    sim->out->fault_started = true;
    sim->out->onset_ns = now_ns;
    sum_services(sim, &sim->n_request_onset, &sim->n_error_onset, &n_slow);
    sim->users_hurt_onset = fault_service_hurt(sim);
    rs_loop_record_close(sim);
}

/* The largest share of a declared error budget that a service spent, NaN if none is declared. */
static double budget_burned(struct simulator *sim)
{
    double worst = NAN;
    for (int i = 0; i < sim->sc->n_service; i++) {
        double allowed = sim->sc->service[i].slo_error_ratio;
        struct observation now;
        if (isnan(allowed))
            continue;
        rs_system_observe(sim->system, i, &now);
        double burned = 0.0;
        if (now.n_error > 0)
            burned = (double)now.n_error / ((double)now.n_request * allowed);
        if (isnan(worst) || burned > worst)
            worst = burned;
    }
    return worst;
}

void rs_loop_record_totals(struct simulator *sim)
{
    struct history *out = sim->out;
    sum_services(sim, &out->n_request, &out->n_error, &out->n_slow);
    if (out->fault_started) {
        out->n_request_fault = out->n_request - sim->n_request_onset;
        out->n_error_fault = out->n_error - sim->n_error_onset;
        out->users_hurt_since_onset = fault_service_hurt(sim) - sim->users_hurt_onset;
    }
    out->users_hurt = rs_system_users_hurt(sim->system);
    out->budget_burned = budget_burned(sim);
}
