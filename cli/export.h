/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A rehearsed history as the evidence that a real rollout would have left (rollsim rehearse --export). */
#ifndef CLI_EXPORT_H
#define CLI_EXPORT_H

#include "models/replica.h"
#include "timeline.h"

/*
 * Writes metrics.om, timeline.yaml and truth.json into a folder, made if missing; each appears whole. An older file of that name is
 * written over, anything else in the folder is left alone. 0 or -1. The simulator has just run the history, keeping its samples.
 */
int rs_export_write(const char *folder,
                    const struct scenario *sc,
                    struct simulator *sim,
                    const struct history *h,
                    const struct told_run *run,
                    struct err *err);

#endif
