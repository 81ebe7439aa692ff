/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who is paged, and when somebody has acknowledged for sure. Everybody who was paged may still acknowledge when the page has gone
 * on to the next, so that the first of them counts: the smallest of (time until paged + his own longest time). Only those who
 * notice every message count; the others may never.
 *
 * Messages on several channels disturb each other: a page goes by the channel of the latest message, who has been paged is not
 * paged anew, and a page on a silent channel does not escalate. Escalation is therefore relied upon only where all messages page
 * the same person first and no channel is silent; attention and hours are those of the worst channel.
 */
#include <assert.h>
#include <math.h>

#include "bound_private.h"
#include "models/response.h"
#include "sim/clock.h"

#define DAY_NS (INT64_C(86400) * RS_NS_PER_S)

/* ---- working hours --------------------------------------------------------------------------- */

static double wait_at(const struct role *role, int64_t unix_ns)
{
    int64_t next = rs_hours_next(role, unix_ns);
    return next == RS_NEVER ? INFINITY : rs_s_from_ns(next - unix_ns);
}

double rs_bound_wait(const struct scenario *sc, const struct role *role)
{
    int64_t start = sc->starts_at_unix_ns,
            end = sc->horizon_ns < RS_NEVER - start ? start + sc->horizon_ns : RS_NEVER;
    double longest = wait_at(role, start);
    int64_t day = start - (start % DAY_NS + DAY_NS) % DAY_NS - DAY_NS;
    /* Waits are longest where a shift has just ended; a week holds all of them. */
    if (end > start + 9 * DAY_NS)
        end = start + 9 * DAY_NS;
    for (; day <= end; day += DAY_NS) {
        int64_t until = day + role->until_ns + (role->until_ns > role->from_ns ? 0 : DAY_NS);
        if (until >= start && until <= end)
            longest = fmax(longest, wait_at(role, until));
    }
    return longest;
}

/* ---- attention ------------------------------------------------------------------------------- */

/* By the channel if he attends it, else by the first that he does; NULL: he is simply told. */
static const struct attention *reached_by(const struct role *role, int channel)
{
    const struct attention *att = rs_role_attends(role, channel);
    return att || role->n_attention == 0 ? att : &role->attention[0];
}

struct paging {
    struct bounding *b;
    const struct channel_set *set;
    int procedure, channel;
    bool escalates; /* it can be relied upon */
    struct takers *out;
    double best, sure;   /* somebody has it by then; without any wait for hours */
    const char *why_not; /* why the first does not count */
};

/* Over the channel of the message alone (first), or over all that another message may have made it. */
static double sees(const struct paging *p, const struct role *role, bool first)
{
    double worst = 1.0;
    for (int i = 0; i < p->set->n; i++) {
        const struct attention *att = reached_by(role, p->set->channel[i]);
        if (att && (!first || p->set->channel[i] == p->channel))
            worst = fmin(worst, att->sees);
    }
    return worst;
}

/* A message that was seen earlier, on a channel that waits for his hours, is not looked at again on another. */
static double hours(const struct paging *p, const struct role *role)
{
    for (int i = 0; i < p->set->n; i++) {
        const struct attention *att = reached_by(role, p->set->channel[i]);
        if (att && !att->off_hours)
            return rs_bound_wait(p->b->sc, role);
    }
    return 0.0;
}

static void note(struct paging *p, int index, double low, double high)
{
    struct takers *t = p->out;
    for (int i = 0; i < t->n; i++) {
        if (t->item[i].role == index) {
            t->item[i].span.low = fmin(t->item[i].span.low, low);
            t->item[i].span.worst = fmax(t->item[i].span.worst, high);
            return;
        }
    }
    if (t->n < RS_MAX_TAKER)
        t->item[t->n++] = (struct taker){index, {.low = low, .worst = high}};
}

