/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two ways in which an average hides what it should show: over users of whom few are exposed, and over a time that is long
 * against the trouble.
 */
#include <math.h>
#include <string.h>

#include "check.h"
#include "sim/arena.h"
#include "sim/clock.h"
#include "watch.h"

/* A gate is diluted when the exposed must do so many times worse than it says before it trips. */
#define TIMES 3.0
/* Without a time allowed anywhere: an outage of so long must not pass. */
#define OUTAGE_S 300.0

/* ---- dilution ---- */

struct thinned {
    const struct watch *watch;
    struct watch_load load;
    double limit;  /* share of bad answers in the whole */
    double needed; /* share of bad answers among the exposed for the whole to come to the limit */
};

/* The share that trips it: of bad answers, or of those beyond a quantile's limit. */
static bool thin(const struct watch *w, const struct signal *s, struct thinned *out)
{
    double window_s = s->window_s > 0.0 ? s->window_s : fmax(w->watch_s, 60.0);
    bool quantile = s->kind == RS_MEASURE_QUANTILE;
    if (!s->above || !s->ordered || !(s->is_share || quantile) || s->n == 0)
        return false;
    bool read = quantile ? rs_watch_slow(w, s, window_s, s->limit, &out->load)
                         : rs_watch_load(w, s, window_s, NULL, &out->load);
    if (!read || !(out->load.exposed > 0.0) || !(out->load.exposed < 1.0 - 1e-9))
        return false;
    const struct watch_load *l = &out->load;
    out->watch = w;
    out->limit = quantile ? 1.0 - s->c->q : s->limit;
    out->needed = (out->limit - (1.0 - l->exposed) * l->share_rest) / l->exposed;
    return true;
}

static bool is_diluted(const struct thinned *t)
{
    return t->needed > 1.0 || t->needed > TIMES * t->limit;
}

struct place {
    struct mark at;
    const char *ref, *about;
};

static void
add_dilution(struct check *c, struct place place, const struct signal *s, const struct thinned *t)
{
    bool never = t->needed > 1.0;
    const char *where = rs_watch_name(c->arena, t->watch);
    struct finding *f =
        rs_check_add(c, "dilution", place.at, place.ref, place.about,
                     never ? "in %s only %.3g %% of what it reads is exposed: even if all of that "
                             "were bad (%.3g %% of it would have to be) "
                             "it would not trip"
                           : "in %s only %.3g %% of what it reads is exposed: %.3g %% of the "
                             "exposed must be bad before it trips",
                     where, 100.0 * t->load.exposed, 100.0 * t->needed);
    rs_check_words(c, f, "watch", "%s", where);
    rs_check_number(f, "exposed_share", t->load.exposed);
    rs_check_number(f, "limit_share", t->limit);
    rs_check_number(f, "needed_among_exposed_share", t->needed);
    rs_check_number(f, "times_the_limit", t->needed / t->limit);
    rs_check_number(f, "base_share", t->load.share_rest);
    rs_check_number(f, "requests_in_window", t->load.n_mean);
    rs_check_words(c, f, "condition", "%s", s->c->text);
    rs_check_mend(c, f,
                  "read the exposed alone (metrics by_path and a matcher on path), expose more at "
                  "first, or lower the limit "
                  "to what the exposed part of it is");
}

/* The signals of a condition, any that trips it alone counts. */
struct readings {
    int n;
    struct signal *signal[32];
};

static void
read_condition(struct check *c, const struct promql *q, bool negated, struct readings *out)
{
    struct promql_condition cond = rs_check_condition(c->arena, c->sc, q);
    out->n = 0;
    for (int t = 0; t < cond.n_term; t++) {
        for (int i = 0; i < cond.term[t].n; i++) {
            struct signal *s;
            int n;
            rs_signal_read(c->arena, c->sc, &cond.term[t].comparison[i], &s, &n);
            bool guard = n > 0 && !negated && cond.term[t].n > 1 && rs_signal_is_guard(&s[0]);
            for (int k = 0; k < n && !guard && out->n < 32; k++) {
                s[k].above = s[k].above != negated;
                out->signal[out->n++] = &s[k];
            }
        }
    }
}

/* The first watch of the stage in which one of them is diluted. */
static bool check_diluted(
    struct check *c, const struct watch *w, int n, const struct readings *r, struct place place)
{
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < r->n; k++) {
            struct thinned t;
            if (w[i].watch_s > 0.0 && thin(&w[i], r->signal[k], &t) && is_diluted(&t)) {
                add_dilution(c, place, r->signal[k], &t);
                return true;
            }
        }
    }
    return false;
}

