/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The answer to a question, over many worlds that the evidence leaves possible. Each has its own instants, levels and noise;
 * world i is the same for every question, so differences are sharper than the two that they are made of.
 */
#include <math.h>
#include <stdlib.h>

#include "retro/what_if.h"
#include "sim/clock.h"

enum { N_WORLD = 2000 };

/* ---- when ---- */

static int64_t plus(int64_t a, int64_t b)
{
    return a == RS_NEVER || b == RS_NEVER ? RS_NEVER : a + b;
}

/* From one instant of what happened to another; RS_NEVER where either is not known. */
static int64_t leg(const struct harm_world *w, int from, int to)
{
    if (w->at_ns[from] == RS_NEVER || w->at_ns[to] == RS_NEVER)
        return RS_NEVER;
    return w->at_ns[to] > w->at_ns[from] ? w->at_ns[to] - w->at_ns[from] : 0;
}

static const struct procedure *procedure_of(const struct harm *h)
{
    const struct scenario *sc = h->r->evidence->scenario;
    return sc && h->e->procedure >= 0 ? &sc->response.procedure[h->e->procedure] : NULL;
}

/* From visible to commanded as the scenario assumes it of people, where nobody was seen doing it. */
static int64_t people_leg(const struct harm *h, struct stream *s)
{
    const struct procedure *p = procedure_of(h);
    if (!p || p->by < 0)
        return 0;
    const struct role *role = &h->r->evidence->scenario->response.role[p->by];
    return rs_ns_from_s(rs_dist_draw(&role->acknowledge, s) + rs_dist_draw(&role->decide, s) +
                        rs_dist_draw(&role->act, s));
}

static double way_s(const struct propagation *how, struct stream *s)
{
    bool half_open = how->kind == RS_PROPAGATION_STREAMING && how->half_open_ratio > 0.0 &&
                     rs_stream_uniform(s) < how->half_open_ratio;
    double delay = rs_dist_draw(half_open ? &how->half_open_delay : &how->delay, s);
    return how->kind == RS_PROPAGATION_POLLING
               ? delay + rs_stream_uniform(s) * rs_s_from_ns(how->poll_ns)
               : delay;
}

static double longest_way_s(const struct propagation *how)
{
    double most = rs_dist_quantile(&how->delay, 0.999);
    if (how->kind == RS_PROPAGATION_POLLING)
        most += rs_s_from_ns(how->poll_ns);
    else if (how->half_open_ratio > 0.0)
        most = fmax(most, rs_dist_quantile(&how->half_open_delay, 0.999));
    return most;
}

/*
 * From commanded to gone, on the average of the instances: drawn from the flag's way in the scenario, since another command
 * meets other phases; as it was seen where the scenario does not allow for that, or is none.
 */
static int64_t switch_leg(const struct harm *h, const struct harm_world *w, struct stream *s)
{
    const struct scenario *sc = h->r->evidence->scenario;
    const struct procedure *p = procedure_of(h);
    double most = -1.0, longest = 0.0,
           seen = rs_s_from_ns(w->gone_ns - w->at_ns[RS_CLOCK_COMMANDED]);
    int n = sc && h->e->service >= 0 ? sc->service[h->e->service].n_instance : 1;
    for (int i = 0; p && i < p->n_action; i++) {
        if (p->action[i].kind != RS_ACT_SET_FLAG)
            continue;
        const struct propagation *how = &sc->flag[p->action[i].flag].propagation;
        double sum = 0.0;
        for (int k = 0; k < n; k++)
            sum += way_s(how, s);
        most = fmax(most, sum / n);
        longest = fmax(longest, longest_way_s(how));
    }
    double blur = rs_s_from_ns(h->kind[RS_HARM_ERRORS].flow.step_ns);
    if (h->rolled_back && (most < 0.0 || seen > longest + blur))
        return w->gone_ns - w->at_ns[RS_CLOCK_COMMANDED];
    return rs_ns_from_s(fmax(0.0, most));
}

/* Which of the three sizes this world's fault is nearest to. */
static int size_of(const struct question *q, const struct harm_world *w)
{
    const double known[RS_SIZE_N] = {q->size.low, 1.0, q->size.high};
    double mine = q->size.mean > 0.0 ? w->level[q->size.kind] / q->size.mean : 1.0;
    int best = RS_SIZE_MEAN;
    for (int i = 0; i < RS_SIZE_N; i++) {
        if (fabs(known[i] - mine) < fabs(known[best] - mine))
            best = i;
    }
    return best;
}

