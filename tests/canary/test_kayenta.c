/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kayenta's judge of two sets of points: the classification of a metric, and the score of several. */
#include <check.h>
#include <math.h>
#include <string.h>

#include "kayenta.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))
#define GAP NAN

static const struct kayenta_metric usual = {.name = "m",
                                            .outlier_factor = 3.0,
                                            .allowed_increase = 1.0,
                                            .allowed_decrease = 1.0,
                                            .critical_increase = 1.0,
                                            .critical_decrease = 1.0};

struct set {
    int n;
    double v[16];
};
static const struct set empty = {0, {0}}, gaps = {3, {GAP, GAP, GAP}}, zeros = {10, {0}},
                        fours = {10, {4, 4, 4, 4, 4, 4, 4, 4, 4, 4}},
                        fives = {10, {5, 5, 5, 5, 5, 5, 5, 5, 5, 5}}, two_thrice = {3, {2, 2, 2}},
                        two_often = {5, {2, 2, 2, 2, 2}}, sorted = {3, {1, 2, 3}},
                        turned = {3, {3, 1, 2}},
                        low = {10, {1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9}},
                        high = {10, {3.0, 3.1, 3.2, 3.3, 3.4, 3.5, 3.6, 3.7, 3.8, 3.9}},
                        /* By hand: the interval of a shift of 5 and a bit begins 4 below it. */
    digits = {10, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}},
                        up_by_5_1 = {10, {5.1, 6.1, 7.1, 8.1, 9.1, 10.1, 11.1, 12.1, 13.1, 14.1}},
                        up_by_5_5 = {10, {5.5, 6.5, 7.5, 8.5, 9.5, 10.5, 11.5, 12.5, 13.5, 14.5}},
                        high_with_gaps = {
                            12, {3.0, 3.1, GAP, 3.2, 3.3, 3.4, 3.5, GAP, 3.6, 3.7, 3.8, 3.9}};

static struct kayenta_result
classify(const struct kayenta_metric *m, struct set experiment, struct set control)
{
    struct stream noise = rs_stream_open(3, 0, rs_stream_hash("noise"));
    return rs_kayenta_classify(m, (struct kayenta_points){experiment.v, experiment.n},
                               (struct kayenta_points){control.v, control.n}, &noise);
}

/* Errors on the canary, none on the baseline: the report that Kayenta passes it, with no deviation to show (spinnaker #5622). */
START_TEST(test_errors_against_zeros)
{
    const struct set experiment = {10, {0, .048, 0, .18, .089, 0, .098, .035, 0, 0}};
    struct kayenta_metric m = usual;
    m.direction = (enum kayenta_direction)_i;
    m.critical = true;
    struct kayenta_result r = classify(&m, experiment, zeros);
    ck_assert_str_eq(rs_kayenta_label_name(r.label), "Pass");
    ck_assert(isnan(r.deviation) && !r.critical);
}
END_TEST

