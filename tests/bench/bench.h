/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Benchmarks as rows: what is measured, its yardstick from the same run, and the ratio that is wanted. The tables stand in
 * bench_*.c, a group of rows in each; the ids are those of the list of targets.
 */
#ifndef TESTS_BENCH_H
#define TESTS_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "result.h"

enum { N_REPEAT = 7, N_REPEAT_QUICK = 2, MAX_KEPT = 8 };

/* A run of the benchmarks: what its rows share. */
struct bench {
    bool quick;
    const char *rollsim;                      /* the program under test */
    const char *source;                       /* folder of the sources: the shipped scenarios */
    const char *promtool, *goaccess, *mpirun; /* paths; NULL = not installed */
    char dir[256];                            /* for files, removed at the end; "" = not made yet */
    int repeat;                               /* which measurement of a row this is, from 0 */
    /* A measurement that several rows share as their yardstick, by name and repeat: seconds of that one. */
    struct {
        const char *name;
        double seconds[N_REPEAT];
        int n;
    } kept[MAX_KEPT];
    char why[96]; /* set by what failed */
    struct results results;
};

/*
 * Does n operations of a size or mean `par`; returns the seconds they took on the clock of its choice (or the bytes, for what
 * is held). Negative: it could not be done, and b->why says why.
 */
typedef double (*bench_fn)(struct bench *b, double par, uint64_t n);

struct bench_row {
    const char *id, *what,
        *versus; /* versus: the yardstick's name; NULL = none, the target is of ours itself */
    bench_fn ours, yardstick;
    double par;
    uint64_t n_ours,
        n_yardstick; /* operations a measurement; a quick run makes n_quick instead, if not 0 */
    enum sense
        sense; /* AT_MOST: of ours / yardstick, per operation; AT_LEAST: of yardstick / ours */
    double target;
    int n_repeat;     /* 0 = N_REPEAT; fewer where a measurement is long and hardly varies */
    const char *unit; /* "ns", "us", "ms", "s", "MB"; NULL = ns */
    const double *
        size; /* of growth: [n_size] sizes; ours is called with each as par, the result is the exponent */
    int n_size;
};

struct bench_group {
    const struct bench_row *rows;
    size_t n_row;
};

extern const struct bench_group bench_kernel, bench_count, bench_draw, bench_rules, bench_queue,
    bench_verify, bench_log, bench_growth, bench_tune;

/* CPU seconds of this thread; seconds on the wall. */
double bench_cpu_s(void);
double bench_wall_s(void);

/* Keeps a result alive, so that the work for it is not optimised away. */
void bench_keep(double result);

/* n of a full run, or a part of it in a quick one. */
uint64_t bench_n(const struct bench *b, uint64_t n);

/* Sets b->why; returns -1. */
double bench_fails(struct bench *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A path inside the run's own folder, which is made when first asked for; in to [512]. */
const char *bench_path(struct bench *b, const char *name, char *to);

/* Does id begin with one of the n_id words, or are there none? */
bool bench_wanted(const char *id, char **ids, int n_id);

/* The measurement `fn` for this repeat: made once, whatever the number of rows that ask for it. name is a literal. */
double bench_shared(struct bench *b, const char *name, bench_fn fn, double par, uint64_t n);

/* Measures the group's rows whose id begins with one of the n_id words (all if n_id is 0); prints a line each. */
void bench_run(struct bench *b, const struct bench_group *g, char **ids, int n_id);

/* Looks the machine and the peers over. */
void bench_describe(struct bench *b);

#endif
