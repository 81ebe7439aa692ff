/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What conditions look at: every row is an expression and all that is read from it, in a short hand. */
#include "models/promql_condition.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/rules.h"

static struct arena *arena;

static void begin(void)
{
    arena = rs_arena_new();
}

static void end(void)
{
    rs_arena_free(arena);
}

static const struct promql *parse(const char *text)
{
    struct err err = {0};
    const struct promql *q =
        rs_promql_parse(arena, &(struct promql_text){.text = text, .at = {"expr", 7, 3}}, &err);
    ck_assert_msg(q != NULL, "%s: %s", text, err.text);
    return q;
}

/* ---- the short hand: kind metric{matchers}/of{matchers}[window] op limit ---- */

static void print_series(FILE *f, const char *metric, const struct matcher_text *m, int n)
{
    fprintf(f, "%s", metric ? metric : "?");
    for (int i = 0; i < n; i++) {
        fprintf(f, "%s%s%s%s", i == 0 ? "{" : ",", m[i].label, m[i].op, m[i].value);
    }
    fprintf(f, "%s", n > 0 ? "}" : "");
}

static void print_comparison(FILE *f, const struct comparison *c)
{
    static const char *const kinds[] = {"ratio", "quantile", "mean",  "count",
                                        "rate",  "alert",    "value", "other"};
    fprintf(f, "%s", kinds[c->kind]);
    if (c->kind == RS_MEASURE_QUANTILE) {
        fprintf(f, "%g", c->q);
    }
    if (c->kind == RS_MEASURE_ALERT) {
        fprintf(f, " %s", c->alert);
    } else if (c->kind != RS_MEASURE_OTHER) {
        fputc(' ', f);
        print_series(f, c->metric, c->matcher, c->n_matcher);
        if (c->of_metric) {
            fputc('/', f);
            print_series(f, c->of_metric, c->of_matcher, c->n_of_matcher);
        }
        if (c->window_ms > 0) {
            fprintf(f, "[%gs]", (double)c->window_ms / 1e3);
        }
    }
    fprintf(f, "%s%s%s%s %s", c->last_two ? " last-two" : "", c->averaged ? " avg" : "",
            c->per_series ? " each" : "", c->per_job ? " by-job" : "",
            rs_comparison_op_name(c->op));
    if (c->op < RS_CMP_PRESENT && c->kind != RS_MEASURE_OTHER) {
        fprintf(f, " %g", c->limit);
    }
}

static char *short_hand(const struct promql_condition *cond)
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    for (int t = 0; t < cond->n_term; t++) {
        for (int i = 0; i < cond->term[t].n; i++) {
            fprintf(f, "%s", i > 0 ? " & " : t > 0 ? " | " : "");
            print_comparison(f, &cond->term[t].comparison[i]);
        }
    }
    fclose(f);
    return text;
}

/* ---- expressions ---- */

