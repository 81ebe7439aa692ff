/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a signal reads in a watch. Every user of a cohort has a place in the audience of each flag, independent of his places
 * in the others; it does not move when the percentage grows. So the users fall into classes: those for whom a flag was on
 * before the stage and is now, those for whom it has been set on or off since, and the others. Each class takes one path now,
 * and took one before; where the two differ the stage has exposed it.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "models/system.h"
#include "models/traffic.h"
#include "watch.h"

#define FLAGS_MAX 16  /* that a service's paths hang on */
#define PARTIAL_MAX 8 /* of them, those that divide a cohort */
#define PLACES 48     /* where in its span a window is laid */

struct taken {
    int path; /* -1: none holds */
    bool fallback;
};

/* ---- paths ---- */

static struct taken path_for(const struct scenario *sc, int service, uint32_t gone, const bool *raw)
{
    const struct service *sv = &sc->service[service];
    int n_left = 0;
    for (int i = 0; i < sv->n_path; i++)
        n_left += !(gone >> i & 1u);
    for (int i = 0; i < sv->n_path; i++) {
        const struct path *p = &sv->path[i];
        bool alone = gone != 0 && n_left == 1;
        if ((gone >> i & 1u) || !(alone || rs_conditions_hold(sc, raw, p->n_when, p->when)))
            continue;
        bool helped = p->fallback >= 0 && !(gone >> p->fallback & 1u) &&
                      rs_conditions_hold(sc, raw, p->n_fallback_when, p->fallback_when);
        return (struct taken){i, helped};
    }
    return (struct taken){-1, false};
}

/* ---- how a request ends ---- */

struct ending {
    int n;
    int code[RS_MAX_SERVICE_CODE];
    double p[RS_MAX_SERVICE_CODE]; /* p[0]: it ends well */
};

/* What is left of P(ok) splits into the codes of one more part and the rest. */
static void add_part(struct ending *e, const struct error_mix *m)
{
    double ok = e->p[0];
    for (int i = 0; i < m->n; i++) {
        int at = 0;
        while (at < e->n && e->code[at] != m->code[i])
            at++;
        if (at == e->n)
            continue; /* more codes than there is room for: not told apart */
        e->p[at] += ok * m->ratio[i];
        e->p[0] -= ok * m->ratio[i];
    }
    e->p[0] = fmax(e->p[0], 0.0);
}

static struct ending
one_try(const struct scenario *sc, int service, int path, const struct fault *fault)
{
    struct ending e = {.p = {1.0}};
    const struct path *p = &sc->service[service].path[path];
    e.n = rs_service_codes(sc, service, e.code);
    add_part(&e, &p->errors);
    for (int i = 0; i < p->n_uses; i++)
        add_part(&e, &sc->dependency[p->uses[i]].errors);
    if (fault && rs_fault_hits(sc, fault, service, path))
        add_part(&e, &fault->effect.errors);
    return e;
}

static struct ending
ending_of(const struct scenario *sc, int service, struct taken t, const struct fault *fault)
{
    struct ending e = {.p = {1.0}};
    if (t.path < 0) {
        e.n = rs_service_codes(sc, service, e.code);
        for (int i = 0; i < e.n; i++)
            e.p[i] = e.code[i] == 503;
        return e;
    }
    e = one_try(sc, service, t.path, fault);
    if (t.fallback) {
        int second = sc->service[service].path[t.path].fallback;
        struct ending again = one_try(sc, service, second, fault);
        double failed = 1.0 - e.p[0];
        for (int i = 0; i < e.n; i++)
            e.p[i] = (i == 0 ? e.p[0] : 0.0) + failed * again.p[i];
    }
    return e;
}

/* P(the answer takes at most x); a second try is left out, it is as rare as errors are. */
static double answered_within(
    const struct scenario *sc, int service, struct taken t, const struct fault *f, double x_s)
{
    if (t.path < 0 || isinf(x_s))
        return 1.0;
    if (f && rs_fault_hits(sc, f, service, t.path))
        x_s = f->effect.latency_factor > 0.0
                  ? (x_s - f->effect.latency_shift_s) / f->effect.latency_factor
                  : INFINITY;
    return x_s < 0.0 ? 0.0 : rs_dist_cdf(&sc->service[service].path[t.path].latency, x_s);
}

