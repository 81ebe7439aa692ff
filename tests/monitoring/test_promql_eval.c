/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Evaluator rows: what upstream's data does not reach (2.x semantics, caches over resets) and the
 * corners worth naming.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/promql.h"
#include "series_text.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))
#define DEFAULT rs_promql_options_default()

static struct label_table *labels;
static struct tsdb *db;
static struct arena *arena;

static void setup(void)
{
    labels = rs_label_table_new();
    db = rs_tsdb_new(labels);
    arena = rs_arena_new();
}

static void teardown(void)
{
    rs_tsdb_free(db);
    rs_label_table_free(labels);
    rs_arena_free(arena);
}

static struct promql_eval *
compile_as(enum promql_dialect dialect, const char *text, struct promql_options opt)
{
    struct err err = {0};
    const struct promql *q =
        rs_promql_parse(arena, &(struct promql_text){text, {"test", 1, 1}, 0, dialect}, &err);

    ck_assert_msg(q != NULL, "%s: %s", text, err.text);
    return rs_promql_eval_new(q, db, opt);
}

#define compile(text, opt) compile_as(RS_PROMQL_3, text, opt)

/* `expected`: lines of "labels value" separated by ';', in any order. */
static void compare(const char *what, const struct vector *v, const char *expected)
{
    char copy[2000], *save = NULL;
    int n = 0;

    ck_assert_uint_lt(strlen(expected), sizeof copy);
    (void)strncpy(copy, expected, sizeof copy - 1);
    copy[sizeof copy - 1] = '\0';
    for (char *line = strtok_r(copy, ";", &save); line != NULL; line = strtok_r(NULL, ";", &save)) {
        rs_labels set;
        double value;
        bool found = false;

        line += strspn(line, " ");
        set = series_labels(labels, line);
        ck_assert_int_eq(series_number(series_split(line), &value), 0);
        for (int i = 0; i < v->n; i++) {
            if (v->item[i].labels == set) {
                found = true;
                ck_assert_msg(series_almost(v->item[i].v, value), "%s: %s is %.17g", what, line,
                              v->item[i].v);
            }
        }
        ck_assert_msg(found, "%s: no %s", what, line);
        n++;
    }
    ck_assert_msg(v->n == n, "%s: %d elements, expected %d", what, v->n, n);
}

static void load(const char *const *series, int n, int64_t step_ms)
{
    for (int i = 0; i < n && series[i] != NULL; i++) {
        (void)series_load(db, series[i], 0, step_ms);
    }
}