static const struct {
    const char *text, *reads;
} rows[] = {
    /* shares */
    {"sum(rate(h{job=\"a\",code=~\"5..\"}[5m])) / sum(rate(h{job=\"a\"}[5m])) > 0.005",
     "ratio h{job=a,code=~5..}/h{job=a}[300s] > 0.005"},
    {"0.01 < sum(rate(e[5m])) / sum(rate(t[5m]))", "ratio e/t[300s] > 0.01"},
    {"100 * sum(rate(e[5m])) / sum(rate(t[5m])) > 1", "ratio e/t[300s] > 0.01"},
    {"sum(rate(e[5m])) / sum(rate(t[5m])) * 100 >= 2", "ratio e/t[300s] >= 0.02"},
    {"1 - sum(rate(g[30m])) / sum(rate(t[30m])) > 0.01", "ratio g/t[1800s] < 0.99"},
    {"(1 - sum(rate(g[30m])) / sum(rate(t[30m]))) * 100 > 1", "ratio g/t[1800s] < 0.99"},
    {"(sum(rate(t[5m])) - sum(rate(e[5m]))) / sum(rate(t[5m])) < 0.99", "ratio e/t[300s] > 0.01"},
    {"sum(rate(e[5m])) > 0.01 * sum(rate(t[5m]))", "ratio e/t[300s] > 0.01"},
    {"0.02 * sum(rate(t[5m])) < sum(rate(e[5m]))", "ratio e/t[300s] > 0.02"},
    {"sum(increase(e[24h])) / sum(increase(t[24h])) < 0.01", "ratio e/t[86400s] < 0.01"},
    {"sum(increase(e[10m])) / sum(rate(t[10m])) > 6", "ratio e/t[600s] > 0.01"},
    {"sum by (job) (rate(e[5m])) / sum by (job) (rate(t[5m])) > 0.1",
     "ratio e/t[300s] by-job > 0.1"},
    {"sum by (job) (rate(e{job=\"a\"}[5m])) / sum by (job) (rate(t{job=\"a\"}[5m])) > 0.1",
     "ratio e{job=a}/t{job=a}[300s] > 0.1"},
    {"sum by (instance) (rate(e{job=\"a\"}[5m])) / sum by (instance) (rate(t{job=\"a\"}[5m])) > "
     "0.1",
     "ratio e{job=a}/t{job=a}[300s] each > 0.1"},
    {"rate(e{job=\"a\"}[5m]) / rate(t{job=\"a\"}[5m]) > 0.1",
     "ratio e{job=a}/t{job=a}[300s] each > 0.1"},
    {"max(rate(e{job=\"a\"}[5m]) / rate(t{job=\"a\"}[5m])) > 0.1",
     "ratio e{job=a}/t{job=a}[300s] each > 0.1"},
    {"avg(rate(e{job=\"a\"}[5m]) / rate(t{job=\"a\"}[5m])) > 0.1",
     "ratio e{job=a}/t{job=a}[300s] avg > 0.1"},
    {"sum(rate(e[5m])) / ignoring(x) group_left sum by (x) (rate(t[5m])) > 0.1",
     "ratio e/t[300s] > 0.1"},
    {"(sum(rate(e[5m])) or vector(0)) / sum(rate(t[5m])) > 0.1", "ratio e/t[300s] > 0.1"},
    {"-sum(rate(e[5m])) / sum(rate(t[5m])) < -0.1", "ratio e/t[300s] > 0.1"},
    {"sum(irate(e[5m])) / sum(irate(t[5m])) > 0.1", "ratio e/t[300s] last-two > 0.1"},
    {"sum(e) / sum(t) > 0.1", "ratio e/t > 0.1"},
    {"sum(rate(e[5m])) / sum(rate(t[5m])) > 14.4 * 0.001", "ratio e/t[300s] > 0.0144"},
    {"sum(rate(e[5m])) / sum(rate(t[5m])) > 2^-3", "ratio e/t[300s] > 0.125"},
    {"scalar(sum(rate(e[5m])) / sum(rate(t[5m]))) > bool 0.1", "ratio e/t[300s] > 0.1"},
    /* latency */
    {"histogram_quantile(0.95, sum by (le) (rate(l_bucket{job=\"a\"}[5m]))) > 2",
     "quantile0.95 l_bucket{job=a}[300s] > 2"},
    {"histogram_quantile(0.5, rate(l_bucket{job=\"a\"}[5m])) * 1000 < 200",
     "quantile0.5 l_bucket{job=a}[300s] each < 0.2"},
    {"histogram_quantile(0.9, sum by (le, job) (increase(l_bucket[1m]))) > 1",
     "quantile0.9 l_bucket[60s] by-job > 1"},
    {"sum(rate(l_sum[5m])) / sum(rate(l_count[5m])) > 0.2", "mean l_sum/l_count[300s] > 0.2"},
    {"sum(rate(l_sum[5m])) / sum(rate(other_count[5m])) > 0.2",
     "ratio l_sum/other_count[300s] > 0.2"},
    /* counts, rates, values */
    {"sum(increase(r[10m])) > 3", "count r[600s] > 3"},
    {"increase(r{job=\"a\"}[10m]) > 3", "count r{job=a}[600s] each > 3"},
    {"sum(rate(r[10m])) * 600 > 3", "rate r[600s] > 0.005"},
    {"avg by (job) (rate(r[1m])) > 3", "rate r[60s] avg by-job > 3"},
    {"sum(r) != 0", "value r != 0"},
    {"up{job=\"a\"} == 0", "value up{job=a} each == 0"},
    {"min(up{job=\"a\"}) < 1", "value up{job=a} each < 1"},
    {"max by (job) (g) >= 5", "value g each by-job >= 5"},
    {"g{job=\"a\"} * -2 > -6", "value g{job=a} each < 3"},
    {"last_over_time(g{job=\"a\"}[5m]) > 1", "value g{job=a}[300s] each > 1"},
    {"g{job!=\"a\",x!~\"y\"}", "value g{job!=a,x!~y} each by-job present"},
    {"scalar(g{job=\"a\"}) - 1", "value g{job=a} each != 1"}, /* a scalar counts when it is not 0 */
    {"absent(up{job=\"a\"})", "value up{job=a} absent"},
    {"absent(up{job=\"a\"}) == 1", "value up{job=a} absent"},
    {"absent_over_time(up{job=\"a\"}[5m])", "value up{job=a}[300s] absent"},
    /* alerts */
    {"ALERTS{alertname=\"A\",alertstate=\"firing\"}", "alert A present"},
    {"ALERTS{alertname=\"A\"} == 1", "alert A present"},
    {"sum(ALERTS{alertname=\"A\"}) > 0", "alert A present"},
    {"count(ALERTS{alertname=\"A\"}) >= 1", "alert A present"},
    {"ALERTS{alertname=~\"A|Bc\"}", "alert A present | alert Bc present"},
    {"ALERTS{alertname=~\"A.*\"}", "other present"},
    {"ALERTS{severity=\"page\"}", "other present"},
    /* more than one comparison */
    {"sum(a) > 1 and sum(b) > 2", "value a > 1 & value b > 2"},
    {"sum(a) > 1 or sum(b) > 2", "value a > 1 | value b > 2"},
    {"(sum(a) > 1 or sum(b) > 2) and sum(c) > 3",
     "value a > 1 & value c > 3 | value b > 2 & value c > 3"},
    {"1 < sum(a) < 5", "value a > 1 & value a < 5"},
    {"sum(a) > 1 unless sum(b) > 2", "value a > 1 & other absent"},
    {"(sum(a) > bool 1) == 1", "value a > 1"},
    {"(sum(a) > bool 1) < 1", "value a <= 1"},
    {"(sum(a) > bool 1) != 1", "value a <= 1"},
    {"count(g{job=\"a\"} > 5) > 0", "value g{job=a} each > 5"},
    {"count(g{job=\"a\"} > 5)", "value g{job=a} each > 5"},
    /* what is not guessed at */
    {"sum(a) > bool 1", "other present"},
    {"count(g > 5) > 2", "other >"},
    {"max(g) < 5", "other <"},
    {"min(g) > 5", "other >"},
    {"sum(rate(e[5m])) / sum(rate(t[10m])) > 0.1", "other >"},
    {"sum(rate(e[5m])) / sum(irate(t[5m])) > 0.1", "other >"},
    {"rate(h{code=~\"5..\"}[5m]) / rate(h[5m]) > 0.1", "other >"}, /* each series by itself: 1 */
    {"avg(rate(e[5m])) / avg(rate(t[5m])) > 0.1", "other >"},
    {"sum(rate(e[5m] offset 1h)) > 1", "other >"},
    {"sum(rate(e[5m])) / (sum(rate(e[5m])) + sum(rate(g[5m]))) > 0.1", "other >"},
    {"sum(t) / sum(e) - sum(x) > 1", "other >"},
    {"1 / sum(e) > 3", "other >"},
    {"avg_over_time(g[5m]) > 1", "other >"},
    {"quantile(0.9, g) > 1", "other >"},
    {"clamp_max(g, 5) > 1", "other >"},
    {"histogram_quantile(0.9, sum by (job) (rate(l_bucket[5m]))) > 1",
     "other >"}, /* no le is left */
    {"sum(a) * 0 > 1", "other >"},
    {"vector(1)", "other present"},
    {"5 > bool 3", "other >"},
    {"sum_over_time((g > 5)[5m:]) > 1", "other >"},
    {"sum(rate(e[5m])) > sum(rate(t[1m]))", "other >"},
};

