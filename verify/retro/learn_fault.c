/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fault that came up: which of the scenario's it was, how large, and how long after its exposure it began. */
#include <math.h>
#include <string.h>

#include "learn.h"
#include "models/system.h"
#include "sim/clock.h"

/* ---- which ---- */

static bool hits_service(const struct fault *f, int service)
{
    return f->service == service || (f->target == RS_TARGET_DEPENDENCY && f->service < 0);
}

/* Was what it waits for there before it began? */
static const struct retro_instant *
exposure(const struct retro *r, const struct fault *f, const struct retro_episode *e)
{
    const struct retro_rebuilt *b = &r->rebuilt;
    const struct retro_instant *onset = &e->at[RS_CLOCK_ONSET], *last = NULL;
    if (f->onset == RS_ONSET_STAGE)
        return b->stage[f->onset_stage].how != RS_HOW_UNKNOWN ? &b->stage[f->onset_stage] : NULL;
    for (int i = 0; i < b->n_flag_step; i++) {
        const struct retro_flag_step *s = &b->flag_step[i];
        bool turns = f->onset == RS_ONSET_FLAG_EXPOSED     ? s->on
                     : f->onset == RS_ONSET_FLAG_WITHDRAWN ? !s->on
                                                           : false;
        bool before = onset->how == RS_HOW_UNKNOWN || s->at.lo_ns <= onset->hi_ns;
        /* The first exposure counts: a ramp's later steps widen it. */
        if (s->flag == f->onset_flag && turns && before && !last)
            last = &s->at;
    }
    return last;
}

/* How well the fault explains the episode: 0 = not at all. */
static int explains(const struct learning *l, const struct fault *f, const struct retro_episode *e)
{
    const struct retro_signal *s = e->signal >= 0 ? &l->r->rebuilt.signal[e->signal] : NULL;
    int service = e->service >= 0 ? e->service : s ? s->service : -1;
    if (service < 0 || !hits_service(f, service))
        return 0;
    const struct procedure *p = e->procedure >= 0 ? &l->sc->response.procedure[e->procedure] : NULL;
    int points = 1;
    points += 2 * (p && p->ref && f->ref && strcmp(p->ref, f->ref) == 0);
    points += 4 * (exposure(l->r, f, e) != NULL);
    if (s && strstr(s->name, "slow"))
        points += 8 * (f->effect.latency_factor != 1.0 || f->effect.latency_shift_s > 0.0);
    else if (s && s->kind == RS_SIGNAL_RATIO)
        points += 8 * (f->effect.errors.n > 0);
    else if (s && s->kind == RS_SIGNAL_COUNT)
        points += 8 * (f->effect.n_counter > 0);
    return points;
}

static void choose_fault(struct learning *l)
{
    int best = 0;
    for (int i = 0; i < l->r->rebuilt.n_episode; i++) {
        for (int f = 0; f < l->sc->n_fault && l->fault_index < 0; f++) {
            int points = explains(l, &l->sc->fault[f], &l->r->rebuilt.episode[i]);
            if (points > best) {
                best = points;
                l->fault = l->sc->fault[f].name;
                l->fault_episode = i;
            }
        }
    }
    for (int f = 0; f < l->sc->n_fault; f++) {
        if (l->fault && strcmp(l->sc->fault[f].name, l->fault) == 0)
            l->fault_index = f;
    }
}

/* ---- size ---- */

struct faulty {
    const struct fault *fault;
    const struct retro_episode *episode;
    int service, path;
    double share; /* of the service's requests on what the fault hits */
    struct windows before, during;
    const char *refused;
};

/* From the surely full fault to the first thing that was done about it. */
static void find_during(struct learning *l, struct faulty *x)
{
    const struct retro_instant *onset = &x->episode->at[RS_CLOCK_ONSET];
    const struct retro_instant *command = &x->episode->at[RS_CLOCK_COMMANDED];
    struct windows all = rs_learn_all(l);
    int64_t from = x->episode->up.found ? x->episode->up.hi_ns + rs_ns_from_s(x->episode->up.ramp_s)
                   : onset->how == RS_HOW_UNKNOWN || onset->hi_ns == RS_NEVER ? RS_NEVER
                                                                              : onset->hi_ns;
    int64_t until = all.n > 0 ? all.window[0].until_ns : 0;
    if (x->fault->shape == RS_SHAPE_RAMP && from != RS_NEVER)
        from += x->fault->shape_period_ns;
    if (command->how != RS_HOW_UNKNOWN && !command->never && command->lo_ns > INT64_MIN)
        until = command->lo_ns < until ? command->lo_ns : until;
    else if (x->episode->down.found)
        until = x->episode->down.lo_ns < until ? x->episode->down.lo_ns : until;
    rs_learn_window(l, &x->during, from, until);
}

