/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * "Alerting on SLOs", chapter 5 of The Site Reliability Workbook (Google, 2018), recomputed: the shipped rule files
 * scenarios/sre-workbook/ over counters that rise exactly, scraped and evaluated every second, then every minute.
 *
 * In continuous time an alert on a window w with the threshold x fires detect = w * x / e after errors of the ratio e began,
 * never if e <= x, and its short window s, full of errors when they stop, lets it go after reset = s * (1 - x / e).
 * Scrapes every d make the window see w - d: it may fire w's share d / w earlier, and later by one scrape and one evaluation.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/replica.h"
#include "models/rules.h"
#include "scenarios/load.h"
#include "sim/arena.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))
#define FOLDER RS_SOURCE_DIR "/scenarios/sre-workbook/"
#define REQUESTS_PER_S 100000
#define DAY INT64_C(86400)
#define NEVER (-1.0)

enum { MAX_ALERT = 12 };

struct seen { /* one alert; seconds */
    const char *name;
    bool firing;
    int n_fired;
    double fired, ended; /* after the onset, after the end of the errors; NEVER */
};

struct world {
    struct arena *arena;
    struct label_table *labels;
    struct tsdb *db;
    struct rule_runner *runner;
    int good, bad;          /* series */
    int64_t n_good, n_bad;  /* counters */
    int64_t step_s, lag_s;  /* between scrapes and evaluations; from one to the other */
    int64_t now_s;          /* of the last scrape */
    int64_t onset_s, end_s; /* of the errors; end 0 = they go on */
    struct seen seen[MAX_ALERT];
    int n_seen;
};

static char *read_text(const char *path, size_t *n)
{
    FILE *file = fopen(path, "rb");
    char *text = calloc(1, 100000);

    ck_assert_msg(file != NULL, "%s", path);
    *n = fread(text, 1, 99999, file);
    fclose(file);
    return text;
}

/* The file's text with every 0.001, the budget of 99.9 %, made another one. */
static char *with_budget(const char *text, const char *budget)
{
    char *out = calloc(1, 200000);

    for (size_t n = 0; *text != '\0';) {
        if (strncmp(text, "0.001", 5) == 0) {
            n += (size_t)snprintf(out + n, 200000 - n, "%s", budget);
            text += 5;
        } else {
            out[n++] = *text++;
        }
    }
    return out;
}

static void open_world(struct world *h, const char *file, const char *budget, int64_t step_s)
{
    static const struct label good[] = {
        {"__name__", "http_requests_total"}, {"code", "200"}, {"job", "api"}};
    static const struct label bad[] = {
        {"__name__", "http_requests_total"}, {"code", "500"}, {"job", "api"}};
    char path[1024];
    size_t n;
    struct err_list errors;

    (void)snprintf(path, sizeof path, FOLDER "%s", file);
    char *text = read_text(path, &n);
    char *other = with_budget(text, budget);
    *h = (struct world){.step_s = step_s, .lag_s = step_s > 1 ? step_s / 2 : 0};
    h->arena = rs_arena_new();
    h->labels = rs_label_table_new();
    h->db = rs_tsdb_new(h->labels);
    rs_err_list_init(&errors);
    const struct rule_file *rules =
        rs_rule_file_parse(h->arena, RS_PROMQL_3, file, other, strlen(other), &errors);
    ck_assert_msg(rules != NULL && rules->n_group == 1, "%s", file);
    rs_err_list_clear(&errors);
    free(text);
    free(other);
    h->good = rs_tsdb_series(h->db, rs_labels_intern(h->labels, 3, good));
    h->bad = rs_tsdb_series(h->db, rs_labels_intern(h->labels, 3, bad));
    struct rule_runner_options opt = rs_rule_runner_options_default();
    opt.interval_ms = step_s * 1000;
    h->runner = rs_rule_runner_new(&rules->group[0], h->db, &opt);
    for (int i = 0; i < rules->group[0].n_rule; i++) {
        if (rules->group[0].rule[i].alert != NULL) {
            h->seen[h->n_seen++] = (struct seen){
                .name = rules->group[0].rule[i].alert, .fired = NEVER, .ended = NEVER};
        }
    }
}

