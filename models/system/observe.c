/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What can be asked of the system: true counts, what a request would meet, rates. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "internal.h"
#include "models/traffic.h"
#include "sim/clock.h"

void rs_system_observe(struct system *sys, int service, struct observation *out)
{
    struct site *site = &sys->site[service];
    const struct service *sv = site->service;
    rs_site_flush(sys, site);
    *out = (struct observation){.bucket = sv->n_bucket > 0 ? site->bucket : NULL};
    memset(site->bucket, 0, sizeof *site->bucket * (size_t)(sv->n_bucket + 1));
    for (int i = 0; i < sv->n_instance; i++) {
        const struct target *t = &site->target[i];
        for (int c = 0; c < site->n_part * (site->n_code + 1); c++) {
            out->n_request += t->count[c];
            out->n_error += c % (site->n_code + 1) > 0 ? t->count[c] : 0;
        }
        for (int g = 0; site->n_grid > 0 && g <= site->n_grid; g++) {
            site->bucket[site->cell_bucket[g]] += t->cell[g];
            out->n_slow += g >= site->slow_from ? t->cell[g] : 0;
        }
    }
}

/* P(latency > slow_s) of a request of the class. */
static double slow_ratio(struct site *site, int class, double slow_s)
{
    const struct law *law = &site->law[class];
    double again = 0.0;
    for (int i = 0; i < law->n_cell; i++)
        again += law->cell[i].kind >= RS_KIND_FALLBACK_OK ? law->cell[i].p : 0.0;
    double slow = (1.0 - again) * (1.0 - rs_site_latency_cdf(site, class, 1, slow_s));
    if (again > 0.0)
        slow += again * (1.0 - rs_site_latency_cdf(site, class, 2, slow_s));
    return slow;
}

struct outlook rs_system_outlook(struct system *sys, int service, int cohort, double slow_s)
{
    struct site *site = &sys->site[service];
    struct outlook out = {0.0, 0.0};
    int n = site->service->n_instance;
    assert(cohort >= 0 && cohort < sys->sc->n_cohort);
    rs_site_laws(sys, site);
    for (int i = 0; i < n; i++) {
        struct target *t = &site->target[i];
        rs_target_refresh(sys, t);
        for (int k = 0; k < site->n_class; k++) {
            double share = t->share[cohort * site->n_class + k] / n;
            if (share <= 0.0)
                continue;
            if (site->door) {
                struct outlook one = rs_queue_outlook(sys, t, k, slow_s);
                out.error_ratio += share * one.error_ratio;
                out.slow_ratio += share * one.slow_ratio;
                continue;
            }
            out.error_ratio += share * site->law[k].p_error;
            if (isfinite(slow_s))
                out.slow_ratio += share * slow_ratio(site, k, slow_s);
        }
    }
    return out;
}

double rs_system_rate(const struct system *sys, int service)
{
    const struct site *site = &sys->site[service];
    double now_s = rs_s_from_ns(rs_kernel_now(sys->kernel)), sum = 0.0;
    for (int i = 0; i < site->n_traffic; i++) {
        struct meter *m = &sys->meter[site->traffic[i]];
        int hint = 0;
        double factor = m->bursty ? rs_burst_factor(&m->burst, now_s, &hint) : 1.0;
        sum += rs_profile_rate(&m->traffic->profile, now_s) * factor;
    }
    return sum;
}
