/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Does one condition see what another means? "Sees" is about what is looked at, not about thresholds or windows: an alert sees a
 * trigger if each of its comparisons moves the same way with the same series as one that the trigger asks for. 99% of good
 * answers and 1% of bad ones are the same series; a mean and a quantile of one histogram are as well.
 */
#ifndef VERIFY_CHECK_COVER_H
#define VERIFY_CHECK_COVER_H

#include "check.h"
#include "models/promql_condition.h"
#include "models/rules.h"

/* The scenario's alert of that name, or NULL: the i-th one. */
const struct rule *rs_cover_alert(const struct scenario *sc, const char *name, int i);
/* Does an automation act on the alert by the procedure? */
bool rs_cover_automated(const struct scenario *sc, const char *alert, int procedure);
/* Does the alert lead to the procedure: by its list, or by an automation? */
bool rs_cover_leads(const struct scenario *sc, const char *alert, int procedure);

/* The condition of an expression, through recording rules; in the check's arena. */
struct promql_condition rs_cover_condition(struct check *c, const struct promql *q);

/*
 * Does a condition see this term? Whenever all of the term's comparisons come true, some term of `by` must have nothing else to
 * wait for. name: of the alert whose condition it is, or NULL.
 */
bool rs_cover_sees(struct check *c,
                   const struct condition_term *term,
                   const struct promql *term_of,
                   const struct promql *by,
                   const char *name);

/* The alert that leads to the procedure and sees the term, or NULL. */
const struct rule *rs_cover_by_alerts(struct check *c,
                                      int procedure,
                                      const struct condition_term *term,
                                      const struct promql *term_of);
/* Do the procedure's alerts see all terms of an expression? */
bool rs_cover_all_by_alerts(struct check *c, int procedure, const struct promql *q);

#endif
