/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers and statistics in a document's words. */
#include "check/says.h"

#include <check.h>
#include <math.h>

#define N_ROW(a) ((int)(sizeof(a) / sizeof((a)[0])))

static const struct {
    const char *text;
    int n;
    double first;
    enum said_unit unit;
    bool compared;
} rows[] = {
    {"if errors >0.5%, revert flag", 1, 0.005, RS_SAID_PERCENT, true},
    {"Monitor for 30 minutes; if errors >0.5%, revert flag", 1, 0.005, RS_SAID_PERCENT, true},
    {"errors of more than 2 percent", 1, 0.02, RS_SAID_PERCENT, true},
    {"2 % of agents", 1, 0.02, RS_SAID_PERCENT, false},
    {"verify API latency < 200ms", 1, 0.2, RS_SAID_SECONDS, true},
    {"latency \xe2\x89\xa5 1.5 s", 1, 1.5, RS_SAID_SECONDS, true},
    {"latency above 2 seconds", 1, 2, RS_SAID_SECONDS, true},
    {"rollback count > 3 in 10 minutes", 1, 3, RS_SAID_PLAIN, true},
    {"(>1% 5xx)", 1, 0.01, RS_SAID_PERCENT, true},
    {"over 24 hours", 0, 0, RS_SAID_PLAIN, false},
    {"Stage v2 and P1", 0, 0, RS_SAID_PLAIN, false},
    {"the 95th percentile", 0, 0, RS_SAID_PLAIN, false},
    {"no number", 0, 0, RS_SAID_PLAIN, false},
    {"", 0, 0, RS_SAID_PLAIN, false},
};

START_TEST(test_numbers)
{
    struct said_number n[RS_SAID_MAX];
    int found = rs_said_numbers(rows[_i].text, n);
    ck_assert_msg(found == rows[_i].n, "%s: %d numbers, wanted %d", rows[_i].text, found,
                  rows[_i].n);
    if (found > 0) {
        ck_assert_double_eq_tol(n[0].value, rows[_i].first, 1e-12);
        ck_assert_int_eq(n[0].unit, rows[_i].unit);
        ck_assert_msg(n[0].compared == rows[_i].compared, "%s", rows[_i].text);
    }
}
END_TEST

static const struct {
    const char *text;
    double q; /* NaN: none */
    bool statistic;
} quantiles[] = {
    {"p95 latency", 0.95, true},     {"P99.9 below 1s", 0.999, true},
    {"p999 below 1s", 0.999, true},  {"the 95th percentile", 0.95, true},
    {"the 0.9 quantile", 0.9, true}, {"median below 1s", 0.5, true},
    {"mean latency", NAN, true},     {"on average", NAN, true},
    {"every answer", NAN, true},     {"latency < 200ms", NAN, false},
    {"the Prisma path", NAN, false}, {"a meaningful time", NAN, false}, /* no whole word */
};

START_TEST(test_quantiles)
{
    double q = rs_says_quantile(quantiles[_i].text);
    ck_assert_msg(isnan(quantiles[_i].q) ? isnan(q) : fabs(q - quantiles[_i].q) < 1e-12, "%s: %g",
                  quantiles[_i].text, q);
    ck_assert_msg(rs_says_statistic(quantiles[_i].text) == quantiles[_i].statistic, "%s",
                  quantiles[_i].text);
}
END_TEST

START_TEST(test_mean)
{
    ck_assert(rs_says_mean("the Average latency"));
    ck_assert(!rs_says_mean("by all means"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("says");
    TCase *tc = tcase_create("says");
    tcase_add_loop_test(tc, test_numbers, 0, N_ROW(rows));
    tcase_add_loop_test(tc, test_quantiles, 0, N_ROW(quantiles));
    tcase_add_test(tc, test_mean);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
