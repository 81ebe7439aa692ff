/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GrowthBook's safe rollouts at work: when the judge looks, what it says, and how it reads its files. */
#include <check.h>
#include <string.h>

#include "course.h"
#include "models/judge_growthbook.h"
#include "sim/arena.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

static struct arena *arena;

static void setup(void)
{
    arena = rs_arena_new();
}

static void teardown(void)
{
    rs_arena_free(arena);
}

static const char safe[] =
    "{\"id\": \"sr_1\", \"featureId\": \"f\", \"status\": \"running\", \"datasourceId\": \"ds\",\n"
    " \"exposureQueryId\": \"q\", \"guardrailMetricIds\": [\"errors\"], \"autoRollback\": true,\n"
    " \"maxDuration\": {\"amount\": 1, \"unit\": \"days\"}, \"updateScheduleMinutes\": 10}";
static const char no_rollback[] = "{guardrailMetricIds: [errors], autoRollback: false}";
static const char ramp[] =
    "{rampSchedule: {name: r, entityType: feature, experimentHealthAction: rollback,\n"
    "  monitoringConfig: {datasourceId: ds, exposureQueryId: q, guardrailMetricIds: [],\n"
    "   signalMetricIds: [errors], updateScheduleMinutes: null, autoUpdate: true}, steps: []}}";

#define USERS                                                                                      \
    "growthbook: {users: {control: uc, variation: uv}, metrics: [{id: errors, inverse: true, "     \
    "min_sample: 20, control: ec, variation: ev}]"

/* Users come at so many a minute and side, and so many of them of each side err, from 1000 before the beginning on. */
static double users_per_min[RS_SIDE_N], errors_of[RS_SIDE_N], fails_at_s;

static int flow(int k, double t_s, double *v)
{
    int side = k / 2; /* users and errors of a side */
    *v = 1000.0 + t_s / 60.0 * users_per_min[side] * (k % 2 == 1 ? errors_of[side] : 1.0);
    return t_s == fails_at_s ? -1 : 1;
}

static const struct {
    const char *what, *text, *more;
    double users[2], errors[2];
    double watched_s;
    enum judge_verdict verdict;
    double at_s;
    const char *why;
} courses[] = {
    {"nothing wrong, a day",
     safe,
     "",
     {10, 10},
     {.01, .01},
     1e6,
     RS_JUDGE_PASSED,
     86400,
     "its time is over"},
    {"nothing wrong, the watch ends",
     safe,
     "",
     {10, 10},
     {.01, .01},
     7200,
     RS_JUDGE_PASSED,
     7200,
     "no guardrail fails"},
    /* 100 users a side by the first look: 1 and 50 of them err. */
    {"half of them err",
     safe,
     "",
     {10, 10},
     {.01, .5},
     1e6,
     RS_JUDGE_FAILED,
     600,
     "guardrail errors fails: variation less control is 0.49"},
    {"fewer err than before",
     safe,
     "",
     {10, 10},
     {.5, .01},
     7200,
     RS_JUDGE_PASSED,
     7200,
     "no guardrail fails"},
    {"twice as many err: more looks",
     safe,
     "",
     {10, 10},
     {.05, .1},
     1e6,
     RS_JUDGE_FAILED,
     3600,
     "guardrail errors fails"},
    {"looks every hour",
     safe,
     ", update_every: 1h",
     {10, 10},
     {.01, .5},
     1e6,
     RS_JUDGE_FAILED,
     3600,
     "guardrail errors fails"},
    {"looks every six hours by themselves",
     no_rollback,
     "",
     {10, 10},
     {.01, .5},
     20000,
     RS_JUDGE_INCONCLUSIVE,
     20000,
     "before the first look"},
    {"nothing is rolled back",
     no_rollback,
     ", update_every: 10m",
     {10, 10},
     {.01, .5},
     7200,
     RS_JUDGE_INCONCLUSIVE,
     7200,
     "a guardrail fails, and nothing is rolled back"},
    {"an uneven split holds, and hides the errors",
     safe,
     "",
     {10, 30},
     {.01, .5},
     7200,
     RS_JUDGE_INCONCLUSIVE,
     7200,
     "the experiment is unhealthy"},
    {"an uneven split that was meant",
     safe,
     ", split: 75%",
     {10, 30},
     {.01, .5},
     7200,
     RS_JUDGE_FAILED,
     600,
     "guardrail errors fails"},
    {"an uneven split that is only told",
     safe,
     ", health: warn",
     {10, 30},
     {.01, .5},
     7200,
     RS_JUDGE_FAILED,
     600,
     "guardrail errors fails"},
    {"an uneven split rolls back",
     safe,
     ", health: rollback",
     {10, 30},
     {.01, .01},
     7200,
     RS_JUDGE_FAILED,
     600,
     "users are not split as meant: 100 and 300"},
    {"nobody within the grace",
     safe,
     "",
     {0, 0},
     {0, 0},
     80000,
     RS_JUDGE_PASSED,
     80000,
     "no guardrail fails"},
    {"nobody for longer",
     safe,
     "",
     {0, 0},
     {0, 0},
     90000,
     RS_JUDGE_INCONCLUSIVE,
     90000,
     "the experiment is unhealthy"},
    {"a shorter grace",
     safe,
     ", grace: 1h, health: rollback",
     {0, 0},
     {0, 0},
     90000,
     RS_JUDGE_FAILED,
     4200,
     "no users yet"},
    {"too few users to go on",
     safe,
     ", min_users: 5000",
     {10, 10},
     {.01, .01},
     7200,
     RS_JUDGE_INCONCLUSIVE,
     7200,
     "fewer users"},
    {"enough",
     safe,
     ", min_users: 2400",
     {10, 10},
     {.01, .01},
     7200,
     RS_JUDGE_PASSED,
     7200,
     "no guardrail fails"},
    {"a signal holds",
     ramp,
     ", update_every: 10m",
     {10, 10},
     {.01, .5},
     7200,
     RS_JUDGE_INCONCLUSIVE,
     7200,
     "a signal fails"},
    {"the ramp's own word on health",
     ramp,
     ", update_every: 10m",
     {10, 30},
     {.01, .01},
     7200,
     RS_JUDGE_FAILED,
     600,
     "not split as meant"},
};

