/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The kernel, the variates and the replications against their yardsticks; the ids are those of
 * the list of targets.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_randist.h>

#include "bench.h"
#include "bench_yardstick.h"
#include "sim/arena.h"
#include "sim/clock.h"
#include "sim/draw.h"
#include "sim/draw_fast.h"
#include "sim/draw_table.h"
#include "sim/kernel.h"
#include "sim/replicate.h"

/* K1 and K2: every event schedules itself anew, and in K2 also moves another. */
struct hold {
    struct kernel *k;
    uint64_t n_left, n_timer;
    rs_event *timer; /* [n_timer], for K2 */
    struct delays delays;
};

static void hold_event(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct hold *h = ctx;
    rs_kernel_at(h->k, now_ns + delays_next(&h->delays), "hold", hold_event, ctx, arg);
    if (--h->n_left == 0) {
        rs_kernel_stop(h->k);
    }
}

static void hold_move_event(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct hold *h = ctx;
    int64_t at_ns = now_ns + delays_next(&h->delays);
    h->timer[arg] = rs_kernel_at(h->k, at_ns, "hold", hold_move_event, ctx, arg);
    uint64_t other = (delays_random(&h->delays) >> 32) * h->n_timer >> 32;
    rs_kernel_move(h->k, h->timer[other], now_ns + delays_next(&h->delays));
    if (--h->n_left == 0) {
        rs_kernel_stop(h->k);
    }
}

static double run_hold(double n_pending, uint64_t n, rs_event_fn fn)
{
    static struct hold h;
    h = (struct hold){.k = rs_kernel_new(), .n_left = n, .n_timer = (uint64_t)n_pending};
    delays_init(&h.delays);
    h.timer = rs_xcalloc(h.n_timer, sizeof(*h.timer));
    for (uint64_t i = 0; i < h.n_timer; i++) {
        h.timer[i] = rs_kernel_at(h.k, delays_next(&h.delays), "hold", fn, &h, i);
    }
    double start_s = bench_cpu_s();
    rs_kernel_run(h.k, RS_NEVER, NULL);
    double cpu_s = bench_cpu_s() - start_s;
    assert(h.n_left == 0);
    rs_kernel_free(h.k);
    free(h.timer);
    return cpu_s;
}

static double kernel_hold(double n_pending, uint64_t n)
{
    return run_hold(n_pending, n, hold_event);
}

static double kernel_hold_move(double n_pending, uint64_t n)
{
    return run_hold(n_pending, n, hold_move_event);
}

/* K3: M/M/1 with an arrival event, a departure event, and a queue of arrival times. */
enum { QUEUE_MAX = 1 << 14 };

struct mm1 {
    struct kernel *k;
    struct stream_bulk gap, service;
    double mean_service_ns;
    uint64_t n_left, first, last; /* waiting or in service: arrival[first .. last-1] */
    int64_t wait_ns;
    int64_t arrival_ns[QUEUE_MAX];
};

static void depart(void *ctx, int64_t now_ns, uint64_t arg);

static void begin_service(struct mm1 *q, int64_t now_ns)
{
    q->wait_ns += now_ns - q->arrival_ns[q->first % QUEUE_MAX];
    int64_t end_ns = now_ns + rs_draw_exponential_ns(&q->service, q->mean_service_ns);
    rs_kernel_at(q->k, end_ns, "depart", depart, q, 0);
}

static void depart(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct mm1 *q = ctx;
    (void)arg;
    q->first++;
    if (--q->n_left == 0) {
        rs_kernel_stop(q->k);
    } else if (q->first != q->last) {
        begin_service(q, now_ns);
    }
}

static void arrive(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct mm1 *q = ctx;
    assert(q->last - q->first < QUEUE_MAX);
    q->arrival_ns[q->last++ % QUEUE_MAX] = now_ns;
    int64_t next_ns = now_ns + rs_draw_exponential_ns(&q->gap, 1e9);
    rs_kernel_at(q->k, next_ns, "arrive", arrive, ctx, arg);
    if (q->last - q->first == 1) {
        begin_service(q, now_ns);
    }
}

