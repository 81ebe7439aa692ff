/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Alert rules tuned on recorded series with known faults: what today's rules and others would have caught, how soon, and how
 * often they would have fired for nothing. Nothing is simulated; every setting of the parameters is run over the recording as
 * a server would have run it. A document of scenarios/retell.h says what belongs together.
 */
#ifndef VERIFY_RETELL_H
#define VERIFY_RETELL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "verify/backtest.h"
#include "verify/stats.h"
#include "verify/tune.h"

/* from <= t < until. */
struct retell_span {
    int64_t from_ms, until_ms;
};

struct retell_incident {
    const char *name;
    int64_t from_ms, until_ms;
    struct mark at; /* where it is told: the document or its own file */
};

/* What is to be small. Counts and times are those of one part of the recording. */
enum retell_measure {
    RS_RETELL_MISSED,         /* incidents that no alert caught */
    RS_RETELL_MEAN_MINUTES,   /* to detection, of those that were caught */
    RS_RETELL_MEDIAN_MINUTES, /* likewise */
    RS_RETELL_FALSE_PER_DAY, /* alerts that began to fire outside of incidents, for each fault-free day */
    RS_RETELL_MEASURE_N
};
/* "missed", "mean_minutes", "median_minutes", "false_alarms_per_day", NULL-terminated. */
extern const char *const rs_retell_measure_names[RS_RETELL_MEASURE_N + 1];

struct retell_aim {
    int param; /* -1: the measure; else the parameter's own value is to be low, or high */
    bool high; /* of a parameter */
    enum retell_measure measure; /* of no parameter */
};

enum retell_how {
    RS_RETELL_SPANS, /* the spans that are listed */
    RS_RETELL_FIRST, /* so large a share of the watched time, from the beginning */
    RS_RETELL_ODD,   /* the first, the third ... incident with what lies around it */
    RS_RETELL_EVEN,
    RS_RETELL_REST /* whatever the other part leaves */
};
struct retell_part {
    enum retell_how how;
    double share; /* FIRST */
    int n_span;
    const struct retell_span *span; /* [n_span] SPANS: as written */
    struct mark at;
};

/* All rule files with a setting in force, [spec.n_file] in their order; NULL with errors. */
typedef const struct rule_file *const *(*rs_retell_rules)(void *ctx,
                                                          struct arena *arena,
                                                          const uint16_t *value,
                                                          struct err_list *errors);

struct retell { /* made by scenarios/, in its arena */
    struct arena *arena;
    const char *file, *name, *title;
    /* Today's rule files, the data, interval, offset and lookback; from the first sample to the last. No queries, no Alertmanager. */
    struct backtest_spec spec;
    const struct tune_plan *plan; /* its objectives and claims are none */
    rs_retell_rules rules;
    void *rules_ctx;
    int n_incident;
    const struct retell_incident *incident; /* [n_incident] by from_ms */
    /* An alert that begins to fire from `before` ahead of the incident's beginning to `within` after it has caught it. One that
     * begins later, until `settles` after the incident's end, neither catches nor counts as false. */
    int64_t before_ms, within_ms, settles_ms;
    int n_alert;
    const char *const *alert; /* [n_alert] names of those that count; 0: all */
    int n_aim;
    const struct retell_aim *aim;        /* [n_aim] the first counts most */
    double at_most[RS_RETELL_MEASURE_N]; /* on the part for choosing; INFINITY: no limit */
    struct retell_part choose, judge;
    double confidence;
};

enum { RS_RETELL_CHOOSE, RS_RETELL_JUDGE, RS_RETELL_PART_N };
/* Settings there may be at most; of one rule, each of which is parsed and run; and of those that cannot share the work. */
#define RS_RETELL_SETTINGS_MAX UINT64_C(1000000)
#define RS_RETELL_VARIANTS_MAX UINT64_C(10000)
#define RS_RETELL_RUNS_MAX UINT64_C(2000)

/* The alert that caught an incident first. */
struct retell_catch {
    int64_t at_ms;     /* RS_NEVER: none did */
    const char *alert; /* its name */
    rs_labels labels;
};

struct retell_score { /* of one setting on one part */
    uint64_t n_incident, n_caught, n_false;
    double mean_minutes, median_minutes, least_minutes, most_minutes; /* NaN: nothing was caught */
    double false_per_day;       /* NaN: the part has no fault-free time */
    struct interval caught;     /* Clopper-Pearson, of the share of incidents like these */
    struct interval false_rate; /* per day; as of a Poisson count */
};

struct retell_outcome {
    const uint16_t *value;             /* [n_param] */
    const struct retell_catch *caught; /* [n_incident] */
    struct retell_score part[RS_RETELL_PART_N];
};

struct retell_result { /* heap: run / free; everything is in the arena */
    struct arena *arena;
    const struct retell *retell;
    const int *part_of; /* [n_incident] the part that the incident belongs to, or -1 */
    double watched_days[RS_RETELL_PART_N]; /* time in which there was anything to evaluate */
    double quiet_days[RS_RETELL_PART_N];   /* of it, outside of incidents */
    struct retell_outcome today, chosen;
    bool has_chosen; /* false: no setting keeps the limits */
    /* Of all settings, on the part for choosing, each by itself: no setting comes below it. */
    double least[RS_RETELL_MEASURE_N];
    uint64_t n_setting, n_within; /* looked at; those within the limits */
    uint64_t n_tied;              /* as good as the chosen one in every aim, itself counted */
    uint64_t n_run;               /* times that the recording was gone through */
    bool shared; /* many settings in one run; false: the rules do not allow it, `why_not` */
    const char *why_not;
    /* Of the incidents of the part for the figures: only today's, only the chosen setting's; two-sided sign test of the two. */
    uint64_t n_only_today, n_only_chosen;
    double p_differ;
};

struct retell_options {
    const atomic_bool *cancel; /* may be NULL */
    bool plain;                /* every setting is run by itself: the measure of all that shares */
    /* Every setting's outcome, in the order of the grid; for tests. May be NULL. */
    void (*told)(void *ctx, const struct retell_outcome *o);
    void *told_ctx;
};

/* 0 with *out; 1: cancelled; -1 with errors. */
int rs_retell_run(struct retell_result **out,
                  const struct retell *retell,
                  const struct retell_options *opt,
                  struct err_list *errors);
void rs_retell_free(struct retell_result *r); /* NULL ok */

/* ---- told ---- */

/* width 0: as wide as the texts are. */
void rs_retell_print(FILE *to, const struct retell_result *r, int width, bool colour);
/* One object, keys sorted. diff: the patch, "" = none; exit_status: the program's. */
void rs_retell_print_json(FILE *to,
                          const struct retell_result *r,
                          const char *diff,
                          int exit_status);
void rs_retell_print_markdown(FILE *to, const struct retell_result *r);

#endif
