/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Attention. A message pages the first of the procedure's escalation chain who attends the channel.
 * He sees it with the channel's probability, outside his hours only where he is reachable then,
 * else when his hours begin, and acknowledges after his time. Without an acknowledgement the page
 * escalates; whoever acknowledges first has it.
 */
#include <assert.h>

#include "responder.h"

static const struct role *role_of(const struct responder *r, int role)
{
    assert(role >= 0 && role < r->plan->n_role);
    return &r->plan->role[role];
}

const struct attention *rs_role_attends(const struct role *role, int channel)
{
    for (int i = 0; i < role->n_attention; i++) {
        if (role->attention[i].channel == channel)
            return &role->attention[i];
    }
    return NULL;
}

int rs_page_target(const struct response *plan, int procedure, int channel)
{
    int role = plan->procedure[procedure].by;
    for (int i = 0; i < plan->n_role && role >= 0; i++) { /* a chain may be a ring */
        if (rs_role_attends(&plan->role[role], channel))
            return role;
        role = plan->role[role].escalates_to;
    }
    for (role = 0; role < plan->n_role; role++) {
        if (rs_role_attends(&plan->role[role], channel))
            return role;
    }
    return -1;
}

static void on_acknowledge(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct rollback *rb = ctx;
    int role = (int)arg;
    rb->ack[role] = 0;
    rs_trace_say(rb->r, RS_TRACE_PERSON, role, rb->episode, "%s acknowledges %s",
                 rs_role_words(rb->r, role), rs_rollback_episode(rb)->detector);
    rs_rollback_acknowledge(rb, now_ns, role);
}

/* Outside his hours a channel that is no pager waits until they begin. */
static int64_t
seen_at(const struct responder *r, int role, const struct attention *att, int64_t now_ns)
{
    if (!att || att->off_hours)
        return now_ns;
    int64_t start_ns = r->sc->starts_at_unix_ns;
    int64_t unix_ns = rs_hours_next(role_of(r, role), start_ns + now_ns);
    return unix_ns == RS_NEVER ? RS_NEVER : unix_ns - start_ns;
}

/*
 * A page reaches its role by the message's channel if he attends it, else by the first that he
 * does.
 */
static void catch_attention(struct rollback *rb, int64_t now_ns, int role)
{
    struct responder *r = rb->r;
    const struct role *who = role_of(r, role);
    const struct attention *att = rs_role_attends(role_of(r, role), rb->channel);
    if (!att && who->n_attention > 0)
        att = &who->attention[0];
    if (att) {
        struct source *src = &r->sees[role * r->sc->monitoring.n_channel + att->channel];
        if (!rs_source_chance(r, src, att->sees)) {
            rs_trace_say(r, RS_TRACE_PERSON, role, rb->episode, "%s overlooks the message on %s",
                         rs_role_words(r, role), r->sc->monitoring.channel[att->channel].name);
            return;
        }
    }
    struct source *src = &r->acknowledge[role * r->plan->n_procedure + rb->procedure];
    int64_t at =
        rs_time_after(seen_at(r, role, att, now_ns), rs_source_ns(r, src, &who->acknowledge));
    rb->ack[role] = rs_kernel_at(r->k, at, "acknowledgement", on_acknowledge, rb, (uint64_t)role);
}

static void page(struct rollback *rb, int64_t now_ns, int role);

static void on_escalate(void *ctx, int64_t now_ns, uint64_t arg)
{
    (void)arg;
    struct rollback *rb = ctx;
    struct responder *r = rb->r;
    int next = role_of(r, rb->on_call)->escalates_to;
    rb->escalate = 0;
    if (rb->paged[next])
        return; /* the chain is a ring and has come round */
    rs_trace_say(r, RS_TRACE_PERSON, next, rb->episode,
                 "the page escalates to %s: no acknowledgement by %s", rs_role_words(r, next),
                 rs_role_words(r, rb->on_call));
    page(rb, now_ns, next);
}

static void page(struct rollback *rb, int64_t now_ns, int role)
{
    struct responder *r = rb->r;
    const struct role *who = role_of(r, role);
    rb->paged[role] = true;
    catch_attention(rb, now_ns, role);
    if (rb->escalate || who->escalates_to < 0 || who->escalate_after_ns == RS_NEVER)
        return;
    if (r->sc->monitoring.channel[rb->channel].silent)
        return;
    rb->on_call = role;
    int64_t at = rs_time_after(now_ns, who->escalate_after_ns);
    rb->escalate = rs_kernel_at(r->k, at, "escalation", on_escalate, rb, 0);
}

void rs_people_page(struct rollback *rb, int64_t now_ns, int channel)
{
    struct responder *r = rb->r;
    int target = rs_page_target(r->plan, rb->procedure, channel);
    assert(rb->state == RS_ROLLBACK_NOTIFIED && target >= 0);
    rb->channel = channel;
    for (int i = 0; i < r->plan->n_role;
         i++) { /* who overlooked the last message may see this one */
        if (rb->paged[i] && !rb->ack[i] && rs_role_attends(role_of(r, i), channel))
            catch_attention(rb, now_ns, i);
    }
    if (!rb->paged[target])
        page(rb, now_ns, target);
}

void rs_people_stand_down(struct rollback *rb)
{
    struct responder *r = rb->r;
    for (int i = 0; i < r->plan->n_role; i++) {
        if (rb->ack[i])
            rs_kernel_cancel(r->k, rb->ack[i]);
        rb->ack[i] = 0;
    }
    if (rb->escalate)
        rs_kernel_cancel(r->k, rb->escalate);
    rb->escalate = 0;
}
