/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When a run ends, what that does to its verdicts, and that it does not matter which replica is ready first. */
#include "verify/run.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "made_up.h"

/* ---- a scenario of one or two claims on an event ---------------------------------------------------------------------- */

static const struct claim at_most_half[] = {
    {.name = "first",
     .kind = RS_CLAIM_PROBABILITY,
     .of = RS_Q_FALSE_ROLLBACK,
     .at_most = true,
     .limit = .5},
    {.name = "second", .kind = RS_CLAIM_PROBABILITY, .of = RS_Q_FALSE_ROLLBACK, .limit = .5},
};

static struct scenario *with_claims(const struct claim *claim, int n, double confidence)
{
    struct scenario *sc = made_up_scenario();
    sc->claim = claim;
    sc->n_claim = n;
    sc->confidence = confidence;
    return sc;
}

enum { N_BIT = 10 };

/* The event happens in replica i if bit i of the seed is set. */
static int run_bit(void *sim, const struct replica_options *opt, struct history *h, struct err *err)
{
    (void)sim, (void)err;
    made_up_history(h, opt->replica, -1);
    h->false_rollback = opt->replica < N_BIT && (opt->seed >> opt->replica & 1);
    return 0;
}

/*
 * Every history that ten replicas can have goes through a whole run: the sum of their probabilities is how often the verdict is
 * wrong, with stopping, latching and the family's shares as they are.
 */
START_TEST(test_error_of_run)
{
    struct run_engine engine = made_up_engine;
    engine.sim_run = run_bit;
    int n_claim = 1 + _i % 2;
    bool all = _i / 2;
    const double confidence = n_claim == 1 ? .8 : .6; /* .2 for each claim */
    struct scenario *sc = with_claims(at_most_half, n_claim, confidence);
    double n_by_kind[2][RS_VERDICT_N] = {{0}}, n_stopped = 0;
    for (uint64_t bits = 0; bits < 1 << N_BIT; bits++) {
        struct run_options opt = {
            .n_replica = N_BIT, .seed = bits, .n_job = 1, .all_replicas = all};
        struct run_result r;
        ck_assert_int_eq(rs_run_with(&engine, sc, &opt, &r, NULL), 0);
        uint64_t last = 0;
        for (int i = 0; i < n_claim; i++) {
            const struct verdict *v = &r.verdict[i];
            n_by_kind[i][v->kind]++;
            last = last > v->n_replica ? last : v->n_replica;
            ck_assert_uint_eq(v->n_applicable, r.n_replica);
        }
        ck_assert(all ? r.n_replica == N_BIT : r.n_replica == last);
        ck_assert(r.enough == (r.n_replica < N_BIT) && !r.stopped);
        n_stopped += r.enough;
        rs_run_result_clear(&r);
    }
    rs_scenario_free(sc);
    for (int i = 0; i < n_claim;
         i++) { /* at one half both claims are true, so each string weighs the same */
        double violated = n_by_kind[i][RS_VERDICT_VIOLATED] / (1 << N_BIT);
        ck_assert_msg(violated <= .2 && violated > .02, "claim %d: %g", i, violated);
    }
    ck_assert(all ? n_stopped == 0 : n_stopped > 0);
}
END_TEST

/* ---- who is ready first ------------------------------------------------------------------------------------------------ */

static bool fails(uint64_t seed, uint64_t replica)
{
    uint64_t z =
        (seed * UINT64_C(0x9e3779b97f4a7c15)) ^ (replica + 1) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 31) * UINT64_C(0x94d049bb133111eb);
    return (z ^ z >> 29) % 100 < 30;
}

/* A replica that fails is ready a hundred times sooner than one that does not. */
static int
run_slowly(void *sim, const struct replica_options *opt, struct history *h, struct err *err)
{
    (void)sim, (void)err;
    bool bad = fails(opt->seed, opt->replica);
    struct timespec wait = {.tv_nsec = bad ? 2000 : 80000};
    nanosleep(&wait, NULL);
    made_up_history(h, opt->replica, -1);
    h->false_rollback = bad;
    return 0;
}

static const struct claim near_its_limit[] = {{.name = "few",
                                               .kind = RS_CLAIM_PROBABILITY,
                                               .of = RS_Q_FALSE_ROLLBACK,
                                               .at_most = true,
                                               .limit = .4}};