static const struct eval_row {
    const char *what, *series[4]; /* one sample every 10 s from 0 */
    const char *expr;
    int64_t t_s;
    const char *expected;
} rows[] = {
    {"look-back is left-open", {"x 1"}, "x", 299, "x 1"},
    {"look-back is left-open", {"x 1"}, "x", 300, ""},
    {"a stale marker ends a series at once", {"x 1 stale"}, "x", 10, ""},
    {"an older sample is not looked at", {"x 1 stale"}, "x", 200, ""},
    {"NaN is a value", {"x NaN"}, "x", 0, "x NaN"},
    {"offset", {"x 1 2 3"}, "x offset 10s", 20, "x 2"},
    {"offset to the future sees what is known", {"x 1 2 3"}, "x offset -10s", 10, "x 3"},
    {"missing label equals empty", {"x{a=\"1\"} 1", "x 2"}, "x{a=\"\"}", 0, "x 2"},
    {"not-equal needs the label or any other", {"x{a=\"1\"} 1", "x 2"}, "x{a!=\"1\"}", 0, "x 2"},
    {"regex is anchored",
     {"x{a=\"foo\"} 1", "x{a=\"foobar\"} 2"},
     "x{a=~\"foo\"}",
     0,
     "x{a=\"foo\"} 1"},
    {"alternatives are anchored too",
     {"x{a=\"ab\"} 1", "x{a=\"b\"} 2"},
     "x{a=~\"a|b\"}",
     0,
     "x{a=\"b\"} 2"},
    {"dot matches a newline", {"x{a=\"p\\nq\"} 1"}, "count(x{a=~\"p.q\"})", 0, "{} 1"},
    {"rate over a whole window", {"x 0+10x60"}, "rate(x[5m])", 600, "{} 1"},
    {"rate needs two samples", {"x 0+10x60"}, "rate(x[10s])", 600, ""},
    {"rate of a reset", {"x 0 10 20 5 15"}, "increase(x[40s])", 40, "{} 33.333333333333336"},
    {"two resets in one window", {"x 10 0 10 0 10"}, "resets(x[1m])", 40, "{} 2"},
    {"a stale marker inside a window",
     {"x 0 10 stale 20 30"},
     "count_over_time(x[1m])",
     40,
     "{} 4"},
    {"a counter that starts anew after a stale marker",
     {"x 0 100 stale 10 20"},
     "resets(x[1m])",
     40,
     "{} 1"},
    {"irate", {"x 0 10 5"}, "irate(x[1m])", 20, "{} 0.5"},
    {"sum of nothing is nothing", {"x 1"}, "sum(y)", 0, ""},
    {"or vector(0)", {"x 1"}, "sum(y) or vector(0)", 0, "{} 0"},
    {"by an absent label", {"x{a=\"1\"} 1", "x{a=\"2\"} 2"}, "sum by (b) (x)", 0, "{} 3"},
    {"without drops the name", {"x{a=\"1\",b=\"2\"} 1"}, "sum without (a) (x)", 0, "{b=\"2\"} 1"},
    {"topk keeps names",
     {"x{a=\"1\"} 1", "x{a=\"2\"} 3", "x{a=\"3\"} 2"},
     "topk(2, x)",
     0,
     "x{a=\"2\"} 3; x{a=\"3\"} 2"},
    {"bottomk takes NaN last",
     {"x{a=\"1\"} NaN", "x{a=\"2\"} 3"},
     "bottomk(1, x)",
     0,
     "x{a=\"2\"} 3"},
    {"topk throws NaN out first",
     {"x{a=\"1\"} 1", "x{a=\"2\"} NaN", "x{a=\"3\"} 3"},
     "topk(2, x)",
     0,
     "x{a=\"1\"} 1; x{a=\"3\"} 3"},
    {"quantile",
     {"x{a=\"1\"} 1", "x{a=\"2\"} 2", "x{a=\"3\"} 3"},
     "quantile(0.25, x)",
     0,
     "{} 1.5"},
    {"comparison filters and keeps the name",
     {"x{a=\"1\"} 1", "x{a=\"2\"} 2"},
     "x > 1",
     0,
     "x{a=\"2\"} 2"},
    {"a scalar on the left keeps the vector's value", {"x 2"}, "1 < x", 0, "x 2"},
    {"bool drops the name", {"x 2"}, "x > bool 3", 0, "{} 0"},
    {"NaN compares false", {"x NaN"}, "x > 0 or x <= 0", 0, ""},
    {"NaN is unequal", {"x NaN"}, "x != 0", 0, "x NaN"},
    {"0/0 is NaN and no alert", {"x 0", "y 0"}, "x / y > 0.1", 0, ""},
    {"unmatched samples are dropped",
     {"x{a=\"1\"} 1", "x{a=\"2\"} 2", "y{a=\"1\"} 5"},
     "x + y",
     0,
     "{a=\"1\"} 6"},
    {"on keeps only its labels",
     {"x{a=\"1\",b=\"2\"} 1", "y{a=\"1\"} 5"},
     "x + on (a) y",
     0,
     "{a=\"1\"} 6"},
    {"group_left copies",
     {"x{a=\"1\",b=\"2\"} 1", "y{a=\"1\",c=\"3\"} 5"},
     "x * on (a) group_left (c) y",
     0,
     "{a=\"1\",b=\"2\",c=\"3\"} 5"},
    {"group_right keeps the left value of a filter",
     {"x{a=\"1\"} 9", "y{a=\"1\",c=\"3\"} 5"},
     "x > on (a) group_right () y",
     0,
     "y{a=\"1\",c=\"3\"} 9"},
    {"and", {"x{a=\"1\"} 1", "x{a=\"2\"} 2", "y{a=\"2\"} 0"}, "x and y", 0, "x{a=\"2\"} 2"},
    {"unless on",
     {"x{a=\"1\"} 1", "x{a=\"2\"} 2", "y{a=\"2\"} 0"},
     "x unless on (a) y",
     0,
     "x{a=\"1\"} 1"},
    {"or keeps the left of a signature",
     {"x{a=\"1\"} 1", "y{a=\"1\"} 7", "y{a=\"2\"} 8"},
     "x or y",
     0,
     "x{a=\"1\"} 1; y{a=\"2\"} 8"},
    {"minus binds weaker than power", {"x 2"}, "-1 ^ 2 + x", 0, "{} 1"},
    {"absent", {"x 1"}, "absent(y{a=\"b\",c=~\"d\"})", 0, "{a=\"b\"} 1"},
    {"absent with a doubled label",
     {"x 1"},
     "absent(y{a=\"b\",a=\"c\",d=\"e\"})",
     0,
     "{d=\"e\"} 1"},
    {"absent_over_time", {"x 1"}, "absent_over_time(x[5m])", 299, ""},
    {"absent_over_time", {"x 1"}, "absent_over_time(x{a=\"\"}[5m])", 300, "{} 1"},
    {"scalar of two is NaN", {"x{a=\"1\"} 1", "x{a=\"2\"} 1"}, "scalar(x)", 0, "{} NaN"},
    {"timestamp of a selector", {"x 1"}, "timestamp(x)", 100, "{} 0"},
    {"timestamp of anything else", {"x 1"}, "timestamp(x + 0)", 100, "{} 100"},
    {"clamp the wrong way round", {"x 1"}, "clamp(x, 3, 2)", 0, ""},
    {"clamp by NaN", {"x 1"}, "clamp(x, NaN, 2)", 0, "{} NaN"},
    {"round to", {"x 7.4"}, "round(x, 5)", 0, "{} 5"},
    {"label_replace",
     {"x{a=\"p-q\"} 1"},
     "label_replace(x, \"b\", \"${2}$1\", \"a\", \"(.*)-(.*)\")",
     0,
     "x{a=\"p-q\",b=\"qp\"} 1"},
    {"label_replace without a match",
     {"x{a=\"p\"} 1"},
     "label_replace(x, \"b\", \"$1\", \"a\", \"(.*)-\")",
     0,
     "x{a=\"p\"} 1"},
    {"label_join",
     {"x{a=\"p\",b=\"q\"} 1"},
     "label_join(x, \"c\", \"/\", \"a\", \"none\", \"b\")",
     0,
     "x{a=\"p\",b=\"q\",c=\"p//q\"} 1"},
    {"subquery", {"x 0+10x60"}, "max_over_time(rate(x[1m])[5m:1m])", 600, "{} 1"},
    {"subquery steps are left-open", {"x 1+1x60"}, "count_over_time(x[1m:10s])", 600, "{} 6"},
    {"at", {"x 1 2 3"}, "x @ 10", 500, "x 2"},
    {"last_over_time keeps the name", {"x 1 2"}, "last_over_time(x[1m])", 30, "x 2"},
    {"quantile_over_time", {"x 1 2 3 4 5"}, "quantile_over_time(0.5, x[1m])", 40, "{} 3"},
    {"time", {"x 1"}, "time() - 5", 100, "{} 95"},
};

