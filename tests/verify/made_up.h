/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small scenario and made-up histories of it, for tests of what verify/ makes of a run. */
#ifndef TESTS_VERIFY_MADE_UP_H
#define TESTS_VERIFY_MADE_UP_H

#include "run_engine.h"

#define MIN_NS (60 * INT64_C(1000000000))

/*
 * Two services (dashboard, portal), faults read-errors (0), portal-errors (1) and never-seen (2), procedures read-rollback
 * (0, 5 minutes) and portal-rollback (1, 5 minutes), stages dark and reads, ten worlds, eight claims. Free with rs_scenario_free.
 */
struct scenario *made_up_scenario(void);

/* An empty history of a replica of it, sizes set. */
void made_up_history(struct history *h, uint64_t replica, int fault);
/* Adds an episode with all marks RS_NEVER and returns it, to be filled. */
struct episode *made_up_episode(struct history *h, int procedure, int fault, enum detected_by by);

/* Histories drawn from named streams: a function of (seed, replica). */
extern const struct run_engine made_up_engine;

#endif
