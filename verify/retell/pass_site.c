/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Alerts move as in models/monitoring/rules/rules_alert.c, whose source this follows too: rules/alerting.go of Prometheus 3.5. */
#include "pass_site.h"

#include <stdlib.h>
#include <string.h>

#include "sim/clock.h"

/* ---- expressions ---- */

static int find_right(struct site *s,
                      struct arena *arena,
                      struct tsdb *db,
                      const struct promql *q,
                      const struct promql_options *opt)
{
    const char *text = rs_promql_print(arena, q);
    for (int i = 0; i < s->n_right; i++) {
        if (strcmp(s->right[i].text, text) == 0) {
            return i;
        }
    }
    s->right[s->n_right] = (struct right){.text = text, .eval = rs_promql_eval_new(q, db, *opt)};
    return s->n_right++;
}

static int find_probe(struct site *s,
                      struct arena *arena,
                      struct tsdb *db,
                      const struct promql *q,
                      const struct promql_options *opt)
{
    const char *text = rs_promql_print(arena, q);
    for (int i = 0; i < s->n_probe; i++) {
        if (strcmp(s->probe[i].text, text) == 0) {
            return i;
        }
    }
    s->probe[s->n_probe] = (struct probe){
        .text = text, .eval = rs_promql_eval_new(q, db, *opt), .first = -1, .last = -1};
    return s->n_probe++;
}

void rs_site_open(struct site *s,
                  struct arena *arena,
                  const struct backtest_spec *spec,
                  const struct pass_site *of,
                  int number,
                  struct tsdb *db,
                  const struct promql_options *opt)
{
    *s = (struct site){.of = of,
                       .number = number,
                       .group = &spec->file[of->file]->group[of->group],
                       .table = spec->data->labels,
                       .n_variant = of->n_variant,
                       .variant = RS_ARENA_ARRAY(arena, struct variant, of->n_variant),
                       .probe = RS_ARENA_ARRAY(arena, struct probe, of->n_variant),
                       .right = RS_ARENA_ARRAY(arena, struct right, of->n_variant)};
    for (int v = 0; v < of->n_variant; v++) {
        const struct rule *rule = of->variant[v];
        struct promql_sides sides;
        bool compares = rs_promql_sides(arena, rule->expr, &sides);
        s->variant[v] =
            (struct variant){.rule = rule,
                             .right = compares ? find_right(s, arena, db, sides.right, opt) : -1,
                             .next = -1,
                             .op = compares ? sides.op : RS_CMP_PRESENT,
                             .for_ms = rule->for_ns / RS_NS_PER_MS,
                             .keep_ms = rule->keep_firing_for_ns / RS_NS_PER_MS};
        struct probe *probe =
            &s->probe[find_probe(s, arena, db, compares ? sides.left : rule->expr, opt)];
        *(probe->first < 0 ? &probe->first : &s->variant[probe->last].next) = v;
        probe->last = v;
    }
}

void rs_site_close(struct site *s)
{
    for (int v = 0; v < s->n_variant; v++) {
        free(s->variant[v].cell);
        free(s->variant[v].live);
    }
    for (int i = 0; i < s->n_probe; i++) {
        rs_promql_eval_free(s->probe[i].eval);
    }
    for (int i = 0; i < s->n_right; i++) {
        rs_promql_eval_free(s->right[i].eval);
    }
    free(s->by_result);
    free(s->by_labels);
    free(s->labels);
    free(s->hit);
}

/* ---- alerts ---- */

static int *index_of(int **map, int *n, rs_labels labels)
{
    if (labels >= *n) {
        int more = 2 * labels + 64;
        *map = rs_xrealloc(*map, sizeof(**map) * (size_t)more);
        for (int i = *n; i < more; i++) {
            (*map)[i] = -1;
        }
        *n = more;
    }
    return &(*map)[labels];
}

