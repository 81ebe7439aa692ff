/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How long a group of Alertmanager holds an alert back. A new group is told after group_wait, one that lives at its next tick,
 * up to group_interval away; a peer waits 15 s for each one before it. At a tick that falls into a silence or a muted time
 * nothing is told, and the next one is a group_interval later. Source: dispatch/dispatch.go, notify/notify.go.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bound_private.h"
#include "sim/clock.h"

#define PEER_S 15.0
#define MINUTE_S INT64_C(60)
/* A route that is mute for so long without a break is taken as mute for good. */
#define MUTE_LIMIT_S (INT64_C(400) * 86400)

struct hold {
    struct bounding *b;
    int procedure;
    const struct alert_rule *rule;
    const struct am_route *route;
    double wait_s, every_s, peer_s; /* group_wait, group_interval, peers */
};

/* ---- when nothing is told -------------------------------------------------------------------- */

struct blocked { /* from <= t < until, seconds of the scenario */
    double from, until;
};
struct blocks {
    int n, cap;
    struct blocked *item; /* owned */
};

static void block(struct blocks *all, double from, double until)
{
    if (all->n == all->cap) {
        all->cap = all->cap ? 2 * all->cap : 8;
        all->item = rs_xrealloc(all->item, sizeof *all->item * (size_t)all->cap);
    }
    all->item[all->n++] = (struct blocked){from, until};
}

static void add_silences(const struct hold *h, struct blocks *all)
{
    const struct monitoring *m = &h->b->sc->monitoring;
    for (int i = 0; i < m->n_silence; i++) {
        const struct am_silence *s = &m->silence[i];
        if (s->until_ns <= 0 || s->from_ns > h->b->sc->horizon_ns || s->from_ns >= s->until_ns ||
            rs_route_matches(h->b, h->rule, i) == RS_MATCHES_NEVER)
            continue;
        block(all, s->from_ns > 0 ? rs_s_from_ns(s->from_ns) : 0.0,
              s->until_ns == RS_NEVER ? INFINITY : rs_s_from_ns(s->until_ns));
    }
}

static bool any_holds(const struct am_time_interval *const *list, int n, int64_t unix_s)
{
    for (int i = 0; i < n; i++) {
        if (rs_am_interval_holds(list[i], unix_s))
            return true;
    }
    return false;
}

static bool is_mute(const struct am_route *r, int64_t unix_s)
{
    return (r->n_active > 0 && !any_holds(r->active, r->n_active, unix_s)) ||
           any_holds(r->mute, r->n_mute, unix_s);
}

/* Intervals change on whole minutes of Unix time: zones are offset by whole minutes in this age. */
static void add_mutes(const struct hold *h, struct blocks *all)
{
    const struct scenario *sc = h->b->sc;
    int64_t start = sc->starts_at_unix_ns / RS_NS_PER_S, horizon = sc->horizon_ns / RS_NS_PER_S + 1;
    int64_t from = 0, t = start - (start % MINUTE_S + MINUTE_S) % MINUTE_S;
    bool on = false;
    if (h->route->n_mute + h->route->n_active == 0)
        return;
    for (; t <= start + horizon || (on && t <= start + horizon + MUTE_LIMIT_S); t += MINUTE_S) {
        bool now = is_mute(h->route, t);
        if (on && !now)
            block(all, (double)(from > start ? from - start : 0), (double)(t - start));
        from = now && !on ? t : from;
        on = now;
    }
    if (on)
        block(all, (double)(from > start ? from - start : 0), INFINITY);
}

static int by_begin(const void *a, const void *b)
{
    const struct blocked *x = a, *y = b;
    return (x->from > y->from) - (x->from < y->from);
}

/*
 * The longest run of ticks without a word: where the gap between two blocks is shorter than the rhythm of the ticks, these may
 * step over it.
 */
static double longest_silence(const struct hold *h)
{
    struct blocks all = {0};
    double longest = 0.0, from = 0.0, until = -1.0;
    double every = fmax(h->every_s, h->peer_s);
    add_silences(h, &all);
    add_mutes(h, &all);
    if (all.n > 0)
        qsort(all.item, (size_t)all.n, sizeof *all.item, by_begin);
    for (int i = 0; i < all.n; i++) {
        if (until < 0.0 || all.item[i].from >= until + every)
            from = all.item[i].from;
        until = fmax(until, all.item[i].until);
        longest = fmax(longest, until - from);
    }
    free(all.item);
    return isinf(longest) ? INFINITY : ceil(longest / every) * every;
}

/* ---- who else is in the group ---------------------------------------------------------------- */

static bool
may_take(struct bounding *b, const struct alert_rule *rule, const struct am_route *route)
{
    struct routings all;
    rs_route_list(b, rule, &all);
    for (int i = 0; i < all.n; i++) {
        for (int k = 0; k < all.item[i].n_route; k++) {
            if (all.item[i].route[k] == route)
                return true;
        }
    }
    return all.too_many;
}

static bool may_share(const struct hold *h, const struct alert_rule *other)
{
    const struct am_route *r = h->route;
    if (r->group_by_all && strcmp(h->rule->rule->alert, other->rule->alert) != 0)
        return false;
    for (int i = 0; !r->group_by_all && i < r->n_group_by; i++) {
        const char *mine = rs_route_label(h->rule, r->group_by[i]);
        const char *its = rs_route_label(other, r->group_by[i]);
        if (mine && its && strcmp(mine, its) != 0)
            return false;
    }
    return may_take(h->b, other, r);
}

