/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Splitting over the closed loop: tests/verify/scenarios/legs.yaml, whose leg has a tail that is known. */
#include <check.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/replica.h"
#include "scenarios/load.h"
#include "sim/arena.h"
#include "sim/clock.h"
#include "verify/run.h"
#include "verify/split.h"

static struct scenario *load(void)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    struct scenario *sc =
        rs_scenario_load(RS_SOURCE_DIR "/tests/verify/scenarios/legs.yaml", &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(sc);
    rs_err_list_clear(&errors);
    return sc;
}

static const struct claim *claim(const struct scenario *sc, const char *name)
{
    for (int i = 0; i < sc->n_claim; i++) {
        if (strcmp(sc->claim[i].name, name) == 0)
            return &sc->claim[i];
    }
    ck_abort_msg("no claim %s", name);
    return NULL;
}

/* Valgrind looks for errors of memory, which few histories show. */
static bool few(void)
{
    return getenv("RS_UNDER_VALGRIND") != NULL;
}

static struct verdict
decide(struct arena *arena, const struct scenario *sc, const char *name, int n_job)
{
    struct claim c = *claim(sc, name);
    struct split_options opt = {.seed = 3, .n_job = n_job, .confidence = 0.999};
    struct verdict v;
    struct err err = {0};
    if (few()) {
        c.splitting.effort = 4;
        c.splitting.n_macro = 2;
    }
    ck_assert_msg(rs_split_decide(arena, sc, &c, &opt, &v, &err) == 0, "%s", err.text);
    v.claim = claim(sc, name);
    ck_assert_int_eq(v.engine, RS_ENGINE_SPLITTING);
    return v;
}

/* P(leg > 41 s + t_s): retries of mean 20 s in all, and one more exponential time of mean 10 s. */
static double tail(double t_s)
{
    return 2.0 * exp(-t_s / 20.0) - exp(-t_s / 10.0);
}

static const struct {
    const char *claim;
    double t_s; /* deadline - 41 s */
    enum verdict_kind kind;
} rows[] = {
    {"rare", 290.0, RS_VERDICT_HOLDS},
    {"rare-by-pilot", 290.0, RS_VERDICT_HOLDS},
    {"mild-other-side", 60.0, RS_VERDICT_HOLDS},
    {"mild", 60.0, RS_VERDICT_VIOLATED},
};

/* 99.9 % intervals, so false alarm 1e-3 a row; seed fixed. */
START_TEST(test_tail_is_the_closed_form)
{
    struct scenario *sc = load();
    struct arena *arena = rs_arena_new();
    struct verdict v = decide(arena, sc, rows[_i].claim, 2);
    if (!few()) {
        double exact = tail(rows[_i].t_s);
        double low = 1.0 - v.interval.high, high = 1.0 - v.interval.low;
        ck_assert_msg(low <= exact && exact <= high, "%g in [%g, %g]", exact, low, high);
        ck_assert_msg(high < 3.0 * exact, "[%g, %g] is too wide", low, high);
        ck_assert_int_eq(v.kind, rows[_i].kind);
        ck_assert_int_eq(v.reason, RS_OPEN_NONE);
        ck_assert(v.has_witness == !v.claim->at_most);
    }
    rs_arena_free(arena);
    rs_scenario_free(sc);
}
END_TEST

/* The milder deadline, by histories without any splitting: both agree with the tail. */
START_TEST(test_plain_replicas_agree)
{
    struct scenario *sc = load();
    struct err err = {0};
    const struct claim *c = claim(sc, "mild-plain");
    struct simulator *sim = rs_simulator_new(sc, &err);
    struct history h;
    rs_history_init(&h);
    uint64_t n = few() ? 20 : 1000, n_late = 0;
    for (uint64_t i = 0; i < n; i++) {
        struct replica_options opt = {.seed = 1, .replica = i, .fault = c->given_fault};
        ck_assert_int_eq(rs_simulator_run(sim, &opt, &h, &err), 0);
        struct claim_sample s = rs_claim_sample(sc, c, &h);
        ck_assert_int_eq(s.state, RS_SAMPLE_VALUE);
        n_late += s.value == 0.0;
    }
    struct interval i = rs_clopper_pearson(n_late, n, 0.999);
    double exact = tail(60.0);
    ck_assert_msg(i.low <= exact && exact <= i.high, "%g in [%g, %g]", exact, i.low, i.high);
    rs_history_clear(&h);
    rs_simulator_free(sim);
    rs_scenario_free(sc);
}
END_TEST

START_TEST(test_nothing_seen_and_always_seen)
{
    struct scenario *sc = load();
    struct arena *arena = rs_arena_new();
    struct verdict v = decide(arena, sc, "beyond", 1);
    ck_assert_int_eq(v.kind, RS_VERDICT_UNDECIDED);
    ck_assert_int_eq(v.reason, RS_OPEN_NO_EVENT);
    v = decide(arena, sc, "hopeless", 1);
    ck_assert_double_eq(v.estimate, 0.0);
    if (!few())
        ck_assert_int_eq(v.kind, RS_VERDICT_VIOLATED);
    rs_arena_free(arena);
    rs_scenario_free(sc);
}
END_TEST