/* What came out, by seed: the same with one thread and with many, so no distribution over seeds can have moved. */
START_TEST(test_arrival_does_not_matter)
{
    struct run_engine engine = made_up_engine;
    engine.sim_run = run_slowly;
    struct scenario *sc = with_claims(near_its_limit, 1, .9);
    int n_kind[RS_VERDICT_N] = {0};
    for (uint64_t seed = 0; seed < 25; seed++) {
        struct run_result want, got;
        struct run_options opt = {.n_replica = 200, .seed = seed, .n_job = 1};
        ck_assert_int_eq(rs_run_with(&engine, sc, &opt, &want, NULL), 0);
        n_kind[want.verdict[0].kind]++;
        uint64_t k = 0;
        for (uint64_t i = 0; i < want.n_replica; i++)
            k += fails(seed, i);
        ck_assert_uint_eq(want.verdict[0].n_hit, k); /* the first n in order, no others */
        static const int jobs[] = {2, 4, 9};
        for (int j = 0; j < 3; j++) {
            opt.n_job = jobs[j];
            ck_assert_int_eq(rs_run_with(&engine, sc, &opt, &got, NULL), 0);
            ck_assert_uint_eq(got.n_replica, want.n_replica);
            ck_assert_int_eq(got.verdict[0].kind, want.verdict[0].kind);
            ck_assert_uint_eq(got.verdict[0].n_hit, k);
            ck_assert(got.enough == want.enough);
            rs_run_result_clear(&got);
        }
        rs_run_result_clear(&want);
    }
    ck_assert_int_gt(n_kind[RS_VERDICT_HOLDS], 0);
    ck_assert_int_gt(n_kind[RS_VERDICT_HOLDS] + n_kind[RS_VERDICT_UNDECIDED], 22);
    rs_scenario_free(sc);
}
END_TEST

/* ---- the budget -------------------------------------------------------------------------------------------------------- */

static struct run_result run_of(const struct scenario *sc, struct run_options opt)
{
    struct run_result r;
    struct err err = {0};
    opt.n_job = 2;
    ck_assert_msg(rs_run_with(&made_up_engine, sc, &opt, &r, &err) == 0, "%s", err.text);
    return r;
}

/* Where the decision fell does not move when all are asked for; the intervals shrink, and stay on their side. */
START_TEST(test_all_replicas)
{
    struct scenario *sc = made_up_scenario();
    sc->n_claim = 3; /* without those that nothing decides */
    struct run_result few = run_of(sc, (struct run_options){.n_replica = 8000, .seed = 7});
    struct run_result all =
        run_of(sc, (struct run_options){.n_replica = 8000, .seed = 7, .all_replicas = true});
    ck_assert(few.enough && !all.enough && !few.stopped && !all.stopped);
    ck_assert_uint_eq(all.n_replica, 8000);
    ck_assert_uint_lt(few.n_replica, 4000);
    uint64_t last = 0;
    for (int i = 0; i < 3; i++) {
        const struct verdict *a = &few.verdict[i], *b = &all.verdict[i];
        ck_assert(a->kind != RS_VERDICT_UNDECIDED && a->kind == b->kind &&
                  a->n_replica == b->n_replica);
        ck_assert(a->reason == RS_OPEN_NONE && a->n_more == 0);
        ck_assert(b->interval.high - b->interval.low < a->interval.high - a->interval.low);
        ck_assert_double_eq_tol(a->confidence, 1 - .05 / 3, 1e-12);
        last = last > a->n_replica ? last : a->n_replica;
    }
    ck_assert_uint_eq(few.n_replica, last);
    rs_run_result_clear(&few);
    rs_run_result_clear(&all);
    rs_scenario_free(sc);
}
END_TEST

/* A claim that never comes up keeps the run going to the budget, and is told apart from one that needs more. */
START_TEST(test_not_applicable)
{
    struct scenario *sc = made_up_scenario();
    struct run_result r = run_of(sc, (struct run_options){.n_replica = 600, .seed = 7});
    const struct verdict *v = &r.verdict[7]; /* no read error goes through the portal's procedure */
    ck_assert_uint_eq(r.n_replica, 600);
    ck_assert_int_eq(v->kind, RS_VERDICT_UNDECIDED);
    ck_assert_int_eq(v->reason, RS_OPEN_NOT_APPLICABLE);
    ck_assert(!v->has_witness && isnan(v->margin_s));
    ck_assert_uint_eq(v->n_replica, 600);
    ck_assert_int_eq(rs_run_status(&r), 1); /* another is violated */
    rs_run_result_clear(&r);
    struct run_result none = run_of(sc, (struct run_options){.n_replica = 0});
    ck_assert_int_eq(none.verdict[0].reason, RS_OPEN_NO_REPLICA);
    rs_run_result_clear(&none);
    sc->n_claim = 0; /* nothing to decide, but something to see */
    struct run_result seen = run_of(sc, (struct run_options){.n_replica = 50, .seed = 7});
    ck_assert_uint_eq(seen.n_replica, 50);
    ck_assert(!seen.enough);
    rs_run_result_clear(&seen);
    rs_scenario_free(sc);
}
END_TEST

