/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two timelines of the rollout of conform.yaml, one that was completed and one that was rolled back, each as the runbook has
 * it, and a retrospective made of one of them by hand with a few lines changed.
 */
#ifndef TESTS_RETRO_CONFORM_CASE_H
#define TESTS_RETRO_CONFORM_CASE_H

#include "verify/retro.h"

/* The level of a series between two minutes; 0 at all others. "*": nothing is recorded then. */
struct level {
    const char *metric;
    double level, from, until;
};

struct conform_row {
    const char *words;
    bool back;          /* of the one that was rolled back */
    const char *change; /* "-g +F h@75": lines taken out, put in, moved to a minute */
    struct level level[2];
    int accuracy_s;
    enum retro_rule rule;
    enum retro_verdict verdict;
    const char *ref;  /* of a finding with that verdict */
    const char *says; /* in its text, or NULL */
    char doubt;       /* the line that something else contradicts, or 0 */
};

/* The retrospective of the row, rebuilt by hand and held against the runbook. Until conform_case_end. */
struct retro *conform_case(const struct conform_row *row);
void conform_case_end(void);

#endif
