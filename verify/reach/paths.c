/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which path a cohort's requests take: models/system/choice.c, for the flags as the flag service has them. */
#include <assert.h>
#include <string.h>

#include "machine.h"

enum {
    PARTIAL_MAX = 20
}; /* flags on for a part of a cohort that meet in one service, as in models/system */

double rs_flag_value_share(const struct flag_value *v, int cohort)
{
    if (!v->on || (v->cohort >= 0 && v->cohort != cohort))
        return 0.0;
    return v->percent / 100.0;
}

/* The flags as one user finds them. */
struct flags {
    const struct scenario *sc;
    const int *looked_at; /* by the service's choice; -1 at the end */
    bool *on;             /* [n_flag] set for those */
};

/* A flag counts as on when it and all its requirements are. */
static bool is_on(const struct flags *f, int flag)
{
    if (!f->on[flag])
        return false;
    for (int k = 0; k < f->sc->flag[flag].n_requires; k++) {
        if (!is_on(f, f->sc->flag[flag].requires[k]))
            return false;
    }
    return true;
}

static bool holds(const struct flags *f, const struct path *p)
{
    for (int i = 0; i < p->n_when; i++) {
        if (is_on(f, p->when[i].flag) != p->when[i].on)
            return false;
    }
    return true;
}

static bool is_gone(const struct machine *m, const uint16_t *s, int service, int path)
{
    for (int i = 0; i < m->n_gone; i++) {
        if (m->gone[i].service == service && m->gone[i].path == path)
            return rs_state_gone(m, s, i);
    }
    return false;
}

static int first_off(const struct flags *f)
{
    for (const int *flag = f->looked_at; *flag >= 0; flag++) {
        if (!f->on[*flag])
            return *flag;
    }
    return -1;
}

static void choose_once(const struct machine *m,
                        const uint16_t *s,
                        int service,
                        const struct flags *f,
                        struct choice *out)
{
    const struct service *sv = &m->sc->service[service];
    int n_gone = 0, meant = -1, taken = -1, left = -1;
    for (int i = 0; i < sv->n_path; i++) {
        bool gone = is_gone(m, s, service, i), so = holds(f, &sv->path[i]);
        n_gone += gone;
        meant = meant < 0 && so ? i : meant;
        taken = taken < 0 && so && !gone ? i : taken;
        left = gone ? left : i;
    }
    if (n_gone > 0 && n_gone == sv->n_path - 1) /* the flags choose nothing any more */
        taken = left;
    if (meant >= 0 && is_gone(m, s, service, meant) && out->removed < 0)
        out->removed = meant;
    if (taken >= 0)
        out->taken[taken] = true;
    else if (!out->none) {
        out->none = true;
        out->none_flag = first_off(f);
    }
}

void rs_machine_choose(
    const struct machine *m, const uint16_t *s, int service, int cohort, struct choice *out)
{
    struct flags f = {.sc = m->sc, .looked_at = m->flags_of[service], .on = m->on};
    int partial[PARTIAL_MAX], n_partial = 0;
    memset(out->taken, 0, sizeof *out->taken * (size_t)m->sc->service[service].n_path);
    out->none = false;
    out->none_flag = out->removed = -1;
    for (const int *flag = f.looked_at; *flag >= 0; flag++) {
        double share = rs_flag_value_share(rs_state_flag(m, s, *flag), cohort);
        f.on[*flag] = share > 0.0;
        if (share > 0.0 && share < 1.0 && n_partial < PARTIAL_MAX)
            partial[n_partial++] = *flag;
    }
    for (unsigned set = 0; set < 1u << n_partial; set++) {
        for (int i = 0; i < n_partial; i++)
            f.on[partial[i]] = set >> i & 1;
        choose_once(m, s, service, &f, out);
    }
}

bool rs_machine_has_traffic(const struct machine *m, int service, int cohort)
{
    bool any = false;
    for (int i = 0; i < m->sc->n_traffic; i++) {
        if (m->sc->traffic[i].service != service)
            continue;
        if (m->sc->traffic[i].cohort == cohort)
            return true;
        any = true;
    }
    return !any;
}
