/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A rank that serves: its threads run what rank 0 hands out, the calling thread hears and sends. */
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ranks_wire.h"
#include "sim/ranks.h"

enum { TALK_MS = 1 };
#define ALIVE_S 1.0

struct range {
    uint64_t next, end;
};

struct service {
    struct ranks *ranks;
    const struct replicate_job *job;
    struct bytes heard, said;
    double said_s; /* when something was sent last */
    pthread_mutex_t lock;
    pthread_cond_t work;
    /* Below under the lock. */
    struct range *range; /* [n_range] owned, in the order in which they came */
    int n_range, cap_range, n_busy;
    struct bytes out; /* results to send */
    double s_per_replica;
    bool quit;
    atomic_bool over; /* STOP was heard: drop everything */
};

struct server {
    struct service *service;
    pthread_t thread;
    void *self; /* owned through worker_new / worker_free */
    void *slot; /* owned through slot_new / slot_free */
    struct bytes bytes;
};

bool rs_ranks_told(struct ranks *r, struct bytes *out)
{
    struct bytes heard = {0};
    int from;
    *out = (struct bytes){0};
    while (!rs_wire_hear(r, &from, &heard)) {
        nanosleep(&(struct timespec){0, TALK_MS * 1000000L}, NULL);
    }
    struct wire_reader in = {heard.p, heard.p + heard.n};
    bool is_task = rs_wire_get(&in) == RS_RANK_TASK;
    if (is_task) {
        size_t n;
        const unsigned char *p = rs_wire_get_bytes(&in, &n);
        out->p = rs_xcalloc(n + 1, 1);
        memcpy(out->p, p, n);
        out->n = n;
    } else {
        rs_wire_dismissed(r);
    }
    free(heard.p);
    return is_task;
}

/* ---- threads ---- */

static bool take(struct service *s, uint64_t *out_number)
{
    if (s->n_range == 0) {
        return false;
    }
    *out_number = s->range[0].next++;
    if (s->range[0].next == s->range[0].end) {
        s->n_range--;
        memmove(s->range, s->range + 1, (size_t)s->n_range * sizeof(*s->range));
    }
    return true;
}

/* Under the lock. */
static void put(struct service *s, uint64_t number, const struct bytes *b, const struct err *err)
{
    if (s->out.n == 0) {
        rs_wire_put(&s->out, RS_RANK_RESULTS);
        rs_wire_put(&s->out, (uint64_t)(1e9 * s->s_per_replica));
    }
    rs_wire_put(&s->out, number);
    rs_wire_put(&s->out, err ? 1 : 0);
    if (err) {
        rs_wire_put_err(&s->out, err);
    } else {
        rs_wire_put_bytes(&s->out, b->p, b->n);
    }
}

static int run_one(struct server *v, uint64_t number, struct err *err)
{
    const struct replicate_job *job = v->service->job;
    int status = job->run(job->ctx, v->self, number, v->slot, &v->service->over, err);
    if (status == 0) {
        job->encode(job->ctx, v->slot, &v->bytes);
    }
    return status;
}

