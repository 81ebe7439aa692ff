/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Do the intervals of fits hold the truth as often as they say? Each row of the coverage draws data sets from
 * a law, notes them as people do (to the minute, or cut off) and fits them. Seeds are fixed; a sound interval of 95 % fails its
 * row with a probability below 1e-4 (3.9 standard deviations of the count).
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "retro/fit.h"
#include "sim/draw.h"

#define N_ROW(rows) ((int)(sizeof(rows) / sizeof((rows)[0])))

static struct stream stream_of(uint64_t replica)
{
    return rs_stream_open(20251007, replica, rs_stream_hash("test/fit"));
}

/* ---- coverage ---- */

static const struct {
    const char *what;
    struct dist law;
    enum fit_law as;
    int n, n_set;
    double width_s, cut_s; /* noted within so much; longer ones were cut off */
    double q;
} coverage[] = {
    {"lognormal, exact",
     {.kind = RS_DIST_LOGNORMAL, .a = 4.8, .b = 0.8, .cap_s = INFINITY},
     RS_LAW_LOGNORMAL,
     8,
     200,
     0.0,
     INFINITY,
     0.5},
    {"lognormal, to the minute",
     {.kind = RS_DIST_LOGNORMAL, .a = 5.5, .b = 0.9, .cap_s = INFINITY},
     RS_LAW_LOGNORMAL,
     12,
     200,
     60.0,
     INFINITY,
     0.5},
    {"lognormal, to the minute, p95",
     {.kind = RS_DIST_LOGNORMAL, .a = 5.5, .b = 0.9, .cap_s = INFINITY},
     RS_LAW_LOGNORMAL,
     20,
     200,
     60.0,
     INFINITY,
     0.95},
    {"lognormal, a fifth cut off",
     {.kind = RS_DIST_LOGNORMAL, .a = 5.5, .b = 0.9, .cap_s = INFINITY},
     RS_LAW_LOGNORMAL,
     16,
     200,
     60.0,
     520.0,
     0.5},
    {"exponential, to the minute",
     {.kind = RS_DIST_EXPONENTIAL, .a = 400.0, .cap_s = INFINITY},
     RS_LAW_EXPONENTIAL,
     12,
     200,
     60.0,
     INFINITY,
     0.5},
    {"gamma, to the minute",
     {.kind = RS_DIST_GAMMA, .a = 2.0, .b = 200.0, .cap_s = INFINITY},
     RS_LAW_GAMMA,
     12,
     100,
     60.0,
     INFINITY,
     0.5},
};

static struct fit_span noted(double x, double width_s, double cut_s)
{
    if (x > cut_s)
        return (struct fit_span){cut_s, INFINITY, 1.0};
    double lo = width_s > 0.0 ? floor(x / width_s) * width_s : x;
    return (struct fit_span){lo, lo + width_s, 1.0};
}

/* So few of n may hold the truth before a sound interval of `confidence` is doubted. */
static void enough(const char *what, int n_in, int n, double confidence)
{
    double least = confidence * n - 3.9 * sqrt(n * confidence * (1.0 - confidence)) - 0.5;
    ck_assert_msg(n_in >= least, "%s: %d of %d intervals hold the truth", what, n_in, n);
}

START_TEST(intervals_of_durations_hold_the_truth)
{
    double truth = rs_dist_quantile(&coverage[_i].law, coverage[_i].q), width = 0.0;
    int n_in = 0;
    for (int k = 0; k < coverage[_i].n_set; k++) {
        struct stream s = stream_of((uint64_t)(1000 * _i + k));
        struct fit_span span[32];
        struct fit_duration fit;
        for (int i = 0; i < coverage[_i].n; i++)
            span[i] = noted(rs_dist_draw(&coverage[_i].law, &s), coverage[_i].width_s,
                            coverage[_i].cut_s);
        ck_assert_int_eq(rs_fit_duration(&fit, coverage[_i].as, span, coverage[_i].n), 0);
        struct fit_value v = rs_fit_quantile(&fit, coverage[_i].q, span, coverage[_i].n, 0.95);
        n_in += v.low <= truth && truth <= v.high;
        width += log(v.high / v.low) / coverage[_i].n_set;
    }
    if (getenv("RS_TEST_TELL"))
        fprintf(stderr, "%s: %d of %d, mean width a factor of %.2f\n", coverage[_i].what, n_in,
                coverage[_i].n_set, exp(width));
    enough(coverage[_i].what, n_in, coverage[_i].n_set, 0.95);
    ck_assert_msg(isfinite(width), "%s: an interval is open", coverage[_i].what);
}
END_TEST

