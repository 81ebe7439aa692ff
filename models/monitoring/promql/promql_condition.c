/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/promql_condition.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "promql_quantity.h"

#define TERMS_MAX 64
#define DEPTH_MAX 64

/* ---- lists of terms ---- */

struct terms {
    bool too_many;
    int n;
    struct condition_term term[TERMS_MAX];
};

struct reading {
    struct quantity_scope scope;
    enum promql_dialect dialect;
    const struct node *top; /* the comparison in the text itself, where a recording rule is read */
    int depth;
};

static void read_terms(const struct reading *rd, const struct node *n, struct terms *out);

static struct arena *arena_of(const struct reading *rd)
{
    return rd->scope.arena;
}

static struct comparison
other_of(const struct reading *rd, const struct node *n, enum comparison_op op)
{
    const struct node *shown = rd->top ? rd->top : n;
    const struct promql part = {.root = shown, .dialect = rd->dialect};
    return (struct comparison){.kind = RS_MEASURE_OTHER,
                               .op = op,
                               .limit = NAN,
                               .written = NAN,
                               .text = rs_promql_print(arena_of(rd), &part),
                               .at = shown->at};
}

static void add_term(struct terms *t, struct condition_term term)
{
    if (t->n == TERMS_MAX) {
        t->too_many = true;
    } else {
        t->term[t->n++] = term;
    }
}

static void add_one(const struct reading *rd, struct terms *t, struct comparison c)
{
    struct comparison *own = rs_arena_alloc(arena_of(rd), sizeof *own);
    *own = c;
    add_term(t, (struct condition_term){.n = 1, .comparison = own});
}

static struct condition_term
joined(struct arena *arena, struct condition_term a, struct condition_term b)
{
    struct comparison *all = RS_ARENA_ARRAY(arena, struct comparison, a.n + b.n);
    memcpy(all, a.comparison, (size_t)a.n * sizeof *all);
    memcpy(all + a.n, b.comparison, (size_t)b.n * sizeof *all);
    return (struct condition_term){.n = a.n + b.n, .comparison = all};
}

/* Every term of the one with every term of the other. */
static void
multiply(const struct reading *rd, const struct terms *a, const struct terms *b, struct terms *out)
{
    out->too_many = out->too_many || a->too_many || b->too_many;
    for (int i = 0; i < a->n; i++) {
        for (int j = 0; j < b->n && !out->too_many; j++) {
            add_term(out, joined(arena_of(rd), a->term[i], b->term[j]));
        }
    }
}

/* ---- one comparison ---- */

static bool is_fixed(const struct comparison *c, const char *label)
{
    for (int i = 0; i < c->n_matcher; i++) {
        if (strcmp(c->matcher[i].label, label) == 0 && strcmp(c->matcher[i].op, "=") == 0) {
            return true;
        }
    }
    return false;
}

/* What is left apart: instances, paths, codes; and jobs. */
static void tell_apart(const struct quantity_part *p, struct comparison *c)
{
    if (c->kind == RS_MEASURE_ALERT) {
        return;
    }
    bool job =
        p->kept == RS_KEPT_ALL || rs_name_list_has(p->label, "job") == (p->kept == RS_KEPT_BY);
    c->per_job = job && !is_fixed(c, "job");
    c->per_series = p->kept != RS_KEPT_BY;
    for (int i = 0; p->kept == RS_KEPT_BY && i < p->label.n; i++) {
        const char *label = p->label.name[i];
        c->per_series = c->per_series || (strcmp(label, "le") != 0 && strcmp(label, "job") != 0 &&
                                          !is_fixed(c, label));
    }
}

static enum comparison_op comparison_of(enum op_kind op)
{
    switch ((int)op) {
    case RS_OP_GT: return RS_CMP_GT;
    case RS_OP_GE: return RS_CMP_GE;
    case RS_OP_LT: return RS_CMP_LT;
    case RS_OP_LE: return RS_CMP_LE;
    case RS_OP_EQ: return RS_CMP_EQ;
    default: return RS_CMP_NE;
    }
}

