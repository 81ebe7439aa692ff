/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When the real Prometheus 2.42 fired: `promtool test rules` went through three recordings with 17 rules, and wrote down every
 * activation. A retrospective over the same series tells the same ones, to the second. Skipped where the recordings are not there.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scenarios/evidence.h"
#include "sim/clock.h"
#include "verify/retro.h"

#define ALERTS RS_SHARED_DIR "/data/alerts/"

static const struct {
    const char *document, *firings;
    int n_activation;
} recordings[] = {
    {"alerts-nezha", "nezha_ob_2022-08-22", 63},
    {"alerts-petshop", "petshop_high_traffic", 39},
    {"alerts-elb", "nab_elb_request_count_8c0756", 39},
};

static void put_time(FILE *to, int64_t t_ms)
{
    if (t_ms == RS_NEVER)
        fputc(',', to);
    else
        fprintf(to, ",%lld", (long long)(t_ms / 1000));
}

/* As the file has it: alert,labels,active_from_s,firing_from_s,last_active_s,cleared_at_s. Heap. */
static char *told(const struct label_table *labels, const struct activation *a)
{
    char *text = NULL;
    const char *between = "";
    size_t n = 0;
    FILE *to = open_memstream(&text, &n);
    int n_label = rs_labels_count(labels, a->labels);
    const char *quote = n_label > 2 ? "\"" : ""; /* alertname stands apart */
    fprintf(to, "%s,%s", a->rule->alert, quote);
    for (int i = 0; i < n_label; i++) {
        struct label label = rs_labels_at(labels, a->labels, i);
        if (strcmp(label.name, "alertname") != 0) {
            fprintf(to, "%s%s=%s", between, label.name, label.value);
            between = ",";
        }
    }
    fputs(quote, to);
    put_time(to, a->active_ms);
    put_time(to, a->firing_ms);
    put_time(to, a->last_ms);
    put_time(to, a->cleared_ms);
    fclose(to);
    return text;
}

static bool is_among(char **line, int n, const char *text)
{
    for (int i = 0; i < n; i++) {
        if (strcmp(line[i], text) == 0)
            return true;
    }
    return false;
}

/* Each line of the file is among those that were told, and there are as many. */
static void compare(const struct backtest *b, const char *path, int n_wanted)
{
    char **line = (char **)calloc((size_t)b->n_activation + 1, sizeof(*line)), text[512];
    int n = 0;
    for (int i = 0; i < b->n_activation; i++)
        line[i] = told(b->labels, &b->activation[i]);
    FILE *from = fopen(path, "r");
    ck_assert_ptr_nonnull(from);
    ck_assert_ptr_nonnull(fgets(text, sizeof(text), from)); /* the heading */
    for (; fgets(text, sizeof(text), from); n++) {
        text[strcspn(text, "\r\n")] = 0;
        ck_assert_msg(is_among(line, b->n_activation, text), "%s: not told: %s", path, text);
    }
    fclose(from);
    ck_assert_int_eq(n, n_wanted);
    ck_assert_int_eq(b->n_activation, n_wanted);
    for (int i = 0; i < b->n_activation; i++)
        free(line[i]);
    free((void *)line);
}

START_TEST(test_as_prometheus)
{
    struct err_list errors;
    char path[512];
    rs_err_list_init(&errors);
    snprintf(path, sizeof(path), "%s/tests/verify/retro/recordings/%s.yaml", RS_SOURCE_DIR,
             recordings[_i].document);
    struct retro_evidence *e = rs_evidence_load(path, NULL, 0, NULL, 0, &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(e);
    struct retro r = {.arena = rs_arena_new(), .evidence = e};
    r.rebuilt.offset = RS_ARENA_ARRAY(r.arena, struct retro_offset, e->n_source);
    ck_assert_int_eq(rs_retro_see(&r, &errors), 0);
    ck_assert_ptr_nonnull(r.seen.run);
    snprintf(path, sizeof(path), "%s%s.firings.csv", ALERTS, recordings[_i].firings);
    compare(r.seen.run, path, recordings[_i].n_activation);
    rs_retro_seen_clear(&r.seen);
    rs_arena_free(r.arena);
    rs_evidence_close(e);
    rs_err_list_clear(&errors);
}
END_TEST

int main(void)
{
    if (access(ALERTS, R_OK) != 0) {
        puts("the recordings are not there: skipped");
        return 77;
    }
    Suite *suite = suite_create("retro_alerts");
    TCase *tc = tcase_create("retro_alerts");
    tcase_add_loop_test(tc, test_as_prometheus, 0, sizeof(recordings) / sizeof(recordings[0]));
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
