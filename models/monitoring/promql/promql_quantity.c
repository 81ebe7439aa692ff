/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "promql_quantity.h"

#include <math.h>
#include <string.h>

#include "models/rules.h"

#define DEPTH_MAX 8

static const struct quantity unknown = {.known = false};

static struct quantity number(double v)
{
    return (struct quantity){.known = true, .shift = v};
}

static struct quantity measure(struct quantity_part part)
{
    return (struct quantity){.known = true, .n = 1, .part = {part}};
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = text ? strlen(text) : 0, m = strlen(end);
    return n > m && strcmp(text + n - m, end) == 0;
}

/* ---- selectors and recording rules ---- */

static const char *matcher_op_text(enum match_op op)
{
    switch (op) {
    case RS_MATCH_EQ: return "=";
    case RS_MATCH_NE: return "!=";
    case RS_MATCH_RE: return "=~";
    case RS_MATCH_NRE: return "!~";
    }
    return "?";
}

/* The labels that a selector asks for, and those that were put on the recorded series that it is read for. */
static void
set_selector(const struct quantity_scope *scope, const struct node *sel, struct comparison *c)
{
    int n = sel->u.sel.n_matcher;
    struct matcher_text *out =
        RS_ARENA_ARRAY(scope->arena, struct matcher_text, n + scope->n_pushed);
    c->metric = rs_selector_metric(sel);
    c->matcher = out;
    for (int i = 0; i < n + scope->n_pushed; i++) {
        const struct pql_matcher *m = i < n ? &sel->u.sel.matcher[i] : &scope->pushed[i - n];
        if (strcmp(m->name, RS_METRIC_NAME) != 0) {
            out[c->n_matcher++] = (struct matcher_text){m->name, matcher_op_text(m->op), m->value};
        }
    }
}

static bool is_moved(const struct node *sel)
{
    return sel->u.sel.mod.offset_ms != 0 || sel->u.sel.mod.at != RS_AT_NONE;
}

static const char *static_label(const struct rule *r, const char *name)
{
    for (int i = 0; i < r->n_label; i++) {
        if (strcmp(r->label[i].name, name) == 0) {
            return r->label[i].value;
        }
    }
    return NULL;
}

/* May the rule's series have what the selector asks for? Matchers that its own labels do not answer are pushed inwards. */
static bool rule_fits(const struct rule *r,
                      const struct node *sel,
                      const struct quantity_scope *scope,
                      struct quantity_scope *inner)
{
    int n = sel->u.sel.n_matcher;
    struct pql_matcher *push =
        RS_ARENA_ARRAY(scope->arena, struct pql_matcher, n + scope->n_pushed);
    *inner = *scope;
    inner->depth++;
    inner->n_pushed = 0;
    inner->pushed = push;
    for (int i = 0; i < n + scope->n_pushed; i++) {
        const struct pql_matcher *m = i < n ? &sel->u.sel.matcher[i] : &scope->pushed[i - n];
        const char *own = static_label(r, m->name);
        if (strcmp(m->name, RS_METRIC_NAME) == 0) {
            continue;
        }
        if (own && m->op == RS_MATCH_EQ && strcmp(own, m->value) != 0) {
            return false;
        }
        if (!own || m->op != RS_MATCH_EQ) {
            push[inner->n_pushed++] = *m;
        }
    }
    return true;
}

const struct node *rs_quantity_recorded(const struct quantity_scope *scope,
                                        const struct node *n,
                                        struct quantity_scope *inner,
                                        bool *ambiguous)
{
    *ambiguous = false;
    n = rs_node_bare(n);
    const char *metric = n->kind == RS_NODE_SELECTOR ? rs_selector_metric(n) : NULL;
    if (!metric || n->u.sel.range_ms > 0 || !scope->records) {
        return NULL;
    }
    const struct node *found = NULL;
    int n_record = 0, n_fit = 0;
    for (int f = 0; f < scope->records->n_file; f++) {
        const struct rule_file *file = scope->records->file[f];
        for (int g = 0; g < file->n_group; g++) {
            for (int i = 0; i < file->group[g].n_rule; i++) {
                const struct rule *r = &file->group[g].rule[i];
                struct quantity_scope in;
                if (!r->record || strcmp(r->record, metric) != 0) {
                    continue;
                }
                n_record++;
                if (rule_fits(r, n, scope, &in)) {
                    n_fit++;
                    found = r->expr->root;
                    *inner = in;
                }
            }
        }
    }
    *ambiguous = n_record > 0 && (n_fit != 1 || inner->depth > DEPTH_MAX || is_moved(n));
    return n_record > 0 && !*ambiguous ? found : NULL;
}

