/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rank 0 and the others: numbers in chunks go out, results come back in any order and into the window. A rank has work for one
 * chunk more than it is at, so that it never waits for the next; a chunk lasts some tens of milliseconds, or is one replica for
 * each of its threads, and gets shorter towards the end. How long replicas take decides who runs which, and nothing else.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "ranks_private.h"
#include "ranks_wire.h"
#include "sim/clock.h"

/* Replicas of a chunk for each thread, at most; results that may wait for each thread; times. */
enum { CHUNK_MAX = 16, WINDOW_PER_THREAD = 4 * CHUNK_MAX, TALK_MS = 1 };
#define CHUNK_S 0.05
#define LOST_S 60.0 /* a rank that says nothing for so long is lost: it says ALIVE every second */
/* How long it waits for them once all is over; the second, when somebody asked for the end: a launcher that ends a job lets little time. */
#define STOP_WAIT_S 30.0
#define HURRY_WAIT_S 0.1

/* What one rank has in hand. */
struct errand {
    uint64_t n_out; /* numbers given and not yet answered */
    double s_per_replica;
    bool told_stop, done;
};

struct rank_talk {
    struct pool *pool;
    struct ranks *ranks;
    int n_rank, n_thread;  /* all of them; threads of all ranks */
    struct errand *errand; /* [n_rank], 0 unused */
    struct bytes heard, said;
    double over_s;      /* when STOP was said; 0 = not yet */
    double stop_wait_s; /* from then on */
};

static void say(struct ranks *r, struct bytes *b, int to, enum rank_word word)
{
    b->n = 0;
    rs_wire_put(b, word);
    rs_wire_send(r, to, b);
}

void rs_ranks_tell(struct ranks *r, const void *p, size_t n)
{
    struct bytes b = {0};
    rs_wire_put(&b, RS_RANK_TASK);
    rs_wire_put_bytes(&b, p, n);
    for (int i = 1; i < rs_ranks_count(r); i++) {
        rs_wire_send(r, i, &b);
    }
    free(b.p);
}

/* ---- who is there ---- */

static void hear_greeting(struct rank_state *state, enum rank_word word, struct wire_reader *in)
{
    if (word == RS_RANK_UNFIT) {
        rs_wire_get_err(in, &state->unfit);
        state->greeted = true;
        return;
    }
    if (word != RS_RANK_READY) {
        return;
    }
    state->n_thread = (int)rs_wire_get(in);
    size_t n;
    const unsigned char *key = rs_wire_get_bytes(in, &n);
    free(state->key);
    state->key = rs_xcalloc(n + 1, 1);
    memcpy(state->key, key, n);
    state->greeted = true;
}

static int judge(struct ranks *r, int number, const char *key, struct err *err)
{
    const struct rank_state *state = rs_rank_state(r, number);
    if (state->unfit.code != RS_E_NONE) {
        if (err && err->code == RS_E_NONE) {
            *err = state->unfit;
        }
        return rs_err_context(err, "rank %d of %d", number, rs_ranks_count(r));
    }
    if (strcmp(state->key, key) != 0) {
        return rs_err_set(
            err, RS_E_USAGE,
            "rank %d of %d reads other files than rank 0, or is of another build: %s, "
            "not %s",
            number, rs_ranks_count(r), state->key, key);
    }
    return 0;
}

static bool all_greeted(struct ranks *r)
{
    for (int i = 1; i < rs_ranks_count(r); i++) {
        if (!rs_rank_state(r, i)->greeted) {
            return false;
        }
    }
    return true;
}

static bool is_cancelled(const struct replicate_job *job)
{
    return job->cancel && atomic_load_explicit(job->cancel, memory_order_relaxed);
}

int rs_ranks_greet(const struct replicate_job *job, struct err *err)
{
    struct ranks *r = job->ranks;
    struct bytes heard = {0};
    int from, status = 0;
    if (!r) {
        return 0;
    }
    assert(job->key);
    while (!all_greeted(r) && !is_cancelled(job)) {
        if (!rs_wire_hear(r, &from, &heard)) {
            nanosleep(&(struct timespec){0, TALK_MS * 1000000L}, NULL);
            continue;
        }
        struct wire_reader in = {heard.p, heard.p + heard.n};
        enum rank_word word = (enum rank_word)rs_wire_get(&in);
        hear_greeting(rs_rank_state(r, from), word, &in);
    }
    free(heard.p);
    for (int i = 1; i < rs_ranks_count(r) && status == 0 && !is_cancelled(job); i++) {
        status = judge(r, i, job->key, err);
    }
    return status;
}

static int other_threads(struct ranks *r)
{
    int n = 0;
    for (int i = 1; i < rs_ranks_count(r); i++) {
        n += rs_rank_state(r, i)->n_thread;
    }
    return n;
}

uint64_t rs_ranks_window(struct ranks *r)
{
    return r ? (uint64_t)WINDOW_PER_THREAD * (uint64_t)other_threads(r) : 0;
}

/* ---- a job ---- */

struct rank_talk *rs_ranks_begin(struct pool *pool)
{
    struct ranks *r = pool->job->ranks;
    if (!r) {
        return NULL;
    }
    struct rank_talk *t = rs_xcalloc(1, sizeof(*t));
    t->pool = pool;
    t->ranks = r;
    t->n_rank = rs_ranks_count(r);
    t->stop_wait_s = STOP_WAIT_S;
    t->n_thread = other_threads(r) + pool->job->n_thread;
    t->errand = rs_xcalloc((size_t)t->n_rank, sizeof(*t->errand));
    for (int i = 1; i < t->n_rank; i++) {
        rs_rank_state(r, i)->heard_s = rs_wire_now_s();
    }
    return t;
}