/* What a request adds to a counter: its own share, and a fallback that is counted. */
static double counts_of(
    const struct scenario *sc, int service, int counter, struct taken t, const struct fault *fault)
{
    const struct counter *c = &sc->service[service].counter[counter];
    double n = c->only_on_path < 0 || c->only_on_path == t.path ? c->base_per_request : 0.0;
    if (t.path >= 0 && t.fallback && sc->service[service].path[t.path].fallback_counter == counter)
        n += 1.0 - one_try(sc, service, t.path, fault).p[0];
    return n;
}

/* P(a request of this class is counted on a side of a signal); of a counter, how much it adds. */
static double counted(const struct scenario *sc,
                      int service,
                      const struct signal_side *side,
                      struct taken t,
                      const struct fault *fault)
{
    int bit = t.path < 0 ? sc->service[service].n_path : t.path;
    double p = 0.0;
    if (bit > 31 || !(side->paths >> bit & 1u))
        return 0.0;
    switch (side->what) {
    case RS_WHAT_NONE: return 0.0;
    case RS_WHAT_REQUESTS: {
        struct ending e = ending_of(sc, service, t, fault);
        for (int i = 0; i < e.n; i++)
            p += side->codes >> i & 1u ? e.p[i] : 0.0;
        p *= answered_within(sc, service, t, fault, side->le_s);
        break;
    }
    case RS_WHAT_LATENCY:
        p = answered_within(sc, service, t, fault, side->le_s);
        p = side->slower ? 1.0 - p : p;
        break;
    case RS_WHAT_COUNTER: p = counts_of(sc, service, side->counter, t, fault); break;
    }
    return p * side->instance_share;
}

/* ---- classes of users ---- */

struct division {
    const struct watch *w;
    int service, cohort;
    const struct signal_reads *reads;
    bool has_whole;
    const struct fault *fault;
    int n_flag, flag[FLAGS_MAX];
    bool *before, *now; /* [n_flag of the scenario] */
    double whole, part, whole_exposed, part_exposed;
};

static bool add_flag(struct division *d, int flag)
{
    for (int i = 0; i < d->n_flag; i++) {
        if (d->flag[i] == flag)
            return true;
    }
    if (d->n_flag == FLAGS_MAX)
        return false;
    d->flag[d->n_flag++] = flag;
    const struct flag *f = &d->w->sc->flag[flag];
    for (int i = 0; i < f->n_requires; i++) {
        if (!add_flag(d, f->requires[i]))
            return false;
    }
    return true;
}

/* The flags that the service's paths hang on; false: too many. */
static bool find_flags(struct division *d)
{
    const struct service *sv = &d->w->sc->service[d->service];
    int n_partial = 0;
    for (int p = 0; p < sv->n_path; p++) {
        for (int i = 0; i < sv->path[p].n_when; i++) {
            if (!add_flag(d, sv->path[p].when[i].flag))
                return false;
        }
        for (int i = 0; i < sv->path[p].n_fallback_when; i++) {
            if (!add_flag(d, sv->path[p].fallback_when[i].flag))
                return false;
        }
    }
    for (int i = 0; i < d->n_flag; i++) {
        double was = d->w->before[d->flag[i] * d->w->sc->n_cohort + d->cohort];
        double is = d->w->now[d->flag[i] * d->w->sc->n_cohort + d->cohort];
        n_partial += (was > 0.0 && was < 1.0) || (is > 0.0 && is < 1.0);
    }
    return n_partial <= PARTIAL_MAX;
}

static void add_class(struct division *d, double p)
{
    const struct scenario *sc = d->w->sc;
    struct taken was = path_for(sc, d->service, 0, d->before);
    struct taken is = path_for(sc, d->service, d->w->gone[d->service], d->now);
    double part = p * counted(sc, d->service, &d->reads->part, is, d->fault);
    double whole =
        d->has_whole ? p * counted(sc, d->service, &d->reads->whole, is, d->fault) : part;
    d->part += part;
    d->whole += whole;
    if (was.path != is.path) {
        d->part_exposed += part;
        d->whole_exposed += whole;
    }
}

