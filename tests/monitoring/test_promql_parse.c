/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "models/promql.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

static const struct promql *
parse(struct arena *arena, const char *text, struct mark at, int indent, struct err *err)
{
    return rs_promql_parse(arena, &(struct promql_text){text, at, indent, RS_PROMQL_3}, err);
}

static const struct print_row {
    const char *text, *print;
} prints[] = {
    {"1", "1"},
    {"+ 1", "1"},
    {"-1", "-1"},
    {"- - 1", "1"},
    {"010", "8"},
    {"0x1F", "31"},
    {"1_000.5", "1000.5"},
    {".5e-3", "0.0005"},
    {"5m", "5m"},
    {"1h30m", "1h30m"},
    {"- 90s", "-1m30s"},
    {"0.1", "0.1"},
    {"1e22", "10000000000000000000000"},
    {"1.5e30", "1500000000000000000000000000000"},
    {"123456789.25", "123456789.25"},
    {"0.000001", "0.000001"},
    {"1e-9", "0.000000001"},
    {"1.25e-7", "0.000000125"},
    {"0", "0"},
    {"INF", "+Inf"},
    {"+inf ^ 2", "+Inf ^ 2"},
    {"inf - +inf", "+Inf - +Inf"},
    {"-inf", "-Inf"},
    {"nan", "NaN"},
    {"-1^2", "-1 ^ 2"},
    {"2^3^2", "2 ^ 3 ^ 2"},
    {"-x", "-x"},
    {"(a)", "(a)"},
    {"up", "up"},
    {"job:x:rate5m", "job:x:rate5m"},
    {"up{}", "up"},
    {"up{a='b',}", "up{a=\"b\"}"},
    {"{a=~\"x.*\",b!~\"y\"}", "{a=~\"x.*\",b!~\"y\"}"},
    {"{\"a.b\", \"c.d\"=\"e\"}", "{\"c.d\"=\"e\",__name__=\"a.b\"}"},
    {"x{a=\"q\\\"\\n\\x41\"}", "x{a=\"q\\\"\\nA\"}"},
    {"x{b='1',a=~'2',b!='0'}", "x{a=~\"2\",b!=\"0\",b=\"1\"}"},
    {"'\\a\\001\\xff\\u00e9'", "\"\\a\\x01\\xff\303\251\""},
    {"x{a=`raw\\`}", "x{a=\"raw\\\\\"}"},
    {"x[5m]", "x[5m]"},
    {"rate(x[90s])", "rate(x[1m30s])"},
    {"rate(x[300])", "rate(x[5m])"},
    {"x OFFSET 5m", "x offset 5m"},
    {"x offset -1d", "x offset -1d"},
    {"x @ 1.5 offset 1m", "x @ 1.500 offset 1m"},
    {"x offset 1m @ end()", "x @ end() offset 1m"},
    {"rate(x[5m] offset 1h)", "rate(x[5m] offset 1h)"},
    {"max_over_time(rate(x[5m])[1h:30s])", "max_over_time(rate(x[5m])[1h:30s])"},
    {"min_over_time(x[1h:])", "min_over_time(x[1h:])"},
    {"SUM(x) BY (a,b,)", "sum by (a, b) (x)"},
    {"sum by () (x)", "sum(x)"},
    {"sum without () (x)", "sum without () (x)"},
    {"sum by (and, on) (x)", "sum by (and, on) (x)"},
    {"topk(3, x)", "topk(3, x)"},
    {"quantile by (a) (0.9, x)", "quantile by (a) (0.9, x)"},
    {"a+b*c", "a + b * c"},
    {"a or b and c unless d", "a or b and c unless d"},
    {"a > bool 2", "a > bool 2"},
    {"a*on(x)group_left(y)b", "a * on (x) group_left (y) b"},
    {"a / ignoring (x) group_right b", "a / ignoring (x) group_right () b"},
    {"a + ignoring () b", "a + b"},
    {"a + ignoring () group_left (x) b", "a + ignoring () group_left (x) b"},
    {"sum", "sum"},
    {"offset + by", "offset + by"},
    {"x # comment\n+ y # another", "x + y"},
    {"absent(x{a=\"b\"}) or vector(1)", "absent(x{a=\"b\"}) or vector(1)"},
    {"label_join(x, 'd', ',', 'a')", "label_join(x, \"d\", \",\", \"a\")"},
    {"round(x)", "round(x)"},
    {"time()", "time()"},
};

