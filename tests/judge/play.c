/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "play.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "scenarios/judge.h"
#include "sim/clock.h"

const struct judge *play_read(struct arena *arena,
                              enum judge_kind kind,
                              const char *text,
                              int64_t query_time_ns,
                              const char *const *given,
                              int n_given)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    const struct judge_text src = {.kind = kind,
                                   .file = "judge.yaml",
                                   .text = text,
                                   .n = strlen(text),
                                   .query_time_ns = query_time_ns,
                                   .n_given = n_given,
                                   .given = given};
    const struct judge *j = rs_judge_parse(arena, &src, &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(j);
    rs_err_list_clear(&errors);
    return j;
}

struct stage_set { /* the expressions in their order, and the play */
    struct play *p;
    int n;
    const struct promql *expr[3];
};

static void note_expr(void *ctx, const struct promql *expr)
{
    struct stage_set *s = ctx;
    ck_assert_int_lt(s->n, 3);
    s->expr[s->n++] = expr;
}

static int answer(char letter, struct vector *out, struct err *err)
{
    static const struct vector_item good[] = {{0, 0.99}}, bad[] = {{0, 0.5}},
                                    middling[] = {{0, 0.9}};
    static const struct vector_item nan_item[] = {{0, NAN}};
    static const struct vector_item two[] = {{0, 0.5}, {1, 0.99}}, turned[] = {{0, 0.99}, {1, 0.5}};
    switch (letter) {
    case 'g': *out = (struct vector){good, 1}; return 0;
    case 'b': *out = (struct vector){bad, 1}; return 0;
    case 'i': *out = (struct vector){middling, 1}; return 0;
    case 'N': *out = (struct vector){nan_item, 1}; return 0;
    case 'n': *out = (struct vector){NULL, 0}; return 0;
    case '2': *out = (struct vector){two, 2}; return 0;
    case '3': *out = (struct vector){turned, 2}; return 0;
    default: break;
    }
    ck_assert_int_eq(letter, 'e');
    return rs_err_set(err, RS_E_RANGE, "duplicate series");
}

static int
eval(void *ctx, const struct promql *expr, int64_t now_ns, struct vector *out, struct err *err)
{
    struct stage_set *s = ctx;
    int k = 0;
    while (k < s->n && s->expr[k] != expr)
        k++;
    ck_assert_int_lt(k, s->n);
    const char *script = s->p->script[k];
    ck_assert_ptr_nonnull(script);
    int i = s->p->n_asked[k]++, last = (int)strlen(script) - 1;
    if (i < MAX_ASKED)
        s->p->asked_ns[k][i] = now_ns;
    return answer(script[i < last ? i : last], out, err);
}

void play(struct play *p, const struct judge *j, int64_t start_ns, int64_t until_ns)
{
    struct stage_set s = {.p = p};
    const struct judge_port port = {&s, eval};
    const char *why = NULL;
    struct judge_run *r = rs_judge_run_new(j);
    rs_judge_exprs(j, note_expr, &s);
    memset(p->n_asked, 0, sizeof p->n_asked);
    ck_assert_int_eq(rs_judge_next(r), RS_NEVER); /* not started yet */
    rs_judge_start(r, start_ns, 1);
    p->verdict = RS_JUDGE_RUNNING;
    while (p->verdict == RS_JUDGE_RUNNING && rs_judge_next(r) < until_ns) {
        p->at_ns = rs_judge_next(r);
        p->verdict = rs_judge_step(r, p->at_ns, &port, &why);
    }
    if (p->verdict == RS_JUDGE_RUNNING) {
        p->at_ns = until_ns;
        p->verdict = rs_judge_end(r, until_ns, &port, &why);
    }
    ck_assert_int_eq(rs_judge_next(r), RS_NEVER);
    ck_assert_int_eq(rs_judge_step(r, p->at_ns, &port, NULL), p->verdict); /* it stands */
    snprintf(p->why, sizeof p->why, "%s", why ? why : "");
    rs_judge_run_free(r);
}
