/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ranks as processes of MPI, and the one place that knows of it. Nothing waits inside a call of MPI: Open MPI waits by spinning,
 * and the processor is for replicas. Messages are looked for a thousand times a second instead. Source: MPI: A Message-Passing
 * Interface Standard, version 3.1 (2015), 3.5 (messages of one sender do not overtake each other), 3.8.1 (MPI_Iprobe), 12.4.3
 * (MPI_THREAD_FUNNELED).
 */
#define _GNU_SOURCE /* sched_getaffinity */
#include "sim/ranks.h"

#include <assert.h>
#include <mpi.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ranks_wire.h"

enum { TAG = 1 };

struct ranks {
    int number, count;
    int n_local;              /* ranks on this machine, this one too */
    struct rank_state *state; /* [count], of the others; rank 0 only */
    struct bytes posted;      /* under way, if `posting` */
    MPI_Request request;
    bool posting;
    bool dismissed; /* not rank 0: heard QUIT */
};

/* mpirun of Open MPI, srun with pmix, and mpiexec of the MPICH family say so in the environment. */
static bool has_launcher(void)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_SIZE"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (getenv(names[i])) {
            return true;
        }
    }
    return false;
}

static int count_local(void)
{
    MPI_Comm here;
    int n = 1;
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &here);
    MPI_Comm_size(here, &n);
    MPI_Comm_free(&here);
    return n;
}

int rs_ranks_join(struct ranks **out, struct err *err)
{
    int given = MPI_THREAD_SINGLE, count = 1;
    *out = NULL;
    if (!has_launcher()) {
        return 0;
    }
    if (MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &given) != MPI_SUCCESS ||
        given < MPI_THREAD_FUNNELED) {
        return rs_err_set(err, RS_E_IO, "this MPI does not go with threads");
    }
    MPI_Comm_size(MPI_COMM_WORLD, &count);
    if (count == 1) {
        MPI_Finalize();
        return 0;
    }
    struct ranks *r = rs_xcalloc(1, sizeof(*r));
    MPI_Comm_rank(MPI_COMM_WORLD, &r->number);
    r->count = count;
    r->n_local = count_local();
    r->state = rs_xcalloc((size_t)count, sizeof(*r->state));
    *out = r;
    return 0;
}

int rs_ranks_number(const struct ranks *r)
{
    return r ? r->number : 0;
}

int rs_ranks_count(const struct ranks *r)
{
    return r ? r->count : 1;
}

int rs_ranks_threads(const struct ranks *r)
{
    cpu_set_t bound;
    long n_cpu = sysconf(_SC_NPROCESSORS_ONLN);
    int n = n_cpu > 0 ? (int)n_cpu : 1;
    if (sched_getaffinity(0, sizeof bound, &bound) == 0 && CPU_COUNT(&bound) < n) {
        return CPU_COUNT(&bound);
    }
    return n > r->n_local ? n / r->n_local : 1;
}

struct rank_state *rs_rank_state(struct ranks *r, int number)
{
    assert(number > 0 && number < r->count);
    return &r->state[number];
}

/* ---- messages ---- */

void rs_wire_send(struct ranks *r, int to, const struct bytes *b)
{
    (void)r;
    MPI_Send(b->p, (int)b->n, MPI_BYTE, to, TAG, MPI_COMM_WORLD);
}

bool rs_wire_post(struct ranks *r, struct bytes *b)
{
    if (r->posting) {
        int sent = 0;
        MPI_Test(&r->request, &sent, MPI_STATUS_IGNORE);
        if (!sent) {
            return false;
        }
        r->posting = false;
    }
    struct bytes old = r->posted;
    r->posted = *b;
    *b = (struct bytes){.p = old.p, .cap = old.cap};
    MPI_Isend(r->posted.p, (int)r->posted.n, MPI_BYTE, 0, TAG, MPI_COMM_WORLD, &r->request);
    r->posting = true;
    return true;
}

bool rs_wire_hear(struct ranks *r, int *out_from, struct bytes *out)
{
    int found = 0, n = 0;
    MPI_Status status;
    (void)r;
    MPI_Iprobe(MPI_ANY_SOURCE, TAG, MPI_COMM_WORLD, &found, &status);
    if (!found) {
        return false;
    }
    MPI_Get_count(&status, MPI_BYTE, &n);
    if ((size_t)n > out->cap) {
        out->p = rs_xrealloc(out->p, (size_t)n);
        out->cap = (size_t)n;
    }
    MPI_Recv(out->p, n, MPI_BYTE, status.MPI_SOURCE, TAG, MPI_COMM_WORLD, &status);
    out->n = (size_t)n;
    *out_from = status.MPI_SOURCE;
    return true;
}

/* ---- the end ---- */

enum { LEAVE_S = 5 };

static bool any_lost(const struct ranks *r)
{
    for (int i = 1; i < r->count; i++) {
        if (r->state[i].lost) {
            return true;
        }
    }
    return false;
}

/* Rank 0 hears the others out until they have said BYE; false: somebody does not answer. */
static bool send_home(struct ranks *r)
{
    struct bytes b = {0};
    int from, n_gone = 1;
    double until_s = rs_wire_now_s() + LEAVE_S;
    rs_wire_put(&b, RS_RANK_QUIT);
    for (int i = 1; i < r->count; i++) {
        rs_wire_send(r, i, &b);
    }
    while (n_gone < r->count && rs_wire_now_s() < until_s) {
        if (!rs_wire_hear(r, &from, &b)) {
            usleep(1000);
            continue;
        }
        struct wire_reader in = {b.p, b.p + b.n};
        n_gone += rs_wire_get(&in) == RS_RANK_BYE;
    }
    free(b.p);
    return n_gone == r->count;
}

/* The others wait for QUIT, and let go of what is still on its way. */
static void go_home(struct ranks *r)
{
    struct bytes b = {0};
    int from;
    while (!r->dismissed) {
        if (!rs_wire_hear(r, &from, &b)) {
            usleep(1000);
            continue;
        }
        struct wire_reader in = {b.p, b.p + b.n};
        r->dismissed = rs_wire_get(&in) == RS_RANK_QUIT;
    }
    if (r->posting) {
        MPI_Wait(&r->request, MPI_STATUS_IGNORE);
    }
    b.n = 0;
    rs_wire_put(&b, RS_RANK_BYE);
    rs_wire_send(r, 0, &b);
    free(b.p);
}

void rs_ranks_leave(struct ranks *r, int exit_status)
{
    if (!r) {
        return;
    }
    if (r->number > 0) {
        go_home(r);
    } else if (any_lost(r) || !send_home(r)) {
        MPI_Abort(MPI_COMM_WORLD, exit_status);
    }
    MPI_Finalize();
    for (int i = 0; i < r->count; i++) {
        free(r->state[i].key);
    }
    free(r->state);
    free(r->posted.p);
    free(r);
}

void rs_wire_dismissed(struct ranks *r)
{
    r->dismissed = true;
}
