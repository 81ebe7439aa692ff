/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers of seconds, and durations as people write them. */
#include "sim/clock.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

__extension__ typedef unsigned __int128
    wide; /* never overflows below: at most 19 digits times a unit */

/* Falling, so that a duration's units can be checked for order by their index. */
static const struct unit {
    const char *name;
    int64_t ns;
} units[] = {
    {"y", 365 * 24 * 3600 * RS_NS_PER_S},
    {"w", 7 * 24 * 3600 * RS_NS_PER_S},
    {"d", 24 * 3600 * RS_NS_PER_S},
    {"h", 3600 * RS_NS_PER_S},
    {"m", 60 * RS_NS_PER_S},
    {"s", RS_NS_PER_S},
    {"ms", RS_NS_PER_MS},
    {"us", 1000},
    {"ns", 1},
};
enum { N_UNIT = sizeof(units) / sizeof(units[0]), DAY = 2 };

int64_t rs_ns_from_s(double s)
{
    assert(!isnan(s));
    if (s >= 9223372036.8547758) {
        return RS_NEVER;
    }
    if (s <= -9223372036.8547758) {
        return -RS_NEVER;
    }
    /*
     * Whole and fraction apart: their product with 1e9 would lose the last digits of large
     * times.
     */
    int64_t whole = (int64_t)s;
    double part = (s - (double)whole) * 1e9;
    /* The double below a half: with a half itself, the double below it would round up to 1. */
    return whole * RS_NS_PER_S + (int64_t)(part + copysign(0x1.fffffffffffffp-2, part));
}

double rs_s_from_ns(int64_t ns)
{
    return (double)ns / 1e9;
}

/* Reads decimal digits; false when there is none or when they pass 18 digits. */
static bool read_digits(const char **text, uint64_t *out, int *out_n)
{
    uint64_t value = 0;
    int n = 0;
    for (; **text >= '0' && **text <= '9'; (*text)++, n++) {
        if (n == 18) {
            return false;
        }
        value = 10 * value + (uint64_t)(**text - '0');
    }
    *out = value;
    *out_n = n;
    return n > 0;
}

/*
 * The index of the unit at *text, stepping over it; -1 when there is none. Letters must end with
 * it.
 */
static int read_unit(const char **text)
{
    size_t n = strspn(*text, "abcdefghijklmnopqrstuvwxyz");
    for (int i = 0; i < N_UNIT; i++) {
        if (strlen(units[i].name) == n && strncmp(*text, units[i].name, n) == 0) {
            *text += n;
            return i;
        }
    }
    return -1;
}

/*
 * One part, "30m" or "1.5s"; *out_exact is false when it had a decimal point. Returns the unit's
 * index or -1.
 */
static int read_part(const char **text, wide *out_ns, bool *out_exact)
{
    uint64_t whole = 0, fraction = 0, scale = 1;
    int n_digit = 0;
    if (!read_digits(text, &whole, &n_digit)) {
        return -1;
    }
    *out_exact = **text != '.';
    if (!*out_exact) {
        (*text)++;
        if (!read_digits(text, &fraction, &n_digit)) {
            return -1;
        }
        for (int i = 0; i < n_digit; i++) {
            scale *= 10;
        }
    }
    int unit = read_unit(text);
    if (unit >= 0) {
        wide per_unit = (wide)units[unit].ns;
        *out_ns = whole * per_unit + (fraction * per_unit + scale / 2) / scale;
    }
    return unit;
}

int rs_duration_parse(int64_t *out_ns, const char *text)
{
    if (strcmp(text, "0") == 0) {
        *out_ns = 0;
        return 0;
    }
    wide total = 0;
    int last_unit = -1, n_part = 0;
    bool all_exact = true;
    do {
        wide part = 0;
        bool exact = true;
        int unit = read_part(&text, &part, &exact);
        if (unit <= last_unit) { /* also when there was none */
            return -1;
        }
        last_unit = unit;
        all_exact = all_exact && exact;
        n_part++;
        total += part;
    } while (*text != '\0');
    if (total >= (wide)RS_NEVER || (n_part > 1 && !all_exact)) {
        return -1;
    }
    *out_ns = (int64_t)total;
    return 0;
}

char *rs_duration_format(char *buf, size_t n, int64_t ns)
{
    assert(n >= 32);
    if (ns == RS_NEVER || ns == 0) {
        snprintf(buf, n, "%s", ns == 0 ? "0s" : "never");
        return buf;
    }
    uint64_t left = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
    size_t n_text = (size_t)snprintf(buf, n, "%s", ns < 0 ? "-" : "");
    for (int i = 0; i < N_UNIT && left > 0; i++) {
        uint64_t per_unit = (uint64_t)units[i].ns;
        /*
         * Years and weeks only when nothing is left over, as Prometheus does: 90d reads better
         * than 12w6d.
         */
        if (left < per_unit || (i < DAY && left % per_unit != 0)) {
            continue;
        }
        n_text += (size_t)snprintf(buf + n_text, n_text < n ? n - n_text : 0, "%llu%s",
                                   (unsigned long long)(left / per_unit), units[i].name);
        left %= per_unit;
    }
    if (n_text >= n) { /* only centuries before zero, to the nanosecond */
        snprintf(buf, n, "%lldns", (long long)ns);
    }
    return buf;
}

static uint64_t round_to(uint64_t ns, uint64_t per_unit)
{
    return ns / per_unit + (ns % per_unit >= (per_unit + 1) / 2);
}

/*
 * Each line tries one pair of units; rounding up to the next unit falls through to the next
 * line.
 */
static void format_human(char *buf, size_t n, uint64_t ns)
{
    unsigned long long x = 0;
    if (ns == 0) {
        snprintf(buf, n, "0s");
    } else if ((x = ns) < 1000) {
        snprintf(buf, n, "%lluns", x);
    } else if ((x = round_to(ns, 1000)) < 1000) {
        snprintf(buf, n, "%lluus", x);
    } else if ((x = round_to(ns, 100000)) < 100) {
        snprintf(buf, n, "%llu.%llums", x / 10, x % 10);
    } else if ((x = round_to(ns, 1000000)) < 1000) {
        snprintf(buf, n, "%llums", x);
    } else if ((x = round_to(ns, 100000000)) < 600) {
        snprintf(buf, n, "%llu.%llus", x / 10, x % 10);
    } else if ((x = round_to(ns, RS_NS_PER_S)) < 3600) {
        snprintf(buf, n, "%llum %02llus", x / 60, x % 60);
    } else if ((x = round_to(ns, 60 * RS_NS_PER_S)) < 1440) {
        snprintf(buf, n, "%lluh %02llum", x / 60, x % 60);
    } else {
        x = round_to(ns, 3600 * RS_NS_PER_S);
        snprintf(buf, n, "%llud %02lluh", x / 24, x % 24);
    }
}

char *rs_duration_human(char *buf, size_t n, int64_t ns)
{
    assert(n >= 32);
    if (ns == RS_NEVER) {
        snprintf(buf, n, "never");
        return buf;
    }
    buf[0] = '-';
    format_human(ns < 0 ? buf + 1 : buf, n - 1, ns < 0 ? -(uint64_t)ns : (uint64_t)ns);
    return buf;
}
