/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was read and cannot be, or is probably meant otherwise: counted and told. */
#include <stdio.h>
#include <string.h>

#include "evidence_case.h"
#include "sim/clock.h"

static struct retro_evidence *load(const char *document, struct err_list *errors)
{
    return rs_evidence_load(evidence_file("retro.yaml", document), NULL, 0, NULL, 0, errors);
}

/* ---- counters: five samples, one of them in question ---- */

static const struct {
    const char *name, *type, *v[5];
    uint64_t n_rejected;
    const char *want; /* in the notes; NULL: nothing is told */
} counters[] = {
    {"a_total", NULL, {"1", "2", "3", "4", "5"}, 0, NULL},
    {"a_total",
     NULL,
     {"1", "+Inf", "3", "4", "5"},
     1,
     "m.om:0:0: samples of counters that no counter can have (not finite, negative, or above "
     "2^53), "
     "left out: 1, in 1 series, the first one inf of a_total{job=\"x\"} at 2025-09-29T09:00:15"},
    {"a_total", NULL, {"1", "-Inf", "3", "4", "5"}, 1, "left out: 1, in 1 series"},
    {"a_total",
     NULL,
     {"NaN", "2", "3", "NaN", "5"},
     2,
     "left out: 2, in 1 series, the first one nan of a_total{job=\"x\"} at 2025-09-29T09:00:00"},
    {"a_total", NULL, {"1", "1e308", "3", "4", "5"}, 1, "left out: 1"},
    {"a_total", NULL, {"1", "-5", "3", "4", "5"}, 1, "left out: 1"},
    {"a_total", NULL, {"NaN", "NaN", "NaN", "NaN", "NaN"}, 5, "left out: 5"},
    /* 2^53 is the last. */
    {"a_total", NULL, {"1", "2", "3", "4", "9007199254740992"}, 0, NULL},
    {"a_total", NULL, {"1", "2", "3", "4", "9007199254740994"}, 1, "left out: 1"},
    {"a_bucket", NULL, {"1", "2", "-3", "4", "5"}, 1, "left out: 1"},
    {"a", "counter", {"1", "2", "-3", "4", "5"}, 1, "left out: 1"},
    /* A sum may fall, but is a number. */
    {"a_sum", NULL, {"1", "-2", "1e300", "4", "5"}, 0, NULL},
    {"a_sum", NULL, {"1", "-2", "+Inf", "4", "5"}, 1, "left out: 1"},
    /* No counters. */
    {"a", NULL, {"1", "NaN", "-3", "+Inf", "5"}, 0, NULL},
    {"a_total", "gauge", {"1", "NaN", "-3", "+Inf", "5"}, 0, NULL},
    /* What the document counts. */
    {"counted", NULL, {"1", "-2", "3", "4", "5"}, 1, "left out: 1"},
    /* Beginnings anew; what is left out is none. */
    {"a_total",
     NULL,
     {"7", "8", "1", "2", "0"},
     0,
     "counters that begin anew: 2, in 1 series, the first one 1 of a_total{job=\"x\"} at "
     "2025-09-29T09:00:30"},
    {"a_total", NULL, {"7", "-1", "8", "9", "10"}, 1, "left out: 1"},
};

START_TEST(test_counters)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    evidence_case_begin();
    char text[1000];
    size_t n = 0;
    if (counters[_i].type) {
        const char *name = counters[_i].name, *end = strstr(name, "_total");
        n = (size_t)snprintf(text, sizeof(text), "# TYPE %.*s %s\n",
                             (int)(strcmp(counters[_i].type, "counter") == 0 && end
                                       ? end - name
                                       : (long)strlen(name)),
                             name, counters[_i].type);
    }
    for (int i = 0; i < 5; i++) {
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s{job=\"x\"} %s %d\n",
                              counters[_i].name, counters[_i].v[i], 1759136400 + 15 * i);
    }
    snprintf(text + n, sizeof(text) - n, "# EOF\n");
    evidence_file("m.om", text);
    struct retro_evidence *e = load("retro: 1\nname: x\nmetrics: [{file: m.om}]\n"
                                    "signals: [{name: s, count: counted}]\n",
                                    &errors);
    ck_assert_msg(e != NULL, "%s", evidence_errors(&errors));
    const char *notes = evidence_notes(e);
    ck_assert_msg(e->source[0].n_rejected == counters[_i].n_rejected, "%s", notes);
    ck_assert_uint_eq(e->source[0].n_line, 5);
    ck_assert_uint_eq(e->source[0].n_taken, 5 - counters[_i].n_rejected);
    ck_assert_uint_eq(e->data->n_sample, 5 - counters[_i].n_rejected);
    if (counters[_i].want) {
        ck_assert_msg(strstr(notes, counters[_i].want), "%s", notes);
    } else {
        ck_assert_msg(!strstr(notes, "left out"), "%s", notes);
    }
    bool anew = counters[_i].want && strstr(counters[_i].want, "begin anew");
    ck_assert_msg((strstr(notes, "begin anew") != NULL) == anew, "%s", notes);
    rs_evidence_close(e);
    evidence_case_end();
    rs_err_list_clear(&errors);
}
END_TEST

/* A stale marker is no number, and no sample that cannot be. */
START_TEST(test_stale)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    evidence_case_begin();
    evidence_file("m.csv", "time,a_total\n1759136400,1\n1759136415,stale\n1759136430,2\n");
    struct retro_evidence *e = load("retro: 1\nname: x\nmetrics: [{file: m.csv}]\n", &errors);
    ck_assert_msg(e != NULL, "%s", evidence_errors(&errors));
    ck_assert_uint_eq(e->source[0].n_taken, 3);
    ck_assert_uint_eq(e->source[0].n_rejected, 0);
    ck_assert_msg(e->n_note == 0, "%s", evidence_notes(e));
    rs_evidence_close(e);
    evidence_case_end();
    rs_err_list_clear(&errors);
}
END_TEST

