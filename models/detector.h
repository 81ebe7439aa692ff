/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to models/: the names of what sees that something is wrong. */
#ifndef MODELS_DETECTOR_H
#define MODELS_DETECTOR_H

#include <stddef.h>

struct scenario;

/*
 * The scenario's own spelling of what can detect: an alert, a gate, a canary judge, a procedure (its trigger), a check, a held stage. text[n] need
 * not be terminated. NULL = it has none of that name.
 */
const char *rs_detector_find(const struct scenario *sc, const char *text, size_t n);

#endif
