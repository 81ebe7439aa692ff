/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "verify/claim.h"

#include <assert.h>
#include <math.h>

#include "sim/clock.h"
#include "tally.h"

const char *rs_quantity_name(enum quantity q)
{
    static const char *const names[RS_Q_N] = {
        [RS_Q_LEG] = "leg",
        [RS_Q_USERS_HURT] = "users_hurt",
        [RS_Q_USERS_HURT_SINCE_ONSET] = "users_hurt_since_onset",
        [RS_Q_REQUESTS_FAILED] = "requests_failed",
        [RS_Q_ERROR_RATIO] = "error_ratio",
        [RS_Q_BUDGET_BURNED] = "budget_burned",
        [RS_Q_PAGES] = "pages",
        [RS_Q_ALERTS] = "alerts",
        [RS_Q_ROLLOUT_DURATION] = "rollout_duration",
        [RS_Q_OUTCOME] = "outcome",
        [RS_Q_FALSE_ROLLBACK] = "false_rollback",
    };
    assert(q >= 0 && q < RS_Q_N);
    return names[q];
}

const char *rs_verdict_name(enum verdict_kind v)
{
    static const char *const names[RS_VERDICT_N] = {
        [RS_VERDICT_PROVED] = "proved",       [RS_VERDICT_HOLDS] = "holds",
        [RS_VERDICT_VIOLATED] = "violated",   [RS_VERDICT_REFUTED] = "refuted",
        [RS_VERDICT_UNBOUNDED] = "unbounded", [RS_VERDICT_UNDECIDED] = "undecided",
    };
    assert(v >= 0 && v < RS_VERDICT_N);
    return names[v];
}

bool rs_verdict_is_bad(enum verdict_kind v)
{
    return v == RS_VERDICT_VIOLATED || v == RS_VERDICT_REFUTED || v == RS_VERDICT_UNBOUNDED;
}

bool rs_verdict_is_good(enum verdict_kind v)
{
    return v == RS_VERDICT_PROVED || v == RS_VERDICT_HOLDS;
}

const char *rs_engine_name(enum engine e)
{
    static const char *const names[RS_ENGINE_N] = {
        [RS_ENGINE_EXHAUSTIVE] = "exhaustive", [RS_ENGINE_BOUND] = "bound",
        [RS_ENGINE_E_PROCESS] = "e-process",   [RS_ENGINE_MEAN] = "mean-sequence",
        [RS_ENGINE_SPLITTING] = "splitting",
    };
    assert(e >= 0 && e < RS_ENGINE_N);
    return names[e];
}

const char *rs_engine_guarantee(enum engine e)
{
    switch (e) {
    case RS_ENGINE_EXHAUSTIVE:
    case RS_ENGINE_BOUND: return "proved";
    case RS_ENGINE_E_PROCESS:
    case RS_ENGINE_MEAN: return "statistical";
    case RS_ENGINE_SPLITTING: return "asymptotic";
    case RS_ENGINE_N: break;
    }
    assert(!"an engine of no kind");
    return "";
}

const char *rs_open_reason_name(enum open_reason r)
{
    static const char *const names[RS_OPEN_N] = {
        [RS_OPEN_NONE] = "none",
        [RS_OPEN_NO_REPLICA] = "no-replica",
        [RS_OPEN_NOT_APPLICABLE] = "not-applicable",
        [RS_OPEN_NO_EVENT] = "no-event",
        [RS_OPEN_BUDGET] = "budget",
        [RS_OPEN_CUT] = "cut",
        [RS_OPEN_TRUNCATED] = "truncated",
        [RS_OPEN_LOOSE] = "loose",
    };
    assert(r >= 0 && r < RS_OPEN_N);
    return names[r];
}

bool rs_claim_is_statistical(const struct claim *c)
{
    return c->kind == RS_CLAIM_PROBABILITY || c->kind == RS_CLAIM_QUANTILE ||
           c->kind == RS_CLAIM_EXPECTATION;
}

bool rs_claim_is_event(const struct claim *c)
{
    return c->of == RS_Q_OUTCOME || c->of == RS_Q_FALSE_ROLLBACK;
}

