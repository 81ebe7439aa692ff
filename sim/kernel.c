/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The event queue is a tournament over slots. Every pending event sits in a slot; the slot's
 * leaf in the tree holds the event's key, one 128-bit number (time, insertion number, slot), and
 * every inner node holds the least key of its four children. So the root names the next event,
 * keys never tie, and a change costs one walk from a leaf towards the root without a branch to
 * mispredict. tests/bench/bench_kernel.c times it against a textbook heap.
 */
#include "sim/kernel.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "oom.h"
#include "sim/arena.h"
#include "sim/clock.h"

__extension__ typedef unsigned __int128 key128;

enum {
    SLOT_BITS = 24,   /* 16.7 million pending events */
    N_LEAF_FIRST = 4, /* leaves of a new kernel: a power of 4 */
    N_LEVEL_MAX = SLOT_BITS / 2,
    N_LEVEL_FETCH = 8, /* 65,536 leaves: more than 16,384 pending events */
    N_TALLY = 16,      /* labels counted in an instant that looks like a loop */
    N_PER_INSTANT_DEFAULT = 100000,
};
#define SLOT_MASK ((UINT64_C(1) << SLOT_BITS) - 1)
#define SEQ_MAX ((UINT64_C(1) << (64 - SLOT_BITS)) - 1) /* 1.1e12 insertions */
#define NO_SLOT UINT32_MAX
#define NO_EVENT_KEY (~(key128)0) /* a leaf without an event: after every event */

/*
 * Half a cache line: with many pending events the queue's speed is the number of lines that an
 * event touches.
 */
struct slot {
    /*
     * 0 = not pending; else the low half of the key that the event was scheduled with, never
     * used again.
     */
    rs_event handle;
    rs_event_fn fn;
    void *ctx;
    uint64_t arg; /* of a free slot: the next free one, or NO_SLOT */
};

struct tally {
    const char *label;
    uint64_t n;
};

struct kernel {
    /*
     * level[0] holds the leaves, level[i + 1] a quarter as many nodes as level[i], level[n_level] the root alone. Each begins
     * with a cache line, so that four siblings share one. In one piece of memory, which level[0] owns.
     */
    key128 *level[N_LEVEL_MAX + 1];
    key128 *root;
    uint32_t n_level, n_leaf;
    struct slot *slot;  /* [n_leaf], 64-byte aligned, owned; n_slot_used have been in use so far */
    const char **label; /* [n_leaf], owned; of the events in the slots */
    uint32_t n_slot_used;
    uint32_t free_slot; /* first of a list, or NO_SLOT */
    /*
     * While an event fires its slot is the hole: free, but still in the tree, because most
     * events schedule another and that one can take the place with a single walk.
     */
    uint32_t hole;
    bool running, stopped;
    const atomic_bool *cancel; /* borrowed; NULL: nobody asks to stop */
    int64_t now_ns;
    uint64_t seq, n_fired;
    uint64_t n_per_instant, n_this_instant;
    struct tally tally[N_TALLY];
};

static key128 key_of(int64_t at_ns, uint64_t low)
{
    return (key128)(uint64_t)at_ns << 64 | low;
}

static key128 min_key(key128 a, key128 b)
{
    return a < b ? a : b;
}

/* Of the nodes of one level. Offsets are in bytes: the processor adds them, but does not multiply by 16. */
static key128 node_at(const key128 *level, size_t offset)
{
    return *(const key128 *)(const void *)((const char *)level + offset);
}

static void set_node(key128 *level, size_t offset, key128 key)
{
    *(key128 *)(void *)((char *)level + offset) = key;
}

enum { SIZE = sizeof(key128) };

static size_t parent_of(size_t offset)
{
    return offset / 4 & ~(size_t)(SIZE - 1);
}

static key128 least_of_others(const key128 *level, size_t offset)
{
    key128 a = node_at(level, offset ^ SIZE), b = node_at(level, offset ^ 2 * SIZE);
    return min_key(min_key(a, b), node_at(level, offset ^ 3 * SIZE));
}