static double kernel_mm1(double rho, uint64_t n_customer)
{
    static struct mm1 q;
    q = (struct mm1){.k = rs_kernel_new(),
                     .gap = rs_stream_bulk(rs_stream_open(1, 0, rs_stream_hash("gap"))),
                     .service = rs_stream_bulk(rs_stream_open(1, 0, rs_stream_hash("service"))),
                     .mean_service_ns = rho * 1e9,
                     .n_left = n_customer};
    rs_kernel_at(q.k, 0, "arrive", arrive, &q, 0);
    double start_s = bench_cpu_s();
    rs_kernel_run(q.k, RS_NEVER, NULL);
    double cpu_s = bench_cpu_s() - start_s;
    /*
     * Mean wait is rho^2 / (1 - rho) = 8.1 s at 0.9; 10^6 customers give it to within some per
     * cent.
     */
    double mean_wait_s = rs_s_from_ns(q.wait_ns) / (double)n_customer;
    assert(mean_wait_s > 6 && mean_wait_s < 11);
    rs_kernel_free(q.k);
    return cpu_s;
}

/* A rate that recurs: from its table, a chunk at a time; means beyond the tables from prepared constants. */
static double poisson_recurring(double mean, uint64_t n)
{
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

static double poisson_singly(double mean, uint64_t n)
{
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
static double poisson_bank(double mean, uint64_t n)
{
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

static double poisson_any(double mean, uint64_t n)
{
    struct stream s = rs_stream_open(1, 0, 0);
    uint64_t sum = 0;
    double start_s = bench_cpu_s();
    for (uint64_t i = 0; i < n; i++) {
        sum += rs_draw_poisson(&s, mean);
    }
    bench_keep((double)sum);
    return bench_cpu_s() - start_s;
}

static double poisson_gsl(double mean, uint64_t n)
{
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
static double histogram_poisson(double n_request, uint64_t n)
{
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
static double histogram_given(double n_request, uint64_t n)
{
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

static double multinomial(double n_request, uint64_t n)
{
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

static double multinomial_gsl(double n_request, uint64_t n)
{
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

static double stream_open(double unused, uint64_t n)
{
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

static double stream_gsl(double unused, uint64_t n)
{
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

/* W3: replicas of about 0.1 ms that only count, reduced in order. */
static void *nothing_new(void *ctx, struct err *err)
{
    (void)err;
    return ctx;
}

static void nothing_free(void *ctx, void *worker)
{
    (void)ctx, (void)worker;
}

static void *sum_new(void *ctx)
{
    (void)ctx;
    return rs_xcalloc(1, sizeof(uint64_t));
}

static void sum_free(void *ctx, void *slot)
{
    (void)ctx;
    free(slot);
}

static int run_replica(void *ctx,
                       void *worker,
                       uint64_t replica,
                       void *slot,
                       const atomic_bool *cancel,
                       struct err *err)
{
    (void)cancel;
    (void)ctx, (void)worker, (void)err;
    struct stream s = rs_stream_open(1, replica, 0);
    uint64_t sum = 0;
    for (int i = 0; i < 3000; i++) {
        sum += rs_draw_poisson(&s, 100);
    }
    *(uint64_t *)slot = sum;
    return 0;
}

static int add_sum(void *ctx, uint64_t replica, void *slot, struct err *err)
{
    (void)replica, (void)err;
    *(uint64_t *)ctx += *(uint64_t *)slot;
    return 0;
}

static double replicate_wall(int n_thread, uint64_t n)
{
    uint64_t sum = 0;
    struct replicate_job job = {.n = n,
                                .n_thread = n_thread,
                                .ctx = &sum,
                                .worker_new = nothing_new,
                                .worker_free = nothing_free,
                                .slot_new = sum_new,
                                .slot_free = sum_free,
                                .run = run_replica,
                                .reduce = add_sum};
    double start_s = bench_wall_s();
    int status = rs_replicate(&job, NULL, NULL);
    assert(status == 0);
    bench_keep((double)sum);
    return bench_wall_s() - start_s;
}

static double replicate_threads(double n_thread, uint64_t n)
{
    return replicate_wall((int)n_thread, n);
}

static double replicate_one(double unused, uint64_t n)
{
    (void)unused;
    return replicate_wall(1, n);
}

#define M 1000000
static const struct bench_row rows[] = {
    {"K1", "hold, 100 pending", kernel_hold, heap_hold, 100, M, M, 0.35},
    {"K1", "hold, 1k pending", kernel_hold, heap_hold, 1e3, M, M, 0.30},
    {"K1", "hold, 10k pending", kernel_hold, heap_hold, 1e4, M, M, 0.35},
    {"K1", "hold, 100k pending", kernel_hold, heap_hold, 1e5, M, M, 0.45},
    {"K2", "hold + move, 100 pending", kernel_hold_move, heap_hold_lazy, 100, M, M, 0.40},
    {"K2", "hold + move, 1k pending", kernel_hold_move, heap_hold_lazy, 1e3, M, M, 0.40},
    {"K2", "hold + move, 10k pending", kernel_hold_move, heap_hold_lazy, 1e4, M, M, 0.40},
    {"K2", "hold + move, 100k pending", kernel_hold_move, heap_hold_lazy, 1e5, M, M, 0.40},
    {"K3", "M/M/1 customer, rho 0.9", kernel_mm1, lindley, 0.9, M, M, 6.5},
    {"D1a", "Poisson, recurring, mean 0.1", poisson_recurring, poisson_gsl, 0.1, M, M, 0.1},
    {"D1a", "Poisson, recurring, mean 1", poisson_recurring, poisson_gsl, 1, M, M, 0.1},
    {"D1a", "Poisson, recurring, mean 10", poisson_recurring, poisson_gsl, 10, M, M / 4, 0.1},
    {"D1a", "Poisson, recurring, mean 100", poisson_recurring, poisson_gsl, 100, M, M / 8, 0.1},
    {"D1a", "Poisson, recurring, mean 1e3", poisson_recurring, poisson_gsl, 1e3, M, M / 8, 0.1},
    {"D1a", "Poisson, recurring, mean 1e5", poisson_recurring, poisson_gsl, 1e5, M, M / 8, 0.1},
    {"D1c", "Poisson, recurring, one by one, mean 1", poisson_singly, poisson_gsl, 1, M, M,
     1.0 / 3},
    {"D1b", "Poisson, bank, mean about 0.1", poisson_bank, poisson_gsl, 0.1, M, M, 1},
    {"D1b", "Poisson, bank, mean about 1", poisson_bank, poisson_gsl, 1, M, M, 1},
    {"D1b", "Poisson, bank, mean about 10", poisson_bank, poisson_gsl, 10, M, M / 4, 1.0 / 3},
    {"D1b", "Poisson, bank, mean about 100", poisson_bank, poisson_gsl, 100, M, M / 8, 1.0 / 3},
    {"D1b", "Poisson, bank, mean about 900", poisson_bank, poisson_gsl, 900, M, M / 8, 1.0 / 3},
    {"D1b", "Poisson, bank, mean about 1e5", poisson_bank, poisson_gsl, 1e5, M, M / 8, 1.0 / 3},
    {"D1c", "Poisson, no bank, mean 0.1", poisson_any, poisson_gsl, 0.1, M, M, 1},
    {"D1c", "Poisson, no bank, mean 1", poisson_any, poisson_gsl, 1, M, M, 1},
    {"D1c", "Poisson, no bank, mean 9", poisson_any, poisson_gsl, 9, M, M / 4, 1},
    {"D1c", "Poisson, no bank, mean 10", poisson_any, poisson_gsl, 10, M, M / 4, 1},
    {"D1c", "Poisson, no bank, mean 100", poisson_any, poisson_gsl, 100, M, M / 8, 1.0 / 3},
    {"D1c", "Poisson, no bank, mean 1e3", poisson_any, poisson_gsl, 1e3, M, M / 8, 1.0 / 3},
    {"D1c", "Poisson, no bank, mean 1e5", poisson_any, poisson_gsl, 1e5, M, M / 8, 1.0 / 3},
    {"D2", "12 Poisson buckets, mean 1000", histogram_poisson, multinomial_gsl, 1000, M / 8, M / 16,
     0.05},
    {"D2b", "12 buckets of 1000 requests, tables", histogram_given, multinomial_gsl, 1000, M / 8,
     M / 16, 0.4},
    {"D2b", "12 buckets of 1000 requests, any weights", multinomial, multinomial_gsl, 1000, M / 16,
     M / 16, 1},
    {"D3", "open a named stream, one word", stream_open, stream_gsl, 0, M, M / 64, 0.005},
    {"W3", "replicas, 2 threads (wall)", replicate_threads, replicate_one, 2, 1000, 1000, 1.95,
     true},
};

int main(int argc, char **argv)
{
    if (argc > 1 && argv[1][0] == '-') {
        printf(
            "usage: %s [ID...]   measures the rows whose id begins with an ID (K1, D, ...); all\n"
            "without one. Times are CPU time, best of five; ratio = ours / yardstick.\n",
            argv[0]);
        return strcmp(argv[1], "--help") == 0 ? EXIT_SUCCESS : 2;
    }
    ziggurat_prepare();
    bench_run(rows, sizeof(rows) / sizeof(rows[0]), argv + 1, argc - 1);
    return EXIT_SUCCESS;
}
