/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a judge's own file: never a crash; refused with words, or read without any, and then it judges to an end. */
#ifndef FUZZ_JUDGE_H
#define FUZZ_JUDGE_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "scenarios/judge.h"
#include "sim/arena.h"
#include "sim/clock.h"

/* Measurements come from the bytes too. */
struct fuzz_judge {
    const uint8_t *data;
    size_t n, at;
};

static int fuzz_measure(
    void *ctx, const struct promql *expr, int64_t now_ns, struct vector *out, struct err *err)
{
    static const struct vector_item items[] = {{0, 0.99}, {1, NAN}, {2, 1e9}, {3, -0.5}};
    struct fuzz_judge *f = ctx;
    uint8_t byte = f->n > 0 ? f->data[f->at++ % f->n] : 0;
    (void)now_ns;
    if (byte % 7 == 6) {
        return rs_err_set(err, RS_E_RANGE, "refused");
    }
    bool scalar = rs_promql_type(expr) == RS_PQL_SCALAR;
    int n = scalar ? 1 : byte % 4;
    *out = (struct vector){items + byte / 4 % (4 - (n > 0 ? n - 1 : 0)), n};
    return 0;
}

static void fuzz_run(const struct judge *j, const uint8_t *data, size_t size)
{
    struct fuzz_judge f = {data, size, 0};
    const struct judge_port port = {&f, fuzz_measure};
    struct judge_run *r = rs_judge_run_new(j);
    enum judge_verdict v = RS_JUDGE_RUNNING;
    int64_t now_ns = 0;
    rs_judge_start(r, now_ns, 1);
    for (int i = 0; i < 200 && v == RS_JUDGE_RUNNING && rs_judge_next(r) != RS_NEVER; i++) {
        if (rs_judge_next(r) < now_ns) {
            abort();
        }
        now_ns = rs_judge_next(r);
        v = rs_judge_step(r, now_ns, &port, NULL);
    }
    v = rs_judge_end(r, now_ns, &port, NULL);
    if (v == RS_JUDGE_RUNNING || !(rs_judge_verdicts(j) >> v & 1U)) {
        abort(); /* it said what it is known never to say */
    }
    rs_judge_run_free(r);
}

/* keys: of a scenario's judge, as YAML, or NULL. */
static int fuzz_judge_with(enum judge_kind kind, const char *keys, const uint8_t *data, size_t size)
{
    static const char *const given[] = {"service",
                                        "portal",
                                        "least",
                                        "0.95",
                                        "request-success-rate",
                                        "100 * success_ratio",
                                        "request-duration",
                                        "max_over_time(ms[{{ interval }}])"};
    struct err_list errors;
    struct arena *arena = rs_arena_new();
    char *text = rs_arena_strndup(arena, (const char *)data, size);
    const struct judge_text src = {.kind = kind,
                                   .file = "fuzz",
                                   .text = text,
                                   .n = size,
                                   .query_time_ns = (int64_t)(size % 3) * RS_NS_PER_S,
                                   .n_given = 4,
                                   .given = given,
                                   .keys = keys};
    rs_err_list_init(&errors);
    const struct judge *j = rs_judge_parse(arena, &src, &errors);
    if ((j != NULL) != (errors.n == 0)) {
        abort();
    }
    for (size_t i = 0; i < errors.n; i++) {
        if (errors.item[i].text[0] == '\0' || errors.item[i].line < 1) {
            abort();
        }
    }
    if (j) {
        fuzz_run(j, data, size);
    }
    rs_arena_free(arena);
    rs_err_list_clear(&errors);
    return 0;
}

#endif
