/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "card.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "made_up.h"
#include "sim/clock.h"

#define S_NS RS_NS_PER_S

static struct scenario *sc;
static struct card_book *book;
static struct history h;

static void set_up(void)
{
    sc = made_up_scenario();
    book = rs_card_book_new(sc, NULL);
    rs_history_init(&h);
}

static void tear_down(void)
{
    rs_history_clear(&h);
    rs_card_book_free(book);
    rs_scenario_free(sc);
}

/* An alert's rollback: marks at these seconds, -1 = not. */
static struct episode *add_marks(int procedure, int fault, enum detected_by by, const int *at_s)
{
    struct episode *e = made_up_episode(&h, procedure, fault, by);
    for (int m = 0; m < RS_CLOCK_N; m++)
        e->at_ns[m] = at_s[m] < 0 ? RS_NEVER : at_s[m] * S_NS;
    return e;
}

static void start(uint64_t replica, int fault)
{
    made_up_history(&h, replica, fault);
    h.fault_started = fault >= 0;
    h.onset_ns = fault >= 0 ? 0 : RS_NEVER;
}

static const struct card_leg *leg_of(const struct card *c, enum clock_mark from, enum clock_mark to)
{
    for (int i = 0; i < c->n_leg; i++) {
        if (c->leg[i].from == from && c->leg[i].to == to)
            return &c->leg[i];
    }
    return NULL;
}

