/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a signal reads in a watch: exposure, base shares and traffic of a small plan, by hand. */
#include "check/watch.h"

#include <check.h>
#include <math.h>
#include <string.h>

#include "scenarios/load.h"

#define N_ROW(a) ((int)(sizeof(a) / sizeof((a)[0])))

/* Two flags divide the users of a service with a fallback and a dependency; the traffic of one cohort rises through the day. */
static const char plan[] =
    "rollsim: 1\nname: p\nstarts_at: 2025-09-29T00:00:00Z\nhorizon: 2d\nreplicas: 1\nseed: "
    "1\nconfidence: 95%\n"
    "cohorts: [{name: a, population: 10}, {name: b, population: 10}]\n"
    "dependencies: [{name: db, errors: {500: 1%}}]\n"
    "flags:\n"
    "  - {name: BASE, default: on, safe: on, propagation: {streaming: {delay: 0s}}}\n"
    "  - {name: NEW, default: off, safe: off, requires: [BASE], propagation: {streaming: {delay: "
    "0s}}}\n"
    "services:\n"
    "  - name: s\n"
    "    instances: 2\n"
    "    scrape: {every: 30s}\n"
    "    metrics: {requests: r_total, latency: l_seconds, buckets: [1s, 2s], counters: [{name: "
    "fell_total}, {name: c_total, per_s: 0.5, per_request: 0.25}]}\n"
    "    paths:\n"
    "      - {name: new, when: [NEW], errors: {500: 10%}, latency: {uniform: {min: 0s, max: 4s}}, "
    "uses: [db], fallback: {to: old, when: [BASE], counter: fell_total}}\n"
    "      - {name: old, errors: {502: 2%}, latency: {uniform: {min: 0s, max: 2s}}}\n"
    "traffic:\n"
    "  - {service: s, cohort: a, profile: {constant: {per_s: 3}}}\n"
    "  - {service: s, cohort: b, profile: {piecewise: {points: [[0s, 0], [24h, 24]]}}}\n"
    "monitoring: {evaluation_interval: 30s}\n"
    "runbook:\n"
    "  stages:\n"
    "    - {name: one, not_before: 10h, actions: [{set: NEW, to: on, cohort: a, percent: 50}], "
    "watch: 1h, look_every: 10m}\n"
    "    - {name: two, actions: [{set: NEW, to: on}, {set: BASE, to: off}], watch: 1h}\n"
    "    - {name: three, actions: [{set: BASE, to: on}, {remove: old, service: s}], watch: 1h}\n";

static struct scenario *sc;
static struct arena *arena;
static const struct watch *watches;

