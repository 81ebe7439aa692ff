/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What other settings would have done, where the answer is known by hand. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "made_what_if.h"
#include "scenarios/load.h"

static const int64_t s_ns = RS_NS_PER_S, min_ns = 60 * RS_NS_PER_S;

static void by_hand(struct made *m)
{
    made_by_hand(m, 75.0);
}

START_TEST(test_by_hand)
{
    struct made m;
    by_hand(&m);
    const struct retro_what_if what_if[] = {
        {.name = "bot", .kind = RS_IF_AUTOMATION, .delay_ns = 0},
        {.name = "twice", .kind = RS_IF_NO_ROLLBACK, .until_ns = 20 * min_ns},
        {.name = "at once", .kind = RS_IF_NO_ROLLBACK, .until_ns = 4 * min_ns},
    };
    m.e.n_what_if = 3;
    m.e.what_if = what_if;
    made_ask(&m);
    ck_assert_int_eq(m.r.n_counterfactual, 5);
    const struct retro_outcome *o = &m.r.counterfactual[0].outcome[0];
    ck_assert(m.r.counterfactual[0].happened);
    ck_assert_msg(!o->refused, "%s", o->refused);
    /* 40 intervals of 75 failures, all of them the fault's up to what a base of 0 in 36,000 leaves open. */
    ck_assert_double_eq_tol(o->errors.best, 3000.0, 1.0);
    ck_assert_double_ge(o->errors.low, 2995.0);
    ck_assert_double_eq_tol(o->errors.high, 3000.0, 1e-9);
    ck_assert_double_eq_tol(o->errors_saved.best, 0.0, 1e-9);
    ck_assert_double_eq_tol(o->budget.best, 3000.0 / (72000.0 * 0.01), 0.01);
    ck_assert_double_eq_tol(o->users_hurt.best, 3000.0 * (1.0 - exp(-1.0)),
                            8.0); /* one failure a user on the average */
    /* Commanded at 64:00: four minutes of failures. */
    o = made_outcome(&m, "bot");
    ck_assert_double_eq_tol(o->errors.best, 1200.0, 1.0);
    ck_assert_double_eq_tol(o->errors_saved.best, 1800.0, 1.0);
    ck_assert_int_eq(o->completed.best_ns, m.sc->starts_at_unix_ns + 65 * min_ns);
    /* Never: 3,000 that were seen, and as many again, Poisson under a level known from about 2,800: sd of sqrt(3000 + 3000^2/2800). */
    o = made_outcome(&m, "twice");
    ck_assert_double_eq_tol(o->errors.best, 6000.0, 12.0);
    double half = (o->errors.high - o->errors.low) / 2.0;
    ck_assert_msg(half > 1.7 * 79.0 && half < 2.3 * 79.0, "half a band of %g", half);
    ck_assert(o->commanded.never);
    o = made_outcome(&m, "at once");
    ck_assert_double_eq_tol(o->errors.best, 1200.0, 1.0);
    made_clear(&m);
}
END_TEST

/* The process starts anew at 65:00, counters from 0; and twenty minutes before the fault were not scraped. */
START_TEST(test_restart)
{
    struct made m;
    by_hand(&m);
    for (int i = 0; i < m.e.data->n_series; i++) {
        struct recorded_series *s = &m.e.data->series[i];
        double before = s->sample[260].v;
        for (size_t k = 261; k < s->n; k++)
            s->sample[k].v -= before;
        for (size_t k = 100; k < 180; k++)
            s->sample[k].v = NAN;
    }
    made_ask(&m);
    const struct retro_outcome *o = made_outcome(&m, "as it happened");
    ck_assert_double_eq_tol(o->errors.best, 3000.0, 1.0);
    ck_assert_double_eq_tol(o->budget.best, 3000.0 / (72000.0 * 0.01), 0.01);
    made_clear(&m);
}
END_TEST