START_TEST(test_rows)
{
    struct promql_condition cond;
    rs_promql_condition(arena, parse(rows[_i].text), NULL, &cond);
    char *got = short_hand(&cond);
    ck_assert_msg(strcmp(got, rows[_i].reads) == 0, "%s\n  wanted %s\n  got    %s", rows[_i].text,
                  rows[_i].reads, got);
    free(got);
}
END_TEST

/* ---- recording rules ---- */

static const struct {
    const char *record, *expr, *label, *value;
} recorded[] = {
    {"job:errors:ratio5m", "sum by (job) (rate(h{code=~\"5..\"}[5m])) / sum by (job) (rate(h[5m]))",
     NULL, NULL},
    {"job:l_bucket:rate5m", "sum by (job, le) (rate(l_bucket[5m]))", NULL, NULL},
    {"job:errors:rate5m", "sum by (job) (rate(h{code=~\"5..\"}[5m]))", NULL, NULL},
    {"job:requests:rate5m", "sum by (job) (rate(h[5m]))", NULL, NULL},
    {"errors_high", "job:errors:ratio5m{job=\"a\"} > 0.1", NULL, NULL},
    {"errors_flag", "job:errors:ratio5m{job=\"a\"} > bool 0.1", NULL, NULL},
    {"by_window", "sum(rate(e[5m]))", "window", "5m"},
    {"by_window", "sum(rate(e[1h]))", "window", "1h"},
    {"ring", "ring + 1", NULL, NULL},
};
#define N_RECORDED (sizeof recorded / sizeof recorded[0])

