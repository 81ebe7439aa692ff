/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A worker. Where settings part it is forked: the child goes on with one class to the end of the replica, writes down what it
 * measured and is gone; it is waited for, so that of a worker and its children one process runs at a time. The largest class
 * stays with the parent: a child has at most half of the lanes, and no more than log2 of their number stand in a row.
 */
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "share.h"

/* How a process of ours ends. None of them runs what others have left for the end of the program. */
enum { ENDS_WELL = 0, ENDS_FAILED = 81, ENDS_STOPPED = 82 };

struct slot {
    uint64_t id; /* unit, or n_unit + setting for one that runs by itself */
    uint64_t used;
    struct share_plan *plan; /* NULL = free */
};

struct worker {
    const struct share_job *job;
    int fd;
    bool is_child;
    int64_t forked_ns; /* where the present process began */
    uint64_t replica, n_use;
    struct slot slot[RS_SHARE_PLANS];
    struct history h;
    double *sample;
    uint32_t *setting; /* of a history */
    const struct share_unit *unit;
};

static _Noreturn void fail(struct worker *w, const struct err *err)
{
    unsigned char frame[sizeof w->replica + sizeof *err];
    if (err->code == RS_E_STOPPED)
        _exit(ENDS_STOPPED);
    /* What lies behind the ends of the texts may never have been written. */
    struct err whole;
    memset(&whole, 0, sizeof whole);
    whole.code = err->code;
    whole.line = err->line;
    whole.col = err->col;
    snprintf(whole.file, sizeof whole.file, "%s", err->file);
    snprintf(whole.text, sizeof whole.text, "%s", err->text);
    memcpy(frame, &w->replica, sizeof w->replica);
    memcpy(frame + sizeof w->replica, &whole, sizeof whole);
    rs_share_send(w->fd, RS_FRAME_FAILED, frame, sizeof frame);
    _exit(ENDS_FAILED);
}

/* ---- forks ---- */

static void wait_for(struct worker *w, pid_t child)
{
    int status = 0;
    struct err err = {0};
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            rs_err_set(&err, RS_E_INTERNAL, "a process of the search is lost: %s", strerror(errno));
            fail(w, &err);
        }
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == ENDS_WELL)
        return;
    if (WIFEXITED(status) &&
        (WEXITSTATUS(status) == ENDS_FAILED || WEXITSTATUS(status) == ENDS_STOPPED))
        _exit(WEXITSTATUS(status)); /* it has been told */
    if (WIFSIGNALED(status))
        rs_err_set(&err, RS_E_INTERNAL, "a process of the search was ended by signal %d (%s)",
                   WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        rs_err_set(&err, RS_E_INTERNAL, "a process of the search ended with status %d",
                   WEXITSTATUS(status));
    fail(w, &err);
}

static int part(void *ctx, int64_t now_ns, int n_class, const uint32_t *lane, const uint32_t *end)
{
    struct worker *w = ctx;
    int largest = 0;
    uint32_t most = end[0];
    (void)lane;
    for (int k = 1; k < n_class; k++) {
        if (end[k] - end[k - 1] > most) {
            most = end[k] - end[k - 1];
            largest = k;
        }
    }
    for (int k = 0; k < n_class; k++) {
        pid_t child = k == largest ? -1 : fork();
        if (child == 0) {
            w->is_child = true;
            w->forked_ns = now_ns;
            return k;
        }
        if (k != largest && child < 0) {
            struct err err = {0};
            rs_err_set(&err, RS_E_IO, "no process can be forked: %s", strerror(errno));
            fail(w, &err);
        }
        if (k != largest)
            wait_for(w, child);
    }
    return largest;
}

/* ---- simulators ---- */

/* The plan of that number, made when it is not there; the one that was used longest ago makes room. */
static struct share_plan *plan_of(struct worker *w, uint64_t id)
{
    struct slot *free_slot = &w->slot[0];
    struct err err = {0};
    for (int i = 0; i < RS_SHARE_PLANS; i++) {
        struct slot *s = &w->slot[i];
        if (s->plan && s->id == id) {
            s->used = ++w->n_use;
            return s->plan;
        }
        if (free_slot->plan && (!s->plan || s->used < free_slot->used))
            free_slot = s;
    }
    rs_share_plan_free(free_slot->plan);
    uint64_t n_unit = (uint64_t)w->job->n_unit;
    free_slot->plan = id < n_unit ? rs_share_plan_new(w->job, &w->job->unit[id], &err)
                                  : rs_share_plan_plain(w->job, (uint32_t)(id - n_unit), &err);
    if (!free_slot->plan)
        fail(w, &err);
    free_slot->id = id;
    free_slot->used = ++w->n_use;
    return free_slot->plan;
}

