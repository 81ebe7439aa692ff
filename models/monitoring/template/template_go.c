/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The functions that Go's templates have by themselves. Source: text/template/funcs.go of Go 1.27, whose messages are kept. */
#include <string.h>

#include "sim/arena.h"
#include "template_private.h"

/* ---- texts ---- */

/* "evalArgs": one string as it is, else fmt.Sprint of all. */
static const char *sprint(struct tcall *c)
{
    struct text to = {.arena = c->x->arena};

    for (int i = 0; i < c->n; i++) {
        if (c->arg[i].kind == TV_NONE) {
            c->arg[i] = rs_tv_string("<no value>");
        }
    }
    rs_tvalue_sprint(&to, c->arg, c->n);
    return rs_text_get(&to);
}

static int escape(struct tcall *c, void (*how)(struct text *, const char *), struct tvalue *out)
{
    struct text to = {.arena = c->x->arena};

    how(&to, sprint(c));
    *out = rs_tv_string(rs_text_get(&to));
    return 0;
}

static int call_html(struct tcall *c, struct tvalue *out)
{
    return escape(c, rs_text_html, out);
}

static int call_js(struct tcall *c, struct tvalue *out)
{
    return escape(c, rs_text_js, out);
}

static int call_urlquery(struct tcall *c, struct tvalue *out)
{
    return escape(c, rs_text_url, out);
}

static int call_print(struct tcall *c, struct tvalue *out)
{
    struct text to = {.arena = c->x->arena};

    rs_tvalue_sprint(&to, c->arg, c->n);
    *out = rs_tv_string(rs_text_get(&to));
    return 0;
}

static int call_println(struct tcall *c, struct tvalue *out)
{
    struct text to = {.arena = c->x->arena};

    for (int i = 0; i < c->n; i++) {
        rs_text_add(&to, i > 0 ? " " : "");
        rs_tvalue_print(&to, &c->arg[i]);
    }
    rs_text_add(&to, "\n");
    *out = rs_tv_string(to.at);
    return 0;
}

static int call_printf(struct tcall *c, struct tvalue *out)
{
    struct text to = {.arena = c->x->arena};

    rs_tformat(&to, c->arg[0].s, c->arg + 1, c->n - 1, c->x);
    *out = rs_tv_string(rs_text_get(&to));
    return 0;
}

/* ---- parts ---- */

/* How many items it has; -1 = it has none. */
static int64_t length(const struct tvalue *v)
{
    switch (v->kind) {
    case TV_STRING:
    case TV_HTML: return (int64_t)strlen(v->s);
    case TV_MAP: return v->map->n;
    case TV_ARGS:
    case TV_VECTOR: return v->n;
    case TV_NONE:
    case TV_BOOL:
    case TV_INT:
    case TV_FLOAT:
    case TV_SAMPLE:
    case TV_TIME:
    case TV_DURATION:
    case TV_ROOT: break;
    }
    return -1;
}

static int call_len(struct tcall *c, struct tvalue *out)
{
    int64_t n = length(&c->arg[0]);

    if (c->arg[0].kind == TV_NONE) {
        return rs_tcall_fail(c, "reflect: call of reflect.Value.Type on zero Value");
    }
    if (n < 0) {
        return rs_tcall_fail(c, "len of type %s", rs_tvalue_type(c->x, &c->arg[0]));
    }
    *out = rs_tv_int(n);
    return 0;
}

/* A number between 0 and `most`. */
static int take_index(struct tcall *c, const struct tvalue *v, int64_t most, int64_t *out)
{
    *out = 0;
    if (v->kind == TV_NONE) {
        return rs_tcall_fail(c, "cannot index slice/array with nil");
    }
    if (v->kind != TV_INT) {
        return rs_tcall_fail(c, "cannot index slice/array with type %s", rs_tvalue_type(c->x, v));
    }
    if (v->i < 0 || v->i > most) {
        return rs_tcall_fail(c, "index out of range: %lld", (long long)v->i);
    }
    *out = v->i;
    return 0;
}

static int
index_map(struct tcall *c, const struct tvalue *on, const struct tvalue *key, struct tvalue *out)
{
    const char *value;

    if (key->kind == TV_NONE) {
        return rs_tcall_fail(c, "value is nil; should be of type string");
    }
    if (key->kind != TV_STRING) {
        return rs_tcall_fail(c, "value has type %s; should be string", rs_tvalue_type(c->x, key));
    }
    if (on->kind == TV_MAP) {
        value = rs_tmap_get(on->map, key->s);
        *out = rs_tv_string(value != NULL ? value : "");
        return 0;
    }
    *out = (struct tvalue){.kind = TV_NONE};
    for (int i = 0; i < on->n; i++) {
        if (strcmp(key->s, rs_arena_printf(c->x->arena, "arg%d", i)) == 0) {
            *out = on->arg[i];
        }
    }
    return 0;
}