/*
 * Without the fault: the same requests before it began, where that was long enough; else all quiet times, as if the paths
 * failed alike.
 */
static void find_before(struct learning *l, struct faulty *x)
{
    struct windows quiet = rs_learn_quiet(l), same = {0};
    int n = 0;
    const struct flag_span *span = rs_learn_flag_spans(l, x->service, &n);
    int64_t begins = x->during.window[0].from_ns, until = x->during.window[0].until_ns;
    for (int i = 0; i < quiet.n; i++) {
        struct window w = quiet.window[i];
        rs_learn_window(l, &x->before, w.from_ns, w.until_ns < begins ? w.until_ns : begins);
    }
    for (int i = 0; i < n; i++) {
        if (span[i].at.from_ns > begins || span[i].at.until_ns < until)
            continue;
        for (int k = 0; k < x->before.n; k++) {
            struct window w = x->before.window[k];
            rs_learn_window(l, &same,
                            w.from_ns > span[i].at.from_ns ? w.from_ns : span[i].at.from_ns,
                            w.until_ns);
        }
    }
    if (rs_learn_seconds(&same) >= 2.0 * rs_learn_seconds(&x->during))
        x->before = same;
}

/* Of it the longest part in which the flags stood still: it may begin while they are still on their way. */
static void keep_settled(struct learning *l, struct faulty *x)
{
    int n = 0;
    const struct flag_span *span = rs_learn_flag_spans(l, x->service, &n);
    struct window best = {0, 0}, of = x->during.window[0];
    for (int i = 0; i < n; i++) {
        struct window w = span[i].at;
        w.from_ns = w.from_ns > of.from_ns ? w.from_ns : of.from_ns;
        w.until_ns = w.until_ns < of.until_ns ? w.until_ns : of.until_ns;
        if (span[i].known && w.until_ns - w.from_ns > best.until_ns - best.from_ns)
            best = w;
    }
    if (best.until_ns > best.from_ns)
        x->during.window[0] = best;
}

static void open_faulty(struct learning *l, struct faulty *x)
{
    const struct service *s = NULL;
    x->service = x->fault->service >= 0 ? x->fault->service : x->episode->service;
    s = &l->sc->service[x->service];
    x->path = x->fault->target == RS_TARGET_PATH ? x->fault->path : -1;
    find_during(l, x);
    if (x->during.n == 0) {
        x->refused = "nothing was counted between its onset and the rollback";
        return;
    }
    keep_settled(l, x);
    if (x->fault->shape != RS_SHAPE_STEP && x->fault->shape != RS_SHAPE_RAMP) {
        x->refused = "its level changes all the time: no single size is told by counts";
        return;
    }
    x->share = 0.0;
    for (int p = 0; p < s->n_path; p++) {
        bool hit = rs_fault_hits(l->sc, x->fault, x->service, p);
        x->share += hit ? rs_learn_share(l, x->service, p, x->during.window[0]) : 0.0;
    }
    if (!(x->share > 0.0)) {
        x->refused = "nobody noted which share of the requests was exposed to it";
        return;
    }
    find_before(l, x);
    if (x->before.n == 0)
        x->refused = "nothing was recorded before it";
}

static double assumed_of(const struct error_mix *m, int code)
{
    for (int i = 0; i < m->n; i++) {
        if (m->code[i] == code)
            return m->ratio[i];
    }
    return NAN;
}

static struct retro_fit *add_size(struct learning *l, const struct faulty *x, const char *what)
{
    struct retro_fit *f = rs_learn_add(l, RS_FIT_FAULT_SIZE,
                                       rs_arena_printf(l->arena, "%s: %s", x->fault->name, what));
    f->refused = x->refused;
    return f;
}

static void fit_error_size(struct learning *l, const struct faulty *x)
{
    struct retro_fit *f = add_size(l, x, "errors");
    struct request_counts before, during;
    const char *text = "", *unseen = "";
    f->method = "profile likelihood of two binomials, by code";
    if (f->refused)
        return;
    rs_learn_requests(l, x->service, NULL, &x->before, &before);
    rs_learn_requests(l, x->service, NULL, &x->during, &during);
    f->n = (uint64_t)during.n;
    if (during.n < 20.0 || before.n < 20.0) {
        f->refused =
            rs_arena_printf(l->arena, "only %.0f requests were counted during it", during.n);
        return;
    }
    double failing = rs_learn_errors(&before, 0) / before.n;
    for (int code = 400; code < 600; code++) {
        struct fit_count b = {rs_learn_errors(&before, code), before.n};
        struct fit_count d = {rs_learn_errors(&during, code), during.n};
        double assumed = assumed_of(&x->fault->effect.errors, code);
        if (isnan(assumed) && (code < 500 || d.k == 0.0))
            continue;
        struct fit_value v = rs_fit_added_ratio(b, d, x->share, failing, l->confidence);
        if (isnan(assumed) && v.low <= 0.0) /* a code that it does not add */
            continue;
        unseen = rs_arena_printf(l->arena, "%s%s", unseen, rs_learn_unseen(l, code, assumed, &v));
        rs_learn_parameter(l, f, rs_arena_printf(l->arena, "%d", code), "ratio", assumed, v);
        text = rs_arena_printf(l->arena, "%s%s%d: %s", text, *text ? ", " : "", code,
                               rs_learn_ratio_text(l, v.value));
    }
    f->method = rs_arena_printf(
        l->arena, "profile likelihood of two binomials, by code; %.4g%% of the requests exposed%s",
        100.0 * x->share, unseen);
    f->path = rs_arena_printf(l->arena, "faults/%s/effect/errors", x->fault->name);
    f->text = rs_arena_printf(l->arena, "{%s}", text);
}

