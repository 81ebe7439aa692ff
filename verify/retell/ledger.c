/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/clock.h"

#define MS_PER_DAY 86400000.0
#define MS_PER_MINUTE 60000.0

const char *const rs_retell_measure_names[RS_RETELL_MEASURE_N + 1] = {
    "missed", "mean_minutes", "median_minutes", "false_alarms_per_day", NULL};

/* ---- tallies ---- */

void rs_tally_reset(const struct ledger *l, struct tally *t)
{
    for (int i = 0; i < l->retell->n_incident; i++) {
        t->caught[i] = (struct retell_catch){.at_ms = RS_NEVER};
    }
    memset(t->n_false, 0, sizeof(t->n_false));
}

struct tally rs_tally_new(struct arena *arena, const struct ledger *l)
{
    struct tally t = {.caught = RS_ARENA_ARRAY(arena, struct retell_catch, l->retell->n_incident)};
    rs_tally_reset(l, &t);
    return t;
}

/* Of two alerts that fire at once the first by name counts: what is told must not depend on who came first. */
static bool
is_before(const struct ledger *l, const struct retell_catch *a, const struct retell_catch *b)
{
    if (a->at_ms != b->at_ms || !b->alert) {
        return a->at_ms < b->at_ms;
    }
    int names = strcmp(a->alert, b->alert);
    return names != 0 ? names < 0
                      : rs_labels_compare(l->retell->spec.data->labels, a->labels, b->labels) < 0;
}

void rs_tally_alert(const struct ledger *l, struct tally *t, const struct activation *a)
{
    const struct retell *d = l->retell;
    if (a->firing_ms == RS_NEVER) {
        return;
    }
    for (int i = 0; i < d->n_incident; i++) {
        const struct retell_catch c = {a->firing_ms, a->rule->alert, a->labels};
        if (a->firing_ms >= d->incident[i].from_ms - d->before_ms &&
            a->firing_ms <= d->incident[i].from_ms + d->within_ms &&
            is_before(l, &c, &t->caught[i])) {
            t->caught[i] = c;
        }
    }
    for (int p = 0; p < RS_RETELL_PART_N; p++) {
        t->n_false[p] += rs_spans_has(&l->quiet[p], a->firing_ms);
    }
}

void rs_tally_join(const struct ledger *l, struct tally *t, const struct tally *other)
{
    for (int i = 0; i < l->retell->n_incident; i++) {
        if (other->caught[i].at_ms != RS_NEVER && is_before(l, &other->caught[i], &t->caught[i])) {
            t->caught[i] = other->caught[i];
        }
    }
    for (int p = 0; p < RS_RETELL_PART_N; p++) {
        t->n_false[p] += other->n_false[p];
    }
}

/* ---- scores ---- */

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* An alert that began to fire a little ahead of the incident's noted beginning took no time. */
static double minutes_of(const struct retell_incident *in, const struct retell_catch *c)
{
    return c->at_ms > in->from_ms ? (double)(c->at_ms - in->from_ms) / MS_PER_MINUTE : 0.0;
}

struct retell_score rs_tally_score(const struct ledger *l, const struct tally *t, int part)
{
    const struct retell *d = l->retell;
    struct retell_score s = {.mean_minutes = NAN,
                             .median_minutes = NAN,
                             .least_minutes = NAN,
                             .most_minutes = NAN,
                             .false_per_day = NAN};
    double *minutes = rs_xcalloc((size_t)d->n_incident + 1, sizeof(*minutes)), sum = 0.0;
    for (int i = 0; i < d->n_incident; i++) {
        if (l->part_of[i] != part) {
            continue;
        }
        s.n_incident++;
        if (t->caught[i].at_ms != RS_NEVER) {
            minutes[s.n_caught++] = minutes_of(&d->incident[i], &t->caught[i]);
            sum += minutes[s.n_caught - 1];
        }
    }
    if (s.n_caught > 0) {
        qsort(minutes, s.n_caught, sizeof(*minutes), by_value);
        s.mean_minutes = sum / (double)s.n_caught;
        s.median_minutes = rs_quantile_sorted(minutes, s.n_caught, 0.5);
        s.least_minutes = minutes[0];
        s.most_minutes = minutes[s.n_caught - 1];
    }
    free(minutes);
    int64_t quiet_ms = rs_spans_length(&l->quiet[part]);
    s.n_false = t->n_false[part];
    if (quiet_ms > 0) {
        s.false_per_day = (double)s.n_false * MS_PER_DAY / (double)quiet_ms;
    }
    return s;
}

void rs_score_intervals(struct retell_score *s, double quiet_days, double confidence)
{
    s->caught = rs_clopper_pearson(s->n_caught, s->n_incident, confidence);
    s->false_rate = rs_poisson_interval(s->n_false, confidence);
    s->false_rate.low = quiet_days > 0.0 ? s->false_rate.low / quiet_days : 0.0;
    s->false_rate.high = quiet_days > 0.0 ? s->false_rate.high / quiet_days : INFINITY;
}

double rs_score_measure(const struct retell_score *s, enum retell_measure m)
{
    double v = NAN;
    switch (m) {
    case RS_RETELL_MISSED: v = (double)(s->n_incident - s->n_caught); break;
    case RS_RETELL_MEAN_MINUTES: v = s->mean_minutes; break;
    case RS_RETELL_MEDIAN_MINUTES: v = s->median_minutes; break;
    case RS_RETELL_FALSE_PER_DAY: v = s->false_per_day; break;
    case RS_RETELL_MEASURE_N: assert(!"no measure");
    }
    return isnan(v) ? INFINITY : v;
}

/* ---- small statistics ---- */

/* P(X <= n) of a Poisson variable: summed from the largest term down, so that nothing overflows. */
static double poisson_up_to(uint64_t n, double mean)
{
    if (mean <= 0.0) {
        return 1.0;
    }
    double top = fmin((double)n, floor(mean)), sum = 0.0;
    double at_top = exp(top * log(mean) - mean - lgamma(top + 1.0));
    double term = at_top;
    for (double k = top; k >= 0.0 && term > 0.0; k -= 1.0) {
        sum += term;
        term *= k / mean;
    }
    term = at_top;
    for (double k = top + 1.0; k <= (double)n && term > 0.0; k += 1.0) {
        term *= mean / k;
        sum += term;
    }
    return fmin(sum, 1.0);
}

/* The mean at which P(X <= n) is p; it falls as the mean grows. */
static double mean_at(uint64_t n, double p)
{
    double low = 0.0, high = 2.0 * (double)n + 100.0;
    for (int i = 0; i < 200 && low < high; i++) {
        double mid = low + (high - low) / 2.0;
        if (poisson_up_to(n, mid) > p) {
            low = mid;
        } else {
            high = mid;
        }
        if (mid == low && mid == high) {
            break;
        }
    }
    return high;
}

struct interval rs_poisson_interval(uint64_t n, double confidence)
{
    double out = (1.0 - confidence) / 2.0;
    return (struct interval){.low = n > 0 ? mean_at(n - 1, 1.0 - out) : 0.0,
                             .high = mean_at(n, out)};
}

double rs_sign_test(uint64_t a, uint64_t b)
{
    double n = (double)(a + b), less = (double)(a < b ? a : b), sum = 0.0;
    for (double k = 0.0; k <= less; k += 1.0) {
        sum += exp(lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0) - n * log(2.0));
    }
    return fmin(1.0, 2.0 * sum);
}
