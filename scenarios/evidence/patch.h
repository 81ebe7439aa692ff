/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts put at places of a scenario's files: what a retrospective learnt, written back. */
#ifndef SCENARIOS_EVIDENCE_PATCH_H
#define SCENARIOS_EVIDENCE_PATCH_H

#include "verify/retro_evidence.h"

/* An rs_retro_patch. What stands in `source` before the first ": " is the rollout's name. */
int rs_evidence_patch(const struct scenario *sc,
                      int n,
                      const char *const *path,
                      const char *const *text,
                      const char *source,
                      struct scenario **out_scenario,
                      char **out_text,
                      char **out_diff,
                      struct err_list *errors);

#endif
