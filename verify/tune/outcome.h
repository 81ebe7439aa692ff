/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a race came to, in the words of verify/tune_result.h. */
#ifndef VERIFY_TUNE_OUTCOME_H
#define VERIFY_TUNE_OUTCOME_H

#include "race.h"

/* States of all points; objectives and claims with their intervals. */
void rs_outcome_points(const struct race *r, struct tune_result *out);
/* Which point, and why. */
void rs_outcome_choose(const struct race *r, struct tune_result *out);
/* Moves one parameter at a time; asks the engine for what is missing. 0, or -1. */
int rs_outcome_steps(struct race *r, struct tune_result *out, struct err *err);
/* Claims that no setting keeps, and what stands in the way. After the choice. */
void rs_outcome_unsaved(const struct race *r, struct tune_result *out);

#endif
