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

/*
 * Very many pending events, where the queue walks another way: against a binary heap whose entries are never taken out, but
 * passed over when the event has been moved or cancelled since.
 */
enum { N_LARGE = 70000 };

struct entry {
    int64_t at_ns;
    uint64_t seq;
    uint32_t event;
};

struct large {
    struct kernel *k;
    struct stream s;
    uint64_t n_left, seq, spread_ns;
    rs_event handle[N_LARGE];
    uint64_t valid_seq[N_LARGE]; /* 0: not pending */
    struct entry heap[8 * N_LARGE];
    size_t n_heap;
};

static bool before(const struct entry *a, const struct entry *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->seq < b->seq;
}

static void push(struct large *m, uint32_t event, int64_t at_ns)
{
    struct entry e = {at_ns, ++m->seq, event};
    ASSERT_IN_LOOP(m->n_heap < 8 * N_LARGE);
    size_t i = m->n_heap++;
    for (; i > 0 && before(&e, &m->heap[(i - 1) / 2]); i = (i - 1) / 2) {
        m->heap[i] = m->heap[(i - 1) / 2];
    }
    m->heap[i] = e;
    m->valid_seq[event] = e.seq;
}

static struct entry pop(struct large *m)
{
    struct entry top = m->heap[0], last = m->heap[--m->n_heap];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < m->n_heap; i = child) {
        if (child + 1 < m->n_heap && before(&m->heap[child + 1], &m->heap[child])) {
            child++;
        }
        if (!before(&m->heap[child], &last)) {
            break;
        }
        m->heap[i] = m->heap[child];
    }
    m->heap[i] = last;
    return top;
}

static int64_t large_delay(struct large *m)
{
    return rs_kernel_now(m->k) + (int64_t)rs_stream_below(&m->s, m->spread_ns);
}

static void on_large(void *ctx, int64_t now_ns, uint64_t arg);

static void large_schedule(struct large *m, uint32_t event)
{
    int64_t at_ns = large_delay(m);
    m->handle[event] = rs_kernel_at(m->k, at_ns, "e", on_large, m, event);
    push(m, event, at_ns);
}

static void on_large(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct large *m = ctx;
    struct entry first = pop(m);
    while (m->valid_seq[first.event] != first.seq) {
        first = pop(m);
    }
    ASSERT_IN_LOOP(first.event == arg && first.at_ns == now_ns);
    m->valid_seq[arg] = 0;
    if (m->n_left == 0) {
        return;
    }
    m->n_left--;
    if (rs_stream_below(&m->s, 16) != 0) { /* else its slot stays free */
        large_schedule(m, (uint32_t)arg);
    }
    uint32_t other = (uint32_t)rs_stream_below(&m->s, N_LARGE);
    bool pending = m->valid_seq[other] != 0;
    int64_t at_ns = large_delay(m);
    if (rs_stream_below(&m->s, 4) == 0) {
        ASSERT_IN_LOOP(rs_kernel_cancel(m->k, m->handle[other]) == pending);
        m->valid_seq[other] = 0;
        large_schedule(m, other);
    } else {
        ASSERT_IN_LOOP(rs_kernel_move(m->k, m->handle[other], at_ns) == pending);
        if (pending) {
            push(m, other, at_ns);
        }
    }
}

/* Delays of a wide range, and of so narrow a one that some ten events tie. */
START_TEST(test_against_a_heap)
{
    static struct large m;
    m = (struct large){.k = rs_kernel_new(),
                       .s = rs_stream_open(3, (uint64_t)_i, 4),
                       .n_left = (uint64_t)n_or_few(200000),
                       .spread_ns = _i ? 7000 : 1000000000};
    for (uint32_t i = 0; i < N_LARGE; i++) {
        large_schedule(&m, i);
    }
    ck_assert_int_eq(rs_kernel_run(m.k, INT64_MAX, NULL), 0);
    for (uint32_t i = 0; i < N_LARGE; i++) {
        ASSERT_IN_LOOP(m.valid_seq[i] == 0);
    }
    rs_kernel_free(m.k);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, test_against_a_heap, 0, 2);
    tcase_add_loop_test(tc, test_against_a_list, 0, 12);
}

int main(void)
{
    return run_suite("kernel_random", add_tests);
}
