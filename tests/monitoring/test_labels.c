/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/labels.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

START_TEST(equal_sets_are_one_number)
{
    struct label_table *t = rs_label_table_new();
    struct label ab[] = {{"a", "1"}, {"b", "2"}}, ba[] = {{"b", "2"}, {"a", "1"}};
    struct label empty[] = {{"b", "2"}, {"c", ""}, {"a", "1"}};
    rs_labels set = rs_labels_intern(t, 2, ab);

    ck_assert_int_eq(rs_labels_intern(t, 2, ba), set);
    ck_assert_int_eq(rs_labels_intern(t, 3, empty), set); /* an empty value is no label */
    ck_assert_int_ne(rs_labels_intern(t, 1, ab), set);
    ck_assert_int_eq(rs_labels_intern(t, 0, NULL), 0);
    ck_assert_int_eq(rs_labels_count(t, set), 2);
    ck_assert_str_eq(rs_labels_at(t, set, 0).name, "a");
    ck_assert_str_eq(rs_labels_get(t, set, "b"), "2");
    ck_assert_str_eq(rs_labels_get(t, set, "none"), "");
    rs_label_table_free(t);
}
END_TEST

START_TEST(many_sets_stay_apart)
{
    struct label_table *t = rs_label_table_new();
    static rs_labels set[5000];

    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < N(set); i++) {
            char value[16];
            struct label l[] = {{"n", value}, {"job", "x"}};
            rs_labels s;

            (void)snprintf(value, sizeof value, "%d", i);
            s = rs_labels_intern(t, 2, l);
            ck_assert(round == 0 || s == set[i]);
            set[i] = s;
            ck_assert_int_eq(atoi(rs_labels_get(t, s, "n")), i);
        }
    }
    ck_assert_int_eq(set[N(set) - 1] - set[0], N(set) - 1); /* dense */
    rs_label_table_free(t);
}
END_TEST

static const struct order_row {
    const char *what;
    struct label a[2], b[2];
    int sign;
} orders[] = {
    {"a shorter set first", {{"a", "1"}, {"z", ""}}, {{"a", "1"}, {"b", "1"}}, -1},
    {"by name before value", {{"a", "9"}, {"c", "1"}}, {{"a", "9"}, {"b", "2"}}, 1},
    {"by value", {{"a", "10"}, {"b", "1"}}, {{"a", "9"}, {"b", "1"}}, -1},
    {"the same", {{"a", "1"}, {"b", "2"}}, {{"b", "2"}, {"a", "1"}}, 0},
};

START_TEST(sets_have_prometheus_order)
{
    const struct order_row *row = &orders[_i];
    struct label_table *t = rs_label_table_new();
    rs_labels a = rs_labels_intern(t, 2, row->a), b = rs_labels_intern(t, 2, row->b);
    int got = rs_labels_compare(t, a, b), back = rs_labels_compare(t, b, a);

    ck_assert_msg((got > 0) - (got < 0) == row->sign, "%s", row->what);
    ck_assert_msg((back > 0) - (back < 0) == -row->sign, "%s, turned round", row->what);
    rs_label_table_free(t);
}
END_TEST

START_TEST(format_puts_the_name_in_front)
{
    struct label_table *t = rs_label_table_new();
    struct label l[] = {{"job", "api"}, {"__name__", "up"}, {"a", "x"}};
    rs_labels set = rs_labels_intern(t, 3, l);
    char buf[64], small[10];

    ck_assert_str_eq(rs_labels_format(buf, sizeof buf, t, set), "up{a=\"x\", job=\"api\"}");
    ck_assert_str_eq(rs_labels_format(buf, sizeof buf, t, 0), "{}");
    ck_assert_str_eq(rs_labels_format(small, sizeof small, t, set), "up{a=\"x\",");
    rs_label_table_free(t);
}
END_TEST

START_TEST(a_doubled_name_aborts)
{
    struct label_table *t = rs_label_table_new();
    struct label twice[] = {{"a", "1"}, {"a", "2"}};

    (void)rs_labels_intern(t, 2, twice);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("labels");
    TCase *tc = tcase_create("labels");
    SRunner *sr;
    int failed;

    tcase_add_test(tc, equal_sets_are_one_number);
    tcase_add_test(tc, many_sets_stay_apart);
    tcase_add_loop_test(tc, sets_have_prometheus_order, 0, N(orders));
    tcase_add_test(tc, format_puts_the_name_in_front);
    tcase_add_test_raise_signal(tc, a_doubled_name_aborts, SIGABRT);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
