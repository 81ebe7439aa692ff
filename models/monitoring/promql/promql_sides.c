/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The two sides of a comparison that filters. */
#include "models/promql_inspect.h"
#include "promql_ast.h"
#include "sim/arena.h"

static bool comparison_of(enum op_kind op, enum comparison_op *out)
{
    switch (op) {
    case RS_OP_EQ: *out = RS_CMP_EQ; return true;
    case RS_OP_NE: *out = RS_CMP_NE; return true;
    case RS_OP_GT: *out = RS_CMP_GT; return true;
    case RS_OP_LT: *out = RS_CMP_LT; return true;
    case RS_OP_GE: *out = RS_CMP_GE; return true;
    case RS_OP_LE: *out = RS_CMP_LE; return true;
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
    case RS_OP_N: return false;
    }
    return false;
}

static const struct promql *
side(struct arena *arena, const struct promql *q, const struct node *root)
{
    struct promql *part = RS_ARENA_ARRAY(arena, struct promql, 1);
    *part = (struct promql){.root = root, .dialect = q->dialect};
    return part;
}

bool rs_promql_sides(struct arena *arena, const struct promql *q, struct promql_sides *out)
{
    const struct node *n = rs_node_bare(q->root);
    if (n->kind != RS_NODE_BINARY || n->u.bin.returns_bool || n->u.bin.lhs->type != RS_PQL_VECTOR ||
        n->u.bin.rhs->type != RS_PQL_SCALAR || !comparison_of(n->u.bin.op, &out->op)) {
        return false;
    }
    out->left = side(arena, q, n->u.bin.lhs);
    out->right = side(arena, q, n->u.bin.rhs);
    return true;
}
