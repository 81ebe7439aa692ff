/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receivers.h"

#include <string.h>

#include "models/response.h"
#include "sim/clock.h"

/* ---- when a route is silent ---- */

static bool silent_at(const struct am_route *route, int64_t unix_s)
{
    bool active = route->n_active == 0;
    for (int i = 0; i < route->n_mute; i++) {
        if (rs_am_interval_holds(route->mute[i], unix_s))
            return true;
    }
    for (int i = 0; i < route->n_active; i++)
        active = active || rs_am_interval_holds(route->active[i], unix_s);
    return !active;
}

#define MAX_STEP 5000

/* How much of the time while the procedure may be called for is told to nobody by this route: looked at minute by minute. */
static int64_t muted_ns(const struct receiving *x, const struct am_route *route, int procedure)
{
    int64_t from, until, sum = 0;
    if (route->n_mute + route->n_active == 0 ||
        !rs_schedule_exposed(x->sc, &x->plan, procedure, &from, &until))
        return 0;
    int64_t step = 60 * RS_NS_PER_S;
    if ((until - from) / step > MAX_STEP)
        step = (until - from) / MAX_STEP;
    for (int64_t t = from; t < until; t += step) {
        int64_t unix_s = (x->sc->starts_at_unix_ns + t) / RS_NS_PER_S;
        sum += silent_at(route, unix_s) ? step : 0;
    }
    return sum < until - from ? sum : until - from;
}

/* ---- who attends ---- */

static bool escalates(const struct receiving *x, int role, int channel)
{
    const struct role *who = &x->sc->response.role[role];
    return !x->sc->monitoring.channel[channel].silent && who->escalates_to >= 0 &&
           who->escalate_after_ns != RS_NEVER;
}

/* The longest time, while the procedure may be called for, for which a message waits until the role's hours begin. */
static int64_t longest_wait(const struct receiving *x, int role, int procedure)
{
    int64_t from, until, worst = 0;
    const struct role *who = &x->sc->response.role[role];
    if (!rs_schedule_exposed(x->sc, &x->plan, procedure, &from, &until))
        return 0;
    int64_t epoch = x->sc->starts_at_unix_ns, step = 60 * RS_NS_PER_S;
    if ((until - from) / step > MAX_STEP)
        step = (until - from) / MAX_STEP;
    for (int64_t t = from; t < until; t += step) {
        int64_t next = rs_hours_next(who, epoch + t);
        int64_t wait = next == RS_NEVER ? RS_NEVER : next - epoch - t;
        worst = worst > wait ? worst : wait;
    }
    return worst;
}

/* ---- one way ------------------------------------------------------------------------------------------------------- */

static double median_s(const struct dist *d)
{
    return rs_dist_quantile(d, 0.5);
}

/* From firing to the acknowledgement, at the median of each leg, of a message that is seen. */
static double median_to_ack(const struct receiving *x, const struct way *w)
{
    const struct role *who = &x->sc->response.role[w->role];
    return rs_s_from_ns(w->route->group_wait_ns) +
           median_s(&x->sc->monitoring.channel[w->channel].delivery) + median_s(&who->acknowledge);
}

static struct way judge_channel(const struct receiving *x,
                                const struct page *page,
                                const struct am_route *route,
                                int channel)
{
    const struct response *plan = &x->sc->response;
    const struct procedure *p = &plan->procedure[page->procedure];
    struct way w = {.kind = RS_WAY_GOOD, .route = route, .channel = channel};
    w.role = rs_page_target(plan, page->procedure, channel);
    w.time_ns = muted_ns(x, route, page->procedure);
    if (w.role < 0 || w.time_ns > 0) {
        w.kind = w.role < 0 ? RS_WAY_NOBODY : RS_WAY_MUTED;
        return w;
    }
    if (p->sla_ns == RS_NEVER || (!page->people && !page->called))
        return w;
    if (page->called) { /* in time is automation's affair; a chat is no call */
        w.kind = x->sc->monitoring.channel[channel].silent ? RS_WAY_SILENT : RS_WAY_GOOD;
        return w;
    }
    const struct attention *att = rs_role_attends(&plan->role[w.role], channel);
    w.time_ns = att->off_hours ? 0 : longest_wait(x, w.role, page->procedure);
    w.p = 1.0 - att->sees;
    w.seconds = median_to_ack(x, &w);
    if (w.time_ns > p->sla_ns && !escalates(x, w.role, channel))
        w.kind = RS_WAY_OFF_HOURS;
    else if (x->sc->monitoring.channel[channel].silent)
        w.kind = RS_WAY_SILENT;
    else if (w.p > 0.0 && !escalates(x, w.role, channel))
        w.kind = RS_WAY_OVERLOOKED;
    else if (w.seconds > rs_s_from_ns(p->sla_ns) && route->group_wait_ns <= p->sla_ns)
        w.kind = RS_WAY_SLOW; /* else the route's wait alone is too long, which the budget tells */
    return w;
}

struct way
rs_way_judge(const struct receiving *x, const struct page *page, const struct am_route *route)
{
    const struct monitoring *m = &x->sc->monitoring;
    struct way best = {.kind = RS_WAY_NO_CHANNEL, .route = route, .channel = -1, .role = -1};
    for (int i = 0; i < m->n_channel; i++) {
        if (!m->channel[i].receiver || strcmp(m->channel[i].receiver, route->receiver) != 0)
            continue;
        struct way w = judge_channel(x, page, route, i);
        if (w.kind < best.kind)
            best = w;
    }
    return best;
}
