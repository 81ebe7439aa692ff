/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A timeline that was carried out as the runbook has it, and one that was rolled back as it has it, changed in one place at a
 * time. Each row says what its rule must find then, at which place of the document; the twins that look alike must not.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conform_case.h"

#define N_OF(array) ((int)(sizeof(array) / sizeof(*(array))))

#define BAD(level, from, until)                                                                    \
    {                                                                                              \
        {                                                                                          \
            "bad", level, from, until                                                              \
        }                                                                                          \
    }

/* The rollback in hand six seconds after the smoke tests, two minutes after them, and all of the stage in the evening. */
#define SOON "h@56.1 j@56.2 k@56.2 l@56.2 m@56.3 n@56.5 o@57 p@57.2 q@58"
#define IN_TWO_MINUTES "j@58 k@58 l@58 m@58.2 n@58.5 o@59 p@59.2 q@60"
#define IN_THE_EVENING                                                                             \
    "f@721 g@722 h@724 i@725 j@755 k@755 l@755 m@756 n@757 o@758 p@759 q@760 r@770 s@775 z@1300"

/* clang-format off */
static const struct conform_row rows[] = {
    /* checklist */
    {"checked off before", false, "", {{0}}, 0, RS_CONFORM_CHECKLIST, RS_RETRO_CONFORMS, "C2", NULL},
    {"checked off after", false, "a@20", {{0}}, 0, RS_CONFORM_CHECKLIST, RS_RETRO_DEVIATES, "C2", "20m"},
    {"others are", false, "-a +X", {{0}}, 0, RS_CONFORM_CHECKLIST, RS_RETRO_DEVIATES, "C2", "1 other"},
    {"none is", false, "-a", {{0}}, 0, RS_CONFORM_CHECKLIST, RS_RETRO_UNDECIDABLE, "C2", NULL},
    {"in the same minutes", false, "a@0.2", {{0}}, 60, RS_CONFORM_CHECKLIST, RS_RETRO_UNDECIDABLE, "C2", "uncertainty"},
    /* order */
    {"in order", false, "", {{0}}, 0, RS_CONFORM_ORDER, RS_RETRO_CONFORMS, "S1", "53m"},
    {"before the last one", false, "j@45", {{0}}, 0, RS_CONFORM_ORDER, RS_RETRO_DEVIATES, "S2", "before stage reads"},
    {"skipped", false, "-f -g -h -i", {{0}}, 0, RS_CONFORM_ORDER, RS_RETRO_DEVIATES, "S1", "skipped"},
    {"twice", false, "+T", {{0}}, 0, RS_CONFORM_ORDER, RS_RETRO_DEVIATES, "S1", "twice"},
    {"skipped, in a log with holes", false, "-f -g -h -i -d -e -r -l -u", {{0}}, 0, RS_CONFORM_ORDER, RS_RETRO_UNDECIDABLE, "S1", "not noted"},
    /* not before */
    {"at its time", false, "", {{0}}, 0, RS_CONFORM_NOT_BEFORE, RS_RETRO_CONFORMS, "S2", NULL},
    {"before its time", false, "j@100", {{0}}, 0, RS_CONFORM_NOT_BEFORE, RS_RETRO_DEVIATES, "S2", NULL},
    {"about its time", false, "j@119.9", {{0}}, 60, RS_CONFORM_NOT_BEFORE, RS_RETRO_UNDECIDABLE, "S2", NULL},
    /* actions */
    {"done", false, "", {{0}}, 0, RS_CONFORM_ACTION, RS_RETRO_CONFORMS, "S0.2", NULL},
    {"missing", false, "-g", {{0}}, 0, RS_CONFORM_ACTION, RS_RETRO_DEVIATES, "S1.1", "noted nowhere"},
    {"late", false, "e@60", {{0}}, 0, RS_CONFORM_ACTION, RS_RETRO_DEVIATES, "S0.2", "after stage dark had been left"},
    {"out of order", false, "e@9.5", {{0}}, 0, RS_CONFORM_ACTION, RS_RETRO_DEVIATES, "S0.2", "comes first"},
    {"closing, missing", false, "-p", {{0}}, 0, RS_CONFORM_ACTION, RS_RETRO_DEVIATES, "S2.9", "noted nowhere"},
    {"removal, missing: no other is noted", false, "-s", {{0}}, 0, RS_CONFORM_ACTION, RS_RETRO_UNDECIDABLE, "S3.1", NULL},
    {"out of order, within the uncertainty", false, "e@12.8", {{0}}, 60, RS_CONFORM_ACTION, RS_RETRO_UNDECIDABLE, "S0.2", "uncertainty"},
    /* checks */
    {"passed", false, "", {{0}}, 0, RS_CONFORM_CHECK, RS_RETRO_CONFORMS, "S1.2", NULL},
    {"failed and passed over", false, "-h +F", {{0}}, 0, RS_CONFORM_CHECK, RS_RETRO_DEVIATES, "S1.2", "went on"},
    {"failed, and rolled back", true, "-h +F", {{0}}, 0, RS_CONFORM_CHECK, RS_RETRO_CONFORMS, "S1.2", "rolled back"},
    {"no check is noted", false, "-h", {{0}}, 0, RS_CONFORM_CHECK, RS_RETRO_UNDECIDABLE, "S1.2", NULL},
    /* watches */
    {"kept", false, "", {{0}}, 0, RS_CONFORM_WATCH, RS_RETRO_CONFORMS, "S0", "39m"},
    {"cut short", false, "f@40", {{0}}, 0, RS_CONFORM_WATCH, RS_RETRO_DEVIATES, "S0", "cut short"},
    {"kept but for a little", false, "f@51.8", {{0}}, 0, RS_CONFORM_WATCH, RS_RETRO_CONFORMS, "S0", NULL},
    {"within the uncertainty", false, "f@52", {{0}}, 120, RS_CONFORM_WATCH, RS_RETRO_UNDECIDABLE, "S0", "uncertainty"},
    {"when it began is not noted", false, "-e -i -l", {{0}}, 0, RS_CONFORM_WATCH, RS_RETRO_UNDECIDABLE, "S0", "began"},
    {"ended by the rollback", true, "", {{"bad", 1, 60, 80}}, 0, RS_CONFORM_WATCH, RS_RETRO_CONFORMS, "S1", "ended after 15m"},
    /* gates */
    {"quiet", false, "", {{0}}, 0, RS_CONFORM_GATE, RS_RETRO_CONFORMS, "S1.g", NULL},
    {"gone on against it", false, "", BAD(0.6, 60, 90), 0, RS_CONFORM_GATE, RS_RETRO_DEVIATES, "S1.g", "went on"},
    {"short, and nobody noted a look", false, "", BAD(0.6, 63, 66), 0, RS_CONFORM_GATE, RS_RETRO_UNDECIDABLE, "S1.g", "no look"},
    {"short, and somebody looked", false, "+L", BAD(0.6, 63, 67), 0, RS_CONFORM_GATE, RS_RETRO_DEVIATES, "S1.g", "went on"},
    {"short, and looks before and after", false, "+M", BAD(0.6, 63, 67), 0, RS_CONFORM_GATE, RS_RETRO_CONFORMS, "S1.g", "1 noted look"},
    {"begins at the look", false, "+L", BAD(0.6, 65, 67), 0, RS_CONFORM_GATE, RS_RETRO_UNDECIDABLE, "S1.g", "uncertainty"},
    {"rolled back", true, "", BAD(0.6, 60, 80), 0, RS_CONFORM_GATE, RS_RETRO_CONFORMS, "S1.g", "rolled back"},
    {"at the end", false, "", {{"slow", 1, 150, 260}}, 0, RS_CONFORM_GATE, RS_RETRO_DEVIATES, "S2.g", "went on"},
    {"slow before the end", false, "", {{"slow", 1, 130, 160}}, 0, RS_CONFORM_GATE, RS_RETRO_CONFORMS, "S2.g", "let pass"},
    {"slow to the end", false, "", {{"slow", 1, 130, 181.9}}, 0, RS_CONFORM_GATE, RS_RETRO_UNDECIDABLE, "S2.g", "uncertainty"},
    {"a gap that hides a look", false, "", {{"*", 0, 60, 75}}, 0, RS_CONFORM_GATE, RS_RETRO_UNDECIDABLE, "S1.g", "nothing was recorded"},
    {"a gap that hides none", false, "", {{"*", 0, 60, 66}}, 0, RS_CONFORM_GATE, RS_RETRO_CONFORMS, "S1.g", "let pass"},
    {"no recording", false, "", {{"*", 0, -10, 900}}, 0, RS_CONFORM_GATE, RS_RETRO_UNDECIDABLE, "S2.g", "the recording has nothing"},
    {"no recording, but noted as passed", false, "+P +R +S", {{"*", 0, -10, 900}}, 0, RS_CONFORM_GATE, RS_RETRO_CONFORMS, "S2.g", "noted as passed"},
    {"noted as failed", false, "+Q", {{0}}, 0, RS_CONFORM_GATE, RS_RETRO_DEVIATES, "S2.g", "went on"},
    {"noted as passed, and read both ways", false, "+P", {{"slow", 1, 130, 181.9}}, 0, RS_CONFORM_GATE, RS_RETRO_CONFORMS, "S2.g", "noted as passed"},
    {"read by a machine, long", false, "", {{"lost", 1, 150, 155}}, 0, RS_CONFORM_GATE, RS_RETRO_UNDECIDABLE, "S2.c", "not noted"},
    {"read by a machine, to the end", false, "", {{"lost", 1, 150, 260}}, 0, RS_CONFORM_GATE, RS_RETRO_DEVIATES, "S2.c", "went on"},
    {"read by a machine, too short", false, "", {{"lost", 1, 150, 151}}, 0, RS_CONFORM_GATE, RS_RETRO_UNDECIDABLE, "S2.c", NULL},
    {"too short for an evaluation", true, SOON, {{0}}, 0, RS_CONFORM_GATE, RS_RETRO_CONFORMS, "S1.g", "not due: the watch lasted 6", 0},
    {"too short for a look, and nothing recorded", true, IN_TWO_MINUTES, {{"*", 0, 40, 75}}, 0, RS_CONFORM_GATE, RS_RETRO_CONFORMS, "S1.g", "read every 5m", 0},
    {"long enough for a look, and nothing recorded", true, "", {{"*", 0, 40, 75}}, 0, RS_CONFORM_GATE, RS_RETRO_UNDECIDABLE, "S1.g", "nothing", 0},
    {"in the evening", true, IN_THE_EVENING, {{0}}, 0, RS_CONFORM_GATE, RS_RETRO_CONFORMS, "S1.g", "outside of the hours of on-call", 0},
    /* ramps */
    {"gone up", false, "", {{0}}, 0, RS_CONFORM_RAMP, RS_RETRO_CONFORMS, "S2", "30m"},
    {"a step skipped", false, "-n", {{0}}, 0, RS_CONFORM_RAMP, RS_RETRO_DEVIATES, "S2", "noted nowhere"},
    {"a step cut short", false, "o@190", {{0}}, 0, RS_CONFORM_RAMP, RS_RETRO_DEVIATES, "S2", "50%"},
    {"held in between", false, "o@214 +H +J", {{0}}, 0, RS_CONFORM_RAMP, RS_RETRO_DEVIATES, "S2", "50%"},
    {"held in between, and made good", false, "o@217 +H +J", {{0}}, 0, RS_CONFORM_RAMP, RS_RETRO_CONFORMS, "S2", "50%"},
    /* triggers */
    {"never true", false, "", {{0}}, 0, RS_CONFORM_MISSED, RS_RETRO_CONFORMS, "R1", NULL},
    {"no rollback came", false, "", BAD(0.85, 60, 90), 0, RS_CONFORM_MISSED, RS_RETRO_DEVIATES, "R1", "no rollback"},
    {"the alert fired and none came", false, "", BAD(1, 130, 140), 0, RS_CONFORM_MISSED, RS_RETRO_DEVIATES, "R1", "alert WebBad"},
    {"a gap", false, "", {{"*", 0, 60, 75}}, 0, RS_CONFORM_MISSED, RS_RETRO_UNDECIDABLE, "R1", "does not have"},
    {"too short to be seen", false, "", BAD(0.85, 60, 62), 0, RS_CONFORM_MISSED, RS_RETRO_UNDECIDABLE, "R1", NULL},
    {"too short for an evaluation", true, SOON, {{0}}, 0, RS_CONFORM_MISSED, RS_RETRO_CONFORMS, "R1", "and no alert of it was told: the watch lasted 6", 0},
    {"too short for a look, and nothing recorded", true, IN_TWO_MINUTES, {{"*", 0, 40, 75}}, 0, RS_CONFORM_MISSED, RS_RETRO_CONFORMS, "R1", "read every 5m", 0},
    {"long enough for a look, and nothing recorded", true, "", {{"*", 0, 40, 75}}, 0, RS_CONFORM_MISSED, RS_RETRO_UNDECIDABLE, "R1", "does not have", 0},
    {"in the evening", true, IN_THE_EVENING, {{0}}, 0, RS_CONFORM_MISSED, RS_RETRO_CONFORMS, "R1", "outside of the hours", 0},
    {"rolled back", true, "", BAD(0.85, 62, 80), 0, RS_CONFORM_MISSED, RS_RETRO_CONFORMS, "R1", "came"},
    {"in time", true, "", BAD(1, 68, 80), 0, RS_CONFORM_LATE, RS_RETRO_CONFORMS, "R1", NULL},
    {"late", true, "", BAD(1, 58, 80), 0, RS_CONFORM_LATE, RS_RETRO_DEVIATES, "R1", "later"},
    {"late, within the uncertainty", true, "", BAD(1, 66.8, 80), 60, RS_CONFORM_LATE, RS_RETRO_UNDECIDABLE, "R1", "uncertainty"},
    {"nothing called for it", true, "-j", {{0}}, 0, RS_CONFORM_UNCALLED, RS_RETRO_DEVIATES, "R1", NULL},
    {"its trigger did", true, "-j", BAD(0.85, 62, 66), 0, RS_CONFORM_UNCALLED, RS_RETRO_CONFORMS, "R1", "trigger"},
    {"a gate did", true, "-j", BAD(0.6, 62, 66), 0, RS_CONFORM_UNCALLED, RS_RETRO_CONFORMS, "R1", "reads-bad"},
    {"a check did", true, "-j -h +F", {{0}}, 0, RS_CONFORM_UNCALLED, RS_RETRO_CONFORMS, "R1", "Smoke tests"},
    {"an alert did", true, "", {{0}}, 0, RS_CONFORM_UNCALLED, RS_RETRO_CONFORMS, "R1", "WebBad"},
    /* procedures */
    {"done in order", true, "", BAD(1, 68, 80), 0, RS_CONFORM_PROCEDURE, RS_RETRO_CONFORMS, "R1.2", NULL},
    {"out of order", true, "o@72.5", BAD(1, 68, 80), 0, RS_CONFORM_PROCEDURE, RS_RETRO_DEVIATES, "R1.2", "comes first"},
    {"out of order by a note that is contradicted", true, "o@72.5", BAD(1, 68, 80), 0, RS_CONFORM_PROCEDURE, RS_RETRO_UNDECIDABLE, "R1.2", "it was told otherwise", 'o'},
    {"out of order, and the one before is contradicted", true, "n@74.1", BAD(1, 68, 80), 0, RS_CONFORM_PROCEDURE, RS_RETRO_UNDECIDABLE, "R1.2", "it was told otherwise", 'n'},
    {"out of order, and something else is contradicted", true, "o@72.5", BAD(1, 68, 80), 0, RS_CONFORM_PROCEDURE, RS_RETRO_DEVIATES, "R1.2", "comes first", 'q'},
    {"in order, and contradicted", true, "", BAD(1, 68, 80), 0, RS_CONFORM_PROCEDURE, RS_RETRO_CONFORMS, "R1.2", NULL, 'n'},
    {"the flag is not noted", true, "-n", BAD(1, 68, 80), 0, RS_CONFORM_PROCEDURE, RS_RETRO_DEVIATES, "R1.1", "noted nowhere"},
    {"no purge is noted at all", true, "-o", BAD(1, 68, 80), 0, RS_CONFORM_PROCEDURE, RS_RETRO_UNDECIDABLE, "R1.2", NULL},
    /* SLA */
    {"kept", true, "", BAD(1, 68, 80), 0, RS_CONFORM_SLA, RS_RETRO_CONFORMS, "R1", "kept"},
    {"broken", true, "p@80", BAD(1, 68, 80), 0, RS_CONFORM_SLA, RS_RETRO_DEVIATES, "R1", "broken"},
    {"undecidable", true, "p@75", BAD(1, 68, 80), 60, RS_CONFORM_SLA, RS_RETRO_UNDECIDABLE, "R1", NULL},
    /* escalation */
    {"in hand soon", true, "", BAD(1, 68, 80), 0, RS_CONFORM_ESCALATION, RS_RETRO_CONFORMS, "P1", NULL},
    {"not escalated, no log to tell", true, "l@90 m@91 n@92 o@93 p@94 q@95 r@99 s@120", BAD(1, 68, 95), 0, RS_CONFORM_ESCALATION, RS_RETRO_UNDECIDABLE, "P1", NULL},
    {"escalated", true, "+E l@90 m@91 n@92 o@93 p@94 q@95 r@99 s@120", BAD(1, 68, 95), 0, RS_CONFORM_ESCALATION, RS_RETRO_CONFORMS, "P1", "escalated"},
    {"not escalated here, but elsewhere", true, "+E E@300 l@90 m@91 n@92 o@93 p@94 q@95 r@99 s@120", BAD(1, 68, 95), 0, RS_CONFORM_ESCALATION, RS_RETRO_DEVIATES, "P1", "no escalation"},
    {"about then", true, "l@80.5", BAD(1, 68, 95), 60, RS_CONFORM_ESCALATION, RS_RETRO_UNDECIDABLE, "P1", "uncertainty"},
    /* messages,
    documents,
    what comes after */ {"told", false, "", {{0}}, 0, RS_CONFORM_COMMUNICATION, RS_RETRO_CONFORMS, "M1", NULL},
    {"not told", false, "-l", {{0}}, 0, RS_CONFORM_COMMUNICATION, RS_RETRO_DEVIATES, "M1", "noted nowhere"},
    {"not told of the rollback", true, "-q", BAD(1, 68, 80), 0, RS_CONFORM_COMMUNICATION, RS_RETRO_DEVIATES, "R1.3", "noted nowhere"},
    {"the daily one", false, "", {{0}}, 0, RS_CONFORM_COMMUNICATION, RS_RETRO_CONFORMS, "M2", NULL},
    {"the daily one, late", false, "m@400", {{0}}, 0, RS_CONFORM_COMMUNICATION, RS_RETRO_DEVIATES, "M2", "later"},
    {"none told at all", false, "-c -i -l -m -r", {{0}}, 0, RS_CONFORM_COMMUNICATION, RS_RETRO_UNDECIDABLE, "M1", NULL},
    {"written", true, "", BAD(1, 68, 80), 0, RS_CONFORM_DOCUMENT, RS_RETRO_CONFORMS, "R1.4", NULL},
    {"not written", true, "-r", BAD(1, 68, 80), 0, RS_CONFORM_DOCUMENT, RS_RETRO_DEVIATES, "R1.4", "noted nowhere"},
    {"the log ends before", true, "-r -s z@78", BAD(1, 68, 80), 0, RS_CONFORM_DOCUMENT, RS_RETRO_UNDECIDABLE, "R1.4", "the evidence ends"},
    {"archived", false, "", {{0}}, 0, RS_CONFORM_POST_ROLLOUT, RS_RETRO_CONFORMS, "Z1", NULL},
    {"not archived", false, "-u", {{0}}, 0, RS_CONFORM_POST_ROLLOUT, RS_RETRO_DEVIATES, "Z1", "noted nowhere"},
    {"not yet archived", false, "-u z@250", {{0}}, 0, RS_CONFORM_POST_ROLLOUT, RS_RETRO_UNDECIDABLE, "Z1", "the evidence ends"},
    /* flags */
    {"named", false, "", {{0}}, 0, RS_CONFORM_FLAG, RS_RETRO_CONFORMS, "F1", "set once"},
    {"not named", false, "+G", {{0}}, 0, RS_CONFORM_FLAG, RS_RETRO_DEVIATES, "S1", "50%"},
    {"another share than is named", false, "k@121.5 +G G@130", {{0}}, 0, RS_CONFORM_FLAG, RS_RETRO_DEVIATES, "S2", "50%"},
};
/* clang-format on */

