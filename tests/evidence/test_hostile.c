/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Evidence that is shuffled, doubled, cut, too large or no evidence at all: a word for each, and all of it accounted for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evidence_case.h"
#include "sim/clock.h"

static char text[6 << 20];

static struct retro_evidence *
load(enum retro_source_kind kind, const char *path, struct err_list *errors)
{
    const struct evidence_file file = {kind, path, NULL};
    const char *base = evidence_file(
        "base.yaml", "retro: 1\nname: x\ntimelines: [{name: base, zone: UTC, events: []}]\n");
    return rs_evidence_load(base, &file, 1, NULL, 0, errors);
}

/* ---- shuffled and doubled ---- */

enum { N_EVENT = 20000 };

/* A permutation: 7919 and the number of events have no divisor in common. */
static int shuffled(int i)
{
    return (int)((int64_t)i * 7919 % N_EVENT);
}

static size_t put_event(size_t n, int i)
{
    char at[40];
    rs_time_format(at, sizeof(at), (INT64_C(1759136400) + i) * RS_NS_PER_S);
    return n + (size_t)snprintf(text + n, sizeof(text) - n, "%s,note,%d\n", at, i);
}

static int by_time(const void *a, const void *b)
{
    const struct retro_mark *x = a, *y = b;
    return (x->written_lo_ns > y->written_lo_ns) - (x->written_lo_ns < y->written_lo_ns);
}

/* Every event is read once, whatever the order and however often it stands there. */
START_TEST(test_shuffled)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    evidence_case_begin();
    size_t n = (size_t)snprintf(text, sizeof(text), "at,event,note\n");
    int n_doubled = 0, n_earlier = 0, latest = -1;
    for (int i = 0; i < N_EVENT; i++) {
        int k = shuffled(i);
        n_earlier += k < latest;
        latest = k > latest ? k : latest;
        n = put_event(n, k);
        if (i % 10 == 0) {
            n = put_event(n, k);
            n_doubled++;
        }
    }
    struct retro_evidence *e =
        load(RS_SOURCE_TIMELINE, evidence_file("shuffled.csv", text), &errors);
    ck_assert_msg(e != NULL, "%s", evidence_errors(&errors));
    const struct retro_source *s = &e->source[1];
    ck_assert_uint_eq(s->n_line, (uint64_t)(N_EVENT + n_doubled));
    ck_assert_uint_eq(s->n_taken, N_EVENT);
    ck_assert_uint_eq(s->n_duplicate, (uint64_t)n_doubled);
    ck_assert_uint_eq(s->n_out_of_order, (uint64_t)n_earlier);
    ck_assert_uint_eq(s->n_line, s->n_taken + s->n_duplicate + s->n_rejected);
    qsort(e->mark, (size_t)e->n_mark, sizeof(*e->mark), by_time);
    for (int i = 0; i < N_EVENT; i++) {
        ck_assert_int_eq(e->mark[i].written_lo_ns, (INT64_C(1759136400) + i) * RS_NS_PER_S);
        ck_assert_int_eq(strtol(e->mark[i].note, NULL, 10), i);
    }
    rs_evidence_close(e);
    evidence_case_end();
    rs_err_list_clear(&errors);
}
END_TEST

/* Samples out of order and doubled, of which one has another value. */
START_TEST(test_samples)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    evidence_case_begin();
    struct retro_evidence *e =
        load(RS_SOURCE_METRICS,
             evidence_file("m.prom", "x_total{a=\"b\"} 1 1759136400000\nx_total{a=\"b\"} 3 "
                                     "1759136460000\nx_total{a=\"b\"} 2 1759136430000\nx_total{a="
                                     "\"b\"} 2 1759136430000\nx_total{a=\"b\"} 4 1759136460000\n"),
             &errors);
    ck_assert_msg(e != NULL, "%s", evidence_errors(&errors));
    ck_assert_uint_eq(e->source[1].n_line, 5);
    ck_assert_uint_eq(e->source[1].n_taken, 3);
    ck_assert_uint_eq(e->source[1].n_duplicate, 2);
    ck_assert_uint_ge(e->source[1].n_out_of_order, 1);
    ck_assert_double_eq(e->data->series[0].sample[2].v, 3.0);
    const char *notes = evidence_notes(e);
    ck_assert_msg(strstr(notes, "samples older than one before them: ") &&
                      strstr(notes, "samples with the time of one before them: 2, with another "
                                    "value: 1; the first one counts"),
                  "%s", notes);
    rs_evidence_close(e);
    evidence_case_end();
    rs_err_list_clear(&errors);
}
END_TEST

