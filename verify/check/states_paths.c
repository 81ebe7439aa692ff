/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * removed-path-taken: an action after which some users find no path, or the flags mean one that was removed. dependent-left-on:
 * an action after which a flag is on for users for whom one that it requires is off. Both look at every transition that sets a
 * flag or removes a path, in every state in which it may happen, also between the steps of a rollback.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"
#include "states.h"

/* What was told: an action's place, and what it broke. */
struct told {
    struct mark at;
    int kind, index;
};

struct place {
    uint32_t from;
    uint64_t edge;
};

struct look {
    struct states *st;
    uint64_t n_change;
    struct place *change; /* [n_change] those that have an effect */
    bool *taken;          /* [most paths of a service] */
    int n_told, cap_told;
    struct told *told;
};

static bool tell_once(struct look *l, struct mark at, int kind, int index)
{
    for (int i = 0; i < l->n_told; i++) {
        const struct told *t = &l->told[i];
        if (t->kind == kind && t->index == index && t->at.line == at.line && t->at.col == at.col)
            return false;
    }
    if (l->n_told == l->cap_told) {
        l->cap_told = l->cap_told ? 2 * l->cap_told : 16;
        l->told = rs_xrealloc(l->told, sizeof *l->told * (size_t)l->cap_told);
    }
    l->told[l->n_told++] = (struct told){at, kind, index};
    return true;
}

struct change {
    uint32_t from, to; /* states */
    uint32_t label;
    const struct step *step;
    const uint16_t *before, *after;
};

static struct change change_of(const struct look *l, uint64_t k)
{
    const struct search *s = &l->st->s;
    const struct place *p = &l->change[k];
    struct change ch = {.from = p->from,
                        .to = s->edge[p->edge],
                        .label = s->edge_label[p->edge],
                        .before = rs_search_state(s, p->from),
                        .after = rs_search_state(s, s->edge[p->edge])};
    ch.step = rs_move_step(l->st->m, ch.before, ch.label);
    return ch;
}

/* The action's place; a ramp's step has its own. */
static struct mark place_of(const struct look *l, const struct change *ch)
{
    if (ch->step->action)
        return ch->step->action->at;
    const struct stage *st = &l->st->sc->response.stage[rs_state_stage(ch->before)];
    return st->ramp[ch->before[RS_WORD_RAMP] - 1].at;
}

static const char *about(const struct look *l, const struct change *ch)
{
    const struct response *plan = &l->st->sc->response;
    if (rs_move_kind(ch->label) == RS_MOVE_PROCEDURE_DO)
        return rs_arena_printf(l->st->c->arena, "procedure %s",
                               plan->procedure[rs_move_index(ch->label) >> 12].name);
    return rs_arena_printf(l->st->c->arena, "stage %s",
                           plan->stage[rs_state_stage(ch->before)].name);
}

/* "A on, B off", of the flags that the service's choice looks at. */
static const char *flags_in_words(const struct look *l, const uint16_t *s, int service)
{
    const char *words = "";
    for (const int *f = l->st->m->flags_of[service]; *f >= 0; f++) {
        const struct flag_value *v = rs_state_flag(l->st->m, s, *f);
        const char *how = !v->on                                 ? "off"
                          : v->percent < 100.0 || v->cohort >= 0 ? "partly on"
                                                                 : "on";
        words = rs_arena_printf(l->st->c->arena, "%s%s%s %s", words, *words ? ", " : "",
                                l->st->sc->flag[*f].name, how);
    }
    return words;
}

static bool is_left_alone(const struct look *l, const uint16_t *s, int service);

/* ---- paths ----------------------------------------------------------------------------------------------------------- */

struct hurt {
    int none, removed; /* cohorts that find no path; whose path was removed; -1 = none */
    int path;          /* that was removed */
};

static struct hurt hurt_of(const struct look *l, const uint16_t *s, int service)
{
    struct hurt h = {-1, -1, -1};
    struct choice choice = {.taken = l->taken};
    for (int c = 0; c < l->st->sc->n_cohort; c++) {
        if (!rs_machine_has_traffic(l->st->m, service, c))
            continue;
        rs_machine_choose(l->st->m, s, service, c, &choice);
        if (choice.none && h.none < 0)
            h.none = c;
        if (choice.removed >= 0 && h.removed < 0) {
            h.removed = c;
            h.path = choice.removed;
        }
    }
    return h;
}

