/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "series_text.h"

#include <assert.h>
#include <ctype.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *series_split(const char *p)
{
    int depth = 0;
    char quote = 0;

    for (; *p != '\0'; p++) {
        if (quote != 0) {
            if (*p == '\\' && quote != '`' && p[1] != '\0') {
                p++;
            } else if (*p == quote) {
                quote = 0;
            }
        } else if (*p == '"' || *p == '\'' || *p == '`') {
            quote = *p;
        } else if (*p == '{' || *p == '}') {
            depth += *p == '{' ? 1 : -1;
        } else if ((*p == ' ' || *p == '\t') && depth == 0) {
            break;
        }
    }
    return p + strspn(p, " \t");
}

/* A quoted string at *p into the pool. */
static char *read_quoted(const char **p, char **pool)
{
    static const char from[] = "abfnrtv", to[] = "\a\b\f\n\r\t\v";
    const char *plain;
    char quote = *(*p)++, *start = *pool;

    while (**p != quote && **p != '\0') {
        if (**p == '\\' && quote != '`') {
            (*p)++;
            if (**p == 'x' || isdigit((unsigned char)**p)) {
                bool hex = **p == 'x';
                char digits[4] = {(*p)[hex], (*p)[hex + 1], hex ? '\0' : (*p)[2], 0};

                *(*pool)++ = (char)strtol(digits, NULL, hex ? 16 : 8);
                *p += 3;
                continue;
            }
            plain = strchr(from, **p);
            *(*pool)++ = plain != NULL && **p != '\0' ? to[plain - from] : **p;
            (*p)++;
        } else {
            *(*pool)++ = *(*p)++;
        }
    }
    *p += **p == quote;
    *(*pool)++ = '\0';
    return start;
}

static char *read_word(const char **p, char **pool)
{
    char *start = *pool;

    while (isalnum((unsigned char)**p) || **p == '_' || **p == ':' || **p == '.') {
        *(*pool)++ = *(*p)++;
    }
    *(*pool)++ = '\0';
    return start;
}

rs_labels series_labels(struct label_table *t, const char *line)
{
    struct label label[64];
    char text[4096], *pool = text;
    const char *p = line;
    int n = 0;

    assert(strlen(line) < 2000000);
    if (*p != '{') {
        label[n++] = (struct label){"__name__", read_word(&p, &pool)};
    }
    if (*p == '{') {
        for (p++; *p != '}' && *p != '\0'; p += strspn(p, ", ")) {
            char *name;

            p += strspn(p, " ,");
            name = *p == '"' || *p == '\'' || *p == '`' ? read_quoted(&p, &pool)
                                                        : read_word(&p, &pool);
            p += strspn(p, " ");
            if (*p != '=') {
                label[n++] = (struct label){"__name__", name};
                continue;
            }
            p += 1 + strspn(p + 1, " ");
            label[n++] = (struct label){name, read_quoted(&p, &pool)};
        }
    }
    return rs_labels_intern(t, n, label);
}

int series_number(const char *text, double *out)
{
    char *end;

    if (*text == '\0' || isspace((unsigned char)*text)) {
        return -1;
    }
    *out = strtod(text, &end);
    return *end == '\0' ? 0 : -1;
}

/* A decimal number; "0x10" is a 0 followed by x10. Returns the bytes taken, 0 if there is none. */
static int read_decimal(const char *p, double *out)
{
    char text[64];
    int n = *p == '+' || *p == '-';

    if (isalpha((unsigned char)p[n])) {
        n += 3; /* Inf, NaN */
    } else {
        n += (int)strspn(p + n, "0123456789.");
        if (p[n] == 'e' || p[n] == 'E') {
            n += 1 + (p[n + 1] == '+' || p[n + 1] == '-');
            n += (int)strspn(p + n, "0123456789");
        }
    }
    if (n == 0 || n >= (int)sizeof text) {
        return 0;
    }
    memcpy(text, p, (size_t)n);
    text[n] = '\0';
    return series_number(text, out) == 0 ? n : 0;
}

/* a, axN, a+bxN, a-bxN, _, _xN, stale */
static int read_item(const char *item, struct value *out, int cap)
{
    const char *end = item;
    double v, step = 0.0;
    int n = 0, more = 0, took;

    if (strcmp(item, "stale") == 0) {
        out[0] = (struct value){VALUE_STALE, 0.0};
        return 1;
    }
    if (*item == '_') {
        more = item[1] == 'x' ? atoi(item + 2) : 1;
        for (; n < more && n < cap; n++) {
            out[n] = (struct value){VALUE_GAP, 0.0};
        }
        return n;
    }
    took = read_decimal(item, &v);
    if (took == 0) {
        return -1;
    }
    end = item + took;
    if (*end == '+' || *end == '-') {
        end += read_decimal(end, &step);
    }
    more = *end == 'x' ? atoi(end + 1) : 0;
    for (; n <= more && n < cap; n++) {
        out[n] = (struct value){VALUE_NUMBER, v};
        v += step;
    }
    return n;
}

int series_values(const char *text, struct value *out, int cap)
{
    int n = 0;

    while (*text != '\0' && n < cap) {
        char item[128];
        size_t len = strcspn(text, " \t");
        int k;

        if (strncmp(text, "{{", 2) == 0) {
            out[0] = (struct value){VALUE_NATIVE, 0.0};
            return 1;
        }
        if (len >= sizeof item) {
            return -1;
        }
        memcpy(item, text, len);
        item[len] = '\0';
        k = read_item(item, out + n, cap - n);
        if (k < 0) {
            return -1;
        }
        n += k;
        text += len;
        text += strspn(text, " \t");
    }
    return n;
}

int series_load(struct tsdb *db, const char *line, int64_t start_ms, int64_t step_ms)
{
    static struct value value[20000];
    int series = rs_tsdb_series(db, series_labels(rs_tsdb_labels(db), line));
    int n = series_values(series_split(line), value, 20000);

    assert(n >= 0);
    rs_tsdb_retain(db, series, INT64_MAX / 4);
    for (int i = 0; i < n; i++) {
        if (value[i].kind == VALUE_NUMBER || value[i].kind == VALUE_STALE) {
            (void)rs_tsdb_append(db, series, start_ms + i * step_ms,
                                 value[i].kind == VALUE_STALE ? rs_tsdb_stale() : value[i].v);
        }
    }
    return series;
}

int series_almost(double a, double b)
{
    double sum = fabs(a) + fabs(b), diff = fabs(a - b);

    if ((isnan(a) && isnan(b)) || a == b) {
        return 1;
    }
    if (a == 0.0 || b == 0.0 || sum < DBL_MIN) {
        return diff < 1e-6 * DBL_MIN;
    }
    return diff / fmin(sum, DBL_MAX) < 1e-6;
}
