/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The terminal's page of a retrospective, part by part. Each ends with an empty line, and is left out where there is nothing. */
#ifndef RETRO_PRINT_PARTS_H
#define RETRO_PRINT_PARTS_H

#include <stdio.h>

#include "retro_words.h"
#include "text_table.h"

struct retro_page {
    FILE *to;
    const struct retro *r;
    int width; /* columns, within 60..200 */
    bool colour;
    struct arena *arena; /* of texts that a page needs for itself */
};

/* A heading in bold, and the end of its line; one that is too long for the page is broken, and plain. */
void rs_retro_page_heading(const struct retro_page *p, const char *text);
/* A table, freed; what had no room on the page is named below it. */
void rs_retro_page_table(const struct retro_page *p, struct text_table *t);
/* A sign and a word in the style of a verdict: "✘ broken". In the page's arena. */
const char *rs_retro_sla_sign(enum retro_sla s);
enum text_style rs_retro_sla_style(enum retro_sla s);

/* (print_episode.c) */
void rs_retro_print_episodes(const struct retro_page *p);
void rs_retro_print_contradictions(const struct retro_page *p);
/* (print_changes.c) Changes for the worse that no episode explains; known faults and what was found of them. */
void rs_retro_print_changes(const struct retro_page *p);
void rs_retro_print_known(const struct retro_page *p);
/* (print_conform.c) */
void rs_retro_print_conformance(const struct retro_page *p);
/* (print_what_if.c) */
void rs_retro_print_what_if(const struct retro_page *p);
/* (print_learnt.c) */
void rs_retro_print_learnt(const struct retro_page *p);

#endif
