/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Documents that say `retro: 1`. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "evidence_case.h"
#include "models/rules.h"
#include "sim/clock.h"

static const char om[] =
    "# TYPE http_requests counter\n"
    "http_requests_total{job=\"portal\",instance=\"p0\",code=\"200\"} 10 1759136400\n"
    "http_requests_total{job=\"portal\",instance=\"p0\",code=\"200\"} 20 1759136430\n"
    "http_requests_total{job=\"portal\",instance=\"p0\",code=\"500\"} 1 1759136430\n"
    "# EOF\n";

static const char rules[] =
    "groups:\n"
    "  - name: one\n"
    "    rules:\n"
    "      - alert: Errors\n"
    "        expr: sum(rate(http_requests_total{code=\"500\"}[5m])) > 0.5\n";

static const char csv[] = "time,queue\n1759136400,3\n1759136460,4\n";

static const char faults[] = "at,what\n2025-09-29 09:00:10,disk\n";

static const char access_log[] =
    "10.0.0.1 - - [29/Sep/2025:09:00:05 +0000] \"GET / HTTP/1.1\" 200 12\n"
    "10.0.0.1 - - [29/Sep/2025:09:00:25 +0000] \"GET / HTTP/1.1\" 500 12\n";

static const char document[] =
    "retro: 1\n"
    "name: portal-2025-09\n"
    "title: The portal's Monday\n"
    "sla: 5m\n"
    "confidence: 90%\n"
    "clock: queue\n"
    "monitoring: {rules: [r.yml], prometheus: 2.42, evaluation_interval: 30s}\n"
    "metrics:\n"
    "  - {name: scraped, file: m.om, offset: -1h, accuracy: 1s, keep: {code: ['200', '500']}}\n"
    "  - {name: queue, file: q.csv, table: on, metric: queue_length}\n"
    "logs:\n"
    "  - {file: access.log, service: portal, every: 10s, labels: {instance: p0}}\n"
    "timelines:\n"
    "  - name: notes\n"
    "    zone: Europe/Berlin\n"
    "    events:\n"
    "      - {at: '2025-09-29 11:00', event: stage_entered, stage: 'stage 1'}\n"
    "      - {at: '2025-09-29 11:02', event: commanded, episode: one, actor: ada}\n"
    "signals:\n"
    "  - {name: errors, ratio: {events: 'http_requests_total{code=\"500\"}', total: "
    "http_requests_total}}\n"
    "  - {name: rate, count: http_requests_total, bad: down}\n"
    "  - {name: queue, value: 'avg(queue_length)', every: 1m, unit: s, bad: either}\n"
    "known:\n"
    "  - {file: f.csv, from: at, lasts: 3m, name: what}\n"
    "what_if:\n"
    "  - {name: tighter, rules: [r.yml]}\n"
    "  - {name: gate, gate: 'sum(rate(http_requests_total[5m])) > 1', look_every: 1m}\n"
    "  - {name: bot, automation: 5s}\n"
    "  - {name: to the end, no_rollback: 24h}\n"
    "learn_from: [earlier.yaml]\n";

static const char earlier[] = "retro: 1\n"
                              "name: earlier\n"
                              "timelines:\n"
                              "  - events: [{at: '2025-08-01T10:00:00Z', event: detected}]\n"
                              "learn_from: [not-there.yaml]\n";

static void write_all(void)
{
    evidence_file("m.om", om);
    evidence_file("r.yml", rules);
    evidence_file("q.csv", csv);
    evidence_file("f.csv", faults);
    evidence_file("access.log", access_log);
    evidence_file("earlier.yaml", earlier);
}

static void check_sources(const struct retro_evidence *e)
{
    ck_assert_int_eq(e->n_source, 4);
    ck_assert_int_eq(e->reference, 1);
    ck_assert(e->source[0].offset_given);
    ck_assert_int_eq(e->source[0].offset_ns, -3600 * RS_NS_PER_S);
    ck_assert_int_eq(e->source[0].accuracy_ns, RS_NS_PER_S);
    ck_assert(!e->source[1].offset_given);
    ck_assert_str_eq(e->source[2].name, "access.log");
    ck_assert_str_eq(e->source[2].format, "common");
    ck_assert_str_eq(e->source[3].name, "notes");
    ck_assert_int_eq(e->n_mark, 2);
    ck_assert_int_eq(e->mark[0].stage, -1);
    ck_assert_str_eq(e->mark[0].subject, "stage 1");
    ck_assert_int_eq(e->mark[1].at.line, 18);
}

