/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From the first action to completion. Blocking actions are done one after another; each flag that one sets travels to the
 * instances beside the actions that follow, and completion waits for all of them: a sum along the list, a maximum where the
 * branches meet.
 */
#include <assert.h>
#include <math.h>

#include "bound_private.h"
#include "sim/clock.h"

struct step { /* one blocking action */
    const struct action *a;
    struct span span; /* until it is done, or is left for good */
    const char *why;
    bool may_miss; /* it may be left for good */
    const char *why_miss;
};

struct acting {
    struct bounding *b;
    const struct procedure *proc;
    int doer;
    int n, n_flag;
    struct step *step; /* [n] */
};

/* ---- one action ------------------------------------------------------------------------------ */

static const char *title(struct bounding *b, const struct action *a)
{
    const struct scenario *sc = b->sc;
    switch (a->kind) {
    case RS_ACT_SET_FLAG:
        return rs_arena_printf(b->arena, "set %s %s", sc->flag[a->flag].name, a->on ? "on" : "off");
    case RS_ACT_PURGE:
        return rs_arena_printf(b->arena, "purge %s", sc->component[a->component].name);
    case RS_ACT_ROTATE:
        return rs_arena_printf(b->arena, "rotate %s", sc->component[a->component].name);
    case RS_ACT_CHECK: return a->title ? a->title : "check";
    case RS_ACT_REMOVE: return "remove a path";
    case RS_ACT_NOTIFY: return a->title ? a->title : "notify";
    case RS_ACT_DOCUMENT: return a->title ? a->title : "document";
    case RS_ACT_WAIT: return a->title ? a->title : "wait";
    }
    return "action";
}

static struct span one_try(const struct acting *x, const struct action *a)
{
    bool own = !(a->takes.kind == RS_DIST_CONSTANT && isnan(a->takes.a));
    if (own)
        return rs_span_dist(&a->takes);
    return x->doer < 0 ? rs_span_none() : rs_span_dist(&x->b->sc->response.role[x->doer].act);
}

static void fill_step(const struct acting *x, struct step *s, const struct action *a)
{
    struct bounding *b = x->b;
    struct span once = one_try(x, a);
    bool may_fail = a->kind == RS_ACT_CHECK && a->max_failures < a->n_request;
    int n = (a->fails > 0.0 || may_fail) && a->max_attempts > 1 ? a->max_attempts : 1;
    double slips =
        x->doer >= 0 && a->kind != RS_ACT_WAIT ? b->sc->response.role[x->doer].error_ratio : 0.0;
    const char *who = x->doer >= 0 ? b->sc->response.role[x->doer].name : "automation";
    *s = (struct step){.a = a, .may_miss = a->overlooked > 0.0 || a->fails > 0.0};
    s->span = rs_span_between(a->overlooked > 0.0 ? 0.0 : once.low, n * once.worst);
    s->why = rs_arena_printf(b->arena, "%s: %s%s%s", who, rs_bound_words(b, once.worst),
                             n > 1 ? " a try, " : "",
                             n > 1 ? rs_arena_printf(b->arena, "%d tries at most", n) : "");
    if (slips > 0.0) {
        s->span = rs_span_endless(s->span.low);
        s->why = rs_arena_printf(
            b->arena,
            "%s does it wrong with %s each time, and does it again: there is no last time", who,
            rs_bound_percent(b, slips));
    } else if (isinf(once.worst)) {
        s->why = rs_arena_printf(b->arena, "the time that it takes %s has no upper end", who);
    }
    if (a->overlooked > 0.0)
        s->why_miss = rs_arena_printf(b->arena, "overlooked with %s, and then never done",
                                      rs_bound_percent(b, a->overlooked));
    else
        s->why_miss = rs_arena_printf(b->arena, "a try fails with %s; after %d it is given up",
                                      rs_bound_percent(b, a->fails),
                                      a->max_attempts > 1 ? a->max_attempts : 1);
}

