/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/scenario.h"

#include <string.h>

void rs_scenario_free(struct scenario *sc)
{
    if (sc)
        rs_arena_free(sc->arena); /* the struct itself lives there too */
}

uint64_t rs_scenario_world(const struct scenario *sc, uint64_t replica)
{
    return sc->n_world ? replica % sc->n_world : replica;
}

int rs_scenario_fault(const struct scenario *sc, const char *name)
{
    for (int i = 0; i < sc->n_fault; i++) {
        if (strcmp(sc->fault[i].name, name) == 0)
            return i;
    }
    return -1;
}
