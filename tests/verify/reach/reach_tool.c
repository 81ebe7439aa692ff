/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reach_tool FILE... : the verdicts on the always and never claims of scenarios, one line each: file, claim, verdict, states
 * seen, steps of the shortest counterexample. For the test against Spin.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "scenarios/load.h"
#include "sim/arena.h"
#include "verify/reach.h"

static int tell(const char *file)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    struct scenario *sc = rs_scenario_load(file, &errors);
    rs_err_list_print(&errors, stderr);
    rs_err_list_clear(&errors);
    if (!sc)
        return 2;
    struct arena *arena = rs_arena_new();
    for (int i = 0; i < sc->n_claim; i++) {
        if (sc->claim[i].kind != RS_CLAIM_ALWAYS && sc->claim[i].kind != RS_CLAIM_NEVER)
            continue;
        struct verdict v = rs_reach_decide(arena, sc, &sc->claim[i]);
        printf("%s %s %s %" PRIu64 " %d\n", file, sc->claim[i].name, rs_verdict_name(v.kind),
               v.n_state, v.n_step);
    }
    rs_arena_free(arena);
    rs_scenario_free(sc);
    return 0;
}

int main(int argc, char **argv)
{
    int status = 0;
    for (int i = 1; i < argc && status == 0; i++)
        status = tell(argv[i]);
    return status;
}
