/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pictures of a retrospective: where their texts stand, what they say, which are made, which files are refused. */
#include <check.h>
#include <math.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check_texts.h"
#include "made_told.h"
#include "make_db.h"
#include "make_retro.h"
#include "pictures.h"
#include "plots/plots.h"
#include "retro_page.h"
#include "retro_past.h"
#include "sim/clock.h"
#include "verify/retro_report.h"
#include "verify/store.h"
#include "well_formed.h"

static char dir[64], db[128];

static void make_room(void)
{
    snprintf(dir, sizeof dir, "/tmp/rs-retro-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(db, sizeof db, "%s/retro.db", dir);
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
    char *why = NULL;
    ck_assert_int_eq(sqlite3_open(db, &handle), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(handle, sql, NULL, NULL, &why) == SQLITE_OK, "%s: %s", sql, why);
    sqlite3_close(handle);
}

static void open_past(struct past *p)
{
    struct err err = {0};
    ck_assert_msg(rs_past_open(p, db, &err) == 0, "%s", err.text);
}

/* Valgrind looks for errors of memory: it gets a few of the rows. */
static bool left_out(int row)
{
    return getenv("RS_UNDER_VALGRIND") != NULL && row % 8 != 1;
}

/* ---- layout ---------------------------------------------------------------------------------------------------------- */

enum { TRAJECTORY, EPISODE, RESPONSE, KNOWN, WHAT_IF, N_PICTURE };
static void (*const pictures[N_PICTURE])(struct canvas *c,
                                         const struct past *p,
                                         const struct past_episode *episode) = {
    rs_picture_retro_trajectory, rs_picture_retro_episode, rs_picture_retro_response,
    rs_picture_retro_known, rs_picture_retro_what_if};

static const char *const picture_name[N_PICTURE] = {"trajectory", "episode", "response", "known",
                                                    "what-if"};

/* All texts of a picture, a line each (owned). */
static char *draw(int picture, const struct past *p, const struct past_episode *episode)
{
    struct canvas *c;
    struct err err = {0};
    int n;
    size_t size;
    char *all = NULL;
    ck_assert_int_eq(rs_canvas_new(&c, NULL, NULL, &err), 0);
    pictures[picture](c, p, episode);
    check_texts(c, picture_name[picture]);
    const struct set_text *t = rs_canvas_texts(c, &n);
    FILE *to = open_memstream(&all, &size);
    for (int i = 0; i < n; i++)
        fprintf(to, "%s\n", t[i].text);
    fclose(to);
    rs_canvas_free(c);
    return all;
}

/* Nothing off the page, nothing on top of another; with nothing to show too. */
START_TEST(test_no_overlap)
{
    struct past p;
    if (left_out(_i))
        return;
    make_retro(db, (enum past_fixture)_i);
    open_past(&p);
    for (int i = 0; i < N_PICTURE; i++) {
        int n = i == EPISODE ? (p.n_episode < 4 ? p.n_episode : 4) : 1;
        for (int k = 0; k < n; k++)
            free(draw(i, &p, i == EPISODE ? &p.episode[k] : NULL));
    }
    rs_past_close(&p);
}
END_TEST

/* ---- what is said ---------------------------------------------------------------------------------------------------- */

static const struct {
    const char *what;
    enum past_fixture kind;
    const char *sql; /* changes the record first */
    int picture;
    const char *says, *not ; /* NULL = nothing more */
} told[] = {
    {"where the axis begins", RETRO_ONE, "", TRAJECTORY, "the axis begins on 2025-10-07", NULL},
    {"whose clock it is", RETRO_ONE, "", TRAJECTORY, "2 sources, on the clock of prometheus", NULL},
    {"the verdict of an episode", RETRO_ONE, "", TRAJECTORY,
     "portal-outage: kept, 3m 28s of 5m 00s", NULL},
    {"without a promise only the time", RETRO_ONE, "UPDATE episode SET sla = NULL", TRAJECTORY,
     "\nportal-outage: 3m 28s\n", "kept"},
    {"a time that is not known", RETRO_ONE, "DELETE FROM leg", TRAJECTORY,
     "kept, an unknown part of 5m 00s", NULL},
    {"each alert of each rule set", RETRO_ONE, "", TRAJECTORY, "PortalSLA · tighter", NULL},
    {"no alarms, no key of alarms", RETRO_ONE, "DELETE FROM alarm", TRAJECTORY, "known fault",
     "alert fires"},
    {"too many rows of alarms", RETRO_ONE,
     "INSERT INTO alarm SELECT 1, 100 + value, NULL, 'A' || value, '', NULL, 1759840000, NULL FROM "
     "(SELECT row_number() OVER () AS value FROM point LIMIT 30)",
     TRAJECTORY, "and 12 more rows", NULL},
    {"errors and slow answers share a panel", RETRO_ONE, "", TRAJECTORY, "\nportal-0\n",
     "\nportal-0 errors\n"},
    {"signals that have no place", RETRO_ONE,
     "INSERT INTO signal SELECT 100 + value, 's' || value, '1/s', 'count', NULL FROM "
     "(SELECT row_number() OVER () AS value FROM point LIMIT 12); INSERT INTO point SELECT 100 + "
     "value, 1759840000, 1759840060, 60, 1, "
     "0.1, NULL, NULL FROM (SELECT row_number() OVER () AS value FROM point LIMIT 12)",
     TRAJECTORY, "5 more signals have no place here", NULL},
    {"what is always 0 needs no panel", RETRO_ONE,
     "UPDATE point SET level = 0, k = 0 WHERE signal = 1", TRAJECTORY,
     "always 0: settlement mismatches", "\nsettlement mismatches\n"},
    {"but is shown where it shows an episode", RETRO_ONE,
     "UPDATE point SET level = 0, k = 0 WHERE signal = 1; UPDATE episode SET signal = 1",
     TRAJECTORY, "\nsettlement mismatches\n", "always 0"},
    {"a promise and how long it took", RETRO_ONE, "", EPISODE,
     "\ntime it took\n3m 28s (2m 53s to 4m 43s)\n", NULL},
    {"no change in the window, no key of it", RETRO_ONE, "DELETE FROM known; DELETE FROM change",
     EPISODE, "5m 00s promised", "change found"},
    {"no stage is known", RETRO_ONE, "UPDATE stage SET lo = NULL, best = NULL, hi = NULL",
     TRAJECTORY, "no stage is known to have been entered", NULL},
    {"no flag is known", RETRO_ONE, "DELETE FROM flag_step", TRAJECTORY,
     "no flag is known to have been set", NULL},
    {"nothing at all", RETRO_EMPTY, "", TRAJECTORY, "no stage is known", NULL},
    {"an interval that is even", RETRO_ONE,
     "UPDATE instant SET best = 1759842144, lo = best - 15, hi = best + 15; UPDATE instant SET lo "
     "= "
     "best - 15, hi = best + 15",
     EPISODE, "13:02:24 ± 15.0s", NULL},
    {"one that is not", RETRO_ONE,
     "UPDATE instant SET best = 1759842144; UPDATE instant SET lo = best - 4, hi = best + 90",
     EPISODE, "13:02:24 −4.0s +1m 30s", NULL},
    {"an instant known to the point", RETRO_ONE,
     "UPDATE instant SET best = 1759842144, lo = 1759842144, hi = 1759842144", EPISODE,
     "\n13:02:24\n", "±"},
    {"one that is open to a side", RETRO_AWKWARD, "", EPISODE, "−∞ +∞", NULL},
    {"what is not known", RETRO_AWKWARD, "", EPISODE, "\nnot known\n", NULL},
    {"what did not happen", RETRO_AWKWARD, "", EPISODE, "\ndid not happen\n", NULL},
    {"the promise", RETRO_ONE, "", EPISODE,
     "promised within 5m 00s: kept, it took 3m 28s (2m 53s to 4m 43s)", NULL},
    {"no promise", RETRO_ONE, "UPDATE episode SET sla = NULL", EPISODE, "no time was promised",
     "5m 00s promised"},
    {"times without dates", RETRO_BARE, "", EPISODE, "since the evidence's zero", "UTC"},
    {"no series around it", RETRO_BARE, "", EPISODE, "no series was recorded around this episode",
     "change found"},
    {"what is far off does not decide the axis", RETRO_ONE,
     "UPDATE instant SET best = best + 90000, lo = lo + 90000, hi = hi + 90000 WHERE instant = "
     "'recovered'",
     EPISODE, "→", NULL},
    {"no instants", RETRO_ONE, "DELETE FROM instant", EPISODE,
     "no instant of this episode is known", NULL},
    {"times that are not over", RETRO_ONE, "", RESPONSE,
     "n = 24, of them 1 not over when the evidence ends", NULL},
    {"what was assumed", RETRO_ONE, "", RESPONSE,
     "median 1m 15s (1m 00s to 1m 38s); assumed 2m 00s", NULL},
    {"nothing was assumed", RETRO_ONE, "UPDATE fit_curve SET assumed = NULL", RESPONSE,
     "95 % DKW band", "assumed so far"},
    {"short times do not stretch the axis", RETRO_ONE,
     "UPDATE fit_duration SET low = 0, best = 0, high = 60 WHERE fit = 0; UPDATE fit_curve SET x = "
     "x * 1e-6; DELETE FROM fit_duration WHERE fit = 1",
     RESPONSE, "\n1 s\n", "\n0.001"},
    {"that it does not fit", RETRO_ONE, "", RESPONSE, "p = 0.004, does not fit", NULL},
    {"that it was not tested", RETRO_ONE, "UPDATE fit SET p_value = NULL", RESPONSE,
     "how well it fits was not tested", "p ="},
    {"why it was not fitted", RETRO_AWKWARD, "", RESPONSE, "not fitted: two of the times", NULL},
    {"no fits", RETRO_BARE, "", RESPONSE, "no distribution of times was fitted", "DKW"},
    {"how many were found", RETRO_MANY, "", KNOWN,
     "17 of 20 found; half of them within 7.8s; the interval holds the known time of 11", NULL},
    {"that one was not found", RETRO_MANY, "", KNOWN, "\nnot found\n", NULL},
    {"none found", RETRO_ONE, "UPDATE known SET change = NULL, error = NULL", KNOWN, "0 of 1 found",
     "half"},
    {"no known faults", RETRO_BARE, "", KNOWN, "the evidence names no known faults", NULL},
    {"very many known faults", RETRO_ONE,
     "INSERT INTO known SELECT 100 + value, 'k', 1759840000 + value, NULL, 1, value / 9.0 FROM "
     "(SELECT row_number() OVER () AS value FROM point LIMIT 199)",
     KNOWN,
     "200 of 200 found; half of them within 11.0s; the interval holds the known time of 200; "
     "the first 160 are shown",
     NULL},
    {"users hurt", RETRO_FULL, "", WHAT_IF, "users hurt (log scale)", NULL},
    {"nobody knows of users", RETRO_ONE, "", WHAT_IF, "failed requests (log scale)", "users hurt"},
    {"why a question has no answer", RETRO_FULL, "", WHAT_IF,
     "cannot be answered: the series of portal-1 end", NULL},
    {"one of two cannot be told", RETRO_FULL,
     "UPDATE outcome SET users_hurt = NULL WHERE counterfactual = 1", WHAT_IF, "cannot be told",
     NULL},
    {"no answers", RETRO_BARE, "", WHAT_IF, "no question could be answered", NULL},
};

START_TEST(test_told)
{
    struct past p;
    if (left_out(_i))
        return;
    make_retro(db, told[_i].kind);
    change(told[_i].sql);
    open_past(&p);
    char *all = draw(told[_i].picture, &p, told[_i].picture == EPISODE ? &p.episode[0] : NULL);
    ck_assert_msg(strstr(all, told[_i].says) != NULL, "%s: '%s' is missing in\n%s", told[_i].what,
                  told[_i].says, all);
    ck_assert_msg(!told[_i].not || !strstr(all, told[_i].not ), "%s: it says '%s'", told[_i].what,
                  told[_i].not );
    free(all);
    rs_past_close(&p);
}
END_TEST

/* A record as rollsim writes it holds what is read here, in the words that are looked for. */
START_TEST(test_recorded)
{
    struct made_retro m;
    struct past p;
    struct err err = {0};
    (_i == 0 ? made_retro : made_retro_empty)(&m);
    ck_assert_msg(rs_retro_record(&m.retro, db, false, &err) == 0, "%s", err.text);
    open_past(&p);
    const struct retro_rebuilt *b = &m.retro.rebuilt;
    ck_assert_int_eq(p.n_source, m.evidence.n_source);
    ck_assert_int_eq(p.n_signal, b->n_signal);
    ck_assert_int_eq(p.n_change, b->n_change);
    ck_assert_int_eq(p.n_episode, b->n_episode);
    ck_assert_int_eq(p.n_question, m.retro.n_counterfactual);
    ck_assert_int_eq(p.n_known, m.evidence.n_known);
    for (int i = 0; i < p.n_signal; i++) {
        ck_assert_str_eq(p.signal[i].name, b->signal[i].name);
        ck_assert_int_eq((int)p.signal[i].kind, (int)b->signal[i].kind);
    }
    for (int i = 0; i < p.n_episode; i++) {
        const struct past_mark *mark = rs_past_mark(&p.episode[i], "detected");
        const struct retro_instant *at = &b->episode[i].at[RS_CLOCK_DETECTED];
        ck_assert_str_eq(p.episode[i].verdict, rs_retro_sla_name(b->episode[i].sla));
        ck_assert(!mark == (at->how == RS_HOW_UNKNOWN || at->never));
        if (mark) {
            ck_assert_double_eq_tol(mark->at.best, rs_s_from_ns(at->best_ns), 1e-6);
            ck_assert_str_eq(rs_past_how_words(mark->how),
                             at->how == RS_HOW_COMPUTED ? "computed from the rules" : "recorded");
        }
        free(draw(EPISODE, &p, &p.episode[i]));
    }
    for (int i = 0; i < N_PICTURE; i++) {
        if (i != EPISODE)
            free(draw(i, &p, NULL));
    }
    ck_assert(_i != 0 || (rs_past_has_trajectory(&p) && rs_past_has_what_if(&p)));
    ck_assert(_i == 0 || !(rs_past_has_trajectory(&p) || rs_past_has_what_if(&p)));
    rs_past_close(&p);
    made_retro_clear(&m);
}
END_TEST

/* ---- files ----------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *what;
    enum past_fixture kind;
    const char *sql, *only;
    int n;
    const char *file; /* one of them */
} made[] = {
    {"all", RETRO_FULL, "", NULL, 7, "retro-portal-outage-3"},
    {"no fits", RETRO_ONE, "DELETE FROM fit_duration", NULL, 4, "retro-known"},
    {"no known faults", RETRO_ONE, "DELETE FROM known", NULL, 4, "retro-what-if"},
    {"all questions are refused", RETRO_ONE, "UPDATE outcome SET refused = 'no'", NULL, 4,
     "retro-trajectory"},
    {"episodes alone", RETRO_BARE,
     "DELETE FROM episode WHERE episode > 2; DELETE FROM instant "
     "WHERE episode > 2; DELETE FROM leg WHERE episode > 2",
     NULL, 2, "retro-portal-outage-2"},
    {"nothing", RETRO_EMPTY, "", NULL, 0, NULL},
    {"by name, though there is nothing", RETRO_EMPTY, "", "retro-known", 1, "retro-known"},
    {"two episodes of one name", RETRO_FULL, "UPDATE episode SET name = 'known'",
     "retro-known-episode-3", 1, "retro-known-episode-3"},
};

