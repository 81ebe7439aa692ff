/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Recorded requests. Each has its own uniforms, hashed from its number and the replica, so who it is and how it ends do not
 * depend on when anybody looks: the instance, whether a thinned log keeps it, the user's place in the cohort, the outcome.
 */
#include <assert.h>
#include <math.h>

#include "internal.h"
#include "models/traffic.h"
#include "sim/clock.h"

enum { WHERE, KEPT, WHO, HOW, N_USE };

/* SplitMix64 as a counter-based generator: uniform [0, 1) number `use` of copy `copy` of request i. */
static double uniform(uint64_t key, uint64_t i, uint64_t copy, unsigned use)
{
    uint64_t h = rs_stream_hash_index(rs_stream_hash_index(key, i), copy * N_USE + use);
    return (double)(h >> 11) * 0x1p-53;
}

static int pick_class(const struct target *t, int cohort, double u)
{
    const double *share = t->share + cohort * t->site->n_class;
    int last = 0;
    for (int k = 0; k < t->site->n_class; k++) {
        if (share[k] <= 0.0)
            continue;
        last = k;
        if (u < share[k])
            return k;
        u -= share[k];
    }
    return last;
}

static const struct cell *pick_cell(const struct law *law, double u)
{
    for (int i = 0; i < law->n_cell - 1; i++) {
        if (u < law->cell[i].p)
            return &law->cell[i];
        u -= law->cell[i].p;
    }
    return &law->cell[law->n_cell - 1];
}

/* ---- as recorded ---- */

enum { AGAIN, LONG, LONG_AGAIN }; /* further uniforms of a request, by a key of their own */

/* A recorded request that is being replayed. */
struct replayed {
    const struct profile *profile;
    uint64_t key, more; /* of its uniforms */
    uint64_t i, copy;
};

/* How one try at a path ended. */
struct ending {
    int code;
    bool error;
    double bad;       /* share of it that the fault caused */
    double latency_s; /* NaN = not told */
};

static struct ending pick_ending(const struct mix *m, int n_code, double u)
{
    int last = -1;
    if (u < 1.0 - m->sum)
        return (struct ending){.code = 0};
    u -= 1.0 - m->sum;
    for (int i = 0; i < n_code; i++) {
        if (m->p[i] <= 0.0)
            continue;
        last = i;
        if (u < m->p[i])
            break;
        u -= m->p[i];
    }
    if (last < 0) /* rounding: nothing can fail here */
        return (struct ending){.code = 0};
    double bad = m->p_bad[last] < m->p[last] ? m->p_bad[last] / m->p[last] : 1.0;
    return (struct ending){.code = last, .error = true, .bad = bad};
}

/* One try. What was recorded comes first; what the model has beyond it (dependencies, the fault) can only add to it. */
static struct ending
try_path(struct system *sys, struct site *site, int path, int nth, const struct replayed *r)
{
    bool as_recorded = site->service->path[path].as_recorded;
    size_t j = (size_t)(r->i % (uint64_t)r->profile->n);
    int status = as_recorded && r->profile->status ? r->profile->status[j] : 0;
    double told_s =
        as_recorded && r->profile->latency_s ? (double)r->profile->latency_s[j] : (double)NAN;
    double u =
        nth == 0 ? uniform(r->key, r->i, r->copy, HOW) : uniform(r->more, r->i, r->copy, AGAIN);
    const struct mix *m = &site->mix[path];
    struct ending e;
    if (status >= 400)
        e = (struct ending){.code = rs_site_code_slot(site, status), .error = true};
    else
        e = pick_ending(status > 0 ? &site->beyond[path] : m, site->n_code, u);
    assert(e.code >= 0);
    if (m->slowed && sys->fault.only_slow)
        e.bad = 1.0;
    e.latency_s = told_s * site->beyond[path].factor + site->beyond[path].shift;
    return e;
}

/* The latency of a try: as told, or drawn by the path's law. */
static double latency_of(const struct site *site, int path, double told_s, double u)
{
    const struct mix *m = &site->mix[path];
    if (!isnan(told_s))
        return told_s;
    return rs_dist_quantile(site->latency[path], u) * m->factor + m->shift;
}

