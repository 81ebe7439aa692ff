/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_PLOTS_CHECK_TEXTS_H
#define TESTS_PLOTS_CHECK_TEXTS_H

#include "canvas.h"

/* Every text of the canvas is on the page and none stands on another. */
void check_texts(const struct canvas *c, const char *picture);

#endif
