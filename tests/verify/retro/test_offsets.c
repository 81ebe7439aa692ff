/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Clocks: votes of pairs of marks, chains of sources, what is given, what is assumed, and what cannot be true. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "made_retro.h"
#include "retro/rebuild.h"

/* ---- votes ---- */

#define S(x) ((int64_t)((x)*1e9))

static const struct {
    const char *what;
    int n;
    double vote[6][2]; /* +-INFINITY: open */
    int n_agree;
    double lo, hi;
} counts[] = {
    {"one", 1, {{-1, 2}}, 1, -1, 2},
    {"two that overlap", 2, {{-1, 2}, {1, 5}}, 2, 1, 2},
    {"two that touch", 2, {{-1, 2}, {2, 5}}, 2, 2, 2},
    {"two apart: the one next to 0", 2, {{10, 20}, {-3, -2}}, 1, -3, -2},
    {"RFC 5905's falseticker", 4, {{8, 12}, {11, 13}, {14, 15}, {10, 12}}, 3, 11, 12},
    {"within one another", 3, {{0, 100}, {40, 60}, {50, 55}}, 3, 50, 55},
    {"open on one side", 3, {{-INFINITY, 5}, {2, INFINITY}, {1, 9}}, 3, 2, 5},
    {"the same twice", 2, {{3, 4}, {3, 4}}, 2, 3, 4},
};

static int64_t end_of(double s)
{
    if (isinf(s))
        return s < 0 ? INT64_MIN : RS_NEVER;
    return S(s);
}

START_TEST(test_votes)
{
    struct vote vote[6];
    for (int i = 0; i < counts[_i].n; i++) {
        vote[i] =
            (struct vote){{end_of(counts[_i].vote[i][0]), end_of(counts[_i].vote[i][1])}, i, true};
    }
    struct vote_count c = rs_votes_count(vote, counts[_i].n);
    ck_assert_msg(c.n_agree == counts[_i].n_agree, "%s: %d agree", counts[_i].what, c.n_agree);
    ck_assert_msg(c.span.lo_ns == S(counts[_i].lo) && c.span.hi_ns == S(counts[_i].hi),
                  "%s: %g..%g", counts[_i].what, (double)c.span.lo_ns / 1e9,
                  (double)c.span.hi_ns / 1e9);
}
END_TEST

/* A voter whose mark may be either of two counts once where both hold, and as well at each alone. */
START_TEST(test_either)
{
    const struct vote vote[] = {{{S(-1205), S(-535)}, 0, false},
                                {{S(-1115), S(-445)}, 0, false},
                                {{S(-65), S(65)}, 0, false},
                                {{S(20), S(30)}, 1, true}};
    struct vote_count c = rs_votes_count(vote, 3);
    ck_assert_int_eq(c.n_agree, 1);
    ck_assert_int_eq(c.n_voter, 1);
    ck_assert_int_eq(c.n_stretch, 2);
    ck_assert_int_eq(c.span.lo_ns, S(-65));
    c = rs_votes_count(vote, 4);
    ck_assert_int_eq(c.n_agree, 2);
    ck_assert_int_eq(c.n_stretch, 1);
    ck_assert_int_eq(c.span.lo_ns, S(20));
    ck_assert_int_eq(c.span.hi_ns, S(30));
}
END_TEST

/* Where in its span an offset is taken to be: right, or off by the one time zone that it allows, or in the middle. */
static const struct {
    double lo, hi, best;
} bests[] = {
    {-5, 30, 0},           {0, 30, 0},         {-30, 0, 0},           {2, 4, 3},
    {-9, -3, -6},          {3590, 3610, 3600}, {3590, 3597, 3593.5},  {-1830, -1790, -1800},
    {-3660, -3610, -3635}, {600, 800, 700},    {1000, 1300, 1150},    {1800, 1900, 1800},
    {-1900, -1800, -1800}, {1700, 3700, 2700}, {-3700, -1700, -2700}, {1700, 1800, 1800},
};