static struct quantity selector(const struct quantity_scope *scope, const struct node *n)
{
    struct quantity_part part = {.scale = 1.0, .c = {.kind = RS_MEASURE_VALUE}};
    struct quantity_scope inner;
    bool ambiguous;
    const struct node *recorded = rs_quantity_recorded(scope, n, &inner, &ambiguous);
    if (recorded) {
        return rs_quantity_read(&inner, recorded);
    }
    if (ambiguous || is_moved(n) || n->u.sel.range_ms > 0) {
        return unknown;
    }
    set_selector(scope, n, &part.c);
    if (part.c.metric && strcmp(part.c.metric, "ALERTS") == 0) {
        part.c.kind = RS_MEASURE_ALERT;
        for (int i = 0; i < part.c.n_matcher; i++) {
            const struct matcher_text *m = &part.c.matcher[i];
            if (strcmp(m->label, "alertname") == 0 && strcmp(m->op, "=") == 0) {
                part.c.alert = m->value;
            }
        }
    }
    return measure(part);
}

/* ---- functions ---- */

static bool is_recorded(const struct quantity_scope *scope, const struct node *sel)
{
    struct node instant = *sel;
    struct quantity_scope inner;
    bool ambiguous;
    instant.u.sel.range_ms = 0;
    return rs_quantity_recorded(scope, &instant, &inner, &ambiguous) != NULL || ambiguous;
}

static struct quantity over_range(const struct quantity_scope *scope,
                                  const struct node *arg,
                                  enum measure_kind kind,
                                  bool last_two)
{
    arg = rs_node_bare(arg);
    if (arg->kind != RS_NODE_SELECTOR || is_moved(arg) || is_recorded(scope, arg)) {
        return unknown;
    }
    struct quantity_part part = {
        .scale = 1.0, .c = {.kind = kind, .window_ms = arg->u.sel.range_ms, .last_two = last_two}};
    set_selector(scope, arg, &part.c);
    return measure(part);
}

static bool part_has_label(const struct quantity_part *p, const char *label)
{
    switch (p->kept) {
    case RS_KEPT_ALL: return true;
    case RS_KEPT_BY: return rs_name_list_has(p->label, label);
    case RS_KEPT_WITHOUT: return !rs_name_list_has(p->label, label);
    }
    return false;
}

static struct quantity histogram_quantile(struct quantity q, struct quantity buckets)
{
    struct quantity_part *p = &buckets.part[0];
    if (!q.known || q.n > 0 || !buckets.known || buckets.n != 1 || buckets.shift != 0.0 ||
        p->scale <= 0.0 || p->extreme != 0) {
        return unknown;
    }
    bool counts = p->c.kind == RS_MEASURE_RATE || p->c.kind == RS_MEASURE_COUNT ||
                  p->c.kind == RS_MEASURE_VALUE;
    if (!counts || !ends_with(p->c.metric, "_bucket") || !part_has_label(p, "le")) {
        return unknown;
    }
    p->c.kind = RS_MEASURE_QUANTILE;
    p->c.q = q.shift;
    p->c.averaged = false; /* a common factor of all buckets moves no quantile */
    p->scale = 1.0;
    return buckets;
}

static struct quantity call(const struct quantity_scope *scope, const struct node *n)
{
    static const char *const passing[] = {"scalar", "vector", "sort", "sort_desc"};
    const char *name = n->u.call.fn->name;
    struct node *const *arg = n->u.call.arg;
    if (strcmp(name, "rate") == 0 || strcmp(name, "irate") == 0) {
        return over_range(scope, arg[0], RS_MEASURE_RATE, name[0] == 'i');
    }
    if (strcmp(name, "increase") == 0) {
        return over_range(scope, arg[0], RS_MEASURE_COUNT, false);
    }
    if (strcmp(name, "last_over_time") == 0) {
        return over_range(scope, arg[0], RS_MEASURE_VALUE, false);
    }
    if (strcmp(name, "histogram_quantile") == 0) {
        return histogram_quantile(rs_quantity_read(scope, arg[0]), rs_quantity_read(scope, arg[1]));
    }
    bool relabels = strcmp(name, "label_replace") == 0 || strcmp(name, "label_join") == 0;
    for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++) {
        relabels = relabels && scope->n_pushed == 0;
        if (relabels || strcmp(name, passing[i]) == 0) {
            return rs_quantity_read(scope, arg[0]);
        }
    }
    return unknown;
}

