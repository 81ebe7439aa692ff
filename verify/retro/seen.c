/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the rules and the runbook's conditions say over the recorded series: one pass over time for all of them, at every
 * evaluation interval. Where sources' clocks differ, a copy of the series stands on the clock of reference.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/clock.h"
#include "verify/retro.h"

static const int64_t ms_in_ns = 1000000;

static bool all_on_reference(const struct retro *r)
{
    for (int i = 0; i < r->evidence->n_source; i++) {
        if (r->rebuilt.offset[i].best_ns != 0)
            return false;
    }
    return true;
}

static struct recorded *shifted(const struct retro *r)
{
    const struct recorded *from = r->evidence->data;
    struct recorded *to = rs_recorded_new(from->labels);
    for (int i = 0; i < from->n_series; i++) {
        const struct recorded_series *s = &from->series[i];
        int64_t ms = r->rebuilt.offset[r->evidence->source_of[i]].best_ns / ms_in_ns;
        int k = rs_recorded_series(to, s->labels);
        to->series[k].type = s->type;
        for (size_t j = 0; j < s->n; j++)
            rs_recorded_add(to, k, s->sample[j].t_ms - ms, s->sample[j].v);
    }
    rs_recorded_sort(to);
    return to;
}

/* ---- conditions ---- */

struct metrics_known {
    const struct retro *r;
    bool blind;
};

static bool is_recorded(const struct recorded *data, const char *metric)
{
    for (int i = 0; i < data->n_series; i++) {
        const char *name = rs_labels_get(data->labels, data->series[i].labels, "__name__");
        if (name && strcmp(name, metric) == 0)
            return true;
    }
    return false;
}

static bool rules_write(const struct retro_evidence *e, const char *metric)
{
    if (strcmp(metric, "ALERTS") == 0 || strcmp(metric, "ALERTS_FOR_STATE") == 0)
        return e->n_rule_file > 0;
    for (int f = 0; f < e->n_rule_file; f++) {
        for (int g = 0; g < e->rule_file[f]->n_group; g++) {
            const struct rule_group *group = &e->rule_file[f]->group[g];
            for (int k = 0; k < group->n_rule; k++) {
                if (group->rule[k].record && strcmp(group->rule[k].record, metric) == 0)
                    return true;
            }
        }
    }
    return false;
}

static void look_up(void *ctx, const char *metric, int64_t span_ms, struct mark at)
{
    struct metrics_known *k = ctx;
    (void)span_ms, (void)at;
    if (metric && !is_recorded(k->r->seen.data, metric) && !rules_write(k->r->evidence, metric))
        k->blind = true;
}

static void ask(struct retro *r,
                struct backtest_query *query,
                struct retro_asked asked,
                const struct promql *expr)
{
    struct retro_seen *s = &r->seen;
    if (!expr || rs_promql_type(expr) > RS_PQL_VECTOR)
        return;
    struct metrics_known known = {r, false};
    rs_promql_selectors(expr, r->evidence->lookback_ns / ms_in_ns, look_up, &known);
    asked.answer = s->n_asked;
    asked.scalar = rs_promql_type(expr) == RS_PQL_SCALAR;
    asked.blind = known.blind;
    query[s->n_asked] = (struct backtest_query){asked.text, expr};
    s->asked[s->n_asked++] = asked;
}

static int count_conditions(const struct response *plan)
{
    int n = 2 * plan->n_procedure;
    for (int i = 0; i < plan->n_stage; i++)
        n += plan->stage[i].n_gate;
    return n;
}

static const struct backtest_query *ask_all(struct retro *r)
{
    const struct scenario *sc = r->evidence->scenario;
    struct retro_seen *s = &r->seen;
    if (!sc)
        return NULL;
    const struct response *plan = &sc->response;
    int n = count_conditions(plan);
    s->asked = RS_ARENA_ARRAY(r->arena, struct retro_asked, n);
    struct backtest_query *query = RS_ARENA_ARRAY(r->arena, struct backtest_query, n);
    for (int i = 0; i < plan->n_stage; i++) {
        for (int k = 0; k < plan->stage[i].n_gate; k++) {
            const struct gate *g = &plan->stage[i].gate[k];
            ask(r, query,
                (struct retro_asked){.what = RS_ASKS_GATE,
                                     .stage = i,
                                     .gate = k,
                                     .procedure = -1,
                                     .text = g->expr_text},
                g->expr);
        }
    }
    for (int i = 0; i < plan->n_procedure; i++) {
        const struct procedure *p = &plan->procedure[i];
        struct retro_asked asked = {.what = RS_ASKS_TRIGGER,
                                    .stage = -1,
                                    .gate = -1,
                                    .procedure = i,
                                    .text = p->trigger_text};
        ask(r, query, asked, p->trigger);
        asked.what = RS_ASKS_RECOVERED;
        asked.text = p->recovered_text;
        ask(r, query, asked, p->recovered);
    }
    return query;
}

