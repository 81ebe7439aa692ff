/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Order by value: sort, sort_desc, and what topk and bottomk give. */
#include <stdlib.h>
#include <string.h>

#include "promql_eval.h"
#include "sim/arena.h"

/* Up to here Go's sort is an insertion sort, and with it the order of equal elements is sure. */
#define INSERTION_MAX 12

/* Does b belong before a, which stands first? NaN goes behind everything, and behind other NaN what came later. */
static bool before(double a, double b, bool top)
{
    if (isnan(a)) {
        return true;
    }
    return top ? a < b : a > b;
}

static void insertion(struct vector_item *item, int n, bool top)
{
    for (int i = 1; i < n; i++) {
        struct vector_item moved = item[i];
        int at = i;

        for (; at > 0 && before(item[at - 1].v, moved.v, top); at--) {
            item[at] = item[at - 1];
        }
        item[at] = moved;
    }
}

/* Merges the sorted halves [0, half) and [half, n) by way of spare[half]. */
static void merge(struct vector_item *item, int half, int n, struct vector_item *spare, bool top)
{
    int left = 0, right = half, at = 0;

    memcpy(spare, item, (size_t)half * sizeof *item);
    while (left < half) {
        bool take_right =
            right < n && !isnan(item[right].v) && before(spare[left].v, item[right].v, top);

        item[at++] = take_right ? item[right++] : spare[left++];
    }
}

static void sort_with(struct vector_item *item, int n, struct vector_item *spare, bool top)
{
    int half = n / 2;

    if (n <= INSERTION_MAX) {
        insertion(item, n, top);
        return;
    }
    sort_with(item, half, spare, top);
    sort_with(item + half, n - half, spare, top);
    merge(item, half, n, spare, top);
}

void rs_sorter_run(struct sorter *s, struct vector_item *item, int n, bool top)
{
    if (n > INSERTION_MAX && n > s->cap_spare) {
        s->cap_spare = 2 * n;
        s->spare = rs_xrealloc(s->spare, (size_t)s->cap_spare * sizeof *s->spare);
    }
    sort_with(item, n, s->spare, top);
}

void rs_sorter_clear(struct sorter *s)
{
    free(s->spare);
    *s = (struct sorter){0};
}

struct sorted {
    struct vector_item *item; /* [cap] a copy of the argument */
    int cap;
    struct sorter sorter;
};

static void sorted_free(void *state)
{
    struct sorted *s = state;

    rs_sorter_clear(&s->sorter);
    free(s->item);
    free(s);
}

static int sort(struct promql_eval *e, struct cell *c, int64_t t_ms, bool top)
{
    struct cell *arg = c->arg[0];
    struct sorted *s = c->state;

    if (s == NULL) {
        s = c->state = rs_xcalloc(1, sizeof *s);
        c->state_free = sorted_free;
    }
    if (arg->eval(e, arg, t_ms) < 0) {
        return -1;
    }
    if (arg->n > s->cap) {
        s->cap = 2 * arg->n;
        s->item = rs_xrealloc(s->item, (size_t)s->cap * sizeof *s->item);
    }
    for (int i = 0; i < arg->n; i++) {
        s->item[i] = arg->item[i];
    }
    rs_sorter_run(&s->sorter, s->item, arg->n, top);
    c->n = 0;
    for (int i = 0; i < arg->n; i++) {
        rs_cell_push(c, s->item[i].labels, s->item[i].v);
    }
    return rs_eval_unique(e, c);
}

int rs_call_sort(struct promql_eval *e, struct cell *c, int64_t t_ms)
{
    return sort(e, c, t_ms, false);
}

int rs_call_sort_desc(struct promql_eval *e, struct cell *c, int64_t t_ms)
{
    return sort(e, c, t_ms, true);
}
