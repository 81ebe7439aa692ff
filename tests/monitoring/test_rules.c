/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Alert states, sending and rule outputs, round by round. Sections 3.3 to 3.5 of the notes on
 * Prometheus' rules.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rule_text.h"
#include "series_text.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))
#define T0 INT64_C(1600000000000)

static struct label_table *labels;
static struct tsdb *db;
static struct arena *arena;

static void setup(void)
{
    labels = rs_label_table_new();
    db = rs_tsdb_new(labels);
    arena = rs_arena_new();
}

static void teardown(void)
{
    rs_tsdb_free(db);
    rs_label_table_free(labels);
    rs_arena_free(arena);
}

static struct rule_runner *
runner(const struct rule_group *group, int64_t interval_s, int64_t resend_s)
{
    struct rule_runner_options opt = rs_rule_runner_options_default();

    opt.interval_ms = interval_s * 1000;
    opt.resend_delay_ms = resend_s * 1000;
    return rs_rule_runner_new(group, db, &opt);
}

/* What the sink hears. */
struct heard {
    enum alert_state state;
    int n_changed, n_sent;
    int64_t sent_ms[64], ends_ms[64];
    struct alert last;
};

static void changed(void *ctx, int64_t t_ms, const struct alert *a, enum alert_state from)
{
    struct heard *h = ctx;

    (void)t_ms;
    ck_assert_int_eq(from, h->state); /* nothing goes unheard */
    h->state = a->state;
    h->n_changed++;
}

static void sent(void *ctx, int64_t t_ms, const struct alert *a, int64_t ends_ms)
{
    struct heard *h = ctx;

    ck_assert_int_lt(h->n_sent, 64);
    ck_assert_int_ne(a->state, RS_ALERT_PENDING);
    h->sent_ms[h->n_sent] = t_ms - T0;
    h->ends_ms[h->n_sent++] = ends_ms - T0;
    h->last = *a;
}

static const struct state_row {
    const char *what;
    int interval_s, for_s, keep_s;
    const char *input;  /* per round: 1 true, 0 false, - no sample, s stale marker */
    const char *states; /* after the round: Inactive, Pending, Firing */
} states[] = {
    {"without for it fires in the first round", 15, 0, 0, "0101", "IFIF"},
    {"for: 1m at 15 s takes five true rounds", 15, 60, 0, "111111", "PPPPFF"},
    {"for is rounded up to rounds", 15, 40, 0, "11111", "PPPFF"},
    {"one false round starts for anew", 15, 30, 0, "110111", "PPIPPF"},
    {"a missing sample does not", 15, 30, 0, "1-1", "PPF"},
    {"a stale marker does", 15, 30, 0, "1s111", "PIPPF"},
    {"keep_firing_for", 15, 0, 30, "10000", "FFFII"},
    {"keep_firing_for shorter than a round", 15, 0, 10, "100", "FFI"},
    {"a true round clears its clock", 15, 0, 30, "1001000", "FFFFFFI"},
    {"keep_firing_for does not help the pending", 15, 30, 60, "1011", "PIPP"},
    {"after keeping, for is waited for again", 15, 15, 15, "11001", "PFFIP"},
    {"a firing alert resolves at the first false round", 60, 60, 0, "1101", "PFIP"},
};

START_TEST(alert_moves)
{
    const struct state_row *row = &states[_i];
    struct rule rule = alert_rule(arena, "A", "x > 0", row->for_s, row->keep_s);
    struct rule_group group = {.name = "g", .n_rule = 1, .rule = &rule};
    int x = rs_tsdb_series(db, series_labels(labels, "x"));
    struct rule_runner *r = runner(&group, row->interval_s, 60);

    for (int replica = 0; replica < 2; replica++) {
        struct heard h = {RS_ALERT_INACTIVE};
        struct rule_sink sink = {&h, changed, NULL};

        for (int i = 0; row->input[i] != '\0'; i++) {
            int64_t t = T0 + i * row->interval_s * INT64_C(1000);
            char in = row->input[i];

            if (in != '-') {
                double v = in == 's' ? rs_tsdb_stale() : in - '0';

                ck_assert(rs_tsdb_append(db, x, t, v));
            }
            ck_assert_int_eq(rs_rule_runner_eval(r, t, &sink), 0);
            ck_assert_msg("IPF"[h.state] == row->states[i], "%s: round %d is %s, expected %c",
                          row->what, i, rs_alert_state_name(h.state), row->states[i]);
        }
        rs_tsdb_reset(db);
        rs_rule_runner_reset(r);
    }
    rs_rule_runner_free(r);
}
END_TEST