static int call_index(struct tcall *c, struct tvalue *out)
{
    *out = c->arg[0];
    if (out->kind == TV_NONE) {
        return rs_tcall_fail(c, "index of untyped nil");
    }
    for (int k = 1; k < c->n; k++) {
        struct tvalue on = *out;
        int64_t i, n = length(&on);

        if (on.kind == TV_MAP || on.kind == TV_ARGS) {
            if (index_map(c, &on, &c->arg[k], out) < 0) {
                return -1;
            }
            continue;
        }
        if (n < 0) {
            return on.kind == TV_NONE
                       ? rs_tcall_fail(c, "index of nil pointer")
                       : rs_tcall_fail(c, "can't index item of type %s", rs_tvalue_type(c->x, &on));
        }
        if (take_index(c, &c->arg[k], n - 1, &i) < 0) {
            return -1;
        }
        *out = on.kind == TV_VECTOR ? (struct tvalue){.kind = TV_SAMPLE, .sample = &on.sample[i]}
                                    : rs_tv_int((unsigned char)on.s[i]);
    }
    return 0;
}

static int call_slice(struct tcall *c, struct tvalue *out)
{
    const struct tvalue *on = &c->arg[0];
    int64_t at[2] = {0, length(on)}, n = at[1];

    if (on->kind == TV_NONE) {
        return rs_tcall_fail(c, "slice of untyped nil");
    }
    if (c->n > 4) {
        return rs_tcall_fail(c, "too many slice indexes: %d", c->n - 1);
    }
    if (on->kind != TV_STRING && on->kind != TV_VECTOR) {
        return rs_tcall_fail(c, "can't slice item of type %s", rs_tvalue_type(c->x, on));
    }
    if (c->n == 4) {
        return rs_tcall_fail(c, "cannot 3-index slice a string");
    }
    for (int i = 1; i < c->n; i++) {
        if (take_index(c, &c->arg[i], n, &at[i - 1]) < 0) {
            return -1;
        }
    }
    if (at[0] > at[1]) {
        return rs_tcall_fail(c, "invalid slice index: %lld > %lld", (long long)at[0],
                             (long long)at[1]);
    }
    if (on->kind == TV_STRING) {
        *out = rs_tv_string(rs_arena_strndup(c->x->arena, on->s + at[0], (size_t)(at[1] - at[0])));
    } else {
        *out = (struct tvalue){
            .kind = TV_VECTOR, .n = (int)(at[1] - at[0]), .sample = on->sample + at[0]};
    }
    return 0;
}

static int call_call(struct tcall *c, struct tvalue *out)
{
    struct text words = {.arena = c->x->arena};

    (void)out;
    if (c->arg[0].kind == TV_NONE) {
        return rs_tcall_fail(c, "call of nil");
    }
    if (c->x->t->dialect == RS_PROMQL_2_42) {
        return rs_tcall_fail(c, "non-function of type %s", rs_tvalue_type(c->x, &c->arg[0]));
    }
    rs_tnode_print(&words, c->x->node);
    return rs_tcall_fail(c, "non-function %s of type %s", words.at,
                         rs_tvalue_type(c->x, &c->arg[0]));
}

/* ---- logic ---- */

/* Never called: the evaluator looks at the arguments of these one by one. */
static int call_and(struct tcall *c, struct tvalue *out)
{
    *out = c->arg[0];
    return 0;
}

static int call_not(struct tcall *c, struct tvalue *out)
{
    *out = rs_tv_bool(!rs_tvalue_truth(&c->arg[0]));
    return 0;
}

static bool is_basic(const struct tvalue *v)
{
    return v->kind == TV_BOOL || v->kind == TV_INT || v->kind == TV_FLOAT || v->kind == TV_STRING ||
           v->kind == TV_HTML;
}

/* A safe text compares with plain ones: their kind is the same. */
static enum tvalue_kind kind_of(const struct tvalue *v)
{
    return v->kind == TV_HTML ? TV_STRING : is_basic(v) ? v->kind : TV_NONE;
}

