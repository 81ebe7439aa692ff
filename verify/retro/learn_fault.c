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
    points += 4 * (rs_learn_exposure(l->r, f, e) != NULL);
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
    struct windows
        left; /* the residue alone: after the exposure, before its end; none = nobody noted, or too short */
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

/* When the residue was ended, at the earliest that may be; RS_NEVER: not known. */
static int64_t residue_ended(struct learning *l, const struct faulty *x, int64_t exposed_until_ns)
{
    const struct fault *f = x->fault;
    int64_t from = x->during.window[0].from_ns, end = RS_NEVER, lo = 0, hi = 0;
    if (f->residue_ttl_ns < RS_NEVER - exposed_until_ns)
        end = exposed_until_ns + f->residue_ttl_ns;
    if (f->residue_component < 0)
        return end;
    const char *name = l->sc->component[f->residue_component].name;
    bool is_known = false;
    for (int i = 0; i < l->e->n_mark; i++) {
        const struct retro_mark *m = &l->e->mark[i];
        if (m->event != RS_EVENT_ACTION_DONE || !m->subject || !strstr(m->subject, name))
            continue;
        rs_retro_mark_instant(l->r, i, &lo, &hi);
        if (hi > from) {
            is_known = true;
            end = lo < end ? lo : end;
        }
    }
    return is_known ? end : RS_NEVER;
}

/* Between the end of the exposure and its own end the residue is alone. */
static void find_left(struct learning *l, struct faulty *x)
{
    int n = 0;
    const struct flag_span *span = rs_learn_flag_spans(l, x->service, &n);
    int64_t until = x->during.window[0].until_ns;
    int64_t end = x->fault->has_residue ? residue_ended(l, x, until) : RS_NEVER;
    for (int i = 0; i < n && end != RS_NEVER && x->left.n == 0; i++) {
        double share = 0.0;
        for (int p = 0; p < l->sc->service[x->service].n_path && span[i].known; p++)
            share += rs_fault_hits(l->sc, x->fault, x->service, p) ? span[i].share[p] : 0.0;
        if (span[i].known && share <= 0.0 && span[i].at.from_ns >= until)
            rs_learn_window(l, &x->left, span[i].at.from_ns,
                            end < span[i].at.until_ns ? end : span[i].at.until_ns);
    }
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
    find_left(l, x);
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

/* What of the errors is not the fault's own: its residue falls upon the whole service, from the onset on. */
struct beside {
    struct request_counts left; /* of the residue alone */
    bool is_fitted;
};

static struct beside open_beside(struct learning *l, const struct faulty *x)
{
    enum { REQUESTS_MIN = 200 };
    struct beside b = {.is_fitted = false};
    if (x->left.n > 0 && x->fault->residue.errors.n > 0)
        rs_learn_requests(l, x->service, NULL, &x->left, &b.left);
    b.is_fitted = b.left.n >= REQUESTS_MIN;
    return b;
}

static struct fit_rest rest_of(const struct faulty *x, const struct beside *b, int code)
{
    double assumed = x->fault->has_residue ? assumed_of(&x->fault->residue.errors, code) : NAN;
    struct fit_rest rest = {.assumed = isnan(assumed) ? 0.0 : assumed};
    if (b->is_fitted && !isnan(assumed))
        rest.left = (struct fit_count){rs_learn_errors(&b->left, code), b->left.n};
    return rest;
}

/* The residue's own ratios, where it was seen alone. */
static void fit_residue(struct learning *l,
                        const struct faulty *x,
                        const struct beside *b,
                        const struct request_counts *before)
{
    const struct error_mix *of = &x->fault->residue.errors;
    const char *text = "";
    if (!b->is_fitted)
        return;
    struct retro_fit *f = add_size(l, x, "residue");
    double failing = rs_learn_errors(before, 0) / before->n;
    for (int i = 0; i < of->n; i++) {
        struct fit_count was = {rs_learn_errors(before, of->code[i]), before->n};
        struct fit_count is = {rs_learn_errors(&b->left, of->code[i]), b->left.n};
        struct fit_value v = rs_fit_added_ratio(was, is, 1.0, failing, l->confidence);
        rs_learn_parameter(l, f, rs_arena_printf(l->arena, "%d", of->code[i]), "ratio",
                           of->ratio[i], v);
        text = rs_arena_printf(l->arena, "%s%s%d: %s", text, *text ? ", " : "", of->code[i],
                               rs_learn_ratio_text(l, v.value));
    }
    f->n = (uint64_t)b->left.n;
    f->method = "profile likelihood of two binomials, by code; after the exposure, before it ended";
    f->path = rs_arena_printf(l->arena, "faults/%s/residue/effect/errors", x->fault->name);
    f->text = rs_arena_printf(l->arena, "{%s}", text);
}

static const char *words_on_residue(const struct faulty *x, const struct beside *b)
{
    if (!x->fault->has_residue || x->fault->residue.errors.n == 0)
        return "";
    return b->is_fitted ? "; less the residue, fitted to the time after the exposure"
                        : "; less the residue as assumed: it was not seen alone for long enough";
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
    struct beside beside = open_beside(l, x);
    for (int code = 400; code < 600; code++) {
        struct fit_count b = {rs_learn_errors(&before, code), before.n};
        struct fit_count d = {rs_learn_errors(&during, code), during.n};
        double assumed = assumed_of(&x->fault->effect.errors, code);
        if (isnan(assumed) && (code < 500 || d.k == 0.0))
            continue;
        struct fit_rest rest = rest_of(x, &beside, code);
        struct fit_value v = rs_fit_added_beside(b, d, &rest, x->share, failing, l->confidence);
        if (isnan(assumed) && v.low <= 0.0) /* a code that it does not add */
            continue;
        unseen = rs_arena_printf(l->arena, "%s%s", unseen, rs_learn_unseen(l, code, assumed, &v));
        rs_learn_parameter(l, f, rs_arena_printf(l->arena, "%d", code), "ratio", assumed, v);
        text = rs_arena_printf(l->arena, "%s%s%d: %s", text, *text ? ", " : "", code,
                               rs_learn_ratio_text(l, v.value));
    }
    f->method = rs_arena_printf(
        l->arena,
        "profile likelihood of two binomials, by code; %.4g%% of the requests exposed%s%s",
        100.0 * x->share, words_on_residue(x, &beside), unseen);
    f->path = rs_arena_printf(l->arena, "faults/%s/effect/errors", x->fault->name);
    f->text = rs_arena_printf(l->arena, "{%s}", text);
    fit_residue(l, x, &beside, &before);
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
    if (!f->refused && x->fault->has_residue &&
        (x->fault->residue.latency_factor != 1.0 || x->fault->residue.latency_shift_s > 0.0))
        f->refused = "its residue slows everybody too: the two are not told apart";
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
    for (int k = 0; k < x->fault->residue.n_counter && x->fault->has_residue; k++) {
        if (x->fault->residue.counter[k] == x->fault->effect.counter[i] && !f->refused)
            f->refused = "its residue counts there too: the two are not told apart";
    }
    if (f->refused)
        return;
    struct fit_value v = rs_fit_added_rate(before, during, l->confidence);
    f->n = (uint64_t)during.k;
    rs_learn_parameter(l, f, c->metric, "1/s", x->fault->effect.counter_per_s[i], v);
    f->path = rs_arena_printf(l->arena, "faults/%s/effect/counters/%s", x->fault->name, c->metric);
    f->text = rs_arena_printf(l->arena, "%.4g/m", 60.0 * v.value);
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
    rs_learn_onset_fit(l, x.fault);
}
