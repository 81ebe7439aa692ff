/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signals of a scenario's services: failed requests, slow requests, and the counters that its faults move.
 *
 * "Slow" is above a bucket of the latency histogram: the one nearest to each threshold that the runbook or the alerts compare
 * a quantile of that histogram with, the one nearest to `slow_above`, and the lowest that 95 % of all requests stay under,
 * which is the one that shows a small shift best.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/promql.h"
#include "models/rules.h"
#include "retro/signal_count.h"

enum { MOST_BOUNDS = 8 };

struct of_service {
    const struct signal_from *from;
    const struct scenario *sc;
    int service;
    bool alone; /* nobody else counts requests under that name: series without a job are its own */
};

static const char *label(const struct of_service *s, int series, const char *name)
{
    const struct recorded *data = s->from->evidence->data;
    return rs_labels_get(data->labels, data->series[series].labels, name);
}

/* A series of the service with that name and suffix. */
static bool
is_called(const struct of_service *s, int series, const char *metric, const char *suffix)
{
    const char *name = label(s, series, "__name__"), *job = label(s, series, "job");
    size_t n = strlen(metric);
    if (strncmp(name, metric, n) != 0 || strcmp(name + n, suffix) != 0)
        return false;
    if (!*job)
        return s->alone;
    return strcmp(job, s->sc->service[s->service].name) == 0;
}

static struct retro_signal like(const struct of_service *s, const char *name)
{
    return (struct retro_signal){.name = name,
                                 .unit = "ratio",
                                 .kind = RS_SIGNAL_RATIO,
                                 .bad = RS_UPWARDS,
                                 .service = s->service};
}

static void add_errors(struct signal_list *list, const struct of_service *s)
{
    const struct service *sv = &s->sc->service[s->service];
    struct signal_parts parts = {0};
    for (int i = 0; sv->requests_metric && i < s->from->evidence->data->n_series; i++) {
        if (!is_called(s, i, sv->requests_metric, ""))
            continue;
        const char *code = label(s, i, "code");
        bool failed = code[0] == '5' && strlen(code) == 3;
        rs_signal_parts_add(&parts, (struct signal_part){i, 1, failed});
    }
    struct retro_signal to = like(s, rs_arena_printf(s->from->arena, "%s errors", sv->name));
    rs_signal_add_counted(list, s->from, &to, &parts);
}

/* ---- slow ---- */

struct bounds {
    int n;
    double s[MOST_BOUNDS];
};

static void add_bound(struct bounds *b, double s)
{
    for (int i = 0; i < b->n; i++) {
        if (b->s[i] == s)
            return;
    }
    if (b->n < MOST_BOUNDS)
        b->s[b->n++] = s;
}

/* All upper bounds that were recorded, rising, without +Inf; of more than there is room for, the first. */
enum { MOST_LE = 64 };
struct buckets {
    int n;
    double le[MOST_LE], count[MOST_LE], all;
};

static void add_bucket(struct buckets *b, double le, double count)
{
    int i = 0;
    while (i < b->n && b->le[i] < le)
        i++;
    if (i == b->n || b->le[i] != le) {
        if (b->n == MOST_LE)
            return;
        memmove(&b->le[i + 1], &b->le[i], sizeof(b->le[0]) * (size_t)(b->n - i));
        memmove(&b->count[i + 1], &b->count[i], sizeof(b->count[0]) * (size_t)(b->n - i));
        b->le[i] = le;
        b->count[i] = 0.0;
        b->n++;
    }
    b->count[i] += count;
}

static struct buckets buckets_of(const struct of_service *s, const char *metric)
{
    struct buckets b = {0};
    const struct recorded *data = s->from->evidence->data;
    for (int i = 0; i < data->n_series; i++) {
        if (is_called(s, i, metric, "_count"))
            b.all += rs_signal_increase(&data->series[i]);
        if (!is_called(s, i, metric, "_bucket"))
            continue;
        double le = strtod(label(s, i, "le"), NULL);
        if (isfinite(le) && le > 0.0)
            add_bucket(&b, le, rs_signal_increase(&data->series[i]));
    }
    return b;
}

static double nearest(const struct buckets *b, double s)
{
    int best = 0;
    for (int i = 1; i < b->n; i++) {
        if (fabs(b->le[i] - s) < fabs(b->le[best] - s))
            best = i;
    }
    return b->le[best];
}

/* The thresholds of an expression that stand against a quantile of the service's histogram. */
static void add_thresholds(struct bounds *to,
                           const struct of_service *s,
                           const struct buckets *buckets,
                           const struct promql *expr)
{
    const struct service *sv = &s->sc->service[s->service];
    struct promql_threshold found[MOST_BOUNDS];
    int n = expr ? rs_promql_thresholds(s->from->arena, expr, found, MOST_BOUNDS) : 0;
    for (int i = 0; i < n; i++) {
        if (!strstr(found[i].text, "histogram_quantile") ||
            !strstr(found[i].text, sv->latency_metric))
            continue;
        const char *mine = rs_arena_printf(s->from->arena, "job=\"%s\"", sv->name);
        if (strstr(found[i].text, mine) || (s->alone && !strstr(found[i].text, "job=")))
            add_bound(to, nearest(buckets, found[i].value));
    }
}

