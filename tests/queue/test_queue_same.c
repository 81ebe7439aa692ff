/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a history of the request engine does not depend on, and what it does: who looks, the replica, the branch word. */
#include <math.h>
#include <string.h>

#include "../sim/sim_check.h"
#include "queue_world.h"
#include "sim/draw.h"

#define NEVER 1e6

/* A bit of everything: two instances, a pool, impatience, retries, a fault that takes workers. */
static void busy_world(struct world *w)
{
    static const int uses[] = {0};
    world_init(w);
    w->rate = 6.0;
    w->service.n_instance = 2;
    w->service.slow_s = 2.0;
    w->path[0].errors = (struct error_mix){1, {500}, {0.05}};
    w->path[0].capacity = world_capacity(6, 10, 5.0);
    w->path[0].uses = uses;
    w->path[0].n_uses = 1;
    w->dependency[0].capacity = world_capacity(5, 20, NEVER);
    w->dependency[0].hold.a = 0.6;
    w->traffic.retries =
        (struct retries){.n_attempt = 3,
                         .on = RS_RETRY_ERRORS | RS_RETRY_TIMEOUTS | RS_RETRY_REFUSED,
                         .backoff = {.kind = RS_DIST_EXPONENTIAL, .a = 0.5, .cap_s = INFINITY},
                         .factor = 2.0,
                         .at_most_s = INFINITY,
                         .budget = INFINITY};
    w->fault.onset_at_ns = 300 * RS_NS_PER_S;
    w->fault.effect.capacity_lost = 0.5;
    w->fault.ends_after_ns = 100 * RS_NS_PER_S;
    world_start(w);
}

struct outcome {
    struct seen seen;
    uint64_t n_hurt;
    double scraped[64]; /* the last sample of each series */
};

static struct outcome outcome_of(struct world *w)
{
    struct outcome o;
    int64_t now_ms = w->sys->start_ms + rs_kernel_now(w->kernel) / RS_NS_PER_MS;
    memset(&o, 0, sizeof o);
    for (int i = 0; i < rs_tsdb_count(w->db) && i < 64; i++) {
        rs_tsdb_touch(w->db, i, now_ms);
        const struct sample *s = rs_tsdb_last(w->db, i, now_ms);
        o.scraped[i] = s ? s->v : -1.0;
    }
    o.n_hurt = rs_system_users_hurt(w->sys);
    o.seen = world_seen(w);
    return o;
}

/* Looks at everything now and then, at whole milliseconds, as monitoring does. */
static void run_looking(struct world *w, double until_s, double step_s)
{
    struct observation seen;
    for (double t = step_s; t < until_s; t += step_s) {
        world_run(w, t);
        rs_system_observe(w->sys, 0, &seen);
        rs_system_outlook(w->sys, 0, 0, 1.0);
        rs_system_users_hurt(w->sys);
        outcome_of(w);
    }
    world_run(w, until_s);
}

START_TEST(test_looks_change_nothing)
{
    struct world w;
    busy_world(&w);
    for (uint64_t i = 0; i < 3; i++) {
        world_reset(&w, i, true);
        world_run(&w, 600.0);
        struct outcome plain = outcome_of(&w);
        world_reset(&w, i, true);
        run_looking(&w, 600.0, _i ? 0.5 : 7.3);
        struct outcome looked = outcome_of(&w);
        ck_assert_mem_eq(&plain, &looked, sizeof plain);
        ck_assert_uint_gt(plain.seen.n_503, 0);
        ck_assert_uint_gt(plain.seen.n_504, 0);
        ck_assert_uint_gt(plain.seen.n_500, 0);
    }
    world_clear(&w);
}
END_TEST

START_TEST(test_replicas_differ_and_repeat)
{
    struct world w;
    busy_world(&w);
    world_reset(&w, 0, true);
    world_run(&w, 600.0);
    struct outcome first = outcome_of(&w);
    world_reset(&w, 1, true);
    world_run(&w, 600.0);
    struct outcome other = outcome_of(&w);
    world_reset(&w, 0, true);
    world_run(&w, 600.0);
    struct outcome again = outcome_of(&w);
    ck_assert_mem_eq(&first, &again, sizeof first);
    ck_assert_mem_ne(&first, &other, sizeof first);
    world_clear(&w);
}
END_TEST

/* One past, another future. */
START_TEST(test_branch)
{
    struct world w;
    struct outcome o[3], middle[3];
    uint64_t word = 0;
    busy_world(&w);
    rs_system_branch(w.sys, &word);
    for (int i = 0; i < 3; i++) {
        word = 0;
        world_reset(&w, 0, true);
        world_run(&w, 350.0);
        middle[i] = outcome_of(&w);
        word = i == 2 ? 7 : 0;
        world_run(&w, 600.0);
        o[i] = outcome_of(&w);
    }
    ck_assert_mem_eq(&o[0], &o[1], sizeof o[0]);
    ck_assert_mem_eq(&middle[0], &middle[2], sizeof o[0]);
    ck_assert_mem_ne(&o[0], &o[2], sizeof o[0]);
    world_clear(&w);
}
END_TEST

