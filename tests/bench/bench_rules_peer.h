/* SPDX-License-Identifier: GPL-3.0-or-later */
/* promtool's day as a yardstick: rules alone, for those who simulate what is around them too. */
#ifndef TESTS_BENCH_RULES_PEER_H
#define TESTS_BENCH_RULES_PEER_H

#include "bench.h"

/* A bench_fn: CPU seconds of `promtool test rules` for a day of ten rules and 64 series; once for each repeat. */
double bench_promtool_day(struct bench *b, double unused, uint64_t n);

#endif
