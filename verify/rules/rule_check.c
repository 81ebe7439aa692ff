/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rule_check.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "sim/clock.h"

const char *const rs_rule_codes[] = {
    "never-true",          "no-condition", "always-fires",
    "label-follows-value", "record-gaps",  "reads-before-written",
    "duplicate-rule",      "window-short", "no-severity",
    "window-tight",        "for-rounded",  "reads-other-group",
    "alert-name-twice",    "no-route",     "unknown-label",
    "ignored-here",        NULL,
};

static bool is_wanted(const struct checking *c, const char *code)
{
    for (int i = 0; i < c->spec->n_ignore; i++) {
        if (strcmp(c->spec->ignore[i], code) == 0) {
            return false;
        }
    }
    return true;
}

void rs_rule_check_add(struct checking *c,
                       enum rule_severity severity,
                       struct mark at,
                       const char *code,
                       const char *fmt,
                       ...)
{
    char text[512];
    if (!is_wanted(c, code)) {
        return;
    }
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    /* The same of another part of one expression says nothing new. */
    for (int i = c->n_finding; i > 0 && i > c->n_finding - 16; i--) {
        if (strcmp(c->finding[i - 1].code, code) == 0 &&
            strcmp(c->finding[i - 1].text, text) == 0) {
            return;
        }
    }
    if (c->n_finding == c->cap_finding) {
        c->cap_finding = c->cap_finding ? 2 * c->cap_finding : 32;
        struct rule_finding *grown = RS_ARENA_ARRAY(c->arena, struct rule_finding, c->cap_finding);
        if (c->n_finding > 0) {
            memcpy(grown, c->finding, sizeof(*grown) * (size_t)c->n_finding);
        }
        c->finding = grown;
    }
    c->finding[c->n_finding++] =
        (struct rule_finding){severity, at, code, rs_arena_strdup(c->arena, text)};
}

const char *rs_check_rule_name(struct checking *c, const struct rule *rule)
{
    return rs_arena_printf(c->arena, rule->alert ? "alert %s" : "record %s",
                           rule->alert ? rule->alert : rule->record);
}

int64_t rs_check_interval_ms(const struct checking *c, const struct rule_group *group)
{
    return group->interval_ns > 0 ? group->interval_ns / RS_NS_PER_MS : c->spec->interval_ms;
}

int64_t rs_check_offset_ms(const struct checking *c, const struct rule_group *group)
{
    return group->has_query_offset ? group->query_offset_ns / RS_NS_PER_MS
                                   : c->spec->query_offset_ms;
}

const char *rs_check_span(struct checking *c, int64_t ms)
{
    char text[40];
    return rs_arena_strdup(c->arena, rs_duration_format(text, sizeof(text), ms * RS_NS_PER_MS));
}

const char *
rs_check_place(struct checking *c, const struct rule *rule, const struct rule *seen_from)
{
    return strcmp(rule->at.file, seen_from->at.file) == 0
               ? rs_arena_printf(c->arena, "line %d", rule->at.line)
               : rs_arena_printf(c->arena, "%s:%d", rule->at.file, rule->at.line);
}

static void collect_rules(struct checking *c)
{
    const struct rule_check_spec *spec = c->spec;
    int n = 0;
    for (int f = 0; f < spec->n_file; f++) {
        for (int g = 0; g < spec->file[f]->n_group; g++) {
            n += spec->file[f]->group[g].n_rule;
        }
    }
    c->rule = RS_ARENA_ARRAY(c->arena, struct checked_rule, n);
    for (int f = 0; f < spec->n_file; f++) {
        for (int g = 0; g < spec->file[f]->n_group; g++) {
            const struct rule_group *group = &spec->file[f]->group[g];
            for (int i = 0; i < group->n_rule; i++) {
                c->rule[c->n_rule++] = (struct checked_rule){
                    .rule = &group->rule[i], .group = group, .file = spec->file[f], .index = i};
            }
        }
    }
}

/* Rules by name, so that equal names stand together. */
static int by_name(const void *a, const void *b)
{
    const struct checked_rule *x = *(struct checked_rule *const *)a;
    const struct checked_rule *y = *(struct checked_rule *const *)b;
    int order = (x->rule->alert != NULL) - (y->rule->alert != NULL);
    order = order ? order
                  : strcmp(x->rule->alert ? x->rule->alert : x->rule->record,
                           y->rule->alert ? y->rule->alert : y->rule->record);
    return order ? order : (x > y) - (x < y);
}

static void sort_rules(struct checking *c)
{
    c->sorted = RS_ARENA_ARRAY(c->arena, struct checked_rule *, c->n_rule);
    for (int i = 0; i < c->n_rule; i++) {
        c->sorted[i] = &c->rule[i];
    }
    if (c->n_rule > 1) {
        qsort(c->sorted, (size_t)c->n_rule, sizeof(c->sorted[0]), by_name);
    }
}

