/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Prometheus rule files, parsed (by scenarios/) and run: groups, recording rules, alert states. A file is read-only and may be
 * shared; a runner holds the state of one group over one tsdb and is used by one thread. Semantics: those of rules/group.go and
 * rules/alerting.go of the dialect's Prometheus; groups are independent, the rules of one run in file order.
 */
#ifndef MODELS_RULES_H
#define MODELS_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "models/promql.h"

struct template; /* models/template.h */

struct rule {
    const char *record; /* recording rule: the metric it writes; NULL for an alert */
    const char *alert;  /* alert name; NULL for a recording rule */
    const struct promql *expr;
    const char *expr_text;
    int64_t for_ns, keep_firing_for_ns;
    int n_label;
    const struct label
        *label; /* [n_label] added, override: the group's, then the rule's own; texts as written */
    int n_annotation;
    const struct label *annotation; /* [n_annotation] texts as written */
    /* Compiled texts of an alert, NULL where a text holds no action and stands for itself. The arrays are NULL if all do. */
    const struct template *const *label_template;      /* [n_label] */
    const struct template *const *annotation_template; /* [n_annotation] */
    struct mark at;                                    /* of the rule */
    struct mark name_at, expr_at; /* of the record's or alert's name, of the expression's text */
};

struct rule_group {
    const char *name;
    int64_t interval_ns; /* 0 = the global one */
    int64_t query_offset_ns;
    bool has_query_offset; /* else the global one */
    int limit;             /* of alerts, or of series that a recording rule may write; 0 = none */
    int n_rule;
    const struct rule *rule; /* [n_rule] in file order */
    struct mark at;
};

struct rule_file {
    const char *file;
    const char
        *path; /* as it is named in the scenario: the offsets' hash needs it; NULL = not known */
    int n_group;
    const struct rule_group *group; /* [n_group] */
    int n_note;
    const struct note *note; /* [n_note] in file order */
    bool is_manifest;        /* the groups stood in PrometheusRule objects */
};

enum alert_state { RS_ALERT_INACTIVE, RS_ALERT_PENDING, RS_ALERT_FIRING };
const char *rs_alert_state_name(enum alert_state s);

/*
 * One alert: a rule and a label set. Belongs to its runner. Times are those of evaluations; 0 = not yet, where the state does
 * not say better (a server's first round may be at 0 in tests).
 */
struct alert {
    const struct rule *rule;
    rs_labels labels; /* with alertname, without __name__ */
    rs_labels result; /* what the expression gave: $labels of the templates */
    enum alert_state state;
    int64_t active_ms, fired_ms, resolved_ms, keep_since_ms, sent_ms;
    /* The last evaluation whose result had it: value and annotations are of that one. */
    int64_t seen_ms;
    double value;
};

/* Told of every change of state, of every alert that is due to be (re)sent to Alertmanager, and of every failure. All may be NULL. */
struct rule_sink {
    void *ctx;
    void (*changed)(void *ctx, int64_t t_ms, const struct alert *a, enum alert_state from);
    /* ends_ms: when Alertmanager is to take it as resolved; <= t_ms for a resolved one */
    void (*send)(void *ctx, int64_t t_ms, const struct alert *a, int64_t ends_ms);
    /* The rule could not be evaluated at t_ms: it wrote nothing and (but for the limit, which clears it) kept its state. */
    void (*failed)(void *ctx, int64_t t_ms, const struct rule *rule, const struct err *err);
};

/*
 * Variants of an alerting rule side by side: of each what it would do is known, and one is followed. They may differ in the
 * expression, `for` and keep_firing_for. What is told, written and sent is what the followed one tells, writes and sends.
 */
struct rule_variants { /* borrowed */
    int rule;          /* of the group */
    int n;
    const struct rule *const *variant; /* [n] */
    /* Do variants differ where an alert becomes pending at different times? Else pending is told of none, nor written. */
    bool pending;
    /*
     * Those in use do different things now: class_of[n] numbers them by what they do, -1 where one is not in use. Returns the
     * variant that is followed from here on, having taken all that are not of its class out of use.
     */
    int (*choose)(void *ctx, const int *class_of);
    void *ctx;
};

