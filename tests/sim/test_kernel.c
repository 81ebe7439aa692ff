/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/kernel.h"

#include <string.h>

#include "sim/clock.h"
#include "sim_check.h"

/* What fired, in order. */
struct log {
    struct kernel *k;
    uint64_t arg[64];
    int64_t at_ns[64];
    int n;
    rs_event self, other;
};

static void note(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct log *log = ctx;
    ck_assert_int_eq(rs_kernel_now(log->k), now_ns);
    ck_assert_int_lt(log->n, 64);
    log->arg[log->n] = arg;
    log->at_ns[log->n++] = now_ns;
}

/* Fails unless exactly the args fired, given as digits: "312". */
static void assert_fired(const struct log *log, const char *args)
{
    char seen[65] = "";
    for (int i = 0; i < log->n; i++) {
        seen[i] = (char)('0' + log->arg[i]);
    }
    ck_assert_str_eq(seen, args);
}

START_TEST(test_order_is_time_then_insertion)
{
    struct log log = {.k = rs_kernel_new()};
    rs_kernel_at(log.k, 20, "e", note, &log, 1);
    rs_kernel_at(log.k, 10, "e", note, &log, 2);
    rs_kernel_at(log.k, 20, "e", note, &log, 3);
    rs_kernel_at(log.k, 0, "e", note, &log, 4);
    rs_kernel_at(log.k, 10, "e", note, &log, 5);
    rs_kernel_at(log.k, 20, "e", note, &log, 6);
    ck_assert_int_eq(rs_kernel_run(log.k, 10, NULL), 0);
    assert_fired(&log, "425");
    ck_assert_int_eq(rs_kernel_run(log.k, 30, NULL), 0);
    assert_fired(&log, "425136");
    ck_assert_int_eq(rs_kernel_now(log.k), 30);
    ck_assert_uint_eq(rs_kernel_fired(log.k), 6);
    rs_kernel_free(log.k);
    rs_kernel_free(NULL);
}
END_TEST

/* Freed slots are taken again in another order than they were made in; ties must not notice. */
START_TEST(test_ties_do_not_see_slots)
{
    struct log log = {.k = rs_kernel_new()};
    rs_event e[9];
    for (uint64_t i = 0; i < 9; i++) {
        e[i] = rs_kernel_at(log.k, 50, "e", note, &log, i);
    }
    static const int cancelled[] = {4, 0, 7, 2};
    for (int i = 0; i < 4; i++) {
        ck_assert(rs_kernel_cancel(log.k, e[cancelled[i]]));
    }
    for (uint64_t i = 0; i < 4; i++) {
        rs_kernel_at(log.k, 50, "e", note, &log, i);
    }
    rs_kernel_run(log.k, 50, NULL);
    assert_fired(&log, "135680123");
    rs_kernel_free(log.k);
}
END_TEST

START_TEST(test_move_counts_as_new)
{
    struct log log = {.k = rs_kernel_new()};
    rs_event e = rs_kernel_at(log.k, 10, "e", note, &log, 1);
    rs_kernel_at(log.k, 10, "e", note, &log, 2);
    ck_assert(rs_kernel_move(log.k, e, 10)); /* same time, behind the other now */
    rs_event never = rs_kernel_at(log.k, RS_NEVER, "e", note, &log, 3);
    rs_kernel_at(log.k, 12, "e", note, &log, 4);
    ck_assert(rs_kernel_move(log.k, never, 11));
    ck_assert(rs_kernel_pending(log.k, never)); /* the handle stays good */
    rs_kernel_run(log.k, 100, NULL);
    assert_fired(&log, "2134");
    ck_assert(!rs_kernel_pending(log.k, never));
    rs_kernel_free(log.k);
}
END_TEST

