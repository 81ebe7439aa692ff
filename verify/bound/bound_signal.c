/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From the true condition to the reading that sees it. Scrapes every s, evaluations every e, both phases unknown: the next scrape
 * is up to s away, the evaluation after it up to e; `for` f then lasts e*ceil(f/e), since it is looked at at evaluations only.
 * At fixed phases the wait from a scrape to its evaluation runs through a lattice of width gcd(s, e): its largest value is
 * e - gcd(s, e) where the lattices meet, and all but e where they just miss each other.
 * Source: rules/alerting.go and rules/group.go of Prometheus; the sum as in cause-effect chains, where each task adds its period
 * (Davare et al., DAC 2007).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bound_private.h"
#include "models/promql_inspect.h"
#include "models/template.h"
#include "sim/clock.h"

static double phase_of(const struct scenario *sc,
                       const struct rule_file *file,
                       const struct rule_group *g,
                       int64_t every_ns)
{
    const struct monitoring *m = &sc->monitoring;
    bool slices = m->group_offsets == RS_OFFSETS_HASHED_SLICES || m->dialect == RS_PROMQL_2_42;
    if (m->group_offsets == RS_OFFSETS_DRAWN || every_ns <= 0)
        return NAN;
    char *path = rs_rule_server_path(m->rules_path, file->path ? file->path : file->file);
    int64_t ns = rs_rule_group_offset_ns(path, g->name, every_ns,
                                         slices ? RS_ENCODING_SLICES : RS_ENCODING_STRINGS);
    free(path);
    return rs_s_from_ns(ns / RS_NS_PER_MS * RS_NS_PER_MS);
}

static bool labels_are_fixed(const struct rule *rule)
{
    for (int i = 0; rule->label_template && i < rule->n_label; i++) {
        if (rule->label_template[i])
            return false;
    }
    return true;
}

void rs_signal_rules(struct bounding *b)
{
    const struct monitoring *m = &b->sc->monitoring;
    int n = 0;
    for (int i = 0; i < m->n_rule_file; i++) {
        for (int j = 0; j < m->rule_file[i]->n_group; j++)
            n += m->rule_file[i]->group[j].n_rule;
    }
    b->rule = RS_ARENA_ARRAY(b->arena, struct alert_rule, n);
    for (int i = 0; i < m->n_rule_file; i++) {
        for (int j = 0; j < m->rule_file[i]->n_group; j++) {
            const struct rule_group *g = &m->rule_file[i]->group[j];
            int64_t every = g->interval_ns ? g->interval_ns : m->evaluation_interval_ns;
            for (int k = 0; k < g->n_rule; k++)
                b->rule[b->n_rule++] = (struct alert_rule){
                    .rule = &g->rule[k],
                    .group = g,
                    .file = m->rule_file[i],
                    .index = k,
                    .every_s = rs_s_from_ns(every),
                    .offset_s = g->has_query_offset ? rs_s_from_ns(g->query_offset_ns) : 0.0,
                    .phase_s = phase_of(b->sc, m->rule_file[i], g, every),
                    .single =
                        labels_are_fixed(&g->rule[k]) && rs_promql_is_single(g->rule[k].expr)};
        }
    }
}

double rs_signal_for(const struct alert_rule *rule)
{
    int64_t every_ms = rs_ns_from_s(rule->every_s) / RS_NS_PER_MS;
    int64_t for_ms = rule->rule->for_ns / RS_NS_PER_MS;
    return every_ms > 0 ? (double)((for_ms + every_ms - 1) / every_ms * every_ms) / 1e3 : 0.0;
}

/* The widest lattice that both intervals lie on. */
static double common_step(double a_s, double b_s)
{
    int64_t a = rs_ns_from_s(a_s) / RS_NS_PER_MS, b = rs_ns_from_s(b_s) / RS_NS_PER_MS;
    while (b != 0) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return (double)a / 1e3;
}

/*
 * From what happens every `from_s` to the next evaluation that comes every `every_s`.
 *   ahead_s  the evaluation is so far ahead of it on one lattice; NaN: the phases are drawn
 */
