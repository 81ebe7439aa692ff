/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How often a gate trips although nothing is wrong, and whether it sees what it is there for: exact tails for the requests of
 * its window at the traffic of its stage.
 *
 * A watch has several looks. Those whose windows do not overlap are independent, so the chance that one of them trips is
 * known; all looks together trip at least as often, and at most as often as the sum. A false alarm is told of when already
 * the lower bound is too high, a lack of power when what is seen is too little even though each look that stands apart gets its chance.
 */
#include <math.h>

#include "check.h"
#include "gate_law.h"
#include "sim/arena.h"
#include "watch.h"

/* Of a healthy stage. */
#define FALSE_ALARM_MAX 0.01
#define POWER 0.95
/* What must be seen: so many times the limit. */
#define EFFECT 2.0

/* Something that is read in a stage: a gate, a watched trigger, an alert. */
struct reader {
    struct mark at;
    const char *ref, *about;
    enum gate_when when;
    bool is_alert;
    bool seeks;   /* it must find what is wrong, so its power matters */
    int in_a_row; /* of a gate; 0 and 1: one read is enough */
    int n_guard;
    struct signal guard[4]; /* [n_guard] it is read only with so much traffic */
};

/* A signal in one watch. */
struct reading {
    const struct watch *watch;
    struct watch_looks looks;
    uint64_t n; /* requests in a window, in the mean */
    double n_min;
    double limit; /* share of bad ones; events, at least */
    bool strict;
    double base;  /* share when nothing is wrong */
    double p_one; /* false alarm at one look */
    struct look_bounds falsely;
    /* The look at which a window that begins empty trips most often, and how long after the exposure that is; 0: none. */
    double p_filling, filling_s;
    uint64_t n_filling;
    double open,
        needs; /* P(the traffic that it asks for is there), and how much that is; 0: it asks for none */
};

/* ---- one signal in one watch ---- */

static bool at_bucket(const struct scenario *sc, const struct signal *s)
{
    for (int i = 0; i < s->n; i++) {
        const struct service *sv = &sc->service[s->reads[i].service];
        bool found = false;
        for (int b = 0; b < sv->n_bucket; b++)
            found = found || sv->bucket_s[b] == s->limit;
        if (!found)
            return false;
    }
    return s->n > 0;
}

/*
 * A quantile is above a bucket's bound when less than q of the answers are within it: more than 1 - q are slow. So it is a
 * share gate, exactly so where the limit is the bound of a bucket.
 */
static bool read_share(const struct watch *w, const struct signal *s, struct reading *out)
{
    struct watch_load l;
    bool quantile = s->kind == RS_MEASURE_QUANTILE;
    if (!s->ordered || !(s->window_s > 0.0) || !(s->is_share || (quantile && at_bucket(w->sc, s))))
        return false;
    bool read = quantile ? rs_watch_slow(w, s, s->window_s, s->limit, &l)
                         : rs_watch_load(w, s, s->window_s, NULL, &l);
    if (!read)
        return false;
    out->n = l.n_mean < 1e9 ? (uint64_t)(l.n_mean + 0.5) : 1000000000;
    out->n_min = l.n_min;
    out->limit = quantile ? 1.0 - s->c->q : s->limit;
    out->strict = quantile || s->c->op == RS_CMP_GT || s->c->op == RS_CMP_LE;
    out->base = isnan(l.share) ? 0.0 : l.share;
    out->p_one = rs_gate_share(out->n, out->base, out->limit, out->strict);
    if (!s->above) /* it trips on what is well: always, or never for want of requests */
        out->p_one = out->n > 0 ? 1.0 - out->p_one : 0.0;
    return true;
}

/* increase() extrapolates by up to half a scrape at either end: so much more may be read than was counted. */
#define EXTRAPOLATED 1.1