/* Two logs of one service are two instances; the last line of one is cut. */
START_TEST(test_two_logs)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    evidence_case_begin();
    size_t n = 0;
    for (int i = 0; i < 60; i++) {
        n += (size_t)snprintf(text + n, sizeof(text) - n,
                              "::1 - - [29/Sep/2025:09:%02d:05 +0000] \"GET / HTTP/1.1\" 200 1\n",
                              i);
    }
    const char *whole = evidence_file("a.log", text);
    snprintf(text + n, sizeof(text) - n, "::1 - - [29/Sep/2025:10:0");
    const struct evidence_file file[] = {{RS_SOURCE_LOG, whole, "portal"},
                                         {RS_SOURCE_LOG, evidence_file("b.log", text), "portal"}};
    struct retro_evidence *e =
        rs_evidence_load(RS_SOURCE_DIR "/scenarios/prisma/prisma.yaml", file, 2, NULL, 0, &errors);
    ck_assert_msg(e != NULL, "%s", evidence_errors(&errors));
    ck_assert_uint_eq(e->source[0].n_taken, 60);
    ck_assert_uint_eq(e->source[1].n_taken, 60);
    ck_assert_uint_eq(e->source[1].n_line, 61);
    ck_assert_uint_eq(e->source[1].n_rejected, 1);
    ck_assert_int_eq(e->data->n_series, 2);
    ck_assert_str_eq(rs_labels_get(e->data->labels, e->data->series[1].labels, "instance"),
                     "b.log");
    ck_assert_msg(strstr(evidence_notes(e), "b.log:61:"), "%s", evidence_notes(e));
    ck_assert_msg(strstr(evidence_notes(e), "lines not taken: 1, the first one here"), "%s",
                  evidence_notes(e));
    rs_evidence_close(e);
    evidence_case_end();
    rs_err_list_clear(&errors);
}
END_TEST

/* ---- no evidence ---- */

static const char deep[] =
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[";

static const struct {
    const char *what;
    enum retro_source_kind kind;
    const char *head; /* what is written; after it `fill` so often that the file has n bytes */
    char fill;
    size_t n;
    const char *want;
} rows[] = {
    {"nothing", RS_SOURCE_TIMELINE, "", 0, 0, "it.txt:1:1: "},
    {"nothing as metrics", RS_SOURCE_METRICS, "", 0, 0, "it.txt"},
    {"nothing as a log", RS_SOURCE_LOG, "", 0, 0, "it.txt"},
    {"nothing as annotations", RS_SOURCE_ANNOTATIONS, "", 0, 0, NULL},
    {"words", RS_SOURCE_TIMELINE, "we rolled back at noon\n", 0, 0, "a timeline must be a map"},
    {"words as metrics", RS_SOURCE_METRICS, "we rolled back at noon\n", 0, 0, "it.txt:1:"},
    {"words as a log", RS_SOURCE_LOG, "we rolled back at noon\n", 0, 0, "it.txt"},
    {"a timeline above 4 MiB", RS_SOURCE_TIMELINE, "timeline: 1\nevents: []\n#", 'x', 5 << 20,
     "it.txt:0:0: larger than 4 MiB"},
    {"a line of a table above 64 KiB", RS_SOURCE_TIMELINE, "at,event,note\n2025-09-29T09:00Z,note,",
     'x', 70000, "it.txt:2:1: the line is longer than 65536 characters"},
    {"a line of a log above a mebibyte", RS_SOURCE_NOTIFICATIONS, "ts=2025-09-29T09:00Z msg=", 'x',
     2 << 20, "it.txt:1:1: the line is longer than 1048576 bytes"},
    {"a JSON text above a mebibyte", RS_SOURCE_ANNOTATIONS, "[{\"text\": \"", 'x', 2 << 20,
     "it.txt:1:11: a text is longer than"},
    {"JSON as deep as a well", RS_SOURCE_ANNOTATIONS, deep, '[', 300,
     "it.txt:1:65: nested deeper than 64 levels"},
    {"YAML as deep as a well", RS_SOURCE_TIMELINE, "timeline: ", '[', 300, "it.txt:1:"},
};

START_TEST(test_no_evidence)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    evidence_case_begin();
    size_t n = strlen(rows[_i].head);
    memcpy(text, rows[_i].head, n);
    for (; n < rows[_i].n; n++) {
        text[n] = rows[_i].fill;
    }
    text[n] = '\0';
    struct retro_evidence *e = load(rows[_i].kind, evidence_file("it.txt", text), &errors);
    const char *said = evidence_errors(&errors);
    ck_assert_msg((e == NULL) == (rows[_i].want != NULL), "%s: %s", rows[_i].what, said);
    ck_assert_msg(!rows[_i].want || strstr(said, rows[_i].want), "%s: %s", rows[_i].what, said);
    rs_evidence_close(e);
    evidence_case_end();
    rs_err_list_clear(&errors);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, test_shuffled);
    tcase_add_test(tc, test_samples);
    tcase_add_test(tc, test_two_logs);
    tcase_add_loop_test(tc, test_no_evidence, 0, N_ROW(rows));
}

int main(void)
{
    return evidence_main("hostile", add);
}
