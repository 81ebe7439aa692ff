/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The tree as text again. Parentheses are kept as written, so printing what was parsed from a
 * print changes nothing.
 */
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../regex/regex_syntax.h"
#include "promql_ast.h"
#include "sim/arena.h"

struct printer {
    enum promql_dialect dialect;
    char *text;
    size_t n, cap;
};

static void put_n(struct printer *p, const char *text, size_t n)
{
    if (p->n + n + 1 > p->cap) {
        p->cap = 2 * p->cap + n + 64;
        p->text = rs_xrealloc(p->text, p->cap);
    }
    memcpy(p->text + p->n, text, n);
    p->n += n;
    p->text[p->n] = '\0';
}

static void put(struct printer *p, const char *text)
{
    put_n(p, text, strlen(text));
}

/* As Go quotes: names for the usual control characters, hexadecimal for the others and for what is no UTF-8. */
static void put_quoted(struct printer *p, const char *text)
{
    static const char from[] = "\"\\\a\b\f\n\r\t\v", to[] = "\"\\abfnrtv";

    put(p, "\"");
    while (*text != '\0') {
        const char *hit = strchr(from, *text);
        size_t n = rs_syntax_rune_length(text);
        char escape[8];

        if (hit != NULL) {
            (void)snprintf(escape, sizeof escape, "\\%c", to[hit - from]);
            put(p, escape);
            n = 1;
        } else if (n == 0 || (unsigned char)*text < 0x20 || *text == 0x7f) {
            (void)snprintf(escape, sizeof escape, "\\x%02x", (unsigned)(unsigned char)*text);
            put(p, escape);
            n = 1;
        } else {
            put_n(p, text, n);
        }
        text += n;
    }
    put(p, "\"");
}

void rs_number_text(char text[RS_NUMBER_TEXT], double v, bool plain)
{
    int digits = 0, exponent;

    if (!isfinite(v)) {
        (void)snprintf(text, RS_NUMBER_TEXT, "%s", isnan(v) ? "NaN" : v < 0.0 ? "-Inf" : "+Inf");
        return;
    }
    if (v == rint(v) && fabs(v) < (plain ? 1e15 : 1e6)) {
        (void)snprintf(text, RS_NUMBER_TEXT, "%.0f", v);
        return;
    }
    do {
        (void)snprintf(text, RS_NUMBER_TEXT, "%.*e", digits, v);
    } while (strtod(text, NULL) != v && ++digits < 17);
    exponent = (int)strtol(strchr(text, 'e') + 1, NULL, 10);
    if (!plain && (exponent < -4 || exponent >= 6)) {
        return;
    }
    if (exponent >
        digits) { /* the digits, then zeros: printf would go on with the exact binary value */
        char mantissa[32];
        int n = 0, minus = text[0] == '-';

        for (const char *p = text + minus; *p != 'e'; p++) {
            if (*p != '.') {
                mantissa[n++] = *p;
            }
        }
        (void)snprintf(text, RS_NUMBER_TEXT, "%s%.*s%0*d", minus ? "-" : "", n, mantissa,
                       exponent - digits, 0);
        return;
    }
    (void)snprintf(text, RS_NUMBER_TEXT, "%.*f", digits - exponent, v);
}

static void put_duration(struct printer *p, int64_t ms)
{
    static const struct {
        int64_t ms;
        const char *unit;
    } units[] = {{INT64_C(31536000000), "y"},
                 {604800000, "w"},
                 {86400000, "d"},
                 {3600000, "h"},
                 {60000, "m"},
                 {1000, "s"},
                 {1, "ms"}};
    char buf[32];

    if (ms == 0) {
        put(p, "0s");
    }
    if (ms < 0) {
        put(p, "-");
        ms = -ms;
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        /* Years and weeks only if nothing is left over, as Prometheus prints them. */
        if (ms >= units[i].ms && (i > 1 || ms % units[i].ms == 0)) {
            (void)snprintf(buf, sizeof buf, "%" PRId64 "%s", ms / units[i].ms, units[i].unit);
            put(p, buf);
            ms %= units[i].ms;
        }
    }
}