/* The shipped rule fires when 2 min are above 2 %: by hand, by the first evaluation with 2 % in its window, and 2 minutes later. */
START_TEST(test_alarms)
{
    struct made m;
    by_hand(&m);
    made_ask(&m);
    const struct retro_counterfactual *cf = &m.r.counterfactual[1];
    int64_t zero = m.sc->starts_at_unix_ns;
    ck_assert_str_eq(cf->name, "shipped rules");
    ck_assert_int_eq(cf->n_alarm, 1);
    ck_assert_int_eq(cf->alarm[0].episode, 0);
    ck_assert_str_eq(cf->alarm[0].alert, "Errors");
    ck_assert_int_eq(cf->alarm[0].pending_ns, zero + 60 * min_ns + 15 * s_ns);
    ck_assert_int_eq(cf->alarm[0].firing_ns, zero + 62 * min_ns + 15 * s_ns);
    ck_assert_int_eq(cf->alarm[0].notified_ns, zero + 62 * min_ns + 25 * s_ns);
    /* People took six minutes from detection to command. */
    /* The phase of a server's evaluations is not known: 15 s either way. */
    ck_assert_double_eq_tol(rs_s_from_ns(cf->outcome[0].commanded.best_ns - zero), 68 * 60 + 15,
                            1.0);
    ck_assert_double_eq_tol(rs_s_from_ns(cf->outcome[0].commanded.lo_ns - zero), 68 * 60 + 3, 1.5);
    ck_assert_double_eq_tol(cf->outcome[0].errors.best, 3000.0 * 495.0 / 600.0, 5.0);
    made_clear(&m);
}
END_TEST

/* The same alarm where the fault is somewhere else, later or earlier: nobody's. */
static const int elsewhere_min[] = {100, 20};

START_TEST(test_false_alarm)
{
    struct made m;
    by_hand(&m);
    struct retro_episode *e = &m.episode;
    int64_t onset = m.sc->starts_at_unix_ns + elsewhere_min[_i] * min_ns;
    e->at[RS_CLOCK_ONSET] = made_at(onset, 0);
    e->at[RS_CLOCK_DETECTED] = made_at(onset + min_ns, 0);
    e->at[RS_CLOCK_COMMANDED] = made_at(onset + 2 * min_ns, 0);
    e->at[RS_CLOCK_COMPLETED] = e->at[RS_CLOCK_EFFECTIVE] = e->at[RS_CLOCK_COMMANDED];
    e->up.found = e->down.found = false;
    made_ask(&m);
    ck_assert_int_eq(m.r.counterfactual[1].n_alarm, 1);
    ck_assert_int_eq(m.r.counterfactual[1].alarm[0].episode, -1);
    /* Nothing fails then. */
    ck_assert_double_eq_tol(m.r.counterfactual[0].outcome[0].errors.best, 0.0, 1.0);
    made_clear(&m);
}
END_TEST

static void no_series(struct made *m)
{
    rs_recorded_free(m->e.data);
    m->e.data = rs_recorded_new(NULL);
}

static void no_fault(struct made *m)
{
    m->episode.at[RS_CLOCK_ONSET].how = RS_HOW_UNKNOWN;
    m->episode.up.found = false;
}

static void unknown_command(struct made *m)
{
    m->episode.at[RS_CLOCK_COMMANDED].how = RS_HOW_UNKNOWN;
}

static void undetected(struct made *m)
{
    m->episode.at[RS_CLOCK_DETECTED].how = RS_HOW_UNKNOWN;
    m->episode.procedure = -1;
}

static void no_rules(struct made *m)
{
    m->e.n_rule_file = 0;
}

static void long_ago(struct made *m)
{
    m->episode.at[RS_CLOCK_ONSET] = made_at(m->sc->starts_at_unix_ns - 60 * min_ns, 0);
}

static void nobody_knows(struct made *m)
{
    m->episode.had_rollback = false;
    m->episode.procedure = -1;
}

