/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Unit-test files of rules. Source: cmd/promtool/unittest.go of Prometheus 3.5, unitTestFile and testGroup. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../reader.h"
#include "../text/file.h"
#include "../text/glob.h"
#include "../text/value.h"
#include "rule_test_read.h"
#include "scenarios/load.h"
#include "scenarios/rule_test.h"
#include "scenarios/rules.h"
#include "sim/clock.h"

struct file_draft {
    int64_t interval_ns;
    bool fuzzy;
};

static const struct key file_keys[] = {
    {"rule_files", RS_V_OWN, .shape = "list", .help = ""},
    {"evaluation_interval", RS_V_DURATION, RS_KEY_POSITIVE, .def = "1m",
     .at = offsetof(struct file_draft, interval_ns), .help = ""},
    {"group_eval_order", RS_V_OWN, .shape = "list", .help = ""},
    {"fuzzy_compare", RS_V_BOOL, .at = offsetof(struct file_draft, fuzzy), .help = ""},
    {"tests", RS_V_OWN, .shape = "list", .help = ""},
};
static const struct section file_section = {"test file", "", file_keys, RS_N_KEY(file_keys),
                                            .size = sizeof(struct file_draft)};

const struct node *rs_test_list(struct reader *r, const struct node *map, const char *key)
{
    static const struct node empty = {.kind = RS_NODE_LIST};
    const struct node *list = rs_node_get(map, key);
    if (!list || rs_node_is_null(list)) {
        return &empty;
    }
    if (list->kind != RS_NODE_LIST) {
        char seen[64];
        rs_err_list_add(r->errors, RS_E_TYPE, list->at, "\"%s\" must be a list, got %s", key,
                        rs_node_describe(seen, sizeof(seen), list));
        return &empty;
    }
    return list;
}

int rs_test_labels(struct reader *r,
                   const struct node *map,
                   const char *key,
                   const struct label **out)
{
    const struct node *labels = rs_node_get(map, key);
    *out = NULL;
    if (!labels || rs_node_is_null(labels)) {
        return 0;
    }
    if (labels->kind != RS_NODE_MAP) {
        rs_err_list_add(r->errors, RS_E_TYPE, labels->at, "\"%s\" must be a map of names to texts",
                        key);
        return 0;
    }
    struct label *label = RS_ARENA_ARRAY(r->arena, struct label, labels->n);
    for (int i = 0; i < labels->n; i++) {
        const struct node *value = labels->pair[i].value;
        if (value->kind != RS_NODE_SCALAR) {
            rs_err_list_add(r->errors, RS_E_TYPE, value->at, "\"%s\" must be text",
                            labels->pair[i].key);
            continue;
        }
        label[i] = (struct label){labels->pair[i].key, rs_node_is_null(value) ? "" : value->text};
    }
    *out = label;
    return labels->n;
}

/* ---- the rule files ---- */

static void read_order(struct reader *r, const struct node *root, struct rule_test_file *out)
{
    const struct node *list = rs_test_list(r, root, "group_eval_order");
    const char **order = RS_ARENA_ARRAY(r->arena, const char *, list->n);
    for (int i = 0; i < list->n; i++) {
        if (list->item[i]->kind != RS_NODE_SCALAR) {
            rs_err_list_add(r->errors, RS_E_TYPE, list->item[i]->at,
                            "\"group_eval_order\" is a list of names of groups");
            order[i] = "";
            continue;
        }
        order[i] = list->item[i]->text;
        for (int k = 0; k < i; k++) {
            if (strcmp(order[k], order[i]) == 0) {
                rs_err_list_add(r->errors, RS_E_KEY, list->item[i]->at,
                                "group \"%s\" is named twice in \"group_eval_order\"", order[i]);
                break;
            }
        }
    }
    out->order = order;
    out->n_order = list->n;
}

struct rule_files {
    const struct rule_file **file;
    int n, cap;
};

static void
load_rule_file(struct reader *r, struct rule_files *files, struct mark at, const char *path)
{
    for (int i = 0; i < files->n; i++) {
        if (files->file[i] && strcmp(files->file[i]->file, path) == 0) {
            return; /* two patterns may match one file */
        }
    }
    struct rules_loaded loaded;
    if (rs_rules_load(&loaded, r->arena, r->dialect, rs_arena_strdup(r->arena, path), r->errors) ==
            0 &&
        !loaded.file) {
        rs_err_list_add(r->errors, RS_E_TYPE, at, "\"%s\" is an Alertmanager file, no rule file",
                        path);
    }
    if (loaded.file) {
        RS_PUSH(r->arena, files->file, files->n, files->cap, loaded.file);
    }
}

