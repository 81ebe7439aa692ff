/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How far each source's clock is off. Two sources that saw the same thing give a span in which the difference of their clocks
 * lies; the offset lies where most such spans agree (votes.c). One that wrote a cause and one that wrote its effect give a span
 * that is open on one side. Sources are taken in the order of how much ties them to those whose offset is known already.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "retro/rebuild.h"

/* Of one event a source may have seen so many: more are no pairs, for each could be any. */
enum { MAX_ALIKE = 200 };

/* What a source saw, on its own clock, its accuracy counted. */
struct sighting {
    int source, mark; /* mark -1: the rules say so over the series */
    int event, stage, flag, procedure;
    bool on;
    double percent;
    const char *subject, *episode;
    struct span at;
};

struct clocks {
    struct rebuild *b;
    int n, cap;
    struct sighting *seen; /* heap; by source */
    int *first;            /* [n_source + 1] in seen; heap */
    bool *known;           /* [n_source] heap */
};

/* Votes on the offset of one source against all those that are known. */
struct ballot {
    int n, cap, n_two_sided, n_sure, n_voter;
    struct vote *vote; /* heap */
    int (*pair)[2];    /* [n] sightings; heap */
};

static bool takes_words(int event)
{
    switch (event) {
    case RS_EVENT_CHECK_PASSED:
    case RS_EVENT_CHECK_FAILED:
    case RS_EVENT_GATE_PASSED:
    case RS_EVENT_GATE_FAILED:
    case RS_EVENT_ACTION_DONE:
    case RS_EVENT_COMMUNICATED:
    case RS_EVENT_DOCUMENTED:
    case RS_EVENT_CHECKED_OFF: return true;
    default: return false;
    }
}

static bool is_clock(int event)
{
    return event <= RS_EVENT_CHANGED;
}

/* A pager's name for an incident binds its own marks only, unless others use it too. */
static const char *shared_name(const struct retro_evidence *e, const struct retro_mark *m)
{
    if (!m->episode || e->source[m->source].kind != RS_SOURCE_NOTIFICATIONS)
        return m->episode;
    for (int i = 0; i < e->n_mark; i++) {
        const struct retro_mark *o = &e->mark[i];
        if (o->episode && e->source[o->source].kind != RS_SOURCE_NOTIFICATIONS &&
            strcmp(o->episode, m->episode) == 0) {
            return m->episode;
        }
    }
    return NULL;
}

/* ---- sightings ---- */

static void add_sighting(struct clocks *c, struct sighting s)
{
    if (c->n == c->cap) {
        c->cap = c->cap ? 2 * c->cap : 64;
        c->seen = rs_xrealloc(c->seen, sizeof(*c->seen) * (size_t)c->cap);
    }
    c->seen[c->n++] = s;
}

static void add_marks(struct clocks *c, int source)
{
    const struct retro_evidence *e = c->b->r->evidence;
    int64_t accuracy_ns = e->source[source].accuracy_ns;
    int n_alike[RS_EVENT_N] = {0};
    for (int i = 0; i < e->n_mark; i++)
        n_alike[e->mark[i].event] += e->mark[i].source == source;
    for (int i = 0; i < e->n_mark; i++) {
        const struct retro_mark *m = &e->mark[i];
        if (m->source != source || m->event == RS_EVENT_NOTE || m->event == RS_EVENT_LOOKED ||
            n_alike[m->event] > MAX_ALIKE) {
            continue;
        }
        add_sighting(c, (struct sighting){.source = source,
                                          .mark = i,
                                          .event = m->event,
                                          .stage = m->stage,
                                          .flag = m->flag,
                                          .procedure = rs_mark_procedure(c->b->r, m),
                                          .on = m->on,
                                          .percent = m->percent,
                                          .subject = m->subject,
                                          .episode = shared_name(e, m),
                                          .at = {m->written_lo_ns - accuracy_ns,
                                                 m->written_hi_ns + accuracy_ns}});
    }
}

