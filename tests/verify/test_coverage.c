/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How often each stopping rule is wrong, exactly: by dynamic programming over what can be seen, with the code that decides in a run. No
 * random number is drawn. test_coverage_full.c has the long tables.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "made_up.h"
#include "sim/arena.h"
#include "tally.h"
#include "walk.h"

/* A sum of some thousand products may be off by that in its last places. */
#define ROUNDING 1e-12

/* ---- the test of a rate ---------------------------------------------------------------------------------------------- */

static const struct {
    double limit, alpha;
    uint64_t cap;
} plans[] = {{.001, .01, 8000}, {.001, .05, 8000},   {.01, .05, 4000}, {.015, .01, 3000},
             {.02, .05, 3000},  {.05, .00625, 2000}, {.05, .05, 2000}, {.5, .01, 1000},
             {.5, .2, 1000},    {.95, .05, 2000},    {.999, .01, 8000}};

START_TEST(test_error_of_rate)
{
    static const double rates[] = {0,    1e-5, 1e-4, .0009, .001, .0011, .009, .01,  .011,  .014,
                                   .015, .016, .019, .02,   .021, .045,  .05,  .055, .1,    .45,
                                   .5,   .55,  .9,   .945,  .95,  .955,  .99,  .999, .9995, 1};
    struct walk_plan plan;
    double alpha = plans[_i].alpha, limit = plans[_i].limit;
    walk_plan_init(&plan, limit, alpha, plans[_i].cap);
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        struct walk_result r = walk(&plan, rates[i]);
        ck_assert_double_eq_tol(r.below + r.above + r.open, 1.0, 1e-9);
        if (rates[i] >= limit)
            ck_assert_msg(r.below <= alpha, "rate %g is shown to be below: %g", rates[i], r.below);
        if (rates[i] <= limit)
            ck_assert_msg(r.above <= alpha, "rate %g is shown to be above: %g", rates[i], r.above);
    }
    walk_plan_clear(&plan);
}
END_TEST

/* ---- the tally, as a run feeds it ------------------------------------------------------------------------------------ */

enum { N_TRIAL = 30, SIDE = N_TRIAL + 1 };

/* Everything that can have been seen of a claim after n replicas: so many misses, so many cut short. */
struct state {
    double weight;
    struct tally tally;
};

/* A replica whose leg is over in time, late, or cut short: 2, 7 or 0 minutes. The values are kept for pictures only: dropped. */
static bool feed(struct tally *t, struct history *h, uint64_t replica, double minutes)
{
    made_up_history(h, replica, 0);
    struct episode *e = made_up_episode(h, 0, 0, RS_BY_ALERT);
    e->at_ns[RS_CLOCK_DETECTED] = 0;
    if (minutes > 0)
        e->at_ns[RS_CLOCK_COMPLETED] = (int64_t)(minutes * MIN_NS);
    else
        h->sim_ns = MIN_NS;
    bool decided = rs_tally_add(t, NULL, h);
    rs_tally_clear(t);
    return decided;
}

struct fate {
    double holds, violated;
};

/* One more replica of a kind, from one state. What is decided leaves; the others meet, and must be alike. */
static void step(struct state *to,
                 const struct state *from,
                 double weight,
                 double minutes,
                 struct history *h,
                 uint64_t replica,
                 struct fate *fate)
{
    struct tally t = from->tally;
    if (!(weight > 0))
        return;
    if (feed(&t, h, replica, minutes)) {
        ck_assert_uint_eq(t.decided_at, replica + 1);
        *(t.kind == RS_VERDICT_HOLDS ? &fate->holds : &fate->violated) += weight;
        return;
    }
    ck_assert(to->weight == 0 || (to->tally.rate_holds.k == t.rate_holds.k &&
                                  to->tally.rate_broken.k == t.rate_broken.k));
    to->tally = t;
    to->weight += weight;
}

