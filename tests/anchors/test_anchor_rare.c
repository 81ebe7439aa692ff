/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rare events by importance splitting, on event programs: Garvels' tandem queue and the gambler's ruin. Each estimate's interval has
 * 99.9 %, nominally: it is asymptotic. Seeds are fixed.
 */
#include <math.h>
#include <stdlib.h>

#include "anchor.h"
#include "chain.h"
#include "verify/split.h"

/* Arrivals of rate lambda to the first queue, from there to the second; both lose what does not fit. */
struct tandem {
    double lambda, mu1, mu2;
    int room;
    int q1, q2, target, high;
    struct play play;
};

static void serve(struct tandem *t, int which);

static void arrive(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct tandem *t = ctx;
    (void)now_ns, (void)arg;
    if (t->q1 < t->room && ++t->q1 == 1)
        serve(t, 1);
    anchor_after(&t->play, 1.0 / t->lambda, "arrival", arrive, t);
}

static void leave_first(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct tandem *t = ctx;
    (void)now_ns, (void)arg;
    if (--t->q1 > 0)
        serve(t, 1);
    if (t->q2 < t->room && ++t->q2 == 1)
        serve(t, 2);
    if (t->q2 == t->target)
        rs_kernel_stop(t->play.k);
}

static void leave_second(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct tandem *t = ctx;
    (void)now_ns, (void)arg;
    if (--t->q2 > 0)
        serve(t, 2);
    else
        rs_kernel_stop(t->play.k);
}

static void serve(struct tandem *t, int which)
{
    if (which == 1)
        anchor_after(&t->play, 1.0 / t->mu1, "first", leave_first, t);
    else
        anchor_after(&t->play, 1.0 / t->mu2, "second", leave_second, t);
}

struct entrance {
    int q1, q2;
};

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

/* Everything is memoryless, so that the lengths of the queues are the state. */
static int run(void *ctx,
               void *worker,
               const struct split_trial *trial,
               enum split_end *out_end,
               void *to,
               double *out_high,
               struct err *err)
{
    struct tandem t = *(const struct tandem *)ctx;
    const struct entrance *from = trial->from;
    (void)err;
    t.q1 = from ? from->q1 : 0;
    t.q2 = from ? from->q2 : 1;
    t.target = (int)trial->target;
    t.play = (struct play){
        worker, rs_stream_open(trial->seed, trial->word, rs_stream_hash("tandem")), NULL};
    rs_kernel_reset(worker);
    anchor_after(&t.play, 1.0 / t.lambda, "arrival", arrive, &t);
    if (t.q1 > 0)
        serve(&t, 1);
    serve(&t, 2);
    if (t.q2 < t.target)
        anchor_go(&t.play, INFINITY);
    *out_end = t.q2 == t.target ? RS_SPLIT_REACHED : RS_SPLIT_DEAD;
    *out_high = t.q2;
    if (*out_end == RS_SPLIT_REACHED)
        *(struct entrance *)to = (struct entrance){t.q1, t.q2};
    return 0;
}

static const struct row {
    int room;
    double exact;
} rows[] = {{8, 5.60236e-6}, {10, 3.14728e-7}, {12, 1.86015e-8}, {14, 1.13893e-9}};

/* The same as a chain: states q1 + 32 q2, death where q2 = 0. */
static int room_of_chain;

static int tandem_moves(uint64_t s, struct move *out)
{
    int q1 = s & 31, q2 = (int)(s >> 5), n = 0;
    if (q2 == 0)
        return 0;
    if (q1 < room_of_chain)
        out[n++] = (struct move){s + 1, 3.0};
    if (q1 > 0)
        out[n++] = (struct move){s - 1 + (q2 < room_of_chain ? 32 : 0), 2.0};
    out[n++] = (struct move){s - 32, 6.0};
    return n;
}

static bool tandem_full(uint64_t s)
{
    return (int)(s >> 5) == room_of_chain;
}

static double exact_tandem(int room)
{
    const struct chain_model m = {32, tandem_moves, tandem_full};
    room_of_chain = room;
    struct chain *c = chain_new(&m);
    double p = chain_hit_ever(c);
    chain_free(c);
    return p;
}

START_TEST(test_chain_gives_the_published_value)
{
    ck_assert_double_eq_tol(exact_tandem(rows[_i].room), rows[_i].exact, 1e-5 * rows[_i].exact);
}
END_TEST

static struct split_result
estimate(const struct tandem *t, int top, uint64_t seed, int n_job, uint64_t n_macro)
{
    double level[RS_SPLIT_LEVEL_MAX];
    int n_level = 0;
    for (int l = 2; l <= top; l++)
        level[n_level++] = l;
    const struct split_model model = {.ctx = (void *)(uintptr_t)t,
                                      .state_size = sizeof(struct entrance),
                                      .worker_new = worker_new,
                                      .worker_free = worker_free,
                                      .run = run};
    const struct split_plan plan = {.n_level = n_level,
                                    .level = level,
                                    .effort = getenv("RS_UNDER_VALGRIND") ? 10 : 200,
                                    .n_macro = n_macro,
                                    .seed = seed,
                                    .n_job = n_job,
                                    .confidence = 0.999};
    struct split_result r = {0};
    ck_assert_int_eq(rs_split_run(&model, &plan, &r, NULL), 0);
    return r;
}

