/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Alarms over the recording. An alarm is an episode's when it begins to fire from the onset on until the fault is over and has
 * left the longest window that the alert looks through; any other is, as far as is known, a false one.
 */
#include "retro/alarm.h"

#include <stdlib.h>
#include <string.h>

#include "models/promql_inspect.h"
#include "sim/clock.h"

struct backtest *rs_alarm_run(const struct retro *r,
                              struct recorded *data,
                              int n_file,
                              const struct rule_file *const *file,
                              const struct am_config *am,
                              const struct backtest_query *query)
{
    const struct retro_evidence *e = r->evidence;
    const struct monitoring *m = e->scenario ? &e->scenario->monitoring : NULL;
    struct backtest_spec spec = {
        .n_file = n_file,
        .file = file,
        .n_query = query ? 1 : 0,
        .query = query,
        .data = data,
        .from_ms = data->first_ms,
        .to_ms = data->last_ms,
        .interval_ms = e->evaluation_interval_ns / RS_NS_PER_MS,
        .lookback_ms = e->lookback_ns / RS_NS_PER_MS,
        .resend_delay_ms = 60000,
        .am = am,
        .am_version = (enum am_version)(m ? m->alertmanager_version : 0),
        .n_silence = m ? m->n_silence : 0,
        .silence = m ? m->silence : NULL,
    };
    return rs_backtest_run(&spec);
}

/* ---- whose alarm ---- */

struct alarm_span rs_alarm_span(const struct harm *h)
{
    struct alarm_span span = {RS_NEVER, INT64_MIN};
    for (int i = 0; i < RS_RETRO_INSTANT_N; i++) {
        const struct retro_instant *at = &h->e->at[i];
        if (at->how == RS_HOW_UNKNOWN || at->never || i == RS_RETRO_CHANGED)
            continue;
        int64_t from = at->lo_ns != INT64_MIN ? at->lo_ns : at->best_ns;
        int64_t until = at->hi_ns != RS_NEVER ? at->hi_ns : at->best_ns;
        span.from_ns = from < span.from_ns ? from : span.from_ns;
        span.until_ns = i <= RS_CLOCK_COMPLETED && until > span.until_ns ? until : span.until_ns;
    }
    if (!h->refused) {
        span.from_ns = h->onset.lo_ns != INT64_MIN ? h->onset.lo_ns : h->onset.best_ns;
        span.until_ns = h->end_ns > span.until_ns ? h->end_ns : span.until_ns;
    }
    return span;
}

static void widest(void *ctx, const char *metric, int64_t span_ms, struct mark at)
{
    int64_t *most = ctx;
    (void)metric, (void)at;
    *most = span_ms > *most ? span_ms : *most;
}

/* How long after the fault is over the rule may still begin to fire because of it. */
static int64_t rule_memory_ns(const struct retro *r, const struct rule *rule)
{
    int64_t most_ms = 0;
    rs_promql_selectors(rule->expr, r->evidence->lookback_ns / RS_NS_PER_MS, widest, &most_ms);
    return most_ms * RS_NS_PER_MS + rule->for_ns + r->evidence->evaluation_interval_ns;
}

/* Where it is not known when the fault began, an alert that is still up at its first sign is one of its signs. */
static bool
is_in_span(const struct harm *h, const struct activation *a, int64_t at_ns, int64_t memory_ns)
{
    struct alarm_span span = rs_alarm_span(h);
    if (span.from_ns == RS_NEVER || at_ns - memory_ns > span.until_ns)
        return false;
    bool still_up = a->cleared_ms == RS_NEVER || a->cleared_ms > span.from_ns / RS_NS_PER_MS;
    return at_ns >= span.from_ns || (h->refused && still_up);
}

