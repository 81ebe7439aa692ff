/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a backtest can tell of its data when it is over. */
#ifndef VERIFY_BACKTEST_LOOK_H
#define VERIFY_BACKTEST_LOOK_H

#include "verify/backtest.h"

/* Fills out's selectors and gaps; db holds every series that there ever was, those of the rules included. */
void rs_backtest_look(struct backtest *out,
                      const struct backtest_spec *spec,
                      const struct tsdb *db);

#endif