static void count_one(void *ctx, const char *path)
{
    ck_assert_int_eq(access(path, F_OK), 0);
    ++*(int *)ctx;
}

/* rollsim plot finds out by itself what it was given. */
START_TEST(test_made)
{
    char path[160];
    int n = 0;
    struct err err = {0};
    struct plot_options opt = {
        .out_dir = dir, .format = "svg", .only = made[_i].only, .wrote = count_one, .ctx = &n};
    if (left_out(_i))
        return;
    make_retro(db, made[_i].kind);
    change(made[_i].sql);
    ck_assert_msg(rs_plot_record(db, &opt, &err) == 0, "%s: %s", made[_i].what, err.text);
    ck_assert_msg(n == made[_i].n, "%s: %d pictures", made[_i].what, n);
    snprintf(path, sizeof path, "%s/%s.svg", dir, made[_i].file ? made[_i].file : "..");
    ck_assert_msg(!made[_i].file || access(path, F_OK) == 0, "%s: no %s", made[_i].what, path);
}
END_TEST

START_TEST(test_files)
{
    char path[160], why[128];
    struct err err = {0};
    struct plot_options opt = {.out_dir = dir, .format = "svg", .only = "retro-response"};
    make_retro(db, RETRO_AWKWARD);
    ck_assert_msg(rs_plot_record(db, &opt, &err) == 0, "%s", err.text);
    snprintf(path, sizeof path, "%s/retro-response.svg", dir);
    FILE *f = fopen(path, "rb");
    ck_assert_ptr_nonnull(f);
    char *svg = calloc(1, 1 << 20);
    ck_assert_uint_gt(fread(svg, 1, (1 << 20) - 1, f), 10000);
    fclose(f);
    ck_assert_msg(well_formed(svg, why, sizeof why), "%s", why);
    ck_assert_ptr_nonnull(strstr(svg, "95 % DKW band"));
    free(svg);
    opt.format = "png";
    opt.only = "retro-what-if";
    ck_assert_msg(rs_plot_record(db, &opt, &err) == 0, "%s", err.text);
}
END_TEST

