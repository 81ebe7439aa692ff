/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The toll of an episode under another time of the rollback. Recorded failures are divided into the fault's and those that the
 * base ratio explains (each is the fault's with the odds of the two rates); where a history goes on that was not recorded,
 * failures are Poisson with the level's posterior, under a flat prior of half a count (Jeffreys; Berger, Statistical Decision
 * Theory (1985), sec. 3.3.3). The level is widened by the dispersion of ten parts of its window where the fault came and
 * went (McCullagh & Nelder, Generalized Linear Models (1989), sec. 4.5).
 */
#include "retro/harm.h"

#include <math.h>

#include "models/traffic.h"
#include "sim/clock.h"

static const int64_t base_at_most_ns = 6 * 3600 * RS_NS_PER_S;
enum { N_PART = 10 };

/* ---- instants ---- */

bool rs_harm_is_known(const struct retro_instant *at)
{
    return at->how != RS_HOW_UNKNOWN && !at->never && at->best_ns != RS_NEVER &&
           at->best_ns != INT64_MIN;
}

static int64_t latest(const struct retro_instant *at)
{
    return at->hi_ns != RS_NEVER ? at->hi_ns : at->best_ns;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static struct retro_instant of_change(const struct retro_change *c)
{
    return (struct retro_instant){
        .how = RS_HOW_INFERRED, .lo_ns = c->lo_ns, .best_ns = c->best_ns, .hi_ns = c->hi_ns};
}

/* ---- rates ---- */

/* What no draw can be made of (a level without an upper end, a spread that is too small for a double) tells nothing: half a count. */
static struct harm_rate rate_of(double shape, double exposure, double best)
{
    static const double least = 1e-9, most = 1e12;
    if (shape >= least && shape <= most && exposure > 0.0 && isfinite(exposure))
        return (struct harm_rate){.shape = shape, .exposure = exposure};
    double stopgap = best > 1e-12 && isfinite(best) ? 0.5 / best : 1e9;
    return (struct harm_rate){.shape = 0.5, .exposure = stopgap};
}

static struct harm_rate rate_in(const struct harm_flow *f, int64_t a_ns, int64_t b_ns)
{
    return (struct harm_rate){.shape = fmax(0.0, rs_harm_flow_k(f, a_ns, b_ns)) + 0.5,
                              .exposure = rs_harm_flow_n(f, a_ns, b_ns)};
}

/* Pearson's chi-squared over its degrees of freedom, for parts of the window; 1 where there is too little to tell. */
static double dispersion(const struct harm_flow *f, int64_t a_ns, int64_t b_ns)
{
    double chi2 = 0.0, ratio = rs_harm_flow_k(f, a_ns, b_ns) / rs_harm_flow_n(f, a_ns, b_ns);
    if ((b_ns - a_ns) / N_PART < 2 * f->step_ns || !(ratio > 0.0))
        return 1.0;
    for (int i = 0; i < N_PART; i++) {
        int64_t from = a_ns + (b_ns - a_ns) / N_PART * i, to = from + (b_ns - a_ns) / N_PART;
        double mean = ratio * rs_harm_flow_n(f, from, to);
        if (mean > 1e-6) /* less is the rounding of running sums */
            chi2 += pow(rs_harm_flow_k(f, from, to) - mean, 2.0) / mean;
    }
    return fmax(1.0, chi2 / (N_PART - 1));
}

struct harm_rate rs_harm_rate_of_level(double best, double lo, double hi)
{
    double sd = (hi - lo) / 4.0; /* of 95 %, near enough for what is a stopgap */
    return rate_of(best * best / (sd * sd), best / (sd * sd), best);
}

static void find_rates(struct harm *h, struct harm_kind *k, bool shows, int64_t before_ns)
{
    const struct retro_episode *e = h->e;
    const struct harm_flow *f = &k->flow;
    int64_t from = later(before_ns, earlier(h->onset.best_ns, latest(&h->onset)) - base_at_most_ns);
    int64_t until = (h->onset.lo_ns != INT64_MIN ? h->onset.lo_ns : h->onset.best_ns) - f->step_ns;
    k->base = rate_in(f, from, until);
    if (!(k->base.exposure > 0.0))
        k->base = shows && e->up.found
                      ? rs_harm_rate_of_level(e->up.before, e->up.before_lo, e->up.before_hi)
                      : (struct harm_rate){.shape = 0.5, .exposure = 1e9};
    int64_t on = latest(&h->onset) + f->step_ns;
    if (e->up.found)
        on = later(on, e->up.hi_ns + f->step_ns + rs_ns_from_s(e->up.ramp_s));
    int64_t off = h->end_ns;
    if (h->rolled_back) {
        const struct retro_instant *c = &e->at[RS_CLOCK_COMMANDED];
        off = (c->lo_ns != INT64_MIN ? c->lo_ns : c->best_ns) - f->step_ns;
    }
    for (int i = 0; i < h->crowd.n_piece; i++) { /* under the audience that it had last */
        int64_t at = h->crowd.piece_at_ns[i] + 2 * f->step_ns;
        if (at < off && h->crowd.piece_level[i] > 0)
            on = later(on, at);
    }
    k->level = rate_in(f, on, off);
    if (!(k->level.exposure >
          0.0)) /* it was over too soon: all that it did, over all the time that it was there */
        k->level = rate_in(f, h->onset.best_ns,
                           h->rolled_back ? e->at[RS_CLOCK_COMMANDED].best_ns : h->end_ns);
    if (!(k->level.exposure > 0.0) && shows && e->up.found)
        k->level = rs_harm_rate_of_level(e->up.after, e->up.after_lo, e->up.after_hi);
    if (!(k->level.exposure > 0.0))
        k->level = (struct harm_rate){.shape = 0.5, .exposure = 0.5}; /* anything up to all */
    double wider = dispersion(f, on, off);
    k->level = rate_of(k->level.shape / wider, k->level.exposure / wider,
                       k->level.shape / k->level.exposure);
}

/* ---- opening ---- */

static bool find_flows(struct harm *h)
{
    const struct retro *r = h->r;
    const struct retro_episode *e = h->e;
    bool service = r->evidence->scenario && e->service >= 0;
    struct harm_kind *k = h->kind;
    if (service)
        k[RS_HARM_ERRORS].given = rs_harm_flow_requests(&k[RS_HARM_ERRORS].flow, r, e->service);
    if (!k[RS_HARM_ERRORS].given && e->signal >= 0)
        k[RS_HARM_ERRORS].given =
            rs_harm_flow_signal(&k[RS_HARM_ERRORS].flow, r->arena, &r->rebuilt.signal[e->signal]);
    if (service && k[RS_HARM_ERRORS].given)
        k[RS_HARM_SLOW].given = rs_harm_flow_slow(&k[RS_HARM_SLOW].flow, r, e->service);
    return k[RS_HARM_ERRORS].given;
}

/* Of the flags that may have begun it none is a fault that was seen; a note that one did is. */
static bool is_by_flags(const struct retro *r, const struct retro_instant *changed)
{
    return rs_harm_is_known(changed) && changed->mark >= 0 && changed->mark < r->evidence->n_mark &&
           r->evidence->mark[changed->mark].event == RS_EVENT_FLAG_SET;
}

static bool find_onset(struct harm *h)
{
    const struct retro_episode *e = h->e;
    h->onset = e->at[RS_CLOCK_ONSET];
    if (!rs_harm_is_known(&h->onset) && e->up.found)
        h->onset = of_change(&e->up);
    if (!rs_harm_is_known(&h->onset) && !is_by_flags(h->r, &e->at[RS_RETRO_CHANGED]))
        h->onset = e->at[RS_RETRO_CHANGED];
    return rs_harm_is_known(&h->onset);
}

static int64_t onset_of(const struct retro_episode *e)
{
    const struct retro_instant *at = &e->at[RS_CLOCK_ONSET];
    return rs_harm_is_known(at) ? at->best_ns : e->up.found ? e->up.best_ns : RS_NEVER;
}

/* When it is over: by the series, else by what the clock says; not past the next episode of the service. */
static void find_end(struct harm *h)
{
    const struct retro_episode *e = h->e;
    static const int says[] = {RS_CLOCK_EFFECTIVE, RS_CLOCK_COMPLETED, RS_CLOCK_RECOVERED};
    const struct harm_flow *f = &h->kind[RS_HARM_ERRORS].flow;
    int64_t end = e->down.found ? e->down.hi_ns : INT64_MIN;
    for (int i = 0; i < (h->rolled_back ? 3 : 0); i++) {
        if (rs_harm_is_known(&e->at[says[i]]) && i < (e->down.found ? 2 : 3))
            end = later(end, latest(&e->at[says[i]]));
    }
    h->data_end_ns = rs_harm_flow_end(f);
    h->goes_on = end == INT64_MIN;
    end = h->goes_on ? h->data_end_ns : end + 2 * f->step_ns;
    for (int i = 0; i < h->r->rebuilt.n_episode; i++) {
        const struct retro_episode *other = &h->r->rebuilt.episode[i];
        int64_t at = onset_of(other);
        if (other != e && other->service == e->service && at > h->onset.best_ns)
            end = earlier(end, at);
    }
    h->end_ns = earlier(end, h->data_end_ns);
}

/* Not before the end of the episode of the service that came before. */
static int64_t quiet_since(const struct harm *h)
{
    int64_t since = h->kind[RS_HARM_ERRORS].flow.from_ns;
    for (int i = 0; i < h->r->rebuilt.n_episode; i++) {
        const struct retro_episode *other = &h->r->rebuilt.episode[i];
        if (other != h->e && other->service == h->e->service &&
            onset_of(other) < h->onset.best_ns && other->down.found)
            since = later(since, other->down.hi_ns);
    }
    return since;
}

static double scenario_s(const struct retro *r, int64_t at_ns)
{
    bool dated = rs_recorded_is_absolute(at_ns / RS_NS_PER_MS);
    double s = rs_s_from_ns(dated ? at_ns - r->evidence->scenario->starts_at_unix_ns : at_ns);
    return s > 0.0 ? s : 0.0;
}

static double profile_requests(const struct retro *r, int service, int64_t a_ns, int64_t b_ns)
{
    const struct scenario *sc = r->evidence->scenario;
    double a = scenario_s(r, a_ns), b = scenario_s(r, b_ns), sum = 0.0;
    for (int i = 0; i < sc->n_traffic && b > a; i++) {
        if (sc->traffic[i].service == service)
            sum += rs_profile_integral(&sc->traffic[i].profile, a, b);
    }
    return sum;
}

/* Traffic after the last sample: the last hour's, moved along with the scenario's profile where there is one. */
static void look_ahead(struct harm *h)
{
    const struct harm_flow *f = &h->kind[RS_HARM_ERRORS].flow;
    int64_t from = later(f->from_ns, h->data_end_ns - 3600 * RS_NS_PER_S);
    double n = rs_harm_flow_n(f, from, h->data_end_ns);
    h->beyond_per_s = n / rs_s_from_ns(h->data_end_ns - from);
    if (h->r->evidence->scenario && h->e->service >= 0) {
        double expected = profile_requests(h->r, h->e->service, from, h->data_end_ns);
        h->beyond_scale = expected > 0.0 ? n / expected : 0.0;
    }
}

double rs_harm_requests(const struct harm *h, const struct harm_flow *f, int64_t a_ns, int64_t b_ns)
{
    double n = rs_harm_flow_n(f, a_ns, b_ns);
    int64_t from = later(a_ns, h->data_end_ns);
    if (b_ns <= from)
        return n;
    if (h->beyond_scale > 0.0)
        return n + h->beyond_scale * profile_requests(h->r, h->e->service, from, b_ns);
    return n + h->beyond_per_s * rs_s_from_ns(b_ns - from);
}

void rs_harm_open(struct harm *h, const struct retro *r, const struct retro_episode *e)
{
    *h = (struct harm){.r = r, .e = e, .allowed = NAN};
    const struct scenario *sc = r->evidence->scenario;
    if (!find_flows(h)) {
        h->refused =
            sc && e->service >= 0
                ? rs_arena_printf(r->arena, "no series counts the requests of %s and their errors",
                                  sc->service[e->service].name)
                : "no series counts requests and errors of what this episode is about";
        return;
    }
    if (!find_onset(h)) {
        h->refused = "no fault is seen: no series shows a change, and nobody noted when it began";
        return;
    }
    if (h->onset.best_ns >= rs_harm_flow_end(&h->kind[RS_HARM_ERRORS].flow) ||
        h->onset.best_ns < h->kind[RS_HARM_ERRORS].flow.from_ns) {
        h->refused = "requests were not recorded at that time";
        return;
    }
    h->rolled_back = e->had_rollback && rs_harm_is_known(&e->at[RS_CLOCK_COMMANDED]);
    if (e->had_rollback && !h->rolled_back) {
        h->refused = "there was a rollback, and when it was commanded is not known";
        return;
    }
    if (sc && e->service >= 0)
        h->allowed = sc->service[e->service].slo_error_ratio;
    find_end(h);
    rs_harm_crowd(&h->crowd, r, e);
    look_ahead(h);
    for (int i = 0; i < RS_HARM_KIND_N; i++) {
        if (h->kind[i].given)
            find_rates(h, &h->kind[i], i == RS_HARM_ERRORS, quiet_since(h));
    }
}
