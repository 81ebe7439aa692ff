/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Binary operators. Source: VectorBinop, VectorscalarBinop and the set operators of
 * promql/engine.go, Prometheus 3.5.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "promql_eval.h"
#include "promql_math.h"
#include "sim/arena.h"

struct slot {      /* per signature */
    uint64_t pass; /* the evaluation in which the "one" side had it */
    uint64_t used; /* the evaluation in which a pair was made of it */
    int one;       /* index in the "one" side */
};

struct
    partner { /* group_left(label): the result depends on both sides; the last pair of a "many" set */
    rs_labels one, result;
};

struct join {
    struct label_map signature; /* label set -> signature, itself a label set */
    struct slot *slot;          /* [cap_slot] by signature */
    int cap_slot;
    struct partner *partner; /* [cap_partner] by label set of the "many" side */
    int cap_partner;
    uint64_t pass;
};

static void join_free(void *state)
{
    struct join *j = state;

    rs_label_map_clear(&j->signature);
    free(j->slot);
    free(j->partner);
    free(j);
}

double rs_op_apply(enum op_kind op, double lhs, double rhs, bool *keep)
{
    switch (op) {
    case RS_OP_ADD: return lhs + rhs;
    case RS_OP_SUB: return lhs - rhs;
    case RS_OP_MUL: return lhs * rhs;
    case RS_OP_DIV: return lhs / rhs;
    case RS_OP_MOD: return fmod(lhs, rhs);
    case RS_OP_POW: return rs_math_pow(lhs, rhs);
    case RS_OP_ATAN2: return rs_math_atan2(lhs, rhs);
    case RS_OP_EQ: *keep = lhs == rhs; return lhs;
    case RS_OP_NE: *keep = lhs != rhs; return lhs;
    case RS_OP_GT: *keep = lhs > rhs; return lhs;
    case RS_OP_LT: *keep = lhs < rhs; return lhs;
    case RS_OP_GE: *keep = lhs >= rhs; return lhs;
    case RS_OP_LE: *keep = lhs <= rhs; return lhs;
    case RS_OP_OR:
    case RS_OP_AND:
    case RS_OP_UNLESS:
    case RS_OP_N: break;
    }
    assert(false);
    return lhs;
}

static bool drops_name(const struct promql_eval *e, const struct node *n)
{
    if (n->u.bin.op == RS_OP_ATAN2 && e->q->dialect == RS_PROMQL_2_42) {
        return false; /* forgotten there (shouldDropMetricName) */
    }
    return n->u.bin.returns_bool || rs_op_table[n->u.bin.op].class == RS_OPS_ARITHMETIC;
}

static int eval_scalars(struct promql_eval *e, struct cell *c, int64_t t_ms)
{
    struct cell *lhs = c->arg[0], *rhs = c->arg[1];
    bool keep = true;
    double v;

    if (lhs->eval(e, lhs, t_ms) < 0 || rhs->eval(e, rhs, t_ms) < 0) {
        return -1;
    }
    v = rs_op_apply(c->node->u.bin.op, lhs->item[0].v, rhs->item[0].v, &keep);
    c->n = 0;
    rs_cell_push(c, 0, c->node->u.bin.returns_bool ? keep : v);
    return 0;
}

/* "We want to always keep the vector element value, even if it's on the RHS." */
static int eval_vector_scalar(struct promql_eval *e, struct cell *c, int64_t t_ms)
{
    const struct node *n = c->node;
    bool swapped = n->u.bin.lhs->type == RS_PQL_SCALAR, bare = drops_name(e, n);
    bool compares = rs_op_table[n->u.bin.op].class == RS_OPS_COMPARE;
    struct cell *vector = c->arg[swapped], *scalar = c->arg[!swapped];
    double s;

    if (vector->eval(e, vector, t_ms) < 0 || scalar->eval(e, scalar, t_ms) < 0) {
        return -1;
    }
    s = scalar->item[0].v;
    c->n = 0;
    for (int i = 0; i < vector->n; i++) {
        const struct vector_item *item = &vector->item[i];
        double lhs = swapped ? s : item->v, rhs = swapped ? item->v : s;
        bool keep = true;
        double v = rs_op_apply(n->u.bin.op, lhs, rhs, &keep);

        if (n->u.bin.returns_bool) {
            v = keep;
        } else if (!keep) {
            continue;
        } else if (compares) {
            v = item->v;
        }
        rs_cell_push(c, bare ? rs_cell_bare(e, c, item->labels) : item->labels, v);
    }
    /* In 2.53 a vector may have equal label sets in it (label_join). */
    return bare || e->q->dialect == RS_PROMQL_2_53 ? rs_eval_unique(e, c) : 0;
}