static const struct {
    const char *what;
    const struct set *experiment, *control;
    struct kayenta_metric m; /* only what differs from the usual one */
    const char *label;
    bool critical;
} labels[] = {
    {"above", &high, &low, {0}, "High", false},
    {"below", &low, &high, {0}, "Low", false},
    {"1.1 is above 0, not above a quarter of 5.1", &up_by_5_1, &digits, {0}, "Pass", false},
    {"1.5 is above a quarter of 5.5", &up_by_5_5, &digits, {0}, "High", false},
    {"and below", &digits, &up_by_5_1, {0}, "Pass", false},
    {"and below by more", &digits, &up_by_5_5, {0}, "Low", false},
    {"only less is bad", &high, &low, {.direction = RS_KAYENTA_DECREASE}, "Pass", false},
    {"only more is bad", &low, &high, {.direction = RS_KAYENTA_INCREASE}, "Pass", false},
    {"above and critical", &high, &low, {.critical = true}, "High", true},
    {"the same values in another order", &sorted, &turned, {0}, "Pass", false},
    {"the same, critical", &sorted, &turned, {.critical = true}, "Pass", false},
    {"one value, sizes differ", &two_thrice, &two_often, {0}, "Pass", false},
    {"two constants", &fives, &fours, {0}, "High", false},
    {"two constants, the other way", &fours, &fives, {0}, "Low", false},
    {"a constant against zeros", &fives, &zeros, {0}, "High", false},
    {"zeros against a constant", &zeros, &fives, {0}, "Low", false},
    {"nothing", &empty, &low, {0}, "Nodata", false},
    {"nothing on the other side", &low, &empty, {0}, "Nodata", false},
    {"nothing, critical", &empty, &low, {.critical = true}, "Nodata", true},
    {"nothing where there must be",
     &empty,
     &low,
     {.must_have_data = true},
     "NodataFailMetric",
     false},
    {"nothing where there must be, critical",
     &empty,
     &low,
     {.must_have_data = true, .critical = true},
     "Nodata",
     true},
    {"gaps alone are nothing", &gaps, &low, {0}, "Nodata", false},
    {"gaps alone, replaced by zeros", &gaps, &gaps, {.replace_nan = true}, "Pass", false},
    {"gaps replaced, and much on the other side",
     &high,
     &gaps,
     {.replace_nan = true},
     "High",
     false},
    {"nothing at all, to be replaced",
     &empty,
     &empty,
     {.replace_nan = true, .critical = true},
     "Pass",
     false},
    {"gaps are left out", &high_with_gaps, &low, {0}, "High", false},
    {"2.38 times as much, four are allowed", &high, &low, {.allowed_increase = 4.0}, "Pass", false},
    {"2.38 times as much, 2.3 are allowed", &high, &low, {.allowed_increase = 2.3}, "High", false},
    {"high, but not critically",
     &high,
     &low,
     {.critical = true, .critical_increase = 4.0},
     "High",
     false},
    {"0.42 of it, half is allowed", &low, &high, {.allowed_decrease = 0.5}, "Low", false},
    {"0.42 of it, 0.4 is allowed", &low, &high, {.allowed_decrease = 0.4}, "Pass", false},
    {"every pair is above", &high, &low, {.cles = true, .allowed_increase = 1.0}, "High", false},
    {"and more cannot be", &high, &low, {.cles = true, .allowed_increase = 1.01}, "Pass", false},
};

static double or_usual(double own, double other)
{
    return own != 0.0 ? own : other;
}

START_TEST(test_labels)
{
    struct kayenta_metric m = labels[_i].m;
    double effect = m.cles ? 0.5 : 1.0;
    m.name = "m";
    m.outlier_factor = 3.0;
    m.allowed_increase = or_usual(m.allowed_increase, effect);
    m.allowed_decrease = or_usual(m.allowed_decrease, effect);
    m.critical_increase = or_usual(m.critical_increase, effect);
    m.critical_decrease = or_usual(m.critical_decrease, effect);
    struct kayenta_result r = classify(&m, *labels[_i].experiment, *labels[_i].control);
    ck_assert_msg(strcmp(rs_kayenta_label_name(r.label), labels[_i].label) == 0 &&
                      r.critical == labels[_i].critical,
                  "%s: %s%s", labels[_i].what, rs_kayenta_label_name(r.label),
                  r.critical ? " (critical)" : "");
}
END_TEST

/*
 * Percentiles of 1..10 and 1000 by linear interpolation are 3.5 and 8.5 (quarters) and 901 (the 99th): 1000 is above that and above
 * 8.5 + 3 * 5, so it goes. 20 in its place is above the 99th percentile, 19, and below that fence: it stays.
 */
START_TEST(test_outliers)
{
    const double values[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1000};
    ck_assert_double_eq_tol(rs_percentile(values, 11, 25), 3.5, 1e-12);
    ck_assert_double_eq_tol(rs_percentile(values, 11, 75), 8.5, 1e-12);
    ck_assert_double_eq_tol(rs_percentile(values, 11, 99), 901.0, 1e-9);
    struct kayenta_metric m = usual;
    const struct set control = {10, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}};
    const struct set far = {11, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1000}},
                     near = {11, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20}};
    ck_assert_double_eq_tol(classify(&m, far, control).deviation, 1055.0 / 11.0 / 5.5, 1e-9);
    m.remove_outliers = true;
    ck_assert_double_eq(classify(&m, far, control).deviation, 1.0); /* identical without it */
    ck_assert_double_eq_tol(classify(&m, near, control).deviation, 75.0 / 11.0 / 5.5, 1e-12);
}
END_TEST

/*
 * Zeros are looked for to 1e-4 in whatever unit the metric has. Thirty points a side, of which those of the canary are clearly
 * higher: seen in one unit, and not in one that is a hundred thousand times as large.
 */
