/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What can only be seen when all evidence is read: names that nothing has, and intervals that are too short for so long a time. */
#include <stdlib.h>
#include <string.h>

#include "evidence_read.h"
#include "models/promql_selector.h"
#include "models/rules.h"
#include "sim/clock.h"

/* ---- signals ---- */

struct asking {
    struct evidence_reading *g;
    const struct retro_signal_spec *spec;
    int n; /* selectors so far */
};

static void look_for(void *ctx, const struct promql_reading *reading)
{
    struct asking *a = ctx;
    const struct recorded *data = a->g->e->data;
    struct promql_selector *s = rs_promql_selector_of(reading, a->g->r->dialect);
    bool found = false;
    a->n++;
    for (int i = 0; i < data->n_series && !found; i++) {
        found = rs_promql_selector_takes(s, data->labels, data->series[i].labels, NULL);
    }
    rs_promql_selector_free(s);
    if (found) {
        return;
    }
    const char **name = RS_ARENA_ARRAY(a->g->r->arena, const char *, data->n_series);
    bool is_there = false;
    for (int i = 0; i < data->n_series; i++) {
        name[i] = rs_labels_get(data->labels, data->series[i].labels, "__name__");
        is_there = is_there || (reading->metric && strcmp(name[i], reading->metric) == 0);
    }
    const char *metric = reading->metric ? reading->metric : "a selector without a name";
    const char *near =
        reading->metric && !is_there ? rs_near_name(metric, name, (size_t)data->n_series) : NULL;
    rs_evidence_note(a->g->e, a->spec->at, "signal \"%s\": no series %s %s%s%s%s", a->spec->name,
                     is_there ? "has the labels that are asked for of" : "matches", metric,
                     near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static void doubt_signal(struct evidence_reading *g, const struct retro_signal_spec *spec)
{
    const struct promql *of[3] = {spec->events, spec->total, spec->value};
    struct asking a = {g, spec, 0};
    for (int i = 0; i < 3; i++) {
        if (of[i]) {
            rs_promql_readings(of[i], look_for, &a);
        }
    }
    if (a.n == 0) {
        rs_evidence_note(g->e, spec->at, "signal \"%s\" asks for no series at all", spec->name);
    }
}

/* ---- subjects ---- */

struct names {
    const char **name;
    int n, cap;
};

static bool has(const struct names *names, const char *word)
{
    for (int i = 0; i < names->n; i++) {
        if (strcmp(names->name[i], word) == 0) {
            return true;
        }
    }
    return false;
}

static struct names alerts_of(const struct evidence_reading *g)
{
    const struct retro_evidence *e = g->e;
    struct names out = {0};
    for (int f = 0; f < e->n_rule_file; f++) {
        for (int k = 0; k < e->rule_file[f]->n_group; k++) {
            const struct rule_group *group = &e->rule_file[f]->group[k];
            for (int i = 0; i < group->n_rule; i++) {
                if (group->rule[i].alert) {
                    RS_PUSH(g->r->arena, out.name, out.n, out.cap, group->rule[i].alert);
                }
            }
        }
    }
    return out;
}

/* Events that are about an alert, if about anything. */
static bool is_about_alerts(int event)
{
    return event == RS_CLOCK_PENDING || event == RS_CLOCK_DETECTED || event == RS_CLOCK_NOTIFIED ||
           event == RS_CLOCK_RESOLVED;
}

static bool is_procedure(const struct scenario *sc, const char *word)
{
    for (int i = 0; sc && i < sc->response.n_procedure; i++) {
        if (strcmp(sc->response.procedure[i].name, word) == 0) {
            return true;
        }
    }
    return false;
}

/* What is near to an alert's name and is none is probably that one; people's other words are theirs. Each is told once. */
static void doubt_subjects(struct evidence_reading *g)
{
    const struct names alerts = alerts_of(g);
    struct names told = {0};
    for (int i = 0; i < g->e->n_mark; i++) {
        const struct retro_mark *m = &g->e->mark[i];
        if (!is_about_alerts(m->event) || !m->subject || has(&alerts, m->subject) ||
            is_procedure(g->e->scenario, m->subject)) {
            continue;
        }
        const char *near = rs_near_name(m->subject, alerts.name, (size_t)alerts.n);
        if (near && !has(&told, m->subject)) {
            RS_PUSH(g->r->arena, told.name, told.n, told.cap, m->subject);
            rs_evidence_note(g->e, m->at, "no rule has an alert \"%.60s\", did you mean \"%s\"?",
                             m->subject, near);
        }
    }
}

/* ---- intervals ---- */

/* A year at intervals of 16 s. From a tenth on it is told, so that nobody wonders where the time goes. */
#define EVALUATIONS_MAX INT64_C(2000000)

enum { PARTS_MAX = 1000000 };

/* How long there are samples, in parts as long as the lookback or longer: years in which nothing was recorded cost nothing. */
static int64_t covered_ns(const struct retro_evidence *e)
{
    const struct recorded *data = e->data;
    if (data->n_sample == 0) {
        return 0;
    }
    int64_t span_ms = data->last_ms - data->first_ms, part_ms = e->lookback_ns / RS_NS_PER_MS;
    part_ms = part_ms < span_ms / PARTS_MAX + 1 ? span_ms / PARTS_MAX + 1 : part_ms;
    int64_t n = 0;
    bool *seen = rs_xcalloc((size_t)(span_ms / part_ms) + 1, sizeof(*seen));
    for (int i = 0; i < data->n_series; i++) {
        for (size_t k = 0; k < data->series[i].n; k++) {
            bool *part = &seen[(data->series[i].sample[k].t_ms - data->first_ms) / part_ms];
            n += !*part;
            *part = true;
        }
    }
    free(seen);
    return (n * part_ms < span_ms ? n * part_ms : span_ms) * RS_NS_PER_MS;
}

static void doubt_interval(
    struct evidence_reading *g, int64_t span_ns, struct mark at, const char *what, int64_t every_ns)
{
    char every[32], span[32];
    int64_t n = every_ns > 0 ? span_ns / every_ns : 0;
    rs_duration_format(every, sizeof(every), every_ns);
    rs_duration_human(span, sizeof(span), span_ns);
    if (n > EVALUATIONS_MAX) {
        rs_err_list_add(g->r->errors, RS_E_RANGE, at,
                        "%s of %s makes %lld evaluations in the %s that the series cover, which "
                        "is more than %lld: a longer one will do",
                        what, every, (long long)n, span, (long long)EVALUATIONS_MAX);
    } else if (n > EVALUATIONS_MAX / 10) {
        rs_evidence_note(g->e, at,
                         "%s of %s makes %lld evaluations in the %s that the series cover", what,
                         every, (long long)n, span);
    }
}

static void doubt_intervals(struct evidence_reading *g)
{
    const struct retro_evidence *e = g->e;
    int64_t span_ns = covered_ns(e);
    const struct node *root = g->r->root, *monitoring = rs_node_get(root, "monitoring");
    struct mark at = monitoring ? rs_retell_at(monitoring, "evaluation_interval")
                     : root     ? root->at
                                : (struct mark){g->r->file, 0, 0};
    doubt_interval(g, span_ns, at, "\"evaluation_interval\"", e->evaluation_interval_ns);
    for (int f = 0; f < e->n_rule_file; f++) {
        for (int k = 0; k < e->rule_file[f]->n_group; k++) {
            const struct rule_group *group = &e->rule_file[f]->group[k];
            doubt_interval(g, span_ns, group->at, "the group's \"interval\"", group->interval_ns);
        }
    }
    for (int i = 0; i < e->n_what_if; i++) {
        if (e->what_if[i].kind == RS_IF_GATE) {
            doubt_interval(g, span_ns, e->what_if[i].at, "\"look_every\"",
                           e->what_if[i].look_every_ns);
        }
    }
    for (int i = 0; i < e->n_signal_spec; i++) {
        doubt_interval(g, span_ns, e->signal_spec[i].at, "\"every\"", e->signal_spec[i].every_ns);
    }
}

void rs_evidence_doubts(struct evidence_reading *g)
{
    for (int i = 0; i < g->e->n_signal_spec; i++) {
        doubt_signal(g, &g->e->signal_spec[i]);
    }
    doubt_subjects(g);
    doubt_intervals(g);
}
