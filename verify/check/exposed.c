/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exposed.h"

#include <stdlib.h>
#include <string.h>

#include "models/promql_inspect.h"
#include "models/system.h"
#include "models/template.h"
#include "sim/kernel.h"

struct exposed {
    const struct scenario *sc;
    struct label_table *labels;
    struct tsdb *db;
    struct kernel *kernel;
    struct system *system;
    int n_open;
    const char **open; /* [n_open] labels of alerts that only data can fill: templates. Owned */
};

/* ---- what rules write ---- */

struct writing {
    struct exposed *x;
    const struct rule *rule;
    enum promql_dialect dialect;
    const char *metric;       /* of the series written */
    const char *name, *state; /* alertname and alertstate, or NULL */
    bool any;                 /* something was written */
};

static bool overridden(const struct rule *rule, const char *name)
{
    for (int i = 0; i < rule->n_label; i++) {
        if (strcmp(rule->label[i].name, name) == 0)
            return true;
    }
    return false;
}

#define MAX_LABEL 32

static bool is_template(const struct rule *rule, int i)
{
    return rule->label_template && rule->label_template[i];
}

/* ALERTS says itself which alert it is of and how it stands: an expression that reads another alert's brings these labels along. */
static bool is_written(const struct writing *w, const char *label)
{
    return strcmp(label, "__name__") == 0 || (w->name && strcmp(label, "alertname") == 0) ||
           (w->state && strcmp(label, "alertstate") == 0);
}

/* The result has those labels of a series that it reads which the expression can carry, then the rule's own. */
static void write_series(struct writing *w, rs_labels from)
{
    struct exposed *x = w->x;
    struct label label[MAX_LABEL];
    int n = 0;
    for (int i = 0; i < rs_labels_count(x->labels, from) && n < MAX_LABEL - 3; i++) {
        struct label l = rs_labels_at(x->labels, from, i);
        if (!is_written(w, l.name) && !overridden(w->rule, l.name) &&
            rs_promql_may_carry(w->rule->expr, l.name))
            label[n++] = l;
    }
    for (int i = 0; i < w->rule->n_label && n < MAX_LABEL - 3; i++) {
        if (!is_template(w->rule, i) && strcmp(w->rule->label[i].name, "alertname") != 0 &&
            !is_written(w, w->rule->label[i].name))
            label[n++] = w->rule->label[i];
    }
    label[n++] = (struct label){"__name__", w->metric};
    if (w->name)
        label[n++] = (struct label){"alertname", w->name};
    if (w->state)
        label[n++] = (struct label){"alertstate", w->state};
    rs_tsdb_series(x->db, rs_labels_intern(x->labels, n, label));
    w->any = true;
}

static void follow(void *ctx, const struct promql_reading *r)
{
    struct writing *w = ctx;
    struct promql_selector *s = rs_promql_selector_of(r, w->dialect);
    int n = rs_tsdb_count(w->x->db); /* what is written meanwhile is of the next round */
    for (int i = 0; i < n; i++) {
        rs_labels set = rs_tsdb_labels_of(w->x->db, i);
        if (rs_promql_selector_takes(s, w->x->labels, set, NULL))
            write_series(w, set);
    }
    rs_promql_selector_free(s);
}

/* An alert whose expression reads no series, such as vector(1), has its own labels alone. */
static void
write_alert(struct exposed *x, const struct rule *rule, const char *metric, const char *state)
{
    struct writing w = {x, rule, rs_promql_dialect(rule->expr), metric, rule->alert, state, false};
    rs_promql_readings(rule->expr, follow, &w);
    if (!w.any)
        write_series(&w, 0);
}

static void note_templates(struct exposed *x, const struct rule *rule)
{
    for (int i = 0; i < rule->n_label; i++) {
        if (!is_template(rule, i))
            continue;
        x->open = rs_xrealloc(x->open, sizeof *x->open * (size_t)(x->n_open + 1));
        x->open[x->n_open++] = rule->label[i].name;
    }
}

static void each_rule(struct exposed *x, void (*fn)(struct exposed *x, const struct rule *rule))
{
    const struct monitoring *m = &x->sc->monitoring;
    for (int f = 0; f < m->n_rule_file; f++) {
        for (int g = 0; g < m->rule_file[f]->n_group; g++) {
            const struct rule_group *group = &m->rule_file[f]->group[g];
            for (int i = 0; i < group->n_rule; i++)
                fn(x, &group->rule[i]);
        }
    }
}

static void add_recorded(struct exposed *x, const struct rule *rule)
{
    struct writing w = {x, rule, rs_promql_dialect(rule->expr), rule->record, NULL, NULL, false};
    if (rule->record)
        rs_promql_readings(rule->expr, follow, &w);
}

static void add_alerts(struct exposed *x, const struct rule *rule)
{
    if (!rule->alert)
        return;
    note_templates(x, rule);
    write_alert(x, rule, "ALERTS", "firing");
    write_alert(x, rule, "ALERTS_FOR_STATE", NULL);
    if (rule->for_ns > 0) /* without `for` an alert is never seen pending */
        write_alert(x, rule, "ALERTS", "pending");
}

