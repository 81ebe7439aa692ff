/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small check that a text is well-formed XML: enough for what a drawing library writes. */
#ifndef TESTS_PLOTS_WELL_FORMED_H
#define TESTS_PLOTS_WELL_FORMED_H

#include <stdbool.h>
#include <stddef.h>

/* Tags nest and close, one root, attributes are quoted, entities are known. On false `why` says what is wrong. */
bool well_formed(const char *xml, char *why, size_t n);

#endif