/* ---- matching -------------------------------------------------------------------------------- */

static rs_labels signature(struct promql_eval *e, struct cell *c, rs_labels set)
{
    const struct matching *m = &c->node->u.bin.match;
    struct join *j = c->state;
    rs_labels sig = rs_label_map_get(&j->signature, set);

    if (sig < 0) {
        sig = m->on ? rs_labels_keep(e->labels, set, m->label)
                    : rs_labels_without(e->labels, set, m->label);
        rs_label_map_put(&j->signature, set, sig);
    }
    return sig;
}

static struct slot *slot_of(struct join *j, rs_labels sig)
{
    if (sig >= j->cap_slot) {
        int cap = 2 * sig + 32;

        j->slot = rs_xrealloc(j->slot, (size_t)cap * sizeof *j->slot);
        memset(j->slot + j->cap_slot, 0, (size_t)(cap - j->cap_slot) * sizeof *j->slot);
        j->cap_slot = cap;
    }
    return &j->slot[sig];
}

/*
 * The result's labels: those of the "many" (or left) side, without the name where the operator
 * drops it.
 */
static rs_labels result_base(struct promql_eval *e, const struct node *n, rs_labels many)
{
    const struct matching *m = &n->u.bin.match;
    rs_labels set = many;

    if (drops_name(e, n)) {
        set = rs_labels_drop_name(e->labels, set);
    }
    if (m->card == RS_ONE_TO_ONE) {
        set = m->on ? rs_labels_keep(e->labels, set, m->label)
                    : rs_labels_remove(e->labels, set, m->label);
    }
    return set;
}

static rs_labels
result_with_included(struct promql_eval *e, struct cell *c, rs_labels many, rs_labels one)
{
    const struct matching *m = &c->node->u.bin.match;
    struct join *j = c->state;
    struct partner *p;

    if (many >= j->cap_partner) {
        int cap = 2 * many + 32;

        j->partner = rs_xrealloc(j->partner, (size_t)cap * sizeof *j->partner);
        for (int i = j->cap_partner; i < cap; i++) {
            j->partner[i] = (struct partner){-1, -1};
        }
        j->cap_partner = cap;
    }
    p = &j->partner[many];
    if (p->one != one) {
        rs_labels set = result_base(e, c->node, many);

        for (int i = 0; i < m->include.n; i++) {
            const char *name = m->include.name[i];

            set = rs_labels_with(e->labels, set, name, rs_labels_get(e->labels, one, name));
        }
        *p = (struct partner){one, set};
    }
    return p->result;
}

static rs_labels result_labels(struct promql_eval *e, struct cell *c, rs_labels many, rs_labels one)
{
    rs_labels set;

    if (c->node->u.bin.match.include.n > 0) {
        return result_with_included(e, c, many, one);
    }
    set = rs_label_map_get(&c->map, many);
    if (set < 0) {
        set = result_base(e, c->node, many);
        rs_label_map_put(&c->map, many, set);
    }
    return set;
}

/* The "one" side by signature; -1 if a signature is not unique. */
static int fill_slots(struct promql_eval *e, struct cell *c, const struct cell *one)
{
    struct join *j = c->state;

    j->pass++;
    for (int i = 0; i < one->n; i++) {
        rs_labels sig = signature(e, c, one->item[i].labels);
        struct slot *slot = slot_of(j, sig);

        if (slot->pass == j->pass) {
            char text[160];

            return rs_err_at(e->err, RS_E_RANGE, c->node->at,
                             "found duplicate series for the match group %s on the %s side: "
                             "matching labels must be unique on one side",
                             rs_labels_format(text, sizeof text, e->labels, sig),
                             c->node->u.bin.match.card == RS_ONE_TO_MANY ? "left" : "right");
        }
        slot->pass = j->pass;
        slot->one = i;
    }
    return 0;
}

