/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What other settings would have done: as it happened first, by the same measure; the shipped rules; a machine in the place of
 * people; no rollback at all; and what the document asks. docs/retro-what-if.md.
 */
#include "retro/what_if.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/clock.h"

static const int64_t machine_delay_ns = 5 * RS_NS_PER_S, goes_on_ns = 24 * 3600 * RS_NS_PER_S;

/* ---- words ---- */

const char *rs_what_if_lasting(struct arena *arena, int64_t ns)
{
    char text[40];
    return rs_arena_strdup(arena, rs_duration_human(text, sizeof(text), ns));
}

static const char *so_many(struct arena *arena, double n)
{
    return rs_arena_printf(arena, "%.*f", n < 10.0 && n != floor(n) ? 1 : 0, n);
}

/* What of those hurt is not among the failures. */
static const char *slow_words(const struct harm *h, const struct retro_band *slow)
{
    if (h->crowd.n_cohort == 0)
        return "";
    if (isnan(slow->best))
        return "; slow answers are not counted";
    if (slow->high < 0.5)
        return "; users hurt met failures, no answer was slow";
    struct arena *arena = h->r->arena;
    return rs_arena_printf(arena, "; users hurt met a failure or one of %s [%s, %s] slow answers",
                           so_many(arena, slow->best), so_many(arena, slow->low),
                           so_many(arena, slow->high));
}

/*
 * A fault that fails no request that can be told from the base's: what it would do to others is then what the few requests that
 * met it leave open.
 */
static const char *unseen_words(const struct question *q)
{
    const struct harm_kind *k = &q->h->kind[RS_HARM_ERRORS];
    double usual = k->base.shape / k->base.exposure * k->level.exposure;
    if (q->how == RS_ASK_HAPPENED || k->level.shape - 0.5 > usual + 2.0 * sqrt(usual))
        return "";
    struct arena *arena = q->h->r->arena;
    return rs_arena_printf(arena,
                           "; no more requests failed than usual, of %s that met the fault: how "
                           "many more would have is bounded by that, not measured",
                           so_many(arena, k->level.exposure));
}

/* What of an answer was counted and what is drawn. */
static const char *rests_on(const struct question *q, const struct retro_band *slow)
{
    const struct harm *h = q->h;
    struct arena *arena = h->r->arena;
    double blind_s =
        rs_harm_flow_blind_s(&h->kind[RS_HARM_ERRORS].flow, h->onset.best_ns, h->end_ns);
    const char *gaps = blind_s < 1.0
                           ? ""
                           : rs_arena_printf(arena, "; %s without a scrape are shared out evenly",
                                             rs_what_if_lasting(arena, rs_ns_from_s(blind_s)));
    const char *ends =
        h->goes_on ? ", to the end of the recording: the fault was not seen to end" : "";
    const char *what =
        q->how == RS_ASK_HAPPENED
            ? rs_arena_printf(arena, "measured: all failures%s; fitted: the base ratio", ends)
        : q->how == RS_ASK_NEVER
            ? rs_arena_printf(
                  arena,
                  "measured: failures until the rollback; fitted: the fault goes on at its level%s",
                  q->until_ns > h->data_end_ns ? ", and traffic after the end of the recording"
                                               : " at recorded traffic")
        : h->rolled_back ? "measured: failures until this rollback or the real one, and the times "
                           "that people and flags took; fitted: the level in between"
                         : "measured: failures until this rollback; assumed by the scenario: the "
                           "times that people and flags take";
    return rs_arena_printf(arena, "%s%s%s%s; %s%s%s", what, unseen_words(q), slow_words(h, slow),
                           gaps, h->crowd.why, q->says ? "; " : "", q->says ? q->says : "");
}

/* ---- outcomes ---- */

struct retro_counterfactual *
rs_what_if_begin(struct asking *a, const char *name, enum retro_what_if_kind kind)
{
    struct retro_counterfactual *cf = &a->r->counterfactual[a->n++];
    const struct retro_rebuilt *seen = &a->r->rebuilt;
    *cf = (struct retro_counterfactual){.name = name, .kind = kind, .n_outcome = seen->n_episode};
    cf->outcome = RS_ARENA_ARRAY(a->r->arena, struct retro_outcome, seen->n_episode);
    for (int i = 0; i < seen->n_episode; i++) {
        const struct retro_band none = {NAN, NAN, NAN};
        const struct retro_instant unknown = {.how = RS_HOW_UNKNOWN,
                                              .lo_ns = INT64_MIN,
                                              .best_ns = RS_NEVER,
                                              .hi_ns = RS_NEVER,
                                              .source = -1,
                                              .mark = -1};
        cf->outcome[i] = (struct retro_outcome){.episode = i,
                                                .refused = a->harm[i].refused,
                                                .errors = none,
                                                .users_hurt = none,
                                                .budget = none,
                                                .errors_saved = none,
                                                .detected = unknown,
                                                .commanded = unknown,
                                                .completed = unknown};
    }
    return cf;
}

