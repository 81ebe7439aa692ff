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

static const struct rule_file *parse_as(enum promql_dialect dialect, const char *text)
{
    arena = rs_arena_new();
    rs_err_list_init(&errors);
    return rs_rule_file_parse(arena, dialect, "r.yml", text, strlen(text), &errors);
}

static const struct rule_file *parse(const char *text)
{
    return parse_as(RS_PROMQL_3, text);
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
                                      "  limit: 7\n"
                                      "  query_offset: 1m\n"
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
    ck_assert_int_eq(f->group[0].limit, 7);
    ck_assert(f->group[0].has_query_offset);
    ck_assert_int_eq(f->group[0].query_offset_ns, 60 * RS_NS_PER_S);
    ck_assert(!f->group[1].has_query_offset);
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
    ck_assert_ptr_null(alert->label_template);
    ck_assert_ptr_nonnull(alert->annotation_template[0]);
    ck_assert_int_eq(alert->at.line, 11);
    ck_assert_int_eq(alert->name_at.line, 11);
    ck_assert_int_eq(alert->name_at.col, 12);
    ck_assert_int_eq(alert->expr_at.line, 13);
    ck_assert_int_eq(alert->expr_at.col, 7);
    finish();
}
END_TEST

/*
 * What promtool check rules says of files that differ from an ordinary one in one thing: A accepted, R refused, by 3.5, 2.53 and
 * 2.42. Where we are stricter the row says why.
 */
#define GROUP(keys) "groups: [{name: g, " keys "}]\n"
#define RULE(keys) "groups: [{name: g, rules: [{" keys "}]}]\n"
#define ALERT(keys) RULE("alert: A, expr: up, " keys)

