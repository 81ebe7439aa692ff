/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pick.h"

#include <stdlib.h>

#include "sim/arena.h"
#include "sim/clock.h"
#include "sorter.h"

/* What is known of the replicas of one fault, or of none. */
struct fault_picks {
    bool has_first, has_worst;
    struct pick first, /* in which it started, or, as long as it never did, the first with it */
        worst;         /* of equals the first replica */
};

struct pick_book {
    const struct scenario *scenario;
    struct arena *arena;
    struct spool all;             /* of struct pick: every replica in order */
    struct fault_picks *of_fault; /* [n_fault + 1] */
    struct pick *chosen;          /* [n_chosen] owned */
    int n_chosen;
};

struct pick_book *rs_pick_book_new(const struct scenario *sc, struct spill *spill)
{
    struct pick_book *b = rs_xcalloc(1, sizeof *b);
    b->scenario = sc;
    b->arena = rs_arena_new();
    b->of_fault = rs_xcalloc((size_t)sc->n_fault + 1, sizeof *b->of_fault);
    rs_spool_init(&b->all, sizeof(struct pick), spill);
    return b;
}

void rs_pick_book_free(struct pick_book *b)
{
    if (!b)
        return;
    rs_arena_free(b->arena);
    rs_spool_clear(&b->all);
    free(b->of_fault);
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
    struct pick p = {.replica = h->replica,
                     .fault = h->fault,
                     .rollback_ns = rollback_ns(h),
                     .n_error = h->n_error,
                     .started = h->fault_started};
    struct fault_picks *of = &b->of_fault[h->fault + 1];
    rs_spool_add(&b->all, &p);
    if (!of->has_first || (h->fault >= 0 && p.started && !of->first.started))
        of->first = p;
    of->has_first = true;
    if (p.rollback_ns >= 0 && (!of->has_worst || p.rollback_ns > of->worst.rollback_ns)) {
        of->worst = p;
        of->has_worst = true;
    }
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

/* The rollbacks of one fault on their way to be sorted. */
struct filter {
    struct sorter *to;
    int fault;
};

static void sort_rollback(void *ctx, const void *record)
{
    struct filter *f = ctx;
    const struct pick *p = record;
    if (p->fault == f->fault && p->rollback_ns >= 0)
        rs_sorter_add(f->to, p);
}

static void choose_of_fault(struct pick_book *b, int fault)
{
    const struct fault_picks *of = &b->of_fault[fault + 1];
    if (of->has_first)
        choose(b, &of->first, "first");
    if (!of->has_worst)
        return;
    struct filter f = {rs_sorter_new(sizeof(struct pick), by_rollback, b->all.spill), fault};
    rs_spool_each(&b->all, sort_rollback, &f);
    uint64_t n = rs_sorter_finish(f.to);
    choose(b, rs_sorter_at(f.to, (n - 1) / 2), "median");
    rs_sorter_free(f.to);
    choose(b, &of->worst, "worst");
}

/* The replicas that violated claims name as theirs, looked up among all. */
struct witnesses {
    const struct run_result *result;
    struct pick *found; /* [n_verdict] */
    bool *has;          /* [n_verdict] */
};

static bool has_witness(const struct verdict *v)
{
    return rs_verdict_is_bad(v->kind) && v->has_witness;
}

static void find_witness(void *ctx, const void *record)
{
    struct witnesses *w = ctx;
    const struct pick *p = record;
    for (int i = 0; i < w->result->n_verdict; i++) {
        const struct verdict *v = &w->result->verdict[i];
        if (has_witness(v) && v->witness == p->replica) {
            w->found[i] = *p;
            w->has[i] = true;
        }
    }
}

static void choose_witnesses(struct pick_book *b, const struct run_result *r)
{
    size_t n = (size_t)r->n_verdict;
    struct witnesses w = {.result = r};
    w.found = rs_xcalloc(n + 1, sizeof *w.found);
    w.has = rs_xcalloc(n + 1, sizeof *w.has);
    rs_spool_each(&b->all, find_witness, &w);
    for (size_t i = 0; i < n; i++) {
        if (w.has[i])
            choose(b, &w.found[i],
                   rs_arena_printf(b->arena, "witness: %s", r->verdict[i].claim->name));
    }
    free(w.found);
    free(w.has);
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
    for (int fault = -1; fault < b->scenario->n_fault; fault++)
        choose_of_fault(b, fault);
    choose_witnesses(b, r);
    sort_chosen(b);
    *out_n = b->n_chosen;
    return b->chosen;
}
