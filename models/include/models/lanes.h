/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One history for many settings. Alert rules and conditions of the runbook only look: until two settings of them say different
 * things at some instant, and so reach a person, automation or another rule, their histories are one and the same. A simulator
 * with lanes evaluates all settings of a site side by side, and asks which of the groups it is to follow where they part.
 *
 * A lane is one choice of a variant at every site. What is exact here is exact to the bit: the history that a lane ends with is
 * the one that rs_simulator_run makes of a scenario in which the lane's rules and conditions stand (tests/loop/test_lanes.c),
 * but for the mark `pending`, which lanes of one history may have at different times (told only where `pending` is asked for).
 */
#ifndef MODELS_LANES_H
#define MODELS_LANES_H

#include "models/replica.h"
#include "models/rules.h"

enum lane_site_kind {
    RS_LANE_RULE,     /* an alert rule of the scenario's rule files */
    RS_LANE_CONDITION /* a gate's, a trigger's or a recovery's expression */
};

struct lane_site { /* everything is borrowed */
    enum lane_site_kind kind;
    int file, group, rule;     /* RULE: where it stands in monitoring.rule_file */
    const struct promql *expr; /* CONDITION: as the scenario has it (by identity) */
    int n_variant;             /* >= 1, <= 65535 */
    /* RULE: same alert name, labels and annotations; expression, for and keep_firing_for may differ. */
    const struct rule *const *rule_variant;   /* [n_variant] */
    const struct promql *const *expr_variant; /* [n_variant] CONDITION */
};

struct lane_plan {
    int n_site;
    const struct lane_site *site; /* [n_site] no rule and no expression twice */
    bool pending; /* lanes part also where an alert becomes pending at different times */
};

/*
 * Can a rule's variants share histories at all? Not if something reads ALERTS_FOR_STATE, or if the rule writes a series. false:
 * it must be a scenario of its own. (Pending alerts that a selector can see in ALERTS make `pending` necessary: the simulator
 * sees to that itself.)
 */
bool rs_lanes_can_share(const struct scenario *sc, const struct lane_site *site);

/* sc and plan are borrowed. NULL with err filled. */
struct simulator *
rs_simulator_new_lanes(const struct scenario *sc, const struct lane_plan *plan, struct err *err);

/*
 * Where lanes part, at now_ns. The lanes that the history has been of so far are now in n_class >= 2 classes, by the order of their first
 * lanes; `lane` lists them class by class, rising within each, and class k ends before end[k]. Returns the class to follow.
 * It may fork the process and return another class in each copy; or be asked for one replica again and again, with other answers.
 */
typedef int (*rs_lanes_part)(void *ctx,
                             int64_t now_ns,
                             int n_class,
                             const uint32_t *lane /* [end[n_class - 1]] */,
                             const uint32_t *end /* [n_class] */);

struct lanes_options {
    uint32_t n_lane;         /* >= 1 */
    const uint16_t *variant; /* [n_lane * n_site] variant of lane l at site s: [l * n_site + s] */
    rs_lanes_part part;
    void *part_ctx;
};

/*
 * rs_simulator_run, of a simulator with lanes (rs_simulator_run is not for those), and *out_lane (borrowed until the next run) with *out_n tells, rising, which lanes it is the history of. An
 * error is that of all lanes that were together when it came. A trace tells of pending alerts only where lanes part on them.
 */
int rs_simulator_run_lanes(struct simulator *sim,
                           const struct replica_options *opt,
                           const struct lanes_options *lanes,
                           struct history *out,
                           const uint32_t **out_lane,
                           uint32_t *out_n,
                           struct err *err);

#endif
