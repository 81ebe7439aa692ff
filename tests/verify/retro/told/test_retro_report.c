/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is told of a retrospective: on a terminal, in the evidence log, to machines; and its exit status. */
#include "verify/retro_report.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "made_told.h"
#include "retro/retro_words.h"
#include "sim/clock.h"
#include "text_table.h"

static struct made_retro made;
static const char *const pictures[] = {"pictures/retro-portal-outage.svg", "a b/(x).svg"};
static const struct retro_entry entry = {2, pictures, "retro.db",
                                         "rollsim retro prisma-2025-10.yaml --learn"};
static const struct retro_entry bare = {0};

static void set_up(void)
{
    made_retro(&made);
}

static void tear_down(void)
{
    made_retro_clear(&made);
}

enum form { TEXT, MARKDOWN, JSON };

static char *told(enum form form, int width, bool colour)
{
    char *text = NULL;
    size_t n;
    FILE *to = open_memstream(&text, &n);
    switch (form) {
    case TEXT: rs_retro_print_text(to, &made.retro, width, colour); break;
    case MARKDOWN:
        ck_assert_int_eq(rs_retro_print_markdown(to, &made.retro, width ? &bare : &entry), 0);
        break;
    case JSON: ck_assert_int_eq(rs_retro_print_json(to, &made.retro, 1), 0); break;
    }
    fclose(to);
    return text;
}

/* ---- golden ------------------------------------------------------------------------------------------------------------ */

static const struct {
    enum form form;
    int width;
    bool least;
    const char *file;
} goldens[] = {{TEXT, 120, false, "made_retro.txt"}, {MARKDOWN, 0, false, "made_retro.md"},
               {JSON, 0, false, "made_retro.json"},  {TEXT, 100, true, "made_least.txt"},
               {MARKDOWN, 1, true, "made_least.md"}, {JSON, 0, true, "made_least.json"}};

static char *read_file(const char *path)
{
    char *text = NULL;
    size_t n = 0;
    FILE *from = fopen(path, "rb");
    ck_assert_msg(from != NULL, "no %s", path);
    ssize_t got = getdelim(&text, &n, '\0', from);
    ck_assert_int_gt(got, 0);
    fclose(from);
    return text;
}

/* UPDATE=1 rewrites the files, and the version control shows the change. */
START_TEST(test_golden)
{
    char path[4096];
    if (goldens[_i].least) {
        made_retro_clear(&made);
        made_retro_empty(&made);
    }
    snprintf(path, sizeof path, "%s/tests/verify/retro/told/%s", RS_SOURCE_DIR, goldens[_i].file);
    char *text = told(goldens[_i].form, goldens[_i].width, false);
    const char *update = getenv("UPDATE");
    if (update && *update) {
        FILE *to = fopen(path, "wb");
        ck_assert_ptr_nonnull(to);
        fputs(text, to);
        fclose(to);
    }
    char *wanted = read_file(path);
    ck_assert_msg(strcmp(text, wanted) == 0, "%s is another; UPDATE=1 rewrites it. Now:\n%.2500s",
                  goldens[_i].file, text);
    free(wanted);
    free(text);
}
END_TEST

/* ---- the terminal ------------------------------------------------------------------------------------------------------ */

static const int widths[] = {60, 72, 80, 100, 160, 200};

/* The patch is to be copied, and never broken. */
START_TEST(test_text_fits)
{
    char *text = told(TEXT, widths[_i], false), *save = NULL;
    char *patch = strstr(text, "The patch");
    ck_assert_ptr_nonnull(patch);
    char *notes = strstr(text, "Notes on what was read");
    ck_assert_ptr_nonnull(notes);
    memmove(patch, notes, strlen(notes) + 1);
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        ck_assert_msg(rs_text_width(line) <= widths[_i], "%d: %s", rs_text_width(line), line);
        ck_assert_msg(line[strlen(line) - 1] != ' ', "ends in a space: %s", line);
    }
    free(text);
}
END_TEST

START_TEST(test_colour_has_a_word_beside_it)
{
    char *plain = told(TEXT, 100, false), *painted = told(TEXT, 100, true);
    size_t at = 0;
    ck_assert_ptr_nonnull(strstr(painted, "\033[1;31m✘ broken\033[0m"));
    for (char *p = painted; *p; p++) { /* without its colours it is the plain text */
        if (*p == '\033')
            p = strchr(p, 'm');
        else
            painted[at++] = *p;
    }
    painted[at] = '\0';
    ck_assert_str_eq(plain, painted);
    free(plain);
    free(painted);
}
END_TEST

