/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the reports of rollsim check have in common. */
#ifndef VERIFY_CHECK_CHECK_WORDS_H
#define VERIFY_CHECK_CHECK_WORDS_H

#include "verify/check_report.h"

/* So many of a kind of element in the scenario. */
struct check_holding {
    const char *one, *many;
    int n;
};
#define RS_N_HOLDING 8
void rs_check_holds(struct check_holding out[RS_N_HOLDING], const struct scenario *sc);

/* Calls fn for what Prometheus' and Alertmanager's files hold and rollsim passes over, file by file. */
void rs_check_each_note(const struct scenario *sc,
                        void (*fn)(void *ctx, const struct note *note),
                        void *ctx);

/*
 * One piece of evidence in words: "window 5m", "p false alarm 3.2%", "rate 12/s", "window: too short". The unit at the end of
 * the name (_s, _per_s, _ratio; p_ in front: a probability) says how the number is written. n >= 80. Returns buf.
 */
char *rs_evidence_human(char *buf, size_t n, const struct evidence *e);

#endif
