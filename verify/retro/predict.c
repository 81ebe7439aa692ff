/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The predictive check: the fitted scenario, simulated with the fault in it, against what was seen. A model that cannot give the
 * history that it was fitted to is wrong somewhere (Gelman, Meng & Stern, Statistica Sinica 6 (1996) 733-807). The parameters
 * are taken at their fitted values, so the bands are those of histories, and a little too narrow for the fit's own doubt.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "learn.h"
#include "models/replica.h"
#include "sim/clock.h"
#include "sim/replicate.h"

enum quantity {
    Q_ONSET_DETECTED,
    Q_DETECTED_COMMANDED,
    Q_COMMANDED_EFFECTIVE,
    Q_DETECTED_COMPLETED,
    Q_ONSET_RECOVERED,
    Q_REQUESTS, /* of the fault's service, from the onset to the recovery */
    Q_ERRORS,
    Q_ERROR_RATIO,
    Q_N
};
static const struct {
    const char *name, *unit;
    int from, to; /* of a leg; from = to: a count */
} quantities[Q_N] = {
    {"onset to detected", "s", RS_CLOCK_ONSET, RS_CLOCK_DETECTED},
    {"detected to commanded", "s", RS_CLOCK_DETECTED, RS_CLOCK_COMMANDED},
    {"commanded to effective", "s", RS_CLOCK_COMMANDED, RS_CLOCK_EFFECTIVE},
    {"detected to completed", "s", RS_CLOCK_DETECTED, RS_CLOCK_COMPLETED},
    {"onset to recovered", "s", RS_CLOCK_ONSET, RS_CLOCK_RECOVERED},
    {"requests from onset to recovery", "requests", 0, 0},
    {"errors from onset to recovery", "requests", 0, 0},
    {"error ratio from onset to recovery", "ratio", 0, 0},
};

struct prediction {
    const struct scenario *sc;
    const struct retro_options *opt;
    int fault;
    uint64_t n_done;
    double *x[Q_N]; /* [n[q]] */
    uint64_t n[Q_N];
};

/* ---- simulated ---- */

static void *worker_new(void *ctx, struct err *err)
{
    struct prediction *p = ctx;
    return rs_simulator_new(p->sc, err);
}

static void worker_free(void *ctx, void *worker)
{
    (void)ctx;
    rs_simulator_free(worker);
}

static void *slot_new(void *ctx)
{
    (void)ctx;
    struct history *h = rs_xcalloc(1, sizeof(*h));
    rs_history_init(h);
    return h;
}

static void slot_free(void *ctx, void *slot)
{
    (void)ctx;
    rs_history_clear(slot);
    free(slot);
}

static int run_one(void *ctx,
                   void *worker,
                   uint64_t replica,
                   void *slot,
                   const atomic_bool *cancel,
                   struct err *err)
{
    struct prediction *p = ctx;
    const struct replica_options how = {
        .seed = p->opt->seed, .replica = replica, .fault = p->fault, .cancel = cancel};
    return rs_simulator_run(worker, &how, slot, err);
}

/* The episode that the fault brought. */
static const struct episode *episode_of(const struct history *h, int fault)
{
    for (int i = 0; i < h->n_episode; i++) {
        if (h->episode[i].fault == fault)
            return &h->episode[i];
    }
    return NULL;
}

/* Requests and errors of the fault's service between two instants, by its fine grid; the first and last step in part. */
static bool
counted(const struct history *h, int64_t from_ns, int64_t until_ns, double *n, double *k)
{
    const struct trajectory *t = &h->close;
    *n = *k = 0.0;
    if (!h->has_close || from_ns == RS_NEVER || until_ns == RS_NEVER || until_ns <= from_ns)
        return false;
    for (int i = 0; i < t->n; i++) {
        int64_t lo = t->t0_ns + i * t->step_ns, hi = lo + t->step_ns;
        lo = lo > from_ns ? lo : from_ns;
        hi = hi < until_ns ? hi : until_ns;
        double part = (double)(hi - lo) / (double)t->step_ns;
        *n += part > 0.0 ? part * t->n_request[i] : 0.0;
        *k += part > 0.0 ? part * t->n_error[i] : 0.0;
    }
    return *n > 0.0;
}

static void take(struct prediction *p, enum quantity q, double x)
{
    p->x[q][p->n[q]++] = x;
}

static int reduce(void *ctx, uint64_t replica, void *slot, struct err *err)
{
    struct prediction *p = ctx;
    const struct history *h = slot;
    const struct episode *e = episode_of(h, p->fault);
    double n = 0.0, k = 0.0;
    (void)replica, (void)err;
    p->n_done++;
    if (!e)
        return 0;
    for (int q = 0; q < Q_N; q++) {
        int64_t ns = quantities[q].from != quantities[q].to
                         ? rs_episode_leg(e, (enum clock_mark)quantities[q].from,
                                          (enum clock_mark)quantities[q].to)
                         : -1;
        if (ns >= 0)
            take(p, (enum quantity)q, rs_s_from_ns(ns));
    }
    if (counted(h, e->at_ns[RS_CLOCK_ONSET], e->at_ns[RS_CLOCK_RECOVERED], &n, &k)) {
        take(p, Q_REQUESTS, n);
        take(p, Q_ERRORS, k);
        take(p, Q_ERROR_RATIO, k / n);
    }
    return 0;
}

