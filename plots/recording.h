/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PLOTS_RECORDING_DRAW_H
#define PLOTS_RECORDING_DRAW_H

#include "canvas.h"
#include "plots/recording.h"

/* Opens the page of an empty canvas and draws on it. */
void rs_recording_draw(struct canvas *c, const struct recording_picture *r);

#endif
