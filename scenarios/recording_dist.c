/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The latencies of a recording as a distribution, and its statuses as a mix of errors. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "recording_keys.h"

/*
 * The distribution function is kept at 1,000 levels, and at 100 more within the last of them, so that it is nowhere further from
 * the recording's own than 0.001, and than 0.00001 above its 99.9th percentile. Values between two points are equally likely.
 */
enum { LEVELS = 1000, TAIL_LEVELS = 100 };

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static double level(int i)
{
    if (i < LEVELS) {
        return (double)i / LEVELS;
    }
    return 1.0 - (1.0 / LEVELS) * (1.0 - (double)(i - LEVELS + 1) / (TAIL_LEVELS + 1));
}

/* Where one value makes up much of the whole it is a step: a point just below it tells how much lies below. */
static void add_point(struct dist *d, double *x, double *p, double at, double below, double upto)
{
    double before = at * (1.0 - 1e-6);
    bool rises = d->n == 0 || before > x[d->n - 1];
    if (rises && (d->n == 0 || upto - below > 0.5 / LEVELS)) {
        x[d->n] = d->n == 0 && at <= 0.0 ? -1e-9 : before;
        p[d->n++] = below;
    }
    if (d->n > 0 && at <= x[d->n - 1]) {
        p[d->n - 1] = upto;
        return;
    }
    x[d->n] = at;
    p[d->n++] = upto;
}

/* v: [n] sorted */
static struct dist empirical(struct arena *arena, const float *v, int n)
{
    int most = 2 * (LEVELS + TAIL_LEVELS + 2);
    double *x = RS_ARENA_ARRAY(arena, double, most), *p = RS_ARENA_ARRAY(arena, double, most);
    struct dist d = {.kind = RS_DIST_EMPIRICAL, .x = x, .p = p, .cap_s = INFINITY};
    int past = 0; /* values up to the last point */
    for (int i = 0; i < LEVELS + TAIL_LEVELS + 1; i++) {
        int at = i == LEVELS + TAIL_LEVELS ? n - 1 : (int)(level(i) * n);
        at = at < n ? at : n - 1;
        if (at < past) {
            continue;
        }
        int first = at;
        for (past = at + 1; past < n && v[past] == v[at]; past++) {
        }
        while (first > 0 && v[first - 1] == v[at]) {
            first--;
        }
        add_point(&d, x, p, (double)v[at], (double)first / n, (double)past / n);
    }
    return d;
}

static int read_log(struct reader *r,
                    const struct node *map,
                    const struct recording_keys *k,
                    struct arena *arena,
                    struct recording *rec)
{
    struct recording_spec spec;
    if (k->format == RS_RECORDING_COUNTS || k->format == RS_RECORDING_SERIES) {
        return rs_err_list_add(r->errors, RS_E_RANGE, rs_node_pair(map, "format")->at,
                               "\"%s\" tell nothing of single requests",
                               rs_recording_format_words[k->format]);
    }
    if (rs_recording_spec(r, map, k, k->window.cut_s, &spec) != 0) {
        return -1;
    }
    return rs_request_log_read(rec, arena, &spec, r->errors);
}

static void finish_latency(struct reader *r, const struct node *map, void *draft, void *out)
{
    const struct recording_keys *k = draft;
    struct arena *arena = rs_arena_new();
    struct recording rec;
    int n = 0;
    float *v = NULL;
    if (read_log(r, map, k, arena, &rec) != 0) {
        goto done;
    }
    v = rs_xcalloc((size_t)rec.n, sizeof(*v));
    for (int i = 0; rec.latency_s && i < rec.n; i++) {
        if (!isnan(rec.latency_s[i])) {
            v[n++] = rec.latency_s[i];
        }
    }
    if (n == 0) {
        rs_err_list_add(r->errors, RS_E_RANGE, rs_node_get(map, "file")->at,
                        "\"%s\" tells no latency of the requests that are meant", k->file);
        goto done;
    }
    qsort(v, (size_t)n, sizeof(*v), by_value);
    *(struct dist *)out = empirical(r->arena, v, n);
done:
    free(v);
    rs_arena_free(arena);
}

static void finish_errors(struct reader *r, const struct node *map, void *draft, void *out)
{
    const struct recording_keys *k = draft;
    struct arena *arena = rs_arena_new();
    struct recording rec;
    struct error_mix mix = {0};
    int n = 0;
    if (read_log(r, map, k, arena, &rec) != 0) {
        goto done;
    }
    for (int i = 0; rec.status && i < rec.n; i++) {
        n += rec.status[i] > 0;
    }
    if (n == 0) {
        rs_err_list_add(r->errors, RS_E_RANGE, rs_node_get(map, "file")->at,
                        "\"%s\" tells no status of the requests that are meant", k->file);
        goto done;
    }
    if (rec.n_error_code > RS_MAX_CODES) {
        rs_err_list_add(
            r->errors, RS_E_RANGE, rs_node_get(map, "file")->at,
            "\"%s\" has %d different statuses of errors, at most %d may be; narrow them "
            "by \"errors_from\"",
            k->file, rec.n_error_code, RS_MAX_CODES);
        goto done;
    }
    for (int c = 0; c < rec.n_error_code; c++) {
        int n_code = 0;
        for (int i = 0; i < rec.n; i++) {
            n_code += rec.status[i] == rec.error_code[c];
        }
        mix.code[mix.n] = rec.error_code[c];
        mix.ratio[mix.n++] = (double)n_code / n;
    }
    *(struct error_mix *)out = mix;
done:
    rs_arena_free(arena);
}

const struct section rs_section_recorded_latency = {
    "recorded latency",
    "The latencies of recorded requests as a distribution. It is nowhere further from theirs than "
    "0.1 %, "
    "and than 0.001 % above their 99.9th percentile.",
    NULL,
    0,
    .draft_size = sizeof(struct recording_keys),
    .also = &rs_section_recording,
    .finish = finish_latency};

const struct section rs_section_recorded_errors = {
    "recorded errors",
    "How recorded requests ended: the share of each status, of those that tell one.",
    NULL,
    0,
    .draft_size = sizeof(struct recording_keys),
    .also = &rs_section_recording,
    .finish = finish_errors};
