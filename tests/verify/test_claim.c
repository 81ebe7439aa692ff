/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "verify/claim.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "made_up.h"
#include "sim/clock.h"
#include "tally.h"

#define NA RS_SAMPLE_NOT_APPLICABLE
#define OPEN RS_SAMPLE_UNDECIDED

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

/* ---- one history ------------------------------------------------------------------------------------------------------ */

#define X -1 /* the mark did not happen; others in minutes */
static const struct {
    const char *words;
    enum clock_mark from, to;
    int procedure; /* of the claim */
    int onset_min; /* of the replica's fault; X = no fault */
    bool episode;  /* of procedure 0 */
    int detected_min, completed_min, sim_min;
    bool gave_up;
    enum sample_state state;
    double event;
} legs[] = {
    {"in time", RS_CLOCK_DETECTED, RS_CLOCK_COMPLETED, -1, 10, true, 20, 24, 99, false,
     RS_SAMPLE_VALUE, 1},
    {"at the last moment", RS_CLOCK_DETECTED, RS_CLOCK_COMPLETED, -1, 10, true, 20, 25, 99, false,
     RS_SAMPLE_VALUE, 1},
    {"too late", RS_CLOCK_DETECTED, RS_CLOCK_COMPLETED, -1, 10, true, 20, 26, 99, false,
     RS_SAMPLE_VALUE, 0},
    {"never, and long waited for", RS_CLOCK_DETECTED, RS_CLOCK_COMPLETED, -1, 10, true, 20, X, 25,
     false, RS_SAMPLE_VALUE, 0},
    {"cut before the deadline", RS_CLOCK_DETECTED, RS_CLOCK_COMPLETED, -1, 10, true, 20, X, 24,
     false, OPEN, 0},
    {"given up: no need to wait", RS_CLOCK_DETECTED, RS_CLOCK_COMPLETED, -1, 10, true, 20, X, 21,
     true, RS_SAMPLE_VALUE, 0},
    {"not detected", RS_CLOCK_DETECTED, RS_CLOCK_COMPLETED, -1, 10, false, X, X, 99, false, NA, 0},
    {"another procedure", RS_CLOCK_DETECTED, RS_CLOCK_COMPLETED, 1, 10, true, 20, 21, 99, false, NA,
     0},
    {"this procedure", RS_CLOCK_DETECTED, RS_CLOCK_COMPLETED, 0, 10, true, 20, 21, 99, false,
     RS_SAMPLE_VALUE, 1},
    {"a missed fault runs on from its onset", RS_CLOCK_ONSET, RS_CLOCK_DETECTED, -1, 10, false, X,
     X, 99, false, RS_SAMPLE_VALUE, 0},
    {"a missed fault, cut early", RS_CLOCK_ONSET, RS_CLOCK_DETECTED, -1, 10, false, X, X, 12, false,
     OPEN, 0},
    {"no fault, no onset", RS_CLOCK_ONSET, RS_CLOCK_DETECTED, -1, X, false, X, X, 99, false, NA, 0},
    {"a false alarm has no onset", RS_CLOCK_ONSET, RS_CLOCK_DETECTED, -1, X, true, 20, 21, 99,
     false, NA, 0},
    {"over before it began", RS_CLOCK_COMPLETED, RS_CLOCK_DETECTED, -1, 10, true, 20, 24, 99, false,
     RS_SAMPLE_VALUE, 1},
};

static void fill_leg(struct history *h, int row)
{
    int64_t onset = legs[row].onset_min == X ? RS_NEVER : legs[row].onset_min * MIN_NS;
    made_up_history(h, 3, onset == RS_NEVER ? -1 : 0);
    h->onset_ns = onset;
    h->fault_started = onset != RS_NEVER;
    h->sim_ns = legs[row].sim_min * MIN_NS;
    if (!legs[row].episode)
        return;
    struct episode *e = made_up_episode(h, 0, h->fault, RS_BY_ALERT);
    e->at_ns[RS_CLOCK_ONSET] = onset;
    e->at_ns[RS_CLOCK_DETECTED] = legs[row].detected_min * MIN_NS;
    if (legs[row].completed_min != X)
        e->at_ns[RS_CLOCK_COMPLETED] = legs[row].completed_min * MIN_NS;
    e->gave_up = legs[row].gave_up;
}

