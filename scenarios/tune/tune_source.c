/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Scenarios, rules and conditions with a setting in force. A whole scenario is loaded from the patched texts, as it would be from
 * the patched files. A rule or a condition is read alone: its map in the tree, with the values in it.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "../prometheus/rule_read.h"
#include "../text/file.h"
#include "tune_read.h"

/* One place of a parameter in the map of its site. */
struct site_part {
    int param;
    const char *key;       /* of the map */
    struct text_part part; /* of the scalar's text; until < 0: the key is not there, or all of it */
};

struct site_text {
    struct tune_doc doc;
    const struct node *map;          /* RULE */
    const struct node *group_labels; /* RULE; may be NULL */
    const struct node *scalar;       /* CONDITION */
    int n_part;
    struct site_part *part; /* in the order of their places */
};

struct tune_texts {
    const struct scenario *today;
    const struct tune_plan *plan;
    const char *path;
    const struct traffic_override *o;
    int n;
    struct arena *arena;
    struct site_text *site; /* [plan->n_site] */
};

/* ---- the whole ---- */

/* What no setting touches must still be what it was: files that are read anew have their hashes compared. */
static int
check_inputs(const struct tune_texts *t, const struct scenario *sc, struct err_list *errors)
{
    for (int i = 0; i < sc->n_input && i < t->today->n_input; i++) {
        const struct input_file *now = &sc->input[i], *then = &t->today->input[i];
        bool turned = strcmp(now->path, t->today->file) == 0;
        for (int k = 0; k < t->plan->n_file; k++) {
            turned = turned || strcmp(now->path, t->plan->file[k].path) == 0;
        }
        if (!turned && strcmp(now->path, then->path) == 0 &&
            strcmp(now->sha256, then->sha256) != 0) {
            return rs_err_list_add(errors, RS_E_IO, (struct mark){now->path, 0, 0},
                                   "the file has changed since it was read");
        }
    }
    return 0;
}

static struct scenario *make_scenario(void *ctx, const uint16_t *value, struct err_list *errors)
{
    const struct tune_texts *t = ctx;
    struct text_override *text = rs_xcalloc((size_t)t->plan->n_file + 1, sizeof(*text));
    int n = 0;
    bool has_own = false;
    for (int i = 0; i < t->plan->n_file; i++) {
        text[n].path = t->plan->file[i].path;
        text[n].text = rs_tune_file_text(t->plan, i, value, &text[n].n);
        has_own = has_own || strcmp(text[n].path, t->path) == 0;
        n++;
    }
    if (!has_own) { /* it may have been a pipe */
        text[n++] = (struct text_override){t->path, t->today->text, strlen(t->today->text)};
    }
    const struct reader how = {.errors = errors,
                               .override = t->o,
                               .n_override = t->n,
                               .text = text,
                               .n_text = n,
                               .leave_tune = true};
    struct scenario *sc = rs_scenario_load_as(t->path, &how);
    for (int i = 0; i < t->plan->n_file; i++) {
        free((char *)(uintptr_t)text[i].text);
    }
    free(text);
    if (sc && check_inputs(t, sc, errors) != 0) {
        rs_scenario_free(sc);
        sc = NULL;
    }
    return sc;
}

/* ---- parts: looking them up once ---- */

static bool
inside(const struct tune_doc *doc, const struct node *scalar, const struct tune_place *p)
{
    return scalar->kind == RS_NODE_SCALAR && rs_tune_offset(doc, scalar->at) <= p->from &&
           p->until <= rs_tune_offset(doc, scalar->end) && p->from < p->until;
}

/* Which bytes of the scalar's text stand at the place. */
static struct text_part part_of(const struct tune_texts *t,
                                const struct site_text *site,
                                const struct node *scalar,
                                const struct tune_place *p)
{
    const size_t *at = rs_tune_align(t->arena, &site->doc, scalar);
    size_t n = strlen(scalar->text), i = 0;
    assert(at && "a place that was tried out");
    while (i < n && at[i + 1] <= p->from) { /* blanks are placed where the text goes on */
        i++;
    }
    return (struct text_part){(int)i, (int)(i + (p->until - p->from))};
}

/* The key that a place puts in: "\n    keep_firing_for: " -> "keep_firing_for". */
static const char *key_of(struct arena *arena, const struct tune_place *p)
{
    const char *word = p->before + strspn(p->before, ",\r\n \"");
    return rs_arena_strndup(arena, word, strcspn(word, "\": "));
}

