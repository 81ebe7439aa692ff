/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "series_text.h"

#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../text/value.h"
#include "sim/clock.h"

enum { LABELS_MAX = 256 };
/* Beyond this many milliseconds nobody records, either way: nanoseconds end four years later. */
#define TIME_MS_MAX INT64_C(9100000000000)
/* Longer numbers are no milliseconds either. */
#define SECONDS_MAX 1e15

/* First bytes of characters and what may follow: neither longer than need be, nor a surrogate, nor past the last one. */
static const struct {
    unsigned char first, last; /* of the first byte */
    unsigned char low, high;   /* of the second one */
    int n_more;
} utf8[] = {
    {0x01, 0x7f, 0, 0, 0},       {0xc2, 0xdf, 0x80, 0xbf, 1}, {0xe0, 0xe0, 0xa0, 0xbf, 2},
    {0xe1, 0xec, 0x80, 0xbf, 2}, {0xed, 0xed, 0x80, 0x9f, 2}, {0xee, 0xef, 0x80, 0xbf, 2},
    {0xf0, 0xf0, 0x90, 0xbf, 3}, {0xf1, 0xf3, 0x80, 0xbf, 3}, {0xf4, 0xf4, 0x80, 0x8f, 3},
};

/* Bytes of the character at p, 0 if it is none. */
static int utf8_length(const unsigned char *p)
{
    size_t i = 0;
    while (i < sizeof(utf8) / sizeof(utf8[0]) && (*p < utf8[i].first || *p > utf8[i].last)) {
        i++;
    }
    if (i == sizeof(utf8) / sizeof(utf8[0])) {
        return 0;
    }
    for (int k = 1; k <= utf8[i].n_more; k++) {
        unsigned char low = k == 1 ? utf8[i].low : 0x80, high = k == 1 ? utf8[i].high : 0xbf;
        if (p[k] < low || p[k] > high) {
            return 0;
        }
    }
    return 1 + utf8[i].n_more;
}

size_t rs_utf8_prefix(const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    int n = 1;
    while (*p && n > 0) {
        n = utf8_length(p);
        p += n;
    }
    return (size_t)((const char *)p - text);
}

bool rs_is_utf8(const char *text)
{
    return text[rs_utf8_prefix(text)] == '\0';
}

const char *rs_series_end(const char *text, enum series_quoting quoting)
{
    int depth = 0;
    char quote = 0;
    for (const char *p = text;; p++) {
        if (*p == '\0') {
            return p;
        }
        if (quote) {
            if (*p == '\\' && quote != '`' && p[1] != '\0') {
                p++;
            } else if (*p == quote) {
                quote = 0;
            }
        } else if (*p == '"' || (quoting == RS_QUOTING_PROMQL && (*p == '\'' || *p == '`'))) {
            quote = *p;
        } else if (*p == '{' || *p == '}') {
            depth += *p == '{' ? 1 : -1;
        } else if ((*p == ' ' || *p == '\t' || *p == '\n') && depth <= 0) {
            return p;
        }
    }
}

/* ---- labels ---- */

struct cursor {
    char *text, *p;
    enum series_quoting quoting;
    struct series_fault *fault;
};

static int fault_at(struct cursor *c, const char *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static int fault_at(struct cursor *c, const char *at, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(c->fault->text, sizeof(c->fault->text), fmt, args);
    va_end(args);
    c->fault->col = 1;
    for (const char *p = c->text; p < at; p++) {
        c->fault->col += (*p & 0xc0) != 0x80;
    }
    return -1;
}

static char *put_utf8(char *to, unsigned long code)
{
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xc0 | code >> 6);
    } else if (code < 0x10000) {
        *to++ = (char)(0xe0 | code >> 12);
    } else {
        *to++ = (char)(0xf0 | code >> 18);
        *to++ = (char)(0x80 | (code >> 12 & 0x3f));
    }
    if (code >= 0x800) {
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
    }
    if (code >= 0x80) {
        *to++ = (char)(0x80 | (code & 0x3f));
    }
    return to;
}

/* The digits of \ooo, \xHH, \uHHHH, \UHHHHHHHH at c->p: -1 with a fault, or 0 with the bytes put down. */
static int take_code(struct cursor *c, char **to)
{
    static const struct {
        char letter;
        int n, base;
    } codes[] = {{'x', 2, 16}, {'u', 4, 16}, {'U', 8, 16}, {0, 3, 8}};
    int i = 0;
    char digits[9] = {0};
    while (codes[i].letter && codes[i].letter != *c->p) {
        i++;
    }
    char *from = c->p + (codes[i].letter != 0);
    for (int k = 0; k < codes[i].n; k++) {
        if (codes[i].base == 16 ? !isxdigit((unsigned char)from[k])
                                : !(from[k] >= '0' && from[k] <= '7')) {
            return fault_at(c, c->p - 1, "no such escape in a text");
        }
        digits[k] = from[k];
    }
    unsigned long code = strtoul(digits, NULL, codes[i].base);
    bool is_byte = codes[i].n < 4;
    if (code == 0 || code > (is_byte ? 0xff : 0x10ffff) || (code >= 0xd800 && code < 0xe000)) {
        return fault_at(c, c->p - 1, "no such character in a text");
    }
    c->p = from + codes[i].n;
    if (is_byte) {
        *(*to)++ = (char)code;
    } else {
        *to = put_utf8(*to, code);
    }
    return 0;
}

