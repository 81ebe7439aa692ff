/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recorded calls and constant times: who waits, who is refused, who gives up, to the nanosecond. */
#include <math.h>

#include "../sim/sim_check.h"
#include "queue_world.h"

enum { N_CALL = 8 };

struct row {
    const char *words;
    double at_s[N_CALL]; /* of the calls; 0 ends the list */
    double service_s;
    struct capacity c;
    struct retries retries;
    double until_s;
    struct seen seen;
};

#define CAP(worker, place, connection, timeout, when_late)                                         \
    {                                                                                              \
        .given = true, .n_worker = (worker), .n_place = (place), .n_connection = (connection),     \
        .timeout_ns = (int64_t)((timeout)*1e9), .abandoned = (when_late)                           \
    }
#define NO_LIMIT RS_UNLIMITED
#define NEVER 1e6
/* attempts, on, backoff, factor */
#define TRY(n, when, s, f)                                                                         \
    {                                                                                              \
        .n_attempt = (n), .on = (when),                                                            \
        .backoff = {.kind = RS_DIST_CONSTANT, .a = (s), .cap_s = 1e9}, .factor = (f),              \
        .at_most_s = INFINITY, .budget = INFINITY                                                  \
    }

static const struct row rows[] = {
    {"one worker: the second waits for the first",
     {1, 1.5},
     1,
     CAP(1, NO_LIMIT, NO_LIMIT, NEVER, RS_ABANDONED_DROPPED),
     .until_s = 10,
     .seen = {.n_ok = 2, .n = 2, .latency_s = 1 + 1.5}},
    {"two workers: nobody waits",
     {1, 1.5},
     1,
     CAP(2, NO_LIMIT, NO_LIMIT, NEVER, RS_ABANDONED_DROPPED),
     .until_s = 10,
     .seen = {.n_ok = 2, .n = 2, .latency_s = 2}},
    {"first come, first served",
     {1, 1.1, 1.2, 1.3},
     1,
     CAP(1, NO_LIMIT, NO_LIMIT, NEVER, RS_ABANDONED_DROPPED),
     .until_s = 3.5,
     .seen = {.n_ok = 2, .n = 2, .latency_s = 1 + 1.9}},
    {"one place: the third is refused at once",
     {1, 1.1, 1.2},
     1,
     CAP(1, 1, NO_LIMIT, NEVER, RS_ABANDONED_DROPPED),
     .until_s = 10,
     .seen = {.n_ok = 2, .n_503 = 1, .n = 3, .latency_s = 1 + 1.9}},
    {"a place is free again when service begins",
     {1, 1.1, 2.1},
     1,
     CAP(1, 1, NO_LIMIT, NEVER, RS_ABANDONED_DROPPED),
     .until_s = 10,
     .seen = {.n_ok = 3, .n = 3, .latency_s = 1 + 1.9 + 1.9}},
    {"two connections: the third is refused",
     {1, 1.1, 1.2, 2.1},
     1,
     CAP(1, NO_LIMIT, 2, NEVER, RS_ABANDONED_DROPPED),
     .until_s = 10,
     .seen = {.n_ok = 3, .n_503 = 1, .n = 4, .latency_s = 1 + 1.9 + 1.9}},
    {"who waits too long leaves the queue",
     {1, 1.1, 1.2},
     1,
     CAP(1, NO_LIMIT, NO_LIMIT, 1.5, RS_ABANDONED_DROPPED),
     .until_s = 10,
     .seen = {.n_ok = 1, .n_504 = 2, .n = 3, .latency_s = 1 + 1.5 + 1.5}},
    /* The second is served from 2 to 3 although its client left at 2.6: the fourth waits from 2.7 to 3. */
    {"work is finished for nobody",
     {1, 1.1, 2.7},
     1,
     CAP(1, NO_LIMIT, NO_LIMIT, 1.5, RS_ABANDONED_DROPPED),
     .until_s = 10,
     .seen = {.n_ok = 2, .n_504 = 1, .n = 3, .latency_s = 1 + 1.5 + 1.3}},
    {"cancelled: the worker is free at once",
     {1, 1.1, 2.7},
     1,
     CAP(1, NO_LIMIT, NO_LIMIT, 1.5, RS_ABANDONED_CANCELLED),
     .until_s = 10,
     .seen = {.n_ok = 2, .n_504 = 1, .n = 3, .latency_s = 1 + 1.5 + 1}},
    /* Served 1-2, 2-3 and 3-4 whoever listens; the fourth comes at 3.5 and waits until 4. */
    {"worked off: what waits is served for nobody",
     {1, 1.1, 1.2, 3.5},
     1,
     CAP(1, NO_LIMIT, NO_LIMIT, 1.6, RS_ABANDONED_WORKED_OFF),
     .until_s = 10,
     .seen = {.n_ok = 2, .n_504 = 2, .n = 4, .latency_s = 1 + 1.6 + 1.6 + 1.5}},
    {"dropped: what waits is not",
     {1, 1.1, 1.2, 3.5},
     1,
     CAP(1, NO_LIMIT, NO_LIMIT, 1.6, RS_ABANDONED_DROPPED),
     .until_s = 10,
     .seen = {.n_ok = 2, .n_504 = 2, .n = 4, .latency_s = 1 + 1.6 + 1.6 + 1}},
    {"who is done in time does not give up",
     {1, 1.5},
     1,
     CAP(1, NO_LIMIT, NO_LIMIT, 1.6, RS_ABANDONED_DROPPED),
     .until_s = 10,
     .seen = {.n_ok = 2, .n = 2, .latency_s = 1 + 1.5}},
    {"a refused call is tried again",
     {1, 1.1},
     1,
     CAP(1, 0, NO_LIMIT, NEVER, RS_ABANDONED_DROPPED),
     TRY(2, RS_RETRY_REFUSED, 1, 1),
     10,
     .seen = {.n_ok = 2, .n_503 = 1, .n = 3, .latency_s = 2}},
    {"not on this end",
     {1, 1.1},
     1,
     CAP(1, 0, NO_LIMIT, NEVER, RS_ABANDONED_DROPPED),
     TRY(2, RS_RETRY_TIMEOUTS, 1, 1),
     10,
     .seen = {.n_ok = 1, .n_503 = 1, .n = 2, .latency_s = 1}},
    /* Refused at 1.1, 1.3 (after 0.2) and 1.7 (after 0.4): then it is enough. */
    {"backoff grows, attempts end",
     {1, 1.1},
     1,
     CAP(1, 0, NO_LIMIT, NEVER, RS_ABANDONED_DROPPED),
     TRY(3, RS_RETRY_REFUSED, 0.2, 2),
     10,
     .seen = {.n_ok = 1, .n_503 = 3, .n = 4, .latency_s = 1}},
    /* The second gives up at 2.6 and comes again at 2.7; its work runs from 2 to 3. */
    {"a retry queues behind its own lost work",
     {1, 1.1},
     1,
     CAP(1, NO_LIMIT, NO_LIMIT, 1.5, RS_ABANDONED_DROPPED),
     TRY(2, RS_RETRY_TIMEOUTS, 0.1, 1),
     10,
     .seen = {.n_ok = 2, .n_504 = 1, .n = 3, .latency_s = 1 + 1.5 + 1.3}},
};