static void put_names(struct printer *p, struct name_list list)
{
    put(p, "(");
    for (int i = 0; i < list.n; i++) {
        put(p, i > 0 ? ", " : "");
        if (rs_legal_label(list.name[i])) {
            put(p, list.name[i]);
        } else {
            put_quoted(p, list.name[i]);
        }
    }
    put(p, ")");
}

static void put_modifiers(struct printer *p, const struct modifiers *mod)
{
    char buf[40];
    int64_t at_ms;

    switch (mod->at) {
    case RS_AT_NONE: break;
    case RS_AT_TIME:
        /* Whole and thousandth parts apart: no rounding. */
        at_ms = mod->at_ms < 0 ? -mod->at_ms : mod->at_ms;
        (void)snprintf(buf, sizeof buf, " @ %s%" PRId64, at_ms != mod->at_ms ? "-" : "",
                       at_ms / 1000);
        put(p, buf);
        (void)snprintf(buf, sizeof buf, ".%03" PRId64, at_ms % 1000);
        put(p, buf);
        break;
    case RS_AT_START: put(p, " @ start()"); break;
    case RS_AT_END: put(p, " @ end()"); break;
    }
    if (mod->offset_ms != 0) {
        put(p, " offset ");
        put_duration(p, mod->offset_ms);
    }
}

/* From 3 on numbers print without exponents, and durations as such. */
static void put_number(struct printer *p, const struct node *n)
{
    char text[RS_NUMBER_TEXT];

    if (n->has_unit && fabs(n->u.number) < 9.2e15) {
        put_duration(p, (int64_t)rint(n->u.number * 1000.0));
        return;
    }
    rs_number_text(text, n->u.number, p->dialect == RS_PROMQL_3);
    put(p, text);
}

static void put_node(struct printer *p, const struct node *n);

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* One matcher as text, heap. */
static char *matcher_text(const struct pql_matcher *m)
{
    static const char *const ops[] = {
        [RS_MATCH_EQ] = "=", [RS_MATCH_NE] = "!=", [RS_MATCH_RE] = "=~", [RS_MATCH_NRE] = "!~"};
    struct printer p = {0};

    if (rs_legal_label(m->name)) {
        put(&p, m->name);
    } else {
        put_quoted(&p, m->name);
    }
    put(&p, ops[m->op]);
    put_quoted(&p, m->value);
    return p.text;
}

/* In the order of their texts, as Prometheus has it. */
static void put_matchers(struct printer *p, const struct node *n)
{
    int k = n->u.sel.n_matcher;
    char **text = rs_xcalloc((size_t)k, sizeof *text);

    for (int i = 0; i < k; i++) {
        text[i] = matcher_text(&n->u.sel.matcher[i]);
    }
    qsort(text, (size_t)k, sizeof *text, compare_texts);
    for (int i = 0; i < k; i++) {
        put(p, i > 0 ? "," : "{");
        put(p, text[i]);
        free(text[i]);
    }
    put(p, "}");
    free(text);
}

static void put_selector(struct printer *p, const struct node *n)
{
    put(p, n->u.sel.name != NULL ? n->u.sel.name : "");
    if (n->u.sel.n_matcher > 0) {
        put_matchers(p, n);
    }
    if (n->u.sel.range_ms > 0) {
        put(p, "[");
        put_duration(p, n->u.sel.range_ms);
        put(p, "]");
    }
    put_modifiers(p, &n->u.sel.mod);
}

static void put_subquery(struct printer *p, const struct node *n)
{
    put_node(p, n->u.sub.expr);
    put(p, "[");
    put_duration(p, n->u.sub.range_ms);
    put(p, ":");
    if (n->u.sub.step_ms > 0) {
        put_duration(p, n->u.sub.step_ms);
    }
    put(p, "]");
    put_modifiers(p, &n->u.sub.mod);
}

static void put_aggr(struct printer *p, const struct node *n)
{
    put(p, rs_aggr_table[n->u.aggr.op].name);
    if (n->u.aggr.grouped && (n->u.aggr.without || n->u.aggr.label.n > 0)) {
        put(p, n->u.aggr.without ? " without " : " by ");
        put_names(p, n->u.aggr.label);
        put(p, " ");
    }
    put(p, "(");
    if (n->u.aggr.param != NULL) {
        put_node(p, n->u.aggr.param);
        put(p, ", ");
    }
    put_node(p, n->u.aggr.expr);
    put(p, ")");
}

