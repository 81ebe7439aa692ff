/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The syntax tree of PromQL and the tables that it points into: operators, aggregators, functions.
 * A new function is a row
 * in promql_func.c and its implementation; nothing else changes.
 */
#ifndef MONITORING_PROMQL_AST_H
#define MONITORING_PROMQL_AST_H

#include "../regex/regex.h"
#include "../store/labels_private.h"
#include "models/alertmanager.h"
#include "models/promql.h"

/* ---- operators ------------------------------------------------------------------------------- */

enum op_kind {
    RS_OP_OR,
    RS_OP_AND,
    RS_OP_UNLESS,
    RS_OP_EQ,
    RS_OP_NE,
    RS_OP_GT,
    RS_OP_LT,
    RS_OP_GE,
    RS_OP_LE,
    RS_OP_ADD,
    RS_OP_SUB,
    RS_OP_MUL,
    RS_OP_DIV,
    RS_OP_MOD,
    RS_OP_ATAN2,
    RS_OP_POW,
    RS_OP_N
};

enum op_class { RS_OPS_SET, RS_OPS_COMPARE, RS_OPS_ARITHMETIC };

struct op_row {
    const char *text;
    enum op_class class;
    int level;  /* binds the tighter the higher, from 1 */
    bool right; /* right-associative */
};
extern const struct op_row rs_op_table[RS_OP_N];

/* Unary signs bind as multiplication does: -1^2 is -(1^2). */
#define RS_LEVEL_UNARY 5

/* ---- aggregators ----------------------------------------------------------------------------- */

enum aggr_kind {
    RS_AGGR_SUM,
    RS_AGGR_AVG,
    RS_AGGR_MIN,
    RS_AGGR_MAX,
    RS_AGGR_COUNT,
    RS_AGGR_GROUP,
    RS_AGGR_STDDEV,
    RS_AGGR_STDVAR,
    RS_AGGR_QUANTILE,
    RS_AGGR_TOPK,
    RS_AGGR_BOTTOMK,
    RS_AGGR_COUNT_VALUES,
    RS_AGGR_LIMITK,
    RS_AGGR_LIMIT_RATIO,
    RS_AGGR_N
};

/* Sets of dialects, one bit each. */
#define RS_IN(dialect) (1u << (dialect))
#define RS_IN_2_42 RS_IN(RS_PROMQL_2_42)
#define RS_IN_2_53 RS_IN(RS_PROMQL_2_53)
#define RS_IN_3 RS_IN(RS_PROMQL_3)
#define RS_IN_2 (RS_IN_2_42 | RS_IN_2_53)
#define RS_IN_ALL (RS_IN_2 | RS_IN_3)

/* Why something that the real one knows is not to be had here. */
enum refusal {
    RS_REFUSE_NOT,
    RS_REFUSE_EXPERIMENTAL, /* behind a feature flag that is off by default */
    RS_REFUSE_NATIVE,       /* means nothing without native histograms */
    RS_REFUSE_LATER         /* of a release after 3.5 */
};

struct aggr_row {
    const char *name;
    bool takes_param; /* aggr(param, vector) */
    unsigned in;      /* the dialects in which it is a keyword */
    enum refusal refused;
};
extern const struct aggr_row rs_aggr_table[RS_AGGR_N];

/* ---- functions ------------------------------------------------------------------------------- */

struct promql_eval;
struct cell;
struct range_window;

#define RS_MAX_PARAM 4

/* One element at a time: value in, value out; param[] are the scalar arguments in order. */
typedef double (*rs_map_fn)(double v, const double *param);
/* One window at a time: false = no result for this series. */
typedef bool (*rs_range_fn)(double *out, const struct range_window *w, const double *param);
/* Everything else. 0 or -1. */
typedef int (*rs_call_fn)(struct promql_eval *e, struct cell *c, int64_t t_ms);

struct func_row {
    const char *name;
    unsigned in; /* the dialects that the row is for; a name may have several rows */
    enum promql_type returns;
    int n_arg; /* arguments at most, or those listed if `any` */
    enum promql_type arg[6];
    int n_optional;       /* the last so many may be left out */
    enum refusal refused; /* then there is nothing else in the row */
    bool any;             /* the last type may be repeated without end */
    bool keeps_name;      /* of range functions: the metric name stays */
    double omitted;       /* value of an optional scalar that is left out */
    rs_map_fn map;        /* exactly one of these three */
    rs_range_fn range;
    rs_call_fn call;
};

