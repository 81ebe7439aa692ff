/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The progress line on a terminal, and Ctrl-C. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Caller's storage: rs_progress_start ... rs_progress_end. */
struct progress {
    bool shown; /* stderr is a terminal and nobody asked for quiet */
    uint64_t
        n_before; /* replicas that are there already: they tell nothing of the time that the others take */
    int64_t began_ns; /* when the others began, by the machine's monotonic clock */
    int64_t drawn_ns; /* when the line was last drawn */
    const char *
        phase; /* what is being done, where there is more than one thing: "search"; NULL = replicas of a run */
};

/* From here on SIGINT and SIGTERM stop the run cleanly; a second one ends the program at once. */
void rs_progress_start(struct progress *p, bool quiet, uint64_t n_before);
/* True from the first signal on: for struct run_options. */
const atomic_bool *rs_progress_cancel(void);
/* A tick for struct run_options; ctx is the struct progress. True when a signal asked to stop. */
bool rs_progress_tick(void *ctx, uint64_t n_done, uint64_t n_total);
/* Another part of the work begins: its time tells nothing of that of the part before. */
void rs_progress_phase(struct progress *p, const char *phase);
/* A tick for struct tune_search_options: n_in settings are still in; ctx is the struct progress. */
bool rs_progress_tick_settings(void *ctx, uint64_t n_done, uint64_t n_total, uint32_t n_in);
/* Wipes the line and gives the signals back. */
void rs_progress_end(struct progress *p);

#endif
