/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <limits.h>
#include <string.h>

#include <jansson.h>

#include "../text_table.h"
#include "sim/clock.h"
#include "verify/rule_check.h"

static const char *const severity_names[] = {"warning", "note"};

static const char *plural(int n)
{
    return n == 1 ? "" : "s";
}

static void count_rules(const struct rule_file *file, int *n_alert, int *n_record)
{
    *n_alert = *n_record = 0;
    for (int g = 0; g < file->n_group; g++) {
        for (int i = 0; i < file->group[g].n_rule; i++) {
            *n_alert += file->group[g].rule[i].alert != NULL;
            *n_record += file->group[g].rule[i].record != NULL;
        }
    }
}

static int count_routes(const struct am_route *route)
{
    int n = 1;
    for (int i = 0; i < route->n_child; i++) {
        n += count_routes(&route->child[i]);
    }
    return n;
}

static void print_files(FILE *to, const struct rule_check_spec *spec)
{
    for (int f = 0; f < spec->n_file; f++) {
        const struct rule_file *file = spec->file[f];
        int n_alert = 0, n_record = 0;
        count_rules(file, &n_alert, &n_record);
        fprintf(to, "%s: %s%d group%s, %d rule%s (%d alerting, %d recording)\n", file->file,
                file->is_manifest ? "PrometheusRule, " : "", file->n_group, plural(file->n_group),
                n_alert + n_record, plural(n_alert + n_record), n_alert, n_record);
    }
    if (spec->am) {
        int n_route = count_routes(&spec->am->root);
        fprintf(to, "%s: Alertmanager, %d route%s, %d receiver%s, %d inhibition rule%s\n",
                spec->am->file, n_route, plural(n_route), spec->am->n_receiver,
                plural(spec->am->n_receiver), spec->am->n_inhibit, plural(spec->am->n_inhibit));
    }
}

static void print_findings(FILE *to, const struct rule_check *check, int n, int width, bool colour)
{
    for (int i = 0; i < n; i++) {
        const struct rule_finding *f = &check->finding[i];
        fprintf(to, "%s:%d:%d: ", f->at.file, f->at.line, f->at.col);
        rs_text_styled(to, f->severity == RS_RULE_WARNING ? RS_STYLE_OPEN : RS_STYLE_DIM, colour,
                       severity_names[f->severity]);
        fprintf(to, ": %s\n", f->code);
        rs_text_wrap(to, f->text, 4, width);
    }
}

static void span_cell(struct text_table *t, int64_t ms)
{
    char text[40];
    rs_text_table_cell(t, ms ? RS_STYLE_PLAIN : RS_STYLE_DIM, "%s",
                       rs_duration_format(text, sizeof(text), ms * RS_NS_PER_MS));
}

static void latest_cell(struct text_table *t, const struct checked_alert *a)
{
    char latest[40], window[40];
    rs_duration_format(latest, sizeof(latest), a->latest_ms * RS_NS_PER_MS);
    if (a->window_ms == 0) {
        rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", latest);
    } else {
        rs_text_table_cell(t, RS_STYLE_PLAIN, "%s + up to %s", latest,
                           rs_duration_format(window, sizeof(window), a->window_ms * RS_NS_PER_MS));
    }
}

/* The severity that the rule fixes; one that a template makes is none. */
static const char *fixed_severity(const struct rule *rule)
{
    for (int i = 0; i < rule->n_label; i++) {
        if (strcmp(rule->label[i].name, "severity") == 0) {
            bool fixed = !rule->label_template || !rule->label_template[i];
            return fixed ? rule->label[i].value : "(varies)";
        }
    }
    return "";
}

static const char *label_of(const struct rule *rule, const char *name)
{
    for (int i = 0; i < rule->n_label; i++) {
        if (strcmp(rule->label[i].name, name) == 0) {
            return rule->label[i].value;
        }
    }
    return "";
}

static bool confusable(const struct rule *a, const struct rule *b)
{
    return a != b && strcmp(a->alert, b->alert) == 0 &&
           strcmp(label_of(a, "severity"), label_of(b, "severity")) == 0;
}

/* What tells an alert from others of its name and severity: the labels in which they differ, or else the line. */
static void which_cell(struct text_table *t, const struct rule_check *check, int alert)
{
    const struct rule *rule = check->alert[alert].rule;
    char text[256] = "";
    bool any = false, told = true;
    for (int i = 0; i < check->n_alert; i++) {
        const struct rule *other = check->alert[i].rule;
        bool differs = false;
        for (int k = 0; confusable(rule, other) && k < rule->n_label; k++) {
            const struct label *l = &rule->label[k];
            differs = differs || strcmp(label_of(other, l->name), l->value) != 0;
        }
        any = any || confusable(rule, other);
        told = told && (!confusable(rule, other) || differs);
    }
    for (int k = 0; any && told && k < rule->n_label; k++) {
        const struct label *l = &rule->label[k];
        bool differs = false;
        for (int i = 0; i < check->n_alert; i++) {
            const struct rule *other = check->alert[i].rule;
            differs = differs ||
                      (confusable(rule, other) && strcmp(label_of(other, l->name), l->value) != 0);
        }
        size_t used = strlen(text);
        if (differs) {
            snprintf(text + used, sizeof(text) - used, "%s%s=%s", used ? " " : "", l->name,
                     l->value);
        }
    }
    if (any && !told) {
        snprintf(text, sizeof(text), "line %d", rule->at.line);
    }
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", text);
}

