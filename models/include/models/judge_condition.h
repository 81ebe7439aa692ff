/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Conditions over a measurement as Argo Rollouts has them: the part of its expression language (expr-lang) that numbers and lists
 * of numbers need. `result` is a number where the query gives a scalar, a list of numbers where it gives an instant vector.
 *
 * Read: numbers, true, false; + - * / % ** ^; == != < <= > >=; && || ! and or not; result[i], also from the end; len, all, any,
 * none, one, count (with # inside braces or not), sum, mean, min, max, abs, asInt, asFloat, isNaN, isInf, isNil, default.
 * Everything else is refused by name with its place.
 */
#ifndef MODELS_JUDGE_CONDITION_H
#define MODELS_JUDGE_CONDITION_H

#include <stdbool.h>

#include "sim/arena.h"
#include "sim/err.h"

struct judge_condition; /* opaque, in the arena */

/* text starts at `at`. NULL with err filled and placed. */
const struct judge_condition *
rs_judge_condition_parse(struct arena *arena, const char *text, struct mark at, struct err *err);

/*
 * What the tool's compiler says against the condition when result is a list, or a number: every measurement errs then, whatever
 * it measures. NULL: nothing.
 */
const char *rs_judge_condition_misfit(const struct judge_condition *c, bool result_is_list);

struct judge_result {
    bool is_list;
    int n;               /* 1 for a number */
    const double *value; /* [n] */
};

/* 1 true, 0 false, -1: the condition cannot be evaluated (an index outside, a list where a number is needed); *why says it. */
int rs_judge_condition_eval(const struct judge_condition *c,
                            const struct judge_result *result,
                            const char **why);

#endif