static void *serve(void *arg)
{
    struct server *v = arg;
    struct service *s = v->service;
    uint64_t number;
    pthread_mutex_lock(&s->lock);
    while (!s->quit) {
        if (!take(s, &number)) {
            pthread_cond_wait(&s->work, &s->lock);
            continue;
        }
        s->n_busy++;
        pthread_mutex_unlock(&s->lock);
        struct err err = {.code = RS_E_NONE};
        double began_s = rs_wire_now_s();
        int status = run_one(v, number, &err);
        double took_s = rs_wire_now_s() - began_s;
        pthread_mutex_lock(&s->lock);
        s->n_busy--;
        s->s_per_replica = s->s_per_replica > 0.0 ? 0.9 * s->s_per_replica + 0.1 * took_s : took_s;
        if (!s->over) {
            put(s, number, &v->bytes, status == 0 ? NULL : &err);
        }
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* ---- the calling thread ---- */

static void say(struct service *s, enum rank_word word)
{
    s->said.n = 0;
    rs_wire_put(&s->said, word);
    rs_wire_send(s->ranks, 0, &s->said);
    s->said_s = rs_wire_now_s();
}

static void hear_take(struct service *s, struct wire_reader *in)
{
    uint64_t first = rs_wire_get(in), n = rs_wire_get(in);
    pthread_mutex_lock(&s->lock);
    if (s->n_range == s->cap_range) {
        s->cap_range = 2 * s->cap_range + 8;
        s->range = rs_xrealloc(s->range, (size_t)s->cap_range * sizeof(*s->range));
    }
    s->range[s->n_range++] = (struct range){first, first + n};
    pthread_cond_broadcast(&s->work);
    pthread_mutex_unlock(&s->lock);
}

static void hear_stop(struct service *s)
{
    pthread_mutex_lock(&s->lock);
    s->over = true;
    s->n_range = 0;
    s->out.n = 0;
    pthread_mutex_unlock(&s->lock);
}

static void hear(struct service *s)
{
    struct wire_reader in = {s->heard.p, s->heard.p + s->heard.n};
    switch ((enum rank_word)rs_wire_get(&in)) {
    case RS_RANK_TAKE: hear_take(s, &in); break;
    case RS_RANK_STOP: hear_stop(s); break;
    case RS_RANK_QUIT:
        rs_wire_dismissed(s->ranks);
        hear_stop(s);
        pthread_mutex_lock(&s->lock);
        s->quit = true;
        pthread_cond_broadcast(&s->work);
        pthread_mutex_unlock(&s->lock);
        break;
    case RS_RANK_TASK:
    case RS_RANK_READY:
    case RS_RANK_UNFIT:
    case RS_RANK_RESULTS:
    case RS_RANK_ALIVE:
    case RS_RANK_DONE:
    case RS_RANK_BYE: assert(!"rank 0 does not say that here"); break;
    }
}

/* Sends what has come together, says DONE when the threads have heard of the STOP too. */
static void answer(struct service *s)
{
    pthread_mutex_lock(&s->lock);
    if (s->out.n > 0 && rs_wire_post(s->ranks, &s->out)) {
        s->said_s = rs_wire_now_s();
    }
    bool done = s->over && s->n_busy == 0 && !s->quit;
    pthread_mutex_unlock(&s->lock);
    if (done) {
        say(s, RS_RANK_DONE);
        s->over = false;
    } else if (rs_wire_now_s() - s->said_s > ALIVE_S) {
        say(s, RS_RANK_ALIVE);
    }
}

static void attend(struct service *s)
{
    int from;
    while (!s->quit) {
        while (!s->quit && rs_wire_hear(s->ranks, &from, &s->heard)) {
            hear(s);
        }
        answer(s);
        nanosleep(&(struct timespec){0, TALK_MS * 1000000L}, NULL);
    }
}

static void greet(struct service *s, int n_thread, const struct err *why)
{
    s->said.n = 0;
    rs_wire_put(&s->said, why ? RS_RANK_UNFIT : RS_RANK_READY);
    if (why) {
        rs_wire_put_err(&s->said, why);
    } else {
        rs_wire_put(&s->said, (uint64_t)n_thread);
        rs_wire_put_text(&s->said, s->job->key);
    }
    rs_wire_send(s->ranks, 0, &s->said);
    s->said_s = rs_wire_now_s();
}

/* Makes what each thread needs; how many there are, with err for the first that could not be made. */
static int make_servers(struct service *s, struct server *v, struct err *err)
{
    const struct replicate_job *job = s->job;
    for (int i = 0; i < job->n_thread; i++) {
        v[i] = (struct server){.service = s};
        v[i].self = job->worker_new(job->ctx, err);
        if (!v[i].self) {
            return i;
        }
        v[i].slot = job->slot_new(job->ctx);
    }
    return job->n_thread;
}

static int start_threads(struct server *v, int n)
{
    int n_started = 0;
    while (n_started < n && pthread_create(&v[n_started].thread, NULL, serve, &v[n_started]) == 0) {
        n_started++;
    }
    return n_started;
}

static void serve_job(struct service *s)
{
    const struct replicate_job *job = s->job;
    struct err err = {.code = RS_E_NONE};
    struct server *v = rs_xcalloc((size_t)job->n_thread, sizeof(*v));
    int n = make_servers(s, v, &err), n_started = n == job->n_thread ? start_threads(v, n) : 0;
    if (n_started == 0 && err.code == RS_E_NONE) {
        rs_err_set(&err, RS_E_IO, "cannot start a thread");
    }
    greet(s, n_started, n_started == 0 ? &err : NULL);
    attend(s);
    for (int i = 0; i < n_started; i++) {
        pthread_join(v[i].thread, NULL);
    }
    for (int i = 0; i < n; i++) {
        job->slot_free(job->ctx, v[i].slot);
        job->worker_free(job->ctx, v[i].self);
        free(v[i].bytes.p);
    }
    free(v);
}

void rs_ranks_serve(struct ranks *r, const struct replicate_job *job, const struct err *why)
{
    struct service s = {.ranks = r, .job = job};
    assert(rs_ranks_number(r) > 0 && (job || why));
    pthread_mutex_init(&s.lock, NULL);
    pthread_cond_init(&s.work, NULL);
    if (why) {
        greet(&s, 0, why);
        attend(&s);
    } else {
        serve_job(&s);
    }
    pthread_mutex_destroy(&s.lock);
    pthread_cond_destroy(&s.work);
    free(s.heard.p);
    free(s.said.p);
    free(s.out.p);
    free(s.range);
}