struct rule_runner_options {
    struct promql_options promql;
    int64_t interval_ms;     /* > 0, of the group: what "every" means to Alertmanager's end times */
    int64_t resend_delay_ms; /* --rules.alert.resend-delay */
    int64_t query_offset_ms; /* global.rule_query_offset: of a group that names none */
    const char *external_url; /* $externalURL; NULL = none. Borrowed, like the labels */
    int n_external;
    const struct label *external; /* [n_external] $externalLabels */
    /* rs_rule_runner_annotation will be asked: what the annotations query is kept. */
    bool annotations;
    /* Write ALERTS and ALERTS_FOR_STATE even if no selector of the tsdb asks for them yet. */
    bool write_alerts;
    int n_varied;                       /* rules that have variants in place of themselves */
    const struct rule_variants *varied; /* [n_varied] copied */
};
/* lookback 5m, interval 1m, resend delay 1m, no offset, nothing external. */
struct rule_runner_options rs_rule_runner_options_default(void);

struct rule_runner; /* opaque, heap: one group over one tsdb */

/* group, db and what opt points to are borrowed. */
struct rule_runner *rs_rule_runner_new(const struct rule_group *group,
                                       struct tsdb *db,
                                       const struct rule_runner_options *opt);
void rs_rule_runner_free(struct rule_runner *r);  /* NULL ok */
void rs_rule_runner_reset(struct rule_runner *r); /* after rs_tsdb_reset */

/*
 * One evaluation of all rules in order at t_ms: recording rules write their series, alerts move, ALERTS and ALERTS_FOR_STATE
 * are written if anybody selects them. With a query offset, expressions are evaluated and samples written that much earlier.
 * A rule whose expression errs is skipped this round. Returns the number of such rules. sink may be NULL.
 */
int rs_rule_runner_eval(struct rule_runner *r, int64_t t_ms, const struct rule_sink *sink);

/*
 * Of a rule with variants: which are in use, and which is followed while they agree. To be said after the reset; a variant that
 * is taken out of use forgets its alerts.
 */
void rs_rule_runner_use(struct rule_runner *r, int rule, const bool *used /* [n] */, int followed);

/* What they look at, as rs_promql_variants_reach. */
const int64_t *
rs_rule_runner_reach(const struct rule_runner *r, int rule, int variant, bool *awake);

/* Calls fn for every alert that is pending or firing: rule by rule, the oldest first. */
typedef void (*rs_alert_fn)(void *ctx, const struct alert *a);
void rs_rule_runner_alerts(const struct rule_runner *r, rs_alert_fn fn, void *ctx);

/*
 * The text of annotation i of an alert of this runner, as Prometheus would send it: expanded with the value, the labels and the
 * time of a->seen_ms. To be asked for while the tsdb still holds that time, best right after the evaluation. What cannot be
 * expanded reads "<error expanding template: ...>". Heap text, the caller frees it.
 */
char *rs_rule_runner_annotation(struct rule_runner *r, const struct alert *a, int i);

/* How a build of Prometheus writes a label set down to hash it: it decides when a group is evaluated. */
enum label_encoding {
    RS_ENCODING_STRINGS, /* default builds since 2.44 ("stringlabels") */
    RS_ENCODING_SLICES /* up to 2.43, and later builds with the tag "slicelabels" (Debian's 2.53) */
};

/*
 * The path under which a server knows a rule file: an absolute one as it is, another joined with the folder and cleaned of
 * "." and ".." as Go's filepath.Join does it. Heap text, the caller frees it.
 */
char *rs_rule_server_path(const char *folder, const char *file);

/*
 * The offset of a group's evaluations: they happen at k * interval + offset, Unix time, 0 <= offset < interval_ns.
 *   file         the path that the server loads, absolute
 *   interval_ns  > 0, of the group
 * Source: rules/group.go, EvalTimestamp and hash of Prometheus 3.5: xxhash64 of the labels {file, name} modulo the interval.
 */
int64_t rs_rule_group_offset_ns(const char *file,
                                const char *group,
                                int64_t interval_ns,
                                enum label_encoding encoding);

#endif
