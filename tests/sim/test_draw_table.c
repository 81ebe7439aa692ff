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
#include "../../sim/poisson_table.h"
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

/* ---- Poisson tables, cell by cell ---- */

static const double table_rows[] = {0,  1e-300, 1e-12, 0.01, 0.1, 1,      9.99,   10,  10.01,
                                    64, 100.37, 640,   999,  1e3, 2222.2, 4095.5, 4096};

/* What the table says of each count against its probability, and that it says something of all that matter. */
START_TEST(test_table_is_the_law)
{
    double mean = table_rows[_i], past = 0;
    struct poisson_table *t = rs_poisson_table_new(mean);
    uint64_t n = (uint64_t)t->mask + 1;
    static uint64_t share[2048];
    unsigned bits = (unsigned)__builtin_popcount(t->mask);
    ck_assert(rs_poisson_table_mean(t) == mean);
    read_shares(t->cell, bits, share);
    uint32_t mode = (uint32_t)mean;
    for (uint64_t i = 0; i < n; i++) {
        unsigned k = t->first + (unsigned)i;
        double p = mean > 0 ? gsl_ran_poisson_pdf(k, mean) : k == 0;
        double is = ldexp((double)share[i], -52 - (int)bits);
        /* GSL's probabilities have 10 digits; rounding and its remainder are below 2^-52. */
        double tolerance = 1e-10 * p + (k == mode ? 0x1p-50 : 0x1p-57);
        ck_assert_msg(fabs(is - p) <= tolerance, "P(%u) is %.17g, not %.17g", k, is, p);
    }
    /* Counts without a cell. Where the table has more cells than it needs, some of them are empty: they count too. */
    for (unsigned k = 0; k < t->first; k++) {
        past += gsl_ran_poisson_pdf(k, mean);
    }
    for (uint64_t i = 0; i < n; i++) {
        past += share[i] == 0 && mean > 0 ? gsl_ran_poisson_pdf(t->first + (unsigned)i, mean) : 0;
    }
    past += mean > 0 ? gsl_cdf_poisson_Q(t->first + (unsigned)n - 1, mean) : 0;
    ck_assert_double_lt(past, 0x1p-52);
    rs_poisson_table_free(t);
    rs_poisson_table_free(NULL);
}
END_TEST

START_TEST(test_table_of_a_large_mean_aborts)
{
    rs_poisson_table_new(4096.5);
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
    const int n = n_or_few(N);
    double first = fmax(0, floor(row->mean - 10 * sqrt(row->mean) - 10)), product = 0;
    draw_counts(row, (size_t)n, count);
    for (int i = 0; i < N_CELL; i++) {
        seen[i] = 0;
        expected[i] = n * gsl_ran_poisson_pdf((unsigned)(first + i), row->mean);
    }
    for (int i = 0; i < n; i++) {
        double cell = (double)count[i] - first;
        ASSERT_IN_LOOP(cell >= 0 && cell < N_CELL);
        seen[(int)cell]++;
        product += i > 0 ? ((double)count[i] - row->mean) * ((double)count[i - 1] - row->mean) : 0;
    }
    double p = chi_square_p(seen, expected, N_CELL, 10);
    double p_coarse = chi_square_p(seen, expected, N_CELL, n / 20.0);
    ck_assert_msg(p > 1e-6 && p_coarse > 1e-6, "row %d, mean %g: p-values %g, %g", _i, row->mean, p,
                  p_coarse);
    if (row->mean * row->mean * n > 20) { /* else the sum of products is a few of them */
        ck_assert_double_lt(fabs(product / row->mean / sqrt(n)),
                            5); /* five standard errors: 6e-7 */
    }
}
END_TEST

/* A table made anew and a stream opened anew give the same numbers, and chunks do not show beyond the word they end with. */
START_TEST(test_same_table_same_numbers)
{
    uint64_t a[1000], b[1000];
    for (int i = 0; i < 2; i++) {
        struct poisson_table *t = rs_poisson_table_new(3.7);
        struct stream s = rs_stream_open(43, 0, 0);
        rs_poisson_table_fill(t, &s, 1000, i ? b : a);
        rs_poisson_table_free(t);
    }
    ck_assert_mem_eq(a, b, sizeof(a));
    struct poisson_bank *bank = rs_poisson_bank_new(), *other = rs_poisson_bank_new();
    struct stream s = rs_stream_open(44, 0, 0), same = s;
    for (int i = 0; i < 1000; i++) {
        double mean = exp(20 * (rs_stream_uniform(&s) - 0.6));
        rs_stream_u64(&same);
        ASSERT_IN_LOOP(rs_poisson_bank_draw(bank, &s, mean) ==
                       rs_poisson_bank_draw(other, &same, mean));
    }
    ck_assert_uint_eq(rs_stream_u64(&s), rs_stream_u64(&same));
    rs_poisson_bank_free(bank);
    rs_poisson_bank_free(other);
    rs_poisson_bank_free(NULL);
}
END_TEST

