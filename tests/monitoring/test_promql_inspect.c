/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What can be said of expressions without data. */
#include "models/promql_inspect.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

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
        rs_promql_parse(arena, &(struct promql_text){.text = text, .at = {"expr", 1, 1}}, &err);
    ck_assert_msg(q != NULL, "%s: %s", text, err.text);
    return q;
}

static const struct {
    const char *text;
    enum promql_truth truth;
    const char *part; /* the comparison that decides, NULL = none */
} rows[] = {
    {"up", RS_TRUTH_DATA, NULL},
    {"up == 0", RS_TRUTH_VALUES, NULL},
    {"1", RS_TRUTH_ALWAYS, NULL},
    {"time() - 5", RS_TRUTH_ALWAYS, NULL},
    {"vector(1)", RS_TRUTH_ALWAYS, NULL},
    {"vector(1) > 2", RS_TRUTH_NEVER, "vector(1) > 2"},
    {"vector(3) > 2", RS_TRUTH_ALWAYS, "vector(3) > 2"},
    {"absent(up)", RS_TRUTH_VALUES, NULL},
    {"absent(up) > 0", RS_TRUTH_VALUES, "absent(up) > 0"},
    {"absent(up) == 0", RS_TRUTH_NEVER, "absent(up) == 0"},
    {"absent(vector(1))", RS_TRUTH_NEVER, NULL},
    {"count(up) == 0", RS_TRUTH_NEVER, "count(up) == 0"},
    {"count(up) < 1", RS_TRUTH_NEVER, "count(up) < 1"},
    {"count(up) < 2", RS_TRUTH_VALUES, NULL},
    {"0 == count(up)", RS_TRUTH_NEVER, "0 == count(up)"},
    {"count_over_time(up[5m]) < 1", RS_TRUTH_NEVER, "count_over_time(up[5m]) < 1"},
    {"sum(up == 0) > 0", RS_TRUTH_NEVER, "sum(up == 0) > 0"},
    {"sum(up == 1) > 0", RS_TRUTH_VALUES, "sum(up == 1) > 0"},
    {"count(up == 0) > 0", RS_TRUTH_VALUES, "count(up == 0) > 0"},
    {"rate(x[5m]) < 0", RS_TRUTH_NEVER, "rate(x[5m]) < 0"},
    {"rate(x[5m]) >= 0", RS_TRUTH_DATA, "rate(x[5m]) >= 0"},
    {"sum by (a) (rate(x[5m])) < 0", RS_TRUTH_NEVER, "sum by (a) (rate(x[5m])) < 0"},
    {"delta(x[5m]) < 0", RS_TRUTH_VALUES, NULL},
    {"1 - rate(x[5m]) > 2", RS_TRUTH_NEVER, "1 - rate(x[5m]) > 2"},
    {"rate(x[5m]) / rate(y[5m]) < 0", RS_TRUTH_NEVER, "rate(x[5m]) / rate(y[5m]) < 0"},
    {"rate(x[5m]) / rate(y[5m]) > 0.5", RS_TRUTH_VALUES, NULL},
    {"-rate(x[5m]) > 0", RS_TRUTH_NEVER, "-rate(x[5m]) > 0"},
    {"rate(x[5m]) * -1 > 0", RS_TRUTH_NEVER, "rate(x[5m]) * -1 > 0"},
    {"x - x > 5", RS_TRUTH_VALUES, NULL},
    {"up == bool 0", RS_TRUTH_DATA, "up == bool 0"},
    {"(up == bool 0) > 0", RS_TRUTH_VALUES, "up == bool 0"},
    {"(up == bool 0) > 1", RS_TRUTH_NEVER, "(up == bool 0) > 1"},
    {"sum(up == bool 0) > 3", RS_TRUTH_VALUES, "up == bool 0"},
    {"clamp_max(x, 1) > 1", RS_TRUTH_NEVER, "clamp_max(x, 1) > 1"},
    {"clamp(x, 0, 10) < 0", RS_TRUTH_NEVER, "clamp(x, 0, 10) < 0"},
    {"clamp_min(x, 5) >= 5", RS_TRUTH_DATA, "clamp_min(x, 5) >= 5"},
    {"hour() > 23", RS_TRUTH_NEVER, "hour() > 23"},
    {"up and on() (hour() >= 9)", RS_TRUTH_VALUES, NULL},
    {"up == 0 or absent(up)", RS_TRUTH_VALUES, NULL},
    {"up == 0 or vector(0)", RS_TRUTH_ALWAYS, NULL},
    {"up or down", RS_TRUTH_DATA, NULL},
    {"up and down", RS_TRUTH_DATA, NULL},
    {"up unless down", RS_TRUTH_VALUES, NULL},
    {"up unless count(down) == 0", RS_TRUTH_DATA, "count(down) == 0"},
    {"count(up) == 0 and up == 0", RS_TRUTH_NEVER, "count(up) == 0"},
    {"count(up) == 0 or up == 0", RS_TRUTH_VALUES, "count(up) == 0"},
    {"x != 5", RS_TRUTH_VALUES, NULL},
    {"absent(x) != 1", RS_TRUTH_NEVER, "absent(x) != 1"},
    {"max_over_time((up == 0)[5m:]) == 1", RS_TRUTH_NEVER, "max_over_time((up == 0)[5m:]) == 1"},
    {"topk(3, x) > 0", RS_TRUTH_VALUES, NULL},
    {"quantile(0.5, x == 1) > 7", RS_TRUTH_VALUES, NULL},
    {"label_replace(count(x), \"a\", \"b\", \"\", \"\") == 0", RS_TRUTH_NEVER,
     "label_replace(count(x), \"a\", \"b\", \"\", \"\") == 0"},
    {"scalar(x) > bool 2", RS_TRUTH_ALWAYS, NULL},
    {"histogram_quantile(0.9, rate(x_bucket[5m])) < 0", RS_TRUTH_VALUES, NULL},
    {"x ^ 2 > 0", RS_TRUTH_VALUES, NULL},
};

