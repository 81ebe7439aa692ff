/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Evidence that the mean of bounded differences is above 0, which may be looked at after every one of them.
 *
 * A bettor stakes a fixed share of what he has on each difference d: his capital is multiplied by 1 + lambda d, whose mean is at
 * most 1 if the mean of d is 0 or less, whatever the law. The capital averaged over a grid of stakes is an e-process: it ever
 * reaches 1 / alpha with probability alpha at most (Ville). A difference of 0 costs nothing, so settings that part seldom are
 * told apart by the histories in which they do; with differences of -1, 0 and 1 it is a sequential sign test.
 * Source: Waudby-Smith & Ramdas, J. R. Statist. Soc. B 86 (2024) 1-27, averaged over constant stakes.
 */
#ifndef VERIFY_TUNE_BET_H
#define VERIFY_TUNE_BET_H

#include <stdbool.h>
#include <stdint.h>

#define RS_BET_N_STAKE 24

struct bet { /* a value: copy freely */
    double reach;
    double sum[RS_BET_N_STAKE]; /* of ln(1 + lambda d) */
};

/* No difference is below -reach; reach > 0. */
void rs_bet_init(struct bet *b, double reach);
/* Takes the difference d, -reach <= d < infinity, so many times. */
void rs_bet_add(struct bet *b, double d, uint64_t times);
/* ln of the e-value against "the mean is at most 0". */
double rs_bet_log_e(const struct bet *b);
/* Whether the e-value has reached 1 / alpha. */
bool rs_bet_is_won(const struct bet *b, double alpha);

#endif
