/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Expanding a template: the statements. Source: text/template/exec.go of Go 1.27. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"
#include "template_private.h"

/* Go allows 100,000 levels, any number of steps and any length; a rule file that needs more than these means harm. */
enum { DEPTH_MAX = 500, STEP_MAX = 100000, BYTE_MAX = 4 << 20 };

/* How a statement ends. */
enum walk { WALK_FAILED, WALK_ON, WALK_BREAK, WALK_CONTINUE };

int rs_trun_fail(struct trun *x, const char *fmt, ...)
{
    struct text to = {.arena = x->arena};
    int line = 1;
    size_t begin = 0;
    char buf[1024];
    va_list args;

    if (x->error != NULL) {
        return -1;
    }
    va_start(args, fmt);
    (void)vsnprintf(buf, sizeof buf, fmt, args);
    va_end(args);
    for (size_t i = 0; i < x->node->at; i++) {
        if (x->t->text[i] == '\n') {
            line++;
            begin = i + 1;
        }
    }
    rs_text_printf(&to, "template: %.200s:%d:%zu: executing \"%.200s\" at <", x->t->name, line,
                   x->node->at - begin, x->executing);
    rs_tnode_print(&to, x->node);
    rs_text_add(&to, ">: ");
    rs_text_add(&to, buf);
    x->error = to.at;
    return -1;
}

void rs_trun_push(struct trun *x, const char *name, struct tvalue value)
{
    if (x->n_var == x->cap_var) {
        struct tvar *grown;

        x->cap_var = x->cap_var ? 2 * x->cap_var : 16;
        grown = RS_ARENA_ARRAY(x->arena, struct tvar, x->cap_var);
        if (x->n_var > 0) {
            memcpy(grown, x->var, sizeof *grown * (size_t)x->n_var);
        }
        x->var = grown;
    }
    x->var[x->n_var++] = (struct tvar){name, value};
}

int rs_trun_charge(struct trun *x, size_t n)
{
    x->n_byte += n;
    if (n >= RS_TEXT_MAX || x->out.n >= RS_TEXT_MAX || x->n_byte > BYTE_MAX) {
        return rs_trun_fail(x, "the expansion makes more than %d bytes", RS_TEXT_MAX);
    }
    return 0;
}

static int step(struct trun *x)
{
    if (++x->n_step > STEP_MAX) {
        return rs_trun_fail(x, "the expansion takes more than %d steps", STEP_MAX);
    }
    return rs_trun_charge(x, 0);
}

static enum walk walk(struct trun *x, const struct tvalue *dot, const struct tnode *n);

static enum walk walk_list(struct trun *x, const struct tvalue *dot, const struct tnode *list)
{
    for (int i = 0; i < list->n; i++) {
        enum walk how = walk(x, dot, list->child[i]);

        if (how != WALK_ON) {
            return how;
        }
    }
    return WALK_ON;
}

static enum walk walk_action(struct trun *x, const struct tvalue *dot, const struct tnode *n)
{
    struct tvalue v;

    if (rs_trun_pipe(x, dot, n->pipe, &v) < 0) {
        return WALK_FAILED;
    }
    if (n->pipe->n_name > 0) {
        return WALK_ON;
    }
    x->node = n;
    if (v.kind == TV_NONE) {
        rs_text_add(&x->out, "<no value>");
    } else if (v.kind == TV_SAMPLE) { /* "printableValue" looks behind one pointer */
        struct text own = {.arena = x->arena};

        rs_tvalue_print(&own, &v);
        rs_text_add(&x->out, own.at + 1);
    } else {
        rs_tvalue_print(&x->out, &v);
    }
    return WALK_ON;
}

static enum walk walk_if(struct trun *x, const struct tvalue *dot, const struct tnode *n)
{
    int n_var = x->n_var;
    enum walk how = WALK_ON;
    struct tvalue v;

    if (rs_trun_pipe(x, dot, n->pipe, &v) < 0) {
        return WALK_FAILED;
    }
    if (rs_tvalue_truth(&v)) {
        how = walk_list(x, n->kind == TN_WITH ? &v : dot, n->list);
    } else if (n->otherwise != NULL) {
        how = walk_list(x, dot, n->otherwise);
    }
    x->n_var = n_var;
    return how;
}

/* ---- range ---- */

static void set_variable(struct trun *x, const char *name, const struct tvalue *v)
{
    for (int i = x->n_var - 1; i >= 0; i--) {
        if (strcmp(x->var[i].name, name) == 0) {
            x->var[i].value = *v;
            return;
        }
    }
    (void)rs_trun_fail(x, "undefined variable: %.100s", name);
}