/* ---- one replica ---- */

/* The history is at its end: what is measured in it goes out, with the settings that it is of. A child has done its work. */
static void tell(struct worker *w, const struct share_plan *p, uint32_t n)
{
    const struct share_record r = {
        .replica = w->replica, .sim_ns = w->h.sim_ns - w->forked_ns, .n = n};
    w->job->opt->measure(w->job->opt->measure_ctx, p->sc, &w->h, w->sample);
    if (rs_share_send_record(w->fd, &r, w->setting, w->sample, w->job->opt->n_sample) != 0)
        _exit(ENDS_STOPPED); /* nobody listens any more */
    if (w->is_child)
        _exit(ENDS_WELL);
}

static void run_plan(struct worker *w, struct share_plan *p, const struct share_unit *u)
{
    const struct share_job *job = w->job;
    const struct replica_options opt = {.seed = job->opt->seed,
                                        .replica = w->replica,
                                        .fault = job->ask->fault,
                                        .cancel = job->stop,
                                        .gsl_samplers = job->opt->gsl_samplers};
    const struct lanes_options lanes = {
        .n_lane = u->n, .variant = p->variant, .part = part, .part_ctx = w};
    const uint32_t *lane = NULL;
    uint32_t n = 1;
    struct err err = {0};
    int status = p->plain ? rs_simulator_run(p->sim, &opt, &w->h, &err)
                          : rs_simulator_run_lanes(p->sim, &opt, &lanes, &w->h, &lane, &n, &err);
    if (status != 0)
        fail(w, &err);
    for (uint32_t i = 0; i < n; i++)
        w->setting[i] = u->setting[lane ? lane[i] : i];
    tell(w, p, n);
}

static void run_unit(struct worker *w, int unit)
{
    const struct share_unit *u = &w->job->unit[unit];
    bool alone = w->job->opt->plain;
    if (!alone) {
        struct share_plan *p = plan_of(w, (uint64_t)unit);
        alone = p->split;
        if (!alone)
            run_plan(w, p, u);
    }
    for (uint32_t i = 0; alone && i < u->n; i++) {
        const struct share_unit one = {1, &u->setting[i]};
        run_plan(w, plan_of(w, (uint64_t)w->job->n_unit + u->setting[i]), &one);
    }
}

_Noreturn void rs_share_work(const struct share_job *job, int worker, int n_worker, int fd)
{
    static const struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct worker *w = rs_xcalloc(1, sizeof *w);
    uint64_t turn = rs_share_turn(job->n_unit), n = job->ask->n;
    sigaction(SIGPIPE, &ignore, NULL); /* who writes to nobody sees it from write */
    w->job = job;
    w->fd = fd;
    w->sample = rs_xcalloc((size_t)job->opt->n_sample + 1, sizeof *w->sample);
    w->setting = rs_xcalloc((size_t)job->ask->n_setting + 1, sizeof *w->setting);
    rs_history_init(&w->h);
    for (uint64_t from = (uint64_t)worker * turn; from < n; from += (uint64_t)n_worker * turn) {
        uint64_t until = from + turn < n ? from + turn : n;
        for (int unit = 0; unit < job->n_unit; unit++) {
            for (uint64_t r = from; r < until; r++) {
                w->replica = job->ask->first + r;
                run_unit(w, unit);
            }
        }
        for (uint64_t r = from; r < until; r++) {
            uint64_t replica = job->ask->first + r;
            if (rs_share_send(fd, RS_FRAME_DONE, &replica, sizeof replica) != 0)
                _exit(ENDS_STOPPED);
        }
    }
    rs_share_send(fd, RS_FRAME_END, NULL, 0);
    _exit(ENDS_WELL);
}
