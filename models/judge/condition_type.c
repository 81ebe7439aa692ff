/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Conditions: what the tool's compiler says of their types, before anything is measured. */
#include "condition.h"

struct typing {
    bool result_is_list;
    const char *misfit; /* the first one */
};

static enum condition_type misfit(struct typing *t, const char *words)
{
    if (!t->misfit)
        t->misfit = words;
    return RS_COND_T_ANY;
}

static bool may_be_number(enum condition_type t)
{
    return t == RS_COND_T_INT || t == RS_COND_T_FLOAT || t == RS_COND_T_ANY;
}

static bool may_be(enum condition_type t, enum condition_type what)
{
    return t == what || t == RS_COND_T_ANY;
}

const char rs_condition_list_as_number[] =
    "result is a list here, one value for each series, and is taken for a number: result[0] is its "
    "first";
const char rs_condition_number_as_list[] = "result is a number here, and is taken for a list";
const char rs_condition_not_boolean[] = "a condition is needed where a number stands";
const char rs_condition_not_number[] = "a number is needed where a condition stands";

const char rs_condition_index_not_whole[] = "an index must be a whole number";
const char rs_condition_rest_not_whole[] = "\"%\" is for whole numbers";

static enum condition_type type_of(struct typing *t, const struct condition_node *n);

const char *rs_condition_number_words(enum condition_type t)
{
    return t == RS_COND_T_LIST ? rs_condition_list_as_number : rs_condition_not_number;
}

static enum condition_type
numbers(struct typing *t, enum condition_type a, enum condition_type b, enum condition_type out)
{
    if (!may_be_number(a))
        return misfit(t, rs_condition_number_words(a));
    return may_be_number(b) ? out : misfit(t, rs_condition_number_words(b));
}

static enum condition_type
list_of(struct typing *t, const struct condition_node *n, enum condition_type out)
{
    return may_be(type_of(t, n), RS_COND_T_LIST) ? out : misfit(t, rs_condition_number_as_list);
}

static enum condition_type same(struct typing *t, enum condition_type a, enum condition_type b)
{
    bool fits = a == b || a == RS_COND_T_ANY || b == RS_COND_T_ANY ||
                (may_be_number(a) && may_be_number(b));
    return fits ? RS_COND_T_BOOL
                : misfit(t, a == RS_COND_T_LIST || b == RS_COND_T_LIST ? rs_condition_list_as_number
                                                                       : rs_condition_not_number);
}

enum condition_type rs_condition_whole_or_not(enum condition_type a, enum condition_type b)
{
    return a == RS_COND_T_INT && b == RS_COND_T_INT ? RS_COND_T_INT : RS_COND_T_FLOAT;
}

static enum condition_type logic(struct typing *t, enum condition_type a, enum condition_type b)
{
    return may_be(a, RS_COND_T_BOOL) && may_be(b, RS_COND_T_BOOL)
               ? RS_COND_T_BOOL
               : misfit(t, rs_condition_not_boolean);
}

static enum condition_type type_of_index(struct typing *t, const struct condition_node *n)
{
    enum condition_type a = type_of(t, n->a), b = type_of(t, n->b);
    if (!may_be(a, RS_COND_T_LIST))
        return misfit(t, rs_condition_number_as_list);
    return may_be(b, RS_COND_T_INT) ? RS_COND_T_FLOAT : misfit(t, rs_condition_index_not_whole);
}

static enum condition_type type_of_sum(struct typing *t, const struct condition_node *n)
{
    enum condition_type a = type_of(t, n->a), b = type_of(t, n->b);
    return numbers(t, a, b, rs_condition_whole_or_not(a, b));
}

static enum condition_type type_of_ratio(struct typing *t, const struct condition_node *n)
{
    enum condition_type a = type_of(t, n->a);
    return numbers(t, a, type_of(t, n->b), RS_COND_T_FLOAT);
}

static enum condition_type type_of_rest(struct typing *t, const struct condition_node *n)
{
    enum condition_type a = type_of(t, n->a), b = type_of(t, n->b);
    return may_be(a, RS_COND_T_INT) && may_be(b, RS_COND_T_INT)
               ? RS_COND_T_INT
               : misfit(t, rs_condition_rest_not_whole);
}

static enum condition_type type_of_order(struct typing *t, const struct condition_node *n)
{
    enum condition_type a = type_of(t, n->a);
    return numbers(t, a, type_of(t, n->b), RS_COND_T_BOOL);
}

static enum condition_type type_of_equal(struct typing *t, const struct condition_node *n)
{
    enum condition_type a = type_of(t, n->a);
    return same(t, a, type_of(t, n->b));
}

static enum condition_type type_of_logic(struct typing *t, const struct condition_node *n)
{
    enum condition_type a = type_of(t, n->a);
    return logic(t, a, n->b ? type_of(t, n->b) : RS_COND_T_BOOL);
}

static enum condition_type type_of_sign(struct typing *t, const struct condition_node *n)
{
    enum condition_type a = type_of(t, n->a);
    return numbers(t, a, a, a);
}

