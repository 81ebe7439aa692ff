/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Variants side by side. A shared left side is a column of steps: the numbers that it is compared with, in their order. */
#include "promql_variants.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct step {
    double number;
    int expr; /* its number among the different expressions */
    bool used;
};

struct column {
    struct promql q; /* the left side, or a whole expression that has no number at its top */
    struct promql_eval *eval;
    bool compared;
    enum op_kind op; /* as if the number stood on the right */
    struct bytes key;
    struct step *step; /* [n_step] owned, by number */
    int n_step, cap_step;
    int *used; /* [n_used] of the steps, rising */
    int n_used;
    int64_t *reach; /* by series */
};

struct promql_variants {
    struct tsdb *db;
    int n, n_expr, n_column;
    int *of;                  /* [n] the different expression that a variant is */
    int *column_of;           /* [n] */
    struct column *column;    /* [n_column] */
    struct vector_item *item; /* [cap_item] the items that pass a step */
    int cap_item;
};

/* ---- taking apart ---------------------------------------------------------------------------- */

static enum op_kind turned(enum op_kind op)
{
    switch (op) {
    case RS_OP_GT: return RS_OP_LT;
    case RS_OP_LT: return RS_OP_GT;
    case RS_OP_GE: return RS_OP_LE;
    case RS_OP_LE: return RS_OP_GE;
    case RS_OP_EQ:
    case RS_OP_NE:
    case RS_OP_OR:
    case RS_OP_AND:
    case RS_OP_UNLESS:
    case RS_OP_ADD:
    case RS_OP_SUB:
    case RS_OP_MUL:
    case RS_OP_DIV:
    case RS_OP_MOD:
    case RS_OP_ATAN2:
    case RS_OP_POW:
    case RS_OP_N: return op;
    }
    return op;
}

/* A number as it is written, a sign in front of it included. */
static bool number_of(const struct node *n, double *out)
{
    n = rs_node_bare(n);
    if (n->kind == RS_NODE_UNARY) {
        bool minus = n->u.unary.minus;

        if (!number_of(n->u.unary.expr, out)) {
            return false;
        }
        *out = minus ? -*out : *out;
        return true;
    }
    *out = n->kind == RS_NODE_NUMBER ? n->u.number : 0.0;
    return n->kind == RS_NODE_NUMBER && !isnan(*out);
}

/* What is compared with what, where a filtering comparison of a vector with a number is at the top. */
static bool take_apart(const struct promql *q, struct column *c, double *number)
{
    const struct node *n = rs_node_bare(q->root);

    *c = (struct column){.q = *q};
    *number = 0.0;
    if (n->kind != RS_NODE_BINARY || rs_op_table[n->u.bin.op].class != RS_OPS_COMPARE ||
        n->u.bin.returns_bool || n->type != RS_PQL_VECTOR) {
        return false;
    }
    if (number_of(n->u.bin.rhs, number)) {
        c->q.root = n->u.bin.lhs;
        c->op = n->u.bin.op;
    } else if (number_of(n->u.bin.lhs, number)) {
        c->q.root = n->u.bin.rhs;
        c->op = turned(n->u.bin.op);
    } else {
        return false;
    }
    c->compared = true;
    return true;
}

static struct column *column_of(struct promql_variants *v, const struct column *like)
{
    for (int i = 0; i < v->n_column; i++) {
        const struct bytes *key = &v->column[i].key;

        if (key->n == like->key.n && memcmp(key->p, like->key.p, key->n) == 0) {
            free(like->key.p);
            return &v->column[i];
        }
    }
    v->column[v->n_column] = *like;
    return &v->column[v->n_column++];
}

static void note(struct promql_variants *v, const struct promql *q, int i)
{
    struct column like, *c;
    double number;
    int64_t head[3];

    (void)take_apart(q, &like, &number);
    head[0] = like.compared;
    head[1] = like.compared ? (int64_t)like.op : 0;
    head[2] = q->dialect;
    like.key.cap = sizeof head + 512;
    like.key.p = rs_xrealloc(NULL, like.key.cap);
    memcpy(like.key.p, head, sizeof head);
    like.key.n = sizeof head;
    rs_node_bytes(&like.key, like.q.root);
    c = column_of(v, &like);
    if (c->n_step == c->cap_step) {
        c->cap_step = c->cap_step ? 2 * c->cap_step : 8;
        c->step = rs_xrealloc(c->step, (size_t)c->cap_step * sizeof *c->step);
    }
    c->step[c->n_step++] = (struct step){number, i, false};
}