START_TEST(test_leg_sample)
{
    struct claim c = within_5m();
    c.from = legs[_i].from;
    c.to = legs[_i].to;
    c.procedure = legs[_i].procedure;
    struct history h;
    rs_history_init(&h);
    fill_leg(&h, _i);
    struct claim_sample s = rs_claim_sample(NULL, &c, &h);
    ck_assert_msg(s.state == legs[_i].state, "%s: state %d", legs[_i].words, (int)s.state);
    if (s.state == RS_SAMPLE_VALUE)
        ck_assert_msg(s.value == legs[_i].event, "%s: %g", legs[_i].words, s.value);
    rs_history_clear(&h);
}
END_TEST

/* A false alarm before the fault is not the fault's detection: the fault was missed all the same. */
START_TEST(test_false_alarm_is_no_detection)
{
    struct claim c = within_5m();
    c.from = RS_CLOCK_ONSET;
    c.to = RS_CLOCK_DETECTED;
    struct history h;
    rs_history_init(&h);
    made_up_history(&h, 3, 0);
    h.fault_started = true;
    h.onset_ns = 10 * MIN_NS;
    made_up_episode(&h, 0, -1, RS_BY_ALERT)->at_ns[RS_CLOCK_DETECTED] = 5 * MIN_NS;
    struct claim_sample s = rs_claim_sample(NULL, &c, &h);
    ck_assert_int_eq(s.state, RS_SAMPLE_VALUE);
    ck_assert_double_eq(s.value, 0);
    struct episode *e = made_up_episode(&h, 0, 0, RS_BY_ALERT);
    e->at_ns[RS_CLOCK_ONSET] = 10 * MIN_NS;
    e->at_ns[RS_CLOCK_DETECTED] = 12 * MIN_NS;
    ck_assert_double_eq(rs_claim_sample(NULL, &c, &h).value, 1);
    rs_history_clear(&h);
}
END_TEST

static const struct {
    const char *words;
    enum quantity of;
    enum given_kind given;
    int given_fault, fault;
    enum sample_state state;
    double value; /* of a QUANTILE claim with limit 100 min or 100 */
} others[] = {
    {"users", RS_Q_USERS_HURT, RS_GIVEN_ALL, 0, -1, RS_SAMPLE_VALUE, 12},
    {"failed", RS_Q_REQUESTS_FAILED, RS_GIVEN_ALL, 0, -1, RS_SAMPLE_VALUE, 5},
    {"ratio", RS_Q_ERROR_RATIO, RS_GIVEN_ALL, 0, -1, RS_SAMPLE_VALUE, 0.05},
    {"no budget", RS_Q_BUDGET_BURNED, RS_GIVEN_ALL, 0, -1, NA, 0},
    {"pages", RS_Q_PAGES, RS_GIVEN_ALL, 0, -1, RS_SAMPLE_VALUE, 2},
    {"given that fault", RS_Q_PAGES, RS_GIVEN_FAULT, 1, 1, RS_SAMPLE_VALUE, 2},
    {"given another", RS_Q_PAGES, RS_GIVEN_FAULT, 1, 0, NA, 0},
    {"given none, has one", RS_Q_PAGES, RS_GIVEN_NO_FAULT, 0, 0, NA, 0},
    {"given any, has none", RS_Q_PAGES, RS_GIVEN_ANY_FAULT, 0, -1, NA, 0},
    {"given any", RS_Q_PAGES, RS_GIVEN_ANY_FAULT, 0, 1, RS_SAMPLE_VALUE, 2},
    {"still running at 240 min", RS_Q_ROLLOUT_DURATION, RS_GIVEN_ALL, 0, -1, RS_SAMPLE_VALUE,
     INFINITY},
};

START_TEST(test_other_sample)
{
    struct claim c = {.kind = RS_CLAIM_QUANTILE, .of = others[_i].of, .given = others[_i].given};
    c.given_fault = others[_i].given_fault;
    c.limit = c.of == RS_Q_ROLLOUT_DURATION ? 100.0 * MIN_NS : 100;
    struct history h;
    rs_history_init(&h);
    made_up_history(&h, 3, others[_i].fault);
    h.users_hurt = 12;
    h.n_error = 5;
    h.n_request = 100;
    h.n_page = 2;
    struct claim_sample s = rs_claim_sample(NULL, &c, &h);
    ck_assert_msg(s.state == others[_i].state, "%s: state %d", others[_i].words, (int)s.state);
    if (s.state == RS_SAMPLE_VALUE)
        ck_assert_msg(s.value == others[_i].value, "%s: %g", others[_i].words, s.value);
    rs_history_clear(&h);
}
END_TEST