/* Is it true for what is at least 1, and not for 0? Then it asks whether there is any. */
static bool asks_for_any(enum comparison_op op, double limit)
{
    return (op == RS_CMP_GT && limit >= 0.0 && limit < 1.0) ||
           (op == RS_CMP_GE && limit > 0.0 && limit <= 1.0) || (op == RS_CMP_NE && limit == 0.0);
}

/* ALERTS is 1 where it is. alertname=~"A|B" is one or the other. */
static void add_alerts(const struct reading *rd, struct terms *out, struct comparison c)
{
    c.op = RS_CMP_PRESENT;
    for (int i = 0; i < c.n_matcher && !c.alert; i++) {
        const struct matcher_text *m = &c.matcher[i];
        if (strcmp(m->label, "alertname") != 0 || strcmp(m->op, "=~") != 0) {
            continue;
        }
        for (const char *p = m->value; strpbrk(m->value, ".*+?[](){}^$\\") == NULL; p++) {
            size_t n = strcspn(p, "|");
            c.alert = rs_arena_strndup(arena_of(rd), p, n);
            add_one(rd, out, c);
            p += n;
            if (!*p) {
                return;
            }
        }
    }
    if (!c.alert) {
        c.kind = RS_MEASURE_OTHER;
    }
    add_one(rd, out, c);
}

/* measure op limit, or OTHER. */
static void add_comparison(const struct reading *rd,
                           const struct node *n,
                           const struct quantity_part *p,
                           enum comparison_op op,
                           double limit,
                           double written,
                           struct terms *out)
{
    struct comparison c = p->c, text = other_of(rd, n, op);
    c.op = p->scale < 0.0 ? rs_comparison_flipped(op) : op;
    c.limit = limit / p->scale;
    c.written = written;
    c.text = text.text;
    c.at = text.at;
    tell_apart(p, &c);
    bool rises = c.op == RS_CMP_GT || c.op == RS_CMP_GE,
         falls = c.op == RS_CMP_LT || c.op == RS_CMP_LE;
    bool known = p->extreme == 0 || (p->extreme > 0 ? rises : falls);
    c.per_series = c.per_series || p->extreme != 0;
    if (c.kind == RS_MEASURE_ALERT) {
        if (asks_for_any(c.op, c.limit) || (c.op == RS_CMP_EQ && c.limit == 1.0)) {
            add_alerts(rd, out, c);
            return;
        }
        known = false;
    }
    if (known && !isnan(c.limit)) {
        add_one(rd, out, c);
    } else {
        add_one(rd, out, text);
    }
}

static void compare_values(const struct reading *rd,
                           const struct node *n,
                           enum comparison_op op,
                           struct terms *out)
{
    struct quantity l = rs_quantity_read(&rd->scope, n->u.bin.lhs);
    struct quantity r = rs_quantity_read(&rd->scope, n->u.bin.rhs);
    double written = r.n == 0 ? r.shift : l.shift;
    if (l.known && r.known && l.n == 0 && r.n > 0) {
        struct quantity swap = l;
        l = r;
        r = swap;
        op = rs_comparison_flipped(op);
    }
    if (l.known && r.known && l.n == 1 && r.n == 1 && l.shift == 0.0 && r.shift == 0.0 &&
        l.part[0].scale > 0.0 && r.part[0].scale > 0.0) {
        /* errors > 0.01 * total: a share, too; of the one that is the more of the other */
        struct quantity share = rs_quantity_divide(&l.part[0], &r.part[0], &n->u.bin.match);
        if (share.known && share.n == 1 && share.part[0].scale < 1.0) {
            share = rs_quantity_divide(&r.part[0], &l.part[0], &n->u.bin.match);
            op = rs_comparison_flipped(op);
        }
        if (share.known && share.n == 1) {
            add_comparison(rd, n, &share.part[0], op, 1.0, NAN, out);
            return;
        }
    }
    if (!l.known || !r.known || l.n != 1 || r.n != 0) {
        add_one(rd, out, other_of(rd, n, op));
        return;
    }
    add_comparison(rd, n, &l.part[0], op, r.shift - l.shift, written, out);
}

/* ---- the tree ---- */

static const struct node *as_compare(const struct node *n)
{
    return n->kind == RS_NODE_BINARY && rs_op_table[n->u.bin.op].class == RS_OPS_COMPARE ? n : NULL;
}