/* The law of a path: as it was fitted here, else as assumed. */
static const struct dist *law_of(struct learning *l, int service, int path, bool *is_assumed)
{
    const struct service *s = &l->sc->service[service];
    const char *name = rs_arena_printf(l->arena, "%s latency on %s", s->name, s->path[path].name);
    *is_assumed = true;
    for (int i = 0; i < l->n; i++) {
        const struct retro_fit *f = &l->fit[i];
        if (f->kind == RS_FIT_LATENCY && f->law && strcmp(f->name, name) == 0) {
            *is_assumed = false;
            return f->law;
        }
    }
    return &s->path[path].latency;
}

/* The laws of the requests that it hits and of those that it spares: of each the path with the largest share. */
static struct fit_stretched laws_of(struct learning *l, const struct faulty *x, bool *is_assumed)
{
    const struct service *s = &l->sc->service[x->service];
    int best[2] = {-1, -1}; /* spared, hit */
    double most[2] = {0.0, 0.0};
    bool assumed = false;
    for (int p = 0; p < s->n_path; p++) {
        int hit = rs_fault_hits(l->sc, x->fault, x->service, p);
        double share = rs_learn_share(l, x->service, p, x->during.window[0]);
        if (share > most[hit]) {
            most[hit] = share;
            best[hit] = p;
        }
    }
    struct fit_stretched laws = {.exposed = x->share};
    laws.hit = law_of(l, x->service, best[1], is_assumed);
    laws.spared = best[0] >= 0 ? law_of(l, x->service, best[0], &assumed) : laws.hit;
    *is_assumed = *is_assumed || assumed;
    return laws;
}

static void fit_latency_size(struct learning *l, const struct faulty *x)
{
    struct retro_fit *f = add_size(l, x, "latency");
    struct bucket_counts b;
    double p_value = NAN, n = 0.0;
    f->method = "profile likelihood of the factor on the latency, over the histogram's buckets";
    if (f->refused)
        return;
    if (rs_learn_buckets(l, x->service, NULL, &x->during, &b) != 0) {
        f->refused = "no histogram was recorded while it was there";
        return;
    }
    const struct fit_buckets counts = {b.n_bound, b.bound_s, b.count};
    for (int i = 0; i <= b.n_bound; i++)
        n += b.count[i];
    f->n = (uint64_t)n;
    if (n < 20.0) {
        f->refused = rs_arena_printf(l->arena, "only %.0f requests were counted during it", n);
        return;
    }
    bool is_assumed = false;
    struct fit_stretched laws = laws_of(l, x, &is_assumed);
    struct fit_value v = rs_fit_latency_factor(&counts, &laws, l->confidence, &p_value);
    f->method =
        rs_arena_printf(l->arena, "%s; %.4g%% of the requests exposed%s", f->method,
                        100.0 * x->share, is_assumed ? "; a path's own latency as assumed" : "");
    rs_learn_parameter(l, f, "factor", "", x->fault->effect.latency_factor, v);
    if (!isnan(p_value)) {
        f->test = "G test over the buckets";
        f->statistic = NAN;
        f->p_value = p_value;
        f->fits = p_value > 0.01;
    }
    f->path = rs_arena_printf(l->arena, "faults/%s/effect/latency/factor", x->fault->name);
    f->text = rs_arena_printf(l->arena, "%.4g", v.value);
}

