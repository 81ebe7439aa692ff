/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The record of a run: one SQLite file, its schema in schema.sql. Written to PATH.part and renamed when it is whole. */
#ifndef VERIFY_RECORD_H
#define VERIFY_RECORD_H

#include "band.h"
#include "pick.h"
#include "run_engine.h"

struct record; /* opaque, heap */

/* Makes PATH.part with the schema and what the scenario says. NULL with *err filled when PATH exists and may not be overwritten. */
struct record *rs_record_open(const char *path,
                              bool overwrite,
                              const struct scenario *sc,
                              const struct run_engine *engine,
                              struct err *err);

/* All return 0 or -1. */
int rs_record_replica(struct record *r, const struct history *h, struct err *err);
int rs_record_chosen(struct record *r, const struct pick *p, struct err *err);
int rs_record_history(struct record *r,
                      const struct history *h,
                      struct err *err); /* trace and trajectories, once per replica */
int rs_record_result(struct record *r, const struct run_result *result, struct err *err);
int rs_record_bands(struct record *r, const struct band_book *b, struct err *err);

/* Makes it last and gives it its name. Frees r in any case; on failure nothing is left behind. */
int rs_record_finish(struct record *r, struct err *err);
/* Leaves nothing behind. NULL ok. */
void rs_record_abandon(struct record *r);

#endif
