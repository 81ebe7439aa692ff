/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counts of whole scrape intervals, drawn many at a time before they are due. What a class gets in an interval depends on the
 * scrape's number and on the present state alone, since each scrape has a place of its own in the class' stream; so it may be
 * drawn early as long as it is thrown away when the state changes, and nobody can tell. Drawn together, their random words
 * come out of the processor's lanes, and the walk along the profile, the shares and the tables stay in the nearest cache.
 */
#include <assert.h>

#include "internal.h"

/* Each scrape has so many blocks of `more` for itself; far more than any draw needs. */
#define MORE_SHIFT 20

void rs_main_open(struct main_lane *lane, const struct system *sys, uint64_t hash)
{
    lane->head = rs_system_stream(sys, rs_stream_hash_index(hash, 0));
    lane->more = rs_system_stream(sys, rs_stream_hash_index(hash, 1));
}

void rs_ahead_forget(struct ahead *a)
{
    a->first = a->past = 0;
}

static void make_means(struct system *sys, struct target *t, uint64_t first, int n)
{
    const struct site *site = t->site;
    struct ahead *a = &t->ahead;
    for (int i = 0; i < site->n_traffic; i++) {
        struct meter *m = &sys->meter[site->traffic[i]];
        double *mean = a->traffic + (size_t)i * RS_AHEAD;
        int64_t from_ns = rs_target_scrape_ns(t, first - 1);
        for (int j = 0; j < n; j++) {
            int64_t to_ns = from_ns + site->service->scrape_interval_ns;
            mean[j] = m->traffic->profile.kind == RS_PROFILE_LOG
                          ? 0.0
                          : rs_meter_mean(m, &a->cursor[i], from_ns, to_ns);
            from_ns = to_ns;
        }
    }
}

static void share_means(struct system *sys, struct target *t, int class, int n)
{
    const struct site *site = t->site;
    double *mean = t->ahead.mean + (size_t) class * RS_AHEAD;
    for (int j = 0; j < n; j++)
        mean[j] = 0.0;
    for (int i = 0; i < site->n_traffic; i++) {
        int cohort = sys->meter[site->traffic[i]].traffic->cohort;
        double share = t->share[cohort * site->n_class + class];
        const double *traffic = t->ahead.traffic + (size_t)i * RS_AHEAD;
        for (int j = 0; j < n; j++)
            mean[j] += traffic[j] * share;
    }
}

/* Two words of block `first` and of the n - 1 after it serve one count each. */
static void draw_counts(struct system *sys, struct target *t, int class, uint64_t first, int n)
{
    uint64_t word[2 * RS_AHEAD], *count = t->ahead.count + (size_t) class * RS_AHEAD;
    const double *mean = t->ahead.mean + (size_t) class * RS_AHEAD;
    double p = t->site->law[class].cell[0].p;
    struct stream head = t->ahead.lane[class].head, more = t->ahead.lane[class].more;
    rs_stream_seek(&head, first);
    rs_stream_words(&head, 2 * (size_t)n, word);
    for (int j = 0; j < n; j++) {
        rs_stream_seek(&more, (first + (uint64_t)j) << MORE_SHIFT);
        more.word[0] = word[2 * j];
        more.word[1] = word[2 * j + 1];
        more.n_left = 2;
        count[j] = rs_poisson_bank_draw(sys->bank, &more, mean[j] * p);
    }
}

void rs_ahead_make(struct system *sys, struct target *t, uint64_t first, int n)
{
    struct ahead *a = &t->ahead;
    assert(first > 0 && n > 0 && n <= RS_AHEAD);
    make_means(sys, t, first, n);
    for (int i = 0; i < t->n_active; i++) {
        share_means(sys, t, t->active[i], n);
        draw_counts(sys, t, t->active[i], first, n);
    }
    a->first = first;
    a->past = first + (uint64_t)n;
    a->law_epoch = t->site->law_epoch;
    a->branch = sys->branch ? *sys->branch : 0;
}

int rs_ahead_find(struct system *sys, struct target *t, uint64_t k)
{
    const struct ahead *a = &t->ahead;
    bool good = k >= a->first && k < a->past && a->law_epoch == t->site->law_epoch &&
                a->branch == (sys->branch ? *sys->branch : 0);
    if (!good)
        rs_ahead_make(sys, t, k, RS_AHEAD);
    return (int)(k - a->first);
}
