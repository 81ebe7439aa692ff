/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counts and streams against GSL's: Poisson, histograms, the start of a stream. */
#include <gsl/gsl_randist.h>

#include "bench.h"
#include "sim/draw.h"
#include "sim/draw_table.h"
#include "sim/stream.h"

/* A rate that recurs: from its table, a chunk at a time; means beyond the tables from prepared constants. */
static double poisson_recurring(struct bench *b, double mean, uint64_t n)
{
    (void)b;
    enum { N_CHUNK = 128 };
    struct stream s = rs_stream_open(1, 0, 0);
    bool in_table = mean <= RS_POISSON_TABLE_MEAN_MAX;
    struct poisson_table *table = in_table ? rs_poisson_table_new(mean) : NULL;
    struct poisson p = rs_poisson_prepare(mean);
    uint64_t sum = 0, count[N_CHUNK];
    double start_s = bench_cpu_s();
    for (uint64_t i = 0; i < n; i += N_CHUNK) { /* hardly more than n */
        if (in_table) {
            rs_poisson_table_fill(table, &s, N_CHUNK, count);
        }
        for (int j = 0; j < N_CHUNK; j++) {
            sum += in_table ? count[j] : rs_poisson_draw(&p, &s);
        }
    }
    double cpu_s = bench_cpu_s() - start_s;
    bench_keep((double)sum);
    rs_poisson_table_free(table);
    return cpu_s;
}

static double poisson_singly(struct bench *b, double mean, uint64_t n)
{
    (void)b;
    struct stream s = rs_stream_open(1, 0, 0);
    struct poisson_table *table = rs_poisson_table_new(mean);
    uint64_t sum = 0;
    double start_s = bench_cpu_s();
    for (uint64_t i = 0; i < n; i++) {
        sum += rs_poisson_table_draw(table, &s);
    }
    double cpu_s = bench_cpu_s() - start_s;
    bench_keep((double)sum);
    rs_poisson_table_free(table);
    return cpu_s;
}

/* Any rate, from the bank: another mean each time, so that nothing recurs. */
static double poisson_bank(struct bench *b, double mean, uint64_t n)
{
    (void)b;
    struct stream s = rs_stream_open(1, 0, 0);
    struct poisson_bank *bank = rs_poisson_bank_new();
    double step = mean * 0.1 / (double)n, at = mean * 0.95;
    uint64_t sum = 0;
    double start_s = bench_cpu_s();
    for (uint64_t i = 0; i < n; i++, at += step) {
        sum += rs_poisson_bank_draw(bank, &s, at);
    }
    double cpu_s = bench_cpu_s() - start_s;
    bench_keep((double)sum);
    rs_poisson_bank_free(bank);
    return cpu_s;
}

static double poisson_any(struct bench *b, double mean, uint64_t n)
{
    (void)b;
    struct stream s = rs_stream_open(1, 0, 0);
    uint64_t sum = 0;
    double start_s = bench_cpu_s();
    for (uint64_t i = 0; i < n; i++) {
        sum += rs_draw_poisson(&s, mean);
    }
    bench_keep((double)sum);
    return bench_cpu_s() - start_s;
}

static double poisson_gsl(struct bench *b, double mean, uint64_t n)
{
    (void)b;
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    uint64_t sum = 0;
    double start_s = bench_cpu_s();
    for (uint64_t i = 0; i < n; i++) {
        sum += gsl_ran_poisson(rng, mean);
    }
    bench_keep((double)sum);
    gsl_rng_free(rng);
    return bench_cpu_s() - start_s;
}

/* A latency histogram: the share of twelve buckets, about lognormal. */
static const double bucket_share[12] = {0.01, 0.03, 0.08, 0.15, 0.2,   0.19,
                                        0.14, 0.09, 0.06, 0.03, 0.015, 0.005};

/*
 * What a scrape adds to a histogram: Poisson counts of the buckets, one look-up each (a Poisson stream's buckets are Poisson
 * and independent).
 */