static const struct {
    const char *what, *sql, *only, *says;
    enum rs_errc code;
} refused[] = {
    {"another version", "PRAGMA user_version = 9", NULL,
     "schema version 9; this rollsim reads retrospectives of version 1", RS_E_UNSUPPORTED},
    {"a table missing", "DROP TABLE known", NULL, "no such table: known", RS_E_USAGE},
    {"no such picture", "", "retro-knwon", "did you mean 'retro-known'?", RS_E_USAGE},
    {"what there is", "", "x",
     "this retrospective has no picture 'x'; it has retro-trajectory, retro-portal-outage",
     RS_E_USAGE},
    {"a point of no signal", "INSERT INTO point VALUES (99, 1, 2, 1, 1, 1, 1, 1)", NULL, "damaged",
     RS_E_USAGE},
    {"a change of no signal", "UPDATE change SET signal = 99", NULL, "damaged", RS_E_USAGE},
    {"an instant of no episode", "UPDATE instant SET episode = episode + 9", NULL, "damaged",
     RS_E_USAGE},
    {"an alarm of no question", "UPDATE alarm SET counterfactual = counterfactual + 90", NULL,
     "damaged", RS_E_USAGE},
    {"an outcome of no episode", "UPDATE outcome SET episode = episode + 9", NULL, "damaged",
     RS_E_USAGE},
    {"a flag on for more than all", "UPDATE flag_step SET state = 'on', percent = 101", NULL,
     "damaged", RS_E_USAGE},
    {"a known fault whose change is not there", "UPDATE known SET change = 77", NULL, "damaged",
     RS_E_USAGE},
    {"a time that ends before it begins", "UPDATE fit_duration SET low = 9e9, high = 1", NULL,
     "damaged", RS_E_USAGE},
};

