/* SPDX-License-Identifier: GPL-3.0-or-later */
/* People's times, the legs of the response, and how long flags take. */
#include <math.h>
#include <string.h>
#include <strings.h>

#include "learn.h"
#include "sim/clock.h"

enum { ENOUGH = 5, BOOTSTRAP = 99 };
static const double assumption_counts = 2.0; /* durations */

/* ---- durations of episodes ---- */

static bool is_noted(const struct retro_instant *i)
{
    return i->how == RS_HOW_RECORDED || i->how == RS_HOW_COMPUTED || i->how == RS_HOW_INFERRED;
}

/* The leg as a duration; false: nothing is known of it. */
static bool leg(const struct learning *l,
                const struct retro *r,
                int episode,
                int from,
                int to,
                struct retro_duration *out)
{
    const struct retro_episode *e = &r->rebuilt.episode[episode];
    const struct retro_instant *a = &e->at[from], *b = &e->at[to];
    int64_t lo = 0, best = 0, hi = 0;
    const char *whence =
        rs_arena_printf(l->arena, "%s%s%s", r->evidence->name ? r->evidence->name : "",
                        r->evidence->name ? ", " : "", e->name ? e->name : "an episode");
    if (!is_noted(a) || a->never)
        return false;
    if (b->never) { /* by the end of the evidence it had not happened */
        double so_far = b->lo_ns > INT64_MIN ? rs_s_from_ns(b->lo_ns - a->hi_ns) : 0.0;
        *out = (struct retro_duration){so_far, so_far, INFINITY, whence};
        return so_far > 0.0;
    }
    if (!is_noted(b) || !rs_retro_leg(e, from, to, &lo, &best, &hi) || hi <= 0 || hi == RS_NEVER)
        return false;
    double lo_s = fmax(rs_s_from_ns(lo), 0.0), hi_s = rs_s_from_ns(hi);
    *out = (struct retro_duration){lo_s, fmin(fmax(rs_s_from_ns(best), lo_s), hi_s), hi_s, whence};
    return true;
}

/*
 * Were the two written down as two things? What a check or a gate finds is detected, told and acknowledged at once: that is one
 * instant under several names, and no time that anybody took. To the minute, two things may well have been written alike.
 */
static bool
are_apart(const struct retro *r, const struct retro_instant *a, const struct retro_instant *b)
{
    enum { FINE_NS = RS_NS_PER_S };
    if (a->mark < 0 || a->mark == b->mark || (b->mark < 0 && !b->never))
        return false;
    if (b->mark < 0)
        return true;
    const struct retro_mark *x = &r->evidence->mark[a->mark], *y = &r->evidence->mark[b->mark];
    return x->source != y->source || x->written_lo_ns != y->written_lo_ns ||
           x->written_hi_ns != y->written_hi_ns || x->written_hi_ns - x->written_lo_ns > FINE_NS;
}

/* Was it found at that moment by a check, a gate or a look? */
static bool finds(const struct retro_mark *k, const struct retro_mark *detected)
{
    bool looks = k->event == RS_EVENT_CHECK_FAILED || k->event == RS_EVENT_GATE_FAILED ||
                 k->event == RS_EVENT_LOOKED;
    /* To the minute, it may have been another one. */
    return looks && k->source == detected->source &&
           k->written_hi_ns - k->written_lo_ns <= RS_NS_PER_S &&
           k->written_lo_ns < detected->written_hi_ns && detected->written_lo_ns < k->written_hi_ns;
}

/* What found it, where that was no alert; NULL: an alert, as far as anybody noted. */
static const char *found_by(const struct retro *r, const struct retro_episode *e)
{
    const struct retro_instant *at = &e->at[RS_CLOCK_DETECTED];
    const struct scenario *sc = r->evidence->scenario;
    if (at->mark < 0)
        return NULL;
    const struct retro_mark *m = &r->evidence->mark[at->mark];
    for (int i = 0; i < r->evidence->n_mark; i++) {
        const struct retro_mark *k = &r->evidence->mark[i];
        if (finds(k, m))
            return k->subject ? k->subject : rs_retro_event_name(k->event);
    }
    if (!m->subject || (e->alert && strcmp(m->subject, e->alert) == 0))
        return NULL;
    /* A look names the procedure. Words of somebody's own may mean an alert: then there is a page, and later than it. */
    bool is_look = sc && e->procedure >= 0 &&
                   strcmp(m->subject, sc->response.procedure[e->procedure].name) == 0;
    return is_look || !are_apart(r, at, &e->at[RS_CLOCK_NOTIFIED]) ? m->subject : NULL;
}

