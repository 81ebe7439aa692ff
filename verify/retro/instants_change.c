/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Instants that nobody noted and no rule tells, inferred from where a signal changed. */
#include <math.h>

#include "retro/rebuild.h"

static enum retro_direction other_way(enum retro_direction d)
{
    switch (d) {
    case RS_UPWARDS: return RS_DOWNWARDS;
    case RS_DOWNWARDS: return RS_UPWARDS;
    case RS_EITHER_WAY: break;
    }
    return RS_EITHER_WAY;
}

static void
infer(struct retro_instant *at, struct span s, int64_t best_ns, double confidence, const char *why)
{
    *at = (struct retro_instant){.how = RS_HOW_INFERRED,
                                 .lo_ns = s.lo_ns,
                                 .hi_ns = s.hi_ns,
                                 .best_ns = best_ns,
                                 .confidence = confidence,
                                 .source = -1,
                                 .mark = -1,
                                 .own_lo_ns = INT64_MIN,
                                 .own_hi_ns = RS_NEVER,
                                 .why = why};
}

/* When all of this group lies before the next one, and behind the one before. */
static struct span neighbours(const struct rebuild *b, const struct group *g)
{
    struct span s = RS_SPAN_ALL;
    for (int i = 0; i < b->n_group; i++) {
        const struct group *o = &b->group[i];
        if (o->extent.hi_ns < g->extent.lo_ns && o->extent.hi_ns > s.lo_ns)
            s.lo_ns = o->extent.hi_ns;
        if (o->extent.lo_ns > g->extent.hi_ns && o->extent.lo_ns < s.hi_ns)
            s.hi_ns = o->extent.lo_ns;
    }
    return s;
}

/* A clock that nothing ties is seldom further off than this; the change that would tie it is looked for so far around. */
static const int64_t untied_ns = 600 * RS_NS_PER_S;

/* Up to here the fault must have begun to show: what is known of its detection, or of what was done about it. */
static int64_t begun_by(const struct rebuild *b, const struct retro_episode *ep)
{
    for (int i = RS_CLOCK_DETECTED; i <= RS_CLOCK_COMPLETED; i++) {
        if (rs_instant_known(&ep->at[i]) && ep->at[i].hi_ns != RS_NEVER)
            return ep->at[i].hi_ns + (rs_is_untied(b, ep->at[i].source) ? untied_ns : 0);
    }
    return RS_NEVER;
}

/*
 * A fault goes on until something is done about it, and the more of it is seen the better it is placed. Where nothing was, until the
 * alert cleared; an hour of it is enough.
 */
static int64_t goes_on_until(const struct retro_episode *ep, int64_t by_ns)
{
    const struct retro_instant *resolved = &ep->at[RS_CLOCK_RESOLVED];
    if (ep->had_rollback)
        return rs_instant_room(ep, RS_CLOCK_COMMANDED).lo_ns;
    int64_t enough_ns = rs_span_shift(by_ns, 3600 * RS_NS_PER_S);
    bool cleared = rs_instant_known(resolved) && resolved->lo_ns < enough_ns;
    return cleared ? resolved->lo_ns : enough_ns;
}

static bool may_show(const struct retro_episode *ep, const struct retro_signal *s)
{
    return s->n > 0 && (ep->service < 0 || s->service < 0 || s->service == ep->service);
}

/* Changes that are less sure are not taken for steps of one fault. */
static const double sure_odds = 4.0;

/*
 * The beginning: of the changes of the bad kind before the detection, those in a row without one for the better between them
 * are one fault at rising exposure, and it began with the first. Returns where that one alone is to be looked for: behind the
 * change before it, before the one after it; the whole window if none is known.
 */
static struct span first_of_row(const struct rebuild *b, int signal, struct span window)
{
    const struct retro_rebuilt *t = &b->r->rebuilt;
    const struct retro_signal *s = &t->signal[signal];
    struct span row = window;
    int64_t behind_ns = window.lo_ns;
    bool in_row = false, closed = false;
    for (int i = 0; i < t->n_change; i++) {
        const struct retro_change *c = &t->change[i];
        if (c->signal != signal || c->log10_odds < sure_odds || c->best_ns <= window.lo_ns ||
            c->best_ns > window.hi_ns) {
            continue;
        }
        bool worse = s->bad == RS_DOWNWARDS ? c->after < c->before : c->after > c->before;
        if (worse && !in_row) {
            row = (struct span){behind_ns, window.hi_ns};
            closed = false;
        } else if (in_row && !closed) {
            row.hi_ns = c->lo_ns;
            closed = true;
        }
        in_row = worse;
        behind_ns = c->hi_ns;
    }
    return row.lo_ns < row.hi_ns ? row : window;
}

