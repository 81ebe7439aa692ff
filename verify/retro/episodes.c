/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which marks belong to one rollback. Those that bear one name do; the others go, in the order of time, to the group that they
 * fit: of the same procedure, not over yet, without such a mark of the same source, and near. Alerts that lead to a procedure
 * and flags that are set as a procedure sets them join in, or begin a group where there is none.
 */
#include <stdlib.h>
#include <string.h>

#include "retro/rebuild.h"

/* Marks without a name, and alerts, further off than this from all of a group belong to another one. */
static const int64_t reach_ns = 3600 * RS_NS_PER_S;

/* ---- groups ---- */

static struct group *add_group(struct rebuild *b, const char *name, int procedure)
{
    if (b->n_group == b->cap_group) {
        b->cap_group = b->cap_group ? 2 * b->cap_group : 8;
        b->group = rs_xrealloc(b->group, sizeof(*b->group) * (size_t)b->cap_group);
    }
    b->group[b->n_group] =
        (struct group){.name = name,
                       .procedure = procedure,
                       .flag_step = -1,
                       .firing_ns = RS_NEVER,
                       .over_ns = RS_NEVER,
                       .has = rs_xcalloc((size_t)b->r->evidence->n_source + 1, sizeof(uint64_t)),
                       .extent = {RS_NEVER, INT64_MIN}};
    return &b->group[b->n_group++];
}

static void widen(struct group *g, struct span s)
{
    if (s.lo_ns < g->extent.lo_ns)
        g->extent.lo_ns = s.lo_ns;
    if (s.hi_ns > g->extent.hi_ns)
        g->extent.hi_ns = s.hi_ns;
}

_Static_assert(RS_EVENT_N <= 64, "events are kept as bits");

static void add_mark(struct rebuild *b, struct group *g, int mark)
{
    const struct retro_mark *m = &b->r->evidence->mark[mark];
    if (g->n == g->cap) {
        g->cap = g->cap ? 2 * g->cap : 16;
        g->mark = rs_xrealloc(g->mark, sizeof(*g->mark) * (size_t)g->cap);
    }
    g->mark[g->n++] = mark;
    g->has[m->source] |= UINT64_C(1) << m->event;
    bool ends = m->event == RS_CLOCK_COMPLETED || m->event == RS_CLOCK_RECOVERED ||
                m->event == RS_CLOCK_RESOLVED;
    if (ends && b->mark[mark].hi_ns < g->over_ns)
        g->over_ns = b->mark[mark].hi_ns;
    if (g->procedure < 0)
        g->procedure = rs_mark_procedure(b->r, m);
    widen(g, b->mark[mark]);
}

void rs_rebuild_groups_clear(struct rebuild *b)
{
    for (int i = 0; i < b->n_group; i++) {
        free(b->group[i].mark);
        free(b->group[i].has);
    }
    free(b->group);
    b->group = NULL;
    b->n_group = b->cap_group = 0;
}

static bool of_clock(const struct rebuild *b, const struct retro_mark *m)
{
    if (m->event <= RS_EVENT_CHANGED)
        return true;
    return (m->event == RS_EVENT_CHECK_FAILED || m->event == RS_EVENT_GATE_FAILED) &&
           rs_mark_procedure(b->r, m) >= 0;
}

/* A pager's name for its incident is no name of ours, unless others use it too. */
static bool is_named(const struct rebuild *b, int mark)
{
    const struct retro_evidence *e = b->r->evidence;
    const struct retro_mark *m = &e->mark[mark];
    if (!m->episode)
        return false;
    if (e->source[m->source].kind != RS_SOURCE_NOTIFICATIONS)
        return true;
    for (int i = 0; i < b->n_group; i++) {
        if (b->group[i].name && strcmp(b->group[i].name, m->episode) == 0)
            return true;
    }
    return false;
}

/* May a mark begin one more group? */
static bool has_room(struct rebuild *b, int mark)
{
    if (b->n_group < RS_REBUILD_GROUPS)
        return true;
    b->one_too_many = mark;
    return false;
}

