/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "request_facts.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "latency_counts.h"
#include "sim/arena.h"
#include "sim/clock.h"

/* How much longer than usual a silence is; before so many requests nothing is usual. */
enum { SILENT_LOCAL = 20, SILENT_ALL = 4, REQUESTS_TO_JUDGE = 20 };
/* The mean distance forgets with this share a request. */
#define FORGET (1.0 / 64.0)
/* Routes are told apart by so many bytes. */
enum { ROUTE_PLACES = 4096, ROUTE_BYTES = 200 };

struct request_gatherer {
    struct request_facts *facts;
    int64_t step_end_ns; /* of the last step */
    int64_t last_ns;
    double distance_ns; /* mean distance of late */
    uint64_t n;
    struct place {     /* open addressing */
        uint32_t hash; /* the upper half */
        int route;     /* number + 1; 0 = free */
    } place[ROUTE_PLACES];
};

static const int64_t round_steps[] = {RS_NS_PER_MS,
                                      2 * RS_NS_PER_MS,
                                      10 * RS_NS_PER_MS,
                                      20 * RS_NS_PER_MS,
                                      100 * RS_NS_PER_MS,
                                      200 * RS_NS_PER_MS,
                                      RS_NS_PER_S,
                                      2 * RS_NS_PER_S,
                                      10 * RS_NS_PER_S,
                                      30 * RS_NS_PER_S,
                                      60 * RS_NS_PER_S,
                                      120 * RS_NS_PER_S,
                                      600 * RS_NS_PER_S,
                                      1800 * RS_NS_PER_S,
                                      3600 * RS_NS_PER_S,
                                      7200 * RS_NS_PER_S,
                                      21600 * RS_NS_PER_S,
                                      43200 * RS_NS_PER_S,
                                      86400 * RS_NS_PER_S,
                                      604800 * RS_NS_PER_S,
                                      INT64_C(2419200) * RS_NS_PER_S,
                                      INT64_C(31449600) * RS_NS_PER_S,
                                      INT64_C(314496000) * RS_NS_PER_S};
enum { N_ROUND = sizeof(round_steps) / sizeof(round_steps[0]) };

int64_t rs_round_step(int64_t ns)
{
    int i = 0;
    while (i < N_ROUND - 1 && round_steps[i] < ns) {
        i++;
    }
    return round_steps[i];
}

/* a / b, rounded down. */
static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

struct request_gatherer *rs_gatherer_new(void)
{
    struct request_gatherer *g = rs_xcalloc(1, sizeof(*g));
    g->facts = rs_xcalloc(1, sizeof(*g->facts));
    g->facts->step = rs_xcalloc(RS_STEPS_MAX, sizeof(*g->facts->step));
    g->facts->latency.count = rs_xcalloc(RS_LATENCY_BUCKETS, sizeof(uint64_t));
    g->facts->route = rs_xcalloc(RS_ROUTES_MAX, sizeof(*g->facts->route));
    return g;
}

/* ---- steps in time ---- */

/* Several steps become one, at multiples of the new width. */
static void widen(struct request_facts *f)
{
    static struct request_step empty; /* never written */
    int64_t width = rs_round_step(f->step_ns + 1);
    int64_t first = floor_div(f->start_ns, width) * width;
    int n = 0;
    for (int i = 0; i < f->n_step; i++) {
        int to = (int)((f->start_ns + i * f->step_ns - first) / width);
        struct request_step one = f->step[i];
        if (to >= n) {
            f->step[to] = empty;
            n = to + 1;
        }
        rs_step_add(&f->step[to], &one);
    }
    f->start_ns = first;
    f->step_ns = width;
    f->n_step = n;
}

/* The step of a time that is not before the last one's. */
static struct request_step *step_at(struct request_gatherer *g, int64_t at_ns)
{
    struct request_facts *f = g->facts;
    if (f->n_step == 0) {
        f->step_ns = round_steps[0];
        f->start_ns = floor_div(at_ns, f->step_ns) * f->step_ns;
        f->n_step = 1;
        f->step[0] = (struct request_step){0};
    } else if (at_ns < g->step_end_ns) {
        return &f->step[f->n_step - 1];
    }
    for (;;) {
        uint64_t i = ((uint64_t)at_ns - (uint64_t)f->start_ns) / (uint64_t)f->step_ns;
        if (i < RS_STEPS_MAX) {
            while ((uint64_t)f->n_step <= i) {
                f->step[f->n_step++] = (struct request_step){0};
            }
            g->step_end_ns = f->start_ns + ((int64_t)i + 1) * f->step_ns;
            return &f->step[i];
        }
        widen(f);
    }
}

/* ---- silences ---- */

static void keep_silence(struct request_facts *f, struct silence s)
{
    int at = f->n_silence;
    if (at == RS_SILENCES_MAX) { /* the shortest one gives way */
        at = 0;
        for (int i = 1; i < RS_SILENCES_MAX; i++) {
            struct silence a = f->silence[i], b = f->silence[at];
            at = a.to_ns - a.from_ns < b.to_ns - b.from_ns ? i : at;
        }
        if (s.to_ns - s.from_ns <= f->silence[at].to_ns - f->silence[at].from_ns) {
            return;
        }
        memmove(f->silence + at, f->silence + at + 1,
                sizeof(s) * (size_t)(RS_SILENCES_MAX - 1 - at));
        at = RS_SILENCES_MAX - 1;
    } else {
        f->n_silence++;
    }
    f->silence[at] = s;
}

