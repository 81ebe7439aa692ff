/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rule files over recorded series: when would which alert have been pending, have fired, have cleared, and what would
 * Alertmanager have sent? One pass over time; groups are evaluated as the server evaluates them.
 */
#ifndef VERIFY_BACKTEST_H
#define VERIFY_BACKTEST_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "models/alertmanager.h"
#include "models/recorded.h"
#include "models/rules.h"

/* An expression that is evaluated too, after the rules of each of its times. */
struct backtest_query {
    const char *text;
    const struct promql *expr;
};

struct backtest_spec { /* everything is borrowed */
    int n_file;
    const struct rule_file *const *file;
    int n_query;
    const struct backtest_query *query; /* at from, from + interval ... up to to */
    struct recorded *data;              /* in order; attached anew by each run */
    int64_t from_ms, to_ms;             /* first and last time at which anything is evaluated */
    int64_t interval_ms;                /* > 0; of groups that name none, and of the queries */
    int64_t lookback_ms;
    int64_t resend_delay_ms;
    int64_t query_offset_ms; /* of groups that name none */
    /* Groups are evaluated at whole multiples of their interval in Unix time; hashed: plus the offset that the server has for
     * the group, made of the path where it loads the file (struct rule_file's, else the file's own). */
    bool hashed;
    int64_t offset_ms; /* not hashed: >= 0, after those multiples */
    enum label_encoding encoding;
    int n_external;
    const struct label *external;
    const char *external_url;
    const struct am_config *am; /* NULL: no notifications */
    enum am_version am_version;
    int n_silence;
    const struct am_silence
        *silence; /* [n_silence]; times are Unix nanoseconds, or those of the data */
};

/* One time that an alert was up. Times of what did not happen are RS_NEVER. */
struct activation {
    const struct rule *rule;
    const struct rule_group *group;
    rs_labels labels;   /* with alertname */
    int64_t active_ms;  /* first evaluation that had it */
    int64_t firing_ms;  /* first evaluation that fired */
    int64_t last_ms;    /* last evaluation at which it was pending or firing */
    int64_t cleared_ms; /* first evaluation at which it was not; RS_NEVER: up at the end */
    int older;          /* private */
};

/* A rule that could not be evaluated, at least once. */
struct backtest_failure {
    const struct rule *rule;
    const struct rule_group *group;
    int64_t first_ms;
    uint64_t n; /* evaluations that failed */
    char text[320];
};

struct backtest_notice {
    int64_t at_ns;
    const char *receiver;
    bool nobody; /* the receiver has no integrations: a real Alertmanager tells nobody */
    uint64_t group;
    rs_labels group_labels;
    int n_firing, n_resolved;
    const rs_labels *alert; /* [n_firing + n_resolved], firing first; owned by the backtest */
};

/* A firing alert that Alertmanager kept to itself at one flush or at many. */
struct backtest_held {
    const struct am_route *route;
    rs_labels group_labels, alert;
    enum am_hold why;
    rs_labels source;                 /* of an inhibition: what inhibited it first */
    const struct am_silence *silence; /* of a silence */
    int64_t first_ns, last_ns;        /* flushes that held it back */
    uint64_t n;                       /* and how many there were */
    int older;                        /* private */
};

/* A selector of a rule, or of a query (rule NULL), and whether any series ever matched it. */
struct backtest_selector {
    const struct rule *rule;
    const struct rule_group *group;
    const char *text, *metric; /* metric NULL: only matched by regex */
    int64_t range_ms;          /* 0 = an instant selector */
    bool may_be_missing;       /* absent() asks for it, or it is ALERTS */
    bool found;
};

/*
 * A group that records at intervals as long as the lookback: between two of its samples those who read
 * them at other times lose sight of the older one.
 */
struct backtest_gap {
    const struct rule_group *group;
    const struct rule *writer, *reader; /* the first reader */
    int n_reader;                       /* rules */
};

struct backtest {        /* heap: run / free */
    struct arena *arena; /* of its texts */
    const struct label_table *labels;
    int n_selector;
    struct backtest_selector
        *selector; /* [n_selector] in the order of the files, then of the queries */
    int n_gap;
    struct backtest_gap *gap; /* [n_gap] in the order of the files */
    int n_held;
    struct backtest_held *held; /* [n_held] by first_ns */
    int n_activation;
    struct activation *activation; /* [n_activation] by active_ms, then by rule and labels */
    int n_failure;
    struct backtest_failure *failure; /* [n_failure] in the order in which they first failed */
    int n_notice;
    struct backtest_notice *notice; /* [n_notice] in the order of time */
    int n_answer;
    struct recorded **answer; /* [n_answer] what each query gave; shares the label table */
    struct err *answer_err;   /* [n_answer] its first failure, code RS_E_NONE if there was none */
    int64_t *answer_err_ms;   /* [n_answer] and when */
    uint64_t n_evaluation;    /* of rules */
    int n_left_out;           /* recorded series that the rules write themselves */
    int64_t from_ms, to_ms;   /* of the spec */
    int64_t interval_ms;      /* of the spec */
};

struct backtest *rs_backtest_run(const struct backtest_spec *spec);
void rs_backtest_free(struct backtest *b); /* NULL ok */

/* ---- told ---- */

/* What was read, for the heading. */
struct backtest_source {
    const char *file, *format;
};

/* A time of evaluation: RFC 3339 for dates, else seconds ("233100", "0.5"). "" for RS_NEVER. n >= 40. Returns buf. */
char *rs_backtest_time(char *buf, size_t n, int64_t t_ms);

/* {a="b"} with the name in front, whole. Heap text, the caller frees it. */
char *rs_backtest_series(const struct label_table *table, rs_labels set);

/* For people: activations, totals per alert, failures, notifications. width 0: as wide as the texts are, nothing is cut. */
void rs_backtest_print(
    FILE *to, const struct backtest *b, const struct backtest_spec *spec, int width, bool colour);
/* alert,labels,active_from,firing_from,last_active,cleared_at: by alert, labels, time. Seconds, or RFC 3339 for dates. */
void rs_backtest_print_csv(FILE *to, const struct backtest *b);
/* What the reader must know to believe the rest, a line each: selectors without series, groups that leave gaps. */
void rs_backtest_print_notes(FILE *to,
                             const char *before,
                             const struct backtest *b,
                             const struct backtest_spec *spec);
void rs_backtest_print_json(FILE *to, const struct backtest *b, const struct backtest_spec *spec);
/* Answers of the queries: one query_range answer a line, with its query; or time,query,labels,value. */
void rs_backtest_print_answers_json(FILE *to,
                                    const struct backtest *b,
                                    const struct backtest_spec *spec);
void rs_backtest_print_answers_csv(FILE *to,
                                   const struct backtest *b,
                                   const struct backtest_spec *spec);

#endif