/* The first look at which the gate is true; its phase is anybody's guess. */
static int64_t first_look(const struct question *q,
                          const struct told *told,
                          const struct harm_world *w,
                          struct stream *s)
{
    int64_t phase = (int64_t)(rs_stream_uniform(s) * (double)q->look_every_ns);
    int64_t at = w->at_ns[RS_CLOCK_ONSET] + phase, end = q->from_ns + (int64_t)q->n * q->step_ns;
    for (; at < end; at += q->look_every_ns) {
        if (at >= q->from_ns && told->is_true[(size_t)((at - q->from_ns) / q->step_ns)])
            return at;
    }
    return RS_NEVER;
}

/* A server evaluates at a phase of its own: up to an interval sooner or later than is computed here. */
static const struct told *
in_phase(const struct question *q, const struct told *told, struct told *room, struct stream *s)
{
    double interval = (double)q->h->r->evidence->evaluation_interval_ns;
    int64_t off = (int64_t)((rs_stream_uniform(s) - rs_stream_uniform(s)) * interval);
    *room = *told;
    room->at_ns = plus(told->at_ns, off);
    room->notified_ns = plus(told->notified_ns, off);
    return room;
}

struct answer_times {
    int64_t detected, commanded, completed, lasts;
};

static int64_t commanded_when(const struct question *q,
                              const struct harm_world *w,
                              const struct told *told,
                              int64_t detected,
                              struct stream *s)
{
    int64_t kept = leg(w, RS_CLOCK_DETECTED, RS_CLOCK_COMMANDED), from = detected;
    if (detected == RS_NEVER)
        return RS_NEVER;
    if (q->how == RS_ASK_MACHINE)
        return detected + q->delay_ns;
    if (q->how == RS_ASK_TOLD && told->notified_ns != RS_NEVER) {
        /* As long as it took, but for what Alertmanager would have waited less, or more. */
        if (!q->h->rolled_back)
            from = told->notified_ns;
        else if (q->waited_ns != RS_NEVER)
            from = told->notified_ns - q->waited_ns;
    }
    /* Who looks has acknowledged it by looking. */
    if (q->how == RS_ASK_LOOKS && leg(w, RS_CLOCK_ACKNOWLEDGED, RS_CLOCK_COMMANDED) != RS_NEVER)
        kept = leg(w, RS_CLOCK_ACKNOWLEDGED, RS_CLOCK_COMMANDED);
    if (!q->h->rolled_back)
        kept = people_leg(q->h, s);
    return plus(from, kept);
}

static struct answer_times
times_of(const struct question *q, const struct harm_world *w, uint64_t seed, uint64_t world)
{
    struct stream s = rs_stream_open(seed, world, rs_stream_hash("retro/response"));
    struct answer_times t = {RS_NEVER, RS_NEVER, RS_NEVER, 0};
    const struct told *told = &q->told[size_of(q, w)];
    struct told phased;
    switch (q->how) {
    case RS_ASK_HAPPENED:
        return (struct answer_times){w->at_ns[RS_CLOCK_DETECTED], w->at_ns[RS_CLOCK_COMMANDED],
                                     w->at_ns[RS_CLOCK_COMPLETED], 0};
    case RS_ASK_NEVER: return t;
    case RS_ASK_TOLD:
        told = in_phase(q, told, &phased, &s);
        t.detected = told->at_ns;
        break;
    case RS_ASK_LOOKS: t.detected = first_look(q, told, w, &s); break;
    case RS_ASK_MACHINE: t.detected = w->at_ns[RS_CLOCK_DETECTED]; break;
    }
    if (q->how == RS_ASK_MACHINE && (!q->h->rolled_back || t.detected == RS_NEVER))
        t.detected = q->at.best_ns;
    t.commanded = commanded_when(q, w, told, t.detected, &s);
    if (q->not_later && w->at_ns[RS_CLOCK_COMMANDED] <= t.commanded) {
        t.detected =
            w->at_ns[RS_CLOCK_DETECTED] < t.detected ? w->at_ns[RS_CLOCK_DETECTED] : t.detected;
        t.commanded = w->at_ns[RS_CLOCK_COMMANDED];
    }
    t.lasts = switch_leg(q->h, w, &s);
    t.completed = plus(
        t.commanded, q->h->rolled_back ? leg(w, RS_CLOCK_COMMANDED, RS_CLOCK_COMPLETED) : t.lasts);
    return t;
}

