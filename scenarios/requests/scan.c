/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/clock.h"

enum { MONTH_LETTERS = 3, DATE = 10, DATE_AND_TIME = 19, EXACT_DIGITS = 15, POW10_MAX = 22 };

static const double pow10_exact[POW10_MAX + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
static const uint64_t pow10_whole[] = {1,
                                       10,
                                       100,
                                       1000,
                                       10000,
                                       100000,
                                       1000000,
                                       10000000,
                                       100000000,
                                       UINT64_C(1000000000),
                                       UINT64_C(10000000000),
                                       UINT64_C(100000000000),
                                       UINT64_C(1000000000000),
                                       UINT64_C(10000000000000),
                                       UINT64_C(100000000000000),
                                       UINT64_C(1000000000000000),
                                       UINT64_C(10000000000000000),
                                       UINT64_C(100000000000000000),
                                       UINT64_C(1000000000000000000),
                                       UINT64_C(10000000000000000000)};
enum { DIGITS_MAX = 19 }; /* of a uint64_t, whatever they are */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Two digits; of anything else more than 99. */
static inline unsigned two_digits(const char *p)
{
    unsigned a = (unsigned)((unsigned char)p[0] - '0'), b = (unsigned)((unsigned char)p[1] - '0');
    return a > 9 || b > 9 ? 100 : 10 * a + b;
}

/* HH:MM:SS at p as nanoseconds, or -1. A leap second counts as the first one of the next minute, as in Unix time. */
static inline int64_t time_of_day(const char *p)
{
    unsigned h = two_digits(p), m = two_digits(p + 3), s = two_digits(p + 6);
    if (h > 23 || m > 59 || s > 60 || p[2] != ':' || p[5] != ':') {
        return -1;
    }
    return (int64_t)(3600 * h + 60 * m + s) * RS_NS_PER_S;
}

void rs_time_reader_init(struct time_reader *t, double unit_s)
{
    *t = (struct time_reader){.unit_s = unit_s};
    double ns = unit_s * 1e9;
    t->unit_ns = ns >= 1.0 && ns < 1e18 && ns == floor(ns) ? (int64_t)ns : 0;
}

/* ---- dates ---- */

/* "+0200" or "+02:00" behind a time, seconds east. 0 or -1. */
static int zone_seconds(const char *p, size_t n, int64_t *out)
{
    bool colon = n == 6 && p[3] == ':';
    if ((n != 5 && !colon) || (*p != '+' && *p != '-')) {
        return -1;
    }
    unsigned h = two_digits(p + 1), m = two_digits(p + 3 + colon);
    if (h > 23 || m > 59) {
        return -1;
    }
    *out = (*p == '-' ? -60 : 60) * (int64_t)(60 * h + m);
    return 0;
}

/* The day that has not been seen yet: by the calendar of sim/clock.h. */
static int learn_clf_day(struct time_reader *t, const char *p)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char rfc[32];
    int64_t zone_s = 0;
    int month = 0;
    while (month < 12 && memcmp(months + MONTH_LETTERS * month, p + 3, MONTH_LETTERS) != 0) {
        month++;
    }
    if (month == 12 || p[2] != '/' || p[6] != '/' || p[11] != ':' || p[20] != ' ' ||
        zone_seconds(p + 21, 5, &zone_s) != 0) {
        return -1;
    }
    snprintf(rfc, sizeof(rfc), "%.4s-%02d-%.2sT00:00:00Z", p + 7, month + 1, p);
    if (rs_time_parse(&t->clf_day_ns, rfc) != 0) {
        t->clf_day[0] = '\0';
        return -1;
    }
    t->clf_day_ns -= zone_s * RS_NS_PER_S;
    memcpy(t->clf_day, p, sizeof(t->clf_day));
    memcpy(t->clf_zone, p + 20, sizeof(t->clf_zone));
    return 0;
}

int rs_scan_clf(struct time_reader *t, const char *p, int64_t *out_ns)
{
    if ((memcmp(t->clf_day, p, sizeof(t->clf_day)) != 0 ||
         memcmp(t->clf_zone, p + 20, sizeof(t->clf_zone)) != 0) &&
        learn_clf_day(t, p) != 0) {
        return -1;
    }
    int64_t ns = time_of_day(p + 12);
    *out_ns = t->clf_day_ns + ns;
    return ns < 0 ? -1 : 0;
}

static int learn_iso_day(struct time_reader *t, const char *p)
{
    char rfc[32];
    snprintf(rfc, sizeof(rfc), "%.10sT00:00:00Z", p);
    if (rs_time_parse(&t->iso_day_ns, rfc) != 0) {
        t->iso_day[0] = '\0';
        return -1;
    }
    memcpy(t->iso_day, p, sizeof(t->iso_day));
    return 0;
}

