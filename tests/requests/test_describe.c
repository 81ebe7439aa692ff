/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Facts about recordings: quantiles within their accuracy, steps that widen, silences, gaps, resets, stale markers. */
#include "scenarios/describe.h"

#include <check.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct err_list errors;
static struct recording_facts facts;

static void begin(void)
{
    rs_err_list_init(&errors);
}

static void end(void)
{
    rs_recording_facts_clear(&facts);
    rs_err_list_clear(&errors);
}

static int describe(const char *text, size_t n, const char *format)
{
    const struct describe_options opt = {.format = format};
    return rs_recording_describe_text(&facts, "f", text, n, &opt, &errors);
}

/* ---- requests ---- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Latencies over nine decades: every quantile is the true one to 1/256, those of a step to 12 %. */
START_TEST(test_quantiles)
{
    enum { N = 20000 };
    char *text = malloc(N * 48);
    double *sorted = malloc(sizeof(double) * N);
    size_t used = (size_t)snprintf(text, 48, "time,latency\n");
    unsigned x = 7;
    for (int i = 0; i < N; i++) {
        x = x * 1664525U + 1013904223U;
        sorted[i] = pow(10.0, -6.0 + 9.0 * (x >> 8) / 16777216.0);
        used += (size_t)snprintf(text + used, 48, "%d,%.9f\n", i / 100, sorted[i]);
        sorted[i] = round(sorted[i] * 1e9) / 1e9;
    }
    ck_assert_int_eq(describe(text, used, NULL), 0);
    qsort(sorted, N, sizeof(double), by_value);
    const struct latency_counts *l = &facts.requests->latency;
    ck_assert_uint_eq(l->n, N);
    ck_assert_double_eq(l->min_s, sorted[0]);
    ck_assert_double_eq(l->max_s, sorted[N - 1]);
    static const double q[] = {1e-9, 0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0};
    for (size_t i = 0; i < sizeof(q) / sizeof(q[0]); i++) {
        double right = sorted[(int)fmax(0.0, ceil(q[i] * N) - 1)];
        double told = rs_latency_quantile(l, q[i]);
        ck_assert_msg(fabs(told - right) <= right / 256, "q %g: %g, not %g", q[i], told, right);
        struct request_step all = {0};
        for (int k = 0; k < facts.requests->n_step; k++) {
            rs_step_add(&all, &facts.requests->step[k]);
        }
        told = rs_step_quantile(&all, q[i]);
        ck_assert_msg(fabs(told - right) <= 0.126 * right || right < 2.1e-6,
                      "step, q %g: %g, not %g", q[i], told, right);
    }
    free(text);
    free(sorted);
}
END_TEST

START_TEST(test_no_latency)
{
    struct latency_counts none = {0};
    struct request_step step = {0};
    ck_assert(isnan(rs_latency_quantile(&none, 0.5)));
    ck_assert(isnan(rs_step_quantile(&step, 0.5)));
}
END_TEST

static const struct {
    double every_s;
    int n;
    const char *step; /* in ms */
} widths[] = {
    {0.0005, 100, "1"},  {0.001, 1024, "1"},   {0.001, 1500, "2"},    {0.01, 1000, "10"},
    {1.0, 1000, "1000"}, {1.0, 5000, "10000"}, {60.0, 1000, "60000"}, {3600.0, 40000, "604800000"},
};
enum { N_WIDTH = sizeof(widths) / sizeof(widths[0]) };

/* However long it is: at most 1024 steps, round ones, at multiples of their width, and no request is lost. */
START_TEST(test_steps)
{
    int n = widths[_i].n;
    char *text = malloc((size_t)n * 32), step[32];
    size_t used = 0;
    for (int i = 0; i < n; i++) {
        used += (size_t)snprintf(text + used, 32, "%.6f\n", 1e9 + i * widths[_i].every_s);
    }
    ck_assert_int_eq(describe(text, used, "times"), 0);
    const struct request_facts *f = facts.requests;
    uint64_t sum = 0;
    for (int i = 0; i < f->n_step; i++) {
        sum += f->step[i].n;
    }
    ck_assert_uint_eq(sum, (uint64_t)n);
    ck_assert_int_le(f->n_step, RS_STEPS_MAX);
    ck_assert_int_eq(f->start_ns % f->step_ns, 0);
    snprintf(step, sizeof(step), "%" PRId64, f->step_ns / 1000000);
    ck_assert_str_eq(step, widths[_i].step);
    ck_assert_int_eq(f->n_silence_all, 0);
    int n_merged = 0;
    int64_t step_ns = 0, start_ns = 0;
    struct request_step *merged = rs_request_steps(f, 10, &n_merged, &step_ns, &start_ns);
    sum = 0;
    for (int i = 0; i < n_merged; i++) {
        sum += merged[i].n;
    }
    ck_assert_uint_eq(sum, (uint64_t)n);
    ck_assert_int_le(n_merged, 10);
    ck_assert_int_eq(start_ns % step_ns, 0);
    free(merged);
    free(text);
}
END_TEST

