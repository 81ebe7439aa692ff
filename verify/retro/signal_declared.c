/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signals that the document declares: counters by their selectors, or the answers of an expression over time. A declared signal
 * that nothing matches is there all the same, without a point, so that it is told.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/promql.h"
#include "retro/signal_count.h"
#include "sim/clock.h"
#include "verify/backtest.h"

static const int64_t ms_in_ns = 1000000;

/* Neither given nor told by any series: as often as Prometheus scrapes by default. */
static const int64_t default_step_ms = 60000;

/* The series on the clock of reference; the evidence's own where no clock is off. */
static struct recorded *on_reference(const struct signal_from *from)
{
    struct recorded *data = from->evidence->data;
    bool off = false;
    for (int i = 0; i < from->evidence->n_source; i++)
        off = off || from->offset_ns[i] / ms_in_ns != 0;
    if (!off)
        return data;
    struct recorded *copy = rs_recorded_new(data->labels);
    for (int i = 0; i < data->n_series; i++) {
        const struct recorded_series *s = &data->series[i];
        int64_t ms = from->offset_ns[from->evidence->source_of[i]] / ms_in_ns;
        int k = rs_recorded_series(copy, s->labels);
        for (size_t j = 0; j < s->n; j++)
            rs_recorded_add(copy, k, s->sample[j].t_ms - ms, s->sample[j].v);
    }
    rs_recorded_sort(copy);
    return copy;
}

/* ---- counters ---- */

/*
 * Marks the series that a selector picks: those that it gives at evaluations half a lookback apart, for each sample is seen by at least
 * one of them.
 */
static void match(const struct signal_from *from, const struct promql *selector, bool *matched)
{
    struct recorded *data = from->evidence->data;
    struct tsdb *db = rs_tsdb_new(data->labels);
    struct promql_options opt = rs_promql_options_default();
    struct vector answer;
    struct err err = {0};
    opt.lookback_ms = from->evidence->lookback_ns / ms_in_ns;
    rs_recorded_attach(data, db, false);
    struct promql_eval *eval = rs_promql_eval_new(selector, db, opt);
    int64_t step = opt.lookback_ms > 1 ? opt.lookback_ms / 2 : 1;
    for (int64_t t = data->first_ms; t < data->last_ms + step; t += step) {
        if (rs_promql_eval(eval, t < data->last_ms ? t : data->last_ms, &answer, &err) != 0)
            continue;
        for (int i = 0; i < answer.n; i++) {
            for (int k = 0; k < data->n_series; k++)
                matched[k] = matched[k] || data->series[k].labels == answer.item[i].labels;
        }
    }
    rs_promql_eval_free(eval);
    rs_tsdb_free(db);
}

static struct retro_signal like(const struct retro_signal_spec *spec)
{
    return (struct retro_signal){.name = spec->name,
                                 .unit = spec->unit ? spec->unit : "",
                                 .kind = spec->kind,
                                 .bad = spec->bad,
                                 .service = -1};
}

static void add_counters(struct signal_list *list,
                         const struct signal_from *from,
                         const struct retro_signal_spec *spec)
{
    size_t n = (size_t)from->evidence->data->n_series;
    bool *event = rs_xcalloc(n + 1, sizeof(*event)), *total = rs_xcalloc(n + 1, sizeof(*total));
    struct signal_parts parts = {0};
    struct retro_signal to = like(spec);
    match(from, spec->events, event);
    if (spec->total)
        match(from, spec->total, total);
    for (size_t i = 0; i < n; i++) {
        if (event[i] || total[i])
            rs_signal_parts_add(&parts, (struct signal_part){(int)i, total[i], event[i]});
    }
    int n_before = list->n;
    rs_signal_add_counted(list, from, &to, &parts);
    if (list->n == n_before)
        rs_signal_list_add(list, &to);
    free(total);
    free(event);
}

/* ---- values ---- */

struct asked { /* of the expression's selectors */
    const struct recorded *data;
    int64_t range_ms; /* the longest range */
    int64_t step_ms;  /* the shortest usual distance of samples */
};

static int by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int64_t usual_distance(const struct recorded_series *s)
{
    if (s->n < 2)
        return RS_NEVER;
    int64_t *gap = rs_xcalloc(s->n, sizeof(*gap));
    for (size_t i = 1; i < s->n; i++)
        gap[i - 1] = s->sample[i].t_ms - s->sample[i - 1].t_ms;
    qsort(gap, s->n - 1, sizeof(*gap), by_number);
    int64_t usual = gap[(s->n - 1) / 2];
    free(gap);
    return usual > 0 ? usual : RS_NEVER;
}