static const struct send_row {
    const char *what;
    int interval_s, resend_s, period_s, ends_s;
} sends[] = {
    {"strictly more than the delay", 15, 60, 75, 240},
    {"an interval of the delay", 60, 60, 120, 240},
    {"a longer interval", 120, 60, 120, 480},
    {"off the grid", 7, 60, 63, 240},
};

START_TEST(firing_alerts_are_sent_again)
{
    const struct send_row *row = &sends[_i];
    struct rule rule = alert_rule(arena, "A", "vector(1)", 0, 0);
    struct rule_group group = {.name = "g", .n_rule = 1, .rule = &rule};
    struct rule_runner *r = runner(&group, row->interval_s, row->resend_s);
    struct heard h = {RS_ALERT_INACTIVE};
    struct rule_sink sink = {&h, changed, sent};

    for (int t_s = 0; t_s <= 5 * row->period_s; t_s += row->interval_s) {
        ck_assert_int_eq(rs_rule_runner_eval(r, T0 + t_s * INT64_C(1000), &sink), 0);
    }
    ck_assert_msg(h.n_sent == 6, "%s: sent %d times", row->what, h.n_sent);
    for (int i = 0; i < h.n_sent; i++) {
        ck_assert_int_eq(h.sent_ms[i], i * row->period_s * 1000);
        ck_assert_int_eq(h.ends_ms[i] - h.sent_ms[i], row->ends_s * 1000);
    }
    ck_assert_int_eq(h.last.fired_ms, T0);
    rs_rule_runner_free(r);
}
END_TEST

/* Resolved at 60 s: told at once, again every 75 s for 15 minutes, then forgotten. */
START_TEST(resolved_alerts_are_sent_for_15_minutes)
{
    struct rule rule = alert_rule(arena, "A", "x > 0", 0, 0);
    struct rule_group group = {.name = "g", .n_rule = 1, .rule = &rule};
    int x = rs_tsdb_series(db, series_labels(labels, "x"));
    struct rule_runner *r = runner(&group, 15, 60);
    struct heard h = {RS_ALERT_INACTIVE};
    struct rule_sink sink = {&h, changed, sent};

    for (int t_s = 0; t_s <= 3600; t_s += 15) {
        (void)rs_tsdb_append(db, x, T0 + t_s * INT64_C(1000), t_s < 60);
        ck_assert_int_eq(rs_rule_runner_eval(r, T0 + t_s * INT64_C(1000), &sink), 0);
    }
    ck_assert_int_eq(h.n_sent, 1 + 13);
    for (int i = 1; i < h.n_sent; i++) {
        ck_assert_int_eq(h.sent_ms[i], 60000 + (i - 1) * 75000);
        ck_assert_int_eq(h.ends_ms[i], 60000);
    }
    ck_assert_int_eq(h.n_changed, 2);
    rs_rule_runner_free(r);
}
END_TEST

START_TEST(a_second_firing_is_a_new_alert)
{
    struct rule rule = alert_rule(arena, "A", "x > 0", 15, 0);
    struct rule_group group = {.name = "g", .n_rule = 1, .rule = &rule};
    int x = rs_tsdb_series(db, series_labels(labels, "x{job=\"j\"}"));
    struct rule_runner *r = runner(&group, 15, 60);
    struct heard h = {RS_ALERT_INACTIVE};
    struct rule_sink sink = {&h, changed, sent};

    for (int i = 0; i < 5; i++) {
        (void)rs_tsdb_append(db, x, T0 + i * 15000, i == 2 ? 0 : 7 + i);
        ck_assert_int_eq(rs_rule_runner_eval(r, T0 + i * 15000, &sink), 0);
    }
    ck_assert_int_eq(h.last.active_ms, T0 + 45000);
    ck_assert_int_eq(h.last.fired_ms, T0 + 60000);
    ck_assert_int_eq(h.last.resolved_ms, 0);
    ck_assert_double_eq(h.last.value, 11);
    ck_assert_int_eq(h.last.labels, series_labels(labels, "{alertname=\"A\",job=\"j\"}"));
    rs_rule_runner_free(r);
}
END_TEST

