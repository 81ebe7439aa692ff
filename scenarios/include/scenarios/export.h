/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A simulated rollout as the evidence that a real one would have left: what a server recorded, what people wrote down. */
#ifndef SCENARIOS_EXPORT_H
#define SCENARIOS_EXPORT_H

#include <stdio.h>

#include "models/history.h"
#include "models/recorded.h"
#include "models/scenario.h"

/*
 * OpenMetrics text of all series, with timestamps. Stale markers have no form in it: series end with their last sample.
 */
void rs_export_metrics(FILE *to, const struct recorded *set);

/*
 * A timeline (YAML) of what the people of that rollout would have noted, or their tools: stages, flags, checks, gates, actions,
 * messages, and of each rollback: detected, notified, acknowledged, decided, effective, completed, resolved. Nobody notes when a fault began,
 * nor what only a change in the series shows. The history must have its trace.
 */
void rs_export_timeline(FILE *to, const struct scenario *sc, const struct history *h);

#endif
