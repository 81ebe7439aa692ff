/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Times as people write them: which interval each is. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../../scenarios/evidence/when.h"
#include "../../scenarios/reader.h"
#include "sim/clock.h"

/* lo and hi as RFC 3339; NULL: refused, and `why` is in what is said. */
static const struct {
    const char *text, *zone, *day, *lo, *hi, *why;
    bool doubled;
} rows[] = {
    {"2025-09-29T13:42:07Z", NULL, NULL, "2025-09-29T13:42:07Z", "2025-09-29T13:42:08Z", NULL, 0},
    {"2025-09-29 13:42:07.25Z", NULL, NULL, "2025-09-29T13:42:07.25Z", "2025-09-29T13:42:07.26Z",
     NULL, 0},
    {"2025-09-29T13:42:07.123456789Z", NULL, NULL, "2025-09-29T13:42:07.123Z",
     "2025-09-29T13:42:07.124Z", NULL, 0},
    {"2025-09-29T13:42Z", NULL, NULL, "2025-09-29T13:42:00Z", "2025-09-29T13:43:00Z", NULL, 0},
    {"2025-09-29T13:42:07+02:00", NULL, NULL, "2025-09-29T11:42:07Z", "2025-09-29T11:42:08Z", NULL,
     0},
    {"2025-09-29 13:42:07 -0530", NULL, NULL, "2025-09-29T19:12:07Z", "2025-09-29T19:12:08Z", NULL,
     0},
    {"2025-09-29 13:42 UTC", NULL, NULL, "2025-09-29T13:42:00Z", "2025-09-29T13:43:00Z", NULL, 0},
    {"2025-09-29", "UTC", NULL, "2025-09-29T00:00:00Z", "2025-09-30T00:00:00Z", NULL, 0},
    /* A zone of the source's; its own zone goes before it. */
    {"2025-09-29 13:42", "Europe/Berlin", NULL, "2025-09-29T11:42:00Z", "2025-09-29T11:43:00Z",
     NULL, 0},
    {"2025-09-29 13:42Z", "Europe/Berlin", NULL, "2025-09-29T13:42:00Z", "2025-09-29T13:43:00Z",
     NULL, 0},
    {"2025-09-29 13:42", "+05:30", NULL, "2025-09-29T08:12:00Z", "2025-09-29T08:13:00Z", NULL, 0},
    /* 2025-10-26: 03:00 summer time is 02:00 winter time; 2025-03-30: 02:00 is 03:00. */
    {"2025-10-26 02:30", "Europe/Berlin", NULL, "2025-10-26T00:30:00Z", "2025-10-26T01:31:00Z",
     NULL, 1},
    {"2025-10-26 03:00", "Europe/Berlin", NULL, "2025-10-26T02:00:00Z", "2025-10-26T02:01:00Z",
     NULL, 0},
    {"2025-10-26 01:59:59", "Europe/Berlin", NULL, "2025-10-25T23:59:59Z", "2025-10-26T00:00:00Z",
     NULL, 0},
    {"2025-03-30 02:30", "Europe/Berlin", NULL, NULL, NULL, "clocks went forward", 0},
    {"2025-10-26", "Europe/Berlin", NULL, "2025-10-25T22:00:00Z", "2025-10-26T23:00:00Z", NULL, 0},
    /* Times of day alone. */
    {"13:42", "UTC", "2019-07-02", "2019-07-02T13:42:00Z", "2019-07-02T13:43:00Z", NULL, 0},
    {"9:05", "UTC", "2019-07-02", "2019-07-02T09:05:00Z", "2019-07-02T09:06:00Z", NULL, 0},
    {"d+03:38", "UTC", "2024-12-11", "2024-12-12T03:38:00Z", "2024-12-12T03:39:00Z", NULL, 0},
    {"03:38 d+", "UTC", "2024-12-31", "2025-01-01T03:38:00Z", "2025-01-01T03:39:00Z", NULL, 0},
    {"03:38d+", "UTC", "2024-02-28", "2024-02-29T03:38:00Z", "2024-02-29T03:39:00Z", NULL, 0},
    {"13:42Z", NULL, "2019-07-02", "2019-07-02T13:42:00Z", "2019-07-02T13:43:00Z", NULL, 0},
    {"13:42", "UTC", NULL, NULL, NULL, "has no date", 0},
    {"13:42", NULL, "2019-07-02", NULL, NULL, "has no zone", 0},
    {"2025-09-29T13:42:07", NULL, NULL, NULL, NULL, "has no zone", 0},
    /* Numbers, by their size. */
    {"1759153327", NULL, NULL, "2025-09-29T13:42:07Z", "2025-09-29T13:42:08Z", NULL, 0},
    {"1759153327.5", NULL, NULL, "2025-09-29T13:42:07.5Z", "2025-09-29T13:42:07.6Z", NULL, 0},
    {"1759153327123", NULL, NULL, "2025-09-29T13:42:07.123Z", "2025-09-29T13:42:07.124Z", NULL, 0},
    {"1759153327123456", NULL, NULL, "2025-09-29T13:42:07.123456Z", "2025-09-29T13:42:07.124456Z",
     NULL, 0},
    {"1759153327123456789", NULL, NULL, NULL, NULL, "must be a time", 0},
    {"9999999999999999999", NULL, NULL, NULL, NULL, "must be a time", 0},
    {"99999999999999999999", NULL, NULL, NULL, NULL, "must be a time", 0},
    {"2025-09-29T13:42:60Z", NULL, NULL, "2025-09-29T13:43:00Z", "2025-09-29T13:43:01Z", NULL, 0},
    /* None. */
    {"2025-02-29T13:42Z", NULL, NULL, NULL, NULL, "must be a time", 0},
    {"2025-13-01T13:42Z", NULL, NULL, NULL, NULL, "must be a time", 0},
    {"2025-09-29T24:00Z", NULL, NULL, NULL, NULL, "must be a time", 0},
    {"2025-09-29T13:60Z", NULL, NULL, NULL, NULL, "must be a time", 0},
    {"2025-09-29T13:42:61Z", NULL, NULL, NULL, NULL, "must be a time", 0},
    {"2025-09-29T13Z", NULL, NULL, NULL, NULL, "must be a time", 0},
    {"2025-09-29T13:42:07+25:00", NULL, NULL, NULL, NULL, "must be a time", 0},
    {"9999-09-29T13:42:07Z", NULL, NULL, NULL, NULL, "must be a time", 0},
    {"soon", "UTC", NULL, NULL, NULL, "must be a time", 0},
    {"", "UTC", NULL, NULL, NULL, "must be a time", 0},
    {"13:42 tomorrow", "UTC", "2019-07-02", NULL, NULL, "must be a time", 0},
    {"-5", NULL, NULL, NULL, NULL, "must be a time", 0},
};