static double value_now(const char *text, int64_t t)
{
    struct promql_eval *e =
        rs_promql_eval_new(expression(arena, text), db, rs_promql_options_default());
    struct vector v;
    double result;

    ck_assert_int_eq(rs_promql_eval(e, t, &v, NULL), 0);
    ck_assert_int_le(v.n, 1);
    result = v.n == 0 ? (double)NAN : v.item[0].v;
    rs_promql_eval_free(e);
    return result;
}

/* A recording rule, an alert on what it wrote in the same round, an alert on that alert. */
START_TEST(later_rules_see_earlier_ones)
{
    struct label extra[] = {{"team", "sre"}, {"job", ""}};
    struct rule rule[] = {
        {.record = "y", .expr = expression(arena, "x * 2"), .n_label = 2, .label = extra},
        alert_rule(arena, "A", "y{team=\"sre\"} > 3", 0, 0),
        alert_rule(arena, "B", "ALERTS{alertname=\"A\",alertstate=\"firing\"}", 0, 0),
    };
    struct rule_group group = {.name = "g", .n_rule = 3, .rule = rule};
    int x = rs_tsdb_series(db, series_labels(labels, "x{job=\"j\"}"));
    struct rule_runner *r = runner(&group, 15, 60);

    rs_tsdb_seal(db);
    for (int replica = 0; replica < 3; replica++) {
        int64_t t = T0;

        (void)rs_tsdb_append(db, x, t, 2);
        ck_assert_int_eq(rs_rule_runner_eval(r, t, NULL), 0);
        ck_assert_double_eq(value_now("y{job=\"\"}", t), 4);
        ck_assert_double_eq(value_now("ALERTS{alertname=\"B\",alertstate=\"firing\"}", t), 1);
        ck_assert_double_eq(value_now("ALERTS_FOR_STATE{alertname=\"A\"}", t), T0 / 1000);
        t += 15000;
        (void)rs_tsdb_append(db, x, t, rs_tsdb_stale());
        ck_assert_int_eq(rs_rule_runner_eval(r, t, NULL), 0);
        ck_assert(isnan(value_now("y", t))); /* at once, not after the look-back */
        ck_assert(isnan(value_now("ALERTS{alertname=\"B\"}", t)));
        t += 15000;
        (void)rs_tsdb_append(db, x, t, 1);
        ck_assert_int_eq(rs_rule_runner_eval(r, t, NULL), 0);
        ck_assert_double_eq(value_now("y", t), 2);
        ck_assert(isnan(value_now("ALERTS", t)));
        rs_tsdb_reset(db);
        rs_rule_runner_reset(r);
    }
    rs_rule_runner_free(r);
}
END_TEST

START_TEST(pending_ends_when_firing_begins)
{
    struct rule rule = alert_rule(arena, "A", "vector(1)", 15, 0);
    struct rule_group group = {.name = "g", .n_rule = 1, .rule = &rule};
    struct rule_runner *r = runner(&group, 15, 60);

    ck_assert(isnan(value_now("ALERTS", T0))); /* and makes the runner write them */
    ck_assert_int_eq(rs_rule_runner_eval(r, T0, NULL), 0);
    ck_assert_double_eq(value_now("ALERTS{alertstate=\"pending\"}", T0), 1);
    ck_assert_int_eq(rs_rule_runner_eval(r, T0 + 15000, NULL), 0);
    ck_assert(isnan(value_now("ALERTS{alertstate=\"pending\"}", T0 + 15000)));
    ck_assert_double_eq(value_now("ALERTS{alertstate=\"firing\"}", T0 + 15000), 1);
    rs_rule_runner_free(r);
}
END_TEST

START_TEST(a_failing_rule_changes_nothing)
{
    struct label one[] = {{"a", "same"}};
    struct rule rule[] = {
        {.record = "y", .expr = expression(arena, "x"), .n_label = 1, .label = one},
        alert_rule(arena, "A", "x + on (b) x", 0, 0),
    };
    struct rule_group group = {.name = "g", .n_rule = 2, .rule = rule};
    int x = rs_tsdb_series(db, series_labels(labels, "x{a=\"1\"}")), x2;
    struct rule_runner *r = runner(&group, 15, 60);
    struct heard h = {RS_ALERT_INACTIVE};
    struct rule_sink sink = {&h, changed, sent};

    (void)rs_tsdb_append(db, x, T0, 5);
    ck_assert_int_eq(rs_rule_runner_eval(r, T0, &sink), 0);
    ck_assert_int_eq(h.state, RS_ALERT_FIRING);
    x2 = rs_tsdb_series(db, series_labels(labels, "x{a=\"2\"}"));
    (void)rs_tsdb_append(db, x2, T0 + 15000, 6);
    ck_assert_int_eq(rs_rule_runner_eval(r, T0 + 15000, &sink), 2);
    ck_assert_int_eq(h.state, RS_ALERT_FIRING);
    ck_assert_double_eq(value_now("y", T0 + 15000),
                        5); /* nothing written, no stale marker either */
    rs_rule_runner_free(r);
}
END_TEST

