/* SPDX-License-Identifier: GPL-3.0-or-later */
/* promtool's notation of values, and one mistake a row in unit-test files. */
#include "scenarios/rule_test.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../scenarios/series/series_notation.h"

static const struct {
    const char *text;
    const char *values; /* "" = fault */
    const char *fault;  /* line:column: words */
} notations[] = {
    {"", "", NULL},
    {"1 2.5 -3e2 .5", "1 2.5 -300 0.5", NULL},
    {"0+10x3", "0 10 20 30", NULL},
    {"100-5x2", "100 95 90", NULL},
    {"7x2", "7 7 7", NULL},
    {"7x0", "7", NULL},
    {"_ _x2 1", "_ _ _ 1", NULL},
    {"_x0 1", "1", NULL},
    {"-2-3x2", "-2 -5 -8", NULL},
    {"stale Inf -inf NaN", "stale inf -inf nan", NULL},
    {"Inf+1x1 nAn-2x0 +inf", "inf inf nan inf", NULL},
    {"1_000 1_0.5 1e1_0 1_0x1", "1000 10.5 1e+10 10 10", NULL},
    {"010 -010x1 08 010.0 0x1 0_10", "8 -8 -8 8 10 0 0 8", NULL},
    {"  1\n\n 2\t3 ", "1 2 3", NULL},
    {"1 {{schema:1 sum:2}} 3", "1 native", NULL},
    {"1 2,3", NULL, "0:3: values are numbers, \"_\", \"stale\", or like 0+10x5, got \"2,3\""},
    {"1 x5", NULL, "0:3: values are numbers, \"_\", \"stale\", or like 0+10x5, got \"x5\""},
    {"0+10", NULL, "0:1: values are numbers, \"_\", \"stale\", or like 0+10x5, got \"0+10\""},
    {"1+-1x1", NULL, "0:1: values are numbers, \"_\", \"stale\", or like 0+10x5, got \"1+-1x1\""},
    {"1x", NULL, "0:1: values are numbers, \"_\", \"stale\", or like 0+10x5, got \"1x\""},
    {"1\n 2 stales", NULL,
     "1:4: values are numbers, \"_\", \"stale\", or like 0+10x5, got \"stales\""},
    {"infx2", NULL, "0:1: values are numbers, \"_\", \"stale\", or like 0+10x5, got \"infx2\""},
    {"Nanx2", NULL, "0:1: values are numbers, \"_\", \"stale\", or like 0+10x5, got \"Nanx2\""},
    {"1+NaNx2", NULL, "0:1: values are numbers, \"_\", \"stale\", or like 0+10x5, got \"1+NaNx2\""},
    {"infinity", NULL,
     "0:1: values are numbers, \"_\", \"stale\", or like 0+10x5, got \"infinity\""},
    {"1e400", NULL, "0:1: values are numbers, \"_\", \"stale\", or like 0+10x5, got \"1e400\""},
    {"1__0", NULL, "0:1: values are numbers, \"_\", \"stale\", or like 0+10x5, got \"1__0\""},
    {"1_", NULL, "0:1: values are numbers, \"_\", \"stale\", or like 0+10x5, got \"1_\""},
    {"1_.5", NULL, "0:1: values are numbers, \"_\", \"stale\", or like 0+10x5, got \"1_.5\""},
    {"1._5", NULL, "0:1: values are numbers, \"_\", \"stale\", or like 0+10x5, got \"1._5\""},
    {"1e_5", NULL, "0:1: values are numbers, \"_\", \"stale\", or like 0+10x5, got \"1e_5\""},
    {"1x1_0", NULL, "0:1: values are numbers, \"_\", \"stale\", or like 0+10x5, got \"1x1_0\""},
    {".", NULL, "0:1: values are numbers, \"_\", \"stale\", or like 0+10x5, got \".\""},
    {"1x99999999999", NULL, "0:1: more than 10000000 values"},
};