static int by_number(const void *a, const void *b)
{
    const struct step *x = a, *y = b;

    if (x->number != y->number) {
        return x->number < y->number ? -1 : 1;
    }
    return x->expr - y->expr;
}

/* Steps of one number become one; until now `expr` was the variant. 0 and -0 compare alike. */
static void number_steps(struct promql_variants *v, struct column *c)
{
    int n = 0;

    qsort(c->step, (size_t)c->n_step, sizeof *c->step, by_number);
    for (int i = 0; i < c->n_step; i++) {
        int variant = c->step[i].expr;

        if (i == 0 || c->step[i].number != c->step[n - 1].number) {
            c->step[n++] = (struct step){c->step[i].number, v->n_expr++, false};
        }
        v->of[variant] = c->step[n - 1].expr;
        v->column_of[variant] = (int)(c - v->column);
    }
    c->n_step = n;
    c->used = rs_xcalloc((size_t)n, sizeof *c->used);
}

/* What it asks of the series is noted for itself, and for whoever is noting anyway. */
static void make_eval(struct column *c, struct tsdb *db, struct promql_options opt)
{
    int64_t *outer = db->noted;
    int n_outer = db->n_noted;

    c->reach = rs_xcalloc((size_t)db->n + 1, sizeof *c->reach);
    rs_tsdb_note(db, c->reach, db->n);
    c->eval = rs_promql_eval_new(&c->q, db, opt);
    rs_tsdb_note(db, outer, n_outer);
    if (c->compared) {
        rs_eval_note_zeros(c->eval);
    }
}

struct promql_variants *rs_promql_variants_new(const struct promql *const *q,
                                               int n,
                                               struct tsdb *db,
                                               struct promql_options opt)
{
    struct promql_variants *v = rs_xcalloc(1, sizeof *v);
    bool *all;

    assert(n > 0);
    v->db = db;
    v->n = n;
    v->of = rs_xcalloc((size_t)n, sizeof *v->of);
    v->column_of = rs_xcalloc((size_t)n, sizeof *v->column_of);
    v->column = rs_xcalloc((size_t)n, sizeof *v->column);
    for (int i = 0; i < n; i++) {
        note(v, q[i], i);
    }
    for (int i = 0; i < v->n_column; i++) {
        struct column *c = &v->column[i];

        number_steps(v, c);
        make_eval(c, db, opt);
    }
    all = rs_xcalloc((size_t)v->n_expr, sizeof *all);
    memset(all, true, (size_t)v->n_expr * sizeof *all);
    rs_promql_variants_use(v, all);
    free(all);
    return v;
}

void rs_promql_variants_free(struct promql_variants *v)
{
    if (v == NULL) {
        return;
    }
    for (int i = 0; i < v->n_column; i++) {
        struct column *c = &v->column[i];

        rs_promql_eval_free(c->eval);
        free(c->key.p);
        free(c->step);
        free(c->used);
        free(c->reach);
    }
    free(v->column);
    free(v->of);
    free(v->column_of);
    free(v->item);
    free(v);
}

int rs_promql_variants_count(const struct promql_variants *v)
{
    return v->n_expr;
}

int rs_promql_variants_of(const struct promql_variants *v, int i)
{
    assert(i >= 0 && i < v->n);
    return v->of[i];
}

const int64_t *rs_promql_variants_reach(const struct promql_variants *v, int i, bool *awake)
{
    const struct column *c = &v->column[v->column_of[i]];

    *awake = c->eval->n_still == 0;
    return c->reach;
}

int rs_promql_variants_evaluators(const struct promql_variants *v)
{
    return v->n_column;
}

/* ---- in use ---------------------------------------------------------------------------------- */

static bool passes(enum op_kind op, double value, double number)
{
    bool keep = true;

    (void)rs_op_apply(op, value, number, &keep);
    return keep;
}

