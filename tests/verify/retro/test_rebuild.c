/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stages, flags and the clock of each rollback, from marks, from the rules over series, and from the order of things. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "made_retro.h"
#include "retro/rebuild.h"

static const struct retro_episode *episode(const struct made *m, int i)
{
    ck_assert_int_lt(i, m->r->rebuilt.n_episode);
    return &m->r->rebuilt.episode[i];
}

static bool is_near(double a, double b)
{
    return a == b || fabs(a - b) < 1e-6; /* the first for what is open */
}

static void
expect(const struct retro_episode *e, int instant, enum retro_how how, double lo, double hi)
{
    const struct retro_instant *at = &e->at[instant];
    bool there = is_near(made_s(at->lo_ns), lo) && is_near(made_s(at->hi_ns), hi);
    ck_assert_msg(at->how == how && (how == RS_HOW_UNKNOWN || there),
                  "%s of %s: %s %.3f..%.3f (%s), expected %s %.3f..%.3f",
                  rs_retro_instant_name(instant), e->name, rs_retro_how_name(at->how),
                  made_s(at->lo_ns), made_s(at->hi_ns), at->why ? at->why : "",
                  rs_retro_how_name(how), lo, hi);
    ck_assert(how == RS_HOW_UNKNOWN || (at->lo_ns <= at->best_ns && at->best_ns <= at->hi_ns));
}

static int count_said(const struct made *m, const char *word)
{
    int n = 0;
    for (int i = 0; i < m->r->rebuilt.n_contradiction; i++)
        n += strstr(m->r->rebuilt.contradiction[i].text, word) != NULL;
    return n;
}

/* ---- the SLA ---- */

static const struct {
    const char *what;
    double detected_s, completed_s, width_s, accuracy_s; /* NaN: not noted */
    enum retro_sla sla;
    const char *why;
} slas[] = {
    {"well within", 60, 240, 1, 0, RS_SLA_KEPT, "2m 59s to 3m 01s"},
    {"exactly, as far as seconds tell", 60, 360, 1, 0, RS_SLA_UNDECIDABLE, "known only to within"},
    {"at the limit at most", 60, 359, 1, 0, RS_SLA_KEPT, "5m 00s allowed"},
    {"just over", 60, 361.002, 1, 0, RS_SLA_BROKEN, "5m 00s allowed"},
    {"in minutes, well within", 60, 240, 60, 0, RS_SLA_KEPT, "2m 00s to 4m 00s"},
    {"in minutes, near", 60, 360, 60, 0, RS_SLA_UNDECIDABLE, "4m 00s to 6m 00s"},
    {"in minutes, over", 60, 480, 60, 0, RS_SLA_BROKEN, "6m 00s to 8m 00s"},
    {"a careless clock", 60, 290, 1, 60, RS_SLA_UNDECIDABLE, "known only to within"},
    {"completed not noted", 60, NAN, 1, 0, RS_SLA_UNDECIDABLE, "no rollback was noted"},
    {"detected not noted", NAN, 240, 1, 0, RS_SLA_UNDECIDABLE, "when it was detected"},
};

START_TEST(test_sla)
{
    struct made m;
    made_begin(&m, false);
    int notes = made_source(&m, "notes", RS_SOURCE_TIMELINE, slas[_i].accuracy_s);
    if (!isnan(slas[_i].detected_s))
        made_mark(&m, notes, RS_CLOCK_DETECTED, slas[_i].detected_s, slas[_i].width_s);
    if (!isnan(slas[_i].completed_s))
        made_mark(&m, notes, RS_CLOCK_COMPLETED, slas[_i].completed_s, slas[_i].width_s);
    made_rebuild(&m);
    const struct retro_episode *e = episode(&m, 0);
    ck_assert_msg(e->sla == slas[_i].sla, "%s: %s: %s", slas[_i].what, rs_retro_sla_name(e->sla),
                  e->sla_why);
    ck_assert_msg(strstr(e->sla_why, slas[_i].why) != NULL, "%s: %s", slas[_i].what, e->sla_why);
    made_end(&m);
}
END_TEST

