/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Templates of alert labels and annotations: Go's text/template with the functions that Prometheus adds, compiled once and
 * expanded per alert. A template is immutable, lives in an arena and may be shared. Texts come out as those of the dialect's
 * Prometheus; formatting follows Go's fmt. Not there: complex numbers, methods of Go's types other than those of times and
 * durations that templates print.
 * Source: the documentation of Go's text/template and fmt, and Prometheus' template reference; measured on the real programs.
 */
#ifndef MODELS_TEMPLATE_H
#define MODELS_TEMPLATE_H

#include <stdbool.h>
#include <stdint.h>

#include "models/promql.h"

struct template; /* opaque, in the arena */

struct template_text {
    const char *text;
    struct mark at;    /* of the text's first character */
    int indent;        /* columns to add on every later line, as in struct promql_text */
    const char *alert; /* the rule's name: Go's messages call the template __alert_NAME */
    enum promql_dialect dialect;
};

/* Whether the text must be compiled at all: without an action it stands for itself. */
bool rs_template_has_action(const char *text);

/* NULL with *err filled, placed in the file. */
const struct template *
rs_template_parse(struct arena *arena, const struct template_text *src, struct err *err);

/* The expansion depends on nothing but the labels (and what is constant in a run): it can be remembered per label set. */
bool rs_template_only_needs_labels(const struct template *t);

/* Calls fn for every text that `query` is given literally: a user can keep what it selects. */
void rs_template_queries(const struct template *t,
                         void (*fn)(void *ctx, const char *text),
                         void *ctx);

/* What an expansion sees. */
struct template_data {
    const struct label_table *table;
    rs_labels labels;         /* $labels: of the expression's result, the metric name included */
    double value;             /* $value */
    int64_t t_ms;             /* of the evaluation */
    const char *external_url; /* $externalURL, NULL = "" */
    int n_external;
    const struct label *external; /* [n_external] $externalLabels */
    /* `query`: evaluates a text at t_ms. 0, or -1 with *err. NULL: queries are an error. The vector lives until the next call. */
    int (*query)(void *ctx, const char *text, int64_t t_ms, struct vector *out, struct err *err);
    void *ctx;
};

/*
 * The expanded text, on the heap. What goes wrong gives Prometheus' text "<error expanding template: ...>" instead and sets
 * *failed (may be NULL).
 */
char *rs_template_expand(const struct template *t, const struct template_data *data, bool *failed);

#endif