START_TEST(test_refused)
{
    int n = 0;
    struct err err = {0};
    struct plot_options opt = {
        .out_dir = dir, .format = "svg", .only = refused[_i].only, .wrote = count_one, .ctx = &n};
    if (left_out(_i))
        return;
    make_retro(db, RETRO_ONE);
    change(refused[_i].sql);
    ck_assert_msg(rs_plot_record(db, &opt, &err) == -1, "%s", refused[_i].what);
    ck_assert_msg(strstr(err.text, refused[_i].says) != NULL, "%s: %s", refused[_i].what, err.text);
    ck_assert_int_eq(err.code, refused[_i].code);
    ck_assert_int_eq(n, 0);
}
END_TEST

/* Each of the three kinds is refused where another is wanted, and told what it is. */
START_TEST(test_kinds)
{
    struct err err = {0}, err2 = {0};
    make_retro(db, RETRO_EMPTY);
    ck_assert(rs_store_is_retro(db) && !rs_store_is_search(db));
    ck_assert_int_eq(rs_store_check_retro(db, &err), 0);
    ck_assert_int_eq(rs_store_check(db, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "is the record of a retrospective (rollsim retro)"));
    make_db(db, MADE_EMPTY);
    ck_assert(!rs_store_is_retro(db));
    ck_assert_int_eq(rs_store_check_retro(db, &err2), -1);
    ck_assert_ptr_nonnull(strstr(err2.text, "is not the record of a retrospective"));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("retro_pictures");
    TCase *tc = tcase_create("retro_pictures");
    tcase_add_checked_fixture(tc, make_room, clear_room);
    tcase_add_loop_test(tc, test_no_overlap, 0, RETRO_N);
    tcase_add_loop_test(tc, test_told, 0, sizeof told / sizeof *told);
    tcase_add_loop_test(tc, test_recorded, 0, 2);
    tcase_add_loop_test(tc, test_made, 0, sizeof made / sizeof *made);
    tcase_add_test(tc, test_files);
    tcase_add_loop_test(tc, test_refused, 0, sizeof refused / sizeof *refused);
    tcase_add_test(tc, test_kinds);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int n_failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return n_failed ? 1 : 0;
}
