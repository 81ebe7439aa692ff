/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A selector of an expression by itself, made ready to be held against label sets: which series would it take? */
#ifndef MODELS_PROMQL_SELECTOR_H
#define MODELS_PROMQL_SELECTOR_H

#include <stdbool.h>

#include "models/labels.h"
#include "models/promql_condition.h"
#include "models/promql_inspect.h"

struct promql_selector; /* opaque, heap */

/* From what rs_promql_readings tells of; the expression is borrowed. */
struct promql_selector *rs_promql_selector_of(const struct promql_reading *r,
                                              enum promql_dialect dialect);
/* From texts, as comparisons have them; metric NULL: any. Texts are borrowed. */
struct promql_selector *rs_promql_selector_new(const char *metric,
                                               const struct matcher_text *matcher, /* [n] */
                                               int n,
                                               enum promql_dialect dialect);
void rs_promql_selector_free(struct promql_selector *s); /* NULL ok */

/* Does it take the series with these labels (with __name__)? Matchers on the label `but` are left out; NULL: none is. */
bool rs_promql_selector_takes(const struct promql_selector *s,
                              const struct label_table *labels,
                              rs_labels set,
                              const char *but);
/* Do all matchers on this label take this value? True where there is none. */
bool rs_promql_selector_allows(const struct promql_selector *s,
                               const char *label,
                               const char *value);
/* Its matchers, the metric's name among them. */
int rs_promql_selector_count(const struct promql_selector *s);
struct matcher_text rs_promql_selector_matcher(const struct promql_selector *s, int i);

#endif
