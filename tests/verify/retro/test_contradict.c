/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Evidence that contradicts itself, or is too much; who detected a fault, and likeliest times that keep the order of the clock. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "made_retro.h"
#include "retro/rebuild.h"

static const struct retro_episode *episode(const struct made *m, int i)
{
    ck_assert_int_lt(i, m->r->rebuilt.n_episode);
    return &m->r->rebuilt.episode[i];
}

static int count_said(const struct made *m, const char *word)
{
    int n = 0;
    for (int i = 0; i < m->r->rebuilt.n_contradiction; i++)
        n += strstr(m->r->rebuilt.contradiction[i].text, word) != NULL;
    return n;
}

/* ---- contradictions ---- */

/* An end of the leg that is at odds with something, or a leg that runs backwards: nothing is judged, and why is told. */
static const struct {
    const char *what;
    double detected_s[2], completed_s[2]; /* NaN: not noted */
    double commanded_s;
    int n_contradiction;
    const char *why;
} odds[] = {
    {"completed before detected", {600, NAN}, {200, NAN}, NAN, 1, "comes after completed"},
    {"by the command between them", {600, NAN}, {200, NAN}, 400, 2, "comes after commanded"},
    {"detected twice", {60, 200}, {300, NAN}, NAN, 1, "detected is told twice"},
    {"completed twice", {60, NAN}, {300, 3000}, NAN, 1, "completed is told twice"},
    {"completed before its command", {60, NAN}, {300, NAN}, 400, 1, "comes after completed"},
    {"neither end", {60, NAN}, {300, NAN}, 100, 0, "took 3m 59s"},
};

START_TEST(test_sla_at_odds)
{
    struct made m;
    made_begin(&m, false);
    int notes = made_source(&m, "notes", RS_SOURCE_TIMELINE, 0);
    for (int i = 0; i < 2; i++) {
        if (!isnan(odds[_i].detected_s[i]))
            made_mark(&m, notes, RS_CLOCK_DETECTED, odds[_i].detected_s[i], 1);
        if (!isnan(odds[_i].completed_s[i]))
            made_mark(&m, notes, RS_CLOCK_COMPLETED, odds[_i].completed_s[i], 1);
    }
    if (!isnan(odds[_i].commanded_s))
        made_mark(&m, notes, RS_CLOCK_COMMANDED, odds[_i].commanded_s, 1);
    for (int i = 0; i < m.e.n_mark; i++)
        m.mark[i].episode = "a";
    made_rebuild(&m);
    const struct retro_episode *e = episode(&m, 0);
    bool judged = odds[_i].n_contradiction == 0;
    ck_assert_msg(e->sla == (judged ? RS_SLA_KEPT : RS_SLA_UNDECIDABLE), "%s: %s: %s",
                  odds[_i].what, rs_retro_sla_name(e->sla), e->sla_why);
    ck_assert_msg(strstr(e->sla_why, odds[_i].why) != NULL, "%s: %s", odds[_i].what, e->sla_why);
    ck_assert_int_eq(m.r->rebuilt.n_contradiction, odds[_i].n_contradiction);
    made_end(&m);
}
END_TEST

/* On a clock that may be anything by ten minutes, what one source writes in the wrong order is wrong all the same. */
START_TEST(test_backwards_on_one_clock)
{
    struct made m;
    made_begin(&m, false);
    int notes = made_source(&m, "notes", RS_SOURCE_TIMELINE, 0);
    int pager = made_source(&m, "pager", RS_SOURCE_NOTIFICATIONS, 0);
    made_mark(&m, notes, RS_CLOCK_NOTIFIED, 0, 600);
    made_mark(&m, pager, RS_CLOCK_NOTIFIED, 400, 1);
    made_mark(&m, pager, RS_CLOCK_COMPLETED, 300, 1);
    made_mark(&m, pager, RS_CLOCK_DETECTED, 390, 1);
    made_rebuild(&m);
    ck_assert_int_eq(episode(&m, 0)->sla, RS_SLA_UNDECIDABLE);
    ck_assert_ptr_nonnull(strstr(episode(&m, 0)->sla_why, "contradicts itself"));
    ck_assert_int_ge(count_said(&m, "comes after completed"), 1);
    made_end(&m);
}
END_TEST

/* ---- too much ---- */

