/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the requests of a class end and how long they take, under the present state of the fault. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/*
 * A sum of two tries is averaged over so many values of the first: the middles of N_EVEN - 1 strata of probability 1 / N_EVEN,
 * and in the last of these, where the slow answers are, of two strata to each halving of what is left, N_HALVING times.
 */
#define N_EVEN 64
#define N_HALVING 12
#define N_FIRST (N_EVEN - 1 + 2 * N_HALVING + 1)
/* Cells with less than this together are drawn event by event. */
#define RARE 0.05

/* ---- errors of a path ---- */

/*
 * One more thing that a request must get through, at `level`: what was left of P(ok) splits into its codes and the rest.
 * So P(ok) is the product of the parts, and an error belongs to the first part that failed.
 */
static void add_part(
    const struct site *site, struct mix *m, const struct error_mix *part, double level, bool bad)
{
    double ok = 1.0 - m->sum;
    for (int i = 0; i < part->n; i++) {
        int slot = rs_site_code_slot(site, part->code[i]);
        double p = ok * part->ratio[i] * level;
        m->p[slot] += p;
        m->sum += p;
        if (bad) {
            m->p_bad[slot] += p;
            m->bad += p;
        }
    }
    m->sum = m->sum < 1.0 ? m->sum : 1.0;
}

static void add_slowness(struct mix *m, const struct effect *e, double level)
{
    if (e->latency_factor == 1.0 && e->latency_shift_s == 0.0)
        return;
    double factor = 1.0 + (e->latency_factor - 1.0) * level;
    m->factor *= factor;
    m->shift = m->shift * factor + e->latency_shift_s * level;
    m->slowed = level > 0.0;
}

bool rs_fault_hits(const struct scenario *sc, const struct fault *f, int service, int path)
{
    const struct path *p = &sc->service[service].path[path];
    switch (f->target) {
    case RS_TARGET_PATH: return f->service == service && f->path == path;
    case RS_TARGET_SERVICE: return f->service == service;
    case RS_TARGET_DEPENDENCY:
        for (int i = 0; i < p->n_uses; i++) {
            if (p->uses[i] == f->dependency)
                return true;
        }
        return false;
    }
    assert(!"target of a fault");
    return false;
}

/* own NULL: what comes on top of a recorded answer, whose latency is as it is too. */
static void make_mix(
    struct system *sys, struct site *site, int path, const struct error_mix *own, struct mix *m)
{
    const struct path *p = &site->service->path[path];
    const struct fault *f = sys->fault.fault;
    *m = (struct mix){.factor = own ? rs_recorded_factor(site, path) : 1.0};
    if (own)
        add_part(site, m, own, 1.0, false);
    for (int i = 0; i < p->n_uses; i++)
        add_part(site, m, &sys->sc->dependency[p->uses[i]].errors, 1.0, false);
    if (site->law_level > 0.0 && rs_fault_hits(sys->sc, f, site->index, path)) {
        add_part(site, m, &f->effect.errors, site->law_level, true);
        add_slowness(m, &f->effect, site->law_level);
    }
    if (site->law_residue) {
        add_part(site, m, &f->residue.errors, 1.0, true);
        add_slowness(m, &f->residue, 1.0);
    }
}

/* ---- laws ---- */

static void add_cell(struct law *law, double p, double p_bad, int code, enum kind kind)
{
    if (p <= 0.0 && law->n_cell > 0)
        return;
    double bad = p > 0.0 && p_bad > 0.0 ? (p_bad < p ? p_bad / p : 1.0) : 0.0;
    law->cell[law->n_cell++] = (struct cell){.p = p, .bad = bad, .code = code, .kind = kind};
    if (kind & RS_KIND_ERROR)
        law->p_error += p;
}