START_TEST(evaluates)
{
    const struct eval_row *row = &rows[_i];
    struct promql_eval *e;
    struct err err = {0};
    struct vector v;

    load(row->series, 4, 10000);
    e = compile(row->expr, DEFAULT);
    for (int again = 0; again < 2; again++) { /* the second time from caches */
        ck_assert_msg(rs_promql_eval(e, row->t_s * 1000, &v, &err) == 0, "%s: %s", row->what,
                      err.text);
        compare(row->what, &v, row->expected);
    }
    rs_promql_eval_free(e);
}
END_TEST

static const struct fail_row {
    const char *what, *series[4], *expr, *message;
} fails[] = {
    {"two names become one",
     {"x{a=\"1\"} 1 2", "y{a=\"1\"} 1 2"},
     "rate({__name__=~\"x|y\"}[1m])",
     "vector cannot contain metrics with the same labelset: {a=\"1\"}"},
    {"many to one unsaid",
     {"x{a=\"1\",b=\"1\"} 1", "x{a=\"1\",b=\"2\"} 1", "y{a=\"1\"} 1"},
     "x + on (a) y",
     "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"},
    {"many to many",
     {"x{a=\"1\",b=\"1\"} 1", "x{a=\"1\",b=\"2\"} 1", "y{a=\"1\"} 1"},
     "y + on (a) x",
     "found duplicate series for the match group {a=\"1\"} on the right side: matching labels must "
     "be unique on one side"},
    {"k must be a number",
     {"x 1"},
     "topk(scalar(y), x)",
     "the parameter of topk must be a whole number, got nan"},
};

