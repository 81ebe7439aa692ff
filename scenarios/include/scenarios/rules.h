/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rule files and Alertmanager files by path, told apart by what stands in them. */
#ifndef SCENARIOS_RULES_H
#define SCENARIOS_RULES_H

#include "models/alertmanager.h"
#include "models/rules.h"
#include "sim/arena.h"

enum rules_kind {
    RS_RULES_FILE,        /* Prometheus' rule file: `groups` */
    RS_RULES_MANIFEST,    /* PrometheusRule of the operator: `kind` and `spec` */
    RS_RULES_ALERTMANAGER /* `route`, `receivers` */
};

/* By the top-level keys of the text; a file with none of them is taken for a rule file, whose reader will say what it lacks. */
enum rules_kind rs_rules_kind(const char *text, size_t n);

struct rules_loaded { /* in an arena */
    enum rules_kind kind;
    const struct rule_file *file; /* NULL for an Alertmanager file, and when it had mistakes */
    const struct am_config *am;
};

/* 0, or -1 with all mistakes of the file added to errors; out->kind is told in any case. */
int rs_rules_load(struct rules_loaded *out,
                  struct arena *arena,
                  enum promql_dialect dialect,
                  const char *path,
                  struct err_list *errors);

/* The same, where an Alertmanager file is read as that release reads it; rs_rules_load takes the newest. */
int rs_rules_load_as(struct rules_loaded *out,
                     struct arena *arena,
                     enum promql_dialect dialect,
                     enum am_version version,
                     const char *path,
                     struct err_list *errors);

/*
 * Silences as `amtool silence query -o json` prints them; their times are Unix nanoseconds. *out_n of them, in the arena; 0, or -1
 * with errors added.
 */
int rs_silences_load(const struct am_silence **out,
                     int *out_n,
                     struct arena *arena,
                     const char *path,
                     struct err_list *errors);

/*
 * The same file as the server would load it from another folder: its path, which decides on the offsets of its groups, is
 * `folder`/NAME.
 */
const struct rule_file *
rs_rule_file_moved(struct arena *arena, const struct rule_file *file, const char *folder);

#endif
