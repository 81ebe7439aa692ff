/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "says.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_letter(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (c & 0x80);
}

/* Does a word begin at p and end after it? */
static bool word_at(const char *text, const char *p, const char *word)
{
    size_t n = strlen(word);
    return strncasecmp(p, word, n) == 0 && (p == text || !is_letter(p[-1])) && !is_letter(p[n]);
}

bool rs_says_any(const char *text, const char *const words[])
{
    for (const char *p = text; *p; p++) {
        for (int i = 0; words[i]; i++) {
            if (word_at(text, p, words[i]))
                return true;
        }
    }
    return false;
}

bool rs_says_mean(const char *text)
{
    static const char *const words[] = {"average", "avg", "mean", "on average", NULL};
    return rs_says_any(text, words);
}

/* "p95", "p99.9" at p: the quantile, or NaN. */
static double p_number(const char *text, const char *p)
{
    if ((*p != 'p' && *p != 'P') || !isdigit((unsigned char)p[1]) ||
        (p != text && is_letter(p[-1])))
        return NAN;
    char *end;
    double v = strtod(p + 1, &end);
    if (is_letter(*end))
        return NAN;
    return v > 100.0 ? v / pow(10.0, (double)(end - p - 1)) : v / 100.0; /* p999 */
}

double rs_says_quantile(const char *text)
{
    static const char *const median[] = {"median", NULL};
    for (const char *p = text; *p; p++) {
        double q = p_number(text, p);
        if (!isnan(q))
            return q;
        if (word_at(text, p, "percentile") || word_at(text, p, "quantile")) {
            const char *b = p; /* the number before it: 95th percentile, 0.95 quantile */
            while (b > text && !isdigit((unsigned char)b[-1]))
                b--;
            while (b > text && (isdigit((unsigned char)b[-1]) || b[-1] == '.'))
                b--;
            double v = strtod(b, NULL);
            return v > 1.0 ? v / 100.0 : v > 0.0 ? v : NAN;
        }
    }
    return rs_says_any(text, median) ? 0.5 : NAN;
}

bool rs_says_statistic(const char *text)
{
    static const char *const words[] = {"percentile", "quantile", "median", "maximum",
                                        "max",        "worst",    "every",  "all",
                                        "slowest",    "minimum",  "min",    NULL};
    return rs_says_mean(text) || rs_says_any(text, words) || !isnan(rs_says_quantile(text));
}

bool rs_says_whole(const char *text)
{
    static const char *const words[] = {
        "request",  "requests",     "answer",      "answers",  "response",   "responses",
        "reply",    "replies",      "call",        "calls",    "query",      "queries",
        "traffic",  "transactions", "transaction", "payments", "attempts",   "users",
        "sessions", "settlements",  "jobs",        "messages", "events",     "ratio",
        "rate",     "share",        "fraction",    "portion",  "proportion", "availability",
        "budget",   "slo",          "sla",         "of all",   "of the",     "hits",
        "pages",    "logins",       "orders",      "of them",  "success",    "fail",
        "succeed",  "succeeds",     "pass",        "passes",   "fails",      NULL};
    return rs_says_any(text, words);
}

/* ---- numbers ---- */

/* What stands before a number, spaces aside. */
static bool compared_before(const char *text, const char *number)
{
    static const char *const signs[] = {">", "<", "=", "\xe2\x89\xa5", "\xe2\x89\xa4", NULL};
    static const char *const words[] = {"above",     "below",  "under",   "exceeds", "exceed",
                                        "exceeding", "than",   "most",    "least",   "beyond",
                                        "over",      "within", "reaches", NULL};
    const char *p = number;
    while (p > text && isspace((unsigned char)p[-1]))
        p--;
    for (int i = 0; signs[i]; i++) {
        size_t n = strlen(signs[i]);
        if ((size_t)(p - text) >= n && memcmp(p - n, signs[i], n) == 0)
            return true;
    }
    for (int i = 0; words[i]; i++) {
        size_t n = strlen(words[i]);
        if ((size_t)(p - text) >= n && word_at(text, p - n, words[i]))
            return true;
    }
    return false;
}

static const struct {
    const char *name;
    enum said_unit unit;
    double factor; /* 0: a window, left out */
} units[] = {
    {"%", RS_SAID_PERCENT, 0.01},
    {"percent", RS_SAID_PERCENT, 0.01},
    {"ms", RS_SAID_SECONDS, 1e-3},
    {"msec", RS_SAID_SECONDS, 1e-3},
    {"milliseconds", RS_SAID_SECONDS, 1e-3},
    {"s", RS_SAID_SECONDS, 1.0},
    {"sec", RS_SAID_SECONDS, 1.0},
    {"secs", RS_SAID_SECONDS, 1.0},
    {"second", RS_SAID_SECONDS, 1.0},
    {"seconds", RS_SAID_SECONDS, 1.0},
    {"m", RS_SAID_PLAIN, 0.0},
    {"min", RS_SAID_PLAIN, 0.0},
    {"mins", RS_SAID_PLAIN, 0.0},
    {"minute", RS_SAID_PLAIN, 0.0},
    {"minutes", RS_SAID_PLAIN, 0.0},
    {"h", RS_SAID_PLAIN, 0.0},
    {"hour", RS_SAID_PLAIN, 0.0},
    {"hours", RS_SAID_PLAIN, 0.0},
    {"d", RS_SAID_PLAIN, 0.0},
    {"day", RS_SAID_PLAIN, 0.0},
    {"days", RS_SAID_PLAIN, 0.0},
    {"xx", RS_SAID_PLAIN, 0.0},
    {"th", RS_SAID_PLAIN, 0.0},
};

/* The unit after a number; false: it is no number to compare with. */
static bool read_unit(const char *text, const char *p, struct said_number *out)
{
    if (is_letter(*p) || *p == '%' || (isspace((unsigned char)*p) && p[1])) {
        while (isspace((unsigned char)*p))
            p++;
        for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
            size_t n = strlen(units[i].name);
            if (strncasecmp(p, units[i].name, n) != 0 ||
                (units[i].name[0] != '%' && is_letter(p[n])))
                continue;
            out->unit = units[i].unit;
            out->value *= units[i].factor;
            return units[i].factor != 0.0;
        }
    }
    (void)text;
    out->unit = RS_SAID_PLAIN;
    return true;
}

int rs_said_numbers(const char *text, struct said_number out[RS_SAID_MAX])
{
    int n = 0;
    for (const char *p = text; *p && n < RS_SAID_MAX;) {
        bool starts =
            isdigit((unsigned char)*p) && (p == text || (!is_letter(p[-1]) && p[-1] != '.'));
        if (!starts) {
            p++;
            continue;
        }
        char *end;
        struct said_number s = {.value = strtod(p, &end), .compared = compared_before(text, p)};
        if (read_unit(text, end, &s))
            out[n++] = s;
        p = end;
    }
    return n;
}