static bool read_count(const struct watch *w, const struct signal *s, struct reading *out)
{
    bool counts = s->kind == RS_MEASURE_COUNT || s->kind == RS_MEASURE_RATE;
    if (!counts || !s->ordered || !(s->window_s > 0.0) || s->n == 0)
        return false;
    double mean = rs_watch_events(w, s, s->window_s);
    if (isnan(mean))
        return false;
    bool at_zero = s->c->limit < 0.0 || (s->c->limit == 0.0 && s->c->op == RS_CMP_GE);
    out->n = mean < 1e9 ? (uint64_t)(mean + 0.5) : 1000000000;
    out->limit = rs_signal_events(s);
    out->strict = false;
    out->base = mean;
    out->p_one = mean < 1e9 ? rs_gate_count(mean, out->limit, out->strict) : 1.0;
    if (s->above && at_zero) {
        out->p_one = 1.0; /* no counter is below nothing */
    } else if (!s->above) {
        out->limit = s->c->limit * (s->kind == RS_MEASURE_RATE ? s->window_s : 1.0);
        double least = ceil(out->limit / EXTRAPOLATED);
        out->p_one = mean < 1e9 && least > 0.0 ? 1.0 - rs_gate_count(mean, least, false) : 0.0;
    }
    return true;
}

static struct watch_looks looks_of(const struct watch *w, const struct reader *r)
{
    return rs_watch_looks(w, r->is_alert ? RS_GATE_CONTINUOUS : r->when);
}

/* P(there is traffic enough for it to be read at all), and how much that takes. */
static double
open_to_read(const struct watch *w, const struct reader *r, double filled_s, double *needs)
{
    double open = 1.0;
    *needs = 0.0;
    for (int i = 0; i < r->n_guard; i++) {
        const struct signal *g = &r->guard[i];
        double window_s = g->window_s > 0.0 ? g->window_s : 60.0;
        double mean = rs_watch_events(w, g, window_s);
        if (isnan(mean))
            continue; /* not known: nothing is said against it */
        if (filled_s < window_s && rs_watch_begins_empty(w, g))
            mean *= filled_s / window_s;
        *needs = fmax(*needs, rs_signal_events(g));
        open = fmin(open, mean < 1e9 ? rs_gate_count(mean, rs_signal_events(g), false) : 1.0);
    }
    return open;
}

/*
 * A window that begins empty holds few requests at first, and of few requests one that fails is a large share. The looks
 * until it is full depend on each other: the likeliest of them is a bound from below of all.
 */
#define FILLING_LOOKS 240
static void read_filling(const struct watch *w,
                         const struct reader *r,
                         const struct signal *s,
                         struct reading *x)
{
    double before_s = r->is_alert ? 0.0 : w->exposed_s, needs;
    if (!s->above || !rs_watch_begins_empty(w, s))
        return;
    for (int i = 1; i <= x->looks.n && i <= FILLING_LOOKS; i++) {
        double at_s = before_s + (x->looks.every_s > 0.0 ? i * x->looks.every_s : w->watch_s);
        if (at_s >= s->window_s)
            return;
        uint64_t n = (uint64_t)((double)x->n * at_s / s->window_s + 0.5);
        double p = rs_gate_share(n, x->base, x->limit, x->strict);
        if (p <= x->p_filling)
            continue;
        p -= 1.0 - open_to_read(w, r, at_s, &needs);
        if (p > x->p_filling) {
            x->p_filling = p;
            x->filling_s = at_s;
            x->n_filling = n;
        }
    }
}

static bool read_watch(const struct watch *w,
                       const struct reader *r,
                       const struct signal *s,
                       struct reading *out)
{
    *out = (struct reading){.watch = w, .looks = looks_of(w, r)};
    bool share = read_share(w, s, out);
    if (!share && !read_count(w, s, out))
        return false;
    if (share && out->looks.n > 0 && r->in_a_row <= 1)
        read_filling(w, r, s, out);
    out->open = open_to_read(w, r, w->exposed_s + w->watch_s, &out->needs);
    out->p_one = fmax(0.0, out->p_one - (1.0 - out->open));
    out->falsely =
        rs_look_run_bounds(out->looks.n, out->looks.every_s, s->window_s, out->p_one, r->in_a_row);
    if (out->p_filling > out->falsely.low)
        out->falsely.low = out->p_filling;
    else
        out->p_filling = 0.0;
    return out->looks.n > 0;
}

/* ---- findings ---- */