static void setup(struct world *w, const struct row *r)
{
    int n = 0;
    world_init(w);
    while (n < N_CALL && r->at_s[n] > 0.0)
        n++;
    world_calls(w, n, r->at_s);
    w->path[0].latency = rs_dist_constant(r->service_s);
    w->path[0].capacity = r->c;
    w->traffic.retries = r->retries;
}

static void same(struct seen got, struct seen want)
{
    ck_assert_uint_eq(got.n_ok, want.n_ok);
    ck_assert_uint_eq(got.n_500, want.n_500);
    ck_assert_uint_eq(got.n_503, want.n_503);
    ck_assert_uint_eq(got.n_504, want.n_504);
    ck_assert_uint_eq(got.n, want.n);
    ck_assert_double_eq_tol(got.latency_s, want.latency_s, 2e-8); /* some odd nanoseconds */
}

START_TEST(test_walk)
{
    struct world w;
    const struct row *r = &rows[_i];
    setup(&w, r);
    world_start(&w);
    for (uint64_t i = 0; i < 2; i++) { /* the second replica finds nothing of the first */
        world_reset(&w, i, false);
        world_run(&w, r->until_s);
        same(world_seen(&w), r->seen);
    }
    world_clear(&w);
}
END_TEST

/* Calls at 1 and 1.1, a pool of one held for a second: the second waits in the pool, and a third behind the path's workers. */
START_TEST(test_pool)
{
    static const double at_s[] = {1, 1.1, 1.2};
    static const int uses[] = {0};
    struct world w;
    world_init(&w);
    world_calls(&w, 3, at_s);
    w.path[0].latency = rs_dist_constant(0.5);
    w.path[0].capacity = world_capacity(2, RS_UNLIMITED, NEVER);
    w.path[0].uses = uses;
    w.path[0].n_uses = 1;
    w.dependency[0].capacity = world_capacity(1, RS_UNLIMITED, NEVER);
    w.dependency[0].hold = rs_dist_constant(1.0);
    world_start(&w);
    world_reset(&w, 0, false);
    world_run(&w, 20.0);
    /* Served from 1, 1.1 and 2.5; the pool is held from 1.5, 2.5 and 3.5. */
    same(world_seen(&w), (struct seen){.n_ok = 3, .n = 3, .latency_s = 1.5 + 2.4 + 3.3});
    world_clear(&w);
}
END_TEST

