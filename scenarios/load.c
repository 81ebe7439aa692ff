/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A scenario from its files: names first, then the files it names, then the tables, then what needs the whole. */
#include "scenarios/load.h"

#include <string.h>

#include "profile.h"
#include "scenarios/tune.h"
#include "sim/clock.h"
#include "text/file.h"
#include "tune/tune_read.h"

static void collect_names(struct reader *r)
{
    static const struct {
        enum name_kind kind;
        const char *outer, *list, *key;
    } lists[] = {
        {RS_NAME_ASSUMPTION, NULL, "assumptions", "id"},
        {RS_NAME_COHORT, NULL, "cohorts", "name"},
        {RS_NAME_COMPONENT, NULL, "components", "name"},
        {RS_NAME_DEPENDENCY, NULL, "dependencies", "name"},
        {RS_NAME_FLAG, NULL, "flags", "name"},
        {RS_NAME_SERVICE, NULL, "services", "name"},
        {RS_NAME_FAULT, NULL, "faults", "name"},
        {RS_NAME_CHANNEL, "monitoring", "channels", "name"},
        {RS_NAME_ROLE, NULL, "roles", "name"},
        {RS_NAME_STAGE, "runbook", "stages", "name"},
        {RS_NAME_PROCEDURE, "runbook", "procedures", "name"},
        {RS_NAME_JUDGE, "runbook", "judges", "name"},
    };
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        const struct node *from = lists[i].outer ? rs_node_get(r->root, lists[i].outer) : r->root;
        rs_names_collect(r, lists[i].kind, rs_node_get(from, lists[i].list), lists[i].key, true);
    }
    rs_names_scope(r, NULL, false);
    r->assumption_used = RS_ARENA_ARRAY(r->arena, bool, r->names[RS_NAME_ASSUMPTION].n);
}

/* ---- the files of the monitoring ---- */

/* Reads a file that a scalar names. NULL with an error added. */
static const char *
read_named(struct reader *r, const struct node *node, const char **path, size_t *n)
{
    if (node->kind != RS_NODE_SCALAR || node->text[0] == '\0') {
        char seen[64];
        rs_err_list_add(r->errors, RS_E_TYPE, node->at, "the path of a file is expected, got %s",
                        rs_node_describe(seen, sizeof(seen), node));
        return NULL;
    }
    *path = rs_file_path(r, node->text, node->at);
    return *path ? rs_file_text(r, *path, node->at, n) : NULL;
}

static void add_alerts(struct reader *r, const struct rule_file *file)
{
    for (int g = 0; g < file->n_group; g++) {
        for (int i = 0; i < file->group[g].n_rule; i++) {
            if (file->group[g].rule[i].alert) {
                rs_names_add(r, RS_NAME_ALERT, file->group[g].rule[i].alert);
            }
        }
    }
}

static void read_rules(struct reader *r, const struct node *list)
{
    if (!list) {
        return;
    }
    if (list->kind != RS_NODE_LIST) {
        char seen[64];
        rs_err_list_add(r->errors, RS_E_TYPE, list->at,
                        "\"rules\" must be a list of file paths, got %s",
                        rs_node_describe(seen, sizeof(seen), list));
        r->names[RS_NAME_ALERT].unknown = true;
        return;
    }
    struct monitoring *m = &r->sc->monitoring;
    struct rule_file **file = RS_ARENA_ARRAY(r->arena, struct rule_file *, list->n);
    for (int i = 0; i < list->n; i++) {
        const char *path = NULL;
        size_t n = 0;
        const char *text = read_named(r, list->item[i], &path, &n);
        const struct rule_file *one = text ? rs_rule_file_read(r, path, text, n) : NULL;
        if (!one) {
            r->names[RS_NAME_ALERT].unknown = true;
            continue;
        }
        file[m->n_rule_file] = RS_ARENA_ARRAY(r->arena, struct rule_file, 1);
        *file[m->n_rule_file] = *one;
        file[m->n_rule_file++]->path = list->item[i]->text;
        add_alerts(r, one);
    }
    m->rule_file = file;
}

static void read_alertmanager(struct reader *r, const struct node *node)
{
    const char *path = NULL;
    size_t n = 0;
    const char *text = node ? read_named(r, node, &path, &n) : NULL;
    const struct am_config *config = text ? rs_am_config_read(r, path, text, n) : NULL;
    r->sc->monitoring.alertmanager = config;
    if (node && !config) {
        r->names[RS_NAME_RECEIVER].unknown = true;
    }
}

/* The dialect must be known before the first expression is read; what is wrong with the key is told by the table. */
static void read_dialect(struct reader *r)
{
    const struct node *monitoring = rs_node_get(r->root, "monitoring");
    const struct node *word = rs_node_get(monitoring, "prometheus");
    for (int i = 0; word && word->kind == RS_NODE_SCALAR && i < RS_PROMQL_DIALECT_N; i++) {
        if (strcmp(word->text, rs_promql_dialect_names[i]) == 0) {
            r->dialect = (enum promql_dialect)i;
        }
    }
}

/* Likewise the release of Alertmanager: its file is read before the table. */
static void read_am_version(struct reader *r)
{
    const struct node *word =
        rs_node_get(rs_node_get(r->root, "monitoring"), "alertmanager_version");
    r->am_version = rs_am_settings_default().version;
    for (int i = 0; word && word->kind == RS_NODE_SCALAR && rs_am_version_names[i]; i++) {
        if (strcmp(word->text, rs_am_version_names[i]) == 0) {
            r->am_version = (enum am_version)i;
        }
    }
}

