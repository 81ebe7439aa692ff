/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What many histories say of a claim: the verdict, its interval, its reason, and where it fell. */
#include "tally.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "made_up.h"

static struct claim within_5m(void) /* P(detected -> completed <= 5 min) >= 0.95 */
{
    return (struct claim){.name = "c",
                          .kind = RS_CLAIM_PROBABILITY,
                          .of = RS_Q_LEG,
                          .from = RS_CLOCK_DETECTED,
                          .to = RS_CLOCK_COMPLETED,
                          .procedure = -1,
                          .within = 5.0 * MIN_NS,
                          .limit = 0.95};
}

/* Adds a replica with a leg of so many minutes; 0 = open and undecided, INFINITY = never. Returns whether it is decided. */
static bool add_leg(struct tally *t, struct history *h, uint64_t replica, double minutes)
{
    made_up_history(h, replica, 0);
    struct episode *e = made_up_episode(h, 0, 0, RS_BY_ALERT);
    e->at_ns[RS_CLOCK_DETECTED] = 0;
    if (minutes > 0 && !isinf(minutes))
        e->at_ns[RS_CLOCK_COMPLETED] = (int64_t)(minutes * MIN_NS);
    if (minutes == 0)
        h->sim_ns = MIN_NS;
    return rs_tally_add(t, NULL, h);
}

static const struct {
    const char *words;
    int n_hit, n_miss, n_open;
    bool at_most;
    double limit;
    enum verdict_kind kind;
    enum open_reason reason;
    bool more; /* a number of further replicas is named */
} ratios[] = {
    {"all in time, enough of them", 200, 0, 0, false, 0.95, RS_VERDICT_HOLDS, RS_OPEN_NONE, false},
    {"all in time, too few", 20, 0, 0, false, 0.95, RS_VERDICT_UNDECIDED, RS_OPEN_BUDGET, true},
    {"72 are the fewest", 72, 0, 0, false, 0.95, RS_VERDICT_HOLDS, RS_OPEN_NONE, false},
    {"71 are not enough", 71, 0, 0, false, 0.95, RS_VERDICT_UNDECIDED, RS_OPEN_BUDGET, true},
    {"half late", 50, 50, 0, false, 0.95, RS_VERDICT_VIOLATED, RS_OPEN_NONE, false},
    {"on the edge", 95, 5, 0, false, 0.95, RS_VERDICT_UNDECIDED, RS_OPEN_BUDGET, false},
    {"near the edge", 97, 3, 0, false, 0.95, RS_VERDICT_UNDECIDED, RS_OPEN_BUDGET, true},
    {"open ones count against", 95, 0, 5, false, 0.95, RS_VERDICT_UNDECIDED, RS_OPEN_CUT, false},
    {"open ones cannot save it", 50, 45, 5, false, 0.95, RS_VERDICT_VIOLATED, RS_OPEN_NONE, false},
    {"open ones are no violation", 50, 0, 50, false, 0.95, RS_VERDICT_UNDECIDED, RS_OPEN_CUT,
     false},
    {"nothing but open ones", 0, 0, 90, false, 0.95, RS_VERDICT_UNDECIDED, RS_OPEN_CUT, false},
    {"nothing came up", 0, 0, 0, false, 0.95, RS_VERDICT_UNDECIDED, RS_OPEN_NOT_APPLICABLE, false},
    {"never seen, and too few", 0, 1, 0, false, 0.5, RS_VERDICT_UNDECIDED, RS_OPEN_NO_EVENT, true},
    {"never seen, in enough", 0, 30, 0, false, 0.5, RS_VERDICT_VIOLATED, RS_OPEN_NONE, false},
    {"at most, seldom", 1, 499, 0, true, 0.05, RS_VERDICT_HOLDS, RS_OPEN_NONE, false},
    {"at most, often", 100, 400, 0, true, 0.05, RS_VERDICT_VIOLATED, RS_OPEN_NONE, false},
    {"at most, never seen in 72", 0, 72, 0, true, 0.05, RS_VERDICT_HOLDS, RS_OPEN_NONE, false},
    {"at most, never seen in 71", 0, 71, 0, true, 0.05, RS_VERDICT_UNDECIDED, RS_OPEN_NO_EVENT,
     true},
    {"at most, one in 1e-5, never seen", 0, 1000, 0, true, 1e-5, RS_VERDICT_UNDECIDED,
     RS_OPEN_NO_EVENT, true},
    {"at most, open ones count against", 1, 69, 30, true, 0.05, RS_VERDICT_UNDECIDED, RS_OPEN_CUT,
     false},
    {"always is never shown", 1000, 0, 0, false, 1.0, RS_VERDICT_UNDECIDED, RS_OPEN_BUDGET, false},
    {"but one miss refutes it", 999, 1, 0, false, 1.0, RS_VERDICT_VIOLATED, RS_OPEN_NONE, false},
    {"never is never shown", 0, 1000, 0, true, 0.0, RS_VERDICT_UNDECIDED, RS_OPEN_NO_EVENT, false},
    {"but one hit refutes it", 1, 999, 0, true, 0.0, RS_VERDICT_VIOLATED, RS_OPEN_NONE, false},
    {"at least never says nothing", 0, 3, 0, false, 0.0, RS_VERDICT_HOLDS, RS_OPEN_NONE, false},
};

