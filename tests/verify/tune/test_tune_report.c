/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is told of a search: on a terminal, in a review, to machines. */
#include "verify/tune_report.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "made_tune.h"
#include "text_table.h"
#include "tune/print_parts.h"

static struct tune_result tune;
static const struct tune_words words = {" --replicas 100", " --traffic portal=/srv/data/x.csv",
                                        made_tune_diff};

static void set_up(void)
{
    made_tune(&tune, true);
}

static void tear_down(void)
{
    made_tune_clear(&tune);
}

enum form { TEXT, MARKDOWN, JSON };

static char *told(enum form form, int width)
{
    char *text = NULL;
    size_t n;
    FILE *to = open_memstream(&text, &n);
    switch (form) {
    case TEXT: rs_tune_print_text(to, &tune, &words, width, false); break;
    case MARKDOWN: ck_assert_int_eq(rs_tune_print_markdown(to, &tune, &words), 0); break;
    case JSON: ck_assert_int_eq(rs_tune_print_json(to, &tune, &words), 0); break;
    }
    fclose(to);
    return text;
}

/* ---- golden ------------------------------------------------------------------------------------------------------------ */

static const struct {
    enum form form;
    const char *file;
} goldens[] = {{TEXT, "made_tune.txt"}, {MARKDOWN, "made_tune.md"}, {JSON, "made_tune.json"}};

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
    snprintf(path, sizeof path, "%s/tests/verify/tune/%s", RS_SOURCE_DIR, goldens[_i].file);
    char *text = told(goldens[_i].form, 100);
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

static const int widths[] = {60, 72, 80, 100, 160};

/* The patch and the commands are to be copied, and never broken. */
START_TEST(test_text_fits)
{
    char *text = told(TEXT, widths[_i]), *save = NULL;
    char *patch = strstr(text, "The patch");
    ck_assert_ptr_nonnull(patch);
    *patch = '\0';
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        ck_assert_msg(rs_text_width(line) <= widths[_i], "%s", line);
        ck_assert_msg(line[strlen(line) - 1] != ' ', "ends in a space: %s", line);
    }
    free(text);
}
END_TEST

static bool says(const char *text, const char *needle)
{
    return strstr(text, needle) != NULL;
}

/* Results that the golden files do not show. */
static void nobody_chosen(void)
{
    tune.chosen = -1;
    for (int i = 0; i < tune.n_step; i++)
        tune.step[i].around_chosen = false;
}

static void today_chosen(void)
{
    tune.chosen = 0;
}

static void cut_short(void)
{
    tune.stopped = true;
    tune.n_step = 0;
}

static void not_proved(void)
{
    made_tune_clear(&tune);
    made_tune(&tune, false);
}

static const struct {
    const char *name;
    void (*make)(void);
    const char *wanted, *absent;
} others[] = {
    {"nobody was chosen", nobody_chosen, "No setting was chosen, so there is nothing to prove.",
     "The patch"},
    {"nobody was chosen: moves are told around today's", nobody_chosen,
     "the others as they are today", "as they are chosen"},
    {"today's is best", today_chosen, "there is nothing to change", "The patch"},
    {"today's is best: one column", today_chosen, "today, and chosen", "→"},
    {"cut short", cut_short, "cut short: what was found so far", "What each buys"},
    {"not proved", not_proved, "as the search saw them: nothing is proved yet", "proof: "},
    {"not proved: what it is worth", not_proved, "flattered", "Guarantee"},
};

START_TEST(test_other_results)
{
    others[_i].make();
    char *text = told(TEXT, 100), *note = told(MARKDOWN, 0), *json = told(JSON, 0);
    ck_assert_msg(says(text, others[_i].wanted), "%s: no \"%s\" in\n%.2500s", others[_i].name,
                  others[_i].wanted, text);
    ck_assert_msg(!says(text, others[_i].absent), "%s: \"%s\" in\n%.2500s", others[_i].name,
                  others[_i].absent, text);
    json_t *root = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_ptr_nonnull(root);
    json_decref(root);
    free(json);
    free(note);
    free(text);
}
END_TEST

