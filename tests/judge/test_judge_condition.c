/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Conditions over a measurement: values, what errs, and what is refused with its place. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/judge_condition.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))
#define ERRS (-1)

static const double one[] = {0.97}, three[] = {0.5, 0.97, 1.0}, not_a_number[] = {NAN},
                    infinite[] = {INFINITY};
#define LIST(a)                                                                                    \
    {                                                                                              \
        true, N(a), a                                                                              \
    }
#define NUMBER(a)                                                                                  \
    {                                                                                              \
        false, 1, a                                                                                \
    }
#define NOTHING                                                                                    \
    {                                                                                              \
        true, 0, NULL                                                                              \
    }

static const struct {
    const char *text;
    struct judge_result result;
    int value;
} rows[] = {
    {"result[0] >= 0.95", LIST(one), 1},
    {"result[0] >= 0.95", LIST(not_a_number), 0},
    {"result[0] < 0.95", LIST(not_a_number), 0},
    {"!(result[0] < 0.95)", LIST(not_a_number), 1},
    {"result >= 0.95", NUMBER(one), 1},
    {"result >= 0.95", LIST(one), ERRS}, /* a list is no number */
    {"result[0] >= 0.95", NUMBER(one), ERRS},
    {"result[0] >= 0.95", NOTHING, ERRS},
    {"result[1] > 0", LIST(one), ERRS},
    {"result[-1] == 1", LIST(three), 1},
    {"result[-4] == 1", LIST(three), ERRS},
    {"result[len(result) - 1] == 1", LIST(three), 1},
    {"result[0.5] > 0", LIST(three), ERRS},
    {"len(result) == 0 || result[0] >= 0.95", NOTHING, 1},
    {"len(result) > 0 && result[0] >= 0.95", NOTHING, 0},
    {"len(result) == 3 and result[0] < result[1]", LIST(three), 1},
    {"false or not false", LIST(one), 1},
    {"not result[0] > 0.5", LIST(one), ERRS}, /* (not result[0]) > 0.5 */
    {"not (result[0] > 0.5)", LIST(one), 0},
    {"all(result, # > 0.4)", LIST(three), 1},
    {"all(result, {# > 0.6})", LIST(three), 0},
    {"all(result, {# > 0.6})", NOTHING, 1},
    {"any(result, # > 0.99)", LIST(three), 1},
    {"none(result, # > 1)", LIST(three), 1},
    {"one(result, # > 0.99)", LIST(three), 1},
    {"one(result, # > 0.9)", LIST(three), 0},
    {"count(result, # > 0.9) == 2", LIST(three), 1},
    {"all(result, any(result, # == 1) and # > 0)", LIST(three), 1},
    {"any(result, # > result[7])", LIST(three), ERRS},
    {"sum(result) > 2.46 and mean(result) > 0.82 and min(result) == 0.5 and max(result) == 1",
     LIST(three), 1},
    {"max(result[0], 0.99) == 0.99", LIST(one), 1},
    {"min(result) > 0", NOTHING, ERRS},
    {"mean(result) == 0 and sum(result) == 0", NOTHING, 1},
    {"isNaN(result[0])", LIST(not_a_number), 1},
    {"isNaN(result) || result > 0.9", NUMBER(one), 1},
    {"isNaN(result)", LIST(one), ERRS},
    {"isInf(result[0]) and not isNaN(result[0])", LIST(infinite), 1},
    {"isNil(result)", NOTHING, 0}, /* an empty list is not nil */
    {"default(result, 0) > 0.9", NUMBER(one), 1},
    {"default(result, 0) > 0.9", LIST(one), ERRS},    /* known only when it is measured */
    {"default(result[0], 0) > 0.9", LIST(one), ERRS}, /* it gives the whole result */
    {"asInt(result) == 0 and asFloat(result) > 0.9", NUMBER(one), 1},
    {"asInt(result) == 0", LIST(one), ERRS},
    {"asInt(result) < -9e18", NUMBER(not_a_number), 1},
    {"abs(-2) == 2 and -2 ** 2 == -4 and 2 ** 3 ** 2 == 512", LIST(one), 1},
    {"1 + 2 * 3 == 7 and 7 % 4 == 3 and 1 / 2 == 0.5 and 10 - 2 - 3 == 5", LIST(one), 1},
    {"7 % 2.5 > 0", LIST(one), ERRS},
    {"1 % 0 == 0", LIST(one), ERRS},
    {"1 / 0 > 1e300", LIST(one), 1}, /* an infinity, as of fractions */
    {"1_000 == 1e3 and .5 == 0.5", LIST(one), 1},
    {"true == (1 < 2)", LIST(one), 1},
    {"true == 1", LIST(one), ERRS},
    {"result == result", LIST(three), 1},
    {"result", NUMBER(one), ERRS}, /* neither true nor false */
    {"1 < 2 < 3", LIST(one), ERRS},
    {"true && 1", LIST(one), ERRS},
    {"true || 1", LIST(one), ERRS}, /* its type is wrong though it is never reached */
    {"true || result[9] > 1", LIST(one), 1},
    {"false && result[9] > 1", LIST(one), 0},
};