/* An event that is to be ruled out and never comes: undecided while there are too few without it, then it holds. */
START_TEST(test_event_never_seen)
{
    static const struct claim rare[] = {
        {.kind = RS_CLAIM_PROBABILITY, .of = RS_Q_FALSE_ROLLBACK, .at_most = true, .limit = .01}};
    struct run_engine engine = made_up_engine;
    engine.sim_run = run_bit; /* seed 0: never */
    struct scenario *sc = with_claims(rare, 1, .99);
    struct run_result r;
    struct run_options opt = {.n_replica = 543, .n_job = 1};
    ck_assert_int_eq(rs_run_with(&engine, sc, &opt, &r, NULL), 0);
    ck_assert_int_eq(r.verdict[0].kind, RS_VERDICT_UNDECIDED);
    ck_assert_int_eq(r.verdict[0].reason, RS_OPEN_NO_EVENT);
    ck_assert_uint_ge(r.verdict[0].n_more, 1);
    ck_assert_int_eq(rs_run_status(&r), 3);
    rs_run_result_clear(&r);
    opt.n_replica = 100000;
    ck_assert_int_eq(rs_run_with(&engine, sc, &opt, &r, NULL), 0);
    ck_assert_int_eq(r.verdict[0].kind, RS_VERDICT_HOLDS);
    ck_assert_uint_eq(r.n_replica, 544);
    ck_assert_int_eq(rs_run_status(&r), 0);
    rs_run_result_clear(&r);
    rs_scenario_free(sc);
}
END_TEST

/* A bound is decided from the text: no replica is run for it alone, and it takes no share of the confidence from others. */
START_TEST(test_proved_costs_nothing)
{
    struct claim both[] = {{.name = "bound",
                            .kind = RS_CLAIM_BOUND,
                            .of = RS_Q_LEG,
                            .from = RS_CLOCK_DETECTED,
                            .to = RS_CLOCK_COMPLETED,
                            .procedure = 0,
                            .within = 5.0 * MIN_NS},
                           at_most_half[0]};
    struct scenario *sc = with_claims(both, 1, .95);
    sc->monitoring.n_rule_file = sc->response.n_stage =
        0; /* the made-up conditions are no PromQL */
    struct run_result alone = run_of(sc, (struct run_options){.n_replica = 400, .seed = 7});
    ck_assert_uint_eq(alone.n_replica, 0);
    ck_assert(!alone.stopped && !alone.enough);
    ck_assert_int_eq(alone.verdict[0].engine, RS_ENGINE_BOUND);
    ck_assert_ptr_eq(alone.verdict[0].claim, &both[0]);
    sc->n_claim = 2;
    struct run_result two = run_of(sc, (struct run_options){.n_replica = 400, .seed = 7});
    ck_assert_int_eq(two.verdict[0].kind, alone.verdict[0].kind);
    ck_assert_int_eq(two.verdict[1].kind, RS_VERDICT_HOLDS);
    ck_assert_double_eq_tol(two.verdict[1].confidence, .95, 1e-12);
    ck_assert(two.enough && two.n_replica == two.verdict[1].n_replica && two.n_replica > 0);
    sc->n_claim = 1;
    struct run_result all =
        run_of(sc, (struct run_options){.n_replica = 40, .seed = 7, .all_replicas = true});
    ck_assert_uint_eq(all.n_replica, 40);
    rs_run_result_clear(&alone);
    rs_run_result_clear(&two);
    rs_run_result_clear(&all);
    rs_scenario_free(sc);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("run_stop");
    TCase *tc = tcase_create("run_stop");
    /* Valgrind looks for wrong reads, not for wrong numbers. */
    tcase_add_loop_test(tc, test_error_of_run, 0, getenv("RS_UNDER_VALGRIND") ? 1 : 4);
    tcase_add_test(tc, test_arrival_does_not_matter);
    tcase_add_test(tc, test_all_replicas);
    tcase_add_test(tc, test_not_applicable);
    tcase_add_test(tc, test_event_never_seen);
    tcase_add_test(tc, test_proved_costs_nothing);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int n_failed = srunner_ntests_failed(r);
    srunner_free(r);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