int rs_retro_see(struct retro *r, struct err_list *errors)
{
    const struct retro_evidence *e = r->evidence;
    struct retro_seen *s = &r->seen;
    (void)errors;
    s->owns_data = !all_on_reference(r);
    s->data = s->owns_data ? shifted(r) : e->data;
    const struct backtest_query *query = ask_all(r);
    if (s->data->n_sample == 0 || (e->n_rule_file == 0 && s->n_asked == 0))
        return 0;
    struct backtest_spec spec = {
        .n_file = e->n_rule_file,
        .file = e->rule_file,
        .n_query = s->n_asked,
        .query = query,
        .data = s->data,
        .from_ms = s->data->first_ms,
        .to_ms = s->data->last_ms,
        .interval_ms = e->evaluation_interval_ns / ms_in_ns,
        .lookback_ms = e->lookback_ns / ms_in_ns,
        .resend_delay_ms = 60000,
        .am = e->alertmanager,
        .am_version =
            (enum am_version)(e->scenario ? e->scenario->monitoring.alertmanager_version : 0),
        .n_silence = e->scenario ? e->scenario->monitoring.n_silence : 0,
        .silence = e->scenario ? e->scenario->monitoring.silence : NULL,
    };
    s->run = rs_backtest_run(&spec);
    return 0;
}

void rs_retro_seen_clear(struct retro_seen *s)
{
    rs_backtest_free(s->run);
    if (s->owns_data)
        rs_recorded_free(s->data);
    *s = (struct retro_seen){0};
}

/* ---- asked ---- */

int rs_retro_asked(const struct retro *r, enum retro_asks what, int at, int gate)
{
    for (int i = 0; i < r->seen.n_asked; i++) {
        const struct retro_asked *a = &r->seen.asked[i];
        if (a->what == what &&
            (what == RS_ASKS_GATE ? a->stage == at && a->gate == gate : a->procedure == at)) {
            return i;
        }
    }
    return -1;
}

static bool says_true(const struct retro_asked *asked, double v)
{
    return !asked->scalar || (v != 0.0 && !isnan(v));
}

int rs_retro_true(const struct retro *r, int asked, int64_t at_ns)
{
    const struct retro_seen *s = &r->seen;
    if (!s->run || asked < 0 || s->asked[asked].blind)
        return -1;
    int64_t step = s->run->interval_ms, from = s->run->from_ms, at = at_ns / ms_in_ns;
    if (at < from || at > s->run->to_ms + step)
        return -1;
    int64_t t = from + (at - from) / step * step;
    return rs_retro_first_true(r, asked, t * ms_in_ns, t * ms_in_ns) != RS_NEVER;
}

/* Index of the first sample not before t. */
static size_t lower(const struct recorded_series *s, int64_t t_ms)
{
    size_t lo = 0, hi = s->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (s->sample[mid].t_ms < t_ms)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

int64_t rs_retro_first_true(const struct retro *r, int asked, int64_t from_ns, int64_t until_ns)
{
    const struct retro_seen *s = &r->seen;
    int64_t first = RS_NEVER;
    if (!s->run || asked < 0 || s->asked[asked].blind)
        return RS_NEVER;
    const struct recorded *answer = s->run->answer[s->asked[asked].answer];
    for (int i = 0; i < answer->n_series; i++) {
        const struct recorded_series *line = &answer->series[i];
        for (size_t k = lower(line, (from_ns + ms_in_ns - 1) / ms_in_ns);
             k < line->n && line->sample[k].t_ms * ms_in_ns <= until_ns; k++) {
            if (!says_true(&s->asked[asked], line->sample[k].v))
                continue;
            if (line->sample[k].t_ms * ms_in_ns < first)
                first = line->sample[k].t_ms * ms_in_ns;
            break;
        }
    }
    return first;
}

int64_t rs_retro_last_true(const struct retro *r, int asked, int64_t from_ns, int64_t until_ns)
{
    const struct retro_seen *s = &r->seen;
    int64_t last = RS_NEVER;
    if (!s->run || asked < 0 || s->asked[asked].blind)
        return RS_NEVER;
    const struct recorded *answer = s->run->answer[s->asked[asked].answer];
    for (int i = 0; i < answer->n_series; i++) {
        const struct recorded_series *line = &answer->series[i];
        for (size_t k = line->n; k-- > 0 && line->sample[k].t_ms * ms_in_ns >= from_ns;) {
            int64_t t = line->sample[k].t_ms * ms_in_ns;
            if (t > until_ns || !says_true(&s->asked[asked], line->sample[k].v))
                continue;
            if (last == RS_NEVER || t > last)
                last = t;
            break;
        }
    }
    return last;
}