START_TEST(test_bank_at_the_edges)
{
    struct poisson_bank *bank = rs_poisson_bank_new();
    struct stream s = rs_stream_open(45, 0, 0), same = s;
    uint64_t n_rare = 0;
    for (int i = 0; i < 10000; i++) {
        ASSERT_IN_LOOP(rs_poisson_bank_draw(bank, &s, 0) == 0);
        n_rare += rs_poisson_bank_draw(bank, &s, 1e-12) + rs_poisson_bank_draw(bank, &s, 5e-324);
    }
    ck_assert_uint_eq(n_rare, 0); /* false-alarm rate 1e-8 */
    same = s;
    ck_assert_uint_eq(rs_poisson_bank_draw(bank, &s, 1e15), rs_draw_poisson(&same, 1e15));
    ck_assert_uint_eq(rs_poisson_bank_draw(bank, &s, 1024), rs_draw_poisson(&same, 1024));
    /* The worst words a stream can give. */
    static const double means[] = {1e-12, 0.015, 0.1, 63.999999, 64, 1023.999999};
    for (int i = 0; i < N_ROW(means); i++) {
        for (int j = 0; j < 4; j++) {
            s.n_left = 2;
            s.word[0] = j & 1 ? UINT64_MAX : 0;
            s.word[1] = j & 2 ? UINT64_MAX : 0;
            double k = (double)rs_poisson_bank_draw(bank, &s, means[i]);
            ck_assert_double_lt(k, means[i] + 40 * sqrt(means[i]) + 40);
        }
    }
    rs_poisson_bank_free(bank);
}
END_TEST

START_TEST(test_negative_mean_aborts)
{
    struct stream s = rs_stream_open(46, 0, 0);
    rs_poisson_bank_draw(rs_poisson_bank_new(), &s, -1);
}
END_TEST

/* A table's stream may be GSL's: then the numbers are those of gsl_ran_poisson. */
START_TEST(test_gsl_draws)
{
    struct poisson_table *t = rs_poisson_table_new(20);
    struct poisson_bank *bank = rs_poisson_bank_new();
    struct class_table *classes = rs_class_table_new(2, (double[]){1, 2});
    const struct poisson_table *many[] = {t, t};
    struct stream s = rs_stream_open(47, 0, 0);
    s.gsl = true;
    gsl_rng *rng = rs_stream_gsl_new(&s);
    uint64_t out[3];
    for (int i = 0; i < 100; i++) {
        ck_assert_uint_eq(rs_poisson_table_draw(t, &s), gsl_ran_poisson(rng, 20));
        ck_assert_uint_eq(rs_poisson_bank_draw(bank, &s, 20.5), gsl_ran_poisson(rng, 20.5));
        rs_poisson_table_fill(t, &s, 1, out);
        ck_assert_uint_eq(out[0], gsl_ran_poisson(rng, 20));
        rs_poisson_vector_draw(many, 2, &s, 1, out);
        ck_assert_uint_eq(out[0], gsl_ran_poisson(rng, 20));
        ck_assert_uint_eq(out[1], gsl_ran_poisson(rng, 20));
        rs_class_table_draw(classes, &s, 100, out);
        ck_assert_uint_eq(out[0], gsl_ran_binomial(rng, 1.0 / 3, 100));
    }
    gsl_rng_free(rng);
    rs_poisson_table_free(t);
    rs_poisson_bank_free(bank);
    rs_class_table_free(classes);
}
END_TEST

/* ---- classes ---- */

static const uint64_t class_rows[] = {1, 7, 40, 129, 173, 232, 1000, 8192, 8193, 100000};

/*
 * Every class of n requests is binomial by itself, two classes have the covariance -n p q, and they sum to n. Which way n is
 * drawn (one by one, levels of Poisson counts, conditional binomials) is up to n.
 */
