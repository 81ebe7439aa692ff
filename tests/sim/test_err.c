/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "sim/err.h"
#include "sim_check.h"

static const struct mark AT = {"canary.yaml", 1, 18};

/* What was printed, owned by the caller. */
static char *printed(const struct err *err, const struct err_list *list)
{
    char *text = NULL;
    size_t n = 0;
    FILE *to = open_memstream(&text, &n);
    if (err) {
        rs_err_print(err, to);
    }
    if (list) {
        rs_err_list_print(list, to);
    }
    fclose(to);
    return text;
}

START_TEST(test_first_failure_wins)
{
    struct err err = {.code = RS_E_NONE};
    ck_assert_int_eq(
        rs_err_at(&err, RS_E_RANGE, AT, "%s must be 0..1, got %g", "error_ratio_max", 1.5), -1);
    ck_assert_int_eq(rs_err_set(&err, RS_E_IO, "second"), -1);
    ck_assert_int_eq(rs_err_at(&err, RS_E_IO, AT, "third"), -1);
    ck_assert_int_eq(err.code, RS_E_RANGE);
    char *text = printed(&err, NULL);
    ck_assert_str_eq(text, "canary.yaml:1:18: error: error_ratio_max must be 0..1, got 1.5\n");
    free(text);
}
END_TEST

START_TEST(test_null_is_allowed)
{
    ck_assert_int_eq(rs_err_at(NULL, RS_E_KEY, AT, "x"), -1);
    ck_assert_int_eq(rs_err_set(NULL, RS_E_KEY, "x"), -1);
    ck_assert_int_eq(rs_err_context(NULL, "x"), -1);
    ck_assert_int_eq(rs_err_list_add(NULL, RS_E_KEY, AT, "x"), -1);
}
END_TEST

START_TEST(test_context_goes_in_front)
{
    struct err err = {.code = RS_E_NONE};
    rs_err_context(&err, "nothing happened");
    ck_assert_int_eq(err.code, RS_E_NONE);
    rs_err_set(&err, RS_E_IO, "no such file");
    rs_err_context(&err, "step %d", 2);
    rs_err_context(&err, "stage %s", "canary");
    char *text = printed(&err, NULL);
    ck_assert_str_eq(text, "rollsim: error: stage canary: step 2: no such file\n");
    free(text);
}
END_TEST

START_TEST(test_long_words_are_cut)
{
    char word[2000];
    memset(word, 'w', sizeof(word) - 1);
    word[sizeof(word) - 1] = '\0';
    struct err err = {.code = RS_E_NONE};
    rs_err_at(&err, RS_E_KEY, (struct mark){word, 3, 4}, "%s", word);
    ck_assert_uint_eq(strlen(err.file), sizeof(err.file) - 1);
    ck_assert_uint_eq(strlen(err.text), sizeof(err.text) - 1);
    rs_err_context(&err, "stage 1");
    ck_assert_int_eq(strncmp(err.text, "stage 1: www", 12), 0);
    ck_assert_uint_eq(strlen(err.text), sizeof(err.text) - 1);
    rs_err_context(&err, "%s", word);
    ck_assert_uint_eq(strlen(err.text), sizeof(err.text) - 1);
}
END_TEST

START_TEST(test_place_without_a_line)
{
    struct err err = {.code = RS_E_NONE};
    rs_err_at(&err, RS_E_IO, (struct mark){"gone.yaml", 0, 0}, "cannot open");
    char *text = printed(&err, NULL);
    ck_assert_str_eq(text, "gone.yaml: error: cannot open\n");
    free(text);
}
END_TEST

START_TEST(test_list_sorts_by_place_and_stays_stable)
{
    struct err_list list;
    rs_err_list_init(&list);
    rs_err_list_add(&list, RS_E_KEY, (struct mark){"b.yaml", 1, 1}, "e");
    rs_err_list_add(&list, RS_E_KEY, (struct mark){"a.yaml", 10, 2}, "c");
    rs_err_list_add(&list, RS_E_KEY, (struct mark){"a.yaml", 10, 2}, "d");
    rs_err_list_add(&list, RS_E_KEY, (struct mark){"a.yaml", 9, 7}, "b");
    struct err err = {.code = RS_E_NONE};
    rs_err_at(&err, RS_E_KEY, (struct mark){"a.yaml", 9, 2}, "a");
    ck_assert_int_eq(rs_err_list_push(&list, &err), -1);
    rs_err_list_sort(&list);
    char *text = printed(NULL, &list);
    ck_assert_str_eq(text, "a.yaml:9:2: error: a\na.yaml:9:7: error: b\na.yaml:10:2: error: c\n"
                           "a.yaml:10:2: error: d\nb.yaml:1:1: error: e\n");
    free(text);
    rs_err_list_clear(&list);
    ck_assert_uint_eq(list.n, 0);
}
END_TEST

START_TEST(test_list_has_a_limit)
{
    struct err_list list;
    rs_err_list_init(&list);
    for (int i = 0; i < 250; i++) {
        rs_err_list_add(&list, RS_E_KEY, AT, "number %d", i);
    }
    ck_assert_uint_eq(list.n, 200);
    ck_assert_uint_eq(list.n_dropped, 50);
    char *text = printed(NULL, &list);
    ck_assert_ptr_nonnull(strstr(text, "number 199\nrollsim: error: 50 more errors"));
    free(text);
    rs_err_list_clear(&list);
}
END_TEST

static const char *const names[] = {"error_ratio_max", "for", "latency", "service", "services"};
static const struct {
    const char *word, *nearest;
} near_rows[] = {
    {"service", "service"},
    {"servic", "service"},
    {"servicess", "services"},
    {"sevrice", "service"},
    {"fro", "for"},
    {"fo", "for"},
    {"x", NULL},
    {"", NULL},
    {"eror_ratio_mx", "error_ratio_max"},
    {"latency_quantile", NULL},
    {"an_unreasonably_long_word_that_no_table_of_names_would_ever_have_as_its_key", NULL},
};

START_TEST(test_near_name)
{
    const char *nearest = rs_near_name(near_rows[_i].word, names, N_ROW(names));
    ck_assert_msg(nearest == near_rows[_i].nearest || (nearest && near_rows[_i].nearest &&
                                                       strcmp(nearest, near_rows[_i].nearest) == 0),
                  "'%s' gave '%s'", near_rows[_i].word, nearest ? nearest : "nothing");
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_first_failure_wins);
    tcase_add_test(tc, test_null_is_allowed);
    tcase_add_test(tc, test_context_goes_in_front);
    tcase_add_test(tc, test_long_words_are_cut);
    tcase_add_test(tc, test_place_without_a_line);
    tcase_add_test(tc, test_list_sorts_by_place_and_stays_stable);
    tcase_add_test(tc, test_list_has_a_limit);
    tcase_add_loop_test(tc, test_near_name, 0, N_ROW(near_rows));
}

int main(void)
{
    return run_suite("err", add_tests);
}
