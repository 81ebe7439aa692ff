/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Numbers and durations as Prometheus' lexer scans them (scanNumber, acceptRemainingDuration) and Go's strconv reads them:
 * ParseInt with base 0 first, so that 010 is 8, then ParseFloat. 3 has underscores between digits.
 */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "promql_lex.h"

static bool word_part(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* The longest that ends where no letter or digit follows; 0 if it is no number. Before 3. */
static int scan_old(const char *p)
{
    bool hex = p[0] == '0' && (p[1] == 'x' || p[1] == 'X');
    const char *digits = hex ? "0123456789abcdefABCDEF" : "0123456789";
    size_t n = hex ? 2 : 0;

    n += strspn(p + n, digits);
    if (p[n] == '.') {
        n++;
        n += strspn(p + n, digits);
    }
    if (p[n] == 'e' || p[n] == 'E') {
        n++;
        n += p[n] == '+' || p[n] == '-';
        n += strspn(p + n, "0123456789");
    }
    return word_part(p[n]) ? 0 : (int)n;
}

static int scan_new(const char *p)
{
    bool hex = p[0] == '0' && (p[1] == 'x' || p[1] == 'X'), point = false, exponent = false;
    const char *digits = hex ? "0123456789abcdefABCDEF" : "0123456789";
    size_t n = hex ? 2 : 0;

    n += hex && p[n] == '_';
    for (;;) {
        char c = p[n];

        if (c == '.') {
            if (point || hex || p[n + 1] == '_' || p[n + 1] == '.') {
                return 0;
            }
            point = true;
            n++;
        } else if (!hex && (c == 'e' || c == 'E')) {
            if (exponent) {
                return 0;
            }
            exponent = true;
            n++;
            n += p[n] == '+' || p[n] == '-';
            if (p[n] == '\0' || strchr("._eE", p[n]) != NULL) {
                return 0;
            }
        } else if (c == '_') {
            n++;
            if (p[n] == '\0' || strchr("._eE", p[n]) != NULL) {
                return 0;
            }
        } else if (c != '\0' && strchr(digits, c) != NULL) {
            n++;
        } else {
            break;
        }
    }
    return word_part(p[n]) ? 0 : (int)n;
}

/* Without its underscores, which stand between digits or behind 0x. False if they do not, or it is too long. */
static bool strip(char *out, int cap, const char *text, int n)
{
    int k = 0;

    for (int i = 0; i < n; i++) {
        if (k + 1 >= cap) {
            return false;
        }
        if (text[i] != '_') {
            out[k++] = text[i];
        } else if (i == 0 || i + 1 == n || !isxdigit((unsigned char)text[i + 1]) ||
                   !(isxdigit((unsigned char)text[i - 1]) || text[i - 1] == 'x' ||
                     text[i - 1] == 'X')) {
            return false;
        }
    }
    out[k] = '\0';
    return k > 0;
}

static bool read_number(const char *text, int n, double *out)
{
    char copy[400], *end = copy;
    bool hex = n > 1 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');

    if (!strip(copy, (int)sizeof copy, text, n)) {
        return false;
    }
    if (hex) {
        unsigned long long v = strtoull(copy, &end, 16);

        *out = (double)v;
        return *end == '\0' && copy[2] != '\0' && strlen(copy) <= 18 && v <= INT64_MAX;
    }
    if (copy[0] == '0' && strspn(copy, "01234567") == strlen(copy) && strlen(copy) < 22) {
        unsigned long long v = strtoull(copy, &end, 8);

        if (v <= INT64_MAX) {
            *out = (double)v;
            return true;
        }
    }
    *out = strtod(copy, &end);
    return *end == '\0' && isfinite(*out);
}

/*
 * "1h30m": the units fall, each comes once. Returns the bytes read, 0 if it is no duration or of more than 2^63 ns.
 */
static int read_duration(const char *p, double *out_s)
{
    static const struct {
        const char *unit;
        double ms;
    } units[] = {{"y", 31536000000.0}, {"w", 604800000.0}, {"d", 86400000.0}, {"h", 3600000.0},
                 {"m", 60000.0},       {"s", 1000.0},      {"ms", 1.0}};
    const char *start = p;
    double ms = 0.0;
    size_t next = 0;

    while (isdigit((unsigned char)*p)) {
        double n = 0.0;
        size_t len, k;

        for (; isdigit((unsigned char)*p); p++) {
            n = 10.0 * n + (*p - '0');
        }
        len = 0;
        while (isalpha((unsigned char)p[len])) {
            len++;
        }
        for (k = next; k < sizeof units / sizeof units[0]; k++) {
            if (strlen(units[k].unit) == len && strncmp(units[k].unit, p, len) == 0) {
                break;
            }
        }
        if (k == sizeof units / sizeof units[0]) {
            return 0;
        }
        ms += n * units[k].ms;
        next = k + 1;
        p += len;
    }
    *out_s = ms / 1000.0;
    return p > start && !word_part(*p) && ms <= RS_DURATION_MAX_MS ? (int)(p - start) : 0;
}

int rs_lex_number(const struct source *src, int pos, struct token *tok)
{
    const char *p = src->text + pos;
    int n = src->dialect == RS_PROMQL_3 ? scan_new(p) : scan_old(p);

    tok->kind = RS_TOK_NUMBER;
    if (n > 0 && read_number(p, n, &tok->number)) {
        return n;
    }
    tok->kind = RS_TOK_DURATION;
    if (n == 0 && (n = read_duration(p, &tok->number)) > 0) {
        return n;
    }
    for (n = 1; word_part(p[n]) || p[n] == '.'; n++) {
    }
    return rs_source_fail(src, pos, RS_E_SYNTAX, "bad number or duration \"%.*s\"", n > 60 ? 60 : n,
                          p);
}