/* What comes from a file must steer neither the terminal nor the page. */
START_TEST(test_foreign_text_is_tamed)
{
    static const char wild[] = "x\033[31m|y`*\n# z\xff";
    made.evidence.title = made.retro.rebuilt.episode[0].name = wild;
    made.retro.rebuilt.contradiction[0].text = made.retro.conformance.finding[2].text = wild;
    made.retro.conformance.finding[2].mend = wild;
    made.evidence.source[0].name = wild;
    char *text = told(TEXT, 100, false), *note = told(MARKDOWN, 0, false),
         *json = told(JSON, 0, false);
    ck_assert_ptr_null(strchr(text, '\033'));
    ck_assert_ptr_null(strstr(note, "\n# z"));
    ck_assert_ptr_null(strstr(note, "m|y"));
    ck_assert_ptr_nonnull(strstr(note, "m\\|y\\`\\*"));
    json_t *root = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_ptr_nonnull(root);
    json_decref(root);
    free(json);
    free(note);
    free(text);
}
END_TEST

/* ---- other results ----------------------------------------------------------------------------------------------------- */

static void nothing_to_write(void)
{
    *made.retro.learnt->diff = '\0';
}

static void no_check(void)
{
    made.retro.learnt->n_predicted = 0;
    made.retro.learnt->predict_refused = "no fault of the scenario has those marks";
}

static void nothing_learnt(void)
{
    made.retro.learnt = NULL;
}

static void no_scenario(void)
{
    made.evidence.scenario = NULL;
    made.retro.rebuilt.stage = NULL;
    made.retro.conformance = (struct retro_conformance){0};
}

static void undated(void)
{
    for (int i = 0; i < made.evidence.n_source; i++) {
        struct retro_source *s = &made.evidence.source[i];
        if (s->first_ns != RS_NEVER)
            s->first_ns = 3661500 * RS_NS_PER_MS;
    }
    made.retro.rebuilt.episode[0].at[RS_CLOCK_DETECTED].best_ns = 3661500 * RS_NS_PER_MS;
}

static void many_alarms(void)
{
    struct retro_alarm *alarm = RS_ARENA_ARRAY(made.retro.arena, struct retro_alarm, 25);
    for (int i = 0; i < 25; i++)
        alarm[i] = made.retro.counterfactual[1].alarm[i % 3];
    made.retro.counterfactual[1].alarm = alarm;
    made.retro.counterfactual[1].n_alarm = 25;
}

static void many_notes(void)
{
    struct note *note = RS_ARENA_ARRAY(made.retro.arena, struct note, 60);
    for (int i = 0; i < 60; i++)
        note[i] = made.evidence.note[i % 2];
    made.evidence.note = note;
    made.evidence.n_note = 60;
}

static void one_episode(void)
{
    made.retro.rebuilt.n_episode = 1;
}

static void refuse_all(void)
{
    for (int i = 0; i < made.retro.n_counterfactual; i++) {
        for (int k = 0; k < 3; k++)
            made.retro.counterfactual[i].outcome[k].refused = "no series was recorded";
    }
}

static void refuse_for_two_reasons(void)
{
    made.retro.counterfactual[2].outcome[1].refused = "another reason";
}

static void one_mend_for_two(void)
{
    made.retro.conformance.finding[3].mend = made.retro.conformance.finding[2].mend;
}

static void known_to_the_instant(void)
{
    struct retro_instant *at = &made.retro.rebuilt.episode[0].at[RS_CLOCK_DETECTED];
    at->lo_ns = at->hi_ns = at->best_ns = made_at(23, 59, 59);
    made.retro.rebuilt.episode[0].at[RS_CLOCK_COMPLETED].hi_ns = made_at(24, 0, 1);
}

/* Twelve after all episodes, of which the surest is the last; one for the better and one in an episode are none. */
static void unexplained_changes(void)
{
    struct retro_rebuilt *b = &made.retro.rebuilt;
    struct retro_change *change = RS_ARENA_ARRAY(made.retro.arena, struct retro_change, 14);
    for (int i = 0; i < 14; i++) {
        change[i] = b->change[0];
        if (i < 13)
            change[i].lo_ns = change[i].best_ns = change[i].hi_ns = made_at(14, i, 0);
        change[i].log10_odds = i < 12 ? 100 + i : 5000;
    }
    change[12].after = 0.0001;
    b->change = change;
    b->n_change = 14;
    b->n_episode = 1; /* of the others the end is open */
}

static void nothing_explains(void)
{
    made.retro.rebuilt.n_episode = 0;
}