/* Both tries of a request as one cell; *latency_s is NaN where nothing of it was told, and the class' law must do. */
static struct cell end_request(struct system *sys,
                               struct site *site,
                               const struct law *law,
                               const struct replayed *r,
                               double *latency_s)
{
    const struct path *p = &site->service->path[law->path];
    struct ending first = try_path(sys, site, law->path, 0, r);
    *latency_s = first.latency_s;
    if (!law->fallback || !first.error)
        return (struct cell){
            .bad = first.bad, .code = first.code, .kind = first.error ? RS_KIND_ERROR : RS_KIND_OK};
    struct ending second = try_path(sys, site, p->fallback, 1, r);
    if (isnan(first.latency_s) && isnan(second.latency_s))
        *latency_s = (double)NAN;
    else
        *latency_s =
            latency_of(site, law->path, first.latency_s, uniform(r->more, r->i, r->copy, LONG)) +
            latency_of(site, p->fallback, second.latency_s,
                       uniform(r->more, r->i, r->copy, LONG_AGAIN));
    if (second.error)
        return (struct cell){.bad = 1.0 - (1.0 - first.bad) * (1.0 - second.bad),
                             .code = second.code,
                             .kind = RS_KIND_FALLBACK_ERROR};
    bool seen = p->fallback_counter >= 0 || (sys->fault.only_slow && first.bad > 0.0);
    return (struct cell){.bad = seen ? first.bad : 0.0, .code = 0, .kind = RS_KIND_FALLBACK_OK};
}

/* Do its requests end as they did in the recording, in part at least? */
static bool repeats(const struct site *site, const struct law *law, const struct profile *p)
{
    if (law->path < 0 || (!p->status && !p->latency_s))
        return false;
    const struct path *path = &site->service->path[law->path];
    return path->as_recorded || (law->fallback && site->service->path[path->fallback].as_recorded);
}

static void
repeat(struct system *sys, struct target *t, int class, int cohort, const struct replayed *r)
{
    struct site *site = t->site;
    double latency_s;
    bool slow = false;
    struct cell cell = end_request(sys, site, &site->law[class], r, &latency_s);
    rs_target_add(sys, t, class, &cell, 1);
    if (isnan(latency_s))
        return;
    t->pending[class * RS_KIND_N + (int)cell.kind]--; /* no latency has to be drawn */
    rs_told_add(t, class, latency_s, &slow);
    if (slow || (cell.kind & RS_KIND_ERROR))
        rs_hurt_user_of(sys, t, class, cohort);
}

void rs_target_replay(struct system *sys, struct target *t, int traffic, int64_t a_ns, int64_t b_ns)
{
    const struct meter *m = &sys->meter[t->site->traffic[traffic]];
    const struct profile *p = &m->traffic->profile;
    double n_instance = t->site->service->n_instance, whole = floor(p->scale);
    uint64_t first, past, more = rs_stream_hash_index(m->log_key, UINT64_MAX);
    rs_profile_requests(p, rs_s_from_ns(a_ns), rs_s_from_ns(b_ns), &first, &past);
    if (a_ns == 0) /* what is recorded at 0 itself belongs to the first interval */
        first = 0;
    for (uint64_t i = first; i < past; i++) {
        uint64_t n_copy = (uint64_t)whole;
        n_copy += p->scale > whole && uniform(m->log_key, i, 0, KEPT) < p->scale - whole;
        for (uint64_t copy = 0; copy < n_copy; copy++) {
            if ((int)(uniform(m->log_key, i, copy, WHERE) * n_instance) != t->instance)
                continue;
            int class = pick_class(t, m->traffic->cohort, uniform(m->log_key, i, copy, WHO));
            const struct law *law = &t->site->law[class];
            t->weight[traffic] += 1.0;
            if (!repeats(t->site, law, p)) {
                rs_target_add(sys, t, class, pick_cell(law, uniform(m->log_key, i, copy, HOW)), 1);
                continue;
            }
            struct replayed r = {p, m->log_key, more, i, copy};
            repeat(sys, t, class, m->traffic->cohort, &r);
        }
    }
}