/* Sets a leaf and walks up until a parent does not change. */
static void set_leaf(struct kernel *k, uint32_t slot, key128 key)
{
    size_t offset = (size_t)slot * SIZE;
    set_node(k->level[0], offset, key);
    for (uint32_t i = 0; i < k->n_level; i++) {
        key = min_key(key, least_of_others(k->level[i], offset));
        offset = parent_of(offset);
        if (node_at(k->level[i + 1], offset) == key) {
            return;
        }
        set_node(k->level[i + 1], offset, key);
    }
}

/* Where a walk towards the root stands. */
struct walk {
    size_t offset;
    key128 key; /* the least below */
};

/* Walks from one level up to another, changing every node on the way. */
static inline struct walk climb(struct kernel *k, struct walk w, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++) {
        /* The others first: their least does not wait for the level below. */
        w.key = min_key(w.key, least_of_others(k->level[i], w.offset));
        w.offset = parent_of(w.offset);
        set_node(k->level[i + 1], w.offset, w.key);
    }
    return w;
}

/*
 * With very many events pending, their slots are not in the nearest caches. Who becomes the first of a 64th of the queue will
 * fire some dozens of events later: its lines are asked for now.
 */
static __attribute__((noinline)) void climb_and_fetch(struct kernel *k, struct walk w)
{
    uint32_t top = k->n_level - 3;
    w = climb(k, w, 0, top);
    uint32_t slot = (uint32_t)((uint64_t)w.key & (k->n_leaf - 1));
    __builtin_prefetch(&k->slot[slot]);
    __builtin_prefetch(&k->level[0][slot], 1);
    climb(k, w, top, k->n_level);
}

/* The same for the hole, whose key stands in every node above it: all of them change. */
static inline void set_hole(struct kernel *k, uint32_t slot, key128 key)
{
    struct walk w = {(size_t)slot * SIZE, key};
    k->hole = NO_SLOT;
    set_node(k->level[0], w.offset, key);
    if (k->n_level >= N_LEVEL_FETCH) {
        climb_and_fetch(k, w);
    } else {
        climb(k, w, 0, k->n_level);
    }
}

static void *alloc_lines(size_t n_bytes)
{
    void *memory = aligned_alloc(64, (n_bytes + 63) / 64 * 64);
    if (!memory) {
        rs_oom_exit(n_bytes);
    }
    return memory;
}

/* A tree of n_leaf leaves, a power of 4, with the leaves of the old one kept. */
static void grow_tree(struct kernel *k, uint32_t n_leaf)
{
    key128 *old = k->level[0];
    size_t n_node = 0;
    uint32_t n_level = 0;
    for (size_t n = n_leaf; n >= 4; n /= 4, n_level++) {
        n_node += n;
    }
    size_t n_bytes = (n_node + 4) * sizeof(key128); /* the root has a line for itself */
    key128 *node = alloc_lines(n_bytes);
    memset(node, 0xff, n_bytes); /* NO_EVENT_KEY everywhere */
    k->level[0] = node;
    for (uint32_t i = 0; i < n_level; i++) {
        k->level[i + 1] = k->level[i] + (n_leaf >> 2 * i);
    }
    k->n_level = n_level;
    k->root = k->level[n_level];
    if (old) {
        memcpy(node, old, k->n_leaf * sizeof(key128));
        free(old);
    }
    size_t n_set = old ? k->n_leaf : 0;
    for (uint32_t i = 0; i < n_level && n_set > 0; i++) {
        for (size_t j = 0; j < n_set; j += 4) {
            key128 first = k->level[i][j];
            k->level[i + 1][j / 4] = min_key(first, least_of_others(k->level[i], j * SIZE));
        }
        n_set = (n_set + 3) / 4;
    }
}

/* Room for four times as many events, or for the first ones. */
static void grow(struct kernel *k)
{
    uint32_t n_leaf = k->n_leaf > 0 ? 4 * k->n_leaf : N_LEAF_FIRST;
    assert(n_leaf <= SLOT_MASK + 1);
    grow_tree(k, n_leaf);
    struct slot *slot = alloc_lines(n_leaf * sizeof(*slot));
    if (k->slot) {
        memcpy(slot, k->slot, k->n_slot_used * sizeof(*slot));
    }
    free(k->slot);
    k->slot = slot;
    k->label = rs_xrealloc(k->label, n_leaf * sizeof(*k->label));
    k->n_leaf = n_leaf;
}