/* ---- notes of a document ---- */

static const struct {
    const char *more, *csv, *want, *without; /* NULL: nothing is asked */
} doubts[] = {
    {"signals: [{name: s, count: nope}]\n", NULL,
     "retro.yaml:5:11: signal \"s\": no series matches nope", "did you mean"},
    {"signals: [{name: s, count: errors_totl}]\n", NULL,
     "signal \"s\": no series matches errors_totl, did you mean \"errors_total\"?", NULL},
    {"signals: [{name: s, count: 'errors_total{job=\"y\"}'}]\n", NULL,
     "signal \"s\": no series has the labels that are asked for of errors_total", NULL},
    {"signals: [{name: s, ratio: {events: errors_total, total: al}}]\n", NULL,
     "signal \"s\": no series matches al", "matches errors_total"},
    {"signals: [{name: s, value: 'rate(errors_total[1m]) / rate(al[1m])'}]\n", NULL,
     "signal \"s\": no series matches al", "matches errors_total"},
    {"signals: [{name: s, value: 0/0}]\n", NULL,
     "retro.yaml:5:11: signal \"s\" asks for no series at all", NULL},
    {"signals: [{name: s, count: errors_total}]\n", NULL, NULL, "signal"},
    /* Alerts that no rule has. */
    {"monitoring: {rules: [r.yml]}\n",
     "at,event,subject\n2025-09-29T09:00:00Z,detected,CheckoutErors\n"
     "2025-09-29T09:00:10Z,notified,CheckoutErors\n",
     "t.csv:2:1: no rule has an alert \"CheckoutErors\", did you mean \"CheckoutErrors\"?",
     "t.csv:3"},
    {"monitoring: {rules: [r.yml]}\n",
     "at,event,subject\n2025-09-29T09:00:00Z,detected,CheckoutErrors\n"
     "2025-09-29T09:00:00Z,detected,a call from a customer\n"
     "2025-09-29T09:00:00Z,action_done,CheckoutErors\n",
     NULL, "no rule has"},
    /* Lines without an end. */
    {"", "at,event,note\n2025-09-29T09:00:00Z,note,", "t.csv:2:1: the last line does not end",
     NULL},
    {"", "at,event,note\r\n2025-09-29T09:00:00Z,note,b", "t.csv:2:1: the last line does not end",
     NULL},
    {"", "at,event,note\n2025-09-29T09:00:00Z,note,\n", NULL, "does not end"},
    {"", "at,event,note\n2025-09-29T09:00:00Z,note,b\r\n", NULL, "does not end"},
    {"", "at,event,note\n", NULL, "does not end"},
    /* Long, and still possible: two lookbacks at 1 ms; the hour between them has no samples. */
    {"monitoring: {evaluation_interval: 1ms}\n", NULL,
     "retro.yaml:5:35: \"evaluation_interval\" of 1ms makes 600000 evaluations in the 10m 00s that "
     "the series cover",
     NULL},
    {"monitoring: {evaluation_interval: 1s}\n", NULL, NULL, "evaluations"},
};

START_TEST(test_doubts)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    evidence_case_begin();
    evidence_file("m.om", "errors_total{job=\"x\"} 1 1759136400\n"
                          "errors_total{job=\"x\"} 2 1759140000\n# EOF\n");
    evidence_file("r.yml", "groups: [{name: g, rules: [{alert: CheckoutErrors, expr: x > 0}]}]\n");
    evidence_file("t.csv", doubts[_i].csv ? doubts[_i].csv : "at,event\n");
    char text[1000];
    snprintf(text, sizeof(text), "retro: 1\nname: x\nmetrics: [{file: m.om}]\n%s%s",
             "timelines: [{file: t.csv}]\n", doubts[_i].more);
    struct retro_evidence *e = load(text, &errors);
    ck_assert_msg(e != NULL, "%s", evidence_errors(&errors));
    const char *notes = evidence_notes(e);
    ck_assert_msg(!doubts[_i].want || strstr(notes, doubts[_i].want), "%s", notes);
    ck_assert_msg(!doubts[_i].without || !strstr(notes, doubts[_i].without), "%s", notes);
    rs_evidence_close(e);
    evidence_case_end();
    rs_err_list_clear(&errors);
}
END_TEST

/* Of the command line the file is the place. */
START_TEST(test_empty)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    evidence_case_begin();
    const struct evidence_file file = {RS_SOURCE_METRICS, evidence_file("m.om", "# EOF\n"), NULL};
    const char *path = evidence_file("retro.yaml", "retro: 1\nname: x\n");
    ck_assert_ptr_null(rs_evidence_load(path, &file, 1, NULL, 0, &errors));
    const char *said = evidence_errors(&errors);
    ck_assert_msg(strstr(said, "m.om:0:0: ") && strstr(said, "m.om\" has no series"), "%s", said);
    evidence_case_end();
    rs_err_list_clear(&errors);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, test_counters, 0, N_ROW(counters));
    tcase_add_test(tc, test_stale);
    tcase_add_loop_test(tc, test_doubts, 0, N_ROW(doubts));
    tcase_add_test(tc, test_empty);
}

int main(void)
{
    return evidence_main("doubts", add);
}