/*
 * A change in a window. A long window is looked at coarsely, and lets a step look like a ramp that takes its time: once it is
 * known whereabouts it is, it is placed anew within some minutes around.
 */
static bool place(struct retro_change *out,
                  const struct retro_signal *s,
                  struct span window,
                  const struct retro_change_options *opt)
{
    if (window.lo_ns >= window.hi_ns ||
        !rs_retro_change_at(out, s, window.lo_ns, window.hi_ns, opt))
        return false;
    int64_t around_ns = 4 * (out->hi_ns - out->lo_ns) + 300 * RS_NS_PER_S;
    struct span near =
        rs_span_meet(window, (struct span){out->lo_ns - around_ns, out->hi_ns + around_ns});
    struct retro_change again;
    if (near.hi_ns - near.lo_ns < (window.hi_ns - window.lo_ns) / 2 &&
        rs_retro_change_at(&again, s, near.lo_ns, near.hi_ns, opt)) {
        again.log10_odds = out->log10_odds;
        *out = again;
    }
    return true;
}

/* Of signals that show it, the surest; of a fault that grows, the first of those about as sure: it shows in one before another. */
static bool is_better(const struct retro_change *c, const struct retro_change *than)
{
    const double grows_s = 60;
    if (!than->found)
        return true;
    if (c->ramp_s > grows_s && than->ramp_s > grows_s && c->log10_odds > 0.3 * than->log10_odds &&
        than->log10_odds > 0.3 * c->log10_odds) {
        return c->best_ns < than->best_ns;
    }
    return c->log10_odds > than->log10_odds;
}

/* `by`: a change that began later is another one. */
static void
find_beginning(struct rebuild *b, struct retro_episode *ep, struct span window, int64_t by_ns)
{
    struct retro_rebuilt *t = &b->r->rebuilt;
    for (int i = 0; i < t->n_signal; i++) {
        const struct retro_signal *s = &t->signal[i];
        const struct retro_change_options opt = {
            .confidence = b->r->evidence->confidence, .direction = s->bad, .ramps = true};
        struct retro_change c;
        if (!may_show(ep, s) || !place(&c, s, first_of_row(b, i, window), &opt) || c.lo_ns > by_ns)
            continue;
        c.signal = i;
        if (is_better(&c, &ep->up)) {
            ep->up = c;
            ep->signal = i;
        }
    }
}

static void find_end(struct rebuild *b, struct retro_episode *ep, struct span window)
{
    const struct retro_signal *s = &b->r->rebuilt.signal[ep->signal];
    const struct retro_change_options opt = {
        .confidence = b->r->evidence->confidence, .direction = other_way(s->bad), .ramps = true};
    struct retro_change c;
    if (place(&c, s, window, &opt)) {
        ep->down = c;
        ep->down.signal = ep->signal;
    }
}

/* The first point that ends at or after t; n if there is none. */
static size_t point_after(const struct retro_signal *s, int64_t t_ns)
{
    size_t lo = 0, hi = s->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (s->point[mid].hi_ns < t_ns) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}

static int64_t next_point(const struct retro_signal *s, int64_t t_ns)
{
    size_t i = point_after(s, t_ns);
    return i < s->n ? s->point[i].hi_ns : RS_NEVER;
}

/* Were scrapes between t and the next point, or before it, lost? Then one of them may have been the one. */
static bool is_torn(const struct retro_signal *s, int64_t t_ns)
{
    const size_t around = 8;
    size_t i = point_after(s, t_ns), from = i > around ? i - around : 0;
    if (i == s->n || s->point[i].lo_ns > t_ns)
        return true;
    int64_t usual_ns = RS_NEVER;
    for (size_t k = from; k < s->n && k <= i + around; k++) {
        int64_t ns = s->point[k].hi_ns - s->point[k].lo_ns;
        usual_ns = ns < usual_ns ? ns : usual_ns;
    }
    return s->point[i].hi_ns - s->point[i].lo_ns > usual_ns + usual_ns / 2;
}

