/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which stages were reached and how each was left, and what of the runbook was due therefore. */
#include <math.h>
#include <string.h>

#include "conform.h"

static const int64_t hour_ns = 3600 * RS_NS_PER_S;
static const int64_t day_ns = 86400 * RS_NS_PER_S;

/* ---- stages ---- */

const struct retro_instant *rs_conform_in_hand(const struct retro_episode *e)
{
    static const int mark[] = {RS_CLOCK_ACKNOWLEDGED,  RS_CLOCK_DECIDED,   RS_CLOCK_COMMANDED,
                               RS_CLOCK_EFFECTIVE_P50, RS_CLOCK_EFFECTIVE, RS_CLOCK_COMPLETED};
    for (size_t i = 0; i < sizeof mark / sizeof *mark; i++) {
        if (rs_conform_known(&e->at[mark[i]]))
            return &e->at[mark[i]];
    }
    return NULL;
}

int rs_conform_rollback_after(const struct conform *c, int64_t at_ns, int64_t until_ns)
{
    int first = -1;
    int64_t first_ns = RS_NEVER;
    for (int i = 0; i < c->r->rebuilt.n_episode; i++) {
        const struct retro_episode *e = &c->r->rebuilt.episode[i];
        const struct retro_instant *in_hand = rs_conform_in_hand(e);
        if (!e->had_rollback || !in_hand || in_hand->hi_ns < at_ns || in_hand->best_ns > until_ns ||
            in_hand->best_ns >= first_ns)
            continue;
        first = i;
        first_ns = in_hand->best_ns;
    }
    return first;
}

const struct retro_instant *rs_conform_finished(const struct conform *c)
{
    const struct retro_instant *finished = &c->r->rebuilt.finished;
    if (!rs_conform_known(finished))
        return NULL;
    int last = -1; /* a rollback that nothing was entered after is the end too */
    for (int i = 0; i < c->plan->n_stage; i++) {
        if (c->stage[i].reached && (last < 0 || c->stage[i].in.lo_ns > c->stage[last].in.lo_ns))
            last = i;
    }
    int64_t from_ns = last < 0 ? INT64_MIN : c->stage[last].in.lo_ns;
    return rs_conform_rollback_after(c, from_ns, finished->best_ns) >= 0 ? NULL : finished;
}

/* The first mark that belongs to the stage, whatever it says; -1 = none. */
static int trace_of(const struct conform *c, int stage)
{
    int first = -1;
    for (int i = 0; i < c->e->n_mark; i++) {
        const struct retro_mark *m = &c->e->mark[i];
        if (m->stage != stage || m->event < RS_EVENT_STAGE_ENTERED || m->event == RS_EVENT_NOTE)
            continue;
        if (first < 0 || rs_conform_mark(c, i).hi_ns < rs_conform_mark(c, first).hi_ns)
            first = i;
    }
    return first;
}

static void find_entered(struct conform *c)
{
    int64_t after_ns = c->begin_ns;
    for (int i = 0; i < c->plan->n_stage; i++) {
        struct conform_stage *s = &c->stage[i];
        const struct retro_instant *in = &c->r->rebuilt.stage[i];
        *s = (struct conform_stage){.next = -1, .episode = -1};
        int trace = trace_of(c, i);
        if (rs_conform_known(in)) {
            s->noted = s->reached = true;
            s->in = *in;
        } else if (trace >= 0) {
            s->reached = true;
            s->in = rs_conform_mark(c, trace);
            s->in.how = RS_HOW_BOUNDED;
            s->in.mark = s->in.source = -1;
            s->in.lo_ns = after_ns < s->in.hi_ns ? after_ns : s->in.lo_ns;
        }
        if (s->reached)
            after_ns = s->in.lo_ns;
    }
}

/* The first mark of that kind in from..until that belongs to the stage, or to none; -1 = none. */
static int first_mark(
    const struct conform *c, int event_a, int event_b, int stage, int64_t from_ns, int64_t until_ns)
{
    int first = -1;
    int64_t first_ns = RS_NEVER;
    for (int i = 0; i < c->e->n_mark; i++) {
        const struct retro_mark *m = &c->e->mark[i];
        if ((m->event != event_a && m->event != event_b) || (m->stage >= 0 && m->stage != stage))
            continue;
        int64_t at_ns = rs_conform_mark(c, i).best_ns;
        if (at_ns < from_ns || at_ns > until_ns || at_ns >= first_ns)
            continue;
        first = i;
        first_ns = at_ns;
    }
    return first;
}