struct kernel *rs_kernel_new(void)
{
    struct kernel *k = rs_xcalloc(1, sizeof(*k));
    k->n_per_instant = N_PER_INSTANT_DEFAULT;
    k->free_slot = k->hole = NO_SLOT;
    grow(k);
    return k;
}

void rs_kernel_free(struct kernel *k)
{
    if (k) {
        assert(!k->running);
        free(k->level[0]);
        free(k->slot);
        free(k->label);
        free(k);
    }
}

void rs_kernel_reset(struct kernel *k)
{
    assert(!k->running);
    memset(k->level[0], 0xff, (size_t)((char *)(k->root + 1) - (char *)k->level[0]));
    for (uint32_t i = 0; i < k->n_slot_used; i++) {
        k->slot[i].handle = 0;
    }
    k->n_slot_used = 0;
    k->free_slot = NO_SLOT;
    k->now_ns = 0;
    k->n_fired = 0;
    k->n_this_instant = 0;
    /* Insertion numbers go on, so that a handle from before the reset stays harmless. */
    if (k->seq > SEQ_MAX / 2) {
        k->seq = 0;
    }
}

int64_t rs_kernel_now(const struct kernel *k)
{
    return k->now_ns;
}

uint64_t rs_kernel_fired(const struct kernel *k)
{
    return k->n_fired;
}

void rs_kernel_stop(struct kernel *k)
{
    k->stopped = true;
}

void rs_kernel_limit(struct kernel *k, uint64_t n_per_instant)
{
    assert(n_per_instant > 0);
    k->n_per_instant = n_per_instant;
}

void rs_kernel_heed(struct kernel *k, const atomic_bool *cancel)
{
    k->cancel = cancel;
}

static rs_event fill_slot(
    struct kernel *k, uint32_t slot, const char *label, rs_event_fn fn, void *ctx, uint64_t arg)
{
    rs_event handle = ++k->seq << SLOT_BITS | slot;
    k->slot[slot] = (struct slot){handle, fn, ctx, arg};
    k->label[slot] = label;
    return handle;
}

/* rs_kernel_at when no hole is open. Apart from it, so that the common case needs no stack. */
static __attribute__((noinline)) rs_event at_free_slot(
    struct kernel *k, int64_t at_ns, const char *label, rs_event_fn fn, void *ctx, uint64_t arg)
{
    uint32_t slot = k->free_slot;
    if (slot != NO_SLOT) {
        k->free_slot = (uint32_t)k->slot[slot].arg;
    } else {
        slot = k->n_slot_used;
        if (slot == k->n_leaf) {
            grow(k);
        }
        k->n_slot_used++;
    }
    rs_event handle = fill_slot(k, slot, label, fn, ctx, arg);
    set_leaf(k, slot, key_of(at_ns, handle));
    return handle;
}

rs_event rs_kernel_at(
    struct kernel *k, int64_t at_ns, const char *label, rs_event_fn fn, void *ctx, uint64_t arg)
{
    assert(at_ns >= k->now_ns && k->seq < SEQ_MAX);
    uint32_t slot = k->hole;
    if (slot == NO_SLOT) {
        return at_free_slot(k, at_ns, label, fn, ctx, arg);
    }
    rs_event handle = fill_slot(k, slot, label, fn, ctx, arg);
    set_hole(k, slot, key_of(at_ns, handle));
    return handle;
}

bool rs_kernel_pending(const struct kernel *k, rs_event e)
{
    uint64_t slot = e & SLOT_MASK;
    return e != 0 && slot < k->n_slot_used && k->slot[slot].handle == e;
}

static void free_slot(struct kernel *k, uint32_t slot)
{
    k->slot[slot].handle = 0;
    k->slot[slot].arg = k->free_slot;
    k->free_slot = slot;
}

bool rs_kernel_cancel(struct kernel *k, rs_event e)
{
    if (!rs_kernel_pending(k, e)) {
        return false;
    }
    uint32_t slot = (uint32_t)(e & SLOT_MASK);
    set_leaf(k, slot, NO_EVENT_KEY);
    free_slot(k, slot);
    return true;
}

