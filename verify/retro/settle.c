/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Several marks of one thing, made one instant: what agrees narrows it, what does not is told. Stages and flags so too. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "retro/rebuild.h"

bool rs_event_is_once(int event)
{
    return event != RS_CLOCK_NOTIFIED && event != RS_CLOCK_ACKNOWLEDGED &&
           event != RS_CLOCK_DECIDED && event != RS_CLOCK_RESOLVED;
}

static const char *place_of(struct rebuild *b, int mark)
{
    const struct retro_evidence *e = b->r->evidence;
    const struct retro_mark *m = &e->mark[mark];
    const char *name = e->source[m->source].name;
    return m->at.line > 0 ? rs_arena_printf(b->arena, "%s:%d", name, m->at.line) : name;
}

static const char *why_of(struct rebuild *b, int mark, int n_agree)
{
    const struct retro_evidence *e = b->r->evidence;
    const struct retro_mark *m = &e->mark[mark];
    const struct retro_offset *o = &b->r->rebuilt.offset[m->source];
    char wide[32], off[32], off_wide[32];
    const char *clock = "";
    if (o->lo_ns != 0 || o->hi_ns != 0) {
        rs_duration_human(off_wide, sizeof(off_wide), o->hi_ns - o->lo_ns);
        rs_duration_human(off, sizeof(off), llabs(o->best_ns));
        clock = o->best_ns == 0
                    ? rs_arena_printf(b->arena, "; its clock right, within %s", off_wide)
                    : rs_arena_printf(b->arena, "; its clock %s %s, within %s", off,
                                      o->best_ns < 0 ? "behind" : "ahead", off_wide);
    }
    const char *more = n_agree > 1 ? rs_arena_printf(b->arena, "; %d more agree%s", n_agree - 1,
                                                     n_agree == 2 ? "s" : "")
                                   : "";
    int64_t width_ns = m->written_hi_ns - m->written_lo_ns + 2 * e->source[m->source].accuracy_ns;
    return rs_arena_printf(b->arena, "%s, to within %s%s%s", place_of(b, mark),
                           rs_duration_human(wide, sizeof(wide), width_ns), clock, more);
}

/* Notes come before pagers' logs, and narrow before wide. */
static bool is_better(const struct rebuild *b, int x, int y)
{
    const struct retro_evidence *e = b->r->evidence;
    bool log_x = e->source[e->mark[x].source].kind == RS_SOURCE_NOTIFICATIONS;
    bool log_y = e->source[e->mark[y].source].kind == RS_SOURCE_NOTIFICATIONS;
    if (log_x != log_y)
        return log_y;
    int64_t wide_x = b->mark[x].hi_ns - b->mark[x].lo_ns;
    int64_t wide_y = b->mark[y].hi_ns - b->mark[y].lo_ns;
    return wide_x != wide_y ? wide_x < wide_y : x < y;
}

/* Of each source the first mark; alerts clear for good at the last. */
static int
first_of_each(struct rebuild *b, const int *mark, int n, int *out, const char *what, int episode)
{
    const struct retro_evidence *e = b->r->evidence;
    int n_out = 0;
    for (int i = 0; i < n; i++) {
        const struct retro_mark *m = &e->mark[mark[i]];
        int k = 0;
        while (k < n_out && e->mark[out[k]].source != m->source)
            k++;
        if (k == n_out) {
            out[n_out++] = mark[i];
            continue;
        }
        bool earlier = b->mark[mark[i]].lo_ns < b->mark[out[k]].lo_ns;
        if (rs_event_is_once(m->event) && rs_span_apart(b->mark[mark[i]], b->mark[out[k]]) > 0) {
            rs_rebuild_contradict(b, out[k], mark[i], episode,
                                  "%s is told twice: %s (%s) and %s (%s)", what,
                                  rs_retro_span(b->arena, b->mark[out[k]]), place_of(b, out[k]),
                                  rs_retro_span(b->arena, b->mark[mark[i]]), place_of(b, mark[i]));
        }
        if (earlier != (m->event == RS_CLOCK_RESOLVED))
            out[k] = mark[i];
    }
    return n_out;
}

int64_t rs_mark_best(const struct retro *r, int mark)
{
    const struct retro_mark *m = &r->evidence->mark[mark];
    struct span written = {m->written_lo_ns, m->written_hi_ns};
    /* To the second, what a clock shows is when it was; of a minute any second may be meant. */
    int64_t at_ns =
        written.hi_ns - written.lo_ns <= RS_NS_PER_S ? written.lo_ns : rs_span_best(written);
    return at_ns - r->rebuilt.offset[m->source].best_ns;
}