/* A request a second, then none for half a minute, then again; a rate that halves at night is no silence. */
START_TEST(test_silence)
{
    char text[8192];
    size_t used = 0;
    double at = 1e9;
    for (int i = 0; i < 300; i++) {
        at += i == 100 ? 30.0 : i > 200 ? 8.0 : 1.0;
        used += (size_t)snprintf(text + used, 32, "%.3f\n", at);
    }
    ck_assert_int_eq(describe(text, used, NULL), 0);
    const struct request_facts *f = facts.requests;
    ck_assert_int_eq(f->n_silence, 1);
    ck_assert_int_eq(f->silence[0].from_ns, INT64_C(1000000100000000000));
    ck_assert_int_eq(f->silence[0].to_ns, INT64_C(1000000130000000000));
    ck_assert_int_eq(f->silent_ns, INT64_C(30000000000));
}
END_TEST

/* Of a hundred silences the 64 longest stay, in the order of time. */
START_TEST(test_many_silences)
{
    enum { N = 100 };
    char *text = malloc(N * 40 * 24);
    size_t used = 0;
    double at = 1e9;
    for (int i = 0; i < N; i++) {
        for (int k = 0; k < 40; k++) {
            at += k == 39 ? 1000.0 + (i * 37) % N : 0.5;
            used += (size_t)snprintf(text + used, 24, "%.1f\n", at);
        }
    }
    ck_assert_int_eq(describe(text, used, NULL), 0);
    const struct request_facts *f = facts.requests;
    ck_assert_uint_eq(f->n_silence_all, N);
    ck_assert_int_eq(f->n_silence, RS_SILENCES_MAX);
    for (int i = 0; i < f->n_silence; i++) {
        ck_assert_int_ge(f->silence[i].to_ns - f->silence[i].from_ns, INT64_C(1036000000000));
        ck_assert(i == 0 || f->silence[i].from_ns > f->silence[i - 1].from_ns);
    }
    free(text);
}
END_TEST

START_TEST(test_mix)
{
    static const char text[] = "time,status,path\n1,200,/a\n2,500,/a\n3,404,/b\n4,,/a\n5,503,\n";
    ck_assert_int_eq(describe(text, sizeof(text) - 1, NULL), 0);
    const struct request_facts *f = facts.requests;
    ck_assert_uint_eq(f->n_by_status[200], 1);
    ck_assert_uint_eq(f->n_by_status[0], 1);
    ck_assert_int_eq(f->n_route, 2);
    ck_assert_str_eq(f->route[0].name, "/a");
    ck_assert_uint_eq(f->route[0].n, 3);
    ck_assert_uint_eq(f->route[0].n_5xx, 1);
    ck_assert_uint_eq(f->step[0].n, 1);
    ck_assert_str_eq(facts.packing, "plain");
}
END_TEST

/* More routes than there is room for: the first ones are counted by themselves, all others together. */
START_TEST(test_many_routes)
{
    enum { N = 3000 };
    char *text = malloc(N * 2 * 32);
    size_t used = (size_t)snprintf(text, 32, "time,path,status\n");
    for (int i = 0; i < 2 * N; i++) {
        used += (size_t)snprintf(text + used, 32, "%d,/%d,200\n", i, i % N);
    }
    ck_assert_int_eq(describe(text, used, NULL), 0);
    ck_assert_int_eq(facts.requests->n_route, RS_ROUTES_MAX);
    ck_assert_uint_eq(facts.requests->n_other_route, 2 * (N - RS_ROUTES_MAX));
    for (int i = 0; i < RS_ROUTES_MAX; i++) {
        ck_assert_uint_eq(facts.requests->route[i].n, 2);
    }
    free(text);
}
END_TEST

