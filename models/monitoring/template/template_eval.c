/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Expanding a template: pipelines, commands, fields, calls. Source: text/template/exec.go of Go 1.27. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/arena.h"
#include "template_private.h"

/* What stands behind a function or field: operands (the first is the function itself), and what a pipe brings. */
struct operands {
    int n;
    struct tnode *const *node;  /* [n] */
    const struct tvalue *final; /* NULL = nothing piped in */
};

static const struct operands nothing = {0, NULL, NULL};

static int eval_command(struct trun *x,
                        const struct tvalue *dot,
                        const struct tnode *cmd,
                        const struct tvalue *final,
                        struct tvalue *out);
static int eval_argument(
    struct trun *x, const struct tvalue *dot, char type, const struct tnode *n, struct tvalue *out);

static const char *print_node(struct trun *x, const struct tnode *n)
{
    struct text to = {.arena = x->arena};

    rs_tnode_print(&to, n);
    return rs_text_get(&to);
}

int rs_tcall_fail(struct tcall *c, const char *fmt, ...)
{
    char buf[1024];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(buf, sizeof buf, fmt, args);
    va_end(args);
    c->why = rs_arena_strdup(c->x->arena, buf);
    return -1;
}

/* ---- variables and fields ---- */

static struct tvalue constant_of(const struct tnode *n)
{
    return n->looks_float ? rs_tv_float(n->f) : rs_tv_int(n->i);
}

static int field_of_map(
    struct trun *x, const struct tvalue *on, const char *name, bool has_args, struct tvalue *out)
{
    if (has_args) {
        return rs_trun_fail(x, "%.200s is not a method but has arguments", name);
    }
    if (on->kind == TV_MAP) {
        const char *value = rs_tmap_get(on->map, name);

        *out = rs_tv_string(value != NULL ? value : ""); /* missingkey=zero */
        return 0;
    }
    *out = (struct tvalue){.kind = TV_NONE};
    for (int i = 0; i < on->n; i++) {
        if (strcmp(name, rs_arena_printf(x->arena, "arg%d", i)) == 0) {
            *out = on->arg[i];
        }
    }
    return 0;
}

/* A field of the root or of a sample; 1 if there is none of this name. */
static int field_of_struct(const struct tvalue *on, const char *name, struct tvalue *out)
{
    static const char *const of_root[] = {"Labels", "ExternalLabels", "ExternalURL", "Value"};

    if (on->kind == TV_SAMPLE && strcmp(name, "Labels") == 0) {
        *out = (struct tvalue){.kind = TV_MAP, .map = on->sample[0]->labels};
        return 0;
    }
    if (on->kind == TV_SAMPLE && strcmp(name, "Value") == 0) {
        *out = rs_tv_float(on->sample[0]->v);
        return 0;
    }
    for (int i = 0; on->kind == TV_ROOT && i < 4; i++) {
        if (strcmp(name, of_root[i]) == 0) {
            *out = on->arg[i];
            return 0;
        }
    }
    return 1;
}

/* A method of a time or duration; 1 if it has none of this name. */
static int method_of(struct trun *x,
                     const struct tvalue *dot,
                     const struct tvalue *on,
                     const char *name,
                     struct operands o,
                     struct tvalue *out)
{
    struct tvalue layout = {.kind = TV_NONE};
    int n_given = (o.n > 0 ? o.n - 1 : 0) + (o.final != NULL),
        n_wanted = strcmp(name, "Format") == 0;

    if (on->kind != TV_TIME && on->kind != TV_DURATION) {
        return 1;
    }
    if (n_given != n_wanted) {
        return rs_trun_fail(x, "wrong number of args for %.100s: want %d got %d", name, n_wanted,
                            n_given);
    }
    if (n_wanted == 1) {
        if (o.final != NULL) {
            layout = *o.final;
        } else if (eval_argument(x, dot, 's', o.node[1], &layout) < 0) {
            return -1;
        }
        if (layout.kind != TV_STRING) {
            return rs_trun_fail(x, "wrong type for value; expected string; got %s",
                                rs_tvalue_type(x, &layout));
        }
    }
    return rs_time_method(x, on, name, n_wanted == 1 ? layout.s : NULL, out);
}

static int eval_field(struct trun *x,
                      const struct tvalue *dot,
                      const struct tvalue *on,
                      const char *name,
                      struct operands o,
                      struct tvalue *out)
{
    bool has_args = o.n > 1 || o.final != NULL;
    int status;

    if (on->kind == TV_NONE) {
        *out = *on;
        return 0;
    }
    if (on->kind == TV_MAP || on->kind == TV_ARGS) {
        return field_of_map(x, on, name, has_args, out);
    }
    status = method_of(x, dot, on, name, o, out);
    if (status <= 0) {
        return status;
    }
    if (field_of_struct(on, name, out) == 0) {
        return has_args
                   ? rs_trun_fail(x, "%.200s has arguments but cannot be invoked as function", name)
                   : 0;
    }
    return rs_trun_fail(x, "can't evaluate field %.200s in type %s", name,
                        on->boxed ? "interface {}" : rs_tvalue_type(x, on));
}

