/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rule groups made by hand for tests. */
#ifndef TESTS_RULE_TEXT_H
#define TESTS_RULE_TEXT_H

#include <check.h>

#include "models/rules.h"

/* A parsed expression; a mistake fails the test. */
static inline const struct promql *expression(struct arena *arena, const char *text)
{
    struct err err = {0};
    const struct promql *q =
        rs_promql_parse(arena, &(struct promql_text){text, {"test", 1, 1}, 0, RS_PROMQL_3}, &err);

    ck_assert_msg(q != NULL, "%s: %s", text, err.text);
    return q;
}

static inline struct rule
alert_rule(struct arena *arena, const char *name, const char *expr, int64_t for_s, int64_t keep_s)
{
    return (struct rule){.alert = name,
                         .expr = expression(arena, expr),
                         .expr_text = expr,
                         .for_ns = for_s * 1000000000,
                         .keep_firing_for_ns = keep_s * 1000000000};
}

#endif
