/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "course.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "scenarios/judge.h"
#include "sim/clock.h"

static const struct judge *read(struct arena *arena,
                                enum judge_kind kind,
                                const char *keys,
                                const char *text,
                                struct err_list *errors)
{
    const struct judge_text src = {
        .kind = kind, .file = "judge.json", .text = text, .n = strlen(text), .keys = keys};
    rs_err_list_init(errors);
    return rs_judge_parse(arena, &src, errors);
}

const struct judge *
course_read(struct arena *arena, enum judge_kind kind, const char *keys, const char *text)
{
    struct err_list errors;
    const struct judge *j = read(arena, kind, keys, text, &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(j);
    rs_err_list_clear(&errors);
    return j;
}

const char *
course_refused(struct arena *arena, enum judge_kind kind, const char *keys, const char *text)
{
    struct err_list errors;
    const struct judge *j = read(arena, kind, keys, text, &errors);
    ck_assert_ptr_null(j);
    ck_assert_uint_gt(errors.n, 0);
    const struct err *e = &errors.item[0];
    const char *out = rs_arena_printf(arena, "%s:%d:%d: %s", e->file, e->line, e->col, e->text);
    rs_err_list_clear(&errors);
    return out;
}

struct asking {
    struct course *c;
    const struct promql *expr[MAX_EXPR];
    struct vector_item item[2];
};

static void note_expr(void *ctx, const struct promql *expr)
{
    struct asking *a = ctx;
    ck_assert_int_lt(a->c->n_expr, MAX_EXPR);
    a->expr[a->c->n_expr++] = expr;
}

static int
eval(void *ctx, const struct promql *expr, int64_t now_ns, struct vector *out, struct err *err)
{
    struct asking *a = ctx;
    struct course *c = a->c;
    double v = 0.0, t_s = rs_s_from_ns(now_ns);
    int k = 0;
    while (k < c->n_expr && a->expr[k] != expr)
        k++;
    ck_assert_int_lt(k, c->n_expr);
    if (c->n_asked[k] < MAX_ASKED)
        c->asked_s[k][c->n_asked[k]] = t_s;
    c->n_asked[k]++;
    int n = c->answer(k, t_s, &v);
    if (n < 0)
        return rs_err_set(err, RS_E_RANGE, "duplicate series");
    a->item[0] = a->item[1] = (struct vector_item){.v = v};
    *out = (struct vector){a->item, n};
    return 0;
}

void course_run(struct course *c, const struct judge *j, double start_s, double until_s)
{
    struct asking a = {.c = c};
    const struct judge_port port = {&a, eval};
    const char *why = NULL;
    struct judge_run *r = rs_judge_run_new(j);
    int64_t until_ns = (int64_t)(until_s * 1e9), at_ns = (int64_t)(start_s * 1e9);
    c->n_expr = c->n_step = 0;
    memset(c->n_asked, 0, sizeof c->n_asked);
    rs_judge_exprs(j, note_expr, &a);
    rs_judge_start(r, at_ns, 1);
    c->verdict = RS_JUDGE_RUNNING;
    while (c->verdict == RS_JUDGE_RUNNING && rs_judge_next(r) < until_ns) {
        at_ns = rs_judge_next(r);
        c->verdict = rs_judge_step(r, at_ns, &port, &why);
        c->n_step++;
    }
    if (c->verdict == RS_JUDGE_RUNNING) {
        at_ns = until_ns;
        c->verdict = rs_judge_end(r, until_ns, &port, &why);
    }
    c->at_s = rs_s_from_ns(at_ns);
    snprintf(c->why, sizeof c->why, "%s", why ? why : "");
    rs_judge_run_free(r);
}