/* The minutes of the i-th of n replicas: hits, misses and open ones spread evenly over the run. */
static double minutes_of(int row, int i, int n)
{
    int open = ratios[row].n_open, miss = ratios[row].n_miss;
    if ((i + 1) * open / n > i * open / n)
        return 0;
    /* Of those that are not open so many came before. */
    int known = i - i * open / n, n_known = n - open;
    return (known + 1) * miss / n_known > known * miss / n_known ? 7 : 2;
}

START_TEST(test_probability_verdict)
{
    struct claim c = within_5m();
    c.at_most = ratios[_i].at_most;
    c.limit = ratios[_i].limit;
    struct tally t;
    struct history h;
    rs_tally_init(&t, &c, 0.05);
    rs_history_init(&h);
    int n = ratios[_i].n_hit + ratios[_i].n_miss + ratios[_i].n_open, first_late = -1;
    for (int i = 0; i < n; i++) {
        double took = minutes_of(_i, i, n);
        first_late = first_late < 0 && took == 7 ? i : first_late;
        add_leg(&t, &h, 100 + (uint64_t)i, took);
    }
    struct verdict v = rs_tally_decide(&t, n > 0 ? (uint64_t)n : 5);
    ck_assert_msg(v.kind == ratios[_i].kind, "%s: %s, %g..%g", ratios[_i].words,
                  rs_verdict_name(v.kind), v.interval.low, v.interval.high);
    ck_assert_msg(v.reason == ratios[_i].reason, "%s: %s", ratios[_i].words,
                  rs_open_reason_name(v.reason));
    ck_assert_msg((v.n_more > 0) == ratios[_i].more, "%s: %ju more", ratios[_i].words, v.n_more);
    ck_assert_int_eq(v.engine, RS_ENGINE_E_PROCESS);
    ck_assert_uint_eq(v.n_applicable, (uint64_t)n);
    ck_assert_uint_eq(v.n_hit, (uint64_t)ratios[_i].n_hit);
    ck_assert_uint_eq(v.n_undecided, (uint64_t)ratios[_i].n_open);
    if (ratios[_i].n_miss > 0 && !c.at_most) { /* the worst leg: the first of the late ones */
        ck_assert(v.has_witness);
        ck_assert_uint_eq(v.witness, 100 + (uint64_t)first_late);
        ck_assert_double_eq(v.worst, 7.0 * MIN_NS);
    }
    ck_assert(n > 0 || (isnan(v.estimate) && v.interval.low == 0 && v.interval.high == 1));
    /* The interval says what the verdict says. */
    bool keeps = c.at_most ? v.interval.high <= c.limit : v.interval.low >= c.limit;
    bool breaks = c.at_most ? v.interval.low >= c.limit : v.interval.high <= c.limit;
    ck_assert_msg(v.kind != RS_VERDICT_HOLDS || keeps, "%s", ratios[_i].words);
    ck_assert_msg(v.kind != RS_VERDICT_VIOLATED || breaks, "%s", ratios[_i].words);
    ck_assert_msg(v.kind != RS_VERDICT_UNDECIDED || (!keeps && !breaks) || c.limit == 0 ||
                      c.limit == 1,
                  "%s", ratios[_i].words);
    rs_history_clear(&h);
    rs_tally_clear(&t);
}
END_TEST

