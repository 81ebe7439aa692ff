/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The codes that rest on states and stages: rollout.yaml with one text replaced has exactly one finding of them, at the line
 * on which a text of the changed file begins; the file itself has none.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenarios/load.h"
#include "sim/arena.h"
#include "verify/check.h"

#define FOLDER RS_SOURCE_DIR "/tests/verify/reach/"

static const struct {
    const char *words;
    const char *from, *to; /* `from` stands there once */
    const char *code,
        *at; /* `at` begins on the finding's line: the first such line; NULL = no finding */
    const char *says; /* stands in the finding's text, or NULL */
} rows[] = {
    {"as it is", "rollsim: 1", "rollsim: 1", NULL, NULL, NULL},

    /* no-way-back */
    {"a rollback that does not set its flag back", "        - {set: READS, to: off}\n", "",
     "no-way-back", "    - name: web-back", "no procedure sets READS back off"},
    {"a rollback that sets it on", "{set: READS, to: off}", "{set: READS, to: on}", "no-way-back",
     "    - name: web-back", "READS"},
    {"a rollback that does not bring the fallback back", "        - {set: OLD_PAY, to: on}\n", "",
     "no-way-back", "    - name: pay-back", "OLD_PAY back on"},
    {"a rollback that brings the fallback back alone", "        - {set: PAY, to: off}\n",
     "        - {document: Think}\n", "no-way-back", "    - name: pay-back", "PAY"},
    {"a default that is not safe", "{name: PAY, default: off, safe: off,",
     "{name: PAY, default: on, safe: off,", "no-way-back", "  - {name: PAY,", "default of PAY"},
    {"nobody to escalate to", "    escalates_to: lead\n    escalates_after: 10m\n", "",
     "no-way-back", "  - name: on-call", "web-back, pay-back"},
    {"nobody looks any more",
     "      watch: 24h\n      look_every: 15m\n      watched: [web-back, pay-back]\n      "
     "closing:\n        - {remove: old, service: web}\n        - {remove: old, service: pay}\n",
     "      watch: 24h\n", "no-way-back", "    - name: clean-up", "alerting out of order"},
    {"a last stage that looks for one of two",
     "      look_every: 15m\n      watched: [web-back, pay-back]\n      closing:\n        - "
     "{remove: old, service: web}\n        - {remove: old, service: pay}\n",
     "      look_every: 15m\n      watched: [pay-back]\n", "no-way-back", "    - name: clean-up",
     "READS would stay"},
    {"looks that are further apart than the watch is long",
     "      look_every: 15m\n      watched: [web-back, pay-back]\n      closing:\n        - "
     "{remove: old, service: web}\n        - {remove: old, service: pay}\n",
     "      look_every: 25h\n      watched: [web-back, pay-back]\n", "no-way-back",
     "    - name: clean-up", "alerting"},

    /* dependent-left-on */
    {"a rollback that leaves a dependent flag on", "{name: PAY, default: off, safe: off,",
     "{name: PAY, default: off, safe: off, requires: [READS],", "dependent-left-on",
     "        - {set: READS, to: off}", "PAY is on for"},
    {"a stage before that which it depends on", "{name: READS, default: off, safe: off,",
     "{name: READS, default: off, safe: off, requires: [PAY],", "dependent-left-on",
     "        - {set: READS, to: on", "PAY, which it requires"},
    {"a dependency that is on for a part of them only", "        - {set: OLD_PAY, to: off}\n",
     "        - {set: OLD_PAY, to: on, percent: 50}\n", "dependent-left-on",
     "        - {set: OLD_PAY, to: on, percent: 50}", "a part of them"},

    /* removed-path-taken */
    {"the fallback comes after the flag",
     "        - {set: OLD_PAY, to: on}\n        - {set: PAY, to: off}\n",
     "        - {set: PAY, to: off}\n        - {set: OLD_PAY, to: on}\n", "removed-path-taken",
     "        - {set: PAY, to: off}", "until a later step"},
    {"a path is removed under users", "          - {percent: 100, watch: 11m}\n", "",
     "removed-path-taken", "        - {remove: old, service: web}", "still take it"},
    {"the new path is removed", "{remove: old, service: pay}", "{remove: new, service: pay}",
     "removed-path-taken", "        - {remove: new, service: pay}", "still take it"},
    {"a flag is turned to what was removed", "        - {remove: old, service: pay}\n",
     "        - {remove: old, service: pay}\n        - {set: READS, to: off}\n",
     "removed-path-taken", "        - {set: READS, to: off}", "was removed before"},
    {"a removal while the rollout goes on", "        - {set: OLD_PAY, to: off}\n",
     "        - {set: OLD_PAY, to: off}\n        - {remove: old, service: web}\n",
     "removed-path-taken", "        - {remove: old, service: web}", "while the rollout goes on"},
    {"both paths are switched off", "        - {set: OLD_PAY, to: off}\n",
     "        - {set: OLD_PAY, to: off}\n        - {set: PAY, to: off}\n", "removed-path-taken",
     "        - {set: PAY, to: off}", "no path that requests of users"},

    /* dead-end */
    {"an action that never succeeds", "        - {set: PAY, to: on}\n",
     "        - {set: PAY, to: on}\n        - {document: Sign, fails: 100%}\n", "dead-end",
     "        - {document: Sign", "never succeeds"},
    {"a rollback that is never complete",
     "        - {document: A note, takes: 5m, blocking: false}\n",
     "        - {document: A note, takes: 5m, fails: 100%}\n", "dead-end",
     "        - {document: A note", "never succeeds"},

    /* endless-circle */
    {"a hold without an end",
     "on_hold: {look_again: 10m, at_most: 1h, then: rollback, procedure: web-back}",
     "on_hold: {look_again: 10m}", "endless-circle", "      on_hold: {look_again: 10m}",
     "without end"},

    /* unbounded-stage */
    {"a step of a ramp that is not watched", "{percent: 50, watch: 10m}",
     "{percent: 50, watch: 0s}", NULL, NULL, "the gate at the end is read all the same"},
    {"a stage that is not watched",
     "      watch: 2h\n      look_every: 5m\n      watched: [web-back, pay-back]\n      closing:\n "
     "       - {set: OLD_PAY, to: off}\n",
     "      watch: 0s\n      closing:\n        - {set: OLD_PAY, to: off}\n", "unbounded-stage",
     "    - name: pay", "goes on at once"},
    {"an action that may take any time", "{set: PAY, to: on}",
     "{set: PAY, to: on, takes: {exponential: {mean: 1m}}}", "unbounded-stage",
     "        - {set: PAY, to: on, takes", "no upper end"},
    {"a stage after the horizon", "    - name: clean-up\n",
     "    - name: clean-up\n      not_before: 6d\n", "unbounded-stage", "    - name: clean-up",
     "after the end"},
    {"a stage that nothing decides", "alerts: [PayErrors]\n      by: on-call\n", "by: on-call\n",
     NULL, NULL, NULL},

    /* halt-without-resume */
    {"a gate that holds and no rule",
     "      on_hold: {look_again: 10m, at_most: 1h, then: rollback, procedure: web-back}\n", "",
     "halt-without-resume", "        - name: reads-errors", "reads-errors"},
    {"a check that holds", "        - {set: PAY, to: on}\n",
     "        - {set: PAY, to: on}\n        - {check: Pay, service: pay, cohort: users, requests: "
     "5}\n",
     "halt-without-resume", "        - {check: Pay", "check \"Pay\""},
    {"a check that cannot fail", "        - {set: PAY, to: on}\n",
     "        - {set: PAY, to: on}\n        - {check: Pay, service: pay, cohort: users, requests: "
     "5, max_failures: 5}\n",
     NULL, NULL, NULL},

    /* irreversible-early */
    {"a removal before the watch", "    - name: clean-up\n      by: on-call\n",
     "    - name: clean-up\n      by: on-call\n      actions:\n        - {remove: old, service: "
     "pay}\n",
     "irreversible-early", "        - {remove: old, service: pay}",
     "before the watch of the stage begins"},
    {"a removal that nobody watched",
     "      look_every: 15m\n      watched: [web-back, pay-back]\n",
     "      look_every: 15m\n      watched: [web-back]\n", "irreversible-early",
     "        - {remove: old, service: pay}", "looks at pay"},
};