void rs_what_if_close(struct asking *a, struct retro_outcome *out, struct question *q)
{
    if (a->opt->cancel && atomic_load(a->opt->cancel)) {
        out->refused = "cut short";
        return;
    }
    struct retro_band slow;
    rs_what_if_answer(out, &slow, q, a->opt);
    out->rests_on = rests_on(q, &slow);
}

const char *rs_what_if_unknown(const struct harm *h)
{
    if (h->rolled_back || (h->r->evidence->scenario && h->e->procedure >= 0))
        return NULL;
    return "no rollback was seen, and no procedure of a scenario says how long one takes";
}

static bool detection_known(const struct retro_instant *at)
{
    return at->how != RS_HOW_UNKNOWN && !at->never;
}

static void ask_happened(struct asking *a)
{
    struct retro_counterfactual *cf = rs_what_if_begin(a, "as it happened", RS_IF_RULES);
    cf->happened = true;
    for (int i = 0; i < cf->n_outcome; i++) {
        const struct retro_episode *e = &a->r->rebuilt.episode[i];
        struct question q = {.h = &a->harm[i], .how = RS_ASK_HAPPENED};
        cf->outcome[i].detected = e->at[RS_CLOCK_DETECTED];
        cf->outcome[i].commanded = e->at[RS_CLOCK_COMMANDED];
        cf->outcome[i].completed = e->at[RS_CLOCK_COMPLETED];
        if (!cf->outcome[i].refused)
            rs_what_if_close(a, &cf->outcome[i], &q);
    }
}

static void ask_never(struct asking *a, const char *name, int64_t for_ns)
{
    struct retro_counterfactual *cf = rs_what_if_begin(a, name, RS_IF_NO_ROLLBACK);
    for (int i = 0; i < cf->n_outcome; i++) {
        const struct harm *h = &a->harm[i];
        if (h->refused)
            continue;
        struct question q = {
            .h = h,
            .how = RS_ASK_NEVER,
            .until_ns =
                for_ns < RS_NEVER - h->onset.best_ns ? h->onset.best_ns + for_ns : RS_NEVER - 1,
            .says = rs_arena_printf(a->r->arena, "counted for %s from the onset on",
                                    rs_what_if_lasting(a->r->arena, for_ns))};
        rs_what_if_close(a, &cf->outcome[i], &q);
    }
}

/* The first evaluation at which the procedure's own trigger is true, for a machine where nobody was seen to detect anything. */
static struct retro_instant trigger_of(const struct asking *a, const struct harm *h)
{
    struct retro_instant at = {
        .how = RS_HOW_UNKNOWN, .best_ns = RS_NEVER, .source = -1, .mark = -1};
    int asked =
        h->e->procedure >= 0 ? rs_retro_asked(a->r, RS_ASKS_TRIGGER, h->e->procedure, -1) : -1;
    int64_t from = h->onset.lo_ns != INT64_MIN ? h->onset.lo_ns : h->onset.best_ns;
    int64_t first = asked >= 0 ? rs_retro_first_true(a->r, asked, from, h->end_ns) : RS_NEVER;
    if (first == RS_NEVER)
        return at;
    return (struct retro_instant){.how = RS_HOW_COMPUTED,
                                  .best_ns = first,
                                  .hi_ns = first,
                                  .lo_ns = first - a->r->evidence->evaluation_interval_ns,
                                  .confidence = 1.0,
                                  .source = -1,
                                  .mark = -1,
                                  .why = "the procedure's trigger is true"};
}

static void ask_machine(struct asking *a, const char *name, int64_t delay_ns)
{
    struct retro_counterfactual *cf = rs_what_if_begin(a, name, RS_IF_AUTOMATION);
    for (int i = 0; i < cf->n_outcome; i++) {
        const struct harm *h = &a->harm[i];
        if (h->refused)
            continue;
        struct question q = {.h = h,
                             .how = RS_ASK_MACHINE,
                             .at = h->e->at[RS_CLOCK_DETECTED],
                             .delay_ns = delay_ns,
                             .until_ns = h->data_end_ns};
        q.says = rs_arena_printf(a->r->arena, "commanded %s after detection",
                                 rs_what_if_lasting(a->r->arena, delay_ns));
        if (!detection_known(&q.at)) {
            q.at = trigger_of(a, h);
            q.says =
                rs_arena_printf(a->r->arena, "commanded %s after the runbook's trigger was true",
                                rs_what_if_lasting(a->r->arena, delay_ns));
        }
        cf->outcome[i].refused = rs_what_if_unknown(h);
        if (!detection_known(&q.at))
            cf->outcome[i].refused = "when it was detected is not known, and the runbook's trigger "
                                     "is not true in the recording";
        if (!cf->outcome[i].refused)
            rs_what_if_close(a, &cf->outcome[i], &q);
    }
}