/* Replicas for the next chunk of a rank. */
static uint64_t chunk(struct rank_talk *t, int number)
{
    uint64_t n_thread = (uint64_t)rs_rank_state(t->ranks, number)->n_thread;
    double s = t->errand[number].s_per_replica;
    uint64_t each = s > 0.0 && s < CHUNK_S ? (uint64_t)(CHUNK_S / s) : 1;
    uint64_t fair = rs_pool_left(t->pool) / (4 * (uint64_t)t->n_thread);
    each = each < CHUNK_MAX ? each : CHUNK_MAX;
    each = each < fair ? each : fair;
    return n_thread * (each > 0 ? each : 1);
}

static void give(struct rank_talk *t, int number)
{
    struct errand *e = &t->errand[number];
    uint64_t most = chunk(t, number), first, n;
    if (e->told_stop || e->n_out > most) {
        return;
    }
    n = rs_pool_take(t->pool, most, &first);
    if (n == 0) {
        return;
    }
    t->said.n = 0;
    rs_wire_put(&t->said, RS_RANK_TAKE);
    rs_wire_put(&t->said, first);
    rs_wire_put(&t->said, n);
    rs_wire_send(t->ranks, number, &t->said);
    e->n_out += n;
}

static void hear_results(struct rank_talk *t, int from, struct wire_reader *in)
{
    struct errand *e = &t->errand[from];
    e->s_per_replica = 1e-9 * (double)rs_wire_get(in);
    while (in->p < in->end) {
        uint64_t number = rs_wire_get(in);
        bool failed = rs_wire_get(in) != 0;
        e->n_out--;
        if (failed) {
            struct err err;
            rs_wire_get_err(in, &err);
            rs_pool_put_error(t->pool, number, &err);
        } else {
            size_t n;
            const unsigned char *p = rs_wire_get_bytes(in, &n);
            rs_pool_put(t->pool, number, p, n);
        }
    }
}

static void hear(struct rank_talk *t, int from)
{
    struct wire_reader in = {t->heard.p, t->heard.p + t->heard.n};
    switch ((enum rank_word)rs_wire_get(&in)) {
    case RS_RANK_RESULTS: hear_results(t, from, &in); break;
    case RS_RANK_DONE: t->errand[from].done = true; break;
    case RS_RANK_ALIVE:
    case RS_RANK_BYE:
    case RS_RANK_READY:
    case RS_RANK_UNFIT: break;
    case RS_RANK_TASK:
    case RS_RANK_TAKE:
    case RS_RANK_STOP:
    case RS_RANK_QUIT: assert(!"only rank 0 says that"); break;
    }
    rs_rank_state(t->ranks, from)->heard_s = rs_wire_now_s();
}

/* A process that dies takes the whole job with it, as MPI goes; a machine that hangs or a cut wire is found here. */
static void look_for_lost(struct rank_talk *t, double now_s)
{
    for (int i = 1; i < t->n_rank; i++) {
        struct rank_state *state = rs_rank_state(t->ranks, i);
        double wait_s = t->over_s > 0.0 ? t->stop_wait_s : LOST_S;
        double since_s = state->heard_s > t->over_s ? state->heard_s : t->over_s;
        if (state->lost || t->errand[i].done || now_s - since_s < wait_s) {
            continue;
        }
        struct err err = {.code = RS_E_NONE};
        rs_err_set(&err, RS_E_IO, "rank %d of %d is lost: it has not been heard of for %.0f s", i,
                   t->n_rank, LOST_S);
        state->lost = true;
        if (t->over_s == 0.0) {
            rs_pool_finish(t->pool, -1, &err);
        }
    }
}

static void say_stop(struct rank_talk *t, double now_s)
{
    for (int i = 1; i < t->n_rank; i++) {
        say(t->ranks, &t->said, i, RS_RANK_STOP);
        t->errand[i].told_stop = true;
    }
    t->over_s = now_s;
}

void rs_ranks_talk(struct rank_talk *t)
{
    int from;
    if (!t) {
        return;
    }
    while (rs_wire_hear(t->ranks, &from, &t->heard)) {
        hear(t, from);
    }
    double now_s = rs_wire_now_s();
    bool over = rs_pool_is_over(t->pool);
    if (over && t->over_s == 0.0) {
        say_stop(t, now_s);
    }
    look_for_lost(t, now_s);
    for (int i = 1; i < t->n_rank && !over; i++) {
        give(t, i);
    }
}

bool rs_ranks_are_done(const struct rank_talk *t)
{
    if (!t) {
        return true;
    }
    for (int i = 1; i < t->n_rank; i++) {
        if (!t->errand[i].done && !rs_rank_state(t->ranks, i)->lost) {
            return false;
        }
    }
    return true;
}

void rs_ranks_hurry(struct rank_talk *t)
{
    if (t) {
        t->stop_wait_s = HURRY_WAIT_S;
    }
}

struct timespec rs_ranks_soon(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_nsec += TALK_MS * RS_NS_PER_MS;
    if (at.tv_nsec >= RS_NS_PER_S) {
        at.tv_nsec -= RS_NS_PER_S;
        at.tv_sec++;
    }
    return at;
}

void rs_ranks_end(struct rank_talk *t)
{
    if (!t) {
        return;
    }
    free(t->heard.p);
    free(t->said.p);
    free(t->errand);
    free(t);
}