struct retro_instant
rs_rebuild_settle(struct rebuild *b, const int *mark, int n, const char *what, int episode)
{
    struct retro_instant at = {.how = RS_HOW_UNKNOWN,
                               .lo_ns = INT64_MIN,
                               .hi_ns = RS_NEVER,
                               .source = -1,
                               .mark = -1,
                               .own_lo_ns = INT64_MIN,
                               .own_hi_ns = RS_NEVER};
    if (n == 0)
        return at;
    const struct retro_evidence *e = b->r->evidence;
    int *of = rs_xcalloc((size_t)n, sizeof(*of));
    int n_of = first_of_each(b, mark, n, of, what, episode);
    int best = of[0];
    for (int i = 1; i < n_of; i++)
        best = is_better(b, of[i], best) ? of[i] : best;
    struct span s = b->mark[best];
    int n_agree = 1;
    for (int i = 0; i < n_of; i++) {
        struct span both = rs_span_meet(s, b->mark[of[i]]);
        if (of[i] == best)
            continue;
        if (!rs_span_empty(both)) {
            s = both;
            n_agree++;
            continue;
        }
        rs_rebuild_contradict(b, best, of[i], episode, "%s: %s (%s), but %s (%s)", what,
                              rs_retro_span(b->arena, b->mark[best]), place_of(b, best),
                              rs_retro_span(b->arena, b->mark[of[i]]), place_of(b, of[i]));
    }
    free(of);
    const struct retro_mark *m = &e->mark[best];
    int64_t accuracy_ns = e->source[m->source].accuracy_ns;
    int64_t off_ns = b->r->rebuilt.offset[m->source].best_ns;
    at.how = RS_HOW_RECORDED;
    at.lo_ns = s.lo_ns;
    at.hi_ns = s.hi_ns;
    at.best_ns = rs_mark_best(b->r, best);
    at.best_ns = at.best_ns < s.lo_ns ? s.lo_ns : at.best_ns > s.hi_ns ? s.hi_ns : at.best_ns;
    at.confidence = 1.0;
    at.source = m->source;
    at.mark = best;
    at.own_lo_ns = m->written_lo_ns - accuracy_ns - off_ns;
    at.own_hi_ns = m->written_hi_ns + accuracy_ns - off_ns;
    at.why = why_of(b, best, n_agree);
    return at;
}

/* ---- stages ---- */

/* Marks of an event that `is_it` picks, as indices; heap. */
static int *pick(const struct rebuild *b, int event, int stage, int *out_n)
{
    const struct retro_evidence *e = b->r->evidence;
    int *of = rs_xcalloc((size_t)e->n_mark + 1, sizeof(*of));
    *out_n = 0;
    for (int i = 0; i < e->n_mark; i++) {
        if (e->mark[i].event == event && (stage < 0 || e->mark[i].stage == stage))
            of[(*out_n)++] = i;
    }
    return of;
}

/* What lies between known stages was entered between them, if it was; behind the last one nothing is known. */
static void bound_stages(struct rebuild *b, int n)
{
    struct retro_rebuilt *t = &b->r->rebuilt;
    for (int i = 0; i < n; i++) {
        if (rs_instant_known(&t->stage[i]))
            continue;
        struct span s = RS_SPAN_ALL;
        for (int k = 0; k < n; k++) {
            if (t->stage[k].how != RS_HOW_RECORDED)
                continue;
            if (k < i && t->stage[k].lo_ns > s.lo_ns)
                s.lo_ns = t->stage[k].lo_ns;
            if (k > i && t->stage[k].hi_ns < s.hi_ns)
                s.hi_ns = t->stage[k].hi_ns;
        }
        int n_left;
        int *left = pick(b, RS_EVENT_STAGE_LEFT, i, &n_left);
        if (n_left > 0 && b->mark[left[0]].hi_ns < s.hi_ns)
            s.hi_ns = b->mark[left[0]].hi_ns;
        free(left);
        if (s.lo_ns == INT64_MIN || s.hi_ns == RS_NEVER || rs_span_empty(s))
            continue;
        t->stage[i].how = RS_HOW_BOUNDED;
        t->stage[i].lo_ns = s.lo_ns;
        t->stage[i].hi_ns = s.hi_ns;
        t->stage[i].best_ns = rs_span_best(s);
        t->stage[i].confidence = 1.0;
        t->stage[i].why = "not noted; between the stages before and after";
    }
}

void rs_rebuild_stages(struct rebuild *b)
{
    struct retro_rebuilt *t = &b->r->rebuilt;
    const struct scenario *sc = b->r->evidence->scenario;
    int n_stage = sc ? sc->response.n_stage : 0, n;
    t->stage = RS_ARENA_ARRAY(b->arena, struct retro_instant, n_stage);
    for (int i = 0; i < n_stage; i++) {
        int *of = pick(b, RS_EVENT_STAGE_ENTERED, i, &n);
        t->stage[i] = rs_rebuild_settle(
            b, of, n, rs_arena_printf(b->arena, "stage %s entered", sc->response.stage[i].name),
            -1);
        free(of);
    }
    bound_stages(b, n_stage);
    int *of = pick(b, RS_EVENT_FINISHED, -1, &n);
    t->finished = rs_rebuild_settle(b, of, n, "the rollout finished", -1);
    free(of);
}

/* ---- flags ---- */

