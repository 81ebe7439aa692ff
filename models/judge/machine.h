/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to models/judge: what every kind of judge is made of. judge.c holds the table of them and the rules common to all. */
#ifndef JUDGE_MACHINE_H
#define JUDGE_MACHINE_H

#include "models/judge.h"

/*
 * One kind. The state is the kind's own, opaque here. After a verdict other than RS_JUDGE_RUNNING judge.c calls nothing but start
 * and free. `why` is never NULL and points to NULL; what is put there belongs to the state and lives until the next call.
 */
struct judge_machine {
    void *(*make)(const struct judge *j);
    void (*free)(void *state);
    /* Forgets what was before. */
    void (*start)(void *state, int64_t now_ns, uint64_t seed);
    /* >= the last instant it was called at; RS_NEVER: it waits for nothing but its end. */
    int64_t (*next)(const void *state);
    enum judge_verdict (*step)(void *state,
                               int64_t now_ns,
                               const struct judge_port *port,
                               const char **why);
    /* Never RS_JUDGE_RUNNING. */
    enum judge_verdict (*end)(void *state,
                              int64_t now_ns,
                              const struct judge_port *port,
                              const char **why);
    void (*exprs)(const struct judge *j, rs_judge_expr_fn fn, void *ctx);
    unsigned (*verdicts)(const struct judge *j);  /* NULL: all of them */
    int64_t (*soonest_ns)(const struct judge *j); /* NULL: nothing is known */
    int64_t (*slowest_ns)(const struct judge *j); /* NULL: none is known */
};

extern const struct judge_machine rs_judge_argo;
extern const struct judge_machine rs_judge_flagger;
extern const struct judge_machine rs_judge_kayenta;
extern const struct judge_machine rs_judge_growthbook;

#endif
