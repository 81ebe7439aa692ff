/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/stream.h"

#include <math.h>

#include <gsl/gsl_randist.h>

#include "sim_check.h"

/* Known answers of Random123 1.14 (kat_vectors, "philox4x32 10"). */
static const struct {
    uint32_t counter[4], key[2], out[4];
} known_rows[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     {0xffffffff, 0xffffffff},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

START_TEST(test_known_answers)
{
    const uint32_t *counter = known_rows[_i].counter, *out = known_rows[_i].out;
    struct stream s = {.key = {known_rows[_i].key[0], known_rows[_i].key[1]},
                       .replica = (uint64_t)counter[3] << 32 | counter[2]};
    rs_stream_seek(&s, (uint64_t)counter[1] << 32 | counter[0]);
    ck_assert_uint_eq(rs_stream_u64(&s), (uint64_t)out[1] << 32 | out[0]);
    ck_assert_uint_eq(rs_stream_u64(&s), (uint64_t)out[3] << 32 | out[2]);
}
END_TEST

/* The way from (seed, replica, name) to numbers is pinned too: every golden file stands on it. */
START_TEST(test_opening_is_pinned)
{
    uint64_t name = rs_stream_hash("scrape/portal");
    ck_assert_uint_eq(name, 0x17ae308b5ca3b68e);
    ck_assert_uint_eq(rs_stream_hash_index(name, 3), 0xc2f430f0686ad91b);
    struct stream s = rs_stream_open(17, 5, name);
    ck_assert_uint_eq(rs_stream_u64(&s), 0x3f22cf6e81531cca);
}
END_TEST

START_TEST(test_seek_reaches_any_position)
{
    struct stream s = rs_stream_open(1, 2, 3), t = s;
    uint64_t word[20];
    for (int i = 0; i < 20; i++) {
        word[i] = rs_stream_u64(&s);
    }
    for (int block = 9; block >= 0; block--) {
        rs_stream_u64(&t); /* a position inside a block is forgotten */
        rs_stream_seek(&t, (uint64_t)block);
        ck_assert_uint_eq(rs_stream_u64(&t), word[2 * block]);
        ck_assert_uint_eq(rs_stream_u64(&t), word[2 * block + 1]);
    }
}
END_TEST

/*
 * Seed, replica, name and index each give another sequence; none of the 4 x 10^4 first words
 * repeats.
 */
START_TEST(test_neighbours_differ)
{
    enum { N = 100 };
    static uint64_t first[4 * N * N];
    size_t n = 0;
    for (uint64_t i = 0; i < N; i++) {
        for (uint64_t j = 0; j < N; j++) {
            struct stream s[] = {rs_stream_open(i, j, 7), rs_stream_open(i, 1000000, j),
                                 rs_stream_open(1000000, i, j),
                                 rs_stream_open(2000000, 1, rs_stream_hash_index(i, j))};
            for (int k = 0; k < N_ROW(s); k++) {
                first[n++] = rs_stream_u64(&s[k]);
            }
        }
    }
    /* Words fall into an open hash table by their upper bits. */
    static uint64_t table[1 << 17];
    for (size_t i = 0; i < n; i++) {
        uint64_t at = first[i] >> 47;
        while (table[at] != 0) {
            ASSERT_IN_LOOP(table[at] != first[i]);
            at = (at + 1) % (1 << 17);
        }
        table[at] = first[i];
    }
    ck_assert_uint_ne(rs_stream_hash_index(9, 0), 9);
}
END_TEST

START_TEST(test_uniform_stays_inside)
{
    struct stream s = {.n_left = 2, .word = {UINT64_MAX, 0}};
    ck_assert(rs_stream_uniform(&s) == 1 - 0x1p-53);
    ck_assert(rs_stream_uniform(&s) == 0);
    s.n_left = 2;
    ck_assert(rs_stream_uniform_pos(&s) == 1 - 0x1p-53);
    ck_assert(rs_stream_uniform_pos(&s) == 0x1p-53);
}
END_TEST

/*
 * Chi-square over 1000 cells for each half word and for pairs; false-alarm rate 1e-6 each, seed
 * fixed.
 */
START_TEST(test_uniform_is_flat)
{
    enum { N_CELL = 1024, N = 200000 };
    static uint64_t high[N_CELL], low[N_CELL], pair[N_CELL];
    static double expected[N_CELL];
    struct stream s = rs_stream_open(20250929, 0, rs_stream_hash("flat"));
    uint64_t before = 0;
    for (int i = 0; i < N; i++) {
        uint64_t word = rs_stream_u64(&s);
        high[word >> 54]++;
        low[word & 1023]++;
        pair[(word >> 59) << 5 | before >> 59]++;
        before = word;
    }
    for (int i = 0; i < N_CELL; i++) {
        expected[i] = (double)N / N_CELL;
    }
    ck_assert_double_gt(chi_square_p(high, expected, N_CELL, 10), 1e-6);
    ck_assert_double_gt(chi_square_p(low, expected, N_CELL, 10), 1e-6);
    ck_assert_double_gt(chi_square_p(pair, expected, N_CELL, 10), 1e-6);
}
END_TEST

/*
 * Streams of neighbouring replicas are not correlated: |r| below 5 standard errors (false-alarm
 * rate 6e-7 each).
 */
START_TEST(test_replicas_are_not_correlated)
{
    enum { N = 100000 };
    struct stream a = rs_stream_open(1, (uint64_t)_i, 99),
                  b = rs_stream_open(1, (uint64_t)_i + 1, 99);
    double sum = 0;
    for (int i = 0; i < N; i++) {
        sum += (rs_stream_uniform(&a) - 0.5) * (rs_stream_uniform(&b) - 0.5);
    }
    ck_assert_double_lt(fabs(12 * sum / N), 5 / sqrt(N));
}
END_TEST

static const uint64_t below_rows[] = {1, 2, 3, 10, 1000, UINT64_C(3) << 62};

START_TEST(test_below)
{
    enum { N = 60000 };
    uint64_t n = below_rows[_i], seen[1000] = {0};
    double expected[1000] = {0};
    uint64_t n_cell = n <= 1000 ? n : 3;
    struct stream s = rs_stream_open(3, 0, n);
    for (int i = 0; i < N; i++) {
        uint64_t x = rs_stream_below(&s, n);
        ASSERT_IN_LOOP(x < n);
        seen[x % n_cell]++;
    }
    for (uint64_t i = 0; i < n_cell; i++) {
        expected[i] = (double)N / (double)n_cell;
    }
    /*
     * False-alarm rate 1e-6. In the last row every third number would come twice as often if
     * words were not rejected.
     */
    ck_assert_double_gt(chi_square_p(seen, expected, n_cell, 10), 1e-6);
}
END_TEST

/* Many words at once are those of one by one, whatever was left of the block, and the stream goes on alike. */
START_TEST(test_words_at_once)
{
    uint64_t branch = _i % 2 ? 0 : 0x123456789abcdef, out[300];
    struct stream one = rs_stream_open_branching(UINT64_MAX, UINT64_MAX - 5, 99, &branch);
    rs_stream_seek(&one, _i % 3 ? UINT64_C(0xfffffffd) : UINT64_MAX - 20); /* carries on the way */
    struct stream many = one;
    for (size_t n = 0; n < 300; n = n < 40 ? n + 1 : n + 37) {
        for (int before = 0; before < _i; before++) {
            ASSERT_IN_LOOP(rs_stream_u64(&one) == rs_stream_u64(&many));
        }
        rs_stream_words(&many, n, out);
        for (size_t i = 0; i < n; i++) {
            ASSERT_IN_LOOP(out[i] == rs_stream_u64(&one));
        }
        ck_assert_int_eq(one.n_left, many.n_left);
        ck_assert_uint_eq(one.block, many.block);
    }
    ck_assert_uint_eq(rs_stream_u64(&one), rs_stream_u64(&many));
}
END_TEST

START_TEST(test_below_zero_aborts)
{
    struct stream s = rs_stream_open(1, 1, 1);
    rs_stream_below(&s, 0);
}
END_TEST

START_TEST(test_gsl_sees_the_same_numbers)
{
    struct stream s = rs_stream_open(4, 5, 6);
    rs_stream_u64(&s);
    gsl_rng *rng = rs_stream_gsl_new(&s);
    for (int i = 0; i < 10; i++) {
        ck_assert_uint_eq(gsl_rng_get(rng), rs_stream_u64(&s));
        ck_assert(gsl_rng_uniform(rng) == rs_stream_uniform(&s));
    }
    gsl_rng *copy = gsl_rng_clone(rng);
    ck_assert_uint_eq(gsl_ran_poisson(copy, 30), gsl_ran_poisson(rng, 30));
    gsl_rng_set(rng, 4);
    struct stream plain = rs_stream_open(4, 0, 0);
    ck_assert_uint_eq(gsl_rng_get(rng), rs_stream_u64(&plain));
    gsl_rng_free(copy);
    gsl_rng_free(rng);
}
END_TEST

/* A branch word of 0 changes nothing; another one changes every block from then on, in copies too. */
START_TEST(test_branch_word_gives_another_future)
{
    uint64_t branch = 0;
    struct stream plain = rs_stream_open(1, 2, 3);
    struct stream tied = rs_stream_open_branching(1, 2, 3, &branch), other = plain;
    for (int i = 0; i < 5; i++) {
        ck_assert_uint_eq(rs_stream_u64(&tied), rs_stream_u64(&plain));
    }
    struct stream copy = tied;
    branch = 17;
    /* Blocks are of two words: the sixth was made before the branch and is the past's. */
    ck_assert_uint_eq(rs_stream_u64(&tied), rs_stream_u64(&plain));
    int n_same = 0;
    for (int i = 0; i < 1000; i++) {
        n_same += rs_stream_u64(&tied) == rs_stream_u64(&plain);
    }
    ck_assert_int_eq(n_same, 0);
    rs_stream_u64(&copy);
    rs_stream_seek(&tied, 3);
    ck_assert_uint_eq(rs_stream_u64(&copy), rs_stream_u64(&tied));
    /* Set back, the first future is there again. */
    branch = 0;
    rs_stream_seek(&tied, 0);
    ck_assert_uint_eq(rs_stream_u64(&tied), rs_stream_u64(&other));
    branch = 18;
    rs_stream_seek(&tied, 3);
    ck_assert_uint_ne(rs_stream_u64(&tied), rs_stream_u64(&copy));
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, test_known_answers, 0, N_ROW(known_rows));
    tcase_add_test(tc, test_opening_is_pinned);
    tcase_add_test(tc, test_seek_reaches_any_position);
    tcase_add_test(tc, test_neighbours_differ);
    tcase_add_test(tc, test_uniform_stays_inside);
    tcase_add_test(tc, test_uniform_is_flat);
    tcase_add_loop_test(tc, test_replicas_are_not_correlated, 0, 8);
    tcase_add_loop_test(tc, test_below, 0, N_ROW(below_rows));
    tcase_add_loop_test(tc, test_words_at_once, 0, 4);
    add_abort_test(tc, test_below_zero_aborts);
    tcase_add_test(tc, test_gsl_sees_the_same_numbers);
    tcase_add_test(tc, test_branch_word_gives_another_future);
}

int main(void)
{
    return run_suite("stream", add_tests);
}
