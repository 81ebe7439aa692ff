/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * PromQL: text -> checked syntax tree -> evaluator. The tree is immutable and shared; an evaluator holds the caches for one
 * tsdb and is used by one thread. Semantics: those of a dialect, for floats and classic histograms.
 * What is not supported is refused by name when parsing, with its place; never guessed.
 */
#ifndef MODELS_PROMQL_H
#define MODELS_PROMQL_H

#include <stdbool.h>
#include <stdint.h>

#include "models/tsdb.h"
#include "sim/arena.h"
#include "sim/err.h"

struct promql; /* opaque, in the arena */

enum promql_type { RS_PQL_SCALAR, RS_PQL_VECTOR, RS_PQL_MATRIX, RS_PQL_STRING };

/* Whose language and whose numbers: the releases between which results change. 3 is the default. */
enum promql_dialect {
    RS_PROMQL_3,    /* 3.x */
    RS_PROMQL_2_53, /* 2.51 to 2.53: closed ranges, plain sums */
    RS_PROMQL_2_42, /* up to 2.50: and the zero clamp of rate before its threshold */
    RS_PROMQL_DIALECT_N
};
/* "3", "2.53", "2.42", NULL-terminated. */
extern const char *const rs_promql_dialect_names[RS_PROMQL_DIALECT_N + 1];

/*
 * A text and where it starts in its file: errors are placed from there, line by line (a column is right for plain and
 * quoted one-line scalars; in block scalars `at` must be the first character of the text and indent the columns to add on
 * every later line).
 */
struct promql_text {
    const char *text;
    struct mark at;
    int indent;
    enum promql_dialect dialect;
};

/* Parses and type-checks. Returns NULL with *err filled. */
const struct promql *
rs_promql_parse(struct arena *arena, const struct promql_text *src, struct err *err);
enum promql_dialect rs_promql_dialect(const struct promql *q);

enum promql_type rs_promql_type(const struct promql *q);
/* Canonical text, in the arena. */
const char *rs_promql_print(struct arena *arena, const struct promql *q);

/* Calls fn for every selector: its metric name (NULL if only matched by regex), the look-back it needs in ms, its place. */
typedef void (*rs_promql_selector_fn)(void *ctx,
                                      const char *metric,
                                      int64_t span_ms,
                                      struct mark at);
void rs_promql_selectors(const struct promql *q,
                         int64_t lookback_ms,
                         rs_promql_selector_fn fn,
                         void *ctx);

/* A number that an expression compares with: "x / y > 0.005" has one, "x > 2 or y > 5" two. */
struct promql_threshold {
    double value;
    const char *text; /* the comparison alone, canonical, in the arena */
};
/*
 * The comparisons with a number at the top of the tree, looked for through `and`, `or` and the left side of `unless`, left to
 * right. Fills at most `cap` of them and returns how many were filled.
 */
int rs_promql_thresholds(struct arena *arena,
                         const struct promql *q,
                         struct promql_threshold *out /* [cap] */,
                         int cap);

struct promql_options {
    int64_t lookback_ms; /* 300000 */
    /* of subqueries that name no step: the global evaluation interval; 0 = one minute */
    int64_t subquery_step_ms;
    /* How far behind the newest samples the evaluations run (a rule's query offset): the samples are kept so much longer. */
    int64_t behind_ms;
    /* Of a query over a span of time: what `@ start()` and `@ end()` are. Else they are the time of the evaluation. */
    bool has_span;
    int64_t start_ms, end_ms;
    /* Walk every window anew and remember nothing: slow, and the measure of all that remembers. */
    bool plain;
};
struct promql_options rs_promql_options_default(void);

struct promql_eval; /* opaque, heap */

/* q and db are borrowed. Tells db how far each selected series must reach back (rs_tsdb_retain). */
struct promql_eval *
rs_promql_eval_new(const struct promql *q, struct tsdb *db, struct promql_options opt);
void rs_promql_eval_free(struct promql_eval *e); /* NULL ok */

struct vector_item {
    rs_labels labels;
    double v;
};
struct vector { /* result of an evaluation, belongs to the evaluator, valid until its next call */
    /* [n]; a scalar is one item with no labels. sort, sort_desc, topk and bottomk at the top of the tree order it. */
    const struct vector_item *item;
    int n;
};

/* Evaluates at t_ms. 0, or -1 on an evaluation error (duplicate series in matching): the rule is skipped this round. */
int rs_promql_eval(struct promql_eval *e, int64_t t_ms, struct vector *out, struct err *err);

/* A condition: not empty (vector), or not 0 and not NaN (scalar). An evaluation error is false. */
bool rs_promql_true(struct promql_eval *e, int64_t t_ms);

#endif
