/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Paths below rules/: [FILE/][GROUP/]NAME/WHAT, and [FILE/]GROUP/interval. File and group may be left out where the name is the
 * only one of its kind; NAME[2] is the second of those that are left.
 */
#include <stdio.h>
#include <string.h>

#include "../text/file.h"
#include "sim/clock.h"
#include "tune_read.h"

enum { HIT_MAX = 64 };

struct hit {
    int file, group, rule; /* rule -1: the group itself */
    const char *rest;      /* behind its name */
};

struct search {
    struct tuning *t;
    int n;
    struct hit hit[HIT_MAX];
};

static void add(struct search *s, int file, int group, int rule, const char *rest)
{
    for (int i = 0; i < s->n; i++) {
        if (s->hit[i].file == file && s->hit[i].group == group && s->hit[i].rule == rule) {
            return; /* the same one, by a longer way */
        }
    }
    if (s->n < HIT_MAX) {
        s->hit[s->n++] = (struct hit){file, group, rule, rest};
    }
}

static const char *name_of(const struct rule *rule)
{
    return rule->alert ? rule->alert : rule->record;
}

/* rest: behind the file's name, or the whole path. */
static void search_group(struct search *s, int file, int group, const char *rest)
{
    const struct rule_group *g = &s->t->r->sc->monitoring.rule_file[file]->group[group];
    const char *in_group = rs_path_after(rest, g->name);
    if (in_group && strcmp(in_group, "interval") == 0) {
        add(s, file, group, -1, in_group);
    }
    for (int i = 0; i < g->n_rule; i++) {
        const char *below[] = {in_group, rest};
        for (int j = 0; j < 2; j++) {
            const char *after = below[j] ? rs_path_after(below[j], name_of(&g->rule[i])) : NULL;
            if (after && *after) {
                add(s, file, group, i, after);
            }
        }
    }
}

static void search_all(struct search *s, const char *rest)
{
    const struct monitoring *m = &s->t->r->sc->monitoring;
    for (int f = 0; f < m->n_rule_file; f++) {
        const char *in_file = rs_path_after(rest, m->rule_file[f]->path);
        for (int g = 0; g < m->rule_file[f]->n_group; g++) {
            if (in_file) {
                search_group(s, f, g, in_file);
            }
            search_group(s, f, g, rest);
        }
    }
}

/* The names of a file's groups and of their rules, from name[n] on; name NULL: only how many. Returns how many there are now. */
static int add_names(const struct rule_file *file, const char **name, int n)
{
    for (int g = 0; g < file->n_group; g++) {
        const struct rule_group *group = &file->group[g];
        for (int i = -1; i < group->n_rule; i++, n++) {
            if (name) {
                name[n] = i < 0 ? group->name : name_of(&group->rule[i]);
            }
        }
    }
    return n;
}

static int refuse_unknown(struct search *s, const char *rest)
{
    struct reader *r = s->t->r;
    const struct monitoring *m = &r->sc->monitoring;
    int n = 0, n_all = 0;
    for (int f = 0; f < m->n_rule_file; f++) {
        n_all = add_names(m->rule_file[f], NULL, n_all);
    }
    const char **name = RS_ARENA_ARRAY(r->arena, const char *, n_all + 1);
    for (int f = 0; f < m->n_rule_file; f++) {
        n = add_names(m->rule_file[f], name, n);
    }
    return rs_tune_refuse_name(s->t, rest, name, n, "there is no rule \"%s\"",
                               rs_path_word(r->arena, rest));
}

/* Of several the one whose number stands behind the name, else the one whose place needed the most words. */
static const struct hit *choose(struct search *s, const char *rest)
{
    int k = 0;
    const char *after = s->n > 0 ? rs_path_index(s->hit[0].rest, &k) : NULL;
    if (s->n == 0) {
        refuse_unknown(s, rest);
        return NULL;
    }
    if (after && k <= s->n) {
        s->hit[k - 1].rest = after;
        return &s->hit[k - 1];
    }
    if (after) {
        rs_tune_refuse(s->t, rest, RS_E_REF, "%d rule%s of that name: no [%d]", s->n,
                       s->n == 1 ? " is" : "s are", k);
        return NULL;
    }
    if (s->n > 1) {
        const struct hit *h = &s->hit[1];
        const struct rule_file *file = s->t->r->sc->monitoring.rule_file[h->file];
        rs_tune_refuse(s->t, rest, RS_E_REF,
                       "%d rules have that name; put the group or the file in front of it, like "
                       "rules/%s/%s/..., or a number behind it, [2]",
                       s->n, h->file != s->hit[0].file ? file->path : file->group[h->group].name,
                       name_of(&file->group[h->group].rule[h->rule < 0 ? 0 : h->rule]));
        return NULL;
    }
    return &s->hit[0];
}

