/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The values of a parameter: listed, or counted out from `from` to `to`; each checked by what the place takes. */
#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../prometheus/rule_read.h"
#include "../text/value.h"
#include "models/dist.h"
#include "sim/clock.h"
#include "tune_read.h"

/* ---- types ---- */

int rs_tune_number(enum tune_type type, const char *text, double *out)
{
    int64_t ns = 0;
    uint64_t count = 0;
    *out = (double)NAN;
    switch (type) {
    case RS_TUNE_NUMBER: return rs_value_number(out, text);
    case RS_TUNE_RATIO: return rs_value_ratio(out, text);
    case RS_TUNE_DURATION:
        if (rs_duration_parse(&ns, text) != 0) {
            return -1;
        }
        *out = (double)ns;
        return 0;
    case RS_TUNE_COUNT:
        if (rs_value_count(&count, text) != 0) {
            return -1;
        }
        *out = (double)count;
        return 0;
    case RS_TUNE_WORD: return 0;
    }
    return -1;
}

static const char *type_words(enum tune_type type)
{
    switch (type) {
    case RS_TUNE_NUMBER: return "a number";
    case RS_TUNE_RATIO: return "a ratio like 0.5% or 0.005";
    case RS_TUNE_DURATION: return "a duration like 90s, 5m or 1h30m";
    case RS_TUNE_COUNT: return "a whole number";
    case RS_TUNE_WORD: return "a word";
    }
    return "";
}

static enum tune_type type_of_row(const struct key *row)
{
    switch ((int)row->type) {
    case RS_V_INT:
    case RS_V_COUNT: return RS_TUNE_COUNT;
    case RS_V_NUMBER: return RS_TUNE_NUMBER;
    case RS_V_RATIO: return RS_TUNE_RATIO;
    case RS_V_DURATION:
    case RS_V_SECONDS:
    case RS_V_DIST: return RS_TUNE_DURATION;
    default: return RS_TUNE_WORD;
    }
}

static enum tune_type guess(const char *today)
{
    static const enum tune_type types[] = {RS_TUNE_COUNT, RS_TUNE_NUMBER, RS_TUNE_RATIO,
                                           RS_TUNE_DURATION};
    double ignored = 0.0;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (rs_tune_number(types[i], today, &ignored) == 0) {
            return types[i] == RS_TUNE_COUNT ? RS_TUNE_NUMBER : types[i];
        }
    }
    return RS_TUNE_WORD;
}

static enum tune_type type_of(const struct tune_target *target, const char *today)
{
    double number = 0.0;
    switch (target->check) {
    case RS_CHECK_SERVER: return RS_TUNE_DURATION;
    case RS_CHECK_ROW:
        if (target->row.type == RS_V_PERCENT || target->row.type == RS_V_RATE) {
            /* "25%" and "0.6/m" are numbers with a unit of their own: only plain ones have an order here */
            return rs_value_number(&number, today) == 0 ? RS_TUNE_NUMBER : RS_TUNE_WORD;
        }
        return type_of_row(&target->row);
    case RS_CHECK_LITERAL:
    case RS_CHECK_GUESSED: break;
    }
    return guess(today);
}

/* ---- one value ---- */

static int refuse_value(struct tuning *t, const struct node *node, const char *must)
{
    char seen[64];
    return rs_err_list_add(t->r->errors, RS_E_TYPE, node->at,
                           "a value of \"%s\" must be %s, got %s", t->draft->path, must,
                           rs_node_describe(seen, sizeof(seen), node));
}

/* What can stand in any file between what stands there now: no blanks, quotes, or signs that YAML would take for its own. */
static bool is_plain(const char *text)
{
    size_t n = strlen(text);
    if (n == 0 || strchr("%-+:/", text[n - 1]) == text + n) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (!isalnum((unsigned char)text[i]) && !strchr("._%+-/:", text[i])) {
            return false;
        }
    }
    bool odd_begin = text[0] == '%' || text[0] == ':' || (text[0] == '-' && n == 1);
    return !odd_begin && text[n - 1] != ':';
}

static int check_row(struct tuning *t, const struct tune_target *target, const struct node *node)
{
    /* The row's value goes nowhere. */
    enum { ROOM = 512 };
    struct key row = target->row;
    row.at = 0;
    row.n_at = ROOM / 2;
    static_assert(sizeof(struct dist) <= ROOM / 2, "a distribution must fit");
    bool out_of_scope = row.names == RS_NAME_PATH || row.names == RS_NAME_COUNTER;
    if (row.type == RS_V_OWN || out_of_scope) {
        return 0;
    }
    return rs_read_value(t->r, &row, node, rs_arena_alloc(t->r->arena, ROOM));
}

