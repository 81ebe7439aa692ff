/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counters as they were recorded: samples that no counter can have are left out, resets are counted. */
#include <math.h>
#include <string.h>

#include "../series/series_text.h"
#include "../text/value.h"
#include "evidence_read.h"
#include "models/tsdb.h"
#include "sim/clock.h"

/* Beyond 2^53 a double does not count: adding one changes nothing. */
#define COUNT_MAX 9007199254740992.0

static bool is_one_of(const char *name, const char *const *list, int n)
{
    for (int i = 0; i < n; i++) {
        if (strcmp(list[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* By its type or name; or the scenario's requests, or a signal of the document, count it. */
static bool is_counter(const struct evidence_reading *g,
                       const struct recorded *set,
                       const struct recorded_series *s)
{
    const struct scenario *sc = g->e->scenario;
    const char *name = rs_labels_get(set->labels, s->labels, "__name__");
    for (int i = 0; sc && i < sc->n_service; i++) {
        const char *requests = sc->service[i].requests_metric;
        if (requests && strcmp(requests, name) == 0) {
            return true;
        }
    }
    return rs_series_is_counter(set, s, false) || is_one_of(name, g->counter, g->n_counter);
}

/* The sum of a histogram counts no things: it may fall where measured values may be negative. */
static bool is_sum(const struct recorded *set, const struct recorded_series *s)
{
    return rs_text_ends_with(rs_labels_get(set->labels, s->labels, "__name__"), "_sum");
}

static bool is_possible(double v, bool sum)
{
    return rs_tsdb_is_stale(v) || (isfinite(v) && (sum || (v >= 0.0 && v <= COUNT_MAX)));
}

struct odd { /* samples of one kind */
    uint64_t n;
    int n_series;
    rs_labels labels; /* of the first one */
    struct sample first;
};

static void meet(struct odd *odd, const struct recorded_series *s, struct sample sample, bool *met)
{
    if (odd->n++ == 0) {
        odd->labels = s->labels;
        odd->first = sample;
    }
    odd->n_series += !*met;
    *met = true;
}

static void reject(struct recorded *set, struct recorded_series *s, struct odd *rejected)
{
    bool sum = is_sum(set, s), met = false;
    size_t kept = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (is_possible(s->sample[i].v, sum)) {
            s->sample[kept++] = s->sample[i];
        } else {
            meet(rejected, s, s->sample[i], &met);
        }
    }
    set->n_sample -= s->n - kept;
    s->n = kept;
}

static void
count_resets(const struct recorded *set, const struct recorded_series *s, struct odd *to)
{
    bool met = false;
    double last = NAN;
    for (size_t i = 0; i < s->n && !is_sum(set, s); i++) {
        double v = s->sample[i].v;
        if (!isnan(v)) { /* a stale marker is no start anew */
            if (v < last) {
                meet(to, s, s->sample[i], &met);
            }
            last = v;
        }
    }
}

static const char *words(struct evidence_reading *g, const struct recorded *set, struct odd odd)
{
    char at[64], series[400];
    int64_t ns = odd.first.t_ms * RS_NS_PER_MS;
    rs_labels_format(series, (int)sizeof(series), set->labels, odd.labels);
    if (rs_recorded_is_absolute(odd.first.t_ms)) {
        rs_time_format(at, sizeof(at), ns);
    } else {
        rs_duration_human(at, sizeof(at), ns);
    }
    return rs_arena_printf(g->e->arena, "%llu, in %d series, the first one %s of %s at %s",
                           (unsigned long long)odd.n, odd.n_series,
                           rs_arena_printf(g->e->arena, "%.17g", odd.first.v), series, at);
}

void rs_evidence_reject(struct evidence_reading *g, int source, struct recorded *set)
{
    struct retro_source *s = &g->e->source[source];
    struct odd rejected = {0};
    for (int i = 0; i < set->n_series; i++) {
        if (is_counter(g, set, &set->series[i])) {
            reject(set, &set->series[i], &rejected);
        }
    }
    s->n_rejected += rejected.n;
    if (rejected.n > 0) {
        rs_evidence_note(g->e, (struct mark){s->file, 0, 0},
                         "samples of counters that no counter can have (not finite, negative, or "
                         "above 2^53), left out: %s",
                         words(g, set, rejected));
    }
}

void rs_evidence_resets(struct evidence_reading *g, int source, const struct recorded *set)
{
    struct odd resets = {0};
    for (int i = 0; i < set->n_series; i++) {
        if (is_counter(g, set, &set->series[i])) {
            count_resets(set, &set->series[i], &resets);
        }
    }
    if (resets.n > 0) {
        rs_evidence_note(g->e, (struct mark){g->e->source[source].file, 0, 0},
                         "counters that begin anew: %s", words(g, set, resets));
    }
}
