/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The parts of the passes over what the rollout can come to: one search of the states, asked by several files.
 *
 *   check_states.c    the search; dead ends and circles
 *   states_paths.c    removed-path-taken, dependent-left-on
 *   states_back.c     no-way-back
 *   check_stages.c    unbounded-stage, halt-without-resume
 *   stages_removal.c  irreversible-early
 */
#ifndef VERIFY_CHECK_STATES_H
#define VERIFY_CHECK_STATES_H

#include "check.h"
#include "reach/machine.h"

/* A search of a runbook of the usual size takes a millisecond; beyond so many states it is cut off. */
#define RS_CHECK_STATES 200000

struct states {
    struct check *c;
    const struct scenario *sc;
    struct machine *m;
    struct search s; /* with its transitions */
};

void rs_states_paths(struct states *st);
void rs_states_back(struct states *st);
/* The first procedure that leaves the flag safe, or -1. */
int rs_states_way_back(const struct scenario *sc, int flag);

/* How the state is come to, as evidence: the number of steps, and the last ones in words. */
void rs_states_trace(const struct states *st,
                     struct finding *f,
                     const struct machine *m,
                     const struct search *s,
                     uint32_t to);

/* stages_removal.c: the stage removes a path of that service (-1: of any) before its stability was seen. */
bool rs_stage_removes_early(const struct scenario *sc, int stage, int service);
void rs_stages_removal(struct check *c);

/* Does the expression read a metric of the service, through recording rules and ALERTS too? What is not understood: yes. */
bool rs_expr_looks_at(const struct scenario *sc, const struct promql *expr, int service);
/* Are the gates and triggers that wait for a look ever read in this watch? */
bool rs_stage_looks(const struct stage *st, int64_t watch_ns);
/* Is the gate ever read in the stage, its ramp included, and does it keep the stage from going on? */
bool rs_gate_decides(const struct scenario *sc, const struct stage *st, const struct gate *g);
/* Does somebody look for the triggers that the stage watches? */
bool rs_stage_watches(const struct stage *st);
/* Does an alert, by automation or people, lead to the procedure? */
bool rs_procedure_is_alerted(const struct scenario *sc, int procedure);
/* The value that the flag has when the procedure is through, if it sets it; false: it does not. */
bool rs_procedure_sets(const struct procedure *p, int flag, bool *on);

/* residue.c: how long a change of the flag takes at most to reach the last instance, seconds; INFINITY: no end. */
double rs_flag_settles_s(const struct flag *f);
/* The least time from when the procedure's action `from` is done until `to` is, seconds. */
double rs_procedure_between_s(const struct procedure *p, int from, int to);
void rs_check_residue(struct check *c);

#endif