/* The first crossing counts, whatever comes after; the interval is of everything, and does not go back over the limit. */
START_TEST(test_verdict_is_latched)
{
    struct claim c = within_5m();
    struct tally t;
    struct history h;
    c.limit = 0.95;
    rs_tally_init(&t, &c, 0.05);
    rs_history_init(&h);
    uint64_t replica = 0;
    while (!add_leg(&t, &h, replica++, 2))
        continue;
    for (int i = 0; i < 4; i++)
        add_leg(&t, &h, replica++, 7);
    struct verdict v = rs_tally_decide(&t, replica);
    ck_assert_int_eq(v.kind, RS_VERDICT_HOLDS);
    ck_assert_uint_eq(v.n_replica, 72);
    ck_assert_uint_eq(v.n_applicable, 76);
    ck_assert_double_eq(v.interval.low, 0.95);
    for (int i = 0; i < 40; i++)
        add_leg(&t, &h, replica++, 7);
    v = rs_tally_decide(&t, replica);
    ck_assert_int_eq(v.kind, RS_VERDICT_HOLDS);
    ck_assert_uint_eq(v.n_replica, 72);
    ck_assert(v.interval.high < 0.95 && v.interval.low < v.interval.high); /* no hiding it */
    rs_history_clear(&h);
    rs_tally_clear(&t);
}
END_TEST

/* Seconds to spare: the deadline against the quantile that the limit speaks of. */
START_TEST(test_margin)
{
    struct claim c = within_5m();
    struct tally t;
    struct history h;
    c.limit = 0.5;
    rs_tally_init(&t, &c, 0.05);
    rs_history_init(&h);
    for (uint64_t i = 0; i < 101; i++)
        add_leg(&t, &h, i, 1 + 0.05 * (double)(i * 37 % 101));
    ck_assert_double_eq_tol(rs_tally_decide(&t, 101).margin_s, 60 * (5 - 3.5), 1e-6);
    c.limit = 0.95;
    ck_assert_double_eq_tol(rs_tally_decide(&t, 101).margin_s, 60 * (5 - 5.75), 1e-6);
    rs_history_clear(&h);
    rs_tally_clear(&t);
}
END_TEST

/* "About so many more" must be true: with them, at the present ratio, the verdict falls; with far fewer it does not. */
static struct tally seen(const struct claim *c, uint64_t n_hit, uint64_t n)
{
    struct tally t;
    rs_tally_init(&t, c, 0.01);
    t.n_applicable = t.rate_holds.n = t.rate_broken.n = n;
    t.rate_holds.k = n - n_hit;
    t.n_hit = t.rate_broken.k = n_hit;
    return t;
}

START_TEST(test_more_is_enough)
{
    struct claim c = within_5m();
    c.limit = 0.95;
    struct tally t = seen(&c, 97, 100);
    struct verdict v = rs_tally_decide(&t, 300);
    ck_assert_int_eq(v.kind, RS_VERDICT_UNDECIDED);
    ck_assert_uint_eq(v.n_more % 3, 0); /* one replica in three applies */
    uint64_t n = 100 + v.n_more / 3, less = n * 9 / 10;
    ck_assert_uint_gt(less, 200);
    struct tally enough = seen(&c, (97 * n + 50) / 100, n);
    ck_assert(rs_rate_watch_would_cross(&enough.rate_holds, enough.rate_holds.k, n));
    struct tally few = seen(&c, (97 * less + 50) / 100, less);
    ck_assert(!rs_rate_watch_would_cross(&few.rate_holds, few.rate_holds.k, less));
}
END_TEST

