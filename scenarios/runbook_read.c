/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Roles, actions, stages, gates, procedures: the runbook. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reader.h"
#include "sim/clock.h"

static const char ref_help[] = "Place in the source document; findings and verdicts print it.";
static const char assumes_help[] = "Assumptions that these numbers rest on.";
static const char by_help[] = "Role that does it; without one it is automation.";

const char *const rs_gate_then_words[] = {"rollback", "hold", "halt", "promote", NULL};

static bool has(const struct node *map, const char *key)
{
    return rs_node_pair(map, key) != NULL;
}

/* ---- actions ---- */

#define ACTION(field) offsetof(struct action, field)

static void begin_action(struct reader *r, const struct node *map)
{
    const struct node *service = rs_node_get(map, "service");
    rs_names_scope(r, service && service->kind == RS_NODE_SCALAR ? service->text : NULL, false);
}

static const struct {
    const char *key;
    enum action_kind kind;
} action_kinds[] = {{"set", RS_ACT_SET_FLAG},      {"purge", RS_ACT_PURGE},
                    {"rotate", RS_ACT_ROTATE},     {"check", RS_ACT_CHECK},
                    {"remove", RS_ACT_REMOVE},     {"notify", RS_ACT_NOTIFY},
                    {"document", RS_ACT_DOCUMENT}, {"wait", RS_ACT_WAIT}};

/* What the doing is called where the file gives no text of its own. */
static const char *action_title(struct reader *r, const struct node *map, const struct action *a)
{
    const struct node *subject = rs_node_get(map, action_kinds[a->kind].key);
    switch (a->kind) {
    case RS_ACT_SET_FLAG: {
        const struct node *cohort = rs_node_get(map, "cohort");
        if (!a->on || (a->percent == 100.0 && !cohort)) {
            return rs_arena_printf(r->arena, "set %s %s", subject->text, a->on ? "on" : "off");
        }
        return rs_arena_printf(r->arena, "set %s on for %g%% of %s", subject->text, a->percent,
                               cohort ? cohort->text : "all users");
    }
    case RS_ACT_PURGE: return rs_arena_printf(r->arena, "purge %s", subject->text);
    case RS_ACT_ROTATE: return rs_arena_printf(r->arena, "rotate %s", subject->text);
    case RS_ACT_REMOVE:
        return rs_arena_printf(r->arena, "remove path %s of %s", subject->text,
                               rs_node_get(map, "service")->text);
    case RS_ACT_CHECK:
    case RS_ACT_NOTIFY:
    case RS_ACT_DOCUMENT:
    case RS_ACT_WAIT: break;
    }
    return subject->text;
}

static void finish_action(struct reader *r, const struct node *map, void *draft, void *out)
{
    struct action *a = draft;
    (void)out;
    for (size_t i = 0; i < sizeof(action_kinds) / sizeof(action_kinds[0]); i++) {
        if (has(map, action_kinds[i].key)) {
            a->kind = action_kinds[i].kind;
        }
    }
    const struct node *component = rs_node_get(map, "purge");
    component = component ? component : rs_node_get(map, "rotate");
    if (component) { /* two keys, one place: the absent one has left -1 there */
        a->component = rs_names_find(r, RS_NAME_COMPONENT, component->text, component->at);
    }
    if (!has(map, "takes")) {
        a->takes = rs_dist_constant(0.0);
        a->takes.a = NAN; /* the doer's own */
    }
    if (a->max_failures > a->n_request) {
        rs_err_list_add(r->errors, RS_E_RANGE, rs_node_get(map, "max_failures")->at,
                        "\"max_failures\" must be at most \"requests\", got %llu",
                        (unsigned long long)a->max_failures);
    }
    const char *missing = a->kind == RS_ACT_CHECK && a->cohort < 0       ? "cohort"
                          : a->kind == RS_ACT_WAIT && !has(map, "takes") ? "takes"
                                                                         : NULL;
    if (missing) {
        rs_err_list_add(r->errors, RS_E_KEY, map->at, "an action \"%s\" needs the key \"%s\"",
                        action_kinds[a->kind].key, missing);
    }
    if (!a->title) {
        a->title = action_title(r, map, a);
    }
}

