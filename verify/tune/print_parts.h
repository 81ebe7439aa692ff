/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The terminal's page of a search, part by part. width: columns, within 60..200. */
#ifndef VERIFY_TUNE_PRINT_PARTS_H
#define VERIFY_TUNE_PRINT_PARTS_H

#include "tune/tune_words.h"

/* Points worth a row: the front, today's and the chosen one, by the first objective; many are thinned out evenly. */
struct front_rows {
    int n;        /* rows */
    int n_front;  /* points on the front */
    int n_hidden; /* of them, without a row */
    int *point;   /* [n] in the arena given */
};
struct front_rows rs_tune_front_rows(struct arena *arena, const struct tune_result *r, int cap);

/* (print_front.c) */
void rs_tune_print_parameters(FILE *to, const struct tune_result *r, int width, bool colour);
void rs_tune_print_front(FILE *to, const struct tune_result *r, int width, bool colour);

/* (print_claims.c) */
void rs_tune_print_claims(FILE *to, const struct tune_result *r, int width, bool colour);
void rs_tune_print_unsaved(FILE *to, const struct tune_result *r, int width, bool colour);
void rs_tune_print_proof(FILE *to, const struct tune_result *r, int width, bool colour);

/* What the proof came to, in sentences. In the arena. (print_claims.c) */
const char *rs_tune_proof_text(struct arena *arena, const struct tune_result *r);

/*
 * What moving one parameter buys and costs, in sentences: "up to 4m, each minute costs ..." Returns how many; each is in the arena.
 * (sensitivity_words.c)
 */
#define RS_MAX_SENTENCE 64
int rs_tune_sentences(const char *out[RS_MAX_SENTENCE],
                      struct arena *arena,
                      const struct tune_result *r,
                      int param);
void rs_tune_print_sensitivity(FILE *to, const struct tune_result *r, int width, bool colour);

#endif
