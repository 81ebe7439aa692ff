/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An AnalysisRun alone: every limit at its exact time. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "argo.h"
#include "play.h"
#include "sim/clock.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))
#define S(seconds) ((int64_t)((seconds)*1e9))
#define FAIL RS_JUDGE_FAILED
#define PASS RS_JUDGE_PASSED
#define VAGUE RS_JUDGE_INCONCLUSIVE
#define ERR RS_JUDGE_ERRED

static const char head[] = "apiVersion: argoproj.io/v1alpha1\n"
                           "kind: AnalysisTemplate\n"
                           "metadata: {name: success-rate}\n"
                           "spec:\n"
                           "  metrics:\n";
static const char prometheus[] = "      provider: {prometheus: {address: 'http://prometheus:9090', "
                                 "query: 'success_ratio'}}\n";

struct row {
    const char *what, *keys, *script;
    double query_s;
    enum judge_verdict verdict;
    double at_s; /* 7200: it was ended there */
};

static const char both[] = "      successCondition: result[0] >= 0.95\n"
                           "      failureCondition: result[0] < 0.8\n";
static const char success[] = "      successCondition: result[0] >= 0.95\n";

static const struct row rows[] = {
    /* the documentation's example: a limit of 3, every 5 minutes; its text says three failures, its code takes four */
    {"failureLimit 3 takes four failures", "      interval: 5m\n      failureLimit: 3\n", "b", 0,
     FAIL, 900},
    {"three are not enough", "      interval: 5m\n      failureLimit: 3\n", "bbbg", 0, PASS, 7200},
    {"failures add up, good ones between them forgive nothing",
     "      interval: 5m\n      failureLimit: 3\n", "bgbgbgb", 0, FAIL, 1800},
    {"15 minutes after the first failing sample", "      interval: 5m\n      failureLimit: 3\n",
     "ggb", 0, FAIL, 600 + 900},
    {"no limit: the first failure", "      interval: 30s\n", "ggb", 0, FAIL, 60},
    {"the period grows by the query's time: 3 (60 + 2) from the first one's end",
     "      interval: 60s\n      failureLimit: 3\n", "b", 2, FAIL, 2 + 3 * 62},
    {"-1 is no limit", "      interval: 60s\n      failureLimit: -1\n", "b", 0, PASS, 7200},
    {"the first measurement waits", "      interval: 60s\n      initialDelay: 30s\n", "b", 0, FAIL,
     30},
    {"between the conditions is inconclusive", "      interval: 60s\n", "gi", 0, VAGUE, 60},
    {"inconclusiveLimit 1 takes two", "      interval: 60s\n      inconclusiveLimit: 1\n", "gigi",
     0, VAGUE, 180},
    {"five errors in a row, 10 s apart, whatever the interval", "      interval: 5m\n", "e", 0, ERR,
     40},
    {"after a good one the next error is an interval away", "      interval: 5m\n", "ge", 0, ERR,
     340},
    {"four errors in a row are forgiven", "      interval: 5m\n", "eeeegeeeeg", 0, PASS, 7200},
    {"consecutiveErrorLimit 0: the first error",
     "      interval: 5m\n      consecutiveErrorLimit: 0\n", "gge", 0, ERR, 600},
    {"errors count their end too: 4 (10 + 3) + 3", "      interval: 5m\n", "e", 3, ERR, 55},
    {"count ends it", "      interval: 60s\n      count: 3\n", "g", 0, PASS, 120},
    {"errors do not count", "      interval: 60s\n      count: 2\n", "gegg", 0, PASS, 70},
    {"count as a text", "      interval: 60s\n      count: '3'\n", "g", 0, PASS, 120},
    {"without an interval it is measured once", "", "g", 0, PASS, 0},
    {"and again after an error", "", "eg", 0, PASS, 10},
    {"successes in a row",
     "      interval: 60s\n      failureLimit: -1\n      consecutiveSuccessLimit: 2\n", "bgbgg", 0,
     PASS, 240},
    {"an error breaks the row",
     "      interval: 60s\n      failureLimit: -1\n      consecutiveSuccessLimit: 2\n", "gegg", 0,
     PASS, 130},
    {"count without enough successes in a row is failed",
     "      interval: 60s\n      count: 4\n      failureLimit: -1\n      consecutiveSuccessLimit: "
     "2\n",
     "bgbgb", 0, FAIL, 180},
    {"and inconclusive where failures are limited too",
     "      interval: 60s\n      count: 4\n      failureLimit: 4\n      consecutiveSuccessLimit: "
     "2\n",
     "bgbgb", 0, VAGUE, 180},
    {"NaN is not >= 0.95, nor < 0.8: inconclusive", "      interval: 60s\n", "gN", 0, VAGUE, 60},
    {"no value: there is no result[0]", "      interval: 60s\n", "n", 0, ERR, 40},
};