static const struct key action_keys[] = {
    {"set", RS_V_REF, RS_KEY_ONE_OF, .at = ACTION(flag), .names = RS_NAME_FLAG,
     .help = "Set this flag."},
    {"to", RS_V_BOOL, RS_KEY_NEED_WITH, .at = ACTION(on), .with = "set",
     .help = "The flag's new value."},
    {"cohort", RS_V_REF, .at = ACTION(cohort), .names = RS_NAME_COHORT, .with = "check set",
     .help = "Whose requests a check sends; whom a flag is set on for (all users without it)."},
    {"percent", RS_V_PERCENT, .def = "100", .at = ACTION(percent), .with = "set",
     .help = "For this share of the cohort."},
    {"purge", RS_V_REF, RS_KEY_ONE_OF, .at = ACTION(component), .names = RS_NAME_COMPONENT,
     .help = "Purge this cache."},
    {"rotate", RS_V_REF, RS_KEY_ONE_OF, .at = ACTION(component), .names = RS_NAME_COMPONENT,
     .help = "Rotate this secret."},
    {"check", RS_V_TEXT_OR_NAME, RS_KEY_ONE_OF, .at = ACTION(title),
     .help = "Smoke test or health check; the value is its name."},
    {"requests", RS_V_COUNT, RS_KEY_NEED_WITH, .min = 1, .max = 1e6, .at = ACTION(n_request),
     .with = "check", .help = "Requests that a check sends."},
    {"max_failures", RS_V_COUNT, .max = 1e6, .def = "0", .at = ACTION(max_failures),
     .with = "check", .help = "It passes with at most so many failures."},
    {"max_latency", RS_V_SECONDS, RS_KEY_POSITIVE, .def = "(never)", .at = ACTION(max_latency_s),
     .with = "check", .help = "A slower answer is a failure too."},
    {"remove", RS_V_REF, RS_KEY_ONE_OF, .at = ACTION(path), .names = RS_NAME_PATH,
     .help = "Remove this code path, for good."},
    {"service", RS_V_REF, RS_KEY_NEED_WITH, .at = ACTION(service), .names = RS_NAME_SERVICE,
     .with = "check remove", .help = "Service that is checked, or loses a path."},
    {"notify", RS_V_TEXT_OR_NAME, RS_KEY_ONE_OF, .at = ACTION(title), .help = "Send this message."},
    {"channel", RS_V_REF, RS_KEY_NEED_WITH, .at = ACTION(channel), .names = RS_NAME_CHANNEL,
     .with = "notify", .help = "To this channel."},
    {"document", RS_V_TEXT_OR_NAME, RS_KEY_ONE_OF, .at = ACTION(title),
     .help = "Ticket, log entry, investigation: this text."},
    {"wait", RS_V_TEXT_OR_NAME, RS_KEY_ONE_OF, .at = ACTION(title),
     .help = "Let time pass for this reason; `takes` says how much."},
    {"takes", RS_V_DIST, .at = ACTION(takes), .def = "(the role's `act`)",
     .help = "Time that it takes; required with wait."},
    {"fails", RS_V_RATIO, .at = ACTION(fails),
     .help = "An attempt fails with this probability and is repeated."},
    {"max_attempts", RS_V_INT, .min = 1, .max = 1000, .def = "10", .at = ACTION(max_attempts),
     .help = "After so many failed attempts the action is given up."},
    {"blocking", RS_V_BOOL, .def = "on", .at = ACTION(blocking),
     .help = "Counts towards the completion of a rollback."},
    {"overlooked", RS_V_RATIO, .at = ACTION(overlooked),
     .help = "The step is skipped with this probability."},
    {"ref", RS_V_TEXT, .at = ACTION(ref), .help = ref_help},
    {"assumes", RS_V_ASSUMES, .help = assumes_help},
};
const struct section rs_section_action = {"action",
                                          "One thing that is done.",
                                          action_keys,
                                          RS_N_KEY(action_keys),
                                          .size = sizeof(struct action),
                                          .has_mark = true,
                                          .mark_at = ACTION(at),
                                          .begin = begin_action,
                                          .finish = finish_action};

/* ---- stages ---- */

#define GATE(field) offsetof(struct gate, field)
#define STAGE(field) offsetof(struct stage, field)
#define STEP(field) offsetof(struct ramp_step, field)

static const char *const gate_when_words[] = {"looks", "end", "continuous", NULL};

