/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <stdlib.h>

#include "map_parts.h"
#include "sim/clock.h"
#include "sim/replicate.h"

/* ---- one replica ----------------------------------------------------------------------------------------------------- */

/* What is asked is what the objective `miss` asks: whether the leg from the onset to the detection is short enough. */
static struct claim detection_claim(const struct look_options *opt)
{
    return (struct claim){
        .kind = RS_CLAIM_PROBABILITY,
        .given = RS_GIVEN_FAULT,
        .given_fault = opt->fault,
        .of = RS_Q_LEG,
        .from = RS_CLOCK_ONSET,
        .to = RS_CLOCK_DETECTED,
        .procedure = -1,
        .within = opt->within_ns == RS_NEVER ? (double)INT64_MAX : (double)opt->within_ns,
    };
}

static enum seen judge(const struct scenario *sc, const struct claim *c, const struct history *h)
{
    struct claim_sample s = rs_claim_sample(sc, c, h);
    switch (s.state) {
    case RS_SAMPLE_NOT_APPLICABLE: return RS_SEEN_NO_ONSET;
    case RS_SAMPLE_UNDECIDED: return RS_SEEN_UNKNOWN;
    case RS_SAMPLE_VALUE: break;
    }
    return s.value > 0 ? RS_SEEN_IN_TIME : RS_SEEN_NOT;
}

/*
 * Would the whole history say the same as the part that was run? An episode that is there is the first one. Without one, a later one
 * may still have been detected before the cut only by an alert that had fired by then: it opens when the message is read. A
 * look or a gate opens its episode at once.
 */
static bool is_final(enum seen seen, const struct history *h)
{
    switch (seen) {
    case RS_SEEN_IN_TIME: return true;
    case RS_SEEN_NOT: return h->n_alert_fired == 0;
    case RS_SEEN_NO_ONSET:
    case RS_SEEN_UNKNOWN: break;
    }
    return false;
}

int rs_tune_map_look(struct simulator *sim,
                     const struct scenario *sc,
                     const struct look_options *opt,
                     struct history *h,
                     struct look *out,
                     struct err *err)
{
    struct claim c = detection_claim(opt);
    struct replica_options run = {.seed = opt->seed,
                                  .replica = opt->replica,
                                  .fault = opt->fault,
                                  .cancel = opt->cancel,
                                  .gsl_samplers = opt->gsl_samplers};
    bool guessed = opt->onset_guess_ns != RS_NEVER && opt->within_ns != RS_NEVER &&
                   opt->within_ns < sc->horizon_ns;
    if (guessed)
        run.until_ns = opt->onset_guess_ns + opt->within_ns + RS_NS_PER_S;
    do {
        rs_history_reset(h);
        if (rs_simulator_run(sim, &run, h, err) != 0)
            return -1;
        out->seen = judge(sc, &c, h);
        guessed = run.until_ns > 0 && !is_final(out->seen, h);
        run.until_ns = 0;
    } while (guessed);
    out->onset_ns = h->fault_started ? h->onset_ns : RS_NEVER;
    if (out->seen == RS_SEEN_UNKNOWN && opt->within_ns == RS_NEVER)
        out->seen = RS_SEEN_NOT;
    return 0;
}

/* ---- many ------------------------------------------------------------------------------------------------------------ */

/* One thread's own: a simulator of the scene that it was last asked for. The scenes come one after another. */
struct worker {
    struct simulator *sim; /* owned */
    int scene;
    struct history h;
};

static void *worker_new(void *ctx, struct err *err)
{
    (void)ctx, (void)err;
    struct worker *w = rs_xcalloc(1, sizeof *w);
    w->scene = -1;
    rs_history_init(&w->h);
    return w;
}

static void worker_free(void *ctx, void *worker)
{
    (void)ctx;
    struct worker *w = worker;
    rs_simulator_free(w->sim);
    rs_history_clear(&w->h);
    free(w);
}

static void *slot_new(void *ctx)
{
    (void)ctx;
    return rs_xcalloc(1, sizeof(struct look));
}

static void slot_free(void *ctx, void *slot)
{
    (void)ctx;
    free(slot);
}

static uint64_t n_each(const struct scene_job *job)
{
    return job->until - job->from;
}

static int
run(void *ctx, void *worker, uint64_t i, void *slot, const atomic_bool *cancel, struct err *err)
{
    const struct scene_job *job = ctx;
    struct worker *w = worker;
    int scene = (int)(i / n_each(job));
    if (w->scene != scene) {
        rs_simulator_free(w->sim);
        w->scene = -1;
        w->sim = rs_simulator_new(job->scene[scene], err);
        if (!w->sim)
            return -1;
        w->scene = scene;
    }
    struct look_options opt = {.seed = job->search->seed,
                               .replica = job->from + i % n_each(job),
                               .gsl_samplers = job->search->gsl_samplers,
                               .fault = job->fault,
                               .within_ns = job->within_ns,
                               .onset_guess_ns = job->onset_guess_ns,
                               .cancel = cancel};
    return rs_tune_map_look(w->sim, job->scene[scene], &opt, &w->h, slot, err);
}

static int reduce(void *ctx, uint64_t i, void *slot, struct err *err)
{
    (void)err;
    const struct scene_job *job = ctx;
    const struct look *look = slot;
    struct scene_count *c = job->count[i / n_each(job)];
    c->n += look->seen != RS_SEEN_NO_ONSET;
    c->n_seen += look->seen == RS_SEEN_IN_TIME;
    c->n_unknown += look->seen == RS_SEEN_UNKNOWN;
    if (look->onset_ns != RS_NEVER && look->onset_ns > *job->onset_ns_max)
        *job->onset_ns_max = look->onset_ns;
    return 0;
}

static bool tick(void *ctx, uint64_t n_done, uint64_t n_total)
{
    (void)n_total;
    const struct scene_job *job = ctx;
    const struct tune_search_options *s = job->search;
    return s->tick &&
           s->tick(s->tick_ctx, job->n_done_before + n_done, job->n_total, (uint32_t)job->n_scene);
}

int rs_tune_map_run(const struct scene_job *job, struct err *err)
{
    assert(job->until > job->from);
    uint64_t n_done = 0;
    struct replicate_job r = {.n = n_each(job) * (uint64_t)job->n_scene,
                              .n_thread = job->search->n_job,
                              .worker_new = worker_new,
                              .worker_free = worker_free,
                              .slot_new = slot_new,
                              .slot_free = slot_free,
                              .run = run,
                              .reduce = reduce,
                              .tick = tick,
                              .cancel = job->search->cancel};
    struct scene_job copy = *job; /* the callbacks' context is not const */
    r.ctx = &copy;
    if (r.n > 0 && rs_replicate(&r, &n_done, err) != 0)
        return -1;
    return n_done < r.n ? 1 : 0;
}