static void close_world(struct world *h)
{
    rs_rule_runner_free(h->runner);
    rs_tsdb_free(h->db);
    rs_label_table_free(h->labels);
    rs_arena_free(h->arena);
}

static void changed(void *ctx, int64_t t_ms, const struct alert *a, enum alert_state from)
{
    struct world *h = ctx;

    for (int i = 0; i < h->n_seen; i++) {
        struct seen *s = &h->seen[i];

        if (strcmp(s->name, a->rule->alert) != 0) {
            continue;
        }
        if (a->state == RS_ALERT_FIRING) {
            s->firing = true;
            s->fired = s->n_fired++ == 0 ? (double)t_ms / 1000.0 - (double)h->onset_s : s->fired;
        } else if (from == RS_ALERT_FIRING) {
            s->firing = false;
            s->ended = (double)t_ms / 1000.0 - (double)h->end_s;
        }
    }
}

/* Counters rise by their exact shares until `until_s`; rules are evaluated if asked. */
static void run(struct world *h, int64_t until_s, double error_ratio, bool evaluate)
{
    const struct rule_sink sink = {.ctx = h, .changed = changed};
    int64_t bad = llround(error_ratio * REQUESTS_PER_S) * h->step_s;

    while (h->now_s < until_s) {
        h->now_s += h->step_s;
        h->n_bad += bad;
        h->n_good += REQUESTS_PER_S * h->step_s - bad;
        rs_tsdb_append(h->db, h->good, h->now_s * 1000, (double)h->n_good);
        rs_tsdb_append(h->db, h->bad, h->now_s * 1000, (double)h->n_bad);
        if (evaluate) {
            ck_assert_int_eq(rs_rule_runner_eval(h->runner, (h->now_s + h->lag_s) * 1000, &sink),
                             0);
        }
    }
}

/* Three quiet days, which fill all windows, then errors for `long_s`, then `after_s` without. */
static void outage(struct world *h, double error_ratio, int64_t long_s, int64_t after_s)
{
    run(h, 3 * DAY, 0.0, false);
    h->onset_s = h->now_s;
    run(h, h->onset_s + long_s, error_ratio, true);
    h->end_s = h->now_s;
    run(h, h->end_s + after_s, 0.0, true);
}

static const struct seen *seen_of(const struct world *h, const char *name)
{
    for (int i = 0; i < h->n_seen; i++) {
        if (strcmp(h->seen[i].name, name) == 0) {
            return &h->seen[i];
        }
    }
    ck_abort_msg("no alert %s", name);
    return NULL;
}

/* ---- the grid of approach 6 ------------------------------------------------------------------ */

static const struct pair_row {
    const char *alert;
    double burn, long_min, short_min;
} pairs[] = {
    {"BurnRate14x", 14.4, 60, 5},
    {"BurnRate6x", 6, 360, 30},
    {"BurnRate3x", 3, 1440, 120},
    {"BurnRate1x", 1, 4320, 360},
};

/* Minutes from the errors' beginning and from their end, by alert; NEVER. Printed to two places. */
static const struct grid_row {
    double error_ratio;
    struct {
        double detect, reset;
    } at[4];
} grid[] = {
    {1.0, {{0.86, 4.93}, {2.16, 29.82}, {4.32, 119.64}, {4.32, 359.64}}},
    {0.5, {{1.73, 4.86}, {4.32, 29.64}, {8.64, 119.28}, {8.64, 359.28}}},
    {0.2, {{4.32, 4.64}, {10.8, 29.1}, {21.6, 118.2}, {21.6, 358.2}}},
    {0.1, {{8.64, 4.28}, {21.6, 28.2}, {43.2, 116.4}, {43.2, 356.4}}},
    {0.05, {{17.28, 3.56}, {43.2, 26.4}, {86.4, 112.8}, {86.4, 352.8}}},
    {0.02, {{43.2, 1.4}, {108, 21}, {216, 102}, {216, 342}}},
    {0.01, {{NEVER, NEVER}, {216, 12}, {432, 84}, {432, 324}}},
    {0.005, {{NEVER, NEVER}, {NEVER, NEVER}, {864, 48}, {864, 288}}},
    {0.002, {{NEVER, NEVER}, {NEVER, NEVER}, {NEVER, NEVER}, {2160, 180}}},
};