START_TEST(test_truth)
{
    struct promql_reason why;
    enum promql_truth truth = rs_promql_truth(arena, parse(rows[_i].text), &why);
    ck_assert_msg(truth == rows[_i].truth, "%s: %d, wanted %d", rows[_i].text, truth,
                  rows[_i].truth);
    ck_assert_msg(!why.text == !rows[_i].part &&
                      (!why.text || strcmp(why.text, rows[_i].part) == 0),
                  "%s: decided by %s, wanted %s", rows[_i].text, why.text ? why.text : "nothing",
                  rows[_i].part ? rows[_i].part : "nothing");
}
END_TEST

static char seen[512];

static void note_window(void *ctx, const struct promql_window *w)
{
    size_t n = strlen(seen);
    (void)ctx;
    snprintf(seen + n, sizeof(seen) - n, "%s(%s) %lld %d%s at %d;", w->function,
             w->metric ? w->metric : "?", (long long)w->range_ms, w->n_sample,
             w->subquery ? " sub" : "", w->at.col);
}

START_TEST(test_windows)
{
    seen[0] = '\0';
    rs_promql_windows(parse("sum(rate(x[1m])) / max_over_time(({__name__=\"y\"})[5m:1m]) > "
                            "quantile_over_time(0.9, z[2m])"),
                      note_window, NULL);
    ck_assert_str_eq(seen, "rate(x) 60000 2 at 10;max_over_time(?) 300000 1 sub at 50;"
                           "quantile_over_time(z) 120000 1 at 85;");
}
END_TEST

static void note_metric(void *ctx, const char *metric)
{
    (void)ctx;
    size_t n = strlen(seen);
    snprintf(seen + n, sizeof(seen) - n, "%s ", metric);
}

START_TEST(test_absents)
{
    seen[0] = '\0';
    rs_promql_absents(
        parse("absent(a) or absent_over_time(b[5m]) or absent(sum(c)) or absent({__name__=\"d\"})"),
        note_metric, NULL);
    ck_assert_str_eq(seen, "a b d ");
}
END_TEST

static void note_reading(void *ctx, const struct promql_reading *r)
{
    (void)ctx;
    size_t n = strlen(seen);
    snprintf(seen + n, sizeof(seen) - n, "%s %lld %lld%s;", r->metric ? r->metric : "?",
             (long long)r->range_ms, (long long)r->window_ms, r->moved ? " moved" : "");
}

START_TEST(test_readings)
{
    seen[0] = '\0';
    rs_promql_readings(
        parse("sum(a) + max_over_time(rate(b[1m])[5m:1m] offset 1h) > topk(scalar(c), "
              "-{__name__=~\"d.*\"} @ 0) or (a offset 5m)"),
        note_reading, NULL);
    ck_assert_str_eq(seen, "a 0 0;b 60000 360000 moved;c 0 0;? 0 0 moved;a 0 0 moved;");
}
END_TEST