/* Two ends, each noted within 20 s of what it was: flat spans would leave the law too little spread. */
START_TEST(legs_between_notes_hold_the_truth)
{
    enum { N_SET = 100, N = 12 };
    const struct dist law = rs_dist_lognormal(80.0, 0.95, 240.0);
    int n_median = 0, n_p95 = 0;
    for (int k = 0; k < N_SET; k++) {
        struct stream s = stream_of((uint64_t)(40000 + k));
        struct fit_span span[N];
        struct fit_duration fit;
        for (int i = 0; i < N; i++) {
            double y = rs_dist_draw(&law, &s) +
                       40.0 * (rs_stream_uniform(&s) + rs_stream_uniform(&s) - 1.0);
            y = fmax(y, 0.1);
            span[i] = (struct fit_span){y - 40.0, y + 40.0, 1.0, y};
        }
        ck_assert_int_eq(rs_fit_duration(&fit, RS_LAW_LOGNORMAL, span, N), 0);
        struct fit_value median = rs_fit_quantile(&fit, 0.5, span, N, 0.95);
        struct fit_value p95 = rs_fit_quantile(&fit, 0.95, span, N, 0.95);
        n_median += median.low <= 80.0 && 80.0 <= median.high;
        n_p95 += p95.low <= 240.0 && 240.0 <= p95.high;
    }
    if (getenv("RS_TEST_TELL"))
        fprintf(stderr, "legs between notes: median %d, p95 %d of %d\n", n_median, n_p95, N_SET);
    enough("median of legs", n_median, N_SET, 0.95);
    enough("p95 of legs", n_p95, N_SET, 0.95);
}
END_TEST

/* The truth drawn from the assumption: then a credible interval is one of confidence. */
START_TEST(updates_hold_the_truth)
{
    enum { N_SET = 150 };
    const struct fit_prior prior = {log(120.0), 0.6, 2.0};
    int n_in = 0;
    for (int k = 0; k < N_SET; k++) {
        struct stream s = stream_of((uint64_t)(50000 + k));
        struct fit_posterior post;
        struct fit_span span[3];
        double sigma = sqrt(0.6 / rs_draw_gamma(&s, 1.0, 1.0)); /* weight 2: shape 1, scale var */
        double mu = prior.mean_log + sigma / sqrt(2.0) * rs_draw_normal(&s);
        for (int i = 0; i < 3; i++)
            span[i] = noted(exp(mu + sigma * rs_draw_normal(&s)), 30.0, INFINITY);
        rs_fit_update(&post, &prior, span, 3, 0.9);
        n_in += log(post.median.low) <= mu && mu <= log(post.median.high);
    }
    if (getenv("RS_TEST_TELL"))
        fprintf(stderr, "update: %d of %d\n", n_in, N_SET);
    enough("update", n_in, N_SET, 0.9);
}
END_TEST

static const struct {
    const char *what;
    double before, size, exposed, n_before, n_after; /* ratios and requests; rates and seconds */
    bool is_rate;
    double rest, n_left; /* what stays behind for everybody; requests that met it alone */
} added[] = {{"a large fault, all exposed", 0.001, 0.2, 1.0, 50000, 400, false},
             {"a tenth exposed", 0.002, 0.2, 0.1, 100000, 5000, false},
             {"a small fault", 0.005, 0.01, 1.0, 20000, 3000, false},
             {"a counter", 0.001, 0.01, 1.0, 86400, 1800, true},
             {"beside a known residue", 0.0005, 0.08, 0.25, 10000, 600, false, 0.03, 0},
             {"beside a residue seen alone", 0.0005, 0.08, 0.25, 10000, 3000, false, 0.03, 1000}};