/* A rollback needs to say how; the others must not. */
static void check_procedure(struct reader *r, const struct node *map, enum gate_then then)
{
    const struct pair *procedure = rs_node_pair(map, "procedure");
    if (then == RS_THEN_ROLLBACK && !procedure) {
        rs_err_list_add(r->errors, RS_E_KEY, map->at,
                        "\"then: rollback\" needs the key \"procedure\"");
    } else if (then != RS_THEN_ROLLBACK && procedure) {
        rs_err_list_add(r->errors, RS_E_KEY, procedure->at,
                        "\"procedure\" goes only with \"then: rollback\"");
    }
}

static void finish_gate(struct reader *r, const struct node *map, void *draft, void *out)
{
    struct gate *g = draft;
    (void)out;
    g->require = has(map, "require");
    check_procedure(r, map, g->then);
    const struct pair *row = rs_node_pair(map, "in_a_row");
    if (row && g->when == RS_GATE_END) {
        rs_err_list_add(r->errors, RS_E_KEY, row->at,
                        "\"in_a_row\" does not go with \"when: end\": such a gate is read once");
    }
}

static const struct key gate_keys[] = {
    {"name", RS_V_NAME, RS_KEY_REQUIRED, .at = GATE(name), .help = "Name."},
    {"fail_if", RS_V_PROMQL, RS_KEY_ONE_OF, .at = GATE(expr), .n_at = GATE(expr_text),
     .help = "Trips when this is true (not empty)."},
    {"require", RS_V_PROMQL, RS_KEY_ONE_OF, .at = GATE(expr), .n_at = GATE(expr_text),
     .help = "Trips when this is not true."},
    {"says", RS_V_TEXT, .at = GATE(says),
     .help = "The document's own words for it; rollsim check holds the condition against them."},
    {"when", RS_V_WORD, .def = "looks", .at = GATE(when), .words = gate_when_words,
     .help = "Read at every look of the watcher, at the end of the watch, or at every evaluation."},
    {"then", RS_V_WORD, RS_KEY_REQUIRED, .at = GATE(then), .words = rs_gate_then_words,
     .help = "What it orders when it trips."},
    {"procedure", RS_V_REF, .at = GATE(procedure), .names = RS_NAME_PROCEDURE,
     .help = "How to roll back."},
    {"in_a_row", RS_V_INT, .min = 1, .max = 10000, .def = "1", .at = GATE(in_a_row),
     .help = "It trips only when so many reads in a row call for it; each watch counts anew."},
    {"ref", RS_V_TEXT, .at = GATE(ref), .help = ref_help},
    {"assumes", RS_V_ASSUMES, .help = assumes_help},
};
const struct section rs_section_gate = {"gate",
                                        "A condition that decides about going on.",
                                        gate_keys,
                                        RS_N_KEY(gate_keys),
                                        .size = sizeof(struct gate),
                                        .has_mark = true,
                                        .mark_at = GATE(at),
                                        .finish = finish_gate};

static void finish_check_fails(struct reader *r, const struct node *map, void *draft, void *out)
{
    const struct stage *s = draft;
    (void)out;
    check_procedure(r, map, s->check_then);
}

static const struct key check_fails_keys[] = {
    {"then", RS_V_WORD, RS_KEY_REQUIRED, .at = STAGE(check_then), .words = rs_gate_then_words,
     .help = "What a failed check orders."},
    {"procedure", RS_V_REF, .at = STAGE(check_procedure), .names = RS_NAME_PROCEDURE,
     .help = "How to roll back."},
};
static const struct section check_fails_section = {
    "reaction to a failed check",
    "What a failed check among the entry actions orders.",
    check_fails_keys,
    RS_N_KEY(check_fails_keys),
    .has_mark = true,
    .mark_at = STAGE(check_at),
    .finish = finish_check_fails};

static const struct key step_keys[] = {
    {"percent", RS_V_PERCENT, RS_KEY_REQUIRED, .at = STEP(percent), .help = "Share of the cohort."},
    {"watch", RS_V_DURATION, RS_KEY_REQUIRED, .at = STEP(watch_ns),
     .help = "Time watched after it, with the stage's gates."},
};
static const struct section step_section = {
    "step of a ramp",    "A percentage and a watch.",      step_keys,
    RS_N_KEY(step_keys), .size = sizeof(struct ramp_step), .has_mark = true,
    .mark_at = STEP(at)};