/*
 * Reaction time of scrape, evaluation and `for`: its supremum over phases is s + e +
 * e*ceil(for/e). The fault begins just
 * after second 0; scrapes at p + k s, evaluations at q + k e, p and q on a grid of 1 s. The scrape
 * stage reaches its
 * supremum (a scrape at 0 does not see the fault yet); the evaluation stage stays one grid step
 * below (an evaluation in the
 * second of a scrape sees it). `best` is the worst case of the luckiest fixed pair of phases.
 */
static const struct latency_row {
    int s, e, for_s, sup, best;
} latencies[] = {
    {15, 60, 60, 135, 120}, {15, 60, 90, 195, 180},  {60, 15, 50, 135, 120},
    {20, 15, 40, 80, 75},   {15, 30, 100, 165, 150}, {60, 60, 300, 420, 360},
};

static int latency(struct rule_runner *r, int x, const struct latency_row *row, int p, int q)
{
    struct heard h = {RS_ALERT_INACTIVE};
    struct rule_sink sink = {&h, changed, NULL};
    int scrape = p - 2 * row->s, t = q;

    rs_tsdb_reset(db);
    rs_rule_runner_reset(r);
    for (;; t += row->e) {
        for (; scrape <= t; scrape += row->s) {
            (void)rs_tsdb_append(db, x, T0 + scrape * INT64_C(1000), scrape > 0);
        }
        ck_assert_int_eq(rs_rule_runner_eval(r, T0 + t * INT64_C(1000), &sink), 0);
        if (h.state == RS_ALERT_FIRING) {
            return t;
        }
    }
}

static int gcd(int a, int b)
{
    return b == 0 ? a : gcd(b, a % b);
}

START_TEST(latency_has_the_known_supremum)
{
    const struct latency_row *row = &latencies[_i];
    struct rule rule = alert_rule(arena, "A", "x > 0", row->for_s, 0);
    struct rule_group group = {.name = "g", .n_rule = 1, .rule = &rule};
    int x = rs_tsdb_series(db, series_labels(labels, "x"));
    struct rule_runner *r = runner(&group, row->e, 60);
    int worst[64] = {0}, n_world = gcd(row->s, row->e), sup = 0, best = 1000000;

    for (int p = 0; p < row->s; p++) {
        for (int q = 0; q < row->e; q++) {
            int world = (q - p + row->s * row->e) % n_world; /* shifting the fault keeps it */
            int t = latency(r, x, row, p, q);

            worst[world] = t > worst[world] ? t : worst[world];
        }
    }
    for (int i = 0; i < n_world; i++) {
        sup = worst[i] > sup ? worst[i] : sup;
        best = worst[i] < best ? worst[i] : best;
    }
    ck_assert_int_eq(row->sup, row->s + row->e * (1 + (row->for_s + row->e - 1) / row->e));
    ck_assert_msg(sup == row->sup - 1, "the worst is %d s, the supremum %d s", sup, row->sup);
    ck_assert_int_eq(best, row->best);
    rs_rule_runner_free(r);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("rules");
    TCase *tc = tcase_create("rules");
    SRunner *sr;
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, alert_moves, 0, N(states));
    tcase_add_loop_test(tc, firing_alerts_are_sent_again, 0, N(sends));
    tcase_add_test(tc, resolved_alerts_are_sent_for_15_minutes);
    tcase_add_test(tc, a_second_firing_is_a_new_alert);
    tcase_add_test(tc, later_rules_see_earlier_ones);
    tcase_add_test(tc, pending_ends_when_firing_begins);
    tcase_add_test(tc, a_failing_rule_changes_nothing);
    tcase_add_loop_test(tc, latency_has_the_known_supremum, 0, N(latencies));
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