static const struct {
    const char *text, *reads;
} recorded_rows[] = {
    {"job:errors:ratio5m > 0.01", "ratio h{code=~5..}/h[300s] by-job > 0.01"},
    {"job:errors:ratio5m{job=\"a\"} > 0.01", "ratio h{code=~5..,job=a}/h{job=a}[300s] > 0.01"},
    {"max(job:errors:ratio5m) > 0.01", "ratio h{code=~5..}/h[300s] each by-job > 0.01"},
    {"job:errors:ratio5m{code=\"500\"} > 0.01", "other >"}, /* the recorded series has no code */
    {"sum(job:errors:rate5m) / sum(job:requests:rate5m) > 0.1", "ratio h{code=~5..}/h[300s] > 0.1"},
    {"histogram_quantile(0.9, job:l_bucket:rate5m{job=\"a\"}) > 1",
     "quantile0.9 l_bucket{job=a}[300s] > 1"},
    {"errors_high", "ratio h{code=~5..,job=a}/h{job=a}[300s] > 0.1"},
    {"errors_flag == 1", "ratio h{code=~5..,job=a}/h{job=a}[300s] > 0.1"},
    {"errors_flag == 0", "ratio h{code=~5..,job=a}/h{job=a}[300s] <= 0.1"},
    {"by_window{window=\"1h\"} > 2", "rate e[3600s] > 2"},
    {"by_window > 2", "other >"}, /* two rules write it */
    {"ring > 2", "other >"},
    {"rate(job:errors:rate5m[5m]) > 2", "other >"},
    {"absent(job:errors:ratio5m)", "value job:errors:ratio5m absent"},
    {"elsewhere > 2", "value elsewhere each by-job > 2"},
};

START_TEST(test_recorded)
{
    struct rule rule[N_RECORDED];
    struct label label[N_RECORDED];
    for (size_t i = 0; i < N_RECORDED; i++) {
        label[i] = (struct label){recorded[i].label, recorded[i].value};
        rule[i] = (struct rule){.record = recorded[i].record,
                                .expr = parse(recorded[i].expr),
                                .n_label = recorded[i].label ? 1 : 0,
                                .label = &label[i]};
    }
    const struct rule_group group = {.n_rule = N_RECORDED, .rule = rule};
    struct rule_file file = {.n_group = 1, .group = &group};
    struct rule_file *files[] = {&file};
    struct promql_condition cond;
    rs_promql_condition(arena, parse(recorded_rows[_i].text), &(struct promql_records){1, files},
                        &cond);
    char *got = short_hand(&cond);
    ck_assert_msg(strcmp(got, recorded_rows[_i].reads) == 0, "%s\n  wanted %s\n  got    %s",
                  recorded_rows[_i].text, recorded_rows[_i].reads, got);
    free(got);
}
END_TEST