static const struct {
    const char *words;
    int n, n_never, n_open; /* n legs of 1, 2, .. n minutes */
    double q, limit_min;
    bool at_most;
    enum verdict_kind kind;
    double low_min, high_min; /* of the interval, each end at 0.95 */
} quantiles[] = {
    /* Ranks 35 and 66 of 100 for the median: by trying every rank (test_stats_rate.c). */
    {"median", 100, 0, 0, 0.5, 66, true, RS_VERDICT_HOLDS, 35, 66},
    {"median, too low a limit", 100, 0, 0, 0.5, 34, true, RS_VERDICT_VIOLATED, 35, 66},
    {"median between", 100, 0, 0, 0.5, 50, true, RS_VERDICT_UNDECIDED, 35, 66},
    {"median at least", 100, 0, 0, 0.5, 35, false, RS_VERDICT_HOLDS, 35, 66},
    {"median at least, too high", 100, 0, 0, 0.5, 67, false, RS_VERDICT_VIOLATED, 35, 66},
    {"infinite ones sort last", 90, 10, 0, 0.5, 66, true, RS_VERDICT_HOLDS, 35, 66},
    {"too few for the tail", 50, 0, 0, 0.99, 60, true, RS_VERDICT_UNDECIDED, 47, INFINITY},
    {"never is the worst", 50, 50, 0, 0.9, 50, true, RS_VERDICT_VIOLATED, INFINITY, INFINITY},
    {"open ones at both ends", 90, 0, 10, 0.5, 66, true, RS_VERDICT_HOLDS, 25, 66},
    {"mostly open", 10, 0, 90, 0.5, 66, true, RS_VERDICT_UNDECIDED, 0, INFINITY},
    {"nothing came up", 0, 0, 0, 0.5, 66, true, RS_VERDICT_UNDECIDED, 0, INFINITY},
};

static double minutes(double ns)
{
    return isinf(ns) ? ns : ns / MIN_NS;
}

START_TEST(test_quantile_verdict)
{
    struct claim c = within_5m();
    c.kind = RS_CLAIM_QUANTILE;
    c.q = quantiles[_i].q;
    c.at_most = quantiles[_i].at_most;
    c.limit = quantiles[_i].limit_min * MIN_NS;
    struct tally t;
    struct history h;
    rs_tally_init(&t, &c, 0.05);
    rs_history_init(&h);
    int n = quantiles[_i].n;
    for (int i = 0; i < quantiles[_i].n_open; i++)
        add_leg(&t, &h, 900 + (uint64_t)i, 0);
    int n_all = n + quantiles[_i].n_never;
    for (int i = 0, k = 0; i < n_all; i++) { /* 37 and n have no common divisor here */
        bool never = (i + 1) * quantiles[_i].n_never / n_all > i * quantiles[_i].n_never / n_all;
        add_leg(&t, &h, (uint64_t)i, never ? INFINITY : 1 + (k++ * 37) % n);
    }
    struct verdict v = rs_tally_decide(&t, 100);
    double low = minutes(v.interval.low), high = minutes(v.interval.high);
    ck_assert_msg(v.kind == quantiles[_i].kind && low == quantiles[_i].low_min &&
                      high == quantiles[_i].high_min,
                  "%s: %s, %g..%g", quantiles[_i].words, rs_verdict_name(v.kind), low, high);
    rs_history_clear(&h);
    rs_tally_clear(&t);
}
END_TEST

