/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What happened, rebuilt: clocks first, then stages and flags, then each rollback. */
#include "retro/rebuild.h"

#include <stdlib.h>

static int by_start(const void *a, const void *b)
{
    const struct retro_change *x = a, *y = b;
    if (x->best_ns != y->best_ns)
        return x->best_ns < y->best_ns ? -1 : 1;
    return x->signal - y->signal;
}

static void take_changes(struct retro *r, int signal, struct retro_change **all)
{
    struct retro_rebuilt *t = &r->rebuilt;
    const struct retro_change_options opt = {
        .confidence = r->evidence->confidence, .direction = RS_EITHER_WAY, .ramps = true};
    int n = 0;
    struct retro_change *found = rs_retro_changes(&t->signal[signal], &opt, &n);
    if (n > 0)
        *all = rs_xrealloc(*all, sizeof(**all) * (size_t)(t->n_change + n));
    for (int i = 0; i < n; i++) {
        found[i].signal = signal;
        (*all)[t->n_change++] = found[i];
    }
    free(found);
}

/* The signals, and all changes of each. */
static int look_at_signals(struct retro *r, struct err_list *errors)
{
    struct retro_rebuilt *t = &r->rebuilt;
    int n_source = r->evidence->n_source;
    int64_t *offset_ns = RS_ARENA_ARRAY(r->arena, int64_t, n_source);
    for (int i = 0; i < n_source; i++)
        offset_ns[i] = t->offset[i].best_ns;
    if (rs_retro_signals(r->evidence, offset_ns, r->arena, &t->signal, &t->n_signal, errors) != 0)
        return -1;
    struct retro_change *all = NULL;
    for (int i = 0; i < t->n_signal; i++)
        take_changes(r, i, &all);
    t->change = RS_ARENA_ARRAY(r->arena, struct retro_change, t->n_change);
    for (int i = 0; i < t->n_change; i++)
        t->change[i] = all[i];
    free(all);
    if (t->n_change > 1)
        qsort(t->change, (size_t)t->n_change, sizeof(*t->change), by_start);
    return 0;
}

static void take_contradictions(struct rebuild *b)
{
    struct retro_rebuilt *t = &b->r->rebuilt;
    t->n_contradiction = b->n_contradiction;
    t->contradiction = RS_ARENA_ARRAY(b->arena, struct retro_contradiction, b->n_contradiction);
    for (int i = 0; i < b->n_contradiction; i++)
        t->contradiction[i] = b->contradiction[i];
    int n_more = b->n_told - b->n_contradiction;
    if (n_more > 0) {
        struct retro_contradiction *last = &t->contradiction[t->n_contradiction - 1];
        last->text = rs_arena_printf(b->arena, "%s; and %d more contradiction%s, not listed",
                                     last->text, n_more, n_more == 1 ? "" : "s");
    }
}

/* The series' clocks are set right by their best offset; so much may be left. */
static int64_t series_slack(const struct retro *r)
{
    int64_t slack_ns = 0;
    for (int i = 0; i < r->evidence->n_source; i++) {
        const struct retro_offset *o = &r->rebuilt.offset[i];
        if (r->evidence->source[i].kind > RS_SOURCE_LOG || i == r->evidence->reference)
            continue;
        int64_t accuracy_ns = r->evidence->source[i].accuracy_ns;
        int64_t up_ns = o->hi_ns - o->best_ns + accuracy_ns;
        int64_t down_ns = o->best_ns - o->lo_ns + accuracy_ns;
        slack_ns = up_ns > slack_ns ? up_ns : slack_ns;
        slack_ns = down_ns > slack_ns ? down_ns : slack_ns;
    }
    return slack_ns;
}

static bool series_moved(const struct retro *r, const int64_t *before_ns)
{
    for (int i = 0; i < r->evidence->n_source; i++) {
        if (r->evidence->source[i].kind <= RS_SOURCE_LOG &&
            r->rebuilt.offset[i].best_ns != before_ns[i]) {
            return true;
        }
    }
    return false;
}

/*
 * Offsets by marks. Where the clock of reference is that of marks the series are moved to it now, and the rules gone over again.
 */
