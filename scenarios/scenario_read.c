/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The whole scenario. Rows are read in the table's order: what others refer to by index or need to know comes first. */
#include "tune/tune_read.h"

#define SCENARIO(field) offsetof(struct scenario, field)
#define ASSUMPTION(field) offsetof(struct assumption, field)

static const struct key assumption_keys[] = {
    {"id", RS_V_NAME, RS_KEY_REQUIRED, .at = ASSUMPTION(id), .help = "Name that `assumes` uses."},
    {"text", RS_V_TEXT, RS_KEY_REQUIRED, .at = ASSUMPTION(text), .help = "What is assumed."},
    {"source", RS_V_TEXT, .at = ASSUMPTION(source), .help = "Where it comes from."},
    {"placeholder", RS_V_BOOL, .def = "off", .at = ASSUMPTION(placeholder),
     .help = "The numbers are not known yet; replace them by your own."},
};
const struct section rs_section_assumption = {
    "assumption",
    "Something that the source document leaves open. Every one must be used by some `assumes`.",
    assumption_keys,
    RS_N_KEY(assumption_keys),
    .size = sizeof(struct assumption),
    .has_mark = true,
    .mark_at = ASSUMPTION(at)};

#define LIST(name_, field, n_field, section_)                                                      \
    .name = name_, .type = RS_V_LIST, .at = SCENARIO(field), .n_at = SCENARIO(n_field),            \
    .of = &section_

static const struct key scenario_keys[] = {
    {"rollsim", RS_V_OWN, RS_KEY_REQUIRED, .shape = "1", .help = "Version of the language."},
    {"name", RS_V_NAME, RS_KEY_REQUIRED, .at = SCENARIO(name), .help = "Name."},
    {"title", RS_V_TEXT, .at = SCENARIO(title), .help = "One line for people."},
    {"document", RS_V_TEXT, .at = SCENARIO(document),
     .help = "The document that every `ref` points into."},
    {"starts_at", RS_V_TIME, RS_KEY_REQUIRED, .at = SCENARIO(starts_at_unix_ns),
     .help = "Instant that simulated time counts from."},
    {"horizon", RS_V_DURATION, RS_KEY_REQUIRED | RS_KEY_POSITIVE, .max = 31536000,
     .at = SCENARIO(horizon_ns), .help = "A replica ends here at the latest."},
    {"tail", RS_V_DURATION, .def = "30m", .at = SCENARIO(tail_ns),
     .help = "Time after the outcome, for recovery and for alerts to clear."},
    {"worlds", RS_V_COUNT, .max = 1e9, .def = "100", .at = SCENARIO(n_world),
     .help = "Number of worlds; scrape, evaluation and polling phases are drawn once per world. 0: "
             "every replica has its own."},
    {"trajectory_step", RS_V_DURATION, .min = 1, .max = 31536000, .def = "5m",
     .at = SCENARIO(trajectory_step_ns), .help = "Grid of the trajectories."},
    {"replicas", RS_V_COUNT, .min = 1, .max = 1e9, .def = "1000", .at = SCENARIO(default_replicas),
     .help = "Most replicas of a run, which ends when every claim on chances is decided."},
    {"seed", RS_V_COUNT, .def = "1", .at = SCENARIO(default_seed),
     .help = "Seed of all random streams."},
    {"confidence", RS_V_RATIO, .min = 0.5, .max = 0.999999, .def = "95%",
     .at = SCENARIO(confidence), .help = "Of all verdicts together."},
    {LIST("assumptions", assumption, n_assumption, rs_section_assumption),
     .help = "What the document leaves open."},
    {LIST("cohorts", cohort, n_cohort, rs_section_cohort), .flags = RS_KEY_REQUIRED | RS_KEY_SOME,
     .help = "Groups of users."},
    {LIST("components", component, n_component, rs_section_component),
     .help = "Caches and secrets."},
    {LIST("dependencies", dependency, n_dependency, rs_section_dependency),
     .help = "What several paths share."},
    {LIST("flags", flag, n_flag, rs_section_flag), .help = "Feature flags."},
    {LIST("services", service, n_service, rs_section_service),
     .flags = RS_KEY_REQUIRED | RS_KEY_SOME, .help = "Services."},
    {LIST("traffic", traffic, n_traffic, rs_section_traffic),
     .flags = RS_KEY_REQUIRED | RS_KEY_SOME, .help = "Requests."},
    {LIST("faults", fault, n_fault, rs_section_fault), .help = "What may go wrong."},
    {"monitoring", RS_V_MAP, RS_KEY_REQUIRED, .at = SCENARIO(monitoring),
     .of = &rs_section_monitoring, .help = "Scrapes, rules and alerts."},
    {LIST("roles", response.role, response.n_role, rs_section_role), .help = "People."},
    {"runbook", RS_V_MAP, RS_KEY_REQUIRED, .at = SCENARIO(response), .of = &rs_section_runbook,
     .help = "The runbook."},
    {LIST("claims", claim, n_claim, rs_section_claim), .help = "What a run decides."},
    {"tune", RS_V_BOX, .at = SCENARIO(tune), .of = &rs_section_tune,
     .help = "What `rollsim tune` may turn, and to what end."},
};

const struct section rs_section_scenario = {"scenario", "A whole file.", scenario_keys,
                                            RS_N_KEY(scenario_keys),
                                            .size = sizeof(struct scenario)};