static struct span next_evaluation(double from_s, double every_s, double ahead_s)
{
    double d = common_step(from_s, every_s);
    struct span s = {
        .low_worst = d, .best = every_s - d, .worst = every_s, .sure = every_s, .exact = true};
    if (!isnan(ahead_s) && d > 0.0) {
        double r = fmod(fmod(ahead_s, d) + d, d);
        s.low = s.low_best = s.low_worst = r;
        s.best = s.worst = s.sure = every_s - d + r;
    }
    return s;
}

static struct span shifted(struct span s, double by_s)
{
    return rs_span_sum(s, rs_span_between(by_s, by_s));
}

/* ---- what an expression rests on ------------------------------------------------------------- */

/* The slowest of the ways along which a change comes to a reader. */
struct arrival {
    bool found;
    int n;
    struct part part[8];
    struct span total;
    double rhythm_s; /* of the last thing before the reader: scrapes, or evaluations that record */
    double offset_s; /* samples are so much older than the evaluation that wrote them */
    double late_s;   /* of scrapes */
    const struct alert_rule *writer; /* NULL: scrapes */
};

struct search {
    struct bounding *b;
    const struct alert_rule *reader; /* NULL: a gate or a look */
    struct arrival best;
    int depth;
};

static bool is_of(const char *metric, const char *base)
{
    static const char *const suffix[] = {"", "_bucket", "_sum", "_count"};
    size_t n = base ? strlen(base) : 0;
    if (!base || strncmp(metric, base, n) != 0)
        return false;
    for (int i = 0; i < 4; i++) {
        if (strcmp(metric + n, suffix[i]) == 0)
            return true;
    }
    return false;
}

static bool exposes(const struct service *sv, const struct promql_reading *r)
{
    if (rs_promql_reading_excludes(r, "job", sv->name))
        return false;
    if (!r->metric || strcmp(r->metric, "up") == 0)
        return true;
    if (is_of(r->metric, sv->requests_metric) || is_of(r->metric, sv->latency_metric))
        return true;
    for (int i = 0; i < sv->n_counter; i++) {
        if (strcmp(sv->counter[i].metric, r->metric) == 0)
            return true;
    }
    return false;
}

static void keep_slowest(struct search *x, const struct arrival *a)
{
    if (!x->best.found || a->total.worst > x->best.total.worst)
        x->best = *a;
}

static void add(struct arrival *a, struct part part)
{
    if (a->n < (int)(sizeof a->part / sizeof a->part[0])) {
        a->part[a->n++] = part;
    } else { /* a chain of recordings so long is told in one */
        struct part *last = &a->part[a->n - 1];
        last->span = rs_span_sum(last->span, part.span);
    }
    a->total = rs_span_sum(a->total, part.span);
}

static void through_scrape(struct search *x, const struct service *sv)
{
    struct bounding *b = x->b;
    double s = rs_s_from_ns(sv->scrape_interval_ns);
    double late = sv->scrape_late > 0.0 ? rs_s_from_ns(sv->scrape_late_ns) : 0.0;
    struct arrival a = {.found = true, .total = rs_span_none(), .rhythm_s = s, .late_s = late};
    struct part part = {.after = RS_STOP_CONDITION,
                        .name = "scrape",
                        .ref = sv->ref,
                        .at = sv->at,
                        .span = rs_span_between(0.0, s),
                        .why = rs_arena_printf(b->arena, "the next scrape of %s: every %s",
                                               sv->name, rs_bound_words(b, s))};
    if (sv->scrape_loss > 0.0) {
        part.span = rs_span_endless(0.0);
        part.why = rs_arena_printf(
            b->arena,
            "each scrape of %s is lost with %s, so any number may be, one after the other",
            sv->name, rs_bound_percent(b, sv->scrape_loss));
    } else if (late >= rs_s_from_ns(b->sc->monitoring.lookback_ns)) {
        part.span = rs_span_endless(0.0);
        part.why = "late samples come when nobody looks back so far any more";
    }
    add(&a, part);
    keep_slowest(x, &a);
}