/* Between two marks of one clock it does not matter how far off it is. */
START_TEST(test_one_clock)
{
    struct made m;
    made_begin(&m, false);
    int notes = made_source(&m, "notes", RS_SOURCE_TIMELINE, 0);
    int pager = made_source(&m, "pager", RS_SOURCE_NOTIFICATIONS, 0);
    made_mark(&m, notes, RS_CLOCK_NOTIFIED, 0, 600); /* ties the clocks to within ten minutes */
    made_mark(&m, pager, RS_CLOCK_NOTIFIED, 400, 1);
    made_mark(&m, pager, RS_CLOCK_DETECTED, 390, 1);
    made_mark(&m, pager, RS_CLOCK_COMPLETED, 600, 1);
    made_rebuild(&m);
    const struct retro_episode *e = episode(&m, 0);
    ck_assert_int_eq(m.r->rebuilt.n_episode, 1);
    ck_assert(e->at[RS_CLOCK_DETECTED].hi_ns - e->at[RS_CLOCK_DETECTED].lo_ns >= 600 * RS_NS_PER_S);
    int64_t lo_ns, best_ns, hi_ns;
    ck_assert(rs_retro_leg(e, RS_CLOCK_DETECTED, RS_CLOCK_COMPLETED, &lo_ns, &best_ns, &hi_ns));
    ck_assert_int_eq(lo_ns, 209 * RS_NS_PER_S);
    ck_assert_int_eq(hi_ns, 211 * RS_NS_PER_S);
    ck_assert_int_eq(e->sla, RS_SLA_KEPT);
    made_end(&m);
}
END_TEST

/* The likeliest instant of a mark is what was written, less the likeliest offset of its clock. */
START_TEST(test_best_as_written)
{
    struct made m;
    made_begin(&m, false);
    int notes = made_source(&m, "notes", RS_SOURCE_TIMELINE, 0);
    int pager = made_source(&m, "pager", RS_SOURCE_NOTIFICATIONS, 0);
    double off_s = _i ? 40 : 0, best_s = _i ? 55 : 0;
    made_mark(&m, notes, RS_CLOCK_NOTIFIED, 100, 0);
    made_mark(&m, pager, RS_CLOCK_NOTIFIED, 100 + off_s, 30); /* 0 to 30 s ahead, or 40 to 70 s */
    made_mark(&m, pager, RS_CLOCK_DECIDED, 300 + off_s, 1);
    made_mark(&m, pager, RS_CLOCK_COMPLETED, 400 + off_s, 2);
    made_rebuild(&m);
    ck_assert_int_eq(m.r->rebuilt.offset[pager].best_ns, rs_ns_from_s(best_s));
    expect(episode(&m, 0), RS_CLOCK_COMPLETED, RS_HOW_RECORDED, 370, 402);
    ck_assert(
        is_near(made_s(episode(&m, 0)->at[RS_CLOCK_COMPLETED].best_ns), 401 + off_s - best_s));
    ck_assert(is_near(made_s(episode(&m, 0)->at[RS_CLOCK_DECIDED].best_ns), 300 + off_s - best_s));
    made_end(&m);
}
END_TEST

/* ---- what began it ---- */

static int flag_of(const struct made *m, int procedure)
{
    return rs_procedure_command(&m->e.scenario->response.procedure[procedure])->flag;
}

static void set_flag(struct made *m, int source, int flag, bool on, double percent, double at_s)
{
    struct retro_mark *mark = &m->mark[made_mark(m, source, RS_EVENT_FLAG_SET, at_s, 1)];
    mark->flag = flag;
    mark->on = on;
    mark->percent = percent;
}

/* Steps of the flag before a fault that was detected at 1000 s: time, percentage (0: off); and when the change was. */
static const struct {
    const char *what;
    double onset_s, onset_width_s; /* NaN: not known */
    double step[4][2];
    enum retro_how how;
    double lo, hi;
} begun[] = {
    {"turned on once", 500, 1, {{100, 100}}, RS_HOW_RECORDED, 100, 101},
    {"never", 500, 1, {{0}}, RS_HOW_UNKNOWN, 0, 0},
    {"up by steps", 500, 1, {{100, 5}, {300, 25}, {600, 50}}, RS_HOW_RECORDED, 300, 301},
    {"up by steps, no onset", NAN, 1, {{100, 5}, {300, 25}, {600, 50}}, RS_HOW_RECORDED, 600, 601},
    {"down is none", 500, 1, {{100, 50}, {300, 25}}, RS_HOW_RECORDED, 100, 101},
    {"off and on", 500, 1, {{100, 50}, {200, 0}, {300, 25}}, RS_HOW_RECORDED, 300, 301},
    {"either of two", 200, 200, {{100, 5}, {300, 25}}, RS_HOW_RECORDED, 100, 301},
};