/* Of very many contradictions so many are kept, and the last tells how many there are besides. */
START_TEST(test_many_contradictions)
{
    struct made m;
    made_begin(&m, false);
    int notes = made_source(&m, "notes", RS_SOURCE_TIMELINE, 0);
    for (int i = 0; i < 250; i++)
        m.mark[made_mark(&m, notes, RS_CLOCK_DETECTED, 10 * i, 1)].episode = "a";
    made_rebuild(&m);
    ck_assert_int_eq(m.r->rebuilt.n_contradiction, RS_REBUILD_CONTRADICTIONS);
    ck_assert_int_eq(count_said(&m, "and 49 more contradictions, not listed"), 1);
    ck_assert_int_eq(episode(&m, 0)->sla, RS_SLA_UNDECIDABLE);
    made_end(&m);
}
END_TEST

/*
 * Very many marks: flag steps of two sources, each told by both, take no quadratic time; and detections that no name binds are
 * refused at the mark that would make one rollback too many.
 */
START_TEST(test_many_marks)
{
    enum { N = 60000 };
    struct made m;
    made_begin(&m, true);
    int notes = made_source(&m, "notes", RS_SOURCE_TIMELINE, 0);
    int audit = made_source(&m, "audit", RS_SOURCE_ANNOTATIONS, 0);
    struct retro_mark *many = rs_xcalloc(2 * N, sizeof(*many));
    m.e.mark = many;
    m.e.n_mark = _i ? N : 2 * N;
    for (int i = 0; i < m.e.n_mark; i++) {
        int64_t at_ns = made_zero_ns + (i % N) * 10 * RS_NS_PER_S;
        many[i] = (struct retro_mark){.event = _i ? RS_CLOCK_DETECTED : RS_EVENT_FLAG_SET,
                                      .source = i < N ? notes : audit,
                                      .written_lo_ns = at_ns,
                                      .written_hi_ns = at_ns + RS_NS_PER_S,
                                      .stage = -1,
                                      .flag = _i ? -1 : i % N % 5,
                                      .on = i % N % 2,
                                      .percent = NAN,
                                      .at = {"notes", i + 1, 1}};
    }
    if (_i) {
        char *said = made_refuse(&m);
        ck_assert_msg(strstr(said, "notes:1001:1") && strstr(said, "more than 1000 rollbacks"),
                      "%s", said);
        free(said);
    } else {
        made_rebuild(&m);
        ck_assert_int_eq(m.r->rebuilt.n_flag_step, N);
    }
    made_end(&m);
    free(many);
}
END_TEST

/* ---- series against notes ---- */

static double clamped(double t_s, double from_s, double until_s)
{
    return fmax(0.0, fmin(t_s, until_s) - from_s);
}

/* A counter of one instance, by scrapes: so many events a second between two times. */
static void
count_up(struct made *m, int source, const char *series, double rate, double from_s, double until_s)
{
    for (double t = 0; t <= 5000; t += 15)
        made_sample(m, source, series, t, floor(rate * clamped(t, from_s, until_s)));
}

/* The flag that ends a fault was noted as set long after the series are clean: one of the two is wrong, and that is told. */
START_TEST(test_flag_noted_late)
{
    struct made m;
    double noted_s = _i ? 2600 : 2000;
    made_begin(&m, true);
    int prometheus = made_source(&m, "metrics.om", RS_SOURCE_METRICS, 0);
    int notes = made_source(&m, "notes", RS_SOURCE_TIMELINE, 0);
    m.source[notes].offset_given = true;
    count_up(&m, prometheus, "http_requests_total{code=200,instance=portal-0,job=portal}", 40, 0,
             INFINITY);
    count_up(&m, prometheus, "http_requests_total{code=500,instance=portal-0,job=portal}", 10, 1000,
             2004);
    m.mark[made_mark(&m, notes, RS_CLOCK_DETECTED, 1500, 1)].subject = "portal-outage";
    made_mark(&m, notes, RS_CLOCK_COMMANDED, noted_s, 1);
    made_rebuild(&m);
    ck_assert_int_eq(count_said(&m, "but the fault was gone before"), _i);
    ck_assert_int_eq(m.r->rebuilt.n_contradiction, _i);
    made_end(&m);
}
END_TEST