static void group_named(struct rebuild *b)
{
    const struct retro_evidence *e = b->r->evidence;
    for (int pagers = 0; pagers <= 1; pagers++) {
        for (int i = 0; i < e->n_mark; i++) {
            const struct retro_mark *m = &e->mark[i];
            bool pager = e->source[m->source].kind == RS_SOURCE_NOTIFICATIONS;
            if (pager != (pagers == 1) || !of_clock(b, m) || !is_named(b, i))
                continue;
            struct group *g = NULL;
            for (int k = 0; k < b->n_group && !g; k++) {
                if (strcmp(b->group[k].name, m->episode) == 0)
                    g = &b->group[k];
            }
            if (!g && !has_room(b, i))
                return;
            add_mark(b, g ? g : add_group(b, m->episode, rs_mark_procedure(b->r, m)), i);
        }
    }
}

/* Does it begin a rollback? Then it is none of one that is over. */
static bool is_opening(int event)
{
    return event <= RS_CLOCK_DETECTED || event >= RS_EVENT_CHANGED;
}

/* How far the mark lies from the group, or -1 where it does not fit. */
static int64_t fits(const struct rebuild *b, const struct group *g, int mark, int procedure)
{
    const struct retro_mark *m = &b->r->evidence->mark[mark];
    if (procedure >= 0 && g->procedure >= 0 && procedure != g->procedure)
        return -1;
    bool has_such = g->has[m->source] >> m->event & 1u;
    if ((rs_event_is_once(m->event) && has_such) ||
        (is_opening(m->event) && g->over_ns < b->mark[mark].lo_ns)) {
        return -1;
    }
    int64_t apart_ns = rs_span_apart(b->mark[mark], g->extent);
    bool late = m->event == RS_CLOCK_RESOLVED || m->event == RS_CLOCK_RECOVERED ||
                m->event == RS_EVENT_CHANGED || m->event == RS_CLOCK_ONSET;
    return apart_ns <= (late ? 24 * reach_ns : reach_ns) ? apart_ns : -1;
}

static void place(struct rebuild *b, int mark)
{
    const struct retro_mark *m = &b->r->evidence->mark[mark];
    const struct scenario *sc = b->r->evidence->scenario;
    int procedure = rs_mark_procedure(b->r, m);
    bool pager = b->r->evidence->source[m->source].kind == RS_SOURCE_NOTIFICATIONS;
    if (sc && pager && m->subject && procedure < 0)
        return; /* an alert that calls for no rollback */
    struct group *best = NULL;
    int64_t best_ns = 0;
    for (int i = 0; i < b->n_group; i++) {
        int64_t apart_ns = fits(b, &b->group[i], mark, procedure);
        if (apart_ns >= 0 && (!best || apart_ns < best_ns)) {
            best = &b->group[i];
            best_ns = apart_ns;
        }
    }
    if (!best && m->event == RS_CLOCK_RESOLVED)
        return; /* what was never seen to begin */
    if (!best && !has_room(b, mark))
        return;
    add_mark(b, best ? best : add_group(b, NULL, procedure), mark);
}

struct placed {
    int64_t at_ns;
    int event, mark;
};

static int by_time(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;
    if (x->at_ns != y->at_ns)
        return x->at_ns < y->at_ns ? -1 : 1;
    return x->event != y->event ? x->event - y->event : x->mark - y->mark;
}

static void group_unnamed(struct rebuild *b)
{
    const struct retro_evidence *e = b->r->evidence;
    struct placed *p = rs_xcalloc((size_t)e->n_mark + 1, sizeof(*p));
    int n = 0;
    for (int i = 0; i < e->n_mark; i++) {
        if (of_clock(b, &e->mark[i]) && !is_named(b, i))
            p[n++] = (struct placed){rs_mark_best(b->r, i), e->mark[i].event, i};
    }
    qsort(p, (size_t)n, sizeof(*p), by_time);
    for (int i = 0; i < n && b->one_too_many < 0; i++)
        place(b, p[i].mark);
    free(p);
}

/* ---- flags and alerts ---- */

static struct group *nearest(struct rebuild *b, int procedure, struct span at, int64_t within_ns)
{
    struct group *best = NULL;
    int64_t best_ns = within_ns;
    for (int i = 0; i < b->n_group; i++) {
        struct group *g = &b->group[i];
        int64_t apart_ns = rs_span_apart(g->extent, at);
        if ((g->procedure == procedure || g->procedure < 0) && apart_ns <= best_ns &&
            (!best || apart_ns < best_ns)) {
            best = g;
            best_ns = apart_ns;
        }
    }
    return best;
}

