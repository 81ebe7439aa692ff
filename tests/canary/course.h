/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A judge alone: its file and its keys as texts, and measurements that a test makes up for each instant. */
#ifndef TESTS_CANARY_COURSE_H
#define TESTS_CANARY_COURSE_H

#include "models/judge.h"

#define MAX_EXPR 12
#define MAX_ASKED 200

struct course {
    /* What expression k, in the order in which the judge tells them, gives at t_s: the number of series (*v their value), or -1: the
     * query fails. */
    int (*answer)(int k, double t_s, double *v);
    /* what came of it */
    enum judge_verdict verdict;
    double at_s;
    char why[512];
    int n_step;
    int n_expr, n_asked[MAX_EXPR];
    double asked_s[MAX_EXPR][MAX_ASKED];
};

/* The judge out of the texts. Aborts the test where it is refused. */
const struct judge *
course_read(struct arena *arena, enum judge_kind kind, const char *keys, const char *text);
/* The first error, "keys:1:2: error: ..."; aborts the test where there is none. */
const char *
course_refused(struct arena *arena, enum judge_kind kind, const char *keys, const char *text);
/* Starts it at start_s and steps it whenever it wants, to its verdict or to until_s, where it is ended. */
void course_run(struct course *c, const struct judge *j, double start_s, double until_s);

#endif
