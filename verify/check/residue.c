/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * no-way-back: what a fault leaves behind in a cache or a secret, though the flag is off. A rollback must reset the component,
 * and only when the last instance has heard of the flag: what is served until then is kept again.
 */
#include <math.h>

#include "sim/arena.h"
#include "sim/clock.h"
#include "states.h"

double rs_flag_settles_s(const struct flag *f)
{
    const struct propagation *how = &f->propagation;
    double delay_s = rs_dist_sup(&how->delay);
    if (how->kind == RS_PROPAGATION_POLLING)
        return rs_s_from_ns(how->poll_ns) + delay_s;
    return how->half_open_ratio > 0.0 ? fmax(delay_s, rs_dist_sup(&how->half_open_delay)) : delay_s;
}

double rs_procedure_between_s(const struct procedure *p, int from, int to)
{
    double s = 0.0;
    for (int i = from + 1; i <= to; i++) {
        const struct dist *takes = &p->action[i].takes;
        bool usual = takes->kind == RS_DIST_CONSTANT && isnan(takes->a); /* it may take no time */
        if (p->action[i].blocking && !usual)
            s += rs_dist_inf(takes);
    }
    return s;
}

/* ---- findings -------------------------------------------------------------------------------------------------------- */

static const char *human(struct check *c, double s)
{
    char text[40];
    int64_t ns = rs_ns_from_s(s >= 1.0 ? round(s) : s);
    return rs_arena_strdup(c->arena, rs_duration_format(text, sizeof text, ns));
}

static void tell_kept(struct check *c, const struct fault *x, const struct procedure *p)
{
    const char *component = c->sc->component[x->residue_component].name;
    const char *flag = c->sc->flag[x->onset_flag].name;
    double kept_s = rs_s_from_ns(x->residue_ttl_ns);
    struct finding *f = rs_check_add(
        c, "no-way-back", p->at, p->ref, rs_arena_printf(c->arena, "procedure %s", p->name),
        "it sets %s back and leaves %s as it is: what %s has left there hurts for up to %s more",
        flag, component, x->name, human(c, kept_s));
    rs_check_words(c, f, "component", "%s", component);
    rs_check_words(c, f, "flag", "%s", flag);
    rs_check_number(f, "kept_s", kept_s);
    rs_check_mend(c, f, "purge or rotate %s, once the last instance has heard of %s", component,
                  flag);
}

static void tell_early(struct check *c,
                       const struct fault *x,
                       const struct procedure *p,
                       const struct action *reset,
                       double after_s)
{
    const struct flag *flag = &c->sc->flag[x->onset_flag];
    const char *component = c->sc->component[x->residue_component].name;
    double settles_s = rs_flag_settles_s(flag);
    struct finding *f = rs_check_add(
        c, "no-way-back", reset->at, reset->ref ? reset->ref : p->ref,
        rs_arena_printf(c->arena, "procedure %s", p->name),
        "%s is reset while instances may still serve what %s spoils (%s takes up to %s to reach "
        "the last of them): it is kept again, for up to %s",
        component, x->name, flag->name, human(c, settles_s),
        human(c, rs_s_from_ns(x->residue_ttl_ns)));
    rs_check_words(c, f, "component", "%s", component);
    rs_check_words(c, f, "flag", "%s", flag->name);
    rs_check_number(f, "settles_s", settles_s);
    if (!isnan(after_s))
        rs_check_number(f, "after_flag_s", after_s);
    rs_check_mend(c, f, "set %s first, and wait %s until the last instance has heard of it",
                  flag->name, human(c, ceil(settles_s)));
}

/* ---- one rollback ---------------------------------------------------------------------------------------------------- */

static void check_procedure(struct check *c, const struct fault *x, const struct procedure *p)
{
    int set = -1, reset = -1;
    for (int i = 0; i < p->n_action; i++) {
        const struct action *a = &p->action[i];
        if (a->kind == RS_ACT_SET_FLAG && a->flag == x->onset_flag)
            set = i;
        if ((a->kind == RS_ACT_PURGE || a->kind == RS_ACT_ROTATE) &&
            a->component == x->residue_component)
            reset = i;
    }
    if (set < 0)
        return;
    double settles_s = rs_flag_settles_s(&c->sc->flag[x->onset_flag]);
    double between_s = reset > set ? rs_procedure_between_s(p, set, reset) : NAN;
    if (reset < 0)
        tell_kept(c, x, p);
    else if (!isinf(settles_s) && !(between_s >= settles_s)) /* one without end is told as such */
        tell_early(c, x, p, &p->action[reset], between_s);
}

void rs_check_residue(struct check *c)
{
    const struct scenario *sc = c->sc;
    for (int i = 0; i < sc->n_fault; i++) {
        const struct fault *x = &sc->fault[i];
        if (!x->has_residue || x->residue_component < 0 || x->onset != RS_ONSET_FLAG_EXPOSED)
            continue;
        for (int k = 0; k < sc->response.n_procedure; k++) {
            const struct procedure *p = &sc->response.procedure[k];
            bool on;
            bool back =
                rs_procedure_sets(p, x->onset_flag, &on) && on == sc->flag[x->onset_flag].safe_on;
            /* What is over before the rollback has to be needs no reset. */
            if (back && (p->sla_ns == RS_NEVER || x->residue_ttl_ns > p->sla_ns))
                check_procedure(c, x, p);
        }
    }
}