static void make_law(struct system *sys, struct site *site, struct law *law)
{
    const struct mix *m = law->path >= 0 ? &site->mix[law->path] : NULL;
    bool slowed = m && m->slowed;
    law->n_cell = 0;
    law->p_error = 0.0;
    if (!m) {
        add_cell(law, 1.0, 0.0, site->slot_503, RS_KIND_ERROR);
    } else if (!law->fallback) {
        add_cell(law, 1.0 - m->sum, 0.0, 0, RS_KIND_OK);
        for (int i = 0; i < site->n_code; i++)
            add_cell(law, m->p[i], m->p_bad[i], i, RS_KIND_ERROR);
    } else {
        const struct path *p = &site->service->path[law->path];
        const struct mix *second = &site->mix[p->fallback];
        bool seen = p->fallback_counter >= 0;
        slowed |= second->slowed;
        add_cell(law, 1.0 - m->sum, 0.0, 0, RS_KIND_OK);
        add_cell(law, m->sum * (1.0 - second->sum), seen ? m->bad * (1.0 - second->sum) : 0.0, 0,
                 RS_KIND_FALLBACK_OK);
        for (int i = 0; i < site->n_code; i++) {
            double all = m->sum * second->p[i];
            double good = (m->sum - m->bad) * (second->p[i] - second->p_bad[i]);
            add_cell(law, all, all - good, i, RS_KIND_FALLBACK_ERROR);
        }
    }
    for (int i = 0; slowed && sys->fault.only_slow && i < law->n_cell; i++)
        law->cell[i].bad =
            1.0; /* nothing but slowness to be seen: every request under it shows it */
    law->p_rest = 0.0;
    for (int i = 1; i < law->n_cell; i++)
        law->p_rest += law->cell[i].p;
    law->rare = law->p_rest <= RARE;
}

void rs_site_laws(struct system *sys, struct site *site)
{
    const struct fault_state *fs = &sys->fault;
    double level = site->fault_touches ? fs->level : 0.0;
    bool residue = site->fault_touches && fs->residue && fs->fault->service == site->index;
    int index = level > 0.0 || residue ? fs->index : -1;
    if (site->law_made && site->law_fault == index && site->law_level == level &&
        site->law_residue == residue)
        return;
    site->law_made = true;
    site->law_epoch++;
    site->law_fault = index;
    site->law_level = level;
    site->law_residue = residue;
    for (int i = 0; i < site->service->n_path; i++)
        make_mix(sys, site, i, site->errors[i], &site->mix[i]);
    for (int i = 0; i < site->service->n_path; i++) {
        if (site->service->path[i].as_recorded)
            make_mix(sys, site, i, NULL, &site->beyond[i]);
    }
    for (int i = 0; i < site->n_class; i++)
        make_law(sys, site, &site->law[i]);
}

/* ---- latency ---- */

static double one_try_cdf(const struct site *site, int path, double x)
{
    const struct mix *m = &site->mix[path];
    if (x < m->shift)
        return 0.0;
    if (m->factor <= 0.0)
        return 1.0;
    return rs_dist_cdf(site->latency[path], (x - m->shift) / m->factor);
}

/* The middle of a stratum of the first try, as a probability; *weight: what it holds. */
static double stratum(int i, double *weight)
{
    if (i < N_EVEN - 1) {
        *weight = 1.0 / N_EVEN;
        return (i + 0.5) / N_EVEN;
    }
    int k = i - (N_EVEN - 1);
    double above = ldexp(1.0 / N_EVEN, -(k / 2)); /* what is left before this halving */
    *weight = k < 2 * N_HALVING ? above / 4.0 : above;
    return 1.0 - above + (k % 2 + 0.5) * *weight;
}

static const double *first_quantiles(struct site *site, int path)
{
    double *q = site->first_quantile[path];
    if (!q) {
        q = site->first_quantile[path] = rs_xcalloc(N_FIRST, sizeof *q);
        for (int i = 0; i < N_FIRST; i++) {
            double weight;
            q[i] = rs_dist_quantile(site->latency[path], stratum(i, &weight));
        }
    }
    return q;
}

/* P(latency <= x). Two tries: the distribution of the sum, the first try at the middles of its strata. */
double rs_site_latency_cdf(struct site *site, int class, int tries, double x_s)
{
    int path = site->law[class].path;
    if (path < 0)
        return 1.0; /* refused on the spot */
    if (tries == 1)
        return one_try_cdf(site, path, x_s);
    const double *first = first_quantiles(site, path);
    const struct mix *m = &site->mix[path];
    double sum = 0.0;
    for (int i = 0; i < N_FIRST; i++) {
        double weight, left = x_s - (first[i] * m->factor + m->shift);
        if (left < 0.0)
            break;
        stratum(i, &weight);
        sum += weight * one_try_cdf(site, site->service->path[path].fallback, left);
    }
    return sum;
}

