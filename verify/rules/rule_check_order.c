/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What rules say together: doubled ones, the order in which they read each other, the metrics they read. */
#include <stdlib.h>
#include <string.h>

#include "models/promql_inspect.h"
#include "rule_check.h"

static bool has_label(const struct rule *rule, const struct label *label)
{
    for (int i = 0; i < rule->n_label; i++) {
        if (strcmp(rule->label[i].name, label->name) == 0) {
            return strcmp(rule->label[i].value, label->value) == 0;
        }
    }
    return false;
}

static bool same_labels(const struct rule *a, const struct rule *b)
{
    for (int i = 0; i < a->n_label; i++) {
        if (!has_label(b, &a->label[i])) {
            return false;
        }
    }
    return a->n_label == b->n_label;
}

static bool same_name(const struct rule *a, const struct rule *b)
{
    return a->alert ? b->alert && strcmp(a->alert, b->alert) == 0
                    : b->record && strcmp(a->record, b->record) == 0;
}

/* Alerts of one name and severity in two groups: whoever gets both cannot tell which rule it was. */
static const char *severity_of(const struct rule *rule)
{
    for (int i = 0; i < rule->n_label; i++) {
        if (strcmp(rule->label[i].name, "severity") == 0) {
            return rule->label[i].value;
        }
    }
    return "";
}

/* Two rules of one name and the same labels. The parts of a sum that selectors keep apart never meet. */
static void tell_double(struct checking *c, const struct rule *first, const struct rule *rule)
{
    const char *name = rs_check_rule_name(c, rule), *place = rs_check_place(c, first, rule);
    if (rule->record && rs_promql_apart(first->expr, rule->expr)) {
        rs_rule_check_add(
            c, RS_RULE_NOTE, rule->at, "duplicate-rule",
            "%s has the name and labels of another rule (%s); their selectors keep the "
            "series apart",
            name, place);
    } else {
        rs_rule_check_add(c, RS_RULE_WARNING, rule->at, "duplicate-rule",
                          "%s has the name and labels of another rule (%s)%s", name, place,
                          rule->record ? ": both may write the same series" : "");
    }
}

static void check_doubles(struct checking *c)
{
    for (int i = 1; i < c->n_rule; i++) {
        const struct rule *rule = c->sorted[i]->rule;
        const struct rule *same = NULL, *namesake = NULL;
        for (int k = i - 1; k >= 0 && same_name(c->sorted[k]->rule, rule); k--) {
            const struct rule *before = c->sorted[k]->rule;
            if (!same_labels(before, rule)) {
                bool alike = rule->alert && strcmp(severity_of(before), severity_of(rule)) == 0;
                namesake = alike && !namesake ? before : namesake;
            } else if (!same || !rs_promql_apart(before->expr, rule->expr)) {
                same = before; /* of several the one that it may meet */
            }
        }
        if (same) {
            tell_double(c, same, rule);
        } else if (namesake) {
            rs_rule_check_add(c, RS_RULE_NOTE, rule->at, "alert-name-twice",
                              "alert %s has the name and severity of another rule (%s)",
                              rule->alert, rs_check_place(c, namesake, rule));
        }
    }
}

/* ---- reading what rules write ---- */

#define MAX_TOLD 32

struct reader {
    struct checking *c;
    const struct checked_rule *rule;
    int n_other; /* metrics of other groups */
    const char *other[MAX_TOLD];
    const struct checked_rule *writer; /* of the first one */
    struct mark at;
    int64_t oldest_ms;
};

/* Is a sample of this age too old to be seen by an instant selector? Since Prometheus 3 the window is open on its left. */
static bool too_old(const struct reader *x, int64_t age_ms)
{
    int64_t lookback_ms = x->c->spec->lookback_ms;
    return rs_promql_dialect(x->rule->rule->expr) == RS_PROMQL_3 ? age_ms >= lookback_ms
                                                                 : age_ms > lookback_ms;
}

static void tell_late(const struct reader *x,
                      const struct checked_rule *writer,
                      const struct promql_reading *reading)
{
    struct checking *c = x->c;
    int64_t interval_ms = rs_check_interval_ms(c, writer->group);
    const char *age = rs_check_span(c, interval_ms);
    bool blind = reading->range_ms == 0 && too_old(x, interval_ms);
    const char *sees =
        blind ? rs_arena_printf(c->arena,
                                "it sees nothing, for a value of %s ago is too old for the "
                                "lookback of %s",
                                age, rs_check_span(c, c->spec->lookback_ms))
              : rs_arena_printf(c->arena, "it sees the value of %s ago", age);
    rs_rule_check_add(
        c, RS_RULE_WARNING, reading->at, "reads-before-written",
        "%s reads %s, which a later rule of its group writes (%s): %s; put it after that "
        "rule",
        rs_check_rule_name(c, x->rule->rule), reading->metric,
        rs_check_place(c, writer->rule, x->rule->rule), sees);
}