/* Does the episode tell how long somebody took? Else why not. */
static const char *why_not(const struct learning *l,
                           const struct retro *r,
                           const struct retro_episode *e,
                           int from,
                           int to)
{
    const char *by = to == RS_CLOCK_ACKNOWLEDGED ? found_by(r, e) : NULL;
    if (by)
        return rs_arena_printf(l->arena, "left out: %s was found by \"%s\", and nobody was called",
                               e->name, by);
    if (!are_apart(r, &e->at[from], &e->at[to]))
        return rs_arena_printf(l->arena, "left out: of %s, %s and %s were not noted apart", e->name,
                               rs_retro_instant_name(from), rs_retro_instant_name(to));
    return NULL;
}

/* Who acted: the one who is named at the mark, else the one whom the procedure names. By the names of this scenario; -1. */
static int who(const struct learning *l, const struct retro *r, const struct retro_episode *e)
{
    const struct scenario *sc = l->sc, *own = r->evidence->scenario;
    int mark = e->at[RS_CLOCK_ACKNOWLEDGED].mark;
    mark = mark < 0 ? e->at[RS_CLOCK_COMMANDED].mark : mark;
    const char *actor = mark >= 0 ? r->evidence->mark[mark].actor : NULL;
    const char *name = NULL;
    for (int i = 0; actor && i < sc->response.n_role; i++) {
        const struct role *role = &sc->response.role[i];
        if (strcasecmp(role->name, actor) == 0 ||
            (role->title && strcasecmp(role->title, actor) == 0))
            return i;
    }
    if (own && e->procedure >= 0) {
        int by = own->response.procedure[e->procedure].by;
        name = by >= 0 ? own->response.role[by].name : NULL;
    }
    for (int i = 0; name && i < sc->response.n_role; i++) {
        if (strcmp(sc->response.role[i].name, name) == 0)
            return i;
    }
    return -1;
}

/* Is it the same procedure, by its name? */
static bool is_procedure(const struct learning *l,
                         const struct retro *r,
                         const struct retro_episode *e,
                         int procedure)
{
    const struct scenario *own = r->evidence->scenario;
    return procedure < 0 || (own && e->procedure >= 0 &&
                             strcmp(own->response.procedure[e->procedure].name,
                                    l->sc->response.procedure[procedure].name) == 0);
}

struct retro_duration *rs_learn_durations(struct learning *l,
                                          int from,
                                          int to,
                                          int role,
                                          int procedure,
                                          int *out_n,
                                          const char **out_left)
{
    int n = 0, most = 0, n_left = 0;
    const char *left = NULL;
    for (int i = 0; i < l->n_episode_set; i++)
        most += l->set[i]->rebuilt.n_episode;
    struct retro_duration *d = RS_ARENA_ARRAY(l->arena, struct retro_duration, most + 1);
    for (int i = 0; i < l->n_episode_set; i++) {
        const struct retro *r = l->set[i];
        for (int k = 0; k < r->rebuilt.n_episode; k++) {
            const struct retro_episode *e = &r->rebuilt.episode[k];
            bool counts = (role < 0 || who(l, r, e) == role) && is_procedure(l, r, e, procedure);
            if (!counts || !leg(l, r, k, from, to, &d[n]))
                continue;
            const char *why = role >= 0 ? why_not(l, r, e, from, to) : NULL;
            left = left ? left : why;
            n_left += why != NULL;
            n += why == NULL;
        }
    }
    *out_n = n;
    if (out_left)
        *out_left = n_left > 1
                        ? rs_arena_printf(l->arena, "%s (and %d more like it)", left, n_left - 1)
                        : left;
    return d;
}

/* ---- laws ---- */

static struct fit_span *spans_of(struct learning *l, const struct retro_duration *d, int n)
{
    struct fit_span *span = RS_ARENA_ARRAY(l->arena, struct fit_span, n);
    for (int i = 0; i < n; i++) {
        /* Both ends of a leg are known to within something; what order cut off at 0 is put back, and is 0 where it counts. */
        double lo = d[i].lo_s > 0.0 ? d[i].lo_s : fmin(0.0, 2.0 * d[i].best_s - d[i].hi_s);
        span[i] = (struct fit_span){isinf(d[i].hi_s) ? d[i].lo_s : lo, d[i].hi_s, 1.0, d[i].best_s};
    }
    return span;
}

