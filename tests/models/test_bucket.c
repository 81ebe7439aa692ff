/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sticky buckets: definite, only growing, evenly spread. */
#include "../sim/sim_check.h"
#include "models/traffic.h"
#include "sim/stream.h"

START_TEST(buckets_are_definite)
{
    /* Pinned: another bucket for a user would expose other people. XXH64 over the number's 8 bytes, little-endian. */
    ck_assert_uint_eq(rs_bucket_of_user(0, 0), 0x34C96ACDCADB1BBB % 10000);
    uint64_t hash = rs_stream_hash("flag/PORTAL/agents");
    for (uint64_t u = 0; u < 1000; u++) {
        ASSERT_IN_LOOP(rs_bucket_of_user(hash, u) == rs_bucket_of_user(hash, u));
        ASSERT_IN_LOOP(rs_bucket_of_user(hash, u) < 10000);
    }
}
END_TEST

START_TEST(the_audience_only_grows)
{
    uint64_t hash = rs_stream_hash("flag/PORTAL/agents"), last = 0;
    static const double percent[] = {0, 0.005, 0.01, 0.5, 1, 10, 25, 33.33, 50, 99.99, 100};
    for (int i = 0; i < N_ROW(percent); i++) {
        uint64_t n = 0;
        for (uint64_t u = 0; u < 5000; u++) {
            bool in = rs_bucket_of_user(hash, u) < percent[i] * 100;
            bool before = i && rs_bucket_of_user(hash, u) < percent[i - 1] * 100;
            ASSERT_IN_LOOP(in || !before);
            n += in;
        }
        ck_assert_uint_eq(rs_bucket_count(hash, 5000, percent[i]), n);
        ck_assert(n >= last);
        last = n;
    }
    ck_assert_uint_eq(last, 5000);
    ck_assert_uint_eq(rs_bucket_count(hash, 5000, 0), 0);
}
END_TEST

/* Chi-square over 100 groups of buckets, 100000 users; false alarm 1e-4. */
START_TEST(users_spread_evenly)
{
    uint64_t hash = rs_stream_hash("flag/PORTAL/agents"), seen[100] = {0};
    double expected[100];
    for (int i = 0; i < 100; i++)
        expected[i] = 1000.0;
    for (uint64_t u = 0; u < 100000; u++)
        seen[rs_bucket_of_user(hash, u) / 100]++;
    ck_assert(chi_square_p(seen, expected, 100, 5) > 1e-4);
}
END_TEST

/* Two flags choose independently: 2x2 counts of 100000 users, false alarm 1e-4. */
START_TEST(flags_choose_independently)
{
    uint64_t a = rs_stream_hash("flag/A/agents"), b = rs_stream_hash("flag/B/agents"),
             seen[4] = {0};
    double expected[4] = {64000, 16000, 16000, 4000};
    for (uint64_t u = 0; u < 100000; u++)
        seen[2 * (rs_bucket_of_user(a, u) < 2000) + (rs_bucket_of_user(b, u) < 2000)]++;
    ck_assert(chi_square_p(seen, expected, 4, 5) > 1e-4);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, buckets_are_definite);
    tcase_add_test(tc, the_audience_only_grows);
    tcase_add_test(tc, users_spread_evenly);
    tcase_add_test(tc, flags_choose_independently);
}

int main(void)
{
    return run_suite("bucket", add_tests);
}