static char *listed(const struct retro *r, int rule)
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    static const char *const verdict[] = {"conforms", "deviates", "undecidable"};
    for (int i = 0; i < r->conformance.n_finding; i++) {
        const struct retro_finding *found = &r->conformance.finding[i];
        if (rule < 0 ? found->verdict != RS_RETRO_CONFORMS : (int)found->rule == rule)
            fprintf(f, "\n%s %s %s %d:%d: %s", rs_retro_rule_name(found->rule),
                    found->ref ? found->ref : "-", verdict[found->verdict], found->at.line,
                    found->at.col, found->text);
    }
    fclose(f);
    return text;
}

START_TEST(test_rule)
{
    const struct conform_row *row = &rows[_i];
    const struct retro *r = conform_case(row);
    bool there = false;
    for (int i = 0; i < r->conformance.n_finding; i++) {
        const struct retro_finding *f = &r->conformance.finding[i];
        there = there || (f->rule == row->rule && f->verdict == row->verdict && f->ref &&
                          strcmp(f->ref, row->ref) == 0 && f->at.line > 0 &&
                          (!row->says || strstr(f->text, row->says)));
        ck_assert_msg(f->verdict != RS_RETRO_DEVIATES || f->mend, "no word what to change: %s",
                      f->text);
    }
    char *text = listed(r, row->rule);
    ck_assert_msg(there, "%s, %s: none of%s", rs_retro_rule_name(row->rule), row->words, text);
    free(text);
    conform_case_end();
}
END_TEST

