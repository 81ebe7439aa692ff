/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to rules_lane.c (one variant) and rules_lanes.c (all of a rule). */
#ifndef MONITORING_RULES_LANES_H
#define MONITORING_RULES_LANES_H

#include "models/promql_variants.h"
#include "rules_private.h"

struct lane_alert {
    struct alert alert;
    bool sent, live, found;
    enum alert_state from;
};

struct lane_event {
    bool send; /* to Alertmanager; else a change of state */
    enum alert_state from;
    int64_t ends_ms;
    struct alert alert;
};

struct lane {
    struct alert_waits waits;
    bool used;
    struct lane_alert *alert; /* [n] owned, the oldest first */
    int n, cap;
    uint64_t round;           /* the last that it took part in */
    bool failed;              /* in that round: nothing is written */
    int first_event, n_event; /* of that round */
};

struct place { /* of a label set among a lane's alerts */
    uint64_t pass;
    int at;
};

struct rule_lanes {
    struct rule_variants variants;
    struct promql_variants *exprs;
    struct lane *lane; /* [variants.n] */
    int followed;
    int *first,
        *of_expr; /* used lanes of expression i are of_expr[first[i]] .. of_expr[first[i + 1] - 1] */
    bool *expr_used;        /* [count of exprs] */
    struct int_list active; /* lanes that have alerts */
    struct int_list odd;    /* lanes of this round that show something, or failed */
    int *class_of;          /* [variants.n] */
    struct lane_event *event;
    int n_event, cap_event;
    struct place *place; /* [cap_place] by label set */
    int cap_place;
    uint64_t pass;
    struct label_map pending, firing; /* alert labels -> labels of its ALERTS */
    /* of the present round */
    struct rule_runner *r;
    struct rule_state *s;
    const struct rule_sink *sink;
    int64_t t_ms;
};

/* One round of a lane with its result, whose alerts' labels are in l->s->out; or one that could not be evaluated: nothing moves. */
void rs_lane_move(struct rule_lanes *l, struct lane *lane, const struct vector *v);
void rs_lane_skip(struct rule_lanes *l, struct lane *lane);
/* The place of a label set; new ones belong to no pass. */
struct place *rs_lane_place(struct rule_lanes *l, rs_labels set);

#endif