static void alert_row(struct text_table *t, const struct rule_check *check, int i, bool any_keeps)
{
    const struct checked_alert *a = &check->alert[i];
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", a->rule->alert);
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", fixed_severity(a->rule));
    which_cell(t, check, i);
    span_cell(t, a->interval_ms);
    span_cell(t, a->rule->for_ns / RS_NS_PER_MS);
    latest_cell(t, a);
    if (any_keeps) {
        span_cell(t, a->rule->keep_firing_for_ns / RS_NS_PER_MS);
    } else {
        rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", "");
    }
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", a->reaches ? a->reaches : "");
}

static void
explain_latest(FILE *to, const struct rule_check *check, const struct rule_check_spec *spec)
{
    char text[40];
    bool any_window = false;
    for (int i = 0; i < check->n_alert; i++) {
        any_window = any_window || check->alert[i].window_ms > 0;
    }
    if (spec->scrape_ms > 0) {
        fprintf(to, "  Worst case: from a change until the alert fires, with scrapes every %s\n",
                rs_duration_format(text, sizeof(text), spec->scrape_ms * RS_NS_PER_MS));
    } else {
        fputs("  Worst case: from the first sample that shows it until the alert fires;\n"
              "  --scrape-interval adds the scrape\n",
              to);
    }
    if (any_window) {
        fputs("  \"+ up to\": while the longest range fills; a small change needs more of it\n",
              to);
    }
}

static void print_alerts(FILE *to,
                         const struct rule_check *check,
                         const struct rule_check_spec *spec,
                         int width,
                         bool colour)
{
    static const struct text_column column[] = {{"alert", .narrowest = 20},
                                                {"severity", .optional = true},
                                                {"which", .narrowest = 8},
                                                {"every", .right = true, .optional = true},
                                                {"for", .right = true, .optional = true},
                                                {"worst case"},
                                                {"keeps firing", .right = true, .optional = true},
                                                {"reaches", .narrowest = 40}};
    if (check->n_alert == 0) {
        return;
    }
    struct text_table *t = rs_text_table_new(8, column);
    bool any_keeps = false;
    for (int i = 0; i < check->n_alert; i++) {
        any_keeps = any_keeps || check->alert[i].rule->keep_firing_for_ns > 0;
    }
    for (int i = 0; i < check->n_alert; i++) {
        alert_row(t, check, i, any_keeps);
    }
    fputc('\n', to);
    rs_text_styled(to, RS_STYLE_BOLD, colour, "Alerts");
    fputc('\n', to);
    rs_text_table_print(t, to, 2, width, colour);
    explain_latest(to, check, spec);
    rs_text_table_free(t);
}

static int usable_width(int width)
{
    return width < 60 ? 60 : width > 200 ? 200 : width;
}

void rs_rule_check_print_warnings(FILE *to, const struct rule_check *check, int width, bool colour)
{
    print_findings(to, check, check->n_warning, usable_width(width), colour);
}

void rs_rule_check_print(FILE *to,
                         const struct rule_check *check,
                         const struct rule_check_spec *spec,
                         int width,
                         bool cut,
                         bool colour)
{
    int n_outside = 0, n_watched = 0, n_rule = 0;
    print_files(to, spec);
    if (check->n_finding > 0) {
        fputc('\n', to);
    }
    print_findings(to, check, check->n_finding, usable_width(width), colour);
    print_alerts(to, check, spec, cut ? width : INT_MAX, colour);
    for (int i = 0; i < check->n_metric; i++) {
        n_outside += check->metric[i].written == NULL;
        n_watched += check->metric[i].written == NULL && check->metric[i].watched;
    }
    for (int f = 0; f < spec->n_file; f++) {
        for (int g = 0; g < spec->file[f]->n_group; g++) {
            n_rule += spec->file[f]->group[g].n_rule;
        }
    }
    if (n_rule > 0) {
        fprintf(to, "\n%d metric%s from scrapes; ", n_outside,
                n_outside == 1 ? " comes" : "s come");
        if (n_watched > 0) {
            fprintf(to, "absent() watches %d of them\n", n_watched);
        } else {
            fputs("absent() watches none of them\n", to);
        }
    }
    if (n_rule > 0 || check->n_finding > 1) {
        fprintf(to, "%d warning%s, %d note%s\n", check->n_warning, plural(check->n_warning),
                check->n_finding - check->n_warning, plural(check->n_finding - check->n_warning));
    }
}

/* ---- machines ---- */