bool rs_kernel_move(struct kernel *k, rs_event e, int64_t at_ns)
{
    if (!rs_kernel_pending(k, e)) {
        return false;
    }
    assert(at_ns >= k->now_ns && k->seq < SEQ_MAX);
    uint32_t slot = (uint32_t)(e & SLOT_MASK);
    set_leaf(k, slot, key_of(at_ns, ++k->seq << SLOT_BITS | slot));
    return true;
}

/*
 * Counts a label among the most frequent ones of this instant. Exact up to N_TALLY labels; with
 * more, the rarest gives way ("Space-Saving": Metwally, Agrawal, El Abbadi, ICDT 2005).
 */
static void count_label(struct kernel *k, const char *label)
{
    struct tally *rarest = &k->tally[0];
    for (int i = 0; i < N_TALLY; i++) {
        struct tally *t = &k->tally[i];
        if (t->n > 0 && (t->label == label || strcmp(t->label, label) == 0)) {
            t->n++;
            return;
        }
        rarest = t->n < rarest->n ? t : rarest;
    }
    rarest->label = label;
    rarest->n++;
}

static int loop_error(const struct kernel *k, struct err *err)
{
    const struct tally *most = &k->tally[0];
    for (int i = 1; i < N_TALLY; i++) {
        most = k->tally[i].n > most->n ? &k->tally[i] : most;
    }
    char at[40];
    return rs_err_set(err, RS_E_LOOP, "more than %llu events at the instant %s, most of them '%s'",
                      (unsigned long long)k->n_per_instant,
                      rs_duration_format(at, sizeof(at), k->now_ns),
                      most->n > 0 ? most->label : "?");
}

/*
 * Sets the clock to the next event's time and counts it there; -1 when the instant has had its
 * share.
 */
static int enter_instant(struct kernel *k, int64_t at_ns, uint32_t slot, struct err *err)
{
    if (at_ns != k->now_ns) {
        k->now_ns = at_ns;
        k->n_this_instant = 0;
    }
    k->n_this_instant++;
    if (k->n_fired % 1024 == 0 && k->cancel &&
        atomic_load_explicit(k->cancel, memory_order_relaxed)) {
        return rs_err_set(err, RS_E_STOPPED, "stopped");
    }
    if (k->n_this_instant > k->n_per_instant / 2) {
        if (k->n_this_instant > k->n_per_instant) {
            return loop_error(k, err);
        }
        if (k->n_this_instant == k->n_per_instant / 2 + 1) {
            memset(k->tally, 0, sizeof(k->tally));
        }
        count_label(k, k->label[slot] ? k->label[slot] : "?");
    }
    return 0;
}

static void fire(struct kernel *k, uint32_t slot)
{
    struct slot *s = &k->slot[slot];
    s->handle = 0; /* from here on the event is history, also for its own callback */
    k->hole = slot;
    k->n_fired++;
    s->fn(s->ctx, k->now_ns, s->arg);
    if (k->hole != NO_SLOT) {
        set_hole(k, slot, NO_EVENT_KEY);
        free_slot(k, slot);
    }
}

int rs_kernel_run(struct kernel *k, int64_t until_ns, struct err *err)
{
    assert(!k->running && until_ns >= k->now_ns);
    /* What is due never stays pending. */
    int64_t last_ns = until_ns < RS_NEVER ? until_ns : RS_NEVER - 1;
    int status = 0;
    k->running = true;
    k->stopped = false;
    while (!k->stopped) {
        key128 next = *k->root;
        uint64_t at_ns = (uint64_t)(next >> 64);
        if (at_ns > (uint64_t)last_ns) {
            break;
        }
        uint32_t slot = (uint32_t)((uint64_t)next & SLOT_MASK);
        status = enter_instant(k, (int64_t)at_ns, slot, err);
        if (status != 0) {
            break;
        }
        fire(k, slot);
    }
    k->running = false;
    if (status == 0 && !k->stopped && k->now_ns != until_ns) {
        k->now_ns = until_ns;
        k->n_this_instant = 0;
    }
    return status;
}
