/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Evidence on a rate: against quadrature at 50 digits, against its own definition, and against itself as trials come in. */
#include "stats_rate.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

static struct rate rate_of(double p)
{
    return (struct rate){.p = p, .q = 1.0 - p};
}

/* ---- the e-process --------------------------------------------------------------------------------------------------- */

/* ln E "below", from mpmath's quadrature of the posterior at 50 digits, split at its mode and at the limit. */
static const struct {
    uint64_t k, n;
    double limit, log_e;
} golden[] = {
    {0, 1, .001, 0.00070926949381419388},
    {0, 5460, .001, 4.6045551495808013},
    {0, 5461, .001, 4.605472355577523},
    {3, 10000, .001, 2.4325050763654642},
    {30, 10000, .001, -4.0571000337606293},
    {0, 20, .5, 12.479610247078554},
    {10, 20, .5, -1.7361522965964517},
    {700, 1000, .5, -6.449208471071233},
    {300, 1000, .5, 79.296074947544134},
    {5, 100, .05, -1.5411815708978637},
    {20, 20, .9, -1.3671184981360112},
    {50, 100, .9, 48.009645495476784},
    {1000, 1000000, .001, -4.2571030909232229},
    {900, 1000000, .001, 1.6575707476720416},
    {1100, 1000000, .001, -5.724847284099289},
    {99900, 100000000, .001, -6.2948823882756006},
    {995000, 1000000000, .001, 5.5098574769449637},
    {1000000, 1000000000, .001, -7.718921559060908},
    {1005000, 1000000000, .001, -9.5914990456921847},
    {499950000, 1000000000, .5, -4.895060090067731},
    {500000000, 1000000000, .5, -10.587424271367933},
    {500050000, 1000000000, .5, -12.047036725329944},
    {0, 1000000000, .5, 693147170.31909463},
    {1000000000, 1000000000, .5, -21.174848543235866},
    {0, 1000000000, .001, 1000493.460719472},
    {999002000, 1000000000, .999, -8.0434783565734442},
    {998993000, 1000000000, .999, 18.204176443975517},
    {0, 1000000000, 1e-9, 0.74547269528069203},
    {10, 1000000000, 1e-9, -3.2505554496190349},
    {3, 1000000000, 1e-8, 2.4301595638291613},
    {200000000, 1000000000, .2, -10.368589376411637},
    {199900000, 1000000000, .2, 21.578696173463445},
};

START_TEST(test_golden)
{
    struct rate limit = rate_of(golden[_i].limit), turned = {limit.q, limit.p};
    uint64_t k = golden[_i].k, n = golden[_i].n;
    double log_e = rs_rate_log_e_below(k, n, limit, rs_rate_prior(limit));
    /* What 1e-9 of a relative error leaves of the largest; 1 - p has lost digits for 0.999, which n of 1e9 makes felt. */
    double tolerance = fmax(1e-9 * fabs(golden[_i].log_e), n < 1000000000 ? 1e-9 : 1e-7);
    ck_assert_double_eq_tol(log_e, golden[_i].log_e, tolerance);
    ck_assert_double_eq_tol(rs_rate_log_e_above(n - k, n, turned, rs_rate_prior(turned)), log_e,
                            tolerance);
}
END_TEST

/* Zero events: where the table of a certification without failures stands. The third is the least any plan can do with. */
static const struct {
    double limit, alpha;
    uint64_t n, n_fixed;
} certified[] = {{.001, .01, 5461, 4603},
                 {.001, .05, 3678, 2995},
                 {.001, .001, 7936, 6905},
                 {.01, .01, 544, 459}};

START_TEST(test_certified_without_events)
{
    struct rate_watch w;
    uint64_t n = 1;
    rs_rate_watch_init(&w, rate_of(certified[_i].limit), certified[_i].alpha);
    while (!rs_rate_watch_add(&w, false))
        n++;
    ck_assert_uint_eq(n, certified[_i].n);
    ck_assert_uint_eq((uint64_t)ceil(log(certified[_i].alpha) / log1p(-certified[_i].limit)),
                      certified[_i].n_fixed);
    ck_assert_uint_eq(w.n, n);
}
END_TEST

/*
 * The mean of E over what may come next is what it was, when the limit is the rate: the martingale, checked as an identity. With
 * a larger rate it falls, with a smaller one it rises: the test is one-sided.
 */
START_TEST(test_martingale)
{
    static const double limits[] = {1e-6, .001, .05, .3, .5, .9, .999};
    struct rate limit = rate_of(limits[_i]);
    struct rate_prior prior = rs_rate_prior(limit);
    for (uint64_t n = 0; n < 3000; n = n * 3 / 2 + 1) {
        for (uint64_t k = 0; k <= n; k += n / 7 + 1) {
            double now = rs_rate_log_e_below(k, n, limit, prior);
            double event = exp(rs_rate_log_e_below(k + 1, n + 1, limit, prior) - now);
            double none = exp(rs_rate_log_e_below(k, n + 1, limit, prior) - now);
            ck_assert_double_eq_tol(limit.p * event + limit.q * none, 1.0, 1e-9);
            ck_assert(event < 1.0 && none > 1.0 && none <= 1.0 / limit.q + 1e-12);
            double worse = limit.p + 0.1 * limit.q;
            ck_assert_double_lt(worse * event + (1 - worse) * none, 1.0 + 1e-12);
        }
    }
}
END_TEST

