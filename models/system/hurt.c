/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Users hurt. Each answer that hurt belongs to one definite user: drawn uniformly among those users of the cohort who take
 * this class on this instance: from a list where one partly exposed flag divides the cohort, else by rejection over the whole
 * cohort with their sticky buckets. Marks in bitmaps then count
 * distinct users exactly, whatever flags and services they met.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static size_t words(const struct system *sys, int cohort)
{
    return (size_t)(sys->sc->cohort[cohort].population / 64 + 1);
}

/* Sets the user's bit; 1 if it was not set. */
static uint64_t mark(const struct system *sys, uint64_t **bits, int cohort, uint64_t user)
{
    if (!bits[cohort])
        bits[cohort] = rs_xcalloc(words(sys, cohort), sizeof **bits);
    uint64_t *word = &bits[cohort][user / 64], bit = UINT64_C(1) << user % 64;
    uint64_t fresh = !(*word & bit);
    *word |= bit;
    return fresh;
}

/* One flag divides the cohort and its users are listed by bucket: those on either side are a stretch of the list. */
static uint64_t pick_listed(struct system *sys, struct target *t, int class, int cohort)
{
    const struct divide *d = &t->divide[cohort];
    const struct flag_state *f = &sys->flag[d->flag];
    uint64_t n_on = f->bucket_upto[cohort][d->below];
    uint64_t first = class == d->class_on ? 0 : n_on;
    uint64_t past = class == d->class_on ? n_on : sys->sc->cohort[cohort].population;
    return f->by_bucket[cohort][first + rs_stream_below(&t->site->hurt, past - first)];
}

static uint64_t pick_user(struct system *sys, struct target *t, int class, int cohort)
{
    double share = t->share[cohort * t->site->n_class + class];
    uint64_t population = sys->sc->cohort[cohort].population, user = 0;
    int flag = t->divide[cohort].flag;
    if (share < 1.0 && flag >= 0 && sys->flag[flag].by_bucket[cohort])
        return pick_listed(sys, t, class, cohort);
    /* Only where several partial flags meet in a tiny cohort may there be nobody at all; then anybody will do. */
    double most = share >= 1.0 ? 1.0 : 100.0 / share + 1e4;
    for (double n = 0.0; n < most; n++) {
        user = rs_stream_below(&t->site->hurt, population);
        if (share >= 1.0 || rs_target_class_of(sys, t, cohort, user) == class)
            return user;
    }
    return user;
}

/* The cohort of one request of the class, by the intensities since the last settling. */
static int pick_cohort(struct system *sys, struct target *t, int class, double total)
{
    const struct site *site = t->site;
    double u = total > 0.0 ? rs_stream_uniform(&t->site->hurt) * total : 0.0;
    int last = -1;
    for (int i = 0; i < site->n_traffic; i++) {
        int cohort = sys->sc->traffic[site->traffic[i]].cohort;
        double share = t->share[cohort * site->n_class + class], w = t->weight[i] * share;
        if (share <= 0.0)
            continue;
        last = cohort;
        if (u < w)
            break;
        u -= w;
    }
    assert(last >= 0);
    return last;
}

void rs_hurt_mark(struct system *sys, struct site *site, int cohort, uint64_t user)
{
    site->n_hurt += mark(sys, site->hurt_bits, cohort, user);
    sys->n_hurt += mark(sys, sys->hurt_bits, cohort, user);
}

/*
 * So many answers that everybody of the class has met one: of N users somebody is left out by n answers with probability at
 * most N * exp(-n / N), here below exp(-40), which no double between 0 and 1 can tell from 0. false: not so many, or the
 * class is no stretch of a list.
 */
static bool mark_all(struct system *sys, struct target *t, int class, int cohort, uint64_t n)
{
    const struct divide *d = &t->divide[cohort];
    const struct flag_state *f = d->flag >= 0 ? &sys->flag[d->flag] : NULL;
    double share = t->share[cohort * t->site->n_class + class];
    uint64_t first = 0, past = sys->sc->cohort[cohort].population;
    const uint32_t *list = NULL;
    if (share < 1.0) {
        if (!f || !f->by_bucket[cohort])
            return false;
        list = f->by_bucket[cohort];
        uint64_t n_on = f->bucket_upto[cohort][d->below];
        first = class == d->class_on ? 0 : n_on;
        past = class == d->class_on ? n_on : past;
    }
    double n_user = (double)(past - first);
    if (past <= first || (double)n < n_user * (log(n_user) + 40.0))
        return false;
    for (uint64_t i = first; i < past; i++)
        rs_hurt_mark(sys, t->site, cohort, list ? list[i] : i);
    return true;
}

void rs_hurt_users(struct system *sys, struct target *t, int class, uint64_t n)
{
    struct site *site = t->site;
    double total = 0.0;
    bool several = false;
    for (int i = 0; i < site->n_traffic; i++) {
        int cohort = sys->sc->traffic[site->traffic[i]].cohort;
        total += t->weight[i] * t->share[cohort * site->n_class + class];
        several |= cohort != sys->sc->traffic[site->traffic[0]].cohort;
    }
    int cohort = several ? 0 : sys->sc->traffic[site->traffic[0]].cohort;
    if (!several && mark_all(sys, t, class, cohort, n))
        return;
    for (uint64_t i = 0; i < n; i++) {
        if (several)
            cohort = pick_cohort(sys, t, class, total);
        rs_hurt_mark(sys, t->site, cohort, pick_user(sys, t, class, cohort));
    }
}

void rs_hurt_user_of(struct system *sys, struct target *t, int class, int cohort)
{
    rs_hurt_mark(sys, t->site, cohort, pick_user(sys, t, class, cohort));
}

static void wipe(struct system *sys, uint64_t **bits)
{
    for (int c = 0; c < sys->sc->n_cohort; c++) {
        if (bits[c])
            memset(bits[c], 0, sizeof **bits * words(sys, c));
    }
}

void rs_hurt_reset(struct system *sys)
{
    wipe(sys, sys->hurt_bits);
    sys->n_hurt = 0;
    for (int i = 0; i < sys->sc->n_service; i++) {
        wipe(sys, sys->site[i].hurt_bits);
        sys->site[i].n_hurt = 0;
    }
}

uint64_t rs_system_users_hurt(struct system *sys)
{
    rs_system_flush(sys);
    return sys->n_hurt;
}

uint64_t rs_system_users_hurt_by(struct system *sys, int service)
{
    rs_site_flush(sys, &sys->site[service]);
    return sys->site[service].n_hurt;
}
