/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The numbers behind numeric findings: by hand, or from another program. */
#include <check.h>
#include <math.h>
#include <string.h>

#include "numeric_case.h"

static double number_of(const char *code, const char *name)
{
    for (int i = 0; i < numeric.found->n; i++) {
        for (int k = 0; k < numeric.found->item[i].n_evidence &&
                        strcmp(numeric.found->item[i].code->name, code) == 0;
             k++) {
            if (strcmp(numeric.found->item[i].evidence[k].name, name) == 0)
                return numeric.found->item[i].evidence[k].value;
        }
    }
    return NAN;
}

/* Each number by hand, or by another program (R, Python with exact fractions). */
static const struct {
    int row; /* of the changes below */
    const char *code, *name;
    double value, tolerance;
} numbers[] = {
    /* 2/s of 20/s are exposed; (0.02 - 0.9 * 0.001) / 0.1 */
    {0, "dilution", "exposed_share", 0.1, 1e-12},
    {0, "dilution", "needed_among_exposed_share", 0.191, 1e-12},
    {0, "dilution", "requests_in_window", 6000, 1e-6},
    /* 24 h (0.02 - 0.001) / (1 - 0.001) */
    {1, "outage-hidden", "hidden_outage_s", 86400 * 0.019 / 0.999, 1e-6},
    /* to 4 %: 300 s * 0.019 / 0.039, and 1800 s * 0.019 / 0.039 */
    {2, "alert-later", "trigger_true_after_s", 300 * 0.019 / 0.039, 1e-6},
    {2, "alert-later", "alert_fires_after_s", 1800 * 0.019 / 0.039, 1e-6},
    /* 1 - 0.999^30 */
    {3, "cries-wolf", "p_false_alarm", 0.029569032736914247, 1e-12},
    /* 6 requests, more than 2 % is one: 1 - 0.96^6 a look, 6 looks apart: 1 - 0.96^36 */
    {4, "too-little-traffic", "p_detected", 0.7699806406994574, 1e-10},
    {4, "too-little-traffic", "requests_in_window", 6, 1e-9},
    /* the window begins empty: of its first 48 requests one is more than 2 %, 1 - 0.999^48 */
    {5, "cries-wolf", "p_false_alarm_look", 0.046889103120096, 1e-12},
    {5, "cries-wolf", "requests_in_window", 48, 1e-9},
    /* increase() reads a little more than was counted: three are more than 3 */
    {6, "alert-laxer", "alert_events", 3, 1e-12},
    {6, "alert-laxer", "trigger_events", 1, 1e-12},
};

static const struct change number_changes[] = {
    {CANARY, "fail_if: " WHOLE("5m") " > 0.02"},
    {"[30m])) / sum(rate(http_requests_total{job=\"api\",path=\"new\"}[30m])) < 0.02",
     "[24h])) / sum(rate(http_requests_total{job=\"api\",path=\"new\"}[24h])) < 0.02"},
    {NULL, NULL}, /* the alert's window */
    {"requests: 9, max_failures: 1", "requests: 30, max_failures: 0"},
    {"cohort: staff, profile: {constant: {per_s: 2}}",
     "cohort: staff, profile: {constant: {per_s: 0.02}}"},
    {"cohort: staff, profile: {constant: {per_s: 2}}",
     "cohort: staff, profile: {constant: {per_s: 0.2}}"},
    {NULL, NULL}, /* the alert's count */
};

START_TEST(test_numbers)
{
    const struct change longer = {ALERT_ERRORS, "expr: " ERRORS("30m") " > 0.02"};
    const struct change more = {"expr: sum(increase(mismatch_total[10m])) > 0",
                                "expr: sum(increase(mismatch_total[10m])) > 3"};
    const struct change *ch = &number_changes[numbers[_i].row];
    if (ch->find)
        numeric.yaml = numeric_changed(numeric.yaml, ch);
    else
        numeric.alerts = numeric_changed(numeric.alerts, numbers[_i].row == 6 ? &more : &longer);
    numeric_run();
    double got = number_of(numbers[_i].code, numbers[_i].name);
    ck_assert_msg(fabs(got - numbers[_i].value) <= numbers[_i].tolerance,
                  "%s of %s: %.12g, wanted %.12g", numbers[_i].name, numbers[_i].code, got,
                  numbers[_i].value);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("check_evidence");
    TCase *tc = tcase_create("numbers");
    tcase_add_checked_fixture(tc, numeric_begin, numeric_end);
    tcase_add_loop_test(tc, test_numbers, 0, N_ROW(numbers));
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