static int set_clocks(struct rebuild *b, struct err_list *errors)
{
    struct retro *r = b->r;
    int64_t *before_ns = RS_ARENA_ARRAY(b->arena, int64_t, r->evidence->n_source);
    for (int i = 0; i < r->evidence->n_source; i++)
        before_ns[i] = r->rebuilt.offset[i].best_ns;
    rs_rebuild_gaps(b);
    rs_rebuild_firings(b);
    rs_rebuild_offsets(b);
    b->slack_ns = series_slack(r);
    if (series_moved(r, before_ns)) {
        rs_retro_seen_clear(&r->seen);
        if (rs_retro_see(r, errors) != 0)
            return -1;
    }
    rs_rebuild_gaps(b);
    rs_rebuild_firings(b);
    b->mark = RS_ARENA_ARRAY(b->arena, struct span, r->evidence->n_mark);
    return 0;
}

/* All that rests on the clocks. */
static void rebuild_all(struct rebuild *b)
{
    for (int i = 0; i < b->r->evidence->n_mark; i++)
        rs_retro_mark_instant(b->r, i, &b->mark[i].lo_ns, &b->mark[i].hi_ns);
    rs_rebuild_stages(b);
    rs_rebuild_flags(b);
    rs_rebuild_groups(b);
}

static int too_many(const struct rebuild *b, struct err_list *errors)
{
    return rs_err_list_add(
        errors, RS_E_RANGE, b->r->evidence->mark[b->one_too_many].at,
        "more than %d rollbacks: what is noted up to here makes so many, and this begins another "
        "one; name those marks that belong together by \"episode\"",
        RS_REBUILD_GROUPS);
}

int rs_retro_rebuild(struct retro *r, struct err_list *errors)
{
    struct rebuild b = {.r = r, .arena = r->arena, .one_too_many = -1};
    int status = set_clocks(&b, errors);
    if (status == 0)
        status = look_at_signals(r, errors);
    if (status == 0) {
        int n_of_clocks = b.n_contradiction, n_told = b.n_told;
        rebuild_all(&b);
        if (rs_rebuild_tie(&b)) {
            b.n_contradiction = n_of_clocks;
            b.n_told = n_told;
            rebuild_all(&b);
        }
        take_contradictions(&b);
        if (b.one_too_many >= 0)
            status = too_many(&b, errors);
    }
    rs_rebuild_groups_clear(&b);
    free(b.firing);
    free(b.gap);
    free(b.contradiction);
    return status;
}

/* ---- legs ---- */

static int64_t minus(int64_t a_ns, int64_t b_ns)
{
    if (a_ns == INT64_MIN || b_ns == RS_NEVER)
        return INT64_MIN;
    if (a_ns == RS_NEVER || b_ns == INT64_MIN)
        return RS_NEVER;
    return a_ns - b_ns;
}

bool rs_retro_leg(const struct retro_episode *e,
                  int from,
                  int to,
                  int64_t *lo_ns,
                  int64_t *best_ns,
                  int64_t *hi_ns)
{
    const struct retro_instant *a = &e->at[from], *b = &e->at[to];
    if (!rs_instant_known(a) || !rs_instant_known(b))
        return false;
    struct span leg = {minus(b->lo_ns, a->hi_ns), minus(b->hi_ns, a->lo_ns)};
    if (a->source >= 0 && a->source == b->source && a->own_lo_ns != INT64_MIN &&
        b->own_lo_ns != INT64_MIN) {
        /* Written by one clock: how far off it is does not matter. */
        struct span own = {b->own_lo_ns - a->own_hi_ns, b->own_hi_ns - a->own_lo_ns};
        struct span both = rs_span_meet(leg, own);
        leg = rs_span_empty(both) ? own : both;
    }
    if (rs_clock_before(from, to) && leg.lo_ns < 0 && leg.hi_ns >= 0)
        leg.lo_ns = 0;
    if (leg.lo_ns == INT64_MIN && leg.hi_ns == RS_NEVER)
        return false;
    *lo_ns = leg.lo_ns;
    *hi_ns = leg.hi_ns;
    *best_ns = b->best_ns - a->best_ns;
    if (*best_ns < leg.lo_ns)
        *best_ns = leg.lo_ns;
    if (*best_ns > leg.hi_ns)
        *best_ns = leg.hi_ns;
    return true;
}