/* ---- bands ---- */

static int by_value(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

static struct retro_band band_of(double *x, size_t n, double confidence)
{
    qsort(x, n, sizeof(*x), by_value);
    if (isnan(x[0]) || isnan(x[n - 1]))
        return (struct retro_band){NAN, NAN, NAN};
    return (struct retro_band){rs_quantile_sorted(x, n, (1.0 - confidence) / 2.0),
                               rs_quantile_sorted(x, n, 0.5),
                               rs_quantile_sorted(x, n, (1.0 + confidence) / 2.0)};
}

static int by_time(const void *x, const void *y)
{
    int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
    return (a > b) - (a < b);
}

static struct retro_instant instant_of(int64_t *at, size_t n, double confidence, const char *why)
{
    qsort(at, n, sizeof(*at), by_time);
    size_t out = (size_t)floor((1.0 - confidence) / 2.0 * (double)n);
    struct retro_instant i = {.how = RS_HOW_COMPUTED,
                              .lo_ns = at[out],
                              .best_ns = at[n / 2],
                              .hi_ns = at[n - 1 - out],
                              .confidence = confidence,
                              .source = -1,
                              .mark = -1,
                              .why = why};
    i.never = i.best_ns == RS_NEVER;
    if (i.never)
        i.lo_ns = i.lo_ns == RS_NEVER ? RS_NEVER : i.lo_ns;
    return i;
}

struct sums { /* [N_WORLD] each */
    double errors[N_WORLD], users[N_WORLD], budget[N_WORLD], saved[N_WORLD], slow[N_WORLD];
    int64_t detected[N_WORLD], commanded[N_WORLD], completed[N_WORLD];
};

static void play_all(struct sums *to, const struct question *q, uint64_t seed)
{
    for (uint64_t i = 0; i < N_WORLD; i++) {
        struct harm_world w;
        rs_harm_world(q->h, seed, i, &w);
        struct answer_times t = times_of(q, &w, seed, i);
        struct harm_course c = {
            .as_it_happened = q->how == RS_ASK_HAPPENED ||
                              (q->h->rolled_back && t.commanded == w.at_ns[RS_CLOCK_COMMANDED]),
            .commanded_ns = t.commanded,
            .until_ns = t.commanded == RS_NEVER ? q->until_ns : RS_NEVER,
            .lasts_ns = t.lasts};
        struct harm_toll toll = rs_harm_play(q->h, &w, &c);
        to->errors[i] = toll.errors;
        to->users[i] = toll.users;
        to->budget[i] = toll.budget;
        to->saved[i] = toll.saved;
        to->slow[i] = toll.slow;
        to->detected[i] = t.detected;
        to->commanded[i] = t.commanded;
        to->completed[i] = t.completed;
    }
}

void rs_what_if_answer(struct retro_outcome *out,
                       struct retro_band *slow,
                       const struct question *q,
                       const struct retro_options *opt)
{
    double confidence = q->h->r->evidence->confidence;
    const struct retro_episode *e = q->h->e;
    struct sums *sums = rs_xcalloc(1, sizeof(*sums));
    play_all(sums, q, opt->seed);
    out->errors = band_of(sums->errors, N_WORLD, confidence);
    out->users_hurt = band_of(sums->users, N_WORLD, confidence);
    out->budget = band_of(sums->budget, N_WORLD, confidence);
    out->errors_saved = band_of(sums->saved, N_WORLD, confidence);
    *slow = band_of(sums->slow, N_WORLD, confidence);
    if (q->how == RS_ASK_HAPPENED) {
        out->detected = e->at[RS_CLOCK_DETECTED];
        out->commanded = e->at[RS_CLOCK_COMMANDED];
        out->completed = e->at[RS_CLOCK_COMPLETED];
    } else {
        out->detected = instant_of(sums->detected, N_WORLD, confidence, q->says);
        out->commanded = instant_of(sums->commanded, N_WORLD, confidence, q->says);
        out->completed = instant_of(sums->completed, N_WORLD, confidence, q->says);
    }
    free(sums);
}