static void add_moments(const struct site *site, int path, struct split *s)
{
    const struct mix *m = &site->mix[path];
    const struct dist *d = site->latency[path];
    s->mean += rs_dist_mean(d) * m->factor + m->shift;
    s->variance += rs_dist_variance(d) * m->factor * m->factor;
}

/* Likeliest first: few conditional draws are needed before nothing is left. */
static void chain(struct split *s, double *p, int n)
{
    double left = 1.0;
    for (int i = 0; i < n; i++) {
        int best = -1;
        for (int j = 0; j < n; j++) {
            if (p[j] >= 0.0 && (best < 0 || p[j] > p[best]))
                best = j;
        }
        s->order[i] = best;
        s->given[i] = i == n - 1 || p[best] >= left ? 1.0 : p[best] / left;
        left -= p[best];
        p[best] = -1.0;
    }
}

static void make_split(struct system *sys, struct site *site, int class, int tries, struct split *s)
{
    double below = 0.0;
    int path = site->law[class].path;
    for (int i = 0; i < site->n_grid; i++) {
        double upto = rs_site_latency_cdf(site, class, tries, site->grid[i]);
        s->p[i] = upto > below ? upto - below : 0.0;
        below = upto > below ? upto : below;
    }
    s->p[site->n_grid] = 1.0 - below;
    memcpy(sys->grid_p, s->p, sizeof *s->p * (size_t)(site->n_grid + 1));
    chain(s, sys->grid_p, site->n_grid + 1);
    s->mean = s->variance = 0.0;
    if (path >= 0)
        add_moments(site, path, s);
    if (path >= 0 && tries == 2)
        add_moments(site, site->service->path[path].fallback, s);
}

/* Is the path's latency another one from time to time, whatever the fault does? */
static bool varies(const struct site *site, int path)
{
    return path >= 0 && site->recorded && site->recorded[path] != NULL;
}

struct split *rs_site_split(struct system *sys, struct site *site, int class, int tries)
{
    static const double calm[4] = {1.0, 0.0, 1.0, 0.0};
    struct law *law = &site->law[class];
    double key[4] = {1.0, 0.0, 1.0, 0.0};
    bool recurs = !varies(site, law->path);
    if (law->path >= 0) {
        key[0] = site->mix[law->path].factor;
        key[1] = site->mix[law->path].shift;
        if (tries == 2) {
            int second = site->service->path[law->path].fallback;
            recurs &= !varies(site, second);
            key[2] = site->mix[second].factor;
            key[3] = site->mix[second].shift;
        }
    }
    int kept = RS_SPLIT_CALM;
    if (memcmp(key, calm, sizeof key) != 0) {
        bool whole = site->law_level == 1.0 && !site->law_residue;
        kept = whole ? RS_SPLIT_FAULT + sys->fault.index : RS_SPLIT_PASSING;
    }
    struct split *s = &law->split[tries - 1][kept];
    if (!s->made || memcmp(key, s->key, sizeof key) != 0) {
        make_split(sys, site, class, tries, s);
        memcpy(s->key, key, sizeof key);
        s->made = true;
        s->recurs = recurs && kept != RS_SPLIT_PASSING && site->n_grid < RS_CLASS_TABLE_MAX;
        rs_class_table_free(s->table);
        s->table = NULL;
    }
    return s;
}

void rs_law_forget(const struct system *sys, struct law *law)
{
    for (int i = 0; i < RS_SPLIT_FAULT + sys->sc->n_fault; i++)
        law->split[0][i].made = law->split[1][i].made = false;
}

void rs_law_free(const struct system *sys, struct law *law)
{
    for (int i = 0; i < RS_SPLIT_FAULT + sys->sc->n_fault; i++) {
        rs_class_table_free(law->split[0][i].table);
        rs_class_table_free(law->split[1][i].table);
    }
}
