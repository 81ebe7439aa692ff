/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Recorded requests. Each has its own uniforms, hashed from its number and the replica, so who it is and how it ends do not
 * depend on when anybody looks: the instance, whether a thinned log keeps it, the user's place in the cohort, the outcome.
 */
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

void rs_target_replay(struct system *sys, struct target *t, int traffic, int64_t a_ns, int64_t b_ns)
{
    const struct meter *m = &sys->meter[t->site->traffic[traffic]];
    const struct profile *p = &m->traffic->profile;
    double n_instance = t->site->service->n_instance, whole = floor(p->scale);
    uint64_t first, past;
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
            double u = uniform(m->log_key, i, copy, HOW);
            rs_target_add(sys, t, class, pick_cell(&t->site->law[class], u), 1);
            t->weight[traffic] += 1.0;
        }
    }
}
