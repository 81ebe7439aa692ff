/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Windows of time: which of them are quiet, and which path requests took in them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "learn.h"
#include "models/system.h"
#include "models/traffic.h"
#include "sim/clock.h"
#include "sim/stream.h"

void rs_learn_window(struct learning *l, struct windows *w, int64_t from_ns, int64_t until_ns)
{
    if (until_ns <= from_ns)
        return;
    if (w->n == w->cap) {
        struct window *more = RS_ARENA_ARRAY(l->arena, struct window, 2 * w->cap + 8);
        if (w->n > 0)
            memcpy(more, w->window, sizeof(*more) * (size_t)w->n);
        w->window = more;
        w->cap = 2 * w->cap + 8;
    }
    w->window[w->n++] = (struct window){from_ns, until_ns};
}

struct windows
rs_learn_without(struct learning *l, const struct windows *of, int64_t from_ns, int64_t until_ns)
{
    struct windows out = {0};
    for (int i = 0; i < of->n; i++) {
        struct window w = of->window[i];
        if (until_ns <= w.from_ns || from_ns >= w.until_ns) {
            rs_learn_window(l, &out, w.from_ns, w.until_ns);
            continue;
        }
        rs_learn_window(l, &out, w.from_ns, from_ns);
        rs_learn_window(l, &out, until_ns, w.until_ns);
    }
    return out;
}

double rs_learn_seconds(const struct windows *w)
{
    double s = 0.0;
    for (int i = 0; i < w->n; i++)
        s += rs_s_from_ns(w->window[i].until_ns - w->window[i].from_ns);
    return s;
}

struct windows rs_learn_all(struct learning *l)
{
    const struct recorded *data = l->r->seen.data ? l->r->seen.data : l->e->data;
    struct windows w = {0};
    if (data && data->n_sample > 0)
        rs_learn_window(l, &w, data->first_ms * RS_NS_PER_MS, data->last_ms * RS_NS_PER_MS);
    return w;
}

/* ---- episodes ---- */

static bool is_told(const struct retro_instant *i)
{
    return i->how != RS_HOW_UNKNOWN && !i->never;
}

/* The earliest time that may belong to it. */
static int64_t begins(const struct retro_episode *e)
{
    int64_t first = e->up.found ? e->up.lo_ns : RS_NEVER;
    for (int i = 0; i < RS_RETRO_INSTANT_N; i++) {
        const struct retro_instant *at = &e->at[i];
        bool counts = i != RS_RETRO_CHANGED && is_told(at) && at->how != RS_HOW_BOUNDED;
        int64_t ns = at->lo_ns > INT64_MIN ? at->lo_ns : at->best_ns;
        if (counts && ns < first)
            first = ns;
    }
    return first;
}

/* The latest time at which it may still show; never: its end was not seen. */
static int64_t ends(const struct retro_episode *e)
{
    const struct retro_instant *recovered = &e->at[RS_CLOCK_RECOVERED];
    const struct retro_instant *completed = &e->at[RS_CLOCK_COMPLETED];
    int64_t last = RS_NEVER;
    if (e->down.found)
        last = e->down.hi_ns + rs_ns_from_s(e->down.ramp_s);
    else if (is_told(recovered) && recovered->hi_ns != RS_NEVER)
        last = recovered->hi_ns;
    if (last != RS_NEVER && is_told(completed) && completed->hi_ns != RS_NEVER &&
        completed->hi_ns > last)
        last = completed->hi_ns;
    return last;
}

/* An interval misses now and then, and a little of a fault is a lot of errors: these much more are left out. */
static const int64_t before_ns = 120 * RS_NS_PER_S, behind_ns = 600 * RS_NS_PER_S;

struct windows rs_learn_quiet(struct learning *l)
{
    struct windows w = rs_learn_all(l);
    for (int i = 0; i < l->r->rebuilt.n_episode; i++) {
        const struct retro_episode *e = &l->r->rebuilt.episode[i];
        int64_t from = begins(e);
        int64_t until = ends(e);
        if (from != RS_NEVER)
            w = rs_learn_without(l, &w, from - before_ns,
                                 until == RS_NEVER ? RS_NEVER : until + behind_ns);
    }
    return w;
}

/* ---- flags ---- */

