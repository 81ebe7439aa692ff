/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A patch of a scenario: bytes of its file are replaced, every other byte stays. What comes out is read again, as a tree, which
 * must differ where it was meant to and nowhere else, and as a scenario, which must be a legal one.
 */
#include "patch.h"

#include <stdlib.h>
#include <string.h>

#include "../tune/tune_descend.h"
#include "../tune/tune_text.h"
#include "patch_private.h"

/* ---- where a path leads ---- */

static const struct pair *longest_key(const struct node *map, const char *rest)
{
    const struct pair *best = NULL;
    for (int i = 0; i < map->n; i++) {
        bool longer = !best || strlen(map->pair[i].key) > strlen(best->key);
        if (longer && rs_path_after(rest, map->pair[i].key)) {
            best = &map->pair[i];
        }
    }
    return best;
}

static int refuse(struct patch *p, const char *path, const char *why)
{
    return rs_err_list_add(p->r.errors, RS_E_UNSUPPORTED, (struct mark){p->r.file, 0, 0},
                           "\"%s\" cannot be written to: %s", path, why);
}

/* Bytes of a value that stands in the file itself. 0, or -1 with an error. */
static int place_of_value(struct patch *p, const struct pair *pair, struct patch_place *out)
{
    const struct node *node = out->node;
    size_t from = rs_tune_offset(p->doc, node->at);
    size_t until = rs_tune_offset(p->doc, rs_tune_last_mark(node));
    bool is_before = pair && (node->at.line < pair->at.line ||
                              (node->at.line == pair->at.line && node->at.col < pair->at.col));
    if (is_before || until > p->doc->n || from >= until) {
        return refuse(p, out->path, "an alias shares it with other places, or it is empty");
    }
    char first = p->doc->text[from];
    if (first == '&' || first == '!') {
        return refuse(p, out->path, "an anchor or a tag stands in front of it");
    }
    while (until > from && strchr(" \t\r\n", p->doc->text[until - 1])) {
        until--;
    }
    out->at = (struct tune_place){
        .from = from, .until = until, .before = "", .after = "", .at = node->at};
    return 0;
}

static void push(struct patch *p, struct patch_place one)
{
    RS_PUSH(p->r.arena, p->place, p->n, p->cap, one);
}

static int put_in(struct patch *p, struct patch_place *one)
{
    const char *last = one->map->n > 0 ? one->map->pair[one->map->n - 1].key : NULL;
    const struct tune_target target = {
        .doc = p->doc, .map = one->map, .key = one->key, .after = last};
    if (rs_tune_insert(&p->t, &target, &one->at) != 0) {
        return -1;
    }
    push(p, *one);
    return 0;
}

static int put_value(struct patch *p, const struct pair *pair, struct patch_place *one)
{
    if (place_of_value(p, pair, one) != 0) {
        return -1;
    }
    push(p, *one);
    return 0;
}

int rs_patch_put(struct patch *p, const char *path, const char *text)
{
    struct descent d = {.t = &p->t, .rest = path, .owner = "the scenario", .key = "the scenario"};
    struct patch_place one = {.path = path, .text = text};
    const struct pair *pair = NULL;
    const struct node *node = p->root;
    p->draft.path = path;
    while (*d.rest != '\0') {
        if (node->kind == RS_NODE_SCALAR) {
            return refuse(p, path, "it leads below a single value");
        }
        if (node->kind == RS_NODE_LIST) {
            node = rs_path_step_item(&d, node);
            if (!node) {
                return -1;
            }
            one.element = one.element ? one.element : node;
            pair = NULL;
            continue;
        }
        pair = longest_key(node, d.rest);
        if (!pair && strpbrk(d.rest, "/[")) {
            return rs_path_refuse_key(&d, node);
        }
        if (!pair) {
            one.map = node;
            one.key = rs_arena_strdup(p->r.arena, d.rest);
            return put_in(p, &one);
        }
        d.rest = rs_path_after(d.rest, pair->key);
        d.owner = d.key = pair->key;
        node = pair->value;
    }
    one.node = node;
    return put_value(p, pair, &one);
}

