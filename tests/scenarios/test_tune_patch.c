/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Settings in the files that we ship: every literal, wait and interval of every rule file and Alertmanager file is a parameter,
 * each is turned alone and some hundred settings at random. A patch must give the very text, a text the very tree but for what was
 * turned, and a rule read alone must be that of the whole scenario.
 */
#include <stdlib.h>
#include <string.h>

#include "models/promql_inspect.h"
#include "sim/clock.h"
#include "tune_case.h"

static const char *const shipped[] = {
    RS_SOURCE_DIR "/scenarios/prisma/prisma.yaml",
    RS_SOURCE_DIR "/scenarios/prisma-mended/prisma-mended.yaml",
    RS_SOURCE_DIR "/scenarios/sre-workbook/sre-workbook.yaml",
    RS_SOURCE_DIR "/scenarios/canary-judges/canary-judges.yaml",
};

/* ---- a scenario with everything turned ---- */

struct writer {
    char *text;
    size_t n, room;
    int n_param;
};

static void put_param(struct writer *w, const char *path, const char *value)
{
    w->n += (size_t)snprintf(w->text + w->n, w->room - w->n, "    - {path: '%s', values: ['%s']}\n",
                             path, value);
    ck_assert_uint_lt(w->n, w->room);
    w->n_param++;
}

/* Twice as much of what stands there. */
static void twice(char *out, size_t n, const char *text)
{
    int64_t ns = 0;
    if (strpbrk(text, "smhdwy") && rs_duration_parse(&ns, text) == 0) {
        rs_duration_format(out, n, 2 * ns);
    } else {
        snprintf(out, n, "%.12g", 2.0 * strtod(text, NULL) + 1.0);
    }
}

static void
put_literals(struct writer *w, const char *rule, const char *text, enum promql_dialect dialect)
{
    static const char *const words[RS_LITERAL_N] = {"threshold", "number", "range", "step",
                                                    "offset"};
    struct arena *arena = rs_arena_new();
    struct promql_literal all[64];
    int k[RS_LITERAL_N] = {0};
    const struct promql *q =
        rs_promql_parse(arena, &(struct promql_text){.text = text, .dialect = dialect}, NULL);
    int n = rs_promql_literals(q, text, all, 64);
    ck_assert_int_le(n, 64);
    for (int i = 0; i < n; i++) {
        char path[256], now[64], then[64];
        snprintf(now, sizeof(now), "%.*s", all[i].until - all[i].from, text + all[i].from);
        twice(then, sizeof(then), now);
        snprintf(path, sizeof(path), "rules/%s/%s[%d]", rule, words[all[i].kind], ++k[all[i].kind]);
        put_param(w, path, then);
    }
    rs_arena_free(arena);
}

static void put_rules(struct writer *w, const struct scenario *sc)
{
    const struct monitoring *m = &sc->monitoring;
    for (int f = 0; f < m->n_rule_file; f++) {
        for (int g = 0; g < m->rule_file[f]->n_group; g++) {
            const struct rule_group *group = &m->rule_file[f]->group[g];
            char path[256];
            snprintf(path, sizeof(path), "rules/%s/%s/interval", m->rule_file[f]->path,
                     group->name);
            put_param(w, path, "7s");
            for (int i = 0; i < group->n_rule; i++) {
                const struct rule *rule = &group->rule[i];
                int n_before = 0, n_same = 0;
                const char *name = rule->alert ? rule->alert : rule->record;
                for (int j = 0; j < group->n_rule; j++) {
                    const struct rule *other = &group->rule[j];
                    bool same = strcmp(other->alert ? other->alert : other->record, name) == 0;
                    n_before += same && j < i;
                    n_same += same;
                }
                char who[200];
                snprintf(who, sizeof(who), n_same > 1 ? "%s/%s/%s[%d]" : "%s/%s/%s",
                         m->rule_file[f]->path, group->name, name, n_before + 1);
                put_literals(w, who, rule->expr_text, (enum promql_dialect)m->dialect);
                snprintf(path, sizeof(path), "rules/%s/for", who);
                if (rule->alert) {
                    put_param(w, path, "11m");
                    snprintf(path, sizeof(path), "rules/%s/keep_firing_for", who);
                    put_param(w, path, "13m");
                }
            }
        }
    }
}

