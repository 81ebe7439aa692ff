/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The numeric classes of findings, one defect at a time: base.yaml and alerts.yml in numeric/ have none; a row changes a text
 * in one of them and says which code must then stand at which line (the one that holds the row's words), or that none does.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "numeric_case.h"

struct row {
    const char *name;
    struct change yaml[3], alerts;
    const char *code;  /* NULL: none of ours */
    const char *words; /* in the line, after the change; of the alerts when `in_alerts` */
    bool in_alerts;
    bool only;      /* and no other of ours */
    const char *no; /* a code that must not stand at that line */
};

/* The law of what queues is not known: what rests on its share of errors is not said. */
#define QUEUES                                                                                     \
    {                                                                                              \
        "{name: new, when: [NEW],", "{name: new, when: [NEW], capacity: {connections: 4000},"      \
    }

static const struct row rows[] = {
    {"nothing is wrong", .code = NULL},
    /* alert-laxer */
    {"an alert with a higher limit", .alerts = {ALERT_ERRORS, ALERT_ERRORS "5"},
     .code = "alert-laxer", .words = "alert: ApiErrors", .in_alerts = true},
    {"a success ratio that allows more", .alerts = {ALERT_ERRORS, "expr: " GOOD("5m") " < 0.97"},
     .code = "alert-laxer", .words = "alert: ApiErrors", .in_alerts = true},
    {"a success ratio that says the same", .alerts = {ALERT_ERRORS, "expr: " GOOD("5m") " < 0.98"}},
    {"percent that say the same", .alerts = {ALERT_ERRORS, "expr: 100 * " ERRORS("5m") " >= 2"}},
    {"percent that allow more", .alerts = {ALERT_ERRORS, "expr: 3 < 100 * " ERRORS("5m")},
     .code = "alert-laxer", .words = "alert: ApiErrors", .in_alerts = true},
    {"a product that says the same",
     .alerts = {ALERT_ERRORS,
                "expr: sum(rate(http_requests_total{job=\"api\",path=\"new\",code=~\"5..\"}[5m])) "
                "> 0.02 * sum(rate(http_requests_total{job=\"api\",path=\"new\"}[5m]))"}},
    {"codes written out",
     .alerts =
         {ALERT_ERRORS,
          "expr: sum(rate(http_requests_total{job=\"api\",path=\"new\",code=~\"500|503\"}[5m])) / "
          "sum(rate(http_requests_total{job=\"api\",path=\"new\"}[5m])) > 0.02"}},
    {"three events where one is called for",
     .alerts = {"expr: sum(increase(mismatch_total[10m])) > 0",
                "expr: sum(increase(mismatch_total[10m])) > 3"},
     .code = "alert-laxer", .words = "alert: Mismatches", .in_alerts = true},
    {"not 0 is more than 0", .alerts = {"expr: sum(increase(mismatch_total[10m])) > 0",
                                        "expr: sum(increase(mismatch_total[10m])) != 0"}},
    {"a rate that needs more",
     .alerts = {"expr: sum(increase(mismatch_total[10m])) > 0",
                "expr: sum(rate(mismatch_total[10m])) > 0.01"},
     .code = "alert-laxer", .words = "alert: Mismatches", .in_alerts = true},
    {"a slower limit", .alerts = {SLOW("0.95", "1"), SLOW("0.95", "2")}, .code = "alert-laxer",
     .words = "alert: ApiSlow", .in_alerts = true},
    {"a lower quantile", .alerts = {SLOW("0.95", "1"), SLOW("0.5", "1")}, .code = "alert-laxer",
     .words = "alert: ApiSlow", .in_alerts = true},
    {"a higher quantile is stricter", .alerts = {SLOW("0.95", "1"), SLOW("0.99", "1")}},
    {"a stricter limit",
     .alerts = {ALERT_ERRORS,
                "expr: job:api_errors:ratio_rate5m{job=\"api\",path=\"new\"} > 0.018"}},
    {"a limit that one of the first requests passes",
     .alerts = {ALERT_ERRORS, "expr: job:api_errors:ratio_rate5m{job=\"api\",path=\"new\"} > 0.01"},
     .code = "cries-wolf", .words = "alert: ApiErrors", .in_alerts = true},
    {"words of a share, and not of what",
     .yaml = {{"says: \"go on if less than 2% fail\"", "says: \"go on if errors < 2%\""}},
     .code = "ratio-without-denominator", .words = "name: all-errors"},
    {"a traffic guard that is too much",
     .yaml = {{"trigger: " ERRORS("5m") " > 0.02",
               "trigger: " ERRORS(
                   "5m") " > 0.02 and "
                         "sum(increase(http_requests_total{job=\"api\",path=\"new\"}[5m])) > 100"}},
     .alerts =
         {ALERT_ERRORS, ALERT_ERRORS
          " and on() sum(increase(http_requests_total{job=\"api\",path=\"new\"}[5m])) > 5000"},
     .code = "alert-laxer", .words = "alert: ApiErrors", .in_alerts = true},
    {"a traffic guard that is the same",
     .yaml = {{"trigger: " ERRORS("5m") " > 0.02",
               "trigger: " ERRORS(
                   "5m") " > 0.02 and "
                         "sum(increase(http_requests_total{job=\"api\",path=\"new\"}[5m])) > 100"}},
     .alerts =
         {ALERT_ERRORS, ALERT_ERRORS
          " and on() sum(increase(http_requests_total{job=\"api\",path=\"new\"}[5m])) > 100"}},
    {"a lax alert beside one that serves",
     .yaml = {{"alerts: [ApiErrors]", "alerts: [ApiErrors, Late]"}},
     .alerts = {"      - alert: ApiSlow", "      - alert: Late\n        expr: "
                                          "job:api_errors:ratio_rate5m{job=\"api\",path=\"new\"} > "
                                          "0.5\n      - alert: ApiSlow"}},
    /* alert-later */
    {"a longer window", .alerts = {ALERT_ERRORS, "expr: " ERRORS("30m") " > 0.02"},
     .code = "alert-later", .words = "alert: ApiErrors", .in_alerts = true},
    {"a longer window, a lower limit, and later all the same",
     .alerts = {ALERT_ERRORS, "expr: " ERRORS("1h") " > 0.01"}, .code = "alert-later",
     .words = "alert: ApiErrors", .in_alerts = true},
    {"a for of some minutes", .alerts = {ALERT_ERRORS, ALERT_ERRORS "\n        for: 5m"},
     .code = "alert-later", .words = "alert: ApiErrors", .in_alerts = true},
    {"a for that costs little", .alerts = {ALERT_ERRORS, ALERT_ERRORS "\n        for: 1m"}},
    {"a longer window, of what queues", .yaml = {QUEUES},
     .alerts = {ALERT_ERRORS, "expr: " ERRORS("30m") " > 0.02"}},
    {"a higher limit, of what queues", .yaml = {QUEUES}, .alerts = {ALERT_ERRORS, ALERT_ERRORS "5"},
     .code = "alert-laxer", .words = "alert: ApiErrors", .in_alerts = true},
    {"a shorter window", .alerts = {ALERT_ERRORS, "expr: " ERRORS("2m") " > 0.02"}},
    {"a recording rule with a longer window",
     .alerts = {"[5m])) / sum by (job, path) (rate(http_requests_total[5m]))",
                "[1h])) / sum by (job, path) (rate(http_requests_total[1h]))"},
     .code = "alert-later", .words = "alert: ApiErrors", .in_alerts = true},
    /* grey-zone */
    {"a hold that nothing resolves",
     .yaml = {{"      on_hold: {look_again: 5m, at_most: 1h, then: rollback, procedure: slow}\n",
               ""},
              {NEW_SLOW, "histogram_quantile(0.95, sum by (le) "
                         "(rate(http_request_duration_seconds_bucket{path=\"new\"}[5m]))) < 0.5"}},
     .code = "grey-zone", .words = "name: canary-latency"},
    {"a hold that is resolved",
     .yaml = {{"the 95th percentile of latency stays below 1s",
               "the 95th percentile of latency stays below 500ms"},
              {NEW_SLOW, "histogram_quantile(0.95, sum by (le) "
                         "(rate(http_request_duration_seconds_bucket{path=\"new\"}[5m]))) < 0.5"}}},
    {"between promotion and rollback",
     .yaml = {{"says: \"go on if less than 2% fail\"", "says: \"go on if less than 1% fail\""},
              {"[30m])) < 0.02", "[30m])) < 0.01"}},
     .code = "grey-zone", .words = "name: all-errors"},
    {"an alert before the trigger decides nothing",
     .yaml = {{"says: \"go on if less than 2% fail\"", "says: \"go on if less than 1% fail\""},
              {"[30m])) < 0.02", "[30m])) < 0.01"}},
     .alerts = {ALERT_ERRORS,
                "expr: job:api_errors:ratio_rate5m{job=\"api\",path=\"new\"} > 0.018"},
     .code = "grey-zone", .words = "name: all-errors", .only = true},
    {"an answer to it",
     .yaml = {{"says: \"go on if less than 2% fail\"", "says: \"go on if less than 1% fail\""},
              {"[30m])) < 0.02\n          when: end\n          then: hold",
               "[30m])) < 0.01\n          when: end\n          then: rollback\n          "
               "procedure: errors"}}},
    /* contradiction */
    {"let pass what is rolled back",
     .yaml = {{"says: \"go on if less than 2% fail\"", "says: \"go on if less than 5% fail\""},
              {"[30m])) < 0.02", "[30m])) < 0.05"}},
     .code = "contradiction", .words = "name: all-errors"},
    {"halt where another says roll back",
     .yaml = {{"          when: looks\n          then: rollback\n          procedure: mismatch",
               "          when: looks\n          then: halt"}},
     .code = "contradiction", .words = "name: canary-mismatch"},
    {"another procedure's business",
     .yaml = {{"          procedure: mismatch\n      watched",
               "          procedure: slow\n      watched"}},
     .code = "contradiction", .words = "name: canary-mismatch"},
    {"words and expression: a share",
     .yaml = {{"\"More than 2% of requests fail\"", "\"More than 1% of requests fail\""}},
     .code = "contradiction", .words = "name: errors"},
    {"words and expression: a time",
     .yaml = {{"\"p95 latency above 1 s\"", "\"p95 latency above 500 ms\""}},
     .code = "contradiction", .words = "name: slow"},
    {"words that say the good part",
     .yaml = {{"\"More than 2% of requests fail\"", "\"Success < 98% over 5 minutes\""}}},
    /* dilution */
    {"the whole service for a tenth", .yaml = {{CANARY, "fail_if: " WHOLE("5m") " > 0.02"}},
     .code = "dilution", .words = "name: canary-errors"},
    {"a quantile that the exposed cannot move",
     .yaml = {{"percent: 100}\n", "percent: 20}\n"},
              {NEW_SLOW, "histogram_quantile(0.95, sum by (le) "
                         "(rate(http_request_duration_seconds_bucket[5m]))) < 1"}},
     .code = "dilution", .words = "name: canary-latency"},
    {"a trigger on the whole service",
     .yaml = {{"trigger: " ERRORS("5m"), "trigger: " WHOLE("5m")}}, .code = "dilution",
     .words = "name: errors"},
    {"an alert on the whole service", .alerts = {ALERT_ERRORS, "expr: " WHOLE("5m") " > 0.02"},
     .code = "dilution", .words = "alert: ApiErrors", .in_alerts = true},
    {"all services together",
     .yaml = {{CANARY, "fail_if: sum(rate(http_requests_total{path=\"new\",code=~\"5..\"}[5m])) / "
                       "sum(rate(http_requests_total[5m])) > 0.02"}},
     .code = "dilution", .words = "name: canary-errors"},
    {"half of them is no dilution",
     .yaml = {{CANARY, "fail_if: " WHOLE("5m") " > 0.02"},
              {"to: on, cohort: staff, percent: 100}", "to: on, percent: 50}"}}},
    /* outage-hidden */
    {"an average over a day",
     .yaml = {{"[30m])) / sum(rate(http_requests_total{job=\"api\",path=\"new\"}[30m])) < 0.02",
               "[24h])) / sum(rate(http_requests_total{job=\"api\",path=\"new\"}[24h])) < 0.02"}},
     .code = "outage-hidden", .words = "name: all-errors"},
    {"an average over a day beside a short one",
     .yaml = {{"[30m])) / sum(rate(http_requests_total{job=\"api\",path=\"new\"}[30m])) < 0.02\n",
               "[24h])) / sum(rate(http_requests_total{job=\"api\",path=\"new\"}[24h])) < 0.02\n"},
              {"        - name: all-errors\n",
               "        - name: all-now\n          fail_if: " ERRORS(
                   "10m") " > 0.02\n          when: looks\n          then: rollback\n          "
                          "procedure: errors\n        - name: all-errors\n"}}},
    {"an average over a day, of what queues",
     .yaml = {{"[30m])) / sum(rate(http_requests_total{job=\"api\",path=\"new\"}[30m])) < 0.02",
               "[24h])) / sum(rate(http_requests_total{job=\"api\",path=\"new\"}[24h])) < 0.02"},
              QUEUES}},
    {"a share above 1, of what queues",
     .yaml = {{"says: \"if more than 2% of the new path's requests fail, roll back\"\n", "\n"},
              {"sum(rate(http_requests_total{path=\"new\"}[5m])) > 0.02",
               "sum(rate(http_requests_total{path=\"new\"}[5m])) > 2"},
              QUEUES},
     .code = "outage-hidden", .words = "name: canary-errors"},
    {"a share above 1",
     .yaml = {{"says: \"if more than 2% of the new path's requests fail, roll back\"\n", "\n"},
              {"sum(rate(http_requests_total{path=\"new\"}[5m])) > 0.02",
               "sum(rate(http_requests_total{path=\"new\"}[5m])) > 2"}},
     .code = "outage-hidden", .words = "name: canary-errors"},
    {"above the last bucket", .yaml = {{"below 1s", "below 10s"}, {NEW_SLOW, NEW_SLOW "0"}},
     .code = "outage-hidden", .words = "name: canary-latency"},
    /* cries-wolf */
    {"a limit below the base",
     .yaml = {{"says: \"if more than 2% of the new path's requests fail, roll back\"\n", "\n"},
              {"sum(rate(http_requests_total{path=\"new\"}[5m])) > 0.02",
               "sum(rate(http_requests_total{path=\"new\"}[5m])) > 0.001"}},
     .code = "cries-wolf", .words = "name: canary-errors"},
    {"a check that allows nothing",
     .yaml = {{"requests: 9, max_failures: 1", "requests: 30, max_failures: 0"}},
     .code = "cries-wolf", .words = "check: Smoke"},
    {"a counter that counts by itself",
     .yaml = {{"{name: mismatch_total}", "{name: mismatch_total, per_s: 0.1/m}"}},
     .code = "cries-wolf", .words = "name: canary-mismatch"},
    {"few requests and a low limit",
     .yaml = {{"cohort: staff, profile: {constant: {per_s: 2}}",
               "cohort: staff, profile: {constant: {per_s: 0.2}}"}},
     .code = "cries-wolf", .words = "name: canary-errors"},
    /* too-little-traffic */
    {"few requests",
     .yaml = {{"cohort: staff, profile: {constant: {per_s: 2}}",
               "cohort: staff, profile: {constant: {per_s: 0.02}}"}},
     .code = "too-little-traffic", .words = "name: canary-errors"},
    {"a guard that is never passed",
     .yaml = {{CANARY, CANARY " and sum(increase(http_requests_total{path=\"new\"}[5m])) > 1000"}},
     .code = "too-little-traffic", .words = "name: canary-errors"},
    {"a guard against crying, never passed",
     .yaml = {{CANARY, CANARY " and sum(increase(http_requests_total{path=\"new\"}[5m])) > 300"},
              {"cohort: staff, profile: {constant: {per_s: 2}}",
               "cohort: staff, profile: {constant: {per_s: 0.2}}"}},
     .code = "too-little-traffic", .words = "name: canary-errors", .no = "cries-wolf"},
    {"a guard that is passed",
     .yaml = {{CANARY, CANARY " and sum(increase(http_requests_total{path=\"new\"}[5m])) > 300"}}},
    /* ambiguous-statistic */
    {"a time without a statistic",
     .yaml = {{"\"the 95th percentile of latency stays below 1s\"", "\"verify API latency < 1s\""}},
     .code = "ambiguous-statistic", .words = "name: canary-latency"},
    {"a trigger without a statistic", .yaml = {{"\"p95 latency above 1 s\"", "\"latency > 1s\""}},
     .code = "ambiguous-statistic", .words = "name: slow"},
    {"a time that is a window", .yaml = {{"\"More than 2% of requests fail\"",
                                          "\"More than 2% of requests fail over 5 minutes\""}}},
    {"another quantile than the words say",
     .yaml = {{"\"the 95th percentile of latency stays below 1s\"",
               "\"p99 latency stays below 1s\""}},
     .code = "ambiguous-statistic", .words = "name: canary-latency"},
    {"a mean",
     .yaml = {{"says: \"the 95th percentile of latency stays below 1s\"", ""},
              {NEW_SLOW, "sum(rate(http_request_duration_seconds_sum{path=\"new\"}[5m])) / "
                         "sum(rate(http_request_duration_seconds_count{path=\"new\"}[5m])) < 1"}},
     .code = "ambiguous-statistic", .words = "name: canary-latency"},
    {"a mean that is meant",
     .yaml = {{"\"the 95th percentile of latency stays below 1s\"",
               "\"the mean latency stays below 1s\""},
              {NEW_SLOW, "sum(rate(http_request_duration_seconds_sum{path=\"new\"}[5m])) / "
                         "sum(rate(http_request_duration_seconds_count{path=\"new\"}[5m])) < 1"}}},
    {"a sum",
     .yaml = {{"says: \"the 95th percentile of latency stays below 1s\"", ""},
              {NEW_SLOW, "sum(rate(http_request_duration_seconds_sum{path=\"new\"}[5m])) < 1"}},
     .code = "ambiguous-statistic", .words = "name: canary-latency"},
    {"between two buckets",
     .yaml = {{"below 1s", "below 700ms"},
              {NEW_SLOW, "histogram_quantile(0.95, sum by (le) "
                         "(rate(http_request_duration_seconds_bucket{path=\"new\"}[5m]))) < 0.7"}},
     .code = "ambiguous-statistic", .words = "name: canary-latency"},
    /* ratio-without-denominator */
    {"a rate held against a share",
     .yaml = {{CANARY,
               "fail_if: sum(rate(http_requests_total{path=\"new\",code=~\"5..\"}[5m])) > 0.02"}},
     .code = "ratio-without-denominator", .words = "name: canary-errors"},
    {"a rate held against percent",
     .yaml = {{CANARY, "fail_if: sum(increase(mismatch_total[5m])) > 2"}},
     .code = "ratio-without-denominator", .words = "name: canary-errors"},
    {"a rate in an alert",
     .alerts = {ALERT_ERRORS,
                "expr: sum(rate(http_requests_total{job=\"api\",path=\"new\",code=~\"5..\"}[5m])) "
                "> 0.02"},
     .code = "ratio-without-denominator", .words = "alert: ApiErrors", .in_alerts = true},
    {"by another service's requests",
     .yaml = {{CANARY, "fail_if: sum(rate(http_requests_total{path=\"new\",code=~\"5..\"}[5m])) / "
                       "sum(rate(http_requests_total{job=\"web\"}[5m])) > 0.02"}},
     .code = "ratio-without-denominator", .words = "name: canary-errors"},
    {"bad by good",
     .yaml = {{CANARY, "fail_if: sum(rate(http_requests_total{path=\"new\",code=~\"5..\"}[5m])) / "
                       "sum(rate(http_requests_total{path=\"new\",code=\"200\"}[5m])) > 0.02"}},
     .code = "ratio-without-denominator", .words = "name: canary-errors"},
};

START_TEST(test_rows)
{
    const struct row *r = &rows[_i];
    for (int i = 0; i < 3 && r->yaml[i].find; i++)
        numeric.yaml = numeric_changed(numeric.yaml, &r->yaml[i]);
    if (r->alerts.find)
        numeric.alerts = numeric_changed(numeric.alerts, &r->alerts);
    numeric_run();
    int n_ours = 0, n_hit = 0,
        line =
            r->code ? numeric_line_of(r->in_alerts ? numeric.alerts : numeric.yaml, r->words) : 0;
    for (int i = 0; i < numeric.found->n; i++) {
        const struct finding *f = &numeric.found->item[i];
        bool in_alerts = strstr(f->at.file, "alerts.yml") != NULL;
        n_ours += numeric_is_ours(f);
        bool there = r->code && f->at.line == line && in_alerts == r->in_alerts;
        n_hit += there && strcmp(f->code->name, r->code) == 0;
        n_hit -= there && r->no && strcmp(f->code->name, r->no) == 0;
    }
    char *text = numeric_listed();
    ck_assert_msg(r->code ? n_hit == 1 && (!r->only || n_ours == 1) : n_ours == 0,
                  "%s: wanted %s at line %d%s", r->name, r->code ? r->code : "nothing", line, text);
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("check_numeric");
    TCase *tc = tcase_create("rows");
    tcase_add_checked_fixture(tc, numeric_begin, numeric_end);
    tcase_add_loop_test(tc, test_rows, 0, N_ROW(rows));
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