/* Common random numbers: more errors move no arrival and no time of service. */
START_TEST(test_streams_apart)
{
    struct world w;
    uint64_t n[2];
    double latency_s[2];
    for (int i = 0; i < 2; i++) {
        world_init(&w);
        w.path[0].errors = (struct error_mix){1, {500}, {i ? 0.2 : 0.0}};
        world_start(&w);
        world_reset(&w, 0, false);
        world_run(&w, 1000.0);
        n[i] = world_seen(&w).n;
        latency_s[i] = world_seen(&w).latency_s;
        world_clear(&w);
    }
    ck_assert_uint_eq(n[0], n[1]);
    ck_assert_double_eq(latency_s[0], latency_s[1]);
}
END_TEST

/* Nothing is allocated once the queues have been as long as they get. */
START_TEST(test_memory_is_flat)
{
    struct world w;
    busy_world(&w);
    world_reset(&w, 0, true);
    world_run(&w, 1000.0);
    size_t before = heap_bytes();
    world_run(&w, 5000.0);
    ck_assert_uint_gt(world_seen(&w).n, 30000);
    ck_assert_uint_le(heap_bytes(), before);
    world_clear(&w);
}
END_TEST

/* A queue that stands, whose clients give up, does not keep their places for ever. */
START_TEST(test_standing_queue)
{
    struct world w;
    world_init(&w);
    w.rate = 50.0;
    w.path[0].capacity = world_capacity(1, RS_UNLIMITED, 2.0);
    w.fault.effect.capacity_lost = 1.0;
    w.fault.onset_at_ns = RS_NS_PER_S;
    world_start(&w);
    world_reset(&w, 0, true);
    world_run(&w, 500.0);
    const struct door *d = &w.sys->queue->door[0];
    ck_assert_uint_gt(world_seen(&w).n_504, 20000);
    ck_assert_int_lt(d->station.n_wait, 250);
    ck_assert_uint_le(d->station.line.cap, 256);
    ck_assert_uint_le(d->patience.cap, 256);
    world_clear(&w);
}
END_TEST

/* What a check would meet: nothing ahead, a queue ahead, a full queue. */
START_TEST(test_outlook)
{
    static const double at_s[] = {1, 1.1, 1.2, 1.3};
    struct world w;
    world_init(&w);
    world_calls(&w, 4, at_s);
    w.path[0].latency = rs_dist_constant(10.0);
    w.path[0].errors = (struct error_mix){1, {500}, {0.25}};
    w.path[0].capacity = world_capacity(1, 3, 35.0);
    world_start(&w);
    world_reset(&w, 0, false);
    world_run(&w, 0.5);
    struct outlook o = rs_system_outlook(w.sys, 0, 0, 12.0);
    ck_assert_double_eq_tol(o.error_ratio, 0.25, 1e-12);
    ck_assert_double_eq_tol(o.slow_ratio, 0.0, 1e-12);
    world_run(&w, 1.15); /* one is served, one waits: 20 s and its own 10 */
    o = rs_system_outlook(w.sys, 0, 0, 12.0);
    ck_assert_double_eq_tol(o.error_ratio, 0.25, 1e-12);
    ck_assert_double_eq_tol(o.slow_ratio, 1.0, 1e-12);
    world_run(&w, 1.25); /* one more: the client gives up after 35 s */
    ck_assert_double_eq_tol(rs_system_outlook(w.sys, 0, 0, 12.0).error_ratio, 1.0, 1e-12);
    world_run(&w, 1.35); /* full */
    ck_assert_double_eq_tol(rs_system_outlook(w.sys, 0, 0, 12.0).error_ratio, 1.0, 1e-12);
    world_clear(&w);
}
END_TEST

/* What ended as recorded: its time is a time of service, so the second waits; a pool's fault slows the pool alone. */
START_TEST(test_as_recorded)
{
    static const double at_s[] = {1, 1.5, 4};
    static const float latency_s[] = {1.0F, 0.5F, NAN};
    static const uint16_t status[] = {200, 502, 0};
    static const int code[] = {502};
    struct world w;
    world_init(&w);
    world_calls(&w, 3, at_s);
    w.traffic.profile.latency_s = latency_s;
    w.traffic.profile.status = status;
    w.traffic.profile.n_error_code = 1;
    w.traffic.profile.error_code = code;
    w.path[0].as_recorded = true;
    w.path[0].latency = rs_dist_constant(3.0);
    w.path[0].capacity = world_capacity(1, RS_UNLIMITED, NEVER);
    world_start(&w);
    world_reset(&w, 0, false);
    world_run(&w, 20.0);
    struct seen s = world_seen(&w);
    ck_assert_uint_eq(s.n, 3);
    ck_assert_uint_eq(s.n_ok, 2);
    ck_assert_double_eq_tol(s.latency_s, 1.0 + 1.0 + 3.0, 2e-8);
    world_clear(&w);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, test_looks_change_nothing, 0, 2);
    tcase_add_test(tc, test_replicas_differ_and_repeat);
    tcase_add_test(tc, test_branch);
    tcase_add_test(tc, test_streams_apart);
    tcase_add_test(tc, test_memory_is_flat);
    tcase_add_test(tc, test_standing_queue);
    tcase_add_test(tc, test_outlook);
    tcase_add_test(tc, test_as_recorded);
}

int main(void)
{
    return run_suite("queue_same", add_tests);
}
