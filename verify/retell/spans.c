/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spans.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void rs_spans_add(struct arena *arena, struct spans *s, int64_t from_ms, int64_t until_ms)
{
    if (from_ms >= until_ms) {
        return;
    }
    if (s->n == s->cap) {
        s->cap = s->cap ? 2 * s->cap : 16;
        struct retell_span *more = RS_ARENA_ARRAY(arena, struct retell_span, s->cap);
        if (s->n > 0) {
            memcpy(more, s->at, sizeof(*more) * (size_t)s->n);
        }
        s->at = more;
    }
    s->at[s->n++] = (struct retell_span){from_ms, until_ms};
}

static int by_from(const void *a, const void *b)
{
    const struct retell_span *x = a, *y = b;
    return (x->from_ms > y->from_ms) - (x->from_ms < y->from_ms);
}

void rs_spans_sort(struct spans *s)
{
    int n = 0;
    if (s->n == 0) {
        return;
    }
    qsort(s->at, (size_t)s->n, sizeof(*s->at), by_from);
    for (int i = 1; i < s->n; i++) {
        if (s->at[i].from_ms > s->at[n].until_ms) {
            s->at[++n] = s->at[i];
        } else if (s->at[i].until_ms > s->at[n].until_ms) {
            s->at[n].until_ms = s->at[i].until_ms;
        }
    }
    s->n = n + 1;
}

struct spans rs_spans_minus(struct arena *arena, const struct spans *a, const struct spans *b)
{
    struct spans out = {0};
    int k = 0;
    for (int i = 0; i < a->n; i++) {
        int64_t from_ms = a->at[i].from_ms, until_ms = a->at[i].until_ms;
        while (k < b->n && b->at[k].until_ms <= from_ms) {
            k++;
        }
        for (int j = k; j < b->n && b->at[j].from_ms < until_ms; j++) {
            rs_spans_add(arena, &out, from_ms, b->at[j].from_ms);
            from_ms = b->at[j].until_ms;
        }
        rs_spans_add(arena, &out, from_ms, until_ms);
    }
    return out;
}

struct spans rs_spans_and(struct arena *arena, const struct spans *a, const struct spans *b)
{
    const struct spans rest = rs_spans_minus(arena, a, b);
    return rs_spans_minus(arena, a, &rest);
}

int64_t rs_spans_length(const struct spans *s)
{
    int64_t sum = 0;
    for (int i = 0; i < s->n; i++) {
        sum += s->at[i].until_ms - s->at[i].from_ms;
    }
    return sum;
}

bool rs_spans_has(const struct spans *s, int64_t t_ms)
{
    int low = 0, high = s->n;
    while (low < high) {
        int mid = (low + high) / 2;
        if (s->at[mid].until_ms <= t_ms) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low < s->n && s->at[low].from_ms <= t_ms;
}

int64_t rs_spans_after(const struct spans *s, int64_t ms)
{
    assert(s->n > 0);
    for (int i = 0; i < s->n; i++) {
        int64_t length = s->at[i].until_ms - s->at[i].from_ms;
        if (ms <= length) {
            return s->at[i].from_ms + ms;
        }
        ms -= length;
    }
    return s->at[s->n - 1].until_ms;
}

struct spans rs_spans_watched(struct arena *arena, const struct backtest_spec *spec)
{
    const struct recorded *data = spec->data;
    struct spans all = {0};
    for (int i = 0; i < data->n_series; i++) {
        const struct recorded_series *s = &data->series[i];
        int64_t from_ms = 0, until_ms = INT64_MIN;
        for (size_t k = 0; k < s->n; k++) {
            int64_t t_ms = s->sample[k].t_ms;
            if (t_ms > until_ms) {
                rs_spans_add(arena, &all, from_ms, until_ms);
                from_ms = t_ms;
            }
            until_ms = rs_tsdb_is_stale(s->sample[k].v) ? t_ms : t_ms + spec->lookback_ms;
        }
        rs_spans_add(arena, &all, from_ms, until_ms);
        if (all.n > 4096) {
            rs_spans_sort(&all); /* series have their gaps at the same times */
        }
    }
    rs_spans_sort(&all);
    struct spans whole = {0};
    rs_spans_add(arena, &whole, spec->from_ms, spec->to_ms + 1);
    return rs_spans_and(arena, &all, &whole);
}