/* Whose users a flag is meant for: -1 all; -2: the runbook sets it for several. */
static int cohort_of(const struct scenario *sc, int flag)
{
    int cohort = -3;
    for (int i = 0; i < sc->response.n_stage; i++) {
        const struct stage *s = &sc->response.stage[i];
        for (int k = 0; k < s->n_action + s->n_closing; k++) {
            const struct action *a = k < s->n_action ? &s->action[k] : &s->closing[k - s->n_action];
            if (a->kind != RS_ACT_SET_FLAG || a->flag != flag || !a->on)
                continue;
            cohort = cohort == -3 || cohort == a->cohort ? a->cohort : -2;
        }
        if (s->n_ramp > 0 && s->ramp_flag == flag)
            cohort = cohort == -3 || cohort == s->ramp_cohort ? s->ramp_cohort : -2;
    }
    return cohort == -3 ? -1 : cohort;
}

static bool names(const struct scenario *sc, int n, const struct condition *when, int flag)
{
    for (int i = 0; i < n; i++) {
        const struct flag *f = &sc->flag[when[i].flag];
        if (when[i].flag == flag)
            return true;
        for (int k = 0; k < f->n_requires; k++) {
            if (f->requires[k] == flag)
                return true;
        }
    }
    return false;
}

/* Does the flag choose among the service's paths? */
static bool bears_on(const struct scenario *sc, int service, int flag)
{
    const struct service *s = &sc->service[service];
    for (int p = 0; p < s->n_path; p++) {
        if (names(sc, s->path[p].n_when, s->path[p].when, flag) ||
            names(sc, s->path[p].n_fallback_when, s->path[p].fallback_when, flag))
            return true;
    }
    return false;
}

struct flag_state {
    bool *on;
    double *percent;
};

static const struct flag_state *kept(struct learning *l, const struct flag_state *st)
{
    struct flag_state *copy = RS_ARENA_ARRAY(l->arena, struct flag_state, 1);
    size_t n = (size_t)l->sc->n_flag;
    copy->on = RS_ARENA_ARRAY(l->arena, bool, n);
    copy->percent = RS_ARENA_ARRAY(l->arena, double, n);
    memcpy(copy->on, st->on, n * sizeof(*st->on));
    memcpy(copy->percent, st->percent, n * sizeof(*st->percent));
    return copy;
}

/* Of a cohort's requests those of users to whom the flag is shown. Buckets are sticky, so that is a definite number of users. */
static double shown_to(const struct scenario *sc, int flag, int cohort, double percent)
{
    char name[512];
    const struct cohort *c = &sc->cohort[cohort];
    if (c->population == 0)
        return percent / 100.0;
    snprintf(name, sizeof(name), "flag/%s/%s", sc->flag[flag].name, c->name);
    return (double)rs_bucket_count(rs_stream_hash(name), c->population, percent) /
           (double)c->population;
}

static int path_taken(const struct scenario *sc, int service, const bool *raw)
{
    const struct service *s = &sc->service[service];
    for (int p = 0; p < s->n_path; p++) {
        if (rs_conditions_hold(sc, raw, s->path[p].n_when, s->path[p].when))
            return p;
    }
    return -1;
}

/* Users of one cohort: the flag in between is on for some of them. false: two are, and nobody knows for whom both. */
static bool add_cohort(struct learning *l,
                       int service,
                       int cohort,
                       double weight,
                       const struct flag_state *st,
                       double *share)
{
    const struct scenario *sc = l->sc;
    bool *raw = RS_ARENA_ARRAY(l->arena, bool, sc->n_flag);
    int partial = -1;
    for (int f = 0; f < sc->n_flag; f++) {
        int of = cohort_of(sc, f);
        bool meant = of == -1 || of == cohort;
        /* A flag that was on for all from the beginning is on for everybody until it is set. */
        raw[f] = st->on[f] && (meant || (sc->flag[f].initially_on && st->percent[f] >= 100.0));
        if (!bears_on(sc, service, f))
            continue;
        if (of == -2)
            return false;
        if (raw[f] && st->percent[f] < 100.0) {
            if (partial >= 0)
                return false;
            partial = f;
        }
    }
    double part = partial >= 0 ? shown_to(sc, partial, cohort, st->percent[partial]) : 1.0;
    for (int k = 0; k < 2; k++) {
        if (partial >= 0)
            raw[partial] = k == 0;
        int path = path_taken(sc, service, raw);
        if (path >= 0)
            share[path] += weight * (k == 0 ? part : 1.0 - part);
    }
    return true;
}

