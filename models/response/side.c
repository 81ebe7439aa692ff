/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Communication and post-rollout steps. They take their time, each beside the others, and count
 * nowhere; without a trace only those are carried out that change the system.
 */
#include <assert.h>
#include <stdlib.h>

#include "responder.h"
#include "sim/arena.h"

#define DAY_NS (INT64_C(86400) * RS_NS_PER_S)

static bool changes_system(const struct action *a)
{
    switch (a->kind) {
    case RS_ACT_SET_FLAG:
    case RS_ACT_PURGE:
    case RS_ACT_ROTATE:
    case RS_ACT_REMOVE: return true;
    case RS_ACT_CHECK:
    case RS_ACT_NOTIFY:
    case RS_ACT_DOCUMENT:
    case RS_ACT_WAIT: return false;
    }
    return false;
}

static void step_done(struct task *t, int64_t now_ns, enum task_end end)
{
    (void)t;
    (void)now_ns;
    assert(end == RS_TASK_DONE);
}

static struct task *idle_task(struct responder *r)
{
    for (int i = 0; i < r->n_side_task; i++) {
        if (!r->side_task[i]->running)
            return r->side_task[i];
    }
    size_t n = (size_t)r->n_side_task + 1;
    r->side_task = rs_xrealloc(r->side_task, n * sizeof *r->side_task);
    r->side_task[n - 1] = rs_xcalloc(1, sizeof **r->side_task);
    r->n_side_task++;
    return r->side_task[n - 1];
}

static void run_step(struct responder *r, int64_t now_ns, int step)
{
    const struct side_step *s = &r->plan->side_step[step];
    if (!r->trace && !changes_system(&s->action))
        return;
    struct task *t = idle_task(r);
    *t = (struct task){.r = r,
                       .list = &s->action,
                       .sources = &r->side[step],
                       .n = 1,
                       .part = RS_PART_ALL,
                       .doer = s->by,
                       .side = true,
                       .done = step_done};
    rs_task_start(t, now_ns);
}

void rs_side_run(struct responder *r, int64_t now_ns, enum step_when when)
{
    for (int i = 0; i < r->plan->n_side_step; i++) {
        if (r->plan->side_step[i].when == when)
            run_step(r, now_ns, i);
    }
}

static void on_daily(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct responder *r = ctx;
    rs_kernel_at(r->k, rs_time_after(now_ns, DAY_NS), "daily step", on_daily, r, arg);
    run_step(r, now_ns, (int)arg);
}

void rs_side_begin(struct responder *r)
{
    int64_t day_ns = r->sc->starts_at_unix_ns % DAY_NS;
    for (int i = 0; i < r->plan->n_side_step; i++) {
        const struct side_step *s = &r->plan->side_step[i];
        if (s->when != RS_STEP_DAILY || (!r->trace && !changes_system(&s->action)))
            continue;
        int64_t until_ns = ((s->at_day_ns - day_ns) % DAY_NS + DAY_NS) % DAY_NS;
        rs_kernel_at(r->k, rs_kernel_now(r->k) + until_ns, "daily step", on_daily, r, (uint64_t)i);
    }
}