START_TEST(intervals_of_faults_hold_the_truth)
{
    enum { N_SET = 200 };
    int n_in = 0;
    for (int k = 0; k < N_SET; k++) {
        struct stream s = stream_of((uint64_t)(60000 + 1000 * _i + k));
        struct fit_value v;
        double b = added[_i].before, x = added[_i].exposed * added[_i].size;
        if (added[_i].is_rate) {
            struct fit_count before = {(double)rs_draw_poisson(&s, b * added[_i].n_before),
                                       added[_i].n_before};
            struct fit_count after = {(double)rs_draw_poisson(&s, (b + x) * added[_i].n_after),
                                      added[_i].n_after};
            v = rs_fit_added_rate(before, after, 0.95);
        } else {
            double rest = added[_i].rest, p = b + (1.0 - b) * (rest + x * (1.0 - rest));
            struct fit_count before = {
                (double)rs_draw_binomial(&s, (uint64_t)added[_i].n_before, b), added[_i].n_before};
            struct fit_count after = {(double)rs_draw_binomial(&s, (uint64_t)added[_i].n_after, p),
                                      added[_i].n_after};
            struct fit_rest beside = {.assumed = rest};
            if (added[_i].n_left > 0.0)
                beside.left = (struct fit_count){
                    (double)rs_draw_binomial(&s, (uint64_t)added[_i].n_left, b + (1.0 - b) * rest),
                    added[_i].n_left};
            v = rs_fit_added_beside(before, after, &beside, added[_i].exposed, before.k / before.n,
                                    0.95);
        }
        n_in += v.low <= added[_i].size && added[_i].size <= v.high;
    }
    if (getenv("RS_TEST_TELL"))
        fprintf(stderr, "%s: %d of %d\n", added[_i].what, n_in, N_SET);
    enough(added[_i].what, n_in, N_SET, 0.95);
}
END_TEST

START_TEST(intervals_of_latency_hold_the_truth)
{
    enum { N_SET = 100, N_REQUEST = 500 };
    static const double bound[] = {0.05, 0.1, 0.2, 0.5, 1.0, 2.0};
    const struct dist law = rs_dist_lognormal(0.08, 0.99, 0.4);
    const struct dist slow = {
        .kind = RS_DIST_LOGNORMAL, .a = law.a + log(8.0), .b = law.b, .cap_s = INFINITY};
    int n_median = 0, n_p99 = 0, n_factor = 0, n_fits = 0;
    for (int k = 0; k < N_SET; k++) {
        struct stream s = stream_of((uint64_t)(70000 + k));
        double count[7] = {0.0}, mixed[7] = {0.0}, p = 0.0;
        struct fit_latency out;
        for (int i = 0; i < 2 * N_REQUEST; i++) {
            bool hit = i >= N_REQUEST && i % 4 == 0;
            double x = rs_dist_draw(hit ? &slow : &law, &s);
            int at = 0;
            while (at < 6 && x > bound[at])
                at++;
            *(i < N_REQUEST ? &count[at] : &mixed[at]) += 1.0;
        }
        const struct fit_buckets b = {6, bound, count}, m = {6, bound, mixed};
        ck_assert_int_eq(rs_fit_latency(&out, &b, 0.95), 0);
        n_median += out.median.low <= 0.08 && 0.08 <= out.median.high;
        n_p99 += out.p99.low <= 0.4 && 0.4 <= out.p99.high;
        n_fits += out.p_value > 0.05;
        struct fit_value v =
            rs_fit_latency_factor(&m, &(struct fit_stretched){&law, &law, 0.25}, 0.95, &p);
        n_factor += v.low <= 8.0 && 8.0 <= v.high;
    }
    if (getenv("RS_TEST_TELL"))
        fprintf(stderr, "latency: median %d, p99 %d, factor %d, fits %d of %d\n", n_median, n_p99,
                n_factor, n_fits, N_SET);
    enough("median of a latency", n_median, N_SET, 0.95);
    enough("p99 of a latency", n_p99, N_SET, 0.95);
    enough("factor of a latency", n_factor, N_SET, 0.95);
    enough("G test", n_fits, N_SET, 0.95);
}
END_TEST

