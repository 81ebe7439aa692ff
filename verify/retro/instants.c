/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The instants of one rollback, from the best witness to the poorest, and what they say of the SLA. */
#include <stdlib.h>
#include <string.h>

#include "retro/rebuild.h"

/* ---- marks ---- */

/* Marks of the group with this event; heap. */
static int *of_event(const struct rebuild *b, const struct group *g, int event, int *out_n)
{
    int *of = rs_xcalloc((size_t)g->n + 2, sizeof(*of));
    *out_n = 0;
    for (int i = 0; i < g->n; i++) {
        if (b->r->evidence->mark[g->mark[i]].event == event)
            of[(*out_n)++] = g->mark[i];
    }
    return of;
}

/* The flag that was set is the command; the note of who did it is another word for it. */
static void add_flag_step(const struct rebuild *b, const struct group *g, int *of, int *n)
{
    if (g->flag_step < 0)
        return;
    int mark = b->r->rebuilt.flag_step[g->flag_step].at.mark;
    for (int i = 0; i < *n; i++) {
        if (b->r->evidence->mark[of[i]].source == b->r->evidence->mark[mark].source)
            return;
    }
    of[(*n)++] = mark;
}

static void by_marks(struct rebuild *b, const struct group *g, int episode)
{
    struct retro_episode *ep = &b->r->rebuilt.episode[episode];
    for (int i = 0; i < RS_RETRO_INSTANT_N; i++) {
        int n;
        int *of = of_event(b, g, i, &n);
        if (i == RS_CLOCK_DETECTED &&
            n == 0) { /* a check or a gate that failed is what detected it */
            free(of);
            of = of_event(b, g, RS_EVENT_CHECK_FAILED, &n);
        }
        if (i == RS_CLOCK_DETECTED && n == 0) {
            free(of);
            of = of_event(b, g, RS_EVENT_GATE_FAILED, &n);
        }
        if (i == RS_CLOCK_COMMANDED)
            add_flag_step(b, g, of, &n);
        int n_told = b->n_told;
        ep->at[i] = rs_rebuild_settle(
            b, of, n, rs_arena_printf(b->arena, "%s: %s", ep->name, rs_retro_instant_name(i)),
            episode);
        b->at_odds[i] = b->n_told > n_told ? b->told : NULL;
        free(of);
    }
}

/*
 * A rollout that ended by its one rollback was over when that was complete: if only the former was noted, the latter was by then.
 */
static void over_by(struct rebuild *b, const struct group *g, struct retro_episode *ep)
{
    const struct retro_instant *finished = &b->r->rebuilt.finished;
    struct span commanded = rs_instant_room(ep, RS_CLOCK_COMMANDED);
    struct span s = rs_instant_room(ep, RS_CLOCK_COMPLETED);
    for (int i = 0; i < b->n_group; i++) {
        if (&b->group[i] != g && (b->group[i].flag_step >= 0 || b->group[i].n > 0))
            return;
    }
    if (!ep->had_rollback || rs_instant_known(&ep->at[RS_CLOCK_COMPLETED]) ||
        finished->how != RS_HOW_RECORDED || rs_span_empty(commanded) || rs_span_empty(s) ||
        commanded.hi_ns == RS_NEVER || finished->hi_ns < commanded.hi_ns || s.lo_ns == INT64_MIN ||
        s.lo_ns > finished->hi_ns) {
        return;
    }
    ep->at[RS_CLOCK_COMPLETED] = *finished;
    ep->at[RS_CLOCK_COMPLETED].how = RS_HOW_BOUNDED;
    ep->at[RS_CLOCK_COMPLETED].lo_ns = s.lo_ns;
    ep->at[RS_CLOCK_COMPLETED].own_lo_ns = INT64_MIN;
    ep->at[RS_CLOCK_COMPLETED].own_hi_ns = RS_NEVER;
    ep->at[RS_CLOCK_COMPLETED].best_ns = rs_span_best((struct span){s.lo_ns, finished->hi_ns});
    ep->at[RS_CLOCK_COMPLETED].why =
        "nobody noted it; before the end of the rollout, which was noted";
}

/* ---- order ---- */

#define BIT(i) (1u << (i))
#define FROM(i) (BIT(RS_CLOCK_RECOVERED) - BIT(i)) /* i and what follows it up to completed */
#define ALL_AFTER_DETECTED                                                                         \
    (FROM(RS_CLOCK_NOTIFIED) | BIT(RS_CLOCK_RECOVERED) | BIT(RS_CLOCK_RESOLVED))

/*
 * What comes after each instant, directly or not. An alert may be pending before the fault that it then detects, a check may see
 * a fault before any scrape does, the metric may be back before a rollback is complete, and the alert may clear at any time.
 */
