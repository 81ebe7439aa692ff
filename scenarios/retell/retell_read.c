/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A retold recording from its document. */
#include "retell_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../text/file.h"
#include "../tune/tune_read.h"
#include "scenarios/load.h"
#include "sim/clock.h"

/* What is found again when a setting is put into the rules' texts. */
struct rule_texts {
    struct retell retell; /* first: rs_retell_close finds the rest */
    enum promql_dialect dialect;
    int *plan_file; /* [spec.n_file] of the plan; -1: no parameter stands in it */
};

static size_t count_errors(const struct reader *r)
{
    return r->errors->n + r->errors->n_dropped;
}

/* ---- parameters ---- */

static void read_parameters(struct reader *r, struct retell_draft *d)
{
    struct tune_read *read = RS_ARENA_ARRAY(r->arena, struct tune_read, 1);
    static const struct node none = {.kind = RS_NODE_LIST};
    read->plan.at = rs_retell_at(r->root, "parameters");
    read->plan.confidence = d->out.confidence;
    read->n_draft = d->n_param;
    read->draft = d->param;
    read->keep = &none; /* no claims */
    r->sc->tune = &read->plan;
    d->out.plan = &read->plan;
    bool legal = true;
    for (int i = 0; i < d->n_param; i++) {
        if (strncmp(d->param[i].path, "rules/", 6) != 0) {
            rs_err_list_add(
                r->errors, RS_E_REF, d->param[i].path_at,
                "of a recording only rules can be turned, rules/ALERT/threshold and the "
                "like, got \"%s\"",
                d->param[i].path);
            legal = false;
        }
    }
    if (legal) {
        rs_tune_resolve(r);
    }
}

/* A parameter of an alert that does not count turns nothing. */
static void check_parameters(struct reader *r, const struct retell *d)
{
    for (int i = 0; i < d->plan->n_param; i++) {
        const struct tune_param *p = &d->plan->param[i];
        if (p->site < 0) {
            continue;
        }
        const struct tune_site *s = &d->plan->site[p->site];
        const char *alert = d->spec.file[s->file]->group[s->group].rule[s->rule].alert;
        bool counts = d->n_alert == 0;
        for (int k = 0; k < d->n_alert && !counts; k++) {
            counts = strcmp(d->alert[k], alert) == 0;
        }
        if (!counts) {
            rs_err_list_add(r->errors, RS_E_REF, p->at,
                            "\"%s\" turns alert %s, which is not among the \"alerts\" that count",
                            p->path, alert);
        }
    }
}

/* ---- aims ---- */

static int find_param(struct reader *r, const struct retell *d, const struct node *word)
{
    const char **name = RS_ARENA_ARRAY(r->arena, const char *, d->plan->n_param);
    for (int i = 0; i < d->plan->n_param; i++) {
        name[i] = d->plan->param[i].name;
        if (strcmp(name[i], word->text) == 0) {
            return i;
        }
    }
    return rs_refuse_name(r, RS_E_REF, word->at, word->text, name, (size_t)d->plan->n_param,
                          "there is no parameter \"%s\"", word->text);
}

static int
read_aim(struct reader *r, const struct retell *d, const struct node *item, struct retell_aim *out)
{
    char seen[64];
    if (item->kind == RS_NODE_SCALAR) {
        for (int m = 0; m < RS_RETELL_MEASURE_N; m++) {
            if (strcmp(rs_retell_measure_names[m], item->text) == 0) {
                *out = (struct retell_aim){.param = -1, .measure = (enum retell_measure)m};
                return 0;
            }
        }
        return rs_refuse_name(r, RS_E_REF, item->at, item->text, rs_retell_measure_names,
                              RS_RETELL_MEASURE_N,
                              "a measure must be missed, mean_minutes, median_minutes or "
                              "false_alarms_per_day, got \"%s\"",
                              item->text);
    }
    const struct pair *pair = item->kind == RS_NODE_MAP && item->n == 1 ? item->pair : NULL;
    bool high = pair && strcmp(pair->key, "highest") == 0;
    if (!pair || (!high && strcmp(pair->key, "lowest") != 0) ||
        pair->value->kind != RS_NODE_SCALAR) {
        return rs_err_list_add(r->errors, RS_E_TYPE, item->at,
                               "a measure, {lowest: PARAMETER} or {highest: PARAMETER} is expected "
                               "in \"minimise\", got %s",
                               rs_node_describe(seen, sizeof(seen), item));
    }
    *out = (struct retell_aim){.param = find_param(r, d, pair->value), .high = high};
    return out->param < 0 ? -1 : 0;
}