static void print_value(FILE *to, const struct notation_value *v)
{
    switch (v->kind) {
    case RS_NOTATION_GAP: fputs("_", to); break;
    case RS_NOTATION_STALE: fputs("stale", to); break;
    case RS_NOTATION_NATIVE: fputs("native", to); break;
    case RS_NOTATION_NUMBER:
        if (isnan(v->v)) {
            fputs("nan", to);
        } else {
            fprintf(to, "%g", v->v);
        }
        break;
    }
}

START_TEST(test_notation)
{
    struct notation_value *value = NULL;
    struct series_fault fault = {0};
    size_t n = 0, size = 0;
    int line = 0;
    char *got = NULL, words[256];
    int status = rs_notation_values(notations[_i].text, RS_PROMQL_3, &value, &n, &fault, &line);
    if (notations[_i].fault) {
        ck_assert_int_eq(status, -1);
        snprintf(words, sizeof(words), "%d:%d: %s", line, fault.col, fault.text);
        ck_assert_str_eq(words, notations[_i].fault);
        return;
    }
    ck_assert_int_eq(status, 0);
    FILE *to = open_memstream(&got, &size);
    for (size_t i = 0; i < n; i++) {
        fputs(i ? " " : "", to);
        print_value(to, &value[i]);
    }
    fclose(to);
    ck_assert_str_eq(got, notations[_i].values);
    free(got);
    free(value);
}
END_TEST

/* Before 3 no underscore stands in a number. */
START_TEST(test_old_notation)
{
    struct notation_value *value = NULL;
    struct series_fault fault = {0};
    size_t n = 0;
    int line = 0;
    ck_assert_int_eq(rs_notation_values("1_000", RS_PROMQL_2_53, &value, &n, &fault, &line), -1);
    ck_assert_str_eq(fault.text,
                     "values are numbers, \"_\", \"stale\", or like 0+10x5, got \"1_000\"");
    ck_assert_int_eq(rs_notation_values("1e3", RS_PROMQL_2_42, &value, &n, &fault, &line), 0);
    free(value);
}
END_TEST

#define TESTS "tests:\n  - interval: 1m\n    "
static const struct {
    const char *text;
    const char *words; /* line:column: text */
} bad[] = {
    {"test: []\n", "1:1: unknown key \"test\" in a test file, did you mean \"tests\"?"},
    {"tests: 5\n", "1:8: \"tests\" must be a list, got \"5\""},
    {"evaluation_interval: 0\n",
     "1:22: \"evaluation_interval\" must be above 0s, at most 10y, got 0"},
    {"evaluation_interval: soon\n",
     "1:22: \"evaluation_interval\" must be a duration like 90s, 5m or 1h30m, got \"soon\""},
    {"rule_files: rules.yml\n", "1:13: \"rule_files\" must be a list, got \"rules.yml\""},
    {"group_eval_order: [a, b, a]\n", "1:26: group \"a\" is named twice in \"group_eval_order\""},
    {TESTS "input_serie: []\n",
     "3:5: unknown key \"input_serie\" in a test, did you mean \"input_series\"?"},
    {TESTS "input_series: [{values: 1}]\n", "3:20: the key \"series\" is missing"},
    {TESTS "input_series: [{series: 'x{a=b}', values: 1}]\n",
     "3:34: a label value must stand in quotes"},
    {TESTS "input_series: [{series: '{a=\"b\"}', values: 1}]\n", "3:30: the series has no name"},
    {TESTS "input_series: [{series: x, values: '1 2 three'}]\n",
     "3:45: values are numbers, \"_\", \"stale\", or like 0+10x5, got \"three\""},
    {TESTS "input_series: [{series: x, values: '1 {{schema:0}}'}]\n",
     "3:43: native histograms are not supported"},
    {TESTS
     "input_series:\n      - series: x\n        values: >-\n          1 2\n          3 oops 4\n",
     "7:13: values are numbers, \"_\", \"stale\", or like 0+10x5, got \"oops\""},
    {TESTS "alert_rule_test: [{eval_time: 1m}]\n",
     "3:23: an alert test needs the key \"alertname\""},
    {TESTS "alert_rule_test: [{alertname: A, eval_time: later}]\n",
     "3:49: \"eval_time\" must be a duration like 90s, 5m or 1h30m, got \"later\""},
    {TESTS "alert_rule_test: [{alertname: A, exp_alerts: [{labels: {}}]}]\n",
     "3:52: unknown key \"labels\" in an expected alert"},
    {TESTS "alert_rule_test: [{alertname: A, exp_alerts: [{exp_labels: [a]}]}]\n",
     "3:64: \"exp_labels\" must be a map of names to texts"},
    {TESTS "promql_expr_test: [{eval_time: 1m}]\n", "3:24: the key \"expr\" is missing"},
    {TESTS "promql_expr_test: [{expr: x, exp_samples: [{labels: 'x{', value: 1}]}]\n",
     "3:59: the brace that opens here is not closed"},
    {TESTS "promql_expr_test: [{expr: x, exp_samples: [{labels: x, value: many}]}]\n",
     "3:67: \"value\" must be a number, got \"many\""},
    {TESTS "promql_expr_test: [{expr: x, exp_samples: [{labels: x, histogram: '{{}}'}]}]\n",
     "3:60: native histograms are not supported"},
    {TESTS "start_timestamp: tomorrow\n",
     "3:22: \"start_timestamp\" must be RFC 3339 or seconds, got \"tomorrow\""},
    {TESTS "start_timestamp: 1e11\n",
     "3:22: \"start_timestamp\" is out of range, the years 1682 to 2258, got \"1e11\""},
    {TESTS "start_timestamp: 9999-01-01T00:00:00Z\n",
     "3:22: \"start_timestamp\" is out of range, the years 1682 to 2258, got "
     "\"9999-01-01T00:00:00Z\""},
    {TESTS "external_labels: north\n", "3:22: \"external_labels\" must be a map of names to texts"},
};

