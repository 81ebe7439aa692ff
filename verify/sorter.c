/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sorter.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"

/* Records in the buffer and in each window on a run; runs merged at once; levels of merges: 4096 * 32^6 records. */
enum { BUFFER = 4096, WINDOW = 128, FAN = 32, LEVELS = 6, RUNS_MAX = FAN * LEVELS };

struct run { /* sorted records in the file */
    uint64_t at, n;
    int level;
};

/* A place in a run, and the records around it. */
struct window {
    struct run run;
    uint64_t i;          /* next record */
    uint64_t from, n;    /* those held */
    unsigned char *held; /* [WINDOW] owned */
};

struct sorter {
    size_t size;
    int (*compare)(const void *a, const void *b);
    struct spill *spill;
    uint64_t began; /* where the file ended before */
    uint64_t n;
    unsigned char *buffer; /* [cap] owned; without a file all records */
    size_t n_buffer, cap;
    int n_run;
    struct run run[RUNS_MAX];
    struct window *window; /* [FAN] owned, for merging and reading */
    bool finished;
};

struct sorter *
rs_sorter_new(size_t size, int (*compare)(const void *a, const void *b), struct spill *spill)
{
    assert(size > 0 && size <= RS_SPOOL_RECORD_MAX);
    struct sorter *s = rs_xcalloc(1, sizeof *s);
    s->size = size;
    s->compare = compare;
    s->spill = spill;
    s->began = spill ? rs_spill_end(spill) : 0;
    return s;
}

void rs_sorter_free(struct sorter *s)
{
    if (!s)
        return;
    if (s->spill)
        rs_spill_cut(s->spill, s->began);
    for (int i = 0; s->window && i < FAN; i++)
        free(s->window[i].held);
    free(s->window);
    free(s->buffer);
    free(s);
}

/* ---- windows --------------------------------------------------------------------------------------------------------- */

static void window_set(struct sorter *s, struct window *w, struct run run)
{
    if (!w->held)
        w->held = rs_xcalloc(WINDOW, s->size);
    w->run = run;
    w->i = w->from = w->n = 0;
}

static const void *window_at(const struct sorter *s, struct window *w, uint64_t i)
{
    assert(i < w->run.n);
    if (i < w->from || i >= w->from + w->n) {
        w->from = i;
        w->n = w->run.n - i < WINDOW ? w->run.n - i : WINDOW;
        rs_spill_read(s->spill, w->run.at + i * s->size, w->held, (size_t)w->n * s->size);
    }
    return w->held + (size_t)(i - w->from) * s->size;
}

static const void *head(const struct sorter *s, struct window *w)
{
    return window_at(s, w, w->i);
}

/* ---- merging --------------------------------------------------------------------------------------------------------- */

static void flush_output(struct sorter *s)
{
    rs_spill_append(s->spill, s->buffer, s->n_buffer * s->size);
    s->n_buffer = 0;
}

static void put_output(struct sorter *s, const void *record)
{
    memcpy(s->buffer + s->n_buffer++ * s->size, record, s->size);
    if (s->n_buffer == s->cap)
        flush_output(s);
}

/* Restores the heap of windows [n], least head first, from place i down. */
static void sift_down(struct sorter *s, struct window **heap, int n, int i)
{
    for (int child = 2 * i + 1; child < n; child = 2 * i + 1) {
        if (child + 1 < n && s->compare(head(s, heap[child + 1]), head(s, heap[child])) < 0)
            child++;
        if (s->compare(head(s, heap[i]), head(s, heap[child])) <= 0)
            return;
        struct window *swap = heap[i];
        heap[i] = heap[child];
        heap[child] = swap;
        i = child;
    }
}

/* The last n runs become one. The buffer is empty then, and used for the output. */
static void merge(struct sorter *s, int n)
{
    struct window *heap[FAN];
    struct run *first = &s->run[s->n_run - n];
    struct run out = {.at = rs_spill_end(s->spill), .level = first->level + 1};
    for (int i = 0; i < n; i++) {
        heap[i] = &s->window[i];
        window_set(s, heap[i], first[i]);
        out.n += first[i].n;
    }
    int live = n;
    for (int i = live / 2; i >= 0; i--)
        sift_down(s, heap, live, i);
    while (live > 0) {
        put_output(s, head(s, heap[0]));
        if (++heap[0]->i == heap[0]->run.n)
            heap[0] = heap[--live];
        sift_down(s, heap, live, 0);
    }
    flush_output(s);
    s->n_run -= n - 1;
    *first = out;
}

/* Runs of one level stand together, the highest first: as many as are merged at once become one of the next. */
static void merge_full_levels(struct sorter *s)
{
    while (s->n_run >= FAN && s->run[s->n_run - FAN].level == s->run[s->n_run - 1].level)
        merge(s, FAN);
}

static void write_run(struct sorter *s)
{
    assert(s->n_run < RUNS_MAX);
    if (!s->window)
        s->window = rs_xcalloc(FAN, sizeof *s->window);
    qsort(s->buffer, s->n_buffer, s->size, s->compare);
    s->run[s->n_run].n = s->n_buffer;
    s->run[s->n_run].level = 0;
    s->run[s->n_run++].at = rs_spill_append(s->spill, s->buffer, s->n_buffer * s->size);
    s->n_buffer = 0;
    merge_full_levels(s);
}

/* ---- what the caller sees -------------------------------------------------------------------------------------------- */

void rs_sorter_add(struct sorter *s, const void *record)
{
    assert(!s->finished);
    if (s->n_buffer == s->cap && s->cap > 0 && s->spill)
        write_run(s);
    if (s->n_buffer == s->cap) {
        s->cap = s->cap ? 2 * s->cap : BUFFER;
        s->buffer = rs_xrealloc(s->buffer, s->cap * s->size);
    }
    memcpy(s->buffer + s->n_buffer++ * s->size, record, s->size);
    s->n++;
}

uint64_t rs_sorter_finish(struct sorter *s)
{
    s->finished = true;
    if (s->n_run == 0) {
        if (s->n_buffer > 0)
            qsort(s->buffer, s->n_buffer, s->size, s->compare);
        return s->n;
    }
    if (s->n_buffer > 0)
        write_run(s);
    while (s->n_run > 1)
        merge(s, s->n_run < FAN ? s->n_run : FAN);
    window_set(s, &s->window[0], s->run[0]);
    return s->n;
}

const void *rs_sorter_at(struct sorter *s, uint64_t i)
{
    assert(s->finished && i < s->n);
    if (s->n_run == 0)
        return s->buffer + (size_t)i * s->size;
    return window_at(s, &s->window[0], i);
}
