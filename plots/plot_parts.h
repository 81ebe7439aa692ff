/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to what draws a whole record: how one picture becomes a file. */
#ifndef PLOTS_PLOT_PARTS_H
#define PLOTS_PLOT_PARTS_H

#include "canvas.h"
#include "plots/plots.h"

/* 0 or -1: the format or the folder cannot be. */
int rs_plot_check(const struct plot_options *opt, struct err *err);

/* Draws one picture into the folder, and tells of it. 0 or -1. */
int rs_plot_one(const struct plot_options *opt,
                const char *name,
                int (*draw)(struct canvas *c, void *ctx, struct err *err),
                void *ctx,
                struct err *err);

/* Tells that there is no such picture, which one may be meant, and which there are. of: "search". -1. */
int rs_plot_no_such(
    const char *const *names, int n, const char *of, const char *name, struct err *err);

/* The name becomes a file's: no '/'. */
void rs_plot_file_name(char *name);

/*
 * The name of an episode's picture without its ending, as rollsim plot gives it: "retro-EPISODE", with '-' for what a link or a
 * file system would trip over; one that would take the name of another picture (retro-known) ends in "-episode". Returns buf.
 */
char *rs_past_picture_name(char *buf, size_t n, const char *episode);

#endif
