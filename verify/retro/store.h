/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The record of a retrospective, table by table (verify/retro.sql). All put_ functions return 0 or -1. */
#ifndef RETRO_STORE_H
#define RETRO_STORE_H

#include "database.h"
#include "retro_words.h"

enum retro_table {
    T_META,
    T_SOURCE,
    T_NOTE,
    T_MARK,
    T_STAGE,
    T_FLAG_STEP,
    T_SIGNAL,
    T_POINT,
    T_CHANGE,
    T_EPISODE,
    T_INSTANT,
    T_LEG,
    T_CONTRADICTION,
    T_FINDING,
    T_COUNTERFACTUAL,
    T_ALARM,
    T_OUTCOME,
    T_FIT,
    T_FIT_PARAMETER,
    T_FIT_DURATION,
    T_FIT_CURVE,
    T_PREDICTED,
    T_KNOWN,
    T_N
};

/* Seconds; NULL for what is open on that side or not told. */
static inline struct value instant_value(int64_t ns)
{
    return ns == INT64_MIN ? null_value() : time_value(ns);
}

/* Best guess: NULL where there is none. */
static inline struct value best_value(const struct retro_instant *at)
{
    return rs_retro_is_told(at) ? instant_value(at->best_ns) : null_value();
}

/* Signals, their points joined, and changes. (store_series.c) */
int rs_retro_put_series(struct database *db, const struct retro *r, struct err *err);
/* Episodes, contradictions, findings, what if. (store_found.c) */
int rs_retro_put_found(struct database *db, const struct retro *r, struct err *err);
/* Fits with their curves, and the predictive check. (store_learnt.c) */
int rs_retro_put_learnt(struct database *db, const struct retro *r, struct err *err);

#endif
