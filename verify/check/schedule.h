/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rollout as it is planned: every stage begins as early as it may, every action takes its median time, no gate trips. For
 * questions such as who looks at the board in the night that a watch of 24 hours runs through.
 */
#ifndef VERIFY_CHECK_SCHEDULE_H
#define VERIFY_CHECK_SCHEDULE_H

#include "models/scenario.h"
#include "sim/clock.h"

/* A watch: the stage's own, or that of a step of its ramp. Scenario time. */
struct watch_span {
    int stage, step; /* step -1 = the stage's own */
    int64_t from_ns, until_ns;
};

struct schedule {      /* in the arena */
    int n_stage;       /* stages that begin before the horizon */
    int64_t *start_ns; /* [n_stage] the stage is entered */
    int64_t *end_ns;   /* [n_stage] its last action is done */
    int n_span;
    struct watch_span *span; /* [n_span] in order; cut at the horizon */
    int64_t *away_ns;        /* [n_flag] the flag first leaves its safe value; RS_NEVER */
    int64_t
        *back_ns; /* [n_flag] it is back for good; the end of the last stage where it never is */
};

void rs_schedule_make(struct arena *arena, const struct scenario *sc, struct schedule *out);

/*
 * While the procedure may be called for: from when the first flag that it sets leaves its safe value until the last is back; a
 * procedure that sets none of them, the whole rollout. false: never.
 */
bool rs_schedule_exposed(const struct scenario *sc,
                         const struct schedule *s,
                         int procedure,
                         int64_t *from_ns,
                         int64_t *until_ns);

#endif