/* A flag as it was set last: of the first step that is known the steps before it may be lost. */
struct flag_state {
    bool on, is_known;
};

static void join_flags(struct rebuild *b)
{
    const struct scenario *sc = b->r->evidence->scenario;
    const struct retro_rebuilt *t = &b->r->rebuilt;
    if (!sc)
        return;
    struct flag_state *state = rs_xcalloc((size_t)sc->n_flag + 1, sizeof(*state));
    for (int i = 0; i < sc->n_flag; i++)
        state[i].on = sc->flag[i].initially_on;
    for (int i = 0; i < t->n_flag_step; i++) {
        const struct retro_flag_step *step = &t->flag_step[i];
        int p = rs_commanding_procedure(sc, step->flag, step->on);
        struct flag_state was = state[step->flag];
        bool changes = was.on != step->on;
        state[step->flag] = (struct flag_state){step->on, true};
        if (p < 0 || (!changes && was.is_known))
            continue;
        struct span at = rs_instant_span(&step->at);
        struct group *g = nearest(b, p, at, reach_ns);
        if (!g && changes && has_room(b, step->at.mark))
            g = add_group(b, NULL, p);
        if (!g || g->flag_step >= 0)
            continue;
        g->procedure = p;
        g->flag_step = i;
        widen(g, at);
    }
    free(state);
}

static void join_firings(struct rebuild *b)
{
    const struct scenario *sc = b->r->evidence->scenario;
    for (int i = 0; i < b->n_firing; i++) {
        const struct firing *f = &b->firing[i];
        int p = rs_alert_procedure(sc, f->alert);
        if (p < 0 || f->fired.lo_ns == RS_NEVER)
            continue;
        struct group *g = nearest(b, p, f->fired, reach_ns);
        if (!g && b->n_group == RS_REBUILD_GROUPS)
            continue;
        if (!g)
            g = add_group(b, NULL, p);
        g->procedure = p;
        if (g->firing_ns == RS_NEVER || g->firing_ns > f->fired.hi_ns)
            g->firing_ns = f->fired.hi_ns;
        widen(g, f->fired);
        if (f->cleared.lo_ns != RS_NEVER) /* it may come back for a while */
            widen(g, f->cleared);
    }
}

/* ---- episodes ---- */

static int by_extent(const void *a, const void *b)
{
    const struct group *x = a, *y = b;
    if (x->extent.lo_ns != y->extent.lo_ns)
        return x->extent.lo_ns < y->extent.lo_ns ? -1 : 1;
    return x->procedure - y->procedure;
}

static const char *name_of(const struct rebuild *b, const struct group *g, int n_before)
{
    const struct scenario *sc = b->r->evidence->scenario;
    if (g->name)
        return g->name;
    if (g->procedure < 0)
        return rs_arena_printf(b->arena, "episode %d", n_before + 1);
    const char *name = sc->response.procedure[g->procedure].name;
    int n_same = 0;
    for (const struct group *o = b->group; o < g; o++)
        n_same += o->procedure == g->procedure;
    return n_same ? rs_arena_printf(b->arena, "%s %d", name, n_same + 1) : name;
}

/* The service whose path the procedure's flags choose, or -1. */
static int service_of(const struct scenario *sc, int procedure)
{
    const struct action *a =
        sc && procedure >= 0 ? rs_procedure_command(&sc->response.procedure[procedure]) : NULL;
    for (int s = 0; a && s < sc->n_service; s++) {
        for (int p = 0; p < sc->service[s].n_path; p++) {
            for (int k = 0; k < sc->service[s].path[p].n_when; k++) {
                if (sc->service[s].path[p].when[k].flag == a->flag)
                    return s;
            }
        }
    }
    return -1;
}

