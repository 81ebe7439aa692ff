/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is said of a retold recording, the same for people, for machines and for a review. */
#ifndef RETELL_WORDS_H
#define RETELL_WORDS_H

#include "verify/retell.h"

/* "choose on" and "figures": the parts in few words. */
extern const char *const rs_retell_part_words[RS_RETELL_PART_N];

/* "7 of 12". All: n >= 48, return buf; what there is not is "-". */
char *rs_retell_caught(char *buf, size_t n, const struct retell_score *s);
/* "58% [28%, 85%]" */
char *rs_retell_share(char *buf, size_t n, const struct retell_score *s);
/* "1m53s (37s to 4m10s)" */
char *rs_retell_times(char *buf, size_t n, const struct retell_score *s);
/* "2 in 0.61 days" */
char *rs_retell_false(char *buf, size_t n, const struct retell_score *s, double quiet_days);
/* "3.3 [0.4, 12]" */
char *rs_retell_rate(char *buf, size_t n, const struct retell_score *s);
/* "1m53s, ErrorRate5pct"; "-37s": before the noted beginning. n >= 128 */
char *
rs_retell_when(char *buf, size_t n, const struct retell_incident *in, const struct retell_catch *c);

/* Sentences that the reader must know to judge the figures; in the result's arena. */
int rs_retell_notes(const struct retell_result *r, const char *out[] /* [RS_RETELL_NOTES] */);
enum { RS_RETELL_NOTES = 16 };

/* Is the chosen setting today's? */
bool rs_retell_unchanged(const struct retell_result *r);

#endif