/* Whose clock the series are on, as far as marks are compared with them: the reference's if it has series, else the first's. */
static int series_source(const struct retro_evidence *e)
{
    if (e->source[e->reference].kind <= RS_SOURCE_LOG)
        return e->reference;
    for (int i = 0; i < e->n_source; i++) {
        if (e->source[i].kind <= RS_SOURCE_LOG)
            return i;
    }
    return -1;
}

static void add_firings(struct clocks *c, int source)
{
    const struct rebuild *b = c->b;
    if (b->n_firing > MAX_ALIKE)
        return;
    for (int i = 0; i < b->n_firing; i++) {
        const struct firing *f = &b->firing[i];
        struct sighting s = {.source = source,
                             .mark = -1,
                             .event = RS_CLOCK_DETECTED,
                             .stage = -1,
                             .flag = -1,
                             .procedure = rs_alert_procedure(b->r->evidence->scenario, f->alert),
                             .subject = f->alert,
                             .at = f->fired};
        if (f->fired.lo_ns == RS_NEVER)
            continue;
        add_sighting(c, s);
        s.event = RS_CLOCK_RESOLVED;
        s.at = f->cleared;
        if (f->cleared.lo_ns != RS_NEVER)
            add_sighting(c, s);
    }
}

/* ---- pairs ---- */

static bool same_words(const struct sighting *a, const struct sighting *b)
{
    if (a->subject && b->subject && strcasecmp(a->subject, b->subject) == 0)
        return true;
    if (takes_words(a->event))
        return !a->subject && !b->subject && a->stage >= 0;
    if (a->event == RS_CLOCK_DETECTED && (a->mark < 0 || b->mark < 0 || (a->subject && b->subject)))
        return false; /* one by the alert, the other perhaps by a look at a board */
    if (a->procedure >= 0 && b->procedure >= 0)
        return a->procedure == b->procedure;
    return true;
}

static bool may_be_same(const struct sighting *a, const struct sighting *b)
{
    if (a->event != b->event || (a->stage >= 0 && b->stage >= 0 && a->stage != b->stage))
        return false;
    if (a->event == RS_EVENT_STAGE_ENTERED && a->stage != b->stage)
        return false;
    if (a->event == RS_EVENT_FLAG_SET &&
        (a->flag != b->flag || a->on != b->on ||
         (!isnan(a->percent) && !isnan(b->percent) && a->percent != b->percent))) {
        return false;
    }
    if (a->episode && b->episode && strcmp(a->episode, b->episode) != 0)
        return false;
    return same_words(a, b);
}

static void cast(struct ballot *p, struct vote v, int a, int b)
{
    if (p->n == p->cap) {
        p->cap = p->cap ? 2 * p->cap : 64;
        p->vote = rs_xrealloc(p->vote, sizeof(*p->vote) * (size_t)p->cap);
        p->pair = rs_xrealloc(p->pair, sizeof(*p->pair) * (size_t)p->cap);
    }
    p->pair[p->n][0] = a;
    p->pair[p->n][1] = b;
    p->vote[p->n++] = v;
    p->n_two_sided += v.span.lo_ns != INT64_MIN && v.span.hi_ns != RS_NEVER;
    p->n_sure += v.sure;
}

static int count_alike(const struct clocks *c, int at, int source)
{
    int n = 0;
    for (int i = c->first[source]; i < c->first[source + 1]; i++)
        n += may_be_same(&c->seen[at], &c->seen[i]);
    return n;
}

/* Does a source have each mark of the clock at most once? Then they are all of one rollback. */
static bool one_rollback(const struct clocks *c, int source)
{
    int n_of[RS_EVENT_N] = {0};
    for (int i = c->first[source]; i < c->first[source + 1]; i++) {
        int event = c->seen[i].event;
        if (is_clock(event) && rs_event_is_once(event) && n_of[event]++ > 0)
            return false;
    }
    return true;
}