/* The cap stays where it is, but not below what was seen. */
static double cap_for(const struct dist *assumed, const struct retro_duration *d, int n)
{
    double cap = assumed ? assumed->cap_s : (double)INFINITY;
    for (int i = 0; i < n && isfinite(cap); i++) {
        double seen = isinf(d[i].hi_s) ? d[i].lo_s : d[i].best_s;
        cap = fmax(cap, ceil(2.0 * seen / 60.0) * 60.0 * (2.0 * seen > cap));
    }
    return cap > 0.0 ? cap : (double)INFINITY;
}

static void keep_law(struct learning *l, struct retro_fit *f, struct dist law)
{
    struct dist *d = RS_ARENA_ARRAY(l->arena, struct dist, 1);
    *d = law;
    f->law = d;
}

static void
update(struct learning *l, struct retro_fit *f, int n, const struct dist *assumed, double cap_s)
{
    struct fit_prior prior = rs_fit_prior(assumed, assumption_counts);
    struct fit_posterior post;
    rs_fit_update(&post, &prior, spans_of(l, f->duration, n), n, l->confidence);
    f->method =
        rs_arena_printf(l->arena,
                        "Bayesian update of the assumption, which counts as %.0f durations; "
                        "normal-inverse-gamma on log seconds, each duration within its bounds",
                        assumption_counts);
    rs_learn_parameter(l, f, "median", "s", rs_dist_quantile(assumed, 0.5), post.median);
    rs_learn_parameter(l, f, "p95", "s", rs_dist_quantile(assumed, 0.95), post.p95);
    struct dist law = rs_dist_lognormal(post.median.value, 0.95, post.p95.value);
    law.cap_s = cap_s;
    keep_law(l, f, law);
    f->text = rs_learn_lognormal_text(l, post.median.value, "p95", post.p95.value, cap_s);
}

/* A law that is assumed exponential stays so: its mean, with an inverse gamma prior of as many durations (its grid is 1-D). */
static void update_mean(
    struct learning *l, struct retro_fit *f, int n, const struct dist *assumed, double cap_s)
{
    struct fit_value v = rs_fit_update_mean(assumed->a, assumption_counts,
                                            spans_of(l, f->duration, n), n, l->confidence);
    f->method =
        rs_arena_printf(l->arena,
                        "Bayesian update of the assumption, which counts as %.0f durations; "
                        "exponential, each duration within its bounds",
                        assumption_counts);
    rs_learn_parameter(l, f, "mean", "s", assumed->a, v);
    keep_law(l, f, (struct dist){.kind = RS_DIST_EXPONENTIAL, .a = v.value, .cap_s = cap_s});
    f->text = rs_arena_printf(l->arena, "{exponential: {mean: %s}%s%s, source: %s}",
                              rs_learn_duration_text(l, v.value), isfinite(cap_s) ? ", cap: " : "",
                              isfinite(cap_s) ? rs_learn_duration_text(l, cap_s) : "",
                              rs_retro_quoted(l->arena, rs_learn_source(l)));
}

static void test_law(struct learning *l, struct retro_fit *f, const struct fit_duration *fit, int n)
{
    const struct fit_span *span = spans_of(l, f->duration, n);
    double p = rs_fit_duration_p(fit, span, n, BOOTSTRAP, 7, &f->statistic);
    if (isnan(p))
        return;
    f->test = rs_arena_printf(l->arena, "Anderson-Darling, p by %d data sets drawn from the law",
                              BOOTSTRAP);
    f->p_value = p;
    f->fits = p > 0.01;
}

static void add_quantiles(struct learning *l,
                          struct retro_fit *f,
                          const struct fit_duration *fit,
                          int n,
                          const struct dist *assumed)
{
    const struct fit_span *span = spans_of(l, f->duration, n);
    struct fit_value median = rs_fit_quantile(fit, 0.5, span, n, l->confidence);
    struct fit_value p95 = rs_fit_quantile(fit, 0.95, span, n, l->confidence);
    rs_learn_parameter(l, f, "median", "s", assumed ? rs_dist_quantile(assumed, 0.5) : NAN, median);
    rs_learn_parameter(l, f, "p95", "s", assumed ? rs_dist_quantile(assumed, 0.95) : NAN, p95);
    test_law(l, f, fit, n);
}

