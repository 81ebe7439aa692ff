/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures from the record of a run, of a search (rollsim tune), or of a retrospective (rollsim retro), alone. */
#ifndef PLOTS_PLOTS_H
#define PLOTS_PLOTS_H

#include "sim/err.h"

struct plot_options {
    const char *out_dir; /* made if missing */
    const char *format;  /* "svg" or "png" */
    const char *only;    /* name of one picture, or NULL = all */
    /* Told of each picture written. May be NULL. */
    void (*wrote)(void *ctx, const char *path);
    void *ctx;
};

/* Draws; 0 or -1 (not a run database, wrong version, disk). A picture appears whole or not at all. */
int rs_plot_run(const char *db_path, const struct plot_options *opt, struct err *err);

/* The same of a search (verify/tune.sql): pareto, sensitivity, and detection-FAULT for each fault that has a map. */
int rs_plot_search(const char *db_path, const struct plot_options *opt, struct err *err);

/*
 * Of a retrospective (verify/retro.sql): retro-trajectory, retro-EPISODE for each episode, retro-response, retro-known,
 * retro-what-if. Those that the record has nothing for are made only when they are asked for by name.
 */
int rs_plot_retro(const char *db_path, const struct plot_options *opt, struct err *err);

/* Any of them, by what the file says it is. */
int rs_plot_record(const char *db_path, const struct plot_options *opt, struct err *err);

#endif
