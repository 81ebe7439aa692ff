/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "band.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "made_up.h"
#include "sim/clock.h"
#include "sim/stream.h"
#include "verify/stats.h"

#define N_POINT 4000
struct points {
    struct band_point p[N_POINT];
    int n;
};

static int keep(void *ctx, const struct band_point *p)
{
    struct points *all = ctx;
    ck_assert_int_lt(all->n, N_POINT);
    all->p[all->n++] = *p;
    return 0;
}

/* A book over the drawn replicas first..first+n-1, in rising or falling order. */
static struct band_book *read_book(const struct scenario *sc, int n, bool falling)
{
    struct band_book *b = rs_band_book_new(sc);
    struct history h;
    rs_history_init(&h);
    for (int i = 0; i < n; i++) {
        struct replica_options opt = {.seed = 3, .replica = (uint64_t)(falling ? n - 1 - i : i)};
        ck_assert_int_eq(made_up_engine.sim_run(NULL, &opt, &h, NULL), 0);
        rs_band_book_add(b, &h);
    }
    rs_history_clear(&h);
    return b;
}

START_TEST(test_order_is_no_matter)
{
    struct scenario *sc = made_up_scenario();
    struct points *a = calloc(2, sizeof *a);
    for (int i = 0; i < 2; i++) {
        struct band_book *b = read_book(sc, 200, i == 1);
        ck_assert_int_eq(rs_band_book_each(b, keep, &a[i]), 0);
        rs_band_book_free(b);
    }
    ck_assert_int_gt(a[0].n, 1000);
    ck_assert_int_eq(a[0].n, a[1].n);
    ck_assert_mem_eq(a[0].p, a[1].p, (size_t)a[0].n * sizeof a[0].p[0]);
    free(a);
    rs_scenario_free(sc);
}
END_TEST

/* One point, many replicas: the band against the sorted values. */
START_TEST(test_quantiles)
{
    enum { N = 2001 };
    static double sorted[N];
    struct scenario *sc = made_up_scenario();
    struct band_book *b = rs_band_book_new(sc);
    struct history h;
    struct stream s = rs_stream_open(1, 0, rs_stream_hash("band"));
    rs_history_init(&h);
    uint32_t one = 1000, n_error = 0;
    float p50, zero = 0, none = NAN;
    struct trajectory t = {.service = 1,
                           .step_ns = MIN_NS,
                           .n = 1,
                           .n_request = &one,
                           .n_error = &n_error,
                           .latency_s_p50 = &p50,
                           .latency_s_p95 = &zero,
                           .latency_s_p99 = &none};
    for (int i = 0; i < N; i++) {
        made_up_history(&h, (uint64_t)i, 1);
        p50 = (float)exp(4 * rs_stream_uniform(&s) - 5); /* 7 ms .. 370 ms */
        sorted[i] = (double)p50;
        h.n_trajectory = 1;
        h.trajectory = &t;
        rs_band_book_add(b, &h);
        h.n_trajectory = 0;
        h.trajectory = NULL;
    }
    for (int i = 1; i < N; i++) { /* insertion sort: no comparison function needed for one test */
        double v = sorted[i];
        int j = i;
        for (; j > 0 && sorted[j - 1] > v; j--)
            sorted[j] = sorted[j - 1];
        sorted[j] = v;
    }
    struct points *all = calloc(1, sizeof *all);
    rs_band_book_each(b, keep, all);
    ck_assert_int_eq(all->n, 3); /* errors, p50, p95; no p99 was ever there */
    static const double q[] = {0.05, 0.25, 0.5, 0.75, 0.95};
    for (int k = 0; k < RS_BAND_N_QUANTILE; k++) {
        ck_assert_double_eq(all->p[0].q[k], 0); /* exactly */
        double want = rs_quantile_sorted(sorted, N, q[k]);
        /* One bin in 32 an octave is at most 3.1 % wide; the density makes the neighbours differ by less than 0.5 %. */
        ck_assert_double_eq_tol(all->p[1].q[k], want, 0.036 * want);
        ck_assert_double_eq(all->p[2].q[k], 0);
    }
    ck_assert_uint_eq(all->p[1].n, N);
    ck_assert(all->p[1].fault == 1 && all->p[1].service == 1 &&
              all->p[1].metric == RS_BAND_LATENCY_P50);
    free(all);
    rs_history_clear(&h);
    rs_band_book_free(b);
    rs_scenario_free(sc);
}
END_TEST

/* The close grid is aligned at the onset, to the nearest step, whatever the scrape's phase. */
static const struct {
    int onset_s, t0_s;
    int first_i; /* where the trajectory's first point must go */
} aligned[] = {
    {600, 300, 0},                 /* five minutes before: t = -300 s */
    {614, 300, 0},                 /* 14 s earlier: nearest is still the first */
    {616, 330, 0},                 /* 286 s before */
    {600, 330, 1}, {600, 600, 10}, /* at the onset */
    {100, 0, 7}, /* the run began less than five minutes before: t = -90 s is nearest to -100 s */
};

START_TEST(test_close_alignment)
{
    struct scenario *sc = made_up_scenario();
    struct band_book *b = rs_band_book_new(sc);
    struct history h;
    rs_history_init(&h);
    made_up_history(&h, 0, 0);
    uint32_t n_request[2] = {10, 10}, n_error[2] = {1, 10};
    float latency[2] = {NAN, NAN};
    struct trajectory t = {.service = 0,
                           .t0_ns = aligned[_i].t0_s * RS_NS_PER_S,
                           .step_ns = 30 * RS_NS_PER_S,
                           .n = 2,
                           .n_request = n_request,
                           .n_error = n_error,
                           .latency_s_p50 = latency,
                           .latency_s_p95 = latency,
                           .latency_s_p99 = latency};
    h.has_close = true;
    h.onset_ns = aligned[_i].onset_s * RS_NS_PER_S;
    h.close = t;
    rs_band_book_add(b, &h);
    memset(&h.close, 0, sizeof h.close);
    struct points *all = calloc(1, sizeof *all);
    rs_band_book_each(b, keep, all);
    ck_assert_int_eq(all->n, 2);
    ck_assert_int_eq(all->p[0].i, aligned[_i].first_i);
    ck_assert_double_eq(all->p[0].t_s, -300 + 30 * aligned[_i].first_i);
    ck_assert_double_eq_tol(all->p[0].q[2], 0.1, 0.0016);
    ck_assert_double_eq_tol(all->p[1].q[2], 1.0, 0.016);
    ck_assert_int_eq(all->p[0].grid, RS_BAND_CLOSE);
    free(all);
    rs_history_clear(&h);
    rs_band_book_free(b);
    rs_scenario_free(sc);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("band");
    TCase *tc = tcase_create("band");
    tcase_add_test(tc, test_order_is_no_matter);
    tcase_add_test(tc, test_quantiles);
    tcase_add_loop_test(tc, test_close_alignment, 0, (int)(sizeof aligned / sizeof aligned[0]));
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int n_failed = srunner_ntests_failed(r);
    srunner_free(r);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