START_TEST(refuses_ambiguous_results)
{
    const struct fail_row *row = &fails[_i];
    struct promql_eval *e;
    struct err err = {0};
    struct vector v;

    load(row->series, 4, 10000);
    e = compile(row->expr, DEFAULT);
    ck_assert_int_eq(rs_promql_eval(e, 10000, &v, &err), -1);
    ck_assert_str_eq(err.text, row->message);
    ck_assert_int_eq(v.n, 0);
    ck_assert(!rs_promql_true(e, 10000));
    rs_promql_eval_free(e);
}
END_TEST

/* Prometheus 2.42: closed windows, zero clamp before the threshold, plain sums. */
static const struct version_row {
    const char *what, *series[4], *expr;
    int64_t t_s;
    const char *old, *new;
} versions[] = {
    {"samples on the border", {"x 0+10x60"}, "count_over_time(x[5m])", 600, "{} 31", "{} 30"},
    {"look-back on the border", {"x 1"}, "x", 300, "x 1", ""},
    /*
     * 8 at 10 s, then 10 per 10 s: the counter was zero 8 s before; half a distance is 5 s, 1.1
     * distances 11 s.
     */
    {"zero clamp", {"x _ 8 18 28"}, "increase(x[1m])", 50, "{} 33", "{} 30"},
    {"the sum loses what is small",
     {"x{a=\"1\"} 1", "x{a=\"2\"} 1e100", "x{a=\"3\"} 1", "x{a=\"4\"} -1e100"},
     "sum(x)",
     0,
     "{} 0",
     "{} 2"},
};

START_TEST(versions_differ)
{
    const struct version_row *row = &versions[_i];
    struct promql_eval *e;
    struct vector v;

    load(row->series, 4, 10000);
    e = compile(row->expr, DEFAULT);
    ck_assert_int_eq(rs_promql_eval(e, row->t_s * 1000, &v, NULL), 0);
    compare(row->what, &v, row->new);
    rs_promql_eval_free(e);
    e = compile_as(RS_PROMQL_2_42, row->expr, DEFAULT);
    ck_assert_int_eq(rs_promql_eval(e, row->t_s * 1000, &v, NULL), 0);
    compare(row->what, &v, row->old);
    rs_promql_eval_free(e);
}
END_TEST