/* clang-format off */
static const unsigned after[RS_RETRO_INSTANT_N] = {
    [RS_RETRO_CHANGED]       = BIT(RS_CLOCK_ONSET) | BIT(RS_CLOCK_FIRST_BAD) | BIT(RS_CLOCK_DETECTED) | ALL_AFTER_DETECTED,
    [RS_CLOCK_ONSET]         = BIT(RS_CLOCK_FIRST_BAD) | BIT(RS_CLOCK_DETECTED) | ALL_AFTER_DETECTED,
    [RS_CLOCK_FIRST_BAD]     = 0,
    [RS_CLOCK_PENDING]       = BIT(RS_CLOCK_DETECTED) | ALL_AFTER_DETECTED,
    [RS_CLOCK_DETECTED]      = ALL_AFTER_DETECTED,
    [RS_CLOCK_NOTIFIED]      = FROM(RS_CLOCK_ACKNOWLEDGED) | BIT(RS_CLOCK_RECOVERED),
    [RS_CLOCK_ACKNOWLEDGED]  = FROM(RS_CLOCK_DECIDED) | BIT(RS_CLOCK_RECOVERED),
    [RS_CLOCK_DECIDED]       = FROM(RS_CLOCK_COMMANDED) | BIT(RS_CLOCK_RECOVERED),
    [RS_CLOCK_COMMANDED]     = FROM(RS_CLOCK_EFFECTIVE_P50) | BIT(RS_CLOCK_RECOVERED),
    [RS_CLOCK_EFFECTIVE_P50] = FROM(RS_CLOCK_EFFECTIVE_P95),
    [RS_CLOCK_EFFECTIVE_P95] = FROM(RS_CLOCK_EFFECTIVE),
    [RS_CLOCK_EFFECTIVE]     = FROM(RS_CLOCK_COMPLETED),
};
/* clang-format on */

bool rs_clock_before(int from, int to)
{
    return after[from] >> to & 1u;
}

static bool is_witnessed(const struct retro_instant *i)
{
    return (i->how == RS_HOW_RECORDED || i->how == RS_HOW_COMPUTED) && !i->never;
}

/* a, which should come before b, comes after it. Of two by one clock it does not matter how far off that is. */
static bool conflict(const struct retro_instant *a, const struct retro_instant *b)
{
    bool one_clock = a->source >= 0 && a->source == b->source && a->own_lo_ns != INT64_MIN &&
                     b->own_lo_ns != INT64_MIN;
    return a->lo_ns > b->hi_ns || (one_clock && a->own_lo_ns > b->own_hi_ns);
}

/* Is there one between them that is at odds with either? Then that says it better. */
static bool told_nearer(const struct retro_instant *was, int from, int to)
{
    for (int c = 0; c < RS_RETRO_INSTANT_N; c++) {
        if (rs_clock_before(from, c) && rs_clock_before(c, to) && is_witnessed(&was[c]) &&
            (conflict(&was[from], &was[c]) || conflict(&was[c], &was[to]))) {
            return true;
        }
    }
    return false;
}

static void tell_conflicts(struct rebuild *b, int episode, const struct retro_instant *was)
{
    const char *name = b->r->rebuilt.episode[episode].name;
    for (int i = 0; i < RS_RETRO_INSTANT_N; i++) {
        for (int k = 0; k < RS_RETRO_INSTANT_N; k++) {
            if (!rs_clock_before(i, k) || !is_witnessed(&was[i]) || !is_witnessed(&was[k]) ||
                !conflict(&was[i], &was[k]) || told_nearer(was, i, k)) {
                continue;
            }
            rs_rebuild_contradict(
                b, was[i].mark, was[k].mark, episode, "%s: %s (%s, %s) comes after %s (%s, %s)",
                name, rs_retro_instant_name(i), rs_retro_span(b->arena, rs_instant_span(&was[i])),
                was[i].why, rs_retro_instant_name(k),
                rs_retro_span(b->arena, rs_instant_span(&was[k])), was[k].why);
            b->at_odds[i] = b->at_odds[i] ? b->at_odds[i] : b->told;
            b->at_odds[k] = b->at_odds[k] ? b->at_odds[k] : b->told;
        }
    }
}

/* May what is inferred bear on x? Not on what is known for certain. */
static bool bears_on(const struct retro_instant *y, const struct retro_instant *x)
{
    return is_witnessed(y) || (rs_instant_known(y) && !is_witnessed(x));
}