START_TEST(prints_canonically)
{
    const struct print_row *row = &prints[_i];
    struct arena *arena = rs_arena_new();
    struct mark at = {"f", 1, 1};
    struct err err = {0};
    const struct promql *q = parse(arena, row->text, at, 0, &err);
    const char *print;

    ck_assert_msg(q != NULL, "%s: %s", row->text, err.text);
    print = rs_promql_print(arena, q);
    ck_assert_str_eq(print, row->print);
    q = parse(arena, print, at, 0, &err);
    ck_assert_msg(q != NULL, "%s again: %s", print, err.text);
    ck_assert_str_eq(rs_promql_print(arena, q), print);
    rs_arena_free(arena);
}
END_TEST

static const struct error_row {
    const char *text;
    int line, col; /* the text starts at 10:5, later lines are indented by 4 */
    enum rs_errc code;
    const char *message;
} errors[] = {
    {"", 10, 5, RS_E_SYNTAX, "the expression is empty"},
    {"x + ", 10, 9, RS_E_SYNTAX, "unexpected end of expression"},
    {"x +\n  )", 11, 7, RS_E_SYNTAX, "unexpected \")\" in expression"},
    {"x y", 10, 7, RS_E_SYNTAX, "unexpected \"y\" in expression, expected an operator or the end"},
    {"(x", 10, 7, RS_E_SYNTAX, "unexpected end of expression, expected \")\""},
    {"x{", 10, 7, RS_E_SYNTAX, "unexpected end of label matching, expected a label name or \"}\""},
    {"x{a}", 10, 8, RS_E_SYNTAX, "unexpected \"}\" in label matching, expected one of = != =~ !~"},
    {"x{a=b}", 10, 9, RS_E_SYNTAX, "unexpected \"b\" in label matching, expected a string"},
    {"x{a=~\"(\"}", 10, 10, RS_E_SYNTAX, "bad regular expression: missing closing )"},
    {"x{a=~\"(?=y)\"}", 10, 10, RS_E_SYNTAX,
     "bad regular expression: RE2 has no look-around and no special groups"},
    {"x{a=~\"(y)\\\\1\"}", 10, 10, RS_E_SYNTAX,
     "bad regular expression: RE2 has no back references"},
    {"{a=\"\"}", 10, 5, RS_E_SYNTAX,
     "a selector must have a matcher that refuses the empty string"},
    {"x{__name__=\"y\"}", 10, 5, RS_E_SYNTAX, "the metric name is given twice: x and y"},
    {"\"abc", 10, 5, RS_E_SYNTAX, "unterminated string"},
    {"\"a\\qb\"", 10, 7, RS_E_SYNTAX, "unknown escape in string"},
    {"1.5h", 10, 5, RS_E_SYNTAX, "bad number or duration \"1.5h\""},
    {"30m1h", 10, 5, RS_E_SYNTAX, "bad number or duration \"30m1h\""},
    {"a ! b", 10, 7, RS_E_SYNTAX, "unexpected character after '!', expected != or !~"},
    {"a ; b", 10, 7, RS_E_SYNTAX, "unexpected character ';'"},
    {"\"\303\251\" ;", 10, 9, RS_E_SYNTAX, "unexpected character ';'"}, /* columns are characters */
    {"x[0s]", 10, 7, RS_E_RANGE, "the duration must be greater than 0"},
    {"x[5m", 10, 9, RS_E_SYNTAX, "unexpected end of range, expected \":\" or \"]\""},
    {"(x)[5m]", 10, 8, RS_E_SYNTAX, "a range is only allowed after a selector"},
    {"x offset 5m [5m]", 10, 17, RS_E_SYNTAX, "offset must come after the range"},
    {"x offset 5m offset 5m", 10, 17, RS_E_SYNTAX, "offset is only allowed once"},
    {"(x) offset 5m", 10, 9, RS_E_SYNTAX, "offset is only allowed after a selector or a subquery"},
    {"frobnicate(x)", 10, 5, RS_E_REF, "unknown function frobnicate"},
    {"reate(x[5m])", 10, 5, RS_E_REF, "unknown function reate, did you mean rate?"},
    {"RATE(x[5m])", 10, 5, RS_E_REF, "unknown function RATE"},
    {"1 +\nmad_over_time(x[5m])", 11, 5, RS_E_UNSUPPORTED,
     "function mad_over_time is experimental in Prometheus 3, which has it switched off"},
    {"limitk(2, x)", 10, 5, RS_E_UNSUPPORTED,
     "aggregator limitk is experimental in Prometheus 3, which has it switched off"},
    {"histogram_sum(x)", 10, 5, RS_E_UNSUPPORTED,
     "function histogram_sum needs native histograms, which are not supported"},
    {"first_over_time(x[5m])", 10, 5, RS_E_UNSUPPORTED,
     "function first_over_time is of a Prometheus later than 3.5"},
    {"holt_winters(x[5m], 0.5, 0.5)", 10, 5, RS_E_REF,
     "function holt_winters is unknown in Prometheus 3, known up to 2.53"},
    {"rate(x[5m * 2])", 10, 15, RS_E_UNSUPPORTED,
     "arithmetic on durations is experimental in Prometheus 3, which has it switched off"},
    {"x offset (5m)", 10, 14, RS_E_UNSUPPORTED,
     "arithmetic on durations is experimental in Prometheus 3, which has it switched off"},
    {"count_values(v, x)", 10, 18, RS_E_TYPE,
     "the parameter of count_values must be a string, got an instant vector"},
    {"count_values(\"\", x)", 10, 18, RS_E_RANGE, "invalid label name \"\" in count_values"},
    {"rate(x)", 10, 10, RS_E_TYPE,
     "argument 1 of rate must be a range vector, got an instant vector"},
    {"abs(x[5m])", 10, 9, RS_E_TYPE,
     "argument 1 of abs must be an instant vector, got a range vector"},
    {"rate(x[5m], 1)", 10, 5, RS_E_TYPE, "rate takes 1 argument, got 2"},
    {"rate()", 10, 5, RS_E_TYPE, "rate takes 1 argument, got 0"},
    {"clamp(x)", 10, 5, RS_E_TYPE, "clamp takes 3 arguments, got 1"},
    {"round()", 10, 5, RS_E_TYPE, "round takes at least 1 argument, got 0"},
    {"round(x, 1, 2)", 10, 5, RS_E_TYPE, "round takes at most 2 arguments, got 3"},
    {"rate(x[5m],)", 10, 16, RS_E_SYNTAX, "unexpected \")\" in expression"},
    {"sum(1)", 10, 9, RS_E_TYPE, "sum takes an instant vector, got a scalar"},
    {"sum(x, y)", 10, 5, RS_E_TYPE, "sum takes 1 argument, got 2"},
    {"topk(x, y)", 10, 10, RS_E_TYPE,
     "the parameter of topk must be a scalar, got an instant vector"},
    {"x + y[5m]", 10, 9, RS_E_TYPE,
     "operator + takes scalars and instant vectors, got a range vector"},
    {"1 == 2", 10, 7, RS_E_TYPE, "a comparison between scalars must use bool: == bool"},
    {"x + bool y", 10, 7, RS_E_TYPE, "bool is only allowed with comparisons"},
    {"x and 1", 10, 7, RS_E_TYPE, "operator and is only allowed between instant vectors"},
    {"x + on (a) 1", 10, 7, RS_E_TYPE, "on and ignoring are only allowed between instant vectors"},
    {"x and on (a) group_left () y", 10, 7, RS_E_TYPE, "no grouping allowed for and"},
    {"x + on (a) group_left (a) y", 10, 7, RS_E_SYNTAX,
     "label a must not be both in on and in the group clause"},
    {"-\"a\"", 10, 5, RS_E_TYPE,
     "a sign is only allowed before scalars and instant vectors, got a string"},
    {"x[1y:1ms]", 10, 6, RS_E_RANGE,
     "a subquery may have at most 50000000 points, got 31536000000"},
    {"1[5m:]", 10, 6, RS_E_TYPE, "a subquery is only allowed over an instant vector, got a scalar"},
    {"label_replace(x, \"d\", \"$1\", \"s\", \"(\")", 10, 38, RS_E_SYNTAX,
     "bad regular expression: missing closing )"},
};

