/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole programs, measured from outside: time on the wall, CPU time, the most memory they held. */
#ifndef TESTS_BENCH_PROCESS_H
#define TESTS_BENCH_PROCESS_H

#include <stdint.h>

#include "bench.h"

enum { MAX_WORD = 24 };

struct process {
    double wall_s;
    double cpu_s;    /* user and system, of the program and the children it waited for */
    double rss_byte; /* at its peak, or this program's before it; of the largest of them */
    int status;      /* exit status, or 128 + the signal that ended it */
};

/*
 * Runs argv (NULL at its end; argv[0] is looked for on the PATH) to its end. Its output goes to the file `output`, or nowhere if
 * NULL. Statuses up to 3 are answers (rollsim's verdicts) for `verdicts`, else only 0 is.
 * Returns 0, or -1 with b->why set.
 */
int bench_process(struct bench *b,
                  const char *const *argv,
                  const char *output,
                  bool verdicts,
                  struct process *out);

/*
 * The most memory that a program held, in bytes; negative with b->why set. It is started by a fresh copy of this program: the
 * system counts what a process held before it became another program too, and this one may have grown.
 */
double bench_peak(struct bench *b, const char *const *argv);
/* What that copy does: runs argv, prints its peak in bytes; the exit status is argv's. */
int bench_peak_main(const char *const *argv);

/* The program's path, by the environment's variable (may be NULL) or on the PATH; owned by the caller, NULL = not found. */
char *bench_find_program(const char *variable, const char *name);

/* The first "digits.digits..." after `word` in what `program --version` prints; "?" without. to [32] */
void bench_program_version(const char *program, const char *word, char *to);

/* Makes a file `name` in the run's own folder; NULL on failure, with b->why set. */
FILE *bench_create(struct bench *b, const char *name);

#endif
