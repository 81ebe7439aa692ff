/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Conditions: their value. As in expr-lang, whole numbers and fractions mix, a division gives a fraction, % wants whole numbers, and
 * what is not evaluated (behind && and ||) cannot fail.
 */
#include <assert.h>
#include <math.h>

#include "condition.h"

struct value {
    enum condition_type type; /* never RS_COND_T_ANY */
    double number;            /* not of a list */
};

struct evaluation {
    const struct judge_result *result;
    double item; /* # */
    const char *why;
};

static bool value_of(struct evaluation *e, const struct condition_node *n, struct value *out);

static bool wrong(struct evaluation *e, const char *why)
{
    e->why = why;
    return false;
}

static bool put(struct value *out, enum condition_type type, double number)
{
    *out = (struct value){type, number};
    return true;
}

static bool number_of(struct evaluation *e, const struct condition_node *n, struct value *out)
{
    if (!value_of(e, n, out))
        return false;
    return out->type == RS_COND_T_INT || out->type == RS_COND_T_FLOAT
               ? true
               : wrong(e, rs_condition_number_words(out->type));
}

static bool bool_of(struct evaluation *e, const struct condition_node *n, bool *out)
{
    struct value v;
    if (!value_of(e, n, &v))
        return false;
    *out = v.number != 0.0;
    return v.type == RS_COND_T_BOOL ? true : wrong(e, rs_condition_not_boolean);
}

static bool list_value(struct evaluation *e, const struct condition_node *n)
{
    struct value v;
    return value_of(e, n, &v) &&
           (v.type == RS_COND_T_LIST || wrong(e, rs_condition_number_as_list));
}

static bool index_of(struct evaluation *e, const struct condition_node *n, struct value *out)
{
    struct value i;
    if (!list_value(e, n->a) || !number_of(e, n->b, &i))
        return false;
    double k = i.number < 0.0 ? i.number + e->result->n : i.number;
    if (i.type != RS_COND_T_INT)
        return wrong(e, rs_condition_index_not_whole);
    if (!(k >= 0.0 && k < e->result->n))
        return wrong(e, e->result->n == 0 ? "the query gives nothing, so there is no result[...]"
                                          : "the index lies outside the list");
    return put(out, RS_COND_T_FLOAT, e->result->value[(int)k]);
}

static bool arithmetic(struct evaluation *e, const struct condition_node *n, struct value *out)
{
    struct value a, b;
    if (!number_of(e, n->a, &a) || !number_of(e, n->b, &b))
        return false;
    enum condition_type type = rs_condition_whole_or_not(a.type, b.type);
    if (n->op == RS_COND_ADD)
        return put(out, type, a.number + b.number);
    if (n->op == RS_COND_SUB)
        return put(out, type, a.number - b.number);
    if (n->op == RS_COND_MUL)
        return put(out, type, a.number * b.number);
    if (n->op == RS_COND_DIV)
        return put(out, RS_COND_T_FLOAT, a.number / b.number);
    if (n->op == RS_COND_POW)
        return put(out, RS_COND_T_FLOAT, pow(a.number, b.number));
    assert(n->op == RS_COND_MOD);
    if (type != RS_COND_T_INT)
        return wrong(e, rs_condition_rest_not_whole);
    return b.number == 0.0 ? wrong(e, "divided by zero")
                           : put(out, RS_COND_T_INT, fmod(a.number, b.number));
}

static bool order(struct evaluation *e, const struct condition_node *n, struct value *out)
{
    struct value a, b;
    if (!number_of(e, n->a, &a) || !number_of(e, n->b, &b))
        return false;
    bool holds = n->op == RS_COND_LT   ? a.number < b.number
                 : n->op == RS_COND_LE ? a.number <= b.number
                 : n->op == RS_COND_GT ? a.number > b.number
                                       : a.number >= b.number;
    return put(out, RS_COND_T_BOOL, holds);
}

/* A list can only be compared with itself: there is but one. */
static bool equal(struct evaluation *e, const struct condition_node *n, struct value *out)
{
    struct value a, b;
    if (!value_of(e, n->a, &a) || !value_of(e, n->b, &b))
        return false;
    bool lists = a.type == RS_COND_T_LIST && b.type == RS_COND_T_LIST;
    bool kin = a.type == b.type || (a.type != RS_COND_T_BOOL && b.type != RS_COND_T_BOOL &&
                                    a.type != RS_COND_T_LIST && b.type != RS_COND_T_LIST);
    bool same_value = kin && (lists || a.number == b.number);
    return put(out, RS_COND_T_BOOL, same_value == (n->op == RS_COND_EQ));
}