/* No overflow, no NaN and no change of mind on the way to a billion: with the ratio kept, evidence on one side only grows. */
START_TEST(test_sweep_to_a_billion)
{
    static const struct {
        double limit, ratio; /* of events */
        bool below, above;   /* what a thousandth must find in the end */
    } rows[] = {{.001, 0, 1, 0},      {.001, .0009, 1, 0}, {.001, .0011, 0, 1}, {.001, 1, 0, 1},
                {.5, .49, 1, 0},      {.5, .5, 0, 0},      {.5, .501, 0, 1},    {.999, .9985, 1, 0},
                {.999, .9995, 0, 1},  {1e-7, 1e-8, 1, 0},  {.95, .95, 0, 0},    {.95, 1, 0, 1},
                {.0001, .00011, 0, 1}};
    struct rate limit = rate_of(rows[_i].limit);
    struct rate_prior prior = rs_rate_prior(limit);
    double need = log(1000), before[2] = {-INFINITY, -INFINITY};
    bool crossed[2] = {false, false};
    for (uint64_t n = 1000; n <= 1000000000; n *= 10) {
        uint64_t k = (uint64_t)round(rows[_i].ratio * (double)n);
        double e[2] = {rs_rate_log_e_below(k, n, limit, prior),
                       rs_rate_log_e_above(k, n, limit, prior)};
        for (int i = 0; i < 2; i++) {
            ck_assert_msg(isfinite(e[i]), "n = %ju: %g", (uintmax_t)n, e[i]);
            ck_assert_msg(!crossed[i] || e[i] > before[i], "n = %ju: %g", (uintmax_t)n, e[i]);
            crossed[i] = e[i] >= need;
            before[i] = e[i];
        }
        if (n >
            10000000) /* the search for a bound takes a hundred looks, each of them long near 1/2 */
            continue;
        struct interval in = rs_rate_bounds(k, k, n, prior, 0.001);
        ck_assert(0 <= in.low && in.low <= rows[_i].ratio && rows[_i].ratio <= in.high &&
                  in.high <= 1);
    }
    ck_assert(crossed[0] == rows[_i].below && crossed[1] == rows[_i].above);
}
END_TEST

/* ---- watching -------------------------------------------------------------------------------------------------------- */

/* A cheap sequence of yes and no; not a random number, but as good as one here. */
static bool coin(uint64_t *state, double p)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(*state >> 11) * 0x1p-53 < p;
}

/* The watch that leaves out most looks decides where one that looks at each trial does. */
START_TEST(test_watch_misses_nothing)
{
    static const struct {
        double limit, p, alpha;
    } rows[] = {{.001, .0001, .01}, {.001, .003, .01}, {.05, .02, .001}, {.05, .05, .2},
                {.05, .06, .2},     {.5, .45, .05},    {.5, .5, .3},     {.5, .55, .05},
                {.95, .9, .01},     {.95, .96, .2},    {.3, .3, .5},     {.999, .997, .01}};
    struct rate limit = rate_of(rows[_i].limit);
    struct rate_prior prior = rs_rate_prior(limit);
    double need = -log(rows[_i].alpha);
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct rate_watch w;
        bool crossed = false;
        uint64_t state = seed, k = 0;
        rs_rate_watch_init(&w, limit, rows[_i].alpha);
        for (uint64_t n = 1; n <= 4000 && !crossed; n++) {
            bool event = coin(&state, rows[_i].p);
            k += event;
            crossed = rs_rate_log_e_below(k, n, limit, prior) >= need;
            ck_assert_msg(rs_rate_watch_add(&w, event) == crossed, "seed %ju, n %ju",
                          (uintmax_t)seed, (uintmax_t)n);
        }
        for (int i = 0; crossed && i < 100; i++) /* latched, whatever comes */
            ck_assert(rs_rate_watch_add(&w, true));
    }
}
END_TEST

START_TEST(test_watch_at_the_ends)
{
    struct rate_watch never, always, deaf;
    rs_rate_watch_init(&never, (struct rate){0, 1}, 0.01);
    rs_rate_watch_init(&always, (struct rate){1, 0}, 0.01);
    rs_rate_watch_init(&deaf, rate_of(0.5), 0.0);
    for (int i = 0; i < 1000; i++) {
        ck_assert(!rs_rate_watch_add(&never, false));
        ck_assert(!rs_rate_watch_add(&always, true));
        ck_assert(!rs_rate_watch_add(&deaf, false));
    }
    ck_assert(rs_rate_watch_add(&always, false));
}
END_TEST

/* ---- bounds ---------------------------------------------------------------------------------------------------------- */