START_TEST(test_bad)
{
    struct err_list errors;
    struct arena *arena = rs_arena_new();
    char words[512];
    rs_err_list_init(&errors);
    struct rule_test_file *file = rs_rule_test_parse(arena, RS_PROMQL_3, "test.yml", bad[_i].text,
                                                     strlen(bad[_i].text), &errors);
    ck_assert_ptr_null(file);
    ck_assert_uint_ge(errors.n, 1);
    snprintf(words, sizeof(words), "%d:%d: %s", errors.item[0].line, errors.item[0].col,
             errors.item[0].text);
    ck_assert_str_eq(words, bad[_i].words);
    ck_assert_uint_eq(errors.n, 1);
    rs_err_list_clear(&errors);
    rs_arena_free(arena);
}
END_TEST

/* What promtool lets through is let through. */
START_TEST(test_defaults)
{
    static const char text[] = "tests:\n"
                               "  - input_series: [{series: x, values: '1 2'}, {series: y}]\n"
                               "    promql_expr_test: [{expr: 'sum('}]\n"
                               "    alert_rule_test: [{alertname: A, exp_alerts: [{}, null]}]\n";
    struct err_list errors;
    struct arena *arena = rs_arena_new();
    rs_err_list_init(&errors);
    struct rule_test_file *file =
        rs_rule_test_parse(arena, RS_PROMQL_3, "test.yml", text, sizeof(text) - 1, &errors);
    ck_assert_msg(file != NULL, "%s", errors.n ? errors.item[0].text : "");
    ck_assert_int_eq(file->interval_ns, INT64_C(60000000000));
    ck_assert_int_eq(file->n_test, 1);
    const struct rule_test *test = &file->test[0];
    ck_assert_int_eq(test->data->series[0].sample[1].t_ms, 60000); /* the evaluation interval */
    ck_assert_ptr_null(test->expr_case[0].expr);                   /* fails when it is run */
    ck_assert_int_eq(test->alert_case[0].n_alert, 2);
    rs_rule_test_file_free(file);
    rs_err_list_clear(&errors);
    rs_arena_free(arena);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("unit tests of rules");
    TCase *tc = tcase_create("files");
    tcase_add_loop_test(tc, test_notation, 0, sizeof(notations) / sizeof(notations[0]));
    tcase_add_test(tc, test_old_notation);
    tcase_add_loop_test(tc, test_bad, 0, sizeof(bad) / sizeof(bad[0]));
    tcase_add_test(tc, test_defaults);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed > 0;
}
