/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Searches over made-up histories whose laws are known exactly: a source of settings and an engine without a simulator. */
#ifndef TESTS_VERIFY_TUNE_TOY_H
#define TESTS_VERIFY_TUNE_TOY_H

#include "tune/machinery.h"

#define TOY_MIN_NS (60 * INT64_C(1000000000))

/* What one setting does in one replica of one stratum (fault: as tune_ask.fault): fills an empty history. */
typedef void (*toy_replica)(
    const uint16_t *value, uint64_t seed, int fault, uint64_t replica, struct history *h);

struct toy { /* toy_init */
    struct tune_plan plan;
    struct scenario today; /* its faults and claims are set before a search */
    toy_replica replica;
    bool (*is_legal)(const uint16_t *value); /* NULL: all */
    struct tune_source source;
    uint64_t n_told;           /* histories that the engine told of */
    uint64_t last_first;       /* the first replica of the last ask */
    atomic_bool *cancel_after; /* set to true after `n_until_cancel` of them; NULL: never */
    uint64_t n_until_cancel;
};

/* Parameters with n_value[k] values 0, 1, ..., of which today's is today[k]. Their memory is the toy's arena. */
void toy_init(struct toy *toy, int n_param, const int *n_value, const int *today);
void toy_clear(struct toy *toy);

extern const struct tune_machinery toy_machinery;

/* The search with a seed; the toy's plan says the rest. Aborts on errors. The caller frees out->arena. */
void toy_search(struct toy *toy, uint64_t seed, struct tune_result *out);
/* The point with these values; aborts if there is none. */
const struct tune_point *toy_point(const struct tune_result *r, const uint16_t *value);

/* An objective of the toy's: P(no detection within `within_ns` of the onset | fault), P(false rollback | none). */
struct tune_objective toy_miss(int fault, int64_t within_ns);
struct tune_objective toy_false_rollback(void);
/* Time from onset to detection given the fault. */
struct tune_objective toy_time(enum tune_stat stat, int fault, double q, double cap_ns);

/* A rollback that was detected after `after_ns` (RS_NEVER: none was) of a fault that began at 0. */
void toy_detected(struct history *h, int64_t after_ns);

#endif