static const struct verdict_row {
    const char *what, *verdicts, *text;
} verdicts[] = {
    {"nothing", "AAA", ""},
    {"only a comment", "AAA", "# x\n"},
    {"no groups", "AAA", "groups:\n"},
    {"an empty map", "AAA", "{}\n"},
    {"an empty list", "AAA", "groups: []\n"},
    {"a group of nothing", "AAA", "groups: [{name: a}]\n"},
    {"groups are a list", "RRR", "groups: {a: b}\n"},
    {"a list at the top", "RRR", "- a\n"},
    {"an unknown key at the top", "RRR", "groups: []\nfoo: 1\n"},
    {"a group without a name", "RRR", "groups: [{rules: []}]\n"},
    {"an empty name", "RRR", "groups: [{name: \"\"}]\n"},
    {"a doubled name", "RRR", "groups: [{name: a}, {name: a}]\n"},
    {"interval 0s", "AAA", GROUP("interval: 0s")},
    {"a fraction of an interval", "RRR", GROUP("interval: 1.5m")},
    {"an interval without a unit", "RRR", GROUP("interval: 30")},
    {"two units", "AAA", GROUP("interval: 1d12h")},
    {"a negative limit", "AAA", GROUP("limit: -1")},
    {"a word as limit", "RRR", GROUP("limit: x")},
    {"a limit in quotes", "RRR", GROUP("limit: \"5\"")},
    {"a hexadecimal limit", "AAA", GROUP("limit: 0x10")},
    {"an octal limit", "AAA", GROUP("limit: 0o7")},
    {"a binary limit", "AAA", GROUP("limit: 0b11")},
    {"a limit with underscores", "AAA", GROUP("limit: 1_000")},
    {"a limit with a sign", "AAA", GROUP("limit: +5")},
    {"a limit with an exponent", "AAA", GROUP("limit: 1e3")},
    {"the largest limit", "AAA", GROUP("limit: 9223372036854775807")},
    {"a limit of more than 63 bits", "RRR", GROUP("limit: 9223372036854775808")},
    {"0x alone as limit", "RRR", GROUP("limit: 0x")},
    {"a byte order mark", "AAA", "\xef\xbb\xbfgroups:\n- name: a\n"},
    {"query_offset", "AAR", GROUP("query_offset: 1m")},
    {"labels of a group", "ARR", GROUP("labels: {x: y}")},
    {"any name since 3", "ARR", GROUP("labels: {x-y: z}")},
    {"a label called __name__", "RRR", GROUP("labels: {__name__: z}")},
    {"a key of Thanos", "RRR", GROUP("partial_response_strategy: warn")},
    {"a rule without an expression", "RRR", RULE("alert: A")},
    {"an empty expression", "RRR", RULE("alert: A, expr: \"\"")},
    {"both kinds", "RRR", RULE("alert: A, record: b, expr: up")},
    {"no kind", "RRR", RULE("expr: up")},
    {"an empty alert is no alert", "RRR", RULE("alert: \"\", expr: up")},
    {"so it may stand beside a record", "AAA", RULE("alert: \"\", record: a, expr: up")},
    {"for on a record", "RRR", RULE("record: b, expr: up, for: 1m")},
    {"that says nothing", "AAA", RULE("record: b, expr: up, for: 0s")},
    {"keep_firing_for on a record", "RRR", RULE("record: b, expr: up, keep_firing_for: 1m")},
    {"annotations on a record", "RRR", RULE("record: b, expr: up, annotations: {a: b}")},
    {"none", "AAA", RULE("record: b, expr: up, annotations: {}")},
    {"a record with a dash", "ARR", RULE("record: b-c, expr: up")},
    {"a record with an accent", "ARR", RULE("record: b\xc3\xa9, expr: up")},
    {"a record with braces", "RRR", RULE("record: \"b{}\", expr: up")},
    {"a label with a dash", "ARR", ALERT("labels: {a-b: c}")},
    {"a label with two underscores", "AAA", ALERT("labels: {__x: c}")},
    {"a label with a colon", "ARR", ALERT("labels: {\"a:b\": c}")},
    {"a label without a name", "RRR", ALERT("labels: {\"\": c}")},
    {"alertname may be written", "AAA", ALERT("labels: {alertname: c}")},
    {"labels of all types", "AAA", ALERT("labels: {a: 1, b: true, c: 1.50, d: null, e: }")},
    {"a list as a label", "RRR", ALERT("labels: {a: [b]}")},
    {"an annotation with a dash", "ARR", ALERT("annotations: {a-b: c}")},
    {"an annotation called __name__", "AAA", ALERT("annotations: {__name__: c}")},
    {"an empty annotation", "AAA", ALERT("annotations: {a: }")},
    {"for: 0", "AAA", ALERT("for: 0")},
    {"for: 0m", "AAA", ALERT("for: 0m")},
    {"for a number", "RRR", ALERT("for: 300")},
    {"for less than nothing", "RRR", ALERT("for: -5m")},
    {"for nothing", "AAA", ALERT("for: ")},
    {"for an empty text", "RRR", ALERT("for: \"\"")},
    {"the units in disorder", "RRR", ALERT("for: 30m1h")},
    {"a blank behind", "RRR", ALERT("for: \"5m \"")},
    {"microseconds", "RRR", ALERT("for: 5us")},
    {"400 years", "RRR", ALERT("for: 400y")},
    {"290 years", "AAA", ALERT("for: 290y")},
    {"a scalar", "AAA", RULE("alert: A, expr: 1")},
    {"an unknown key", "RRR", ALERT("fore: 1m")},
    {"two rules alike", "AAA",
     "groups: [{name: g, rules: [{alert: A, expr: up}, {alert: A, expr: up}]}]\n"},
    {"any name of an alert", "AAA", RULE("alert: A b-c, expr: up")},
    {"a bad template in a label", "RRR", ALERT("labels: {x: \"{{ nofunc }}\"}")},
    {"a recorded label is no template", "AAA",
     RULE("record: a, expr: up, labels: {x: \"{{ nofunc }}\"}")},
    {"a doubled key", "RRR", RULE("alert: A, expr: up, expr: down")},
    {"an alias", "AAA", "groups: [{name: g, rules: [&x {alert: A, expr: up}, *x]}]\n"},
    {"a merge", "AAA",
     "groups: [{name: g, rules: [&x {alert: A, expr: up}, {<<: *x, alert: B}]}]\n"},
    /* promtool takes these: a rule that fails at every evaluation, a label that will read as an error, a lost document */
    {"a range vector", "RRR", RULE("alert: A, expr: 'up[5m]'")},
    {"a bad template in a group's label", "RRR",
     "groups: [{name: g, labels: {x: \"{{ bad\"}, rules: [{alert: A, expr: up}]}]\n"},
    {"two documents", "RRR", "groups: []\n---\ngroups: []\n"},
    {"a fraction as limit", "RRR", GROUP("limit: 1.5")},
};

START_TEST(test_verdict)
{
    static const enum promql_dialect dialects[] = {RS_PROMQL_3, RS_PROMQL_2_53, RS_PROMQL_2_42};
    const struct verdict_row *row = &verdicts[_i];
    for (int i = 0; i < 3; i++) {
        const struct rule_file *f = parse_as(dialects[i], row->text);
        ck_assert_msg((f != NULL) == (row->verdicts[i] == 'A'), "%s (%s): %s %s", row->what,
                      rs_promql_dialect_names[dialects[i]], f ? "accepted" : "refused",
                      errors.n > 0 ? errors.item[0].text : "");
        ck_assert((f == NULL) == (errors.n > 0));
        finish();
    }
}
END_TEST

/* ---- manifests ---- */

#define RULE_OBJECT(name)                                                                          \
    "apiVersion: monitoring.coreos.com/v1\n"                                                       \
    "kind: PrometheusRule\n"                                                                       \
    "metadata: {name: " name ", labels: {a: b}}\n"                                                 \
    "spec:\n"                                                                                      \
    "  groups:\n"                                                                                  \
    "  - name: " name "\n"                                                                         \
    "    partial_response_strategy: warn\n"                                                        \
    "    rules: [{alert: A, expr: up == 0}]\n"