int rs_patch_put_key(struct patch *p, const struct node *map, const char *key, const char *text)
{
    const struct pair *pair = rs_node_pair(map, key);
    struct patch_place one = {.path = key, .text = text, .map = map, .key = key};
    p->draft.path = key;
    if (!pair) {
        return put_in(p, &one);
    }
    one.node = pair->value;
    return put_value(p, pair, &one);
}

int rs_patch_append(struct patch *p, const struct node *list, const char *text)
{
    struct patch_place one = {.path = "assumptions", .text = text, .list = list};
    if (list->n == 0) {
        return refuse(p, one.path, "the list is empty");
    }
    const struct node *last = list->item[list->n - 1];
    size_t at = rs_tune_offset(p->doc, rs_tune_last_mark(last));
    while (at > 0 && strchr(" \t\r\n", p->doc->text[at - 1])) {
        at--;
    }
    one.at =
        (struct tune_place){.from = at, .until = at, .before = ", ", .after = "", .at = list->at};
    if (!list->is_flow) {
        /* Behind what may follow on the line: a comment. */
        const char *end = memchr(p->doc->text + at, '\n', p->doc->n - at);
        one.at.from = one.at.until = end ? (size_t)(end - p->doc->text) + 1 : p->doc->n;
        one.at.before =
            rs_arena_printf(p->r.arena, "%s%*s- ", end ? "" : "\n", list->at.col - 1, "");
        one.at.after = end ? "\n" : "";
    }
    push(p, one);
    return 0;
}

/* ---- put together ---- */

static int check_overlaps(struct patch *p)
{
    for (int i = 0; i < p->n; i++) {
        for (int j = 0; j < i; j++) {
            const struct tune_place *a = &p->place[i].at, *b = &p->place[j].at;
            if (a->from < b->until && b->from < a->until) {
                return refuse(p, p->place[i].path, "another text is put there");
            }
        }
    }
    return 0;
}

static const struct patch_place *place_at(const struct patch *p, const struct node *node)
{
    for (int i = 0; i < p->n; i++) {
        if (p->place[i].node == node) {
            return &p->place[i];
        }
    }
    return NULL;
}

/* Is it a key that was put into the map? */
static bool is_put_in(const struct patch *p, const struct node *map, const char *key)
{
    for (int i = 0; i < p->n; i++) {
        const struct patch_place *one = &p->place[i];
        if (!one->node && one->map == map && strcmp(one->key, key) == 0) {
            return true;
        }
    }
    return false;
}

static int n_appended(const struct patch *p, const struct node *list)
{
    int n = 0;
    for (int i = 0; i < p->n; i++) {
        n += p->place[i].list == list;
    }
    return n;
}

static bool same(const struct patch *p, const struct node *a, const struct node *b);

static bool same_map(const struct patch *p, const struct node *a, const struct node *b)
{
    int j = 0;
    for (int i = 0; i < b->n; i++) {
        if (is_put_in(p, a, b->pair[i].key)) {
            continue;
        }
        if (j == a->n || strcmp(a->pair[j].key, b->pair[i].key) != 0 ||
            !same(p, a->pair[j].value, b->pair[i].value)) {
            return false;
        }
        j++;
    }
    return j == a->n;
}

/* Do the trees agree but for what was put there? */
static bool same(const struct patch *p, const struct node *a, const struct node *b)
{
    if (place_at(p, a)) {
        return true;
    }
    if (a->kind != b->kind) {
        return false;
    }
    if (a->kind == RS_NODE_MAP) {
        return same_map(p, a, b);
    }
    if (a->kind == RS_NODE_SCALAR) {
        return strcmp(a->text, b->text) == 0;
    }
    if (b->n != a->n + n_appended(p, a)) {
        return false;
    }
    for (int i = 0; i < a->n; i++) {
        if (!same(p, a->item[i], b->item[i])) {
            return false;
        }
    }
    return true;
}