/* Does the stage take a flag back for somebody? Then those whom it moves are not those whom it exposes. */
static bool takes_back(const struct watch *w)
{
    for (int i = 0; i < w->sc->n_flag * w->sc->n_cohort; i++) {
        if (w->now[i] < w->before[i])
            return true;
    }
    return false;
}

/* None of what the signal reads is exposed, and others of the same service are. */
static bool is_blind(const struct watch *w, const struct signal *s, struct watch_load *load)
{
    struct signal wide = *s;
    struct signal_reads reads[32];
    struct watch_load all;
    double window_s = s->window_s > 0.0 ? s->window_s : fmax(w->watch_s, 60.0);
    bool quantile = s->kind == RS_MEASURE_QUANTILE;
    if (!s->above || !(s->is_share || quantile) || s->n == 0 || s->n > 32 || takes_back(w))
        return false;
    for (int i = 0; i < s->n; i++) {
        reads[i] = s->reads[i];
        reads[i].part.paths = reads[i].whole.paths = UINT32_MAX;
    }
    wide.reads = reads;
    bool read = quantile ? rs_watch_slow(w, s, window_s, s->limit, load) &&
                               rs_watch_slow(w, &wide, window_s, s->limit, &all)
                         : rs_watch_load(w, s, window_s, NULL, load) &&
                               rs_watch_load(w, &wide, window_s, NULL, &all);
    return read && load->n_mean > 0.0 && load->exposed == 0.0 && all.exposed > 0.0;
}

/* A gate of a stage that exposes users, all of whose readings are of the others. */
static void
check_blind(struct check *c, const struct watch *w, const struct readings *r, struct place place)
{
    struct watch_load load;
    for (int i = 0; i < r->n; i++) {
        if (!is_blind(w, r->signal[i], &load))
            return;
    }
    if (r->n == 0 || !(w->watch_s > 0.0))
        return;
    const char *where = rs_watch_name(c->arena, w);
    struct finding *f = rs_check_add(
        c, "dilution", place.at, place.ref, place.about,
        "nothing of what it reads is exposed in %s: it looks at those whom the stage leaves alone",
        where);
    rs_check_words(c, f, "watch", "%s", where);
    rs_check_number(f, "exposed_share", 0.0);
    rs_check_number(f, "requests_in_window", load.n_mean);
    rs_check_words(c, f, "condition", "%s", r->signal[0]->c->text);
    rs_check_mend(c, f, "read the path that the stage exposes");
}

/* ---- hidden outages ---- */

/* The shortest time that any procedure that concerns the stage allows. */
static double allowed_s(const struct scenario *sc, const struct stage *st, int procedure)
{
    double least = INFINITY;
    for (int p = 0; p < sc->response.n_procedure; p++) {
        bool concerned = p == procedure;
        for (int i = 0; st && i < st->n_watched; i++)
            concerned = concerned || st->watched[i] == p;
        if (concerned && sc->response.procedure[p].sla_ns != RS_NEVER)
            least = fmin(least, (double)sc->response.procedure[p].sla_ns / 1e9);
    }
    return isinf(least) ? OUTAGE_S : least;
}

/*
 * For how long everything may fail before the signal is past its limit; INFINITY: for ever. NaN: it is no such signal, or that
 * rests on a base that is not known (NaN).
 */
static double hidden_s(const struct signal *s, double base)
{
    if (!s->above || !s->ordered || s->n == 0)
        return NAN;
    if (s->kind == RS_MEASURE_QUANTILE)
        return s->window_s * (1.0 - s->c->q);
    if (!s->is_share)
        return NAN;
    if (s->limit >= 1.0)
        return s->limit > 1.0 || s->c->op == RS_CMP_GT || s->c->op == RS_CMP_LE ? INFINITY
                                                                                : s->window_s;
    if (isnan(base))
        return NAN;
    return s->window_s * fmax(s->limit - base, 0.0) / (1.0 - base);
}

/* Above the last finite bound a histogram tells nothing: its quantiles stop there. */
static bool beyond_histogram(const struct scenario *sc, const struct signal *s)
{
    for (int i = 0; i < s->n && s->kind == RS_MEASURE_QUANTILE && s->above; i++) {
        const struct service *sv = &sc->service[s->reads[i].service];
        if (sv->n_bucket > 0 && s->limit >= sv->bucket_s[sv->n_bucket - 1])
            return true;
    }
    return false;
}

/* The share that is bad when nothing is wrong. NaN: it is no share, or not known, as of a service that queues. */
static double base_of(const struct watch *w, int n, const struct signal *s)
{
    struct watch_load l;
    for (int i = 0; i < n && s->is_share; i++) {
        if (rs_watch_load(&w[i], s, fmax(s->window_s, 60.0), NULL, &l) && !isnan(l.share))
            return l.share < s->limit ? l.share : 0.0;
    }
    return NAN;
}

