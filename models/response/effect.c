/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The marks of a rollback that wait for the system: commanded, in force on half, on 95 % and on all
 * instances, recovered. P50 and P95 are of the flag that the procedure sets first; EFFECTIVE waits
 * for the last instance of every flag it sets.
 */
#include <assert.h>

#include "responder.h"

static const struct procedure *plan_of(const struct rollback *rb)
{
    return &rb->r->plan->procedure[rb->procedure];
}

static int flags_to_set(const struct procedure *proc)
{
    int n = 0;
    for (int i = 0; i < proc->n_action; i++)
        n += proc->action[i].kind == RS_ACT_SET_FLAG && proc->action[i].blocking;
    return n;
}

bool rs_effect_all(const struct rollback *rb)
{
    if (rb->n_set < flags_to_set(plan_of(rb)))
        return false;
    for (int f = 0; f < rb->r->sc->n_flag; f++) {
        if (rb->flag[f].set && !rb->flag[f].effective)
            return false;
    }
    return true;
}

/* ---- recovered ------------------------------------------------------------------------------- */

static bool any_alert_firing(const struct rollback *rb)
{
    const struct responder *r = rb->r;
    const struct procedure *proc = plan_of(rb);
    for (int i = 0; i < proc->n_alert; i++) {
        if (r->port.alert_firing(r->port.ctx, proc->alert[i]))
            return true;
    }
    return false;
}

static bool has_recovered(const struct rollback *rb)
{
    const struct responder *r = rb->r;
    const struct procedure *proc = plan_of(rb);
    if (proc->recovered)
        return r->port.is_true(r->port.ctx, proc->recovered);
    if (proc->trigger)
        return !r->port.is_true(r->port.ctx, proc->trigger);
    return !any_alert_firing(rb);
}

static void on_recover(void *ctx, int64_t now_ns, uint64_t arg);

static void plan_recover(struct rollback *rb, int64_t now_ns)
{
    struct responder *r = rb->r;
    const struct procedure *proc = plan_of(rb);
    int64_t every_ns = r->sc->monitoring.evaluation_interval_ns;
    bool visible = proc->recovered || proc->trigger || proc->n_alert > 0;
    rb->recover = 0;
    if (visible && every_ns > 0)
        rb->recover = rs_kernel_at(r->k, rs_time_after(now_ns, every_ns), "recovery evaluation",
                                   on_recover, rb, 0);
}

static void on_recover(void *ctx, int64_t now_ns, uint64_t arg)
{
    (void)arg;
    struct rollback *rb = ctx;
    if (!has_recovered(rb)) {
        plan_recover(rb, now_ns);
        return;
    }
    rb->recover = 0;
    rs_rollback_mark(rb, RS_CLOCK_RECOVERED, now_ns);
    rs_trace_say(rb->r, RS_TRACE_CLOCK, RS_CLOCK_RECOVERED, rb->episode,
                 rb->r->plan->procedure[rb->procedure].trigger
                     ? "recovered: the trigger of \"%s\" does not hold any more"
                     : "recovered: nothing calls for \"%s\" any more",
                 rs_procedure_words(rb->r, rb->procedure));
}

/* ---- commanded and in force ------------------------------------------------------------------ */

static void commanded(struct rollback *rb, int64_t now_ns)
{
    if (rs_rollback_episode(rb)->at_ns[RS_CLOCK_COMMANDED] != RS_NEVER)
        return;
    rs_rollback_mark(rb, RS_CLOCK_COMMANDED, now_ns);
    plan_recover(rb, now_ns);
}

static void reached(struct rollback *rb, int64_t now_ns, enum clock_mark m, const char *whom)
{
    if (rs_rollback_episode(rb)->at_ns[m] != RS_NEVER)
        return;
    rs_rollback_mark(rb, m, now_ns);
    rs_trace_say(rb->r, RS_TRACE_CLOCK, (int)m, rb->episode, "the rollback has reached %s", whom);
}

static void look_whether_all(struct rollback *rb, int64_t now_ns)
{
    if (rb->n_set == 0 || !rs_effect_all(rb))
        return;
    reached(rb, now_ns, RS_CLOCK_EFFECTIVE, "the last instance");
    rs_rollback_effective(rb, now_ns);
}

static void in_force_on(struct rollback *rb, int64_t now_ns, int flag, int n_done, int n_total)
{
    if (flag == rb->first_flag) {
        if (2 * (int64_t)n_done >= n_total)
            reached(rb, now_ns, RS_CLOCK_EFFECTIVE_P50, "half of the instances");
        if (20 * (int64_t)n_done >= 19 * (int64_t)n_total)
            reached(rb, now_ns, RS_CLOCK_EFFECTIVE_P95, "95% of the instances");
    }
    if (n_done < n_total)
        return;
    rb->flag[flag].effective = true;
    look_whether_all(rb, now_ns);
}

void rs_effect_action(struct rollback *rb, int64_t now_ns, const struct action *a, uint64_t version)
{
    struct responder *r = rb->r;
    if (a->kind != RS_ACT_SET_FLAG) {
        if (flags_to_set(plan_of(rb)) == 0)
            commanded(rb, now_ns);
        return;
    }
    assert(a->flag >= 0 && a->flag < r->sc->n_flag);
    if (rb->first_flag < 0)
        rb->first_flag = a->flag;
    rb->n_set++;
    rb->flag[a->flag] = (struct flag_wait){.set = true, .version = version};
    commanded(rb, now_ns);
    if (r->port.flag_settled(r->port.ctx, a->flag))
        in_force_on(rb, now_ns, a->flag, 1, 1);
}

void rs_effect_flag(
    struct rollback *rb, int64_t now_ns, int flag, uint64_t version, int n_done, int n_total)
{
    struct flag_wait *w = &rb->flag[flag];
    if (rb->state >= RS_ROLLBACK_ACTING && w->set && !w->effective && version >= w->version)
        in_force_on(rb, now_ns, flag, n_done, n_total);
}