static struct acting acting_of(struct bounding *b, int procedure, int doer)
{
    const struct procedure *proc = &b->sc->response.procedure[procedure];
    struct acting x = {.b = b, .proc = proc, .doer = doer};
    x.step = RS_ARENA_ARRAY(b->arena, struct step, proc->n_action);
    for (int i = 0; i < proc->n_action; i++) {
        if (!proc->action[i].blocking)
            continue;
        fill_step(&x, &x.step[x.n++], &proc->action[i]);
        x.n_flag += proc->action[i].kind == RS_ACT_SET_FLAG;
    }
    return x;
}

/* ---- propagation ----------------------------------------------------------------------------- */

static bool needs(const struct scenario *sc, int flag, int wanted)
{
    bool found = flag == wanted;
    for (int i = 0; i < sc->flag[flag].n_requires && !found; i++)
        found = needs(sc, sc->flag[flag].requires[i], wanted);
    return found;
}

static bool chosen_by(const struct scenario *sc, const struct path *p, int flag)
{
    for (int i = 0; i < p->n_when; i++) {
        if (needs(sc, p->when[i].flag, flag))
            return true;
    }
    for (int i = 0; i < p->n_fallback_when; i++) {
        if (needs(sc, p->fallback_when[i].flag, flag))
            return true;
    }
    return false;
}

/* Instances of the services whose paths hang on the flag; a flag that nothing uses has one that stands for itself. */
static int instances(const struct scenario *sc, int flag)
{
    int n = 0;
    for (int i = 0; i < sc->n_service; i++) {
        bool uses = false;
        for (int p = 0; p < sc->service[i].n_path && !uses; p++)
            uses = chosen_by(sc, &sc->service[i].path[p], flag);
        n += uses ? sc->service[i].n_instance : 0;
    }
    return n > 0 ? n : 1;
}

static int sets_of(const struct action *list, int n, int flag)
{
    int found = 0;
    for (int i = 0; i < n; i++)
        found += list[i].kind == RS_ACT_SET_FLAG && list[i].flag == flag;
    return found;
}

/* Others who may set the flag while it travels: each time it has to come to all instances anew. */
static int disturbers(const struct acting *x, int flag)
{
    const struct response *plan = &x->b->sc->response;
    int n = 0;
    for (int p = 0; p < plan->n_procedure; p++) {
        const struct procedure *proc = &plan->procedure[p];
        n += sets_of(proc->action, proc->n_action, flag);
    }
    for (int i = 0; i < plan->n_side_step; i++)
        n += sets_of(&plan->side_step[i].action, 1, flag);
    for (int i = 0; i < x->n; i++)
        n -= x->step[i].a->kind == RS_ACT_SET_FLAG && x->step[i].a->flag == flag;
    return n;
}

/*
 * k of n instances poll. Just after one instance's poll the k-th next poll of all is at most an interval away, and at some poll
 * it is k/n of one or more: the k-step gaps of one turn add up to k intervals. So the best phases are evenly spread ones.
 */
static struct span polled(const struct propagation *how, int k, int n)
{
    double every = rs_s_from_ns(how->poll_ns);
    struct span wait = {.low_best = every * (k - 1) / n,
                        .best = every * k / n,
                        .worst = every,
                        .sure = every,
                        .exact = true};
    return rs_span_sum(wait, rs_span_dist(&how->delay));
}

static struct span streamed(const struct propagation *how)
{
    struct span usual = rs_span_dist(&how->delay);
    double share = how->half_open_ratio;
    if (share <= 0.0)
        return usual;
    struct span slow = rs_span_dist(&how->half_open_delay);
    return share >= 1.0 ? slow
                        : rs_span_between(fmin(usual.low, slow.low), fmax(usual.worst, slow.worst));
}

