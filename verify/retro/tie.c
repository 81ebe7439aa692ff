/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A clock that no other source shares a mark with may still be tied to the series, by what happened: a fault shows before anybody
 * detects it, and goes away after the flag is set back and before that has come into force everywhere. Each is an order, open on
 * one side; together they close.
 */
#include <math.h>
#include <stdlib.h>

#include "retro/rebuild.h"

/* A change is believed to lie within so much of its posterior here: what follows is taken as certain. */
static const double confidence = 0.999;
/* What is told less sharply, or does not speak against the clock as it is, changes nothing: it is taken as right. */
static const int64_t widest_ns = 600 * RS_NS_PER_S;

bool rs_is_untied(const struct rebuild *b, int source)
{
    const struct retro *r = b->r;
    return source >= 0 && source != r->evidence->reference &&
           r->evidence->source[source].kind > RS_SOURCE_LOG &&
           r->rebuilt.offset[source].how == RS_CLOCK_ASSUMED;
}

/* The same change within a window, with all the room that it may need: by its posterior, and by three times its own at least. */
static void widen(const struct rebuild *b, struct retro_change *c, struct span window, bool begins)
{
    const struct retro_signal *s = &b->r->rebuilt.signal[c->signal];
    enum retro_direction bad = s->bad, good = bad == RS_UPWARDS     ? RS_DOWNWARDS
                                              : bad == RS_DOWNWARDS ? RS_UPWARDS
                                                                    : RS_EITHER_WAY;
    int64_t width_ns = c->hi_ns - c->lo_ns;
    const struct retro_change_options opt = {
        .confidence = confidence, .direction = begins ? bad : good, .ramps = true};
    struct span is = {c->lo_ns - width_ns, c->hi_ns + width_ns};
    struct retro_change wide;
    if (rs_retro_change_at(&wide, s, window.lo_ns, window.hi_ns, &opt)) {
        is.lo_ns = wide.lo_ns < is.lo_ns ? wide.lo_ns : is.lo_ns;
        is.hi_ns = wide.hi_ns > is.hi_ns ? wide.hi_ns : is.hi_ns;
    }
    c->lo_ns = is.lo_ns - b->slack_ns;
    c->hi_ns = is.hi_ns + b->slack_ns;
}

static void widen_both(const struct rebuild *b, struct group *g)
{
    const int64_t around_ns = 1800 * RS_NS_PER_S;
    struct retro_change up = g->up, down = g->down;
    if (!up.found)
        return;
    widen(b, &g->up,
          (struct span){up.lo_ns - around_ns, down.found ? down.lo_ns : up.hi_ns + around_ns},
          true);
    if (down.found)
        widen(b, &g->down, (struct span){up.hi_ns, down.hi_ns + around_ns}, false);
}

/*
 * Only a fault that came at once, beyond all doubt, and went away with the flags ties a clock: one that grows slowly has no sharp
 * beginning, and one that leaves something behind none of the ends that are meant here.
 */
static bool may_tie(const struct rebuild *b, const struct group *g)
{
    const struct retro_change *up = &g->up, *down = &g->down;
    if (!up->found || !down->found || !rs_ends_with_flags(b, g->procedure) || up->ramp_s > 60 ||
        up->log10_odds < 6 || down->log10_odds < 6) {
        return false;
    }
    double size = fabs(up->after - up->before);
    return fabs(down->after - up->before) < 0.3 * size &&
           fabs(down->before - up->after) < 0.5 * size;
}

/* What a mark says of its clock's offset; all of it if it says nothing. */
static struct span vote_of(const struct rebuild *b, const struct group *g, int mark)
{
    const struct retro_mark *m = &b->r->evidence->mark[mark];
    int64_t accuracy_ns = b->r->evidence->source[m->source].accuracy_ns;
    int64_t lo_ns = m->written_lo_ns - accuracy_ns, hi_ns = m->written_hi_ns + accuracy_ns;
    struct span s = RS_SPAN_ALL;
    if (g->up.found && m->event >= RS_CLOCK_DETECTED && m->event <= RS_CLOCK_COMPLETED)
        s.hi_ns = hi_ns - g->up.lo_ns;
    if (!g->down.found)
        return s;
    if (m->event == RS_CLOCK_COMMANDED || m->event == RS_EVENT_FLAG_SET)
        s.lo_ns = lo_ns - g->down.hi_ns;
    bool over = m->event == RS_CLOCK_COMPLETED ||
                (m->event == RS_CLOCK_EFFECTIVE && rs_ends_with_flags(b, g->procedure));
    if (over && hi_ns - g->down.lo_ns < s.hi_ns)
        s.hi_ns = hi_ns - g->down.lo_ns;
    return s;
}

static void cast(struct vote *vote, int *n, struct span s)
{
    if (s.lo_ns == INT64_MIN && s.hi_ns == RS_NEVER)
        return;
    vote[*n] = (struct vote){s, *n, true};
    (*n)++;
}

static bool tie(struct rebuild *b, int source)
{
    const struct retro_evidence *e = b->r->evidence;
    struct vote *vote = rs_xcalloc((size_t)e->n_mark + (size_t)b->n_group + 1, sizeof(*vote));
    int n = 0;
    for (int i = 0; i < b->n_group; i++) {
        const struct group *g = &b->group[i];
        if (!may_tie(b, g))
            continue;
        for (int k = 0; k < g->n; k++) {
            if (e->mark[g->mark[k]].source == source)
                cast(vote, &n, vote_of(b, g, g->mark[k]));
        }
        int set = g->flag_step >= 0 ? b->r->rebuilt.flag_step[g->flag_step].at.mark : -1;
        if (set >= 0 && e->mark[set].source == source)
            cast(vote, &n, vote_of(b, g, set));
    }
    struct vote_count most = {RS_SPAN_ALL, 0, 0, 0};
    if (n > 0)
        most = rs_votes_count(vote, n);
    free(vote);
    if (most.n_agree < most.n_voter || most.span.lo_ns == INT64_MIN ||
        most.span.hi_ns == RS_NEVER || most.span.hi_ns - most.span.lo_ns > widest_ns ||
        rs_span_within(most.span, 0)) {
        return false;
    }
    int64_t best_ns = rs_offset_best(most.span);
    char off[32], wide[32];
    rs_duration_human(off, sizeof(off), best_ns < 0 ? -best_ns : best_ns);
    rs_duration_human(wide, sizeof(wide), most.span.hi_ns - most.span.lo_ns);
    b->r->rebuilt.offset[source] = (struct retro_offset){
        .how = RS_CLOCK_ESTIMATED,
        .lo_ns = most.span.lo_ns,
        .best_ns = best_ns,
        .hi_ns = most.span.hi_ns,
        .n_pair = n,
        .n_agree = n,
        .why = rs_arena_printf(b->arena,
                               "%s %s, within %s: no mark that another source has too; by when the "
                               "fault began and ended in the series, %d marks",
                               off, best_ns < 0 ? "behind" : "ahead", wide, n)};
    return true;
}

bool rs_rebuild_tie(struct rebuild *b)
{
    bool any = false;
    for (int i = 0; i < b->n_group; i++)
        widen_both(b, &b->group[i]);
    for (int s = 0; s < b->r->evidence->n_source; s++)
        any = (rs_is_untied(b, s) && tie(b, s)) || any;
    return any;
}
