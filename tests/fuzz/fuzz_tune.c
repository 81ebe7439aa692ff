/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes as a `tune:` section, and behind a line "----" as the rule file that it speaks of: refused with words, or a plan whose
 * settings can be put into the files and taken for what they are.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenarios/tune.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char scenario_path[] = "/no/folder/s.yaml";
static const char scenario[] =
    "rollsim: 1\nname: s\nstarts_at: 2025-01-06T09:00:00Z\nhorizon: 1d\n"
    "cohorts: [{name: u, population: 9}]\n"
    "flags: [{name: F, default: off, safe: off, propagation: {polling: {every: 15s, delay: 1s}}}]\n"
    "services:\n  - name: web\n    instances: 2\n    scrape: {every: 15s}\n"
    "    metrics: {requests: http_requests_total}\n"
    "    paths: [{name: p, errors: {500: 0.1%}, latency: 80ms}]\n"
    "traffic: [{service: web, cohort: u, profile: {constant: {per_s: 2}}}]\n"
    "monitoring: {rules: [rules.yml], alertmanager: am.yml, channels: [{name: pager, receiver: r, "
    "delivery: 5s}]}\n"
    "roles: [{name: op, attends: [{channel: pager, sees: 95%}], acknowledge: 1m, decide: 1m, act: "
    "1m}]\n"
    "runbook:\n  stages:\n    - name: one\n      by: op\n      watch: 30m\n      look_every: 5m\n"
    "      actions: [{set: F, to: on}]\n"
    "      gates:\n        - {name: g, fail_if: 'rate(http_requests_total[5m]) > 0.5', then: "
    "halt}\n";
static const char rules[] =
    "groups:\n  - name: g\n    rules:\n      - alert: A\n        expr: |\n"
    "          rate(http_requests_total[5m])\n            > 0.5\n"
    "      - {alert: B, expr: \"http_requests_total offset 1h < -2\", for: 1m}\n";
static const char am[] = "route:\n  receiver: r\n  routes:\n    - {receiver: r, group_wait: 1s}\n"
                         "receivers: [{name: r}]\n";

static void check_texts(const struct tune_plan *plan, const uint16_t *value, bool is_today)
{
    char *patch = NULL;
    size_t n_patch = 0;
    FILE *to = open_memstream(&patch, &n_patch);
    rs_tune_print_diff(to, plan, value);
    fclose(to);
    bool changes = false;
    for (int f = 0; f < plan->n_file; f++) {
        size_t n = 0;
        char *text = rs_tune_file_text(plan, f, value, &n);
        changes = changes || n != plan->file[f].n_text || memcmp(text, plan->file[f].text, n) != 0;
        free(text);
    }
    if (changes == is_today || changes != (n_patch > 0)) {
        abort();
    }
    free(patch);
}

static void check_parts(const struct tune_source *src, const uint16_t *value)
{
    struct arena *arena = rs_arena_new();
    struct err_list errors;
    rs_err_list_init(&errors);
    for (int s = 0; s < src->plan->n_site; s++) {
        bool is_rule = src->plan->site[s].kind == RS_SITE_RULE;
        size_t n_before = errors.n + errors.n_dropped;
        bool made = is_rule ? src->rule(src->ctx, arena, s, value, &errors) != NULL
                            : src->condition(src->ctx, arena, s, value, &errors) != NULL;
        if (made != (errors.n + errors.n_dropped == n_before)) {
            abort();
        }
    }
    rs_err_list_clear(&errors);
    rs_arena_free(arena);
}

/* Every parameter alone, with its first value that is not today's. */
static void check_plan(const struct scenario *sc)
{
    const struct tune_plan *plan = sc->tune;
    struct tune_texts *texts = rs_tune_texts_new(sc, scenario_path, NULL, 0);
    struct tune_source src = rs_tune_source(texts);
    uint16_t *value = rs_xcalloc((size_t)plan->n_param + 1, sizeof(*value));
    rs_tune_today(plan, value);
    check_texts(plan, value, true);
    check_parts(&src, value);
    for (int i = 0; i < plan->n_param; i++) {
        const struct tune_param *p = &plan->param[i];
        if (p->n_value < 2 || p->today < 0 || p->today >= p->n_value || p->n_place < 1) {
            abort();
        }
        value[i] = p->today == 0;
        check_texts(plan, value, false);
        check_parts(&src, value);
        value[i] = (uint16_t)p->today;
    }
    free(value);
    rs_tune_texts_free(texts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *bytes = rs_xcalloc(size + 1, 1);
    if (size > 0) {
        memcpy(bytes, data, size);
    }
    char *cut = strstr(bytes, "\n----\n");
    size_t n_tune = cut ? (size_t)(cut - bytes) + 1 : strlen(bytes),
           room = sizeof(scenario) + size + 16;
    const char *own = cut ? cut + 6 : rules;
    char *text = rs_xcalloc(room, 1);
    snprintf(text, room, "%stune:\n%.*s", scenario, (int)n_tune, bytes);
    const struct text_override files[] = {{scenario_path, text, strlen(text)},
                                          {"/no/folder/rules.yml", own, strlen(own)},
                                          {"/no/folder/am.yml", am, sizeof(am) - 1}};
    struct err_list errors;
    rs_err_list_init(&errors);
    struct scenario *sc = rs_scenario_load_texts(scenario_path, NULL, 0, files, 3, &errors);
    if ((sc != NULL) != (errors.n == 0)) {
        abort();
    }
    for (size_t i = 0; i < errors.n; i++) {
        if (errors.item[i].text[0] == '\0' || errors.item[i].line < 1) {
            abort();
        }
    }
    if (sc && sc->tune) {
        check_plan(sc);
    }
    rs_scenario_free(sc);
    rs_err_list_clear(&errors);
    free(text);
    free(bytes);
    return 0;
}