START_TEST(test_begun)
{
    struct made m;
    made_begin(&m, true);
    int notes = made_source(&m, "notes", RS_SOURCE_TIMELINE, 0);
    int p = made_procedure(&m, "settlement-inconsistency"), flag = flag_of(&m, p);
    const char *name = m.e.scenario->response.procedure[p].name;
    m.mark[made_mark(&m, notes, RS_CLOCK_DETECTED, 1000, 1)].subject = name;
    for (int i = 0; i < 4 && begun[_i].step[i][0] > 0; i++) {
        double percent = begun[_i].step[i][1];
        set_flag(&m, notes, flag, percent > 0, percent, begun[_i].step[i][0]);
    }
    if (!isnan(begun[_i].onset_s))
        made_mark(&m, notes, RS_CLOCK_ONSET, begun[_i].onset_s, begun[_i].onset_width_s);
    made_mark(&m, notes, RS_CLOCK_COMMANDED, 1100, 1);
    made_rebuild(&m);
    expect(episode(&m, 0), RS_RETRO_CHANGED, begun[_i].how, begun[_i].lo, begun[_i].hi);
    made_end(&m);
}
END_TEST

/* ---- the order ---- */

/* Lost marks lie between those that are there; of a rollback that began, its end is open. */
START_TEST(test_bounded)
{
    struct made m;
    made_begin(&m, false);
    int notes = made_source(&m, "notes", RS_SOURCE_TIMELINE, 0);
    made_mark(&m, notes, RS_CLOCK_DETECTED, 100, 1);
    made_mark(&m, notes, RS_CLOCK_COMMANDED, 200, 1);
    made_rebuild(&m);
    const struct retro_episode *e = episode(&m, 0);
    expect(e, RS_CLOCK_DETECTED, RS_HOW_RECORDED, 100, 101);
    expect(e, RS_CLOCK_NOTIFIED, RS_HOW_BOUNDED, 100, 201);
    expect(e, RS_CLOCK_DECIDED, RS_HOW_BOUNDED, 100, 201);
    expect(e, RS_CLOCK_COMMANDED, RS_HOW_RECORDED, 200, 201);
    expect(e, RS_CLOCK_COMPLETED, RS_HOW_BOUNDED, 200, INFINITY);
    expect(e, RS_CLOCK_ONSET, RS_HOW_UNKNOWN, 0, 0);
    expect(e, RS_CLOCK_RESOLVED, RS_HOW_UNKNOWN, 0, 0);
    ck_assert_int_eq(e->sla, RS_SLA_UNDECIDABLE);
    ck_assert_ptr_nonnull(strstr(e->sla_why, "no end of completed"));
    made_end(&m);
}
END_TEST

/* A command so late that the SLA is broken whenever it was completed. */
START_TEST(test_broken_all_the_same)
{
    struct made m;
    made_begin(&m, false);
    int notes = made_source(&m, "notes", RS_SOURCE_TIMELINE, 0);
    made_mark(&m, notes, RS_CLOCK_DETECTED, 100, 1);
    made_mark(&m, notes, RS_CLOCK_COMMANDED, 500, 1);
    made_rebuild(&m);
    ck_assert_int_eq(episode(&m, 0)->sla, RS_SLA_BROKEN);
    ck_assert_ptr_nonnull(strstr(episode(&m, 0)->sla_why, "at least 6m 39s"));
    made_end(&m);
}
END_TEST