static void read_aims(struct reader *r, const struct retell_draft *draft, struct retell *d)
{
    const struct node *list = draft->minimise;
    char seen[64];
    if (list->kind != RS_NODE_LIST || list->n == 0) {
        rs_err_list_add(r->errors, RS_E_TYPE, list->at,
                        "\"minimise\" must be a list of measures, got %s",
                        rs_node_describe(seen, sizeof(seen), list));
        return;
    }
    if (rs_read_length(r, "minimise", list) != 0) {
        return;
    }
    struct retell_aim *aim = RS_ARENA_ARRAY(r->arena, struct retell_aim, list->n);
    for (int i = 0; i < list->n; i++) {
        (void)read_aim(r, d, list->item[i], &aim[i]);
    }
    d->aim = aim;
    d->n_aim = list->n;
}

static void read_limits(const struct retell_draft *draft, struct retell *d)
{
    for (int m = 0; m < RS_RETELL_MEASURE_N; m++) {
        bool given = draft->most.map && rs_node_get(draft->most.map, rs_retell_measure_names[m]);
        d->at_most[m] = given ? draft->most.most[m] : INFINITY;
    }
}

/* ---- parts ---- */

static void read_part(struct reader *r,
                      const struct part_draft *draft,
                      const struct retell *d,
                      struct retell_part *out)
{
    if (!draft->map) {
        *out = (struct retell_part){.how = RS_RETELL_REST};
        return;
    }
    out->at = draft->map->at;
    out->share = draft->first;
    out->how = draft->n_span > 0                          ? RS_RETELL_SPANS
               : rs_node_get(draft->map, "first") != NULL ? RS_RETELL_FIRST
               : draft->incidents == 0                    ? RS_RETELL_ODD
                                                          : RS_RETELL_EVEN;
    struct retell_span *span = RS_ARENA_ARRAY(r->arena, struct retell_span, draft->n_span);
    for (int i = 0; i < draft->n_span; i++) {
        const struct span_draft *s = &draft->span[i];
        span[i] = (struct retell_span){d->spec.from_ms, d->spec.to_ms + 1};
        int status = 0;
        if (s->from) {
            status |= rs_retell_time(r, d->spec.data, rs_retell_at(s->map, "from"), "from", s->from,
                                     &span[i].from_ms);
        }
        if (s->until) {
            status |= rs_retell_time(r, d->spec.data, rs_retell_at(s->map, "until"), "until",
                                     s->until, &span[i].until_ms);
        }
        if (status == 0 && span[i].from_ms >= span[i].until_ms) {
            rs_err_list_add(r->errors, RS_E_RANGE, s->map->at, "the span ends before it begins");
        }
    }
    out->span = span;
    out->n_span = draft->n_span;
}

/* ---- the whole ---- */