static void search_expression(struct search *x, const struct promql *expr);

/* What the writer's own evaluation waits for, behind what arrives there. */
static struct part
evaluation(struct bounding *b, const struct arrival *a, const struct alert_rule *rule)
{
    double every = rule->every_s;
    struct part part = {.after = RS_STOP_CONDITION,
                        .name = rule->rule->record ? "recording" : "evaluation",
                        .at = rule->rule->at};
    if (!a->writer) {
        double behind = fmax(rule->offset_s, a->late_s);
        part.span = shifted(next_evaluation(a->rhythm_s, every, NAN), rule->offset_s);
        /* A late sample is missed by evaluations meanwhile; it need not be late. */
        part.span.best += behind - rule->offset_s;
        part.span.worst += behind - rule->offset_s;
        part.span.sure = part.span.worst;
        part.why = rs_arena_printf(b->arena, "the next evaluation of group %s: every %s%s%s%s%s",
                                   rule->group->name, rs_bound_words(b, every),
                                   rule->offset_s > 0.0 ? ", query offset " : "",
                                   rule->offset_s > 0.0 ? rs_bound_words(b, rule->offset_s) : "",
                                   behind > rule->offset_s ? ", samples late by up to " : "",
                                   behind > rule->offset_s ? rs_bound_words(b, a->late_s) : "");
        return part;
    }
    double ahead = fmax(rule->offset_s - a->offset_s, 0.0);
    if (a->writer->group == rule->group && a->writer->index < rule->index) {
        part.span = rs_span_none();
        part.why = rs_arena_printf(b->arena, "runs with group %s, behind what it reads",
                                   rule->group->name);
        return part;
    }
    bool same = a->writer->group == rule->group;
    double phase = rule->phase_s - a->writer->phase_s - ahead;
    part.span = same ? rs_span_between(every, every)
                     : shifted(next_evaluation(a->rhythm_s, every, phase), ahead);
    part.why = rs_arena_printf(b->arena, "%s of group %s: every %s",
                               same ? "read before it is written, so one evaluation"
                                    : "the next evaluation",
                               rule->group->name, rs_bound_words(b, every));
    return part;
}

static bool writes(const struct alert_rule *rule, const struct promql_reading *r)
{
    const struct rule *w = rule->rule;
    if (w->record)
        return !r->metric || strcmp(w->record, r->metric) == 0;
    bool alerts = !r->metric || strncmp(r->metric, "ALERTS", 6) == 0;
    return alerts && !rs_promql_reading_excludes(r, "alertname", w->alert);
}

static void through_rule(struct search *x, struct alert_rule *rule)
{
    struct bounding *b = x->b;
    struct search inner = {.b = b, .reader = rule, .depth = x->depth + 1};
    if (rule->visited)
        return; /* a circle: what reads itself sees nothing sooner or later for it */
    rule->visited = true;
    search_expression(&inner, rule->rule->expr);
    rule->visited = false;
    struct arrival a = inner.best;
    if (!a.found)
        return;
    struct part part = evaluation(b, &a, rule);
    double held = rule->rule->record ? 0.0 : rs_signal_for(rule);
    part.name = "recording";
    part.span = shifted(part.span, held);
    if (rule->every_s >= rs_s_from_ns(b->sc->monitoring.lookback_ns)) {
        part.span = rs_span_endless(part.span.low);
        part.why = rs_arena_printf(
            b->arena, "group %s writes no more often than the lookback: readers find gaps",
            rule->group->name);
    }
    add(&a, part);
    a.rhythm_s = rule->every_s;
    a.offset_s = rule->offset_s;
    a.late_s = 0.0;
    a.writer = rule;
    keep_slowest(x, &a);
}

