/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Explicit search over everything that a rollout can come to: flags x stage x code paths present x dependencies x gate
 * verdicts x component failures, time left out. Breadth first, full states stored, deterministic order: a counterexample is
 * a shortest one. A search that was cut off proves nothing.
 *
 * The relation is the one that models/response follows, and "time left out" means: any verdict of a gate or a check, any
 * detection and any order of what is under way at once may come at any moment. What the simulator can do is therefore among
 * what is searched. Flags are those of the flag service: that instances get them at different times is time.
 */
#ifndef VERIFY_REACH_H
#define VERIFY_REACH_H

#include "verify/claim.h"

/* What can be said of a state; in the scenario's arena. */
enum predicate_op {
    RS_PREDICATE_ALL, /* part[n]: all of them */
    RS_PREDICATE_ANY,
    RS_PREDICATE_NOT,  /* part[0] */
    RS_PREDICATE_FLAG, /* index, value: on for anybody, on for all users, off */
    RS_PREDICATE_PATH, /* service, index; value: present, removed, taken by anybody who has traffic */
    RS_PREDICATE_STAGE,   /* index: the stage entered last */
    RS_PREDICATE_ROLLOUT, /* value: enum reach_rollout */
    RS_PREDICATE_DOWN     /* value: enum reach_part that is out of order; index: its role */
};

enum predicate_value {
    RS_IS_ON,
    RS_IS_FULLY_ON,
    RS_IS_OFF, /* flags */
    RS_IS_PRESENT,
    RS_IS_REMOVED,
    RS_IS_TAKEN /* paths */
};

/* How the rollout stands. The first that fits, from below: a rollback in somebody's hands counts more than the rest. */
enum reach_rollout {
    RS_REACH_RUNNING,
    RS_REACH_HELD,
    RS_REACH_HALTED,
    RS_REACH_COMPLETED,
    RS_REACH_ROLLED_BACK, /* a procedure is through (or was left incomplete), none is in hand */
    RS_REACH_ROLLING_BACK,
    RS_REACH_N
};
const char *rs_reach_rollout_name(enum reach_rollout r); /* "running", ..., "rolling-back" */

/*
 * What can be missing. Without alerting no alert fires and nobody is paged; without the flag service no flag can be set; a
 * missing role does nothing, and messages for it go to whom they escalate to.
 */
enum reach_part { RS_PART_NOTHING, RS_PART_ALERTING, RS_PART_FLAG_SERVICE, RS_PART_ROLE };

struct predicate {
    enum predicate_op op;
    int n;
    const struct predicate *part; /* [n] */
    int service, index, value;
    struct mark at;
};

/* States stored at most, unless somebody says otherwise. */
#define RS_REACH_LIMIT 1000000

/*
 * The verdict on a claim of kind ALWAYS or NEVER; steps are the shortest trace to a state that breaks it (or, of a proved
 * claim, none). A claim that names a component in `down` is decided in a world where one of the components that it names may
 * go out of order at any moment, for good; any other in a world where all work. More than RS_REACH_LIMIT states: undecided.
 */
struct verdict
rs_reach_decide(struct arena *arena, const struct scenario *sc, const struct claim *c);

/*
 * The same with another limit, 1..2^31 states. Memory does not depend on what is found: at most twice
 * limit * (2 * (5 + flags + procedures + removed paths / 16) + 24) bytes, and 8 bytes a transition where the claim asks what
 * reaches what.
 */
struct verdict rs_reach_decide_within(struct arena *arena,
                                      const struct scenario *sc,
                                      const struct claim *c,
                                      uint64_t limit);

#endif
