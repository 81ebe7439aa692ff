/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What `rollsim tune` may turn and what it looks at: the `tune:` of a scenario, read by scenarios/ (scenarios/tune.h).
 * A parameter is a place in one of the scenario's own files; a setting is a text for each. What is judged is therefore what
 * would be written, and a patch leaves every other byte as it is.
 */
#ifndef VERIFY_TUNE_H
#define VERIFY_TUNE_H

#include <stdbool.h>
#include <stdint.h>

#include "models/promql.h"
#include "models/rules.h"
#include "verify/claim.h"

enum tune_type {
    RS_TUNE_NUMBER,
    RS_TUNE_RATIO,    /* written as 0.5% or 0.005, as it stands today */
    RS_TUNE_DURATION, /* as Prometheus writes them */
    RS_TUNE_COUNT,
    RS_TUNE_WORD /* on, off, a name: no order */
};

struct tune_value {
    const char *text; /* as it will stand in the file */
    double number;    /* ns for durations, 0..1 for ratios; NaN for words */
};

/* Bytes [from, until) of a file become before + value + after. from == until: the key was not there, and a line is put in. */
struct tune_place {
    int file; /* of the plan */
    size_t from, until;
    const char *before, *after; /* "" where the value stands alone */
    struct mark at;
};

struct tune_param {
    const char *name, *path, *ref;
    struct mark at;   /* of its declaration */
    const char *what; /* in words: "threshold of alert PortalSLA" */
    enum tune_type type;
    int n_value; /* >= 2 */
    const struct tune_value
        *value; /* [n_value] rising, or as listed for words; today's among them */
    int today;  /* the value that stands in the files */
    int n_place;
    const struct tune_place
        *place; /* [n_place] >= 1: all take the same value (both ranges of a ratio) */
    int site; /* of the plan; -1: it changes more than what one rule or condition says, and needs histories of its own */
};

/* An alert rule or a condition of the runbook with parameters in it (models/lanes.h). */
enum tune_site_kind { RS_SITE_RULE, RS_SITE_CONDITION };
struct tune_site {
    enum tune_site_kind kind;
    const char *what;          /* "alert PortalSLA", "gate stage-1-errors" */
    int file, group, rule;     /* RULE: indices into monitoring.rule_file */
    const struct promql *expr; /* CONDITION: as the scenario has it */
    int n_param;
    const int *param; /* [n_param] of the plan, rising */
};

struct tune_file {
    const char *path; /* as it was opened */
    const char *text; /* as it was read */
    size_t n_text;
};

enum tune_stat {
    RS_STAT_MISS,        /* 1 - P(the event or the leg within its deadline) */
    RS_STAT_PROBABILITY, /* P(the event) */
    RS_STAT_MEAN,
    RS_STAT_QUANTILE, /* a leg that never ends is infinite */
    RS_STAT_RATE      /* E[quantity] / E[simulated time], per `per_ns` */
};

/* Something to be made small. */
struct tune_objective {
    const char *name, *says, *ref;
    struct mark at;
    enum tune_stat stat;
    struct claim
        of;   /* what one history gives (rs_claim_sample) and of which; its limit means nothing */
    double q; /* QUANTILE */
    int64_t per_ns;   /* RATE */
    const char *unit; /* "s", "users", "pages/w", "" for probabilities; times are told in seconds */
};

struct tune_plan { /* in the scenario's arena; scenario.h: `tune`, NULL = the scenario has none */
    struct mark at;
    int n_param, n_site, n_file, n_objective, n_keep;
    const struct tune_param *param;
    const struct tune_site *site;
    const struct tune_file *file; /* those that hold a parameter */
    const struct tune_objective *objective;
    const int *keep; /* [n_keep] claims that a setting must keep; all of the scenario unless said */
    uint64_t
        candidates_max; /* a space up to this size is gone through whole; a larger one is searched */
    uint64_t replicas;  /* at most so many for each fault, and for none, in the search */
    uint64_t fresh_replicas; /* at most so many to decide the chosen setting's claims */
    double confidence;       /* of what is told about all points together, 0.5..1 */
};

/* A setting: which value each parameter has. value[n_param]. */

/* Settings there are: the product, UINT64_MAX if it is more. */
uint64_t rs_tune_space(const struct tune_plan *plan);
/* The i-th setting of the whole space, the last parameter turning fastest. */
void rs_tune_setting(const struct tune_plan *plan, uint64_t i, uint16_t *value /* [n_param] */);
void rs_tune_today(const struct tune_plan *plan, uint16_t *value /* [n_param] */);

/* Scenarios and parts of them with a setting in force. Made by scenarios/, asked for by verify/. */
struct tune_source {
    void *ctx;
    const struct tune_plan *plan;
    const struct scenario *today;
    /* The scenario as it reads with the setting; NULL with errors (a legal scenario for every setting is not a matter of course). */
    struct scenario *(*scenario)(void *ctx, const uint16_t *value, struct err_list *errors);
    /* Only the rule, or the condition, of a site, in the arena; of the setting only the site's own parameters are looked at. */
    const struct rule *(*rule)(
        void *ctx, struct arena *arena, int site, const uint16_t *value, struct err_list *errors);
    const struct promql *(*condition)(
        void *ctx, struct arena *arena, int site, const uint16_t *value, struct err_list *errors);
};

#endif