/* ---- series ---- */

static const struct {
    const char *what, *text;
    enum series_format format;
    int n_series, series; /* which one is looked at */
    const char *told;     /* "kind n step gaps resets stale nan zeros min mean max increase" */
} rows[] = {
    {"counts", "# seconds\n3\n0\n1\n", RS_SERIES_COUNTS, 1, 0, "gauge 3 1000 0 0 0 0 1 0 1.33 3 0"},
    {"a table with words as headings",
     "TimeStamp,Cpu(m),Rate(%)\n1661140279,5,1\n1661140339,7,\n1661140399,9,3\n", RS_SERIES_TABLE,
     2, 0, "gauge 3 60000 0 0 0 0 0 5 7 9 0"},
    {"an empty cell is no sample",
     "TimeStamp,Cpu(m),Rate(%)\n1661140279,5,1\n1661140339,7,\n1661140399,9,3\n", RS_SERIES_TABLE,
     2, 1, "gauge 2 120000 0 0 0 0 0 1 2 3 0"},
    {"labels in columns, the time inside, stale",
     "service,unix_ts,requests\na,10,1\nb,10,5\na,20,stale\nb,20,7\n", RS_SERIES_TABLE, 2, 0,
     "gauge 2 10000 0 0 1 0 0 1 1 1 0"},
    {"a counter begins anew",
     "# TYPE x_total counter\nx_total 10 10\nx_total 15 20\nx_total 2 30\nx_total 4 40\n# EOF\n",
     RS_SERIES_OPENMETRICS, 1, 0, "counter 4 10000 0 1 0 0 0 2 7.75 15 9"},
    {"a counter by its values",
     "t,n\n0,5\n10,6\n20,8\n30,9\n40,1\n50,2\n60,3\n70,4\n80,5\n90,7\n100,8\n110,8\n120,9\n130,"
     "10\n140,11\n150,12\n160,13\n170,14\n180,15\n190,16\n200,17\n",
     RS_SERIES_TABLE, 1, 0, "counter 21 10000 0 1 0 0 0 1 8.71 17 21"},
    {"one that falls a little is none", "t,n\n0,5\n10,6\n20,8\n30,7\n40,9\n", RS_SERIES_TABLE, 1, 0,
     "gauge 5 10000 0 0 0 0 0 5 7 9 0"},
    {"a gap; behind a stale marker there is none",
     "t,n\n0,5\n10,6\n20,8\n60,7\n70,stale\n200,9\n210,NaN\n", RS_SERIES_TABLE, 1, 0,
     "gauge 7 10000 1 0 1 1 0 5 7 9 0"},
    {"answers, each under its query",
     "{\"query\":\"up\",\"data\":{\"resultType\":\"matrix\",\"result\":[{\"metric\":{\"__name__\":"
     "\"up\"},\"values\":[[1,\"1\"],[2,\"0\"]]}]}}\n"
     "{\"query\":\"up == "
     "1\",\"data\":{\"resultType\":\"matrix\",\"result\":[{\"metric\":{\"__name__\":\"up\"},"
     "\"values\":[[1,\"1\"]]}]}}\n",
     RS_SERIES_JSON, 2, 0, "gauge 2 1000 0 0 0 0 1 0 0.5 1 0"},
    {"JSON lines",
     "{\"timestamp\":1446249499322,\"a\":{\"b\":1,\"c\":[4]},\"w\":\"x\",\"n\":null}\n{"
     "\"timestamp\":1446249504322,\"a\":{\"b\":3}}\n",
     RS_SERIES_JSON_LINES, 2, 0, "gauge 2 5000 0 0 0 0 0 1 2 3 0"},
    {"strictly read CSV stays what it was", "t_s,\"x{a=\"\"b\"\"}\"\n0,1\n60,2\n",
     RS_SERIES_CSV_WIDE, 1, 0, "gauge 2 60000 0 0 0 0 0 1 1.5 2 0"},
};
enum { N_ROW = sizeof(rows) / sizeof(rows[0]) };