int rs_check_writers(const struct checking *c, const char *metric, int *out_first)
{
    int low = 0, high = c->n_rule; /* recording rules stand first */
    while (low < high) {
        int mid = (low + high) / 2;
        const struct rule *rule = c->sorted[mid]->rule;
        if (rule->alert || strcmp(rule->record, metric) >= 0) {
            high = mid;
        } else {
            low = mid + 1;
        }
    }
    int n = 0;
    while (low + n < c->n_rule && c->sorted[low + n]->rule->record &&
           strcmp(c->sorted[low + n]->rule->record, metric) == 0) {
        n++;
    }
    *out_first = low;
    return n;
}

/* What the files hold and rollsim ignores. */
static void add_notes(struct checking *c)
{
    for (int f = 0; f < c->spec->n_file; f++) {
        const struct rule_file *file = c->spec->file[f];
        for (int i = 0; i < file->n_note; i++) {
            rs_rule_check_add(c, RS_RULE_NOTE, file->note[i].at, "ignored-here", "%s",
                              file->note[i].text);
        }
    }
    for (int i = 0; c->spec->am && i < c->spec->am->n_note; i++) {
        rs_rule_check_add(c, RS_RULE_NOTE, c->spec->am->note[i].at, "ignored-here", "%s",
                          c->spec->am->note[i].text);
    }
}

/* "So that `for` is rounded up to a multiple of the interval": the first evaluation counts as zero. */
static struct checked_alert alert_of(struct checking *c, const struct checked_rule *r)
{
    struct checked_alert a = {.rule = r->rule, .group = r->group, .file = r->file};
    int64_t for_ms = r->rule->for_ns / RS_NS_PER_MS;
    a.interval_ms = rs_check_interval_ms(c, r->group);
    a.fires_after_ms = (for_ms + a.interval_ms - 1) / a.interval_ms * a.interval_ms;
    a.latest_ms = r->delay_ms + a.fires_after_ms;
    a.window_ms = r->window_ms;
    if (a.fires_after_ms != for_ms) {
        rs_rule_check_add(
            c, RS_RULE_NOTE, r->rule->at, "for-rounded",
            "alert %s fires %s after the first evaluation that sees it, not %s: \"for\" counts in "
            "steps of the group's interval, %s",
            r->rule->alert, rs_check_span(c, a.fires_after_ms), rs_check_span(c, for_ms),
            rs_check_span(c, a.interval_ms));
    }
    return a;
}

static int file_place(const struct rule_check_spec *spec, const char *file)
{
    for (int i = 0; i < spec->n_file; i++) {
        if (strcmp(spec->file[i]->file, file) == 0) {
            return i;
        }
    }
    return spec->n_file; /* Alertmanager's */
}

/* Warnings first, each by file, as given, then by place. Few enough for insertion. */
static void sort_findings(struct checking *c)
{
    for (int i = 1; i < c->n_finding; i++) {
        struct rule_finding f = c->finding[i];
        int place = file_place(c->spec, f.at.file), k = i;
        for (; k > 0; k--) {
            const struct rule_finding *before = &c->finding[k - 1];
            int order = (int)before->severity - (int)f.severity;
            order = order ? order : file_place(c->spec, before->at.file) - place;
            order = order ? order : before->at.line - f.at.line;
            order = order ? order : before->at.col - f.at.col;
            if (order <= 0) {
                break;
            }
            c->finding[k] = *before;
        }
        c->finding[k] = f;
    }
}

struct rule_check *rs_rule_check_run(const struct rule_check_spec *spec)
{
    assert(spec->interval_ms > 0 && spec->lookback_ms > 0);
    struct rule_check *out = rs_xcalloc(1, sizeof(*out));
    struct checking c = {.arena = rs_arena_new(), .spec = spec};
    out->arena = c.arena;
    collect_rules(&c);
    sort_rules(&c);
    rs_check_delays(&c);
    struct checked_alert *alert = RS_ARENA_ARRAY(c.arena, struct checked_alert, c.n_rule);
    for (int i = 0; i < c.n_rule; i++) {
        rs_check_expression(&c, &c.rule[i]);
        if (c.rule[i].rule->alert) {
            alert[out->n_alert++] = alert_of(&c, &c.rule[i]);
        }
    }
    rs_check_together(&c);
    rs_check_metrics(&c, out);
    if (spec->am) {
        rs_check_routes(&c, alert, out->n_alert);
    }
    add_notes(&c);
    sort_findings(&c);
    out->alert = alert;
    out->finding = c.finding;
    out->n_finding = c.n_finding;
    for (int i = 0; i < c.n_finding; i++) {
        out->n_warning += c.finding[i].severity == RS_RULE_WARNING;
    }
    return out;
}

void rs_rule_check_free(struct rule_check *check)
{
    if (check) {
        rs_arena_free(check->arena);
        free(check);
    }
}