static enum condition_type type_of_predicate(struct typing *t, const struct condition_node *n)
{
    if (!may_be(type_of(t, n->b), RS_COND_T_BOOL))
        return misfit(t, rs_condition_not_boolean);
    return list_of(t, n->a, n->op == RS_COND_COUNT ? RS_COND_T_INT : RS_COND_T_BOOL);
}

static enum condition_type type_of_length(struct typing *t, const struct condition_node *n)
{
    return list_of(t, n->a, RS_COND_T_INT);
}

static enum condition_type type_of_fold(struct typing *t, const struct condition_node *n)
{
    return list_of(t, n->a, RS_COND_T_FLOAT);
}

static enum condition_type type_of_least(struct typing *t, const struct condition_node *n)
{
    enum condition_type a = type_of(t, n->a);
    if (n->b)
        return numbers(t, a, type_of(t, n->b), RS_COND_T_FLOAT);
    return a == RS_COND_T_BOOL ? misfit(t, rs_condition_not_number) : RS_COND_T_FLOAT;
}

static enum condition_type type_of_kind(struct typing *t, const struct condition_node *n)
{
    return numbers(t, type_of(t, n->a), RS_COND_T_FLOAT, RS_COND_T_BOOL);
}

/* Takes anything: what it cannot turn into a number fails when it is measured. */
static enum condition_type type_of_whole(struct typing *t, const struct condition_node *n)
{
    (void)type_of(t, n->a);
    return RS_COND_T_INT;
}

static enum condition_type type_of_fraction(struct typing *t, const struct condition_node *n)
{
    (void)type_of(t, n->a);
    return RS_COND_T_FLOAT;
}

static enum condition_type type_of_nil(struct typing *t, const struct condition_node *n)
{
    (void)type_of(t, n->a);
    return RS_COND_T_BOOL;
}

static enum condition_type type_of_default(struct typing *t, const struct condition_node *n)
{
    (void)type_of(t, n->a);
    (void)type_of(t, n->b);
    return RS_COND_T_ANY;
}

static enum condition_type type_of_float(struct typing *t, const struct condition_node *n)
{
    (void)t, (void)n;
    return RS_COND_T_FLOAT;
}

static enum condition_type type_of_int(struct typing *t, const struct condition_node *n)
{
    (void)t, (void)n;
    return RS_COND_T_INT;
}

static enum condition_type type_of_bool(struct typing *t, const struct condition_node *n)
{
    (void)t, (void)n;
    return RS_COND_T_BOOL;
}

static enum condition_type type_of_result(struct typing *t, const struct condition_node *n)
{
    (void)n;
    return t->result_is_list ? RS_COND_T_LIST : RS_COND_T_FLOAT;
}

static enum condition_type (*const types[RS_COND_OP_N])(struct typing *t,
                                                        const struct condition_node *n) = {
    [RS_COND_FLOAT] = type_of_float,   [RS_COND_INT] = type_of_int,
    [RS_COND_BOOL] = type_of_bool,     [RS_COND_RESULT] = type_of_result,
    [RS_COND_ITEM] = type_of_float,    [RS_COND_MINUS] = type_of_sign,
    [RS_COND_PLUS] = type_of_sign,     [RS_COND_NOT] = type_of_logic,
    [RS_COND_INDEX] = type_of_index,   [RS_COND_ADD] = type_of_sum,
    [RS_COND_SUB] = type_of_sum,       [RS_COND_MUL] = type_of_sum,
    [RS_COND_DIV] = type_of_ratio,     [RS_COND_MOD] = type_of_rest,
    [RS_COND_POW] = type_of_ratio,     [RS_COND_EQ] = type_of_equal,
    [RS_COND_NE] = type_of_equal,      [RS_COND_LT] = type_of_order,
    [RS_COND_LE] = type_of_order,      [RS_COND_GT] = type_of_order,
    [RS_COND_GE] = type_of_order,      [RS_COND_AND] = type_of_logic,
    [RS_COND_OR] = type_of_logic,      [RS_COND_ALL] = type_of_predicate,
    [RS_COND_ANY] = type_of_predicate, [RS_COND_NONE] = type_of_predicate,
    [RS_COND_ONE] = type_of_predicate, [RS_COND_COUNT] = type_of_predicate,
    [RS_COND_LEN] = type_of_length,    [RS_COND_SUM] = type_of_fold,
    [RS_COND_MEAN] = type_of_fold,     [RS_COND_MIN] = type_of_least,
    [RS_COND_MAX] = type_of_least,     [RS_COND_ABS] = type_of_sign,
    [RS_COND_AS_INT] = type_of_whole,  [RS_COND_AS_FLOAT] = type_of_fraction,
    [RS_COND_IS_NAN] = type_of_kind,   [RS_COND_IS_INF] = type_of_kind,
    [RS_COND_IS_NIL] = type_of_nil,    [RS_COND_DEFAULT] = type_of_default,
};

static enum condition_type type_of(struct typing *t, const struct condition_node *n)
{
    return types[n->op](t, n);
}

const char *rs_judge_condition_misfit(const struct judge_condition *c, bool result_is_list)
{
    struct typing t = {.result_is_list = result_is_list};
    if (!may_be(type_of(&t, c->root), RS_COND_T_BOOL))
        (void)misfit(&t, "the whole must be a condition that is true or false");
    return t.misfit;
}
