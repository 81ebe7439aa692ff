/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where texts stand, asked of a canvas that only records: nothing off the page, nothing on top of another. */
#include <check.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chart.h"
#include "check_texts.h"
#include "frame.h"
#include "make_db.h"
#include "pictures.h"
#include "well_formed.h"

static const struct {
    const char *name;
    picture_fn draw;
    bool per_fault;
} rows[] = {
    {"rollout", rs_picture_rollout, false}, {"latency", rs_picture_latency, false},
    {"episode", rs_picture_episode, true},  {"chain", rs_picture_chain, true},
    {"ecdf", rs_picture_ecdf, false},       {"outcomes", rs_picture_outcomes, false},
};
enum { N_ROW = sizeof rows / sizeof *rows };
static const enum made_kind kinds[] = {MADE_FULL, MADE_EMPTY, MADE_BARE, MADE_AWKWARD};

/* Every picture of a made database; `sql` changes it first. */
static void check_pictures(enum made_kind kind, const char *sql)
{
    char db[] = "/tmp/rs-layout-XXXXXX";
    struct err err = {0};
    struct record r;
    close(mkstemp(db));
    make_db(db, kind);
    sqlite3 *handle = NULL;
    ck_assert_int_eq(sqlite3_open(db, &handle), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(handle);
    ck_assert_msg(rs_rundb_open(&r, db, &err) == 0, "%s", err.text);
    for (int i = 0; i < N_ROW; i++) {
        int copies = rows[i].per_fault ? r.fault.n : 1;
        for (int k = 0; k < copies; k++) {
            struct canvas *c;
            ck_assert_int_eq(rs_canvas_new(&c, NULL, NULL, &err), 0);
            ck_assert_int_eq(rows[i].draw(c, &r, rows[i].per_fault ? &r.fault.at[k] : NULL, &err),
                             0);
            check_texts(c, rows[i].name);
            ck_assert_int_eq(rs_canvas_finish(c, "", &err), 0);
            rs_canvas_free(c);
        }
    }
    rs_record_close(&r);
    unlink(db);
}

START_TEST(test_no_overlap)
{
    check_pictures(kinds[_i], "");
}
END_TEST

/* One service, one flag, one fault: the lowest pages have the least room for upright words. */
START_TEST(test_small_scenario)
{
    check_pictures(MADE_FULL,
                   "DELETE FROM service WHERE service <> 2; "
                   "DELETE FROM flag WHERE flag <> 3; DELETE FROM fault WHERE fault <> 3");
}
END_TEST

static const struct {
    const char *what;
    int n;
    double at[5], gap, lo, hi, want[5];
} spreads[] = {
    {"far apart: nothing moves", 3, {10, 50, 90}, 20, 0, 100, {10, 50, 90}},
    {"two at one place give way equally", 2, {50, 50}, 20, 0, 100, {40, 60}},
    {"a third joins the cluster", 3, {40, 40, 55}, 20, 0, 100, {25, 45, 65}},
    {"held at the lower end", 2, {1, 2}, 20, 0, 100, {0, 20}},
    {"held at the upper end", 2, {99, 99}, 20, 0, 100, {80, 100}},
    {"none", 0, {0}, 20, 0, 100, {0}},
};

START_TEST(test_spread)
{
    double at[5];
    memcpy(at, spreads[_i].at, sizeof at);
    rs_spread(at, spreads[_i].n, spreads[_i].gap, spreads[_i].lo, spreads[_i].hi);
    for (int k = 0; k < spreads[_i].n; k++)
        ck_assert_msg(fabs(at[k] - spreads[_i].want[k]) < 1e-9, "%s: place %d is %g",
                      spreads[_i].what, k, at[k]);
}
END_TEST

START_TEST(test_ticks)
{
    const char *unit;
    struct ticks t = rs_ticks_time(-300, 1200, 14, &unit);
    ck_assert_str_eq(unit, "minutes");
    ck_assert_int_eq(t.n, 13); /* every 2 minutes from -4 to 20 */
    ck_assert_str_eq(t.at[0].label, "-4");
    ck_assert_str_eq(t.at[2].label, "0");
    ck_assert_double_eq_tol(t.at[12].at, 1200, 1e-9);
    t = rs_ticks_days(0, 200000, 12);
    ck_assert_str_eq(t.at[0].label, "0 h");
    ck_assert_str_eq(t.at[4].label, "1 d");
    ck_assert_str_eq(t.at[5].label, "1 d 6 h");
    t = rs_ticks_linear(0, 0.022, 5, 100, " %");
    ck_assert_int_eq(t.n, 5);
    ck_assert_str_eq(t.at[1].label, "0.5 %");
    t = rs_ticks_ratio((struct axis){RS_SCALE_ROOT, 0, 0.025}, 150);
    ck_assert_str_eq(t.at[0].label, "0 %");
    ck_assert_str_eq(t.at[t.n - 1].label, "2 %");
    t = rs_ticks_log((struct axis){RS_SCALE_LOG, 0.04, 3}, 8);
    ck_assert_int_eq(t.n, 6); /* 0.05 0.1 0.2 0.5 1 2 */
    ck_assert_str_eq(t.at[0].label, "0.05");
    t = rs_ticks_duration_log((struct axis){RS_SCALE_LOG, 20, 7200}, 400);
    ck_assert_str_eq(t.at[0].label, "30 s");
    ck_assert_str_eq(t.at[t.n - 1].label, "2 h");
}
END_TEST

START_TEST(test_scales)
{
    struct panel p = {
        .box = {100, 200, 1000, 100}, .x = {RS_SCALE_LINEAR, 0, 10}, .y = {RS_SCALE_LOG, 0.01, 1}};
    ck_assert_double_eq_tol(rs_panel_x(&p, 5), 600, 1e-9);
    ck_assert_double_eq_tol(rs_panel_x(&p, -5), 100, 1e-9); /* held inside */
    ck_assert_double_eq_tol(rs_panel_y(&p, 0.1), 250, 1e-9);
    ck_assert_double_eq_tol(rs_panel_y(&p, 0), 300, 1e-9); /* zero on a log axis */
    ck_assert(isnan(rs_panel_y(&p, NAN)));
    p.y = (struct axis){RS_SCALE_ROOT, 0, 0.04};
    ck_assert_double_eq_tol(rs_panel_y(&p, 0.01), 250, 1e-9);
    ck_assert(isnan(rs_panel_y(&p, NAN)));
}
END_TEST

START_TEST(test_text_fit)
{
    const struct text_style style = {.size = 20};
    char buf[64];
    ck_assert_str_eq(rs_text_fit(buf, sizeof buf, "short", &style, 200), "short");
    const char *cut = rs_text_fit(buf, sizeof buf, "PERSISTENCE_PRISMA_READS", &style, 120);
    ck_assert_ptr_nonnull(strstr(cut, "…"));
    ck_assert_double_le(rs_label_width(cut, &style), 120);
    /* Never in the middle of a character: 'é' has two bytes. */
    cut = rs_text_fit(buf, sizeof buf, "ééééééééé", &style, 70);
    ck_assert_str_eq(cut, "éé…");
    /* The widths are those of DejaVu Sans: 'M' is 863, 'i' 278 thousandths of the em. */
    ck_assert_double_eq_tol(rs_label_width("Mi", &style), 17.26 + 6, 1e-9);
}
END_TEST

/* The check that the other tests trust must see what is wrong. */
static const struct {
    const char *xml;
    bool ok;
} xmls[] = {
    {"<?xml version=\"1.0\"?>\n<a b=\"c\"><d/>text &amp; more</a>\n", true},
    {"<a><b></a></b>", false},
    {"<a>", false},
    {"<a/><b>x</b>y", false},
    {"<a>&nonsense;</a>", false},
    {"<a b=c></a>", false},
    {"<a b=\"<\"></a>", false},
};

START_TEST(test_well_formed)
{
    char why[128];
    ck_assert_msg(well_formed(xmls[_i].xml, why, sizeof why) == xmls[_i].ok, "%s", xmls[_i].xml);
}
END_TEST

static const struct {
    double value;
    const char *unit;
    double level;
} levels[] = {
    {0.01, "ratio", 0.01}, {0.99, "ratio", 0.01}, /* of successes */
    {0.2, "seconds", 0.2}, {0.7, "seconds", 0.7}, {3, "number", 3},
};

START_TEST(test_threshold_level)
{
    struct threshold t = {.value = levels[_i].value};
    snprintf(t.unit, sizeof t.unit, "%s", levels[_i].unit);
    ck_assert_double_eq_tol(rs_threshold_level(&t), levels[_i].level, 1e-12);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("layout");
    TCase *tc = tcase_create("layout");
    tcase_add_unchecked_fixture(tc, make_db_prepare, make_db_forget);
    tcase_add_loop_test(tc, test_no_overlap, 0, sizeof kinds / sizeof *kinds);
    tcase_add_test(tc, test_small_scenario);
    tcase_add_loop_test(tc, test_spread, 0, sizeof spreads / sizeof *spreads);
    tcase_add_test(tc, test_ticks);
    tcase_add_test(tc, test_scales);
    tcase_add_test(tc, test_text_fit);
    tcase_add_loop_test(tc, test_well_formed, 0, sizeof xmls / sizeof *xmls);
    tcase_add_loop_test(tc, test_threshold_level, 0, sizeof levels / sizeof *levels);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int n_failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return n_failed ? 1 : 0;
}
