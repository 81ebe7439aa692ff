/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables of `tune:`. */
#include "tune_read.h"

#define PARAM(field) offsetof(struct param_draft, field)
#define PLAN(field) offsetof(struct tune_plan, field)
#define READ(field) offsetof(struct tune_read, field)

/* Nodes are looked at once it is known what the path leads to. */
static void finish_param(struct reader *r, const struct node *map, void *draft, void *out)
{
    struct param_draft *p = draft;
    (void)out;
    p->values = rs_node_get(map, "values");
    p->from = rs_node_get(map, "from");
    p->to = rs_node_get(map, "to");
    p->step = rs_node_get(map, "step");
    p->factor = rs_node_get(map, "factor");
    if (p->from && (p->step != NULL) == (p->factor != NULL)) {
        rs_err_list_add(r->errors, RS_E_KEY, map->at,
                        "a parameter with \"from\" needs exactly one of step, factor, got %s",
                        p->step ? "both" : "none");
        return;
    }
    p->path_at = rs_node_get(map, "path")->code_at; /* the draft is whole */
}

static const struct key param_keys[] = {
    {"path", RS_V_TEXT, RS_KEY_REQUIRED, .at = PARAM(path),
     .help = "The place that is turned: rules/ALERT/threshold, alertmanager/route/group_wait, "
             "judges/NAME/..., or keys of this file, like runbook/stages/NAME/look_every "
             "([tune-parameters](tune-parameters.md))."},
    {"name", RS_V_NAME, .def = "(the path)", .at = PARAM(name),
     .help = "Name in all that is told."},
    {"values", RS_V_OWN, RS_KEY_ONE_OF, .shape = "list of values",
     .help = "What it may be; what it is today always is among them."},
    {"from", RS_V_OWN, RS_KEY_ONE_OF, .shape = "value", .help = "Instead of a list: its first."},
    {"to", RS_V_OWN, RS_KEY_NEED_WITH, .with = "from", .shape = "value",
     .help = "Largest value; the last step may end before it."},
    {"step", RS_V_OWN, .with = "from", .shape = "value above 0",
     .help = "Added from one to the next; this or factor."},
    {"factor", RS_V_OWN, .with = "from", .shape = "number above 1",
     .help = "One is so many times the last one."},
    {"ref", RS_V_TEXT, .at = PARAM(ref),
     .help = "Place in the source document; what is told of it names it."},
};
const struct section rs_section_tuned_parameter = {
    "tuned parameter",
    "A place in one of the scenario's own files, and what may stand there. What is judged is what "
    "would be written.",
    param_keys,
    RS_N_KEY(param_keys),
    .size = sizeof(struct param_draft),
    .has_mark = true,
    .mark_at = PARAM(at),
    .finish = finish_param};

static void finish_tune(struct reader *r, const struct node *map, void *draft, void *out)
{
    struct tune_read *t = draft;
    (void)r, (void)out;
    t->keep = rs_node_get(map, "keep");
}

static const struct key tune_keys[] = {
    {"parameters", RS_V_LIST, RS_KEY_REQUIRED | RS_KEY_SOME, .at = READ(draft),
     .n_at = READ(n_draft), .of = &rs_section_tuned_parameter, .help = "What may be turned."},
    {"minimise", RS_V_LIST, RS_KEY_REQUIRED | RS_KEY_SOME, .at = PLAN(objective),
     .n_at = PLAN(n_objective), .of = &rs_section_objective,
     .help = "What is to be small: one number each, and no weights between them."},
    {"keep", RS_V_OWN, .def = "(all claims)", .shape = "list of claims",
     .help = "Claims that a setting must keep to be chosen."},
    {"candidates", RS_V_COUNT, .min = 1, .max = 1e6, .def = "4096", .at = PLAN(candidates_max),
     .help = "Up to so many settings are gone through one by one; of more, some are searched for."},
    {"replicas", RS_V_COUNT, .min = 2, .max = 1e9, .def = "1000", .at = PLAN(replicas),
     .help = "In the search, at most so many for each fault and as many without one."},
    {"fresh_replicas", RS_V_COUNT, .min = 2, .max = 1e9, .def = "2000", .at = PLAN(fresh_replicas),
     .help = "At most so many new ones to decide the claims of the setting that was chosen."},
    {"confidence", RS_V_RATIO, .min = 0.5, .max = 0.999999, .def = "95%", .at = PLAN(confidence),
     .help = "Of all that is told of the settings together."},
};
const struct section rs_section_tune = {
    "tuning",
    "What `rollsim tune` may turn, and what it is to make small ([tuning](tune.md)). A run is the "
    "same with and without it.",
    tune_keys,
    RS_N_KEY(tune_keys),
    .size = sizeof(struct tune_read),
    .has_mark = true,
    .mark_at = PLAN(at),
    .finish = finish_tune};