static const struct rule_file *const *
rules_with(void *ctx, struct arena *arena, const uint16_t *value, struct err_list *errors)
{
    const struct rule_texts *t = ctx;
    const struct backtest_spec *spec = &t->retell.spec;
    const struct rule_file **out = RS_ARENA_ARRAY(arena, const struct rule_file *, spec->n_file);
    for (int i = 0; i < spec->n_file; i++) {
        out[i] = spec->file[i];
        if (t->plan_file[i] < 0) {
            continue;
        }
        size_t n = 0;
        char *text = rs_tune_file_text(t->retell.plan, t->plan_file[i], value, &n);
        const struct rule_file *one =
            rs_rule_file_parse(arena, t->dialect, spec->file[i]->file, text, n, errors);
        free(text);
        if (!one) {
            return NULL;
        }
        struct rule_file *file = RS_ARENA_ARRAY(arena, struct rule_file, 1);
        *file = *one;
        file->path = spec->file[i]->path;
        out[i] = file;
    }
    return out;
}

static void note_files(struct reader *r, struct rule_texts *t)
{
    const struct backtest_spec *spec = &t->retell.spec;
    t->dialect = r->dialect;
    t->plan_file = RS_ARENA_ARRAY(r->arena, int, spec->n_file);
    for (int i = 0; i < spec->n_file; i++) {
        t->plan_file[i] = -1;
        for (int k = 0; k < t->retell.plan->n_file; k++) {
            if (strcmp(t->retell.plan->file[k].path, spec->file[i]->file) == 0) {
                t->plan_file[i] = k;
            }
        }
    }
    t->retell.rules = rules_with;
    t->retell.rules_ctx = t;
}

enum { STEPS_MAX = 100000000 };

static void fill_spec(struct reader *r, const struct retell_draft *d, struct retell *out)
{
    const struct monitoring *m = &r->sc->monitoring;
    struct recorded *data = out->spec.data;
    out->spec =
        (struct backtest_spec){.n_file = m->n_rule_file,
                               .file = (const struct rule_file *const *)m->rule_file,
                               .data = data,
                               .from_ms = data->first_ms,
                               .to_ms = data->last_ms,
                               .interval_ms = d->monitoring.interval_ns / RS_NS_PER_MS,
                               .lookback_ms = d->monitoring.lookback_ns / RS_NS_PER_MS,
                               .offset_ms = d->monitoring.offset_ns / RS_NS_PER_MS,
                               .query_offset_ms = d->monitoring.query_offset_ns / RS_NS_PER_MS};
    out->within_ms = d->caught.within_ns / RS_NS_PER_MS;
    out->before_ms = d->caught.before_ns / RS_NS_PER_MS;
    out->settles_ms = d->caught.settles_ns / RS_NS_PER_MS;
}

static void
read_rest(struct reader *r, struct retell_draft *d, struct retell *out, struct err_list *notes)
{
    if (rs_retell_data(r, d, out->spec.data, notes) != 0) {
        return;
    }
    fill_spec(r, d, out);
    int64_t span_ms = out->spec.to_ms - out->spec.from_ms;
    if (out->spec.interval_ms == 0 || span_ms / out->spec.interval_ms > STEPS_MAX) {
        rs_err_list_add(r->errors, RS_E_RANGE, rs_retell_at(r->root, "monitoring"),
                        "more than %d evaluations lie between the first and the last sample; are "
                        "the times of the data in one unit?",
                        STEPS_MAX);
        return;
    }
    (void)rs_retell_incidents(r, d, out);
    read_part(r, &d->choose, out, &out->choose);
    read_part(r, &d->judge, out, &out->judge);
}

static bool version_is_ours(struct reader *r)
{
    const struct node *version = rs_node_get(r->root, "retell");
    char seen[64];
    if (!version || (version->kind == RS_NODE_SCALAR && strcmp(version->text, "1") == 0)) {
        return true; /* a missing key is told by the table */
    }
    rs_err_list_add(r->errors, RS_E_UNSUPPORTED, version->at,
                    "this rollsim reads version 1 of retold recordings, got %s",
                    rs_node_describe(seen, sizeof(seen), version));
    return false;
}

