/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "verify/report.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "made_up.h"
#include "report_words.h"
#include "text_table.h"

static struct scenario *sc;
static struct run_result run;

static void set_up(void)
{
    sc = made_up_scenario();
    struct run_options opt = {.n_replica = 800, .seed = 7, .n_job = 1};
    ck_assert_int_eq(rs_run_with(&made_up_engine, sc, &opt, &run, NULL), 0);
}

static void tear_down(void)
{
    rs_run_result_clear(&run);
    rs_scenario_free(sc);
}

static char *text_of(int width, bool colour)
{
    char *text = NULL;
    size_t n;
    FILE *to = open_memstream(&text, &n);
    rs_run_print_text(to, &run, width, colour);
    fclose(to);
    return text;
}

static const int widths[] = {72, 80, 100, 160};

START_TEST(test_text_fits)
{
    char *text = text_of(widths[_i], false);
    ck_assert_ptr_null(strchr(text, '\033'));
    char *save = NULL;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        bool command = strstr(line, "rollsim rehearse") != NULL; /* to be copied, never broken */
        ck_assert_msg(command || rs_text_width(line) <= widths[_i], "%s", line);
        ck_assert_msg(line[0] == '\0' || line[strlen(line) - 1] != ' ', "ends in a space: %s",
                      line);
    }
    free(text);
}
END_TEST

START_TEST(test_text_says)
{
    static const char *const needed[] = {
        "A made-up rollout",
        "800 replicas, seed 7",
        "✘ violated*",
        "✔ holds",
        "? undecided",
        "rollback-in-5m",
        "§4 row 3",
        "≥ 95%",
        "≤ 15m",
        "* rests on a placeholder that is yours to fill in: on-call.decide",
        "; 95% for all 8 statistical ones together",
        "% for this number alone.",
        "before any fault had begun, in",
        "  ✔ portal-in-20m: A portal failure is rolled back within 20 minutes of its onset",
        "In the cards: p50, p95 and p99 are",
        "The bar is the leg's p95 as a share of the budget",
        "A claim holds when its whole interval keeps to what is wanted",
        "rollsim rehearse made-up.yaml --seed 7 --replica",
        "Timing card: portal-errors \u2192 portal-rollback  \u00a74 row 3  budget 5m",
        "notified \u2192 acknowledged",
        "nothing was ever done",
        "No replica could say anything about it, given: fault read-errors.",
    };
    char *text = text_of(100, false);
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        ck_assert_msg(strstr(text, needed[i]) != NULL, "no \"%s\" in:\n%.6000s", needed[i],
                      strstr(text, "Verdicts"));
    ck_assert_ptr_null(strchr(text, '\\')); /* no control character of ours is spelled out */
    free(text);
    text = text_of(100, true);
    ck_assert_ptr_nonnull(strstr(text, "\033[1;31m✘ violated*\033[0m"));
    free(text);
}
END_TEST

static struct card made_card(int fault, double found_s, double done_s)
{
    struct card c = {.fault = fault,
                     .procedure = 1,
                     .n_present = 50,
                     .n_episode = 40,
                     .sla_s = 300,
                     .n_within = 33,
                     .within = {0.6, 0.9},
                     .n_leg = 2};
    c.leg[0] = (struct card_leg){RS_CLOCK_ONSET, RS_CLOCK_DETECTED, 40, 0, found_s, found_s,
                                 found_s,        found_s,           1,  2, 17};
    c.leg[1] = (struct card_leg){
        RS_CLOCK_DETECTED, RS_CLOCK_COMPLETED, 40, 0, done_s, done_s, done_s, done_s, 1, 2, 18};
    return c;
}

/* Of three faults and one rollback the slowest has its card, the others a line; two are both printed whole. */
START_TEST(test_cards_fold)
{
    struct card cards[] = {made_card(0, 60, 20), made_card(1, 30, 250), made_card(2, 90, 10)};
    struct run_result r = {.scenario = sc, .n_card = 2 + _i, .card = cards};
    char *text = NULL;
    size_t n;
    FILE *to = open_memstream(&text, &n);
    rs_run_print_cards(to, &r, 80, false);
    fclose(to);
    bool folds = r.n_card > 2;
    ck_assert(strstr(text, "Timing card: portal-errors ") != NULL);
    ck_assert((strstr(text, "Timing card: read-errors ") == NULL) == folds);
    ck_assert((strstr(text, "The same rollback for other faults, found: onset") != NULL) == folds);
    ck_assert(!folds || strstr(text, "\n  read-errors  40         33      1m00s  1m00s  1m00s"
                                     "     20.0s  20.0s  20.0s\n"));
    ck_assert(!folds || strstr(text, "\n  never-seen   40         33      1m30s"));
    free(text);
}
END_TEST

static json_t *key(json_t *object, const char *name)
{
    json_t *v = json_object_get(object, name);
    ck_assert_msg(v != NULL, "no key %s", name);
    return v;
}