void rs_learn_fit_law(struct learning *l,
                      struct retro_fit *f,
                      struct retro_duration *d,
                      int n,
                      const struct dist *assumed)
{
    struct fit_duration fit[RS_LAW_N];
    double cap = cap_for(assumed, d, n);
    f->n = (uint64_t)n;
    f->n_duration = n;
    f->duration = d;
    f->assumed_law = assumed;
    f->placeholder = assumed && assumed->placeholder;
    const struct fit_span *span = spans_of(l, d, n);
    bool told = n >= ENOUGH || (!assumed && n >= 3);
    if (assumed && assumed->kind == RS_DIST_EXPONENTIAL) {
        update_mean(l, f, n, assumed, cap);
        return;
    }
    if (!told && assumed) {
        update(l, f, n, assumed, cap);
        return;
    }
    if (!told) {
        f->refused =
            rs_arena_printf(l->arena, "%d of them do not tell a law, and none is assumed", n);
        return;
    }
    if (assumed) { /* the scenario's language and its people's times are lognormal */
        if (rs_fit_duration(&fit[0], RS_LAW_LOGNORMAL, span, n) != 0) {
            f->refused = "none of them had ended";
            return;
        }
        f->method = "maximum likelihood, lognormal, each duration within its bounds";
        add_quantiles(l, f, &fit[0], n, assumed);
        f->text =
            rs_learn_lognormal_text(l, f->parameter[0].value, "p95", f->parameter[1].value, cap);
    } else {
        int m = rs_fit_laws(fit, span, n);
        if (m == 0) {
            f->refused = "none of them had ended";
            return;
        }
        f->method = rs_arena_printf(l->arena,
                                    "maximum likelihood, %s, each duration within its bounds; AIC",
                                    rs_fit_law_name(fit[0].law));
        for (int i = 0; i < m; i++)
            f->method = rs_arena_printf(l->arena, "%s%s %.1f %s", f->method, i ? "," : "",
                                        fit[i].aic, rs_fit_law_name(fit[i].law));
        add_quantiles(l, f, &fit[0], n, NULL);
    }
    keep_law(l, f, rs_fit_dist(&fit[0], cap));
}

/* ---- people ---- */

static void fit_role(struct learning *l, int role, int what)
{
    static const struct {
        const char *key;
        int from, to;
    } leg_of[] = {{"acknowledge", RS_CLOCK_NOTIFIED, RS_CLOCK_ACKNOWLEDGED},
                  {"decide", RS_CLOCK_ACKNOWLEDGED, RS_CLOCK_DECIDED},
                  {"act", RS_CLOCK_DECIDED, RS_CLOCK_COMMANDED}};
    const struct role *r = &l->sc->response.role[role];
    const struct dist *assumed[] = {&r->acknowledge, &r->decide, &r->act};
    int n = 0;
    const char *left = NULL;
    struct retro_duration *d =
        rs_learn_durations(l, leg_of[what].from, leg_of[what].to, role, -1, &n, &left);
    if (n == 0 && !left)
        return;
    struct retro_fit *f = rs_learn_add(
        l, RS_FIT_PEOPLE, rs_arena_printf(l->arena, "%s: %s", r->name, leg_of[what].key));
    if (n == 0) {
        f->refused = left;
        return;
    }
    rs_learn_fit_law(l, f, d, n, assumed[what]);
    if (left && f->method)
        f->method = rs_arena_printf(l->arena, "%s; %s", f->method, left);
    if (f->text)
        f->path = rs_arena_printf(l->arena, "roles/%s/%s", r->name, leg_of[what].key);
}

/* Legs that no single key of a scenario stands for. */
static void fit_response(struct learning *l)
{
    static const int legs[][2] = {
        {RS_RETRO_CHANGED, RS_CLOCK_ONSET},      {RS_CLOCK_ONSET, RS_CLOCK_DETECTED},
        {RS_CLOCK_DETECTED, RS_CLOCK_COMMANDED}, {RS_CLOCK_COMMANDED, RS_CLOCK_COMPLETED},
        {RS_CLOCK_DETECTED, RS_CLOCK_COMPLETED}, {RS_CLOCK_ONSET, RS_CLOCK_RECOVERED}};
    for (size_t i = 0; i < sizeof(legs) / sizeof(legs[0]); i++) {
        int n = 0;
        struct retro_duration *d = rs_learn_durations(l, legs[i][0], legs[i][1], -1, -1, &n, NULL);
        if (n < 3)
            continue;
        struct retro_fit *f = rs_learn_add(l, RS_FIT_PEOPLE,
                                           rs_arena_printf(l->arena, "response: %s to %s",
                                                           rs_retro_instant_name(legs[i][0]),
                                                           rs_retro_instant_name(legs[i][1])));
        rs_learn_fit_law(l, f, d, n, NULL);
    }
}

void rs_learn_people_fits(struct learning *l)
{
    for (int role = 0; l->sc && role < l->sc->response.n_role; role++) {
        for (int what = 0; what < 3; what++)
            fit_role(l, role, what);
    }
    fit_response(l);
}

/* ---- propagation ---- */