START_TEST(test_classes)
{
    enum { N_CLASS = 12 };
    const int n_run = n_or_few(40000);
    static uint64_t seen[N_CLASS][N_CELL];
    static double expected[N_CELL];
    const double weight[N_CLASS] = {1, 3, 8, 15, 20, 0, 19, 14, 9, 6, 1.5, 1e-9};
    uint64_t n = class_rows[_i], out[N_CLASS];
    double sum = 96.5 + 1e-9, product = 0, p4 = 20 / sum, p6 = 19 / sum;
    struct class_table *t = rs_class_table_new(N_CLASS, weight);
    struct stream s = rs_stream_open(48, n, 0);
    double first[N_CLASS];
    for (int i = 0; i < N_CLASS; i++) {
        double mean = (double)n * weight[i] / sum;
        first[i] = fmax(0, floor(mean - 10 * sqrt(mean) - 10));
        for (int j = 0; j < N_CELL; j++) {
            seen[i][j] = 0;
        }
    }
    for (int run = 0; run < n_run; run++) {
        uint64_t total = 0;
        rs_class_table_draw(t, &s, n, out);
        for (int i = 0; i < N_CLASS; i++) {
            total += out[i];
            double cell = (double)out[i] - first[i];
            ASSERT_IN_LOOP(cell >= 0 && cell < N_CELL);
            seen[i][(int)cell]++;
        }
        ASSERT_IN_LOOP(total == n && out[5] == 0);
        product += ((double)out[4] - (double)n * p4) * ((double)out[6] - (double)n * p6);
    }
    for (int i = 0; i < N_CLASS; i++) {
        for (int j = 0; j < N_CELL; j++) {
            double k = first[i] + j;
            expected[j] = k > (double)n ? 0
                                        : n_run * gsl_ran_binomial_pdf((unsigned)k, weight[i] / sum,
                                                                       (unsigned)n);
        }
        double p = chi_square_p(seen[i], expected, N_CELL, 10);
        ck_assert_msg(p > 1e-6, "n %u, class %d: p-value %g", (unsigned)n, i, p);
    }
    /* Five standard errors of the covariance, whose terms have about the standard deviation n sqrt(p q (1 - p) (1 - q)). */
    double sd = (double)n * sqrt(p4 * p6 * (1 - p4) * (1 - p6)) + 1;
    ck_assert_double_lt(fabs(product / n_run + (double)n * p4 * p6), 6 * sd / sqrt(n_run));
    rs_class_table_free(t);
    rs_class_table_free(NULL);
}
END_TEST

/* A level that was made for another n, or is made only now, does not show. */
START_TEST(test_classes_do_not_remember)
{
    const double weight[3] = {0.2, 0.3, 0.5};
    struct class_table *used = rs_class_table_new(3, weight);
    struct stream s = rs_stream_open(49, 0, 0);
    for (int i = 0; i < 300; i++) {
        uint64_t n = rs_stream_below(&s, 10000), a[3], b[3];
        struct class_table *fresh = rs_class_table_new(3, (double[]){2, 3, 5});
        struct stream same = s;
        rs_class_table_draw(used, &s, n, a);
        rs_class_table_draw(fresh, &same, n, b);
        ck_assert_mem_eq(a, b, sizeof(a));
        ck_assert_uint_eq(rs_stream_u64(&s), rs_stream_u64(&same));
        rs_class_table_free(fresh);
    }
    rs_class_table_free(used);
}
END_TEST

/* Once its levels are there a table asks for no memory. */
START_TEST(test_draws_ask_for_no_memory)
{
    const double weight[4] = {4, 3, 2, 1};
    uint64_t out[4];
    struct class_table *t = rs_class_table_new(4, weight);
    struct poisson_bank *bank = rs_poisson_bank_new();
    struct stream s = rs_stream_open(50, 0, 0);
    for (uint64_t n = 1; n <= 8192; n *= 2) {
        rs_class_table_draw(t, &s, n + n / 4, out);
    }
    size_t before = heap_bytes();
    for (int i = 0; i < 2000; i++) {
        rs_class_table_draw(t, &s, rs_stream_below(&s, 9000), out);
        rs_poisson_bank_draw(bank, &s, 0.3 * i);
    }
    ck_assert_uint_eq(heap_bytes(), before);
    rs_class_table_free(t);
    rs_poisson_bank_free(bank);
}
END_TEST

START_TEST(test_no_weight_aborts)
{
    rs_class_table_new(2, (double[]){0, 0});
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, test_table_is_the_law, 0, N_ROW(table_rows));
    add_abort_test(tc, test_table_of_a_large_mean_aborts);
    tcase_add_test(tc, test_same_table_same_numbers);
    tcase_add_test(tc, test_bank_at_the_edges);
    add_abort_test(tc, test_negative_mean_aborts);
    tcase_add_test(tc, test_gsl_draws);
    tcase_add_loop_test(tc, test_classes, 0, N_ROW(class_rows));
    tcase_add_test(tc, test_classes_do_not_remember);
    tcase_add_test(tc, test_draws_ask_for_no_memory);
    add_abort_test(tc, test_no_weight_aborts);
    tcase_add_loop_test(tc, test_alias_is_exact, 0, N_ROW(alias_rows));
    tcase_add_loop_test(tc, test_alias_thresholds, 0, N_ROW(alias_rows));
    tcase_add_loop_test(tc, test_chi_square, 0, N_ROW(rows));
}

int main(void)
{
    return run_suite("draw_table", add_tests);
}
