/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "series_notation.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sim/arena.h"

struct values {
    struct notation_value *at;
    size_t n, cap;
};

/* One item: what to repeat, and how. */
struct item {
    enum notation_kind kind;
    double v, step;
    bool repeated;
    uint64_t n; /* behind the x */
};

static int push(struct values *out, struct notation_value value)
{
    if (out->n == RS_NOTATION_MAX) {
        return -1;
    }
    if (out->n == out->cap) {
        out->cap = out->cap ? 2 * out->cap : 64;
        out->at = rs_xrealloc(out->at, sizeof(*out->at) * out->cap);
    }
    out->at[out->n++] = value;
    return 0;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Digits; from 3 on with single underscores between them. */
static size_t take_digits(const char *p, enum promql_dialect dialect)
{
    size_t n = strspn(p, "0123456789");
    while (dialect == RS_PROMQL_3 && n > 0 && p[n] == '_' && isdigit((unsigned char)p[n + 1])) {
        n += 1 + strspn(p + n + 1, "0123456789");
    }
    return n;
}

/* Like Go's ParseInt with base 0, so that 010 is 8, else like its ParseFloat, to which 1e400 is none. */
static int read_number(const char *text, double *out)
{
    if (text[0] == '0' && strspn(text, "01234567") == strlen(text) && strlen(text) <= 21) {
        *out = (double)strtoull(text, NULL, 8);
        return 0;
    }
    return rs_series_value(out, text) == 0 && isfinite(*out) ? 0 : -1;
}

/* A number without its sign, or a word Inf or NaN; "0x10" is a 0, then x10. Returns the bytes taken, 0 = none. */
static size_t take_number(const char *p, enum promql_dialect dialect, double *out)
{
    char text[64];
    size_t n = 0, n_text = 0;
    if (strncasecmp(p, "inf", 3) == 0 || strncasecmp(p, "nan", 3) == 0) {
        *out = tolower((unsigned char)*p) == 'i' ? (double)INFINITY : (double)NAN;
        return is_word(p[3]) ? 0 : 3;
    }
    n = take_digits(p, dialect);
    if (p[n] == '.') {
        n += 1 + take_digits(p + n + 1, dialect);
        if (n == 1) {
            return 0;
        }
    }
    if (n > 0 && (p[n] == 'e' || p[n] == 'E')) {
        size_t sign = p[n + 1] == '+' || p[n + 1] == '-';
        size_t digits = take_digits(p + n + 1 + sign, dialect);
        n += digits > 0 ? 1 + sign + digits : 0;
    }
    if (n == 0 || n >= sizeof(text)) {
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        if (p[i] != '_') {
            text[n_text++] = p[i];
        }
    }
    text[n_text] = '\0';
    return read_number(text, out) == 0 ? n : 0;
}

static size_t take_signed(const char *p, enum promql_dialect dialect, double *out)
{
    size_t sign = *p == '+' || *p == '-';
    size_t n = take_number(p + sign, dialect, out);
    if (n == 0) {
        return 0;
    }
    if (*p == '-') {
        *out = -*out;
    }
    return sign + n;
}

/* xN. Returns the bytes taken, 0 = none. */
static size_t take_times(const char *p, struct item *item)
{
    size_t n = *p == 'x' ? strspn(p + 1, "0123456789") : 0;
    if (n == 0 || n > 12) {
        return 0;
    }
    item->repeated = true;
    item->n = strtoull(p + 1, NULL, 10);
    return n + 1;
}

/* Reads one item. Returns the bytes taken, 0 when it is none. */
static size_t take_item(const char *p, enum promql_dialect dialect, struct item *item)
{
    size_t n = 0;
    *item = (struct item){.kind = RS_NOTATION_NUMBER};
    if (strncmp(p, "stale", 5) == 0) {
        item->kind = RS_NOTATION_STALE;
        return 5;
    }
    if (*p == '_') {
        item->kind = RS_NOTATION_GAP;
        return 1 + take_times(p + 1, item);
    }
    n = take_signed(p, dialect, &item->v);
    if (n == 0) {
        return 0;
    }
    if (p[n] == '+' || p[n] == '-') {
        size_t step = take_signed(p + n, dialect, &item->step);
        n += step;
        size_t times = step ? take_times(p + n, item) : 0;
        return times ? n + times : 0; /* a step without a number of times says nothing */
    }
    return n + take_times(p + n, item);
}

static int expand(struct values *out, const struct item *item)
{
    uint64_t n = item->kind == RS_NOTATION_GAP ? (item->repeated ? item->n : 1)
                                               : (item->repeated ? item->n + 1 : 1);
    double v = item->v;
    for (uint64_t i = 0; i < n; i++) {
        if (push(out, (struct notation_value){item->kind, v}) != 0) {
            return -1;
        }
        v += item->step; /* by repeated addition, as Prometheus does */
    }
    return 0;
}

static int fault_at(struct series_fault *fault, int col, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static int fault_at(struct series_fault *fault, int col, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(fault->text, sizeof(fault->text), fmt, args);
    va_end(args);
    fault->col = col;
    return -1;
}

int rs_notation_values(const char *text,
                       enum promql_dialect dialect,
                       struct notation_value **out,
                       size_t *out_n,
                       struct series_fault *fault,
                       int *out_line)
{
    struct values values = {0};
    const char *line = text;
    int status = 0;
    *out_line = 0;
    for (const char *p = text; status == 0;) {
        struct item item;
        while (isspace((unsigned char)*p)) {
            if (*p++ == '\n') {
                (*out_line)++;
                line = p;
            }
        }
        if (*p == '\0') {
            break;
        }
        if (strncmp(p, "{{", 2) == 0) {
            status = push(&values, (struct notation_value){RS_NOTATION_NATIVE, 0.0});
            fault->col = (int)(p - line) + 1;
            break;
        }
        size_t n = take_item(p, dialect, &item);
        if (n == 0 || (p[n] != '\0' && !isspace((unsigned char)p[n]))) {
            status = fault_at(fault, (int)(p - line) + 1,
                              "values are numbers, \"_\", \"stale\", or like 0+10x5, got \"%.*s\"",
                              (int)strcspn(p, " \t\r\n") < 60 ? (int)strcspn(p, " \t\r\n") : 60, p);
        } else if (expand(&values, &item) != 0) {
            status = fault_at(fault, (int)(p - line) + 1, "more than %d values", RS_NOTATION_MAX);
        }
        p += n;
    }
    if (status != 0) {
        free(values.at);
        values = (struct values){0};
    }
    *out = values.at;
    *out_n = values.n;
    return status;
}
