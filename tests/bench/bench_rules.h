/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parts of the rules' benchmark. */
#ifndef TESTS_BENCH_RULES_H
#define TESTS_BENCH_RULES_H

/* R5: time per evaluation against the length of the window, per function. */
void bench_growth(void);

#endif