static const struct quantile_row {
    const char *what;
    double q;
    const char *series[4], *expected;
} quantiles[] = {
    {"q below 0", -1, {"b{le=\"1\"} 1", "b{le=\"+Inf\"} 1"}, "{} -Inf"},
    {"q above 1", 2, {"b{le=\"1\"} 1", "b{le=\"+Inf\"} 1"}, "{} +Inf"},
    {"q NaN", (double)NAN, {"b{le=\"1\"} 1", "b{le=\"+Inf\"} 1"}, "{} NaN"},
    {"no +Inf bucket", 0.5, {"b{le=\"1\"} 1", "b{le=\"2\"} 1"}, "{} NaN"},
    {"one bucket", 0.5, {"b{le=\"+Inf\"} 1"}, "{} NaN"},
    {"no observations", 0.5, {"b{le=\"1\"} 0", "b{le=\"+Inf\"} 0"}, "{} NaN"},
    {"no usable le", 0.5, {"b{le=\"x\"} 1", "b 1"}, ""},
    {"linear within a bucket",
     0.5,
     {"b{le=\"1\"} 0", "b{le=\"2\"} 4", "b{le=\"+Inf\"} 4"},
     "{} 1.5"},
    {"first bucket starts at 0", 0.5, {"b{le=\"1\"} 4", "b{le=\"+Inf\"} 4"}, "{} 0.5"},
    {"first bucket not above 0", 0.5, {"b{le=\"-1\"} 4", "b{le=\"+Inf\"} 4"}, "{} -1"},
    {"in the +Inf bucket", 0.99, {"b{le=\"1\"} 1", "b{le=\"2\"} 2", "b{le=\"+Inf\"} 4"}, "{} 2"},
    {"equal bounds are one bucket",
     0.5,
     {"b{le=\"1\"} 1", "b{le=\"1.0\"} 1", "b{le=\"2\"} 4", "b{le=\"+Inf\"} 4"},
     "{} 1"},
    {"a falling count is lifted",
     0.5,
     {"b{le=\"1\"} 2", "b{le=\"2\"} 1", "b{le=\"3\"} 4", "b{le=\"+Inf\"} 4"},
     "{} 1"},
    {"rank 0 in an empty first bucket is 0/0", 0, {"b{le=\"1\"} 0", "b{le=\"+Inf\"} 4"}, "{} NaN"},
    {"q 0", 0, {"b{le=\"1\"} 1", "b{le=\"+Inf\"} 4"}, "{} 0"},
};

START_TEST(histogram_quantile_edges)
{
    const struct quantile_row *row = &quantiles[_i];
    struct promql_eval *e;
    struct vector v;
    char text[100];

    load(row->series, 4, 10000);
    (void)snprintf(text, sizeof text, "histogram_quantile(%.17g, b)", row->q);
    e = compile(text, DEFAULT);
    ck_assert_int_eq(rs_promql_eval(e, 0, &v, NULL), 0);
    compare(row->what, &v, row->expected);
    rs_promql_eval_free(e);
}
END_TEST

static const struct truth_row {
    const char *expr;
    bool is_true;
} truths[] = {{"x", true},  {"x > 1", false}, {"y", false},        {"1", true},
              {"0", false}, {"NaN", false},   {"vector(0)", true}, {"1 > bool 0", true}};

START_TEST(a_condition_is_true)
{
    struct promql_eval *e;

    (void)series_load(db, "x 1", 0, 10000);
    e = compile(truths[_i].expr, DEFAULT);
    ck_assert_msg(rs_promql_true(e, 0) == truths[_i].is_true, "%s", truths[_i].expr);
    rs_promql_eval_free(e);
}
END_TEST

/* Series that appear later, vanish in a reset and come back under other numbers. */
START_TEST(selectors_follow_the_tsdb)
{
    struct promql_eval *e = compile("sum(x)", DEFAULT);
    struct vector v;

    rs_tsdb_seal(db);
    for (int replica = 0; replica < 3; replica++) {
        ck_assert_int_eq(rs_promql_eval(e, 0, &v, NULL), 0);
        ck_assert_int_eq(v.n, 0);
        (void)series_load(db, replica == 1 ? "other 7" : "x{a=\"1\"} 1", 0, 1000);
        (void)series_load(db, "x{a=\"2\"} 2", 0, 1000);
        ck_assert_int_eq(rs_promql_eval(e, 0, &v, NULL), 0);
        compare("a replica", &v, replica == 1 ? "{} 2" : "{} 3");
        (void)series_load(db, "x{a=\"0\"} 4", 0, 1000);
        ck_assert_int_eq(rs_promql_eval(e, 0, &v, NULL), 0);
        compare("one more", &v, replica == 1 ? "{} 6" : "{} 7");
        rs_tsdb_reset(db);
    }
    rs_promql_eval_free(e);
}
END_TEST

