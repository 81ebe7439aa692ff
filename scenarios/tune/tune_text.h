/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a setting changes in a file. */
#ifndef SCENARIOS_TUNE_TEXT_H
#define SCENARIOS_TUNE_TEXT_H

#include "scenarios/tune.h"

struct tune_edit {
    const struct tune_place *place;
    const char *value;
};

/* All edits of a file in the order of their places: [*out_n], to be freed. Today's values change nothing. */
struct tune_edit *
rs_tune_edits(const struct tune_plan *plan, int file, const uint16_t *value, int *out_n);

/* Bytes [from, until) of the text with the edits in it, which lie inside. Returns its length; to may be NULL. */
size_t rs_tune_edited(
    char *to, const char *text, size_t from, size_t until, const struct tune_edit *edit, int n);

#endif