static struct fate fate_of(double limit, bool at_most, double alpha, double p_late, double p_cut)
{
    struct claim c = {.kind = RS_CLAIM_PROBABILITY,
                      .of = RS_Q_LEG,
                      .given = RS_GIVEN_FAULT,
                      .from = RS_CLOCK_DETECTED,
                      .to = RS_CLOCK_COMPLETED,
                      .procedure = -1,
                      .within = 5.0 * MIN_NS,
                      .limit = limit,
                      .at_most = at_most};
    struct state *now = rs_xcalloc(SIDE * SIDE, sizeof *now),
                 *next = rs_xcalloc(SIDE * SIDE, sizeof *next);
    struct history h;
    struct fate fate = {0, 0};
    rs_history_init(&h);
    rs_tally_init(&now[0].tally, &c, alpha);
    now[0].weight = 1.0;
    for (int n = 0; n < N_TRIAL; n++) {
        for (int i = 0; i < SIDE * SIDE; i++)
            next[i].weight = 0;
        for (int late = 0; late <= n; late++) {
            for (int cut = 0; late + cut <= n; cut++) {
                const struct state *s = &now[late * SIDE + cut];
                double w = s->weight;
                uint64_t r = (uint64_t)n;
                step(&next[late * SIDE + cut], s, w * (1 - p_late) * (1 - p_cut), 2, &h, r, &fate);
                step(&next[(late + 1) * SIDE + cut], s, w * p_late * (1 - p_cut), 7, &h, r, &fate);
                step(&next[late * SIDE + cut + 1], s, w * p_cut, 0, &h, r, &fate);
            }
        }
        struct state *old = now;
        now = next;
        next = old;
    }
    rs_history_clear(&h);
    free(now);
    free(next);
    return fate;
}

static const struct {
    double limit; /* of legs in time */
    bool at_most;
    double alpha;
} tallies[] = {{.9, false, .1}, {.5, false, .2}, {.5, true, .05}, {.2, true, .1}, {.8, false, .01}};

/* Whatever the replicas that were cut short would have become: with them in time or late the claim must not be judged wrongly. */
START_TEST(test_error_of_tally)
{
    static const double shift[] = {0, .02, .1}, cut[] = {0, .05, .3};
    double limit = tallies[_i].limit, alpha = tallies[_i].alpha;
    bool at_most = tallies[_i].at_most, decides = false;
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++) {
            double off = at_most ? -shift[i] : shift[i];
            /* The claim is true, even if only because every cut one is to its liking: it must not be violated. */
            double good_cut = at_most ? 0 : cut[j],
                   in_time = (limit + off - good_cut) / (1 - cut[j]);
            if (in_time >= 0 && in_time <= 1) {
                struct fate f = fate_of(limit, at_most, alpha, 1 - in_time, cut[j]);
                ck_assert_msg(f.violated <= alpha + ROUNDING, "%g %g: %g", shift[i], cut[j],
                              f.violated);
                decides = decides || f.violated > alpha / 20;
            }
            /* It is false, even if only because none of them is: it must not hold. */
            double bad_cut = at_most ? cut[j] : 0;
            in_time = (limit - off - bad_cut) / (1 - cut[j]);
            if (in_time >= 0 && in_time <= 1) {
                struct fate f = fate_of(limit, at_most, alpha, 1 - in_time, cut[j]);
                ck_assert_msg(f.holds <= alpha + ROUNDING, "%g %g: %g", shift[i], cut[j], f.holds);
            }
        }
    }
    ck_assert(decides); /* else the test could not fail */
}
END_TEST

/* ---- intervals ------------------------------------------------------------------------------------------------------- */

/* The probability that a watch of the number of events is ever outside what is allowed, up to a cap. */
typedef bool (*rate_is_missed)(uint64_t k, uint64_t n, double rate, double alpha);

static double ever_missed(rate_is_missed missed, double rate, double alpha, int cap)
{
    double *p = rs_xcalloc((size_t)cap + 2, sizeof *p), out = 0;
    p[0] = 1;
    for (int n = 1; n <= cap; n++) {
        for (int k = n; k >= 0; k--) {
            p[k] = p[k] * (1 - rate) + (k > 0 ? p[k - 1] * rate : 0);
            if (p[k] > 0 && missed((uint64_t)k, (uint64_t)n, rate, alpha)) {
                out += p[k];
                p[k] = 0;
            }
        }
    }
    free(p);
    return out;
}

static bool sequence_misses(uint64_t k, uint64_t n, double rate, double alpha)
{
    struct interval in = rs_rate_sequence(k, n, 1 - alpha);
    return rate < in.low || rate > in.high;
}

static struct rate_prior some_prior(void)
{
    return rs_rate_prior((struct rate){.p = .05, .q = .95});
}

static bool low_end_misses(uint64_t k, uint64_t n, double rate, double alpha)
{
    return rate < rs_rate_bounds(k, k, n, some_prior(), alpha).low;
}

static bool high_end_misses(uint64_t k, uint64_t n, double rate, double alpha)
{
    return rate > rs_rate_bounds(k, k, n, some_prior(), alpha).high;
}

/* Of a quantile: so many values are at or below it, the rate being its share. */
static bool low_rank_misses(uint64_t k, uint64_t n, double rate, double alpha)
{
    return k < rs_rate_ranks(n, (struct rate){.p = rate, .q = 1 - rate}, alpha).rank_low;
}