static void held_at_noon(void)
{
    struct retro_mark *mark = RS_ARENA_ARRAY(made.retro.arena, struct retro_mark, 1);
    *mark = made.evidence.mark[0];
    mark->event = RS_EVENT_HELD;
    mark->written_lo_ns = made_at(12, 0, 0);
    mark->written_hi_ns = made_at(12, 1, 0);
    mark->stage = 0;
    mark->subject = NULL;
    mark->note = "errors are up";
    made.evidence.mark = mark;
    made.evidence.n_mark = 1;
}

static void a_zone_wrong(void)
{
    struct retro_offset *o = &made.retro.rebuilt.offset[1];
    o->best_ns = 7200 * RS_NS_PER_S;
    o->lo_ns = 7190 * RS_NS_PER_S;
    o->hi_ns = 7260 * RS_NS_PER_S;
    o->why = "2 of 2 pairs agree; a time zone?";
}

static void declared_without_unit(void)
{
    made.retro.rebuilt.signal[0].unit = "";
}

static void named_twice(void)
{
    made.retro.rebuilt.contradiction[0].text = "portal-outage: notified: two times";
}

static void metrics_alone(void)
{
    for (int i = 0; i < made.evidence.n_source; i++)
        made.evidence.source[i].kind = RS_SOURCE_METRICS;
}

static void seen_just_outside(void)
{
    struct retro_predicted *q = &made.retro.learnt->predicted[0];
    q->unit = "ratio";
    q->seen = 0.01904;
    q->low = 0.016;
    q->high = 0.01897;
}

static const struct {
    const char *name;
    void (*make)(void);
    enum form form;
    const char *wanted, *absent;
} others[] = {
    {"nothing to write", nothing_to_write, TEXT, "Nothing is to be written into the scenario.",
     "The patch"},
    {"nothing to write", nothing_to_write, MARKDOWN, "What was learnt", "```diff"},
    {"no check", no_check, TEXT,
     "No check by simulation: no fault of the scenario has those marks.", "Does the fitted"},
    {"no check", no_check, MARKDOWN, "There is no check by simulation", "Does the fitted"},
    {"nothing learnt", nothing_learnt, TEXT, "Against the runbook", "What was learnt"},
    {"nothing learnt", nothing_learnt, MARKDOWN, "### Evidence", "What was learnt"},
    {"nothing learnt", nothing_learnt, JSON, "\"learnt\": null", "\"fit\""},
    {"no scenario", no_scenario, TEXT, "nothing is held against a runbook", "Against the runbook"},
    {"no scenario", no_scenario, MARKDOWN, "There was no scenario", "deviated"},
    {"no scenario", no_scenario, JSON, "\"scenario\": null", "stage-1"},
    {"undated", undated, TEXT, "+1:01:02", "1970"},
    {"undated", undated, TEXT, "since the evidence's zero", "UTC, on"},
    {"undated", undated, JSON, "\"dated\": false", "T10:"},
    {"many alarms", many_alarms, TEXT, "5 more are in the record (-o) and in --json.", "-1 more"},
    {"many notes", many_notes, TEXT, "10 more are in the record (-o) and in --json.", "-10 more"},
    {"changes by odds", unexplained_changes, TEXT,
     "surest first:\n  ! portal errors from 0.17% to 12.5% [11.8%, 13.2%] within 30.0s at "
     "14:11:00, at "
     "odds of 10^111 to 1\n",
     "10^5000"},
    {"changes are counted", unexplained_changes, TEXT, "2 more are in the record (-o)", "10^101 "},
    {"changes", unexplained_changes, MARKDOWN, "### Changes\n", "10^5000"},
    {"changes are counted", unexplained_changes, MARKDOWN, "- 2 more are in the record.",
     "10^101 "},
    {"no episode", nothing_explains, TEXT, "though there is no episode", "in no episode"},
    {"held", held_at_noon, TEXT, "held in stage-1: errors are up", "pause"},
    {"held", held_at_noon, MARKDOWN, "| held in stage-1: errors are up |", "resumed"},
    {"a time zone", a_zone_wrong, TEXT, "+2h00m [+2h00m, +2h01m]", "e+03"},
    {"a time zone", a_zone_wrong, TEXT, "· notes: 2 of 2 pairs agree; a time zone?", "for  "},
    {"a time zone", a_zone_wrong, MARKDOWN, "a time zone?", "e+03"},
    {"a ratio without a unit", declared_without_unit, TEXT, "portal errors from 0.17% to 12.5%",
     "0.0017"},
    {"a ratio without a unit", declared_without_unit, MARKDOWN, "portal errors from 0.17% to 12.5%",
     "0.0017"},
    {"a name is told once", named_twice, TEXT, "! portal-outage: notified: two times",
     "portal-outage: portal-outage"},
    {"metrics alone", metrics_alone, TEXT, "whether there was a rollback nobody noted",
     "no rollback was"},
    {"just outside", seen_just_outside, TEXT, "✘ 1.904%  1.6%–1.897%", "✘ 1.9% "},
    {"one episode: no table of verdicts", one_episode, TEXT, "SLA 5m: ✘ broken", "Verdicts"},
    {"all refused alike", refuse_all, TEXT, "? all 3 episodes: refused: no series was recorded",
     "as it happened"},
    {"two reasons", refuse_for_two_reasons, TEXT, "? gate-02: refused: another reason",
     "settlement-inconsistency: refused"},
    {"a mend is told once", one_mend_for_two, MARKDOWN,
     "- [ ] §3 Stage 1: say who may cut the watch short", "- [ ] §4:"},
    {"another day has its date", known_to_the_instant, MARKDOWN, "–2025-10-02 00:00:01",
     "23:59:59–"},
};

