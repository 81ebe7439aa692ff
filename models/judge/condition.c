/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Conditions: text to tree. Precedence climbing (Richards and Whitby-Strevens, BCPL, 1979) over expr-lang's table: or 10, and 15,
 * comparisons 20, + - 30, * / % 60, ** ^ 100 and to the right; not and ! bind as 50, a sign as 90.
 */
#include "condition.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 60, NODES_MAX = 500 };
enum { BIND_NOT = 50, BIND_SIGN = 90 };

struct parser {
    struct arena *arena;
    const char *text, *p;
    struct mark at;
    struct err *err;
    int n_node, depth;
    int predicates; /* how many surround this place */
    bool failed;
};

/* ---- places and words -------------------------------------------------------------------------- */

static struct mark place(const struct parser *q, const char *p)
{
    struct mark at = q->at;
    const char *line = q->text;
    for (const char *c = q->text; c < p; c++) {
        if (*c == '\n') {
            at.line++;
            line = c + 1;
        }
    }
    int col = (int)(p - line);
    at.col = line == q->text ? at.col + col : 1 + col;
    return at;
}

static const struct condition_node *fail(struct parser *q, const char *p, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static const struct condition_node *fail(struct parser *q, const char *p, const char *fmt, ...)
{
    char words[200];
    va_list args;
    va_start(args, fmt);
    vsnprintf(words, sizeof words, fmt, args);
    va_end(args);
    if (!q->failed)
        rs_err_at(q->err, RS_E_SYNTAX, place(q, p), "%s", words);
    q->failed = true;
    return NULL;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void blanks(struct parser *q)
{
    q->p += strspn(q->p, " \t\r\n");
}

/* Length of the name that begins at p; 0 = none. */
static size_t name_length(const char *p)
{
    size_t n = 0;
    while (is_letter(p[n]) || (n > 0 && is_digit(p[n])))
        n++;
    return n;
}

static bool is_word(const char *p, size_t n, const char *word)
{
    return strlen(word) == n && memcmp(p, word, n) == 0;
}

static bool take(struct parser *q, char c)
{
    blanks(q);
    if (*q->p != c)
        return false;
    q->p++;
    return true;
}

static const struct condition_node *node(struct parser *q, struct condition_node n)
{
    if (++q->n_node > NODES_MAX)
        return fail(q, q->p, "the condition has more than %d parts", NODES_MAX);
    struct condition_node *out = RS_ARENA_ARRAY(q->arena, struct condition_node, 1);
    *out = n;
    return out;
}

static const struct condition_node *expression(struct parser *q, int bind);

/* ---- operators --------------------------------------------------------------------------------- */

struct operator_row {
    const char *text;
    int bind;
    enum condition_op op;
    bool right; /* groups to the right */
};

/* Longer ones first. */
static const struct operator_row operators[] = {
    {"||", 10, RS_COND_OR, false},   {"or", 10, RS_COND_OR, false}, {"&&", 15, RS_COND_AND, false},
    {"and", 15, RS_COND_AND, false}, {"==", 20, RS_COND_EQ, false}, {"!=", 20, RS_COND_NE, false},
    {"<=", 20, RS_COND_LE, false},   {">=", 20, RS_COND_GE, false}, {"<", 20, RS_COND_LT, false},
    {">", 20, RS_COND_GT, false},    {"+", 30, RS_COND_ADD, false}, {"-", 30, RS_COND_SUB, false},
    {"**", 100, RS_COND_POW, true},  {"*", 60, RS_COND_MUL, false}, {"/", 60, RS_COND_DIV, false},
    {"%", 60, RS_COND_MOD, false},   {"^", 100, RS_COND_POW, true},
};

static const struct operator_row *operator_at(const char *p)
{
    size_t n_name = name_length(p);
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        const char *text = operators[i].text;
        bool here =
            is_letter(text[0]) ? is_word(p, n_name, text) : strncmp(p, text, strlen(text)) == 0;
        if (here)
            return &operators[i];
    }
    return NULL;
}

/* ---- leaves and functions ---------------------------------------------------------------------- */

static const struct condition_node *number(struct parser *q)
{
    char digits[64];
    size_t n = 0;
    bool whole = true;
    const char *begin = q->p, *p = q->p;
    for (; is_digit(*p) || *p == '.' || *p == '_' || *p == 'e' || *p == 'E' ||
           ((*p == '+' || *p == '-') && p > begin && (p[-1] == 'e' || p[-1] == 'E'));
         p++) {
        whole = whole && (is_digit(*p) || *p == '_');
        if (*p != '_' && n + 1 < sizeof digits)
            digits[n++] = *p;
    }
    digits[n] = '\0';
    char *end;
    double v = strtod(digits, &end);
    if (n + 1 == sizeof digits || *end || is_letter(*p) || !isfinite(v))
        return fail(q, begin, "a decimal number is expected");
    q->p = p;
    return node(q, (struct condition_node){.op = whole ? RS_COND_INT : RS_COND_FLOAT, .number = v});
}

static const struct condition_node *predicate(struct parser *q)
{
    bool braces = take(q, '{');
    q->predicates++;
    const struct condition_node *body = expression(q, 0);
    q->predicates--;
    if (body && braces && !take(q, '}'))
        return fail(q, q->p, "\"}\" is missing");
    return body;
}

enum call_shape { CALL_PREDICATE, CALL_ONE, CALL_ONE_OR_TWO, CALL_TWO };

static const struct {
    const char *name;
    enum condition_op op;
    enum call_shape shape;
} functions[] = {
    {"all", RS_COND_ALL, CALL_PREDICATE},     {"any", RS_COND_ANY, CALL_PREDICATE},
    {"none", RS_COND_NONE, CALL_PREDICATE},   {"one", RS_COND_ONE, CALL_PREDICATE},
    {"count", RS_COND_COUNT, CALL_PREDICATE}, {"len", RS_COND_LEN, CALL_ONE},
    {"sum", RS_COND_SUM, CALL_ONE},           {"mean", RS_COND_MEAN, CALL_ONE},
    {"min", RS_COND_MIN, CALL_ONE_OR_TWO},    {"max", RS_COND_MAX, CALL_ONE_OR_TWO},
    {"abs", RS_COND_ABS, CALL_ONE},           {"asInt", RS_COND_AS_INT, CALL_ONE},
    {"asFloat", RS_COND_AS_FLOAT, CALL_ONE},  {"isNaN", RS_COND_IS_NAN, CALL_ONE},
    {"isInf", RS_COND_IS_INF, CALL_ONE},      {"isNil", RS_COND_IS_NIL, CALL_ONE},
    {"default", RS_COND_DEFAULT, CALL_TWO},
};

static const struct condition_node *
call(struct parser *q, const char *begin, size_t n_name, size_t i)
{
    enum call_shape shape = functions[i].shape;
    struct condition_node made = {.op = functions[i].op};
    if (!take(q, '('))
        return fail(q, q->p, "\"%.*s\" needs its arguments in parentheses", (int)n_name, begin);
    made.a = expression(q, 0);
    bool comma = made.a && take(q, ',');
    if (comma)
        made.b = shape == CALL_PREDICATE ? predicate(q) : expression(q, 0);
    if (q->failed)
        return NULL;
    if (!take(q, ')'))
        return fail(q, q->p, "\")\" is missing after the arguments of %.*s", (int)n_name, begin);
    bool two = shape == CALL_PREDICATE || shape == CALL_TWO;
    if (comma ? shape == CALL_ONE : two)
        return fail(q, begin, "%.*s takes %s", (int)n_name, begin,
                    shape == CALL_PREDICATE ? "a list and a condition"
                    : two                   ? "two arguments"
                                            : "one argument");
    return node(q, made);
}

static const struct condition_node *word(struct parser *q)
{
    const char *begin = q->p;
    size_t n = name_length(begin);
    q->p += n;
    if (is_word(begin, n, "result"))
        return node(q, (struct condition_node){.op = RS_COND_RESULT});
    if (is_word(begin, n, "true") || is_word(begin, n, "false"))
        return node(q, (struct condition_node){.op = RS_COND_BOOL, .number = begin[0] == 't'});
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        if (is_word(begin, n, functions[i].name))
            return call(q, begin, n, i);
    }
    return fail(q, begin,
                "\"%.*s\" is not read in a condition; numbers, result and a few functions are",
                (int)(n < 40 ? n : 40), begin);
}