/* ".9799600" at *p, up to end: nanoseconds, digits past the ninth cut off. */
static int64_t fraction_ns(const char **p, const char *end)
{
    int64_t ns = 0, unit = RS_NS_PER_S / 10;
    for ((*p)++; *p < end && is_digit(**p); (*p)++, unit /= 10) {
        ns += (**p - '0') * unit;
    }
    return ns;
}

int rs_scan_iso(struct time_reader *t, struct span s, int64_t *out_ns)
{
    const char *p = s.p, *end = s.p + s.n;
    if (s.n < DATE_AND_TIME || (p[DATE] != 'T' && p[DATE] != ' ' && p[DATE] != 't')) {
        return -1;
    }
    if (memcmp(t->iso_day, p, sizeof(t->iso_day)) != 0 && learn_iso_day(t, p) != 0) {
        return -1;
    }
    int64_t ns = time_of_day(p + DATE + 1), part_ns = 0, zone_s = 0;
    p += DATE_AND_TIME;
    if (p < end && (*p == '.' || *p == ',')) {
        if (p + 1 == end || !is_digit(p[1])) {
            return -1;
        }
        part_ns = fraction_ns(&p, end);
    }
    p += p + 1 < end && *p == ' '; /* "... +0200" */
    bool utc = p == end || (p + 1 == end && (*p == 'Z' || *p == 'z'));
    if (ns < 0 || (!utc && zone_seconds(p, (size_t)(end - p), &zone_s) != 0)) {
        return -1;
    }
    *out_ns = t->iso_day_ns + ns + part_ns - zone_s * RS_NS_PER_S;
    return 0;
}

/* ---- numbers ---- */

int rs_scan_decimal(struct decimal *out, struct span s)
{
    const char *p = s.p, *end = s.p + s.n;
    *out = (struct decimal){.minus = p < end && *p == '-'};
    p += p < end && (*p == '-' || *p == '+');
    int n_digit = 0;
    bool point = false, any = false;
    for (; p < end; p++) {
        if (*p == '.' && !point) {
            point = true;
            continue;
        }
        if (!is_digit(*p)) {
            return -1;
        }
        any = true;
        if (n_digit == DIGITS_MAX) {
            if (!point) {
                return -1;
            }
            continue;
        }
        out->digits = 10 * out->digits + (uint64_t)(*p - '0');
        n_digit += out->digits > 0; /* zeros in front do not count */
        out->n_frac += point;
    }
    return any && out->n_frac <= DIGITS_MAX ? 0 : -1;
}

/* How much of it is made of what numbers are made of: no hexadecimals, no "inf". */
static size_t number_length(struct span s)
{
    size_t n = 0;
    while (n < s.n && (is_digit(s.p[n]) || (s.p[n] != '\0' && strchr("+-.eE", s.p[n])))) {
        n++;
    }
    return n;
}

/* A number with an exponent, or with very many digits: finite, and all of the text. For what is rare. */
static int slow_number(double *out, struct span s)
{
    char text[64], *end = NULL;
    if (s.n == 0 || s.n >= sizeof(text) || number_length(s) != s.n) {
        return -1;
    }
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    *out = strtod(text, &end);
    return end == text + s.n && isfinite(*out) ? 0 : -1;
}

/* The unit that a word behind a number names; 0 if it is none. */
static double unit_of_word(struct span s)
{
    static const struct {
        const char *word;
        double s;
    } units[] = {{"s", 1.0}, {"ms", 1e-3}, {"us", 1e-6}, {"\xc2\xb5s", 1e-6}, {"ns", 1e-9}};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strlen(units[i].word) == s.n && memcmp(units[i].word, s.p, s.n) == 0) {
            return units[i].s;
        }
    }
    return 0.0;
}

static int slow_seconds(double *out_s, struct span s, double unit_s)
{
    size_t n = number_length(s);
    if (slow_number(out_s, (struct span){s.p, n}) != 0) {
        return -1;
    }
    double unit = n < s.n ? unit_of_word((struct span){s.p + n, s.n - n}) : unit_s;
    *out_s *= unit;
    return unit > 0.0 && isfinite(*out_s) ? 0 : -1;
}

int rs_scan_seconds(double *out_s, struct span s, double unit_s)
{
    struct decimal d;
    if (rs_scan_decimal(&d, s) != 0) {
        return slow_seconds(out_s, s, unit_s);
    }
    int down = unit_s == 1.0    ? 0
               : unit_s == 1e-3 ? 3
               : unit_s == 1e-6 ? 6
               : unit_s == 1e-9 ? 9
                                : -1;
    /*
     * Both exact as floats, so that the quotient is the float nearest to the number. Source: W. Clinger, "How to read floating
     * point numbers accurately", PLDI 1990, section 3.
     */
    if (down >= 0 && d.digits < (UINT64_C(1) << 53) && d.n_frac + down <= POW10_MAX) {
        *out_s = (double)d.digits / pow10_exact[d.n_frac + down];
    } else {
        *out_s = (double)d.digits / pow10_exact[d.n_frac] * unit_s;
    }
    *out_s = d.minus ? -*out_s : *out_s;
    return 0;
}

