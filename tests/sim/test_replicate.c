/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/replicate.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "sim/stream.h"
#include "sim_check.h"

/*
 * A job whose reducer keeps an order-sensitive digest. The mutex guards what several threads
 * count.
 */
struct job_state {
    uint64_t digest, n_reduced, next;
    uint64_t stop_at, fail_reduce_at; /* replica numbers; 0: never */
    uint64_t fail_from, fail_step;    /* run fails at fail_from, + step, + 2 step, ...; 0: never */
    bool slow;                        /* work that takes unequal real time */
    bool reducing;
    pthread_mutex_t lock;
    int n_worker, n_slot, n_worker_max, n_slot_max,
        fail_worker;               /* fail_worker: this one cannot be made */
    uint64_t n_tick, tick_stop_at; /* 0: never */
    uint64_t hang_at;              /* run goes on there until nobody wants it any more; 0: never */
    atomic_bool cancel;            /* the job's */
};

static void count(struct job_state *state, int *n, int *n_max, int step)
{
    pthread_mutex_lock(&state->lock);
    *n += step;
    *n_max = *n > *n_max ? *n : *n_max;
    pthread_mutex_unlock(&state->lock);
}

static void *worker_new(void *ctx, struct err *err)
{
    struct job_state *state = ctx;
    if (state->fail_worker && state->n_worker + 1 == state->fail_worker) {
        rs_err_set(err, RS_E_IO, "no worker");
        return NULL;
    }
    count(state, &state->n_worker, &state->n_worker_max, 1);
    return calloc(1, 8);
}

static void worker_free(void *ctx, void *worker)
{
    struct job_state *state = ctx;
    count(state, &state->n_worker, &state->n_worker_max, -1);
    free(worker);
}

static void *slot_new(void *ctx)
{
    struct job_state *state = ctx;
    count(state, &state->n_slot, &state->n_slot_max, 1);
    return calloc(1, sizeof(uint64_t));
}

static void slot_free(void *ctx, void *slot)
{
    struct job_state *state = ctx;
    count(state, &state->n_slot, &state->n_slot_max, -1);
    free(slot);
}

