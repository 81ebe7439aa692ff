/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Order inside the window, what is refused, lines that are long, and packed files. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>
#include <zstd.h>

#include "../../scenarios/requests/reorder.h"
#include "told.h"

static char told[1 << 16];

static const char *tell(const char *text, const struct requests_form *form)
{
    return rs_told(told, sizeof(told), text, strlen(text), form);
}

/* ---- order ---- */

static const struct {
    const char *what, *text, *told;
    int64_t window_s;
    uint64_t n_out_of_order, n_too_late;
} rows[] = {
    {"in order", "1.0\n2.0\n2.0\n3.0\n", "1 - - -\n2 - - -\n2 - - -\n3 - - -\n", 10, 0, 0},
    {"put right inside the window", "5.0\n3.0\n4.0\n1.0\n", "1 - - -\n3 - - -\n4 - - -\n5 - - -\n",
     10, 3, 0},
    {"exactly the window late is still put right", "1.0\n3.0\n13.0\n3.0\n",
     "1 - - -\n3 - - -\n3 - - -\n13 - - -\n", 10, 1, 0},
    {"too late: at the time that is due", "1.0\n2.0\n20.0\n1.5\n21.0\n",
     "1 - - -\n2 - - -\n2 - - -\n20 - - -\n21 - - -\n", 10, 1, 1},
    {"late behind the window, and still nothing has left after it", "20.0\n1.5\n21.0\n",
     "1.500000000 - - -\n20 - - -\n21 - - -\n", 10, 1, 0},
    {"negative times", "-2.5\n-3.0\n1.0\n", "-3 - - -\n-2.500000000 - - -\n1 - - -\n", 10, 1, 0},
};
enum { N_ROW = sizeof(rows) / sizeof(rows[0]) };

START_TEST(test_order)
{
    const struct requests_form form = {.format = RS_REQUESTS_TIMES,
                                       .time_unit_s = 1,
                                       .reject_max = 1,
                                       .window_ns = rows[_i].window_s * 1000000000};
    tell(rows[_i].text, &form);
    ck_assert_msg(strcmp(told, rows[_i].told) == 0, "%s:\n%s", rows[_i].what, told);
    ck_assert_uint_eq(rs_told_report.n_out_of_order, rows[_i].n_out_of_order);
    ck_assert_uint_eq(rs_told_report.n_too_late, rows[_i].n_too_late);
}
END_TEST

struct follow {
    uint64_t n, n_wrong;
    int64_t last_ns;
    char route[64];
};

static int follow(void *ctx, const struct recorded_request *r)
{
    struct follow *f = ctx;
    char route[64];
    snprintf(route, sizeof(route), "/%lld", (long long)(r->at_ns / 1000000));
    f->n_wrong += r->at_ns < f->last_ns || !r->route || strcmp(r->route, route) != 0;
    f->last_ns = r->at_ns;
    f->n++;
    return 0;
}

/* Many lines shuffled by up to half a minute come out in order, each with its own route. */
START_TEST(test_shuffled)
{
    enum { N = 50000 };
    char *text = malloc(N * 64);
    size_t used = 0;
    unsigned x = 7;
    for (int i = 0; i < N; i++) {
        x = x * 1664525U + 1013904223U;
        int ms = i * 10 + (int)(x >> 8) % 30000;
        used += (size_t)snprintf(text + used, 64, "%d.%03d,/%d\n", ms / 1000, ms % 1000, ms);
    }
    char *all = malloc(used + 32);
    size_t n = (size_t)snprintf(all, 32, "time,route\n");
    memcpy(all + n, text, used);
    struct follow f = {.last_ns = INT64_MIN};
    struct err_list errors;
    struct requests_report report;
    rs_err_list_init(&errors);
    ck_assert_int_eq(rs_requests_parse("f", all, n + used, NULL, follow, &f, &report, &errors), 0);
    ck_assert_uint_eq(f.n, N);
    ck_assert_uint_eq(f.n_wrong, 0);
    ck_assert_uint_gt(report.n_out_of_order, N / 2);
    ck_assert_uint_eq(report.n_too_late, 0);
    rs_err_list_clear(&errors);
    free(text);
    free(all);
}
END_TEST

static int count_rising(void *ctx, const struct recorded_request *r)
{
    struct follow *f = ctx;
    f->n_wrong += r->at_ns < f->last_ns;
    f->last_ns = r->at_ns;
    f->n++;
    return 0;
}

