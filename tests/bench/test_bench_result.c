/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the benchmarks say of their measurements: range, fit, table, JSON, comparison. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "result.h"

#define N_ROW(rows) ((int)(sizeof(rows) / sizeof((rows)[0])))

static const struct {
    const char *what;
    int n;
    double x[5], min, median, max;
} spreads[] = {
    {"one", 1, {3}, 3, 3, 3},
    {"odd, not in order", 3, {5, 1, 4}, 1, 4, 5},
    {"even: between the middle two", 4, {8, 1, 4, 2}, 1, 3, 8},
    {"equal ones", 5, {2, 2, 2, 2, 2}, 2, 2, 2},
};

START_TEST(test_spread)
{
    double x[5];
    memcpy(x, spreads[_i].x, sizeof x);
    struct spread s = bench_spread(x, spreads[_i].n);
    ck_assert_msg(s.n == spreads[_i].n && s.min == spreads[_i].min &&
                      s.median == spreads[_i].median && s.max == spreads[_i].max,
                  "%s: %g %g %g", spreads[_i].what, s.min, s.median, s.max);
}
END_TEST

START_TEST(test_spread_of_none)
{
    struct spread s = bench_spread(NULL, 0);
    ck_assert(s.n == 0 && isnan(s.min) && isnan(s.median) && isnan(s.max));
}
END_TEST

static const double sizes[] = {1, 2, 4, 8, 16};

START_TEST(test_fit_of_a_law)
{
    double cost[5];
    for (int i = 0; i < 5; i++) {
        cost[i] = 3 * pow(sizes[i], 1.5);
    }
    struct fit f = bench_fit(sizes, cost, 5);
    ck_assert_double_eq_tol(f.exponent, 1.5, 1e-12);
    ck_assert_double_eq_tol(f.factor, 3, 1e-12);
    ck_assert_double_eq_tol(f.error, 0, 1e-7);
    ck_assert_double_eq(bench_fit(sizes, cost, 2).error, 0);
}
END_TEST

/* The values are those of ordinary least squares on the logarithms, computed apart from this code. */
START_TEST(test_fit_with_noise)
{
    static const double cost[] = {1.1, 1.9, 4.3, 7.7, 17.0};
    struct fit f = bench_fit(sizes, cost, 5);
    ck_assert_double_eq_tol(f.exponent, 0.9918777662252125, 1e-12);
    ck_assert_double_eq_tol(f.error, 0.03525488153008682, 1e-12);
    ck_assert_double_eq_tol(f.factor, 1.039778799851146, 1e-12);
}
END_TEST

static struct result row(enum sense sense, double min, double median, double max)
{
    struct spread ratio = {7, min, median, max};
    struct result r = {.id = "K1",
                       .what = "hold",
                       .unit = "ns",
                       .versus = "heap",
                       .sense = sense,
                       .target = 1,
                       .ours = {7, 10, 11, 12},
                       .theirs = {7, 20, 21, 22},
                       .ratio = ratio};
    return r;
}

static const struct {
    const char *what;
    enum sense sense;
    double old_min, old_max, min, max;
    enum change change;
} changes[] = {
    {"ranges that overlap are noise", AT_MOST, 0.30, 0.35, 0.34, 0.40, CHANGE_NONE},
    {"ranges that touch are noise", AT_MOST, 0.30, 0.35, 0.35, 0.40, CHANGE_NONE},
    {"one inside the other is noise", AT_MOST, 0.30, 0.40, 0.33, 0.34, CHANGE_NONE},
    {"less is better of a cost", AT_MOST, 0.30, 0.35, 0.20, 0.29, CHANGE_BETTER},
    {"more is worse of a cost", AT_MOST, 0.30, 0.35, 0.36, 0.40, CHANGE_WORSE},
    {"more is better of a speed-up", AT_LEAST, 1.8, 1.9, 1.95, 1.99, CHANGE_BETTER},
    {"less is worse of a speed-up", AT_LEAST, 1.8, 1.9, 1.5, 1.79, CHANGE_WORSE},
};

START_TEST(test_change)
{
    struct result a =
        row(changes[_i].sense, changes[_i].old_min, changes[_i].old_min, changes[_i].old_max);
    struct result b = row(changes[_i].sense, changes[_i].min, changes[_i].max, changes[_i].max);
    ck_assert_msg(bench_change(&a, &b, true) == changes[_i].change, "%s", changes[_i].what);
}
END_TEST

START_TEST(test_what_cannot_be_compared)
{
    struct result a = row(AT_MOST, 1, 1, 1), b = row(AT_MOST, 2, 2, 2);
    ck_assert_int_eq(bench_change(NULL, &b, true), CHANGE_NEW);
    ck_assert_int_eq(bench_change(&a, NULL, true), CHANGE_GONE);
    ck_assert_int_eq(bench_change(&a, &b, false), CHANGE_WORSE); /* a ratio carries over */
    snprintf(b.versus, sizeof b.versus, "another heap");
    ck_assert_int_eq(bench_change(&a, &b, true), CHANGE_UNKNOWN);
    a.versus[0] = b.versus[0] = '\0'; /* seconds do not */
    ck_assert_int_eq(bench_change(&a, &b, false), CHANGE_UNKNOWN);
    ck_assert_int_eq(bench_change(&a, &b, true), CHANGE_WORSE);
    a.n_size = b.n_size = 5; /* an exponent does */
    ck_assert_int_eq(bench_change(&a, &b, false), CHANGE_WORSE);
    snprintf(b.why, sizeof b.why, "goaccess is not installed");
    ck_assert_int_eq(bench_change(&a, &b, true), CHANGE_UNKNOWN);
}
END_TEST