static void set_flow(const double *users, const double *errors)
{
    for (int s = 0; s < RS_SIDE_N; s++) {
        users_per_min[s] = users[s];
        errors_of[s] = errors[s];
    }
}

START_TEST(test_courses)
{
    struct course c = {.answer = flow};
    set_flow(courses[_i].users, courses[_i].errors);
    fails_at_s = -1;
    const char *keys = rs_arena_printf(arena, USERS "%s}", courses[_i].more);
    course_run(&c, course_read(arena, RS_JUDGE_GROWTHBOOK, keys, courses[_i].text), 0,
               courses[_i].watched_s);
    ck_assert_msg(c.verdict == courses[_i].verdict && c.at_s == courses[_i].at_s &&
                      strstr(c.why, courses[_i].why),
                  "%s: %s at %g s: %s", courses[_i].what, rs_judge_verdict_name(c.verdict), c.at_s,
                  c.why);
}
END_TEST

/* A look that fails is made again at the next update; the beginning is taken when it can be. */
START_TEST(test_failures)
{
    static const struct {
        double fails_at_s, watched_s, at_s;
        enum judge_verdict verdict;
    } at[] = {{600, 1e6, 1200, RS_JUDGE_FAILED},
              {0, 1e6, 1200, RS_JUDGE_FAILED},
              {600, 700, 700, RS_JUDGE_INCONCLUSIVE}};
    struct course c = {.answer = flow};
    set_flow((const double[]){10, 10}, (const double[]){.01, .5});
    fails_at_s = at[_i].fails_at_s;
    course_run(&c, course_read(arena, RS_JUDGE_GROWTHBOOK, USERS "}", safe), 0, at[_i].watched_s);
    ck_assert_str_eq(rs_judge_verdict_name(c.verdict), rs_judge_verdict_name(at[_i].verdict));
    ck_assert_double_eq(c.at_s, at[_i].at_s);
}
END_TEST

static const struct {
    const char *keys, *text, *error;
} refused[] = {
    {NULL, safe, "needs the key \"growthbook\""},
    {"growthbook: {users: {control: a}, metrics: []}", safe, "keys:1:"},
    {USERS "}", "{guardrailMetricIds: [latency, errors]}",
     "how \"latency\" is counted is not known"},
    {USERS "}", "{guardrailMetricIds: []}", "metric \"errors\" is no guardrail and no signal"},
    {USERS "}", "{guardrailMetricIds: [errors], updateScheduleMinutes: 5}",
     "must be at least 10, got 5"},
    {USERS "}", "{guardrailMetricIds: [errors], maxDuration: {amount: 2, unit: months}}",
     "must be one of weeks, days"},
    {USERS "}", "{guardrailMetricIds: [errors], banditStage: 1}", "unknown key \"banditStage\""},
    {USERS "}", "{monitoringConfig: {guardrailMetricIds: [errors]}, experimentHealthAction: stop}",
     "must be one of hold, rollback, warn"},
    {USERS ", alpha: 50%}", safe, "\"alpha\" must be above 0 and below 50%"},
    {USERS ", split: 0}", safe, "\"split\" must be above 0"},
    {USERS ", update_every: 5m}", safe, "keys:1:"},
    {"growthbook: {users: {control: a, variation: b}, metrics: [{id: errors, type: mean, control: "
     "c, variation: d}]}",
     safe, "needs the keys \"control_squares\""},
};

START_TEST(test_refused)
{
    const char *error =
        course_refused(arena, RS_JUDGE_GROWTHBOOK, refused[_i].keys, refused[_i].text);
    ck_assert_msg(strstr(error, refused[_i].error) != NULL, "%s: %s", refused[_i].error, error);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("growthbook_judge");
    TCase *tc = tcase_create("growthbook_judge");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, test_courses, 0, N(courses));
    tcase_add_loop_test(tc, test_failures, 0, 3);
    tcase_add_loop_test(tc, test_refused, 0, N(refused));
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