/* The window holds 2^20 requests; then the earliest ones leave early, and what comes before them is too late. */
START_TEST(test_full)
{
    enum { N = 1 << 20 };
    struct follow f = {.last_ns = INT64_MIN};
    struct reorder r;
    struct span none = {NULL, 0};
    rs_reorder_init(&r, INT64_MAX, count_rising, &f);
    for (int i = 0; i < N; i++) {
        rs_reorder_add(&r, i ^ 1, 0.0, 200, none); /* neighbours swapped */
    }
    ck_assert_uint_eq(f.n, 0);
    for (int i = 0; i < 10; i++) {
        rs_reorder_add(&r, N + i, 0.0, 200, none);
    }
    ck_assert_uint_eq(f.n, 10);
    ck_assert_int_eq(f.last_ns, 9);
    rs_reorder_add(&r, 3, 0.0, 200, none);
    ck_assert_uint_eq(r.n_too_late, 1);
    rs_reorder_end(&r);
    ck_assert_uint_eq(f.n, N + 11);
    ck_assert_uint_eq(f.n_wrong, 0);
    rs_reorder_clear(&r);
}
END_TEST

static int stop_at_three(void *ctx, const struct recorded_request *r)
{
    (void)r;
    return ++*(int *)ctx == 3;
}

/* The callback ends the reading; that is no error. */
START_TEST(test_stop)
{
    int n = 0;
    struct err_list errors;
    rs_err_list_init(&errors);
    const char *text = "1.0\n2.0\n3.0\n100.0\n200.0\n300.0\n";
    ck_assert_int_eq(
        rs_requests_parse("f", text, strlen(text), NULL, stop_at_three, &n, NULL, &errors), 0);
    ck_assert_int_eq(n, 3);
    ck_assert_uint_eq(errors.n, 0);
    rs_err_list_clear(&errors);
}
END_TEST

/* ---- what is refused ---- */

START_TEST(test_share)
{
    struct requests_form form = {.format = RS_REQUESTS_TIMES, .time_unit_s = 1, .reject_max = 0.25};
    tell("1.0\n2.0\n3.0\nx\n", &form);
    ck_assert_str_eq(told, "1 - - -\n2 - - -\n3 - - -\ntime 4:1\n");
    form.reject_max = 0.24;
    tell("1.0\n2.0\n3.0\nx\n", &form);
    ck_assert_str_eq(
        told, "error 0:0 1 of 4 lines cannot be read as times (25 %), more than the 24 % that are "
              "allowed\nerror 4:1 no time that can be read\n");
    form.reject_max = -1;
    tell("1.0\nx\n", &form);
    ck_assert_ptr_nonnull(strstr(told, "more than the 0 % that are allowed"));
    ck_assert_uint_eq(rs_told_report.n_rejected[RS_REJECT_TIME], 1);
}
END_TEST

/* Lines of which too many come later than the window can put right. */
START_TEST(test_wrong_order)
{
    const struct requests_form form = {
        .format = RS_REQUESTS_TIMES, .time_unit_s = 1, .window_ns = 1000000000};
    tell("1.0\n5.0\n9.0\n2.0\n3.0\n", &form);
    ck_assert_ptr_nonnull(
        strstr(told, "error 0:0 2 of 5 requests come later than a window of 1.0s could put right "
                     "(40 %), more than the 5 % that are allowed; sort the file"));
}
END_TEST

/* Only the first five places of a reason are shown, all are counted; and a wrong file is not read to its end. */
START_TEST(test_gives_up)
{
    enum { N = 60000 };
    char *text = malloc(N * 4);
    for (int i = 0; i < N; i++) {
        memcpy(text + 4 * i, i % 4 ? "x.y\n" : "1.0\n", 4);
    }
    const struct requests_form form = {.format = RS_REQUESTS_TIMES, .time_unit_s = 1};
    rs_told(told, sizeof(told), text, N * 4, &form);
    ck_assert_int_eq(rs_told_report.n_shown[RS_REJECT_TIME], RS_REJECT_SHOWN);
    ck_assert_uint_eq(rs_told_report.n_line, 10000);
    ck_assert_uint_eq(rs_told_report.n_rejected[RS_REJECT_TIME], 7500);
    free(text);
}
END_TEST

/* A huge line is one rejected line, wherever it stands, and the next one has its right number. */
START_TEST(test_long)
{
    static const char *const around[][2] = {{"", "1.0\nx\n"}, {"1.0\n", "x\n"}, {"1.0\nx\n", ""}};
    const struct requests_form form = {
        .format = RS_REQUESTS_TIMES, .time_unit_s = 1, .reject_max = 1};
    for (int i = 0; i < 3; i++) {
        for (size_t n_long = 65536; n_long < 2000000; n_long = n_long * 5 + 1) {
            char *text = malloc(n_long + 32);
            size_t n = (size_t)snprintf(text, 16, "%s", around[i][0]);
            memset(text + n, '7', n_long + 1);
            n += n_long + 1;
            n += (size_t)snprintf(text + n, 16, "\n%s", around[i][1]);
            rs_told(told, sizeof(told), text, n, &form);
            int line_long = i == 0 ? 1 : i == 1 ? 2 : 3, line_x = i == 0 ? 3 : i == 1 ? 3 : 2;
            ck_assert_uint_eq(rs_told_report.n_rejected[RS_REJECT_LONG], 1);
            ck_assert_int_eq(rs_told_report.first_rejected[RS_REJECT_LONG][0].line, line_long);
            ck_assert_int_eq(rs_told_report.first_rejected[RS_REJECT_TIME][0].line, line_x);
            ck_assert_uint_eq(rs_told_report.n_request, 1);
            free(text);
        }
    }
}
END_TEST

