/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Gates that trip only at several reads in a row. Stage-1 is watched from 3200 to 5000 s with looks every 300 s, and evaluated
 * every 30 s by automation; closing takes 20 s.
 */
#include <check.h>
#include <math.h>

#include "responder.h"
#include "world.h"

static struct world *w;

static void setup(void)
{
    w = world_new();
    w->gate[0].expr = world_condition(OTHER);
}

static void teardown(void)
{
    world_free(w);
}

static const struct {
    const char *what;
    enum gate_when when;
    int in_a_row;
    bool require;
    const char *reads;
    double detected_s; /* -1: the rollout completes at 5020 */
} rows[] = {
    {"the third of three", RS_GATE_LOOKS, 3, false, "111", 4100},
    {"none: each read is enough", RS_GATE_LOOKS, 0, false, "001", 4100},
    {"one: each read is enough", RS_GATE_LOOKS, 1, false, "001", 4100},
    {"a read that lets pass begins the count anew", RS_GATE_LOOKS, 3, false, "110111", 5000},
    {"never three", RS_GATE_LOOKS, 3, false, "110110", -1},
    {"more than the watch has", RS_GATE_LOOKS, 7, false, "1111111", -1},
    {"the last look of the watch", RS_GATE_LOOKS, 6, false, "111111", 5000},
    {"automation", RS_GATE_CONTINUOUS, 3, false, "0111", 3320},
    {"what is required is missing twice", RS_GATE_LOOKS, 2, true, "10100", 4700},
};

START_TEST(test_rows)
{
    w->gate[0].when = rows[_i].when;
    w->gate[0].in_a_row = rows[_i].in_a_row;
    w->gate[0].require = rows[_i].require;
    w->reads[OTHER] = rows[_i].reads;
    world_play(w);
    if (rows[_i].detected_s < 0) {
        ck_assert_msg(w->h.outcome == RS_OUTCOME_COMPLETED && w->h.ended_ns == S(5020), "%s: %s",
                      rows[_i].what, rs_outcome_name(w->h.outcome));
        return;
    }
    ck_assert_msg(w->h.n_episode == 1 && world_mark(w, 0, RS_CLOCK_DETECTED) == rows[_i].detected_s,
                  "%s: %g", rows[_i].what,
                  w->h.n_episode == 1 ? world_mark(w, 0, RS_CLOCK_DETECTED) : -1);
}
END_TEST

/* Two reads at the end of the watch and one at the beginning of the next step are not three in a row. */
START_TEST(test_each_step_counts_anew)
{
    w->ramp[0] = (struct ramp_step){.percent = 50, .watch_ns = S(900)};
    w->stage[1].n_ramp = 1;
    w->gate[0].in_a_row = 3;
    w->reads[OTHER] = _i == 0 ? "000011110" : "000011111";
    world_play(w);
    ck_assert_str_eq(rs_outcome_name(w->h.outcome), _i == 0 ? "completed" : "rolled-back");
}
END_TEST

/* Held at 3800, looked at again every 240 s: one read that lets pass is enough to go on, and then two more hold it again. */
START_TEST(test_held)
{
    w->stage[1].on_hold = (struct on_hold){.given = true,
                                           .look_again_ns = S(240),
                                           .at_most_ns = RS_NEVER,
                                           .then = RS_THEN_HALT,
                                           .procedure = -1};
    w->gate[0].then = RS_THEN_HOLD;
    w->gate[0].in_a_row = 2;
    w->reads[OTHER] = "11" /* 3500, 3800 */ "10" /* 4040, 4280 */ "1010" /* 4580 ... 5480 */;
    world_open(w, 0, true);
    world_run(w, 86400);
    ck_assert_str_eq(rs_outcome_name(w->h.outcome), "completed");
    ck_assert_double_eq(rs_s_from_ns(w->h.ended_ns), 4280 + 1200 + 20);
    ck_assert(world_said(w, "gate no-errors is called for, 1 of 2 in a row"));
}
END_TEST

/* A gate that orders a rollback goes on counting while another holds the stage. */
START_TEST(test_counts_on_while_held)
{
    w->stage[1].on_hold = (struct on_hold){.given = true,
                                           .look_again_ns = S(240),
                                           .at_most_ns = RS_NEVER,
                                           .then = RS_THEN_HALT,
                                           .procedure = -1};
    w->gate[0].in_a_row = 3;
    w->gate[1] = (struct gate){.name = "quiet",
                               .expr = world_condition(QUIET),
                               .when = RS_GATE_LOOKS,
                               .then = RS_THEN_HOLD,
                               .procedure = -1};
    w->stage[1].n_gate = 2;
    w->reads[OTHER] = "111"; /* 3500, 3740, 3980 */
    w->reads[QUIET] = "111";
    world_play(w);
    ck_assert_int_eq(w->h.n_episode, 1);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_DETECTED), 3980);
    ck_assert_int_eq(w->h.episode[0].by, RS_BY_LOOK);
}
END_TEST

/* P(r successes in a row among n trials), by the chain of the present run's length. */
static double run_probability(int n, double p, int r)
{
    double at[16] = {1.0}, done = 0.0;
    for (int i = 0; i < n; i++) {
        double next[16] = {0}, all = 0.0;
        for (int k = 0; k < r; k++) {
            all += at[k];
            next[k + 1] = at[k] * p;
        }
        next[0] = all * (1.0 - p);
        done += next[r];
        for (int k = 0; k < r; k++)
            at[k] = next[k];
    }
    return done;
}

/*
 * The share of replicas that roll back against the exact law, with reads that are true by chance. By Hoeffding's inequality
 * a right gate errs by more than sqrt(ln(2 / 1e-6) / (2 n)) with a probability of at most one in a million, at any seed.
 */
START_TEST(test_run_law)
{
    static const struct {
        int n_look, in_a_row;
        double p;
    } laws[] = {{6, 1, 0.1}, {12, 2, 0.3}, {20, 3, 0.4}, {40, 5, 0.5}};
    const int n = 20000;
    int n_back = 0;
    w->stage[1].n_watched = 0;
    w->stage[1].watch_ns = S(300) * laws[_i].n_look;
    w->gate[0].in_a_row = laws[_i].in_a_row;
    w->chance = laws[_i].p;
    w->toss = rs_stream_open(20261126, (uint64_t)_i, rs_stream_hash("reads"));
    for (int k = 0; k < n; k++) {
        world_open(w, (uint64_t)k, false);
        world_run(w, 86400);
        n_back += w->h.n_episode > 0;
    }
    double want = run_probability(laws[_i].n_look, laws[_i].p, laws[_i].in_a_row);
    double slack = sqrt(log(2.0 / 1e-6) / (2.0 * n));
    ck_assert_msg(fabs((double)n_back / n - want) <= slack, "%g of %g", (double)n_back / n, want);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("in_a_row");
    TCase *tc = tcase_create("in_a_row");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, test_rows, 0, sizeof(rows) / sizeof(rows[0]));
    tcase_add_loop_test(tc, test_each_step_counts_anew, 0, 2);
    tcase_add_test(tc, test_held);
    tcase_add_test(tc, test_counts_on_while_held);
    tcase_add_loop_test(tc, test_run_law, 0, 4);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