static char *template_of(const char *keys, const char *conditions)
{
    static char text[2048];
    snprintf(text, sizeof text, "%s    - name: rate\n%s%s%s", head, keys, conditions, prometheus);
    return text;
}

START_TEST(test_limits)
{
    const struct row *row = &rows[_i];
    struct arena *arena = rs_arena_new();
    struct play p = {.script = {row->script}};
    play(&p,
         play_read(arena, RS_JUDGE_ARGO, template_of(row->keys, both), S(row->query_s), NULL, 0), 0,
         S(7200));
    ck_assert_msg(p.verdict == row->verdict && p.at_ns == S(row->at_s),
                  "%s: %s at %g s (%s), wanted %s at %g s", row->what,
                  rs_judge_verdict_name(p.verdict), rs_s_from_ns(p.at_ns), p.why,
                  rs_judge_verdict_name(row->verdict), row->at_s);
    rs_arena_free(arena);
}
END_TEST

/* The closed form over intervals, limits and query times, wherever the run starts: first failing + L (I + q). */
START_TEST(test_closed_form)
{
    static const int interval_s[] = {30, 60, 300};
    static const double query_s[] = {0.0, 0.7, 5.0};
    for (int k = 0; k < 27; k++) {
        char keys[100];
        int i_s = interval_s[k % 3], limit = k / 9 * 2 + 1;
        double q = query_s[k / 3 % 3];
        struct arena *arena = rs_arena_new();
        struct play p = {.script = {"gggb"}};
        snprintf(keys, sizeof keys, "      interval: %ds\n      failureLimit: %d\n", i_s, limit);
        play(&p, play_read(arena, RS_JUDGE_ARGO, template_of(keys, success), S(q), NULL, 0),
             S(1000), S(100000));
        int64_t first_ns = p.asked_ns[0][3];
        ck_assert_int_eq(first_ns, S(1000) + 3 * (S(i_s) + S(q)));
        ck_assert_int_eq(p.verdict, FAIL);
        ck_assert_int_eq(p.at_ns, first_ns + S(q) + limit * (S(i_s) + S(q)));
        rs_arena_free(arena);
    }
}
END_TEST

/* Errors override what is inconclusive, which overrides failures; all of that comes before anything good. */
START_TEST(test_order)
{
    static const struct {
        int64_t failed, inconclusive, error_row, success_row, count;
        enum judge_verdict verdict;
    } counts[] = {
        {4, 0, 0, 0, 4, FAIL},  {3, 0, 0, 0, 3, RS_JUDGE_RUNNING},
        {4, 3, 0, 0, 7, VAGUE}, {4, 3, 5, 0, 7, ERR},
        {4, 0, 5, 0, 4, ERR},   {4, 0, 4, 0, 4, FAIL},
        {0, 3, 5, 9, 99, ERR},  {4, 0, 0, 9, 99, FAIL},
        {0, 0, 0, 5, 5, PASS},  {0, 0, 0, 4, 10, VAGUE},
    };
    const struct argo_metric metric = {.interval_ns = S(60),
                                       .count = 10,
                                       .failure_limit = 3,
                                       .inconclusive_limit = 2,
                                       .error_limit = RS_ARGO_ERROR_LIMIT,
                                       .success_limit = 5};
    const struct argo_counts c = {counts[_i].failed, counts[_i].inconclusive, counts[_i].error_row,
                                  counts[_i].success_row, counts[_i].count};
    ck_assert_int_eq(rs_argo_assess(&metric, &c), counts[_i].verdict);
}
END_TEST

static const struct {
    const char *what, *first, *second, *more; /* keys of two metrics, and of the spec */
    const char *script[2];
    enum judge_verdict verdict;
    double at_s;
} pairs[] = {
    {"the first that fails ends the run",
     "      interval: 60s\n",
     "      interval: 90s\n",
     "",
     {"gggb", "g"},
     FAIL,
     180},
    {"failed is worse than erred at the same moment",
     "      interval: 10s\n      failureLimit: 4\n",
     "      interval: 60s\n",
     "",
     {"b", "e"},
     FAIL,
     40},
    {"erred is worse than inconclusive",
     "      interval: 10s\n      inconclusiveLimit: 4\n",
     "      interval: 60s\n",
     "",
     {"i", "e"},
     ERR,
     40},
    {"a run ends when the last metric has its count",
     "      interval: 60s\n      count: 2\n",
     "      interval: 90s\n      count: 3\n",
     "",
     {"g", "g"},
     PASS,
     180},
    {"one that has not begun is waited for",
     "      count: 1\n",
     "      initialDelay: 5m\n",
     "",
     {"g", "g"},
     PASS,
     300},
    {"a dry run does not count",
     "      interval: 60s\n      count: 5\n",
     "      interval: 60s\n",
     "  dryRun: [{metricName: sec.*}]\n",
     {"g", "b"},
     PASS,
     240},
    {"but it is waited for",
     "      interval: 60s\n      count: 2\n",
     "      interval: 60s\n      count: 6\n",
     "  dryRun: [{metricName: second}]\n",
     {"g", "g"},
     PASS,
     300},
};

