/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Series to signals: which series go into which, resets, births, lost scrapes and silence; each row a recording and its points. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/promql.h"
#include "scenarios/load.h"
#include "scenarios/series.h"
#include "sim/clock.h"
#include "verify/retro_change.h"

static const char two_services[] =
    "rollsim: 1\n"
    "name: shop\n"
    "starts_at: 2026-03-02T09:00:00Z\n"
    "horizon: 1h\n"
    "replicas: 1\n"
    "cohorts: [{name: users, population: 100}]\n"
    "flags: [{name: NEW, default: off, safe: off, propagation: {polling: {every: 15s, delay: "
    "1s}}}]\n"
    "services:\n"
    "  - name: portal\n"
    "    instances: 2\n"
    "    scrape: {every: 30s}\n"
    "    metrics: {requests: http_requests_total, latency: http_seconds, buckets: [100ms, 500ms, "
    "2s]}\n"
    "    slow_above: 1800ms\n"
    "    paths: [{name: only, latency: 50ms}]\n"
    "  - name: ledger\n"
    "    instances: 1\n"
    "    scrape: {every: 30s}\n"
    "    metrics:\n"
    "      requests: http_requests_total\n"
    "      counters: [{name: mismatch_total}, {name: quiet_total}]\n"
    "    paths: [{name: only, latency: 50ms}]\n"
    "traffic: [{service: portal, cohort: users, profile: {constant: {per_s: 1}}}]\n"
    "faults:\n"
    "  - {name: mismatches, probability: 10%, on: {service: ledger, path: only}, onset: {at: 1m},\n"
    "     effect: {counters: {mismatch_total: 0.1}}}\n"
    "monitoring: {evaluation_interval: 30s}\n"
    "runbook:\n"
    "  stages:\n"
    "    - name: one\n"
    "      title: One\n"
    "      watch: 10m\n"
    "      gates:\n"
    "        - name: quick\n"
    "          require: 'histogram_quantile(0.95, sum by (le) "
    "(rate(http_seconds_bucket{job=\"portal\"}[5m]))) < 0.4'\n"
    "          when: end\n"
    "          then: hold\n"
    "claims: [{name: a, says: A, probability: {outcome: completed}, at_least: 50%}]\n";

static struct evidence_parts {
    struct retro_evidence e;
    struct retro_source source[2];
    int64_t offset_ns[2];
    int *source_of;
    struct arena *arena;
    struct retro_signal *signal;
    int n;
} made;

static const struct promql *parsed(const char *text)
{
    struct err err = {0};
    struct promql_text source = {.text = text, .dialect = RS_PROMQL_3};
    const struct promql *expr = text ? rs_promql_parse(made.arena, &source, &err) : NULL;
    ck_assert_msg(!text || expr, "%s: %s", text, err.text);
    return expr;
}

/* A signal that a document would declare: kind, events or value, total. */
struct declared {
    enum retro_signal_kind kind;
    const char *first, *total;
    int every_s;
};

static void declare(const struct declared *d)
{
    struct retro_signal_spec *spec = RS_ARENA_ARRAY(made.arena, struct retro_signal_spec, 1);
    *spec = (struct retro_signal_spec){
        .name = "own", .kind = d->kind, .every_ns = d->every_s * INT64_C(1000000000)};
    if (d->kind == RS_SIGNAL_VALUE) {
        spec->value_text = d->first;
        spec->value = parsed(d->first);
    } else {
        spec->events_text = d->first;
        spec->events = parsed(d->first);
        spec->total_text = d->total;
        spec->total = parsed(d->total);
    }
    made.e.signal_spec = spec;
    made.e.n_signal_spec = 1;
}