static bool high_rank_misses(uint64_t k, uint64_t n, double rate, double alpha)
{
    return k >= rs_rate_ranks(n, (struct rate){.p = rate, .q = 1 - rate}, alpha).rank_high;
}

static const struct {
    const char *words;
    rate_is_missed missed;
    int cap;
} intervals[] = {{"the two-sided sequence", sequence_misses, 80},
                 {"the low end", low_end_misses, 40},
                 {"the high end", high_end_misses, 40},
                 {"the low rank", low_rank_misses, 40},
                 {"the high rank", high_rank_misses, 40}};

START_TEST(test_error_of_interval)
{
    static const double rates[] = {.001, .01, .015, .02, .05, .1, .3, .5, .7, .9, .95, .99};
    const double alpha = .1;
    double worst = 0;
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        double error = ever_missed(intervals[_i].missed, rates[i], alpha, intervals[_i].cap);
        ck_assert_msg(error <= alpha + ROUNDING, "%s at %g: %g", intervals[_i].words, rates[i],
                      error);
        worst = fmax(worst, error);
    }
    ck_assert_msg(worst > .1 * alpha, "%s: %g", intervals[_i].words, worst);
}
END_TEST

/* ---- the mean -------------------------------------------------------------------------------------------------------- */

enum { N_VALUE = 36 };

/* Values 0, 1/2 and 1, whose order does not matter to the sums: the probability that the watch on `limit` is ever crossed. */
static double ever_crossed(double limit, double alpha, double p_half, double p_one)
{
    struct mean_state {
        double weight;
        struct mean_watch watch;
    } *now = rs_xcalloc((N_VALUE + 1) * (N_VALUE + 1), sizeof *now);
    const double p[3] = {1 - p_half - p_one, p_half, p_one};
    double out = 0;
    rs_mean_watch_init(&now[0].watch, limit, alpha);
    now[0].weight = 1;
    for (int n = 0; n < N_VALUE; n++) {
        /* From the largest counts down, so that a state is left before it is come to again. */
        for (int one = n; one >= 0; one--) {
            for (int half = n - one; half >= 0; half--) {
                struct mean_state was = now[one * (N_VALUE + 1) + half];
                now[one * (N_VALUE + 1) + half].weight = 0;
                for (int v = 0; v < 3 && was.weight > 0; v++) {
                    struct mean_watch w = was.watch;
                    int at = (one + (v == 2)) * (N_VALUE + 1) + half + (v == 1);
                    if (rs_mean_watch_add(&w, 0.5 * v)) {
                        out += was.weight * p[v];
                        continue;
                    }
                    now[at].watch = w;
                    now[at].weight += was.weight * p[v];
                }
            }
        }
    }
    free(now);
    return out;
}

static const struct {
    double p_half, p_one;
} laws[] = {{0, .5}, {.5, .25}, {.2, .05}, {0, .02}, {1, 0}, {.05, .9}, {.01, 0}};

START_TEST(test_error_of_mean)
{
    const double alpha = .1;
    double mean = .5 * laws[_i].p_half + laws[_i].p_one;
    for (int i = 0; i < 4; i++) { /* the mean is the limit, or above it */
        double limit = mean * (1 - .1 * i);
        double below = ever_crossed(limit, alpha, laws[_i].p_half, laws[_i].p_one);
        ck_assert_msg(below <= alpha + ROUNDING, "limit %g: %g", limit, below);
    }
    ck_assert_double_gt(
        ever_crossed(fmin(2 * mean + .2, 1), alpha, laws[_i].p_half, laws[_i].p_one),
        .5); /* and where it is below, that is seen */
}
END_TEST

#define ROWS(x) (int)(sizeof(x) / sizeof(x)[0])

int main(void)
{
    Suite *s = suite_create("coverage");
    TCase *tc = tcase_create("coverage");
    /* Valgrind looks for wrong reads, not for wrong numbers: a row of each kind is enough for it. */
    bool few = getenv("RS_UNDER_VALGRIND") != NULL;
    tcase_add_loop_test(tc, test_error_of_rate, 0, few ? 1 : ROWS(plans));
    tcase_add_loop_test(tc, test_error_of_tally, 0, few ? 1 : ROWS(tallies));
    tcase_add_loop_test(tc, test_error_of_interval, 0, few ? 1 : ROWS(intervals));
    tcase_add_loop_test(tc, test_error_of_mean, 0, few ? 1 : ROWS(laws));
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int n_failed = srunner_ntests_failed(r);
    srunner_free(r);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