static bool is_given(const struct claim *c, const struct history *h)
{
    switch (c->given) {
    case RS_GIVEN_ALL: return true;
    case RS_GIVEN_NO_FAULT: return h->fault < 0;
    case RS_GIVEN_FAULT: return h->fault == c->given_fault;
    case RS_GIVEN_ANY_FAULT: return h->fault >= 0;
    }
    assert(!"a condition of no kind");
    return false;
}

static struct claim_sample not_applicable(void)
{
    return (struct claim_sample){RS_SAMPLE_NOT_APPLICABLE, NAN};
}

static struct claim_sample value_of(double v)
{
    return (struct claim_sample){RS_SAMPLE_VALUE, v};
}

/* The longest time that the claim cares for, in ns: a wait that has lasted so long is as good as infinite. */
static double deadline_ns(const struct claim *c)
{
    switch (c->kind) {
    case RS_CLAIM_PROBABILITY: return c->within;
    case RS_CLAIM_QUANTILE: return c->limit;
    case RS_CLAIM_EXPECTATION: return c->cap;
    case RS_CLAIM_BOUND:
    case RS_CLAIM_ALWAYS:
    case RS_CLAIM_NEVER: break;
    }
    assert(!"a claim of no kind");
    return 0.0;
}

/* A wait that was not over when the replica ended: infinite once the deadline has passed, before that nobody knows. */
static struct claim_sample open_wait(const struct claim *c, int64_t from_ns, int64_t end_ns)
{
    if ((double)(end_ns - from_ns) >= deadline_ns(c))
        return value_of(INFINITY);
    return (struct claim_sample){RS_SAMPLE_UNDECIDED, NAN};
}

/* These two happen whether or not anybody ever notices. */
static bool starts_unnoticed(enum clock_mark from)
{
    return from == RS_CLOCK_ONSET || from == RS_CLOCK_FIRST_BAD;
}

/* What was set off by no fault says nothing of how a fault is handled. */
static bool wants_fault(const struct claim *c)
{
    return starts_unnoticed(c->from) || c->given == RS_GIVEN_FAULT ||
           c->given == RS_GIVEN_ANY_FAULT;
}

static const struct episode *first_match(const struct claim *c, const struct history *h)
{
    for (int i = 0; i < h->n_episode; i++) {
        const struct episode *e = &h->episode[i];
        if ((e->fault >= 0 || !wants_fault(c)) &&
            (c->procedure < 0 || e->procedure == c->procedure))
            return e;
    }
    return NULL;
}

/* A fault that was missed has no episode, but its leg from the onset runs all the same. The onset stands for the first bad sample. */
static bool leg_of_missed(struct claim_leg *out, const struct claim *c, const struct history *h)
{
    if (!starts_unnoticed(c->from) || !h->fault_started || h->onset_ns == RS_NEVER)
        return false;
    if (starts_unnoticed(c->to)) /* nothing recorded them, so nothing can be said */
        return false;
    *out = (struct claim_leg){.from_ns = h->onset_ns, .known_ns = h->onset_ns, .to_ns = RS_NEVER};
    return true;
}

bool rs_claim_leg(struct claim_leg *out, const struct claim *c, const struct history *h)
{
    if (!is_given(c, h))
        return false;
    const struct episode *e = first_match(c, h);
    if (!e)
        return leg_of_missed(out, c, h);
    int64_t from_ns = e->at_ns[c->from], detected_ns = e->at_ns[RS_CLOCK_DETECTED];
    if (from_ns == RS_NEVER)
        return false;
    *out = (struct claim_leg){
        .from_ns = from_ns,
        .known_ns = starts_unnoticed(c->from) || detected_ns < from_ns ? from_ns : detected_ns,
        .to_ns = e->at_ns[c->to],
        .lost = e->gave_up && c->to == RS_CLOCK_COMPLETED,
    };
    return true;
}

static struct claim_sample leg(const struct claim *c, const struct history *h)
{
    struct claim_leg l;
    if (!rs_claim_leg(&l, c, h))
        return not_applicable();
    if (l.to_ns != RS_NEVER) /* else it was over before it began */
        return value_of(l.to_ns > l.from_ns ? (double)(l.to_ns - l.from_ns) : 0.0);
    if (l.lost)
        return value_of(INFINITY);
    return open_wait(c, l.from_ns, h->sim_ns);
}

