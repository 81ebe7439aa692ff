/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What can be said of an expression without data: when it has a result at all, and which windows it looks through. */
#ifndef MODELS_PROMQL_INSPECT_H
#define MODELS_PROMQL_INSPECT_H

#include "models/promql_condition.h"

/* Rising: of `a and b` the lower one counts, of `a or b` the higher one. */
enum promql_truth {
    RS_TRUTH_NEVER,  /* no data whatever give a result */
    RS_TRUTH_VALUES, /* values decide: there is a comparison, an absent(), an `unless` */
    RS_TRUTH_DATA,   /* there is a result whenever the series are there, whatever their values */
    RS_TRUTH_ALWAYS  /* there is always a result: a number, vector(1) */
};

/* Why: the part of the expression that decides, and what its values can be. */
struct promql_reason {
    struct mark at;
    const char *
        text; /* canonical text of a comparison that cannot fail or succeed, in the arena; NULL = no such one */
    bool never;        /* it can never be true; else it always is */
    bool returns_bool; /* it only gives 0 or 1, and filters nothing */
    double low, high;  /* of its left side */
};

/*
 * Values are followed as intervals: count() gives 1 or more, rate() 0 or more, absent() 1, sums of what is not negative are
 * not negative. What is not known may be anything.
 */
enum promql_truth
rs_promql_truth(struct arena *arena, const struct promql *q, struct promql_reason *out);

/* A range vector in an expression, with what looks at it. */
struct promql_window {
    const char *function;
    const char *metric; /* NULL: matched by regex, or a subquery */
    int64_t range_ms;
    bool subquery;
    int n_sample; /* that the function needs to have a result: 1 or 2 */
    struct mark at;
};
typedef void (*rs_promql_window_fn)(void *ctx, const struct promql_window *w);
void rs_promql_windows(const struct promql *q, rs_promql_window_fn fn, void *ctx);

/* Calls fn for every metric that the expression looks for to be absent: absent(x), absent_over_time(x[5m]). */
typedef void (*rs_promql_metric_fn)(void *ctx, const char *metric);
void rs_promql_absents(const struct promql *q, rs_promql_metric_fn fn, void *ctx);

/* A selector of an expression. */
struct node;
struct promql_reading {
    const char *metric;      /* NULL: matched by regex */
    int64_t range_ms;        /* its own; 0 = an instant selector, which looks back */
    int64_t window_ms;       /* with the subqueries around it; offsets are not counted */
    bool moved;              /* by an offset or @, its own or of a subquery around it */
    const struct node *node; /* private */
    struct mark at;
};
typedef void (*rs_promql_reading_fn)(void *ctx, const struct promql_reading *r);
void rs_promql_readings(const struct promql *q, rs_promql_reading_fn fn, void *ctx);

/* Can a result have this label? False only where it is sure that none has: sum(x) has no label at all. */
bool rs_promql_may_carry(const struct promql *q, const char *label);

/*
 * Do the selectors of two expressions keep a label apart that the results of both have: code=~"2.." here, code=~"5.." there?
 * False where that is not sure.
 */
bool rs_promql_apart(const struct promql *a, const struct promql *b);

/* Has a result one element at most, whatever the data? False where that is not sure. */
bool rs_promql_is_single(const struct promql *q);

/* Does a matcher of the selector keep out every series with this value of the label? Regular expressions are not looked at. */
bool rs_promql_reading_excludes(const struct promql_reading *r,
                                const char *label,
                                const char *value);

/* A selector in an expression. */
struct promql_pick {
    const char *text;   /* canonical, without range and modifiers; in the arena */
    const char *metric; /* NULL: only matched by regex */
    int64_t range_ms;   /* 0 = an instant selector */
    bool absent;        /* absent() or absent_over_time() asks for it */
    bool found;         /* a series of the tsdb matches it */
};
typedef void (*rs_promql_pick_fn)(void *ctx, const struct promql_pick *pick);
/* Calls fn for every selector, left to right, and looks whether db has series for it. */
void rs_promql_picks(struct arena *arena,
                     const struct promql *q,
                     const struct tsdb *db,
                     rs_promql_pick_fn fn,
                     void *ctx);

/*
 * A comparison of a vector with a scalar at the top of the tree, which filters: `x > 5`, `(x / y) > (14.4 * 0.001)`. Its result
 * is those elements of the left side, as they are, whose value compares; so the sides may be evaluated apart. Both are in the
 * arena and borrow from q. False, and nothing is told, where there is no such comparison.
 */
struct promql_sides {
    const struct promql *left, *right;
    enum comparison_op op; /* neither PRESENT nor ABSENT */
};
bool rs_promql_sides(struct arena *arena, const struct promql *q, struct promql_sides *out);

/* A number or a duration that is written in an expression. */
enum promql_literal_kind {
    RS_LITERAL_THRESHOLD, /* one side of a comparison */
    RS_LITERAL_NUMBER,    /* any other number: a factor, an argument */
    RS_LITERAL_RANGE,     /* of a range vector or of a subquery */
    RS_LITERAL_STEP,      /* of a subquery */
    RS_LITERAL_OFFSET,
    RS_LITERAL_N
};
struct promql_literal {
    enum promql_literal_kind kind;
    int from, until;  /* bytes of the text, a sign in front included */
    bool is_duration; /* written with a unit */
};
/*
 * Fills at most cap literals in the order in which they stand, and returns how many there are in all. text: the one that q was
 * parsed from. The times behind `@` are not among them.
 */
int rs_promql_literals(const struct promql *q,
                       const char *text,
                       struct promql_literal *out /* [cap] */,
                       int cap);

/* Does the expression look at other times than its own and those before it: `@`, or an offset below 0? */
bool rs_promql_looks_ahead(const struct promql *q);

#endif