/* Between a cause and an effect the likeliest time of what nobody noted is never before the one nor behind the other. */
START_TEST(test_best_in_order)
{
    struct made m;
    made_begin(&m, false);
    int notes = made_source(&m, "notes", RS_SOURCE_TIMELINE, 0);
    made_mark(&m, notes, RS_CLOCK_DETECTED, 0, 60);
    made_mark(&m, notes, RS_CLOCK_COMMANDED, 60, 60);
    if (_i)
        made_mark(&m, notes, RS_CLOCK_COMPLETED, 60, 61);
    made_rebuild(&m);
    const struct retro_instant *at = episode(&m, 0)->at;
    for (int i = RS_CLOCK_DETECTED; i < RS_CLOCK_COMPLETED; i++) {
        ck_assert_msg(at[i].best_ns <= at[i + 1].best_ns, "%s %.3f, %s %.3f",
                      rs_retro_instant_name(i), made_s(at[i].best_ns), rs_retro_instant_name(i + 1),
                      made_s(at[i + 1].best_ns));
    }
    made_end(&m);
}
END_TEST

/* ---- who ---- */

/* Who detected it: the alert that the mark names, though another fires then; a look, a check and a gate are no alerts. */
static const struct {
    int event;
    int stage;           /* -1: none */
    const char *subject; /* NULL: none */
    const char *alert, *detector;
} who[] = {
    {RS_CLOCK_DETECTED, -1, NULL, "SecretProviderFallback", NULL},
    {RS_CLOCK_DETECTED, -1, "SecretProviderFallback", "SecretProviderFallback", NULL},
    {RS_CLOCK_DETECTED, -1, "PortalSLA", "PortalSLA", NULL},
    {RS_CLOCK_DETECTED, -1, "secret-provider-failure", NULL, "secret-provider-failure"},
    {RS_EVENT_CHECK_FAILED, 4, NULL, NULL, "a check"},
    {RS_EVENT_CHECK_FAILED, 4, "sign in", NULL, "sign in"},
    {RS_EVENT_GATE_FAILED, 1, "stage-1-errors", NULL, "stage-1-errors"},
    {RS_CLOCK_DETECTED, -1, "the board", NULL, "the board"},
};

START_TEST(test_who_detected)
{
    struct made m;
    made_begin(&m, true);
    int prometheus = made_source(&m, "metrics.om", RS_SOURCE_METRICS, 0);
    int notes = made_source(&m, "notes", RS_SOURCE_TIMELINE, 0);
    m.source[notes].offset_given = true;
    for (double t = 0; t <= 3000; t += 15)
        made_sample(&m, prometheus, "up{instance=settings-0,job=settings}", t, 1);
    for (double t = 1005; t <= 1305; t += 30)
        made_sample(&m, prometheus, "ALERTS{alertname=SecretProviderFallback,alertstate=firing}", t,
                    1);
    struct retro_mark *mark = &m.mark[made_mark(&m, notes, who[_i].event, 1000, 1)];
    mark->subject = who[_i].subject;
    mark->stage = who[_i].stage;
    made_rebuild(&m);
    int at = 0;
    for (int i = 0; i < m.r->rebuilt.n_episode; i++) {
        if (episode(&m, i)->at[RS_CLOCK_DETECTED].how == RS_HOW_RECORDED)
            at = i;
    }
    const struct retro_episode *e = episode(&m, at);
    const char *alert = e->alert ? e->alert : "", *detector = e->detector ? e->detector : "";
    ck_assert_str_eq(alert, who[_i].alert ? who[_i].alert : "");
    ck_assert_str_eq(detector, who[_i].detector ? who[_i].detector : "");
    made_end(&m);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("contradict");
    TCase *tc = tcase_create("contradict");
    tcase_add_loop_test(tc, test_sla_at_odds, 0, (int)(sizeof(odds) / sizeof(odds[0])));
    tcase_add_test(tc, test_backwards_on_one_clock);
    tcase_add_test(tc, test_many_contradictions);
    tcase_add_loop_test(tc, test_many_marks, 0, 2);
    tcase_add_loop_test(tc, test_flag_noted_late, 0, 2);
    tcase_add_loop_test(tc, test_best_in_order, 0, 2);
    tcase_add_loop_test(tc, test_who_detected, 0, (int)(sizeof(who) / sizeof(who[0])));
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int n_failed = srunner_ntests_failed(r);
    srunner_free(r);
    return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
