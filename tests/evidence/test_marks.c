/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Marks out of each of the forms that people and tools write. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "evidence_case.h"
#include "scenarios/load.h"
#include "sim/clock.h"

/* One line a mark: event, time, end, and what is told. */
static const char *tell(const struct retro_evidence *e)
{
    static char out[1 << 15];
    size_t n = 0;
    out[0] = '\0';
    for (int i = 0; i < e->n_mark && n < sizeof(out); i++) {
        const struct retro_mark *m = &e->mark[i];
        char lo[40], length[40];
        n += (size_t)snprintf(
            out + n, sizeof(out) - n, "%s %s+%s", rs_retro_event_name(m->event),
            rs_time_format(lo, sizeof(lo), m->written_lo_ns),
            rs_duration_format(length, sizeof(length), m->written_hi_ns - m->written_lo_ns));
        const struct {
            const char *key, *text;
        } words[] = {{"episode", m->episode},
                     {"actor", m->actor},
                     {"subject", m->subject},
                     {"note", m->note}};
        if (m->stage >= 0) {
            n += (size_t)snprintf(out + n, sizeof(out) - n, " stage=%d", m->stage);
        }
        if (m->flag >= 0) {
            n += (size_t)snprintf(out + n, sizeof(out) - n, " flag=%d", m->flag);
        }
        if (m->event == RS_EVENT_FLAG_SET) {
            n += (size_t)snprintf(out + n, sizeof(out) - n, " %s %g", m->on ? "on" : "off",
                                  m->percent);
        }
        for (int k = 0; k < N_ROW(words); k++) {
            if (words[k].text) {
                n += (size_t)snprintf(out + n, sizeof(out) - n, " %s=%s", words[k].key,
                                      words[k].text);
            }
        }
        n += (size_t)snprintf(out + n, sizeof(out) - n, "\n");
    }
    return out;
}

/* Evidence with one source that has been read from memory. */
static struct retro_evidence *make(enum retro_source_kind kind, bool with_scenario)
{
    static const char words[] = "retro: 1\nname: x\ntimelines: [{events: []}]\n";
    struct err_list errors;
    rs_err_list_init(&errors);
    struct retro_evidence *e = rs_evidence_parse(NULL, words, strlen(words), &errors);
    ck_assert_msg(e != NULL, "%s", evidence_errors(&errors));
    e->source[0].kind = kind;
    e->source[0].file = "it";
    if (with_scenario) {
        e->scenario = rs_scenario_load(RS_SOURCE_DIR "/scenarios/prisma/prisma.yaml", &errors);
        ck_assert(e->scenario != NULL);
        e->n_rule_file = e->scenario->monitoring.n_rule_file;
        e->rule_file = (const struct rule_file *const *)e->scenario->monitoring.rule_file;
    }
    rs_err_list_clear(&errors);
    return e;
}

/* ---- what is read ---- */