static void divide(struct division *d, int i, double p)
{
    if (i == d->n_flag) {
        add_class(d, p);
        return;
    }
    int flag = d->flag[i], at = flag * d->w->sc->n_cohort + d->cohort;
    double was = d->w->before[at], is = d->w->now[at];
    const struct {
        bool before, now;
        double p;
    } parts[] = {{true, true, fmin(was, is)},
                 {false, true, fmax(is - was, 0.0)},
                 {true, false, fmax(was - is, 0.0)},
                 {false, false, 1.0 - fmax(was, is)}};
    for (int k = 0; k < 4; k++) {
        if (parts[k].p > 0.0) {
            d->before[flag] = parts[k].before;
            d->now[flag] = parts[k].now;
            divide(d, i + 1, p * parts[k].p);
        }
    }
}

/* ---- requests in a window ---- */

static double burst_factor(const struct bursts *b)
{
    double all = b->mean_on_s + b->mean_off_s;
    return all > 0.0 && b->factor != 1.0 ? (b->factor * b->mean_on_s + b->mean_off_s) / all : 1.0;
}

struct places {
    double mean[PLACES];
};

/* Requests of one traffic element in a window, by where it ends; bursts as they are in the mean. */
static void
requests(const struct watch *w, const struct profile *p, double window_s, struct places *out)
{
    double first = w->begins_s + fmin(window_s, w->watch_s), last = w->begins_late_s + w->watch_s;
    double factor = burst_factor(&p->bursts);
    for (int i = 0; i < PLACES; i++) {
        double end = first + (last - first) * (i + 0.5) / PLACES;
        out->mean[i] = factor * rs_profile_integral(p, end - window_s, end);
        if (p->kind == RS_PROFILE_CONSTANT) {
            for (int k = 1; k < PLACES; k++)
                out->mean[k] = out->mean[0];
            return;
        }
    }
}

struct sums {
    double part, whole, part_exposed, whole_exposed;
    double place[PLACES]; /* requests of the whole, by place */
};

static bool add_traffic(const struct watch *w,
                        const struct signal_reads *r,
                        bool has_whole,
                        const struct fault *fault,
                        double window_s,
                        const struct traffic *t,
                        struct sums *out)
{
    bool before[64] = {false}, now[64] = {false};
    struct division d = {.w = w,
                         .service = r->service,
                         .cohort = t->cohort,
                         .reads = r,
                         .has_whole = has_whole,
                         .fault = fault,
                         .before = before,
                         .now = now};
    struct places n;
    double mean = 0.0;
    if (w->sc->n_flag > 64 || !find_flags(&d))
        return false;
    divide(&d, 0, 1.0);
    requests(w, &t->profile, window_s, &n);
    for (int i = 0; i < PLACES; i++) {
        mean += n.mean[i] / PLACES;
        out->place[i] += n.mean[i] * d.whole;
    }
    out->part += mean * d.part;
    out->whole += mean * d.whole;
    out->part_exposed += mean * d.part_exposed;
    out->whole_exposed += mean * d.whole_exposed;
    return true;
}

static bool load(const struct watch *w,
                 const struct signal *s,
                 const struct signal_reads *reads,
                 bool has_whole,
                 double window_s,
                 const struct fault *fault,
                 struct watch_load *out)
{
    struct sums sum = {0};
    for (int i = 0; i < s->n; i++) {
        if (rs_service_queues(w->sc, reads[i].service))
            return false;
    }
    for (int i = 0; i < s->n; i++) {
        for (int t = 0; t < w->sc->n_traffic; t++) {
            const struct traffic *tr = &w->sc->traffic[t];
            if (tr->service == reads[i].service &&
                !add_traffic(w, &reads[i], has_whole, fault, window_s, tr, &sum))
                return false;
        }
    }
    *out = (struct watch_load){.n_mean = sum.whole, .n_min = INFINITY};
    for (int i = 0; i < PLACES; i++)
        out->n_min = fmin(out->n_min, sum.place[i]);
    out->share = sum.whole > 0.0 ? sum.part / sum.whole : NAN;
    out->exposed = sum.whole > 0.0 ? sum.whole_exposed / sum.whole : 0.0;
    out->share_exposed = sum.whole_exposed > 0.0 ? sum.part_exposed / sum.whole_exposed : NAN;
    double rest = sum.whole - sum.whole_exposed;
    out->share_rest = rest > 1e-12 * sum.whole ? (sum.part - sum.part_exposed) / rest : NAN;
    return s->n > 0;
}