static void fit_counter_size(struct learning *l, const struct faulty *x, int i)
{
    const struct service *s = &l->sc->service[x->service];
    const struct counter *c = &s->counter[x->fault->effect.counter[i]];
    struct retro_fit *f = add_size(l, x, c->metric);
    struct fit_count before, during;
    f->method = "profile likelihood of two Poisson counts";
    for (int p = 0; p < s->n_path && !f->refused; p++) {
        if (s->path[p].fallback >= 0 && s->path[p].fallback_counter == x->fault->effect.counter[i])
            f->refused = "the counter counts every fallback too, also those that errors make";
    }
    if (!f->refused && (rs_learn_counter(l, x->service, c->metric, &x->before, &before) != 0 ||
                        rs_learn_counter(l, x->service, c->metric, &x->during, &during) != 0))
        f->refused = "it was not recorded";
    if (!f->refused && c->base_per_request > 0.0)
        f->refused = "the counter grows with the requests: what the fault adds is not told apart";
    if (f->refused)
        return;
    struct fit_value v = rs_fit_added_rate(before, during, l->confidence);
    f->n = (uint64_t)during.k;
    rs_learn_parameter(l, f, c->metric, "1/s", x->fault->effect.counter_per_s[i], v);
    f->path = rs_arena_printf(l->arena, "faults/%s/effect/counters/%s", x->fault->name, c->metric);
    f->text = rs_arena_printf(l->arena, "%.4g/m", 60.0 * v.value);
}

/* ---- onset ---- */

/* From exposure to onset; exposure itself comes with the flag's way to the first instance. */
static bool onset_of(const struct learning *l,
                     const struct retro *r,
                     const struct fault *f,
                     const struct retro_episode *e,
                     struct retro_duration *out)
{
    const struct retro_instant *from = exposure(r, f, e), *to = &e->at[RS_CLOCK_ONSET];
    if (!from || to->how == RS_HOW_UNKNOWN || to->never || to->hi_ns == RS_NEVER ||
        from->hi_ns == RS_NEVER || from->lo_ns == INT64_MIN || to->lo_ns == INT64_MIN)
        return false;
    double way = 0.0;
    if (f->onset == RS_ONSET_FLAG_EXPOSED) {
        const struct propagation *p = &r->evidence->scenario->flag[f->onset_flag].propagation;
        way = p->kind == RS_PROPAGATION_POLLING ? rs_s_from_ns(p->poll_ns)
                                                : fmin(rs_dist_quantile(&p->delay, 0.9), 60.0);
    }
    double lo = rs_s_from_ns(to->lo_ns - from->hi_ns) - way,
           hi = rs_s_from_ns(to->hi_ns - from->lo_ns);
    double best = rs_s_from_ns(to->best_ns - from->best_ns) - 0.5 * way;
    if (hi <= 0.0)
        return false;
    lo = fmax(lo, 0.0);
    *out = (struct retro_duration){lo, fmin(fmax(best, lo), hi), hi,
                                   rs_arena_printf(l->arena, "%s, %s", r->evidence->name, e->name)};
    return true;
}

static void fit_onset(struct learning *l, const struct fault *fault)
{
    struct retro_fit *f = rs_learn_add(l, RS_FIT_FAULT_ONSET,
                                       rs_arena_printf(l->arena, "%s: onset delay", fault->name));
    struct retro_duration *d = RS_ARENA_ARRAY(l->arena, struct retro_duration, l->n_episode_set);
    int n = 0;
    if (fault->onset != RS_ONSET_FLAG_EXPOSED && fault->onset != RS_ONSET_FLAG_WITHDRAWN &&
        fault->onset != RS_ONSET_STAGE) {
        f->refused = "it waits for no flag and no stage";
        return;
    }
    n += onset_of(l, l->r, fault, &l->r->rebuilt.episode[l->fault_episode], &d[n]);
    for (int i = 1; i < l->n_episode_set; i++) {
        const struct retro *r = l->set[i];
        const struct scenario *sc = r->evidence->scenario;
        for (int k = 0; sc && k < sc->n_fault; k++) {
            bool same = strcmp(sc->fault[k].name, fault->name) == 0 && r->rebuilt.n_episode > 0;
            if (same && onset_of(l, r, &sc->fault[k], &r->rebuilt.episode[0], &d[n])) {
                n++;
                break;
            }
        }
    }
    if (n == 0) {
        f->refused = "its onset, or when it was first exposed, is not known";
        return;
    }
    rs_learn_fit_law(l, f, d, n, &fault->onset_delay);
    f->path = rs_arena_printf(l->arena, "faults/%s/onset/delay", fault->name);
}

void rs_learn_fault_fits(struct learning *l)
{
    struct faulty x = {0};
    choose_fault(l);
    if (l->fault_index < 0)
        return;
    x.fault = &l->sc->fault[l->fault_index];
    x.episode = &l->r->rebuilt.episode[l->fault_episode];
    open_faulty(l, &x);
    if (x.fault->effect.errors.n > 0)
        fit_error_size(l, &x);
    if (x.fault->effect.latency_factor != 1.0)
        fit_latency_size(l, &x);
    for (int i = 0; i < x.fault->effect.n_counter; i++)
        fit_counter_size(l, &x, i);
    fit_onset(l, x.fault);
}