START_TEST(test_stale_handles_are_harmless)
{
    struct log log = {.k = rs_kernel_new()};
    rs_event fired = rs_kernel_at(log.k, 1, "e", note, &log, 1);
    rs_event cancelled = rs_kernel_at(log.k, 5, "e", note, &log, 2);
    ck_assert(rs_kernel_cancel(log.k, cancelled));
    rs_kernel_run(log.k, 2, NULL);
    rs_event stale[] = {fired, cancelled, 0, UINT64_MAX, 1};
    /* Both slots are in use again. */
    rs_event a = rs_kernel_at(log.k, 3, "e", note, &log, 3);
    rs_event b = rs_kernel_at(log.k, 4, "e", note, &log, 4);
    for (int i = 0; i < N_ROW(stale); i++) {
        ck_assert(!rs_kernel_pending(log.k, stale[i]));
        ck_assert(!rs_kernel_cancel(log.k, stale[i]));
        ck_assert(!rs_kernel_move(log.k, stale[i], 7));
    }
    ck_assert(rs_kernel_pending(log.k, a) && rs_kernel_pending(log.k, b));
    rs_kernel_run(log.k, 10, NULL);
    assert_fired(&log, "134");
    rs_kernel_free(log.k);
}
END_TEST

static void touch_self(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct log *log = ctx;
    note(ctx, now_ns, arg);
    ck_assert(!rs_kernel_pending(log->k, log->self));
    ck_assert(!rs_kernel_cancel(log->k, log->self));
    ck_assert(!rs_kernel_move(log->k, log->self, now_ns + 1));
    /* The new event takes the place of the one that fires; the old handle must not reach it. */
    rs_event next = rs_kernel_at(log->k, now_ns + 5, "next", note, ctx, 7);
    ck_assert(!rs_kernel_cancel(log->k, log->self));
    ck_assert(rs_kernel_pending(log->k, next));
}

START_TEST(test_self_inside_callback)
{
    struct log log = {.k = rs_kernel_new()};
    log.self = rs_kernel_at(log.k, 10, "self", touch_self, &log, 1);
    rs_kernel_at(log.k, 12, "e", note, &log, 2);
    rs_kernel_run(log.k, 100, NULL);
    assert_fired(&log, "127");
    rs_kernel_free(log.k);
}
END_TEST

/* Cancels one tied event, moves another away, and schedules at this very instant. */
static void meddle(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct log *log = ctx;
    note(ctx, now_ns, arg);
    ck_assert(rs_kernel_cancel(log->k, log->other));
    ck_assert(rs_kernel_move(log->k, log->self, now_ns));
    rs_kernel_at(log->k, now_ns, "now", note, ctx, 9);
}

START_TEST(test_callbacks_meddle_with_ties)
{
    struct log log = {.k = rs_kernel_new()};
    rs_kernel_at(log.k, 10, "meddle", meddle, &log, 1);
    log.self = rs_kernel_at(log.k, 10, "e", note, &log, 2);
    log.other = rs_kernel_at(log.k, 10, "e", note, &log, 3);
    rs_kernel_at(log.k, 10, "e", note, &log, 4);
    rs_kernel_run(log.k, 10, NULL);
    assert_fired(&log, "1429");
    rs_kernel_free(log.k);
}
END_TEST

static void stop(void *ctx, int64_t now_ns, uint64_t arg)
{
    note(ctx, now_ns, arg);
    rs_kernel_stop(((struct log *)ctx)->k);
}

START_TEST(test_stop)
{
    struct log log = {.k = rs_kernel_new()};
    rs_kernel_at(log.k, 10, "stop", stop, &log, 1);
    rs_kernel_at(log.k, 10, "e", note, &log, 2);
    ck_assert_int_eq(rs_kernel_run(log.k, 100, NULL), 0);
    assert_fired(&log, "1");
    ck_assert_int_eq(rs_kernel_now(log.k), 10);
    ck_assert_int_eq(rs_kernel_run(log.k, 100, NULL), 0); /* goes on where it stopped */
    assert_fired(&log, "12");
    ck_assert_int_eq(rs_kernel_now(log.k), 100);
    rs_kernel_free(log.k);
}
END_TEST