static void add_wolf(struct check *c,
                     const struct reader *r,
                     const struct signal *s,
                     const struct reading *x,
                     double low,
                     double high)
{
    bool share = s->is_share || s->kind == RS_MEASURE_QUANTILE;
    const char *stage = c->sc->response.stage[x->watch->stage].name;
    bool filling = x->p_filling > 0.0;
    const char *when =
        filling ? rs_arena_printf(
                      c->arena, ": its window begins empty and holds %llu requests after %s",
                      (unsigned long long)x->n_filling, rs_check_time(c->arena, x->filling_s))
                : "";
    struct finding *f = rs_check_add(
        c, "cries-wolf", r->at, r->ref, r->about,
        "in a healthy %s it trips with a probability of %s%.3g %%%s", stage,
        filling || x->falsely.n_apart < x->looks.n ? "at least " : "", 100.0 * low, when);
    uint64_t n = filling ? x->n_filling : x->n;
    rs_check_number(f, "p_false_alarm_look", fmax(x->p_one, x->p_filling));
    rs_check_number(f, "p_false_alarm_least", low);
    rs_check_number(f, "p_false_alarm_most", fmin(high, 1.0));
    rs_check_number(f, "looks", x->looks.n);
    rs_check_number(f, "window_s", s->window_s);
    rs_check_number(f, "limit", x->limit);
    if (share) {
        rs_check_number(f, "base_share", x->base);
        rs_check_number(f, "requests_in_window", (double)n);
        rs_check_number(f, "bad_requests_that_trip", (double)rs_gate_least(n, x->limit, x->strict));
    } else {
        rs_check_number(f, "base_events_in_window", x->base);
    }
    rs_check_words(c, f, "condition", "%s", s->c->text);
    rs_check_mend(c, f, "%s",
                  filling ? "let it ask for enough requests first (and ... > 1000)"
                  : s->above
                      ? "look through a longer window, raise the limit, or ask for more than "
                        "one look before acting"
                      : "ask for no more than a healthy service gives");
}

static void add_weak(struct check *c,
                     const struct reader *r,
                     const struct signal *s,
                     const struct reading *x,
                     double power)
{
    double sought = fmin(EFFECT * x->limit, 1.0);
    double least = rs_gate_detectable(x->n, x->limit, x->strict, POWER);
    const char *where = rs_watch_name(c->arena, x->watch);
    struct finding *f;
    const char *window = rs_check_time(c->arena, s->window_s);
    if (x->n == 0)
        f = rs_check_add(c, "too-little-traffic", r->at, r->ref, r->about,
                         "in %s there are no requests in its window of %s to see anything by",
                         where, window);
    else if (x->open < POWER)
        f = rs_check_add(
            c, "too-little-traffic", r->at, r->ref, r->about,
            "in %s it asks for %g requests where its window of %s has %llu: it is hardly ever read",
            where, x->needs, window, (unsigned long long)x->n);
    else
        f = rs_check_add(c, "too-little-traffic", r->at, r->ref, r->about,
                         "in %s it has %llu requests in its window of %s: twice its limit (%.3g "
                         "%%) trips it with a "
                         "probability of %.3g %% only",
                         where, (unsigned long long)x->n, window, 100.0 * sought, 100.0 * power);
    rs_check_number(f, "requests_in_window", (double)x->n);
    rs_check_number(f, "requests_in_window_least", x->n_min);
    rs_check_number(f, "requests_needed",
                    (double)rs_gate_needed(sought, x->limit, x->strict, POWER));
    rs_check_number(f, "limit_share", x->limit);
    rs_check_number(f, "sought_share", sought);
    rs_check_number(f, "p_detected", power);
    rs_check_number(f, "p_missed", 1.0 - power);
    rs_check_number(f, "detectable_share", isnan(least) ? INFINITY : least);
    rs_check_number(f, "p_false_alarm_look", x->p_one);
    if (x->needs > 0.0)
        rs_check_number(f, "requests_asked_for", x->needs);
    else
        rs_check_number(f, "looks_apart", x->falsely.n_apart);
    rs_check_words(c, f, "condition", "%s", s->c->text);
    rs_check_mend(
        c, f, "look through a longer window, expose more users, or count events instead of shares");
}

/* ---- gates, triggers and alerts ---- */

/* What a reader has told of already: one finding of a kind each. */
struct told {
    bool wolf, weak;
};

