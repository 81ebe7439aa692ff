/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When which alert fired. Where the recording holds ALERTS, as the server wrote it at each of its evaluations, that is believed;
 * else the rules are evaluated over the series. The server's phase is not known then: an evaluation of it may have come up to an
 * interval earlier, and up to an interval later, than that of ours which first saw the condition hold.
 */
#include <stdlib.h>
#include <string.h>

#include "retro/rebuild.h"

static const int64_t ms = RS_NS_PER_MS;

static struct firing *add(struct rebuild *b, const char *alert)
{
    if (b->n_firing == b->cap_firing) {
        b->cap_firing = b->cap_firing ? 2 * b->cap_firing : 16;
        b->firing = rs_xrealloc(b->firing, sizeof(*b->firing) * (size_t)b->cap_firing);
    }
    const struct span never = {RS_NEVER, RS_NEVER};
    b->firing[b->n_firing] = (struct firing){alert, never, never, never, false};
    return &b->firing[b->n_firing++];
}

static bool is_alerts(const struct recorded *data, rs_labels labels, const char *state)
{
    return strcmp(rs_labels_get(data->labels, labels, "__name__"), "ALERTS") == 0 &&
           strcmp(rs_labels_get(data->labels, labels, "alertstate"), state) == 0;
}

static bool recorded_for(const struct recorded *data, const char *alert)
{
    for (int i = 0; i < data->n_series; i++) {
        rs_labels l = data->series[i].labels;
        if (is_alerts(data, l, "firing") &&
            strcmp(rs_labels_get(data->labels, l, "alertname"), alert) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- by ALERTS ---- */

static int64_t usual_step_ms(const struct rebuild *b)
{
    int64_t step_ms = b->r->evidence->evaluation_interval_ns / ms;
    return step_ms > 0 ? step_ms : 60000;
}

/* The gap of the recording that reaches into a span, or an empty one. */
static struct span gap_in(const struct rebuild *b, int64_t from_ms, int64_t until_ms)
{
    const struct span s = {from_ms * ms, until_ms * ms};
    for (int i = 0; i < b->n_gap; i++) {
        if (rs_span_apart(b->gap[i], s) == 0)
            return b->gap[i];
    }
    return (struct span){RS_NEVER, INT64_MIN};
}

/*
 * The first sample of a stretch at t: the state began at one of the server's evaluations, at t, or earlier by one interval if
 * that sample is lost, or at any time while the recording stood still.
 */
static struct span began(const struct rebuild *b, int64_t t_ms, int64_t step_ms)
{
    struct span gap = gap_in(b, t_ms - 2 * step_ms, t_ms);
    struct span s = {(t_ms - step_ms) * ms - b->slack_ns, t_ms * ms + b->slack_ns};
    if (!rs_span_empty(gap) && gap.lo_ns - b->slack_ns < s.lo_ns)
        s.lo_ns = gap.lo_ns - b->slack_ns;
    return s;
}

/* Behind the last sample at t: the state ended at the evaluation after it, or after one that is lost. */
static struct span ended(const struct rebuild *b, int64_t last_ms, int64_t next_ms, int64_t step_ms)
{
    struct span gap = gap_in(b, last_ms, last_ms + 2 * step_ms);
    struct span s = {last_ms * ms - b->slack_ns, (last_ms + 2 * step_ms) * ms + b->slack_ns};
    if (!rs_span_empty(gap) && gap.hi_ns + step_ms * ms + b->slack_ns > s.hi_ns)
        s.hi_ns = gap.hi_ns + step_ms * ms + b->slack_ns;
    if (next_ms != RS_NEVER && next_ms * ms < s.hi_ns)
        s.hi_ns = next_ms * ms + b->slack_ns;
    return s;
}

/* Do two samples belong to one time that the alert was up? Of what is lost between them nobody knows. */
static bool goes_on(const struct rebuild *b, int64_t a_ms, int64_t b_ms, int64_t step_ms)
{
    struct span gap = gap_in(b, a_ms, b_ms);
    int64_t lost_ms = rs_span_empty(gap) ? 0 : (gap.hi_ns - gap.lo_ns) / ms;
    return b_ms - a_ms <= 3 * step_ms + lost_ms;
}

/* A stretch of samples of 1 of one ALERTS series. A pause of more than three intervals in a recording that goes on, or a stale marker, ends it. */
static void
add_stretches(struct rebuild *b, const struct recorded_series *s, const char *alert, bool fires)
{
    int64_t step_ms = usual_step_ms(b);
    size_t i = 0;
    while (i < s->n) {
        if (rs_tsdb_is_stale(s->sample[i].v)) {
            i++;
            continue;
        }
        size_t k = i;
        while (k + 1 < s->n && !rs_tsdb_is_stale(s->sample[k + 1].v) &&
               goes_on(b, s->sample[k].t_ms, s->sample[k + 1].t_ms, step_ms)) {
            k++;
        }
        struct firing *f = add(b, alert);
        f->recorded = true;
        struct span from = began(b, s->sample[i].t_ms, step_ms);
        if (fires) {
            f->fired = from;
        } else {
            f->pending = from;
        }
        bool more = k + 1 < s->n;
        if (more || s->sample[k].t_ms + 2 * step_ms <= b->r->seen.data->last_ms)
            f->cleared =
                ended(b, s->sample[k].t_ms, more ? s->sample[k + 1].t_ms : RS_NEVER, step_ms);
        i = k + 1;
    }
}

/* A pending stretch that runs into a firing one of the same alert is its beginning. */
static void join_pending(struct rebuild *b, int first, int n_pending)
{
    int64_t reach_ns = 3 * usual_step_ms(b) * ms;
    for (int i = first; i < first + n_pending; i++) {
        struct firing *p = &b->firing[i];
        for (int k = first + n_pending; k < b->n_firing; k++) {
            struct firing *f = &b->firing[k];
            if (strcmp(f->alert, p->alert) != 0 || f->pending.lo_ns != RS_NEVER ||
                p->cleared.lo_ns == RS_NEVER || rs_span_apart(p->cleared, f->fired) > reach_ns) {
                continue;
            }
            f->pending = p->pending;
            p->alert = NULL;
            break;
        }
    }
}

static void add_recorded(struct rebuild *b)
{
    const struct recorded *data = b->r->seen.data;
    int first = b->n_firing, n_pending = 0;
    for (int fires = 0; fires <= 1; fires++) {
        for (int i = 0; i < data->n_series; i++) {
            rs_labels l = data->series[i].labels;
            if (is_alerts(data, l, fires ? "firing" : "pending")) {
                const char *alert = rs_labels_get(data->labels, l, "alertname");
                add_stretches(b, &data->series[i], rs_arena_strdup(b->arena, alert), fires);
            }
        }
        if (!fires)
            n_pending = b->n_firing - first;
    }
    join_pending(b, first, n_pending);
    /* An alert that never had to wait was pending when it fired. */
    int n = first;
    for (int i = first; i < b->n_firing; i++) {
        struct firing *f = &b->firing[i];
        if (!f->alert)
            continue;
        if (f->pending.lo_ns == RS_NEVER)
            f->pending = f->fired;
        b->firing[n++] = *f;
    }
    b->n_firing = n;
}

/* ---- by the rules ---- */

static struct span evaluated(const struct rebuild *b, const struct activation *a, int64_t t_ms)
{
    int64_t every_ns =
        a->group->interval_ns > 0 ? a->group->interval_ns : b->r->evidence->evaluation_interval_ns;
    int64_t missing_ns =
        rs_rebuild_missing(b, t_ms * ms, rs_rebuild_reach(b, a->rule->expr) + a->rule->for_ns);
    int64_t off_ns = every_ns + missing_ns + b->slack_ns;
    return (struct span){t_ms * ms - off_ns, t_ms * ms + off_ns};
}

static void add_computed(struct rebuild *b)
{
    const struct backtest *run = b->r->seen.run;
    for (int i = 0; run && i < run->n_activation; i++) {
        const struct activation *a = &run->activation[i];
        if (recorded_for(b->r->seen.data, a->rule->alert))
            continue;
        struct firing *f = add(b, a->rule->alert);
        f->pending = evaluated(b, a, a->active_ms);
        if (a->firing_ms != RS_NEVER)
            f->fired = evaluated(b, a, a->firing_ms);
        if (a->cleared_ms != RS_NEVER)
            f->cleared = evaluated(b, a, a->cleared_ms);
    }
}

static int by_time(const void *a, const void *b)
{
    const struct firing *x = a, *y = b;
    if (x->pending.hi_ns != y->pending.hi_ns)
        return x->pending.hi_ns < y->pending.hi_ns ? -1 : 1;
    return strcmp(x->alert, y->alert);
}

void rs_rebuild_firings(struct rebuild *b)
{
    b->n_firing = 0;
    if (!b->r->seen.data)
        return;
    add_recorded(b);
    add_computed(b);
    if (b->n_firing > 0)
        qsort(b->firing, (size_t)b->n_firing, sizeof(*b->firing), by_time);
}
