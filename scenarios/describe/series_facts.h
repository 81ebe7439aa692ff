/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SCENARIOS_SERIES_FACTS_H
#define SCENARIOS_SERIES_FACTS_H

#include "scenarios/describe.h"

/* Facts about all series of a sorted set, which it takes over. */
struct series_set_facts *rs_series_facts_new(struct recorded *set, enum series_format format);
void rs_series_facts_free(struct series_set_facts *f); /* NULL ok */

#endif