static bool is_absent(const struct node *n)
{
    return n->kind == RS_NODE_CALL && (strcmp(n->u.call.fn->name, "absent") == 0 ||
                                       strcmp(n->u.call.fn->name, "absent_over_time") == 0);
}

static bool is_number(const struct node *n, double *out)
{
    *out = n->kind == RS_NODE_NUMBER ? n->u.number : NAN;
    return n->kind == RS_NODE_NUMBER;
}

static void read_absent(const struct reading *rd, const struct node *n, struct terms *out)
{
    const struct node *arg = rs_node_bare(n->u.call.arg[0]);
    struct comparison c = other_of(rd, n, RS_CMP_ABSENT);
    struct quantity v = {0};
    if (arg->kind == RS_NODE_SELECTOR) {
        struct node instant = *arg;
        struct quantity_scope plain = rd->scope;
        instant.u.sel.range_ms = 0;
        plain.records = NULL; /* of the series itself, recorded or not */
        v = rs_quantity_read(&plain, &instant);
        v.part[0].c.window_ms = arg->u.sel.range_ms;
    }
    if (v.known && v.part[0].c.kind == RS_MEASURE_VALUE) {
        struct comparison as = v.part[0].c;
        as.op = c.op;
        as.limit = c.limit;
        as.written = c.written;
        as.text = c.text;
        as.at = c.at;
        c = as;
    }
    add_one(rd, out, c);
}

/* The expression of a recording rule, read in its own scope but shown as what the text says. */
static bool read_recorded(const struct reading *rd, const struct node *n, struct terms *out)
{
    struct reading in = *rd;
    bool ambiguous;
    const struct node *inner = rs_quantity_recorded(&rd->scope, n, &in.scope, &ambiguous);
    if (inner) {
        in.top = rd->top ? rd->top : n;
        in.depth++;
        read_terms(&in, inner, out);
    }
    return inner != NULL;
}

/*
 * A side that is itself a condition, held against a number: `(x > bool 1) == 1`, `count(x > 1) > 0`, `absent(x) == 1`, and the
 * like. False where it is none of these.
 */
static bool read_any_of(const struct reading *rd,
                        const struct node *side,
                        enum comparison_op op,
                        double limit,
                        struct terms *out)
{
    struct reading in = *rd;
    bool ambiguous;
    const struct node *inner = rs_quantity_recorded(&rd->scope, side, &in.scope, &ambiguous);
    if (inner) {
        in.top = rd->top ? rd->top : side;
        side = rs_node_bare(inner);
    }
    const struct node *compare = as_compare(side);
    bool is_true = asks_for_any(op, limit) || (op == RS_CMP_EQ && limit == 1.0);
    if (compare && compare->u.bin.returns_bool) {
        bool is_false = (op == RS_CMP_EQ && limit == 0.0) ||
                        (op == RS_CMP_LT && limit > 0.0 && limit <= 1.0) ||
                        (op == RS_CMP_NE && limit == 1.0);
        enum comparison_op own = comparison_of(compare->u.bin.op);
        if (is_true || is_false) {
            compare_values(&in, compare, is_true ? own : rs_comparison_negated(own), out);
        }
        return is_true || is_false;
    }
    if (is_absent(side) && is_true) {
        read_absent(&in, side, out);
        return true;
    }
    bool counts = side->kind == RS_NODE_AGGR &&
                  (side->u.aggr.op == RS_AGGR_COUNT || side->u.aggr.op == RS_AGGR_GROUP);
    if (counts && asks_for_any(op, limit)) {
        in.depth++;
        read_terms(&in, side->u.aggr.expr, out);
        return true;
    }
    return false;
}

static void read_compare(const struct reading *rd, const struct node *n, struct terms *out)
{
    const struct node *l = rs_node_bare(n->u.bin.lhs), *r = rs_node_bare(n->u.bin.rhs);
    enum comparison_op op = comparison_of(n->u.bin.op);
    const struct node *chained = as_compare(l);
    double limit;
    if ((is_number(r, &limit) && read_any_of(rd, l, op, limit, out)) ||
        (is_number(l, &limit) && read_any_of(rd, r, rs_comparison_flipped(op), limit, out))) {
        return;
    }
    if (chained && !chained->u.bin.returns_bool) { /* 1 < x < 5 */
        struct terms *both = rs_xcalloc(2, sizeof *both);
        struct node flat = *n;
        flat.u.bin.lhs =
            chained->u.bin.lhs->type == RS_PQL_SCALAR ? chained->u.bin.rhs : chained->u.bin.lhs;
        read_terms(rd, chained, &both[0]);
        compare_values(rd, &flat, op, &both[1]);
        multiply(rd, &both[0], &both[1], out);
        free(both);
        return;
    }
    compare_values(rd, n, op, out);
}

