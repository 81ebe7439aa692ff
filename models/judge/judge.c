/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/judge.h"

#include <assert.h>
#include <stdlib.h>

#include "machine.h"
#include "sim/arena.h"
#include "sim/clock.h"

static const struct {
    const char *name;
    const struct judge_machine *machine;
} kinds[RS_JUDGE_KIND_N] = {
    [RS_JUDGE_ARGO] = {"argo", &rs_judge_argo},
    [RS_JUDGE_FLAGGER] = {"flagger", &rs_judge_flagger},
    [RS_JUDGE_KAYENTA] = {"kayenta", &rs_judge_kayenta},
    [RS_JUDGE_GROWTHBOOK] = {"growthbook", &rs_judge_growthbook},
};

const char *rs_judge_kind_name(enum judge_kind k)
{
    assert(k >= 0 && k < RS_JUDGE_KIND_N);
    return kinds[k].name;
}

const char *rs_judge_verdict_name(enum judge_verdict v)
{
    static const char *const names[RS_JUDGE_VERDICT_N] = {
        [RS_JUDGE_RUNNING] = "running", [RS_JUDGE_PASSED] = "passed",
        [RS_JUDGE_FAILED] = "failed",   [RS_JUDGE_INCONCLUSIVE] = "inconclusive",
        [RS_JUDGE_ERRED] = "erred",
    };
    assert(v >= 0 && v < RS_JUDGE_VERDICT_N);
    return names[v];
}

struct judge_run {
    const struct judge *judge;
    const struct judge_machine *machine;
    void *state;
    enum judge_verdict verdict;
    bool started;
    int64_t now_ns; /* of the last call: time does not run backwards */
};

static const struct judge_machine *machine_of(const struct judge *j)
{
    assert(j->kind >= 0 && j->kind < RS_JUDGE_KIND_N && kinds[j->kind].machine);
    return kinds[j->kind].machine;
}

struct judge_run *rs_judge_run_new(const struct judge *j)
{
    struct judge_run *r = rs_xcalloc(1, sizeof *r);
    r->judge = j;
    r->machine = machine_of(j);
    r->state = r->machine->make(j);
    return r;
}

void rs_judge_run_free(struct judge_run *r)
{
    if (!r)
        return;
    r->machine->free(r->state);
    free(r);
}

void rs_judge_start(struct judge_run *r, int64_t now_ns, uint64_t seed)
{
    r->verdict = RS_JUDGE_RUNNING;
    r->started = true;
    r->now_ns = now_ns;
    r->machine->start(r->state, now_ns, seed);
}

int64_t rs_judge_next(const struct judge_run *r)
{
    if (!r->started || r->verdict != RS_JUDGE_RUNNING)
        return RS_NEVER;
    int64_t next_ns = r->machine->next(r->state);
    assert(next_ns >= r->now_ns);
    return next_ns;
}

static void tell(const char **out, const char *why)
{
    if (out)
        *out = why;
}

enum judge_verdict
rs_judge_step(struct judge_run *r, int64_t now_ns, const struct judge_port *port, const char **why)
{
    const char *words = NULL;
    assert(r->started && now_ns >= r->now_ns);
    if (r->verdict == RS_JUDGE_RUNNING) {
        r->now_ns = now_ns;
        r->verdict = r->machine->step(r->state, now_ns, port, &words);
    }
    tell(why, words);
    return r->verdict;
}

enum judge_verdict
rs_judge_end(struct judge_run *r, int64_t now_ns, const struct judge_port *port, const char **why)
{
    const char *words = NULL;
    assert(r->started && now_ns >= r->now_ns);
    if (r->verdict == RS_JUDGE_RUNNING) {
        r->now_ns = now_ns;
        r->verdict = r->machine->end(r->state, now_ns, port, &words);
        assert(r->verdict != RS_JUDGE_RUNNING);
    }
    tell(why, words);
    return r->verdict;
}

void rs_judge_exprs(const struct judge *j, rs_judge_expr_fn fn, void *ctx)
{
    machine_of(j)->exprs(j, fn, ctx);
}

/* ---- what is known without running it ---------------------------------------------------------- */

bool rs_judge_judges(const struct judge *j, int stage)
{
    for (int i = 0; i < j->n_stage; i++) {
        if (j->stage[i] == stage)
            return true;
    }
    return false;
}

unsigned rs_judge_verdicts(const struct judge *j)
{
    const struct judge_machine *m = machine_of(j);
    return m->verdicts ? m->verdicts(j)
                       : 1U << RS_JUDGE_PASSED | 1U << RS_JUDGE_FAILED |
                             1U << RS_JUDGE_INCONCLUSIVE | 1U << RS_JUDGE_ERRED;
}

enum gate_then rs_judge_order(const struct judge *j, enum judge_verdict v)
{
    switch (v) {
    case RS_JUDGE_FAILED: return j->failed;
    case RS_JUDGE_INCONCLUSIVE: return j->undecided;
    case RS_JUDGE_ERRED: return j->erred;
    case RS_JUDGE_RUNNING:
    case RS_JUDGE_PASSED:
    case RS_JUDGE_VERDICT_N: break;
    }
    return RS_THEN_PROMOTE;
}

bool rs_judge_rolls_back(const struct judge *j, int procedure)
{
    unsigned can = rs_judge_verdicts(j);
    for (int v = 0; v < RS_JUDGE_VERDICT_N; v++) {
        if (can >> v & 1U && rs_judge_order(j, (enum judge_verdict)v) == RS_THEN_ROLLBACK)
            return j->procedure == procedure;
    }
    return false;
}

bool rs_judge_decides(const struct judge *j)
{
    unsigned can = rs_judge_verdicts(j);
    for (int v = 0; v < RS_JUDGE_VERDICT_N; v++) {
        if (can >> v & 1U && rs_judge_order(j, (enum judge_verdict)v) != RS_THEN_PROMOTE)
            return true;
    }
    return false;
}

int64_t rs_judge_slowest_ns(const struct judge *j)
{
    const struct judge_machine *m = machine_of(j);
    return m->slowest_ns ? m->slowest_ns(j) : RS_NEVER;
}

int64_t rs_judge_soonest_ns(const struct judge *j)
{
    const struct judge_machine *m = machine_of(j);
    return m->soonest_ns ? m->soonest_ns(j) : 0;
}