/* A refused pool ends the request with 503, and the worker is free again. */
START_TEST(test_full_pool)
{
    static const double at_s[] = {1, 1.1, 1.2};
    static const int uses[] = {0};
    struct world w;
    world_init(&w);
    world_calls(&w, 3, at_s);
    w.path[0].latency = rs_dist_constant(0.5);
    w.path[0].uses = uses;
    w.path[0].n_uses = 1;
    w.dependency[0].capacity = world_capacity(1, 1, NEVER);
    w.dependency[0].hold = rs_dist_constant(1.0);
    world_start(&w);
    world_reset(&w, 0, false);
    world_run(&w, 20.0);
    same(world_seen(&w),
         (struct seen){.n_ok = 2, .n_503 = 1, .n = 3, .latency_s = 1.5 + 2.4 + 0.5});
    ck_assert_int_eq(w.sys->queue->door[0].station.n_busy, 0);
    world_clear(&w);
}
END_TEST

/* Who gives up while waiting for a pool leaves its line and the worker: the fourth is served by it. */
START_TEST(test_gives_up_in_pool)
{
    static const double at_s[] = {1, 1.1, 2.7};
    static const int uses[] = {0};
    struct world w;
    world_init(&w);
    world_calls(&w, 3, at_s);
    w.path[0].latency = rs_dist_constant(0.1);
    w.path[0].capacity = world_capacity(2, RS_UNLIMITED, 1.5);
    w.path[0].uses = uses;
    w.path[0].n_uses = 1;
    w.dependency[0].capacity = world_capacity(1, RS_UNLIMITED, NEVER);
    w.dependency[0].hold = rs_dist_constant(3.0);
    world_start(&w);
    world_reset(&w, 0, false);
    world_run(&w,
              2.65); /* the first client has given up too, but its work holds the pool until 4.1 */
    const struct station *door = &w.sys->queue->door[0].station;
    const struct station *pool = &w.sys->queue->pool[0].station;
    ck_assert_int_eq(door->n_busy, 1);
    ck_assert_int_eq(pool->n_busy, 1);
    ck_assert_int_eq(pool->n_wait, 0);
    world_run(
        &w,
        4.15); /* the third waits for the pool since 2.8, has it from 4.1 on, and gives up at 4.2 */
    ck_assert_int_eq(pool->n_busy, 1);
    world_run(&w, 20.0);
    same(world_seen(&w), (struct seen){.n_504 = 3, .n = 3, .latency_s = 3 * 1.5});
    ck_assert_int_eq(door->n_busy, 0);
    ck_assert_int_eq(pool->n_busy, 0);
    world_clear(&w);
}
END_TEST

/* What the first path refuses goes on to its fallback; both tries take their time. */
START_TEST(test_fallback)
{
    static const double at_s[] = {1, 1.1};
    struct world w;
    world_init(&w);
    world_calls(&w, 2, at_s);
    w.service.n_path = 2;
    w.path[0].latency = rs_dist_constant(1.0);
    w.path[0].capacity = world_capacity(1, 0, NEVER);
    w.path[0].fallback = 1;
    w.path[1].latency = rs_dist_constant(3.0);
    world_start(&w);
    world_reset(&w, 0, false);
    world_run(&w, 20.0);
    same(world_seen(&w), (struct seen){.n_ok = 2, .n = 2, .latency_s = 1 + 3});
    ck_assert_uint_eq(w.sys->site[0].target[0].served_fallback[1], 1);
    world_clear(&w);
}
END_TEST

/* Half of the workers are gone from 1.05 on: the third waits. They are back at 1.55: it is served then. */
START_TEST(test_lost_workers)
{
    static const double at_s[] = {1, 1.2, 1.3};
    struct world w;
    world_init(&w);
    world_calls(&w, 3, at_s);
    w.path[0].latency = rs_dist_constant(1.0);
    w.path[0].capacity = world_capacity(4, RS_UNLIMITED, NEVER);
    w.fault.onset_at_ns = rs_ns_from_s(1.05);
    w.fault.effect.capacity_lost = 0.5;
    w.fault.ends_after_ns = RS_NS_PER_S / 2;
    world_start(&w);
    world_reset(&w, 0, true);
    world_run(&w, 20.0);
    same(world_seen(&w), (struct seen){.n_ok = 3, .n = 3, .latency_s = 1 + 1 + 1.25});
    world_clear(&w);
}
END_TEST