/* One wrote what comes before what the other wrote. */
static void cast_orders(const struct clocks *c, struct ballot *p, int i, int k, struct span other)
{
    const struct sighting *a = &c->seen[i], *b = &c->seen[k];
    struct span s = RS_SPAN_ALL;
    if (rs_clock_before(a->event, b->event)) {
        s.lo_ns = rs_span_shift(a->at.lo_ns - b->at.hi_ns, other.lo_ns);
    } else if (rs_clock_before(b->event, a->event)) {
        s.hi_ns = rs_span_shift(a->at.hi_ns - b->at.lo_ns, other.hi_ns);
    } else {
        return;
    }
    cast(p, (struct vote){s, p->n_voter++, false}, i, k);
}

static void cast_all(const struct clocks *c, struct ballot *p, int source)
{
    const struct retro *r = c->b->r;
    bool one = one_rollback(c, source);
    for (int o = 0; o < r->evidence->n_source; o++) {
        if (!c->known[o] || o == source)
            continue;
        struct span other = {r->rebuilt.offset[o].lo_ns, r->rebuilt.offset[o].hi_ns};
        bool both_one = one && one_rollback(c, o);
        for (int i = c->first[source]; i < c->first[source + 1]; i++) {
            int n_alike = count_alike(c, i, o), of = -1;
            for (int k = c->first[o]; k < c->first[o + 1]; k++) {
                const struct sighting *a = &c->seen[i], *b = &c->seen[k];
                bool bound =
                    a->episode && b->episode ? strcmp(a->episode, b->episode) == 0 : both_one;
                if (may_be_same(a, b)) {
                    struct span s = {rs_span_shift(a->at.lo_ns - b->at.hi_ns, other.lo_ns),
                                     rs_span_shift(a->at.hi_ns - b->at.lo_ns, other.hi_ns)};
                    bool sure = n_alike == 1 && count_alike(c, k, source) == 1;
                    of = of < 0 ? p->n_voter++ : of;
                    cast(p, (struct vote){s, of, sure}, i, k);
                } else if (bound && is_clock(a->event) && is_clock(b->event)) {
                    cast_orders(c, p, i, k, other);
                }
            }
        }
    }
}

/* ---- the offset ---- */

/* So much cannot be given either. */
static bool is_far(int64_t offset_ns)
{
    return llabs(offset_ns) > 30 * 86400 * RS_NS_PER_S;
}

static const char *zone_hint(int64_t offset_ns)
{
    const int64_t half_hour_ns = 1800 * RS_NS_PER_S;
    int64_t size_ns = llabs(offset_ns);
    if (is_far(offset_ns))
        return "; no clock is that far off, are the dates right?";
    int64_t off_ns = size_ns % half_hour_ns;
    if (off_ns > half_hour_ns / 2)
        off_ns = half_hour_ns - off_ns;
    return size_ns > half_hour_ns / 2 && off_ns <= 120 * RS_NS_PER_S ? "; a time zone?" : "";
}

static const char *ahead_words(struct arena *arena, int64_t offset_ns)
{
    char text[32];
    if (offset_ns == 0)
        return "right";
    return rs_arena_printf(arena, "%s %s", rs_duration_human(text, sizeof(text), llabs(offset_ns)),
                           offset_ns > 0 ? "ahead" : "behind");
}