void rs_promql_variants_use(struct promql_variants *v, const bool *used)
{
    for (int i = 0; i < v->n_column; i++) {
        struct column *c = &v->column[i];
        bool zero_passes = !c->compared;

        c->n_used = 0;
        for (int k = 0; k < c->n_step; k++) {
            if (used[c->step[k].expr]) {
                c->used[c->n_used++] = k;
                zero_passes = zero_passes || passes(c->op, 0.0, c->step[k].number);
            }
        }
        rs_eval_zeros_matter(c->eval, zero_passes);
    }
}

/* ---- evaluating ------------------------------------------------------------------------------ */

struct telling {
    rs_promql_variant_fn fn;
    void *ctx;
};

/* The items that pass a step. In 2.53 a vector may have equal label sets in it, which a comparison does not take. */
static void
tell_step(struct promql_variants *v, struct column *c, int k, struct vector all, struct telling to)
{
    struct vector some = {v->item, 0};
    bool unique = true;

    for (int i = 0; i < all.n; i++) {
        if (passes(c->op, all.item[i].v, c->step[k].number)) {
            v->item[some.n++] = all.item[i];
        }
    }
    if (c->q.dialect == RS_PROMQL_2_53 && some.n > 1) {
        rs_eval_new_pass(c->eval);
        for (int i = 0; i < some.n; i++) {
            unique = rs_eval_meet(c->eval, v->item[i].labels) && unique;
        }
    }
    if (!unique) {
        struct err err = {.code = RS_E_NONE};

        (void)rs_err_set(&err, RS_E_RANGE, "vector cannot contain metrics with the same labelset");
        to.fn(to.ctx, c->step[k].expr, NULL, &err);
    } else if (some.n > 0) {
        to.fn(to.ctx, c->step[k].expr, &some, NULL);
    }
}

/*
 * The steps that something may pass are the lowest ones of `>` and the highest of `<`: past the first that the extreme value
 * does not pass, none does.
 */
static void
tell_steps(struct promql_variants *v, struct column *c, struct vector all, struct telling to)
{
    double low = INFINITY, high = -INFINITY;
    bool any = false;

    if (all.n > v->cap_item) {
        v->cap_item = 2 * all.n;
        v->item = rs_xrealloc(v->item, (size_t)v->cap_item * sizeof *v->item);
    }
    for (int i = 0; i < all.n; i++) {
        any = any || !isnan(all.item[i].v);
        low = all.item[i].v < low ? all.item[i].v : low;
        high = all.item[i].v > high ? all.item[i].v : high;
    }
    if (c->op == RS_OP_GT || c->op == RS_OP_GE) {
        for (int k = 0; any && k < c->n_used; k++) {
            if (!passes(c->op, high, c->step[c->used[k]].number)) {
                break;
            }
            tell_step(v, c, c->used[k], all, to);
        }
    } else if (c->op == RS_OP_LT || c->op == RS_OP_LE) {
        for (int k = c->n_used - 1; any && k >= 0; k--) {
            if (!passes(c->op, low, c->step[c->used[k]].number)) {
                break;
            }
            tell_step(v, c, c->used[k], all, to);
        }
    } else {
        for (int k = 0; k < c->n_used; k++) {
            tell_step(v, c, c->used[k], all, to);
        }
    }
}

static void
eval_column(struct promql_variants *v, struct column *c, int64_t t_ms, struct telling to)
{
    struct vector all;
    struct err err;

    err.code = RS_E_NONE; /* the rest is written with the first failure */
    err.line = err.col = 0;
    err.file[0] = err.text[0] = '\0';
    if (rs_promql_eval(c->eval, t_ms, &all, &err) < 0) {
        for (int k = 0; k < c->n_used; k++) {
            to.fn(to.ctx, c->step[c->used[k]].expr, NULL, &err);
        }
    } else if (all.n > 0 && c->compared) {
        tell_steps(v, c, all, to);
    } else if (all.n > 0) {
        to.fn(to.ctx, c->step[0].expr, &all, NULL);
    }
}

void rs_promql_variants_eval(struct promql_variants *v,
                             int64_t t_ms,
                             rs_promql_variant_fn fn,
                             void *ctx)
{
    for (int i = 0; i < v->n_column; i++) {
        if (v->column[i].n_used > 0) {
            eval_column(v, &v->column[i], t_ms, (struct telling){fn, ctx});
        }
    }
}