START_TEST(test_series)
{
    char told[256];
    int status = describe(rows[_i].text, strlen(rows[_i].text), NULL);
    ck_assert_msg(status == 0, "%s: %s", rows[_i].what, errors.n ? errors.item[0].text : "");
    ck_assert_msg(facts.series != NULL, "%s: requests", rows[_i].what);
    ck_assert_int_eq(facts.series->format, rows[_i].format);
    ck_assert_int_eq(facts.series->n_fact, rows[_i].n_series);
    const struct series_facts *f = &facts.series->fact[rows[_i].series];
    snprintf(told, sizeof(told), "%s %zu %" PRId64 " %zu %zu %zu %zu %zu %.3g %.3g %.3g %.3g",
             f->kind == RS_KIND_COUNTER ? "counter" : "gauge", f->n, f->step_ms, f->n_gap,
             f->n_reset, f->n_stale, f->n_nan, f->n_zero, f->min, f->mean, f->max, f->increase);
    ck_assert_msg(strcmp(told, rows[_i].told) == 0, "%s: %s", rows[_i].what, told);
}
END_TEST

static const struct {
    const char *what, *text, *format, *error; /* "LINE:COL TEXT" */
} bad[] = {
    {"nothing", "", NULL, "0:0 the file holds no samples"},
    {"a word among the counts", "1\nx\n", NULL, "2:1 one number a line is expected, got \"x\""},
    {"a table of words", "time,a\n1,x\n", NULL, "2:1 no column but the time holds numbers"},
    {"a word among numbers", "time,a\n1,2\n2,x\n", NULL,
     "3:3 a number or nothing is expected in the column \"a\", got \"x\""},
    {"a row too short", "time,a\n1\n", NULL, "2:1 no column but the time holds numbers"},
    {"no time", "time,a\nx,1\n", NULL,
     "2:1 a time must be a number, \"YYYY-MM-DD HH:MM:SS\" or ISO 8601, got \"x\""},
    {"two columns of a name", "time,a,a\n1,2,3\n", NULL, "1:8 two columns are called \"a\""},
    {"JSON lines without a time", "{\"a\":1}\n", NULL,
     "1:1 the object has no field that is a time, called \"time\" or the like"},
    {"no such format", "x\n", "jason",
     "0:0 no recording has the format \"jason\", did you mean \"json\"?"},
    {"a log that was said to be one", "x\n", "common",
     "0:0 1 of 1 lines cannot be read as common (100 %), more than the 5 % that are allowed"},
};
enum { N_BAD = sizeof(bad) / sizeof(bad[0]) };

START_TEST(test_bad)
{
    char told[512];
    ck_assert_int_eq(describe(bad[_i].text, strlen(bad[_i].text), bad[_i].format), -1);
    ck_assert_uint_ge(errors.n, 1);
    snprintf(told, sizeof(told), "%d:%d %s", errors.item[0].line, errors.item[0].col,
             errors.item[0].text);
    ck_assert_msg(strcmp(told, bad[_i].error) == 0, "%s: %s", bad[_i].what, told);
}
END_TEST

START_TEST(test_gaps_and_resets)
{
    static const char text[] = "t,x_total\n0,5\n10,6\n20,1\n30,2\n80,3\n90,0\n100,1\n";
    struct silence gap[4];
    int64_t reset[4];
    ck_assert_int_eq(describe(text, sizeof(text) - 1, NULL), 0);
    const struct series_facts *f = facts.series->fact;
    ck_assert_int_eq(rs_series_gaps(facts.series->set, f, gap, 4), 1);
    ck_assert_int_eq(gap[0].from_ns, INT64_C(30000000000));
    ck_assert_int_eq(gap[0].to_ns, INT64_C(80000000000));
    ck_assert_int_eq(rs_series_resets(facts.series->set, f, reset, 4), 2);
    ck_assert_int_eq(reset[0], 20000);
    ck_assert_int_eq(reset[1], 90000);
    ck_assert_int_eq(rs_series_resets(facts.series->set, f, reset, 1), 1);
    ck_assert_int_eq(f->longest_gap_at_ms, 30000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("describe");
    TCase *tc = tcase_create("facts");
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_test(tc, test_quantiles);
    tcase_add_test(tc, test_no_latency);
    tcase_add_loop_test(tc, test_steps, 0, N_WIDTH);
    tcase_add_test(tc, test_silence);
    tcase_add_test(tc, test_many_silences);
    tcase_add_test(tc, test_mix);
    tcase_add_test(tc, test_many_routes);
    tcase_add_loop_test(tc, test_series, 0, N_ROW);
    tcase_add_loop_test(tc, test_bad, 0, N_BAD);
    tcase_add_test(tc, test_gaps_and_resets);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
