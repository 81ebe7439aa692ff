/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plan from its drafts: targets, values, places, sites; which claims are to be kept. */
#include <assert.h>
#include <string.h>

#include "tune_read.h"
#include "verify/claim.h"

/* ---- what is being built ---- */

struct building {
    struct tuning t;
    struct tune_plan *plan;
    struct tune_param *param; /* [plan->n_param] */
    int n_file, cap_file;
    struct tune_file *file;
    int n_site, cap_site;
    struct tune_site *site;
};

static int file_of(struct building *b, struct tune_doc *doc)
{
    if (doc->file < 0) {
        doc->file = b->n_file;
        RS_PUSH(b->t.r->arena, b->file, b->n_file, b->cap_file,
                ((struct tune_file){doc->path, doc->text, doc->n}));
    }
    return doc->file;
}

/* ---- sites ---- */

static bool is_site(const struct tune_site *s, const struct tune_target *target)
{
    if ((int)s->kind != target->site_kind) {
        return false;
    }
    if (s->kind == RS_SITE_CONDITION) {
        return s->expr == target->expr;
    }
    return s->file == target->file && s->group == target->group && s->rule == target->rule;
}

static int site_of(struct building *b, const struct tune_target *target)
{
    if (target->site_kind < 0) {
        return -1;
    }
    for (int i = 0; i < b->n_site; i++) {
        if (is_site(&b->site[i], target)) {
            return i;
        }
    }
    struct tune_site site = {.kind = (enum tune_site_kind)target->site_kind,
                             .what = target->site_what,
                             .file = target->file,
                             .group = target->group,
                             .rule = target->rule,
                             .expr = target->expr};
    RS_PUSH(b->t.r->arena, b->site, b->n_site, b->cap_site, site);
    return b->n_site - 1;
}

static void list_params_of_sites(struct building *b)
{
    for (int s = 0; s < b->n_site; s++) {
        int *param = RS_ARENA_ARRAY(b->t.r->arena, int, b->plan->n_param);
        int n = 0;
        for (int i = 0; i < b->plan->n_param; i++) {
            if (b->param[i].site == s) {
                param[n++] = i;
            }
        }
        b->site[s].n_param = n;
        b->site[s].param = param;
    }
}

/* ---- parameters ---- */

static bool overlap(const struct tune_place *a, const struct tune_place *b)
{
    if (a->file != b->file) {
        return false;
    }
    if (a->from == a->until || b->from == b->until) { /* two lines at one place, or only one key? */
        return a->from == b->from && a->until == b->until && strcmp(a->before, b->before) == 0;
    }
    return a->from < b->until && b->from < a->until;
}

static int refuse_overlap(struct building *b, const struct tune_param *p)
{
    for (int i = 0; i < b->plan->n_param; i++) {
        const struct tune_param *other = &b->param[i];
        if (strcmp(other->name, p->name) == 0) {
            return rs_err_list_add(b->t.r->errors, RS_E_KEY, p->at,
                                   "parameter \"%s\" is named twice", p->name);
        }
        for (int j = 0; j < other->n_place; j++) {
            for (int k = 0; k < p->n_place; k++) {
                if (overlap(&other->place[j], &p->place[k])) {
                    return rs_tune_refuse(&b->t, p->path, RS_E_KEY,
                                          "parameter \"%s\" turns the same place already",
                                          other->name);
                }
            }
        }
    }
    return 0;
}

/* A value other than today's for every place: they all must take it. */
static int try_places(struct building *b,
                      const struct tune_target *target,
                      const struct target_places *places,
                      const struct value_list *values)
{
    const char *probe = values->value[values->today == 0 ? 1 : 0].text;
    for (int i = 0; i < places->n; i++) {
        if (rs_tune_try(&b->t, target, places, i, probe) != 0) {
            return -1;
        }
    }
    return 0;
}

