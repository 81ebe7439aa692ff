/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A scenario and the files of the command line. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "evidence_case.h"
#include "sim/clock.h"

static const char scenario[] = RS_SOURCE_DIR "/scenarios/prisma/prisma.yaml";

static const char metrics[] =
    "# TYPE http_requests counter\n"
    "http_requests_total{job=\"dashboard\",instance=\"dashboard-0\",code=\"200\"} 10 1759136400\n"
    "http_requests_total{job=\"dashboard\",instance=\"dashboard-0\",code=\"200\"} 20 1759136430\n"
    "# EOF\n";

static const char timeline[] =
    "timeline: 1\n"
    "zone: Europe/Berlin\n"
    "events:\n"
    "  - {at: 2025-09-29 11:00, event: stage_entered, stage: stage-0, actor: on-call}\n"
    "  - {at: '2025-09-29T09:30:05.5Z', event: flag_set, flag: PORTAL_PRISMA, percent: 10}\n"
    "  - {at: '2025-09-29T09:31:00Z', event: firing, subject: PortalSLA, episode: one}\n"
    "  - {at: '2025-09-29T09:31:00Z', event: firing, subject: PortalSLA, episode: one}\n"
    "  - {at: '2025-09-29T09:29:00Z', event: note, note: late words}\n";

static struct retro_evidence *load(const char *om, const char *words, struct err_list *errors)
{
    struct evidence_file file[] = {{RS_SOURCE_METRICS, om, NULL},
                                   {RS_SOURCE_TIMELINE, words, NULL}};
    return rs_evidence_load(scenario, file, 2, NULL, 0, errors);
}

START_TEST(test_scenario)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    evidence_case_begin();
    struct retro_evidence *e =
        load(evidence_file("m.om", metrics), evidence_file("t.yaml", timeline), &errors);
    ck_assert_msg(e != NULL, "%s", evidence_errors(&errors));
    ck_assert_str_eq(e->name, "prisma");
    ck_assert_int_eq(e->n_source, 2);
    ck_assert_int_eq(e->reference, 0);
    ck_assert_str_eq(e->source[0].name, "m.om");
    ck_assert_uint_eq(e->source[0].n_taken, 2);
    ck_assert_uint_eq(strlen(e->source[0].sha256), 64);
    ck_assert_int_eq(e->data->n_series, 1);
    ck_assert_int_eq(e->source_of[0], 0);
    ck_assert_int_eq(e->n_mark, 4);
    ck_assert_uint_eq(e->source[1].n_line, 5);
    ck_assert_uint_eq(e->source[1].n_taken, 4);
    ck_assert_uint_eq(e->source[1].n_duplicate, 1);
    ck_assert_uint_eq(e->source[1].n_out_of_order, 1);
    ck_assert(e->patch != NULL);
    ck_assert_int_eq(e->evaluation_interval_ns, 30 * RS_NS_PER_S);
    ck_assert_int_eq(e->n_rule_file, 1);
    const struct retro_mark *m = e->mark;
    ck_assert_int_eq(m[0].event, RS_EVENT_STAGE_ENTERED);
    ck_assert_int_eq(m[0].stage, 0);
    ck_assert_int_eq(m[0].written_lo_ns, INT64_C(1759136400) * RS_NS_PER_S);
    ck_assert_int_eq(m[0].written_hi_ns, INT64_C(1759136460) * RS_NS_PER_S);
    ck_assert_str_eq(m[0].actor, "on-call");
    ck_assert_int_eq(m[0].at.line, 4);
    ck_assert_int_eq(m[1].event, RS_EVENT_FLAG_SET);
    ck_assert_int_eq(m[1].flag, 3);
    ck_assert(m[1].on && m[1].percent == 10.0);
    ck_assert_int_eq(m[1].written_hi_ns - m[1].written_lo_ns, 100 * RS_NS_PER_MS);
    ck_assert_int_eq(m[2].event, RS_CLOCK_DETECTED);
    ck_assert_str_eq(m[2].subject, "PortalSLA");
    ck_assert_str_eq(m[2].episode, "one");
    const char *notes = evidence_notes(e);
    ck_assert_msg(strstr(notes, "t.yaml:7:5: marks that say exactly"), "%s", notes);
    ck_assert_msg(strstr(notes, "t.yaml:8:5: marks earlier than one before them: 1"), "%s", notes);
    rs_evidence_close(e);
    evidence_case_end();
    rs_err_list_clear(&errors);
}
END_TEST

static const struct {
    const char *text, *want;
} wrong[] = {
    {"timeline: 1\nevents:\n  - {at: '2025-09-29 11:00', event: detected}\n",
     "t.yaml:3:10: \"2025-09-29 11:00\" has no zone"},
    {"timeline: 1\nevents:\n  - {at: '2025-09-29 11:00Z', event: detectd}\n",
     "t.yaml:3:38: there is no event \"detectd\", did you mean \"detected\"?"},
    {"timeline: 1\nevents:\n  - {at: '2025-09-29 11:00Z', event: stage_entered, stage: stage-9}\n",
     "t.yaml:3:60: there is no stage \"stage-9\", did you mean"},
    {"timeline: 1\nevents:\n  - {at: '2025-09-29 11:00Z', event: flag_set, flag: X}\n",
     "there is no flag \"X\""},
    {"timeline: 1\nevents:\n  - {at: '2025-09-29 11:00Z', event: flag_set, flag: PORTAL_PRISMA}\n",
     "flag_set needs a \"flag\", and \"on\" or \"percent\""},
    {"timeline: 1\nevents:\n  - {at: '2025-09-29 11:00Z', event: flag_set, flag: PORTAL_PRISMA, "
     "percent: 101}\n",
     "\"percent\" must be 0..100, got \"101\""},
    {"timeline: 1\nzone: Mars\nevents: []\n", "t.yaml:2:7: there is no time zone \"Mars\""},
    {"timeline: 2\nevents: []\n", "reads version 1 of timelines, got \"2\""},
    {"timeline: 1\nevents:\n  - {at: '2025-09-29 11:00Z', event: noted, evnt: x}\n",
     "unknown key \"evnt\" in a timeline event, did you mean \"event\"?"},
    {"timeline: 1\nevents:\n  - {at: '2025-09-29 11:0", "t.yaml:"},
    {"timeline: 1\nevents:\n  - at: 2025-09-29 11:00Z\n    event: detected\n  - at: 2025-09-\n"
     "    event: detected\n",
     "t.yaml:5:9: \"2025-09-\" must be a time"},
    {"", "t.yaml:"},
};

START_TEST(test_wrong)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    evidence_case_begin();
    struct retro_evidence *e =
        load(evidence_file("m.om", metrics), evidence_file("t.yaml", wrong[_i].text), &errors);
    ck_assert_ptr_null(e);
    const char *said = evidence_errors(&errors);
    ck_assert_msg(strstr(said, wrong[_i].want), "%s", said);
    evidence_case_end();
    rs_err_list_clear(&errors);
}
END_TEST

START_TEST(test_nothing)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    ck_assert_ptr_null(rs_evidence_load(scenario, NULL, 0, NULL, 0, &errors));
    ck_assert(strstr(evidence_errors(&errors), "there is no evidence"));
    rs_err_list_clear(&errors);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, test_scenario);
    tcase_add_loop_test(tc, test_wrong, 0, N_ROW(wrong));
    tcase_add_test(tc, test_nothing);
}

int main(void)
{
    return evidence_main("evidence", add);
}