/* ---- rules ---- */

int64_t rs_what_if_command(const struct harm *h)
{
    const struct retro_instant *c = &h->e->at[RS_CLOCK_COMMANDED];
    return !h->rolled_back ? RS_NEVER : c->hi_ns != RS_NEVER ? c->hi_ns : c->best_ns;
}

static struct told told_by(const struct backtest *run, int first)
{
    struct told t = {RS_NEVER, RS_NEVER, NULL};
    if (first >= 0) {
        t.at_ns = run->activation[first].firing_ms * RS_NS_PER_MS;
        t.notified_ns = rs_alarm_notified(run, &run->activation[first]);
    }
    return t;
}

/* What the rules say when the fault goes on, at three sizes. false: that cannot be told, *why. */
static bool tell_extended(const struct asking *a,
                          const struct rule_set *rules,
                          struct question *q,
                          const char **why)
{
    const double size[RS_SIZE_N] = {q->size.low, 1.0, q->size.high};
    for (int i = 0; i < RS_SIZE_N; i++) {
        struct recorded *data = rs_harm_extend(q->h, size[i], why);
        if (!data)
            return false;
        struct backtest *run = rs_alarm_run(a->r, data, rules->n, rules->file, rules->am, NULL);
        q->told[i] = told_by(run, rs_alarm_first(a->r, q->h, run, RS_NEVER));
        rs_backtest_free(run);
        rs_recorded_free(data);
    }
    return true;
}

/* "PortalSLA", and that it tells nobody, or which the rules would have been. */
static const char *
says_of(const struct asking *a, const struct backtest *run, int first, const struct rule_set *rules)
{
    const char *alert = run->activation[first].rule->alert;
    if (rules->am && rs_alarm_notified(run, &run->activation[first]) == RS_NEVER)
        return rs_arena_printf(
            a->r->arena, "%s fires first and Alertmanager tells nobody: as if people saw it fire",
            alert);
    return rs_arena_printf(a->r->arena, "%s fires first", alert);
}

/* Fills the question, or returns why it cannot be answered. */
static const char *put_rules(const struct asking *a,
                             const struct rule_set *rules,
                             const struct backtest *run,
                             struct question *q)
{
    const struct harm *h = q->h;
    const char *why = NULL, *blind = rs_alarm_blind(a->r, h, run);
    struct alarm_span span = rs_alarm_span(h);
    int64_t command = rs_what_if_command(h);
    int64_t until = h->rolled_back ? command : span.until_ns + a->r->evidence->lookback_ns;
    int first = rs_alarm_first(a->r, h, run, until);
    if (!rs_alarm_any(a->r, h, rules->n, rules->file))
        q->says = "none of these alerts bears on this episode";
    if (first >= 0) {
        q->told[0] = q->told[1] = q->told[2] = told_by(run, first);
        q->says = says_of(a, run, first, rules);
        return NULL;
    }
    const char *standing = rs_alarm_standing(a->r, h, run);
    if (standing)
        return rs_arena_printf(a->r->arena, "%s was firing already when the fault began", standing);
    if (blind)
        return blind;
    q->told[0] = q->told[1] = q->told[2] = told_by(run, -1);
    if (!h->rolled_back || q->not_later) {
        if (!q->says)
            q->says = h->rolled_back ? "no alert fires before people saw it of themselves"
                                     : "no alert fires";
        return NULL;
    }
    if (q->says)
        return NULL; /* nothing would have fired however long it went on */
    if (!tell_extended(a, rules, q, &why))
        return rs_arena_printf(a->r->arena,
                               "no alert fires before the real rollback, and what the series would "
                               "have shown after it is not known: %s",
                               why);
    q->says =
        q->told[RS_SIZE_MEAN].at_ns == RS_NEVER
            ? "no alert fires by the end of the recording, were the fault to go on"
            : "the alert fires only after the real rollback, in series in which the fault goes on";
    return NULL;
}