/* Behind a backslash. */
static int take_escape(struct cursor *c, char **to)
{
    static const char letters[] = "abfnrtv\\\"'", meant[] = "\a\b\f\n\r\t\v\\\"'";
    if (c->quoting == RS_QUOTING_EXPOSITION) {
        /* Prometheus leaves a backslash before anything else as it is. */
        if (*c->p == '\\' || *c->p == '"' || *c->p == 'n') {
            *(*to)++ = *c->p == 'n' ? '\n' : *c->p;
            c->p++;
        } else {
            *(*to)++ = '\\';
        }
        return 0;
    }
    const char *known = *c->p ? strchr(letters, *c->p) : NULL;
    if (!known) {
        return take_code(c, to);
    }
    *(*to)++ = meant[known - letters];
    c->p++;
    return 0;
}

static bool at_quote(const struct cursor *c)
{
    return *c->p == '"' || (c->quoting == RS_QUOTING_PROMQL && (*c->p == '\'' || *c->p == '`'));
}

/* A quoted text at c->p; it is put down where it stands. NULL with a fault. */
static char *take_quoted(struct cursor *c)
{
    char *start = c->p, quote = *c->p++, *to = c->p, *out = c->p;
    while (*c->p != quote) {
        if (*c->p == '\0') {
            fault_at(c, start, "the text that begins here has no end");
            return NULL;
        }
        if (*c->p == '\\' && quote != '`') {
            c->p++;
            if (take_escape(c, &to) != 0) {
                return NULL;
            }
        } else {
            *to++ = *c->p++;
        }
    }
    c->p++;
    *to = '\0';
    if (!rs_is_utf8(out)) {
        fault_at(c, start, "the text is not UTF-8");
        return NULL;
    }
    return out;
}

static bool is_word(char c, bool colon)
{
    return isalnum((unsigned char)c) || c == '_' || (colon && c == ':');
}

static void skip_blanks(struct cursor *c)
{
    c->p += strspn(c->p, " \t\n");
}

static int
add_label(struct cursor *c, struct label *label, int *n, struct label one, const char *at)
{
    for (int i = 0; i < *n; i++) {
        if (strcmp(label[i].name, one.name) == 0) {
            return fault_at(c, at,
                            strcmp(one.name, "__name__") == 0 ? "the series has two names"
                                                              : "a label occurs twice");
        }
    }
    if (*n == LABELS_MAX) {
        return fault_at(c, at, "the series has more than %d labels", LABELS_MAX);
    }
    label[(*n)++] = one;
    return 0;
}

/* One of a="b", "a"="b", "quoted name". The end of a bare name is written over only when its `=` has been seen. */
static int take_label(struct cursor *c, struct label *label, int *n)
{
    char *start = c->p, *name = c->p;
    bool quoted = at_quote(c);
    if (quoted) {
        name = take_quoted(c);
        if (!name) {
            return -1;
        }
    } else {
        while (is_word(*c->p, false)) {
            c->p++;
        }
        if (c->p == start || isdigit((unsigned char)*start)) {
            return fault_at(c, start, "a label name is expected here");
        }
    }
    char *end = c->p;
    skip_blanks(c);
    if (quoted && *c->p != '=') {
        return add_label(c, label, n, (struct label){"__name__", name}, start);
    }
    if (*c->p != '=') {
        return fault_at(c, c->p, "\"=\" is expected behind a label name");
    }
    char *equals = c->p++;
    skip_blanks(c);
    if (!at_quote(c)) {
        return fault_at(c, c->p, "a label value must stand in quotes");
    }
    char *value = take_quoted(c);
    if (!value) {
        return -1;
    }
    if (quoted && !*name) {
        return fault_at(c, start, "a label name must not be empty");
    }
    *(quoted ? equals : end) = '\0';
    return add_label(c, label, n, (struct label){name, value}, start);
}