static int run(void *ctx,
               void *worker,
               uint64_t replica,
               void *slot,
               const atomic_bool *cancel,
               struct err *err)
{
    const struct job_state *state = ctx;
    uint64_t *n_done = worker, *result = slot;
    ++*n_done; /* only its own thread may touch it: a race is for the thread sanitizer to see */
    struct stream s = rs_stream_open(5, replica, 0);
    *result = rs_stream_u64(&s);
    if (state->slow) {
        uint64_t us = rs_stream_below(&s, 10) == 0 ? 3000 : rs_stream_below(&s, 50);
        nanosleep(&(struct timespec){0, (long)(1000 * us)}, NULL);
    }
    while (state->hang_at && replica == state->hang_at) {
        if (atomic_load(cancel)) {
            return rs_err_set(err, RS_E_STOPPED, "stopped");
        }
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
    if (state->fail_from && replica >= state->fail_from &&
        (replica - state->fail_from) % state->fail_step == 0) {
        return rs_err_set(err, RS_E_INTERNAL, "replica %llu", (unsigned long long)replica);
    }
    return 0;
}

static int reduce(void *ctx, uint64_t replica, void *slot, struct err *err)
{
    struct job_state *state = ctx;
    ASSERT_IN_LOOP(!state->reducing);
    state->reducing = true;
    ASSERT_IN_LOOP(replica == state->next);
    state->next++;
    if (state->fail_reduce_at && replica == state->fail_reduce_at) {
        state->reducing = false;
        return rs_err_set(err, RS_E_IO, "disk full at %llu", (unsigned long long)replica);
    }
    state->digest = 31 * state->digest + *(uint64_t *)slot;
    state->n_reduced++;
    state->reducing = false;
    return state->stop_at && replica == state->stop_at;
}

static bool tick(void *ctx, uint64_t n_done, uint64_t n_total)
{
    struct job_state *state = ctx;
    ASSERT_IN_LOOP(n_done <= n_total);
    state->n_tick++;
    return state->tick_stop_at != 0 && n_done >= state->tick_stop_at;
}

/* Runs and checks that all workers and slots were given back; the count done goes to *out_n. */
static int replicate(struct job_state *state,
                     uint64_t first,
                     uint64_t n,
                     int n_thread,
                     uint64_t *out_n,
                     struct err *err)
{
    pthread_mutex_init(&state->lock, NULL);
    state->next = first;
    struct replicate_job job = {.first = first,
                                .n = n,
                                .n_thread = n_thread,
                                .ctx = state,
                                .worker_new = worker_new,
                                .worker_free = worker_free,
                                .slot_new = slot_new,
                                .slot_free = slot_free,
                                .run = run,
                                .reduce = reduce,
                                .tick = tick,
                                .cancel = &state->cancel};
    int status = rs_replicate(&job, out_n, err);
    ck_assert_int_eq(state->n_worker, 0);
    ck_assert_int_eq(state->n_slot, 0);
    ck_assert_int_le(state->n_slot_max, 4 * n_thread + 16);
    pthread_mutex_destroy(&state->lock);
    return status;
}

static const int thread_rows[] = {1, 2, 5};

START_TEST(test_same_for_any_number_of_threads)
{
    struct job_state reference = {0}, state = {.slow = true};
    uint64_t n = 0;
    ck_assert_int_eq(replicate(&reference, 1000, 300, 1, NULL, NULL), 0);
    ck_assert_int_eq(replicate(&state, 1000, 300, thread_rows[_i], &n, NULL), 0);
    ck_assert_uint_eq(n, 300);
    ck_assert_uint_eq(state.n_reduced, 300);
    ck_assert_uint_eq(state.digest, reference.digest);
    ck_assert_int_eq(state.n_worker_max, thread_rows[_i]);
}
END_TEST

START_TEST(test_many_short_replicas)
{
    struct job_state state = {0};
    uint64_t n = 0;
    ck_assert_int_eq(replicate(&state, 0, 20000, thread_rows[_i], &n, NULL), 0);
    ck_assert_uint_eq(n, 20000);
}
END_TEST

START_TEST(test_reducer_says_enough)
{
    struct job_state reference = {.stop_at = 57}, state = {.stop_at = 57, .slow = true};
    uint64_t n = 0;
    ck_assert_int_eq(replicate(&reference, 7, 1000, 1, &n, NULL), 0);
    ck_assert_uint_eq(n, 51);
    ck_assert_int_eq(replicate(&state, 7, 1000, thread_rows[_i], &n, NULL), 0);
    ck_assert_uint_eq(n, 51);
    ck_assert_uint_eq(state.n_reduced, 51);
    ck_assert_uint_eq(state.digest, reference.digest);
}
END_TEST

/* What is in progress when the reducer has enough is told, and need not come to its end. */
START_TEST(test_enough_ends_what_is_in_progress)
{
    struct job_state state = {.stop_at = 5, .hang_at = 6, .slow = true};
    struct err err = {.code = RS_E_NONE};
    uint64_t n = 0;
    ck_assert_int_eq(replicate(&state, 1, 1000, thread_rows[_i], &n, &err), 0);
    ck_assert_uint_eq(n, 5);
    ck_assert_int_eq(err.code, RS_E_NONE);
}
END_TEST

static void *cancel_soon(void *arg)
{
    struct job_state *state = arg;
    nanosleep(&(struct timespec){0, 30000000}, NULL);
    atomic_store(&state->cancel, true);
    return NULL;
}

/* A signal comes in the middle of a replica without end. */
START_TEST(test_cancelled_from_outside)
{
    struct job_state state = {.hang_at = 9};
    struct err err = {.code = RS_E_NONE};
    uint64_t n = 0;
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, cancel_soon, &state), 0);
    ck_assert_int_eq(replicate(&state, 1, 1000, thread_rows[_i], &n, &err), 0);
    pthread_join(thread, NULL);
    ck_assert_uint_eq(n, 8);
    ck_assert_int_eq(err.code, RS_E_NONE);
}
END_TEST