static const struct manifest_row {
    const char *what, *text;
    int n_group, n_note;
} manifests[] = {
    {"one object", RULE_OBJECT("a"), 1, 1},
    {"with a status", RULE_OBJECT("a") "status: {x: 1}\n", 1, 1},
    {"two documents, one name", RULE_OBJECT("a") "---\n" RULE_OBJECT("a"), 2, 2},
    {"empty documents between them", "---\n" RULE_OBJECT("a") "---\n---\n" RULE_OBJECT("b") "...\n",
     2, 2},
    {"another object in the stream", RULE_OBJECT("a") "---\napiVersion: v1\nkind: Service\n", 1, 2},
    {"a List",
     "apiVersion: v1\nkind: List\nitems:\n"
     "- {apiVersion: monitoring.coreos.com/v1, kind: PrometheusRule, spec: {groups: [{name: a}]}}\n"
     "- {apiVersion: monitoring.coreos.com/v1, kind: PrometheusRule, spec: {groups: [{name: a}]}}\n"
     "- {kind: List, items: [{kind: PrometheusRule, spec: {groups: [{name: b}]}}]}\n",
     2, 0},
    {"no spec", "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\n", 0, 0},
};

START_TEST(test_manifest)
{
    const struct manifest_row *row = &manifests[_i];
    const struct rule_file *f = parse(row->text);
    ck_assert_msg(f != NULL, "%s: %s", row->what, errors.n > 0 ? errors.item[0].text : "");
    ck_assert(f->is_manifest);
    ck_assert_msg(f->n_group == row->n_group, "%s: %d groups", row->what, f->n_group);
    ck_assert_msg(f->n_note == row->n_note, "%s: %d notes", row->what, f->n_note);
    finish();
}
END_TEST

/* A template's mistake stands where it is in the file, in every way to write a text. */
static const struct {
    const char *text;
    int line, col;
} places[] = {
    {"a: '{{ nofunc }}'", 8, 14},
    {"a: x {{ nofunc }}", 8, 15},
    {"a: |\n        one\n         {{ nofunc }}", 10, 13},
    {"a: >\n        one\n        {{ nofunc }}", 8, 10}, /* folded: only the beginning is known */
};

START_TEST(test_template_place)
{
    char text[400];
    snprintf(text, sizeof(text),
             "groups:\n- name: g\n  rules:\n  - {alert: B, expr: up}\n  - alert: A\n"
             "    expr: up\n    annotations:\n      %s\n",
             places[_i].text);
    ck_assert_ptr_null(parse(text));
    ck_assert_uint_eq(errors.n, 1);
    ck_assert_int_eq(errors.item[0].line, places[_i].line);
    ck_assert_int_eq(errors.item[0].col, places[_i].col);
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
                             "  - {record: 'b{c}', expr: up}\n"
                             "- name: a\n"));
    ck_assert_uint_eq(errors.n, 4);
    finish();
}
END_TEST

/* ---- files of others: Prometheus takes them all ---- */

static const struct {
    const char *folder;
    enum promql_dialect dialect;
} folders[] = {{"rules", RS_PROMQL_3}, {"rules", RS_PROMQL_2_42}, {"alerts", RS_PROMQL_3}};

static int check_real(const char *folder, const char *name, enum promql_dialect dialect)
{
    char path[1024];
    static char text[1 << 20];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *from = fopen(path, "rb");
    ck_assert_ptr_nonnull(from);
    text[fread(text, 1, sizeof(text) - 1, from)] = '\0';
    fclose(from);
    const struct rule_file *f = parse_as(dialect, text);
    ck_assert_msg(f != NULL, "%s:%d:%d: %s", name, errors.item[0].line, errors.item[0].col,
                  errors.item[0].text);
    int n_rule = 0;
    for (int g = 0; g < f->n_group; g++) {
        n_rule += f->group[g].n_rule;
    }
    finish();
    return n_rule;
}

START_TEST(test_real)
{
    char folder[512];
    int n_rule = 0;
    snprintf(folder, sizeof(folder), "%s/data/%s", RS_SHARED_DIR, folders[_i].folder);
    DIR *dir = opendir(folder);
    if (!dir) {
        printf("skipped: no recorded %s at hand\n", folders[_i].folder);
        return;
    }
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        const char *dot = strrchr(entry->d_name, '.');
        if (dot && (strcmp(dot, ".yml") == 0 || strcmp(dot, ".yaml") == 0)) {
            n_rule += check_real(folder, entry->d_name, folders[_i].dialect);
        }
    }
    closedir(dir);
    ck_assert_int_gt(n_rule, strcmp(folders[_i].folder, "rules") == 0 ? 200 : 3);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, test_real, 0, N_ROW(folders));
    tcase_add_test(tc, test_rules);
    tcase_add_loop_test(tc, test_verdict, 0, N_ROW(verdicts));
    tcase_add_loop_test(tc, test_manifest, 0, N_ROW(manifests));
    tcase_add_loop_test(tc, test_template_place, 0, N_ROW(places));
    tcase_add_test(tc, test_all_in_one_go);
}

int main(void)
{
    return run_tests("rule_file", add);
}
