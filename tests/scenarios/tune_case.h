/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The minimal scenario with a `tune:`, in memory; its rule file and Alertmanager's may be others. */
#ifndef TESTS_SCENARIOS_TUNE_CASE_H
#define TESTS_SCENARIOS_TUNE_CASE_H

#include "changed.h"
#include "scenarios/tune.h"

struct tune_case {
    const char *scenario; /* NULL = the minimal one */
    const char *rules;    /* NULL = those of the minimal scenario */
    const char *am;       /* likewise */
    const char *tune;     /* what stands below `tune:`; NULL = only `parameters` below */
    const char *parameters;
};

/* The scenario, or NULL with errors added. */
struct scenario *tune_case_load(const struct tune_case *c, struct err_list *errors);
/* The same; the test fails with the errors if it cannot be. */
struct scenario *tune_case_loaded(const struct tune_case *c);
/* The path that it is loaded by. */
extern const char tune_case_path[];
/* Is the text a file of the plan with this setting? Fails with both texts. */
void tune_case_expect(const struct tune_plan *plan,
                      const uint16_t *value,
                      const char *from,
                      const char *to);

#endif