START_TEST(errors_have_words_and_place)
{
    const struct error_row *row = &errors[_i];
    struct arena *arena = rs_arena_new();
    struct mark at = {"rules.yml", 10, 5};
    struct err err = {0};

    ck_assert_ptr_null(parse(arena, row->text, at, 4, &err));
    ck_assert_str_eq(err.text, row->message);
    ck_assert_str_eq(err.file, "rules.yml");
    ck_assert_msg(err.line == row->line && err.col == row->col, "%s: at %d:%d, expected %d:%d",
                  row->text, err.line, err.col, row->line, row->col);
    ck_assert_int_eq(err.code, row->code);
    ck_assert_ptr_null(parse(arena, row->text, at, 4, NULL));
    rs_arena_free(arena);
}
END_TEST

/* Numbers print with exponents before 3. */
static const struct print_row older_prints[] = {
    {"999999", "999999"},
    {"1000000", "1e+06"},
    {"2592000", "2.592e+06"},
    {"0.0001", "0.0001"},
    {"0.00001", "1e-05"},
    {"12345678.5", "1.23456785e+07"},
    {"x[1w] offset 1d", "x[1w] offset 1d"},
};

START_TEST(older_languages_print)
{
    const struct print_row *row = &older_prints[_i];
    struct arena *arena = rs_arena_new();
    struct promql_text text = {row->text, {"f", 1, 1}, 0, RS_PROMQL_2_53};
    const struct promql *q = rs_promql_parse(arena, &text, NULL);

    ck_assert_ptr_nonnull(q);
    ck_assert_str_eq(rs_promql_print(arena, q), row->print);
    rs_arena_free(arena);
}
END_TEST

