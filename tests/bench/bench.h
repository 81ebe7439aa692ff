/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Benchmarks as rows: what is measured, its yardstick from the same run, and the ratio that is
 * wanted.
 */
#ifndef TESTS_BENCH_H
#define TESTS_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Does n operations of a size or mean `par`; returns the seconds they took on the clock of its
 * choice.
 */
typedef double (*bench_fn)(double par, uint64_t n);

struct bench_row {
    const char *id, *what;
    bench_fn ours, yardstick;
    double par;
    uint64_t n_ours, n_yardstick; /* operations a measurement */
    double target;                /* of ours / yardstick, time per operation */
    bool is_speedup;              /* the ratio is yardstick / ours and must reach the target */
};

/* CPU seconds of this thread; seconds on the wall. */
double bench_cpu_s(void);
double bench_wall_s(void);

/* Keeps a result alive, so that the work for it is not optimised away. */
void bench_keep(double result);

/* Does id begin with one of the n_id words, or are there none? */
bool bench_wanted(const char *id, char **ids, int n_id);

/*
 * Measures the rows whose id begins with one of the n_id words (all rows when n_id is 0) and
 * prints a line each.
 */
void bench_run(const struct bench_row *rows, size_t n_row, char **ids, int n_id);

#endif
