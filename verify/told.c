/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "verify/told.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "report_words.h"
#include "sim/clock.h"
#include "tally.h"
#include "text_table.h"
#include "words.h"

const char *rs_told_state_name(enum told_state s)
{
    static const char *const names[RS_TOLD_N] = {
        [RS_TOLD_NOTHING] = "not-applicable",
        [RS_TOLD_KEPT] = "kept",
        [RS_TOLD_BROKEN] = "broken",
        [RS_TOLD_OPEN] = "open",
    };
    assert(s >= 0 && s < RS_TOLD_N);
    return names[s];
}

/* ---- what it says ---------------------------------------------------------------------------------------------------- */

static bool bound_speaks_of(const struct claim *c, const struct episode *e)
{
    return (c->procedure < 0 || e->procedure == c->procedure) &&
           (c->detected_by == 0 || (c->detected_by >> e->by & 1)) && e->at_ns[c->from] != RS_NEVER;
}

/* The longest leg of the episodes that the bound speaks of. One that was cut before the deadline is open, unless another is over it. */
static struct claim_sample longest_leg(const struct claim *c, const struct history *h)
{
    struct claim_sample out = {RS_SAMPLE_NOT_APPLICABLE, NAN};
    bool open = false;
    for (int i = 0; i < h->n_episode; i++) {
        const struct episode *e = &h->episode[i];
        if (!bound_speaks_of(c, e))
            continue;
        int64_t from = e->at_ns[c->from], to = e->at_ns[c->to];
        double took = to != RS_NEVER ? fmax((double)(to - from), 0.0) : (double)INFINITY;
        if (to == RS_NEVER && (double)(h->sim_ns - from) < c->within) {
            open = true;
            continue;
        }
        out = (struct claim_sample){RS_SAMPLE_VALUE, fmax(took, out.value)};
    }
    if (open && !(out.value > c->within))
        out = (struct claim_sample){RS_SAMPLE_UNDECIDED, NAN};
    return out;
}

static struct claim_sample
measure(const struct scenario *sc, const struct claim *c, const struct history *h)
{
    if (rs_claim_is_statistical(c))
        return rs_claim_measure(sc, c, h);
    if (c->kind == RS_CLAIM_BOUND && !c->from_condition)
        return longest_leg(c, h);
    return (struct claim_sample){RS_SAMPLE_NOT_APPLICABLE, NAN};
}

/* What one value is held against, as the claim keeps it. */
static double limit_of(const struct claim *c)
{
    if (rs_claim_is_event(c))
        return c->at_most ? 0.0 : 1.0;
    return c->kind == RS_CLAIM_PROBABILITY || c->kind == RS_CLAIM_BOUND ? c->within : c->limit;
}

/* "In at least 95 % of cases within 5 minutes" wants small values, "in at most 5 %" large ones. */
static bool wants_small(const struct claim *c)
{
    if (c->kind == RS_CLAIM_BOUND)
        return true;
    return c->kind == RS_CLAIM_PROBABILITY && !rs_claim_is_event(c) ? !c->at_most : c->at_most;
}

static bool is_kept(const struct claim *c, double value)
{
    if (wants_small(c))
        return value <= limit_of(c);
    /* The event of such a probability is a value at the deadline or below it. */
    bool strictly = c->kind == RS_CLAIM_PROBABILITY && !rs_claim_is_event(c);
    return strictly ? value > limit_of(c) : value >= limit_of(c);
}

struct claim_told
rs_claim_tell(const struct scenario *sc, const struct claim *c, const struct history *h)
{
    struct claim_sample s = measure(sc, c, h);
    struct claim_told told = {.state = RS_TOLD_NOTHING,
                              .value = NAN,
                              .limit = rs_claim_in_unit(c, limit_of(c)),
                              .at_most = wants_small(c),
                              .unit = rs_claim_quantity_unit(c)};
    if (s.state == RS_SAMPLE_UNDECIDED)
        told.state = RS_TOLD_OPEN;
    if (s.state == RS_SAMPLE_VALUE) {
        told.state = is_kept(c, s.value) ? RS_TOLD_KEPT : RS_TOLD_BROKEN;
        told.value = rs_claim_in_unit(c, s.value);
    }
    return told;
}