/* One instance: a poll after a part of the interval, and the delay after it. */
static double way_cdf(const void *ctx, double t_s)
{
    enum { N = 32 };
    const struct propagation *p = ctx;
    if (p->kind == RS_PROPAGATION_STREAMING)
        return (1.0 - p->half_open_ratio) * rs_dist_cdf(&p->delay, t_s) +
               p->half_open_ratio * rs_dist_cdf(&p->half_open_delay, t_s);
    double every = rs_s_from_ns(p->poll_ns), sum = 0.0;
    for (int i = 0; i < N; i++)
        sum += rs_dist_cdf(&p->delay, t_s - every * (i + 0.5) / N);
    return sum / N;
}

static int n_instances(const struct scenario *sc, int flag)
{
    int n = 0;
    for (int s = 0; s < sc->n_service; s++) {
        bool asks = false;
        for (int p = 0; p < sc->service[s].n_path; p++) {
            for (int k = 0; k < sc->service[s].path[p].n_when; k++)
                asks = asks || sc->service[s].path[p].when[k].flag == flag;
        }
        n += asks ? sc->service[s].n_instance : 0;
    }
    return n > 0 ? n : 1;
}

/* A few toggles that agree with the assumption are no reason to write another number into it. */
static bool is_worth_writing(struct learning *l, struct retro_fit *f, struct fit_value factor)
{
    if (f->n >= ENOUGH || factor.low > 1.0 || factor.high < 1.0)
        return true;
    f->method = rs_arena_printf(l->arena,
                                "%s; told and not written: fewer than %d toggles were seen, and "
                                "the interval holds the assumption",
                                f->method, ENOUGH);
    return false;
}

static void fit_flag(struct learning *l, int procedure, int flag)
{
    const struct flag *fl = &l->sc->flag[flag];
    int n = 0;
    struct retro_duration *d =
        rs_learn_durations(l, RS_CLOCK_COMMANDED, RS_CLOCK_EFFECTIVE, -1, procedure, &n, NULL);
    if (n == 0)
        return;
    struct retro_fit *f = rs_learn_add(
        l, RS_FIT_PROPAGATION, rs_arena_printf(l->arena, "%s reaches the last instance", fl->name));
    bool polls = fl->propagation.kind == RS_PROPAGATION_POLLING;
    int parts = n_instances(l->sc, flag);
    f->n = (uint64_t)n;
    f->n_duration = n;
    f->duration = d;
    f->method = rs_arena_printf(
        l->arena,
        "Bayesian: by what factor the assumed law is stretched, the last of %d instances; "
        "before the evidence a factor of 2 either way is one standard deviation",
        parts);
    struct fit_value v =
        rs_fit_stretch(way_cdf, &fl->propagation, parts, spans_of(l, d, n), n, l->confidence);
    rs_learn_parameter(l, f, "factor", "", 1.0, v);
    bool is_written = is_worth_writing(l, f, v);
    double every = rs_s_from_ns(fl->propagation.poll_ns);
    if (polls) {
        rs_learn_parameter(l, f, "every", "s", every,
                           (struct fit_value){every * v.value, every * v.low, every * v.high});
        if (is_written) {
            f->path = rs_arena_printf(l->arena, "flags/%s/propagation/polling/every", fl->name);
            f->text = rs_learn_duration_text(l, every * v.value);
        }
        return;
    }
    double median = rs_dist_quantile(&fl->propagation.delay, 0.5);
    double p99 = rs_dist_quantile(&fl->propagation.delay, 0.99);
    rs_learn_parameter(l, f, "median", "s", median,
                       (struct fit_value){median * v.value, median * v.low, median * v.high});
    f->placeholder = is_written && fl->propagation.delay.placeholder;
    if (is_written && p99 > median && median > 0.0) {
        f->path = rs_arena_printf(l->arena, "flags/%s/propagation/streaming/delay", fl->name);
        f->text = rs_learn_lognormal_text(l, median * v.value, "p99", p99 * v.value,
                                          fl->propagation.delay.cap_s * v.value);
    }
}

void rs_learn_propagation_fits(struct learning *l)
{
    const struct response *plan = &l->sc->response;
    for (int p = 0; p < plan->n_procedure; p++) {
        int flag = -1, n = 0;
        for (int k = 0; k < plan->procedure[p].n_action; k++) {
            const struct action *a = &plan->procedure[p].action[k];
            if (a->kind != RS_ACT_SET_FLAG || !a->blocking)
                continue;
            flag = a->flag;
            n++;
        }
        if (n == 1) /* of several flags the last one counts, and nobody knows which it was */
            fit_flag(l, p, flag);
    }
}