START_TEST(test_small_units)
{
    double above[30], below[30], scale = _i == 0 ? 1.0 : 1e-5;
    for (int i = 0; i < 30; i++) {
        above[i] = scale * (2.0 + i / 30.0);
        below[i] = scale * (1.0 + 1.1 * i / 30.0);
    }
    struct stream noise = rs_stream_open(3, 0, rs_stream_hash("noise"));
    struct kayenta_result r = rs_kayenta_classify(&usual, (struct kayenta_points){above, 30},
                                                  (struct kayenta_points){below, 30}, &noise);
    ck_assert_str_eq(rs_kayenta_label_name(r.label), _i == 0 ? "High" : "Pass");
}
END_TEST

/* ---- scores ---------------------------------------------------------------------------------- */

#define P RS_KAYENTA_PASS
#define H RS_KAYENTA_HIGH
#define L RS_KAYENTA_LOW
#define F RS_KAYENTA_NODATA_FAILS
#define D RS_KAYENTA_NODATA_LABEL
#define E RS_KAYENTA_ERROR

static const struct {
    const char *what;
    double weight[3]; /* NaN: not given */
    double weight_sum;
    int n_metric;
    int group[5];
    enum kayenta_label label[5];
    int critical; /* metric, or -1 */
    double score;
} scores[] = {
    {"all pass", {100}, 100, 2, {0, 0}, {P, P}, -1, 100},
    {"one of three fails", {100}, 100, 3, {0, 0, 0}, {P, H, P}, -1, 66.67},
    {"halves go up", {0.005, 99.995}, 100, 2, {0, 1}, {P, L}, -1, 0.01},
    {"two groups by weight", {75, 25}, 100, 2, {0, 1}, {P, H}, -1, 75},
    {"a group without a weight has what is left", {60, NAN}, 60, 2, {0, 1}, {H, P}, -1, 40},
    {"two of them share it", {60, NAN, NAN}, 60, 3, {0, 1, 2}, {H, P, H}, -1, 20},
    {"no weights at all", {NAN, NAN}, 0, 2, {0, 1}, {P, H}, -1, 50},
    {"the weight of a group without metrics is lost", {40}, 100, 1, {0}, {P}, -1, 40},
    {"a group without data is good", {50, 50}, 100, 3, {0, 0, 1}, {P, P, D}, -1, 100},
    {"metrics without data do not count in theirs", {100}, 100, 3, {0, 0, 0}, {P, H, D}, -1, 50},
    {"one that must have data does", {100}, 100, 2, {0, 0}, {P, F}, -1, 50},
    {"half without data", {100}, 100, 2, {0, 0}, {P, D}, -1, 0},
    {"less than half without data", {100}, 100, 5, {0, 0, 0, 0, 0}, {P, P, P, D, D}, -1, 100},
    {"an error counts nowhere", {50, 50}, 100, 2, {0, 1}, {P, E}, -1, 100},
    {"a critical one fails all", {10, 90}, 100, 2, {0, 1}, {H, P}, 0, 0},
    {"a critical one without data fails all", {100}, 100, 3, {0, 0, 0}, {P, P, D}, 2, 0},
};

START_TEST(test_scores)
{
    static const int first[] = {0, 1, 2};
    struct kayenta_metric metric[5] = {{0}};
    struct kayenta_group group[3] = {{0}};
    struct kayenta_result result[5] = {{0}};
    struct kayenta_spec spec = {.metric = metric,
                                .n_metric = scores[_i].n_metric,
                                .group = group,
                                .weight_sum = scores[_i].weight_sum};
    for (int i = 0; i < spec.n_metric; i++) {
        metric[i].n_group = 1;
        metric[i].group = &first[scores[_i].group[i]];
        result[i].label = scores[_i].label[i];
        result[i].critical = i == scores[_i].critical;
        if (scores[_i].group[i] >= spec.n_group)
            spec.n_group = scores[_i].group[i] + 1;
    }
    for (int g = 0; g < spec.n_group; g++)
        group[g].weight = scores[_i].weight[g];
    struct kayenta_score got = rs_kayenta_score(&spec, result);
    ck_assert_msg(got.score == scores[_i].score, "%s: %.17g", scores[_i].what, got.score);
    ck_assert_int_eq(got.failed_by, scores[_i].critical);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kayenta");
    TCase *tc = tcase_create("kayenta");
    tcase_add_loop_test(tc, test_errors_against_zeros, 0, 3);
    tcase_add_loop_test(tc, test_labels, 0, N(labels));
    tcase_add_test(tc, test_outliers);
    tcase_add_loop_test(tc, test_small_units, 0, 2);
    tcase_add_loop_test(tc, test_scores, 0, N(scores));
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