/* The log counts what the metrics have too, so it is called something else: 200 and 500, from the sample before the first on. */
static void check_log(const struct retro_evidence *e)
{
    int n_log = 0;
    for (int i = 0; i < e->data->n_series; i++) {
        const struct recorded_series *s = &e->data->series[i];
        if (e->source_of[i] != 2) {
            continue;
        }
        n_log++;
        ck_assert_str_eq(rs_labels_get(e->data->labels, s->labels, "__name__"),
                         "log:http_requests_total");
        ck_assert_str_eq(rs_labels_get(e->data->labels, s->labels, "job"), "portal");
        bool good = strcmp(rs_labels_get(e->data->labels, s->labels, "code"), "200") == 0;
        ck_assert_uint_eq(s->n, 4);
        for (size_t k = 0; k < s->n; k++) {
            ck_assert_int_eq(s->sample[k].t_ms, 1759136400000 + 10000 * (int64_t)k);
            double want = good ? (k >= 1) : (k >= 3);
            ck_assert_double_eq(s->sample[k].v, want);
        }
    }
    ck_assert_int_eq(n_log, 2);
}

static void check_questions(const struct retro_evidence *e)
{
    ck_assert_int_eq(e->n_signal_spec, 3);
    ck_assert_int_eq(e->signal_spec[0].kind, RS_SIGNAL_RATIO);
    ck_assert_int_eq(e->signal_spec[0].bad, RS_UPWARDS);
    ck_assert(e->signal_spec[0].events && e->signal_spec[0].total && !e->signal_spec[0].value);
    ck_assert_int_eq(e->signal_spec[1].kind, RS_SIGNAL_COUNT);
    ck_assert_int_eq(e->signal_spec[1].bad, RS_DOWNWARDS);
    ck_assert_str_eq(e->signal_spec[1].events_text, "http_requests_total");
    ck_assert_int_eq(e->signal_spec[2].kind, RS_SIGNAL_VALUE);
    ck_assert_int_eq(e->signal_spec[2].every_ns, 60 * RS_NS_PER_S);
    ck_assert_int_eq(e->n_known, 1);
    ck_assert_str_eq(e->known[0].name, "disk");
    ck_assert_int_eq(e->known[0].from_ns, INT64_C(1759136410) * RS_NS_PER_S);
    ck_assert_int_eq(e->known[0].until_ns - e->known[0].from_ns, 180 * RS_NS_PER_S);
    ck_assert_int_eq(e->n_what_if, 4);
    ck_assert_int_eq(e->what_if[0].kind, RS_IF_RULES);
    ck_assert_int_eq(e->what_if[0].n_file, 1);
    ck_assert_int_eq(e->what_if[1].kind, RS_IF_GATE);
    ck_assert_int_eq(e->what_if[1].look_every_ns, 60 * RS_NS_PER_S);
    ck_assert_int_eq(e->what_if[1].procedure, -1);
    ck_assert_int_eq(e->what_if[2].kind, RS_IF_AUTOMATION);
    ck_assert_int_eq(e->what_if[2].delay_ns, 5 * RS_NS_PER_S);
    ck_assert_int_eq(e->what_if[3].kind, RS_IF_NO_ROLLBACK);
    ck_assert_int_eq(e->what_if[3].until_ns, 86400 * RS_NS_PER_S);
}

START_TEST(test_whole)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    evidence_case_begin();
    write_all();
    const char *path = evidence_file("retro.yaml", document);
    ck_assert(rs_is_evidence(path));
    ck_assert(!rs_is_evidence(RS_SOURCE_DIR "/scenarios/prisma/prisma.yaml"));
    struct retro_evidence *e = rs_evidence_load(path, NULL, 0, NULL, 0, &errors);
    ck_assert_msg(e != NULL, "%s", evidence_errors(&errors));
    ck_assert_str_eq(e->name, "portal-2025-09");
    ck_assert_int_eq(e->sla_ns, 300 * RS_NS_PER_S);
    ck_assert_double_eq(e->confidence, 0.9);
    ck_assert_int_eq(e->dialect, RS_PROMQL_2_42);
    ck_assert_int_eq(e->evaluation_interval_ns, 30 * RS_NS_PER_S);
    ck_assert_int_eq(e->lookback_ns, 300 * RS_NS_PER_S);
    ck_assert_int_eq(e->n_rule_file, 1);
    ck_assert_str_eq(e->rule_file[0]->group[0].rule[0].alert, "Errors");
    check_sources(e);
    check_log(e);
    check_questions(e);
    ck_assert_int_eq(e->n_earlier, 1);
    ck_assert_str_eq(e->earlier[0]->name, "earlier");
    ck_assert_int_eq(e->earlier[0]->n_mark, 1);
    rs_evidence_close(e);
    evidence_case_end();
    rs_err_list_clear(&errors);
}
END_TEST