static void read_rule_files(struct reader *r,
                            const struct node *root,
                            struct rule_test_file *out,
                            struct err_list *notes)
{
    const struct node *list = rs_test_list(r, root, "rule_files");
    struct rule_files files = {0};
    for (int i = 0; i < list->n; i++) {
        const struct node *node = list->item[i];
        if (node->kind != RS_NODE_SCALAR || rs_node_is_null(node)) {
            rs_err_list_add(r->errors, RS_E_TYPE, node->at, "\"rule_files\" is a list of paths");
            continue;
        }
        if (!r->folder) { /* from memory: nothing is opened */
            continue;
        }
        const char *pattern = rs_file_path(r, node->text, node->at);
        struct glob_paths found = {0};
        if (node->text[0] == '\0') {
            pattern = ""; /* not the folder */
        } else if (node->text[0] != '/') {
            pattern = rs_path_clean(r->arena, pattern);
        }
        if (rs_glob(r->arena, pattern, &found) != 0) {
            rs_err_list_add(r->errors, RS_E_SYNTAX, node->at,
                            "the pattern \"%s\" is malformed: a \"[\" wants its \"]\", a \"\\\" "
                            "something behind it",
                            node->text);
        } else if (found.n == 0) {
            rs_err_list_add(notes, RS_E_REF, node->at, "no file matches \"%s\"", node->text);
        }
        for (int k = 0; k < found.n; k++) {
            load_rule_file(r, &files, node->at, found.at[k]);
        }
    }
    out->rule_file = files.file;
    out->n_rule_file = files.n;
}

/* ---- the whole ---- */

/* Of the first test that has one. */
static void note_start(const struct node *tests, struct err_list *notes)
{
    for (int i = 0; i < tests->n; i++) {
        const struct pair *pair = rs_node_pair(tests->item[i], "start_timestamp");
        if (pair) {
            rs_err_list_add(notes, RS_E_REF, pair->at,
                            "\"start_timestamp\" is known from Prometheus 3.9 on; promtool refuses "
                            "it before");
            return;
        }
    }
}

static struct rule_test_file *
read_file(struct reader *r, const char *text, size_t n, struct err_list *notes)
{
    size_t n_before = r->errors->n + r->errors->n_dropped;
    const struct node *root = rs_yaml_parse(r->arena, r->file, text, n, r->errors);
    struct file_draft draft = {0};
    if (!root) {
        return NULL;
    }
    if (rs_node_get(root, "groups") && !rs_node_get(root, "tests")) {
        rs_err_list_add(
            r->errors, RS_E_TYPE, root->at,
            "this is a rule file: `rollsim rules check` looks at it, and `rule_files` of a "
            "test file names it");
        return NULL;
    }
    rs_read_section(r, &file_section, "a test file", root, &draft);
    struct rule_test_file *out = RS_ARENA_ARRAY(r->arena, struct rule_test_file, 1);
    *out = (struct rule_test_file){
        .file = r->file, .interval_ns = draft.interval_ns, .fuzzy = draft.fuzzy};
    if (root->kind == RS_NODE_MAP) {
        read_order(r, root, out);
        read_rule_files(r, root, out, notes);
        const struct node *tests = rs_test_list(r, root, "tests");
        rs_test_read_all(r, tests, out);
        note_start(tests, notes);
    }
    if (r->errors->n + r->errors->n_dropped != n_before) {
        rs_rule_test_file_free(out);
        return NULL;
    }
    return out;
}

struct rule_test_file *rs_rule_test_parse(struct arena *arena,
                                          enum promql_dialect dialect,
                                          const char *file,
                                          const char *text,
                                          size_t n,
                                          struct err_list *errors)
{
    struct reader r = {
        .arena = arena, .errors = errors, .file = file, .dialect = dialect, .null_is_absent = true};
    return read_file(&r, text, n, NULL);
}

struct rule_test_file *rs_rule_test_read(struct arena *arena,
                                         enum promql_dialect dialect,
                                         const char *path,
                                         struct err_list *notes,
                                         struct err_list *errors)
{
    size_t n = 0;
    const char *text = rs_file_read(arena, path, (struct mark){NULL, 0, 0}, &n, errors);
    struct reader r = {.arena = arena,
                       .errors = errors,
                       .file = path,
                       .folder = rs_file_folder(arena, path),
                       .dialect = dialect,
                       .null_is_absent = true};
    return text ? read_file(&r, text, n, notes) : NULL;
}

void rs_rule_test_file_free(struct rule_test_file *file)
{
    for (int i = 0; file && i < file->n_test; i++) {
        rs_recorded_free(file->test[i].data);
    }
}
