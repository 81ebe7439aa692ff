/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Many settings of alert rules over one recording in one pass. A setting that only turns a threshold, `for` or
 * `keep_firing_for` looks at the same left side of its comparison as its neighbours: that is evaluated once at each time, and
 * each setting has a state machine of its own. What is told is to the bit what rs_backtest_run tells of a file in which the
 * setting stands (tests/verify/retell/test_pass.c).
 */
#ifndef RETELL_PASS_H
#define RETELL_PASS_H

#include <stdatomic.h>

#include "verify/backtest.h"

struct
    pass_site { /* an alert rule of spec's files, and what may stand in its place; all borrowed */
    int file, group, rule;
    int n_variant;
    /* Same name and labels; expression, for and keep_firing_for may differ. */
    const struct rule *const *variant; /* [n_variant] */
};

/* An alert that was up. Site by site and variant by variant they come in the order of their ends. */
typedef void (*rs_pass_told)(void *ctx, int site, int variant, const struct activation *a);

/*
 * Why alerts cannot share a pass: the first reason in words, in the arena; NULL: they can. Recording rules are never in the way.
 *   counts  is the alert of that name one of those that are looked at?
 */
const char *rs_pass_refuses(struct arena *arena,
                            const struct backtest_spec *spec,
                            bool (*counts)(void *ctx, const char *alert),
                            void *ctx);

/*
 * Runs the recording rules of spec's files and the sites' variants; other alert rules are not evaluated. rs_pass_refuses must
 * have found nothing. 0, or 1 when cancelled (NULL: never).
 */
int rs_pass_run(const struct backtest_spec *spec,
                int n_site,
                const struct pass_site *site,
                rs_pass_told told,
                void *told_ctx,
                const atomic_bool *cancel);

#endif