START_TEST(test_several)
{
    char text[4096];
    struct arena *arena = rs_arena_new();
    struct play p = {.script = {pairs[_i].script[0], pairs[_i].script[1]}};
    snprintf(text, sizeof text, "%s    - name: first\n%s%s%s    - name: second\n%s%s%s%s", head,
             pairs[_i].first, both, prometheus, pairs[_i].second, both, prometheus, pairs[_i].more);
    play(&p, play_read(arena, RS_JUDGE_ARGO, text, 0, NULL, 0), 0, S(7200));
    ck_assert_msg(p.verdict == pairs[_i].verdict && p.at_ns == S(pairs[_i].at_s),
                  "%s: %s at %g s (%s)", pairs[_i].what, rs_judge_verdict_name(p.verdict),
                  rs_s_from_ns(p.at_ns), p.why);
    rs_arena_free(arena);
}
END_TEST

/* Ended from outside before any limit is passed, or before anything was measured: successful. */
START_TEST(test_ended)
{
    struct arena *arena = rs_arena_new();
    struct play p = {.script = {"b"}};
    const char *keys = "      interval: 60s\n      failureLimit: 3\n      initialDelay: 10s\n";
    const struct judge *j =
        play_read(arena, RS_JUDGE_ARGO, template_of(keys, success), S(5), NULL, 0);
    play(&p, j, 0, S(10));
    ck_assert_int_eq(p.verdict, PASS);
    ck_assert_int_eq(p.n_asked[0], 0);
    play(&p, j, 0, S(200)); /* three failures, and the fourth query has not begun */
    ck_assert_int_eq(p.verdict, PASS);
    ck_assert_int_eq(p.n_asked[0], 3);
    play(&p, j, 0, S(207)); /* it has, but is under way: dropped */
    ck_assert_int_eq(p.verdict, PASS);
    ck_assert_int_eq(p.n_asked[0], 4);
    rs_arena_free(arena);
}
END_TEST

/* Arguments: the scenario's, else the template's own; in queries, limits and conditions. */
START_TEST(test_arguments)
{
    static const char text[] = "kind: AnalysisTemplate\n"
                               "spec:\n"
                               "  args:\n"
                               "    - {name: service}\n"
                               "    - {name: least, value: '0.95'}\n"
                               "    - {name: limit, value: '1'}\n"
                               "  metrics:\n"
                               "    - name: rate of {{ args.service }}\n"
                               "      interval: 60s\n"
                               "      failureLimit: '{{args.limit}}'\n"
                               "      successCondition: result[0] >= {{args.least}}\n"
                               "      provider:\n"
                               "        prometheus:\n"
                               "          query: success_ratio{service=\"{{ args.service }}\"}\n"
                               "---\n"
                               "kind: Rollout\n";
    static const char *const given[] = {"service", "portal", "least", "0.45"};
    struct arena *arena = rs_arena_new();
    struct play p = {.script = {"b"}};
    const struct judge *j = play_read(arena, RS_JUDGE_ARGO, text, 0, given, 2);
    const struct argo_metric *m = &j->spec.argo->metric[0];
    ck_assert_str_eq(m->name, "rate of portal");
    ck_assert_str_eq(rs_promql_print(arena, m->query), "success_ratio{service=\"portal\"}");
    ck_assert_int_eq(m->failure_limit, 1);
    play(&p, j, 0, S(300));
    ck_assert_int_eq(p.verdict, PASS); /* 0.5 >= 0.45 */
    j = play_read(arena, RS_JUDGE_ARGO, text, 0, given, 1);
    play(&p, j, 0, S(300));
    ck_assert_int_eq(p.verdict, FAIL);
    ck_assert_int_eq(p.at_ns, S(60));
    ck_assert_int_eq(j->n_note, 1); /* the Rollout */
    rs_arena_free(arena);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("judge: Argo Rollouts");
    TCase *tc = tcase_create("run");
    tcase_add_loop_test(tc, test_limits, 0, N(rows));
    tcase_add_test(tc, test_closed_form);
    tcase_add_loop_test(tc, test_order, 0, 10);
    tcase_add_loop_test(tc, test_several, 0, N(pairs));
    tcase_add_test(tc, test_ended);
    tcase_add_test(tc, test_arguments);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed > 0;
}
