/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The results of a run of the benchmarks: rows, the machine they were measured on, their table, their JSON, and the
 * comparison of two runs. docs/bench/README.md documents the JSON and how to read it.
 */
#ifndef TESTS_BENCH_RESULT_H
#define TESTS_BENCH_RESULT_H

#include <stdbool.h>
#include <stdio.h>

#include "stats.h"

enum { BENCH_SCHEMA = 1, MAX_ROW = 96, MAX_SIZE = 8 };

enum sense { AT_MOST, AT_LEAST };

struct result {
    char id[8];      /* as in the list of targets: K1 */
    char what[64];   /* with the id unique in a run */
    char unit[8];    /* of ours and theirs, per operation */
    char versus[48]; /* the yardstick; "" = none, and the ratio is ours itself */
    struct spread ours, theirs;
    struct spread ratio; /* of each pair of measurements; the verdict goes by its median */
    enum sense sense;
    double target;
    char why[96]; /* not measured, because; "" = measured */
    /* Of growth: the fit through the medians, and what it went through. n_size = 0: not of growth. */
    int n_size;
    double size[MAX_SIZE], cost[MAX_SIZE];
    struct fit fit;
};

struct machine { /* no names of hosts, people or folders */
    char cpu[96], cpu_flags[96], kernel[96], compiler[64], flags[96], build_type[32];
    int n_core;
    double memory_gib;
    char promtool[32], goaccess[32], mpirun[32]; /* versions; "" = not installed */
};

struct results {
    char date[12];    /* "2026-11-27", UTC */
    char version[16]; /* of rollsim */
    bool quick;       /* fewer and shorter repeats: to see that it runs, not to keep */
    struct machine machine;
    int n;
    struct result row[MAX_ROW];
};

/* Is the median where the target wants it? */
bool bench_is_met(const struct result *r);

/* A line of the table, and the line above all. */
void bench_print_head(FILE *to);
void bench_print_row(FILE *to, const struct result *r);
void bench_print_machine(FILE *to, const struct results *all);
/* "29 met, 2 missed, 1 not measured" */
void bench_print_sum(FILE *to, const struct results *all);

/* 0, or -1 with the reason in why. */
int bench_write_json(const char *path, const struct results *all, char *why, size_t n_why);
int bench_read_json(const char *path, struct results *all, char *why, size_t n_why);

enum change { CHANGE_NONE, CHANGE_BETTER, CHANGE_WORSE, CHANGE_NEW, CHANGE_GONE, CHANGE_UNKNOWN };

/*
 * A row is better or worse if the ranges of its ratio, smallest to largest, do not touch: what lies between is noise that one
 * of the two runs saw itself. A row without a yardstick is compared on the same machine only.
 * a NULL: new; b NULL: gone; one of them not measured, or the two not comparable: unknown.
 */
enum change bench_change(const struct result *a, const struct result *b, bool same_machine);

/* Every row that changed, then how many did not. Returns how many are worse. */
int bench_compare(FILE *to, const struct results *old, const struct results *now);

#endif