/* The function of that name in a dialect, refused ones too; NULL if it has none. */
const struct func_row *rs_func_find(enum promql_dialect dialect, const char *name);
/* The dialects that have a function of that name. */
unsigned rs_func_in(const char *name);
/* The nearest spelling of a supported function or aggregator, or NULL. */
const char *rs_func_near(enum promql_dialect dialect, const char *name);
/* Says on the error why a function or aggregator is refused. Always -1. */
struct source;
int rs_func_refuse(
    const struct source *src, int pos, const char *what, const char *name, enum refusal refused);
/* "unknown function reate, did you mean rate?" or since when it is known. Always -1. */
int rs_func_unknown(const struct source *src, int pos, const char *name);

/* ---- the tree -------------------------------------------------------------------------------- */

enum node_kind {
    RS_NODE_NUMBER,
    RS_NODE_STRING,
    RS_NODE_SELECTOR, /* an instant selector, or a range selector if range_ms > 0 */
    RS_NODE_SUBQUERY,
    RS_NODE_CALL,
    RS_NODE_AGGR,
    RS_NODE_BINARY,
    RS_NODE_UNARY,
    RS_NODE_PAREN
};

enum at_kind { RS_AT_NONE, RS_AT_TIME, RS_AT_START, RS_AT_END };

struct modifiers {
    bool has_offset;
    int64_t offset_ms;
    enum at_kind at;
    int64_t at_ms;  /* RS_AT_TIME */
    int offset_pos; /* byte offset of the offset's duration in the text, its sign included */
};

struct pql_matcher {
    const char *name, *value;
    enum match_op op;
};

enum card { RS_ONE_TO_ONE, RS_MANY_TO_ONE, RS_ONE_TO_MANY, RS_MANY_TO_MANY };

struct matching {
    enum card card;
    bool given; /* on() or ignoring() was written */
    bool on;
    struct name_list label;
    struct name_list include; /* group_left(...) */
};

struct node {
    enum node_kind kind;
    enum promql_type type;
    int pos;        /* byte offset of what to point at in messages */
    struct mark at; /* the same place in the file */
    int depth;      /* height of the tree below */
    bool has_unit;  /* of numbers: written as a duration */
    union {
        double number;
        const char *string;
        struct {
            const char *name; /* written outside the braces, or NULL */
            int n_matcher;
            struct pql_matcher *matcher;
            int64_t range_ms;
            int range_pos; /* byte offset of the range's duration in the text */
            struct modifiers mod;
        } sel;
        struct {
            struct node *expr;
            int64_t range_ms, step_ms; /* step 0 = the default */
            int range_pos, step_pos;   /* byte offsets of the two durations in the text */
            struct modifiers mod;
        } sub;
        struct {
            const struct func_row *fn;
            int n_arg;
            struct node **arg;
        } call;
        struct {
            enum aggr_kind op;
            bool grouped, without;
            struct name_list label;
            struct node *param; /* or NULL */
            struct node *expr;
        } aggr;
        struct {
            enum op_kind op;
            bool returns_bool;
            struct node *lhs, *rhs;
            struct matching match;
        } bin;
        struct {
            bool minus;
            struct node *expr;
        } unary;
        struct node *paren;
    } u;
};

struct promql {
    const struct node *root;
    enum promql_dialect dialect;
};

/* The metric that a selector names, outside its braces or by equality; NULL if it names none. */
const char *rs_selector_metric(const struct node *n);

/* 2^63 nanoseconds: Prometheus' durations count them. */
#define RS_DURATION_MAX_MS 9223372036854.0

/* ---- parsing --------------------------------------------------------------------------------- */

/* The text and where it stands in its file; places errors. */
struct source {
    const char *text;
    struct mark at;
    int indent;
    enum promql_dialect dialect;
    struct err *err;
};
struct mark rs_source_mark(const struct source *src, int pos);
/* Always returns -1. */
int rs_source_fail(const struct source *src, int pos, enum rs_errc code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/*
 * The shortest decimal that reads back as the same number: as Go prints %f (plain), or %v, which has an exponent from 1e6 on
 * and below 0.0001.
 */
#define RS_NUMBER_TEXT 400
void rs_number_text(char text[RS_NUMBER_TEXT], double v, bool plain);

/* Types of all nodes below; sets node->type. 0 or -1. */
int rs_promql_check(const struct source *src, struct node *n);

/* The regular expressions of a dialect. */
enum regex_flavour rs_promql_regex(enum promql_dialect dialect);
/* The node below any parentheses. */
const struct node *rs_node_bare(const struct node *n);

const char *rs_type_words(enum promql_type t);
/* May it stand outside quotes as a metric (colons allowed) or label name? */
bool rs_legal_metric(const char *name);
bool rs_legal_label(const char *name);

#endif