START_TEST(test_lowest_failing_replica_wins)
{
    struct job_state state = {.slow = true, .fail_from = 41, .fail_step = 1};
    struct err err = {.code = RS_E_NONE};
    uint64_t n = 0;
    ck_assert_int_eq(replicate(&state, 1, 1000, thread_rows[_i], &n, &err), -1);
    ck_assert_str_eq(err.text, "replica 41");
    ck_assert_uint_eq(n, 40);
    ck_assert_int_eq(err.code, RS_E_INTERNAL);
}
END_TEST

/* A failure behind the point where the reducer has enough never counts. */
START_TEST(test_enough_before_a_failure)
{
    struct job_state state = {.stop_at = 30, .fail_from = 31, .fail_step = 1, .slow = true};
    struct err err = {.code = RS_E_NONE};
    uint64_t n = 0;
    ck_assert_int_eq(replicate(&state, 0, 1000, thread_rows[_i], &n, &err), 0);
    ck_assert_uint_eq(n, 31);
    ck_assert_int_eq(err.code, RS_E_NONE);
}
END_TEST

START_TEST(test_reducer_fails)
{
    struct job_state state = {.fail_reduce_at = 99};
    struct err err = {.code = RS_E_NONE};
    uint64_t n = 0;
    ck_assert_int_eq(replicate(&state, 0, 1000, thread_rows[_i], &n, &err), -1);
    ck_assert_str_eq(err.text, "disk full at 99");
    ck_assert_uint_eq(n, 99);
}
END_TEST

START_TEST(test_nothing_to_do)
{
    struct job_state state = {0};
    uint64_t n = 9;
    ck_assert_int_eq(replicate(&state, 3, 0, thread_rows[_i], &n, NULL), 0);
    ck_assert_uint_eq(n, 0);
    ck_assert_int_eq(replicate(&state, 3, 1, thread_rows[_i], &n, NULL), 0);
    ck_assert_uint_eq(n, 1);
}
END_TEST

START_TEST(test_worker_that_cannot_be_made)
{
    struct job_state state = {.fail_worker = thread_rows[_i]}; /* the last one */
    struct err err = {.code = RS_E_NONE};
    uint64_t n = 9;
    ck_assert_int_eq(replicate(&state, 0, 100, thread_rows[_i], &n, &err), -1);
    ck_assert_str_eq(err.text, "no worker");
    ck_assert_uint_eq(n, 0);
}
END_TEST

START_TEST(test_tick_comes_and_can_stop)
{
    /*
     * 3000 replicas of about 0.35 ms on 1..5 threads: at least two tenths of a second unless
     * stopped.
     */
    struct job_state state = {.slow = true, .tick_stop_at = 1};
    uint64_t n = 0;
    ck_assert_int_eq(replicate(&state, 0, 100000, thread_rows[_i], &n, NULL), 0);
    ck_assert_uint_ge(state.n_tick, 1);
    ck_assert_uint_ge(n, 1);
    ck_assert_uint_lt(n, 100000);
    ck_assert_uint_eq(n, state.n_reduced);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, test_same_for_any_number_of_threads, 0, N_ROW(thread_rows));
    tcase_add_loop_test(tc, test_many_short_replicas, 0, N_ROW(thread_rows));
    tcase_add_loop_test(tc, test_reducer_says_enough, 0, N_ROW(thread_rows));
    tcase_add_loop_test(tc, test_enough_ends_what_is_in_progress, 0, N_ROW(thread_rows));
    tcase_add_loop_test(tc, test_cancelled_from_outside, 0, N_ROW(thread_rows));
    tcase_add_loop_test(tc, test_lowest_failing_replica_wins, 0, N_ROW(thread_rows));
    tcase_add_loop_test(tc, test_enough_before_a_failure, 0, N_ROW(thread_rows));
    tcase_add_loop_test(tc, test_reducer_fails, 0, N_ROW(thread_rows));
    tcase_add_loop_test(tc, test_nothing_to_do, 0, N_ROW(thread_rows));
    tcase_add_loop_test(tc, test_worker_that_cannot_be_made, 0, N_ROW(thread_rows));
    tcase_add_loop_test(tc, test_tick_comes_and_can_stop, 0, N_ROW(thread_rows));
}

int main(void)
{
    return run_suite("replicate", add_tests);
}
