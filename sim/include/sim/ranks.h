/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Replicas over the processes of a cluster that mpirun started: rank 0 runs the program, hands out replica numbers and reduces the
 * results in order (sim/replicate.h); the others serve it. A program that no launcher of MPI started is alone and never calls MPI.
 * Rank 0 speaks with them on the thread that calls rs_replicate, and that is the only one that may.
 */
#ifndef SIM_RANKS_H
#define SIM_RANKS_H

#include "sim/replicate.h"

struct ranks; /* opaque, heap; one per process */

/* First thing in the program. *out is NULL for a process that is alone. 0, or -1: started by a launcher, but built without MPI. */
int rs_ranks_join(struct ranks **out, struct err *err);
/*
 * Last thing in the program, on every rank; NULL ok. Rank 0 sends the others home. Where one of them was lost it does not wait
 * but ends them all, with this exit status.
 */
void rs_ranks_leave(struct ranks *r, int exit_status);

int rs_ranks_number(const struct ranks *r); /* NULL: 0 */
int rs_ranks_count(const struct ranks *r);  /* NULL: 1 */
/* Processors for this rank, as the launcher bound it; what is not bound is shared with the other ranks of the machine. */
int rs_ranks_threads(const struct ranks *r);

/* Rank 0 tells the others what is to be served: bytes that they understand. Once, before the first job. NULL: nobody to tell. */
void rs_ranks_tell(struct ranks *r, const void *p, size_t n);
/* What rank 0 told, for a rank that serves; waits for it. false: it was sent home without. Free out->p. */
bool rs_ranks_told(struct ranks *r, struct bytes *out);

/*
 * What a rank but 0 does: runs replicas for rank 0 until that is done with it. job as rank 0 has it, but for n, first, reduce and
 * tick, which are not looked at.
 *   why  NULL; or why this rank cannot serve, which rank 0 tells then. job may be NULL in that case
 */
void rs_ranks_serve(struct ranks *r, const struct replicate_job *job, const struct err *why);

#endif
