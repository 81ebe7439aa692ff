/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state of a rule group's runner, shared by the parts that write series, move alerts and expand texts. */
#ifndef MONITORING_RULES_PRIVATE_H
#define MONITORING_RULES_PRIVATE_H

#include "../store/tsdb_private.h"
#include "models/rules.h"
#include "models/template.h"
#include "sim/arena.h"

struct entry { /* one label set of an alerting rule; its memory outlives the alert */
    struct alert alert;
    bool live;             /* known to the rule: pending, firing, or resolved less than 15 m ago */
    bool sent;             /* since it became active */
    uint64_t round;        /* the last round whose result had it */
    double value;          /* in that round */
    rs_labels result;      /* in that round */
    enum alert_state from; /* before this round */
    rs_labels pending, firing, for_state; /* its ALERTS and ALERTS_FOR_STATE; -1 = not made yet */
};

struct alert_waits {
    int64_t for_ms, keep_ms;
};

struct int_list {
    int *at; /* [n], owned */
    int n, cap;
};

struct rule_state {
    const struct rule *rule;
    struct promql_eval *eval;
    bool varies; /* a label template needs more than labels */
    struct label_map
        output;           /* labels of a result -> labels of the recorded series or of the alert */
    struct int_list out;  /* that of each item of the present result */
    struct entry **entry; /* [n_entry], owned one by one: alerts keep their addresses */
    int n_entry, cap_entry;
    struct label_map by_labels; /* alert labels -> entry */
    struct int_list
        order; /* live entries, oldest first: what happens does not depend on earlier replicas */
    struct int_list written, before; /* series given a value in this round, in the one before */
    struct int_list mark;            /* per series: the round that wrote it last */
    struct alert_waits waits;
    struct rule_lanes *lanes; /* NULL: the rule has no variants */
};

/* An evaluator of a text that templates query. */
struct text_query {
    const char *text;
    struct promql_eval *eval; /* NULL: the text is no query, err says why */
    struct err err;
    struct text_query *next;
};

struct rule_runner {
    const struct rule_group *group;
    struct tsdb *db;
    struct rule_runner_options opt;
    struct rule_state *state; /* [group->n_rule] */
    int64_t offset_ms;
    uint64_t round;
    struct arena *arena; /* of the queries */
    struct text_query *query;
};

void rs_int_list_push(struct int_list *list, int what);
struct entry *rs_rule_entry(struct rule_state *s, rs_labels set, int *index);

/* rules_output.c */
/* Keeps what the literal queries of the templates select. */
void rs_rule_queries_new(struct rule_runner *r);
void rs_rule_queries_free(struct rule_runner *r);
/* Fills s->out: the labels of what each item of the result becomes. */
void rs_rule_output(struct rule_runner *r,
                    struct rule_state *s,
                    const struct vector *v,
                    int64_t t_ms);

/* rules.c: what alerts and recording rules have in common; t_ms is that of the samples. */
void rs_rule_write(
    struct rule_runner *r, struct rule_state *s, rs_labels set, int64_t t_ms, double v);
/* "If a rule returned a series in its last round but not now, write a stale marker." Rule output vanishes at once. */
void rs_rule_end_vanished(struct rule_runner *r, struct rule_state *s, int64_t t_ms);

/* rules_alert.c: one round of an alerting rule. 0, or -1 with *err. */
int rs_rule_eval_alert(struct rule_runner *r,
                       struct rule_state *s,
                       int64_t t_ms,
                       const struct rule_sink *sink,
                       struct err *err);

/* The life of one alert, whoever keeps it. An inactive one begins anew. */
void rs_alert_begin(struct alert *a, int64_t t_ms);
/* One alert at t; found: the result has it. false if the rule forgets it. *active: it is pending or firing. */
bool rs_alert_move(
    struct alert *a, const struct alert_waits *w, bool found, int64_t t_ms, bool *active);
/* Is it to be sent to Alertmanager now? Then it counts as sent, and *ends_ms is the end to tell. */
bool rs_alert_due(
    const struct rule_runner *r, struct alert *a, bool *sent, int64_t t_ms, int64_t *ends_ms);
/* The labels of its ALERTS and ALERTS_FOR_STATE, without what tells these apart. */
rs_labels rs_alert_series_labels(struct rule_runner *r, const struct alert *a);

/* rules_lanes.c: a rule's variants side by side. */
struct rule_lanes *rs_rule_lanes_new(struct rule_runner *r, const struct rule_variants *v);
void rs_rule_lanes_free(struct rule_lanes *l); /* NULL ok */
void rs_rule_lanes_reset(struct rule_lanes *l);
void rs_rule_eval_lanes(struct rule_runner *r,
                        struct rule_state *s,
                        int64_t t_ms,
                        const struct rule_sink *sink);

#endif