START_TEST(test_threads_do_not_matter)
{
    struct scenario *sc = load();
    struct arena *arena = rs_arena_new();
    struct verdict a = decide(arena, sc, "mild", 1), b = decide(arena, sc, "mild", 3);
    ck_assert(memcmp(&a.estimate, &b.estimate, sizeof a.estimate) == 0);
    ck_assert(memcmp(&a.interval, &b.interval, sizeof a.interval) == 0);
    ck_assert_uint_eq(a.witness, b.witness);
    rs_arena_free(arena);
    rs_scenario_free(sc);
}
END_TEST

/* The witness of a claim that is violated, replayed as --branch would have it: it is late. */
START_TEST(test_witness_is_late)
{
    struct scenario *sc = load();
    struct arena *arena = rs_arena_new();
    struct verdict v = decide(arena, sc, "mild", 2);
    struct err err = {0};
    struct replica_branch branch;
    int64_t after_ns;
    if (!few()) {
        ck_assert(v.has_witness && !decide(arena, sc, "mild-other-side", 2).has_witness);
        ck_assert_int_eq(sscanf(v.witness_branch, "%" SCNd64 ":%" SCNx64, &after_ns, &branch.word),
                         2);
        branch.after_ns = after_ns;
        struct replica_options opt = {.seed = 3,
                                      .replica = v.witness,
                                      .fault = v.claim->given_fault,
                                      .n_branch = 1,
                                      .branch = &branch};
        struct simulator *sim = rs_simulator_new(sc, &err);
        struct history h;
        rs_history_init(&h);
        ck_assert_int_eq(rs_simulator_run(sim, &opt, &h, &err), 0);
        struct claim_sample s = rs_claim_sample(sc, v.claim, &h);
        ck_assert_int_eq(s.state, RS_SAMPLE_VALUE);
        ck_assert_double_eq(s.value, 0.0);
        rs_history_clear(&h);
        rs_simulator_free(sim);
    }
    rs_arena_free(arena);
    rs_scenario_free(sc);
}
END_TEST

/* The same past, and another future: events up to the branch are alike to the letter, and later ones are not. */
START_TEST(test_branch_keeps_the_past)
{
    struct scenario *sc = load();
    struct err err = {0};
    struct simulator *sim = rs_simulator_new(sc, &err);
    struct history plain, branched;
    rs_history_init(&plain);
    rs_history_init(&branched);
    struct replica_options opt = {.seed = 1, .replica = 4, .fault = 0, .trace = true};
    ck_assert_int_eq(rs_simulator_run(sim, &opt, &plain, &err), 0);
    const struct episode *e = &plain.episode[0];
    /* A second after the decision: the first wait is drawn already, the other ones are not. */
    struct replica_branch at = {e->at_ns[RS_CLOCK_DECIDED] + RS_NS_PER_S, 99};
    opt.branch = &at;
    opt.n_branch = 1;
    ck_assert_int_eq(rs_simulator_run(sim, &opt, &branched, &err), 0);
    for (int i = 0; i < plain.n_trace && plain.trace[i].at_ns <= at.after_ns; i++) {
        ck_assert_int_eq(plain.trace[i].at_ns, branched.trace[i].at_ns);
        ck_assert_str_eq(plain.trace[i].text, branched.trace[i].text);
    }
    ck_assert_int_eq(branched.episode[0].at_ns[RS_CLOCK_DECIDED], e->at_ns[RS_CLOCK_DECIDED]);
    int64_t commanded_ns = branched.episode[0].at_ns[RS_CLOCK_COMMANDED];
    ck_assert_int_ne(commanded_ns, e->at_ns[RS_CLOCK_COMMANDED]);
    /* And it can be had again, also by a simulator that has run other things meanwhile. */
    struct history again;
    rs_history_init(&again);
    ck_assert_int_eq(rs_simulator_run(sim, &opt, &again, &err), 0);
    ck_assert_int_eq(again.episode[0].at_ns[RS_CLOCK_COMMANDED], commanded_ns);
    opt.n_branch = 0;
    ck_assert_int_eq(rs_simulator_run(sim, &opt, &again, &err), 0);
    ck_assert_int_eq(again.episode[0].at_ns[RS_CLOCK_COMMANDED], e->at_ns[RS_CLOCK_COMMANDED]);
    opt.until_ns = e->at_ns[RS_CLOCK_DECIDED];
    ck_assert_int_eq(rs_simulator_run(sim, &opt, &again, &err), 0);
    ck_assert_int_eq(again.sim_ns, opt.until_ns);
    rs_history_clear(&again);
    rs_history_clear(&plain);
    rs_history_clear(&branched);
    rs_simulator_free(sim);
    rs_scenario_free(sc);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("split_claim");
    TCase *tc = tcase_create("split_claim");
    tcase_set_timeout(tc, 0);
    tcase_add_loop_test(tc, test_tail_is_the_closed_form, 0, (int)(sizeof rows / sizeof rows[0]));
    tcase_add_test(tc, test_plain_replicas_agree);
    tcase_add_test(tc, test_nothing_seen_and_always_seen);
    tcase_add_test(tc, test_threads_do_not_matter);
    tcase_add_test(tc, test_witness_is_late);
    tcase_add_test(tc, test_branch_keeps_the_past);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int n_failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return n_failed == 0 ? 0 : 1;
}
