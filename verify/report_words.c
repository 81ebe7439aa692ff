/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report_words.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/clock.h"
#include "verify/report.h"
#include "words.h"

char *rs_percent_human(char *buf, size_t n, double ratio)
{
    if (isnan(ratio)) {
        snprintf(buf, n, "-");
        return buf;
    }
    double pct = 100.0 * ratio, edge = fmin(fabs(pct), fabs(100.0 - pct));
    int decimals = edge == 0.0 ? 0 : edge >= 1.0 ? 1 : edge >= 0.1 ? 2 : edge >= 0.01 ? 3 : 4;
    snprintf(buf, n, "%.*f", decimals, pct);
    /* 95.0 is 95; 99.980 is 99.98. */
    char *end = buf;
    while (*end)
        end++;
    while (decimals > 0 && end[-1] == '0')
        *--end = '\0';
    if (decimals > 0 && end[-1] == '.')
        *--end = '\0';
    snprintf(end, n - (size_t)(end - buf), "%%");
    return buf;
}

/* Signs that no shell gives a meaning; the bytes above ASCII are letters to it. */
static bool is_plain(char c)
{
    return (unsigned char)c >= 128 || isalnum((unsigned char)c) || (c && strchr("_./:=@%+,-", c));
}

char *rs_shell_word(char *buf, size_t n, const char *word)
{
    const char *c = word;
    size_t at = 0;
    while (*c && is_plain(*c))
        c++;
    if (*word && !*c) {
        snprintf(buf, n, "%s", word);
        return buf;
    }
    buf[at++] = '\'';
    for (c = word; *c && at + 6 < n; c++) {
        if (*c == '\'')
            at += (size_t)snprintf(buf + at, n - at, "'\\''");
        else
            buf[at++] = *c;
    }
    buf[at++] = '\'';
    buf[at] = '\0';
    return buf;
}

char *rs_seconds_human(char *buf, size_t n, double s)
{
    if (isnan(s))
        snprintf(buf, n, "-");
    else if (isinf(s))
        snprintf(buf, n, "never");
    else
        rs_duration_human(buf, n, rs_ns_from_s(s));
    char *to = buf;
    for (const char *from = buf; *from; from++) { /* a table has other gaps */
        if (*from != ' ')
            *to++ = *from;
    }
    *to = '\0';
    return buf;
}

char *rs_quantity_human(char *buf, size_t n, const struct claim *c, double value)
{
    if (rs_claim_is_time(c))
        return rs_seconds_human(buf, n, rs_claim_in_unit(c, value));
    if (c->of == RS_Q_ERROR_RATIO || c->of == RS_Q_BUDGET_BURNED)
        return rs_percent_human(buf, n, value);
    if (isnan(value))
        snprintf(buf, n, "-");
    else if (isinf(value))
        snprintf(buf, n, "unbounded");
    else if (value >= 1000.0 || value == floor(value))
        snprintf(buf, n, "%.0f", value);
    else
        snprintf(buf, n, "%.3g", value);
    return buf;
}

char *rs_estimate_human(char *buf, size_t n, const struct claim *c, double value)
{
    if (c->kind == RS_CLAIM_PROBABILITY)
        return rs_percent_human(buf, n, value);
    return rs_quantity_human(buf, n, c, value);
}

char *rs_wanted_human(char *buf, size_t n, const struct claim *c)
{
    char limit[40];
    double wanted = c->kind == RS_CLAIM_BOUND ? c->within : c->limit;
    if (!rs_claim_has_quantity(c)) {
        snprintf(buf, n, "%s", c->reaches ? "from anywhere" : rs_claim_kind_name(c->kind));
        return buf;
    }
    if (c->kind != RS_CLAIM_PROBABILITY && rs_claim_is_time(c) && isfinite(wanted))
        rs_duration_format(limit, sizeof limit, (int64_t)wanted);
    else
        rs_estimate_human(limit, sizeof limit, c, wanted);
    snprintf(buf, n, "%s %s", strcmp(rs_claim_direction(c), "<=") == 0 ? "≤" : "≥", limit);
    return buf;
}