/* ---- many ------------------------------------------------------------------------------------------------------------- */

/* Adds a replica with a leg of so many minutes; 0 = open and undecided, INFINITY = never. */
static void add_leg(struct tally *t, struct history *h, uint64_t replica, double minutes)
{
    made_up_history(h, replica, 0);
    struct episode *e = made_up_episode(h, 0, 0, RS_BY_ALERT);
    e->at_ns[RS_CLOCK_DETECTED] = 0;
    if (minutes > 0 && !isinf(minutes))
        e->at_ns[RS_CLOCK_COMPLETED] = (int64_t)(minutes * MIN_NS);
    if (minutes == 0)
        h->sim_ns = MIN_NS;
    rs_tally_add(t, NULL, h);
}

static const struct {
    const char *words;
    int n_hit, n_miss, n_open;
    bool at_most;
    double limit;
    enum verdict_kind kind;
    bool more; /* a number of further replicas is named */
} ratios[] = {
    {"all in time, enough of them", 100, 0, 0, false, 0.95, RS_VERDICT_HOLDS, false},
    {"all in time, too few", 20, 0, 0, false, 0.95, RS_VERDICT_UNDECIDED, true},
    {"72 are the fewest: 0.025 ^ (1/n) >= 0.95", 72, 0, 0, false, 0.95, RS_VERDICT_HOLDS, false},
    {"71 are not enough", 71, 0, 0, false, 0.95, RS_VERDICT_UNDECIDED, true},
    {"half late", 50, 50, 0, false, 0.95, RS_VERDICT_VIOLATED, false},
    {"on the edge", 95, 5, 0, false, 0.95, RS_VERDICT_UNDECIDED, false},
    {"near the edge", 97, 3, 0, false, 0.95, RS_VERDICT_UNDECIDED, true},
    {"open ones count against", 95, 0, 5, false, 0.95, RS_VERDICT_UNDECIDED, false},
    {"open ones cannot save it", 50, 45, 5, false, 0.95, RS_VERDICT_VIOLATED, false},
    {"open ones are no violation", 50, 0, 50, false, 0.95, RS_VERDICT_UNDECIDED, false},
    {"nothing came up", 0, 0, 0, false, 0.95, RS_VERDICT_UNDECIDED, false},
    {"at most, seldom", 1, 499, 0, true, 0.05, RS_VERDICT_HOLDS, false},
    {"at most, often", 100, 400, 0, true, 0.05, RS_VERDICT_VIOLATED, false},
    {"at most, open ones count against", 1, 439, 60, true, 0.05, RS_VERDICT_UNDECIDED, false},
    {"always is never shown", 1000, 0, 0, false, 1.0, RS_VERDICT_UNDECIDED, false},
    {"but one miss refutes it", 999, 1, 0, false, 1.0, RS_VERDICT_VIOLATED, false},
};

START_TEST(test_probability_verdict)
{
    struct claim c = within_5m();
    c.at_most = ratios[_i].at_most;
    c.limit = ratios[_i].limit;
    struct tally t;
    struct history h;
    rs_tally_init(&t, &c);
    rs_history_init(&h);
    uint64_t replica = 100;
    for (int i = 0; i < ratios[_i].n_hit; i++)
        add_leg(&t, &h, replica++, 2);
    for (int i = 0; i < ratios[_i].n_miss; i++)
        add_leg(&t, &h, replica++, 7);
    for (int i = 0; i < ratios[_i].n_open; i++)
        add_leg(&t, &h, replica++, 0);
    uint64_t n = replica - 100;
    struct verdict v = rs_tally_decide(&t, 0.95, n);
    ck_assert_msg(v.kind == ratios[_i].kind, "%s: %s, %g..%g", ratios[_i].words,
                  rs_verdict_name(v.kind), v.interval.low, v.interval.high);
    ck_assert_msg((v.n_more > 0) == ratios[_i].more, "%s: %ju more", ratios[_i].words, v.n_more);
    ck_assert_uint_eq(v.n_applicable, n);
    ck_assert_uint_eq(v.n_hit, (uint64_t)ratios[_i].n_hit);
    ck_assert_uint_eq(v.n_undecided, (uint64_t)ratios[_i].n_open);
    if (ratios[_i].n_miss > 0 && !c.at_most) { /* the worst leg: the first of the late ones */
        ck_assert(v.has_witness);
        ck_assert_uint_eq(v.witness, 100 + (uint64_t)ratios[_i].n_hit);
        ck_assert_double_eq(v.worst, 7.0 * MIN_NS);
    }
    ck_assert(n > 0 || (isnan(v.estimate) && v.interval.low == 0 && v.interval.high == 1));
    rs_history_clear(&h);
    rs_tally_clear(&t);
}
END_TEST

