/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures from a run's database alone. */
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

#endif
