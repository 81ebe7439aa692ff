/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <stdlib.h>

#include "machine.h"
#include "sim/arena.h"

static bool flag_is(const struct machine *m, const uint16_t *s, const struct predicate *p)
{
    const struct flag_value *v = rs_state_flag(m, s, p->index);
    switch ((enum predicate_value)p->value) {
    case RS_IS_ON: return v->on;
    case RS_IS_OFF: return !v->on;
    case RS_IS_FULLY_ON:
        for (int c = 0; c < m->sc->n_cohort; c++) {
            if (rs_flag_value_share(v, c) < 1.0)
                return false;
        }
        return v->on;
    case RS_IS_PRESENT:
    case RS_IS_REMOVED:
    case RS_IS_TAKEN: break;
    }
    assert(!"no value of a flag");
    return false;
}

static bool is_removed(const struct machine *m, const uint16_t *s, const struct predicate *p)
{
    for (int i = 0; i < m->n_gone; i++) {
        if (m->gone[i].service == p->service && m->gone[i].path == p->index)
            return rs_state_gone(m, s, i);
    }
    return false;
}

static bool is_taken(const struct machine *m, const uint16_t *s, const struct predicate *p)
{
    struct choice choice = {
        .taken = rs_xcalloc((size_t)m->sc->service[p->service].n_path, sizeof *choice.taken)};
    bool taken = false;
    for (int c = 0; c < m->sc->n_cohort && !taken; c++) {
        if (!rs_machine_has_traffic(m, p->service, c))
            continue;
        rs_machine_choose(m, s, p->service, c, &choice);
        taken = choice.taken[p->index];
    }
    free(choice.taken);
    return taken;
}

static bool path_is(const struct machine *m, const uint16_t *s, const struct predicate *p)
{
    switch ((enum predicate_value)p->value) {
    case RS_IS_PRESENT: return !is_removed(m, s, p);
    case RS_IS_REMOVED: return is_removed(m, s, p);
    case RS_IS_TAKEN: return is_taken(m, s, p);
    case RS_IS_ON:
    case RS_IS_FULLY_ON:
    case RS_IS_OFF: break;
    }
    assert(!"no value of a path");
    return false;
}

static bool is_down(const struct machine *m, const uint16_t *s, const struct predicate *p)
{
    int down = s[RS_WORD_DOWN];
    if (down == 0)
        return false;
    const struct part *part = &m->part[down - 1];
    return (int)part->part == p->value && (part->part != RS_PART_ROLE || part->role == p->index);
}

bool rs_predicate_holds(const struct machine *m, const uint16_t *s, const struct predicate *p)
{
    switch (p->op) {
    case RS_PREDICATE_ALL:
        for (int i = 0; i < p->n; i++) {
            if (!rs_predicate_holds(m, s, &p->part[i]))
                return false;
        }
        return true;
    case RS_PREDICATE_ANY:
        for (int i = 0; i < p->n; i++) {
            if (rs_predicate_holds(m, s, &p->part[i]))
                return true;
        }
        return false;
    case RS_PREDICATE_NOT: return !rs_predicate_holds(m, s, &p->part[0]);
    case RS_PREDICATE_FLAG: return flag_is(m, s, p);
    case RS_PREDICATE_PATH: return path_is(m, s, p);
    case RS_PREDICATE_STAGE: return rs_state_stage(s) == p->index;
    case RS_PREDICATE_ROLLOUT: return (int)rs_state_rollout(m, s) == p->value;
    case RS_PREDICATE_DOWN: return is_down(m, s, p);
    }
    assert(!"a predicate of no kind");
    return false;
}