static int check_server(struct tuning *t, const struct tune_target *target, const struct node *node)
{
    int64_t ns = 0;
    const struct pair pair = {target->key, node->at, node};
    const struct node map = {.kind = RS_NODE_MAP, .at = node->at, .n = 1, .pair = &pair};
    if (rs_rule_duration(t->r, &map, target->key, &ns) != 0) {
        return -1;
    }
    if (target->is_positive && ns == 0) {
        return rs_err_list_add(t->r->errors, RS_E_RANGE, node->at,
                               "\"%s\" must be above 0s, got %s", target->key, node->text);
    }
    return 0;
}

/* With the value in its place the expression must be one, and be made the same way. */
static int
check_literal(struct tuning *t, const struct tune_target *target, const struct node *node)
{
    struct promql_literal *before = NULL, *after = NULL;
    struct tuning quiet = *t;
    struct reader reader = *t->r;
    struct err_list told;
    int n = rs_tune_literals(t, target, &before), k = target->k > 0 ? target->k - 1 : 0;
    if (n <= k) {
        return 0; /* told where the place is looked for */
    }
    struct node changed = *target->node;
    changed.text = rs_arena_printf(t->r->arena, "%.*s%s%s", before[k].from, target->node->text,
                                   node->text, target->node->text + before[k].until);
    rs_err_list_init(&told);
    reader.errors = &told;
    quiet.r = &reader;
    struct tune_target other = *target;
    other.node = &changed;
    int n_after = rs_tune_literals(&quiet, &other, &after);
    bool ok = n_after == n && after[k].from == before[k].from &&
              (size_t)(after[k].until - after[k].from) == strlen(node->text);
    const char *why = told.n > 0 ? strstr(told.item[0].text, "read: ") : NULL;
    why = why ? rs_arena_strdup(t->r->arena, why + 6) : NULL;
    rs_err_list_clear(&told);
    return ok ? 0
              : rs_err_list_add(t->r->errors, RS_E_TYPE, node->at,
                                "\"%s\" cannot stand in the expression%s%s", node->text,
                                why ? ": " : "", why ? why : "");
}

int rs_tune_check_value(struct tuning *t, const struct tune_target *target, const struct node *node)
{
    if (!is_plain(node->text)) {
        return refuse_value(t, node, "letters, digits and . _ % + - / :");
    }
    switch (target->check) {
    case RS_CHECK_ROW: return check_row(t, target, node);
    case RS_CHECK_SERVER: return check_server(t, target, node);
    case RS_CHECK_LITERAL: return check_literal(t, target, node);
    case RS_CHECK_GUESSED: return 0;
    }
    return 0;
}

/* ---- the list ---- */

static int add_value(struct tuning *t,
                     const struct tune_target *target,
                     struct value_list *to,
                     const struct node *node)
{
    struct tune_value v = {.text = node->text};
    if (node->kind != RS_NODE_SCALAR || rs_node_is_null(node) ||
        rs_tune_number(to->type, node->text, &v.number) != 0) {
        return refuse_value(t, node, type_words(to->type));
    }
    if (rs_tune_check_value(t, target, node) != 0) {
        return -1;
    }
    for (int i = 0; i < to->n; i++) {
        const struct tune_value *old = &to->value[i];
        bool same =
            to->type == RS_TUNE_WORD ? strcmp(old->text, v.text) == 0 : old->number == v.number;
        if (same && i != to->today) {
            return rs_err_list_add(t->r->errors, RS_E_KEY, node->at,
                                   "\"%s\" stands twice among the values", node->text);
        }
        if (same) {
            return 0; /* it is there as it stands in the file */
        }
    }
    to->value[to->n++] = v;
    return 0;
}

static int read_listed(struct tuning *t, const struct tune_target *target, struct value_list *to)
{
    const struct node *list = t->draft->values;
    char seen[64];
    if (list->kind != RS_NODE_LIST || list->n == 0) {
        return rs_err_list_add(
            t->r->errors, RS_E_TYPE, list->at, "\"values\" must be a list of values, got %s",
            list->kind == RS_NODE_LIST ? "an empty one"
                                       : rs_node_describe(seen, sizeof(seen), list));
    }
    if (rs_read_length(t->r, "values", list) != 0) {
        return -1;
    }
    int status = 0;
    for (int i = 0; i < list->n; i++) {
        status |= add_value(t, target, to, list->item[i]);
    }
    return status;
}

/* A number as it would be written there. */
static const char *written(struct arena *arena, enum tune_type type, const char *today, double x)
{
    char text[48];
    size_t n = strlen(today);
    switch (type) {
    case RS_TUNE_DURATION:
        return rs_arena_strdup(arena, rs_duration_format(text, sizeof(text), (int64_t)llround(x)));
    case RS_TUNE_RATIO:
        if (n > 0 && today[n - 1] == '%') {
            return rs_arena_printf(arena, "%.12g%%", x * 100.0);
        }
        return rs_arena_printf(arena, "%.12g", x);
    case RS_TUNE_COUNT: return rs_arena_printf(arena, "%.0f", x);
    case RS_TUNE_NUMBER:
    case RS_TUNE_WORD: break;
    }
    return rs_arena_printf(arena, "%.12g", x);
}