static void put_binary(struct printer *p, const struct node *n)
{
    const struct matching *m = &n->u.bin.match;
    const struct node *lhs = n->u.bin.lhs;
    bool grouped = m->card == RS_MANY_TO_ONE || m->card == RS_ONE_TO_MANY;

    if (n->u.bin.op == RS_OP_POW && lhs->kind == RS_NODE_NUMBER && isinf(lhs->u.number)) {
        put(p, "Inf"); /* the sign of +Inf would bind weaker and grow with each print */
    } else {
        put_node(p, lhs);
    }
    put(p, " ");
    put(p, rs_op_table[n->u.bin.op].text);
    put(p, n->u.bin.returns_bool ? " bool" : "");
    if (m->on || m->label.n > 0 || grouped) { /* ignoring () alone says nothing */
        put(p, m->on ? " on " : " ignoring ");
        put_names(p, m->label);
        if (grouped) {
            put(p, m->card == RS_MANY_TO_ONE ? " group_left " : " group_right ");
            put_names(p, m->include);
        }
    }
    put(p, " ");
    put_node(p, n->u.bin.rhs);
}

static void put_call(struct printer *p, const struct node *n)
{
    put(p, n->u.call.fn->name);
    put(p, "(");
    for (int i = 0; i < n->u.call.n_arg; i++) {
        put(p, i > 0 ? ", " : "");
        put_node(p, n->u.call.arg[i]);
    }
    put(p, ")");
}

static void put_node(struct printer *p, const struct node *n)
{
    switch (n->kind) {
    case RS_NODE_NUMBER: put_number(p, n); break;
    case RS_NODE_STRING: put_quoted(p, n->u.string); break;
    case RS_NODE_SELECTOR: put_selector(p, n); break;
    case RS_NODE_SUBQUERY: put_subquery(p, n); break;
    case RS_NODE_CALL: put_call(p, n); break;
    case RS_NODE_AGGR: put_aggr(p, n); break;
    case RS_NODE_BINARY: put_binary(p, n); break;
    case RS_NODE_UNARY:
        put(p, n->u.unary.minus ? "-" : "+");
        put_node(p, n->u.unary.expr);
        break;
    case RS_NODE_PAREN:
        put(p, "(");
        put_node(p, n->u.paren);
        put(p, ")");
        break;
    }
}

static const char *
print_node(struct arena *arena, enum promql_dialect dialect, const struct node *n)
{
    struct printer p = {.dialect = dialect};
    char *text;

    put_node(&p, n);
    text = rs_arena_strndup(arena, p.text, p.n);
    free(p.text);
    return text;
}

const char *rs_promql_print(struct arena *arena, const struct promql *q)
{
    return print_node(arena, q->dialect, q->root);
}

struct threshold_walk {
    struct arena *arena;
    enum promql_dialect dialect;
    struct promql_threshold *out;
    int n, cap;
};

static void find_thresholds(struct threshold_walk *w, const struct node *n)
{
    const struct node *side;

    n = rs_node_bare(n);
    if (n->kind != RS_NODE_BINARY || w->n == w->cap) {
        return;
    }
    if (rs_op_table[n->u.bin.op].class == RS_OPS_SET) {
        find_thresholds(w, n->u.bin.lhs);
        if (n->u.bin.op != RS_OP_UNLESS) {
            find_thresholds(w, n->u.bin.rhs);
        }
        return;
    }
    side = rs_node_bare(n->u.bin.rhs);
    if (side->kind != RS_NODE_NUMBER) {
        side = rs_node_bare(n->u.bin.lhs);
    }
    if (side->kind == RS_NODE_NUMBER && rs_op_table[n->u.bin.op].class == RS_OPS_COMPARE) {
        w->out[w->n++] =
            (struct promql_threshold){side->u.number, print_node(w->arena, w->dialect, n)};
    }
}

int rs_promql_thresholds(struct arena *arena,
                         const struct promql *q,
                         struct promql_threshold *out,
                         int cap)
{
    struct threshold_walk w = {.arena = arena, .dialect = q->dialect, .out = out, .cap = cap};

    find_thresholds(&w, q->root);
    return w.n;
}