START_TEST(test_best)
{
    struct span s = {S(bests[_i].lo), S(bests[_i].hi)};
    ck_assert_int_eq(rs_offset_best(s), S(bests[_i].best));
}
END_TEST

/* ---- sources ---- */

/* What a row writes: a mark of a source; stage < 0: none. */
struct written {
    int source, event, stage;
    double at_s, width_s;
};

static const struct {
    const char *what;
    double accuracy_s[3]; /* of notes, pager, audit; NaN: no such source */
    double given_s;       /* of notes; NaN: not given */
    struct written mark[10];
    enum retro_clock_how how;
    double lo, hi; /* offset of the last source */
    int n_agree;
    const char *why; /* in it, or NULL */
} rows[] = {
    {"nothing in common",
     {0, 0, NAN},
     NAN,
     {{0, RS_CLOCK_COMPLETED, -1, 100, 1}, {1, RS_EVENT_LOOKED, -1, 500, 1}},
     RS_CLOCK_ASSUMED,
     0,
     0,
     0,
     "nothing ties it"},
    {"a page that both noted, to the second",
     {0, 0, NAN},
     NAN,
     {{0, RS_CLOCK_NOTIFIED, -1, 100, 1}, {1, RS_CLOCK_NOTIFIED, -1, 103, 1}},
     RS_CLOCK_ESTIMATED,
     2,
     4,
     1,
     "3.0s ahead"},
    {"minutes in the notes, seconds in the log, several pairs",
     {0, 0, NAN},
     NAN,
     {{0, RS_CLOCK_DETECTED, -1, 60, 60},
      {0, RS_CLOCK_ACKNOWLEDGED, -1, 180, 60},
      {0, RS_CLOCK_RESOLVED, -1, 600, 60},
      {1, RS_CLOCK_DETECTED, -1, 110, 1},
      {1, RS_CLOCK_ACKNOWLEDGED, -1, 190, 1},
      {1, RS_CLOCK_RESOLVED, -1, 655, 1}},
     RS_CLOCK_ESTIMATED,
     -5, /* 655 - 660 */
     11, /* 191 - 180 */
     7,  /* and four orders */
     "7 of 7"},
    {"an hour apart",
     {0, 0, NAN},
     NAN,
     {{0, RS_EVENT_STAGE_ENTERED, 1, 100, 1},
      {0, RS_EVENT_STAGE_ENTERED, 2, 900, 1},
      {1, RS_EVENT_STAGE_ENTERED, 1, 3700, 1},
      {1, RS_EVENT_STAGE_ENTERED, 2, 4500, 1}},
     RS_CLOCK_ESTIMATED,
     3599,
     3601,
     2,
     "a time zone?"},
    {"ten years apart",
     {0, 0, NAN},
     NAN,
     {{0, RS_EVENT_STAGE_ENTERED, 1, 100, 1},
      {0, RS_EVENT_STAGE_ENTERED, 2, 900, 1},
      {1, RS_EVENT_STAGE_ENTERED, 1, 315360100, 1},
      {1, RS_EVENT_STAGE_ENTERED, 2, 315360900, 1}},
     RS_CLOCK_ESTIMATED,
     315359999,
     315360001,
     2,
     "are the dates right?"},
    {"one of three pairs is wrong, and told",
     {0, 0, NAN},
     NAN,
     {{0, RS_EVENT_STAGE_ENTERED, 1, 100, 1},
      {0, RS_EVENT_STAGE_ENTERED, 2, 900, 1},
      {0, RS_EVENT_STAGE_ENTERED, 3, 2000, 1},
      {1, RS_EVENT_STAGE_ENTERED, 1, 110, 1},
      {1, RS_EVENT_STAGE_ENTERED, 2, 910, 1},
      {1, RS_EVENT_STAGE_ENTERED, 3, 2600, 1}},
     RS_CLOCK_ESTIMATED,
     9,
     11,
     2,
     "2 of 3"},
    {"accuracy widens",
     {5, 1, NAN},
     NAN,
     {{0, RS_CLOCK_NOTIFIED, -1, 100, 1}, {1, RS_CLOCK_NOTIFIED, -1, 100, 1}},
     RS_CLOCK_ESTIMATED,
     -7,
     7,
     1,
     "right"},
    {"orders narrow what one pair leaves open",
     {0, 0, NAN},
     NAN,
     {{0, RS_CLOCK_DETECTED, -1, 60, 60},
      {1, RS_CLOCK_DETECTED, -1, 90, 1},
      {1, RS_CLOCK_NOTIFIED, -1, 95, 1},
      {0, RS_CLOCK_COMMANDED, -1, 70, 1}}, /* after the notice: the log is at least 24 s ahead */
     RS_CLOCK_ESTIMATED,
     24,
     31,
     4,
     NULL},
    {"a chain: the audit knows the pager alone",
     {0, 0, 0},
     NAN,
     {{0, RS_CLOCK_NOTIFIED, -1, 100, 1},
      {1, RS_CLOCK_NOTIFIED, -1, 103, 1},
      {1, RS_EVENT_STAGE_ENTERED, 4, 200, 1},
      {2, RS_EVENT_STAGE_ENTERED, 4, 250, 1}},
     RS_CLOCK_ESTIMATED,
     51,
     55,
     1,
     NULL},
    {"the wrong one of several pages is not taken",
     {0, 0, NAN},
     NAN,
     {{0, RS_CLOCK_NOTIFIED, -1, 100, 1},
      {0, RS_CLOCK_NOTIFIED, -1, 1000, 1},
      {0, RS_CLOCK_ACKNOWLEDGED, -1, 1100, 1},
      {1, RS_CLOCK_NOTIFIED, -1, 102, 1},
      {1, RS_CLOCK_NOTIFIED, -1, 1002, 1},
      {1, RS_CLOCK_ACKNOWLEDGED, -1, 1102, 1}},
     RS_CLOCK_ESTIMATED,
     1,
     3,
     7, /* of 9: each page may be either */
     "2.0s ahead"},
};

