/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "value.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/clock.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads a decimal number at the start of text; returns what follows it, or NULL. */
static const char *scan_number(double *out, const char *text)
{
    const char *p = text;
    if (*p == '-' || *p == '+') {
        p++;
    }
    if (!is_digit(*p) && !(*p == '.' && is_digit(p[1]))) {
        return NULL; /* keeps "nan", "inf" and blanks out */
    }
    if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
        return NULL;
    }
    char *end = NULL;
    double x = strtod(text, &end);
    if (!isfinite(x)) {
        return NULL;
    }
    *out = x;
    return end;
}

int rs_value_number(double *out, const char *text)
{
    double x = 0.0;
    const char *rest = scan_number(&x, text);
    if (!rest || *rest != '\0') {
        return -1;
    }
    *out = x;
    return 0;
}

int rs_value_count(uint64_t *out, const char *text)
{
    uint64_t n = 0;
    if (!is_digit(*text)) {
        return -1;
    }
    for (; is_digit(*text); text++) {
        if (__builtin_mul_overflow(n, 10, &n) ||
            __builtin_add_overflow(n, (uint64_t)(*text - '0'), &n)) {
            return -1;
        }
    }
    if (*text != '\0') {
        return -1;
    }
    *out = n;
    return 0;
}

int rs_value_bool(bool *out, const char *text)
{
    static const char *const words[] = {"off", "on", "false", "true", "no", "yes"};
    for (int i = 0; i < 6; i++) {
        if (strcmp(text, words[i]) == 0) {
            *out = i % 2 == 1;
            return 0;
        }
    }
    return -1;
}

int rs_value_ratio(double *out, const char *text)
{
    double x = 0.0;
    const char *rest = scan_number(&x, text);
    if (!rest || (*rest != '\0' && strcmp(rest, "%") != 0)) {
        return -1;
    }
    *out = *rest == '%' ? x / 100.0 : x;
    return 0;
}

int rs_value_percent(double *out, const char *text)
{
    double x = 0.0;
    const char *rest = scan_number(&x, text);
    if (!rest || (*rest != '\0' && strcmp(rest, "%") != 0)) {
        return -1;
    }
    *out = x;
    return 0;
}

int rs_value_rate(double *out_per_s, const char *text)
{
    static const struct {
        const char *word;
        double s;
    } units[] = {{"", 1.0}, {"/s", 1.0}, {"/m", 60.0}, {"/h", 3600.0}, {"/d", 86400.0}};
    double x = 0.0;
    const char *rest = scan_number(&x, text);
    for (size_t i = 0; rest && i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(rest, units[i].word) == 0) {
            *out_per_s = x / units[i].s;
            return 0;
        }
    }
    return -1;
}

/* Two digits below `limit`. */
static bool two_digits(int *out, const char *text, int limit)
{
    if (!is_digit(text[0]) || !is_digit(text[1])) {
        return false;
    }
    *out = 10 * (text[0] - '0') + (text[1] - '0');
    return *out < limit;
}

int rs_value_daytime(int64_t *out_ns, const char *text)
{
    int hour = 0, minute = 0, second = 0;
    size_t n = strlen(text);
    if ((n != 5 && n != 8) || text[2] != ':' || !two_digits(&hour, text, 25) ||
        !two_digits(&minute, text + 3, 60)) {
        return -1;
    }
    if (n == 8 && (text[5] != ':' || !two_digits(&second, text + 6, 60))) {
        return -1;
    }
    if (hour == 24 && (minute > 0 || second > 0)) {
        return -1;
    }
    *out_ns = (int64_t)(3600 * hour + 60 * minute + second) * RS_NS_PER_S;
    return 0;
}

int rs_value_weekday(int *out, const char *text)
{
    static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    for (int i = 0; i < 7; i++) {
        if (strcmp(text, days[i]) == 0) {
            *out = i;
            return 0;
        }
    }
    return -1;
}

int rs_value_seconds(double *out_s, const char *text)
{
    int64_t ns = 0;
    if (rs_duration_parse(&ns, text) != 0) {
        return -1;
    }
    *out_s = rs_s_from_ns(ns);
    return 0;
}

int rs_value_timestamp(double *out_s, const char *text)
{
    if (rs_value_number(out_s, text) == 0) {
        return 0;
    }
    char rfc[48];
    size_t n = strlen(text);
    if (n < 19 || n + 2 > sizeof(rfc)) {
        return -1;
    }
    snprintf(rfc, sizeof(rfc), "%s", text);
    if (rfc[10] == ' ') { /* as databases write it: UTC without saying so */
        rfc[10] = 'T';
        snprintf(rfc + n, sizeof(rfc) - n, "Z");
    }
    int64_t ns = 0;
    int status = rs_time_parse(&ns, rfc);
    if (status != 0) {
        return status;
    }
    *out_s = (double)(ns / RS_NS_PER_S) + (double)(ns % RS_NS_PER_S) * 1e-9;
    return 0;
}

bool rs_text_ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}