/* Until k of the n instances have the flag, or all (mark EFFECTIVE). */
static struct part travel(const struct acting *x, int flag, enum clock_mark mark)
{
    struct bounding *b = x->b;
    const struct flag *f = &b->sc->flag[flag];
    int n = instances(b->sc, flag), k = n, m = disturbers(x, flag);
    if (mark == RS_CLOCK_EFFECTIVE_P50)
        k = (n + 1) / 2;
    else if (mark == RS_CLOCK_EFFECTIVE_P95)
        k = (19 * n + 19) / 20;
    bool polls = f->propagation.kind == RS_PROPAGATION_POLLING;
    struct part part = {.name = "propagation", .ref = f->ref, .at = f->at};
    part.span = polls ? polled(&f->propagation, k, n) : streamed(&f->propagation);
    part.why =
        polls
            ? rs_arena_printf(b->arena, "%s: %d of %d instances, each polls every %s%s%s", f->name,
                              k, n, rs_bound_words(b, rs_s_from_ns(f->propagation.poll_ns)),
                              rs_dist_sup(&f->propagation.delay) > 0.0 ? ", then up to " : "",
                              rs_dist_sup(&f->propagation.delay) > 0.0
                                  ? rs_bound_words(b, rs_dist_sup(&f->propagation.delay))
                                  : "")
            : rs_arena_printf(b->arena, "%s: streamed to %d of %d instances within %s%s", f->name,
                              k, n, rs_bound_words(b, part.span.worst),
                              f->propagation.half_open_ratio > 0.0 ? ", half-open streams included"
                                                                   : "");
    if (m > 0) {
        struct span once = part.span;
        part.span.best *= m + 1;
        part.span.worst *= m + 1;
        part.span.sure = once.worst;
        part.span.exact = false;
        part.why = rs_arena_printf(
            b->arena, "%s; set %d more times elsewhere, each may come in between", part.why, m);
    }
    return part;
}

/* ---- along the list -------------------------------------------------------------------------- */

static bool is_flag(const struct step *s)
{
    return s->a->kind == RS_ACT_SET_FLAG;
}

/* The next action from i on whose effect is COMMANDED, or n: flags where there are any. */
static int next_command(const struct acting *x, int i)
{
    while (i < x->n && x->n_flag > 0 && !is_flag(&x->step[i]))
        i++;
    return i;
}

static struct span span_until(const struct acting *x, int after, int upto)
{
    struct span sum = rs_span_none();
    for (int i = after + 1; i <= upto; i++)
        sum = rs_span_sum(sum, x->step[i].span);
    return sum;
}

static void add_leg(struct act_legs *out, struct part part)
{
    if (out->n < RS_BOUND_MAX_LEG) {
        out->part[out->n++] = part;
        return;
    }
    struct part *last = &out->part[out->n - 1]; /* so many actions are told in one */
    last->span = rs_span_sum(last->span, part.span);
}

static void add_step(const struct acting *x, struct act_legs *out, int i)
{
    const struct step *s = &x->step[i];
    add_leg(out, (struct part){.name = title(x->b, s->a),
                               .why = s->why,
                               .ref = s->a->ref ? s->a->ref : x->proc->ref,
                               .at = s->a->at,
                               .span = s->span});
}

/* It must not be missed: where it may be, there is no end. */
static void demand(const struct acting *x, struct act_legs *out, int i)
{
    const struct step *s = &x->step[i];
    if (!s->may_miss)
        return;
    struct part part = {.name = title(x->b, s->a),
                        .why = s->why_miss,
                        .ref = s->a->ref ? s->a->ref : x->proc->ref,
                        .at = s->a->at,
                        .span = rs_span_endless(0.0)};
    add_leg(out, part);
    out->span = rs_span_sum(out->span, part.span);
}

static void never(const struct acting *x, struct act_legs *out, const char *name, const char *why)
{
    struct part part = {.name = name,
                        .why = why,
                        .ref = x->proc->ref,
                        .at = x->proc->at,
                        .span = rs_span_endless(0.0)};
    add_leg(out, part);
    out->span = rs_span_sum(out->span, part.span);
}