static int label_set(struct label *label, int n, const char *name, const char *value)
{
    int i = 0;
    while (i < n && strcmp(label[i].name, name) != 0) {
        i++;
    }
    label[i] = (struct label){name, value};
    return i == n ? n + 1 : n;
}

/* "Labels of the result without its name, overridden by the rule's", then alertname. */
static rs_labels alert_labels(struct label_table *table, const struct rule *rule, rs_labels result)
{
    int n_result = rs_labels_count(table, result), n = 0;
    struct label *label = rs_xcalloc((size_t)(n_result + rule->n_label) + 1, sizeof(*label));
    for (int i = 0; i < n_result; i++) {
        struct label own = rs_labels_at(table, result, i);
        if (strcmp(own.name, "__name__") != 0) {
            label[n++] = own;
        }
    }
    for (int i = 0; i < rule->n_label; i++) {
        n = label_set(label, n, rule->label[i].name, rule->label[i].value);
    }
    n = label_set(label, n, "alertname", rule->alert);
    rs_labels out = rs_labels_intern(table, n, label);
    free(label);
    return out;
}

static int alert_of(struct site *s, rs_labels result)
{
    int *known = index_of(&s->by_result, &s->n_by_result, result);
    if (*known < 0) {
        rs_labels labels = alert_labels(s->table, s->of->variant[0], result);
        int *alert = index_of(&s->by_labels, &s->n_by_labels, labels);
        if (*alert < 0) {
            if (s->n_alert == s->cap_alert) {
                s->cap_alert = s->cap_alert ? 2 * s->cap_alert : 16;
                s->labels = rs_xrealloc(s->labels, sizeof(*s->labels) * (size_t)s->cap_alert);
            }
            s->labels[s->n_alert] = labels;
            *alert = s->n_alert++;
        }
        *known = *alert;
    }
    return *known;
}

static struct cell *cell_of(struct variant *v, int alert)
{
    if (alert >= v->cap_cell) {
        int cap = 2 * alert + 4;
        v->cell = rs_xrealloc(v->cell, sizeof(*v->cell) * (size_t)cap);
        memset(v->cell + v->cap_cell, 0, sizeof(*v->cell) * (size_t)(cap - v->cap_cell));
        v->cap_cell = cap;
    }
    return &v->cell[alert];
}

static bool compares(enum comparison_op op, double v, double limit)
{
    switch (op) {
    case RS_CMP_GT: return v > limit;
    case RS_CMP_GE: return v >= limit;
    case RS_CMP_LT: return v < limit;
    case RS_CMP_LE: return v <= limit;
    case RS_CMP_EQ: return v == limit;
    case RS_CMP_NE: return v != limit;
    case RS_CMP_PRESENT: return true;
    case RS_CMP_ABSENT: break;
    }
    return false;
}

struct teller {
    rs_pass_told told;
    void *ctx;
};

static void tell(const struct site *s,
                 int variant,
                 int alert,
                 const struct instant *end,
                 const struct teller *to)
{
    const struct variant *v = &s->variant[variant];
    const struct cell *c = &v->cell[alert];
    const struct activation a = {.rule = v->rule,
                                 .group = s->group,
                                 .labels = s->labels[alert],
                                 .active_ms = c->active_ms,
                                 .firing_ms = c->state == RS_ALERT_FIRING ? c->fired_ms : RS_NEVER,
                                 .last_ms = end->before_ms,
                                 .cleared_ms = end->now_ms};
    to->told(to->ctx, s->number, variant, &a);
}

static void go_live(struct variant *v, int alert, struct cell *c, int64_t t_ms)
{
    if (v->n_live == v->cap_live) {
        v->cap_live = v->cap_live ? 2 * v->cap_live : 8;
        v->live = rs_xrealloc(v->live, sizeof(*v->live) * (size_t)v->cap_live);
    }
    v->live[v->n_live++] = alert;
    c->state = RS_ALERT_PENDING;
    c->active_ms = t_ms;
    c->keep_since_ms = 0;
}