static void estimate(const struct clocks *c, const struct ballot *p, int source)
{
    struct arena *arena = c->b->arena;
    struct vote_count most = rs_votes_count(p->vote, p->n);
    struct span s = most.span;
    bool open = s.lo_ns == INT64_MIN || s.hi_ns == RS_NEVER;
    int n_sure_agree = 0;
    for (int i = 0; i < p->n; i++)
        n_sure_agree += p->vote[i].sure && !rs_span_empty(rs_span_meet(p->vote[i].span, s));
    const char *doubt = "";
    if (open) /* orders alone: what is within them and nearest to 0 is not better known than 0 is */
        return;
    if (p->n_sure >= 3 && 2 * n_sure_agree <= p->n_sure) {
        doubt = "; no majority of them agrees, so it is anywhere that one of them allows";
        for (int i = 0; i < p->n; i++) {
            struct span v = p->vote[i].span;
            if (p->vote[i].sure && v.lo_ns < s.lo_ns)
                s.lo_ns = v.lo_ns;
            if (p->vote[i].sure && v.hi_ns > s.hi_ns)
                s.hi_ns = v.hi_ns;
        }
    }
    int64_t best_ns = rs_offset_best(s);
    char wide[32];
    c->b->r->rebuilt.offset[source] = (struct retro_offset){
        .how = RS_CLOCK_ESTIMATED,
        .lo_ns = s.lo_ns,
        .best_ns = best_ns,
        .hi_ns = s.hi_ns,
        .n_pair = p->n,
        .n_agree = most.n_agree,
        .why = rs_arena_printf(arena, "%s: %d of %d pairs of marks agree, within %s%s%s",
                               ahead_words(arena, best_ns), most.n_agree, p->n,
                               rs_duration_human(wide, sizeof(wide), s.hi_ns - s.lo_ns), doubt,
                               zone_hint(best_ns))};
}

/* What ties two sources together may be years apart: then the marks are not of the same things, or one is dated wrong. */
static void tell_far(const struct clocks *c, int source)
{
    const struct retro_offset *o = &c->b->r->rebuilt.offset[source];
    if (is_far(o->best_ns))
        rs_rebuild_contradict(c->b, -1, -1, -1, "the clock of %s would be %s%s",
                              c->b->r->evidence->source[source].name,
                              ahead_words(c->b->arena, o->best_ns), zone_hint(o->best_ns));
}

/* Pairs that could be no others and do not agree. Those of the clock, of stages and flags are told where they are settled. */
static void tell_disagreement(const struct clocks *c, const struct ballot *p, int source)
{
    const struct retro *r = c->b->r;
    const struct retro_evidence *e = r->evidence;
    const struct retro_offset *o = &r->rebuilt.offset[source];
    for (int i = 0; i < p->n; i++) {
        const struct sighting *a = &c->seen[p->pair[i][0]], *b = &c->seen[p->pair[i][1]];
        if (!p->vote[i].sure || is_clock(a->event) || a->event == RS_EVENT_STAGE_ENTERED ||
            a->event == RS_EVENT_FLAG_SET || a->event == RS_EVENT_FINISHED ||
            !rs_span_empty(rs_span_meet(p->vote[i].span, (struct span){o->lo_ns, o->hi_ns}))) {
            continue;
        }
        rs_rebuild_contradict(c->b, a->mark, b->mark, -1, "%s%s%s: %s writes %s, %s writes %s",
                              rs_retro_event_name(a->event), a->subject ? " " : "",
                              a->subject ? a->subject : "", e->source[a->source].name,
                              rs_retro_span(c->b->arena, a->at), e->source[b->source].name,
                              rs_retro_span(c->b->arena, b->at));
    }
}