static void look_up(void *ctx, const char *metric, int64_t span_ms, struct mark at)
{
    struct asked *a = ctx;
    (void)at;
    a->range_ms = span_ms > a->range_ms ? span_ms : a->range_ms;
    for (int i = 0; i < a->data->n_series; i++) {
        const struct recorded_series *s = &a->data->series[i];
        const char *name = rs_labels_get(a->data->labels, s->labels, "__name__");
        if (metric && strcmp(name, metric) != 0)
            continue;
        int64_t usual = usual_distance(s);
        a->step_ms = usual < a->step_ms ? usual : a->step_ms;
    }
}

static void add_answer(struct signal_list *list,
                       const struct signal_from *from,
                       const struct retro_signal *like,
                       const struct recorded_series *s,
                       int64_t range_ns)
{
    struct retro_signal to = *like;
    struct retro_point *p = RS_ARENA_ARRAY(from->arena, struct retro_point, s->n);
    for (size_t i = 0; i < s->n; i++) {
        if (!isfinite(s->sample[i].v))
            continue;
        int64_t at_ns = s->sample[i].t_ms * ms_in_ns;
        p[to.n++] = (struct retro_point){
            .lo_ns = at_ns - range_ns, .hi_ns = at_ns, .n = 1.0, .y = s->sample[i].v};
    }
    to.point = p;
    rs_signal_list_add(list, &to);
}

static int add_values(struct signal_list *list,
                      const struct signal_from *from,
                      const struct retro_signal_spec *spec,
                      struct recorded *data,
                      struct err_list *errors)
{
    struct asked asked = {data, 0, RS_NEVER};
    rs_promql_selectors(spec->value, 0, look_up, &asked);
    if (strstr(spec->value_text, "offset") || strchr(spec->value_text, '@'))
        asked.range_ms = 0; /* how far back it looks is not how much it takes together */
    int64_t step = spec->every_ns ? spec->every_ns / ms_in_ns : asked.step_ms;
    struct backtest_query query = {spec->value_text, spec->value};
    struct backtest_spec run = {
        .n_query = 1,
        .query = &query,
        .data = data,
        .from_ms = data->first_ms,
        .to_ms = data->last_ms,
        .interval_ms = step == RS_NEVER || step < 1 ? default_step_ms : step,
        .lookback_ms = from->evidence->lookback_ns / ms_in_ns,
        .resend_delay_ms = 60000,
    };
    struct backtest *b = rs_backtest_run(&run);
    const struct recorded *answer = b->answer[0];
    struct retro_signal to = like(spec);
    int status = 0;
    if (b->answer_err[0].code != RS_E_NONE)
        status =
            rs_err_list_add(errors, RS_E_RANGE, spec->at, "signal \"%s\" cannot be evaluated: %s",
                            spec->name, b->answer_err[0].text);
    for (int i = 0; i < answer->n_series; i++) {
        if (answer->n_series > 1) {
            char *labels = rs_backtest_series(b->labels, answer->series[i].labels);
            to.name = rs_arena_printf(from->arena, "%s %s", spec->name, labels);
            free(labels);
        }
        add_answer(list, from, &to, &answer->series[i], asked.range_ms * ms_in_ns);
    }
    if (answer->n_series == 0)
        rs_signal_list_add(list, &to);
    rs_backtest_free(b);
    return status;
}

int rs_signals_declared(struct signal_list *list,
                        const struct signal_from *from,
                        struct err_list *errors)
{
    const struct retro_evidence *e = from->evidence;
    int status = 0;
    struct recorded *data = NULL;
    for (int i = 0; i < e->n_signal_spec; i++) {
        const struct retro_signal_spec *spec = &e->signal_spec[i];
        if (e->data->n_sample == 0) {
            struct retro_signal to = like(spec);
            rs_signal_list_add(list, &to);
        } else if (spec->kind != RS_SIGNAL_VALUE) {
            add_counters(list, from, spec);
        } else {
            data = data ? data : on_reference(from);
            if (add_values(list, from, spec, data, errors) != 0)
                status = -1;
        }
    }
    if (data != e->data)
        rs_recorded_free(data);
    return status;
}
