/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What one rule says by itself. */
#include <math.h>
#include <string.h>

#include "models/promql_inspect.h"
#include "models/template.h"
#include "rule_check.h"
#include "sim/clock.h"

/* "0 or more", "1", "0..1", "at most 5" */
static const char *range_words(struct checking *c, double low, double high)
{
    if (low == high) {
        return rs_arena_printf(c->arena, "%g", low);
    }
    if (isinf(high)) {
        return isinf(low) ? "any number" : rs_arena_printf(c->arena, "%g or more", low);
    }
    return isinf(low) ? rs_arena_printf(c->arena, "%g or less", high)
                      : rs_arena_printf(c->arena, "%g to %g", low, high);
}

static void tell_never(struct checking *c,
                       const struct checked_rule *r,
                       const struct promql_reason *why,
                       bool whole)
{
    const char *name = rs_check_rule_name(c, r->rule);
    if (!why->text) {
        rs_rule_check_add(c, RS_RULE_WARNING, why->at, "never-true", "%s never has a result", name);
        return;
    }
    bool counts = why->low == 1.0 && isinf(why->high);
    rs_rule_check_add(
        c, RS_RULE_WARNING, why->at, "never-true",
        "%s %s: %s can never be true, its left side is %s%s", name,
        !whole           ? "has a part that never matters"
        : r->rule->alert ? "never fires"
                         : "never has a result",
        why->text, range_words(c, why->low, why->high),
        counts ? "; where nothing is there to count, there is no result: absent() finds that" : "");
}

/* An alert that does not depend on what its series say. */
static void tell_unconditional(struct checking *c,
                               const struct checked_rule *r,
                               enum promql_truth truth,
                               const struct promql_reason *why)
{
    const char *alert = r->rule->alert;
    if (truth == RS_TRUTH_ALWAYS && rs_promql_type(r->rule->expr) == RS_PQL_SCALAR) {
        rs_rule_check_add(
            c, RS_RULE_WARNING, why->at, "always-fires",
            "alert %s always fires: its expression is a number, and any number is a result, 0 and "
            "NaN too",
            alert);
    } else if (truth == RS_TRUTH_ALWAYS) {
        rs_rule_check_add(c, RS_RULE_NOTE, why->at, "always-fires",
                          "alert %s always fires, as a dead man's switch does", alert);
    } else if (why->text && why->returns_bool) {
        rs_rule_check_add(
            c, RS_RULE_WARNING, why->at, "no-condition",
            "alert %s fires whatever the values are: %s gives 0 or 1 and filters nothing; leave "
            "\"bool\" out",
            alert, why->text);
    } else if (why->text) {
        rs_rule_check_add(
            c, RS_RULE_WARNING, why->at, "no-condition",
            "alert %s fires whatever the values are: %s is always true, its left side is %s", alert,
            why->text, range_words(c, why->low, why->high));
    } else {
        rs_rule_check_add(
            c, RS_RULE_WARNING, why->at, "no-condition",
            "alert %s fires whenever its series are there, whatever their values, 0 too: there is "
            "no comparison",
            alert);
    }
}

static void check_truth(struct checking *c, const struct checked_rule *r)
{
    struct promql_reason why;
    enum promql_truth truth = rs_promql_truth(c->arena, r->rule->expr, &why);
    if (truth == RS_TRUTH_NEVER || (why.text && why.never)) {
        tell_never(c, r, &why, truth == RS_TRUTH_NEVER);
    } else if (r->rule->alert && truth >= RS_TRUTH_DATA) {
        tell_unconditional(c, r, truth, &why);
    }
}

/* ---- windows ---- */

struct window_check {
    struct checking *c;
    const struct checked_rule *r;
};

/*
 * A window of n scrape intervals holds n samples, or n - 1: two samples need two intervals to be sure of, and four so that one
 * lost scrape leaves them (the rule of thumb of Prometheus' documentation of rate()).
 */
static void check_window(void *ctx, const struct promql_window *w)
{
    const struct window_check *wc = ctx;
    struct checking *c = wc->c;
    int64_t scrape_ms = c->spec->scrape_ms;
    const char *name = rs_check_rule_name(c, wc->r->rule);
    if (w->subquery || scrape_ms == 0) {
        return;
    }
    if (w->range_ms < w->n_sample * scrape_ms) {
        rs_rule_check_add(
            c, RS_RULE_WARNING, w->at, "window-short",
            "%s: %s over %s does not always hold %s, with a scrape every %s: it has gaps, or no "
            "result at all",
            name, w->function, rs_check_span(c, w->range_ms),
            w->n_sample == 2 ? "two samples" : "a sample", rs_check_span(c, scrape_ms));
    } else if (w->n_sample == 2 && w->range_ms < 4 * scrape_ms) {
        rs_rule_check_add(
            c, RS_RULE_NOTE, w->at, "window-tight",
            "%s: %s over %s is fewer than four scrapes of %s: a lost scrape may leave it without "
            "a result",
            name, w->function, rs_check_span(c, w->range_ms), rs_check_span(c, scrape_ms));
    }
}

/* ---- labels ---- */

static bool follows_value(const struct rule *rule, int i)
{
    const struct template *t = rule->label_template ? rule->label_template[i] : NULL;
    return t && !rs_template_only_needs_labels(t);
}

static void check_labels(struct checking *c, const struct checked_rule *r)
{
    const struct rule *rule = r->rule;
    for (int i = 0; rule->alert && i < rule->n_label; i++) {
        if (!follows_value(rule, i)) {
            continue;
        }
        bool severity = strcmp(rule->label[i].name, "severity") == 0;
        rs_rule_check_add(
            c, RS_RULE_WARNING, rule->at, "label-follows-value",
            "alert %s: the label \"%s\" changes with the value or the time, and every "
            "change is a new alert: %sthe old one resolves; %s",
            rule->alert, rule->label[i].name, rule->for_ns > 0 ? "\"for\" starts anew, " : "",
            severity ? "write two rules, one per severity" : "put it into an annotation");
    }
}

void rs_check_expression(struct checking *c, const struct checked_rule *r)
{
    struct window_check wc = {c, r};
    check_truth(c, r);
    rs_promql_windows(r->rule->expr, check_window, &wc);
    check_labels(c, r);
}
