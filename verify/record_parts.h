/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of a record that have files of their own. */
#ifndef VERIFY_RECORD_PARTS_H
#define VERIFY_RECORD_PARTS_H

#include "band.h"
#include "database.h"
#include "record.h"
#include "verify/check.h"

/* Stages, flags, services, faults, procedures, assumptions and thresholds. 0 or -1. */
int rs_record_scenario(struct database *db,
                       const struct scenario *sc,
                       const struct run_engine *engine,
                       struct err *err);

/* The verdict of that number with its steps and premises. 0 or -1. (record_verdict.c) */
int rs_record_verdict(struct database *db, const struct run_result *r, int number, struct err *err);
/* What rollsim check finds in the scenario. 0 or -1. (record_verdict.c) */
int rs_record_findings(struct database *db, const struct findings *f, struct err *err);

/* Commits the histories: what is made of them can take its time. 0 or -1. */
int rs_record_keep(struct record *r, struct err *err);

/* What an open record writes into, and about; both belong to it. */
struct database *rs_record_database(struct record *r);
const struct scenario *rs_record_of(const struct record *r);

#endif