/* Rates that go up and down from part to part: the dispersion must widen the interval. */
START_TEST(intervals_of_traffic_hold_the_truth)
{
    enum { N_SET = 300, N_PART = 16 };
    int n_in = 0, n_poisson = 0;
    for (int k = 0; k < N_SET; k++) {
        struct stream s = stream_of((uint64_t)(80000 + k));
        double observed[N_PART], expected[N_PART], sum = 0.0;
        for (int i = 0; i < N_PART; i++) {
            expected[i] = 400.0;
            observed[i] = (double)rs_draw_poisson(&s, 400.0 * rs_draw_gamma(&s, 25.0, 1.3 / 25.0));
            sum += observed[i];
        }
        struct fit_value v = rs_fit_factor(observed, expected, N_PART, 0.95, NULL);
        n_in += v.low <= 1.3 && 1.3 <= v.high;
        n_poisson += fabs(sum / 6400.0 - 1.3) < 1.96 * sqrt(sum) / 6400.0;
    }
    if (getenv("RS_TEST_TELL"))
        fprintf(stderr, "traffic: %d of %d (Poisson's own: %d)\n", n_in, N_SET, n_poisson);
    enough("traffic", n_in, N_SET, 0.95);
    ck_assert_int_lt(n_poisson, N_SET * 8 / 10);
}
END_TEST

/* ---- goodness of fit ---- */

START_TEST(goodness_rejects_what_does_not_fit)
{
    enum { N_SET = 30, N = 20 };
    int n_small = 0;
    const struct dist law = {.kind = RS_DIST_LOGNORMAL, .a = 5.5, .b = 0.9, .cap_s = INFINITY};
    for (int k = 0; k < N_SET; k++) {
        struct stream s = stream_of((uint64_t)(90000 + k));
        struct fit_span span[N];
        struct fit_duration fit;
        for (int i = 0; i < N; i++)
            span[i] = noted(rs_dist_draw(&law, &s), 60.0, INFINITY);
        ck_assert_int_eq(rs_fit_duration(&fit, RS_LAW_LOGNORMAL, span, N), 0);
        n_small += rs_fit_duration_p(&fit, span, N, 19, 7, NULL) <= 0.1;
    }
    ck_assert_int_le(n_small,
                     11); /* 3 expected; more than 11 of 30 with a probability below 1e-4 */
    struct fit_span two[N];
    struct fit_duration fit;
    for (int i = 0; i < N; i++) /* two hills, ten times apart, each narrow */
        two[i] = (struct fit_span){(i % 2 ? 100.0 : 1000.0) + i, (i % 2 ? 100.0 : 1000.0) + i, 1.0};
    ck_assert_int_eq(rs_fit_duration(&fit, RS_LAW_LOGNORMAL, two, N), 0);
    ck_assert_double_le(rs_fit_duration_p(&fit, two, N, 99, 7, NULL), 0.02);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fit coverage");
    TCase *tc = tcase_create("fit coverage");
    tcase_set_timeout(tc, 300);
    tcase_add_loop_test(tc, intervals_of_durations_hold_the_truth, 0, N_ROW(coverage));
    tcase_add_test(tc, legs_between_notes_hold_the_truth);
    tcase_add_test(tc, updates_hold_the_truth);
    tcase_add_loop_test(tc, intervals_of_faults_hold_the_truth, 0, N_ROW(added));
    tcase_add_test(tc, intervals_of_latency_hold_the_truth);
    tcase_add_test(tc, intervals_of_traffic_hold_the_truth);
    tcase_add_test(tc, goodness_rejects_what_does_not_fit);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed == 0 ? 0 : 1;
}
