/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counters to points: what was counted between two scrapes of one instance, resets put right. A signal is made of parts, the
 * series that go into its n and its k; parts of one source and one instance belong together, for they are scraped at once.
 */
#ifndef RETRO_SIGNAL_COUNT_H
#define RETRO_SIGNAL_COUNT_H

#include "verify/retro_change.h"

struct signal_part {
    int series;     /* in the evidence's data */
    int in_n, in_k; /* -1, 0, 1: how its increase goes in */
};

struct signal_parts { /* heap: init by {0} / clear */
    int n, cap;
    struct signal_part *part;
};
void rs_signal_parts_add(struct signal_parts *p, struct signal_part part);
void rs_signal_parts_clear(struct signal_parts *p);

/* Where the parts come from. */
struct signal_from {
    const struct retro_evidence *evidence;
    const int64_t *offset_ns; /* [n_source] to take off */
    int64_t longest_ns;       /* between two scrapes; over a longer silence nothing is told */
    struct arena *arena;
};

/* A growing list of signals in the arena. */
struct signal_list {
    struct retro_signal *signal;
    int n, cap;
};
void rs_signal_list_add(struct signal_list *list, const struct retro_signal *s);

/*
 * Adds a signal as `like` for each source that parts come from, and clears the parts. The name of all but the first gets its
 * source's name behind it. COUNT: n is the seconds, and no part goes into it.
 */
void rs_signal_add_counted(struct signal_list *list,
                           const struct signal_from *from,
                           const struct retro_signal *like,
                           struct signal_parts *parts);

/* What a counter went up by, all in all, resets put right. */
double rs_signal_increase(const struct recorded_series *s);

/* By services of the scenario, and by what the document declares. */
void rs_signals_of_services(struct signal_list *list, const struct signal_from *from);
int rs_signals_declared(struct signal_list *list,
                        const struct signal_from *from,
                        struct err_list *errors);

#endif
