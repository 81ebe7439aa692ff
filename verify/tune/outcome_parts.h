/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What stands in the way of a claim: fills why and text. */
#ifndef VERIFY_TUNE_OUTCOME_PARTS_H
#define VERIFY_TUNE_OUTCOME_PARTS_H

#include "race.h"

void rs_obstacle_of_proof(
    const struct race *r, struct arena *arena, int claim, uint32_t best, struct tune_unsaved *u);
void rs_obstacle_of_replicas(
    const struct race *r, struct arena *arena, int claim, uint32_t best, struct tune_unsaved *u);

/* The obstacle that a part of a leg stands for; a notice that never comes is one of traffic. */
enum tune_obstacle rs_obstacle_of_part(int part /* enum leg_part */, bool never);
/* "people alone, from the notice to the first flag commanded," */
const char *rs_leg_part_text(int part);

#endif
