/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files of a race among themselves. */
#ifndef VERIFY_TUNE_RACE_PARTS_H
#define VERIFY_TUNE_RACE_PARTS_H

#include "race.h"

/* Fills illegal, bad, good, exact_worst_s and proved_out. */
void rs_race_decide_exact(struct race *r);

/* Adds to bad and good what the replicas say of claims. */
void rs_race_look_at_claims(struct race *r);
/* Those that leave: beaten, or out because others keep more. last: there are no replicas to come. */
void rs_race_drop(struct race *r, bool last);

#endif