static const struct condition_node *leaf(struct parser *q)
{
    blanks(q);
    const char *begin = q->p;
    if (is_digit(*begin) || (*begin == '.' && is_digit(begin[1])))
        return number(q);
    if (is_letter(*begin))
        return word(q);
    if (*begin == '#') {
        q->p++;
        if (q->predicates == 0)
            return fail(q, begin,
                        "\"#\" stands only in the condition of all, any, none, one, count");
        return node(q, (struct condition_node){.op = RS_COND_ITEM});
    }
    if (take(q, '(')) {
        const struct condition_node *inner = expression(q, 0);
        if (inner && !take(q, ')'))
            return fail(q, q->p, "\")\" is missing");
        return inner;
    }
    if (*begin == '\0')
        return fail(q, begin, "the condition breaks off");
    if (*begin == '"' || *begin == '\'' || *begin == '`')
        return fail(q, begin, "texts are not read in a condition, only numbers");
    return fail(q, begin, "a number, result or a function is expected, got \"%c\"",
                *begin >= ' ' && *begin < 127 ? *begin : '?');
}

static const struct condition_node *indexed(struct parser *q)
{
    const struct condition_node *a = leaf(q);
    while (a && take(q, '[')) {
        const struct condition_node *b = expression(q, 0);
        if (b && !take(q, ']'))
            return fail(q, q->p, "\"]\" is missing; slices are not read");
        a = b ? node(q, (struct condition_node){.op = RS_COND_INDEX, .a = a, .b = b}) : NULL;
    }
    return a;
}