static bool same_step(const struct retro_mark *a, const struct retro_mark *b)
{
    return a->flag == b->flag && a->on == b->on &&
           (isnan(a->percent) || isnan(b->percent) || a->percent == b->percent);
}

static int by_best(const void *a, const void *b)
{
    const struct retro_flag_step *x = a, *y = b;
    if (x->at.best_ns != y->at.best_ns)
        return x->at.best_ns < y->at.best_ns ? -1 : 1;
    return x->at.mark - y->at.mark;
}

/* One flag step as one mark told it; `of` is the place of the mark among all those of flags. */
struct told_step {
    int flag, source, of;
    bool on;
    int64_t lo_ns, hi_ns;
};

static int by_flag(const void *a, const void *b)
{
    const struct told_step *x = a, *y = b;
    if (x->flag != y->flag)
        return x->flag - y->flag;
    if (x->on != y->on)
        return x->on - y->on;
    if (x->source != y->source)
        return x->source - y->source;
    if (x->lo_ns != y->lo_ns)
        return x->lo_ns < y->lo_ns ? -1 : 1;
    return x->of - y->of;
}

/* The flag steps, so that those which may be the same lie together. */
struct told_steps {
    int n;
    struct told_step *step; /* by flag, state, source, time */
    int64_t widest_ns;      /* the longest of them */
    bool *taken;            /* [n] by `of` */
};

/* The first step of the same flag, state and source that begins at or after t. */
static int first_from(const struct told_steps *all, struct told_step key)
{
    int lo = 0, hi = all->n;
    key.of = -1;
    while (lo < hi) {
        int mid = lo + (hi - lo) / 2;
        if (by_flag(&all->step[mid], &key) < 0) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}

/* Of another source the first mark that tells the same step as mark i, as far as their times allow it; -1: none does. */
static int
same_of(const struct rebuild *b, const struct told_steps *all, const int *of, int i, int source)
{
    const struct retro_mark *mark = b->r->evidence->mark;
    struct told_step key = {.flag = mark[of[i]].flag, .source = source, .on = mark[of[i]].on};
    struct span s = b->mark[of[i]];
    int best = -1;
    key.lo_ns = rs_span_shift(s.lo_ns, -all->widest_ns);
    for (int k = first_from(all, key); k < all->n && all->step[k].lo_ns <= s.hi_ns; k++) {
        const struct told_step *t = &all->step[k];
        if (t->flag != key.flag || t->on != key.on || t->source != source)
            break;
        if (!all->taken[t->of] && (best < 0 || t->of < best) && t->hi_ns >= s.lo_ns &&
            same_step(&mark[of[i]], &mark[of[t->of]])) {
            best = t->of;
        }
    }
    return best;
}

static void begin_steps(const struct rebuild *b, struct told_steps *all, const int *of, int n)
{
    all->n = n;
    all->step = rs_xcalloc((size_t)n + 1, sizeof(*all->step));
    all->taken = rs_xcalloc((size_t)n + 1, sizeof(*all->taken));
    for (int i = 0; i < n; i++) {
        const struct retro_mark *m = &b->r->evidence->mark[of[i]];
        struct span s = b->mark[of[i]];
        all->step[i] = (struct told_step){m->flag, m->source, i, m->on, s.lo_ns, s.hi_ns};
        all->widest_ns = s.hi_ns - s.lo_ns > all->widest_ns ? s.hi_ns - s.lo_ns : all->widest_ns;
    }
    qsort(all->step, (size_t)n, sizeof(*all->step), by_flag);
}

void rs_rebuild_flags(struct rebuild *b)
{
    struct retro_rebuilt *t = &b->r->rebuilt;
    const struct retro_evidence *e = b->r->evidence;
    int n;
    int *of = pick(b, RS_EVENT_FLAG_SET, -1, &n);
    int *same = rs_xcalloc((size_t)e->n_source + 1, sizeof(*same));
    struct told_steps all = {0};
    begin_steps(b, &all, of, n);
    t->n_flag_step = 0;
    t->flag_step = RS_ARENA_ARRAY(b->arena, struct retro_flag_step, n);
    for (int i = 0; i < n; i++) {
        const struct retro_mark *m = &e->mark[of[i]];
        if (all.taken[i] || m->flag < 0)
            continue;
        int n_same = 0;
        same[n_same++] = of[i];
        for (int s = m->source + 1; s < e->n_source; s++) { /* marks come by source */
            int k = same_of(b, &all, of, i, s);
            if (k < 0)
                continue;
            all.taken[k] = true;
            same[n_same++] = of[k];
        }
        t->flag_step[t->n_flag_step++] =
            (struct retro_flag_step){.flag = m->flag,
                                     .on = m->on,
                                     .percent = m->percent,
                                     .at = rs_rebuild_settle(b, same, n_same, "a flag set", -1)};
    }
    free(of);
    free(same);
    free(all.step);
    free(all.taken);
    if (t->n_flag_step > 1)
        qsort(t->flag_step, (size_t)t->n_flag_step, sizeof(*t->flag_step), by_best);
}
