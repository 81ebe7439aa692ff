/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counts from tables: their probabilities read out of the tables one by one, and their draws against GSL's probabilities.
 * Seeds fixed; false-alarm rate 1e-6 a test of a row.
 */
#include "sim/draw_table.h"

#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>

#include "../../sim/alias.h"
#include "sim/draw.h"
#include "sim_check.h"

enum { N_CELL = 8192 };

/* A stream whose next word is given. */
static struct stream stream_of(uint64_t word)
{
    struct stream s = rs_stream_open(1, 0, 0);
    s.n_left = 1;
    s.word[1] = word;
    return s;
}

/* ---- alias tables ---- */

/* The exact probability of each outcome, in units of 2^-(52 + bits), as the cells state it. */
static void read_shares(const uint64_t *cell, unsigned bits, uint64_t *share)
{
    uint64_t n = UINT64_C(1) << bits;
    for (uint64_t i = 0; i < n; i++) {
        share[i] = 0;
    }
    for (uint64_t i = 0; i < n; i++) {
        share[i] += cell[i] >> 12;
        share[cell[i] & 0xfff] += (UINT64_C(1) << 52) - (cell[i] >> 12);
    }
}

static const unsigned alias_rows[] = {5, 6, 9, 11};

START_TEST(test_alias_is_exact)
{
    unsigned bits = alias_rows[_i];
    uint64_t n = UINT64_C(1) << bits;
    static double p[2048];
    static uint64_t cell[2048], share[2048];
    struct stream s = rs_stream_open(41, bits, 0);
    for (int run = 0; run < 50; run++) {
        double sum = 0, unit = ldexp(1, 52 + (int)bits);
        for (uint64_t i = 0; i < n; i++) {
            /* From all about equal to one that has nearly everything, with zeros between. */
            p[i] = rs_stream_below(&s, 5) == 0 ? 0 : pow(rs_stream_uniform_pos(&s), run);
            sum += p[i];
        }
        rs_alias_build(bits, p, cell);
        read_shares(cell, bits, share);
        for (uint64_t i = 0; i < n; i++) {
            double want = p[i] / sum * unit;
            /* Half a unit of rounding each, and the largest takes what is left over: 2^-50 of the whole. */
            ASSERT_IN_LOOP(fabs((double)share[i] - want) <= 4 * (double)n + 1e-15 * want);
            ASSERT_IN_LOOP(p[i] > 0 || share[i] == 0);
        }
    }
}
END_TEST

/* A whole word and half a word decide as the cell says, at both sides of the threshold and on it. */
START_TEST(test_alias_thresholds)
{
    unsigned bits = alias_rows[_i];
    uint64_t n = UINT64_C(1) << bits;
    static double p[2048];
    static uint64_t cell[2048];
    for (uint64_t i = 0; i < n; i++) {
        p[i] = i == 1 ? 1 : (double)(i % 7) / (double)n;
    }
    rs_alias_build(bits, p, cell);
    uint32_t mask = (uint32_t)n - 1;
    for (uint64_t i = 0; i < n; i++) {
        uint64_t threshold = cell[i] >> 12, alias = cell[i] & 0xfff, at = threshold << 12 | i;
        ASSERT_IN_LOOP(rs_alias_word(cell, mask, at) == alias);
        ASSERT_IN_LOOP(threshold == 0 || rs_alias_word(cell, mask, at - 0x1000) == i);
        /* Half a word on the threshold asks for the rest of it, and compares that. */
        unsigned n_rest = 20 + bits;
        uint32_t half = ((uint32_t)(at >> 32) & ~mask) | (uint32_t)i;
        uint64_t rest = threshold & ((UINT64_C(1) << n_rest) - 1);
        struct stream s = stream_of(rest << (64 - n_rest));
        ASSERT_IN_LOOP(rs_alias_half(cell, mask, half, &s) == alias);
        ASSERT_IN_LOOP(s.n_left == 0);
        s = stream_of((rest << (64 - n_rest)) - 1);
        ASSERT_IN_LOOP(rest == 0 || rs_alias_half(cell, mask, half, &s) == i);
        s = stream_of(0);
        ASSERT_IN_LOOP((uint32_t)(half + n) < half ||
                       rs_alias_half(cell, mask, half + (uint32_t)n, &s) == alias);
        ASSERT_IN_LOOP(half < n || rs_alias_half(cell, mask, half - (uint32_t)n, &s) == i);
        ASSERT_IN_LOOP(s.n_left == 1);
    }
}
END_TEST

