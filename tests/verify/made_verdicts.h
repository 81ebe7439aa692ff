/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Verdicts of every kind, for tests of what is told of them. */
#ifndef TESTS_VERIFY_MADE_VERDICTS_H
#define TESTS_VERIFY_MADE_VERDICTS_H

#include "verify/run.h"

#define N_MADE_VERDICT 7

/*
 * Adds to a run: bound-proved, bound-refuted, bound-unbounded, bound-loose, always-proved, never-violated (a trace of three
 * steps, the last without a place) and always-truncated.
 */
void made_verdicts_add(struct run_result *r);

#endif
