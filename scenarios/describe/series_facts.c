/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "series_facts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../series/series_text.h"
#include "sim/arena.h"
#include "sim/clock.h"

/* A distance of more than so many steps is a gap: a scrape that was late by half a step is none. */
#define GAP_STEPS 2.5
/* Regular enough: so many of the distances are within a tenth of the median. */
#define REGULAR_SHARE 0.5

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The median distance of neighbours; 0 of fewer than two. *out_regular: the share that is about as long. */
static int64_t find_step(const struct recorded_series *s, double *out_regular)
{
    *out_regular = 1.0;
    if (s->n < 2) {
        return 0;
    }
    size_t n = s->n - 1, n_about = 0;
    int64_t *distance = rs_xcalloc(n, sizeof(*distance));
    for (size_t i = 0; i < n; i++) {
        distance[i] = s->sample[i + 1].t_ms - s->sample[i].t_ms;
    }
    qsort(distance, n, sizeof(*distance), by_size);
    int64_t median = distance[n / 2];
    for (size_t i = 0; i < n; i++) {
        n_about += fabs((double)(distance[i] - median)) <= 0.1 * (double)median;
    }
    *out_regular = (double)n_about / (double)n;
    free(distance);
    return median;
}

/* Does a gap lie before sample i > 0? */
static bool is_gap(const struct series_facts *f, const struct recorded_series *s, size_t i)
{
    double ms = (double)(s->sample[i].t_ms - s->sample[i - 1].t_ms);
    return ms > GAP_STEPS * (double)f->step_ms && !rs_tsdb_is_stale(s->sample[i - 1].v);
}

static void count_gaps(struct series_facts *f, const struct recorded_series *s)
{
    for (size_t i = 1; i < s->n; i++) {
        int64_t ms = s->sample[i].t_ms - s->sample[i - 1].t_ms;
        if (is_gap(f, s, i)) {
            f->n_gap++;
            f->gap_ms += ms;
            if (ms > f->longest_gap_ms) {
                f->longest_gap_ms = ms;
                f->longest_gap_at_ms = s->sample[i - 1].t_ms;
            }
        }
    }
}

static void count_values(struct series_facts *f, const struct recorded_series *s)
{
    double sum = 0.0, last = NAN;
    size_t n = 0;
    int64_t zero_from = INT64_MIN;
    f->min = f->max = f->mean = NAN;
    for (size_t i = 0; i < s->n; i++) {
        double v = s->sample[i].v;
        if (isnan(v)) {
            f->n_stale += rs_tsdb_is_stale(v);
            f->n_nan += !rs_tsdb_is_stale(v);
            zero_from = INT64_MIN;
            continue;
        }
        if (v == 0.0) {
            f->n_zero++;
            zero_from = zero_from == INT64_MIN ? s->sample[i].t_ms : zero_from;
            int64_t ms = s->sample[i].t_ms - zero_from + f->step_ms;
            if (ms > f->zero_ms) {
                f->zero_ms = ms;
                f->zero_at_ms = zero_from;
            }
        } else {
            zero_from = INT64_MIN;
        }
        f->min = n == 0 || v < f->min ? v : f->min;
        f->max = n == 0 || v > f->max ? v : f->max;
        sum += v;
        n++;
        if (f->kind == RS_KIND_COUNTER && !isnan(last)) {
            f->n_reset += v < last;
            f->increase +=
                v < last ? v : v - last; /* as Prometheus' increase counts a start anew */
        }
        last = v;
    }
    f->sum = sum;
    f->mean = n > 0 ? sum / (double)n : NAN;
}

static bool describe(struct series_facts *f, const struct recorded *set, int i)
{
    const struct recorded_series *s = &set->series[i];
    double regular = 1.0;
    *f = (struct series_facts){.series = i, .n = s->n};
    f->step_ms = find_step(s, &regular);
    f->kind = rs_series_is_counter(set, s, true) ? RS_KIND_COUNTER : RS_KIND_GAUGE;
    if (s->n > 0) {
        f->first_ms = s->sample[0].t_ms;
        f->last_ms = s->sample[s->n - 1].t_ms;
    }
    count_gaps(f, s);
    count_values(f, s);
    return regular >= REGULAR_SHARE;
}

struct series_set_facts *rs_series_facts_new(struct recorded *set, enum series_format format)
{
    struct series_set_facts *f = rs_xcalloc(1, sizeof(*f));
    int n_regular = 0;
    f->format = format;
    f->set = set;
    f->n_fact = set->n_series;
    f->fact = rs_xcalloc((size_t)set->n_series + 1, sizeof(*f->fact));
    for (int i = 0; i < set->n_series; i++) {
        n_regular += describe(&f->fact[i], set, i);
    }
    f->irregular = 2 * n_regular < set->n_series;
    return f;
}

int rs_series_gaps(const struct recorded *set,
                   const struct series_facts *f,
                   struct silence *out,
                   int max)
{
    const struct recorded_series *s = &set->series[f->series];
    int n = 0;
    for (size_t i = 1; i < s->n && n < max; i++) {
        if (is_gap(f, s, i)) {
            out[n++] = (struct silence){s->sample[i - 1].t_ms * RS_NS_PER_MS,
                                        s->sample[i].t_ms * RS_NS_PER_MS};
        }
    }
    return n;
}

int rs_series_resets(const struct recorded *set,
                     const struct series_facts *f,
                     int64_t *out_ms,
                     int max)
{
    const struct recorded_series *s = &set->series[f->series];
    double last = NAN;
    int n = 0;
    for (size_t i = 0; i < s->n && n < max && f->kind == RS_KIND_COUNTER; i++) {
        if (s->sample[i].v < last) {
            out_ms[n++] = s->sample[i].t_ms;
        }
        last = isnan(s->sample[i].v) ? last : s->sample[i].v;
    }
    return n;
}

void rs_series_facts_free(struct series_set_facts *f)
{
    if (f) {
        rs_recorded_free(f->set);
        free(f->fact);
        free(f);
    }
}
