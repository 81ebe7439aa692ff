/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/history.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"
#include "sim/clock.h"

static const char *const clock_names[RS_CLOCK_N] = {
    [RS_CLOCK_ONSET] = "onset",
    [RS_CLOCK_FIRST_BAD] = "first_bad_sample",
    [RS_CLOCK_PENDING] = "pending",
    [RS_CLOCK_DETECTED] = "detected",
    [RS_CLOCK_NOTIFIED] = "notified",
    [RS_CLOCK_ACKNOWLEDGED] = "acknowledged",
    [RS_CLOCK_DECIDED] = "decided",
    [RS_CLOCK_COMMANDED] = "commanded",
    [RS_CLOCK_EFFECTIVE_P50] = "effective_p50",
    [RS_CLOCK_EFFECTIVE_P95] = "effective_p95",
    [RS_CLOCK_EFFECTIVE] = "effective",
    [RS_CLOCK_COMPLETED] = "completed",
    [RS_CLOCK_RECOVERED] = "recovered",
    [RS_CLOCK_RESOLVED] = "resolved",
};

const char *rs_clock_name(enum clock_mark m)
{
    assert(m >= 0 && m < RS_CLOCK_N);
    return clock_names[m];
}

const char *rs_outcome_name(enum outcome o)
{
    static const char *const names[RS_OUTCOME_N] = {
        [RS_OUTCOME_COMPLETED] = "completed", [RS_OUTCOME_ROLLED_BACK] = "rolled-back",
        [RS_OUTCOME_HELD] = "held",           [RS_OUTCOME_HALTED] = "halted",
        [RS_OUTCOME_MISSED] = "missed",       [RS_OUTCOME_RUNNING] = "running",
    };
    assert(o >= 0 && o < RS_OUTCOME_N);
    return names[o];
}

int64_t rs_episode_leg(const struct episode *e, enum clock_mark from, enum clock_mark to)
{
    if (e->at_ns[from] == RS_NEVER || e->at_ns[to] == RS_NEVER)
        return -1;
    return e->at_ns[to] - e->at_ns[from];
}

void rs_history_init(struct history *h)
{
    memset(h, 0, sizeof *h);
    rs_history_reset(h);
}

static void trajectory_clear(struct trajectory *t)
{
    free(t->n_request);
    free(t->n_error);
    free(t->latency_s_p50);
    free(t->latency_s_p95);
    free(t->latency_s_p99);
    memset(t, 0, sizeof *t);
}

void rs_history_reset(struct history *h)
{
    struct history keep = *h;
    for (int i = 0; i < h->n_trace; i++)
        free(h->trace[i].text);
    memset(h, 0, sizeof *h);
    h->fault = -1;
    h->onset_ns = RS_NEVER;
    h->ended_ns = RS_NEVER;
    h->outcome = RS_OUTCOME_RUNNING;
    h->stage_reached = -1;
    h->stage_at_ns = keep.stage_at_ns;
    h->n_stage = keep.n_stage;
    h->episode = keep.episode;
    h->cap_episode = keep.cap_episode;
    h->trajectory = keep.trajectory;
    h->n_trajectory = keep.n_trajectory;
    for (int i = 0; i < h->n_trajectory; i++)
        h->trajectory[i].n = 0;
    h->close = keep.close;
    h->close.n = 0;
    h->trace = keep.trace;
    h->cap_trace = keep.cap_trace;
}

void rs_history_clear(struct history *h)
{
    for (int i = 0; i < h->n_trace; i++)
        free(h->trace[i].text);
    for (int i = 0; i < h->n_trajectory; i++)
        trajectory_clear(&h->trajectory[i]);
    trajectory_clear(&h->close);
    free(h->trajectory);
    free(h->stage_at_ns);
    free(h->episode);
    free(h->trace);
    memset(h, 0, sizeof *h);
}

const char *rs_trace_kind_name(enum trace_kind k)
{
    static const char *const names[RS_TRACE_KIND_N] = {
        [RS_TRACE_STAGE] = "stage",       [RS_TRACE_ACTION] = "action",
        [RS_TRACE_FLAG_SET] = "flag_set", [RS_TRACE_FLAG_AT] = "flag_at",
        [RS_TRACE_FAULT] = "fault",       [RS_TRACE_ALERT] = "alert",
        [RS_TRACE_NOTICE] = "notice",     [RS_TRACE_PERSON] = "person",
        [RS_TRACE_GATE] = "gate",         [RS_TRACE_CLOCK] = "clock",
        [RS_TRACE_SIDE] = "side",         [RS_TRACE_OUTCOME] = "outcome",
    };
    assert(k >= 0 && k < RS_TRACE_KIND_N);
    return names[k];
}

void rs_history_trace(struct history *h,
                      int64_t at_ns,
                      enum trace_kind kind,
                      int a,
                      int b,
                      double x,
                      const char *fmt,
                      ...)
{
    if (h->n_trace == h->cap_trace) {
        h->cap_trace = h->cap_trace ? 2 * h->cap_trace : 64;
        h->trace = rs_xrealloc(h->trace, sizeof *h->trace * (size_t)h->cap_trace);
    }
    char line[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    h->trace[h->n_trace++] = (struct trace_event){
        .at_ns = at_ns, .kind = kind, .a = a, .b = b, .x = x, .text = rs_xstrdup(line)};
}

struct episode *rs_history_episode(struct history *h)
{
    if (h->n_episode == h->cap_episode) {
        h->cap_episode = h->cap_episode ? 2 * h->cap_episode : 4;
        h->episode = rs_xrealloc(h->episode, sizeof *h->episode * (size_t)h->cap_episode);
    }
    struct episode *e = &h->episode[h->n_episode++];
    memset(e, 0, sizeof *e);
    e->procedure = e->stage = e->fault = -1;
    for (int i = 0; i < RS_CLOCK_N; i++)
        e->at_ns[i] = RS_NEVER;
    return e;
}