static int add_param(struct building *b, const struct param_draft *draft)
{
    struct tune_target target;
    struct target_places places = {0};
    struct value_list values;
    b->t.draft = draft;
    if (rs_tune_find(&b->t, &target) != 0 || rs_tune_places(&b->t, &target, &places) != 0 ||
        rs_tune_values(&b->t, &target, places.today, &values) != 0 ||
        try_places(b, &target, &places, &values) != 0) {
        return -1;
    }
    int file = file_of(b, target.doc);
    for (int i = 0; i < places.n; i++) {
        places.place[i].file = file;
    }
    struct tune_param p = {.name = draft->name ? draft->name : draft->path,
                           .path = draft->path,
                           .ref = draft->ref,
                           .at = draft->at,
                           .what = target.what,
                           .type = values.type,
                           .n_value = values.n,
                           .value = values.value,
                           .today = values.today,
                           .n_place = places.n,
                           .place = places.place};
    if (refuse_overlap(b, &p) != 0) {
        return -1;
    }
    p.site = site_of(b, &target);
    b->param[b->plan->n_param++] = p;
    return 0;
}

/* ---- claims ---- */

static int claim_of(struct reader *r, const struct node *node)
{
    const struct scenario *sc = r->sc;
    const char **name = RS_ARENA_ARRAY(r->arena, const char *, sc->n_claim);
    char seen[64];
    if (node->kind != RS_NODE_SCALAR) {
        return rs_err_list_add(r->errors, RS_E_TYPE, node->at, "\"keep\" must name claims, got %s",
                               rs_node_describe(seen, sizeof(seen), node));
    }
    for (int i = 0; i < sc->n_claim; i++) {
        name[i] = sc->claim[i].name ? sc->claim[i].name : "";
        if (strcmp(name[i], node->text) == 0) {
            return i;
        }
    }
    return rs_refuse_name(r, RS_E_REF, node->at, node->text, name, (size_t)sc->n_claim,
                          "there is no claim \"%s\"", node->text);
}

static void read_keep(struct reader *r, const struct node *list, struct tune_plan *plan)
{
    char seen[64];
    if (list && list->kind != RS_NODE_LIST) {
        rs_err_list_add(r->errors, RS_E_TYPE, list->at, "\"keep\" must be a list of claims, got %s",
                        rs_node_describe(seen, sizeof(seen), list));
        return;
    }
    if (list && rs_read_length(r, "keep", list) != 0) {
        return;
    }
    int n = list ? list->n : r->sc->n_claim;
    int *keep = RS_ARENA_ARRAY(r->arena, int, n);
    for (int i = 0; i < n; i++) {
        keep[i] = list ? claim_of(r, list->item[i]) : i;
        for (int j = 0; j < i; j++) {
            if (keep[i] >= 0 && keep[j] == keep[i]) {
                rs_err_list_add(r->errors, RS_E_KEY, list->item[i]->at,
                                "claim \"%s\" stands twice in \"keep\"", list->item[i]->text);
            }
        }
    }
    plan->keep = keep;
    plan->n_keep = n;
}

static void check_objectives(struct reader *r, const struct tune_plan *plan)
{
    for (int i = 0; i < plan->n_objective; i++) {
        for (int j = 0; j < i; j++) {
            const struct tune_objective *a = &plan->objective[i], *b = &plan->objective[j];
            if (a->name && b->name && strcmp(a->name, b->name) == 0) {
                rs_err_list_add(r->errors, RS_E_KEY, a->at, "objective \"%s\" is named twice",
                                a->name);
            }
        }
    }
}

void rs_tune_resolve(struct reader *r)
{
    /* The row of the table has made it, as a part of what else it read. */
    struct tune_read *read = (struct tune_read *)(uintptr_t)r->sc->tune;
    struct building b = {.t = {.r = r, .tune = read}, .plan = &read->plan};
    b.param = RS_ARENA_ARRAY(r->arena, struct tune_param, read->n_draft);
    for (int i = 0; i < read->n_draft; i++) {
        if (read->draft[i].path_at.line > 0) { /* else it had mistakes of its own */
            (void)add_param(&b, &read->draft[i]);
        }
    }
    list_params_of_sites(&b);
    read_keep(r, read->keep, b.plan);
    check_objectives(r, b.plan);
    b.plan->param = b.param;
    b.plan->n_file = b.n_file;
    b.plan->file = b.file;
    b.plan->n_site = b.n_site;
    b.plan->site = b.site;
}
