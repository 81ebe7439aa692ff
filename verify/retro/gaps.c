/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where the recording stands still. Between two samples that are too far apart the server may have seen what the recording does
 * not hold, so what the rules say over it is off by up to as much as is missing, as long as a window of theirs reaches into it.
 */
#include <stdlib.h>
#include <string.h>

#include "retro/rebuild.h"

enum { MAX_CELLS = 1 << 22 };

static int64_t longest_usual_step(const struct recorded *data)
{
    int64_t longest_ms = 0;
    for (int i = 0; i < data->n_series; i++) {
        const struct recorded_series *s = &data->series[i];
        if (s->n < 3)
            continue;
        /* The mean of all but what is lost: a gap of a day in a year of samples moves it little. */
        int64_t step_ms = s->sample[s->n / 2].t_ms - s->sample[s->n / 2 - 1].t_ms;
        int64_t mean_ms = (s->sample[s->n - 1].t_ms - s->sample[0].t_ms) / (int64_t)(s->n - 1);
        step_ms = step_ms < mean_ms ? step_ms : mean_ms;
        longest_ms = step_ms > longest_ms ? step_ms : longest_ms;
    }
    return longest_ms;
}

/* What the rules write goes on while the scrapes are missing, and is missing while no alert is up. */
static bool is_scraped(const struct recorded *data, int i)
{
    return strncmp(rs_labels_get(data->labels, data->series[i].labels, "__name__"), "ALERTS", 6) !=
           0;
}

static void add_gap(struct rebuild *b, int64_t from_ms, int64_t until_ms)
{
    if (b->n_gap == b->cap_gap) {
        b->cap_gap = b->cap_gap ? 2 * b->cap_gap : 16;
        b->gap = rs_xrealloc(b->gap, sizeof(*b->gap) * (size_t)b->cap_gap);
    }
    b->gap[b->n_gap++] = (struct span){from_ms * RS_NS_PER_MS, until_ms * RS_NS_PER_MS};
}

void rs_rebuild_gaps(struct rebuild *b)
{
    const struct recorded *data = b->r->seen.data;
    b->n_gap = 0;
    if (!data || data->n_sample == 0)
        return;
    int64_t cell_ms = longest_usual_step(data), span_ms = data->last_ms - data->first_ms;
    if (cell_ms <= 0 || span_ms / cell_ms >= MAX_CELLS)
        return;
    int n = (int)(span_ms / cell_ms) + 1;
    bool *seen = rs_xcalloc((size_t)n, sizeof(*seen));
    for (int i = 0; i < data->n_series; i++) {
        const struct recorded_series *s = &data->series[i];
        for (size_t k = 0; is_scraped(data, i) && k < s->n; k++)
            seen[(s->sample[k].t_ms - data->first_ms) / cell_ms] = true;
    }
    for (int i = 0; i < n; i++) {
        int k = i;
        while (k < n && !seen[k])
            k++;
        if (k - i >= 2) /* two empty cells: at least two intervals without a sample of anything */
            add_gap(b, data->first_ms + (i - 1) * cell_ms, data->first_ms + (k + 1) * cell_ms);
        i = k;
    }
    free(seen);
}

int64_t rs_rebuild_missing(const struct rebuild *b, int64_t t_ns, int64_t reach_ns)
{
    int64_t every_ns = b->r->evidence->evaluation_interval_ns, missing_ns = 0;
    struct span window = {rs_span_shift(t_ns, -reach_ns - every_ns), rs_span_shift(t_ns, every_ns)};
    for (int i = 0; i < b->n_gap; i++) {
        if (rs_span_apart(b->gap[i], window) == 0)
            missing_ns += b->gap[i].hi_ns - b->gap[i].lo_ns;
    }
    return missing_ns;
}

static void longest_span(void *ctx, const char *metric, int64_t span_ms, struct mark at)
{
    int64_t *longest_ns = ctx;
    (void)metric, (void)at;
    if (span_ms * RS_NS_PER_MS > *longest_ns)
        *longest_ns = span_ms * RS_NS_PER_MS;
}

int64_t rs_rebuild_reach(const struct rebuild *b, const struct promql *expr)
{
    const struct retro_evidence *e = b->r->evidence;
    int64_t reach_ns = 0, of_records_ns = 0;
    if (expr)
        rs_promql_selectors(expr, e->lookback_ns / RS_NS_PER_MS, longest_span, &reach_ns);
    for (int f = 0; f < e->n_rule_file; f++) {
        for (int g = 0; g < e->rule_file[f]->n_group; g++) {
            const struct rule_group *group = &e->rule_file[f]->group[g];
            for (int k = 0; k < group->n_rule; k++) {
                if (group->rule[k].record && group->rule[k].expr)
                    rs_promql_selectors(group->rule[k].expr, e->lookback_ns / RS_NS_PER_MS,
                                        longest_span, &of_records_ns);
            }
        }
    }
    return reach_ns + of_records_ns;
}
