/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kayenta's judge at work: when it asks and judges, what it says, and how it reads its files. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "course.h"
#include "models/judge_kayenta.h"
#include "sim/arena.h"
#include "sim/clock.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

static struct arena *arena;

static void setup(void)
{
    arena = rs_arena_new();
}

static void teardown(void)
{
    rs_arena_free(arena);
}

/* One metric, errors; the control is expression 0, the experiment 1. */
static const char one_metric[] =
    "{\"name\": \"c\", \"judge\": {\"name\": \"NetflixACAJudge-v1.0\", \"judgeConfigurations\": "
    "{}},\n"
    " \"metrics\": [{\"name\": \"errors\", \"scopeName\": \"default\", \"groups\": [\"g\"],\n"
    "  \"query\": {\"type\": \"prometheus\", \"serviceType\": \"prometheus\",\n"
    "   \"customInlineTemplate\": \"PromQL:sum(rate(errors_total{path=\\\"${scope}\\\"}[1m]))\"},\n"
    "  \"analysisConfigurations\": {\"canary\": {\"direction\": \"increase\"}}}],\n"
    " \"templates\": {}, \"classifier\": {\"groupWeights\": {\"g\": 100}}}";

#define SCOPES ", control: {scope: old}, experiment: {scope: new}"

/* ---- when it asks and judges ----------------------------------------------------------------- */

/* A saw on both sides; from that second on the experiment is higher by 5, until that one. */
static double bad_from_s, bad_until_s;
static int n_series;

static int saw(int k, double t_s, double *v)
{
    *v = 1.0 + fmod(t_s, 7 * 60.0) / 600.0 + (k == 1 ? 0.01 : 0.0);
    if (k == 1 && t_s >= bad_from_s && t_s < bad_until_s)
        *v += 5.0;
    return n_series == -2 && t_s == 240.0 ? -1 : n_series < 0 ? 1 : n_series;
}

static const struct {
    const char *what, *keys;
    double from_s, until_s; /* of what is bad */
    int n_series;           /* -2: a query fails at 240 s */
    double watched_s;
    enum judge_verdict verdict;
    double at_s;
    int n_asked;
    const char *why;
} courses[] = {
    /* One judgement, after the lifetime: points at 100 + 0, 1, ... 30 minutes. */
    {"one judgement", "lifetime: 30m", 1e9, 1e9, 1, 1e5, RS_JUDGE_PASSED, 1900, 31,
     "judgement 1 of 1: score 100"},
    {"a warm-up first", "lifetime: 30m, begin_after: 5m", 1e9, 1e9, 1, 1e5, RS_JUDGE_PASSED, 2200,
     31, "judgement 1 of 1"},
    {"three judgements", "lifetime: 30m, interval: 10m", 1e9, 1e9, 1, 1e5, RS_JUDGE_PASSED, 1900,
     31, "judgement 3 of 3"},
    {"whole intervals only", "lifetime: 35m, interval: 10m", 1e9, 1e9, 1, 1e5, RS_JUDGE_PASSED,
     1900, 31, "judgement 3 of 3"},
    {"an interval longer than the lifetime", "lifetime: 30m, interval: 1h", 1e9, 1e9, 1, 1e5,
     RS_JUDGE_PASSED, 1900, 31, "judgement 1 of 1"},
    {"another step", "lifetime: 30m, step: 30s", 1e9, 1e9, 1, 1e5, RS_JUDGE_PASSED, 1900, 61,
     "score 100"},
    {"bad from the beginning fails at the first", "lifetime: 30m, interval: 10m", 0, 1e9, 1, 1e5,
     RS_JUDGE_FAILED, 700, 11,
     "judgement 1 of 3: score 0, above 75 goes on, 95 passes; errors High"},
    /* Of 21 points to 1300 s 12 are bad, of the 31 to 1900 s 22: more than 2.33 standard deviations of the rank sum. */
    {"bad from 640 s on fails at the third", "lifetime: 30m, interval: 10m", 640, 1e9, 1, 1e5,
     RS_JUDGE_FAILED, 1900, 31, "judgement 3 of 3: score 0"},
    {"a lookback sees it at the second", "lifetime: 30m, interval: 10m, lookback: 10m", 640, 1e9, 1,
     1e5, RS_JUDGE_FAILED, 1300, 21, "judgement 2 of 3: score 0"},
    {"and forgets what is over", "lifetime: 30m, interval: 10m, lookback: 10m, begin_after: 10m", 0,
     700, 1, 1e5, RS_JUDGE_PASSED, 2500, 31, "judgement 3 of 3: score 100"},
    {"at the marginal score it fails", "lifetime: 30m, interval: 10m, marginal: 100, pass: 100",
     1e9, 1e9, 1, 1e5, RS_JUDGE_FAILED, 700, 11, "score 100, above 100 goes on"},
    {"no data", "lifetime: 30m, interval: 10m", 1e9, 1e9, 0, 1e5, RS_JUDGE_FAILED, 700, 11,
     "half of the metrics or more have no data; errors Nodata"},
    {"two series", "lifetime: 30m, interval: 10m", 1e9, 1e9, 2, 1e5, RS_JUDGE_ERRED, 700, 11,
     "gives 2 series"},
    {"a query fails", "lifetime: 30m, interval: 10m", 1e9, 1e9, -2, 1e5, RS_JUDGE_PASSED, 1900, 31,
     "judgement 3 of 3"},
    {"the watch ends before the first judgement", "lifetime: 30m", 1e9, 1e9, 1, 1000,
     RS_JUDGE_INCONCLUSIVE, 1000, 16, "before the first judgement"},
    {"the watch ends after one that passes", "lifetime: 30m, interval: 10m", 1e9, 1e9, 1, 1000,
     RS_JUDGE_PASSED, 1000, 16, "after judgement 1 of 3: score 100"},
    {"the watch ends with the last judgement", "lifetime: 30m", 1e9, 1e9, 1, 1900, RS_JUDGE_PASSED,
     1900, 31, "judgement 1 of 1"},
};