/* The variables were pushed by the pipeline, index first; `base` is where they begin. */
static enum walk
iterate(struct trun *x, const struct tnode *n, int base, struct tvalue index, struct tvalue item)
{
    const struct tnode *pipe = n->pipe;
    const struct tvalue one[2] = {pipe->n_name == 2 ? index : item, item};
    int n_var = x->n_var;
    enum walk how;

    for (int i = 0; i < pipe->n_name; i++) {
        if (pipe->is_assign) {
            set_variable(x, pipe->name[i], &one[i]);
        } else {
            x->var[base + i].value = one[i];
        }
    }
    how = x->error != NULL || step(x) < 0 ? WALK_FAILED : walk_list(x, &item, n->list);
    x->n_var = n_var;
    return how == WALK_CONTINUE ? WALK_ON : how;
}

/* How many items a value has; -1 = cannot be ranged over. */
static int64_t count_items(struct trun *x, const struct tnode *n, const struct tvalue *v)
{
    struct text words = {.arena = x->arena};

    switch (v->kind) {
    case TV_NONE: return 0;
    case TV_MAP: return v->map->n;
    case TV_ARGS:
    case TV_VECTOR: return v->n;
    case TV_INT:
        if (x->t->dialect == RS_PROMQL_2_42) {
            break; /* Go 1.22 brought numbers */
        }
        if (n->pipe->n_name > 1) {
            return rs_trun_fail(x, "can't use %lld to iterate over more than one variable",
                                (long long)v->i);
        }
        return v->i > 0 ? v->i : 0;
    case TV_BOOL:
    case TV_FLOAT:
    case TV_STRING:
    case TV_HTML:
    case TV_SAMPLE:
    case TV_TIME:
    case TV_DURATION:
    case TV_ROOT: break;
    }
    rs_tvalue_print(&words, v);
    return rs_trun_fail(x, "range can't iterate over %.500s", rs_text_get(&words));
}

static enum walk
walk_items(struct trun *x, const struct tnode *n, int base, const struct tvalue *v, int64_t n_item)
{
    int *order = NULL;
    enum walk how = WALK_ON;

    if (v->kind == TV_ARGS) {
        order = RS_ARENA_ARRAY(x->arena, int, v->n);
        rs_targs_order(v, order);
    }
    for (int64_t i = 0; i < n_item && how == WALK_ON; i++) {
        struct tvalue index = rs_tv_int(i), item = index;

        if (v->kind == TV_MAP) {
            index = rs_tv_string(v->map->label[i].name);
            item = rs_tv_string(v->map->label[i].value);
        } else if (order != NULL) {
            index = rs_tv_string(rs_arena_printf(x->arena, "arg%d", order[i]));
            item = v->arg[order[i]];
        } else if (v->kind == TV_VECTOR) {
            item = (struct tvalue){.kind = TV_SAMPLE, .sample = &v->sample[i]};
        }
        how = iterate(x, n, base, index, item);
    }
    return how == WALK_BREAK ? WALK_ON : how;
}

static enum walk walk_range(struct trun *x, const struct tvalue *dot, const struct tnode *n)
{
    int base = x->n_var;
    int64_t n_item;
    enum walk how;
    struct tvalue v;

    if (n->pipe->is_assign) { /* the pipeline's value itself is not assigned */
        struct tnode bare = *n->pipe;

        bare.n_name = 0;
        if (rs_trun_pipe(x, dot, &bare, &v) < 0) {
            return WALK_FAILED;
        }
    } else if (rs_trun_pipe(x, dot, n->pipe, &v) < 0) {
        return WALK_FAILED;
    }
    n_item = count_items(x, n, &v);
    if (n_item < 0) {
        return WALK_FAILED;
    }
    if (n_item == 0 && n->otherwise != NULL) {
        how = walk_list(x, dot, n->otherwise);
    } else {
        how = walk_items(x, n, base, &v, n_item);
    }
    x->n_var = base;
    return how;
}

/* ---- named templates ---- */

static enum walk walk_template(struct trun *x, const struct tvalue *dot, const struct tnode *n)
{
    const char *executing = x->executing;
    struct tvar *var = x->var;
    int n_var = x->n_var, cap_var = x->cap_var;
    struct tvalue v = {.kind = TV_NONE};
    const struct tnode *root = NULL;
    enum walk how;