/* The texts as a plan of one file and a setting of it, for the printers of `tune`. */
static struct tune_plan *plan_of(struct patch *p, uint16_t **out_value)
{
    struct arena *arena = p->r.arena;
    struct tune_plan *plan = RS_ARENA_ARRAY(arena, struct tune_plan, 1);
    struct tune_file *file = RS_ARENA_ARRAY(arena, struct tune_file, 1);
    struct tune_param *param = RS_ARENA_ARRAY(arena, struct tune_param, p->n);
    uint16_t *value = RS_ARENA_ARRAY(arena, uint16_t, p->n);
    *file = (struct tune_file){p->doc->path, p->doc->text, p->doc->n};
    for (int i = 0; i < p->n; i++) {
        struct tune_value *v = RS_ARENA_ARRAY(arena, struct tune_value, 2);
        v[0].text = "";
        v[1].text = p->place[i].text;
        param[i] = (struct tune_param){.name = p->place[i].path,
                                       .path = p->place[i].path,
                                       .type = RS_TUNE_WORD,
                                       .n_value = 2,
                                       .value = v,
                                       .n_place = 1,
                                       .place = &p->place[i].at,
                                       .site = -1};
        value[i] = 1;
    }
    *plan = (struct tune_plan){.n_param = p->n, .param = param, .n_file = 1, .file = file};
    *out_value = value;
    return plan;
}

static int read_again(struct patch *p, const char *text, size_t n, struct scenario **out)
{
    const struct text_override with = {p->r.file, text, n};
    const struct node *root = rs_yaml_parse(p->r.arena, p->r.file, text, n, p->r.errors);
    if (!root) {
        return -1;
    }
    if (!same(p, p->root, root)) {
        return refuse(p, p->n > 0 ? p->place[0].path : "",
                      "the rest of the file would read differently");
    }
    const struct reader how = {.errors = p->r.errors, .text = &with, .n_text = 1};
    struct scenario *sc = rs_scenario_load_as(p->r.file, &how);
    if (sc && out) {
        *out = sc;
    } else {
        rs_scenario_free(sc);
    }
    return sc ? 0 : -1;
}

static char *diff_of(const struct tune_plan *plan, const uint16_t *value)
{
    char *text = NULL;
    size_t n = 0;
    FILE *to = open_memstream(&text, &n);
    rs_tune_print_diff(to, plan, value);
    fclose(to);
    return text;
}

static int open_patch(struct patch *p, const struct scenario *sc, struct err_list *errors)
{
    p->r = (struct reader){.arena = rs_arena_new(), .errors = errors, .file = sc->file};
    p->draft.path_at = (struct mark){sc->file, 0, 0};
    p->t = (struct tuning){.r = &p->r, .draft = &p->draft};
    RS_PUSH(p->r.arena, p->r.kept, p->r.n_kept, p->r.cap_kept,
            ((struct kept_text){sc->file, sc->text, strlen(sc->text)}));
    p->doc = rs_tune_doc(&p->t, sc->file);
    if (!p->doc || p->doc->n_root != 1) {
        return -1;
    }
    p->root = p->doc->root[0];
    return 0;
}

int rs_evidence_patch(const struct scenario *sc,
                      int n,
                      const char *const *path,
                      const char *const *text,
                      const char *source,
                      struct scenario **out_scenario,
                      char **out_text,
                      char **out_diff,
                      struct err_list *errors)
{
    struct patch p = {0};
    struct err_list own;
    rs_err_list_init(&own);
    int status = open_patch(&p, sc, errors ? errors : &own);
    for (int i = 0; i < n && status == 0; i++) {
        status = rs_patch_put(&p, path[i], text[i]);
    }
    if (status == 0 && source) {
        status = rs_patch_assumptions(&p, source);
    }
    status = status == 0 ? check_overlaps(&p) : -1;
    if (status == 0) {
        uint16_t *value = NULL;
        size_t n_text = 0;
        const struct tune_plan *plan = plan_of(&p, &value);
        char *patched = rs_tune_file_text(plan, 0, value, &n_text);
        status = read_again(&p, patched, n_text, out_scenario);
        if (status == 0 && out_diff) {
            *out_diff = diff_of(plan, value);
        }
        if (status == 0 && out_text) {
            *out_text = patched;
        } else {
            free(patched);
        }
    }
    rs_arena_free(p.r.arena);
    rs_err_list_clear(&own);
    return status;
}