static void fill_shares(struct learning *l, int service, struct window at, struct flag_span *out)
{
    double total = rs_learn_expected(l, service, -1, at);
    out->known = total > 0.0;
    out->share = RS_ARENA_ARRAY(l->arena, double, l->sc->service[service].n_path);
    for (int c = 0; c < l->sc->n_cohort && out->known; c++) {
        double n = rs_learn_expected(l, service, c, at);
        if (n > 0.0 && !add_cohort(l, service, c, n / total, out->state, out->share))
            out->known = false;
    }
}

/* So long after it was set the flag may still be on its way. */
static int64_t settling(const struct flag *f)
{
    const struct propagation *p = &f->propagation;
    double s = rs_dist_quantile(&p->delay, 0.999);
    if (p->kind == RS_PROPAGATION_POLLING)
        s += rs_s_from_ns(p->poll_ns);
    return rs_ns_from_s(2.0 * fmin(isfinite(s) ? s : 60.0, 600.0)) + RS_NS_PER_S;
}

/* ---- what was not noted ---- */

/* Was the flag noted to be set so between the two? */
static bool
is_noted(const struct retro_rebuilt *b, int flag, bool on, int64_t from_ns, int64_t until_ns)
{
    for (int i = 0; i < b->n_flag_step; i++) {
        const struct retro_flag_step *s = &b->flag_step[i];
        if (s->flag == flag && s->on == on && s->at.hi_ns >= from_ns && s->at.lo_ns <= until_ns)
            return true;
    }
    return false;
}

/* The next note of the flag behind the time, from when on it is known again. */
static int64_t known_again(const struct learning *l, int flag, int64_t from_ns)
{
    const struct retro_rebuilt *b = &l->r->rebuilt;
    for (int i = 0; i < b->n_flag_step; i++) {
        if (b->flag_step[i].flag == flag && b->flag_step[i].at.lo_ns > from_ns)
            return b->flag_step[i].at.lo_ns;
    }
    return RS_NEVER;
}

/* When the stage may have been entered at the earliest, and at the latest. */
static struct window entry_of(const struct learning *l, int stage)
{
    const struct retro_rebuilt *b = &l->r->rebuilt;
    const struct stage *of = l->sc->response.stage;
    struct window w = {INT64_MIN, RS_NEVER};
    for (int i = stage; i >= 0 && w.from_ns == INT64_MIN; i--) {
        const struct retro_instant *at = &b->stage[i];
        if (at->how != RS_HOW_UNKNOWN && !at->never && at->lo_ns > INT64_MIN)
            w.from_ns = at->lo_ns + (i < stage ? of[i].watch_ns : 0);
    }
    for (int i = stage; i < l->sc->response.n_stage && w.until_ns == RS_NEVER; i++) {
        const struct retro_instant *at = &b->stage[i];
        if (at->how != RS_HOW_UNKNOWN && !at->never && at->hi_ns != RS_NEVER)
            w.until_ns = i > stage ? at->hi_ns : at->hi_ns + of[i].watch_ns;
    }
    return w;
}

/* Flags that the runbook sets there and that nobody noted: from then on the state is not known until it is noted again. */
static void forget(struct learning *l,
                   int service,
                   const struct action *action,
                   int n,
                   struct window w,
                   struct windows *unknown)
{
    static const int64_t slack_ns = 300 * RS_NS_PER_S;
    for (int k = 0; k < n; k++) {
        const struct action *a = &action[k];
        int64_t from = w.from_ns == INT64_MIN ? 0 : w.from_ns - slack_ns;
        int64_t until = w.until_ns == RS_NEVER ? RS_NEVER : w.until_ns + slack_ns;
        if (a->kind == RS_ACT_SET_FLAG && bears_on(l->sc, service, a->flag) &&
            !is_noted(&l->r->rebuilt, a->flag, a->on, from, until))
            rs_learn_window(l, unknown, from, known_again(l, a->flag, w.from_ns));
    }
}

static struct windows not_noted(struct learning *l, int service)
{
    const struct response *plan = &l->sc->response;
    const struct retro_rebuilt *b = &l->r->rebuilt;
    struct windows unknown = {0};
    for (int i = 0; i < plan->n_stage && b->stage; i++) {
        bool skipped = b->stage[i].never;
        struct window w = entry_of(l, i);
        if (!skipped)
            forget(l, service, plan->stage[i].action, plan->stage[i].n_action, w, &unknown);
    }
    for (int i = 0; i < b->n_episode; i++) {
        const struct retro_episode *e = &b->episode[i];
        const struct retro_instant *from = &e->at[RS_CLOCK_DETECTED],
                                   *to = &e->at[RS_CLOCK_COMPLETED];
        struct window w = {from->how != RS_HOW_UNKNOWN ? from->lo_ns : begins(e),
                           to->how != RS_HOW_UNKNOWN ? to->hi_ns : RS_NEVER};
        if (e->procedure >= 0 && e->had_rollback)
            forget(l, service, plan->procedure[e->procedure].action,
                   plan->procedure[e->procedure].n_action, w, &unknown);
    }
    return unknown;
}