/* ---- in words -------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *sign;
    enum text_style style;
} looks[RS_TOLD_N] = {
    [RS_TOLD_NOTHING] = {" ", RS_STYLE_DIM},
    [RS_TOLD_KEPT] = {"✔", RS_STYLE_GOOD},
    [RS_TOLD_BROKEN] = {"✘", RS_STYLE_BAD},
    [RS_TOLD_OPEN] = {"?", RS_STYLE_OPEN},
};

/* How often it is to be so: one history alone decides a bound only. */
static void how_often(char *buf, size_t n, const struct claim *c)
{
    char share[24];
    switch (c->kind) {
    case RS_CLAIM_PROBABILITY:
        snprintf(buf, n, "in %s %s of cases", c->at_most ? "≤" : "≥",
                 rs_percent_human(share, sizeof share, c->limit));
        return;
    case RS_CLAIM_QUANTILE:
        snprintf(buf, n, "as the %s quantile", rs_percent_human(share, sizeof share, c->q));
        return;
    case RS_CLAIM_EXPECTATION: snprintf(buf, n, "on average"); return;
    case RS_CLAIM_BOUND:
    case RS_CLAIM_ALWAYS:
    case RS_CLAIM_NEVER: snprintf(buf, n, "in every case"); return;
    }
    assert(!"a claim of no kind");
}

/* "≤ 5m"; nothing for an event, which has no size. */
static const char *limit_words(char *buf, size_t n, const struct claim *c, double limit)
{
    char text[40];
    bool is_upper = c->kind == RS_CLAIM_PROBABILITY || c->kind == RS_CLAIM_BOUND || c->at_most;
    if (rs_claim_is_event(c))
        return "";
    if (rs_claim_is_time(c) && isfinite(limit)) /* as its author would write it */
        rs_duration_format(text, sizeof text, rs_ns_from_s(limit));
    else
        rs_quantity_human(text, sizeof text, c, limit);
    snprintf(buf, n, "%s %s", is_upper ? "≤" : "≥", text);
    return buf;
}

static void told_row(struct text_table *t, const struct claim *c, const struct claim_told *told)
{
    char text[64];
    double ns = rs_claim_is_time(c) ? (double)RS_NS_PER_S : 1.0;
    rs_text_table_cell(t, looks[told->state].style, "%s %s", looks[told->state].sign,
                       rs_told_state_name(told->state));
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", c->name);
    rs_text_table_cell(t, RS_STYLE_DIM, "%s", c->ref ? c->ref : "");
    if (told->state == RS_TOLD_OPEN) {
        rs_text_table_cell(t, RS_STYLE_PLAIN, "not over");
    } else if (rs_claim_is_event(c)) {
        rs_text_table_cell(t, RS_STYLE_PLAIN, told->value > 0.0 ? "happened" : "did not happen");
    } else {
        rs_text_table_cell(t, RS_STYLE_PLAIN, "%s",
                           rs_quantity_human(text, sizeof text, c, told->value * ns));
    }
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", limit_words(text, sizeof text, c, told->limit));
    how_often(text, sizeof text, c);
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", text);
}

void rs_told_print(FILE *to, const struct scenario *sc, const struct history *h, bool colour)
{
    static const struct text_column column[] = {
        {"this history"},
        {"claim", .narrowest = 14},
        {"ref", .narrowest = 4},
        {"value"},
        {"wanted"},
        {"how often"},
    };
    const int width = 100;
    struct text_table *t = rs_text_table_new((int)(sizeof column / sizeof column[0]), column);
    int n_told = 0;
    for (int i = 0; i < sc->n_claim; i++) {
        struct claim_told told = rs_claim_tell(sc, &sc->claim[i], h);
        if (told.state == RS_TOLD_NOTHING)
            continue;
        told_row(t, &sc->claim[i], &told);
        n_told++;
    }
    if (n_told > 0)
        rs_text_table_print(t, to, 2, width, colour);
    rs_text_table_free(t);
    if (n_told < sc->n_claim)
        fprintf(to, "  %d of %d claims say nothing of this history.\n", sc->n_claim - n_told,
                sc->n_claim);
}
