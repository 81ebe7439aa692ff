/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When groups are evaluated over a recording, and with what: shared by all that go through one. */
#ifndef VERIFY_BACKTEST_TURN_H
#define VERIFY_BACKTEST_TURN_H

#include "verify/backtest.h"

/*
 * Series of the data that the rules of spec write themselves are left out, the others are not: what rules write is made anew,
 * for two writers of one series would take turns. Returns how many are left out.
 */
int rs_backtest_leave_out(const struct backtest_spec *spec);

/* Of a runner of this group, or of its rules one by one. */
struct rule_runner_options rs_backtest_runner_options(const struct backtest_spec *spec,
                                                      const struct rule_group *group);

/* The first evaluation of the group that is not before spec's beginning; INT64_MAX: none in all time. */
int64_t rs_backtest_first_turn(const struct backtest_spec *spec,
                               const struct rule_file *file,
                               const struct rule_group *group,
                               int64_t interval_ns);

#endif
