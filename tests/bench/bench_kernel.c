/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernel against plain code without its promises: event list, M/M/1, replications over threads. */
#include <assert.h>
#include <stdlib.h>

#include "bench.h"
#include "bench_yardstick.h"
#include "sim/arena.h"
#include "sim/clock.h"
#include "sim/draw.h"
#include "sim/draw_fast.h"
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

static double kernel_hold(struct bench *b, double n_pending, uint64_t n)
{
    (void)b;
    return run_hold(n_pending, n, hold_event);
}

static double kernel_hold_move(struct bench *b, double n_pending, uint64_t n)
{
    (void)b;
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

static double kernel_mm1(struct bench *b, double rho, uint64_t n_customer)
{
    (void)b;
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

static double replicate_threads(struct bench *b, double n_thread, uint64_t n)
{
    (void)b;
    return replicate_wall((int)n_thread, n);
}

static double replicate_one(struct bench *b, double unused, uint64_t n)
{
    (void)b;
    (void)unused;
    return replicate_wall(1, n);
}

#define M 1000000
static const struct bench_row rows[] = {
    {"K1", "hold, 100 pending", "binary heap", kernel_hold, heap_hold, 100, M, M, AT_MOST, 0.35},
    {"K1", "hold, 1k pending", "binary heap", kernel_hold, heap_hold, 1e3, M, M, AT_MOST, 0.30},
    {"K1", "hold, 10k pending", "binary heap", kernel_hold, heap_hold, 1e4, M, M, AT_MOST, 0.35},
    {"K1", "hold, 100k pending", "binary heap", kernel_hold, heap_hold, 1e5, M, M, AT_MOST, 0.45},
    {"K2", "hold + move, 100 pending", "binary heap, lazy deletion", kernel_hold_move,
     heap_hold_lazy, 100, M, M, AT_MOST, 0.40},
    {"K2", "hold + move, 1k pending", "binary heap, lazy deletion", kernel_hold_move,
     heap_hold_lazy, 1e3, M, M, AT_MOST, 0.40},
    {"K2", "hold + move, 10k pending", "binary heap, lazy deletion", kernel_hold_move,
     heap_hold_lazy, 1e4, M, M, AT_MOST, 0.40},
    {"K2", "hold + move, 100k pending", "binary heap, lazy deletion", kernel_hold_move,
     heap_hold_lazy, 1e5, M, M, AT_MOST, 0.40},
    {"K3", "M/M/1 customer, rho 0.9", "Lindley recursion", kernel_mm1, lindley, 0.9, M, M, AT_MOST,
     6.5},
    {"W3", "replicas that only draw, 2 threads (wall)", "1 thread", replicate_threads,
     replicate_one, 2, 2000, 2000, AT_LEAST, 1.95, .unit = "us"},
};

const struct bench_group bench_kernel = {rows, sizeof rows / sizeof rows[0]};