START_TEST(test_met)
{
    struct result r = row(AT_MOST, 0.9, 1.0, 1.1);
    ck_assert(bench_is_met(&r));
    r.ratio.median = 1.01;
    ck_assert(!bench_is_met(&r));
    r.sense = AT_LEAST;
    ck_assert(bench_is_met(&r));
    r.ratio.median = 0.99;
    ck_assert(!bench_is_met(&r));
    r.ratio.median = NAN;
    ck_assert(!bench_is_met(&r));
    r.sense = AT_MOST;
    ck_assert(!bench_is_met(&r));
}
END_TEST

static void fill(struct results *all)
{
    *all = (struct results){.date = "2026-11-27", .version = "0.1.0", .n = 3};
    snprintf(all->machine.cpu, sizeof all->machine.cpu, "A \"quick\" CPU");
    all->machine.n_core = 2;
    all->row[0] = row(AT_LEAST, 1.5, 1.75, 2);
    all->row[1] = row(AT_MOST, 1.01, 1.02, 1.04);
    snprintf(all->row[1].what, sizeof all->row[1].what, "growth");
    all->row[1].versus[0] = '\0';
    all->row[1].n_size = 2;
    all->row[1].size[1] = 16;
    all->row[1].cost[1] = 0.5;
    all->row[1].fit = (struct fit){1.02, 0.01, 3};
    all->row[2] = (struct result){.id = "P1", .what = "log", .why = "goaccess is not installed"};
}

static char path[] = "/tmp/rs-bench-XXXXXX";

static int read_text(const char *text, struct results *out, char *why)
{
    FILE *to = fopen(path, "w");
    ck_assert_ptr_nonnull(to);
    fputs(text, to);
    fclose(to);
    return bench_read_json(path, out, why, 512);
}

START_TEST(test_json_and_back)
{
    static struct results a, b;
    char why[512];
    fill(&a);
    ck_assert_int_eq(bench_write_json(path, &a, why, sizeof why), 0);
    ck_assert_msg(bench_read_json(path, &b, why, sizeof why) == 0, "%s", why);
    ck_assert_int_eq(b.n, 3);
    ck_assert_str_eq(b.machine.cpu, a.machine.cpu);
    ck_assert_int_eq(b.row[0].sense, AT_LEAST);
    ck_assert_double_eq(b.row[0].ratio.median, 1.75);
    ck_assert_double_eq(b.row[0].theirs.max, 22);
    ck_assert_str_eq(b.row[0].versus, "heap");
    ck_assert_str_eq(b.row[1].versus, "");
    ck_assert_int_eq(b.row[1].n_size, 2);
    ck_assert_double_eq(b.row[1].size[1], 16);
    ck_assert_double_eq(b.row[1].fit.error, 0.01);
    ck_assert_str_eq(b.row[2].why, "goaccess is not installed");
    FILE *null = fopen("/dev/null", "w");
    ck_assert_int_eq(bench_compare(null, &a, &b), 0);
    b.row[0].ratio = (struct spread){7, 1, 1.1, 1.2};
    ck_assert_int_eq(bench_compare(null, &a, &b), 1);
    fclose(null);
}
END_TEST

static const struct {
    const char *text, *says;
} wrong[] = {
    {"{", ":1:1: "},
    {"[]", "no result of the benchmarks"},
    {"{\"schema\": 99, \"rows\": []}", "schema 99, this reads 1"},
    {"{\"schema\": 1}", "no result of the benchmarks"},
};

START_TEST(test_wrong_json)
{
    static struct results b;
    char why[512] = "";
    ck_assert_int_eq(read_text(wrong[_i].text, &b, why), -1);
    ck_assert_msg(strstr(why, wrong[_i].says) != NULL, "%s", why);
}
END_TEST

/* A row without numbers is told, not compared. */
START_TEST(test_thin_json)
{
    static struct results b;
    char why[512];
    ck_assert_int_eq(
        read_text("{\"schema\": 1, \"rows\": [{\"id\": \"K1\", \"what\": \"hold\"}, 7]}", &b, why),
        0);
    ck_assert_int_eq(b.n, 2);
    ck_assert_str_eq(b.row[0].why, "the file has no ratio for it");
    ck_assert_str_eq(b.row[1].why, "the file has no ratio for it");
}
END_TEST

static void make_file(void)
{
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
}

static void remove_file(void)
{
    unlink(path);
}

int main(void)
{
    Suite *s = suite_create("bench");
    TCase *tc = tcase_create("result");
    tcase_add_checked_fixture(tc, make_file, remove_file);
    tcase_add_loop_test(tc, test_spread, 0, N_ROW(spreads));
    tcase_add_test(tc, test_spread_of_none);
    tcase_add_test(tc, test_fit_of_a_law);
    tcase_add_test(tc, test_fit_with_noise);
    tcase_add_loop_test(tc, test_change, 0, N_ROW(changes));
    tcase_add_test(tc, test_what_cannot_be_compared);
    tcase_add_test(tc, test_met);
    tcase_add_test(tc, test_json_and_back);
    tcase_add_loop_test(tc, test_wrong_json, 0, N_ROW(wrong));
    tcase_add_test(tc, test_thin_json);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int n_failed = srunner_ntests_failed(r);
    srunner_free(r);
    return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