static int stage_of(const struct rebuild *b, const struct group *g, const struct retro_episode *ep)
{
    const struct retro_evidence *e = b->r->evidence;
    const struct retro_rebuilt *t = &b->r->rebuilt;
    for (int i = 0; i < g->n; i++) {
        if (e->mark[g->mark[i]].stage >= 0)
            return e->mark[g->mark[i]].stage;
    }
    int64_t at_ns = rs_instant_known(&ep->at[RS_CLOCK_DETECTED]) ? ep->at[RS_CLOCK_DETECTED].best_ns
                                                                 : g->extent.lo_ns;
    int stage = -1;
    for (int i = 0; e->scenario && i < e->scenario->response.n_stage; i++) {
        if (rs_instant_known(&t->stage[i]) && t->stage[i].best_ns <= at_ns)
            stage = i;
    }
    return stage;
}

static bool rolled_back(const struct rebuild *b, const struct group *g)
{
    for (int i = 0; i < g->n; i++) {
        int event = b->r->evidence->mark[g->mark[i]].event;
        if (event >= RS_CLOCK_COMMANDED && event <= RS_CLOCK_COMPLETED)
            return true;
    }
    return g->flag_step >= 0;
}

static int64_t first_known(const struct retro_episode *e)
{
    if (rs_instant_known(&e->at[RS_CLOCK_DETECTED]))
        return e->at[RS_CLOCK_DETECTED].best_ns;
    int64_t first_ns = RS_NEVER;
    for (int i = 0; i < RS_RETRO_INSTANT_N; i++) {
        if (rs_instant_known(&e->at[i]) && e->at[i].best_ns < first_ns)
            first_ns = e->at[i].best_ns;
    }
    return first_ns;
}

/* By detection; what the contradictions say of an episode by its number moves along. */
static void sort_episodes(struct rebuild *b)
{
    struct retro_rebuilt *t = &b->r->rebuilt;
    int *now_at = RS_ARENA_ARRAY(b->arena, int, t->n_episode);
    int *was = RS_ARENA_ARRAY(b->arena, int, t->n_episode);
    for (int i = 0; i < t->n_episode; i++)
        was[i] = i;
    for (int i = 1; i < t->n_episode; i++) { /* a handful, nearly in order */
        struct retro_episode e = t->episode[i];
        int number = was[i], k = i;
        for (; k > 0 && first_known(&t->episode[k - 1]) > first_known(&e); k--) {
            t->episode[k] = t->episode[k - 1];
            was[k] = was[k - 1];
        }
        t->episode[k] = e;
        was[k] = number;
    }
    for (int i = 0; i < t->n_episode; i++)
        now_at[was[i]] = i;
    for (int i = 0; i < b->n_contradiction; i++) {
        if (b->contradiction[i].episode >= 0)
            b->contradiction[i].episode = now_at[b->contradiction[i].episode];
    }
}

void rs_rebuild_groups(struct rebuild *b)
{
    struct retro_rebuilt *t = &b->r->rebuilt;
    const struct retro_evidence *e = b->r->evidence;
    t->n_episode = 0;
    b->one_too_many = -1;
    rs_rebuild_groups_clear(b);
    group_named(b);
    group_unnamed(b);
    join_flags(b);
    join_firings(b);
    if (b->one_too_many >= 0)
        return;
    if (b->n_group > 0)
        qsort(b->group, (size_t)b->n_group, sizeof(*b->group), by_extent);
    t->episode = RS_ARENA_ARRAY(b->arena, struct retro_episode, b->n_group);
    for (int i = 0; i < b->n_group; i++) {
        struct group *g = &b->group[i];
        struct retro_episode *ep = &t->episode[t->n_episode++];
        *ep = (struct retro_episode){.name = name_of(b, g, i),
                                     .procedure = g->procedure,
                                     .service = service_of(e->scenario, g->procedure),
                                     .had_rollback = rolled_back(b, g),
                                     .sla_ns = e->sla_ns,
                                     .signal = -1,
                                     .up.signal = -1,
                                     .down.signal = -1};
        if (g->procedure >= 0 && e->scenario->response.procedure[g->procedure].sla_ns != RS_NEVER)
            ep->sla_ns = e->scenario->response.procedure[g->procedure].sla_ns;
        rs_rebuild_instants(b, g, i);
        ep->stage = stage_of(b, g, ep);
        rs_rebuild_sla(b, i);
        g->up = ep->up;
        g->down = ep->down;
    }
    sort_episodes(b);
}