static double histogram_poisson(struct bench *b, double n_request, uint64_t n)
{
    (void)b;
    struct stream s = rs_stream_open(1, 0, 0);
    struct poisson_table *table[12];
    enum { N_SCRAPE = 8 }; /* drawn together */
    uint64_t count[N_SCRAPE * 12], sum = 0;
    for (int i = 0; i < 12; i++) {
        table[i] = rs_poisson_table_new(n_request * bucket_share[i]);
    }
    double start_s = bench_cpu_s();
    for (uint64_t i = 0; i < n; i += N_SCRAPE) {
        rs_poisson_vector_draw((const struct poisson_table *const *)table, 12, &s, N_SCRAPE, count);
        sum += count[3];
    }
    double cpu_s = bench_cpu_s() - start_s;
    bench_keep((double)sum);
    for (int i = 0; i < 12; i++) {
        rs_poisson_table_free(table[i]);
    }
    return cpu_s;
}

/* The same where the number of requests is given. */
static double histogram_given(struct bench *b, double n_request, uint64_t n)
{
    (void)b;
    struct stream s = rs_stream_open(1, 0, 0);
    struct class_table *table = rs_class_table_new(12, bucket_share);
    uint64_t count[12], sum = 0;
    rs_class_table_draw(table, &s, (uint64_t)n_request, count);
    double start_s = bench_cpu_s();
    for (uint64_t i = 0; i < n; i++) {
        rs_class_table_draw(table, &s, (uint64_t)n_request, count);
        sum += count[3];
    }
    double cpu_s = bench_cpu_s() - start_s;
    bench_keep((double)sum);
    rs_class_table_free(table);
    return cpu_s;
}

static double multinomial(struct bench *b, double n_request, uint64_t n)
{
    (void)b;
    struct stream s = rs_stream_open(1, 0, 0);
    uint64_t count[12], sum = 0;
    double start_s = bench_cpu_s();
    for (uint64_t i = 0; i < n; i++) {
        rs_draw_multinomial(&s, (uint64_t)n_request, 12, bucket_share, count);
        sum += count[3];
    }
    bench_keep((double)sum);
    return bench_cpu_s() - start_s;
}

static double multinomial_gsl(struct bench *b, double n_request, uint64_t n)
{
    (void)b;
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    unsigned count[12];
    uint64_t sum = 0;
    double start_s = bench_cpu_s();
    for (uint64_t i = 0; i < n; i++) {
        gsl_ran_multinomial(rng, 12, (unsigned)n_request, bucket_share, count);
        sum += count[3];
    }
    bench_keep((double)sum);
    gsl_rng_free(rng);
    return bench_cpu_s() - start_s;
}

static double stream_open(struct bench *b, double unused, uint64_t n)
{
    (void)b;
    (void)unused;
    uint64_t sum = 0, name = rs_stream_hash("scrape/portal");
    double start_s = bench_cpu_s();
    for (uint64_t i = 0; i < n; i++) {
        struct stream s = rs_stream_open(17, i, name);
        sum += rs_stream_u64(&s);
    }
    bench_keep((double)sum);
    return bench_cpu_s() - start_s;
}

static double stream_gsl(struct bench *b, double unused, uint64_t n)
{
    (void)b;
    (void)unused;
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    uint64_t sum = 0;
    double start_s = bench_cpu_s();
    for (uint64_t i = 0; i < n; i++) {
        gsl_rng_set(rng, i + 1);
        sum += gsl_rng_get(rng);
    }
    bench_keep((double)sum);
    gsl_rng_free(rng);
    return bench_cpu_s() - start_s;
}

