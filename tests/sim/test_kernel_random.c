/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The kernel against a list that is searched from end to end: random schedules, cancels and
 * moves, ties everywhere.
 */
#include "sim/kernel.h"
#include "sim/stream.h"
#include "sim_check.h"

enum { N_MAX = 4000 };

struct naive_event {
    bool pending;
    int64_t at_ns;
    uint64_t seq;
    rs_event handle;
};

struct naive {
    struct kernel *k;
    struct stream s;
    struct naive_event event[N_MAX]; /* by number, which is the kernel's arg */
    uint64_t n, seq, n_fired;
    uint64_t spread_ns; /* of delays; small: many ties */
};

static uint64_t first_of(const struct naive *m)
{
    uint64_t first = N_MAX;
    for (uint64_t i = 0; i < m->n; i++) {
        const struct naive_event *e = &m->event[i];
        if (!e->pending) {
            continue;
        }
        const struct naive_event *f = first < N_MAX ? &m->event[first] : NULL;
        if (!f || e->at_ns < f->at_ns || (e->at_ns == f->at_ns && e->seq < f->seq)) {
            first = i;
        }
    }
    return first;
}

static void on_event(void *ctx, int64_t now_ns, uint64_t arg);

static int64_t later(struct naive *m)
{
    return rs_kernel_now(m->k) + (int64_t)rs_stream_below(&m->s, m->spread_ns);
}

static void schedule(struct naive *m)
{
    if (m->n == N_MAX) {
        return;
    }
    int64_t at_ns = later(m);
    rs_event handle = rs_kernel_at(m->k, at_ns, "e", on_event, m, m->n);
    m->event[m->n++] = (struct naive_event){true, at_ns, ++m->seq, handle};
}

/* One random operation on a random event, dead ones included. */
static void act(struct naive *m)
{
    uint64_t choice = rs_stream_below(&m->s, 10);
    if (choice < 4 || m->n == 0) {
        schedule(m);
        return;
    }
    struct naive_event *e = &m->event[rs_stream_below(&m->s, m->n)];
    ASSERT_IN_LOOP(rs_kernel_pending(m->k, e->handle) == e->pending);
    if (choice < 6) {
        ASSERT_IN_LOOP(rs_kernel_cancel(m->k, e->handle) == e->pending);
        e->pending = false;
    } else {
        int64_t at_ns = later(m);
        ASSERT_IN_LOOP(rs_kernel_move(m->k, e->handle, at_ns) == e->pending);
        if (e->pending) {
            e->at_ns = at_ns;
            e->seq = ++m->seq;
        }
    }
}

static void on_event(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct naive *m = ctx;
    ASSERT_IN_LOOP(first_of(m) == arg);
    ASSERT_IN_LOOP(m->event[arg].at_ns == now_ns);
    m->event[arg].pending = false;
    m->n_fired++;
    uint64_t n_act = rs_stream_below(&m->s, 4); /* often none: the slot stays free */
    for (uint64_t i = 0; i < n_act; i++) {
        act(m);
    }
}

START_TEST(test_against_a_list)
{
    static struct naive m;
    m = (struct naive){.k = rs_kernel_new(),
                       .s = rs_stream_open(1, (uint64_t)_i, 2),
                       .spread_ns = _i % 2 ? 5 : 1000};
    int64_t until_ns = 0;
    while (m.n < N_MAX) {
        /* Bursts of up to 400 make the tree grow and empty again. */
        uint64_t n_act = rs_stream_below(&m.s, 400);
        for (uint64_t i = 0; i < n_act; i++) {
            act(&m);
        }
        until_ns += (int64_t)rs_stream_below(&m.s, 2 * m.spread_ns);
        ck_assert_int_eq(rs_kernel_run(m.k, until_ns, NULL), 0);
        uint64_t first = first_of(&m);
        ck_assert(first == N_MAX || m.event[first].at_ns > until_ns);
    }
    rs_kernel_run(m.k, until_ns + 1000000, NULL);
    ck_assert_uint_eq(first_of(&m), N_MAX);
    ck_assert_uint_eq(rs_kernel_fired(m.k), m.n_fired);
    rs_kernel_free(m.k);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, test_against_a_list, 0, 12);
}

int main(void)
{
    return run_suite("kernel_random", add_tests);
}
