/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When the real Prometheus 2.42 fired: `promtool test rules` went through three recordings with 17 rules, and wrote down every
 * activation. The pass over a recording tells the same ones to the second. Skipped where the recordings are not there.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "retell/pass.h"
#include "scenarios/rules.h"
#include "scenarios/series.h"
#include "sim/clock.h"

#define ALERTS RS_SHARED_DIR "/data/alerts/"

static const struct {
    const char *name;
    int64_t step_ms;
    int n_firing;
} recordings[] = {
    {"nezha_ob_2022-08-22", 60000, 63},
    {"petshop_high_traffic", 300000, 39},
    {"nab_elb_request_count_8c0756", 300000, 39},
};

struct told {
    const struct label_table *labels;
    char **line;
    int n, cap;
};

static void put_time(FILE *to, int64_t t_ms)
{
    if (t_ms == RS_NEVER) {
        fputc(',', to);
    } else {
        fprintf(to, ",%lld", (long long)(t_ms / 1000));
    }
}

/* As the file has it: alert,labels,active_from_s,firing_from_s,last_active_s,cleared_at_s. */
static void note(void *ctx, int site, int variant, const struct activation *a)
{
    struct told *t = ctx;
    char *text = NULL;
    const char *between = "";
    size_t n = 0;
    (void)site, (void)variant;
    FILE *to = open_memstream(&text, &n);
    int n_label = rs_labels_count(t->labels, a->labels);
    const char *quote = n_label > 2 ? "\"" : ""; /* alertname stands apart */
    fprintf(to, "%s,%s", a->rule->alert, quote);
    for (int i = 0; i < n_label; i++) {
        struct label label = rs_labels_at(t->labels, a->labels, i);
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
    if (t->n == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 64;
        t->line = rs_xrealloc((void *)t->line, sizeof(*t->line) * (size_t)t->cap);
    }
    t->line[t->n++] = text;
}

static bool was_told(const struct told *t, const char *line)
{
    for (int i = 0; i < t->n; i++) {
        if (strcmp(t->line[i], line) == 0) {
            return true;
        }
    }
    return false;
}

static void compare(const struct told *t, const char *path, int n_firing)
{
    char line[512];
    int n = 0;
    FILE *from = fopen(path, "r");
    ck_assert_ptr_nonnull(from);
    ck_assert_ptr_nonnull(fgets(line, sizeof(line), from)); /* the heading */
    while (fgets(line, sizeof(line), from)) {
        line[strcspn(line, "\r\n")] = '\0';
        ck_assert_msg(was_told(t, line), "%s: not told: %s", path, line);
        n++;
    }
    fclose(from);
    ck_assert_int_eq(n, n_firing);
    ck_assert_int_eq(t->n, n_firing);
}

START_TEST(test_firings)
{
    char rules[512], data[512], firings[512];
    struct err_list errors;
    struct rules_loaded loaded;
    struct pass_site site[32];
    const struct rule *rule[32];
    snprintf(rules, sizeof(rules), ALERTS "%s.rules.yml", recordings[_i].name);
    snprintf(data, sizeof(data), ALERTS "%s.input.csv", recordings[_i].name);
    snprintf(firings, sizeof(firings), ALERTS "%s.firings.csv", recordings[_i].name);
    rs_err_list_init(&errors);
    struct arena *arena = rs_arena_new();
    struct recorded *set = rs_recorded_new(NULL);
    const struct series_options opt = {0};
    ck_assert_int_eq(rs_rules_load(&loaded, arena, RS_PROMQL_2_42, rules, &errors), 0);
    ck_assert_int_eq(rs_series_read(set, data, &opt, NULL, &errors), 0);
    rs_recorded_sort(set);
    const struct rule_group *group = &loaded.file->group[0];
    for (int i = 0; i < group->n_rule; i++) {
        rule[i] = &group->rule[i];
        site[i] = (struct pass_site){.rule = i, .n_variant = 1, .variant = &rule[i]};
    }
    const struct backtest_spec spec = {.n_file = 1,
                                       .file = &loaded.file,
                                       .data = set,
                                       .from_ms = set->first_ms,
                                       .to_ms = set->last_ms,
                                       .interval_ms = recordings[_i].step_ms,
                                       .lookback_ms = 300000};
    struct told told = {.labels = set->labels};
    ck_assert_int_eq(rs_pass_run(&spec, group->n_rule, site, note, &told, NULL), 0);
    compare(&told, firings, recordings[_i].n_firing);
    for (int i = 0; i < told.n; i++) {
        free(told.line[i]);
    }
    free((void *)told.line);
    rs_recorded_free(set);
    rs_arena_free(arena);
    rs_err_list_clear(&errors);
}
END_TEST

int main(void)
{
    if (access(ALERTS, R_OK) != 0) {
        printf("the shared recordings are not there\n");
        return 77;
    }
    Suite *s = suite_create("retell real");
    TCase *tc = tcase_create("firings");
    tcase_add_loop_test(tc, test_firings, 0, (int)(sizeof(recordings) / sizeof(recordings[0])));
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int n_failed = srunner_ntests_failed(r);
    srunner_free(r);
    return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