static void to_commanded(const struct acting *x, struct act_legs *out)
{
    int j = next_command(x, 0), last = -1;
    while (j < x->n && x->step[j].may_miss) {
        last = j;
        j = next_command(x, j + 1);
    }
    int upto = j < x->n ? j : last;
    int first = next_command(x, 0);
    out->span = rs_span_none();
    if (upto < 0) {
        never(x, out, "command", "the procedure commands nothing");
        return;
    }
    for (int i = 0; i <= upto; i++)
        add_step(x, out, i);
    out->span = span_until(x, -1, upto);
    struct span soonest = span_until(x, -1, first);
    out->span.low = soonest.low;
    out->span.low_best = soonest.low_best;
    out->span.low_worst = soonest.low_worst;
    if (j >= x->n)
        demand(x, out, last);
}

/* The last step that sets this step's flag again. */
static int last_set(const struct acting *x, int i)
{
    int last = i;
    for (int k = i + 1; k < x->n; k++)
        last = is_flag(&x->step[k]) && x->step[k].a->flag == x->step[i].a->flag ? k : last;
    return last;
}

/* base: the step that was COMMANDED, -1 = from the first action on. */
static void to_share(const struct acting *x, int base, enum clock_mark mark, struct act_legs *out)
{
    int first = base >= 0 ? base : next_command(x, 0);
    out->span = rs_span_none();
    if (x->n_flag == 0) {
        never(x, out, "propagation", "the procedure sets no flag");
        return;
    }
    /* P50 and P95 are of the flag set first: an earlier one may be missed, a later one then counts. */
    struct span all = {.low = INFINITY, .low_best = INFINITY, .low_worst = INFINITY, .exact = true};
    int slowest = first, last = first;
    for (int i = first; i < x->n; i = next_command(x, i + 1)) {
        int k = last_set(x, i);
        struct part t = travel(x, x->step[i].a->flag, mark);
        struct span soon = rs_span_sum(span_until(x, base, i), t.span);
        struct span late = rs_span_sum(span_until(x, base, k), t.span);
        if (late.worst >= all.worst)
            slowest = i;
        late.exact = late.exact && k == i;
        late.low = fmin(all.low, soon.low);
        late.low_best = fmin(all.low_best, soon.low_best);
        late.low_worst = fmin(all.low_worst, soon.low_worst);
        late.best = fmax(late.best, all.best);
        late.worst = fmax(late.worst, all.worst);
        late.sure = fmax(k == i ? late.sure : soon.sure, all.sure);
        late.exact = late.exact && all.exact;
        all = late;
        last = i;
        if (!x->step[i].may_miss || base >= 0)
            break;
    }
    int upto = last_set(x, slowest);
    for (int i = base + 1; i <= upto; i++)
        add_step(x, out, i);
    add_leg(out, travel(x, x->step[slowest].a->flag, mark));
    out->span = all;
    if (base < 0 && x->step[last].may_miss)
        demand(x, out, last);
}

/* When all flags are in force, and, to completion, all blocking actions are done. */
static void to_all(const struct acting *x, int base, enum clock_mark mark, struct act_legs *out)
{
    bool complete = mark == RS_CLOCK_COMPLETED;
    struct span all = complete ? span_until(x, base, x->n - 1) : rs_span_none();
    int critical = -1;
    double worst = complete ? all.worst : -1.0;
    out->span = rs_span_none();
    if (!complete && x->n_flag == 0) {
        never(x, out, "propagation", "the procedure sets no flag");
        return;
    }
    for (int i = 0; i < x->n; i++) {
        if (!is_flag(&x->step[i]) || last_set(x, i) != i)
            continue;
        struct part t = travel(x, x->step[i].a->flag, RS_CLOCK_EFFECTIVE);
        struct span span = rs_span_sum(span_until(x, base, i), t.span);
        all = rs_span_later(all, span);
        if (span.worst > worst) {
            worst = span.worst;
            critical = i;
        }
    }
    int upto = critical >= 0 ? critical : x->n - 1;
    for (int i = base + 1; i <= upto; i++)
        add_step(x, out, i);
    if (critical >= 0)
        add_leg(out, travel(x, x->step[critical].a->flag, RS_CLOCK_EFFECTIVE));
    out->span = all;
    for (int i = 0; i < x->n; i++) {
        if (complete || is_flag(&x->step[i]))
            demand(x, out, i);
    }
}

