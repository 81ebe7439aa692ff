/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Paths: names with "/" between them. Keys stand by their names, items of a list by what they call themselves or by their number
 * in brackets. Names may hold a "/" themselves, so the longest name that goes on as the path does is taken.
 */
#include <stdio.h>
#include <string.h>

#include "../text/file.h"
#include "tune_descend.h"

/* "threshold[2] of gate stage-1-errors" */
static const char *says(struct tuning *t, const struct tune_target *target, const char *owner)
{
    const char *what = target->literal >= 0 ? rs_literal_words[target->literal] : target->key;
    char k[16] = "";
    if (target->k > 0) {
        snprintf(k, sizeof(k), "[%d]", target->k);
    }
    return rs_arena_printf(t->r->arena, "%s%s of %s", what, k, owner);
}

/* ---- the scenario's own keys ---- */

/* What a question is about is no setting. */
static bool is_question(const char *path)
{
    static const char *const keys[] = {"rollsim", "tune", "claims", "assumptions", "faults"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (rs_path_after(path, keys[i])) {
            return true;
        }
    }
    return false;
}

static const struct {
    const char *list; /* of the runbook */
    const char *key, *what;
} condition_words[] = {{"stages", "fail_if", "gate"},
                       {"stages", "require", "gate"},
                       {"procedures", "trigger", "trigger of"},
                       {"procedures", "recovered", "recovery of"}};

/* A condition of the runbook is a site of its own. */
static void find_condition(struct tuning *t, struct tune_target *out, const char *owner)
{
    for (const struct expr *e = t->r->expr; e; e = e->next) {
        bool same = e->node->at.line == out->node->at.line &&
                    e->node->at.col == out->node->at.col && e->node->at.file == t->r->file;
        for (size_t i = 0; same && i < sizeof(condition_words) / sizeof(condition_words[0]); i++) {
            if (strcmp(out->key, condition_words[i].key) == 0) {
                out->site_kind = RS_SITE_CONDITION;
                out->expr = e->promql;
                out->site_what = out->what =
                    rs_arena_printf(t->r->arena, "%s %s", condition_words[i].what, owner);
            }
        }
    }
}

static int find_own(struct tuning *t, struct tune_target *out)
{
    struct descent d = {
        .t = t, .rest = t->draft->path, .section = &rs_section_scenario, .owner = "the scenario"};
    if (is_question(t->draft->path)) {
        return rs_tune_refuse(t, t->draft->path, RS_E_UNSUPPORTED,
                              "\"%s\" says what is asked or what happens: it cannot be turned",
                              rs_path_word(t->r->arena, t->draft->path));
    }
    out->doc = rs_tune_doc(t, t->r->file);
    out->check = RS_CHECK_GUESSED;
    if (!out->doc || out->doc->n_root != 1 || rs_path_descend(&d, out->doc->root[0], out) != 0) {
        return -1;
    }
    if (!out->node && !out->today) { /* of a map that no table knows */
        return rs_path_refuse_key(&d, out->map);
    }
    if (!out->node) {
        out->check = RS_CHECK_ROW;
    }
    const char *owner = d.item ? d.item : d.key ? d.key : "the scenario";
    if (out->is_promql) {
        find_condition(t, out, owner);
        owner = out->site_kind >= 0 ? out->site_what : owner;
    }
    out->what = says(t, out, owner);
    return 0;
}

/* ---- Alertmanager's file ---- */

static bool is_wait(const char *key)
{
    return strcmp(key, "group_wait") == 0 || strcmp(key, "group_interval") == 0 ||
           strcmp(key, "repeat_interval") == 0;
}

/* What a route has from the routes around it, or from Alertmanager: as it is read in am_route.c. */
static const char *inherited(const struct node *root, const struct node *map, const char *key)
{
    static const char *const defaults[][2] = {
        {"group_wait", "30s"}, {"group_interval", "5m"}, {"repeat_interval", "4h"}};
    const struct node *route = rs_node_get(root, "route");
    const char *value = NULL;
    for (int i = 0; i < 3; i++) {
        value = strcmp(defaults[i][0], key) == 0 ? defaults[i][1] : value;
    }
    while (route && value && route != map) {
        const struct node *own = rs_node_get(route, key), *below = rs_node_get(route, "routes");
        value = own && own->kind == RS_NODE_SCALAR && !rs_node_is_null(own) ? own->text : value;
        route = NULL;
        for (int i = 0; below && below->kind == RS_NODE_LIST && i < below->n; i++) {
            const struct node *item = below->item[i];
            bool holds = item == map || (rs_tune_holds(item, map));
            route = holds ? item : route;
        }
    }
    return route == map ? value : NULL;
}

