/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SCENARIOS_LATENCY_COUNTS_H
#define SCENARIOS_LATENCY_COUNTS_H

#include "scenarios/describe.h"

/* Which bucket of struct latency_counts, of struct request_step a latency falls into. Up to 1e18 ns. */
int rs_latency_bucket(uint64_t ns);
int rs_step_bucket(uint64_t ns);
/* 0 <= latency_s < 1e9. */
void rs_latency_count(struct latency_counts *l, double latency_s);

#endif
