/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/recorded.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"

#define YEAR_1990_MS INT64_C(631152000000)

struct recorded *rs_recorded_new(struct label_table *labels)
{
    struct recorded *set = rs_xcalloc(1, sizeof(*set));
    set->owns_labels = labels == NULL;
    set->labels = labels ? labels : rs_label_table_new();
    set->first_ms = INT64_MAX;
    set->last_ms = INT64_MIN;
    return set;
}

void rs_recorded_free(struct recorded *set)
{
    if (!set) {
        return;
    }
    for (int i = 0; i < set->n_series; i++) {
        free(set->series[i].sample);
    }
    free(set->series);
    free(set->by_labels);
    if (set->owns_labels) {
        rs_label_table_free(set->labels);
    }
    free(set);
}

static int *slot_of(struct recorded *set, rs_labels labels)
{
    if (labels >= set->n_by_labels) {
        int n = 2 * labels + 64;
        set->by_labels = rs_xrealloc(set->by_labels, sizeof(*set->by_labels) * (size_t)n);
        for (int i = set->n_by_labels; i < n; i++) {
            set->by_labels[i] = -1;
        }
        set->n_by_labels = n;
    }
    return &set->by_labels[labels];
}

int rs_recorded_series(struct recorded *set, rs_labels labels)
{
    int *slot = slot_of(set, labels);
    if (*slot >= 0) {
        return *slot;
    }
    if (set->n_series == set->cap_series) {
        set->cap_series = set->cap_series ? 2 * set->cap_series : 64;
        set->series = rs_xrealloc(set->series, sizeof(*set->series) * (size_t)set->cap_series);
    }
    set->series[set->n_series] = (struct recorded_series){.labels = labels};
    *slot = set->n_series;
    return set->n_series++;
}

void rs_recorded_add(struct recorded *set, int series, int64_t t_ms, double v)
{
    struct recorded_series *s = &set->series[series];
    if (s->n == s->cap) {
        s->cap = s->cap ? 2 * s->cap : 32;
        s->sample = rs_xrealloc(s->sample, sizeof(*s->sample) * s->cap);
    }
    s->sample[s->n++] = (struct sample){t_ms, v};
    set->n_sample++;
}

static bool same_bits(double a, double b)
{
    return memcmp(&a, &b, sizeof(a)) == 0;
}

/* Merge sort by time: stable, so that of two samples of one time the first in the file stays the first. */
static void sort_samples(struct sample *s, struct sample *spare, size_t n)
{
    if (n < 2) {
        return;
    }
    size_t half = n / 2, i = 0, j = half, k = 0;
    sort_samples(s, spare, half);
    sort_samples(s + half, spare, n - half);
    memcpy(spare, s, sizeof(*s) * half);
    while (i < half) {
        if (j < n && s[j].t_ms < spare[i].t_ms) {
            s[k++] = s[j++];
        } else {
            s[k++] = spare[i++];
        }
    }
}

static uint64_t count_out_of_order(struct recorded *set, const struct recorded_series *s)
{
    uint64_t n = 0;
    int64_t newest = INT64_MIN;
    for (size_t i = 0; i < s->n; i++) {
        bool late = s->sample[i].t_ms < newest;
        if (late && n + set->report.n_out_of_order == 0) {
            set->report.out_of_order = (struct recorded_place){s->labels, s->sample[i].t_ms};
        }
        n += late;
        newest = s->sample[i].t_ms > newest ? s->sample[i].t_ms : newest;
    }
    return n;
}

/* Of samples of one time the first stays. */
static void drop_same_times(struct recorded *set, struct recorded_series *s)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (kept > 0 && s->sample[kept - 1].t_ms == s->sample[i].t_ms) {
            if (set->report.n_same_time++ == 0) {
                set->report.same_time = (struct recorded_place){s->labels, s->sample[i].t_ms};
            }
            set->report.n_differing += !same_bits(s->sample[kept - 1].v, s->sample[i].v);
            continue;
        }
        s->sample[kept++] = s->sample[i];
    }
    set->n_sample -= s->n - kept;
    s->n = kept;
}

static void put_in_order(struct recorded *set, struct recorded_series *s)
{
    uint64_t n_out_of_order = count_out_of_order(set, s);
    if (n_out_of_order > 0) {
        struct sample *spare = rs_xcalloc(s->n / 2 + 1, sizeof(*spare));
        sort_samples(s->sample, spare, s->n);
        free(spare);
        set->report.n_out_of_order += n_out_of_order;
    }
    drop_same_times(set, s);
    if (s->n > 0) {
        int64_t first = s->sample[0].t_ms, last = s->sample[s->n - 1].t_ms;
        set->first_ms = first < set->first_ms ? first : set->first_ms;
        set->last_ms = last > set->last_ms ? last : set->last_ms;
    }
}

/* qsort hands no context over; the number of a label set says nothing of its order, so a heap sort of our own is used. */
static void sift(struct recorded *set, int root, int n)
{
    struct recorded_series *s = set->series, moved = s[root];
    for (int child = 2 * root + 1; child < n; child = 2 * root + 1) {
        if (child + 1 < n &&
            rs_labels_compare(set->labels, s[child].labels, s[child + 1].labels) < 0) {
            child++;
        }
        if (rs_labels_compare(set->labels, moved.labels, s[child].labels) >= 0) {
            break;
        }
        s[root] = s[child];
        root = child;
    }
    s[root] = moved;
}

static void sort_series(struct recorded *set)
{
    for (int i = set->n_series / 2 - 1; i >= 0; i--) {
        sift(set, i, set->n_series);
    }
    for (int n = set->n_series - 1; n > 0; n--) {
        struct recorded_series last = set->series[n];
        set->series[n] = set->series[0];
        set->series[0] = last;
        sift(set, 0, n);
    }
    for (int i = 0; i < set->n_series; i++) {
        *slot_of(set, set->series[i].labels) = i;
    }
}

void rs_recorded_sort(struct recorded *set)
{
    for (int i = 0; i < set->n_series; i++) {
        put_in_order(set, &set->series[i]);
    }
    sort_series(set);
}

static void fill(void *ctx, uint64_t arg, int series, int64_t t_ms)
{
    struct tsdb *db = ctx;
    struct recorded_series *s = (struct recorded_series *)(uintptr_t)arg;
    while (s->n_given < s->n && s->sample[s->n_given].t_ms <= t_ms) {
        rs_tsdb_append(db, series, s->sample[s->n_given].t_ms, s->sample[s->n_given].v);
        s->n_given++;
    }
}

void rs_recorded_attach(struct recorded *set, struct tsdb *db, bool keep_all)
{
    assert(rs_tsdb_labels(db) == set->labels);
    for (int i = 0; i < set->n_series; i++) {
        if (set->series[i].left_out) {
            continue;
        }
        int series = rs_tsdb_series(db, set->series[i].labels);
        set->series[i].n_given = 0;
        if (keep_all) {
            rs_tsdb_retain(db, series, INT64_MAX / 4);
        }
        rs_tsdb_set_fill(db, series, fill, db, (uint64_t)(uintptr_t)&set->series[i]);
    }
}

bool rs_recorded_is_absolute(int64_t t_ms)
{
    return t_ms >= YEAR_1990_MS;
}
