/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A Flagger canary alone: the threshold at its exact time. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/judge_flagger.h"
#include "play.h"
#include "sim/clock.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))
#define S(seconds) ((int64_t)((seconds)*1e9))
#define FAIL RS_JUDGE_FAILED
#define PASS RS_JUDGE_PASSED

static const char head[] = "apiVersion: flagger.app/v1beta1\n"
                           "kind: Canary\n"
                           "metadata: {name: podinfo, namespace: test}\n"
                           "spec:\n"
                           "  targetRef: {apiVersion: apps/v1, kind: Deployment, name: podinfo}\n"
                           "  service: {port: 9898}\n"
                           "  analysis:\n";
static const char metrics[] =
    "    metrics:\n"
    "      - name: error-rate\n"
    "        templateRef: {name: error-rate, namespace: flagger}\n"
    "        thresholdRange: {min: 0.95}\n"
    "        interval: 2m\n"
    "---\n"
    "apiVersion: flagger.app/v1beta1\n"
    "kind: MetricTemplate\n"
    "metadata: {name: error-rate, namespace: flagger}\n"
    "spec:\n"
    "  provider: {type: prometheus, address: 'http://prometheus:9090'}\n"
    "  query: |\n"
    "    min(success_ratio{namespace=\"{{ namespace }}\",target=\"{{ target }}\"})\n"
    "      or min_over_time(success_ratio[{{ interval }}])\n";

static const struct {
    const char *what, *keys, *script;
    enum judge_verdict verdict;
    double at_s; /* 7200: it was ended there */
} rows[] = {
    {"the tutorial: threshold 10, every minute: 10 minutes after the first failing tick",
     "    interval: 1m\n    threshold: 10\n    maxWeight: 50\n    stepWeight: 2\n", "b", FAIL,
     60 + 600},
    {"threshold 3", "    interval: 1m\n    threshold: 3\n    stepWeight: 1\n", "ggb", FAIL,
     180 + 180},
    {"failed checks add up, good ones forgive nothing",
     "    interval: 1m\n    threshold: 3\n    stepWeight: 1\n", "bgbgbg", FAIL, 60 * 6},
    {"two failed checks of three", "    interval: 1m\n    threshold: 3\n    stepWeight: 1\n",
     "bgbg", PASS, 60 * 102},
    {"the threshold is 1 where none is given", "    interval: 1m\n    stepWeight: 1\n", "gb", FAIL,
     180},
    {"and where it makes no sense", "    interval: 1m\n    threshold: 0\n    stepWeight: 1\n", "gb",
     FAIL, 180},
    {"no value is a failed check", "    interval: 30s\n    threshold: 2\n    stepWeight: 1\n", "gn",
     FAIL, 120},
    {"so is a query that fails", "    interval: 30s\n    threshold: 2\n    stepWeight: 1\n", "ge",
     FAIL, 120},
    {"NaN is no value", "    interval: 1m\n    threshold: 1\n    stepWeight: 50\n", "gN", FAIL,
     180},
    {"of several series the last one counts: good", "    interval: 1m\n    stepWeight: 50\n", "2",
     PASS, 120},
    {"of several series the last one counts: bad", "    interval: 1m\n    stepWeight: 50\n", "3",
     FAIL, 120},
    {"the interval is a minute where none is given", "    threshold: 2\n    stepWeight: 1\n", "b",
     FAIL, 180},
    {"and never below 10 s", "    interval: 5s\n    threshold: 2\n    stepWeight: 1\n", "b", FAIL,
     30},
    {"promoted after maxWeight / stepWeight good checks",
     "    interval: 1m\n    threshold: 5\n    maxWeight: 50\n    stepWeight: 10\n", "g", PASS, 300},
    {"rounded up", "    interval: 1m\n    maxWeight: 50\n    stepWeight: 20\n", "g", PASS, 180},
    {"a failed check leaves the weight as it is",
     "    interval: 1m\n    threshold: 5\n    maxWeight: 50\n    stepWeight: 10\n", "gbgbg", PASS,
     420},
    {"listed weights", "    interval: 1m\n    stepWeights: [1, 10, 80]\n", "g", PASS, 180},
    {"A/B: one check an iteration",
     "    interval: 1m\n    iterations: 4\n    match: [{headers: {x: {exact: a}}}]\n", "g", PASS,
     240},
    {"blue/green: one more after the switch", "    interval: 1m\n    iterations: 4\n", "g", PASS,
     300},
    {"without weights it never promotes", "    interval: 1m\n", "g", PASS, 7200},
    {"the tick that would promote asks the threshold first",
     "    interval: 1m\n    threshold: 1\n    stepWeight: 50\n", "gbg", FAIL, 180},
};

static char *canary(const char *keys)
{
    static char text[4096];
    snprintf(text, sizeof text, "%s%s%s", head, keys, metrics);
    return text;
}