static int
join_pairs(struct promql_eval *e, struct cell *c, const struct cell *many, const struct cell *one)
{
    const struct node *n = c->node;
    bool swapped = n->u.bin.match.card == RS_ONE_TO_MANY;
    struct join *j = c->state;

    for (int i = 0; i < many->n; i++) {
        const struct vector_item *item = &many->item[i];
        struct slot *slot = slot_of(j, signature(e, c, item->labels));
        bool keep = true;
        double v, other;

        if (slot->pass != j->pass) {
            continue;
        }
        other = one->item[slot->one].v;
        v = rs_op_apply(n->u.bin.op, swapped ? other : item->v, swapped ? item->v : other, &keep);
        if (n->u.bin.returns_bool) {
            v = keep;
        } else if (!keep) {
            continue;
        }
        if (n->u.bin.match.card == RS_ONE_TO_ONE && slot->used == j->pass) {
            return rs_err_at(e->err, RS_E_RANGE, n->at,
                             "multiple matches for labels: many-to-one matching must be explicit "
                             "(group_left/group_right)");
        }
        slot->used = j->pass;
        rs_cell_push(c, result_labels(e, c, item->labels, one->item[slot->one].labels), v);
    }
    return rs_eval_unique(e, c);
}

static int eval_join(struct promql_eval *e, struct cell *c, int64_t t_ms)
{
    struct cell *lhs = c->arg[0], *rhs = c->arg[1];
    bool swapped = c->node->u.bin.match.card == RS_ONE_TO_MANY;

    if (lhs->eval(e, lhs, t_ms) < 0 || rhs->eval(e, rhs, t_ms) < 0) {
        return -1;
    }
    c->n = 0;
    /* "Short-circuit: nothing is going to match." Not even doubled signatures of the other side are looked for. */
    if (lhs->n == 0 || rhs->n == 0) {
        return 0;
    }
    if (fill_slots(e, c, swapped ? lhs : rhs) < 0) {
        return -1;
    }
    return join_pairs(e, c, swapped ? rhs : lhs, swapped ? lhs : rhs);
}

/* ---- and, or, unless ------------------------------------------------------------------------- */

static void mark_signatures(struct promql_eval *e, struct cell *c, const struct cell *side)
{
    struct join *j = c->state;

    j->pass++;
    for (int i = 0; i < side->n; i++) {
        slot_of(j, signature(e, c, side->item[i].labels))->pass = j->pass;
    }
}

/* Elements of `side` whose signature is marked, or is not. */
static void copy_where(struct promql_eval *e, struct cell *c, const struct cell *side, bool marked)
{
    struct join *j = c->state;

    for (int i = 0; i < side->n; i++) {
        const struct vector_item *item = &side->item[i];
        bool is_marked = slot_of(j, signature(e, c, item->labels))->pass == j->pass;

        if (is_marked == marked) {
            rs_cell_push(c, item->labels, item->v);
        }
    }
}

static int eval_set(struct promql_eval *e, struct cell *c, int64_t t_ms)
{
    struct cell *lhs = c->arg[0], *rhs = c->arg[1];
    enum op_kind op = c->node->u.bin.op;

    if (lhs->eval(e, lhs, t_ms) < 0 || rhs->eval(e, rhs, t_ms) < 0) {
        return -1;
    }
    c->n = 0;
    if (op == RS_OP_OR) {
        for (int i = 0; i < lhs->n; i++) {
            rs_cell_push(c, lhs->item[i].labels, lhs->item[i].v);
        }
        mark_signatures(e, c, lhs);
        copy_where(e, c, rhs, false);
    } else {
        mark_signatures(e, c, rhs);
        copy_where(e, c, lhs, op == RS_OP_AND);
    }
    return rs_eval_unique(e, c);
}

struct cell *rs_binary_cell(struct promql_eval *e, const struct node *n)
{
    bool lhs_scalar = n->u.bin.lhs->type == RS_PQL_SCALAR;
    bool rhs_scalar = n->u.bin.rhs->type == RS_PQL_SCALAR;
    rs_eval_fn eval = eval_join;
    struct cell *c;

    if (lhs_scalar && rhs_scalar) {
        eval = eval_scalars;
    } else if (lhs_scalar || rhs_scalar) {
        eval = eval_vector_scalar;
    } else if (rs_op_table[n->u.bin.op].class == RS_OPS_SET) {
        eval = eval_set;
    }
    c = rs_cell_make(n, eval, 2);
    c->arg[0] = rs_cell_new(e, n->u.bin.lhs);
    c->arg[1] = rs_cell_new(e, n->u.bin.rhs);
    if (eval == eval_join || eval == eval_set) {
        c->state = rs_xcalloc(1, sizeof(struct join));
        c->state_free = join_free;
    }
    return c;
}