static void check_cell(
    const struct grid_row *row, int i, const struct seen *seen, int64_t step_s, int64_t lag_s)
{
    const struct pair_row *pair = &pairs[i];
    double detect_s = row->at[i].detect * 60.0, reset_s = row->at[i].reset * 60.0;
    double threshold = pair->burn * 0.001;
    double late_s = (double)(step_s + lag_s);

    if (row->at[i].detect < 0.0) {
        ck_assert_msg(seen->n_fired == 0, "%s at %g: fired after %g s", pair->alert,
                      row->error_ratio, seen->fired);
        return;
    }
    /* The row is what the formula gives, to the two places that are printed. */
    ck_assert_double_eq_tol(row->at[i].detect, pair->long_min * threshold / row->error_ratio,
                            0.0051);
    ck_assert_double_eq_tol(row->at[i].reset,
                            pair->short_min * (1.0 - threshold / row->error_ratio), 0.0051);
    detect_s = 60.0 * pair->long_min * threshold / row->error_ratio;
    reset_s = 60.0 * pair->short_min * (1.0 - threshold / row->error_ratio);
    ck_assert_msg(seen->n_fired == 1, "%s at %g: fired %d times", pair->alert, row->error_ratio,
                  seen->n_fired);
    ck_assert_msg(seen->fired >= detect_s * (1.0 - (double)step_s / (60.0 * pair->long_min)) &&
                      seen->fired <= detect_s + late_s,
                  "%s at %g: fired after %g s, not %g", pair->alert, row->error_ratio, seen->fired,
                  detect_s);
    ck_assert_msg(seen->ended >= reset_s - (double)step_s && seen->ended <= reset_s + late_s,
                  "%s at %g: ended after %g s, not %g", pair->alert, row->error_ratio, seen->ended,
                  reset_s);
}

static void check_row(const struct grid_row *row, int64_t step_s)
{
    double longest_min = 360.0; /* every short window is full when the errors stop */
    struct world h;

    open_world(&h, "burn-rates.yml", "0.001", step_s);
    for (int i = 0; i < N(pairs); i++) {
        longest_min = fmax(longest_min, row->at[i].detect);
    }
    outage(&h, row->error_ratio, (int64_t)(60.0 * longest_min) + 660, 6 * 3600 + 120);
    for (int i = 0; i < N(pairs); i++) {
        check_cell(row, i, seen_of(&h, pairs[i].alert), step_s, h.lag_s);
    }
    close_world(&h);
}

START_TEST(grid_to_the_second)
{
    check_row(&grid[_i], 1);
}
END_TEST

START_TEST(grid_by_the_minute)
{
    check_row(&grid[_i], 60);
}
END_TEST

/* ---- the approaches 1 to 5 ------------------------------------------------------------------- */

/* An outage of one length; the alert fires `fired_s` after its beginning and ends `ended_s` after its end. */
static const struct approach_row {
    const char *what, *alert;
    double error_ratio;
    int64_t outage_s, step_s;
    double fired_s, ended_s; /* in continuous time: w * x / e and w * (1 - x / e); or NEVER */
} approaches[] = {
    {"1: a total outage is seen after 0.6 s", "Approach1", 1.0, 900, 1, 0.6, 599.4},
    {"2: after 2 min 10 s, and then for 36 hours", "Approach2", 1.0, 600, 10, 129.6, 129470.4},
    {"3: after an hour, however bad", "Approach3", 1.0, 4000, 1, 3600, 59.94},
    {"3: after an hour, however slight", "Approach3", 0.002, 4000, 1, 3630, 30},
    {"3: an outage of 59 minutes is not seen", "Approach3", 1.0, 3540, 1, NEVER, NEVER},
    {"4: after 2 min 10 s, for 58 minutes", "Approach4", 1.0, 130, 1, 129.6, 3470.4},
    {"4: 35 times too fast is never seen", "Approach4", 0.035, 74057, 10, NEVER, NEVER},
    {"4: 37 times too fast is seen", "Approach4", 0.037, 4000, 1, 3502.7, 97.3},
    {"5: after 52 s by the hour", "Approach5Page", 1.0, 60, 1, 51.84, 3548.16},
    {"5: by the six hours", "Approach5Page", 0.012, 11000, 1, 10800, 10800},
    {"5: a ticket after 4 min 19 s, for three days", "Approach5Ticket", 1.0, 300, 10, 259.2,
     258940.8},
};

