/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What other settings would have done, against the simulator: rollouts of tests/verify/retro/what_if.yaml are judged from what is
 * recorded of them, and the other setting is run with the same seed.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "made_what_if.h"
#include "models/replica.h"
#include "scenarios/rules.h"

static const int64_t s_ns = RS_NS_PER_S;

#ifndef WHAT_IF_LONG
#define WHAT_IF_LONG 0
#endif

/* Runs replica r; errors and users from the onset on. */
static void simulate(const struct scenario *sc, uint64_t replica, struct history *h)
{
    struct err err = {0};
    struct simulator *sim = rs_simulator_new(sc, &err);
    ck_assert_msg(sim, "%s", err.text);
    const struct replica_options opt = {.seed = 11, .replica = replica, .fault = 0, .trace = true};
    ck_assert_msg(rs_simulator_run(sim, &opt, h, &err) == 0, "%s", err.text);
    rs_simulator_free(sim);
}

/* What was recorded of a history: counters every 15 s, and its instants to the second. */
static void record(struct made *m, const struct history *h)
{
    int64_t zero = m->sc->starts_at_unix_ns;
    const struct trajectory *t = &h->trajectory[0];
    double good = 0.0, bad = 0.0;
    int ok = made_series(m, "200"), error = made_series(m, "500");
    rs_recorded_add(m->e.data, ok, zero / RS_NS_PER_MS, 0.0);
    rs_recorded_add(m->e.data, error, zero / RS_NS_PER_MS, 0.0);
    for (int i = 0; i < t->n; i++) {
        good += (double)(t->n_request[i] - t->n_error[i]);
        bad += (double)t->n_error[i];
        int64_t t_ms = (zero + (i + 1) * t->step_ns) / RS_NS_PER_MS;
        rs_recorded_add(m->e.data, ok, t_ms, good);
        rs_recorded_add(m->e.data, error, t_ms, bad);
    }
    struct retro_episode *e = &m->episode;
    const struct episode *true_one = &h->episode[0];
    for (int i = 0; i < RS_CLOCK_N; i++) {
        if (true_one->at_ns[i] != RS_NEVER)
            e->at[i] = made_at(zero + true_one->at_ns[i], s_ns);
    }
    e->at[RS_CLOCK_ONSET] = made_at(zero + h->onset_ns, 10 * s_ns);
    e->up = made_change(zero + h->onset_ns, 10 * s_ns);
    e->down = made_change(zero + true_one->at_ns[RS_CLOCK_EFFECTIVE], 15 * s_ns);
    for (int i = 0; i < h->n_trace && m->r.rebuilt.n_flag_step < 8; i++) {
        const struct trace_event *x = &h->trace[i];
        if (x->kind == RS_TRACE_FLAG_SET)
            m->step[m->r.rebuilt.n_flag_step++] =
                (struct retro_flag_step){.flag = x->a,
                                         .on = x->x > 0.0,
                                         .percent = x->x,
                                         .at = made_at(zero + x->at_ns, s_ns)};
    }
}

static const struct {
    const char *name, *from, *to; /* the scenario in which the other setting is in force */
    struct retro_what_if ask;
    const char *rules;
} settings[] = {
    {"as it happened", "name: what-if\n", "name: what-if\n", {0}, NULL},
    {"bot",
     "  procedures:",
     "  automation: [{name: bot, alert: Errors, procedure: back, delay: {constant: 5s}}]\n  "
     "procedures:",
     {.name = "bot", .kind = RS_IF_AUTOMATION, .delay_ns = 5000000000},
     NULL},
    {"to the end",
     "sees: 100%",
     "sees: 0%",
     {.name = "to the end", .kind = RS_IF_NO_ROLLBACK},
     NULL},
    {"late",
     "what_if_rules.yml",
     "what_if_late.yml",
     {.name = "late", .kind = RS_IF_RULES},
     WHAT_IF_DATA "what_if_late.yml"},
};
enum { N_SETTING = 4, N_SHORT = 40, N_LONG = 400 };

struct coverage {
    int n_errors, n_users;        /* within their bands */
    double users_off, errors_off; /* sums of (truth - best) / truth */
};

static bool within(double x, struct retro_band b)
{
    return x >= b.low - 0.5 && x <= b.high + 0.5;
}

/* Failures from the onset until the fault was over (or to the end), less what the base gives on the average. */
static double caused(const struct history *h, double base)
{
    const struct trajectory *t = &h->trajectory[0];
    int64_t end = h->n_episode ? h->episode[0].at_ns[RS_CLOCK_EFFECTIVE] : RS_NEVER;
    double sum = 0.0;
    for (int i = 0; i < t->n; i++) {
        if ((i + 1) * t->step_ns > h->onset_ns && i * t->step_ns < end)
            sum += (double)t->n_error[i] - base * (double)t->n_request[i];
    }
    return sum;
}