/* Each detector and what the clock of its rollback looks like; the legs that must be there, with seconds (-1 open, -2 absent). */
static const struct {
    const char *words;
    enum detected_by by;
    int at_s
        [RS_CLOCK_N]; /* onset, first bad, pending, detected, notified, ack, decided, commanded, p50, p95, last, completed, recovered, resolved */
    struct {
        enum clock_mark from, to;
        int s;
    } leg[6];
} clocks[] = {
    {"an alert, a page, people",
     RS_BY_ALERT,
     {0, 10, 30, 90, 120, 200, 260, 300, 305, 310, 315, 320, 400, 500},
     {{RS_CLOCK_FIRST_BAD, RS_CLOCK_PENDING, 20},
      {RS_CLOCK_FIRST_BAD, RS_CLOCK_DETECTED, -2},
      {RS_CLOCK_NOTIFIED, RS_CLOCK_ACKNOWLEDGED, 80},
      {RS_CLOCK_DETECTED, RS_CLOCK_ACKNOWLEDGED, -2},
      {RS_CLOCK_RECOVERED, RS_CLOCK_RESOLVED, 100},
      {RS_CLOCK_DETECTED, RS_CLOCK_COMPLETED, 230}}},
    {"a look has no pending and no notice",
     RS_BY_LOOK,
     {0, 10, -1, 90, -1, 95, 100, 110, 112, 113, 115, 120, 130, -1},
     {{RS_CLOCK_FIRST_BAD, RS_CLOCK_PENDING, -2},
      {RS_CLOCK_FIRST_BAD, RS_CLOCK_DETECTED, 80},
      {RS_CLOCK_DETECTED, RS_CLOCK_NOTIFIED, -2},
      {RS_CLOCK_DETECTED, RS_CLOCK_ACKNOWLEDGED, 5},
      {RS_CLOCK_RECOVERED, RS_CLOCK_RESOLVED, -2},
      {RS_CLOCK_ONSET, RS_CLOCK_DETECTED, 90}}},
    {"a check tells its doer at once",
     RS_BY_CHECK,
     {0, 10, -1, 90, 90, 95, 100, 110, 112, 113, 115, 120, 130, -1},
     {{RS_CLOCK_DETECTED, RS_CLOCK_NOTIFIED, -2},
      {RS_CLOCK_NOTIFIED, RS_CLOCK_ACKNOWLEDGED, -2},
      {RS_CLOCK_DETECTED, RS_CLOCK_ACKNOWLEDGED, 5},
      {RS_CLOCK_ACKNOWLEDGED, RS_CLOCK_DECIDED, 5},
      {RS_CLOCK_FIRST_BAD, RS_CLOCK_DETECTED, 80},
      {RS_CLOCK_DETECTED, RS_CLOCK_COMPLETED, 30}}},
    {"automation asks nobody",
     RS_BY_ALERT,
     {0, 10, 30, 90, -1, -1, -1, 91, 92, 93, 95, 96, 100, 200},
     {{RS_CLOCK_DETECTED, RS_CLOCK_COMMANDED, 1},
      {RS_CLOCK_DETECTED, RS_CLOCK_NOTIFIED, -2},
      {RS_CLOCK_NOTIFIED, RS_CLOCK_ACKNOWLEDGED, -2},
      {RS_CLOCK_ACKNOWLEDGED, RS_CLOCK_DECIDED, -2},
      {RS_CLOCK_COMMANDED, RS_CLOCK_EFFECTIVE, 4},
      {RS_CLOCK_DETECTED, RS_CLOCK_COMPLETED, 6}}},
    {"nobody acknowledges",
     RS_BY_ALERT,
     {0, 10, 30, 90, 120, -1, -1, -1, -1, -1, -1, -1, -1, -1},
     {{RS_CLOCK_DETECTED, RS_CLOCK_NOTIFIED, 30},
      {RS_CLOCK_NOTIFIED, RS_CLOCK_ACKNOWLEDGED, -1},
      {RS_CLOCK_ACKNOWLEDGED, RS_CLOCK_DECIDED, -2},
      {RS_CLOCK_DETECTED, RS_CLOCK_COMPLETED, -1},
      {RS_CLOCK_ONSET, RS_CLOCK_DETECTED, 90},
      {RS_CLOCK_DETECTED, RS_CLOCK_COMMANDED, -2}}},
    {"recovered before the purge is done",
     RS_BY_ALERT,
     {0, 10, 30, 90, 120, 200, 260, 300, 305, 310, 315, 420, 400, 500},
     {{RS_CLOCK_EFFECTIVE, RS_CLOCK_COMPLETED, 105},
      {RS_CLOCK_COMPLETED, RS_CLOCK_RECOVERED, 0},
      {RS_CLOCK_DETECTED, RS_CLOCK_COMPLETED, 330},
      {RS_CLOCK_RECOVERED, RS_CLOCK_RESOLVED, 100},
      {RS_CLOCK_PENDING, RS_CLOCK_DETECTED, 60},
      {RS_CLOCK_ONSET, RS_CLOCK_FIRST_BAD, 10}}},
};

START_TEST(test_legs)
{
    start(7, 1);
    add_marks(1, 1, clocks[_i].by, clocks[_i].at_s);
    rs_card_book_add(book, &h);
    int n;
    struct card *c = rs_card_book_rows(book, true, &n);
    ck_assert_int_eq(n, 1);
    for (int i = 0; i < 6; i++) {
        const struct card_leg *leg = leg_of(c, clocks[_i].leg[i].from, clocks[_i].leg[i].to);
        int s = clocks[_i].leg[i].s;
        ck_assert_msg((leg == NULL) == (s == -2), "%s, leg %d", clocks[_i].words, i);
        if (!leg)
            continue;
        ck_assert_uint_eq(leg->n, s >= 0);
        ck_assert_uint_eq(leg->n_open, s == -1);
        ck_assert_msg(s < 0 ? (bool)isnan(leg->s_p50) : leg->s_p50 == s && leg->s_max == s,
                      "%s, leg %d: %g s", clocks[_i].words, i, leg->s_p50);
        ck_assert_uint_eq(leg->worst_replica, s >= 0 ? 7 : 0);
    }
    free(c);
}
END_TEST