static void check(const struct tandem *t, int top, double exact)
{
    bool is_long = getenv("RS_ANCHORS_LONG") != NULL, few = getenv("RS_UNDER_VALGRIND") != NULL;
    int n_seed = few ? 1 : is_long ? 200 : 4, n_miss = 0;
    uint64_t n_macro = few ? 2 : 16;
    double sum = 0.0, squares = 0.0;
    for (int seed = 0; seed < n_seed; seed++) {
        struct split_result r = estimate(t, top, (uint64_t)seed, 2, n_macro);
        sum += r.estimate;
        squares += r.estimate * r.estimate;
        n_miss += !(r.interval.low <= exact && exact <= r.interval.high);
        if (seed == 0) {
            struct split_result one = estimate(t, top, 0, 1, n_macro);
            ck_assert(one.estimate == r.estimate && one.interval.high == r.interval.high);
        }
    }
    if (few)
        return;
    double mean = sum / n_seed;
    double sd = sqrt((squares - sum * mean) / (n_seed - 1) / n_seed);
    if (getenv("RS_ANCHORS_TELL"))
        printf("rare, to %d: exact %g pooled %g +- %g, %d of %d missed\n", top, exact, mean, sd,
               n_miss, n_seed);
    /* Student's t with 3 degrees of freedom is beyond 15 with 6e-4. Asymptotic intervals miss up to 0.5 %: P(Bin(4) > 1) = 1.5e-4. */
    ck_assert_msg(fabs(mean - exact) <= (is_long ? 4.0 : 15.0) * sd && mean < 1.3 * exact &&
                      mean > 0.7 * exact,
                  "to %d: %g, exact %g", top, mean, exact);
    ck_assert_msg(n_miss <= (is_long ? 8 : 1), "%d of %d intervals miss", n_miss, n_seed);
}

START_TEST(test_tandem)
{
    struct tandem t = {.lambda = 3, .mu1 = 2, .mu2 = 6, .room = rows[_i].room};
    check(&t, rows[_i].room, exact_tandem(rows[_i].room));
}
END_TEST

/* A first queue that passes on at once, as if it were not there, would be the ruin; here the walk itself: arrivals at the second. */
static void walk_step(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct tandem *t = ctx;
    (void)now_ns, (void)arg;
    t->q2 += rs_stream_uniform(&t->play.s) < t->lambda / (t->lambda + t->mu2) ? 1 : -1;
    t->high = t->q2 > t->high ? t->q2 : t->high;
    if (t->q2 == 0 || t->q2 == t->target)
        rs_kernel_stop(t->play.k);
    else
        anchor_after(&t->play, 1.0 / (t->lambda + t->mu2), "step", walk_step, t);
}

static int run_walk(void *ctx,
                    void *worker,
                    const struct split_trial *trial,
                    enum split_end *out_end,
                    void *to,
                    double *out_high,
                    struct err *err)
{
    struct tandem t = *(const struct tandem *)ctx;
    (void)err;
    t.q2 = trial->from ? *(const int *)trial->from : 1;
    t.high = t.q2;
    t.target = (int)trial->target;
    t.play = (struct play){worker, rs_stream_open(trial->seed, trial->word, rs_stream_hash("walk")),
                           NULL};
    rs_kernel_reset(worker);
    if (t.q2 < t.target) {
        anchor_after(&t.play, 1.0 / (t.lambda + t.mu2), "step", walk_step, &t);
        anchor_go(&t.play, INFINITY);
    }
    *out_end = t.q2 >= t.target ? RS_SPLIT_REACHED : RS_SPLIT_DEAD;
    *out_high = t.high;
    *(int *)to = t.q2;
    return 0;
}

/* lambda 1, mu 2, to 20 from 1: (1 - r) / (1 - r^20), r = 2; the levels by pilot runs. */
START_TEST(test_gamblers_ruin)
{
    struct tandem t = {.lambda = 1, .mu2 = 2};
    const struct split_model model = {.ctx = &t,
                                      .state_size = sizeof(int),
                                      .worker_new = worker_new,
                                      .worker_free = worker_free,
                                      .run = run_walk};
    double level[RS_SPLIT_LEVEL_MAX], exact = (1.0 - 2.0) / (1.0 - pow(2.0, 20.0));
    bool few = getenv("RS_UNDER_VALGRIND") != NULL;
    ck_assert_double_eq_tol(exact, 9.536752259e-7, 1e-15);
    int n_level = rs_split_pilot(&model, 20, few ? 20 : 400, 1, level, NULL);
    const struct split_plan plan = {.n_level = n_level,
                                    .level = level,
                                    .effort = few ? 10 : 400,
                                    .n_macro = few ? 2 : 40,
                                    .seed = 2,
                                    .n_job = 2,
                                    .confidence = 0.999};
    struct split_result r = {0};
    ck_assert_int_eq(rs_split_run(&model, &plan, &r, NULL), 0);
    if (!few)
        ck_assert_msg(r.interval.low <= exact && exact <= r.interval.high &&
                          r.interval.high < 2.0 * exact,
                      "%g in [%g, %g]", exact, r.interval.low, r.interval.high);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, test_chain_gives_the_published_value, 0, ANCHOR_N(rows));
    tcase_add_loop_test(tc, test_tandem, 0, ANCHOR_N(rows));
    tcase_add_test(tc, test_gamblers_ruin);
}

int main(void)
{
    return anchor_main("anchor_rare", add_tests);
}