struct exposed *rs_exposed_new(const struct scenario *sc)
{
    struct exposed *x = rs_xcalloc(1, sizeof *x);
    x->sc = sc;
    x->labels = rs_label_table_new();
    x->db = rs_tsdb_new(x->labels);
    x->kernel = rs_kernel_new();
    x->system = rs_system_new(sc, x->kernel, x->db);
    /* Rules may read what later ones write: until nothing new comes of it. Each round settles one link of a chain at least. */
    for (int round = 0, before = -1; before != rs_tsdb_count(x->db) && round < 64; round++) {
        before = rs_tsdb_count(x->db);
        each_rule(x, add_recorded);
    }
    each_rule(x, add_alerts);
    return x;
}

void rs_exposed_free(struct exposed *x)
{
    if (!x)
        return;
    free(x->open);
    rs_system_free(x->system);
    rs_kernel_free(x->kernel);
    rs_tsdb_free(x->db);
    rs_label_table_free(x->labels);
    free(x);
}

/* ---- asking ---- */

int rs_exposed_count(const struct exposed *x)
{
    return rs_tsdb_count(x->db);
}

const char *rs_exposed_label(const struct exposed *x, int series, const char *name)
{
    return rs_labels_get(x->labels, rs_tsdb_labels_of(x->db, series), name);
}

int rs_exposed_words(const struct exposed *x)
{
    return (rs_tsdb_count(x->db) + 63) / 64;
}

int rs_exposed_select(const struct exposed *x, const struct promql_selector *s, uint64_t *set)
{
    int n_taken = 0;
    for (int i = 0; i < rs_tsdb_count(x->db); i++) {
        if (!rs_promql_selector_takes(s, x->labels, rs_tsdb_labels_of(x->db, i), NULL))
            continue;
        set[i / 64] |= UINT64_C(1) << (i % 64);
        n_taken++;
    }
    return n_taken;
}

static bool takes_any(const struct exposed *x, const struct promql_selector *s)
{
    for (int i = 0; i < rs_tsdb_count(x->db); i++) {
        if (rs_promql_selector_takes(s, x->labels, rs_tsdb_labels_of(x->db, i), NULL))
            return true;
    }
    return false;
}

static bool is_recorded_without_series(const struct exposed *x, const struct promql_selector *s)
{
    for (int i = 0; i < rs_promql_selector_count(s); i++) {
        struct matcher_text m = rs_promql_selector_matcher(s, i);
        if (strcmp(m.label, "__name__") == 0 && strcmp(m.op, "=") == 0)
            return rs_exposed_recorder(x, m.value, 0) && !rs_exposed_metric(x, m.value);
    }
    return false;
}

bool rs_exposed_could(const struct exposed *x, const struct promql_selector *s)
{
    if (takes_any(x, s) || is_recorded_without_series(x, s))
        return true;
    for (int i = 0; i < x->n_open; i++) {
        for (int k = 0; k < rs_tsdb_count(x->db); k++) {
            rs_labels set = rs_tsdb_labels_of(x->db, k);
            if (*rs_labels_get(x->labels, set, "alertname") &&
                rs_promql_selector_takes(s, x->labels, set, x->open[i]))
                return true;
        }
    }
    return false;
}

bool rs_exposed_metric(const struct exposed *x, const char *metric)
{
    for (int i = 0; i < rs_tsdb_count(x->db); i++) {
        if (strcmp(rs_exposed_label(x, i, "__name__"), metric) == 0)
            return true;
    }
    return false;
}

const struct rule *rs_exposed_recorder(const struct exposed *x, const char *metric, int i)
{
    const struct monitoring *m = &x->sc->monitoring;
    for (int f = 0; f < m->n_rule_file; f++) {
        for (int g = 0; g < m->rule_file[f]->n_group; g++) {
            const struct rule_group *group = &m->rule_file[f]->group[g];
            for (int k = 0; k < group->n_rule; k++) {
                const char *record = group->rule[k].record;
                if (record && strcmp(record, metric) == 0 && i-- == 0)
                    return &group->rule[k];
            }
        }
    }
    return NULL;
}

int rs_exposed_values(const struct exposed *x,
                      const struct promql_selector *s,
                      const char *label,
                      const char **value,
                      int cap)
{
    int n = 0;
    for (int i = 0; i < rs_tsdb_count(x->db); i++) {
        rs_labels set = rs_tsdb_labels_of(x->db, i);
        const char *own = rs_labels_get(x->labels, set, label);
        bool known = !*own || !rs_promql_selector_takes(s, x->labels, set, label);
        for (int k = 0; k < n && k < cap && !known; k++)
            known = strcmp(value[k], own) == 0;
        if (known)
            continue;
        if (n < cap)
            value[n] = own;
        n++;
    }
    return n;
}

int rs_exposed_alert(
    const struct exposed *x, int series, const char *alert, struct label *out, int cap)
{
    int n = 0;
    rs_labels set = rs_tsdb_labels_of(x->db, series);
    if (strcmp(rs_labels_get(x->labels, set, "__name__"), "ALERTS") != 0 ||
        strcmp(rs_labels_get(x->labels, set, "alertname"), alert) != 0 ||
        strcmp(rs_labels_get(x->labels, set, "alertstate"), "firing") != 0)
        return 0;
    for (int i = 0; i < rs_labels_count(x->labels, set) && n < cap; i++) {
        struct label l = rs_labels_at(x->labels, set, i);
        if (strcmp(l.name, "__name__") != 0 && strcmp(l.name, "alertstate") != 0)
            out[n++] = l;
    }
    return n;
}