START_TEST(test_never_never_fires)
{
    struct log log = {.k = rs_kernel_new()};
    rs_event never = rs_kernel_at(log.k, RS_NEVER, "e", note, &log, 1);
    rs_kernel_at(log.k, RS_NEVER - 1, "e", note, &log, 2);
    rs_kernel_run(log.k, RS_NEVER, NULL);
    assert_fired(&log, "2");
    ck_assert(rs_kernel_pending(log.k, never));
    ck_assert_int_eq(rs_kernel_now(log.k), RS_NEVER);
    rs_kernel_free(log.k);
}
END_TEST

START_TEST(test_reset)
{
    struct log log = {.k = rs_kernel_new()};
    rs_event old = rs_kernel_at(log.k, 50, "e", note, &log, 1);
    rs_kernel_at(log.k, 10, "e", note, &log, 2);
    rs_kernel_run(log.k, 20, NULL);
    rs_kernel_reset(log.k);
    ck_assert_int_eq(rs_kernel_now(log.k), 0);
    ck_assert_uint_eq(rs_kernel_fired(log.k), 0);
    for (uint64_t i = 3; i < 6; i++) {
        rs_kernel_at(log.k, 5, "e", note, &log, i);
    }
    ck_assert(!rs_kernel_pending(log.k, old));
    rs_kernel_run(log.k, 100, NULL);
    assert_fired(&log, "2345");
    rs_kernel_free(log.k);
}
END_TEST

static void again(void *ctx, int64_t now_ns, uint64_t delay_ns)
{
    rs_kernel_at(ctx, now_ns + (int64_t)delay_ns, delay_ns ? "tick" : "flapping flag", again, ctx,
                 delay_ns);
}

static void one_label(void *ctx, int64_t now_ns, uint64_t arg)
{
    (void)ctx, (void)now_ns, (void)arg;
}

START_TEST(test_loop_names_the_culprit)
{
    struct kernel *k = rs_kernel_new();
    struct err err = {.code = RS_E_NONE};
    rs_kernel_at(k, 1, "tick", again, k, RS_NS_PER_S);
    rs_kernel_at(k, 5400 * RS_NS_PER_S, "flapping flag", again, k, 0);
    for (int i = 0; i < 500; i++) {
        rs_kernel_at(k, 5400 * RS_NS_PER_S, i % 2 ? "scrape" : "evaluate", one_label, NULL, 0);
    }
    ck_assert_int_eq(rs_kernel_run(k, 9000 * RS_NS_PER_S, &err), -1);
    ck_assert_int_eq(err.code, RS_E_LOOP);
    ck_assert_str_eq(err.text,
                     "more than 100000 events at the instant 1h30m, most of them 'flapping flag'");
    ck_assert_int_eq(rs_kernel_now(k), 5400 * RS_NS_PER_S);
    ck_assert_uint_eq(rs_kernel_fired(k), 5400 + 100000);
    rs_kernel_free(k);
}
END_TEST

START_TEST(test_limit_is_exact)
{
    struct kernel *k = rs_kernel_new();
    rs_kernel_limit(k, 10);
    for (int i = 0; i < 20; i++) {
        rs_kernel_at(k, 7 + i / 10, "e", one_label, NULL, 0);
    }
    ck_assert_int_eq(rs_kernel_run(k, 100, NULL), 0);
    for (int i = 0; i < 11; i++) {
        rs_kernel_at(k, 200, "e", one_label, NULL, 0);
    }
    ck_assert_int_eq(rs_kernel_run(k, 300, NULL), -1);
    ck_assert_uint_eq(rs_kernel_fired(k), 30);
    /* Asking again at the same instant does not begin a new count. */
    ck_assert_int_eq(rs_kernel_run(k, 300, NULL), -1);
    rs_kernel_free(k);
}
END_TEST

