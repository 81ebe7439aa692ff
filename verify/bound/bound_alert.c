/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ways by an alert: it fires, is told of, and somebody takes it in hand; or automation does at once. */
#include <math.h>
#include <string.h>

#include "bound_private.h"
#include "sim/clock.h"

#define BIT(mark) (1U << (mark))

static const struct automation *automation_of(const struct asking *x, const char *alert)
{
    const struct response *plan = &x->b->sc->response;
    for (int i = 0; i < plan->n_automation; i++) {
        if (plan->automation[i].procedure == x->q->procedure && plan->automation[i].alert &&
            strcmp(plan->automation[i].alert, alert) == 0)
            return &plan->automation[i];
    }
    return NULL;
}

static struct channel_set channels_of(struct asking *x)
{
    struct channel_set set = {0};
    struct routings *all = RS_ARENA_ARRAY(x->b->arena, struct routings, 1);
    for (int i = 0; i < x->b->n_rule; i++) {
        if (!rs_route_leads_to(x->b->sc, x->q->procedure, x->b->rule[i].rule->alert))
            continue;
        rs_route_alert(x->b, x->q->procedure, &x->b->rule[i], all);
        set.too_many = set.too_many || all->too_many;
        for (int k = 0; k < all->n; k++) {
            for (int d = 0; d < all->item[k].n; d++) {
                int c = all->item[k].delivery[d].channel, at = 0;
                while (at < set.n && set.channel[at] != c)
                    at++;
                if (at == RS_MAX_CHANNEL_SET)
                    set.too_many = true;
                else if (at == set.n)
                    set.channel[set.n++] = c;
            }
        }
    }
    return set;
}

/* The same way, with nothing known of how soon the parts from DETECTED on are over. */
static struct way any_time(struct way w)
{
    for (int i = 0; i < w.n; i++) {
        struct part *p = &w.part[i];
        if (p->after < RS_STOP_DETECTED)
            continue;
        p->span = rs_span_from_zero(p->span);
        p->span.exact = isinf(p->span.worst);
        p->span.sure = p->span.exact ? INFINITY : 0.0;
    }
    return w;
}

/* Automation that another alert, or a gate, sets going may take over before anybody has acknowledged. */
static void
taken_over(struct asking *x, const struct way *w, const struct witness *who, const char *alert)
{
    const struct response *plan = &x->b->sc->response;
    struct way over = any_time(*w);
    over.doer = -1;
    over.missing |= BIT(RS_CLOCK_ACKNOWLEDGED);
    if (x->q->to == RS_CLOCK_NOTIFIED) /* it may come before the message */
        over.missing |= BIT(RS_CLOCK_NOTIFIED);
    if (who->automatic)
        rs_ask_way(x, &over);
    for (int i = 0; i < plan->n_automation; i++) {
        const struct automation *a = &plan->automation[i];
        if (a->procedure != x->q->procedure || !a->alert || strcmp(a->alert, alert) == 0)
            continue;
        struct way one = over;
        rs_way_add(&one, (struct part){.after = RS_STOP_DECIDED,
                                       .name = "automation",
                                       .ref = a->ref,
                                       .at = a->at,
                                       .span = rs_span_dist(&a->delay),
                                       .why = rs_arena_printf(
                                           x->b->arena, "taken over by %s, which begins within %s",
                                           a->name, rs_bound_words(x->b, rs_dist_sup(&a->delay)))});
        rs_ask_way(x, &one);
    }
}

/*
 * An alert with several label sets has fired since the first of them; where each clears before its group tells of it, only
 * somebody who looks finds out, at any time.
 */
static void
seen_among_several(struct asking *x, struct way w, int role, const struct alert_rule *rule)
{
    rs_way_add(&w, (struct part){.after = RS_STOP_DETECTED,
                                 .name = "label sets",
                                 .at = rule->rule->at,
                                 .span = rs_span_endless(0.0),
                                 .why = "the alert has several label sets: one may follow the "
                                        "other untold until somebody looks"});
    rs_ask_whom(x, w, role);
}

/* The messages of one alert side by side. */
struct messages {
    const struct routing *r;
    struct takers *takers;          /* [r->n] */
    struct part group, travel, ack; /* of the channel that counts */
};

static struct span message_span(const struct routing *r, int i)
{
    return rs_span_sum(r->delivery[i].group.span, r->delivery[i].travel.span);
}

/* Of several messages nothing is known of the lower end, and the one that comes first need not be the one that counts. */
static void loosen(struct part *p)
{
    p->span = rs_span_from_zero(p->span);
    p->span.exact = isinf(p->span.worst);
    p->span.sure = p->span.exact ? INFINITY : 0.0;
}

