/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reading.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report_words.h"
#include "sim/clock.h"
#include "verify/reach.h"
#include "verify/report.h"
#include "words.h"

#define BUF 64

/* ---- the claim ------------------------------------------------------------------------------------------------------- */

static const char *histories(struct arena *arena, const struct scenario *sc, const struct claim *c)
{
    switch (c->given) {
    case RS_GIVEN_ALL: return "histories";
    case RS_GIVEN_NO_FAULT: return "histories without a fault";
    case RS_GIVEN_FAULT:
        return rs_arena_printf(arena, "histories with the fault %s",
                               sc->fault[c->given_fault].name);
    case RS_GIVEN_ANY_FAULT: return "histories with a fault";
    }
    return "";
}

/* "the time from detected to completed by portal-outage" */
static const char *quantity(struct arena *arena, const struct scenario *sc, const struct claim *c)
{
    switch (c->of) {
    case RS_Q_LEG:
        return rs_arena_printf(arena, "the time from %s to %s%s%s",
                               c->from_condition ? "when the condition is true for good"
                                                 : rs_clock_name(c->from),
                               rs_clock_name(c->to), c->procedure >= 0 ? " by " : "",
                               c->procedure >= 0 ? sc->response.procedure[c->procedure].name : "");
    case RS_Q_USERS_HURT: return "the number of users hurt";
    case RS_Q_USERS_HURT_SINCE_ONSET:
        return "the number of users hurt for the first time since the onset";
    case RS_Q_REQUESTS_FAILED: return "the number of failed requests";
    case RS_Q_ERROR_RATIO: return "the share of failed requests";
    case RS_Q_BUDGET_BURNED: return "the share of the error budget that is burned";
    case RS_Q_PAGES: return "the number of pages";
    case RS_Q_ALERTS: return "the number of alerts that fire";
    case RS_Q_ROLLOUT_DURATION: return "the duration of the rollout";
    case RS_Q_OUTCOME:
        return rs_arena_printf(arena, "the rollout ends as %s", rs_outcome_name(c->outcome));
    case RS_Q_FALSE_ROLLBACK: return "something is rolled back before any fault";
    case RS_Q_N: break;
    }
    return "";
}

/* A value of the quantity as its author would write it. */
static const char *value(char *buf, size_t n, const struct claim *c, double x)
{
    if (rs_claim_is_time(c) && isfinite(x))
        return rs_duration_format(buf, n, (int64_t)x);
    return rs_quantity_human(buf, n, c, x);
}

static const char *
probability_text(struct arena *arena, const struct scenario *sc, const struct claim *c)
{
    char share[BUF], within[BUF];
    const char *most = c->at_most ? "at most" : "at least", *of = histories(arena, sc, c);
    rs_percent_human(share, sizeof share, c->limit);
    if (c->of == RS_Q_OUTCOME || c->of == RS_Q_FALSE_ROLLBACK)
        return rs_arena_printf(arena, "In %s %s of the %s, %s.", most, share, of,
                               quantity(arena, sc, c));
    return rs_arena_printf(arena, "In %s %s of the %s, %s is at most %s.", most, share, of,
                           quantity(arena, sc, c), value(within, sizeof within, c, c->within));
}

/* "The q-quantile is at most x" says that a share q keeps to x; "at least x", that at most a share q is below it. */
static const char *
quantile_text(struct arena *arena, const struct scenario *sc, const struct claim *c)
{
    char share[BUF], limit[BUF];
    rs_percent_human(share, sizeof share, c->q);
    return rs_arena_printf(arena, "In %s %s of the %s, %s is %s %s.",
                           c->at_most ? "at least" : "at most", share, histories(arena, sc, c),
                           quantity(arena, sc, c), c->at_most ? "at most" : "below",
                           value(limit, sizeof limit, c, c->limit));
}

static const char *
expectation_text(struct arena *arena, const struct scenario *sc, const struct claim *c)
{
    char limit[BUF], cap[BUF];
    return rs_arena_printf(
        arena, "On average over the %s, %s is %s %s, each counted up to %s.",
        histories(arena, sc, c), quantity(arena, sc, c), c->at_most ? "at most" : "at least",
        value(limit, sizeof limit, c, c->limit), value(cap, sizeof cap, c, c->cap));
}

/* ---- states ---------------------------------------------------------------------------------------------------------- */

static const char *
down_text(struct arena *arena, const struct scenario *sc, const struct predicate *p)
{
    switch ((enum reach_part)p->value) {
    case RS_PART_NOTHING: return "everything works";
    case RS_PART_ALERTING: return "alerting is out of order";
    case RS_PART_FLAG_SERVICE: return "the flag service is out of order";
    case RS_PART_ROLE:
        return rs_arena_printf(arena, "%s is missing", sc->response.role[p->index].name);
    }
    return "";
}