START_TEST(test_other_results)
{
    others[_i].make();
    char *text = told(others[_i].form, others[_i].form == TEXT ? 200 : 0, false);
    ck_assert_msg(strstr(text, others[_i].wanted) != NULL, "%s: no \"%s\" in\n%.3500s",
                  others[_i].name, others[_i].wanted, text);
    ck_assert_msg(strstr(text, others[_i].absent) == NULL, "%s: \"%s\" in\n%.3500s",
                  others[_i].name, others[_i].absent, text);
    free(text);
}
END_TEST

/* Where files lie on this machine is nobody's business. */
START_TEST(test_entry_names_no_machine)
{
    made.evidence.source[0].file = "/srv/data/metrics.om.gz";
    struct note note_of = made.evidence.note[0];
    note_of.at.file = "/srv/data/metrics.om.gz";
    made.evidence.note = &note_of;
    made.evidence.n_note = 1;
    made.retro.learnt->diff = rs_arena_strdup(
        made.retro.arena, "--- /srv/x/prisma.yaml\n+++ /srv/x/prisma.yaml\n@@ -1 +1 @@\n");
    char *note = told(MARKDOWN, 0, false);
    ck_assert_msg(strstr(note, "/srv") == NULL, "%.4000s", note);
    ck_assert_ptr_nonnull(strstr(note, "--- prisma.yaml\n+++ prisma.yaml\n"));
    ck_assert_ptr_nonnull(strstr(note, "](a%20b/%28x%29.svg)"));
    free(note);
}
END_TEST

/* ---- status ------------------------------------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    enum retro_sla sla[3];
    int n_deviates, n_open, status;
} statuses[] = {
    {"all kept", {RS_SLA_KEPT, RS_SLA_KEPT, RS_SLA_NONE}, 0, 0, 0},
    {"one broken", {RS_SLA_KEPT, RS_SLA_BROKEN, RS_SLA_UNDECIDABLE}, 0, 3, 1},
    {"something deviates", {RS_SLA_KEPT, RS_SLA_NONE, RS_SLA_NONE}, 1, 0, 1},
    {"one undecidable", {RS_SLA_UNDECIDABLE, RS_SLA_KEPT, RS_SLA_NONE}, 0, 0, 3},
    {"a finding undecidable", {RS_SLA_NONE, RS_SLA_KEPT, RS_SLA_NONE}, 0, 1, 3},
};

START_TEST(test_status)
{
    for (int i = 0; i < 3; i++)
        made.retro.rebuilt.episode[i].sla = statuses[_i].sla[i];
    made.retro.conformance.n_by_verdict[RS_RETRO_DEVIATES] = statuses[_i].n_deviates;
    made.retro.conformance.n_by_verdict[RS_RETRO_UNDECIDABLE] = statuses[_i].n_open;
    ck_assert_msg(rs_retro_exit_status(&made.retro) == statuses[_i].status, "%s",
                  statuses[_i].name);
}
END_TEST

#define ADD_ROWS(tc, test, rows)                                                                   \
    tcase_add_loop_test(tc, test, 0, (int)(sizeof(rows) / sizeof *(rows)))

int main(void)
{
    Suite *suite = suite_create("retro report");
    TCase *tc = tcase_create("report");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    ADD_ROWS(tc, test_golden, goldens);
    ADD_ROWS(tc, test_text_fits, widths);
    tcase_add_test(tc, test_colour_has_a_word_beside_it);
    tcase_add_test(tc, test_foreign_text_is_tamed);
    ADD_ROWS(tc, test_other_results, others);
    tcase_add_test(tc, test_entry_names_no_machine);
    ADD_ROWS(tc, test_status, statuses);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
