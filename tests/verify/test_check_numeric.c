/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The numeric classes of findings, one defect at a time: base.yaml and alerts.yml in numeric/ have none; a row changes a text
 * in one of them and says which code must then stand at which line (the one that holds the row's words), or that none does.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenarios/load.h"
#include "sim/arena.h"
#include "verify/check.h"

#define N_ROW(a) ((int)(sizeof(a) / sizeof((a)[0])))

static const char *const ours[] = {
    "alert-later",       "alert-laxer",   "ambiguous-statistic",
    "contradiction",     "cries-wolf",    "dilution",
    "grey-zone",         "outage-hidden", "ratio-without-denominator",
    "too-little-traffic"};

static bool is_ours(const struct finding *f)
{
    for (int i = 0; i < N_ROW(ours); i++) {
        if (strcmp(f->code->name, ours[i]) == 0)
            return true;
    }
    return false;
}

/* ---- files ---- */

static char folder[64];

static char *slurp(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", DATA_DIR, name);
    FILE *f = fopen(path, "r");
    ck_assert_msg(f != NULL, "%s", path);
    char *text = rs_xcalloc(1, 65536);
    size_t n = fread(text, 1, 65535, f);
    ck_assert(n > 0 && n < 65535);
    fclose(f);
    return text;
}

static void spit(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    ck_assert(f != NULL);
    fputs(text, f);
    fclose(f);
}

/* The first place of `find` becomes `with`; the row is wrong if there is none. */
static char *changed(char *text, const char *find, const char *with)
{
    char *at = strstr(text, find);
    ck_assert_msg(at != NULL, "no \"%s\"", find);
    char *out = rs_xcalloc(1, strlen(text) + strlen(with) + 1);
    memcpy(out, text, (size_t)(at - text));
    strcat(strcat(out, with), at + strlen(find));
    free(text);
    return out;
}

static int line_of(const char *text, const char *words)
{
    const char *at = strstr(text, words);
    ck_assert_msg(at != NULL, "no \"%s\"", words);
    int line = 1;
    for (const char *p = text; p < at; p++)
        line += *p == '\n';
    return line;
}

/* ---- rows ---- */

struct change {
    const char *find, *with;
};

struct row {
    const char *name;
    struct change yaml[2], alerts;
    const char *code;  /* NULL: none of ours */
    const char *words; /* in the line, after the change; of the alerts when `in_alerts` */
    bool in_alerts;
};

#define CANARY                                                                                     \
    "fail_if: sum(rate(http_requests_total{path=\"new\",code=~\"5..\"}[5m])) / "                   \
    "sum(rate(http_requests_total{path=\"new\"}[5m])) > 0.02"
#define ALERT_ERRORS "expr: job:api_errors:ratio_rate5m{job=\"api\",path=\"new\"} > 0.02"
#define ERRORS(window)                                                                             \
    "sum(rate(http_requests_total{job=\"api\",path=\"new\",code=~\"5..\"}[" window                 \
    "])) / sum(rate(http_requests_total{job=\"api\",path=\"new\"}[" window "]))"
#define WHOLE(window)                                                                              \
    "sum(rate(http_requests_total{job=\"api\",code=~\"5..\"}[" window                              \
    "])) / sum(rate(http_requests_total{job=\"api\"}[" window "]))"
#define GOOD(window)                                                                               \
    "sum(rate(http_requests_total{job=\"api\",path=\"new\",code!~\"5..\"}[" window                 \
    "])) / sum(rate(http_requests_total{job=\"api\",path=\"new\"}[" window "]))"
#define SLOW(q, limit)                                                                             \
    "histogram_quantile(" q                                                                        \
    ", sum by (le) (rate(http_request_duration_seconds_bucket{job=\"api\",path=\"new\"}[5m]))) "   \
    "> " limit
#define NEW_SLOW                                                                                   \
    "histogram_quantile(0.95, sum by (le) "                                                        \
    "(rate(http_request_duration_seconds_bucket{path=\"new\"}[5m]))) < 1"

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
                "expr: job:api_errors:ratio_rate5m{job=\"api\",path=\"new\"} > 0.01"}},
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