/* Does the procedure, later in the same list, help those who find no path? */
static bool is_passing(const struct look *l, const struct change *ch, int service)
{
    if (rs_move_kind(ch->label) != RS_MOVE_PROCEDURE_DO)
        return false;
    const struct machine *m = l->st->m;
    int p = rs_move_index(ch->label) >> 12;
    uint16_t *s = rs_xcalloc((size_t)m->n_word, sizeof *s);
    memcpy(s, ch->after, sizeof *s * (size_t)m->n_word);
    for (int i = (rs_move_index(ch->label) & 0xfff) + 1; i < m->procedure[p].steps.n; i++) {
        const struct step *step = &m->procedure[p].steps.step[i];
        if (step->kind == RS_STEP_SET)
            s[RS_HEAD + step->flag] = step->value;
    }
    bool passing = hurt_of(l, s, service).none < 0;
    free(s);
    return passing;
}

/*
 * The rollback leaves off a flag that would help, and no other procedure sets it: told as no-way-back of that flag, where the
 * procedure has to be mended.
 */
static bool is_told_as_no_way_back(const struct look *l, const struct change *ch, int service)
{
    const struct scenario *sc = l->st->sc;
    if (rs_move_kind(ch->label) != RS_MOVE_PROCEDURE_DO)
        return false;
    for (const int *f = l->st->m->flags_of[service]; *f >= 0; f++) {
        if (*f != ch->step->flag && sc->flag[*f].safe_on && sc->flag[*f].initially_on &&
            !rs_state_flag(l->st->m, ch->after, *f)->on && rs_states_way_back(sc, *f) < 0)
            return true;
    }
    return false;
}

static void tell_none(struct look *l, const struct change *ch, int service, const struct hurt *h)
{
    struct check *c = l->st->c;
    const struct scenario *sc = l->st->sc;
    const struct action *a = ch->step->action;
    bool passing = is_passing(l, ch, service);
    const char *until = passing ? ", until a later step of the same procedure" : "";
    struct verdict_step words = rs_move_words(c->arena, l->st->m, ch->before, ch->label);
    struct finding *f =
        rs_check_add(c, "removed-path-taken", words.at, words.ref, about(l, ch),
                     "after \"%s\" there is no path that requests of %s to %s could take%s: %s",
                     a ? a->title : "the next step of the ramp", sc->cohort[h->none].name,
                     sc->service[service].name, until, flags_in_words(l, ch->after, service));
    rs_check_words(c, f, "service", "%s", sc->service[service].name);
    rs_check_words(c, f, "cohort", "%s", sc->cohort[h->none].name);
    rs_states_trace(l->st, f, l->st->m, &l->st->s, ch->from);
    if (passing)
        rs_check_mend(c, f,
                      "do the later step first: the path that is fallen back on must be "
                      "there before the other is left");
    else
        rs_check_mend(c, f, "bring the path back that is fallen back on, before this step");
}

static void tell_removal(struct look *l, const struct change *ch, int service, const struct hurt *h)
{
    struct check *c = l->st->c;
    const struct scenario *sc = l->st->sc;
    const struct action *a = ch->step->action;
    struct verdict_step words = rs_move_words(c->arena, l->st->m, ch->before, ch->label);
    struct finding *f = rs_check_add(
        c, "removed-path-taken", a->at, words.ref, about(l, ch),
        "path %s of %s is removed while requests of %s still take it: they are moved at once, "
        "unwatched (%s)",
        sc->service[service].path[h->path].name, sc->service[service].name,
        sc->cohort[h->removed].name, flags_in_words(l, ch->after, service));
    rs_check_words(c, f, "service", "%s", sc->service[service].name);
    rs_check_words(c, f, "cohort", "%s", sc->cohort[h->removed].name);
    rs_states_trace(l->st, f, l->st->m, &l->st->s, ch->from);
    rs_check_mend(c, f, "move these users first, in a stage that is watched");
}