static const struct {
    const char *what;
    enum retro_source_kind kind;
    const char *zone, *text, *marks, *notes;
} rows[] = {
    {"CSV", RS_SOURCE_TIMELINE, "Europe/Berlin",
     "time,actor,event,stage,flag,percent,note\n"
     "# a comment\n"
     "2025-09-29 11:00,ada,stage_entered,stage-1,,,\n"
     "2025-09-29T09:05:30Z,ada,flag_set,,PORTAL_PRISMA,10,\"first, \"\"small\"\" step\"\n"
     "\n"
     "2025-09-29 12:00:00,,note,,,,lunch\n",
     "stage_entered 2025-09-29T09:00:00Z+1m stage=1 actor=ada\n"
     "flag_set 2025-09-29T09:05:30Z+1s flag=3 on 10 actor=ada note=first, \"small\" step\n"
     "note 2025-09-29T10:00:00Z+1s note=lunch\n",
     ""},
    {"CSV with a date beside, and columns that nobody asked for", RS_SOURCE_TIMELINE, "UTC",
     "\xef\xbb\xbf"
     "date,at,event,mood\n"
     "2025-09-29,23:59,detected,fine\n"
     "2025-09-29,d+00:01,completed,better\n"
     "2025-09-29,23:59,detected,worse\n",
     "detected 2025-09-29T23:59:00Z+1m\n"
     "completed 2025-09-30T00:01:00Z+1m\n",
     "it:1:1: columns that are not read: mood\n"
     "it:4:1: marks that say exactly what one before them said: 1, the first one here; they count "
     "once\n"},
    {"Grafana", RS_SOURCE_ANNOTATIONS, NULL,
     "[{\"id\":1,\"time\":1759136400000,\"timeEnd\":1759140000000,\"login\":\"ada\",\"text\":\"go "
     "\\ud83d\\ude80\","
     "\"tags\":[\"stage-1\",\"event:stage_entered\",\"rollout\"],\"data\":{\"x\":[1,{}]}},\n"
     "{\"time\":1759136405123,\"text\":\"10 "
     "%\",\"tags\":[\"flag_set\",\"PORTAL_PRISMA\",\"percent:10\"]},\n"
     "{\"time\":1759136406000,\"text\":\"smoke\",\"tags\":[\"check_passed\"]},\n"
     "{\"time\":1759136407000,\"newState\":\"Alerting\",\"prevState\":\"Pending\",\"alertName\":"
     "\"PortalSLA\","
     "\"text\":\"\",\"tags\":[]},\n"
     "{\"time\":1759136408000,\"text\":\"coffee\",\"tags\":null}]\n",
     "stage_entered 2025-09-29T09:00:00Z+1ms stage=1 actor=ada note=go \xf0\x9f\x9a\x80\n"
     "stage_left 2025-09-29T10:00:00Z+1ms stage=1 actor=ada note=go \xf0\x9f\x9a\x80\n"
     "flag_set 2025-09-29T09:00:05.123Z+1ms flag=3 on 10 note=10 %\n"
     "check_passed 2025-09-29T09:00:06Z+1ms subject=smoke note=smoke\n"
     "detected 2025-09-29T09:00:07Z+1ms subject=PortalSLA\n"
     "note 2025-09-29T09:00:08Z+1ms note=coffee\n",
     "it:2:1: marks earlier than one before them: 4, the first one here; the times count, not the "
     "order of lines\n"},
    {"Grafana's odd ones", RS_SOURCE_ANNOTATIONS, NULL,
     "[{\"time\":1759136400000,\"tags\":[\"flag_set\"],\"text\":\"which?\"},\n"
     "{\"text\":\"no time\"}, 7,\n"
     "{\"time\":1759136401000,\"timeEnd\":1759136402000,\"tags\":[\"event:bang\",\"stage:nine\"]}]",
     "note 2025-09-29T09:00:00Z+1ms note=which?\n"
     "note 2025-09-29T09:00:01Z+1ms subject=nine\n",
     "it:1:2: a flag was set, and it is not told which or to what\n"
     "it:3:1: a tag names the event \"bang\", which is none\n"
     "it:3:1: the scenario has no stage \"nine\"\n"
     "it:3:1: the annotation has an end: only of stages and alerts it counts\n"
     "it:2:1: entries not taken: 2, the first one here: it has no time\n"},
    {"PagerDuty's log entries", RS_SOURCE_NOTIFICATIONS, NULL,
     "{\"log_entries\":[\n"
     "{\"type\":\"trigger_log_entry\",\"created_at\":\"2025-09-29T09:31:02Z\",\"summary\":"
     "\"Triggered through the API\","
     "\"incident\":{\"summary\":\"[#12] [FIRING:1] PortalSLA portal (page)\"}},\n"
     "{\"type\":\"notify_log_entry\",\"created_at\":\"2025-09-29T09:31:05Z\",\"agent\":{"
     "\"summary\":\"PagerDuty\"},"
     "\"incident\":{\"title\":\"disk full\"}},\n"
     "{\"type\":\"acknowledge_log_entry\",\"created_at\":\"2025-09-29T11:33:00+02:00\",\"agent\":{"
     "\"summary\":\"Ada\"}},\n"
     "{\"type\":\"annotate_log_entry\",\"created_at\":\"2025-09-29T09:34:00Z\",\"channel\":{"
     "\"summary\":\"rolling back\"}},\n"
     "{\"type\":\"escalate_log_entry\",\"created_at\":\"2025-09-29T09:35:00Z\"},\n"
     "{\"type\":\"snooze_log_entry\",\"created_at\":\"2025-09-29T09:36:00Z\",\"summary\":"
     "\"snoozed\"},\n"
     "{\"type\":\"resolve_log_entry\",\"created_at\":\"2025-09-29T09:40:00Z\"}],\"limit\":100,"
     "\"more\":false}",
     "notified 2025-09-29T09:31:02Z+1s subject=PortalSLA note=Triggered through the API\n"
     "notified 2025-09-29T09:31:05Z+1s actor=PagerDuty subject=disk full\n"
     "acknowledged 2025-09-29T09:33:00Z+1s actor=Ada\n"
     "note 2025-09-29T09:34:00Z+1s note=rolling back\n"
     "escalated 2025-09-29T09:35:00Z+1s\n"
     "note 2025-09-29T09:36:00Z+1s note=snoozed\n"
     "resolved 2025-09-29T09:40:00Z+1s\n",
     ""},
    {"PagerDuty's webhooks, a line cut", RS_SOURCE_NOTIFICATIONS, NULL,
     "{\"event\":{\"event_type\":\"incident.triggered\",\"occurred_at\":\"2025-09-29T09:31:02.5Z\","
     "\"data\":{\"title\":\"SecretProviderFallback in settings\"}}}\n"
     "{\"event\":{\"event_type\":\"incident.acknowledged\",\"occurred_at\":\"2025-09-29T09:33:"
     "00Z\","
     "\"agent\":{\"summary\":\"Ada\"}}}\n"
     "{\"event\":{\"event_type\":\"incident.resol",
     "notified 2025-09-29T09:31:02.500Z+100ms subject=SecretProviderFallback "
     "note=incident.triggered\n"
     "acknowledged 2025-09-29T09:33:00Z+1s actor=Ada note=incident.acknowledged\n",
     "it:3:24: entries not taken: 1, the first one here: not JSON: the text that begins here has "
     "no "
     "end\n"},
    {"Alertmanager's webhooks", RS_SOURCE_NOTIFICATIONS, NULL,
     "{\"receivedAt\":\"2025-09-29T09:31:30Z\",\"payload\":{\"receiver\":\"pager\",\"status\":"
     "\"firing\",\"version\":\"4\","
     "\"alerts\":[{\"status\":\"firing\",\"labels\":{\"alertname\":\"PortalSLA\"},"
     "\"startsAt\":\"2025-09-29T09:31:00.123456789Z\",\"endsAt\":\"0001-01-01T00:00:00Z\"}]}}\n"
     "{\"receiver\":\"pager\",\"status\":\"resolved\",\"alerts\":[{\"status\":\"resolved\","
     "\"labels\":{\"alertname\":\"PortalSLA\"},\"startsAt\":\"2025-09-29T09:31:00.123456789Z\","
     "\"endsAt\":\"2025-09-29T09:40:00.5Z\"}]}\n",
     "detected 2025-09-29T09:31:00.123Z+1ms actor=pager subject=PortalSLA\n"
     "notified 2025-09-29T09:31:30Z+1s actor=pager subject=PortalSLA\n"
     "resolved 2025-09-29T09:40:00.500Z+100ms actor=pager subject=PortalSLA\n",
     "it:2:51: marks that say exactly what one before them said: 1, the first one here; they count "
     "once\n"},
    {"Alertmanager's log", RS_SOURCE_NOTIFICATIONS, NULL,
     "ts=2025-09-29T09:00:00.000Z caller=main.go:240 level=info msg=\"Starting Alertmanager\" "
     "version=\"(v)\"\n"
     "ts=2025-09-29T09:31:30.664Z caller=notify.go:860 level=debug component=dispatcher "
     "receiver=pager "
     "integration=pagerduty[0] aggrGroup=\"{}:{alertname=\\\"PortalSLA\\\"}\" "
     "alerts=\"[PortalSLA[a3a4121][active] PortalSLA[7b22ce9][active] Other[1][resolved]]\" "
     "msg=\"Notify success\" attempts=1 duration=168.075551ms\n"
     "time=2025-09-29T09:32:30.5+00:00 level=DEBUG source=notify.go:975 msg=\"Notify success\" "
     "receiver=slack integration=slack[0] aggrGroup=\"{}:{}\" numAlerts=3 alerts=\"PortalSLA: 2, "
     "Other: 1\"\n"
     "ts=2025-09-29T09:33:00Z level=debug receiver=pager msg=\"Notify success\" "
     "aggrGroup=\"{}:{alertname=\\\"Old\\\"}\"\n"
     "ts=2025-09-29T09:34:00Z level=error receiver=pager msg=\"Notify for alerts failed\" "
     "aggrGroup=\"{}:{alertname=\\\"Old\\\"}\" err=\"pager/pagerduty[0]: notify retry canceled\"\n"
     "what is this\n"
     "ts=2025-09-29T09:35:00Z level=debug receiver=pager msg=\"Notify suc",
     "notified 2025-09-29T09:31:30.664Z+1ms actor=pager subject=PortalSLA note=pagerduty[0]\n"
     "note 2025-09-29T09:31:30.664Z+1ms actor=pager subject=Other note=told that it is resolved\n"
     "notified 2025-09-29T09:32:30.500Z+100ms actor=slack subject=PortalSLA note=slack[0]\n"
     "notified 2025-09-29T09:32:30.500Z+100ms actor=slack subject=Other note=slack[0]\n"
     "notified 2025-09-29T09:33:00Z+1s actor=pager subject=Old\n"
     "note 2025-09-29T09:34:00Z+1s actor=pager subject=Old note=pager/pagerduty[0]: notify retry "
     "canceled\n",
     "it:6:1: entries not taken: 2, the first one here: it has no msg=: it is no line of "
     "Alertmanager's log\n"
     "it:0:0: lines about something else than notifications: 1\n"},
    {"Alertmanager's log as JSON", RS_SOURCE_NOTIFICATIONS, NULL,
     "{\"time\":\"2025-09-29T09:32:30.5Z\",\"level\":\"DEBUG\",\"msg\":\"Notify "
     "success\",\"receiver\":\"slack\","
     "\"integration\":\"slack[0]\",\"alerts\":\"[PortalSLA[a3a4121][active]]\"}\n"
     "{\"time\":\"2025-09-29T09:32:31Z\",\"level\":\"INFO\",\"msg\":\"Listening\"}\n",
     "notified 2025-09-29T09:32:30.500Z+100ms actor=slack subject=PortalSLA note=slack[0]\n",
     "it:0:0: lines about something else than notifications: 1\n"},
};