START_TEST(test_value)
{
    struct err err = {0};
    struct arena *arena = rs_arena_new();
    const char *why = NULL;
    const struct judge_condition *c =
        rs_judge_condition_parse(arena, rows[_i].text, (struct mark){"a", 1, 1}, &err);
    ck_assert_msg(c != NULL, "%s: %s", rows[_i].text, err.text);
    int got = rs_judge_condition_eval(c, &rows[_i].result, &why);
    ck_assert_msg(got == rows[_i].value, "%s: %d (%s), wanted %d", rows[_i].text, got,
                  why ? why : "", rows[_i].value);
    ck_assert_int_eq(got < 0, why != NULL);
    rs_arena_free(arena);
}
END_TEST

static const struct {
    const char *text;
    int col; /* from 1 */
    const char *says;
} bad[] = {
    {"", 1, "breaks off"},
    {"result[0] >=", 13, "breaks off"},
    {"result[0 >= 1", 14, "\"]\" is missing"},
    {"(result[0] > 1", 15, "\")\" is missing"},
    {"result[0] > 1)", 14, "\")\" is not read"},
    {"result[0] matches 1", 11, "\"matches\" is not read"},
    {"resul[0] > 1", 1, "\"resul\" is not read"},
    {"result[0] == 'true'", 14, "texts are not read"},
    {"result[0:1] == 1", 9, "\"]\" is missing"},
    {"result.value > 1", 7, "\".\" is not read"},
    {"# > 1", 1, "\"#\" stands only"},
    {"len result", 5, "needs its arguments"},
    {"len(result, 1) > 1", 1, "takes one argument"},
    {"all(result) > 1", 1, "takes a list and a condition"},
    {"default(result) > 1", 1, "takes two arguments"},
    {"1 > 2 ? true : false", 7, "\"?\" is not read"},
    {"result[0] = 1", 11, "\"=\" is not read"},
    {"0x10 > 1", 1, "a decimal number"},
    {"1.2.3 > 1", 1, "a decimal number"},
    {"1e999 > 1", 1, "a decimal number"},
    {"nil == result", 1, "\"nil\" is not read"},
    {"all(result, {# > 1)", 19, "\"}\" is missing"},
};

START_TEST(test_refused)
{
    struct err err = {0};
    struct arena *arena = rs_arena_new();
    ck_assert_ptr_null(
        rs_judge_condition_parse(arena, bad[_i].text, (struct mark){"a.yaml", 7, 101}, &err));
    ck_assert_msg(strstr(err.text, bad[_i].says) && err.line == 7 && err.col == 100 + bad[_i].col,
                  "%s: %d:%d: %s", bad[_i].text, err.line, err.col, err.text);
    rs_arena_free(arena);
}
END_TEST

/* However deep or long: refused, never a stack that runs over. */
START_TEST(test_limits)
{
    static char text[20001];
    struct arena *arena = rs_arena_new();
    for (int k = 0; k < 4; k++) {
        struct err err = {0};
        static const char *const unit[] = {"(", "!", "1+", "-"};
        text[0] = '\0';
        for (size_t n = 0; n + 4 < sizeof text; n += strlen(unit[k]))
            memcpy(text + n, unit[k], strlen(unit[k]) + 1);
        ck_assert_ptr_null(rs_judge_condition_parse(arena, text, (struct mark){"a", 1, 1}, &err));
        ck_assert(strstr(err.text, "more than"));
    }
    rs_arena_free(arena);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("judge: conditions");
    TCase *tc = tcase_create("condition");
    tcase_add_loop_test(tc, test_value, 0, N(rows));
    tcase_add_loop_test(tc, test_refused, 0, N(bad));
    tcase_add_test(tc, test_limits);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed > 0;
}