static void
add_part(struct tune_texts *t, struct site_text *site, int param, const struct tune_place *p)
{
    struct site_part one = {.param = param, .part = {0, -1}};
    if (p->from == p->until) {
        one.key = key_of(t->arena, p);
    }
    for (int i = 0; site->map && !one.key && i < site->map->n; i++) {
        const struct pair *pair = &site->map->pair[i];
        if (inside(&site->doc, pair->value, p)) {
            one.key = pair->key;
            one.part = part_of(t, site, pair->value, p);
        }
    }
    if (site->scalar) {
        one.key = "";
        one.part = part_of(t, site, site->scalar, p);
    }
    assert(one.key && "a parameter of the site that is not in it");
    int at = site->n_part++;
    for (; at > 0 && site->part[at - 1].part.from > one.part.from; at--) {
        site->part[at] = site->part[at - 1];
    }
    site->part[at] = one;
}

static const struct node *find_map(const struct node *node, struct mark at, enum node_kind kind)
{
    if (node->kind == kind && node->at.line == at.line && node->at.col == at.col) {
        return node;
    }
    for (int i = 0; i < node->n; i++) {
        const struct node *below = node->kind == RS_NODE_MAP ? node->pair[i].value : node->item[i];
        const struct node *found = find_map(below, at, kind);
        if (found) {
            return found;
        }
    }
    return NULL;
}

static const struct node *find(const struct site_text *site, struct mark at, enum node_kind kind)
{
    const struct node *found = NULL;
    for (int i = 0; !found && i < site->doc.n_root; i++) {
        found = find_map(site->doc.root[i], at, kind);
    }
    assert(found && "a site that is not in its file");
    return found;
}

static void read_document(struct tune_texts *t, struct site_text *site, int file)
{
    const struct tune_file *f = &t->plan->file[file];
    const char *text = f->text;
    size_t n = f->n_text;
    site->doc = (struct tune_doc){.path = f->path, .text = f->text, .n = f->n_text};
    rs_text_skip_mark(&text, &n);
    site->doc.skip = f->n_text - n;
    site->doc.lines = rs_lines_new(t->arena, text, n);
    for (int s = 0; s < t->plan->n_site; s++) { /* each file once */
        const struct site_text *other = &t->site[s];
        if (other != site && other->doc.path && strcmp(other->doc.path, f->path) == 0) {
            site->doc = other->doc;
            return;
        }
    }
    site->doc.n_root =
        rs_yaml_parse_all(t->arena, f->path, f->text, f->n_text, NULL, &site->doc.root);
    assert(site->doc.n_root > 0 && "a text that was read before");
}

static void open_site(struct tune_texts *t, int s)
{
    const struct tune_site *site = &t->plan->site[s];
    const struct tune_param *first = &t->plan->param[site->param[0]];
    struct site_text *text = &t->site[s];
    int n_place = 0;
    read_document(t, text, first->place[0].file);
    if (site->kind == RS_SITE_RULE) {
        const struct rule_group *group =
            &t->today->monitoring.rule_file[site->file]->group[site->group];
        text->map = find(text, group->rule[site->rule].at, RS_NODE_MAP);
        text->group_labels = rs_rule_value(find(text, group->at, RS_NODE_MAP), "labels");
    } else {
        text->scalar = find(text, first->place[0].at, RS_NODE_SCALAR);
    }
    for (int i = 0; i < site->n_param; i++) {
        n_place += t->plan->param[site->param[i]].n_place;
    }
    text->part = RS_ARENA_ARRAY(t->arena, struct site_part, n_place);
    for (int i = 0; i < site->n_param; i++) {
        const struct tune_param *p = &t->plan->param[site->param[i]];
        for (int k = 0; k < p->n_place; k++) {
            add_part(t, text, site->param[i], &p->place[k]);
        }
    }
}

/* ---- parts: with a setting ---- */

/* The scalar's text with the values of all its parts. */
static const char *with_values(const struct tune_texts *t,
                               struct arena *arena,
                               const struct site_text *site,
                               const char *key,
                               const char *text,
                               const uint16_t *value)
{
    const char *out = "";
    int from = 0;
    for (int i = 0; i < site->n_part; i++) {
        const struct site_part *p = &site->part[i];
        if (strcmp(p->key, key) != 0) {
            continue;
        }
        const struct tune_param *param = &t->plan->param[p->param];
        if ((int)value[p->param] == param->today) {
            continue;
        }
        out = rs_arena_printf(arena, "%s%.*s%s", out, p->part.from - from, text + from,
                              param->value[value[p->param]].text);
        from = p->part.until;
    }
    return rs_arena_printf(arena, "%s%s", out, text + from);
}