static const char *keys_of(const char *keys)
{
    bool scores = strstr(keys, "pass:") != NULL;
    return rs_arena_printf(arena, "kayenta: {%s%s" SCOPES "}", keys,
                           scores ? "" : ", pass: 95, marginal: 75");
}

START_TEST(test_courses)
{
    struct course c = {.answer = saw};
    bad_from_s = courses[_i].from_s;
    bad_until_s = courses[_i].until_s;
    n_series = courses[_i].n_series;
    /* The failing instant, 240 s, is no point of a judge that begins at 100 s; it is one of a judge that begins at 60 s. */
    course_run(&c, course_read(arena, RS_JUDGE_KAYENTA, keys_of(courses[_i].keys), one_metric), 100,
               courses[_i].watched_s);
    ck_assert_msg(c.verdict == courses[_i].verdict && c.at_s == courses[_i].at_s &&
                      strstr(c.why, courses[_i].why),
                  "%s: %s at %g s: %s", courses[_i].what, rs_judge_verdict_name(c.verdict), c.at_s,
                  c.why);
    ck_assert_msg(c.n_asked[0] == courses[_i].n_asked && c.n_asked[1] == courses[_i].n_asked,
                  "%s: asked %d times", courses[_i].what, c.n_asked[0]);
}
END_TEST

START_TEST(test_a_point_fails)
{
    struct course c = {.answer = saw};
    bad_from_s = 1e9;
    n_series = -2;
    course_run(
        &c,
        course_read(arena, RS_JUDGE_KAYENTA, keys_of("lifetime: 30m, interval: 10m"), one_metric),
        60, 1e5);
    ck_assert_str_eq(rs_judge_verdict_name(c.verdict), "erred");
    ck_assert_double_eq(c.at_s, 660);
    ck_assert_ptr_nonnull(strstr(c.why, "the query of errors failed: duplicate series"));
}
END_TEST

/* The same seed, the same noise: two constants are judged alike again and again. */
static int constants(int k, double t_s, double *v)
{
    (void)t_s;
    *v = k == 0 ? 4.0 : 4.0002;
    return 1;
}

START_TEST(test_noise_is_seeded)
{
    const struct judge *j =
        course_read(arena, RS_JUDGE_KAYENTA, keys_of("lifetime: 10m, interval: 2m"), one_metric);
    struct course a = {.answer = constants}, b = {.answer = constants};
    course_run(&a, j, 0, 1e5);
    course_run(&b, j, 0, 1e5);
    ck_assert(a.verdict == b.verdict && a.at_s == b.at_s);
    ck_assert_str_eq(a.why, b.why);
}
END_TEST

/* ---- its files ------------------------------------------------------------------------------- */

static const char *query_of(const char *query)
{
    return rs_arena_printf(
        arena,
        "{metrics: [{name: m, groups: [g], query: {type: prometheus, %s},\n"
        "  analysisConfigurations: {canary: {}}}],\n"
        " templates: {by-pod: \"pod='${scope}',zone='${location}'\"}, classifier: {}}",
        query);
}

