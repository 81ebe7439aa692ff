/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A search that nobody made, for tests of what is told of one: over the made-up scenario (made_up.h). */
#ifndef TESTS_VERIFY_TUNE_MADE_TUNE_H
#define TESTS_VERIFY_TUNE_MADE_TUNE_H

#include "verify/tune_result.h"

/*
 * Four parameters (for, threshold, group_wait, route), four objectives (misses, time to detect, false rollbacks, pages), eight
 * settings that were looked at of 144: today's (#0) is dominated, #4 is chosen, #6 breaks a claim, #7 is no scenario. With
 * `proved` the claims of both are decided on 400 made-up histories. Clear it with made_tune_clear.
 */
void made_tune(struct tune_result *out, bool proved);
void made_tune_clear(struct tune_result *r);

/* What the chosen setting changes, with an absolute path in it. */
extern const char made_tune_diff[];

#endif
