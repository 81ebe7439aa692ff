/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rule files: real ones must be read as Prometheus reads them. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "changed.h"
#include "sim/arena.h"
#include "sim/clock.h"

static struct arena *arena;
static struct err_list errors;

static const struct rule_file *parse(const char *text)
{
    arena = rs_arena_new();
    rs_err_list_init(&errors);
    return rs_rule_file_parse(arena, RS_PROMQL_3, "r.yml", text, strlen(text), &errors);
}

static void finish(void)
{
    rs_err_list_clear(&errors);
    rs_arena_free(arena);
}

START_TEST(test_rules)
{
    const struct rule_file *f = parse("groups:\n"
                                      "- name: a\n"
                                      "  interval: 1m30s\n"
                                      "  limit: 0\n"
                                      "  query_offset: 0s\n"
                                      "  labels: {team: x, severity: low}\n"
                                      "  rules:\n"
                                      "  - record: job:up:sum\n"
                                      "    expr: sum by (job) (up)\n"
                                      "    labels:\n"
                                      "  - alert: Down\n"
                                      "    expr: |\n"
                                      "      up == 0\n"
                                      "    for: 5m\n"
                                      "    keep_firing_for: 1d\n"
                                      "    labels: {severity: page}\n"
                                      "    annotations: {text: '{{ $value }}'}\n"
                                      "- name: b\n"
                                      "  rules: []\n");
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(f->n_group, 2);
    ck_assert_int_eq(f->group[0].interval_ns, 90 * RS_NS_PER_S);
    ck_assert_int_eq(f->group[1].interval_ns, 0);
    const struct rule *record = &f->group[0].rule[0], *alert = &f->group[0].rule[1];
    ck_assert_str_eq(record->record, "job:up:sum");
    ck_assert_ptr_null(record->alert);
    ck_assert_int_eq(record->n_label, 2);
    ck_assert_str_eq(alert->expr_text, "up == 0");
    ck_assert_int_eq(alert->for_ns, 300 * RS_NS_PER_S);
    ck_assert_int_eq(alert->keep_firing_for_ns, 86400 * RS_NS_PER_S);
    ck_assert_int_eq(alert->n_label, 2);
    ck_assert_str_eq(alert->label[1].name, "severity"); /* the rule's own overrides the group's */
    ck_assert_str_eq(alert->label[1].value, "page");
    ck_assert_str_eq(alert->annotation[0].value, "{{ $value }}");
    ck_assert_int_eq(alert->at.line, 11);
    finish();
}
END_TEST

static const struct {
    const char *text;
} good[] = {{"groups:\n"},
            {"{}\n"},
            {"groups: []\n"},
            {"groups: [{name: a}]\n"},
            {"groups: [{name: a, rules: [{record: a, expr: 1}]}]\n"}};

START_TEST(test_sparse)
{
    ck_assert_ptr_nonnull(parse(good[_i].text));
    ck_assert_uint_eq(errors.n, 0);
    finish();
}
END_TEST

/* All mistakes of a file in one go. */
START_TEST(test_all_in_one_go)
{
    ck_assert_ptr_null(parse("groups:\n"
                             "- name: a\n"
                             "  rules:\n"
                             "  - {alert: A, expr: up >}\n"
                             "  - {alert: B, expr: up > 0, fore: 1m}\n"
                             "  - {record: 'b-c', expr: up}\n"
                             "- name: a\n"));
    ck_assert_uint_eq(errors.n, 4);
    finish();
}
END_TEST

/* ---- files of others: Prometheus takes them all, so nothing but functions that are not there may be refused ---- */

static const char *const folders[] = {"rules", "alerts"};

static int check_real(const char *folder, const char *name)
{
    char path[1024];
    static char text[1 << 20];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *from = fopen(path, "rb");
    ck_assert_ptr_nonnull(from);
    text[fread(text, 1, sizeof(text) - 1, from)] = '\0';
    fclose(from);
    const struct rule_file *f = parse(text);
    for (size_t i = 0; i < errors.n; i++) {
        const struct err *e = &errors.item[i];
        ck_assert_msg(e->code == RS_E_UNSUPPORTED, "%s:%d:%d: %s", name, e->line, e->col, e->text);
    }
    int n_rule = 0;
    for (int g = 0; f && g < f->n_group; g++) {
        n_rule += f->group[g].n_rule;
    }
    finish();
    return n_rule;
}

START_TEST(test_real)
{
    char folder[512];
    int n_rule = 0;
    snprintf(folder, sizeof(folder), "%s/data/%s", RS_SHARED_DIR, folders[_i]);
    DIR *dir = opendir(folder);
    if (!dir) {
        printf("skipped: no recorded %s at hand\n", folders[_i]);
        return;
    }
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        const char *dot = strrchr(entry->d_name, '.');
        if (dot && (strcmp(dot, ".yml") == 0 || strcmp(dot, ".yaml") == 0)) {
            n_rule += check_real(folder, entry->d_name);
        }
    }
    closedir(dir);
    ck_assert_int_gt(n_rule, 10);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, test_real, 0, N_ROW(folders));
    tcase_add_test(tc, test_rules);
    tcase_add_loop_test(tc, test_sparse, 0, N_ROW(good));
    tcase_add_test(tc, test_all_in_one_go);
}

int main(void)
{
    return run_tests("rule_file", add);
}