START_TEST(approach_fires_and_ends)
{
    const struct approach_row *row = &approaches[_i];
    double slack_s = 1.5 * (double)row->step_s;
    const struct seen *seen;
    struct world h;

    open_world(&h, "approaches.yml", "0.001", row->step_s);
    outage(&h, row->error_ratio, row->outage_s,
           row->ended_s > 0.0 ? (int64_t)(row->ended_s + 2.0 * slack_s) : 0);
    seen = seen_of(&h, row->alert);
    if (row->fired_s < 0.0) {
        ck_assert_msg(seen->n_fired == 0, "%s: fired after %g s", row->what, seen->fired);
    } else {
        ck_assert_msg(fabs(seen->fired - row->fired_s) <= slack_s, "%s: fired after %g s",
                      row->what, seen->fired);
        ck_assert_msg(fabs(seen->ended - row->ended_s) <= slack_s, "%s: ended after %g s",
                      row->what, seen->ended);
    }
    close_world(&h);
}
END_TEST

/* "Five minutes of total outage every ten minutes": a third of the budget in three spikes, and approach 3 never alerts. */
START_TEST(spikes_pass_approach_3)
{
    double spent = 0.0;
    struct world h;

    open_world(&h, "approaches.yml", "0.001", 1);
    run(&h, 3600, 0.0, false);
    h.onset_s = h.now_s;
    for (int i = 0; i < 12; i++) {
        run(&h, h.now_s + 300, 1.0, true);
        run(&h, h.now_s + 300, 0.0, true);
        spent += 300.0 / (0.001 * 30.0 * (double)DAY); /* of the budget of 30 days */
    }
    ck_assert_int_eq(seen_of(&h, "Approach3")->n_fired, 0);
    ck_assert_int_gt(seen_of(&h, "Approach1")->n_fired, 0);
    ck_assert_double_eq_tol(spent / 12.0, 0.1157, 0.0001); /* "almost 12 %" each */
    ck_assert_double_eq_tol(spent / 4.0, 0.347, 0.001);
    close_world(&h);
}
END_TEST

/* ---- the figures, and the ends of the scale -------------------------------------------------- */

/* Figure 5-6: 15 % errors for ten minutes, each window of the first pair for itself. */
START_TEST(figure_5_6)
{
    static const struct {
        const char *record;
        double crossed_s, left_s;
    } rows[] = {{"job:slo_errors_per_request:ratio_rate5m", 28.8, 271.2},
                {"job:slo_errors_per_request:ratio_rate1h", 345.6, 3254.4}};
    const struct label label[] = {{"__name__", rows[_i].record}, {"job", "api"}};
    double crossed_s = NEVER, left_s = NEVER;
    struct world h;

    open_world(&h, "burn-rates.yml", "0.001", 1);
    run(&h, DAY, 0.0, false);
    h.onset_s = h.now_s;
    for (int64_t t = h.onset_s + 1; t <= h.onset_s + 600 + 3600; t++) {
        run(&h, t, t <= h.onset_s + 600 ? 0.15 : 0.0, true);
        int series = rs_tsdb_series(h.db, rs_labels_intern(h.labels, 2, label));
        bool above = rs_tsdb_last(h.db, series, t * 1000)->v > 14.4 * 0.001;

        if (above && crossed_s < 0.0) {
            crossed_s = (double)(t - h.onset_s);
        }
        if (!above && crossed_s > 0.0 && left_s < 0.0) {
            left_s = (double)(t - h.onset_s - 600);
        }
    }
    ck_assert_double_eq_tol(crossed_s, rows[_i].crossed_s, 1.5);
    ck_assert_double_eq_tol(left_s, rows[_i].left_s, 1.5);
    close_world(&h);
}
END_TEST