/* Times since 1970 tell their unit by their size: each range reaches from 1973 to the year 5138 in its unit. */
static void learn_unit(struct time_reader *t, double number)
{
    double size = fabs(number);
    rs_time_reader_init(t, size < 1e11 ? 1.0 : size < 1e14 ? 1e-3 : size < 1e17 ? 1e-6 : 1e-9);
}

/* Of a whole number of nanoseconds a unit, without a detour over floats. 0 or -1: too far. */
static int exact_ns(struct decimal d, int64_t unit_ns, int64_t *out_ns)
{
    int n_frac = d.n_frac;
    uint64_t whole = d.digits / pow10_whole[n_frac], part = d.digits % pow10_whole[n_frac];
    int64_t ns = 0;
    if (n_frac > 9) { /* digits below a billionth of the unit say nothing */
        part /= pow10_whole[n_frac - 9];
        n_frac = 9;
    }
    if (whole > INT64_MAX || __builtin_mul_overflow((int64_t)whole, unit_ns, &ns) ||
        unit_ns > RS_NS_PER_S * 3600) {
        return -1;
    }
    uint64_t part_ns = part == 0 ? 0
                       : unit_ns <= RS_NS_PER_S
                           ? part * (uint64_t)unit_ns / pow10_whole[n_frac]
                           : (uint64_t)((double)part * (double)unit_ns / pow10_exact[n_frac]);
    if (__builtin_add_overflow(ns, (int64_t)part_ns, &ns)) {
        return -1;
    }
    *out_ns = d.minus ? -ns : ns;
    return 0;
}

static int number_time(struct time_reader *t, struct span s, int64_t *out_ns)
{
    struct decimal d;
    double x = 0.0;
    bool exact = rs_scan_decimal(&d, s) == 0;
    if (exact && t->unit_s == 0.0) {
        learn_unit(t, (double)d.digits / pow10_exact[d.n_frac]);
    }
    if (exact && t->unit_ns > 0 && exact_ns(d, t->unit_ns, out_ns) == 0) {
        return 0;
    }
    if (slow_number(&x, s) != 0) {
        return -1;
    }
    if (t->unit_s == 0.0) {
        learn_unit(t, x);
    }
    double ns = x * t->unit_s * 1e9;
    if (!(fabs(ns) < 9.2e18)) {
        return -1;
    }
    *out_ns = (int64_t)llround(ns);
    return 0;
}

int rs_scan_time(struct time_reader *t, struct span s, int64_t *out_ns)
{
    if (s.n > 4 && s.p[4] == '-' && is_digit(s.p[0])) {
        return rs_scan_iso(t, s, out_ns);
    }
    if (s.n > 2 && s.p[2] == '/') {
        return s.n == RS_CLF_TIME ? rs_scan_clf(t, s.p, out_ns) : -1;
    }
    if (s.n == RS_CLF_TIME + 2 && s.p[0] == '[' && s.p[s.n - 1] == ']') {
        return rs_scan_clf(t, s.p + 1, out_ns);
    }
    return number_time(t, s, out_ns);
}

int rs_scan_status(int *out, struct span s)
{
    *out = 0;
    if (s.n == 3 && is_digit(s.p[0]) && is_digit(s.p[1]) && is_digit(s.p[2])) {
        int status = 100 * (s.p[0] - '0') + 10 * (s.p[1] - '0') + (s.p[2] - '0');
        if (status == 0 || status == 9) {
            return 0;
        }
        *out = status;
        return status >= 100 && status <= 599 ? 0 : -1;
    }
    return s.n == 0 || (s.n == 1 && (*s.p == '-' || *s.p == '0')) ? 0 : -1;
}

/* ---- routes ---- */

struct span rs_scan_path(struct span s)
{
    if (s.n > 8 && (memcmp(s.p, "http://", 7) == 0 || memcmp(s.p, "https://", 8) == 0)) {
        const char *host = s.p + 7 + (s.p[4] == 's');
        const char *slash = memchr(host, '/', s.n - (size_t)(host - s.p));
        if (!slash) {
            return (struct span){"/", 1};
        }
        s.n -= (size_t)(slash - s.p);
        s.p = slash;
    }
    const char *query = s.n > 0 ? memchr(s.p, '?', s.n) : NULL;
    s.n = query ? (size_t)(query - s.p) : s.n;
    return s.n > 0 ? s : (struct span){NULL, 0};
}

struct span rs_scan_request(struct span s)
{
    const char *blank = s.n > 0 ? memchr(s.p, ' ', s.n) : NULL;
    if (!blank) {
        bool none = s.n == 0 || (s.n == 1 && *s.p == '-') || *s.p != '/';
        return none ? (struct span){NULL, 0} : rs_scan_path(s);
    }
    size_t n = s.n - (size_t)(blank + 1 - s.p);
    const char *end = memchr(blank + 1, ' ', n);
    return rs_scan_path((struct span){blank + 1, end ? (size_t)(end - blank - 1) : n});
}