/* Notes which alerts the result has. False if two elements become the same alert: then the rule has failed, nothing changes. */
static bool note_result(struct variant *v, const int *alert, const struct vector *all, double limit)
{
    v->round++;
    for (int i = 0; i < all->n; i++) {
        if (compares(v->op, all->item[i].v, limit)) {
            struct cell *c = cell_of(v, alert[i]);
            if (c->round == v->round) {
                return false;
            }
            c->round = v->round;
        }
    }
    return true;
}

/* False: it is not up any more. */
static bool move(const struct variant *v, struct cell *c, int64_t t_ms)
{
    if (c->round == v->round) {
        c->keep_since_ms = 0;
    } else {
        if (c->state != RS_ALERT_FIRING || v->keep_ms == 0) {
            return false;
        }
        c->keep_since_ms = c->keep_since_ms == 0 ? t_ms : c->keep_since_ms;
        if (t_ms - c->keep_since_ms >= v->keep_ms) {
            return false;
        }
    }
    if (c->state == RS_ALERT_PENDING && t_ms - c->active_ms >= v->for_ms) {
        c->state = RS_ALERT_FIRING;
        c->fired_ms = t_ms;
    }
    return true;
}

static void eval_variant(struct site *s,
                         const struct instant *t,
                         int variant,
                         const struct vector *all,
                         const struct teller *to)
{
    struct variant *v = &s->variant[variant];
    double limit = v->right >= 0 ? s->right[v->right].v : 0.0;
    int n = 0;
    if ((v->right >= 0 && s->right[v->right].failed) || !note_result(v, s->hit, all, limit)) {
        return;
    }
    for (int i = 0; i < all->n; i++) {
        if (compares(v->op, all->item[i].v, limit)) {
            struct cell *c = cell_of(v, s->hit[i]);
            if (c->state == RS_ALERT_INACTIVE) {
                go_live(v, s->hit[i], c, t->now_ms);
            }
        }
    }
    for (int i = 0; i < v->n_live; i++) {
        struct cell *c = &v->cell[v->live[i]];
        if (move(v, c, t->now_ms)) {
            v->live[n++] = v->live[i];
        } else {
            tell(s, variant, v->live[i], t, to);
            c->state = RS_ALERT_INACTIVE;
        }
    }
    v->n_live = n;
}

void rs_site_eval(struct site *s, const struct instant *t, rs_pass_told told, void *told_ctx)
{
    const struct teller to = {told, told_ctx};
    for (int i = 0; i < s->n_right; i++) {
        struct vector one;
        struct err err = {0};
        s->right[i].failed = rs_promql_eval(s->right[i].eval, t->at_ms, &one, &err) != 0;
        s->right[i].v = s->right[i].failed ? 0.0 : one.item[0].v;
    }
    for (int i = 0; i < s->n_probe; i++) {
        struct vector all;
        struct err err = {0};
        if (rs_promql_eval(s->probe[i].eval, t->at_ms, &all, &err) != 0) {
            continue; /* the rule is skipped this round */
        }
        if (all.n > s->cap_hit) {
            s->cap_hit = 2 * all.n;
            s->hit = rs_xrealloc(s->hit, sizeof(*s->hit) * (size_t)s->cap_hit);
        }
        for (int k = 0; k < all.n; k++) {
            s->hit[k] = alert_of(s, all.item[k].labels);
        }
        for (int v = s->probe[i].first; v >= 0; v = s->variant[v].next) {
            eval_variant(s, t, v, &all, &to);
        }
    }
}

void rs_site_end(struct site *s, int64_t last_ms, rs_pass_told told, void *told_ctx)
{
    const struct teller to = {told, told_ctx};
    const struct instant end = {.now_ms = RS_NEVER, .before_ms = last_ms};
    for (int v = 0; v < s->n_variant; v++) {
        for (int k = 0; k < s->variant[v].n_live; k++) {
            tell(s, v, s->variant[v].live[k], &end, &to);
        }
    }
}