START_TEST(test_colour_has_a_word_beside_it)
{
    char *plain = told(TEXT, 100), *painted = NULL;
    size_t n, at = 0;
    FILE *to = open_memstream(&painted, &n);
    rs_tune_print_text(to, &tune, &words, 100, true);
    fclose(to);
    ck_assert_ptr_nonnull(strstr(painted, "\033[32m#4 chosen\033[0m"));
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

/* ---- many points ------------------------------------------------------------------------------------------------------- */

static const struct {
    int n_point, cap, n_row;
} fronts[] = {{1, 20, 3}, {18, 20, 20}, {19, 20, 20}, {100, 20, 20}, {1000, 5, 5}};

/* Of a large front some are shown, spread over all of it, today's and the chosen one always. */
START_TEST(test_front_is_thinned_out)
{
    int n = fronts[_i].n_point;
    struct tune_point *point = RS_ARENA_ARRAY(tune.arena, struct tune_point, n + 2);
    for (int i = 0; i < n + 2; i++) { /* falling, so that rows are turned round */
        point[i] = tune.point[i == 0 ? 0 : 4];
        point[i].objective = RS_ARENA_ARRAY(tune.arena, struct tune_estimate, 4);
        point[i].objective[0] = (struct tune_estimate){1.0 - i / 1e4, 0, 1, 10};
        point[i].n_replica = i % 7 == 0 ? 900 : 100; /* better known than the others */
    }
    tune.n_point = n + 2;
    tune.point = point;
    tune.chosen = n + 1;
    struct front_rows rows = rs_tune_front_rows(tune.arena, &tune, fronts[_i].cap);
    ck_assert_int_eq(rows.n_front, n + 1);
    ck_assert_int_eq(rows.n, fronts[_i].n_row);
    ck_assert_int_eq(rows.n + rows.n_hidden, n + 2);
    ck_assert_int_eq(rows.point[0], n + 1);
    ck_assert_int_eq(rows.point[rows.n - 1], 0);
    for (int i = 1; i < rows.n; i++) {
        if (n >= 1000 && i < rows.n - 1)
            ck_assert_int_eq(rows.point[i] % 7, 0);
        ck_assert_int_lt(rows.point[i], rows.point[i - 1]);
        ck_assert_int_le(rows.point[i - 1] - rows.point[i], 2 * n / (fronts[_i].cap - 2) + 2);
    }
}
END_TEST

/* ---- status ------------------------------------------------------------------------------------------------------------ */

/* What each kept claim comes to; claims 0 and 7 cannot be kept, 5 and 6 need not be. g: good, b: bad, o: open. */
static const struct {
    const char *name, *verdicts;
    bool stopped;
    int status;
} statuses[] = {
    {"all that can be kept is", "bggggggb", false, 0},
    {"what need not be kept does not count", "bggggbob", false, 0},
    {"one is violated", "bgbggggb", false, 1},
    {"violated goes before undecided", "bobggggb", false, 1},
    {"one is undecided", "bgggoggb", false, 3},
    {"cut short", "bggggggb", true, 130},
};

START_TEST(test_status)
{
    for (int i = 0; i < tune.fresh->n_verdict; i++) {
        char v = statuses[_i].verdicts[i];
        tune.fresh->verdict[i].kind = v == 'g'   ? RS_VERDICT_HOLDS
                                      : v == 'b' ? RS_VERDICT_VIOLATED
                                                 : RS_VERDICT_UNDECIDED;
    }
    tune.fresh->stopped = statuses[_i].stopped;
    ck_assert_msg(rs_tune_status(&tune) == statuses[_i].status, "%s", statuses[_i].name);
}
END_TEST

START_TEST(test_status_without_proof)
{
    not_proved();
    ck_assert_int_eq(rs_tune_status(&tune), 3);
    tune.stopped = true;
    ck_assert_int_eq(rs_tune_status(&tune), 130);
}
END_TEST

/* ---- numbers ----------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *unit;
    struct tune_estimate e;
    const char *told, *difference;
} numbers[] = {
    {"", {0.031, 0.02, 0.044, 1}, "3.1% [2%, 4.4%]", "+3.1 points [+2, +4.4]"},
    {"", {-0.031, -0.044, 0, 1}, NULL, "−3.1 points [−4.4, 0]"},
    {"ratio", {0.5, 0.4, 0.6, 1}, "50% [40%, 60%]", "+50 points [+40, +60]"},
    {"s", {75, 60, (double)INFINITY, 1}, "1m15s [1m00s, never]", "+1m15s [+1m00s, +∞]"},
    {"s", {-12.5, -15, -10, 1}, NULL, "−12.5s [−15.0s, −10.0s]"},
    {"users", {1234.5, 999.9, 2000, 1}, "1234 [1000, 2000]", "+1234 [+1000, +2000]"},
    {"pages/w",
     {0.3125, 0.25, (double)INFINITY, 1},
     "0.312 [0.25, unbounded]",
     "+0.312 [+0.25, +∞]"},
    {"pages/w", {0.00011, 0.0000753, 1e-20, 1}, "0.00011 [0.0000753, 0]", NULL},
    {"pages/w", {-0.0451, -12.345, -0.04, 1}, NULL, "−0.0451 [−12.3, −0.04]"},
    {"pages/w", {(double)NAN, (double)NAN, (double)NAN, 0}, "-", "-"},
};

START_TEST(test_numbers)
{
    struct tune_objective o = {.name = "x", .unit = numbers[_i].unit};
    char buf[128];
    if (numbers[_i].told)
        ck_assert_str_eq(rs_tune_estimate_told(buf, sizeof buf, &o, &numbers[_i].e),
                         numbers[_i].told);
    if (numbers[_i].difference)
        ck_assert_str_eq(rs_tune_difference_told(buf, sizeof buf, &o, &numbers[_i].e),
                         numbers[_i].difference);
}
END_TEST

/* ---- review and machine ------------------------------------------------------------------------------------------------ */

/* How a file of the patch is named, by where the scenario lies. */
static const struct {
    const char *scenario, *wanted;
} notes[] = {
    {"made-up.yaml", "--- alerts.yml\n+++ alerts.yml\n"},
    {"/srv/made-up.yaml", "--- alerts/alerts.yml\n+++ alerts/alerts.yml\n"},
    {"/srv/alerts/made-up.yaml", "--- alerts.yml\n+++ alerts.yml\n"},
    {"/srv/alert/made-up.yaml", "--- alerts.yml\n+++ alerts.yml\n"},
};

START_TEST(test_note_names_no_machine)
{
    struct scenario sc = *tune.scenario;
    const struct scenario *kept = tune.scenario;
    sc.file = notes[_i].scenario;
    tune.scenario = &sc;
    char *note = told(MARKDOWN, 0);
    ck_assert_msg(strstr(note, "/srv") == NULL, "%.3000s", note);
    ck_assert_msg(strstr(note, notes[_i].wanted) != NULL, "%.3000s", note);
    ck_assert_ptr_nonnull(strstr(note, "rollsim tune made-up.yaml --seed 7"));
    ck_assert_ptr_nonnull(strstr(note, "--traffic portal=x.csv"));
    free(note);
    tune.scenario = kept;
}
END_TEST

static TCase *make_case(void)
{
    TCase *tc = tcase_create("report");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_loop_test(tc, test_golden, 0, 3);
    tcase_add_loop_test(tc, test_text_fits, 0, sizeof widths / sizeof widths[0]);
    tcase_add_loop_test(tc, test_other_results, 0, sizeof others / sizeof others[0]);
    tcase_add_test(tc, test_colour_has_a_word_beside_it);
    tcase_add_loop_test(tc, test_front_is_thinned_out, 0, sizeof fronts / sizeof fronts[0]);
    tcase_add_loop_test(tc, test_status, 0, sizeof statuses / sizeof statuses[0]);
    tcase_add_test(tc, test_status_without_proof);
    tcase_add_loop_test(tc, test_numbers, 0, sizeof numbers / sizeof numbers[0]);
    tcase_add_loop_test(tc, test_note_names_no_machine, 0, sizeof notes / sizeof notes[0]);
    return tc;
}

int main(void)
{
    Suite *s = suite_create("tune_report");
    suite_add_tcase(s, make_case());
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int n_failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return n_failed != 0;
}
