/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/promql_inspect.h"

#include <math.h>
#include <string.h>

#include "promql_ast.h"

struct fact { /* what is known of the values of a node */
    double low, high;
    enum promql_truth truth;
};

struct inspection {
    struct arena *arena;
    struct promql_reason *reason;
};

static const struct fact anything = {-INFINITY, INFINITY, RS_TRUTH_DATA};

static struct fact inspect(struct inspection *in, const struct node *n);

static enum promql_truth lower(enum promql_truth a, enum promql_truth b)
{
    return a < b ? a : b;
}

static enum promql_truth higher(enum promql_truth a, enum promql_truth b)
{
    return a > b ? a : b;
}

/* ---- comparisons ---- */

/* Does the comparison hold for all values of both sides: 1, for none: -1, else 0. NaN never compares, and is left out. */
static int decide(enum op_kind op, struct fact l, struct fact r)
{
    switch ((int)op) {
    case RS_OP_GT: return l.low > r.high ? 1 : l.high <= r.low ? -1 : 0;
    case RS_OP_GE: return l.low >= r.high ? 1 : l.high < r.low ? -1 : 0;
    case RS_OP_LT: return l.high < r.low ? 1 : l.low >= r.high ? -1 : 0;
    case RS_OP_LE: return l.high <= r.low ? 1 : l.low > r.high ? -1 : 0;
    case RS_OP_EQ:
        return l.low == l.high && r.low == r.high && l.low == r.low ? 1
               : l.high < r.low || l.low > r.high                   ? -1
                                                                    : 0;
    case RS_OP_NE:
        return l.high < r.low || l.low > r.high                       ? 1
               : l.low == l.high && r.low == r.high && l.low == r.low ? -1
                                                                      : 0;
    default: return 0;
    }
}

/* The first comparison that decides is the one to tell of; one with bool is told of only where there is no other. */
static void
note(struct inspection *in, const struct node *n, bool never, bool returns_bool, struct fact l)
{
    const struct promql part = {.root = n};
    if (in->reason->text && !in->reason->returns_bool) {
        return;
    }
    *in->reason = (struct promql_reason){.at = n->at,
                                         .text = rs_promql_print(in->arena, &part),
                                         .never = never,
                                         .returns_bool = returns_bool,
                                         .low = l.low,
                                         .high = l.high};
}

/* What is left of the side whose value is kept, where the other one is a number. */
static struct fact narrowed(enum op_kind op, struct fact kept, struct fact by)
{
    if (by.low != by.high) {
        return kept;
    }
    if (op == RS_OP_GT || op == RS_OP_GE || op == RS_OP_EQ) {
        kept.low = fmax(kept.low, by.low);
    }
    if (op == RS_OP_LT || op == RS_OP_LE || op == RS_OP_EQ) {
        kept.high = fmin(kept.high, by.high);
    }
    return kept;
}

static enum op_kind mirrored(enum op_kind op)
{
    return op == RS_OP_GT   ? RS_OP_LT
           : op == RS_OP_GE ? RS_OP_LE
           : op == RS_OP_LT ? RS_OP_GT
           : op == RS_OP_LE ? RS_OP_GE
                            : op;
}

static struct fact
compare(struct inspection *in, const struct node *n, struct fact l, struct fact r)
{
    enum op_kind op = n->u.bin.op;
    enum promql_truth both = lower(l.truth, r.truth);
    int decided = decide(op, l, r);
    if (n->u.bin.returns_bool) {
        if (n->type != RS_PQL_SCALAR) {
            note(in, n, false, true, l);
        }
        return (struct fact){decided > 0, decided < 0 ? 0.0 : 1.0, both};
    }
    bool right_kept = n->u.bin.lhs->type == RS_PQL_SCALAR;
    struct fact out = right_kept ? narrowed(mirrored(op), r, l) : narrowed(op, l, r);
    if (decided != 0 && both > RS_TRUTH_NEVER) {
        note(in, n, decided < 0, false, l);
    }
    out.truth = decided < 0 ? RS_TRUTH_NEVER : decided > 0 ? both : lower(both, RS_TRUTH_VALUES);
    return out;
}

/* ---- arithmetic ---- */

static struct fact span(double low, double high, enum promql_truth truth)
{
    /* Inf - Inf and 0 * Inf: not known. */
    return isnan(low) || isnan(high) ? (struct fact){-INFINITY, INFINITY, truth}
                                     : (struct fact){low, high, truth};
}

