/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Private to sim/: what ranks say to each other, and how it travels. A message is a row of numbers of 8 bytes, little end first,
 * and texts and bytes with their length before them; its first number is its kind.
 *
 *   rank 0 says        TASK bytes: what it is about  TAKE first, n: run these      STOP: no more of this job      QUIT: go home
 *   the others say     READY threads, key            UNFIT error: this rank cannot serve
 *                      RESULTS seconds per replica in ns, then for each: number, error code and either bytes or an error
 *                      ALIVE                         DONE: heard STOP, nothing more comes       BYE: heard QUIT
 *
 * What two ranks say to each other arrives in the order in which it was said.
 */
#ifndef SIM_RANKS_WIRE_H
#define SIM_RANKS_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"
#include "sim/err.h"
#include "sim/ranks.h"

enum rank_word {
    RS_RANK_TASK = 1,
    RS_RANK_TAKE,
    RS_RANK_STOP,
    RS_RANK_QUIT,
    RS_RANK_READY,
    RS_RANK_UNFIT,
    RS_RANK_RESULTS,
    RS_RANK_ALIVE,
    RS_RANK_DONE,
    RS_RANK_BYE
};

/* ---- writing and reading (ranks_wire.c) ---- */

void rs_wire_put(struct bytes *b, uint64_t v);
void rs_wire_put_bytes(struct bytes *b, const void *p, size_t n);
void rs_wire_put_text(struct bytes *b, const char *text);
void rs_wire_put_err(struct bytes *b, const struct err *err);

struct
    wire_reader { /* borrowed bytes; asserts that there is what is asked for: the other side is this program */
    const unsigned char *p, *end;
};
uint64_t rs_wire_get(struct wire_reader *r);
const unsigned char *rs_wire_get_bytes(struct wire_reader *r, size_t *out_n);
void rs_wire_get_err(struct wire_reader *r, struct err *out);

/* Seconds of the machine's monotonic clock: it paces the talk, and no result depends on it. */
double rs_wire_now_s(void);

/* ---- travelling (ranks.c) ---- */

/* At once; short messages only. */
void rs_wire_send(struct ranks *r, int to, const struct bytes *b);
/*
 * To rank 0, in the background. Takes what b holds and leaves it empty; false and nothing taken as long as the one before is under
 * way.
 */
bool rs_wire_post(struct ranks *r, struct bytes *b);
/* The next message that has come in, without waiting; false: none. */
bool rs_wire_hear(struct ranks *r, int *out_from, struct bytes *out);

/* This rank heard QUIT. */
void rs_wire_dismissed(struct ranks *r);

/* Who of the others is known to be ready or gone; rank 0 keeps it from job to job. */
struct rank_state {
    bool greeted, lost, gone;
    int n_thread;
    char *key; /* owned */
    struct err unfit;
    double heard_s; /* when it was heard last */
};
/* number 1 .. count - 1. */
struct rank_state *rs_rank_state(struct ranks *r, int number);

#endif