static const char *is_what(int value)
{
    switch ((enum predicate_value)value) {
    case RS_IS_ON: return "is on for somebody";
    case RS_IS_FULLY_ON: return "is on for everybody";
    case RS_IS_OFF: return "is off";
    case RS_IS_PRESENT: return "is there";
    case RS_IS_REMOVED: return "is removed";
    case RS_IS_TAKEN: return "is taken";
    }
    return "";
}

static const char *predicate_text(struct arena *arena,
                                  const struct scenario *sc,
                                  const struct predicate *p,
                                  bool nested);

/* "A and B", in brackets where it is a part of something; of one part, that part. */
static const char *
parts_text(struct arena *arena, const struct scenario *sc, const struct predicate *p, bool nested)
{
    const char *text = "", *word = p->op == RS_PREDICATE_ALL ? " and " : " or ";
    for (int i = 0; i < p->n; i++)
        text = rs_arena_printf(arena, "%s%s%s", text, i ? word : "",
                               predicate_text(arena, sc, &p->part[i], p->n > 1));
    return p->n > 1 && nested ? rs_arena_printf(arena, "(%s)", text) : text;
}

static const char *predicate_text(struct arena *arena,
                                  const struct scenario *sc,
                                  const struct predicate *p,
                                  bool nested)
{
    switch (p->op) {
    case RS_PREDICATE_ALL:
    case RS_PREDICATE_ANY: return parts_text(arena, sc, p, nested);
    case RS_PREDICATE_NOT:
        return rs_arena_printf(arena, "it is not so that %s",
                               predicate_text(arena, sc, &p->part[0], true));
    case RS_PREDICATE_FLAG:
        return rs_arena_printf(arena, "%s %s", sc->flag[p->index].name, is_what(p->value));
    case RS_PREDICATE_PATH:
        return rs_arena_printf(arena, "path %s of %s %s",
                               sc->service[p->service].path[p->index].name,
                               sc->service[p->service].name, is_what(p->value));
    case RS_PREDICATE_STAGE:
        return p->index < 0
                   ? "no stage was entered"
                   : rs_arena_printf(arena, "the stage is %s", sc->response.stage[p->index].name);
    case RS_PREDICATE_ROLLOUT:
        return rs_arena_printf(arena, "the rollout is %s",
                               rs_reach_rollout_name((enum reach_rollout)p->value));
    case RS_PREDICATE_DOWN: return down_text(arena, sc, p);
    }
    return "";
}

static const char *state_text(struct arena *arena, const struct scenario *sc, const struct claim *c)
{
    const char *state =
        c->state ? predicate_text(arena, sc, c->state, false) : "the claim's condition is true";
    if (c->reaches)
        return rs_arena_printf(arena, "From every reachable state one can be reached in which %s.",
                               state);
    return rs_arena_printf(arena, "In %s reachable state, %s.",
                           c->kind == RS_CLAIM_ALWAYS ? "every" : "no", state);
}

const char *rs_claim_reading(struct arena *arena, const struct scenario *sc, const struct claim *c)
{
    char within[BUF];
    switch (c->kind) {
    case RS_CLAIM_PROBABILITY: return probability_text(arena, sc, c);
    case RS_CLAIM_QUANTILE: return quantile_text(arena, sc, c);
    case RS_CLAIM_EXPECTATION: return expectation_text(arena, sc, c);
    case RS_CLAIM_BOUND:
        return rs_arena_printf(arena,
                               "In no history, whatever the phases and draws, %s is more than %s.",
                               quantity(arena, sc, c), value(within, sizeof within, c, c->within));
    case RS_CLAIM_ALWAYS:
    case RS_CLAIM_NEVER: return state_text(arena, sc, c);
    }
    return "";
}

/* ---- the verdict ----------------------------------------------------------------------------------------------------- */

int rs_family_size(const struct scenario *sc)
{
    int n = 0;
    for (int i = 0; i < sc->n_claim; i++)
        n += rs_claim_is_statistical(&sc->claim[i]);
    return n;
}

struct premises {
    struct premise *item;
    int n;
};

static void add(struct premises *p, const char *name, const char *text)
{
    p->item[p->n++] = (struct premise){name, text};
}