/* Of the episodes that it may belong to the one that it bears on, the last of several; else any. -1: none. */
static int episode_of(const struct retro *r,
                      const struct harm *harm,
                      const struct backtest *run,
                      const struct activation *a,
                      int64_t at_ns)
{
    int64_t memory_ns = rule_memory_ns(r, a->rule);
    int found = -1, bearing = -1;
    for (int i = 0; i < r->rebuilt.n_episode; i++) {
        if (!is_in_span(&harm[i], a, at_ns, memory_ns))
            continue;
        found = i;
        if (rs_alarm_bears_on(r, harm[i].e, a->rule, run->labels, a->labels))
            bearing = i;
    }
    return bearing >= 0 ? bearing : found;
}

int64_t rs_alarm_notified(const struct backtest *run, const struct activation *a)
{
    for (int i = 0; i < run->n_notice && a->firing_ms != RS_NEVER; i++) {
        const struct backtest_notice *n = &run->notice[i];
        if (n->nobody || n->at_ns < a->firing_ms * RS_NS_PER_MS)
            continue;
        if (a->cleared_ms != RS_NEVER && n->at_ns > a->cleared_ms * RS_NS_PER_MS)
            break;
        for (int k = 0; k < n->n_firing; k++) {
            if (n->alert[k] == a->labels)
                return n->at_ns;
        }
    }
    return RS_NEVER;
}

static int by_firing(const void *x, const void *y)
{
    const struct retro_alarm *a = x, *b = y;
    if (a->firing_ns != b->firing_ns)
        return a->firing_ns < b->firing_ns ? -1 : 1;
    if (a->pending_ns != b->pending_ns)
        return a->pending_ns < b->pending_ns ? -1 : 1;
    int order = strcmp(a->alert, b->alert);
    return order ? order : strcmp(a->labels, b->labels);
}

void rs_alarm_list(struct retro_counterfactual *out,
                   const struct retro *r,
                   const struct harm *harm,
                   const struct backtest *run)
{
    out->alarm = RS_ARENA_ARRAY(r->arena, struct retro_alarm, run->n_activation);
    for (int i = 0; i < run->n_activation; i++) {
        const struct activation *a = &run->activation[i];
        bool fires = a->firing_ms != RS_NEVER;
        int64_t at_ns = (fires ? a->firing_ms : a->active_ms) * RS_NS_PER_MS;
        int episode = episode_of(r, harm, run, a, at_ns);
        if (!fires && episode < 0)
            continue; /* pending and nothing more: nobody was bothered */
        char *labels = rs_backtest_series(run->labels, a->labels);
        out->alarm[out->n_alarm++] = (struct retro_alarm){
            .episode = episode,
            .alert = a->rule->alert,
            .labels = rs_arena_strdup(r->arena, labels),
            .pending_ns = a->active_ms * RS_NS_PER_MS,
            .firing_ns = fires ? at_ns : RS_NEVER,
            .notified_ns = rs_alarm_notified(run, a),
        };
        free(labels);
    }
    if (out->n_alarm > 1)
        qsort(out->alarm, (size_t)out->n_alarm, sizeof(*out->alarm), by_firing);
}

/* ---- which alerts count ---- */

static bool names(const struct response *plan, int procedure, const char *alert)
{
    for (int i = 0; i < plan->procedure[procedure].n_alert; i++) {
        if (strcmp(plan->procedure[procedure].alert[i], alert) == 0)
            return true;
    }
    for (int i = 0; i < plan->n_automation; i++) {
        if (plan->automation[i].procedure == procedure &&
            strcmp(plan->automation[i].alert, alert) == 0)
            return true;
    }
    return false;
}

static bool has_stem(const char *metric, const char *stem)
{
    return stem && strncmp(metric, stem, strlen(stem)) == 0;
}

static bool exposes(const struct service *sv, const char *metric)
{
    if (has_stem(metric, sv->requests_metric) || has_stem(metric, sv->latency_metric))
        return true;
    for (int i = 0; i < sv->n_counter; i++) {
        if (strcmp(sv->counter[i].metric, metric) == 0)
            return true;
    }
    return false;
}

struct reads {
    const struct scenario *sc;
    int service;
    bool found;
};