static void note_other(struct reader *x,
                       const struct checked_rule *writer,
                       const struct promql_reading *reading)
{
    struct checking *c = x->c;
    int64_t interval_ms = rs_check_interval_ms(c, writer->group);
    if (reading->range_ms == 0 && !reading->moved && too_old(x, interval_ms)) {
        rs_rule_check_add(
            c, RS_RULE_WARNING, reading->at, "record-gaps",
            "%s reads %s, which is recorded every %s, and the lookback is %s: it may see "
            "gaps, or nothing",
            rs_check_rule_name(c, x->rule->rule), reading->metric, rs_check_span(c, interval_ms),
            rs_check_span(c, c->spec->lookback_ms));
    }
    x->oldest_ms = interval_ms > x->oldest_ms ? interval_ms : x->oldest_ms;
    for (int i = 0; i < x->n_other && i < MAX_TOLD; i++) {
        if (strcmp(x->other[i], reading->metric) == 0) {
            return;
        }
    }
    if (x->n_other == 0) {
        x->writer = writer;
        x->at = reading->at;
    }
    if (x->n_other < MAX_TOLD) {
        x->other[x->n_other] = reading->metric;
    }
    x->n_other++;
}

static void check_reading(void *ctx, const struct promql_reading *reading)
{
    struct reader *x = ctx;
    int first = 0;
    int n = reading->metric ? rs_check_writers(x->c, reading->metric, &first) : 0;
    if (n == 0) {
        return;
    }
    const struct checked_rule *writer = x->c->sorted[first];
    if (writer->group != x->rule->group) {
        note_other(x, writer, reading);
    } else if (writer->index > x->rule->index) {
        tell_late(x, writer, reading);
    }
}

/* One finding a rule, however many it reads. */
static void tell_others(const struct reader *x)
{
    struct checking *c = x->c;
    const char *more =
        x->n_other == 1 ? ""
                        : rs_arena_printf(c->arena, " and %d more of other groups", x->n_other - 1);
    rs_rule_check_add(
        c, RS_RULE_NOTE, x->at, "reads-other-group",
        "%s reads %s of group %s (%s)%s, evaluated at another time: values are up to %s "
        "old",
        rs_check_rule_name(c, x->rule->rule), x->other[0], x->writer->group->name,
        rs_check_place(c, x->writer->rule, x->rule->rule), more, rs_check_span(c, x->oldest_ms));
}

void rs_check_together(struct checking *c)
{
    check_doubles(c);
    for (int i = 0; i < c->n_rule; i++) {
        struct reader x = {.c = c, .rule = &c->rule[i]};
        rs_promql_readings(c->rule[i].rule->expr, check_reading, &x);
        if (x.n_other > 0) {
            tell_others(&x);
        }
    }
}

/* ---- metrics ---- */

struct metrics {
    struct arena *arena;
    struct read_metric *at;
    int n, cap;
    const struct rule *rule;  /* whose expression is walked */
    const struct rule **last; /* [cap] the rule that a metric was last counted for */
};

static int place_of(struct metrics *m, const char *name)
{
    int i = 0;
    while (i < m->n && strcmp(m->at[i].name, name) < 0) {
        i++;
    }
    if (i < m->n && strcmp(m->at[i].name, name) == 0) {
        return i;
    }
    if (m->n == m->cap) {
        m->cap = m->cap ? 2 * m->cap : 64;
        struct read_metric *grown = RS_ARENA_ARRAY(m->arena, struct read_metric, m->cap);
        const struct rule **last = RS_ARENA_ARRAY(m->arena, const struct rule *, m->cap);
        if (m->n > 0) {
            memcpy(grown, m->at, sizeof(*grown) * (size_t)m->n);
            memcpy(last, m->last, sizeof(*last) * (size_t)m->n);
        }
        m->at = grown;
        m->last = last;
    }
    memmove(m->at + i + 1, m->at + i, sizeof(*m->at) * (size_t)(m->n - i));
    memmove(m->last + i + 1, m->last + i, sizeof(*m->last) * (size_t)(m->n - i));
    m->at[i] = (struct read_metric){.name = name};
    m->last[i] = NULL;
    m->n++;
    return i;
}

static void count_metric(void *ctx, const char *metric, int64_t span_ms, struct mark at)
{
    struct metrics *m = ctx;
    (void)span_ms;
    (void)at;
    if (!metric) {
        return;
    }
    int i = place_of(m, metric);
    if (m->last[i] != m->rule) {
        m->last[i] = m->rule;
        m->at[i].n_rule++;
        m->at[i].n_alert += m->rule->alert != NULL;
    }
}

static void note_absence(void *ctx, const char *metric)
{
    struct metrics *m = ctx;
    m->at[place_of(m, metric)].watched = true;
}

void rs_check_metrics(struct checking *c, struct rule_check *out)
{
    struct metrics m = {.arena = c->arena};
    for (int i = 0; i < c->n_rule; i++) {
        m.rule = c->rule[i].rule;
        rs_promql_selectors(m.rule->expr, 0, count_metric, &m);
        rs_promql_absents(m.rule->expr, note_absence, &m);
    }
    for (int i = 0; i < m.n; i++) {
        int first = 0;
        if (rs_check_writers(c, m.at[i].name, &first) > 0) {
            const struct checked_rule *writer = c->sorted[first];
            m.at[i].written =
                rs_arena_printf(c->arena, "%s:%d", writer->rule->at.file, writer->rule->at.line);
        }
    }
    out->metric = m.at;
    out->n_metric = m.n;
}