START_TEST(test_nul)
{
    static const char text[] = "1.0\n2\0.0\n3.0\n";
    const struct requests_form form = {
        .format = RS_REQUESTS_TIMES, .time_unit_s = 1, .reject_max = 1};
    rs_told(told, sizeof(told), text, sizeof(text) - 1, &form);
    ck_assert_str_eq(told, "1 - - -\n3 - - -\nbinary 2:1\n");
}
END_TEST

/* ---- packed ---- */

enum { N_LINE = 40000 };

static char *make_lines(size_t *n)
{
    char *text = malloc(N_LINE * 24);
    *n = 0;
    for (int i = 0; i < N_LINE; i++) {
        *n += (size_t)snprintf(text + *n, 24, "%d.%03d\n", i, i * 7 % 1000);
    }
    return text;
}

static size_t pack_gzip(char *to, size_t cap, const char *text, size_t n)
{
    z_stream z = {0};
    ck_assert_int_eq(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)(uintptr_t)text;
    z.avail_in = (uInt)n;
    z.next_out = (Bytef *)to;
    z.avail_out = (uInt)cap;
    ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t made = cap - z.avail_out;
    deflateEnd(&z);
    return made;
}

static size_t pack(int i, char *to, size_t cap, const char *text, size_t n)
{
    return i == 0 ? pack_gzip(to, cap, text, n) : ZSTD_compress(to, cap, text, n, 3);
}

/* Packed, in two members or frames, and broken off at every tenth part. */
START_TEST(test_packed)
{
    size_t n = 0, half = 0;
    char *text = make_lines(&n), *packed = malloc(2 * n + 1000);
    struct requests_form form = {.format = RS_REQUESTS_TIMES, .time_unit_s = 1};
    half = (size_t)(strchr(text + n / 2, '\n') - text) + 1;
    size_t m = pack(_i, packed, n + 1000, text, half);
    m += pack(_i, packed + m, n + 1000, text + half, n - half);
    rs_told(told, 2, packed, m, &form);
    ck_assert_uint_eq(rs_told_report.n_request, N_LINE);
    ck_assert_int_eq(rs_told_report.last_ns / 1000000000, N_LINE - 1);
    for (int tenth = 1; tenth < 10; tenth++) {
        char words[256];
        struct err_list errors;
        struct follow f = {0};
        rs_err_list_init(&errors);
        size_t cut = m * (size_t)tenth / 10;
        ck_assert_int_eq(rs_requests_parse("f", packed, cut, &form, follow, &f, NULL, &errors), -1);
        snprintf(words, sizeof(words), "the file is damaged: its %s data cannot be read on",
                 _i ? "zstd" : "gzip");
        ck_assert_str_eq(errors.item[0].text, words);
        ck_assert_uint_lt(f.n, N_LINE);
        rs_err_list_clear(&errors);
    }
    free(text);
    free(packed);
}
END_TEST

/* From a file, and by a pipe that brings the bytes one by one. */
START_TEST(test_file)
{
    char path[] = "/tmp/rollsim-test-XXXXXX";
    static const char text[] = "10.5 200\n11.5 500\n";
    const struct requests_form form = {.log_format = "$msec $status"};
    struct err_list errors;
    struct requests_report report;
    int fd = mkstemp(path), n = 0;
    rs_err_list_init(&errors);
    ck_assert_int_eq(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
    ck_assert_int_eq(rs_requests_read(path, &form, stop_at_three, &n, &report, &errors), 0);
    ck_assert_uint_eq(report.n_request, 2);
    ck_assert_int_eq(n, 2);
    ck_assert(report.has_status && !report.has_route && report.time_is_end && !report.absolute);
    close(fd);
    unlink(path);
    ck_assert_int_eq(rs_requests_read(path, &form, stop_at_three, &n, &report, &errors), -1);
    ck_assert_str_eq(errors.item[0].text, "the file cannot be opened");
    ck_assert_int_eq(rs_requests_read("/", &form, stop_at_three, &n, NULL, &errors), -1);
    ck_assert_str_eq(errors.item[1].text, "the file cannot be opened: it is a folder");
    rs_err_list_clear(&errors);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("request_order");
    TCase *tc = tcase_create("order");
    tcase_add_loop_test(tc, test_order, 0, N_ROW);
    tcase_add_test(tc, test_shuffled);
    tcase_add_test(tc, test_full);
    tcase_add_test(tc, test_stop);
    tcase_add_test(tc, test_share);
    tcase_add_test(tc, test_wrong_order);
    tcase_add_test(tc, test_gives_up);
    tcase_add_test(tc, test_long);
    tcase_add_test(tc, test_nul);
    tcase_add_loop_test(tc, test_packed, 0, 2);
    tcase_add_test(tc, test_file);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