/* Idle for 10 s: five times as slow, and warm again after 4 requests, the slowness falling by 1 with each. */
START_TEST(test_cold)
{
    static const double at_s[] = {1, 20, 30, 39, 48, 57};
    struct world w;
    world_init(&w);
    world_calls(&w, 6, at_s);
    w.path[0].latency = rs_dist_constant(1.0);
    w.path[0].cold = (struct cold){
        .given = true, .after_ns = 10 * RS_NS_PER_S + 500, .factor = 5.0, .warms_by = 4};
    world_start(&w);
    world_reset(&w, 0, false);
    world_run(&w, 100.0);
    same(world_seen(&w), (struct seen){.n_ok = 6, .n = 6, .latency_s = 1 + 5 + 4 + 3 + 2 + 1});
    world_clear(&w);
}
END_TEST

/* The same in time: 20 s to warm up. */
START_TEST(test_cold_in_time)
{
    static const double at_s[] = {1, 20, 25, 30, 38, 47};
    struct world w;
    world_init(&w);
    world_calls(&w, 6, at_s);
    w.path[0].latency = rs_dist_constant(1.0);
    w.path[0].cold = (struct cold){.given = true,
                                   .after_ns = 10 * RS_NS_PER_S,
                                   .factor = 5.0,
                                   .warms_over_ns = 20 * RS_NS_PER_S};
    world_start(&w);
    world_reset(&w, 0, false);
    world_run(&w, 100.0);
    same(world_seen(&w), (struct seen){.n_ok = 6, .n = 6, .latency_s = 1 + 5 + 4 + 3 + 1.4 + 1});
    world_clear(&w);
}
END_TEST

/* A call that succeeds at the second attempt hurts nobody, unless it was slow in all; one that fails for good does. */
START_TEST(test_hurt)
{
    static const double at_s[] = {1, 1.1};
    static const struct {
        int n_attempt;
        double slow_s;
        uint64_t n_hurt;
    } cases[] = {{2, INFINITY, 0}, {2, 1.5, 1}, {0, INFINITY, 1}};
    struct world w;
    world_init(&w);
    world_calls(&w, 2, at_s);
    w.path[0].latency = rs_dist_constant(1.0);
    w.path[0].capacity = world_capacity(1, 0, NEVER);
    w.traffic.retries = (struct retries)TRY(cases[_i].n_attempt, RS_RETRY_REFUSED, 1, 1);
    w.service.slow_s = cases[_i].slow_s;
    world_start(&w);
    world_reset(&w, 0, false);
    world_run(&w, 20.0);
    ck_assert_uint_eq(rs_system_users_hurt(w.sys), cases[_i].n_hurt);
    world_clear(&w);
}
END_TEST

/* An answer that takes just as long as a bucket's bound lies in it, and is not slow. */
START_TEST(test_bound_is_inside)
{
    static const double at_s[] = {1, 2};
    struct observation o;
    struct world w;
    world_init(&w);
    world_calls(&w, 2, at_s);
    w.path[0].latency = rs_dist_constant(0.5);
    w.service.slow_s = 0.5;
    world_start(&w);
    world_reset(&w, 0, false);
    world_run(&w, 20.0);
    rs_system_observe(w.sys, 0, &o);
    ck_assert_uint_eq(o.bucket[0], 2);
    ck_assert_uint_eq(o.n_slow, 0);
    ck_assert_uint_eq(rs_system_users_hurt(w.sys), 0);
    world_clear(&w);
}
END_TEST

/* The reserve of ten retries, then one for every two calls. */
START_TEST(test_budget)
{
    static double at_s[100];
    struct world w;
    world_init(&w);
    for (int i = 0; i < 100; i++)
        at_s[i] = 1.0 + i;
    world_calls(&w, 100, at_s);
    w.path[0].latency = rs_dist_constant(0.001);
    w.path[0].errors = (struct error_mix){1, {500}, {1.0}};
    w.traffic.retries = (struct retries)TRY(10, RS_RETRY_ERRORS, 0.01, 1);
    w.traffic.retries.budget = 0.5;
    world_start(&w);
    world_reset(&w, 0, false);
    world_run(&w, 200.0);
    /* A full bucket of 10 loses half a token on the first call. */
    ck_assert_uint_eq(world_seen(&w).n_500, 100 + 9 + 50);
    world_clear(&w);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, test_walk, 0, (int)(sizeof rows / sizeof rows[0]));
    tcase_add_test(tc, test_pool);
    tcase_add_test(tc, test_full_pool);
    tcase_add_test(tc, test_gives_up_in_pool);
    tcase_add_test(tc, test_fallback);
    tcase_add_test(tc, test_lost_workers);
    tcase_add_test(tc, test_cold);
    tcase_add_test(tc, test_cold_in_time);
    tcase_add_loop_test(tc, test_hurt, 0, 3);
    tcase_add_test(tc, test_bound_is_inside);
    tcase_add_test(tc, test_budget);
}

int main(void)
{
    return run_suite("queue_walk", add_tests);
}