/* The scrape that first carried it: the first one after the onset, or one more where that was lost or saw nothing yet. */
static void infer_first_bad(struct rebuild *b, struct retro_episode *ep)
{
    const struct retro_signal *s = &b->r->rebuilt.signal[ep->signal];
    const struct retro_instant *onset = &ep->at[RS_CLOCK_ONSET];
    struct retro_instant *at = &ep->at[RS_CLOCK_FIRST_BAD];
    int64_t from_ns = rs_instant_known(onset) ? onset->lo_ns : ep->up.lo_ns;
    int64_t lo_ns = next_point(s, from_ns), hi_ns = next_point(s, ep->up.hi_ns);
    if (rs_instant_known(at) || lo_ns == RS_NEVER || hi_ns == RS_NEVER)
        return;
    if (is_torn(s, from_ns))
        lo_ns = from_ns;
    int64_t one_more_ns = next_point(s, hi_ns + 1);
    if (one_more_ns != RS_NEVER)
        hi_ns = one_more_ns;
    infer(at, (struct span){lo_ns - b->slack_ns, hi_ns + b->slack_ns},
          next_point(s, ep->up.best_ns), b->r->evidence->confidence,
          rs_arena_printf(b->arena, "%s: the scrape behind the change", s->name));
}

bool rs_ends_with_flags(const struct rebuild *b, int procedure)
{
    const struct scenario *sc = b->r->evidence->scenario;
    if (!sc || procedure < 0)
        return false;
    const struct procedure *p = &sc->response.procedure[procedure];
    for (int i = 0; i < p->n_action; i++) {
        if (p->action[i].kind == RS_ACT_PURGE || p->action[i].kind == RS_ACT_ROTATE)
            return false;
    }
    return true;
}

/* The longest of the intervals that the change may lie in. */
static int64_t interval_at(const struct retro_signal *s, const struct retro_change *c)
{
    int64_t longest_ns = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct retro_point *p = &s->point[i];
        if (p->hi_ns >= c->lo_ns && p->lo_ns <= c->hi_ns && p->hi_ns - p->lo_ns > longest_ns)
            longest_ns = p->hi_ns - p->lo_ns;
    }
    return longest_ns;
}

/*
 * A fault goes process by process, as each takes the flag over, and is gone with the last. What takes less than two intervals is told
 * as a step in the midst of it, and a ramp as ending with most of it: the last process may be that much later.
 */
static void infer_end(struct rebuild *b, struct retro_episode *ep)
{
    const struct retro_signal *s = &b->r->rebuilt.signal[ep->signal];
    const struct retro_change *c = &ep->down;
    double confidence = b->r->evidence->confidence;
    struct retro_instant *effective = &ep->at[RS_CLOCK_EFFECTIVE];
    struct retro_instant *recovered = &ep->at[RS_CLOCK_RECOVERED];
    int64_t ramp_ns = rs_ns_from_s(c->ramp_s);
    struct span end = {c->lo_ns - b->slack_ns,
                       c->hi_ns + ramp_ns + 2 * interval_at(s, c) + b->slack_ns};
    const char *why = rs_arena_printf(b->arena, "%s: back to its level of before", s->name);
    if (!rs_instant_known(recovered) && ep->had_rollback)
        infer(recovered, end, c->best_ns + ramp_ns, confidence, why);
    if (!rs_instant_known(effective) && ep->had_rollback && rs_ends_with_flags(b, ep->procedure))
        infer(effective, end, c->best_ns + ramp_ns, confidence, why);
}

/* The time that is this group's alone, as far as there are data. */
static struct span own_time(const struct rebuild *b, const struct group *g)
{
    const struct recorded *data = b->r->seen.data;
    struct span window = neighbours(b, g);
    const struct span all = {data->first_ms * RS_NS_PER_MS, data->last_ms * RS_NS_PER_MS};
    return rs_span_meet(window, all);
}