static void follow(void *ctx, const struct promql_reading *r)
{
    struct search *x = ctx;
    for (int i = 0; i < x->b->sc->n_service; i++) {
        if (exposes(&x->b->sc->service[i], r))
            through_scrape(x, &x->b->sc->service[i]);
    }
    for (int i = 0; i < x->b->n_rule; i++) {
        if (writes(&x->b->rule[i], r))
            through_rule(x, &x->b->rule[i]);
    }
}

static void search_expression(struct search *x, const struct promql *expr)
{
    rs_promql_readings(expr, follow, x);
}

static void add_arrival(struct way *w, const struct arrival *a)
{
    for (int i = 0; i < a->n; i++)
        rs_way_add(w, a->part[i]);
}

static void nothing_arrives(struct way *w, struct mark at)
{
    rs_way_add(w, (struct part){.after = RS_STOP_CONDITION,
                                .name = "scrape",
                                .at = at,
                                .span = rs_span_endless(0.0),
                                .why = "nothing exposes what the expression reads"});
}

void rs_signal_expression(struct bounding *b, struct way *w, const struct promql *expr)
{
    struct search x = {.b = b};
    search_expression(&x, expr);
    if (!x.best.found) {
        nothing_arrives(w, (struct mark){0});
        return;
    }
    add_arrival(w, &x.best);
    if (x.best.late_s > 0.0)
        rs_way_add(w, (struct part){.after = RS_STOP_CONDITION,
                                    .name = "late scrape",
                                    .span = rs_span_between(0.0, x.best.late_s),
                                    .why = "samples of a late scrape are visible only later"});
}

void rs_signal_onset(struct way *w)
{
    rs_way_add(w, (struct part){
                      .after = RS_STOP_ONSET,
                      .name = "first bad sample",
                      .span = rs_span_endless(0.0),
                      .why = "which requests the fault hits is random: a scrape may carry none"});
    rs_way_add(w, (struct part){
                      .after = RS_STOP_FIRST_BAD,
                      .name = "signal",
                      .span = rs_span_endless(0.0),
                      .why = "counts are random: they may stay below any threshold for any time"});
}

/* ---- alerts ---------------------------------------------------------------------------------- */

static bool follows_value(const struct rule *rule)
{
    for (int i = 0; rule->label_template && i < rule->n_label; i++) {
        if (rule->label_template[i] && !rs_template_only_needs_labels(rule->label_template[i]))
            return true;
    }
    return false;
}

static struct part waiting(struct bounding *b, const struct alert_rule *rule)
{
    double held = rs_signal_for(rule), written = rs_s_from_ns(rule->rule->for_ns);
    struct part part = {.after = RS_STOP_PENDING,
                        .name = "for",
                        .at = rule->rule->at,
                        .span = rs_span_between(held, held)};
    part.why = rs_arena_printf(b->arena, "for: %s, looked at every %s: %.0f evaluations",
                               rs_bound_words(b, written), rs_bound_words(b, rule->every_s),
                               rule->every_s > 0.0 ? held / rule->every_s : 0.0);
    return part;
}

void rs_signal_alert(struct bounding *b, struct way *w, struct alert_rule *rule)
{
    struct search x = {.b = b, .reader = rule};
    rule->visited = true;
    search_expression(&x, rule->rule->expr);
    rule->visited = false;
    if (x.best.found) {
        add_arrival(w, &x.best);
        rs_way_add(w, evaluation(b, &x.best, rule));
    } else {
        nothing_arrives(w, rule->rule->at);
    }
    struct part part = waiting(b, rule);
    if (follows_value(rule->rule) && rule->rule->for_ns > 0)
        rs_way_add(w, (struct part){
                          .after = RS_STOP_CONDITION,
                          .name = "labels",
                          .at = rule->rule->at,
                          .span = rs_span_endless(0.0),
                          .why = "a label follows the value: every new value begins to wait anew"});
    if (rule->group->limit > 0)
        rs_way_add(w, (struct part){.after = RS_STOP_CONDITION,
                                    .name = "limit",
                                    .at = rule->group->at,
                                    .span = rs_span_endless(0.0),
                                    .why = "past the group's limit all its alerts are forgotten"});
    rs_way_add(w, part);
}
