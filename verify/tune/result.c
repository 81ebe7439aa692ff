/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a search's result is called, and its end. */
#include <assert.h>

#include "sim/arena.h"
#include "verify/tune_search.h"

const char *rs_tune_state_name(enum tune_state s)
{
    switch (s) {
    case RS_POINT_FRONT: return "front";
    case RS_POINT_DOMINATED: return "dominated";
    case RS_POINT_EXCLUDED: return "excluded";
    case RS_POINT_ILLEGAL: return "illegal";
    case RS_POINT_STATE_N: break;
    }
    assert(!"a point of no state");
    return "";
}

const char *rs_tune_obstacle_name(enum tune_obstacle o)
{
    switch (o) {
    case RS_OBSTACLE_PEOPLE: return "people";
    case RS_OBSTACLE_PROPAGATION: return "propagation";
    case RS_OBSTACLE_TRAFFIC: return "traffic";
    case RS_OBSTACLE_RUNBOOK: return "runbook";
    case RS_OBSTACLE_MONITORING: return "monitoring";
    case RS_OBSTACLE_N: break;
    }
    assert(!"an obstacle of no kind");
    return "";
}

static void clear_run(struct run_result *run)
{
    if (run)
        rs_run_result_clear(run);
}

void rs_tune_result_clear(struct tune_result *r)
{
    if (r->fresh_today != r->fresh)
        clear_run(r->fresh_today);
    clear_run(r->fresh);
    rs_scenario_free(r->chosen_scenario);
    rs_arena_free(r->arena);
    *r = (struct tune_result){.chosen = -1};
}
