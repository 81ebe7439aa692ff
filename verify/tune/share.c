/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "share.h"

/* So many settings run together at most: a site has 65535 variants at most. */
enum { UNIT_MAX = 32768 };
/* The engine looks so often whether it is to stop. */
enum { LOOK_EVERY_MS = 50 };
/* A worker that is so many turns ahead of what has been told waits. */
enum { TURNS_AHEAD = 4 };

struct tune_engine {
    const struct tune_source *src;
    struct tune_engine_options opt;
    bool *shares;      /* [n_site] */
    atomic_bool *stop; /* a page that all processes see */
    struct tune_cost cost;
};

struct tune_engine *rs_tune_engine_new(const struct tune_source *src,
                                       const struct tune_engine_options *opt,
                                       struct err *err)
{
    const struct tune_plan *plan = src->plan;
    struct tune_engine *e = rs_xcalloc(1, sizeof *e);
    assert(opt->n_job >= 1 && opt->n_sample >= 0 && opt->measure);
    e->src = src;
    e->opt = *opt;
    e->shares = rs_xcalloc((size_t)plan->n_site + 1, sizeof *e->shares);
    for (int i = 0; i < plan->n_site; i++) {
        const struct tune_site *s = &plan->site[i];
        const struct lane_site site = {
            .kind = s->kind == RS_SITE_RULE ? RS_LANE_RULE : RS_LANE_CONDITION,
            .file = s->file,
            .group = s->group,
            .rule = s->rule,
            .expr = s->expr,
        };
        e->shares[i] = rs_lanes_can_share(src->today, &site);
    }
    e->stop =
        mmap(NULL, sizeof *e->stop, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (e->stop == MAP_FAILED) {
        e->stop = NULL;
        rs_err_set(err, RS_E_IO, "no memory can be shared: %s", strerror(errno));
        rs_tune_engine_free(e);
        return NULL;
    }
    return e;
}

void rs_tune_engine_free(struct tune_engine *e)
{
    if (!e)
        return;
    if (e->stop)
        munmap(e->stop, sizeof *e->stop);
    free(e->shares);
    free(e);
}

struct tune_cost rs_tune_engine_cost(const struct tune_engine *e)
{
    return e->cost;
}

/* ---- units ----------------------------------------------------------------------------------------------------------- */

struct units {
    struct share_unit *unit; /* [n] */
    int n;
    uint32_t *setting; /* [n_setting] of all units, one after the other */
};

struct sorting {
    const struct tune_engine *e;
    const struct tune_ask *ask;
};

/* By all that units have in common; then by number, so that a unit's settings rise. */
static int compare(const struct sorting *s, uint32_t a, uint32_t b, bool by_number)
{
    const struct tune_plan *plan = s->e->src->plan;
    const uint16_t *x = s->ask->value + (size_t)a * (size_t)plan->n_param;
    const uint16_t *y = s->ask->value + (size_t)b * (size_t)plan->n_param;
    for (int i = 0; i < plan->n_param; i++) {
        int site = plan->param[i].site;
        if (x[i] != y[i] && (site < 0 || !s->e->shares[site]))
            return x[i] < y[i] ? -1 : 1;
    }
    if (!by_number || a == b)
        return 0;
    return a < b ? -1 : 1;
}

static void sort(const struct sorting *s, uint32_t *at, uint32_t *spare, uint32_t n)
{
    if (n < 2)
        return;
    uint32_t half = n / 2, i = 0, k = half, to = 0;
    sort(s, at, spare, half);
    sort(s, at + half, spare, n - half);
    while (i < half || k < n) {
        bool left = k == n || (i < half && compare(s, at[i], at[k], true) <= 0);
        spare[to++] = left ? at[i++] : at[k++];
    }
    memcpy(at, spare, n * sizeof *at);
}

static int by_first(const void *a, const void *b)
{
    const struct share_unit *x = a, *y = b;
    return x->setting[0] < y->setting[0] ? -1 : x->setting[0] > y->setting[0];
}

static void units_init(struct units *u, const struct tune_engine *e, const struct tune_ask *ask)
{
    const struct sorting s = {e, ask};
    uint32_t n = ask->n_setting, *spare = rs_xcalloc((size_t)n + 1, sizeof *spare);
    *u = (struct units){.setting = rs_xcalloc((size_t)n + 1, sizeof *u->setting),
                        .unit = rs_xcalloc((size_t)n + 1, sizeof *u->unit)};
    for (uint32_t i = 0; i < n; i++)
        u->setting[i] = i;
    sort(&s, u->setting, spare, n);
    free(spare);
    for (uint32_t i = 0; i < n; i++) {
        bool is_new = u->n == 0 || u->unit[u->n - 1].n == UNIT_MAX ||
                      compare(&s, u->setting[i - 1], u->setting[i], false) != 0;
        if (is_new)
            u->unit[u->n++] = (struct share_unit){0, &u->setting[i]};
        u->unit[u->n - 1].n++;
    }
    qsort(u->unit, (size_t)u->n, sizeof *u->unit, by_first);
}

/* ---- workers --------------------------------------------------------------------------------------------------------- */

struct crew {
    struct tune_engine *e;
    const struct share_job *job;
    int n;
    pid_t *pid;             /* [n] 0 = has been waited for */
    struct share_inbox *in; /* [n] */
    struct pollfd *poll;    /* [n] */
    int *polled;            /* [n] which inbox it is of */
    uint64_t turn, n_told;
};

/* Why a worker that did not say it ended. */
static void find_cause(struct crew *c, int i)
{
    int status = 0;
    struct share_inbox *in = &c->in[i];
    pid_t got;
    do {
        got = waitpid(c->pid[i], &status, 0);
    } while (got < 0 && errno == EINTR);
    c->pid[i] = 0;
    if (in->ended || in->failed)
        return;
    in->failed = true;
    in->failed_replica = UINT64_MAX;
    if (got > 0 && WIFSIGNALED(status))
        rs_err_set(&in->err, RS_E_INTERNAL, "a worker of the search was ended by signal %d (%s)",
                   WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        rs_err_set(&in->err, RS_E_INTERNAL,
                   "a worker of the search ended before its work was done");
}

static void stop_listening(struct crew *c, int i)
{
    close(c->in[i].fd);
    c->in[i].fd = -1;
    find_cause(c, i);
}

static int start_worker(struct crew *c, int i, struct err *err)
{
    int ends[2];
    if (pipe(ends) != 0)
        return rs_err_set(err, RS_E_IO, "no pipe can be made: %s", strerror(errno));
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        for (int k = 0; k < i; k++)
            close(c->in[k].fd);
        rs_share_work(c->job, i, c->n, ends[1]);
    }
    close(ends[1]);
    if (pid < 0) {
        rs_err_set(err, RS_E_IO, "no process can be forked: %s", strerror(errno));
        close(ends[0]);
        return -1;
    }
    c->pid[i] = pid;
    c->in[i].fd = ends[0];
    return 0;
}

static void crew_init(struct crew *c, struct tune_engine *e, const struct share_job *job)
{
    uint64_t turn = rs_share_turn(job->n_unit), n_turn = (job->ask->n + turn - 1) / turn;
    int n = n_turn < (uint64_t)e->opt.n_job ? (int)n_turn : e->opt.n_job;
    *c = (struct crew){.e = e, .job = job, .n = n, .turn = turn};
    c->pid = rs_xcalloc((size_t)n, sizeof *c->pid);
    c->in = rs_xcalloc((size_t)n, sizeof *c->in);
    c->poll = rs_xcalloc((size_t)n, sizeof *c->poll);
    c->polled = rs_xcalloc((size_t)n, sizeof *c->polled);
    for (int i = 0; i < n; i++)
        c->in[i] = (struct share_inbox){.fd = -1, .n_sample = e->opt.n_sample};
}

/* Whoever is still at work stops: it is asked to, and nobody listens to it any more. */
static void crew_clear(struct crew *c)
{
    atomic_store(c->e->stop, true);
    for (int i = 0; i < c->n; i++) {
        if (c->in[i].fd >= 0)
            stop_listening(c, i);
        rs_share_inbox_clear(&c->in[i]);
    }
    free(c->pid);
    free(c->in);
    free(c->poll);
    free(c->polled);
}

static bool cancelled(const struct tune_engine *e)
{
    return e->opt.cancel && atomic_load_explicit(e->opt.cancel, memory_order_relaxed);
}

/* Which of its own replicas this one is to its worker, from 0. */
static uint64_t place_of(const struct crew *c, uint64_t i)
{
    return i / c->turn / (uint64_t)c->n * c->turn + i % c->turn;
}

/* Reads from all who are not too far ahead, once. The one whose turn it is never is. */
static void listen(struct crew *c, int owner)
{
    nfds_t n = 0;
    uint64_t told = place_of(c, c->n_told);
    for (int i = 0; i < c->n; i++) {
        bool ahead = i != owner && c->in[i].n_done > told + TURNS_AHEAD * c->turn;
        if (c->in[i].fd >= 0 && !ahead) {
            c->polled[n] = i;
            c->poll[n++] = (struct pollfd){.fd = c->in[i].fd, .events = POLLIN};
        }
    }
    if (poll(c->poll, n, LOOK_EVERY_MS) <= 0)
        return;
    for (nfds_t k = 0; k < n; k++) {
        int i = c->polled[k];
        if (c->poll[k].revents != 0 && !rs_share_receive(&c->in[i]))
            stop_listening(c, i);
    }
}

/* ---- telling --------------------------------------------------------------------------------------------------------- */

static int by_first_setting(const void *a, const void *b)
{
    const struct share_history *const *x = a, *const *y = b;
    return (*x)->setting[0] < (*y)->setting[0] ? -1 : (*x)->setting[0] > (*y)->setting[0];
}

static void count(struct tune_engine *e, const struct share_history *h)
{
    e->cost.n_history++;
    e->cost.sim_ns += (uint64_t)h->sim_ns;
}

static int tell_replica(struct crew *c,
                        struct share_inbox *in,
                        uint64_t replica,
                        rs_tune_told told,
                        void *ctx,
                        struct err *err)
{
    const struct share_history **list = rs_xcalloc(in->n + 1, sizeof(const struct share_history *));
    size_t n = 0, kept = 0;
    int status = 0;
    for (size_t i = 0; i < in->n; i++) {
        if (in->history[i].replica == replica)
            list[n++] = &in->history[i];
    }
    qsort(list, n, sizeof *list, by_first_setting);
    for (size_t i = 0; i < n && status == 0; i++) {
        count(c->e, list[i]);
        status = told(ctx, replica, list[i]->n, list[i]->setting, list[i]->sample, err);
    }
    free(list);
    if (!c->e->opt.plain)
        c->e->cost.n_fork += n - (uint64_t)c->job->n_unit;
    c->e->cost.n_asked += c->job->ask->n_setting;
    for (size_t i = 0; i < in->n; i++) {
        if (in->history[i].replica == replica) {
            free(in->history[i].setting);
            free(in->history[i].sample);
        } else {
            in->history[kept++] = in->history[i];
        }
    }
    in->n = kept;
    return status;
}

static int tell_all(struct crew *c, rs_tune_told told, void *ctx, struct err *err)
{
    for (; c->n_told < c->job->ask->n; c->n_told++) {
        uint64_t place = place_of(c, c->n_told), replica = c->job->ask->first + c->n_told;
        int owner = (int)(c->n_told / c->turn % (uint64_t)c->n);
        struct share_inbox *in = &c->in[owner];
        while (in->n_done <= place && in->fd >= 0 && !cancelled(c->e))
            listen(c, owner);
        if (cancelled(c->e))
            return 1;
        if (in->n_done <= place) {
            assert(in->failed);
            if (err && err->code == RS_E_NONE)
                *err = in->err;
            return -1;
        }
        int status = tell_replica(c, in, replica, told, ctx, err);
        if (status != 0)
            return status;
    }
    return 0;
}

static double cpu_s(int who)
{
    struct rusage used;
    getrusage(who, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           1e-6 * (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

int rs_tune_ask(struct tune_engine *e,
                const struct tune_ask *ask,
                rs_tune_told told,
                void *told_ctx,
                struct err *err)
{
    struct units units;
    struct crew crew;
    int status = 0;
    if (ask->n == 0 || ask->n_setting == 0)
        return 0;
    double before_s = cpu_s(RUSAGE_SELF) + cpu_s(RUSAGE_CHILDREN);
    atomic_store(e->stop, false);
    units_init(&units, e, ask);
    const struct share_job job = {
        .src = e->src,
        .opt = &e->opt,
        .ask = ask,
        .shares = e->shares,
        .n_unit = units.n,
        .unit = units.unit,
        .stop = e->stop,
    };
    crew_init(&crew, e, &job);
    for (int i = 0; i < crew.n && status == 0; i++)
        status = start_worker(&crew, i, err);
    if (status == 0)
        status = tell_all(&crew, told, told_ctx, err);
    crew_clear(&crew);
    free(units.setting);
    free(units.unit);
    e->cost.cpu_s += cpu_s(RUSAGE_SELF) + cpu_s(RUSAGE_CHILDREN) - before_s;
    return status < 0 ? -1 : status;
}