static struct fact multiply(struct fact l, struct fact r, enum promql_truth truth)
{
    const double ends[4] = {l.low * r.low, l.low * r.high, l.high * r.low, l.high * r.high};
    double low = ends[0], high = ends[0];
    if (l.low >= 0.0 && r.low >= 0.0) { /* 0 * Inf only at the far end */
        return span(l.low * r.low, isnan(l.high * r.high) ? INFINITY : l.high * r.high, truth);
    }
    for (int i = 0; i < 4; i++) {
        if (isnan(ends[i])) {
            return span(-INFINITY, INFINITY, truth);
        }
        low = fmin(low, ends[i]);
        high = fmax(high, ends[i]);
    }
    return span(low, high, truth);
}

static struct fact calculate(enum op_kind op, struct fact l, struct fact r)
{
    enum promql_truth both = lower(l.truth, r.truth);
    switch ((int)op) {
    case RS_OP_ADD: return span(l.low + r.low, l.high + r.high, both);
    case RS_OP_SUB: return span(l.low - r.high, l.high - r.low, both);
    case RS_OP_MUL: return multiply(l, r, both);
    case RS_OP_DIV:
        if (r.low == r.high && r.low != 0.0 && isfinite(r.low)) {
            return multiply(l, (struct fact){1.0 / r.low, 1.0 / r.low, both}, both);
        }
        return l.low >= 0.0 && r.low >= 0.0 ? span(0.0, INFINITY, both)
                                            : span(-INFINITY, INFINITY, both);
    case RS_OP_POW:
        return l.low >= 0.0 ? span(0.0, INFINITY, both) : span(-INFINITY, INFINITY, both);
    default: return span(-INFINITY, INFINITY, both);
    }
}

static struct fact binary(struct inspection *in, const struct node *n)
{
    struct fact l = inspect(in, n->u.bin.lhs), r = inspect(in, n->u.bin.rhs);
    enum op_class class = rs_op_table[n->u.bin.op].class;
    if (class == RS_OPS_COMPARE) {
        return compare(in, n, l, r);
    }
    if (class == RS_OPS_ARITHMETIC) {
        return calculate(n->u.bin.op, l, r);
    }
    if (n->u.bin.op == RS_OP_OR) {
        return span(fmin(l.low, r.low), fmax(l.high, r.high), higher(l.truth, r.truth));
    }
    if (n->u.bin.op == RS_OP_AND) {
        return span(l.low, l.high, lower(l.truth, r.truth));
    }
    return span(l.low, l.high,
                r.truth == RS_TRUTH_NEVER ? l.truth : lower(l.truth, RS_TRUTH_VALUES));
}

/* ---- functions and aggregations ---- */

/* What a function makes of the values that it is given. */
enum effect { CHANGES, KEEPS, FIXED };

static const struct {
    const char *name;
    enum effect effect;
    double low, high;
} functions[] = {
    {"abs", FIXED, 0, INFINITY},
    {"avg_over_time", KEEPS, 0, 0},
    {"changes", FIXED, 0, INFINITY},
    {"count_over_time", FIXED, 1, INFINITY},
    {"day_of_month", FIXED, 1, 31},
    {"day_of_week", FIXED, 0, 6},
    {"day_of_year", FIXED, 1, 366},
    {"days_in_month", FIXED, 28, 31},
    {"exp", FIXED, 0, INFINITY},
    {"hour", FIXED, 0, 23},
    {"increase", FIXED, 0, INFINITY},
    {"irate", FIXED, 0, INFINITY},
    {"label_join", KEEPS, 0, 0},
    {"label_replace", KEEPS, 0, 0},
    {"last_over_time", KEEPS, 0, 0},
    {"max_over_time", KEEPS, 0, 0},
    {"min_over_time", KEEPS, 0, 0},
    {"minute", FIXED, 0, 59},
    {"month", FIXED, 1, 12},
    {"present_over_time", FIXED, 1, 1},
    {"rate", FIXED, 0, INFINITY},
    {"resets", FIXED, 0, INFINITY},
    {"scalar", KEEPS, 0, 0},
    {"sgn", FIXED, -1, 1},
    {"sort", KEEPS, 0, 0},
    {"sort_desc", KEEPS, 0, 0},
    {"sqrt", FIXED, 0, INFINITY},
    {"stddev_over_time", FIXED, 0, INFINITY},
    {"stdvar_over_time", FIXED, 0, INFINITY},
    {"time", FIXED, 0, INFINITY},
    {"vector", KEEPS, 0, 0},
};