static void put_routes(struct writer *w, const struct am_route *route, const char *path)
{
    static const char *const keys[] = {"group_wait", "group_interval", "repeat_interval"};
    static const char *const values[] = {"17s", "19m", "23h"};
    char below[256];
    for (int i = 0; i < 3; i++) {
        snprintf(below, sizeof(below), "%s/%s", path, keys[i]);
        put_param(w, below, values[i]);
    }
    for (int i = 0; i < route->n_child; i++) {
        snprintf(below, sizeof(below), "%s/routes[%d]", path, i + 1);
        put_routes(w, &route->child[i], below);
    }
}

static struct {
    struct scenario *sc;
    char *text;
    struct tune_texts *texts;
    const char *path;
} all;

static void load_all(const char *path)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    struct scenario *bare = rs_scenario_load(path, &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(bare);
    size_t room = strlen(bare->text) + 262144;
    struct writer w = {.text = rs_xcalloc(room, 1), .room = room};
    const char *own = strstr(bare->text, "\ntune:"); /* it stands at the end */
    int n_own = own ? (int)(own - bare->text) : (int)strlen(bare->text);
    w.n = (size_t)snprintf(w.text, room,
                           "%.*s\ntune:\n  minimise: [{false_rollback: true}]\n  parameters:\n",
                           n_own, bare->text);
    put_rules(&w, bare);
    if (bare->monitoring.alertmanager) {
        put_routes(&w, &bare->monitoring.alertmanager->root, "alertmanager/route");
    }
    all.text = w.text;
    all.path = path;
    all.sc = rs_scenario_load_texts(path, NULL, 0, &(struct text_override){path, w.text, w.n}, 1,
                                    &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(all.sc);
    ck_assert_int_eq(all.sc->tune->n_param, w.n_param);
    ck_assert_int_gt(w.n_param, 5);
    all.texts = rs_tune_texts_new(all.sc, path, NULL, 0);
    rs_err_list_clear(&errors);
    rs_scenario_free(bare);
}

static void unload_all(void)
{
    rs_tune_texts_free(all.texts);
    rs_scenario_free(all.sc);
    free(all.text);
}

/* ---- a patch, applied to the letter ---- */

static const char *take_line(const char **at, size_t *n)
{
    const char *line = *at, *end = strchr(line, '\n');
    *n = end ? (size_t)(end - line) + 1 : strlen(line);
    *at += *n;
    return line;
}

/* "12,7" or "12": a first line and how many. */
static const char *take_range(const char *at, size_t *from, size_t *n)
{
    char *end = NULL;
    *from = strtoul(at, &end, 10);
    *n = *end == ',' ? strtoul(end + 1, &end, 10) : 1;
    return end;
}

/* One hunk onto *old, whose next line is *line_no; the new lines to out. Returns how many bytes those are. */
static size_t apply_hunk(const char **old, size_t *line_no, const char **patch, char *out)
{
    size_t from = 0, to = 0, n_old = 0, n_new = 0, n = 0, length = 0;
    const char *plus = take_range(*patch + 4, &from, &n_old);
    take_range(plus + 2, &to, &n_new);
    take_line(patch, &length);
    for (from += n_old == 0; *line_no < from; ++*line_no) {
        const char *line = take_line(old, &length);
        memcpy(out + n, line, length);
        n += length;
    }
    while (n_old > 0 || n_new > 0) {
        char sign = **patch;
        const char *line = take_line(patch, &length) + 1;
        length--;
        if (**patch == '\\') {
            size_t ignored = 0;
            take_line(patch, &ignored);
            length--; /* the line break is the patch's own */
        }
        if (sign != '+') {
            ck_assert_msg(strncmp(*old, line, length) == 0, "no fit at line %zu", *line_no);
            *old += length;
            ++*line_no;
            n_old--;
        }
        if (sign != '-') {
            memcpy(out + n, line, length);
            n += length;
            n_new--;
        }
    }
    return n;
}

/* Applies the hunks that follow; moves *patch behind them. What does not fit fails the test. Caller frees. */
static char *apply(const char *old, const char **patch)
{
    char *out = rs_xcalloc(strlen(old) + strlen(*patch) + 1, 1);
    size_t n = 0, line_no = 1;
    while (strncmp(*patch, "@@ -", 4) == 0) {
        n += apply_hunk(&old, &line_no, patch, out + n);
    }
    memcpy(out + n, old, strlen(old));
    return out;
}

static void check_patch(const struct tune_plan *plan, const uint16_t *value)
{
    char *patch = NULL;
    size_t n_patch = 0;
    FILE *to = open_memstream(&patch, &n_patch);
    rs_tune_print_diff(to, plan, value);
    fclose(to);
    const char *at = patch;
    for (int i = 0; i < plan->n_file; i++) {
        size_t n = 0, ignored = 0;
        char *want = rs_tune_file_text(plan, i, value, &n), head[600];
        snprintf(head, sizeof(head), "--- %s\n+++ %s\n", plan->file[i].path, plan->file[i].path);
        bool same = strcmp(want, plan->file[i].text) == 0;
        if (!same) {
            ck_assert_msg(strncmp(at, head, strlen(head)) == 0, "%.200s", at);
            take_line(&at, &ignored);
            take_line(&at, &ignored);
            char *got = apply(plan->file[i].text, &at);
            ck_assert_str_eq(got, want);
            free(got);
        }
        free(want);
    }
    ck_assert_msg(*at == '\0', "more than was changed: %.200s", at);
    free(patch);
}

/* ---- one rule ---- */

static void same_labels(const struct label *a, int n_a, const struct label *b, int n_b)
{
    ck_assert_int_eq(n_a, n_b);
    for (int i = 0; i < n_a; i++) {
        ck_assert_str_eq(a[i].name, b[i].name);
        ck_assert_str_eq(a[i].value, b[i].value);
    }
}

static void same_rule(const struct rule *a, const struct rule *b)
{
    struct arena *arena = rs_arena_new();
    ck_assert_str_eq(rs_promql_print(arena, a->expr), rs_promql_print(arena, b->expr));
    ck_assert_int_eq(a->for_ns, b->for_ns);
    ck_assert_int_eq(a->keep_firing_for_ns, b->keep_firing_for_ns);
    ck_assert(a->alert ? b->alert && strcmp(a->alert, b->alert) == 0
                       : b->record && strcmp(a->record, b->record) == 0);
    same_labels(a->label, a->n_label, b->label, b->n_label);
    same_labels(a->annotation, a->n_annotation, b->annotation, b->n_annotation);
    rs_arena_free(arena);
}

/* Text of everything in the rules that a setting may move, rule by rule. */
static char *rules_text(const struct rule_file *file, int but_group, int but_rule)
{
    char *text = NULL;
    size_t n = 0;
    FILE *to = open_memstream(&text, &n);
    struct arena *arena = rs_arena_new();
    for (int g = 0; g < file->n_group; g++) {
        const struct rule_group *group = &file->group[g];
        fprintf(to, "%s %lld\n", group->name,
                but_rule < 0 && but_group == g ? 0LL : (long long)group->interval_ns);
        for (int i = 0; i < group->n_rule; i++) {
            const struct rule *r = &group->rule[i];
            if (g == but_group && i == but_rule) {
                continue;
            }
            fprintf(to, "%s %s %lld %lld %d %d\n", r->alert ? r->alert : r->record,
                    rs_promql_print(arena, r->expr), (long long)r->for_ns,
                    (long long)r->keep_firing_for_ns, r->n_label, r->n_annotation);
        }
    }
    fclose(to);
    rs_arena_free(arena);
    return text;
}

/* The sites' rules, read alone, are those of the scenario that is loaded with the setting. */
static void
check_sites(const struct tune_source *src, const struct scenario *with, const uint16_t *value)
{
    struct arena *arena = rs_arena_new();
    struct err_list errors;
    rs_err_list_init(&errors);
    for (int s = 0; s < src->plan->n_site; s++) {
        const struct tune_site *site = &src->plan->site[s];
        const struct rule *rule = src->rule(src->ctx, arena, s, value, &errors);
        rs_err_list_print(&errors, stderr);
        ck_assert_ptr_nonnull(rule);
        same_rule(rule,
                  &with->monitoring.rule_file[site->file]->group[site->group].rule[site->rule]);
    }
    rs_err_list_clear(&errors);
    rs_arena_free(arena);
}

static struct scenario *with_setting(const struct tune_source *src, const uint16_t *value)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    struct scenario *sc = src->scenario(src->ctx, value, &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(sc);
    ck_assert_ptr_null(sc->tune);
    rs_err_list_clear(&errors);
    return sc;
}

/* Each parameter alone: nothing else in its file reads differently. */
static void check_alone(const struct tune_source *src, int p, uint16_t *value)
{
    const struct tune_param *param = &src->plan->param[p];
    const struct monitoring *m = &src->today->monitoring;
    value[p] = (uint16_t)(1 - param->today);
    check_patch(src->plan, value);
    int file = param->place[0].file;
    size_t n = 0;
    char *text = rs_tune_file_text(src->plan, file, value, &n);
    ck_assert_str_ne(text, src->plan->file[file].text);
    for (int f = 0; f < m->n_rule_file && strncmp(param->path, "rules/", 6) == 0; f++) {
        if (strcmp(m->rule_file[f]->file, src->plan->file[file].path) != 0) {
            continue;
        }
        struct arena *arena = rs_arena_new();
        const struct rule_file *now =
            rs_rule_file_parse(arena, (enum promql_dialect)m->dialect, "f", text, n, NULL);
        ck_assert_ptr_nonnull(now);
        /* which one moved, is found by what is unlike */
        int moved = 0;
        for (int g = 0; g < now->n_group; g++) {
            for (int i = -1; i < now->group[g].n_rule; i++) {
                char *a = rules_text(m->rule_file[f], g, i), *b = rules_text(now, g, i);
                moved += strcmp(a, b) == 0;
                free(a);
                free(b);
            }
        }
        ck_assert_msg(moved == 1, "%s: %d rules account for the change", param->path, moved);
        rs_arena_free(arena);
    }
    free(text);
    value[p] = (uint16_t)param->today;
}

START_TEST(test_shipped)
{
    load_all(shipped[_i]);
    struct tune_source src = rs_tune_source(all.texts);
    int n_param = src.plan->n_param;
    uint16_t *value = rs_xcalloc((size_t)n_param, sizeof(*value));
    rs_tune_today(src.plan, value);
    check_patch(src.plan, value); /* of today: nothing */
    struct scenario *today = with_setting(&src, value);
    ck_assert_str_eq(today->sha256, all.sc->sha256);
    check_sites(&src, today, value);
    rs_scenario_free(today);
    for (int p = 0; p < n_param; p++) {
        check_alone(&src, p, value);
    }
    uint64_t state = 20250929; /* a fixed sequence of settings: no chance in it */
    for (int k = 0; k < 30; k++) {
        for (int p = 0; p < n_param; p++) {
            state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            value[p] = (uint16_t)(state >> 33 & 1);
        }
        check_patch(src.plan, value);
        if (k < 4) {
            struct scenario *with = with_setting(&src, value);
            check_sites(&src, with, value);
            rs_scenario_free(with);
        }
    }
    free(value);
    unload_all();
}
END_TEST

/* A condition read alone is that of the whole scenario. */
START_TEST(test_condition)
{
    struct scenario *sc = tune_case_loaded(&(struct tune_case){
        .parameters =
            "    - {path: runbook/stages/canary/gates/errors/fail_if/threshold, values: [0.5]}\n"
            "    - {path: runbook/stages/canary/gates/errors/fail_if/range, values: [90s]}\n"});
    struct tune_texts *texts = rs_tune_texts_new(sc, tune_case_path, NULL, 0);
    struct tune_source src = rs_tune_source(texts);
    struct arena *arena = rs_arena_new();
    for (unsigned i = 0; i < 4; i++) {
        uint16_t value[2] = {(uint16_t)(i & 1), (uint16_t)(i >> 1)};
        struct scenario *with = with_setting(&src, value);
        const struct promql *q = src.condition(src.ctx, arena, 0, value, NULL);
        ck_assert_str_eq(rs_promql_print(arena, q),
                         rs_promql_print(arena, with->response.stage[0].gate[0].expr));
        rs_scenario_free(with);
    }
    rs_arena_free(arena);
    rs_tune_texts_free(texts);
    rs_scenario_free(sc);
}
END_TEST

static void add(TCase *tc)
{
    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, test_shipped, 0, N_ROW(shipped));
    tcase_add_test(tc, test_condition);
}

int main(void)
{
    return run_tests("tune_patch", add);
}