static const struct {
    const char *words;
    int n;
    double value, limit;
    bool at_most;
    enum verdict_kind kind;
    uint64_t n_capped;
} means[] = {
    {"well below", 1000, 10, 50, true, RS_VERDICT_HOLDS, 0},
    {"well above", 1000, 90, 50, true, RS_VERDICT_VIOLATED, 0},
    {"too near", 20, 40, 50, true, RS_VERDICT_UNDECIDED, 0},
    {"at least", 1000, 90, 50, false, RS_VERDICT_HOLDS, 0},
    {"well above, wanted at least", 1000, 10, 50, false, RS_VERDICT_VIOLATED, 0},
    {"above the cap counts as the cap", 100, 400, 99, true, RS_VERDICT_UNDECIDED, 100},
    {"and that often enough", 1000, 400, 99, true, RS_VERDICT_VIOLATED, 1000},
    {"a mean of at least nothing", 1, 0, 0, false, RS_VERDICT_HOLDS, 0},
};

START_TEST(test_expectation_verdict)
{
    struct claim c = {.kind = RS_CLAIM_EXPECTATION,
                      .of = RS_Q_USERS_HURT,
                      .at_most = means[_i].at_most,
                      .limit = means[_i].limit,
                      .cap = 100};
    struct tally t;
    struct history h;
    rs_tally_init(&t, &c, 0.05);
    rs_history_init(&h);
    for (int i = 0; i < means[_i].n; i++) {
        made_up_history(&h, (uint64_t)i, -1);
        h.users_hurt = (uint64_t)means[_i].value;
        rs_tally_add(&t, NULL, &h);
    }
    struct verdict v = rs_tally_decide(&t, (uint64_t)means[_i].n);
    ck_assert_msg(v.kind == means[_i].kind, "%s: %g..%g", means[_i].words, v.interval.low,
                  v.interval.high);
    ck_assert_double_eq_tol(v.estimate, fmin(means[_i].value, 100), 1e-9);
    ck_assert_double_le(v.interval.low, v.estimate + 1e-9);
    ck_assert_double_ge(v.interval.high, v.estimate - 1e-9);
    ck_assert_int_eq(v.engine, RS_ENGINE_MEAN);
    ck_assert_double_eq(v.worst, means[_i].value);
    ck_assert_uint_eq(v.n_capped, means[_i].n_capped);
    rs_history_clear(&h);
    rs_tally_clear(&t);
}
END_TEST

START_TEST(test_event_witness)
{
    struct claim c = {
        .kind = RS_CLAIM_PROBABILITY, .of = RS_Q_FALSE_ROLLBACK, .at_most = true, .limit = 0.01};
    struct tally t;
    struct history h;
    rs_tally_init(&t, &c, 0.05);
    rs_history_init(&h);
    for (uint64_t i = 0; i < 50; i++) { /* 20 without the event are no evidence for 1 % yet */
        made_up_history(&h, i, i == 20 ? 1 : -1);
        h.false_rollback = i >= 20;
        rs_tally_add(&t, NULL, &h);
    }
    struct verdict v = rs_tally_decide(&t, 50);
    ck_assert_int_eq(v.kind, RS_VERDICT_VIOLATED);
    ck_assert(v.has_witness && isnan(v.worst));
    ck_assert_uint_eq(v.witness, 20);
    ck_assert_int_eq(v.witness_fault, 1);
    rs_history_clear(&h);
    rs_tally_clear(&t);
}
END_TEST

#define ROWS(x) (int)(sizeof(x) / sizeof(x)[0])

int main(void)
{
    Suite *s = suite_create("tally");
    TCase *tc = tcase_create("tally");
    tcase_add_loop_test(tc, test_probability_verdict, 0, ROWS(ratios));
    tcase_add_test(tc, test_verdict_is_latched);
    tcase_add_test(tc, test_margin);
    tcase_add_test(tc, test_more_is_enough);
    tcase_add_loop_test(tc, test_quantile_verdict, 0, ROWS(quantiles));
    tcase_add_loop_test(tc, test_expectation_verdict, 0, ROWS(means));
    tcase_add_test(tc, test_event_witness);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int n_failed = srunner_ntests_failed(r);
    srunner_free(r);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
