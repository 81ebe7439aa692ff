/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Changes in recorded series: where a level changed, how sure that is, and from what to what.
 *
 * All changes of a signal are found as the segmentation of least cost (PELT: Killick, Fearnhead & Eckley, JASA 107 (2012)
 * 1590-1598) under the likelihood of the signal's kind. Each is then placed by the posterior of its instant: uniform over
 * the window, levels before and after integrated out, the change a step or a ramp, counts shared out over the parts of an
 * interval that lie before and after it; lo and hi hold `confidence` of it.
 */
#ifndef VERIFY_RETRO_CHANGE_H
#define VERIFY_RETRO_CHANGE_H

#include "verify/retro_evidence.h"

struct retro_change {
    bool found;
    int signal;                    /* in the list that was given, or -1 */
    int64_t lo_ns, best_ns, hi_ns; /* of the instant; best: the median of the posterior */
    double before, after;          /* levels: ratio, 1/s, value */
    double after_lo, after_hi;     /* of the level after, at the same confidence */
    double before_lo, before_hi;
    double ramp_s;     /* likeliest time from the old level to the new one; 0 = at once */
    double log10_odds; /* of a change in the window against none */
    double
        weight; /* of one observation, 0..1: less where they scatter more than their law says, or follow each other */
};

struct retro_change_options {
    double confidence; /* 0.5..0.999999 */
    enum retro_direction direction;
    double min_log10_odds; /* found only above it; 0 = 2 */
    bool ramps;            /* may the change take its time? */
};

/* The one change in (from, until], if there is one. Returns out->found. signal is not set. */
bool rs_retro_change_at(struct retro_change *out,
                        const struct retro_signal *s,
                        int64_t from_ns,
                        int64_t until_ns,
                        const struct retro_change_options *opt);

/* All changes of the signal, by time: heap array, *out_n; NULL if there are none. */
struct retro_change *
rs_retro_changes(const struct retro_signal *s, const struct retro_change_options *opt, int *out_n);

/*
 * Signals of the evidence, on the clock of reference: those that the document declares, and of a scenario's services the
 * errors and slow answers of requests and each counter that a fault moves. In the arena; 0 or -1.
 */
int rs_retro_signals(const struct retro_evidence *e,
                     const int64_t *offset_ns /* [n_source] to take off */,
                     struct arena *arena,
                     struct retro_signal **out,
                     int *out_n,
                     struct err_list *errors);

#endif