/* Fields `from` and on of the node, one of the other; the operands belong to the last. */
static int eval_chain(struct trun *x,
                      const struct tvalue *dot,
                      struct tvalue on,
                      const struct tnode *n,
                      int from,
                      struct operands o,
                      struct tvalue *out)
{
    *out = on;
    for (int i = from; i < n->n_name; i++) {
        struct tvalue next;

        if (eval_field(x, dot, out, n->name[i], i + 1 == n->n_name ? o : nothing, &next) < 0) {
            return -1;
        }
        *out = next;
    }
    return 0;
}

static int refuse_arguments(struct trun *x, struct operands o)
{
    if (o.n > 1 || o.final != NULL) {
        return rs_trun_fail(x, "can't give argument to non-function %.200s",
                            print_node(x, o.node[0]));
    }
    return 0;
}

static int eval_variable(struct trun *x,
                         const struct tvalue *dot,
                         const struct tnode *n,
                         struct operands o,
                         struct tvalue *out)
{
    x->node = n;
    for (int i = x->n_var - 1; i >= 0; i--) {
        if (strcmp(x->var[i].name, n->name[0]) == 0) {
            if (n->n_name == 1) {
                *out = x->var[i].value;
                return refuse_arguments(x, o);
            }
            return eval_chain(x, dot, x->var[i].value, n, 1, o, out);
        }
    }
    return rs_trun_fail(x, "undefined variable: %.100s", n->name[0]);
}

/* ---- calls ---- */

static const char *type_words(char type)
{
    switch (type) {
    case 's': return "string";
    case 'q': return "template.queryResult";
    case 'p': return "*template.sample";
    default: return "interface {}";
    }
}

/* "validateType": does the value go where this parameter stands? */
static int check_type(struct trun *x, char type, struct tvalue *v)
{
    bool fits = type == 'a' || type == 'v' || (type == 's' && v->kind == TV_STRING) ||
                (type == 'q' && v->kind == TV_VECTOR) || (type == 'p' && v->kind == TV_SAMPLE);

    v->boxed = false;
    if (fits) {
        return 0;
    }
    if (v->kind == TV_NONE) {
        return rs_trun_fail(x, "invalid value; expected %s", type_words(type));
    }
    return rs_trun_fail(x, "wrong type for value; expected %s; got %s", type_words(type),
                        rs_tvalue_type(x, v));
}

/* and, or: "evaluates the arguments one at a time from left to right, and returns when the result is determined". */
static int call_logic(struct trun *x,
                      const struct tvalue *dot,
                      const char *name,
                      struct operands o,
                      struct tvalue *out)
{
    bool is_or = strcmp(name, "or") == 0;

    for (int i = 1; i < o.n; i++) {
        if (eval_argument(x, dot, 'v', o.node[i], out) < 0) {
            return -1;
        }
        if (rs_tvalue_truth(out) == is_or) {
            return 0;
        }
    }
    if (o.final != NULL) {
        *out = *o.final;
    }
    return 0;
}

static int check_count(struct trun *x, const struct tfunction *f, int n, int n_own)
{
    int n_param = (int)strlen(f->params);

    if (n_param > 0 && f->params[n_param - 1] == '*') {
        if (n < n_param - 2) {
            return rs_trun_fail(x, "wrong number of args for %s: want at least %d got %d", f->name,
                                n_param - 2, n_own);
        }
    } else if (n != n_param) {
        return rs_trun_fail(x, "wrong number of args for %s: want %d got %d", f->name, n_param, n);
    }
    return 0;
}

/* `node` is what messages about the call itself show. */
static int call_function(struct trun *x,
                         const struct tvalue *dot,
                         const struct tnode *id,
                         const struct tnode *node,
                         struct operands o,
                         struct tvalue *out)
{
    const struct tfunction *f = id->function;
    int n_own = o.n > 0 ? o.n - 1 : 0, n = n_own + (o.final != NULL),
        n_param = (int)strlen(f->params);
    struct tcall call = {.x = x, .n = n};

    x->node = id;
    if (check_count(x, f, n, n_own) < 0) {
        return -1;
    }
    if (strcmp(f->name, "and") == 0 || strcmp(f->name, "or") == 0) {
        return call_logic(x, dot, f->name, o, out);
    }
    call.arg = RS_ARENA_ARRAY(x->arena, struct tvalue, n + 1);
    for (int i = 0; i < n; i++) {
        bool repeats = f->params[n_param - 1] == '*' && i >= n_param - 2;
        char type = f->params[repeats ? n_param - 2 : i];

        if (i < n_own) {
            if (eval_argument(x, dot, type, o.node[i + 1], &call.arg[i]) < 0) {
                return -1;
            }
            continue;
        }
        call.arg[i] = *o.final;
        if (check_type(x, type, &call.arg[i]) < 0) {
            return -1;
        }
    }
    if (f->call(&call, out) < 0) {
        x->node = node;
        return rs_trun_fail(x, "error calling %s: %s", f->name, call.why);
    }
    return rs_trun_charge(x, out->kind == TV_STRING ? strlen(out->s) : 0);
}