/* What the older languages refuse. */
static const struct dialect_row {
    enum promql_dialect dialect;
    const char *text;
    int col;
    const char *message;
} older[] = {
    {RS_PROMQL_2_42, "x[0s]", 3, "the duration must be greater than 0"},
    {RS_PROMQL_2_42, "x offset 0s", 10, "the duration must be greater than 0"},
    {RS_PROMQL_2_42, "x offset 5", 10, "unexpected \"5\" in offset, expected a duration"},
    {RS_PROMQL_2_53, "x[300]", 3, "unexpected \"300\" in range, expected a duration"},
    {RS_PROMQL_2_53, "x > 5m", 5, "a duration is no number in Prometheus 2.53"},
    {RS_PROMQL_2_53, "1_000", 1, "bad number or duration \"1_000\""},
    {RS_PROMQL_2_42, "{\"x\"}", 2, "names in quotes are unknown in Prometheus 2.42"},
    {RS_PROMQL_2_53, "sum by (\"a\") (x)", 9,
     "unexpected \"\"a\"\" in label list, expected a label name"},
    {RS_PROMQL_2_42, "mad_over_time(x[5m])", 1,
     "function mad_over_time is unknown in Prometheus 2.42, known from 2.53"},
    {RS_PROMQL_2_53, "info(x)", 1, "function info is unknown in Prometheus 2.53, known from 3"},
    {RS_PROMQL_2_53, "limitk(2, x)", 1, "unknown function limitk"},
    {RS_PROMQL_2_42, "histogram_fraction(0, 1, x)", 1,
     "function histogram_fraction needs native histograms, which are not supported"},
    {RS_PROMQL_2_42, "label_replace(x, \"a.b\", \"\", \"\", \"\")", 18,
     "invalid label name \"a.b\" in label_replace"},
    {RS_PROMQL_2_42, "x{a=~\"(?<n>y)\"}", 6,
     "bad regular expression: RE2 has no look-around and no special groups"},
};

START_TEST(older_languages_refuse)
{
    const struct dialect_row *row = &older[_i];
    struct arena *arena = rs_arena_new();
    struct promql_text text = {row->text, {"f", 1, 1}, 0, row->dialect};
    struct err err = {0};

    ck_assert_msg(rs_promql_parse(arena, &text, &err) == NULL, "%s", row->text);
    ck_assert_str_eq(err.text, row->message);
    ck_assert_msg(err.col == row->col, "%s: column %d", row->text, err.col);
    rs_arena_free(arena);
}
END_TEST

START_TEST(deep_nesting_is_refused_not_crashed)
{
    static const struct {
        const char *open, *core, *close;
    } shapes[] = {
        {"(", "1", ")"}, {"-", "x", ""}, {"abs(", "x", ")"}, {"1+", "1", ""}, {"1^", "1", ""}};
    struct arena *arena = rs_arena_new();
    char *text = calloc(100000, 1);
    struct err err = {0};

    for (int i = 0; i < 10000; i++) {
        strcat(text + (i > 100 ? (i - 100) * (int)strlen(shapes[_i].open) : 0), shapes[_i].open);
    }
    strcat(text, shapes[_i].core);
    ck_assert_ptr_null(parse(arena, text, (struct mark){"f", 1, 1}, 0, &err));
    ck_assert_str_eq(err.text, "the expression is nested too deeply");
    free(text);
    rs_arena_free(arena);
}
END_TEST

