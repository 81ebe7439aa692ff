/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reorder.h"

#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"

enum { WAITING_MAX = 1 << 20, BLOCK_BYTES = 16 << 10, FIRST_RING = 1024 };

/* Routes are put down one after the other; a block is used anew when none of its routes waits any more. */
struct text_block {
    struct text_block *next; /* among the spare ones */
    size_t n_used, n_waiting, cap;
    char text[];
};

void rs_reorder_init(struct reorder *r, int64_t window_ns, rs_request_fn fn, void *ctx)
{
    *r = (struct reorder){.window_ns = window_ns, .fn = fn, .ctx = ctx};
    r->cap_ring = FIRST_RING;
    r->ring = rs_xcalloc(r->cap_ring, sizeof(*r->ring));
}

/* ---- routes ---- */

static void drop_block(struct reorder *r, struct text_block *b)
{
    if (b->cap > BLOCK_BYTES) { /* made for one long route */
        free(b);
        return;
    }
    b->n_used = 0;
    b->next = r->spare;
    r->spare = b;
}

static struct text_block *block_for(struct reorder *r, size_t n)
{
    struct text_block *b = r->open;
    if (b && b->cap - b->n_used >= n) {
        return b;
    }
    if (b && b->n_waiting == 0) {
        drop_block(r, b);
    }
    if (r->spare && n <= BLOCK_BYTES) {
        b = r->spare;
        r->spare = b->next;
    } else {
        size_t cap = n > BLOCK_BYTES ? n : BLOCK_BYTES;
        b = rs_xcalloc(1, sizeof(*b) + cap);
        b->cap = cap;
    }
    r->open = b;
    return b;
}

static void keep_route(struct reorder *r, struct waiting *w, struct span route)
{
    if (!route.p) {
        return;
    }
    struct text_block *b = block_for(r, route.n + 1);
    char *to = b->text + b->n_used;
    memcpy(to, route.p, route.n);
    to[route.n] = '\0';
    b->n_used += route.n + 1;
    b->n_waiting++;
    w->route = to;
    w->block = b;
}

static void release_route(struct reorder *r, struct text_block *b)
{
    if (b && --b->n_waiting == 0) {
        if (b == r->open) {
            b->n_used = 0;
        } else {
            drop_block(r, b);
        }
    }
}

void rs_reorder_clear(struct reorder *r)
{
    for (size_t i = 0; i < r->n_ring; i++) {
        release_route(r, r->ring[(r->first + i) & (r->cap_ring - 1)].block);
    }
    for (size_t i = 0; i < r->n_heap; i++) {
        release_route(r, r->heap[i].block);
    }
    free(r->open);
    while (r->spare) {
        struct text_block *next = r->spare->next;
        free(r->spare);
        r->spare = next;
    }
    free(r->ring);
    free(r->heap);
    *r = (struct reorder){0};
}

/* ---- queue and heap ---- */

static bool before(const struct waiting *a, const struct waiting *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->seq < b->seq;
}

static void push_ring(struct reorder *r, const struct waiting *w)
{
    if (r->n_ring == r->cap_ring) { /* the cap is a power of two */
        r->ring = rs_xrealloc(r->ring, sizeof(*r->ring) * 2 * r->cap_ring);
        memcpy(r->ring + r->cap_ring, r->ring, sizeof(*r->ring) * r->first);
        r->cap_ring *= 2;
    }
    r->ring[(r->first + r->n_ring) & (r->cap_ring - 1)] = *w;
    r->n_ring++;
}

static void push_heap(struct reorder *r, const struct waiting *w)
{
    if (r->n_heap == r->cap_heap) {
        r->cap_heap = r->cap_heap ? 2 * r->cap_heap : FIRST_RING;
        r->heap = rs_xrealloc(r->heap, sizeof(*r->heap) * r->cap_heap);
    }
    size_t i = r->n_heap++;
    for (; i > 0 && before(w, &r->heap[(i - 1) / 2]); i = (i - 1) / 2) {
        r->heap[i] = r->heap[(i - 1) / 2];
    }
    r->heap[i] = *w;
}

static struct waiting pop_heap(struct reorder *r)
{
    struct waiting top = r->heap[0], last = r->heap[--r->n_heap];
    size_t i = 0;
    for (size_t child = 1; child < r->n_heap; child = 2 * i + 1) {
        child += child + 1 < r->n_heap && before(&r->heap[child + 1], &r->heap[child]);
        if (!before(&r->heap[child], &last)) {
            break;
        }
        r->heap[i] = r->heap[child];
        i = child;
    }
    r->heap[i] = last;
    return top;
}

/* The earliest that waits; NULL if nothing does. */
static const struct waiting *earliest(const struct reorder *r)
{
    const struct waiting *queued = r->n_ring > 0 ? &r->ring[r->first] : NULL;
    const struct waiting *late = r->n_heap > 0 ? r->heap : NULL;
    return !late || (queued && before(queued, late)) ? queued : late;
}

static int hand_on(struct reorder *r, const struct waiting *w)
{
    struct waiting one;
    if (r->n_heap > 0 && w == r->heap) {
        one = pop_heap(r);
    } else {
        one = *w;
        r->first = (r->first + 1) & (r->cap_ring - 1);
        r->n_ring--;
    }
    r->left_ns = one.at_ns;
    r->any_left = true;
    const struct recorded_request request = {one.at_ns, one.latency_s, one.status, one.route};
    int status = r->fn(r->ctx, &request);
    release_route(r, one.block);
    return status;
}

int rs_reorder_add(
    struct reorder *r, int64_t at_ns, double latency_s, int status, struct span route)
{
    struct waiting w = {.at_ns = at_ns, .seq = r->seq++, .latency_s = latency_s, .status = status};
    if (r->any_left && at_ns < r->left_ns) {
        r->n_too_late++;
        w.at_ns = r->left_ns;
    }
    r->n_out_of_order += r->any && at_ns < r->newest_ns;
    r->newest_ns = r->any && at_ns < r->newest_ns ? r->newest_ns : at_ns;
    r->any = true;
    keep_route(r, &w, route);
    const struct waiting *last =
        r->n_ring > 0 ? &r->ring[(r->first + r->n_ring - 1) & (r->cap_ring - 1)] : NULL;
    if (last && w.at_ns < last->at_ns) {
        push_heap(r, &w);
    } else {
        push_ring(r, &w);
    }
    for (;;) {
        const struct waiting *next = earliest(r);
        bool full = r->n_ring + r->n_heap > WAITING_MAX;
        /* Subtracted so, nothing overflows: next is not later than the newest. */
        if (!full && (uint64_t)r->newest_ns - (uint64_t)next->at_ns <= (uint64_t)r->window_ns) {
            return 0;
        }
        int stop = hand_on(r, next);
        if (stop != 0) {
            return stop;
        }
        if (r->n_ring + r->n_heap == 0) {
            return 0;
        }
    }
}

int rs_reorder_end(struct reorder *r)
{
    int status = 0;
    for (const struct waiting *next = earliest(r); next && status == 0; next = earliest(r)) {
        status = hand_on(r, next);
    }
    return status;
}