/* ---- aggregations ---- */

static bool is_summed_up(const struct quantity_part *p)
{
    return p->kept == RS_KEPT_BY && p->label.n == 0;
}

static void regroup(struct quantity_part *p, const struct node *n)
{
    p->kept = n->u.aggr.without ? RS_KEPT_WITHOUT : RS_KEPT_BY;
    p->label = n->u.aggr.grouped ? n->u.aggr.label : (struct name_list){0};
}

static struct quantity aggregate(const struct quantity_scope *scope, const struct node *n)
{
    for (int i = 0; i < scope->n_pushed; i++) {
        bool lists = rs_name_list_has(n->u.aggr.label, scope->pushed[i].name);
        if (n->u.aggr.without ? lists : !lists) {
            return unknown; /* the recorded series does not have this label */
        }
    }
    struct quantity v = rs_quantity_read(scope, n->u.aggr.expr);
    struct quantity_part *p = &v.part[0];
    enum aggr_kind op = n->u.aggr.op;
    bool top = op == RS_AGGR_MAX || op == RS_AGGR_TOPK,
         low = op == RS_AGGR_MIN || op == RS_AGGR_BOTTOMK;
    if (!v.known || v.n == 0 || v.n > 1) {
        return unknown;
    }
    if (op != RS_AGGR_SUM && op != RS_AGGR_AVG && !top && !low) {
        return unknown;
    }
    if (is_summed_up(p) || p->c.kind == RS_MEASURE_ALERT) {
        return v; /* there is one only */
    }
    if (top || low) {
        int extreme = top == (p->scale > 0.0) ? 1 : -1;
        if (p->extreme != 0 && p->extreme != extreme) {
            return unknown;
        }
        p->extreme = extreme;
        return v;
    }
    bool counts = p->c.kind == RS_MEASURE_RATE || p->c.kind == RS_MEASURE_COUNT ||
                  p->c.kind == RS_MEASURE_VALUE;
    if (p->extreme != 0 || p->c.averaged || (op == RS_AGGR_SUM && (!counts || v.shift != 0.0))) {
        return unknown;
    }
    p->c.averaged = op == RS_AGGR_AVG;
    regroup(p, n);
    return v;
}

/* ---- arithmetic ---- */

static bool same_counts(const struct quantity_part *a, const struct quantity_part *b)
{
    return rs_comparison_same_measure(&a->c, &b->c) && a->c.window_ms == b->c.window_ms &&
           a->c.last_two == b->c.last_two;
}

/* Of one unit: increase() is rate() times the window. */
static double per_window(const struct comparison *c)
{
    return c->kind == RS_MEASURE_COUNT ? (double)c->window_ms / 1000.0 : 1.0;
}

struct quantity rs_quantity_divide(const struct quantity_part *a,
                                   const struct quantity_part *b,
                                   const struct matching *m)
{
    const struct comparison *x = &a->c, *y = &b->c;
    bool x_value = x->kind == RS_MEASURE_VALUE, y_value = y->kind == RS_MEASURE_VALUE;
    bool x_counts = x->kind == RS_MEASURE_RATE || x->kind == RS_MEASURE_COUNT;
    bool y_counts = y->kind == RS_MEASURE_RATE || y->kind == RS_MEASURE_COUNT;
    if ((!x_counts && !x_value) || (!y_counts && !y_value) || x_value != y_value ||
        x->window_ms != y->window_ms || x->last_two != y->last_two || a->extreme || b->extreme ||
        x->averaged || y->averaged || !x->metric || !y->metric) {
        return unknown;
    }
    double scale = a->scale / b->scale * per_window(x) / per_window(y);
    if (same_counts(a, b)) {
        return number(scale);
    }
    if (a->kept == RS_KEPT_ALL && b->kept == RS_KEPT_ALL && !(m && m->given) &&
        strcmp(x->metric, y->metric) == 0) {
        return unknown; /* each series is divided by itself: always 1 */
    }
    struct quantity_part out = *a;
    size_t stem = strlen(x->metric) > 4 ? strlen(x->metric) - 4 : 0;
    bool mean = ends_with(x->metric, "_sum") && ends_with(y->metric, "_count") &&
                strlen(y->metric) == stem + 6 && strncmp(x->metric, y->metric, stem) == 0;
    out.scale = scale;
    out.c.kind = mean ? RS_MEASURE_MEAN : RS_MEASURE_RATIO;
    out.c.of_metric = y->metric;
    out.c.n_of_matcher = y->n_matcher;
    out.c.of_matcher = y->matcher;
    return measure(out);
}