static void finish_ramp(struct reader *r, const struct node *map, void *draft, void *out)
{
    const struct stage *s = draft;
    (void)out, (void)map;
    for (int i = 1; i < s->n_ramp; i++) {
        if (!(s->ramp[i].percent > s->ramp[i - 1].percent)) {
            rs_err_list_add(r->errors, RS_E_RANGE, s->ramp[i].at,
                            "the percentages of a ramp must rise, got %g after %g",
                            s->ramp[i].percent, s->ramp[i - 1].percent);
        }
    }
}

static const struct key ramp_keys[] = {
    {"flag", RS_V_REF, RS_KEY_REQUIRED, .at = STAGE(ramp_flag), .names = RS_NAME_FLAG,
     .help = "Flag that is widened."},
    {"cohort", RS_V_REF, .at = STAGE(ramp_cohort), .names = RS_NAME_COHORT,
     .help = "Whom it is widened for; all users without it."},
    {"steps", RS_V_LIST, RS_KEY_REQUIRED | RS_KEY_SOME, .at = STAGE(ramp), .n_at = STAGE(n_ramp),
     .of = &step_section, .help = "Rising percentages."},
};
static const struct section ramp_section = {"ramp",
                                            "A flag is widened step by step after the watch.",
                                            ramp_keys, RS_N_KEY(ramp_keys), .finish = finish_ramp};

static const char *const hold_then_words[] = {"rollback", "halt", NULL};

/* The words are two of the four that gates have. */
static void finish_on_hold(struct reader *r, const struct node *map, void *draft, void *out)
{
    struct stage *s = draft;
    (void)out;
    s->on_hold.given = true;
    s->on_hold.at = map->at;
    if (!has(map, "at_most")) {
        s->on_hold.then = RS_THEN_HALT;
        return;
    }
    s->on_hold.then = s->on_hold.then == 0 ? RS_THEN_ROLLBACK : RS_THEN_HALT;
    check_procedure(r, map, s->on_hold.then);
    if (s->on_hold.at_most_ns < s->on_hold.look_again_ns) {
        rs_err_list_add(r->errors, RS_E_RANGE, rs_node_get(map, "at_most")->at,
                        "\"at_most\" must be at least \"look_again\", %s, got %s",
                        rs_node_get(map, "look_again")->text, rs_node_get(map, "at_most")->text);
    }
}

static const struct key on_hold_keys[] = {
    {"look_again", RS_V_DURATION, RS_KEY_REQUIRED | RS_KEY_POSITIVE,
     .at = STAGE(on_hold.look_again_ns),
     .help = "The gates are read again so often, in the role's working hours; the stage goes on "
             "where it was once none of them trips."},
    {"at_most", RS_V_DURATION, RS_KEY_POSITIVE, .def = "(never)", .at = STAGE(on_hold.at_most_ns),
     .help = "After so long, all holds of the stage together, it is given up."},
    {"then", RS_V_WORD, RS_KEY_NEED_WITH, .at = STAGE(on_hold.then), .words = hold_then_words,
     .with = "at_most", .help = "What giving up means."},
    {"procedure", RS_V_REF, .at = STAGE(on_hold.procedure), .names = RS_NAME_PROCEDURE,
     .with = "then", .help = "How to roll back."},
};
static const struct section on_hold_section = {
    "hold", "What becomes of a stage that was held or halted.", on_hold_keys,
    RS_N_KEY(on_hold_keys), .finish = finish_on_hold};

static void finish_stage(struct reader *r, const struct node *map, void *draft, void *out)
{
    struct stage *s = draft;
    (void)r, (void)out;
    if (!has(map, "check_fails")) {
        s->check_then = RS_THEN_HOLD;
        s->check_procedure = -1;
    }
    if (!has(map, "ramp")) {
        s->ramp_flag = -1;
        s->ramp_cohort = -1;
    }
    if (!has(map, "on_hold")) {
        s->on_hold.procedure = -1;
    }
}