static struct scenario *sc;
static struct findings *found;
static char *yaml, *alerts;

static void begin(void)
{
    snprintf(folder, sizeof folder, "numeric-XXXXXX");
    ck_assert(mkdtemp(folder) != NULL);
    sc = NULL;
    found = NULL;
    yaml = slurp("base.yaml");
    alerts = slurp("alerts.yml");
}

static void end(void)
{
    char path[128];
    rs_findings_free(found);
    rs_scenario_free(sc);
    free(yaml);
    free(alerts);
    snprintf(path, sizeof path, "%s/alerts.yml", folder);
    unlink(path);
    rmdir(folder);
}

static void run_changed(void)
{
    struct err_list errors;
    char path[128];
    rs_err_list_init(&errors);
    spit("alerts.yml", alerts);
    snprintf(path, sizeof path, "%s/base.yaml", folder);
    sc = rs_scenario_parse(path, yaml, strlen(yaml), &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_msg(sc != NULL, "the changed files do not load");
    rs_err_list_clear(&errors);
    found = rs_check_run(sc);
}

static char *listed(void)
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    for (int i = 0; i < found->n; i++) {
        if (is_ours(&found->item[i]))
            fprintf(f, "\n  %s:%d: %s [%s]", found->item[i].at.file, found->item[i].at.line,
                    found->item[i].text, found->item[i].code->name);
    }
    fclose(f);
    return text;
}

START_TEST(test_rows)
{
    const struct row *r = &rows[_i];
    for (int i = 0; i < 2 && r->yaml[i].find; i++)
        yaml = changed(yaml, r->yaml[i].find, r->yaml[i].with);
    if (r->alerts.find)
        alerts = changed(alerts, r->alerts.find, r->alerts.with);
    run_changed();
    int n_ours = 0, n_hit = 0, line = r->code ? line_of(r->in_alerts ? alerts : yaml, r->words) : 0;
    for (int i = 0; i < found->n; i++) {
        const struct finding *f = &found->item[i];
        bool in_alerts = strstr(f->at.file, "alerts.yml") != NULL;
        n_ours += is_ours(f);
        n_hit += r->code && strcmp(f->code->name, r->code) == 0 && f->at.line == line &&
                 in_alerts == r->in_alerts;
    }
    char *text = listed();
    ck_assert_msg(r->code ? n_hit == 1 : n_ours == 0, "%s: wanted %s at line %d%s", r->name,
                  r->code ? r->code : "nothing", line, text);
    free(text);
}
END_TEST

/* ---- numbers ---- */

static double number_of(const char *code, const char *name)
{
    for (int i = 0; i < found->n; i++) {
        for (int k = 0;
             k < found->item[i].n_evidence && strcmp(found->item[i].code->name, code) == 0; k++) {
            if (strcmp(found->item[i].evidence[k].name, name) == 0)
                return found->item[i].evidence[k].value;
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
    /* 60 requests: 2 are needed, P(Bin(60, 0.001) > 1) */
    {5, "cries-wolf", "p_false_alarm_look", 0.0017030013069718741, 1e-12},
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
};

START_TEST(test_numbers)
{
    const struct change *ch = &number_changes[numbers[_i].row];
    if (ch->find)
        yaml = changed(yaml, ch->find, ch->with);
    else
        alerts = changed(alerts, ALERT_ERRORS, "expr: " ERRORS("30m") " > 0.02");
    run_changed();
    double got = number_of(numbers[_i].code, numbers[_i].name);
    ck_assert_msg(fabs(got - numbers[_i].value) <= numbers[_i].tolerance,
                  "%s of %s: %.12g, wanted %.12g", numbers[_i].name, numbers[_i].code, got,
                  numbers[_i].value);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("check_numeric");
    TCase *tc = tcase_create("numeric");
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_loop_test(tc, test_rows, 0, N_ROW(rows));
    tcase_add_loop_test(tc, test_numbers, 0, N_ROW(numbers));
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