static int64_t at(const char *text)
{
    int64_t ns = 0;
    ck_assert_int_eq(rs_time_parse(&ns, text), 0);
    return ns;
}

START_TEST(test_written)
{
    struct arena *arena = rs_arena_new();
    struct err_list errors;
    rs_err_list_init(&errors);
    struct reader r = {.arena = arena, .errors = &errors};
    struct when_zone zone = {0};
    struct when got = {0};
    char why[160] = "";
    int64_t day = RS_WHEN_NO_DAY;
    if (rows[_i].zone) {
        ck_assert_int_eq(rs_when_zone(&r, rows[_i].zone, (struct mark){0}, &zone), 0);
    }
    if (rows[_i].day) {
        ck_assert_int_eq(rs_when_day(&day, rows[_i].day), 0);
    }
    int status = rs_when_read(&got, rows[_i].text, &zone, day, why, sizeof(why));
    ck_assert_msg(status == (rows[_i].lo ? 0 : -1), "\"%s\": %d, %s", rows[_i].text, status, why);
    if (rows[_i].lo) {
        char lo[40], hi[40];
        ck_assert_msg(got.lo_ns == at(rows[_i].lo) && got.hi_ns == at(rows[_i].hi),
                      "\"%s\": %s .. %s", rows[_i].text, rs_time_format(lo, sizeof(lo), got.lo_ns),
                      rs_time_format(hi, sizeof(hi), got.hi_ns));
        ck_assert(got.dated);
        ck_assert_int_eq(got.doubled, rows[_i].doubled);
    } else {
        ck_assert_msg(strstr(why, rows[_i].why), "\"%s\": %s", rows[_i].text, why);
    }
    rs_err_list_clear(&errors);
    rs_arena_free(arena);
}
END_TEST

START_TEST(test_undated)
{
    struct when got;
    char why[160];
    const struct when_zone none = {0};
    ck_assert_int_eq(rs_when_read(&got, "12.5", &none, RS_WHEN_NO_DAY, why, sizeof(why)), 0);
    ck_assert_int_eq(got.lo_ns, 12500 * RS_NS_PER_MS);
    ck_assert_int_eq(got.hi_ns, 12600 * RS_NS_PER_MS);
    ck_assert(!got.dated);
}
END_TEST

START_TEST(test_no_zone)
{
    static const char *const names[] = {"Mars/Olympus", "../etc/passwd", "/etc/passwd", "+25:00"};
    struct err_list errors;
    rs_err_list_init(&errors);
    struct reader r = {.arena = rs_arena_new(), .errors = &errors};
    struct when_zone zone;
    ck_assert_int_eq(rs_when_zone(&r, names[_i], (struct mark){"a.yaml", 1, 2}, &zone), -1);
    ck_assert_uint_eq(errors.n, 1);
    rs_err_list_clear(&errors);
    rs_arena_free(r.arena);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("when");
    TCase *tc = tcase_create("when");
    tcase_add_loop_test(tc, test_written, 0, (int)(sizeof(rows) / sizeof(rows[0])));
    tcase_add_test(tc, test_undated);
    tcase_add_loop_test(tc, test_no_zone, 0, 4);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