static void read_tree(struct reader *r, struct rule_texts *t, struct err_list *notes)
{
    struct retell_draft *d = RS_ARENA_ARRAY(r->arena, struct retell_draft, 1);
    if (r->root->kind == RS_NODE_MAP && !version_is_ours(r)) {
        return;
    }
    if (r->root->kind == RS_NODE_MAP) {
        rs_read_monitoring_files(r);
        const struct node *monitoring = rs_node_get(r->root, "monitoring");
        if (!rs_node_get(monitoring, "rules")) { /* told by the table; no alert is known then */
            r->names[RS_NAME_ALERT].unknown = true;
        }
    }
    size_t n_before = count_errors(r);
    if (rs_read_section(r, &rs_section_retell, "a retold recording", r->root, d) != 0 ||
        count_errors(r) > n_before) {
        return;
    }
    r->sc->monitoring.evaluation_interval_ns = d->monitoring.interval_ns;
    struct recorded *data = t->retell.spec.data;
    struct retell *out = &t->retell;
    read_parameters(r, d);
    *out = d->out;
    out->arena = r->arena;
    out->file = r->file;
    out->spec.data = data;
    bool planned = count_errors(r) == n_before && !r->names[RS_NAME_ALERT].unknown;
    read_rest(r, d, out, notes);
    read_limits(d, out);
    if (planned) {
        out->spec.n_file = r->sc->monitoring.n_rule_file;
        out->spec.file = (const struct rule_file *const *)r->sc->monitoring.rule_file;
        read_aims(r, d, out);
        check_parameters(r, out);
        note_files(r, t);
    }
}

static struct retell *parse(struct reader *r,
                            const char *file,
                            const char *text,
                            size_t n,
                            size_t n_before,
                            struct err_list *notes)
{
    struct rule_texts *t = RS_ARENA_ARRAY(r->arena, struct rule_texts, 1);
    r->file = rs_arena_strdup(r->arena, file ? file : "recording");
    r->folder = file ? rs_file_folder(r->arena, file) : NULL;
    r->hash = rs_file_hash_new(r->arena);
    r->sc = RS_ARENA_ARRAY(r->arena, struct scenario, 1);
    r->sc->arena = r->arena;
    r->sc->file = r->file;
    t->retell.arena = r->arena;
    t->retell.spec.data = rs_recorded_new(NULL);
    r->root = rs_yaml_parse(r->arena, r->file, text, n, r->errors);
    if (r->root) {
        read_tree(r, t, notes);
    }
    rs_file_hash_free(r->hash);
    rs_err_list_sort(r->errors);
    if (count_errors(r) > n_before) {
        rs_retell_close(&t->retell);
        return NULL;
    }
    return &t->retell;
}

struct retell *
rs_retell_parse(const char *file, const char *text, size_t n, struct err_list *errors)
{
    struct reader r = {.arena = rs_arena_new(), .errors = errors};
    return parse(&r, file, text, n, count_errors(&r), NULL);
}

struct retell *rs_retell_load(const char *path, struct err_list *errors, struct err_list *notes)
{
    struct reader r = {.arena = rs_arena_new(), .errors = errors};
    size_t n = 0, n_before = count_errors(&r);
    const char *text = rs_file_read(r.arena, path, (struct mark){NULL, 0, 0}, &n, errors);
    if (!text) {
        rs_arena_free(r.arena);
        return NULL;
    }
    return parse(&r, path, text, n, n_before, notes);
}

void rs_retell_close(struct retell *d)
{
    if (d) {
        struct arena *arena = d->arena;
        rs_recorded_free(d->spec.data);
        rs_arena_free(arena);
    }
}

bool rs_is_retell(const char *path)
{
    FILE *from = fopen(path, "rb");
    char line[256];
    bool found = false, begins = true;
    while (from && !found && fgets(line, (int)sizeof(line), from)) {
        found = begins && strncmp(line, "retell:", 7) == 0;
        begins = strchr(line, '\n') != NULL;
    }
    if (from) {
        fclose(from);
    }
    return found;
}
