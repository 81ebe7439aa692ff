/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the simulator does is among what the search finds: stage, flags, removed paths and how the rollout stands, after every
 * line of the trace of many histories.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/replica.h"
#include "reach/machine.h"
#include "scenarios/load.h"
#include "sim/arena.h"

static const struct {
    const char *file;
    int n_replica; /* a fault */
} rows[] = {
    {RS_SOURCE_DIR "/scenarios/prisma/prisma.yaml", 12},
    {RS_SOURCE_DIR "/scenarios/prisma-mended/prisma-mended.yaml", 6},
    {RS_SOURCE_DIR "/tests/golden/good/minimal.yaml", 40},
};

/* What is seen of the simulator at one moment. */
struct seen {
    int stage, n_begun, n_over;
    enum reach_rollout stands; /* while no rollback was begun */
    struct flag_value *flag;   /* [n_flag] */
    bool *gone;                /* [n_gone] */
};

static bool same_flag(const struct flag_value *a, const struct flag_value *b)
{
    return a->on == b->on && (!a->on || (a->cohort == b->cohort && a->percent == b->percent));
}

static enum reach_rollout rollout_of(const struct seen *seen)
{
    return seen->n_begun > seen->n_over ? RS_REACH_ROLLING_BACK
           : seen->n_over > 0           ? RS_REACH_ROLLED_BACK
                                        : seen->stands;
}

static bool is_reachable(const struct machine *m, const struct search *s, const struct seen *seen)
{
    for (uint32_t i = 0; i < s->n; i++) {
        const uint16_t *state = rs_search_state(s, i);
        bool same =
            rs_state_stage(state) == seen->stage && rs_state_rollout(m, state) == rollout_of(seen);
        for (int f = 0; same && f < m->sc->n_flag; f++)
            same = same_flag(rs_state_flag(m, state, f), &seen->flag[f]);
        for (int g = 0; same && g < m->n_gone; g++)
            same = rs_state_gone(m, state, g) == seen->gone[g];
        if (same)
            return true;
    }
    return false;
}

static void take(const struct machine *m, struct seen *seen, const struct trace_event *e)
{
    switch (e->kind) {
    case RS_TRACE_STAGE: seen->stage = e->a; return;
    case RS_TRACE_FLAG_SET:
        seen->flag[e->a] = (struct flag_value){e->x > 0.0, e->x > 0.0 ? e->b : -1, e->x};
        return;
    case RS_TRACE_ACTION:
        for (int g = 0; g < m->n_gone; g++) {
            char title[200];
            const struct service *sv = &m->sc->service[m->gone[g].service];
            snprintf(title, sizeof title, "removes the path %s of %s",
                     sv->path[m->gone[g].path].name, sv->name);
            seen->gone[g] |= strstr(e->text, title) != NULL;
        }
        return;
    case RS_TRACE_PERSON:
        seen->n_begun +=
            strstr(e->text, "decides: roll back by") || strstr(e->text, "rolls back by");
        seen->n_over += strstr(e->text, " leaves \"") != NULL;
        return;
    case RS_TRACE_CLOCK: seen->n_over += strstr(e->text, "rollback complete") != NULL; return;
    case RS_TRACE_GATE:
        if (strstr(e->text, "the stage stands held"))
            seen->stands = RS_REACH_HELD;
        if (strstr(e->text, "the stage stands halted"))
            seen->stands = RS_REACH_HALTED;
        if (strstr(e->text, "it goes on"))
            seen->stands = RS_REACH_RUNNING;
        return;
    case RS_TRACE_OUTCOME:
        if (e->a == RS_OUTCOME_COMPLETED)
            seen->stands = RS_REACH_COMPLETED;
        if (e->a == RS_OUTCOME_HELD)
            seen->stands = RS_REACH_HELD;
        if (e->a == RS_OUTCOME_HALTED)
            seen->stands = RS_REACH_HALTED;
        return;
    case RS_TRACE_FLAG_AT:
    case RS_TRACE_FAULT:
    case RS_TRACE_ALERT:
    case RS_TRACE_NOTICE:
    case RS_TRACE_SIDE:
    case RS_TRACE_KIND_N: return;
    }
}

/* Returns how many different moments there were. */
static int follow(const struct machine *m, const struct search *s, const struct history *h)
{
    struct seen seen = {.stage = -1, .stands = RS_REACH_RUNNING};
    int n = 0;
    seen.flag = rs_xcalloc((size_t)m->sc->n_flag + 1, sizeof *seen.flag);
    seen.gone = rs_xcalloc((size_t)m->n_gone + 1, sizeof *seen.gone);
    for (int f = 0; f < m->sc->n_flag; f++)
        seen.flag[f] = m->value[f][0];
    for (int i = 0; i < h->n_trace; i++) {
        const struct trace_event *e = &h->trace[i];
        take(m, &seen, e);
        /* The words of an action and the flag that it sets are two lines of one moment. */
        if (i + 1 < h->n_trace && h->trace[i + 1].at_ns == e->at_ns)
            continue;
        n++;
        ck_assert_msg(is_reachable(m, s, &seen), "replica %d, after \"%s\": stage %d, %s",
                      (int)h->replica, e->text, seen.stage,
                      rs_reach_rollout_name(rollout_of(&seen)));
    }
    free(seen.flag);
    free(seen.gone);
    return n;
}

START_TEST(test_histories)
{
    struct err_list errors;
    struct err err = {0};
    rs_err_list_init(&errors);
    struct scenario *sc = rs_scenario_load(rows[_i].file, &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(sc);
    struct arena *arena = rs_arena_new();
    struct machine *m = rs_machine_new(arena, sc, &(struct machine_options){0});
    struct search s;
    rs_machine_search(m, RS_REACH_LIMIT, false, &s);
    ck_assert(!s.truncated);
    struct simulator *sim = rs_simulator_new(sc, &err);
    ck_assert_ptr_nonnull(sim);
    struct history h;
    rs_history_init(&h);
    int n = 0, n_replica = getenv("RS_UNDER_VALGRIND") ? 1 : rows[_i].n_replica;
    for (int fault = -1; fault < sc->n_fault; fault++) {
        for (int r = 0; r < n_replica; r++) {
            struct replica_options opt = {
                .seed = 11, .replica = (uint64_t)r, .fault = fault, .trace = true};
            rs_history_reset(&h);
            ck_assert_int_eq(rs_simulator_run(sim, &opt, &h, &err), 0);
            n += follow(m, &s, &h);
        }
    }
    ck_assert_int_gt(n, 50);
    rs_history_clear(&h);
    rs_simulator_free(sim);
    rs_search_clear(&s);
    rs_arena_free(arena);
    rs_scenario_free(sc);
    rs_err_list_clear(&errors);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("sound");
    TCase *tc = tcase_create("the simulator stays among the states");
    tcase_add_loop_test(tc, test_histories, 0, (int)(sizeof rows / sizeof rows[0]));
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int n_failed = srunner_ntests_failed(r);
    srunner_free(r);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