void rs_instants_by_beginning(struct rebuild *b, const struct group *g, int episode)
{
    struct retro_episode *ep = &b->r->rebuilt.episode[episode];
    const struct recorded *data = b->r->seen.data;
    if (!data || data->n_sample == 0)
        return;
    struct span window = own_time(b, g);
    int64_t by_ns = begun_by(b, ep), goes_on_ns = goes_on_until(ep, by_ns);
    struct span before = rs_span_meet(window, (struct span){INT64_MIN, by_ns});
    if (goes_on_ns > before.hi_ns && before.hi_ns < window.hi_ns)
        before.hi_ns = goes_on_ns < window.hi_ns ? goes_on_ns : window.hi_ns;
    const struct retro_instant *changed = &ep->at[RS_RETRO_CHANGED];
    if (rs_instant_known(changed) && changed->lo_ns > before.lo_ns && changed->lo_ns < before.hi_ns)
        before.lo_ns = changed->lo_ns;
    if (before.lo_ns < before.hi_ns)
        find_beginning(b, ep, before, by_ns);
    if (!ep->up.found)
        return;
    const struct retro_signal *s = &b->r->rebuilt.signal[ep->signal];
    if (!rs_instant_known(&ep->at[RS_CLOCK_ONSET])) {
        infer(&ep->at[RS_CLOCK_ONSET],
              (struct span){ep->up.lo_ns - b->slack_ns, ep->up.hi_ns + b->slack_ns}, ep->up.best_ns,
              b->r->evidence->confidence,
              rs_arena_printf(b->arena, "%s: where its level changed", s->name));
    }
    infer_first_bad(b, ep);
}

/*
 * A flag that ends a fault and was noted as set when the fault was long gone: one of the two is wrong. Only what has gone all the way
 * back counts, beyond all doubt, and by more than a minute: a fault that grows less by itself is none.
 */
static void
tell_gone_before(struct rebuild *b, const struct group *g, int episode, struct span window)
{
    const struct retro_episode *ep = &b->r->rebuilt.episode[episode];
    const struct retro_instant *commanded = &ep->at[RS_CLOCK_COMMANDED];
    const struct retro_signal *s = &b->r->rebuilt.signal[ep->signal];
    const struct retro_change_options opt = {
        .confidence = b->r->evidence->confidence, .direction = other_way(s->bad), .ramps = true};
    const int64_t long_ns = 60 * RS_NS_PER_S;
    const double sure = 6.0;
    struct retro_change c;
    if (ep->down.found || commanded->how != RS_HOW_RECORDED ||
        !rs_ends_with_flags(b, g->procedure) || !place(&c, s, window, &opt)) {
        return;
    }
    int64_t gone_ns =
        c.hi_ns + rs_ns_from_s(c.ramp_s) + 2 * interval_at(s, &c) + b->slack_ns + long_ns;
    double size = fabs(ep->up.after - ep->up.before);
    if (c.log10_odds < sure || gone_ns >= commanded->lo_ns ||
        fabs(c.after - ep->up.before) > 0.3 * size) {
        return;
    }
    rs_rebuild_contradict(
        b, commanded->mark, -1, episode,
        "%s: commanded %s (%s), but the fault was gone before: %s was back at its level %s",
        ep->name, rs_retro_span(b->arena, rs_instant_span(commanded)), commanded->why, s->name,
        rs_retro_span(b->arena, (struct span){c.lo_ns - b->slack_ns, c.hi_ns + b->slack_ns}));
}

void rs_instants_by_end(struct rebuild *b, const struct group *g, int episode)
{
    struct retro_episode *ep = &b->r->rebuilt.episode[episode];
    if (!ep->up.found)
        return;
    struct span behind = rs_span_meet(own_time(b, g), (struct span){ep->up.hi_ns, RS_NEVER});
    struct span commanded = rs_instant_room(ep, RS_CLOCK_COMMANDED);
    bool untied = rs_is_untied(b, ep->at[RS_CLOCK_COMMANDED].source);
    if (ep->had_rollback && !untied && !rs_span_empty(commanded) && commanded.lo_ns > behind.lo_ns)
        behind.lo_ns = commanded.lo_ns;
    if (behind.lo_ns < behind.hi_ns)
        find_end(b, ep, behind);
    struct span before = {ep->up.hi_ns, behind.lo_ns};
    if (before.lo_ns < before.hi_ns)
        tell_gone_before(b, g, episode, before);
    if (ep->down.found)
        infer_end(b, ep);
}
