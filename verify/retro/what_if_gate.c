/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Another gate, read at looks: when somebody who looks so often would have seen it trip, whenever the first look was. */
#include <math.h>
#include <string.h>

#include "retro/what_if.h"
#include "sim/clock.h"

static bool *
truth_of(const struct asking *a, const struct backtest *run, const struct promql *gate, size_t *n)
{
    const struct recorded *answer = run->answer[0];
    bool scalar = rs_promql_type(gate) == RS_PQL_SCALAR;
    *n = (size_t)((run->to_ms - run->from_ms) / run->interval_ms + 1);
    bool *is_true = RS_ARENA_ARRAY(a->r->arena, bool, *n);
    for (int i = 0; i < answer->n_series; i++) {
        for (size_t k = 0; k < answer->series[i].n; k++) {
            const struct sample *s = &answer->series[i].sample[k];
            if (!scalar || (s->v != 0.0 && !isnan(s->v)))
                is_true[(s->t_ms - run->from_ms) / run->interval_ms] = true;
        }
    }
    return is_true;
}

/* Each stretch of time in which the gate is true is an alarm, as one who always looked would see it. */
static void list_stretches(struct retro_counterfactual *cf,
                           const struct asking *a,
                           const struct backtest *run,
                           const bool *is_true,
                           size_t n,
                           const char *gate)
{
    int n_alarm = 0;
    for (size_t i = 0; i < n; i++)
        n_alarm += is_true[i] && (i == 0 || !is_true[i - 1]);
    cf->alarm = RS_ARENA_ARRAY(a->r->arena, struct retro_alarm, n_alarm);
    for (size_t i = 0; i < n; i++) {
        if (!is_true[i] || (i > 0 && is_true[i - 1]))
            continue;
        int64_t at = (run->from_ms + (int64_t)i * run->interval_ms) * RS_NS_PER_MS;
        struct retro_alarm *alarm = &cf->alarm[cf->n_alarm++];
        *alarm = (struct retro_alarm){.episode = -1,
                                      .alert = gate,
                                      .labels = "",
                                      .pending_ns = RS_NEVER,
                                      .firing_ns = at,
                                      .notified_ns = RS_NEVER};
        for (int k = 0; k < a->r->rebuilt.n_episode; k++) {
            struct alarm_span span = rs_alarm_span(&a->harm[k]);
            if (span.from_ns != RS_NEVER && at >= span.from_ns && at <= span.until_ns)
                alarm->episode = k;
        }
    }
}

/* A metric that the gate asks for and that is in no series, or NULL. */
static const char *gate_blind(const struct asking *a, const struct backtest *run)
{
    for (int i = 0; i < run->n_selector; i++) {
        const struct backtest_selector *s = &run->selector[i];
        if (!s->rule && !s->found && !s->may_be_missing)
            return rs_arena_printf(a->r->arena, "the gate asks for %s, which is in no series",
                                   s->text);
    }
    return NULL;
}

static void put_gate(const struct asking *a,
                     const struct retro_what_if *w,
                     const struct rule_set *rules,
                     const bool *is_true,
                     struct question *q)
{
    const struct backtest_query query = {w->gate_text, w->gate};
    const double size[RS_SIZE_N] = {q->size.low, 1.0, q->size.high};
    const char *why = NULL;
    for (int i = 0; i < RS_SIZE_N; i++)
        q->told[i] = (struct told){RS_NEVER, RS_NEVER, is_true};
    for (int i = 0; i < RS_SIZE_N && q->h->rolled_back; i++) {
        struct recorded *data = rs_harm_extend(q->h, size[i], &why);
        if (!data) {
            q->n = (size_t)((rs_what_if_command(q->h) - q->from_ns) /
                            q->step_ns); /* only what came before the rollback counts */
            q->says = rs_arena_printf(
                a->r->arena,
                "how the gate would have read after the real rollback is not known: %s", why);
            return;
        }
        struct backtest *run = rs_alarm_run(a->r, data, rules->n, rules->file, rules->am, &query);
        size_t n;
        q->told[i].is_true = truth_of(a, run, w->gate, &n);
        q->n = n < q->n ? n : q->n;
        rs_backtest_free(run);
        rs_recorded_free(data);
    }
}

void rs_what_if_gate(struct asking *a, const struct retro_what_if *w, const struct rule_set *rules)
{
    const struct backtest_query query = {w->gate_text, w->gate};
    struct retro_counterfactual *cf = rs_what_if_begin(a, w->name, RS_IF_GATE);
    struct backtest *run = rs_what_if_run(a, rules, &query);
    const char *blind = run ? gate_blind(a, run) : "there are no series for the gate to look at";
    size_t n = 0;
    const bool *is_true = run ? truth_of(a, run, w->gate, &n) : NULL;
    if (run && !blind)
        list_stretches(cf, a, run, is_true, n, w->gate_text);
    for (int i = 0; i < cf->n_outcome; i++) {
        const struct harm *h = &a->harm[i];
        struct retro_outcome *out = &cf->outcome[i];
        if (!out->refused)
            out->refused = blind ? blind : rs_what_if_unknown(h);
        if (!out->refused && w->procedure >= 0 && h->e->procedure != w->procedure)
            out->refused = rs_arena_printf(
                a->r->arena, "the gate orders %s, which this episode did not call for",
                a->r->evidence->scenario->response.procedure[w->procedure].name);
        if (out->refused)
            continue;
        struct question q = {.h = h,
                             .how = RS_ASK_LOOKS,
                             .size = rs_harm_size(h, a->opt->seed),
                             .from_ns = run->from_ms * RS_NS_PER_MS,
                             .step_ns = run->interval_ms * RS_NS_PER_MS,
                             .n = n,
                             .look_every_ns = w->look_every_ns,
                             .until_ns = h->data_end_ns};
        put_gate(a, w, rules, is_true, &q);
        if (!q.says)
            q.says = rs_arena_printf(a->r->arena, "looks every %s, of unknown phase",
                                     rs_what_if_lasting(a->r->arena, w->look_every_ns));
        rs_what_if_close(a, out, &q);
    }
    rs_backtest_free(run);
}
