/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run as SARIF: the claims that are not good, each at its line in the scenario. */
#include <math.h>

#include "machine.h"
#include "report_parts.h"
#include "report_words.h"
#include "sarif.h"
#include "words.h"

/* What a verdict means, for the reader who meets it in a list of alerts. */
static const struct {
    const char *id, *summary, *help;
} rules[RS_VERDICT_N] = {
    [RS_VERDICT_VIOLATED] =
        {"claim-violated", "a claim about the rollout is violated",
         "What the claim says is not so: by the evidence of many simulated "
         "histories, at the confidence of the scenario, or by a counterexample, "
         "whose steps are the code flow. The message holds the command that "
         "tells a history against it."},
    [RS_VERDICT_REFUTED] = {"claim-refuted", "the worst case is past the deadline",
                            "Over all phases and all draws the worst case of the response chain "
                            "is longer than the claim allows. The code flow is the chain, leg by "
                            "leg, with the shortest and the longest time of each."},
    [RS_VERDICT_UNBOUNDED] = {"claim-unbounded", "a wait in the response chain has no upper end",
                              "No deadline can be kept in every history while one leg of the "
                              "chain may last for ever: a distribution without an upper end, or a "
                              "person whom nobody stands in for. The code flow is the chain."},
    [RS_VERDICT_UNDECIDED] = {"claim-undecided", "a claim about the rollout is undecided",
                              "Neither the claim nor its contrary is shown. The message says why, "
                              "and whether more replicas would help."},
};

static json_t *step_message(const struct verdict *v, const struct verdict_step *s)
{
    char low[40], high[40];
    const char *open = s->ref ? " (" : "", *ref = s->ref ? s->ref : "", *close = s->ref ? ")" : "";
    if (v->claim->kind != RS_CLAIM_BOUND)
        return rs_json_printf("%s%s%s%s", s->text, open, ref, close);
    return rs_json_printf(
        "%s: %s to %s%s%s%s", s->text, rs_seconds_human(low, sizeof low, s->low_s),
        isinf(s->high_s) ? "no end" : rs_seconds_human(high, sizeof high, s->high_s), open, ref,
        close);
}

/* A step without a place of its own stands at the claim: readers leave out what stands nowhere. */
static json_t *code_flow(const struct verdict *v)
{
    json_t *flow = json_object(), *threads = json_array(), *thread = json_object(),
           *locations = json_array();
    for (int i = 0; i < v->n_step; i++) {
        const struct verdict_step *s = &v->step[i];
        json_t *one = json_object();
        rs_json_set(one, "location",
                    rs_sarif_location(s->at.file ? s->at : v->claim->at, step_message(v, s)));
        rs_json_add(locations, one);
    }
    rs_json_set(thread, "locations", locations);
    rs_json_add(threads, thread);
    rs_json_set(flow, "threadFlows", threads);
    return flow;
}

static json_t *message(struct arena *arena, const struct run_result *r, const struct verdict *v)
{
    const struct claim *c = v->claim;
    const char *reason = rs_open_reason_text(arena, v), *command = rs_witness_command(arena, r, v);
    return rs_json_printf(
        "%s%s%s%s. %s%s%s%s%s", rs_verdict_line(arena, v), c->ref ? " (" : "", c->ref ? c->ref : "",
        c->ref ? ")" : "", c->says ? c->says : rs_claim_reading(arena, r->scenario, c),
        *reason ? ". " : "", reason, command ? ". See it: " : "", command ? command : "");
}

static void add_result(struct sarif *s, const struct run_result *r, const struct verdict *v)
{
    struct arena *arena = rs_arena_new();
    enum sarif_level level = v->kind == RS_VERDICT_UNDECIDED ? RS_SARIF_WARNING : RS_SARIF_ERROR;
    int rule =
        rs_sarif_rule(s, rules[v->kind].id, level, rules[v->kind].summary, rules[v->kind].help);
    json_t *result = rs_sarif_result(s, rule, level, v->claim->at, message(arena, r, v));
    json_t *property = json_object(), *prints = json_object();
    rs_json_set(property, "claim", rs_json_text(v->claim->name));
    rs_json_set(property, "engine", rs_json_text(rs_engine_name(v->engine)));
    rs_json_set(property, "guarantee", rs_json_text(rs_engine_guarantee(v->engine)));
    rs_json_set(property, "replay", rs_json_text(rs_witness_command(arena, r, v)));
    rs_json_set(result, "properties", property);
    rs_json_set(prints, "claim/v1", rs_json_text(v->claim->name));
    rs_json_set(result, "partialFingerprints", prints);
    if (v->n_step > 0) {
        json_t *flows = json_array();
        rs_json_add(flows, code_flow(v));
        rs_json_set(result, "codeFlows", flows);
    }
    rs_arena_free(arena);
}

int rs_run_print_sarif(FILE *to, const struct run_result *r)
{
    struct sarif s;
    json_t *property = json_object();
    rs_sarif_init(&s);
    for (int i = 0; i < r->n_verdict; i++) {
        if (!rs_verdict_is_good(r->verdict[i].kind))
            add_result(&s, r, &r->verdict[i]);
    }
    rs_json_set(property, "scenario", rs_json_text(r->scenario->name));
    rs_json_set(property, "sha256", rs_json_text(r->scenario->sha256));
    rs_json_set(property, "seed", rs_json_count(r->seed));
    rs_json_set(property, "n_replica", rs_json_count(r->n_replica));
    return rs_sarif_print(to, &s, true, rs_run_status(r), property);
}

int rs_run_print_sarif_errors(FILE *to, const struct err_list *errors, int exit_status)
{
    struct sarif s;
    rs_sarif_init(&s);
    rs_sarif_errors(&s, errors);
    return rs_sarif_print(to, &s, false, exit_status, json_object());
}