/* One history: what is said of the other settings from its evidence alone, and what they do. */
static void cover(double base, uint64_t replica, struct coverage *c /* [N_SETTING] */)
{
    struct history h, other;
    struct made m;
    rs_history_init(&h);
    rs_history_init(&other);
    made_init(&m, made_load_with(base, NULL, NULL));
    simulate(m.sc, replica, &h);
    ck_assert_int_eq(h.n_episode, 1);
    record(&m, &h);
    struct retro_what_if ask_for[N_SETTING];
    const struct rule_file *file = NULL;
    for (int i = 1; i < N_SETTING; i++) {
        struct rules_loaded loaded;
        ask_for[i - 1] = settings[i].ask;
        ask_for[i - 1].until_ns = m.sc->horizon_ns - h.onset_ns;
        if (!settings[i].rules)
            continue;
        ck_assert_int_eq(rs_rules_load(&loaded, m.arena, RS_PROMQL_2_42, settings[i].rules, NULL),
                         0);
        file = loaded.file;
        ask_for[i - 1].n_file = 1;
        ask_for[i - 1].file = &file;
    }
    m.e.n_what_if = N_SETTING - 1;
    m.e.what_if = ask_for;
    made_ask(&m);
    for (int i = 0; i < N_SETTING; i++) {
        const struct retro_outcome *o = made_outcome(&m, settings[i].name);
        struct scenario *sc = made_load_with(base, settings[i].from, settings[i].to);
        rs_history_reset(&other);
        simulate(sc, replica, &other);
        ck_assert_msg(!o->refused, "%s: %s", settings[i].name, o->refused);
        double errors = caused(&other, base);
        c[i].n_errors += within(errors, o->errors);
        c[i].errors_off += (errors - o->errors.best) / errors;
        double users = (double)other.users_hurt_since_onset;
        c[i].n_users += within(users, o->users_hurt);
        c[i].users_off += (users - o->users_hurt.best) / users;
        rs_scenario_free(sc);
    }
    made_clear(&m);
    rs_history_clear(&h);
    rs_history_clear(&other);
}

static const double bases[] = {0.0, 0.002};

/*
 * 95 % of the truths lie within. Of 40 fewer than 33 would do so with probability 7e-4, of 400 fewer than 363 with 1.4e-4: of the
 * 12 counts that are looked at some other would fail by chance in less than 1 of 100 seeds, and this one is fixed. Best
 * values are off by less than 3 % on the average (some 0.5 % of it are chance). With a base ratio the simulator's users are
 * others: those whom the base hurts count too.
 */
START_TEST(test_coverage)
{
    struct coverage c[N_SETTING] = {{0}};
    double base = bases[_i];
    int n = WHAT_IF_LONG ? N_LONG : getenv("RS_UNDER_VALGRIND") ? 1 : N_SHORT;
    int least = WHAT_IF_LONG ? 363 : getenv("RS_UNDER_VALGRIND") ? 0 : 33;
    for (int i = 0; i < n; i++)
        cover(base, (uint64_t)i, c);
    for (int i = 0; i < N_SETTING; i++) {
        const char *name = settings[i].name;
        printf("base %g, %s: errors %d of %d, off %+.2f %%", base, name, c[i].n_errors, n,
               100.0 * c[i].errors_off / n);
        if (base > 0.0)
            printf("\n");
        else
            printf("; users %d, off %+.2f %%\n", c[i].n_users, 100.0 * c[i].users_off / n);
        ck_assert_msg(c[i].n_errors >= least, "%s: errors within %d of %d bands", name,
                      c[i].n_errors, n);
        if (n >= N_SHORT)
            ck_assert_double_lt(fabs(c[i].errors_off / n), 0.03);
        if (base > 0.0)
            continue;
        ck_assert_msg(c[i].n_users >= least, "%s: users within %d of %d bands", name, c[i].n_users,
                      n);
        if (n >= N_SHORT)
            ck_assert_double_lt(fabs(c[i].users_off / n), 0.03);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("what_if_cover");
    TCase *tc = tcase_create("what_if_cover");
    tcase_set_timeout(tc, 280.0);
    tcase_add_loop_test(tc, test_coverage, 0, (int)(sizeof(bases) / sizeof(bases[0])));
    suite_add_tcase(s, tc);
    return s;
}

int main(void)
{
    SRunner *runner = srunner_create(suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