static struct quantity scaled(struct quantity v, double by)
{
    if (by == 0.0 || !isfinite(by)) {
        return unknown;
    }
    v.shift *= by;
    for (int i = 0; i < v.n; i++) {
        v.part[i].scale *= by;
    }
    return v;
}

static struct quantity add(struct quantity a, struct quantity b)
{
    a.shift += b.shift;
    for (int i = 0; i < b.n; i++) {
        int j = 0;
        while (j < a.n && !same_counts(&a.part[j], &b.part[i])) {
            j++;
        }
        if (j == RS_QUANTITY_PARTS) {
            return unknown;
        }
        if (j == a.n) {
            a.part[a.n++] = b.part[i];
        } else {
            a.part[j].scale += b.part[i].scale;
        }
        if (a.part[j].scale == 0.0) {
            return unknown;
        }
    }
    return a;
}

static struct quantity divide(struct quantity a, struct quantity b, const struct matching *m)
{
    struct quantity out = number(0.0);
    if (b.n == 0) {
        return scaled(a, 1.0 / b.shift);
    }
    if (b.n != 1 || b.shift != 0.0 || a.n == 0 || a.shift != 0.0) {
        return unknown;
    }
    for (int i = 0; i < a.n && out.known; i++) {
        struct quantity q = rs_quantity_divide(&a.part[i], &b.part[0], m);
        out = q.known ? add(out, q) : unknown;
    }
    return out;
}

static struct quantity calculate(enum op_kind op, double a, double b)
{
    switch ((int)op) {
    case RS_OP_ADD: return number(a + b);
    case RS_OP_SUB: return number(a - b);
    case RS_OP_MUL: return number(a * b);
    case RS_OP_DIV: return number(a / b);
    case RS_OP_MOD: return number(fmod(a, b));
    case RS_OP_POW: return number(pow(a, b));
    default: return unknown;
    }
}

/* Do both sides of a matching have the labels that are pushed? */
static bool matching_keeps_pushed(const struct quantity_scope *scope, const struct matching *m)
{
    for (int i = 0; i < scope->n_pushed; i++) {
        if (m->given && m->on != rs_name_list_has(m->label, scope->pushed[i].name)) {
            return false;
        }
    }
    return true;
}

static struct quantity binary(const struct quantity_scope *scope, const struct node *n)
{
    enum op_kind op = n->u.bin.op;
    struct quantity l = rs_quantity_read(scope, n->u.bin.lhs);
    struct quantity r = rs_quantity_read(scope, n->u.bin.rhs);
    if (!l.known || !r.known ||
        (r.n > 0 && l.n > 0 && !matching_keeps_pushed(scope, &n->u.bin.match))) {
        return unknown;
    }
    if (op == RS_OP_OR && r.n == 0) {
        return l; /* `or vector(0)`: a number for when nothing was counted */
    }
    if (rs_op_table[op].class != RS_OPS_ARITHMETIC) {
        return unknown;
    }
    if (l.n == 0 && r.n == 0) {
        return calculate(op, l.shift, r.shift);
    }
    switch ((int)op) {
    case RS_OP_ADD: return add(l, r);
    case RS_OP_SUB: return add(l, scaled(r, -1.0));
    case RS_OP_MUL: return l.n == 0 ? scaled(r, l.shift) : r.n == 0 ? scaled(l, r.shift) : unknown;
    case RS_OP_DIV: return divide(l, r, &n->u.bin.match);
    default: return unknown;
    }
}

struct quantity rs_quantity_read(const struct quantity_scope *scope, const struct node *n)
{
    switch (n->kind) {
    case RS_NODE_NUMBER: return number(n->u.number);
    case RS_NODE_STRING:
    case RS_NODE_SUBQUERY: return unknown;
    case RS_NODE_SELECTOR: return selector(scope, n);
    case RS_NODE_CALL: return call(scope, n);
    case RS_NODE_AGGR: return aggregate(scope, n);
    case RS_NODE_BINARY: return binary(scope, n);
    case RS_NODE_UNARY: {
        struct quantity v = rs_quantity_read(scope, n->u.unary.expr);
        return v.known && n->u.unary.minus ? scaled(v, -1.0) : v;
    }
    case RS_NODE_PAREN: return rs_quantity_read(scope, n->u.paren);
    }
    return unknown;
}