/* Prometheus' rate over the samples later than lo, written down plainly. NaN = none. */
static double plain_rate(const struct sample *x, int n, int64_t lo, int64_t hi)
{
    const struct sample *first = NULL, *last = NULL;
    double lost = 0.0, to_start, to_end, sampled, mean, v;
    int count = 0;

    for (int i = 0; i < n; i++) {
        if (x[i].t_ms <= lo || x[i].t_ms > hi || rs_tsdb_is_stale(x[i].v)) {
            continue;
        }
        first = first == NULL ? &x[i] : first;
        lost += last != NULL && x[i].v < last->v ? last->v : 0.0;
        last = &x[i];
        count++;
    }
    if (count < 2) {
        return (double)NAN;
    }
    v = last->v - first->v + lost;
    sampled = (double)(last->t_ms - first->t_ms) / 1000.0;
    mean = sampled / (count - 1);
    to_start = (double)(first->t_ms - lo) / 1000.0;
    to_end = (double)(hi - last->t_ms) / 1000.0;
    to_start = to_start >= mean * 1.1 ? mean / 2.0 : to_start;
    if (v > 0.0) {
        to_start = fmin(to_start, sampled * (first->v / v));
    }
    to_end = to_end >= mean * 1.1 ? mean / 2.0 : to_end;
    return v * ((sampled + to_start + to_end) / sampled) / ((double)(hi - lo) / 1000.0);
}

/*
 * rate over moving windows of a ring that wraps, with resets and stale markers; windows now and
 * then jump back.
 */
START_TEST(moving_windows_are_right)
{
    static struct sample x[2000];
    struct promql_eval *e = compile("rate(x[2m])", DEFAULT),
                       *back = compile("rate(x[1m] offset 1m)", DEFAULT);
    int s = rs_tsdb_series(db, series_labels(labels, "x"));
    double v = 0.0;

    rs_tsdb_retain(db, s, 120000);
    for (int i = 0; i < N(x); i++) {
        int64_t t_ms = i * 7000 + i % 5, hi = t_ms + i % 11;
        struct vector got;
        double expected;

        v = i % 97 == 0 ? 3.0 : v + 0.125 * (i % 13); /* eighths: sums are exact in any order */
        x[i] = (struct sample){t_ms, i % 211 == 0 ? rs_tsdb_stale() : v};
        ck_assert(rs_tsdb_append(db, s, t_ms, x[i].v));
        for (int k = 0; k < 2; k++) {
            ck_assert_int_eq(rs_promql_eval(k ? back : e, hi, &got, NULL), 0);
            expected = k ? plain_rate(x, i + 1, hi - 120000, hi - 60000)
                         : plain_rate(x, i + 1, hi - 120000, hi);
            ck_assert_int_eq(got.n, !isnan(expected));
            ck_assert(got.n == 0 || fabs(got.item[0].v - expected) <= 1e-14 * expected);
        }
    }
    rs_promql_eval_free(e);
    rs_promql_eval_free(back);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("promql_eval");
    TCase *tc = tcase_create("eval");
    SRunner *sr;
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, evaluates, 0, N(rows));
    tcase_add_loop_test(tc, refuses_ambiguous_results, 0, N(fails));
    tcase_add_loop_test(tc, versions_differ, 0, N(versions));
    tcase_add_loop_test(tc, histogram_quantile_edges, 0, N(quantiles));
    tcase_add_loop_test(tc, a_condition_is_true, 0, N(truths));
    tcase_add_test(tc, selectors_follow_the_tsdb);
    tcase_add_test(tc, moving_windows_are_right);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