/*
 * An alert that may keep the group alive without calling for this procedure. Those that call for it have told of it by the
 * time that the group ticks on.
 */
static const struct alert_rule *companion(const struct hold *h, bool *shared)
{
    const struct alert_rule *found = NULL;
    for (int i = 0; i < h->b->n_rule; i++) {
        const struct alert_rule *other = &h->b->rule[i];
        if (other == h->rule || !other->rule->alert || !may_share(h, other))
            continue;
        *shared = true;
        if (!found && !rs_route_leads_to(h->b->sc, h->procedure, other->rule->alert))
            found = other;
    }
    return found;
}

static const struct alert_rule *inhibitor(const struct hold *h)
{
    struct bounding *b = h->b;
    const struct am_config *am = b->sc->monitoring.alertmanager;
    int first = b->sc->monitoring.n_silence;
    for (int k = 0; k < am->n_inhibit; k++) {
        int source = first + k, target = first + am->n_inhibit + k;
        enum match_sure mine = rs_route_matches(b, h->rule, target);
        for (int i = 0; mine != RS_MATCHES_NEVER && i < b->n_rule; i++) {
            const struct alert_rule *other = &b->rule[i];
            enum match_sure its = rs_route_matches(b, other, source);
            bool equal = its != RS_MATCHES_NEVER;
            if (equal && other == h->rule && other->single)
                continue; /* none inhibits itself: it would match both sides */
            for (int j = 0; equal && j < am->inhibit[k].n_equal; j++) {
                const char *x = rs_route_label(h->rule, am->inhibit[k].equal[j]);
                const char *y = rs_route_label(other, am->inhibit[k].equal[j]);
                equal = !x || !y || strcmp(x, y) == 0;
            }
            bool both = equal && rs_route_matches(b, other, target) == RS_MATCHES_SURELY &&
                        rs_route_matches(b, h->rule, source) == RS_MATCHES_SURELY;
            if (equal && !both)
                return other;
        }
    }
    return NULL;
}

/* ---- the leg --------------------------------------------------------------------------------- */

/* An alert that clears and fires again while its group waits is told with it, and so after less than the whole wait. */
static double shortest_wait(const struct hold *h, double wait_s)
{
    double every = h->rule->every_s, again = 2.0 * every + rs_signal_for(h->rule);
    if (every <= 0.0 || again > wait_s)
        return wait_s;
    return fmax(wait_s - floor(wait_s / every) * every, 0.0);
}

static const char *why_live(const struct hold *h, const struct alert_rule *with, double held_s)
{
    if (with)
        return rs_arena_printf(h->b->arena, "the group may live already, by %s", with->rule->alert);
    if (held_s > 0.0)
        return "the group may live already, by an alert that was held back";
    if (h->peer_s > 0.0)
        return "the group may live already: the alert may have cleared while its peer waited";
    return "the group may live already: it outlives its alerts until it is swept";
}

static struct part endless(struct part part, const char *why)
{
    part.span = rs_span_endless(part.span.low);
    part.why = why;
    return part;
}

struct part rs_group_part(struct bounding *b,
                          int procedure,
                          const struct alert_rule *rule,
                          const struct am_route *route)
{
    const struct monitoring *m = &b->sc->monitoring;
    struct hold h = {.b = b,
                     .procedure = procedure,
                     .rule = rule,
                     .route = route,
                     .wait_s = rs_s_from_ns(route->group_wait_ns),
                     .every_s = rs_s_from_ns(route->group_interval_ns),
                     .peer_s = PEER_S * m->alertmanager_peer};
    bool shared = !rule->single && !route->group_by_all;
    const struct alert_rule *with = companion(&h, &shared), *by = inhibitor(&h);
    double held = longest_silence(&h), fresh = h.wait_s + h.peer_s;
    bool live = with || held > 0.0 || h.peer_s > 0.0 || m->alertmanager_version < RS_AM_0_33;
    double tick = fmax(h.wait_s, fmax(h.every_s, h.peer_s)) + h.peer_s;
    double low = shared || live ? 0.0 : shortest_wait(&h, fresh);
    struct part part = {.after = RS_STOP_DETECTED,
                        .name = "group",
                        .at = route->at,
                        .span = rs_span_between(low, (live ? tick : fresh) + held)};
    part.span.exact = held == 0.0 && (with || !live || tick <= fresh);
    part.span.sure = part.span.exact ? part.span.worst : with ? tick : fresh;
    part.why = rs_arena_printf(
        b->arena, "group_wait %s%s%s%s%s%s%s%s%s", rs_bound_words(b, h.wait_s),
        live ? ", group_interval " : "", live ? rs_bound_words(b, h.every_s) : "", live ? ": " : "",
        live ? why_live(&h, with, held) : "", h.peer_s > 0.0 ? "; peers " : "",
        h.peer_s > 0.0 ? rs_bound_words(b, h.peer_s) : "",
        held > 0.0 ? "; silent or muted for up to " : "",
        held > 0.0 ? rs_bound_words(b, held) : "");
    if (rule->group->limit > 0)
        return endless(part, "past its limit the rule group forgets its alerts, and Alertmanager "
                             "does not hear of it");
    if (by)
        return endless(
            part, rs_arena_printf(b->arena, "inhibited for as long as %s fires", by->rule->alert));
    if (isinf(held))
        return endless(part, "the route is silent, and does not begin to speak");
    return part;
}