/* P(it trips at least once in the watch), from below, when one read of it does with probability p. */
static double
sees(const struct reader *r, const struct signal *s, const struct reading *x, double p)
{
    return rs_look_run_bounds(x->looks.n, x->looks.every_s, s->window_s, p, r->in_a_row).low;
}

/* All watches of a stage together: a false alarm in any of them stops the same stage. */
static void check_signal(struct check *c,
                         const struct watch *w,
                         int n,
                         const struct reader *r,
                         const struct signal *s,
                         struct told *told)
{
    struct reading worst = {0};
    double none_low = 1.0, high = 0.0, weakest = 1.0;
    struct reading weak = {0};
    bool any = false;
    for (int i = 0; i < n; i++) {
        struct reading x;
        if (!(w[i].watch_s > 0.0) || !read_watch(&w[i], r, s, &x))
            continue;
        none_low *= 1.0 - x.falsely.low;
        high += x.falsely.high;
        if (!any || fmax(x.p_one, x.p_filling) > fmax(worst.p_one, worst.p_filling))
            worst = x;
        any = true;
        bool share = s->is_share || s->kind == RS_MEASURE_QUANTILE;
        double p = rs_gate_share(x.n, fmin(EFFECT * x.limit, 1.0), x.limit, x.strict);
        double power = share && s->above && x.limit < 1.0 ? sees(r, s, &x, fmin(p, x.open)) : 1.0;
        if (power < weakest) {
            weakest = power;
            weak = x;
        }
    }
    if (any && !told->wolf && 1.0 - none_low > FALSE_ALARM_MAX) {
        told->wolf = true;
        add_wolf(c, r, s, &worst, 1.0 - none_low, high);
    }
    if (any && r->seeks && !told->weak && weakest < POWER) {
        told->weak = true;
        add_weak(c, r, s, &weak, weakest);
    }
}

static void add_guards(struct check *c, const struct condition_term *term, struct reader *r)
{
    for (int i = 0; i < term->n && r->n_guard < 4; i++) {
        struct signal *s;
        int n;
        rs_signal_read(c->arena, c->sc, &term->comparison[i], &s, &n);
        if (term->n > 1 && n > 0 && rs_signal_is_guard(&s[0]))
            r->guard[r->n_guard++] = s[0];
    }
}

/* A condition of several terms trips when any does; of a term with several comparisons none trips alone. */
static void check_condition(struct check *c,
                            const struct watch *w,
                            int n,
                            const struct reader *r,
                            const struct promql *q,
                            bool negated,
                            struct told *told)
{
    struct promql_condition cond = rs_check_condition(c->arena, c->sc, q);
    for (int t = 0; t < cond.n_term; t++) {
        const struct condition_term *term = &cond.term[t];
        for (int i = 0; i < term->n; i++) {
            struct signal *s;
            struct reader guarded = *r;
            int n_s;
            if (negated ? cond.n_term > 1 : !rs_term_decides(c->arena, c->sc, term, i))
                continue;
            if (!negated)
                add_guards(c, term, &guarded);
            rs_signal_read(c->arena, c->sc, &term->comparison[i], &s, &n_s);
            for (int k = 0; k < n_s; k++) {
                s[k].above = s[k].above != negated;
                check_signal(c, w, n, &guarded, &s[k], told);
            }
        }
    }
}

/* A check that lets every request fail finds nothing, whatever is wrong. */
static void add_blind_smoke(struct check *c, const struct watch *w, const struct action *a)
{
    const char *stage = c->sc->response.stage[w->stage].name;
    struct finding *f = rs_check_add(
        c, "too-little-traffic", a->at, a->ref,
        rs_arena_printf(c->arena, "check of stage %s: %s", stage, a->title ? a->title : "check"),
        "it sends %llu requests and lets %llu of them fail: it passes whatever is wrong",
        (unsigned long long)a->n_request, (unsigned long long)a->max_failures);
    rs_check_number(f, "requests", (double)a->n_request);
    rs_check_number(f, "failures_allowed", (double)a->max_failures);
    rs_check_number(f, "p_detected", 0.0);
    rs_check_mend(c, f, "send more requests than may fail");
}