static bool is_absent(const struct node *n)
{
    return n->kind == RS_NODE_CALL && (strcmp(n->u.call.fn->name, "absent") == 0 ||
                                       strcmp(n->u.call.fn->name, "absent_over_time") == 0);
}

static struct fact clamp(const char *name, struct fact v, struct fact low, struct fact high)
{
    bool at_least = strcmp(name, "clamp_max") != 0, at_most = strcmp(name, "clamp_min") != 0;
    if (at_least) {
        v.low = fmax(v.low, low.low);
        v.high = fmax(v.high, low.high);
    }
    if (at_most) {
        v.low = fmin(v.low, high.low);
        v.high = fmin(v.high, high.high);
    }
    return v;
}

static struct fact call(struct inspection *in, const struct node *n)
{
    const char *name = n->u.call.fn->name;
    struct fact first = anything, last = anything, out = {-INFINITY, INFINITY, RS_TRUTH_ALWAYS};
    for (int i = 0; i < n->u.call.n_arg; i++) {
        struct fact arg = inspect(in, n->u.call.arg[i]);
        first = i == 0 ? arg : first;
        last = arg;
        out.truth = lower(out.truth, arg.truth);
    }
    if (is_absent(n)) {
        /* The absence of what is never there is always found. */
        return span(1.0, 1.0,
                    first.truth == RS_TRUTH_NEVER    ? RS_TRUTH_ALWAYS
                    : first.truth == RS_TRUTH_ALWAYS ? RS_TRUTH_NEVER
                                                     : RS_TRUTH_VALUES);
    }
    if (strcmp(name, "scalar") == 0) {
        out.truth = RS_TRUTH_ALWAYS; /* NaN is a number, too */
    }
    if (strncmp(name, "clamp", 5) == 0 && n->u.call.n_arg > 1) {
        struct fact limit = n->u.call.n_arg == 3 ? inspect(in, n->u.call.arg[1]) : last;
        struct fact clamped = clamp(name, first, limit, last);
        return span(clamped.low, clamped.high, out.truth);
    }
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        if (strcmp(functions[i].name, name) == 0) {
            return functions[i].effect == KEEPS
                       ? span(first.low, first.high, out.truth)
                       : span(functions[i].low, functions[i].high, out.truth);
        }
    }
    if (strcmp(name, "sum_over_time") == 0 && first.low >= 0.0) {
        return span(first.low, INFINITY, out.truth);
    }
    return out;
}

static struct fact aggregate(struct inspection *in, const struct node *n)
{
    struct fact v = inspect(in, n->u.aggr.expr);
    switch ((int)n->u.aggr.op) {
    case RS_AGGR_COUNT:
    case RS_AGGR_COUNT_VALUES: return span(1.0, INFINITY, v.truth);
    case RS_AGGR_GROUP: return span(1.0, 1.0, v.truth);
    case RS_AGGR_STDDEV:
    case RS_AGGR_STDVAR: return span(0.0, INFINITY, v.truth);
    case RS_AGGR_SUM:
        return span(v.low >= 0.0 ? v.low : -INFINITY, v.high <= 0.0 ? v.high : INFINITY, v.truth);
    case RS_AGGR_QUANTILE: return span(-INFINITY, INFINITY, v.truth);
    default: return v;
    }
}

static struct fact inspect(struct inspection *in, const struct node *n)
{
    struct fact v;
    switch (n->kind) {
    case RS_NODE_NUMBER: return span(n->u.number, n->u.number, RS_TRUTH_ALWAYS);
    case RS_NODE_STRING: return span(-INFINITY, INFINITY, RS_TRUTH_ALWAYS);
    case RS_NODE_SELECTOR: return anything;
    case RS_NODE_SUBQUERY: return inspect(in, n->u.sub.expr);
    case RS_NODE_CALL: return call(in, n);
    case RS_NODE_AGGR: return aggregate(in, n);
    case RS_NODE_BINARY: return binary(in, n);
    case RS_NODE_UNARY:
        v = inspect(in, n->u.unary.expr);
        return n->u.unary.minus ? span(-v.high, -v.low, v.truth) : v;
    case RS_NODE_PAREN: return inspect(in, n->u.paren);
    }
    return anything;
}

