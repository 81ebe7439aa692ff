/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Explicit search over everything that a rollout can come to: flags x stage x code paths present x dependencies x gate
 * verdicts x component failures, time left out. Breadth first, full states stored, deterministic order: a counterexample is
 * a shortest one. A search that was cut off proves nothing.
 */
#ifndef VERIFY_REACH_H
#define VERIFY_REACH_H

#include "verify/claim.h"

/* What can be said of a state; in the scenario's arena. */
enum predicate_op {
    RS_PREDICATE_ALL, /* part[n]: all of them */
    RS_PREDICATE_ANY,
    RS_PREDICATE_NOT,     /* part[0] */
    RS_PREDICATE_FLAG,    /* index, value: on for anybody, on for all, off */
    RS_PREDICATE_PATH,    /* service, index: present, removed, taken by anybody */
    RS_PREDICATE_STAGE,   /* index: the stage that the rollout is in */
    RS_PREDICATE_ROLLOUT, /* value: enum rollout_state */
    RS_PREDICATE_DOWN     /* value: enum reach_part that is out of order */
};

enum predicate_value {
    RS_IS_ON,
    RS_IS_FULLY_ON,
    RS_IS_OFF, /* flags */
    RS_IS_PRESENT,
    RS_IS_REMOVED,
    RS_IS_TAKEN /* paths */
};

enum rollout_state {
    RS_ROLLOUT_RUNNING,
    RS_ROLLOUT_ROLLING_BACK,
    RS_ROLLOUT_ROLLED_BACK,
    RS_ROLLOUT_HELD,
    RS_ROLLOUT_HALTED,
    RS_ROLLOUT_COMPLETED,
    RS_ROLLOUT_STATE_N
};

/* What can be missing. */
enum reach_part { RS_PART_ALERTING, RS_PART_FLAG_SERVICE, RS_PART_PERSON, RS_PART_N };

struct predicate {
    enum predicate_op op;
    int n;
    const struct predicate *part; /* [n] */
    int service, index, value;
    struct mark at;
};

/* The verdict on a claim of kind ALWAYS or NEVER; steps are the shortest trace. */
struct verdict
rs_reach_decide(struct arena *arena, const struct scenario *sc, const struct claim *c);

#endif