/* Orders narrow what was written in minutes, and not across a contradiction, which is told once. */
START_TEST(test_order)
{
    struct made m;
    made_begin(&m, false);
    int notes = made_source(&m, "notes", RS_SOURCE_TIMELINE, 0);
    made_mark(&m, notes, RS_CLOCK_DETECTED, 60, 60);
    made_mark(&m, notes, RS_CLOCK_ACKNOWLEDGED, 90, 1);
    made_mark(&m, notes, RS_CLOCK_COMMANDED, _i ? 30 : 95, 1);
    made_mark(&m, notes, RS_CLOCK_COMPLETED, 60, 60);
    made_rebuild(&m);
    const struct retro_episode *e = episode(&m, 0);
    expect(e, RS_CLOCK_DETECTED, RS_HOW_RECORDED, 60, 91);
    expect(e, RS_CLOCK_COMPLETED, RS_HOW_RECORDED, _i ? 90 : 95, 120);
    expect(e, RS_CLOCK_COMMANDED, RS_HOW_RECORDED, _i ? 30 : 95, _i ? 31 : 96);
    ck_assert_int_eq(m.r->rebuilt.n_contradiction, _i);
    if (_i) {
        ck_assert_int_eq(count_said(&m, "acknowledged"), 1);
        ck_assert_int_eq(m.r->rebuilt.contradiction[0].episode, 0);
        ck_assert_int_eq(e->at[RS_CLOCK_DECIDED].how, RS_HOW_UNKNOWN);
        ck_assert_ptr_nonnull(strstr(e->at[RS_CLOCK_DECIDED].why, "contradict"));
    }
    made_end(&m);
}
END_TEST

/* Two sources of one instant: what agrees narrows, what does not is told, and the notes are believed. */
START_TEST(test_two_sources)
{
    struct made m;
    made_begin(&m, false);
    int notes = made_source(&m, "notes", RS_SOURCE_TIMELINE, 0);
    int pager = made_source(&m, "pager", RS_SOURCE_NOTIFICATIONS, 0);
    m.source[pager].offset_given = true;
    made_mark(&m, notes, RS_CLOCK_ACKNOWLEDGED, 60, 60);
    made_mark(&m, notes, RS_CLOCK_COMPLETED, 300, 1);
    made_mark(&m, pager, RS_CLOCK_ACKNOWLEDGED, _i ? 130 : 70, 1);
    made_rebuild(&m);
    ck_assert_int_eq(m.r->rebuilt.n_episode, 1);
    expect(episode(&m, 0), RS_CLOCK_ACKNOWLEDGED, RS_HOW_RECORDED, _i ? 60 : 70, _i ? 120 : 71);
    ck_assert_int_eq(m.r->rebuilt.n_contradiction, _i);
    made_end(&m);
}
END_TEST

/* ---- inferred ---- */

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

/* A fault that was detected at once and of which nobody did anything is seen by what it went on to do; a later one is another. */
START_TEST(test_nothing_was_done)
{
    struct made m;
    double onset_s = _i ? 1500 : 1000;
    made_begin(&m, true);
    int prometheus = made_source(&m, "metrics.om", RS_SOURCE_METRICS, 0);
    int notes = made_source(&m, "notes", RS_SOURCE_TIMELINE, 0);
    m.source[notes].offset_given = true;
    m.mark[made_mark(&m, notes, RS_CLOCK_DETECTED, 1020, 1)].subject = "secret-provider-failure";
    count_up(&m, prometheus, "vault_errors_total{instance=settings-0,job=settings}", 0.05, onset_s,
             INFINITY);
    made_rebuild(&m);
    const struct retro_instant *onset = &episode(&m, 0)->at[RS_CLOCK_ONSET];
    ck_assert_int_eq(onset->how, _i ? RS_HOW_UNKNOWN : RS_HOW_INFERRED);
    ck_assert(_i || (made_s(onset->lo_ns) <= onset_s && onset_s <= made_s(onset->hi_ns)));
    made_end(&m);
}
END_TEST