static const struct key stage_keys[] = {
    {"name", RS_V_NAME, RS_KEY_REQUIRED, .at = STAGE(name), .help = "Name."},
    {"title", RS_V_TEXT, .at = STAGE(title), .help = "One line for people."},
    {"by", RS_V_REF, .at = STAGE(by), .names = RS_NAME_ROLE,
     .help = "Role that performs and watches it; without one it is automation."},
    {"not_before", RS_V_DURATION, .at = STAGE(not_before_ns),
     .help = "Does not start earlier, counted from starts_at."},
    {"actions", RS_V_LIST, .at = STAGE(action), .n_at = STAGE(n_action), .of = &rs_section_action,
     .help = "Done on entry, in order."},
    {"check_fails", RS_V_MAP, .of = &check_fails_section, .def = "(then: hold)",
     .help = "What a failed check among them orders."},
    {"watch", RS_V_DURATION, RS_KEY_REQUIRED, .at = STAGE(watch_ns),
     .help = "Time watched after the entry actions."},
    {"look_every", RS_V_DURATION, .min = 1, .max = 31536000, .def = "(never)",
     .at = STAGE(look_every_ns),
     .help = "The role looks at the dashboards so often, in its working hours."},
    {"gates", RS_V_LIST, .at = STAGE(gate), .n_at = STAGE(n_gate), .of = &rs_section_gate,
     .help = "Conditions that decide about going on."},
    {"watched", RS_V_REFS, .at = STAGE(watched), .n_at = STAGE(n_watched),
     .names = RS_NAME_PROCEDURE, .help = "Procedures whose triggers the watcher looks for."},
    {"ramp", RS_V_MAP, .of = &ramp_section, .help = "A flag is widened step by step."},
    {"closing", RS_V_LIST, .at = STAGE(closing), .n_at = STAGE(n_closing), .of = &rs_section_action,
     .help = "Done after the watch and the ramp have passed."},
    {"on_hold", RS_V_MAP, .of = &on_hold_section, .def = "(the rollout ends there)",
     .help = "How a stage that was held or halted goes on."},
    {"ref", RS_V_TEXT, .at = STAGE(ref), .help = ref_help},
    {"assumes", RS_V_ASSUMES, .help = assumes_help},
};
const struct section rs_section_stage = {"stage",
                                         "One step of the rollout.",
                                         stage_keys,
                                         RS_N_KEY(stage_keys),
                                         .size = sizeof(struct stage),
                                         .has_mark = true,
                                         .mark_at = STAGE(at),
                                         .finish = finish_stage};

/* ---- procedures ---- */

#define PROCEDURE(field) offsetof(struct procedure, field)

static const struct key procedure_keys[] = {
    {"name", RS_V_NAME, RS_KEY_REQUIRED, .at = PROCEDURE(name), .help = "Name."},
    {"title", RS_V_TEXT, .at = PROCEDURE(title), .help = "One line for people."},
    {"trigger", RS_V_PROMQL, .at = PROCEDURE(trigger), .n_at = PROCEDURE(trigger_text),
     .help = "The runbook's trigger; true when not empty. Watchers look for it."},
    {"says", RS_V_TEXT, .at = PROCEDURE(says),
     .help = "The document's own words for the trigger; rollsim check holds it against them."},
    {"recovered", RS_V_PROMQL, .def = "(the trigger is not true any more)",
     .at = PROCEDURE(recovered), .n_at = PROCEDURE(recovered_text),
     .help = "True once the metric is back where it should be."},
    {"alerts", RS_V_NAMEDS, .at = PROCEDURE(alert), .n_at = PROCEDURE(n_alert),
     .names = RS_NAME_ALERT, .help = "Alerts that lead here."},
    {"by", RS_V_REF, .at = PROCEDURE(by), .names = RS_NAME_ROLE, .help = by_help},
    {"sla", RS_V_DURATION, RS_KEY_POSITIVE, .def = "(never)", .at = PROCEDURE(sla_ns),
     .help = "Time allowed from detection to completion."},
    {"actions", RS_V_LIST, RS_KEY_REQUIRED | RS_KEY_SOME, .at = PROCEDURE(action),
     .n_at = PROCEDURE(n_action), .of = &rs_section_action, .help = "What is done, in order."},
    {"ref", RS_V_TEXT, .at = PROCEDURE(ref), .help = ref_help},
    {"assumes", RS_V_ASSUMES, .help = assumes_help},
};
const struct section rs_section_procedure = {"procedure",
                                             "How to roll back.",
                                             procedure_keys,
                                             RS_N_KEY(procedure_keys),
                                             .size = sizeof(struct procedure),
                                             .has_mark = true,
                                             .mark_at = PROCEDURE(at)};