START_TEST(test_sources)
{
    static const char *const names[] = {"notes", "pager", "audit"};
    static const enum retro_source_kind kinds[] = {RS_SOURCE_TIMELINE, RS_SOURCE_NOTIFICATIONS,
                                                   RS_SOURCE_ANNOTATIONS};
    struct made m;
    made_begin(&m, false);
    for (int i = 0; i < 3 && !isnan(rows[_i].accuracy_s[i]); i++)
        made_source(&m, names[i], kinds[i], rows[_i].accuracy_s[i]);
    for (int i = 0; i < 10 && rows[_i].mark[i].width_s > 0; i++) {
        const struct written *w = &rows[_i].mark[i];
        m.mark[made_mark(&m, w->source, w->event, w->at_s, w->width_s)].stage = w->stage;
    }
    made_rebuild(&m);
    const struct retro_offset *o = &m.r->rebuilt.offset[m.e.n_source - 1];
    ck_assert_msg(o->how == rows[_i].how, "%s: how %d", rows[_i].what, (int)o->how);
    ck_assert_msg(o->lo_ns == S(rows[_i].lo) && o->hi_ns == S(rows[_i].hi), "%s: %g..%g (%s)",
                  rows[_i].what, (double)o->lo_ns / 1e9, (double)o->hi_ns / 1e9, o->why);
    ck_assert_msg(o->n_agree == rows[_i].n_agree, "%s: %d agree of %d", rows[_i].what, o->n_agree,
                  o->n_pair);
    ck_assert_msg(!rows[_i].why || strstr(o->why, rows[_i].why), "%s: %s", rows[_i].what, o->why);
    bool far = false; /* is told loudly */
    for (int i = 0; i < m.r->rebuilt.n_contradiction; i++)
        far = far || strstr(m.r->rebuilt.contradiction[i].text, "would be") != NULL;
    ck_assert_int_eq(far, o->best_ns > S(30 * 86400));
    made_end(&m);
}
END_TEST