static int find_am(struct tuning *t, const char *rest, struct tune_target *out)
{
    const struct node *file = rs_node_get(rs_node_get(t->r->root, "monitoring"), "alertmanager");
    if (!file || file->kind != RS_NODE_SCALAR) {
        return rs_tune_refuse(t, t->draft->path, RS_E_REF,
                              "the scenario names no Alertmanager file");
    }
    const char *path = rs_file_path(t->r, file->text, t->draft->path_at);
    out->doc = path ? rs_tune_doc(t, path) : NULL;
    if (!out->doc || out->doc->n_root != 1) {
        return -1;
    }
    struct descent d = {.t = t, .rest = rest, .owner = "the Alertmanager file", .key = "the file"};
    out->check = RS_CHECK_GUESSED;
    if (rs_path_descend(&d, out->doc->root[0], out) != 0) {
        return -1;
    }
    if (is_wait(out->key)) {
        out->check = RS_CHECK_SERVER;
        out->is_positive = strcmp(out->key, "group_wait") != 0;
    }
    if (!out->node) {
        out->today = is_wait(out->key) ? inherited(out->doc->root[0], out->map, out->key) : NULL;
        out->after = "receiver";
        if (!out->today) {
            return rs_path_refuse_key(&d, out->map);
        }
    }
    out->what =
        says(t, out, rs_arena_printf(t->r->arena, "%s in %s", d.item ? d.item : d.key, file->text));
    return 0;
}

/* ---- judges' files ---- */

/* Of a stream of objects: the one of that kind or name or number; else the first. */
static const struct node *pick_document(struct tune_doc *doc, const char **rest)
{
    int k = 0;
    const char *after = rs_path_index(*rest, &k);
    if (after && k <= doc->n_root) {
        *rest = after;
        return doc->root[k - 1];
    }
    for (int i = 0; i < doc->n_root; i++) {
        const struct node *word[] = {rs_node_get(doc->root[i], "kind"),
                                     rs_node_get(rs_node_get(doc->root[i], "metadata"), "name")};
        for (int j = 0; j < 2; j++) {
            bool named = word[j] && word[j]->kind == RS_NODE_SCALAR;
            after = named ? rs_path_after(*rest, word[j]->text) : NULL;
            if (after) {
                *rest = after;
                return doc->root[i];
            }
        }
    }
    return doc->root[0];
}

static int find_judge(struct tuning *t, const char *rest, struct tune_target *out)
{
    const struct node *list = rs_node_get(rs_node_get(t->r->root, "runbook"), "judges");
    struct descent d = {.t = t, .rest = rest, .owner = "\"judges\""};
    if (!list || list->kind != RS_NODE_LIST) {
        return rs_tune_refuse(t, t->draft->path, RS_E_REF, "the runbook has no judges");
    }
    const struct node *judge = rs_path_step_item(&d, list);
    const struct node *file = judge ? rs_node_get(judge, "file") : NULL;
    if (!file || file->kind != RS_NODE_SCALAR) {
        return judge ? rs_tune_refuse(t, rest, RS_E_REF, "this judge has no file") : -1;
    }
    const char *path = rs_file_path(t->r, file->text, t->draft->path_at), *owner = d.owner;
    out->doc = path ? rs_tune_doc(t, path) : NULL;
    if (!out->doc || out->doc->n_root < 1) {
        return -1;
    }
    d.owner = rs_arena_printf(t->r->arena, "\"%s\"", file->text);
    const struct node *root = pick_document(out->doc, &d.rest);
    out->check = RS_CHECK_GUESSED;
    if (rs_path_descend(&d, root, out) != 0) {
        return -1;
    }
    if (!out->node) {
        return rs_tune_refuse(
            t, d.rest, RS_E_REF,
            "there is no \"%s\" in %s; a judge's keys must stand in its file to be "
            "turned",
            d.rest, d.owner);
    }
    out->what = says(t, out, rs_arena_printf(t->r->arena, "judge %s", owner));
    return 0;
}

int rs_tune_find(struct tuning *t, struct tune_target *out)
{
    const char *path = t->draft->path;
    *out = (struct tune_target){.literal = -1, .site_kind = -1};
    if (strncmp(path, "rules/", 6) == 0) {
        return rs_tune_find_rule(t, path + 6, out);
    }
    if (strncmp(path, "alertmanager/", 13) == 0) {
        return find_am(t, path + 13, out);
    }
    if (strncmp(path, "judges/", 7) == 0) {
        return find_judge(t, path + 7, out);
    }
    return find_own(t, out);
}