static void begin(void)
{
    struct err_list errors;
    int n;
    rs_err_list_init(&errors);
    sc = rs_scenario_parse("plan.yaml", plan, strlen(plan), &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert(sc != NULL);
    rs_err_list_clear(&errors);
    arena = rs_arena_new();
    watches = rs_watches(arena, sc, &n);
    ck_assert_int_eq(n, 3);
}

static void end(void)
{
    rs_arena_free(arena);
    rs_scenario_free(sc);
}

static struct signal read_signal(const char *text)
{
    struct err err = {0};
    const struct promql *q =
        rs_promql_parse(arena, &(struct promql_text){.text = text, .at = {"e", 1, 1}}, &err);
    ck_assert_msg(q != NULL, "%s", err.text);
    struct promql_condition cond = rs_check_condition(arena, sc, q);
    struct signal *s;
    int n;
    rs_signal_read(arena, sc, cond.term[0].comparison, &s, &n);
    ck_assert_int_eq(n, 1);
    return s[0];
}

#define BAD "sum(rate(r_total{code=~\"5..\"}[1h])) / sum(rate(r_total[1h])) > 0.1"
/* Of a failed first try 2 % fail again on the old path. */
#define NEW_BAD ((1.0 - 0.9 * 0.99) * 0.02)

static const struct {
    int watch;
    const char *text;
    double mean, share, exposed, share_exposed, share_rest; /* NaN: not looked at */
} rows[] = {
    /* a: 3/s, half of them on the new path; b: (10 + 11) / 2 per s at 10:30, on the old one */
    {0, BAD, 3600 * 13.5, (1.5 * NEW_BAD + 12.0 * 0.02) / 13.5, 1.5 / 13.5, NEW_BAD, 0.02},
    {0, "sum(rate(r_total{code!~\"5..\"}[1h])) / sum(rate(r_total[1h])) < 0.9", 3600 * 13.5,
     (1.5 * NEW_BAD + 12.0 * 0.02) / 13.5, 1.5 / 13.5, NEW_BAD, 0.02},
    {0, "sum(rate(r_total{code=\"502\"}[1h])) / sum(rate(r_total[1h])) > 0.1", 3600 * 13.5,
     (1.5 * NEW_BAD + 12.0 * 0.02) / 13.5, 1.5 / 13.5, NEW_BAD, 0.02},
    {0, "sum(rate(r_total{instance=\"s-0\"}[1h])) > 0.1", 3600 * 13.5 / 2, NAN, 1.5 / 13.5, NAN,
     NAN},
    {0, "sum(rate(l_seconds_bucket{le=\"1\"}[1h])) / sum(rate(l_seconds_count[1h])) < 0.9",
     3600 * 13.5, (1.5 * 0.75 + 12.0 * 0.5) / 13.5, 1.5 / 13.5, 0.75, 0.5},
    /* NEW needs BASE: nobody is on the new path any more, and those who were are exposed to the old one */
    {1, BAD, 3600 * 14.5, 0.02, 1.5 / 14.5, 0.02, 0.02},
    /* NEW for everybody, nothing to fall back on */
    {2, BAD, 3600 * 15.5, 1.0 - 0.9 * 0.99, 1.0, 1.0 - 0.9 * 0.99, NAN},
};

#define SAME(got, want)                                                                            \
    ck_assert_msg(isnan(want) || fabs((got) - (want)) < 1e-9 * fmax(1.0, fabs(want)),              \
                  "%d: %.12g, wanted %.12g", _i, got, want)

START_TEST(test_loads)
{
    struct signal s = read_signal(rows[_i].text);
    struct watch_load l;
    ck_assert(rs_watch_load(&watches[rows[_i].watch], &s, 3600, NULL, &l));
    SAME(l.n_mean, rows[_i].mean);
    SAME(l.share, rows[_i].share);
    SAME(l.exposed, rows[_i].exposed);
    SAME(l.share_exposed, rows[_i].share_exposed);
    SAME(l.share_rest, rows[_i].share_rest);
}
END_TEST

/* Ten minutes anywhere between 10:00 and 11:00: the first is the least. */
START_TEST(test_windows)
{
    struct signal s = read_signal(BAD);
    struct watch_load l;
    ck_assert(rs_watch_load(&watches[0], &s, 600, NULL, &l));
    ck_assert_double_eq_tol(l.n_mean, 600 * 13.5, 1e-6);
    ck_assert_double_gt(l.n_min, 600 * (13.0 + 5.0 / 60));
    ck_assert_double_lt(l.n_min, 600 * (13.0 + 6.0 / 60));
}
END_TEST

/* Counters: what counts by itself, per request, and by falling back. */
START_TEST(test_events)
{
    struct signal c = read_signal("sum(increase(c_total[1h])) > 0"),
                  fell = read_signal("sum(increase(fell_total[1h])) > 0");
    ck_assert_double_eq_tol(rs_watch_events(&watches[0], &c, 3600), 3600 * (2 * 0.5 + 0.25 * 13.5),
                            1e-6);
    ck_assert_double_eq_tol(rs_watch_events(&watches[0], &fell, 3600),
                            3600 * 1.5 * (1.0 - 0.9 * 0.99), 1e-6);
    ck_assert_double_eq_tol(rs_watch_events(&watches[2], &fell, 3600), 0.0, 1e-12);
}
END_TEST

START_TEST(test_good)
{
    ck_assert_double_eq_tol(rs_watch_good(&watches[0], 0, 1, INFINITY), 0.98, 1e-12);
    ck_assert_double_eq_tol(rs_watch_good(&watches[0], 0, 0, INFINITY),
                            0.5 * 0.98 + 0.5 * (1.0 - NEW_BAD), 1e-12);
    ck_assert_double_eq_tol(rs_watch_good(&watches[0], 0, 1, 1.0), 0.98 * 0.5, 1e-12);
}
END_TEST

START_TEST(test_times)
{
    ck_assert_double_eq_tol(watches[0].begins_s, 36000, 1e-9);
    ck_assert_double_eq_tol(watches[1].begins_s, 39600, 1e-9);
    ck_assert_int_eq(rs_watch_looks(&watches[0], RS_GATE_LOOKS).n, 6);
    ck_assert_int_eq(rs_watch_looks(&watches[0], RS_GATE_END).n, 1);
    ck_assert_int_eq(rs_watch_looks(&watches[0], RS_GATE_CONTINUOUS).n, 120);
    ck_assert_int_eq(rs_watch_looks(&watches[1], RS_GATE_LOOKS).n, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("watch");
    TCase *tc = tcase_create("watch");
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_loop_test(tc, test_loads, 0, N_ROW(rows));
    tcase_add_test(tc, test_windows);
    tcase_add_test(tc, test_events);
    tcase_add_test(tc, test_good);
    tcase_add_test(tc, test_times);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