static void add_hidden(struct check *c,
                       struct place place,
                       const struct signal *s,
                       double hidden,
                       double base,
                       double allowed)
{
    struct finding *f;
    if (beyond_histogram(c->sc, s)) {
        const struct service *sv = &c->sc->service[s->reads[0].service];
        double last = sv->bucket_s[sv->n_bucket - 1];
        f = rs_check_add(c, "outage-hidden", place.at, place.ref, place.about,
                         "the limit of %gs is not below the last finite bucket (%gs) of %s: "
                         "however slow the answers, the "
                         "quantile never passes it",
                         s->limit, last, sv->latency_metric);
        rs_check_number(f, "last_bucket_s", last);
    } else if (isinf(hidden)) {
        f = rs_check_add(c, "outage-hidden", place.at, place.ref, place.about,
                         "a share is never more than 1: the limit of %g is not passed though every "
                         "request fails",
                         s->limit);
    } else {
        f = rs_check_add(c, "outage-hidden", place.at, place.ref, place.about,
                         "an average over %s: everything may fail for %s before it is past its "
                         "limit of %s, and %s are allowed for a rollback",
                         rs_check_time(c->arena, s->window_s), rs_check_time(c->arena, hidden),
                         rs_signal_words(c->arena, s, s->limit), rs_check_time(c->arena, allowed));
        rs_check_number(f, "window_s", s->window_s);
    }
    rs_check_number(f, "limit", s->limit);
    rs_check_number(f, "hidden_outage_s", hidden);
    if (!isnan(base))
        rs_check_number(f, "base_share", base);
    rs_check_number(f, "allowed_s", allowed);
    rs_check_words(c, f, "condition", "%s", s->c->text);
    rs_check_mend(c, f,
                  isinf(hidden) ? "use a limit that can be passed"
                                : "read a short window beside the long one, at every look or all "
                                  "the time, and let it decide "
                                  "what to do");
}

/* Some signal that hides an outage longer than allowed. */
static const struct signal *hides(struct check *c,
                                  const struct watch *w,
                                  int n,
                                  const struct readings *r,
                                  double allowed,
                                  double *hidden,
                                  double *base)
{
    for (int k = 0; k < r->n; k++) {
        const struct signal *s = r->signal[k];
        *base = base_of(w, n, s);
        *hidden = beyond_histogram(c->sc, s) ? INFINITY : hidden_s(s, *base);
        if (*hidden > allowed)
            return s;
    }
    return NULL;
}

/*
 * The longest outage that a gate read every so often lets pass: it hides hidden seconds in a window, and what falls between
 * windows is not seen at all. A gate that wants several reads in a row trips when so many of them fall between the first and the
 * last instant at which its window holds enough.
 */
static double
passes_s(const struct watch *w, const struct gate *g, const struct signal *s, double hidden)
{
    struct watch_looks looks = rs_watch_looks(w, g->when);
    if (g->when == RS_GATE_END)
        return fmax(w->watch_s - s->window_s, 0.0) + hidden;
    int in_a_row = g->in_a_row > 1 ? g->in_a_row : 1;
    if (looks.n < in_a_row)
        return INFINITY;
    double reads_s = in_a_row * looks.every_s;
    return reads_s <= s->window_s - hidden ? hidden : reads_s - s->window_s + 2.0 * hidden;
}

/* The longest that it can be: of a share whose base is not known, with a base of 0. */
static double
hidden_at_most_s(struct check *c, const struct watch *w, int n, const struct signal *s)
{
    double base = base_of(w, n, s);
    return beyond_histogram(c->sc, s) ? INFINITY : hidden_s(s, isnan(base) ? 0.0 : base);
}

/* Does another gate of the stage see the same soon enough? Each gate stands for what it decides; triggers and alerts do not. */
static bool seen_by_other(struct check *c,
                          const struct watch *w,
                          int n,
                          const struct gate *g,
                          const struct signal *s,
                          double allowed)
{
    const struct stage *st = &c->sc->response.stage[w->stage];
    for (int i = 0; i < st->n_gate; i++) {
        const struct gate *other = &st->gate[i];
        struct readings r;
        if (other == g)
            continue;
        read_condition(c, other->expr, other->require, &r);
        for (int k = 0; k < r.n; k++) {
            double hidden = hidden_at_most_s(c, w, n, r.signal[k]);
            if (rs_signal_meets(r.signal[k], s) &&
                passes_s(w, other, r.signal[k], hidden) <= allowed)
                return true;
        }
    }
    return false;
}

/* ---- stages and procedures ---- */