static json_t *seconds(int64_t ms)
{
    return ms % 1000 == 0 ? json_integer(ms / 1000) : json_real((double)ms / 1000.0);
}

static json_t *texts(int n, const char *const *text)
{
    json_t *list = json_array();
    for (int i = 0; i < n; i++) {
        json_array_append_new(list, json_string(text[i]));
    }
    return list;
}

static json_t *files_json(const struct rule_check_spec *spec)
{
    json_t *list = json_array();
    for (int f = 0; f < spec->n_file; f++) {
        int n_alert = 0, n_record = 0;
        count_rules(spec->file[f], &n_alert, &n_record);
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:i, s:i, s:i}", "file", spec->file[f]->file, "kind",
                            spec->file[f]->is_manifest ? "PrometheusRule" : "rules", "groups",
                            spec->file[f]->n_group, "alerting", n_alert, "recording", n_record));
    }
    if (spec->am) {
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:i, s:i, s:i}", "file", spec->am->file, "kind",
                            "alertmanager", "routes", count_routes(&spec->am->root), "receivers",
                            spec->am->n_receiver, "inhibition_rules", spec->am->n_inhibit));
    }
    return list;
}

static json_t *finding_json(
    const char *file, int line, int col, const char *severity, const char *code, const char *text)
{
    return json_pack("{s:s, s:i, s:i, s:s, s:s?, s:s}", "file", file, "line", line, "column", col,
                     "severity", severity, "code", code, "text", text);
}

static json_t *findings_json(const struct rule_check *check, const struct err_list *errors)
{
    json_t *list = json_array();
    for (size_t i = 0; i < errors->n; i++) {
        const struct err *e = &errors->item[i];
        json_array_append_new(list, finding_json(e->file, e->line, e->col, "error", NULL, e->text));
    }
    for (int i = 0; i < check->n_finding; i++) {
        const struct rule_finding *f = &check->finding[i];
        json_array_append_new(list, finding_json(f->at.file, f->at.line, f->at.col,
                                                 severity_names[f->severity], f->code, f->text));
    }
    return list;
}

static json_t *labels_json(const struct rule *rule)
{
    json_t *map = json_object();
    for (int i = 0; i < rule->n_label; i++) {
        json_object_set_new(map, rule->label[i].name, json_string(rule->label[i].value));
    }
    return map;
}

static json_t *maybe_json(const struct checked_alert *a)
{
    json_t *list = json_array();
    for (int i = 0; i < a->n_maybe; i++) {
        const struct maybe_receivers *m = &a->maybe[i];
        json_array_append_new(
            list, json_pack("{s:o, s:s, s:o}", "receivers", texts(m->n_receiver, m->receiver),
                            "how", m->instead ? "or" : "also", "if", texts(m->n_label, m->label)));
    }
    return list;
}

static json_t *alerts_json(const struct rule_check *check)
{
    json_t *list = json_array();
    for (int i = 0; i < check->n_alert; i++) {
        const struct checked_alert *a = &check->alert[i];
        json_t *one = json_pack(
            "{s:s, s:o, s:s, s:s, s:i, s:o, s:o, s:o, s:o, s:o, s:o}", "alert", a->rule->alert,
            "labels", labels_json(a->rule), "group", a->group->name, "file", a->file->file, "line",
            a->rule->at.line, "interval_s", seconds(a->interval_ms), "for_s",
            seconds(a->rule->for_ns / RS_NS_PER_MS), "fires_after_s", seconds(a->fires_after_ms),
            "worst_case_s", seconds(a->latest_ms), "window_s", seconds(a->window_ms),
            "keep_firing_for_s", seconds(a->rule->keep_firing_for_ns / RS_NS_PER_MS));
        if (a->reaches) {
            json_object_set_new(one, "reaches", json_string(a->reaches));
            json_object_set_new(one, "receivers", texts(a->n_receiver, a->receiver));
            json_object_set_new(one, "maybe", maybe_json(a));
        }
        json_array_append_new(list, one);
    }
    return list;
}

void rs_rule_check_json(FILE *to,
                        const struct rule_check *check,
                        const struct rule_check_spec *spec,
                        const struct err_list *errors)
{
    json_t *metrics = json_array();
    for (int i = 0; i < check->n_metric; i++) {
        const struct read_metric *m = &check->metric[i];
        json_array_append_new(metrics,
                              json_pack("{s:s, s:i, s:i, s:s?, s:b}", "metric", m->name, "rules",
                                        m->n_rule, "alerts", m->n_alert, "written_by", m->written,
                                        "absence_noticed", m->watched));
    }
    json_t *root = json_pack("{s:b, s:o, s:o, s:o, s:o}", "well_formed", errors->n == 0, "files",
                             files_json(spec), "findings", findings_json(check, errors), "alerts",
                             alerts_json(check), "metrics", metrics);
    json_dumpf(root, to, JSON_INDENT(2));
    fputc('\n', to);
    json_decref(root);
}
