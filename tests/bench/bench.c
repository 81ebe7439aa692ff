/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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

uint64_t bench_n(const struct bench *b, uint64_t n)
{
    return b->quick && n > 20 ? n / 20 : n;
}

double bench_fails(struct bench *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(b->why, sizeof b->why, fmt, ap);
    va_end(ap);
    return -1;
}

const char *bench_path(struct bench *b, const char *name, char *to)
{
    if (b->dir[0] == '\0') {
        const char *tmp = getenv("TMPDIR");
        snprintf(b->dir, sizeof b->dir, "%.200s/rollsim-bench-XXXXXX", tmp != NULL ? tmp : "/tmp");
        if (mkdtemp(b->dir) == NULL) {
            perror(b->dir);
            exit(EXIT_FAILURE);
        }
    }
    snprintf(to, 512, "%s/%s", b->dir, name);
    return to;
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

double bench_shared(struct bench *b, const char *name, bench_fn fn, double par, uint64_t n)
{
    int i = 0;
    while (i < MAX_KEPT && b->kept[i].name != NULL && strcmp(b->kept[i].name, name) != 0) {
        i++;
    }
    assert(i < MAX_KEPT && b->repeat <= b->kept[i].n);
    b->kept[i].name = name;
    if (b->repeat == b->kept[i].n) {
        b->kept[i].seconds[b->kept[i].n++] = fn(b, par, n);
    }
    if (b->kept[i].seconds[b->repeat] < 0 && b->why[0] == '\0') {
        bench_fails(b, "%s failed before", name);
    }
    return b->kept[i].seconds[b->repeat];
}

static double scale_of(const char *unit)
{
    static const struct {
        const char *unit;
        double scale;
    } rows[] = {{"ns", 1e9}, {"us", 1e6}, {"ms", 1e3}, {"s", 1}, {"MB", 1e-6}};
    size_t i = 0;
    while (strcmp(rows[i].unit, unit) != 0) {
        i++;
        assert(i < sizeof rows / sizeof rows[0]);
    }
    return rows[i].scale;
}

/* One measurement, in the row's unit and per operation. Negative: it failed. */
static double once(struct bench *b, bench_fn fn, double par, uint64_t n, double scale)
{
    uint64_t n_now = bench_n(b, n);
    return fn(b, par, n_now) / (double)n_now * scale;
}

/*
 * The two take turns, and each pair gives a ratio: what disturbs a shared machine for longer than a measurement disturbs
 * both of a pair. Which of them is first changes from pair to pair.
 */
static void measure_pairs(struct bench *b, const struct bench_row *row, int n, struct result *r)
{
    double ours[N_REPEAT], theirs[N_REPEAT], ratio[N_REPEAT], scale = scale_of(r->unit);
    for (int i = 0; i < n && b->why[0] == '\0'; i++) {
        b->repeat = i;
        for (int k = 0; k < 2 && b->why[0] == '\0'; k++) {
            if ((i + k) % 2 == 0) {
                ours[i] = once(b, row->ours, row->par, row->n_ours, scale);
            } else if (row->yardstick != NULL) {
                theirs[i] = once(b, row->yardstick, row->par, row->n_yardstick, scale);
            }
        }
        if (row->yardstick == NULL) {
            ratio[i] = ours[i];
        } else {
            ratio[i] = row->sense == AT_LEAST ? theirs[i] / ours[i] : ours[i] / theirs[i];
        }
    }
    if (b->why[0] == '\0') {
        r->ours = bench_spread(ours, n);
        r->theirs = bench_spread(theirs, row->yardstick != NULL ? n : 0);
        r->ratio = bench_spread(ratio, n);
    }
}

/*
 * Growth: a sweep through the sizes gives an exponent, and several sweeps their range; the fit that is told goes through each
 * size's median. Sweeps alternate in direction.
 */
static void measure_growth(struct bench *b, const struct bench_row *row, int n, struct result *r)
{
    double cost[MAX_SIZE][N_REPEAT], exponent[N_REPEAT], scale = scale_of(r->unit);
    r->n_size = b->quick ? 3 : row->n_size;
    assert(r->n_size <= MAX_SIZE);
    for (int i = 0; i < n && b->why[0] == '\0'; i++) {
        double sweep[MAX_SIZE];
        for (int k = 0; k < r->n_size && b->why[0] == '\0'; k++) {
            int at = i % 2 == 0 ? k : r->n_size - 1 - k;
            b->repeat = i;
            sweep[at] = cost[at][i] = once(b, row->ours, row->size[at], row->n_ours, scale);
        }
        exponent[i] = b->why[0] == '\0' ? bench_fit(row->size, sweep, r->n_size).exponent : 0;
    }
    for (int k = 0; k < r->n_size && b->why[0] == '\0'; k++) {
        struct spread s = bench_spread(cost[k], n);
        r->size[k] = row->size[k];
        r->cost[k] = s.median;
        r->ours = s; /* the largest stands in the table */
    }
    if (b->why[0] == '\0') {
        r->fit = bench_fit(r->size, r->cost, r->n_size);
        r->ratio = bench_spread(exponent, n);
    }
}

static void measure(struct bench *b, const struct bench_row *row)
{
    int n = b->quick ? N_REPEAT_QUICK : row->n_repeat > 0 ? row->n_repeat : N_REPEAT;
    struct result *r = &b->results.row[b->results.n++];
    assert(b->results.n <= MAX_ROW && n <= N_REPEAT);
    *r = (struct result){.sense = row->sense, .target = row->target};
    snprintf(r->id, sizeof r->id, "%s", row->id);
    snprintf(r->what, sizeof r->what, "%s", row->what);
    snprintf(r->unit, sizeof r->unit, "%s", row->unit != NULL ? row->unit : "ns");
    snprintf(r->versus, sizeof r->versus, "%s", row->versus != NULL ? row->versus : "");
    b->why[0] = '\0';
    if (row->n_size > 0) {
        measure_growth(b, row, n, r);
    } else {
        measure_pairs(b, row, n, r);
    }
    snprintf(r->why, sizeof r->why, "%s", b->why);
    if (r->why[0] != '\0') {
        r->n_size = 0;
    }
    bench_print_row(stdout, r);
    fflush(stdout);
}

void bench_run(struct bench *b, const struct bench_group *g, char **ids, int n_id)
{
    for (size_t i = 0; i < g->n_row; i++) {
        if (bench_wanted(g->rows[i].id, ids, n_id)) {
            measure(b, &g->rows[i]);
        }
    }
}