static void look_at_hasty_step(struct look *l,
                               const struct change *ch,
                               const struct step *later,
                               int service,
                               const uint16_t *s,
                               double after_s)
{
    struct check *c = l->st->c;
    const struct scenario *sc = l->st->sc;
    const struct flag *flag = &sc->flag[ch->step->flag];
    struct hurt h = hurt_of(l, s, service);
    if (h.none < 0 || hurt_of(l, ch->before, service).none >= 0 || is_left_alone(l, s, service) ||
        !tell_once(l, later->action->at, 0, service))
        return;
    struct finding *f = rs_check_add(
        c, "removed-path-taken", later->action->at, later->action->ref, about(l, ch),
        "\"%s\" may reach an instance before \"%s\" does, which takes up to %g s: there requests "
        "of "
        "%s to %s find no path (%s)",
        later->action->title, ch->step->action->title, rs_flag_settles_s(flag),
        sc->cohort[h.none].name, sc->service[service].name, flags_in_words(l, s, service));
    rs_check_words(c, f, "service", "%s", sc->service[service].name);
    rs_check_words(c, f, "cohort", "%s", sc->cohort[h.none].name);
    rs_check_number(f, "settles_s", rs_flag_settles_s(flag));
    rs_check_number(f, "after_s", after_s);
    rs_check_mend(c, f, "wait between them until the last instance has heard of %s", flag->name);
}

/*
 * A step sets a flag that a later one of the same procedure relies on. Instances hear of a flag one after the other, so for a
 * time there are some that know of the later step and not yet of this one.
 */
static void look_at_haste(struct look *l, const struct change *ch)
{
    const struct machine *m = l->st->m;
    int index = rs_move_index(ch->label), p = index >> 12, first = index & 0xfff;
    const struct procedure *proc = &l->st->sc->response.procedure[p];
    double settles_s = rs_flag_settles_s(&l->st->sc->flag[ch->step->flag]);
    uint16_t *s = rs_xcalloc((size_t)m->n_word, sizeof *s);
    memcpy(s, ch->before, sizeof *s * (size_t)m->n_word);
    for (int i = first + 1; i < m->procedure[p].steps.n; i++) {
        const struct step *step = &m->procedure[p].steps.step[i];
        if (step->kind != RS_STEP_SET || !step->action || step->flag == ch->step->flag)
            continue;
        double after_s = rs_procedure_between_s(proc, (int)(ch->step->action - proc->action),
                                                (int)(step->action - proc->action));
        if (after_s >= settles_s || isinf(settles_s)) /* no end: told as such */
            break;
        s[RS_HEAD + step->flag] = step->value;
        for (int service = 0; service < l->st->sc->n_service; service++)
            look_at_hasty_step(l, ch, step, service, s, after_s);
    }
    free(s);
}

/* The action of the runbook that removes a path: the first one in the order of the stages. */
static const struct action *removal_of(const struct scenario *sc, int service, int path, int *stage)
{
    for (int k = 0; k < sc->response.n_stage; k++) {
        const struct stage *st = &sc->response.stage[k];
        for (int i = 0; i < st->n_action + st->n_closing; i++) {
            const struct action *a =
                i < st->n_action ? &st->action[i] : &st->closing[i - st->n_action];
            if (a->kind == RS_ACT_REMOVE && a->service == service && a->path == path) {
                *stage = k;
                return a;
            }
        }
    }
    return NULL;
}

/* A stage that turns a flag to a path that it, or an earlier one, has removed. */
static void tell_turned(struct look *l, const struct change *ch, int service, const struct hurt *h)
{
    struct check *c = l->st->c;
    const struct scenario *sc = l->st->sc;
    const struct action *a = ch->step->action;
    struct verdict_step words = rs_move_words(c->arena, l->st->m, ch->before, ch->label);
    if (!tell_once(l, words.at, 2, service))
        return;
    struct finding *f =
        rs_check_add(c, "removed-path-taken", words.at, words.ref, about(l, ch),
                     "\"%s\" turns requests of %s to path %s of %s, which was removed before",
                     a ? a->title : "a step of the ramp", sc->cohort[h->removed].name,
                     sc->service[service].path[h->path].name, sc->service[service].name);
    rs_check_words(c, f, "service", "%s", sc->service[service].name);
    rs_check_words(c, f, "cohort", "%s", sc->cohort[h->removed].name);
    rs_states_trace(l->st, f, l->st->m, &l->st->s, ch->from);
    rs_check_mend(c, f, "leave the flag as it is, or set it before the path is removed");
}

/*
 * A rollback that turns a flag to a path that is gone. When the removal ends the rollout that is what a clean-up is; where a
 * watch comes after it, trouble can still call for that rollback.
 */
