/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "words.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

#include "sim/clock.h"

const char *rs_claim_kind_name(enum claim_kind k)
{
    switch (k) {
    case RS_CLAIM_PROBABILITY: return "probability";
    case RS_CLAIM_QUANTILE: return "quantile";
    case RS_CLAIM_EXPECTATION: return "expectation";
    case RS_CLAIM_BOUND: return "bound";
    case RS_CLAIM_ALWAYS: return "always";
    case RS_CLAIM_NEVER: return "never";
    }
    assert(!"a claim of no kind");
    return "";
}

const char *rs_detected_by_name(enum detected_by by)
{
    switch (by) {
    case RS_BY_ALERT: return "alert";
    case RS_BY_LOOK: return "look";
    case RS_BY_GATE: return "gate";
    case RS_BY_CHECK: return "check";
    }
    assert(!"a detector of no kind");
    return "";
}

char *rs_claim_given_text(char *buf, size_t n, const struct scenario *sc, const struct claim *c)
{
    switch (c->given) {
    case RS_GIVEN_ALL: snprintf(buf, n, "all"); break;
    case RS_GIVEN_NO_FAULT: snprintf(buf, n, "no fault"); break;
    case RS_GIVEN_FAULT: snprintf(buf, n, "fault %s", sc->fault[c->given_fault].name); break;
    case RS_GIVEN_ANY_FAULT: snprintf(buf, n, "any fault"); break;
    }
    return buf;
}

bool rs_claim_has_quantity(const struct claim *c)
{
    return c->kind != RS_CLAIM_ALWAYS && c->kind != RS_CLAIM_NEVER;
}

bool rs_verdict_counts_hits(const struct verdict *v)
{
    return v->claim->kind == RS_CLAIM_PROBABILITY && v->engine != RS_ENGINE_SPLITTING;
}

bool rs_claim_is_time(const struct claim *c)
{
    if (!rs_claim_has_quantity(c))
        return false;
    return c->of == RS_Q_LEG || c->of == RS_Q_ROLLOUT_DURATION;
}

double rs_claim_in_unit(const struct claim *c, double value)
{
    return rs_claim_is_time(c) ? value / (double)RS_NS_PER_S : value;
}

const char *rs_claim_quantity_unit(const struct claim *c)
{
    if (!rs_claim_has_quantity(c))
        return "";
    switch (c->of) {
    case RS_Q_LEG:
    case RS_Q_ROLLOUT_DURATION: return "s";
    case RS_Q_USERS_HURT:
    case RS_Q_USERS_HURT_SINCE_ONSET: return "users";
    case RS_Q_REQUESTS_FAILED: return "requests";
    case RS_Q_ERROR_RATIO: return "ratio";
    case RS_Q_BUDGET_BURNED: return "budgets";
    case RS_Q_PAGES: return "pages";
    case RS_Q_ALERTS: return "alerts";
    case RS_Q_OUTCOME:
    case RS_Q_FALSE_ROLLBACK:
    case RS_Q_N: break;
    }
    return "";
}

const char *rs_claim_unit(const struct claim *c)
{
    return c->kind == RS_CLAIM_PROBABILITY ? "ratio" : rs_claim_quantity_unit(c);
}

double rs_claim_estimate_in_unit(const struct claim *c, double value)
{
    return c->kind == RS_CLAIM_PROBABILITY ? value : rs_claim_in_unit(c, value);
}

double rs_claim_wanted_in_unit(const struct claim *c)
{
    switch (c->kind) {
    case RS_CLAIM_PROBABILITY:
    case RS_CLAIM_QUANTILE:
    case RS_CLAIM_EXPECTATION: return rs_claim_estimate_in_unit(c, c->limit);
    case RS_CLAIM_BOUND: return rs_claim_in_unit(c, c->within);
    case RS_CLAIM_ALWAYS:
    case RS_CLAIM_NEVER: break;
    }
    return NAN;
}

const char *rs_claim_direction(const struct claim *c)
{
    if (!rs_claim_has_quantity(c))
        return NULL;
    return c->at_most || c->kind == RS_CLAIM_BOUND ? "<=" : ">=";
}
