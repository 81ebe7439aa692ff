/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cells: made from the tree, evaluated, freed; literals, signs and the public entry points. */
#include "promql_eval.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"

struct cell *rs_cell_make(const struct node *n, rs_eval_fn eval, int n_arg)
{
    struct cell *c = rs_xcalloc(1, sizeof *c);

    c->node = n;
    c->eval = eval;
    c->n_arg = n_arg;
    c->arg = rs_xcalloc((size_t)n_arg + 1, sizeof(struct cell *));
    return c;
}

void rs_cell_free(struct cell *c)
{
    if (c == NULL) {
        return;
    }
    for (int i = 0; i < c->n_arg; i++) {
        rs_cell_free(c->arg[i]);
    }
    if (c->state_free != NULL) {
        c->state_free(c->state);
    }
    rs_label_map_clear(&c->map);
    free(c->item);
    free(c->arg);
    free(c);
}

void rs_cell_grow(struct cell *c)
{
    int cap = c->cap ? 2 * c->cap : 8;

    c->item = rs_xrealloc(c->item, (size_t)cap * sizeof *c->item);
    for (int i = c->cap; i < cap; i++) {
        c->item[i].labels = -1; /* like no other */
    }
    c->cap = cap;
}

rs_labels rs_cell_bare(struct promql_eval *e, struct cell *c, rs_labels set)
{
    rs_labels bare = rs_label_map_get(&c->map, set);

    if (bare < 0) {
        bare = rs_labels_drop_name(e->labels, set);
        rs_label_map_put(&c->map, set, bare);
    }
    return bare;
}

void rs_eval_new_pass(struct promql_eval *e)
{
    e->pass++;
}

bool rs_eval_meet(struct promql_eval *e, rs_labels set)
{
    bool first;

    if (set >= e->cap_seen) {
        int cap = 2 * set + 64;

        e->seen = rs_xrealloc(e->seen, (size_t)cap * sizeof *e->seen);
        memset(e->seen + e->cap_seen, 0, (size_t)(cap - e->cap_seen) * sizeof *e->seen);
        e->cap_seen = cap;
    }
    first = e->seen[set] != e->pass;
    e->seen[set] = e->pass;
    return first;
}

int rs_eval_unique(struct promql_eval *e, struct cell *c)
{
    if (c->n < 2 || (c->unique_shape == c->shape && c->n <= c->n_unique)) {
        return 0;
    }
    rs_eval_new_pass(e);
    for (int i = 0; i < c->n; i++) {
        if (!rs_eval_meet(e, c->item[i].labels)) {
            char text[160];

            return rs_err_at(e->err, RS_E_RANGE, c->node->at,
                             "vector cannot contain metrics with the same labelset: %s",
                             rs_labels_format(text, sizeof text, e->labels, c->item[i].labels));
        }
    }
    c->unique_shape = c->shape;
    c->n_unique = c->n;
    return 0;
}

int64_t rs_modified_time(const struct promql_eval *e, const struct modifiers *mod, int64_t t_ms)
{
    switch (mod->at) {
    case RS_AT_NONE: break;
    case RS_AT_TIME: t_ms = mod->at_ms; break;
    case RS_AT_START: t_ms = e->opt.has_span ? e->opt.start_ms : e->now_ms; break;
    case RS_AT_END: t_ms = e->opt.has_span ? e->opt.end_ms : e->now_ms; break;
    }
    return t_ms - mod->offset_ms;
}

static int eval_number(struct promql_eval *e, struct cell *c, int64_t t_ms)
{
    (void)e;
    (void)t_ms;
    c->n = 1;
    return 0;
}

static int eval_unary(struct promql_eval *e, struct cell *c, int64_t t_ms)
{
    struct cell *arg = c->arg[0];

    if (arg->eval(e, arg, t_ms) < 0) {
        return -1;
    }
    c->n = 0;
    for (int i = 0; i < arg->n; i++) {
        if (c->node->u.unary.minus) {
            rs_cell_push(c, rs_cell_bare(e, c, arg->item[i].labels), -arg->item[i].v);
        } else {
            rs_cell_push(c, arg->item[i].labels, arg->item[i].v);
        }
    }
    return rs_eval_unique(e, c);
}

struct cell *rs_cell_new(struct promql_eval *e, const struct node *n)
{
    struct cell *c;

    switch (n->kind) {
    case RS_NODE_NUMBER:
        c = rs_cell_make(n, eval_number, 0);
        rs_cell_push(c, 0, n->u.number);
        return c;
    case RS_NODE_STRING: return rs_cell_make(n, NULL, 0);
    case RS_NODE_SELECTOR: return rs_selector_cell(e, n);
    case RS_NODE_SUBQUERY: return rs_subquery_cell(e, n);
    case RS_NODE_CALL: return rs_call_cell(e, n);
    case RS_NODE_AGGR: return rs_aggr_cell(e, n);
    case RS_NODE_BINARY: return rs_binary_cell(e, n);
    case RS_NODE_UNARY:
        c = rs_cell_make(n, eval_unary, 1);
        c->arg[0] = rs_cell_new(e, n->u.unary.expr);
        return c;
    case RS_NODE_PAREN: return rs_cell_new(e, n->u.paren);
    }
    return NULL;
}

struct promql_options rs_promql_options_default(void)
{
    return (struct promql_options){.lookback_ms = 300000, .subquery_step_ms = 60000};
}

struct toggles rs_promql_toggles(enum promql_dialect dialect)
{
    return (struct toggles){.left_open = dialect == RS_PROMQL_3,
                            .clamp_after = dialect != RS_PROMQL_2_42,
                            .compensated = dialect == RS_PROMQL_3};
}

struct promql_eval *
rs_promql_eval_new(const struct promql *q, struct tsdb *db, struct promql_options opt)
{
    struct promql_eval *e = rs_xcalloc(1, sizeof *e);

    e->q = q;
    e->db = db;
    e->labels = db->labels;
    e->opt = opt;
    e->toggle = rs_promql_toggles(q->dialect);
    if (e->opt.subquery_step_ms <= 0) {
        e->opt.subquery_step_ms = 60000;
    }
    e->root = rs_cell_new(e, q->root);
    rs_eval_note_idle(e);
    return e;
}

void rs_promql_eval_free(struct promql_eval *e)
{
    if (e != NULL) {
        rs_cell_free(e->root);
        free(e->seen);
        free(e->still);
        free(e);
    }
}

int rs_promql_eval(struct promql_eval *e, int64_t t_ms, struct vector *out, struct err *err)
{
    struct cell *c = e->root;
    int result;

    *out = (struct vector){NULL, 0};
    if (c->eval == NULL) {
        return rs_err_at(err, RS_E_TYPE, c->node->at,
                         "the expression is %s, expected a scalar or an instant vector",
                         rs_type_words(c->node->type));
    }
    e->now_ms = t_ms;
    if (e->n_still > 0 && !e->zeros_matter && rs_eval_is_idle(e, t_ms)) {
        return 0;
    }
    e->err = err;
    result = c->eval(e, c, t_ms);
    e->err = NULL;
    if (result == 0) {
        *out = (struct vector){c->item, c->n};
    }
    return result;
}

bool rs_promql_true(struct promql_eval *e, int64_t t_ms)
{
    struct vector v;

    if (rs_promql_eval(e, t_ms, &v, NULL) < 0 || v.n == 0) {
        return false;
    }
    if (e->q->root->type == RS_PQL_SCALAR) {
        return !isnan(v.item[0].v) && v.item[0].v != 0.0;
    }
    return true;
}
