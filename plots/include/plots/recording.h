/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A picture of a recording: panels over one axis of time, with the parts shaded in which nothing was recorded. */
#ifndef PLOTS_RECORDING_H
#define PLOTS_RECORDING_H

#include "sim/err.h"

enum recording_scale {
    RS_RECORDING_LINEAR, /* from 0, or from the lowest value if that is below 0 */
    RS_RECORDING_SHARE,  /* 0..1, shown as per cent, square root: small shares are seen */
    RS_RECORDING_LOG     /* of what is above 0 */
};

struct recording_line {
    const char *label; /* beside the panel; NULL = none */
    int n;
    const double *t_s; /* [n] since the start, rising */
    const double *y;   /* [n] NaN breaks the line */
};

enum { RS_RECORDING_LINES = 4 };
/* A part in which nothing was recorded. */
struct recording_shade {
    double from_s, to_s;
};

struct recording_panel {
    const char *title;   /* of the axis */
    const char *caption; /* above the panel; NULL = none */
    enum recording_scale scale;
    int n_line;
    struct recording_line line[RS_RECORDING_LINES];
    int n_mark;
    const double *mark_s; /* [n_mark] something happened here: a counter began anew */
    int n_shade;
    const struct recording_shade *shade; /* [n_shade] */
};

struct recording_picture {
    const char *title, *subtitle, *footer, *x_title;
    double end_s;            /* > 0; the axis begins at 0 */
    const char *shade_words; /* what shading means: "no request" */
    const char *mark_words;  /* what marks mean: "the counter began anew" */
    int n_panel;
    const struct recording_panel *panel; /* [n_panel] > 0 */
};

/* Makes the folder and those above it. 0 or -1. */
int rs_plot_folder_make(const char *path, struct err *err);

/* Draws. format: "svg" or "png". 0 or -1 (disk). The picture appears whole or not at all. */
int rs_plot_recording(const char *path,
                      const char *format,
                      const struct recording_picture *picture,
                      struct err *err);

#endif