/* Rule files of the command line are a question where there are rules, else today's. */
START_TEST(test_command_rules)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    evidence_case_begin();
    write_all();
    const char *r = evidence_file("other.yml", rules);
    struct retro_evidence *e =
        rs_evidence_load(evidence_file("retro.yaml", document), NULL, 0, &r, 1, &errors);
    ck_assert_msg(e != NULL, "%s", evidence_errors(&errors));
    ck_assert_int_eq(e->n_what_if, 5);
    ck_assert_int_eq(e->what_if[4].kind, RS_IF_RULES);
    ck_assert_str_eq(e->what_if[4].name, r);
    rs_evidence_close(e);
    e = rs_evidence_load(evidence_file("bare.yaml", earlier), NULL, 0, &r, 1, &errors);
    ck_assert_ptr_null(e); /* its learn_from is not there, and it is not an earlier one here */
    ck_assert(strstr(evidence_errors(&errors), "bare.yaml:5:14: cannot read"));
    rs_err_list_clear(&errors);
    char bare[512];
    snprintf(bare, sizeof(bare), "%.*s", (int)(strstr(earlier, "learn_from") - earlier), earlier);
    e = rs_evidence_load(evidence_file("bare2.yaml", bare), NULL, 0, &r, 1, &errors);
    ck_assert_msg(e != NULL, "%s", evidence_errors(&errors));
    ck_assert_int_eq(e->n_what_if, 0);
    ck_assert_int_eq(e->n_rule_file, 1);
    rs_evidence_close(e);
    evidence_case_end();
    rs_err_list_clear(&errors);
}
END_TEST

/* From memory: nothing else is opened. */
static const struct {
    const char *text, *want;
} wrong[] = {
    {"retro: 1\nname: x\n", "there is no evidence"},
    {"retro: 2\nname: x\n", "evidence:1:8: this rollsim reads version 1 of retrospectives"},
    {"retro: 1\nname: x\nmetrics: [{file: m.om}]\n", "no other file can be read here"},
    {"retro: 1\nname: x\nmetrics: [{file: m.om, offset: soon}]\n",
     "\"offset\" must be a duration like 2s or -1h, at most 30d, got \"soon\""},
    {"retro: 1\nname: x\nmetrics: [{file: m.om, offset: 31d}]\n", "at most 30d, got \"31d\""},
    {"retro: 1\nname: x\nlogs: [{file: a, every: 0.0001s}]\n", "whole milliseconds"},
    {"retro: 1\nname: x\ntimelines: [{zone: UTC}]\n", "exactly one of file, events, got none"},
    {"retro: 1\nname: x\ntimelines: [{events: []}, {events: []}]\nclock: nots\n",
     "there is no source \"nots\""},
    {"retro: 1\nname: x\ntimelines: [{name: a, events: []}, {name: a, events: []}]\n",
     "two sources are called \"a\""},
    {"retro: 1\nname: x\ntimelines: [{file: t.csv, episodes: {name: id, columns: {a: detectd}}}]\n",
     "there is no event \"detectd\", did you mean \"detected\"?"},
    {"retro: 1\nname: x\nsignals: [{name: a, count: 'rate(x[5m])'}]\n", "a selector is expected"},
    {"retro: 1\nname: x\nsignals: [{name: a, count: x}, {name: a, count: y}]\n",
     "two signals are called \"a\""},
    {"retro: 1\nname: x\nsignals: [{name: a, count: x, every: 5m}]\n", "goes only with \"value\""},
    {"retro: 1\nname: x\nwhat_if: [{name: a, gate: x, procedure: p}]\n",
     "without a \"scenario\" there is no procedure \"p\""},
    {"retro: 1\nname: x\nwhat_if: [{name: a, automation: 5s, no_rollback: 1h}]\n",
     "exactly one of rules, gate, automation, no_rollback, got more"},
    {"retro: 1\nname: x\ntimelines: [{events: [{at: '2025-01-01T00:00:00Z', event: note}, {at: "
     "'5', "
     "event: note}]}]\n",
     "has times with dates and times without"},
    {"retro: 1\nname: x\nknown: [{from: '5', lasts: 1m}]\ntimelines: [{events: []}]\n",
     "\"known\" faults need metrics"},
    {"retro: 1\nname: x\nlearn_from: earlier.yaml\n", "\"learn_from\" must be a list of files"},
    {"retro: 1\nnam: x\n", "unknown key \"nam\" in a retrospective, did you mean \"name\"?"},
    {"- a\n", "a retrospective must be a map"},
};

START_TEST(test_wrong)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    struct retro_evidence *e =
        rs_evidence_parse(NULL, wrong[_i].text, strlen(wrong[_i].text), &errors);
    ck_assert_ptr_null(e);
    const char *said = evidence_errors(&errors);
    ck_assert_msg(strstr(said, wrong[_i].want), "%s", said);
    rs_err_list_clear(&errors);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, test_whole);
    tcase_add_test(tc, test_command_rules);
    tcase_add_loop_test(tc, test_wrong, 0, N_ROW(wrong));
}

int main(void)
{
    return evidence_main("document", add);
}