/* ---- arguments ---- */

/* A literal where a parameter of this type stands. */
static int literal_argument(struct trun *x, char type, const struct tnode *n, struct tvalue *out)
{
    bool is_any = type == 'a' || type == 'v';

    if (n->kind == TN_NIL) {
        *out = (struct tvalue){.kind = TV_NONE};
        return is_any ? 0 : rs_trun_fail(x, "cannot assign nil to %s", type_words(type));
    }
    if (n->kind == TN_STRING && (is_any || type == 's')) {
        *out = rs_tv_string(n->word);
        return 0;
    }
    if (is_any) {
        *out = n->kind == TN_BOOL ? rs_tv_bool(n->truth) : constant_of(n);
        return 0;
    }
    if (type == 's') {
        return rs_trun_fail(x, "expected string; found %.200s", print_node(x, n));
    }
    return rs_trun_fail(x, "can't handle %.200s for arg of type %s", print_node(x, n),
                        type_words(type));
}

static int eval_chain_node(struct trun *x,
                           const struct tvalue *dot,
                           const struct tnode *n,
                           struct operands o,
                           struct tvalue *out)
{
    struct tvalue on;

    x->node = n;
    if (eval_argument(x, dot, 'a', n->child[0], &on) < 0) {
        return -1;
    }
    return eval_chain(x, dot, on, n, 0, o, out);
}

static int eval_argument(
    struct trun *x, const struct tvalue *dot, char type, const struct tnode *n, struct tvalue *out)
{
    struct tnode *self = (struct tnode *)(uintptr_t)n;
    int status;

    x->node = n;
    switch ((int)n->kind) {
    case TN_DOT:
        *out = *dot;
        status = 0;
        break;
    case TN_FIELD: status = eval_chain(x, dot, *dot, n, 0, nothing, out); break;
    case TN_VARIABLE: status = eval_variable(x, dot, n, nothing, out); break;
    case TN_PIPE: status = rs_trun_pipe(x, dot, n, out); break;
    case TN_IDENTIFIER:
        status = call_function(x, dot, n, n, (struct operands){1, &self, NULL}, out);
        break;
    case TN_CHAIN: status = eval_chain_node(x, dot, n, nothing, out); break;
    default: return literal_argument(x, type, n, out);
    }
    return status < 0 ? -1 : check_type(x, type, out);
}

/* ---- commands and pipelines ---- */

static int eval_literal(struct trun *x,
                        const struct tvalue *dot,
                        const struct tnode *n,
                        struct operands o,
                        struct tvalue *out)
{
    x->node = n;
    if (refuse_arguments(x, o) < 0) {
        return -1;
    }
    switch ((int)n->kind) {
    case TN_BOOL: *out = rs_tv_bool(n->truth); return 0;
    case TN_DOT: *out = *dot; return 0;
    case TN_NIL: return rs_trun_fail(x, "nil is not a command");
    case TN_NUMBER: *out = constant_of(n); return 0;
    default: *out = rs_tv_string(n->word); return 0;
    }
}

static int eval_command(struct trun *x,
                        const struct tvalue *dot,
                        const struct tnode *cmd,
                        const struct tvalue *final,
                        struct tvalue *out)
{
    const struct tnode *first = cmd->child[0];
    struct operands o = {cmd->n, cmd->child, final};

    switch ((int)first->kind) {
    case TN_FIELD: x->node = first; return eval_chain(x, dot, *dot, first, 0, o, out);
    case TN_CHAIN: return eval_chain_node(x, dot, first, o, out);
    case TN_IDENTIFIER: return call_function(x, dot, first, cmd, o, out);
    case TN_PIPE: return refuse_arguments(x, o) < 0 ? -1 : rs_trun_pipe(x, dot, first, out);
    case TN_VARIABLE: return eval_variable(x, dot, first, o, out);
    default: return eval_literal(x, dot, first, o, out);
    }
}

static int assign(struct trun *x, const char *name, const struct tvalue *v)
{
    for (int i = x->n_var - 1; i >= 0; i--) {
        if (strcmp(x->var[i].name, name) == 0) {
            x->var[i].value = *v;
            return 0;
        }
    }
    return rs_trun_fail(x, "undefined variable: %.100s", name);
}

int rs_trun_pipe(struct trun *x,
                 const struct tvalue *dot,
                 const struct tnode *pipe,
                 struct tvalue *out)
{
    struct tvalue last;

    *out = (struct tvalue){.kind = TV_NONE};
    x->node = pipe;
    for (int i = 0; i < pipe->n; i++) {
        if (eval_command(x, dot, pipe->child[i], i > 0 ? &last : NULL, out) < 0) {
            return -1;
        }
        out->boxed = false;
        last = *out;
    }
    for (int i = 0; i < pipe->n_name; i++) {
        if (!pipe->is_assign) {
            rs_trun_push(x, pipe->name[i], *out);
        } else if (assign(x, pipe->name[i], out) < 0) {
            return -1;
        }
    }
    return 0;
}