/* A healthy release fails a check of so many requests with this probability. */
static void
check_smoke(struct check *c, const struct watch *w, const struct action *a, enum gate_then then)
{
    if (a->kind != RS_ACT_CHECK || then == RS_THEN_PROMOTE || a->n_request == 0)
        return;
    if (a->max_failures >= a->n_request) {
        add_blind_smoke(c, w, a);
        return;
    }
    double p = 1.0 - rs_watch_good(w, a->service, a->cohort, a->max_latency_s);
    if (isnan(p))
        return;
    double fails = 1.0 - rs_binomial_tails(a->max_failures, a->n_request, p).lower;
    if (!(fails > FALSE_ALARM_MAX))
        return;
    const char *stage = c->sc->response.stage[w->stage].name;
    struct finding *f = rs_check_add(
        c, "cries-wolf", a->at, a->ref,
        rs_arena_printf(c->arena, "check of stage %s: %s", stage, a->title ? a->title : "check"),
        "a healthy release fails it with a probability of %.3g %%: %llu requests of which %llu may "
        "fail, at %.3g %% that do",
        100.0 * fails, (unsigned long long)a->n_request, (unsigned long long)a->max_failures,
        100.0 * p);
    rs_check_number(f, "p_false_alarm", fails);
    rs_check_number(f, "requests", (double)a->n_request);
    rs_check_number(f, "failures_allowed", (double)a->max_failures);
    rs_check_number(f, "base_share", p);
    rs_check_mend(
        c, f,
        "allow one failure more, send fewer requests, or repeat what failed before it counts");
}

static void check_stage(struct check *c, const struct watch *w, int stage)
{
    const struct stage *st = &c->sc->response.stage[stage];
    int n = 1 + st->n_ramp;
    for (int i = 0; i < st->n_action; i++)
        check_smoke(c, w, &st->action[i], st->check_then);
    for (int i = 0; i < st->n_closing; i++)
        check_smoke(c, &w[n - 1], &st->closing[i], st->check_then);
    for (int g = 0; g < st->n_gate; g++) {
        const struct gate *gate = &st->gate[g];
        struct reader r = {
            gate->at,      gate->ref, rs_arena_printf(c->arena, "gate %s", gate->name),
            gate->when,    false,     true,
            gate->in_a_row};
        struct told told = {0};
        if (gate->then != RS_THEN_PROMOTE || gate->require)
            check_condition(c, w, n, &r, gate->expr, gate->require, &told);
    }
}

/* Triggers and alerts stand for themselves: the first stage in which they err is told of. */
static void
check_procedure(struct check *c, const struct watch *w, const struct procedure *p, int procedure)
{
    struct reader r = {p->at,         p->ref, rs_arena_printf(c->arena, "procedure %s", p->name),
                       RS_GATE_LOOKS, false,  true};
    struct told told = {0};
    const struct watch *at = w;
    for (int s = 0; s < c->sc->response.n_stage; at += 1 + c->sc->response.stage[s].n_ramp, s++) {
        const struct stage *st = &c->sc->response.stage[s];
        for (int k = 0; k < st->n_watched && p->trigger; k++) {
            if (st->watched[k] == procedure)
                check_condition(c, at, 1 + st->n_ramp, &r, p->trigger, false, &told);
        }
    }
    for (int i = 0; i < p->n_alert; i++) {
        const struct rule *rule = rs_check_alert(c->sc, p->alert[i]);
        if (!rule || rule->for_ns > 0) /* its windows overlap: no exact law of runs */
            continue;
        r = (struct reader){
            rule->at,           p->ref, rs_arena_printf(c->arena, "alert %s", rule->alert),
            RS_GATE_CONTINUOUS, true,   false};
        told = (struct told){0};
        at = w;
        for (int s = 0; s < c->sc->response.n_stage && !told.wolf;
             at += 1 + c->sc->response.stage[s].n_ramp, s++)
            check_condition(c, at, 1 + c->sc->response.stage[s].n_ramp, &r, rule->expr, false,
                            &told);
    }
}

void rs_check_power(struct check *c)
{
    int n;
    const struct watch *w = rs_watches(c->arena, c->sc, &n), *at = w;
    for (int s = 0; s < c->sc->response.n_stage; s++) {
        check_stage(c, at, s);
        at += 1 + c->sc->response.stage[s].n_ramp;
    }
    for (int p = 0; p < c->sc->response.n_procedure; p++)
        check_procedure(c, w, &c->sc->response.procedure[p], p);
}
