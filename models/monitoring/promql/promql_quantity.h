/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the value of an expression is made of: a linear combination of at most two measures and a number. */
#ifndef MONITORING_PROMQL_QUANTITY_H
#define MONITORING_PROMQL_QUANTITY_H

#include "models/promql_condition.h"
#include "promql_ast.h"

/* The operator with its sides exchanged, and the one that is true where this one is not. */
enum comparison_op rs_comparison_flipped(enum comparison_op op);
enum comparison_op rs_comparison_negated(enum comparison_op op);

/* Which labels a part still has. */
enum kept_labels { RS_KEPT_ALL, RS_KEPT_BY, RS_KEPT_WITHOUT };

struct quantity_part {
    double scale; /* not 0 */
    int extreme;  /* 1: the greatest of several, -1: the least, 0: as it is */
    enum kept_labels kept;
    struct name_list label; /* of BY and WITHOUT */
    struct comparison c;    /* the measure alone: op, limit, text and place are not set */
};

/* scale[0] * part[0] + scale[1] * part[1] + shift */
#define RS_QUANTITY_PARTS 2
struct quantity {
    bool known; /* false: nothing else is set */
    double shift;
    int n; /* 0 = a number */
    struct quantity_part part[RS_QUANTITY_PARTS];
};

/* Where an expression is read: in a recording rule, the matchers that are put on its series come with it. */
struct quantity_scope {
    struct arena *arena;
    const struct promql_records *records; /* NULL = none */
    int depth;                            /* of recording rules */
    int n_pushed;
    const struct pql_matcher *pushed; /* [n_pushed] */
};

struct quantity rs_quantity_read(const struct quantity_scope *scope, const struct node *n);

/* a / b of two parts; not known where the one is not a share of the other. m: how the series are matched, or NULL. */
struct quantity rs_quantity_divide(const struct quantity_part *a,
                                   const struct quantity_part *b,
                                   const struct matching *m);

/*
 * The expression behind an instant selector of a recorded series, with the scope to read it in; NULL where it is no such
 * selector. Sets *ambiguous where rules record it, but not one alone fits the matchers.
 */
const struct node *rs_quantity_recorded(const struct quantity_scope *scope,
                                        const struct node *n,
                                        struct quantity_scope *inner,
                                        bool *ambiguous);

#endif