static const struct {
    const char *text;
    bool carries; /* the label "l" */
} labels[] = {
    {"x", true},
    {"x{l=\"\"}", false},
    {"x{l!=\"\"}", true},
    {"1", false},
    {"vector(time())", false},
    {"vector(scalar(x))", false},
    {"rate(x[5m])", true},
    {"sum(x)", false},
    {"sum by (l) (x)", true},
    {"sum by (k) (x)", false},
    {"sum without (l) (x)", false},
    {"sum without (k) (x)", true},
    {"max_over_time(sum by (k) (x)[5m:])", false},
    {"topk by (k) (3, x)", true},
    {"count_values(\"l\", x)", true},
    {"count_values(\"k\", x)", false},
    {"label_replace(sum(x), \"l\", \"a\", \"\", \"\")", true},
    {"label_join(sum(x), \"k\", \"a\", \"l\")", false},
    {"absent(x{k=\"1\"})", true}, /* not sure enough */
    {"-(sum(x)) > 1", false},
    {"x > on(k) y", false},
    {"x > on(l) y", true},
    {"x > ignoring(l) y", false},
    {"x > ignoring(k) y", true},
    {"x * on(k) group_left y", true},
    {"sum(x) * on() group_left(l) y", true},
    {"sum(x) * on() group_left(k) y", false},
    {"y * on() group_right sum by (k) (x)", false},
    {"sum(x) and y", false},
    {"sum(x) or y", true},
    {"x unless on() y", true},
};

START_TEST(test_labels)
{
    ck_assert_msg(rs_promql_may_carry(parse(labels[_i].text), "l") == labels[_i].carries, "%s",
                  labels[_i].text);
}
END_TEST

static const struct {
    const char *a, *b;
    bool apart;
} pairs[] = {
    {"x{l=\"a\"}", "x{l=\"b\"}", true},
    {"x{l=\"a\"}", "x{l=\"a\"}", false},
    {"x{l=\"a\"}", "x", false},
    {"x{l=\"a\"}", "x{k=\"b\"}", false},
    {"sum(x{l=\"a\"})", "sum(x{l=\"b\"})", false}, /* the results have no label */
    {"x{l=~\"2..\"}", "x{l=~\"5..\"}", true},
    {"x{l=~\"2..\"}", "x{l=~\"(5|2)..\"}", false}, /* not followed */
    {"x{l=~\"2..|3..\"}", "x{l=~\"4..|5..\"}", true},
    {"x{l=~\"2..|3..\"}", "x{l=~\"4..|3..\"}", false},
    {"x{l=~\"GET|HEAD\"}", "x{l=~\"POST|PUT\"}", true},
    {"x{l=~\"a\"}", "x{l=~\"ab\"}", true},
    {"x{l=~\"ab?\"}", "x{l=~\"a\"}", false},
    {"x{l=~\"ab*\"}", "x{l=~\"ac\"}", false},
    {"x{l=~\"ab+\"}", "x{l=~\"ac\"}", true},
    {"x{l=~\"ab+\"}", "x{l=~\"a\"}", true},
    {"x{l=~\"|a\"}", "x{l=~\"b\"}", true},
    {"x{l=~\"a|\"}", "x{l=\"\"}", false},
    {"x{l=~\"a\"}", "x{l!=\"a\"}", false}, /* not followed */
    {"x{l=\"a\"} / y{l=\"a\"}", "x{l=\"b\"}", true},
    {"x{l=\"a\"} / y", "x{l=\"b\"}", false},
    {"1", "x{l=\"b\"}", false},
};

START_TEST(test_apart)
{
    const struct promql *a = parse(pairs[_i].a), *b = parse(pairs[_i].b);
    ck_assert_msg(rs_promql_apart(a, b) == pairs[_i].apart, "%s, %s", pairs[_i].a, pairs[_i].b);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("expressions without data");
    TCase *tc = tcase_create("inspect");
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_loop_test(tc, test_truth, 0, sizeof(rows) / sizeof(rows[0]));
    tcase_add_test(tc, test_windows);
    tcase_add_test(tc, test_absents);
    tcase_add_test(tc, test_readings);
    tcase_add_loop_test(tc, test_labels, 0, sizeof(labels) / sizeof(labels[0]));
    tcase_add_loop_test(tc, test_apart, 0, sizeof(pairs) / sizeof(pairs[0]));
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed > 0;
}
