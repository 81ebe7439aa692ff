/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The variants of one alert rule: their probes and their alerts. Parts of a pass over a recording. */
#ifndef RETELL_PASS_SITE_H
#define RETELL_PASS_SITE_H

#include "models/promql_inspect.h"
#include "pass.h"
#include "sim/arena.h"

struct cell { /* one alert of one variant */
    enum alert_state state;
    int64_t active_ms, fired_ms, keep_since_ms;
    uint64_t round; /* the last one that had it in its result */
};

struct right { /* a scalar to compare with */
    const char *text;
    struct promql_eval *eval;
    double v;
    bool failed;
};

struct probe { /* an expression that variants share */
    const char *text;
    struct promql_eval *eval;
    int first, last; /* of its variants, by their `next`: a list could be as long as the site's */
};

struct variant {
    const struct rule *rule;
    int right; /* of the site; -1: the probe is the whole expression */
    int next;  /* variant of the same probe; -1: none */
    enum comparison_op op;
    int64_t for_ms, keep_ms;
    uint64_t round;
    struct cell *cell; /* [cap_cell] by the site's alerts */
    int cap_cell;
    int *live, n_live, cap_live; /* alerts that are up, the oldest first */
};

/* An alert rule with its variants. */
struct site {
    const struct pass_site *of;
    int number; /* the caller's, of `told` */
    const struct rule_group *group;
    struct label_table *table;
    int n_variant, n_probe, n_right;
    struct variant *variant;
    struct probe *probe; /* [n_probe] <= n_variant */
    struct right *right;
    int *by_result, n_by_result; /* label set of a result -> alert, -1 = not seen yet */
    int *by_labels, n_by_labels; /* label set of an alert -> alert */
    rs_labels *labels;           /* [n_alert] of each alert */
    int n_alert, cap_alert;
    int *hit, cap_hit; /* [n of the result in hand] the alert of each element */
};

/* One evaluation, as the group's server tells it. */
struct instant {
    int64_t now_ms, before_ms; /* this evaluation and the one before it */
    int64_t at_ms;             /* the time that expressions are evaluated for */
};

/* Evaluators over db, one for each expression that is not like another; what is kept is in the arena. */
void rs_site_open(struct site *s,
                  struct arena *arena,
                  const struct backtest_spec *spec,
                  const struct pass_site *of,
                  int number,
                  struct tsdb *db,
                  const struct promql_options *opt);
void rs_site_close(struct site *s);
/* Evaluates every probe once and moves the alerts of every variant. */
void rs_site_eval(struct site *s, const struct instant *t, rs_pass_told told, void *told_ctx);
/* Tells the alerts that are still up, last_ms being the last evaluation. */
void rs_site_end(struct site *s, int64_t last_ms, rs_pass_told told, void *told_ctx);

#endif
