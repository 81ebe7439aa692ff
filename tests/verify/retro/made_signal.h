/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signals with a change at a known time, drawn from the laws that the posterior assumes, or from laws that are a little off. */
#ifndef MADE_SIGNAL_H
#define MADE_SIGNAL_H

#include "sim/stream.h"
#include "verify/retro_change.h"

struct made_law {
    const char *name;
    enum retro_signal_kind kind;
    int n_instance; /* scraped every interval, each at a phase of its own */
    double interval_s;
    double span_s;        /* of the whole recording */
    double per_s;         /* RATIO: requests a second of each instance */
    double before, after; /* ratio, 1/s of each instance, or value */
    double sd;            /* VALUE */
    double ramp_s;
    double lasts_s; /* then it is as before; 0 = for ever */
    double lost;    /* 0..1 scrapes that fail: the next interval is longer */
    double
        scatter; /* level of each point times a gamma of this coefficient of variation; 0 = none */
    double follow; /* VALUE: correlation of neighbours, 0..1 */
};

struct made_signal { /* caller's storage: draw / clear */
    struct retro_signal signal;
    struct retro_point *point;
};

/* A change at change_s since 0; +INFINITY = none. */
void made_signal_draw(struct made_signal *m,
                      struct stream *s,
                      const struct made_law *law,
                      double change_s);
void made_signal_clear(struct made_signal *m);

#endif
