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

/* Rules by name, so that equal names stand together. */
static int by_name(const void *a, const void *b)
{
    const struct checked_rule *x = *(const struct checked_rule *const *)a;
    const struct checked_rule *y = *(const struct checked_rule *const *)b;
    int order = (x->rule->alert != NULL) - (y->rule->alert != NULL);
    order = order ? order
                  : strcmp(x->rule->alert ? x->rule->alert : x->rule->record,
                           y->rule->alert ? y->rule->alert : y->rule->record);
    return order ? order : (x > y) - (x < y);
}

static const struct checked_rule **sorted_rules(struct checking *c)
{
    const struct checked_rule **sorted =
        RS_ARENA_ARRAY(c->arena, const struct checked_rule *, c->n_rule);
    for (int i = 0; i < c->n_rule; i++) {
        sorted[i] = &c->rule[i];
    }
    if (c->n_rule > 1) {
        qsort(sorted, (size_t)c->n_rule, sizeof(*sorted), by_name);
    }
    return sorted;
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

static void check_doubles(struct checking *c, const struct checked_rule *const *sorted)
{
    for (int i = 1; i < c->n_rule; i++) {
        const struct rule *rule = sorted[i]->rule;
        for (int k = i - 1; k >= 0 && same_name(sorted[k]->rule, rule); k--) {
            const struct rule *first = sorted[k]->rule;
            if (same_labels(first, rule)) {
                rs_check_add(c, RS_RULE_WARNING, rule->at, "duplicate-rule",
                             "%s has the name and labels of another rule (%s)%s",
                             rs_check_rule_name(c, rule), rs_check_place(c, first, rule),
                             rule->record ? ": both may write the same series" : "");
                break;
            }
            if (rule->alert && strcmp(severity_of(first), severity_of(rule)) == 0) {
                rs_check_add(c, RS_RULE_NOTE, rule->at, "alert-name-twice",
                             "alert %s has the name and severity of another rule (%s)", rule->alert,
                             rs_check_place(c, first, rule));
                break;
            }
        }
    }
}

/* ---- reading what rules write ---- */

struct reading {
    struct checking *c;
    const struct checked_rule *reader;
    const struct checked_rule *const *sorted;
};

/* The first rule that records a metric, or NULL. */
static const struct checked_rule *
writer_of(const struct checking *c, const struct checked_rule *const *sorted, const char *metric)
{
    int low = 0, high = c->n_rule; /* recording rules stand first */
    while (low < high) {
        int mid = (low + high) / 2;
        const struct rule *rule = sorted[mid]->rule;
        if (rule->alert || strcmp(rule->record, metric) >= 0) {
            high = mid;
        } else {
            low = mid + 1;
        }
    }
    bool found = low < c->n_rule && sorted[low]->rule->record &&
                 strcmp(sorted[low]->rule->record, metric) == 0;
    return found ? sorted[low] : NULL;
}

static void check_reading(void *ctx, const char *metric, int64_t span_ms, struct mark at)
{
    struct reading *x = ctx;
    struct checking *c = x->c;
    (void)span_ms;
    const struct checked_rule *writer = metric ? writer_of(c, x->sorted, metric) : NULL;
    if (!writer) {
        return;
    }
    const char *name = rs_check_rule_name(c, x->reader->rule);
    if (writer->group != x->reader->group) {
        rs_check_add(
            c, RS_RULE_NOTE, at, "reads-other-group",
            "%s reads %s of group %s (%s), which is evaluated at another time: its values are up "
            "to %s old",
            name, metric, writer->group->name, rs_check_place(c, writer->rule, x->reader->rule),
            rs_check_span(c, rs_check_interval_ms(c, writer->group)));
    } else if (writer->index > x->reader->index) {
        rs_check_add(
            c, RS_RULE_WARNING, at, "reads-before-written",
            "%s reads %s, which a later rule of its group writes (%s): it sees the value of %s "
            "ago; put it behind that rule",
            name, metric, rs_check_place(c, writer->rule, x->reader->rule),
            rs_check_span(c, rs_check_interval_ms(c, writer->group)));
    }
}

void rs_check_together(struct checking *c)
{
    const struct checked_rule *const *sorted = sorted_rules(c);
    check_doubles(c, sorted);
    for (int i = 0; i < c->n_rule; i++) {
        struct reading x = {c, &c->rule[i], sorted};
        rs_promql_selectors(c->rule[i].rule->expr, 0, check_reading, &x);
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
    const struct checked_rule *const *sorted = sorted_rules(c);
    for (int i = 0; i < c->n_rule; i++) {
        m.rule = c->rule[i].rule;
        rs_promql_selectors(m.rule->expr, 0, count_metric, &m);
        rs_promql_absents(m.rule->expr, note_absence, &m);
    }
    for (int i = 0; i < m.n; i++) {
        const struct checked_rule *writer = writer_of(c, sorted, m.at[i].name);
        if (writer) {
            m.at[i].written =
                rs_arena_printf(c->arena, "%s:%d", writer->rule->at.file, writer->rule->at.line);
        }
    }
    out->metric = m.at;
    out->n_metric = m.n;
}