START_TEST(test_read)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    struct retro_evidence *e = make(rows[_i].kind, true);
    int status =
        rs_evidence_marks(e, 0, rows[_i].zone, rows[_i].text, strlen(rows[_i].text), &errors);
    ck_assert_msg(status == 0, "%s: %s", rows[_i].what, evidence_errors(&errors));
    const char *marks = tell(e);
    ck_assert_msg(strcmp(marks, rows[_i].marks) == 0, "%s:\n%s", rows[_i].what, marks);
    const char *notes = evidence_notes(e);
    ck_assert_msg(strcmp(notes, rows[_i].notes) == 0, "%s:\n%s", rows[_i].what, notes);
    rs_evidence_close(e);
    rs_err_list_clear(&errors);
}
END_TEST

/* ---- what is refused ---- */

static const struct {
    enum retro_source_kind kind;
    const char *text, *want;
} wrong[] = {
    {RS_SOURCE_TIMELINE, "when,event\n",
     "it:1:1: a timeline needs the column \"at\" (or \"time\")"},
    {RS_SOURCE_TIMELINE, "at,evnt\n", "needs the column \"event\", did you mean \"evnt\"?"},
    {RS_SOURCE_TIMELINE, "at,event,at\n", "it:1:10: two columns are called \"at\""},
    {RS_SOURCE_TIMELINE, "at,event\n2025-09-29T09:00:00Z,detected\n2025-09-29T09:0",
     "it:3:1: the line has 1 fields, the heading has 2; is the file cut here?"},
    {RS_SOURCE_TIMELINE, "at,event\n2025-09-29T09:00:00,detected\n13:42Z,detected\n",
     "it:2:1: \"2025-09-29T09:00:00\" has no zone"},
    {RS_SOURCE_TIMELINE, "at,event\n2025-09-29T09:00:00,detected\n13:42Z,detected\n",
     "it:3:1: \"13:42Z\" has no date"},
    {RS_SOURCE_TIMELINE, "at,event\n2025-09-29T09:00:00Z,detectd\n",
     "it:2:22: there is no event \"detectd\", did you mean \"detected\"?"},
    {RS_SOURCE_TIMELINE, "date,at,event\n29.9.2025,13:42Z,detected\n",
     "it:2:1: \"29.9.2025\" must be a date like 2025-09-29"},
    {RS_SOURCE_TIMELINE, "at,event\n,detected\n2025-09-29T09:00:00Z,\n",
     "it:3:22: the line has no event"},
    {RS_SOURCE_TIMELINE, "at,event,note\n2025-09-29T09:00:00Z,note,\"open\n",
     "the quote that begins here does not end on its line"},
    {RS_SOURCE_TIMELINE, "", "it:1:1: "},
    {RS_SOURCE_ANNOTATIONS, "[{\"time\":1759136400000,\"tex", "it:1:24: not JSON"},
    {RS_SOURCE_ANNOTATIONS, "time,text\n", "it:1:1: not JSON"},
    {RS_SOURCE_NOTIFICATIONS, "{\"log_entries\":[\n{\"type\":\"trigger_log_entry\"},\n",
     "it:3:1: not JSON: the text breaks off"},
};