static const struct condition_node *unary(struct parser *q)
{
    blanks(q);
    size_t n = name_length(q->p);
    bool is_not = is_word(q->p, n, "not");
    char c = *q->p;
    if (!is_not && (c != '-' && c != '+' && (c != '!' || q->p[1] == '=')))
        return indexed(q);
    q->p += is_not ? 3 : 1;
    enum condition_op op = c == '-' ? RS_COND_MINUS : c == '+' ? RS_COND_PLUS : RS_COND_NOT;
    const struct condition_node *a = expression(q, op == RS_COND_NOT ? BIND_NOT : BIND_SIGN);
    return a ? node(q, (struct condition_node){.op = op, .a = a}) : NULL;
}

/* Operators that bind at least so tightly. */
static const struct condition_node *expression(struct parser *q, int bind)
{
    if (++q->depth > DEPTH_MAX)
        return fail(q, q->p, "the condition is nested more than %d deep", DEPTH_MAX);
    const struct condition_node *a = unary(q);
    while (a) {
        blanks(q);
        const struct operator_row *row = operator_at(q->p);
        if (!row || row->bind < bind)
            break;
        q->p += strlen(row->text);
        const struct condition_node *b = expression(q, row->right ? row->bind : row->bind + 1);
        a = b ? node(q, (struct condition_node){.op = row->op, .a = a, .b = b}) : NULL;
    }
    q->depth--;
    return a;
}

const struct judge_condition *
rs_judge_condition_parse(struct arena *arena, const char *text, struct mark at, struct err *err)
{
    struct parser q = {.arena = arena, .text = text, .p = text, .at = at, .err = err};
    const struct condition_node *root = expression(&q, 0);
    blanks(&q);
    if (root && *q.p) {
        size_t n = name_length(q.p);
        (void)fail(&q, q.p, "\"%.*s\" is not read in a condition", (int)(n ? (n < 40 ? n : 40) : 1),
                   q.p);
    }
    if (!root || q.failed)
        return NULL;
    struct judge_condition *out = RS_ARENA_ARRAY(arena, struct judge_condition, 1);
    out->root = root;
    return out;
}