struct span {
    double from, to, by;
    bool is_factor;
};

static int read_span(struct tuning *t, enum tune_type type, struct span *out)
{
    const struct param_draft *d = t->draft;
    const struct node *node[] = {d->from, d->to, d->step ? d->step : d->factor};
    double *to[] = {&out->from, &out->to, &out->by};
    out->is_factor = d->factor != NULL;
    for (int i = 0; i < 3; i++) {
        enum tune_type as = i == 2 && out->is_factor ? RS_TUNE_NUMBER : type;
        if (node[i]->kind != RS_NODE_SCALAR || rs_tune_number(as, node[i]->text, to[i]) != 0) {
            return refuse_value(t, node[i], type_words(as));
        }
    }
    if (out->to < out->from) {
        return rs_err_list_add(t->r->errors, RS_E_RANGE, d->to->at,
                               "\"to\" must be at least \"from\", %s, got %s", d->from->text,
                               d->to->text);
    }
    if (!out->is_factor && !(out->by > 0.0)) {
        return rs_err_list_add(t->r->errors, RS_E_RANGE, d->step->at,
                               "\"step\" must be above 0, got %s", d->step->text);
    }
    if (out->is_factor && !(out->by > 1.0)) {
        return rs_err_list_add(t->r->errors, RS_E_RANGE, d->factor->at,
                               "\"factor\" must be above 1, got %s", d->factor->text);
    }
    if (out->is_factor && !(out->from > 0.0)) {
        return rs_err_list_add(t->r->errors, RS_E_RANGE, d->from->at,
                               "with a factor \"from\" must be above 0, got %s", d->from->text);
    }
    return 0;
}

static int read_counted(struct tuning *t,
                        const struct tune_target *target,
                        const char *today,
                        struct value_list *to)
{
    struct span s = {0};
    if (to->type == RS_TUNE_WORD) {
        return rs_err_list_add(t->r->errors, RS_E_TYPE, t->draft->from->at,
                               "what stands there has no order: list its \"values\"");
    }
    if (read_span(t, to->type, &s) != 0) {
        return -1;
    }
    for (int i = 0; i <= RS_LIST_MAX; i++) {
        double x = s.is_factor ? s.from * pow(s.by, i) : s.from + i * s.by;
        /* Rounding must not lose the last one. */
        if (x > s.to + 1e-9 * fabs(s.to)) {
            return 0;
        }
        if (i == RS_LIST_MAX) {
            break;
        }
        struct node one = *t->draft->from;
        one.text = one.code = i == 0 ? one.text : written(t->r->arena, to->type, today, x);
        if (add_value(t, target, to, &one) != 0) {
            return -1;
        }
    }
    return rs_err_list_add(t->r->errors, RS_E_RANGE, t->draft->from->at,
                           "a parameter must have at most %d values", RS_LIST_MAX);
}

/* Rising; words stay as they were listed. */
static void sort_values(struct value_list *list)
{
    for (int i = 1; list->type != RS_TUNE_WORD && i < list->n; i++) {
        for (int j = i; j > 0 && list->value[j].number < list->value[j - 1].number; j--) {
            struct tune_value v = list->value[j];
            list->value[j] = list->value[j - 1];
            list->value[j - 1] = v;
            list->today = list->today == j ? j - 1 : list->today == j - 1 ? j : list->today;
        }
    }
}

int rs_tune_values(struct tuning *t,
                   const struct tune_target *target,
                   const char *today,
                   struct value_list *out)
{
    *out = (struct value_list){.type = type_of(target, today), .n = 1};
    out->value = RS_ARENA_ARRAY(t->r->arena, struct tune_value, RS_LIST_MAX + 2);
    out->value[0].text = today;
    if (!target->node && strcmp(today, "never") == 0) {
        out->value[0].number = INFINITY;
    } else if (rs_tune_number(out->type, today, &out->value[0].number) != 0) {
        return rs_tune_refuse(t, t->draft->path, RS_E_TYPE,
                              "what stands there is no single %s: \"%s\"",
                              out->type == RS_TUNE_DURATION ? "duration" : "value", today);
    }
    int status =
        t->draft->values ? read_listed(t, target, out) : read_counted(t, target, today, out);
    if (status != 0) {
        return -1;
    }
    if (out->n < 2) {
        return rs_err_list_add(t->r->errors, RS_E_RANGE, t->draft->at,
                               "a parameter needs a value beside today's, %s", today);
    }
    sort_values(out);
    return 0;
}