START_TEST(test_churn_does_not_grow)
{
    struct kernel *k = rs_kernel_new();
    rs_event keep[100];
    for (int i = 0; i < 100; i++) {
        keep[i] = rs_kernel_at(k, 1000000 + i, "keep", one_label, NULL, 0);
    }
    size_t before = heap_bytes();
    for (int i = 0; i < 300000; i++) {
        rs_event e = rs_kernel_at(k, i, "e", one_label, NULL, 0);
        ASSERT_IN_LOOP(rs_kernel_move(k, keep[i % 100], 1000000 + i));
        if (i % 3 != 0) {
            ASSERT_IN_LOOP(rs_kernel_cancel(k, e));
        } else {
            rs_kernel_run(k, i, NULL);
        }
    }
    ck_assert_uint_eq(heap_bytes(), before);
    rs_kernel_free(k);
}
END_TEST

START_TEST(test_many_pending)
{
    enum { N = 5000 };
    struct kernel *k = rs_kernel_new();
    for (int i = 0; i < N; i++) {
        rs_kernel_at(k, (i * 7919) % N, "e", one_label, NULL, 0); /* each time once */
    }
    for (int t = 0; t < N; t++) {
        rs_kernel_run(k, t, NULL);
        ASSERT_IN_LOOP(rs_kernel_fired(k) == (uint64_t)t + 1);
    }
    rs_kernel_free(k);
}
END_TEST

START_TEST(test_past_aborts)
{
    struct log log = {.k = rs_kernel_new()};
    rs_kernel_run(log.k, 10, NULL);
    rs_kernel_at(log.k, 9, "e", note, &log, 1);
}
END_TEST

START_TEST(test_move_to_past_aborts)
{
    struct log log = {.k = rs_kernel_new()};
    rs_event e = rs_kernel_at(log.k, 100, "e", note, &log, 1);
    rs_kernel_run(log.k, 10, NULL);
    rs_kernel_move(log.k, e, 9);
}
END_TEST

static void ask_to_stop(void *ctx, int64_t now_ns, uint64_t arg)
{
    (void)now_ns;
    if (arg == 1500) {
        atomic_store((atomic_bool *)ctx, true);
    }
}

/* 1500 events have fired when somebody asks; it is seen at the next multiple of 1024. */
START_TEST(test_heeds_the_wish_to_stop)
{
    struct kernel *k = rs_kernel_new();
    struct err err = {.code = RS_E_NONE};
    atomic_bool cancel = false;
    rs_kernel_heed(k, &cancel);
    for (uint64_t i = 1; i <= 5000; i++) {
        rs_kernel_at(k, (int64_t)i, "e", ask_to_stop, &cancel, i);
    }
    ck_assert_int_eq(rs_kernel_run(k, 5000, &err), -1);
    ck_assert_int_eq(err.code, RS_E_STOPPED);
    ck_assert_uint_eq(rs_kernel_fired(k), 2048);
    rs_kernel_free(k);
}
END_TEST

static void run_inside(void *ctx, int64_t now_ns, uint64_t arg)
{
    (void)arg;
    rs_kernel_run(ctx, now_ns + 1, NULL);
}

START_TEST(test_nested_run_aborts)
{
    struct kernel *k = rs_kernel_new();
    rs_kernel_at(k, 1, "e", run_inside, k, 0);
    rs_kernel_run(k, 2, NULL);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_order_is_time_then_insertion);
    tcase_add_test(tc, test_ties_do_not_see_slots);
    tcase_add_test(tc, test_move_counts_as_new);
    tcase_add_test(tc, test_stale_handles_are_harmless);
    tcase_add_test(tc, test_self_inside_callback);
    tcase_add_test(tc, test_callbacks_meddle_with_ties);
    tcase_add_test(tc, test_stop);
    tcase_add_test(tc, test_heeds_the_wish_to_stop);
    tcase_add_test(tc, test_never_never_fires);
    tcase_add_test(tc, test_reset);
    tcase_add_test(tc, test_loop_names_the_culprit);
    tcase_add_test(tc, test_limit_is_exact);
    tcase_add_test(tc, test_churn_does_not_grow);
    tcase_add_test(tc, test_many_pending);
    add_abort_test(tc, test_past_aborts);
    add_abort_test(tc, test_move_to_past_aborts);
    add_abort_test(tc, test_nested_run_aborts);
}

int main(void)
{
    return run_suite("kernel", add_tests);
}