START_TEST(test_threshold)
{
    struct arena *arena = rs_arena_new();
    struct play p = {.script = {rows[_i].script}};
    play(&p, play_read(arena, RS_JUDGE_FLAGGER, canary(rows[_i].keys), 0, NULL, 0), 0, S(7200));
    ck_assert_msg(p.verdict == rows[_i].verdict && p.at_ns == S(rows[_i].at_s),
                  "%s: %s at %g s (%s), wanted %s at %g s", rows[_i].what,
                  rs_judge_verdict_name(p.verdict), rs_s_from_ns(p.at_ns), p.why,
                  rs_judge_verdict_name(rows[_i].verdict), rows[_i].at_s);
    rs_arena_free(arena);
}
END_TEST

/* threshold x interval from the first failing tick, exactly, wherever the failing begins. */
START_TEST(test_closed_form)
{
    for (int k = 0; k < 24; k++) {
        char keys[100], script[12] = "ggggggggb";
        int interval_s = 10 + 25 * (k % 4), threshold = 1 + k % 6, n_good = k % 8;
        struct arena *arena = rs_arena_new();
        memmove(script, script + 8 - n_good, (size_t)n_good + 2);
        struct play p = {.script = {script}};
        snprintf(keys, sizeof keys, "    interval: %ds\n    threshold: %d\n    stepWeight: 1\n",
                 interval_s, threshold);
        play(&p, play_read(arena, RS_JUDGE_FLAGGER, canary(keys), 0, NULL, 0), S(500), S(1e6));
        int64_t first_ns = p.asked_ns[0][n_good];
        ck_assert_int_eq(first_ns, S(500) + (n_good + 1) * S(interval_s));
        ck_assert_int_eq(p.verdict, FAIL);
        ck_assert_int_eq(p.at_ns, first_ns + threshold * S(interval_s));
        ck_assert_int_eq(p.n_asked[0], n_good + threshold); /* the last tick measures nothing */
        rs_arena_free(arena);
    }
}
END_TEST

START_TEST(test_query)
{
    struct arena *arena = rs_arena_new();
    const struct judge *j =
        play_read(arena, RS_JUDGE_FLAGGER, canary("    stepWeight: 1\n"), 0, NULL, 0);
    ck_assert_int_eq(j->spec.flagger->n_metric, 1);
    ck_assert_str_eq(rs_promql_print(arena, j->spec.flagger->metric[0].query),
                     "min(success_ratio{namespace=\"test\",target=\"podinfo\"}) or "
                     "min_over_time(success_ratio[2m])");
    rs_arena_free(arena);
}
END_TEST

/* Built-in metrics come before templates whatever their place; their queries are the scenario's; durations are whole milliseconds. */
START_TEST(test_builtin)
{
    static const char text[] =
        "kind: Canary\n"
        "metadata: {name: a}\n"
        "spec:\n"
        "  targetRef: {name: portal}\n"
        "  analysis:\n"
        "    metrics:\n"
        "      - {name: mine, templateRef: {name: t}, templateVariables: {x: y}, threshold: 1}\n"
        "      - {name: request-success-rate, thresholdRange: {min: 99}}\n"
        "      - {name: request-duration, threshold: 500.7, interval: 30s}\n"
        "      - {name: nothing}\n"
        "---\n"
        "kind: MetricTemplate\n"
        "metadata: {name: t}\n"
        "spec: {provider: {type: prometheus}, query: 'mine{v=\"{{ variables.x }}\"}'}\n";
    static const char *const given[] = {"request-success-rate", "100 * success_ratio",
                                        "request-duration", "max_over_time(ms[{{ interval }}])"};
    struct arena *arena = rs_arena_new();
    const struct judge *j = play_read(arena, RS_JUDGE_FLAGGER, text, 0, given, 2);
    const struct flagger_metric *m = j->spec.flagger->metric;
    ck_assert_int_eq(j->spec.flagger->n_metric, 3);
    ck_assert_str_eq(m[0].name, "request-success-rate");
    ck_assert(m[0].min == 99.0 && isinf(m[0].max));
    ck_assert_str_eq(m[1].name, "request-duration");
    ck_assert(m[1].max == 500.0 && isinf(m[1].min) && m[1].whole_ms);
    ck_assert_str_eq(rs_promql_print(arena, m[1].query), "max_over_time(ms[30s])");
    ck_assert_str_eq(m[2].name, "mine");
    ck_assert(m[2].max == 1.0 && isinf(m[2].min));
    ck_assert_str_eq(rs_promql_print(arena, m[2].query), "mine{v=\"y\"}");
    ck_assert_int_eq(j->n_note, 1); /* nothing is checked for "nothing" */
    rs_arena_free(arena);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("judge: Flagger");
    TCase *tc = tcase_create("canary");
    tcase_add_loop_test(tc, test_threshold, 0, N(rows));
    tcase_add_test(tc, test_closed_form);
    tcase_add_test(tc, test_query);
    tcase_add_test(tc, test_builtin);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed > 0;
}