/* "About so many more" must be true: with them, at the present ratio, the verdict falls; with far fewer it does not. */
START_TEST(test_more_is_enough)
{
    struct claim c = within_5m();
    struct tally t = {.claim = &c, .n_applicable = 100, .n_hit = 97, .worst = NAN};
    struct verdict v = rs_tally_decide(&t, 0.99, 300);
    ck_assert_int_eq(v.kind, RS_VERDICT_UNDECIDED);
    ck_assert_uint_eq(v.n_more % 3, 0); /* one replica in three applies */
    uint64_t n = 100 + v.n_more / 3;
    struct tally more = {
        .claim = &c, .n_applicable = n, .n_hit = (97 * n + 50) / 100, .worst = NAN};
    ck_assert_int_eq(rs_tally_decide(&more, 0.99, n).kind, RS_VERDICT_HOLDS);
    n = n * 8 / 10;
    struct tally less = {
        .claim = &c, .n_applicable = n, .n_hit = (97 * n + 50) / 100, .worst = NAN};
    ck_assert_int_eq(rs_tally_decide(&less, 0.99, n).kind, RS_VERDICT_UNDECIDED);
}
END_TEST

static const struct {
    const char *words;
    int n, n_never, n_open; /* n legs of 1, 2, .. n minutes */
    double q, limit_min;
    bool at_most;
    enum verdict_kind kind;
    double low_min, high_min; /* of the interval at 0.95 */
} quantiles[] = {
    /* Ranks 40 and 61 of 100 for the median: Binomial(100, 0.5), 2.5 % on either side (David & Nagaraja, table 7.1). */
    {"median", 100, 0, 0, 0.5, 61, true, RS_VERDICT_HOLDS, 40, 61},
    {"median, too low a limit", 100, 0, 0, 0.5, 39, true, RS_VERDICT_VIOLATED, 40, 61},
    {"median between", 100, 0, 0, 0.5, 50, true, RS_VERDICT_UNDECIDED, 40, 61},
    {"median at least", 100, 0, 0, 0.5, 40, false, RS_VERDICT_HOLDS, 40, 61},
    {"infinite ones sort last", 90, 10, 0, 0.5, 61, true, RS_VERDICT_HOLDS, 40, 61},
    {"too few for the tail", 50, 0, 0, 0.99, 60, true, RS_VERDICT_UNDECIDED, 48, INFINITY},
    {"never is the worst", 50, 50, 0, 0.9, 50, true, RS_VERDICT_VIOLATED, INFINITY, INFINITY},
    {"open ones at both ends", 90, 0, 10, 0.5, 61, true, RS_VERDICT_HOLDS, 30, 61},
    {"mostly open", 10, 0, 90, 0.5, 61, true, RS_VERDICT_UNDECIDED, 0, INFINITY},
    {"nothing came up", 0, 0, 0, 0.5, 61, true, RS_VERDICT_UNDECIDED, 0, INFINITY},
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
    rs_tally_init(&t, &c);
    rs_history_init(&h);
    int n = quantiles[_i].n;
    for (int i = 0; i < n;
         i++) /* in another order than by size: 37 and n have no common divisor here */
        add_leg(&t, &h, (uint64_t)i, 1 + (i * 37) % n);
    for (int i = 0; i < quantiles[_i].n_never; i++)
        add_leg(&t, &h, 500 + (uint64_t)i, INFINITY);
    for (int i = 0; i < quantiles[_i].n_open; i++)
        add_leg(&t, &h, 900 + (uint64_t)i, 0);
    struct verdict v = rs_tally_decide(&t, 0.95, 100);
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
    {"above the cap counts as the cap", 1000, 400, 99, true, RS_VERDICT_UNDECIDED, 1000},
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
    rs_tally_init(&t, &c);
    rs_history_init(&h);
    for (int i = 0; i < means[_i].n; i++) {
        made_up_history(&h, (uint64_t)i, -1);
        h.users_hurt = (uint64_t)means[_i].value;
        rs_tally_add(&t, NULL, &h);
    }
    struct verdict v = rs_tally_decide(&t, 0.95, (uint64_t)means[_i].n);
    ck_assert_msg(v.kind == means[_i].kind, "%s: %g..%g", means[_i].words, v.interval.low,
                  v.interval.high);
    ck_assert_double_eq(v.estimate, fmin(means[_i].value, 100));
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
    rs_tally_init(&t, &c);
    rs_history_init(&h);
    for (uint64_t i = 0; i < 50; i++) {
        made_up_history(&h, i, i == 20 ? 1 : -1);
        h.false_rollback = i >= 20;
        rs_tally_add(&t, NULL, &h);
    }
    struct verdict v = rs_tally_decide(&t, 0.95, 50);
    ck_assert_int_eq(v.kind, RS_VERDICT_VIOLATED);
    ck_assert(v.has_witness && isnan(v.worst));
    ck_assert_uint_eq(v.witness, 20);
    ck_assert_int_eq(v.witness_fault, 1);
    rs_history_clear(&h);
    rs_tally_clear(&t);
}
END_TEST

