/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to models/judge: the tree of a condition. condition.c parses it, condition_eval.c types and evaluates it. */
#ifndef JUDGE_CONDITION_H
#define JUDGE_CONDITION_H

#include "models/judge_condition.h"

enum condition_op {
    /* leaves */
    RS_COND_FLOAT,
    RS_COND_INT,
    RS_COND_BOOL, /* number: 0 or 1 */
    RS_COND_RESULT,
    RS_COND_ITEM, /* # */
    /* one operand */
    RS_COND_MINUS,
    RS_COND_PLUS,
    RS_COND_NOT,
    /* two operands */
    RS_COND_INDEX,
    RS_COND_ADD,
    RS_COND_SUB,
    RS_COND_MUL,
    RS_COND_DIV,
    RS_COND_MOD,
    RS_COND_POW,
    RS_COND_EQ,
    RS_COND_NE,
    RS_COND_LT,
    RS_COND_LE,
    RS_COND_GT,
    RS_COND_GE,
    RS_COND_AND,
    RS_COND_OR,
    /* functions: of a list and a predicate */
    RS_COND_ALL,
    RS_COND_ANY,
    RS_COND_NONE,
    RS_COND_ONE,
    RS_COND_COUNT,
    /* of a list */
    RS_COND_LEN,
    RS_COND_SUM,
    RS_COND_MEAN,
    /* of a list, or of two numbers */
    RS_COND_MIN,
    RS_COND_MAX,
    /* of anything */
    RS_COND_ABS,
    RS_COND_AS_INT,
    RS_COND_AS_FLOAT,
    RS_COND_IS_NAN,
    RS_COND_IS_INF,
    RS_COND_IS_NIL,
    RS_COND_DEFAULT,
    RS_COND_OP_N
};

struct condition_node {
    enum condition_op op;
    double number;
    const struct condition_node *a, *b; /* NULL = none */
};

struct judge_condition {
    const struct condition_node *root;
};

/* ---- condition_type.c -------------------------------------------------------------------------- */

enum condition_type {
    RS_COND_T_BOOL,
    RS_COND_T_INT,
    RS_COND_T_FLOAT,
    RS_COND_T_LIST,
    RS_COND_T_ANY /* known only when it is measured; no value has it */
};

/* What is told where a type does not fit, before and while it is evaluated. */
extern const char rs_condition_list_as_number[], rs_condition_number_as_list[],
    rs_condition_not_boolean[], rs_condition_not_number[], rs_condition_index_not_whole[],
    rs_condition_rest_not_whole[];
/* Of something that is no number and should be one. */
const char *rs_condition_number_words(enum condition_type t);
/* Of a sum, a difference, a product. */
enum condition_type rs_condition_whole_or_not(enum condition_type a, enum condition_type b);

#endif
