/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Silences of a scenario. */
#ifndef SCENARIOS_SILENCE_READ_H
#define SCENARIOS_SILENCE_READ_H

#include "../reader.h"

extern const struct section rs_section_silence;

/* Adds the silences of the file that a scalar names. */
void rs_silences_add_file(struct reader *r, const struct node *named, struct monitoring *m);

#endif