/* From firing to notified, of the alert that the shipped rules raise. */
static int64_t waited(const struct asking *a, const struct harm *h)
{
    const struct backtest *run = a->r->seen.run;
    int first = run ? rs_alarm_first(a->r, h, run, rs_what_if_command(h)) : -1;
    int64_t told_ns = first >= 0 ? rs_alarm_notified(run, &run->activation[first]) : RS_NEVER;
    return told_ns == RS_NEVER ? RS_NEVER
                               : told_ns - run->activation[first].firing_ms * RS_NS_PER_MS;
}

static void ask_rules(struct asking *a,
                      const char *name,
                      const struct rule_set *rules,
                      const struct backtest *run)
{
    struct retro_counterfactual *cf = rs_what_if_begin(a, name, RS_IF_RULES);
    if (run)
        rs_alarm_list(cf, a->r, a->harm, run);
    for (int i = 0; i < cf->n_outcome; i++) {
        const struct harm *h = &a->harm[i];
        if (h->refused)
            continue;
        cf->outcome[i].refused = rs_what_if_unknown(h);
        if (cf->outcome[i].refused)
            continue;
        if (!run || rules->n == 0) {
            cf->outcome[i].refused = rules->n == 0 ? "there are no rules"
                                                   : "there are no series for the rules to look at";
            continue;
        }
        struct question q = {.h = h,
                             .how = RS_ASK_TOLD,
                             .size = rs_harm_size(h, a->opt->seed),

                             .waited_ns = waited(a, h),
                             .not_later = h->rolled_back && !h->e->alert,
                             .until_ns = h->data_end_ns};
        cf->outcome[i].refused = put_rules(a, rules, run, &q);
        if (!cf->outcome[i].refused && h->rolled_back && !q.not_later &&
            !detection_known(&h->e->at[RS_CLOCK_DETECTED]))
            cf->outcome[i].refused = "how long people took from detection to command is not known";
        if (!cf->outcome[i].refused)
            rs_what_if_close(a, &cf->outcome[i], &q);
    }
}

struct backtest *rs_what_if_run(const struct asking *a,
                                const struct rule_set *rules,
                                const struct backtest_query *query)
{
    if (!a->r->seen.data || a->r->seen.data->n_sample == 0)
        return NULL;
    return rs_alarm_run(a->r, a->r->seen.data, rules->n, rules->file, rules->am, query);
}

/* ---- all ---- */

static bool asks_for(const struct retro_evidence *e, enum retro_what_if_kind kind)
{
    for (int i = 0; i < e->n_what_if; i++) {
        if (e->what_if[i].kind == kind)
            return true;
    }
    return false;
}

static void
ask_declared(struct asking *a, const struct retro_what_if *w, const struct rule_set *shipped)
{
    struct rule_set rules = {w->n_file, w->file, w->alertmanager ? w->alertmanager : shipped->am};
    struct backtest *run;
    switch (w->kind) {
    case RS_IF_RULES:
        run = rs_what_if_run(a, &rules, NULL);
        ask_rules(a, w->name, &rules, run);
        rs_backtest_free(run);
        return;
    case RS_IF_GATE: rs_what_if_gate(a, w, shipped); return;
    case RS_IF_AUTOMATION: ask_machine(a, w->name, w->delay_ns); return;
    case RS_IF_NO_ROLLBACK: ask_never(a, w->name, w->until_ns); return;
    }
}

int rs_retro_what_if(struct retro *r, const struct retro_options *opt, struct err_list *errors)
{
    const struct retro_evidence *e = r->evidence;
    struct asking a = {.r = r, .opt = opt};
    struct rule_set shipped = {e->n_rule_file, e->rule_file, e->alertmanager};
    (void)errors;
    a.harm = RS_ARENA_ARRAY(r->arena, struct harm, r->rebuilt.n_episode);
    r->counterfactual = RS_ARENA_ARRAY(r->arena, struct retro_counterfactual, e->n_what_if + 4);
    for (int i = 0; i < r->rebuilt.n_episode; i++)
        rs_harm_open(&a.harm[i], r, &r->rebuilt.episode[i]);
    ask_happened(&a);
    ask_rules(&a, "shipped rules", &shipped, r->seen.run);
    if (!asks_for(e, RS_IF_AUTOMATION))
        ask_machine(&a, "automation", machine_delay_ns);
    if (!asks_for(e, RS_IF_NO_ROLLBACK))
        ask_never(&a, "no rollback", goes_on_ns);
    for (int i = 0; i < e->n_what_if; i++)
        ask_declared(&a, &e->what_if[i], &shipped);
    r->n_counterfactual = a.n;
    return 0;
}
