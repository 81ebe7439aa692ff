/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the ticks of an axis stand and what they say. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "chart.h"
#include "sim/clock.h"

static void add(struct ticks *t, double at, const char *label)
{
    if (t->n == RS_TICK_MAX)
        return;
    t->at[t->n].at = at;
    snprintf(t->at[t->n].label, sizeof t->at[t->n].label, "%s", label);
    t->n++;
}

/* The smallest of 1, 2, 5 times a power of ten that is at least x > 0. */
static double round_up(double x)
{
    double decade = pow(10, floor(log10(x)));
    const double steps[] = {1, 2, 5, 10};
    for (int i = 0; i < 4; i++) {
        if (steps[i] * decade >= x * (1 - 1e-9))
            return steps[i] * decade;
    }
    return 10 * decade;
}

struct ticks rs_ticks_linear(double lo, double hi, int n_want, double factor, const char *suffix)
{
    struct ticks t = {0};
    double step = round_up((hi - lo) / n_want);
    for (double k = ceil(lo / step - 1e-9); k * step <= hi + step * 1e-9; k++) {
        char label[24];
        snprintf(label, sizeof label, "%.6g%s", k * step * factor + 0.0, suffix);
        add(&t, k * step, label);
    }
    return t;
}

struct ticks rs_ticks_ratio(struct axis axis, double box_height)
{
    static const double percent[] = {0, 0.1, 0.5, 1, 2, 5, 10, 20, 50, 100};
    struct ticks t = {0};
    double free_from = 0;
    for (size_t i = 0; i < sizeof percent / sizeof *percent; i++) {
        double at = percent[i] / 100, up = box_height * sqrt(at / axis.hi);
        if (at > axis.hi * (1 + 1e-9) || up < free_from)
            continue;
        char label[24];
        snprintf(label, sizeof label, "%g %%", percent[i]);
        add(&t, at, label);
        free_from = up + RS_TEXT_SMALL + 4;
    }
    return t;
}

static struct ticks log_ticks(struct axis axis, int per_decade)
{
    static const double digits[4][3] = {{0}, {1}, {1, 3}, {1, 2, 5}};
    struct ticks t = {0};
    for (double d = floor(log10(axis.lo)); d <= ceil(log10(axis.hi)); d++) {
        for (int i = 0; i < per_decade; i++) {
            double v = digits[per_decade][i] * pow(10, d);
            char label[24];
            snprintf(label, sizeof label, "%.6g", v);
            if (v >= axis.lo * (1 - 1e-9) && v <= axis.hi * (1 + 1e-9))
                add(&t, v, label);
        }
    }
    return t;
}

struct ticks rs_ticks_log(struct axis axis, int n_want)
{
    struct ticks t = log_ticks(axis, 3);
    for (int per_decade = 2; t.n > n_want && per_decade > 0; per_decade--)
        t = log_ticks(axis, per_decade);
    return t.n < 3 ? rs_ticks_linear(axis.lo, axis.hi, n_want, 1, "") : t;
}

struct ticks rs_ticks_duration_log(struct axis axis, double box_width)
{
    static const struct {
        double s;
        const char *label;
    } round_ones[] = {
        {1e-3, "1 ms"},   {1e-2, "10 ms"},   {0.1, "100 ms"},    {1, "1 s"},      {2, "2 s"},
        {5, "5 s"},       {10, "10 s"},      {30, "30 s"},       {60, "1 min"},   {120, "2 min"},
        {300, "5 min"},   {600, "10 min"},   {1800, "30 min"},   {3600, "1 h"},   {7200, "2 h"},
        {18000, "5 h"},   {36000, "10 h"},   {86400, "1 d"},     {172800, "2 d"}, {432000, "5 d"},
        {864000, "10 d"}, {2592000, "30 d"}, {8640000, "100 d"},
    };
    struct ticks t = {0};
    const struct text_style style = {.size = RS_TEXT_SMALL};
    double free_from = -20; /* the first label may stand out a little to the left */
    for (size_t i = 0; i < sizeof round_ones / sizeof *round_ones; i++) {
        double s = round_ones[i].s;
        if (s < axis.lo * (1 - 1e-9) || s > axis.hi * (1 + 1e-9))
            continue;
        double x = box_width * log(s / axis.lo) / log(axis.hi / axis.lo);
        double half = rs_label_width(round_ones[i].label, &style) / 2;
        bool fits = x - half >= free_from;
        add(&t, s, fits ? round_ones[i].label : "");
        if (fits)
            free_from = x + half + 6;
    }
    return t;
}