/* What ended the stage, by what is known: the next one, the end, a rollback, a hold that nothing followed. */
static void find_left(struct conform *c, int stage)
{
    struct conform_stage *s = &c->stage[stage];
    const struct retro_instant *finished = rs_conform_finished(c);
    s->out = rs_conform_at(c->end_ns, 0);
    s->left = RS_LEFT_NOT;
    for (int k = stage + 1; k < c->plan->n_stage; k++) {
        if (!c->stage[k].reached || c->stage[k].in.best_ns < s->in.best_ns)
            continue;
        s->left = RS_LEFT_FORWARD;
        s->next = k;
        s->out = c->stage[k].in;
        break;
    }
    if (s->left == RS_LEFT_NOT && finished && finished->best_ns >= s->in.best_ns) {
        s->left = RS_LEFT_FORWARD;
        s->out = *finished;
    }
    int back = rs_conform_rollback_after(c, s->in.lo_ns, s->out.best_ns);
    if (back >= 0) {
        s->left = RS_LEFT_BACK;
        s->episode = back;
        s->next = -1;
        s->out = *rs_conform_in_hand(&c->r->rebuilt.episode[back]);
        return;
    }
    int64_t from_ns = s->in.best_ns, until_ns = s->out.best_ns;
    int left = first_mark(c, RS_EVENT_STAGE_LEFT, -1, stage, from_ns, until_ns);
    if (left >= 0 && s->left == RS_LEFT_FORWARD && c->e->mark[left].stage == stage)
        s->out = rs_conform_mark(c, left);
    int held = first_mark(c, RS_EVENT_HELD, RS_EVENT_HALTED, stage, from_ns, until_ns);
    if (held >= 0 && s->left == RS_LEFT_NOT &&
        first_mark(c, RS_EVENT_RESUMED, -1, stage, rs_conform_mark(c, held).best_ns, until_ns) <
            0) {
        s->left = RS_LEFT_STOPPED;
        s->out = rs_conform_mark(c, held);
    }
}

void rs_conform_stages(struct conform *c)
{
    find_entered(c);
    for (int i = 0; i < c->plan->n_stage; i++) {
        if (c->stage[i].reached)
            find_left(c, i);
    }
}

/* ---- what was due ---- */

/* What people may call it by. */
static void name_things(const struct conform *c, const struct action *a, const char *things[2])
{
    const struct scenario *sc = c->sc;
    if (a->kind == RS_ACT_PURGE || a->kind == RS_ACT_ROTATE)
        things[0] = sc->component[a->component].name;
    if (a->kind == RS_ACT_CHECK && a->service >= 0)
        things[1] = sc->service[a->service].name;
    if (a->kind == RS_ACT_NOTIFY && a->channel >= 0)
        things[1] = sc->monitoring.channel[a->channel].name;
    if (a->kind == RS_ACT_REMOVE) {
        const struct service *s = &sc->service[a->service];
        const char *path = s->path[a->path].name;
        things[0] = rs_arena_printf(c->r->arena, "%s %s %s", path, s->name, path);
    }
}

static struct conform_step *add_step(struct conform *c, const struct action *a)
{
    if (c->n_step == c->cap_step) {
        c->cap_step = c->cap_step ? 2 * c->cap_step : 64;
        struct conform_step *more = RS_ARENA_ARRAY(c->r->arena, struct conform_step, c->cap_step);
        if (c->n_step)
            memcpy(more, c->step, sizeof(*more) * (size_t)c->n_step);
        c->step = more;
    }
    struct conform_step *s = &c->step[c->n_step++];
    *s = (struct conform_step){.action = a,
                               .words = rs_conform_action(c, a),
                               .stage = -1,
                               .episode = -1,
                               .side = -1,
                               .hi_ns = RS_NEVER,
                               .mark = -1,
                               .flag_step = -1,
                               .failed = -1,
                               .at = {.how = RS_HOW_UNKNOWN, .source = -1, .mark = -1}};
    name_things(c, a, s->things);
    return s;
}