static void legs_to(const struct acting *x, int base, enum clock_mark to, struct act_legs *out)
{
    *out = (struct act_legs){0};
    if (to == RS_CLOCK_COMMANDED)
        to_commanded(x, out);
    else if (to == RS_CLOCK_EFFECTIVE_P50 || to == RS_CLOCK_EFFECTIVE_P95)
        to_share(x, base, to, out);
    else
        to_all(x, base, to, out);
}

/* Between two marks that both follow COMMANDED: the later one at its latest, the earlier one at its soonest. */
static void between(const struct acting *x,
                    int base,
                    enum clock_mark from,
                    enum clock_mark to,
                    struct act_legs *out)
{
    struct act_legs a, z;
    legs_to(x, base, from, &a);
    legs_to(x, base, to, &z);
    double high = fmax(0.0, z.span.worst - a.span.low);
    if (from == RS_CLOCK_EFFECTIVE) { /* what is still to be done when the last flag has been set */
        int last = x->n - 1;
        while (last > 0 && !is_flag(&x->step[last]))
            last--;
        struct span rest = span_until(x, last, x->n - 1);
        struct part t = travel(x, x->step[last].a->flag, RS_CLOCK_EFFECTIVE);
        bool missed = false;
        for (int i = 0; i < x->n; i++)
            missed = missed || (x->step[i].may_miss && !is_flag(&x->step[i]));
        high = missed ? INFINITY : fmax(0.0, rest.worst - t.span.low);
    }
    *out = (struct act_legs){.span = rs_span_between(0.0, high)};
    out->span.exact = isinf(high);
    out->span.sure = isinf(high) ? high : 0.0;
    const char *why = "what is left when the earlier mark came at its soonest";
    for (int i = 0; i < z.n && isinf(high); i++)
        why = isinf(z.part[i].span.worst) ? z.part[i].why : why;
    add_leg(out, (struct part){.name = rs_clock_name(to),
                               .why = why,
                               .ref = x->proc->ref,
                               .at = x->proc->at,
                               .span = out->span});
}

bool rs_act_legs(struct bounding *b,
                 int procedure,
                 int doer,
                 enum clock_mark from,
                 enum clock_mark to,
                 struct act_legs *out)
{
    struct acting x = acting_of(b, procedure, doer);
    assert(from >= RS_CLOCK_DECIDED && to >= RS_CLOCK_COMMANDED && to <= RS_CLOCK_COMPLETED &&
           from < to);
    if (from == RS_CLOCK_DECIDED) {
        legs_to(&x, -1, to, out);
        return true;
    }
    if (next_command(&x, 0) >= x.n || (from > RS_CLOCK_COMMANDED && x.n_flag == 0))
        return false;
    /* The command may be a later one where the first can be missed: the longest way counts, and the shortest. */
    bool found = false;
    for (int j = next_command(&x, 0); j < x.n; j = next_command(&x, j + 1)) {
        struct act_legs one;
        if (from == RS_CLOCK_COMMANDED)
            legs_to(&x, j, to, &one);
        else
            between(&x, j, from, to, &one);
        struct span before = found ? out->span : one.span;
        if (!found || one.span.worst > out->span.worst)
            *out = one;
        out->span.low = fmin(before.low, one.span.low);
        out->span.low_best = fmin(before.low_best, one.span.low_best);
        out->span.low_worst = fmin(before.low_worst, one.span.low_worst);
        found = true;
        if (!x.step[j].may_miss)
            break;
    }
    return found;
}