/* Rule files first, routing after them: the order of the hash. */
void rs_read_monitoring_files(struct reader *r)
{
    read_dialect(r);
    read_am_version(r);
    const struct node *monitoring = rs_node_get(r->root, "monitoring");
    r->null_is_absent = true;
    read_rules(r, rs_node_get(monitoring, "rules"));
    read_alertmanager(r, rs_node_get(monitoring, "alertmanager"));
    r->null_is_absent = false;
}

/* ---- the whole ---- */

static bool version_is_ours(struct reader *r)
{
    const struct node *version = rs_node_get(r->root, "rollsim");
    if (!version || (version->kind == RS_NODE_SCALAR && strcmp(version->text, "1") == 0)) {
        return true; /* a missing key is told by the table */
    }
    char seen[64];
    rs_err_list_add(r->errors, RS_E_UNSUPPORTED, version->at,
                    "this rollsim reads version 1 of the language, got %s",
                    rs_node_describe(seen, sizeof(seen), version));
    return false;
}

static size_t count_errors(const struct reader *r)
{
    return r->errors->n + r->errors->n_dropped;
}

static void read_tree(struct reader *r)
{
    if (r->root->kind != RS_NODE_MAP) {
        char seen[64];
        rs_err_list_add(r->errors, RS_E_TYPE, r->root->at, "a scenario must be a map, got %s",
                        rs_node_describe(seen, sizeof(seen), r->root));
        return;
    }
    if (!version_is_ours(r)) {
        return;
    }
    collect_names(r);
    rs_read_monitoring_files(r);
    rs_read_section(r, &rs_section_scenario, "a scenario", r->root, r->sc);
    rs_profile_override(r, (struct traffic *)(uintptr_t)r->sc->traffic, r->sc->n_traffic);
    rs_check_scenario(r);
    if (r->leave_tune) {
        r->sc->tune = NULL;
    } else if (r->sc->tune) {
        rs_tune_resolve(r);
    }
}

static struct scenario *finish(struct reader *r, size_t n_before)
{
    rs_err_list_sort(r->errors);
    if (count_errors(r) > n_before) {
        rs_arena_free(r->arena);
        return NULL;
    }
    r->sc->sha256 = rs_file_hash_hex(r->hash);
    r->sc->input = rs_file_hash_inputs(r->hash, &r->sc->n_input);
    return r->sc;
}

/* What begins a reading in r: an arena, the file's name and its folder. */
static void open_reading(struct reader *r, const char *file)
{
    r->arena = rs_arena_new();
    r->file = rs_arena_strdup(r->arena, file ? file : "scenario");
    r->folder = file ? rs_file_folder(r->arena, file) : NULL;
    r->hash = rs_file_hash_new(r->arena);
    r->sc = RS_ARENA_ARRAY(r->arena, struct scenario, 1);
    r->sc->arena = r->arena;
    r->sc->file = r->file;
}

/* text NULL: it could not be read. */
static struct scenario *parse(struct reader *r, const char *text, size_t n, size_t n_before)
{
    if (text) {
        r->sc->text = rs_arena_strndup(r->arena, text, n);
        r->root = rs_yaml_parse(r->arena, r->file, text, n, r->errors);
    }
    if (r->root) {
        read_tree(r);
    }
    struct file_hash *hash = r->hash;
    struct scenario *sc = finish(r, n_before);
    rs_file_hash_free(hash);
    return sc;
}

struct scenario *
rs_scenario_parse(const char *file, const char *text, size_t n, struct err_list *errors)
{
    struct err_list own;
    rs_err_list_init(&own);
    struct reader r = {.errors = errors ? errors : &own};
    size_t n_before = count_errors(&r);
    open_reading(&r, file);
    char *copy = RS_ARENA_ARRAY(r.arena, char, n + 1); /* what is kept ends with a NUL */
    if (n > 0) {
        memcpy(copy, text, n);
    }
    rs_file_hash_text(r.hash, r.file, copy, n);
    RS_PUSH(r.arena, r.kept, r.n_kept, r.cap_kept, ((struct kept_text){r.file, copy, n}));
    struct scenario *sc = parse(&r, copy, n, n_before);
    rs_err_list_clear(&own);
    return sc;
}

struct scenario *rs_scenario_load_as(const char *path, const struct reader *how)
{
    struct reader r = *how;
    struct err_list own;
    rs_err_list_init(&own);
    r.errors = how->errors ? how->errors : &own;
    size_t n = 0, n_before = count_errors(&r);
    open_reading(&r, path);
    const char *text = rs_file_text(&r, path, (struct mark){NULL, 0, 0}, &n);
    struct scenario *sc = parse(&r, text, n, n_before);
    rs_err_list_clear(&own);
    return sc;
}

struct scenario *rs_scenario_load_texts(const char *path,
                                        const struct traffic_override *o,
                                        int n,
                                        const struct text_override *text,
                                        int n_text,
                                        struct err_list *errors)
{
    const struct reader how = {
        .errors = errors, .override = o, .n_override = n, .text = text, .n_text = n_text};
    return rs_scenario_load_as(path, &how);
}

struct scenario *rs_scenario_load_with(const char *path,
                                       const struct traffic_override *o,
                                       int n,
                                       struct err_list *errors)
{
    return rs_scenario_load_texts(path, o, n, NULL, 0, errors);
}

struct scenario *rs_scenario_load(const char *path, struct err_list *errors)
{
    return rs_scenario_load_texts(path, NULL, 0, NULL, 0, errors);
}