/* Setting the next percentage of a ramp, as an action. */
static const struct action *ramp_action(const struct conform *c, const struct stage *st, int i)
{
    struct action *a = RS_ARENA_ARRAY(c->r->arena, struct action, 1);
    *a = (struct action){.ref = st->ref,
                         .at = st->ramp[i].at,
                         .kind = RS_ACT_SET_FLAG,
                         .flag = st->ramp_flag,
                         .cohort = st->ramp_cohort,
                         .component = -1,
                         .service = -1,
                         .path = -1,
                         .channel = -1,
                         .on = st->ramp[i].percent > 0.0,
                         .percent = st->ramp[i].percent,
                         .blocking = true};
    return a;
}

static void due_in_list(struct conform *c, int stage, enum conform_list list, int n)
{
    const struct stage *st = &c->plan->stage[stage];
    struct conform_stage *s = &c->stage[stage];
    s->from[list] = c->n_step;
    s->n_step[list] = n;
    for (int i = 0; i < n; i++) {
        const struct action *a = list == RS_LIST_ENTRY  ? &st->action[i]
                                 : list == RS_LIST_RAMP ? ramp_action(c, st, i)
                                                        : &st->closing[i];
        struct conform_step *step = add_step(c, a);
        step->list = list;
        step->index = i;
        step->stage = stage;
        step->lo_ns = s->in.lo_ns;
        step->hi_ns = s->out.hi_ns;
        step->due = s->left == RS_LEFT_FORWARD;
    }
}

static double usual_s(const struct action *a)
{
    double s =
        a->takes.kind == RS_DIST_CONSTANT && isnan(a->takes.a) ? 60.0 : rs_dist_mean(&a->takes);
    return isfinite(s) ? s : 3600.0;
}

/* Was there time for it before the evidence ends? Three times what the list takes up to it, and a quarter of an hour. */
static bool had_time(const struct conform *c, int64_t from_ns, double takes_s)
{
    return rs_conform_add_ns(from_ns, rs_ns_from_s(3.0 * takes_s + 900.0)) <= c->end_ns;
}

static void due_in_rollback(struct conform *c, int episode)
{
    const struct retro_episode *e = &c->r->rebuilt.episode[episode];
    if (!e->had_rollback || e->procedure < 0)
        return;
    const struct procedure *p = &c->plan->procedure[e->procedure];
    const struct retro_instant *in_hand = rs_conform_in_hand(e);
    int64_t lo_ns = in_hand ? in_hand->lo_ns : c->begin_ns;
    for (int m = RS_CLOCK_ACKNOWLEDGED; m <= RS_CLOCK_COMMANDED; m++) { /* noted in any order */
        if (rs_conform_known(&e->at[m]) && e->at[m].lo_ns < lo_ns)
            lo_ns = e->at[m].lo_ns;
    }
    int64_t from_ns = in_hand ? in_hand->hi_ns : c->begin_ns;
    double takes_s = 0.0;
    for (int part = 0; part < 2; part++) { /* blocking actions come first, the others after them */
        for (int i = 0; i < p->n_action; i++) {
            if (p->action[i].blocking != (part == 0))
                continue;
            takes_s += usual_s(&p->action[i]);
            struct conform_step *step = add_step(c, &p->action[i]);
            step->list = RS_LIST_PROCEDURE;
            step->index = i;
            step->episode = episode;
            step->lo_ns = lo_ns;
            step->due = (part == 0 && rs_conform_known(&e->at[RS_CLOCK_COMPLETED])) ||
                        had_time(c, from_ns, takes_s);
        }
    }
}

/* ---- communication, and what comes after ---- */

static struct conform_step *
due_side(struct conform *c, int side, int64_t lo_ns, int64_t hi_ns, int64_t from_ns)
{
    const struct side_step *s = &c->plan->side_step[side];
    struct conform_step *step = add_step(c, &s->action);
    step->list = RS_LIST_SIDE;
    step->side = side;
    step->lo_ns = lo_ns;
    step->hi_ns = hi_ns;
    step->due = had_time(c, from_ns, usual_s(&s->action));
    return step;
}