static void watch_silence(struct request_gatherer *g, int64_t at_ns)
{
    struct request_facts *f = g->facts;
    double distance = (double)at_ns - (double)g->last_ns;
    double mean = ((double)g->last_ns - (double)f->report.first_ns) / (double)(g->n - 1);
    if (g->n > REQUESTS_TO_JUDGE && distance > SILENT_LOCAL * g->distance_ns &&
        distance > SILENT_ALL * mean && distance >= (double)RS_NS_PER_MS) {
        keep_silence(f, (struct silence){g->last_ns, at_ns});
        f->n_silence_all++;
        f->silent_ns += at_ns - g->last_ns;
        return; /* what is unusual does not become usual */
    }
    g->distance_ns += (g->n < 64 ? 1.0 / (double)g->n : FORGET) * (distance - g->distance_ns);
}

/* ---- routes ---- */

static uint64_t hash_of(const char *text, size_t n)
{
    uint64_t hash = n, word = 0;
    for (; n >= 8; n -= 8, text += 8) {
        memcpy(&word, text, 8);
        hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 29;
    }
    word = 0;
    memcpy(&word, text, n);
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

/* The number of the route, -1 where there is no room for a new one. */
static int find_route(struct request_gatherer *g, const char *name)
{
    struct request_facts *f = g->facts;
    size_t n = strnlen(name, ROUTE_BYTES);
    uint64_t hash = hash_of(name, n);
    size_t place = hash % ROUTE_PLACES;
    for (; g->place[place].route > 0; place = (place + 1) % ROUTE_PLACES) {
        int i = g->place[place].route - 1;
        if (g->place[place].hash == (uint32_t)(hash >> 32) &&
            strncmp(f->route[i].name, name, ROUTE_BYTES) == 0) {
            return i;
        }
    }
    if (f->n_route == RS_ROUTES_MAX) {
        return -1;
    }
    char *copy = rs_xcalloc(n + 1, 1);
    memcpy(copy, name, n);
    f->route[f->n_route].name = copy;
    g->place[place] = (struct place){(uint32_t)(hash >> 32), ++f->n_route};
    return f->n_route - 1;
}

/* ---- all ---- */

int rs_gatherer_take(void *ctx, const struct recorded_request *r)
{
    struct request_gatherer *g = ctx;
    struct request_facts *f = g->facts;
    struct request_step *step = step_at(g, r->at_ns);
    bool failed = r->status >= 500;
    if (g->n > 1) {
        watch_silence(g, r->at_ns);
    } else if (g->n == 0) {
        f->report.first_ns = r->at_ns;
    } else {
        g->distance_ns = (double)r->at_ns - (double)g->last_ns;
    }
    g->n++;
    g->last_ns = r->at_ns;
    step->n++;
    step->n_5xx += failed;
    step->n_told += r->status != 0;
    f->n_by_status[r->status]++;
    if (!isnan(r->latency_s)) {
        rs_latency_count(&f->latency, r->latency_s);
        uint32_t *count = &step->latency[rs_step_bucket((uint64_t)(r->latency_s * 1e9))];
        *count += *count < UINT32_MAX;
    }
    if (r->route) {
        int i = find_route(g, r->route);
        if (i < 0) {
            f->n_other_route++;
        } else {
            f->route[i].n++;
            f->route[i].n_5xx += failed;
        }
    }
    return 0;
}

static int by_count(const void *a, const void *b)
{
    const struct route_count *x = a, *y = b;
    return x->n != y->n ? (x->n < y->n) - (x->n > y->n) : strcmp(x->name, y->name);
}

struct request_facts *rs_gatherer_finish(struct request_gatherer *g)
{
    struct request_facts *f = g->facts;
    if (f->n_route > 0) {
        qsort(f->route, (size_t)f->n_route, sizeof(*f->route), by_count);
    }
    free(g);
    return f;
}

void rs_request_facts_free(struct request_facts *f)
{
    if (!f) {
        return;
    }
    for (int i = 0; i < f->n_route; i++) {
        free(f->route[i].name);
    }
    free(f->route);
    free(f->step);
    free(f->latency.count);
    free(f);
}

struct request_step *rs_request_steps(const struct request_facts *f,
                                      int n_max,
                                      int *out_n,
                                      int64_t *out_step_ns,
                                      int64_t *out_start_ns)
{
    int64_t step = f->step_ns, start = f->start_ns, end = f->start_ns + f->n_step * f->step_ns;
    assert(n_max >= 8);
    while ((end - 1 - start) / step >= n_max) {
        step = rs_round_step(step + 1);
        start = floor_div(f->start_ns, step) * step;
    }
    int n = f->n_step > 0 ? (int)((end - 1 - start) / step) + 1 : 0;
    struct request_step *merged = rs_xcalloc((size_t)n + 1, sizeof(*merged));
    for (int i = 0; i < f->n_step; i++) {
        rs_step_add(&merged[(f->start_ns + i * f->step_ns - start) / step], &f->step[i]);
    }
    *out_n = n;
    *out_step_ns = step;
    *out_start_ns = start;
    return merged;
}

double rs_request_step_seconds(const struct request_facts *f, int64_t step_ns, int64_t from_ns)
{
    int64_t to_ns = from_ns + step_ns;
    int64_t first = f->report.first_ns > from_ns ? f->report.first_ns : from_ns;
    int64_t last = f->report.last_ns < to_ns ? f->report.last_ns : to_ns;
    /* What ends with a request went on for about as long as requests are apart. */
    double n = f->report.n_request > 1 ? (double)(f->report.n_request - 1) : 1.0;
    double inside = (double)(last - first),
           apart = (double)(f->report.last_ns - f->report.first_ns) / n;
    inside += last < to_ns ? apart : 0.0;
    inside = fmin(fmax(inside, 0.1 * (double)step_ns), (double)step_ns);
    return inside / (double)RS_NS_PER_S;
}