#define N_ROW ((int)(sizeof rows / sizeof rows[0]))

static const char *const ours[] = {
    "no-way-back",      "dependent-left-on", "removed-path-taken",  "dead-end",
    "endless-circle",   "unbounded-stage",   "halt-without-resume", "irreversible-early",
    "states-unsearched"};

static bool is_ours(const struct finding *f)
{
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        if (strcmp(f->code->name, ours[i]) == 0)
            return true;
    }
    return false;
}

/* Frees the text. */
static char *replaced(char *text, const char *from, const char *to)
{
    size_t n = strlen(text) + strlen(to) + 1;
    char *at = strstr(text, from), *out = rs_xcalloc(1, n);
    ck_assert_msg(at && !strstr(at + 1, from), "\"%s\" does not stand there once", from);
    snprintf(out, n, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    free(text);
    return out;
}

/* The file with the text replaced; caller frees. */
static char *changed(const char *from, const char *to)
{
    char *text = rs_xcalloc(1, 32768);
    FILE *f = fopen(FOLDER "rollout.yaml", "rb");
    ck_assert_ptr_nonnull(f);
    text[fread(text, 1, 32767, f)] = '\0';
    fclose(f);
    return replaced(text, from, to);
}

static int line_of(const char *text, const char *begins)
{
    int line = 1;
    for (const char *at = text; at && *at; line++) {
        if (strncmp(at, begins, strlen(begins)) == 0)
            return line;
        at = strchr(at, '\n');
        at = at ? at + 1 : NULL;
    }
    return -1;
}

START_TEST(test_rows)
{
    char *text = changed(rows[_i].from, rows[_i].to);
    if (strstr(rows[_i].words, "a part of them")) /* that row needs a dependency besides */
        text = replaced(text, "{name: READS, default: off, safe: off,",
                        "{name: READS, default: off, safe: off, requires: [OLD_PAY],");
    struct err_list errors;
    rs_err_list_init(&errors);
    struct scenario *sc = rs_scenario_parse(FOLDER "rollout.yaml", text, strlen(text), &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(sc);
    struct findings *found = rs_check_run(sc);
    int n = 0;
    for (int i = 0; i < found->n; i++) {
        const struct finding *f = &found->item[i];
        if (!is_ours(f))
            continue;
        n++;
        ck_assert_msg(rows[_i].code && strcmp(f->code->name, rows[_i].code) == 0,
                      "%s: %s at line %d: %s", rows[_i].words, f->code->name, f->at.line, f->text);
        ck_assert_msg(f->at.line == line_of(text, rows[_i].at), "%s: line %d, not %d: %s",
                      rows[_i].words, f->at.line, line_of(text, rows[_i].at), f->text);
        ck_assert_msg(!rows[_i].says || strstr(f->text, rows[_i].says), "%s: %s", rows[_i].words,
                      f->text);
        ck_assert_ptr_nonnull(f->mend);
    }
    ck_assert_msg(n == (rows[_i].code ? 1 : 0), "%s: %d findings", rows[_i].words, n);
    rs_findings_free(found);
    rs_scenario_free(sc);
    rs_err_list_clear(&errors);
    free(text);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("states");
    TCase *tc = tcase_create("one defect, one finding");
    tcase_add_loop_test(tc, test_rows, 0, N_ROW);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int n_failed = srunner_ntests_failed(r);
    srunner_free(r);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