/* As the runbook says: nothing deviates, and everything can be told. */
static const struct conform_row clean[] = {
    {.words = "completed", .change = ""},
    {.words = "rolled back by the alert", .back = true, .change = "", .level = BAD(1, 68, 75)},
    {.words = "to a minute", .change = "", .accuracy_s = 20},
};

START_TEST(test_clean)
{
    const struct retro *r = conform_case(&clean[_i]);
    char *text = listed(r, -1);
    ck_assert_msg(r->conformance.n_by_verdict[RS_RETRO_DEVIATES] == 0, "%s:%s", clean[_i].words,
                  text);
    ck_assert_msg(clean[_i].accuracy_s || r->conformance.n_by_verdict[RS_RETRO_UNDECIDABLE] == 0,
                  "%s:%s", clean[_i].words, text);
    ck_assert_int_gt(r->conformance.n_by_verdict[RS_RETRO_CONFORMS], 15);
    free(text);
    conform_case_end();
}
END_TEST

/* Each rule has a row that deviates. */
START_TEST(test_each_rule_can_go_red)
{
    for (int rule = 0; rule < RS_CONFORM_N; rule++) {
        bool red = false;
        for (int i = 0; i < N_OF(rows); i++)
            red = red || ((int)rows[i].rule == rule && rows[i].verdict == RS_RETRO_DEVIATES);
        ck_assert_msg(red, "%s", rs_retro_rule_name((enum retro_rule)rule));
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("conform");
    TCase *tc = tcase_create("conform");
    tcase_add_loop_test(tc, test_rule, 0, N_OF(rows));
    tcase_add_loop_test(tc, test_clean, 0, N_OF(clean));
    tcase_add_test(tc, test_each_rule_can_go_red);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(s, tc);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed ? 1 : 0;
}