static int refuse_types(struct tcall *c, const struct tvalue *a, const struct tvalue *b)
{
    if (c->x->t->dialect != RS_PROMQL_3) {
        return rs_tcall_fail(c, "incompatible types for comparison");
    }
    return rs_tcall_fail(c, "incompatible types for comparison: %s and %s", rs_tvalue_type(c->x, a),
                         rs_tvalue_type(c->x, b));
}

static int equal(struct tcall *c, const struct tvalue *a, const struct tvalue *b, bool *out)
{
    struct text words = {.arena = c->x->arena};

    *out = false;
    if (kind_of(a) != kind_of(b)) {
        return a->kind != TV_NONE && b->kind != TV_NONE ? refuse_types(c, a, b) : 0;
    }
    switch ((int)kind_of(a)) {
    case TV_BOOL: *out = a->b == b->b; return 0;
    case TV_INT: *out = a->i == b->i; return 0;
    case TV_FLOAT: *out = a->f == b->f; return 0;
    case TV_STRING: *out = strcmp(a->s, b->s) == 0; return 0;
    default: break;
    }
    if (a->kind == TV_NONE || b->kind == TV_NONE) {
        *out = a->kind == b->kind;
        return 0;
    }
    rs_tvalue_print(&words, b);
    return rs_tcall_fail(c, "non-comparable type %.500s: %s", words.at, rs_tvalue_type(c->x, b));
}

static int call_eq(struct tcall *c, struct tvalue *out)
{
    bool same = false;

    if (c->n < 2) {
        return rs_tcall_fail(c, "missing argument for comparison");
    }
    for (int i = 1; i < c->n && !same; i++) {
        if (equal(c, &c->arg[0], &c->arg[i], &same) < 0) {
            return -1;
        }
    }
    *out = rs_tv_bool(same);
    return 0;
}

static int call_ne(struct tcall *c, struct tvalue *out)
{
    bool same;

    if (equal(c, &c->arg[0], &c->arg[1], &same) < 0) {
        return -1;
    }
    *out = rs_tv_bool(!same);
    return 0;
}

static int less(struct tcall *c, const struct tvalue *a, const struct tvalue *b, bool *out)
{
    *out = false;
    if (!is_basic(a) || !is_basic(b) || (a->kind == TV_BOOL && b->kind == TV_BOOL)) {
        return rs_tcall_fail(c, "invalid type for comparison");
    }
    if (kind_of(a) != kind_of(b)) {
        return refuse_types(c, a, b);
    }
    *out = a->kind == TV_INT     ? a->i < b->i
           : a->kind == TV_FLOAT ? a->f < b->f
                                 : strcmp(a->s, b->s) < 0;
    return 0;
}

static int call_lt(struct tcall *c, struct tvalue *out)
{
    bool is_less;

    if (less(c, &c->arg[0], &c->arg[1], &is_less) < 0) {
        return -1;
    }
    *out = rs_tv_bool(is_less);
    return 0;
}

/* "<= is < or =="; so NaN <= NaN is false. */
static int call_le(struct tcall *c, struct tvalue *out)
{
    bool same;

    if (call_lt(c, out) < 0) {
        return -1;
    }
    if (!out->b) {
        (void)equal(c, &c->arg[0], &c->arg[1], &same);
        out->b = same;
    }
    return 0;
}

/* "> is the inverse of <=", so it is true of NaN. */
static int call_gt(struct tcall *c, struct tvalue *out)
{
    if (call_le(c, out) < 0) {
        return -1;
    }
    out->b = !out->b;
    return 0;
}

static int call_ge(struct tcall *c, struct tvalue *out)
{
    if (call_lt(c, out) < 0) {
        return -1;
    }
    out->b = !out->b;
    return 0;
}

const struct tfunction rs_tfunctions_go[] = {
    {"and", call_and, "vv*"},
    {"or", call_and, "vv*"},
    {"not", call_not, "v"},
    {"call", call_call, "vv*"},
    {"html", call_html, "a*"},
    {"js", call_js, "a*"},
    {"urlquery", call_urlquery, "a*"},
    {"print", call_print, "a*"},
    {"println", call_println, "a*"},
    {"printf", call_printf, "sa*"},
    {"len", call_len, "v"},
    {"index", call_index, "vv*"},
    {"slice", call_slice, "vv*"},
    {"eq", call_eq, "vv*"},
    {"ne", call_ne, "vv"},
    {"lt", call_lt, "vv"},
    {"le", call_le, "vv"},
    {"gt", call_gt, "vv"},
    {"ge", call_ge, "vv"},
    {NULL, NULL, NULL},
};