static const struct scale_row {
    const char *what, *budget;
    double fired_s;
} scale[] = {
    {"an SLO of 90 % has no burn rate above 10: a total outage passes", "0.1", NEVER},
    {"an SLO of 99 %", "0.01", 518.4},
    {"an SLO of 99.999 %: its 26 s of a month are half gone in one scrape", "0.00001", 0.5184},
};

START_TEST(ends_of_the_scale)
{
    const struct seen *seen;
    struct world h;

    open_world(&h, "burn-rates.yml", scale[_i].budget, 1);
    outage(&h, 1.0, 4000, 0);
    seen = seen_of(&h, "BurnRate14x");
    if (scale[_i].fired_s < 0.0) {
        ck_assert_msg(seen->n_fired == 0, "%s", scale[_i].what);
    } else {
        ck_assert_msg(fabs(seen->fired - scale[_i].fired_s) <= 1.5, "%s: %g s", scale[_i].what,
                      seen->fired);
    }
    close_world(&h);
}
END_TEST

/* ---- the shipped scenario: the same figures out of the whole loop ----------------------------- */

/*
 * Detection by the first pair that sees it. Chance: at 20,000 requests a second the count at the threshold has a relative
 * standard deviation below 0.14 %/sqrt(10), and detection with it: 5 of these are allowed.
 */
START_TEST(scenario_tells_the_same)
{
    const struct grid_row *row = &grid[_i];
    struct scenario *sc = rs_scenario_load(FOLDER "sre-workbook.yaml", NULL);
    struct err err = {0};
    struct history h = {0};
    int first = 0;

    ck_assert_ptr_nonnull(sc);
    ck_assert_int_eq(sc->n_fault, N(grid));
    while (row->at[first].detect < 0.0) {
        first++;
    }
    double detect_s = 60.0 * pairs[first].long_min * pairs[first].burn * 0.001 / row->error_ratio;
    double early_s = detect_s * (30.0 / (60.0 * pairs[first].long_min) + 0.0022);
    struct simulator *sim = rs_simulator_new(sc, &err);
    rs_history_init(&h);
    for (uint64_t replica = 0; replica < 2; replica++) {
        struct replica_options opt = {.seed = 5, .replica = replica, .fault = _i};

        ck_assert_int_eq(rs_simulator_run(sim, &opt, &h, &err), 0);
        ck_assert_int_gt(h.n_episode, 0);
        double leg_s =
            (double)rs_episode_leg(&h.episode[0], RS_CLOCK_ONSET, RS_CLOCK_DETECTED) / 1e9;
        ck_assert_str_eq(h.episode[0].detector, pairs[first].alert);
        ck_assert_msg(leg_s >= detect_s - early_s && leg_s <= detect_s * 1.0022 + 60.0,
                      "%g: detected after %g s, not %g", row->error_ratio, leg_s, detect_s);
    }
    rs_history_clear(&h);
    rs_simulator_free(sim);
    rs_scenario_free(sc);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("sre workbook");
    TCase *tc = tcase_create("alerting on SLOs");
    SRunner *sr;
    int failed;

    tcase_add_loop_test(tc, grid_to_the_second, 0, N(grid));
    tcase_add_loop_test(tc, grid_by_the_minute, 0, N(grid));
    tcase_add_loop_test(tc, approach_fires_and_ends, 0, N(approaches));
    tcase_add_test(tc, spikes_pass_approach_3);
    tcase_add_loop_test(tc, figure_5_6, 0, 2);
    tcase_add_loop_test(tc, ends_of_the_scale, 0, N(scale));
    tcase_add_loop_test(tc, scenario_tells_the_same, 0, N(grid));
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
