/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is a series a counter? */
#include <math.h>
#include <string.h>

#include "../text/value.h"
#include "series_text.h"

/* Rises enough to be called a counter's, and the share of steps that must not fall. */
enum { RISES_MIN = 3 };
#define FALLS_MAX 0.05

/* Names that counters have: OpenMetrics, section "Suffixes". A field of JSON lines is called by the end of its path. */
static bool is_counter_name(const char *name)
{
    return rs_text_ends_with(name, "_total") || rs_text_ends_with(name, "_count") ||
           rs_text_ends_with(name, "_sum") || rs_text_ends_with(name, "_bucket");
}

/* Does it rise as a counter does: seldom down, and then to less than half, which is a start anew? */
static bool rises(const struct recorded_series *s)
{
    size_t n_rise = 0, n_fall = 0, n = 0;
    double last = NAN;
    for (size_t i = 0; i < s->n; i++) {
        double v = s->sample[i].v;
        if (isnan(v)) {
            continue;
        }
        if (v < 0.0 || (v < last && v >= 0.5 * last)) {
            return false;
        }
        n_rise += v > last;
        n_fall += v < last;
        n++;
        last = v;
    }
    return n_rise >= RISES_MIN && (double)n_fall <= FALLS_MAX * (double)n && 4 * n_rise > n;
}

bool rs_series_is_counter(const struct recorded *set,
                          const struct recorded_series *s,
                          bool by_values)
{
    const char *name = rs_labels_get(set->labels, s->labels, "__name__");
    if (s->type != RS_TYPE_UNTOLD) {
        return s->type == RS_TYPE_COUNTER;
    }
    return (name && is_counter_name(name)) || (by_values && rises(s));
}