#define M 1000000
static const struct bench_row rows[] = {
    {"D1a", "Poisson, recurring, mean 0.1", "gsl_ran_poisson", poisson_recurring, poisson_gsl, 0.1,
     M, M, AT_MOST, 0.1},
    {"D1a", "Poisson, recurring, mean 1", "gsl_ran_poisson", poisson_recurring, poisson_gsl, 1, M,
     M, AT_MOST, 0.1},
    {"D1a", "Poisson, recurring, mean 10", "gsl_ran_poisson", poisson_recurring, poisson_gsl, 10, M,
     M / 4, AT_MOST, 0.1},
    {"D1a", "Poisson, recurring, mean 100", "gsl_ran_poisson", poisson_recurring, poisson_gsl, 100,
     M, M / 8, AT_MOST, 0.1},
    {"D1a", "Poisson, recurring, mean 1e3", "gsl_ran_poisson", poisson_recurring, poisson_gsl, 1e3,
     M, M / 8, AT_MOST, 0.1},
    {"D1a", "Poisson, recurring, mean 1e5", "gsl_ran_poisson", poisson_recurring, poisson_gsl, 1e5,
     M, M / 8, AT_MOST, 0.1},
    {"D1c", "Poisson, recurring, one by one, mean 1", "gsl_ran_poisson", poisson_singly,
     poisson_gsl, 1, M, M, AT_MOST, 1.0 / 3},
    {"D1b", "Poisson, bank, mean about 0.1", "gsl_ran_poisson", poisson_bank, poisson_gsl, 0.1, M,
     M, AT_MOST, 1},
    {"D1b", "Poisson, bank, mean about 1", "gsl_ran_poisson", poisson_bank, poisson_gsl, 1, M, M,
     AT_MOST, 1},
    {"D1b", "Poisson, bank, mean about 10", "gsl_ran_poisson", poisson_bank, poisson_gsl, 10, M,
     M / 4, AT_MOST, 1.0 / 3},
    {"D1b", "Poisson, bank, mean about 100", "gsl_ran_poisson", poisson_bank, poisson_gsl, 100, M,
     M / 8, AT_MOST, 1.0 / 3},
    {"D1b", "Poisson, bank, mean about 900", "gsl_ran_poisson", poisson_bank, poisson_gsl, 900, M,
     M / 8, AT_MOST, 1.0 / 3},
    {"D1b", "Poisson, bank, mean about 1e5", "gsl_ran_poisson", poisson_bank, poisson_gsl, 1e5, M,
     M / 8, AT_MOST, 1.0 / 3},
    {"D1c", "Poisson, no bank, mean 0.1", "gsl_ran_poisson", poisson_any, poisson_gsl, 0.1, M, M,
     AT_MOST, 1},
    {"D1c", "Poisson, no bank, mean 1", "gsl_ran_poisson", poisson_any, poisson_gsl, 1, M, M,
     AT_MOST, 1},
    {"D1c", "Poisson, no bank, mean 9", "gsl_ran_poisson", poisson_any, poisson_gsl, 9, M, M / 4,
     AT_MOST, 1},
    {"D1c", "Poisson, no bank, mean 10", "gsl_ran_poisson", poisson_any, poisson_gsl, 10, M, M / 4,
     AT_MOST, 1},
    {"D1c", "Poisson, no bank, mean 100", "gsl_ran_poisson", poisson_any, poisson_gsl, 100, M,
     M / 8, AT_MOST, 1.0 / 3},
    {"D1c", "Poisson, no bank, mean 1e3", "gsl_ran_poisson", poisson_any, poisson_gsl, 1e3, M,
     M / 8, AT_MOST, 1.0 / 3},
    {"D1c", "Poisson, no bank, mean 1e5", "gsl_ran_poisson", poisson_any, poisson_gsl, 1e5, M,
     M / 8, AT_MOST, 1.0 / 3},
    {"D2", "12 Poisson buckets, mean 1000", "gsl_ran_multinomial", histogram_poisson,
     multinomial_gsl, 1000, M / 8, M / 16, AT_MOST, 0.05},
    {"D2b", "12 buckets of 1000 requests, tables", "gsl_ran_multinomial", histogram_given,
     multinomial_gsl, 1000, M / 8, M / 16, AT_MOST, 0.4},
    {"D2b", "12 buckets of 1000 requests, any weights", "gsl_ran_multinomial", multinomial,
     multinomial_gsl, 1000, M / 16, M / 16, AT_MOST, 1},
    {"D3", "open a named stream, one word", "gsl_rng_set of mt19937", stream_open, stream_gsl, 0, M,
     M / 64, AT_MOST, 0.005},
};

const struct bench_group bench_draw = {rows, sizeof rows / sizeof rows[0]};