START_TEST(test_wrong)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    struct retro_evidence *e = make(wrong[_i].kind, true);
    ck_assert_int_eq(rs_evidence_marks(e, 0, NULL, wrong[_i].text, strlen(wrong[_i].text), &errors),
                     -1);
    const char *said = evidence_errors(&errors);
    ck_assert_msg(strstr(said, wrong[_i].want), "%s", said);
    rs_evidence_close(e);
    rs_err_list_clear(&errors);
}
END_TEST

/* ---- an episode a line ---- */

static const char wide_doc[] = "retro: 1\nname: x\nsla: 30m\ntimelines:\n"
                               "  - file: wide.csv\n"
                               "    zone: UTC\n"
                               "    episodes: {name: id, date: date, note: note, columns: "
                               "{trigger: changed, detect: detected, "
                               "done: completed}}\n";

static const char wide[] = "id,date,trigger,detect,done,note,org\n"
                           "one,2019-07-02,13:42,13:45,14:09,\"a, b\",X\n"
                           "two,2024-12-11,23:12,,d+03:38,,Y\n"
                           "three,2024-12-11,,,,,Z\n";

static struct retro_evidence *load_wide(const char *doc, const char *table, struct err_list *errors)
{
    evidence_case_begin();
    evidence_file("wide.csv", table);
    struct retro_evidence *e =
        rs_evidence_load(evidence_file("retro.yaml", doc), NULL, 0, NULL, 0, errors);
    evidence_case_end();
    return e;
}