/* ---- where, what is written, what is the same ---- */

START_TEST(test_words)
{
    struct promql_condition cond;
    rs_promql_condition(arena,
                        parse("sum(a) > 1\n  or 100 * sum(rate(e[5m]))\n / sum(rate(t[5m])) > 2"),
                        NULL, &cond);
    ck_assert_int_eq(cond.n_term, 2);
    const struct comparison *c = cond.term[1].comparison;
    ck_assert_str_eq(c->text, "100 * sum(rate(e[5m])) / sum(rate(t[5m])) > 2");
    ck_assert_double_eq(c->written, 2.0);
    ck_assert_double_eq_tol(c->limit, 0.02, 1e-15);
    ck_assert_int_eq(c->at.line, 9);
    ck_assert_str_eq(c->at.file, "expr");
    ck_assert_int_eq(cond.term[0].comparison->at.line, 7);
}
END_TEST

static const struct {
    const char *a, *b;
    bool same;
} pairs[] = {
    {"sum(rate(h{x=\"1\",y=\"2\"}[5m])) > 1", "sum(rate(h{y=\"2\",x=\"1\"}[1m])) < 9", true},
    {"sum(rate(h{x=\"1\"}[5m])) > 1", "sum(rate(h{x=\"2\"}[5m])) > 1", false},
    {"sum(rate(h{x=\"1\"}[5m])) > 1", "sum(rate(h[5m])) > 1", false},
    {"sum(rate(h[5m])) > 1", "sum(increase(h[5m])) > 1", false},
    {"histogram_quantile(0.9, sum by (le) (rate(l_bucket[5m]))) > 1",
     "histogram_quantile(0.95, sum by (le) (rate(l_bucket[5m]))) > 1", false},
    {"sum(rate(e[5m])) / sum(rate(t[5m])) > 1", "sum(rate(e[5m])) / sum(rate(u[5m])) > 1", false},
    {"ALERTS{alertname=\"A\"}", "ALERTS{alertname=\"B\"}", false},
    {"vector(1)", "vector(1)", false},
};

START_TEST(test_same)
{
    struct promql_condition a, b;
    rs_promql_condition(arena, parse(pairs[_i].a), NULL, &a);
    rs_promql_condition(arena, parse(pairs[_i].b), NULL, &b);
    ck_assert_msg(rs_comparison_same_measure(a.term[0].comparison, b.term[0].comparison) ==
                      pairs[_i].same,
                  "%s ~ %s", pairs[_i].a, pairs[_i].b);
}
END_TEST

START_TEST(test_too_many)
{
    struct promql_condition cond;
    rs_promql_condition(
        arena,
        parse("(a > 1 or a > 2 or a > 3 or a > 4 or a > 5) and (b > 1 or b > 2 or b > 3 or b > 4)"
              "and (c > 1 or c > 2 or c > 3 or c > 4)"),
        NULL, &cond);
    ck_assert_int_eq(cond.n_term, 1);
    ck_assert_int_eq(cond.term[0].n, 1);
    ck_assert_int_eq(cond.term[0].comparison->kind, RS_MEASURE_OTHER);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("promql_condition");
    TCase *tc = tcase_create("condition");
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_loop_test(tc, test_rows, 0, sizeof rows / sizeof rows[0]);
    tcase_add_loop_test(tc, test_recorded, 0, sizeof recorded_rows / sizeof recorded_rows[0]);
    tcase_add_test(tc, test_words);
    tcase_add_loop_test(tc, test_same, 0, sizeof pairs / sizeof pairs[0]);
    tcase_add_test(tc, test_too_many);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
