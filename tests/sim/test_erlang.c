/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Closed forms of a Poisson process that is driven by kernel events: its counts, and the time to
 * its k-th event.
 */
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>

#include "sim/clock.h"
#include "sim/draw.h"
#include "sim/kernel.h"
#include "sim_check.h"

#define RATE_PER_S 0.05

struct process {
    struct kernel *k;
    struct stream s;
    uint64_t n, n_stop; /* events so far; stop at this many, 0: never */
};

static void arrive(void *ctx, int64_t now_ns, uint64_t is_start)
{
    struct process *p = ctx;
    p->n += !is_start;
    if (p->n_stop != 0 && p->n == p->n_stop) {
        rs_kernel_stop(p->k);
        return;
    }
    int64_t gap_ns = rs_ns_from_s(rs_draw_exponential(&p->s, 1 / RATE_PER_S));
    rs_kernel_at(p->k, now_ns + gap_ns, "arrival", arrive, p, 0);
}

static void run_process(struct process *p, uint64_t replica, int64_t until_ns)
{
    rs_kernel_reset(p->k);
    p->s = rs_stream_open(7, replica, rs_stream_hash("arrivals"));
    p->n = 0;
    rs_kernel_at(p->k, 0, "start", arrive, p, 1);
    ASSERT_IN_LOOP(rs_kernel_run(p->k, until_ns, NULL) == 0);
}

static double erlang_cdf(double x, const void *par)
{
    return gsl_cdf_gamma_P(x, *(const int *)par, 1 / RATE_PER_S);
}

static const int k_rows[] = {1, 2, 5, 20};

/* Kolmogorov-Smirnov, 20000 replicas; false-alarm rate 1e-6 a row, seed fixed. */
START_TEST(test_time_to_kth_event_is_erlang)
{
    enum { N = 20000 };
    static double time_s[N];
    struct process p = {.k = rs_kernel_new(), .n_stop = (uint64_t)k_rows[_i]};
    for (uint64_t i = 0; i < N; i++) {
        run_process(&p, i, RS_NEVER);
        time_s[i] = rs_s_from_ns(rs_kernel_now(p.k));
    }
    ck_assert_double_gt(kolmogorov_p(time_s, N, erlang_cdf, &k_rows[_i]), 1e-6);
    rs_kernel_free(p.k);
}
END_TEST

/* Chi-square of the counts in 300 s (mean 15); false-alarm rate 1e-6, seed fixed. */
START_TEST(test_counts_are_poisson)
{
    enum { N = 20000, N_CELL = 80 };
    static uint64_t seen[N_CELL];
    static double expected[N_CELL];
    struct process p = {.k = rs_kernel_new()};
    for (uint64_t i = 0; i < N; i++) {
        run_process(&p, i, 300 * RS_NS_PER_S);
        ASSERT_IN_LOOP(p.n < N_CELL);
        seen[p.n]++;
    }
    for (unsigned i = 0; i < N_CELL; i++) {
        expected[i] = N * gsl_ran_poisson_pdf(i, 300 * RATE_PER_S);
    }
    ck_assert_double_gt(chi_square_p(seen, expected, N_CELL, 10), 1e-6);
    rs_kernel_free(p.k);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, test_time_to_kth_event_is_erlang, 0, N_ROW(k_rows));
    tcase_add_test(tc, test_counts_are_poisson);
}

int main(void)
{
    return run_suite("erlang", add_tests);
}