/* The first failures are two minutes and a half before the onset that is noted. */
static void firing_already(struct made *m)
{
    int64_t onset = m->sc->starts_at_unix_ns + 62 * min_ns + 30 * s_ns;
    m->episode.at[RS_CLOCK_ONSET] = made_at(onset, 0);
    m->episode.up = made_change(onset, 0);
}

static const struct {
    const char *title;
    void (*spoil)(struct made *m);
    const char *cf, *why;
} refusals[] = {
    {"no series", no_series, "as it happened", "no series counts the requests of web"},
    {"no fault", no_fault, "no rollback", "no fault is seen"},
    {"command unknown", unknown_command, "automation", "when it was commanded is not known"},
    {"detection unknown", undetected, "automation", "when it was detected is not known"},
    {"no rules", no_rules, "shipped rules", "there are no rules"},
    {"no way back known", nobody_knows, "automation", "no rollback was seen"},
    {"firing already", firing_already, "shipped rules", "Errors was firing already"},
    {"not recorded", long_ago, "no rollback", "requests were not recorded at that time"},
};

START_TEST(test_refusals)
{
    struct made m;
    by_hand(&m);
    refusals[_i].spoil(&m);
    made_ask(&m);
    const struct retro_outcome *o = made_outcome(&m, refusals[_i].cf);
    ck_assert_msg(o->refused && strstr(o->refused, refusals[_i].why), "%s: %s", refusals[_i].title,
                  o->refused ? o->refused : "answered");
    ck_assert(isnan(o->errors.best));
    made_clear(&m);
}
END_TEST

/* A rule file, or a gate, from text. */
static const struct rule_file *rules_of(struct made *m, const char *text)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    const struct rule_file *file =
        rs_rule_file_parse(m->arena, RS_PROMQL_3, "made.yml", text, strlen(text), &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(file);
    rs_err_list_clear(&errors);
    return file;
}

static void ask_rules(struct made *m, const char *text)
{
    static struct retro_what_if what_if;
    static const struct rule_file *file;
    file = rules_of(m, text);
    what_if =
        (struct retro_what_if){.name = "other", .kind = RS_IF_RULES, .n_file = 1, .file = &file};
    m->e.n_what_if = 1;
    m->e.what_if = &what_if;
    made_ask(m);
}

#define RATIO                                                                                      \
    "sum(rate(http_requests_total{code=\"500\"}[2m])) / sum(rate(http_requests_total[2m]))"
#define GROUP "groups: [{name: g, rules: [{alert: "

/* Twenty minutes above the limit: in what was recorded there are ten. Where the fault goes on, it fires at 81:45. */
START_TEST(test_later_rules)
{
    struct made m;
    by_hand(&m);
    ask_rules(&m, GROUP "Errors, expr: '" RATIO " > 0.4', for: 20m}]}]");
    const struct retro_outcome *o = made_outcome(&m, "other");
    int64_t zero = m.sc->starts_at_unix_ns;
    ck_assert_msg(!o->refused, "%s", o->refused);
    ck_assert_int_eq(m.r.counterfactual[4].n_alarm, 1); /* pending, in what was recorded */
    ck_assert_int_eq(m.r.counterfactual[4].alarm[0].firing_ns, RS_NEVER);
    ck_assert_double_eq_tol(rs_s_from_ns(o->detected.best_ns - zero), 81 * 60 + 45, 1.0);
    ck_assert_double_eq_tol(rs_s_from_ns(o->commanded.best_ns - zero), 87 * 60 + 45, 1.0);
    /* 17:45 min at five a second more, level and noise together some 2.5 %. */
    ck_assert_double_eq_tol(o->errors.best, 3000.0 + 5325.0, 80.0);
    ck_assert_double_lt(o->errors.low, 8325.0 - 80.0);
    ck_assert_double_gt(o->errors.high, 8325.0 + 80.0);
    ck_assert_double_lt(o->errors_saved.high, 0.0);
    made_clear(&m);
}
END_TEST