/* The map in the tree that begins where the reader saw it begin. */
static const struct node *node_at(const struct node *node, struct mark at)
{
    if (node->kind == RS_NODE_MAP && node->at.line == at.line && node->at.col == at.col) {
        return node;
    }
    for (int i = 0; i < node->n; i++) {
        const struct node *below = node->kind == RS_NODE_MAP ? node->pair[i].value : node->item[i];
        const struct node *found = node_at(below, at);
        if (found) {
            return found;
        }
    }
    return NULL;
}

static int open_rule_file(struct tuning *t, int file, struct mark at, struct tune_target *out)
{
    const struct node *list = rs_node_get(rs_node_get(t->r->root, "monitoring"), "rules");
    const char *path = rs_file_path(t->r, list->item[file]->text, t->draft->path_at);
    out->doc = path ? rs_tune_doc(t, path) : NULL;
    for (int i = 0; out->doc && i < out->doc->n_root && !out->map; i++) {
        out->map = node_at(out->doc->root[i], at);
    }
    return out->map ? 0 : -1;
}

static int find_interval(struct tuning *t, const struct hit *h, struct tune_target *out)
{
    const struct monitoring *m = &t->r->sc->monitoring;
    const struct rule_group *group = &m->rule_file[h->file]->group[h->group];
    char text[40];
    out->key = "interval";
    out->after = "name";
    out->node = rs_node_get(out->map, "interval");
    out->today = rs_arena_strdup(t->r->arena,
                                 rs_duration_format(text, sizeof(text), m->evaluation_interval_ns));
    out->check = RS_CHECK_SERVER;
    out->is_positive = true;
    out->what = rs_arena_printf(t->r->arena, "interval of group %s", group->name);
    return 0;
}

static int find_below_rule(struct tuning *t, const struct hit *h, struct tune_target *out)
{
    static const char *const words[] = {"threshold", "number", "range",           "step",
                                        "offset",    "for",    "keep_firing_for", NULL};
    const struct rule *rule =
        &t->r->sc->monitoring.rule_file[h->file]->group[h->group].rule[h->rule];
    const char *kind = rule->alert ? "alert" : "recording rule", *word = h->rest;
    const char *who = rs_arena_printf(t->r->arena, "%s %s", kind, name_of(rule));
    bool is_wait = strcmp(h->rest, "for") == 0 || strcmp(h->rest, "keep_firing_for") == 0;
    if (is_wait && rule->alert) {
        out->key = strcmp(h->rest, "for") == 0 ? "for" : "keep_firing_for";
        out->after = strcmp(h->rest, "for") != 0 && rs_node_get(out->map, "for") ? "for" : "expr";
        out->node = rs_node_get(out->map, out->key);
        out->today = "0s";
        out->check = RS_CHECK_SERVER;
    } else if (rs_path_literal(h->rest, &out->literal, &out->k) == 0) {
        out->key = "expr";
        out->node = rs_node_get(out->map, "expr");
        out->is_promql = true;
        out->check = RS_CHECK_LITERAL;
        word = rs_arena_printf(t->r->arena, out->k > 0 ? "%s[%d]" : "%s",
                               rs_literal_words[out->literal], out->k);
    } else if (is_wait) {
        return rs_tune_refuse(t, h->rest, RS_E_REF, "a recording rule has no \"%s\"", h->rest);
    } else {
        return rs_tune_refuse_name(
            t, h->rest, words, 7,
            "of a rule threshold, range, number, offset, step, for and keep_firing_for can be "
            "turned, got \"%s\"",
            h->rest);
    }
    out->what = rs_arena_printf(t->r->arena, "%s of %s", word, who);
    if (rule->alert) {
        out->site_kind = RS_SITE_RULE;
        out->site_what = who;
    }
    return 0;
}

int rs_tune_find_rule(struct tuning *t, const char *rest, struct tune_target *out)
{
    struct search s = {.t = t};
    if (t->r->names[RS_NAME_ALERT].unknown) {
        return -1; /* a rule file has mistakes, which are told already */
    }
    search_all(&s, rest);
    const struct hit *h = choose(&s, rest);
    if (!h) {
        return -1;
    }
    const struct rule_group *group = &t->r->sc->monitoring.rule_file[h->file]->group[h->group];
    out->file = h->file;
    out->group = h->group;
    out->rule = h->rule;
    struct mark at = h->rule < 0 ? group->at : group->rule[h->rule].at;
    if (open_rule_file(t, h->file, at, out) != 0) {
        return rs_tune_refuse(t, rest, RS_E_REF, "the rule cannot be found again in its file");
    }
    int status = h->rule < 0 ? find_interval(t, h, out) : find_below_rule(t, h, out);
    if (status == 0 && out->node && rs_node_is_null(out->node)) {
        return rs_tune_refuse(
            t, h->rest, RS_E_TYPE,
            "\"%s\" stands in the file without a value; write one, or take the key away", out->key);
    }
    return status;
}
