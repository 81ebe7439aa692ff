/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { N_REPEAT = 5 };

static double seconds(clockid_t clock_id)
{
    struct timespec t;
    clock_gettime(clock_id, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double bench_cpu_s(void)
{
    return seconds(CLOCK_THREAD_CPUTIME_ID);
}

double bench_wall_s(void)
{
    return seconds(CLOCK_MONOTONIC);
}

void bench_keep(double result)
{
    static volatile double kept;
    kept = result;
    (void)kept;
}

bool bench_wanted(const char *id, char **ids, int n_id)
{
    for (int i = 0; i < n_id; i++) {
        if (strncmp(id, ids[i], strlen(ids[i])) == 0) {
            return true;
        }
    }
    return n_id == 0;
}

/*
 * The two take turns and the best time of each counts: what disturbs a shared machine only ever
 * adds.
 */
static void measure(const struct bench_row *row)
{
    double ours_ns = 1e300, yardstick_ns = 1e300;
    for (int i = 0; i < N_REPEAT; i++) {
        double ours = 1e9 * row->ours(row->par, row->n_ours) / (double)row->n_ours;
        double yardstick =
            1e9 * row->yardstick(row->par, row->n_yardstick) / (double)row->n_yardstick;
        ours_ns = ours < ours_ns ? ours : ours_ns;
        yardstick_ns = yardstick < yardstick_ns ? yardstick : yardstick_ns;
    }
    double ratio = row->is_speedup ? yardstick_ns / ours_ns : ours_ns / yardstick_ns;
    bool met = row->is_speedup ? ratio >= row->target : ratio <= row->target;
    printf("%-4s %-42s %10.1f %10.1f %8.4f  %s %-7.4g %s\n", row->id, row->what, ours_ns,
           yardstick_ns, ratio, row->is_speedup ? ">=" : "<=", row->target, met ? "met" : "MISSED");
    fflush(stdout);
}

void bench_run(const struct bench_row *rows, size_t n_row, char **ids, int n_id)
{
    printf("%-4s %-42s %10s %10s %8s  %-10s\n", "id", "work", "ns/op", "yardstick", "ratio",
           "target");
    for (size_t i = 0; i < n_row; i++) {
        if (bench_wanted(rows[i].id, ids, n_id)) {
            measure(&rows[i]);
        }
    }
}