static const struct span_row {
    const char *text, *metric;
    int64_t span_s;
    int col;
} spans[] = {
    {"up", "up", 300, 1},
    {"up offset 1m", "up", 360, 1},
    {"up offset -1m", "up", 300, 1},
    {"1 + rate(x[10m])", "x", 600, 10},
    {"rate(x[10m] offset 1h)", "x", 4200, 6},
    {"max_over_time(rate(x[5m])[1h:1m])", "x", 3900, 20},
    {"{__name__=\"x\",a=\"b\"}", "x", 300, 1},
};

struct seen {
    const char *metric;
    int64_t span_ms;
    struct mark at;
    int n;
};

static void see(void *ctx, const char *metric, int64_t span_ms, struct mark at)
{
    struct seen *seen = ctx;

    *seen = (struct seen){metric, span_ms, at, seen->n + 1};
}

START_TEST(selectors_tell_how_far_back_they_look)
{
    const struct span_row *row = &spans[_i];
    struct arena *arena = rs_arena_new();
    struct seen seen = {0};
    const struct promql *q = parse(arena, row->text, (struct mark){"f", 1, 1}, 0, NULL);

    ck_assert_ptr_nonnull(q);
    rs_promql_selectors(q, 300000, see, &seen);
    ck_assert_int_eq(seen.n, 1);
    ck_assert_str_eq(seen.metric, row->metric);
    ck_assert_int_eq(seen.span_ms, row->span_s * 1000);
    ck_assert_int_eq(seen.at.col, row->col);
    rs_arena_free(arena);
}
END_TEST

static const struct threshold_row {
    const char *text;
    int n;
    double value[2];
    const char *last; /* text of the last one */
} thresholds[] = {
    {"x > 0.005", 1, {0.005}, "x > 0.005"},
    {"(x / y > 0.5)", 1, {0.5}, "x / y > 0.5"},
    {"0.1 < x", 1, {0.1}, "0.1 < x"},
    {"x < -2", 1, {-2}, "x < -2"},
    {"x > (3)", 1, {3}, "x > (3)"},
    {"x > y", 0, {0}, NULL},
    {"x + 1", 0, {0}, NULL},
    {"x > 1 and y > 2", 2, {1, 2}, "y > 2"},
    {"(x > 1 or up) and z < 4", 2, {1, 4}, "z < 4"},
    {"x > 1 unless y > 2", 1, {1}, "x > 1"},
    {"x > 1 or y > 2 or z > 3", 2, {1, 2}, "y > 2"}, /* room for two */
};

START_TEST(threshold_is_found)
{
    const struct threshold_row *row = &thresholds[_i];
    struct arena *arena = rs_arena_new();
    const struct promql *q = parse(arena, row->text, (struct mark){"f", 1, 1}, 0, NULL);
    struct promql_threshold found[2];

    ck_assert_ptr_nonnull(q);
    ck_assert_int_eq(rs_promql_thresholds(arena, q, found, 2), row->n);
    for (int i = 0; i < row->n; i++) {
        ck_assert_double_eq(found[i].value, row->value[i]);
    }
    if (row->n > 0) {
        ck_assert_str_eq(found[row->n - 1].text, row->last);
    }
    rs_arena_free(arena);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("promql_parse");
    TCase *tc = tcase_create("parse");
    SRunner *sr;
    int failed;

    tcase_add_loop_test(tc, prints_canonically, 0, N(prints));
    tcase_add_loop_test(tc, errors_have_words_and_place, 0, N(errors));
    tcase_add_loop_test(tc, older_languages_print, 0, N(older_prints));
    tcase_add_loop_test(tc, older_languages_refuse, 0, N(older));
    tcase_add_loop_test(tc, deep_nesting_is_refused_not_crashed, 0, 5);
    tcase_add_loop_test(tc, selectors_tell_how_far_back_they_look, 0, N(spans));
    tcase_add_loop_test(tc, threshold_is_found, 0, N(thresholds));
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