static bool connect(struct evaluation *e, const struct condition_node *n, struct value *out)
{
    bool a, b;
    if (!bool_of(e, n->a, &a))
        return false;
    if (a == (n->op == RS_COND_OR)) /* decided already */
        return put(out, RS_COND_T_BOOL, a);
    return bool_of(e, n->b, &b) && put(out, RS_COND_T_BOOL, b);
}

/* How many items of the list the predicate holds for; -1: it cannot be evaluated. */
static int count_true(struct evaluation *e, const struct condition_node *n)
{
    double outer = e->item;
    int count = 0;
    if (!list_value(e, n->a))
        return -1;
    for (int i = 0; i < e->result->n && count >= 0; i++) {
        bool holds = false;
        e->item = e->result->value[i];
        count = bool_of(e, n->b, &holds) ? count + holds : -1;
    }
    e->item = outer;
    return count;
}

static bool predicate(struct evaluation *e, const struct condition_node *n, struct value *out)
{
    int count = count_true(e, n);
    if (count < 0)
        return false;
    if (n->op == RS_COND_COUNT)
        return put(out, RS_COND_T_INT, count);
    bool holds = n->op == RS_COND_ALL    ? count == e->result->n
                 : n->op == RS_COND_ANY  ? count > 0
                 : n->op == RS_COND_NONE ? count == 0
                                         : count == 1;
    return put(out, RS_COND_T_BOOL, holds);
}

static bool fold(struct evaluation *e, enum condition_op op, struct value *out)
{
    const struct judge_result *r = e->result;
    double sum = 0.0;
    if (op == RS_COND_MIN || op == RS_COND_MAX) {
        if (r->n == 0)
            return wrong(e, "an empty list has no least and no largest value");
        sum = r->value[0];
        for (int i = 1; i < r->n; i++)
            sum = op == RS_COND_MIN ? fmin(sum, r->value[i]) : fmax(sum, r->value[i]);
        return put(out, RS_COND_T_FLOAT, sum);
    }
    for (int i = 0; i < r->n; i++)
        sum += r->value[i];
    if (op == RS_COND_MEAN && r->n > 0)
        sum /= r->n;
    return put(out, RS_COND_T_FLOAT, sum);
}

static bool
least_or_largest(struct evaluation *e, const struct condition_node *n, struct value *out)
{
    struct value a, b;
    if (!n->b) {
        if (!value_of(e, n->a, &a))
            return false;
        if (a.type == RS_COND_T_LIST)
            return fold(e, n->op, out);
        return a.type == RS_COND_T_BOOL ? wrong(e, rs_condition_not_number)
                                        : put(out, a.type, a.number);
    }
    if (!number_of(e, n->a, &a) || !number_of(e, n->b, &b))
        return false;
    bool first = n->op == RS_COND_MIN ? a.number <= b.number : a.number >= b.number;
    *out = first ? a : b;
    return true;
}

/* A fraction cut to a whole number as Go cuts it; what does not fit becomes the least of 64 bits. */
static double cut(double x)
{
    return fabs(x) < 9223372036854775808.0 ? trunc(x) : -9223372036854775808.0;
}

static bool length(struct evaluation *e, const struct condition_node *n, struct value *out)
{
    return list_value(e, n->a) && put(out, RS_COND_T_INT, e->result->n);
}

static bool fold_list(struct evaluation *e, const struct condition_node *n, struct value *out)
{
    return list_value(e, n->a) && fold(e, n->op, out);
}

/* Functions of one number. */
static bool of_number(struct evaluation *e, const struct condition_node *n, struct value *out)
{
    struct value a;
    if (!number_of(e, n->a, &a))
        return false;
    if (n->op == RS_COND_MINUS)
        return put(out, a.type, -a.number);
    if (n->op == RS_COND_ABS)
        return put(out, a.type, fabs(a.number));
    if (n->op == RS_COND_AS_INT)
        return put(out, RS_COND_T_INT, cut(a.number));
    if (n->op == RS_COND_AS_FLOAT)
        return put(out, RS_COND_T_FLOAT, a.number);
    if (n->op == RS_COND_IS_NAN)
        return put(out, RS_COND_T_BOOL, isnan(a.number) != 0);
    if (n->op == RS_COND_IS_INF)
        return put(out, RS_COND_T_BOOL, isinf(a.number) != 0);
    assert(n->op == RS_COND_PLUS);
    return put(out, a.type, a.number);
}