/* By their definition, on both sides of each end; and an end passes the limit when the limit's own test is decided. */
START_TEST(test_bounds)
{
    static const double limits[] = {.001, .05, .3, .5, .95, .999};
    struct rate limit = rate_of(limits[_i]);
    struct rate_prior prior = rs_rate_prior(limit);
    double alpha = 0.01, need = -log(alpha);
    for (uint64_t n = 1; n < 50000; n *= 7) {
        for (uint64_t k = 0; k <= n; k += n / 9 + 1) {
            struct interval in = rs_rate_bounds(k, k, n, prior, alpha);
            double ratio = (double)k / (double)n, step = 1e-6;
            ck_assert(in.low <= ratio && ratio <= in.high);
            ck_assert((k > 0 || in.low == 0) && (k < n || in.high == 1));
            if (k < n && in.high < 1 - 1e-9) {
                double out = in.high + step * (1 - in.high), inside = in.high - step * in.high;
                ck_assert_double_ge(rs_rate_log_e_below(k, n, rate_of(out), prior), need);
                ck_assert_double_lt(rs_rate_log_e_below(k, n, rate_of(inside), prior), need);
            }
            if (k > 0 && in.low > 1e-9)
                ck_assert_double_ge(rs_rate_log_e_above(k, n, rate_of(in.low * (1 - step)), prior),
                                    need);
            ck_assert((in.high < limit.p) == (rs_rate_log_e_below(k, n, limit, prior) >= need));
            ck_assert((in.low > limit.p) == (rs_rate_log_e_above(k, n, limit, prior) >= need));
        }
    }
    struct interval open = rs_rate_bounds(10, 40, 100, prior, alpha);
    ck_assert_double_eq(open.low, rs_rate_bounds(10, 10, 100, prior, alpha).low);
    ck_assert_double_eq(open.high, rs_rate_bounds(40, 40, 100, prior, alpha).high);
    ck_assert(rs_rate_bounds(0, 0, 0, prior, alpha).low == 0 &&
              rs_rate_bounds(0, 0, 0, prior, alpha).high == 1);
}
END_TEST

/* Robbins' sequence at 95 %, prior Beta(1/2, 1/2): values of the published implementation, six digits. */
static const struct {
    uint64_t k, n;
    double low, high;
} sequence[] = {{700, 1000, .645438, .751017},
                {15, 50, .126755, .525124},
                {0, 50, 0, .104642},
                {0, 5000, 0, .001564},
                {5, 5000, .000090, .003839},
                {0, 1, 0, .975},
                {1, 1, .025, 1},
                {0, 0, 0, 1}};

START_TEST(test_sequence_golden)
{
    struct interval in = rs_rate_sequence(sequence[_i].k, sequence[_i].n, 0.95);
    ck_assert_double_eq_tol(in.low, sequence[_i].low, 5.1e-7);
    ck_assert_double_eq_tol(in.high, sequence[_i].high, _i == 5 ? 5e-4 : 5.1e-7);
    struct interval wider = rs_rate_sequence(sequence[_i].k, sequence[_i].n, 0.99);
    ck_assert(wider.low <= in.low && in.high <= wider.high);
}
END_TEST

/* By their definition, with every rank tried. Time-uniform ranks are never inside those of a fixed n at the same error. */
START_TEST(test_ranks)
{
    static const double qs[] = {.05, .5, .95, .99};
    uint64_t n = (uint64_t)_i * 11;
    for (int i = 0; i < 4; i++) {
        struct rate q = rate_of(qs[i]);
        struct rate_prior prior = rs_rate_prior(q);
        double need = log(40);
        uint64_t low = 0, high = n + 1;
        for (uint64_t r = 1; r <= n; r++) {
            if (rs_rate_log_e_below(r - 1, n, q, prior) >= need)
                low = r;
            if (high > n && rs_rate_log_e_above(r, n, q, prior) >= need)
                high = r;
        }
        struct rank_interval got = rs_rate_ranks(n, q, 1.0 / 40);
        ck_assert_msg(got.rank_low == low && got.rank_high == high, "n %ju q %g: %ju..%ju", n,
                      qs[i], got.rank_low, got.rank_high);
        struct rank_interval fixed = rs_quantile_ranks(n, qs[i], 0.95);
        ck_assert(got.rank_low <= fixed.rank_low && fixed.rank_high <= got.rank_high);
    }
}
END_TEST

#define ROWS(x) (int)(sizeof(x) / sizeof(x)[0])

int main(void)
{
    Suite *s = suite_create("stats_rate");
    TCase *tc = tcase_create("stats_rate");
    tcase_add_loop_test(tc, test_golden, 0, ROWS(golden));
    tcase_add_loop_test(tc, test_certified_without_events, 0, ROWS(certified));
    tcase_add_loop_test(tc, test_martingale, 0, 7);
    tcase_add_loop_test(tc, test_sweep_to_a_billion, 0, 13);
    tcase_add_loop_test(tc, test_watch_misses_nothing, 0, 12);
    tcase_add_test(tc, test_watch_at_the_ends);
    tcase_add_loop_test(tc, test_bounds, 0, 6);
    tcase_add_loop_test(tc, test_sequence_golden, 0, ROWS(sequence));
    tcase_add_loop_test(tc, test_ranks, 0, 40);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int n_failed = srunner_ntests_failed(r);
    srunner_free(r);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
