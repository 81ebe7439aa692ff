/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What rule files and an Alertmanager file say without any data: alerts that cannot fire or cannot be silent, windows that see
 * too little, how late an alert is at worst, whom it reaches. Mistakes in the files are errors of their readers; these are
 * findings in files that Prometheus would load.
 */
#ifndef VERIFY_RULE_CHECK_H
#define VERIFY_RULE_CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "models/alertmanager.h"
#include "models/rules.h"

enum rule_severity { RS_RULE_WARNING, RS_RULE_NOTE };

struct rule_finding {
    enum rule_severity severity;
    struct mark at;
    const char *code; /* stable, one of rs_rule_codes */
    const char *text;
};
extern const char *const rs_rule_codes[]; /* "never-true" ... NULL */

/* Receivers that an alert reaches if labels that only the data know have certain values. */
struct maybe_receivers {
    int n_receiver, n_label;
    const char *const *receiver; /* [n_receiver] */
    const char *const *label;    /* [n_label] */
    bool instead;                /* of those that it reaches else; false: besides */
};

/* One alerting rule and what follows from it. */
struct checked_alert {
    const struct rule *rule;
    const struct rule_group *group;
    const struct rule_file *file;
    int64_t interval_ms;
    int64_t
        fires_after_ms; /* from the first evaluation that sees it until it fires: `for`, rounded up to the interval */
    /*
     * From a change in what is scraped until the alert fires, at worst: the scrape, then of every recorded series on the way the
     * evaluation that writes it, the alert's own evaluation, the rounded `for`, query offsets. Without a scrape interval from
     * the first sample on.
     */
    int64_t latest_ms;
    /* The longest range that must fill on top of it, through recorded series; 0: none. */
    int64_t window_ms;
    int n_receiver;
    const char *const
        *receiver; /* [n_receiver] that it reaches if no label but the known ones counts */
    int n_maybe;
    const struct maybe_receivers *maybe; /* [n_maybe] */
    const char *reaches;                 /* in words: "pager; also db if team"; NULL: no routing */
};

struct read_metric {
    const char *name;
    int n_rule;  /* that read it */
    int n_alert; /* of those, alerts */
    const char
        *written; /* place "file:line" of the rule that writes it; NULL: it comes from outside */
    bool watched; /* some rule looks for its absence */
};

struct rule_check_spec { /* borrowed */
    int n_file;
    const struct rule_file *const *file;
    const struct am_config *am; /* NULL: no routing */
    int64_t interval_ms;        /* > 0; of groups that name none */
    int64_t scrape_ms;          /* 0 = not known: nothing is said of windows */
    int64_t query_offset_ms;
    int64_t lookback_ms; /* > 0 */
    int n_ignore;
    const char *const *ignore; /* [n_ignore] codes of findings that are not wanted */
};

struct rule_check { /* heap: run / free */
    int n_finding, n_warning;
    const struct rule_finding *finding; /* [n_finding] warnings first, then by file and place */
    int n_alert;
    const struct checked_alert *alert; /* [n_alert] in the order of the files */
    int n_metric;
    const struct read_metric *metric; /* [n_metric] by name */
    struct arena *arena;              /* private */
};

struct rule_check *rs_rule_check_run(const struct rule_check_spec *spec);
void rs_rule_check_free(struct rule_check *check); /* NULL ok */

/* ---- told ---- */

/* What was found in the files, the findings, a table of the alerts. cut: the table keeps to the width, else nothing is cut. */
void rs_rule_check_print(FILE *to,
                         const struct rule_check *check,
                         const struct rule_check_spec *spec,
                         int width,
                         bool cut,
                         bool colour);
/* The warnings alone. */
void rs_rule_check_print_warnings(FILE *to, const struct rule_check *check, int width, bool colour);
/* errors: what the readers found; the files that had any are not part of spec. */
void rs_rule_check_json(FILE *to,
                        const struct rule_check *check,
                        const struct rule_check_spec *spec,
                        const struct err_list *errors);

#endif