bool rs_watch_load(const struct watch *w,
                   const struct signal *s,
                   double window_s,
                   const struct fault *fault,
                   struct watch_load *out)
{
    bool has_whole = s->kind == RS_MEASURE_RATIO || s->kind == RS_MEASURE_MEAN;
    return load(w, s, s->reads, has_whole, window_s, fault, out);
}

bool rs_watch_begins_empty(const struct watch *w, const struct signal *s)
{
    struct watch earlier = *w;
    struct watch_load was, is;
    double window_s = s->window_s > 0.0 ? s->window_s : 60.0;
    bool counter = s->n > 0 && s->reads[0].part.what == RS_WHAT_COUNTER;
    earlier.now = w->before;
    return w->step < 0 && !counter && rs_watch_load(&earlier, s, window_s, NULL, &was) &&
           rs_watch_load(w, s, window_s, NULL, &is) && was.n_mean == 0.0 && is.n_mean > 0.0;
}

bool rs_watch_slow(const struct watch *w,
                   const struct signal *s,
                   double window_s,
                   double slower_than_s,
                   struct watch_load *out)
{
    struct signal_reads reads[32];
    if (s->n > 32)
        return false;
    for (int i = 0; i < s->n; i++) {
        reads[i] = s->reads[i];
        reads[i].part.le_s = INFINITY;
        reads[i].whole = reads[i].part;
        reads[i].part.le_s = slower_than_s;
        reads[i].part.slower = true;
    }
    return load(w, s, reads, true, window_s, NULL, out);
}

/* Requests per second of a cohort to a service, in the middle of where the watch can be. */
static double cohort_rate(const struct watch *w, int service, int cohort)
{
    double sum = 0.0;
    for (int i = 0; i < w->sc->n_traffic; i++) {
        const struct traffic *t = &w->sc->traffic[i];
        if (t->service == service && t->cohort == cohort)
            sum += rs_profile_rate(&t->profile, 0.5 * (w->begins_s + w->begins_late_s));
    }
    return sum;
}

double rs_watch_events(const struct watch *w, const struct signal *s, double window_s)
{
    struct watch_load l;
    double n = load(w, s, s->reads, false, window_s, NULL, &l) ? l.n_mean : 0.0;
    for (int i = 0; i < s->n; i++) {
        if (rs_service_queues(w->sc, s->reads[i].service))
            return NAN;
    }
    for (int i = 0; i < s->n; i++) {
        const struct signal_side *side = &s->reads[i].part;
        const struct service *sv = &w->sc->service[s->reads[i].service];
        if (side->what == RS_WHAT_COUNTER)
            n += sv->counter[side->counter].base_per_s * sv->n_instance * side->instance_share *
                 window_s;
    }
    return n;
}

double rs_watch_good(const struct watch *w, int service, int cohort, double within_s)
{
    bool before[64] = {false}, now[64] = {false};
    const struct signal_side all = {.what = RS_WHAT_REQUESTS,
                                    .codes = UINT32_MAX,
                                    .paths = UINT32_MAX,
                                    .instance_share = 1.0,
                                    .le_s = INFINITY};
    struct signal_reads reads = {.service = service, .part = all, .whole = all};
    double good = 0.0, n = 0.0;
    reads.part.codes = 1u;
    reads.part.le_s = within_s;
    if (w->sc->n_flag > 64 || rs_service_queues(w->sc, service))
        return NAN;
    for (int c = 0; c < w->sc->n_cohort; c++) {
        struct division d = {.w = w,
                             .service = service,
                             .cohort = c,
                             .reads = &reads,
                             .has_whole = true,
                             .before = before,
                             .now = now};
        double weight = cohort >= 0 ? c == cohort : cohort_rate(w, service, c);
        if (weight <= 0.0)
            continue;
        if (!find_flags(&d))
            return NAN;
        divide(&d, 0, 1.0);
        good += weight * d.part;
        n += weight;
    }
    return n > 0.0 ? good / n : NAN;
}