/* ---- draws ---- */

enum how { TABLE, FILL, VECTOR, BANK };

struct row {
    enum how how;
    double mean;
};
static const struct row rows[] = {
    {TABLE, 0.1},   {TABLE, 1},    {TABLE, 9.99},   {TABLE, 100},  {TABLE, 4096},   {FILL, 0.01},
    {FILL, 0.1},    {FILL, 1},     {FILL, 10},      {FILL, 100},   {FILL, 1000},    {FILL, 4096},
    {VECTOR, 0.3},  {VECTOR, 30},  {BANK, 0.001},   {BANK, 0.015}, {BANK, 0.1},     {BANK, 0.999},
    {BANK, 1},      {BANK, 3.3},   {BANK, 9.999},   {BANK, 10.01}, {BANK, 63.9999}, {BANK, 64},
    {BANK, 100.37}, {BANK, 640.5}, {BANK, 1023.99}, {BANK, 1024},
};

/* Draws n counts. */
static void draw_counts(const struct row *row, size_t n, uint64_t *out)
{
    struct stream s = rs_stream_open(42, (uint64_t)row->how, rs_stream_hash("tables"));
    struct poisson_table *t = row->how != BANK ? rs_poisson_table_new(row->mean) : NULL;
    struct poisson_bank *bank = row->how == BANK ? rs_poisson_bank_new() : NULL;
    const struct poisson_table *many[12];
    for (int i = 0; i < 12; i++) {
        many[i] = t;
    }
    for (size_t i = 0; i < n; i += 12) {
        switch (row->how) {
        case TABLE:
            for (size_t j = 0; j < 12; j++) {
                out[i + j] = rs_poisson_table_draw(t, &s);
            }
            break;
        case FILL: rs_poisson_table_fill(t, &s, 12, out + i); break;
        case VECTOR: rs_poisson_vector_draw(many, 4, &s, 3, out + i); break;
        case BANK:
            for (size_t j = 0; j < 12; j++) {
                out[i + j] = rs_poisson_bank_draw(bank, &s, row->mean);
            }
            break;
        }
    }
    rs_poisson_table_free(t);
    rs_poisson_bank_free(bank);
}

/* Each count is a cell, and about twenty slices of equal probability; neighbours must not be correlated. */
START_TEST(test_chi_square)
{
    enum { N = 240000 };
    static uint64_t count[N], seen[N_CELL];
    static double expected[N_CELL];
    const struct row *row = &rows[_i];
    double first = fmax(0, floor(row->mean - 10 * sqrt(row->mean) - 10)), product = 0;
    draw_counts(row, N, count);
    for (int i = 0; i < N_CELL; i++) {
        seen[i] = 0;
        expected[i] = N * gsl_ran_poisson_pdf((unsigned)(first + i), row->mean);
    }
    for (int i = 0; i < N; i++) {
        double cell = (double)count[i] - first;
        ASSERT_IN_LOOP(cell >= 0 && cell < N_CELL);
        seen[(int)cell]++;
        product += i > 0 ? ((double)count[i] - row->mean) * ((double)count[i - 1] - row->mean) : 0;
    }
    double p = chi_square_p(seen, expected, N_CELL, 10);
    double p_coarse = chi_square_p(seen, expected, N_CELL, N / 20);
    ck_assert_msg(p > 1e-6 && p_coarse > 1e-6, "row %d, mean %g: p-values %g, %g", _i, row->mean, p,
                  p_coarse);
    ck_assert_double_lt(fabs(product / row->mean / sqrt(N)), 5); /* five standard errors: 6e-7 */
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, test_alias_is_exact, 0, N_ROW(alias_rows));
    tcase_add_loop_test(tc, test_alias_thresholds, 0, N_ROW(alias_rows));
    tcase_add_loop_test(tc, test_chi_square, 0, N_ROW(rows));
}

int main(void)
{
    return run_suite("draw_table", add_tests);
}