/* Where the others leave room for x. */
static struct span room(const struct retro_instant *was, int x, double *confidence)
{
    struct span s = RS_SPAN_ALL;
    for (int i = 0; i < RS_RETRO_INSTANT_N; i++) {
        if (i == x || !bears_on(&was[i], &was[x]))
            continue;
        bool known = rs_instant_known(&was[x]);
        if (rs_clock_before(i, x) && was[i].lo_ns > s.lo_ns &&
            !(known && conflict(&was[i], &was[x]))) {
            s.lo_ns = was[i].lo_ns;
            *confidence = was[i].confidence < *confidence ? was[i].confidence : *confidence;
        }
        if (rs_clock_before(x, i) && was[i].hi_ns < s.hi_ns &&
            !(known && conflict(&was[x], &was[i]))) {
            s.hi_ns = was[i].hi_ns;
            *confidence = was[i].confidence < *confidence ? was[i].confidence : *confidence;
        }
    }
    return s;
}

static int64_t clamp(int64_t t_ns, struct span s)
{
    if (t_ns < s.lo_ns)
        return s.lo_ns;
    return t_ns > s.hi_ns ? s.hi_ns : t_ns;
}

/* Nobody noted it: between what came before and after. Of a rollback that was commanded the later ones have a beginning at least. */
static void
bound(struct retro_instant *x, int number, struct span s, double confidence, bool rolled_back)
{
    bool open_end = rolled_back && number >= RS_CLOCK_EFFECTIVE_P50 && number <= RS_CLOCK_COMPLETED;
    if (rs_span_empty(s)) {
        x->why = "what came before and what came after contradict each other";
        return;
    }
    if (s.lo_ns == INT64_MIN || (s.hi_ns == RS_NEVER && !open_end))
        return;
    x->how = RS_HOW_BOUNDED;
    x->lo_ns = s.lo_ns;
    x->hi_ns = s.hi_ns;
    x->best_ns = rs_span_best(s);
    x->confidence = confidence;
    x->why = s.hi_ns == RS_NEVER
                 ? "nobody noted it; not before what came before it"
                 : "nobody noted it; between what came before and after, if it happened";
}

struct span rs_instant_room(const struct retro_episode *ep, int instant)
{
    double confidence = 1.0;
    struct span s = room(ep->at, instant, &confidence);
    if (!rs_instant_known(&ep->at[instant]))
        return s;
    struct span both = rs_span_meet(rs_instant_span(&ep->at[instant]), s);
    return rs_span_empty(both) ? rs_instant_span(&ep->at[instant]) : both;
}

void rs_instants_by_order(struct rebuild *b, int episode)
{
    struct retro_episode *ep = &b->r->rebuilt.episode[episode];
    struct retro_instant was[RS_RETRO_INSTANT_N];
    memcpy(was, ep->at, sizeof(was));
    tell_conflicts(b, episode, was);
    for (int i = 0; i < RS_RETRO_INSTANT_N; i++) {
        struct retro_instant *x = &ep->at[i];
        double confidence = 1.0;
        struct span s = room(was, i, &confidence);
        if (x->never)
            continue;
        if (x->how == RS_HOW_UNKNOWN) {
            bound(x, i, s, confidence, ep->had_rollback);
            continue;
        }
        struct span both = rs_span_meet(rs_instant_span(x), s);
        if (rs_span_empty(both))
            continue;
        if (!is_witnessed(x) && confidence < x->confidence)
            x->confidence = confidence;
        x->lo_ns = both.lo_ns;
        x->hi_ns = both.hi_ns;
        x->best_ns = clamp(x->best_ns, both);
    }
}

/*
 * What lies between others is likeliest in their midst, but effects do not come before causes: not before the likeliest time of
 * what comes before it, nor after that of what comes after it.
 */
static void best_in_order(struct retro_episode *ep)
{
    for (int place = 0; place < RS_RETRO_INSTANT_N; place++) {
        int x = place == 0 ? RS_RETRO_CHANGED : place - 1; /* the change is the first of all */
        struct retro_instant *at = &ep->at[x];
        if (at->how != RS_HOW_BOUNDED || at->never)
            continue;
        struct span s = rs_instant_span(at);
        int64_t best_ns = rs_span_best(s);
        for (int i = 0; i < RS_RETRO_INSTANT_N; i++) {
            const struct retro_instant *o = &ep->at[i];
            if (rs_clock_before(x, i) && is_witnessed(o) && o->best_ns < best_ns)
                best_ns = o->best_ns;
        }
        for (int i = 0; i < RS_RETRO_INSTANT_N; i++) {
            const struct retro_instant *o = &ep->at[i];
            if (rs_clock_before(i, x) && rs_instant_known(o) && o->best_ns > best_ns)
                best_ns = o->best_ns;
        }
        at->best_ns = clamp(best_ns, s);
    }
}

/* ---- the SLA ---- */

