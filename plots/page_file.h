/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is done to a picture's file after the drawing library closed it. */
#ifndef PLOTS_PAGE_FILE_H
#define PLOTS_PAGE_FILE_H

#include "canvas.h"

/*
 * Checks that the SVG is whole (a full disk leaves half a file and no word), gives it <title> and <desc>, and takes out the
 * number of the surface: cairo counts surfaces over the process, so it would depend on what was drawn before.
 */
int rs_page_file_svg(
    const char *path, const char *title, int n_text, const struct set_text *text, struct err *err);

/* Checks that the PNG ends with its last chunk. */
int rs_page_file_png(const char *path, struct err *err);

#endif
