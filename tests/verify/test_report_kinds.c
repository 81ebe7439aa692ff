/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Verdicts of every kind on the terminal, in JSON, JUnit's XML, SARIF and the record. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>
#include <sqlite3.h>

#include "../plots/well_formed.h"
#include "made_up.h"
#include "made_verdicts.h"
#include "reading.h"
#include "record_parts.h"
#include "sarif_form.h"
#include "text_table.h"
#include "verify/report.h"

static struct scenario *sc;
static struct run_result run;

static void set_up(void)
{
    sc = made_up_scenario();
    struct run_options opt = {
        .n_replica = 800, .seed = 7, .n_job = 1, .replay_words = " --traffic portal=a.csv"};
    ck_assert_int_eq(rs_run_with(&made_up_engine, sc, &opt, &run, NULL), 0);
    made_verdicts_add(&run);
}

static void tear_down(void)
{
    rs_run_result_clear(&run);
    rs_scenario_free(sc);
}

static int print_80(FILE *to, const struct run_result *r)
{
    rs_run_print_verdicts(to, r, 80, false);
    return 0;
}

static int print_120(FILE *to, const struct run_result *r)
{
    rs_run_print_verdicts(to, r, 120, false);
    return 0;
}

static char *text_by(int (*print)(FILE *, const struct run_result *))
{
    char *text = NULL;
    size_t n;
    FILE *to = open_memstream(&text, &n);
    ck_assert_int_eq(print(to, &run), 0);
    fclose(to);
    return text;
}

static void has(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "no \"%s\" in:\n%.3500s", part, text);
}

/* ---- the terminal ---------------------------------------------------------------------------------------------------- */

static const char *const told[] = {
    "✔ proved      bound-proved",
    "at worst 4m32s",
    "✘ refuted*    bound-refuted",
    "at worst 10m30s",
    "✘ unbounded   bound-unbounded",
    "no upper end",
    "≤ 5m",
    "1204 states",
    "from anywhere",
    "in 3 steps",
    "1000000 states, cut off",
    "  ✔ bound-proved: No rollback takes more than 5 minutes (at most 3m50s where the phases fall ",
    "28.0s to spare)\n",
    "(all 1204 reachable states were seen)",
    "    In no history, whatever the phases and draws, the time from when the condition is true",
    "    It takes 6.0s at least; at most 10m00s where the phases fall best, 10m30s where they fall "
    "worst.\n    It is over its time by 5m30s.\n",
    "    at least   at most  leg\n"
    "          0s     30.0s  scrape every 30s (line 40)\n"
    "        5.0s    10m00s  on-call acknowledges, or it escalates after 10m (§6, roles.yml:7)\n",
    "    It takes 6.0s at least, and a wait in it has no upper end.\n",
    "          0s    no end  on-call decides: a lognormal has no upper end (§6, line 60)\n",
    "    The bound is past the deadline, and it is only safe",
    "    The shortest way there:\n"
    "     1. stage-1 sets PRISMA_READS on (§3 Stage 1, line 120)\n"
    "     2. stage-2 sets ORCHESTRATOR on (§3 Stage 2, line 131)\n"
    "     3. the rollback of reads sets PRISMA_READS off\n",
    "The search was cut off after 1000000 states",
    "--traffic portal=a.csv\n",
};

START_TEST(test_text)
{
    char *text = text_by(print_120);
    has(text, told[_i]);
    free(text);
}
END_TEST

START_TEST(test_tally)
{
    char *text = text_by(print_120);
    has(text, "2 proved, ");
    has(text, "1 refuted, 1 unbounded, ");
    has(text, " for all 8 statistical ones together\n");
    ck_assert_ptr_null(strstr(text, "not asked for"));
    free(text);
    run.n_left_out = 3;
    text = text_by(print_120);
    has(text, "3 more claims of the scenario were not asked for; the confidence is shared among "
              "these alone.");
    free(text);
}
END_TEST

START_TEST(test_fits_in_80)
{
    char *text = text_by(print_80), *save = NULL;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        bool command = strstr(line, "rollsim rehearse") != NULL;
        ck_assert_msg(command || rs_text_width(line) <= 80, "%s", line);
        ck_assert_msg(line[strlen(line) - 1] != ' ', "ends in a space: %s", line);
    }
    free(text);
}
END_TEST

static void print_head(char **out, int width)
{
    size_t n;
    FILE *to = open_memstream(out, &n);
    rs_run_print_text(to, &run, width, false);
    fclose(to);
}