static void candidate(struct paging *p, int index, double paged_s, bool first)
{
    const struct role *role = &p->b->sc->response.role[index];
    double wait = hours(p, role), s = sees(p, role, first);
    double high = paged_s + wait + rs_dist_sup(&role->acknowledge);
    double low = (p->escalates ? paged_s : 0.0) + rs_dist_inf(&role->acknowledge);
    bool sure = s >= 1.0 && (first || p->escalates);
    /* Who may overlook a message may notice a later one. */
    note(p, index, low, sure ? high : INFINITY);
    if (s < 1.0) {
        if (!p->why_not)
            p->why_not = rs_arena_printf(p->b->arena, "%s notices a message with %s only",
                                         role->name, rs_bound_percent(p->b, s));
        return;
    }
    if (sure)
        p->sure = fmin(p->sure, paged_s + rs_dist_sup(&role->acknowledge));
    if (!sure || high >= p->best)
        return;
    p->best = high;
    p->out->part.at = role->at;
    p->out->part.ref = role->ref;
    p->out->part.why = rs_arena_printf(p->b->arena, "%s%s%s%s%s acknowledges within %s", role->name,
                                       paged_s > 0.0 ? ", paged after " : "",
                                       paged_s > 0.0 ? rs_bound_words(p->b, paged_s) : "",
                                       wait > 0.0 ? ", waits for working hours up to " : "",
                                       wait > 0.0 ? rs_bound_words(p->b, wait) : "",
                                       rs_bound_words(p->b, rs_dist_sup(&role->acknowledge)));
}

/* Down the chain from the one who is paged first. */
static void escalate(struct paging *p, int first)
{
    const struct response *plan = &p->b->sc->response;
    bool silent = p->set->n == 1 && p->b->sc->monitoring.channel[p->channel].silent;
    double paged_s = 0.0;
    int index = first;
    for (int i = 0; i < plan->n_role && !silent; i++) {
        const struct role *role = &plan->role[index];
        if (role->escalates_to < 0 || role->escalate_after_ns == RS_NEVER ||
            role->escalates_to == first)
            return;
        paged_s += rs_s_from_ns(role->escalate_after_ns);
        index = role->escalates_to;
        candidate(p, index, paged_s, false);
    }
}

static bool is_reliable(const struct paging *p, int first)
{
    const struct monitoring *m = &p->b->sc->monitoring;
    for (int i = 0; i < p->set->n; i++) {
        if (m->channel[p->set->channel[i]].silent ||
            rs_page_target(&p->b->sc->response, p->procedure, p->set->channel[i]) != first)
            return false;
    }
    return !p->set->too_many;
}

void rs_bound_takers(struct bounding *b,
                     int procedure,
                     const struct channel_set *set,
                     int channel,
                     struct takers *out)
{
    int first = rs_page_target(&b->sc->response, procedure, channel);
    struct paging p = {.b = b,
                       .set = set,
                       .procedure = procedure,
                       .channel = channel,
                       .out = out,
                       .best = INFINITY,
                       .sure = INFINITY};
    *out = (struct takers){.part = {.after = RS_STOP_NOTIFIED, .name = "acknowledge"}};
    assert(first >= 0);
    out->part.at = b->sc->response.role[first].at;
    out->part.ref = b->sc->response.role[first].ref;
    p.escalates = is_reliable(&p, first);
    candidate(&p, first, 0.0, true);
    escalate(&p, first);
    for (int i = 0; i < set->n; i++) { /* whom other messages page may be the one who takes it */
        int other = rs_page_target(&b->sc->response, procedure, set->channel[i]);
        if (set->channel[i] == channel || other < 0)
            continue;
        p.escalates = false;
        candidate(&p, other, 0.0, false);
        struct paging from_other = p;
        from_other.channel = set->channel[i];
        escalate(&from_other, other);
    }
    double low = INFINITY;
    for (int i = 0; i < out->n; i++) {
        struct taker *t = &out->item[i];
        double high = fmin(t->span.worst, p.best), at_least = fmin(t->span.low, high);
        t->span = rs_span_between(at_least, high);
        t->span.exact = set->n == 1;
        low = fmin(low, at_least);
    }
    out->part.span = rs_span_between(low, p.best);
    out->part.span.exact = set->n == 1 && p.sure == p.best;
    out->part.span.sure = fmin(p.sure, p.best);
    if (isinf(p.best) && p.why_not)
        out->part.why = rs_arena_printf(b->arena, "%s%s", p.why_not,
                                        b->sc->monitoring.channel[channel].silent
                                            ? ", and nothing escalates from a silent channel"
                                            : ", and nobody behind him notices all");
    else if (isinf(p.best))
        out->part.why = "the time to acknowledge has no upper end";
}
