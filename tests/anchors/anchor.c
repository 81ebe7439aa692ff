/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "anchor.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"
#include "sim/clock.h"
#include "sim/draw.h"
#include "sim/replicate.h"
#include "verify/stats.h"

enum { N_SEED = 200, N_SEED_AGAIN = 12 };

struct sums {
    double sum, squares;
};

struct tally {
    const struct anchor *a;
    int n, n_miss;
    struct sums pooled;
    struct sums seed[N_SEED];
};

rs_event anchor_in(struct play *p, double delay, const char *label, rs_event_fn fn, void *ctx)
{
    return rs_kernel_at(p->k, rs_kernel_now(p->k) + rs_ns_from_s(delay), label, fn, ctx, 0);
}

rs_event anchor_after(struct play *p, double mean, const char *label, rs_event_fn fn, void *ctx)
{
    return anchor_in(p, rs_draw_exponential(&p->s, mean), label, fn, ctx);
}

double anchor_now(const struct play *p)
{
    return rs_s_from_ns(rs_kernel_now(p->k));
}

void anchor_go(struct play *p, double until)
{
    struct err err = {0};
    int64_t until_ns = isinf(until) ? RS_NEVER : rs_ns_from_s(until);
    if (rs_kernel_run(p->k, until_ns, &err) != 0)
        ck_abort_msg("%s", err.text);
}

int anchor_n(int n)
{
    if (getenv("RS_UNDER_VALGRIND"))
        return n / 50 + 2;
    return getenv("RS_ANCHORS_LONG") ? 20 * n : n;
}

static void *worker_new(void *ctx, struct err *err)
{
    (void)ctx, (void)err;
    return rs_kernel_new();
}

static void worker_free(void *ctx, void *worker)
{
    (void)ctx;
    rs_kernel_free(worker);
}

static void *slot_new(void *ctx)
{
    (void)ctx;
    return rs_xcalloc(1, sizeof(struct sums));
}

static void slot_free(void *ctx, void *slot)
{
    (void)ctx;
    free(slot);
}

static int run_seed(
    void *ctx, void *worker, uint64_t seed, void *slot, const atomic_bool *cancel, struct err *err)
{
    (void)cancel;
    const struct tally *t = ctx;
    struct sums *sums = slot;
    (void)err;
    *sums = (struct sums){0};
    uint64_t name = rs_stream_hash(t->a->name);
    for (int i = 0; i < t->n; i++) {
        struct play p = {worker, rs_stream_open(seed, (uint64_t)i, name), t->a->par};
        rs_kernel_reset(p.k);
        double x = t->a->run(&p);
        sums->sum += x;
        sums->squares += x * x;
    }
    return 0;
}

/* Two-sided 99.9 % point of Student's t with n - 1 degrees, to 1e-3 from n = 50 on: Cornish and Fisher's first term. */
static double student(int n)
{
    const double z = 3.290527;
    return z + (z * z * z + z) / (4.0 * (n - 1));
}

static double variance(struct sums s, double n)
{
    return fmax(s.squares - s.sum * s.sum / n, 0.0) / (n - 1.0);
}

static bool holds(const struct tally *t, struct sums s)
{
    double n = t->n, exact = t->a->exact;
    if (t->a->is_mean)
        return fabs(s.sum / n - exact) <= student(t->n) * sqrt(variance(s, n) / n);
    struct interval i = rs_clopper_pearson((uint64_t)s.sum, (uint64_t)t->n, 0.999);
    return i.low <= exact && exact <= i.high;
}

static int reduce(void *ctx, uint64_t seed, void *slot, struct err *err)
{
    struct tally *t = ctx;
    const struct sums *sums = slot;
    (void)err;
    t->seed[seed] = *sums;
    t->pooled.sum += sums->sum;
    t->pooled.squares += sums->squares;
    t->n_miss += !holds(t, *sums);
    return 0;
}

static void replicate(struct tally *t, int n_seed, int n_thread)
{
    struct replicate_job job = {
        .n = (uint64_t)n_seed,
        .n_thread = n_thread,
        .ctx = t,
        .worker_new = worker_new,
        .worker_free = worker_free,
        .slot_new = slot_new,
        .slot_free = slot_free,
        .run = run_seed,
        .reduce = reduce,
    };
    ck_assert_int_eq(rs_replicate(&job, NULL, NULL), 0);
}

void anchor_check(const struct anchor *a)
{
    static struct tally all, again; /* large, and a test is a process of its own */
    bool few = getenv("RS_UNDER_VALGRIND") != NULL;
    int n_seed = few ? 3 : N_SEED, n_again = few ? 3 : N_SEED_AGAIN;
    all = again = (struct tally){.a = a, .n = anchor_n(a->n)};
    replicate(&all, n_seed, 2);
    replicate(&again, n_again, 1);
    ck_assert_msg(memcmp(all.seed, again.seed, sizeof *all.seed * (size_t)n_again) == 0,
                  "%s: the number of threads matters", a->name);
    double n = (double)all.n * n_seed, mean = all.pooled.sum / n;
    double v = a->is_mean ? variance(all.pooled, n) : a->exact * (1.0 - a->exact);
    double sigma = sqrt(v / n);
    if (getenv("RS_ANCHORS_TELL"))
        printf("%-40s exact %-14.9g pooled %-14.9g %5.2f sigma, %d of %d missed\n", a->name,
               a->exact, mean, (mean - a->exact) / sigma, all.n_miss, n_seed);
    if (few)
        return;
    ck_assert_msg(fabs(mean - a->exact) <= 4.0 * sigma, "%s: %.9g, exact %.9g, %.2f sigma", a->name,
                  mean, a->exact, (mean - a->exact) / sigma);
    int n_miss_max = a->is_mean ? 8 : 4;
    ck_assert_msg(all.n_miss <= n_miss_max, "%s: %d of %d intervals miss", a->name, all.n_miss,
                  n_seed);
}

int anchor_main(const char *name, void (*add_tests)(TCase *tc))
{
    Suite *s = suite_create(name);
    TCase *tc = tcase_create(name);
    tcase_set_timeout(tc, 0);
    add_tests(tc);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int n_failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return n_failed == 0 ? 0 : 1;
}
