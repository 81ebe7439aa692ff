/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scenario files in, checked structs out. */
#ifndef SCENARIOS_LOAD_H
#define SCENARIOS_LOAD_H

#include <stdio.h>

#include "models/alertmanager.h"
#include "models/rules.h"
#include "models/scenario.h"

/*
 * Reads a scenario and every file it names (paths relative to the scenario's folder). All mistakes are added to errors in
 * one go, with places; NULL is returned if there was any.
 * The hash is over the bytes of the YAML, the rule files, the Alertmanager file, the time zones it names, the recordings and
 * the overrides' files, in this order and as they stand there; for a scenario that names no file it is what sha256sum prints.
 */
struct scenario *rs_scenario_load(const char *path, struct err_list *errors);

/* From the command line: the traffic of a service (of one cohort, or of all) comes from a recorded rate series. */
struct traffic_override {
    const char *service, *cohort; /* cohort NULL: all cohorts of the service */
    const char *file; /* path as given, not from the scenario's folder; may be gzip-compressed */
};

/*
 * The same, with overrides: the series is looped and scaled to the mean rate that the scenario's own profile has, over one
 * period or over the horizon. Errors about an override name its file.
 */
struct scenario *rs_scenario_load_with(const char *path,
                                       const struct traffic_override *o,
                                       int n,
                                       struct err_list *errors);

/*
 * Single readers, for tests and fuzzing; text need not be NUL-terminated. NULL with errors filled. Files that a scenario
 * names are looked for in the folder of `file`; with file NULL no other file is opened, and naming one is an error.
 */
struct scenario *
rs_scenario_parse(const char *file, const char *text, size_t n, struct err_list *errors);
const struct rule_file *rs_rule_file_parse(struct arena *arena,
                                           enum promql_dialect dialect,
                                           const char *file,
                                           const char *text,
                                           size_t n,
                                           struct err_list *errors);
/* The places that its time intervals name come from the system's tz database. `_parse` reads as the newest release does. */
const struct am_config *rs_am_config_parse(
    struct arena *arena, const char *file, const char *text, size_t n, struct err_list *errors);
const struct am_config *rs_am_config_parse_as(struct arena *arena,
                                              enum am_version version,
                                              const char *file,
                                              const char *text,
                                              size_t n,
                                              struct err_list *errors);

/* docs/scenario-reference.md and the JSON Schema, printed from the key tables. */
void rs_scenario_print_reference(FILE *to);
void rs_scenario_print_schema(FILE *to);

#endif
