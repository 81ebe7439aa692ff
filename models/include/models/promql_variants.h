/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Variants of an expression, evaluated side by side over one tsdb. What they have in common is evaluated once: equal expressions
 * are one, and expressions that are alike but for the number that they are compared with at the top share the left side, whose
 * values are then held against the numbers in their order. What comes out is what each by itself would give.
 */
#ifndef MODELS_PROMQL_VARIANTS_H
#define MODELS_PROMQL_VARIANTS_H

#include "models/promql.h"

struct promql_variants; /* opaque, heap */

/* q[n], db are borrowed. As rs_promql_eval_new of each. At first all are in use. */
struct promql_variants *rs_promql_variants_new(const struct promql *const *q /* [n] */,
                                               int n,
                                               struct tsdb *db,
                                               struct promql_options opt);
void rs_promql_variants_free(struct promql_variants *v); /* NULL ok */

/* How many different expressions there are, and which of them variant i is. */
int rs_promql_variants_count(const struct promql_variants *v);
int rs_promql_variants_of(const struct promql_variants *v, int i);
/* How many evaluators stand behind them. */
int rs_promql_variants_evaluators(const struct promql_variants *v);

/*
 * What variant i looks at: reach[count of the tsdb's series when it was made] is how far back it looks at each, 0 = not at all.
 * *awake: it looks at all of them whenever it is evaluated. Else there are times at which it need not (promql_idle.c).
 */
const int64_t *rs_promql_variants_reach(const struct promql_variants *v, int i, bool *awake);

/* From now on only those of the different expressions are evaluated that are used. */
void rs_promql_variants_use(struct promql_variants *v, const bool *used /* [count] */);

/* What expression number `expr` gives. result NULL: it could not be evaluated, err says why. Valid during the call. */
typedef void (*rs_promql_variant_fn)(void *ctx,
                                     int expr,
                                     const struct vector *result,
                                     const struct err *err);
/* Evaluates what is in use, and tells of each expression whose result is not empty or that could not be evaluated. */
void rs_promql_variants_eval(struct promql_variants *v,
                             int64_t t_ms,
                             rs_promql_variant_fn fn,
                             void *ctx);

#endif
