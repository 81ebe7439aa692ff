/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The entry of the evidence log, part by part. */
#ifndef RETRO_NOTE_PARTS_H
#define RETRO_NOTE_PARTS_H

#include <stdio.h>

#include "retro_words.h"
#include "verify/retro_report.h"

struct retro_note {
    FILE *to;
    const struct retro *r;
    const struct retro_entry *with;
    struct arena *arena; /* of texts that the entry needs for itself */
};

/* Text in a line: signs that Markdown would take for its own are escaped, a new line is a space. */
void rs_retro_note_put(FILE *to, const char *text);
/* The same between the bars of a table, with the bar behind it. NULL is empty. */
void rs_retro_note_cell(FILE *to, const char *text);

/* (note_figures.c) What happened: the rollout, and the clock of each episode. */
void rs_retro_note_episodes(const struct retro_note *n);
/* (note_changes.c) Changes for the worse that no episode explains; known faults. */
void rs_retro_note_changes(const struct retro_note *n);
void rs_retro_note_known(const struct retro_note *n);
void rs_retro_note_what_if(const struct retro_note *n);
void rs_retro_note_learnt(const struct retro_note *n);

#endif
