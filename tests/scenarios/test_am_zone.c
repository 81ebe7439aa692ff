/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Places of the tz database against the C library, which reads the same files another way; and what is no such file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../scenarios/prometheus/am_file.h"
#include "changed.h"
#include "sim/arena.h"

/* Every kind of rule: northern, southern, none, half hours, an inverted summer, odd hours, days counted from 1 January. */
static const char *const zones[] = {
    "Europe/Berlin",
    "Europe/Dublin",
    "America/New_York",
    "America/St_Johns",
    "America/Santiago",
    "America/Sao_Paulo",
    "America/Nuuk",
    "America/Scoresbysund",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Jerusalem",
    "Asia/Gaza",
    "Asia/Tehran",
    "Asia/Tokyo",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Australia/Sydney",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Apia",
    "Antarctica/Troll",
    "Etc/GMT+5",
    "EST5EDT",
    "UTC",
};

static struct arena *arena;
static struct err_list errors;

static const struct am_zone *read_zone(const char *name)
{
    struct reader r = {.errors = &errors};

    arena = rs_arena_new();
    rs_err_list_init(&errors);
    r.arena = arena;
    return rs_am_zone_read(&r, name, (struct mark){"am.yml", 1, 1});
}

static void finish(void)
{
    rs_err_list_clear(&errors);
    rs_arena_free(arena);
}

static int32_t libc_offset(int64_t unix_s)
{
    struct tm local;
    time_t t = (time_t)unix_s;

    ck_assert_ptr_nonnull(localtime_r(&t, &local));
    return (int32_t)local.tm_gmtoff;
}

/* From 1960 to 2700 in steps that drift through the hours of the day and the days of the year. */
START_TEST(test_against_libc)
{
    const struct am_zone *zone = read_zone(zones[_i]);

    if (!zone) {
        printf("%s is not here: %s\n", zones[_i], errors.item[0].text);
        ck_assert_ptr_nonnull(strstr(errors.item[0].text, "tzdata"));
    } else {
        setenv("TZ", zones[_i], 1);
        tzset();
        /* Valgrind looks for errors of memory: a twentieth of the steps is enough for it. */
        int64_t step = getenv("RS_UNDER_VALGRIND") != NULL ? 59999983 : 2999983;
        for (int64_t t = -315619200; t < INT64_C(23036572800); t += step) {
            int32_t want = libc_offset(t);
            ck_assert_msg(rs_am_zone_offset(zone, t) == want, "%s at %lld: %d, wanted %d",
                          zones[_i], (long long)t, (int)rs_am_zone_offset(zone, t), (int)want);
        }
        for (int i = 0; i < zone->n && i < 300; i++) { /* and on both sides of each change */
            if (zone->at_s[i] > -315619200) {
                ck_assert_int_eq(rs_am_zone_offset(zone, zone->at_s[i]),
                                 libc_offset(zone->at_s[i]));
                ck_assert_int_eq(rs_am_zone_offset(zone, zone->at_s[i] - 1),
                                 libc_offset(zone->at_s[i] - 1));
            }
        }
    }
    finish();
}
END_TEST

static const struct {
    const char *name, *why;
} bad[] = {
    {"Foo/Bar", "there is no such file"},    {"europe/berlin", "there is no such file"},
    {"../etc/passwd", "cannot be the name"}, {"/UTC", "cannot be the name"},
    {"Europe", "no regular file"},           {"zone.tab", "no compiled time zone"},
};

START_TEST(test_bad_names)
{
    ck_assert_ptr_null(read_zone(bad[_i].name));
    ck_assert_uint_eq(errors.n, 1);
    ck_assert_msg(strstr(errors.item[0].text, bad[_i].why) != NULL, "%s: %s", bad[_i].name,
                  errors.item[0].text);
    finish();
}
END_TEST

/* A file cut anywhere is refused, and nothing is read behind its end. */
START_TEST(test_cut)
{
    FILE *f = fopen("/usr/share/zoneinfo/Europe/Berlin", "rb");
    unsigned char whole[1 << 16];

    if (!f) {
        return; /* told by the other test */
    }
    size_t n = fread(whole, 1, sizeof(whole), f);
    fclose(f);
    arena = rs_arena_new();
    rs_err_list_init(&errors);
    for (size_t cut = 0; cut <= n; cut += cut + 8 < n ? 7 : 1) {
        const char *why = NULL;
        unsigned char *copy = malloc(cut + 1); /* exact, for the sanitizer */

        memcpy(copy, whole, cut);
        copy = realloc(copy, cut > 0 ? cut : 1);
        const struct am_zone *zone = rs_am_zone_parse(arena, "x", copy, cut, &why);
        ck_assert_msg((zone != NULL) == (cut == n), "cut at %zu of %zu", cut, n);
        free(copy);
    }
    finish();
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, test_against_libc, 0, N_ROW(zones));
    tcase_add_loop_test(tc, test_bad_names, 0, N_ROW(bad));
    tcase_add_test(tc, test_cut);
}

int main(void)
{
    return run_tests("am_zone", add);
}