/* A clock that was set by hand is believed, and that all pairs say otherwise is told. */
START_TEST(test_given)
{
    struct made m;
    made_begin(&m, false);
    int notes = made_source(&m, "notes", RS_SOURCE_TIMELINE, 0);
    int pager = made_source(&m, "pager", RS_SOURCE_NOTIFICATIONS, 0);
    m.source[pager].offset_given = true;
    m.source[pager].offset_ns = S(2);
    double off_s = _i ? 3600 : 2;
    for (int i = 0; i < 3; i++) {
        static const int events[] = {RS_CLOCK_NOTIFIED, RS_CLOCK_ACKNOWLEDGED, RS_CLOCK_RESOLVED};
        made_mark(&m, notes, events[i], 100 * i, 1);
        made_mark(&m, pager, events[i], 100 * i + off_s, 1);
    }
    made_rebuild(&m);
    const struct retro_offset *o = &m.r->rebuilt.offset[pager];
    ck_assert_int_eq(o->how, RS_CLOCK_GIVEN);
    ck_assert_int_eq(o->lo_ns, S(2));
    ck_assert_int_eq(o->hi_ns, S(2));
    int n_said = 0;
    for (int i = 0; i < m.r->rebuilt.n_contradiction; i++)
        n_said += strstr(m.r->rebuilt.contradiction[i].text, "is given as 2.0s ahead") != NULL;
    ck_assert_int_eq(n_said, _i);
    made_end(&m);
}
END_TEST

/* ---- series ---- */

static int roll(uint64_t *state, int n)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int)((*state >> 33) % (uint64_t)n);
}

/*
 * The same requests in a counter that is scraped every 30 s and in a log counted every 15 s, whose clock is off; or others, in
 * the last row, where nothing may be said. The scrapes have a gap.
 */
static const double log_off_s[] = {0, 7, -41, 3600, NAN};

START_TEST(test_log)
{
    struct made m;
    made_begin(&m, false);
    double off_s = log_off_s[_i];
    bool alien = isnan(off_s);
    int prometheus = made_source(&m, "prometheus", RS_SOURCE_METRICS, 0);
    int log = made_source(&m, "log", RS_SOURCE_LOG, 0);
    uint64_t dice = 5;
    double scraped = 0, logged = 0;
    for (int t = 0; t < 2 * 3600; t++) { /* about 10 a second */
        scraped += 5 + roll(&dice, 11);
        logged = alien ? logged + 5 + roll(&dice, 11) : scraped;
        if ((t + 1) % 30 == 4 && (t < 3000 || t > 3240))
            made_sample(&m, prometheus, "http_requests_total{job=shop,instance=a}", t + 1, scraped);
        if ((t + 1) % 15 == 0)
            made_sample(&m, log, "http_requests_total{job=shop}", t + 1 + (alien ? 0 : off_s),
                        logged);
    }
    made_rebuild(&m);
    const struct retro_offset *o = &m.r->rebuilt.offset[log];
    ck_assert_int_eq(o->how, alien ? RS_CLOCK_ASSUMED : RS_CLOCK_ESTIMATED);
    if (!alien) {
        ck_assert_msg(o->lo_ns <= S(off_s) && S(off_s) <= o->hi_ns, "%g: %g..%g", off_s,
                      (double)o->lo_ns / 1e9, (double)o->hi_ns / 1e9);
        ck_assert_int_lt(o->hi_ns - o->lo_ns, S(40));
    }
    made_end(&m);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("offsets");
    TCase *tc = tcase_create("offsets");
    tcase_add_loop_test(tc, test_votes, 0, (int)(sizeof(counts) / sizeof(counts[0])));
    tcase_add_test(tc, test_either);
    tcase_add_loop_test(tc, test_best, 0, (int)(sizeof(bests) / sizeof(bests[0])));
    tcase_add_loop_test(tc, test_sources, 0, (int)(sizeof(rows) / sizeof(rows[0])));
    tcase_add_loop_test(tc, test_given, 0, 2);
    tcase_add_loop_test(tc, test_log, 0, (int)(sizeof(log_off_s) / sizeof(log_off_s[0])));
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int n_failed = srunner_ntests_failed(r);
    srunner_free(r);
    return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