static void tell_void(struct look *l, const struct change *ch, int service, const struct hurt *h)
{
    struct check *c = l->st->c;
    const struct scenario *sc = l->st->sc;
    int stage = -1;
    const struct action *gone = removal_of(sc, service, h->path, &stage);
    const struct action *a = ch->step->action;
    bool watched_after = false;
    for (int k = stage; gone && k < sc->response.n_stage; k++) {
        const struct stage *st = &sc->response.stage[k];
        bool own = k > stage || (gone >= st->action && gone < st->action + st->n_action);
        watched_after |= own && (st->watch_ns > 0 || st->n_ramp > 0);
    }
    if (!gone || !watched_after || rs_stage_removes_early(sc, stage, service) ||
        !tell_once(l, gone->at, 2, service))
        return;
    struct finding *f = rs_check_add(
        c, "removed-path-taken", gone->at, gone->ref,
        rs_arena_printf(c->arena, "stage %s", sc->response.stage[stage].name),
        "path %s of %s is removed while the rollout goes on: \"%s\" of %s then turns to a path "
        "that does not exist any more",
        sc->service[service].path[h->path].name, sc->service[service].name,
        a ? a->title : "a step of the ramp", about(l, ch));
    rs_check_words(c, f, "service", "%s", sc->service[service].name);
    rs_states_trace(l->st, f, l->st->m, &l->st->s, ch->to);
    rs_check_mend(c, f,
                  "remove it when the last watch is over, or have nothing left that rolls "
                  "back to it");
}

/*
 * A cohort in which the flag is on for somebody for whom the required one is off; -1 = none. Who is in which share is drawn
 * for each flag by itself, so only a flag that is on for all of the cohort is on for all who have the other.
 */
static int left_alone(const struct look *l, const uint16_t *s, int flag, int required)
{
    const struct machine *m = l->st->m;
    for (int c = 0; c < l->st->sc->n_cohort; c++) {
        if (rs_flag_value_share(rs_state_flag(m, s, flag), c) > 0.0 &&
            rs_flag_value_share(rs_state_flag(m, s, required), c) < 1.0)
            return c;
    }
    return -1;
}

/* A flag that the choice looks at is on and counts as off: dependent-left-on tells of it, and what comes of it is no other hole. */
static bool is_left_alone(const struct look *l, const uint16_t *s, int service)
{
    for (const int *f = l->st->m->flags_of[service]; *f >= 0; f++) {
        const struct flag *flag = &l->st->sc->flag[*f];
        for (int i = 0; i < flag->n_requires; i++) {
            if (left_alone(l, s, *f, flag->requires[i]) >= 0)
                return true;
        }
    }
    return false;
}

static void look_at_service(struct look *l, const struct change *ch, int service)
{
    struct hurt now = hurt_of(l, ch->after, service);
    if ((now.none < 0 && now.removed < 0) || is_left_alone(l, ch->after, service))
        return;
    struct hurt was = hurt_of(l, ch->before, service);
    struct mark at = place_of(l, ch);
    bool removes = ch->step->kind == RS_STEP_REMOVE;
    if (now.removed >= 0 && was.removed < 0) {
        if (!removes && rs_move_kind(ch->label) == RS_MOVE_DO)
            tell_turned(l, ch, service, &now);
        else if (!removes)
            tell_void(l, ch, service, &now);
        else if (tell_once(l, at, 1, service))
            tell_removal(l, ch, service, &now);
    } else if (now.none >= 0 && was.none < 0 && now.removed < 0 &&
               !is_told_as_no_way_back(l, ch, service) && tell_once(l, at, 0, service)) {
        tell_none(l, ch, service, &now);
    }
}

/* ---- dependencies ---------------------------------------------------------------------------------------------------- */

static bool is_bare(const struct look *l, const uint16_t *s, int flag, int required)
{
    const struct machine *m = l->st->m;
    return rs_state_flag(m, s, flag)->on && !rs_state_flag(m, s, required)->on;
}