static struct bounds bounds_of(const struct of_service *s, const struct buckets *buckets)
{
    struct bounds to = {0};
    const struct service *sv = &s->sc->service[s->service];
    const struct response *plan = &s->sc->response;
    for (int i = 0; i < buckets->n; i++) {
        if (buckets->count[i] >= 0.95 * buckets->all) {
            add_bound(&to, buckets->le[i]);
            break;
        }
    }
    for (int i = 0; i < plan->n_stage; i++) {
        for (int k = 0; k < plan->stage[i].n_gate; k++)
            add_thresholds(&to, s, buckets, plan->stage[i].gate[k].expr);
    }
    for (int i = 0; i < plan->n_procedure; i++)
        add_thresholds(&to, s, buckets, plan->procedure[i].trigger);
    for (int f = 0; f < s->from->evidence->n_rule_file; f++) {
        const struct rule_file *file = s->from->evidence->rule_file[f];
        for (int g = 0; g < file->n_group; g++) {
            for (int k = 0; k < file->group[g].n_rule; k++) {
                if (file->group[g].rule[k].alert)
                    add_thresholds(&to, s, buckets, file->group[g].rule[k].expr);
            }
        }
    }
    if (isfinite(sv->slow_s))
        add_bound(&to, nearest(buckets, sv->slow_s));
    return to;
}

static const char *slow_name(const struct of_service *s, double bound_s)
{
    const char *name = s->sc->service[s->service].name;
    return bound_s < 1.0
               ? rs_arena_printf(s->from->arena, "%s slower than %gms", name, bound_s * 1000.0)
               : rs_arena_printf(s->from->arena, "%s slower than %gs", name, bound_s);
}

static void add_slow(struct signal_list *list, const struct of_service *s)
{
    const struct service *sv = &s->sc->service[s->service];
    if (!sv->latency_metric)
        return;
    struct buckets buckets = buckets_of(s, sv->latency_metric);
    if (buckets.n == 0 || !(buckets.all > 0.0))
        return;
    struct bounds bounds = bounds_of(s, &buckets);
    for (int b = 0; b < bounds.n; b++) {
        struct signal_parts parts = {0};
        for (int i = 0; i < s->from->evidence->data->n_series; i++) {
            if (is_called(s, i, sv->latency_metric, "_count"))
                rs_signal_parts_add(&parts, (struct signal_part){i, 1, 1});
            if (is_called(s, i, sv->latency_metric, "_bucket") &&
                strtod(label(s, i, "le"), NULL) == bounds.s[b])
                rs_signal_parts_add(&parts, (struct signal_part){i, 0, -1});
        }
        struct retro_signal to = like(s, slow_name(s, bounds.s[b]));
        rs_signal_add_counted(list, s->from, &to, &parts);
    }
}

/* ---- counters ---- */

static bool effect_moves(const struct effect *e, int counter)
{
    for (int i = 0; i < e->n_counter; i++) {
        if (e->counter[i] == counter)
            return true;
    }
    return false;
}

/* A fault moves it, by itself or by what it leaves behind; so does a path that falls back, which is how faults show there. */
static bool is_moved(const struct of_service *s, int counter)
{
    const struct service *sv = &s->sc->service[s->service];
    for (int i = 0; i < s->sc->n_fault; i++) {
        const struct fault *f = &s->sc->fault[i];
        if (f->service == s->service && (effect_moves(&f->effect, counter) ||
                                         (f->has_residue && effect_moves(&f->residue, counter))))
            return true;
    }
    for (int i = 0; i < sv->n_path; i++) {
        if (sv->path[i].fallback >= 0 && sv->path[i].fallback_counter == counter)
            return true;
    }
    return false;
}

static void add_counters(struct signal_list *list, const struct of_service *s)
{
    const struct service *sv = &s->sc->service[s->service];
    for (int c = 0; c < sv->n_counter; c++) {
        struct signal_parts parts = {0};
        for (int i = 0; is_moved(s, c) && i < s->from->evidence->data->n_series; i++) {
            if (is_called(s, i, sv->counter[c].metric, ""))
                rs_signal_parts_add(&parts, (struct signal_part){i, 0, 1});
        }
        struct retro_signal to =
            like(s, rs_arena_printf(s->from->arena, "%s %s", sv->name, sv->counter[c].metric));
        to.unit = "1/s";
        to.kind = RS_SIGNAL_COUNT;
        rs_signal_add_counted(list, s->from, &to, &parts);
    }
}

/* Does another service expose the same metric? */
static bool is_alone(const struct scenario *sc, int service)
{
    const char *mine = sc->service[service].requests_metric;
    for (int i = 0; mine && i < sc->n_service; i++) {
        const char *its = sc->service[i].requests_metric;
        if (i != service && its && strcmp(its, mine) == 0)
            return false;
    }
    return true;
}

void rs_signals_of_services(struct signal_list *list, const struct signal_from *from)
{
    const struct scenario *sc = from->evidence->scenario;
    for (int i = 0; i < sc->n_service; i++) {
        struct of_service s = {from, sc, i, is_alone(sc, i)};
        add_errors(list, &s);
        add_slow(list, &s);
        add_counters(list, &s);
    }
}
