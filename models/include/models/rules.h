/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prometheus rule files, parsed (by scenarios/) and run: groups, recording rules, alert states. */
#ifndef MODELS_RULES_H
#define MODELS_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "models/promql.h"

struct rule {
    const char *record; /* recording rule: the metric it writes; NULL for an alert */
    const char *alert;  /* alert name; NULL for a recording rule */
    const struct promql *expr;
    const char *expr_text;
    int64_t for_ns, keep_firing_for_ns;
    int n_label;
    const struct label *label; /* [n_label] added, override; templates are refused at load */
    int n_annotation;
    const struct label *annotation; /* [n_annotation] kept as text */
    struct mark at;                 /* of the rule */
};

struct rule_group {
    const char *name;
    int64_t interval_ns; /* 0 = the global one */
    int n_rule;
    const struct rule *rule; /* [n_rule] in file order */
    struct mark at;
};

struct rule_file {
    const char *file;
    int n_group;
    const struct rule_group *group;
};

enum alert_state { RS_ALERT_INACTIVE, RS_ALERT_PENDING, RS_ALERT_FIRING };
const char *rs_alert_state_name(enum alert_state s);

/* One alert: a rule and a label set. Belongs to its runner. */
struct alert {
    const struct rule *rule;
    rs_labels labels; /* with alertname, without __name__ */
    enum alert_state state;
    int64_t active_ms, fired_ms, resolved_ms, keep_since_ms, sent_ms; /* 0 = not */
    double value;
};

/* Told of every change of state, and of every alert that is due to be (re)sent to Alertmanager. */
struct rule_sink {
    void *ctx;
    void (*changed)(void *ctx,
                    int64_t t_ms,
                    const struct alert *a,
                    enum alert_state from); /* may be NULL */
    /* ends_ms: when Alertmanager is to take it as resolved; <= t_ms for a resolved one. may be NULL */
    void (*send)(void *ctx, int64_t t_ms, const struct alert *a, int64_t ends_ms);
};

struct rule_runner; /* opaque, heap: one group over one tsdb */

struct rule_runner *rs_rule_runner_new(const struct rule_group *group,
                                       struct tsdb *db,
                                       struct promql_options opt,
                                       int64_t interval_ms,
                                       int64_t resend_delay_ms);
void rs_rule_runner_free(struct rule_runner *r);  /* NULL ok */
void rs_rule_runner_reset(struct rule_runner *r); /* after rs_tsdb_reset */

/*
 * One evaluation of all rules in order at t_ms: recording rules write their series, alerts move, ALERTS and ALERTS_FOR_STATE
 * are written if anybody selects them. A rule whose expression errs is skipped this round. Returns the number of such rules.
 */
int rs_rule_runner_eval(struct rule_runner *r, int64_t t_ms, const struct rule_sink *sink);

#endif