#define USUAL "kayenta: {pass: 95, marginal: 75, lifetime: 10m"
#define BOUND USUAL ", control: {scope: old, location: z1}, experiment: {scope: new, location: z2}"

static const struct {
    const char *query, *more, *control, *experiment;
} queries[] = {
    {"customInlineTemplate: \"PromQL:sum(x{path='${scope}'})\"", "", "sum(x{path=\"old\"})",
     "sum(x{path=\"new\"})"},
    {"metricName: cpu, customFilterTemplate: by-pod", "", "avg(cpu{pod=\"old\",zone=\"z1\"})",
     "avg(cpu{pod=\"new\",zone=\"z2\"})"},
    {"metricName: cpu, customInlineTemplate: \"a='${scope}'\", labelBindings: [\"b='c'\"]", "",
     "avg(cpu{a=\"old\",b=\"c\"})", "avg(cpu{a=\"new\",b=\"c\"})"},
    {"customInlineTemplate: \"PromQL:sum(x{a='${tier:-web}'})\"", "", "sum(x{a=\"web\"})",
     "sum(x{a=\"web\"})"},
    {"metricName: cpu", ", control_queries: {m: 'sum(a)'}, experiment_queries: {m: 'sum(b)'}",
     "sum(a)", "sum(b)"},
};

START_TEST(test_queries)
{
    const char *keys = rs_arena_printf(arena, BOUND "%s}", queries[_i].more);
    const struct judge *j = course_read(arena, RS_JUDGE_KAYENTA, keys, query_of(queries[_i].query));
    const struct kayenta_metric *m = &j->spec.kayenta->metric[0];
    ck_assert_str_eq(rs_promql_print(arena, m->control), queries[_i].control);
    ck_assert_str_eq(rs_promql_print(arena, m->experiment), queries[_i].experiment);
}
END_TEST

/* A request that brings its configuration, and a pipeline's stage beside one. */
static const char request[] =
    "{\"canaryConfig\": {\"metrics\": [{\"name\": \"m\", \"groups\": [\"g\"], \"query\": "
    "{\"type\": "
    "\"prometheus\",\n"
    "  \"customInlineTemplate\": \"PromQL:x{s='${scope}',l='${location}',t='${tier}'}\"}}],\n"
    "  \"classifier\": {\"groupWeights\": {\"g\": 60.5}}},\n"
    " \"executionRequest\": {\"scopes\": [{\"scopeName\": \"default\", \"controlScope\": \"c\",\n"
    "  \"controlLocation\": \"here\", \"experimentScope\": \"e\", \"experimentLocation\": "
    "\"there\",\n"
    "  \"step\": 30, \"extendedScopeParams\": {\"tier\": \"web\"}}],\n"
    " \"thresholds\": {\"pass\": \"90\", \"marginal\": \"50\"}, \"lifetimeDurationMins\": 60,\n"
    " \"beginAfterMins\": 5, \"lookbackMins\": 15, \"analysisIntervalMins\": \"20\"}}";

START_TEST(test_request)
{
    const struct judge *j = course_read(arena, RS_JUDGE_KAYENTA,
                                        _i == 0 ? NULL : "kayenta: {pass: 80, step: 1m}", request);
    const struct kayenta_spec *s = j->spec.kayenta;
    ck_assert_str_eq(rs_promql_print(arena, s->metric[0].experiment),
                     "x{l=\"there\",s=\"e\",t=\"web\"}");
    ck_assert_str_eq(rs_promql_print(arena, s->metric[0].control),
                     "x{l=\"here\",s=\"c\",t=\"web\"}");
    ck_assert_double_eq(s->pass, _i == 0 ? 90 : 80);
    ck_assert_double_eq(s->marginal, 50);
    ck_assert_int_eq(s->step_ns, (_i == 0 ? 30 : 60) * RS_NS_PER_S);
    ck_assert_int_eq(s->begin_after_ns, 300 * RS_NS_PER_S);
    ck_assert_int_eq(s->lookback_ns, 900 * RS_NS_PER_S);
    ck_assert_int_eq(s->interval_ns, 1200 * RS_NS_PER_S);
    ck_assert_int_eq(s->n_judgement, 3);
    ck_assert_double_eq(s->group[0].weight, 60.5);
}
END_TEST