/* A limit that no size of the fault reaches: never, and counted to the end of the recording. */
START_TEST(test_deaf_rules)
{
    struct made m;
    by_hand(&m);
    ask_rules(&m, GROUP "Errors, expr: '" RATIO " > 0.9'}]}]");
    const struct retro_outcome *o = made_outcome(&m, "other");
    ck_assert_msg(!o->refused, "%s", o->refused);
    ck_assert(o->detected.never && o->commanded.never);
    ck_assert_ptr_nonnull(strstr(o->rests_on, "no alert fires by the end of the recording"));
    ck_assert_double_eq_tol(o->errors.best, 3000.0 + 50.0 * 60.0 * 5.0, 300.0);
    made_clear(&m);
}
END_TEST

START_TEST(test_blind_rules)
{
    struct made m;
    by_hand(&m);
    ask_rules(&m, GROUP "Errors, expr: 'queue_depth > 5'}]}]");
    const struct retro_outcome *o = made_outcome(&m, "other");
    ck_assert_ptr_nonnull(o->refused);
    ck_assert_msg(strstr(o->refused, "Errors asks for queue_depth, which is in no series"), "%s",
                  o->refused);
    made_clear(&m);
}
END_TEST

/* An alert about another job bears on nothing here, however early it fires. */
START_TEST(test_other_job)
{
    struct made m;
    by_hand(&m);
    ask_rules(&m, GROUP "Else, expr: 'absent(up{job=\"db\"})'}]}]");
    const struct retro_outcome *o = made_outcome(&m, "other");
    ck_assert_msg(!o->refused, "%s", o->refused);
    ck_assert(o->detected.never);
    ck_assert_int_eq(m.r.counterfactual[4].n_alarm, 1);
    ck_assert_int_eq(m.r.counterfactual[4].alarm[0].episode, -1);
    made_clear(&m);
}
END_TEST

/* Above a tenth from 60:30 on; looks every five minutes, whenever the first one was; six minutes to the command. */
START_TEST(test_gate)
{
    struct made m;
    struct err err = {0};
    by_hand(&m);
    int64_t zero = m.sc->starts_at_unix_ns;
    const struct promql_text text = {.text = RATIO " > 0.1", .at = {"made", 1, 1}};
    struct retro_what_if what_if = {.name = "gate",
                                    .kind = RS_IF_GATE,
                                    .gate_text = text.text,
                                    .procedure = -1,
                                    .look_every_ns = 5 * min_ns};
    what_if.gate = rs_promql_parse(m.arena, &text, &err);
    ck_assert_msg(what_if.gate, "%s", err.text);
    m.e.n_what_if = 1;
    m.e.what_if = &what_if;
    made_ask(&m);
    const struct retro_outcome *o = made_outcome(&m, "gate");
    ck_assert_msg(!o->refused, "%s", o->refused);
    ck_assert_double_eq_tol(rs_s_from_ns(o->detected.lo_ns - zero), 60 * 60 + 30 + 0.025 * 300,
                            4.0);
    ck_assert_double_eq_tol(rs_s_from_ns(o->detected.hi_ns - zero), 65 * 60 + 30 - 0.025 * 300,
                            4.0);
    ck_assert_double_eq_tol(rs_s_from_ns(o->commanded.best_ns - zero), 69 * 60, 15.0);
    ck_assert_double_eq_tol(o->errors.best, 2700.0, 80.0);
    const struct retro_counterfactual *cf = &m.r.counterfactual[4];
    ck_assert_int_eq(cf->n_alarm, 1);
    ck_assert_int_eq(cf->alarm[0].firing_ns, zero + 60 * min_ns + 30 * s_ns);
    ck_assert_int_eq(cf->alarm[0].episode, 0);
    made_clear(&m);
}
END_TEST