/* 100 rollbacks of 1..100 s in ten worlds: world w has w+1 + 10k seconds, so its median is 46 + w. */
START_TEST(test_quantiles_and_worlds)
{
    for (int i = 0; i < 100; i++) {
        start((uint64_t)i, 1);
        int at_s[RS_CLOCK_N] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 3 + i + 1, 500, 600};
        add_marks(1, 1, RS_BY_ALERT, at_s);
        rs_card_book_add(book, &h);
    }
    int n;
    struct card *c = rs_card_book_rows(book, true, &n);
    ck_assert_int_eq(n, 1);
    const struct card_leg *leg = leg_of(c, RS_CLOCK_DETECTED, RS_CLOCK_COMPLETED);
    ck_assert_ptr_nonnull(leg);
    ck_assert_ptr_eq(leg, &c->leg[c->n_leg - 1]); /* last, as the header says */
    ck_assert_double_eq_tol(leg->s_p50, 50.5, 1e-9);
    ck_assert_double_eq_tol(leg->s_p95, 95.05, 1e-9);
    ck_assert_double_eq_tol(leg->s_p99, 99.01, 1e-9);
    ck_assert_double_eq(leg->s_max, 100);
    ck_assert_uint_eq(leg->worst_replica, 99);
    ck_assert_double_eq_tol(leg->s_best_world, 46, 1e-9);
    ck_assert_double_eq_tol(leg->s_worst_world, 55, 1e-9);
    free(c);
}
END_TEST

START_TEST(test_summary)
{
    static const int quick[RS_CLOCK_N] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 303, 500, 600};
    static const int slow[RS_CLOCK_N] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 304, 500, 600};
    for (int i = 0; i < 10; i++) { /* the first four within 5 minutes, four not, two missed */
        start((uint64_t)i, 1);
        if (i < 8) {
            add_marks(1, 1, RS_BY_ALERT, i < 4 ? quick : slow);
            add_marks(1, 1, RS_BY_ALERT, quick); /* a second run is no independent sample */
        }
        rs_card_book_add(book, &h);
    }
    start(10, -1); /* a false alarm */
    add_marks(0, -1, RS_BY_LOOK, slow);
    rs_card_book_add(book, &h);
    start(11, 2); /* a fault that nobody ever sees */
    rs_card_book_add(book, &h);
    start(12, 0); /* present, but it never started */
    h.fault_started = false;
    rs_card_book_add(book, &h);

    int n;
    struct card *c = rs_card_book_rows(book, true, &n);
    ck_assert_int_eq(n, 3);
    ck_assert(c[0].fault == -1 && c[0].procedure == 0);
    ck_assert_uint_eq(c[0].n_present, 13);
    ck_assert_uint_eq(c[0].n_episode, 1);
    ck_assert(c[1].fault == 1 && c[1].procedure == 1);
    ck_assert_uint_eq(c[1].n_present, 10);
    ck_assert_uint_eq(c[1].n_episode, 8);
    ck_assert_uint_eq(c[1].n_missed, 2);
    ck_assert_uint_eq(c[1].n_within, 4);
    ck_assert_double_eq(c[1].sla_s, 300);
    ck_assert_double_eq(c[1].within.low, rs_clopper_pearson(4, 8, 0.95).low);
    ck_assert(c[2].fault == 2 && c[2].procedure == -1 && c[2].n_leg == 0);
    ck_assert_uint_eq(c[2].n_missed, 1);
    free(c);
}
END_TEST

START_TEST(test_nothing_happened)
{
    int n = 5;
    start(0, -1);
    rs_card_book_add(book, &h);
    ck_assert_ptr_null(rs_card_book_rows(book, true, &n));
    ck_assert_int_eq(n, 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("card");
    TCase *tc = tcase_create("card");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_loop_test(tc, test_legs, 0, (int)(sizeof clocks / sizeof clocks[0]));
    tcase_add_test(tc, test_quantiles_and_worlds);
    tcase_add_test(tc, test_summary);
    tcase_add_test(tc, test_nothing_happened);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int n_failed = srunner_ntests_failed(r);
    srunner_free(r);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