struct claim_sample
rs_claim_measure(const struct scenario *sc, const struct claim *c, const struct history *h)
{
    (void)sc;
    if (!is_given(c, h))
        return not_applicable();
    switch (c->of) {
    case RS_Q_LEG: return leg(c, h);
    case RS_Q_USERS_HURT: return value_of((double)h->users_hurt);
    case RS_Q_USERS_HURT_SINCE_ONSET:
        return h->fault_started ? value_of((double)h->users_hurt_since_onset) : not_applicable();
    case RS_Q_REQUESTS_FAILED: return value_of((double)h->n_error);
    case RS_Q_ERROR_RATIO:
        return h->n_request == 0 ? not_applicable()
                                 : value_of((double)h->n_error / (double)h->n_request);
    case RS_Q_BUDGET_BURNED:
        return isnan(h->budget_burned) ? not_applicable() : value_of(h->budget_burned);
    case RS_Q_PAGES: return value_of(h->n_page);
    case RS_Q_ALERTS: return value_of(h->n_alert_fired);
    case RS_Q_ROLLOUT_DURATION:
        return h->ended_ns == RS_NEVER ? open_wait(c, 0, h->sim_ns) : value_of((double)h->ended_ns);
    case RS_Q_OUTCOME: return value_of(h->outcome == c->outcome ? 1.0 : 0.0);
    case RS_Q_FALSE_ROLLBACK: return value_of(h->false_rollback ? 1.0 : 0.0);
    case RS_Q_N: break;
    }
    assert(!"a quantity of no kind");
    return not_applicable();
}

struct claim_sample
rs_claim_sample(const struct scenario *sc, const struct claim *c, const struct history *h)
{
    struct claim_sample s = rs_claim_measure(sc, c, h);
    if (c->kind == RS_CLAIM_PROBABILITY && !rs_claim_is_event(c) && s.state == RS_SAMPLE_VALUE)
        s.value = s.value <= c->within ? 1.0 : 0.0;
    return s;
}

static bool is_placeholder(const struct dist *d)
{
    if (d->placeholder)
        return true;
    for (int i = 0; d->kind == RS_DIST_MIXTURE && i < d->n; i++) {
        if (is_placeholder(&d->part[i]))
            return true;
    }
    return false;
}

/* Whether the quantity moves when people are slower. Up to the notification, machines are alone. */
static bool rests_on_people(const struct claim *c)
{
    switch (c->of) {
    case RS_Q_LEG: return c->to >= RS_CLOCK_ACKNOWLEDGED || c->from >= RS_CLOCK_ACKNOWLEDGED;
    case RS_Q_USERS_HURT:
    case RS_Q_USERS_HURT_SINCE_ONSET:
    case RS_Q_REQUESTS_FAILED:
    case RS_Q_ERROR_RATIO:
    case RS_Q_BUDGET_BURNED:
    case RS_Q_PAGES:
    case RS_Q_ALERTS: return c->given != RS_GIVEN_NO_FAULT;
    case RS_Q_ROLLOUT_DURATION:
    case RS_Q_OUTCOME: return true;
    case RS_Q_FALSE_ROLLBACK:
    case RS_Q_N: break;
    }
    return false;
}

bool rs_claim_placeholder(const struct scenario *sc,
                          const struct claim *c,
                          int *out_role,
                          const char **out_part)
{
    /* A leg that starts later does not rest on what came before. */
    bool leg = c->of == RS_Q_LEG;
    int first = leg && c->from >= RS_CLOCK_DECIDED ? 2 : leg && c->from >= RS_CLOCK_ACKNOWLEDGED;
    bool by_machines = c->from >= RS_CLOCK_COMMANDED && c->to <= RS_CLOCK_EFFECTIVE;
    if (leg && (c->from >= RS_CLOCK_COMPLETED || by_machines))
        return false;
    for (int i = 0; rests_on_people(c) && i < sc->response.n_role; i++) {
        const struct role *role = &sc->response.role[i];
        const struct dist *dist[] = {&role->acknowledge, &role->decide, &role->act};
        static const char *const part[] = {"acknowledge", "decide", "act"};
        for (int j = first; j < 3; j++) {
            if (is_placeholder(dist[j])) {
                *out_role = i;
                *out_part = part[j];
                return true;
            }
        }
    }
    return false;
}