/* A selector may be about the service unless its job, or the metric, says that it is about another one. */
static void look(void *ctx, const struct promql_reading *reading)
{
    struct reads *r = ctx;
    const struct service *mine = &r->sc->service[r->service];
    if (rs_promql_reading_excludes(reading, "job", mine->name))
        return;
    if (!reading->metric || exposes(mine, reading->metric)) {
        r->found = true;
        return;
    }
    for (int i = 0; i < r->sc->n_service; i++) {
        if (exposes(&r->sc->service[i], reading->metric))
            return;
    }
    r->found = true; /* of a recording rule, or of nobody whom the scenario knows */
}

static bool
rule_bears_on(const struct retro *r, const struct retro_episode *e, const struct rule *rule)
{
    const struct scenario *sc = r->evidence->scenario;
    if (!rule->alert)
        return false;
    if (!sc)
        return true;
    for (int i = 0; i < sc->response.n_procedure; i++) {
        if (names(&sc->response, i, rule->alert))
            return i == e->procedure || (e->procedure < 0 && e->service < 0);
    }
    if (e->service < 0)
        return true;
    struct reads reads = {sc, e->service, false};
    rs_promql_readings(rule->expr, look, &reads);
    return reads.found;
}

bool rs_alarm_bears_on(const struct retro *r,
                       const struct retro_episode *e,
                       const struct rule *rule,
                       const struct label_table *labels,
                       rs_labels set)
{
    const struct scenario *sc = r->evidence->scenario;
    if (!rule_bears_on(r, e, rule))
        return false;
    const char *job = rs_labels_get(labels, set, "job");
    if (!sc || e->service < 0 || !job || !*job)
        return true;
    return strcmp(job, sc->service[e->service].name) == 0;
}

int rs_alarm_first(const struct retro *r,
                   const struct harm *h,
                   const struct backtest *run,
                   int64_t until_ns)
{
    struct alarm_span span = rs_alarm_span(h);
    int first = -1;
    for (int i = 0; i < run->n_activation; i++) {
        const struct activation *a = &run->activation[i];
        if (a->firing_ms == RS_NEVER || a->firing_ms * RS_NS_PER_MS < span.from_ns ||
            a->firing_ms * RS_NS_PER_MS > until_ns ||
            (first >= 0 && a->firing_ms >= run->activation[first].firing_ms))
            continue;
        if (rs_alarm_bears_on(r, h->e, a->rule, run->labels, a->labels))
            first = i;
    }
    return first;
}

const char *
rs_alarm_standing(const struct retro *r, const struct harm *h, const struct backtest *run)
{
    int64_t from_ms = rs_alarm_span(h).from_ns / RS_NS_PER_MS;
    for (int i = 0; i < run->n_activation; i++) {
        const struct activation *a = &run->activation[i];
        if (a->firing_ms < from_ms && a->cleared_ms > from_ms &&
            rs_alarm_bears_on(r, h->e, a->rule, run->labels, a->labels))
            return a->rule->alert;
    }
    return NULL;
}

const char *rs_alarm_blind(const struct retro *r, const struct harm *h, const struct backtest *run)
{
    for (int i = 0; i < run->n_selector; i++) {
        const struct backtest_selector *s = &run->selector[i];
        if (s->found || s->may_be_missing || !s->rule || !rule_bears_on(r, h->e, s->rule))
            continue;
        return rs_arena_printf(r->arena, "%s asks for %s, which is in no series", s->rule->alert,
                               s->text);
    }
    return NULL;
}

bool rs_alarm_any(const struct retro *r,
                  const struct harm *h,
                  int n_file,
                  const struct rule_file *const *file)
{
    for (int f = 0; f < n_file; f++) {
        for (int g = 0; g < file[f]->n_group; g++) {
            const struct rule_group *group = &file[f]->group[g];
            for (int k = 0; k < group->n_rule; k++) {
                if (rule_bears_on(r, h->e, &group->rule[k]))
                    return true;
            }
        }
    }
    return false;
}
