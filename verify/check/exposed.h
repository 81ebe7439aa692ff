/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every series that a scenario can bring about, by its labels: what its services expose, what its recording rules write, and
 * ALERTS. Selectors are held against these sets, so that a finding rests on what a server would select, not on texts.
 */
#ifndef VERIFY_CHECK_EXPOSED_H
#define VERIFY_CHECK_EXPOSED_H

#include <stdbool.h>
#include <stdint.h>

#include "models/promql_selector.h"
#include "models/rules.h"
#include "models/scenario.h"

struct exposed; /* opaque, heap */

struct exposed *rs_exposed_new(const struct scenario *sc);
void rs_exposed_free(struct exposed *x); /* NULL ok */

/* How many series there are; they are numbered from 0. */
int rs_exposed_count(const struct exposed *x);
/* A label of a series, "" if it has none of that name. Belongs to x. */
const char *rs_exposed_label(const struct exposed *x, int series, const char *name);

/* A set of series, one bit each: [rs_exposed_words] words. */
int rs_exposed_words(const struct exposed *x);
static inline bool rs_exposed_has(const uint64_t *set, int series)
{
    return set[series / 64] >> (series % 64) & 1u;
}
/* Adds the series that the selector takes to the set; how many it takes. */
int rs_exposed_select(const struct exposed *x, const struct promql_selector *s, uint64_t *set);

/*
 * Does the selector take a series at all? True too for what a rule records whose own series are missing (that is told where it is
 * missing), and for labels of alerts that only data can fill.
 */
bool rs_exposed_could(const struct exposed *x, const struct promql_selector *s);

/* Does a series have that metric name (any: with a histogram's suffix)? */
bool rs_exposed_metric(const struct exposed *x, const char *metric);
/* The rule that records the metric, or NULL: the i-th one. */
const struct rule *rs_exposed_recorder(const struct exposed *x, const char *metric, int i);

/*
 * The labels of the alert behind an ALERTS series, as Alertmanager gets it: [at most cap] in out. Returns how many; 0 where the
 * series is none of a firing alert of that name.
 */
int rs_exposed_alert(
    const struct exposed *x, int series, const char *alert, struct label *out, int cap);

/*
 * Values of a label among the series that the selector takes but for its matchers on that label: at most cap, each once, in the
 * order of the series. Returns how many there are.
 */
int rs_exposed_values(const struct exposed *x,
                      const struct promql_selector *s,
                      const char *label,
                      const char **value /* [cap] */,
                      int cap);

#endif