/* Nobody rolled it back, and it ended of itself at 70:00: a machine would have ended it at 64:00, nobody else changes anything. */
START_TEST(test_nobody_acted)
{
    struct made m;
    by_hand(&m);
    m.episode.had_rollback = false;
    m.episode.at[RS_CLOCK_COMMANDED].how = m.episode.at[RS_CLOCK_EFFECTIVE].how =
        m.episode.at[RS_CLOCK_COMPLETED].how = RS_HOW_UNKNOWN;
    made_ask(&m);
    ck_assert_double_eq_tol(made_outcome(&m, "as it happened")->errors.best, 3000.0, 1.0);
    ck_assert_double_eq_tol(made_outcome(&m, "no rollback")->errors.best, 3000.0, 1.0);
    /* Five seconds after the detection. */
    ck_assert_double_eq_tol(made_outcome(&m, "automation")->errors.best, 1225.0, 5.0);
    /* Fires at 62:15, told at 62:25; a person needs some three minutes by the scenario. */
    const struct retro_outcome *o = made_outcome(&m, "shipped rules");
    ck_assert_double_gt(o->errors.best, 1200.0);
    ck_assert_double_lt(o->errors.best, 2700.0);
    ck_assert_ptr_nonnull(strstr(o->rests_on, "assumed by the scenario"));
    made_clear(&m);
}
END_TEST

/* One in five is slow as well under the fault: users hurt by either. */
START_TEST(test_slow_answers)
{
    struct made m;
    by_hand(&m);
    int64_t zero = m.sc->starts_at_unix_ns;
    const struct label le[] = {{"__name__", "http_request_duration_seconds_bucket"},
                               {"instance", "web-0"},
                               {"job", "web"},
                               {"le", "1"}};
    const struct label all[] = {
        {"__name__", "http_request_duration_seconds_count"}, {"instance", "web-0"}, {"job", "web"}};
    int fast = rs_recorded_series(m.e.data, rs_labels_intern(m.e.data->labels, 4, le));
    int count = rs_recorded_series(m.e.data, rs_labels_intern(m.e.data->labels, 3, all));
    double n = 0.0, quick = 0.0;
    for (int i = 0; i <= 480; i++) {
        n += i ? 150.0 : 0.0;
        quick += i == 0 ? 0.0 : i > 240 && i <= 280 ? 120.0 : 150.0;
        rs_recorded_add(m.e.data, fast, (zero + i * 15 * s_ns) / RS_NS_PER_MS, quick);
        rs_recorded_add(m.e.data, count, (zero + i * 15 * s_ns) / RS_NS_PER_MS, n);
    }
    made_ask(&m);
    const struct retro_outcome *o = made_outcome(&m, "as it happened");
    ck_assert_double_eq_tol(o->errors.best, 3000.0, 1.0);
    ck_assert_double_eq_tol(o->users_hurt.best, 3000.0 * (1.0 - exp(-1.4)), 8.0);
    ck_assert_msg(strstr(o->rests_on, "a failure or one of 1200 ["), "%s", o->rests_on);
    made_clear(&m);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("what_if");
    TCase *tc = tcase_create("what_if");
    tcase_set_timeout(tc, 280.0);
    tcase_add_test(tc, test_by_hand);
    tcase_add_test(tc, test_restart);
    tcase_add_test(tc, test_alarms);
    tcase_add_loop_test(tc, test_false_alarm, 0, 2);
    tcase_add_test(tc, test_later_rules);
    tcase_add_test(tc, test_deaf_rules);
    tcase_add_test(tc, test_blind_rules);
    tcase_add_test(tc, test_other_job);
    tcase_add_test(tc, test_gate);
    tcase_add_test(tc, test_nobody_acted);
    tcase_add_test(tc, test_slow_answers);
    tcase_add_loop_test(tc, test_refusals, 0, (int)(sizeof(refusals) / sizeof(refusals[0])));
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