static void check_gate(
    struct check *c, const struct watch *w, int n, const struct stage *st, const struct gate *g)
{
    const struct place place = {g->at, g->ref, rs_arena_printf(c->arena, "gate %s", g->name)};
    double hidden, base,
        allowed = allowed_s(c->sc, st, g->then == RS_THEN_ROLLBACK ? g->procedure : -1);
    struct readings r;
    if (g->then == RS_THEN_PROMOTE && !g->require)
        return;
    read_condition(c, g->expr, g->require, &r);
    if (!check_diluted(c, w, n, &r, place))
        check_blind(c, w, &r, place);
    const struct signal *s = hides(c, w, n, &r, allowed, &hidden, &base);
    if (s && !seen_by_other(c, w, n, g, s, allowed))
        add_hidden(c, place, s, hidden, base, allowed);
}

static bool any_same(const struct readings *a, const struct readings *b)
{
    for (int i = 0; i < a->n * b->n; i++) {
        if (rs_signal_same(a->signal[i % a->n], b->signal[i / a->n]))
            return true;
    }
    return false;
}

static bool any_meet(const struct readings *a, const struct readings *b)
{
    for (int i = 0; i < a->n * b->n; i++) {
        if (rs_signal_meets(a->signal[i % a->n], b->signal[i / a->n]))
            return true;
    }
    return false;
}

/* The first stage whose watcher looks for the procedure in which one of the readings is diluted. */
static void check_watched(struct check *c,
                          const struct watch *w,
                          int n_watch,
                          int procedure,
                          const struct readings *r,
                          struct place place)
{
    for (int i = 0; i < n_watch; i++) {
        const struct stage *st = &c->sc->response.stage[w[i].stage];
        for (int k = 0; k < st->n_watched; k++) {
            if (st->watched[k] == procedure && check_diluted(c, &w[i], 1, r, place))
                return;
        }
    }
}

/* An alert that reads more than the trigger, and none that reads just what it does: then the alert is what is diluted. */
static void check_alerts(struct check *c,
                         const struct watch *w,
                         int n_watch,
                         int procedure,
                         const struct readings *trigger)
{
    const struct procedure *p = &c->sc->response.procedure[procedure];
    for (int t = 0; t < trigger->n; t++) {
        struct readings one = {.n = 1, .signal = {trigger->signal[t]}}, r;
        bool same = false;
        for (int i = 0; i < p->n_alert; i++) {
            const struct rule *rule = rs_check_alert(c->sc, p->alert[i]);
            if (rule)
                read_condition(c, rule->expr, false, &r);
            same = same || (rule && any_same(&r, &one));
        }
        for (int i = 0; i < p->n_alert && !same; i++) {
            const struct rule *rule = rs_check_alert(c->sc, p->alert[i]);
            if (!rule)
                continue;
            const struct place place = {rule->at, p->ref,
                                        rs_arena_printf(c->arena, "alert %s", rule->alert)};
            read_condition(c, rule->expr, false, &r);
            if (any_meet(&r, &one))
                check_watched(c, w, n_watch, procedure, &r, place);
        }
    }
}

static void check_procedure(struct check *c, const struct watch *w, int n_watch, int procedure)
{
    const struct procedure *p = &c->sc->response.procedure[procedure];
    const struct place place = {p->at, p->ref, rs_arena_printf(c->arena, "procedure %s", p->name)};
    double hidden, base, allowed = allowed_s(c->sc, NULL, procedure);
    struct readings r;
    if (p->trigger) {
        read_condition(c, p->trigger, false, &r);
        const struct signal *s = hides(c, w, n_watch, &r, allowed, &hidden, &base);
        if (s)
            add_hidden(c, place, s, hidden, base, allowed);
        check_watched(c, w, n_watch, procedure, &r, place);
        check_alerts(c, w, n_watch, procedure, &r);
        return; /* how soon they see it is held against the trigger */
    }
    for (int i = 0; i < p->n_alert; i++) {
        const struct rule *rule = rs_check_alert(c->sc, p->alert[i]);
        if (!rule)
            continue;
        const struct place alert = {rule->at, p->ref,
                                    rs_arena_printf(c->arena, "alert %s", rule->alert)};
        read_condition(c, rule->expr, false, &r);
        const struct signal *s = hides(c, w, n_watch, &r, allowed, &hidden, &base);
        if (s)
            add_hidden(c, alert, s, hidden, base, allowed);
    }
}

void rs_check_dilution(struct check *c)
{
    int n;
    const struct watch *w = rs_watches(c->arena, c->sc, &n);
    for (int i = 0; i < n;) {
        const struct stage *st = &c->sc->response.stage[w[i].stage];
        for (int g = 0; g < st->n_gate; g++)
            check_gate(c, &w[i], 1 + st->n_ramp, st, &st->gate[g]);
        i += 1 + st->n_ramp;
    }
    for (int p = 0; p < c->sc->response.n_procedure; p++)
        check_procedure(c, w, n, p);
}