/* ---- placeholders ------------------------------------------------------------------------------------------------------ */

static const struct {
    const char *words;
    enum quantity of;
    enum clock_mark from, to;
    enum given_kind given;
    bool rests;
} rests[] = {
    {"up to the alert: machines", RS_Q_LEG, RS_CLOCK_ONSET, RS_CLOCK_DETECTED, RS_GIVEN_ALL, false},
    {"up to the page: machines", RS_Q_LEG, RS_CLOCK_ONSET, RS_CLOCK_NOTIFIED, RS_GIVEN_ALL, false},
    {"up to the ack: people", RS_Q_LEG, RS_CLOCK_ONSET, RS_CLOCK_ACKNOWLEDGED, RS_GIVEN_ALL, true},
    {"up to the end: people", RS_Q_LEG, RS_CLOCK_DETECTED, RS_CLOCK_COMPLETED, RS_GIVEN_ALL, true},
    {"users hurt by a fault", RS_Q_USERS_HURT, 0, 0, RS_GIVEN_ANY_FAULT, true},
    {"users hurt by nothing", RS_Q_USERS_HURT, 0, 0, RS_GIVEN_NO_FAULT, false},
    {"a false alarm", RS_Q_FALSE_ROLLBACK, 0, 0, RS_GIVEN_NO_FAULT, false},
};

START_TEST(test_placeholder)
{
    struct dist part = {.placeholder = true};
    struct role role[2] = {{.name = "a"}, {.name = "b"}};
    role[1].decide = (struct dist){.kind = RS_DIST_MIXTURE, .n = 1, .part = &part};
    struct scenario sc = {.response = {.n_role = 2, .role = role}};
    struct claim c = {
        .of = rests[_i].of, .from = rests[_i].from, .to = rests[_i].to, .given = rests[_i].given};
    int who;
    const char *what;
    ck_assert_msg(rs_claim_placeholder(&sc, &c, &who, &what) == rests[_i].rests, "%s",
                  rests[_i].words);
    if (rests[_i].rests) {
        ck_assert_int_eq(who, 1);
        ck_assert_str_eq(what, "decide");
    }
    role[1].decide.n = 0;
    ck_assert(!rs_claim_placeholder(&sc, &c, &who, &what));
}
END_TEST

#define ROWS(x) (int)(sizeof(x) / sizeof(x)[0])

int main(void)
{
    Suite *s = suite_create("claim");
    TCase *tc = tcase_create("claim");
    tcase_add_loop_test(tc, test_leg_sample, 0, ROWS(legs));
    tcase_add_test(tc, test_false_alarm_is_no_detection);
    tcase_add_loop_test(tc, test_other_sample, 0, ROWS(others));
    tcase_add_loop_test(tc, test_probability_verdict, 0, ROWS(ratios));
    tcase_add_test(tc, test_more_is_enough);
    tcase_add_loop_test(tc, test_quantile_verdict, 0, ROWS(quantiles));
    tcase_add_loop_test(tc, test_expectation_verdict, 0, ROWS(means));
    tcase_add_test(tc, test_event_witness);
    tcase_add_loop_test(tc, test_placeholder, 0, ROWS(rests));
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int n_failed = srunner_ntests_failed(r);
    srunner_free(r);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