struct ticks rs_ticks_days(double lo, double hi, int n_want)
{
    static const double hours[] = {1, 2, 3, 6, 12, 24, 48, 96, 240};
    struct ticks t = {0};
    double step = hours[0] * 3600;
    for (size_t i = 0; i < sizeof hours / sizeof *hours && (hi - lo) / step > n_want; i++)
        step = hours[i] * 3600;
    while ((hi - lo) / step > n_want) /* years */
        step *= 2;
    for (double at = ceil(lo / step - 1e-9) * step; at <= hi + 1e-6; at += step) {
        char label[24];
        int d = (int)(at / 86400), h = (int)lround(fmod(at, 86400) / 3600);
        if (d == 0)
            snprintf(label, sizeof label, "%d h", h);
        else if (h == 0)
            snprintf(label, sizeof label, "%d d", d);
        else
            snprintf(label, sizeof label, "%d d %d h", d, h);
        add(&t, at, label);
    }
    return t;
}

struct ticks rs_ticks_time(double lo, double hi, int n_want, const char **unit)
{
    double span = hi - lo, size = span <= 240 ? 1 : span <= 5 * 3600 ? 60 : 3600;
    *unit = size < 60 ? "seconds" : size < 3600 ? "minutes" : "hours";
    static const double steps[] = {1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 1440};
    double step = steps[0] * size;
    for (size_t i = 0; i < sizeof steps / sizeof *steps && span / step > n_want; i++)
        step = steps[i] * size;
    struct ticks t = {0};
    for (double k = ceil(lo / step - 1e-9); k * step <= hi + step * 1e-9; k++) {
        char label[24];
        snprintf(label, sizeof label, "%g", k * step / size + 0.0);
        add(&t, k * step, label);
    }
    return t;
}

/* "2025-10-07T13:40:15Z", cut and turned to what the step leaves to be told. */
static void clock_label(char *buf, size_t n, double at, double step, double span)
{
    static const char *const month[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    char text[40];
    rs_time_format(text, sizeof text, rs_ns_from_s(round(at)));
    bool midnight = strncmp(text + 10, "T00:00:00", 9) == 0;
    int m = (text[5] - '0') * 10 + text[6] - '0';
    if (midnight && span > 200 * 86400.0)
        snprintf(buf, n, "%.10s", text);
    else if (midnight && m >= 1 && m <= 12)
        snprintf(buf, n, "%d %s", (text[8] - '0') * 10 + text[9] - '0', month[m - 1]);
    else
        snprintf(buf, n, "%.*s", step < 60 ? 8 : 5, text + 11);
}

struct ticks rs_ticks_clock(double lo, double hi, int n_want)
{
    static const double steps[] = {1,      2,      5,       10,      15,      30,
                                   60,     120,    300,     600,     900,     1800,
                                   3600,   7200,   10800,   21600,   43200,   86400,
                                   172800, 604800, 1209600, 2592000, 7776000, 31536000};
    enum { N = sizeof steps / sizeof *steps };
    double span = hi - lo, step = steps[0];
    for (int i = 0; i < N && span / step > n_want; i++)
        step = steps[i];
    while (span / step > n_want)
        step *= 2;
    struct ticks t = {0};
    for (double k = ceil(lo / step - 1e-9); k * step <= hi + step * 1e-9; k++) {
        char label[24];
        clock_label(label, sizeof label, k * step, step, span);
        add(&t, k * step, label);
    }
    return t;
}
