/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Numbers and durations of a text in a language of somebody else's: a condition of Argo's ("result[0] >= 0.95"), a query with
 * "{{args.service}}" in it. What they are is told by what stands beside them.
 */
#include <ctype.h>
#include <string.h>

#include "tune_read.h"

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.';
}

static const char *blanks_back(const char *text, const char *p)
{
    while (p > text && strchr(" \t\r\n", p[-1])) {
        p--;
    }
    return p;
}

/* Is the number at [from, until) one side of a comparison? */
static bool is_compared(const char *text, const char *from, const char *until)
{
    const char *before = blanks_back(text, from);
    const char *after = until + strspn(until, " \t\r\n");
    bool left = before > text && strchr("<>", before[-1]);
    left = left || (before > text + 1 && before[-1] == '=' && strchr("<>=!", before[-2]));
    bool right =
        *after == '<' || *after == '>' || (strchr("=!", *after) && *after && after[1] == '=');
    return left || right;
}

static bool is_duration(const char *from, const char *until)
{
    return isalpha((unsigned char)until[-1]) && isdigit((unsigned char)*from);
}

static enum promql_literal_kind kind_of(const char *text, const char *from, const char *until)
{
    if (is_duration(from, until)) {
        if (from > text && from[-1] == '[') {
            return RS_LITERAL_RANGE;
        }
        return from > text && from[-1] == ':' ? RS_LITERAL_STEP : RS_LITERAL_OFFSET;
    }
    return is_compared(text, from, until) ? RS_LITERAL_THRESHOLD : RS_LITERAL_NUMBER;
}

/* "5m", "1h30m", "0.95", "1e-3", "12"; other words that begin with a digit are no literals. */
static bool is_literal(const char *from, const char *until)
{
    char word[64];
    double ignored = 0.0;
    size_t n = (size_t)(until - from);
    if (n >= sizeof(word)) {
        return false;
    }
    memcpy(word, from, n);
    word[n] = '\0';
    return rs_tune_number(RS_TUNE_NUMBER, word, &ignored) == 0 ||
           rs_tune_number(RS_TUNE_DURATION, word, &ignored) == 0;
}

/* Past a quoted text; at its end if the quote is left open. */
static const char *past_quote(const char *p)
{
    char quote = *p++;
    while (*p && *p != quote) {
        p += *p == '\\' && p[1] ? 2 : 1;
    }
    return *p ? p + 1 : p;
}

static const char *past_word(const char *p)
{
    const char *begin = p;
    while (is_word(*p) || (strchr("+-", *p) && *p && p > begin && strchr("eE", p[-1]) &&
                           isdigit((unsigned char)*begin) && isdigit((unsigned char)p[1]))) {
        p++;
    }
    return p;
}

int rs_text_literals(const char *text, struct promql_literal *out, int cap)
{
    int n = 0;
    for (const char *p = text; *p;) {
        if (strchr("\"'`", *p)) {
            p = past_quote(p);
            continue;
        }
        if (!is_word(*p)) {
            p++;
            continue;
        }
        const char *from = p, *until = past_word(p);
        p = until;
        if (!is_literal(from, until)) {
            continue;
        }
        if (n < cap) {
            out[n] = (struct promql_literal){.kind = kind_of(text, from, until),
                                             .from = (int)(from - text),
                                             .until = (int)(until - text),
                                             .is_duration = is_duration(from, until)};
        }
        n++;
    }
    return n;
}