static void tell_dependent(struct look *l, const struct change *ch, int flag, int required)
{
    struct check *c = l->st->c;
    const struct scenario *sc = l->st->sc;
    int cohort = left_alone(l, ch->after, flag, required);
    double share = rs_flag_value_share(rs_state_flag(l->st->m, ch->after, required), cohort);
    struct verdict_step words = rs_move_words(c->arena, l->st->m, ch->before, ch->label);
    struct finding *f =
        rs_check_add(c, "dependent-left-on", words.at, words.ref, about(l, ch),
                     "after \"%s\" %s is on for %s, and %s, which it requires, is %s",
                     ch->step->action ? ch->step->action->title : "the next step of the ramp",
                     sc->flag[flag].name, sc->cohort[cohort].name, sc->flag[required].name,
                     share > 0.0 ? "on for a part of them only" : "off for them");
    rs_check_words(c, f, "flag", "%s", sc->flag[flag].name);
    rs_check_words(c, f, "requires", "%s", sc->flag[required].name);
    rs_check_words(c, f, "cohort", "%s", sc->cohort[cohort].name);
    rs_check_number(f, "required_on_ratio", share);
    rs_states_trace(l->st, f, l->st->m, &l->st->s, ch->from);
    if (ch->step->flag == required)
        rs_check_mend(c, f, "set %s off first", sc->flag[flag].name);
    else
        rs_check_mend(c, f, "set %s on for all of them first", sc->flag[required].name);
}

/* One dependency, one finding: where it is broken first; where the required flag is off altogether, if that is anywhere. */
static void find_dependent(struct look *l, int flag, int required)
{
    struct change partly = {0}, ch;
    for (uint64_t k = 0; k < l->n_change; k++) {
        ch = change_of(l, k);
        if (ch.step->flag != flag && ch.step->flag != required)
            continue;
        if (is_bare(l, ch.after, flag, required) && !is_bare(l, ch.before, flag, required) &&
            left_alone(l, ch.after, flag, required) >= 0) {
            tell_dependent(l, &ch, flag, required);
            return;
        }
        if (!partly.step && left_alone(l, ch.after, flag, required) >= 0 &&
            left_alone(l, ch.before, flag, required) < 0)
            partly = ch;
    }
    if (partly.step)
        tell_dependent(l, &partly, flag, required);
}

/* ---- every change ---------------------------------------------------------------------------------------------------- */

static bool looks_at(const struct machine *m, int service, int flag)
{
    for (const int *f = m->flags_of[service]; *f >= 0; f++) {
        if (*f == flag)
            return true;
    }
    return false;
}

static void look_at_change(struct look *l, const struct change *ch)
{
    const struct machine *m = l->st->m;
    if (ch->step->kind == RS_STEP_REMOVE) {
        look_at_service(l, ch, m->gone[ch->step->gone].service);
        return;
    }
    if (ch->before[RS_HEAD + ch->step->flag] == ch->after[RS_HEAD + ch->step->flag])
        return;
    for (int s = 0; s < l->st->sc->n_service; s++) {
        if (looks_at(m, s, ch->step->flag))
            look_at_service(l, ch, s);
    }
    if (rs_move_kind(ch->label) == RS_MOVE_PROCEDURE_DO && ch->step->action)
        look_at_haste(l, ch);
}

/* The transitions that set a flag or remove a path, in the order found. */
static void find_changes(struct look *l)
{
    const struct search *s = &l->st->s;
    l->change = rs_xcalloc(s->n_edge + 1, sizeof *l->change);
    for (uint32_t i = 0; i < s->n; i++) {
        for (uint64_t k = s->edge_from[i]; k < s->edge_from[i + 1]; k++) {
            const uint16_t *before = rs_search_state(s, i);
            const struct step *step = rs_move_step(l->st->m, before, s->edge_label[k]);
            if (step && (step->kind == RS_STEP_SET || step->kind == RS_STEP_REMOVE))
                l->change[l->n_change++] = (struct place){i, k};
        }
    }
}

void rs_states_paths(struct states *st)
{
    struct look l = {.st = st};
    int most = 1;
    for (int i = 0; i < st->sc->n_service; i++)
        most = st->sc->service[i].n_path > most ? st->sc->service[i].n_path : most;
    l.taken = rs_xcalloc((size_t)most, sizeof *l.taken);
    find_changes(&l);
    for (uint64_t k = 0; k < l.n_change; k++) {
        struct change ch = change_of(&l, k);
        look_at_change(&l, &ch);
    }
    for (int f = 0; f < st->sc->n_flag; f++) {
        for (int i = 0; i < st->sc->flag[f].n_requires; i++)
            find_dependent(&l, f, st->sc->flag[f].requires[i]);
    }
    free(l.change);
    free(l.told);
    free(l.taken);
}
