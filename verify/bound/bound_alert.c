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

static void by_people(struct asking *x,
                      struct way front,
                      const struct alert_rule *rule,
                      const struct routing *r,
                      const struct channel_set *set,
                      const struct witness *who)
{
    struct bounding *b = x->b;
    const struct response *plan = &b->sc->response;
    struct takers *takers = RS_ARENA_ARRAY(b->arena, struct takers, r->n);
    double notified_low = INFINITY, notified_high = INFINITY, best = INFINITY;
    int first = 0, quickest = 0;
    for (int i = 0; i < r->n; i++) {
        struct span v = rs_span_sum(r->delivery[i].group.span, r->delivery[i].travel.span);
        rs_bound_takers(b, x->q->procedure, set, r->delivery[i].channel, &takers[i]);
        notified_low = fmin(notified_low, v.low);
        if (v.worst < notified_high) {
            notified_high = v.worst;
            quickest = i;
        }
        if (v.worst + takers[i].part.span.worst < best) {
            best = v.worst + takers[i].part.span.worst;
            first = i;
        }
    }
    /* To the message the quickest channel counts, to the acknowledgement the one that brings it about soonest. */
    int via = x->q->to == RS_CLOCK_NOTIFIED ? quickest : first;
    struct part group = r->delivery[via].group, travel = r->delivery[via].travel,
                ack = takers[via].part;
    if (r->n > 1) {
        double gap =
            r->delivery[via].group.span.worst + r->delivery[via].travel.span.worst - notified_low;
        group.span = rs_span_from_zero(group.span);
        travel.span = rs_span_from_zero(travel.span);
        group.span.exact = travel.span.exact = ack.span.exact = false;
        group.span.sure = travel.span.sure = ack.span.sure = 0.0;
        if (x->q->from == RS_CLOCK_NOTIFIED && !x->q->from_condition)
            ack.span.best = ack.span.worst = ack.span.worst + fmax(gap, 0.0);
    }
    rs_way_add(&front, group);
    rs_way_add(&front, travel);
    struct way whole = front;
    rs_way_add(&whole, ack);
    for (int i = 0; i < r->n; i++) {
        for (int k = 0; k < takers[i].n; k++) {
            struct way one = front;
            struct part mine = ack;
            if (r->n == 1) {
                mine.span.low = mine.span.low_best = mine.span.low_worst =
                    takers[i].item[k].span.low;
                if (isfinite(takers[i].item[k].span.worst) &&
                    takers[i].item[k].span.worst < mine.span.worst) {
                    mine.span.best = mine.span.worst = mine.span.sure =
                        takers[i].item[k].span.worst;
                    mine.why = rs_arena_printf(b->arena, "%s acknowledges within %s of the message",
                                               plan->role[takers[i].item[k].role].name,
                                               rs_bound_words(b, mine.span.worst));
                    mine.span.exact = false;
                    mine.span.sure = 0.0;
                }
            } else {
                mine.span = rs_span_from_zero(mine.span);
            }
            rs_way_add(&one, mine);
            rs_ask_role(x, one, takers[i].item[k].role);
        }
    }
    if (who->any && !rule->single) {
        for (int i = 0; i < plan->n_role; i++) {
            if (i >= 64 || who->role[i])
                seen_among_several(x, any_time(whole), i, rule);
        }
    }
    for (int i = 0; who->any && i < plan->n_role; i++) {
        if (i < 64 && !who->role[i])
            continue;
        struct way seen = any_time(whole);
        rs_ask_role(x, seen, i);
    }
    taken_over(x, &whole, who, rule->rule->alert);
}

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
    (void)who;
    rs_ask_whom(x, w, by);
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
        if (all->item[i].n > 0)
            by_people(x, w, rule, &all->item[i], set, who);
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
