/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A retrospective as JSON, part by part. */
#ifndef RETRO_JSON_PARTS_H
#define RETRO_JSON_PARTS_H

#include "machine.h"
#include "retro_words.h"
#include "sim/clock.h"

/* Seconds; null for what is open or never. */
json_t *rs_retro_json_time(int64_t ns);
/* Sets lo, best, hi and time (RFC 3339, where there are dates). */
void rs_retro_json_instant(json_t *row, const struct retro *r, const struct retro_instant *at);
/* Sets file, line, column. */
void rs_retro_json_place(json_t *row, struct mark at);
/* null for -1. */
json_t *rs_retro_json_index(int i);
json_t *rs_retro_json_change(const struct retro_change *c);

/* Sets episode, contradiction, finding. (json_found.c) */
void rs_retro_json_found(json_t *root, const struct retro *r);
/* Sets counterfactual. (json_what_if.c) */
void rs_retro_json_what_if(json_t *root, const struct retro *r);
/* null where nothing was to be learnt. (json_learnt.c) */
json_t *rs_retro_json_learnt(const struct retro *r);

#endif