static int take_braces(struct cursor *c, struct label *label, int *n)
{
    char *open = c->p++;
    for (;;) {
        skip_blanks(c);
        if (*c->p == '}') {
            c->p++;
            return 0;
        }
        if (*c->p == '\0') {
            return fault_at(c, open, "the brace that opens here is not closed");
        }
        if (take_label(c, label, n) != 0) {
            return -1;
        }
        skip_blanks(c);
        if (*c->p == ',') {
            c->p++;
        } else if (*c->p != '}') {
            return fault_at(c, c->p, "\",\" or \"}\" is expected here");
        }
    }
}

int rs_series_labels(rs_labels *out,
                     struct label_table *table,
                     char *text,
                     enum series_quoting quoting,
                     const char *metric,
                     struct series_fault *fault)
{
    struct cursor c = {text, text, quoting, fault};
    struct label label[LABELS_MAX + 1];
    int n = 0;
    while (is_word(*c.p, true) && !(c.p == text && isdigit((unsigned char)*c.p))) {
        c.p++;
    }
    char *end = c.p;
    if (end > text) {
        label[n++] = (struct label){"__name__", text};
    }
    skip_blanks(&c);
    bool braces = *c.p == '{';
    if (braces && take_braces(&c, label, &n) != 0) {
        return -1;
    }
    skip_blanks(&c);
    if (*c.p != '\0' || (!braces && end == text)) {
        return fault_at(&c, c.p, "a series like name{label=\"value\"} is expected here");
    }
    *end = '\0'; /* the brace has been seen */
    bool named = false;
    for (int i = 0; i < n; i++) {
        named = named || (strcmp(label[i].name, "__name__") == 0 && label[i].value[0]);
    }
    if (!named && !metric) {
        return fault_at(&c, text, "the series has no name (--metric gives one)");
    }
    if (!named) {
        label[n++] = (struct label){"__name__", metric};
    }
    *out = rs_labels_intern(table, n, label);
    return 0;
}

/* ---- numbers ---- */

int rs_series_value(double *out, const char *text)
{
    const char *p = text + (*text == '+' || *text == '-');
    bool has_letters = isalpha((unsigned char)*p) != 0;
    if (has_letters && strcasecmp(p, "inf") != 0 && strcasecmp(p, "infinity") != 0 &&
        (p != text || strcasecmp(p, "nan") != 0)) {
        return -1;
    }
    if (!has_letters && !isdigit((unsigned char)*p) && *p != '.') {
        return -1;
    }
    char *end = NULL;
    *out = strtod(text, &end);
    return *end == '\0' && end != text ? 0 : -1;
}

int rs_series_seconds(int64_t *out_ms, const char *text)
{
    bool minus = *text == '-';
    const char *p = text + (*text == '-' || *text == '+');
    size_t n_whole = strspn(p, "0123456789");
    size_t n_part = p[n_whole] == '.' ? strspn(p + n_whole + 1, "0123456789") : 0;
    size_t n = n_whole + (p[n_whole] == '.') + n_part;
    if (p[n] == '\0' && n_whole > 0 && n_whole <= 15) {
        int64_t ms = strtoll(p, NULL, 10) * 1000;
        for (size_t i = 0, unit = 100; i < n_part && unit > 0; i++, unit /= 10) {
            ms += (p[n_whole + 1 + i] - '0') * (int64_t)unit;
        }
        *out_ms = minus ? -ms : ms;
        return 0;
    }
    double s = 0.0;
    if (rs_series_value(&s, text) != 0 || isnan(s)) {
        return -1;
    }
    if (!(fabs(s) < SECONDS_MAX)) {
        return RS_SERIES_FAR;
    }
    *out_ms = (int64_t)(s * 1000.0);
    return 0;
}

int rs_series_date(int64_t *out_ms, const char *text)
{
    enum { DATE = 10, DATE_AND_TIME = 19 }; /* characters */
    char rfc[48];
    double s = 0.0;
    size_t n = strlen(text);
    if (n + sizeof("T00:00:00Z") > sizeof(rfc)) {
        return -1;
    }
    bool date_only = n == DATE && text[4] == '-' && text[7] == '-';
    bool zoneless = n >= DATE_AND_TIME && text[DATE] == 'T' &&
                    strspn(text + DATE_AND_TIME, ".0123456789") == n - DATE_AND_TIME;
    snprintf(rfc, sizeof(rfc), "%s%s", text, date_only ? "T00:00:00Z" : zoneless ? "Z" : "");
    int status = rs_value_timestamp(&s, rfc);
    if (status == RS_TIME_FAR || !(fabs(s) < (double)TIME_MS_MAX / 1000.0)) {
        return RS_SERIES_FAR;
    }
    if (status != 0) {
        return -1;
    }
    *out_ms = (int64_t)llround(s * 1000.0);
    return 0;
}

bool rs_series_time_fits(int64_t ms)
{
    return ms > -TIME_MS_MAX && ms < TIME_MS_MAX;
}