/* A clock that somebody set right by hand is believed; that the marks say otherwise is told. */
static void check_given(const struct clocks *c, const struct ballot *p, int source)
{
    struct retro_offset *o = &c->b->r->rebuilt.offset[source];
    struct span given = {o->lo_ns, o->hi_ns};
    if (p->n == 0)
        return;
    struct vote_count most = rs_votes_count(p->vote, p->n);
    o->n_pair = most.n_voter;
    bool *agrees = rs_xcalloc((size_t)p->n_voter, sizeof(*agrees));
    for (int i = 0; i < p->n; i++) {
        if (!rs_span_empty(rs_span_meet(p->vote[i].span, given)) && !agrees[p->vote[i].of]) {
            agrees[p->vote[i].of] = true;
            o->n_agree++;
        }
    }
    free(agrees);
    if (p->n_sure == 0)
        return;
    if (most.n_agree > 2 * o->n_agree) {
        const char *name = c->b->r->evidence->source[source].name;
        rs_rebuild_contradict(
            c->b, -1, -1, -1, "the clock of %s is given as %s; of %d pairs of marks %d say %s%s",
            name, ahead_words(c->b->arena, o->best_ns), most.n_voter, most.n_agree,
            ahead_words(c->b->arena, rs_span_best(most.span)), zone_hint(rs_span_best(most.span)));
    }
}

static void clear_ballot(struct ballot *p)
{
    free(p->vote);
    free(p->pair);
    *p = (struct ballot){0};
}

/* Estimates the source that most pairs tie to known ones; false if none does. */
static bool take_next(struct clocks *c)
{
    int next = -1;
    struct ballot of_next = {0};
    for (int s = 0; s < c->b->r->evidence->n_source; s++) {
        struct ballot p = {0};
        if (!c->known[s])
            cast_all(c, &p, s);
        if (p.n_two_sided > of_next.n_two_sided) {
            clear_ballot(&of_next);
            of_next = p;
            next = s;
        } else {
            clear_ballot(&p);
        }
    }
    if (next >= 0) {
        estimate(c, &of_next, next);
        tell_far(c, next);
        tell_disagreement(c, &of_next, next);
        c->known[next] = true;
    }
    clear_ballot(&of_next);
    return next >= 0;
}

static void check_all_given(struct clocks *c)
{
    const struct retro *r = c->b->r;
    for (int s = 0; s < r->evidence->n_source; s++) {
        if (r->rebuilt.offset[s].how != RS_CLOCK_GIVEN)
            continue;
        struct ballot p = {0};
        cast_all(c, &p, s);
        check_given(c, &p, s);
        tell_disagreement(c, &p, s);
        clear_ballot(&p);
    }
}

static void begin(struct clocks *c)
{
    const struct retro *r = c->b->r;
    const struct retro_evidence *e = r->evidence;
    int of_series = series_source(e);
    for (int s = 0; s < e->n_source; s++) {
        c->first[s] = c->n;
        add_marks(c, s);
        if (s == of_series)
            add_firings(c, s);
        c->known[s] = r->rebuilt.offset[s].how != RS_CLOCK_ASSUMED;
    }
    c->first[e->n_source] = c->n;
}

/* Series were laid over the first of them; where its own clock was tied to the reference now, they go with it. */
static void move_aligned(struct retro *r)
{
    const struct retro_evidence *e = r->evidence;
    int base = series_source(e);
    if (base < 0 || r->rebuilt.offset[base].how != RS_CLOCK_ESTIMATED)
        return;
    const struct retro_offset by = r->rebuilt.offset[base];
    for (int s = 0; s < e->n_source; s++) {
        struct retro_offset *o = &r->rebuilt.offset[s];
        if (s == base || e->source[s].kind > RS_SOURCE_LOG || o->how != RS_CLOCK_ESTIMATED)
            continue;
        o->lo_ns += by.lo_ns;
        o->best_ns += by.best_ns;
        o->hi_ns += by.hi_ns;
    }
}

void rs_rebuild_offsets(struct rebuild *b)
{
    const struct retro_evidence *e = b->r->evidence;
    if (e->n_source == 0)
        return;
    struct clocks c = {.b = b,
                       .first = rs_xcalloc((size_t)e->n_source + 1, sizeof(int)),
                       .known = rs_xcalloc((size_t)e->n_source, sizeof(bool))};
    begin(&c);
    while (take_next(&c)) {
    }
    check_all_given(&c);
    move_aligned(b->r);
    free(c.seen);
    free(c.first);
    free(c.known);
}
