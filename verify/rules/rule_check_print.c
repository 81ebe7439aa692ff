/* SPDX-License-Identifier: GPL-3.0-or-later */
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

static void print_findings(FILE *to, const struct rule_check *check, int width, bool colour)
{
    if (check->n_finding > 0) {
        fputc('\n', to);
    }
    for (int i = 0; i < check->n_finding; i++) {
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

static void receivers_cell(struct text_table *t, const struct checked_alert *a)
{
    char text[512];
    int used = 0;
    text[0] = '\0';
    for (int i = 0; i < a->n_receiver && used < (int)sizeof(text) - 1; i++) {
        used += snprintf(text + used, sizeof(text) - (size_t)used, "%s%s", i ? ", " : "",
                         a->receiver[i]);
    }
    for (int i = 0; i < a->n_unknown && used < (int)sizeof(text) - 1; i++) {
        used += snprintf(text + used, sizeof(text) - (size_t)used, "%s%s", i ? ", " : " unless by ",
                         a->unknown[i]);
    }
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", text);
}

static void print_alerts(FILE *to,
                         const struct rule_check *check,
                         const struct rule_check_spec *spec,
                         int width,
                         bool colour)
{
    static const struct text_column column[] = {{"alert", .narrowest = 20},
                                                {"every", .right = true},
                                                {"for", .right = true},
                                                {"at the latest", .right = true},
                                                {"keeps firing", .right = true, .optional = true},
                                                {"reaches", .narrowest = 16}};
    char text[40];
    if (check->n_alert == 0) {
        return;
    }
    struct text_table *t = rs_text_table_new(6, column);
    bool any_keeps = false;
    for (int i = 0; i < check->n_alert; i++) {
        any_keeps = any_keeps || check->alert[i].rule->keep_firing_for_ns > 0;
    }
    for (int i = 0; i < check->n_alert; i++) {
        const struct checked_alert *a = &check->alert[i];
        rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", a->rule->alert);
        span_cell(t, a->interval_ms);
        span_cell(t, a->rule->for_ns / RS_NS_PER_MS);
        span_cell(t, a->latest_ms);
        if (any_keeps) {
            span_cell(t, a->rule->keep_firing_for_ns / RS_NS_PER_MS);
        } else {
            rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", "");
        }
        receivers_cell(t, a);
    }
    fputc('\n', to);
    rs_text_styled(to, RS_STYLE_BOLD, colour, "Alerts");
    fputc('\n', to);
    rs_text_table_print(t, to, 2, width, colour);
    if (spec->scrape_ms > 0) {
        fprintf(to,
                "  At the latest: from a change until the alert fires, with scrapes every %s, no "
                "window "
                "to fill\n",
                rs_duration_format(text, sizeof(text), spec->scrape_ms * RS_NS_PER_MS));
    } else {
        fputs("  At the latest: from the first sample that shows it until the alert fires, no "
              "window to "
              "fill;\n  --scrape-interval adds the scrape\n",
              to);
    }
    rs_text_table_free(t);
}

void rs_rule_check_print(FILE *to,
                         const struct rule_check *check,
                         const struct rule_check_spec *spec,
                         int width,
                         bool colour)
{
    int n_outside = 0, n_watched = 0;
    width = width < 60 ? 60 : width > 200 ? 200 : width;
    print_files(to, spec);
    print_findings(to, check, width, colour);
    print_alerts(to, check, spec, width, colour);
    for (int i = 0; i < check->n_metric; i++) {
        n_outside += check->metric[i].written == NULL;
        n_watched += check->metric[i].written == NULL && check->metric[i].watched;
    }
    if (spec->n_file > 0) {
        fprintf(to, "\n%d metric%s read from outside; some rule notices the absence of %d\n",
                n_outside, n_outside == 1 ? " is" : "s are", n_watched);
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
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:i, s:i}", "file", spec->am->file, "kind",
                                        "alertmanager", "routes", count_routes(&spec->am->root),
                                        "receivers", spec->am->n_receiver));
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

static json_t *alerts_json(const struct rule_check *check)
{
    json_t *list = json_array();
    for (int i = 0; i < check->n_alert; i++) {
        const struct checked_alert *a = &check->alert[i];
        json_array_append_new(
            list,
            json_pack("{s:s, s:s, s:s, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "alert",
                      a->rule->alert, "group", a->group->name, "file", a->file->file, "line",
                      a->rule->at.line, "interval_s", seconds(a->interval_ms), "for_s",
                      seconds(a->rule->for_ns / RS_NS_PER_MS), "fires_after_s",
                      seconds(a->fires_after_ms), "latest_s", seconds(a->latest_ms),
                      "keep_firing_for_s", seconds(a->rule->keep_firing_for_ns / RS_NS_PER_MS),
                      "receivers", texts(a->n_receiver, a->receiver), "depends_on",
                      texts(a->n_unknown, a->unknown)));
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