static const char *missing_words(const struct retro_episode *ep)
{
    if (!ep->had_rollback)
        return "no rollback was noted";
    return rs_instant_known(&ep->at[RS_CLOCK_DETECTED]) ? "nobody noted when it was completed"
                                                        : "nobody noted when it was detected";
}

static const char *open_words(struct arena *arena, const struct retro_episode *ep)
{
    const struct retro_instant *from = &ep->at[RS_CLOCK_DETECTED],
                               *to = &ep->at[RS_CLOCK_COMPLETED];
    bool open_from = from->lo_ns == INT64_MIN, open_to = to->hi_ns == RS_NEVER;
    if (open_to || open_from)
        return open_to ? "no end of completed is known" : "no beginning of detected is known";
    int64_t from_ns = from->hi_ns - from->lo_ns, to_ns = to->hi_ns - to->lo_ns;
    char wide[32];
    return rs_arena_printf(
        arena, "%s is known only to within %s", from_ns > to_ns ? "detected" : "completed",
        rs_duration_human(wide, sizeof(wide), from_ns > to_ns ? from_ns : to_ns));
}

static const char *range_words(struct arena *arena, int64_t lo_ns, int64_t hi_ns)
{
    char lo[32], hi[32];
    rs_duration_human(lo, sizeof(lo), llabs(lo_ns));
    const char *sign = lo_ns < 0 ? "-" : "";
    if (hi_ns == RS_NEVER)
        return rs_arena_printf(arena, "at least %s%s", sign, lo);
    rs_duration_human(hi, sizeof(hi), llabs(hi_ns));
    if (lo_ns == INT64_MIN)
        return rs_arena_printf(arena, "at most %s%s", hi_ns < 0 ? "-" : "", hi);
    if (hi_ns - lo_ns < RS_NS_PER_S / 10)
        return rs_arena_printf(arena, "%s%s", sign, lo);
    return rs_arena_printf(arena, "%s%s to %s%s", sign, lo, hi_ns < 0 ? "-" : "", hi);
}

/* Why the leg cannot be judged though it has a length: a contradiction about one of its ends, or that it is negative. */
static const char *odds_words(const struct rebuild *b, int64_t hi_ns)
{
    const char *odds = b->at_odds[RS_CLOCK_DETECTED] ? b->at_odds[RS_CLOCK_DETECTED]
                                                     : b->at_odds[RS_CLOCK_COMPLETED];
    if (odds)
        return odds;
    return hi_ns < 0 ? "completed comes before detected" : NULL;
}

void rs_rebuild_sla(struct rebuild *b, int episode)
{
    struct retro_episode *ep = &b->r->rebuilt.episode[episode];
    int64_t lo_ns, best_ns, hi_ns;
    char limit[32];
    if (ep->sla_ns == RS_NEVER) {
        ep->sla = RS_SLA_NONE;
        return;
    }
    rs_duration_human(limit, sizeof(limit), ep->sla_ns);
    if (!rs_retro_leg(ep, RS_CLOCK_DETECTED, RS_CLOCK_COMPLETED, &lo_ns, &best_ns, &hi_ns)) {
        ep->sla = RS_SLA_UNDECIDABLE;
        ep->sla_why = missing_words(ep);
        return;
    }
    const char *leg = range_words(b->arena, lo_ns, hi_ns);
    const char *odds = odds_words(b, hi_ns);
    if (odds) {
        ep->sla = RS_SLA_UNDECIDABLE;
        ep->sla_why = rs_arena_printf(b->arena, "what was noted contradicts itself: %s", odds);
        return;
    }
    /* Where both ends have a width the shortest leg is not reached: the end of a mark's interval is not in it. */
    if (hi_ns <= ep->sla_ns || lo_ns >= ep->sla_ns) {
        ep->sla = hi_ns <= ep->sla_ns ? RS_SLA_KEPT : RS_SLA_BROKEN;
        ep->sla_why =
            rs_arena_printf(b->arena, "detected to completed took %s, %s allowed", leg, limit);
        return;
    }
    ep->sla = RS_SLA_UNDECIDABLE;
    ep->sla_why = rs_arena_printf(b->arena, "detected to completed took %s, %s allowed: %s", leg,
                                  limit, open_words(b->arena, ep));
}

/* ---- all ---- */

void rs_rebuild_instants(struct rebuild *b, const struct group *g, int episode)
{
    by_marks(b, g, episode);
    rs_instants_by_alert(b, g, episode);
    rs_instants_by_beginning(b, g, episode);
    rs_instants_by_condition(b, g, episode);
    rs_instants_by_end(b, g, episode);
    over_by(b, g, &b->r->rebuilt.episode[episode]);
    rs_instants_by_order(b, episode);
    rs_instants_by_flags(b, episode);
    best_in_order(&b->r->rebuilt.episode[episode]);
}