static void read_set(const struct reading *rd, const struct node *n, struct terms *out)
{
    if (n->u.bin.op == RS_OP_OR) {
        read_terms(rd, n->u.bin.lhs, out);
        read_terms(rd, n->u.bin.rhs, out);
        return;
    }
    struct terms *both = rs_xcalloc(2, sizeof *both);
    read_terms(rd, n->u.bin.lhs, &both[0]);
    if (n->u.bin.op == RS_OP_AND) {
        read_terms(rd, n->u.bin.rhs, &both[1]);
    } else {
        add_one(rd, &both[1], other_of(rd, n->u.bin.rhs, RS_CMP_ABSENT));
    }
    multiply(rd, &both[0], &both[1], out);
    free(both);
}

/* A result without a comparison: it is there or it is not; a scalar is there when it is not 0. */
static void read_presence(const struct reading *rd, const struct node *n, struct terms *out)
{
    struct quantity v = rs_quantity_read(&rd->scope, n);
    struct comparison c = other_of(rd, n, RS_CMP_PRESENT);
    if (!v.known || v.n != 1) {
        add_one(rd, out, c);
    } else if (n->type == RS_PQL_SCALAR) {
        add_comparison(rd, n, &v.part[0], RS_CMP_NE, -v.shift, NAN, out);
    } else {
        struct comparison is = v.part[0].c;
        is.op = c.op;
        is.limit = NAN;
        is.written = NAN;
        is.text = c.text;
        is.at = c.at;
        tell_apart(&v.part[0], &is);
        if (is.kind == RS_MEASURE_ALERT) {
            add_alerts(rd, out, is);
        } else {
            add_one(rd, out, is);
        }
    }
}

static void read_terms(const struct reading *rd, const struct node *n, struct terms *out)
{
    struct reading deeper = *rd;
    n = rs_node_bare(n);
    if (++deeper.depth > DEPTH_MAX) {
        out->too_many = true;
        return;
    }
    if (n->kind == RS_NODE_BINARY && rs_op_table[n->u.bin.op].class == RS_OPS_SET) {
        read_set(&deeper, n, out);
    } else if (as_compare(n) && (!n->u.bin.returns_bool || n->type == RS_PQL_SCALAR)) {
        read_compare(&deeper, n, out);
    } else if (is_absent(n)) {
        read_absent(&deeper, n, out);
    } else if (n->kind == RS_NODE_AGGR &&
               (n->u.aggr.op == RS_AGGR_COUNT || n->u.aggr.op == RS_AGGR_GROUP)) {
        read_terms(&deeper, n->u.aggr.expr, out); /* there is a count where there is anything */
    } else if (as_compare(n)) {
        add_one(rd, out, other_of(rd, n, RS_CMP_PRESENT)); /* bool: 0 or 1, never nothing */
    } else if (!read_recorded(&deeper, n, out)) {
        read_presence(rd, n, out);
    }
}

void rs_promql_condition(struct arena *arena,
                         const struct promql *q,
                         const struct promql_records *records,
                         struct promql_condition *out)
{
    const struct reading rd = {.scope = {.arena = arena, .records = records},
                               .dialect = q->dialect};
    struct terms *all = rs_xcalloc(1, sizeof *all);
    read_terms(&rd, q->root, all);
    if (all->too_many) {
        all->n = 0;
        add_one(&rd, all, other_of(&rd, q->root, RS_CMP_PRESENT));
    }
    struct condition_term *term = RS_ARENA_ARRAY(arena, struct condition_term, all->n);
    memcpy(term, all->term, (size_t)all->n * sizeof *term);
    *out = (struct promql_condition){.n_term = all->n, .term = term};
    free(all);
}