    for (int i = 0; i < x->t->n_definition; i++) {
        if (strcmp(x->t->definition[i].name, n->text) == 0) {
            root = x->t->definition[i].root;
        }
    }
    if (root == NULL) {
        (void)rs_trun_fail(x, "template \"%.200s\" not defined", n->text);
        return WALK_FAILED;
    }
    if (x->depth == DEPTH_MAX) {
        (void)rs_trun_fail(x, "exceeded maximum template depth (100000)");
        return WALK_FAILED;
    }
    if (n->pipe != NULL && rs_trun_pipe(x, dot, n->pipe, &v) < 0) {
        return WALK_FAILED;
    }
    x->depth++;
    x->executing = n->text;
    x->var = NULL; /* no dynamic scoping */
    x->n_var = x->cap_var = 0;
    rs_trun_push(x, "$", v);
    how = walk_list(x, &v, root);
    x->depth--;
    x->executing = executing;
    x->var = var;
    x->n_var = n_var;
    x->cap_var = cap_var;
    return how;
}

static enum walk walk(struct trun *x, const struct tvalue *dot, const struct tnode *n)
{
    x->node = n;
    if (step(x) < 0) {
        return WALK_FAILED;
    }
    switch ((int)n->kind) {
    case TN_TEXT: rs_text_add(&x->out, n->text); return WALK_ON;
    case TN_ACTION: return walk_action(x, dot, n);
    case TN_IF:
    case TN_WITH: return walk_if(x, dot, n);
    case TN_RANGE: return walk_range(x, dot, n);
    case TN_TEMPLATE: return walk_template(x, dot, n);
    case TN_BREAK: return WALK_BREAK;
    case TN_CONTINUE: return WALK_CONTINUE;
    default: return walk_list(x, dot, n);
    }
}

/* ---- the whole ---- */

static int compare_labels(const void *a, const void *b)
{
    return strcmp(((const struct label *)a)->name, ((const struct label *)b)->name);
}

static struct tmap map_of_external(struct arena *arena, const struct template_data *data)
{
    struct label *label = RS_ARENA_ARRAY(arena, struct label, data->n_external + 1);

    if (data->n_external > 0) {
        memcpy(label, data->external, sizeof *label * (size_t)data->n_external);
        qsort(label, (size_t)data->n_external, sizeof *label, compare_labels);
    }
    return (struct tmap){data->n_external, label};
}

static const struct tmap *
map_of(struct arena *arena, const struct label_table *table, rs_labels set)
{
    struct tmap *map = RS_ARENA_ARRAY(arena, struct tmap, 1);
    int n = rs_labels_count(table, set);
    struct label *label = RS_ARENA_ARRAY(arena, struct label, n + 1);

    for (int i = 0; i < n; i++) {
        label[i] = rs_labels_at(table, set, i);
    }
    *map = (struct tmap){n, label};
    return map;
}

/* Text of a result: heap, as the caller is promised. */
static char *take(struct trun *x, bool *failed)
{
    char *out;

    if (failed != NULL) {
        *failed = x->error != NULL;
    }
    if (x->error == NULL) {
        return rs_xstrdup(rs_text_get(&x->out));
    }
    x->out.n = 0;
    rs_text_add(&x->out, "<error expanding template: error executing template ");
    rs_text_add(&x->out, x->t->name);
    rs_text_add(&x->out, ": ");
    rs_text_add(&x->out, x->error);
    rs_text_add(&x->out, ">");
    out = rs_xstrdup(x->out.at);
    return out;
}

char *rs_template_expand(const struct template *t, const struct template_data *data, bool *failed)
{
    struct arena *arena = rs_arena_new();
    struct trun x = {.arena = arena,
                     .t = t,
                     .data = data,
                     .executing = t->name,
                     .node = t->root,
                     .out = {.arena = arena},
                     .external = map_of_external(arena, data)};
    struct tvalue part[4] = {
        {.kind = TV_MAP, .map = map_of(arena, data->table, data->labels)},
        {.kind = TV_MAP, .map = &x.external},
        rs_tv_string(data->external_url != NULL ? data->external_url : ""),
        rs_tv_float(data->value),
    };
    struct tvalue root = {.kind = TV_ROOT, .n = 4, .arg = part};
    char *out;

    part[3].boxed = t->dialect != RS_PROMQL_2_42;
    rs_trun_push(&x, "$", root);
    (void)walk_list(&x, &root, t->root);
    out = take(&x, failed);
    rs_arena_free(arena);
    return out;
}
