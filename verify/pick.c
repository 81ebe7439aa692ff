/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pick.h"

#include <stdlib.h>

#include "sim/arena.h"
#include "sim/clock.h"

struct pick_book {
    const struct scenario *scenario;
    struct arena *arena;
    struct pick *all; /* [n] owned, every replica in order */
    size_t n, cap;
    struct pick *chosen; /* [n_chosen] owned */
    int n_chosen;
};

struct pick_book *rs_pick_book_new(const struct scenario *sc)
{
    struct pick_book *b = rs_xcalloc(1, sizeof *b);
    b->scenario = sc;
    b->arena = rs_arena_new();
    return b;
}

void rs_pick_book_free(struct pick_book *b)
{
    if (!b)
        return;
    rs_arena_free(b->arena);
    free(b->all);
    free(b->chosen);
    free(b);
}

/* Of the first rollback that the replica's fault set off; without a fault of the first. -1 = there is none. */
static int64_t rollback_ns(const struct history *h)
{
    for (int i = 0; i < h->n_episode; i++) {
        const int64_t *at = h->episode[i].at_ns;
        if (h->episode[i].fault != h->fault)
            continue;
        if (at[RS_CLOCK_DETECTED] == RS_NEVER || at[RS_CLOCK_COMPLETED] == RS_NEVER)
            return RS_NEVER;
        return at[RS_CLOCK_COMPLETED] - at[RS_CLOCK_DETECTED];
    }
    return -1;
}

void rs_pick_book_add(struct pick_book *b, const struct history *h)
{
    if (b->n == b->cap) {
        b->cap = b->cap ? 2 * b->cap : 256;
        b->all = rs_xrealloc(b->all, b->cap * sizeof *b->all);
    }
    b->all[b->n++] = (struct pick){.replica = h->replica,
                                   .fault = h->fault,
                                   .rollback_ns = rollback_ns(h),
                                   .n_error = h->n_error,
                                   .started = h->fault_started};
}

static int by_rollback(const void *a, const void *b)
{
    const struct pick *x = a, *y = b;
    if (x->rollback_ns != y->rollback_ns)
        return x->rollback_ns < y->rollback_ns ? -1 : 1;
    return x->replica < y->replica ? -1 : x->replica > y->replica;
}

static void choose(struct pick_book *b, const struct pick *p, const char *why)
{
    struct pick *out = &b->chosen[b->n_chosen++];
    *out = *p;
    out->why = why;
}

/* The first replica of a fault in which it started, or, if it never did, the first with it. */
static const struct pick *first_of(const struct pick_book *b, int fault)
{
    const struct pick *first = NULL;
    for (size_t i = 0; i < b->n; i++) {
        const struct pick *p = &b->all[i];
        if (p->fault != fault)
            continue;
        if (fault < 0 || p->started)
            return p;
        first = first ? first : p;
    }
    return first;
}

static void choose_of_fault(struct pick_book *b, int fault, struct pick *room /* [n] */)
{
    const struct pick *first = first_of(b, fault);
    if (first)
        choose(b, first, "first");
    size_t n = 0;
    for (size_t i = 0; i < b->n; i++) {
        if (b->all[i].fault == fault && b->all[i].rollback_ns >= 0)
            room[n++] = b->all[i];
    }
    if (n == 0)
        return;
    qsort(room, n, sizeof *room, by_rollback);
    size_t worst = n - 1;
    while (worst > 0 && room[worst - 1].rollback_ns == room[worst].rollback_ns)
        worst--; /* of equals the first replica */
    choose(b, &room[(n - 1) / 2], "median");
    choose(b, &room[worst], "worst");
}

static void choose_witnesses(struct pick_book *b, const struct run_result *r)
{
    for (int i = 0; i < r->n_verdict; i++) {
        const struct verdict *v = &r->verdict[i];
        if (!rs_verdict_is_bad(v->kind) || !v->has_witness)
            continue;
        for (size_t j = 0; j < b->n; j++) {
            if (b->all[j].replica == v->witness) {
                choose(b, &b->all[j], rs_arena_printf(b->arena, "witness: %s", v->claim->name));
                break;
            }
        }
    }
}

struct ranked {
    struct pick pick;
    int rank;
};

static int by_replica(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->pick.replica != y->pick.replica)
        return x->pick.replica < y->pick.replica ? -1 : 1;
    return x->rank - y->rank;
}

static void sort_chosen(struct pick_book *b)
{
    struct ranked *r = rs_xcalloc((size_t)b->n_chosen + 1, sizeof *r);
    for (int i = 0; i < b->n_chosen; i++)
        r[i] = (struct ranked){b->chosen[i], i};
    qsort(r, (size_t)b->n_chosen, sizeof *r, by_replica);
    for (int i = 0; i < b->n_chosen; i++)
        b->chosen[i] = r[i].pick;
    free(r);
}

const struct pick *rs_pick_book_choose(struct pick_book *b, const struct run_result *r, int *out_n)
{
    size_t most = 3 * ((size_t)b->scenario->n_fault + 1) + (size_t)r->n_verdict;
    free(b->chosen);
    b->chosen = rs_xcalloc(most, sizeof *b->chosen);
    b->n_chosen = 0;
    struct pick *room = rs_xcalloc(b->n + 1, sizeof *room);
    for (int fault = -1; fault < b->scenario->n_fault; fault++)
        choose_of_fault(b, fault, room);
    free(room);
    choose_witnesses(b, r);
    sort_chosen(b);
    *out_n = b->n_chosen;
    return b->chosen;
}