/* An alert's state is told by samples of evaluations: it began with the first of them, unless one was lost. */
START_TEST(test_alerts_begin)
{
    struct made m;
    made_begin(&m, true);
    int prometheus = made_source(&m, "metrics.om", RS_SOURCE_METRICS, 0);
    for (double t = 0; t <= 3000; t += 15)
        made_sample(&m, prometheus, "up{instance=settings-0,job=settings}", t, 1);
    for (double t = 1005; t <= 1305; t += 30)
        made_sample(&m, prometheus, "ALERTS{alertname=SecretProviderFallback,alertstate=firing}", t,
                    1);
    made_rebuild(&m);
    const struct retro_episode *e = episode(&m, 0);
    ck_assert_str_eq(e->alert, "SecretProviderFallback");
    expect(e, RS_CLOCK_DETECTED, RS_HOW_COMPUTED, 975, 1005);
    ck_assert(is_near(made_s(e->at[RS_CLOCK_DETECTED].best_ns), 1005));
    ck_assert(is_near(made_s(e->at[RS_CLOCK_RESOLVED].best_ns), 1335));
    made_end(&m);
}
END_TEST

/* Instances take a flag over one by one: it is in force everywhere with the last of them, which a step does not show. */
START_TEST(test_last_instance)
{
    static const double off_s[] = {2001, 2004, 2019};
    struct made m;
    made_begin(&m, true);
    int prometheus = made_source(&m, "metrics.om", RS_SOURCE_METRICS, 0);
    int notes = made_source(&m, "notes", RS_SOURCE_TIMELINE, 0);
    m.source[notes].offset_given = true;
    for (int i = 0; i < 3; i++) {
        char series[96];
        snprintf(series, sizeof(series),
                 "http_requests_total{code=200,instance=portal-%d,job=portal}", i);
        count_up(&m, prometheus, series, 40, 0, INFINITY);
        snprintf(series, sizeof(series),
                 "http_requests_total{code=500,instance=portal-%d,job=portal}", i);
        count_up(&m, prometheus, series, 10, 1000, off_s[i]);
    }
    m.mark[made_mark(&m, notes, RS_CLOCK_DETECTED, 1500, 1)].subject = "portal-outage";
    made_mark(&m, notes, RS_CLOCK_COMMANDED, 2000, 1);
    made_rebuild(&m);
    const struct retro_instant *effective = &episode(&m, 0)->at[RS_CLOCK_EFFECTIVE];
    ck_assert_int_eq(effective->how, RS_HOW_INFERRED);
    ck_assert_msg(made_s(effective->lo_ns) <= 2019 && made_s(effective->hi_ns) >= 2019,
                  "%.1f..%.1f", made_s(effective->lo_ns), made_s(effective->hi_ns));
    ck_assert(effective->hi_ns - effective->lo_ns < 90 * RS_NS_PER_S);
    made_end(&m);
}
END_TEST

/* ---- which mark belongs to which rollback ---- */

START_TEST(test_groups)
{
    struct made m;
    made_begin(&m, true);
    int notes = made_source(&m, "notes", RS_SOURCE_TIMELINE, 0);
    int pager = made_source(&m, "pager", RS_SOURCE_NOTIFICATIONS, 0);
    m.source[pager].offset_given = true;
    m.mark[made_mark(&m, notes, RS_CLOCK_DETECTED, 1000, 1)].subject = "OrchestratorRollbacks";
    made_mark(&m, notes, RS_CLOCK_COMMANDED, 1100, 1);
    made_mark(&m, notes, RS_CLOCK_COMPLETED, 1130, 1);
    m.mark[made_mark(&m, notes, RS_CLOCK_DETECTED, 5000, 1)].subject = "PortalSLA";
    made_mark(&m, notes, RS_CLOCK_COMMANDED, 5500, 1);
    made_mark(&m, notes, RS_CLOCK_COMPLETED, 5530, 1);
    struct retro_mark *page = &m.mark[made_mark(&m, pager, RS_CLOCK_NOTIFIED, 1010, 1)];
    page->subject = "OrchestratorRollbacks";
    page->episode = "P7X3";
    page = &m.mark[made_mark(&m, pager, RS_CLOCK_NOTIFIED, 5010, 1)];
    page->subject = "PortalSLA";
    page->episode = "P7X4";
    m.mark[made_mark(&m, pager, RS_CLOCK_NOTIFIED, 5020, 1)].subject = "DiskFull"; /* no rollback */
    made_rebuild(&m);
    ck_assert_int_eq(m.r->rebuilt.n_episode, 2);
    const struct retro_episode *a = episode(&m, 0), *b = episode(&m, 1);
    ck_assert_str_eq(a->name, "settlement-inconsistency");
    ck_assert_str_eq(b->name, "portal-outage");
    ck_assert_str_eq(b->alert, "PortalSLA");
    ck_assert_int_eq(a->procedure, made_procedure(&m, "settlement-inconsistency"));
    expect(a, RS_CLOCK_NOTIFIED, RS_HOW_RECORDED, 1010, 1011);
    expect(b, RS_CLOCK_NOTIFIED, RS_HOW_RECORDED, 5010, 5011);
    ck_assert_int_eq(a->sla, RS_SLA_KEPT);
    ck_assert_int_eq(b->sla, RS_SLA_BROKEN);
    ck_assert_int_eq(m.r->rebuilt.n_contradiction, 0);
    made_end(&m);
}
END_TEST

