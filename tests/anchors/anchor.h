/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Anchor models: small event programs on the kernel, whose answers are known exactly. For each, 200 seeds of n histories: the
 * interval of every seed is looked at, then the pooled estimate, then whether the number of threads matters.
 */
#ifndef TESTS_ANCHOR_H
#define TESTS_ANCHOR_H

#include <stdint.h>

#include <check.h>

#include "sim/kernel.h"
#include "sim/stream.h"

/* One history: a fresh kernel at time 0 and a stream of its own. */
struct play {
    struct kernel *k;
    struct stream s;
    const void *par; /* of the anchor */
};

struct anchor {
    const char *name; /* and of the stream */
    double exact;
    /*
     * 0: each history says 0 or 1, and a seed's interval is Clopper-Pearson's at 99.9 %. P(Bin(200, 0.001) > 4) = 3e-6 is the
     * false-alarm rate.
     * 1: any number, and the interval is Student's t at 99.9 %, which skewed values miss more often: up to 0.5 %, P(Bin(200,
     * 0.005) > 8) = 2e-6.
     * Both: the pooled mean is within 4 sigma, false-alarm rate 6e-5. Seeds are fixed.
     */
    int is_mean;
    int n; /* histories a seed */
    double (*run)(struct play *p);
    const void *par;
};

void anchor_check(const struct anchor *a);
/* Histories that go with n in the run at hand: more in the long form, few under valgrind. */
int anchor_n(int n);

/* Schedules after an exponential time, in seconds (or whatever unit the model has). */
rs_event anchor_after(struct play *p, double mean, const char *label, rs_event_fn fn, void *ctx);
/* After a time that is given. */
rs_event anchor_in(struct play *p, double delay, const char *label, rs_event_fn fn, void *ctx);
double anchor_now(const struct play *p);
/* Until the model stops the kernel, or `until`. */
void anchor_go(struct play *p, double until);

int anchor_main(const char *name, void (*add_tests)(TCase *tc));

#define ANCHOR_N(rows) ((int)(sizeof(rows) / sizeof((rows)[0])))

#endif