static bool negation(struct evaluation *e, const struct condition_node *n, struct value *out)
{
    bool truth;
    return bool_of(e, n->a, &truth) && put(out, RS_COND_T_BOOL, !truth);
}

static bool the_result(struct evaluation *e, const struct condition_node *n, struct value *out)
{
    (void)n;
    return e->result->is_list ? put(out, RS_COND_T_LIST, 0.0)
                              : put(out, RS_COND_T_FLOAT, e->result->value[0]);
}

/* Prometheus always gives something, be it an empty list: its result is never nil. */
static bool is_nil(struct evaluation *e, const struct condition_node *n, struct value *out)
{
    struct value a;
    return value_of(e, n->a, &a) && put(out, RS_COND_T_BOOL, 0.0);
}

/* Of what is not nil it is the whole result, whatever the first argument is. */
static bool or_default(struct evaluation *e, const struct condition_node *n, struct value *out)
{
    struct value a;
    return value_of(e, n->a, &a) && value_of(e, n->b, &a) && the_result(e, n, out);
}

static bool item(struct evaluation *e, const struct condition_node *n, struct value *out)
{
    (void)n;
    return put(out, RS_COND_T_FLOAT, e->item);
}

static bool constant(struct evaluation *e, const struct condition_node *n, struct value *out)
{
    enum condition_type type = n->op == RS_COND_FLOAT ? RS_COND_T_FLOAT
                               : n->op == RS_COND_INT ? RS_COND_T_INT
                                                      : RS_COND_T_BOOL;
    (void)e;
    return put(out, type, n->number);
}

static bool (*const values[RS_COND_OP_N])(struct evaluation *e,
                                          const struct condition_node *n,
                                          struct value *out) = {
    [RS_COND_FLOAT] = constant,
    [RS_COND_INT] = constant,
    [RS_COND_BOOL] = constant,
    [RS_COND_RESULT] = the_result,
    [RS_COND_ITEM] = item,
    [RS_COND_MINUS] = of_number,
    [RS_COND_PLUS] = of_number,
    [RS_COND_NOT] = negation,
    [RS_COND_INDEX] = index_of,
    [RS_COND_ADD] = arithmetic,
    [RS_COND_SUB] = arithmetic,
    [RS_COND_MUL] = arithmetic,
    [RS_COND_DIV] = arithmetic,
    [RS_COND_MOD] = arithmetic,
    [RS_COND_POW] = arithmetic,
    [RS_COND_EQ] = equal,
    [RS_COND_NE] = equal,
    [RS_COND_LT] = order,
    [RS_COND_LE] = order,
    [RS_COND_GT] = order,
    [RS_COND_GE] = order,
    [RS_COND_AND] = connect,
    [RS_COND_OR] = connect,
    [RS_COND_ALL] = predicate,
    [RS_COND_ANY] = predicate,
    [RS_COND_NONE] = predicate,
    [RS_COND_ONE] = predicate,
    [RS_COND_COUNT] = predicate,
    [RS_COND_LEN] = length,
    [RS_COND_SUM] = fold_list,
    [RS_COND_MEAN] = fold_list,
    [RS_COND_MIN] = least_or_largest,
    [RS_COND_MAX] = least_or_largest,
    [RS_COND_ABS] = of_number,
    [RS_COND_AS_INT] = of_number,
    [RS_COND_AS_FLOAT] = of_number,
    [RS_COND_IS_NAN] = of_number,
    [RS_COND_IS_INF] = of_number,
    [RS_COND_IS_NIL] = is_nil,
    [RS_COND_DEFAULT] = or_default,
};

static bool value_of(struct evaluation *e, const struct condition_node *n, struct value *out)
{
    return values[n->op](e, n, out);
}

int rs_judge_condition_eval(const struct judge_condition *c,
                            const struct judge_result *result,
                            const char **why)
{
    struct evaluation e = {.result = result};
    bool truth = false;
    assert(result->is_list || result->n == 1);
    *why = rs_judge_condition_misfit(c, result->is_list); /* the tool compiles it every time */
    if (*why)
        return -1;
    if (bool_of(&e, c->root, &truth))
        return truth;
    *why = e.why;
    return -1;
}
