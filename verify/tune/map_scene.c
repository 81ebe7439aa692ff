/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "map_parts.h"
#include "models/traffic.h"
#include "sim/clock.h"

static double sum(const struct error_mix *m)
{
    double s = 0;
    for (int i = 0; i < m->n; i++)
        s += m->ratio[i];
    return s;
}

double rs_tune_map_ratio(const struct fault *fault)
{
    return sum(&fault->effect.errors);
}

/* The mix of codes stays as it is. */
static void scale_errors(struct error_mix *m, double factor)
{
    double s = sum(m);
    if (factor > 1 && s * factor > RS_MAP_RATIO_MAX)
        factor = RS_MAP_RATIO_MAX / s;
    for (int i = 0; i < m->n; i++)
        m->ratio[i] *= factor;
}

static bool uses(const struct path *p, int dependency)
{
    for (int i = 0; i < p->n_uses; i++) {
        if (p->uses[i] == dependency)
            return true;
    }
    return false;
}

static bool acts_on(const struct scenario *sc, const struct fault *f, int service)
{
    if (f->target != RS_TARGET_DEPENDENCY)
        return f->service == service;
    const struct service *s = &sc->service[service];
    for (int i = 0; i < s->n_path; i++) {
        if (uses(&s->path[i], f->dependency))
            return true;
    }
    return false;
}

static void *copied(struct arena *arena, const void *from, size_t n_bytes)
{
    void *to = rs_arena_alloc(arena, n_bytes);
    if (n_bytes > 0)
        memcpy(to, from, n_bytes);
    return to;
}

const struct scenario *rs_tune_map_scene(struct arena *arena,
                                         const struct scenario *sc,
                                         int fault,
                                         struct scene_scale scale)
{
    assert(fault >= 0 && fault < sc->n_fault && scale.errors > 0 && scale.traffic > 0);
    struct scenario *out = copied(arena, sc, sizeof *out);
    struct fault *f = copied(arena, sc->fault, sizeof *f * (size_t)sc->n_fault);
    scale_errors(&f[fault].effect.errors, scale.errors);
    if (f[fault].has_residue)
        scale_errors(&f[fault].residue.errors, scale.errors);
    out->fault = f;
    struct traffic *t = copied(arena, sc->traffic, sizeof *t * (size_t)sc->n_traffic);
    for (int i = 0; i < sc->n_traffic; i++) {
        if (acts_on(sc, &sc->fault[fault], t[i].service))
            t[i].profile.scale *= scale.traffic;
    }
    out->traffic = t;
    return out;
}

/* Of a burst's rate to the profile's, in the long run. */
static double bursts_mean(const struct bursts *b)
{
    double cycle = b->mean_on_s + b->mean_off_s;
    return b->factor == 1.0 || !(cycle > 0) ? 1.0
                                            : (b->factor * b->mean_on_s + b->mean_off_s) / cycle;
}

double rs_tune_map_traffic(const struct scenario *sc, int fault)
{
    double horizon_s = rs_s_from_ns(sc->horizon_ns), per_s = 0;
    for (int i = 0; i < sc->n_traffic; i++) {
        const struct profile *p = &sc->traffic[i].profile;
        if (acts_on(sc, &sc->fault[fault], sc->traffic[i].service))
            per_s += rs_profile_integral(p, 0, horizon_s) / horizon_s * bursts_mean(&p->bursts);
    }
    return per_s;
}