static void add_statistical(struct premises *p,
                            struct arena *arena,
                            const struct run_result *r,
                            const struct verdict *v)
{
    const struct scenario *sc = r->scenario;
    const struct claim *c = v->claim;
    char family[BUF], buf[BUF];
    add(p, "phases",
        sc->n_world > 0
            ? rs_arena_printf(arena,
                              "the phases of scrapes, rules and polls are fixed in each of %" PRIu64
                              " worlds, through which the replicas go in turn",
                              sc->n_world)
            : "the phases of scrapes, rules and polls are drawn anew in every replica");
    add(p, "independence",
        "replicas draw from streams of their own; claims share replicas, which the family's "
        "correction allows");
    add(p, "family",
        rs_arena_printf(arena,
                        "%s for all statistical claims together, which are %d; each has an equal "
                        "share of the error (Bonferroni over e-values)",
                        rs_percent_human(family, sizeof family, sc->confidence),
                        rs_family_size(sc)));
    if (c->of == RS_Q_LEG || c->of == RS_Q_ROLLOUT_DURATION)
        add(p, "undecided",
            "a replica that was cut before its time was up counts against the claim both ways");
    if (c->kind == RS_CLAIM_EXPECTATION)
        add(p, "cap",
            rs_arena_printf(arena, "a value above %s counts as that",
                            value(buf, sizeof buf, c, c->cap)));
    if (v->engine == RS_ENGINE_SPLITTING)
        add(p, "asymptotic",
            "the interval of importance splitting is right for many repetitions only");
}

int rs_verdict_premises(struct premise out[RS_MAX_PREMISE],
                        struct arena *arena,
                        const struct run_result *r,
                        const struct verdict *v)
{
    struct premises p = {.item = out};
    switch (v->claim->kind) {
    case RS_CLAIM_PROBABILITY:
    case RS_CLAIM_QUANTILE:
    case RS_CLAIM_EXPECTATION: add_statistical(&p, arena, r, v); break;
    case RS_CLAIM_BOUND:
        add(&p, "phases",
            "every phase of scrapes, rules, groups and polls; the best and the worst "
            "are told apart");
        add(&p, "supports", "every draw inside the support of its distribution, dependent or not");
        break;
    case RS_CLAIM_ALWAYS:
    case RS_CLAIM_NEVER:
        add(&p, "time", "time is left out: what can happen may happen at any moment, in any order");
        break;
    }
    if (v->placeholder)
        add(&p, "placeholder",
            rs_arena_printf(arena, "%s is a placeholder that is yours to fill in", v->placeholder));
    return p.n;
}

static const char *budget_text(struct arena *arena, const struct verdict *v)
{
    if (v->engine == RS_ENGINE_SPLITTING && v->n_more == 0)
        return "Most repetitions died out on the way, or few of them make up the estimate: more "
               "effort or other levels of slack may help.";
    if (v->n_more > 0)
        return rs_arena_printf(arena,
                               "About %" PRIu64
                               " further replicas would decide it, should they go on like these.",
                               v->n_more);
    return "It stands so near its limit that more replicas hardly help.";
}

const char *rs_open_reason_text(struct arena *arena, const struct verdict *v)
{
    switch (v->reason) {
    case RS_OPEN_NONE: return "";
    case RS_OPEN_NO_REPLICA: return "No replica was run.";
    case RS_OPEN_NOT_APPLICABLE:
        if (v->claim->kind == RS_CLAIM_BOUND)
            return "No history has the mark that it starts from: nothing is shown.";
        return rs_claim_is_statistical(v->claim)
                   ? "No replica could say anything about it."
                   : "No state that can be reached is one that it speaks of: nothing is shown.";
    case RS_OPEN_NO_EVENT:
        return "What it speaks of was never seen, so it would hold for want of a case: nothing is "
               "shown.";
    case RS_OPEN_BUDGET: return budget_text(arena, v);
    case RS_OPEN_CUT:
        return rs_arena_printf(arena,
                               "%" PRIu64 " replicas that were cut too early keep it open: a "
                               "longer horizon would help, more replicas would not.",
                               v->n_undecided);
    case RS_OPEN_TRUNCATED:
        return rs_arena_printf(arena,
                               "The search was cut off after %" PRIu64
                               " states, and what was not seen proves nothing.",
                               v->n_state);
    case RS_OPEN_LOOSE:
        return "The bound is past the deadline, and it is only safe: no history is known that "
               "takes so long.";
    case RS_OPEN_N: break;
    }
    return "";
}

const char *
rs_witness_command(struct arena *arena, const struct run_result *r, const struct verdict *v)
{
    char file[4200];
    const struct claim *c = v->claim;
    const char *how = "";
    if (!v->has_witness)
        return NULL;
    /* Splitting puts the fault there that the claim speaks of, and leaves the replica's own way. */
    if (v->engine == RS_ENGINE_SPLITTING && c->given == RS_GIVEN_FAULT)
        how = rs_arena_printf(arena, " --fault %s", r->scenario->fault[c->given_fault].name);
    if (v->engine == RS_ENGINE_SPLITTING && c->given == RS_GIVEN_NO_FAULT)
        how = " --fault none";
    if (v->witness_branch)
        how = rs_arena_printf(arena, "%s --branch %s", how, v->witness_branch);
    return rs_arena_printf(
        arena, "rollsim rehearse %s --seed %" PRIu64 " --replica %" PRIu64 "%s%s",
        r->scenario->file ? rs_shell_word(file, sizeof file, r->scenario->file) : "SCENARIO",
        r->seed, v->witness, how, r->replay_words ? r->replay_words : "");
}