START_TEST(test_analysis)
{
    static const char text[] =
        "{metrics: [{name: m, groups: [a, b], query: {type: prometheus, customInlineTemplate: "
        "'PromQL:x'},\n"
        "  analysisConfigurations: {canary: {direction: decrease, critical: true, mustHaveData: "
        "true,\n"
        "   nanStrategy: replace, effectSize: {measure: cles, allowedIncrease: 0.7},\n"
        "   outliers: {strategy: remove, outlierFactor: 2.5}}}},\n"
        "  {name: n, groups: [b], query: {type: prometheus, customInlineTemplate: 'PromQL:y'}}],\n"
        " classifier: {groupWeights: {a: 30}, scoreThresholds: {pass: 75, marginal: 50}}}";
    const struct judge *j = course_read(arena, RS_JUDGE_KAYENTA, "kayenta: {lifetime: 10m}", text);
    const struct kayenta_spec *s = j->spec.kayenta;
    const struct kayenta_metric *m = &s->metric[0], *n = &s->metric[1];
    ck_assert(m->direction == RS_KAYENTA_DECREASE && m->critical && m->must_have_data);
    ck_assert(m->replace_nan && m->remove_outliers && m->cles);
    ck_assert_double_eq(m->outlier_factor, 2.5);
    ck_assert_double_eq(m->allowed_increase, 0.7);
    ck_assert_double_eq(m->allowed_decrease, 0.5);
    ck_assert(n->direction == RS_KAYENTA_EITHER && !n->critical && !n->replace_nan);
    ck_assert(!n->remove_outliers && !n->cles);
    ck_assert_double_eq(n->critical_increase, 1.0);
    ck_assert_int_eq(s->n_group, 2);
    ck_assert_double_eq(s->group[0].weight, 30);
    ck_assert(isnan(s->group[1].weight));
    ck_assert_double_eq(s->pass, 75);
    ck_assert_double_eq(s->marginal, 50);
}
END_TEST

#define METRIC "customInlineTemplate: 'PromQL:x'"

static const struct {
    const char *keys, *query, *error;
} refused[] = {
    {USUAL "}", "customInlineTemplate: \"PromQL:x{a='${scope}'}\"", "nothing stands for ${scope}"},
    {USUAL "}", "customInlineTemplate: 'PromQL:x{a=${scope'", "\"}\" is missing after \"${\""},
    {USUAL "}", "customInlineTemplate: 'PromQL:1'", "must give a vector"},
    {USUAL "}", "customInlineTemplate: 'PromQL:sum('", "judge.json:1:"},
    {USUAL "}", "customFilterTemplate: none, metricName: x", "there is no template \"none\""},
    {USUAL "}", "metricName: x, resourceType: gce_instance", "the query has no template"},
    {USUAL "}", METRIC ", groupByFields: [pod]", "\"groupByFields\" is not supported"},
    {USUAL "}", METRIC ", customFilter: 'a=b'", "\"customFilter\" is gone"},
    {USUAL "}", "a: 1", "unknown key \"a\""},
    {"kayenta: {marginal: 75, lifetime: 10m}", METRIC,
     "needs the scores \"pass\" and \"marginal\""},
    {"kayenta: {pass: 50, marginal: 75, lifetime: 10m}", METRIC, "\"marginal\" must be at most"},
    {"kayenta: {pass: 95, marginal: 75}", METRIC, "needs a lifetime of at least 1m"},
    {"kayenta: {pass: 95, marginal: 75, lifetime: 10s}", METRIC, "keys:1:"},
    {USUAL ", interval: 5m, lookback: 6m}", METRIC, "must not reach back before the watch"},
    {USUAL ", interval: 5m, lookback: 5m, step: 7s}", METRIC, "a whole number of steps of 7 s"},
    {"kayenta: {pass: 95, marginal: 75, lifetime: 8000h, step: 1s}", METRIC,
     "more than 100000 points"},
};

START_TEST(test_refused)
{
    const char *error =
        course_refused(arena, RS_JUDGE_KAYENTA, refused[_i].keys, query_of(refused[_i].query));
    ck_assert_msg(strstr(error, refused[_i].error) != NULL, "%s: %s", refused[_i].error, error);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kayenta_judge");
    TCase *tc = tcase_create("kayenta_judge");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, test_courses, 0, N(courses));
    tcase_add_test(tc, test_a_point_fails);
    tcase_add_test(tc, test_noise_is_seeded);
    tcase_add_loop_test(tc, test_queries, 0, N(queries));
    tcase_add_loop_test(tc, test_request, 0, 2);
    tcase_add_test(tc, test_analysis);
    tcase_add_loop_test(tc, test_refused, 0, N(refused));
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
