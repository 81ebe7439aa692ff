/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pictures of a search: where their texts stand, what they say, which files are refused. */
#include <check.h>
#include <math.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check_texts.h"
#include "gauge.h"
#include "made_tune.h"
#include "make_db.h"
#include "make_search.h"
#include "pictures.h"
#include "plots/plots.h"
#include "search.h"
#include "verify/tune_report.h"
#include "well_formed.h"

static char dir[64], db[128];

static void make_room(void)
{
    snprintf(dir, sizeof dir, "/tmp/rs-search-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(db, sizeof db, "%s/tune.db", dir);
}

static void clear_room(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", dir);
    ck_assert_int_eq(system(command), 0);
}

static void change(const char *sql)
{
    sqlite3 *handle = NULL;
    ck_assert_int_eq(sqlite3_open(db, &handle), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(handle);
}

static void open_search(struct search *s)
{
    struct err err = {0};
    ck_assert_msg(rs_search_open(s, db, &err) == 0, "%s", err.text);
}

/* Valgrind looks for errors of memory: it gets a few of the rows. */
static bool left_out(int row)
{
    return getenv("RS_UNDER_VALGRIND") != NULL && row % 8 != 4;
}

/* ---- layout ---------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    void (*draw)(struct canvas *c, const struct search *s, const struct named *fault);
    bool per_fault;
} pictures[] = {
    {"pareto", rs_picture_pareto, false},
    {"sensitivity", rs_picture_sensitivity, false},
    {"detection", rs_picture_detection, true},
};
enum { N_PICTURE = sizeof pictures / sizeof *pictures };

/* All texts of a picture, a line each (owned). */
static char *texts_of(const struct canvas *c)
{
    int n;
    size_t size;
    char *all = NULL;
    const struct set_text *t = rs_canvas_texts(c, &n);
    FILE *to = open_memstream(&all, &size);
    for (int i = 0; i < n; i++)
        fprintf(to, "%s\n", t[i].text);
    fclose(to);
    return all;
}

static char *draw(int picture, const struct search *s, const struct named *fault)
{
    struct canvas *c;
    struct err err = {0};
    ck_assert_int_eq(rs_canvas_new(&c, NULL, NULL, &err), 0);
    pictures[picture].draw(c, s, fault);
    check_texts(c, pictures[picture].name);
    char *all = texts_of(c);
    rs_canvas_free(c);
    return all;
}

/* Nothing off the page, nothing on top of another. */
START_TEST(test_no_overlap)
{
    struct search s;
    if (left_out(_i + 4)) /* SEARCH_FOUR */
        return;
    make_search(db, (enum made_search)_i);
    open_search(&s);
    for (int i = 0; i < N_PICTURE; i++) {
        for (int k = 0; k < (pictures[i].per_fault ? s.n_fault : 1); k++)
            free(draw(i, &s, pictures[i].per_fault ? &s.fault[k] : NULL));
    }
    rs_search_close(&s);
}
END_TEST

/* ---- what is said ---------------------------------------------------------------------------------------------------- */

static const struct {
    const char *what;
    enum made_search kind;
    const char *sql; /* changes the record first */
    int picture;
    const char *says, *not ; /* NULL = nothing more */
} told[] = {
    {"counts of the points", SEARCH_FOUR, "", 0, "106 not shown to be beaten", NULL},
    {"settings that are illegal", SEARCH_FOUR, "", 0, "8 make no legal scenario", NULL},
    {"none is illegal", SEARCH_THREE, "", 0, "15 break a claim", "legal scenario"},
    {"zero has a place on a log axis", SEARCH_TWO, "", 0, "\n0 %\n", NULL},
    {"and none where nothing is zero", SEARCH_TWO,
     "UPDATE estimate SET value = max(value, 0.001), low = max(low, 0.001)", 0, "log scale",
     "\n0 %\n"},
    {"what never happens", SEARCH_THREE, "", 0, "\nnever\n", NULL},
    {"and where it always does", SEARCH_TWO, "", 0, "alerts per week", "\nnever\n"},
    {"what was chosen", SEARCH_TWO, "", 0, "portal-threshold\n    0.99 → 0.98\n", NULL},
    {"that today's was chosen", SEARCH_FIVE, "", 0, "today's setting was chosen", "→"},
    {"the mark of both", SEARCH_FIVE, "", 0, "today = chosen", NULL},
    {"both labels where they are alike", SEARCH_TWO,
     "UPDATE estimate SET value = 0.2, low = 0.1, high = 0.3 WHERE point < 2", 0,
     "\ntoday\nchosen\n", NULL},
    {"that none was chosen", SEARCH_TWO, "UPDATE point SET chosen = 0", 0, "no setting was chosen",
     "\nchosen\n"},
    {"objectives that are not shown", SEARCH_FIVE, "", 0, "the first 4 of 5 objectives", NULL},
    {"a single objective", SEARCH_ONE, "", 0, "nothing to weigh", NULL},
    {"a search that was cut short", SEARCH_ONE, "", 0, "(cut short)", NULL},
    {"a whole one", SEARCH_TWO, "", 0, "320 of 10,800 settings looked at · seed 7", "cut short"},
    {"the units", SEARCH_THREE, "", 0, "(alerts/w, log scale)", NULL},
    {"points without numbers", SEARCH_TWO, "UPDATE estimate SET value = NULL", 0,
     "no setting has numbers for both", NULL},
    {"both values of a parameter", SEARCH_TWO, "", 1, "today 30m, chosen 5m", NULL},
    {"a value that stays", SEARCH_TWO, "", 1, "today and chosen polling", NULL},
    {"words as values", SEARCH_TWO, "", 1, "\nstreaming\n", NULL},
    {"both series", SEARCH_TWO, "", 1, "the others as they are today", NULL},
    {"one series", SEARCH_TWO, "DELETE FROM sensitivity WHERE around = 'today'", 1,
     "the others as in the chosen setting", "the others as they are today"},
    {"a parameter that was not moved", SEARCH_TWO, "DELETE FROM sensitivity WHERE param = 3", 1,
     "it was not moved", NULL},
    {"the deadline", SEARCH_TWO, "", 2, "portal-errors: probability of detection within 30m", NULL},
    {"replicas", SEARCH_TWO, "", 2, "100–400 replicas a cell", NULL},
    {"per cent of a cell", SEARCH_TWO, "UPDATE map SET n = 400, n_detected = 148", 2, "\n37 %\n",
     "\n36 %\n"},
    {"nearly all is not all", SEARCH_TWO, "UPDATE map SET n = 400, n_detected = 399", 2,
     "\n99.8 %\n", "\n100 %\n\n"},
    {"few replicas give a range", SEARCH_TWO,
     "UPDATE map SET n = 5, n_detected = 4, low = 0.08, high = 0.999", 2, "\n8–100 %\n",
     "\n80 %\n"},
    {"a fault that never began", SEARCH_TWO,
     "UPDATE map SET n = 0, n_detected = 0, low = 0, high = 1", 2, "\nno data\n", NULL},
    {"the traffic", SEARCH_TWO, "", 2, "× 1/16: 1.9/s", NULL},
    {"a map of today's alone", SEARCH_FIVE, "", 2, "today's setting was chosen", NULL},
};

START_TEST(test_told)
{
    struct search s;
    if (left_out(_i))
        return;
    make_search(db, told[_i].kind);
    change(told[_i].sql);
    open_search(&s);
    int i = told[_i].picture;
    char *all = draw(i, &s, pictures[i].per_fault ? &s.fault[0] : NULL);
    ck_assert_msg(strstr(all, told[_i].says) != NULL, "%s: '%s' is missing in\n%s", told[_i].what,
                  told[_i].says, all);
    ck_assert_msg(!told[_i].not || !strstr(all, told[_i].not ), "%s: it says '%s'", told[_i].what,
                  told[_i].not );
    free(all);
    rs_search_close(&s);
}
END_TEST

/* A record as rollsim writes it holds what is read here, in the words that are looked for. */
START_TEST(test_recorded)
{
    struct tune_result r;
    struct search s;
    struct err err = {0};
    made_tune(&r, false);
    ck_assert_msg(rs_tune_record(&r, db, false, &err) == 0, "%s", err.text);
    open_search(&s);
    ck_assert_int_eq(s.n_param, r.plan->n_param);
    ck_assert_int_eq(s.n_objective, r.plan->n_objective);
    ck_assert_int_eq(s.n_point, r.n_point);
    ck_assert_int_eq(s.n_step, r.n_step * r.plan->n_objective);
    ck_assert(rs_search_today(&s) == &s.point[r.today]);
    ck_assert(rs_search_chosen(&s) == &s.point[r.chosen]);
    for (int i = 0; i < s.n_point; i++)
        ck_assert_int_eq((int)s.point[i].state, (int)r.point[i].state);
    ck_assert_int_eq(s.n_fault, r.n_map);
    ck_assert_int_gt(s.n_fault, 0);
    char *pareto = draw(0, &s, NULL), *map = draw(2, &s, &s.fault[0]);
    free(draw(1, &s, NULL));
    ck_assert_ptr_nonnull(strstr(pareto, "today → chosen"));
    ck_assert_ptr_nonnull(strstr(map, r.scenario->fault[r.map[0].fault].name));
    free(pareto);
    free(map);
    rs_search_close(&s);
    made_tune_clear(&r);
}
END_TEST

/* ---- axes ------------------------------------------------------------------------------------------------------------ */

static const struct {
    const char *what, *stat, *unit;
    double v[4]; /* NaN: no more */
    enum scale scale;
    bool zero, never;
} axes[] = {
    {"near each other: linear", "mean", "s", {60, 90, NAN}, RS_SCALE_LINEAR, false, false},
    {"decades: logarithmic", "mean", "s", {1, 900, NAN}, RS_SCALE_LOG, false, false},
    {"decades and zero", "miss", "", {0, 0.001, 0.2, NAN}, RS_SCALE_LOG, true, false},
    {"zero and one size: linear from 0",
     "miss",
     "",
     {0, 0.1, 0.2, NAN},
     RS_SCALE_LINEAR,
     false,
     false},
    {"never", "quantile", "s", {60, INFINITY, NAN}, RS_SCALE_LINEAR, false, true},
    {"only zero", "miss", "", {0, NAN}, RS_SCALE_LINEAR, false, false},
    {"only never", "quantile", "s", {INFINITY, NAN}, RS_SCALE_LINEAR, false, true},
    {"nothing", "miss", "", {NAN}, RS_SCALE_LINEAR, false, false},
    {"one value", "mean", "users", {7, NAN}, RS_SCALE_LINEAR, false, false},
    {"all of them", "probability", "", {1, 1, NAN}, RS_SCALE_LINEAR, false, false},
};

START_TEST(test_axis)
{
    struct search_objective o = {.name = "x"};
    struct gauge_range r = rs_gauge_range();
    snprintf(o.stat, sizeof o.stat, "%s", axes[_i].stat);
    snprintf(o.unit, sizeof o.unit, "%s", axes[_i].unit);
    for (int i = 0; !isnan(axes[_i].v[i]); i++)
        rs_gauge_see(&r, axes[_i].v[i]);
    struct gauge g = rs_gauge_make(&o, &r);
    ck_assert_msg(g.axis.scale == axes[_i].scale && g.zero == axes[_i].zero &&
                      g.never == axes[_i].never,
                  "%s", axes[_i].what);
    ck_assert_msg(g.axis.lo < g.axis.hi, "%s", axes[_i].what);
    /* Every value has a place of its own inside the box, and larger ones stand further on. */
    const struct rect box = {100, 100, 400, 300};
    double before = 0;
    for (int i = 0; !isnan(axes[_i].v[i]); i++) {
        double x = rs_gauge_x(&g, &box, axes[_i].v[i]), y = rs_gauge_y(&g, &box, axes[_i].v[i]);
        ck_assert_msg(x >= 100 && x <= 500 && y >= 100 && y <= 400, "%s", axes[_i].what);
        ck_assert_msg(i == 0 || axes[_i].v[i] == axes[_i].v[i - 1] || x > before + 1, "%s",
                      axes[_i].what);
        before = x;
    }
}
END_TEST

/* ---- files ----------------------------------------------------------------------------------------------------------- */

static void count_one(void *ctx, const char *path)
{
    ck_assert_int_eq(access(path, F_OK), 0);
    ++*(int *)ctx;
}

/* rollsim plot finds out by itself what it was given. */
START_TEST(test_files)
{
    char path[160], why[128];
    int n = 0;
    struct err err = {0};
    struct plot_options opt = {.out_dir = dir, .format = "svg", .wrote = count_one, .ctx = &n};
    make_search(db, SEARCH_TWO);
    ck_assert_msg(rs_plot_record(db, &opt, &err) == 0, "%s", err.text);
    ck_assert_int_eq(n, 3); /* pareto, sensitivity, detection-portal-errors */
    snprintf(path, sizeof path, "%s/detection-portal-errors.svg", dir);
    FILE *f = fopen(path, "rb");
    ck_assert_ptr_nonnull(f);
    char *svg = calloc(1, 1 << 20);
    ck_assert_uint_gt(fread(svg, 1, (1 << 20) - 1, f), 10000);
    fclose(f);
    ck_assert_msg(well_formed(svg, why, sizeof why), "%s", why);
    ck_assert_ptr_nonnull(strstr(svg, "as the scenario has it"));
    free(svg);
    opt.format = "png";
    opt.only = "pareto";
    ck_assert_msg(rs_plot_record(db, &opt, &err) == 0, "%s", err.text);
    ck_assert_int_eq(n, 4);
    make_db(db, MADE_BARE);
    opt.only = "outcomes";
    ck_assert_msg(rs_plot_record(db, &opt, &err) == 0, "%s", err.text);
    ck_assert_int_eq(n, 5);
}
END_TEST

static const struct {
    const char *what, *sql, *only, *says;
    enum rs_errc code;
} refused[] = {
    {"another version", "PRAGMA user_version = 9", NULL, "schema version 9", RS_E_UNSUPPORTED},
    {"a table missing", "DROP TABLE map", NULL, "no such table: map", RS_E_USAGE},
    {"no such picture", "", "paretto", "did you mean 'pareto'?", RS_E_USAGE},
    {"no such map", "", "detection-x",
     "it has pareto, sensitivity, detection-portal-errors, detection-settlement-inconsistency",
     RS_E_USAGE},
    {"parameters out of order", "UPDATE parameter SET param = 17 WHERE param = 2", NULL, "damaged",
     RS_E_USAGE},
    {"a value too many", "INSERT INTO value VALUES (1, 9, 'x', 1)", NULL, "damaged", RS_E_USAGE},
    {"today's value is none", "UPDATE parameter SET today = 40", NULL, "damaged", RS_E_USAGE},
    {"objectives out of order", "UPDATE objective SET objective = -1 WHERE objective = 0", NULL,
     "damaged", RS_E_USAGE},
    {"a point of no kind", "UPDATE point SET state = 'good' WHERE point = 5", NULL, "damaged",
     RS_E_USAGE},
    {"an estimate of no point", "INSERT INTO estimate VALUES (5000, 0, 1, 1, 1, 1)", NULL,
     "damaged", RS_E_USAGE},
    {"a chosen value that is none", "UPDATE setting SET value = 77 WHERE point = 1", NULL,
     "damaged", RS_E_USAGE},
    {"a step to nowhere",
     "INSERT INTO sensitivity VALUES ('today', 0, 99, 0, 1, 1, 1, NULL, NULL, NULL, 1)", NULL,
     "damaged", RS_E_USAGE},
    {"a cell that cannot be", "UPDATE map SET n_detected = 9999", NULL, "damaged", RS_E_USAGE},
};

START_TEST(test_refused)
{
    int n = 0;
    struct err err = {0};
    struct plot_options opt = {
        .out_dir = dir, .format = "svg", .only = refused[_i].only, .wrote = count_one, .ctx = &n};
    if (left_out(_i))
        return;
    make_search(db, SEARCH_FOUR);
    change(refused[_i].sql);
    ck_assert_msg(rs_plot_record(db, &opt, &err) == -1, "%s", refused[_i].what);
    ck_assert_msg(strstr(err.text, refused[_i].says) != NULL, "%s: %s", refused[_i].what, err.text);
    ck_assert_int_eq(err.code, refused[_i].code);
    ck_assert_int_eq(n, 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("search_pictures");
    TCase *tc = tcase_create("search_pictures");
    tcase_add_checked_fixture(tc, make_room, clear_room);
    tcase_add_loop_test(tc, test_no_overlap, 0, SEARCH_N);
    tcase_add_loop_test(tc, test_told, 0, sizeof told / sizeof *told);
    tcase_add_test(tc, test_recorded);
    tcase_add_loop_test(tc, test_axis, 0, sizeof axes / sizeof *axes);
    tcase_add_test(tc, test_files);
    tcase_add_loop_test(tc, test_refused, 0, sizeof refused / sizeof *refused);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int n_failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return n_failed ? 1 : 0;
}