/* ---- seen ---- */

static void see(struct learning *l, double *seen)
{
    const struct retro_episode *e = &l->r->rebuilt.episode[l->fault_episode];
    const struct fault *f = &l->sc->fault[l->fault_index];
    for (int q = 0; q < Q_N; q++) {
        int64_t lo = 0, best = 0, hi = 0;
        int from = quantities[q].from, to = quantities[q].to;
        bool told = from != to && !e->at[from].never && !e->at[to].never &&
                    e->at[from].how != RS_HOW_BOUNDED && e->at[to].how != RS_HOW_BOUNDED &&
                    rs_retro_leg(e, from, to, &lo, &best, &hi) && hi != RS_NEVER;
        seen[q] = told ? rs_s_from_ns(best) : (double)NAN;
    }
    int service = f->service >= 0 ? f->service : e->service;
    if (isnan(seen[Q_ONSET_RECOVERED]) || service < 0 || !l->e->data || l->e->data->n_sample == 0)
        return;
    struct windows w = {0};
    struct request_counts c;
    rs_learn_window(l, &w, e->at[RS_CLOCK_ONSET].best_ns, e->at[RS_CLOCK_RECOVERED].best_ns);
    rs_learn_requests(l, service, NULL, &w, &c);
    if (!(c.n > 0.0))
        return;
    /* What is counted lies between the first and the last scrape inside: stretched to the whole. */
    double whole = rs_learn_seconds(&w);
    double step = rs_s_from_ns(l->sc->service[service].scrape_interval_ns);
    double stretch = whole > 2.0 * step ? whole / (whole - step) : (double)NAN;
    seen[Q_REQUESTS] = c.n * stretch;
    seen[Q_ERRORS] = rs_learn_errors(&c, 0) * stretch;
    seen[Q_ERROR_RATIO] = rs_learn_errors(&c, 0) / c.n;
}

/* ---- compared ---- */

static int rising(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void compare(struct learning *l,
                    const struct prediction *p,
                    const double *seen,
                    struct retro_learnt *out)
{
    out->predicted = RS_ARENA_ARRAY(l->arena, struct retro_predicted, Q_N);
    for (int q = 0; q < Q_N; q++) {
        uint64_t n = p->n[q], n_low = 0, n_high = 0;
        if (isnan(seen[q]) || n < 20)
            continue;
        qsort(p->x[q], n, sizeof(double), rising);
        for (uint64_t i = 0; i < n; i++) {
            n_low += p->x[q][i] <= seen[q];
            n_high += p->x[q][i] >= seen[q];
        }
        uint64_t fewer = n_low < n_high ? n_low : n_high;
        out->predicted[out->n_predicted++] = (struct retro_predicted){
            .name = quantities[q].name,
            .unit = quantities[q].unit,
            .episode = l->fault_episode,
            .seen = seen[q],
            .low = rs_quantile_sorted(p->x[q], n, 0.025),
            .median = rs_quantile_sorted(p->x[q], n, 0.5),
            .high = rs_quantile_sorted(p->x[q], n, 0.975),
            .p_value = fmin(1.0, 2.0 * ((double)fewer + 1.0) / ((double)n + 1.0)),
            .n = n};
    }
    if (out->n_predicted == 0)
        out->predict_refused =
            "of the episode nothing was seen that a history could be held against";
}

static int simulate(struct prediction *p, struct err_list *errors)
{
    struct err err = {0};
    const struct replicate_job job = {.n = p->opt->replicas,
                                      .n_thread = p->opt->n_jobs > 0 ? p->opt->n_jobs : 1,
                                      .ctx = p,
                                      .worker_new = worker_new,
                                      .worker_free = worker_free,
                                      .slot_new = slot_new,
                                      .slot_free = slot_free,
                                      .run = run_one,
                                      .reduce = reduce,
                                      .cancel = p->opt->cancel};
    if (rs_replicate(&job, NULL, &err) == 0)
        return p->n_done < p->opt->replicas ? 1 : 0;
    if (err.code == RS_E_STOPPED)
        return 1;
    rs_err_list_push(errors, &err);
    return -1;
}

int rs_learn_predict(struct learning *l,
                     const struct scenario *patched,
                     const struct retro_options *opt,
                     struct retro_learnt *out,
                     struct err_list *errors)
{
    struct prediction p = {.sc = patched, .opt = opt, .fault = l->fault_index};
    double seen[Q_N];
    if (!l->sc)
        out->predict_refused = "there is no scenario to simulate";
    else if (l->fault_index < 0)
        out->predict_refused = l->r->rebuilt.n_episode == 0
                                   ? "there was no episode"
                                   : "no fault of the scenario explains an episode";
    if (out->predict_refused)
        return 0;
    for (int q = 0; q < Q_N; q++) {
        p.x[q] = rs_xcalloc(opt->replicas + 1, sizeof(double));
        seen[q] = NAN;
    }
    see(l, seen);
    int status = simulate(&p, errors);
    if (status == 0)
        compare(l, &p, seen, out);
    for (int q = 0; q < Q_N; q++)
        free(p.x[q]);
    return status;
}
