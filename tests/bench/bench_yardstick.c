/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench_yardstick.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "sim/arena.h"

enum { N_LEVEL = 256 };
static double zig_x[N_LEVEL + 1], zig_y[N_LEVEL];

static uint64_t rotl(uint64_t x, int k)
{
    return x << k | x >> (64 - k);
}

static uint64_t xoshiro_next(struct xoshiro *x)
{
    uint64_t *s = x->s, result = rotl(s[0] + s[3], 23) + s[0], t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

void ziggurat_prepare(void)
{
    const double r = 7.69711747013104972, area = 0.0039496598225815571993;
    zig_x[0] = area / exp(-r);
    zig_x[1] = r;
    for (int i = 2; i < N_LEVEL; i++) {
        zig_x[i] = -log(exp(-zig_x[i - 1]) + area / zig_x[i - 1]);
    }
    zig_x[N_LEVEL] = 0;
    for (int i = 0; i < N_LEVEL; i++) {
        zig_y[i] = exp(-zig_x[i]);
    }
}

static double uniform_of(uint64_t word)
{
    return (double)(word >> 11) * 0x1p-53;
}

double ziggurat_exponential(struct xoshiro *rng)
{
    double shift = 0;
    for (;;) {
        uint64_t word = xoshiro_next(rng);
        unsigned i = word & (N_LEVEL - 1);
        double x = uniform_of(word) * zig_x[i];
        if (x < zig_x[i + 1]) {
            return shift + x;
        }
        if (i == 0) {
            shift += zig_x[1]; /* the tail is the law itself again */
        } else {
            double y_above = i + 1 < N_LEVEL ? zig_y[i + 1] : 1;
            if (zig_y[i] + uniform_of(xoshiro_next(rng)) * (y_above - zig_y[i]) < exp(-x)) {
                return shift + x;
            }
        }
    }
}

void delays_init(struct delays *d)
{
    struct xoshiro rng = {{1, 2, 3, 4}};
    d->state = 1;
    for (int i = 0; i < 4096; i++) {
        d->ns[i] = 1 + (int64_t)(1e9 * ziggurat_exponential(&rng));
    }
}

/* A textbook binary heap of 16-byte entries: time, then insertion number and event in one word. */
struct entry {
    int64_t at_ns;
    uint64_t low;
};

struct heap {
    struct entry *entry; /* [1 .. n], owned */
    uint64_t n, cap;
};

static bool before(struct entry a, struct entry b)
{
    return a.at_ns < b.at_ns || (a.at_ns == b.at_ns && a.low < b.low);
}

static void heap_push(struct heap *h, struct entry e)
{
    if (++h->n >= h->cap) {
        h->cap = 2 * h->n;
        h->entry = rs_xrealloc(h->entry, h->cap * sizeof(*h->entry));
    }
    uint64_t i = h->n;
    for (; i > 1 && before(e, h->entry[i / 2]); i /= 2) {
        h->entry[i] = h->entry[i / 2];
    }
    h->entry[i] = e;
}

static struct entry heap_pop(struct heap *h)
{
    struct entry top = h->entry[1], last = h->entry[h->n--];
    uint64_t i = 1;
    for (uint64_t child; (child = 2 * i) <= h->n; i = child) {
        if (child < h->n && before(h->entry[child + 1], h->entry[child])) {
            child++;
        }
        if (!before(h->entry[child], last)) {
            break;
        }
        h->entry[i] = h->entry[child];
    }
    h->entry[i] = last;
    return top;
}

double heap_hold(struct bench *b, double n_pending, uint64_t n)
{
    (void)b;
    struct delays delays;
    delays_init(&delays);
    struct heap h = {0};
    uint64_t seq = 0;
    for (; seq < (uint64_t)n_pending; seq++) {
        heap_push(&h, (struct entry){delays_next(&delays), seq << 24 | seq});
    }
    double start_s = bench_cpu_s();
    for (uint64_t i = 0; i < n; i++, seq++) {
        struct entry e = heap_pop(&h);
        int64_t at_ns = e.at_ns + delays_next(&delays);
        heap_push(&h, (struct entry){at_ns, seq << 24 | (e.low & 0xffffff)});
    }
    double cpu_s = bench_cpu_s() - start_s;
    bench_keep((double)h.entry[1].at_ns);
    free(h.entry);
    return cpu_s;
}

/*
 * Lazy deletion: a moved timer is pushed anew, and its old entry is skipped by its generation
 * when it surfaces.
 */
double heap_hold_lazy(struct bench *b, double n_pending, uint64_t n)
{
    (void)b;
    struct delays delays;
    delays_init(&delays);
    struct heap h = {0};
    uint64_t n_timer = (uint64_t)n_pending;
    uint32_t *generation = rs_xcalloc(n_timer, sizeof(*generation));
    for (uint64_t timer = 0; timer < n_timer; timer++) {
        heap_push(&h, (struct entry){delays_next(&delays), timer << 32});
    }
    double start_s = bench_cpu_s();
    for (uint64_t i = 0; i < n;) {
        struct entry e = heap_pop(&h);
        uint64_t timer = e.low >> 32;
        if (generation[timer] != (uint32_t)e.low) {
            continue;
        }
        i++;
        int64_t at_ns = e.at_ns + delays_next(&delays);
        heap_push(&h, (struct entry){at_ns, timer << 32 | ++generation[timer]});
        timer = (delays_random(&delays) >> 32) * n_timer >> 32;
        at_ns = e.at_ns + delays_next(&delays);
        heap_push(&h, (struct entry){at_ns, timer << 32 | ++generation[timer]});
    }
    double cpu_s = bench_cpu_s() - start_s;
    bench_keep((double)h.entry[1].at_ns);
    free(generation);
    free(h.entry);
    return cpu_s;
}

/*
 * Waiting times of an M/M/1 queue: w' = max(0, w + service - gap) (Lindley, Proc. Camb. Phil.
 * Soc. 48 (1952)).
 */
double lindley(struct bench *b, double rho, uint64_t n_customer)
{
    (void)b;
    struct xoshiro rng = {{1, 2, 3, 4}};
    double wait = 0, sum = 0;
    double start_s = bench_cpu_s();
    for (uint64_t i = 0; i < n_customer; i++) {
        sum += wait;
        wait = fmax(0, wait + rho * ziggurat_exponential(&rng) - ziggurat_exponential(&rng));
    }
    double cpu_s = bench_cpu_s() - start_s;
    bench_keep(sum);
    return cpu_s;
}