/* To the message the quickest channel counts, to the acknowledgement the one that brings it about soonest. */
static struct messages
messages_of(struct asking *x, const struct routing *r, const struct channel_set *set)
{
    struct messages m = {.r = r, .takers = RS_ARENA_ARRAY(x->b->arena, struct takers, r->n)};
    double low = INFINITY, least = INFINITY;
    int via = 0;
    for (int i = 0; i < r->n; i++) {
        struct span v = message_span(r, i);
        rs_bound_takers(x->b, x->q->procedure, set, r->delivery[i].channel, &m.takers[i]);
        double high = v.worst;
        if (x->q->to != RS_CLOCK_NOTIFIED)
            high += m.takers[i].part.span.worst;
        low = fmin(low, v.low);
        via = high < least ? i : via;
        least = fmin(least, high);
    }
    m.group = r->delivery[via].group;
    m.travel = r->delivery[via].travel;
    m.ack = m.takers[via].part;
    if (r->n == 1)
        return m;
    loosen(&m.group);
    loosen(&m.travel);
    loosen(&m.ack);
    if (x->q->from == RS_CLOCK_NOTIFIED && !x->q->from_condition) {
        double gap = fmax(message_span(r, via).worst - low, 0.0);
        m.ack.span.best += gap;
        m.ack.span.worst += gap;
    }
    return m;
}

/* His own acknowledgement, where that is known better than when anybody has it. */
static struct part ack_of(struct asking *x, const struct messages *m, const struct taker *t)
{
    struct part mine = m->ack;
    if (m->r->n > 1)
        return mine;
    mine.span.low = mine.span.low_best = mine.span.low_worst = t->span.low;
    if (t->span.worst < mine.span.worst) {
        mine.span.best = mine.span.worst = t->span.worst;
        mine.span.sure = 0.0;
        mine.span.exact = false;
        mine.why = rs_arena_printf(x->b->arena, "%s acknowledges within %s of the message",
                                   x->b->sc->response.role[t->role].name,
                                   rs_bound_words(x->b, mine.span.worst));
    }
    return mine;
}

/* Who looks at the board may take it at any time before. */
static void by_lookers(struct asking *x,
                       const struct way *whole,
                       const struct alert_rule *rule,
                       const struct witness *who)
{
    for (int i = 0; who->any && i < x->b->sc->response.n_role; i++) {
        if (i < 64 && !who->role[i])
            continue;
        if (!rule->single)
            seen_among_several(x, any_time(*whole), i, rule);
        rs_ask_role(x, any_time(*whole), i);
    }
}

static void by_people(struct asking *x,
                      struct way front,
                      const struct alert_rule *rule,
                      const struct messages *m,
                      const struct witness *who)
{
    rs_way_add(&front, m->group);
    rs_way_add(&front, m->travel);
    struct way whole = front;
    rs_way_add(&whole, m->ack);
    for (int i = 0; i < m->r->n; i++) {
        for (int k = 0; k < m->takers[i].n; k++) {
            struct way one = front;
            rs_way_add(&one, ack_of(x, m, &m->takers[i].item[k]));
            rs_ask_role(x, one, m->takers[i].item[k].role);
        }
    }
    by_lookers(x, &whole, rule, who);
    taken_over(x, &whole, who, rule->rule->alert);
}

/* Nobody need ever hear of it; who looks at the board, or automation, may still find out. */
static void
untold(struct asking *x, struct way w, const struct alert_rule *rule, const struct witness *who)
{
    rs_way_add(&w,
               (struct part){.after = RS_STOP_DETECTED,
                             .name = "delivery",
                             .at = rule->rule->at,
                             .span = rs_span_endless(0.0),
                             .why = x->b->am ? "the alert may reach no channel that anybody attends"
                                             : "there is no Alertmanager: nobody is told"});
    int by = x->b->sc->response.procedure[x->q->procedure].by;
    rs_ask_whom(x, w, by);
    by_lookers(x, &w, rule, who);
    taken_over(x, &w, who, rule->rule->alert);
}

static void by_alert(struct asking *x,
                     struct alert_rule *rule,
                     const struct channel_set *set,
                     const struct witness *who)
{
    struct way w = {.by = RS_BY_ALERT, .doer = -1};
    const struct automation *a = automation_of(x, rule->rule->alert);
    int by = x->b->sc->response.procedure[x->q->procedure].by;
    rs_signal_onset(&w);
    rs_signal_alert(x->b, &w, rule);
    if (a || (by < 0 && rs_route_leads_to(x->b->sc, x->q->procedure, rule->rule->alert))) {
        rs_ask_automation(x, w, a);
        return;
    }
    struct routings *all = RS_ARENA_ARRAY(x->b->arena, struct routings, 1);
    rs_route_alert(x->b, x->q->procedure, rule, all);
    bool reached = all->n > 0 && !all->too_many;
    for (int i = 0; i < all->n; i++) {
        reached = reached && all->item[i].n > 0;
        if (all->item[i].n > 0) {
            struct messages m = messages_of(x, &all->item[i], set);
            by_people(x, w, rule, &m, who);
        }
    }
    if (!reached)
        untold(x, w, rule, who);
}

void rs_ask_alerts(struct asking *x)
{
    struct channel_set set = channels_of(x);
    struct witness who = rs_ask_witnesses(x);
    for (int i = 0; i < x->b->n_rule; i++) {
        const char *alert = x->b->rule[i].rule->alert;
        if (alert &&
            (rs_route_leads_to(x->b->sc, x->q->procedure, alert) || automation_of(x, alert)))
            by_alert(x, &x->b->rule[i], &set, &who);
    }
}
