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
    tcase_add_loop_test(tc, test_placeholder, 0, ROWS(rests));
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int n_failed = srunner_ntests_failed(r);
    srunner_free(r);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