START_TEST(test_how_many)
{
    char *text;
    run.n_budget = 5000;
    run.enough = true;
    print_head(&text, 100);
    has(text,
        "A made-up rollout  800 replicas of at most 5000: then every claim was decided, seed 7\n");
    free(text);
    run.enough = false;
    run.stopped = true;
    print_head(&text, 100);
    has(text, "A made-up rollout  800 replicas, seed 7, stopped early\n");
    free(text);
}
END_TEST

/* ---- JSON ------------------------------------------------------------------------------------------------------------ */

static json_t *claim_at(json_t *root, int made)
{
    return json_array_get(json_object_get(root, "claims"), 8 + (size_t)made);
}

static const char *text_at(json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static double real_at(json_t *object, const char *name)
{
    return json_number_value(json_object_get(object, name));
}

START_TEST(test_json)
{
    char *text = text_by(rs_run_print_json);
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_ptr_nonnull(root);
    json_t *family = json_object_get(root, "family");
    ck_assert_double_eq(real_at(family, "n_claim"), 8);
    ck_assert_double_eq(real_at(family, "confidence"), 0.95);
    json_t *c = claim_at(root, 1);
    ck_assert_str_eq(text_at(c, "verdict"), "refuted");
    ck_assert_str_eq(text_at(c, "engine"), "bound");
    ck_assert_str_eq(text_at(c, "guarantee"), "proved");
    ck_assert_double_eq(real_at(c, "bound"), 300);
    ck_assert_double_eq(real_at(c, "margin_s"), -330);
    ck_assert_double_eq(real_at(json_object_get(c, "best_phase"), "high_s"), 600);
    ck_assert_double_eq(real_at(json_object_get(c, "worst_phase"), "high_s"), 630);
    ck_assert_uint_eq(json_array_size(json_object_get(c, "steps")), 2);
    ck_assert(json_is_null(json_object_get(c, "reason")));
    ck_assert_ptr_nonnull(json_object_get(json_object_get(c, "premises"), "placeholder"));
    c = claim_at(root, 2);
    ck_assert_str_eq(text_at(json_object_get(c, "worst_phase"), "high_s"), "infinite");
    ck_assert_str_eq(text_at(json_array_get(json_object_get(c, "steps"), 1), "high_s"), "infinite");
    ck_assert_str_eq(text_at(claim_at(root, 3), "reason"), "loose");
    c = claim_at(root, 5);
    ck_assert_str_eq(text_at(c, "engine"), "exhaustive");
    ck_assert(json_is_null(json_object_get(c, "bound")) && json_is_null(json_object_get(c, "low")));
    json_t *step = json_array_get(json_object_get(c, "steps"), 0);
    ck_assert_double_eq(real_at(step, "line"), 120);
    ck_assert_str_eq(text_at(step, "ref"), "§3 Stage 1");
    ck_assert_ptr_null(json_object_get(step, "low_s")); /* a trace has no times */
    ck_assert_double_eq(real_at(claim_at(root, 6), "n_state"), 1000000);
    c = json_array_get(json_object_get(root, "claims"), 0); /* a statistical one */
    ck_assert_str_eq(text_at(c, "guarantee"), "statistical");
    ck_assert_str_eq(text_at(c, "reading"),
                     "In at least 95% of the histories with the fault read-errors, the time from "
                     "detected to completed is at most 5m.");
    ck_assert_ptr_nonnull(strstr(text_at(json_object_get(c, "witness"), "command"),
                                 "rollsim rehearse made-up.yaml --seed 7 --replica "));
    ck_assert_ptr_nonnull(json_object_get(json_object_get(c, "premises"), "family"));
    json_decref(root);
    free(text);
}
END_TEST

/* ---- JUnit ----------------------------------------------------------------------------------------------------------- */

static int count(const char *text, const char *part)
{
    int n = 0;
    for (; *text; text++)
        n += strncmp(text, part, strlen(part)) == 0;
    return n;
}

START_TEST(test_junit)
{
    char *text = text_by(rs_run_print_junit), why[256], counts[128];
    int n_bad = 0, n_open = 0;
    ck_assert_msg(well_formed(text, why, sizeof why), "%s in:\n%s", why, text);
    for (int i = 0; i < run.n_verdict; i++) {
        n_bad += rs_verdict_is_bad(run.verdict[i].kind);
        n_open += run.verdict[i].kind == RS_VERDICT_UNDECIDED;
    }
    snprintf(
        counts, sizeof counts,
        "name=\"made-up\" tests=\"15\" failures=\"%d\" errors=\"0\" skipped=\"%d\" time=\"0\">",
        n_bad, n_open);
    has(text, counts);
    ck_assert_int_eq(count(text, "<testcase "), 15);
    ck_assert_int_eq(count(text, "<failure "), n_bad);
    ck_assert_int_eq(count(text, "<skipped "), n_open);
    has(text, "<testcase name=\"bound-proved\" classname=\"made-up\" file=\"made-up.yaml\" "
              "time=\"0\"/>\n");
    has(text,
        "message=\"bound-refuted is refuted: at worst 10m30s, wanted ≤ 5m\" type=\"refuted\">");
    has(text, "message=\"bound-loose is undecided: at worst 5m10s, wanted ≤ 5m. The bound is past");
    has(text, "The shortest way there:\n     1. stage-1 sets PRISMA_READS on (§3 Stage 1, line "
              "120)\n");
    has(text, "rollsim rehearse made-up.yaml --seed 7 --replica ");
    ck_assert_ptr_null(strchr(text, '\033'));
    ck_assert_ptr_null(strstr(text, "timestamp"));
    free(text);
}
END_TEST

START_TEST(test_junit_of_strange_text)
{
    struct claim strange = *run.verdict[13].claim;
    strange.name = "a <b> & \"c\" \x01 \xff";
    run.verdict[13].claim = &strange;
    char *text = text_by(rs_run_print_junit), why[256];
    ck_assert_msg(well_formed(text, why, sizeof why), "%s in:\n%s", why, text);
    has(text, "name=\"a &lt;b&gt; &amp; &quot;c&quot; \xef\xbf\xbd \xef\xbf\xbd\"");
    free(text);
}
END_TEST

START_TEST(test_junit_of_errors)
{
    struct err_list errors;
    char *text = NULL, why[256];
    size_t n;
    rs_err_list_init(&errors);
    rs_err_list_add(&errors, RS_E_KEY, (struct mark){"a&b.yaml", 3, 1}, "unknown key \"<x>\"");
    rs_err_list_add(&errors, RS_E_KEY, (struct mark){"a&b.yaml", 5, 1}, "another");
    FILE *to = open_memstream(&text, &n);
    ck_assert_int_eq(rs_run_print_junit_errors(to, "a&b.yaml", &errors), 0);
    fclose(to);
    rs_err_list_clear(&errors);
    ck_assert_msg(well_formed(text, why, sizeof why), "%s in:\n%s", why, text);
    has(text, "tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\"");
    has(text, "<error message=\"unknown key &quot;&lt;x&gt;&quot;\" type=\"error\">");
    has(text, "a&amp;b.yaml:5:1: error: another");
    free(text);
}
END_TEST

/* ---- SARIF ----------------------------------------------------------------------------------------------------------- */

START_TEST(test_sarif)
{
    json_t *log, *trace = NULL;
    char *text = text_by(rs_run_print_sarif);
    json_t *results = json_object_get(sarif_run(text, &log), "results");
    size_t n_good = 0, i;
    json_t *result;
    for (int k = 0; k < run.n_verdict; k++)
        n_good += rs_verdict_is_good(run.verdict[k].kind);
    ck_assert_uint_eq(json_array_size(results), (size_t)run.n_verdict - n_good);
    json_array_foreach(results, i, result)
    {
        const char *id = text_at(result, "ruleId");
        ck_assert_str_eq(text_at(result, "level"),
                         strcmp(id, "claim-undecided") == 0 ? "warning" : "error");
        if (strcmp(text_at(json_object_get(result, "properties"), "claim"), "never-violated") == 0)
            trace = result;
    }
    ck_assert_ptr_nonnull(trace);
    has(text_at(json_object_get(trace, "message"), "text"),
        "never-violated is violated: in 3 steps, wanted never (§1). No dependent flag is left on");
    json_t *flow = json_array_get(json_object_get(trace, "codeFlows"), 0);
    json_t *thread = json_array_get(json_object_get(flow, "threadFlows"), 0);
    json_t *places = json_object_get(thread, "locations");
    ck_assert_uint_eq(json_array_size(places), 3);
    static const int lines[] = {120, 131, 231}; /* the last step has no place but the claim's */
    json_array_foreach(places, i, result)
    {
        json_t *physical = json_object_get(json_object_get(result, "location"), "physicalLocation");
        ck_assert_double_eq(real_at(json_object_get(physical, "region"), "startLine"), lines[i]);
    }
    has(text, "See it: rollsim rehearse made-up.yaml --seed 7 --replica ");
    json_decref(log);
    free(text);
}
END_TEST

/* ---- the record ------------------------------------------------------------------------------------------------------ */

static const struct {
    const char *query, *want;
} queries[] = {
    {"SELECT group_concat(verdict) FROM (SELECT verdict FROM verdict WHERE claim >= 8 ORDER BY "
     "claim)",
     "proved,refuted,unbounded,undecided,proved,violated,undecided"},
    {"SELECT engine, guarantee, reason IS NULL, bound, direction, unit, margin_s, "
     "best_phase_high_s, "
     "worst_phase_high_s, n_applicable IS NULL FROM verdict WHERE name = 'bound-refuted'",
     "bound|proved|1|300.0|<=|s|-330.0|600.0|630.0|1"},
    {"SELECT worst_phase_high_s, margin_s FROM verdict WHERE name = 'bound-unbounded'", "Inf|-Inf"},
    {"SELECT reason FROM verdict WHERE name = 'bound-loose'", "loose"},
    {"SELECT n_state, bound IS NULL, confidence IS NULL, estimate IS NULL, file, line FROM verdict "
     "WHERE name "
     "= 'never-violated'",
     "97|1|1|1|made-up.yaml|231"},
    {"SELECT guarantee, n_replica > 0, replay LIKE 'rollsim rehearse made-up.yaml --seed 7 "
     "--replica "
     "%', reading LIKE 'In at least 95%' FROM verdict WHERE claim = 0",
     "statistical|1|1|1"},
    {"SELECT count(*), sum(low_s IS NULL), sum(place IS NULL) FROM steps WHERE claim = "
     "'never-violated'",
     "3|3|1"},
    {"SELECT high_s, place, ref FROM steps WHERE claim = 'bound-unbounded' AND step = 1",
     "Inf|made-up.yaml:60|§6"},
    {"SELECT count(*) FROM verdict_premise WHERE claim = 0 AND name IN ('phases', 'independence', "
     "'family', 'undecided', 'placeholder')",
     "5"},
    {"SELECT group_concat(name) FROM verdict_premise WHERE claim = 8", "phases,supports"},
    {"SELECT verdict, wanted FROM verdicts WHERE claim = 'bound-proved'", "proved|<= 300.0"},
};

static int first_row(void *ctx, int n, char **value, char **name)
{
    char *text = ctx;
    size_t at = 0;
    (void)name;
    for (int i = 0; i < n; i++)
        at += (size_t)snprintf(text + at, 512 - at, "%s%s", i ? "|" : "",
                               value[i] ? value[i] : "NULL");
    return 0;
}

START_TEST(test_record)
{
    char folder[] = "/tmp/rollsim-test-kinds-XXXXXX", path[96];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/run.db", folder);
    struct err err = {0};
    struct database *db = rs_database_create(&rs_run_schema, path, false, &err);
    ck_assert_ptr_nonnull(db);
    for (int i = 0; i < run.n_verdict; i++)
        ck_assert_msg(rs_record_verdict(db, &run, i, &err) == 0, "%s", err.text);
    ck_assert_int_eq(rs_database_finish(db, &err), 0);
    sqlite3 *sql;
    ck_assert_int_eq(sqlite3_open_v2(path, &sql, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        char text[512] = "", *why = NULL;
        int rc = sqlite3_exec(sql, queries[i].query, first_row, text, &why);
        ck_assert_msg(rc == SQLITE_OK, "%s: %s", queries[i].query, why);
        ck_assert_msg(strcmp(text, queries[i].want) == 0, "%s: got %s, want %s", queries[i].query,
                      text, queries[i].want);
    }
    sqlite3_close(sql);
    unlink(path);
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("report of every kind");
    TCase *tc = tcase_create("kinds");
    TCase *texts = tcase_create("texts"); /* they only look: one run for all of them */
    tcase_add_unchecked_fixture(texts, set_up, tear_down);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_loop_test(texts, test_text, 0, (int)(sizeof told / sizeof told[0]));
    tcase_add_test(tc, test_tally);
    tcase_add_test(tc, test_fits_in_80);
    tcase_add_test(tc, test_how_many);
    tcase_add_test(tc, test_json);
    tcase_add_test(tc, test_junit);
    tcase_add_test(tc, test_junit_of_strange_text);
    tcase_add_test(tc, test_junit_of_errors);
    tcase_add_test(tc, test_sarif);
    tcase_add_test(tc, test_record);
    suite_add_tcase(s, texts);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int n_failed = srunner_ntests_failed(r);
    srunner_free(r);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
