/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Latencies that are known because they were recorded. They need no draw: the true counts have them at once. The histogram
 * shows them scrape by scrape, like those that are drawn, so they wait in a queue for the scrape that comes first after them.
 */
#include <assert.h>
#include <stdlib.h>

#include "internal.h"

/* From so many on, those that no scrape can tell apart any more are added up. */
#define FOLD_FROM 1024

static int grid_cell(const struct site *site, double x_s)
{
    int low = 0, high = site->n_grid; /* the first bound that is not below x */
    while (low < high) {
        int mid = low + (high - low) / 2;
        if (x_s <= site->grid[mid])
            high = mid;
        else
            low = mid + 1;
    }
    return low;
}

static void push(struct told_queue *q, struct told new)
{
    for (int i = q->n - 1; i >= 0 && q->item[i].k == new.k; i--) {
        if (q->item[i].flat == new.flat) {
            q->item[i].n += new.n;
            q->item[i].sum_s += new.sum_s;
            return;
        }
    }
    if (q->n == q->cap) {
        q->cap = q->cap ? 2 * q->cap : 64;
        q->item = rs_xrealloc(q->item, sizeof *q->item * (size_t)q->cap);
    }
    q->item[q->n++] = new;
}

void rs_told_add(struct target *t, int class, double latency_s, bool *out_slow)
{
    const struct site *site = t->site;
    int cell = grid_cell(site, latency_s);
    *out_slow = cell >= site->slow_from;
    t->cell[cell]++;
    if (t->ring.cap == 0)
        return; /* nobody reads the histogram */
    assert(t->told.n == 0 || t->told.item[t->told.n - 1].k <= t->next_k);
    if (t->told.n >= FOLD_FROM && t->ring.first > 0)
        rs_told_show(t, t->ring.first - 1);
    int flat = site->law[class].part * (site->n_grid + 1) + cell;
    push(&t->told, (struct told){t->next_k, flat, 1, latency_s});
}

void rs_told_show(struct target *t, uint64_t k)
{
    struct told_queue *q = &t->told;
    int n = 0;
    for (; n < q->n && q->item[n].k <= k; n++) {
        t->shown[q->item[n].flat] += q->item[n].n;
        t->latency_sum[q->item[n].flat / (t->site->n_grid + 1)] += q->item[n].sum_s;
    }
    for (int i = n; i < q->n; i++)
        q->item[i - n] = q->item[i];
    q->n -= n;
}

void rs_told_free(struct told_queue *q)
{
    free(q->item);
    *q = (struct told_queue){0};
}