/* ---- alerts ---- */

/*
 * Settlement rollbacks that the rules see, with ALERTS or without, or with a gap in the recording where the alert fires: more than 3
 * increments in ten minutes. The instants lie where the server's evaluations may have been.
 */
START_TEST(test_alert)
{
    struct made m;
    made_begin(&m, true);
    int prometheus = made_source(&m, "prometheus", RS_SOURCE_METRICS, 0);
    for (int t = 7; t < 4000; t += 30) {
        double v = t < 1500 ? 0 : t < 2100 ? (t - 1500) / 60 : 10;
        if (_i == 2 && t > 1700 && t < 1900)
            continue;
        made_sample(&m, prometheus,
                    "financial_orchestrator_rollback_total{job=settlement,instance=a}", t, v);
        if (_i == 0 && t >= 1747 && t < 2650)
            made_sample(&m, prometheus, "ALERTS{alertname=OrchestratorRollbacks,alertstate=firing}",
                        t + 3, 1);
    }
    made_rebuild(&m);
    const struct retro_episode *e = episode(&m, 0);
    ck_assert_int_eq(m.r->rebuilt.n_episode, 1);
    ck_assert_str_eq(e->name, "settlement-inconsistency");
    ck_assert(!e->had_rollback);
    ck_assert_int_eq(e->sla, RS_SLA_UNDECIDABLE);
    const struct retro_instant *at = &e->at[RS_CLOCK_PENDING];
    ck_assert_int_eq(at->how, RS_HOW_COMPUTED);
    if (_i == 0) {
        ck_assert(is_near(made_s(at->lo_ns), 1720) && is_near(made_s(at->hi_ns), 1750));
        ck_assert_ptr_nonnull(strstr(at->why, "ALERTS"));
    } else {
        ck_assert_msg(made_s(at->lo_ns) < 1690 && made_s(at->hi_ns) > 1690, "%g..%g",
                      made_s(at->lo_ns), made_s(at->hi_ns));
        double wide_s = made_s(at->hi_ns) - made_s(at->lo_ns);
        ck_assert_msg(_i == 1 ? is_near(wide_s, 60) : wide_s > 400 && wide_s < 700, "%g s", wide_s);
    }
    made_end(&m);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("rebuild");
    TCase *tc = tcase_create("rebuild");
    tcase_add_loop_test(tc, test_sla, 0, (int)(sizeof(slas) / sizeof(slas[0])));
    tcase_add_test(tc, test_one_clock);
    tcase_add_loop_test(tc, test_best_as_written, 0, 2);
    tcase_add_loop_test(tc, test_begun, 0, (int)(sizeof(begun) / sizeof(begun[0])));
    tcase_add_test(tc, test_bounded);
    tcase_add_test(tc, test_broken_all_the_same);
    tcase_add_loop_test(tc, test_order, 0, 2);
    tcase_add_loop_test(tc, test_two_sources, 0, 2);
    tcase_add_loop_test(tc, test_nothing_was_done, 0, 2);
    tcase_add_test(tc, test_alerts_begin);
    tcase_add_test(tc, test_last_instance);
    tcase_add_test(tc, test_groups);
    tcase_add_loop_test(tc, test_alert, 0, 3);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int n_failed = srunner_ntests_failed(r);
    srunner_free(r);
    return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