START_TEST(test_json)
{
    char *text = NULL;
    size_t n;
    FILE *to = open_memstream(&text, &n);
    ck_assert_int_eq(rs_run_print_json(to, &run), 0);
    fclose(to);
    json_error_t error;
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(root != NULL, "%d: %s", error.line, error.text);
    ck_assert_int_eq(json_integer_value(key(root, "n_replica")), 800);
    ck_assert_int_eq(json_integer_value(key(root, "exit_status")), 1);
    ck_assert_str_eq(json_string_value(key(key(root, "scenario"), "name")), "made-up");
    ck_assert_uint_eq(json_array_size(key(root, "claims")), 8);
    json_t *first = json_array_get(key(root, "claims"), 0);
    ck_assert_str_eq(json_string_value(key(first, "verdict")), "violated");
    ck_assert_double_eq(json_real_value(key(first, "bound")), 0.95);
    ck_assert(json_is_integer(key(key(first, "witness"), "replica")));
    json_t *last = json_array_get(key(root, "claims"), 7); /* nothing came up: null, not NaN */
    ck_assert(json_is_null(key(last, "estimate")) && json_is_null(key(last, "witness")));
    size_t n_card = json_array_size(key(root, "timing_card"));
    ck_assert_uint_ge(n_card, 3);
    json_t *missed = json_array_get(key(root, "timing_card"), n_card - 1);
    ck_assert(json_is_null(key(missed, "procedure")) && json_is_null(key(missed, "sla_s")));
    ck_assert_ptr_null(strstr(text, "nan"));
    ck_assert_ptr_null(strstr(text, "inf"));
    /* Sorted keys. */
    ck_assert(strstr(text, "\"claims\"") < strstr(text, "\"confidence\""));
    ck_assert(strstr(text, "\"seed\"") < strstr(text, "\"stopped_early\""));
    json_decref(root);
    free(text);
}
END_TEST

static const struct {
    double ratio;
    const char *text;
} percents[] = {
    {0, "0%"},          {1, "100%"},     {0.95, "95%"},       {0.973, "97.3%"},
    {0.9998, "99.98%"}, {0.005, "0.5%"}, {0.00012, "0.012%"}, {0.999999, "99.9999%"},
    {0.5, "50%"},       {1.25, "125%"},  {0.9951, "99.51%"},  {NAN, "-"},
};

START_TEST(test_percent)
{
    char buf[32];
    ck_assert_str_eq(rs_percent_human(buf, sizeof buf, percents[_i].ratio), percents[_i].text);
}
END_TEST

static const struct {
    const char *word, *quoted;
} shell_words[] = {
    {"scenarios/prisma.yaml", "scenarios/prisma.yaml"},
    {"portal/agents=a-1.csv", "portal/agents=a-1.csv"},
    {"früh.yaml", "früh.yaml"},
    {"my plan.yaml", "'my plan.yaml'"},
    {"a&b;$(c)", "'a&b;$(c)'"},
    {"it's", "'it'\\''s'"},
    {"~", "'~'"},
    {"", "''"},
};

START_TEST(test_shell_word)
{
    char buf[64];
    ck_assert_str_eq(rs_shell_word(buf, sizeof buf, shell_words[_i].word), shell_words[_i].quoted);
    char small[12];
    ck_assert_uint_lt(strlen(rs_shell_word(small, sizeof small, "'' ''")), sizeof small);
}
END_TEST

START_TEST(test_seconds)
{
    char buf[40];
    ck_assert_str_eq(rs_seconds_human(buf, sizeof buf, 247), "4m07s");
    ck_assert_str_eq(rs_seconds_human(buf, sizeof buf, INFINITY), "never");
    ck_assert_str_eq(rs_seconds_human(buf, sizeof buf, NAN), "-");
}
END_TEST

START_TEST(test_table)
{
    static const struct text_column column[] = {
        {"name", .narrowest = 5}, {"n", .right = true}, {"empty"}, {"note", .optional = true}};
    struct text_table *t = rs_text_table_new(4, column);
    const char *cells[] = {"frühstücke", "7", "", "here", "b", "1234", "", "there, too"};
    for (int i = 0; i < 8; i++)
        rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", cells[i]);
    static const struct {
        int width;
        const char *text;
    } shown[] = {
        {40, " name           n  note\n frühstücke     7  here\n b           1234  there, too\n"},
        {16, " name          n\n frühstüc…     7\n b          1234\n"},
    };
    for (int i = 0; i < 2; i++) {
        char *text = NULL;
        size_t n;
        FILE *to = open_memstream(&text, &n);
        rs_text_table_print(t, to, 1, shown[i].width, false);
        fclose(to);
        ck_assert_str_eq(text, shown[i].text);
        free(text);
    }
    rs_text_table_free(t);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("report");
    TCase *tc = tcase_create("report");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_loop_test(tc, test_text_fits, 0, 4);
    tcase_add_test(tc, test_text_says);
    tcase_add_loop_test(tc, test_cards_fold, 0, 2);
    tcase_add_test(tc, test_json);
    suite_add_tcase(s, tc);
    tc = tcase_create("words");
    tcase_add_loop_test(tc, test_percent, 0, (int)(sizeof percents / sizeof percents[0]));
    tcase_add_loop_test(tc, test_shell_word, 0, (int)(sizeof shell_words / sizeof shell_words[0]));
    tcase_add_test(tc, test_seconds);
    tcase_add_test(tc, test_table);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int n_failed = srunner_ntests_failed(r);
    srunner_free(r);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