/* A span without the times of which nothing is known: its longest rest. */
static void cut_unknown(struct learning *l, struct flag_span *span, const struct windows *unknown)
{
    struct windows rest = {0};
    rs_learn_window(l, &rest, span->at.from_ns, span->at.until_ns);
    for (int i = 0; i < unknown->n; i++)
        rest = rs_learn_without(l, &rest, unknown->window[i].from_ns, unknown->window[i].until_ns);
    span->known = span->known && rest.n > 0;
    for (int i = 0; i < rest.n; i++) {
        int64_t longest = i > 0 ? span->at.until_ns - span->at.from_ns : -1;
        if (rest.window[i].until_ns - rest.window[i].from_ns > longest)
            span->at = rest.window[i];
    }
}

struct flag_span *rs_learn_flag_spans(struct learning *l, int service, int *out_n)
{
    const struct scenario *sc = l->sc;
    const struct retro_rebuilt *b = &l->r->rebuilt;
    struct windows all = rs_learn_all(l);
    struct flag_state st = {RS_ARENA_ARRAY(l->arena, bool, sc->n_flag),
                            RS_ARENA_ARRAY(l->arena, double, sc->n_flag)};
    struct flag_span *span = RS_ARENA_ARRAY(l->arena, struct flag_span, b->n_flag_step + 1);
    bool has_flags = false;
    int n = 0;
    *out_n = 0;
    for (int f = 0; f < sc->n_flag; f++) {
        st.on[f] = sc->flag[f].initially_on;
        st.percent[f] = 100.0;
        has_flags = has_flags || bears_on(sc, service, f);
    }
    if (all.n == 0 || (has_flags && b->n_flag_step == 0))
        return span;
    int64_t from = all.window[0].from_ns;
    for (int i = 0; i <= b->n_flag_step; i++) {
        const struct retro_flag_step *step = i < b->n_flag_step ? &b->flag_step[i] : NULL;
        bool counts = step && step->flag >= 0 && bears_on(sc, service, step->flag);
        int64_t until = !step ? all.window[0].until_ns : step->at.lo_ns;
        if (step && !counts)
            continue;
        if (until > from) {
            span[n].at = (struct window){from, until};
            span[n].state = kept(l, &st);
            fill_shares(l, service, span[n].at, &span[n]);
            n++;
        }
        if (step) {
            st.on[step->flag] = step->on;
            st.percent[step->flag] = isnan(step->percent) ? 100.0 : step->percent;
            int64_t hi = step->at.hi_ns == RS_NEVER ? step->at.best_ns : step->at.hi_ns;
            from = hi + settling(&sc->flag[step->flag]);
        }
    }
    struct windows unknown = not_noted(l, service);
    for (int i = 0; i < n; i++)
        cut_unknown(l, &span[i], &unknown);
    *out_n = n;
    return span;
}

struct windows
rs_learn_path_windows(struct learning *l, int service, int path, const struct windows *in)
{
    struct windows out = {0};
    int n = 0;
    const struct flag_span *span = rs_learn_flag_spans(l, service, &n);
    for (int i = 0; i < n; i++) {
        if (!span[i].known || span[i].share[path] < 0.9999)
            continue;
        for (int k = 0; k < in->n; k++) {
            int64_t from = in->window[k].from_ns, until = in->window[k].until_ns;
            from = from > span[i].at.from_ns ? from : span[i].at.from_ns;
            until = until < span[i].at.until_ns ? until : span[i].at.until_ns;
            rs_learn_window(l, &out, from, until);
        }
    }
    return out;
}

double rs_learn_share(struct learning *l, int service, int path, struct window w)
{
    int n = 0;
    struct flag_span *span = rs_learn_flag_spans(l, service, &n);
    for (int i = 0; i < n; i++) {
        if (!span[i].known || span[i].at.from_ns > w.from_ns || w.until_ns > span[i].at.until_ns)
            continue;
        /* By the traffic of that very time: cohorts have their own hours. */
        fill_shares(l, service, w, &span[i]);
        return span[i].known ? span[i].share[path] : (double)NAN;
    }
    return NAN;
}