static struct node *changed(struct arena *arena, const struct node *old, const char *text)
{
    struct node *node = RS_ARENA_ARRAY(arena, struct node, 1);
    *node = *old;
    node->text = node->code = text;
    return node;
}

/* The rule's map with the values of the setting in it. */
static struct node *changed_map(const struct tune_texts *t,
                                struct arena *arena,
                                const struct site_text *site,
                                const uint16_t *value)
{
    const struct node *old = site->map;
    struct node *map = RS_ARENA_ARRAY(arena, struct node, 1);
    struct pair *pair = RS_ARENA_ARRAY(arena, struct pair, old->n + site->n_part);
    *map = *old;
    map->pair = pair;
    for (int i = 0; i < old->n; i++) {
        pair[i] = old->pair[i];
        bool is_turned = false;
        for (int k = 0; k < site->n_part; k++) {
            is_turned = is_turned || strcmp(site->part[k].key, pair[i].key) == 0;
        }
        if (is_turned) {
            const char *text = with_values(t, arena, site, pair[i].key, pair[i].value->text, value);
            pair[i].value = changed(arena, pair[i].value, text);
        }
    }
    for (int k = 0; k < site->n_part; k++) {
        const struct site_part *p = &site->part[k];
        const struct tune_param *param = &t->plan->param[p->param];
        if (p->part.until < 0 && (int)value[p->param] != param->today) {
            struct node *node = RS_ARENA_ARRAY(arena, struct node, 1);
            const char *text = param->value[value[p->param]].text;
            *node = (struct node){.at = old->at, .code_at = old->at, .text = text, .code = text};
            pair[map->n++] = (struct pair){p->key, old->at, node};
        }
    }
    return map;
}

static const struct rule *
make_rule(void *ctx, struct arena *arena, int site, const uint16_t *value, struct err_list *errors)
{
    const struct tune_texts *t = ctx;
    const struct site_text *text = &t->site[site];
    size_t n_before = errors->n + errors->n_dropped;
    assert(t->plan->site[site].kind == RS_SITE_RULE);
    struct reader r = {.arena = arena,
                       .errors = errors,
                       .file = text->doc.path,
                       .dialect = t->today->monitoring.dialect,
                       .null_is_absent = true};
    struct rule_reader q = {.r = &r};
    struct rule *rule = RS_ARENA_ARRAY(arena, struct rule, 1);
    rs_rule_read(&q, changed_map(t, arena, text, value), text->group_labels, rule);
    return errors->n + errors->n_dropped == n_before ? rule : NULL;
}

static const struct promql *make_condition(
    void *ctx, struct arena *arena, int site, const uint16_t *value, struct err_list *errors)
{
    const struct tune_texts *t = ctx;
    const struct site_text *text = &t->site[site];
    struct err err = {0};
    assert(t->plan->site[site].kind == RS_SITE_CONDITION);
    const struct promql_text src = {.text =
                                        with_values(t, arena, text, "", text->scalar->text, value),
                                    .at = text->scalar->code_at,
                                    .indent = text->scalar->code_indent,
                                    .dialect = t->today->monitoring.dialect};
    const struct promql *q = rs_promql_parse(arena, &src, &err);
    if (!q) {
        rs_err_list_push(errors, &err);
    }
    return q;
}

/* ---- the source ---- */

struct tune_texts *rs_tune_texts_new(const struct scenario *today,
                                     const char *path,
                                     const struct traffic_override *o,
                                     int n)
{
    assert(today->tune);
    struct tune_texts *t = rs_xcalloc(1, sizeof(*t));
    *t = (struct tune_texts){
        .today = today, .plan = today->tune, .path = path, .o = o, .n = n, .arena = rs_arena_new()};
    t->site = RS_ARENA_ARRAY(t->arena, struct site_text, t->plan->n_site);
    for (int s = 0; s < t->plan->n_site; s++) {
        open_site(t, s);
    }
    return t;
}

void rs_tune_texts_free(struct tune_texts *t)
{
    if (t) {
        rs_arena_free(t->arena);
        free(t);
    }
}

struct tune_source rs_tune_source(struct tune_texts *t)
{
    return (struct tune_source){.ctx = t,
                                .plan = t->plan,
                                .today = t->today,
                                .scenario = make_scenario,
                                .rule = make_rule,
                                .condition = make_condition};
}
