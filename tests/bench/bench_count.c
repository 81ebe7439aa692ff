/* SPDX-License-Identifier: GPL-3.0-or-later */
/* K4: the counting engine's inner loop, the counts of scrapes to come in lanes and one by one. */
#include "../system/fixture.h"
#include "bench.h"
#include "system/internal.h" /* of models/ */

/* CPU seconds of n counts of a class in a scrape interval, so many drawn together. */
static double counts(struct bench *b, double n_lane, uint64_t n)
{
    static struct fixture f;
    uint64_t sum = 0;
    (void)b;
    fixture_init(&f);
    fixture_start(&f);
    fixture_series(&f, "http_requests_total", DASH, 0, "code", "200", 300.0);
    fixture_reset(&f, 3, -1);
    struct target *t = &f.sys->site[DASH].target[0];
    rs_target_requests(f.sys, t, 1, true); /* shares and laws */
    double start_s = bench_cpu_s();
    for (uint64_t k = 1; k <= n; k += (uint64_t)n_lane) {
        rs_ahead_make(f.sys, t, k, (int)n_lane);
        sum += t->ahead.count[(size_t)t->active[0] * RS_AHEAD];
    }
    double used_s = bench_cpu_s() - start_s;
    bench_keep((double)sum);
    fixture_clear(&f);
    return used_s;
}

static double counts_singly(struct bench *b, double unused, uint64_t n)
{
    (void)unused;
    return counts(b, 1, n);
}

static const struct bench_row rows[] = {
    {"K4", "counts of scrapes, 16 lanes", "one by one", counts, counts_singly, RS_AHEAD, 320000,
     320000, AT_LEAST, 3},
};

const struct bench_group bench_count = {rows, sizeof rows / sizeof rows[0]};