enum promql_truth
rs_promql_truth(struct arena *arena, const struct promql *q, struct promql_reason *out)
{
    struct promql_reason unused;
    struct inspection in = {arena, out ? out : &unused};
    *in.reason = (struct promql_reason){.at = q->root->at};
    return inspect(&in, q->root).truth;
}

/* ---- walks ---- */

struct walk {
    rs_promql_window_fn window;
    rs_promql_metric_fn metric;
    void *ctx;
    bool ahead; /* found by the way */
};

static bool needs_two(const char *function)
{
    static const char *const names[] = {
        "rate",           "increase",     "delta",
        "irate",          "idelta",       "deriv",
        "predict_linear", "holt_winters", "double_exponential_smoothing"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], function) == 0) {
            return true;
        }
    }
    return false;
}

/* The metric of a selector: its name, or an equality matcher of it. */
static const char *metric_of(const struct node *n)
{
    if (n->u.sel.name) {
        return n->u.sel.name;
    }
    for (int i = 0; i < n->u.sel.n_matcher; i++) {
        const struct pql_matcher *m = &n->u.sel.matcher[i];
        if (m->op == RS_MATCH_EQ && strcmp(m->name, "__name__") == 0) {
            return m->value;
        }
    }
    return NULL;
}

static void look_at_argument(struct walk *w, const struct node *call_node, const struct node *arg)
{
    const struct node *bare = rs_node_bare(arg);
    const char *function = call_node->u.call.fn->name;
    bool subquery = bare->kind == RS_NODE_SUBQUERY;
    if (w->metric && is_absent(call_node) && bare->kind == RS_NODE_SELECTOR && metric_of(bare)) {
        w->metric(w->ctx, metric_of(bare));
    }
    if (!w->window || bare->type != RS_PQL_MATRIX ||
        (!subquery && bare->kind != RS_NODE_SELECTOR)) {
        return;
    }
    const struct promql_window window = {.function = function,
                                         .metric = subquery ? NULL : metric_of(bare),
                                         .range_ms =
                                             subquery ? bare->u.sub.range_ms : bare->u.sel.range_ms,
                                         .subquery = subquery,
                                         .n_sample = needs_two(function) ? 2 : 1,
                                         .at = bare->at};
    w->window(w->ctx, &window);
}

static bool leaves_time(const struct modifiers *mod)
{
    return mod->at != RS_AT_NONE || mod->offset_ms < 0;
}

static void walk(struct walk *w, const struct node *n)
{
    switch (n->kind) {
    case RS_NODE_NUMBER:
    case RS_NODE_STRING: return;
    case RS_NODE_SELECTOR: w->ahead = w->ahead || leaves_time(&n->u.sel.mod); return;
    case RS_NODE_SUBQUERY:
        w->ahead = w->ahead || leaves_time(&n->u.sub.mod);
        walk(w, n->u.sub.expr);
        return;
    case RS_NODE_CALL:
        for (int i = 0; i < n->u.call.n_arg; i++) {
            look_at_argument(w, n, n->u.call.arg[i]);
            walk(w, n->u.call.arg[i]);
        }
        return;
    case RS_NODE_AGGR:
        if (n->u.aggr.param) {
            walk(w, n->u.aggr.param);
        }
        walk(w, n->u.aggr.expr);
        return;
    case RS_NODE_BINARY:
        walk(w, n->u.bin.lhs);
        walk(w, n->u.bin.rhs);
        return;
    case RS_NODE_UNARY: walk(w, n->u.unary.expr); return;
    case RS_NODE_PAREN: walk(w, n->u.paren); return;
    }
}

void rs_promql_windows(const struct promql *q, rs_promql_window_fn fn, void *ctx)
{
    struct walk w = {.window = fn, .ctx = ctx};
    walk(&w, q->root);
}

void rs_promql_absents(const struct promql *q, rs_promql_metric_fn fn, void *ctx)
{
    struct walk w = {.metric = fn, .ctx = ctx};
    walk(&w, q->root);
}

bool rs_promql_looks_ahead(const struct promql *q)
{
    struct walk w = {0};
    walk(&w, q->root);
    return w.ahead;
}