START_TEST(test_wide)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    struct retro_evidence *e = load_wide(wide_doc, wide, &errors);
    ck_assert_msg(e != NULL, "%s", evidence_errors(&errors));
    ck_assert_str_eq(tell(e), "changed 2019-07-02T13:42:00Z+1m episode=one note=a, b\n"
                              "detected 2019-07-02T13:45:00Z+1m episode=one\n"
                              "completed 2019-07-02T14:09:00Z+1m episode=one\n"
                              "changed 2024-12-11T23:12:00Z+1m episode=two\n"
                              "completed 2024-12-12T03:38:00Z+1m episode=two\n");
    ck_assert_str_eq(evidence_notes(e), "wide.csv:1:1: columns that are not read: org\n"
                                        "wide.csv:4:1: episode \"three\" has no instant at all\n");
    ck_assert_uint_eq(e->source[0].n_line, 3);
    ck_assert_uint_eq(e->source[0].n_taken, 5);
    rs_evidence_close(e);
    rs_err_list_clear(&errors);
}
END_TEST

static const struct {
    const char *table, *want;
} wrong_wide[] = {
    {"id,date,trigger,detect,note\n", "has no column \"done\""},
    {"id,date,trigger,detect,done,note\none,2019-07-02,13:42,1345,,\n",
     "wide.csv:2:22: \"1345\" must be a time like"},
    {"id,date,trigger,detect,done,note\none,,13:42,,,\n", "wide.csv:2:6: \"13:42\" has no date"},
    {"id,date,trigger,detect,done,note\none,2019-07-02,13:42,,,\none,2019-07-02,13:42,,,\n",
     "wide.csv:3:1: two episodes are called \"one\""},
    {"id,date,trigger,detect,done,note\n,2019-07-02,13:42,,,\n",
     "wide.csv:2:1: the line has no \"id\": what is the episode called?"},
    {"id,date,trigger,detect,done,note\none,2019-07-02,25:42,,,\n",
     "wide.csv:2:16: \"25:42\" must be a time like"},
};

START_TEST(test_wrong_wide)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    ck_assert_ptr_null(load_wide(wide_doc, wrong_wide[_i].table, &errors));
    const char *said = evidence_errors(&errors);
    ck_assert_msg(strstr(said, wrong_wide[_i].want), "%s", said);
    rs_err_list_clear(&errors);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, test_read, 0, N_ROW(rows));
    tcase_add_loop_test(tc, test_wrong, 0, N_ROW(wrong));
    tcase_add_test(tc, test_wide);
    tcase_add_loop_test(tc, test_wrong_wide, 0, N_ROW(wrong_wide));
}

int main(void)
{
    return evidence_main("marks", add);
}