/* Series of the text; those whose label `from` is "log" are of the second source, whose clock is 100 s ahead. */
static void read(const char *text, const struct declared *declared)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    memset(&made, 0, sizeof(made));
    made.e.scenario = rs_scenario_parse(NULL, two_services, strlen(two_services), &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(made.e.scenario);
    made.e.data = rs_recorded_new(NULL);
    struct series_options opt = {0};
    int status = rs_series_parse(made.e.data, "recording", text, strlen(text), &opt, NULL, &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_int_eq(status, 0);
    rs_recorded_sort(made.e.data);
    made.source_of = rs_xcalloc((size_t)made.e.data->n_series + 1, sizeof(int));
    for (int i = 0; i < made.e.data->n_series; i++) {
        const struct recorded *data = made.e.data;
        made.source_of[i] =
            strcmp(rs_labels_get(data->labels, data->series[i].labels, "from"), "log") == 0;
    }
    made.source[0].name = "metrics";
    made.source[1].name = "access.log";
    made.offset_ns[1] = 100 * INT64_C(1000000000);
    made.e.n_source = 2;
    made.e.source = made.source;
    made.e.source_of = made.source_of;
    made.e.lookback_ns = 300 * INT64_C(1000000000);
    made.e.evaluation_interval_ns = 30 * INT64_C(1000000000);
    made.arena = rs_arena_new();
    if (declared) {
        rs_scenario_free(made.e.scenario);
        made.e.scenario = NULL;
        declare(declared);
    }
    ck_assert_int_eq(
        rs_retro_signals(&made.e, made.offset_ns, made.arena, &made.signal, &made.n, &errors), 0);
    rs_err_list_clear(&errors);
}

static void forget(void)
{
    rs_arena_free(made.arena);
    free(made.source_of);
    rs_recorded_free(made.e.data);
    rs_scenario_free(made.e.scenario);
}

/* "portal errors: (0,30] 2/10 (30,60] 0/5; ..." */
static char *told(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    for (int i = 0; i < made.n; i++) {
        const struct retro_signal *s = &made.signal[i];
        fprintf(to, "%s%s:", i ? "; " : "", s->name);
        for (size_t k = 0; k < s->n; k++) {
            const struct retro_point *p = &s->point[k];
            double lo = rs_s_from_ns(p->lo_ns), hi = rs_s_from_ns(p->hi_ns);
            if (s->kind == RS_SIGNAL_VALUE)
                fprintf(to, " (%g,%g] %g", lo, hi, p->y);
            else
                fprintf(to, " (%g,%g] %g/%g", lo, hi, p->k, p->n);
        }
    }
    fclose(to);
    return text;
}

#define PORTAL(instance, code)                                                                     \
    "http_requests_total{job=\"portal\",instance=\"" instance "\",code=\"" code "\"} "
#define BUCKET(le) "http_seconds_bucket{job=\"portal\",instance=\"a\",le=\"" le "\"} "

static const struct {
    const char *what, *series, *points;
} cases[] = {
    {"failed and all, codes together",
     PORTAL("a", "200") "100 0\n" PORTAL("a", "500") "1 0\n" PORTAL("a", "503") "0 0\n" PORTAL("a", "404") "5 0\n" PORTAL(
         "a",
         "200") "110 30000\n" PORTAL("a",
                                     "500") "3 30000\n" PORTAL("a",
                                                               "503") "1 30000\n" PORTAL("a",
                                                                                         "404") "6 "
                                                                                                "30"
                                                                                                "00"
                                                                                                "0"
                                                                                                "\n",
     "portal errors: (0,30] 3/14"},
    {"instances at their own times, by the end of the interval",
     PORTAL("a", "200") "1 0\n" PORTAL("a", "200") "2 30000\n" PORTAL(
         "b", "200") "1 10000\n" PORTAL("b", "200") "4 25000\n",
     "portal errors: (10,25] 0/3 (0,30] 0/1"},
    {"a reset: what is shown came since",
     PORTAL("a", "200") "100 0\n" PORTAL("a", "200") "7 30000\n", "portal errors: (0,30] 0/7"},
    {"a code that is born counts from nothing",
     PORTAL("a", "200") "100 0\n" PORTAL("a", "200") "108 30000\n" PORTAL("a", "500") "2 30000\n",
     "portal errors: (0,30] 2/10"},
    {"an instance that is born does not",
     PORTAL("a", "200") "100 0\n" PORTAL("a", "500") "9 0\n" PORTAL(
         "a", "200") "101 30000\n" PORTAL("a", "500") "9 30000\n",
     "portal errors: (0,30] 0/1"},
    {"a lost scrape makes the next interval longer",
     PORTAL("a", "200") "1 0\n" PORTAL("a", "200") "2 30000\n" PORTAL(
         "a", "200") "NaN 60000\n" PORTAL("a", "200") "9 90000\n",
     "portal errors: (0,30] 0/1 (30,90] 0/7"},
    {"over a silence longer than the lookback nothing is told",
     PORTAL("a", "200") "1 0\n" PORTAL("a", "200") "2 30000\n" PORTAL(
         "a", "200") "900 331000\n" PORTAL("a", "200") "901 361000\n",
     "portal errors: (0,30] 0/1 (331,361] 0/1"},
    {"jobs apart",
     PORTAL("a", "500") "1 0\n" PORTAL(
         "a", "500") "2 30000\n"
                     "http_requests_total{job=\"ledger\",instance=\"a\",code=\"200\"} 5 0\n"
                     "http_requests_total{job=\"ledger\",instance=\"a\",code=\"200\"} 8 30000\n"
                     "http_requests_total{instance=\"a\",code=\"200\"} 8 30000\n",
     "portal errors: (0,30] 1/1; ledger errors: (0,30] 0/3"},
    {"another source of the same, on another clock",
     PORTAL("a", "500") "1 0\n" PORTAL(
         "a", "500") "2 30000\n"
                     "http_requests_total{job=\"portal\",from=\"log\",code=\"200\"} 5 100000\n"
                     "http_requests_total{job=\"portal\",from=\"log\",code=\"200\"} 9 115000\n",
     "portal errors: (0,30] 1/1; portal errors (access.log): (0,15] 0/4"},
    {"slow: above the 95 %, the gate's threshold, slow_above",
     BUCKET("0.1") "0 0\n" BUCKET("0.5") "0 0\n" BUCKET("2.0") "0 0\n" BUCKET(
         "+Inf") "0 0\n"
                 "http_seconds_count{job=\"portal\",instance=\"a\"} 0 "
                 "0\n" BUCKET("0.1") "96 30000\n" BUCKET("0.5") "97 30000\n" BUCKET(
                     "2.0") "99 30000\n" BUCKET("+"
                                                "I"
                                                "n"
                                                "f") "100 30000\n"
                                                     "http_seconds_count{job=\"portal\",instance="
                                                     "\"a\"} 100 30000\n",
     "portal slower than 100ms: (0,30] 4/100; portal slower than 500ms: (0,30] 3/100; portal "
     "slower than 2s: (0,30] 1/100"},
    {"counters that a fault moves, and no other",
     "mismatch_total{job=\"ledger\",instance=\"a\"} 0 "
     "0\nmismatch_total{job=\"ledger\",instance=\"a\"} 4 30000\n"
     "quiet_total{job=\"ledger\",instance=\"a\"} 0 0\nquiet_total{job=\"ledger\",instance=\"a\"} 4 "
     "30000\n",
     "ledger mismatch_total: (0,30] 4/30"},
    {"nothing of theirs", "up{job=\"portal\"} 1 0\n", ""},
};

START_TEST(test_points)
{
    read(cases[_i].series, NULL);
    char *text = told();
    ck_assert_msg(strcmp(text, cases[_i].points) == 0, "%s:\n  %s\nnot\n  %s", cases[_i].what, text,
                  cases[_i].points);
    free(text);
    forget();
}
END_TEST

#define ASKED(kind, instance) "asks_total{kind=\"" kind "\",instance=\"" instance "\"} "

static const struct {
    const char *what, *series;
    struct declared declared;
    const char *points;
} own[] = {
    {"events of a total, by instance",
     ASKED("bad", "a") "0 0\n" ASKED("good", "a") "0 0\n" ASKED("bad", "b") "0 5000\n" ASKED(
         "bad", "a") "2 30000\n" ASKED("good", "a") "8 30000\n" ASKED("bad", "b") "1 35000\n",
     {RS_SIGNAL_RATIO, "asks_total{kind=\"bad\"}", "asks_total", 0},
     "own: (0,30] 2/10 (5,35] 1/1"},
    {"events by themselves",
     ASKED("bad", "a") "0 0\n" ASKED("bad", "a") "3 30000\n" ASKED("good", "a") "9 30000\n",
     {RS_SIGNAL_COUNT, "asks_total{kind=\"bad\"}", NULL, 0},
     "own: (0,30] 3/30"},
    {"a value, at the distance of its samples",
     "load 1 0\nload 2 60000\nload NaN 120000\nload 4 180000\n",
     {RS_SIGNAL_VALUE, "load * 10", NULL, 0},
     "own: (0,0] 10 (60,60] 20 (180,180] 40"},
    {"a value, as often as is said",
     "load 1 0\nload 2 60000\n",
     {RS_SIGNAL_VALUE, "load", NULL, 20},
     "own: (0,0] 1 (20,20] 1 (40,40] 1 (60,60] 2"},
    {"the mean over a range stands for all of it",
     "load 1 0\nload 2 60000\nload 6 120000\n",
     {RS_SIGNAL_VALUE, "avg_over_time(load[2m])", NULL, 0},
     "own: (-120,0] 1 (-60,60] 1.5 (0,120] 4"},
    {"a signal for each series",
     "load{at=\"x\"} 1 0\nload{at=\"y\"} 2 0\n",
     {RS_SIGNAL_VALUE, "load", NULL, 60},
     "own load{at=\"x\"}: (0,0] 1; own load{at=\"y\"}: (0,0] 2"},
    {"what nothing matches is told without a point",
     "load 1 0\n",
     {RS_SIGNAL_COUNT, "lost_total", NULL, 0},
     "own:"},
    {"on the clock of reference",
     "load{from=\"log\"} 7 100000\n",
     {RS_SIGNAL_VALUE, "load", NULL, 60},
     "own: (0,0] 7"},
};

START_TEST(test_declared)
{
    read(own[_i].series, &own[_i].declared);
    char *text = told();
    ck_assert_msg(strcmp(text, own[_i].points) == 0, "%s:\n  %s\nnot\n  %s", own[_i].what, text,
                  own[_i].points);
    free(text);
    forget();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("signal");
    TCase *tc = tcase_create("signal");
    tcase_add_loop_test(tc, test_points, 0, sizeof(cases) / sizeof(cases[0]));
    tcase_add_loop_test(tc, test_declared, 0, sizeof(own) / sizeof(own[0]));
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