static void due_of_stages(struct conform *c, int side)
{
    for (int i = 0; i < c->plan->n_stage; i++) {
        const struct conform_stage *s = &c->stage[i];
        if (s->reached) {
            int64_t hi_ns = s->left == RS_LEFT_FORWARD ? s->out.hi_ns : RS_NEVER;
            struct conform_step *step =
                due_side(c, side, rs_conform_add_ns(s->in.lo_ns, -hour_ns / 4), hi_ns, s->in.hi_ns);
            step->stage = i;
        }
    }
}

/* When the rollout was over: finished, rolled back, stopped for good, or the end of the evidence. */
static int64_t over_ns(const struct conform *c)
{
    int64_t at_ns = INT64_MIN;
    for (int i = 0; i < c->plan->n_stage; i++) {
        if (c->stage[i].reached && c->stage[i].out.lo_ns > at_ns)
            at_ns = c->stage[i].out.lo_ns;
    }
    return at_ns == INT64_MIN ? c->end_ns : at_ns;
}

static void due_daily(struct conform *c, int side)
{
    const struct side_step *s = &c->plan->side_step[side];
    int64_t first_ns = RS_NEVER, last_ns = over_ns(c);
    for (int i = 0; i < c->plan->n_stage && first_ns == RS_NEVER; i++) {
        if (c->stage[i].reached)
            first_ns = c->stage[i].in.hi_ns;
    }
    if (!c->dated || first_ns == RS_NEVER)
        return;
    int64_t at_ns = first_ns - first_ns % day_ns + s->at_day_ns;
    if (last_ns >
        first_ns +
            1000 * day_ns) /* a year that was mistyped is no reason to ask for each of its days */
        last_ns = first_ns + 1000 * day_ns;
    for (; at_ns <= last_ns; at_ns += day_ns) {
        if (at_ns < first_ns)
            continue;
        due_side(c, side, at_ns - hour_ns, at_ns + day_ns - 2 * hour_ns, at_ns);
    }
}

static void due_of_rollbacks(struct conform *c, int side)
{
    for (int i = 0; i < c->r->rebuilt.n_episode; i++) {
        const struct retro_episode *e = &c->r->rebuilt.episode[i];
        const struct retro_instant *in_hand = rs_conform_in_hand(e);
        if (!e->had_rollback || !in_hand)
            continue;
        const struct retro_instant *done =
            rs_conform_known(&e->at[RS_CLOCK_COMPLETED]) ? &e->at[RS_CLOCK_COMPLETED] : in_hand;
        struct conform_step *step = due_side(c, side, in_hand->lo_ns, RS_NEVER, done->hi_ns);
        step->episode = i;
    }
}

void rs_conform_due(struct conform *c)
{
    for (int i = 0; i < c->plan->n_stage; i++) {
        const struct stage *st = &c->plan->stage[i];
        if (!c->stage[i].reached)
            continue;
        due_in_list(c, i, RS_LIST_ENTRY, st->n_action);
        due_in_list(c, i, RS_LIST_RAMP, st->n_ramp);
        due_in_list(c, i, RS_LIST_CLOSING, st->n_closing);
    }
    for (int i = 0; i < c->r->rebuilt.n_episode; i++)
        due_in_rollback(c, i);
    const struct retro_instant *finished = rs_conform_finished(c);
    for (int i = 0; i < c->plan->n_side_step; i++) {
        switch (c->plan->side_step[i].when) {
        case RS_STEP_STAGE_ENTERED: due_of_stages(c, i); break;
        case RS_STEP_DAILY: due_daily(c, i); break;
        case RS_STEP_ROLLBACK: due_of_rollbacks(c, i); break;
        case RS_STEP_FINISHED:
            if (finished)
                due_side(c, i, finished->lo_ns, RS_NEVER, finished->hi_ns);
            break;
        }
    }
}

/*
 * Of a list that is done in order, what stands before a thing that was done was due. A rollback's blocking actions and its
 * others are two such lists.
 */
void rs_conform_due_by_later(struct conform *c)
{
    for (int i = 0; i < c->n_step; i++) {
        struct conform_step *s = &c->step[i];
        for (int k = i + 1; k < c->n_step && !s->due && s->list != RS_LIST_SIDE; k++) {
            const struct conform_step *later = &c->step[k];
            bool same = later->list != RS_LIST_SIDE && later->stage == s->stage &&
                        later->episode == s->episode;
            s->due = same && later->at.how != RS_HOW_UNKNOWN && !later->elsewhere;
        }
    }
}
